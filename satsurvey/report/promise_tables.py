"""Tests of promises as tables and JSON: the verdict, and what it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from satsurvey.benchmarks.promises import READINGS, PromiseTest
from satsurvey.benchmarks.vocabulary import CHANNELS
from satsurvey.instrument.model import Language
from satsurvey.report.benchmark_words import cut_note, value_text
from satsurvey.report.catalogue import translated
from satsurvey.report.cells import ABSENT, Column, figure_text, is_absent
from satsurvey.report.layout import Table
from satsurvey.report.notes import ledger_line
from satsurvey.report.score_json import json_text, plain_data, rows_of

PROMISE_SCHEMA = "satsurvey.promise/1"
MOST_ROWS = 60
"""Rows of a table for people; the other forms have all of them."""
_VERDICTS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "kept": ("做到", "kept"),
        "broken": ("没有做到", "broken"),
        "cannot_be_told": ("无法判断", "cannot be told"),
    }
)
_WHY: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "": ("", ""),
        "interval": ("区间跨过承诺", "the interval holds the promise"),
        "readings_differ": ("取决于没有时间的联系", "rests on contacts without a time"),
        "no_contacts": ("没有联系", "no contacts"),
    }
)
_STATISTICS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {"share": ("占比", "share"), "mean": ("均值", "mean")}
)
_INTERVALS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "wilson": ("Wilson", "Wilson"),
        "wilson_agent": ("Wilson，按坐席聚类", "Wilson between agents"),
        "wilson_company_day": ("Wilson，按企业与日期聚类", "Wilson between company days"),
        "t": ("t", "Student's t"),
        "t_agent": ("t，按坐席聚类", "Student's t between agents"),
        "t_company_day": ("t，按企业与日期聚类", "Student's t between company days"),
    }
)
_GROUPS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "company": ("企业", "Company"),
        "channel": ("渠道", "Channel"),
        "tier": ("客户等级", "Tier"),
        "purpose": ("事由", "Purpose"),
    }
)


def promise_tables(test: PromiseTest, language: Language) -> list[Table]:
    """Build the verdicts, and what they rest on."""
    return [verdict_table(test, language), reading_table(test, language)]


def verdict_table(test: PromiseTest, language: Language) -> Table:
    """Build one verdict per group, with the counts of contacts."""
    at = 0 if language == "zh" else 1
    names = [name for name in test.verdicts.columns if name in test.counts.columns]
    counts = test.counts.set_index(names) if names else test.counts
    rows = []
    for row in test.verdicts.to_dict("records"):
        key = tuple(row[name] for name in names)
        count = counts.loc[key if len(key) > 1 else key[0]] if names else counts.iloc[0]
        rows.append(
            (
                *(_group(row[name], at) for name in names),
                _STATISTICS[str(row["statistic"])][at],
                _VERDICTS[str(row["verdict"])][at],
                _WHY[str(row["why"])][at],
                int(count["n_contacts"]),
                int(count["n_within"]),
                int(count["n_late"] + count["n_waited_longer"]),
                int(count["n_no_time"]),
                int(count["n_not_applicable"] + count["n_impossible"]),
                _needed(row["n_needed"]) if row["verdict"] == "cannot_be_told" else "",
            )
        )
    columns = (
        *(_text(name, *_GROUPS.get(name, (name, name))) for name in names),
        _text("statistic", "承诺的是", "Promised"),
        _text("verdict", "结论", "Verdict"),
        _text("why", "原因", "Why"),
        Column("n_contacts", "联系量", "Contacts", "integer"),
        Column("n_within", "时限内", "Within", "integer"),
        Column("n_late", "超时", "Late", "integer"),
        Column("n_no_time", "无时间", "No time", "integer"),
        Column("n_not_applicable", "不适用", "Not about", "integer"),
        Column("n_needed", "判断所需量", "Needed to tell", "text"),
    )
    title = promise_words(test, language)
    notes = [cut_note(MOST_ROWS, len(rows), language)] if len(rows) > MOST_ROWS else []
    notes += [translated(note, language) for note in test.notes]
    if test.definition is not None:
        notes.append(test.definition.text(language))
    if test.ledger.files:
        notes.append(ledger_line(test.ledger, language))
    return Table(title, columns, tuple(rows[:MOST_ROWS]), tuple(notes), language=language)


def reading_table(test: PromiseTest, language: Language) -> Table:
    """Build every estimate: by reading of the contacts without a time, and by interval."""
    at = 0 if language == "zh" else 1
    names = [name for name in test.verdicts.columns if name in test.counts.columns]
    rows = []
    for row in test.frame.to_dict("records"):
        unit = "%" if row["statistic"] == "share" else "s"
        factor = 100 if unit == "%" else 1
        ends = [
            ABSENT if is_absent(row[end]) else figure_text(float(row[end]) * factor, 1, "half_up")
            for end in ("ci_low", "ci_high")
        ]
        value = (
            ABSENT if is_absent(row["value"]) else value_text(float(row["value"]) * factor, unit, language)
        )
        rows.append(
            (
                *(_group(row[name], at) for name in names),
                _STATISTICS[str(row["statistic"])][at],
                READINGS[str(row["reading"])][at],
                _INTERVALS[str(row["interval"])][at],
                f"{value} [{', '.join(ends)}]",
                int(row["n"]),
                row["n_clusters"],
                row["design_effect"],
                _VERDICTS[str(row["verdict"])][at],
            )
        )
    columns = (
        *(_text(name, *_GROUPS.get(name, (name, name))) for name in names),
        _text("statistic", "承诺的是", "Promised"),
        _text("reading", "没有时间的联系", "Contacts without a time"),
        _text("interval", "区间", "Interval"),
        Column("value", "结果 [区间]", "Found [interval]", "interval"),
        Column("n", "量", "n", "integer"),
        Column("n_clusters", "群数", "Clusters", "integer", optional=1),
        Column("design_effect", "设计效应", "Design effect", "ratio", optional=2, decimals=2),
        _text("verdict", "结论", "Verdict"),
    )
    title = "结论的依据" if language == "zh" else "What the verdict rests on"
    notes = (cut_note(MOST_ROWS, len(rows), language),) if len(rows) > MOST_ROWS else ()
    return Table(title, columns, tuple(rows[:MOST_ROWS]), notes, language=language, decimals=1)


def promise_words(test: PromiseTest, language: Language) -> str:
    """Say the promise in words."""
    limit = value_text(test.within_s, "s", language)
    if test.share is None:
        return f"承诺：均值不超过 {limit}" if language == "zh" else f"Promise: a mean of at most {limit}"
    share = value_text(100 * test.share, "%", language)
    if language == "zh":
        return f"承诺：不低于 {share} 的联系在 {limit}内"
    return f"Promise: at least {share} of contacts within {limit}"


def promise_json(test: PromiseTest, provenance: Mapping[str, object]) -> str:
    """Write the test of a promise as one JSON document."""
    return json_text(
        {
            "schema": PROMISE_SCHEMA,
            "within_s": test.within_s,
            "share": test.share,
            "metric": test.metric,
            "definition": None if test.definition is None else test.definition.to_dict(),
            "verdicts": rows_of(test.verdicts),
            "estimates": rows_of(test.frame),
            "counts": rows_of(test.counts),
            "ledger": plain_data(test.ledger.to_dict()),
            "method": plain_data(test.method),
            "provenance": plain_data(provenance),
            "notes": list(test.notes),
        }
    )


def _text(key: str, zh: str, en: str, *, optional: int = 0) -> Column:
    return Column(key, zh, en, "text", align="left", optional=optional)


def _group(value: object, at: int) -> str:
    return CHANNELS.get(str(value), (str(value), str(value)))[at]


def _needed(value: object) -> str:
    return ABSENT if is_absent(value) else f"{int(-(-float(str(value)) // 1)):,}"
