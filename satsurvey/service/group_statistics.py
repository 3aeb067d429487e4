"""Means, ratios, shares and order statistics of many groups at once, each with its interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr, ndtri

from satsurvey.scoring.intervals import t_quantiles, wilson
from satsurvey.service.grouping import Clusters
from satsurvey.service.segments import Codes, Floats, Segments, dense_codes


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
    used: NDArray[np.bool_],
    groups: Segments,
    *,
    clusters: Clusters | None = None,
    level: float = 0.95,
) -> GroupEstimate:
    """Estimate Σy/Σx of every group; a mean where x is one for all.

    Parameters
    ----------
    numerator, denominator
        y and x of every contact (N,), contacts in the order of their groups; no x makes means.
    used
        Which contacts have a value, (N,).
    groups
        The groups.
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
    y = np.where(used, numerator, 0.0)
    x = None if denominator is None else np.where(used, denominator, 0.0)
    n = groups.counts(used)
    with np.errstate(invalid="ignore", divide="ignore"):
        total = n if x is None else groups.sums(x)
        value = groups.sums(y) / total
        squares, m = groups.sums((y - groups.spread(value) * (used if x is None else x)) ** 2), n
        clustered = np.zeros(len(groups), dtype=np.bool_)
        if clusters is not None:
            between, count = clusters.between(y, x, value, used)
            clustered = (count > 1) & (count < n)
            squares, m = np.where(clustered, between, squares), np.where(clustered, count, n)
        df = np.maximum(m - 1.0, 0)
        half = t_quantiles(df, level) * np.sqrt(m / df * squares) / np.abs(total)
    return GroupEstimate(value, value - half, value + half, n, clustered)


def group_shares(
    yes: NDArray[np.bool_],
    used: NDArray[np.bool_],
    groups: Segments,
    *,
    clusters: Clusters | None = None,
    level: float = 0.95,
) -> GroupEstimate:
    """Estimate the share of contacts that say yes in every group, 0-1, with Wilson's interval.

    `yes` is of shape (N,), read where `used`; the other parameters are those of `group_ratios`.

    Notes
    -----
    Where contacts cluster (a customer called again), the number in Wilson's interval is the effective one,
    p(1-p)/variance between clusters and at most the number of contacts, and the quantile Student's with one
    less than the number of clusters.
    """
    yes = yes & used
    n = groups.counts(used)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = groups.counts(yes) / n
    low, high = wilson(share, n.astype(np.float64), level=level)
    clustered = np.zeros(len(groups), dtype=np.bool_)
    if clusters is not None:
        squares, m = clusters.between(yes, None, share, used)
        clustered = (m > 1) & (m < n)
        p, n_of, m_of = share[clustered], n[clustered], m[clustered].astype(np.float64)
        variance = m_of / (m_of - 1) * squares[clustered] / n_of**2
        with np.errstate(invalid="ignore", divide="ignore"):
            effective = np.where(variance > 0, np.minimum(p * (1 - p) / variance, n_of), n_of)
        low[clustered], high[clustered] = wilson(p, effective, level=level, df=m_of - 1)
    return GroupEstimate(share, low, high, n, clustered)


@dataclass(frozen=True)
class SortedGroups:
    """Values sorted within groups.

    Attributes
    ----------
    values
        Group by group, ascending, behind them in each group what is not used.
    starts
        Where each group begins; of shape (G,), for empty groups too.
    n
        Values of each group that are used.
    """

    values: Floats
    starts: Codes
    n: Codes

    @classmethod
    def of(cls, values: Floats, used: NDArray[np.bool_], groups: Segments) -> SortedGroups:
        """Sort values, which must be numbers where they are used, within groups."""
        return cls(groups.sorted(np.where(used, values, np.inf)), groups.starts, groups.counts(used))

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
        sizes, which = dense_codes(self.n)
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
