"""The commands on service records: reading exports of ticket, call and chat systems, maps and calendars."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from satsurvey.cli.groups import group_with_default
from satsurvey.cli.language import rendered, say
from satsurvey.cli.options import (
    EXIT_INPUT,
    EncodingOption,
    ForceOption,
    LangOption,
    MapOption,
    QuietOption,
    SheetOption,
    default_language,
    seconds_said,
)
from satsurvey.cli.progress import progress_bar
from satsurvey.cli.provenance import provenance_of_sources
from satsurvey.errors import MethodError

if TYPE_CHECKING:
    pass

DEFAULT_BY = "company,channel"


app = typer.Typer(
    cls=group_with_default("read"),
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Service records: tickets, calls and chats, their times and figures.\n\n"
    "Example: satsurvey records contacts.csv\n\n"
    "A file in place of a command is given to `read`, whose options are listed by: "
    "satsurvey records read --help.",
)


@app.command("read")
def read_command(
    exports: Annotated[
        list[str],
        typer.Argument(
            metavar="EXPORT...", help="Exports of records; of a map with several tables, each table."
        ),
    ],
    map: MapOption = "general",
    calendar: Annotated[
        str | None,
        typer.Option(
            "--calendar", metavar="NAME", help="Shipped calendar, or path of a file: business time."
        ),
    ] = None,
    clock: Annotated[
        Literal["calendar", "business"] | None,
        typer.Option("--clock", help="All time, or business time. Default: the map's."),
    ] = None,
    time_zone: Annotated[
        str | None,
        typer.Option("--time-zone", metavar="NAME", help="Zone of the moments, e.g. Asia/Shanghai."),
    ] = None,
    by: Annotated[
        str, typer.Option("--by", metavar="NAME[,...]", help="Groups, such as company,channel,tier,hour.")
    ] = DEFAULT_BY,
    target: Annotated[
        list[str] | None,
        typer.Option(
            "--target", metavar="NAME=SECONDS", help="Target of a metric, e.g. service_level=30 (repeatable)."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="DIR", help="Also write contacts, figures and findings as CSV and JSON."
        ),
    ] = None,
    force: ForceOption = False,
    format: Annotated[
        Literal["table", "csv", "json"], typer.Option("--format", help="How to print the figures.")
    ] = "table",
    encoding: EncodingOption = None,
    sheet: SheetOption = None,
    quiet: QuietOption = False,
    lang: LangOption = default_language(),
) -> None:
    """Read service records and give their figures: response, wait, resolution, service level, abandonment.

    \b
    Example: satsurvey records calls.csv --map call_log
             satsurvey records tickets.csv comments.csv users.csv --map zendesk_warehouse
             satsurvey records contacts.csv --calendar china-office --by channel --out results

    Every row is accounted for. What each time means is printed beside it. Names and telephone numbers of
    agents and customers are replaced in everything printed and written.
    """
    from satsurvey.service.kpis import kpis
    from satsurvey.service.masking import mask_people
    from satsurvey.service.reading import read_records

    targets = _targets(target or ())
    if out is not None:
        from satsurvey.report.writing import refuse_taken

        refuse_taken(out, force=force)
    with progress_bar(quiet=quiet, language=lang) as tell:
        records = read_records(
            exports,
            map=map,
            time_zone=time_zone,
            calendar=calendar,
            clock=clock,
            encoding=encoding,
            sheet=sheet,
            progress=lambda name: tell(f"reading {name}", 0, 0),
        )
        masked = mask_people(records)
        groups = tuple(name.strip() for name in by.split(",") if name.strip())
        figures = kpis(masked.records, by=groups, targets=targets)
    provenance = provenance_of_sources(
        records.sources,
        map=map,
        calendar=calendar,
        clock=clock,
        time_zone=time_zone,
        by=by,
        target=target,
        encoding=encoding,
        sheet=sheet,
    )
    if out is not None:
        from satsurvey.report.record_files import write_records

        files = write_records(
            masked.records, figures, out, masked=masked.counts, provenance=provenance, force=force
        )
        if not quiet:
            say(f"{len(files)} files written to {out}", lang)
    if format == "json":
        from satsurvey.report.record_files import records_json

        sys.stdout.write(records_json(masked.records, figures, masked=masked.counts, provenance=provenance))
    elif format == "csv":
        from satsurvey.report.record_files import figures_csv

        sys.stdout.write(figures_csv(figures))
    else:
        from satsurvey.report.record_tables import record_tables
        from satsurvey.report.terminal import render

        tables = record_tables(masked.records, figures, lang)
        sys.stdout.write("\n".join(render(table) for table in tables))


@app.command("maps")
def list_maps(lang: LangOption = default_language()) -> None:
    """List the shipped maps of records.

    Example: satsurvey records maps
    """
    from satsurvey.service.maps import load_map, map_names

    confirmed = {
        True: ("已确认", "confirmed"),
        False: ("样例，未确认", "a sample, not confirmed"),
        "partly": ("部分确认", "confirmed in part"),
    }
    for name in map_names():
        plan = load_map(name)
        print(f"{name:<18} {plan.title} ({confirmed[plan.verified][0 if lang == 'zh' else 1]})")


@app.command("map")
def show_map(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Shipped map, or path of a file.")],
    check: Annotated[bool, typer.Option("--check", help="List its defects in place of printing it.")] = False,
    lang: LangOption = default_language(),
) -> None:
    """Print a map of records to be edited, or list its defects.

    \b
    Example: satsurvey records map general > mine.toml
             satsurvey records map mine.toml --check

    Exit code 0: sound; 3: defects.
    """
    from satsurvey.service.maps import RecordMapError, load_map, map_path

    if not check:
        sys.stdout.write(map_path(name).read_text(encoding="utf-8-sig"))
        return
    _list_defects(lambda: load_map(name), RecordMapError, name, lang)


@app.command("calendars")
def list_calendars(lang: LangOption = default_language()) -> None:
    """List the shipped calendars of business time.

    Example: satsurvey records calendars
    """
    from satsurvey.service.calendars import calendar_names

    for name in calendar_names():
        print(name)


@app.command("calendar")
def show_calendar(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Shipped calendar, or path of a file.")],
    check: Annotated[bool, typer.Option("--check", help="List its defects in place of printing it.")] = False,
    lang: LangOption = default_language(),
) -> None:
    """Print a calendar of business time to be edited, or list its defects.

    Example: satsurvey records calendar china-office > mine.toml

    Exit code 0: sound; 3: defects.
    """
    from satsurvey.service.calendars import CalendarError, calendar_path, load_calendar

    if not check:
        sys.stdout.write(calendar_path(name).read_text(encoding="utf-8-sig"))
        return
    _list_defects(lambda: load_calendar(name), CalendarError, name, lang)


def _list_defects(load: Any, error: Any, name: str, lang: Any) -> None:
    try:
        load()
    except error as exc:
        if not exc.defects:
            raise
        for defect in exc.defects:
            print(f"{defect.where}: {rendered(defect.what, lang)}")
        n = len(exc.defects)
        say(f"{name}: {n} defect{'s' if n > 1 else ''}", lang)
        raise typer.Exit(EXIT_INPUT) from exc
    say(f"{name}: sound", lang)


def _targets(given: Sequence[str]) -> Mapping[str, float]:
    targets: dict[str, float] = {}
    for text in given:
        name, sign, seconds = text.partition("=")
        if not sign:
            raise MethodError(
                f"a target is written as NAME=SECONDS, not {text!r}", expected="such as service_level=30"
            )
        targets[name.strip()] = seconds_said(seconds)
    return targets
