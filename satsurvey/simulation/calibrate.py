"""Calibration: answers are moved until published scores come out, by shifts first and one by one last."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from satsurvey.errors import MethodError
from satsurvey.instrument.model import Instrument
from satsurvey.intake.responses import INVALID
from satsurvey.simulation.design import Design, Targets
from satsurvey.simulation.population import (
    Ladder,
    Population,
    aggregate,
    dimension_weights,
    item_weights,
    level_scores,
    stream,
)

_SHIFTS = 15
_CLOSE = 1e-4

Draw = Callable[[Population], NDArray[np.uint8]]


@dataclass(frozen=True)
class ItemSums:
    """Sums and counts of item scores by company, both of shape (companies, items)."""

    sums: NDArray[np.float64]
    counts: NDArray[np.int64]

    @classmethod
    def of(
        cls, instrument: Instrument, answers: NDArray[np.uint8], company: NDArray[np.intp], companies: int
    ) -> ItemSums:
        """Add up the 0-100 scores of all legal answers."""
        sums = np.zeros((companies, len(answers)))
        counts = np.zeros((companies, len(answers)), dtype=np.int64)
        for number, item in enumerate(instrument.items):
            table = np.zeros(256)
            scores = level_scores(instrument, item)
            table[: scores.size] = scores
            sums[:, number] = np.bincount(company, table[answers[number]], minlength=companies)
            counts[:, number] = np.bincount(company, answers[number] < INVALID, minlength=companies)
        return cls(sums, counts)

    def scores(self, instrument: Instrument) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return dimension scores and totals of the companies, item first, by the instrument's defaults."""
        enough = self.counts >= instrument.scoring.item_min_answers
        means = np.divide(self.sums, self.counts, out=np.full(self.sums.shape, np.nan), where=enough)
        return aggregate(instrument, means)


@dataclass(frozen=True)
class Printed:
    """The scores of a survey as a report would have them: overall, by dimension and by industry."""

    overall: float
    dimensions: NDArray[np.float64]
    industries: NDArray[np.float64]

    @classmethod
    def of(cls, tally: ItemSums, instrument: Instrument, industry_of: NDArray[np.intp]) -> Printed:
        """Average companies to industries and to the whole, every company counting once."""
        dimensions, totals = tally.scores(instrument)
        known = np.isfinite(totals)
        per = np.bincount(industry_of[known], minlength=int(industry_of.max()) + 1)
        sums = np.bincount(industry_of[known], totals[known], minlength=per.size)
        industries = np.divide(sums, per, out=np.full(per.shape, np.nan), where=per > 0)
        here = np.isfinite(dimensions)
        by_dimension = np.where(here, dimensions, 0.0).sum(axis=0) / np.maximum(here.sum(axis=0), 1)
        return cls(float(totals[known].mean()), by_dimension, industries)


