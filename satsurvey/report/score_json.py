"""The whole analysis as one JSON document, at full precision; `score_schema` says what stands in it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import date
from pathlib import PurePath
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from satsurvey.report.cells import is_absent
from satsurvey.report.published import Published
from satsurvey.report.text import plain_text

if TYPE_CHECKING:
    from satsurvey.analysis import Analysis

SCHEMA = "satsurvey.score/1"


def score_json(analysis: Analysis) -> dict[str, object]:
    """Return an analysis as plain data that `json.dumps` takes.

    Returns
    -------
    dict
        `schema` ("satsurvey.score/1"), `industries`, `companies`, `dimensions`, `items` (lists of rows in the
        vocabulary of columns), `overall` (one row), `ledger`, `method`, `provenance`, `notes`, `findings`,
        `breakdowns` (rows; none unless asked for). Numbers are at full precision; NaN, infinity and absent
        values are null. Suppressed rows carry `"suppressed": true` and null estimates.
    """
    frames = Published(analysis)
    overall = rows_of(frames.overall)
    return {
        "schema": SCHEMA,
        "industries": rows_of(frames.industries),
        "companies": rows_of(frames.companies),
        "dimensions": rows_of(frames.dimensions),
        "items": rows_of(frames.items),
        "overall": overall[0] if overall else {},
        "ledger": plain_data(analysis.ledger.to_dict()),
        "method": plain_data(analysis.method),
        "provenance": plain_data(analysis.provenance),
        "notes": plain_data(analysis.notes),
        "findings": plain_data(analysis.findings_summary),
        "breakdowns": rows_of(frames.breakdowns),
    }


def json_text(data: object) -> str:
    """Write plain data as JSON text, Chinese as Chinese, ending with a newline.

    The keys of the outermost object are indented, and rows stand one on a line: they can be read, compared
    line by line, and written without the slow indenting of every number.
    """
    if not isinstance(data, Mapping):
        return _compact(data) + "\n"
    parts = [f"  {_compact(str(key))}: {_indented(value)}" for key, value in data.items()]
    return "{\n" + ",\n".join(parts) + "\n}\n" if parts else "{}\n"


def _indented(value: object) -> str:
    if isinstance(value, list) and value:
        return "[\n" + ",\n".join(f"    {_compact(row)}" for row in value) + "\n  ]"
    if isinstance(value, Mapping) and value:
        parts = (f"    {_compact(str(key))}: {_compact(part)}" for key, part in value.items())
        return "{\n" + ",\n".join(parts) + "\n  }"
    return _compact(value)


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def rows_of(frame: pd.DataFrame) -> list[dict[str, object]]:
    """Return the rows of a frame as plain data."""
    names = [str(name) for name in frame.columns]
    columns = [_plain_column(frame.iloc[:, place]) for place in range(len(names))]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def _plain_column(column: pd.Series) -> list[object]:
    if column.dtype == np.float64:  # the bulk of every frame, without a call per number
        return [number if math.isfinite(number) else None for number in column.tolist()]
    return [plain_data(value) for value in column.tolist()]


def plain_data(value: object) -> object:
    """Turn any value of a result into what JSON can hold.

    numpy scalars become Python's; NaN, infinity and NA become None; paths and dates become text; tuples, sets
    and arrays become lists; halves of surrogate pairs and control characters become U+FFFD.
    """
    if isinstance(value, str):
        return value if value.isascii() and value.isprintable() else plain_text(value)
    if isinstance(value, np.generic):
        value = value.item()
    if is_absent(value) or (isinstance(value, float) and not math.isfinite(value)):
        return None
    if isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {plain_text(str(key)): plain_data(part) for key, part in value.items()}
    if isinstance(value, set | frozenset):
        return [plain_data(part) for part in sorted(value, key=str)]
    if isinstance(value, list | tuple | np.ndarray):
        return [plain_data(part) for part in value]
    if isinstance(value, date):
        return value.isoformat()
    return plain_text(value.name if isinstance(value, PurePath) else str(value))
