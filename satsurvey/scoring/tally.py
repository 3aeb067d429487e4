"""Sums over the interviews of each company: all that estimates need, in one pass over the answers.

Nothing here knows of industries, intervals or tables. No sum depends on the order of rows, to the last digit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from satsurvey.instrument.model import Scale
from satsurvey.intake.responses import INVALID, Responses
from satsurvey.scoring.method import ScoringMethod
from satsurvey.scoring.units import Units

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
_SPECIAL = 256 - INVALID
_WORKERS = 2
_STRETCH = 1 << 16


@dataclass(frozen=True)
class Plan:
    """What turns answers into scores, item by item.

    Attributes
    ----------
    levels
        0-100 score of each answer level, one array per item.
    dimension
        Position of each item's dimension.
    item_weights
        Weight of each item in its dimension (sum 1 in each dimension).
    dimension_weights
        Weight of each dimension in the total (sum 1).
    min_items
        Least number of items a dimension needs.
    scales
        The scales, for the satisfied answers.
    """

    levels: tuple[Floats, ...]
    dimension: NDArray[np.intp]
    item_weights: Floats
    dimension_weights: Floats
    min_items: NDArray[np.int64]
    scales: Sequence[Scale]


@dataclass(frozen=True)
class Tally:
    """Sums by unit (J units, I items, D dimensions); absent scores are NaN.

    Attributes
    ----------
    n, weight, weight_squares
        Interviews, sum of weights, sum of squared weights; shape (J,).
    item_n, item_weight, item_mean, item_squares, item_satisfied
        Per item: answers, their weight, mean score, sum of squared influence values, weight of satisfied
        answers; shape (J, I).
    item_missing
        Answers that are invalid, blank, not asked, skipped, don't know, refused, not applicable; (J, I, 7).
    dimension_n, dimension_weight, dimension_mean, dimension_squares
        The same per dimension; shape (J, D).
    total_n, total_weight, total, total_squares, total_spread
        The same for the total; `total_spread` is the weighted variance of respondents about it; shape (J,).
        For `small_sample="items"` the squares of dimensions and total, and the spread, are of influence
        values scaled item by item, until `small_samples.by_items` has finished them.
    shares
        Weight that each dimension had in the unit's total; shape (J, D), rows sum to 1.
    """

    n: Counts
    weight: Floats
    weight_squares: Floats
    item_n: Counts
    item_weight: Floats
    item_mean: Floats
    item_squares: Floats
    item_satisfied: Floats
    item_missing: Counts
    dimension_n: Counts
    dimension_weight: Floats
    dimension_mean: Floats
    dimension_squares: Floats
    total_n: Counts
    total_weight: Floats
    total: Floats
    total_squares: Floats
    total_spread: Floats
    shares: Floats


@dataclass(frozen=True)
class Pooled:
    """Scores of pooled respondents, repeated for every unit of their group.

    Attributes
    ----------
    mean
        The pooled total, dimensions and items about which influence is taken; shape (J, 1 + D + I).
    weight
        Sum of weights behind each of them, likewise.
    item_share
        Weight of each item in its dimension; shape (J, I).
    dimension_share
        Weight of each dimension in the total; shape (J, D).
    """

    mean: Floats
    weight: Floats
    item_share: Floats
    dimension_share: Floats


def tally(
    responses: Responses,
    units: Units,
    plan: Plan,
    method: ScoringMethod,
    progress: Callable[[int, int], None] | None = None,
) -> Tally:
    """Add up the interviews of every unit.

    For `item_first` the influence value of a respondent on the total is
    z_r = Σ_d W_d Σ_i w_i ω_r a_ri (y_ri - ȳ_i) / Σ ω a_i, and `total_squares` is Σ z_r²: the linearised
    variance is n/(n-1) Σ z_r² (Taylor linearisation; Särndal, Swensson and Wretman 1992). For
    `small_sample="items"` the part of item i in z_r is multiplied by √(n_i / (n_i - 1)).
    """
    n_units, n_items, n_dimensions = len(units), len(plan.levels), plan.dimension_weights.size
    n = units.n
    weights = None if responses.weight is None else units.arrange(responses.weight)
    shape_i, shape_d = (n_units, n_items), (n_units, n_dimensions)
    out = Tally(
        n=n,
        weight=n.astype(np.float64),
        weight_squares=n.astype(np.float64),
        item_n=np.zeros(shape_i, np.int64),
        item_weight=np.zeros(shape_i),
        item_mean=np.full(shape_i, np.nan),
        item_squares=np.zeros(shape_i),
        item_satisfied=np.zeros(shape_i),
        item_missing=np.zeros((*shape_i, _SPECIAL), np.uint16 if n.max(initial=0) < 1 << 16 else np.int32),
        dimension_n=np.zeros(shape_d, np.int64),
        dimension_weight=np.zeros(shape_d),
        dimension_mean=np.full(shape_d, np.nan),
        dimension_squares=np.zeros(shape_d),
        total_n=np.zeros(n_units, np.int64),
        total_weight=np.zeros(n_units),
        total=np.full(n_units, np.nan),
        total_squares=np.zeros(n_units),
        total_spread=np.zeros(n_units),
        shares=np.zeros(shape_d),
    )
    blocks = list(units.blocks())

    def work(place: tuple[int, int]) -> None:
        # Blocks are whole units and write to rows of their own, so they can go side by side.
        block = _Block(units, *place, responses.answers, weights, plan, method)
        block.items(out)
        if method.order == "item_first":
            block.by_items(out)
        else:
            block.by_respondents(out)

    with ThreadPoolExecutor(max_workers=min(len(blocks), _WORKERS)) as pool:
        # One block is not worth a thread.
        done = pool.map(work, blocks) if len(blocks) > 1 else map(work, blocks)
        for place, _ in zip(blocks, done, strict=True):
            if progress:
                progress(int(units.starts[place[1]]), int(units.starts[-1]))
    return out


def pooled_squares(
    responses: Responses, units: Units, plan: Plan, method: ScoringMethod, pooled: Pooled
) -> tuple[Floats, Counts]:
    """Add up influence values on pooled scores, unit by unit: what a census of companies needs.

    Returns
    -------
    squares
        Σ (z - z̄)² of each unit for the total, the dimensions and the items; shape (J, 1 + D + I).
    n
        Interviews that count for each of them.
    """
    n_columns = 1 + plan.dimension_weights.size + len(plan.levels)
    squares = np.zeros((len(units), n_columns))
    counts = np.zeros((len(units), n_columns), dtype=np.int64)
    weights = None if responses.weight is None else units.arrange(responses.weight)
    for first, after in units.blocks():
        block = _Block(units, first, after, responses.answers, weights, plan, method)
        block.pooled(pooled, squares, counts)
    return squares, counts


def overlaps(
    responses: Responses, units: Units, plan: Plan, method: ScoringMethod
) -> Iterator[tuple[slice, Floats, Floats]]:
    """Yield, stretch of units by stretch, who answers both of two items.

    Yields
    ------
    here
        The units (K of them).
    counts, weight_squares
        Interviews that answer both items, and the sum of their squared weights; shape (K, I, I), the item
        itself on the diagonal. Without weights both are one array.
    """
    weights = None if responses.weight is None else units.arrange(responses.weight)
    for first, after in units.blocks():
        block = _Block(units, first, after, responses.answers, weights, plan, method)
        yield block.here, *block.overlaps()


def by_respondent(responses: Responses, units: Units, plan: Plan, method: ScoringMethod) -> Floats:
    """Return the scores of single respondents, dimensions and then the total; NaN where there are too few.

    Returns
    -------
    numpy.ndarray
        float64 of shape (D + 1, rows), in the order of the responses.
    """
    scores = np.full((plan.dimension_weights.size + 1, len(responses)), np.nan)
    for first, after in units.blocks():
        rows = slice(int(units.starts[first]), int(units.starts[after]))
        here = rows if units.order is None else units.order[rows]
        block = _Block(units, first, after, responses.answers, None, plan, method)
        for place, (score, usable) in enumerate(block.respondents()):
            scores[place, here] = np.where(usable, score, np.nan)
    return scores


def item_shares(plan: Plan, means: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Weigh the items that units have in their dimension; where one is absent the others share its weight.

    Returns
    -------
    shares
        Shape (J, I); they sum to 1 in a dimension that has enough items, and are 0 in one that has not.
    usable
        Which dimensions have enough items; shape (J, D).
    """
    present = ~np.isnan(means)
    shares = np.zeros_like(means)
    usable = np.zeros((means.shape[0], plan.dimension_weights.size), dtype=np.bool_)
    for d in range(plan.dimension_weights.size):
        items = np.flatnonzero(plan.dimension == d)
        share = plan.item_weights[items] * present[:, items]
        enough = present[:, items].sum(axis=1) >= min(plan.min_items[d], items.size)
        total = _row_sums(share)
        usable[:, d] = enough & (total > 0)
        with np.errstate(invalid="ignore", divide="ignore"):
            shares[:, items] = np.where(usable[:, d, None], share / total[:, None], 0.0)
    return shares, usable


