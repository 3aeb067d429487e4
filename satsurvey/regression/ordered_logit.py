"""The ordered logit of answers on a scale of few levels: proportional odds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from satsurvey.errors import MethodError
from satsurvey.regression.estimates import Estimates

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

_MOST_STEPS = 100
_TOLERANCE = 1e-11
_STEEPEST = 40.0
"""A slope of so many logits per standard deviation means that the term tells the answers apart perfectly."""
_SURELY_NEAR, _STILL_MOVING = 12, 1e-3
"""Steps after which Newton's method is at a maximum that exists, and a move that says that there is none."""
_DENSE = 1 << 22
"""Numbers on a grid of fewer places than this are coded by place instead of by sorting."""
_SOME = 1000
"""Numbers looked at first to see whether they are on a grid."""
_ROWS_AT_ONCE = 1 << 13
"""Rows worked on at a time: what is computed of them stays in the processor's cache."""


@dataclass(frozen=True, eq=False)
class OrderedLogit:
    """logit P(answer <= k) = threshold_k - x'b.

    Attributes
    ----------
    estimates
        Slopes, then thresholds called ``"level|next level"``. Positive slopes raise answers.
    levels
        The answers that occur, ascending.
    model_covariance
        Inverse of the observed information; the covariance of `estimates` is clustered where clusters were
        given.
    log_likelihood
        At the maximum.
    rows, clusters, cells
        Rows, clusters (0 where none were given), and different combinations of terms that the fit walked
        over.
    steps
        Newton steps until the gradient vanished.
    """

    estimates: Estimates
    levels: tuple[float, ...]
    model_covariance: Floats
    log_likelihood: float
    rows: int
    clusters: int
    cells: int
    steps: int

    @property
    def slopes(self) -> int:
        """How many of the coefficients are slopes."""
        return len(self.estimates.terms) - len(self.levels) + 1

    @property
    def aic(self) -> float:
        """Akaike's information criterion."""
        return -2 * self.log_likelihood + 2 * len(self.estimates.terms)

    def probabilities(self, terms: Floats) -> Floats:
        """Return the probability of each level for rows of terms; shapes (k, slopes) and (k, levels)."""
        return _probabilities(np.atleast_2d(terms), self.estimates.values, self.slopes)


def ordered_logit(
    columns: Mapping[str, ArrayLike],
    answers: ArrayLike,
    *,
    clusters: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    terms: Callable[[Mapping[str, Floats]], Mapping[str, Floats]] | None = None,
) -> OrderedLogit:
    """Fit an ordered logit by maximum likelihood.

    Parameters
    ----------
    columns
        The terms: name to N finite numbers.
    answers
        N answers on a scale; the levels are the numbers that occur.
    clusters
        N whole numbers from 0: the covariance then holds when rows of a cluster go together (sandwich times
        G/(G-1)), with t on G - 1 degrees of freedom.
    weights
        N positive numbers, relative; by default every row counts once. Errors then are of the sandwich,
        each row being a cluster where none are given; the log-likelihood is that of weights with mean 1.
    terms
        Makes the terms from the columns, such as a spline from seconds; by default the columns are the terms.
        It is applied to the different rows only, which columns of rounded numbers keep few.

    Raises
    ------
    MethodError
        When fewer than two levels occur, a term does not vary or follows from others, there are fewer than
        two clusters, a weight is not positive, or terms tell answers apart perfectly (a slope would be
        infinite).

    Notes
    -----
    Rows with the same terms are counted once: times that are rounded to a tenth of a second give a few
    thousand different rows however many there are. Newton's method with the exact Hessian.

    References
    ----------
    McCullagh, P. (1980). Regression models for ordinal data. JRSS B 42, 109-142.

    Examples
    --------
    >>> fit = ordered_logit({"minutes": [1, 2, 3, 4, 5, 6, 7, 8]}, [5, 5, 4, 5, 3, 4, 3, 4])
    >>> fit.levels, fit.estimates.terms
    ((3.0, 4.0, 5.0), ('minutes', '3|4', '4|5'))
    """
    arrays = {name: np.asarray(column, dtype=np.float64) for name, column in columns.items()}
    y = np.asarray(answers, dtype=np.float64)
    weight = None if weights is None else np.asarray(weights, dtype=np.float64)
    _check(arrays, y, weight)
    levels, level = coded(y)
    if levels.size < 2:
        raise MethodError("the outcome is the same in every row: there is nothing to explain")
    design, row = _combined(arrays, y.size)
    names = tuple(arrays)
    if terms is not None:
        made = terms(dict(zip(arrays, design.T, strict=True)))
        names = tuple(made)
        design = np.stack([np.asarray(column, dtype=np.float64) for column in made.values()], axis=1)
    k = levels.size
    if weight is not None:
        weight = weight * (weight.size / weight.sum())
        clusters = np.arange(y.size) if clusters is None else clusters
    cells = np.bincount(row * k + level, weight, minlength=design.shape[0] * k)
    counts = cells.astype(np.float64).reshape(-1, k)
    shift, scale = _standard(design, counts.sum(axis=1), names)
    answered = [_Answered.of((design - shift) / scale, counts[:, at]) for at in range(k)]
    values, steps = _newton(answered, names)
    log_likelihood, _, hessian = _likelihood(answered, values)
    model = np.asarray(np.linalg.inv(-hessian))
    covariance, df, groups = model, np.full(values.size, np.inf), 0
    if clusters is not None:
        covariance, groups = _clustered(answered, values, model, row, level, np.asarray(clusters), weight)
        df = np.full(values.size, groups - 1.0)
    turn = np.zeros((values.size, values.size))
    p = len(names)
    turn[:p, :p] = np.diag(1 / scale)
    turn[p:, :p] = shift / scale
    turn[p:, p:] = np.eye(k - 1)
    thresholds = [f"{low:g}|{high:g}" for low, high in pairwise(levels.tolist())]
    return OrderedLogit(
        Estimates((*names, *thresholds), turn @ values, turn @ covariance @ turn.T, df),
        tuple(levels.tolist()),
        turn @ model @ turn.T,
        log_likelihood,
        int(y.size),
        groups,
        design.shape[0],
        steps,
    )


