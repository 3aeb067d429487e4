"""What one minute less changes: differences of a fitted curve with their errors, and the curve itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from satsurvey.errors import MethodError
from satsurvey.regression.estimates import Estimates, tidy
from satsurvey.regression.forms import KNOT, Form
from satsurvey.regression.ordered_logit import OrderedLogit, coded

Floats = NDArray[np.float64]
T = TypeVar("T")

AT_S = (30.0, 60.0, 120.0, 300.0, 600.0)
STEP_S = 60.0
_TIMES_AT_ONCE = 1 << 13


class OwnTimes:
    """Times of the data: the different ones, and the share of rows that have them.

    Parameters
    ----------
    seconds
        N times.
    weights
        N positive numbers; by default rows count once.

    Attributes
    ----------
    seconds
        The different times, ascending.
    share
        Of the rows, or of what their weights stand for; adds up to 1.
    """

    def __init__(self, seconds: ArrayLike, weights: ArrayLike | None = None) -> None:
        self.seconds, place = coded(np.asarray(seconds, dtype=np.float64))
        count = np.bincount(place, None if weights is None else np.asarray(weights, dtype=np.float64))
        self.share: Floats = count / count.sum()
        self._changes: dict[tuple[Form, float], Mapping[str, float]] = {}

    def shortened(self, step_s: float) -> Floats:
        """Return the different times less a step, or 0."""
        return np.maximum(self.seconds - step_s, 0.0)

    def change(self, form: Form, step_s: float) -> Mapping[str, float]:
        """Return by how much a form's derivatives change on average when times are shortened by a step."""
        key = (form, step_s)
        if key not in self._changes:
            before, after = form.gradient(self.seconds), form.gradient(self.shortened(step_s))
            self._changes[key] = {
                name: float(self.share @ after[name]) - float(self.share @ before[name]) for name in before
            }
        return self._changes[key]


@dataclass(frozen=True, eq=False)
class Effects:
    """Effects of a shorter time.

    Attributes
    ----------
    frame
        at_s, to_s, estimate, std_error, ci_low, ci_high, df, p_value, beyond_data; one row per stated time.
        `estimate` is the curve at `to_s` less the curve at `at_s`, in points; `to_s` is 0 where there is less
        than a step to take off. `beyond_data` where the time is longer than any, or more than half of what is
        taken off lies below the shortest.
    average
        estimate, std_error, ci_low, ci_high, df, p_value of the mean over the data's own times, each
        shortened by the step or to 0; one row, none where no times were given.
    step_s
        By how much times are shortened.
    notes
        What must be known of them.
    """

    frame: pd.DataFrame
    average: pd.DataFrame
    step_s: float
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class ExpectedScore:
    """The score that an ordered logit expects: its levels' scores weighted by their probabilities.

    Attributes
    ----------
    fit
        The model; its slopes are those of a form and of controls.
    scores
        What each level counts, on 0-100, in the order of the levels.
    """

    fit: OrderedLogit
    scores: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.scores) != len(self.fit.levels):
            raise MethodError(
                f"{len(self.scores)} scores are given for {len(self.fit.levels)} levels of the answer"
            )

    def at(self, columns: Mapping[str, Floats], held: Mapping[str, float]) -> tuple[Floats, Floats]:
        """Return the expected score for rows of columns and held controls, and its gradient in coefficients.

        Shapes (N,) and (N, coefficients); E = sum_k s_k [F(c_k - eta) - F(c_(k-1) - eta)].
        """
        from scipy.special import expit

        p = self.fit.slopes
        names = self.fit.estimates.terms[:p]
        rows = len(next(iter(columns.values())))
        design = np.empty((rows, p))
        for at, name in enumerate(names):
            if name not in columns and name not in held:
                raise MethodError(f"the term {name} of the model has no value to be held at")
            design[:, at] = columns.get(name, held.get(name, 0.0))
        values = self.fit.estimates.values
        cuts = values[p:][None, :] - (design @ values[:p])[:, None]
        below = expit(cuts)
        density = below * expit(-cuts)
        steps = np.diff(np.asarray(self.scores, dtype=np.float64))
        # Summed by parts: E = s_K - sum_k (s_(k+1) - s_k) F(c_k - eta).
        expected = self.scores[-1] - below @ steps
        gradient = np.concatenate([(density @ steps)[:, None] * design, -density * steps], axis=1)
        return expected, gradient

    def mean(
        self, form: Form, seconds: Floats, share: Floats, held: Mapping[str, float]
    ) -> tuple[float, Floats]:
        """Return the mean of the expected score over times, and its gradient in coefficients."""
        value, gradient = 0.0, np.zeros(self.fit.estimates.values.size)
        for start in range(0, seconds.size, _TIMES_AT_ONCE):
            some = slice(start, start + _TIMES_AT_ONCE)
            expected, slopes = self.at(form.columns(seconds[some]), held)
            value += float(share[some] @ expected)
            gradient += share[some] @ slopes
        return value, gradient


