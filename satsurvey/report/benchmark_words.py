"""Values, grades and lines of benchmarks in words: what tables of grades and of published figures share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from satsurvey.benchmarks.figures import Figures
from satsurvey.benchmarks.vocabulary import CHANNELS, INDUSTRIES, TIERS, WHEN, industry_of
from satsurvey.instrument.model import Language
from satsurvey.report.cells import ABSENT, figure_text, is_absent
from satsurvey.report.durations import duration_unit

Row = Mapping[str, object]
"""One row of a frame of grades or lines."""

GRADE_WORDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "below_basic": ("未达必达", "below basic"),
        "basic": ("达到必达", "basic"),
        "excellent": ("优秀", "excellent"),
        "not_excellent": ("未达优秀", "not excellent"),
        "basic_or_better": ("达到必达", "basic"),
        "": (ABSENT, ABSENT),
    }
)
STANDING_WORDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "clearly_better": ("明确优于", "clearly better"),
        "at_the_line": ("区间跨线", "at the line"),
        "clearly_worse": ("明确不及", "clearly worse"),
        "no_interval": ("无区间", "no interval"),
        "": ("", ""),
    }
)
STATISTIC_WORDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "mean": ("均值", "mean"),
        "median": ("中位数", "median"),
        "p90": ("第90百分位", "90th percentile"),
        "rate": ("比率", "rate"),
        "": ("", ""),
    }
)
_UNITS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "s": (" 秒", " s"),
        "%": ("%", "%"),
        "points": (" 分", " points"),
        "count": ("", ""),
        "score": ("", ""),
        "h": (" 小时", " h"),
        "h/week": (" 小时/周", " h/week"),
        "years": (" 年", " years"),
        "months": (" 个月", " months"),
        "x": (" 倍", "x"),
        "m": (" 万", " m"),
        "%/year": ("%/年", "%/year"),
        "of 10": ("（满分10）", " of 10"),
        "bn CNY": (" 亿元人民币", " bn CNY"),
        "m CNY/year": (" 万元人民币/年", " m CNY/year"),
        "tn USD": (" 万亿美元", " tn USD"),
        "pp": (" 个百分点", " percentage points"),
    }
)
_CHINESE_POWERS: Mapping[str, int] = MappingProxyType({"m": 100, "bn CNY": 10, "m CNY/year": 100})
"""Chinese counts in 10^4 and 10^8: how many of the Chinese unit one of the English unit is."""
_SHORT_TIERS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {"standard": ("标准", "standard"), "top10": ("前十", "top ten"), "own_target": ("自定目标", "own target")}
)
_SHORTEST = 10
"""Of a larger unit of time a line must have at least so many, or a small gap would not show."""


def value_text(value: object, unit: str, language: Language) -> str:
    """Write a value with its unit."""
    if is_absent(value):
        return ABSENT
    number = float(value)  # type: ignore[arg-type]  # pandas hands over numbers of many classes
    if language == "zh":
        number *= _CHINESE_POWERS.get(unit, 1)
    decimals = 0 if number == round(number) else 2 if abs(number) < 1 or unit == "points" else 1
    return figure_text(number, decimals, "half_up") + _UNITS.get(unit, (f" {unit}",) * 2)[_at(language)]


@dataclass(frozen=True)
class Scale:
    """What the numbers of one row are written in."""

    size: float
    zh: str
    en: str

    @classmethod
    def of(cls, unit: str, largest: float) -> Scale:
        """Return the scale for a unit and the largest line beside the value; long times are in minutes."""
        if unit == "s":
            found = duration_unit(largest / _SHORTEST)
            return cls(found.seconds, found.zh, found.en)
        zh, en = _UNITS.get(unit, (unit, unit))
        return cls(1.0, zh.strip(), en.strip())

    def word(self, language: Language) -> str:
        """Return the unit in words."""
        return self.zh if language == "zh" else self.en

    def number(self, value: object) -> str:
        """Write a number of the row: a line as exactly as it is published, anything else with one decimal."""
        if is_absent(value):
            return ABSENT
        number = float(str(value)) / self.size
        decimals = 0 if number == round(number) or abs(number) >= 1000 else 1 if abs(number) >= 1 else 2
        return figure_text(number, decimals, "half_up")

    def estimate(self, row: Row, language: Language) -> str:
        """Write a value with its unit and interval."""
        parts = [row["value"], row["ci_low"], row["ci_high"]]
        numbers = [float("nan") if is_absent(part) else float(str(part)) / self.size for part in parts]
        largest = max((abs(number) for number in numbers if number == number), default=0.0)
        value, low, high = (figure_text(part, 0 if largest >= 1000 else 1, "half_up") for part in numbers)
        unit = self.word(language)
        value += ("" if unit == "%" else " ") * bool(unit) + unit
        return value if ABSENT in (low, high) else f"{value} [{low}, {high}]"


def industry_text(word: str, language: Language) -> str:
    """Return the name of an industry, the user's own word where no figure knows it."""
    code = industry_of(word)
    return INDUSTRIES[code][_at(language)] if code else word


