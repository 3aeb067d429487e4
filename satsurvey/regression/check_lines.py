"""Lines of least check loss through any number of rows, and through clusters drawn again and again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from satsurvey.errors import MethodError
from satsurvey.regression.simplex import least_check

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Places = NDArray[np.intp]
Codes = NDArray[np.int64]

_SMALL = 2000
"""Up to so many rows are searched as they are."""
_RAISES = (1e-8, 1e-11, 0.0)
"""By how much outcomes are told apart, in their spread: the first that costs nothing is taken."""
_SAME, _ROUNDING = 1e-10, 1e-12
_LEAST_WIDTH = 1e-9


@dataclass(frozen=True, eq=False)
class CheckRows:
    """Rows of a quantile regression.

    Attributes
    ----------
    design
        Shape (n, p), columns of about unit spread, the intercept among them.
    y
        Shape (n,), of about unit spread.
    weight
        Shape (n,), positive.
    """

    design: Floats
    y: Floats
    weight: Floats

    def take(self, some: Places | slice) -> CheckRows:
        """Return some of the rows."""
        return CheckRows(self.design[some], self.y[some], self.weight[some])

    def through(self, on: Places) -> Floats:
        """Return the line through p rows."""
        return np.asarray(np.linalg.solve(self.design[on], self.y[on]))

    def residual(self, on: Places) -> Floats:
        """Return the residuals from the line through p rows, which are 0 at these."""
        residual = self.y - self.design @ self.through(on)
        residual[on] = 0.0
        return residual

    def loss(self, residual: Floats, tau: float) -> float:
        """Return the weighted sum of the check function."""
        return float(self.weight @ (residual * (tau - (residual < 0))))


@dataclass(frozen=True, eq=False)
class BestLine:
    """A line that no other beats.

    Attributes
    ----------
    values
        Its coefficients.
    loss
        Weighted sum of the check function.
    rows, raised
        The rows, and the same with outcomes told apart.
    """

    values: Floats
    loss: float
    rows: CheckRows
    raised: CheckRows

    def drawn(self, tau: float, codes: Codes, counts: Iterable[Codes]) -> Floats:
        """Return the lines of drawn clusters, one row per draw that carries the model.

        Parameters
        ----------
        tau
            Quantile of this line.
        codes
            Cluster of each row, from 0.
        counts
            For each draw, how often each cluster was drawn.
        """
        around = _Around.of(self.raised, codes, tau, self.values)
        lines = [around.line(count.astype(np.float64)) for count in counts]
        return np.array([self.rows.through(on) for on in lines if on is not None])


def best_line(rows: CheckRows, tau: float) -> BestLine:
    """Return a line of which it is proved that no other has less check loss.

    Raises
    ------
    MethodError
        When rows do not determine a line, or none is found whose loss is proved to be the least to 1e-10
        of it.

    Notes
    -----
    Rounded times and answers of few levels put many rows on one line, among which a search may go in
    circles. Outcomes are therefore told apart by differences far below any that matters. The multipliers of
    the line then found do not depend on outcomes, so with outcomes as given they bound the least loss from
    below: the line through the same rows exceeds it by no more than the distances of rows that are on
    another side of it than before. Rows on the line itself are at no distance.
    """
    apart = np.random.default_rng(rows.y.size).uniform(-1.0, 1.0, rows.y.size)
    for size in _RAISES:
        raised = replace(rows, y=rows.y + size * apart)
        on = _search(raised, tau)
        if on is None:
            raise MethodError(
                "rows are so alike that they do not determine a line",
                next_step="leave out controls that few rows have",
            )
        residual, before = rows.residual(on), raised.residual(on)
        loss = rows.loss(residual, tau)
        excess = float(rows.weight @ np.where(residual * before < 0, np.abs(residual), 0.0))
        if excess <= _SAME * loss + _ROUNDING * float(rows.weight.sum()):
            return BestLine(rows.through(on), loss, rows, raised)
    raise MethodError(
        "no line is proved to be the best: rows differ too widely in size", next_step="leave controls out"
    )


def _search(rows: CheckRows, tau: float) -> Places | None:
    """Return the rows that the best line goes through; None where rows do not determine one."""
    n = rows.y.size
    on = None
    if n > _SMALL:
        # The line through some of the rows tells which rows are far from the line of all.
        size = max(_SMALL, int(2 * n ** (2 / 3)))
        some = np.unique(np.random.default_rng(n).integers(0, n, size))
        on = _search(rows.take(some), tau)
    if on is not None:
        first = rows.through(some[on])
    else:
        root = np.sqrt(rows.weight)
        first = np.asarray(np.linalg.lstsq(rows.design * root[:, None], rows.y * root, rcond=None)[0])
    return _Around.of(rows, np.zeros(n, dtype=np.int64), tau, first).line(np.ones(1))


@dataclass(frozen=True, eq=False)
class _Around:
    """Rows in the order in which a line that moves may reach them.

    Attributes
    ----------
    rows, codes, order
        In that order, with the cluster of each, and where they stood.
    tau, first
        Quantile, and the line from which others move.
    above
        Which rows are above that line.
    lever
        By how much a line that moves by 1 moves at each row, at most.
    reached
        How far a line must move to reach each row; ascending.
    root
        A move d has the length of root @ d: the root mean square of what it changes over the rows.
    pulls
        What the rows of each cluster add to the gradient, shape (clusters, p).
    bend
        How fast the gradient changes, roughly: cross-products of rows about the line over their width.
    """

    rows: CheckRows
    codes: Codes
    order: Places
    tau: float
    first: Floats
    above: Flags
    lever: Floats
    reached: Floats
    root: Floats
    pulls: Floats
    bend: Floats

    @classmethod
    def of(cls, rows: CheckRows, codes: Codes, tau: float, first: Floats) -> _Around:
        n = rows.y.size
        values, vectors = np.linalg.eigh(rows.design.T @ rows.design / n)
        size = np.sqrt(np.maximum(values, 1e-12 * values[-1]))
        scores = rows.design @ (vectors / size)
        lever = np.sqrt(np.einsum("ij,ij->i", scores, scores))
        residual = rows.y - rows.design @ first
        reached = np.abs(residual) / lever
        order = np.argsort(reached)
        rows, codes, above = rows.take(order), codes[order], residual[order] > 0
        lever, reached = lever[order], reached[order]
        side = rows.weight * (above - 1.0 + tau)
        groups = int(codes.max()) + 1
        pulls = [np.bincount(codes, side * column, minlength=groups) for column in rows.design.T]
        about = slice(0, max(_SMALL, int(n ** (4 / 5))))
        inner = rows.take(about)
        width = 2 * reached[about][-1] * lever[about]
        bend = inner.design.T @ (inner.design * (inner.weight / np.maximum(width, _LEAST_WIDTH))[:, None])
        return cls(
            rows,
            codes,
            order,
            tau,
            first,
            above,
            lever,
            reached,
            size[:, None] * vectors.T,
            np.stack(pulls, axis=1),
            bend,
        )

    def line(self, counts: Floats) -> Places | None:
        """Return what the best line goes through where clusters count so often.

        Rows near the line that Newton's step foretells enter the search as they are, the others through
        their sums; while the line found is on another side of any of these, more rows enter. None where
        rows do not determine a line.
        """
        rows, tau, n = self.rows, self.tau, self.rows.y.size
        gradient = counts @ self.pulls
        start = self.first + np.linalg.lstsq(self.bend, gradient, rcond=1e-9)[0]
        m = min(_SMALL, n)
        while True:
            reach = max(self._reach(start), m)
            design = rows.design[:reach]
            residual = rows.y[:reach] - design @ start
            away = np.abs(residual) / self.lever[:reach]
            near = away <= np.partition(away, m - 1)[m - 1]
            weight = rows.weight[:reach] * counts[self.codes[:reach]]
            side = residual > 0
            # Rows that are far pull from the side on which they are now.
            change = weight * (np.where(near, 1.0 - tau, side) - self.above[:reach])
            some = np.flatnonzero(near & (weight > 0))
            part = rows.take(some)
            on = least_check(part.design, part.y, weight[some], tau, gradient + change @ design, start)
            if on is None and m == n:
                return None
            if on is not None:
                found = rows.through(some[on])
                reach = max(self._reach(found), reach)
                residual = rows.y[:reach] - rows.design[:reach] @ found
                before = np.concatenate([side, self.above[side.size : reach]])
                crossed = np.flatnonzero((residual > 0) != before)
                crossed = crossed[(crossed >= near.size) | ~near[np.minimum(crossed, near.size - 1)]]
                if not counts[self.codes[crossed]].any():
                    return np.asarray(self.order[some[on]])
                start = found
            m = min(4 * m, n)

    def _reach(self, line: Floats) -> int:
        """Return how many rows may be on another side of a line than of the first."""
        move = self.root @ (line - self.first)
        return int(np.searchsorted(self.reached, np.sqrt(move @ move), side="right"))
