"""What contacts say of a promise: shares within a time and means, with intervals by how contacts cluster."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri, stdtrit

from satsurvey.intake.ledger import Ledger
from satsurvey.text.shares import Design, shares_of

if TYPE_CHECKING:
    from satsurvey.service.records import Definition

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]


@dataclass(frozen=True)
class PromiseTimes:
    """Times of contacts, and what is known of those that have none.

    Attributes
    ----------
    value
        Seconds, NaN where there was no answer, shape (N,).
    waited
        How long contacts without an answer had waited when last seen, NaN where not known.
    group
        Group of every contact, a row of `groups`.
    groups
        What the promise is tested apart for; one row without columns where it is not.
    clusters
        Kind of cluster to the cluster of every contact.
    n_not_applicable, n_impossible
        Contacts of every group that the promise is not about, and times that cannot be.
    definition, ledger, notes
        Of the records.
    """

    value: Floats
    waited: Floats
    group: Codes
    groups: pd.DataFrame
    clusters: Mapping[str, Codes]
    n_not_applicable: Codes
    n_impossible: Codes
    definition: Definition | None = None
    ledger: Ledger = field(default_factory=Ledger)
    notes: tuple[str, ...] = ()

    def taken(self, rows: NDArray[np.bool_]) -> tuple[Codes, dict[str, Codes]]:
        """Return groups and clusters of some of the contacts."""
        return self.group[rows], {name: codes[rows] for name, codes in self.clusters.items()}


# Shares ----------------------------------------------------------------------------------------------------


def share_rows(
    found: PromiseTimes, kinds: list[tuple[str, Codes]], within_s: float, share: float, level: float
) -> list[dict[str, object]]:
    """Estimate the share within the time: a row per group, reading and interval."""
    kept = found.value <= within_s
    late = (found.value > within_s) | (found.waited > within_s)
    rows: list[dict[str, object]] = []
    for reading, used in (
        ("no_time_missed", np.ones(kept.size, np.bool_)),
        ("no_time_left_out", kept | late),
    ):
        group, clusters = found.taken(used)
        for name in ("wilson", *(name for name, _ in kinds)):
            cluster = None if name == "wilson" else clusters[name]
            design = Design(group, len(found.groups), cluster)
            shares = shares_of(kept[used].astype(np.int64), 2, design, level=level)
            value = shares.share[:, 1]
            with np.errstate(invalid="ignore", divide="ignore"):
                effect = shares.covariance[:, 1, 1] / (value * (1 - value) / shares.n)
            effect = np.where(np.isfinite(effect) & (effect > 1), effect, 1.0)
            m = _n_clusters(group, cluster, len(found.groups))
            for g in range(len(found.groups)):
                low, high = float(shares.low[g, 1]), float(shares.high[g, 1])
                rows.append(
                    {
                        "group": g,
                        "statistic": "share",
                        "reading": reading,
                        "interval": "wilson" if name == "wilson" else f"wilson_{name}",
                        "value": float(value[g]),
                        "ci_low": low,
                        "ci_high": high,
                        "n": int(shares.n[g]),
                        "n_clusters": m[g],
                        "design_effect": float(effect[g]),
                        "promised": share,
                        "verdict": _verdict(low >= share, high < share, shares.n[g]),
                        "n_needed": contacts_needed(
                            float(value[g]), share, level=level, df=m[g] - 1 if shares.clustered[g] else None
                        )
                        * float(effect[g]),
                    }
                )
    return rows


def contacts_needed(found: float, promised: float, *, level: float = 0.95, df: float | None = None) -> float:
    """Return with how many contacts a share that is found tells whether another one is promised in vain.

    z² p₀ (1 - p₀)/(p - p₀)², z the quantile of Student's t where there are degrees of freedom; NaN where the
    two are the same, for then no number tells.

    Examples
    --------
    >>> round(contacts_needed(0.90, 0.95), 1)
    73.0
    """
    if np.isnan(found) or found == promised:
        return float("nan")
    z = float(ndtri(0.5 + level / 2) if df is None else stdtrit(df, 0.5 + level / 2))
    return z**2 * promised * (1 - promised) / (found - promised) ** 2


def _n_clusters(group: Codes, cluster: Codes | None, n_groups: int) -> list[float]:
    if cluster is None:
        return [float("nan")] * n_groups
    width = int(cluster.max(initial=0)) + 1
    pairs = np.unique(group * width + cluster)
    return [float(count) for count in np.bincount(pairs // width, minlength=n_groups)]


def _verdict(kept: bool, broken: bool, n: int) -> str:
    if not n:
        return "cannot_be_told"
    return "kept" if kept else "broken" if broken else "cannot_be_told"


# Means -----------------------------------------------------------------------------------------------------


def mean_rows(
    found: PromiseTimes, kinds: list[tuple[str, Codes]], within_s: float, level: float
) -> list[dict[str, object]]:
    """Estimate the mean: a row per group, reading and interval."""
    seen = np.where(np.isnan(found.value), found.waited, found.value)
    readings = [("no_time_left_out", found.value)]
    if (~np.isnan(found.waited)).any():
        readings.append(("waited_so_far", seen))
    rows: list[dict[str, object]] = []
    for reading, times in readings:
        used = ~np.isnan(times)
        group, clusters = found.taken(used)
        for name in ("t", *(name for name, _ in kinds)):
            cluster = np.arange(group.size, dtype=np.int64) if name == "t" else clusters[name]
            rows += [
                {
                    **row,
                    "statistic": "mean",
                    "reading": reading,
                    "interval": "t" if name == "t" else f"t_{name}",
                    "n_clusters": float("nan") if name == "t" else row["n_clusters"],
                    "promised": within_s,
                }
                for row in _means(times[used], group, cluster, len(found.groups), within_s, level)
            ]
    return rows


def _means(
    times: Floats, group: Codes, cluster: Codes, n_groups: int, within_s: float, level: float
) -> list[dict[str, object]]:
    """Estimate the mean of every group with Student's interval between clusters.

    The variance is m/(m-1) Σ z_c², with z_c = Σ (y - mean)/n over the contacts of a cluster.
    """
    n = np.bincount(group, minlength=n_groups)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.bincount(group, times, minlength=n_groups) / n
    rest = (times - mean[group]) / n[group]
    width = int(cluster.max(initial=0)) + 1
    keys, place = np.unique(group * width + cluster, return_inverse=True)
    sums = np.bincount(place, rest, minlength=keys.size)
    m = np.bincount(keys // width, minlength=n_groups).astype(np.float64)
    squares = np.bincount(keys // width, sums**2, minlength=n_groups)
    simple = np.bincount(group, rest**2, minlength=n_groups)
    with np.errstate(invalid="ignore", divide="ignore"):
        variance = np.where(m > 1, m / (m - 1) * squares, np.nan)
        plain = np.where(n > 1, n / (n - 1) * simple, np.nan)
        # Contacts that happen to vary little between few clusters are not known better for it.
        variance = np.maximum(variance, plain)
        t = stdtrit(np.where(m > 1, m - 1, np.nan), 0.5 + level / 2)
        half = t * np.sqrt(variance)
        effect = np.where(plain > 0, variance / plain, 1.0)
        needed = t**2 * variance * n / (mean - within_s) ** 2
    low, high = mean - half, mean + half
    return [
        {
            "group": g,
            "value": float(mean[g]),
            "ci_low": float(low[g]),
            "ci_high": float(high[g]),
            "n": int(n[g]),
            "n_clusters": float(m[g]),
            "design_effect": float(effect[g]),
            "verdict": _verdict(bool(high[g] <= within_s), bool(low[g] > within_s), int(n[g])),
            "n_needed": float(needed[g]) if np.isfinite(needed[g]) else float("nan"),
        }
        for g in range(n_groups)
    ]
