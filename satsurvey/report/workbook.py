"""The workbook: one sheet per table with numbers as numbers, native charts, and the method in words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from satsurvey.instrument.model import Language
from satsurvey.report.breakdowns import breakdown_table
from satsurvey.report.cells import (
    Column,
    Interval,
    RankSet,
    Withheld,
    cell_text,
    display_width,
    is_absent,
    printable,
)
from satsurvey.report.labels import label
from satsurvey.report.layout import Table
from satsurvey.report.rankings import company_table, industry_table
from satsurvey.report.tables import dimension_table, item_table, ledger_table, method_table, unused_table
from satsurvey.report.workbook_charts import ChartSource, add_charts

if TYPE_CHECKING:
    from satsurvey.analysis import Analysis

EXCEL_ROWS = 1_048_576
EXCEL_TEXT = 32_767
MANY_ROWS = 50_000
"""From here on rows are streamed to disk instead of being held."""
WIDEST = 60
HEAD_ROW = 2
"""The headings stand in the third row: title, empty row, headings."""


@dataclass(frozen=True)
class Field:
    """One column of a sheet: an interval or a rank set of a table takes three of them."""

    key: str
    heading: str
    kind: str
    decimals: int
    source: int
    part: str = ""
    width: int = 0

    @property
    def worded(self) -> bool:
        """Whether its values are written in words."""
        return self.kind in {"text", "word", "flag"}


def write_workbook(
    analysis: Analysis, path: Path, language: Language, *, most_rows: int = EXCEL_ROWS
) -> None:
    """Write an analysis as an Excel workbook.

    Parameters
    ----------
    analysis
        The study's estimates.
    path
        The file; an existing one is overwritten (`writing` guards that).
    language
        "zh" or "en".
    most_rows
        The rows a sheet can have; a longer table is cut, with a statement and a pointer to the CSV file.

    Raises
    ------
    OSError
        The file cannot be written.

    Notes
    -----
    Sheets: industries and their charts (where there are any), companies, dimensions, items, the breakdowns
    asked for, ledger, method. Numbers are written as numbers of 16 digits, under a format that shows the
    decimals of the study (Excel rounds half away from zero; terminal and Markdown follow the rule of the
    study). Text is always written as text, so a name that begins with = + - @ runs nothing.
    """
    import xlsxwriter
    from xlsxwriter.exceptions import FileCreateError

    industries = industry_table(analysis, language, full=True)
    tables = [
        (label("sheet_companies", language), "companies.csv", [company_table(analysis, language, full=True)]),
        (label("sheet_dimensions", language), "dimensions.csv", [dimension_table(analysis, language)]),
        (label("sheet_items", language), "items.csv", [item_table(analysis, language)]),
        (
            label("sheet_ledger", language),
            "manifest.json",
            [ledger_table(analysis, language), unused_table(analysis, language)],
        ),
        (label("sheet_method", language), "manifest.json", [method_table(analysis, language)]),
    ]
    if len(analysis.breakdowns):
        shown = breakdown_table(analysis, language)
        tables.insert(3, (label("title_breakdown", language), "breakdowns.csv", [shown]))
    if industries.rows:
        tables.insert(0, (label("sheet_industries", language), "industries.csv", [industries]))
    rows = sum(len(table.rows) for _, _, listed in tables for table in listed)
    book = xlsxwriter.Workbook(
        str(path),
        {
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
            "constant_memory": rows > MANY_ROWS,
        },
    )
    try:
        _describe(book, analysis, tables[0][2][0].title)
        writer = SheetWriter(book, language, most_rows)
        for place, (name, more, listed) in enumerate(tables):
            writer.add_sheet(name, listed, more)
            if place == 0 and industries.rows:
                keys = tuple(field.key for field in fields_of(industries))
                add_charts(book, ChartSource(name, industries, keys, HEAD_ROW + 1))
    finally:
        try:
            book.close()
        except FileCreateError as exc:
            cause = exc.args[0] if exc.args else None
            raise (cause if isinstance(cause, OSError) else OSError(str(exc))) from exc


class SheetWriter:
    """Writes tables into the sheets of one workbook, all with the same formats."""

    def __init__(self, book: Any, language: Language, most_rows: int) -> None:
        self.book = book
        self.language = language
        self.most_rows = most_rows
        self._formats: dict[str, Any] = {}
        self._texts: dict[tuple[object, str], str] = {}
        self.title = book.add_format({"bold": True, "font_size": 14})
        self.head = book.add_format(
            {
                "bold": True,
                "bg_color": "#1F4E78",
                "font_color": "#FFFFFF",
                "text_wrap": True,
                "align": "center",
                "valign": "vcenter",
                "border": 1,
                "border_color": "#BFBFBF",
            }
        )
        self.note = book.add_format({"font_color": "#595959"})
        self.wrapped = book.add_format({"text_wrap": True, "valign": "top"})

    def add_sheet(self, name: str, tables: Sequence[Table], more: str) -> None:
        """Write tables one below the other; the first one has the frozen heads and the filter."""
        sheet = self.book.add_worksheet(name)
        row = 0
        for place, table in enumerate(tables):
            if place and not table.rows:
                continue
            fields = fields_of(table)
            if place == 0:
                self._set_widths(sheet, table, fields)
                sheet.freeze_panes(HEAD_ROW + 1, _frozen(fields))
                # Ids of digits are text on purpose; without this every one of them gets a warning mark.
                sheet.ignore_errors({"number_stored_as_text": f"A1:XFD{EXCEL_ROWS}"})
                sheet.set_landscape()
                sheet.fit_to_pages(1, 0)
                sheet.repeat_rows(HEAD_ROW)
            row = self._write(sheet, table, fields, row, more, first=place == 0)

    def _write(
        self, sheet: Any, table: Table, fields: Sequence[Field], row: int, more: str, *, first: bool
    ) -> int:
        sheet.write_string(row, 0, _text(table.title), self.title)
        head = row + HEAD_ROW
        # A heading is broken into lines by the column's width; two lines of room do for all of ours.
        sheet.set_row(head, 32)
        for k, field in enumerate(fields):
            sheet.write_string(head, k, _text(field.heading), self.head)
        room = self.most_rows - head - 1 - bool(table.footer) - len(table.notes) - 3
        shown = table.rows if len(table.rows) <= room else table.rows[: max(room, 0)]
        row = head + 1
        plan = self._plan(fields)
        for values in shown:
            self._write_row(sheet, row, plan, table, values)
            row += 1
        if first and shown:
            sheet.autofilter(head, 0, row - 1, len(fields) - 1)
        if table.footer:
            self._write_row(sheet, row, self._plan(fields, bold=True), table, table.footer)
            row += 1
        notes = list(table.notes)
        if len(shown) < len(table.rows):
            notes.insert(0, _cut_note(len(shown), len(table.rows), more, self.language))
        row += 1
        for note in notes:
            sheet.write_string(row, 0, _text(note), self.note)
            row += 1
        return row + 1

    def _write_row(
        self,
        sheet: Any,
        row: int,
        plan: Sequence[tuple[Field, Any]],
        table: Table,
        values: Sequence[object],
    ) -> None:
        for k, (field, style) in enumerate(plan):
            value = _part(values[field.source], field.part)
            if isinstance(value, Withheld):
                text = cell_text(
                    value, table.columns[field.source], table.decimals, table.rule, self.language
                )
                sheet.write_string(row, k, _text(text))
            elif is_absent(value):
                continue
            elif field.worded or isinstance(value, str):
                sheet.write_string(row, k, self._words(value, field, table), style)
            elif math.isinf(number := float(value)):  # type: ignore[arg-type]  # many number classes
                sheet.write_string(row, k, "∞" if number > 0 else "-∞", style)
            else:
                sheet.write_number(row, k, number, style)

    def _words(self, value: object, field: Field, table: Table) -> str:
        """Write a value out in words; a name stands in many rows, so its text is kept."""
        key = (value, field.kind)
        if key not in self._texts:
            text = cell_text(value, table.columns[field.source], table.decimals, table.rule, self.language)
            self._texts[key] = _text(text)
        return self._texts[key]

    def _plan(self, fields: Sequence[Field], *, bold: bool = False) -> list[tuple[Field, Any]]:
        return [
            (field, self.wrapped if field.width else self._format(field.kind, field.decimals, bold=bold))
            for field in fields
        ]

    def _format(self, kind: str, decimals: int, *, bold: bool) -> Any:
        pattern = number_format(kind, decimals)
        key = f"{pattern}/{bold}"
        if key not in self._formats:
            self._formats[key] = self.book.add_format(
                {"num_format": pattern, **({"bold": True, "top": 1} if bold else {})}
            )
        return self._formats[key]

    def _set_widths(self, sheet: Any, table: Table, fields: Sequence[Field]) -> None:
        # The widths of many rows are those of the first few thousand: a sheet must not be written out twice.
        sample = [*table.rows[:2000], *([table.footer] if table.footer else [])]
        for k, field in enumerate(fields):
            # A heading may break in two; Chinese characters take two cells each.
            widest = -(-display_width(field.heading) // 2) + 2
            values = {
                _part(row[field.source], field.part) for row in sample if not is_absent(row[field.source])
            }
            widest = max([widest, *self._widths(values, field, table)])
            sheet.set_column(k, k, field.width or min(max(widest + 2, 8), WIDEST))

    def _widths(self, values: set[object], field: Field, table: Table) -> list[int]:
        """Return the widths of texts, and of the largest and the smallest number."""
        texts = [value for value in values if field.worded or isinstance(value, str | Withheld)]
        column = table.columns[field.source]
        widths = [
            display_width(cell_text(value, column, table.decimals, table.rule, self.language))
            for value in texts
        ]
        if not field.worded:
            rest = (
                value for value in values if not isinstance(value, str | Withheld) and not is_absent(value)
            )
            numbers = [float(value) for value in rest]  # type: ignore[arg-type]  # many number classes
            ends = {min(numbers), max(numbers)} if numbers else set()
            widths += [len(f"{end:,.{field.decimals}f}") for end in ends]
        return widths


def fields_of(table: Table) -> list[Field]:
    """Return the columns of a sheet for a table: intervals and rank sets are spread over three."""
    fields: list[Field] = []
    for source, column in enumerate(table.columns):
        decimals = table.decimals if column.decimals is None else column.decimals
        if column.kind == "interval":
            parts = (("score", "value"), ("ci_low", "low"), ("ci_high", "high"))
            fields += [
                Field(key, label(key, table.language), "score", decimals, source, part) for key, part in parts
            ]
        elif column.kind == "rank_set":
            names = _rank_names(column, table.language)
            fields += [
                Field(f"{column.key}{end}", name, "rank", 0, source, part)
                for (end, part), name in zip(
                    (("", "rank"), ("_low", "low"), ("_high", "high")), names, strict=True
                )
            ]
        else:
            heading = column.heading(table.language)
            fields.append(Field(column.key, heading, column.kind, decimals, source, width=column.width))
    return fields


def number_format(kind: str, decimals: int) -> str:
    """Return the number format of a kind of column."""
    if kind in {"text", "word", "flag"}:
        return "@"
    if kind in {"integer", "rank"}:
        return "#,##0"
    if kind == "share":
        return "0.0%"
    places = 3 if kind == "probability" else decimals
    return f"0.{'0' * places}" if places else "0"


def _rank_names(column: Column, language: Language) -> tuple[str, str, str]:
    if column.key == "rank":
        return label("rank", language), label("rank_low", language), label("rank_high", language)
    zh, en = (
        ("全体排名", "全体排名下限", "全体排名上限"),
        ("Overall rank", "Overall rank from", "Overall rank to"),
    )
    return zh if language == "zh" else en


def _part(value: object, part: str) -> object:
    """Take one of the parts of a value; what is withheld says so once, in the first part."""
    if isinstance(value, Withheld):
        return value if part in {"", "value", "rank"} else None
    if isinstance(value, Interval | RankSet):
        return getattr(value, part)
    return value


def _frozen(fields: Sequence[Field]) -> int:
    """Count the columns that stay in sight: up to the last name among the first few."""
    names = [k for k, field in enumerate(fields[:6]) if field.key in {"industry", "company", "company_id"}]
    return names[-1] + 1 if names else 0


def _text(text: str) -> str:
    """Return a text as a cell can hold it; Excel counts characters beyond the first plane twice."""
    text = printable(text)
    if len(text) + sum(character > "\uffff" for character in text) <= EXCEL_TEXT:
        return text
    kept = EXCEL_TEXT - 1
    while kept + sum(character > "\uffff" for character in text[:kept]) > EXCEL_TEXT - 1:
        kept //= 2
    return text[:kept] + "…"


def _cut_note(shown: int, total: int, more: str, language: Language) -> str:
    if language == "zh":
        return f"此表共 {total:,} 行，超出工作表的容量，只列出前 {shown:,} 行；完整数据见 {more}"
    return f"{total:,} rows are more than a sheet holds; the first {shown:,} are shown, all are in {more}"


def _describe(book: Any, analysis: Analysis, title: str) -> None:
    created = analysis.provenance.get("created")
    properties: dict[str, object] = {"title": title, "comments": "satsurvey"}
    try:
        moment = datetime.fromisoformat(str(created))
    except ValueError:
        moment = None
    if moment is not None:
        properties["created"] = moment.replace(tzinfo=None)
    book.set_properties(properties)
