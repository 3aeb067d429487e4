"""Functional forms of a time: straight, logarithmic, smooth, and bent once; compared on the same rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from satsurvey.errors import MethodError
from satsurvey.regression.estimates import Estimates
from satsurvey.regression.knots import Knot, KnotSearch, bent_columns, find_knot
from satsurvey.regression.least_squares import Correction, LeastSquares, least_squares
from satsurvey.regression.splines import NaturalSpline, natural_spline
from satsurvey.regression.tallies import Tally, tally

Floats = NDArray[np.float64]
Codes = NDArray[np.integer]
FormName = Literal["linear", "log", "spline", "knot"]

FORMS: tuple[FormName, ...] = ("linear", "log", "spline", "knot")
FOLDS = 10
CLOSE = 2.0
"""Models whose AIC differs by no more are told apart by nothing (Burnham and Anderson, 2002)."""
MINUTES, LOG, PAST, KNOT = "minutes", "log_seconds", "log_seconds_past_knot", "knot"
_SPLINE_DF = 3


@dataclass(frozen=True, eq=False)
class Form:
    """A function of a time in seconds, linear in its coefficients.

    Attributes
    ----------
    name
        `linear`: minutes. `log`: log(1 + seconds). `spline`: natural cubic spline of log(1 + seconds) with
        three columns, knots at its thirds. `knot`: a line in log(1 + seconds) that bends once, so that `log`
        is the case without a bend.
    spline
        Of the form `spline`.
    knot_s
        Of the form `knot`, in seconds.
    slope_change
        Of the form `knot`: what the slope is after the knot less before.
    """

    name: FormName
    spline: NaturalSpline | None = None
    knot_s: float = float("nan")
    slope_change: float = float("nan")

    @property
    def terms(self) -> tuple[str, ...]:
        """Names of the columns."""
        spline = tuple(f"spline_{at}" for at in range(1, _SPLINE_DF + 1))
        return {"linear": (MINUTES,), "log": (LOG,), "spline": spline, "knot": (LOG, PAST)}[self.name]

    @property
    def n_terms(self) -> int:
        """How many numbers the data choose: coefficients, and the knot."""
        return len(self.terms) + (self.name == "knot")

    def columns(self, seconds: ArrayLike) -> dict[str, Floats]:
        """Return the columns at times.

        Raises
        ------
        MethodError
            When a time is negative.
        """
        return {name: column for name, column in self.gradient(seconds).items() if name != KNOT}

    def gradient(self, seconds: ArrayLike) -> dict[str, Floats]:
        """Return the function's derivatives: its columns and, of the form `knot`, that along the knot."""
        times = np.asarray(seconds, dtype=np.float64)
        _check_times(times)
        if self.name == "linear":
            return {MINUTES: times / 60.0}
        logs = np.log1p(times)
        if self.name == "log":
            return {LOG: logs}
        if self.spline is not None:
            return dict(zip(self.terms, self.spline.basis(logs).T, strict=True))
        bent = bent_columns(logs, float(np.log1p(self.knot_s)), self.slope_change)
        return dict(zip((LOG, PAST, KNOT), bent, strict=True))


@dataclass(frozen=True, eq=False)
class FormFit:
    """A form fitted by least squares.

    Attributes
    ----------
    form
        With the knot that was found.
    fit
        Coefficients with clustered errors. Those of the form `knot` hold what the knot's uncertainty adds.
    curve
        Coefficients for `Form.gradient`, the knot among them (its value is 0: a shift from where it was
        found).
    tally
        Of the columns of the form and the controls, for other models of the same rows.
    knot
        In log(1 + seconds), of the form `knot`.
    """

    form: Form
    fit: LeastSquares
    curve: Estimates
    tally: Tally
    knot: Knot | None = None


@dataclass(frozen=True, eq=False)
class FormComparison:
    """Forms side by side.

    Attributes
    ----------
    frame
        form, n_terms, aic, delta_aic, cv_rmse, chosen; one row per form. n_terms counts what the form adds to
        the controls; aic takes rows as independent, as everywhere; cv_rmse is in points of the outcome.
    fits
        By name of form.
    chosen
        Name of the form that is recommended.
    reason
        Why, in words.
    folds, folds_over
        Parts of the cross-validation, and what they part: `clusters` or `rows`.
    seed
        Of the folds.
    notes
        Forms that could not be fitted, and what must be known.
    """

    frame: pd.DataFrame
    fits: Mapping[str, FormFit]
    chosen: str
    reason: str
    folds: int
    folds_over: Literal["clusters", "rows"]
    seed: int
    notes: tuple[str, ...] = ()

    @property
    def best(self) -> FormFit:
        """The fit of the chosen form."""
        return self.fits[self.chosen]

    @property
    def knot_s(self) -> tuple[float, float, float] | None:
        """Knot with the ends of its interval, in seconds; None where that form could not be fitted."""
        fit = self.fits.get("knot")
        if fit is None or fit.knot is None:
            return None
        at, low, high = np.expm1([fit.knot.at, fit.knot.low, fit.knot.high]).tolist()
        return at, low, high


