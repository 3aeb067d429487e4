from __future__ import annotations

import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from satsurvey.errors import ReadError
from satsurvey.intake.formats import archive
from satsurvey.intake.formats.archive import check_archive
from satsurvey.intake.formats.headings import ReadOptions
from satsurvey.intake.formats.workbook import open_workbook

from .conftest import ods_row, xlsx_parts

Maker = Callable[..., Path]


def cell(place: str) -> str:
    number = "".join(character for character in place if character.isdigit())
    return f'<row r="{number}"><c r="{place}"><v>1</v></c></row>'


@pytest.mark.parametrize(
    "sheet",
    [
        cell("A1") + cell("XFD1048576"),
        cell("A1") + cell("A4000000000"),
        cell("A1") + cell("ZZZZZZ1"),
        "<row r='1'><c r='A1'><v>1</v></c></row><row r='1048576'><c\n r = 'XFD1048576'><v>1</v></c></row>",
        '<row r="1">' + "<c><v>1</v></c>" * 2000 + "</row>" + cell("A900000"),
        '<row r="1000000"><c r="A1000000"><v>1</v></c></row>' + "<row>" + "<c><v>1</v></c>" * 200 + "</row>",
        '<row r="1"><c r="XFC1"><v>1</v></c><c><v>2</v></c></row>' + "<row><c/></row>" * 7000,
    ],
)
def test_sheet_that_claims_a_huge_rectangle_is_refused(make_xlsx_of: Maker, sheet: str) -> None:
    with pytest.raises(ReadError, match=r"rows and .* columns, .* places in all") as refused:
        check_archive(make_xlsx_of(f"<sheetData>{sheet}</sheetData>"), "xlsx")
    assert "100,000,000 cells" in str(refused.value)


def test_prefixed_and_utf16_sheets_are_measured_too(make_xlsx_of: Maker, tmp_path: Path) -> None:
    body = cell("A1") + cell("XFD1048576")
    prefixed = (
        body.replace("<row", "<x:row")
        .replace("</row", "</x:row")
        .replace("<c", "<x:c")
        .replace("</c", "</x:c")
    )
    with pytest.raises(ReadError, match="places in all"):
        check_archive(make_xlsx_of(f'<x:sheetData xmlns:x="urn:x">{prefixed}</x:sheetData>'), "xlsx")
    wide = '<?xml version="1.0" encoding="UTF-16"?><worksheet><sheetData>' + body + "</sheetData></worksheet>"
    path = tmp_path / "wide.xlsx"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("xl/worksheets/sheet1.xml", wide.encode("utf-16"))
    with pytest.raises(ReadError, match="places in all"):
        check_archive(path, "xlsx")


def test_entities_of_xml_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "laughs.xlsx"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(
            "xl/worksheets/sheet1.xml",
            '<!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;">]><worksheet><sheetData/></worksheet>',
        )
    with pytest.raises(ReadError, match="declares XML entities"):
        check_archive(path, "xlsx")


def test_far_cell_within_the_limit_is_read(make_xlsx_of: Maker) -> None:
    sheet = '<row r="1"><c r="A1" t="inlineStr"><is><t>Q1</t></is></c></row>' + cell("A2") + cell("AZ30000")
    file = open_workbook(make_xlsx_of(f"<sheetData>{sheet}</sheetData>"), ReadOptions())
    assert [column.letter for column in file.columns] == ["A", "AZ"]
    assert sum(len(table.rows) for table in file.tables()) == 29_999


def test_words_of_a_cell_that_look_like_a_far_place_do_no_harm(make_xlsx_of: Maker) -> None:
    sheet = '<row r="1"><c r="A1" t="inlineStr"><is><t>see r="XFD1048576" there</t></is></c></row>'
    file = open_workbook(make_xlsx_of(f"<sheetData>{sheet}</sheetData>"), ReadOptions())
    assert file.columns[0].heading == 'see r="XFD1048576" there'


@pytest.mark.parametrize(
    "rows",
    [
        ods_row([1], 4_000_000_000),
        '<table:table-row><table:table-cell office:value-type="float" office:value="1" '
        'table:number-columns-repeated="4000000000"/></table:table-row>',
        "<table:table-row><table:table-cell table:number-columns-repeated='200000000'/>"
        '<table:table-cell office:value-type="float" office:value="1"/></table:table-row>',
        ods_row([1]) + '<table:table-row table:number-rows-repeated="300000000"/>' + ods_row([1]),
    ],
)
def test_open_document_that_repeats_without_end_is_refused(make_ods: Maker, rows: str) -> None:
    with pytest.raises(ReadError, match="places in all"):
        check_archive(make_ods(rows), "ods")


