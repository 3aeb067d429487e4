from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from satsurvey.errors import ReadError
from satsurvey.intake.formats.compound import check_compound, is_locked

from .conftest import SECTOR, biff_record, biff_workbook, compound_file

Maker = Callable[..., Path]
ROWS = [["Q1", "Q2"], [1.0, 2.0]]


def test_sound_workbook_passes_without_notes(make_xls: Maker) -> None:
    assert check_compound(make_xls(ROWS)) == ()


def test_error_cells_are_counted(make_xls: Maker) -> None:
    error = biff_record(0x0205, struct.pack("<HHHBB", 2, 0, 0, 0x2A, 1))
    assert check_compound(make_xls(ROWS, extra=error)) == (
        "1 cells hold spreadsheet errors such as #N/A and are read as blank",
    )


def test_far_cell_is_refused(make_xls: Maker) -> None:
    far = biff_record(0x0203, struct.pack("<HHHd", 65_535, 65_534, 0, 1.0))
    with pytest.raises(ReadError, match="span 65,536 rows and 65,535 columns"):
        check_compound(make_xls(ROWS, extra=far))


def test_claim_of_a_huge_sheet_is_refused(make_xls: Maker) -> None:
    with pytest.raises(ReadError, match="a sheet claims rows 0 to 4000000000"):
        check_compound(make_xls(ROWS, dimensions=(4_000_000_000, 65_535)))


def test_claim_of_too_many_texts_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "texts.xls"
    texts = biff_record(0x00FC, struct.pack("<II", 2**31 - 1, 2**31 - 1))
    path.write_bytes(compound_file({"Workbook": texts + biff_workbook(ROWS)}))
    with pytest.raises(ReadError, match="2,147,483,647 texts"):
        check_compound(path)


def test_locked_sheets_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "locked.xls"
    path.write_bytes(
        compound_file({"Workbook": biff_record(0x002F, b"\1\0" + bytes(50)) + biff_workbook(ROWS)})
    )
    with pytest.raises(ReadError, match="locked with a password"):
        check_compound(path)


def test_encrypted_package_is_known(make_locked: Maker, make_xls: Maker) -> None:
    assert is_locked(make_locked("a.xlsx"))
    assert not is_locked(make_xls(ROWS))


def test_document_that_is_no_workbook_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "letter.xls"
    path.write_bytes(compound_file({"WordDocument": b"x" * 5000}))
    with pytest.raises(ReadError, match="no Excel workbook"):
        check_compound(path)


def test_chain_that_runs_in_a_circle_is_refused(make_xls: Maker) -> None:
    path = make_xls(ROWS)
    data = bytearray(path.read_bytes())
    fat = (struct.unpack_from("<I", data, 76)[0] + 1) * SECTOR
    struct.pack_into("<I", data, fat + 4 * 3, 1)
    path.write_bytes(data)
    with pytest.raises(ReadError, match="runs in a circle"):
        check_compound(path)


def test_list_of_sectors_that_runs_in_a_circle_is_refused(make_xls: Maker) -> None:
    path = make_xls(ROWS)
    data = bytearray(path.read_bytes())
    struct.pack_into("<I", data, 68, 0)
    struct.pack_into("<I", data, SECTOR * 2 - 4, 0)
    path.write_bytes(data)
    with pytest.raises(ReadError, match="runs in a circle"):
        check_compound(path)


def test_header_that_claims_more_than_the_file_is_refused(make_xls: Maker) -> None:
    path = make_xls(ROWS)
    data = bytearray(path.read_bytes())
    struct.pack_into("<I", data, 44, 0x7FFFFFFF)
    path.write_bytes(data)
    with pytest.raises(ReadError, match="more sectors than the file has"):
        check_compound(path)
