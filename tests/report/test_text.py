"""Markdown and CSV: what is written can be read back, and runs nothing."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stand_in import analysis

from satsurvey.errors import OutputError
from satsurvey.report.cells import Column
from satsurvey.report.layout import Table
from satsurvey.report.tables import industry_table
from satsurvey.report.text import frame_to_csv, protected_text, to_markdown


def cells(line: str) -> list[str]:
    """Split a line of a Markdown table at the bars that are not escaped."""
    return [
        cell.strip() for cell in line.replace("\\\\", "\0").replace("\\|", "\1").strip().strip("|").split("|")
    ]


def test_every_line_of_a_markdown_table_has_as_many_cells_as_the_heading() -> None:
    table = industry_table(analysis(("a|b\\", "c\nd", "<script>&")), "zh")
    lines = [line for line in to_markdown(table).splitlines() if line.startswith("|")]
    assert len(lines) == 2 + 3 + 1
    assert {len(cells(line)) for line in lines} == {len(table.columns)}
    assert cells(lines[1])[:3] == ["---:", ":---", "---:"]


def test_markdown_and_html_in_names_are_shown_and_not_obeyed() -> None:
    column = Column("a", "甲", "a", "text", align="left")
    table = Table("题", (column,), (("[x](http://y) *b* `c` <b>&",), ("a|b\\",), ("一\n二",)))
    lines = to_markdown(table).splitlines()
    assert lines[4] == r"| \[x\](http://y) \*b\* \`c\` &lt;b&gt;&amp; |"
    assert lines[5] == "| a\\|b\\\\ |"
    assert lines[6] == "| 一 二 |"


def test_the_notes_follow_the_table_as_a_list() -> None:
    text = to_markdown(industry_table(analysis(), "en"))
    assert text.startswith("### Industry ranking of satisfaction\n\n| Rank |")
    assert "\n- Ledger: 905 rows read" in text


@given(st.floats(allow_nan=False))
def test_numbers_in_csv_read_back_as_the_same_numbers(number: float) -> None:
    text = frame_to_csv(pd.DataFrame({"score": [number]}))
    assert float(text.splitlines()[1]) == number


def test_absent_values_are_empty_and_whole_numbers_have_no_point() -> None:
    frame = pd.DataFrame(
        {"a": [1.5, np.nan], "n": pd.array([20, None], dtype="Int64"), "t": ["甲", None], "b": [True, False]}
    )
    assert frame_to_csv(frame) == "a,n,t,b\n1.5,20,甲,True\n,,,False\n"


@pytest.mark.parametrize(
    "text", ["=1+1", "+86 10", "-3.2", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "＝1", "－1", "\u3000@x"]
)
def test_text_that_a_spreadsheet_would_run_gets_an_apostrophe(text: str) -> None:
    text, given = text.replace("\r", "\n"), text
    assert protected_text(given) == "'" + text
    column = list(csv.reader(io.StringIO(frame_to_csv(pd.DataFrame({"x": [given]})), newline="")))
    assert column == [["x"], ["'" + text]]


@pytest.mark.parametrize("text", ["", "通信", "A-1", "3-2=1", "007", "'=1", "a\nb"])
def test_other_text_stays_as_it_is(text: str) -> None:
    assert protected_text(text) == text


def test_a_negative_number_stays_a_number_and_a_heading_is_protected() -> None:
    assert frame_to_csv(pd.DataFrame({"=cmd": [-3.2]})) == "'=cmd\n-3.2\n"


def test_control_characters_and_halves_of_pairs_become_a_mark() -> None:
    assert protected_text("甲\x00\x1b\ud800乙\x85") == "甲\ufffd\ufffd\ufffd乙\ufffd"


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_comes_back_from_csv_as_it_was_protected(text: str) -> None:
    written = frame_to_csv(pd.DataFrame({"x": [text, "末"]}))
    # The csv module of the standard library is the oracle; pandas wrote it.
    rows = list(csv.reader(io.StringIO(written, newline="")))
    shown = [row[0] if row else "" for row in rows[1:]]
    assert shown == [protected_text(text), "末"]
    assert not shown[0].lstrip().startswith(tuple("=+-@"))


def test_a_file_opens_in_excel_with_chinese_and_other_encodings_can_be_asked_for(tmp_path: Path) -> None:
    frame = pd.DataFrame({"行业": ["通信", "银行"], "得分": [80.123456789012345, 79.0]})
    path = tmp_path / "x.csv"
    assert frame_to_csv(frame, path) == ""
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    pd.testing.assert_frame_equal(pd.read_csv(path), frame)
    frame_to_csv(frame, path, encoding="gb18030")
    assert path.read_bytes().decode("gb18030") == frame_to_csv(frame)


def test_an_encoding_without_a_place_for_a_character_is_refused(tmp_path: Path) -> None:
    frame = pd.DataFrame({"x": ["통신"]})
    with pytest.raises(OutputError, match=r"cannot be written in gb2312(.|\n)*gb18030"):
        frame_to_csv(frame, tmp_path / "x.csv", encoding="gb2312")
    with pytest.raises(OutputError, match=r"not known(.|\n)*found: klingon"):
        frame_to_csv(frame, tmp_path / "x.csv", encoding="klingon")


def test_titles_of_groups_are_rows_of_their_own_in_markdown() -> None:
    columns = (Column("a", "甲", "a", "text"), Column("b", "乙", "b", "integer"))
    table = Table(
        "T", columns, (("x", 1), ("y", 2)), groups=(1,), group_titles=("one", "t|wo"), language="en"
    )
    lines = [line for line in to_markdown(table).splitlines() if line.startswith("|")]
    assert [cells(line)[0] for line in lines[2:]] == ["**one**", "x", "**t\1wo**", "y"]
    assert {len(cells(line)) for line in lines} == {2}
