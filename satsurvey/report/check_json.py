"""What is wrong with an export, as JSON."""

from __future__ import annotations

from satsurvey.intake.checks import CheckReport
from satsurvey.report.score_json import json_text

SCHEMA = "satsurvey.check/1"


def check_json(report: CheckReport) -> str:
    """Write findings, each of their rows, the rules that ran and the account of the rows as JSON."""
    return json_text(
        {
            "schema": SCHEMA,
            "rows_checked": report.rows_checked,
            "findings": report.grouped(),
            "rows": report.to_records(),
            "rules_run": list(report.rules_run),
            "rules_not_run": dict(report.rules_not_run),
            "ledger": report.ledger.to_dict(),
            "notes": list(report.notes),
        }
    )
