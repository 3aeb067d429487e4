"""The study as one call: what it gives, how it says it was made, and that it gives it again."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import fields
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import satsurvey as ss
from satsurvey.analysis import Analysis, analyse
from satsurvey.errors import MethodError, SatsurveyError
from satsurvey.report.score_json import json_text, score_json
from satsurvey.report.score_schema import SCORE_SCHEMA
from satsurvey.scoring.method import ScoringMethod

from .cli.exports import rows_of, without, write_csv
from .report.schema_faults import faults

EXAMPLE = Path(__file__).resolve().parents[1] / "examples" / "national-2019" / "national-2019.csv"
FRAMES = ("companies", "industries", "dimensions", "items", "overall", "breakdowns")
DRAWS = 300
DRAWN = (
    "rank_low",
    "rank_high",
    "rank_overall_low",
    "rank_overall_high",
    "expected_rank",
    "p_top_k",
    "in_top_k",
)
"""The columns that rest on draws; tiers rest on the same critical values."""


@cache
def national() -> Analysis:
    return analyse([EXAMPLE], draws=DRAWS, by=("region", "S2"))


@pytest.fixture
def export(tmp_path: Path) -> Path:
    return write_csv(tmp_path / "export.csv", *rows_of())


def printed(value: float) -> str:
    return f"{value:.2f}"


def test_the_national_example_gives_the_published_figures() -> None:
    analysis = national()
    assert printed(analysis.overall["score"].iloc[0]) == "83.71"
    assert [printed(analysis.overall[code].iloc[0]) for code in "ABCDEF"] == [
        *("77.40", "85.13", "80.91", "83.53", "81.97", "93.37")
    ]
    first = analysis.industries.sort_values("score", ascending=False).head(3)
    assert [(row.industry, int(row.rank), printed(row.score)) for row in first.itertuples()] == [
        ("银行", 1, "89.47"),
        ("证券", 2, "87.89"),
        ("互联网旅游", 3, "87.14"),
    ]


def test_scores_of_the_national_example_are_means_of_cells_and_nothing_else() -> None:
    # A restatement with the csv module and plain loops: no code of the package, no arrays.
    import csv
    import io

    rows = list(csv.DictReader(io.StringIO(EXAMPLE.read_bytes().decode("gb18030"), newline="")))
    headings = [name for name in rows[0] if name.split("、")[0][:1] in set("ABCDEF") and "、" in name]
    by_company: dict[tuple[str, str], list[dict[str, str]]] = {}
    for row in rows:
        by_company.setdefault((row["行业"], row["企业名称"]), []).append(row)
    found = national().companies.set_index(["industry", "company"])["score"]
    assert len(found) == len(by_company) == 360
    for key, own in by_company.items():
        dimensions: dict[str, list[float]] = {}
        for heading in headings:
            cells = [row[heading] for row in own]
            answers = [int(cell) for cell in cells if cell.isdigit() and 1 <= int(cell) <= 10]
            if answers:
                dimensions.setdefault(heading[0], []).append(sum(answers) / len(answers) * 10)
        means = [sum(items) / len(items) for items in dimensions.values()]
        assert found[key] == pytest.approx(sum(means) / len(means), rel=1e-12)


def test_all_rows_are_accounted_for() -> None:
    analysis = national()
    assert analysis.ledger.adds_up
    assert analysis.ledger.rows_read == 7385
    assert analysis.ledger.rows_used == analysis.overall["n"].iloc[0] == analysis.companies["n"].sum()


def test_scores_and_ranks_stand_in_one_row() -> None:
    analysis = national()
    for frame in (analysis.companies, analysis.industries):
        assert frame.columns.is_unique
        order = frame["score"].rank(ascending=False, method="min")
        inside = frame.groupby("industry")["score"] if "company" in frame else None
        expected = order if inside is None else inside.rank(ascending=False, method="min")
        ranked = frame["rank"].notna()
        assert ranked.any()
        assert (frame.loc[ranked, "rank"].astype(float) == expected[ranked]).all()
        assert (frame.loc[ranked, "rank_low"] <= frame.loc[ranked, "rank"]).all()
        assert (frame.loc[ranked, "rank"] <= frame.loc[ranked, "rank_high"]).all()


def test_the_schema_names_the_columns_that_rows_have_and_no_others(tmp_path: Path) -> None:
    headings, rows = rows_of()
    path = write_csv(
        tmp_path / "e.csv", [*headings, "企业编号"], [[*row, row[headings.index("企业名称")]] for row in rows]
    )
    document = score_json(analyse([path], draws=DRAWS, rank_sets="both", by=["region"], company_min_n=1))
    dimensions = set("ABCDEF")
    for part in ("industries", "companies", "dimensions", "items", "breakdowns"):
        named = set(SCORE_SCHEMA["properties"][part]["items"]["properties"])
        assert {key for row in document[part] for key in row} - dimensions == named, part  # type: ignore[attr-defined]
    assert set(document["overall"]) - dimensions == set(SCORE_SCHEMA["properties"]["overall"]["properties"])  # type: ignore[call-overload]


def test_the_method_names_every_choice_and_is_plain_data() -> None:
    method = national().method
    assert json.loads(json.dumps(method, ensure_ascii=False)) is not None
    optional = {
        "declared_dimension_weights",
        "declared_item_weights",
        "ahp_dimensions",
        "ahp_items",
        "dimension_minimums",
    }
    assert {field.name for field in fields(ScoringMethod)} - optional <= set(method)
    # Everything else that methods.md 1-3 leaves to choice, and the words to print.
    assert {
        *("instrument", "instrument_version", "scales", "conversion_formula", "interview_weights"),
        *("dimension_weighting", "dimension_weights", "dimension_weights_source", "dimension_weights_detail"),
        *(
            "item_weighting",
            "item_weights",
            "seed",
            "draws",
            "rank_sets",
            "tier_control",
            "top_k",
            "force_ranks",
        ),
        *("ranking", "publish", "rankability", "detectable_difference", "winners_curse"),
    } <= set(method)
    assert method["conversion"] == "share_of_max"
    assert method["order"] == "item_first"
    assert method["dimension_weights"] == pytest.approx(dict.fromkeys("ABCDEF", 1 / 6))
    assert (method["level"], method["companies"], method["company_min_n"]) == (0.95, "sample", 20)
    assert method["scales"] == ["1-10"]


def test_choices_of_the_call_are_in_the_method_and_the_options(export: Path) -> None:
    analysis = analyse(
        [export],
        draws=DRAWS,
        seed=7,
        top_k=2,
        rank_sets="both",
        tier_control="fdr",
        force_ranks=True,
        level=0.9,
        order="respondent_first",
        company_min_n=10,
        dimension_weights="items",
    )
    method = analysis.method
    assert (method["seed"], method["draws"], method["top_k"], method["rank_sets"]) == (7, DRAWS, 2, "both")
    assert (method["tier_control"], method["force_ranks"], method["level"]) == ("fdr", True, 0.9)
    assert (method["order"], method["company_min_n"], method["dimension_weighting"]) == (
        "respondent_first",
        10,
        "items",
    )
    options = analysis.provenance["options"]
    assert options == {
        "level": 0.9,
        "order": "respondent_first",
        "company_min_n": 10,
        "dimension_weights": "items",
        "seed": 7,
        "draws": DRAWS,
        "rank_sets": "both",
        "tier_control": "fdr",
        "top_k": 2,
        "force_ranks": True,
    }


def test_ahp_says_its_consistency_ratio(export: Path) -> None:
    ones = tuple(tuple(1.0 for _ in range(6)) for _ in range(6))
    method = analyse([export], draws=DRAWS, dimension_weights="ahp", ahp_dimensions=ones).method
    assert method["dimension_weights_detail"] == "consistency ratio CR = 0.0000"
    assert "Saaty" in str(method["dimension_weights_source"])


def test_inputs_are_named_with_their_own_sha256() -> None:
    (source,) = national().provenance["inputs"]
    assert source["name"] == "national-2019.csv"
    assert source["sha256"] == hashlib.sha256(EXAMPLE.read_bytes()).hexdigest()
    assert source["bytes"] == EXAMPLE.stat().st_size
    assert source["encoding"] == "gb18030"
    assert national().provenance["versions"]["satsurvey"] == ss.__version__
    assert national().provenance["versions"]["pandas"] == pd.__version__


def test_time_can_be_fixed_for_results_that_come_out_the_same_byte_for_byte(
    export: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1577836800")
    texts = {json_text(score_json(analyse([export], draws=DRAWS))) for _ in range(2)}
    assert len(texts) == 1
    assert '"created": "2020-01-01T00:00:00+00:00"' in texts.pop()


def test_the_same_seed_gives_the_same_digits_and_other_draws_move_only_what_is_drawn(export: Path) -> None:
    first, again, other = (
        analyse([export], draws=d, seed=s) for d, s in ((DRAWS, 1), (DRAWS, 1), (DRAWS + 1, 2))
    )
    for name in FRAMES:
        pd.testing.assert_frame_equal(getattr(first, name), getattr(again, name), check_exact=True)
        kept = [column for column in getattr(first, name) if column not in (*DRAWN, "tier")]
        pd.testing.assert_frame_equal(
            getattr(first, name)[kept], getattr(other, name)[kept], check_exact=True
        )
    assert first.companies["expected_rank"].notna().any()


def test_splitting_and_shuffling_the_export_changes_no_digit(tmp_path: Path) -> None:
    headings, rows = rows_of()
    whole = analyse([write_csv(tmp_path / "whole.csv", headings, rows)], draws=DRAWS)
    rng = np.random.default_rng(3)
    mixed = [rows[k] for k in rng.permutation(len(rows))]
    parts = []
    for k, (first, after) in enumerate(((0, 10), (10, 70), (70, len(mixed)))):
        # Files of one name in different folders, with their columns in another order.
        (tmp_path / f"part{k}").mkdir()
        turn = [*range(k, len(headings)), *range(k)]
        parts.append(
            write_csv(
                tmp_path / f"part{k}" / "part.csv",
                [headings[c] for c in turn],
                [[row[c] for c in turn] for row in mixed[first:after]],
            )
        )
    split = analyse(parts, draws=DRAWS)
    for name in FRAMES:
        pd.testing.assert_frame_equal(getattr(whole, name), getattr(split, name), check_exact=True)


def test_breakdowns_by_a_role_and_by_a_question() -> None:
    table = national().breakdowns
    assert list(dict.fromkeys(table["by"])) == ["region", "S2"]
    left_out = table["note"].str.extract(r"(\d+) interviews have too few answers")[0].fillna("0").astype(int)
    for _, part in table.groupby("by"):
        assert (part["n"] + left_out[part.index]).sum() == 7385
    regions = table[table["by"] == "region"]
    assert (regions["ci_low"] < regions["score"]).all()


def test_responses_that_are_read_already_are_not_read_again(export: Path) -> None:
    responses = ss.read_responses([export])
    first, second = analyse(responses, draws=DRAWS), analyse([export], draws=DRAWS)
    pd.testing.assert_frame_equal(first.companies, second.companies, check_exact=True)
    assert first.provenance["inputs"] == second.provenance["inputs"]


def test_notes_say_what_a_reader_must_know_and_say_it_once(tmp_path: Path) -> None:
    headings, rows = rows_of(companies=2)
    headings, rows = without(headings, rows[:-5], "行业")
    headings, rows = without(headings, rows, "F3")
    analysis = analyse([write_csv(tmp_path / "export.csv", headings, rows)], draws=DRAWS)
    notes = "\n".join(analysis.notes)
    assert "the export has no column for F3" in notes
    assert "the export has no industry column; companies are ranked among themselves" in notes
    assert "1 of 4 companies have fewer than 20 interviews; their scores are not published" in notes
    assert len(set(analysis.notes)) == len(analysis.notes)


def test_the_summary_of_findings_counts_rows() -> None:
    summary = {row["rule"]: row["n"] for row in national().findings_summary}
    records = Counter(record["rule"] for record in national().report.to_records())
    assert summary == records
    assert summary


@pytest.mark.parametrize(
    "choices",
    [
        {"level": 0.3},
        {"level": 1.5},
        {"draws": 0},
        {"top_k": 0},
        {"order": "x"},
        {"rank_sets": "x"},
        {"bogus": 1},
    ],
)
def test_impossible_choices_are_refused(export: Path, choices: dict[str, object]) -> None:
    with pytest.raises(MethodError):
        analyse([export], **({"draws": DRAWS} | choices))


def test_a_missing_file_is_an_error_that_names_it() -> None:
    with pytest.raises(SatsurveyError, match=r"there is no such file \(file nothing\.csv\)"):
        analyse(["nothing.csv"])


def test_progress_tells_what_is_being_done(export: Path) -> None:
    told: list[str] = []
    analyse([export], draws=DRAWS, progress=lambda what, done, total: told.append(what))
    assert list(dict.fromkeys(told)) == ["reading export.csv", "scoring", "ranking", "checking"]


@pytest.mark.parametrize(
    "shape",
    [
        "national",
        "plain",
        "no industry",
        "one industry",
        "one company",
        "one interview",
        "suppressed",
        "weights",
        "missing item",
    ],
)
def test_every_survey_is_a_document_that_its_schema_describes(shape: str, tmp_path: Path) -> None:
    if shape == "national":
        analysis = national()
    else:
        headings, rows = rows_of(industries=("甲", "乙", "丙"), companies=3, each=5)
        if shape == "no industry":
            headings, rows = without(headings, rows, "行业")
        if shape == "missing item":
            headings, rows = without(headings, rows, "A1")
        if shape == "one industry":
            rows = rows[:15]
        if shape == "one company":
            rows = rows[:5]
        if shape == "one interview":
            rows = rows[:1]
        if shape == "weights":
            headings, rows = [*headings, "权重"], [[*row, str(0.5 + k % 3)] for k, row in enumerate(rows)]
        least = 20 if shape == "suppressed" else 1
        path = write_csv(tmp_path / "export.csv", headings, rows)
        analysis = analyse([path], draws=DRAWS, company_min_n=least, by=("region",))
    document = json.loads(json_text(score_json(analysis)))
    assert list(faults(document, SCORE_SCHEMA)) == []
    assert document["ledger"]["adds_up"]
    if shape in {"no industry", "one company", "one interview"}:
        assert len(document["industries"]) == (0 if shape == "no industry" else 1)
    assert all(row["score"] is None for row in document["companies"]) == (shape == "suppressed")
