"""What is checked in a zipped workbook (.xlsx, .xlsb, .ods) before a library may open it.

A library that opens a workbook inflates its parts and lays out every sheet as a full rectangle, so a file of
a few kilobytes can ask for more memory than any machine has. Here the parts are inflated piece by piece.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from satsurvey.errors import ReadError
from satsurvey.intake.formats.extent import MOST_CELLS, Extent, OdsExtent, XlsbExtent, XlsxExtent

MOST_BYTES = 1_500_000_000
MOST_RATIO = 200
RATIO_COUNTS_FROM = 100_000_000
MOST_ENTRIES = 20_000
PIECE = 1 << 20

STORED, DEFLATED = 0, 8
MEASURES: dict[str, Callable[[], Extent]] = {
    "xlsx": XlsxExtent,
    "xlsm": XlsxExtent,
    "xlsb": XlsbExtent,
    "ods": OdsExtent,
}
ODS_CONTENT = "content.xml"


@dataclass(frozen=True)
class ArchiveFacts:
    """What the check saw on its way: cells with spreadsheet errors, formulas without a stored result."""

    error_cells: int = 0
    empty_formulas: int = 0

    def notes(self) -> tuple[str, ...]:
        """Say it in sentences, for `Source.notes`."""
        notes = []
        if self.error_cells:
            notes.append(
                f"{self.error_cells} cells hold spreadsheet errors such as #N/A and are read as blank"
            )
        if self.empty_formulas:
            notes.append(
                f"{self.empty_formulas} cells hold a formula without a stored result and are read as blank; "
                "open the file in a spreadsheet program and save it to store the results"
            )
        return tuple(notes)


def check_archive(path: Path, format: str) -> ArchiveFacts:
    """Refuse a zipped workbook that is locked, damaged, or would need unreasonable memory.

    Parameters
    ----------
    path
        The workbook.
    format
        "xlsx", "xlsm", "xlsb" or "ods".

    Raises
    ------
    ReadError
        When the archive is damaged, encrypted, larger than 1.5 GB inflated, compressed more than 200
        times, or a sheet's cells span more than 100 million places.
    """
    entries = _directory(path)
    _check_directory(path, entries)
    errors = formulas = 0
    with path.open("rb") as file:
        for entry in entries:
            if format == "ods" and entry.filename != ODS_CONTENT:
                for _ in _inflate(path, file, entry):
                    pass
                continue
            # The sheets of the other kinds may go by any name, so every part is looked at.
            extent = MEASURES[format]()
            for piece in _inflate(path, file, entry):
                extent.feed(piece)
            if extent.suspicious():
                # The quick measure is an upper bound; only a few files need the exact one.
                for piece in _inflate(path, file, entry):
                    extent.feed_exactly(piece)
            extent.close()
            if extent.problem:
                raise ReadError(
                    extent.problem,
                    file=path,
                    sheet=entry.filename,
                    expected=f"sheets of at most {MOST_CELLS:,} cells between the first and the last",
                    next_step="delete stray cells far below or right of the table, or save the sheet as CSV",
                )
            errors += extent.error_cells
            formulas += extent.empty_formulas
    return ArchiveFacts(errors, formulas)


def _directory(path: Path) -> list[zipfile.ZipInfo]:
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, struct.error, ValueError, EOFError, OSError) as exc:
        raise _damaged(path, str(exc)) from exc


def _check_directory(path: Path, entries: list[zipfile.ZipInfo]) -> None:
    if len(entries) > MOST_ENTRIES:
        raise ReadError(
            f"The workbook claims {len(entries):,} parts; a real one has a few dozen",
            file=path,
            next_step="export it again from the program that made it",
        )
    if any(entry.flag_bits & 1 for entry in entries):
        raise ReadError(
            "The workbook is locked with a password",
            file=path,
            next_step="open it, remove the password and save it",
        )
    inflated = sum(entry.file_size for entry in entries)
    packed = max(1, sum(entry.compress_size for entry in entries))
    bomb = inflated > RATIO_COUNTS_FROM and inflated > MOST_RATIO * packed
    if inflated > MOST_BYTES or bomb:
        raise ReadError(
            f"The workbook would unpack to {inflated / 1e9:.1f} GB, {inflated / packed:.0f} times its size",
            file=path,
            expected=f"at most {MOST_BYTES / 1e9:.1f} GB, and at most {MOST_RATIO} times",
            next_step="if it is a real survey, save it as CSV or in several files",
        )
    for entry in entries:
        if entry.compress_type not in (STORED, DEFLATED):
            raise _damaged(path, f"part {entry.filename} is compressed in a way that spreadsheets do not use")


def _inflate(path: Path, file: BinaryIO, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    """Yield a part piece by piece, trusting neither its declared size nor the rest of the archive."""
    if entry.header_offset < 0:
        raise _damaged(path, f"part {entry.filename} lies outside the file")
    file.seek(entry.header_offset)
    header = file.read(30)
    if len(header) < 30 or header[:4] != b"PK\x03\x04":
        raise _damaged(path, f"part {entry.filename} is not where the directory says")
    name_length, extra_length = struct.unpack("<HH", header[26:30])
    file.seek(name_length + extra_length, 1)
    left, seen = entry.compress_size, 0
    unpack = zlib.decompressobj(-15) if entry.compress_type == DEFLATED else None
    while left > 0:
        packed = file.read(min(PIECE, left))
        if not packed:
            raise _damaged(path, f"part {entry.filename} ends too soon")
        left -= len(packed)
        while packed:
            try:
                piece = unpack.decompress(packed, PIECE) if unpack else packed
            except zlib.error as exc:
                raise _damaged(path, f"part {entry.filename}: {exc}") from exc
            packed = unpack.unconsumed_tail if unpack else b""
            seen += len(piece)
            if seen > entry.file_size:
                raise _damaged(path, f"part {entry.filename} is larger than the directory says")
            yield piece
        if unpack and unpack.eof:
            break


def _damaged(path: Path, detail: str) -> ReadError:
    return ReadError(
        f"The workbook is damaged or cut off: {detail}",
        file=path,
        next_step="copy or export it again; if it opens in a spreadsheet program, save it there anew",
    )