def one_minute_less(
    form: Form,
    estimates: Estimates,
    *,
    at_s: Sequence[float] = AT_S,
    own_times_s: ArrayLike | OwnTimes | None = None,
    suffix: str = "",
    step_s: float = STEP_S,
    level: float = 0.95,
) -> Effects:
    """Return what a shorter time changes in a linear model, with intervals by the delta method.

    Parameters
    ----------
    form
        Function of the time.
    estimates
        Coefficients of a model with the form's terms: `FormFit.curve`, or those of a mixed model.
    at_s
        Times in seconds at which to state the effect.
    own_times_s
        Times of the data, for the average and to tell which stated times lie beyond them; `OwnTimes` where
        rows have weights, or to walk over them once for several models.
    suffix
        What the model has appended to the form's terms, such as ``" within"``.
    step_s
        By how much times are shortened; times shorter than that are shortened to 0.
    level
        Of the intervals.

    Raises
    ------
    MethodError
        When the model lacks a term of the form, or a time is negative.

    Notes
    -----
    The curve is linear in the coefficients, so the difference is a weighted sum of them and its error
    exact. A knot that was found is a coefficient too (see `FormFit.curve`). Degrees of freedom are those of
    the sum.

    Examples
    --------
    >>> from satsurvey.regression.forms import compare_forms
    >>> seconds = [10.0, 60.0, 100.0, 200.0, 30.0, 90.0, 150.0, 400.0]
    >>> compared = compare_forms(seconds, [90, 88, 85, 80, 91, 85, 80, 72], [0, 0, 1, 1, 2, 2, 3, 3],
    ...                          forms=["linear"])
    >>> best = compared.best
    >>> round(float(one_minute_less(best.form, best.curve, at_s=[120]).frame["estimate"][0]), 3)
    2.929
    """
    at = np.asarray(at_s, dtype=np.float64)
    to = np.maximum(at - step_s, 0.0)
    weights = _weights(form, estimates, to, suffix) - _weights(form, estimates, at, suffix)
    frame = estimates.contrast_frame(weights, level)
    average = pd.DataFrame(columns=frame.columns, dtype=np.float64)
    own = _own(own_times_s)
    if own is not None:
        mean = np.zeros((1, len(estimates.terms)))
        for place, change in _placed(estimates, own.change(form, step_s), suffix):
            mean[0, place] = change
        average = estimates.contrast_frame(mean, level)
    return _effects(frame, average, at, to, own, step_s)


def expected_score_effects(
    form: Form,
    model: ExpectedScore,
    *,
    held: Mapping[str, float],
    at_s: Sequence[float] = AT_S,
    own_times_s: ArrayLike | OwnTimes | None = None,
    step_s: float = STEP_S,
    level: float = 0.95,
) -> Effects:
    """Return what a shorter time changes in the score that an ordered logit expects.

    Parameters
    ----------
    form
        Function of the time; its terms are slopes of the model.
    model
        Ordered logit with the scores of its levels.
    held
        Values of the other slopes' columns, such as the means of controls.
    at_s, own_times_s, step_s, level
        See `one_minute_less`. Controls are held at `held` in the average, too.

    Notes
    -----
    The knot of a form stays where least squares has found it, and its uncertainty is not in these errors.
    """
    estimates = model.fit.estimates
    at = np.asarray(at_s, dtype=np.float64)
    to = np.maximum(at - step_s, 0.0)
    before, slope_before = model.at(form.columns(at), held)
    after, slope_after = model.at(form.columns(to), held)
    frame = _by_gradient(after - before, slope_after - slope_before, estimates, level)
    average = pd.DataFrame(columns=frame.columns, dtype=np.float64)
    own = _own(own_times_s)
    if own is not None:
        started, slope_before = model.mean(form, own.seconds, own.share, held)
        ended, slope_after = model.mean(form, own.shortened(step_s), own.share, held)
        value, slope = np.array([ended - started]), (slope_after - slope_before)[None, :]
        average = _by_gradient(value, slope, estimates, level)
    return _effects(frame, average, at, to, own, step_s)


