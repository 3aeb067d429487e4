"""One knot of a line that bends once: found by profile least squares, its interval by inverting the test."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from satsurvey.errors import MethodError
from satsurvey.regression.least_squares import Correction, LeastSquares, least_squares
from satsurvey.regression.tallies import Centring, Tally, tally

Floats = NDArray[np.float64]
Codes = NDArray[np.integer]

CANDIDATES = 200
EDGE_SHARE = 0.05
"""A knot is looked for between the numbers that cut this share of rows off at either end."""
_OWN = "_bends_along"
_LEAST_VALUES = 6
"""A bent line goes through all of four different numbers' means, whatever the knot."""


@dataclass(frozen=True, eq=False)
class Knot:
    """Where a line bends.

    Attributes
    ----------
    at
        The knot, on the scale of x.
    low, high
        Ends of its interval.
    low_open, high_open
        The interval goes to the end of the numbers that were tried, and may go beyond.
    slope_change
        Slope after the knot less slope before it.
    variance_ratio
        By how much clusters and unequal spread enlarge the variance of the knot; 1 where they do not.
    """

    at: float
    low: float
    high: float
    low_open: bool
    high_open: bool
    slope_change: float
    variance_ratio: float


class KnotSearch:
    """Sums of squares of a bent line at any knot, after one pass over the rows.

    Parameters
    ----------
    x
        N finite numbers, what the line bends along.
    outcome
        N finite numbers.
    controls
        Other columns of the design.
    weights
        N positive numbers, if rows are weighted.
    folds
        N whole numbers from 0, when knots are also to be found without each of some parts of the rows.

    Raises
    ------
    MethodError
        When x takes fewer than six different values, or nearly all rows have the same.

    Notes
    -----
    Rows are tallied by the interval between candidates that x falls in. Sums over the intervals beyond a
    candidate give the cross-products of (x - knot)+ with everything else.
    """

    def __init__(
        self,
        x: Floats,
        outcome: Floats,
        controls: Mapping[str, Floats],
        *,
        weights: Floats | None = None,
        folds: Codes | None = None,
        n_folds: int = 1,
    ) -> None:
        ends = np.quantile(x, [EDGE_SHARE, 1 - EDGE_SHARE])
        if not ends[1] > ends[0] or _few_values(x):
            raise MethodError(
                "the times take too few different values to tell where a line bends",
                expected=f"{_LEAST_VALUES} different times or more, and not nearly all of them the same",
            )
        self.candidates = np.linspace(ends[0], ends[1], CANDIDATES)
        self.x, self.outcome, self.controls, self.weights = x, outcome, controls, weights
        bins = np.searchsorted(self.candidates, x, side="left")
        m = self.candidates.size + 1
        codes = bins if folds is None else folds * m + bins
        self._tally = tally({_OWN: x, **controls}, outcome, codes, n_clusters=m * n_folds, weights=weights)
        q = self._tally.cross.shape[1]
        self._by_fold = self._tally.cross.reshape(n_folds, m, q, q)
        self._bins = self._by_fold.sum(axis=0)
        self._total = self._bins.sum(axis=0)
        self._beyond = _sums_beyond(self._bins)

    @property
    def centring(self) -> Centring:
        """What is taken off columns and divided by."""
        return self._tally.centring

    def profile(self) -> Floats:
        """Return the sum of squared residuals at each candidate."""
        return _squares(self._bent(self._total, self._beyond, self.candidates))

    def best(self) -> tuple[float, float]:
        """Return the knot with the least sum of squares, and that sum."""
        from scipy.optimize import minimize_scalar

        squares = self.profile()
        best = int(np.argmin(squares))
        low, high = max(best - 1, 0), min(best + 1, squares.size - 1)
        exact = self._between(low, high)
        found = minimize_scalar(
            exact,
            bounds=(self.candidates[low], self.candidates[high]),
            method="bounded",
            options={"xatol": 1e-12 * float(np.ptp(self.candidates))},
        )
        if found.fun <= squares[best]:
            return float(found.x), float(found.fun)
        return float(self.candidates[best]), float(squares[best])

    def interval(self, at: float, limit: float) -> tuple[float, float, bool, bool]:
        """Return the ends of the knots whose sum of squares is at most a limit, and whether they are open."""
        inside = self.candidates[self.profile() <= limit]
        points = np.append(inside, at)
        ends: list[float] = []
        opened: list[bool] = []
        for within, edge in ((float(points.min()), 0), (float(points.max()), -1)):
            opened.append(bool(within == self.candidates[edge]))
            if opened[-1]:
                ends.append(within)
                continue
            # The first candidate that is outside, and the exact sum of squares from there to the last inside.
            low = int(np.searchsorted(self.candidates, within, side="left" if edge == 0 else "right")) - 1
            exact = self._between(low, low + 1)
            outside = float(self.candidates[low if edge == 0 else low + 1])
            ends.append(_crossing(exact, within, outside, limit))
        return ends[0], ends[1], opened[0], opened[1]

    def folds_squares(self) -> float:
        """Return the sum of squared errors of predictions for each fold by a line fitted to the others."""
        lost = 0.0
        for own in self._by_fold:
            if not own[:, 0, 0].any():
                continue
            rest = self._bins - own
            beyond = _sums_beyond(rest)
            whole = self._bent(rest.sum(axis=0), beyond, self.candidates)
            best = int(np.argmin(_squares(whole)))
            beta = _solved(whole[best, :-1, :-1], whole[best, :-1, -1])
            held = self._bent(own.sum(axis=0), _sums_beyond(own), self.candidates)[best]
            residual = np.append(-beta, 1.0)
            lost += float(residual @ held @ residual)
        return lost

    def _bent(self, total: Floats, beyond: Floats, knots: Floats) -> Floats:
        """Return cross-products of intercept, x, controls, (x - knot)+ and outcome, a matrix per knot."""
        shift, scale = float(self.centring.shift[0]), float(self.centring.scale[0])
        at = ((knots - shift) / scale)[:, None]
        q = total.shape[0]
        with_all = beyond[:, 1, :] - at * beyond[:, 0, :]
        own = beyond[:, 1, 1] - 2 * at[:, 0] * beyond[:, 0, 1] + at[:, 0] ** 2 * beyond[:, 0, 0]
        out = np.empty((knots.size, q + 1, q + 1))
        old = np.append(np.arange(q - 1), q)
        out[:, old[:, None], old[None, :]] = total
        out[:, old, q - 1] = out[:, q - 1, old] = with_all
        out[:, q - 1, q - 1] = own
        return out

    def _between(self, low: int, high: int) -> Callable[[float], float]:
        """Return the exact sum of squares as a function of a knot between two candidates."""
        start, end = self.candidates[low], self.candidates[high]
        inside = (self.x > start) & (self.x <= end)
        columns = [self.x, *self.controls.values()]
        centring = self.centring
        rows = np.stack(
            [
                np.ones(int(inside.sum())),
                *(
                    (column[inside] - shift) / scale
                    for column, shift, scale in zip(columns, centring.shift, centring.scale, strict=True)
                ),
                self.outcome[inside] - centring.outcome_shift,
            ],
            axis=1,
        )
        order = np.argsort(self.x[inside], kind="stable")
        rows, places = rows[order], self.x[inside][order]
        weighted = rows if self.weights is None else rows * self.weights[inside][order][:, None]

        def squares(knot: float) -> float:
            first = int(np.searchsorted(places, knot, side="right"))
            beyond = self._beyond[high] + weighted[first:].T @ rows[first:]
            return float(_squares(self._bent(self._total, beyond[None], np.array([knot])))[0])

        return squares


