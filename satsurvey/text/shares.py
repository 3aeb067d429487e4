"""Shares of labels and aspects in groups of comments, with intervals by how the comments were drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from satsurvey.text.confusion import ConfusionTable
from satsurvey.text.intervals import wilson
from satsurvey.text.readings import LABELS, NONE

Floats = NDArray[np.float64]
Codes = NDArray[np.integer]

SHOWN = LABELS[:NONE]
"""The labels whose shares are given: all but the last, which is `none`."""


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
    """

    group: Codes
    n_groups: int
    cluster: Codes | None = None
    weight: Floats | None = None

    def only(self, rows: NDArray[np.bool_] | Codes) -> Design:
        """Return the design over some of the comments."""
        return Design(
            self.group[rows],
            self.n_groups,
            None if self.cluster is None else self.cluster[rows],
            None if self.weight is None else self.weight[rows],
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
    """

    n: NDArray[np.int64]
    share: Floats
    low: Floats
    high: Floats
    covariance: Floats
    clustered: NDArray[np.bool_]


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
        between, m = _between_clusters(kind, design.cluster, design, weight, share, total)
        clustered = (m > 1) & (m < n)
        covariance = np.where(clustered[:, None, None], between, simple)
        spread = np.einsum("gkk->gk", covariance)
        with np.errstate(invalid="ignore", divide="ignore"):
            own = share * (1 - share) / spread
        # A share that happens to vary little between few clusters is not known better than a simple one.
        own = np.where(spread > 0, np.minimum(own, by_weights[:, None]), by_weights[:, None])
        effective = np.where(clustered[:, None], own, effective)
        df = np.where(clustered, m - 1.0, np.inf)
    low, high = wilson(share, effective, level=level, df=df[:, None])
    return Shares(n, share, low, high, covariance, clustered)


def _between_clusters(
    kind: Codes, cluster: Codes, design: Design, weight: Floats, share: Floats, total: Floats
) -> tuple[Floats, NDArray[np.int64]]:
    """Return the covariance of shares between clusters, and the number of clusters, by group."""
    n_kinds, n_clusters = share.shape[1], int(cluster.max()) + 2
    # Comments without a cluster (-1) are one together.
    keys, place = np.unique(design.group.astype(np.int64) * n_clusters + cluster + 1, return_inverse=True)
    of_group = keys // n_clusters
    sums = np.bincount(place * n_kinds + kind, weight, minlength=keys.size * n_kinds)
    size = np.bincount(place, weight, minlength=keys.size)
    z = (sums.reshape(-1, n_kinds) - size[:, None] * share[of_group]) / total[of_group, None]
    m = np.bincount(of_group, minlength=design.n_groups)
    covariance = np.zeros((design.n_groups, n_kinds, n_kinds))
    for a in range(n_kinds):
        for b in range(n_kinds):
            covariance[:, a, b] = np.bincount(of_group, z[:, a] * z[:, b], minlength=design.n_groups)
    with np.errstate(invalid="ignore", divide="ignore"):
        covariance *= (m / (m - 1.0))[:, None, None]
    return covariance, m.astype(np.int64)


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
        `…_corrected_low` and `…_corrected_high`; `interval` ("wilson" or "wilson_clustered").
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
        corrected = table.corrected(everything.share, everything.covariance, level=level)
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
    return ["wilson_clustered" if one else "wilson" for one in shares.clustered]


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
