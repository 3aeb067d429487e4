"""The command `satsurvey claims`: published statements tested on the user's data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from satsurvey.cli.language import say
from satsurvey.cli.options import (
    EncodingOption,
    Exports,
    ForceOption,
    FormatOption,
    LangOption,
    MapOption,
    QuestionnaireOption,
    QuietOption,
    StudyOption,
    default_language,
)
from satsurvey.cli.progress import progress_bar
from satsurvey.cli.survey_and_records import (
    JoinOption,
    LevelOption,
    RecordsOption,
    SurveyAndRecords,
    WindowOption,
    answer,
)


def claims_command(
    exports: Exports = None,
    study: StudyOption = None,
    records: RecordsOption = None,
    map: MapOption = "general",
    by: JoinOption = "case_id",
    window_days: WindowOption = None,
    table: Annotated[
        list[Path] | None,
        typer.Option(
            "--table", metavar="FILE", help="Table beside the survey, such as cost by month (repeatable)."
        ),
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(
            "--column",
            metavar="NAME=HEADING",
            help="Heading of a column that tests need, e.g. churned=流失 (repeatable).",
        ),
    ] = None,
    given: Annotated[
        list[str] | None,
        typer.Option(
            "--given", metavar="NAME=VALUE", help="What you know, e.g. tiered_from=2025-07-01 (repeatable)."
        ),
    ] = None,
    claim: Annotated[
        list[str] | None,
        typer.Option("--claim", metavar="ID[,...]", help="Only these statements, e.g. C01,C04."),
    ] = None,
    labelled: Annotated[
        Path | None,
        typer.Option(
            "--labelled", metavar="FILE", help="Comments that your people labelled, to correct readings by."
        ),
    ] = None,
    level: LevelOption = 0.95,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Also write claims.csv, claims.json and manifest.json."),
    ] = None,
    force: ForceOption = False,
    format: FormatOption = "table",
    questionnaire: QuestionnaireOption = None,
    encoding: EncodingOption = None,
    quiet: QuietOption = False,
    lang: LangOption = default_language(),
) -> None:
    """Test published statements on response time and satisfaction on your own data.

    \b
    Example: satsurvey claims survey.csv
             satsurvey claims survey.csv --records calls.csv --map call_log --claim C01,C04
             satsurvey claims survey.csv --column churned=流失 --table cost.csv --out results
             satsurvey claims survey.csv --claim C06 --given changed_on=2025-07-01

    Every statement is listed: with a verdict, its interval, model, clock and caution, or with what is missing
    to test it and how to supply that. No published figure enters an estimate.
    """
    from satsurvey.report.claim_tables import claim_tables, claims_json, write_claims
    from satsurvey.response_time.claim_tests import examine
    from satsurvey.response_time.claims import load_claims

    wanted = [part for text in claim or () for part in text.replace("，", ",").split(",")]
    load_claims().chosen(wanted)
    if out is not None:
        from satsurvey.report.writing import refuse_taken

        refuse_taken(out, force=force)
    called = SurveyAndRecords(exports, study, questionnaire, records, map, by, window_days, level, encoding)
    with progress_bar(quiet=quiet, language=lang) as tell:
        data = called.read(
            tell, tables=table or (), columns=column or (), given=given or (), labelled=labelled
        )
        report = examine(data, ids=wanted, progress=lambda name: tell(f"testing {name}", 0, 0))
    provenance = called.provenance(data, [*(table or ()), labelled], column=column, given=given, claim=claim)
    if out is not None:
        written = write_claims(report, out, provenance=provenance, force=force)
        if not quiet:
            say(f"{len(written)} files written to {out}", lang)
    answer(
        format,
        lang,
        json=lambda: claims_json(report, provenance),
        frame=lambda: report.frame,
        tables=lambda language: claim_tables(report, language),
    )
