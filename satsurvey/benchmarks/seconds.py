"""A column of seconds from any table: the times, and what in the column is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from satsurvey.errors import ColumnsError, ReadError, shorten
from satsurvey.intake.formats.encodings import undecodable
from satsurvey.intake.formats.headings import ReadOptions, normalise_heading
from satsurvey.intake.ledger import Ledger, UnusedRow
from satsurvey.intake.numbers import to_numbers
from satsurvey.intake.reading import open_raw

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Seconds:
    """Times in seconds; NaN is a contact without an answer.

    Attributes
    ----------
    values
        float64, none negative.
    n_impossible
        Cells that were negative or no time; they are not among the values.
    ledger
        What became of every row.
    notes
        What the reader had to say.
    """

    values: Floats
    n_impossible: int = 0
    ledger: Ledger = field(default_factory=Ledger)
    notes: tuple[str, ...] = ()

    @classmethod
    def of_values(cls, values: Sequence[float] | Floats) -> Seconds:
        """Make times from numbers; negative and infinite ones are impossible."""
        given = np.asarray(values, dtype=np.float64).ravel()
        bad = (given < 0) | np.isinf(given)
        return cls(given[~bad], int(bad.sum()))


def read_seconds(
    path: str | Path, column: str, *, encoding: str | None = None, sheet: str | None = None
) -> Seconds:
    """Read a column of seconds; clock times and spelled-out times (05:12, 5分12秒) are understood.

    Raises
    ------
    ReadError, EncodingError
        The file cannot be read.
    ColumnsError
        It has no such column, or several.
    """
    wanted = normalise_heading(column)
    raw = open_raw(path, ReadOptions(encoding, None, sheet, None, frozenset({wanted})))
    places = [k for k, one in enumerate(raw.columns) if normalise_heading(one.heading) == wanted]
    if len(places) != 1:
        raise ColumnsError(
            f"no column is called {shorten(column)!r}" if not places else "two columns mean the same",
            file=raw.source.path,
            sheet=raw.source.sheet,
            row=raw.source.heading_row or None,
            value=shorten(", ".join(one.heading for one in raw.columns), 400),
            next_step="name one of these headings" if not places else "rename or remove one of them",
        )
    parts: list[Floats] = []
    unused: list[UnusedRow] = []
    n_rows = 0
    name, at = raw.source.name, raw.source.sheet
    try:
        for table in raw.tables():
            n_rows += table.rows.size + len(table.unreadable)
            unused += [UnusedRow(name, at, bad.row, "unreadable", bad.reason) for bad in table.unreadable]
            numbers, places_bad = to_numbers(table.cells[places[0]], raw.source.cell_encoding)
            bad = numbers < 0
            bad[places_bad] = True
            unused += [UnusedRow(name, at, int(row), "no_value") for row in table.rows[bad].tolist()]
            parts.append(numbers[~bad])
    except UnicodeDecodeError as exc:
        raise undecodable(raw.source, declared=encoding is not None) from exc
    except OSError as exc:
        raise ReadError(
            f"the file could not be read to its end: {exc.strerror or exc}", file=raw.source.path
        ) from exc
    values = np.concatenate(parts) if parts else np.zeros(0)
    if not values.size:
        raise ReadError("the column has no time in it", file=raw.source.path, column=column)
    impossible = sum(row.reason == "no_value" for row in unused)
    return Seconds(values, impossible, Ledger.of_file(name, at, n_rows, unused), raw.source.notes)
