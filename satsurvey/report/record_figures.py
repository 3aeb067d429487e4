"""Figures of service as tables: those of all contacts, and one row per group to compare groups by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from satsurvey.instrument.model import Language
from satsurvey.report.catalogue import translated
from satsurvey.report.cells import ABSENT, Column, Interval, figure_text
from satsurvey.report.durations import DurationUnit, duration_text, duration_unit
from satsurvey.report.layout import Table
from satsurvey.report.rounding import round_text
from satsurvey.service.kpi_formulas import KPI_METRICS, STATISTICS, formula_text
from satsurvey.service.kpis import Kpis
from satsurvey.service.records import CHANNELS, HANDLERS

MOST_GROUPS = 40
"""So many groups are shown in a table for people; the other forms have all of them."""
GROUPS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "company": ("企业", "Company"),
        "company_id": ("企业编号", "Company id"),
        "channel": ("渠道", "Channel"),
        "tier": ("客户等级", "Tier"),
        "purpose": ("事由", "Purpose"),
        "agent_id": ("坐席", "Agent"),
        "handled_by": ("处理者", "Handled by"),
        "hour": ("小时", "Hour"),
        "weekday": ("星期", "Weekday"),
        "date": ("日期", "Date"),
        "month": ("月份", "Month"),
    }
)
"""What contacts are grouped by, with its words in Chinese and English."""
_WEEKDAYS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        str(place + 1): pair
        for place, pair in enumerate(
            zip(
                ("周一", "周二", "周三", "周四", "周五", "周六", "周日"),
                ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
                strict=True,
            )
        )
    }
)


def figure_table(figures: Kpis, language: Language) -> Table:
    """Build the figures of all contacts, each beside its formula."""
    at = 0 if language == "zh" else 1
    rows = []
    for row in figures.overall.to_dict("records"):
        unit = _Unit.of(row["unit"], row["value"])
        rows.append(
            (
                KPI_METRICS[row["metric"]][at],
                STATISTICS[row["statistic"]][at],
                unit.written(row),
                unit.word(language),
                int(row["n"]),
                int(row["n_censored"]),
                int(row["n_missing"]),
                formula_text(row["formula"], language, figures.method) + _target(row["target_s"], language),
            )
        )
    return Table(
        "指标" if language == "zh" else "Figures",
        (
            Column("metric", "指标", "Metric", align="left"),
            Column("statistic", "统计量", "Statistic", align="left"),
            Column("value", "数值 [区间]", "Value [interval]", "interval", decimals=1),
            Column("unit", "单位", "Unit", "word", align="left"),
            Column("n", "联系数", "Contacts", "integer"),
            Column("n_censored", "删失", "Censored", "integer", optional=2),
            Column("n_missing", "缺失", "Missing", "integer", optional=1),
            Column("formula", "算法", "Formula", align="left"),
        ),
        tuple(rows),
        tuple(translated(note, language) for note in figures.notes),
        language=language,
    )


def group_table(figures: Kpis, language: Language) -> Table:
    """Build one row per group: the figures that groups are compared by, with their intervals."""
    zh = language == "zh"
    frame, by = figures.frame, list(figures.by)
    groups = frame[by].drop_duplicates().reset_index(drop=True)
    shown = groups.head(MOST_GROUPS)
    frame = frame.merge(shown.assign(group=np.arange(len(shown))), on=by)
    contacts = (frame["n"] + frame["n_censored"] + frame["n_missing"]).groupby(frame["group"]).max()
    columns = [Column(name, *GROUPS[name], align="left") for name in by]
    columns.append(Column("n", "联系数", "Contacts", "integer"))
    values: list[list[object]] = [
        *(list[object](_group_word(name, value, language) for value in shown[name]) for name in by),
        contacts.reindex(range(len(shown))).tolist(),
    ]
    formulas: dict[str, list[str]] = {}
    for one in _COMPARED:
        own = one.rows_of(frame)
        if not len(own):
            continue
        unit = _Unit.of(own["unit"].iloc[0], own["value"].median())
        cells: list[object] = [None] * len(shown)
        for row in own.to_dict("records"):
            cells[row["group"]] = unit.written(row)
        heading = (f"{one.zh}({unit.word('zh')})", f"{one.en}, {unit.word('en')}")
        columns.append(Column(one.key, *heading, "interval", decimals=1, optional=one.optional))
        values.append(cells)
        formula = str(own["formula"].iloc[0])
        if formula in _NAMED:
            targets = own["target_s"].dropna().unique()
            target = _target(float(targets[0]), language) if targets.size == 1 else ""
            words = formula_text(formula, language, figures.method) + target
            formulas.setdefault(words, []).append(one.zh if zh else one.en)
    notes = [
        f"{'、'.join(names)}：{words}" if zh else f"{'; '.join(names)}: {words}"
        for words, names in formulas.items()
    ]
    if len(groups) > len(shown):
        notes.append(
            f"共 {len(groups):,} 组，只列出前 {len(shown)} 组；--out 目录、--format csv 有全部"
            if zh
            else f"The first {len(shown)} of {len(groups):,} groups; --out DIR and --format csv have all"
        )
    notes.append(
        "各组只列主要指标；其余指标、各格自己的样本量与缺失：--format csv"
        if zh
        else "Only the main figures; the others, and what each is of and misses: --format csv"
    )
    return Table(
        "分组指标" if zh else "Figures by group",
        tuple(columns),
        tuple(zip(*values, strict=True)),
        tuple(notes),
        language=language,
    )


# Parts ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Compared:
    """A figure that groups are compared by: the first of its formulas that the records give."""

    key: str
    zh: str
    en: str
    metric: str
    statistic: str
    formulas: tuple[str, ...] = ()
    optional: int = 0

    def rows_of(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return its rows, all by one formula."""
        own = frame[(frame["metric"] == self.metric) & (frame["statistic"] == self.statistic)]
        for formula in self.formulas:
            if (own["formula"] == formula).any():
                return own[own["formula"] == formula]
        return own if not self.formulas else own.iloc[:0]


