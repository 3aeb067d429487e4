"""Periods of a table in the order of time, told from their names or from the order that the user states."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from satsurvey.intake.responses import Factor
from satsurvey.response_time.claim_results import NotTestableError
from satsurvey.response_time.words import Sentence, say

Floats = NDArray[np.float64]

GIVEN = "period_order"
"""The name under which a user states the order of periods."""
_SHOWN = 6
_YEAR = r"(?P<year>(?:19|20)\d\d|\d\d(?=年|q|h))"
_BETWEEN = r"[-/._年\s']*"
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH_NAME = rf"(?P<name>{'|'.join(_MONTHS)})[a-z]{{0,6}}\.?"
_NUMERALS = {"十一": "11", "十二": "12", "十": "10"} | dict(
    zip("一二三四五六七八九", "123456789", strict=True)
)
_DIGITS = str.maketrans("〇零一二三四五六七八九", "00123456789")


@dataclass(frozen=True)
class Period:
    """A period that a name stands for.

    Attributes
    ----------
    kind
        "day", "week", "month", "quarter", "half", "year", or "number" of a row of equal steps.
    place
        Its place among periods of the kind; of those without a year, its place within one.
    cycle
        How many there are in a year, where the name has no year; 0 where it has.
    """

    kind: str
    place: float
    cycle: int = 0


@dataclass(frozen=True, eq=False)
class PeriodOrder:
    """Periods in the order of time.

    Attributes
    ----------
    names
        Earliest first.
    positions
        When each period of the factor was, by its code: equal steps of time, wherever the names tell them.
    """

    names: tuple[str, ...]
    positions: Floats
    _places: Mapping[str, float]
    _read: Callable[[str], Period | None]
    _by_place: Mapping[tuple[str, float, int], float]

    def position_of(self, name: str) -> float | None:
        """Return when a period was, also where it is written in another way; None where there is none."""
        if name in self._places:
            return self._places[name]
        found = self._read(name)
        return None if found is None else self._by_place.get((found.kind, found.place, found.cycle))

    def note(self) -> Sentence:
        """Say in which order periods were taken."""
        return say("periods_ordered", first=self.names[0], last=self.names[-1], n=len(self.names))


def periods_in_order(period: Factor, given: Mapping[str, str]) -> PeriodOrder:
    """Put periods in the order of time.

    Parameters
    ----------
    period
        Names such as 2024-09, 2024年9月, 9月, 2024Q3, Q3 2024, 2024年第3季度, 2024上半年, 第3期.
    given
        What the user states; under `period_order` the names in their order, with commas between them.

    Raises
    ------
    NotTestableError
        When the order cannot be told from the names, or the stated order lacks some.

    Notes
    -----
    Months, quarters and weeks without a year are taken for those of one year. Where the first and the last
    of a year are there and others between them are not, they may be of two years: then the order is not
    known.

    Examples
    --------
    >>> months = Factor(np.arange(3, dtype=np.int32), ("10月", "2月", "9月"))
    >>> periods_in_order(months, {}).names
    ('2月', '9月', '10月')
    """
    used = sorted(set(period.codes[period.codes >= 0].tolist()))
    names = [period.names[code] for code in used]
    read = {name: period_of(name) for name in names}
    if GIVEN in given:
        places = _stated(given[GIVEN], names)
    else:
        known = [one for one in read.values() if one is not None]
        alike = len(known) == len(names) and len({(one.kind, one.cycle) for one in known}) == 1
        if alike and _one_year(known):
            places = {name: one.place for name, one in read.items() if one is not None}
        else:
            places = _by_numbers(names) if not known else {}
        if not places:
            shown = ", ".join(names[:_SHOWN]) + (" …" if len(names) > _SHOWN else "")
            raise NotTestableError(say("periods_unclear", names=shown))
    positions = np.full(len(period.names), np.nan)
    for code in used:
        positions[code] = places[period.names[code]]
    by_place = {
        (one.kind, one.place, one.cycle): places[name] for name, one in read.items() if one is not None
    }
    return PeriodOrder(
        tuple(sorted(names, key=lambda name: places[name])), positions, places, period_of, by_place
    )


def period_of(name: str) -> Period | None:
    """Return the period that a name stands for; None where it is not known.

    Examples
    --------
    >>> [period_of(name).place for name in ("2024-9", "2024年09月", "Sep 2024", "9/2024")]
    [24296.0, 24296.0, 24296.0, 24296.0]
    >>> period_of("Q3 2024") == period_of("2024年第三季度"), period_of("01/09/2024")
    (True, None)
    """
    text = _plain(name)
    for pattern, make in _PATTERNS:
        found = pattern.fullmatch(text)
        if found is not None:
            made = make(found)
            if made is not None:
                return made
    return None


def _plain(name: str) -> str:
    """Return a name in half-width small letters, with Chinese numerals as digits."""
    text = unicodedata.normalize("NFKC", name).strip().casefold()
    text = re.sub("[〇零一二三四五六七八九]{4}(?=年)", lambda found: found[0].translate(_DIGITS), text)
    return re.sub(
        "(十[一二]?|[一二三四五六七八九])(?=月|季|周|期|半)", lambda found: _NUMERALS[found[1]], text
    )


def _year(found: re.Match[str]) -> int | None:
    text = found.groupdict().get("year")
    if not text:
        return None
    return int(text) if len(text) == 4 else 2000 + int(text)


def _in_year(kind: str, cycle: int) -> Callable[[re.Match[str]], Period | None]:
    """Return what makes a period of its number within a year."""

    def make(found: re.Match[str]) -> Period | None:
        groups, year = found.groupdict(), _year(found)
        if groups.get("name"):
            number = _MONTHS.index(groups["name"]) + 1
        elif groups.get("half"):
            number = "上下".index(groups["half"]) + 1
        else:
            number = int(groups["number"])
        if not 1 <= number <= cycle:
            return None
        if year is None:
            return Period(kind, float(number), cycle)
        if kind == "week":
            return Period(kind, date.fromisocalendar(year, min(number, 52), 1).toordinal() / 7 + number // 53)
        return Period(kind, float(year * cycle + number - 1))

    return make


def _day(found: re.Match[str]) -> Period | None:
    try:
        day = date(int(found["year"]), int(found["month"]), int(found["day"]))
    except ValueError:
        return None
    return Period("day", float(day.toordinal()))


_N = r"(?P<number>\d{1,2})"
_PATTERNS: Sequence[tuple[re.Pattern[str], Callable[[re.Match[str]], Period | None]]] = tuple(
    (re.compile(pattern), make)
    for pattern, make in (
        (
            r"(?P<year>(?:19|20)\d\d)[-/.年](?P<month>\d{1,2})[-/.月](?P<day>\d{1,2})日?"
            r"(?:[ t]00:00(?::00)?)?",
            _day,
        ),
        (r"(?P<year>(?:19|20)\d\d)(?P<month>\d\d)(?P<day>\d\d)", _day),
        (rf"{_YEAR}(?:年|[-/._\s]){_BETWEEN}{_N}月?份?", _in_year("month", 12)),
        (r"(?P<year>(?:19|20)\d\d)(?P<number>\d\d)", _in_year("month", 12)),
        (rf"{_N}[-/._\s](?P<year>(?:19|20)\d\d)", _in_year("month", 12)),
        (rf"{_MONTH_NAME}[-/,.\s']*(?P<year>(?:19|20)\d\d)", _in_year("month", 12)),
        (rf"{_YEAR}{_BETWEEN}{_MONTH_NAME}", _in_year("month", 12)),
        (rf"{_N}月份?", _in_year("month", 12)),
        (_MONTH_NAME, _in_year("month", 12)),
        (rf"{_YEAR}{_BETWEEN}(?:q|第)?(?P<number>[1-4])季度?", _in_year("quarter", 4)),
        (rf"{_YEAR}{_BETWEEN}q(?P<number>[1-4])", _in_year("quarter", 4)),
        (r"q(?P<number>[1-4])[-/._\s']*(?P<year>(?:19|20)\d\d)", _in_year("quarter", 4)),
        (r"(?P<number>[1-4])q[-/._\s']*(?P<year>(?:19|20)\d\d)", _in_year("quarter", 4)),
        (r"(?:第?(?P<number>[1-4])季度?)", _in_year("quarter", 4)),
        (r"q(?P<number>[1-4])", _in_year("quarter", 4)),
        (rf"{_YEAR}{_BETWEEN}(?P<half>[上下])半年?", _in_year("half", 2)),
        (rf"{_YEAR}{_BETWEEN}h(?P<number>[12])", _in_year("half", 2)),
        (r"h(?P<number>[12])[-/._\s']*(?P<year>(?:19|20)\d\d)", _in_year("half", 2)),
        (r"(?P<half>[上下])半年?", _in_year("half", 2)),
        (rf"{_YEAR}{_BETWEEN}(?:第|w|week\s*){_N}周?", _in_year("week", 53)),
        (rf"(?:第{_N}周|(?:w|week)\s*(?P<other>\d{{1,2}}))", lambda found: _week(found)),
        (r"(?:fy\s*)?(?P<year>(?:19|20)\d\d)(?:年|财年|年度)?", lambda found: _whole_year(found)),
    )
)


def _week(found: re.Match[str]) -> Period | None:
    number = int(found["number"] or found["other"])
    return Period("week", float(number), 53) if 1 <= number <= 53 else None


def _whole_year(found: re.Match[str]) -> Period:
    return Period("year", float(found["year"]))


def _one_year(periods: Sequence[Period]) -> bool:
    """Return whether periods without a year may be taken for those of one year."""
    cycle = periods[0].cycle
    places = {int(one.place) for one in periods}
    last = {cycle, 52} if cycle == 53 else {cycle}
    if not cycle or 1 not in places or not places & last:
        return True
    return len(places) >= cycle - (cycle == 53)


def _by_numbers(names: Sequence[str]) -> dict[str, float]:
    """Return places by the number in names that are else alike, such as 第3期; none where there is none."""
    plain = [_plain(name) for name in names]
    if len({re.sub(r"\d+", "#", text) for text in plain}) != 1:
        return {}
    numbers = [tuple(map(int, re.findall(r"\d+", text))) for text in plain]
    if not numbers[0] or len(numbers[0]) > 2 or len(set(numbers)) < len(names):
        return {}
    if len(numbers[0]) == 1:
        return {name: float(number[0]) for name, number in zip(names, numbers, strict=True)}
    # Of two numbers the first must be what is counted in larger steps: a year, or what stays the same.
    first = {number[0] for number in numbers}
    if len(first) > 1 and not all(1900 <= one < 2100 for one in first):
        return {}
    order = sorted(numbers)
    return {name: float(order.index(number)) for name, number in zip(names, numbers, strict=True)}


def _stated(text: str, names: Sequence[str]) -> dict[str, float]:
    """Return places in the order that the user states."""
    order = [part.strip() for part in re.split("[,，、]", text) if part.strip()]
    lacking = [name for name in names if name not in order]
    if lacking:
        raise NotTestableError(say("periods_not_all", names=", ".join(lacking[:_SHOWN])))
    return {name: float(order.index(name)) for name in names}
