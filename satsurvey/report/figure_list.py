"""The list of published figures as a table and JSON."""

from __future__ import annotations

from collections.abc import Sequence

from satsurvey.benchmarks.figures import Figure, Figures, words_of
from satsurvey.instrument.model import Language
from satsurvey.report.benchmark_lines import said, scope_text
from satsurvey.report.cells import Column
from satsurvey.report.layout import Table
from satsurvey.report.score_json import json_text, plain_data

SCHEMA = "satsurvey.benchmark-figures/1"


def figure_table(chosen: Sequence[Figure], figures: Figures, language: Language) -> Table:
    """Build the list of published figures with source and evidence."""
    at = 0 if language == "zh" else 1
    rows = []
    for figure in chosen:
        words = words_of(figure, figures, language)
        rows.append(
            (
                figure.id,
                words["metric"].partition("/")[0],
                words["channel"],
                words["tier"],
                said(figure, language),
                scope_text(figure, language),
                words["kind"],
                str(figure.year),
                words["evidence"],
                words["note"],
            )
        )
    columns = (
        _text("id", "编号", "Id"),
        _text("metric", "指标", "Metric"),
        _text("channel", "渠道", "Channel"),
        _text("tier", "线", "Line of"),
        Column("value", "数字", "Figure", "text"),
        _text("scope", "范围", "Of what", optional=1),
        _text("kind", "性质", "Kind", optional=3),
        Column("year", "年份", "Year", "text"),
        _text("evidence", "证据", "Evidence"),
        _text("note", "说明", "Note", optional=2),
    )
    mark = "：" if at == 0 else ": "
    notes = tuple(
        f"{source.id}{mark}{source.title.get(language)} ({source.nature.get(language)})"
        for source in figures.sources.values()
        if any(figure.source == source.id for figure in chosen)
    )
    title = "公布的数字" if language == "zh" else "Published figures"
    return Table(title, columns, tuple(rows), notes, language=language)


def figures_json(chosen: Sequence[Figure], figures: Figures) -> str:
    """Write published figures as JSON, with metrics and sources."""
    return json_text(
        {
            "schema": SCHEMA,
            "figures": [plain_data(figure.model_dump()) for figure in chosen],
            "metrics": {
                code: plain_data(figures.metrics[code].model_dump())
                for code in dict.fromkeys(figure.metric for figure in chosen)
            },
            "sources": [plain_data(source.model_dump()) for source in figures.sources.values()],
            "conflicts": [plain_data(conflict.model_dump()) for conflict in figures.conflicts],
        }
    )


def _text(key: str, zh: str, en: str, *, optional: int = 0) -> Column:
    return Column(key, zh, en, "text", align="left", optional=optional)
