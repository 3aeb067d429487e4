"""Comments with where they stand and who said them, and the columns of files that hold some."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from satsurvey.errors import ColumnsError, shorten
from satsurvey.intake.formats.headings import normalise_heading
from satsurvey.intake.ledger import Ledger
from satsurvey.intake.personal_data import mask_personal_data
from satsurvey.intake.raw import RawColumn, RawFile, Source
from satsurvey.intake.responses import Factor

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
    companies
        Whether the companies stand for an industry ("sample") or are all of it ("census"), as in the scores.
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
    companies: Literal["sample", "census"] = "sample"

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


def position_of(raw: RawFile, heading: str) -> int:
    """Return the position of the one column with a heading.

    Raises
    ------
    ColumnsError
        There is none, or there are several.
    """
    same = [
        k for k, c in enumerate(raw.columns) if normalise_heading(c.heading) == normalise_heading(heading)
    ]
    if len(same) == 1:
        return same[0]
    raise ColumnsError(
        f"several columns have the heading {shorten(masked_heading(heading))!r}"
        if same
        else f"no column is called {shorten(masked_heading(heading))!r}",
        file=raw.source.path,
        sheet=raw.source.sheet,
        row=raw.source.heading_row or None,
        value=listed_headings(raw.columns),
        next_step="rename one of the columns" if same else "name one of these headings with --column",
    )


def known_heading(raw: RawFile) -> str:
    """Return the heading of a file that stands first in `COMMENT_HEADINGS`.

    Raises
    ------
    ColumnsError
        It has none of them.
    """
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
            value=listed_headings(raw.columns),
            expected=f"a heading such as {', '.join(COMMENT_HEADINGS[:5])}",
            next_step="name the column with --column",
        )
    return min(found)[1]


def masked_heading(heading: str) -> str:
    """Return a heading as it may be shown: where a file has none, what somebody said stands in its place."""
    return mask_personal_data(heading)[0]


def listed_headings(columns: Sequence[RawColumn]) -> str:
    """Return the headings of a file for a message, without personal data."""
    return shorten(", ".join(masked_heading(column.heading) for column in columns), 400)
