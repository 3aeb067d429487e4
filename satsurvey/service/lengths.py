"""Lengths of time in service records: numbers in a unit, clock times and spelled ones become seconds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from satsurvey.intake.answers import fold
from satsurvey.intake.cells import to_text
from satsurvey.intake.numbers import read_number, to_numbers
from satsurvey.service.maps import Unit

SECONDS: Mapping[str, float] = MappingProxyType(
    {"s": 1, "ms": 0.001, "min": 60, "h": 3600, "day": 86400, "mm:ss": 1, "h:mm": 1, "h:mm:ss": 1}
)
"""What a plain number counts as, in seconds, by its unit."""
_HOURS_MINUTES = re.compile(r"(\d{1,6}):(\d{1,2})")
_DAYS = re.compile(r"(\d{1,5})\s*(?:天|日|days?|d)[\s,，]*(.*)")
_NAMED = re.compile(
    r"([-+]?\d+(?:\.\d+)?)\s*(ms|毫秒|小时|hours?|hrs?|h|分钟|minutes?|mins?|min|秒|seconds?|secs?|s)"
)
_NAMED_SECONDS = {"ms": 0.001, "毫秒": 0.001, "小": 3600, "h": 3600, "分": 60, "m": 60, "秒": 1, "s": 1}


def read_lengths(
    cells: pa.Array, *, unit: Unit = "s", missing: frozenset[str] = frozenset()
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Read lengths of time.

    Parameters
    ----------
    cells
        Texts of shape (rows,).
    unit
        Of plain numbers. Where it is `h:mm`, `1:30` is an hour and a half, else a minute and a half.
    missing
        Folded texts that stand for none.

    Returns
    -------
    seconds
        float64, NaN where there is none or it cannot be read; negative ones stay negative.
    bad
        Places of texts that are no length of time.

    Examples
    --------
    >>> import pyarrow as pa
    >>> read_lengths(pa.array(["3分20秒", "1:02:03", "2.5", "soon"]), unit="min")[0].tolist()
    [200.0, 3723.0, 150.0, nan]
    """
    factor = SECONDS[unit]
    numbers, bad = to_numbers(cells, "utf-8", missing, seconds=False)
    seconds = numbers * factor
    if bad.size:
        encoded = to_text(cells.take(pa.array(bad))).cast(pa.string()).dictionary_encode()
        read = [_written(text or "", unit) for text in encoded.dictionary.to_pylist()]
        table = np.array([np.nan if value is None else value for value in read] + [np.nan])
        codes = pc.fill_null(encoded.indices, len(read)).to_numpy(zero_copy_only=False)
        seconds[bad] = table[codes]
        bad = bad[np.isnan(table[codes])]
    return seconds, bad


def _written(text: str, unit: Unit) -> float | None:
    """Read a length that is more than a number, or None."""
    text = fold(text)
    if text[:1] in "-−" and len(text) > 1:
        positive = _written(text[1:], unit)
        return None if positive is None else -positive
    if unit == "h:mm" and (found := _HOURS_MINUTES.fullmatch(text)):
        return int(found[1]) * 3600.0 + int(found[2]) * 60.0
    if found := _NAMED.fullmatch(text):
        word = found[2]
        return float(found[1]) * _NAMED_SECONDS.get(word, _NAMED_SECONDS.get(word[0], 1))
    if found := _DAYS.fullmatch(text):
        rest = 0.0 if not found[2] else _written(found[2], "h:mm:ss")
        return None if rest is None else int(found[1]) * 86400.0 + rest
    return read_number(text, seconds=True)
