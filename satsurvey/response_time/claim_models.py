"""Models that several tests share: companies with intercepts, logits and rates with clustered errors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from satsurvey.errors import MethodError
from satsurvey.intake.responses import Factor
from satsurvey.regression.estimates import Estimates, interval
from satsurvey.regression.least_squares import inverse_of, least_squares
from satsurvey.regression.mixed import random_intercept
from satsurvey.regression.ordered_logit import ordered_logit
from satsurvey.regression.tallies import INTERCEPT, tally
from satsurvey.response_time.design import held_columns
from satsurvey.response_time.words import Sentence, say

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
Flags = NDArray[np.bool_]

_STEPS = 100
_SMALL_STEP = 1e-10


@dataclass(frozen=True, eq=False)
class Fitted:
    """A model with what it was fitted to.

    Attributes
    ----------
    estimates
        Coefficients.
    form
        The model in words.
    n, n_companies
        Rows, and companies among them.
    """

    estimates: Estimates
    form: Sentence
    n: int
    n_companies: int

    def contrast(self, weights: Mapping[str, float], level: float) -> tuple[float, float, float]:
        """Return a weighted sum of coefficients with its interval."""
        row = np.array([[weights.get(term, 0.0) for term in self.estimates.terms]])
        value, error = self.estimates.contrast(row)
        low, high, _ = interval(value, error, self.estimates.contrast_df(row), level)
        return float(value[0]), float(low[0]), float(high[0])

    def p_value(self, weights: Mapping[str, float]) -> float:
        """Return the two-sided p-value of a weighted sum of coefficients being 0."""
        row = np.array([[weights.get(term, 0.0) for term in self.estimates.terms]])
        value, error = self.estimates.contrast(row)
        return float(interval(value, error, self.estimates.contrast_df(row))[2][0])


def compressed(codes: Codes) -> Codes:
    """Return codes without gaps; rows without one (-1) each become a code of their own."""
    lacking = codes < 0
    used, made = np.unique(codes[~lacking], return_inverse=True)
    result = np.empty(codes.size, dtype=np.int64)
    result[~lacking] = made
    result[lacking] = used.size + np.arange(int(lacking.sum()))
    return result


def clusters_of(companies: Codes) -> tuple[Codes, int]:
    """Return clusters of rows and the number of companies; with one company each row is a cluster."""
    codes = compressed(companies)
    n = int(np.unique(companies[companies >= 0]).size)
    return (codes, n) if n > 1 else (np.arange(companies.size, dtype=np.int64), n)


def by_company(
    columns: Mapping[str, Floats],
    outcome: Floats,
    companies: Codes,
    *,
    held: Mapping[str, Factor | Floats] | None = None,
) -> Fitted:
    """Fit a linear model with random intercepts of companies; with one company, least squares.

    Parameters
    ----------
    columns
        What the statement is about.
    outcome
        Such as scores.
    companies
        Codes; -1 where none is named.
    held
        Names or numbers that are held fixed.

    Raises
    ------
    MethodError
        When rows are too few, or a column does not vary or follows from others.
    """
    controls = held_columns(held or {}, columns).columns
    clusters, n_companies = clusters_of(companies)
    whole = tally({**columns, **controls}, outcome, clusters)
    if n_companies > 1 and whole.clusters < whole.rows:
        estimates, form = random_intercept(whole).estimates, "form_mixed"
    else:
        estimates, form = least_squares(whole, correction="cr1").estimates, "form_rows"
    words = say(form, held=", ".join(held) if held else say("nothing"))
    return Fitted(estimates, words, int(outcome.size), n_companies)


def rates(
    columns: Mapping[str, Floats], counts: Floats, clusters: Codes, *, exposure: Floats | None = None
) -> Estimates:
    """Fit log E(count) = log exposure + X b by Poisson's likelihood, with errors clustered.

    Parameters
    ----------
    columns
        The design without the intercept.
    counts
        Numbers from 0; of 0 and 1 the exponential of a coefficient is a relative risk.
    clusters
        Whole numbers from 0; the covariance is the sandwich times G/(G-1), with t on G - 1.
    exposure
        Positive numbers, such as contacts.

    Raises
    ------
    MethodError
        When nothing happened at all, terms follow from each other, there are fewer than two clusters, or a
        rate is 0 in one group, so that no ratio to it exists.

    References
    ----------
    Zou, G. (2004). A modified Poisson regression approach to prospective studies with binary data. American
    Journal of Epidemiology 159, 702-706.
    """
    terms = (INTERCEPT, *columns)
    design = np.column_stack([np.ones(counts.size), *columns.values()])
    offset = np.zeros(counts.size) if exposure is None else np.log(exposure)
    groups = int(np.unique(clusters).size)
    if groups < 2:
        raise MethodError("one cluster only: how far clusters differ cannot be told")
    if not counts.sum() > 0:
        raise MethodError("none of what is counted ever happened: there is no rate to compare")
    inverse_of(design.T @ design, terms)
    beta = np.zeros(len(terms))
    beta[0] = np.log(counts.sum() / np.exp(offset).sum())
    for _ in range(_STEPS):
        mean = np.exp(np.clip(design @ beta + offset, -700, 700))
        step = np.linalg.solve((design * mean[:, None]).T @ design, design.T @ (counts - mean))
        beta = beta + np.clip(step, -5, 5)
        if np.abs(beta).max() > 30:
            raise MethodError("in one of the groups nothing happened at all: there is no ratio to it")
        if np.abs(step).max() < _SMALL_STEP:
            break
    else:
        raise MethodError("the model of rates did not reach its maximum")
    mean = np.exp(design @ beta + offset)
    bread = np.linalg.inv((design * mean[:, None]).T @ design)
    scores = design * (counts - mean)[:, None]
    code = np.unique(clusters, return_inverse=True)[1]
    sums = np.column_stack([np.bincount(code, column) for column in scores.T])
    covariance = groups / (groups - 1) * bread @ (sums.T @ sums) @ bread
    return Estimates(terms, beta, covariance, np.full(len(terms), groups - 1.0))


@dataclass(frozen=True, eq=False)
class Leaving:
    """A logit of something that happens or not, such as leaving.

    Attributes
    ----------
    slopes
        Coefficients of the terms on the log odds of it happening, then the intercept.
    covariance
        Of these.
    df
        Of the interval.
    design
        Terms, then a column of ones; shape (rows, terms + 1).
    """

    slopes: Floats
    covariance: Floats
    df: float
    design: Floats

    def probability(self, design: Floats) -> Floats:
        """Return how probable it is for rows of the design."""
        from scipy.special import expit

        return np.asarray(expit(design @ self.slopes))

    def average_effect(self, term: int, step: float, level: float) -> tuple[float, float, float]:
        """Return the average marginal effect of `step` units of a term, with its interval."""
        p = self.probability(self.design)
        each = p * (1 - p)
        value = step * self.slopes[term] * each.mean()
        gradient = step * self.slopes[term] * ((each * (1 - 2 * p))[:, None] * self.design).mean(axis=0)
        gradient[term] += step * each.mean()
        return self._interval(value, gradient, level)

    def attributable(self, term: int, level: float) -> tuple[float, float, float]:
        """Return the share of what happens that would not if a term were 0 in all rows, with its interval."""
        without = self.design.copy()
        without[:, term] = 0.0
        with_, none = self.probability(self.design), self.probability(without)
        whole, rest = with_.sum(), none.sum()
        of_whole = ((with_ * (1 - with_))[:, None] * self.design).sum(axis=0)
        of_rest = ((none * (1 - none))[:, None] * without).sum(axis=0)
        return self._interval(1 - rest / whole, -(of_rest * whole - rest * of_whole) / whole**2, level)

    def _interval(self, value: float, gradient: Floats, level: float) -> tuple[float, float, float]:
        error = np.sqrt(max(float(gradient @ self.covariance @ gradient), 0.0))
        low, high, _ = interval(np.array([value]), np.array([error]), np.array([self.df]), level)
        return float(value), float(low[0]), float(high[0])


def logit(columns: Mapping[str, Floats], happened: Floats, clusters: Codes) -> Leaving:
    """Fit a logit with clustered errors.

    Raises
    ------
    MethodError
        As `ordered_logit`, of which it is the case of two levels.
    """
    fit = ordered_logit(columns, happened, clusters=clusters)
    # logit P(no) = threshold - x'b, hence logit P(yes) = x'b - threshold.
    turn = np.ones(fit.estimates.values.size)
    turn[-1] = -1.0
    design = np.column_stack([*columns.values(), np.ones(happened.size)])
    return Leaving(
        fit.estimates.values * turn,
        fit.estimates.covariance * np.outer(turn, turn),
        float(fit.estimates.df[0]),
        design,
    )


def holm(p_values: Floats) -> Floats:
    """Return p-values adjusted by Holm's steps.

    Examples
    --------
    >>> holm(np.array([0.01, 0.04, 0.03])).round(3).tolist()
    [0.03, 0.06, 0.06]
    """
    order = np.argsort(p_values)
    steps = np.maximum.accumulate(p_values[order] * (p_values.size - np.arange(p_values.size)))
    adjusted = np.empty_like(p_values)
    adjusted[order] = np.minimum(steps, 1.0)
    return adjusted


def indicators(name: str, codes: Codes) -> dict[str, Floats]:
    """Return a column of 1 and 0 for every level but the first, without putting rare levels together."""
    used = np.unique(codes)
    return {f"{name}={level}": (codes == level).astype(np.float64) for level in used[1:].tolist()}
