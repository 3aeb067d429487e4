"""One row of a table of measured values, understood: metric, statistic, value, interval, or what is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from satsurvey.benchmarks.figures import Figures, Metric
from satsurvey.benchmarks.quantities import BLANK, Rates, quantity
from satsurvey.benchmarks.vocabulary import channel_of, folded, occasion_of, route_of
from satsurvey.errors import shorten
from satsurvey.intake.answers import fold
from satsurvey.intake.numbers import read_number
from satsurvey.scoring.intervals import wilson
from satsurvey.service.kpi_formulas import KPI_METRICS

WITHIN_TARGET = "share_within_target"
STATISTICS: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("mean", "average", "avg", "均值", "平均", "平均值"), "mean"),
        **dict.fromkeys(("median", "p50", "中位数"), "median"),
        **dict.fromkeys(("p90", "第90百分位", "90分位"), "p90"),
        **dict.fromkeys(("rate", "share", "比率", "占比"), "rate"),
        **dict.fromkeys(map(folded, (WITHIN_TARGET, "达标占比")), WITHIN_TARGET),
    }
)
"""What tables write for a statistic, folded."""
Problem = tuple[str, str, str]
"""A short reason, what is wrong, what to do."""

_KEY_FIGURES = frozenset(folded(name) for code, words in KPI_METRICS.items() for name in (code, *words))
_LIST = "satsurvey benchmark figures lists what is published"


def measured_row(
    cells: Mapping[str, str], figures: Figures, rates: Rates | None, level: float
) -> tuple[dict[str, object], Problem | None]:
    """Read one row of a table of measured values.

    Parameters
    ----------
    cells
        What stands in the columns of `measured.HEADINGS` that the table has.
    figures, rates, level
        As `measured.read_measured` takes them.

    Returns
    -------
    tuple
        The columns of `measured.COLUMNS` but file and row, and None; or {} and the reason, what is wrong and
        what to do.
    """
    word = cells["metric"]
    code = figures.metric_of(word)
    if code is None or not figures.metrics[code].family:
        return {}, _no_metric(word, code, figures)
    metric = figures.metrics[code]
    statistic = STATISTICS.get(folded(cells.get("statistic", "")), fold(cells.get("statistic", "")))
    if statistic not in ("", *STATISTICS.values()):
        return {}, (
            "unknown_statistic",
            f"lines are not published for the statistic {shorten(statistic, 40)!r}",
            "give the mean, median, p90 or rate",
        )
    if statistic == WITHIN_TARGET or (statistic == "rate" and not metric.is_rate):
        return {}, (
            "other_statistic",
            "a share of contacts is no value of this metric",
            "give it as SLA attainment, or leave it out",
        )
    route, when = route_of(cells.get("route", "")), occasion_of(cells.get("when", ""))
    if route is None:
        word = shorten(cells["route"], 40)
        return {}, (
            "unknown_route",
            f"{word!r} is no way of measuring",
            "write survey, self_report or expert",
        )
    if when is None:
        word = shorten(cells["when"], 40)
        return {}, (
            "unknown_occasion",
            f"{word!r} is no occasion",
            "write promotion_day, peak_hours or nothing",
        )
    found = quantity(cells["value"], metric, unit=cells.get("unit", ""), rates=rates)
    if found.problem:
        return {}, (found.problem, found.what, found.do)
    value = np.nan if found.value is None else found.value
    notes: list[str] = []
    numbers = {
        name: _number(cells.get(name, ""), name, notes) for name in ("n", "std_error", "ci_low", "ci_high")
    }
    low, high, interval = _interval(value, numbers, found.factor, metric, level, notes)
    return {
        "industry": cells.get("industry", ""),
        "company": cells.get("company", ""),
        "channel": channel_of(cells.get("channel", "")),
        "customer_tier": fold(cells.get("customer_tier", "")),
        "metric": code,
        "statistic": statistic,
        "value": value,
        "unit": metric.unit,
        "n": numbers["n"],
        "ci_low": low,
        "ci_high": high,
        "interval": interval,
        "definition": cells.get("definition", ""),
        "formula": cells.get("formula", ""),
        "route": route or metric.route,
        "when": when,
        "dimension": cells.get("dimension", "").upper(),
        "note": "; ".join(notes),
    }, None


def _no_metric(word: str, code: str | None, figures: Figures) -> Problem:
    if folded(word) in _KEY_FIGURES:
        return (
            "nothing_published",
            "nothing is published for this metric",
            "give a line of your own, or leave it out",
        )
    near = figures.nearest_metrics(word)
    what = f"no metric is called {shorten(word, 40)!r}" if code is None else f"nobody is graded by {code}"
    return ("unknown_metric", what, f"did you mean {', '.join(near)}?" if near else _LIST)


def _number(cell: str, name: str, notes: list[str]) -> float:
    text = fold(cell)
    if text in BLANK:
        return float("nan")
    number = read_number(text.removesuffix("%"))
    if number is None or (name in ("n", "std_error") and number < 0):
        notes.append(f"{name} is no number that can be used: {shorten(cell, 40)!r}")
        return float("nan")
    return number


def _interval(
    value: float, numbers: Mapping[str, float], factor: float, metric: Metric, level: float, notes: list[str]
) -> tuple[float, float, str]:
    """Return the interval of a value: the one given, from its standard error, or Wilson's from its number."""
    nan = float("nan")
    if np.isnan(value):
        return nan, nan, ""
    low, high = numbers["ci_low"] * factor, numbers["ci_high"] * factor
    if not np.isnan(low) and not np.isnan(high):
        if low <= value <= high:
            return low, high, "given"
        notes.append("the interval given does not hold the value; it was not used")
    elif numbers["std_error"] > 0:
        from scipy.special import ndtri

        half = float(ndtri(0.5 + level / 2)) * numbers["std_error"] * factor
        return value - half, value + half, "std_error"
    if metric.is_rate and is_proportion(metric) and numbers["n"] >= 1:
        bottom, top = wilson(np.array([value / 100]), np.array([numbers["n"]]), level=level)
        return float(bottom[0]) * 100, float(top[0]) * 100, "wilson"
    return nan, nan, ""


def is_proportion(metric: Metric) -> bool:
    """Tell whether a rate is a share of so many contacts, whose number gives its interval."""
    return metric.is_rate and (metric.low, metric.high) == (0, 100) and metric.family not in ("cost", "staff")