def fitted_curve(
    form: Form,
    estimates: Estimates,
    *,
    at_s: ArrayLike,
    held: Mapping[str, float],
    suffix: str = "",
    level: float = 0.95,
) -> pd.DataFrame:
    """Return the curve of a linear model at times, with a pointwise band.

    Parameters
    ----------
    form, estimates, suffix, level
        See `one_minute_less`.
    at_s
        Times in seconds.
    held
        Values of the other columns of the model, such as `Tally.means()`; those of the form's terms are not
        used.

    Returns
    -------
    pandas.DataFrame
        at_s, estimate, std_error, ci_low, ci_high, df: the outcome expected at each time.

    Raises
    ------
    MethodError
        When a column of the model is neither a term of the form nor held.
    """
    at = np.asarray(at_s, dtype=np.float64)
    weights = _weights(form, estimates, at, suffix)
    for place, name in enumerate(estimates.terms):
        if place == 0:
            weights[:, 0] = 1.0
        elif name.endswith(suffix) and name.removesuffix(suffix) in {*form.terms, KNOT}:
            continue
        elif name in held:
            weights[:, place] = held[name]
        else:
            raise MethodError(f"the term {name} of the model has no value to be held at")
    frame = estimates.contrast_frame(weights, level).drop(columns="p_value")
    frame.insert(0, "at_s", at)
    return frame


def expected_score_curve(
    form: Form, model: ExpectedScore, *, at_s: ArrayLike, held: Mapping[str, float], level: float = 0.95
) -> pd.DataFrame:
    """Return the score that an ordered logit expects at times, with a pointwise band; see `fitted_curve`."""
    at = np.asarray(at_s, dtype=np.float64)
    value, gradient = model.at(form.columns(at), held)
    frame = _by_gradient(value, gradient, model.fit.estimates, level).drop(columns="p_value")
    frame.insert(0, "at_s", at)
    return frame


def _own(times: ArrayLike | OwnTimes | None) -> OwnTimes | None:
    return times if times is None or isinstance(times, OwnTimes) else OwnTimes(times)


def _weights(form: Form, estimates: Estimates, seconds: Floats, suffix: str) -> Floats:
    weights = np.zeros((seconds.size, len(estimates.terms)))
    for place, column in _placed(estimates, form.gradient(seconds), suffix):
        weights[:, place] = column
    return weights


def _placed(estimates: Estimates, of_form: Mapping[str, T], suffix: str) -> list[tuple[int, T]]:
    """Return what is said of a form's terms with the places of these among the coefficients."""
    places = {term: place for place, term in enumerate(estimates.terms)}
    found: list[tuple[int, T]] = []
    for name, value in of_form.items():
        place = places.get(f"{name}{suffix}")
        if place is not None:
            found.append((place, value))
        elif name != KNOT:
            # A model that takes the knot as given has no coefficient for it.
            raise MethodError(f"the model has no term {name}{suffix}", expected=", ".join(estimates.terms))
    return found


def _by_gradient(value: Floats, gradient: Floats, estimates: Estimates, level: float) -> pd.DataFrame:
    variance = np.einsum("ij,jk,ik->i", gradient, estimates.covariance, gradient)
    return tidy(value, np.sqrt(np.maximum(variance, 0.0)), estimates.contrast_df(gradient), level)


def _effects(
    frame: pd.DataFrame,
    average: pd.DataFrame,
    at: Floats,
    to: Floats,
    own: OwnTimes | None,
    step_s: float,
) -> Effects:
    notes: list[str] = []
    frame.insert(0, "at_s", at)
    frame.insert(1, "to_s", to)
    frame["beyond_data"] = False
    if (at < step_s).any():
        notes.append(f"where there are fewer than {step_s:g} seconds to take off, the time goes down to 0")
    if own is not None:
        shortest, longest = float(own.seconds[0]), float(own.seconds[-1])
        # From the shortest time down to 0 is often a step of a second or two.
        frame["beyond_data"] = (at > longest) | (shortest - to > (at - to) / 2)
        if frame["beyond_data"].any():
            notes.append("some stated times lie beyond those of the data: the curve is continued there")
        short = float(own.share[own.seconds < step_s].sum())
        if short > 0:
            notes.append(
                f"in the average, {100 * short:.1f} % of the times are shorter than {step_s:g} seconds and "
                "go down to 0"
            )
    return Effects(frame, average, step_s, tuple(notes))
