from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path

import numpy as np
import openpyxl
import pyarrow as pa
import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from satsurvey.errors import ReadError
from satsurvey.intake.formats.cell_text import LONG_NUMBERS
from satsurvey.intake.formats.headings import ReadOptions
from satsurvey.intake.formats.workbook import open_workbook
from satsurvey.intake.raw import RawFile

from .conftest import ods_row

Maker = Callable[..., Path]
HEADINGS = ["样本编号", "企业名称", "Q1"]
PLAIN = ReadOptions()


def cells_of(file: RawFile) -> list[list[str]]:
    """Return the columns of a file as texts, absent cells as ""."""
    columns: list[list[str]] = [[] for _ in file.columns]
    for table in file.tables():
        for column, cells in zip(columns, table.cells, strict=True):
            column.extend(text or "" for text in cells.to_pylist())
    return columns


def row_numbers(file: RawFile) -> list[int]:
    return [int(row) for table in file.tables() for row in table.rows]


@pytest.fixture
def make_xlsx(tmp_path: Path) -> Maker:
    def make(sheets: dict[str, list[list[object]]], name: str = "export.xlsx") -> Path:
        path = tmp_path / name
        with xlsxwriter.Workbook(path) as workbook:
            for sheet_name, rows in sheets.items():
                sheet = workbook.add_worksheet(sheet_name)
                for at, row in enumerate(rows):
                    for place, value in enumerate(row):
                        if isinstance(value, str):
                            sheet.write_string(at, place, value)
                        elif value is not None:
                            sheet.write(at, place, value)
        return path

    return make


def test_texts_and_numbers_survive_as_typed(make_xlsx: Maker) -> None:
    path = make_xlsx(
        {"数据": [HEADINGS, ["007", "甲公司", 7], ["1234567890123456789", " ０８ ", 7.5], ["=1+1", "", 0.3]]}
    )
    file = open_workbook(path, PLAIN)
    assert [column.heading for column in file.columns] == HEADINGS
    assert [column.letter for column in file.columns] == ["A", "B", "C"]
    assert cells_of(file) == [
        ["007", "1234567890123456789", "=1+1"],
        ["甲公司", " ０８ ", ""],
        ["7", "7.5", "0.3"],
    ]
    assert row_numbers(file) == [2, 3, 4]
    assert file.source.format == "xlsx"
    assert file.source.sheet == "数据"
    assert file.source.heading_row == 1
    assert file.source.notes == ()
    assert not any(column.warning for column in file.columns)
    assert cells_of(file) == cells_of(file)


def test_cells_are_dictionaries_of_text_and_rows_are_int64(make_xlsx: Maker) -> None:
    table = next(open_workbook(make_xlsx({"s": [HEADINGS, ["1", "a", 2]]}), PLAIN).tables())
    assert {cells.type for cells in table.cells} == {pa.dictionary(pa.int32(), pa.string())}
    assert table.rows.dtype == np.int64


def test_dates_times_durations_and_truth_values_are_written_in_full(tmp_path: Path) -> None:
    path = tmp_path / "times.xlsx"
    book = openpyxl.Workbook()
    book.active.append(["完成时间", "日期", "时刻", "访问时长", "同意"])
    book.active.append(
        [
            datetime.datetime(2024, 3, 5, 14, 30, 5),
            datetime.date(2024, 3, 5),
            datetime.time(9, 5),
            datetime.timedelta(hours=30, seconds=1),
            True,
        ]
    )
    book.save(path)
    file = open_workbook(path, PLAIN)
    assert cells_of(file) == [["2024-03-05 14:30:05"], ["2024-03-05"], ["09:05:00"], ["30:00:01"], ["TRUE"]]


def test_identifier_stored_as_a_long_number_is_warned_of(make_xlsx: Maker) -> None:
    path = make_xlsx({"s": [["样本编号", "短编号"], [1234567890123456789, 123456789012345]]})
    columns = open_workbook(path, PLAIN).columns
    assert [column.warning for column in columns] == [LONG_NUMBERS, ""]


def test_title_rows_are_passed_over_and_told(make_xlsx: Maker) -> None:
    rows = [["2019年客服满意度调查"], [], HEADINGS, ["1", "甲", 9], [], ["2", "乙", 8]]
    file = open_workbook(make_xlsx({"s": rows}), PLAIN)
    assert file.source.heading_row == 3
    assert row_numbers(file) == [4, 5, 6]
    assert cells_of(file)[0] == ["1", "", "2"]
    assert file.source.notes == ("headings were taken from row 3; not read above them: 2019年客服满意度调查",)


