"""The line of least check loss through given rows: an exact simplex method that takes long steps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from satsurvey.errors import MethodError

Floats = NDArray[np.float64]
Places = NDArray[np.intp]

_PARALLEL = 1e-9
_LOSES = 1e-11
"""A slope of the loss, per unit of weight, that is rounding."""
_SOME = 256
_STEPS_PER_TERM = 500


def least_check(
    design: Floats, y: Floats, weight: Floats, tau: float, pull: Floats, start: Floats
) -> Places | None:
    """Minimise sum_i w_i rho(y_i - x_i b) - pull'b, with rho(r) = r (tau - [r < 0]).

    Parameters
    ----------
    design
        Shape (n, p), columns of about unit spread.
    y
        Shape (n,), of about unit spread, no more than p on any line: equal numbers are to be told apart by
        small differences beforehand, or the walk may go in circles.
    weight
        Shape (n,), positive.
    tau
        Between 0 and 1.
    pull
        Shape (p,): what rows that are not here, and stay on their side of the line, add to the gradient.
    start
        A line near the best one; any will do.

    Returns
    -------
    numpy.ndarray or None
        The p rows that the best line goes through: with their multipliers they hold the others in balance
        (Karush, Kuhn and Tucker). Where several lines are best, a corner of their set. None where the rows
        do not determine a line, or the pull leads away for ever.

    Raises
    ------
    MethodError
        When no best line is found within 500 steps per coefficient.

    Notes
    -----
    A step lets go of the row on the line whose multiplier is farthest out of bounds, and follows the other
    p - 1 past all rows until the loss rises. The first line goes through p rows without weight, which are
    let go of first.

    References
    ----------
    Barrodale, I. and Roberts, F. D. K. (1973). An improved algorithm for discrete L1 linear approximation.
    SIAM Journal on Numerical Analysis 10, 839-848.
    Koenker, R. (2005). Quantile regression, section 6.2. Cambridge University Press.
    """
    n, p = design.shape
    return _Walk(design, y, weight, tau, pull, start).end() if n >= p else None


class _Walk:
    """From line to better line, each through p rows."""

    def __init__(
        self, design: Floats, y: Floats, weight: Floats, tau: float, pull: Floats, start: Floats
    ) -> None:
        n, p = design.shape
        self.n, self.tau, self.pull = n, tau, pull
        self.x = np.concatenate([design, np.eye(p)])
        self.y = np.concatenate([y, start])
        self.weight = np.concatenate([weight, np.zeros(p)])
        self.parallel = _PARALLEL * np.sqrt(np.einsum("ij,ij->i", self.x, self.x))
        self.on = np.arange(n, n + p)
        self._afresh()

    def end(self) -> Places | None:
        """Walk to the best line."""
        for _ in range(_STEPS_PER_TERM * self.on.size):
            chosen = self._chosen()
            if chosen is None and self.fresh:
                return self.on
            if chosen is None:
                self._afresh()
            elif not self._step(*chosen):
                return None
        raise MethodError(
            "the best line was not found: rows differ too widely in size", next_step="leave controls out"
        )

    def _afresh(self) -> None:
        """Work out everything from the rows on the line, free of the rounding of steps."""
        self.inverse = np.linalg.inv(self.x[self.on])
        self.residual = self.y - self.x @ (self.inverse @ self.y[self.on])
        self.residual[self.on] = 0.0
        self.above = self.residual > 0
        side = self._side(slice(None))
        side[self.on] = 0.0
        self.gradient = side @ self.x + self.pull
        self.fresh = True

    def _side(self, rows: Places | slice | np.intp) -> Floats:
        """Return what rows pull from their side of the line."""
        return np.asarray(self.weight[rows] * (self.above[rows] - 1.0 + self.tau))

    def _chosen(self) -> tuple[int, bool, float] | None:
        """Return which row on the line to let go of, whether to go above it, and the slope of the loss.

        None on the best line.
        """
        multiplier = self.gradient @ self.inverse
        held = self.weight[self.on]
        slopes = np.stack([held * self.tau + multiplier, held * (1 - self.tau) - multiplier])
        steepness = slopes / np.sqrt(np.einsum("ij,ij->j", self.inverse, self.inverse))
        made_up = self.on >= self.n
        if made_up.any():
            steepness[:, ~made_up] = np.inf
        up, place = divmod(int(steepness.argmin()), self.on.size)
        if not made_up.any() and not steepness[up, place] < -_LOSES * float(self.weight.sum()):
            return None
        return place, bool(up), float(slopes[up, place])

    def _step(self, place: int, up: bool, slope: float) -> bool:
        """Let go of a row on the line, and go until the loss rises; False where it never does."""
        along = self.x @ (self.inverse[:, place] if up else -self.inverse[:, place])
        along[np.abs(along) <= self.parallel] = 0.0
        ahead = np.where(self.above, along, -along) > 0
        ahead[self.on] = False
        ahead[self.n :] = False
        rows = np.flatnonzero(ahead)
        size = np.abs(along[rows])
        far = np.abs(self.residual[rows]) / size
        order = _until_rising(slope, far, self.weight[rows] * size)
        if order is None:
            return False
        enters, crossed, leaves = rows[order[-1]], rows[order[:-1]], self.on[place]
        self.residual -= far[order[-1]] * along
        change = self.weight[crossed] * np.where(self.above[crossed], -1.0, 1.0)
        self.gradient += change @ self.x[crossed]
        self.above[crossed] = ~self.above[crossed]
        self.above[leaves] = not up
        self.gradient += self._side(leaves) * self.x[leaves] - self._side(enters) * self.x[enters]
        self.on[place] = enters
        self.residual[self.on] = 0.0
        self.inverse = np.linalg.inv(self.x[self.on])
        self.fresh = False
        return True


def _until_rising(slope: float, far: Floats, cost: Floats) -> Places | None:
    """Return rows in the order in which they are met, until the loss rises; None where it never does."""
    some = min(_SOME, far.size)
    while some:
        nearest = np.arange(far.size) if some == far.size else np.argpartition(far, some - 1)[:some]
        order = nearest[np.argsort(far[nearest], kind="stable")]
        rising = slope + np.cumsum(cost[order]) >= 0
        if rising[-1]:
            return np.asarray(order[: int(np.argmax(rising)) + 1])
        if some == far.size:
            return None
        some = min(8 * some, far.size)
    return None
