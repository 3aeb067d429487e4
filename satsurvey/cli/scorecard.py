"""The commands `satsurvey scorecard`: vendors compared, the sheet to fill in, and tests of promises."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from satsurvey.cli.groups import group_with_default
from satsurvey.cli.language import say
from satsurvey.cli.options import (
    EncodingOption,
    FormatOption,
    LangOption,
    MapOption,
    QuietOption,
    SheetOption,
    default_language,
    seconds_said,
)
from satsurvey.cli.progress import progress_bar
from satsurvey.cli.provenance import provenance_of_files
from satsurvey.errors import MethodError

if TYPE_CHECKING:
    from satsurvey.benchmarks.seconds import Seconds
    from satsurvey.service.records import ServiceRecords

app = typer.Typer(
    cls=group_with_default("score"),
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Vendors compared on ten indicators, and promises tested against records.\n\n"
    "Example: satsurvey scorecard vendors.xlsx\n\n"
    "A file in place of a command is given to `score`, whose options are listed by: "
    "satsurvey scorecard score --help.",
)

SeedOption = Annotated[int, typer.Option("--seed", min=0, help="Seed of what is drawn.")]
_PARTS = ("company", "channel", "tier", "purpose")


@app.command("score")
def score_command(
    vendors: Annotated[
        Path, typer.Argument(metavar="VENDORS", help="The filled sheet (CSV, Excel), or a TOML file.")
    ],
    weights: Annotated[
        str, typer.Option("--weights", metavar="NAME", help="equal, roc, or a file of weights (TOML, CSV).")
    ] = "roc",
    tests: Annotated[
        Literal["share", "distance"],
        typer.Option("--tests", help="Score facts by meeting their lines, or by the distance to them."),
    ] = "share",
    rates: Annotated[
        Literal["percent", "share"] | None,
        typer.Option("--rates", help="What 0.95 is where neither sign nor unit says it: 0.95 % or a share."),
    ] = None,
    show: Annotated[
        Literal["vendors", "totals", "scores", "tests", "dependence", "weights", "problems"],
        typer.Option("--show", help="Which table --format csv prints."),
    ] = "totals",
    seed: SeedOption = 20264,
    format: FormatOption = "table",
    encoding: EncodingOption = None,
    sheet: SheetOption = None,
    lang: LangOption = default_language(),
) -> None:
    """Compare vendors on ten indicators, and see how far their order depends on the weights.

    \b
    Example: satsurvey scorecard template vendors.xlsx
             satsurvey scorecard vendors.xlsx
             satsurvey scorecard vendors.xlsx --weights own.toml --format json

    Compliance is a gate. What is missing is not filled in: totals and ranks are given with their bounds.
    Equal weights and those by rank order are always shown; declared weights stand beside them.
    """
    from satsurvey.benchmarks.indicators import load_scorecard
    from satsurvey.benchmarks.scorecard import score_vendors
    from satsurvey.benchmarks.vendors import read_vendors
    from satsurvey.benchmarks.weightings import read_weights

    declared = None
    if weights not in ("equal", "roc"):
        design = load_scorecard()
        declared = read_weights(weights, design.indicator_names(), design.codes)
    result = score_vendors(
        read_vendors(vendors, rates=rates, encoding=encoding, sheet=sheet),
        weights=declared,
        tests=tests,
        seed=seed,
    )
    if format == "json":
        from satsurvey.report.scorecard_tables import scorecard_json

        files = [vendors, *([Path(weights)] if declared is not None else [])]
        given = {"weights": weights, "tests": tests, "rates": rates, "encoding": encoding, "sheet": sheet}
        sys.stdout.write(scorecard_json(result, provenance_of_files(files, **given)))
    elif format == "csv":
        from satsurvey.report.text import frame_to_csv

        sys.stdout.write(frame_to_csv(getattr(result, show)))
    else:
        from satsurvey.report.scorecard_tables import scorecard_tables
        from satsurvey.report.terminal import render

        first: Literal["equal", "roc", "declared"] = "equal" if weights == "equal" else "roc"
        if declared is not None:
            first = "declared"
        tables = scorecard_tables(result, lang, order_by=first)
        sys.stdout.write("\n".join(render(table) for table in tables))


@app.command("template")
def template_command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Sheet to write: .xlsx or .csv.")],
    vendor: Annotated[
        list[str] | None, typer.Option("--vendor", metavar="NAME", help="Name of a vendor (repeatable).")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    lang: LangOption = default_language(),
) -> None:
    """Write the sheet to fill in: a row per input, a column per vendor.

    \b
    Example: satsurvey scorecard template vendors.xlsx
             satsurvey scorecard template vendors.csv --vendor 甲公司 --vendor 乙公司
    """
    from satsurvey.report.scorecard_sheet import write_template

    write_template(file, vendors=vendor or (), language=lang, force=force)
    say(f"the sheet to fill in was written to {file}", lang)


@app.command("promise")
def promise_command(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE...", help="Service records, or a table with a column of times."),
    ],
    within: Annotated[
        str, typer.Option("--within", metavar="TIME", help="The time promised, e.g. 30s, 2min, 1分30秒.")
    ],
    share: Annotated[
        str | None,
        typer.Option("--share", metavar="SHARE", help="The share of contacts promised, e.g. 95%."),
    ] = None,
    mean: Annotated[bool, typer.Option("--mean", help="The promise is about the mean.")] = False,
    map: MapOption = "general",
    column: Annotated[
        str | None,
        typer.Option("--column", metavar="NAME", help="The file is a table, and its times stand here."),
    ] = None,
    metric: Annotated[
        Literal["first_response_s", "avg_response_s", "wait_s", "resolution_s"],
        typer.Option("--metric", help="Which time of the records is promised."),
    ] = "first_response_s",
    by: Annotated[
        str, typer.Option("--by", metavar="NAME[,...]", help="Test company, channel, tier or purpose apart.")
    ] = "",
    clusters: Annotated[
        Literal["auto", "agent", "company_day", "none"],
        typer.Option(
            "--clusters", help="What contacts have in common; auto tries all that the records name."
        ),
    ] = "auto",
    format: FormatOption = "table",
    encoding: EncodingOption = None,
    sheet: SheetOption = None,
    quiet: QuietOption = False,
    lang: LangOption = default_language(),
) -> None:
    """Test a promise such as "within 30 s in 95 % of contacts" against records: kept, broken, or not known.

    \b
    Example: satsurvey scorecard promise calls.csv --map call_log --within 30s --share 95%
             satsurvey scorecard promise times.xlsx --column 首次响应时长 --within 30s --share 95%
             satsurvey scorecard promise calls.csv --map call_log --within 30s --mean

    Contacts without an answer are counted as missed and left out, both shown; the verdict must hold in both.
    """
    from satsurvey.benchmarks.promises import check_promise

    limit, wanted = seconds_said(within), None if share is None else _share(share)
    groups = tuple(name.strip() for name in by.split(",") if name.strip())
    strange = [name for name in groups if name not in _PARTS]
    if strange:
        raise MethodError(
            "contacts cannot be parted by this", value=", ".join(strange), expected=", ".join(_PARTS)
        )
    with progress_bar(quiet=quiet, language=lang) as tell:
        tell("reading", 0, 0)
        times = _times(files, map, column, encoding, sheet)
        test = check_promise(
            times, within_s=limit, share=wanted, mean=mean, metric=metric, by=groups, clusters=clusters
        )
    if format == "json":
        from satsurvey.report.promise_tables import promise_json

        given = {"within": within, "share": share, "mean": mean or None, "map": map, "column": column}
        provenance = provenance_of_files(files, **given, encoding=encoding, sheet=sheet)
        sys.stdout.write(promise_json(test, provenance))
    elif format == "csv":
        from satsurvey.report.text import frame_to_csv

        sys.stdout.write(frame_to_csv(test.frame))
    else:
        from satsurvey.report.promise_tables import promise_tables
        from satsurvey.report.terminal import render

        sys.stdout.write("\n".join(render(table) for table in promise_tables(test, lang)))


def _times(
    files: list[Path], map: str, column: str | None, encoding: str | None, sheet: str | None
) -> ServiceRecords | Seconds:
    if column is None:
        from satsurvey.service.reading import read_records

        return read_records(files, map=map, encoding=encoding, sheet=sheet)
    from satsurvey.benchmarks.seconds import read_seconds

    if len(files) > 1:
        raise MethodError(
            "a column of times is read from one file", value=", ".join(map_name.name for map_name in files)
        )
    return read_seconds(files[0], column, encoding=encoding, sheet=sheet)


def _share(text: str) -> float:
    """Read a share such as 95% or 0.95 as a part of one."""
    from satsurvey.intake.numbers import read_number

    signed = text.replace("％", "%").strip().endswith("%")
    number = read_number(text.replace("％", "%").strip().removesuffix("%"))
    if number is None or (not signed and not 0 < number < 1):
        raise MethodError("this is no share of contacts", value=text, expected="such as 95% or 0.95")
    return number / 100 if signed else number
