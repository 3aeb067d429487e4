"""Models that several tests share: companies with their own intercepts and errors clustered by company."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from satsurvey.intake.responses import Factor
from satsurvey.regression.estimates import Estimates, interval
from satsurvey.regression.least_squares import FEW_CLUSTERS, Correction, least_squares
from satsurvey.regression.robust_intercepts import robust_random_intercept
from satsurvey.regression.tallies import tally
from satsurvey.response_time.design import held_columns, independent
from satsurvey.response_time.words import Sentence, held_words, say

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

_ROUNDING = 1e-12
"""What is left of a value, as a share of the largest, when its mean is taken off and it is that mean."""


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
    notes
        What must be known of it.
    """

    estimates: Estimates
    form: Sentence
    n: int
    n_companies: int
    notes: tuple[Sentence, ...] = ()

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


class WithinCompanies:
    """Takes the mean of its company off every value, which is the same as an intercept for every company.

    Parameters
    ----------
    codes
        Companies, whole numbers from 0 without gaps.
    weights
        Of the rows, or None.
    """

    def __init__(self, codes: Codes, weights: Floats | None = None) -> None:
        self._codes = codes
        self._weights = np.ones(codes.size) if weights is None else weights
        self._total = np.bincount(codes, self._weights)

    def __call__(self, values: Floats) -> Floats:
        """Return values less the weighted mean of their company; 0 where they do not vary in it."""
        mean = np.bincount(self._codes, self._weights * values) / self._total
        away = values - mean[self._codes]
        return np.where(np.abs(away) > _ROUNDING * np.abs(values).max(initial=0.0), away, 0.0)


def correction_of(n_companies: int) -> Correction:
    """Return the correction of clustered errors: the second one where companies are few."""
    return "cr2" if n_companies < FEW_CLUSTERS else "cr1"


def errors_words(correction: Correction) -> Sentence:
    """Return how errors are clustered, in words."""
    return say(f"errors_{correction}")


def by_company(
    columns: Mapping[str, Floats],
    outcome: Floats,
    companies: Codes,
    *,
    held: Mapping[str, Factor | Floats] | None = None,
    weights: Floats | None = None,
) -> Fitted:
    """Fit a linear model in which every company has its own level, with errors clustered by company.

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
    weights
        Of the rows.

    Raises
    ------
    MethodError
        When rows are too few, or a column does not vary or follows from others.

    Notes
    -----
    Without weights the levels of companies are random intercepts, with weights columns of their own (values
    less their company's weighted mean), since the likelihood of random intercepts takes no weights of a
    sample; where what is looked at does not vary inside companies, plain weighted least squares. Errors are
    those of a sandwich by company: effects may differ between companies, and then those of the likelihood
    are far too small. Below 50 companies that of Bell and McCaffrey with Satterthwaite's degrees of freedom.
    With one company every row is a cluster.
    """
    controls = held_columns(held or {}, columns).columns
    clusters, n_companies = clusters_of(companies)
    correction = correction_of(n_companies)
    names = held_words(held or ())
    n = int(outcome.size)
    if n_companies < 2:
        whole = tally({**columns, **controls}, outcome, clusters, weights=weights)
        fit = least_squares(whole, correction="cr1")
        return Fitted(fit.estimates, say("form_rows", held=names), n, n_companies)
    errors = errors_words(correction)
    if weights is None:
        whole = tally({**columns, **controls}, outcome, clusters)
        if whole.clusters < whole.rows:
            robust = robust_random_intercept(whole, correction=correction)
            return Fitted(robust.estimates, say("form_mixed", held=names, errors=errors), n, n_companies)
        fit = least_squares(whole, correction=correction)
        return Fitted(fit.estimates, say("form_pooled", held=names, errors=errors), n, n_companies)
    inside = WithinCompanies(clusters, weights)
    own = {name: inside(column) for name, column in columns.items()}
    if len(independent(own, {})) == len(own):
        kept = {name: inside(column) for name, column in controls.items()}
        kept = {name: kept[name] for name in independent(kept, own)}
        whole = tally({**own, **kept}, inside(outcome), clusters, weights=weights)
        code = "form_weighted"
    else:
        whole = tally({**columns, **controls}, outcome, clusters, weights=weights)
        code = "form_weighted_pooled"
    fit = least_squares(whole, correction=correction)
    form, note = say(code, held=names, errors=errors), say("weights_instead")
    return Fitted(fit.estimates, form, n, n_companies, (note,))


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
