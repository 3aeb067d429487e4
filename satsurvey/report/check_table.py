"""The table of what the checks found, grouped and counted."""

from __future__ import annotations

from satsurvey.instrument.model import Language
from satsurvey.intake.checks import CheckReport
from satsurvey.report.catalogue import rule_name, translated
from satsurvey.report.cells import printable
from satsurvey.report.labels import label
from satsurvey.report.layout import Table, named_column
from satsurvey.report.notes import ledger_line


def check_table(report: CheckReport, language: Language) -> Table:
    """Build the table of findings: severity, rule, place, value, rows concerned, and what to do."""
    columns = (
        named_column("severity", "text"),
        named_column("rule", "text"),
        named_column("place", "text"),
        named_column("value", "text"),
        named_column("n_rows", "integer"),
        named_column("first_rows", "text"),
        named_column("what", "text", width=48),
        named_column("do", "text", width=36),
    )
    rows = []
    for finding in report.findings:
        place = " ".join(filter(None, (finding.sheet, finding.letter, finding.column)))
        first = ", ".join(str(row) for row in finding.rows[:5].tolist()) + (" …" if finding.n > 5 else "")
        rows.append(
            (
                label(finding.severity, language),
                rule_name(finding.rule, language),
                printable(place),
                printable(finding.value),
                finding.n or None,
                first,
                printable(translated(finding.what, language)),
                printable(translated(finding.do, language)),
            )
        )
    nothing = () if rows else (label("nothing_found", language),)
    colon = "：" if language == "zh" else ": "
    not_run = tuple(
        f"{label('not_run', language)}{rule_name(name, language)}{colon}{translated(why, language)}"
        for name, why in report.rules_not_run.items()
    )
    return Table(
        label("title_check", language),
        columns,
        tuple(rows),
        (
            *nothing,
            *(translated(note, language) for note in report.notes),
            *not_run,
            ledger_line(report.ledger, language),
        ),
        language=language,
    )
