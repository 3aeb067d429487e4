"""CSV and TSV: encodings, quotation marks, ragged rows, row numbers; the oracle is what was written."""

from __future__ import annotations

import codecs
import csv
import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from satsurvey.errors import EncodingError, ReadError, SatsurveyError
from satsurvey.intake.cells import to_text
from satsurvey.intake.formats import delimited
from satsurvey.intake.formats.delimited import open_delimited
from satsurvey.intake.formats.headings import ReadOptions
from satsurvey.intake.raw import UnreadableRow

HEADINGS = ["企业名称", "行业", "A1"]
ROWS = [["甲公司", "银行", "9"], ["乙公司", "证券", "10"], ["丙公司", "", "8"]]


def read(path: Path, **options: object) -> tuple[list[str], list[tuple[int, list[str]]], list[UnreadableRow]]:
    """Headings, (row number, cells) and unreadable rows of a file."""
    raw = open_delimited(path, ReadOptions(**options))  # type: ignore[arg-type]
    rows: list[tuple[int, list[str]]] = []
    unreadable: list[UnreadableRow] = []
    for table in raw.tables():
        columns = [to_text(cells, raw.source.cell_encoding).to_pylist() for cells in table.cells]
        assert all(len(column) == table.rows.size for column in columns)
        rows += [(int(row), [column[k] for column in columns]) for k, row in enumerate(table.rows)]
        unreadable += table.unreadable
    return [column.heading for column in raw.columns], rows, unreadable


def written(tmp_path: Path, text: str | bytes, name: str = "export.csv", encoding: str = "utf-8") -> Path:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
    return path


def as_csv(rows: list[list[str]], delimiter: str = ",", end: str = "\n") -> str:
    return end.join(delimiter.join(row) for row in rows) + end


class TestEncodings:
    @pytest.mark.parametrize(
        ("encoding", "mark", "found"),
        [
            ("utf-8", b"", "utf-8"),
            ("utf-8", codecs.BOM_UTF8, "utf-8"),
            ("utf-16-le", codecs.BOM_UTF16_LE, "utf-16-le"),
            ("utf-16-be", codecs.BOM_UTF16_BE, "utf-16-be"),
            ("utf-32-le", codecs.BOM_UTF32_LE, "utf-32-le"),
            ("gb18030", b"", "gb18030"),
        ],
    )
    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
    def test_the_encoding_is_told_and_every_cell_survives(
        self, tmp_path: Path, encoding: str, mark: bytes, found: str, end: str
    ):
        path = written(tmp_path, mark + as_csv([HEADINGS, *ROWS], end=end).encode(encoding))
        assert open_delimited(path, ReadOptions()).source.encoding == found
        assert read(path) == (HEADINGS, [(k, row) for k, row in enumerate(ROWS, start=2)], [])

    @pytest.mark.parametrize("encoding", ["big5", "utf-16", "gbk", "utf-8-sig", "cp950", "GB2312", "latin-1"])
    def test_a_declared_encoding_is_used(self, tmp_path: Path, encoding: str):
        rows = [["company", "industry", "A1"], ["Müller" if encoding == "latin-1" else "甲乙", "x", "9"]]
        path = written(tmp_path, as_csv(rows), encoding=encoding)
        assert read(path, encoding=encoding) == (rows[0], [(2, rows[1])], [])

    def test_utf16_without_a_mark_is_told_by_its_zero_bytes(self, tmp_path: Path):
        rows = [["company", "A1"], ["甲公司", "9"]]
        for encoding in ("utf-16-le", "utf-16-be"):
            path = written(tmp_path, as_csv(rows), encoding=encoding)
            assert read(path)[1] == [(2, rows[1])]

    def test_one_odd_byte_at_the_very_end_decides_for_gb18030(self, tmp_path: Path):
        filler = as_csv([["company", "A1"], *[["Acme", "9"]] * 50_000])
        path = written(tmp_path, filler.encode() + "银行甲,8\n".encode("gb18030"))
        assert open_delimited(path, ReadOptions()).source.encoding == "gb18030"
        assert read(path)[1][-1] == (50_002, ["银行甲", "8"])

    def test_a_run_of_gb18030_that_is_valid_utf8_does_not_decide(self, tmp_path: Path):
        # "联通" in GBK is also valid UTF-8 byte by byte in loose readers; together with 银行 it is not.
        path = written(tmp_path, as_csv([["公司", "A1"], ["联通", "9"], ["银行", "8"]]), encoding="gbk")
        assert [cells[0] for _, cells in read(path)[1]] == ["联通", "银行"]

    def test_an_undecodable_byte_is_named_with_line_and_option(self, tmp_path: Path):
        content = as_csv([["company", "A1"], ["Acme", "9"]]).encode() + b"Be\xfft,8\n"
        path = written(tmp_path, content)
        with pytest.raises(EncodingError) as caught:
            open_delimited(path, ReadOptions(encoding="utf-8"))
        place = content.index(b"\xff") + 1
        assert f"byte {place} (0xff) in line 3" in str(caught.value)
        assert caught.value.row == 3
        assert "--encoding" in str(caught.value)

    def test_line_numbers_are_right_where_bytes_of_characters_look_like_line_ends(self, tmp_path: Path):
        # 上 is 0x4E0A: its low byte is a line feed.
        good = "公司,A1\r\n上上上,9\r\n".encode("utf-16-le")
        path = written(tmp_path, codecs.BOM_UTF16_LE + good + b"\x00\xd8,\x00")
        with pytest.raises(EncodingError, match="in line 3 is not text in utf-16-le"):
            open_delimited(path, ReadOptions())

    def test_a_file_cut_in_the_middle_of_a_character_says_so(self, tmp_path: Path):
        path = written(tmp_path, "公司,A1\n甲,9\n乙".encode()[:-1])
        with pytest.raises(EncodingError, match="ends in the middle of a character"):
            open_delimited(path, ReadOptions(encoding="utf-8"))

    def test_lines_of_two_encodings_are_refused_with_both_lines(self, tmp_path: Path):
        head = as_csv([["company", "A1"], *[["中国工商银行股份有限公司", "9"]] * 5]).encode()
        tail = as_csv([["中国工商银行股份有限公司", "9"]] * 5).encode("gb18030")
        with pytest.raises(EncodingError, match="line 2 is UTF-8 and line 7 is not"):
            open_delimited(written(tmp_path, head + tail), ReadOptions())

    @pytest.mark.parametrize("name", ["klingon", "base64", "rot13", "hex", "undefined", "idna", "a\0b", ""])
    def test_a_name_that_is_no_text_encoding_is_refused(self, tmp_path: Path, name: str):
        with pytest.raises(EncodingError, match="no text encoding called"):
            open_delimited(written(tmp_path, "company,A1\nx,9\n"), ReadOptions(encoding=name))

    def test_the_encoding_of_a_very_long_line_without_line_ends_is_judged_across_blocks(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ):
        from satsurvey.intake.formats import encodings

        monkeypatch.setattr(encodings, "BLOCK", 10)
        monkeypatch.setattr(encodings, "LONGEST_RECORD", 30)
        text = "公司,A1" + "甲乙丙丁" * 60 + "\n甲,9\n"
        assert open_delimited(written(tmp_path, text), ReadOptions()).source.encoding == "utf-8"


