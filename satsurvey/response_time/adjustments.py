"""How the effect moves when more is held fixed: what speaks for or against confounding."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from satsurvey.errors import MethodError
from satsurvey.regression.forms import LOG, Form
from satsurvey.regression.least_squares import least_squares
from satsurvey.regression.marginal import OwnTimes, one_minute_less
from satsurvey.regression.tallies import tally
from satsurvey.response_time.design import Clusters, Held, independent
from satsurvey.response_time.rows import ResponseRows

Floats = NDArray[np.float64]

LEAST_KNOWN = 0.5
"""A confounder that is known for a smaller share of rows is not held fixed."""
_FORM = Form("log")
COLUMNS = ("held", "n", "effect", "std_error", "ci_low", "ci_high", "df", "p_value")


def adjustments(rows: ResponseRows, clusters: Clusters, held: Held, level: float = 0.95) -> pd.DataFrame:
    """Return the average effect of one minute less with nothing, with the controls, and with confounders.

    Returns
    -------
    pandas.DataFrame
        held ("nothing", "controls", "controls+complexity", "controls+resolved", "controls+both"), n, effect,
        std_error, ci_low, ci_high, df, p_value. All on the same rows, those for which the confounders are
        known, and by the logarithmic form, so that only what is held fixed differs.

    Notes
    -----
    Hard matters take longer and please less, so complexity makes waiting look worse than it is. Resolution
    may stand on the way from waiting to satisfaction: held fixed, what the time does through it is gone.
    """
    extras = {
        name: values
        for name, values in (("complexity", rows.complex), ("resolved", rows.resolved))
        if values is not None and np.isfinite(values).mean() >= LEAST_KNOWN and name not in rows.controls
    }
    known = np.ones(len(rows), dtype=np.bool_)
    for values in extras.values():
        known &= np.isfinite(values)
    sets: dict[str, Mapping[str, Floats]] = {"nothing": {}}
    if held.columns:
        sets["controls"] = held.columns
    for name, values in extras.items():
        sets[f"controls+{name}"] = {**held.columns, name: values}
    if len(extras) > 1:
        sets["controls+both"] = {**held.columns, **extras}
    found: list[pd.DataFrame] = []
    times = OwnTimes(rows.time_s[known], None if rows.weight is None else rows.weight[known])
    for name, columns in sets.items():
        frame = _effect(rows, clusters, columns, known, times, level)
        if frame is not None:
            found.append(frame.assign(held=name, n=int(known.sum())))
    if not found:
        return pd.DataFrame(columns=list(COLUMNS))
    return pd.concat(found, ignore_index=True).rename(columns={"estimate": "effect"})[list(COLUMNS)]


def _effect(
    rows: ResponseRows,
    clusters: Clusters,
    columns: Mapping[str, Floats],
    known: NDArray[np.bool_],
    times: OwnTimes,
    level: float,
) -> pd.DataFrame | None:
    time = {LOG: np.log1p(rows.time_s[known])}
    inner = {name: column[known] for name, column in columns.items()}
    kept = independent(inner, time)
    try:
        own = tally(
            {**time, **{name: inner[name] for name in kept}},
            rows.outcome[known],
            clusters.codes[known],
            weights=None if rows.weight is None else rows.weight[known],
        )
        estimates = least_squares(own).estimates
    except MethodError:
        return None
    return one_minute_less(_FORM, estimates, own_times_s=times, level=level).average
