"""From measures to figures: the statistics of one measure in every group, with intervals and counts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from satsurvey.service.group_statistics import GroupEstimate, SortedGroups, group_ratios, group_shares
from satsurvey.service.grouping import Clusters
from satsurvey.service.kpi_formulas import INTERVALS
from satsurvey.service.measures import Measure, State
from satsurvey.service.segments import Segments
from satsurvey.service.survival import group_survival

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
Flags = NDArray[np.bool_]

_INTERVAL = {name: place for place, name in enumerate(INTERVALS)}


@dataclass(frozen=True)
class Figure:
    """One statistic of one measure in every group.

    Attributes
    ----------
    metric, formula, statistic, unit
        What it is.
    value, low, high
        float64 of shape (G,).
    interval
        Place in `INTERVALS` of every group, int8.
    target_s
        Target of every group, NaN where there is none or where it differs inside.
    n
        Contacts behind the figure.
    counts
        Shape (5, G): censored, absent, not applicable, undecided, unidentified.
    """

    metric: str
    formula: str
    statistic: str
    unit: str
    value: Floats
    low: Floats
    high: Floats
    interval: NDArray[np.int8]
    target_s: Floats
    n: Counts
    counts: Counts


class Figures:
    """Makes the figures of measures, their contacts in the order of the groups.

    Parameters
    ----------
    groups
        The groups.
    time_clusters, rate_clusters
        What contacts cluster in, for intervals of means and of rates; None: nothing.
    level
        Confidence level.
    """

    def __init__(
        self, groups: Segments, time_clusters: Clusters | None, rate_clusters: Clusters | None, level: float
    ) -> None:
        self.groups = groups
        self.time_clusters = time_clusters
        self.rate_clusters = rate_clusters
        self.level = level
        self._none = np.full(len(groups), np.nan)
        self._first = groups.code * len(State)

    def of(self, measure: Measure, *, censored: bool = False) -> Iterator[Figure]:
        """Yield the figures of a measure; with `censored`, of times also those by Kaplan-Meier."""
        if not len(self.groups):
            return
        counts = self._counts(measure.state)
        if measure.kind == "share":
            yield self._share(measure, "rate", measure.values > 0, measure.used, counts)
        elif measure.kind == "ratio":
            yield self._mean(measure, counts)
        elif measure.kind == "waits" and measure.weights is not None:
            yield from self._single_waits(measure, measure.weights, counts)
        else:
            yield from self._distribution(measure, counts)
            if censored:
                yield from self._survival(measure)

    def _counts(self, state: NDArray[np.int8]) -> Counts:
        """Return how many contacts of every group are what, one row per state."""
        kinds = len(State)
        found = np.bincount(self._first + state, minlength=len(self.groups) * kinds).reshape(-1, kinds)
        return np.ascontiguousarray(found.T)

    def _figure(
        self,
        measure: Measure,
        statistic: str,
        found: GroupEstimate,
        counts: Counts,
        interval: NDArray[np.int8] | str,
        *,
        unit: str,
        formula: str = "",
        target: Floats | None = None,
    ) -> Figure:
        if isinstance(interval, str):
            interval = np.full(len(self.groups), _INTERVAL[interval], dtype=np.int8)
        # No ends, no way of making them.
        bare = np.isnan(found.low) & np.isnan(found.high)
        return Figure(
            metric=measure.metric,
            formula=formula or measure.formula,
            statistic=statistic,
            unit=unit,
            value=found.value,
            low=found.low,
            high=found.high,
            interval=np.where(bare, _INTERVAL["none"], interval).astype(np.int8),
            target_s=self._none if target is None else target,
            n=counts[State.USED],
            counts=counts[1:],
        )

    def _mean(self, measure: Measure, counts: Counts) -> Figure:
        found = group_ratios(
            measure.values,
            measure.weights,
            measure.used,
            self.groups,
            clusters=self.time_clusters,
            level=self.level,
        )
        # Nothing here is below 0, and neither is its mean: what of the interval lies there is given up.
        found = replace(found, low=np.maximum(found.low, 0.0))
        interval = _clustered("t", self.time_clusters, found)
        timed = measure.metric not in {"concurrent_chats", "transfers"}
        return self._figure(measure, "mean", found, counts, interval, unit="s" if timed else "count")

    def _share(
        self,
        measure: Measure,
        statistic: str,
        yes: Flags,
        used: Flags,
        counts: Counts,
        *,
        formula: str = "",
    ) -> Figure:
        found = group_shares(yes, used, self.groups, clusters=self.rate_clusters, level=self.level)
        target = None if measure.target is None else self._common(measure.target)
        return self._figure(
            measure,
            statistic,
            found,
            counts,
            _clustered("wilson", self.rate_clusters, found),
            unit="share",
            formula=formula,
            target=target,
        )

    def _distribution(self, measure: Measure, counts: Counts) -> Iterator[Figure]:
        unit = "s" if measure.kind == "time" else "count"
        yield self._mean(measure, counts)
        ordered = SortedGroups.of(measure.values, measure.used, self.groups)
        for statistic, q in (("median", 0.5), ("p90", 0.9)):
            found = ordered.quantile(q, level=self.level)
            yield self._figure(measure, statistic, found, counts, "order_statistics", unit=unit)
        if measure.target is not None:
            state = _aimed(measure.state, measure.target)
            within = measure.values <= measure.target
            yield self._share(
                measure, "share_within_target", within, state == State.USED, self._counts(state)
            )
        if measure.metric == "wait_time":
            total = self.groups.sums(np.where(measure.used, measure.values, 0.0))
            yield self._bare(measure, "sum", np.where(counts[State.USED] > 0, total, np.nan), counts, "s")

    def _single_waits(self, measure: Measure, number: Floats, counts: Counts) -> Iterator[Figure]:
        some = counts[State.USED] > 0
        longest = self.groups.reduced(np.maximum, np.where(measure.used, measure.values, -np.inf), np.nan)
        yield self._bare(measure, "longest", np.where(some, longest, np.nan), counts, "s")
        total = self.groups.sums(np.where(measure.used, number, 0.0))
        yield self._bare(measure, "count", np.where(some, total, np.nan), counts, "count")

    def _bare(self, measure: Measure, statistic: str, value: Floats, counts: Counts, unit: str) -> Figure:
        """Make a figure that describes the contacts and estimates nothing."""
        nothing = np.zeros(len(self.groups), dtype=np.bool_)
        found = GroupEstimate(value, self._none, self._none, counts[State.USED], nothing)
        return self._figure(measure, statistic, found, counts, "none", unit=unit)

    def _survival(self, measure: Measure) -> Iterator[Figure]:
        seen = (measure.used | (measure.state == State.CENSORED)) & ~np.isnan(measure.values)
        state = np.where(
            measure.state <= State.CENSORED, np.where(seen, measure.state, State.ABSENT), measure.state
        )
        counts = self._counts(state)
        curves = group_survival(measure.values, measure.used, self.groups, seen=seen, level=self.level)

        nothing = np.zeros(len(self.groups), dtype=np.bool_)
        for statistic, q in (("median", 0.5), ("p90", 0.9)):
            found = GroupEstimate(*curves.quantile(q), counts[State.USED], nothing)
            yield self._figure(measure, statistic, found, counts, "log_log", unit="s", formula="kaplan_meier")
        if measure.target is not None:
            yield self._share_of_due(measure, measure.target)

    def _share_of_due(self, measure: Measure, target: Floats) -> Figure:
        """Return the share in time of the contacts due: who gave up or waits beyond it missed it.

        Kaplan-Meier would take who gave up for one who would have been answered like the others.
        """
        within = measure.used & (measure.values <= target)
        waiting = measure.state == State.CENSORED
        with np.errstate(invalid="ignore"):
            due = measure.used | (waiting & (measure.values > target))
        if measure.gave_up is not None:
            due |= measure.gave_up & (measure.state <= State.ABSENT)
        due &= ~np.isnan(target)
        state = np.where(due, State.USED, measure.state)
        state = np.where(~due & (waiting | measure.used), State.UNDECIDED, state)
        state = np.where(np.isnan(target) & (measure.state <= State.CENSORED), State.NOT_APPLICABLE, state)
        counts = self._counts(state.astype(np.int8))
        return self._share(measure, "share_within_target", within, due, counts, formula="of_due")

    def _common(self, target: Floats) -> Floats:
        """Return the target that all contacts of a group share, NaN where they have several or none."""
        low, high = (self.groups.reduced(how, target, np.nan) for how in (np.fmin, np.fmax))
        return np.where(low == high, low, np.nan)


def _aimed(state: NDArray[np.int8], target: Floats) -> NDArray[np.int8]:
    """Take contacts without a target out of a share within the target."""
    timed = (state == State.USED) | (state == State.CENSORED)
    return np.where(timed & np.isnan(target), State.NOT_APPLICABLE, state).astype(np.int8)


def _clustered(name: str, clusters: Clusters | None, found: GroupEstimate) -> NDArray[np.int8]:
    plain = _INTERVAL[name]
    other = plain if clusters is None else _INTERVAL[f"{name}_{clusters.word}"]
    return np.where(found.clustered, other, plain).astype(np.int8)
