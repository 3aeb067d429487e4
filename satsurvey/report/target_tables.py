"""Proposed response-time targets as tables and JSON."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from satsurvey.benchmarks.vocabulary import CHANNELS
from satsurvey.instrument.model import Language
from satsurvey.report.catalogue import translated
from satsurvey.report.cells import ABSENT, Column, Interval, Kind, is_absent
from satsurvey.report.durations import duration_text
from satsurvey.report.layout import Table
from satsurvey.report.result_folder import write_results
from satsurvey.report.score_json import json_text, plain_data, rows_of
from satsurvey.response_time.targets import TargetReport

SCHEMA = "satsurvey.targets/1"
MANIFEST_SCHEMA = "satsurvey.targets-manifest/1"

BASIS_WORDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "published_held": ("公布目标，已达到", "published, met already"),
        "published_near": ("公布目标", "published"),
        "between": ("自身中位数与公布目标之间", "between own median and published"),
        "own_history": ("自身中位数（无公布线）", "own median (nothing published)"),
        "none": ("不提出", "none proposed"),
    }
)


def target_tables(report: TargetReport, language: Language) -> list[Table]:
    """Build targets, what they are worth where the user has assumed it, and the six steps."""
    made = [proposal_table(report, language)]
    if report.frame[["cost", "benefit", "repurchase"]].notna().to_numpy().any():
        made.append(worth_table(report, language))
    return [*made, step_table(report, language)]


def proposal_table(report: TargetReport, language: Language) -> Table:
    """Build one row per channel and tier: history, lines, target, attainment, expected change."""
    at = 0 if language == "zh" else 1
    rows = []
    for row in report.frame.to_dict("records"):
        attained = [100 * float(row[name]) for name in ("attained", "attained_low", "attained_high")]
        change = [row[name] for name in ("score_change", "score_low", "score_high")]
        lines = (row[f"{name}_s"] for name in ("basic", "standard", "excellent", "top10"))
        rows.append(
            (
                _channel(row["channel"], language),
                row["tier"] or ("全部", "all")[at],
                row["n"],
                _time(row["median_s"], language),
                _time(row["p90_s"], language),
                " / ".join(_time(line, language) for line in lines),
                _time(row["published_s"], language),
                _time(row["target_s"], language),
                BASIS_WORDS[str(row["basis"])][at],
                Interval(*attained),
                100 * float(row["needed"]),
                Interval(*change),
            )
        )
    columns = (
        _name("channel", "渠道", "Channel"),
        _name("tier", "等级", "Tier"),
        _number("n", "联系数", "Contacts", "integer"),
        _number("median_s", "中位数", "Median", "ratio"),
        _number("p90_s", "P90", "P90", "ratio"),
        Column("lines", "公布：必达/标准/优秀/前十", "Basic/standard/excellent/top ten", "text", optional=2),
        _number("published_s", "公布目标", "Publ.", "ratio"),
        _number("target_s", "建议目标", "Target", "ratio"),
        Column("basis", "依据", "Basis", "text", align="left", optional=1),
        Column("attained", "现达成% [区间]", "Now % [interval]", "interval", decimals=1),
        _number("needed", "应达%", "Due %", "ratio", 0),
        Column("change", "得分变化 [区间]", "Score change [interval]", "interval"),
    )
    notes = [
        (
            "中位数、P90：首次响应时长；现达成：目标（没有建议时为公布目标）之内得到答复的比例；应达：目标应"
            "达到的比例；得分变化：达到时的预期变化（0–100 分）",
            "Median and P90 of the first response; now: share answered within the target (the published one "
            "where none is proposed); due: share aimed at; score change: expected when it is reached, in "
            "points of 0-100",
        )[at]
    ]
    notes += [note.text(language) for note in report.notes]
    if report.reason:
        notes.append(translated(report.reason, language))
    if report.frame["pooled"].any():
        notes.append(
            (
                "访问不足的渠道用了全部渠道的曲线",
                "Channels with few interviews use the curve of all channels",
            )[at]
        )
    if report.definition is not None:
        notes.append(report.definition.text(language))
    notes += [translated(note, language) for note in report.data_notes]
    title = ("首次响应目标建议", "Proposed targets of the first response")[at]
    return Table(title, columns, tuple(rows), tuple(notes), language=language)


def worth_table(report: TargetReport, language: Language) -> Table:
    """Build cost and benefit a month by the user's assumptions, with a row over all channels."""
    at = 0 if language == "zh" else 1
    rows = tuple(
        (_channel(row["channel"], language), *_amounts({str(name): cell for name, cell in row.items()}))
        for row in report.frame.to_dict("records")
        if not row["tier"]
    )
    footer: tuple[object, ...] = ()
    if report.total is not None and len(rows) > 1:
        footer = (("合计", "Total")[at], *_amounts(report.total))
    money = report.currency
    columns = (
        _name("channel", "渠道", "Channel"),
        _number("cost", f"每月成本({money})", f"Cost a month ({money})", "ratio", 0),
        Column(
            "benefit",
            f"每月收益({money}) [区间]",
            f"Benefit a month ({money}) [interval]",
            "interval",
            decimals=0,
        ),
        Column("net", f"净额({money}) [区间]", f"Net ({money}) [interval]", "interval", decimals=0),
        Column(
            "repurchase",
            "复购变化(百分点) [区间]",
            "Repurchase, percent points [interval]",
            "interval",
            decimals=3,
        ),
        _number("break_even", "保本所需点数", "Points that pay the cost", "ratio", 2),
    )
    notes = [
        (
            "成本与价值全部是您的假设；区间只含曲线的误差，不含假设的误差",
            "Costs and values are your assumptions; intervals hold the error of the curve, not theirs",
        )[at],
        (
            "[channels.all] 的联系量、坐席小时与每点价值是合计，按各渠道联系量分摊（坐席小时只分给有建议目标"
            "的渠道）",
            "Contacts, hours and the value of a point under [channels.all] are totals, divided among the "
            "channels by their contacts (hours among those with a proposed target)",
        )[at],
    ]
    if footer:
        notes.append(
            (
                "合计的区间把各渠道的两端相加，偏宽；合计的复购变化按联系量平均",
                "Intervals of the total add up the ends of all channels, which is rather too wide; its "
                "repurchase is the mean over contacts",
            )[at]
        )
    title = ("成本与收益", "Cost and benefit")[at]
    return Table(title, columns, rows, tuple(notes), footer, language=language)


