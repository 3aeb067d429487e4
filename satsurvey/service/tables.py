"""Tables of an export: which file is which table of the map, its columns bound, its rows accounted for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from satsurvey.errors import ColumnsError, MethodError, ReadError
from satsurvey.intake.cells import labelled, to_text
from satsurvey.intake.formats.headings import ReadOptions, normalise_heading
from satsurvey.intake.ledger import UnusedRow
from satsurvey.intake.raw import RawColumn, RawFile, Source
from satsurvey.intake.reading import open_raw
from satsurvey.service.json_tables import SUFFIXES, open_json
from satsurvey.service.maps import NEEDED, TABLES, RecordMap
from satsurvey.service.records import Clock

_TOTAL = r"(?i)^\s*(?:合计|总计|小计|平均|总数|total|sum|average|grand total)[:：]?\s*$"


@dataclass(frozen=True)
class ExportTable:
    """One file, read as one table of the map.

    Attributes
    ----------
    role
        The kind of table.
    source
        The file.
    number
        Its place among the files.
    columns
        The column of every field that was found.
    cells
        The texts of every field, Arrow `string` arrays of shape (rows,).
    rows
        Row numbers as a spreadsheet counts.
    rows_read
        Rows below the heading, unreadable ones with them.
    unused
        Rows that are not in `cells`: unreadable, blank, repeated headings, totals.
    unread
        Headings of the columns that the map does not name.
    """

    role: str
    source: Source
    number: int
    columns: Mapping[str, RawColumn]
    cells: Mapping[str, pa.Array]
    rows: NDArray[np.int64]
    rows_read: int
    unused: tuple[UnusedRow, ...]
    unread: tuple[str, ...] = ()

    def __len__(self) -> int:
        return int(self.rows.size)

    def text(self, field: str) -> pa.Array | None:
        """Return the texts of a field, or None where the export does not have it."""
        return self.cells.get(field)


def split_role(path: str | Path, map: RecordMap) -> tuple[str | None, Path]:
    """Tell a kind of table that is named before a path (`comments=notes.csv`) from the path."""
    text = str(path)
    role, sign, rest = text.partition("=")
    if sign and role in TABLES and not Path(text).exists():
        if role not in map.tables:
            raise MethodError(
                f"the map {map.name} has no table of {role}", expected=", ".join(map.tables), value=text
            )
        return role, Path(rest)
    return None, Path(text)


def open_table(
    path: Path,
    number: int,
    *,
    map: RecordMap,
    role: str | None,
    clock: Clock,
    encoding: str | None,
    sheet: str | None,
) -> ExportTable:
    """Open one file as a table of the map and take its cells.

    Raises
    ------
    ReadError, EncodingError
        When the file cannot be read.
    ColumnsError
        When it is none of the map's tables, or two columns claim the same field.
    """
    if path.suffix.lower() in SUFFIXES and path.is_file():
        raw = open_json(path, encoding)
    else:
        raw = open_raw(path, ReadOptions(encoding, None, sheet, None, map.headings()))
    by_heading: dict[str, list[int]] = {}
    for position, column in enumerate(raw.columns):
        by_heading.setdefault(normalise_heading(column.heading), []).append(position)
    role = role or _role(raw, by_heading, map, clock)
    bound = _bound(raw, by_heading, map, role, clock)
    absent = [field for field in (*NEEDED[role], *map.table(role).required) if field not in bound]
    if absent or not bound:
        raise _unfit(raw, map, {role: absent}, clock)
    return _taken(raw, number, role, bound, map)


def _role(raw: RawFile, by_heading: Mapping[str, Sequence[int]], map: RecordMap, clock: Clock) -> str:
    """Tell which table of the map a file is: the one with most of its fields, all needed ones there."""
    best, most = "", 0
    lacking: dict[str, list[str]] = {}
    for role, table in map.tables.items():
        found = {
            field for field in table.columns if _position(by_heading, map, role, field, clock) is not None
        }
        lacking[role] = [field for field in (*NEEDED[role], *table.required) if field not in found]
        if not lacking[role] and len(found) > most:
            best, most = role, len(found)
    if not best:
        raise _unfit(raw, map, lacking, clock)
    return best


def _position(
    by_heading: Mapping[str, Sequence[int]], map: RecordMap, role: str, field: str, clock: Clock
) -> int | None:
    column = map.column(role, field, clock)
    for name in column.names if column else ():
        if normalise_heading(name) in by_heading:
            return by_heading[normalise_heading(name)][0]
    return None


def _bound(
    raw: RawFile, by_heading: Mapping[str, Sequence[int]], map: RecordMap, role: str, clock: Clock
) -> dict[str, int]:
    bound: dict[str, int] = {}
    for field in TABLES[role]:
        column = map.column(role, field, clock)
        for name in column.names if column else ():
            positions = by_heading.get(normalise_heading(name), [])
            if len(positions) > 1:
                letters = " and ".join(raw.columns[position].letter for position in positions)
                raise ColumnsError(
                    f"the map {map.name} binds {field} to the heading {name!r}, "
                    f"which several columns have: {letters}",
                    file=raw.source.path,
                    sheet=raw.source.sheet,
                    row=raw.source.heading_row or None,
                    next_step="rename a column of the export",
                )
            if positions:
                bound[field] = positions[0]
                break
    return bound


def _unfit(raw: RawFile, map: RecordMap, lacking: Mapping[str, Sequence[str]], clock: Clock) -> ReadError:
    role = min(lacking, key=lambda role: len(lacking[role]))
    wanted = []
    for field in lacking[role]:
        column = map.column(role, field, clock)
        if column is not None:
            wanted.append(f"{field} ({' / '.join(column.names[:4])})")
    return ColumnsError(
        f"no table of the map {map.name} fits this file",
        file=raw.source.path,
        sheet=raw.source.sheet,
        row=raw.source.heading_row or None,
        value=", ".join(column.heading for column in raw.columns) or "no columns",
        expected=", ".join(wanted) or ", ".join(sorted(map.headings())[:8]),
        next_step=f"print the map with satsurvey records map {map.name}, put the export's headings into it, "
        "and name that file with --map",
    )


def _taken(raw: RawFile, number: int, role: str, bound: Mapping[str, int], map: RecordMap) -> ExportTable:
    """Read all cells of the bound columns and set aside the rows that are none of the table."""
    parts: dict[str, list[pa.Array]] = {field: [] for field in bound}
    rows: list[NDArray[np.int64]] = []
    unused: list[UnusedRow] = []
    rows_read = 0
    source = raw.source
    for table in raw.tables():
        rows_read += table.rows.size + len(table.unreadable)
        unused += [
            UnusedRow(source.name, source.sheet, bad.row, "unreadable", bad.reason)
            for bad in table.unreadable
        ]
        if not table.rows.size:
            continue
        keep = np.ones(table.rows.size, dtype=np.bool_)
        texts = {field: _texts(table.cells[position], raw, position) for field, position in bound.items()}
        for reason, found in _no_rows(raw, bound, texts):
            found &= keep
            keep &= ~found
            unused += [UnusedRow(source.name, source.sheet, int(row), reason) for row in table.rows[found]]
        for field, cells in texts.items():
            parts[field].append(cells if keep.all() else cells.filter(pa.array(keep)))
        rows.append(table.rows[keep])
    unused.sort(key=lambda row: row.row)
    return ExportTable(
        role,
        source,
        number,
        {field: raw.columns[position] for field, position in bound.items()},
        {field: _joined(cells) for field, cells in parts.items()},
        np.concatenate(rows) if rows else np.zeros(0, np.int64),
        rows_read,
        tuple(unused),
        tuple(
            column.heading
            for position, column in enumerate(raw.columns)
            if column.heading and position not in bound.values()
        ),
    )


def _texts(cells: pa.Array, raw: RawFile, position: int) -> pa.Array:
    column = raw.columns[position]
    if column.value_labels:
        cells = labelled(cells, column.value_labels, raw.source.cell_encoding)
    return to_text(cells, raw.source.cell_encoding).cast(pa.string())


def _joined(parts: Sequence[pa.Array]) -> pa.Array:
    return pa.concat_arrays(parts) if parts else pa.array([], pa.string())


def _no_rows(
    raw: RawFile, bound: Mapping[str, int], texts: Mapping[str, pa.Array]
) -> list[tuple[str, NDArray[np.bool_]]]:
    """Mark blank rows, rows that repeat the headings, and rows of totals."""
    fields = sorted(texts, key=lambda field: bound[field])
    blank = _all_are(texts, fields, dict.fromkeys(fields, ""))
    repeated = _all_are(texts, fields, {field: raw.columns[bound[field]].heading for field in fields})
    first = pc.fill_null(pc.match_substring_regex(texts[fields[0]], _TOTAL), False)
    return [
        ("blank_row", blank),
        ("repeated_heading", repeated),
        ("total_row", first.to_numpy(zero_copy_only=False).copy()),
    ]


def _all_are(
    texts: Mapping[str, pa.Array], fields: Sequence[str], wanted: Mapping[str, str]
) -> NDArray[np.bool_]:
    """Mark the rows in which every field is the text wanted of it; few rows are looked at to the end."""
    places = pa.array(np.arange(len(texts[fields[0]])))
    for field in fields:
        cells = texts[field] if len(places) == len(texts[field]) else texts[field].take(places)
        same = pc.equal(pc.fill_null(pc.utf8_trim_whitespace(cells), ""), wanted[field])
        places = places.filter(same)
        if not len(places):
            break
    found = np.zeros(len(texts[fields[0]]), dtype=np.bool_)
    found[places.to_numpy()] = True
    return found