def compare_forms(
    seconds: ArrayLike,
    outcome: ArrayLike,
    clusters: ArrayLike,
    *,
    controls: Mapping[str, ArrayLike] | None = None,
    forms: Sequence[FormName] = FORMS,
    weights: ArrayLike | None = None,
    folds: int = FOLDS,
    seed: int = 20191,
    level: float = 0.95,
    correction: Correction | None = None,
) -> FormComparison:
    """Fit forms of a time to the same rows by least squares and say which to use.

    Parameters
    ----------
    seconds
        N times, not negative.
    outcome
        N numbers, such as scores 0-100.
    clusters
        N whole numbers from 0.
    controls
        Columns that every model has, without the intercept.
    forms
        Which to fit.
    weights
        N positive numbers; by default rows count once.
    folds
        Parts of the cross-validation. Whole companies are held out where there are at least so many, else
        rows.
    seed
        Of the dealing out to folds.
    level
        Of the interval of the knot.
    correction
        See `least_squares`.

    Raises
    ------
    MethodError
        When a time is negative, all times are equal, a control is called like a term of a form, no form can
        be fitted, or least squares refuses (see `least_squares`).

    Notes
    -----
    The rule: the lowest AIC; but a form with fewer terms is taken instead where its AIC is within 2 or
    where it predicts what was held out at least as well, since the AIC takes rows of a company as
    independent and so favours many terms. Of several simpler forms the simplest is taken, of equally simple
    ones that with the lowest AIC. The AIC of the form `knot` counts the knot. Cross-validation finds the
    knot anew without each fold; the knots of the spline are quantiles of the times and see no outcome.

    References
    ----------
    Burnham, K. P. and Anderson, D. R. (2002). Model selection and multimodel inference, 2nd ed., section 2.6.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> seconds, company = rng.gamma(2.0, 60.0, 400), np.arange(400) % 20
    >>> compared = compare_forms(seconds, 90 - 4 * np.log1p(seconds) + rng.normal(0, 5, 400), company)
    >>> compared.chosen
    'log'
    """
    times = np.ascontiguousarray(seconds, dtype=np.float64)
    y = np.ascontiguousarray(outcome, dtype=np.float64)
    codes = np.asarray(clusters)
    held = {name: np.ascontiguousarray(column, dtype=np.float64) for name, column in (controls or {}).items()}
    weight = None if weights is None else np.ascontiguousarray(weights, dtype=np.float64)
    _check_times(times)
    taken = sorted(
        {MINUTES, LOG, PAST, KNOT, *(f"spline_{k}" for k in range(1, _SPLINE_DF + 1))} & held.keys()
    )
    if taken:
        raise MethodError(f"a control is called {taken[0]}, as a term of the curve is", next_step="rename it")
    if times.size and float(times.min()) == float(times.max()):
        raise MethodError(
            "all times are equal: how the outcome changes with time cannot be told", value=times[0]
        )
    parts, over = _folds(codes, folds, seed)
    logs = np.log1p(times)
    fits: dict[str, FormFit] = {}
    errors: dict[str, float] = {}
    notes: list[str] = []
    plain = [name for name in forms if name != "knot"]
    spline = None
    if "spline" in plain:
        try:
            spline = natural_spline(logs, df=_SPLINE_DF)
        except MethodError as exc:
            notes.append(f"the form spline is left out: {exc.what}")
            plain.remove("spline")
    made = {name: Form(name, spline if name == "spline" else None) for name in plain}
    columns = {name: column for form in made.values() for name, column in form.columns(times).items()}
    if made:
        groups, at = (codes, parts[codes]) if over == "clusters" else (codes, parts)
        whole = tally(columns | held, y, groups, weights=weight)
        split = (
            _by_fold(whole, parts, folds)
            if over == "clusters"
            else tally(columns | held, y, at, n_clusters=folds, weights=weight, centring=whole.centring)
        )
        for name, form in made.items():
            own = whole.of_terms((*form.terms, *held))
            fit = least_squares(own, correction=correction)
            fits[name] = FormFit(form, fit, fit.estimates, own)
            errors[name] = _held_out(split.of_terms((*form.terms, *held)))
    if "knot" in forms:
        try:
            fits["knot"], errors["knot"] = _knot_form(
                logs,
                y,
                codes,
                held,
                weight,
                parts[codes] if over == "clusters" else parts,
                folds,
                level,
                correction,
            )
        except MethodError as exc:
            if not fits:
                raise
            notes.append(f"the form knot is left out: {exc.what}")
    if not fits:
        raise MethodError("no form of the time can be fitted", expected=", ".join(FORMS))
    frame, chosen, reason = _choose(
        {name: fits[name] for name in forms if name in fits}, errors, y.size, weight
    )
    if over == "rows":
        notes.append(
            "there are fewer clusters than folds: rows are held out in cross-validation, not whole clusters"
        )
    return FormComparison(frame, fits, chosen, reason, folds, over, seed, tuple(notes))


