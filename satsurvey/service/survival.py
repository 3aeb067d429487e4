"""Kaplan-Meier: how long customers wait, where some are answered or still waiting before the end is seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

from satsurvey.errors import MethodError
from satsurvey.scoring.intervals import wilson
from satsurvey.service.segments import Segments

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

_SAME = float(np.sqrt(np.finfo(np.float64).eps))
"""Survival this close to a probability is taken to be equal to it, as R's `survfit` does."""


@dataclass(frozen=True)
class SurvivalCurves:
    """The Kaplan-Meier curves of several groups, one after the other.

    Attributes
    ----------
    time
        The distinct times of each group, ascending.
    starts, n_times
        Where each group begins in `time`, and how many times it has; of shape (G,).
    n_at_risk, n_events, n_censored
        At each time: contacts not yet ended just before it, ends seen, and ends not seen.
    survival
        Share whose end comes after the time.
    std_error
        Of the survival, by Greenwood's formula; NaN where the survival is 0.
    ci_low, ci_high
        Log-log interval; NaN where the survival is 0 or 1.
    level
        Confidence level.
    """

    time: Floats
    starts: Counts
    n_times: Counts
    n_at_risk: Counts
    n_events: Counts
    n_censored: Counts
    survival: Floats
    std_error: Floats
    ci_low: Floats
    ci_high: Floats
    level: float

    def at(self, times: Floats | float) -> tuple[Floats, Floats, Floats]:
        """Return survival at one time of every group, with its interval.

        Before the first time the survival is 1; after the last time seen it is not known (NaN), but for a
        curve that has come down to 0. Where the survival is 1 or 0 the log-log interval says nothing, or
        that there is no doubt; there it is Wilson's of those whose state at the time is known.
        """
        when = np.broadcast_to(np.asarray(times, dtype=np.float64), self.starts.shape)
        passed = self._count(self.time <= np.repeat(when, self.n_times))
        last = self.starts + self.n_times - 1
        has = self.n_times > 0
        place = np.where(has, self.starts + np.maximum(passed, 1) - 1, 0)
        beyond = np.zeros(when.shape, dtype=np.bool_)
        beyond[has] = (when[has] > self.time[last[has]]) & (self.survival[last[has]] > 0)
        unknown = ~has | beyond | np.isnan(when)
        found = []
        for values, first in ((self.survival, 1.0), (self.ci_low, 1.0), (self.ci_high, 1.0)):
            part = np.full(when.shape, np.nan)
            part[has] = np.where(passed[has] > 0, values[place[has]], first)
            part[unknown] = np.nan
            found.append(part)
        survival, low, high = found
        ended = self._sum(self.n_events, passed)
        watched = self._sum(self.n_events + self.n_censored, self.n_times)
        going = watched - self._sum(self.n_events + self.n_censored, passed)
        certain = (survival == 0) | (survival == 1)
        known = np.where(survival == 1, going, ended).astype(np.float64)
        ends = wilson(survival, known, level=self.level)
        return survival, np.where(certain, ends[0], low), np.where(certain, ends[1], high)

    def quantile(self, q: float) -> tuple[Floats, Floats, Floats]:
        """Return the time by which a share `q` has ended in every group, with its interval.

        The time is the first at which the survival is at most 1 - q; where the survival equals 1 - q over a
        stretch, its middle. The interval holds the times at which the interval of the survival has 1 - q
        inside (Brookmeyer and Crowley 1982). NaN where the curve does not come down so far.
        """
        return (
            self._crossing(self.survival, q),
            self._crossing(self.ci_low, q),
            self._crossing(self.ci_high, q),
        )

    def _sum(self, counts: Counts, n_times: Counts) -> Counts:
        """Return the sum of counts over the first times of every group."""
        total = np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])
        summed: Counts = total[self.starts + n_times] - total[self.starts]
        return summed

    def _count(self, marks: NDArray[np.bool_]) -> Counts:
        total = np.concatenate([[0], np.cumsum(marks, dtype=np.int64)])
        counted: Counts = total[self.starts + self.n_times] - total[self.starts]
        return counted

    def _crossing(self, curve: Floats, q: float) -> Floats:
        """Find where a falling curve comes down to 1 - q; NaN counts as above at first and below later."""
        ended = 1 - curve
        # A limit is NaN where the survival is 1 (nothing has ended) or 0 (the limit says nothing).
        known = ~np.isnan(ended)
        reached = self._first(known & (ended + _SAME >= q))
        passed = self._first(known & (ended - _SAME >= q))
        found = np.full(self.starts.shape, np.nan)
        both = (reached >= 0) & (passed >= 0)
        found[both] = (self.time[reached[both]] + self.time[passed[both]]) / 2
        # The curve ends level with 1 - q: the middle lies between that time and the last one seen.
        flat = np.flatnonzero((reached >= 0) & (passed < 0))
        ends = self.starts[flat] + self.n_times[flat] - 1
        flat, ends = flat[known[ends]], ends[known[ends]]
        found[flat] = (self.time[reached[flat]] + self.time[ends]) / 2
        return found

    def _first(self, marks: NDArray[np.bool_]) -> Counts:
        """Return the place of the first mark of every group, -1 where there is none."""
        places = np.flatnonzero(marks)
        nearest = np.searchsorted(places, self.starts)
        found = np.full(self.starts.shape, -1, dtype=np.int64)
        some = nearest < places.size
        found[some] = places[nearest[some]]
        found[found >= self.starts + self.n_times] = -1
        return found


