"""The command `satsurvey inspect`: what is in an export, before anything is done with it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from satsurvey.cli.language import rendered
from satsurvey.cli.options import (
    EncodingOption,
    InstrumentOption,
    LangOption,
    SheetOption,
    default_language,
)

if TYPE_CHECKING:
    from satsurvey.instrument.model import Language
    from satsurvey.intake.inspection import InspectedColumn, Inspection, ValueCount
    from satsurvey.report.layout import Table

_TABLES = {
    "items": ("评分题", "item"),
    "facts": ("事实题", "fact"),
    "outcomes": ("结果题", "outcome"),
    "roles": ("字段", "role"),
}
_BY = {"name": ("", ""), "code": ("（按代码）", " (by its code)"), "label": ("（按标签）", " (by its label)")}
_VALUES, _SPECIAL, _LONGEST = 4, 6, 24


def inspect_command(
    export: Annotated[Path, typer.Argument(metavar="EXPORT", help="A file of answers, of whatever survey.")],
    instrument: InstrumentOption = None,
    encoding: EncodingOption = None,
    sheet: SheetOption = None,
    format: Annotated[
        Literal["table", "json"], typer.Option("--format", help="Table for people, json for programs.")
    ] = "table",
    lang: LangOption = default_language(),
) -> None:
    """Show what an export holds: encoding, columns, values, special codes; nothing is changed.

    Example: satsurvey inspect survey.csv

    Each column is shown with what it would be read as by the names that the instrument declares. Special
    codes are cells that hold no answer; those that nothing declares carry a question mark.
    """
    from satsurvey.intake.inspection import inspect_file

    found = inspect_file(export, instrument=instrument, encoding=encoding, sheet=sheet)
    if format == "json":
        sys.stdout.write(json.dumps(found.to_dict(), ensure_ascii=False, indent=2) + "\n")
        return
    from satsurvey.report.terminal import render

    sys.stdout.write(render(_file_table(found, lang)) + "\n" + render(_column_table(found, lang)))


def _file_table(found: Inspection, language: Language) -> Table:
    from satsurvey.errors import shorten
    from satsurvey.report.cells import Column
    from satsurvey.report.layout import Table

    at = 0 if language == "zh" else 1
    facts: list[tuple[tuple[str, str], object]] = [
        (("文件", "file"), str(found.path)),
        (("格式", "format"), found.format),
        (("大小（字节）", "bytes"), f"{found.n_bytes:,}"),
        (("编码", "encoding"), found.encoding),
        (("分隔符", "delimiter"), None if found.delimiter is None else repr(found.delimiter)),
        (("工作表", "sheet"), found.sheet),
        (("列名所在行", "row of headings"), found.heading_row or None),
        (("数据行", "rows"), f"{found.n_rows:,}"),
        (("列", "columns"), f"{len(found.columns):,}"),
        (("问卷", "instrument"), found.instrument),
        (("量表", "scale"), found.scale),
    ]
    notes = [rendered(note, language) for note in found.notes]
    if found.n_unreadable:
        lines = ", ".join(
            f"{row.row} ({shorten(rendered(row.reason, language))})" for row in found.unreadable
        )
        more = " …" if found.n_unreadable > len(found.unreadable) else ""
        notes.append(
            f"{found.n_unreadable} 行无法读取，行号：{lines}{more}"
            if at == 0
            else f"{found.n_unreadable} rows cannot be read: {lines}{more}"
        )
    return Table(
        "文件" if at == 0 else "File",
        (
            Column("key", "项目", "What", "text", align="left"),
            Column("value", "内容", "Found", "text", align="left"),
        ),
        tuple((names[at], value) for names, value in facts if value is not None),
        notes=tuple(notes),
        language=language,
    )


def _column_table(found: Inspection, language: Language) -> Table:
    from satsurvey.report.cells import Column
    from satsurvey.report.layout import Table

    at = 0 if language == "zh" else 1
    rows = [
        (
            column.letter,
            column.heading,
            column.raw.question,
            _stands_for(column, language),
            column.n_filled,
            f"{column.n_distinct:,}{'' if column.counted_all else '+'}",
            _shown(column.values[:_VALUES], len(column.values) > _VALUES, language),
            _shown(column.special[:_SPECIAL], len(column.special) > _SPECIAL, language, special=True),
        )
        for column in found.columns
    ]
    columns = [
        Column("letter", "列", "Col", "text", align="left"),
        Column("heading", "列名", "Heading", "text", align="left"),
        Column("question", "标签", "Label", "text", align="left", optional=3),
        Column("stands_for", "读作", "Read as", "text", align="left"),
        Column("n_filled", "有值", "Filled", "integer"),
        Column("n_distinct", "不同值", "Distinct", "text"),
        Column("values", "最常见的值", "Most frequent values", "text", align="left", optional=2),
        Column("special", "特殊码", "Special codes", "text", align="left"),
    ]
    # A column of the table that is empty in every row says nothing.
    kept = [place for place in range(len(columns)) if place not in (2, 7) or any(row[place] for row in rows)]
    return Table(
        "列" if at == 0 else "Columns",
        tuple(columns[place] for place in kept),
        tuple(tuple(row[place] for place in kept) for row in rows),
        notes=tuple(_notes(found, language)),
        language=language,
    )


def _stands_for(column: InspectedColumn, language: Language) -> str:
    at = 0 if language == "zh" else 1
    if not column.code:
        return ""
    return f"{_TABLES[column.table][at]} {column.code}{_BY[column.by][at]}"


def _shown(values: tuple[ValueCount, ...], more: bool, language: Language, *, special: bool = False) -> str:
    from satsurvey.errors import shorten

    parts = []
    for value in values:
        said = [shorten(value.text, _LONGEST)]
        said += [shorten(value.label, _LONGEST)] if value.label else []
        said += [_meaning(value.meaning, language)] if special else []
        # Where every value stands once, saying so of each tells nothing.
        counted = special or value.n > 1
        parts.append(" ".join(said) + (f" ×{value.n:,}" if counted else ""))
    return ", ".join(parts) + (" …" if more else "")


def _meaning(reason: str, language: Language) -> str:
    from satsurvey.report.labels import label

    return label(f"n_{reason}", language) if reason and language == "zh" else reason or "?"


def _notes(found: Inspection, language: Language) -> list[str]:
    at, colon = (0, "：") if language == "zh" else (1, ": ")
    notes = [
        f"{column.letter} {column.heading}{colon}{rendered(column.raw.warning, language)}"
        for column in found.columns
        if column.raw.warning
    ]
    told: set[tuple[str, str]] = set()
    for column in found.columns:
        if column.rivals and (column.table, column.code) not in told:
            told.add((column.table, column.code))
            letters = ", ".join((column.letter, *column.rivals))
            notes.append(
                f"{letters} 几列都是 {column.code}，请在调查文件中指定一列"
                if at == 0
                else f"columns {letters} all stand for {column.code}; a study file has to name the one to use"
            )
    if any(column.by == "label" for column in found.columns):
        notes.append(
            "按标签认出的列要写进调查文件才会使用：satsurvey init"
            if at == 0
            else "columns known by their label are used only when a study file names them: satsurvey init"
        )
    undeclared = sum(column.n_undeclared for column in found.columns)
    if undeclared:
        notes.append(
            f"{undeclared} 个单元格的值没有声明（?），不会用于计分"
            if at == 0
            else f"{undeclared} cells hold something that nothing declares (?); they would not be used"
        )
    if not any(column.table == "items" for column in found.columns):
        notes.append(
            f"没有一列是问卷 {found.instrument} 的题目"
            if at == 0
            else f"no column is an item of the instrument {found.instrument}"
        )
        notes += [
            f"问卷 {name} 认得其中 {n} 列：--instrument {name}"
            if at == 0
            else f"the instrument {name} knows {n} of the columns: --instrument {name}"
            for name, n in found.fits
        ]
    return notes
