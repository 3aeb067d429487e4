"""The ordered logit of answers on a scale of few levels: proportional odds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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
    levels, level = _coded(y)
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
    shift, scale = _standard(design, counts, names)
    centred = (design - shift) / scale
    values, steps = _newton(centred, counts, names)
    log_likelihood, _, hessian = _likelihood(centred, counts, values)
    model = np.asarray(np.linalg.inv(-hessian))
    covariance, df, groups = model, np.full(values.size, np.inf), 0
    if clusters is not None:
        covariance, groups = _clustered(
            centred, values, row * k + level, model, np.asarray(clusters), y.size, weight
        )
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


def _coded(values: Floats) -> tuple[Floats, Codes]:
    """Return the different values, ascending, and the place of each value among them."""
    for grid in (1.0, 10.0):
        places = np.rint(values * grid)
        low, high = float(places.min()), float(places.max())
        # Tenths of a second: x and round(10 x) / 10 are the same number, so nothing is rounded here.
        if high - low < _DENSE and np.array_equal(places / grid, values):
            at = (places - low).astype(np.int64)
            there = np.zeros(int(high - low) + 1, dtype=np.bool_)
            there[at] = True
            rank = np.cumsum(there) - 1
            return np.asarray((np.flatnonzero(there) + low) / grid, dtype=np.float64), rank[at].astype(
                np.int64
            )
    found, inverse = np.unique(values, return_inverse=True)
    return found, inverse.astype(np.int64)


def _combined(columns: Mapping[str, Floats], rows: int) -> tuple[Floats, Codes]:
    """Return the different rows of a design, shape (U, p), and which of them each row is."""
    key = np.zeros(rows, dtype=np.int64)
    size = 1
    for array in columns.values():
        values, code = _coded(array)
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


def _standard(design: Floats, counts: Floats, names: tuple[str, ...]) -> tuple[Floats, Floats]:
    weight = counts.sum(axis=1)
    shift = weight @ design / weight.sum()
    scale = np.sqrt(weight @ (design - shift) ** 2 / weight.sum())
    for name, size, middle in zip(names, scale.tolist(), shift.tolist(), strict=True):
        if size <= 1e-12 * max(abs(middle), 1.0):
            raise MethodError(
                f"the term {name} is the same in every row: it has no effect that can be estimated",
                next_step="leave it out",
            )
    centred = (design - shift) / scale
    together = np.linalg.eigvalsh(centred.T @ (weight[:, None] * centred) / weight.sum())
    if together.size and together[0] < 1e-10 * together[-1]:
        raise MethodError(f"terms follow from each other among {', '.join(names)}")
    return np.asarray(shift), np.asarray(scale)


def _newton(design: Floats, counts: Floats, names: tuple[str, ...]) -> tuple[Floats, int]:
    p = design.shape[1]
    share = np.cumsum(counts.sum(axis=0))[:-1] / counts.sum()
    values = np.concatenate([np.zeros(p), np.log(share / (1 - share))])
    value, gradient, hessian = _likelihood(design, counts, values)
    rows = counts.sum()
    for step in range(1, _MOST_STEPS + 1):
        move = np.linalg.solve(-hessian, gradient)
        length = 1.0
        while True:
            new = values + length * move
            if (np.diff(new[p:]) > 0).all():
                found = _likelihood(design, counts, new)
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


def _edges(design: Floats, values: Floats, p: int) -> tuple[Floats, Floats, Floats]:
    """Return the probability of each level, and densities and cumulative probabilities at thresholds."""
    from scipy.special import expit

    at = values[p:][None, :] - (design @ values[:p])[:, None]
    below = expit(at)
    density = below * expit(-at)
    u = design.shape[0]
    ends = np.concatenate([np.zeros((u, 1)), below, np.ones((u, 1))], axis=1)
    probability = np.diff(ends, axis=1)
    # In the upper tail 1 - P loses digits: the difference of the upper tails does not.
    tails = np.concatenate([np.ones((u, 1)), expit(-at), np.zeros((u, 1))], axis=1)
    probability = np.where(ends[:, :-1] > 0.5, tails[:, :-1] - tails[:, 1:], probability)
    return np.maximum(probability, 1e-300), density, below


def _probabilities(design: Floats, values: Floats, p: int) -> Floats:
    return _edges(design, values, p)[0]


def _likelihood(design: Floats, counts: Floats, values: Floats) -> tuple[float, Floats, Floats]:
    """Return the log-likelihood with gradient and Hessian in slopes, then thresholds."""
    u, p = design.shape
    k = counts.shape[1]
    probability, density, below = _edges(design, values, p)
    slope = density * (1 - 2 * below)
    padded = np.concatenate([np.zeros((u, 1)), density, np.zeros((u, 1))], axis=1)
    bent = np.concatenate([np.zeros((u, 1)), slope, np.zeros((u, 1))], axis=1)
    upper, lower = padded[:, 1:], padded[:, :-1]
    ratio = counts / probability
    square = ratio / probability
    # Derivatives of sum(counts log p) in the linear predictor and in each threshold.
    first_eta = -(ratio * (upper - lower)).sum(axis=1)
    first_cut = density * (ratio[:, :-1] - ratio[:, 1:])
    gradient = np.concatenate([design.T @ first_eta, first_cut.sum(axis=0)])
    second_eta = (ratio * (bent[:, 1:] - bent[:, :-1]) - square * (upper - lower) ** 2).sum(axis=1)
    # d2/(d eta d cut_j): minus the derivative of the cut's gradient along its and its neighbours' arguments.
    own = slope * (ratio[:, :-1] - ratio[:, 1:]) - density**2 * (square[:, :-1] + square[:, 1:])
    beside = density[:, :-1] * density[:, 1:] * square[:, 1:-1]
    mixed = own.copy()
    mixed[:, :-1] += beside
    mixed[:, 1:] += beside
    hessian = np.zeros((p + k - 1, p + k - 1))
    hessian[:p, :p] = design.T @ (second_eta[:, None] * design)
    hessian[:p, p:] = -design.T @ mixed
    hessian[p:, :p] = hessian[:p, p:].T
    cut = np.diag(own.sum(axis=0))
    step = np.arange(k - 2)
    cut[step, step + 1] = cut[step + 1, step] = beside.sum(axis=0)
    hessian[p:, p:] = cut
    return float((counts * np.log(probability)).sum()), gradient, hessian


def _clustered(
    design: Floats,
    values: Floats,
    cell: Codes,
    model: Floats,
    clusters: NDArray[np.integer],
    n: int,
    weights: Floats | None,
) -> tuple[Floats, int]:
    """Return the sandwich by clusters, and how many there are; `cell` is row of the design times level."""
    if clusters.shape != (n,) or clusters.dtype.kind not in "iu" or int(clusters.min()) < 0:
        raise MethodError("clusters are given as one whole number from 0 for each row")
    size = int(clusters.max()) + 1
    groups = int((np.bincount(clusters, minlength=size) > 0).sum())
    if groups < 2:
        raise MethodError(
            "one cluster only: how far clusters differ cannot be told",
            expected="rows of two companies or more",
            next_step="cluster by something else, such as the agent",
        )
    p = design.shape[1]
    probability, density, _ = _edges(design, values, p)
    u, k = probability.shape
    padded = np.concatenate([np.zeros((u, 1)), density, np.zeros((u, 1))], axis=1)
    along = -(padded[:, 1:] - padded[:, :-1]) / probability
    sums = np.zeros((size, values.size))

    def summed(score: Floats) -> Floats:
        by_row = score.ravel()[cell]
        whole = by_row if weights is None else by_row * weights
        return np.bincount(clusters, whole, minlength=size).astype(np.float64)

    for at in range(p):
        sums[:, at] = summed(along * design[:, at : at + 1])
    for cut in range(k - 1):
        score = np.zeros((u, k))
        score[:, cut] = density[:, cut] / probability[:, cut]
        score[:, cut + 1] = -density[:, cut] / probability[:, cut + 1]
        sums[:, p + cut] = summed(score)
    return np.asarray(model @ (groups / (groups - 1) * sums.T @ sums) @ model), groups
