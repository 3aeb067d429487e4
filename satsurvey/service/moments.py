"""Moments of service records: texts of many writings, orders and zones become moments in UTC."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from satsurvey.intake.dates import as_strings, parse_dates, plain_iso
from satsurvey.service.clocks import ABSENT
from satsurvey.service.maps import Order

_US = 1_000_000
_ZONED = r"^\s*\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(\.\d{1,6})?(Z|[+-]\d{2}:\d{2})\s*$"
_FRACTIONAL = r"^\s*[12]\d{3}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(\.\d{1,6})?\s*$"
_OFFSET = r"(:\d{2}(?:[.,]\d+)?)\s*(Z|z|UTC|GMT|[+-]\d{2}:?\d{2})\s*$"
_OFFSET_PARTS = r"(?P<offset>Z|z|UTC|GMT|[+-]\d{2}:?\d{2})\s*$"
_FRACTION = r":\d{2}[.,](?P<fraction>\d{1,9})"
_YEAR_LAST = r"^\s*(\d{1,2})([-/.])(\d{1,2})[-/.](\d{4})"
_YEAR_LAST_START = r"^\s*\d{1,2}[-/.]\d{1,2}[-/.]\d{4}"
_EPOCHS = {"epoch_s": _US, "epoch_ms": 1_000}


@dataclass(frozen=True)
class MomentColumn:
    """A column of moments.

    Attributes
    ----------
    utc
        Microseconds since 1970 in UTC, int64; `ABSENT` where there is none.
    unreadable
        Texts that are no moment.
    order_unknown
        Moments with the year behind whose order of day and month nothing says.
    wall_clock
        Moments that the zone's clock shows twice, or leaves out, when it is put back or forward.
    """

    utc: NDArray[np.int64]
    unreadable: NDArray[np.bool_]
    order_unknown: NDArray[np.bool_]
    wall_clock: NDArray[np.bool_]


def read_moments(
    texts: pa.ChunkedArray | pa.Array, *, zone: str, order: Order = "ymd", format: str | None = None
) -> MomentColumn:
    """Read moments.

    Parameters
    ----------
    texts
        Texts of shape (rows,); null and "" mean that there is none.
    zone
        Of texts that do not say theirs.
    order
        Of dates with the year behind; with "ymd" they are refused, since 05/03/2019 is two dates.
    format
        As in `satsurvey.service.maps.Column`.

    Notes
    -----
    The year in front is understood in any order (`satsurvey.intake.dates.parse_dates` says in which
    writings). A text with `Z`, `UTC` or an offset is of that zone. Fractions of a second count. A moment that
    the clock of the zone shows twice is refused, for nobody can tell which it is.
    """
    column = as_strings(texts)
    empty = pc.fill_null(pc.equal(pc.binary_length(pc.utf8_trim_whitespace(column)), 0), True)
    none = empty.to_numpy(zero_copy_only=False)
    no = np.zeros(len(column), dtype=np.bool_)
    if format in _EPOCHS:
        return _epochs(column, none, _EPOCHS[format])
    if format is None:
        plain_moments = plain_iso(column)
        if plain_moments is not None:
            utc, wall = _placed(plain_moments.astype("datetime64[us]"), zone)
            return MomentColumn(utc, no, no, wall)
        zoned = _all_iso(column, empty, _ZONED, pa.timestamp("us", tz="UTC"))
        if zoned is not None:
            return MomentColumn(zoned, no, no, no)
        fractional = _all_iso(column, empty, _FRACTIONAL, pa.timestamp("us"))
        if fractional is not None:
            utc, wall = _placed(fractional.view("datetime64[us]"), zone)
            return MomentColumn(utc, no, no, wall)
    offsets, plain = _without_offsets(column)
    if format is not None:
        stripped = pc.utf8_trim_whitespace(plain)
        parsed = pc.strptime(stripped, format=format, unit="s", error_is_null=True)
        local = parsed.to_numpy(zero_copy_only=False).astype("datetime64[us]")
        bad, unknown = np.isnat(local) & ~none, no
    else:
        last = pc.fill_null(pc.match_substring_regex(plain, _YEAR_LAST_START), False)
        unknown = last.to_numpy(zero_copy_only=False) & (order == "ymd")
        if order != "ymd" and pc.any(last).as_py():
            turned = r"\4-\1-\3" if order == "mdy" else r"\4-\3-\1"
            plain = pc.replace_substring_regex(plain, _YEAR_LAST, turned)
        moments, bad = parse_dates(plain)
        local = moments.astype("datetime64[us]") + _fractions(plain)
    known = ~np.isnat(local)
    utc = np.full(local.size, ABSENT, dtype=np.int64)
    has_offset = ~np.isnan(offsets)
    there = known & has_offset
    utc[there] = local[there].astype(np.int64) - (offsets[there] * _US).astype(np.int64)
    wall = no.copy()
    here = known & ~has_offset
    utc[here], wall[here] = _placed(local[here], zone)
    return MomentColumn(utc, bad & ~unknown, unknown & ~none, wall)


def _placed(local: NDArray[np.datetime64], zone: str) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return wall-clock moments in UTC, and which of them the clock shows twice or not at all."""
    placed = pd.DatetimeIndex(local).tz_localize(zone, ambiguous="NaT", nonexistent="NaT").asi8
    wall: NDArray[np.bool_] = (placed == ABSENT) & ~np.isnat(local)
    return placed.copy(), wall


