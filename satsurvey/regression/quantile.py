"""Quantile regression: exact lines through the median and others, with errors by drawing companies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from satsurvey.errors import MethodError
from satsurvey.regression.estimates import Estimates
from satsurvey.regression.least_squares import inverse_of

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

QUANTILES = (0.25, 0.5, 0.75)
DRAWS = 200
_MOST_STEPS = 100
_SMALL = 2000
"""Up to so many rows are solved as they are."""
_BAND = 4.0
"""Rows taken near the line, as a multiple of n^(2/3)."""
_FEW_LEVELS = 11
_SAME = 1e-10


@dataclass(frozen=True, eq=False)
class QuantileFit:
    """The line of one quantile.

    Attributes
    ----------
    quantile
        Between 0 and 1.
    estimates
        Coefficients; covariance and errors are those of the drawn companies, with G - 1 degrees of freedom.
    loss
        Least sum of the check function over rows.
    """

    quantile: float
    estimates: Estimates
    loss: float


@dataclass(frozen=True, eq=False)
class QuantileRegression:
    """Lines of several quantiles through the same rows.

    Attributes
    ----------
    fits
        One per quantile.
    rows, clusters, draws, seed
        What they were fitted to, how many times companies were drawn and from which seed.
    notes
        What must be known of them.
    """

    fits: tuple[QuantileFit, ...]
    rows: int
    clusters: int
    draws: int
    seed: int
    notes: tuple[str, ...] = ()

    def frame(self, level: float = 0.95) -> pd.DataFrame:
        """Return quantile, term, estimate, std_error, ci_low, ci_high, df, p_value."""
        frames = [fit.estimates.frame(level).assign(quantile=fit.quantile) for fit in self.fits]
        frame = pd.concat(frames, ignore_index=True)
        return frame[["quantile", *(column for column in frame.columns if column != "quantile")]]


def quantile_regression(
    columns: Mapping[str, ArrayLike],
    outcome: ArrayLike,
    clusters: ArrayLike,
    *,
    quantiles: Sequence[float] = QUANTILES,
    draws: int = DRAWS,
    seed: int = 20191,
) -> QuantileRegression:
    """Fit linear quantiles of an outcome; errors by a bootstrap that draws whole clusters.

    Parameters
    ----------
    columns
        The design without the intercept: name to N finite numbers.
    outcome
        N finite numbers.
    clusters
        N whole numbers from 0.
    quantiles
        Each between 0 and 1.
    draws
        How many times clusters are drawn with replacement; 0 leaves errors out (they are NaN).
    seed
        Of the draws.

    Raises
    ------
    MethodError
        When a quantile is not between 0 and 1, no row is given, there are fewer than two clusters, no more
        rows than coefficients, or terms follow from each other.

    Notes
    -----
    The dual linear program, max y'a subject to X'a = (1 - tau) X'1 and 0 <= a <= 1, is solved by a
    primal-dual interior-point method with Mehrotra's corrector; the line is then put through the rows that
    it fits exactly, which removes the last rounding. Where several lines fit equally well, as with answers
    of few levels, one of them is returned. At every size the same program is solved: above 2,000 rows those
    far from the line enter it through their sums only, and are put back if the line crosses any of them
    (Portnoy and Koenker, 1997).

    References
    ----------
    Koenker, R. and Bassett, G. (1978). Regression quantiles. Econometrica 46, 33-50.
    Mehrotra, S. (1992). On the implementation of a primal-dual interior point method. SIAM J. Optimization 2.
    Portnoy, S. and Koenker, R. (1997). The Gaussian hare and the Laplacian tortoise. Statistical Science 12.
    Hagemann, A. (2017). Cluster-robust bootstrap inference in quantile regression models. JASA 112, 446-456.

    Examples
    --------
    >>> found = quantile_regression({"x": [1.0, 2, 3, 4, 5]}, [2.0, 4, 6, 8, 99], [0, 1, 2, 3, 4],
    ...                             quantiles=[0.5], draws=0)
    >>> round(found.fits[0].estimates["x"], 9)
    2.0
    """
    y = np.asarray(outcome, dtype=np.float64)
    codes = np.asarray(clusters)
    names = ("intercept", *columns)
    design, shift, scale = _design(columns, y)
    groups = _check(y, codes, quantiles, draws, design, names)
    spread = float(y.std())
    if spread == 0:
        raise MethodError("the outcome is the same in every row: there is nothing to explain")
    middle = float(y.mean())
    problem = _Problem(design, (y - middle) / spread)
    rng = np.random.default_rng(seed)
    _, codes = np.unique(codes, return_inverse=True)
    # Every quantile sees the same drawn companies.
    counts = (
        np.stack([np.bincount(rng.integers(0, groups, groups), minlength=groups) for _ in range(draws)])
        if draws
        else np.zeros((0, groups), dtype=np.int64)
    )
    turn = np.diag(spread / scale)
    turn[0, 1:] = -shift[1:] / scale[1:] * spread
    df = np.full(len(names), groups - 1.0)
    fits: list[QuantileFit] = []
    lost = 0
    for tau in quantiles:
        beta = problem.solve(tau, rng)
        covariance = np.full((len(names), len(names)), np.nan)
        if draws:
            drawn = problem.draws(tau, beta, codes, groups, counts)
            lost = max(lost, draws - len(drawn))
            if len(drawn) < max(draws // 2, 2):
                raise MethodError(
                    "companies are so few or so alike that drawn ones often do not carry the model",
                    next_step="leave controls out",
                )
            covariance = turn @ np.cov(drawn.T).reshape(turn.shape) @ turn.T
        values = turn @ beta
        values[0] += middle
        loss = spread * problem.loss(beta, tau)
        fits.append(QuantileFit(float(tau), Estimates(names, values, covariance, df), loss))
    notes: list[str] = []
    if lost:
        notes.append(f"{lost} of {draws} draws of companies did not carry the model and are left out")
    levels = np.unique(y[:: max(y.size // 10_000, 1)]).size
    if levels <= _FEW_LEVELS:
        notes.append(
            f"the outcome takes {levels} different values: quantiles lie on them, and slopes of 0 say little"
        )
    return QuantileRegression(tuple(fits), y.size, groups, draws, seed, tuple(notes))


class _Problem:
    """Rows of one quantile regression, standardised."""

    def __init__(self, design: Floats, y: Floats) -> None:
        self.design, self.y = design, y

    def loss(self, beta: Floats, tau: float) -> float:
        """Return the sum of the check function."""
        residual = self.y - self.design @ beta
        return float((residual * (tau - (residual < 0))).sum())

    def solve(self, tau: float, rng: np.random.Generator) -> Floats:
        """Return the line."""
        n = self.y.size
        ones = np.ones(n)
        if n <= _SMALL:
            return _solved(self.design, self.y, ones, tau, np.zeros(self.design.shape[1]))
        # A first line through some of the rows tells which rows are far from it.
        some = rng.choice(n, min(max(_SMALL, int(2 * n ** (2 / 3))), n), replace=False)
        design, y = self.design[some], self.y[some]
        try:
            first = _solved(design, y, np.ones(some.size), tau, np.zeros(design.shape[1]))
        except np.linalg.LinAlgError:
            return _solved(self.design, self.y, ones, tau, np.zeros(design.shape[1]))
        residual = self.y - self.design @ first
        near = _near(residual)
        up, down = ~near & (residual > 0), ~near & (residual <= 0)
        pull = tau * self.design[up].sum(axis=0) - (1 - tau) * self.design[down].sum(axis=0)
        return self._with_far_rows(tau, near, residual > 0, pull, ones)

    def draws(
        self, tau: float, beta: Floats, codes: NDArray[np.integer], groups: int, counts: NDArray[np.integer]
    ) -> Floats:
        """Return the lines of drawn companies, one row per draw that carries the model."""
        residual = self.y - self.design @ beta
        near = _near(residual) if self.y.size > _SMALL else np.ones(self.y.size, dtype=np.bool_)
        above = residual > 0
        side = np.where(near, 0.0, np.where(above, tau, tau - 1.0))
        # What far rows of a company add to the gradient; a draw adds companies up.
        pulls = np.stack(
            [np.bincount(codes, side * column, minlength=groups) for column in self.design.T], axis=1
        )
        lines: list[Floats] = []
        for count in counts:
            try:
                lines.append(
                    self._with_far_rows(tau, near, above, count @ pulls, count[codes].astype(np.float64))
                )
            except np.linalg.LinAlgError:
                continue
        return np.array(lines)

    def _with_far_rows(self, tau: float, near: Flags, above: Flags, pull: Floats, weight: Floats) -> Floats:
        """Return the line by near rows and the pull of far ones; far rows that it crosses become near."""
        near, pull = near.copy(), pull.copy()
        while True:
            taken = near & (weight > 0)
            try:
                beta = _solved(self.design[taken], self.y[taken], weight[taken], tau, pull)
            except np.linalg.LinAlgError:
                if near.all():
                    raise
                beta = None
            if beta is None:
                crossed = ~near
            else:
                residual = self.y - self.design @ beta
                crossed = ~near & ((residual > 0) != above) & (weight > 0)
                if not crossed.any():
                    return beta
            side = weight[crossed] * np.where(above[crossed], tau, tau - 1.0)
            pull -= side @ self.design[crossed]
            near |= crossed
            if near.all():
                pull[:] = 0.0


def _solved(design: Floats, y: Floats, weight: Floats, tau: float, pull: Floats) -> Floats:
    """Minimise sum_i w_i rho(y_i - x_i b) - pull'b.

    Raises
    ------
    numpy.linalg.LinAlgError
        When rows do not determine a line, or the pull leads away for ever.
    """
    n, p = design.shape
    if n < p:
        raise np.linalg.LinAlgError
    target = (1 - tau) * (weight @ design) - pull
    a, s = (1 - tau) * weight, tau * weight
    beta = np.asarray(np.linalg.solve((design * weight[:, None]).T @ design, (weight * y) @ design))
    residual = y - design @ beta
    start = 0.1 * float(np.abs(residual).mean()) + 1e-8
    up, down = np.maximum(residual, 0.0) + start, np.maximum(-residual, 0.0) + start
    size = float(weight.sum())
    for _ in range(_MOST_STEPS):
        gap = float(a @ down + s @ up)
        missing = target - a @ design
        if gap <= _SAME * size * 1e-2 and float(np.abs(missing).max()) <= _SAME * size:
            break
        q = 1.0 / (up / s + down / a)
        square = (design * q[:, None]).T @ design
        # Predictor, then Mehrotra's corrector with what the predictor has shown.
        move = _direction(design, q, square, missing, a, s, up, down, -a * down, -s * up)
        short, long = _step(a, s, move[1], -move[1]), _step(up, down, move[2], move[3])
        mu = gap / (2 * n)
        after = (a + short * move[1]) @ (down + long * move[3]) + (s - short * move[1]) @ (
            up + long * move[2]
        )
        centre = mu * min(max(float(after) / gap, 0.0), 1.0) ** 3
        move = _direction(
            design, q, square, missing, a, s, up, down,
            centre - a * down - move[1] * move[3], centre - s * up + move[1] * move[2],
        )  # fmt: skip
        short = min(0.9995 * _step(a, s, move[1], -move[1]), 1.0)
        long = min(0.9995 * _step(up, down, move[2], move[3]), 1.0)
        beta = beta + long * move[0]
        a, s = a + short * move[1], s - short * move[1]
        up, down = up + long * move[2], down + long * move[3]
        if not np.isfinite(beta).all() or float(np.abs(beta).max()) > 1e12:
            raise np.linalg.LinAlgError
    else:
        if float(np.abs(missing).max()) > 1e-6 * size:
            raise np.linalg.LinAlgError
    return _through_rows(design, y, weight, tau, pull, beta)


def _direction(
    design: Floats,
    q: Floats,
    square: Floats,
    missing: Floats,
    a: Floats,
    s: Floats,
    up: Floats,
    down: Floats,
    lower: Floats,
    upper: Floats,
) -> tuple[Floats, Floats, Floats, Floats]:
    """Return Newton's step in b, a, and the parts of the residual above and below the line."""
    right = lower / a - upper / s
    db = np.asarray(np.linalg.solve(square, (q * right) @ design - missing))
    da = q * (right - design @ db)
    return db, da, (upper + up * da) / s, (lower - down * da) / a


