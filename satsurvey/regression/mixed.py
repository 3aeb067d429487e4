"""The random-intercept model of answers nested in companies, fitted by REML from per-company tallies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from satsurvey.errors import MethodError
from satsurvey.regression.estimates import Estimates
from satsurvey.regression.least_squares import inverse_of
from satsurvey.regression.tallies import Tally

Floats = NDArray[np.float64]

WITHIN, BETWEEN = "within", "between"
_LEAST, _MOST = -25.0, 25.0
"""Bounds of the logarithm of the variance ratio."""
_GRID = 101
_NOTHING = 1e-9


@dataclass(frozen=True, eq=False)
class RandomIntercept:
    """A linear model with a random intercept for each cluster.

    Attributes
    ----------
    estimates
        Fixed effects. Degrees of freedom by containment: N - G less the terms that vary within clusters for
        those, G less the terms that do not for the others.
    between_variance, residual_variance
        tau^2 of the intercepts and sigma^2 of the rows (REML).
    icc, icc_low, icc_high
        Share tau^2 / (tau^2 + sigma^2) that clusters account for, with its profile-likelihood interval.
    rows, clusters
        What the model was fitted to.
    reml_criterion
        -2 times the restricted log-likelihood, as lme4 prints it.
    notes
        What must be known of the fit.
    """

    estimates: Estimates
    between_variance: float
    residual_variance: float
    icc: float
    icc_low: float
    icc_high: float
    rows: int
    clusters: int
    reml_criterion: float
    notes: tuple[str, ...] = ()


def within_and_between(tally: Tally, terms: Sequence[str]) -> Tally:
    """Replace terms by their deviations from the cluster's mean and by that mean (Mundlak, 1978).

    The tally itself is enough: both are linear in the term and the intercept, cluster by cluster. The new
    terms are called ``"{term} within"`` and ``"{term} between"``.

    Raises
    ------
    MethodError
        When a term is not in the tally or does not vary within any cluster.
    """
    for term in terms:
        if term not in tally.terms[1:]:
            raise MethodError(f"the model has no term {term}", expected=", ".join(tally.terms[1:]))
        if _varying_within(tally)[tally.terms.index(term)] <= _NOTHING:
            raise MethodError(
                f"the term {term} is the same in all rows of every cluster: it has no slope within clusters"
            )
    p = len(tally.terms)
    with np.errstate(invalid="ignore"):
        means = np.where(tally.n[:, None] > 0, tally.cross[:, 0, :p] / tally.cross[:, :1, 0], 0.0)
    names: list[str] = []
    shift: list[float] = []
    scale: list[float] = []
    pick: list[tuple[int, str]] = []
    for at, name in enumerate(tally.terms):
        parts = (WITHIN, BETWEEN) if name in terms else ("",)
        for part in parts:
            names.append(f"{name} {part}".rstrip())
            pick.append((at, part))
            if at:
                # A deviation from the mean has lost its shift; the mean keeps it.
                shift.append(0.0 if part == WITHIN else float(tally.centring.shift[at - 1]))
                scale.append(float(tally.centring.scale[at - 1]))
    turn = np.zeros((tally.n.size, p + 1, len(names) + 1))
    for new, (at, part) in enumerate(pick):
        if part != BETWEEN:
            turn[:, at, new] = 1.0
        if part == WITHIN:
            turn[:, 0, new] = -means[:, at]
        if part == BETWEEN:
            turn[:, 0, new] = means[:, at]
    turn[:, p, len(names)] = 1.0
    cross = turn.transpose(0, 2, 1) @ tally.cross @ turn
    centring = replace(tally.centring, shift=np.array(shift), scale=np.array(scale))
    return Tally(tuple(names), centring, tally.n, cross)


def random_intercept(tally: Tally, *, level: float = 0.95) -> RandomIntercept:
    """Fit y = X b + u_g + e with u_g ~ N(0, tau^2), e ~ N(0, sigma^2) by restricted maximum likelihood.

    Parameters
    ----------
    tally
        Design and outcome by cluster, rows not weighted.
    level
        Of the interval of the intraclass correlation.

    Raises
    ------
    MethodError
        When there are fewer than two clusters, no cluster has two rows, terms follow from each other, or the
        outcome does not vary.

    Notes
    -----
    With t = tau^2 / sigma^2 and w_g = t / (1 + n_g t), cluster g adds S_g - w_g s_g s_g' to the products,
    S_g being those of its rows and s_g their sums. Clusters of one size share w_g, so that one step costs
    as
    many terms as there are sizes, however many rows there are. t solves the score equation.

    References
    ----------
    Patterson, H. D. and Thompson, R. (1971). Biometrika 58, 545-554.
    Mundlak, Y. (1978). Econometrica 46, 69-85.
    Bates, D. et al. (2015). Fitting linear mixed-effects models using lme4. J. Statistical Software 67(1).

    Examples
    --------
    >>> from satsurvey.regression.tallies import tally
    >>> fit = random_intercept(tally({}, [6.0, 8.0, 1.0, 3.0, 11.0, 13.0], [0, 0, 1, 1, 2, 2]))
    >>> round(fit.estimates["intercept"], 6), round(fit.between_variance, 6), round(fit.residual_variance, 6)
    (7.0, 24.0, 2.0)
    """
    sums = _Sums.of(tally)
    p, n = len(tally.terms), tally.rows
    if sums.clusters < 2:
        raise MethodError("one cluster only: how far clusters differ cannot be told")
    if n <= p + 1:
        raise MethodError(f"{n} rows cannot carry a model of {p} coefficients", expected="more rows")
    if n == sums.clusters:
        raise MethodError("no cluster has two rows: rows and clusters cannot be told apart")
    if sums.total[-1, -1] <= _NOTHING * n:
        raise MethodError("the outcome is the same in every row: there is nothing to explain")
    inverse_of(sums.total[:p, :p], tally.terms)
    theta = _solve(sums, p)
    inner, beta, squares = sums.solved(theta, p)
    variance = squares / (n - p)
    estimates, covariance = tally.to_original(beta, np.asarray(variance * np.linalg.inv(inner)))
    low, high = _profile(sums, p, theta, level)
    notes: tuple[str, ...] = ()
    if theta == 0:
        notes = (
            "companies do not differ more than chance would make them: the variance between them is 0, and "
            "the model is least squares",
        )
    inside = _varying_within(tally) > _NOTHING
    between = p - int(inside.sum())
    df = np.where(inside, n - sums.clusters - inside.sum(), sums.clusters - between).astype(np.float64)
    return RandomIntercept(
        Estimates(tally.terms, estimates, covariance, np.where(df > 0, df, np.nan)),
        theta * variance,
        variance,
        theta / (1 + theta),
        low,
        high,
        n,
        sums.clusters,
        sums.deviance(theta, p) - float(np.log(_scales(tally)).sum()) * 2,
        notes,
    )


@dataclass(frozen=True, eq=False)
class _Sums:
    """What the likelihood needs: clusters of one size added up.

    Attributes
    ----------
    total
        Cross-products over all rows.
    size, count
        The sizes of clusters, and how many there are of each.
    outer
        Sums over the clusters of a size of s s', s being the sums of a cluster's rows.
    """

    total: Floats
    size: Floats
    count: Floats
    outer: Floats

    @classmethod
    def of(cls, tally: Tally) -> _Sums:
        if tally.weighted:
            raise MethodError("the random-intercept model takes rows without weights")
        used = np.flatnonzero(tally.n > 0)
        size, group = np.unique(tally.n[used], return_inverse=True)
        sums = tally.cross[used, 0, :]
        q = sums.shape[1]
        products = np.einsum("gi,gj->gij", sums, sums).reshape(used.size, -1)
        outer = np.stack(
            [np.bincount(group, products[:, at], minlength=size.size) for at in range(q * q)], axis=1
        )
        return cls(
            tally.total(),
            size.astype(np.float64),
            np.bincount(group).astype(np.float64),
            outer.astype(np.float64).reshape(size.size, q, q),
        )

    @property
    def clusters(self) -> int:
        return int(self.count.sum())

    @property
    def rows(self) -> int:
        return int(self.size @ self.count)

    def weighted(self, theta: float) -> Floats:
        """Return X'WX with the outcome as last column."""
        return np.asarray(self.total - np.tensordot(theta / (1 + self.size * theta), self.outer, axes=1))

    def solved(self, theta: float, p: int) -> tuple[Floats, Floats, float]:
        """Return X'WX, the coefficients and the weighted sum of squared residuals."""
        whole = self.weighted(theta)
        beta = np.asarray(np.linalg.solve(whole[:p, :p], whole[:p, p]))
        squares = float(whole[p, p] - beta @ whole[:p, p])
        return whole[:p, :p], beta, max(squares, 1e-300)

    def deviance(self, theta: float, p: int) -> float:
        """Return -2 log restricted likelihood, sigma^2 profiled out, of the centred columns."""
        inner, _, squares = self.solved(theta, p)
        free = self.rows - p
        return float(
            self.count @ np.log1p(self.size * theta)
            + np.linalg.slogdet(inner)[1]
            + free * (1 + np.log(2 * np.pi * squares / free))
        )

    def slope(self, theta: float, p: int) -> float:
        """Return the derivative of the deviance."""
        inner, beta, squares = self.solved(theta, p)
        change = -np.tensordot(1 / (1 + self.size * theta) ** 2, self.outer, axes=1)
        residual = np.append(-beta, 1.0)
        return float(
            self.count @ (self.size / (1 + self.size * theta))
            + np.trace(np.linalg.solve(inner, change[:p, :p]))
            + (self.rows - p) * (residual @ change @ residual) / squares
        )