def _epochs(column: pa.Array, none: NDArray[np.bool_], factor: int) -> MomentColumn:
    """Read seconds or milliseconds since 1970."""
    trimmed = pc.utf8_trim_whitespace(column)
    numeric = pc.match_substring_regex(trimmed, r"^[-+]?\d{1,15}(\.\d+)?$")
    numbers = pc.cast(pc.if_else(pc.fill_null(numeric, False), trimmed, None), pa.float64())
    values = numbers.to_numpy(zero_copy_only=False)
    known = np.isfinite(values)
    utc = np.full(values.size, ABSENT, dtype=np.int64)
    utc[known] = np.rint(values[known] * factor).astype(np.int64)
    no = np.zeros(values.size, dtype=np.bool_)
    return MomentColumn(utc, ~known & ~none, no, no)


def _all_iso(column: pa.Array, empty: pa.Array, form: str, type: pa.DataType) -> NDArray[np.int64] | None:
    """Read a column of ISO moments of one form at once, in microseconds; None when one is of another."""
    filled = pc.if_else(empty, pa.scalar(None, pa.string()), column)
    same = pc.match_substring_regex(filled, form)
    if filled.null_count == len(filled) or not pc.all(same).as_py():
        return None
    try:
        read = pc.utf8_trim_whitespace(filled).cast(type)
    except pa.ArrowInvalid:
        return None
    moments: NDArray[np.int64] = pc.fill_null(read.cast(pa.int64()), ABSENT).to_numpy(zero_copy_only=False)
    return moments.copy()


def _without_offsets(column: pa.Array) -> tuple[NDArray[np.float64], pa.Array]:
    """Return the offset of every text in seconds, NaN where it has none, and the texts without it."""
    has = pc.fill_null(pc.match_substring_regex(column, _OFFSET), False)
    offsets = np.full(len(column), np.nan)
    if not pc.any(has).as_py():
        return offsets, column
    parts = pc.struct_field(pc.extract_regex(column, _OFFSET_PARTS), "offset")
    encoded = pc.if_else(has, parts, None).dictionary_encode()
    table = np.array([*map(_offset_s, encoded.dictionary.to_pylist()), np.nan])
    codes = pc.fill_null(encoded.indices, len(encoded.dictionary)).to_numpy(zero_copy_only=False)
    plain = pc.if_else(has, pc.replace_substring_regex(column, _OFFSET, r"\1"), column)
    return table[codes], plain


def _offset_s(text: str) -> float:
    if text[0] not in "+-":
        return 0.0
    seconds = int(text[1:3]) * 3600 + int(text[-2:]) * 60
    return float(seconds if text[0] == "+" else -seconds)


def _fractions(column: pa.Array) -> NDArray[np.timedelta64]:
    """Return the fractions of a second, which the reader of dates cuts."""
    has = pc.fill_null(pc.match_substring_regex(column, _FRACTION), False)
    found = np.zeros(len(column), dtype="timedelta64[us]")
    if not pc.any(has).as_py():
        return found
    digits = pc.struct_field(pc.extract_regex(column.filter(has), _FRACTION), "fraction")
    values = pc.cast(pc.binary_join_element_wise("0.", digits, ""), pa.float64())
    micro = np.floor(values.to_numpy(zero_copy_only=False) * _US + 0.5)
    found[has.to_numpy(zero_copy_only=False)] = micro.astype("timedelta64[us]")
    return found
