"""What is known of vendors: facts, judgements, conditions and answers, read from a sheet or a TOML file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from satsurvey.benchmarks.figures import Metric
from satsurvey.benchmarks.indicators import Scorecard, Test, load_scorecard
from satsurvey.benchmarks.quantities import BLANK, Rates, quantity
from satsurvey.benchmarks.sheets import Sheet, read_sheet
from satsurvey.benchmarks.vocabulary import folded, nearest
from satsurvey.errors import Defect, SpecificationError, shorten
from satsurvey.instrument.library import read_toml
from satsurvey.intake.answers import fold
from satsurvey.intake.numbers import read_number

SCHEMA = "satsurvey.vendors/1"
MOST = 200
"""Vendors in one comparison."""
VENDOR = ("vendor", "服务商", "供应商", "公司", "企业")
CODE = ("code", "代码")
DESCRIBED = (
    "code",
    "代码",
    "indicator",
    "指标",
    "input",
    "填写项",
    "line",
    "要求",
    "unit",
    "单位",
    "note",
    "说明",
)
"""Headings of a sheet with a row per input that are no vendors."""
YES = frozenset({"yes", "y", "true", "1", "是", "有", "对", "√", "✓", "通过", "具备"})
NO = frozenset({"no", "n", "false", "0", "否", "没有", "无", "不", "×", "✗", "未通过", "不具备"})
NOT_APPLICABLE = frozenset({"不适用", "notapplicable"})
_WEEK = 168.0
_ROUND_THE_CLOCK = re.compile(r"(7[*x×/]24|24[*x×/]7)(小时|h|hours?)?")
_DAYS = re.compile(r"([0-9.,]+)(?:天|日|days?|d)")
_HOURS = re.compile(r"(小时|hours?|hrs?|h)$")
PROBLEMS = ("vendor", "input", "value", "what", "do", "place")


class VendorsError(SpecificationError):
    """A file of vendors cannot be read or used."""


@dataclass(frozen=True)
class Vendors:
    """Vendors and what was filled in for them.

    Attributes
    ----------
    frame
        One row per vendor: vendor, then a column per input (`Scorecard.inputs`), float64: facts in the unit
        of their test, judgements 0-100, conditions and answers 1 or 0; NaN where nothing is filled in.
    not_applicable
        Tests that were said not to apply to any vendor.
    problems
        Cells that could not be understood, which count as not filled in: vendor, input, value, what, do,
        place.
    notes
        What a reader must know.
    source
        Name of the file.
    """

    frame: pd.DataFrame
    not_applicable: tuple[str, ...] = ()
    problems: pd.DataFrame = None  # type: ignore[assignment]
    notes: tuple[str, ...] = ()
    source: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The vendors in the order of the file."""
        return tuple(self.frame["vendor"].tolist())


def read_vendors(
    path: str | Path,
    *,
    rates: Rates | None = None,
    encoding: str | None = None,
    sheet: str | None = None,
) -> Vendors:
    """Read what is known of vendors.

    Parameters
    ----------
    path
        A table with a row per input and a column per vendor (the template), or with a row per vendor and a
        column per input, CSV or Excel; or TOML with `schema = "satsurvey.vendors/1"` and `[[vendors]]`.
    rates
        "percent" or "share": what plain numbers between 0 and 1 are.
    encoding, sheet
        Where the automatic choice is wrong.

    Raises
    ------
    VendorsError
        The file names no vendor, names one twice, or holds no input that is known; defects are listed.
    ReadError, ColumnsError
        The file cannot be read.
    """
    path = Path(path)
    design = load_scorecard()
    if path.suffix.lower() == ".toml":
        return _filled(path, _of_toml(path, design), design, rates, ())
    known = [*VENDOR, *DESCRIBED, *design.inputs]
    found = read_sheet(path, known=known, encoding=encoding, sheet=sheet)
    notes: list[str] = [f"{found.name}: {note}" for note in found.notes]
    by_code = found.place_of(CODE)
    cells = (
        _of_columns(found, by_code, design, notes) if by_code is not None else _of_rows(found, design, notes)
    )
    return _filled(path, cells, design, rates, tuple(notes))


Cells = dict[str, dict[str, tuple[str, str]]]
"""Vendor to input to text and place."""


