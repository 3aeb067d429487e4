"""`simulate`: a whole survey with known truth, from a design and a seed, as columns of text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from satsurvey.instrument.model import Instrument
from satsurvey.intake.responses import INVALID
from satsurvey.simulation.answers import (
    Respondents,
    cell_texts,
    draw_answers,
    draw_facts,
    draw_leaning_facts,
    draw_outcomes,
    draw_respondents,
    missing_mask,
    whole,
)
from satsurvey.simulation.calibrate import fit_shifts, flip_answers
from satsurvey.simulation.comments import CommentTruth, write_comments
from satsurvey.simulation.defects import PlantedDefect, Planting, plant
from satsurvey.simulation.design import Design, completed, instrument_of
from satsurvey.simulation.fieldwork import (
    Schedule,
    case_ids,
    company_names,
    label_columns,
    moments,
    numbered,
    schedule,
)
from satsurvey.simulation.population import Population, aggregate, level_scores, stream


@dataclass(frozen=True)
class Truth:
    """What is true of a simulated survey, where the data show it only with chance in it.

    Attributes
    ----------
    company, company_id, industry
        Names of the companies and the code of the industry of each.
    score, dimensions
        True scores of the companies, shapes (companies,) and (companies, dimensions): means over endlessly
        many respondents of that company, ends and steps of the scale included.
    industry_score
        True score of each industry, the mean of its companies.
    overall
        Mean of the true company scores.
    spread
        Multiple of the within-company standard deviations, by company.
    interviewer
        Effect of each interviewer in points.
    time_effect, time_unit
        Points per log second or per minute of response time, before the ends of the scale.
    time_points
        Effect of the response time on each row in points, centred.
    comments
        What each comment was made to say, by outcome code.
    """

    company: tuple[str, ...]
    company_id: tuple[str, ...]
    industry: tuple[str, ...]
    score: NDArray[np.float64]
    dimensions: NDArray[np.float64]
    industry_score: Mapping[str, float]
    overall: float
    spread: NDArray[np.float64]
    interviewer: NDArray[np.float64]
    time_effect: float
    time_unit: str
    time_points: NDArray[np.float64]
    comments: Mapping[str, CommentTruth] = field(default_factory=dict)


@dataclass(frozen=True)
class Simulation:
    """A simulated survey.

    Attributes
    ----------
    design, instrument, seed
        What it was made from; `design` with the open parts filled in.
    columns
        Cells as text by role, fact, item or outcome code, in the order of an export. Answers are codes.
    answers
        uint8 of shape (items, rows), as in `satsurvey.intake.responses`.
    company_of
        Position of each row's company in `truth`.
    complete
        Rows that are interviews; the others are cases that ended without one.
    truth
        What the data should show.
    planted
        The defects planted, with rows counted as in a spreadsheet with one row of headings.
    moved
        How many answers calibration moved by one level.
    """

    design: Design
    instrument: Instrument
    seed: int
    columns: Mapping[str, NDArray[np.str_]]
    answers: NDArray[np.uint8]
    company_of: NDArray[np.intp]
    complete: NDArray[np.bool_]
    truth: Truth
    planted: tuple[PlantedDefect, ...]
    moved: int = 0

    def __len__(self) -> int:
        return int(self.complete.size)


def simulate(design: Design, *, seed: int | None = None) -> Simulation:
    """Simulate the survey that a design describes.

    Parameters
    ----------
    design
        From `load_design`, `plain_design` or `design_from`.
    seed
        Replaces the design's own seed.

    Returns
    -------
    Simulation
        The same for the same design and seed, cell by cell.

    Raises
    ------
    InstrumentError
        When the instrument cannot be loaded.
    MethodError
        When the design has targets that cannot be met.

    Notes
    -----
    The points of respondent r on item i of dimension d at company j of industry g are

    y = μ_d + γ_g + α_j + α_jd + β_i + s_j·(ρ_r + ρ_rd + ε_ri) + ι + τ(t_r),

    with interviewer effect ι and response-time effect τ; the answer is the level of the scale whose score is
    nearest. Filters come from the instrument, and who is filtered does not depend on the score.

    Examples
    --------
    >>> from satsurvey.simulation import plain_design, simulate
    >>> survey = simulate(plain_design(companies=6, interviews=20, industries=2, seed=7))
    >>> len(survey), survey.columns["A1"].size
    (120, 120)
    """
    instrument = instrument_of(design)
    design = completed(design, instrument)
    seed = design.seed if seed is None else seed
    population = Population.draw(design, instrument, seed)
    plan = schedule(design, population.industry_of, seed)
    rows = plan.company.size
    facts = draw_facts(design, instrument, rows, seed)
    people = draw_respondents(population, facts, plan.company, plan.interviewer, plan.complete, seed)
    mask = missing_mask(population, facts, plan.complete, seed)
    ids = numbered(np.arange(rows), last=rows, least=7)
    planting = plant(design, instrument, mask, plan.company, population.industry_of, ids, seed)

    def draw(shifted: Population) -> NDArray[np.uint8]:
        return planting.apply(draw_answers(shifted, people, mask, seed))

    moved = 0
    if design.targets:
        population = fit_shifts(population, draw, plan.company)
        answers, moved = flip_answers(draw(population), population, plan.company, planting.protected, seed)
    else:
        answers = draw(population)
    lean = (people.mean_points(population) - population.base.mean()) / 10
    draw_leaning_facts(design, instrument, facts, lean, seed)
    facts = {fact.code: facts[fact.code][planting.donor] for fact in instrument.facts}
    outcomes = draw_outcomes(population, people, planting.donor, seed)
    comments, said = _comments(design, instrument, answers, plan.complete, planting.donor, seed)
    columns = _record(design, population, plan, people, planting, ids, seed)
    for code, values in facts.items():
        columns[code] = np.where(plan.complete, values, "")
    for number, item in enumerate(instrument.items):
        columns[item.code] = cell_texts(instrument, instrument.scale_of(item))[answers[number]]
    for (position, row), text in planting.cells.items():
        code = instrument.items[position].code
        columns[code] = _replaced(columns[code], row, text)
    for outcome in instrument.outcomes:
        if outcome.type == "scale":
            columns[outcome.code] = cell_texts(instrument, instrument.scale_of(outcome))[
                outcomes[outcome.code]
            ]
        else:
            columns[outcome.code] = comments[outcome.code]
    for (role, row), text in planting.roles.items():
        columns[role] = _replaced(columns[role], row, text)
    return Simulation(
        design,
        instrument,
        seed,
        columns,
        answers,
        plan.company,
        plan.complete,
        _truth(population, people, said),
        planting.defects,
        moved,
    )


def _replaced(column: NDArray[np.str_], row: int, text: str) -> NDArray[np.str_]:
    """Put one text into a column, which grows where the text is longer than any cell before."""
    if len(text) > column.dtype.itemsize // 4:
        column = column.astype(f"<U{len(text)}")
    column[row] = text
    return column


def _record(
    design: Design,
    population: Population,
    plan: Schedule,
    people: Respondents,
    planting: Planting,
    ids: NDArray[np.str_],
    seed: int,
) -> dict[str, NDArray[np.str_]]:
    """Make the columns that are no questions, in the order in which vendors deliver them."""
    rows, firms = plan.company.size, population.industry_of.size
    labels = label_columns(design, rows, seed)
    names = np.array(company_names(design))
    industries = np.array([industry.zh for industry in design.industries])
    ended = np.where(plan.complete, moments(plan.completed_at), "")
    columns: dict[str, NDArray[np.str_]] = {"interview_id": ids}
    columns |= {role: labels[role] for role in ("wave", "route", "stratum") if role in labels}
    columns["industry"] = industries[population.industry_of[plan.company]]
    columns["company_id"] = numbered(plan.company, last=firms, least=4)
    columns["company"] = names[plan.company]
    columns |= {role: labels[role] for role in ("region", "customer_tier") if role in labels}
    columns["disposition"] = plan.disposition
    columns["interviewer"] = numbered(plan.interviewer, last=design.interviewers.count, least=4)
    columns["completed_at"] = ended
    columns["duration_s"] = np.where(plan.complete, plan.duration_s.astype(str), "")
    columns["case_id"] = case_ids(rows, seed)
    columns["contact_at"] = moments(plan.contact_at)
    if design.response_times.channels:
        seconds = people.seconds[planting.donor]
        columns["first_response_s"] = np.where(plan.complete, whole(seconds), "")
    return columns


def _comments(
    design: Design,
    instrument: Instrument,
    answers: NDArray[np.uint8],
    complete: NDArray[np.bool_],
    donor: NDArray[np.intp],
    seed: int,
) -> tuple[dict[str, NDArray[np.str_]], dict[str, CommentTruth]]:
    by_dimension = _own_scores(instrument, answers)
    known = np.isfinite(by_dimension)
    counts = known.sum(axis=0)
    totals = np.where(known, by_dimension, 0.0).sum(axis=0)
    scores = np.divide(totals, counts, out=np.full(counts.shape, np.nan), where=counts > 0)
    aspects = [design.comments.aspects.get(code, "general") for code in instrument.dimension_codes]
    texts: dict[str, NDArray[np.str_]] = {}
    said: dict[str, CommentTruth] = {}
    for number, outcome in enumerate(instrument.outcomes):
        if outcome.type != "comment":
            continue
        about = {design.comments.displeased: "displeased", design.comments.pleased: "pleased"}.get(
            outcome.code, "mixed"
        )
        written, meant = write_comments(
            stream(seed, 14, number),
            scores,
            by_dimension,
            aspects=aspects,
            about=about,
            unanswered=design.comments.unanswered,
        )
        texts[outcome.code] = np.where(complete, written, "")[donor]
        silent = np.where(complete, meant.kind, 0).astype(np.uint8)
        said[outcome.code] = CommentTruth(
            silent[donor], meant.strong[donor], meant.aspect[donor], meant.aspects
        )
    return texts, said


def _own_scores(instrument: Instrument, answers: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return respondents' own mean scores, shape (dimensions, rows), NaN without an answer."""
    sums = np.zeros((len(instrument.dimensions), answers.shape[1]))
    counts = np.zeros(sums.shape)
    for number, item in enumerate(instrument.items):
        table = np.zeros(256)
        scores = level_scores(instrument, item)
        table[: scores.size] = scores
        dimension = instrument.dimension_codes.index(item.dimension)
        sums[dimension] += table[answers[number]]
        counts[dimension] += answers[number] < INVALID
    means: NDArray[np.float64] = np.divide(sums, counts, out=np.full(sums.shape, np.nan), where=counts > 0)
    return means


def _truth(population: Population, people: Respondents, said: Mapping[str, CommentTruth]) -> Truth:
    design = population.design
    dimensions, totals = aggregate(population.instrument, population.expected_items())
    per = np.bincount(population.industry_of)
    means = np.bincount(population.industry_of, totals) / per
    codes = [industry.code for industry in design.industries]
    firms = population.industry_of.size
    return Truth(
        tuple(company_names(design)),
        tuple(numbered(np.arange(firms), last=firms, least=4).tolist()),
        tuple(codes[position] for position in population.industry_of),
        totals,
        dimensions,
        dict(zip(codes, means.tolist(), strict=True)),
        float(totals.mean()),
        population.spread,
        population.interviewer,
        design.response_times.effect,
        design.response_times.per,
        people.time_points,
        said,
    )
