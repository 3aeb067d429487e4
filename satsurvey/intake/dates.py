"""When something happened: dates and times written as text, as Chinese survey exports write them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

_CHINA_OFFSET = timedelta(hours=8)
_SERIAL_ORIGIN = datetime(1899, 12, 30)
_SERIAL_RANGE = (20_000.0, 80_000.0)  # 1954 to 2119; eight digits are a date, not a serial number

_ISO_LENGTHS = pa.array([10, 16, 19, None], pa.int32())
_YEARS = (np.datetime64("1000-01-01", "s"), np.datetime64("3000-01-01", "s"))

_DATE = re.compile(r"([12]\d{3})([-/.年])(\d{1,2})([-/.月])(\d{1,2})日?")
_DAY_FIRST = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2([12]\d{3})(?!\d)(.*)")
_COMPACT = re.compile(r"([12]\d{3})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d)?)?")
_CLOCK = re.compile(
    r"(上午|下午|AM|PM)?\s*(\d{1,2})[:时点](\d{1,2})(?:[:分](\d{1,2})(?:[.,]\d+)?)?[分秒]?\s*(AM|PM)?"
    r"\s*(Z|[+-]\d{2}:?\d{2})?",
    re.IGNORECASE,
)
_SERIAL = re.compile(r"\d{5}(?:\.\d+)?")


def parse_dates(
    texts: pa.ChunkedArray | pa.Array | Sequence[str | None],
) -> tuple[NDArray[np.datetime64], NDArray[np.bool_]]:
    """Read dates and times, each distinct date and each distinct time of day once.

    Parameters
    ----------
    texts
        Texts of shape (rows,); null and "" mean that there is no date.

    Returns
    -------
    moments
        datetime64[s] of shape (rows,); NaT where there is none or it cannot be read.
    bad
        True where there is a text that is no date.

    Notes
    -----
    Accepted: year, month, day in this order, four digits for the year, joined by `-`, `/`, `.` or 年月日, or
    as eight digits (`2019-03-05`, `2019/3/5`, `2019年3月5日`, `20190305`); then, if any, after a space or
    `T`, the time of day as `10:02`, `10:02:33`, `10时2分`, also with 上午/下午 or AM/PM, or as six digits
    after the eight. Fractions of a second are cut. A text with `Z` or an offset is turned to China time
    (UTC+8), in which the texts without one are taken to be. A number from 20000 to 80000 is a serial day of
    a spreadsheet that counts from 1899-12-30. Dates that put the day or month first are refused, since
    05/03/2019 is two dates.

    Examples
    --------
    >>> moments, bad = parse_dates(["2019/3/5", "2019年3月5日 10:02", "soon", ""])
    >>> [str(moment) for moment in moments], bad.tolist()
    (['2019-03-05T00:00:00', '2019-03-05T10:02:00', 'NaT', 'NaT'], [False, False, True, False])
    """
    column = as_strings(texts)
    moments = plain_iso(column)
    if moments is not None:
        return moments, np.zeros(len(column), dtype=np.bool_)
    trimmed = pc.utf8_trim_whitespace(column)
    # Rows by the million have as many moments, but only hundreds of dates and at most 86,400 times of day.
    pieces = pc.split_pattern(pc.replace_substring(trimmed, "T", " ", max_replacements=1), " ", max_splits=1)
    encoded = pieces.values.dictionary_encode()
    distinct = encoded.dictionary.to_pylist()
    # One more code, the last, stands for a piece that is not there: 0 seconds, not bad.
    codes = np.append(encoded.indices.to_numpy(zero_copy_only=False), len(distinct))
    starts, ends = pieces.offsets.to_numpy()[:-1], pieces.offsets.to_numpy()[1:]
    two = ends - starts == 2
    first = codes[np.where(ends > starts, starts, -1)]
    second = codes[np.where(two, starts + 1, -1)]
    days, bad_day = _read_each(distinct, first, _seconds_of_day_text)
    clock, bad_clock = _read_each(distinct, second, _seconds_of_clock_text)
    empty = pc.fill_null(pc.equal(pc.binary_length(trimmed), 0), True).to_numpy(zero_copy_only=False)
    bad = (bad_day | bad_clock) & ~empty
    # A time of day is added to a date alone; "20190305100233 10:02" would count the day twice.
    bad |= two & ~empty & (days % 86_400 != 0)
    moments = (days + clock).astype("datetime64[s]")
    moments[bad | empty] = np.datetime64("NaT")
    return moments, bad


def iso_of_day_first(text: str) -> str:
    """Turn a date that puts the day first into one that puts the year first; other texts stay as they are.

    Examples
    --------
    >>> iso_of_day_first("14/08/2023 00:32"), iso_of_day_first("2023-08-14")
    ('2023-08-14 00:32', '2023-08-14')
    """
    found = _DAY_FIRST.match(unicodedata.normalize("NFKC", text).strip())
    if found is None:
        return text
    return f"{found[4]}-{int(found[3]):02}-{int(found[1]):02}{found[5]}"


def plain_iso(column: pa.Array) -> NDArray[np.datetime64] | None:
    """Read a column that holds nothing but ISO dates and times without a zone; None when it holds more."""
    filled = pc.if_else(pc.equal(pc.binary_length(column), 0), pa.scalar(None, pa.string()), column)
    # Of what Arrow reads, the lengths leave 2019-03-05, 2019-03-05 10:02 and 2019-03-05 10:02:33.
    if not pc.all(pc.is_in(pc.binary_length(filled), _ISO_LENGTHS, skip_nulls=False)).as_py():
        return None
    try:
        read = filled.cast(pa.timestamp("s"))
    except pa.ArrowInvalid:
        return None
    moments: NDArray[np.datetime64] = read.to_numpy(zero_copy_only=False).astype("datetime64[s]")
    known = moments[~np.isnat(moments)]
    if known.size and not (_YEARS[0] <= known.min() and known.max() < _YEARS[1]):
        return None
    return moments


def as_strings(texts: pa.ChunkedArray | pa.Array | Sequence[str | None]) -> pa.Array:
    """Return texts, however Arrow holds them (chunked, dictionary), as one plain string array."""
    if isinstance(texts, pa.ChunkedArray | pa.Array):
        plain = texts if texts.type == pa.string() else texts.cast(pa.string())
        return (
            pa.concat_arrays(plain.chunks)
            if isinstance(plain, pa.ChunkedArray) and plain.num_chunks
            else (pa.array([], pa.string()) if isinstance(plain, pa.ChunkedArray) else plain)
        )
    return pa.array(texts, pa.string())


def _read_each(
    distinct: list[str], codes: NDArray[np.int32], seconds: Callable[[str], int | None]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Read every distinct text that is used; the code after the last text counts as 0 seconds."""
    values, bad = np.zeros(len(distinct) + 1, dtype=np.int64), np.zeros(len(distinct) + 1, dtype=np.bool_)
    for code in np.flatnonzero(np.bincount(codes, minlength=len(distinct) + 1)[:-1]):
        read = seconds(distinct[code])
        values[code], bad[code] = read or 0, read is None
    return values[codes], bad[codes]


