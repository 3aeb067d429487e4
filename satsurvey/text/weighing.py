"""Figures of comments that were drawn unequally: weights, what they make of counts, and resamples of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from satsurvey.errors import MethodError
from satsurvey.scoring.intervals import wilson

Floats = NDArray[np.float64]

_AT_ONCE = 4_000_000
"""Cells of resamples held at one time."""


def checked_weights(weights: Sequence[float] | Floats | None, n: int) -> Floats | None:
    """Return weights scaled to a mean of 1, or None where there are none.

    Raises
    ------
    MethodError
        There is not one weight for each of n comments, or one is no positive number.
    """
    if weights is None:
        return None
    try:
        found = np.asarray(weights, dtype=np.float64)
    except (TypeError, ValueError) as exc:
        raise MethodError("a weight is no number", expected="a positive number for every comment") from exc
    if found.shape != (n,):
        raise MethodError("there is not one weight for every comment", value=found.size, expected=str(n))
    wrong = np.flatnonzero(~(np.isfinite(found) & (found > 0)))
    if wrong.size:
        raise MethodError(
            "a weight is no positive number", row=int(wrong[0]) + 1, value=float(found[wrong[0]])
        )
    return found * (n / found.sum()) if n else found


def of_rows(weights: Floats | None, rows: NDArray[np.bool_]) -> Floats | None:
    """Return the weights of some rows, None where there are none."""
    return None if weights is None else weights[rows]


def counted(cells: NDArray[np.int64], n_cells: int, weights: Floats | None) -> Floats:
    """Count rows by cell; weighted counts are scaled to the number of rows."""
    if weights is None:
        return np.bincount(cells, minlength=n_cells).astype(np.float64)
    sums = np.bincount(cells, weights, minlength=n_cells)
    return np.asarray(sums * (cells.size / weights.sum()), dtype=np.float64)


def resampled(
    cells: NDArray[np.int64],
    n_cells: int,
    weights: Floats | None,
    rng: np.random.Generator,
    resamples: int,
) -> Floats:
    """Draw rows again and count them by cell.

    Returns
    -------
    numpy.ndarray
        Shape (resamples, n_cells). To draw n rows with replacement is a multinomial draw of their kinds;
        rows of one cell and one weight are of one kind.
    """
    n = cells.size
    if weights is None:
        counts = np.bincount(cells, minlength=n_cells)
        return rng.multinomial(n, counts / n, size=resamples).astype(np.float64)
    order = np.lexsort((weights, cells))
    sorted_cells, sorted_weights = cells[order], weights[order]
    new = (np.diff(sorted_cells, prepend=-1) != 0) | (np.diff(sorted_weights, prepend=-1) != 0)
    starts = np.flatnonzero(new)
    counts = np.diff(np.append(starts, n))
    cell, weight = sorted_cells[starts], sorted_weights[starts]
    drawn = np.zeros((resamples, n_cells))
    step = max(_AT_ONCE // starts.size, 1)
    for first in range(0, resamples, step):
        some = rng.multinomial(n, counts / n, size=min(step, resamples - first))
        # Kinds of one cell stand side by side.
        edges = np.flatnonzero(np.diff(cell, prepend=-1))
        drawn[first : first + step, cell[edges]] = np.add.reduceat(some * weight, edges, axis=1)
    return drawn


def worth(right: NDArray[np.bool_], weights: Floats | None) -> float:
    """Return how many rows drawn alike a weighted share is worth.

    With p the weighted share it is p(1-p) over the linearised variance Σ (w (y - p) / Σw)², at most
    the number by weights, (Σw)²/Σw²; without weights the number of rows.
    """
    if weights is None or not right.size:
        return float(right.size)
    total = weights.sum()
    by_weights = float(total**2 / (weights**2).sum())
    share = float(weights[right].sum() / total)
    spread = float((((right - share) * weights / total) ** 2).sum())
    return min(by_weights, share * (1 - share) / spread) if spread > 0 else by_weights


def share_of(right: NDArray[np.bool_], weights: Floats | None, level: float) -> tuple[float, float, float]:
    """Return a weighted share and the ends of Wilson's interval with the number that it is worth."""
    if not right.size:
        return float("nan"), float("nan"), float("nan")
    share = right.mean() if weights is None else weights[right].sum() / weights.sum()
    low, high = wilson(np.array([share]), np.array([worth(right, weights)]), level=level)
    return float(share), float(low[0]), float(high[0])
