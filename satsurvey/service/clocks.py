"""Clocks: seconds of business time between two moments, exact also where a day is put forward or back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from satsurvey.errors import MethodError
from satsurvey.service.calendars import Calendar, as_calendar, days_between

ABSENT = np.iinfo(np.int64).min
"""Stands for a moment that is absent."""
_MOST_DAYS = 80_000
_US = 1_000_000
_FAR = 3 * 86_400 * _US

Moments = pd.Series | pd.DatetimeIndex | NDArray[np.datetime64]


@dataclass(frozen=True)
class WorkingTime:
    """The intervals of business time between two days, on the world's clock.

    Attributes
    ----------
    starts, ends
        Microseconds since 1970 in UTC, int64 of shape (intervals,), in order and without overlap.
    before
        Business microseconds before each start, with the total behind the last: shape (intervals + 1,).
    """

    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    before: NDArray[np.int64]

    @classmethod
    def between(cls, calendar: Calendar, first: date, last: date) -> WorkingTime:
        """Lay out the business time of a calendar from one day to another."""
        days = days_between(first, last)
        midnights = np.array(days, dtype="datetime64[us]")
        place, opens, closes = [], [], []
        for k, day in enumerate(days):
            for start, end in calendar.on(day):
                place.append(k)
                opens.append(start)
                closes.append(end)
        base = midnights[np.array(place, dtype=np.intp)].astype(np.int64)
        local_starts = base + np.array(opens, dtype=np.int64) * _US
        local_ends = base + np.array(closes, dtype=np.int64) * _US
        starts, ends = [], []
        # The clock on the wall shows an interval once in every stretch with one offset that it falls into:
        # in part or not at all where hours are left out, twice where they are repeated.
        for since, until, offset in _offsets(calendar.time_zone, midnights[0], midnights[-1]):
            begin = np.maximum(local_starts - offset, since)
            finish = np.minimum(local_ends - offset, until)
            some = begin < finish
            starts.append(begin[some])
            ends.append(finish[some])
        begin, finish = np.concatenate(starts), np.concatenate(ends)
        order = np.argsort(begin, kind="stable")
        begin, finish = begin[order], finish[order]
        return cls(begin, finish, np.concatenate([[0], np.cumsum(finish - begin)]).astype(np.int64))

    def until(self, moments: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the business microseconds before each moment, which must lie between the two days."""
        if not self.starts.size:
            return np.zeros(moments.shape, np.int64)
        place = np.searchsorted(self.starts, moments, "right")
        inside = np.minimum(moments, self.ends[place - 1]) - self.starts[place - 1]
        return np.where(place > 0, self.before[place - 1] + inside, 0)


def business_seconds(
    start: Moments, end: Moments, calendar: Calendar | str, *, time_zone: str | None = None
) -> NDArray[np.float64]:
    """Return the seconds of business time from each start to each end.

    Parameters
    ----------
    start, end
        Moments of the same shape (rows,). Those without a time zone are read on the wall clock of
        `time_zone`, by default the calendar's.
    calendar
        A calendar, the name of a shipped one, or the path of a file.
    time_zone
        Zone of moments that have none.

    Returns
    -------
    float64 of shape (rows,)
        NaN where a moment is absent; negative where the end lies before the start.

    Raises
    ------
    MethodError
        When the shapes differ, or the moments lie more than two centuries apart.

    Notes
    -----
    With W(t) the business time from a fixed day up to t, the result is W(end) - W(start). W is piecewise
    linear between the edges of the calendar's intervals in UTC: an hour that a change of the clock leaves out
    counts nothing, an hour that it repeats counts twice. A moment on the wall clock
    that the clock repeats is taken as its first occurrence, one that it leaves out as the moment of change.

    Examples
    --------
    >>> import numpy as np
    >>> start, end = np.array(["2024-09-30T17:00"], "M8[s]"), np.array(["2024-10-08T10:00"], "M8[s]")
    >>> business_seconds(start, end, "china-office")
    array([7200.])
    """
    found = as_calendar(calendar)
    if found is None:
        raise MethodError("business time needs a calendar")
    zone = time_zone or found.time_zone
    begin, finish = _utc(start, zone), _utc(end, zone)
    if begin.shape != finish.shape:
        raise MethodError(f"there are {begin.size} starts and {finish.size} ends")
    return business_between(begin, finish, found)