def _step(one: Floats, other: Floats, change: Floats, other_change: Floats) -> float:
    """Return how far both may go before one of them is 0, at most 1 / 0.9995."""
    with np.errstate(divide="ignore", invalid="ignore"):
        first = np.where(change < 0, -one / change, np.inf).min()
        second = np.where(other_change < 0, -other / other_change, np.inf).min()
    return float(min(first, second, 1 / 0.9995))


def _through_rows(
    design: Floats, y: Floats, weight: Floats, tau: float, pull: Floats, beta: Floats
) -> Floats:
    """Put a line through as many of the nearest rows as it has coefficients, if that loses nothing."""
    p = design.shape[1]
    residual = np.abs(y - design @ beta)
    some = min(residual.size, 20 * p)
    nearest = np.argpartition(residual, some - 1)[:some]
    nearest = nearest[np.argsort(residual[nearest], kind="stable")]
    chosen: list[int] = []
    basis = np.zeros((0, p))
    for row in nearest.tolist():
        rest = design[row] - basis.T @ (basis @ design[row])
        length = float(np.linalg.norm(rest))
        if length > 1e-7 * float(np.linalg.norm(design[row])):
            chosen.append(row)
            basis = np.vstack([basis, rest / length])
            if len(chosen) == p:
                break
    if len(chosen) < p:
        return beta
    exact = np.asarray(np.linalg.solve(design[chosen], y[chosen]))

    def loss(line: Floats) -> float:
        off = y - design @ line
        return float(weight @ (off * (tau - (off < 0))) - pull @ line)

    return exact if loss(exact) <= loss(beta) + _SAME * float(weight.sum()) * 1e-2 else beta


