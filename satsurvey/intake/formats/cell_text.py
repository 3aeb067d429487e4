"""How a typed cell becomes text: numbers without noise, dates and times as ISO, the same in every format."""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

LONG_NUMBERS = "long numbers were stored as numbers and lost digits beyond the 15th"
"""The warning of a column whose identifiers cannot be trusted."""

FIRST_LONG = 1e15
"""The smallest whole number with more digits than a spreadsheet keeps (doubles end at 2**53, 9.0e15)."""

NOISE_IN_ULPS = 4.0
SHORT_DIGITS = 12


def number_text(value: float) -> str:
    """Write one number as a reader of the file would.

    A whole number has no ".0"; a decimal fraction of at most 12 digits is written without the noise that
    binary arithmetic leaves in the last place (0.30000000000000004 is "0.3"); every other number keeps all
    its digits. Not-a-number is "".

    Examples
    --------
    >>> number_text(7.0), number_text(0.1 + 0.2), number_text(1 / 3)
    ('7', '0.3', '0.3333333333333333')
    """
    if value != value:
        return ""
    if value in (np.inf, -np.inf):
        return repr(value)
    if value.is_integer() and abs(value) < FIRST_LONG:
        return str(int(value))
    short = float(f"{value:.{SHORT_DIGITS}g}")
    if abs(short - value) <= NOISE_IN_ULPS * math.ulp(value):
        value = short
    if 1e-7 <= abs(value) < 1e21:
        return str(np.format_float_positional(value, trim="-"))
    return repr(float(value))


def number_texts(values: pa.Array) -> pa.Array:
    """Write numbers as text, as `number_text` does, where most are whole (nulls stay null)."""
    numbers = pc.fill_null(values.cast(pa.float64()), np.nan).to_numpy(zero_copy_only=False)
    with np.errstate(invalid="ignore"):
        whole = (np.abs(numbers) < FIRST_LONG) & (np.trunc(numbers) == numbers)
    integers = pa.array(np.where(whole, numbers, 0).astype(np.int64)).cast(pa.string())
    if whole.all():
        return integers
    # Arrow writes the shortest digits too; exponents and possible noise, which are rare, go one by one.
    size = np.abs(numbers)
    with np.errstate(all="ignore"):
        scale = 10.0 ** (SHORT_DIGITS - 1 - np.floor(np.log10(size)))
        distance = np.abs(np.round(numbers * scale) / scale - numbers)
        sure = (size >= 1e-4) & (size < 1e9) & (distance > 4 * NOISE_IN_ULPS * np.spacing(size))
    texts = pc.if_else(pa.array(whole), integers, pa.array(numbers).cast(pa.string()))
    texts = texts.to_numpy(zero_copy_only=False)
    for place in np.flatnonzero(~whole & ~sure):
        texts[place] = number_text(float(numbers[place]))
    return pc.if_else(values.is_valid(), pa.array(texts, pa.string()), pa.scalar(None, pa.string()))


def has_long_numbers(values: pa.Array) -> bool:
    """Say whether a floating-point column holds whole numbers of more than 15 digits."""
    if not len(values) or values.null_count == len(values):
        return False
    numbers = pc.drop_null(values.cast(pa.float64())).to_numpy(zero_copy_only=False)
    with np.errstate(invalid="ignore"):
        return bool(np.any((np.abs(numbers) >= FIRST_LONG) & np.isfinite(numbers)))


def distinct_as_text(values: pa.Array, to_texts: Callable[[pa.Array], pa.Array]) -> pa.Array:
    """Convert a column by its distinct values.

    Parameters
    ----------
    values
        The cells; null where a cell is absent.
    to_texts
        Turns distinct values into texts, one each.

    Returns
    -------
    pyarrow.Array
        `dictionary<int32, string>` of the same length; the texts of the dictionary are distinct.
    """
    encoded = values if pa.types.is_dictionary(values.type) else values.dictionary_encode()
    texts = to_texts(encoded.dictionary).cast(pa.string())
    folded = texts.dictionary_encode()
    indices = folded.indices.take(encoded.indices.cast(pa.int64())).cast(pa.int32())
    return pa.DictionaryArray.from_arrays(indices, folded.dictionary)


def datetime_text(value: datetime.datetime) -> str:
    """Write a date and time as ISO 8601 with a space ("2024-03-05 14:30:00")."""
    return value.isoformat(sep=" ")


def duration_text(seconds: float) -> str:
    """Write a duration, or a time of day, as hours, minutes and seconds; hours may pass 24 ("30:05:00")."""
    sign, micros = ("-" if seconds < 0 else ""), round(abs(seconds) * 1_000_000)
    whole, micros = divmod(micros, 1_000_000)
    text = f"{sign}{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}"
    return f"{text}.{micros:06d}" if micros else text


def instants_as_text(instants: NDArray[np.datetime64], *, with_time: bool) -> list[str]:
    """Write numpy instants as ISO dates, or dates and times (fractions of a second where needed)."""
    if not with_time:
        return [str(text) for text in np.datetime_as_string(instants.astype("datetime64[D]"), unit="D")]
    micros = instants.astype("datetime64[us]")
    fraction = (micros.astype(np.int64) % 1_000_000) != 0
    to_second = np.datetime_as_string(micros.astype("datetime64[s]"), unit="s")
    texts = np.where(fraction, np.datetime_as_string(micros, unit="us"), to_second)
    return [str(text).replace("T", " ") for text in texts]


def value_text(value: object) -> str:
    """Write one cell of a spreadsheet, whatever its type; None is ""."""
    match value:
        case str():
            return value
        case None:
            return ""
        case bool():
            return "TRUE" if value else "FALSE"
        case int():
            return str(value)
        case float():
            return number_text(value)
        case datetime.datetime():
            return datetime_text(value)
        case datetime.date() | datetime.time():
            return value.isoformat()
        case datetime.timedelta():
            return duration_text(value.total_seconds())
    return str(value)


def column_of_values(values: Sequence[object]) -> tuple[pa.Array, bool]:
    """Turn one column of a spreadsheet into text.

    Parameters
    ----------
    values
        Cells as Python values, of mixed types.

    Returns
    -------
    tuple
        The column as `dictionary<int32, string>`, and whether numbers of more than 15 digits stood in it.
    """
    kinds = set(map(type, values))
    if kinds <= {str}:
        return pa.array(values, pa.string()).dictionary_encode(), False
    if bool in kinds:
        # True equals 1 as a dictionary key, so a column with both goes cell by cell.
        texts = [value_text(value) for value in values]
        distinct: set[object] = set(values)
    else:
        distinct = set(values)
        written = {value: value_text(value) for value in distinct}
        texts = list(map(written.__getitem__, values))
    long = any(isinstance(value, (int, float)) and FIRST_LONG <= abs(value) < np.inf for value in distinct)
    return pa.array(texts, pa.string()).dictionary_encode(), long
