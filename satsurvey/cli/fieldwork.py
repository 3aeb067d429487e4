"""The command `satsurvey fieldwork`: outcome rates of the cases, and what each interviewer did."""

from __future__ import annotations

import sys
from typing import Annotated, Literal

import typer

from satsurvey.cli.options import (
    EncodingOption,
    Exports,
    InstrumentOption,
    LangOption,
    SheetOption,
    StudyOption,
    default_language,
)


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
    from satsurvey.report.fieldwork import fieldwork_csv, fieldwork_json, fieldwork_text

    responses = read_responses(
        exports or (), instrument=instrument, study=study, encoding=encoding, sheet=sheet
    )
    result = fieldwork(responses, e=e)
    if format == "json":
        sys.stdout.write(fieldwork_json(result, responses.ledger))
    elif format == "csv":
        sys.stdout.write(fieldwork_csv(result))
    else:
        sys.stdout.write(fieldwork_text(result, responses.ledger, lang))
