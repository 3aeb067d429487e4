"""Drafts of study files: what is in force, what is only guessed, and that both are sound."""

from __future__ import annotations

import csv
import re
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xlsxwriter
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from satsurvey.instrument.library import load_instrument
from satsurvey.intake.drafting import Draft, make_draft
from satsurvey.intake.inspection import inspect_file
from satsurvey.intake.reading import read_responses
from satsurvey.intake.study import Study, load_study, study_defects
from satsurvey.intake.toml_text import path_from, toml_key, toml_string

CHECKOUT = Path(__file__).resolve().parents[2]
NATIONAL = CHECKOUT / "examples" / "national-2019" / "national-2019.csv"
AIRPORT = CHECKOUT.parent / "shared" / "data" / "real" / "sfo_airport_2016.csv"
INSTRUMENT = load_instrument("contact-centre-22")


def written(folder: Path, rows: list[list[str]], encoding: str = "utf-8", delimiter: str = ",") -> Path:
    path = folder / "export.csv"
    with path.open("w", encoding=encoding, newline="") as stream:
        csv.writer(stream, delimiter=delimiter).writerows(rows)
    return path


def drafted(path: Path, **options: Any) -> Draft:
    """Draft a study file beside an export, write it there, and check that it loads."""
    draft = make_draft(inspect_file(path, **options), INSTRUMENT, folder=path.parent)
    study = path.parent / "study.toml"
    study.write_text(draft.text, encoding="utf-8")
    load_study(study)
    return draft


def in_force(text: str) -> str:
    """Put every guess in force, as a user would: without the "# " in front of its line."""
    return "\n".join(re.sub(r"^# (?=\S.* = .*  # guess: )", "", line) for line in text.split("\n"))


def guessed(draft: Draft) -> dict[str, Any]:
    """Return what putting all guesses in force adds to the study, table by table."""
    before, after = tomllib.loads(draft.text), tomllib.loads(in_force(draft.text))
    assert study_defects(after) == []
    return {
        key: {k: v for k, v in value.items() if k not in before[key]} if isinstance(value, dict) else value
        for key, value in after.items()
        if value != before.get(key)
    }


def test_chinese_wordings_in_another_order_are_bound_and_read(tmp_path: Path) -> None:
    generator = np.random.default_rng(11)
    order = generator.permutation(22).tolist()
    items = [INSTRUMENT.items[k] for k in order]
    heading = [*(item.text.zh for item in items), "所属行业", "企业名称", "S8、当时是否着急或不满"]
    answers = generator.integers(1, 11, (60, 22))
    rows = [[*map(str, row), f"行业{k % 2}", f"企业{k % 6}", "1"] for k, row in enumerate(answers)]
    path = written(tmp_path, [heading, *rows], encoding="gb18030")
    draft = drafted(path)
    assert draft.needs == ()
    assert draft.guesses == ()
    study, instrument, _ = load_study(tmp_path / "study.toml")
    assert study.files[0].encoding == "gb18030"
    assert study.items == {item.code: item.text.zh for item in INSTRUMENT.items}
    assert list(study.items) == list(instrument.item_codes)
    responses = read_responses(study=tmp_path / "study.toml")
    assert len(responses) == 60
    assert responses.n_companies == 6
    # Levels count from 0 on a scale from 1, and the rows of `answers` go back to the instrument's order.
    assert (responses.answers == (answers[:, np.argsort(order)] - 1).T).all()


def test_spss_labels_bind_columns_that_have_names_of_their_own(tmp_path: Path) -> None:
    import pyreadstat

    path = tmp_path / "export.sav"
    frame = pd.DataFrame(
        {"v1": [f"企业{k % 3}" for k in range(30)], "v2": [1.0 + k % 10 for k in range(30)], "x": [5.0] * 30}
    )
    pyreadstat.write_sav(frame, str(path), column_labels=["企业名称", "打通客服热线的顺利程度", "别的"])
    draft = drafted(path)
    study = Study.model_validate(tomllib.loads(draft.text))
    assert (study.columns, study.items, study.outcomes) == ({"company": "v1"}, {"A1": "v2"}, {})
    assert "标签 by its label “企业名称”" in draft.text
    responses = read_responses(study=tmp_path / "study.toml")
    assert responses.company.texts() == frame["v1"].tolist()
    assert (responses.item("A1") == frame["v2"].to_numpy() - 1).all()


