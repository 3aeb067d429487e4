"""How a table is laid out: the table itself, and the body of columns that is filled from a frame."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import pandas as pd

from satsurvey.instrument.model import Dimension, Language, Rounding
from satsurvey.report.catalogue import translated
from satsurvey.report.cells import Column, Interval, Kind, RankSet, cell_text, figure_text, is_absent
from satsurvey.report.labels import LABELS


@dataclass(frozen=True)
class Table:
    """A table before it is drawn.

    Attributes
    ----------
    title
        What it shows.
    columns
        Its columns from left to right.
    rows
        The values at full precision, one per column (`cells` says which kinds there are).
    notes
        The sentences below it.
    footer
        A last row of totals, in the same columns, or ().
    groups
        The positions in `rows` where a new group begins, 0 left out.
    language, decimals, rule
        How it is written.
    group_titles
        The words above each group, those of the first included, or ().
    """

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[object, ...], ...]
    notes: tuple[str, ...] = ()
    footer: tuple[object, ...] = ()
    groups: tuple[int, ...] = ()
    language: Language = "zh"
    decimals: int = 2
    rule: Rounding = "half_up"
    group_titles: tuple[str, ...] = ()

    def headings(self) -> tuple[str, ...]:
        """Return the headings."""
        return tuple(column.heading(self.language) for column in self.columns)

    def text_of(self, row: Sequence[object]) -> tuple[str, ...]:
        """Write one row (or the footer) out."""
        return tuple(
            cell_text(value, column, self.decimals, self.rule, self.language)
            for column, value in zip(self.columns, row, strict=True)
        )


def named_column(
    key: str, kind: Kind, *, words: str = "", optional: int = 0, decimals: int | None = None, width: int = 0
) -> Column:
    """Make a column whose heading is in the labels; words stand left and figures right."""
    zh, en = LABELS.get(words or key, (key, key))
    align = "left" if kind in {"text", "word"} else "right"
    return Column(key, zh, en, kind, width, align, optional, decimals)  # type: ignore[arg-type]


@dataclass
class Body:
    """Columns with their values, filled one after the other from a frame."""

    frame: pd.DataFrame
    columns: list[Column] = field(default_factory=list)
    values: list[Sequence[object]] = field(default_factory=list)

    def put(self, column: Column, values: Sequence[object]) -> None:
        """Append a column with its values."""
        self.columns.append(column)
        self.values.append(values)

    def add(
        self,
        key: str,
        kind: Kind,
        *,
        words: str = "",
        optional: int = 0,
        decimals: int | None = None,
    ) -> None:
        """Append a column of the frame, if the frame has it."""
        if key in self.frame:
            values: Sequence[object] = (
                texts(self.frame, key) if kind in {"text", "word"} else listed(self.frame, key)
            )
            self.put(named_column(key, kind, words=words, optional=optional, decimals=decimals), values)

    def add_interval(self) -> None:
        """Append the score with its interval."""
        self.put(named_column("score", "interval", words="score_interval"), intervals(self.frame))

    def add_dimensions(self, dimensions: Sequence[Dimension], *, optional: int) -> None:
        """Append the dimensions, the last one the first to go where room is short."""
        for place, dimension in enumerate(dimensions):
            if dimension.code in self.frame:
                zh, en = dimension.text.get("zh"), dimension.text.get("en")
                heading = (zh or dimension.code, en or dimension.code)
                column = Column(dimension.code, *heading, "score", optional=optional + place)
                self.put(column, listed(self.frame, dimension.code))

    def add_precision(self) -> None:
        """Append what the narrow tables leave out of the precision of a score and of its rank."""
        self.add("std_error", "score", decimals=3)
        self.add("df", "ratio", decimals=1)
        self.add("n_effective", "ratio", decimals=1)
        self.add("design_effect", "ratio")
        self.add("expected_rank", "ratio", decimals=1)
        self.add("p_top_k", "probability")
        self.add("in_top_k", "flag")
        self.add("shrunken_score", "score")
        self.add("shrunken_std_error", "score", decimals=3)
        self.add("reliability", "ratio")

    def add_notes(self, language: Language) -> None:
        """Append the notes of the rows in a language, if there are any."""
        notes = texts(self.frame, "note")
        if any(notes):
            self.put(named_column("note", "text"), [translated(note, language) for note in notes])

    def rows(self) -> tuple[tuple[object, ...], ...]:
        """Return the values row by row."""
        return tuple(zip(*self.values, strict=True))

    def __iter__(self) -> Iterator[tuple[Column, Sequence[object]]]:
        return zip(self.columns, self.values, strict=True)


def texts(frame: pd.DataFrame, name: str, otherwise: str = "") -> list[str]:
    """Return a column of words as texts; `otherwise` where the column or the cell is absent or empty."""
    if name not in frame:
        return [otherwise] * len(frame)
    return [otherwise if is_absent(value) or value == "" else str(value) for value in frame[name].tolist()]


def listed(frame: pd.DataFrame, name: str) -> list[object]:
    """Return a column as plain values; None where there is no such column."""
    return list(frame[name].tolist()) if name in frame else [None] * len(frame)


def rank_sets(frame: pd.DataFrame, rank: str, low: str, high: str) -> list[RankSet]:
    """Return ranks with their sets, one per row."""
    parts = zip(listed(frame, rank), listed(frame, low), listed(frame, high), strict=True)
    return [RankSet(*part) for part in parts]


def leaves_the_scale(rows: Iterable[Sequence[object]], decimals: int, rule: Rounding) -> bool:
    """Tell whether an interval of the rows is printed with an end below 0 or above 100."""
    ends = (
        float(str(end))
        for row in rows
        for cell in row
        if isinstance(cell, Interval)
        for end in (cell.low, cell.high)
        if not is_absent(end)
    )
    # Few ends lie outside, and of those some are 100 again when they are printed.
    return any(
        not 0 <= end <= 100 and (math.isinf(end) or not 0 <= float(figure_text(end, decimals, rule)) <= 100)
        for end in ends
    )


def intervals(frame: pd.DataFrame) -> list[Interval]:
    """Return scores with their intervals, one per row."""
    parts = zip(listed(frame, "score"), listed(frame, "ci_low"), listed(frame, "ci_high"), strict=True)
    return [Interval(*part) for part in parts]
