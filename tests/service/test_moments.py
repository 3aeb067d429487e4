"""Moments and lengths of time from text: orders, zones, epochs, serial days, units, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from satsurvey.service.clocks import ABSENT
from satsurvey.service.lengths import read_lengths
from satsurvey.service.maps import Order, Unit
from satsurvey.service.moments import MomentColumn, read_moments


def read(
    *texts: str | None, zone: str = "Asia/Shanghai", order: Order = "ymd", format: str | None = None
) -> MomentColumn:
    return read_moments(pa.array(texts, pa.string()), zone=zone, order=order, format=format)


def shown(found: MomentColumn) -> list[str]:
    return [
        "" if moment == ABSENT else str(np.datetime64(int(moment), "us")).removesuffix(".000000")
        for moment in found.utc
    ]


def test_texts_without_a_zone_are_of_the_zone_and_others_of_their_own() -> None:
    found = read(
        "2024-01-02 08:00:00", "2024-01-02T08:00:00Z", "2024-01-02 08:00:00+0900", "2024/1/2 8:00 PM"
    )
    hours = ["2024-01-02T00", "2024-01-02T08", "2024-01-01T23", "2024-01-02T12"]
    assert shown(found) == [f"{hour}:00:00" for hour in hours]


def test_a_column_of_iso_moments_with_offsets_is_read_at_once_and_alike() -> None:
    texts = ["2024-01-02T08:00:00.250Z", "2024-01-02 08:00:00+08:00", "", None]
    assert shown(read(*texts)) == ["2024-01-02T08:00:00.250000", "2024-01-02T00:00:00", "", ""]
    assert shown(read(*texts, "2024年1月2日 8时0分")) == [*shown(read(*texts)), "2024-01-02T00:00:00"]


def test_serial_days_of_a_spreadsheet_are_moments() -> None:
    # 45293 is 2 January 2024, counted from 1899-12-30.
    assert shown(read("45293.5", zone="UTC")) == ["2024-01-02T12:00:00"]


def test_fractions_of_a_second_count() -> None:
    found = read("2024-01-02 08:00:00.75", "2024-01-02 08:00:01", zone="UTC")
    assert (found.utc[1] - found.utc[0]) / 1e6 == 0.25


def test_a_column_with_fractions_is_read_at_once_and_alike() -> None:
    # New York put its clocks forward at 2 o'clock on 10 March 2024 and back on 3 November.
    texts = ["2024-03-10 02:30:00.5", "2024-11-03T01:30:00", " 2024-07-01 12:00:00.123456 ", "", None]
    other = "2024年7月1日 12时0分"
    alone, among = (read(*rows, zone="America/New_York") for rows in (texts, [*texts, other]))
    assert shown(alone) == ["", "", "2024-07-01T16:00:00.123456", "", ""]
    assert shown(among) == [*shown(alone), "2024-07-01T16:00:00"]
    assert alone.wall_clock.tolist() == among.wall_clock.tolist()[:5] == [True, True, False, False, False]
    assert not alone.unreadable.any()


def test_day_and_month_are_told_apart_only_where_the_map_says_so() -> None:
    assert read("3/5/2024 10:02 AM", "2024-03-05").order_unknown.tolist() == [True, False]
    found = read("3/5/2024 10:02 AM", "2024-03-05", order="mdy", zone="UTC")
    assert shown(found) == ["2024-03-05T10:02:00", "2024-03-05T00:00:00"]
    assert shown(read("3.5.2024 10:02", order="dmy", zone="UTC")) == ["2024-05-03T10:02:00"]
    assert read("25/3/2024", order="mdy").unreadable.tolist() == [True]


def test_what_is_no_moment_is_marked_and_blanks_are_not() -> None:
    found = read("soon", " ", None, "2024-02-30", "1/2", "2024-01-01 25:00")
    assert found.unreadable.tolist() == [True, False, False, True, True, True]
    assert (found.utc == ABSENT).all()


def test_an_hour_that_the_clock_repeats_or_leaves_out_is_no_moment() -> None:
    found = read("2024-11-03 01:30:00", "2024-03-10 02:30:00", "2024-03-10 03:30:00", zone="America/New_York")
    assert found.wall_clock.tolist() == [True, True, False]
    assert shown(found)[2] == "2024-03-10T07:30:00"
    zoned = read("2024-11-03T01:30:00-04:00", zone="America/New_York")
    assert shown(zoned) == ["2024-11-03T05:30:00"]


def test_declared_formats_and_epochs() -> None:
    assert shown(read("1704164645", "x", "", format="epoch_s")) == ["2024-01-02T03:04:05", "", ""]
    assert read("1704164645", "x", "", format="epoch_s").unreadable.tolist() == [False, True, False]
    assert shown(read("1704164645500", format="epoch_ms")) == ["2024-01-02T03:04:05.500000"]
    assert shown(read("05-Mar-2024 10:02", zone="UTC", format="%d-%b-%Y %H:%M")) == ["2024-03-05T10:02:00"]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(0, 2_000_000_000), min_size=1, max_size=8),
    st.sampled_from(["%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M:%S", "%Y年%m月%d日 %H:%M:%S", "%Y%m%d%H%M%S"]),
    st.integers(-12, 14),
)
def test_whatever_is_written_is_read_back(seconds: list[int], form: str, hours: int) -> None:
    written = [(datetime(1970, 1, 1) + timedelta(seconds=s)).strftime(form) for s in seconds]
    assert read(*written, zone="UTC").utc.tolist() == [s * 1_000_000 for s in seconds]
    if form != "%Y%m%d%H%M%S":
        sign = "-" if hours < 0 else "+"
        offset = [f"{text}{sign}{abs(hours):02d}:00" for text in written]
        assert read(*offset, "").utc.tolist()[:-1] == [(s - hours * 3600) * 1_000_000 for s in seconds]


def test_the_present_is_read_in_any_zone() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    text = now.astimezone().isoformat()
    assert read(text).utc[0] == int(now.timestamp() * 1e6)


@pytest.mark.parametrize(
    ("text", "unit", "seconds"),
    [("90", "s", 90), ("1.5", "min", 90), ("1500", "ms", 1.5), ("2", "h", 7200), ("0.5", "day", 43200),
     ("3分20秒", "min", 200), ("3分20秒", "s", 200), ("01:02:03", "s", 3723), ("05:12", "s", 312),
     ("1:30", "h:mm", 5400), ("1:30", "mm:ss", 90), ("1天2小时", "s", 93600), ("1 day, 2:00:00", "s", 93600),
     ("15 min", "s", 900), ("2.5 hours", "s", 9000), ("250ms", "s", 0.25), ("1,200", "s", 1200),
     ("-5", "s", -5), ("-00:30", "s", -30), ("-2分", "s", -120)],
)  # fmt: skip
def test_lengths_of_time_in_their_units(text: str, unit: Unit, seconds: float) -> None:
    found, bad = read_lengths(pa.array([text]), unit=unit)
    assert found.tolist() == [seconds]
    assert bad.size == 0


def test_what_is_no_length_is_marked_and_blanks_are_not() -> None:
    found, bad = read_lengths(pa.array(["很久", "", None, "12", "nan", "1:2:3:4"]))
    assert bad.tolist() == [0, 4, 5]
    assert np.isnan(found).tolist() == [True, True, True, False, True, True]