class TestQuotes:
    def test_quoted_cells_keep_delimiters_line_ends_and_doubled_marks(self, tmp_path: Path):
        cells = ['a,b "c"', "two\nlines", ""]
        text = io.StringIO()
        csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows([HEADINGS, cells, ROWS[0]])
        path = written(tmp_path, text.getvalue())
        assert read(path)[1] == [(2, cells), (3, ROWS[0])]

    def test_an_unclosed_mark_costs_its_own_line_only(self, tmp_path: Path):
        path = written(tmp_path, 'company,industry,A1\nx,"bank,9\ny,"fund",8\nz,b,7\n')
        _, rows, bad = read(path)
        assert rows == [(3, ["y", "fund", "8"]), (4, ["z", "b", "7"])]
        assert [(b.row, b.reason, b.text) for b in bad] == [
            (2, "a quotation mark is never closed", 'x,"bank,9')
        ]

    def test_an_unclosed_mark_costs_one_line_where_no_other_mark_follows(self, tmp_path: Path):
        lines = ["company,industry,A1", 'x,"bank,9', *[f"c{k},bank,8" for k in range(500)]]
        _, rows, bad = read(written(tmp_path, "\n".join(lines)))
        assert [row for row, _ in rows] == list(range(3, 503))
        assert [b.row for b in bad] == [2]

    def test_several_unclosed_marks_cost_a_line_each(self, tmp_path: Path):
        path = written(tmp_path, 'company,A1\n"a,1\n"b,2\nc,3\n"d,4\ne,"5"\n')
        _, rows, bad = read(path)
        assert [cells[0] for _, cells in rows] == ["c", "e"]
        assert [b.row for b in bad] == [2, 3, 5]

    def test_text_behind_a_closing_mark_makes_the_row_unreadable(self, tmp_path: Path):
        _, rows, bad = read(written(tmp_path, 'company,A1\n"a"x,1\nb,2\n'))
        assert rows == [(3, ["b", "2"])]
        assert bad[0].reason == "text stands after a closing quotation mark"

    def test_a_mark_inside_an_unquoted_cell_is_text(self, tmp_path: Path):
        assert read(written(tmp_path, 'company,A1\n5" screen,9\nb,2\n'))[1][0] == (2, ['5" screen', "9"])

    def test_a_heading_of_two_lines_is_one_heading_even_where_a_later_mark_is_stray(self, tmp_path: Path):
        headings, rows, _ = read(written(tmp_path, '"com\npany",A1\na,1\nx"y,2\n'))
        assert headings == ["com pany", "A1"]
        assert rows == [(2, ["a", "1"]), (3, ['x"y', "2"])]


