"""Rows that were not used, as findings: what the ledger counts, the checks name row by row."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from satsurvey.intake.findings import Finding, Severity
from satsurvey.intake.responses import Responses

UNUSED_RULES: Mapping[str, tuple[Severity, str, str]] = MappingProxyType(
    {
        "unreadable": (
            "error",
            "these rows could not be told apart into cells",
            "mend quotation marks and delimiters in these rows, or export again; --set-aside writes them out",
        ),
        "no_company": (
            "error",
            "these rows name no company",
            "fill the company in every row (a cell merged over rows leaves the others empty in CSV)",
        ),
        "no_answers": (
            "error",
            "these rows have no legal answer to any item",
            "see whether the scale is the right one (--scale) and which codes stand in the cells",
        ),
        "bad_weight": (
            "error",
            "these rows have a weight that is absent, no number, or not positive",
            "correct the weight, or bind no weight column",
        ),
        "total_row": (
            "note",
            "these rows were taken for totals",
            "if they are interviews, give them an id, or rename what reads like a total",
        ),
    }
)
"""Reasons that take an interview away although it may be one; the others are no interviews."""


def unused_rows(responses: Responses) -> tuple[Finding, ...]:
    """Return one finding per file and reason for the interviews that could not be used."""
    findings: list[Finding] = []
    after = 0
    for count in responses.ledger.files:
        first, after = after, after + count.rows_read - count.rows_used
        rows: dict[str, list[int]] = defaultdict(list)
        for unused in responses.ledger.unused[first:after]:
            if unused.reason in UNUSED_RULES:
                rows[unused.reason].append(unused.row)
        for reason, (severity, what, do) in UNUSED_RULES.items():
            if rows[reason]:
                places = np.array(rows[reason], dtype=np.int64)
                findings.append(
                    Finding(reason, severity, what, do, count.file, count.sheet or "", rows=places)
                )
    return tuple(findings)