def test_a_workbook_with_title_rows_is_read_from_its_draft(tmp_path: Path) -> None:
    path = tmp_path / "export.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        book.add_worksheet("封面").write(0, 0, "二〇一九年满意度调查")
        sheet = book.add_worksheet("数据")
        sheet.merge_range(0, 0, 0, 2, "满意度调查")
        for row, cells in enumerate((["企业", "A1", "A2"], ["甲", 9, 99], ["乙", 8, 7]), start=2):
            sheet.write_row(row, 0, cells)
    draft = drafted(path)
    study, _, _ = load_study(tmp_path / "study.toml")
    assert (study.files[0].sheet, study.files[0].heading_row, study.files[0].encoding) == ("数据", 3, None)
    assert len(read_responses(study=tmp_path / "study.toml")) == 2
    # 99 is declared by the scale.
    assert draft.n_other_guesses == 0


@pytest.mark.parametrize("delimiter", [";", "|", "\t"])
def test_delimiters_are_read_back_as_found(tmp_path: Path, delimiter: str) -> None:
    path = written(tmp_path, [["企业", "A1"], ["甲", "9"], ["乙", "8"]], delimiter=delimiter)
    drafted(path)
    assert len(read_responses(study=tmp_path / "study.toml")) == 2


def test_guesses_are_comments_with_reasons_and_work_when_put_in_force(tmp_path: Path) -> None:
    companies = [f"{name}服务台" for name in ("东海", "西山", "南湖", "北原")]
    heading = [
        "respnum",
        "where",
        "Q1_打通客服热线的顺利程度(1-10分)",
        "客服的态度是否很友好",
        "w",
        "when",
        "结果",
    ]
    rows = [
        [
            f"{k:04}",
            companies[k % 4],
            str(k % 10 + 1),
            "9",
            ("0.8", "1.2")[k % 2],
            f"2019-03-{k % 28 + 1:02}",
            "已完成",
        ]
        for k in range(80)
    ]
    rows[3][-1] = "未完成"
    draft = drafted(written(tmp_path, [heading, *rows]))
    # Nothing is guessed in silence: no line in force binds anything.
    assert draft.bound == ()
    assert set(draft.needs) == {"company", "items"}
    assert guessed(draft) == {
        "columns": {
            "interview_id": "respnum",
            "company": "where",
            "weight": "w",
            "disposition": "结果",
            "completed_at": "when",
        },
        "items": {"A1": heading[2], "B1": heading[3]},
        "completed": ["已完成"],
    }
    (tmp_path / "study.toml").write_text(in_force(draft.text), encoding="utf-8")
    responses = read_responses(study=tmp_path / "study.toml")
    assert len(responses) == 79
    assert responses.ledger.set_aside == {"not_completed": 1}
    assert responses.company.names == tuple(sorted(companies))


def test_undeclared_codes_are_guessed_with_counts_labels_and_habits(tmp_path: Path) -> None:
    codes = ["88"] * 4 + ["-9"] * 3 + ["说不上来"] * 2 + ["42"]
    rows = [["甲", code, "9"] for code in codes] + [["乙", "9", "10"]] * 20
    draft = drafted(written(tmp_path, [["企业", "A1", "O2"], *rows]))
    assert guessed(draft) == {
        "missing": {"88": "dont_know", "-9": "refused", "说不上来": "dont_know", "42": "blank"}
    }
    assert '# "88" = "dont_know"  # guess: 4 次 times in A1;' in draft.text
    assert not read_responses(study=tmp_path / "study.toml").ledger.set_aside.get("unreadable")


def test_a_code_that_is_an_answer_elsewhere_is_declared_for_its_own_column(tmp_path: Path) -> None:
    # O2 runs from 0 to 10, the items from 1: 0 is no answer to A1, 11 none to O2.
    rows = [["甲", "0", "0"], ["甲", "9", "11"], *([["乙", "9", "10"]] * 200)]
    draft = drafted(written(tmp_path, [["企业", "A1", "O2"], *rows]))
    found = guessed(draft)
    assert found["missing"] == {"0": "blank"}
    assert tomllib.loads(in_force(draft.text))["missing_by_column"] == {"O2": {"11": "blank"}}


def test_five_points_of_ten_are_guessed_to_be_the_five_point_scale(tmp_path: Path) -> None:
    rows = [["甲", str(k % 5 + 1), "9" if k == 7 else "5"] for k in range(60)]
    draft = drafted(written(tmp_path, [["企业", "A1", "A2"], *rows]))
    found = guessed(draft)
    assert found["scale"] == "five_point"
    # On that scale 9 is no answer.
    assert found["missing"] == {"9": "refused"}


def test_ten_points_are_not_guessed_to_be_anything_else(tmp_path: Path) -> None:
    rows = [["甲", str(k % 10 + 1)] for k in range(60)]
    assert guessed(drafted(written(tmp_path, [["企业", "A1"], *rows]))) == {}


