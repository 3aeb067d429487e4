"""How lengths of time are written: the unit that makes a short number, and the number in it."""

from __future__ import annotations

from dataclasses import dataclass

from satsurvey.instrument.model import Language
from satsurvey.report.rounding import round_text


@dataclass(frozen=True)
class DurationUnit:
    """A unit of time.

    Attributes
    ----------
    seconds
        How long it is.
    zh, en
        What it is called.
    """

    seconds: float
    zh: str
    en: str

    def word(self, language: Language) -> str:
        """Return what it is called in a language."""
        return self.zh if language == "zh" else self.en


UNITS = (
    DurationUnit(86_400, "天", "d"),
    DurationUnit(3600, "小时", "h"),
    DurationUnit(60, "分钟", "min"),
    DurationUnit(1, "秒", "s"),
)


def duration_unit(seconds: float) -> DurationUnit:
    """Return the largest unit of which a time holds at least one; seconds below one second and for NaN."""
    return next((unit for unit in UNITS if seconds >= unit.seconds), UNITS[-1])


def duration_text(seconds: float, language: Language) -> str:
    """Write a time as people say it: seconds, minutes, hours or days, whichever is a short number.

    Examples
    --------
    >>> duration_text(30, "en"), duration_text(90, "en"), duration_text(7200, "zh")
    ('30 s', '1.5 min', '2 小时')
    """
    unit = duration_unit(seconds)
    number = seconds / unit.seconds
    text = round_text(number, 0 if number >= 10 else 1).removesuffix(".0")
    return f"{text} {unit.word(language)}"