def bent_columns(x: Floats, knot: float, slope_change: float | None = None) -> tuple[Floats, ...]:
    """Return x and (x - knot)+, then, given a change of slope, the derivative of the line along its knot."""
    past = np.maximum(x - knot, 0.0)
    if slope_change is None:
        return x, past
    return x, past, np.where(x > knot, -slope_change, 0.0)


def find_knot(
    search: KnotSearch,
    clusters: Codes,
    *,
    names: tuple[str, str, str] = ("x", "x_past_knot", "knot"),
    level: float = 0.95,
    correction: Correction | None = None,
) -> tuple[Knot, Tally, LeastSquares]:
    """Find the knot, its interval, and the fit in which the knot is a coefficient like others.

    Returns
    -------
    Knot
    Tally
        Of x, (x - knot)+, the derivative along the knot, and the controls.
    LeastSquares
        Of that tally: its covariance holds what the knot's uncertainty adds.

    Notes
    -----
    Knots k with (S(k) - S) / s^2 <= r t^2 are in the interval: S sums of squares, s^2 the residual
    variance, t the quantile of Student's t, and r the variance of the knot that clusters allow over that of
    independent errors of equal spread, no less than 1. At a continuous bend the statistic is chi-squared
    with one degree of freedom (Hansen, 2017); where the line bends so little that the knot is hardly seen,
    the interval is wide or open and covers a little less often than it says.

    References
    ----------
    Hansen, B. E. (2017). Regression kink with an unknown threshold. J. Business and Economic Statistics 35,
    228-240.
    """
    from scipy.special import stdtrit

    at, squares = search.best()

    def tallied(columns: tuple[Floats, ...]) -> Tally:
        design = dict(zip(names, columns, strict=False)) | dict(search.controls)
        return tally(design, search.outcome, clusters, weights=search.weights)

    line = tallied(bent_columns(search.x, at))
    change = least_squares(line, correction=correction).estimates[names[1]]
    # The derivative is multiplied by the change of slope: with none, any number shows the same ratio.
    whole = tallied(bent_columns(search.x, at, change if change != 0 else 1.0))
    fit = least_squares(whole, correction=correction)
    place = whole.terms.index(names[2])
    p = len(whole.terms)
    total = whole.total()
    plain = fit.residual_variance * np.linalg.inv(total[:p, :p])[place, place]
    plain *= total[0, 0] / whole.rows / whole.centring.scale[place - 1] ** 2
    ratio = max(float(fit.estimates.covariance[place, place] / plain), 1.0)
    quantile = float(stdtrit(fit.estimates.df[place], 0.5 + level / 2))
    limit = squares + squares / (whole.rows - p) * ratio * quantile**2
    return Knot(at, *search.interval(at, limit), change, ratio), whole, fit


