"""The vendor scorecard as tables and JSON."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

import pandas as pd

from satsurvey.benchmarks.indicators import load_scorecard
from satsurvey.benchmarks.scorecard import VendorScores
from satsurvey.benchmarks.vocabulary import OPERATORS
from satsurvey.instrument.model import Language
from satsurvey.report.benchmark_words import value_text
from satsurvey.report.catalogue import translated
from satsurvey.report.cells import ABSENT, Column, figure_text, is_absent
from satsurvey.report.layout import Table
from satsurvey.report.score_json import json_text, plain_data, rows_of

SCORECARD_SCHEMA = "satsurvey.scorecard/1"
SCORECARD_FRAMES = ("vendors", "totals", "scores", "tests", "dependence", "weights", "problems")
"""The frames of `VendorScores`, by the names they are shown under."""

_WEIGHTINGS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "equal": ("等权", "Equal weights"),
        "roc": ("按排序重心", "Rank-order centroid"),
        "declared": ("声明的权重", "Declared weights"),
    }
)
Weighting = Literal["equal", "roc", "declared"]
_GATES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {"passed": ("通过", "passed"), "unknown": ("未答全", "not all answered"), "failed": ("未通过", "failed")}
)
_KINDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {"any": ("任意权重", "any weights"), "ordered": ("不违背排序的权重", "weights along the order")}
)


def scorecard_tables(result: VendorScores, language: Language, *, order_by: Weighting = "roc") -> list[Table]:
    """Build the order of vendors, their scores by indicator, and how far the order rests on the weights."""
    made = [order_table(result, language, order_by=order_by), indicator_table(result, language)]
    if len(result.dependence):
        made.append(dependence_table(result, language))
    made.append(fact_table(result, language))
    if len(result.problems):
        made.append(problem_table(result, language))
    return made


def order_table(result: VendorScores, language: Language, *, order_by: Weighting = "roc") -> Table:
    """Build one row per vendor in the order of one weighting: gate, total and rank under every one, flags."""
    at = 0 if language == "zh" else 1
    weightings = [str(name) for name in result.totals["weighting"].unique()]
    totals = result.totals.set_index(["vendor", "weighting"])
    first = totals.xs(order_by, level="weighting")["rank_low"]
    order = sorted(result.vendors["vendor"].tolist(), key=lambda name: (is_absent(first[name]), first[name]))
    rows = []
    for name in order:
        row = result.vendors.set_index("vendor").loc[name]
        cells: list[object] = [name, _GATES[str(row["gate"])][at]]
        for weighting in weightings:
            total = totals.loc[(name, weighting)]
            cells += [_bounds(total), _ranks(total)]
        cells += [_flags(str(row["flags"]), str(row["flags_unknown"]), language), str(row["beaten_by"])]
        rows.append(tuple(cells))
    columns = [_text("vendor", "服务商", "Vendor"), _text("gate", "合规底线", "Compliance")]
    for weighting in weightings:
        zh, en = _WEIGHTINGS[weighting]
        columns += [
            Column(f"score_{weighting}", zh, en, "text"),
            Column(f"rank_{weighting}", f"名次（{zh}）", f"Rank ({en.lower()})", "text"),
        ]
    columns += [
        _text("flags", "警示", "Warnings"),
        _text("beaten_by", "各项均不如", "Beaten on all by", optional=1),
    ]
    title = "服务商评分卡" if at == 0 else "Vendor scorecard"
    notes = tuple(translated(note, language) for note in result.notes)
    return Table(title, tuple(columns), tuple(rows), notes, language=language, decimals=1)


def indicator_table(result: VendorScores, language: Language) -> Table:
    """Build one row per indicator and one column per vendor."""
    design = load_scorecard()
    vendors = result.vendors["vendor"].tolist()
    scores = result.scores.set_index(["indicator", "vendor"])
    weights = result.weights.set_index("indicator")
    rows = [
        (
            place,
            indicator.text.get(language),
            *(float(str(weights.loc[indicator.code, name])) for name in weights.columns),
            *(_bounds(scores.loc[(indicator.code, name)]) for name in vendors),
        )
        for place, indicator in enumerate(design.indicators, start=1)
    ]
    columns = (
        Column("place", "序", "No.", "integer"),
        _text("indicator", "指标", "Indicator"),
        *(Column(f"weight_{name}", *_WEIGHTINGS[str(name)], "share", optional=1) for name in weights.columns),
        *(Column(f"vendor_{k}", name, name, "text") for k, name in enumerate(vendors)),
    )
    title = "各项得分（0-100）" if language == "zh" else "Scores by indicator (0-100)"
    return Table(title, columns, tuple(rows), language=language, decimals=1)


def dependence_table(result: VendorScores, language: Language) -> Table:
    """Build how far the order depends on the weights."""
    at = 0 if language == "zh" else 1
    level = f"{float(str(result.method['level'])):.0%}"
    rows = tuple(
        (
            row["vendor"],
            _KINDS[str(row["weights"])][at],
            _percent_range(row["first_low"], row["first_high"]),
            f"{int(row['rank_low'])}–{int(row['rank_high'])}",
            f"{int(row['rank_best'])}–{int(row['rank_worst'])}",
        )
        for row in result.dependence.to_dict("records")
    )
    columns = (
        _text("vendor", "服务商", "Vendor"),
        _text("weights", "权重", "Weights"),
        Column("first", "居首的权重占比", "First with this share of weights", "text"),
        Column("rank_inner", f"名次（{level}的权重）", f"Rank ({level} of weights)", "text"),
        Column("rank_outer", "名次（全部）", "Rank (all)", "text"),
    )
    draws, seed = int(str(result.method["draws"])), result.method["seed"]
    note = (
        f"随机抽取 {draws:,} 组权重（种子 {seed}）；并列第一的都算居首"
        if language == "zh"
        else f"{draws:,} weights drawn (seed {seed}); ties for the first place count for each"
    )
    title = "次序对权重的依赖" if language == "zh" else "How far the order depends on the weights"
    return Table(title, columns, rows, (note,), language=language)


def fact_table(result: VendorScores, language: Language) -> Table:
    """Build the facts of every vendor against their lines."""
    at = 0 if language == "zh" else 1
    names = {
        test.code: test.text.get(language)
        for indicator in load_scorecard().indicators
        for test in indicator.tests
    }
    vendors = result.vendors["vendor"].tolist()
    rows = []
    for code, part in result.tests.groupby("test", sort=False):
        unit = str(part["unit"].iloc[0])
        line = f"{OPERATORS[str(part['op'].iloc[0])][at]} {value_text(part['line'].iloc[0], unit, language)}"
        cells = [
            value_text(value, unit, language) + ("" if met is None else " ✓" if met else " ✗")
            for value, met in zip(part["value"].tolist(), part["met"].tolist(), strict=True)
        ]
        rows.append((names[str(code)], line, *cells, part["figure"].iloc[0]))
    columns = (
        _text("test", "事实", "Fact"),
        _text("line", "要求", "Line"),
        *(Column(f"vendor_{k}", name, name, "text") for k, name in enumerate(vendors)),
        _text("figure", "编号", "Figure", optional=1),
    )
    title = "事实与要求" if language == "zh" else "Facts against their lines"
    return Table(title, columns, tuple(rows), language=language, decimals=1)


def problem_table(result: VendorScores, language: Language) -> Table:
    """Build the cells that could not be understood."""
    rows = tuple(
        (row["place"], row["vendor"], row["input"], row["value"], translated(str(row["what"]), language),
         translated(str(row["do"]), language))
        for row in result.problems.to_dict("records")
    )  # fmt: skip
    columns = (
        _text("place", "位置", "Place"),
        _text("vendor", "服务商", "Vendor"),
        _text("input", "填写项", "Input"),
        _text("value", "内容", "Written"),
        _text("what", "问题", "What"),
        _text("do", "处理", "What to do"),
    )
    title = "无法理解的单元格" if language == "zh" else "Cells that could not be understood"
    return Table(title, columns, rows, language=language)


def scorecard_json(result: VendorScores, provenance: Mapping[str, object]) -> str:
    """Write the scorecard as one JSON document."""
    return json_text(
        {
            "schema": SCORECARD_SCHEMA,
            **{name: rows_of(getattr(result, name)) for name in SCORECARD_FRAMES},
            "method": plain_data(result.method),
            "provenance": plain_data(provenance),
            "notes": list(result.notes),
        }
    )


# Cells -----------------------------------------------------------------------------------------------------


def _text(key: str, zh: str, en: str, *, optional: int = 0) -> Column:
    return Column(key, zh, en, "text", align="left", optional=optional)


def _bounds(row: pd.Series) -> str:
    low, high = float(row["score_low"]), float(row["score_high"])
    ends = [figure_text(end, 1, "half_up") for end in (low, high)]
    return ends[0] if low == high else f"{ends[0]}–{ends[1]}"


def _ranks(row: pd.Series) -> str:
    if is_absent(row["rank_low"]):
        return ABSENT
    low, high = int(row["rank_low"]), int(row["rank_high"])
    return str(low) if low == high else f"{low}–{high}"


def _flags(flags: str, unknown: str, language: Language) -> str:
    words = {trap.code: trap.text.get(language) for trap in load_scorecard().traps}
    said = [words[code] for code in flags.split(", ") if code]
    if unknown:
        n = len(unknown.split(", "))
        said.append(f"{n} 项未答" if language == "zh" else f"{n} not answered")
    return ("；" if language == "zh" else "; ").join(said)


def _percent_range(low: object, high: object) -> str:
    ends = [figure_text(100 * float(str(end)), 1, "half_up") for end in (low, high)]
    return f"{ends[0]}%" if ends[0] == ends[1] else f"{ends[0]}–{ends[1]}%"