def step_table(report: TargetReport, language: Language) -> Table:
    """Build the six steps of setting a target with what each came to."""
    at = 0 if language == "zh" else 1
    rows = tuple((step, does.text(language), found.text(language)) for step, does, found in report.steps)
    columns = (
        _number("step", "步", "Step", "integer"),
        _text("does", "内容", "What it does"),
        _text("found", "结果", "What came of it"),
    )
    return Table(("六个步骤", "Six steps")[at], columns, rows, language=language)


def targets_json(report: TargetReport, provenance: Mapping[str, object]) -> str:
    """Return the report as a JSON document; `claims_schema.TARGETS_SCHEMA` says what stands in it."""
    document = {
        "schema": SCHEMA,
        "level": report.level,
        "currency": report.currency,
        "association": report.curve,
        "justified": report.justified,
        "reason": report.reason,
        "clock": report.definition.to_dict() if report.definition else None,
        "targets": rows_of(report.frame),
        "total": report.total,
        "series": rows_of(report.series),
        "steps": [
            {"step": step, "does": does.text("en"), "found": found.text("en")}
            for step, does, found in report.steps
        ],
        "notes": [*(note.text("en") for note in report.notes), *report.data_notes],
        "provenance": provenance,
    }
    return json_text(plain_data(document))


def write_targets(
    report: TargetReport, folder: Path, *, provenance: Mapping[str, object], force: bool = False
) -> tuple[Path, ...]:
    """Write the report as a folder: targets.csv, attainment.csv, targets.json, manifest.json.

    Raises
    ------
    OutputError
        As `write_results` does.
    """
    frames = {"targets": report.frame}
    if len(report.series):
        frames["attainment"] = report.series
    return write_results(
        folder,
        frames=frames,
        texts={"targets.json": targets_json(report, provenance)},
        manifest={"schema": MANIFEST_SCHEMA, **provenance},
        force=force,
    )


def _channel(name: object, language: Language) -> str:
    """Return the name of a channel in words; "" are all of them."""
    at = 0 if language == "zh" else 1
    return CHANNELS.get(str(name), (str(name or ("全部", "all")[at]),) * 2)[at]


def _time(seconds: object, language: Language) -> str:
    return ABSENT if is_absent(seconds) else duration_text(float(str(seconds)), language)


def _amounts(row: Mapping[str, Any]) -> tuple[object, ...]:
    """Return cost, benefit, net, repurchase and what pays the cost."""
    found = [
        Interval(row[name], row[f"{name}_low"], row[f"{name}_high"])
        for name in ("benefit", "net", "repurchase")
    ]
    return (row["cost"], *found, row["break_even"])


def _name(key: str, zh: str, en: str) -> Column:
    """Make a column of names; as no text in terms of room, they are never folded."""
    return Column(key, zh, en, "integer", align="left")


def _text(key: str, zh: str, en: str) -> Column:
    return Column(key, zh, en, "text", align="left")


def _number(key: str, zh: str, en: str, kind: Kind, decimals: int | None = None) -> Column:
    return Column(key, zh, en, kind, decimals=decimals)
