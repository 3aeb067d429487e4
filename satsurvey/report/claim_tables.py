"""Tests of published statements as tables and JSON: verdicts, what led to them, and what is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from satsurvey.benchmarks.vocabulary import EVIDENCE
from satsurvey.instrument.model import Language
from satsurvey.report.catalogue import translated
from satsurvey.report.cells import ABSENT, Column, Interval
from satsurvey.report.durations import duration_text
from satsurvey.report.layout import Table
from satsurvey.report.result_folder import write_results
from satsurvey.report.score_json import json_text, plain_data, rows_of
from satsurvey.report.terminal import wrapped
from satsurvey.response_time.claim_results import ClaimReport, ClaimResult, Estimate

SCHEMA = "satsurvey.claims/1"
MANIFEST_SCHEMA = "satsurvey.claims-manifest/1"
Pair = tuple[str, str]
CONTENT_CELLS = 84
"""Sentences in a column are folded at so many cells, so that a table of them fits 100 to 120."""

VERDICT_WORDS: Mapping[str, Pair] = MappingProxyType(
    {
        "supported": ("支持", "supported"),
        "compatible": ("相容", "compatible"),
        "inconclusive": ("不能判断", "inconclusive"),
        "contradicted": ("矛盾", "contradicted"),
        "not_testable": ("无法检验", "not testable"),
        "": ("", ""),
    }
)
READING_WORDS: Mapping[str, Pair] = MappingProxyType(
    {
        "points": ("点", "points"),
        "percent_of_mean": ("均值的百分比", "percent of the mean"),
        "per_10_points": ("每+10个百分点，成本变化%", "percent, per 10 points more"),
        "per_10_percent": ("每相对+10%，成本变化%", "percent, per 10 percent more"),
        "points_per_log_unit": ("点/对数单位", "points per log unit"),
        "share": ("%", "percent"),
        "ratio": ("比", "ratio"),
        "probability": ("概率", "probability"),
        "seconds": ("时长", "time"),
        "percent_points": ("百分点", "percent points"),
        "customers": ("名客户", "customers"),
    }
)
PART_WORDS: Mapping[str, Pair] = MappingProxyType(
    {
        "satisfaction": ("满意度", "satisfaction"),
        "churn": ("流失", "churn"),
        "complaints": ("投诉", "complaints"),
        "repurchase": ("复购", "repurchase"),
        "access_last": ("A最低", "A is last"),
        "skill_first": ("F最高", "F is first"),
        "bank": ("银行", "banks"),
        "securities": ("证券", "securities"),
        "internet_travel": ("互联网旅游", "internet travel"),
    }
)


def claim_tables(report: ClaimReport, language: Language) -> list[Table]:
    """Build the verdicts, then estimates, models with clocks and cautions, and what is missing."""
    made = [verdict_table(report, language)]
    if any(result.tested for result in report.results):
        made += [estimate_table(report, language), detail_table(report, language)]
    if any(result.missing or result.reason for result in report.results):
        made.append(missing_table(report, language))
    return made


def verdict_table(report: ClaimReport, language: Language) -> Table:
    """Build one row per statement: what it says, its source, the verdict, the estimate that decides."""
    at = _at(language)
    rows = []
    for result in report.results:
        claim, first = result.claim, _first(result)
        source = report.claims.sources[claim.source]
        mark = "" if result.readings_agree else ("（读法不同结论不同）", " (differs by reading)")[at]
        rows.append(
            (
                claim.id,
                claim.statement.get(language),
                VERDICT_WORDS[result.verdict][at] + mark,
                "" if first is None else _reading(result, first, language),
                None if first is None else _cell(first, language),
                result.tested.n if result.tested else None,
                result.tested.n_companies if result.tested else None,
                f"{source.title.get(language)} {source.year}",
                EVIDENCE[source.evidence][at],
            )
        )
    columns = (
        Column("claim", "编号", "Id", "text", align="left"),
        Column("statement", "说法", "Statement", "text", align="left"),
        Column("verdict", "结论", "Verdict", "text", align="left"),
        Column("reading", "读法", "Reading", "text", align="left"),
        Column("estimate", "估计 [区间]", "Estimate [interval]", "interval"),
        Column("n", "样本量", "n", "integer"),
        Column("n_companies", "企业数", "Companies", "integer"),
        Column("source", "来源", "Source", "text", align="left", optional=1),
        Column("evidence", "来源可信度", "Evidence", "text", align="left", optional=2),
    )
    level = f"{100 * report.level:g}"
    room = f"{100 * report.tolerance:g}"
    notes = (
        (
            f"区间为 {level}%；单值说法的容差为 {room}%。支持：区间在所说范围（或容差）之内；相容：与之重叠且"
            "排除无效应；不能判断：与之重叠也含无效应；矛盾：不重叠。关于关系形状的说法（C07、C13、C14）各有规则，见下",
            f"Intervals are of {level} %; a stated number has a tolerance of {room} %. Supported: the "
            "interval lies inside what is stated; compatible: it overlaps it and excludes no effect; "
            "inconclusive: it covers both; contradicted: it lies outside. Statements on the shape of a "
            "relation (C07, C13, C14) have rules of their own, below",
        )[at],
        (
            "这些都是相关；公布的说法不参与任何估计",
            "All of this is association; no published figure enters an estimate",
        )[at],
        *(translated(note, language) for note in report.notes),
    )
    title = ("公布的说法在您的数据上", "Published statements on your data")[at]
    return Table(title, columns, tuple(rows), notes, language=language)


def estimate_table(report: ClaimReport, language: Language) -> Table:
    """Build all estimates of the statements that were tested, with lines that stand beside them."""
    at = _at(language)
    rows: list[tuple[object, ...]] = []
    groups: list[int] = []
    for result in report.results:
        if result.tested is None:
            continue
        if rows:
            groups.append(len(rows))
        rows += [
            (
                result.claim.id,
                _what(result, one, language),
                READING_WORDS[one.reading][at],
                _cell(one, language),
                VERDICT_WORDS[one.verdict or ""][at],
            )
            for one in result.tested.estimates
        ]
    columns = (
        Column("claim", "编号", "Id", "text", align="left"),
        Column("what", "内容", "What", "text", align="left"),
        Column("reading", "单位", "Unit", "text", align="left"),
        Column("estimate", "估计 [区间]", "Estimate [interval]", "interval"),
        Column("verdict", "结论", "Verdict", "text", align="left"),
    )
    notes: tuple[str, ...] = ()
    if any(row[2] == READING_WORDS["points_per_log_unit"][at] for row in rows):
        notes = (
            (
                "点/对数单位：时长每变为约 2.7 倍（自然对数增加 1）时得分变化的点数",
                "Points per log unit: change of the score where the time becomes about 2.7 times as long "
                "(its natural logarithm 1 more)",
            )[at],
        )
    title = ("估计", "Estimates")[at]
    return Table(title, columns, tuple(rows), notes, groups=tuple(groups), language=language)


def detail_table(report: ClaimReport, language: Language) -> Table:
    """Build model, clock, caution and notes of the statements that were tested, one below the other."""
    at = _at(language)
    rows: list[tuple[object, ...]] = []
    groups: list[int] = []
    clocks: dict[str, str] = {}
    for result in report.results:
        tested, claim = result.tested, result.claim
        if tested is None:
            continue
        if rows:
            groups.append(len(rows))
        clock = tested.definition.text(language) if tested.definition else ""
        if clock in clocks:
            clock = (f"同 {clocks[clock]}", f"as {clocks[clock]}")[at]
        elif clock:
            clocks[clock] = claim.id
        items = [
            (("模型", "Model"), tested.form.text(language) if tested.form else ""),
            (("时钟", "Clock"), clock),
            (("注意", "Caution"), claim.caution.get(language)),
            *((("说明", "Note"), note.text(language)) for note in tested.notes),
            (("说明", "Note"), claim.note.get(language)),
        ]
        rows += _folded(claim.id, [(names[at], text) for names, text in items if text])
    title = ("模型、时钟与注意", "Models, clocks and cautions")[at]
    return Table(title, _contents(), tuple(rows), groups=tuple(groups), language=language)


def missing_table(report: ClaimReport, language: Language) -> Table:
    """Build what is missing for each statement with how to supply it, and why others were not tested."""
    at = _at(language)
    colon = ("：", ": ")[at]
    rows: list[tuple[object, ...]] = []
    for result in report.results:
        items = []
        for name in result.missing:
            need = report.claims.needs[name]
            kind = (("必需", "Needed") if name in result.claim.needs else ("有则更好", "Useful"))[at]
            items.append((kind, need.text.get(language) + colon + need.supply.get(language)))
        if result.reason:
            why = result.said.text(language) if result.said else translated(result.reason, language)
            if result.received:
                why += colon + result.received
            items.append((("原因", "Reason")[at], why))
        rows += _folded(result.claim.id, items)
    return Table(("缺少的数据", "What is missing")[at], _contents(), tuple(rows), language=language)


def claims_json(report: ClaimReport, provenance: Mapping[str, object]) -> str:
    """Return the report as a JSON document; `claims_schema.CLAIMS_SCHEMA` says what stands in it."""
    document = {
        "schema": SCHEMA,
        "level": report.level,
        "tolerance": report.tolerance,
        "claims": [_plain(result, report) for result in report.results],
        "notes": list(report.notes),
        "provenance": provenance,
    }
    return json_text(plain_data(document))


def write_claims(
    report: ClaimReport, folder: Path, *, provenance: Mapping[str, object], force: bool = False
) -> tuple[Path, ...]:
    """Write the report as a folder: claims.csv, claims.json, manifest.json.

    Raises
    ------
    OutputError
        As `write_results` does.
    """
    return write_results(
        folder,
        frames={"claims": report.frame},
        texts={"claims.json": claims_json(report, provenance)},
        manifest={"schema": MANIFEST_SCHEMA, **provenance},
        force=force,
    )


def _plain(result: ClaimResult, report: ClaimReport) -> dict[str, object]:
    claim, tested = result.claim, result.tested
    source = report.claims.sources[claim.source]
    frame = report.frame
    own = frame[(frame["claim"] == claim.id) & (frame["reading"] != "")]
    names = ["part", "reading", "what", "estimate", "ci_low", "ci_high", "verdict"]
    return {
        "id": claim.id,
        "statement": {"zh": claim.statement.zh, "en": claim.statement.en},
        "source": {
            "id": source.id,
            "title": {"zh": source.title.zh, "en": source.title.en},
            "year": source.year,
            "nature": {"zh": source.nature.zh, "en": source.nature.en},
            "evidence": source.evidence,
            "section": claim.section,
        },
        "rules": {part: _rule(result, part) for part in claim.rules},
        "verdict": result.verdict,
        "readings_agree": result.readings_agree,
        "estimates": rows_of(own[names]) if tested else [],
        "n": tested.n if tested else 0,
        "n_companies": tested.n_companies if tested else 0,
        "model": tested.form.text("en") if tested and tested.form else None,
        "clock": tested.definition.to_dict() if tested and tested.definition else None,
        "estimand": claim.estimand.en,
        "caution": claim.caution.en,
        "notes": [note.text("en") for note in tested.notes] if tested else [],
        "claim_note": claim.note.en,
        "missing": [
            {"need": name, "what": need.text.en, "supply": need.supply.en, "needed": name in claim.needs}
            for name in result.missing
            for need in [report.claims.needs[name]]
        ],
        "reason": ": ".join(filter(None, (result.reason, result.received))),
    }


def _rule(result: ClaimResult, part: str) -> dict[str, object]:
    rule = result.claim.rules[part]
    return {"kind": rule.kind, "value": rule.value, "low": rule.low, "high": rule.high, "null": rule.null}


def _first(result: ClaimResult) -> Estimate | None:
    """Return the estimate that decides: that of the weakest part."""
    if result.tested is None:
        return None
    judged = [one for one in result.tested.estimates if one.verdict is not None]
    same = [one for one in judged if one.verdict == result.verdict]
    found = same or judged
    return found[0] if found else None


def _reading(result: ClaimResult, one: Estimate, language: Language) -> str:
    """Return in what the estimate that decides is given; also which one it is, where there are several."""
    at = _at(language)
    unit = READING_WORDS[one.reading][at]
    if one.part in PART_WORDS:
        return PART_WORDS[one.part][at] + ("：", ": ")[at] + unit
    if result.claim.rule(_rule_of(result, one)).kind != "form" or one.what is None:
        return unit
    # What stands in brackets is in the table of estimates.
    what = one.what.text(language).split(("（", " (")[at])[0]
    return what if one.reading == "seconds" else what + ("，", ", ")[at] + unit


def _rule_of(result: ClaimResult, one: Estimate) -> str:
    return one.part if one.part in result.claim.rules else next(iter(result.claim.rules))


def _what(result: ClaimResult, one: Estimate, language: Language) -> str:
    """Return what an estimate is: its part, its words, or what the statement's test estimates."""
    at = _at(language)
    parts = [PART_WORDS[one.part][at]] if one.part in PART_WORDS else []
    if one.what is not None:
        parts.append(one.what.text(language))
    if not parts:
        parts = [("主要估计", "main estimate")[at], result.claim.estimand.get(language)]
    return ("：", ": ")[at].join(parts)


