"""Planted defects: every one is where the list says, and nothing else is wrong."""

import csv
import io
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from satsurvey.simulation import Design, design_from, plain_design, simulate, write_export

SHARES = {
    "out_of_range": 0.02, "undeclared_code": 0.02, "duplicate_id": 0.02, "duplicate_answers": 0.02,
    "filter_violation": 0.02, "straight_liner": 0.02, "short_interview": 0.02, "impossible_date": 0.02,
    "company_in_two_industries": 0.1,
}  # fmt: skip


def design(**defects: float) -> Design:
    start = plain_design(companies=30, seed=21).model_dump(by_alias=True, exclude_unset=True)
    return design_from(start | {"defects": defects})


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory):
    survey = simulate(design(**SHARES))
    path = write_export(survey, tmp_path_factory.mktemp("x") / "x.csv", headings="code", encoding="utf-8")
    return survey, rows_of(path)


def rows_of(path: Path) -> dict[int, dict[str, str]]:
    """The cells as a spreadsheet shows them: the headings are row 1."""
    table = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"), newline="")))
    return dict(enumerate(table, start=2))


def by_kind(survey) -> dict[str, list]:
    found = defaultdict(list)
    for defect in survey.planted:
        found[defect.kind].append(defect)
    return found


def test_the_shares_of_every_kind_are_those_of_the_design(planted):
    survey, _ = planted
    counts = Counter(defect.kind for defect in survey.planted)
    assert counts == {kind: 12 for kind in SHARES if kind != "company_in_two_industries"} | {
        "company_in_two_industries": 3
    }
    rows = [defect.row for defect in survey.planted]
    assert len(rows) == len(set(rows)), "no row has two planted defects"
    assert rows == sorted(rows)


def test_bad_cells_stand_where_the_list_says_and_nowhere_else(planted):
    survey, rows = planted
    legal = {*map(str, range(1, 11)), "97", "98", "99", ""}
    illegal = {
        (row, code): cells[code]
        for row, cells in rows.items()
        for code in survey.instrument.item_codes
        if cells[code] not in legal
    }
    kinds = by_kind(survey)
    listed = {(d.row, d.column): d.value for d in kinds["out_of_range"] + kinds["undeclared_code"]}
    assert illegal == listed


def test_duplicated_ids_are_those_listed(planted):
    survey, rows = planted
    counts = Counter(cells["interview_id"] for cells in rows.values())
    for defect in by_kind(survey)["duplicate_id"]:
        assert rows[defect.row]["interview_id"] == defect.value
        assert counts[defect.value] >= 2
    assert len(rows) - len(counts) == 12


def test_identical_interviews_are_those_listed(planted):
    survey, rows = planted
    questions = [f.code for f in survey.instrument.facts] + list(survey.instrument.item_codes) + ["V1", "V2"]
    for defect in by_kind(survey)["duplicate_answers"]:
        other = int(defect.value.rsplit(" ", 1)[1])
        assert [rows[defect.row][code] for code in questions] == [rows[other][code] for code in questions]
        assert rows[defect.row]["company"] == rows[other]["company"]
        assert rows[defect.row]["interview_id"] != rows[other]["interview_id"]


def test_filter_violations_are_those_listed(planted):
    survey, rows = planted
    found = {
        (row, code)
        for row, cells in rows.items()
        for code, fact in (("D1", "S11"), ("D2", "S11"), ("D3", "S11"), ("A2", "S3"))
        if cells[code] != "" and cells[fact] != "1"
    }
    listed = {(d.row, d.column) for d in by_kind(survey)["filter_violation"]}
    assert found <= listed
    assert len(listed) == 12
    for row, column in listed:
        assert rows[row][column] != ""


def test_straight_liners_give_one_answer_throughout(planted):
    survey, rows = planted
    for defect in by_kind(survey)["straight_liner"]:
        given = {rows[defect.row][code] for code in survey.instrument.item_codes} - {"", "97", "98", "99"}
        assert given == {defect.value}


def test_short_interviews_and_impossible_dates_are_those_listed(planted):
    survey, rows = planted
    assert {r for r, cells in rows.items() if int(cells["duration_s"]) < 120} == {
        d.row for d in by_kind(survey)["short_interview"]
    }
    impossible = {
        r
        for r, cells in rows.items()
        if "-02-30 " in cells["completed_at"] or cells["contact_at"] > cells["completed_at"]
    }
    assert impossible == {d.row for d in by_kind(survey)["impossible_date"]}


def test_companies_in_two_industries_are_those_listed(planted):
    survey, rows = planted
    industries = defaultdict(set)
    for cells in rows.values():
        industries[cells["company_id"]].add(cells["industry"])
    double = {company for company, names in industries.items() if len(names) > 1}
    assert double == {rows[d.row]["company_id"] for d in by_kind(survey)["company_in_two_industries"]}


def test_without_defects_nothing_is_planted():
    survey = simulate(plain_design(companies=10, seed=21))
    assert survey.planted == ()
    assert len(set(survey.columns["interview_id"].tolist())) == 200


def test_a_kind_that_the_instrument_cannot_have_is_left_out():
    survey = simulate(plain_design("acsi-3", companies=10, seed=2, defects=0.2))
    kinds = {defect.kind for defect in survey.planted}
    assert "filter_violation" not in kinds
    assert "out_of_range" in kinds