class _Block:
    """Some whole units whose rows fit the processor's cache."""

    def __init__(
        self,
        units: Units,
        first: int,
        after: int,
        answers: NDArray[np.uint8],
        weights: Floats | None,
        plan: Plan,
        method: ScoringMethod,
    ) -> None:
        start, end = int(units.starts[first]), int(units.starts[after])
        self.here = slice(first, after)
        self.size = after - first
        self.n = units.n[self.here]
        self.plan, self.method = plan, method
        # Rows are brought together block by block: an arranged copy of everything would double the memory.
        if units.order is None:
            self.answers = answers[:, start:end]
        else:
            rows = units.order[start:end].astype(np.intp)
            self.answers = np.empty((answers.shape[0], rows.size), dtype=np.uint8)
            for position, column in enumerate(answers):
                np.take(column, rows, out=self.answers[position], mode="clip")
        self.n_rows = end - start
        self.starts = (units.starts[first:after] - start).astype(np.intp)
        self.levels = max(table.size for table in plan.levels)
        self.width = self.levels + _SPECIAL
        self.base = np.repeat(np.arange(self.size, dtype=np.int64) * self.width, self.n)
        self.key = np.empty(self.n_rows, dtype=np.int64)
        self.drawn = np.empty(self.n_rows)
        self.weights: Floats | None = None
        if weights is not None:
            self.weights = self._on_grid(weights[start:end])
            self.weight_squares = self._on_grid(self.weights**2)

    def _keys(self, item: int) -> NDArray[np.int64]:
        """Number the cells of a (unit, answer) table: INVALID and the six reasons first, then the levels."""
        # One byte wraps around: 249 + 7 is 0. The answers stay in the cache that way.
        np.add(self.base, self.answers[item] + np.uint8(_SPECIAL), out=self.key)
        return self.key

    def _table(self, bins: NDArray[np.generic]) -> NDArray[np.generic]:
        """Lay the cells of a (unit, answer) table out answer by answer, so that each is contiguous."""
        return np.ascontiguousarray(bins.reshape(self.size, self.width).T)

    def _on_grid(self, values: Floats) -> Floats:
        """Round values to a power-of-two grid of their unit, fine enough that sums over the unit are exact.

        Adding numbers of one grid makes no rounding errors, so the sum cannot depend on the order of the rows
        (pre-rounding; Demmel and Nguyen 2013). The grid is 2**-52 of the largest possible sum.
        """
        largest = np.maximum.reduceat(np.abs(values), self.starts)
        exponent = np.frexp(largest)[1] + np.ceil(np.log2(np.maximum(self.n, 2))).astype(np.int64) - 52
        # Nothing below the normal numbers of float64: dividing by a smaller grid would overflow.
        grid = np.repeat(np.ldexp(1.0, np.maximum(exponent, -1000).astype(np.int32)), self.n)
        return np.rint(values / grid) * grid  # type: ignore[no-any-return]

    def _sums(self, values: Floats) -> Floats:
        return np.add.reduceat(self._on_grid(values), self.starts)

    def _spread(self, by_unit: Floats) -> Floats:
        return np.repeat(by_unit, self.n)

    def items(self, out: Tally) -> None:
        """Count every answer of every item, and make item means from the counts."""
        if self.weights is not None:
            out.weight[self.here] = np.add.reduceat(self.weights, self.starts)
            out.weight_squares[self.here] = np.add.reduceat(self.weight_squares, self.starts)
        for item, table in enumerate(self.plan.levels):
            keys, bins = self._keys(item), self.size * self.width
            counts = self._table(np.bincount(keys, minlength=bins))
            answered = counts[_SPECIAL:].sum(axis=0)
            out.item_n[self.here, item] = answered
            out.item_missing[self.here, item] = counts[:_SPECIAL].T
            heavy = squares = counts[_SPECIAL:]
            if self.weights is not None:
                heavy = self._table(np.bincount(keys, self.weights, minlength=bins))[_SPECIAL:]
                squares = self._table(np.bincount(keys, self.weight_squares, minlength=bins))[_SPECIAL:]
            scale = self.plan.scales[item]
            satisfied = scale.satisfied_from
            weight, total, pleased = np.zeros(self.size), np.zeros(self.size), np.zeros(self.size)
            for level, score in enumerate(table.tolist()):
                weight += heavy[level]
                total += heavy[level] * score
                if satisfied is not None and scale.values[level] >= satisfied:
                    pleased += heavy[level]
            with np.errstate(invalid="ignore", divide="ignore"):
                mean = total / weight
            # n·y / n can miss y by a bit; where all answers are the same, their mean is that score.
            alike = np.flatnonzero((heavy.max(axis=0) == weight) & (weight > 0))
            mean[alike] = table[heavy[:, alike].argmax(axis=0)]
            inner = np.zeros(self.size)
            for level, score in enumerate(table.tolist()):
                gap = score - mean
                gap *= gap
                gap *= squares[level]
                inner += gap
            enough = answered >= self.method.item_min_answers
            out.item_weight[self.here, item] = weight
            out.item_mean[self.here, item] = np.where(enough & (weight > 0), mean, np.nan)
            with np.errstate(invalid="ignore", divide="ignore"):
                out.item_squares[self.here, item] = np.where(weight > 0, inner / weight**2, 0.0)
            out.item_satisfied[self.here, item] = pleased if satisfied is not None else np.nan

    def by_items(self, out: Tally) -> None:
        """Company item means, then dimensions, then total, with the influence of each respondent."""
        plan, here = self.plan, self.here
        means, item_weight = out.item_mean[here], out.item_weight[here]
        present = ~np.isnan(means)
        n_dimensions = plan.dimension_weights.size
        inner, usable = item_shares(plan, means)
        for d in range(n_dimensions):
            items = np.flatnonzero(plan.dimension == d)
            mean = _row_sums(inner[:, items] * np.where(present[:, items], means[:, items], 0.0))
            out.dimension_mean[here, d] = np.where(usable[:, d], _held(mean, means[:, items]), np.nan)
        shares = self._dimension_shares(out)
        influence = np.zeros(self.n_rows)
        for d in range(n_dimensions):
            z, answered = np.zeros(self.n_rows), np.zeros(self.n_rows, dtype=np.bool_)
            for item in np.flatnonzero(plan.dimension == d).tolist():
                table = np.zeros((self.size, self.width))
                with np.errstate(invalid="ignore", divide="ignore"):
                    coefficient = np.where(inner[:, item] > 0, inner[:, item] / item_weight[:, item], 0.0)
                if self.method.small_sample == "items":
                    n = np.maximum(out.item_n[here, item], 2)
                    coefficient *= np.sqrt(n / (n - 1))
                centre = np.where(present[:, item], means[:, item], 0.0)
                scores = plan.levels[item]
                end = _SPECIAL + scores.size
                table[:, _SPECIAL:end] = coefficient[:, None] * (scores[None, :] - centre[:, None])
                z += np.take(table.ravel(), self._keys(item), out=self.drawn, mode="clip")
                answered |= self.answers[item] < self.levels
            out.dimension_n[here, d] = np.add.reduceat(answered.astype(np.int64), self.starts)
            out.dimension_weight[here, d] = (
                out.dimension_n[here, d] if self.weights is None else self._sums(answered * self.weights)
            )
            weighted = z if self.weights is None else z * self.weights
            out.dimension_squares[here, d] = self._sums(weighted**2)
            influence += z * (
                shares[0, d] if (shares[:, d] == shares[0, d]).all() else self._spread(shares[:, d])
            )
        weighted = influence if self.weights is None else influence * self.weights
        out.total_n[here] = self.n
        out.total_weight[here] = out.weight[here]
        out.total_squares[here] = self._sums(weighted**2)
        plain = out.total_squares[here] if self.weights is None else self._sums(weighted * influence)
        out.total_spread[here] = out.weight[here] * plain

    def _dimension_shares(self, out: Tally) -> Floats:
        """Weigh the dimensions that a unit has; where one is absent the others share its weight."""
        scores = out.dimension_mean[self.here]
        share = self.plan.dimension_weights * ~np.isnan(scores)
        total = _row_sums(share)
        with np.errstate(invalid="ignore", divide="ignore"):
            shares = np.where(total[:, None] > 0, share / total[:, None], 0.0)
        out.shares[self.here] = shares
        mean = _row_sums(shares * np.where(np.isnan(scores), 0.0, scores))
        out.total[self.here] = np.where(total > 0, _held(mean, scores), np.nan)
        return shares

    def respondents(self) -> Iterator[tuple[Floats, NDArray[np.bool_]]]:
        """Yield the scores of single respondents and who has one: every dimension, then the total.

        Rounding may miss a mean by a bit ((a + a + a) / 3 need not be a): where all answers of a respondent
        are alike, their score is his.
        """
        plan = self.plan
        numerator, denominator = np.zeros(self.n_rows), np.zeros(self.n_rows)
        lowest, highest = np.full(self.n_rows, 255, np.uint8), np.zeros(self.n_rows, np.uint8)
        for answers in self.answers:
            np.minimum(lowest, answers, out=lowest)
            np.maximum(highest, np.where(answers < self.levels, answers, 0), out=highest)
        same_levels = all(np.array_equal(table, plan.levels[0]) for table in plan.levels)
        alike = np.flatnonzero(lowest == highest) if same_levels else np.zeros(0, np.intp)
        own = plan.levels[0][np.minimum(lowest[alike], plan.levels[0].size - 1)]
        for d, dimension_weight in enumerate(plan.dimension_weights.tolist()):
            items = np.flatnonzero(plan.dimension == d).tolist()
            sums, share = np.zeros(self.n_rows), np.zeros(self.n_rows)
            count = np.zeros(self.n_rows, dtype=np.int64)
            for item in items:
                scores = np.zeros(256)
                scores[: plan.levels[item].size] = plan.levels[item] * plan.item_weights[item]
                answers = self.answers[item]
                answered = answers < self.levels
                sums += scores[answers]
                share += plan.item_weights[item] * answered
                count += answered
            usable = (count >= min(int(plan.min_items[d]), len(items))) & (share > 0)
            with np.errstate(invalid="ignore", divide="ignore"):
                score = np.where(usable, sums / share, 0.0)
            score[alike] = np.where(usable[alike], own, 0.0)
            numerator += dimension_weight * score
            denominator += dimension_weight * usable
            yield score, usable
        usable = denominator > 0
        with np.errstate(invalid="ignore", divide="ignore"):
            score = np.where(usable, numerator / denominator, 0.0)
        score[alike] = np.where(usable[alike], own, 0.0)
        yield score, usable

    def overlaps(self) -> tuple[Floats, Floats]:
        """Count the interviews that answer both of two items, and add up their squared weights."""
        n_items = len(self.plan.levels)
        counts = np.zeros((self.size, n_items, n_items))
        heavy = counts if self.weights is None else np.zeros_like(counts)
        for unit, start in enumerate(self.starts.tolist()):
            end = start + int(self.n[unit])
            for first in range(start, end, _STRETCH):
                rows = slice(first, min(first + _STRETCH, end))
                answered = (self.answers[:, rows] < self.levels).astype(np.float64)
                # Whole numbers, and weights on a grid: these products are exact, in any order of the rows.
                counts[unit] += answered @ answered.T
                if self.weights is not None:
                    heavy[unit] += (answered * self.weight_squares[rows]) @ answered.T
        return counts, heavy

    def by_respondents(self, out: Tally) -> None:
        """Each respondent's own dimensions and total first, then their means."""
        plan, here = self.plan, self.here
        weights = np.ones(self.n_rows) if self.weights is None else self.weights
        *dimensions, (score, usable) = self.respondents()
        for d, (dimension, has) in enumerate(dimensions):
            mean, weight, squares, _, n = self._mean(dimension, has, weights)
            out.dimension_mean[here, d], out.dimension_weight[here, d] = mean, weight
            out.dimension_squares[here, d], out.dimension_n[here, d] = squares, n
            out.shares[here, d] = np.where(n > 0, plan.dimension_weights[d], 0.0)
        mean, weight, squares, spread, n = self._mean(score, usable, weights)
        out.total[here], out.total_weight[here], out.total_squares[here] = mean, weight, squares
        out.total_spread[here], out.total_n[here] = spread, n
        with np.errstate(invalid="ignore"):
            out.shares[here] /= np.maximum(_row_sums(out.shares[here]), 1e-300)[:, None]

    def pooled(self, pooled: Pooled, squares: Floats, counts: Counts) -> None:
        """Add up influence values about pooled scores instead of the unit's own."""
        plan, here = self.plan, self.here
        n_dimensions = plan.dimension_weights.size
        weights = np.ones(self.n_rows) if self.weights is None else self.weights
        mean, mass = pooled.mean[here], pooled.weight[here]
        usable_mean = np.where(np.isnan(mean) | (mass <= 0), 0.0, mean)
        with np.errstate(invalid="ignore", divide="ignore"):
            factor = np.where(np.isnan(mean) | (mass <= 0), 0.0, 1 / mass)

        def add(column: int, influence: Floats, counted: NDArray[np.bool_]) -> None:
            n = np.add.reduceat(counted.astype(np.int64), self.starts)
            # Centred before squaring: Σ z² - (Σ z)²/n would lose the digits of a company far from the pool.
            centred = np.where(
                counted, influence - self._spread(self._sums(influence) / np.maximum(n, 1)), 0.0
            )
            squares[here, column], counts[here, column] = self._sums(centred**2), n

        total = np.zeros(self.n_rows)
        for d in range(n_dimensions):
            dimension, any_item = np.zeros(self.n_rows), np.zeros(self.n_rows, dtype=np.bool_)
            for item in np.flatnonzero(plan.dimension == d).tolist():
                column = 1 + n_dimensions + item
                table = np.zeros((self.size, self.width))
                scores = plan.levels[item]
                gap = scores[None, :] - usable_mean[:, column, None]
                table[:, _SPECIAL : _SPECIAL + scores.size] = factor[:, column, None] * gap
                influence = weights * np.take(table.ravel(), self._keys(item), mode="clip")
                answered = self.answers[item] < self.levels
                add(column, influence, answered)
                dimension += influence * self._spread(pooled.item_share[here, item])
                any_item |= answered
            if self.method.order == "item_first":
                add(1 + d, dimension, any_item)
                total += dimension * self._spread(pooled.dimension_share[here, d])
        if self.method.order == "item_first":
            add(0, total, np.ones(self.n_rows, dtype=np.bool_))
            return
        *dimensions, last = self.respondents()
        for column, (score, usable) in enumerate((last, *dimensions)):
            gap = np.where(usable, score - self._spread(usable_mean[:, column]), 0.0)
            add(column, weights * gap * self._spread(factor[:, column]), usable)

    def _mean(
        self, score: Floats, usable: NDArray[np.bool_], weights: Floats
    ) -> tuple[Floats, Floats, Floats, Floats, Counts]:
        n = np.add.reduceat(usable.astype(np.int64), self.starts)
        weight = self._sums(usable * weights)
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = np.where(n > 0, self._sums(usable * weights * score) / weight, np.nan)
            low = np.minimum.reduceat(np.where(usable, score, np.inf), self.starts)
            high = np.maximum.reduceat(np.where(usable, score, -np.inf), self.starts)
            # Nor may it leave the scale, where the single scores do by a bit.
            ends = [table.min() for table in self.plan.levels], [table.max() for table in self.plan.levels]
            mean = np.clip(np.clip(mean, low, high), min(ends[0]), max(ends[1]))
            gap = np.where(usable, score - self._spread(mean), 0.0)
            squares = np.where(n > 0, self._sums((weights * gap) ** 2) / weight**2, 0.0)
            spread = np.where(n > 0, self._sums(weights * gap**2) / weight, 0.0)
        return mean, weight, squares, spread, n


def _held(mean: Floats, parts: Floats) -> Floats:
    """Hold a mean between the least and the largest of its parts, which rounding may overstep by a bit."""
    held: Floats = np.clip(mean, np.fmin.reduce(parts, axis=1), np.fmax.reduce(parts, axis=1))
    return held


def _row_sums(table: Floats) -> Floats:
    """Add up rows from left to right; a library sum may order the additions by the table's size."""
    total = np.zeros(table.shape[0])
    for column in range(table.shape[1]):
        total += table[:, column]
    return total
