"""The command `satsurvey init`: a commented study file for an export, with every guess marked as one."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from satsurvey.cli.language import rendered
from satsurvey.cli.options import (
    EncodingOption,
    InstrumentOption,
    LangOption,
    SheetOption,
    default_language,
)
from satsurvey.errors import OutputError

if TYPE_CHECKING:
    from satsurvey.instrument.model import Instrument
    from satsurvey.intake.drafting import Draft
    from satsurvey.intake.inspection import Inspection


def init_command(
    export: Annotated[Path, typer.Argument(metavar="EXPORT", help="The export that is to be read.")],
    out: Annotated[
        Path, typer.Option("--out", metavar="FILE", help="Study file to write; - prints it.")
    ] = Path("study.toml"),
    instrument: InstrumentOption = None,
    encoding: EncodingOption = None,
    sheet: SheetOption = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there already.")] = False,
    lang: LangOption = default_language(),
) -> None:
    """Write a study file for an export: bindings that are declared, and guesses as comments.

    Example: satsurvey init survey.csv

    Columns that the instrument knows by name are bound. Everything else that is likely stands there as a
    commented-out line with the reason after "guess:"; delete the "# " in front of a line to put it in force.
    """
    from satsurvey.instrument.library import load_instrument
    from satsurvey.intake.drafting import make_draft
    from satsurvey.intake.inspection import inspect_file
    from satsurvey.intake.reading import DEFAULT_INSTRUMENT

    printed = str(out) == "-"
    if not printed:
        _refuse(out, export, force=force)
    name = instrument or DEFAULT_INSTRUMENT
    asked = load_instrument(name)
    found = inspect_file(export, instrument=asked, encoding=encoding, sheet=sheet)
    folder = Path() if printed else out.parent
    draft = make_draft(found, asked, folder=folder, instrument_name=name)
    if printed:
        sys.stdout.write(draft.text)
    else:
        from satsurvey.report.writing import write_file

        write_file(out, draft.text, force=force)
    for line in _talk(draft, found, asked, None if printed else out):
        said = line.lstrip()
        print(" " * (len(line) - len(said)) + rendered(said, lang), file=sys.stderr)


def _refuse(out: Path, export: Path, *, force: bool) -> None:
    """Raise `OutputError` before the work when the study file cannot be written where it should be."""
    if export.exists() and out.exists() and out.samefile(export):
        raise OutputError(
            "the study file would replace the export", file=out, next_step="give another name with --out"
        )
    if out.exists() and not force:
        raise OutputError(
            "the file is there already",
            file=out,
            next_step="give another name with --out, or add --force to replace it",
        )


def _talk(draft: Draft, found: Inspection, instrument: Instrument, out: Path | None) -> list[str]:
    """Say what was bound, what was guessed, and what to do next."""
    from satsurvey.errors import shorten

    n = {table: sum(column.table == table for column in draft.bound) for table in ("items", "facts", "roles")}
    lines = [
        f"{out or 'study file'}: bound by declared names: {n['items']} of {len(instrument.items)} items, "
        f"{n['facts']} facts, {n['roles']} other fields"
    ]
    guesses = [f"{guess.code} = {shorten(guess.column.heading, 40)}" for guess in draft.guesses]
    if guesses:
        shown = ", ".join(guesses[:8]) + (" …" if len(guesses) > 8 else "")
        lines.append(f"  guessed, as comments that you put in force: {shown}")
    if draft.n_other_guesses:
        lines.append(f"  {draft.n_other_guesses} further guesses at codes and scales, as comments")
    if "items" in draft.needs and not any(guess.table == "items" for guess in draft.guesses):
        lines.append(
            f"  no column is known as an item of {instrument.id}: "
            "fill in the headings under [items], or write an instrument for these questions"
        )
        lines += [
            f"  the instrument {name} knows {known} of the columns: try --instrument {name}"
            for name, known in found.fits
        ]
        lines.append("next: satsurvey instruments schema")
        return lines
    needs = {
        "company": "the column of the company",
        "items": "the columns of the items",
        "completed": "which outcomes are completed interviews",
    }
    if draft.needs:
        lines.append(
            f"  before it can be read, put in force: {', '.join(needs[name] for name in draft.needs)}"
        )
    lines.append(f"next: satsurvey check --study {out or 'FILE'}")
    return lines
