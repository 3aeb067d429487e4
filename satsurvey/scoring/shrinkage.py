"""Empirical-Bayes shrinkage: how far apart the companies of a family truly are, and their shrunken scores."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from satsurvey.errors import MethodError

Floats = NDArray[np.float64]

_GRID = 120
_BISECTIONS = 200


@dataclass(frozen=True)
class Shrinkage:
    """Shrunken scores of one family of companies, in the order of the scores given.

    Attributes
    ----------
    mean
        Mean of the family by generalised least squares, m.
    mean_variance
        Sampling variance of `mean`.
    tau2
        Variance of the true scores between companies (REML). NaN when fewer than two companies tell of it.
    estimate
        m + B_j (x_j - m). NaN where score or sampling variance is NaN.
    variance
        B_j SE_j^2 + (1 - B_j)^2 Var(m): posterior variance with the uncertainty of the mean.
    reliability
        B_j = tau2 / (tau2 + SE_j^2), between 0 and 1. NaN where it is not defined.
    notes
        What the reader of the numbers has to know; printed with them.
    """

    mean: float
    mean_variance: float
    tau2: float
    estimate: Floats
    variance: Floats
    reliability: Floats
    notes: tuple[str, ...] = ()


def shrink(score: ArrayLike, variance: ArrayLike) -> Shrinkage:
    """Shrink the scores of one family of companies towards their mean, the sampling variances being known.

    Parameters
    ----------
    score
        Scores x_j, shape (companies,). NaN where a company has none.
    variance
        Squared standard errors SE_j^2 of the scores, same shape, not negative. 0 means known exactly,
        infinity means nothing known. NaN leaves the company out.

    Returns
    -------
    Shrinkage

    Raises
    ------
    MethodError
        When the shapes differ, a score is infinite, or a variance is negative.

    Notes
    -----
    Model x_j ~ N(m, tau2 + SE_j^2). With w_j = 1 / (tau2 + SE_j^2), REML maximises over tau2 >= 0

        -1/2 [ sum log(1/w_j) + log(sum w_j) + sum w_j (x_j - m)^2 ],   m = sum w_j x_j / sum w_j.

    tau2 = 0 pools the family fully. That tau2 is estimated is not part of the posterior variance. Where the
    answers of all companies have one variance sigma2 and SE_j^2 = sigma2 / n_j, this is the random-intercept
    model of the answers, y_rj = m + u_j + e_rj, fitted by REML.

    References
    ----------
    Morris, C. N. (1983). Parametric empirical Bayes inference. JASA 78, 47-55.
    Viechtbauer, W. (2005). Bias and efficiency of meta-analytic variance estimators in the random-effects
    model. Journal of Educational and Behavioral Statistics 30, 261-293.

    Examples
    --------
    >>> result = shrink([80.0, 84.0, 91.0], [4.0, 4.0, 4.0])
    >>> round(result.tau2, 6), result.estimate.round(3).tolist()
    (27.0, [80.645, 84.129, 90.226])
    """
    x = np.array(score, dtype=np.float64)
    v = np.array(variance, dtype=np.float64)
    _same_shape("score and variance", x, v)
    if np.isinf(x).any():
        raise MethodError("a score is infinite", expected="finite scores, NaN where there is none")
    if (v < 0).any():
        raise MethodError(
            "a sampling variance is negative", value=float(v[v < 0][0]), expected="squared standard errors"
        )
    known = ~(np.isnan(x) | np.isnan(v))
    told = known & np.isfinite(v)
    notes: list[str] = []
    if not known.all():
        notes.append(f"companies without a score or a sampling variance, not shrunken: {int((~known).sum())}")
    if not told.any():
        notes.append("no company of the family has a score with a sampling variance; nothing is shrunken")
        nothing = np.full(x.shape, np.nan)
        return Shrinkage(np.nan, np.nan, np.nan, nothing, nothing.copy(), nothing.copy(), tuple(notes))
    if told.sum() == 1:
        notes.append("the family has one company; its score is not shrunken and tau2 is not defined")
        mean, mean_variance = float(x[told][0]), float(v[told][0])
        return Shrinkage(
            mean,
            mean_variance,
            np.nan,
            np.where(known, x, np.nan),
            np.where(known, v, np.nan),
            np.full(x.shape, np.nan),
            tuple(notes),
        )
    tau2 = _tau2_known_variances(x[told], v[told], notes)
    mean, mean_variance = _weighted_mean(x[told], v[told] + tau2)
    reliability = np.where(np.isinf(v), 0.0, _ratio(tau2, tau2 + v))
    if tau2 == 0:
        notes.append("the scores differ no more than chance allows (tau2 = 0): full pooling")
    reliability[~known] = np.nan
    spread = np.where(np.isinf(v), tau2, reliability * np.where(np.isinf(v), 0.0, v))
    return Shrinkage(
        mean=mean,
        mean_variance=mean_variance,
        tau2=tau2,
        estimate=mean + reliability * (x - mean),
        variance=spread + (1 - reliability) ** 2 * mean_variance,
        reliability=reliability,
        notes=tuple(notes),
    )


def _tau2_known_variances(x: Floats, v: Floats, notes: list[str]) -> float:
    z = x - x.mean()
    spread = float((z**2).sum())
    exact = v == 0
    if spread <= x.size * (np.finfo(float).eps * max(1.0, float(np.abs(x).max()))) ** 2:
        return 0.0
    if exact.all():
        return spread / (x.size - 1)
    bounded = True
    if exact.sum() >= 2 and np.ptp(x[exact]) == 0:
        # Two exact scores that agree make the restricted likelihood infinite at tau2 = 0, whatever the others
        # say. They come from companies whose few interviews were all alike, so the inner maximum is used.
        bounded = False
        notes.append(
            "several companies with sampling variance 0 share one score; tau2 is the inner maximum of the "
            "restricted likelihood, which has no bound at 0 (moderated variances avoid this)"
        )

    def criterion(tau2: Floats) -> Floats:
        w = 1 / (v + tau2[:, None])
        total = w.sum(axis=1)
        residual = z - ((w * z).sum(axis=1) / total)[:, None]
        result: Floats = -np.log(w).sum(axis=1) + np.log(total) + (w * residual**2).sum(axis=1)
        return result

    def slope(tau2: Floats) -> Floats:
        w = 1 / (v + tau2[:, None])
        total = w.sum(axis=1)
        residual = z - ((w * z).sum(axis=1) / total)[:, None]
        result: Floats = w.sum(axis=1) - (w**2).sum(axis=1) / total - (w**2 * residual**2).sum(axis=1)
        return result

    largest = spread
    while slope(np.array([largest]))[0] <= 0:
        largest *= 4
    smallest = 1e-8 * min(spread, float(v[~exact].min()))
    grid = np.geomspace(smallest, largest, _GRID)
    values = criterion(grid)
    if not exact.any():
        grid, values = np.concatenate([[0.0], grid]), np.concatenate([criterion(np.zeros(1)), values])
    elif exact.sum() == 1:
        # The limit for tau2 -> 0: the exact score is the mean, and its two logarithms cancel.
        limit = float(np.log(v[~exact]).sum() + ((x[~exact] - x[exact][0]) ** 2 / v[~exact]).sum())
        if limit <= values.min() and slope(grid[:1])[0] >= 0:
            return 0.0
    elif not bounded:
        inner = np.flatnonzero((values[1:-1] < values[:-2]) & (values[1:-1] <= values[2:])) + 1
        if inner.size == 0:
            return 0.0
        at = inner[np.argmin(values[inner])]
        return _root(slope, grid[at - 1], grid[at + 1])
    return _minimum(grid, values, slope)


def _minimum(grid: Floats, values: Floats, slope: Callable[[Floats], Floats]) -> float:
    """Return the minimiser over an ascending grid, polished by the root of the slope."""
    at = int(np.argmin(values))
    if at == 0 and slope(grid[:1])[0] >= 0:
        return float(grid[0])
    return _root(slope, grid[max(at - 1, 0)], grid[min(at + 1, grid.size - 1)])


def _root(slope: Callable[[Floats], Floats], low: float, high: float) -> float:
    """Bisect the slope, negative at `low` and positive at `high`, to the last bits."""
    for _ in range(_BISECTIONS):
        middle = 0.5 * (low + high)
        if not low < middle < high:
            break
        if slope(np.array([middle]))[0] < 0:
            low = middle
        else:
            high = middle
    return float(0.5 * (low + high))


def _weighted_mean(x: Floats, total_variance: Floats) -> tuple[float, float]:
    exact = total_variance == 0
    if exact.any():
        return float(x[exact].mean()), 0.0
    w = 1 / total_variance
    centre = x.mean()
    return float(centre + (w * (x - centre)).sum() / w.sum()), float(1 / w.sum())


def _ratio(numerator: float, denominator: Floats) -> Floats:
    """Divide, where 0 / 0 is the reliability of an exact score: 1."""
    return np.divide(numerator, denominator, out=np.ones_like(denominator), where=denominator > 0)


def _same_shape(names: str, *arrays: NDArray[np.generic]) -> None:
    shapes = [array.shape for array in arrays]
    if len(set(shapes)) > 1 or len(shapes[0]) != 1:
        raise MethodError(
            f"{names} must be columns of equal length", value=", ".join(str(shape) for shape in shapes)
        )