def test_zeros_are_guessed_to_be_of_the_scale_that_begins_with_zero(tmp_path: Path) -> None:
    rows = [["甲", str(k % 11)] for k in range(66)]
    assert guessed(drafted(written(tmp_path, [["企业", "A1"], *rows])))["scale"] == "zero_to_ten"


def test_dispositions_are_listed_and_completed_ones_are_needed(tmp_path: Path) -> None:
    rows = [["甲", "9", outcome] for outcome in ["OK"] * 5 + ["busy"] * 2]
    draft = drafted(written(tmp_path, [["企业", "A1", "访问结果"], *rows]))
    assert draft.needs == ("completed",)
    assert "#   OK  × 5" in draft.text
    assert "#   busy  × 2" in draft.text
    assert guessed(draft) == {"completed": ["OK"]}
    rows = [["甲", "9", "1.1"], ["甲", "9", "2.11"]]
    declared = drafted(written(tmp_path, [["企业", "A1", "访问结果"], *rows]))
    assert declared.needs == ()
    assert "#   1.1  × 1 完成 completed" in declared.text


@pytest.mark.parametrize(
    ("outcome", "completed"),
    [
        ("完成", True),
        ("成功访问", True),
        ("未完成", False),
        ("incomplete", False),
        ("1.1", True),
        ("11.1", False),
    ],
)
def test_words_for_completed_are_told_from_their_negations(
    tmp_path: Path, outcome: str, completed: bool
) -> None:
    from satsurvey.intake.guessing_codes import guess_completed

    path = written(tmp_path, [["x"], *([["zzz"]] * 3), [outcome]])
    texts, _ = guess_completed(inspect_file(path).columns[0])
    assert texts == ((outcome,) if completed else ("zzz",))


def test_two_columns_for_one_code_are_left_to_the_user(tmp_path: Path) -> None:
    draft = drafted(
        written(tmp_path, [["企业", "A1", "打通客服热线的顺利程度", "A2"], ["甲", "9", "8", "7"]])
    )
    assert "A1" not in tomllib.loads(draft.text)["items"]
    assert guessed(draft) == {"items": {"A1": "A1"}}
    assert 'C "打通客服热线的顺利程度"' in draft.text
    (tmp_path / "study.toml").write_text(in_force(draft.text), encoding="utf-8")
    assert read_responses(study=tmp_path / "study.toml").item("A1").tolist() == [8]


def test_columns_of_one_heading_cannot_be_bound_and_are_pointed_out(tmp_path: Path) -> None:
    draft = drafted(written(tmp_path, [["企业", "A2", "A1", "a1"], ["甲", "7", "9", "8"]]))
    assert tomllib.loads(draft.text)["items"] == {"A2": "A2"}
    assert guessed(draft) == {}
    assert 'rename one in the file: C "A1", D "a1"' in draft.text


def test_undeclared_answers_of_fact_are_listed(tmp_path: Path) -> None:
    rows = [["甲", "9", "电话", "打电话"], ["甲", "9", "maybe", "传真"]]
    draft = drafted(written(tmp_path, [["企业", "A1", "S3", "S2"], *rows]))
    assert tomllib.loads(draft.text)["recode"] == {"S2": {}, "S3": {}}
    assert tomllib.loads(in_force(draft.text))["recode"] == {"S2": {"打电话": "phone"}, "S3": {}}
    assert '#   "传真" = "…"  1 次 times' in draft.text


@pytest.mark.parametrize("heading", [["企业", "x", "y"], ["企业", "A1", "A2"]])
def test_every_item_without_a_column_has_a_line_to_be_filled_in(tmp_path: Path, heading: list[str]) -> None:
    draft = drafted(written(tmp_path, [heading, ["甲", "9", "8"], ["乙", "7", "6"]]))
    bound = tomllib.loads(draft.text)["items"]
    # What an analyst does: the "# " goes, a heading comes.
    filled = re.sub(r'(?m)^# (\w+) = ""', r'\1 = "column of \1"', draft.text)
    lines = {code: text for code, text in tomllib.loads(filled)["items"].items() if code not in bound}
    assert lines == {code: f"column of {code}" for code in INSTRUMENT.item_codes if code not in bound}
    assert len(bound) in {0, 2}
    for item in INSTRUMENT.items:
        assert (f'# {item.code} = ""  # {item.text.zh}\n' in draft.text) == (item.code not in bound)


HOSTILE = [
    'she said "9"',
    "back\\slash",
    "two\nlines",
    "bell\x07 and\tab",
    "# guess: company = 1",
    '"  # guess: x',
    "[items]",
    "'''",
    "zero\u200bwidth \u202eturned",
    "\U0001f600 emoji",
    "=1+1",
    "rare \ue000 name",
    "del\x7f",
]