class TestRows:
    def test_ragged_rows_are_unreadable_with_their_numbers(self, tmp_path: Path):
        _, rows, bad = read(written(tmp_path, "company,A1,A2\na,1,2\nb,1\nc,1,2,3\nd,1,2\n"))
        assert [row for row, _ in rows] == [2, 5]
        assert [(b.row, b.reason) for b in bad] == [
            (3, "the row has 2 cells where the headings have 3"),
            (4, "the row has 4 cells where the headings have 3"),
        ]

    def test_empty_cells_behind_the_last_heading_are_no_fault(self, tmp_path: Path):
        assert read(written(tmp_path, "company,A1\na,1,\nb,2,,\n"))[1] == [(2, ["a", "1"]), (3, ["b", "2"])]

    @pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
    def test_a_ragged_row_after_200000_good_ones_loses_and_doubles_nothing(
        self, tmp_path: Path, encoding: str, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setattr(delimited, "BLOCK", 1 << 20)
        good = [f"公司{k},银行,{k % 10 + 1}" for k in range(230_000)]
        lines = ["企业名称,行业,A1", *good[:215_000], "坏,行", *good[215_000:]]
        path = written(tmp_path, "\r\n".join(lines) + "\r\n", encoding=encoding)
        raw = open_delimited(path, ReadOptions())
        tables = list(raw.tables())
        numbers = np.concatenate([table.rows for table in tables])
        names = [
            name for table in tables for name in to_text(table.cells[0], raw.source.cell_encoding).to_pylist()
        ]
        assert names == [line.split(",")[0] for line in good]
        assert numbers.tolist() == [k for k in range(2, 230_003) if k != 215_002]
        assert [bad.row for table in tables for bad in table.unreadable] == [215_002]
        assert len(tables) > 2  # the fast reader did begin

    def test_blank_lines_are_rows_of_blank_cells(self, tmp_path: Path):
        _, rows, bad = read(written(tmp_path, "company,A1\na,1\n\n   \nb,2\n\n"))
        assert rows == [(2, ["a", "1"]), (3, ["", ""]), (4, ["", ""]), (5, ["b", "2"]), (6, ["", ""])]
        assert bad == []

    def test_a_cell_of_20_mb_is_read(self, tmp_path: Path):
        huge = "很" * (20 * 1024 * 1024 // 3)
        _, rows, bad = read(written(tmp_path, f"company,A1\na,1\n{huge},2\nb,3\n"))
        assert [(row, len(cells[0]), cells[1]) for row, cells in rows] == [
            (2, 1, "1"),
            (3, len(huge), "2"),
            (4, 1, "3"),
        ]
        assert bad == []

    def test_nul_bytes_are_characters_like_others(self, tmp_path: Path):
        _, rows, _ = read(written(tmp_path, b"company,A1\na\0b,1\n\0,2\n"))
        assert rows == [(2, ["a\0b", "1"]), (3, ["\0", "2"])]

    def test_one_column_is_a_table_too(self, tmp_path: Path):
        assert read(written(tmp_path, "A1\n9\n\n8\n")) == (["A1"], [(2, ["9"]), (3, [""]), (4, ["8"])], [])

    def test_a_file_of_headings_only_has_no_rows(self, tmp_path: Path):
        for text in ("company,A1", "company,A1\n", "company,A1\r\n"):
            assert read(written(tmp_path, text)) == (["company", "A1"], [], [])

    def test_the_last_line_counts_without_a_line_end(self, tmp_path: Path):
        assert read(written(tmp_path, "company,A1\na,1\nb,2"))[1] == [(2, ["a", "1"]), (3, ["b", "2"])]

    def test_tables_can_be_gone_through_twice(self, tmp_path: Path):
        raw = open_delimited(written(tmp_path, as_csv([HEADINGS, *ROWS])), ReadOptions())
        first, second = ([table.rows.tolist() for table in raw.tables()] for _ in range(2))
        assert first == second == [[2, 3, 4]]


class TestHeadingsAndDelimiters:
    @pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
    @pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
    def test_the_delimiter_is_found(self, tmp_path: Path, delimiter: str, encoding: str):
        # The second byte of 亅 in GB18030 is 0x7C, a vertical bar.
        rows = [["企业", "A1"], ["亅公司", "9"]]
        path = written(tmp_path, as_csv(rows, delimiter), encoding=encoding)
        assert read(path) == (rows[0], [(2, rows[1])], [])

    @pytest.mark.parametrize("delimiter", ['"', "\n", "ab", "，", "\0"])
    def test_an_impossible_delimiter_is_refused(self, tmp_path: Path, delimiter: str):
        with pytest.raises(ReadError, match="one ASCII character"):
            open_delimited(written(tmp_path, "company,A1\nx,9\n"), ReadOptions(delimiter=delimiter))

    def test_title_rows_are_skipped_noted_and_counted_in_row_numbers(self, tmp_path: Path):
        path = written(tmp_path, "满意度调查\n单位：分\n企业名称,A1\n甲,9\n")
        raw = open_delimited(path, ReadOptions(known=frozenset({"企业名称", "a1"})))
        assert raw.source.heading_row == 3
        assert raw.source.notes == ("2 rows above the headings were taken as title",)
        assert [table.rows.tolist() for table in raw.tables()] == [[4]]

    def test_a_declared_heading_row_is_used_even_far_down(self, tmp_path: Path):
        path = written(tmp_path, "title\n" * 59 + "company,A1\na,1\n")
        assert read(path, heading_row=60, delimiter=",") == (["company", "A1"], [(61, ["a", "1"])], [])

    @pytest.mark.parametrize("row", [0, -3, 9])
    def test_a_heading_row_that_is_not_there_is_refused(self, tmp_path: Path, row: int):
        with pytest.raises(ReadError, match="no row"):
            open_delimited(written(tmp_path, "company,A1\na,1\n"), ReadOptions(heading_row=row))

    def test_nameless_columns_get_a_name(self, tmp_path: Path):
        assert read(written(tmp_path, "company,,A1\na,b,1\n"))[0] == ["company", "(column 2)", "A1"]

    def test_too_many_columns_are_refused(self, tmp_path: Path):
        with pytest.raises(ReadError, match="at most 20,000"):
            open_delimited(written(tmp_path, ",".join("x" * 20_001) + "\n"), ReadOptions())


class TestNoTable:
    @pytest.mark.parametrize("content", [b"", codecs.BOM_UTF8, b"\n\n \n", b",,,\n"])
    def test_an_empty_file_is_refused(self, tmp_path: Path, content: bytes):
        with pytest.raises(ReadError, match=r"empty|holds no text"):
            open_delimited(written(tmp_path, content), ReadOptions())

    @pytest.mark.parametrize(
        "head", [b"PK\x03\x04\x14\0\0\0", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0", b"PAR1\0"]
    )
    def test_a_workbook_named_csv_is_called_what_it_is(self, tmp_path: Path, head: bytes):
        with pytest.raises(ReadError, match="named as a CSV or TSV file, but holds"):
            open_delimited(written(tmp_path, head * 10), ReadOptions())

    def test_a_heading_like_the_mark_of_another_format_is_a_heading(self, tmp_path: Path):
        assert read(written(tmp_path, "PAR1,A1\na,1\n"))[0] == ["PAR1", "A1"]


CELL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n"), max_size=8)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.lists(CELL, min_size=2, max_size=2), max_size=6),
    encoding=st.sampled_from(["utf-8", "gb18030", "utf-16"]),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_what_a_csv_writer_writes_comes_back_cell_by_cell(
    tmp_path: Path, rows: list[list[str]], encoding: str, end: str
):
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator=end).writerows([["company", "A1"], *rows])
    path = written(tmp_path, text.getvalue(), encoding=encoding)
    found = read(path, encoding=encoding, delimiter=",", heading_row=1)
    assert found == (["company", "A1"], [(k, row) for k, row in enumerate(rows, start=2)], [])


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.one_of(
        st.binary(max_size=200),
        st.text('a1,"\n\r甲;\t 9', max_size=80).map(str.encode),
        st.text('a1,"\n甲', max_size=80).map(lambda text: b"company,A1\n" + text.encode("gb18030")),
    )
)
def test_any_bytes_give_every_line_once_or_an_error_of_ours(tmp_path: Path, content: bytes):
    path = written(tmp_path, content)
    try:
        raw = open_delimited(path, ReadOptions())
        tables = list(raw.tables())
    except SatsurveyError:
        return
    numbers = [int(row) for table in tables for row in table.rows]
    numbers += [bad.row for table in tables for bad in table.unreadable]
    first = raw.source.heading_row + 1
    assert sorted(numbers) == list(range(first, first + len(numbers)))