def test_table_that_begins_below_and_right_of_the_corner_keeps_its_places(make_xlsx: Maker) -> None:
    rows = [[], [None, None, "Q1", "Q2"], [None, None, 5, 6]]
    file = open_workbook(make_xlsx({"s": rows}), PLAIN)
    assert [(column.heading, column.letter) for column in file.columns] == [("Q1", "C"), ("Q2", "D")]
    assert row_numbers(file) == [3]


def test_declared_heading_row_is_taken(make_xlsx: Maker) -> None:
    path = make_xlsx({"s": [["a", "b", "c"], ["x", "y", None], ["1", "2", None]]})
    file = open_workbook(path, ReadOptions(heading_row=2))
    assert [column.heading for column in file.columns] == ["x", "y"]
    assert row_numbers(file) == [3]


@pytest.mark.parametrize("row", [0, 4, 400])
def test_heading_row_outside_the_sheet_is_refused(make_xlsx: Maker, row: int) -> None:
    with pytest.raises(ReadError, match=f"no row {row} to take the headings from"):
        open_workbook(make_xlsx({"s": [["a"], ["1"], ["2"]]}), ReadOptions(heading_row=row))


def test_heading_row_below_the_first_thirty_rows_is_found_when_declared(make_xlsx: Maker) -> None:
    rows = [[f"title {row}"] for row in range(50)] + [HEADINGS, ["1", "甲", 9]]
    file = open_workbook(make_xlsx({"s": rows}), ReadOptions(heading_row=51))
    assert [column.heading for column in file.columns] == HEADINGS
    assert row_numbers(file) == [52]


def test_blank_headings_are_named_and_double_ones_kept(make_xlsx: Maker) -> None:
    rows = [["Q1", "Q1", None, "Q2", None], [1, 2, 3, 4, None], [1, 2, None, 4, None]]
    file = open_workbook(make_xlsx({"s": rows}), PLAIN)
    assert [column.heading for column in file.columns] == ["Q1", "Q1", "(column C)", "Q2"]
    assert cells_of(file)[2] == ["3", ""]


def test_headings_merged_over_two_rows_are_joined(tmp_path: Path) -> None:
    path = tmp_path / "merged.xlsx"
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["企业名称", "行业", "满意度", None])
    sheet.append([None, None, "Q1", "Q2"])
    sheet.append(["甲", "银行", 9, 8])
    for area in ("A1:A2", "B1:B2", "C1:D1"):
        sheet.merge_cells(area)
    book.save(path)
    for known in (frozenset[str](), frozenset({"q1", "q2"})):
        file = open_workbook(path, ReadOptions(known=known))
        assert [column.heading for column in file.columns] == ["企业名称", "行业", "Q1", "Q2"]
        assert file.source.heading_row == 2
        assert row_numbers(file) == [3]


def test_heading_merged_over_columns_names_the_first_and_is_told(tmp_path: Path) -> None:
    path = tmp_path / "merged.xlsx"
    book = openpyxl.Workbook()
    book.active.append(["企业名称", "评分", None])
    book.active.append(["甲", 9, 8])
    book.active.merge_cells("B1:C1")
    book.save(path)
    file = open_workbook(path, PLAIN)
    assert [column.heading for column in file.columns] == ["企业名称", "评分", "(column C)"]
    assert file.source.notes == ("heading 评分 is merged over columns B to C; it names column B only",)


def test_sheet_with_known_headings_is_chosen_and_the_others_told(make_xlsx: Maker) -> None:
    path = make_xlsx({"说明": [["读我", "这是说明", "文字"]], "数据": [HEADINGS, ["1", "甲", 9]], "空": []})
    file = open_workbook(path, ReadOptions(known=frozenset({"q1", "企业名称"})))
    assert file.source.sheet == "数据"
    assert file.source.notes == (
        "read sheet 数据, because it holds 2 known headings, more than any other sheet",
        "did not read these sheets: 说明",
    )


def test_first_sheet_is_chosen_where_none_holds_known_headings(make_xlsx: Maker) -> None:
    file = open_workbook(make_xlsx({"空": [], "一": [["a"], ["1"]], "二": [["b"], ["2"]]}), PLAIN)
    assert file.source.sheet == "一"
    assert "it is the first sheet with cells" in file.source.notes[0]
    assert file.source.notes[1] == "did not read these sheets: 二"


def test_declared_sheet_is_read(make_xlsx: Maker) -> None:
    path = make_xlsx({"一": [["a"], ["1"]], "二": [["b"], ["2"]], "空": []})
    assert cells_of(open_workbook(path, ReadOptions(sheet="二"))) == [["2"]]
    with pytest.raises(ReadError, match="no sheet named 三") as refused:
        open_workbook(path, ReadOptions(sheet="三"))
    assert refused.value.expected == "one of 一, 二, 空"
    with pytest.raises(ReadError, match="The sheet holds no cells"):
        open_workbook(path, ReadOptions(sheet="空"))


