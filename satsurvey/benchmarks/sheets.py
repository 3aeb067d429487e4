"""Small tables that people fill in: rows with their cells as text, headings known by several names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from satsurvey.errors import ColumnsError, ReadError, shorten
from satsurvey.intake.cells import to_text
from satsurvey.intake.formats.encodings import undecodable
from satsurvey.intake.formats.headings import ReadOptions, normalise_heading
from satsurvey.intake.raw import RawFile, UnreadableRow
from satsurvey.intake.reading import open_raw

LONGEST = 200_000
"""Rows of a sheet that is filled in by people or made of figures; more is an export of something else."""


@dataclass(frozen=True)
class Sheet:
    """A table with its cells as text.

    Attributes
    ----------
    path, name
        The file.
    sheet
        Sheet of a workbook, or None.
    heading_row
        Row of the headings as a spreadsheet counts.
    headings
        As the file has them.
    rows
        Row number and cells of every row that is not blank.
    n_blank
        Blank rows.
    unreadable
        Rows that could not be told apart into cells.
    notes
        What the reader had to say.
    """

    path: Path
    sheet: str | None
    heading_row: int
    headings: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    n_blank: int = 0
    unreadable: tuple[UnreadableRow, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Name of the file without its folder."""
        return self.path.name

    def place_of(self, names: Sequence[str]) -> int | None:
        """Return the place of the column that has one of several names, None where none has.

        Raises
        ------
        ColumnsError
            When two columns have such a name.
        """
        wanted = {normalise_heading(name) for name in names}
        places = [k for k, heading in enumerate(self.headings) if normalise_heading(heading) in wanted]
        if len(places) > 1:
            raise ColumnsError(
                "two columns mean the same",
                file=self.path,
                sheet=self.sheet,
                row=self.heading_row or None,
                value=", ".join(self.headings[k] for k in places),
                next_step="rename or remove one of them",
            )
        return places[0] if places else None

    def bound(self, columns: Mapping[str, Sequence[str]], needed: Sequence[str]) -> dict[str, int]:
        """Return the place of every known column that is there.

        Raises
        ------
        ColumnsError
            When a column that is needed is absent.
        """
        found = {code: self.place_of((code, *names)) for code, names in columns.items()}
        for code in needed:
            if found[code] is None:
                raise ColumnsError(
                    f"no column holds the {code}",
                    file=self.path,
                    sheet=self.sheet,
                    row=self.heading_row or None,
                    value=shorten(", ".join(self.headings), 400),
                    expected=f"a heading such as {', '.join((code, *columns[code][:2]))}",
                )
        return {code: place for code, place in found.items() if place is not None}


def read_sheet(
    path: str | Path, *, known: Sequence[str], encoding: str | None = None, sheet: str | None = None
) -> Sheet:
    """Read a table with all its cells as text.

    Parameters
    ----------
    path
        CSV, Excel, SPSS, Stata or Parquet.
    known
        Headings by which the heading row is told from titles above it.
    encoding, sheet
        Where the automatic choice is wrong.

    Raises
    ------
    ReadError, EncodingError
        The file cannot be read, or has more rows than people fill in.
    """
    raw = open_raw(path, ReadOptions(encoding, None, sheet, None, frozenset(map(normalise_heading, known))))
    rows: list[tuple[int, tuple[str, ...]]] = []
    unreadable: list[UnreadableRow] = []
    n_blank = 0
    for numbers, cells, bad in _tables(raw, declared=encoding is not None):
        unreadable += bad
        for number, row in zip(numbers, zip(*cells, strict=True), strict=True):
            stripped = tuple(cell.strip() for cell in row)
            if any(stripped):
                rows.append((number, stripped))
            else:
                n_blank += 1
        if len(rows) > LONGEST:
            raise ReadError(
                f"the table has more than {LONGEST:,} rows, and a table of figures was expected",
                file=raw.source.path,
            )
    return Sheet(
        raw.source.path,
        raw.source.sheet,
        raw.source.heading_row,
        tuple(column.heading for column in raw.columns),
        tuple(rows),
        n_blank,
        tuple(unreadable),
        raw.source.notes,
    )


def _tables(
    raw: RawFile, *, declared: bool
) -> list[tuple[list[int], list[list[str]], tuple[UnreadableRow, ...]]]:
    """Return row numbers, columns of texts and unreadable rows of every table of a file."""
    found = []
    try:
        for table in raw.tables():
            columns = [
                [
                    cell or ""
                    for cell in to_text(cells, raw.source.cell_encoding).cast(pa.string()).to_pylist()
                ]
                for cells in table.cells
            ]
            found.append((table.rows.tolist(), columns, table.unreadable))
            if sum(len(numbers) for numbers, _, _ in found) > LONGEST:
                break
    except UnicodeDecodeError as exc:
        raise undecodable(raw.source, declared=declared) from exc
    except OSError as exc:
        raise ReadError(
            f"the file could not be read to its end: {exc.strerror or exc}", file=raw.source.path
        ) from exc
    return found
