"""How the fieldwork of a study went: outcome rates over all its cases, interviewers, interviewer effect."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from satsurvey.errors import shorten
from satsurvey.intake.evidence import Evidence, count
from satsurvey.intake.interviewers import (
    InterviewerEffect,
    InterviewerRow,
    interviewer_rows,
    interviewer_table,
    intra_interviewer_correlation,
)
from satsurvey.intake.outcomes import OutcomeRates, classifier, final_outcomes, outcome_class, outcome_rates
from satsurvey.intake.responses import Responses

__all__ = [
    "Fieldwork",
    "InterviewerEffect",
    "InterviewerRow",
    "OutcomeRates",
    "fieldwork",
    "final_outcomes",
    "interviewer_table",
    "intra_interviewer_correlation",
    "outcome_class",
    "outcome_rates",
]

_SCREENED_OUT = "4.7"
_NO_LOST_CASE = {"not_completed", "screened_out", "blank_row", "total_row", "repeated_heading"}


@dataclass(frozen=True)
class Fieldwork:
    """The fieldwork of a study: outcome rates, interviewers, and the interviewer effect.

    `outcome` is None when the export has no dispositions; `notes` then says so.
    """

    outcome: OutcomeRates | None
    interviewers: tuple[InterviewerRow, ...]
    effect: InterviewerEffect | None
    notes: tuple[str, ...] = ()


def fieldwork(
    responses: Responses,
    *,
    e: float | None = None,
    classes: Mapping[str, str] | None = None,
) -> Fieldwork:
    """Describe the fieldwork from the interviews used and the cases set aside as not completed.

    Parameters
    ----------
    responses
        The interviews; the outcomes of the other cases stand in their ledger.
    e
        As for `outcome_rates`.
    classes
        The study's own texts for outcomes, as for `outcome_class`; they come before those that the instrument
        declares for its disposition.

    Notes
    -----
    An outcome of the interviews used that belongs to no class counts as complete, since the study says which
    outcomes are completed; a note names it. Rows screened out count as having no eligible respondent (4.7)
    unless their detail is an outcome. Rows set aside for another reason have no outcome and are not counted;
    a note gives their number.
    """
    role = responses.instrument.roles.get("disposition")
    declared = {
        text: "I" if code == "completed" else code
        for code, texts in (role.values if role else {}).items()
        for text in texts
    }
    classes = {**declared, **(classes or {})}
    evidence = Evidence(responses, today=None, company_min_n=1, industry_min_companies=1)
    interviewer, disposition = responses.factors.get("interviewer"), responses.factors.get("disposition")
    effect = (
        None if interviewer is None else intra_interviewer_correlation(evidence.answers.mean, interviewer)
    )
    interviewers = interviewer_rows(evidence)
    notes = [] if interviewer is not None else ["the export has no column for interviewer"]
    if disposition is None:
        notes.append("the export has no column for disposition, so there are no outcome rates")
        return Fieldwork(None, interviewers, effect, tuple(notes))
    classify = classifier(classes)
    # What the study counts as completed is complete, whatever it is called.
    own_words = {name: "I" for name in disposition.names if name and classify(name) is None}
    classes |= own_words
    names = (*disposition.names, "1.1")
    codes = [names[code] for code in disposition.codes.tolist()]
    texts = responses.texts.get("case_id")
    cases = [""] * len(codes) if texts is None else [case or "" for case in texts.to_pylist()]
    others = [row for row in responses.ledger.unused if row.reason in {"not_completed", "screened_out"}]
    for row in others:
        cases.append(row.case_id)
        ineligible = row.reason == "screened_out" and classify(row.detail) is None
        codes.append(_SCREENED_OUT if ineligible else row.detail)
    final = final_outcomes(cases, codes, classes=classes)
    if own_words:
        shown = ", ".join(f"'{shorten(name, 20)}'" for name in list(own_words)[:5])
        more = f" and {len(own_words) - 5} more" if len(own_words) > 5 else ""
        notes.append(f"outcomes of the interviews used count as complete: {shown}{more}")
    if len(final) < len(codes):
        notes.append(
            f"{count(len(codes), 'rows')} are {count(len(final), 'cases')}; the strongest outcome of each "
            "counts"
        )
    elif texts is None:
        notes.append("every row counts as a case of its own, since the export has no column for case_id")
    reasons = Counter(row.reason for row in responses.ledger.unused)
    lost = sum(n for reason, n in reasons.items() if reason not in _NO_LOST_CASE)
    if lost:
        notes.append(f"{count(lost, 'rows')} set aside for other reasons are not among the cases")
    return Fieldwork(outcome_rates(final, e=e, classes=classes), interviewers, effect, tuple(notes))
