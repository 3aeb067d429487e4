"""Makers of files that no writer at hand makes: old, binary and locked workbooks, undeclared encodings."""

from __future__ import annotations

import re
import struct
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd
import pyreadstat
import pytest

Rows = Sequence[Sequence[object]]
SECTOR = 512


def compound_file(streams: dict[str, bytes]) -> bytes:
    """Lay streams of at least 4,096 bytes each into a compound file with one FAT sector."""
    fat: list[int] = []
    body = b""
    starts = {}
    for name, data in streams.items():
        data = data.ljust(4096, b"\0")
        data += b"\0" * (-len(data) % SECTOR)
        starts[name] = (len(fat), len(data))
        count = len(data) // SECTOR
        fat += [*range(len(fat) + 1, len(fat) + count), 0xFFFFFFFE]
        body += data
    directory = _entry("Root Entry", 5, 0xFFFFFFFE, 0)
    for name, (start, length) in starts.items():
        directory += _entry(name, 2, start, length)
    directory = directory.ljust(SECTOR, b"\0")
    directory_at = len(fat)
    fat.append(0xFFFFFFFE)
    fat_at = len(fat)
    fat.append(0xFFFFFFFD)
    assert len(fat) <= SECTOR // 4
    fat += [0xFFFFFFFF] * (SECTOR // 4 - len(fat))
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    header += struct.pack("<HHHHH6x", 0x3E, 3, 0xFFFE, 9, 6)
    header += struct.pack("<III4xIIIII", 0, 1, directory_at, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    header += struct.pack("<109I", fat_at, *[0xFFFFFFFF] * 108)
    return header + body + directory + struct.pack("<128I", *fat)


def _entry(name: str, kind: int, start: int, length: int) -> bytes:
    raw = name.encode("utf-16-le") + b"\0\0"
    entry = raw.ljust(64, b"\0") + struct.pack("<HBB", len(raw), kind, 1) + b"\xff" * 12 + bytes(36)
    return entry + struct.pack("<IQ", start, length)


def biff_record(kind: int, data: bytes) -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def biff_workbook(rows: Rows, *, dimensions: tuple[int, int] | None = None, extra: bytes = b"") -> bytes:
    """Write the Workbook stream of an .xls file with one sheet of texts and numbers."""
    sheet = biff_record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0, 0, 0, 0))
    tall, wide = dimensions or (len(rows), max((len(row) for row in rows), default=0))
    sheet += biff_record(0x0200, struct.pack("<IIHHH", 0, tall, 0, wide, 0))
    for at, row in enumerate(rows):
        for place, value in enumerate(row):
            head = struct.pack("<HHH", at, place, 0)
            if isinstance(value, str):
                text = value.encode("utf-16-le")
                sheet += biff_record(0x0204, head + struct.pack("<HB", len(value), 1) + text)
            elif value is not None:
                sheet += biff_record(0x0203, head + struct.pack("<d", value))
    sheet += extra + biff_record(0x000A, b"")
    name = "数据".encode("utf-16-le")
    bof = biff_record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0, 0, 0, 0))
    bound_length = 4 + 6 + 2 + len(name)
    start = len(bof) + bound_length + 4
    bound = biff_record(0x0085, struct.pack("<IBBBB", start, 0, 0, 2, 1) + name)
    return bof + bound + biff_record(0x000A, b"") + sheet


@pytest.fixture
def make_xls(tmp_path: Path) -> Callable[..., Path]:
    def make(rows: Rows, name: str = "old.xls", **how: object) -> Path:
        path = tmp_path / name
        path.write_bytes(compound_file({"Workbook": biff_workbook(rows, **how)}))  # type: ignore[arg-type]
        return path

    return make


@pytest.fixture
def make_locked(tmp_path: Path) -> Callable[[str], Path]:
    """Make a workbook as Excel writes it with a password: an encrypted package in a compound file."""

    def make(name: str) -> Path:
        path = tmp_path / name
        path.write_bytes(compound_file({"EncryptionInfo": b"\4\0", "EncryptedPackage": b"\x11" * 5000}))
        return path

    return make


def ods_row(cells: Sequence[object], repeat: int = 1) -> str:
    written = ""
    for value in cells:
        if value is None:
            written += "<table:table-cell/>"
        elif isinstance(value, str):
            written += (
                f'<table:table-cell office:value-type="string"><text:p>{value}</text:p></table:table-cell>'
            )
        else:
            written += (
                f'<table:table-cell office:value-type="float" office:value="{value}">'
                f"<text:p>{value}</text:p></table:table-cell>"
            )
    repeated = f' table:number-rows-repeated="{repeat}"' if repeat > 1 else ""
    return f"<table:table-row{repeated}>{written}</table:table-row>"


@pytest.fixture
def make_ods(tmp_path: Path) -> Callable[[str], Path]:
    """Make an .ods file whose only sheet has the given rows, as XML."""

    def make(rows: str, name: str = "open.ods") -> Path:
        path = tmp_path / name
        spaces = " ".join(
            f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{short}:1.0"'
            for short in ("office", "table", "text")
        )
        content = (
            f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {spaces}><office:body>'
            f'<office:spreadsheet><table:table table:name="数据">{rows}</table:table></office:spreadsheet>'
            "</office:body></office:document-content>"
        )
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
            archive.writestr("META-INF/manifest.xml", "<manifest:manifest/>")
            archive.writestr("content.xml", content)
        return path

    return make


