"""The command `satsurvey score`: from exports to the ranking."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from satsurvey.cli.language import say, say_set_aside
from satsurvey.cli.options import (
    EXIT_WARNINGS,
    EncodingOption,
    Exports,
    InstrumentOption,
    LangOption,
    QuietOption,
    ScaleOption,
    SheetOption,
    StudyOption,
    default_language,
    require_exports,
)
from satsurvey.cli.progress import progress_bar

if TYPE_CHECKING:
    from satsurvey.analysis import Analysis
    from satsurvey.intake.responses import Responses
    from satsurvey.report.layout import Table
    from satsurvey.report.writing import Writer
    from satsurvey.text.comments import CommentScores

Shown = Literal["industries", "companies", "dimensions", "items", "breakdowns", "ledger", "method"]


def score_command(
    exports: Exports = None,
    study: StudyOption = None,
    instrument: InstrumentOption = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="DIR", help="Also write tables, workbook, score.json and manifest.json."
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace what stands at --out or --set-aside.")
    ] = False,
    show: Annotated[
        Shown | None, typer.Option("--show", help="Which table to print. Default: industries.")
    ] = None,
    format: Annotated[
        Literal["table", "csv", "json", "markdown"],
        typer.Option("--format", help="How to print. json has everything, csv full precision."),
    ] = "table",
    by: Annotated[
        list[str] | None,
        typer.Option(
            "--by", metavar="FIELD", help="Also break the score down by region, wave, S2 … (repeatable)."
        ),
    ] = None,
    level: Annotated[
        float, typer.Option("--level", help="Confidence level of intervals and rank sets.")
    ] = 0.95,
    min_n: Annotated[
        int | None,
        typer.Option("--min-n", min=1, help="Least interviews of a published company. Default: 20."),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of the rank sets.")] = 20191,
    rank_sets: Annotated[
        Literal["simultaneous", "marginal", "both"],
        typer.Option("--rank-sets", help="Sets that hold for all at once, for one company, or both."),
    ] = "simultaneous",
    force_ranks: Annotated[
        bool, typer.Option("--force-ranks", help="Print ranks where the scores cannot support them.")
    ] = False,
    set_aside: Annotated[
        Path | None,
        typer.Option(
            "--set-aside",
            metavar="FILE",
            help="Write the rows that were not used to a CSV file, personal data in them masked.",
        ),
    ] = None,
    scale: ScaleOption = None,
    encoding: EncodingOption = None,
    sheet: SheetOption = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 4 when the checks found errors or warnings.")
    ] = False,
    quiet: QuietOption = False,
    lang: LangOption = default_language(),
) -> None:
    """Score a survey and rank industries and companies, with intervals and rank sets.

    \b
    Example: satsurvey score survey.csv
             satsurvey score survey.csv --out results --set-aside unused.csv
             satsurvey score wave1.xlsx wave2.xlsx --study study.toml --show companies
    """
    from satsurvey.analysis import analyse
    from satsurvey.errors import MethodError
    from satsurvey.intake.reading import read_responses
    from satsurvey.text.survey_comments import has_comments

    # What the end of the work would refuse is refused before the work.
    require_exports(exports, study)
    if show == "breakdowns" and not by:
        raise MethodError("--show breakdowns needs a field", next_step="add --by region, for example")
    if show in {"ledger", "method"} and format == "csv":
        raise MethodError(f"--show {show} has no csv form", next_step="use --format json or table")
    if out is not None:
        from satsurvey.report.writing import refuse_taken

        refuse_taken(out, force=force)
    with progress_bar(quiet=quiet, language=lang) as tell:
        responses = read_responses(
            exports or (),
            instrument=instrument,
            study=study,
            scale=scale,
            encoding=encoding,
            sheet=sheet,
            progress=lambda name: tell(f"reading {name}", 0, 0),
        )
        if set_aside is not None:
            # Written first: where no interview can be scored, these rows are what the user needs.
            from satsurvey.report.set_aside import write_set_aside

            written = write_set_aside(responses, set_aside, language=lang, force=force)
            if not quiet:
                say_set_aside(written, set_aside, lang)
        with ThreadPoolExecutor(1) as aside:
            # Comments are read beside the ranking, which leaves the interpreter alone most of the time; where
            # they are but a line below a table, the table does not wait for them.
            told = out is not None or format == "json"
            reading = aside.submit(_read_comments, responses) if told and has_comments(responses) else None
            analysis = analyse(
                responses,
                instrument=instrument,
                study=study,
                by=by or (),
                seed=seed,
                rank_sets=rank_sets,
                force_ranks=force_ranks,
                company_ranks=out is not None or format == "json" or show == "companies",
                today=date.today(),
                level=level,
                company_min_n=min_n,
                progress=tell,
            )
            comments = None if reading is None else reading.result()
        if comments is not None:
            from satsurvey.report.comment_tables import summary_line

            analysis = replace(analysis, notes=(*analysis.notes, summary_line(comments)))
        if out is not None:
            from satsurvey.report.writing import write_analysis

            tell("writing", 0, 0)
            writer = None if comments is None else _comments_writer(comments)
            files = write_analysis(analysis, out, language=lang, force=force, comments=writer)
            if not quiet:
                say(f"{len(files)} files written to {out}", lang)
    _print(analysis, show, format, lang)
    if not told and format != "csv" and has_comments(responses):
        _print_comments(responses, lang)
    doubtful = [row for row in analysis.findings_summary if row["severity"] in {"error", "warning"}]
    if strict and doubtful:
        rules = ", ".join(str(row["rule"]) for row in doubtful)
        say(f"--strict: the checks found errors or warnings ({rules}); satsurvey check lists them", lang)
        raise typer.Exit(EXIT_WARNINGS)


def _read_comments(responses: Responses) -> CommentScores:
    from satsurvey.text.comments import read_comments

    return read_comments(responses)


def _print_comments(responses: Responses, lang: Literal["zh", "en"]) -> None:
    """Say one line about the comments, below the tables."""
    from satsurvey.report.comment_tables import summary_line
    from satsurvey.report.notes import plain_words
    from satsurvey.report.terminal import BULLET

    sys.stdout.flush()
    print(f"{BULLET}{plain_words(summary_line(_read_comments(responses)), lang)}")


def _comments_writer(comments: CommentScores) -> Writer:
    from satsurvey.report.comment_files import csv_writer

    return csv_writer(comments)


def _print(analysis: Analysis, show: Shown | None, format: str, lang: Literal["zh", "en"]) -> None:
    if show is None and format == "csv" and len(analysis.breakdowns):
        show = "breakdowns"  # one file of CSV holds one table, and this is the one asked for
    show = show or ("industries" if len(analysis.industries) else "companies")
    if format == "json":
        from satsurvey.report.score_json import json_text, score_json

        sys.stdout.write(json_text(score_json(analysis)))
        return
    if format == "csv":
        from satsurvey.report.published import Published
        from satsurvey.report.text import frame_to_csv

        frames = Published(analysis)
        sys.stdout.write(frame_to_csv(getattr(frames, show), encoding="utf-8"))
        return
    from satsurvey.report.terminal import render
    from satsurvey.report.text import to_markdown

    draw = render if format == "table" else to_markdown
    for table in _tables(analysis, show, lang):
        print(draw(table))


def _tables(analysis: Analysis, show: Shown, lang: Literal["zh", "en"]) -> list[Table]:
    from satsurvey.report import tables
    from satsurvey.report.breakdowns import breakdown_table

    makers = {
        "industries": tables.industry_table,
        "companies": tables.company_table,
        "dimensions": tables.dimension_table,
        "items": tables.item_table,
        "ledger": tables.ledger_table,
        "method": tables.method_table,
    }
    shown = [makers[show](analysis, lang)] if show in makers else []
    if len(analysis.breakdowns):
        shown.append(breakdown_table(analysis, lang))
    return shown
