"""Calendars of business time: hours of the week, public holidays, make-up workdays, the user's own days."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from satsurvey.errors import Defect, MethodError, SpecificationError
from satsurvey.instrument.library import read_toml
from satsurvey.instrument.model import validation_defects

SCHEMA = "satsurvey.calendar/1"
SHIPPED = Path(__file__).with_name("calendar_files")
_DAY_S = 86_400
_INTERVAL = re.compile(r"(\d{1,2}):(\d{2})\s*[-–—~～至]\s*(\d{1,2}):(\d{2})")

Interval = tuple[int, int]
"""First second of a day that counts, and the one behind the last, since midnight."""


class CalendarError(SpecificationError):
    """A calendar cannot be found, read or used."""


def _intervals(value: object) -> tuple[Interval, ...]:
    """Read intervals such as `09:00-12:00`; raises ValueError with what is wrong."""
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list | tuple):
        raise ValueError("hours are a list such as ['09:00-12:00', '13:30-18:00']")
    found: list[Interval] = []
    for text in texts:
        match = _INTERVAL.fullmatch(str(text).strip())
        if match is None:
            raise ValueError(f"hours are written as 09:00-18:00, not {text!r}")
        h1, m1, h2, m2 = map(int, match.groups())
        first, after = h1 * 3600 + m1 * 60, h2 * 3600 + m2 * 60
        if m1 > 59 or m2 > 59 or after > _DAY_S:
            raise ValueError(f"there is no such time of day: {text}")
        if first >= after:
            raise ValueError(
                f"{text} ends before it begins; a night is two intervals, 22:00-24:00 and 00:00-06:00"
            )
        found.append((first, after))
    found.sort()
    for (_, before), (first, _) in pairwise(found):
        if first < before:
            raise ValueError("intervals of one day overlap")
    return tuple(found)


def known_zone(name: str) -> str:
    """Return the name of a time zone; raises ValueError where there is none of that name."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as exc:
        raise ValueError(
            f"there is no time zone called {name!r}; names are such as Asia/Shanghai, UTC"
        ) from exc
    return name


Hours = Annotated[tuple[Interval, ...], BeforeValidator(_intervals)]
ZoneName = Annotated[str, AfterValidator(known_zone)]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class WeekHours(_Model):
    """Hours of the week: `weekdays` (Monday to Friday) and `weekend`; single days go before them."""

    weekdays: Hours = ((9 * 3600, 18 * 3600),)
    weekend: Hours = ()
    monday: Hours | None = None
    tuesday: Hours | None = None
    wednesday: Hours | None = None
    thursday: Hours | None = None
    friday: Hours | None = None
    saturday: Hours | None = None
    sunday: Hours | None = None
    make_up: Hours | None = None

    def day(self, weekday: int) -> tuple[Interval, ...]:
        """Return the hours of a day of the week, 0 for Monday."""
        names = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
        own: tuple[Interval, ...] | None = getattr(self, names[weekday])
        return own if own is not None else self.weekdays if weekday < 5 else self.weekend

    @property
    def on_make_up_days(self) -> tuple[Interval, ...]:
        """Hours of a make-up workday: its own, else those of Monday to Friday."""
        return self.weekdays if self.make_up is None else self.make_up


class CalendarFile(_Model):
    """A calendar as a TOML file.

    Attributes
    ----------
    name, time_zone
        How reports call it; the zone of its hours.
    hours
        Hours of the week. `make_up` are those of make-up workdays (调休上班), by default the weekdays'.
    public_holidays
        "CN" for the public holidays of mainland China with their make-up workdays, "" for none.
    holidays, workdays
        Further days without work, and further days with the hours of a make-up workday.
    days
        Hours of single days, which go before everything else.
    """

    schema_: Literal["satsurvey.calendar/1"] = Field(alias="schema")
    name: str = Field(min_length=1)
    time_zone: ZoneName = "Asia/Shanghai"
    hours: WeekHours = WeekHours()
    public_holidays: Literal["CN", ""] = "CN"
    holidays: tuple[date, ...] = ()
    workdays: tuple[date, ...] = ()
    days: dict[date, Hours] = {}


@dataclass(frozen=True)
class PublicDays:
    """Public holidays and make-up workdays of one year of mainland China.

    `source` is "announced" where the year's arrangement by the State Council is known, "statutory" where only
    the days named by the rules are (make-up workdays are then not known), "" where neither is.
    """

    holidays: frozenset[date]
    workdays: frozenset[date]
    source: Literal["announced", "statutory", ""]