def _of_toml(path: Path, design: Scorecard) -> Cells:
    data = read_toml(path, VendorsError, "vendors")
    defects: list[Defect] = []
    if data.get("schema") != SCHEMA:
        defects.append(Defect("schema", f'this must be "{SCHEMA}"'))
    vendors = data.get("vendors")
    if not isinstance(vendors, list) or not all(isinstance(table, dict) for table in vendors):
        defects.append(Defect("vendors", "this must be a list of tables [[vendors]]"))
        vendors = []
    defects += [
        Defect(key, "this key is not known here; check its spelling")
        for key in data
        if key not in ("schema", "vendors")
    ]
    names, cells = design.names(), Cells()
    for place, table in enumerate(vendors, start=1):
        where = f"vendors[{place}]"
        vendor = str(table.get("name", "")).strip()
        if not vendor or vendor in cells:
            defects.append(Defect(f"{where}.name", "a vendor needs a name of its own"))
        row = cells.setdefault(vendor, {})
        for key, value in table.items():
            if key == "name":
                continue
            code = names.get(folded(key))
            if code is None:
                near = ", ".join(nearest(key, dict(names))) or "none"
                defects.append(Defect(f"{where}.{key}", f"there is no such input; nearest: {near}"))
            else:
                text = ("yes" if value else "no") if isinstance(value, bool) else str(value)
                row[code] = (text, f"{where}.{key}")
    if defects:
        raise VendorsError("the file of vendors cannot be used", file=path, defects=defects)
    return cells


def _of_rows(sheet: Sheet, design: Scorecard, notes: list[str]) -> Cells:
    """Read a table with a row per vendor."""
    place = sheet.bound({"vendor": VENDOR}, ("vendor",))["vendor"]
    names = design.names()
    inputs: dict[str, int] = {}
    for k, heading in enumerate(sheet.headings):
        code = names.get(folded(heading))
        if k == place:
            continue
        if code is None or code in inputs:
            notes.append(_unused("column", heading, names, twice=code is not None))
        else:
            inputs[code] = k
    cells, defects = Cells(), []
    for row, texts in sheet.rows:
        vendor = texts[place]
        if not vendor or vendor in cells:
            defects.append(Defect(f"row {row}", "a vendor needs a name of its own"))
            continue
        cells[vendor] = {code: (texts[k], f"row {row}") for code, k in inputs.items()}
    _refuse(sheet, cells, bool(inputs), defects)
    return cells


def _of_columns(sheet: Sheet, by_code: int, design: Scorecard, notes: list[str]) -> Cells:
    """Read a table with a row per input and a column per vendor."""
    described = {folded(name) for name in DESCRIBED}
    vendors = {
        k: heading for k, heading in enumerate(sheet.headings) if heading and folded(heading) not in described
    }
    defects = [
        Defect(f"column {heading}", "a vendor needs a name of its own")
        for heading in dict.fromkeys(vendors.values())
        if list(vendors.values()).count(heading) > 1
    ]
    names = design.names()
    cells: Cells = {heading: {} for heading in vendors.values()}
    known: set[str] = set()
    for row, texts in sheet.rows:
        code = names.get(folded(texts[by_code]))
        if code is None or code in known:
            if texts[by_code]:
                notes.append(_unused(f"row {row}:", texts[by_code], names, twice=code is not None))
            continue
        known.add(code)
        for k, vendor in vendors.items():
            cells[vendor][code] = (texts[k], f"row {row}")
    # A column of the template that nobody has filled in is no vendor.
    filled = {vendor: row for vendor, row in cells.items() if any(text for text, _ in row.values())}
    notes += [f"the column {vendor} is empty and was left out" for vendor in cells if vendor not in filled]
    _refuse(sheet, filled, bool(known), defects)
    return filled


def _unused(what: str, word: str, names: Mapping[str, str], *, twice: bool) -> str:
    if twice:
        return f"{what} {shorten(word, 40)!r} stands for an input that is there already; it was not used"
    near = ", ".join(nearest(word, dict(names))) or "none"
    return f"{what} {shorten(word, 40)!r} is no input of the scorecard and was not used; nearest: {near}"


def _refuse(sheet: Sheet, cells: Cells, known: bool, defects: list[Defect]) -> None:
    if not defects and cells and known:
        return
    none = "the sheet is not filled in" if known else "no vendor has an input that is known"
    raise VendorsError(
        "the file of vendors cannot be used",
        file=sheet.path,
        defects=defects or [Defect("table", none)],
        next_step="satsurvey scorecard template FILE.xlsx writes a sheet to fill in",
    )