def _solve(sums: _Sums, p: int) -> float:
    from scipy.optimize import brentq

    grid = np.linspace(_LEAST, _MOST, _GRID)
    values = np.array([sums.deviance(float(np.exp(at)), p) for at in grid])
    best = int(np.argmin(values))
    if sums.deviance(0.0, p) <= values[best] + 1e-12 * abs(values[best]) and sums.slope(0.0, p) >= 0:
        return 0.0
    low, high = grid[max(best - 1, 0)], grid[min(best + 1, _GRID - 1)]

    def slope(log_theta: float) -> float:
        return sums.slope(float(np.exp(log_theta)), p)

    if slope(low) * slope(high) > 0:
        return float(np.exp(grid[best]))
    return float(np.exp(brentq(slope, low, high, xtol=1e-14, rtol=8.9e-16)))


def _profile(sums: _Sums, p: int, theta: float, level: float) -> tuple[float, float]:
    """Return the ends of the profile-likelihood interval of the intraclass correlation."""
    from scipy.optimize import brentq
    from scipy.special import chdtri

    limit = sums.deviance(theta, p) + float(chdtri(1, 1 - level))

    def above(log_theta: float) -> float:
        return sums.deviance(float(np.exp(log_theta)), p) - limit

    middle = np.log(theta) if theta > 0 else _LEAST
    low = 0.0 if theta == 0 or above(_LEAST) <= 0 else float(np.exp(brentq(above, _LEAST, middle)))
    high = np.inf if above(_MOST) <= 0 else float(np.exp(brentq(above, middle, _MOST)))
    return low / (1 + low), high / (1 + high) if np.isfinite(high) else 1.0


def _varying_within(tally: Tally) -> Floats:
    """Return how far each term varies within clusters, as a share of its sum of squares."""
    p = len(tally.terms)
    squares = np.diagonal(tally.cross, axis1=1, axis2=2)[:, :p]
    with np.errstate(invalid="ignore", divide="ignore"):
        means = np.where(tally.n[:, None] > 0, tally.cross[:, 0, :p] ** 2 / tally.cross[:, :1, 0], 0.0)
    total = squares.sum(axis=0)
    return np.asarray((squares - means).sum(axis=0) / np.where(total > 0, total, 1.0))


def _scales(tally: Tally) -> Floats:
    return 1.0 / tally.columns()[1]
