"""Dates and times of SPSS and Stata, which store them as numbers and tell them by the display format."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from satsurvey.intake.formats.cell_text import duration_text, instants_as_text, number_text

SPSS_START = np.datetime64("1582-10-14T00:00:00", "us")
STATA_START = np.datetime64("1960-01-01T00:00:00", "us")
SPSS_DATES = frozenset({"DATE", "ADATE", "EDATE", "JDATE", "SDATE", "MOYR", "QYR", "WKYR"})
SPSS_INSTANTS = frozenset({"DATETIME", "YMDHMS"})
SPSS_DURATIONS = frozenset({"TIME", "DTIME", "MTIME"})
LAST_SECOND = 265_000_000_000.0
"""Seconds from the first to the last year that ISO 8601 writes with four digits (1582 to 9999)."""

LEAP_SECONDS = "times count leap seconds (%tC); they are shown up to 27 seconds late"

Written = Callable[[pa.Array], pa.Array]


def texts_of_format(format: str, display: str) -> Written | None:
    """Return how the numbers of a variable are written.

    Parameters
    ----------
    format
        "sav", "zsav", "por" or "dta".
    display
        The variable's display format ("DATE11", "%tc").

    Returns
    -------
    callable or None
        Turns distinct numbers into texts: ISO dates, dates and times, hours:minutes:seconds, and for Stata's
        months, quarters, half-years and weeks "2024-03", "2024Q1", "2024H1", "2024W05". None for numbers.
    """
    if format == "dta":
        return _stata(display)
    letters = re.match(r"[A-Z]*", display.upper())
    kind = letters[0] if letters else ""
    if kind in SPSS_DATES:
        return _instants(SPSS_START, 1.0, with_time=False)
    if kind in SPSS_INSTANTS:
        return _instants(SPSS_START, 1.0, with_time=True)
    if kind in SPSS_DURATIONS:
        return _one_by_one(duration_text)
    return None


def counts_leap_seconds(format: str, display: str) -> bool:
    """Say whether a variable is of Stata's clock that counts leap seconds."""
    return format == "dta" and display.replace("-", "").startswith("%tC")


def _stata(display: str) -> Written | None:
    kind = display.replace("-", "")
    if kind.startswith(("%td", "%d")):
        return _instants(STATA_START, 86_400.0, with_time=False)
    if kind.startswith(("%tc", "%tC")):
        return _instants(STATA_START, 0.001, with_time=True)
    periods: dict[str, Callable[[int], str]] = {
        "%tm": lambda n: f"{1960 + n // 12:04d}-{n % 12 + 1:02d}",
        "%tq": lambda n: f"{1960 + n // 4:04d}Q{n % 4 + 1}",
        "%th": lambda n: f"{1960 + n // 2:04d}H{n % 2 + 1}",
        "%tw": lambda n: f"{1960 + n // 52:04d}W{n % 52 + 1:02d}",
    }
    write = periods.get(kind[:3])
    return _one_by_one(lambda value: write(int(value))) if write else None


def _instants(start: np.datetime64, seconds: float, *, with_time: bool) -> Written:
    def write(numbers: pa.Array) -> pa.Array:
        values = _values(numbers)
        with np.errstate(invalid="ignore", over="ignore"):
            elapsed = values * seconds
            early = (np.datetime64("0001-01-01", "us") - start) / np.timedelta64(1, "s")
            sound = (elapsed >= early) & (elapsed < LAST_SECOND)
        micros = np.round(np.where(sound, elapsed, 0) * 1e6).astype(np.int64)
        texts = instants_as_text(start + micros.astype("timedelta64[us]"), with_time=with_time)
        for place in np.flatnonzero(~sound):
            texts[place] = number_text(float(values[place]))
        return pa.array(texts, pa.string())

    return write


def _one_by_one(write: Callable[[float], str]) -> Written:
    def texts(numbers: pa.Array) -> pa.Array:
        return pa.array(
            [
                write(value) if abs(value) < LAST_SECOND else number_text(value)
                for value in _values(numbers).tolist()
            ],
            pa.string(),
        )

    return texts


def _values(numbers: pa.Array) -> NDArray[np.float64]:
    values: NDArray[np.float64] = numbers.cast(pa.float64()).to_numpy(zero_copy_only=False)
    return values