def _filled(
    path: Path, cells: Cells, design: Scorecard, rates: Rates | None, notes: tuple[str, ...]
) -> Vendors:
    if not cells or len(cells) > MOST:
        raise VendorsError(
            f"a scorecard compares 1 to {MOST} vendors, and the file has {len(cells)}", file=path
        )
    problems: list[dict[str, str]] = []
    values: dict[str, list[float]] = {code: [] for code in design.inputs}
    absent: dict[str, set[str]] = {}
    readers = dict(_readers(design, rates))
    for vendor, row in cells.items():
        for code, reader in readers.items():
            text, place = row.get(code, ("", ""))
            if folded(text) in NOT_APPLICABLE and reader.kind == "test":
                absent.setdefault(code, set()).add(vendor)
                values[code].append(np.nan)
                continue
            number, what, do = reader.read(text)
            values[code].append(number)
            if what:
                problems.append(dict(zip(PROBLEMS, (vendor, code, text, what, do, place), strict=True)))
    everywhere = tuple(code for code in design.inputs if len(absent.get(code, ())) == len(cells))
    notes += tuple(
        f"{code} does not apply to {', '.join(sorted(who))} and does to others; there it counts as missing"
        for code, who in absent.items()
        if code not in everywhere
    )
    return Vendors(
        pd.DataFrame({"vendor": list(cells), **{code: np.array(column) for code, column in values.items()}}),
        everywhere,
        pd.DataFrame(problems, columns=list(PROBLEMS)),
        notes,
        path.name,
    )


def _hours(text: str) -> float | None:
    """Return hours of a number, of 7*24, of days, or of a spelled time such as 1小时30分."""
    plain = fold(text).replace(" ", "").casefold()
    if _ROUND_THE_CLOCK.fullmatch(plain):
        return _WEEK
    days = _DAYS.fullmatch(plain)
    number = read_number(days[1] if days else _HOURS.sub("", plain))
    if number is not None:
        return 24 * number if days else number
    spelled = read_number(plain, seconds=True)
    return None if spelled is None else spelled / 3600


@dataclass(frozen=True)
class _Reader:
    """Reads the cells of one input."""

    kind: Literal["test", "judged", "yes_no"]
    test: Test | None = None
    rates: Rates | None = None

    def read(self, text: str) -> tuple[float, str, str]:
        """Return the number (NaN where there is none), what is wrong with the cell, and what to do."""
        word = folded(text)
        if self.kind == "yes_no":
            if word in YES or word in NO:
                return float(word in YES), "", ""
            if not word or word in BLANK:
                return float("nan"), "", ""
            return float("nan"), f"{shorten(text, 40)!r} is neither yes nor no", "write yes (是) or no (否)"
        if word in BLANK:
            return float("nan"), "", ""
        if self.test is not None:
            return self._fact(text, self.test)
        number = read_number(fold(text))
        if number is None or not 0 <= number <= 100:
            return (
                float("nan"),
                f"{shorten(text, 40)!r} is no judgement of 0 to 100",
                "write a number of 0 to 100",
            )
        return number, "", ""

    def _fact(self, text: str, test: Test) -> tuple[float, str, str]:
        if test.unit == "h":
            number = _hours(text)
            if number is None or number < 0:
                return float("nan"), f"{shorten(text, 40)!r} is no number of hours", "write hours, such as 24"
            if test.code == "service_hours" and number > _WEEK:
                what = f"{shorten(text, 40)!r} is more than a week"
                return float("nan"), what, "write hours a week, to 168"
            return number, "", ""
        low = None if test.code.startswith("cost_reduction") else 0.0
        metric = Metric(
            zh="", en="", better="higher", unit=test.unit, low=low, high=100 if test.unit == "%" else None
        )
        found = quantity(text, metric, rates=self.rates)
        return (float("nan") if found.value is None else found.value), found.what, found.do


def _readers(design: Scorecard, rates: Rates | None) -> Iterator[tuple[str, _Reader]]:
    for indicator in design.indicators:
        for test in indicator.tests:
            yield test.code, _Reader("test", test, rates)
        for gate in indicator.gates:
            yield gate.code, _Reader("yes_no")
        if indicator.is_judged:
            yield indicator.code, _Reader("judged")
    for trap in design.traps:
        yield trap.code, _Reader("yes_no")
