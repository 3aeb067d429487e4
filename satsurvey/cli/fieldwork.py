"""The command `satsurvey fieldwork`: outcome rates of the cases, and what each interviewer did."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from satsurvey.cli.language import rendered
from satsurvey.cli.options import (
    EncodingOption,
    Exports,
    InstrumentOption,
    LangOption,
    SheetOption,
    StudyOption,
    default_language,
)

if TYPE_CHECKING:
    from satsurvey.instrument.model import Language
    from satsurvey.intake.fieldwork import Fieldwork, InterviewerRow, OutcomeRates
    from satsurvey.intake.ledger import Ledger
    from satsurvey.report.layout import Table

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


def fieldwork_command(
    exports: Exports = None,
    study: StudyOption = None,
    instrument: InstrumentOption = None,
    e: Annotated[
        float | None,
        typer.Option(
            "--e",
            min=0,
            max=1,
            help="Share of cases of unknown eligibility taken to be eligible; by default N / (N + NE).",
        ),
    ] = None,
    encoding: EncodingOption = None,
    sheet: SheetOption = None,
    format: Annotated[
        Literal["table", "csv", "json"], typer.Option("--format", help="How to write the answer.")
    ] = "table",
    lang: LangOption = default_language(),
) -> None:
    """Give response, cooperation, refusal and contact rates, and the work of each interviewer.

    Example: satsurvey fieldwork calls.csv --study study.toml

    Outcomes are AAPOR codes (1.1, 2.11 ...), or texts that the instrument gives a class. Several rows of one
    case count once, with the strongest outcome; e stands beside every rate that needs it.
    """
    from satsurvey.intake.fieldwork import fieldwork
    from satsurvey.intake.reading import read_responses

    responses = read_responses(
        exports or (), instrument=instrument, study=study, encoding=encoding, sheet=sheet
    )
    result = fieldwork(responses, e=e)
    if format == "json":
        document = _document(result, responses.ledger)
        sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2) + "\n")
    elif format == "csv":
        sys.stdout.write(_csv(result))
    else:
        sys.stdout.write(_tables(result, responses.ledger, lang))


def _document(result: Fieldwork, ledger: Ledger) -> dict[str, object]:
    return {
        "schema": SCHEMA,
        "outcome": None if result.outcome is None else asdict(result.outcome),
        "interviewers": [asdict(row) for row in result.interviewers],
        "interviewer_effect": None if result.effect is None else asdict(result.effect),
        "ledger": ledger.to_dict(),
        "notes": list(result.notes),
    }


def _csv(result: Fieldwork) -> str:
    """Write everything in one long table: section, name, measure, value."""
    import pandas as pd

    from satsurvey.report.text import frame_to_csv

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


def _tables(result: Fieldwork, ledger: Ledger, language: Language) -> str:
    from satsurvey.report.notes import ledger_line
    from satsurvey.report.terminal import render

    tables = []
    if result.outcome is not None:
        tables += [_classes(result.outcome, language), _rates(result.outcome, language)]
    if result.interviewers:
        tables.append(_interviewers(result.interviewers, language))
    notes = [
        *(rendered(note, language) for note in result.notes),
        *_effect_note(result, language),
        ledger_line(ledger, language),
    ]
    return "\n".join([*map(render, tables), "\n".join(notes) + "\n"])


def _classes(outcome: OutcomeRates, language: Language) -> Table:
    from satsurvey.intake.outcomes import CLASSES
    from satsurvey.report.cells import Column
    from satsurvey.report.layout import Table

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
    from satsurvey.intake.outcomes import FORMULAS
    from satsurvey.report.cells import Column
    from satsurvey.report.layout import Table

    at = 0 if language == "zh" else 1
    shown = "—" if outcome.e is None else f"{outcome.e:.4f}"
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
            f"e = {shown}{'：' if language == 'zh' else ': '}{rendered(outcome.e_method, language)}",
            *(rendered(note, language) for note in outcome.notes),
        ),
        language=language,
    )


def _interviewers(rows: tuple[InterviewerRow, ...], language: Language) -> Table:
    from satsurvey.report.cells import Column
    from satsurvey.report.layout import Table

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
            ("访问员效应：" if language == "zh" else "Interviewer effect: ") + rendered(effect.note, language)
        ]
    figures = f"rho = {effect.rho:.4f}, k = {effect.k}, m = {effect.m:.1f}"
    if language == "zh":
        line = f"访问员效应：访问员内相关 {figures}；设计效应 1 + rho (m - 1) = {effect.design_effect:.2f}"
    else:
        line = (
            f"Interviewer effect: intra-interviewer correlation {figures}; "
            f"design effect 1 + rho (m - 1) = {effect.design_effect:.2f}"
        )
    return [line, rendered(effect.note, language)] if effect.note else [line]
