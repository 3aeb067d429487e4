"""Models of what happens or does not: rates and logits, weighted and with errors clustered by company."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from satsurvey.errors import MethodError
from satsurvey.intake.responses import Factor
from satsurvey.regression.estimates import Estimates, interval
from satsurvey.regression.least_squares import inverse_of
from satsurvey.regression.ordered_logit import ordered_logit
from satsurvey.regression.tallies import INTERCEPT
from satsurvey.response_time.design import Held, held_columns

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
Flags = NDArray[np.bool_]

_STEPS = 100
_SMALL_STEP = 1e-10


def rates(
    columns: Mapping[str, Floats],
    counts: Floats,
    clusters: Codes,
    *,
    exposure: Floats | None = None,
    weights: Floats | None = None,
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
    weights
        Of the rows, relative; the estimates then are those of what the rows stand for.

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
    weight = np.ones(counts.size) if weights is None else weights
    groups = int(np.unique(clusters).size)
    if groups < 2:
        raise MethodError("one cluster only: how far clusters differ cannot be told")
    if not counts.sum() > 0:
        raise MethodError("none of what is counted ever happened: there is no rate to compare")
    inverse_of(design.T @ design, terms)
    beta = np.zeros(len(terms))
    beta[0] = np.log((weight @ counts) / (weight @ np.exp(offset)))
    for _ in range(_STEPS):
        mean = np.exp(np.clip(design @ beta + offset, -700, 700))
        step = np.linalg.solve(
            (design * (weight * mean)[:, None]).T @ design, design.T @ (weight * (counts - mean))
        )
        beta = beta + np.clip(step, -5, 5)
        if np.abs(beta).max() > 30:
            raise MethodError("in one of the groups nothing happened at all: there is no ratio to it")
        if np.abs(step).max() < _SMALL_STEP:
            break
    else:
        raise MethodError("the model of rates did not reach its maximum")
    mean = np.exp(design @ beta + offset)
    bread = np.linalg.inv((design * (weight * mean)[:, None]).T @ design)
    scores = design * (weight * (counts - mean))[:, None]
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
        Terms, then a column of ones; shape (rows used, terms + 1).
    weights
        Of these rows, adding up to 1: what averages are taken with.
    told_apart
        Levels of what is held fixed, as `name=level`, in which all or none of it happened. Their rows say
        nothing of the other terms, and are not used.
    left_out
        How many rows these are.
    """

    slopes: Floats
    covariance: Floats
    df: float
    design: Floats
    weights: Floats
    told_apart: tuple[str, ...] = ()
    left_out: int = 0

    def probability(self, design: Floats) -> Floats:
        """Return how probable it is for rows of the design."""
        from scipy.special import expit

        return np.asarray(expit(design @ self.slopes))

    def average_effect(self, term: int, step: float, level: float) -> tuple[float, float, float]:
        """Return the average marginal effect of `step` units of a term, with its interval."""
        p = self.probability(self.design)
        each = p * (1 - p)
        value = float(step * self.slopes[term] * (self.weights @ each))
        gradient = step * self.slopes[term] * ((self.weights * each * (1 - 2 * p)) @ self.design)
        gradient[term] += step * (self.weights @ each)
        return self._interval(value, gradient, level)

    def attributable(self, term: int, level: float) -> tuple[float, float, float]:
        """Return the share of what happens that would not if a term were 0 in all rows, with its interval."""
        without = self.design.copy()
        without[:, term] = 0.0
        with_, none = self.probability(self.design), self.probability(without)
        whole, rest = float(self.weights @ with_), float(self.weights @ none)
        of_whole = (self.weights * with_ * (1 - with_)) @ self.design
        of_rest = (self.weights * none * (1 - none)) @ without
        return self._interval(1 - rest / whole, -(of_rest * whole - rest * of_whole) / whole**2, level)

    def _interval(self, value: float, gradient: Floats, level: float) -> tuple[float, float, float]:
        error = np.sqrt(max(float(gradient @ self.covariance @ gradient), 0.0))
        low, high, _ = interval(np.array([value]), np.array([error]), np.array([self.df]), level)
        return float(value), float(low[0]), float(high[0])


def logit(
    columns: Mapping[str, Floats],
    happened: Floats,
    clusters: Codes,
    *,
    held: Mapping[str, Factor | Floats] | None = None,
    weights: Floats | None = None,
) -> Leaving:
    """Fit a logit with clustered errors.

    Parameters
    ----------
    columns
        What the statement is about.
    happened
        1 and 0.
    clusters
        Whole numbers from 0.
    held
        Names or numbers that are held fixed.
    weights
        Of the rows, relative.

    Raises
    ------
    MethodError
        As `ordered_logit`, of which it is the case of two levels; also when nothing is left beside levels of
        what is held fixed in which all or none of it happened.
    """
    used, controls, told_apart = _usable(held or {}, columns, happened)
    kept = {name: column[used] for name, column in columns.items()}
    y = happened[used]
    weight = np.ones(y.size) if weights is None else weights[used]
    fit = ordered_logit(
        {**kept, **controls.columns},
        y,
        clusters=np.unique(clusters[used], return_inverse=True)[1],
        weights=None if weights is None else weight,
    )
    # logit P(no) = threshold - x'b, hence logit P(yes) = x'b - threshold.
    turn = np.ones(fit.estimates.values.size)
    turn[-1] = -1.0
    design = np.column_stack([*kept.values(), *controls.columns.values(), np.ones(y.size)])
    return Leaving(
        fit.estimates.values * turn,
        fit.estimates.covariance * np.outer(turn, turn),
        float(fit.estimates.df[0]),
        design,
        weight / weight.sum(),
        told_apart,
        int((~used).sum()),
    )


def _usable(
    held: Mapping[str, Factor | Floats], columns: Mapping[str, Floats], happened: Floats
) -> tuple[Flags, Held, tuple[str, ...]]:
    """Return the rows outside levels that tell what happens apart, the columns held there, and these levels.

    Rows of such a level have a slope of their own that goes to infinity; in the limit they say nothing of
    other slopes. Without them other levels may come to tell apart, hence the repetition.
    """
    used = np.ones(happened.size, dtype=np.bool_)
    gone: list[str] = []
    while True:
        at = np.flatnonzero(used)
        inner = {
            name: control.take(at) if isinstance(control, Factor) else control[at]
            for name, control in held.items()
        }
        controls = held_columns(inner, {name: column[at] for name, column in columns.items()})
        y = happened[at]
        apart = np.zeros(at.size, dtype=np.bool_)
        for name, base in controls.base.items():
            levels = {one: controls.columns[one] == 1 for one in controls.groups[name]}
            levels[f"{name}={base}"] = ~np.logical_or.reduce([*levels.values(), np.zeros(at.size, np.bool_)])
            for level, rows in levels.items():
                if levels and len(levels) > 1 and rows.any() and y[rows].min() == y[rows].max():
                    apart |= rows
                    gone.append(level)
        if not apart.any():
            return used, controls, tuple(dict.fromkeys(gone))
        used[at[apart]] = False
        if not used.any():
            raise MethodError("the outcome is the same in every row: there is nothing to explain")