def _crossing(squares: Callable[[float], float], within: float, outside: float, limit: float) -> float:
    """Return where a sum of squares passes a limit."""
    from scipy.optimize import brentq

    if squares(within) >= limit or squares(outside) <= limit:
        return within
    return float(brentq(lambda knot: squares(knot) - limit, within, outside, xtol=1e-12))


def _sums_beyond(bins: Floats) -> Floats:
    """Return, for each candidate, the sums over the intervals beyond it."""
    return np.asarray(np.cumsum(bins[::-1], axis=0)[::-1][1:])


def _solved(square: Floats, right: Floats) -> Floats:
    size = np.sqrt(np.maximum(np.diag(square), 1e-300))
    solution = np.linalg.lstsq(square / np.outer(size, size), right / size, rcond=1e-12)[0]
    return np.asarray(solution / size)


def _squares(whole: Floats) -> Floats:
    """Return the sums of squared residuals that matrices of cross-products hold, the outcome being last."""
    size = np.sqrt(np.maximum(np.diagonal(whole, axis1=1, axis2=2), 1e-300))
    scaled = whole / (size[:, :, None] * size[:, None, :])
    inner, right = scaled[:, :-1, :-1], scaled[:, :-1, -1]
    # Where no row lies beyond a knot, or terms follow from each other, the least solution is taken.
    beta = np.einsum("kij,kj->ki", np.linalg.pinv(inner, rcond=1e-12, hermitian=True), right)
    return np.asarray((1.0 - np.einsum("ki,ki->k", beta, right)) * size[:, -1] ** 2)


def _few_values(x: Floats) -> bool:
    seen: set[float] = set()
    for start in range(0, x.size, 1 << 12):
        seen.update(np.unique(x[start : start + (1 << 12)]).tolist())
        if len(seen) >= _LEAST_VALUES:
            return False
    return True