def _near(residual: Floats) -> Flags:
    """Return which rows are near the line."""
    size = np.abs(residual)
    m = min(max(_SMALL // 2, int(_BAND * residual.size ** (2 / 3))), residual.size)
    return np.asarray(size <= np.partition(size, m - 1)[m - 1])


def _design(columns: Mapping[str, ArrayLike], y: Floats) -> tuple[Floats, Floats, Floats]:
    parts = [np.ones(y.size)]
    shift, scale = [0.0], [1.0]
    for name, column in {**columns, "outcome": y}.items():
        array = np.asarray(column, dtype=np.float64)
        if array.shape != y.shape:
            raise MethodError(f"{name} has {array.size} values for {y.size} rows")
        if not np.isfinite(array).all():
            raise MethodError(f"{name} holds values that are no finite numbers", expected="finite numbers")
        if array is y or not array.size:
            continue
        spread = float(array.std())
        varies = spread > 1e-12 * float(np.abs(array).max())
        shift.append(float(array.mean()) if varies else float(array[0]))
        scale.append(spread if varies else 1.0)
        parts.append((array - shift[-1]) / scale[-1])
    return np.stack(parts, axis=1), np.array(shift), np.array(scale)


def _check(
    y: Floats,
    codes: NDArray[np.integer],
    quantiles: Sequence[float],
    draws: int,
    design: Floats,
    names: tuple[str, ...],
) -> int:
    for tau in quantiles:
        if not 0 < tau < 1:
            raise MethodError("a quantile lies between 0 and 1", value=tau)
    if y.size == 0:
        raise MethodError("there is no row to fit a model to")
    if codes.shape != y.shape or codes.dtype.kind not in "iu" or int(codes.min()) < 0:
        raise MethodError("clusters are given as one whole number from 0 for each row")
    groups = int(np.unique(codes).size)
    if draws < 0 or draws == 1:
        raise MethodError("companies are drawn twice or more, or not at all", value=draws)
    if draws and groups < 2:
        raise MethodError(
            "one cluster only: how far clusters differ cannot be told",
            expected="rows of two companies or more",
            next_step="cluster by something else, such as the agent",
        )
    if y.size <= len(names):
        raise MethodError(
            f"{y.size} rows cannot carry a model of {len(names)} coefficients", expected="more rows"
        )
    inverse_of(design.T @ design, names)
    return groups