def test_open_document_with_endless_spaces_is_refused(make_ods: Maker) -> None:
    rows = ods_row(['a<text:s text:c="4000000000"/>'])
    with pytest.raises(ReadError, match="more than 100,000 spaces"):
        check_archive(make_ods(rows), "ods")


def test_blank_rest_of_an_open_document_costs_nothing(make_ods: Maker) -> None:
    rows = (
        ods_row(["Q1"])
        + ods_row([7])
        + (
            '<table:table-row table:number-rows-repeated="1048574">'
            '<table:table-cell table:number-columns-repeated="16384"/></table:table-row>'
        )
    )
    file = open_workbook(make_ods(rows), ReadOptions())
    assert [cells.to_pylist() for table in file.tables() for cells in table.cells] == [["7"]]


def test_binary_workbook_with_a_far_cell_is_refused(make_xlsb: Maker) -> None:
    with pytest.raises(ReadError, match="places in all"):
        check_archive(make_xlsb([(0, 0, "a"), (1_048_575, 16_383, 1.0)]), "xlsb")


def test_sheet_wider_than_a_spreadsheet_is_refused(make_xlsb: Maker, make_xlsx_of: Maker) -> None:
    with pytest.raises(ReadError, match="16,385 columns"):
        check_archive(make_xlsb([(0, 16_384, 1.0)]), "xlsb")
    with pytest.raises(ReadError, match="16,385 columns"):
        check_archive(make_xlsx_of(f"<sheetData>{cell('XFE1')}</sheetData>"), "xlsx")


@pytest.mark.parametrize("rows", [ods_row(["Q1"]) + "</tale>", ods_row(["Q1"]) + "<table:table-row>"])
def test_open_document_without_an_end_is_refused(make_ods: Maker, rows: str) -> None:
    # The library would look for the end of the table for ever.
    with pytest.raises(ReadError, match="A part of the workbook is damaged"):
        check_archive(make_ods(rows), "ods")


def test_part_outside_the_file_is_refused(make_xlsx_of: Maker) -> None:
    path = make_xlsx_of("<sheetData/>")
    # Bytes lost at the front shift every part, the first to before the file's beginning.
    path.write_bytes(path.read_bytes()[10:])
    with pytest.raises(ReadError, match="damaged or cut off"):
        check_archive(path, "xlsx")


def test_bomb_is_refused_by_its_directory(tmp_path: Path) -> None:
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file, file.open("xl/a.xml", "w") as part:
        for _ in range(150):
            part.write(bytes(1_000_000))
    with pytest.raises(ReadError, match=r"would unpack to 0\.[12] GB"):
        check_archive(path, "xlsx")


def test_part_that_is_larger_than_its_directory_says_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "liar.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("xl/a.xml", b"<a>" + bytes(100_000))
    data = path.read_bytes()
    path.write_bytes(data.replace(struct.pack("<I", 100_003), struct.pack("<I", 50)))
    with pytest.raises(ReadError, match="larger than the directory says"):
        check_archive(path, "xlsx")


def test_archive_of_too_many_parts_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MOST_ENTRIES", 3)
    path = tmp_path / "many.xlsx"
    with zipfile.ZipFile(path, "w") as file:
        for number in range(4):
            file.writestr(f"part{number}", b"")
    with pytest.raises(ReadError, match="claims 4 parts"):
        check_archive(path, "xlsx")


def test_encrypted_archive_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "locked.xlsx"
    with zipfile.ZipFile(path, "w") as file:
        for part, text in xlsx_parts("<sheetData/>").items():
            file.writestr(part, text)
    data = bytearray(path.read_bytes())
    at = data.index(b"PK\x01\x02")
    data[at + 8] |= 1
    path.write_bytes(data)
    with pytest.raises(ReadError, match="locked with a password"):
        check_archive(path, "xlsx")


def test_unusual_compression_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bz.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_BZIP2) as file:
        file.writestr("a.xml", b"<a/>")
    with pytest.raises(ReadError, match="spreadsheets do not use"):
        check_archive(path, "xlsx")
