"""The command `satsurvey check`: everything that is wrong with the data, at once."""

from __future__ import annotations

import shutil
import sys
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

import typer

from satsurvey.cli.language import rendered, say, say_set_aside
from satsurvey.cli.options import (
    EXIT_DONE,
    EXIT_INPUT,
    EXIT_WARNINGS,
    EncodingOption,
    Exports,
    InstrumentOption,
    LangOption,
    ScaleOption,
    SheetOption,
    StudyOption,
    default_language,
    require_exports,
)


def check_command(
    exports: Exports = None,
    study: StudyOption = None,
    instrument: InstrumentOption = None,
    scale: ScaleOption = None,
    encoding: EncodingOption = None,
    sheet: SheetOption = None,
    format: Annotated[
        Literal["table", "csv", "json"],
        typer.Option("--format", help="table groups and counts; csv and json list every row."),
    ] = "table",
    set_aside: Annotated[
        Path | None,
        typer.Option(
            "--set-aside",
            metavar="FILE",
            help="Write the rows that would not be used to a CSV file, personal data in them masked.",
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace what stands at --set-aside.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 4 when there are warnings.")] = False,
    lang: LangOption = default_language(),
) -> None:
    """Report everything that is wrong with the data; nothing is changed and nothing is dropped.

    Example: satsurvey check survey.csv

    Exit code 3 when answers or rows could not be used as they stand, 4 under --strict with warnings.
    """
    from satsurvey.intake.checks import check
    from satsurvey.intake.reading import read_responses
    from satsurvey.report.check_text import check_text

    require_exports(exports, study)
    responses = read_responses(
        exports or (), instrument=instrument, study=study, scale=scale, encoding=encoding, sheet=sheet
    )
    if set_aside is not None:
        # Written first, so that a file that cannot be written does not end a report that looks complete.
        from satsurvey.report.set_aside import write_set_aside

        say_set_aside(write_set_aside(responses, set_aside, language=lang, force=force), set_aside, lang)
    report = check(responses, today=date.today())
    if format == "json":
        from satsurvey.report.check_json import check_json

        sys.stdout.write(check_json(report))
    elif format == "csv":
        import pandas as pd

        from satsurvey.report.text import frame_to_csv

        columns = ["file", "sheet", "row", "column", "letter", "value", "rule", "severity", "what", "do"]
        rows = [
            row | {name: rendered(str(row[name]), lang) for name in ("what", "do")}
            for row in report.to_records()
        ]
        # A finding about no single row has none; the others keep whole numbers.
        frame = pd.DataFrame(rows, columns=columns).astype({"row": "Int64"})
        sys.stdout.write(frame_to_csv(frame))
    else:
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        sys.stdout.write(check_text(report, lang, width=width))
    if not len(responses):
        read = report.ledger.rows_read
        say(f"there is no interview to check: {read} rows were read and none could be used", lang)
        raise typer.Exit(EXIT_INPUT)
    severities = {finding.severity for finding in report.findings}
    if "error" in severities or report.ledger.unreadable:
        raise typer.Exit(EXIT_INPUT)
    raise typer.Exit(EXIT_WARNINGS if strict and "warning" in severities else EXIT_DONE)