def _cell(one: Estimate, language: Language) -> Interval | float | str:
    """Return an estimate with its interval; shares in percent, times in the unit that makes them short."""
    if one.instead is not None:
        return one.instead.text(language)
    alone = one.low != one.low or one.low == one.high
    if one.reading == "seconds":
        value, low, high = (_time(number, language) for number in (one.value, one.low, one.high))
        return value if alone else f"{value} [{low}, {high}]"
    by = 100.0 if one.reading == "share" else 1.0
    return one.value * by if alone else Interval(one.value * by, one.low * by, one.high * by)


def _time(seconds: float, language: Language) -> str:
    if seconds != seconds:
        return ABSENT
    size = abs(seconds)
    text = "∞" if size == float("inf") else duration_text(size, language)
    return f"-{text}" if seconds < 0 else text


def _contents() -> tuple[Column, ...]:
    return (
        Column("claim", "编号", "Id", "text", align="left"),
        Column("item", "项", "Item", "text", align="left"),
        Column("content", "内容", "Content", "text", align="left"),
    )


def _folded(claim: str, items: Sequence[tuple[str, str]]) -> list[tuple[object, ...]]:
    """Return rows of a statement's items, long texts over several rows."""
    rows: list[tuple[object, ...]] = []
    for item, text in items:
        for place, part in enumerate(wrapped(text, CONTENT_CELLS)):
            rows.append(("" if place else claim, "" if place else item, part))
    return rows


def _at(language: Language) -> int:
    return 0 if language == "zh" else 1
