"""Reading Parquet files into text cells, one row group at a time."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from satsurvey.errors import ReadError, shorten
from satsurvey.intake.formats.cell_text import (
    LONG_NUMBERS,
    datetime_text,
    distinct_as_text,
    duration_text,
    has_long_numbers,
    instants_as_text,
    number_texts,
)
from satsurvey.intake.formats.content import kind_of_content, refuse_content
from satsurvey.intake.formats.headings import ReadOptions
from satsurvey.intake.raw import RawColumn, RawFile, RawTable, Source

WANTED = "a Parquet file (.parquet)"
ROWS_AT_ONCE = 250_000
NESTED = "cells hold lists or records; each is shown as one JSON text"
BYTES = "cells hold bytes that are no UTF-8 text; such bytes are shown as \\x and two digits"


def open_parquet(path: Path, options: ReadOptions) -> RawFile:
    """Open a Parquet file.

    Parameters
    ----------
    path
        The file.
    options
        Nothing of it applies: Parquet declares headings, types and encoding itself.

    Returns
    -------
    RawFile
        Numbers without ".0", dates and times as ISO 8601, TRUE and FALSE; absent cells null. Columns of
        lists, records or bytes become text and carry a warning. `Source.heading_row` is 0: rows count from 1.

    Raises
    ------
    ReadError
        When the file is no Parquet file, is damaged, encrypted or has no columns; also while rows are read.
    """
    kind = kind_of_content(path)
    if kind != "parquet":
        raise refuse_content(path, kind, WANTED)
    with _library_at_work(path), _open(path) as file:
        schema = file.schema_arrow
        if not len(schema):
            raise ReadError("The file has no columns", file=path, next_step="export it again")
        warnings = [_warning(field.type) for field in schema]
        for place in _columns_to_look_at(file):
            warnings[place] = _look(file, place)
    columns = tuple(
        RawColumn(heading=field.name.strip() or f"(column {place})", position=place, warning=warning)
        for place, (field, warning) in enumerate(zip(schema, warnings, strict=True), start=1)
    )
    source = Source(path=path, format="parquet", encoding="UTF-8", heading_row=0)
    return RawFile(source, columns, lambda: _tables(path, columns))


@contextmanager
def _library_at_work(path: Path) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, OSError, ValueError, OverflowError, MemoryError, TypeError) as exc:
        raise ReadError(
            f"The Parquet file is damaged, cut off or cannot be read: {shorten(exc, 200)}",
            file=path,
            next_step="copy or write it again in full, or export the data as CSV",
        ) from exc


@contextmanager
def _open(path: Path) -> Iterator[pa.parquet.ParquetFile]:
    from pyarrow.parquet import ParquetFile

    with ParquetFile(str(path), memory_map=False) as file:
        yield file


def _tables(path: Path, columns: tuple[RawColumn, ...]) -> Iterator[RawTable]:
    first = 1
    with _library_at_work(path), _open(path) as file:
        for batch in file.iter_batches(batch_size=ROWS_AT_ONCE):
            cells = tuple(cells_as_text(column) for column in batch.columns)
            yield RawTable(columns, cells, np.arange(first, first + batch.num_rows, dtype=np.int64))
            first += batch.num_rows


def _warning(kind: pa.DataType) -> str:
    return NESTED if pa.types.is_nested(kind) else ""


def _columns_to_look_at(file: pa.parquet.ParquetFile) -> list[int]:
    """Choose the columns whose doubt shows only in their cells: doubles that may be ids, and bytes.

    The least and greatest values that a file states are not asked for: stated wrongly, they end the process.
    """
    places = []
    for place, field in enumerate(file.schema_arrow):
        kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
        if _is_bytes(kind) or pa.types.is_floating(kind):
            places.append(place)
    return places


def _is_bytes(kind: pa.DataType) -> bool:
    types = pa.types
    return bool(types.is_binary(kind) or types.is_large_binary(kind) or types.is_fixed_size_binary(kind))


def _look(file: pa.parquet.ParquetFile, place: int) -> str:
    """Go through one column for long numbers and bytes."""
    for batch in file.iter_batches(batch_size=ROWS_AT_ONCE, columns=[file.schema_arrow.names[place]]):
        for cells in batch.columns:
            values = cells.dictionary if pa.types.is_dictionary(cells.type) else cells
            if pa.types.is_floating(values.type):
                if has_long_numbers(values):
                    return LONG_NUMBERS
            elif _as_utf8(values) is None:
                return BYTES
    return ""


def cells_as_text(cells: pa.Array) -> pa.Array:
    """Turn a column of any type into `string` or `dictionary<int32, string>`; absent cells stay null."""
    if isinstance(cells, pa.ExtensionArray):
        cells = cells.storage
    if pa.types.is_float16(cells.type):
        cells = cells.cast(pa.float32())
    kind = cells.type
    if pa.types.is_dictionary(kind):
        return distinct_as_text(cells, _texts(kind.value_type))
    if pa.types.is_null(kind):
        return pa.nulls(len(cells), pa.string())
    if pa.types.is_nested(kind):
        return pa.array([_json(value) for value in cells.to_pylist()], pa.string())
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return distinct_as_text(cells.cast(pa.string()), lambda texts: texts)
    return distinct_as_text(cells, _texts(kind))


def _texts(kind: pa.DataType) -> Callable[[pa.Array], pa.Array]:
    """Return how distinct values of a type are written."""
    types = pa.types
    if types.is_boolean(kind):
        return lambda values: pc.if_else(values, "TRUE", "FALSE")
    if types.is_floating(kind):
        return number_texts
    if types.is_decimal(kind):
        return lambda values: pa.array([_decimal(value) for value in values.to_pylist()], pa.string())
    if types.is_date(kind):
        return lambda values: _instants(values, with_time=False)
    if types.is_timestamp(kind):
        return _zoned if kind.tz else lambda values: _instants(values, with_time=True)
    if types.is_duration(kind) or types.is_time(kind):
        return _durations
    if _is_bytes(kind):
        return _bytes
    if types.is_nested(kind):
        return lambda values: pa.array([_json(value) for value in values.to_pylist()], pa.string())
    return lambda values: values.cast(pa.string())


def _decimal(value: object) -> str | None:
    if value is None:
        return None
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _instants(values: pa.Array, *, with_time: bool) -> pa.Array:
    instants = values.to_numpy(zero_copy_only=False).astype("datetime64[us]")
    return pa.array(instants_as_text(instants, with_time=with_time), pa.string())


def _zoned(values: pa.Array) -> pa.Array:
    """Write instants as their own time zone's clock shows them, with the distance from UTC."""
    instants = values.cast(pa.timestamp("us", values.type.tz), safe=False).to_pylist()
    return pa.array([None if value is None else datetime_text(value) for value in instants], pa.string())


def _durations(values: pa.Array) -> pa.Array:
    per_second = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}[values.type.unit]
    wide = values.cast(pa.int32()) if values.type.bit_width == 32 else values
    numbers = wide.cast(pa.int64()).to_pylist()
    return pa.array([None if n is None else duration_text(n / per_second) for n in numbers], pa.string())


def _as_utf8(values: pa.Array) -> pa.Array | None:
    try:
        return values.cast(pa.binary()).cast(pa.string())
    except pa.ArrowInvalid:
        return None


def _bytes(values: pa.Array) -> pa.Array:
    texts = _as_utf8(values)
    if texts is not None:
        return texts
    # One by one, so that a cell looks the same whatever else its row group holds.
    return pa.array(
        [
            None if value is None else value.decode("utf-8", "backslashreplace")
            for value in values.to_pylist()
        ],
        pa.string(),
    )


def _json(value: object) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False, default=str)
