"""Scores before and after a stated day on which response became faster: an interrupted series."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from satsurvey.errors import MethodError
from satsurvey.intake.dates import parse_dates
from satsurvey.intake.responses import Factor
from satsurvey.regression.estimates import Estimates, tidy
from satsurvey.regression.least_squares import least_squares
from satsurvey.regression.tallies import tally
from satsurvey.response_time.claim_data import ClaimData
from satsurvey.response_time.claim_models import WithinCompanies, compressed
from satsurvey.response_time.claim_results import Estimate, judged
from satsurvey.response_time.claims import Claim, Reading
from satsurvey.response_time.design import held_columns, independent
from satsurvey.response_time.words import Sentence, say

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

TEN_MINUTES_S, THREE_MINUTES_S = 600.0, 180.0
FEWEST_ON_A_SIDE = 30
FEWEST_DAYS = 5
"""Different days that a side needs for a trend of its own."""
FEWEST_WEEKS = 8
"""Weeks that can stand for the clusters of one company."""
MONTH_DAYS = 30.0


@dataclass(frozen=True, eq=False)
class Interruption:
    """A series of scores that steps, and may bend, on one day.

    Attributes
    ----------
    frame
        what ("step": points on the day of the change; "trend": points in 30 days before it; "bend": change of
        the trend, points in 30 days), estimate, std_error, ci_low, ci_high, df, p_value.
    before_mean
        Mean score before the change.
    clustered_by
        "company", "week" (of one company) or "row".
    rows, clusters
        What the series was fitted to.
    """

    frame: pd.DataFrame
    before_mean: float
    clustered_by: str
    rows: int
    clusters: int

    def numbers(self, what: str) -> tuple[float, float, float]:
        """Return an estimate with its interval."""
        row = self.frame[self.frame["what"] == what].iloc[0]
        return float(row["estimate"]), float(row["ci_low"]), float(row["ci_high"])


def interrupted(
    score: Floats,
    days: Floats,
    company: Codes,
    *,
    held: Mapping[str, Factor | Floats] | None = None,
    weights: Floats | None = None,
    level: float = 0.95,
) -> Interruption:
    """Fit a line in time that steps and bends on the day 0.

    Parameters
    ----------
    score
        0-100.
    days
        From the day of the change; negative before it.
    company
        Codes; -1 where none is named.
    held
        What is held fixed.
    weights
        Of the interviews.
    level
        Of the intervals.

    Raises
    ------
    MethodError
        When the scores are all the same, or time follows from what is held fixed.

    Notes
    -----
    y = a_c + b t + d [t >= 0] + e t [t >= 0] + h'x by least squares, with an intercept for every company, so
    that who is interviewed when does not look like a change; errors are clustered by company. With one
    company there is no other to compare with: errors are clustered by weeks counted from the change, or by
    rows where there are fewer than eight of them.

    References
    ----------
    Wagner, A. K., Soumerai, S. B., Zhang, F. and Ross-Degnan, D. (2002). Segmented regression analysis of
    interrupted time series. Journal of Clinical Pharmacy and Therapeutics 27, 299-309.
    """
    after = days >= 0
    months = days / MONTH_DAYS
    columns = {"step": after.astype(np.float64), "trend": months, "bend": np.where(after, months, 0.0)}
    controls = held_columns(held or {}, columns).columns
    weeks = np.floor(days / 7).astype(np.int64)
    if np.unique(company[company >= 0]).size > 1:
        clustered_by = "company"
        codes = compressed(company)
        inside = WithinCompanies(codes, weights)
        columns = {name: inside(column) for name, column in columns.items()}
        controls = {name: inside(column) for name, column in controls.items()}
        outcome = inside(score)
        kept = independent(controls, columns)
        controls = {name: controls[name] for name in kept}
    else:
        clustered_by = "week" if np.unique(weeks).size >= FEWEST_WEEKS else "row"
        codes = compressed(weeks - weeks.min()) if clustered_by == "week" else np.arange(score.size)
        outcome = score
    # Few weeks stand near the day, and they tell most of the step: the second correction counts that.
    rows = tally({**columns, **controls}, outcome, codes, weights=weights)
    fit = least_squares(rows, correction="cr2" if clustered_by == "week" else None)
    mean = float(np.average(score[~after], weights=None if weights is None else weights[~after]))
    return Interruption(_frame(fit.estimates, level), mean, clustered_by, fit.rows, fit.clusters)


def before_and_after(data: ClaimData, claim: Claim) -> tuple[tuple[Estimate, ...], tuple[Sentence, ...]]:
    """Compare scores before and after the day that the user states as that of the change (C06).

    Returns
    -------
    estimates
        Median times before and after, the step in percent of the mean before and in points, the trend and
        its change. The step is judged by the rule of the statement where the medians are those of the
        statement, ten and three minutes, within its tolerance; else it stands beside.
    notes
        What stands behind it, or why there is none.
    """
    day, rows = data.given.get("changed_on"), data.rows
    if day is None:
        return (), (say("series_not_stated"),)
    if data.date is None:
        return (), (say("series_no_dates"),)
    away = (data.date - parse_dates([day])[0][0]) / np.timedelta64(1, "D")
    days = data.at_rows(np.where(np.isnat(data.date), np.nan, away))
    used = np.isfinite(days)
    company = rows.company.codes.astype(np.int64)
    only = data.given.get("changed_company")
    if only is not None:
        used &= company == rows.company.names.index(only)
    chosen, days = rows.take(used), days[used]
    sides = (days < 0, days >= 0)
    if any(not _enough(days[side]) for side in sides):
        n = [int(side.sum()) for side in sides]
        few = {"before": n[0], "after": n[1], "fewest": FEWEST_ON_A_SIDE, "days": FEWEST_DAYS}
        return (), (say("series_few", day=day, **few),)
    held = {name: value for name, value in chosen.controls.items() if name not in ("wave", "industry")}
    level, tolerance = data.settings.level, data.settings.tolerance
    try:
        found = interrupted(
            chosen.outcome, days, company[used], held=held, weights=chosen.weight, level=level
        )
    except MethodError:
        return (), (say("series_not"),)
    if found.before_mean <= 0:
        return (), (say("series_not"),)
    medians = [
        _middle(chosen.time_s[side], None if chosen.weight is None else chosen.weight[side]) for side in sides
    ]
    stated = all(
        abs(median - said) <= tolerance * said
        for median, said in zip(medians, (TEN_MINUTES_S, THREE_MINUTES_S), strict=True)
    )
    points = found.numbers("step")
    value, low, high = (100 * number / found.before_mean for number in points)
    readings: dict[Reading, tuple[float, float, float]] = {
        "percent_of_mean": (value, low, high),
        "points": points,
    }
    step = []
    for reading, numbers in readings.items():
        what = say("series_step", day=day)
        if stated:
            step.append(judged(claim.rule(), "main", reading, numbers, tolerance=tolerance, what=what))
        else:
            step.append(Estimate("main", reading, *numbers, None, what))
    estimates = (
        *(
            Estimate("main", "seconds", median, np.nan, np.nan, None, say(f"series_median_{side}"))
            for side, median in zip(("before", "after"), medians, strict=True)
        ),
        *step,
        Estimate("main", "points", *found.numbers("trend"), None, say("series_trend")),
        Estimate("main", "points", *found.numbers("bend"), None, say("series_bend")),
    )
    notes = (
        say(
            "series_of",
            n=found.rows,
            n_clusters=found.clusters,
            clusters=say(f"series_by_{found.clustered_by}"),
            mean=found.before_mean,
        ),
        say("series_as_stated" if stated else "series_other_times", before=medians[0], after=medians[1]),
        say("series_caution"),
    )
    return estimates, notes


def _middle(values: Floats, weights: Floats | None) -> float:
    """Return the median, with weights the value up to which rows of half the weight lie."""
    if weights is None:
        return float(np.median(values))
    order = np.argsort(values, kind="stable")
    total = np.cumsum(weights[order])
    return float(values[order[np.searchsorted(total, total[-1] / 2)]])


def _enough(days: Floats) -> bool:
    return days.size >= FEWEST_ON_A_SIDE and np.unique(np.floor(days)).size >= FEWEST_DAYS


def _frame(estimates: Estimates, level: float) -> pd.DataFrame:
    places = [estimates.terms.index(term) for term in ("step", "trend", "bend")]
    frame = tidy(estimates.values[places], estimates.std_errors[places], estimates.df[places], level)
    frame.insert(0, "what", ["step", "trend", "bend"])
    return frame
