"""Comments of surveys: what respondents said beside their answers, with company, weight and score."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from satsurvey.errors import MethodError
from satsurvey.instrument.model import Instrument
from satsurvey.intake.binding import declared_names, match_heading
from satsurvey.intake.cells import to_text
from satsurvey.intake.formats.headings import ReadOptions, normalise_heading
from satsurvey.intake.raw import Source
from satsurvey.intake.reading import open_raw
from satsurvey.intake.responses import INVALID, Factor, Responses
from satsurvey.scoring.rescale import item_level_scores
from satsurvey.text.comment_columns import (
    Comments,
    Question,
    known_heading,
    masked_heading,
    position_of,
)

Floats = NDArray[np.float64]


def comments_of_responses(
    responses: Responses, *, columns: Sequence[str] = (), progress: Callable[[str], None] | None = None
) -> Comments:
    """Take the comments of a survey.

    Parameters
    ----------
    responses
        The survey.
    columns
        Headings or codes of the columns to read; by default those that the instrument declares as comments,
        else one with a heading of `COMMENT_HEADINGS`.
    progress
        Called with the name of each file that has to be read once more, for a column that the instrument does
        not know.

    Raises
    ------
    ColumnsError
        There is no such column.
    MethodError
        A column is named twice, be it once by its code and once by its heading.
    """
    codes = [outcome.code for outcome in responses.instrument.outcomes if outcome.type == "comment"]
    bound = [code for code in codes if code in responses.texts]
    wanted: list[tuple[Question, pa.ChunkedArray]] = []
    notes: list[str] = []
    if columns:
        by_name = {
            normalise_heading(name): code for code in bound for name in (code, responses.headings[code])
        }
        for name in columns:
            code = by_name.get(normalise_heading(name))
            if code is not None:
                wanted.append((Question(code, responses.headings[code]), responses.texts[code]))
            else:
                wanted.append(_unbound_column(responses, name, progress))
        asked = {(question.code, normalise_heading(question.heading)) for question, _ in wanted}
        if len(asked) < len(wanted):
            raise MethodError("a column was named twice", next_step="name every column once")
    elif bound:
        wanted = [(Question(code, responses.headings[code]), responses.texts[code]) for code in bound]
    else:
        name = known_heading(open_raw(responses.files[0].path, _options(responses.files[0])))
        wanted = [_unbound_column(responses, name, progress)]
        notes.append(f"the column {name} was read as comments, by its heading")
    return _by_question(
        wanted,
        Comments(
            pa.chunked_array([], pa.string()),
            (),
            np.zeros(0, np.int16),
            np.arange(len(responses)),
            responses.row.astype(np.int64),
            responses.file,
            responses.files,
            responses.company if responses.company.names else None,
            responses.industry,
            responses.weight,
            respondent_scores(responses),
            responses.ledger,
            (*notes, *responses.notes),
            responses.scoring.companies,
        ),
    )


def has_comments(responses: Responses) -> bool:
    """Whether the instrument declares a column of the export as comments."""
    codes = {outcome.code for outcome in responses.instrument.outcomes if outcome.type == "comment"}
    return bool(codes & set(responses.texts))


def respondent_scores(responses: Responses) -> Floats:
    """Return each respondent's mean over the items answered, 0-100; NaN where none was.

    Every item counts once, whatever its dimension: the measure that comments are held against, not the score
    that is published.
    """
    method = responses.scoring.conversion or responses.instrument.scoring.conversion
    levels = item_level_scores(responses.instrument, responses.scales, method)
    total, n = np.zeros(len(responses)), np.zeros(len(responses), dtype=np.int64)
    table = np.zeros(256)
    for answers, scores in zip(responses.answers, levels, strict=True):
        table[:] = 0
        table[: scores.size] = scores
        total += table[answers]
        n += answers < min(scores.size, INVALID)
    with np.errstate(invalid="ignore"):
        return np.asarray(total / np.where(n > 0, n, np.nan), dtype=np.float64)


def is_survey(path: str | Path, instrument: Instrument, *, encoding: str | None, sheet: str | None) -> bool:
    """Whether the headings of a file name an item of the instrument and the company."""
    names = declared_names(instrument)
    raw = open_raw(path, ReadOptions(encoding, None, sheet, None, frozenset(names)))
    found = [match_heading(column.heading, names) for column in raw.columns]
    tables = {match[0] for match in found if match}
    return "items" in tables and any(
        match in {("roles", "company"), ("roles", "company_id")} for match in found
    )


def _by_question(wanted: Sequence[tuple[Question, pa.ChunkedArray]], rows: Comments) -> Comments:
    """Put the columns of one survey one behind the other."""
    k = len(wanted)

    def repeated(factor: Factor | None) -> Factor | None:
        return None if factor is None else Factor(np.tile(factor.codes, k), factor.names)

    return Comments(
        pa.chunked_array([chunk for _, texts in wanted for chunk in texts.chunks], pa.string()),
        tuple(Question(question.code, masked_heading(question.heading)) for question, _ in wanted),
        np.repeat(np.arange(k, dtype=np.int16), rows.row.size),
        np.tile(rows.respondent, k),
        np.tile(rows.row, k),
        np.tile(rows.file, k),
        rows.files,
        repeated(rows.company),
        repeated(rows.industry),
        None if rows.weight is None else np.tile(rows.weight, k),
        None if rows.score is None else np.tile(rows.score, k),
        rows.ledger,
        rows.notes,
        rows.companies,
    )


def _options(source: Source) -> ReadOptions:
    """Read a file once more as it was read."""
    return ReadOptions(
        encoding=source.encoding if source.format in {"csv", "tsv"} else None,
        delimiter=source.delimiter,
        sheet=source.sheet,
        heading_row=source.heading_row or None,
    )


def _unbound_column(
    responses: Responses, heading: str, progress: Callable[[str], None] | None
) -> tuple[Question, pa.ChunkedArray]:
    """Read a column that the survey was read without, for the rows that are used."""
    parts = []
    for place, source in enumerate(responses.files):
        if progress:
            progress(source.name)
        raw = open_raw(source.path, _options(source))
        position = position_of(raw, heading)
        used = responses.row[responses.file == place]
        for table in raw.tables():
            kept = np.isin(table.rows, used)
            cells = to_text(table.cells[position], source.cell_encoding).cast(pa.string())
            parts.append(cells if kept.all() else cells.filter(pa.array(kept)))
    return Question("", heading), pa.chunked_array(parts, pa.string())