@dataclass(frozen=True)
class SurvivalCurve:
    """One Kaplan-Meier curve.

    Attributes
    ----------
    frame
        time, n_at_risk, n_events, n_censored, survival, std_error, ci_low, ci_high; one row per time.
    quantiles
        q, time, ci_low, ci_high; NaN where the curve does not come down so far.
    stated
        time, survival, ci_low, ci_high at the times asked for.
    n, n_events
        Contacts, and ends seen.
    level
        Confidence level.
    """

    frame: pd.DataFrame
    quantiles: pd.DataFrame
    stated: pd.DataFrame
    n: int
    n_events: int
    level: float


def kaplan_meier(
    time: Floats | Sequence[float],
    event: NDArray[Any] | Sequence[bool],
    *,
    at: Sequence[float] = (),
    quantiles: Sequence[float] = (0.25, 0.5, 0.75, 0.9),
    level: float = 0.95,
) -> SurvivalCurve:
    """Estimate how long something lasts when some ends are not seen.

    Parameters
    ----------
    time
        How long each was watched, not negative; seconds, shape (n,).
    event
        Whether the end was seen (True) or the watching stopped before it (False).
    at
        Times at which the survival is wanted.
    quantiles
        Shares of ends whose times are wanted, between 0 and 1.
    level
        Confidence level.

    Returns
    -------
    SurvivalCurve

    Raises
    ------
    MethodError
        When times and events differ in number, or a time is negative or no number.

    Notes
    -----
    S(t) = Π (1 - d/n) over times up to t, d ends among n watched; variance by Greenwood,
    S²·Σ d/(n(n-d)); interval exp(-exp(log(-log S) ± z·√Σ/log S)). At one time, ends come before stops.
    Conventions are those of `survfit(conf.type = "log-log")` of R's survival.

    References
    ----------
    Kaplan and Meier (1958), Journal of the American Statistical Association 53; Greenwood (1926);
    Brookmeyer and Crowley (1982), Biometrics 38.

    Examples
    --------
    >>> curve = kaplan_meier([30, 60, 60, 90], [True, True, False, False], at=[60])
    >>> curve.frame["survival"].tolist(), curve.stated["survival"].tolist()
    ([0.75, 0.5, 0.5], [0.5])
    """
    times, events = np.asarray(time, dtype=np.float64), np.asarray(event, dtype=np.bool_)
    if times.shape != events.shape or times.ndim != 1:
        raise MethodError(
            "there must be one event for every time",
            value=f"{times.size} times, {events.size} events",
            expected="two columns of one length",
        )
    bad = ~(np.isfinite(times) & (times >= 0))
    if bad.any():
        raise MethodError(
            "a length of time is negative or no number",
            value=float(times[bad][0]),
            expected="0 or more",
            next_step="leave out what has no time",
        )
    curves = group_survival(times, events, Segments(np.array([times.size])), level=level)
    stated = [[float(part[0]) for part in curves.at(when)] for when in at]
    crossed = [[float(part[0]) for part in curves.quantile(q)] for q in quantiles]
    return SurvivalCurve(
        frame=pd.DataFrame(
            {
                "time": curves.time,
                "n_at_risk": curves.n_at_risk,
                "n_events": curves.n_events,
                "n_censored": curves.n_censored,
                "survival": curves.survival,
                "std_error": curves.std_error,
                "ci_low": curves.ci_low,
                "ci_high": curves.ci_high,
            }
        ),
        quantiles=_frame("q", quantiles, "time", crossed),
        stated=_frame("time", at, "survival", stated),
        n=times.size,
        n_events=int(events.sum()),
        level=level,
    )