def test_code_book_sheet_labels_the_codes_of_its_columns(make_xlsx: Maker) -> None:
    path = make_xlsx(
        {
            "编码表": [
                ["题号", "题目", "编码", "标签"],
                ["Q1", "总体满意度", 10, "非常满意"],
                [None, None, 98, "不知道"],
                ["Q99", None, 1, "是"],
            ],
            "数据": [HEADINGS, ["1", "甲", 10]],
        }
    )
    file = open_workbook(path, PLAIN)
    assert file.source.sheet == "数据"
    assert file.columns[2].value_labels == {"10": "非常满意", "98": "不知道"}
    assert file.columns[2].question == "总体满意度"
    assert file.columns[0].value_labels == {}
    assert file.source.notes == (
        "labels come from the code-book sheet 编码表",
        "the code book names 1 variables that are no headings: Q99",
    )


def test_spreadsheet_errors_and_formulas_without_results_are_told(tmp_path: Path) -> None:
    path = tmp_path / "formulas.xlsx"
    book = openpyxl.Workbook()
    book.active.append(["Q1", "Q2"])
    book.active.append(["#N/A", "=A1"])
    book.save(path)
    file = open_workbook(path, PLAIN)
    assert cells_of(file) == [[""], [""]]
    assert file.source.notes[0] == "1 cells hold spreadsheet errors such as #N/A and are read as blank"
    assert file.source.notes[1].startswith("1 cells hold a formula without a stored result")


def test_headings_without_rows_give_no_table(make_xlsx: Maker) -> None:
    file = open_workbook(make_xlsx({"s": [HEADINGS]}), PLAIN)
    assert len(file.columns) == 3
    assert row_numbers(file) == []


def test_more_rows_than_one_block_keep_their_numbers(make_xlsx: Maker) -> None:
    rows: list[list[object]] = [["id", "Q1"]] + [[str(number), number % 10] for number in range(20_500)]
    file = open_workbook(make_xlsx({"s": rows}), PLAIN)
    assert row_numbers(file) == list(range(2, 20_502))
    assert cells_of(file) == [
        [str(number) for number in range(20_500)],
        [str(number % 10) for number in range(20_500)],
    ]


def test_old_workbook_is_read(make_xls: Maker) -> None:
    file = open_workbook(make_xls([HEADINGS, ["007", "甲公司", 10.0], ["008", "乙公司", 7.5]]), PLAIN)
    assert cells_of(file) == [["007", "008"], ["甲公司", "乙公司"], ["10", "7.5"]]
    assert (file.source.format, file.source.sheet) == ("xls", "数据")


def test_open_document_is_read(make_ods: Maker) -> None:
    rows = (
        ods_row(HEADINGS) + ods_row(["007", "甲公司", 10]) + ods_row([None]) + ods_row(["009", None, 7.5], 2)
    )
    file = open_workbook(make_ods(rows), PLAIN)
    assert cells_of(file) == [["007", "", "009", "009"], ["甲公司", "", "", ""], ["10", "", "7.5", "7.5"]]
    assert row_numbers(file) == [2, 3, 4, 5]


def test_binary_workbook_is_read(make_xlsb: Maker) -> None:
    file = open_workbook(make_xlsb([(0, 0, "企业名称"), (0, 1, "Q1"), (1, 0, "甲公司"), (1, 1, 9.0)]), PLAIN)
    assert cells_of(file) == [["甲公司"], ["9"]]


@pytest.mark.parametrize("ending", ["xlsx", "xlsm", "xlsb", "xls", "ods"])
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "The file is empty"),
        ("企业,Q1\n甲,9\n".encode("gb18030"), "holds plain text, such as CSV"),
        ("\ufeff企业,Q1\n".encode("utf-16"), "holds plain text, such as CSV"),
        (b"<html><table><tr><td>Q1</td></tr></table></html>", r"holds a web page \(HTML\)"),
        (b"%PDF-1.7 \x00", "holds a PDF document"),
        (b"\x00\x01\x02\x03", "holds binary data of an unknown kind"),
    ],
)
def test_file_of_another_kind_is_refused_by_name(
    tmp_path: Path, ending: str, content: bytes, said: str
) -> None:
    path = tmp_path / f"export.{ending}"
    path.write_bytes(content)
    with pytest.raises(ReadError, match=said) as refused:
        open_workbook(path, PLAIN)
    assert refused.value.next_step


def test_folder_and_missing_file_are_refused(tmp_path: Path) -> None:
    (tmp_path / "folder.xlsx").mkdir()
    with pytest.raises(ReadError, match="This is a folder"):
        open_workbook(tmp_path / "folder.xlsx", PLAIN)
    with pytest.raises(ReadError, match="There is no such file"):
        open_workbook(tmp_path / "none.xlsx", PLAIN)


