"""Values as people write them in tables: percent with and without its sign, times with and without unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from satsurvey.benchmarks.figures import Metric
from satsurvey.benchmarks.vocabulary import folded
from satsurvey.errors import shorten
from satsurvey.intake.answers import fold
from satsurvey.intake.numbers import read_number

Rates = Literal["percent", "share"]

_SECONDS: Mapping[str, float] = MappingProxyType(
    {
        **dict.fromkeys(("s", "sec", "second", "seconds", "秒"), 1.0),
        **dict.fromkeys(("min", "minute", "minutes", "分", "分钟"), 60.0),
        **dict.fromkeys(("h", "hour", "hours", "小时"), 3600.0),
    }
)
_PERCENT = frozenset({"%", "percent", "百分比", "pct"})
_SHARE = frozenset({"share", "ratio", "proportion", "比例", "小数"})
BLANK = frozenset({"", "-", "—", "--", "n/a", "na", "nan", "无", "缺失", "暂无", "无数据", "null", "none"})
"""Cells that say that there is no value."""


@dataclass(frozen=True)
class Quantity:
    """A value in the unit of its metric, or the reason why there is none.

    `value` is None where the cell is blank (`problem` "") or cannot be understood (`problem` a short word,
    `what` and `do` in a sentence each). `factor` turns further numbers of the row into the same unit.
    """

    value: float | None
    factor: float = 1.0
    problem: str = ""
    what: str = ""
    do: str = ""


def quantity(cell: str, metric: Metric, *, unit: str = "", rates: Rates | None = None) -> Quantity:
    """Read a value of a metric.

    Parameters
    ----------
    cell
        What stands in the table.
    metric
        What it is a value of.
    unit
        What stands in the column of units.
    rates
        What plain numbers of rates are, where nothing in the row says it.

    Returns
    -------
    Quantity
        Seconds, percent, or the metric's unit.

    Notes
    -----
    A rate with a percent sign is percent; without one it goes by the unit, then by `rates`; where neither
    says it, a number above 1 is percent (95 is 95 %), 0 is 0 in either, and a number above 0 and up to 1 is
    refused, because 0.95 may be 95 % and may be 0.95 %.

    Examples
    --------
    >>> metric = Metric(zh="率", en="rate", better="higher", unit="%")
    >>> quantity("95%", metric).value, quantity("95", metric).value, quantity("0.95", metric).problem
    (95.0, 95.0, 'ambiguous_rate')
    """
    text = fold(cell).strip()
    if folded(text) in BLANK or text in BLANK:
        return Quantity(None)
    word = folded(unit)
    if metric.unit == "s":
        found = _time(cell, text, word, unit)
    elif metric.is_rate:
        found = _rate(cell, text, word, unit, rates)
    else:
        found = _plain(cell, text, word, unit, metric)
    if found.value is None:
        return found
    if (metric.low is not None and found.value < metric.low) or (
        metric.high is not None and found.value > metric.high
    ):
        return Quantity(
            None,
            problem="impossible_value",
            what=f"{shorten(cell, 40)!r} is impossible for this metric",
            do="correct the cell",
        )
    return found


def _time(cell: str, text: str, word: str, unit: str) -> Quantity:
    if word and word not in _SECONDS:
        return _wrong_unit(unit, "s, min or h")
    factor = _SECONDS.get(word, 1.0)
    plain = read_number(text)
    if plain is not None:
        return Quantity(plain * factor, factor)
    spelled = read_number(text, seconds=True)
    return _no_number(cell) if spelled is None else Quantity(spelled)


def _rate(cell: str, text: str, word: str, unit: str, rates: Rates | None) -> Quantity:
    if word and word not in _PERCENT | _SHARE:
        return _wrong_unit(unit, "% or share")
    signed = text.endswith("%")
    number = read_number(text.removesuffix("%").strip())
    if number is None:
        return _no_number(cell)
    if signed:
        return Quantity(number)
    if word in _SHARE or (not word and rates == "share"):
        return Quantity(number * 100, 100.0)
    if word in _PERCENT or rates == "percent" or not 0 < abs(number) <= 1:
        return Quantity(number)
    return Quantity(
        None,
        problem="ambiguous_rate",
        what=f"{shorten(cell, 40)!r} may be a share of 1 or a percentage",
        do="write it with a percent sign, add a column unit with % or share, or say with --rates which it is",
    )


def _plain(cell: str, text: str, word: str, unit: str, metric: Metric) -> Quantity:
    if word and word != folded(metric.unit) and not (metric.unit == "points" and word in {"分", "point"}):
        return _wrong_unit(unit, metric.unit)
    number = read_number(text)
    return _no_number(cell) if number is None else Quantity(number)


def _no_number(cell: str) -> Quantity:
    return Quantity(
        None,
        problem="no_number",
        what=f"{shorten(cell, 40)!r} is no number",
        do="write a number, or leave the cell empty",
    )


def _wrong_unit(unit: str, expected: str) -> Quantity:
    return Quantity(
        None,
        problem="unknown_unit",
        what=f"{shorten(unit, 40)!r} is no unit of this metric",
        do=f"write {expected}",
    )
