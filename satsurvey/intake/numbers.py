"""From the text of cells to numbers: counts, weights and lengths of time, not answers on scales."""

from __future__ import annotations

import re
from collections.abc import Mapping, Set

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from satsurvey.intake.answers import fold, key_of
from satsurvey.intake.cells import to_text

_LONGEST = 64
_GROUPED = re.compile(r"[-+]?\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_PLAIN = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d{1,3})?")
# Hours, minutes and seconds, each with its mark, or minutes and seconds, or seconds alone.
_SPELLED = re.compile(
    r"(?:(\d{1,6})(?:小时|时|hours?|h))?(?:(\d{1,6})(?:分钟|分|minutes?|mins?|m|'))?"
    r"(?:(\d{1,9}(?:\.\d+)?)(?:秒钟?|seconds?|secs?|s|\"))?"
)
_CLOCK = re.compile(r"(?:(\d{1,6}):)?(\d{1,6}):(\d{1,2}(?:\.\d+)?)")


def to_numbers(
    cells: pa.Array,
    encoding: str,
    missing: Set[str] = frozenset(),
    *,
    recode: Mapping[str, str] | None = None,
    seconds: bool = True,
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Read a column of numbers.

    Parameters
    ----------
    cells
        Cells of shape (rows,).
    encoding
        Of cells that still hold bytes.
    missing
        Codes and words that stand for no number, folded by `key_of`.
    recode
        Cell text, folded by `key_of`, to the text that it stands for.
    seconds
        Whether lengths of time may also be written as clock times (`05:12`, minutes and seconds; `1:05:12`)
        or spelled out (`312秒`, `5分12秒`).

    Returns
    -------
    numbers
        float64, NaN where the cell is empty, declared missing, or no number.
    bad
        Positions of cells that hold something else.
    """
    text = to_text(cells, encoding)
    if pa.types.is_dictionary(text.type):
        text = text.cast(pa.string())
    if not recode:
        found = _plain_column(text, missing)
        if found is not None:
            return found, np.zeros(0, np.intp)
    encoded = text.dictionary_encode()
    table: list[float] = []
    faults: list[bool] = []
    for cell in encoded.dictionary.to_pylist():
        key = key_of(cell or "")
        key = key_of((recode or {}).get(key, key))
        number = None if not key or key in missing else read_number(key, seconds=seconds)
        table.append(np.nan if number is None else number)
        faults.append(bool(key) and key not in missing and number is None)
    indices = pc.fill_null(encoded.indices, len(table)).to_numpy(zero_copy_only=False)
    numbers = np.array([*table, np.nan], dtype=np.float64)[indices]
    return numbers, np.flatnonzero(np.array([*faults, False], dtype=np.bool_)[indices])


def read_number(text: str, *, seconds: bool = False) -> float | None:
    """Read one number, also with commas between thousands, or None when the text is none.

    Examples
    --------
    >>> read_number("1,250"), read_number("05:12", seconds=True), read_number("5分12秒", seconds=True)
    (1250.0, 312.0, 312.0)
    >>> read_number("05:12") is None
    True
    """
    compact = fold(text[: 4 * _LONGEST]).replace(" ", "")
    if len(compact) > _LONGEST:
        return None
    if _GROUPED.fullmatch(compact):
        compact = compact.replace(",", "")
    if _PLAIN.fullmatch(compact):
        number = float(compact)
        return number if np.isfinite(number) else None
    match = (_CLOCK.fullmatch(compact) or _SPELLED.fullmatch(compact)) if seconds and compact else None
    if match is None:
        return None
    hours, minutes, rest = (float(part or 0) for part in match.groups())
    return hours * 3600.0 + minutes * 60.0 + rest


def _plain_column(text: pa.Array, missing: Set[str]) -> NDArray[np.float64] | None:
    """Read a column at once when every cell is empty or a plain number; else None."""
    try:
        plain = pc.utf8_trim_whitespace(pc.fill_null(text, ""))
        blank = pc.equal(plain, "")
        values = pc.cast(pc.replace_with_mask(plain, blank, pa.scalar("nan")), pa.float64())
    except pa.ArrowInvalid:
        return None
    numbers: NDArray[np.float64] = values.to_numpy(zero_copy_only=False)
    # A cell that says "nan" or "inf" passes for a number with Arrow, and is none.
    if int(np.isnan(numbers).sum()) != int(pc.sum(blank).as_py() or 0) or np.isinf(numbers).any():
        return None
    codes = [float(code) for code in missing if _PLAIN.fullmatch(code)]
    if codes:
        numbers = np.where(np.isin(numbers, codes), np.nan, numbers)
    return numbers
