"""The pairs of units whose bootstrap statistic exceeds a threshold, found without looking at every pair.

For a pair with high unit h and low unit l, T* = (e_h - e_l) / √(v_h + v_l). With t = e/√v, the inequality of
Cauchy and Schwarz gives T* ≤ √(t_h⁺² + t_l⁻²), so that a pair can exceed c only if t_h⁺² + t_l⁻² ≥ c². A
critical value is the k-th largest maximum over the draws; the draws that stay under a safe threshold need no
number, and the few pairs that pass it are evaluated exactly. Nothing here is approximate.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from satsurvey.scoring.bootstrap import Batch
from satsurvey.scoring.moderation import Floats

Indices = NDArray[np.intp]

_PAIRS = 500_000  # pairs evaluated at one time
_WAITING = 2_000_000  # statistics kept one by one before those that cannot decide are dropped
_SLACK = 1e-9  # thresholds are lowered by this share, so that rounding never drops a pair


@dataclass(frozen=True)
class Observed:
    """The observed scores and squared standard errors of all units, sorted by group.

    Attributes
    ----------
    score, variance
        Shape (units,).
    groups
        The run of units of each group; only pairs inside a group are compared.
    """

    score: Floats
    variance: Floats
    groups: Sequence[slice]

    def statistic(self, high: Indices, low: Indices) -> Floats:
        """Return T of pairs of units; 0 for equal scores, infinite for unequal ones without any variance."""
        difference = self.score[high] - self.score[low]
        return studentise(difference, self.variance[high] + self.variance[low])


class Maxima:
    """The maxima of many targets (groups, or units) over the draws, as far as they reach the thresholds.

    Parameters
    ----------
    threshold
        One per target, at least 0; infinite where nothing is asked. Maxima under it are not looked for.
    draws
        How many draws there will be.
    per_unit
        Whether a target is a unit, with the pairs it belongs to in either direction, or a group, with all of
        its ordered pairs.

    Notes
    -----
    Step-down rejects pairs whose observed statistic exceeds a critical value, and no critical value can be
    found under the threshold. So a pair whose observed statistic is not over the threshold is never
    rejected, and its statistics go straight into the maxima; the others are kept one by one.
    """

    def __init__(self, threshold: Floats, draws: int, *, per_unit: bool) -> None:
        self.threshold, self.draws, self.per_unit = threshold, draws, per_unit
        self.asked = np.flatnonzero(np.isfinite(threshold))
        self._row = np.full(threshold.size, -1, dtype=np.intp)
        self._row[self.asked] = np.arange(self.asked.size)
        self._settled = np.zeros(self.asked.size * draws)
        self._contested: list[tuple[Indices, Floats, Floats]] = []
        self._waiting = 0

    def add(self, target: Indices, draw: Indices, statistic: Floats, observed: Floats) -> None:
        """Take in statistics at or above the threshold of their target."""
        place = self._row[target] * self.draws + draw
        contested = observed > self.threshold[target]
        np.maximum.at(self._settled, place[~contested], statistic[~contested])
        if contested.any():
            self._contested.append((place[contested], statistic[contested], observed[contested]))
            self._waiting += self._contested[-1][0].size
            if self._waiting > _WAITING:
                self._contested = [_frontier(*self._all_contested())]
                self._waiting = self._contested[0][0].size

    def critical_values(self, *, largest: int, step_down: bool) -> Floats:
        """Return the critical value after step-down and at the single step, for each target.

        Parameters
        ----------
        largest
            The critical value is the maximum of this rank from above.
        step_down
            Whether pairs rejected at one critical value are left out of the next, until none is new
            (Romano and Wolf 2005).

        Returns
        -------
        array
            Shape (targets, 2). NaN where not asked for; infinite where too few draws reach the threshold, so
            that it has to be lowered. At threshold 0 a smaller value is given as 0.
        """
        result = np.full((self.threshold.size, 2), np.nan)
        place, statistic, observed = self._all_contested()
        order = np.argsort(place)
        place, statistic, observed = place[order], statistic[order], observed[order]
        edges = np.searchsorted(place, np.arange(self.asked.size + 1) * self.draws)
        for row, target in enumerate(self.asked):
            part = slice(edges[row], edges[row + 1])
            settled = self._settled[row * self.draws : (row + 1) * self.draws]
            draw, own, seen = place[part] - row * self.draws, statistic[part], observed[part]
            value, single = np.inf, np.nan
            while True:
                allowed = seen <= value
                maxima = settled.copy()
                np.maximum.at(maxima, draw[allowed], own[allowed])
                new = float(np.partition(maxima, self.draws - largest)[self.draws - largest])
                if np.isnan(single):
                    single = new
                if new < self.threshold[target]:
                    value = single = np.inf
                    break
                if new == value or not step_down:
                    value = new
                    break
                value = new
            result[target] = value, single
        return result

    def _all_contested(self) -> tuple[Indices, Floats, Floats]:
        none = (np.zeros(0, dtype=np.intp), np.zeros(0), np.zeros(0))
        places, statistics, observed = zip(none, *self._contested, strict=True)
        return np.concatenate(places), np.concatenate(statistics), np.concatenate(observed)


def studentise(difference: Floats, variance: Floats) -> Floats:
    """Divide by the root; without variance 0 stays 0 and any other difference is infinite."""
    if variance.size and variance.min() > 0:
        return np.asarray(difference / np.sqrt(variance))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(difference == 0, 0.0, difference / np.sqrt(variance))


def low_maxima(batch: Batch, observed: Observed, *, per_unit: bool) -> Floats:
    """Return a lower bound of each maximum, from the units that lie farthest up and farthest down.

    Returns
    -------
    array
        Shape (groups, draws), or (units, draws) for the maxima over the pairs that each unit belongs to.
    """
    rows = batch.error.shape[0] if per_unit else len(observed.groups)
    out = np.zeros((rows, batch.draws))
    column = np.arange(batch.draws)
    for index, members in enumerate(observed.groups):
        if members.stop - members.start < 2:
            continue
        error, variance = batch.error[members], batch.variance[members]
        top, bottom = batch.up[members].argmax(axis=0), batch.down[members].argmax(axis=0)
        above = (error[top, column], variance[top, column])
        below = (error[bottom, column], variance[bottom, column])
        if per_unit:
            np.maximum(
                studentise(above[0] - error, above[1] + variance),
                studentise(error - below[0], variance + below[1]),
                out=out[members],
            )
        else:
            out[index] = studentise(above[0] - below[0], above[1] + below[1])
    return np.maximum(out, 0.0, out=out)


def collect(batch: Batch, observed: Observed, maxima: Maxima, *, first_draw: int) -> None:
    """Find every statistic of a batch that reaches the threshold of its target, and hand it to the maxima.

    Parameters
    ----------
    batch
        Draws of all units.
    observed
        The data, with the same units in the same order.
    maxima
        Thresholds, and the place where what is found is kept.
    first_draw
        Number of the first draw of the batch.
    """
    if not maxima.asked.size:
        return
    sizes = [members.stop - members.start for members in observed.groups]
    limit = maxima.threshold if maxima.per_unit else np.repeat(maxima.threshold, sizes)
    limit2 = np.square(limit * (1 - _SLACK))
    group = np.repeat(np.arange(len(sizes)), sizes)
    error, variance = batch.error.ravel(), batch.variance.ravel()
    for own, other, high in ((batch.up, batch.down, True), (batch.down, batch.up, False)):
        if not high and not maxima.per_unit:
            break  # the ordered pairs of a group have all been met from their high end
        rows, need = _active(own, limit2, other, observed.groups)
        for first, second in _partners(rows, need, own, other, limit2, observed.groups, group):
            unit, draw = rows[0][first], rows[1][first]
            ends = (unit, second) if high else (second, unit)
            # flat positions: several times faster to gather than pairs of indices
            above, below = ends[0] * batch.draws + draw, ends[1] * batch.draws + draw
            statistic = studentise(
                error.take(above) - error.take(below), variance.take(above) + variance.take(below)
            )
            keep = (statistic >= limit[unit]) & (unit != second)
            maxima.add(
                unit[keep] if maxima.per_unit else group[unit[keep]],
                draw[keep] + first_draw,
                statistic[keep],
                observed.statistic(ends[0][keep], ends[1][keep]),
            )


def _active(
    own: Floats, limit2: Floats, other: Floats, groups: Sequence[slice]
) -> tuple[tuple[Indices, Indices], Floats]:
    """Return the units and draws that reach their limit with the best partner, and what they need."""
    active = np.empty(own.shape, dtype=np.bool_)
    for members in groups:
        best = other[members].max(axis=0)
        np.greater_equal(own[members], limit2[members, None] - best, out=active[members])
    unit, draw = _positions(active)
    return (unit, draw), np.maximum(limit2[unit] - own[unit, draw], 0.0)


def _partners(
    rows: tuple[Indices, Indices],
    need: Floats,
    own: Floats,
    other: Floats,
    limit2: Floats,
    groups: Sequence[slice],
    group: Indices,
) -> Iterator[tuple[Indices, Indices]]:
    """Yield, in pieces, each row with every unit of its group and draw that has what the row needs."""
    draws = own.shape[1]
    useful = np.empty(own.shape, dtype=np.bool_)
    for members in groups:
        weakest = limit2[members].min() - own[members].max(axis=0)
        np.greater_equal(other[members], weakest, out=useful[members])
    unit, draw = _positions(useful)
    key = group[unit] * draws + draw
    # One ascending number for (key, falling strength): 2·key + 1/(1 + strength)
    place = 2 * key + 1 / (1 + other[unit, draw])
    order = np.argsort(place)
    unit, place = unit[order], place[order]
    row_key = group[rows[0]] * draws + rows[1]
    start = np.concatenate([[0], np.cumsum(np.bincount(key, minlength=len(groups) * draws))])[row_key]
    stop = np.searchsorted(place, 2 * row_key + (1 / (1 + need) + _SLACK), side="right")
    count = np.maximum(stop - start, 0)
    end = np.cumsum(count)
    done = 0
    while done < end.size:
        before = end[done - 1] if done else 0
        upto = max(int(np.searchsorted(end, before + _PAIRS, side="right")), done + 1)
        repeats = count[done:upto]
        first = np.repeat(np.arange(done, upto), repeats)
        offset = np.arange(first.size) - np.repeat(np.cumsum(repeats) - repeats, repeats)
        yield first, unit[start[first] + offset]
        done = upto


def _positions(mask: NDArray[np.bool_]) -> tuple[Indices, Indices]:
    unit, draw = np.divmod(np.flatnonzero(mask), mask.shape[1])
    return unit, draw


def _frontier(place: Indices, statistic: Floats, observed: Floats) -> tuple[Indices, Floats, Floats]:
    """Keep of each place only the statistics larger than all whose observed counterpart is no larger.

    Step-down takes pairs away in the order of their observed statistics: the others never decide a maximum.
    """
    order = np.lexsort((-statistic, observed, place))
    place, statistic, observed = place[order], statistic[order], observed[order]
    new = np.ones(place.size, dtype=np.bool_)
    new[1:] = place[1:] != place[:-1]
    # Integers, so that the running maximum of a block compares the statistics exactly
    standing = np.cumsum(new) * place.size + np.unique(statistic, return_inverse=True)[1]
    keep = new.copy()
    keep[1:] |= standing[1:] > np.maximum.accumulate(standing)[:-1]
    return place[keep], statistic[keep], observed[keep]
