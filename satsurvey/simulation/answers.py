"""Simulated answers: facts, who is asked what, points that become answers on a scale, and what is missing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from satsurvey.instrument.filters import evaluate
from satsurvey.instrument.model import Fact, Instrument, MissingReason, Scale
from satsurvey.intake.responses import MISSING_CODES
from satsurvey.simulation.design import Design, FactDesign
from satsurvey.simulation.population import (
    Ladder,
    Population,
    acts_on,
    stream,
    time_effect,
    time_effect_centre,
)

BLANK = MISSING_CODES[MissingReason.BLANK]
NOT_ASKED = MISSING_CODES[MissingReason.NOT_ASKED]

Facts = dict[str, NDArray[np.str_]]


@dataclass(frozen=True)
class Respondents:
    """The people interviewed: where they belong and what they bring along; effects in points.

    Attributes
    ----------
    company, interviewer
        Positions of the company and the interviewer, shape (rows,).
    complete
        False for cases that ended without an interview.
    person, by_dimension
        The respondent's own effect, and its variation over dimensions (dimensions, rows).
    seconds
        Seconds to the first human reply as logged, whole numbers, NaN where there was none.
    time_points
        Effect of the response time, centred, 0 where there was none.
    """

    company: NDArray[np.intp]
    interviewer: NDArray[np.intp]
    complete: NDArray[np.bool_]
    person: NDArray[np.float64]
    by_dimension: NDArray[np.float64]
    seconds: NDArray[np.float64]
    time_points: NDArray[np.float64]

    def points(self, population: Population, dimension: int) -> NDArray[np.float64]:
        """Return every respondent's points for a dimension, before item and noise."""
        design = population.design
        own = population.spread[self.company] * (self.person + self.by_dimension[dimension])
        level = population.company_points()[self.company, dimension]
        points: NDArray[np.float64] = level + own + population.interviewer[self.interviewer]
        if acts_on(design.response_times, population.instrument.dimension_codes[dimension]):
            points = points + self.time_points
        return points

    def mean_points(self, population: Population) -> NDArray[np.float64]:
        """Return every respondent's points averaged over the dimensions."""
        codes = population.instrument.dimension_codes
        total = np.zeros(self.company.size)
        for dimension in range(len(codes)):
            total += self.points(population, dimension)
        return total / len(codes)


def draw_facts(design: Design, instrument: Instrument, rows: int, seed: int) -> Facts:
    """Draw the facts that do not depend on the score, as text; "" where a fact is not asked."""
    facts: Facts = {}
    for number, fact in enumerate(instrument.facts):
        row = design.facts.get(fact.code, FactDesign())
        if not row.slope:
            values = _fact(stream(seed, 2, number), fact, row, np.zeros(rows))
            values = _least(fact, row, values, facts)
            facts[fact.code] = np.where(asked(fact.ask_if, facts, rows), values, "")
    return facts


def draw_leaning_facts(
    design: Design, instrument: Instrument, facts: Facts, lean: NDArray[np.float64], seed: int
) -> None:
    """Add to `facts` those that depend on the score; `lean` is the distance from the mean in 10 points."""
    for number, fact in enumerate(instrument.facts):
        row = design.facts.get(fact.code, FactDesign())
        if row.slope:
            values = _fact(stream(seed, 2, number), fact, row, row.slope * lean)
            values = _least(fact, row, values, facts)
            facts[fact.code] = np.where(asked(fact.ask_if, facts, lean.size), values, "")


def _fact(
    rng: np.random.Generator, fact: Fact, row: FactDesign, lean: NDArray[np.float64]
) -> NDArray[np.str_]:
    if fact.type == "seconds":
        values = (row.median or 60.0) * np.exp(row.log_sd * rng.standard_normal(lean.size))
        return whole(spoken_seconds(values))
    if fact.type == "count":
        return whole(row.least + rng.poisson((row.mean or 0.0) * np.exp(lean)))
    if fact.type == "yes_no":
        shares = row.shares or {"1": 1.0 if fact.screen else 0.5, "0": 0.0 if fact.screen else 0.5}
        chance = shares.get("1", 0.0) / sum(shares.values())
        draw = rng.random(lean.size)
        if 0 < chance < 1:
            chances = 1 / (1 + np.exp(-(np.log(chance / (1 - chance)) + lean)))
            return np.where(draw < chances, "1", "0")
        return np.full(lean.size, "1" if chance else "0")
    weights = row.shares or dict.fromkeys(fact.values, 1.0)
    cumulated = np.cumsum(list(weights.values())) / sum(weights.values())
    drawn: NDArray[np.str_] = np.array(list(weights))[
        np.searchsorted(cumulated[:-1], rng.random(lean.size), "right")
    ]
    return drawn