def xlsx_parts(sheet: str) -> dict[str, str]:
    """Write the parts of an .xlsx file by hand, around the XML of its only sheet."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    return {
        "_rels/.rels": f'<Relationships xmlns="{package}"><Relationship Id="rId1" '
        f'Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}">'
        '<sheets><sheet name="数据" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}"><Relationship Id="rId1" '
        f'Type="{office}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f'<?xml version="1.0"?><worksheet xmlns="{main}">{sheet}</worksheet>',
    }


@pytest.fixture
def make_xlsx_of(tmp_path: Path) -> Callable[..., Path]:
    """Make an .xlsx file around the XML of one sheet."""

    def make(sheet: str, name: str = "crafted.xlsx") -> Path:
        path = tmp_path / name
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for part, text in xlsx_parts(sheet).items():
                archive.writestr(part, text)
        return path

    return make


def xlsb_record(kind: int, data: bytes = b"") -> bytes:
    head = bytes([kind]) if kind < 128 else bytes([kind & 0x7F | 0x80, kind >> 7])
    assert len(data) < 128, "one byte holds the length"
    return head + bytes([len(data)]) + data


def wide(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


@pytest.fixture
def make_xlsb(tmp_path: Path) -> Callable[..., Path]:
    """Make an .xlsb file with one sheet; a cell is (row, column, value)."""

    def make(cells: Sequence[tuple[int, int, object]], name: str = "binary.xlsb") -> Path:
        sheet = xlsb_record(0x81) + xlsb_record(0x94, bytes(16)) + xlsb_record(0x91)
        for row, column, value in cells:
            sheet += xlsb_record(0x00, struct.pack("<I", row) + bytes(13))
            head = struct.pack("<II", column, 0)
            if isinstance(value, str):
                sheet += xlsb_record(0x06, head + wide(value))
            else:
                sheet += xlsb_record(0x05, head + struct.pack("<d", value))
        sheet += xlsb_record(0x92) + xlsb_record(0x82)
        book = xlsb_record(0x83) + xlsb_record(0x99, bytes(12)) + xlsb_record(0x8F)
        book += xlsb_record(0x9C, struct.pack("<II", 0, 1) + wide("rId1") + wide("数据"))
        book += xlsb_record(0x90) + xlsb_record(0x84)
        relations = xlsx_parts("")["xl/_rels/workbook.xml.rels"].replace("sheet1.xml", "sheet1.bin")
        path = tmp_path / name
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("xl/workbook.bin", book)
            archive.writestr("xl/_rels/workbook.bin.rels", relations)
            archive.writestr("xl/worksheets/sheet1.bin", sheet)
        return path

    return make


# Texts of the same length in bytes, in ASCII and in GBK, so that one can stand for the other in a file.
IN_GBK = {
    "COMPANY1": "企业名称",
    "OVERALLGOOD?": "总体满意程度",
    "VERYGOOD": "非常满意",
    "ACMEBANK": "中国银行",
}


def with_bytes_of(path: Path, encoding: str, texts: dict[str, str] = IN_GBK) -> None:
    """Put Chinese bytes in the place of the ASCII texts of a file."""
    data = path.read_bytes()
    for ascii_text, text in texts.items():
        raw = text.encode(encoding)
        assert len(raw) == len(ascii_text)
        assert ascii_text.encode() in data
        data = data.replace(ascii_text.encode(), raw)
    path.write_bytes(data)


def without_declared_encoding(path: Path, code: int = 1252) -> None:
    """Take the encoding record (type 7, subtype 20) out of a .sav file and set its character code."""
    data = path.read_bytes()
    declared = struct.pack("<IIII", 7, 20, 1, 5) + b"UTF-8"
    assert data.count(declared) == 1
    data = data.replace(declared, b"")
    machine = re.search(re.escape(struct.pack("<IIII", 7, 3, 4, 8)), data)
    assert machine is not None
    at = machine.end() + 7 * 4
    path.write_bytes(data[:at] + struct.pack("<I", code) + data[at + 4 :])


@pytest.fixture
def make_chinese_sav(tmp_path: Path) -> Callable[..., Path]:
    """Make a .sav file in GBK that does not say so, as old Chinese programs do."""

    def make(texts: dict[str, str] = IN_GBK, encoding: str = "gbk", code: int = 1252) -> Path:
        path = tmp_path / "gbk.sav"
        pyreadstat.write_sav(
            pd.DataFrame({"COMPANY1": ["ACMEBANK", "ACMEBANK"], "q1": [10.0, 1.0]}),
            path,
            column_labels=["", "OVERALLGOOD?"],
            variable_value_labels={"q1": {10.0: "VERYGOOD"}},
        )
        with_bytes_of(path, encoding, texts)
        without_declared_encoding(path, code)
        return path

    return make
