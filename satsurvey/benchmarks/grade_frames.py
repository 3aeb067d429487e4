"""Grades as frames: a row per value, per line beside it, per figure that was refused, per metric in sum."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from satsurvey.benchmarks.differences import differences
from satsurvey.benchmarks.figures import Figures
from satsurvey.benchmarks.lines import REFUSALS, Cell, Comparison, Line, compare
from satsurvey.benchmarks.standings import GRADES, LADDER, Floats, Words, against, grade_at

BESIDE = ("standard", "top10", "own_target")
"""Tiers whose lines stand beside a grade."""
CELL = (
    *("metric", "channel", "industry", "customer_tier", "when", "route", "dimension", "statistic"),
    *("definition", "formula"),
)
"""The columns of measured values that decide which figures they are compared with."""
_LINES = (
    *("cell", "industry", "company", "channel", "metric", "value", "tier", "op", "line", "margin", "met"),
    *("standing", "used", "why", "figure", "source", "section", "year", "evidence", "kind", "scope"),
    *("handling", "conflict"),
)
_REFUSED = (
    *("metric", "channel", "industry", "statistic", "reason", "what", "n_values", "figure", "figure_metric"),
    *("figure_channel", "tier", "value", "unit", "source"),
)
SUMMARY_KEYS = ("channel", "metric", "statistic", "when", "customer_tier", "dimension")
"""What the rows of a summary are parted by."""


@dataclass(frozen=True)
class Part:
    """The values that are compared with the same figures."""

    cell: Cell
    rows: NDArray[np.int64]
    found: Comparison


def parts_of(frame: pd.DataFrame, figures: Figures) -> list[Part]:
    """Part measured values by what they are compared with, and find the figures of each part."""
    parts = []
    for keys, rows in frame.groupby(list(CELL), sort=False).indices.items():
        key: tuple[object, ...] = tuple(keys)  # type: ignore[arg-type]  # a tuple, as there are several names
        cell = Cell(**{name: str(part) for name, part in zip(CELL, key, strict=True)})
        parts.append(Part(cell, np.asarray(rows, dtype=np.int64), compare(cell, figures)))
    return parts


def graded_frame(frame: pd.DataFrame, parts: Iterable[Part], figures: Figures) -> pd.DataFrame:
    """Return measured values with their grades (`Grades.frame`)."""
    n = len(frame)
    texts = ("grade", "grade_low", "grade_high", "next_line", "next_figure", "figures", "differences", "why")
    words: dict[str, Words] = {name: np.full(n, "", dtype=object) for name in texts}
    certain = np.full(n, None, dtype=object)
    numbers: dict[str, Floats] = {
        name: np.full(n, np.nan) for name in ("next_value", "gap", *LADDER, *BESIDE)
    }
    beside: dict[str, Words | Floats] = {}
    for tier in BESIDE:
        beside[f"{tier}_met"] = np.full(n, None, dtype=object)
        beside[f"{tier}_margin"] = np.full(n, np.nan)
        beside[f"{tier}_standing"] = np.full(n, "", dtype=object)
    for part in parts:
        rows, found = part.rows, part.found
        better = figures.metrics[part.cell.metric].better
        value, low, high = _estimates(frame, part)
        bad, good = (high, low) if better == "lower" else (low, high)
        words["grade"][rows] = grades = grade_at(value, found, better)
        words["grade_low"][rows] = lowest = grade_at(bad, found, better)
        words["grade_high"][rows] = highest = grade_at(good, found, better)
        both = (lowest != "") & (highest != "")
        certain[rows[both]] = (lowest == highest)[both]
        for tier in LADDER:
            line = found.used(tier)
            if line is None:
                continue
            numbers[tier][rows] = line.figure.line
            compared = against(value, low, high, line.figure, better)
            # The first line of the ladder that is missed is the next one.
            missed = rows[(compared["met"] == False) & (words["next_line"][rows] == "")]  # noqa: E712
            words["next_line"][missed] = tier
            words["next_figure"][missed] = line.figure.id
            numbers["next_value"][missed] = line.figure.line
            numbers["gap"][missed] = np.abs(frame["value"].to_numpy(np.float64)[missed] - line.figure.line)
        for tier in BESIDE:
            line = found.used(tier)
            if line is not None:
                numbers[tier][rows] = line.figure.line
                for name, column in against(value, low, high, line.figure, better).items():
                    beside[f"{tier}_{name}"][rows] = column
        words["figures"][rows] = ", ".join(line.figure.id for line in found.used_lines)
        words["differences"][rows] = ", ".join(differences(part.cell, found, figures))
        lacking = "" if found.lines else found.obstacle(part.cell.metric) or "no_line"
        words["why"][rows] = np.where(np.isnan(value), "no_value", np.where(grades == "", lacking, ""))
    columns: dict[str, object] = {**words, "certain": certain, **numbers, **beside}
    return pd.concat([frame, pd.DataFrame(columns, index=frame.index)], axis=1)


def lines_frame(frame: pd.DataFrame, parts: Iterable[Part], figures: Figures) -> pd.DataFrame:
    """Return a row per value and figure that it may be compared with (`Grades.lines`)."""
    blocks = [_lines_of(frame, part, line, figures) for part in parts for line in part.found.lines]
    if not blocks:
        return pd.DataFrame(columns=list(_LINES))
    found = pd.concat(blocks, ignore_index=True)
    return found.sort_values("cell", kind="stable", ignore_index=True)[list(_LINES)]


def _lines_of(frame: pd.DataFrame, part: Part, line: Line, figures: Figures) -> pd.DataFrame:
    figure, conflict = line.figure, line.conflict
    value, low, high = _estimates(frame, part)
    rows = frame.iloc[part.rows]
    return pd.DataFrame(
        {
            "cell": part.rows,
            **{name: rows[name].to_numpy() for name in ("industry", "company", "channel")},
            "metric": part.cell.metric,
            "value": value,
            "tier": figure.tier,
            "op": figure.op,
            "line": figure.line,
            **against(value, low, high, figure, figures.metrics[part.cell.metric].better),
            "used": line.used,
            "why": line.why,
            "figure": figure.id,
            "source": figure.source,
            "section": figure.section,
            "year": figure.year,
            "evidence": figures.sources[figure.source].evidence,
            "kind": figure.kind,
            "scope": figure.scope.en,
            "handling": "" if conflict is None else conflict.handling,
            "conflict": "" if conflict is None else conflict.note.en,
        }
    )


def refused_frame(parts: Iterable[Part], figures: Figures) -> pd.DataFrame:
    """Return a row per metric, channel, industry and figure that was not compared (`Grades.refused`)."""
    rows = [
        {
            "metric": part.cell.metric,
            "channel": part.cell.channel,
            "industry": part.cell.industry,
            "statistic": part.cell.statistic,
            "reason": reason,
            "what": REFUSALS[reason][1],
            "n_values": part.rows.size,
            "figure": figure.id,
            "figure_metric": figure.metric,
            "figure_channel": figure.channel,
            "tier": figure.tier,
            "value": figure.line,
            "unit": figures.metrics[figure.metric].unit,
            "source": figure.source,
        }
        for part in parts
        for figure, reason in part.found.refused
    ]
    found = pd.DataFrame(rows, columns=list(_REFUSED))
    together = [name for name in _REFUSED if name != "n_values"]
    return found.groupby(together, sort=False, as_index=False).agg({"n_values": "sum"})[list(_REFUSED)]


def summary_frame(graded: pd.DataFrame) -> pd.DataFrame:
    """Count graded values by channel and metric (`Grades.summary`)."""
    known = graded[graded["value"].notna()]
    counts = {f"n_{grade}": (known["grade"] == grade).astype(np.int64) for grade in GRADES} | {
        "n_uncertain": (known["certain"] == False).astype(np.int64),  # noqa: E712
        **{f"n_{tier}": known[tier].notna().astype(np.int64) for tier in BESIDE},
        **{f"n_{tier}_met": (known[f"{tier}_met"] == True).astype(np.int64) for tier in BESIDE},  # noqa: E712
    }
    keys = list(SUMMARY_KEYS)
    grouped = known[keys].assign(**counts).groupby(keys, sort=False)
    sums = grouped.sum()
    compared = known.assign(compared=known["figures"] != "").groupby(keys, sort=False)
    made = pd.DataFrame(
        {
            "n": grouped.size(),
            "n_companies": known.groupby(keys, sort=False)["company"].nunique(),
            "n_compared": compared["compared"].sum(),
            "median": known.groupby(keys, sort=False)["value"].median(),
            "unit": known.groupby(keys, sort=False)["unit"].first(),
        }
    )
    return made.join(sums).reset_index()


def _estimates(frame: pd.DataFrame, part: Part) -> tuple[Floats, Floats, Floats]:
    """Return the values of a part with the ends of their intervals."""
    value, low, high = (
        frame[name].to_numpy(np.float64)[part.rows] for name in ("value", "ci_low", "ci_high")
    )
    return value, low, high
