"""JSON as tables: an array of objects, or one object a line, with nested fields as columns joined by dots."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from satsurvey.errors import EncodingError, ReadError
from satsurvey.intake.raw import RawColumn, RawFile, RawTable, Source, UnreadableRow

SUFFIXES = (".json", ".jsonl", ".ndjson")
_LARGEST = 2 * 1024**3
_DEEPEST = 6


def open_json(path: str | Path, encoding: str | None = None) -> RawFile:
    """Open a JSON file as a table of texts.

    Parameters
    ----------
    path
        One array of objects, one object that holds such an array (as pages of an interface do), or one
        object a line.
    encoding
        By default UTF-8, as JSON is.

    Returns
    -------
    RawFile
        Columns in the order of their first occurrence; a field within a field is `outer.inner`. Rows are
        counted by line, or by place in the array from 1. Lists within objects stay as JSON texts.

    Raises
    ------
    ReadError, EncodingError
        When it is no JSON, holds no objects, or is not text.
    """
    path = Path(path)
    try:
        if path.stat().st_size > _LARGEST:
            raise ReadError(
                "the JSON file is larger than 2 GB", file=path, next_step="export it as CSV or Parquet"
            )
        text = path.read_bytes().decode(encoding or "utf-8-sig")
    except UnicodeDecodeError as exc:
        raise EncodingError(
            f"the JSON file is not {encoding or 'UTF-8'} text (byte {exc.start + 1:,})",
            file=path,
            next_step="name its encoding with --encoding",
        ) from exc
    except LookupError as exc:
        raise EncodingError(f"there is no encoding called {encoding!r}", file=path) from exc
    except OSError as exc:
        raise ReadError(f"the file cannot be looked at: {exc.strerror or exc}", file=path) from exc
    if not text.strip():
        raise ReadError("the file holds nothing", file=path, next_step="export it again")
    records, rows, bad = _records(path, text)
    names: dict[str, list[str | None]] = {}
    for number, record in enumerate(records):
        for name, value in _fields(record):
            column = names.setdefault(name, [])
            column.extend([None] * (number - len(column)))
            # A name that is there twice, as `a.b` and as b within a, keeps what came first.
            if len(column) == number:
                column.append(value)
    for column in names.values():
        column.extend([None] * (len(records) - len(column)))
    columns = tuple(RawColumn(name, place) for place, name in enumerate(names, start=1))
    table = RawTable(
        columns,
        tuple(pa.array(cells, pa.string()) for cells in names.values()),
        np.array(rows, dtype=np.int64),
        tuple(bad),
    )
    return RawFile(Source(path, "json", encoding or "utf-8", heading_row=0), columns, lambda: iter((table,)))


def _records(path: Path, text: str) -> tuple[list[Mapping[str, Any]], list[int], list[UnreadableRow]]:
    whole = _parsed(text)
    if isinstance(whole, Mapping):
        whole = _array_in(whole)
    if isinstance(whole, list):
        rows = [number for number, row in enumerate(whole, start=1) if isinstance(row, Mapping)]
        bad = [
            UnreadableRow(number, "this is no JSON object", json.dumps(row, ensure_ascii=False))
            for number, row in enumerate(whole, start=1)
            if not isinstance(row, Mapping)
        ]
        if not rows:
            raise _no_objects(path)
        return [whole[number - 1] for number in rows], rows, bad
    found, rows, bad = [], [], []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        row = _parsed(line)
        if isinstance(row, Mapping):
            found.append(row)
            rows.append(number)
        else:
            bad.append(UnreadableRow(number, "this is no JSON object", line.strip()))
    if not found:
        raise _no_objects(path)
    return found, rows, bad


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _array_in(outer: Mapping[str, Any]) -> Any:
    """Return the one array of objects that an object holds; the object itself as a single row where none."""
    arrays: list[Sequence[Any]] = [
        value
        for value in outer.values()
        if isinstance(value, list) and value and isinstance(value[0], Mapping)
    ]
    return max(arrays, key=len) if arrays else [outer]


def _no_objects(path: Path) -> ReadError:
    return ReadError(
        "the file holds no JSON objects",
        file=path,
        expected="an array of objects, or one object a line",
        next_step="export the records as JSON lines or CSV",
    )


def _fields(record: Mapping[str, Any], before: str = "", depth: int = 0) -> Iterator[tuple[str, str | None]]:
    for name, value in record.items():
        if isinstance(value, Mapping) and depth < _DEEPEST:
            yield from _fields(value, f"{before}{name}.", depth + 1)
        else:
            yield f"{before}{name}", _text(value)


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value) if isinstance(value, int | float) else json.dumps(value, ensure_ascii=False)
