"""Where values stand against lines: met or not, how clearly, and the grade that follows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from satsurvey.benchmarks.figures import Better, Figure
from satsurvey.benchmarks.lines import Comparison

GRADES = ("below_basic", "basic", "excellent", "not_excellent", "basic_or_better")
"""From the lowest to the highest; the last two where only one of the lines is published."""
STANDINGS = ("clearly_better", "at_the_line", "clearly_worse", "no_interval")
"""Where the interval of a value lies: wholly on the good side of a line, across it, on the bad side."""
LADDER = ("basic", "excellent")
"""The tiers of lines that make grades, the lowest first."""

Floats = NDArray[np.float64]
Words = NDArray[np.object_]


def meets(value: Floats, figure: Figure, better: Better) -> NDArray[np.bool_]:
    """Tell which values meet a line; an observed figure is met by what is as good."""
    if figure.op == "<" and better == "lower":
        return value < figure.line
    if figure.op == ">" and better == "higher":
        return value > figure.line
    return value <= figure.line if better == "lower" else value >= figure.line


def against(
    value: Floats, low: Floats, high: Floats, figure: Figure, better: Better
) -> dict[str, Words | Floats]:
    """Compare values and the ends of their intervals with a line.

    Returns
    -------
    dict
        `margin` (positive: better than the line; the difference where neither way is better), `met` (True,
        False, None where the value is absent or neither way is better), `standing` (one of `STANDINGS`, "").
    """
    if better == "context":
        blank, words = np.full(value.size, None, dtype=object), np.full(value.size, "", dtype=object)
        return {"margin": value - figure.line, "met": blank, "standing": words}
    known = ~np.isnan(value)
    good, bad = (low, high) if better == "lower" else (high, low)
    standing = np.where(
        np.isnan(low) | np.isnan(high),
        "no_interval",
        np.where(
            meets(bad, figure, better),
            "clearly_better",
            np.where(meets(good, figure, better), "at_the_line", "clearly_worse"),
        ),
    )
    met = meets(value, figure, better).astype(object)
    met[~known] = None
    return {
        "margin": figure.line - value if better == "lower" else value - figure.line,
        "met": met,
        "standing": np.where(known, standing, "").astype(object),
    }


def grade_at(value: Floats, found: Comparison, better: Better) -> Words:
    """Return the grade of values, "" where they are absent or no line is published."""
    lines = {tier: found.used(tier) for tier in LADDER}
    basic, excellent = lines["basic"], lines["excellent"]
    grades = np.full(value.size, "", dtype=object)
    known = ~np.isnan(value)
    if better == "context" or (basic is None and excellent is None):
        return grades
    if basic is not None:
        met = meets(value, basic.figure, better)
        above = "basic" if excellent is not None else "basic_or_better"
        grades[known] = np.where(met, above, "below_basic")[known]
    else:
        grades[known] = "not_excellent"
    if excellent is not None:
        grades[known & meets(value, excellent.figure, better)] = "excellent"
    return grades
