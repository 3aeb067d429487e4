"""Test of the statement that companies' own satisfied shares are higher than those of a survey."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from satsurvey.errors import MethodError
from satsurvey.intake.responses import Factor
from satsurvey.regression.estimates import interval
from satsurvey.response_time.claim_data import ClaimData
from satsurvey.response_time.claim_results import Estimate, Evidence, judged
from satsurvey.response_time.claims import Claim
from satsurvey.response_time.words import Sentence, say
from satsurvey.service.ratings import RatingScale

Floats = NDArray[np.float64]

OVERALL = "O1"
FEWEST_RATINGS = 5
"""Of a company, whose share of satisfied ratings else says little."""


@dataclass(frozen=True, eq=False)
class OwnFigures:
    """Satisfied shares that companies have of themselves.

    Attributes
    ----------
    share
        Percent, by name of the company.
    source
        Where they come from.
    notes
        What must be known of them.
    """

    share: Mapping[str, float]
    source: Sentence
    notes: tuple[Sentence, ...] = ()


@dataclass(frozen=True)
class Paired:
    """Differences of two measures by company.

    Attributes
    ----------
    mean, low, high
        With the interval by Student's t.
    agree_low, agree_high
        Between which 95 percent of the differences of single companies lie (Bland and Altman, 1986).
    n
        Companies.
    """

    mean: float
    low: float
    high: float
    agree_low: float
    agree_high: float
    n: int

    @classmethod
    def of(cls, gaps: Floats, level: float) -> Paired:
        """Compare differences with 0.

        Raises
        ------
        MethodError
            When there are fewer than two.
        """
        if gaps.size < 2:
            raise MethodError("two companies that stand in both are needed", value=f"{gaps.size} found")
        spread, mean = float(gaps.std(ddof=1)), float(gaps.mean())
        error = np.array([spread / np.sqrt(gaps.size)])
        low, high, _ = interval(np.array([mean]), error, np.array([gaps.size - 1.0]), level)
        return cls(
            mean, float(low[0]), float(high[0]), mean - 1.96 * spread, mean + 1.96 * spread, int(gaps.size)
        )


def own_figures_higher(data: ClaimData, claim: Claim) -> Evidence:
    """Test whether companies' own satisfied shares are above those of the survey (C21).

    Own shares are those of a table, or of the ratings in the service records; where there are both, the
    table decides and the ratings stand beside. The survey gives the share of satisfied answers to its
    overall question: a share is compared with a share, never with an index.
    """
    found: list[OwnFigures] = []
    problems: list[MethodError] = []
    used = []
    for source in (of_table, of_ratings):
        try:
            figures = source(data)
        except MethodError as exc:
            problems.append(exc)
            continue
        if figures is not None:
            found.append(figures)
            used.append(source)
    if not found:
        raise problems[0] if problems else MethodError("there are no companies' own satisfied shares")
    shares, n = _survey_shares(data)
    level, tolerance = data.settings.level, data.settings.tolerance
    estimates: list[Estimate] = []
    companies = 0
    for figures in found:
        gaps = np.array([own - shares[name] for name, own in figures.share.items() if name in shares])
        try:
            paired = Paired.of(gaps[np.isfinite(gaps)], level)
        except MethodError as exc:
            problems.append(exc)
            continue
        numbers = (paired.mean, paired.low, paired.high)
        if not estimates:
            companies = paired.n
            first = judged(
                claim.rule(), "main", "percent_points", numbers, tolerance=tolerance, what=figures.source
            )
        else:
            first = Estimate("main", "percent_points", *numbers, None, figures.source)
        limits = (paired.mean, paired.agree_low, paired.agree_high)
        estimates += [first, Estimate("main", "percent_points", *limits, None, say("agreement"))]
    if not estimates:
        raise problems[0]
    notes = [note for figures in found for note in figures.notes]
    if data.records is not None and "rating" in data.records.contacts and of_ratings not in used:
        notes.append(say("ratings_not_used"))
    return Evidence(tuple(estimates), n, companies, say("form_paired"), notes=tuple(notes))


def of_table(data: ClaimData) -> OwnFigures | None:
    """Return the shares of a table beside the survey; None where there is none.

    Raises
    ------
    MethodError
        When a share is none, or a company stands in several rows.
    """
    table = data.table_with("company", "csat_rate")
    if table is None:
        return None
    rate, names = table.number("csat_rate"), table.factor("company").texts()
    if np.nanmax(rate, initial=0.0) <= 1:
        rate = 100 * rate
    if ((rate < 0) | (rate > 100)).any():
        raise MethodError("a satisfied share lies from 0 to 100 percent", value=float(np.nanmax(rate)))
    used = [(name, value) for name, value in zip(names, rate.tolist(), strict=True) if name]
    twice = sorted({name for name, _ in used if sum(name == other for other, _ in used) > 1})
    if twice:
        raise MethodError("a company stands in several rows of the table", value=", ".join(twice[:5]))
    return OwnFigures(dict(used), say("own_of_table"))


def of_ratings(data: ClaimData) -> OwnFigures | None:
    """Return the shares of satisfied ratings in the service records; None where they have no ratings.

    Raises
    ------
    MethodError
        When the scale of the ratings is not known, or is in doubt.
    """
    frame = None if data.records is None else data.records.contacts
    if frame is None or "rating" not in frame:
        return None
    ratings = frame["rating"].to_numpy(np.float64)
    if not np.isfinite(ratings).any():
        return None
    scale = rating_scale(data)
    if scale is None:
        raise MethodError(
            "the scale of the ratings in the records is not known, by the map or by --given rating_scale"
        )
    doubt = scale.doubt(ratings)
    if doubt is not None and doubt[0] == "outside":
        raise MethodError("a rating in the records lies outside of the stated scale", value=f"{doubt[1]:g}")
    if doubt is not None:
        raise MethodError(
            "nobody gave the best rating of the stated scale: the scale is in doubt", value=f"{doubt[1]:g}"
        )
    name = next((column for column in ("company", "company_id") if column in frame), None)
    if name is None:
        raise MethodError("the records do not say which company a contact is of")
    given = np.isfinite(ratings)
    spelled = _names_by_id(data) if name == "company_id" else {}
    companies = frame[name].to_numpy(dtype=object)[given]
    flags = scale.flags(ratings[given])
    names, codes = np.unique(companies.astype(str), return_inverse=True)
    n = np.bincount(codes)
    shares = 100 * np.bincount(codes, flags) / n
    own = {
        spelled.get(str(one), str(one)): float(share)
        for one, share, count in zip(names, shares, n, strict=True)
        if one and count >= FEWEST_RATINGS
    }
    note = say(
        "ratings_used",
        n=int(given.sum()),
        of=int(given.size),
        low=scale.low,
        high=scale.high,
        first=scale.satisfied[0],
        last=scale.satisfied[1],
        fewest=FEWEST_RATINGS,
    )
    return OwnFigures(own, say("own_of_ratings"), (note,))


def rating_scale(data: ClaimData) -> RatingScale | None:
    """Return the scale of the ratings: what the user states, else what the map says; None for neither.

    Raises
    ------
    MethodError
        When what the user states is no scale.
    """
    if "rating_scale" in data.given:
        return RatingScale.of_texts(data.given["rating_scale"], data.given["rating_satisfied"])
    return None if data.records is None else data.records.rating_scale


def _names_by_id(data: ClaimData) -> dict[str, str]:
    """Return names of companies by their id, as the interviews have both."""
    if data.responses is None or data.responses.company_id is None:
        return {}
    ids: Factor = data.responses.company_id
    pairs = np.unique(np.stack([ids.codes, data.responses.company.codes]), axis=1).T
    return {
        ids.names[own]: data.responses.company.names[company]
        for own, company in pairs.tolist()
        if own >= 0 and company >= 0
    }


def _survey_shares(data: ClaimData) -> tuple[dict[str, float], int]:
    """Return the share of satisfied answers to the overall question by company, and how many answered."""
    responses = data.responses
    if responses is None or OVERALL not in responses.outcomes:
        raise MethodError("the survey has no overall question")
    scale = responses.outcome_scales[OVERALL]
    if scale.satisfied_from is None:
        raise MethodError("the scale of the overall question does not say who is satisfied")
    codes = responses.outcomes[OVERALL]
    values = np.asarray(scale.values, dtype=np.float64)
    known = codes < values.size
    satisfied = (values[np.where(known, codes, 0)] >= scale.satisfied_from).astype(np.float64)
    rows = known & (data.company >= 0)
    weight = np.ones(data.n) if data.weight is None else data.weight
    names = responses.company.names
    total = np.bincount(data.company[rows], weight[rows], minlength=len(names))
    sums = np.bincount(data.company[rows], (weight * satisfied)[rows], minlength=len(names))
    shares = {
        name: 100 * float(part) / float(whole)
        for name, part, whole in zip(names, sums, total, strict=True)
        if whole > 0
    }
    return shares, int(rows.sum())
