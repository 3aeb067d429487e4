"""Scores with their uncertainty: companies, industries and all together, on the 0-100 scale."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from satsurvey.errors import MethodError, NothingToScoreError
from satsurvey.intake.decode import NO_INDUSTRY
from satsurvey.intake.responses import Responses
from satsurvey.scoring.frames import company_frame, dimension_frame, industry_frame, item_frame, overall_frame
from satsurvey.scoring.groups import Estimate, Groups
from satsurvey.scoring.method import ScoringMethod
from satsurvey.scoring.rescale import item_level_scores
from satsurvey.scoring.small_samples import FEW_ANSWERS, by_items, with_few_answers
from satsurvey.scoring.tally import Plan, Tally, pooled_squares, tally
from satsurvey.scoring.units import Units
from satsurvey.scoring.weights import Weights, dimension_weights, item_weight_array, item_weights

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
_NOTED = 0.1
"""Share of the published companies over which items with few answers are worth a note."""


@dataclass(frozen=True)
class Scores:
    """The scores of a survey; full precision, suppressed scores are NaN and say so.

    Attributes
    ----------
    companies
        One row per company: industry, company, score, std_error, ci_low, ci_high, df, n, n_effective,
        design_effect, one column per dimension, suppressed, note.
    industries
        One row per industry, likewise, with n_companies; empty when there is no industry column.
    dimensions, items
        Tidy: level (overall, industry, company), industry, company, dimension (item), score and its interval,
        n; items also with n of every reason of missing and the share of satisfied answers.
    overall
        One row over everything.
    method
        Every choice made.
    dimension_weights, item_weights
        The weights used; item weights by dimension.
    notes
        What a reader of the figures must know: doubtful statistics, what was left out and why.
    """

    companies: pd.DataFrame
    industries: pd.DataFrame
    dimensions: pd.DataFrame
    items: pd.DataFrame
    overall: pd.DataFrame
    method: ScoringMethod
    dimension_weights: Weights
    item_weights: dict[str, Weights]
    notes: tuple[str, ...]


def score(
    responses: Responses, *, progress: Callable[[int, int], None] | None = None, **choices: Any
) -> Scores:
    """Score a survey.

    Parameters
    ----------
    responses
        The interviews, as `read_responses` returns them.
    progress
        Called with rows done and rows in all.
    **choices
        Any attribute of `ScoringMethod`, for example `level=0.9`, `order="respondent_first"`,
        `dimension_weights="entropy"`, `small_sample="items"`, `company_min_n=30`.

    Returns
    -------
    Scores

    Raises
    ------
    MethodError
        When a choice is impossible (unknown, weights that are none, a market-weighted industry without
        shares), or when there is no interview to score.

    Notes
    -----
    Company: item means over those who answered, mean of the dimension's items, weighted mean of dimensions.
    Its variance is the Taylor-linearised one, SE² = n/(n-1) Σ z_r² (Särndal, Swensson and Wretman 1992), with
    t on n - 1 degrees of freedom; `small_sample="items"` corrects item by item instead, for surveys whose
    filters leave items few answers (see `satsurvey.scoring.small_samples`). Industry: companies are a sample
    of it, so its variance is that between companies, Σ (T_j - T)² / (J (J - 1)) for the mean of companies,
    with t on J - 1; for pooled respondents the influence values are added up by company first. Effective n is
    (Σω)²/Σω² (Kish 1965); the design effect compares with a simple random sample of as many interviews drawn
    with replacement.

    Examples
    --------
    >>> import satsurvey as ss
    >>> scores = ss.score(ss.read_responses(["examples/national-2019/national-2019.csv"]))
    >>> round(float(scores.overall.loc[0, "score"]), 2)
    83.71
    """
    instrument = responses.instrument
    method = ScoringMethod.of(instrument, responses.scoring, choices)
    if not len(responses):
        ledger = responses.ledger
        raise NothingToScoreError(
            f"there is no interview to score: {ledger.rows_read} rows were read and none could be used",
            value=", ".join(f"{reason} {n}" for reason, n in ledger.set_aside.items()) or None,
            next_step="satsurvey check EXPORT lists what is wrong",
        )
    if responses.weight is not None:
        # Weights are relative: brought near 1 by a power of two, their squares neither overflow nor vanish.
        scale = np.ldexp(1.0, -int(np.frexp(responses.weight.max())[1]))
        responses = replace(responses, weight=responses.weight * scale)
    units = Units.of(responses)
    plan, weights, inner = plan_of(responses, units, method)
    sums = tally(responses, units, plan, method, progress)
    notes = [*_notes(responses, sums)]
    weights = replace(
        weights, values=dict(zip(instrument.dimension_codes, plan.dimension_weights.tolist(), strict=True))
    )
    population = _population(responses, units, method, notes)
    market = None
    if "market_weighted" in {method.industry_level, method.overall_level}:
        if "market_share" not in responses.numbers:
            raise MethodError(
                "a market-weighted score needs the market share of every company",
                expected="a column bound to the role market_share",
            )
        market = units.mean_by_unit(responses.numbers["market_share"], "the market share")
        wrong = np.flatnonzero(~((market > 0) & np.isfinite(market)))
        if wrong.size:
            raise MethodError(
                "market shares must be positive",
                value=f"{market[wrong[0]]:g} of {units.company_names[units.company[wrong[0]]]}",
            )
    df = None
    if method.small_sample == "items" and method.order == "item_first":
        corrected = by_items(responses, units, plan, method, sums)
        sums, df = corrected.sums, corrected.df
        notes += corrected.notes
    companies = Estimate.of_units(sums, method, population, df)
    groups = Groups(
        units,
        sums,
        plan,
        method,
        companies,
        lambda pooled: pooled_squares(responses, units, plan, method, pooled),
        market,
        None if population is None else 1 - sums.n / population,
    )
    small = sums.total_n < method.company_min_n
    if small.any():
        notes.append(
            f"{int(small.sum())} of {small.size} companies have fewer than {method.company_min_n} "
            "interviews; their scores are not published"
            + (" but count in their industry's" if method.small_companies_in_industry else "")
        )
    if df is None and method.order == "item_first":
        published = (sums.total_n >= method.company_min_n) & np.isfinite(sums.total)
        short = int((with_few_answers(plan, sums) & published).sum())
        if short > _NOTED * published.sum():
            notes.append(
                f"{short} of {int(published.sum())} published companies have an item with fewer than "
                f'{FEW_ANSWERS} answers; company intervals may be short, small_sample = "items" corrects that'
            )
    industries = groups.industries() if responses.industry is not None else None
    overall = groups.overall()
    notes += groups.notes
    # By far the largest table goes first: what it needs on the way is free again for the others.
    items = item_frame(instrument, units, sums, groups, industries, overall, method)
    return Scores(
        companies=company_frame(instrument, responses, units, sums, companies, method, population),
        industries=industry_frame(instrument, units, groups, industries, method),
        dimensions=dimension_frame(instrument, units, sums, groups, industries, overall, method),
        items=items,
        overall=overall_frame(instrument, groups, overall),
        method=method,
        dimension_weights=weights,
        item_weights=inner,
        notes=tuple(dict.fromkeys(notes)),
    )


def plan_of(
    responses: Responses, units: Units, method: ScoringMethod
) -> tuple[Plan, Weights, dict[str, Weights]]:
    """Settle the weights; entropy weights are made from the scores that equal weights give."""
    instrument = responses.instrument
    codes = instrument.dimension_codes
    equal_items = item_weights(instrument, "equal")
    plan = Plan(
        levels=item_level_scores(instrument, responses.scales, method.conversion),
        dimension=np.array([codes.index(item.dimension) for item in instrument.items], dtype=np.intp),
        item_weights=item_weight_array(instrument, equal_items),
        dimension_weights=dimension_weights(instrument, "equal").array,
        min_items=np.array(
            [(method.dimension_minimums or {}).get(code, method.dimension_min_items) for code in codes]
        ),
        scales=responses.scales,
    )
    item_scores = dimension_scores = None
    if method.item_weights == "entropy":
        item_scores = tally(responses, units, plan, method).item_mean
    inner = item_weights(
        instrument,
        method.item_weights,
        declared=method.declared_item_weights or None,
        ahp=method.ahp_items or None,
        scores=item_scores,
    )
    plan = replace(plan, item_weights=item_weight_array(instrument, inner))
    if method.dimension_weights == "entropy":
        dimension_scores = tally(responses, units, plan, method).dimension_mean
    outer = dimension_weights(
        instrument,
        method.dimension_weights,
        declared=method.declared_dimension_weights or None,
        ahp=method.ahp_dimensions or None,
        scores=dimension_scores,
    )
    return replace(plan, dimension_weights=outer.array), outer, inner


def _population(responses: Responses, units: Units, method: ScoringMethod, notes: list[str]) -> Floats | None:
    if not method.finite_population:
        return None
    if "population" not in responses.numbers:
        raise MethodError(
            "the finite-population correction needs the contact count of every company",
            expected="a column bound to the role population",
        )
    population = units.mean_by_unit(responses.numbers["population"], "the contact count")
    short = np.flatnonzero(population < units.n)
    if short.size:
        name = units.company_names[units.company[short[0]]]
        raise MethodError(
            f"{name} has more interviews ({units.n[short[0]]}) than contacts ({population[short[0]]:g})",
            next_step="correct the contact count, or score without the finite-population correction",
        )
    notes.append("errors are reduced by the finite-population correction 1 - n/N of each company")
    return population


def _notes(responses: Responses, sums: Tally) -> list[str]:
    notes = []
    if responses.absent_items:
        notes.append(f"the export has no column for {', '.join(responses.absent_items)}")
    if responses.industry is None:
        notes.append("the export has no industry column; companies are ranked among themselves")
    elif NO_INDUSTRY in responses.industry.names:
        n = int((responses.industry.codes == responses.industry.names.index(NO_INDUSTRY)).sum())
        notes.append(f"{n} interviews name no industry; they stand under {NO_INDUSTRY}")
    lacking = np.isnan(sums.dimension_mean)
    if lacking.any():
        codes = responses.instrument.dimension_codes
        named = [f"{codes[d]} in {int(lacking[:, d].sum())}" for d in np.flatnonzero(lacking.any(axis=0))]
        notes.append(
            "a dimension without enough answers is left out of the total, which is then the mean of the "
            "others: "
            f"{', '.join(named)} of {sums.n.size} companies"
        )
    if not np.isfinite(sums.total).all():
        notes.append(f"{int((~np.isfinite(sums.total)).sum())} companies have no score at all")
    if responses.weight is not None:
        notes.append("interview weights are used")
    wave = responses.factors.get("wave")
    if wave is not None and len(wave.names) > 1:
        notes.append(
            f"{len(wave.names)} waves are scored together ({', '.join(wave.names)}); "
            "--by wave shows them apart"
        )
    return notes
