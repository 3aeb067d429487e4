"""Shares of labels and aspects in groups of comments, with intervals by how the comments were drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from satsurvey.scoring.intervals import wilson
from satsurvey.text.confusion import ConfusionTable
from satsurvey.text.readings import LABELS, NONE

Floats = NDArray[np.float64]
Codes = NDArray[np.integer]

SHOWN = LABELS[:NONE]
"""The labels whose shares are given: all but the last, which is `none`."""
LEAST_COMMENTS = 30
"""Shares of fewer comments, by weights, are not corrected: what the correction adds is mostly noise."""
LEAST_CLUSTERS = 10
"""Nor are shares of fewer clusters, whose covariance is hardly known."""


@dataclass(frozen=True)
class Design:
    """How comments were drawn, seen from one level of groups.

    Attributes
    ----------
    group
        Group of every comment, int64 of shape (N,), -1 for a comment of no group.
    n_groups
        How many groups there are.
    cluster
        What was drawn: companies where groups are industries, respondents where groups are companies; None
        for comments that stand by themselves.
    weight
        Weight of every comment, or None.
    stratum
        Where only what was drawn inside these is chance: companies that are all there are; -1 is one more.
        None: no strata.
    """

    group: Codes
    n_groups: int
    cluster: Codes | None = None
    weight: Floats | None = None
    stratum: Codes | None = None

    def only(self, rows: NDArray[np.bool_] | Codes) -> Design:
        """Return the design over some of the comments."""
        return Design(
            self.group[rows],
            self.n_groups,
            None if self.cluster is None else self.cluster[rows],
            None if self.weight is None else self.weight[rows],
            None if self.stratum is None else self.stratum[rows],
        )


@dataclass(frozen=True)
class Shares:
    """Shares of K kinds in G groups.

    Attributes
    ----------
    n
        Comments behind the shares, int64 of shape (G,).
    share, low, high
        float64 of shape (G, K); NaN where there is no comment.
    covariance
        Of the shares, shape (G, K, K).
    clustered
        Whether a group's interval goes by its clusters.
    by_weights
        Number of comments by weights, (Σw)²/Σw²; shape (G,).
    df
        Degrees of freedom of the variance between clusters, infinite elsewhere; shape (G,).
    stratified
        Whether the variance is that inside strata.
    """

    n: NDArray[np.int64]
    share: Floats
    low: Floats
    high: Floats
    covariance: Floats
    clustered: NDArray[np.bool_]
    by_weights: Floats
    df: Floats
    stratified: bool = False


def shares_of(kind: Codes, n_kinds: int, design: Design, *, level: float = 0.95) -> Shares:
    """Estimate the shares of kinds among the comments of every group.

    Parameters
    ----------
    kind
        Kind of every comment, 0 to K - 1.
    n_kinds
        K.
    design
        How the comments were drawn.
    level
        Confidence level.

    Notes
    -----
    Shares are weighted means. Where a group has two clusters or more, and fewer clusters than comments, their
    variance is that of the linearised ratio between clusters, m/(m-1) Σ z_c z_c' with
    z_c = Σ w (y - p) / Σ w, and the interval Wilson's with the effective number p(1-p)/variance, at most the
    number by weights, and Student's quantile with m - 1 degrees of freedom. Elsewhere it is Wilson's with the
    number by weights, (Σw)²/Σw².

    With strata the variance is Σ_h m_h/(m_h-1) Σ (z_c - z̄_h)² inside them, with m - H degrees of freedom; a
    stratum of one cluster is held against the mean of all. From 10 degrees of freedom on the effective number
    may then exceed the number by weights.
    """
    inside = design.group >= 0
    kind, design = kind[inside].astype(np.int64), design.only(inside)
    group, n_groups = design.group.astype(np.int64), design.n_groups
    weight = np.ones(kind.size) if design.weight is None else design.weight
    n = np.bincount(group, minlength=n_groups)
    total: Floats = np.bincount(group, weight, minlength=n_groups).astype(np.float64)
    squares = np.bincount(group, weight**2, minlength=n_groups)
    sums = np.bincount(group * n_kinds + kind, weight, minlength=n_groups * n_kinds)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = sums.reshape(n_groups, n_kinds) / total[:, None]
        by_weights = total**2 / squares
        simple = (share[:, :, None] * np.eye(n_kinds) - share[:, :, None] * share[:, None, :]) / by_weights[
            :, None, None
        ]
    covariance, effective = simple, np.repeat(by_weights[:, None], n_kinds, axis=1)
    df = np.full(n_groups, np.inf)
    clustered = np.zeros(n_groups, dtype=np.bool_)
    if design.cluster is not None and kind.size:
        between, m, df_between = _between_clusters(kind, design.cluster, design, weight, share, total)
        clustered = (df_between > 0) & ((m < n) if design.stratum is None else True)
        covariance = np.where(clustered[:, None, None], between, simple)
        spread = np.einsum("gkk->gk", covariance)
        with np.errstate(invalid="ignore", divide="ignore"):
            own = share * (1 - share) / spread
        # A share that happens to vary little between few clusters is not known better than a simple one.
        most = np.full(n_groups, np.inf) if design.stratum is not None else by_weights
        most = np.where(df_between < LEAST_CLUSTERS, by_weights, most)
        own = np.where(spread > 0, np.minimum(own, most[:, None]), by_weights[:, None])
        effective = np.where(clustered[:, None], own, effective)
        df = np.where(clustered, df_between, np.inf)
    low, high = wilson(share, effective, level=level, df=df[:, None])
    return Shares(n, share, low, high, covariance, clustered, by_weights, df, design.stratum is not None)


def _between_clusters(
    kind: Codes, cluster: Codes, design: Design, weight: Floats, share: Floats, total: Floats
) -> tuple[Floats, NDArray[np.int64], Floats]:
    """Return covariance of shares between clusters, number of clusters, degrees of freedom, by group."""
    n_kinds, n_clusters = share.shape[1], int(cluster.max()) + 2
    # Comments without a cluster (-1) are one together.
    keys, firsts, place = np.unique(
        design.group.astype(np.int64) * n_clusters + cluster + 1, return_index=True, return_inverse=True
    )
    of_group = keys // n_clusters
    sums = np.bincount(place * n_kinds + kind, weight, minlength=keys.size * n_kinds)
    size = np.bincount(place, weight, minlength=keys.size)
    z = (sums.reshape(-1, n_kinds) - size[:, None] * share[of_group]) / total[of_group, None]
    m = np.bincount(of_group, minlength=design.n_groups)
    factor, n_strata = (m / np.maximum(m - 1.0, 1.0))[of_group], np.ones(design.n_groups, dtype=np.int64)
    if design.stratum is not None:
        stratum = design.stratum[firsts].astype(np.int64) + 1
        strata, inside = np.unique(of_group * (int(stratum.max()) + 1) + stratum, return_inverse=True)
        of_stratum = np.bincount(inside)
        mean = np.stack([np.bincount(inside, z[:, k]) / of_stratum for k in range(n_kinds)], axis=1)
        alone = of_stratum[inside] == 1
        z = np.where(alone[:, None], z, z - mean[inside])
        factor = np.where(alone, 1.0, of_stratum[inside] / np.maximum(of_stratum[inside] - 1.0, 1.0))
        n_strata = np.bincount(strata // (int(stratum.max()) + 1), minlength=design.n_groups)
    covariance = np.zeros((design.n_groups, n_kinds, n_kinds))
    for a in range(n_kinds):
        for b in range(n_kinds):
            covariance[:, a, b] = np.bincount(of_group, factor * z[:, a] * z[:, b], minlength=design.n_groups)
    return covariance, m.astype(np.int64), np.maximum(m - n_strata, 0).astype(np.float64)


def label_columns(
    label: NDArray[np.int8],
    missing: NDArray[np.bool_],
    design: Design,
    *,
    table: ConfusionTable | None = None,
    level: float = 0.95,
) -> dict[str, object]:
    """Make the columns of counts and label shares of every group.

    Parameters
    ----------
    label
        Position in `LABELS` of every comment.
    missing
        Cells that are blank; their labels do not count.
    design
        How the comments were drawn.
    table
        The measured error of the engine, for corrected shares.
    level
        Confidence level.

    Returns
    -------
    dict
        `n_missing` (blank cells), `n_none` (comments that say nothing), `n` (comments that say something);
        the share of every label among these with `…_low` and `…_high`; with a table also `…_corrected`,
        `…_corrected_low` and `…_corrected_high`, NaN in groups of fewer than `LEAST_COMMENTS` comments or
        `LEAST_CLUSTERS` clusters; `interval` ("wilson", "wilson_clustered" or
        "wilson_stratified").
    """
    answered = ~missing
    says = answered & (label != NONE)
    blank = design.only(missing)
    found = shares_of(label[says], len(SHOWN), design.only(says), level=level)
    mute = design.only(answered & (label == NONE))
    columns: dict[str, object] = {
        "n_missing": np.bincount(blank.group[blank.group >= 0], minlength=design.n_groups),
        "n_none": np.bincount(mute.group[mute.group >= 0], minlength=design.n_groups),
        "n": found.n,
    }
    corrected = None
    if table is not None:
        everything = shares_of(label[answered], len(LABELS), design.only(answered), level=level)
        enough = (everything.by_weights >= LEAST_COMMENTS) & (everything.df >= LEAST_CLUSTERS - 1)
        parts = table.corrected(
            everything.share,
            everything.by_weights,
            covariance=everything.covariance,
            df=everything.df,
            level=level,
        )
        corrected = [np.where(enough[:, None], part, np.nan) for part in parts]
    for k, name in enumerate(SHOWN):
        columns[name], columns[f"{name}_low"], columns[f"{name}_high"] = (
            part[:, k] for part in (found.share, found.low, found.high)
        )
        if corrected is not None:
            place = LABELS.index(name)
            for part, end in zip(corrected, ("", "_low", "_high"), strict=True):
                columns[f"{name}_corrected{end}"] = np.where(found.n > 0, part[:, place], np.nan)
    columns["interval"] = interval_names(found)
    return columns


def interval_names(shares: Shares) -> list[str]:
    """Name the interval of every group."""
    grouped = "wilson_stratified" if shares.stratified else "wilson_clustered"
    return [grouped if one else "wilson" for one in shares.clustered]


def aspect_frame(
    names: Sequence[str],
    comment: NDArray[np.int64],
    aspect: NDArray[np.int8],
    aspect_label: NDArray[np.int8],
    says: NDArray[np.bool_],
    design: Design,
    *,
    level: float = 0.95,
) -> pd.DataFrame:
    """Make one row per group and aspect: how often it is spoken of, and how.

    Parameters
    ----------
    names
        The aspects.
    comment, aspect, aspect_label
        One row per comment and aspect that it speaks of, as `Readings.aspect_labels` gives them.
    says
        Comments that say something, shape (N,).
    design
        How the comments were drawn.
    level
        Confidence level.

    Returns
    -------
    pandas.DataFrame
        group, aspect, n (comments that say something), n_named (of these, those that speak of the aspect),
        named with named_low and named_high (their share), and the share of every label among them with its
        interval. Aspects that nobody in the group speaks of have no row.
    """
    parts = []
    kept = says[comment]
    comment, aspect, aspect_label = comment[kept], aspect[kept], aspect_label[kept]
    inside = design.only(says)
    for place, name in enumerate(names):
        mine = comment[aspect == place]
        if not mine.size:
            continue
        speaks = np.zeros(says.size, dtype=np.int8)
        speaks[mine] = 1
        named = shares_of(speaks[says], 2, inside, level=level)
        how = shares_of(aspect_label[aspect == place], len(SHOWN), design.only(mine), level=level)
        rows = np.flatnonzero(how.n > 0)
        columns: dict[str, object] = {
            "group": rows,
            "aspect": [name] * rows.size,
            "n": named.n[rows],
            "n_named": how.n[rows],
            "named": named.share[rows, 1],
            "named_low": named.low[rows, 1],
            "named_high": named.high[rows, 1],
        }
        for k, label in enumerate(SHOWN):
            columns |= {
                label: how.share[rows, k],
                f"{label}_low": how.low[rows, k],
                f"{label}_high": how.high[rows, k],
            }
        parts.append(pd.DataFrame(columns))
    if not parts:
        return pd.DataFrame()
    frame = pd.concat(parts, ignore_index=True)
    return frame.sort_values(["group", "n_named"], ascending=[True, False], kind="stable", ignore_index=True)
