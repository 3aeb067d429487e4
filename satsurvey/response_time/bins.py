"""The data's own bins: mean score of rows whose times are alike, beside which any curve must stand."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from satsurvey.errors import MethodError
from satsurvey.regression.least_squares import least_squares
from satsurvey.regression.tallies import tally
from satsurvey.response_time.design import Clusters
from satsurvey.response_time.rows import ResponseRows

Floats = NDArray[np.float64]

MOST_BINS = 10
FEWEST_ROWS = 20
"""A bin has at least so many rows, where there are as many at all."""
COLUMNS = ("channel", "low_s", "high_s", "n", "time_s", "middle_s", "score", "ci_low", "ci_high")


def binned(rows: ResponseRows, clusters: Clusters, level: float = 0.95) -> pd.DataFrame:
    """Return plain means in bins of time, over all rows and by channel.

    Parameters
    ----------
    rows, clusters
        Rows, and what they belong to: the intervals are of rows that go together in clusters.
    level
        Of the intervals.

    Returns
    -------
    pandas.DataFrame
        channel ("" for all), low_s, high_s (both ends inside), n, time_s (mean), middle_s (mean on the
        scale log(1 + seconds)), score, ci_low, ci_high. Bins are cut at tenths of the times, so that they
        hold about as many rows each; equal times stay together.
    """
    frames = [_bins("", np.ones(len(rows), dtype=np.bool_), rows, clusters, level)]
    if rows.channel is not None and np.unique(rows.channel.codes).size > 1:
        for code in np.unique(rows.channel.codes[rows.channel.codes >= 0]).tolist():
            here = rows.channel.codes == code
            frames.append(_bins(rows.channel.names[code], here, rows, clusters, level))
    return pd.concat(frames, ignore_index=True)


def edges_of(seconds: Floats) -> Floats:
    """Return the upper ends of bins, each a time that occurs."""
    number = int(np.clip(seconds.size // FEWEST_ROWS, 1, MOST_BINS))
    cuts = np.quantile(seconds, np.arange(1, number + 1) / number, method="inverted_cdf")
    return np.unique(cuts)


def _bins(
    channel: str, here: NDArray[np.bool_], rows: ResponseRows, clusters: Clusters, level: float
) -> pd.DataFrame:
    at = np.flatnonzero(here)
    place = np.searchsorted(edges_of(rows.time_s[at]), rows.time_s[at], side="left").astype(np.int8)
    # Rows of one bin stand together, in their order.
    at = at[np.argsort(place, kind="stable")]
    seconds, scores, codes = rows.time_s[at], rows.outcome[at], clusters.codes[at]
    logs, weights = np.log1p(seconds), None if rows.weight is None else rows.weight[at]
    ends = np.cumsum(np.bincount(place))
    found: list[tuple[object, ...]] = []
    for start, end in pairwise([0, *ends.tolist()]):
        if start == end:
            continue
        inside = slice(start, end)
        weight = None if weights is None else weights[inside]
        found.append(
            (
                channel,
                float(seconds[inside].min()),
                float(seconds[inside].max()),
                end - start,
                float(np.average(seconds[inside], weights=weight)),
                float(np.expm1(np.average(logs[inside], weights=weight))),
                float(np.average(scores[inside], weights=weight)),
                *_interval(scores[inside], codes[inside], weight, level),
            )
        )
    frame = pd.DataFrame(found, columns=list(COLUMNS))
    frame["channel"] = frame["channel"].astype("str")
    return frame


def _interval(
    scores: Floats, codes: NDArray[np.int64], weights: Floats | None, level: float
) -> tuple[float, float]:
    """Return the interval of a mean; NaN where one cluster alone is in the bin or nothing differs."""
    try:
        fit = least_squares(tally({}, scores, codes, weights=weights))
    except MethodError:
        return float("nan"), float("nan")
    row = fit.estimates.frame(level).iloc[0]
    return float(row["ci_low"]), float(row["ci_high"])
