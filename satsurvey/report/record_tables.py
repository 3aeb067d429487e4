"""Service records as tables: what times mean, what was found in the rows, and the figures made of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from satsurvey.instrument.model import Language
from satsurvey.intake.findings import Finding
from satsurvey.intake.personal_data import mask_personal_data
from satsurvey.report.catalogue import rule_name, translated
from satsurvey.report.cells import ABSENT, Column, figure_text
from satsurvey.report.labels import label
from satsurvey.report.layout import Table
from satsurvey.report.notes import ledger_line
from satsurvey.service.kpi_formulas import KPI_METRICS, STATISTICS, formula_text
from satsurvey.service.kpis import Kpis
from satsurvey.service.records import METRICS, ServiceRecords

MOST_GROUPS = 12
"""So many groups are shown in a table for people; the other forms have all of them."""
FIRST_ROWS = 5


def record_tables(records: ServiceRecords, figures: Kpis, language: Language) -> list[Table]:
    """Build what was read, what was found, and the figures over all and by group."""
    tables = [clock_table(records, language)]
    if records.findings:
        tables.append(finding_table(records.findings, language))
    tables.append(figure_table(figures, language, overall=True))
    if figures.by and len(figures.frame):
        tables.append(figure_table(figures, language))
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
    """Build what is doubtful in the records, with the first rows of each."""
    rows = []
    for found in findings:
        first = ", ".join(map(str, found.rows[:FIRST_ROWS].tolist())) + (" …" if found.n > FIRST_ROWS else "")
        place = f"{found.letter} {found.column}".strip() or found.file
        rows.append(
            (
                label(found.severity, language),
                rule_name(found.rule, language),
                place,
                mask_personal_data(found.value)[0],
                found.n,
                first,
                translated(found.what, language),
            )
        )
    return Table(
        "记录中的问题" if language == "zh" else "Doubtful in the records",
        (
            Column("severity", "程度", "Severity", align="left"),
            Column("rule", "规则", "Rule", align="left"),
            Column("place", "列", "Column", align="left"),
            Column("value", "内容", "Value", align="left", optional=1),
            Column("n_rows", "行数", "Rows", "integer"),
            Column("rows", "前几行", "First rows", align="left"),
            Column("what", "问题", "What", align="left", optional=2),
        ),
        tuple(rows),
        language=language,
    )


def figure_table(figures: Kpis, language: Language, *, overall: bool = False) -> Table:
    """Build the figures, over all contacts or by group; times in seconds, rates in per cent."""
    at = 0 if language == "zh" else 1
    frame = figures.overall if overall else figures.frame
    by = () if overall else figures.by
    notes = [translated(note, language) for note in figures.notes] if overall else []
    if by:
        groups = frame[list(by)].drop_duplicates()
        if len(groups) > MOST_GROUPS:
            frame = frame.merge(groups.head(MOST_GROUPS), on=list(by))
            notes.append(
                f"共 {len(groups):,} 组，只列出前 {MOST_GROUPS} 组；--format csv 有全部"
                if language == "zh"
                else f"The first {MOST_GROUPS} of {len(groups):,} groups; --format csv has all"
            )
    rows = []
    for row in frame.itertuples(index=False, name=None):
        one: dict[str, Any] = dict(zip(frame.columns, row, strict=True))
        rows.append(
            (
                *(str(one[name]) for name in by),
                KPI_METRICS[one["metric"]][at],
                STATISTICS[one["statistic"]][at],
                _figure(one["value"], one["unit"]),
                _interval(one),
                int(one["n"]),
                int(one["n_censored"]),
                int(one["n_missing"]),
                formula_text(one["formula"], language, figures.method) + _target(one["target_s"], language),
            )
        )
    return Table(
        ("指标" if overall else "分组指标")
        if language == "zh"
        else ("Figures" if overall else "Figures by group"),
        (
            *(Column(name, *_heading(name), align="left") for name in by),
            Column("metric", "指标", "Metric", align="left"),
            Column("statistic", "统计量", "Statistic", align="left"),
            Column("value", "数值", "Value"),
            Column("interval", "区间", "Interval", optional=1),
            Column("n", "联系数", "Contacts", "integer"),
            Column("n_censored", "删失", "Censored", "integer", optional=2),
            Column("n_missing", "缺失", "Missing", "integer", optional=3),
            Column("formula", "算法", "Formula", align="left", optional=4),
        ),
        tuple(rows),
        tuple(notes),
        language=language,
    )


def _heading(name: str) -> tuple[str, str]:
    return label(name, "zh"), label(name, "en")


def _target(seconds: float, language: Language) -> str:
    if pd.isna(seconds):
        return ""
    return f"；时限 {seconds:g} 秒" if language == "zh" else f"; in time: {seconds:g} s"


def _figure(value: float, unit: str) -> str:
    if pd.isna(value):
        return ABSENT
    if unit == "share":
        return f"{figure_text(100 * value, 1, 'half_up')} %"
    return f"{figure_text(value, 1, 'half_up')} s" if unit == "s" else figure_text(value, 2, "half_up")


def _interval(row: dict[str, Any]) -> str:
    low, high, unit = row["ci_low"], row["ci_high"], str(row["unit"])
    if pd.isna(low) and pd.isna(high):
        return ABSENT
    return f"[{_figure(low, unit)}, {_figure(high, unit)}]"
