"""The chosen form channel by channel: each channel by itself, with the controls but the channel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from satsurvey.errors import MethodError
from satsurvey.regression.forms import Form
from satsurvey.regression.least_squares import least_squares
from satsurvey.regression.marginal import OwnTimes, fitted_curve, one_minute_less
from satsurvey.regression.tallies import tally
from satsurvey.response_time.design import Clusters, Held
from satsurvey.response_time.models import effects_frame
from satsurvey.response_time.rows import ResponseRows

Floats = NDArray[np.float64]

POINTS = 81
"""Points of a drawn curve."""
FEWEST_ROWS = 30
"""A channel with fewer rows gets no curve of its own."""
_ENDS = (0.005, 0.995)


@dataclass(frozen=True, eq=False)
class ByChannel:
    """Effects and curves by channel; all frames are empty where there are no two channels.

    Attributes
    ----------
    frame
        channel, n, n_companies, median_s, score, note.
    effects, curve
        As in `ResponseTimeFit`.
    notes
        Channels without a fit.
    """

    frame: pd.DataFrame
    effects: pd.DataFrame
    curve: pd.DataFrame
    notes: tuple[str, ...] = ()


def curve_times(seconds: Floats) -> Floats:
    """Return the times at which a curve is drawn: even steps of log(1 + seconds) over the data's range."""
    low, high = np.log1p(np.quantile(seconds, _ENDS))
    return np.asarray(np.expm1(np.linspace(low, high, POINTS))).clip(0.0)


def by_channel(
    rows: ResponseRows, clusters: Clusters, form: Form, held: Held, *, at_s: Sequence[float], level: float
) -> ByChannel:
    """Fit a form in each channel by itself.

    Parameters
    ----------
    rows, clusters
        Rows, and what they belong to.
    form
        The form of all rows; its spline or knot stays where all rows have put it.
    held
        Controls; columns that say nothing within a channel are left out there.
    at_s, level
        Times at which to state effects; level of the intervals.
    """
    table: list[tuple[object, ...]] = []
    effects: list[pd.DataFrame] = []
    curves: list[pd.DataFrame] = []
    notes: list[str] = []
    channel = rows.channel
    if channel is not None and np.unique(channel.codes).size > 1:
        rest = held.without("channel")
        for code in np.unique(channel.codes[channel.codes >= 0]).tolist():
            name, here = channel.names[code], channel.codes == code
            note = ""
            try:
                made = _one(rows, clusters, form, rest, here, name, at_s, level)
                effects.append(made[0])
                curves.append(made[1])
            except MethodError as exc:
                note = exc.what
                notes.append(f"the channel {name} has no curve of its own: {exc.what}")
            weights = None if rows.weight is None else rows.weight[here]
            table.append(
                (
                    name,
                    int(here.sum()),
                    1 if clusters.single else int(np.unique(clusters.codes[here]).size),
                    float(np.median(rows.time_s[here])),
                    float(np.average(rows.outcome[here], weights=weights)),
                    note,
                )
            )
    columns = ["channel", "n", "n_companies", "median_s", "score", "note"]
    frame = pd.DataFrame(table, columns=columns)
    return ByChannel(
        frame,
        pd.concat(effects, ignore_index=True) if effects else pd.DataFrame(),
        pd.concat(curves, ignore_index=True) if curves else pd.DataFrame(),
        tuple(notes),
    )


def _one(
    rows: ResponseRows,
    clusters: Clusters,
    form: Form,
    held: Held,
    here: NDArray[np.bool_],
    name: str,
    at_s: Sequence[float],
    level: float,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    seconds = rows.time_s[here]
    if seconds.size < FEWEST_ROWS:
        raise MethodError(f"{seconds.size} rows are too few", expected=f"{FEWEST_ROWS} rows")
    columns = form.columns(seconds)
    inner = held.take(here, columns)
    weights = None if rows.weight is None else rows.weight[here]
    own = tally({**columns, **inner.columns}, rows.outcome[here], clusters.codes[here], weights=weights)
    estimates = least_squares(own).estimates
    own_times = OwnTimes(seconds, weights)
    found = one_minute_less(form, estimates, at_s=at_s, own_times_s=own_times, level=level)
    line = fitted_curve(form, estimates, at_s=curve_times(seconds), held=own.means(), level=level)
    curve = pd.DataFrame(
        {
            "channel": pd.Series([name] * len(line), dtype="str"),
            "time_s": line["at_s"],
            "score": line["estimate"],
            "ci_low": line["ci_low"],
            "ci_high": line["ci_high"],
        }
    )
    return effects_frame(found, "ols", name), curve
