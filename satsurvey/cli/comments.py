"""The commands on comments: reading, training, measuring, drawing a sample to label, checking aspects."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from satsurvey.cli.language import rendered, say
from satsurvey.cli.options import (
    EXIT_INPUT,
    EncodingOption,
    Exports,
    ForceOption,
    InstrumentOption,
    Lang,
    LangOption,
    QuietOption,
    SheetOption,
    StudyOption,
    default_language,
    require_exports,
)
from satsurvey.cli.progress import progress_bar

if TYPE_CHECKING:
    from satsurvey.report.layout import Table
    from satsurvey.text.comment_columns import Comments
    from satsurvey.text.comments import CommentScores
    from satsurvey.text.labelled import Labelled

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="What respondents say in their own words: read comments, and see how well they are read.\n\n"
    "Example: satsurvey comments score survey.csv",
)
aspects_app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="What comments may speak of: check a file of aspects."
)
app.add_typer(aspects_app, name="aspects")

Shown = Literal[
    "comments", "questions", "industries", "companies", "aspects", "conflicts", "typical", "keywords"
]
Format = Annotated[
    Literal["table", "csv", "json", "markdown"],
    typer.Option("--format", help="How to print. json has everything, csv full precision."),
]
EngineOption = Annotated[
    str,
    typer.Option(
        "--engine", metavar="NAME", help="service, snownlp, a trained model (.npz) or a transformer's folder."
    ),
]
ColumnOption = Annotated[
    list[str] | None,
    typer.Option("--column", metavar="NAME", help="Heading of a column of comments (repeatable)."),
]
LabelledFile = Annotated[
    Path, typer.Argument(metavar="LABELLED", help="Table of comments with the labels that people gave them.")
]
TextOption = Annotated[
    str | None, typer.Option("--text", metavar="NAME", help="Heading of the column of comments.")
]
LabelOption = Annotated[
    str | None, typer.Option("--label", metavar="NAME", help="Heading of the column of labels.")
]
AspectsOption = Annotated[
    str | None, typer.Option("--aspects", metavar="NAME", help="Heading of the column of aspects.")
]
SeedOption = Annotated[int, typer.Option("--seed", min=0, help="Seed of what is drawn.")]


@app.command("score")
def score_comments(
    exports: Exports = None,
    study: StudyOption = None,
    column: ColumnOption = None,
    engine: EngineOption = "service",
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Also write CSV tables, comments.json and manifest.json."),
    ] = None,
    force: ForceOption = False,
    show: Annotated[
        Shown | None, typer.Option("--show", help="Which table to print. Default: the main ones.")
    ] = None,
    format: Format = "table",
    processes: Annotated[
        int, typer.Option("--processes", min=1, max=256, help="Processes that read; results are the same.")
    ] = 1,
    aspect_file: Annotated[
        Path | None,
        typer.Option(
            "--aspect-file", metavar="FILE", help="File of aspects in place of the built-in ones (TOML)."
        ),
    ] = None,
    instrument: InstrumentOption = None,
    encoding: EncodingOption = None,
    sheet: SheetOption = None,
    quiet: QuietOption = False,
    lang: LangOption = default_language(),
) -> None:
    """Read comments: sentiment, aspects, shares by company and industry, contradictions with the scores.

    \b
    Example: satsurvey comments score survey.csv
             satsurvey comments score reviews.csv --column 留言 --format csv
             satsurvey comments score survey.csv --out results --engine snownlp

    Any table with a column of comments will do. Personal data is masked in everything printed and written.
    """
    from satsurvey.text.comments import read_comments
    from satsurvey.text.engines import engine_of

    require_exports(exports, study)
    if out is not None:
        from satsurvey.report.writing import refuse_taken

        refuse_taken(out, force=force)
    with progress_bar(quiet=quiet, language=lang) as tell:
        reader = engine_of(engine, processes=processes, aspects=aspect_file)
        found = _collected(exports, study, instrument, column, encoding, sheet, tell)
        result = read_comments(
            found,
            engine=reader,
            progress=tell,
        )
        if out is not None or format == "json":
            provenance = _provenance(
                result,
                study=study,
                instrument=instrument,
                column=column,
                engine=engine,
                encoding=encoding,
                sheet=sheet,
                processes=processes if processes > 1 else None,
                aspects=aspect_file.name if aspect_file is not None else None,
            )
        if out is not None:
            from satsurvey.report.comment_files import write_comments

            tell("writing", 0, 0)
            files = write_comments(result, out, provenance=provenance, force=force)
            if not quiet:
                say(f"{len(files)} files written to {out}", lang)
    if format == "json":
        from satsurvey.report.comment_files import comments_json

        sys.stdout.writelines(comments_json(result, provenance))
    elif format == "csv":
        _print_csv(result, show or "comments")
    else:
        from satsurvey.report.comment_tables import TABLES, main_tables

        _print_tables(main_tables(result, lang) if show is None else [TABLES[show](result, lang)], format)


@app.command("train")
def train_on_comments(
    labelled: LabelledFile,
    base: Annotated[
        Literal["builtin", "none"],
        typer.Option("--base", help="Blend with the built-in model, or learn from the labels alone."),
    ] = "builtin",
    out: Annotated[Path | None, typer.Option("--out", metavar="MODEL", help="Model to write (.npz).")] = None,
    force: ForceOption = False,
    text: TextOption = None,
    label: LabelOption = None,
    aspects: AspectsOption = None,
    seed: SeedOption = 20191,
    format: Annotated[
        Literal["table", "json", "markdown"], typer.Option("--format", help="How to write the answer.")
    ] = "table",
    encoding: EncodingOption = None,
    sheet: SheetOption = None,
    quiet: QuietOption = False,
    lang: LangOption = default_language(),
) -> None:
    """Learn from your own labels, and see by cross-validation whether that reads better than the built-in.

    \b
    Example: satsurvey comments train labelled.xlsx --out own.npz
             satsurvey comments score survey.csv --engine own.npz

    The model is a file of numbers; nothing in it is ever executed. Aspects are learned from 200 labels on.
    """
    from satsurvey.errors import SatsurveyError
    from satsurvey.text.engines import NAMES, engine_of
    from satsurvey.text.evaluation import evaluate
    from satsurvey.text.sample_weights import sample_weights
    from satsurvey.text.trained import train

    if out is not None:
        from satsurvey.report.writing import refuse_inputs, write_file

        _refuse_model(out, force=force)
        refuse_inputs(out, [labelled])
    with progress_bar(quiet=quiet, language=lang) as tell:
        found = _labelled(labelled, text, label, aspects, encoding, sheet, lang)
        drawn = sample_weights(labelled, found, encoding=encoding, sheet=sheet)
        tell("training", 0, 0)
        trained = train(
            found.texts,
            found.names,
            aspects=found.aspects,
            weights=drawn.weights,
            base=base == "builtin",
            source=found.source,
            seed=seed,
            notes=[drawn.note] if drawn.note else (),
        )
        if out is not None:
            # Before the comparison: what fails there takes nothing away that has been learned.
            write_file(out, trained.engine.save, force=force)
            if not quiet:
                say(f"the model was written to {out}", lang)
        results = {"trained": trained.cross_validated}
        notes = list(trained.notes)
        for name in NAMES:
            tell("comparing", 0, 0)
            try:
                results[name] = evaluate(
                    engine_of(name),
                    found.texts,
                    found.names,
                    aspects=found.aspects if name == "service" else None,
                    weights=drawn.weights,
                    source=found.source,
                    seed=seed,
                )
            except SatsurveyError as exc:
                notes.append(f"the engine {name} was left out of the comparison: {exc.what}")
    if format == "json":
        from satsurvey.report.comment_files import TRAINING_SCHEMA, evaluation_json
        from satsurvey.report.score_json import json_text

        rows: dict[str, object] = {name: evaluation_json(one) for name, one in results.items()}
        about = {"schema": TRAINING_SCHEMA, "n": len(found), "about": trained.about}
        sys.stdout.write(json_text(about | {"evaluations": rows, "notes": notes}))
        return
    from satsurvey.report.evaluation_tables import comparison_table

    _print_tables([comparison_table(results, lang, notes=notes)], format)


@app.command("evaluate")
def evaluate_engine(
    labelled: LabelledFile,
    engine: EngineOption = "service",
    text: TextOption = None,
    label: LabelOption = None,
    aspects: AspectsOption = None,
    seed: SeedOption = 20191,
    format: Format = "table",
    encoding: EncodingOption = None,
    sheet: SheetOption = None,
    quiet: QuietOption = False,
    lang: LangOption = default_language(),
) -> None:
    """Measure how well an engine reads, against labels that people gave; every figure has its interval.

    \b
    Example: satsurvey comments evaluate labelled.xlsx
             satsurvey comments evaluate labelled.csv --engine snownlp --text 留言 --label 情感

    Labels are 正面, 负面, 中性, 褒贬, 无, their English names, or 1, 0, 2, or 1, 0, -1 where 0 is neutral.
    Aspects are a column such as access-;price+, or a column each. Rows without a label are left out.
    """
    from satsurvey.text.engines import engine_of
    from satsurvey.text.evaluation import evaluate
    from satsurvey.text.sample_weights import sample_weights

    with progress_bar(quiet=quiet, language=lang) as tell:
        reader = engine_of(engine)
        found = _labelled(labelled, text, label, aspects, encoding, sheet, lang)
        drawn = sample_weights(labelled, found, encoding=encoding, sheet=sheet)
        tell("reading comments", 0, 0)
        result = evaluate(
            reader,
            found.texts,
            found.names,
            aspects=found.aspects,
            weights=drawn.weights,
            rows=found.rows.tolist(),
            source=found.source,
            seed=seed,
            notes=[drawn.note] if drawn.note else (),
        )
    if format == "json":
        from satsurvey.report.comment_files import evaluation_json
        from satsurvey.report.score_json import json_text

        sys.stdout.write(json_text(evaluation_json(result)))
    elif format == "csv":
        from satsurvey.report.text import frame_to_csv

        sys.stdout.write(frame_to_csv(result.measures))
    else:
        from satsurvey.report.evaluation_tables import evaluation_tables

        _print_tables(evaluation_tables(result, lang), format)


@app.command("sample")
def sample_comments(
    exports: Exports = None,
    n: Annotated[int, typer.Option("-n", min=1, help="How many comments.")] = 200,
    out: Annotated[Path, typer.Option("--out", metavar="FILE.xlsx", help="Workbook to write.")] = Path(
        "labelling.xlsx"
    ),
    force: ForceOption = False,
    study: StudyOption = None,
    column: ColumnOption = None,
    engine: EngineOption = "service",
    seed: SeedOption = 20191,
    instrument: InstrumentOption = None,
    encoding: EncodingOption = None,
    sheet: SheetOption = None,
    quiet: QuietOption = False,
    lang: LangOption = default_language(),
) -> None:
    """Draw comments to be labelled by people: a workbook with drop-downs, personal data masked.

    \b
    Example: satsurvey comments sample survey.csv -n 200 --out sheet.xlsx
             satsurvey comments evaluate sheet.xlsx

    The sample is stratified by company and by the label that the engine gives, which the sheet does not show.
    """
    from satsurvey.report.labelling_sheet import write_labelling_sheet
    from satsurvey.report.writing import refuse_inputs
    from satsurvey.text.comments import read_comments
    from satsurvey.text.engines import engine_of
    from satsurvey.text.sampling import draw_sample

    require_exports(exports, study)
    with progress_bar(quiet=quiet, language=lang) as tell:
        reader = engine_of(engine)
        found = _collected(exports, study, instrument, column, encoding, sheet, tell)
        refuse_inputs(out, (source.path for source in found.files))
        drawn = draw_sample(read_comments(found, engine=reader, progress=tell), n=n, seed=seed)
        write_labelling_sheet(drawn, out, force=force)
    if not quiet:
        say(f"{len(drawn.frame)} comments to label were written to {out}", lang)


@aspects_app.command("check")
def check_aspects(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="File of aspects (TOML).")],
    lang: LangOption = default_language(),
) -> None:
    """List every defect of a file of aspects with its place.

    Example: satsurvey comments aspects check aspects.toml

    Exit code 0: sound; 3: defects.
    """
    from satsurvey.text.aspects import Aspects
    from satsurvey.text.lexicon import LexiconError

    try:
        Aspects.read(file)
    except LexiconError as exc:
        if not exc.defects:
            raise
        for defect in exc.defects:
            print(f"{defect.where}: {rendered(defect.what, lang)}")
        n = len(exc.defects)
        say(f"{file}: {n} defect{'s' if n > 1 else ''}", lang)
        raise typer.Exit(EXIT_INPUT) from exc
    say(f"{file}: sound", lang)


def _collected(
    exports: Sequence[Path] | None,
    study: Path | None,
    instrument: str | None,
    column: Sequence[str] | None,
    encoding: str | None,
    sheet: str | None,
    tell: Any,
) -> Comments:
    """Read comments from exports of a survey, or from any table that has them."""
    from satsurvey.instrument.library import load_instrument
    from satsurvey.intake.reading import DEFAULT_INSTRUMENT, read_responses
    from satsurvey.text.survey_comments import comments_of_responses, is_survey
    from satsurvey.text.table_comments import comments_of_files

    def progress(name: str) -> None:
        tell(f"reading {name}", 0, 0)

    paths = list(exports or ())
    survey = study is not None or instrument is not None
    if not survey:
        default = load_instrument(DEFAULT_INSTRUMENT)
        survey = is_survey(paths[0], default, encoding=encoding, sheet=sheet)
    if survey:
        responses = read_responses(
            paths, instrument=instrument, study=study, encoding=encoding, sheet=sheet, progress=progress
        )
        return comments_of_responses(responses, columns=column or (), progress=progress)
    return comments_of_files(paths, columns=column or (), encoding=encoding, sheet=sheet, progress=progress)


def _labelled(
    path: Path,
    text: str | None,
    label: str | None,
    aspects: str | None,
    encoding: str | None,
    sheet: str | None,
    lang: Lang,
) -> Labelled:
    """Read a labelled file and say what in it could not be understood."""
    from satsurvey.text.labelled import MOST_LISTED, read_labelled

    found = read_labelled(path, text=text, label=label, aspects=aspects, encoding=encoding, sheet=sheet)
    for defect in found.defects[:MOST_LISTED]:
        say(f"{defect.where}: {defect.what}", lang)
    if len(found.defects) > MOST_LISTED:
        say(f"{len(found.defects) - MOST_LISTED} more rows could not be understood", lang)
    if found.n_unlabelled:
        say(f"{found.n_unlabelled:,} rows without a label were left out", lang)
    return found


def _provenance(result: CommentScores, **options: object) -> dict[str, object]:
    import platform

    import numpy as np
    import pandas as pd
    import pyarrow as pa

    from satsurvey import __version__
    from satsurvey.intake.provenance import provenance_of
    from satsurvey.text.engines import NAMES
    from satsurvey.text.keywords import cutter_version

    versions = {
        "satsurvey": __version__,
        "python": platform.python_version(),
        **{module.__name__: module.__version__ for module in (np, pd, pa)},
        # The word lists depend on what cuts texts into words.
        **cutter_version(),
    }
    # Where a file lies on one machine is nobody else's business: its name says which one it was.
    for option in ("study", "instrument", "engine"):
        given = options.get(option)
        if given is not None and str(given) not in NAMES:
            options[option] = Path(str(given)).name
    return provenance_of(result.comments.files, options, versions)


def _refuse_model(out: Path, *, force: bool) -> None:
    from satsurvey.errors import OutputError

    if out.suffix.lower() != ".npz":
        raise OutputError("a trained model is an .npz file", file=out, expected="a name that ends in .npz")
    if out.exists() and not force:
        raise OutputError(
            "the file is there already",
            file=out,
            next_step="give another name, or add --force to replace it",
        )


def _print_csv(result: CommentScores, show: Shown) -> None:
    if show == "comments":
        from satsurvey.report.comment_files import comments_csv

        sys.stdout.writelines(comments_csv(result))
        return
    from satsurvey.report.text import frame_to_csv

    sys.stdout.write(frame_to_csv(getattr(result, show)))


def _print_tables(tables: Iterable[Table], format: str) -> None:
    from satsurvey.report.terminal import render
    from satsurvey.report.text import to_markdown

    draw = render if format == "table" else to_markdown
    print("\n".join(draw(table) for table in tables))