def _least(fact: Fact, row: FactDesign, values: NDArray[np.str_], facts: Facts) -> NDArray[np.str_]:
    """Hold a count at its least where the design says so: one contact for what the first contact solved."""
    if row.least_if is None or fact.type != "count":
        return values
    return np.where(asked(row.least_if, facts, values.size), str(row.least), values)


def spoken_seconds(seconds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Round seconds as people say them: to 5 s, from 30 s to 10 s, from 2 minutes to whole minutes."""
    step = np.select([seconds < 30, seconds < 120, seconds < 1800], [5.0, 10.0, 60.0], 300.0)
    return np.asarray(np.maximum(np.round(seconds / step) * step, 1.0), dtype=np.float64)


def whole(numbers: NDArray[np.float64] | NDArray[np.int64]) -> NDArray[np.str_]:
    """Write numbers as whole numbers in text; "" for NaN."""
    known = np.isfinite(numbers)
    return np.where(known, np.where(known, numbers, 0).astype(np.int64).astype(str), "")


def asked(condition: str | None, facts: Mapping[str, NDArray[np.str_]], rows: int) -> NDArray[np.bool_]:
    """Return the rows where a filter is known to hold; all where there is none."""
    if condition is None:
        return np.ones(rows, dtype=np.bool_)

    def compare(code: str, operator: str, values: list[str]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        column = facts.get(code)
        if column is None:
            return np.zeros(rows, dtype=np.bool_), np.zeros(rows, dtype=np.bool_)
        known = column != ""
        if operator in {"==", "in", "!=", "not in"}:
            found = np.isin(column, values)
            holds = found if operator in {"==", "in"} else ~found
        else:
            numbers = _numbers(column)
            known &= np.isfinite(numbers)
            holds = _ORDERINGS[operator](np.where(known, numbers, 0.0), float(values[0]))
        return known & holds, known & ~holds

    return evaluate(condition, compare)[0]


_ORDERINGS: Mapping[str, Callable[[NDArray[np.float64], float], NDArray[np.bool_]]] = {
    "<": lambda column, value: column < value,
    "<=": lambda column, value: column <= value,
    ">": lambda column, value: column > value,
    ">=": lambda column, value: column >= value,
}


def _numbers(column: NDArray[np.str_]) -> NDArray[np.float64]:
    distinct, inverse = np.unique(column, return_inverse=True)
    values = [float(text) if text.replace(".", "", 1).isdigit() else np.nan for text in distinct]
    return np.array(values)[inverse]


def draw_respondents(
    population: Population,
    facts: Facts,
    company: NDArray[np.intp],
    interviewer: NDArray[np.intp],
    complete: NDArray[np.bool_],
    seed: int,
) -> Respondents:
    """Draw people's own effects and response times; the remembered wait is added to `facts`."""
    design, rows = population.design, company.size
    rng = stream(seed, 3)
    seconds = _response_seconds(design, facts, rows, seed)
    times = design.response_times
    points = np.where(np.isfinite(seconds), time_effect(times, seconds) - time_effect_centre(design), 0.0)
    if times.recalled_as is not None and times.channels:
        blur = np.exp(times.recall_log_sd * stream(seed, 5).standard_normal(rows))
        facts[times.recalled_as] = whole(
            np.where(np.isfinite(seconds), spoken_seconds(seconds * blur), np.nan)
        )
    return Respondents(
        company,
        interviewer,
        complete,
        rng.standard_normal(rows) * design.spread.respondent,
        rng.standard_normal((len(population.base), rows)) * design.spread.respondent_dimension,
        seconds,
        points if times.effect else np.zeros(rows),
    )


def _response_seconds(design: Design, facts: Facts, rows: int, seed: int) -> NDArray[np.float64]:
    times = design.response_times
    if not times.channels:
        return np.full(rows, np.nan)
    medians, log_sds = np.zeros(rows), np.zeros(rows)
    for name, channel in times.channels.items():
        here = slice(None) if times.channel_fact is None else facts[times.channel_fact] == name
        medians[here] = channel.median_s
        log_sds[here] = channel.log_sd
    drawn = np.maximum(np.rint(medians * np.exp(log_sds * stream(seed, 4).standard_normal(rows))), 1.0)
    return np.where(asked(times.only_if, facts, rows) & (medians > 0), drawn, np.nan)


def missing_mask(
    population: Population, facts: Facts, complete: NDArray[np.bool_], seed: int
) -> NDArray[np.uint8]:
    """Draw which answers are missing and why: a byte of `MISSING_CODES`, or 0 where there is an answer.

    Shape (items, rows). Everybody who completed has an answer to at least one item that was asked.
    """
    design, instrument = population.design, population.instrument
    mask = np.zeros((len(instrument.items), complete.size), dtype=np.uint8)
    for number, item in enumerate(instrument.items):
        condition = None if item.filter is None else instrument.filters[item.filter].expression
        mask[number] = _reasons(design, stream(seed, 6, number), complete.size)
        mask[number][~asked(condition, facts, complete.size)] = NOT_ASKED
    silent = ~(mask == 0).any(axis=0)
    for number in range(len(mask)):
        rows = silent & (mask[number] != NOT_ASKED)
        mask[number][rows] = 0
        silent &= ~rows
    mask[:, ~complete] = BLANK
    return mask


def _reasons(design: Design, rng: np.random.Generator, rows: int) -> NDArray[np.uint8]:
    reasons = [reason for reason in design.missing if reason is not MissingReason.NOT_ASKED]
    table = np.array([MISSING_CODES[reason] for reason in reasons] + [0], dtype=np.uint8)
    cumulated = np.cumsum([design.missing[reason] for reason in reasons])
    drawn: NDArray[np.uint8] = table[np.searchsorted(cumulated, rng.random(rows), "right")]
    return drawn


def draw_answers(
    population: Population, respondents: Respondents, mask: NDArray[np.uint8], seed: int
) -> NDArray[np.uint8]:
    """Turn points into answers: uint8 of shape (items, rows), level positions or missing bytes.

    The draws depend on the seed and the item alone, so that a shifted population gives the same people.
    """
    answers = mask.copy()
    own: dict[int, NDArray[np.float64]] = {}
    noise = population.spread[respondents.company] * population.design.spread.noise
    for number, ladder in enumerate(population.ladders):
        dimension = int(population.dimension_of[number])
        if dimension not in own:
            own = {dimension: respondents.points(population, dimension)}
        draws = stream(seed, 7, number).standard_normal(noise.size)
        levels = ladder.answer(own[dimension] + population.item[number] + noise * draws)
        answers[number] = np.where(mask[number] == 0, levels, mask[number])
    return answers


def draw_outcomes(
    population: Population, respondents: Respondents, donor: NDArray[np.intp], seed: int
) -> dict[str, NDArray[np.uint8]]:
    """Draw the rated questions outside the index; `donor` copies whole interviews."""
    design = population.design
    points = respondents.mean_points(population)
    outcomes = {}
    for number, outcome in enumerate(population.instrument.outcomes):
        if outcome.type != "scale":
            continue
        row = design.outcomes.get(outcome.code)
        shift, sd = (0.0, 7.0) if row is None else (row.shift, row.noise)
        rng = stream(seed, 8, number)
        levels = Ladder.of(population.instrument, outcome).answer(
            points + shift + sd * rng.standard_normal(points.size)
        )
        reasons = _reasons(design, rng, points.size)
        values = np.where(reasons == 0, levels, reasons).astype(np.uint8)
        values[~respondents.complete] = BLANK
        outcomes[outcome.code] = values[donor]
    return outcomes


def cell_texts(instrument: Instrument, scale: Scale) -> NDArray[np.str_]:
    """Return the cell text of each of the 256 answer bytes: codes, else words, else nothing."""
    texts = [""] * 256
    texts[: len(scale.codes)] = scale.codes
    by_reason = {reason: code for code, reason in reversed(scale.missing.items())}
    for reason, byte in MISSING_CODES.items():
        if reason in (MissingReason.BLANK, MissingReason.NOT_ASKED, MissingReason.SKIPPED):
            texts[byte] = by_reason.get(reason, "")
        else:
            words: Sequence[str] = instrument.missing_words.get(reason, ("",))
            texts[byte] = by_reason.get(reason, words[0])
    return np.array(texts)
