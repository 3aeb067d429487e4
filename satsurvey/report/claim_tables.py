"""Tests of published statements as tables and JSON: verdicts, what led to them, and what is missing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from satsurvey.benchmarks.vocabulary import EVIDENCE
from satsurvey.instrument.model import Language
from satsurvey.report.catalogue import translated
from satsurvey.report.cells import Column, Interval
from satsurvey.report.layout import Table
from satsurvey.report.score_json import json_text, plain_data, rows_of
from satsurvey.report.text import frame_to_csv
from satsurvey.report.writing import Writer, checksums, void, write_folder
from satsurvey.response_time.claim_results import ClaimReport, ClaimResult, Estimate

SCHEMA = "satsurvey.claims/1"
MANIFEST_SCHEMA = "satsurvey.claims-manifest/1"
Pair = tuple[str, str]

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
        "seconds": ("秒", "seconds"),
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
    """Build the verdicts, then estimates, models and cautions, and what is missing."""
    made = [verdict_table(report, language)]
    if any(result.tested for result in report.results):
        made += [estimate_table(report, language), model_table(report, language)]
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
                "" if first is None else READING_WORDS[first.reading][at],
                None if first is None else _numbers(first),
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
            "排除无效应；不能判断：与之重叠也含无效应；矛盾：不重叠",
            f"Intervals are of {level} %; a stated number has a tolerance of {room} %. Supported: the "
            "interval lies inside what is stated; compatible: it overlaps it and excludes no effect; "
            "inconclusive: it covers both; contradicted: it lies outside",
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
        for one in result.tested.estimates:
            part = PART_WORDS.get(one.part, ("", ""))[at]
            what = one.what.text(language) if one.what else ""
            rows.append(
                (
                    result.claim.id,
                    "：".join(text for text in (part, what) if text)
                    if language == "zh"
                    else _joined(part, what),
                    READING_WORDS[one.reading][at],
                    _numbers(one),
                    VERDICT_WORDS[one.verdict or ""][at],
                )
            )
    columns = (
        Column("claim", "编号", "Id", "text", align="left"),
        Column("what", "内容", "What", "text", align="left"),
        Column("reading", "单位", "Unit", "text", align="left"),
        Column("estimate", "估计 [区间]", "Estimate [interval]", "interval"),
        Column("verdict", "结论", "Verdict", "text", align="left"),
    )
    title = ("估计", "Estimates")[at]
    return Table(title, columns, tuple(rows), groups=tuple(groups), language=language)


def model_table(report: ClaimReport, language: Language) -> Table:
    """Build model, clock, caution and notes of the statements that were tested."""
    at = _at(language)
    rows = []
    for result in report.results:
        tested, claim = result.tested, result.claim
        if tested is None:
            continue
        rows.append(
            (
                claim.id,
                tested.form.text(language) if tested.form else "",
                tested.definition.text(language) if tested.definition else "",
                claim.caution.get(language),
                ("；" if language == "zh" else "; ").join(
                    [
                        *(note.text(language) for note in tested.notes),
                        *filter(None, [claim.note.get(language)]),
                    ]
                ),
            )
        )
    columns = (
        Column("claim", "编号", "Id", "text", align="left"),
        Column("model", "模型", "Model", "text", align="left"),
        Column("clock", "时钟", "Clock", "text", align="left"),
        Column("caution", "注意", "Caution", "text", align="left"),
        Column("notes", "说明", "Notes", "text", align="left"),
    )
    return Table(
        ("模型、时钟与注意", "Models, clocks and cautions")[at], columns, tuple(rows), language=language
    )


def missing_table(report: ClaimReport, language: Language) -> Table:
    """Build what is missing for each statement, and how to supply it."""
    at = _at(language)
    rows = []
    for result in report.results:
        must = () if result.tested or result.reason else result.missing
        for name in result.missing:
            need = report.claims.needs[name]
            kind = (("必需", "needed") if name in must else ("有则更好", "would help"))[at]
            rows.append((result.claim.id, kind, need.text.get(language), need.supply.get(language)))
        if result.reason:
            rows.append((result.claim.id, ("原因", "reason")[at], translated(result.reason, language), ""))
    columns = (
        Column("claim", "编号", "Id", "text", align="left"),
        Column("kind", "类别", "Kind", "text", align="left"),
        Column("missing", "缺少", "Missing", "text", align="left"),
        Column("supply", "如何提供", "How to supply it", "text", align="left"),
    )
    return Table(("缺少的数据", "What is missing")[at], columns, tuple(rows), language=language)


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
        As `write_folder` does.
    """

    def document(path: Path) -> None:
        path.write_text(claims_json(report, provenance), encoding="utf-8", newline="\n")

    def manifest(path: Path) -> None:
        content = {"schema": MANIFEST_SCHEMA, **provenance, "files": checksums(path.parent)}
        path.write_text(json_text(plain_data(content)), encoding="utf-8", newline="\n")

    writers: dict[str, Writer] = {
        "claims.csv": lambda path: void(frame_to_csv(report.frame, path)),
        "claims.json": document,
        "manifest.json": manifest,
    }
    return write_folder(folder, writers, force=force)


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
        "reason": result.reason,
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


def _numbers(one: Estimate) -> Interval | float:
    """Return an estimate with its interval; shares in percent."""
    by = 100.0 if one.reading == "share" else 1.0
    if one.low != one.low or one.low == one.high:
        return one.value * by
    return Interval(one.value * by, one.low * by, one.high * by)


def _joined(part: str, what: str) -> str:
    return ": ".join(text for text in (part, what) if text)


def _at(language: Language) -> int:
    return 0 if language == "zh" else 1