def _check(columns: Mapping[str, Floats], answers: Floats, weights: Floats | None) -> None:
    if answers.size == 0:
        raise MethodError("there is no row to fit a model to")
    for name, array in {**columns, "the outcome": answers}.items():
        if array.shape != answers.shape:
            raise MethodError(f"{name} has {array.size} values for {answers.size} rows")
        if not np.isfinite(array).all():
            raise MethodError(f"{name} holds values that are no finite numbers", expected="finite numbers")
    if weights is not None:
        if weights.shape != answers.shape:
            raise MethodError(f"weights has {weights.size} values for {answers.size} rows")
        if not (np.isfinite(weights).all() and (weights > 0).all()):
            raise MethodError("a weight is not positive")


def coded(values: Floats) -> tuple[Floats, Codes]:
    """Return the different values, ascending, and the place of each value among them."""
    some = values[:_SOME]
    for grid in (1.0, 10.0):
        if not np.array_equal(np.rint(some * grid) / grid, some):
            continue
        places = np.rint(values * grid)
        low, high = float(places.min()), float(places.max())
        # Tenths of a second: x and round(10 x) / 10 are the same number, so nothing is rounded here.
        if high - low < _DENSE and np.array_equal(places / grid, values):
            at = (places - low).astype(np.int64)
            there = np.zeros(int(high - low) + 1, dtype=np.bool_)
            there[at] = True
            found = np.asarray((np.flatnonzero(there) + low) / grid, dtype=np.float64)
            return found, (np.cumsum(there) - 1)[at]
    found, inverse = np.unique(values, return_inverse=True)
    return found, inverse.astype(np.int64)


def _combined(columns: Mapping[str, Floats], rows: int) -> tuple[Floats, Codes]:
    """Return the different rows of a design, shape (U, p), and which of them each row is."""
    key = np.zeros(rows, dtype=np.int64)
    size = 1
    for array in columns.values():
        values, code = coded(array)
        if size == 1:
            key, size = code, values.size
            continue
        if size * values.size >= 1 << 62:
            _, key = np.unique(key, return_inverse=True)
            size = int(key.max()) + 1
        key = key * values.size + code
        size *= values.size
        if size < _DENSE:
            there = np.bincount(key, minlength=size) > 0
            key = (np.cumsum(there) - 1)[key]
            size = int(there.sum())
        else:
            _, key = np.unique(key, return_inverse=True)
            size = int(key.max()) + 1
    first = np.empty(size, dtype=np.int64)
    first[key] = np.arange(rows)
    design = (
        np.stack([array[first] for array in columns.values()], axis=1) if columns else np.zeros((size, 0))
    )
    return design, key


