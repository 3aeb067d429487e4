"""Means, ratios, shares and order statistics of many groups at once, each with its interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr, ndtri, stdtrit

from satsurvey.service.grouping import Clusters, Codes
from satsurvey.text.intervals import wilson

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class GroupEstimate:
    """One figure for every group.

    Attributes
    ----------
    value, low, high
        float64 of shape (G,); NaN where there is nothing to make it from, or nothing that bounds it.
    n
        Contacts behind each, int64.
    clustered
        Whether the interval goes by clusters.
    """

    value: Floats
    low: Floats
    high: Floats
    n: NDArray[np.int64]
    clustered: NDArray[np.bool_]


def group_ratios(
    numerator: Floats,
    denominator: Floats | None,
    group: Codes,
    n_groups: int,
    *,
    rows: NDArray[np.intp],
    clusters: Clusters | None = None,
    level: float = 0.95,
) -> GroupEstimate:
    """Estimate Σy/Σx of every group; a mean where x is one for all.

    Parameters
    ----------
    numerator, denominator
        y and x of every contact in `rows`, of shape (rows,); no x makes means.
    group, n_groups
        Group of every contact (N,), and how many groups there are.
    rows
        Positions of the contacts that have a value.
    clusters
        Contacts that belong together, or None.
    level
        Confidence level.

    Notes
    -----
    R = Σy/Σx, z = (y - R·x)/Σx, variance m/(m-1)·Σ z_c² over the m clusters (contacts where there are no
    clusters), interval R ± t(m-1)·√variance. For means of single contacts this is s²/n. A group of which all
    belongs to one cluster has no spread between clusters; its interval goes by contacts.
    """
    own = group[rows]
    x = np.ones(rows.size) if denominator is None else denominator
    n = np.bincount(own, minlength=n_groups)
    with np.errstate(invalid="ignore", divide="ignore"):
        total = np.bincount(own, x, minlength=n_groups)
        value = np.bincount(own, numerator, minlength=n_groups) / total
        z = (numerator - value[own] * x) / total[own]
        squares, m = np.bincount(own, z**2, minlength=n_groups), n
        clustered = np.zeros(n_groups, dtype=np.bool_)
        if clusters is not None:
            between, count = _between(z, rows, clusters, n_groups)
            clustered = (count > 1) & (count < n)
            squares, m = np.where(clustered, between, squares), np.where(clustered, count, n)
        df = np.where(m > 1, m - 1.0, np.nan)
        half = stdtrit(df, 0.5 + level / 2) * np.sqrt(m / df * squares)
    return GroupEstimate(value, value - half, value + half, n, clustered)


def group_shares(
    yes: NDArray[np.bool_],
    group: Codes,
    n_groups: int,
    *,
    rows: NDArray[np.intp],
    clusters: Clusters | None = None,
    level: float = 0.95,
) -> GroupEstimate:
    """Estimate the share of contacts that say yes in every group, 0-1, with Wilson's interval.

    `yes` is of shape (rows,); the other parameters are those of `group_ratios`.

    Notes
    -----
    Where contacts cluster (a customer called again), the number in Wilson's interval is the effective one,
    p(1-p)/variance between clusters and at most the number of contacts, and the quantile Student's with one
    less than the number of clusters.
    """
    own = group[rows]
    n = np.bincount(own, minlength=n_groups)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.bincount(own, yes, minlength=n_groups) / n
    if clusters is None:
        low, high = wilson(share, n.astype(np.float64), level=level)
        return GroupEstimate(share, low, high, n, np.zeros(n_groups, dtype=np.bool_))
    with np.errstate(invalid="ignore", divide="ignore"):
        squares, m = _between((yes - share[own]) / n[own], rows, clusters, n_groups)
        clustered = (m > 1) & (m < n)
        variance = m / (m - 1.0) * squares
        effective = np.where(variance > 0, np.minimum(share * (1 - share) / variance, n), n)
    low, high = wilson(
        share,
        np.where(clustered, effective, n),
        level=level,
        df=np.where(clustered, m - 1.0, np.inf),
    )
    return GroupEstimate(share, low, high, n, clustered)


def _between(
    z: Floats, rows: NDArray[np.intp], clusters: Clusters, n_groups: int
) -> tuple[Floats, NDArray[np.int64]]:
    """Return Σ z_c² of every group, and how many of its clusters have a contact in `rows`."""
    own = clusters.code[rows]
    size = clusters.group.size
    sums = np.bincount(own, z, minlength=size)
    here = np.bincount(own, minlength=size) > 0
    squares: Floats = np.bincount(clusters.group, sums**2, minlength=n_groups).astype(np.float64)
    return squares, np.bincount(clusters.group[here], minlength=n_groups).astype(np.int64)


def within_groups(order: NDArray[np.int64], group: Codes) -> NDArray[np.int64]:
    """Bring positions group by group, those of a group staying in their order.

    One sort of whole numbers does what a stable sort by group would, much faster.
    """
    size = np.int64(max(order.size, 1))
    sorted_places: NDArray[np.int64] = np.sort(group[order] * size + np.arange(order.size))
    grouped: NDArray[np.int64] = order[sorted_places % size]
    return grouped


@dataclass(frozen=True)
class SortedGroups:
    """Values sorted within groups.

    Attributes
    ----------
    values
        Group by group, ascending.
    starts
        Where each group begins; of shape (G,), for empty groups too.
    n
        Values of each group.
    order
        Position of every value among those given.
    """

    values: Floats
    starts: NDArray[np.int64]
    n: NDArray[np.int64]
    order: NDArray[np.int64]

    @classmethod
    def of(
        cls, values: Floats, group: Codes, n_groups: int, *, ascending: NDArray[np.int64] | None = None
    ) -> SortedGroups:
        """Sort values, which must be numbers, within groups.

        `ascending` are the positions to use, in the order of their values, where that is known already.
        """
        if ascending is None:
            ascending = np.argsort(values)
        order = within_groups(ascending, group) if n_groups > 1 else ascending
        n = np.bincount(group[ascending], minlength=n_groups)
        return cls(values[order], np.cumsum(n) - n, n, order)

    def at(self, rank: NDArray[np.int64]) -> Floats:
        """Return the value of a rank (from 1) in every group, NaN where there is none."""
        inside = (rank >= 1) & (rank <= self.n)
        found = np.full(self.n.size, np.nan)
        found[inside] = self.values[(self.starts + rank - 1)[inside]]
        return found

    def quantile(self, q: float, *, level: float = 0.95) -> GroupEstimate:
        """Estimate a quantile of every group, with an interval that assumes no shape of the distribution.

        Notes
        -----
        The estimate is that of type 7 of Hyndman and Fan (1996), linear between order statistics. The
        interval is [X(l), X(u)]: l the largest rank with P(B < l) ≤ α/2 and u the smallest with P(B ≥ u) ≤
        α/2, B binomial with n and q. It covers at least the level whatever the distribution; an end for which
        there are too few values is NaN.

        References
        ----------
        Conover (1999), Practical Nonparametric Statistics, 3.2.
        """
        with np.errstate(invalid="ignore"):
            place = np.maximum(self.n - 1, 0) * q
        below = np.floor(place).astype(np.int64)
        low = self.at(below + 1)
        high = self.at(np.minimum(below + 2, self.n))
        value = low + (place - below) * (high - low)
        sizes, which = np.unique(self.n, return_inverse=True)
        first, last = order_ranks(sizes, q, level)
        none = np.zeros(self.n.size, dtype=np.bool_)
        return GroupEstimate(value, self.at(first[which]), self.at(last[which]), self.n, none)


def order_ranks(n: NDArray[np.int64], q: float, level: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the ranks between which a quantile lies with at least a confidence; 0 and n + 1: no bound."""
    tail = (1 - level) / 2
    centre, spread = n * q, -ndtri(tail) * np.sqrt(n * q * (1 - q))

    def chance(k: NDArray[np.int64]) -> Floats:
        """P(B ≤ k)."""
        inside = np.clip(k, 0, n).astype(np.float64)
        return np.where(k < 0, 0.0, bdtr(inside, n, q))

    first = np.clip(np.floor(centre - spread).astype(np.int64), 0, n)
    while (much := (first > 0) & (chance(first - 1) > tail)).any():
        first = first - much
    while (more := (first < n) & (chance(first) <= tail)).any():
        first = first + more
    last = np.clip(np.ceil(centre + spread).astype(np.int64), 1, n + 1)
    while (little := (last <= n) & (chance(last - 1) < 1 - tail)).any():
        last = last + little
    while (less := (last > 1) & (chance(last - 2) >= 1 - tail)).any():
        last = last - less
    return first, last