def _knot_form(
    logs: Floats,
    y: Floats,
    codes: Codes,
    controls: Mapping[str, Floats],
    weights: Floats | None,
    parts: Codes,
    folds: int,
    level: float,
    correction: Correction | None,
) -> tuple[FormFit, float]:
    search = KnotSearch(logs, y, controls, weights=weights, folds=parts, n_folds=folds)
    knot, whole, full = find_knot(search, codes, names=(LOG, PAST, KNOT), level=level, correction=correction)
    own = whole.of_terms((LOG, PAST, *controls))
    fit = least_squares(own, correction=correction)
    form = Form("knot", None, float(np.expm1(knot.at)), knot.slope_change)
    kept = [place for place, name in enumerate(whole.terms) if name != KNOT]
    # Coefficients at the knot that was found; their covariance from the model in which the knot is free, too.
    values = np.zeros(len(whole.terms))
    values[kept] = fit.estimates.values
    curve = replace(full.estimates, values=values)
    fit = replace(
        fit,
        estimates=Estimates(
            fit.estimates.terms,
            fit.estimates.values,
            curve.covariance[np.ix_(kept, kept)],
            curve.df[kept],
        ),
    )
    return FormFit(form, fit, curve, own, knot), search.folds_squares()


def _choose(
    fits: Mapping[str, FormFit], errors: Mapping[str, float], rows: int, weights: Floats | None
) -> tuple[pd.DataFrame, str, str]:
    size = float(rows) if weights is None else float(weights.sum())
    frame = pd.DataFrame(
        {
            "form": list(fits),
            "n_terms": [fit.form.n_terms for fit in fits.values()],
            # The knot is a parameter that least squares at a given knot has not counted.
            "aic": [fit.fit.aic + 2 * (name == "knot") for name, fit in fits.items()],
            "cv_rmse": [float(np.sqrt(max(errors[name], 0.0) / size)) for name in fits],
        }
    )
    frame.insert(3, "delta_aic", frame["aic"] - frame["aic"].min())
    lowest = frame.iloc[int(frame["aic"].to_numpy().argmin())]
    simpler = frame[
        (frame["n_terms"] < lowest["n_terms"])
        & ((frame["delta_aic"] <= CLOSE) | (frame["cv_rmse"] <= lowest["cv_rmse"]))
    ]
    taken, reason = lowest, "the lowest AIC, and no simpler form is as good"
    if len(frame) == 1:
        reason = "the only form"
    elif not (frame["n_terms"] < lowest["n_terms"]).any():
        reason = "the lowest AIC, and no form is simpler"
    if len(simpler):
        taken = simpler.sort_values(["n_terms", "aic"], kind="stable").iloc[0]
        reason = (
            f"simpler than {lowest['form']}, which has the lowest AIC, by no more than 2"
            if taken["delta_aic"] <= CLOSE
            else f"simpler than {lowest['form']}, which has the lowest AIC but predicts no better"
        )
    chosen = str(taken["form"])
    frame["chosen"] = frame["form"] == chosen
    return frame, chosen, reason


def _folds(codes: Codes, folds: int, seed: int) -> tuple[NDArray[np.int64], Literal["clusters", "rows"]]:
    """Return the fold of each cluster where there are enough of them, else of each row."""
    if folds < 2:
        raise MethodError("cross-validation needs two folds or more", value=folds)
    rng = np.random.default_rng(seed)
    used = np.flatnonzero(np.bincount(codes)) if codes.size else np.zeros(0, dtype=np.int64)
    if used.size >= folds:
        parts = np.zeros(int(used[-1]) + 1, dtype=np.int64)
        parts[used] = rng.permutation(used.size) % folds
        return parts, "clusters"
    return rng.permutation(codes.size) % folds, "rows"


def _by_fold(whole: Tally, parts: NDArray[np.int64], folds: int) -> Tally:
    q = whole.cross.shape[1]
    flat = whole.cross.reshape(whole.n.size, q * q)
    cross = np.stack([np.bincount(parts, flat[:, at], minlength=folds) for at in range(q * q)], axis=1)
    n = np.bincount(parts, whole.n, minlength=folds).astype(np.int64)
    return Tally(whole.terms, whole.centring, n, cross.astype(np.float64).reshape(folds, q, q))


def _held_out(split: Tally) -> float:
    """Return the sum of squared errors of predictions for each fold by the model of the others."""
    total = split.total()
    lost = 0.0
    for own in split.cross[split.n > 0]:
        rest = total - own
        size = np.sqrt(np.maximum(np.diag(rest), 1e-300))
        scaled = rest / np.outer(size, size)
        beta = np.linalg.lstsq(scaled[:-1, :-1], scaled[:-1, -1], rcond=1e-12)[0] * size[-1] / size[:-1]
        residual = np.append(-beta, 1.0)
        lost += float(residual @ own @ residual)
    return lost


def _check_times(times: Floats) -> None:
    if times.size and not float(times.min()) >= 0:
        raise MethodError(
            "a time is negative or no number", expected="seconds from 0", next_step="leave such rows out"
        )