def _standard(design: Floats, weight: Floats, names: tuple[str, ...]) -> tuple[Floats, Floats]:
    shift = weight @ design / weight.sum()
    centred = design - shift
    together = (weight[:, None] * centred).T @ centred / weight.sum()
    scale = np.sqrt(np.diag(together))
    for name, size, middle in zip(names, scale.tolist(), shift.tolist(), strict=True):
        if size <= 1e-12 * max(abs(middle), 1.0):
            raise MethodError(
                f"the term {name} is the same in every row: it has no effect that can be estimated",
                next_step="leave it out",
            )
    values = np.linalg.eigvalsh(together / np.outer(scale, scale))
    if values.size and values[0] < 1e-10 * values[-1]:
        raise MethodError(f"terms follow from each other among {', '.join(names)}")
    return np.asarray(shift), np.asarray(scale)


def _newton(answered: Sequence[_Answered], names: tuple[str, ...]) -> tuple[Floats, int]:
    p = len(names)
    often = np.array([one.counts.sum() for one in answered])
    rows = often.sum()
    share = np.cumsum(often)[:-1] / rows
    values = np.concatenate([np.zeros(p), np.log(share / (1 - share))])
    value, gradient, hessian = _likelihood(answered, values)
    for step in range(1, _MOST_STEPS + 1):
        move = np.linalg.solve(-hessian, gradient)
        length = 1.0
        while True:
            new = values + length * move
            if (np.diff(new[p:]) > 0).all():
                found = _likelihood(answered, new)
                if found[0] >= value - 1e-12 * abs(value):
                    break
            length /= 2
            if length < 1e-10:
                raise MethodError("the ordered logit does not converge", next_step="leave out terms")
        gained = found[0] - value
        values, (value, gradient, hessian) = new, found
        # A slope on its way to infinity goes on by whole logits while the likelihood stands still.
        endless = step > _SURELY_NEAR and gained < 1e-6 and p > 0 and np.abs(move[:p]).max() > _STILL_MOVING
        steep = (
            [int(np.abs(move[:p]).argmax())] if endless else np.flatnonzero(np.abs(values[:p]) > _STEEPEST)
        )
        if len(steep):
            raise MethodError(
                f"the term {names[steep[0]]} tells the answers apart perfectly: its slope would be infinite",
                expected="answers that overlap",
                next_step="leave the term out, or report the separation itself",
            )
        if np.abs(gradient).max(initial=0.0) <= _TOLERANCE * rows and np.abs(move).max() < 1e-10:
            return values, step
    raise MethodError(
        f"the ordered logit does not converge in {_MOST_STEPS} steps", next_step="leave out terms"
    )


@dataclass(frozen=True, eq=False)
class _Answered:
    """The different rows of the design that gave one of the answers.

    Attributes
    ----------
    places
        Of these rows in the design.
    design
        Their terms, shape (n, p).
    counts
        How often each gave the answer.
    """

    places: Codes
    design: Floats
    counts: Floats

    @classmethod
    def of(cls, design: Floats, counts: Floats) -> _Answered:
        places = np.flatnonzero(counts)
        return cls(places, design[places], counts[places])

    def blocks(self) -> Iterator[tuple[Floats, Floats]]:
        """Yield rows of the design with their counts, some at a time."""
        for start in range(0, self.counts.size, _ROWS_AT_ONCE):
            rows = slice(start, start + _ROWS_AT_ONCE)
            yield self.design[rows], self.counts[rows]


def _thresholds(values: Floats, levels: int) -> tuple[Floats, Floats]:
    """Return the thresholds with one before the first level and one after the last, and 1 / (e^gap - 1).

    With F the logistic function, a level between thresholds c and d has the probability
    F(d - eta) - F(c - eta) = F(d - eta) F(eta - c) (1 - e^(c - d)), of which no part loses digits; the
    derivative of its logarithm along d is F(eta - d) + 1 / (e^(d - c) - 1), along c -F(c - eta) less that.
    """
    cuts = np.concatenate([[-np.inf], values[values.size - levels + 1 :], [np.inf]])
    with np.errstate(over="ignore"):
        return cuts, 1.0 / np.expm1(np.diff(cuts))


