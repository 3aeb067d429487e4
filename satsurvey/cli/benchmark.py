"""The commands `satsurvey benchmark`: own figures graded by published ones, and the list of these."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from satsurvey.cli.groups import group_with_default
from satsurvey.cli.language import say
from satsurvey.cli.options import (
    EncodingOption,
    ForceOption,
    FormatOption,
    LangOption,
    QuietOption,
    SheetOption,
    default_language,
)
from satsurvey.cli.progress import progress_bar
from satsurvey.cli.provenance import provenance_of_files

if TYPE_CHECKING:
    from satsurvey.benchmarks.figures import Figures
    from satsurvey.benchmarks.measured import Measured
    from satsurvey.service.kpis import Kpis

app = typer.Typer(
    cls=group_with_default("grade"),
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Published figures on customer service, and own figures graded by them.\n\n"
    "Example: satsurvey benchmark kpis.csv\n\n"
    "A file in place of a command is given to `grade`, whose options are listed by: "
    "satsurvey benchmark grade --help.",
)

FiguresOption = Annotated[
    Path | None,
    typer.Option("--figures", metavar="FILE", help="File of own figures beside the published ones (TOML)."),
]


@app.command("grade")
def grade_command(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...", help="Table of own figures (company, channel, metric, value), or records."
        ),
    ],
    map: Annotated[
        str | None,
        typer.Option("--map", metavar="NAME", help="The files are service records, read by this map."),
    ] = None,
    industry: Annotated[
        str | None,
        typer.Option(
            "--industry", metavar="NAME", help="Industry of rows that name none, e.g. 银行, ecommerce."
        ),
    ] = None,
    rates: Annotated[
        Literal["percent", "share"] | None,
        typer.Option("--rates", help="What 0.95 is where neither sign nor unit says it: 0.95 % or a share."),
    ] = None,
    figures: FiguresOption = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Also write CSV tables, benchmark.json and manifest.json."),
    ] = None,
    force: ForceOption = False,
    show: Annotated[
        Literal["summary", "grades", "lines", "refused", "unusable"] | None,
        typer.Option("--show", help="Which table to print. Default: the main ones."),
    ] = None,
    format: FormatOption = "table",
    encoding: EncodingOption = None,
    sheet: SheetOption = None,
    quiet: QuietOption = False,
    lang: LangOption = default_language(),
) -> None:
    """Grade own figures by published ones: below basic, basic or excellent, with the gap to the next line.

    \b
    Example: satsurvey benchmark figures.csv
             satsurvey benchmark figures.xlsx --industry 电商 --show lines
             satsurvey benchmark calls.csv --map call_log --out results

    A rate is never compared with an index, nor figures of different definitions, channels or ways of
    measuring: what is refused is listed with its reason. Times are in seconds.
    """
    from satsurvey.benchmarks.figures import load_figures
    from satsurvey.benchmarks.grading import grade

    if out is not None:
        from satsurvey.report.writing import refuse_taken

        refuse_taken(out, force=force)
    published = load_figures(figures)
    with progress_bar(quiet=quiet, language=lang) as tell:
        tell("reading", 0, 0)
        measured = _measured(files, map, published, rates, encoding, sheet)
        result = grade(measured, industry=industry, figures=published)
    if out is not None or format == "json":
        given = {"map": map, "industry": industry, "rates": rates, "encoding": encoding, "sheet": sheet}
        provenance = provenance_of_files([*files, *([figures] if figures else [])], **given)
    if out is not None:
        from satsurvey.report.benchmark_files import write_benchmark

        written = write_benchmark(result, out, provenance=provenance, force=force)
        if not quiet:
            say(f"{len(written)} files written to {out}", lang)
    if format == "json":
        from satsurvey.report.benchmark_files import benchmark_json

        sys.stdout.write(benchmark_json(result, provenance))
    elif format == "csv":
        from satsurvey.report.benchmark_files import FRAMES
        from satsurvey.report.text import frame_to_csv

        sys.stdout.write(frame_to_csv(getattr(result, FRAMES[show or "grades"])))
    else:
        from satsurvey.report.benchmark_tables import TABLES, grade_tables
        from satsurvey.report.terminal import render

        tables = grade_tables(result, lang) if show is None else TABLES[show](result, lang)
        sys.stdout.write("\n".join(render(table) for table in tables))


@app.command("figures")
def list_figures(
    metric: Annotated[
        str | None, typer.Option("--metric", metavar="NAME", help="Only figures of this metric.")
    ] = None,
    channel: Annotated[
        str | None, typer.Option("--channel", metavar="NAME", help="Only figures of this channel.")
    ] = None,
    figures: FiguresOption = None,
    elsewhere: Annotated[
        bool, typer.Option("--elsewhere", help="Figures of other publications, which grade nobody.")
    ] = False,
    format: FormatOption = "table",
    lang: LangOption = default_language(),
) -> None:
    """List the published figures with what they are of, their source, and how far it can be trusted.

    \b
    Example: satsurvey benchmark figures --metric 首次响应时长
             satsurvey benchmark figures --channel phone --format csv
    """
    from satsurvey.benchmarks.figures import figures_elsewhere, load_figures
    from satsurvey.benchmarks.vocabulary import channel_of
    from satsurvey.errors import MethodError

    found = figures_elsewhere() if elsewhere else load_figures(figures)
    code = None if metric is None else found.metric_of(metric)
    if metric is not None and code is None:
        near = ", ".join(found.nearest_metrics(metric))
        raise MethodError(
            "no metric has this name",
            value=metric,
            expected=near or "a name such as first_response_time",
            next_step="satsurvey benchmark figures lists what is published",
        )
    chosen = found.select(metric=code, channel=None if channel is None else channel_of(channel))
    if not chosen:
        raise MethodError(
            "nothing is published for this metric and channel",
            value=", ".join(word for word in (metric, channel) if word),
            next_step="leave out the channel or the metric",
        )
    if format == "json":
        from satsurvey.report.figure_list import figures_json

        sys.stdout.write(figures_json(chosen, found))
    elif format == "csv":
        from satsurvey.report.text import frame_to_csv

        ids = {figure.id for figure in chosen}
        sys.stdout.write(frame_to_csv(found.frame[found.frame["id"].isin(ids)]))
    else:
        from satsurvey.report.figure_list import figure_table
        from satsurvey.report.terminal import render

        sys.stdout.write(render(figure_table(chosen, found, lang)))


def _measured(
    files: Sequence[Path],
    map: str | None,
    figures: Figures,
    rates: Literal["percent", "share"] | None,
    encoding: str | None,
    sheet: str | None,
) -> Measured | Kpis:
    """Read own figures from a table, or make them from service records."""
    from satsurvey.benchmarks.measured import is_table_of_values, read_measured

    if map is None and is_table_of_values(files[0], encoding=encoding, sheet=sheet):
        return read_measured(files, figures=figures, rates=rates, encoding=encoding, sheet=sheet)
    from satsurvey.service.kpis import kpis
    from satsurvey.service.reading import read_records

    return kpis(read_records(files, map=map or "general", encoding=encoding, sheet=sheet))