def _seconds_of_day_text(text: str) -> int | None:
    """Return seconds since 1970 of a text that holds a date, perhaps with a time of day joined to it."""
    text = unicodedata.normalize("NFKC", text).strip()
    try:
        if _SERIAL.fullmatch(text):
            if not _SERIAL_RANGE[0] <= float(text) <= _SERIAL_RANGE[1]:
                return None
            return _since_1970(_SERIAL_ORIGIN) + round(float(text) * 86_400)
        if (found := _COMPACT.fullmatch(text)) is not None:
            return _since_1970(datetime(*(int(part) for part in found.groups(default="0"))))  # type: ignore[arg-type]
        found = _DATE.match(text)
        if found is None or (found[2], found[4]) not in {("-", "-"), ("/", "/"), (".", "."), ("年", "月")}:
            return None
        day = _since_1970(datetime(int(found[1]), int(found[3]), int(found[5])))
    except ValueError:  # 30 February
        return None
    rest = text[found.end() :].strip()
    if not rest:
        return day
    clock = _seconds_of_clock_text(rest)
    return None if clock is None else day + clock


def _seconds_of_clock_text(text: str) -> int | None:
    """Return seconds after midnight of a time of day; beyond the day where an offset moves it there."""
    text = unicodedata.normalize("NFKC", text).strip()
    if not text:
        return 0
    found = _CLOCK.fullmatch(text)
    if found is None:
        return None
    hour, minute, second = int(found[2]), int(found[3]), int(found[4] or 0)
    half = (found[1] or found[5] or "").upper()
    if half:
        # Chinese programs write 下午 15:02 as well as 下午 3:02; both mean the same.
        if half in {"下午", "PM"} and hour < 12:
            hour += 12
        elif half in {"上午", "AM"} and hour == 12:
            hour = 0
    if hour > 23 or minute > 59 or second > 59:
        return None
    return hour * 3600 + minute * 60 + second + _to_china_time(found[6])


def _to_china_time(offset: str | None) -> int:
    if not offset:
        return 0
    if offset.upper() == "Z":
        return int(_CHINA_OFFSET.total_seconds())
    hours, minutes = int(offset[1:3]), int(offset[-2:])
    east = (hours * 3600 + minutes * 60) * (1 if offset[0] == "+" else -1)
    return int(_CHINA_OFFSET.total_seconds()) - east


def _since_1970(moment: datetime) -> int:
    return int((moment - datetime(1970, 1, 1)).total_seconds())
