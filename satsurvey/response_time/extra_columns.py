"""Columns beyond the survey's own: what tests of statements may bind in an export or in a table beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from satsurvey.errors import ColumnsError, MethodError, shorten
from satsurvey.intake.answers import key_of
from satsurvey.intake.cells import to_text
from satsurvey.intake.formats.headings import ReadOptions, normalise_heading
from satsurvey.intake.numbers import to_numbers
from satsurvey.intake.raw import RawFile, Source
from satsurvey.intake.reading import open_raw
from satsurvey.intake.responses import Factor, Responses

Floats = NDArray[np.float64]
Kind = Literal["number", "flag", "text"]

COLUMNS: Mapping[str, tuple[Kind, tuple[str, ...]]] = MappingProxyType(
    {
        "company": ("text", ("企业", "企业名称", "公司")),
        "period": ("text", ("期次", "月份", "时期", "月")),
        "vendor": ("text", ("服务商", "供应商", "外包商")),
        "channel": ("text", ("渠道",)),
        "purpose": ("text", ("联系目的", "业务类型")),
        "tier": ("text", ("客户等级",)),
        "handled_by": ("text", ("处理方式",)),
        "complaint": ("text", ("投诉原因", "投诉类型", "投诉编码")),
        "resolved": ("flag", ("是否首次解决", "首次解决")),
        "churned": ("flag", ("是否流失", "流失")),
        "repurchased": ("flag", ("是否复购", "复购")),
        "handover_repeat": ("flag", ("转人工是否重复说明",)),
        "systems_linked": ("flag", ("系统是否打通", "系统打通")),
        "transfers": ("number", ("转接次数",)),
        "expected_s": ("number", ("期望响应时长",)),
        "wait_s": ("number", ("等待时长",)),
        "concurrency": ("number", ("同时接待数", "并发数")),
        "handling_s": ("number", ("处理时长", "处理时长(秒)")),
        "cost": ("number", ("成本", "运营成本")),
        "issues": ("number", ("问题数", "问题量")),
        "fcr": ("number", ("首次解决率", "FCR")),
        "complaints": ("number", ("投诉量", "投诉数")),
        "contacts": ("number", ("联系量", "接待量")),
        "customers": ("number", ("客户数",)),
        "repurchases": ("number", ("复购数", "复购客户数")),
        "csat_rate": ("number", ("满意率", "自报满意率")),
        "printed_total": ("number", ("总分", "公布总分")),
    }
)
"""Names that `--column NAME=HEADING` binds: what the cells are, and headings that are known without it."""
_YES = frozenset({"yes", "y", "true", "t", "是", "有", "已", "对"})
_NO = frozenset({"no", "n", "false", "f", "否", "无", "没有", "未", "不"})


@dataclass(frozen=True)
class ExtraTable:
    """A table beside the survey, such as one row per month; cells stay text until they are asked for.

    Attributes
    ----------
    name
        Of the file.
    cells
        Text by name of `COLUMNS`, or by the heading where it is none of them.
    headings
        Name to heading.
    """

    name: str
    cells: Mapping[str, pa.Array]
    headings: Mapping[str, str]

    def has(self, *names: str) -> bool:
        """Whether all of some columns are there."""
        return all(name in self.cells for name in names)

    def number(self, name: str) -> Floats:
        """Return a column of numbers, NaN where there is none; percent signs are left out."""
        return numbers_of(self.cells[name], self.headings[name], self.name)

    def flag(self, name: str) -> Floats:
        """Return a column of yes and no as 1.0 and 0.0, NaN where there is neither."""
        return flags_of(self.cells[name], self.headings[name], self.name)

    def factor(self, name: str) -> Factor:
        """Return a column of names."""
        return factor_of(self.cells[name])


def read_table(
    path: str | Path,
    *,
    columns: Mapping[str, str] | None = None,
    also: Sequence[str] = (),
    encoding: str | None = None,
    sheet: str | None = None,
) -> ExtraTable:
    """Read a table beside the survey.

    Parameters
    ----------
    path
        CSV, Excel, SPSS, Stata or Parquet.
    columns
        Name of `COLUMNS` to the heading it has; headings that are known need not be named.
    also
        Further headings to keep, such as codes of dimensions.
    encoding, sheet
        Where the automatic choice is wrong.

    Raises
    ------
    ReadError, EncodingError
        When the file cannot be read.
    """
    known = {normalise_heading(word): name for name, (_, words) in COLUMNS.items() for word in (name, *words)}
    known |= {normalise_heading(heading): name for name, heading in (columns or {}).items()}
    known |= {normalise_heading(word): word for word in also}
    raw = open_raw(path, ReadOptions(encoding, None, sheet, None, frozenset(known)))
    places: dict[str, int] = {}
    for place, column in enumerate(raw.columns):
        name = known.get(normalise_heading(column.heading))
        if name is not None:
            places.setdefault(name, place)
    parts: dict[str, list[pa.Array]] = {name: [] for name in places}
    for table in raw.tables():
        for name, place in places.items():
            parts[name].append(_text(table.cells[place], raw.source))
    cells = {name: pa.chunked_array(part, pa.string()).combine_chunks() for name, part in parts.items()}
    return ExtraTable(raw.source.name, cells, {n: raw.columns[place].heading for n, place in places.items()})


def column_of_interviews(responses: Responses, heading: str) -> pa.Array | None:
    """Read a column that the survey was read without, one cell per interview; None where no file has it.

    Raises
    ------
    ColumnsError
        When some files have the heading and others do not, or one has it twice.
    """
    opened = [open_raw(source.path, _options(source)) for source in responses.files]
    places = [_place(raw, heading) for raw in opened]
    if all(place is None for place in places):
        return None
    cells = np.full(len(responses), "", dtype=object)
    for number, (raw, place) in enumerate(zip(opened, places, strict=True)):
        if place is None:
            raise ColumnsError(
                f"this file has no column {shorten(heading)}, and others have it", file=raw.source.path
            )
        mine = np.flatnonzero(responses.file == number)
        order = mine[np.argsort(responses.row[mine], kind="stable")]
        rows = responses.row[order]
        for table in raw.tables():
            at = np.searchsorted(rows, table.rows)
            found = (at < rows.size) & (rows[np.minimum(at, max(rows.size - 1, 0))] == table.rows)
            kept = _text(table.cells[place], raw.source).filter(pa.array(found))
            cells[order[at[found]]] = kept.to_pylist()
    return pa.array(cells.tolist(), pa.string())


def numbers_of(cells: pa.Array, heading: str, file: str) -> Floats:
    """Read cells as numbers.

    Raises
    ------
    ColumnsError
        When a cell holds something else.
    """
    plain = pc.replace_substring_regex(cells, r"[%％]\s*$", "")
    numbers, bad = to_numbers(plain, "utf-8")
    if bad.size:
        raise _unread(cells, int(bad[0]), int(bad.size), heading, file, "a number")
    return numbers


def flags_of(cells: pa.Array, heading: str, file: str) -> Floats:
    """Read cells as yes (1.0) and no (0.0); numbers above 0 are yes.

    Raises
    ------
    ColumnsError
        When a cell is neither.
    """
    encoded = pc.fill_null(cells, "").dictionary_encode()
    values: list[float] = []
    bad: set[int] = set()
    for place, text in enumerate(encoded.dictionary.to_pylist()):
        key = key_of(text)
        number, fault = to_numbers(pa.array([key]), "utf-8", seconds=False)
        if key in _YES or key in _NO:
            values.append(float(key in _YES))
        else:
            values.append(np.nan if np.isnan(number[0]) else float(number[0] > 0))
            if fault.size:
                bad.add(place)
    codes = encoded.indices.to_numpy(zero_copy_only=False)
    if bad:
        wrong = np.flatnonzero(np.isin(codes, sorted(bad)))
        raise _unread(cells, int(wrong[0]), int(wrong.size), heading, file, "yes or no (是 or 否, 1 or 0)")
    found: Floats = np.array([*values, np.nan])[codes]
    return found


def factor_of(cells: pa.Array) -> Factor:
    """Read cells as names; white space at the ends and empty cells are no names."""
    trimmed = pc.fill_null(pc.utf8_trim_whitespace(cells), "")
    encoded = trimmed.dictionary_encode()
    words: list[str] = encoded.dictionary.to_pylist()
    names = tuple(sorted({word for word in words if word}))
    place = {name: code for code, name in enumerate(names)}
    table = np.array([place.get(word, -1) for word in words] or [-1], dtype=np.int32)
    return Factor(table[encoded.indices.to_numpy(zero_copy_only=False)], names)


def bound_columns(pairs: Sequence[str]) -> dict[str, str]:
    """Read NAME=HEADING arguments.

    Raises
    ------
    MethodError
        When one is no such pair, or the name is none of `COLUMNS`.
    """
    found: dict[str, str] = {}
    for pair in pairs:
        name, sign, heading = (part.strip() for part in pair.replace("＝", "=").partition("="))
        if not sign or not heading or name not in COLUMNS:
            raise MethodError(
                "this is no column that a test can use",
                value=pair,
                expected=f"NAME=HEADING with a name of {', '.join(COLUMNS)}",
            )
        found[name] = heading
    return found


def _unread(cells: pa.Array, place: int, n: int, heading: str, file: str, expected: str) -> ColumnsError:
    return ColumnsError(
        f"{n:,} cells of this column cannot be read",
        file=file,
        column=heading,
        value=cells[place].as_py(),
        expected=expected,
        next_step="correct the cells, or leave them empty where nothing is known",
    )


def _place(raw: RawFile, heading: str) -> int | None:
    wanted = normalise_heading(heading)
    same = [k for k, column in enumerate(raw.columns) if normalise_heading(column.heading) == wanted]
    if len(same) > 1:
        raise ColumnsError(f"several columns have the heading {shorten(heading)!r}", file=raw.source.path)
    return same[0] if same else None


def _options(source: Source) -> ReadOptions:
    return ReadOptions(
        encoding=source.encoding if source.format in {"csv", "tsv"} else None,
        delimiter=source.delimiter,
        sheet=source.sheet,
        heading_row=source.heading_row or None,
    )


def _text(cells: pa.Array, source: Source) -> pa.Array:
    return to_text(cells, source.cell_encoding).cast(pa.string())
