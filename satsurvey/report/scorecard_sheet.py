"""The sheet in which a vendor scorecard is filled in: a row per input, a column per vendor."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from satsurvey.benchmarks.indicators import load_scorecard
from satsurvey.benchmarks.vocabulary import OPERATORS
from satsurvey.errors import OutputError
from satsurvey.instrument.model import Language
from satsurvey.report.benchmark_words import value_text
from satsurvey.report.text import protected_text
from satsurvey.report.writing import write_file

_HEADINGS = {
    "zh": ("代码", "指标", "填写项", "要求", "单位"),
    "en": ("code", "indicator", "input", "line", "unit"),
}
_WIDTHS = (30, 18, 46, 22, 10)
_UNITS = {"s": ("秒", "s"), "%": ("%", "%"), "h": ("小时", "h"), "0-100": ("0-100", "0-100")}
_YES_NO = {"zh": ["是", "否"], "en": ["yes", "no"]}
_VENDORS = {"zh": ("服务商1", "服务商2", "服务商3"), "en": ("vendor 1", "vendor 2", "vendor 3")}


@dataclass(frozen=True)
class SheetRow:
    """One row to fill in: what it is, and which cells it takes."""

    code: str
    indicator: str
    text: str
    line: str
    unit: str
    kind: Literal["fact", "judged", "yes_no"]


def sheet_rows(language: Language) -> Iterator[SheetRow]:
    """Yield the rows of the sheet in the order of the indicators, then the warnings."""
    at = 0 if language == "zh" else 1
    design = load_scorecard()
    yes_no = "是/否" if language == "zh" else "yes/no"
    for place, indicator in enumerate(design.indicators, start=1):
        name = f"{place} {indicator.text.get(language)}"
        for test in indicator.tests:
            line = f"{OPERATORS[test.op][at]} {value_text(test.value, test.unit, language)}"
            yield SheetRow(test.code, name, test.text.get(language), line, _UNITS[test.unit][at], "fact")
        for gate in indicator.gates:
            yield SheetRow(gate.code, name, gate.text.get(language), _YES_NO[language][0], yes_no, "yes_no")
        if indicator.is_judged:
            yield SheetRow(indicator.code, name, indicator.aspects.get(language), "", "0-100", "judged")
    warnings = "警示" if language == "zh" else "Warnings"
    for trap in design.traps:
        yield SheetRow(trap.code, warnings, trap.question.get(language), "", yes_no, "yes_no")


def write_template(
    path: Path, *, vendors: Sequence[str] = (), language: Language = "zh", force: bool = False
) -> Path:
    """Write the sheet to fill in, as a workbook with drop-downs or as CSV.

    Parameters
    ----------
    path
        A name that ends in .xlsx or .csv.
    vendors
        Headings of the columns to fill in; none: three columns to be renamed.
    language, force
        Language of the texts; whether to replace a file that is there.

    Raises
    ------
    OutputError
        The name ends in something else, a vendor is named twice, or the file cannot be written.
    """
    names = tuple(vendors) or _VENDORS[language]
    if len(set(names)) < len(names) or not all(name.strip() for name in names):
        raise OutputError("a vendor needs a name of its own", file=path, expected="names that differ")
    suffix = path.suffix.lower()
    if suffix == ".xlsx":
        return write_file(path, lambda place: _write_workbook(place, names, language), force=force)
    if suffix == ".csv":
        # Excel knows UTF-8 by its mark.
        return write_file(path, _csv(names, language).encode("utf-8-sig"), force=force)
    raise OutputError(
        "a sheet to fill in is a workbook or CSV", file=path, expected="a name that ends in .xlsx or .csv"
    )


def _csv(vendors: Sequence[str], language: Language) -> str:
    stream = io.StringIO()
    rows = csv.writer(stream, lineterminator="\n")
    rows.writerow([*_HEADINGS[language], *map(protected_text, vendors)])
    for row in sheet_rows(language):
        rows.writerow([row.code, row.indicator, row.text, row.line, row.unit, *[""] * len(vendors)])
    return stream.getvalue()


def _write_workbook(place: Path, vendors: Sequence[str], language: Language) -> None:
    import xlsxwriter

    options = {"strings_to_formulas": False, "strings_to_urls": False, "in_memory": True}
    try:
        with xlsxwriter.Workbook(str(place), options) as book:
            _write_sheet(book, vendors, language)
    except xlsxwriter.exceptions.FileCreateError as exc:
        cause = exc.args[0] if exc.args else None
        raise (cause if isinstance(cause, OSError) else OSError(str(exc))) from exc


def _write_sheet(book: Any, vendors: Sequence[str], language: Language) -> None:
    sheet = book.add_worksheet("评分卡" if language == "zh" else "scorecard")
    head = book.add_format({"bold": True, "bg_color": "#1F4E78", "font_color": "#FFFFFF", "border": 1})
    plain = book.add_format({"text_wrap": True, "valign": "top"})
    fill = book.add_format({"bg_color": "#FFF9E5", "border": 1, "valign": "top"})
    # As text, so that 93% stays what was typed: as a number it is 0.93, which may be a share or a percentage.
    typed = book.add_format({"bg_color": "#FFF9E5", "border": 1, "valign": "top", "num_format": "@"})
    headings = (*_HEADINGS[language], *vendors)
    for k, heading in enumerate(headings):
        sheet.write_string(0, k, heading, head)
        sheet.set_column(k, k, _WIDTHS[k] if k < len(_WIDTHS) else 14)
    first = len(_HEADINGS[language])
    last = len(headings) - 1
    for number, row in enumerate(sheet_rows(language), start=1):
        for k, text in enumerate((row.code, row.indicator, row.text, row.line, row.unit)):
            sheet.write_string(number, k, text, plain)
        for k in range(first, last + 1):
            sheet.write_blank(number, k, None, typed if row.unit == "%" else fill)
        if row.kind == "yes_no":
            sheet.data_validation(
                number, first, number, last, {"validate": "list", "source": _YES_NO[language]}
            )
        elif row.kind == "judged":
            between = {"validate": "decimal", "criteria": "between", "minimum": 0, "maximum": 100}
            sheet.data_validation(number, first, number, last, between)
    sheet.freeze_panes(1, first)
