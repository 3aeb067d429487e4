"""Reading workbooks (.xlsx, .xlsm, .xlsb, .xls, .ods) into text cells: sheet, heading row, labels, rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from satsurvey.errors import ReadError, shorten
from satsurvey.intake.formats.archive import check_archive
from satsurvey.intake.formats.cell_text import LONG_NUMBERS, column_of_values, value_text
from satsurvey.intake.formats.codebook import CodeBook, is_code_book, read_code_book
from satsurvey.intake.formats.compound import check_compound, is_locked, locked
from satsurvey.intake.formats.content import kind_of_content, refuse_content
from satsurvey.intake.formats.extent import MOST_CELLS
from satsurvey.intake.formats.headings import FURTHEST, ReadOptions, find_heading_row, normalise_heading
from satsurvey.intake.personal_data import mask_personal_data
from satsurvey.intake.raw import RawColumn, RawFile, RawTable, Source

WANTED = {
    "xlsx": "an Excel workbook (.xlsx)",
    "xlsm": "an Excel workbook with macros (.xlsm)",
    "xlsb": "a binary Excel workbook (.xlsb)",
    "xls": "an old Excel workbook (.xls)",
    "ods": "an OpenDocument spreadsheet (.ods)",
}
BLOCK = 20_000
"""Rows that are held as Python objects at one time."""

TALLEST_HEADING = 4
"""Rows that merged heading cells may span."""


def open_workbook(path: Path, options: ReadOptions) -> RawFile:
    """Open a sheet of a workbook.

    Parameters
    ----------
    path
        The workbook; its ending says which kind it should be.
    options
        `sheet` and `heading_row` as the user declares them; `known` headings help to find both otherwise.

    Returns
    -------
    RawFile
        Text cells as typed (leading zeros and long identifiers survive); numbers without ".0"; dates and
        times as ISO 8601; durations as hours:minutes:seconds; TRUE and FALSE. `Source.notes` says which sheet
        and rows were taken and which were not.

    Raises
    ------
    ReadError
        When the file is no such workbook, is locked, damaged or hostile, has no such sheet, or has no table.
    """
    format = path.suffix.lower().lstrip(".")
    facts = _check(path, format)
    with _library_at_work(path):
        from python_calamine import CalamineWorkbook

        with CalamineWorkbook.from_path(str(path)) as workbook:
            sheets = _sheets(path, workbook)
            chosen, notes = _choose(path, sheets, options)
            book, book_notes = _code_book(workbook, sheets, chosen)
            sheet = _loaded(workbook, chosen)
            layout = _layout(path, sheet, chosen, options)
            columns, chunks = _columns(sheet, layout)
            heights = [len(chunk[0]) if chunk else 0 for chunk in chunks]
    columns, label_notes = _with_labels(columns, book)
    source = Source(
        path=path,
        format=format,
        sheet=chosen.name,
        heading_row=layout.last + 1,
        notes=(*notes, *layout.notes, *book_notes, *label_notes, *facts),
    )
    return RawFile(source, columns, _tables(columns, chunks, heights, layout.last + 2))


def _check(path: Path, format: str) -> tuple[str, ...]:
    """Refuse what a workbook library should not see; return notes."""
    kind = kind_of_content(path)
    wanted = WANTED.get(format)
    if wanted is None:
        raise ReadError(
            f"The ending .{format} is not that of a workbook", file=path, expected=", ".join(WANTED.values())
        )
    if format == "xls":
        if kind != "compound":
            raise refuse_content(path, kind, wanted)
        return check_compound(path)
    if kind == "compound" and is_locked(path):
        raise locked(path)
    if kind != "zip":
        raise refuse_content(path, kind, wanted)
    return check_archive(path, format).notes()


@contextmanager
def _library_at_work(path: Path) -> Iterator[None]:
    """Turn whatever the workbook library raises on a damaged file into one clear error."""
    try:
        from python_calamine import CalamineError, PasswordError
    except ImportError as exc:
        raise ReadError(
            "Workbooks need the package python-calamine", next_step="install satsurvey again"
        ) from exc
    try:
        yield
    except PasswordError as exc:
        raise locked(path) from exc
    except (CalamineError, OSError, ValueError, OverflowError, MemoryError) as exc:
        raise _unreadable(path, str(exc)) from exc
    except BaseException as exc:
        # A panic of the Rust library derives from BaseException, and its class cannot be imported.
        if type(exc).__name__ != "PanicException":
            raise
        raise _unreadable(path, str(exc)) from exc


def _unreadable(path: Path, detail: str) -> ReadError:
    return ReadError(
        f"The workbook cannot be read: {shorten(detail, 200)}",
        file=path,
        next_step="open it in a spreadsheet program and save it as .xlsx, or export it as CSV",
    )


@dataclass(frozen=True)
class _Sheet:
    """A sheet as seen before it is chosen: its first rows as text, columns counted from A."""

    name: str
    hidden: bool
    head: tuple[tuple[str, ...], ...]
    code_book: bool
    loaded: Any

    @property
    def empty(self) -> bool:
        return not self.head


def _sheets(path: Path, workbook: Any) -> list[_Sheet]:
    from python_calamine import SheetTypeEnum, SheetVisibleEnum

    sheets: list[_Sheet] = []
    held = 0
    for facts in workbook.sheets_metadata:
        if facts.typ != SheetTypeEnum.WorkSheet:
            continue
        sheet = workbook.get_sheet_by_name(facts.name)
        head = tuple(tuple(value_text(value) for value in row) for row in islice(_rows(sheet), FURTHEST))
        # Many sheets together may not hold more than the largest one is allowed to.
        held += sheet.total_height * sheet.total_width
        hidden = facts.visible != SheetVisibleEnum.Visible
        loaded = sheet if held <= MOST_CELLS else None
        sheets.append(_Sheet(facts.name, hidden, head, is_code_book(head), loaded))
    if not any(sheet.head for sheet in sheets):
        raise ReadError(
            "The workbook holds no cells" if sheets else "The workbook holds no worksheet",
            file=path,
            next_step="check that the export has run and that this is the right file",
        )
    return sheets


def _loaded(workbook: Any, sheet: _Sheet) -> Any:
    return workbook.get_sheet_by_name(sheet.name) if sheet.loaded is None else sheet.loaded


def _rows(sheet: Any) -> Iterator[Sequence[object]]:
    """Go through a sheet from row 1 and column A; the library itself starts at the first filled column."""
    if sheet.start is None:
        return
    blank: list[object] = [""] * int(sheet.start[1])
    for row in sheet.iter_rows():
        yield blank + row if blank else row


def _choose(path: Path, sheets: Sequence[_Sheet], options: ReadOptions) -> tuple[_Sheet, list[str]]:
    """Choose the sheet of the answers and say why."""
    if options.sheet is not None:
        named = [sheet for sheet in sheets if sheet.name == options.sheet] or [
            sheet for sheet in sheets if normalise_heading(sheet.name) == normalise_heading(options.sheet)
        ]
        if not named:
            raise ReadError(
                f"The workbook has no sheet named {shorten(options.sheet)}",
                file=path,
                expected="one of " + ", ".join(shorten(sheet.name) for sheet in sheets),
                next_step="name one of these sheets",
            )
        if named[0].empty:
            raise ReadError(
                "The sheet holds no cells", file=path, sheet=named[0].name, next_step="name another sheet"
            )
        return named[0], []
    filled = [sheet for sheet in sheets if not sheet.empty]
    answers = [sheet for sheet in filled if not sheet.code_book] or filled
    hits = [_known(sheet, options.known) for sheet in answers]
    if len(answers) == 1:
        chosen, reason = answers[0], ""
    elif max(hits) > 0:
        chosen = answers[hits.index(max(hits))]
        reason = f"it holds {max(hits)} known headings, more than any other sheet"
        if hits.count(max(hits)) > 1:
            reason = f"it is the first of {hits.count(max(hits))} sheets that hold {max(hits)} known headings"
    else:
        chosen = next((sheet for sheet in answers if not sheet.hidden), answers[0])
        reason = "it is the first sheet with cells and no sheet holds known headings"
    notes = []
    if reason:
        notes.append(f"read sheet {shorten(chosen.name)}, because {reason}")
    ignored = [shorten(sheet.name) for sheet in answers if sheet is not chosen]
    if ignored:
        notes.append(f"did not read these sheets: {', '.join(ignored)}")
    if chosen.hidden:
        notes.append(f"sheet {shorten(chosen.name)} is hidden in the workbook")
    return chosen, notes


def _known(sheet: _Sheet, known: frozenset[str]) -> int:
    return max(
        (len({normalise_heading(cell) for cell in row if cell.strip()} & known) for row in sheet.head),
        default=0,
    )


def _code_book(workbook: Any, sheets: Sequence[_Sheet], chosen: _Sheet) -> tuple[CodeBook, list[str]]:
    """Read the first code-book sheet other than the chosen one."""
    books = [sheet for sheet in sheets if sheet.code_book and sheet is not chosen]
    if not books:
        return CodeBook(), []
    rows = _rows(_loaded(workbook, books[0]))
    book = read_code_book([[value_text(value) for value in row] for row in rows])
    notes = []
    if book.value_labels or book.questions:
        notes.append(f"labels come from the code-book sheet {shorten(books[0].name)}")
    if book.conflicts:
        notes.append(f"the code book labels {book.conflicts} codes twice, differently; the first label holds")
    if books[1:]:
        others = ", ".join(shorten(sheet.name) for sheet in books[1:])
        notes.append(f"did not read these further code-book sheets: {others}")
    return book, notes


@dataclass(frozen=True)
class _Layout:
    """Where the headings stand: their last row from 0, the headings from column A, and what to say."""

    last: int
    headings: tuple[str, ...]
    notes: tuple[str, ...]
    merged: tuple[tuple[int, int, int, int], ...] = ()


def _layout(path: Path, sheet: Any, chosen: _Sheet, options: ReadOptions) -> _Layout:
    merged = [
        (int(top), int(left), int(bottom), int(right))
        for (top, left), (bottom, right) in (sheet.merged_cell_ranges or [])
    ]
    if options.heading_row is None:
        first = find_heading_row(chosen.head, options.known)
        rows = dict(enumerate(chosen.head))
    else:
        first = options.heading_row - 1
        wanted = islice(_rows(sheet), max(0, first), first + TALLEST_HEADING) if first >= 0 else ()
        rows = {first + at: tuple(map(value_text, row)) for at, row in enumerate(wanted)}
        if first not in rows:
            raise ReadError(
                f"The sheet has no row {options.heading_row} to take the headings from",
                file=path,
                sheet=chosen.name,
                expected=f"a row from 1 to {sheet.total_height}",
                next_step="name the row of the headings as the spreadsheet counts it",
            )
        rows |= {place: row for place, row in enumerate(chosen.head) if place < first}
    last = _last_heading_row(first, merged, rows)
    headings = []
    for column in range(len(rows[first])):
        text = next(
            (rows[row][column].strip() for row in range(last, first - 1, -1) if rows[row][column].strip()), ""
        )
        headings.append(text or _merged_from_above(rows, merged, first, column))
    notes = [*_layout_notes(rows, merged, first, last)]
    below = tuple(cells for cells in merged if cells[0] > last and cells[2] > cells[0])
    if below:
        notes.append(f"{len(below)} merged cells span several rows; every row has the value of its cell")
    return _Layout(last, tuple(headings), tuple(notes), below)


def _last_heading_row(
    first: int, merged: Sequence[tuple[int, int, int, int]], rows: Mapping[int, Sequence[str]]
) -> int:
    """Find the last row of headings: cells merged downwards from the heading row make it taller."""
    down = [
        bottom
        for top, left, bottom, right in merged
        if top <= first < bottom < first + TALLEST_HEADING and left == right and rows[first][left].strip()
    ]
    last = max(down, default=first)
    return last if all(row in rows for row in range(first, last + 1)) else first


def _merged_from_above(
    rows: Mapping[int, Sequence[str]], merged: Sequence[tuple[int, int, int, int]], first: int, column: int
) -> str:
    for top, left, bottom, right in merged:
        if left == right == column and first - TALLEST_HEADING < top < first <= bottom and top in rows:
            return rows[top][column].strip() if column < len(rows[top]) else ""
    return ""


def _layout_notes(
    rows: Mapping[int, Sequence[str]],
    merged: Sequence[tuple[int, int, int, int]],
    first: int,
    last: int,
) -> Iterator[str]:
    if first > 0:
        above = [cell.strip() for row in range(first) for cell in rows.get(row, ()) if cell.strip()]
        # Titles name who made the export, and at which number that person is reached.
        said = f": {shorten(mask_personal_data(' / '.join(above))[0])}" if above else ""
        yield f"headings were taken from row {first + 1}; not read above them{said}"
    if last > first:
        yield f"headings fill rows {first + 1} to {last + 1}; the lowest filled cell of each column counts"
    for top, left, bottom, right in merged:
        if top <= last and bottom >= first and left < right and top in rows and left < len(rows[top]):
            text = rows[top][left].strip()
            if text and bottom >= last:
                yield (
                    f"heading {shorten(text)} is merged over columns {_letter(left)} to {_letter(right)}; "
                    f"it names column {_letter(left)} only"
                )


def _letter(column: int) -> str:
    return RawColumn("", column + 1).letter


def _columns(sheet: Any, layout: _Layout) -> tuple[tuple[RawColumn, ...], list[list[pa.Array]]]:
    """Convert all rows below the headings, a block at a time, and drop columns that hold nothing at all."""
    rows = _whole_rows(sheet, layout.merged)
    for _ in islice(rows, layout.last + 1):
        pass
    width = len(layout.headings)
    blocks: list[list[pa.Array]] = []
    long = [False] * width
    filled = [False] * width
    while block := list(islice(rows, BLOCK)):
        converted = [column_of_values(values) for values in zip(*block, strict=True)]
        blocks.append([cells for cells, _ in converted])
        for place, (cells, has_long) in enumerate(converted):
            long[place] = long[place] or has_long
            filled[place] = filled[place] or any(text.strip() for text in cells.dictionary.to_pylist())
    kept = [place for place in range(width) if layout.headings[place] or filled[place]]
    columns = tuple(
        RawColumn(
            heading=layout.headings[place] or f"(column {_letter(place)})",
            position=place + 1,
            warning=LONG_NUMBERS if long[place] else "",
        )
        for place in kept
    )
    return columns, [[block[place] for place in kept] for block in blocks]


def _whole_rows(sheet: Any, merged: Sequence[tuple[int, int, int, int]]) -> Iterator[Sequence[object]]:
    """Go through the rows, merged cells filled: the file holds their value in the topmost row only."""
    starting: dict[int, list[tuple[int, int]]] = {}
    for top, left, bottom, _ in merged:
        starting.setdefault(top, []).append((left, bottom))
    open_cells: dict[int, tuple[int, object]] = {}
    for place, row in enumerate(_rows(sheet)):
        if not starting and not open_cells:
            yield row
            continue
        cells = list(row)
        for column, (bottom, value) in list(open_cells.items()):
            if place > bottom:
                del open_cells[column]
            elif column < len(cells):
                cells[column] = value
        for column, bottom in starting.pop(place, ()):
            if column < len(cells):
                open_cells[column] = (bottom, cells[column])
        yield cells


def _with_labels(columns: tuple[RawColumn, ...], book: CodeBook) -> tuple[tuple[RawColumn, ...], list[str]]:
    if not book.names:
        return columns, []
    headings = {normalise_heading(column.heading) for column in columns}
    labelled = tuple(
        replace(
            column,
            value_labels=book.value_labels.get(normalise_heading(column.heading), {}),
            question=book.questions.get(normalise_heading(column.heading), ""),
        )
        for column in columns
    )
    strangers = [shorten(name) for key, name in book.names.items() if key not in headings]
    notes = []
    if strangers:
        shown = ", ".join(strangers[:5]) + (" …" if len(strangers) > 5 else "")
        notes.append(f"the code book names {len(strangers)} variables that are no headings: {shown}")
    return labelled, notes


def _tables(
    columns: tuple[RawColumn, ...],
    chunks: Sequence[Sequence[pa.Array]],
    heights: Sequence[int],
    first_row: int,
) -> Callable[[], Iterator[RawTable]]:
    def tables() -> Iterator[RawTable]:
        row = first_row
        for cells, height in zip(chunks, heights, strict=True):
            yield RawTable(columns, tuple(cells), np.arange(row, row + height, dtype=np.int64))
            row += height

    return tables
