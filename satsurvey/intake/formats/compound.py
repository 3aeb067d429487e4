"""What is checked in an old Excel workbook (.xls, a compound file) before a library may open it.

The container is a small file system whose chains of sectors may run in circles, and the sheets inside claim
sizes that a library reserves memory for. References: Microsoft, [MS-CFB] and [MS-XLS].
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from satsurvey.errors import ReadError
from satsurvey.intake.formats.extent import MOST_CELLS, MOST_COLUMNS

MOST_RECORDS = 60_000_000
LAST_SECTOR = 0xFFFFFFFA
"""Sector numbers above this one are marks: end of chain, free, and so on."""

SMALL_STREAM = 4096
ENTRY = 128
FIRST_DIFAT = 109

BOUNDSHEET, DIMENSIONS, TEXTS, LOCKED, END, ERROR_OR_BOOL = 0x0085, 0x0200, 0x00FC, 0x002F, 0x000A, 0x0205
MANY_NUMBERS = 0x00BD
CELLS = frozenset({0x0203, 0x0204, ERROR_OR_BOOL, 0x027E, 0x00FD, MANY_NUMBERS, 0x0006})


def check_compound(path: Path) -> tuple[str, ...]:
    """Refuse an .xls workbook that is locked, damaged, or would need unreasonable memory.

    Returns
    -------
    tuple
        Sentences for `Source.notes`.

    Raises
    ------
    ReadError
        With what is wrong and what to do.
    """
    streams = _Container(path)
    if streams.find("EncryptedPackage") is not None:
        raise locked(path)
    entry = streams.find("Workbook") or streams.find("Book")
    if entry is None:
        raise ReadError(
            "The file is a compound document, but no Excel workbook (perhaps a Word document or an e-mail)",
            file=path,
            next_step="export the data again as .xlsx or CSV",
        )
    errors = _check_records(path, streams.read(*entry))
    if not errors:
        return ()
    return (f"{errors} cells hold spreadsheet errors such as #N/A and are read as blank",)


def is_locked(path: Path) -> bool:
    """Say whether a compound file is an .xlsx workbook that a password has encrypted."""
    try:
        return _Container(path).find("EncryptedPackage") is not None
    except ReadError:
        return False


def locked(path: Path) -> ReadError:
    """Make the error for a workbook that needs a password."""
    return ReadError(
        "The workbook is locked with a password",
        file=path,
        next_step="open it, remove the password and save it",
    )


def _damaged(path: Path, detail: str) -> ReadError:
    return ReadError(
        f"The workbook is damaged or cut off: {detail}",
        file=path,
        next_step="copy or export it again; if it opens in a spreadsheet program, save it there as .xlsx",
    )


class _Container:
    """The streams of a compound file, every chain followed at most once around."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.data = path.read_bytes()
        data = self.data
        if len(data) < 512:
            raise _damaged(path, "it ends inside its header")
        shift, small_shift = struct.unpack_from("<HH", data, 30)
        if shift not in (9, 12) or small_shift != 6:
            raise _damaged(path, "its header states an impossible sector size")
        self.size = 1 << shift
        self.sectors = max(0, len(data) // self.size)
        directories, tables, start = struct.unpack_from("<III", data, 40)
        small_start, small_tables, difat_start, difats = struct.unpack_from("<IIII", data, 60)
        if max(directories, tables, small_tables, difats) > self.sectors + 1:
            raise _damaged(path, "its header claims more sectors than the file has")
        self.fat = self._allocation(difat_start)
        self.directory = self._chain(start)
        entries = [self._entry(at) for at in range(0, len(self.directory) - ENTRY + 1, ENTRY)]
        if not entries:
            raise _damaged(path, "it has no directory")
        self.entries = {name: (first, length) for name, first, length in reversed(entries)}
        if any(length > len(data) for name, _, length in entries if name):
            raise _damaged(path, "a part claims to be longer than the file")
        self.small = self._chain(entries[0][1])
        self.small_fat = np.frombuffer(self._chain(small_start), dtype="<u4")

    def find(self, name: str) -> tuple[int, int] | None:
        """Return the first sector and the length of a stream."""
        return self.entries.get(name)

    def read(self, first: int, length: int) -> bytes:
        """Return a stream whole."""
        if length >= SMALL_STREAM:
            return self._chain(first)[:length]
        pieces = [
            self.small[number * 64 : number * 64 + 64]
            for number in self._numbers(first, self.small_fat, len(self.small) // 64 + 1)
        ]
        return b"".join(pieces)[:length]

    def _sector(self, number: int) -> bytes:
        start = (number + 1) * self.size
        if start >= len(self.data):
            raise _damaged(self.path, "a chain of sectors leads outside the file")
        return self.data[start : start + self.size]

    def _allocation(self, difat_start: int) -> NDArray[np.uint32]:
        numbers = list(struct.unpack_from(f"<{FIRST_DIFAT}I", self.data, 76))
        following, seen = difat_start, 0
        while following < LAST_SECTOR:
            seen += 1
            if seen > self.sectors:
                raise _damaged(self.path, "its list of sectors runs in a circle")
            sector = self._sector(following)
            words = struct.unpack(f"<{len(sector) // 4}I", sector[: len(sector) // 4 * 4])
            if not words:
                raise _damaged(self.path, "its list of sectors is cut off")
            numbers.extend(words[:-1])
            following = words[-1]
        used = [number for number in numbers if number < LAST_SECTOR]
        if len(used) > self.sectors + 1:
            raise _damaged(self.path, "it has more tables of sectors than sectors")
        table = b"".join(self._sector(number) for number in used)
        return np.frombuffer(table[: len(table) // 4 * 4], dtype="<u4")

    def _numbers(self, first: int, table: NDArray[np.uint32], most: int) -> Iterator[int]:
        number, seen = first, 0
        while number < LAST_SECTOR:
            seen += 1
            if seen > most:
                raise _damaged(self.path, "a chain of sectors runs in a circle")
            yield number
            if number >= len(table):
                raise _damaged(self.path, "a chain of sectors leads outside the file")
            number = int(table[number])

    def _chain(self, first: int) -> bytes:
        return b"".join(self._sector(number) for number in self._numbers(first, self.fat, self.sectors + 1))

    def _entry(self, at: int) -> tuple[str, int, int]:
        raw = self.directory[at : at + ENTRY]
        name = raw[:64].decode("utf-16-le", "replace").partition("\0")[0]
        first = struct.unpack_from("<I", raw, 116)[0]
        # Files with sectors of 512 bytes may leave rubbish in the upper half of the length.
        length = struct.unpack_from("<I" if self.size == 512 else "<Q", raw, 120)[0]
        return name, first, length if name else 0


def _check_records(path: Path, stream: bytes) -> int:
    """Walk the records as the library will; return how many cells hold errors."""
    sheets: list[int] = []
    steps = places = errors = 0
    for kind, start, length in _records(path, stream, 0):
        if kind == BOUNDSHEET and length >= 4:
            sheets.append(struct.unpack_from("<I", stream, start)[0])
        elif kind == LOCKED and length >= 2 and stream[start : start + 2] != b"\0\0":
            raise locked(path)
        elif kind == TEXTS and length >= 8:
            claimed = struct.unpack_from("<I", stream, start + 4)[0]
            if claimed > len(stream):
                raise _damaged(path, f"it claims {claimed:,} texts, more than it has bytes")
    for position in sheets:
        if position >= len(stream):
            raise _damaged(path, "a sheet begins behind the end of the file")
        last_row = last_column = 0
        for kind, start, length in _records(path, stream, position):
            steps += 1
            if steps > MOST_RECORDS:
                raise _damaged(path, f"its sheets claim more than {MOST_RECORDS:,} records")
            if kind in CELLS and length >= 6:
                row, column = struct.unpack_from("<HH", stream, start)
                if kind == MANY_NUMBERS:
                    column = max(column, struct.unpack_from("<H", stream, start + length - 2)[0])
                last_row, last_column = max(last_row, row + 1), max(last_column, column + 1)
                errors += kind == ERROR_OR_BOOL and length >= 8 and stream[start + 7] == 1
            elif kind == DIMENSIONS and length in (10, 14):
                _check_dimensions(path, stream[start : start + length])
        places += last_row * last_column
        if places > MOST_CELLS or last_column > MOST_COLUMNS:
            raise ReadError(
                f"The cells of one sheet span {last_row:,} rows and {last_column:,} columns",
                file=path,
                expected=f"sheets of at most {MOST_CELLS:,} cells between the first and the last",
                next_step="delete stray cells far below or right of the table, or save the sheet as CSV",
            )
    return errors


def _check_dimensions(path: Path, record: bytes) -> None:
    """Refuse a sheet that states a reach beyond the limit: the library reserves it at once."""
    top, bottom, left, right = struct.unpack_from("<HHHH" if len(record) == 10 else "<IIHH", record)
    if not (bottom and right):
        return
    if bottom < top or right < left or (bottom - top) * (right - left) > MOST_CELLS:
        raise _damaged(path, f"a sheet claims rows {top} to {bottom} and columns {left} to {right}")


def _records(path: Path, stream: bytes, at: int) -> Iterator[tuple[int, int, int]]:
    """Yield kind, start of content and length of records up to the end of a sheet."""
    unpack = struct.Struct("<HH").unpack_from
    end = len(stream)
    while at + 4 <= end:
        kind, length = unpack(stream, at)
        if at + 4 + length > end:
            raise _damaged(path, "it ends inside a record")
        if kind == END:
            return
        yield kind, at + 4, length
        at += 4 + length
