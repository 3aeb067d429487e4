"""From measures to figures: the statistics of one measure in every group, with intervals and counts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from satsurvey.service.group_statistics import GroupEstimate, SortedGroups, group_ratios, group_shares
from satsurvey.service.grouping import Clusters, Grouping
from satsurvey.service.kpi_formulas import INTERVALS
from satsurvey.service.measures import Measure, State
from satsurvey.service.survival import group_survival

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

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
        Shape (G, 5): censored, absent, not applicable, undecided, unidentified.
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
    """Makes the figures of measures for one grouping of the contacts.

    Parameters
    ----------
    grouping
        The groups.
    time_clusters, rate_clusters
        What contacts cluster in, for intervals of means and of rates; None: nothing.
    level
        Confidence level.
    """

    def __init__(
        self, grouping: Grouping, time_clusters: Clusters | None, rate_clusters: Clusters | None, level: float
    ) -> None:
        self.grouping = grouping
        self.time_clusters = time_clusters
        self.rate_clusters = rate_clusters
        self.level = level
        self._n_groups = len(grouping)
        self._none = np.full(self._n_groups, np.nan)

    def has_censored(self, measure: Measure) -> bool:
        """Tell whether the end of some contact was not seen, though a part of its time was."""
        return bool(((measure.state == State.CENSORED) & ~np.isnan(measure.values)).any())

    def of(self, measure: Measure, *, censored: bool = False) -> Iterator[Figure]:
        """Yield the figures of a measure; with `censored`, of times also those by Kaplan-Meier."""
        if not self._n_groups:
            return
        counts = self._counts(measure.state)
        rows = np.flatnonzero(measure.state == State.USED)
        if measure.kind == "share":
            yield self._share(measure, "rate", measure.values[rows] > 0, rows, counts)
        elif measure.kind == "ratio" and measure.weights is not None:
            yield self._mean(measure, rows, counts)
        elif measure.kind == "waits" and measure.weights is not None:
            yield from self._single_waits(measure, rows, counts)
        else:
            yield from self._distribution(measure, rows, counts)
            if censored:
                yield from self._survival(measure)

    def _counts(self, state: NDArray[np.int8]) -> Counts:
        kinds = len(State)
        places = self.grouping.code * kinds + state
        return np.bincount(places, minlength=self._n_groups * kinds).reshape(-1, kinds)

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
            interval = np.full(self._n_groups, _INTERVAL[interval], dtype=np.int8)
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
            n=counts[:, State.USED],
            counts=counts[:, 1:],
        )

    def _mean(self, measure: Measure, rows: NDArray[np.intp], counts: Counts) -> Figure:
        found = group_ratios(
            measure.values[rows],
            None if measure.weights is None else measure.weights[rows],
            self.grouping.code,
            self._n_groups,
            rows=rows,
            clusters=self.time_clusters,
            level=self.level,
        )
        interval = _clustered("t", self.time_clusters, found)
        timed = measure.metric not in {"concurrent_chats", "transfers"}
        return self._figure(measure, "mean", found, counts, interval, unit="s" if timed else "count")

    def _share(
        self, measure: Measure, statistic: str, yes: NDArray[np.bool_], rows: NDArray[np.intp], counts: Counts
    ) -> Figure:
        found = group_shares(
            yes, self.grouping.code, self._n_groups, rows=rows, clusters=self.rate_clusters, level=self.level
        )
        target = None if measure.target is None else self._common(measure.target)
        return self._figure(
            measure,
            statistic,
            found,
            counts,
            _clustered("wilson", self.rate_clusters, found),
            unit="share",
            target=target,
        )

    def _distribution(self, measure: Measure, rows: NDArray[np.intp], counts: Counts) -> Iterator[Figure]:
        unit = "s" if measure.kind == "time" else "count"
        yield self._mean(measure, rows, counts)
        order = measure.ascending
        order = order[measure.state[order] == State.USED]
        ordered = SortedGroups.of(measure.values, self.grouping.code, self._n_groups, ascending=order)
        for statistic, q in (("median", 0.5), ("p90", 0.9)):
            found = ordered.quantile(q, level=self.level)
            yield self._figure(measure, statistic, found, counts, "order_statistics", unit=unit)
        if measure.target is not None:
            aimed = rows[~np.isnan(measure.target[rows])]
            within = measure.values[aimed] <= measure.target[aimed]
            aimed_counts = self._counts(_aimed(measure.state, measure.target))
            yield self._share(measure, "share_within_target", within, aimed, aimed_counts)
        if measure.metric == "wait_time":
            total = np.bincount(self.grouping.code[rows], measure.values[rows], minlength=self._n_groups)
            yield self._bare(measure, "sum", np.where(counts[:, State.USED] > 0, total, np.nan), counts, "s")

    def _single_waits(self, measure: Measure, rows: NDArray[np.intp], counts: Counts) -> Iterator[Figure]:
        own = self.grouping.code[rows]
        longest = np.full(self._n_groups, -np.inf)
        np.maximum.at(longest, own, measure.values[rows])
        longest[np.isinf(longest)] = np.nan
        yield self._bare(measure, "longest", longest, counts, "s")
        if measure.weights is not None:
            number = np.bincount(own, measure.weights[rows], minlength=self._n_groups)
            yield self._bare(measure, "count", np.where(np.isnan(longest), np.nan, number), counts, "count")

    def _bare(self, measure: Measure, statistic: str, value: Floats, counts: Counts, unit: str) -> Figure:
        """Make a figure that describes the contacts and estimates nothing."""
        nothing = np.zeros(self._n_groups, dtype=np.bool_)
        found = GroupEstimate(value, self._none, self._none, counts[:, State.USED], nothing)
        return self._figure(measure, statistic, found, counts, "none", unit=unit)

    def _survival(self, measure: Measure) -> Iterator[Figure]:
        seen = (measure.state == State.USED) | (measure.state == State.CENSORED)
        state = np.where(seen & np.isnan(measure.values), State.ABSENT, measure.state).astype(np.int8)
        counts = self._counts(state)
        curves = group_survival(
            measure.values,
            measure.state == State.USED,
            self.grouping.code,
            self._n_groups,
            level=self.level,
            ascending=measure.ascending,
        )

        def figure(
            statistic: str, parts: tuple[Floats, Floats, Floats], unit: str, target: Floats | None = None
        ) -> Figure:
            found = GroupEstimate(*parts, counts[:, State.USED], np.zeros(self._n_groups, dtype=np.bool_))
            return self._figure(
                measure, statistic, found, counts, "log_log", unit=unit, formula="kaplan_meier", target=target
            )

        for statistic, q in (("median", 0.5), ("p90", 0.9)):
            yield figure(statistic, curves.quantile(q), "s")
        if measure.target is not None:
            target = self._common(measure.target)
            still, low, high = curves.at(target)
            counts = self._counts(_aimed(state, measure.target))
            yield figure("share_within_target", (1 - still, 1 - high, 1 - low), "share", target)

    def _common(self, target: Floats) -> Floats:
        """Return the target that all contacts of a group share, NaN where they have several or none."""
        low, high = np.full(self._n_groups, np.inf), np.full(self._n_groups, -np.inf)
        np.fmin.at(low, self.grouping.code, target)
        np.fmax.at(high, self.grouping.code, target)
        return np.where(low == high, low, np.nan)


def _aimed(state: NDArray[np.int8], target: Floats) -> NDArray[np.int8]:
    """Take contacts without a target out of a share within the target."""
    timed = (state == State.USED) | (state == State.CENSORED)
    return np.where(timed & np.isnan(target), State.NOT_APPLICABLE, state).astype(np.int8)


def _clustered(name: str, clusters: Clusters | None, found: GroupEstimate) -> NDArray[np.int8]:
    plain = _INTERVAL[name]
    other = plain if clusters is None else _INTERVAL[f"{name}_{clusters.word}"]
    return np.where(found.clustered, other, plain).astype(np.int8)