@pytest.mark.parametrize("name", ["locked.xlsx", "locked.xls"])
def test_locked_workbook_is_refused(make_locked: Maker, name: str) -> None:
    with pytest.raises(ReadError, match="locked with a password"):
        open_workbook(make_locked(name), PLAIN)


def test_workbook_renamed_to_another_kind_is_refused(make_xlsx: Maker, make_xls: Maker) -> None:
    workbook = make_xlsx({"s": [["a"], ["1"]]})
    for ending, said in (
        ("xls", "zip archive"),
        ("ods", "cannot be read"),
        ("xlsb", "cannot be read"),
    ):
        with pytest.raises(ReadError, match=said):
            open_workbook(workbook.rename(workbook.with_suffix(f".{ending}")), PLAIN)
        workbook = workbook.with_suffix(f".{ending}")
    with pytest.raises(ReadError, match=r"old Excel workbook"):
        open_workbook(make_xls([["a"], ["1"]], name="old.xlsx"), PLAIN)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_workbook_that_is_cut_off_is_refused(make_xlsx: Maker, make_xls: Maker, share: float) -> None:
    for path in (make_xlsx({"s": [HEADINGS, ["1", "甲", 9]]}), make_xls([HEADINGS, ["1", "甲", 9.0]])):
        data = path.read_bytes()
        path.write_bytes(data[: int(len(data) * share)])
        with pytest.raises(ReadError, match=r"damaged|cut off|cannot be read"):
            open_workbook(path, PLAIN)


def test_workbook_without_cells_is_refused(make_xlsx: Maker) -> None:
    with pytest.raises(ReadError, match="The workbook holds no cells"):
        open_workbook(make_xlsx({"s": []}), PLAIN)


def test_headings_of_the_instrument_find_the_heading_row(make_xlsx: Maker) -> None:
    rows = [["a", "b", "c", "d", "e"], ["企业名称", "Q1"], ["甲", "9"]]
    file = open_workbook(make_xlsx({"s": rows}), ReadOptions(known=frozenset({"q1", "企业名称"})))
    assert file.source.heading_row == 2


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.binary(max_size=400), ending=st.sampled_from(["xlsx", "xlsm", "xls", "xlsb", "ods"]))
def test_arbitrary_bytes_give_only_a_read_error(tmp_path: Path, data: bytes, ending: str) -> None:
    path = tmp_path / f"any.{ending}"
    path.write_bytes(data)
    with pytest.raises(ReadError):
        open_workbook(path, PLAIN)


@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    ending=st.sampled_from(["xlsx", "xls", "xlsb", "ods"]),
    changes=st.lists(st.tuples(st.floats(0, 0.9999), st.integers(0, 255)), min_size=1, max_size=6),
)
def test_damaged_workbook_is_read_or_refused(
    make_xlsx: Maker,
    make_xls: Maker,
    make_xlsb: Maker,
    make_ods: Maker,
    ending: str,
    changes: list[tuple[float, int]],
) -> None:
    path = {
        "xlsx": lambda: make_xlsx({"s": [HEADINGS, ["1", "甲", 9]]}),
        "xls": lambda: make_xls([HEADINGS, ["1", "甲", 9.0]]),
        "xlsb": lambda: make_xlsb([(0, 0, "企业名称"), (1, 0, "甲"), (1, 1, 9.0)]),
        "ods": lambda: make_ods(ods_row(HEADINGS) + ods_row(["1", "甲", 9])),
    }[ending]()
    data = bytearray(path.read_bytes())
    for place, byte in changes:
        data[int(place * len(data))] = byte
    path.write_bytes(data)
    try:
        file = open_workbook(path, PLAIN)
    except ReadError:
        return
    assert len(row_numbers(file)) == sum(len(table.cells[0]) for table in file.tables() if table.cells)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    rows=st.lists(
        st.lists(
            st.one_of(
                st.text(st.characters(blacklist_categories=["Cs", "Cc", "Cn", "Co"]), max_size=12),
                st.integers(-(10**9), 10**9),
            ),
            min_size=3,
            max_size=3,
        ),
        min_size=1,
        max_size=6,
    )
)
def test_any_table_comes_back_from_a_workbook(make_xlsx: Maker, rows: list[list[object]]) -> None:
    path = make_xlsx({"s": [HEADINGS, *rows, ["end", "end", "end"]]})
    file = open_workbook(path, ReadOptions(heading_row=1))
    expected = [[str(row[place]) for row in rows] + ["end"] for place in range(3)]
    assert cells_of(file) == expected
