"""The curve of the user's own data that targets rest on: whether there is one, and each channel's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from satsurvey.errors import ColumnsError, MethodError
from satsurvey.regression.estimates import Estimates, interval
from satsurvey.regression.forms import Form, compare_forms
from satsurvey.response_time.claim_channels import channels_of
from satsurvey.response_time.claim_data import ClaimData
from satsurvey.response_time.claim_models import clusters_of
from satsurvey.response_time.claim_time import controls_without
from satsurvey.response_time.design import held_columns

Floats = NDArray[np.float64]
Curve = Literal["found", "none_found", "reversed", "not_known"]

FEWEST_OF_CHANNEL = 100


@dataclass(frozen=True, eq=False)
class OwnCurve:
    """A curve of the user's own data.

    Attributes
    ----------
    form, estimates
        Function of the time, and its coefficients with their covariance.
    pooled
        Whether it is that of all channels, this one having too few interviews.
    low_s, high_s
        Times that it was fitted to.
    """

    form: Form
    estimates: Estimates
    pooled: bool
    low_s: float
    high_s: float

    def change(self, before: Floats, after: Floats, level: float) -> tuple[float, float, float]:
        """Return the change of the mean score when times change, with its interval, in points."""
        weights = np.zeros((1, len(self.estimates.terms)))
        new, old = self.form.gradient(after), self.form.gradient(before)
        for place, term in enumerate(self.estimates.terms):
            if term in new:
                weights[0, place] = float((new[term] - old[term]).mean())
        value, error = self.estimates.contrast(weights)
        low, high, _ = interval(value, error, self.estimates.contrast_df(weights), level)
        return float(value[0]), float(low[0]), float(high[0])


def association(data: ClaimData) -> tuple[Curve, str]:
    """Return what the user's own data say of time and satisfaction."""
    if data.responses is None:
        return "not_known", "there are no interviews"
    try:
        fit = data.fit
    except (MethodError, ColumnsError) as exc:
        return "not_known", exc.what
    if fit.association == "none_found":
        return "none_found", ""
    log = fit.comparison.fits.get("log", fit.comparison.best)
    slope = float(log.fit.estimates.values[log.fit.estimates.terms.index(log.form.terms[0])])
    return ("found" if slope < 0 else "reversed"), ""


def own_curve(data: ClaimData, channel: str) -> OwnCurve:
    """Return the curve of a channel, or that of all where the channel has fewer than 100 interviews.

    The form is the one chosen for all interviews; errors are clustered by company.
    """
    fit, rows = data.fit, data.rows
    best = fit.comparison.best
    whole = OwnCurve(best.form, best.curve, True, float(rows.time_s.min()), float(rows.time_s.max()))
    if rows.channel is None or not channel:
        return whole
    codes, names = channels_of(rows.channel)
    here = codes == (names.index(channel) if channel in names else -2)
    if int(here.sum()) < FEWEST_OF_CHANNEL:
        return whole
    part = rows.take(here)
    clusters, _ = clusters_of(part.company.codes.astype(np.int64))
    held = held_columns(controls_without(part.controls, "channel"), {"time": np.log1p(part.time_s)}).columns
    try:
        own = compare_forms(
            part.time_s,
            part.outcome,
            clusters,
            controls=held,
            forms=(best.form.name,),
            weights=part.weight,
            folds=2,
        ).best
    except MethodError:
        return whole
    return OwnCurve(own.form, own.curve, False, float(part.time_s.min()), float(part.time_s.max()))
