"""Business seconds: against counting minute by minute, over holidays, make-up days and clock changes."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from satsurvey.errors import MethodError
from satsurvey.service.calendars import Calendar, WeekHours, load_calendar
from satsurvey.service.clocks import business_seconds

OFFICE = load_calendar("china-office")


def moments(*texts: str) -> np.ndarray:
    return np.array(texts, dtype="M8[s]")


def counted(calendar: Calendar, start: datetime, end: datetime) -> int:
    """Count the business minutes one by one on the world's clock."""
    zone = ZoneInfo(calendar.time_zone)
    utc, minutes = start.astimezone(ZoneInfo("UTC")), 0
    while utc < end.astimezone(ZoneInfo("UTC")):
        local = utc.astimezone(zone)
        second = local.hour * 3600 + local.minute * 60
        minutes += any(first <= second < after for first, after in calendar.on(local.date()))
        utc += timedelta(minutes=1)
    return minutes * 60


@st.composite
def hours(draw: st.DrawFn) -> tuple[tuple[int, int], ...]:
    edges = sorted(draw(st.sets(st.integers(0, 96), max_size=6)))
    return tuple((a * 900, b * 900) for a, b in zip(edges[::2], edges[1::2], strict=False))


@st.composite
def calendars(draw: st.DrawFn, zone: str = "Asia/Shanghai") -> Calendar:
    week = {day: draw(hours()) for day in ("monday", "tuesday", "saturday", "sunday", "make_up")}
    return Calendar(
        "drawn",
        zone,
        WeekHours().model_copy(update={"weekdays": draw(hours()), **week}),
        draw(st.sampled_from(["CN", ""])),
        holidays=frozenset({date(2024, 9, 25)}),
        workdays=frozenset({date(2024, 9, 28)}),
        days={date(2024, 10, 9): draw(hours())},
    )  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(calendars(), st.integers(0, 20 * 1440), st.integers(0, 9 * 1440))
def test_business_seconds_are_those_counted_minute_by_minute(
    calendar: Calendar, after: int, length: int
) -> None:
    start = datetime(2024, 9, 20, tzinfo=ZoneInfo("Asia/Shanghai")) + timedelta(minutes=after)
    end = start + timedelta(minutes=length)
    found = business_seconds(pd.DatetimeIndex([start]), pd.DatetimeIndex([end]), calendar)
    assert found[0] == counted(calendar, start, end)


@settings(max_examples=15, deadline=None)
@given(
    calendars("America/New_York"),
    st.sampled_from([datetime(2024, 3, 8), datetime(2024, 11, 1)]),
    st.integers(0, 3 * 1440),
    st.integers(0, 3 * 1440),
)
def test_business_seconds_are_counted_over_a_change_of_the_clock(
    calendar: Calendar, day: datetime, after: int, length: int
) -> None:
    start = day.replace(tzinfo=ZoneInfo("UTC")) + timedelta(minutes=after)
    end = start + timedelta(minutes=length)
    found = business_seconds(pd.DatetimeIndex([start]), pd.DatetimeIndex([end]), calendar)
    assert found[0] == counted(calendar, start, end)


def test_a_hidden_hour_counts_nothing_and_a_repeated_hour_twice() -> None:
    always = Calendar(
        "always", "America/New_York", WeekHours(weekdays="00:00-24:00", weekend="00:00-24:00"), ""
    )
    spring = business_seconds(moments("2024-03-10T00:00"), moments("2024-03-11T00:00"), always)
    autumn = business_seconds(moments("2024-11-03T00:00"), moments("2024-11-04T00:00"), always)
    assert (spring[0], autumn[0]) == (23 * 3600, 25 * 3600)


def test_golden_week_of_2024_has_no_business_time() -> None:
    found = business_seconds(
        moments("2024-09-30T18:00", "2024-09-30T17:00", "2024-09-28T00:00"),
        moments("2024-10-08T09:00", "2024-10-08T10:00", "2024-09-30T00:00"),
        OFFICE,
    )
    # 28 September is a Saturday without work, the 29th a Sunday with it (make-up).
    assert found.tolist() == [0, 7200, 9 * 3600]


@pytest.mark.parametrize(
    "day",
    ["2024-02-04", "2024-02-18", "2024-04-07", "2024-04-28", "2024-05-11", "2024-09-14", "2024-10-12",
     "2025-01-26", "2025-02-08", "2025-04-27", "2025-09-28", "2025-10-11"],
)  # fmt: skip
def test_make_up_weekends_of_2024_and_2025_are_workdays(day: str) -> None:
    assert date.fromisoformat(day).weekday() >= 5
    assert OFFICE.on(date.fromisoformat(day)) == ((9 * 3600, 18 * 3600),)


@pytest.mark.parametrize(
    ("first", "last"),
    [("2024-02-10", "2024-02-17"), ("2024-05-01", "2024-05-05"), ("2024-10-01", "2024-10-07"),
     ("2025-01-28", "2025-02-04"), ("2025-05-01", "2025-05-05"), ("2025-10-01", "2025-10-08")],
)  # fmt: skip
def test_public_holidays_of_2024_and_2025_have_no_hours(first: str, last: str) -> None:
    day = date.fromisoformat(first)
    while day <= date.fromisoformat(last):
        assert OFFICE.on(day) == ()
        day += timedelta(days=1)


def test_seconds_inside_a_day_are_exact_and_a_turned_pair_is_negative() -> None:
    start, end = moments("2024-03-05T09:00:01"), moments("2024-03-05T09:00:59")
    assert business_seconds(start, end, OFFICE).tolist() == [58]
    assert business_seconds(end, start, OFFICE).tolist() == [-58]


def test_an_absent_moment_gives_no_time() -> None:
    found = business_seconds(moments("NaT", "2024-03-05T09:00"), moments("2024-03-05T10:00", "NaT"), OFFICE)
    assert np.isnan(found).all()
    assert business_seconds(moments(), moments(), OFFICE).size == 0


def test_time_zones_of_moments_and_calendar_may_differ() -> None:
    start = pd.Series(pd.DatetimeIndex(["2024-03-05 00:30"], tz="UTC"))
    end = pd.Series(pd.DatetimeIndex(["2024-03-05 11:00"], tz="Europe/Berlin"))
    # 08:30 to 18:00 in Shanghai.
    assert business_seconds(start, end, OFFICE).tolist() == [9 * 3600]


def test_moments_that_cannot_be_true_are_refused() -> None:
    with pytest.raises(MethodError, match="two centuries"):
        business_seconds(moments("1700-01-01"), moments("2024-01-01"), OFFICE)
    with pytest.raises(MethodError, match="2 starts and 1 ends"):
        business_seconds(moments("2024-01-01", "2024-01-02"), moments("2024-01-01"), OFFICE)
