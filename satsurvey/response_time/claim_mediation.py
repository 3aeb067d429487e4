"""How much of what response time does goes through the solution: paths beside the test on speed alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from satsurvey.errors import MethodError
from satsurvey.intake.responses import Responses
from satsurvey.regression.mediation import mediation
from satsurvey.regression.tallies import tally
from satsurvey.response_time.claim_data import ClaimData
from satsurvey.response_time.claim_models import WithinCompanies, clusters_of
from satsurvey.response_time.claim_results import Estimate
from satsurvey.response_time.design import held_columns, independent
from satsurvey.response_time.outcomes import outcome_of
from satsurvey.response_time.words import Sentence, say
from satsurvey.scoring.interviews import interview_scores

Floats = NDArray[np.float64]

SOLUTION = "C"
"""The dimension of response and solution."""
OVERALL = "O1"
LEAST_ASKED = 0.5
"""Of the interviews that must have an answer to the overall question, or the other dimensions are used."""
FEWEST_ROWS = 60


def through_solution(data: ClaimData) -> tuple[tuple[Estimate, ...], tuple[Sentence, ...]]:
    """Divide the slope of time into what goes through dimension C and what does not.

    Returns
    -------
    estimates
        Slopes per log unit of time: total, with C held, and through C; none where the data do not allow it.
    notes
        What was explained, and the caution; or why there is nothing.

    Notes
    -----
    The total contains C: a part of any effect on it would go through C by arithmetic alone. What is
    explained is therefore the overall question O1 where half of the interviews or more answer it, else the
    total of the other dimensions. Every company has its own intercept: one that is good at everything has a
    better C and a better outcome without any path between them. Whether the matter was resolved is not held:
    it stands on the way, too.
    """
    if data.responses is None:
        return (), (say("mediation_none"),)
    outcome, what = _outcome(data.responses)
    if outcome is None:
        return (), (say("mediation_none"),)
    rows = data.rows
    solution = data.at_rows(outcome_of(data.responses, f"dimension:{SOLUTION}").scores)
    explained = data.at_rows(outcome)
    known = np.isfinite(solution) & np.isfinite(explained)
    if int(known.sum()) < FEWEST_ROWS:
        return (), (say("mediation_few", n=int(known.sum()), fewest=FEWEST_ROWS),)
    chosen = rows.take(known)
    time = np.log1p(chosen.time_s)
    design = {"time": time, "solution": solution[known]}
    controls = {name: value for name, value in chosen.controls.items() if name != "resolved"}
    held = held_columns(controls, design).columns
    clusters, several = clusters_of(chosen.company.codes.astype(np.int64))
    result = explained[known]
    if several > 1:
        inside = WithinCompanies(clusters, chosen.weight)
        design = {name: inside(column) for name, column in design.items()}
        held = {name: inside(column) for name, column in held.items()}
        held = {name: held[name] for name in independent(held, design)}
        result = inside(result)
    try:
        found = mediation(
            tally({**design, **held}, result, clusters, weights=chosen.weight),
            cause="time",
            mediator="solution",
            level=data.settings.level,
        )
    except MethodError:
        return (), (say("mediation_not"),)
    names = data.responses.instrument.dimensions
    text = next(one.text for one in names if one.code == SOLUTION)
    dimension = say("named", zh=text.get("zh"), en=text.get("en"))
    estimates = tuple(
        Estimate("main", "points_per_log_unit", *found.path(path), what=say(f"path_{path}", what=what))
        for path in ("total", "direct", "indirect")
    )
    notes = (
        say("mediation_of", what=what, n=found.rows, dimension=dimension),
        say("mediation_caution"),
    )
    return estimates, notes


def _outcome(responses: Responses) -> tuple[Floats | None, Sentence]:
    """Return what is explained and its name; None where the instrument has no C, or nothing beside it."""
    codes = responses.instrument.dimension_codes
    if SOLUTION not in codes:
        return None, say("overall_question")
    if OVERALL in responses.outcomes:
        overall = outcome_of(responses, f"outcome:{OVERALL}").scores
        if np.isfinite(overall).mean() >= LEAST_ASKED:
            return overall, say("overall_question")
    if len(codes) < 2:
        return None, say("overall_question")
    return interview_scores(responses).without(SOLUTION), say("other_dimensions")
