"""Natural cubic splines: the basis of R's `splines::ns`, also at points that were not seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from satsurvey.errors import MethodError

Floats = NDArray[np.float64]

_POINTS_AT_ONCE = 1 << 13
"""Points worked on at a time: their powers stay in the processor's cache."""


@dataclass(frozen=True, eq=False)
class NaturalSpline:
    """A natural cubic spline: cubic between knots, straight beyond the boundary knots.

    Attributes
    ----------
    knots
        Inner knots, ascending.
    boundary
        The least and the largest knot.
    coefficients
        Of 1, u and (u - u_k)^3 where positive, u running from 0 to 1 between the boundary knots; shape
        (knots + 4, columns).
    """

    knots: tuple[float, ...]
    boundary: tuple[float, float]
    coefficients: Floats

    @property
    def df(self) -> int:
        """How many columns the basis has."""
        return int(self.coefficients.shape[1])

    def basis(self, x: ArrayLike) -> Floats:
        """Return the columns at points, shape (N, df)."""
        low, high = self.boundary
        points, places = np.asarray(x, dtype=np.float64), np.array(self._places())[:, None]
        # Straight beyond the last knot: cubes that cancel there would lose digits.
        beyond = 3 * (1.0 - places[:, 0]) ** 2 @ self.coefficients[2:]
        turn = np.vstack([self.coefficients, beyond]).T
        columns = np.empty((self.df, points.size))
        for start in range(0, points.size, _POINTS_AT_ONCE):
            u = (points[start : start + _POINTS_AT_ONCE] - low) / (high - low)
            past = np.maximum(np.minimum(u, 1.0) - places, 0.0)
            parts = np.vstack([np.ones_like(u), u, past * past * past, np.maximum(u - 1.0, 0.0)])
            np.matmul(turn, parts, out=columns[:, start : start + u.size])
        return columns.T

    def _places(self) -> list[float]:
        low, high = self.boundary
        return [0.0, *((knot - low) / (high - low) for knot in self.knots), 1.0]


def natural_spline(
    x: ArrayLike,
    *,
    df: int = 3,
    knots: Sequence[float] | None = None,
    boundary: tuple[float, float] | None = None,
) -> NaturalSpline:
    """Make the basis of a natural cubic spline without intercept, as R's `ns(x, df)` or `ns(x, knots=)`.

    Parameters
    ----------
    x
        The data, for the places of knots.
    df
        Number of columns; df - 1 inner knots stand at quantiles that cut the data in equal parts.
    knots
        Inner knots in place of `df`.
    boundary
        Boundary knots; by default the least and the largest number.

    Raises
    ------
    MethodError
        When knots coincide or do not lie between the boundary knots, as with too few different numbers.

    Notes
    -----
    The cubic B-splines of the knots, the first left out, are turned by the Householder reflections that make
    the second derivatives at both ends vanish; what remains is the basis. It is kept as truncated powers,
    which need no recursion and are straight beyond the ends by themselves.

    References
    ----------
    Hastie, T. J. (1992). Generalized additive models. In Statistical Models in S, chapter 7.

    Examples
    --------
    >>> natural_spline([0.0, 1.0, 2.0, 3.0, 4.0], df=2).knots
    (2.0,)
    """
    values = np.asarray(x, dtype=np.float64)
    if df < 1:
        raise MethodError("a spline has one column or more", value=df)
    if values.size == 0 or not np.isfinite(values).all():
        raise MethodError("a spline needs finite numbers")
    if boundary is None:
        boundary = (float(values.min()), float(values.max()))
    if knots is None:
        inside = values[(values >= boundary[0]) & (values <= boundary[1])]
        knots = np.quantile(inside, np.arange(1, df) / df).tolist() if df > 1 else []
    placed = tuple(sorted(float(knot) for knot in knots))
    ladder = np.array([boundary[0], *placed, boundary[1]])
    span = ladder[-1] - ladder[0]
    if not (np.diff(ladder) > 1e-9 * abs(span)).all() or span <= 0:
        raise MethodError(
            f"the knots of a spline with {len(placed) + 1} columns coincide: the numbers take too few values",
            expected="knots that ascend between the least and the largest number",
        )
    return NaturalSpline(placed, (float(ladder[0]), float(ladder[-1])), _coefficients(ladder))


def _coefficients(ladder: Floats) -> Floats:
    """Return the truncated powers of the basis, by its values at the knots."""
    from scipy.interpolate import BSpline

    u = (ladder - ladder[0]) / (ladder[-1] - ladder[0])
    full = np.concatenate([[0.0] * 3, u, [1.0] * 3])
    splines = BSpline(full, np.eye(u.size + 2), 3)
    values = splines(u)[:, 1:]
    # On another unit the second derivatives are all multiplied alike: reflections do not see it.
    bent = splines.derivative(2)(np.array([0.0, 1.0]))[:, 1:]
    turn, _ = np.linalg.qr(bent.T, mode="complete")
    at_knots = values @ turn[:, 2:]
    # f(u) = a + b u + sum c_k (u - u_k)^3 with sum c_k = sum c_k u_k = 0: straight beyond the last knot.
    m = u.size
    system = np.zeros((m + 2, m + 2))
    system[:m, 0], system[:m, 1] = 1.0, u
    system[:m, 2:] = np.maximum(u[:, None] - u[None, :], 0.0) ** 3
    system[m, 2:], system[m + 1, 2:] = 1.0, u
    known = np.concatenate([at_knots, np.zeros((2, at_knots.shape[1]))])
    return np.asarray(np.linalg.solve(system, known))