def test_hostile_headings_stay_what_they_are(tmp_path: Path) -> None:
    heading = ["企业", *(f"A{k + 1} {text}" for k, text in enumerate(HOSTILE[:3])), *HOSTILE]
    path = written(tmp_path, [heading, ["甲", "9", "8", "7", *("x" for _ in HOSTILE)]])
    drafted(path)
    study, _, _ = load_study(tmp_path / "study.toml")
    found = {code: " ".join(heading.split()) for code, heading in study.items.items()}
    assert found == {f"A{k + 1}": " ".join(f"A{k + 1} {text}".split()) for k, text in enumerate(HOSTILE[:3])}
    assert [int(level) for level in read_responses(study=tmp_path / "study.toml").answers[:3, 0]] == [8, 7, 6]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12), min_size=1, max_size=6
    ),
    st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), min_size=12, max_size=12),
)
@example(['a"\\\n\x1b', "\ufeff", "企业", "A1"], ["99", "x # guess: ", "'", "=", "[", "\x00", *"123456"])
def test_whatever_an_export_holds_its_draft_loads_with_and_without_the_guesses(
    tmp_path: Path, headings: list[str], cells: list[str]
) -> None:
    width = len(headings)
    rows = [cells[k : k + width] for k in range(0, len(cells) - width + 1, width)]
    path = tmp_path / "export.parquet"
    names = [
        f"{heading}{k}" if headings.count(heading) > 1 else heading for k, heading in enumerate(headings)
    ]
    if len(set(names)) < width:
        return
    frame = pd.DataFrame(rows, columns=names).astype("str")
    frame.to_parquet(path)
    guessed(drafted(path))


@given(st.text(st.characters(exclude_categories=["Cs"])))
@example('"\\\b\t\n\f\r\x00\x7f\u2028\u3000\ue000\U000e0001')
def test_texts_and_keys_come_back_from_toml(text: str) -> None:
    assert tomllib.loads(f"{toml_key(text)} = {toml_string(text)}") == {text: text}
    assert "\n" not in toml_string(text)


def test_paths_are_counted_from_the_study_file(tmp_path: Path) -> None:
    assert path_from(tmp_path / "studies", tmp_path / "data" / "a.csv") == "../data/a.csv"
    assert path_from(tmp_path, tmp_path / " a.csv") == "./ a.csv"


def test_an_instrument_of_ones_own_is_named_by_its_path(tmp_path: Path) -> None:
    source = CHECKOUT / "instruments" / "nps-csat-ces.toml"
    own = tmp_path / "questions" / "mine.toml"
    own.parent.mkdir()
    own.write_bytes(source.read_bytes())
    instrument = load_instrument(own)
    path = written(tmp_path, [["company", instrument.item_codes[0]], ["甲", "5"]])
    text = make_draft(
        inspect_file(path, instrument=instrument), instrument, folder=tmp_path, instrument_name=str(own)
    ).text
    assert tomllib.loads(text)["instrument"] == "questions/mine.toml"
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    assert load_study(tmp_path / "study.toml")[1] == instrument


@pytest.mark.skipif(not NATIONAL.exists(), reason="the national example is not in this checkout")
def test_the_national_example_needs_nothing_but_its_names(tmp_path: Path) -> None:
    found = inspect_file(NATIONAL)
    draft = make_draft(found, INSTRUMENT, folder=tmp_path)
    (tmp_path / "study.toml").write_text(draft.text, encoding="utf-8")
    assert draft.needs == ()
    assert len(draft.bound) == len(found.columns)
    with_study, without = read_responses(study=tmp_path / "study.toml"), read_responses([NATIONAL])
    assert (with_study.answers == without.answers).all()
    assert with_study.headings == without.headings
    (tmp_path / "study.toml").write_text(in_force(draft.text), encoding="utf-8")
    assert not [f for f in read_responses(study=tmp_path / "study.toml").findings if f.rule == "out_of_range"]


@pytest.mark.shared_data
def test_an_airport_survey_is_told_to_need_an_instrument() -> None:
    if not AIRPORT.exists():
        pytest.skip("the airport survey does not lie beside the checkout")
    found = inspect_file(AIRPORT)
    draft = make_draft(found, INSTRUMENT)
    assert set(draft.needs) == {"company", "items"}
    assert "satsurvey instruments schema" in draft.text
    assert tomllib.loads(draft.text)["columns"]["weight"] == "WEIGHT"
    assert guessed(draft)["columns"] == {
        "interview_id": "*RESPNUM",
        "company": "AIRLINE",
        "completed_at": "INTDATE",
    }
    # Every column is spoken of, the ratings as ratings.
    assert all(f"{column.letter}  " in draft.text or column.heading in draft.text for column in found.columns)
    assert '#   AJ  "Q7ART": 像评分 like ratings, 0 … 6' in draft.text
