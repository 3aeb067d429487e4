"""The workbook, read back with two other programs' readers."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
from python_calamine import CalamineWorkbook
from stand_in import DIMENSIONS, INDUSTRIES, analysis, companies_only, suppressed

from satsurvey.report.workbook import _text, write_workbook

SHEETS = ["行业排名", "图表", "企业排名", "维度", "题项", "数据账", "方法"]


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("book") / "ranking.xlsx"
    made = analysis()
    companies = made.companies.copy()
    companies.loc[0, "company"] = "=HYPERLINK(0)"
    companies.loc[1, "company"] = "+1"
    companies["company_id"] = [f"{k:05d}" for k in range(len(companies))]
    write_workbook(suppressed(replace(made, companies=companies), 4), path, "zh")
    return path


def rows_of(path: Path, sheet: str) -> list[list[object]]:
    return list(CalamineWorkbook.from_path(path).get_sheet_by_name(sheet).to_python(skip_empty_area=False))


def head_of(path: Path, sheet: str) -> list[object]:
    return rows_of(path, sheet)[2]


def test_the_sheets_stand_in_order_in_both_languages(book: Path, tmp_path: Path) -> None:
    assert CalamineWorkbook.from_path(book).sheet_names == SHEETS
    write_workbook(analysis(), tmp_path / "en.xlsx", "en")
    assert CalamineWorkbook.from_path(tmp_path / "en.xlsx").sheet_names == [
        "Industries",
        "Charts",
        "Companies",
        "Dimensions",
        "Items",
        "Ledger",
        "Method",
    ]


def test_numbers_are_numbers_of_sixteen_digits(book: Path) -> None:
    scores = analysis().industries["score"].tolist()
    place = head_of(book, "行业排名").index("得分")
    found = [row[place] for row in rows_of(book, "行业排名")[3 : 3 + len(INDUSTRIES)]]
    assert found == pytest.approx(scores, rel=1e-15)
    assert all(isinstance(value, float) for value in found)


def test_formats_show_two_decimals_percent_and_whole_numbers(book: Path) -> None:
    opened = openpyxl.load_workbook(book)
    sheet, head = opened["行业排名"], head_of(book, "行业排名")
    assert sheet.cell(4, head.index("得分") + 1).number_format == "0.00"
    assert sheet.cell(4, head.index("样本量") + 1).number_format == "#,##0"
    items, head = opened["题项"], head_of(book, "题项")
    share = items.cell(4, head.index("满意率") + 1)
    assert (share.value, share.number_format) == (0.731, "0.0%")


def test_text_that_looks_like_a_formula_or_a_number_stays_text(book: Path) -> None:
    opened = openpyxl.load_workbook(book)
    sheet, head = opened["企业排名"], head_of(book, "企业排名")
    names = {str(sheet.cell(row, head.index("企业") + 1).value): row for row in range(4, 10)}
    assert sheet.cell(names["=HYPERLINK(0)"], head.index("企业") + 1).data_type == "s"
    assert sheet.cell(names["+1"], head.index("企业") + 1).data_type == "s"
    assert sheet.cell(4, head.index("企业编号") + 1).value == "00000"
    with zipfile.ZipFile(book) as archive:
        for name in archive.namelist():
            if name.startswith("xl/worksheets/sheet"):
                assert b"<f>" not in archive.read(name)


def test_a_suppressed_company_has_its_reason_and_no_number(book: Path) -> None:
    head = head_of(book, "企业排名")
    row = next(row for row in rows_of(book, "企业排名") if "证券企业02" in row)
    assert row[head.index("得分")] == "— (n < 20)"
    for name in ("排名", "区间下限", "标准误", *(zh for zh, _ in DIMENSIONS.values())):
        assert row[head.index(name)] == ""
    assert row[head.index("样本量")] == 7


def test_heads_are_frozen_bold_and_filtered(book: Path) -> None:
    opened = openpyxl.load_workbook(book)
    sheet = opened["行业排名"]
    assert sheet.freeze_panes == "E4"
    assert str(sheet.auto_filter.ref).startswith("A3:")
    assert str(sheet.auto_filter.ref).endswith(str(3 + len(INDUSTRIES)))
    assert sheet["A3"].font.bold
    assert sheet["A3"].fill.fgColor.rgb == "FF1F4E78"


def test_columns_are_wide_enough_for_chinese(book: Path) -> None:
    sheet, head = openpyxl.load_workbook(book)["企业排名"], head_of(book, "企业排名")
    letter = openpyxl.utils.get_column_letter(head.index("企业") + 1)
    # 互联网旅游企业01: seven Chinese characters of two cells and two digits, and some air.
    assert sheet.column_dimensions[letter].width >= 7 * 2 + 2 + 1


def test_the_charts_are_native_and_point_at_the_cells(book: Path) -> None:
    with zipfile.ZipFile(book) as archive:
        bars = archive.read("xl/charts/chart1.xml").decode()
        lines = archive.read("xl/charts/chart2.xml").decode()
    head = head_of(book, "行业排名")
    half = openpyxl.utils.get_column_letter(head.index("±1.39×标准误") + 1)
    assert "<c:lineChart>" in bars
    assert '<c:symbol val="circle"/>' in bars
    assert bars.count(f"行业排名!${half}$4:${half}$18") == 2
    assert '<c:errValType val="cust"/>' in bars
    assert bars.count("<c:v>0.8617999999999999</c:v>") == 30
    # One grey line per industry and the overall one, over the six dimensions.
    assert lines.count("<c:ser>") == len(INDUSTRIES) + 1
    assert '<c:ptCount val="6"/>' in lines


def test_the_ledger_sheet_lists_the_rows_not_used(book: Path) -> None:
    rows = rows_of(book, "数据账")
    assert ["导出.csv", "", 905.0, 900.0, 2.0, 1.0, 1.0, 1.0] in rows
    assert any(row[:5] == ["导出.csv", "", 9.0, "没有企业", "=1+1"] for row in rows)


def test_the_method_sheet_says_everything_in_words(book: Path) -> None:
    text = "\n".join(str(cell) for row in rows_of(book, "方法") for cell in row)
    for part in ("占满分比例", "x / max × 100", "20260101", "Mogstad", "ab" * 32, "模拟数据，不是真实的企业"):
        assert part in text


def test_a_table_longer_than_a_sheet_is_cut_with_a_statement(tmp_path: Path) -> None:
    path = tmp_path / "cut.xlsx"
    write_workbook(analysis(), path, "zh", most_rows=100)
    rows = rows_of(path, "题项")
    assert len(rows) <= 100
    statement = next(str(row[0]) for row in rows if "超出工作表的容量" in str(row[0]))
    assert "共 366 行" in statement
    assert "items.csv" in statement
    shown = sum(1 for row in rows[3:] if row[1] != "" or row[0] == "全体")
    assert f"前 {shown} 行" in statement


def test_many_rows_are_streamed_and_read_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_workbook(analysis(), tmp_path / "held.xlsx", "zh")
    monkeypatch.setattr("satsurvey.report.workbook.MANY_ROWS", 10)
    write_workbook(analysis(), tmp_path / "streamed.xlsx", "zh")
    for sheet in SHEETS:
        assert rows_of(tmp_path / "held.xlsx", sheet) == rows_of(tmp_path / "streamed.xlsx", sheet)


def test_without_industries_there_is_neither_their_sheet_nor_charts(tmp_path: Path) -> None:
    write_workbook(companies_only(), tmp_path / "x.xlsx", "zh")
    assert CalamineWorkbook.from_path(tmp_path / "x.xlsx").sheet_names == ["企业排名", *SHEETS[3:]]


def test_a_text_longer_than_a_cell_is_cut_with_a_mark() -> None:
    assert _text("甲" * 40_000) == "甲" * 32_766 + "…"
    assert len(_text("\U0001f600" * 40_000).encode("utf-16-le")) // 2 <= 32_767


def test_a_place_that_cannot_be_written_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"No such file|nowhere"):
        write_workbook(analysis(), tmp_path / "nowhere" / "x.xlsx", "zh")
