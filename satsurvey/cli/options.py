"""Options that several commands share, and how a command ends."""

from __future__ import annotations

import locale
import os
from pathlib import Path
from typing import Annotated, Literal

import typer

from satsurvey.errors import MethodError

Lang = Literal["zh", "en"]

EXIT_DONE, EXIT_FAULT, EXIT_USAGE, EXIT_INPUT, EXIT_WARNINGS, EXIT_INTERRUPTED = 0, 1, 2, 3, 4, 130


def default_language() -> Lang:
    """Return the language of SATSURVEY_LANG, else English where the locale is English, else Chinese."""
    chosen = os.environ.get("SATSURVEY_LANG", "")
    if chosen in ("zh", "en"):
        return "zh" if chosen == "zh" else "en"
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name, "")
        if value:
            return "en" if value.lower().startswith("en") else "zh"
    return "en" if (locale.getlocale()[0] or "").lower().startswith("en") else "zh"


def require_exports(exports: list[Path] | None, study: Path | None) -> None:
    """Refuse a call that names neither an export nor a study file, which may list them."""
    if not exports and study is None:
        raise MethodError("no file was given", next_step="name an export, or list files in the study file")


Exports = Annotated[
    list[Path] | None,
    typer.Argument(metavar="EXPORT", help="Exports of the survey: CSV, Excel, SPSS, Stata or Parquet."),
]
StudyOption = Annotated[
    Path | None, typer.Option("--study", help="Study file that says which column is which.", metavar="FILE")
]
InstrumentOption = Annotated[
    str | None,
    typer.Option("--instrument", help="Shipped instrument, or path of a file.", metavar="NAME"),
]
QuestionnaireOption = Annotated[
    str | None,
    typer.Option("--questionnaire", metavar="NAME", help="Shipped instrument, or path of a file."),
]
"""Where `--instrument` stands for an instrumental variable, or beside a command where it does."""
ScaleOption = Annotated[
    str | None,
    typer.Option("--scale", help="Scale the items were answered on, e.g. five_point.", metavar="NAME"),
]
EncodingOption = Annotated[
    str | None, typer.Option("--encoding", help="Encoding of the exports, e.g. gb18030.", metavar="NAME")
]
SheetOption = Annotated[str | None, typer.Option("--sheet", help="Sheet of the workbook.", metavar="NAME")]
MapOption = Annotated[
    str,
    typer.Option("--map", metavar="NAME", help="Shipped map, or path of a file: which column is what."),
]
ForceOption = Annotated[bool, typer.Option("--force", help="Replace what stands at --out.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no talk.")]
FormatOption = Annotated[
    Literal["table", "csv", "json"],
    typer.Option("--format", help="How to print. json has everything, csv full precision."),
]
LangOption = Annotated[
    Lang,
    typer.Option("--lang", envvar="SATSURVEY_LANG", help="Language of tables: zh or en.", show_default=False),
]


def seconds_said(text: str) -> float:
    """Read a length of time that was typed, such as 30, 30s, 2min or 1分30秒, in seconds.

    Raises
    ------
    MethodError
        When it is none.
    """
    from satsurvey.intake.numbers import read_number

    number = read_number(text, seconds=True)
    if number is None:
        raise MethodError("this is no length of time", value=text, expected="such as 30s, 2min or 1分30秒")
    return number
