"""Service records as tables: what times mean, what was found in the rows, and the figures made of them."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from satsurvey.instrument.model import Language
from satsurvey.intake.findings import Finding
from satsurvey.intake.personal_data import mask_personal_data
from satsurvey.report.catalogue import rule_name, translated
from satsurvey.report.cells import Column
from satsurvey.report.labels import label
from satsurvey.report.layout import Table
from satsurvey.report.notes import ledger_line
from satsurvey.report.record_figures import figure_table, group_table
from satsurvey.service.kpis import Kpis
from satsurvey.service.records import METRICS, ServiceRecords

FIRST_ROWS = 5


def record_tables(records: ServiceRecords, figures: Kpis, language: Language) -> list[Table]:
    """Build what was read, what was found, and the figures over all and by group."""
    tables = [clock_table(records, language)]
    if records.findings:
        tables.append(finding_table(records.findings, language))
    tables.append(figure_table(figures, language))
    if figures.by and len(figures.frame):
        tables.append(group_table(figures, language))
    return tables


def clock_table(records: ServiceRecords, language: Language) -> Table:
    """Build what each length of time means, with the account of the rows below it."""
    at = 0 if language == "zh" else 1
    known = {metric: int(records.contacts[metric].notna().sum()) for metric in records.definitions}
    rows = tuple(
        (
            METRICS[metric][at],
            known[metric],
            definition.text(language).partition("：" if at == 0 else ": ")[2],
        )
        for metric, definition in records.definitions.items()
    )
    notes = [translated(note, language) for note in records.notes]
    return Table(
        "时长的口径" if language == "zh" else "What the times mean",
        (
            Column("metric", "时长", "Time", align="left"),
            Column("n", "有值", "Known", "integer"),
            Column("definition", "口径", "Definition", align="left"),
        ),
        rows,
        (*notes, ledger_line(records.ledger, language)),
        language=language,
    )


def finding_table(findings: Iterable[Finding], language: Language) -> Table:
    """Build what is doubtful in the records: a row for each rule and column, with its first rows."""
    together: dict[tuple[str, ...], list[Finding]] = {}
    for found in findings:
        key = (found.rule, found.file, found.sheet, found.letter, found.column, found.what, found.do)
        together.setdefault(key, []).append(found)
    rows = []
    for parts in together.values():
        found = parts[0]
        places = np.unique(np.concatenate([part.rows for part in parts]))
        first = ", ".join(map(str, places[:FIRST_ROWS].tolist())) + (" …" if places.size > FIRST_ROWS else "")
        place = f"{found.letter} {found.column}".strip()
        rows.append(
            (
                label(found.severity, language),
                rule_name(found.rule, language),
                f"{found.file}: {place}" if place and found.file else place or found.file,
                _values([part.value for part in parts], language),
                int(places.size) or None,
                first,
                translated(found.what, language),
                translated(found.do, language),
            )
        )
    return Table(
        "记录中的问题" if language == "zh" else "Doubtful in the records",
        (
            Column("severity", "程度", "Severity", align="left"),
            Column("rule", "规则", "Rule", align="left"),
            Column("place", "位置", "Where", align="left"),
            Column("value", "内容", "Value", align="left", optional=1),
            Column("n_rows", "行数", "Rows", "integer"),
            Column("rows", "前几行", "First rows", align="left"),
            Column("what", "问题", "What", align="left"),
            Column("do", "处理", "What to do", align="left"),
        ),
        tuple(rows),
        language=language,
    )


def _values(values: list[str], language: Language) -> str:
    first = mask_personal_data(values[0])[0]
    if len(values) == 1:
        return first
    return f"{first} 等 {len(values)} 种" if language == "zh" else f"{first} and {len(values) - 1} more"
