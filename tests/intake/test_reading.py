"""Reading from files to responses: what may go wrong, and what must never change a score."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from satsurvey.errors import (
    ColumnsError,
    EncodingError,
    InstrumentError,
    MethodError,
    ReadError,
    SatsurveyError,
    StudyError,
)
from satsurvey.intake.reading import open_raw, read_responses
from satsurvey.intake.responses import Responses
from satsurvey.scoring.estimates import Scores, score

HEAD = ["样本编号", "企业名称", "行业", "权重", "A1", "A2", "B1", "F1"]
FUZZ = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def write(path: Path, rows: list[list[str]], encoding: str = "utf-8") -> Path:
    path.write_text("".join(",".join(row) + "\n" for row in rows), encoding=encoding)
    return path


class TestFiles:
    def test_a_folder_in_place_of_a_file_is_refused(self, tmp_path: Path):
        (tmp_path / "export.csv").mkdir()
        with pytest.raises(ReadError, match="this is a folder"):
            read_responses([tmp_path / "export.csv"])

    @pytest.mark.parametrize("name", ["nowhere.csv", "x" * 5000 + ".csv", "a\0b.csv"])
    def test_a_file_that_is_not_there_is_an_error(self, tmp_path: Path, name: str):
        with pytest.raises(ReadError, match=r"no such file|cannot be looked at"):
            read_responses([tmp_path / name])

    def test_a_file_that_may_not_be_read_is_an_error(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        path = write(tmp_path / "export.csv", [HEAD])

        def refuse(*_: object, **__: object) -> None:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(Path, "open", refuse)
        with pytest.raises(ReadError, match="Permission denied"):
            read_responses([path])

    def test_a_device_is_no_file(self):
        if not Path("/dev/null").exists():
            pytest.skip("this system has no /dev/null")
        with pytest.raises(ReadError, match="a device or a pipe"):
            open_raw("/dev/null")

    def test_an_unknown_ending_is_an_error_that_lists_the_known(self, tmp_path: Path):
        path = tmp_path / "export.docx"
        path.write_bytes(b"x")
        with pytest.raises(ReadError, match=r"\*\.docx are not known") as caught:
            read_responses([path])
        assert ".csv" in str(caught.value)

    def test_no_file_at_all_is_an_error(self):
        with pytest.raises(ReadError, match="no file was given"):
            read_responses([])

    @pytest.mark.parametrize("scale", [None, "ten_point"])
    def test_a_disk_that_fails_half_way_is_an_error(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scale: str | None
    ):
        from satsurvey.intake.formats import delimited

        def fail(*_: object, **__: object) -> object:
            raise OSError(5, "Input/output error")

        monkeypatch.setattr(delimited, "_cut", fail)
        path = write(tmp_path / "export.csv", [["企业名称", "A1"], ["甲", "9"]])
        with pytest.raises(ReadError, match=r"could not be read to its end.*Input/output error"):
            read_responses([path], scale=scale)

    def test_an_unknown_scale_is_an_error(self, tmp_path: Path):
        with pytest.raises(MethodError, match="no scale called 'stars'"):
            read_responses([write(tmp_path / "e.csv", [HEAD])], scale="stars")


class TestEncodings:
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
    def test_the_responses_are_the_same_in_every_encoding(self, tmp_path: Path, encoding: str):
        rows = [HEAD, ["0001", "甲公司", "银行", "1", "9", "非常满意", "８", "10分"]]
        found = read_responses([write(tmp_path / "e.csv", rows, encoding)])
        assert found.company.names == ("甲公司",)
        assert found.texts["interview_id"].to_pylist() == ["0001"]
        assert [found.item(code)[0] for code in ("A1", "A2", "B1", "F1")] == [8, 9, 7, 9]

    def test_a_ragged_row_in_gb18030_hands_over_without_mixing_the_encodings(self, tmp_path: Path):
        rows = [
            HEAD,
            ["1", "甲", "银行", "1", "9", "9", "9", "9"],
            ["坏"],
            ["2", "乙", "行", "1", "×", "8", "8", "8"],
        ]
        found = read_responses([write(tmp_path / "e.csv", rows, "gb18030")])
        assert found.company.texts() == ["甲", "乙"]
        assert [(f.value, f.rows.tolist()) for f in found.findings] == [("×", [4])]

    def test_bytes_of_no_encoding_are_named_in_both_that_were_tried(self, tmp_path: Path):
        path = tmp_path / "e.csv"
        path.write_bytes("企业名称,A1\n甲,9\n".encode() + b"\xff\xff,8\n")
        with pytest.raises(EncodingError) as caught:
            read_responses([path])
        assert "text in no encoding tried" in str(caught.value)
        assert "is not text in utf-8" in str(caught.value)
        assert "is not text in gb18030" in str(caught.value)
        assert "line 3" in str(caught.value)


class TestScales:
    def test_words_of_another_scale_choose_it_and_say_so(self, tmp_path: Path):
        rows = [["企业名称", "A1", "A2"], ["甲", "满意", "一般"], ["甲", "非常满意", "不满意"]]
        found = read_responses([write(tmp_path / "e.csv", rows)])
        assert found.scales[0] == found.instrument.scales["five_point"]
        assert found.item("A1").tolist() == [3, 4]
        assert "five_point" in found.notes[0]

    def test_a_study_without_a_scale_gets_it_for_outcomes_too(self, tmp_path: Path):
        study = tmp_path / "study.toml"
        study.write_text('schema = "satsurvey.study/1"\n', encoding="utf-8")
        outcomes = read_responses(
            [write(tmp_path / "e.csv", [["企业名称", "A1"], ["甲", "9"]])]
        ).instrument.outcomes
        overall = next(o.code for o in outcomes if o.type == "scale" and o.scale is None)
        rows = [["企业名称", "A1", overall], ["甲", "满意", "满意"], ["甲", "一般", "一般"]]
        found = read_responses([write(tmp_path / "e.csv", rows)], study=study)
        assert found.outcome_scales[overall] == found.instrument.scales["five_point"]
        assert found.outcomes[overall].tolist() == [3, 2]
        assert found.findings == ()

    def test_numbers_leave_the_default_scale(self, tmp_path: Path):
        found = read_responses([write(tmp_path / "e.csv", [["企业名称", "A1"], ["甲", "5"]])])
        assert found.scales[0] == found.instrument.scales["ten_point"]


def numeric(frame: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """A frame in an order that rows cannot change."""
    return frame.sort_values(keys, kind="stable").reset_index(drop=True)


def assert_same_scores(found: Scores, expected: Scores, back: dict[str, str]) -> None:
    """Compare all frames digit by digit, after companies have got their first names back."""
    for name, keys in (
        ("companies", ["industry", "company"]),
        ("industries", ["industry"]),
        ("dimensions", ["level", "industry", "company", "dimension"]),
        ("items", ["level", "industry", "company", "item"]),
        ("overall", []),
    ):
        one, other = getattr(found, name), getattr(expected, name)
        if "company" in one:
            one = one.assign(company=[back.get(company, company) for company in one["company"]])
        if keys:
            one, other = numeric(one, keys), numeric(other, keys)
        pd.testing.assert_frame_equal(
            one, other, check_exact=True, check_dtype=False, check_categorical=False
        )


ANSWER = st.sampled_from(["1", "3", "7", "8", "9", "10", "", "98", "x"])
INTERVIEW = st.tuples(
    st.integers(0, 5),
    st.integers(0, 1),
    st.sampled_from(["1", "0.3", "1.7", "2.25"]),
    ANSWER,
    ANSWER,
    ANSWER,
    ANSWER,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    interviews=st.lists(INTERVIEW, min_size=4, max_size=40),
    weighted=st.booleans(),
    seed=st.integers(0, 1000),
    parts=st.integers(1, 4),
    method=st.sampled_from([{}, {"order": "respondent_first"}, {"industry_level": "respondent_pooled"}]),
)
def test_order_names_and_splitting_never_change_a_digit(
    tmp_path: Path,
    interviews: list[tuple[Any, ...]],
    weighted: bool,
    seed: int,
    parts: int,
    method: dict[str, Any],
):
    rows = [
        [str(k), f"公司{company}", f"行业{industry}", weight if weighted else "1", *answers]
        for k, (company, industry, weight, *answers) in enumerate(interviews)
    ]
    if not any(cell in {"1", "3", "7", "8", "9", "10"} for row in rows for cell in row[4:]):
        rows[0][4] = "9"
    choices = {"company_min_n": 1, "industry_min_companies": 1, **method}
    expected = score(read_responses([write(tmp_path / "all.csv", [HEAD, *rows])]), **choices)
    order = random.Random(seed)
    labels = [f"{letter}公司" for letter in "fbdace"]
    order.shuffle(labels)
    names = {f"公司{k}": label for k, label in enumerate(labels)}
    shuffled = [[row[0], names[row[1]], *row[2:]] for row in order.sample(rows, len(rows))]
    paths = [
        write(tmp_path / f"part{k}.csv", [HEAD, *shuffled[k::parts]], order.choice(["utf-8", "gb18030"]))
        for k in range(parts)
    ]
    found = score(read_responses(paths), **choices)
    assert_same_scores(found, expected, {label: name for name, label in names.items()})


def rows_below_the_heading(path: Path, heading_row: int) -> int:
    """Count records the plain way, for files without quotation marks."""
    text = path.read_bytes()
    lines = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    return len(lines) - int(lines[-1] == b"") - heading_row


PIECES = st.sampled_from(
    [b"9", b"10", b",", b",", b"\n", b"\n", b"\r\n", b"x", b"\0", b" ", "甲".encode(), "甲".encode("gbk"),
     b"\xff", b"1.5", "合计".encode(), b"98", b";"]
)  # fmt: skip


@FUZZ
@given(
    content=st.one_of(
        st.binary(max_size=300),
        st.lists(PIECES, max_size=60).map(lambda parts: "企业名称,A1,权重\n".encode() + b"".join(parts)),
        st.lists(PIECES, max_size=60).map(lambda parts: "企业名称,A1\n甲,9\n".encode() + b"".join(parts)),
    )
)
def test_any_bytes_give_a_ledger_that_adds_up_or_an_error_of_ours(tmp_path: Path, content: bytes):
    path = tmp_path / "any.csv"
    path.write_bytes(content)
    try:
        found = read_responses([path])
    except SatsurveyError:
        return
    ledger = found.ledger
    assert ledger.adds_up
    assert ledger.rows_used == len(found)
    assert sorted([*found.row.tolist(), *(row.row for row in ledger.unused)]) == list(
        range(found.files[0].heading_row + 1, found.files[0].heading_row + 1 + ledger.rows_read)
    )
    if found.files[0].encoding in {"utf-8", "gb18030"}:
        assert ledger.rows_read == rows_below_the_heading(path, found.files[0].heading_row)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    head=st.lists(st.sampled_from([*HEAD, "x", "", "S4", "O2", "企业编号"]), min_size=1, max_size=8),
    rows=st.lists(st.lists(st.text('9甲 ,"\n1', max_size=4), max_size=8), max_size=10),
)
def test_any_table_gives_a_ledger_that_adds_up_or_an_error_of_ours(
    tmp_path: Path, head: list[str], rows: list[list[str]]
):
    path = tmp_path / "any.csv"
    path.write_text("\n".join(",".join(row) for row in [head, *rows]), encoding="utf-8")
    try:
        found = read_responses([path])
    except (ReadError, ColumnsError):
        return
    assert found.ledger.adds_up
    assert found.ledger.rows_used == len(found)


SCALARS = st.one_of(st.text(max_size=6), st.integers(-2, 12), st.booleans(), st.floats(allow_nan=False))
KEYS = st.one_of(
    st.sampled_from(["company", "A1", "*", "weight", "x", "completed_at", "wave", "Q99", "industry"]),
    st.text(max_size=4),
)
VALUES = st.recursive(
    st.one_of(SCALARS, st.sampled_from(["企业名称", "A1", "skipped", "blank", "9"])),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3)),
    max_leaves=6,
)
TABLES = st.sampled_from(
    ["instrument", "scale", "files", "columns", "constants", "items", "facts", "outcomes", "recode",
     "missing", "missing_by_column", "completed", "ignore", "scoring", "nonsense"]
)  # fmt: skip


def toml(value: object) -> str:
    """Write a value of plain data as TOML, in line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{toml(str(k))} = {toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(toml(inner) for inner in value) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        safe = "".join(c if c.isprintable() and c not in '"\\' else f"\\U{ord(c):08x}" for c in value)
        return f'"{safe}"'
    return repr(value)


@FUZZ
@given(tables=st.dictionaries(TABLES, VALUES, max_size=4))
def test_any_study_file_gives_responses_or_an_error_of_ours(tmp_path: Path, tables: dict[str, Any]):
    export = write(tmp_path / "e.csv", [["企业名称", "A1", "A2"], ["甲", "9", "x"], ["乙", "", "8"]])
    study = tmp_path / "study.toml"
    lines = ['schema = "satsurvey.study/1"', *(f"{name} = {toml(value)}" for name, value in tables.items())]
    study.write_text("\n".join(lines), encoding="utf-8", errors="surrogatepass")
    try:
        found = read_responses([export], study=study)
    except (StudyError, InstrumentError, ColumnsError, ReadError):
        # Wrong by itself, or sound and not fitting: an unknown instrument, headings that are not there.
        return
    assert found.ledger.adds_up


@FUZZ
@given(
    content=st.one_of(
        st.binary(max_size=200), st.text(max_size=200).map(lambda t: t.encode(errors="replace"))
    )
)
def test_a_study_file_of_any_bytes_is_a_study_error(tmp_path: Path, content: bytes):
    study = tmp_path / "study.toml"
    study.write_bytes(content)
    with pytest.raises(StudyError):
        read_responses([], study=study)


def test_a_million_cells_of_a_dozen_texts_are_decoded_by_table(tmp_path: Path):
    texts = np.array(["1", "5", "10", "", "98", "非常满意", "9分"])
    picked = texts[np.random.default_rng(7).integers(0, texts.size, 40_000)]
    found = read_responses(
        [write(tmp_path / "e.csv", [["企业名称", "A1"], *[["甲", text] for text in picked]])]
    )
    value = {"1": 0, "5": 4, "10": 9, "非常满意": 9, "9分": 8}
    levels = [value[text] for text in picked if text in value]
    assert found.item("A1").tolist() == levels
    assert found.ledger.set_aside == {"no_answers": 40_000 - len(levels)}


def test_progress_names_each_file_before_it_is_read(tmp_path: Path):
    seen: list[str] = []
    paths = [write(tmp_path / f"{k}.csv", [["企业名称", "A1"], ["甲", "9"]]) for k in "ab"]
    found: Responses = read_responses(paths, progress=seen.append)
    assert seen == ["a.csv", "b.csv"]
    assert found.file.tolist() == [0, 1]
