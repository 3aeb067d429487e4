"""What stands in one cell of a table and how it is written: kinds of column, values, texts."""

from __future__ import annotations

import math
import unicodedata
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from satsurvey.instrument.model import Language, Rounding
from satsurvey.report.labels import label
from satsurvey.report.rounding import round_text

Kind = Literal[
    "text",
    "word",
    "score",
    "interval",
    "integer",
    "rank",
    "rank_set",
    "probability",
    "share",
    "ratio",
    "flag",
]
"""`word` is a code of ours, printed in words (a tier); `share` is a part of one, printed in percent."""

Align = Literal["left", "right", "center"]
ABSENT = "—"
"""What an absent value prints as."""


@dataclass(frozen=True)
class Interval:
    """An estimate with its confidence interval, in points of 0-100."""

    value: object
    low: object
    high: object


@dataclass(frozen=True)
class RankSet:
    """A rank with its confidence set, both ends included."""

    rank: object
    low: object
    high: object


@dataclass(frozen=True)
class Withheld:
    """A value that is not published, with the reason (`n < 20`)."""

    reason: str


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes
    ----------
    key
        The word of the column vocabulary, or the code of a dimension.
    zh, en
        The heading.
    kind
        How its values are written.
    width
        The width to start from in a spreadsheet, in cells; 0 leaves it to the contents.
    align
        Where the values stand.
    optional
        0 for a column that is always shown. Where room is short, columns go from the largest number down.
    decimals
        Decimals of this column where they differ from those of the table.
    """

    key: str
    zh: str
    en: str
    kind: Kind = "text"
    width: int = 0
    align: Align = "right"
    optional: int = 0
    decimals: int | None = None

    def heading(self, language: Language) -> str:
        """Return the heading in a language."""
        return printable(self.zh if language == "zh" else self.en)


def is_absent(value: object) -> bool:
    """Tell whether a value is None, NaN or NA."""
    return (
        value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and math.isnan(value))
    )


def printable(text: str) -> str:
    """Return a text on one line that cannot steer a terminal.

    White space of any kind becomes a space. Control characters, format characters (among them those that
    turn the direction of writing) and halves of surrogate pairs become U+FFFD. Private-use characters stay,
    because files in GB18030 use them for rare names.
    """
    if text.isprintable():
        return text
    return "".join(_printable_character(character) for character in text)


def _printable_character(character: str) -> str:
    category = unicodedata.category(character)
    if category in {"Zs", "Zl", "Zp"} or character in "\t\n\r\v\f":
        return " "
    return "\N{REPLACEMENT CHARACTER}" if category in {"Cc", "Cf", "Cs"} else character


def display_width(text: str) -> int:
    """Count the cells a text takes where a Chinese character takes two and a combining mark none."""
    if text.isascii():
        return len(text)
    return sum(
        0
        if unicodedata.category(character) in {"Mn", "Me"}
        else (2 if unicodedata.east_asian_width(character) in "WF" else 1)
        for character in text
    )


def figure_text(value: float, decimals: int, rule: Rounding) -> str:
    """Write a number with a fixed count of decimals; infinity is a sign, an absent number is a dash."""
    return ABSENT if math.isnan(value) else round_text(value, decimals, rule)


def cell_text(value: object, column: Column, decimals: int, rule: Rounding, language: Language) -> str:
    """Write the value of a cell.

    Parameters
    ----------
    value
        The value at full precision: a plain value, an `Interval`, a `RankSet`, or `Withheld`.
    column
        The column it stands in.
    decimals, rule
        Decimals shown, and how the rest is cut (`half_up`, `half_even`, `truncate`).
    language
        "zh" or "en".

    Returns
    -------
    str
        One line. An absent value is "—" (nothing in a column of words); a withheld one adds its reason.
    """
    if column.decimals is not None:
        decimals = column.decimals
    if isinstance(value, Withheld):
        return f"{ABSENT} ({printable(value.reason)})" if value.reason else ABSENT
    if isinstance(value, Interval):
        return _interval_text(value, decimals, rule)
    if isinstance(value, RankSet):
        return _rank_text(value)
    if is_absent(value):
        return "" if column.kind in {"text", "word"} else ABSENT
    if column.kind == "flag":
        return label("yes" if value else "no", language)
    if column.kind == "word":
        return printable(label(str(value), language))
    if column.kind == "text" or isinstance(value, str):
        return printable(str(value))
    number = float(value)  # type: ignore[arg-type]  # pandas hands over numbers of many classes
    if math.isinf(number):
        return figure_text(number, decimals, rule)
    if column.kind in {"integer", "rank"}:
        return f"{round(number):,}"
    if column.kind == "probability":
        if 0 < number < 0.001:
            return "<0.001"
        return ">0.999" if 0.999 < number < 1 else figure_text(number, 3, rule)
    if column.kind == "share":
        return f"{figure_text(number * 100, 1, rule)}%"
    return figure_text(number, decimals, rule)


def _interval_text(value: Interval, decimals: int, rule: Rounding) -> str:
    if is_absent(value.value):
        return ABSENT
    point, low, high = (
        ABSENT if is_absent(part) else figure_text(float(part), decimals, rule)  # type: ignore[arg-type]
        for part in (value.value, value.low, value.high)
    )
    return f"{point} [{low}, {high}]" if (low, high) != (ABSENT, ABSENT) else f"{point} [{ABSENT}]"


def _rank_text(value: RankSet) -> str:
    if is_absent(value.rank):
        return ABSENT
    rank, low, high = (
        ABSENT if is_absent(part) else f"{round(float(part)):,}"  # type: ignore[arg-type]
        for part in (value.rank, value.low, value.high)
    )
    return rank if (low, high) == (ABSENT, ABSENT) else f"{rank} [{low}–{high}]"