def dimension_aims(
    targets: Targets, instrument: Instrument, reached: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the unrounded scores to aim at, NaN for dimensions that are left alone.

    Notes
    -----
    Where all dimensions and the overall score are given, half of their disagreement goes to each side, which
    leaves both the same room before they would print otherwise. Dimensions printed 77.40 85.13 80.91 83.53
    81.97 93.37 have the mean 83.71833, and go with a printed 83.71 only when the unrounded ones lie lower by
    0.0034 to 0.005; the aim is 0.0042 lower.
    """
    codes = instrument.dimension_codes
    aims = np.array([targets.dimensions.get(code, np.nan) for code in codes])
    if targets.overall is None:
        return aims
    weights = dimension_weights(instrument)
    given = np.isfinite(aims)
    if given.all():
        return aims + (targets.overall - float(np.dot(weights, aims))) / 2
    rest = (
        targets.overall
        - float(np.dot(weights[given], aims[given]))
        - float(np.dot(weights[~given], reached[~given]))
    )
    return np.where(given, aims, reached + rest / weights[~given].sum())


def fit_shifts(population: Population, draw: Draw, company: NDArray[np.intp]) -> Population:
    """Shift dimensions and the industries with targets until the answers drawn come close to the targets.

    The same respondents answer each time, so that the scores are a smooth function of the shifts but for
    rounding to the scale.
    """
    design, instrument = population.design, population.instrument
    for _ in range(_SHIFTS):
        tally = ItemSums.of(instrument, draw(population), company, population.company.size)
        printed = Printed.of(tally, instrument, population.industry_of)
        miss = _miss(design, instrument, printed)
        if max(np.abs(miss[0]).max(), np.abs(miss[1]).max()) < 2e-3:
            break
        population = population.shifted(1.15 * miss[0], 1.15 * miss[1])
    return population


def _miss(
    design: Design, instrument: Instrument, printed: Printed
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    aims = dimension_aims(design.targets, instrument, printed.dimensions)
    industry_aims = np.array([design.targets.industries.get(row.code, np.nan) for row in design.industries])
    dimensions = np.where(np.isfinite(aims), aims - printed.dimensions, 0.0)
    industries = np.where(np.isfinite(industry_aims), industry_aims - printed.industries, 0.0)
    return dimensions, industries


def flip_answers(
    answers: NDArray[np.uint8],
    population: Population,
    company: NDArray[np.intp],
    protected: NDArray[np.bool_],
    seed: int,
) -> tuple[NDArray[np.uint8], int]:
    """Move single answers by one level until the targets are met; return answers and how many moved.

    Parameters
    ----------
    answers
        uint8 of shape (items, rows); not changed.
    company
        Company of each row.
    protected
        Rows to leave alone.

    Raises
    ------
    MethodError
        When the targets cannot be met by moving answers, or an industry without a target is not under
        `others_below`.

    Notes
    -----
    Industries with a target come first, by answers in the dimension that needs the same move most. Then each
    dimension, by answers in industries without a target, which leaves the first result untouched. An answer
    moves its company's item mean by one level over the number of answers, and the score by that over the
    items, dimensions and companies it is averaged with. No answer moves twice.
    """
    design, instrument = population.design, population.instrument
    mover = _Mover(answers.copy(), population, company, protected, stream(seed, 13))
    for position, row in enumerate(design.industries):
        aim = design.targets.industries.get(row.code)
        if aim is not None:
            mover.move_industry(position, aim)
    free = np.array([row.code not in design.targets.industries for row in design.industries])
    aims = dimension_aims(design.targets, instrument, mover.printed().dimensions)
    for position, aim in enumerate(aims):
        if np.isfinite(aim):
            mover.move_dimension(position, float(aim), free)
    mover.verify(aims)
    return mover.answers, mover.moved


class _Mover:
    """The state of the search: answers, who may move, and how far each target is."""

    def __init__(
        self,
        answers: NDArray[np.uint8],
        population: Population,
        company: NDArray[np.intp],
        protected: NDArray[np.bool_],
        rng: np.random.Generator,
    ) -> None:
        self.answers, self.population, self.company = answers, population, company
        self.instrument = population.instrument
        self.rng = rng
        self.tally = ItemSums.of(self.instrument, answers, company, population.company.size)
        self.movable = (answers < INVALID) & ~protected
        self.moved = 0
        self.ladders = [Ladder.of(self.instrument, item) for item in self.instrument.items]
        self.weights = item_weights(self.instrument)
        self.shares = dimension_weights(self.instrument)

    def printed(self) -> Printed:
        return Printed.of(self.tally, self.instrument, self.population.industry_of)

    def candidates(
        self, dimension: int, upward: bool, rows: NDArray[np.bool_]
    ) -> tuple[NDArray[np.intp], ...]:
        """Return items, rows and steps in points of the company's dimension score, in random order."""
        items, places, steps = [], [], []
        inside = np.flatnonzero(self.population.dimension_of == dimension)
        counts = self.tally.counts[:, inside]
        total = np.where(counts > 0, self.weights[inside], 0.0).sum(axis=1)
        for item in inside:
            ladder = self.ladders[item]
            rank = np.zeros(256, dtype=np.intp)
            rank[ladder.levels] = np.arange(ladder.levels.size)
            place = rank[self.answers[item]]
            last = ladder.levels.size - 1
            legal = self.movable[item] & rows & ((place < last) if upward else (place > 0))
            found = np.flatnonzero(legal)
            gap = np.abs(ladder.scores[place[found] + (1 if upward else -1)] - ladder.scores[place[found]])
            firm = self.company[found]
            items.append(np.full(found.size, item))
            places.append(found)
            steps.append(gap / self.tally.counts[firm, item] * self.weights[item] / total[firm])
        order = self.rng.permutation(sum(part.size for part in places))
        return tuple(np.concatenate(parts)[order] for parts in (items, places, steps))

    def move(self, item: int, row: int, upward: bool) -> None:
        ladder = self.ladders[item]
        place = int(np.flatnonzero(ladder.levels == self.answers[item, row])[0])
        after = place + (1 if upward else -1)
        self.answers[item, row] = ladder.levels[after]
        self.tally.sums[self.company[row], item] += ladder.scores[after] - ladder.scores[place]
        self.movable[item, row] = False
        self.moved += 1

    def spend(
        self, found: tuple[NDArray[np.intp], ...], steps: NDArray[np.float64], distance: float, upward: bool
    ) -> float:
        """Move answers in the order given while they bring the target nearer; return the distance left."""
        left = abs(distance)
        items, rows = found[0], found[1]
        for item, row, step in zip(items, rows, steps, strict=True):
            if left <= _CLOSE:
                break
            # The last move is the one that fits best, not the next one in line.
            if left < 3 * float(step):
                open_ = self.movable[items, rows]
                best = int(np.where(open_, np.abs(left - steps), np.inf).argmin())
                if not open_[best] or abs(left - steps[best]) >= left:
                    break
                item, row, step = items[best], rows[best], steps[best]
            if not self.movable[item, row]:
                continue
            self.move(int(item), int(row), upward)
            # A step too far ends the search: it left the target nearer than it was.
            left -= float(step)
        return left

    def move_industry(self, industry: int, aim: float) -> None:
        per = int((self.population.industry_of == industry).sum())
        rows = self.population.industry_of[self.company] == industry
        for _ in range(4 * len(self.shares)):
            printed = self.printed()
            distance = aim - float(printed.industries[industry])
            if abs(distance) <= _CLOSE:
                return
            upward = distance > 0
            needs = dimension_aims(self.population.design.targets, self.instrument, printed.dimensions)
            wants = np.where(np.isfinite(needs), needs - printed.dimensions, 0.0) * (1 if upward else -1)
            for dimension in np.argsort(-wants, kind="stable"):
                found = self.candidates(int(dimension), upward, rows)
                steps = found[2] * self.shares[dimension] / per
                if steps.size and float(steps.min()) / 2 <= abs(distance):
                    self.spend(found, steps, distance, upward)
                    break
            else:
                return

    def move_dimension(self, dimension: int, aim: float, free: NDArray[np.bool_]) -> None:
        rows = free[self.population.industry_of[self.company]]
        companies = self.population.company.size
        for _ in range(4):
            distance = aim - float(self.printed().dimensions[dimension])
            if abs(distance) <= _CLOSE:
                return
            found = self.candidates(dimension, distance > 0, rows)
            self.spend(found, found[2] / companies, distance, distance > 0)

    def verify(self, aims: NDArray[np.float64]) -> None:
        design = self.population.design
        targets = design.targets
        half = 0.5 * 10.0**-targets.decimals
        printed = self.printed()
        wrong = [
            f"dimension {code}: {score:.4f}, wanted {targets.dimensions[code]}"
            for code, score in zip(self.instrument.dimension_codes, printed.dimensions, strict=True)
            if code in targets.dimensions and not -half <= score - targets.dimensions[code] < half
        ]
        for row, score in zip(design.industries, printed.industries, strict=True):
            aim = targets.industries.get(row.code)
            if aim is not None and not -half <= score - aim < half:
                wrong.append(f"industry {row.code}: {score:.4f}, wanted {aim}")
            if aim is None and targets.others_below is not None and not score < targets.others_below:
                wrong.append(f"industry {row.code}: {score:.4f}, wanted under {targets.others_below}")
        if targets.overall is not None and not -half <= printed.overall - targets.overall < half:
            wrong.append(f"overall: {printed.overall:.4f}, wanted {targets.overall}")
        if wrong:
            raise MethodError(
                "the targets of the design cannot be met: " + "; ".join(wrong),
                next_step="choose targets nearer to the design's own means, more interviews, or another seed",
            )
