"""Comments on their way from exports: texts with where they stand, who said them, and of which company."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from satsurvey.errors import ColumnsError, MethodError, ReadError, shorten
from satsurvey.instrument.library import load_instrument
from satsurvey.instrument.model import Instrument
from satsurvey.intake.binding import declared_names, match_heading
from satsurvey.intake.cells import FactorBuilder, to_text
from satsurvey.intake.formats.encodings import undecodable
from satsurvey.intake.formats.headings import ReadOptions, normalise_heading
from satsurvey.intake.ledger import Ledger, UnusedRow
from satsurvey.intake.raw import RawColumn, RawFile, RawTable, Source
from satsurvey.intake.reading import DEFAULT_INSTRUMENT, open_raw
from satsurvey.intake.responses import INVALID, Factor, Responses
from satsurvey.scoring.rescale import item_level_scores

Floats = NDArray[np.float64]

COMMENT_HEADINGS = (
    *(
        "评论",
        "评论内容",
        "评价",
        "评价内容",
        "意见",
        "建议",
        "意见与建议",
        "意见和建议",
        "意见建议",
        "客户意见",
    ),
    *("客户评价", "客户评论", "客户反馈", "反馈", "反馈内容", "留言", "留言内容", "原话", "客户原话", "原声"),
    *("开放题", "文本", "内容", "备注", "comment", "comments", "text", "verbatim", "verbatims", "review"),
    *("feedback", "remark", "remarks", "open answer"),
)
"""Headings that a column of comments is known by where nothing declares one."""


@dataclass(frozen=True)
class Question:
    """A column of comments: the code that the instrument knows it by, or "", and its heading."""

    code: str
    heading: str

    @property
    def name(self) -> str:
        """What the column is called in results: the code, or else the heading."""
        return self.code or self.heading


@dataclass(frozen=True)
class Comments:
    """N comments, those of one question after those of another.

    Attributes
    ----------
    texts
        As they were written; Arrow strings, null where the cell is absent.
    questions
        The columns they come from.
    question
        Position in `questions`, int16 of shape (N,).
    respondent
        Who said it: comments with the same number stand in one row; int64.
    row
        Row of the file as a spreadsheet counts it; for texts that come from no file the place, from 1.
    file
        Position in `files`; int16.
    files
        The exports; empty for texts that come from no file.
    company, industry
        Names by comment, or None.
    weight
        Interview weights, or None.
    score
        The respondent's own score, the mean of the items answered on 0-100; NaN where none was, None where
        the export has no items.
    ledger
        What became of the rows.
    notes
        Decisions taken while reading.
    """

    texts: pa.ChunkedArray
    questions: tuple[Question, ...]
    question: NDArray[np.int16]
    respondent: NDArray[np.int64]
    row: NDArray[np.int64]
    file: NDArray[np.int16]
    files: tuple[Source, ...] = ()
    company: Factor | None = None
    industry: Factor | None = None
    weight: Floats | None = None
    score: Floats | None = None
    ledger: Ledger = field(default_factory=Ledger)
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def missing(self) -> NDArray[np.bool_]:
        """Which cells are blank: absent, or nothing but white space."""
        blank = pc.fill_null(pc.match_substring_regex(self.texts, r"^\s*$"), True)
        found: NDArray[np.bool_] = blank.to_numpy()
        return found

    def batches(self, size: int) -> Iterator[tuple[int, pa.Array]]:
        """Yield stretches of the texts, each with the position of its first."""
        for first in range(0, len(self), size):
            yield first, self.texts.slice(first, size).combine_chunks()


def comments_of_texts(texts: Sequence[str | None]) -> Comments:
    """Take plain texts as comments of one unnamed question."""
    n = len(texts)
    return Comments(
        pa.chunked_array([_safe_strings(texts)], pa.string()),
        (Question("", ""),),
        np.zeros(n, np.int16),
        np.arange(n),
        np.arange(1, n + 1),
        np.zeros(n, np.int16),
    )


def _safe_strings(texts: Sequence[str | None]) -> pa.Array:
    try:
        return pa.array(texts, pa.string())
    except UnicodeEncodeError:
        # Halves of surrogate pairs have no place in UTF-8.
        return pa.array(
            [None if text is None else text.encode("utf-8", "replace").decode("utf-8") for text in texts],
            pa.string(),
        )


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
    elif bound:
        wanted = [(Question(code, responses.headings[code]), responses.texts[code]) for code in bound]
    else:
        name = _known_heading(open_raw(responses.files[0].path, _options(responses.files[0])))
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
    names = declared_names(instrument or load_instrument(DEFAULT_INSTRUMENT))
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
        chosen, why = _chosen_columns(raw, columns, names)
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
        tuple(questions.values()),
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


def is_survey(path: str | Path, instrument: Instrument, *, encoding: str | None, sheet: str | None) -> bool:
    """Whether the headings of a file name an item of the instrument and the company."""
    names = declared_names(instrument)
    raw = open_raw(path, ReadOptions(encoding, None, sheet, None, frozenset(names)))
    found = [match_heading(column.heading, names) for column in raw.columns]
    tables = {match[0] for match in found if match}
    return "items" in tables and any(
        match in {("roles", "company"), ("roles", "company_id")} for match in found
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


def _by_question(wanted: Sequence[tuple[Question, pa.ChunkedArray]], rows: Comments) -> Comments:
    """Put the columns of one survey one behind the other."""
    k = len(wanted)

    def repeated(factor: Factor | None) -> Factor | None:
        return None if factor is None else Factor(np.tile(factor.codes, k), factor.names)

    return Comments(
        pa.chunked_array([chunk for _, texts in wanted for chunk in texts.chunks], pa.string()),
        tuple(question for question, _ in wanted),
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
        position = _position(raw, heading)
        used = responses.row[responses.file == place]
        for table in raw.tables():
            kept = np.isin(table.rows, used)
            cells = to_text(table.cells[position], source.cell_encoding).cast(pa.string())
            parts.append(cells if kept.all() else cells.filter(pa.array(kept)))
    return Question("", heading), pa.chunked_array(parts, pa.string())


def _position(raw: RawFile, heading: str) -> int:
    same = [
        k for k, c in enumerate(raw.columns) if normalise_heading(c.heading) == normalise_heading(heading)
    ]
    if len(same) == 1:
        return same[0]
    raise ColumnsError(
        f"several columns have the heading {shorten(heading)!r}"
        if same
        else f"no column is called {shorten(heading)!r}",
        file=raw.source.path,
        sheet=raw.source.sheet,
        row=raw.source.heading_row or None,
        value=_listing(raw.columns),
        next_step="rename one of the columns" if same else "name one of these headings with --column",
    )


def _known_heading(raw: RawFile) -> str:
    known = {normalise_heading(name): k for k, name in reversed(list(enumerate(COMMENT_HEADINGS)))}
    found = [
        (known[normalise_heading(c.heading)], c.heading)
        for c in raw.columns
        if normalise_heading(c.heading) in known
    ]
    if not found:
        raise ColumnsError(
            "no column is known to hold comments",
            file=raw.source.path,
            sheet=raw.source.sheet,
            row=raw.source.heading_row or None,
            value=_listing(raw.columns),
            expected=f"a heading such as {', '.join(COMMENT_HEADINGS[:5])}",
            next_step="name the column with --column",
        )
    return min(found)[1]


def _chosen_columns(
    raw: RawFile, columns: Sequence[str], names: dict[str, tuple[str, str]]
) -> tuple[dict[int, Question], list[str]]:
    """Return the columns of comments by position, and what is to be said of the choice."""
    if columns:
        places = [_position(raw, heading) for heading in columns]
        if len(set(places)) < len(places):
            raise MethodError("a column was named twice", next_step="name every column once")
        return {place: Question("", raw.columns[place].heading) for place in places}, []
    declared: dict[int, Question] = {}
    instrument = load_instrument(DEFAULT_INSTRUMENT)
    comments = {outcome.code for outcome in instrument.outcomes if outcome.type == "comment"}
    for place, column in enumerate(raw.columns):
        match = match_heading(column.heading, names)
        if match is not None and match[0] == "outcomes" and match[1] in comments:
            declared[place] = Question(match[1], column.heading)
    if declared:
        return declared, []
    if len(raw.columns) == 1:
        return {0: Question("", raw.columns[0].heading)}, []
    heading = _known_heading(raw)
    return {_position(raw, heading): Question("", heading)}, [
        f"the column {heading} was read as comments, by its heading"
    ]


def _role_columns(columns: Sequence[RawColumn], names: dict[str, tuple[str, str]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for place, column in enumerate(columns):
        match = match_heading(column.heading, names)
        if match is not None and match[0] == "roles" and match[1] in {"company", "industry"}:
            found.setdefault(match[1], place)
    return found


def _listing(columns: Sequence[RawColumn]) -> str:
    return shorten(", ".join(column.heading for column in columns), 400)