_COMPARED = (
    _Compared(
        "response_median",
        "首次响应中位数",
        "First response, median",
        "first_response_time",
        "median",
        ("kaplan_meier", "answered_only"),
    ),
    _Compared(
        "response_p90",
        "首次响应P90",
        "First response, p90",
        "first_response_time",
        "p90",
        ("kaplan_meier", "answered_only"),
        optional=5,
    ),
    _Compared(
        "response_share",
        "首次响应达标",
        "First response in time",
        "first_response_time",
        "share_within_target",
        ("of_due", "answered_only"),
    ),
    _Compared("service_level", "服务水平", "Service level", "service_level", "rate", ("of_offered",)),
    _Compared("sla", "SLA达成率", "SLA attainment", "sla_attainment", "rate", optional=2),
    _Compared("answered", "接通率", "Answered", "answer_rate", "rate", optional=4),
    _Compared("abandoned", "放弃率", "Abandoned", "abandon_rate", "rate", ("gave_up_of_offered",), 1),
    _Compared(
        "resolution_median",
        "解决中位数",
        "Resolution, median",
        "resolution_time",
        "median",
        ("kaplan_meier", "resolved_only"),
        optional=3,
    ),
    _Compared("fcr_stated", "首问解决(陈述)", "FCR, stated", "fcr", "rate", ("stated",), 6),
    _Compared("fcr_derived", "首问解决(推算)", "FCR, derived", "fcr", "rate", ("no_repeat_of_issue",), 7),
)
_NAMED = ("kaplan_meier", "of_due", "of_offered", "no_repeat_of_issue", "stated")
"""Formulas that are told below the table: others would give other numbers."""


@dataclass(frozen=True)
class _Unit:
    """What a figure is written in."""

    size: float
    zh: str
    en: str

    @classmethod
    def of(cls, unit: str, middle: float) -> _Unit:
        """Return the unit for figures of about this size."""
        if unit == "s":
            found: DurationUnit = duration_unit(middle)
            return cls(found.seconds, found.zh, found.en)
        return cls(0.01, "%", "%") if unit == "share" else cls(1.0, "", "")

    def word(self, language: Language) -> str:
        return self.zh if language == "zh" else self.en

    def written(self, row: Mapping[Any, Any]) -> object:
        """Return a figure with its interval in this unit; how often something happened stands alone."""
        if row["statistic"] in {"count", "sum", "longest"}:
            number = row["value"] / self.size
            return f"{number:,.0f}" if row["statistic"] == "count" else round_text(number, 1)
        parts = [row[name] / self.size for name in ("value", "ci_low", "ci_high")]
        if row["unit"] != "count":
            return Interval(*parts)
        point, low, high = (figure_text(part, 2, "half_up") for part in parts)
        return point if low == high == ABSENT else f"{point} [{low}, {high}]"


def _group_word(name: str, value: object, language: Language) -> str:
    words = {"channel": CHANNELS, "handled_by": HANDLERS, "weekday": _WEEKDAYS}.get(name, {})
    return words[str(value)][0 if language == "zh" else 1] if str(value) in words else str(value)


def _target(seconds: float, language: Language) -> str:
    if pd.isna(seconds):
        return ""
    at = duration_text(seconds, language)
    return f"；时限 {at}" if language == "zh" else f"; in time: {at}"
