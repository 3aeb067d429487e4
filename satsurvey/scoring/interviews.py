"""Scores of single interviews: what one respondent's answers come to on 0-100, by the study's own scoring."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from satsurvey.errors import MethodError
from satsurvey.intake.responses import Responses
from satsurvey.scoring.estimates import plan_of
from satsurvey.scoring.method import ScoringMethod
from satsurvey.scoring.rescale import item_level_scores, level_scores
from satsurvey.scoring.tally import by_respondent
from satsurvey.scoring.units import Units

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class InterviewScores:
    """Scores of single interviews, float64 0-100 in the order of the responses; NaN where there is none.

    Attributes
    ----------
    total
        Weighted mean of the dimensions that the respondent has.
    dimensions
        By code: weighted mean of the items answered, where there are enough.
    method
        The conversion, weights and least numbers of items.
    weights
        Of the dimensions in the total, by code; they sum to 1.
    """

    total: Floats
    dimensions: Mapping[str, Floats]
    method: ScoringMethod
    weights: Mapping[str, float]

    def without(self, code: str) -> Floats:
        """Return the total of the other dimensions, which share the weight of the one that is left out."""
        sums, share = np.zeros(self.total.size), np.zeros(self.total.size)
        for name, scores in self.dimensions.items():
            if name != code:
                has = np.isfinite(scores)
                sums += self.weights[name] * np.where(has, scores, 0.0)
                share += self.weights[name] * has
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(share > 0, sums / share, np.nan)


def interview_scores(responses: Responses, **choices: Any) -> InterviewScores:
    """Score every interview by itself.

    Parameters
    ----------
    responses
        Interviews and instrument.
    **choices
        Any attribute of `ScoringMethod`, in place of what study and instrument say.

    Raises
    ------
    MethodError
        When the conversion or the weights cannot be used.

    Notes
    -----
    The weights of items and dimensions are those of the published score. Where the instrument leaves items
    out for a respondent, the others share their weight.
    """
    method = ScoringMethod.of(responses.instrument, responses.scoring, choices)
    units = Units.of(responses)
    plan, _, _ = plan_of(responses, units, method)
    scores = by_respondent(responses, units, plan, method)
    codes = responses.instrument.dimension_codes
    dimensions = dict(zip(codes, scores[:-1], strict=True))
    weights = dict(zip(codes, plan.dimension_weights.tolist(), strict=True))
    return InterviewScores(scores[-1], dimensions, method, weights)


def item_scores(responses: Responses, code: str) -> tuple[Floats, Floats]:
    """Return the answers to one item as scores 0-100 and as they were given; NaN where there is none.

    Of a reverse item the answers are turned (min + max - x), as its score is.
    """
    instrument = responses.instrument
    place = instrument.item_codes.index(code)
    method = ScoringMethod.of(instrument, responses.scoring)
    scores = item_level_scores(instrument, responses.scales, method.conversion)[place]
    levels = np.asarray(responses.scales[place].values, dtype=np.float64)
    if instrument.items[place].reverse:
        levels = levels[0] + levels[-1] - levels
    return _looked_up(responses.answers[place], scores), _looked_up(responses.answers[place], levels)


def outcome_scores(responses: Responses, code: str) -> tuple[Floats, Floats]:
    """Return the answers to a rated question outside the index as scores 0-100 and as they were given.

    Notes
    -----
    Where the study's conversion does not fit the scale of the outcome, `min_max` is used: its scores are
    compared with nothing but themselves.
    """
    method = ScoringMethod.of(responses.instrument, responses.scoring)
    scale = responses.outcome_scales[code]
    try:
        scores = level_scores(scale, method.conversion)
    except MethodError:
        scores = level_scores(scale, "min_max")
    levels = np.asarray(scale.values, dtype=np.float64)
    return _looked_up(responses.outcomes[code], scores), _looked_up(responses.outcomes[code], levels)


def _looked_up(answers: NDArray[np.uint8], values: Floats) -> Floats:
    table = np.full(256, np.nan)
    table[: values.size] = values
    return np.asarray(table[answers])
