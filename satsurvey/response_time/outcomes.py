"""What is explained: the total, a dimension, an item or an outcome, interview by interview."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from satsurvey.errors import MethodError
from satsurvey.intake.responses import Responses
from satsurvey.scoring.interviews import interview_scores, item_scores, outcome_scores

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Outcome:
    """An outcome of every interview.

    Attributes
    ----------
    scores
        0-100, NaN where there is none.
    answers
        As given, where the outcome is one question; else None.
    top
        The highest score that can be given.
    notes
        What must be known of it.
    """

    scores: Floats
    answers: Floats | None
    top: float
    notes: tuple[str, ...] = ()


def outcome_of(responses: Responses, name: str) -> Outcome:
    """Return an outcome by its name: `total`, `dimension:A`, `item:A1`, `outcome:O1`.

    Raises
    ------
    MethodError
        When there is none of this name; the message lists those there are.
    """
    instrument = responses.instrument
    kind, _, code = name.partition(":")
    if name == "total":
        items = [item.code for item in instrument.items]
        if len(items) == 1:
            return Outcome(*item_scores(responses, items[0]), 100.0)
        return Outcome(interview_scores(responses).total, None, 100.0)
    if kind == "dimension" and code in instrument.dimension_codes:
        items = [item.code for item in instrument.items_of(code)]
        if len(items) == 1:
            return Outcome(*item_scores(responses, items[0]), 100.0)
        return Outcome(interview_scores(responses).dimensions[code], None, 100.0)
    if kind == "item" and code in instrument.item_codes:
        return Outcome(*item_scores(responses, code), 100.0)
    if kind == "outcome" and code in responses.outcomes:
        return Outcome(*outcome_scores(responses, code), 100.0)
    raise MethodError(
        "there is no such outcome",
        value=name,
        expected=", ".join(_known(responses)),
        next_step="name one of these",
    )


def _known(responses: Responses) -> list[str]:
    instrument = responses.instrument
    return [
        "total",
        *(f"dimension:{code}" for code in instrument.dimension_codes),
        *(f"item:{code}" for code in instrument.item_codes if code not in responses.absent_items),
        *(f"outcome:{code}" for code in responses.outcomes),
    ]
