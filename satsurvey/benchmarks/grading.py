"""Measured values graded by published figures: below basic, basic, excellent, with gap and uncertainty."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pandas as pd

from satsurvey.benchmarks.figures import Figures, load_figures
from satsurvey.benchmarks.grade_frames import (
    Part,
    graded_frame,
    lines_frame,
    parts_of,
    refused_frame,
    summary_frame,
)
from satsurvey.benchmarks.lines import NOT_COMPARABLE
from satsurvey.benchmarks.measured import Measured, measured_of_frame, measured_of_kpis
from satsurvey.benchmarks.quantities import Rates
from satsurvey.benchmarks.vocabulary import INDUSTRIES, industry_of, nearest
from satsurvey.errors import MethodError
from satsurvey.intake.ledger import Ledger
from satsurvey.service.kpis import Kpis


@dataclass(frozen=True)
class Grades:
    """Measured values with their grades.

    Attributes
    ----------
    frame
        One row per measured value: the columns of `Measured.frame`, then grade (one of `standings.GRADES`, ""
        where no line is published or the value is absent), grade_low and grade_high (at the bad and the good
        end of the interval), certain (whether they agree; None without an interval), next_line, next_value,
        gap (what is missing to the next line, in the unit, positive), next_figure; for basic, excellent,
        standard, top10 and own_target the value of the line used, and for the last three also …_met, …_margin
        (positive: better than the line), …_standing; figures (ids of the lines used), differences (codes of
        `differences.DIFFERENCES`: what value and line do not count alike), why (where nothing is compared:
        "no_value", "no_line", or the reason for which the lines of its metric and channel are of something
        else, one of `lines.NOT_COMPARABLE`).
    lines
        One row per value and published figure it may be compared with: `cell` (place in `frame`), industry,
        company, channel, metric, value, tier, op, line, margin, met, standing, used, why, figure, source,
        section, year, evidence, kind, scope, handling and conflict (where sources disagree).
    refused
        One row per metric, channel, industry, statistic and figure that was not compared: reason, what,
        n_values, metric and channel of both sides, figure, value of the figure, source.
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

    @property
    def summary(self) -> pd.DataFrame:
        """One row per channel, metric, statistic, occasion, customer tier and dimension.

        Columns: n (values), n_companies, n_compared (values beside which a line stands), median (of the
        values, in `unit`), n_ and each of `standings.GRADES`, n_uncertain (the interval allows of another
        grade), and for standard, top10 and own_target n_… (values with such a line) and n_…_met.
        """
        return summary_frame(self.frame)


def grade(
    measured: Measured | Kpis | pd.DataFrame,
    *,
    industry: str | None = None,
    figures: Figures | None = None,
    level: float = 0.95,
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
        Confidence level of the intervals made here (of rates from their n, else from standard errors); key
        figures have intervals of their own.
    rates
        What plain numbers between 0 and 1 are in a frame: "percent" or "share".

    Returns
    -------
    Grades

    Raises
    ------
    MethodError
        The industry is not known, or the level is none.

    Notes
    -----
    A value has the grade of the highest line that it meets. It is `clearly_better` than a line where its
    whole interval meets it, `clearly_worse` where no point of the interval does, else `at_the_line`: the
    grade could be the other one. A rate is never compared with an index, the net promoter score with neither,
    and values of different definitions, statistics, routes or sets of channels with each other: these figures
    are in `refused`. A line that does not say its statistic is one for means, of rates one for the rate; a
    value that does not say its own is taken for the same.

    Examples
    --------
    >>> frame = pd.DataFrame({"company": ["甲"], "channel": ["phone"], "metric": ["first_response_time"],
    ...                       "value": [45.0]})
    >>> row = grade(frame).frame.iloc[0]
    >>> row["grade"], float(row["gap"]), row["next_figure"]
    ('basic', 15.0, 'two-tier-2026:08')
    """
    figures = figures or load_figures()
    code = industry_code(industry)
    if not 0 < level < 1:
        raise MethodError("a confidence level lies between 0 and 1", value=level, expected="such as 0.95")
    if isinstance(measured, pd.DataFrame):
        measured = measured_of_frame(measured, figures=figures, rates=rates, level=level)
    elif isinstance(measured, Kpis):
        level = float(str(measured.method.get("level", level)))
        measured = measured_of_kpis(measured, figures=figures)
    frame = measured.frame.reset_index(drop=True)
    if code:
        frame = frame.assign(industry=frame["industry"].where(frame["industry"] != "", code))
    parts = parts_of(frame, figures)
    graded = graded_frame(frame, parts, figures)
    return Grades(
        frame=graded,
        lines=lines_frame(frame, parts, figures),
        refused=refused_frame(parts, figures),
        unusable=measured.unusable,
        ledger=measured.ledger,
        figures=figures,
        method={
            "level": level,
            "industry": code,
            "statistic_where_not_said": {"rates": "rate", "others": "mean"},
            "line_between_disagreeing_sources": "stricter",
            "n_figures": len(figures),
        },
        notes=(*measured.notes, *_notes(frame, graded, parts)),
    )


def industry_code(word: str | None) -> str:
    """Return the industry that a word stands for, "" for none given.

    Raises
    ------
    MethodError
        When nothing is published for an industry of this name.
    """
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


def _notes(frame: pd.DataFrame, graded: pd.DataFrame, parts: Iterable[Part]) -> list[str]:
    notes = []
    if any(part.found.lines for part in parts):
        notes.append(
            "published lines come from trade articles and reports, most with low evidence: see the source of "
            "each"
        )
    if any(line.conflict and line.conflict.handling == "stricter" for p in parts for line in p.found.lines):
        notes.append("where sources disagree the stricter line grades; the others stand beside it")
    without = int((graded["why"] == "no_line").sum())
    if without:
        notes.append(f"{without:,} values have no published line and no grade")
    apart = int(graded["why"].isin(NOT_COMPARABLE).sum())
    if apart:
        notes.append(f"{apart:,} values are another statistic or definition than the lines: not compared")
    blank = int(frame["value"].isna().sum())
    if blank:
        notes.append(f"{blank:,} values are blank and stay so")
    bare = int(((graded["grade"] != "") & frame["ci_low"].isna()).sum())
    if bare:
        notes.append(f"{bare:,} grades have no interval, so how certain they are is not known")
    return notes
