"""The commands `satsurvey targets`: proposed response-time targets, and a file of assumptions to fill in."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from satsurvey.cli.benchmark import FiguresOption, provenance_of_files
from satsurvey.cli.claims import JoinOption, MapOption, RecordsOption, WindowOption, gathered
from satsurvey.cli.groups import group_with_default
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

app = typer.Typer(
    cls=group_with_default("propose"),
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Response-time targets by channel and tier, from your own history and curve.\n\n"
    "Example: satsurvey targets survey.csv --records contacts.csv",
)


@app.command("propose")
def propose_command(
    exports: Exports = None,
    study: StudyOption = None,
    records: RecordsOption = None,
    map: MapOption = "general",
    by: JoinOption = "case_id",
    window_days: WindowOption = None,
    assumptions: Annotated[
        Path | None,
        typer.Option("--assumptions", metavar="FILE", help="Your figures on cost and value (TOML)."),
    ] = None,
    industry: Annotated[
        str, typer.Option("--industry", metavar="NAME", help="Industry of the published lines, e.g. 银行.")
    ] = "",
    figures: FiguresOption = None,
    level: Annotated[
        float, typer.Option("--level", min=0.5, max=0.999, help="Confidence level of intervals.")
    ] = 0.95,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Also write CSV tables, targets.json and manifest.json."),
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
    """Propose response-time targets: attainment now and at the target, expected change of the score, worth.

    \b
    Example: satsurvey targets survey.csv --records calls.csv --map call_log
             satsurvey targets template > assumptions.toml
             satsurvey targets survey.csv --assumptions assumptions.toml --out results

    The change of the score comes from the curve of your own data; published effects are for comparison only.
    Where the data show no association, no target is proposed, and the published lines stand for themselves.
    """
    from satsurvey.benchmarks.figures import load_figures
    from satsurvey.report.target_tables import target_tables, targets_json, write_targets
    from satsurvey.response_time.assumptions import load_assumptions
    from satsurvey.response_time.targets import propose_targets

    assumed = None if assumptions is None else load_assumptions(assumptions)
    published = load_figures(figures)
    if out is not None:
        from satsurvey.report.writing import refuse_taken

        refuse_taken(out, force=force)
    with progress_bar(quiet=quiet, language=lang) as tell:
        data = gathered(
            exports,
            study,
            records,
            map,
            by=by,
            window_days=window_days,
            level=level,
            instrument=instrument,
            encoding=encoding,
            tell=tell,
        )
        tell("fitting", 0, 0)
        report = propose_targets(data, assumptions=assumed, figures=published, industry=industry)
    files = [*(exports or ()), *(records or ()), *(file for file in (assumptions, figures) if file)]
    options: dict[str, object] = {
        "map": map,
        "window_days": window_days,
        "level": level,
        "encoding": encoding,
    }
    provenance = provenance_of_files(files, **options, industry=industry, study=study and study.name)
    if out is not None:
        written = write_targets(report, out, provenance=provenance, force=force)
        if not quiet:
            say(f"{len(written)} files written to {out}", lang)
    if format == "json":
        sys.stdout.write(targets_json(report, provenance))
    elif format == "csv":
        from satsurvey.report.text import frame_to_csv

        sys.stdout.write(frame_to_csv(report.frame))
    else:
        from satsurvey.report.terminal import render

        sys.stdout.write("\n".join(render(one) for one in target_tables(report, lang)))


@app.command("template")
def template_command(lang: LangOption = default_language()) -> None:
    """Print a file of assumptions to fill in: hours, cost, value of a point.

    Example: satsurvey targets template > assumptions.toml
    """
    from satsurvey.response_time.assumptions import TEMPLATE

    sys.stdout.write(TEMPLATE)