def _probabilities(design: Floats, values: Floats, p: int) -> Floats:
    from scipy.special import expit

    cuts, _ = _thresholds(values, values.size - p + 1)
    eta = (design @ values[:p])[:, None]
    return np.asarray(expit(cuts[1:] - eta) * expit(eta - cuts[:-1]) * -np.expm1(-np.diff(cuts)))


def _likelihood(answered: Sequence[_Answered], values: Floats) -> tuple[float, Floats, Floats]:
    """Return the log-likelihood with gradient and Hessian in slopes, then thresholds."""
    from scipy.special import expit, log_expit

    k = len(answered)
    p = values.size - k + 1
    cuts, pushes = _thresholds(values, k)
    value = 0.0
    # The thresholds before the first level and after the last are fixed: their places are dropped.
    gradient, hessian = np.zeros(p + k + 1), np.zeros((p + k + 1, p + k + 1))
    for at, (one, push) in enumerate(zip(answered, pushes.tolist(), strict=True)):
        low, high = p + at, p + at + 1
        for design, count in one.blocks():
            eta = design @ values[:p]
            below, under = expit(cuts[at] - eta), expit(cuts[at + 1] - eta)
            value += float(count @ (log_expit(cuts[at + 1] - eta) + log_expit(eta - cuts[at])))
            gradient[:p] -= (count * (1.0 - below - under)) @ design
            gradient[low] -= count @ below
            gradient[high] += count @ (1.0 - under)
            below *= count * (1.0 - below)
            under *= count * (1.0 - under)
            hessian[:p, :p] -= design.T @ ((below + under)[:, None] * design)
            hessian[:p, low] += below @ design
            hessian[:p, high] += under @ design
            hessian[low, low] -= below.sum()
            hessian[high, high] -= under.sum()
        often = float(one.counts.sum())
        value += often * float(np.log(-np.expm1(cuts[at] - cuts[at + 1])))
        gradient[[low, high]] += often * push * np.array([-1.0, 1.0])
        bend = often * push * (1.0 + push)
        hessian[low : high + 1, low : high + 1] += bend * np.array([[-1.0, 1.0], [1.0, -1.0]])
    hessian[p:, :p] = hessian[:p, p:].T
    kept = np.delete(np.arange(p + k + 1), [p, p + k])
    return value, gradient[kept], hessian[np.ix_(kept, kept)]


def _clustered(
    answered: Sequence[_Answered],
    values: Floats,
    model: Floats,
    row: Codes,
    level: Codes,
    clusters: NDArray[np.integer],
    weights: Floats | None,
) -> tuple[Floats, int]:
    """Return the sandwich by clusters, and how many there are; rows have a row of the design and a level."""
    from scipy.special import expit

    if clusters.shape != row.shape or clusters.dtype.kind not in "iu" or int(clusters.min()) < 0:
        raise MethodError("clusters are given as one whole number from 0 for each row")
    size = int(clusters.max()) + 1
    groups = int((np.bincount(clusters, minlength=size) > 0).sum())
    if groups < 2:
        raise MethodError(
            "one cluster only: how far clusters differ cannot be told",
            expected="rows of two companies or more",
            next_step="cluster by something else, such as the agent",
        )
    k = len(answered)
    p = values.size - k + 1
    cuts, pushes = _thresholds(values, k)
    sums = np.zeros((p + k + 1, size))
    place = np.empty(int(row.max()) + 1, dtype=np.int64)
    for at, (one, push) in enumerate(zip(answered, pushes.tolist(), strict=True)):
        own = np.flatnonzero(level == at)
        place[one.places] = np.arange(one.places.size)
        cell, cluster = place[row[own]], clusters[own]
        eta = one.design @ values[:p]
        below, under = expit(cuts[at] - eta), expit(cuts[at + 1] - eta)
        along = below + under - 1.0
        scores = [*(along * one.design.T), -below - push, 1.0 - under + push]
        for term, score in zip([*range(p), p + at, p + at + 1], scores, strict=True):
            by_row = score[cell] if weights is None else score[cell] * weights[own]
            sums[term] += np.bincount(cluster, by_row, minlength=size)
    sums = np.delete(sums, [p, p + k], axis=0)
    return np.asarray(model @ (groups / (groups - 1) * sums @ sums.T) @ model), groups