def company_text(company: str, industry: str, language: Language) -> str:
    """Return the name of a company with its industry."""
    name = company or ("未写企业", "company not named")[_at(language)]
    if not industry:
        return name
    words = industry_text(industry, language)
    return f"{name}（{words}）" if language == "zh" else f"{name} ({words})"


def channel_words(channel: str, language: Language) -> str:
    """Return the name of a channel, the user's own word where it is none of ours."""
    return CHANNELS.get(channel, (channel, channel))[_at(language)]


def metric_text(row: Row, figures: Figures, language: Language) -> str:
    """Return the name of a metric with what sets this value apart: statistic, occasion, tier, dimension."""
    metric = figures.metrics[str(row["metric"])]
    name = metric.name(language).partition("/")[0]
    statistic = str(row["statistic"])
    apart = [
        "" if statistic in ("", "mean", "rate") else STATISTIC_WORDS[statistic][_at(language)],
        occasion_text(row["when"], language),
        str(row["customer_tier"]),
        str(row["dimension"]),
    ]
    told = [word for word in apart if word]
    if not told:
        return name
    return f"{name}（{'，'.join(told)}）" if language == "zh" else f"{name} ({', '.join(told)})"


def occasion_text(word: object, language: Language) -> str:
    """Return the occasion that a value or figure is of, "" where it is of none."""
    return WHEN[str(word)][_at(language)] if word else ""


def distance_unit(unit: str) -> str:
    """Return the unit of a difference: rates differ by percentage points."""
    return "pp" if unit == "%" else unit


def standing_text(row: Row, scale: Scale, language: Language) -> str:
    """Say how a value stands to a line of no grade: a standard, a top-ten mean, what a survey found.

    Parameters
    ----------
    row
        A row of `Grades.lines`.
    scale
        What the line is written in.
    language
        "zh" or "en".
    """
    tier = str(row["tier"])
    name, line = _SHORT_TIERS.get(tier, TIERS[tier])[_at(language)], scale.number(row["line"])
    if row["met"] is None:
        return f"{name} {line}"
    observed = row["kind"] == "observed"
    if language == "zh":
        verb = ("优于", "不及") if observed else ("达到", "未达")
        said = f"{verb[0 if row['met'] else 1]}{name} {line}"
    else:
        verb = ("beats", "behind") if observed else ("meets", "misses")
        said = f"{verb[0 if row['met'] else 1]} {name} {line}"
    return said + doubt(row["standing"] == "at_the_line", language)


def doubt(uncertain: bool, language: Language) -> str:
    """Return the mark of what the interval allows to be otherwise."""
    return ("？" if language == "zh" else " ?") if uncertain else ""


def cut_note(shown: int, whole: int, language: Language) -> str:
    """Say that not all rows are shown, and where they are."""
    if language == "zh":
        return f"共 {whole:,} 行，只列出前 {shown} 行；全部：--format csv 或 --format json"
    return f"The first {shown} of {whole:,} rows; all of them: --format csv or --format json"


def _at(language: Language) -> int:
    return 0 if language == "zh" else 1
