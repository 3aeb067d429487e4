"""Tallies of a regression: what a linear model needs of rows, cluster by cluster, and no more.

Least squares with clustered errors and the random-intercept model need of each cluster only its number of
rows and the sums and cross-products of its design and outcome. Tallies of parts of the data add, so that
one file, a thousand chunks and a cluster of machines give the same model, and after one pass no fit depends
on rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from satsurvey.errors import MethodError

Floats = NDArray[np.float64]

INTERCEPT = "intercept"
_ROWS_AT_ONCE = 1 << 15
"""Rows multiplied at a time: their products stay in the processor's cache."""
_ROWS_TO_CENTRE = 4096
_SAME = 1e-12
"""A spread of less than this share of the values is rounding."""


@dataclass(frozen=True, eq=False)
class Centring:
    """What is taken off columns and what they are divided by before they are multiplied.

    Cross-products of columns far from 0 lose digits; tallies can be added only when they share this.

    Attributes
    ----------
    shift, scale
        Of the columns, shape (p,).
    outcome_shift
        Of the outcome.
    """

    shift: Floats
    scale: Floats
    outcome_shift: float


@dataclass(frozen=True, eq=False)
class Tally:
    """Counts and cross-products by cluster.

    Attributes
    ----------
    terms
        Names of the design's columns; the first is the intercept.
    centring
        Of the columns after the intercept, and of the outcome.
    n
        Rows of each cluster, shape (G,).
    cross
        Cross-products of the design's columns, then the outcome; shape (G, p + 2, p + 2) for p columns beside
        the intercept.
    """

    terms: tuple[str, ...]
    centring: Centring
    n: NDArray[np.int64]
    cross: Floats

    def __add__(self, other: Tally) -> Tally:
        same = self.terms == other.terms and self.n.shape == other.n.shape
        if not same or not all(
            np.array_equal(getattr(self.centring, name), getattr(other.centring, name))
            for name in ("shift", "scale", "outcome_shift")
        ):
            raise MethodError("tallies of different designs cannot be added")
        return Tally(self.terms, self.centring, self.n + other.n, self.cross + other.cross)

    @property
    def rows(self) -> int:
        """Number of rows."""
        return int(self.n.sum())

    @property
    def clusters(self) -> int:
        """Number of clusters that have rows."""
        return int((self.n > 0).sum())

    @property
    def weighted(self) -> bool:
        """Whether rows were weighted."""
        return not np.array_equal(self.cross[:, 0, 0], self.n)

    def means(self) -> dict[str, float]:
        """Return the mean of each column after the intercept, in its own unit."""
        total = self.total()
        middle = total[0, 1:-1] / total[0, 0] * self.centring.scale + self.centring.shift
        return dict(zip(self.terms[1:], middle.tolist(), strict=True))

    def without(self, left_out: NDArray[np.bool_]) -> Tally:
        """Return the tally of the other clusters."""
        return Tally(
            self.terms,
            self.centring,
            np.where(left_out, 0, self.n),
            np.where(left_out[:, None, None], 0.0, self.cross),
        )

    def columns(self) -> tuple[Floats, Floats]:
        """Return shift and scale of all columns of the design, the intercept included."""
        return (
            np.concatenate([[0.0], self.centring.shift]),
            np.concatenate([[1.0], self.centring.scale]),
        )

    def total(self) -> Floats:
        """Return the cross-products over all clusters, shape (p + 2, p + 2)."""
        return np.asarray(self.cross.sum(axis=0))

    def of_terms(self, terms: tuple[str, ...]) -> Tally:
        """Return the tally of some of the columns; the intercept stays."""
        places = [0, *(self.terms.index(term) for term in terms if term != INTERCEPT)]
        inner = [place - 1 for place in places[1:]]
        chosen = [*places, len(self.terms)]
        return Tally(
            tuple(self.terms[place] for place in places),
            Centring(self.centring.shift[inner], self.centring.scale[inner], self.centring.outcome_shift),
            self.n,
            self.cross[:, chosen][:, :, chosen],
        )

    def with_outcome(self, term: str) -> Tally:
        """Return the tally that has one of the columns for its outcome; the former outcome is left out."""
        place = self.terms.index(term)
        inner = [k for k in range(len(self.terms)) if k != place]
        chosen = [*inner, place]
        cross = self.cross[:, chosen][:, :, chosen]
        # Columns of the design are in units of their spread, an outcome stands in its own.
        scale = float(self.centring.scale[place - 1])
        cross[:, -1, :] *= scale
        cross[:, :, -1] *= scale
        rest = [k - 1 for k in inner[1:]]
        return Tally(
            tuple(self.terms[k] for k in inner),
            Centring(
                self.centring.shift[rest], self.centring.scale[rest], float(self.centring.shift[place - 1])
            ),
            self.n,
            cross,
        )

    def turn(self) -> Floats:
        """Return what turns coefficients of centred columns into those of the columns as given, (p, p)."""
        shift, scale = self.columns()
        turn = np.diag(1.0 / scale)
        turn[0, 1:] = -shift[1:] / scale[1:]
        return turn

    def to_original(self, coefficients: Floats, covariance: Floats) -> tuple[Floats, Floats]:
        """Turn coefficients of centred columns, and their covariance, into those of the columns as given."""
        turn = self.turn()
        estimates = turn @ coefficients
        estimates[0] += self.centring.outcome_shift
        return np.asarray(estimates), np.asarray(turn @ covariance @ turn.T)