def _frame(name: str, keys: Sequence[float], value: str, rows: Sequence[Sequence[float]]) -> pd.DataFrame:
    parts = np.array(rows, dtype=np.float64).reshape(len(rows), 3)
    columns = {name: np.asarray(keys, dtype=np.float64), value: parts[:, 0]}
    return pd.DataFrame(columns | {"ci_low": parts[:, 1], "ci_high": parts[:, 2]})


def group_survival(
    time: Floats,
    event: NDArray[np.bool_],
    groups: Segments,
    *,
    seen: NDArray[np.bool_] | None = None,
    level: float = 0.95,
) -> SurvivalCurves:
    """Estimate the Kaplan-Meier curve of every group (see `kaplan_meier`).

    Parameters
    ----------
    time, event
        How long each was watched (numbers, not negative), and whether its end was seen; group by group.
    groups
        The groups; one may be empty.
    seen
        Which of them are to be used; None: all.
    level
        Confidence level.
    """
    n_groups = len(groups)
    seen = np.ones(time.size, dtype=np.bool_) if seen is None else seen
    order = groups.order(np.where(seen, time, np.inf))
    order = order[seen[order]]
    values, ends, owner = time[order], event[order], groups.code[order]
    n = groups.counts(seen)
    begins = np.cumsum(n) - n
    new = np.ones(values.size, dtype=np.bool_)
    new[1:] = (values[1:] != values[:-1]) | (owner[1:] != owner[:-1])
    places = np.flatnonzero(new)
    size = np.diff(np.append(places, values.size))
    n_events = np.add.reduceat(ends.astype(np.int64), places) if places.size else np.zeros(0, np.int64)
    of_group = owner[places]
    at_risk = n[of_group] - (places - begins[of_group])
    n_times = np.bincount(of_group, minlength=n_groups)
    starts = np.cumsum(n_times) - n_times
    with np.errstate(divide="ignore", invalid="ignore"):
        survival = _running(1 - n_events / at_risk, starts, n_times, np.multiply)
        hazard = _running(
            n_events / (at_risk * (at_risk - n_events).astype(np.float64)), starts, n_times, np.add
        )
        error = np.where(survival > 0, survival * np.sqrt(hazard), np.nan)
        inside = np.where((survival > 0) & (survival < 1), survival, np.nan)
        log = np.log(inside)
        # exp(-exp(log(-log S) ± w)) is exp(log S · exp(±w)).
        factor = np.exp(float(ndtri(0.5 + level / 2)) * np.sqrt(hazard) / log)
        low, high = np.exp(log / factor), np.exp(log * factor)
    return SurvivalCurves(
        values[places], starts, n_times, at_risk, n_events, size - n_events, survival, error, low, high, level
    )


def _running(values: Floats, starts: Counts, sizes: Counts, what: np.ufunc) -> Floats:
    """Accumulate products or sums within groups.

    Groups of like size are accumulated together as the rows of one matrix. Differences of one long sum would
    lose the last digits of every group behind the first ones.
    """
    found = np.empty_like(values)
    bits = np.frexp(sizes.astype(np.float64))[1]
    for bit in np.unique(bits[sizes > 0]):
        groups = np.flatnonzero((bits == bit) & (sizes > 0))
        steps = np.arange(int(sizes[groups].max()))
        inside = steps < sizes[groups][:, None]
        places = np.minimum(starts[groups][:, None] + steps, values.size - 1)
        # What stands behind the end of a group comes after all of its own and touches none of them.
        found[places[inside]] = what.accumulate(values[places], axis=1)[inside]
    return found
