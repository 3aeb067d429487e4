"""The command `satsurvey claims`: published statements tested on the user's data."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from satsurvey.cli.benchmark import provenance_of_files
from satsurvey.cli.language import say
from satsurvey.cli.options import (
    EncodingOption,
    Exports,
    InstrumentOption,
    LangOption,
    StudyOption,
    default_language,
)
from satsurvey.cli.progress import progress_bar
from satsurvey.errors import MethodError

if TYPE_CHECKING:
    from satsurvey.response_time.claim_data import ClaimData

RecordsOption = Annotated[
    list[Path] | None,
    typer.Option("--records", metavar="FILE", help="Export of service records (repeatable)."),
]
MapOption = Annotated[
    str,
    typer.Option("--map", metavar="NAME", help="Shipped map, or path of a file: which column is what."),
]
JoinOption = Annotated[
    Literal["case_id", "customer"],
    typer.Option("--by", help="What joins interviews to records: the case, or customer and time."),
]
WindowOption = Annotated[
    float | None,
    typer.Option("--window-days", metavar="DAYS", help="Longest time from a contact to its interview."),
]


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
    level: Annotated[
        float, typer.Option("--level", min=0.5, max=0.999, help="Confidence level of intervals.")
    ] = 0.95,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Also write claims.csv, claims.json and manifest.json."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace what stands at --out.")] = False,
    format: Annotated[
        Literal["table", "csv", "json"],
        typer.Option("--format", help="How to print. json has everything, csv full precision."),
    ] = "table",
    instrument: InstrumentOption = None,
    encoding: EncodingOption = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no talk.")] = False,
    lang: LangOption = default_language(),
) -> None:
    """Test published statements on response time and satisfaction on your own data.

    \b
    Example: satsurvey claims survey.csv
             satsurvey claims survey.csv --records calls.csv --map call_log --claim C01,C04
             satsurvey claims survey.csv --column churned=流失 --table cost.csv --out results

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
    with progress_bar(quiet=quiet, language=lang) as tell:
        data = gathered(
            exports,
            study,
            records,
            map,
            tables=table,
            columns=column,
            given=given,
            by=by,
            window_days=window_days,
            level=level,
            instrument=instrument,
            encoding=encoding,
            tell=tell,
        )
        report = examine(data, ids=wanted, progress=lambda name: tell(f"testing {name}", 0, 0))
    files = [*(exports or ()), *(records or ()), *(table or ())]
    options: dict[str, object] = {
        "map": map,
        "window_days": window_days,
        "level": level,
        "encoding": encoding,
    }
    options |= {"column": column, "given": given, "claim": claim, "study": study and study.name}
    provenance = provenance_of_files(files, **options)
    if out is not None:
        written = write_claims(report, out, provenance=provenance, force=force)
        if not quiet:
            say(f"{len(written)} files written to {out}", lang)
    if format == "json":
        sys.stdout.write(claims_json(report, provenance))
    elif format == "csv":
        from satsurvey.report.text import frame_to_csv

        sys.stdout.write(frame_to_csv(report.frame))
    else:
        from satsurvey.report.terminal import render

        sys.stdout.write("\n".join(render(one) for one in claim_tables(report, lang)))


def gathered(
    exports: Sequence[Path] | None,
    study: Path | None,
    records: Sequence[Path] | None,
    map: str,
    *,
    tables: Sequence[Path] | None = None,
    columns: Sequence[str] | None = None,
    given: Sequence[str] | None = None,
    by: Literal["case_id", "customer"] = "case_id",
    window_days: float | None,
    level: float,
    instrument: str | None,
    encoding: str | None,
    tell: Any,
) -> ClaimData:
    """Read exports, records and tables, and link them."""
    from satsurvey.instrument.library import load_instrument
    from satsurvey.intake.reading import DEFAULT_INSTRUMENT, read_responses
    from satsurvey.response_time.claim_data import ClaimData, Settings, stated
    from satsurvey.response_time.extra_columns import bound_columns, read_table
    from satsurvey.service.link import link
    from satsurvey.service.reading import read_records

    if not exports and study is None and not records and not tables:
        raise MethodError("no file was given", next_step="name an export, or give --records or --table")
    bound, known = bound_columns(columns or ()), stated(given or ())

    def progress(name: str) -> None:
        tell(f"reading {name}", 0, 0)

    responses = None
    if exports or study is not None:
        responses = read_responses(
            exports or (), instrument=instrument, study=study, encoding=encoding, progress=progress
        )
    log = None
    if records:
        log = read_records([*records], map=map, encoding=encoding, progress=progress)
    design = load_instrument(instrument or DEFAULT_INSTRUMENT) if responses is None else responses.instrument
    extra = [
        read_table(path, columns=bound, also=design.dimension_codes, encoding=encoding)
        for path in tables or ()
    ]
    joined = None
    if responses is not None and log is not None and (by == "customer" or window_days is not None):
        joined = link(responses, log, by=by, window_days=window_days)
    return ClaimData.of(
        responses,
        log,
        link=joined,
        tables=extra,
        columns=bound,
        given=known,
        settings=Settings(level=level),
    )
