"""How far the cells of a sheet reach, measured on its stored form without building the sheet."""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping
from typing import Protocol
from xml.parsers import expat

MOST_CELLS = 100_000_000
"""Places that the cells of a sheet may span; Excel's own limit is 17 thousand million."""

MOST_COLUMNS = 16_384
"""The columns of a spreadsheet, A to XFD."""

MOST_TEXT = 16_000_000
"""Characters that one cell may hold; Excel's own limit is 32,767."""

MOST_SPACES = 100_000


class Extent(Protocol):
    """A measure that takes a part of a workbook in pieces; `problem` says what is wrong, or is ""."""

    problem: str
    error_cells: int
    empty_formulas: int

    def feed(self, piece: bytes) -> None:
        """Take the next piece of the part."""

    def suspicious(self) -> bool:
        """Say whether the part must be gone through again, exactly."""

    def feed_exactly(self, piece: bytes) -> None:
        """Take the next piece of the second, exact pass."""

    def close(self) -> None:
        """Finish."""


def column_number(letters: str) -> int:
    """Count the column of its letters (A is 1, XFD is 16384)."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number


def _is_too_far(rows: int, columns: int) -> bool:
    return columns > MOST_COLUMNS or rows * columns > MOST_CELLS


def _too_far(rows: int, columns: int) -> str:
    return (
        f"The cells of one sheet span {rows:,} rows and {columns:,} columns, {rows * columns:,} places in all"
    )


class XlsxExtent:
    """Rows and columns of a sheet of an .xlsx file; parts that are no sheet have none."""

    # Cells beyond column Z or row 999,999 are looked at; the others span at most 26 million places.
    FAR_PLAIN = re.compile(rb'r="([A-Za-z]{2,9}\d{1,12}|[A-Za-z]\d{7,12})"')
    FAR = re.compile(rb"""r\s*=\s*["']\s*([A-Za-z]{2,9}\d{1,12}|[A-Za-z]\d{7,12})\s*["']""")
    ROW = re.compile(rb"""<row\b(?:[^>]*?\sr\s*=\s*["'](\d{1,12})["'])?""")
    PLACE = re.compile(rb"([A-Za-z]+)(\d+)")
    NO_RESULT = re.compile(rb"</f>(?:<v\s*/>|<v></v>|</c>)|<f>[^<]*</f>\s*</c>")

    def __init__(self) -> None:
        self.problem = ""
        self.error_cells = 0
        self.empty_formulas = 0
        self._tail = b""
        self._seen = False
        self._sheet = False
        self._unusual = False
        self._last_row = 0
        self._last_column = 26
        self._rows_without_number = 0
        self._cells_in_row = 0
        self._widest = 0
        self._exact: _XlsxPlaces | None = None

    def feed(self, piece: bytes) -> None:
        """Take the next piece of the part, cut anywhere."""
        if self.problem:
            return
        block = self._tail + piece
        if not self._seen:
            self._seen = True
            # UTF-16 hides every tag from a search for bytes.
            self._unusual = b"\x00" in block[:64]
        self._sheet = self._sheet or b"sheetData" in block
        # Whole cells go through at once, so that a count never sees half a tag.
        cut = max(block.rfind(b"<c "), block.rfind(b"<row"))
        if cut <= 0:
            cut = block.rfind(b"<")
        if cut <= 0:
            self._tail = block
            if len(block) > MOST_TEXT:
                self._tail = block[-64:]
                if self._sheet:
                    self.problem = f"One cell or tag of the workbook holds more than {MOST_TEXT:,} characters"
            return
        self._tail, block = block[cut:], block[:cut]
        self._look(block)

    def _look(self, block: bytes) -> None:
        self._unusual = self._unusual or b":sheetData" in block or b"<!" in block
        # Other tags in <c: col, cols, color, cfRule, cfvo, conditionalFormatting, controls.
        others = block.count(b"<col") + block.count(b"<cf") + block.count(b"<con")
        plain = block.count(b'<c r="') == block.count(b"<c") - others
        for place in set((self.FAR_PLAIN if plain else self.FAR).findall(block)):
            match = self.PLACE.match(place)
            if match:
                self._last_column = max(self._last_column, column_number(match[1].decode()))
                self._last_row = max(self._last_row, int(match[2]))
        for number in self.ROW.findall(block):
            if number:
                self._last_row = max(self._last_row, int(number))
            else:
                self._rows_without_number += 1
        if not plain:
            # A cell that states no place stands right of the one before it.
            first, *rows = block.split(b"<row")
            self._cells_in_row += first.count(b"<c")
            self._widest = max(self._widest, self._cells_in_row)
            for row in rows:
                self._cells_in_row = row.count(b"<c")
                self._widest = max(self._widest, self._cells_in_row)
        if self._sheet:
            self.error_cells += block.count(b' t="e"')
            if b"</f>" in block:
                self.empty_formulas += len(self.NO_RESULT.findall(block))

    def suspicious(self) -> bool:
        """Say whether an upper bound of the places passes the limit."""
        if self.problem:
            return False
        self._look(self._tail)
        self._tail = b""
        rows = self._last_row + self._rows_without_number
        columns = self._last_column + self._widest
        return self._unusual or _is_too_far(rows, columns)

    def feed_exactly(self, piece: bytes) -> None:
        """Take the next piece of the second pass."""
        if self._exact is None:
            self._exact = _XlsxPlaces()
        self._exact.feed(piece)

    def close(self) -> None:
        """Finish, and take over what the exact pass found."""
        if self._exact is not None and not self.problem:
            self.problem = self._exact.problem


class _XlsxPlaces:
    """The places of cells as a spreadsheet program counts them, including those that state none."""

    def __init__(self) -> None:
        self.problem = ""
        self._row = self._column = 0
        self._last_row = self._last_column = 0
        self._sheet = False
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.EntityDeclHandler = self._entity

    def feed(self, piece: bytes) -> None:
        if self.problem:
            return
        try:
            self._parser.Parse(piece, False)
        except (expat.ExpatError, ValueError, LookupError) as exc:
            # Parts that are no XML (pictures) cannot be sheets.
            self.problem = f"A sheet of the workbook is damaged: {exc}" if self._sheet else ""
        if _is_too_far(self._last_row, self._last_column):
            self.problem = _too_far(self._last_row, self._last_column)

    def _entity(self, *_: object) -> None:
        self.problem = "The workbook declares XML entities, which real workbooks never do"

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        tag = name.rpartition(":")[2]
        if tag == "c":
            place = re.fullmatch(r"([A-Za-z]{1,9})(\d{1,12})", attributes.get("r", ""))
            if place:
                self._column = column_number(place[1]) - 1
                self._last_row = max(self._last_row, int(place[2]))
            self._last_row = max(self._last_row, self._row + 1)
            self._column += 1
            self._last_column = max(self._last_column, self._column)
        elif tag == "row":
            number = attributes.get("r", "").strip()
            if number.isascii() and number.isdigit():
                self._row = int(number) - 1
        elif tag == "sheetData":
            self._sheet = True

    def _end(self, name: str) -> None:
        if name.rpartition(":")[2] == "row":
            self._row += 1
            self._column = 0


class OdsExtent:
    """Rows and columns of all sheets in the content of an .ods file, where cells and rows may repeat."""

    FILLED = frozenset(
        f"office:{name}"
        for name in ("value-type", "value", "string-value", "date-value", "time-value", "boolean-value")
    ) | {"table:formula"}

    def __init__(self) -> None:
        self.problem = ""
        self.error_cells = 0
        self.empty_formulas = 0
        self._rows = self._filled_rows = self._columns = self._held = 0
        self._row_repeats = 1
        self._row_cells = self._row_filled = 0
        self._total = 0
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.EntityDeclHandler = self._entity

    def feed(self, piece: bytes) -> None:
        """Take the next piece of the part."""
        self._parse(piece, final=False)

    def suspicious(self) -> bool:
        """Say False: the first pass is exact."""
        return False

    def feed_exactly(self, piece: bytes) -> None:
        """Do nothing: the first pass is exact."""

    def close(self) -> None:
        """Finish; a library may wait forever for the end of a part that has none."""
        self._parse(b"", final=True)

    def _parse(self, piece: bytes, *, final: bool) -> None:
        if self.problem:
            return
        try:
            self._parser.Parse(piece, final)
        except (expat.ExpatError, ValueError, LookupError) as exc:
            self.problem = f"A part of the workbook is damaged: {exc}"
        self._check()

    def _check(self) -> None:
        places = self._total + self._held + self._filled_rows * self._columns
        if not self.problem and (places > MOST_CELLS or self._columns > MOST_COLUMNS):
            self.problem = _too_far(self._filled_rows, self._columns)

    def _entity(self, *_: object) -> None:
        self.problem = "The workbook declares XML entities, which real workbooks never do"

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name in ("table:table-cell", "table:covered-table-cell"):
            self._row_cells += _count(attributes.get("table:number-columns-repeated"))
            if not self.FILLED.isdisjoint(attributes):
                self._row_filled = self._row_cells
                self.error_cells += attributes.get("calcext:value-type") == "error"
        elif name == "table:table-row":
            self._row_repeats = _count(attributes.get("table:number-rows-repeated"))
            self._row_cells = self._row_filled = 0
        elif name == "table:table":
            self._rows = self._filled_rows = self._columns = self._held = 0
        elif name == "text:s" and _count(attributes.get("text:c")) > MOST_SPACES:
            self.problem = f"One cell of the workbook holds more than {MOST_SPACES:,} spaces"

    def _end(self, name: str) -> None:
        if name == "table:table-row":
            self._rows += self._row_repeats
            if self._row_filled:
                self._filled_rows = self._rows
                self._columns = max(self._columns, self._row_filled)
                self._held += self._row_filled
        elif name == "table:table":
            self._check()
            self._total += self._filled_rows * self._columns
            self._rows = self._filled_rows = self._columns = self._held = 0


def _count(text: str | None) -> int:
    if text is None:
        return 1
    text = text.strip()
    # A number that is no number is left to the library, which refuses it.
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else 1


class XlsbExtent:
    """Rows and columns of a sheet of an .xlsb file: records of a kind, a length and that many bytes."""

    ROW, LAST_CELL_KIND = 0, 11
    LOOK = 8
    BEGIN_CELLS, END_CELLS, BEGIN_STRINGS = 0x91, 0x92, 0x9F

    def __init__(self) -> None:
        self.problem = ""
        self.error_cells = 0
        self.empty_formulas = 0
        self._tail = b""
        self._skip = 0
        self._strings = 0
        self._inside = False
        self._last_row = self._last_column = 0

    def feed(self, piece: bytes) -> None:
        """Take the next piece of the part."""
        if self.problem:
            return
        skipped = min(self._skip, len(piece))
        self._skip -= skipped
        block, at = self._tail + piece[skipped:], 0
        while (head := _record_head(block, at)) is not None:
            kind, start, length = head
            if start + min(length, self.LOOK) > len(block):
                break
            self._record(kind, block, start, length)
            at = start + length
            if at > len(block):
                self._skip, at = at - len(block), len(block)
                break
        self._tail = block[at:]
        if _is_too_far(self._last_row, self._last_column):
            self.problem = _too_far(self._last_row, self._last_column)

    def _record(self, kind: int, block: bytes, start: int, length: int) -> None:
        if kind <= self.LAST_CELL_KIND and self._inside and length < 8:
            self.problem = "A sheet of the workbook is damaged: a cell has no place"
        elif kind <= self.LAST_CELL_KIND and self._inside:
            number = struct.unpack_from("<I", block, start)[0] + 1
            if kind == self.ROW:
                self._last_row = max(self._last_row, number)
            elif kind > 1:
                self._last_column = max(self._last_column, number)
                self.error_cells += kind in (3, 11)
        elif kind == self.BEGIN_CELLS:
            self._inside = True
        elif kind == self.END_CELLS:
            self._inside = False
        elif kind == self.BEGIN_STRINGS and length >= 8:
            self._strings = max(struct.unpack_from("<II", block, start))

    def suspicious(self) -> bool:
        """Say False: the first pass is exact."""
        return False

    def feed_exactly(self, piece: bytes) -> None:
        """Do nothing: the first pass is exact."""

    def close(self) -> None:
        """Finish: a list of texts cannot hold more texts than the cells that could name them."""
        if self._strings > MOST_CELLS and not self.problem:
            self.problem = f"The workbook claims {self._strings:,} texts"


def _record_head(block: bytes, at: int) -> tuple[int, int, int] | None:
    """Read the kind, the start of the content and its length; None where the block ends first."""
    end = len(block)
    if at >= end:
        return None
    kind = block[at]
    at += 1
    if kind & 0x80:
        if at >= end:
            return None
        kind = (kind & 0x7F) | ((block[at] & 0x7F) << 7)
        at += 1
    length = 0
    for shift in (0, 7, 14, 21):
        if at >= end:
            return None
        byte = block[at]
        at += 1
        length |= (byte & 0x7F) << shift
        if not byte & 0x80:
            break
    return kind, at, length
