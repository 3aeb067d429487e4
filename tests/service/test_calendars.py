"""Calendars: files with their defects, the order of what decides about a day, and years that nobody knows."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from satsurvey.errors import MethodError
from satsurvey.service.calendars import (
    Calendar,
    CalendarError,
    as_calendar,
    calendar_defects,
    calendar_names,
    chinese_days,
    load_calendar,
)

HEAD = 'schema = "satsurvey.calendar/1"\nname = "own"\n'
NINE_TO_SIX = ((9 * 3600, 18 * 3600),)


def written(folder: Path, text: str) -> Path:
    path = folder / "own.toml"
    path.write_text(HEAD + text, encoding="utf-8")
    return path


def test_shipped_calendars_are_sound() -> None:
    assert set(calendar_names()) == {"china-office", "china-every-day"}
    assert load_calendar("china-office").on(date(2024, 3, 5)) == NINE_TO_SIX
    assert load_calendar("china-every-day").on(date(2024, 10, 1)) == ((9 * 3600, 21 * 3600),)


def test_single_days_go_before_own_workdays_and_these_before_public_holidays(tmp_path: Path) -> None:
    text = (
        "holidays = [2024-03-05]\nworkdays = [2024-10-01]\n[hours]\n"
        'weekdays = ["09:00-12:00", "13:30-18:00"]\nsaturday = ["10:00-12:00"]\nmake_up = "08:00-12:00"\n'
        '[days]\n2024-10-02 = ["10:00-11:00"]\n'
    )
    calendar = load_calendar(written(tmp_path, text))
    morning = ((8 * 3600, 12 * 3600),)
    assert calendar.on(date(2024, 10, 1)) == morning
    assert calendar.on(date(2024, 10, 2)) == ((10 * 3600, 11 * 3600),)
    assert calendar.on(date(2024, 10, 3)) == ()
    assert calendar.on(date(2024, 3, 5)) == ()
    assert calendar.on(date(2024, 3, 6)) == ((9 * 3600, 12 * 3600), (13 * 3600 + 1800, 18 * 3600))
    assert calendar.on(date(2024, 3, 9)) == ((10 * 3600, 12 * 3600),)
    assert calendar.on(date(2024, 10, 12)) == morning  # a make-up Saturday


def test_all_defects_are_listed_at_once(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        'time_zone = "Asia/Nowhere"\ncolour = 1\n[hours]\nweekdays = ["9-18"]\n'
        'saturday = ["12:00-09:00"]\nsunday = ["09:00-12:00", "11:00-13:00"]\nmonday = ["09:00-25:00"]\n',
    )
    with pytest.raises(CalendarError) as raised:
        load_calendar(path)
    places = {defect.where for defect in raised.value.defects}
    assert places == {
        "time_zone",
        "colour",
        "hours.weekdays",
        "hours.saturday",
        "hours.sunday",
        "hours.monday",
    }
    assert "22:00-24:00 and 00:00-06:00" in str(raised.value)


def test_a_day_cannot_be_both_off_and_on() -> None:
    days = [date(2024, 1, 2)]
    data = {"schema": "satsurvey.calendar/1", "name": "x", "holidays": days, "workdays": days}
    assert [str(defect) for defect in calendar_defects(data)] == [
        "holidays: 2024-01-02 is also among the workdays"
    ]


def test_an_unknown_calendar_names_the_shipped_ones() -> None:
    with pytest.raises(CalendarError, match="china-office"):
        load_calendar("nowhere")
    with pytest.raises(MethodError, match="a calendar is"):
        as_calendar(3)  # type: ignore[arg-type]


def test_years_without_an_arrangement_have_statutory_days_and_a_note() -> None:
    later = chinese_days(2040)
    assert later.source == "statutory"
    assert date(2040, 10, 1) in later.holidays
    assert later.workdays == frozenset()
    calendar = Calendar("x")
    (note,) = calendar.notes(date(2025, 12, 1), date(2040, 1, 1))[:1]
    assert "2040" in note
    assert "only the statutory holidays are known" in note
    assert calendar.notes(date(2024, 1, 1), date(2025, 12, 31)) == ()


def test_years_that_nobody_knows_are_said() -> None:
    assert chinese_days(2150).source == ""
    (note,) = Calendar("x").notes(date(2150, 1, 1), date(2150, 2, 1))
    assert note.startswith("the public holidays of 2150 are not known")
    assert Calendar("x", public_holidays="").notes(date(2150, 1, 1), date(2150, 2, 1)) == ()
