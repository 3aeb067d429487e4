"""The simulated population: industries, companies, items, interviewers, their effects and true means."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from satsurvey.instrument.model import Instrument, Item, Outcome
from satsurvey.simulation.design import Design, ResponseTimes

_PER_UNIT = 1000
_REACH = 8.5
_NORMAL = np.array(
    [
        0.5 * math.erfc(-k / _PER_UNIT / math.sqrt(2))
        for k in range(-int(_REACH * _PER_UNIT), int(_REACH * _PER_UNIT) + 1)
    ]
)
_LARGEST_FIT = 400
_CHUNK = 2_000


def stream(seed: int, *key: int) -> np.random.Generator:
    """Return the generator of one part of the simulation, so that parts never disturb each other's draws."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))


def normal_chance(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the standard normal distribution function, from a table read linearly (error below 1e-7)."""
    place = np.clip((x + _REACH) * _PER_UNIT, 0, _NORMAL.size - 1.000001)
    below = place.astype(np.intp)
    low = _NORMAL[below]
    chance: NDArray[np.float64] = low + (place - below) * (_NORMAL[below + 1] - low)
    return chance


def level_scores(instrument: Instrument, question: Item | Outcome) -> NDArray[np.float64]:
    """Return the 0-100 score of every answer level of a question, by the instrument's own conversion.

    Parameters
    ----------
    instrument
        Its `scoring.conversion` is used; an outcome without anchors falls back on `min_max`.
    question
        Item or rated outcome.

    Returns
    -------
    float64 of shape (levels,)
        In the order of `scale.values`; falling for a reverse item.

    Notes
    -----
    `share_of_max` is x/max·100, `min_max` (x-min)/(max-min)·100, `anchored` the declared table. A reverse
    item is turned first, x to min+max-x.
    """
    scale = instrument.scale_of(question)
    values = np.array(scale.values)
    if isinstance(question, Item) and question.reverse:
        values = scale.min + scale.max - values
    if instrument.scoring.conversion == "share_of_max":
        scores = values / scale.max * 100
    elif instrument.scoring.conversion == "anchored" and scale.anchors:
        by_value = dict(zip(scale.values, (scale.anchors[code] for code in scale.codes), strict=True))
        scores = np.array(
            [by_value[scale.values[int(np.abs(np.array(scale.values) - v).argmin())]] for v in values]
        )
    else:
        scores = (values - scale.min) / (scale.max - scale.min) * 100
    return scores.astype(np.float64)


@dataclass(frozen=True)
class Ladder:
    """The levels of a question by rising score: `levels` in the scale, `scores`, `cuts` between."""

    levels: NDArray[np.uint8]
    scores: NDArray[np.float64]
    cuts: NDArray[np.float64]

    @classmethod
    def of(cls, instrument: Instrument, question: Item | Outcome) -> Ladder:
        """Order the levels of a question by their score."""
        scores = level_scores(instrument, question)
        order = np.argsort(scores, kind="stable")
        rising = scores[order]
        return cls(order.astype(np.uint8), rising, (rising[1:] + rising[:-1]) / 2)

    def answer(self, points: NDArray[np.float64]) -> NDArray[np.uint8]:
        """Return the level whose score is nearest to each number of points."""
        return self.levels[np.searchsorted(self.cuts, points)]

    def expected(self, mean: NDArray[np.float64], sd: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the expected score of an answer to normal points: Σ_k s_k·(Φ_k - Φ_k-1) over the levels."""
        total = np.full(np.broadcast_shapes(mean.shape, sd.shape), self.scores[-1])
        width = np.maximum(sd, 1e-9)
        for cut, step in zip(self.cuts, np.diff(self.scores), strict=True):
            total -= step * normal_chance((cut - mean) / width)
        return total


@dataclass(frozen=True)
class Population:
    """Everything true of a survey before a respondent is drawn; effects in points of the score.

    Attributes
    ----------
    industry_of
        Industry of each company, int of shape (companies,).
    base
        Mean points by dimension, before industry and company.
    industry, company, company_dimension, item, interviewer
        Effects; shapes (industries,), (companies,), (companies, dimensions), (items,), (interviewers,).
    spread
        Multiple of the within-company standard deviations, shape (companies,).
    dimension_of
        Dimension of each item.
    """

    design: Design
    instrument: Instrument
    industry_of: NDArray[np.intp]
    base: NDArray[np.float64]
    industry: NDArray[np.float64]
    company: NDArray[np.float64]
    company_dimension: NDArray[np.float64]
    item: NDArray[np.float64]
    interviewer: NDArray[np.float64]
    spread: NDArray[np.float64]
    dimension_of: NDArray[np.intp]

    @classmethod
    def draw(cls, design: Design, instrument: Instrument, seed: int) -> Population:
        """Draw the effects; where the design gives industry means, the population is moved to have them."""
        sizes = [industry.companies for industry in design.industries]
        industry_of = np.repeat(np.arange(len(sizes)), sizes)
        dimension_of = np.array(
            [instrument.dimension_codes.index(item.dimension) for item in instrument.items]
        )
        spread, shape = design.spread, design.spread.shape
        rng = stream(seed, 1)
        company_sd = np.array(
            [spread.company if row.company_sd is None else row.company_sd for row in design.industries]
        )
        count, dimensions = industry_of.size, len(instrument.dimensions)
        drawn = rng.standard_normal(len(sizes)) * spread.industry
        base = np.array([design.dimensions.get(code, design.mean) for code in instrument.dimension_codes])
        means = [row.mean for row in design.industries]
        industry = np.array(
            [
                row.shift
                if row.shift is not None
                else drawn[k]
                if row.mean is None
                else row.mean - base.mean()
                for k, row in enumerate(design.industries)
            ]
        )
        company = rng.standard_normal(count) * company_sd[industry_of]
        item = rng.standard_normal(dimension_of.size) * spread.item
        item -= (np.bincount(dimension_of, item) / np.bincount(dimension_of))[dimension_of]
        population = cls(
            design,
            instrument,
            industry_of,
            base,
            industry,
            company,
            rng.standard_normal((count, dimensions)) * spread.company_dimension,
            item,
            rng.standard_normal(design.interviewers.count) * design.interviewers.sd,
            np.ones(count) if shape is None else np.sqrt(rng.standard_gamma(shape, count) / shape),
            dimension_of,
        )
        return population._fitted(np.array([np.nan if mean is None else mean for mean in means]))

    def shifted(self, dimensions: NDArray[np.float64], industries: NDArray[np.float64]) -> Population:
        """Return the population with points added to dimensions and industries."""
        return replace(self, base=self.base + dimensions, industry=self.industry + industries)

    def company_points(self) -> NDArray[np.float64]:
        """Return the mean points of every company and dimension, shape (companies, dimensions)."""
        level: NDArray[np.float64] = self.base + (self.company + self.industry[self.industry_of])[:, None]
        return level + self.company_dimension

    @cached_property
    def ladders(self) -> tuple[Ladder, ...]:
        """The answer levels of every item by their score."""
        return tuple(Ladder.of(self.instrument, item) for item in self.instrument.items)

    def expected_items(self, companies: NDArray[np.intp] | None = None) -> NDArray[np.float64]:
        """Return the true mean score of every company and item, shape (companies, items).

        Notes
        -----
        The mean of what an endless number of respondents of that company would answer: points are normal
        given the response time, whose distribution is integrated over by Gauss-Hermite quadrature channel
        by channel; answers are cut at the ends of the scale and rounded to its levels, so that the true mean
        of a company near the top is lower than its points. Interviewers are drawn anew every time.
        """
        chosen = np.arange(self.company.size) if companies is None else companies
        points = self.company_points()[chosen]
        spread = self.design.spread
        within = spread.respondent**2 + spread.respondent_dimension**2 + spread.noise**2
        sd = np.sqrt(within * self.spread[chosen] ** 2 + self.design.interviewers.sd**2)
        effects, chances = time_effect_nodes(self.design)
        effects = effects - float(np.dot(effects, chances))
        scores = np.empty((chosen.size, self.dimension_of.size))
        codes = self.instrument.dimension_codes
        for start in range(0, chosen.size, _CHUNK):
            part = slice(start, start + _CHUNK)
            for position, ladder in enumerate(self.ladders):
                dimension = self.dimension_of[position]
                touched = acts_on(self.design.response_times, codes[dimension])
                mean = points[part, dimension] + self.item[position]
                if touched:
                    by_node = ladder.expected(mean[:, None] + effects, sd[part, None])
                    scores[part, position] = np.einsum("jk,k->j", by_node, chances)
                else:
                    scores[part, position] = ladder.expected(mean, sd[part])
        return scores

    def _fitted(self, means: NDArray[np.float64]) -> Population:
        """Move dimensions and industries until their true means are those of the design.

        Where every industry has a mean, those without a target are moved together so that the industries'
        mean agrees with the dimensions'. Industries given by a shift or drawn are not touched.
        """
        design = self.design
        per = np.bincount(self.industry_of)
        aims = np.array(
            [design.targets.industries.get(row.code, means[k]) for k, row in enumerate(design.industries)]
        )
        weights = dimension_weights(self.instrument)
        overall = float(np.dot(weights, self.base))
        free = np.array([row.code not in design.targets.industries for row in design.industries])
        if np.isfinite(aims).all() and free.any():
            aims[free] += (overall * per.sum() - np.dot(per, aims)) / per[free].sum()
        step = max(1, self.company.size // _LARGEST_FIT)
        chosen = np.arange(0, self.company.size, step)
        aimed = self.base.copy()
        population, gain, before = self, np.full(aimed.size + per.size, 1.2), None
        for _ in range(25):
            dimensions, totals = _summaries(population, chosen)
            inside = population.industry_of[chosen]
            count = np.bincount(inside, minlength=per.size)
            industries = np.bincount(inside, totals, minlength=per.size) / np.maximum(count, 1)
            reached = np.concatenate([dimensions.mean(axis=0), industries])
            wanted = np.concatenate([aimed, np.where(count > 0, aims, np.nan)])
            miss = np.where(np.isfinite(wanted), wanted - reached, 0.0)
            if np.abs(miss).max() < 1e-3:
                break
            if before is not None:
                # Near the end of the scale a point of shift moves the score by much less than a point.
                ratio = np.divide(
                    before[0] * gain,
                    reached - before[1],
                    out=gain.copy(),
                    where=np.abs(reached - before[1]) > 1e-6,
                )
                gain = np.clip(ratio, 0.8, 3.0)
            before = (miss, reached)
            shift = gain * miss
            population = population.shifted(shift[: aimed.size], shift[aimed.size :])
        return population


def _summaries(
    population: Population, chosen: NDArray[np.intp]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    items = population.expected_items(chosen)
    return aggregate(population.instrument, items)


def aggregate(
    instrument: Instrument, items: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Turn company item means into dimension scores and totals by the instrument's defaults.

    Parameters
    ----------
    instrument
        Its item and dimension weights and `min_items` are used.
    items
        Item means of shape (companies, items), NaN where an item has no answers.

    Returns
    -------
    dimensions, totals
        Shapes (companies, dimensions) and (companies,). A dimension with too few items is NaN, and the total
        is then the weighted mean of the others.
    """
    weights = item_weights(instrument)
    dimensions = np.full((items.shape[0], len(instrument.dimensions)), np.nan)
    for position, dimension in enumerate(instrument.dimensions):
        columns = [k for k, item in enumerate(instrument.items) if item.dimension == dimension.code]
        here = np.isfinite(items[:, columns])
        least = dimension.min_items or instrument.scoring.dimension_min_items
        weighted = np.where(here, weights[columns], 0.0)
        total = weighted.sum(axis=1)
        enough = (here.sum(axis=1) >= min(least, len(columns))) & (total > 0)
        summed = np.where(here, items[:, columns] * weights[columns], 0.0).sum(axis=1)
        dimensions[enough, position] = summed[enough] / total[enough]
    shares = np.where(np.isfinite(dimensions), dimension_weights(instrument), 0.0)
    known = shares.sum(axis=1)
    summed = np.where(np.isfinite(dimensions), dimensions * shares, 0.0).sum(axis=1)
    return dimensions, np.divide(summed, known, out=np.full(known.shape, np.nan), where=known > 0)


def item_weights(instrument: Instrument) -> NDArray[np.float64]:
    """Return the declared item weights, or ones where the instrument weighs its items equally."""
    if instrument.scoring.item_weights == "declared":
        return np.array([item.weight or 0.0 for item in instrument.items])
    return np.ones(len(instrument.items))


def dimension_weights(instrument: Instrument) -> NDArray[np.float64]:
    """Return the weights of the dimensions with sum 1; weights that depend on answers count as equal here."""
    method = instrument.scoring.dimension_weights
    if method == "items":
        weights = [float(len(instrument.items_of(code))) for code in instrument.dimension_codes]
    elif method == "declared":
        weights = [dimension.weight or 0.0 for dimension in instrument.dimensions]
    else:
        weights = [1.0] * len(instrument.dimensions)
    return np.array(weights) / sum(weights)


def acts_on(times: ResponseTimes, dimension: str) -> bool:
    """Whether the response time has an effect on a dimension."""
    return bool(times.effect) and (not times.dimensions or dimension in times.dimensions)


def channel_shares(design: Design) -> dict[str, float]:
    """Return the share of each channel with response times, with sum 1."""
    times = design.response_times
    names = list(times.channels)
    if times.channel_fact is None or times.channel_fact not in design.facts:
        return {name: 1 / len(names) for name in names}
    shares = design.facts[times.channel_fact].shares or dict.fromkeys(names, 1.0)
    total = sum(shares.get(name, 0.0) for name in names)
    return {name: shares.get(name, 0.0) / total for name in names} if total else {}


def time_effect(times: ResponseTimes, seconds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the raw effect of response times in points: effect times log seconds, or times minutes."""
    form = np.log(np.maximum(seconds, 1.0)) if times.per == "log_second" else seconds / 60
    return times.effect * form


def time_effect_nodes(design: Design) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return points and chances of the raw response-time effect: five nodes for each channel."""
    times = design.response_times
    if not times.effect or not times.channels:
        return np.zeros(1), np.ones(1)
    nodes, chances = np.polynomial.hermite_e.hermegauss(5)
    chances = chances / chances.sum()
    effects, shares = [], []
    for name, share in channel_shares(design).items():
        channel = times.channels[name]
        effects.append(time_effect(times, channel.median_s * np.exp(channel.log_sd * nodes)))
        shares.append(share * chances)
    return np.concatenate(effects), np.concatenate(shares)


def time_effect_centre(design: Design) -> float:
    """Return the mean of the raw response-time effect in points, which is taken off so that means stay."""
    effects, chances = time_effect_nodes(design)
    return float(np.dot(effects, chances))