def centring_of(columns: Mapping[str, ArrayLike], outcome: ArrayLike) -> Centring:
    """Return a centring by mean and standard deviation of rows spread over the data.

    Any centring gives the same model; a good one keeps digits, and for that a part of the rows is enough. A
    column that does not vary there is taken off as it is and keeps its scale.
    """
    shift: list[float] = []
    scale: list[float] = []
    for column in (*columns.values(), outcome):
        array = np.asarray(column, dtype=np.float64)
        some = array[:: max(array.size // _ROWS_TO_CENTRE, 1)]
        # Values that are no numbers are told of when the rows have been walked over.
        some = some[np.isfinite(some)]
        middle, spread = (float(some.mean()), float(some.std())) if some.size else (0.0, 0.0)
        varies = some.size > 0 and spread > _SAME * max(abs(middle), float(np.abs(some).max()))
        shift.append(middle if varies else float(some[0]) if some.size else 0.0)
        scale.append(spread if varies else 1.0)
    return Centring(np.array(shift[:-1]), np.array(scale[:-1]), shift[-1])


def tally(
    columns: Mapping[str, ArrayLike],
    outcome: ArrayLike,
    clusters: ArrayLike,
    *,
    n_clusters: int | None = None,
    weights: ArrayLike | None = None,
    centring: Centring | None = None,
) -> Tally:
    """Tally rows by cluster.

    Parameters
    ----------
    columns
        The design without the intercept: name to N finite numbers.
    outcome
        N finite numbers.
    clusters
        N whole numbers from 0.
    n_clusters
        How many clusters there are, for tallies that are to be added; by default as many as occur.
    weights
        N positive numbers; by default every row counts once.
    centring
        Shared centring for tallies that are to be added; by default that of these rows.

    Raises
    ------
    MethodError
        When lengths differ, a number is not finite, or there is no row.

    Examples
    --------
    >>> t = tally({"minutes": [1.0, 2.0, 3.0, 4.0]}, [90.0, 88.0, 80.0, 79.0], [0, 0, 1, 1])
    >>> t.rows, t.clusters, t.terms
    (4, 2, ('intercept', 'minutes'))
    """
    arrays = {name: np.ascontiguousarray(column, dtype=np.float64) for name, column in columns.items()}
    y = np.ascontiguousarray(outcome, dtype=np.float64)
    codes = np.asarray(clusters)
    weight = None if weights is None else np.ascontiguousarray(weights, dtype=np.float64)
    check_rows(arrays, y, codes, weight)
    centring = centring or centring_of(arrays, y)
    n = np.bincount(codes, minlength=n_clusters or 0)
    with np.errstate(invalid="ignore", over="ignore"):
        cross = _cross_products(
            [
                *zip(arrays.values(), centring.shift.tolist(), centring.scale.tolist(), strict=True),
                (y, centring.outcome_shift, 1.0),
            ],
            codes,
            n,
            weight,
        )
    if not np.isfinite(cross).all():
        check_numbers({**arrays, "outcome": y})
        raise MethodError(
            "numbers are so large that their squares cannot be held", next_step="give them in a larger unit"
        )
    return Tally((INTERCEPT, *arrays), centring, n, cross)


def check_rows(
    columns: Mapping[str, Floats], outcome: Floats, clusters: NDArray[np.integer], weights: Floats | None
) -> None:
    """Raise MethodError where there is no row, lengths differ, or a weight or number of a cluster is none."""
    if outcome.size == 0:
        raise MethodError("there is no row to fit a model to")
    for name, array in {**columns, "outcome": outcome, "weights": weights}.items():
        if array is not None and array.shape != outcome.shape:
            raise MethodError(f"{name} has {array.size} values for {outcome.size} rows")
    if weights is not None and not (np.isfinite(weights).all() and (weights > 0).all()):
        raise MethodError("a weight is not positive")
    if clusters.shape != outcome.shape or clusters.dtype.kind not in "iu" or int(clusters.min()) < 0:
        raise MethodError("clusters are given as one whole number from 0 for each row")


def check_numbers(columns: Mapping[str, Floats]) -> None:
    """Raise MethodError where a column holds values that are no finite numbers."""
    for name, array in columns.items():
        if not np.isfinite(array).all():
            raise MethodError(f"{name} holds values that are no finite numbers", expected="finite numbers")


def _cross_products(
    columns: Sequence[tuple[Floats, float, float]],
    codes: NDArray[np.integer],
    n: NDArray[np.int64],
    weight: Floats | None,
) -> Floats:
    """Return cross-products by cluster of columns, each with its shift and scale; shape (G, q, q)."""
    q = len(columns) + 1
    cross = np.zeros((q, q, n.size))
    cross[0, 0] = n if weight is None else np.bincount(codes, weight, minlength=n.size)
    for rows, clusters, sums in _blocks(codes, n):
        inner = [array[rows] - shift for array, shift, _ in columns]
        for column, (_, _, scale) in zip(inner, columns, strict=True):
            if scale != 1.0:
                column /= scale
        left = inner if weight is None else [column * weight[rows] for column in inner]
        for i, column in enumerate(left):
            cross[0, i + 1, clusters] += sums(column)
            for j in range(i, q - 1):
                cross[i + 1, j + 1, clusters] += sums(column * inner[j])
    for i in range(q):
        for j in range(i):
            cross[i, j] = cross[j, i]
    return np.ascontiguousarray(cross.transpose(2, 0, 1))


def _blocks(
    codes: NDArray[np.integer], n: NDArray[np.int64]
) -> Iterator[tuple[slice, slice | NDArray[np.int64], Callable[[Floats], Floats]]]:
    """Yield blocks of rows, the clusters in them, and how a column of a block is summed by cluster.

    Rows in the order of their clusters are summed as neighbours, which takes a quarter of the time of sums by
    code. Rows in another order stay there: to fetch them in order would cost more than it saves.
    """
    if bool((codes[1:] >= codes[:-1]).all()):
        used = np.flatnonzero(n)
        ends = np.cumsum(n[used])
        starts = ends - n[used]
        cuts = np.unique(np.searchsorted(starts, np.arange(0, int(ends[-1]), _ROWS_AT_ONCE)))
        cuts = cuts[cuts < used.size]
        for first, last in zip(cuts.tolist(), [*cuts[1:].tolist(), used.size], strict=True):
            rows = slice(int(starts[first]), int(ends[last - 1]))
            at = starts[first:last] - rows.start
            clusters = slice(first, last) if used.size == n.size else used[first:last]
            yield rows, clusters, _sums_of_neighbours(at)
        return
    step = max(2 * _ROWS_AT_ONCE, 4 * n.size)
    for start in range(0, codes.size, step):
        rows = slice(start, start + step)
        here = codes[rows]
        yield rows, slice(None), _sums_by_code(here, n.size)


def _sums_of_neighbours(starts: NDArray[np.int64]) -> Callable[[Floats], Floats]:
    return lambda column: np.add.reduceat(column, starts)


def _sums_by_code(codes: NDArray[np.integer], size: int) -> Callable[[Floats], Floats]:
    return lambda column: np.bincount(codes, column, minlength=size).astype(np.float64, copy=False)