@dataclass(frozen=True)
class Calendar:
    """Business time: which hours of which days count.

    Attributes
    ----------
    name, time_zone
        As in the file.
    hours
        Hours of the week.
    public_holidays
        "CN" or "".
    holidays, workdays, days
        The user's own days; see `CalendarFile`.
    """

    name: str
    time_zone: str = "Asia/Shanghai"
    hours: WeekHours = field(default_factory=WeekHours)
    public_holidays: Literal["CN", ""] = "CN"
    holidays: frozenset[date] = frozenset()
    workdays: frozenset[date] = frozenset()
    days: Mapping[date, tuple[Interval, ...]] = field(default_factory=dict)

    @classmethod
    def from_file(cls, file: CalendarFile) -> Calendar:
        """Make a calendar from the contents of a file."""
        return cls(
            file.name,
            file.time_zone,
            file.hours,
            file.public_holidays,
            frozenset(file.holidays),
            frozenset(file.workdays),
            dict(file.days),
        )

    def on(self, day: date) -> tuple[Interval, ...]:
        """Return the hours that count on one day.

        Examples
        --------
        >>> from datetime import date
        >>> calendar = Calendar("office")
        >>> calendar.on(date(2024, 10, 1)), calendar.on(date(2024, 10, 12))
        ((), ((32400, 64800),))
        """
        if day in self.days:
            return self.days[day]
        if day in self.workdays:
            return self.hours.on_make_up_days
        if day in self.holidays:
            return ()
        if self.public_holidays:
            public = chinese_days(day.year)
            if day in public.workdays:
                return self.hours.on_make_up_days
            if day in public.holidays:
                return ()
        return self.hours.day(day.weekday())

    def notes(self, first: date, last: date) -> tuple[str, ...]:
        """Say which years between two days the calendar knows only in part, or not at all."""
        if not self.public_holidays:
            return ()
        unknown: dict[str, list[int]] = {"statutory": [], "": []}
        for year in range(first.year, last.year + 1):
            source = chinese_days(year).source
            if source in unknown:
                unknown[source].append(year)
        notes = []
        if unknown["statutory"]:
            years = ", ".join(map(str, unknown["statutory"]))
            notes.append(
                f"for {years} only the statutory holidays are known, not the make-up workdays; "
                "write them into the calendar under holidays and workdays"
            )
        if unknown[""]:
            years = ", ".join(map(str, unknown[""]))
            notes.append(
                f"the public holidays of {years} are not known; "
                "only the week and the calendar's own days count"
            )
        return tuple(notes)


@lru_cache(maxsize=512)
def chinese_days(year: int) -> PublicDays:
    """Return the public holidays of mainland China in one year, weekends included, and make-up workdays.

    Notes
    -----
    The State Council's yearly arrangement as the library chinesecalendar has it (2004 on); years that it
    lacks come from the library holidays: in full where that has the year's substituted days, else the
    statutory days alone.
    """
    from chinese_calendar import constants

    holidays = frozenset(day for day in constants.holidays if day.year == year)
    if holidays:
        return PublicDays(holidays, frozenset(d for d in constants.workdays if d.year == year), "announced")
    import holidays as world

    found = world.country_holidays("CN", years=year)
    if not found or year < found.start_year or year > found.end_year:
        return PublicDays(frozenset(), frozenset(), "")
    workdays = frozenset(day for day in getattr(found, "weekend_workdays", ()) if day.year == year)
    # The library has make-up workdays for the years whose arrangement it knows, and for no other.
    source: Literal["announced", "statutory"] = "announced" if workdays else "statutory"
    return PublicDays(frozenset(day for day in found if day.year == year), workdays, source)


def days_between(first: date, last: date) -> list[date]:
    """Return every day from the first to the last."""
    return [first + timedelta(days=k) for k in range((last - first).days + 1)]


def calendar_names() -> tuple[str, ...]:
    """Name the shipped calendars in alphabetical order."""
    return tuple(sorted(path.stem for path in SHIPPED.glob("*.toml")))


def calendar_path(name_or_path: str | Path) -> Path:
    """Find the file of a calendar given by name or path."""
    text = str(name_or_path)
    path = SHIPPED / f"{text}.toml" if text in calendar_names() else Path(text)
    if not path.is_file():
        raise CalendarError(
            f"there is no calendar called {text!r}, and no file of that name",
            next_step=f"use one of {', '.join(calendar_names())}, or the path of a .toml file",
        )
    return path


def load_calendar(name_or_path: str | Path) -> Calendar:
    """Load a calendar by the name of a shipped one or by the path of a file.

    Raises
    ------
    CalendarError
        When there is none, or the file has defects; all of them are listed.
    """
    path = calendar_path(name_or_path)
    data = read_toml(path, CalendarError, "calendar")
    defects = calendar_defects(data)
    if defects:
        raise CalendarError(
            f"the calendar file has {len(defects)} defect{'s' if len(defects) > 1 else ''}",
            file=path,
            defects=defects,
        )
    return Calendar.from_file(CalendarFile.model_validate(data))


def calendar_defects(data: Mapping[str, Any]) -> list[Defect]:
    """List everything wrong with the contents of a calendar file."""
    try:
        file = CalendarFile.model_validate(data)
    except ValidationError as exc:
        return list(validation_defects(exc))
    both = sorted(set(file.holidays) & set(file.workdays))
    return [Defect("holidays", f"{day} is also among the workdays") for day in both]


def as_calendar(calendar: Calendar | str | Path | None) -> Calendar | None:
    """Return a calendar given as such, by name or by path."""
    if calendar is None or isinstance(calendar, Calendar):
        return calendar
    if not isinstance(calendar, str | Path):
        raise MethodError("a calendar is a Calendar, the name of a shipped one, or the path of a file")
    return load_calendar(calendar)
