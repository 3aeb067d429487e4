"""The command `satsurvey response`: does answering faster go with happier customers, and by how much."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import typer

from satsurvey.cli.language import say
from satsurvey.cli.options import (
    EncodingOption,
    Exports,
    ForceOption,
    LangOption,
    QuietOption,
    SheetOption,
    StudyOption,
    default_language,
    require_exports,
    seconds_said,
)
from satsurvey.cli.progress import progress_bar
from satsurvey.errors import MethodError

_DEFAULT_TIMES = "30,60,120,300,600"
_MOST_SECONDS = 31_536_000

Shown = Literal[
    "effects", "models", "forms", "channels", "adjustments", "bins", "curve", "quantiles", "diagnostics"
]


def response_command(
    exports: Exports = None,
    study: StudyOption = None,
    records: Annotated[
        list[str] | None,
        typer.Option("--records", metavar="FILE", help="Export of service records (repeatable)."),
    ] = None,
    map: Annotated[
        str | None,
        typer.Option("--map", metavar="NAME", help="Shipped map, or path of a file: which column is what."),
    ] = None,
    by: Annotated[
        Literal["case_id", "customer"],
        typer.Option("--by", help="What joins interviews to records: the case, or customer and time."),
    ] = "case_id",
    window_days: Annotated[
        float | None,
        typer.Option("--window-days", metavar="DAYS", help="Longest time from a contact to its interview."),
    ] = None,
    outcome: Annotated[
        str,
        typer.Option("--outcome", metavar="NAME", help="total, dimension:A, item:A1 or outcome:O1."),
    ] = "total",
    time: Annotated[
        Literal["first_response", "average_reply", "wait", "resolution"],
        typer.Option("--time", help="Which time is compared with the outcome."),
    ] = "first_response",
    controls: Annotated[
        str | None,
        typer.Option(
            "--controls",
            metavar="NAME[,...]",
            help="What is held fixed, or none. Default: channel, purpose, industry, wave.",
        ),
    ] = None,
    cluster: Annotated[
        str,
        typer.Option("--cluster", metavar="FIELD", help="What interviews belong to: company, agent …"),
    ] = "company",
    instrument: Annotated[
        Literal["agent"] | None,
        typer.Option("--instrument", help="Also two-stage least squares by the agents' other contacts."),
    ] = None,
    at: Annotated[
        str,
        typer.Option("--at", metavar="SECONDS[,...]", help="Times at which the effect is stated."),
    ] = _DEFAULT_TIMES,
    level: Annotated[
        float, typer.Option("--level", min=0.5, max=0.999, help="Confidence level of intervals.")
    ] = 0.95,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of what is drawn.")] = 20191,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Also write CSV tables, figures (SVG) and JSON."),
    ] = None,
    force: ForceOption = False,
    show: Annotated[
        Shown | None, typer.Option("--show", help="Which table to print. Default: the main ones.")
    ] = None,
    format: Annotated[
        Literal["table", "csv", "json", "markdown"],
        typer.Option("--format", help="How to print. json has everything, csv full precision."),
    ] = "table",
    questionnaire: Annotated[
        str | None,
        typer.Option("--questionnaire", metavar="NAME", help="Shipped instrument, or path of a file."),
    ] = None,
    encoding: EncodingOption = None,
    sheet: SheetOption = None,
    quiet: QuietOption = False,
    lang: LangOption = default_language(),
) -> None:
    """Does answering faster go with happier customers, and by how much: three models, four forms, one answer.

    \b
    Example: satsurvey response survey.csv
             satsurvey response survey.csv --records calls.csv --map call_log --outcome outcome:O1
             satsurvey response survey.csv --controls channel,complexity --out results

    The times are those of the service records, or of the export itself. Association is not cause: the
    answer says what is held fixed and what is not.
    """
    require_exports(exports, study)
    if out is not None:
        from satsurvey.report.writing import refuse_taken

        refuse_taken(out, force=force)
    from satsurvey.response_time.study import study_response_time

    with progress_bar(quiet=quiet, language=lang) as tell:
        found = study_response_time(
            exports or (),
            study=study,
            questionnaire=questionnaire,
            records=records,
            map=map,
            by=by,
            window_days=window_days,
            outcome=outcome,
            time=time,
            controls=_names(controls),
            cluster=cluster,
            instrument=instrument,
            times_s=_seconds(at),
            level=level,
            seed=seed,
            encoding=encoding,
            sheet=sheet,
            progress=tell,
        )
        if out is not None:
            from satsurvey.report.response_json import write_response

            tell("writing", 0, 0)
            files = write_response(found, out, language=lang, force=force)
            if not quiet:
                say(f"{len(files)} files written to {out}", lang)
    if format == "json":
        from satsurvey.report.response_json import response_json
        from satsurvey.report.score_json import json_text

        sys.stdout.write(json_text(response_json(found)))
        return
    if format == "csv":
        from satsurvey.report.response_json import csv_frame
        from satsurvey.report.text import frame_to_csv

        sys.stdout.write(frame_to_csv(csv_frame(found.fit, show or "effects")))
        return
    from satsurvey.report.response_tables import printed_text

    sys.stdout.write(printed_text(found, lang, show=show, markdown=format == "markdown"))


def _names(text: str | None) -> Sequence[str] | None:
    if text is None:
        return None
    names = [name.strip() for name in text.split(",") if name.strip()]
    return [] if names in ([], ["none"]) else names


def _seconds(text: str) -> tuple[float, ...]:
    times = tuple(sorted({seconds_said(part) for part in text.split(",") if part.strip()}))
    if not times or not all(0 <= time <= _MOST_SECONDS for time in times):
        raise MethodError(
            "a time lies between 0 seconds and a year", value=text, expected="such as 30,60,120"
        )
    return times
