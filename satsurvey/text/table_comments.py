"""Comments of plain tables: files with a column of comments that need not be exports of a survey."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from satsurvey.errors import MethodError, ReadError, shorten
from satsurvey.instrument.library import load_instrument
from satsurvey.instrument.model import Instrument
from satsurvey.intake.binding import declared_names, match_heading
from satsurvey.intake.cells import FactorBuilder, to_text
from satsurvey.intake.formats.encodings import undecodable
from satsurvey.intake.formats.headings import ReadOptions, normalise_heading
from satsurvey.intake.ledger import Ledger, UnusedRow
from satsurvey.intake.raw import RawColumn, RawFile, RawTable, Source
from satsurvey.intake.reading import DEFAULT_INSTRUMENT, open_raw
from satsurvey.intake.responses import Factor
from satsurvey.text.comment_columns import (
    COMMENT_HEADINGS,
    Comments,
    Question,
    known_heading,
    masked_heading,
    position_of,
)


def comments_of_files(
    paths: Sequence[str | Path],
    *,
    columns: Sequence[str] = (),
    encoding: str | None = None,
    sheet: str | None = None,
    instrument: Instrument | None = None,
    progress: Callable[[str], None] | None = None,
) -> Comments:
    """Read comments from files that need not be exports of a survey.

    Parameters
    ----------
    paths
        The files: CSV, Excel, SPSS, Stata or Parquet.
    columns
        Headings of the columns to read; by default those that the instrument declares as comments, else one
        with a heading of `COMMENT_HEADINGS`, else the only column of the file.
    encoding, sheet
        Where the automatic choice is wrong.
    instrument
        Whose names of company, industry and comments are known; default contact-centre-22.
    progress
        Called with the name of each file before it is read.

    Raises
    ------
    ReadError, EncodingError, ColumnsError
        A file cannot be read, or has no such column.
    """
    instrument = instrument or load_instrument(DEFAULT_INSTRUMENT)
    names = declared_names(instrument)
    comments = {outcome.code for outcome in instrument.outcomes if outcome.type == "comment"}
    known = frozenset((*names, *map(normalise_heading, (*COMMENT_HEADINGS, *columns))))
    files: list[Source] = []
    ledger = Ledger()
    notes: list[str] = []
    questions: dict[str, Question] = {}
    parts: list[tuple[str, pa.Array, NDArray[np.int64], NDArray[np.int64], int]] = []
    builders = {role: FactorBuilder(lambda text: " ".join(text.split())) for role in ("company", "industry")}
    seen: set[str] = set()
    rows_before = 0
    for path in paths:
        if progress:
            progress(Path(path).name)
        raw = open_raw(path, ReadOptions(encoding, None, sheet, None, known))
        chosen, why = _chosen_columns(raw, columns, names, comments)
        notes += why
        roles = _role_columns(raw.columns, names)
        rows_read, unused = 0, []
        for table in _tables(raw, declared=encoding is not None):
            rows_read += table.rows.size + len(table.unreadable)
            unused += [
                UnusedRow(raw.source.name, raw.source.sheet, bad.row, "unreadable", bad.reason)
                for bad in table.unreadable
            ]
            who = rows_before + np.arange(table.rows.size)
            rows_before += table.rows.size
            for position, question in chosen.items():
                questions.setdefault(question.name, question)
                cells = to_text(table.cells[position], raw.source.cell_encoding).cast(pa.string())
                parts.append((question.name, cells, table.rows, who, len(files)))
            for role, builder in builders.items():
                if role in roles:
                    seen.add(role)
                    cells = table.cells[roles[role]]
                    builder.add(builder.codes(cells, raw.source.cell_encoding))
                else:
                    builder.add(np.full(table.rows.size, -1, dtype=np.int32))
        files.append(raw.source)
        ledger += Ledger.of_file(raw.source.name, raw.source.sheet, rows_read, unused)
        notes += [f"{raw.source.name}: {note}" for note in raw.source.notes]
    order = list(questions)
    parts.sort(key=lambda part: order.index(part[0]))
    who = np.concatenate([np.zeros(0, np.int64), *(part[3] for part in parts)])
    factors = {role: Factor(*builders[role].finish()) for role in seen}
    return Comments(
        pa.chunked_array([part[1] for part in parts], pa.string()),
        tuple(Question(asked.code, masked_heading(asked.heading)) for asked in questions.values()),
        np.concatenate(
            [np.zeros(0, np.int16), *(np.full(len(p[1]), order.index(p[0]), np.int16) for p in parts)]
        ),
        who,
        np.concatenate([np.zeros(0, np.int64), *(part[2].astype(np.int64) for part in parts)]),
        np.concatenate([np.zeros(0, np.int16), *(np.full(len(p[1]), p[4], np.int16) for p in parts)]),
        tuple(files),
        factors["company"].take(who) if "company" in factors else None,
        factors["industry"].take(who) if "industry" in factors else None,
        ledger=ledger,
        notes=tuple(dict.fromkeys(notes)),
    )


def _tables(raw: RawFile, *, declared: bool) -> Iterator[RawTable]:
    try:
        yield from raw.tables()
    except UnicodeDecodeError as exc:
        raise undecodable(raw.source, declared=declared) from exc
    except OSError as exc:
        raise ReadError(
            f"the file could not be read to its end: {exc.strerror or exc}", file=raw.source.path
        ) from exc


def _chosen_columns(
    raw: RawFile, columns: Sequence[str], names: dict[str, tuple[str, str]], comments: Container[str]
) -> tuple[dict[int, Question], list[str]]:
    """Return the columns of comments by position, and what is to be said of the choice."""
    if columns:
        places = [position_of(raw, heading) for heading in columns]
        if len(set(places)) < len(places):
            raise MethodError("a column was named twice", next_step="name every column once")
        return {place: Question("", raw.columns[place].heading) for place in places}, []
    declared: dict[int, Question] = {}
    for place, column in enumerate(raw.columns):
        match = match_heading(column.heading, names)
        if match is not None and match[0] == "outcomes" and match[1] in comments:
            declared[place] = Question(match[1], column.heading)
    if declared:
        return declared, []
    if len(raw.columns) == 1:
        heading = raw.columns[0].heading
        known = normalise_heading(heading) in set(map(normalise_heading, COMMENT_HEADINGS))
        only = {0: Question("", heading)}
        if known or not raw.source.heading_row:
            return only, []
        # A file without headings has its first comment there, and nothing tells it from a heading.
        shown = shorten(masked_heading(heading), 60)
        return only, [
            f"the only column was read as comments, and its first cell {shown!r} as the heading; "
            "where that is a comment, put a row with a heading above it"
        ]
    heading = known_heading(raw)
    return {position_of(raw, heading): Question("", heading)}, [
        f"the column {heading} was read as comments, by its heading"
    ]


def _role_columns(columns: Sequence[RawColumn], names: dict[str, tuple[str, str]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for place, column in enumerate(columns):
        match = match_heading(column.heading, names)
        if match is not None and match[0] == "roles" and match[1] in {"company", "industry"}:
            found.setdefault(match[1], place)
    return found