def business_between(
    begin: NDArray[np.int64], finish: NDArray[np.int64], calendar: Calendar
) -> NDArray[np.float64]:
    """Return the seconds of business time between moments in microseconds of UTC; see `business_seconds`."""
    known = (begin != ABSENT) & (finish != ABSENT)
    seconds = np.full(begin.shape, np.nan)
    if not known.any():
        return seconds
    begin, finish = begin[known], finish[known]
    first, last = min(begin.min(), finish.min()), max(begin.max(), finish.max())
    # A day more at either end holds whatever the zone's offset is.
    days = [np.datetime64(int(moment), "us").astype("datetime64[D]").astype(date) for moment in (first, last)]
    if (days[1] - days[0]).days > _MOST_DAYS:
        raise MethodError(
            "the moments lie more than two centuries apart", next_step="correct moments that cannot be true"
        )
    time = WorkingTime.between(calendar, days[0] - timedelta(days=1), days[1] + timedelta(days=1))
    seconds[known] = (time.until(finish) - time.until(begin)) / _US
    return seconds


def calendar_between(begin: NDArray[np.int64], finish: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return all seconds between moments in microseconds of UTC, NaN where one is absent."""
    known = (begin != ABSENT) & (finish != ABSENT)
    return np.where(known, (finish - np.where(known, begin, 0)) / _US, np.nan)


def _offsets(zone: str, first: np.datetime64, last: np.datetime64) -> list[tuple[int, int, int]]:
    """Return the stretches of one offset between two days: beginning, end and offset in microseconds.

    The first begins and the last ends far outside, since the days around them have the same offset.
    """
    days = np.arange(first - np.timedelta64(2, "D"), last + np.timedelta64(3, "D"), np.timedelta64(1, "D"))
    utc = days.astype("datetime64[us]").astype(np.int64)
    offsets = _offset_at(utc, zone)
    stretches, since = [], int(utc[0]) - _FAR
    for k in np.flatnonzero(np.diff(offsets)):
        low, high = int(utc[k]) // _US, int(utc[k + 1]) // _US
        while high - low > 1:
            middle = (low + high) // 2
            same = _offset_at(np.array([middle * _US]), zone)[0] == offsets[k]
            low, high = (middle, high) if same else (low, middle)
        stretches.append((since, high * _US, int(offsets[k])))
        since = high * _US
    return [*stretches, (since, int(utc[-1]) + _FAR, int(offsets[-1]))]


def _offset_at(utc: NDArray[np.int64], zone: str) -> NDArray[np.int64]:
    index = pd.DatetimeIndex(utc.view("datetime64[us]")).tz_localize("UTC").tz_convert(zone)
    local: NDArray[np.int64] = index.tz_localize(None).as_unit("us").asi8
    return local - utc


def to_utc(local: NDArray[np.datetime64], zone: str) -> NDArray[np.int64]:
    """Turn wall-clock moments of a zone to microseconds since 1970 in UTC; absent ones are the least int64.

    Of an hour that the clock repeats, the first is taken; a moment that the clock leaves out becomes the
    moment of the change.
    """
    index = pd.DatetimeIndex(local.astype("datetime64[us]"))
    placed = index.tz_localize(zone, ambiguous=np.full(len(index), True), nonexistent="shift_forward")
    return placed.asi8.copy()


def _utc(moments: Moments, zone: str) -> NDArray[np.int64]:
    index = pd.DatetimeIndex(moments).as_unit("us")
    if index.tz is None:
        return to_utc(index.to_numpy(), zone)
    return index.asi8
