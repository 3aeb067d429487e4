"""Proposed response-time targets as tables and JSON."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from satsurvey.benchmarks.vocabulary import CHANNELS
from satsurvey.instrument.model import Language
from satsurvey.report.catalogue import translated
from satsurvey.report.cells import ABSENT, Column, Interval, Kind, figure_text, is_absent
from satsurvey.report.layout import Table
from satsurvey.report.score_json import json_text, plain_data, rows_of
from satsurvey.report.text import frame_to_csv
from satsurvey.report.writing import Writer, checksums, void, write_folder
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
                CHANNELS.get(str(row["channel"]), (row["channel"] or ("全部", "all")[at],) * 2)[at],
                row["tier"] or ("全部", "all")[at],
                row["n"],
                row["median_s"],
                row["p90_s"],
                " / ".join(ABSENT if is_absent(line) else figure_text(line, 0, "half_up") for line in lines),
                row["published_s"],
                row["target_s"],
                BASIS_WORDS[str(row["basis"])][at],
                Interval(*attained),
                100 * float(row["needed"]),
                Interval(*change),
            )
        )
    columns = (
        _text("channel", "渠道", "Channel"),
        _text("tier", "客户等级", "Tier"),
        _number("n", "联系数", "Contacts", "integer"),
        _number("median_s", "中位数(秒)", "Median (s)", "ratio", 0),
        _number("p90_s", "P90(秒)", "P90 (s)", "ratio", 0),
        Column(
            "lines", "必达/标准/优秀/前十(秒)", "Basic/standard/excellent/top ten (s)", "text", optional=2
        ),
        _number("published_s", "公布目标(秒)", "Published (s)", "ratio", 0),
        _number("target_s", "建议目标(秒)", "Target (s)", "ratio", 0),
        Column("basis", "依据", "Basis", "text", align="left", optional=1),
        Column("attained", "现达成率% [区间]", "Attained now % [interval]", "interval", decimals=1),
        _number("needed", "应达成率%", "Needed %", "ratio", 1),
        Column("change", "预期得分变化 [区间]", "Expected change of score [interval]", "interval"),
    )
    notes = [note.text(language) for note in report.notes]
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
    """Build cost and benefit a month by the user's assumptions."""
    at = 0 if language == "zh" else 1
    rows = []
    for row in report.frame.to_dict("records"):
        if row["tier"]:
            continue
        rows.append(
            (
                CHANNELS.get(str(row["channel"]), (row["channel"] or ("全部", "all")[at],) * 2)[at],
                row["cost"],
                *(
                    Interval(row[name], row[f"{name}_low"], row[f"{name}_high"])
                    for name in ("benefit", "net", "repurchase")
                ),
                row["break_even"],
            )
        )
    money = report.currency
    columns = (
        _text("channel", "渠道", "Channel"),
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
    notes = (
        (
            "成本与价值全部是您的假设；区间只含曲线的误差，不含假设的误差",
            "Costs and values are your assumptions; intervals hold the error of the curve, not theirs",
        )[at],
    )
    return Table(("成本与收益", "Cost and benefit")[at], columns, tuple(rows), notes, language=language)


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
        As `write_folder` does.
    """

    def document(path: Path) -> None:
        path.write_text(targets_json(report, provenance), encoding="utf-8", newline="\n")

    def manifest(path: Path) -> None:
        content = {"schema": MANIFEST_SCHEMA, **provenance, "files": checksums(path.parent)}
        path.write_text(json_text(plain_data(content)), encoding="utf-8", newline="\n")

    writers: dict[str, Writer] = {"targets.csv": lambda path: void(frame_to_csv(report.frame, path))}
    if len(report.series):
        writers["attainment.csv"] = lambda path: void(frame_to_csv(report.series, path))
    return write_folder(folder, writers | {"targets.json": document, "manifest.json": manifest}, force=force)


def _text(key: str, zh: str, en: str) -> Column:
    return Column(key, zh, en, "text", align="left")


def _number(key: str, zh: str, en: str, kind: Kind, decimals: int | None = None) -> Column:
    return Column(key, zh, en, kind, decimals=decimals)
