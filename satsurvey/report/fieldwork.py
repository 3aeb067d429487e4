"""Outcome rates and the work of interviewers as tables, as CSV and as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict

import pandas as pd

from satsurvey.instrument.model import Language
from satsurvey.intake.fieldwork import Fieldwork, InterviewerRow, OutcomeRates
from satsurvey.intake.ledger import Ledger
from satsurvey.intake.outcomes import CLASSES, FORMULAS
from satsurvey.report.catalogue import translated
from satsurvey.report.cells import ABSENT, Column, figure_text
from satsurvey.report.layout import Table
from satsurvey.report.notes import ledger_line
from satsurvey.report.terminal import render
from satsurvey.report.text import frame_to_csv

SCHEMA = "satsurvey.fieldwork/1"

_TITLES = {
    "classes": ("结果分类", "Outcomes"),
    "rates": ("结果率（AAPOR）", "Outcome rates (AAPOR)"),
    "interviewers": ("访问员", "Interviewers"),
}
_RATES = {
    "RR": ("应答率", "response rate"),
    "COOP": ("合作率", "cooperation rate"),
    "REF": ("拒访率", "refusal rate"),
    "CON": ("接触率", "contact rate"),
}


def fieldwork_json(result: Fieldwork, ledger: Ledger) -> str:
    """Write everything as a JSON document of the schema `satsurvey.fieldwork/1`."""
    document = {
        "schema": SCHEMA,
        "outcome": None if result.outcome is None else asdict(result.outcome),
        "interviewers": [asdict(row) for row in result.interviewers],
        "interviewer_effect": None if result.effect is None else asdict(result.effect),
        "ledger": ledger.to_dict(),
        "notes": list(result.notes),
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def fieldwork_csv(result: Fieldwork) -> str:
    """Write everything in one long table at full precision: section, name, measure, value."""
    lines: list[tuple[str, str, str, float | None]] = []
    if result.outcome is not None:
        lines += [("class", name, "cases", n) for name, n in result.outcome.classes.items()]
        lines += [("code", code, "cases", n) for code, n in result.outcome.codes.items()]
        lines += [("rate", name, "share", rate) for name, rate in result.outcome.rates.items()]
        lines.append(("rate", "e", "share", result.outcome.e))
    for row in result.interviewers:
        measures = {key: value for key, value in asdict(row).items() if key != "interviewer"}
        lines += [("interviewer", row.interviewer, key, value) for key, value in measures.items()]
    if result.effect is not None:
        measures = {key: value for key, value in asdict(result.effect).items() if key != "note"}
        lines += [("interviewer_effect", "", key, value) for key, value in measures.items()]
    frame = pd.DataFrame(lines, columns=["section", "name", "measure", "value"])
    return frame_to_csv(frame.astype({"value": "float64"}))


def fieldwork_text(result: Fieldwork, ledger: Ledger, language: Language) -> str:
    """Draw the tables of outcomes, rates and interviewers, with the notes and the ledger below them."""
    tables = []
    if result.outcome is not None:
        tables += [_classes(result.outcome, language), _rates(result.outcome, language)]
    if result.interviewers:
        tables.append(_interviewers(result.interviewers, language))
    notes = [
        *(translated(note, language) for note in result.notes),
        *_effect_note(result, language),
        ledger_line(ledger, language),
    ]
    return "\n".join([*map(render, tables), "\n".join(notes) + "\n"])


def _classes(outcome: OutcomeRates, language: Language) -> Table:
    at = 0 if language == "zh" else 1
    return Table(
        _TITLES["classes"][at],
        (
            Column("class", "类别", "Class", "text", align="left"),
            Column("meaning", "含义", "Meaning", "text", align="left"),
            Column("cases", "个案数", "Cases", "ratio", decimals=_decimals(outcome)),
        ),
        tuple((name, CLASSES[name][at], n) for name, n in outcome.classes.items()),
        footer=("合计" if language == "zh" else "All", "", outcome.n),
        language=language,
    )


def _decimals(outcome: OutcomeRates) -> int:
    return 0 if all(float(n).is_integer() for n in outcome.classes.values()) else 2


def _rates(outcome: OutcomeRates, language: Language) -> Table:
    at = 0 if language == "zh" else 1
    shown = ABSENT if outcome.e is None else figure_text(outcome.e, 4, "half_up")
    return Table(
        _TITLES["rates"][at],
        (
            Column("rate", "指标", "Rate", "text", align="left"),
            Column("meaning", "含义", "Meaning", "text", align="left"),
            Column("formula", "公式", "Formula", "text", align="left", optional=1),
            Column("share", "值", "Value", "share"),
        ),
        tuple((name, _RATES[name[:-1]][at], FORMULAS[name], rate) for name, rate in outcome.rates.items()),
        notes=(
            "N = I + P + R + NC + O, U = UH + UO, C = I + P + R + O",
            f"e = {shown}{'：' if language == 'zh' else ': '}{translated(outcome.e_method, language)}",
            *(translated(note, language) for note in outcome.notes),
        ),
        language=language,
    )


def _interviewers(rows: tuple[InterviewerRow, ...], language: Language) -> Table:
    return Table(
        _TITLES["interviewers"][0 if language == "zh" else 1],
        (
            Column("interviewer", "访问员", "Interviewer", "text", align="left"),
            Column("completes", "完成数", "Completes", "integer"),
            Column("mean_duration_s", "平均时长(秒)", "Mean length (s)", "ratio", decimals=0, optional=1),
            Column("median_duration_s", "时长中位数(秒)", "Median length (s)", "ratio", decimals=0),
            Column("dont_know_share", "不知道占比", "Don't know", "share"),
            Column("straight_lining_share", "直线作答占比", "Straight lines", "share"),
        ),
        tuple(tuple(asdict(row).values()) for row in rows),
        language=language,
    )


def _effect_note(result: Fieldwork, language: Language) -> list[str]:
    effect = result.effect
    if effect is None:
        return []
    if effect.rho is None or effect.design_effect is None:
        return [
            ("访问员效应：" if language == "zh" else "Interviewer effect: ")
            + translated(effect.note, language)
        ]
    rho, m = figure_text(effect.rho, 4, "half_up"), figure_text(effect.m, 1, "half_up")
    figures = f"rho = {rho}, k = {effect.k}, m = {m}"
    factor = figure_text(effect.design_effect, 2, "half_up")
    if language == "zh":
        line = f"访问员效应：访问员内相关 {figures}；设计效应 1 + rho (m - 1) = {factor}"
    else:
        line = (
            f"Interviewer effect: intra-interviewer correlation {figures}; "
            f"design effect 1 + rho (m - 1) = {factor}"
        )
    return [line, translated(effect.note, language)] if effect.note else [line]
