"""The check of an export: every rule run on the responses, and the report of all that was found at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from satsurvey.intake import answer_checks, company_checks, fieldwork_checks
from satsurvey.intake.evidence import Evidence, Outcome
from satsurvey.intake.findings import Finding, Severity
from satsurvey.intake.ledger import Ledger
from satsurvey.intake.responses import Responses
from satsurvey.intake.unused_rows import unused_rows

_ORDER: Mapping[Severity, int] = MappingProxyType({"error": 0, "warning": 1, "note": 2})

RULES: Mapping[str, Callable[[Evidence], Outcome]] = MappingProxyType(
    {
        "duplicate_id": fieldwork_checks.duplicate_id,
        "duplicate_answers": answer_checks.duplicate_answers,
        "filter_violation": answer_checks.filter_violation,
        "unanswered_when_asked": answer_checks.unanswered_when_asked,
        "straight_lining": answer_checks.straight_lining,
        "scale_suspect": answer_checks.scale_suspect,
        "constant_item": answer_checks.constant_item,
        "top_code_share": answer_checks.top_code_share,
        "short_interview": fieldwork_checks.short_interview,
        "short_against_median": fieldwork_checks.short_against_median,
        "impossible_duration": fieldwork_checks.impossible_duration,
        "impossible_date": fieldwork_checks.impossible_date,
        "overlapping_interviews": fieldwork_checks.overlapping_interviews,
        "interviewer_effect": fieldwork_checks.interviewer_effect,
        "dont_know_share": fieldwork_checks.dont_know_share,
        "extreme_weight": fieldwork_checks.extreme_weight,
        "company_in_two_industries": company_checks.company_in_two_industries,
        "company_id_with_two_names": company_checks.company_id_with_two_names,
        "company_name_with_two_ids": company_checks.company_name_with_two_ids,
        "company_spelled_two_ways": company_checks.company_spelled_two_ways,
        "small_company": company_checks.small_company,
        "small_industry": company_checks.small_industry,
    }
)
"""The rules by name, in the order in which they run; defects of single cells are found while reading."""


@dataclass(frozen=True)
class CheckReport:
    """All that is doubtful about an export; nothing was changed or left out because of it.

    Attributes
    ----------
    findings
        Findings of reading and of the rules, errors first, then warnings, then notes.
    rows_checked
        Interviews that the rules looked at: the rows used.
    ledger
        The account of all rows, also of those that were not used.
    notes
        Decisions taken while reading and checking, in words.
    rules_run
        The rules that could be applied, with or without a finding.
    rules_not_run
        The rules that could not be applied, with the reason.
    """

    findings: tuple[Finding, ...]
    rows_checked: int
    ledger: Ledger
    notes: tuple[str, ...] = ()
    rules_run: tuple[str, ...] = ()
    rules_not_run: Mapping[str, str] = field(default_factory=dict)

    def to_records(self) -> list[dict[str, object]]:
        """Return one record per row and finding, for CSV and JSON.

        Returns
        -------
        list of dict
            `file`, `sheet`, `row` (None where the finding is about no single row), `column`, `letter`,
            `value`, `rule`, `severity`, `what`, `do`.
        """
        return [
            {
                "file": finding.file,
                "sheet": finding.sheet,
                "row": row,
                "column": finding.column,
                "letter": finding.letter,
                "value": finding.values[place] if finding.values else finding.value,
                "rule": finding.rule,
                "severity": finding.severity,
                "what": finding.what,
                "do": finding.do,
            }
            for finding in self.findings
            for place, row in enumerate(finding.rows.tolist() or [None])
        ]

    def grouped(self) -> list[dict[str, object]]:
        """Return one record per finding: as in `to_records`, with `n` rows and the first five in `rows`."""
        return [
            {
                "rule": finding.rule,
                "severity": finding.severity,
                "n": finding.n,
                "file": finding.file,
                "sheet": finding.sheet,
                "column": finding.column,
                "letter": finding.letter,
                "value": finding.value,
                "rows": finding.rows[:5].tolist(),
                "what": finding.what,
                "do": finding.do,
            }
            for finding in self.findings
        ]


_DOUBTFUL = frozenset(
    {
        *("duplicate_id", "duplicate_answers", "straight_lining", "filter_violation", "short_interview"),
        *("impossible_duration", "impossible_date", "overlapping_interviews"),
    }
)


def check(
    responses: Responses,
    *,
    today: date | None = None,
    company_min_n: int | None = None,
    industry_min_companies: int | None = None,
) -> CheckReport:
    """Run every rule on the responses and report all findings at once; nothing is changed or left out.

    Parameters
    ----------
    responses
        The interviews used; findings of reading travel with them and enter the report.
    today
        Dates after this day are reported; without it, dates in the future are not looked for.
    company_min_n, industry_min_companies
        Interviews per company and companies per industry that a published score needs; by default those of
        the study file, else of the instrument.

    Returns
    -------
    CheckReport
        Bad data gives findings, never an exception; a rule that the instrument or the export has nothing for
        is listed in `rules_not_run`.

    Examples
    --------
    >>> report = check(responses)  # doctest: +SKIP
    >>> [(finding.rule, finding.n) for finding in report.findings]  # doctest: +SKIP
    [('straight_lining', 31), ('filter_violation', 12)]
    """
    own, study = responses.instrument.scoring, responses.scoring
    evidence = Evidence(
        responses,
        today,
        _first(company_min_n, study.company_min_n, own.company_min_n),
        _first(industry_min_companies, study.industry_min_companies, own.industry_min_companies),
    )
    findings = [*responses.findings, *unused_rows(responses)]
    rules_run: list[str] = []
    rules_not_run: dict[str, str] = {}
    for name, rule in RULES.items():
        outcome: Outcome = rule(evidence) if len(responses) else "there is no interview to check"
        if isinstance(outcome, str):
            rules_not_run[name] = outcome
        else:
            rules_run.append(name)
            findings.extend(outcome)
    notes = list(responses.notes)
    if today is None and "impossible_date" in rules_run:
        notes.append("dates in the future were not looked for, since no date of today was given")
    findings.sort(key=_arrangement(findings))
    return CheckReport(
        tuple(findings), len(responses), responses.ledger, tuple(notes), tuple(rules_run), rules_not_run
    )


def doubtful_interviews(report: CheckReport, responses: Responses) -> NDArray[np.bool_]:
    """Mark the interviews that a rule about single interviews flags, for showing results without them.

    Returns
    -------
    bool array of shape (interviews,)
        Duplicates, straight lines, impossible or overlapping times, short interviews, answers that the
        filters exclude. Nothing is dropped by this.
    """
    marked = np.zeros(len(responses), dtype=np.bool_)
    for index, source in enumerate(responses.files):
        here = responses.file == index
        rows = [
            finding.rows
            for finding in report.findings
            if finding.rule in _DOUBTFUL
            and (finding.file, finding.sheet) == (source.name, source.sheet or "")
        ]
        if rows:
            marked |= here & np.isin(responses.row, np.concatenate(rows))
    return marked


def _arrangement(findings: Sequence[Finding]) -> Callable[[Finding], tuple[object, ...]]:
    """Arrange findings: the worst first, of these the rule with most rows; then by file and column."""
    rows = Counter[str]()
    for finding in findings:
        rows[finding.rule] += finding.n

    def key(finding: Finding) -> tuple[object, ...]:
        place = (finding.file, finding.sheet, len(finding.letter), finding.letter)
        return (_ORDER[finding.severity], -rows[finding.rule], finding.rule, *place)

    return key


def _first(*values: int | None) -> int:
    return next(value for value in values if value is not None)
