"""Measured values graded by published figures: below basic, basic, excellent, with gap and uncertainty."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from satsurvey.benchmarks.figures import Figure, Figures, load_figures
from satsurvey.benchmarks.lines import REFUSALS, Cell, Comparison, Line, compare
from satsurvey.benchmarks.measured import Measured, measured_of_frame, measured_of_kpis
from satsurvey.benchmarks.quantities import Rates
from satsurvey.benchmarks.vocabulary import INDUSTRIES, industry_of, nearest
from satsurvey.errors import MethodError
from satsurvey.intake.ledger import Ledger
from satsurvey.service.kpis import Kpis

GRADES = ("below_basic", "basic", "excellent", "not_excellent", "basic_or_better")
"""From the lowest to the highest; the last two where only one of the lines is published."""
STANDINGS = ("clearly_better", "at_the_line", "clearly_worse", "no_interval")
"""Where the interval of a value lies: wholly on the good side of a line, across it, on the bad side."""
_LADDER = ("basic", "excellent")
_BESIDE = ("standard", "top10", "own_target")

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Grades:
    """Measured values with their grades.

    Attributes
    ----------
    frame
        One row per measured value: the columns of `Measured.frame`, then grade (one of `GRADES`, "" where no
        line is published or the value is absent), grade_low and grade_high (at the bad and the good end of
        the interval), certain (whether they agree; None without an interval), next_line, next_value, gap
        (what is missing to the next line, in the unit, positive; 0 is never printed as missing: the gap of a
        line that must be exceeded is at least the distance), next_figure; for basic, excellent, standard,
        top10 and own_target the value of the line used, and for the last three also …_met, …_margin
        (positive: better than the line), …_standing; figures (ids of the lines used), why (where no grade).
    lines
        One row per value and published figure it may be compared with: `cell` (place in `frame`), industry,
        company, channel, metric, value, tier, op, line, margin, met, standing, used, why, figure, source,
        section, year, evidence, kind, scope, handling and conflict (where sources disagree).
    refused
        One row per metric, channel, industry and figure that was not compared: reason, what, n_values,
        metric and channel of both sides, figure, value of the figure, source.
    unusable
        Rows of the input that could not be understood.
    ledger
        What became of every row.
    figures
        The figures used.
    method, notes
        Choices, and what a reader must know.
    """

    frame: pd.DataFrame
    lines: pd.DataFrame
    refused: pd.DataFrame
    unusable: pd.DataFrame
    ledger: Ledger
    figures: Figures
    method: Mapping[str, object] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def grade(
    measured: Measured | Kpis | pd.DataFrame,
    *,
    industry: str | None = None,
    figures: Figures | None = None,
    level: float = 0.95,
    statistic: str = "mean",
    rates: Rates | None = None,
) -> Grades:
    """Grade measured values by published figures.

    Parameters
    ----------
    measured
        Values read by `read_measured`, key figures of service records by company and channel, or a frame with
        columns company, channel, metric, value and, where known, n, unit, definition, route, industry, when.
    industry
        Industry of the values that name none; lines for other industries are refused.
    figures
        The figures (`load_figures`); None: the published ones.
    level
        Confidence level of the intervals made here (of rates from their n, else from standard errors).
    statistic
        Which statistic of times is graded, where there are several (key figures).
    rates
        What plain numbers between 0 and 1 are in a frame: "percent" or "share".

    Returns
    -------
    Grades

    Raises
    ------
    MethodError
        The industry is not known, or the level or statistic is none.

    Notes
    -----
    A value has the grade of the highest line that it meets. It is `clearly_better` than a line where its
    whole interval meets it, `clearly_worse` where no point of the interval does, else `at_the_line`: the
    grade could be the other one. A rate is never compared with an index, the net promoter score with neither,
    and values of different definitions, routes or sets of channels with each other: these figures are in
    `refused`.

    Examples
    --------
    >>> frame = pd.DataFrame({"company": ["甲"], "channel": ["phone"], "metric": ["first_response_time"],
    ...                       "value": [45.0]})
    >>> row = grade(frame).frame.iloc[0]
    >>> row["grade"], float(row["gap"]), row["next_figure"]
    ('basic', 15.0, 'two-tier-2026:08')
    """
    figures = figures or load_figures()
    code = _industry(industry)
    if not 0 < level < 1:
        raise MethodError("a confidence level lies between 0 and 1", value=level, expected="such as 0.95")
    if statistic not in ("mean", "median", "p90"):
        raise MethodError(
            "no such statistic of times can be graded", value=statistic, expected="mean, median, p90"
        )
    if isinstance(measured, pd.DataFrame):
        measured = measured_of_frame(measured, figures=figures, rates=rates, level=level)
    elif isinstance(measured, Kpis):
        measured = measured_of_kpis(measured, statistic=statistic, figures=figures)
    frame = measured.frame.reset_index(drop=True)
    if code:
        frame = frame.assign(industry=frame["industry"].where(frame["industry"] != "", code))
    parts = _parts(frame, figures)
    graded = _graded(frame, parts, figures)
    return Grades(
        frame=graded,
        lines=_lines_frame(frame, parts, figures),
        refused=_refused_frame(parts, figures),
        unusable=measured.unusable,
        ledger=measured.ledger,
        figures=figures,
        method={
            "level": level,
            "industry": code,
            "statistic_of_times": statistic,
            "line_between_disagreeing_sources": "stricter",
            "n_figures": len(figures),
        },
        notes=(*measured.notes, *_notes(frame, graded, parts)),
    )


def _industry(word: str | None) -> str:
    if not word:
        return ""
    code = industry_of(word)
    if code is None:
        names = {name: c for c, pair in INDUSTRIES.items() for name in (c, *pair)}
        near = nearest(word, names)
        raise MethodError(
            "nothing is published for an industry of this name",
            value=word,
            expected=", ".join(near or INDUSTRIES),
            next_step="leave the industry out to use the lines for all industries",
        )
    return code


@dataclass(frozen=True)
class _Part:
    """The values that are compared with the same figures."""

    cell: Cell
    rows: NDArray[np.int64]
    found: Comparison


def _parts(frame: pd.DataFrame, figures: Figures) -> list[_Part]:
    names = ["metric", "channel", "industry", "customer_tier", "when", "route", "dimension", "statistic"]
    names += ["definition", "formula"]
    parts = []
    for keys, rows in frame.groupby(names, sort=False).indices.items():
        key: tuple[object, ...] = tuple(keys)  # type: ignore[arg-type]  # a tuple, as there are several names
        cell = Cell(**{name: str(part) for name, part in zip(names, key, strict=True)})
        parts.append(_Part(cell, np.asarray(rows, dtype=np.int64), compare(cell, figures)))
    return parts


def _meets(value: Floats, figure: Figure, better: str) -> NDArray[np.bool_]:
    """Tell which values meet a line; an observed figure is met by what is as good."""
    if figure.op == "<" and better == "lower":
        return value < figure.line
    if figure.op == ">" and better == "higher":
        return value > figure.line
    return value <= figure.line if better == "lower" else value >= figure.line


def _against(
    frame: pd.DataFrame, part: _Part, line: Line, better: str
) -> dict[str, NDArray[np.object_] | Floats]:
    """Compare the values of a part with one line: margin, whether it is met, and how clearly."""
    value, low, high = (
        frame[name].to_numpy(np.float64)[part.rows] for name in ("value", "ci_low", "ci_high")
    )
    figure = line.figure
    known = ~np.isnan(value)
    if better == "context":
        blank = np.full(value.size, None, dtype=object)
        return {
            "margin": value - figure.line,
            "met": blank,
            "standing": np.full(value.size, "", dtype=object),
        }
    margin = figure.line - value if better == "lower" else value - figure.line
    good, bad = (low, high) if better == "lower" else (high, low)
    standing = np.where(
        np.isnan(low) | np.isnan(high),
        "no_interval",
        np.where(
            _meets(bad, figure, better),
            "clearly_better",
            np.where(_meets(good, figure, better), "at_the_line", "clearly_worse"),
        ),
    )
    met = _meets(value, figure, better).astype(object)
    met[~known] = None
    return {
        "margin": margin,
        "met": met,
        "standing": np.where(known, standing, "").astype(object),
    }


def _grade_at(value: Floats, found: Comparison, better: str) -> NDArray[np.object_]:
    """Return the grade of values, "" where they are absent or no line is published."""
    lines = {tier: found.used(tier) for tier in _LADDER}
    basic, excellent = lines["basic"], lines["excellent"]
    grades = np.full(value.size, "", dtype=object)
    known = ~np.isnan(value)
    if better == "context" or (basic is None and excellent is None):
        return grades
    if basic is not None:
        met = _meets(value, basic.figure, better)
        above = "basic" if excellent is not None else "basic_or_better"
        grades[known] = np.where(met, above, "below_basic")[known]
    else:
        grades[known] = "not_excellent"
    if excellent is not None:
        grades[known & _meets(value, excellent.figure, better)] = "excellent"
    return grades


def _graded(frame: pd.DataFrame, parts: Iterable[_Part], figures: Figures) -> pd.DataFrame:
    n = len(frame)
    texts = ("grade", "grade_low", "grade_high", "next_line", "next_figure", "figures", "why")
    words: dict[str, NDArray[np.object_]] = {name: np.full(n, "", dtype=object) for name in texts}
    certain = np.full(n, None, dtype=object)
    numbers: dict[str, Floats] = {
        name: np.full(n, np.nan) for name in ("next_value", "gap", *_LADDER, *_BESIDE)
    }
    beside: dict[str, NDArray[np.object_] | Floats] = {}
    for tier in _BESIDE:
        beside[f"{tier}_met"] = np.full(n, None, dtype=object)
        beside[f"{tier}_margin"] = np.full(n, np.nan)
        beside[f"{tier}_standing"] = np.full(n, "", dtype=object)
    for part in parts:
        rows, found = part.rows, part.found
        better = figures.metrics[part.cell.metric].better
        value, low, high = (frame[name].to_numpy(np.float64)[rows] for name in ("value", "ci_low", "ci_high"))
        bad, good = (high, low) if better == "lower" else (low, high)
        words["grade"][rows] = grades = _grade_at(value, found, better)
        words["grade_low"][rows] = lowest = _grade_at(bad, found, better)
        words["grade_high"][rows] = highest = _grade_at(good, found, better)
        both = (lowest != "") & (highest != "")
        certain[rows[both]] = (lowest == highest)[both]
        for tier in _LADDER:
            line = found.used(tier)
            if line is None:
                continue
            numbers[tier][rows] = line.figure.line
            compared = _against(frame, part, line, better)
            # The first line of the ladder that is missed is the next one.
            missed = rows[(compared["met"] == False) & (words["next_line"][rows] == "")]  # noqa: E712
            words["next_line"][missed] = tier
            words["next_figure"][missed] = line.figure.id
            numbers["next_value"][missed] = line.figure.line
            numbers["gap"][missed] = np.abs(frame["value"].to_numpy(np.float64)[missed] - line.figure.line)
        for tier in _BESIDE:
            line = found.used(tier)
            if line is not None:
                numbers[tier][rows] = line.figure.line
                for name, column in _against(frame, part, line, better).items():
                    beside[f"{tier}_{name}"][rows] = column
        used = [line.figure.id for line in found.lines if line.used]
        words["figures"][rows] = ", ".join(used)
        words["why"][rows] = np.where(
            np.isnan(value), "no_value", np.where(grades == "", "" if used else "no_line", "")
        )
    columns: dict[str, object] = {**words, "certain": certain, **numbers, **beside}
    return pd.concat([frame, pd.DataFrame(columns, index=frame.index)], axis=1)


_LINES = (
    *("cell", "industry", "company", "channel", "metric", "value", "tier", "op", "line", "margin", "met"),
    *("standing", "used", "why", "figure", "source", "section", "year", "evidence", "kind", "scope"),
    *("handling", "conflict"),
)


def _lines_frame(frame: pd.DataFrame, parts: Iterable[_Part], figures: Figures) -> pd.DataFrame:
    blocks = []
    for part in parts:
        better = figures.metrics[part.cell.metric].better
        rows = frame.iloc[part.rows]
        for line in part.found.lines:
            figure, conflict = line.figure, line.conflict
            blocks.append(
                pd.DataFrame(
                    {
                        "cell": part.rows,
                        **{name: rows[name].to_numpy() for name in ("industry", "company", "channel")},
                        "metric": part.cell.metric,
                        "value": rows["value"].to_numpy(),
                        "tier": figure.tier,
                        "op": figure.op,
                        "line": figure.line,
                        **_against(frame, part, line, better),
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
            )
    if not blocks:
        return pd.DataFrame(columns=list(_LINES))
    found = pd.concat(blocks, ignore_index=True)
    return found.sort_values("cell", kind="stable", ignore_index=True)[list(_LINES)]


_REFUSED = (
    *("metric", "channel", "industry", "statistic", "reason", "what", "n_values", "figure", "figure_metric"),
    *("figure_channel", "tier", "value", "unit", "source"),
)


def _refused_frame(parts: Iterable[_Part], figures: Figures) -> pd.DataFrame:
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


def _notes(frame: pd.DataFrame, graded: pd.DataFrame, parts: Iterable[_Part]) -> list[str]:
    notes = []
    low = {line.figure.source for part in parts for line in part.found.lines if line.used}
    if low:
        notes.append(
            "published lines come from trade articles and reports, most with low evidence: see the source of "
            "each"
        )
    if any(line.conflict and line.conflict.handling == "stricter" for p in parts for line in p.found.lines):
        notes.append("where sources disagree the stricter line grades; the others stand beside it")
    without = int((graded["why"] == "no_line").sum())
    if without:
        notes.append(f"{without:,} values have no published line and no grade")
    blank = int(frame["value"].isna().sum())
    if blank:
        notes.append(f"{blank:,} values are blank and stay so")
    bare = int(((graded["grade"] != "") & frame["ci_low"].isna()).sum())
    if bare:
        notes.append(f"{bare:,} grades have no interval, so how certain they are is not known")
    if (frame["definition"].str.contains("business time|工作时间", regex=True)).any():
        notes.append("some times are counted in business time; the sources do not say which time they count")
    if (frame["definition"].str.contains("stop the clock is not stated|自动回复未说明", regex=True)).any():
        notes.append("it is not stated whether automatic replies stop the clock; if so, times are too good")
    if frame["formula"].isin(["answered_only"]).any():
        notes.append("response times are of answered contacts; those who never got an answer are not in them")
    return notes
