"""The commands `satsurvey targets`: proposed response-time targets, and a file of assumptions to fill in."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from satsurvey.cli.benchmark import FiguresOption
from satsurvey.cli.groups import group_with_default
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
    level: LevelOption = 0.95,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Also write CSV tables, targets.json and manifest.json."),
    ] = None,
    force: ForceOption = False,
    format: FormatOption = "table",
    questionnaire: QuestionnaireOption = None,
    encoding: EncodingOption = None,
    quiet: QuietOption = False,
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
    called = SurveyAndRecords(exports, study, questionnaire, records, map, by, window_days, level, encoding)
    with progress_bar(quiet=quiet, language=lang) as tell:
        data = called.read(tell)
        tell("fitting", 0, 0)
        report = propose_targets(data, assumptions=assumed, figures=published, industry=industry)
    provenance = called.provenance(data, [assumptions, figures], industry=industry)
    if out is not None:
        written = write_targets(report, out, provenance=provenance, force=force)
        if not quiet:
            say(f"{len(written)} files written to {out}", lang)
    answer(
        format,
        lang,
        json=lambda: targets_json(report, provenance),
        frame=lambda: report.frame,
        tables=lambda language: target_tables(report, language),
    )


@app.command("template")
def template_command(lang: LangOption = default_language()) -> None:
    """Print a file of assumptions to fill in: hours, cost, value of a point.

    Example: satsurvey targets template > assumptions.toml
    """
    from satsurvey.response_time.assumptions import TEMPLATE

    sys.stdout.write(TEMPLATE)
