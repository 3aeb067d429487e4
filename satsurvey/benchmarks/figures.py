"""Published figures: metrics, sources, figures and conflicts, loaded with all defects at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from satsurvey.benchmarks.vocabulary import CHANNELS, EVIDENCE, INDUSTRIES, KINDS, TIERS, folded, nearest
from satsurvey.errors import Defect, SpecificationError, shorten
from satsurvey.instrument.library import read_toml
from satsurvey.instrument.model import Text, validation_defects

SCHEMA = "satsurvey.figures/1"
DATA = Path(__file__).with_name("data")
_PAIRS = ("range", "from_to")

Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Better = Literal["lower", "higher", "context"]
Operator = Literal["<=", ">=", "<", ">", "=", "range", "+", "-", "from_to"]
Tier = Literal[
    "own_target",
    "basic",
    "excellent",
    "standard",
    "top10",
    "leading",
    "mean",
    "industry_mean",
    "laggard",
    "overall",
    "top3",
    "vendor",
    "case",
    "design",
    "context",
    "unverified_promise",
    "none",
]
Kind = Literal["threshold", "observed", "effect", "case", "vendor_claim", "context"]
Route = Literal["", "survey", "self_report", "expert"]
When = Literal["", "promotion_day", "peak_hours"]
Statistic = Literal["", "mean", "median", "p90", "rate"]
Handling = Literal["stricter", "industry_only", "keep_both", "never_pool", "refuse"]


class FiguresError(SpecificationError):
    """A file of figures cannot be read or used."""


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True, defer_build=True)


class Metric(_Model):
    """What is measured.

    Attributes
    ----------
    zh, en
        Its name.
    better
        "lower", "higher", or "context" where neither is.
    unit
        "s" for seconds, "%" for percent, "points" of 0-100, or what the figures are counted in.
    definition
        What is counted, from where to where.
    family
        Metrics of one family are near in name and never compared with each other.
    low, high
        Values beyond these are impossible.
    aliases
        Further names that tables of measured values may use.
    route
        How the metric is measured wherever a figure does not say.
    """

    zh: str
    en: str
    better: Better
    unit: str
    definition: Text = Text()
    family: str = ""
    low: Number | None = None
    high: Number | None = None
    aliases: tuple[str, ...] = ()
    route: Route = ""

    @property
    def is_rate(self) -> bool:
        """Whether values are percent."""
        return self.unit == "%"

    @property
    def statistic(self) -> Statistic:
        """What values and lines are, where nothing says it: rates of rates, means of everything else."""
        return "rate" if self.is_rate else "mean"

    def name(self, language: str) -> str:
        """Return the name in a language."""
        return self.zh if language == "zh" else self.en


class Source(_Model):
    """Where figures come from; `evidence` says how far it can be trusted (high, medium, low)."""

    id: str = Field(min_length=1)
    title: Text
    year: int
    nature: Text
    evidence: Literal["high", "medium", "low"]


class Figure(_Model):
    """One published figure.

    Attributes
    ----------
    id
        Source and number, such as "two-tier-2026:05".
    metric, channel, tier, op, value, unit, year, kind
        What is said: `op` reads the value (two values for "range" and "from_to"), `tier` says what it is a
        mark of, `kind` what sort of statement it is. Times are in seconds.
    scope
        What it was said of, in words.
    industries, when, customer_tier, dimension
        What it is limited to; empty where it is not.
    route
        How it was measured (survey, self_report, expert), "" where the source does not say.
    statistic
        What it is a line for: "mean", "median", "p90" or "rate"; "" where the source does not say it, which
        is read as the mean, of rates as the rate.
    source, section
        Where it stands.
    note
        What a reader must know.
    """

    id: str = Field(min_length=1)
    metric: str
    channel: str = Field(min_length=1)
    tier: Tier
    op: Operator
    value: Number | tuple[Number, Number]
    unit: str
    year: int
    kind: Kind
    scope: Text = Text()
    industries: tuple[str, ...] = ()
    when: When = ""
    customer_tier: str = ""
    dimension: str = ""
    route: Route = ""
    statistic: Statistic = ""
    source: str
    section: str = ""
    note: Text = Text()

    @property
    def line(self) -> float:
        """The value of a figure that has one."""
        if isinstance(self.value, tuple):
            raise ValueError("this figure has two values")
        return self.value


class Conflict(_Model):
    """Figures that disagree, and what is done about it.

    `handling` is "stricter" (the stricter one grades), "industry_only" (the looser one is for its industry
    only), "keep_both" (they are lines of different tiers), "never_pool" or "refuse" (they do not measure the
    same and are not compared).
    """

    metric: str
    where: Text
    figures: tuple[str, ...] = Field(min_length=2)
    handling: Handling
    note: Text = Text()


class FiguresFile(_Model):
    """A file of figures; `replace` leaves the published ones out."""

    schema_: Literal["satsurvey.figures/1"] = Field(alias="schema")
    replace: bool = False
    metrics: dict[str, Metric] = {}
    sources: tuple[Source, ...] = ()
    figures: tuple[Figure, ...] = ()
    conflicts: tuple[Conflict, ...] = ()


@dataclass(frozen=True)
class Figures:
    """Published figures with the metrics they are of, their sources, and where these disagree."""

    figures: tuple[Figure, ...]
    metrics: Mapping[str, Metric]
    sources: Mapping[str, Source]
    conflicts: tuple[Conflict, ...] = ()

    def __iter__(self) -> Iterator[Figure]:
        return iter(self.figures)

    def __len__(self) -> int:
        return len(self.figures)

    def metric_of(self, word: str) -> str | None:
        """Return the metric that a word stands for (code, name in either language, alias), else None."""
        return self._names.get(folded(word))

    def statistic_of(self, figure: Figure) -> Statistic:
        """Return the statistic that a figure is a line for; that of its metric where it does not say."""
        return figure.statistic or self.metrics[figure.metric].statistic

    def nearest_metrics(self, word: str) -> tuple[str, ...]:
        """Return the metrics with the names nearest to a word."""
        return nearest(word, {name: code for name, code in self._names.items() if self.metrics[code].family})

    def select(self, *, metric: str | None = None, channel: str | None = None) -> tuple[Figure, ...]:
        """Return the figures of a metric and of a channel."""
        return tuple(
            figure
            for figure in self.figures
            if metric in (None, figure.metric) and channel in (None, figure.channel)
        )

    @property
    def frame(self) -> pd.DataFrame:
        """One row per figure: id, metric, channel, tier, op, value, value_to, unit, year, kind, what it is
        limited to (scope, industries, when, customer_tier, dimension, route), statistic ("" where it is not
        said), source, section, evidence, note."""
        rows = []
        for figure in self.figures:
            low, high = figure.value if isinstance(figure.value, tuple) else (figure.value, None)
            rows.append(
                {
                    "id": figure.id,
                    "metric": figure.metric,
                    "channel": figure.channel,
                    "tier": figure.tier,
                    "op": figure.op,
                    "value": low,
                    "value_to": high,
                    "unit": figure.unit,
                    "year": figure.year,
                    "kind": figure.kind,
                    "scope": figure.scope.en,
                    "industries": ", ".join(figure.industries),
                    "when": figure.when,
                    "customer_tier": figure.customer_tier,
                    "dimension": figure.dimension,
                    "route": figure.route,
                    "statistic": figure.statistic,
                    "source": figure.source,
                    "section": figure.section,
                    "evidence": self.sources[figure.source].evidence,
                    "note": figure.note.en,
                }
            )
        columns = [*Figure.model_fields]
        return pd.DataFrame(rows, columns=None if rows else columns)

    @cached_property
    def _names(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for code, metric in self.metrics.items():
            for name in (code, metric.zh, metric.en, *metric.zh.split("/"), *metric.aliases):
                found.setdefault(folded(name), code)
        return found


def load_figures(path: str | Path | None = None) -> Figures:
    """Load the published figures, and those of a file of the user's own beside them.

    Parameters
    ----------
    path
        A TOML file with `schema = "satsurvey.figures/1"`, own `[[sources]]`, `figures` and, if need be,
        `[metrics.NAME]` and `conflicts`. A figure of tier "own_target" goes before every published line.
        `replace = true` leaves the published figures out.

    Returns
    -------
    Figures

    Raises
    ------
    FiguresError
        When the file cannot be read or has defects; all of them are listed.

    Examples
    --------
    >>> figures = load_figures()
    >>> [figure.line for figure in figures.select(metric="first_response_time", channel="phone")][:2]
    [60.0, 30.0]
    """
    published = _published()
    return published if path is None else _own(Path(path), published)


def figures_elsewhere() -> Figures:
    """Load the figures of other publications, which are for context and grade nobody."""
    return _load(DATA / "elsewhere.toml", Figures((), _published().metrics, {}))


@lru_cache(maxsize=1)
def _published() -> Figures:
    metrics = read_toml(DATA / "metrics.toml", FiguresError, "figures")["metrics"]
    known = MappingProxyType({code: Metric.model_validate(table) for code, table in metrics.items()})
    return _load(DATA / "figures.toml", Figures((), known, {}))


def _own(path: Path, published: Figures) -> Figures:
    return _load(path, published)


def _load(path: Path, known: Figures) -> Figures:
    data = read_toml(path, FiguresError, "figures")
    defects = figure_defects(data, known)
    if defects:
        raise FiguresError(
            f"the file of figures has {len(defects)} defect{'s' if len(defects) > 1 else ''}",
            file=path,
            defects=defects,
        )
    file = FiguresFile.model_validate(data)
    kept = Figures((), known.metrics, {}) if file.replace else known
    return Figures(
        kept.figures + file.figures,
        MappingProxyType({**kept.metrics, **file.metrics}),
        MappingProxyType({**kept.sources, **{source.id: source for source in file.sources}}),
        kept.conflicts + file.conflicts,
    )


def figure_defects(data: Mapping[str, Any], known: Figures) -> list[Defect]:
    """List everything that is wrong with the contents of a file of figures.

    Parameters
    ----------
    data
        The contents.
    known
        Figures that are there already: their metrics and sources may be used, their ids not.
    """
    try:
        file = FiguresFile.model_validate(data)
    except ValidationError as exc:
        return [*validation_defects(exc)]
    metrics = {**known.metrics, **file.metrics}
    sources = {*known.sources, *(source.id for source in file.sources)}
    both = Figures((), metrics, {})
    defects = [
        Defect(f"metrics.{code}", "a published metric has this name")
        for code in file.metrics
        if code in known.metrics
    ]
    taken = Counter([*(figure.id for figure in known), *(figure.id for figure in file.figures)])
    for place, figure in enumerate(file.figures, start=1):
        where = f"figures[{place}]"
        if taken[figure.id] > 1:
            defects.append(Defect(f"{where}.id", f"another figure is called {figure.id!r}, too"))
        if figure.source not in sources:
            defects.append(Defect(f"{where}.source", f"no source is called {figure.source!r}"))
        defects += [
            Defect(f"{where}.industries", f"no figure knows the industry {shorten(name)!r}; nearest: {found}")
            for name in figure.industries
            if name not in INDUSTRIES
            for found in [", ".join(nearest(name, {code: code for code in INDUSTRIES})) or "none"]
        ]
        if figure.metric not in metrics:
            found = ", ".join(both.nearest_metrics(figure.metric)) or "none"
            defects.append(
                Defect(
                    f"{where}.metric",
                    f"no metric is called {shorten(figure.metric)!r}; nearest: {found}",
                )
            )
        else:
            defects += _against_metric(where, figure, metrics[figure.metric])
    ids = set(taken)
    defects += [
        Defect(f"conflicts[{place}].figures", f"no figure is called {name!r}")
        for place, conflict in enumerate(file.conflicts, start=1)
        for name in conflict.figures
        if name not in ids
    ]
    return defects


def _against_metric(where: str, figure: Figure, metric: Metric) -> Iterator[Defect]:
    pair = isinstance(figure.value, tuple)
    if not pair and figure.op in _PAIRS:
        yield Defect(f"{where}.value", f"{figure.op!r} takes two values")
    elif pair and figure.op not in (*_PAIRS, "+", "-"):
        yield Defect(f"{where}.value", f"{figure.op!r} takes one value")
    if metric.unit and figure.unit != metric.unit and figure.kind in ("threshold", "observed"):
        yield Defect(f"{where}.unit", f"this metric is in {metric.unit!r}, not in {figure.unit!r}")
    if figure.statistic and (figure.statistic == "rate") != metric.is_rate:
        yield Defect(f"{where}.statistic", f"no value of this metric is a {figure.statistic}")
    wrong = {"lower": (">=", ">"), "higher": ("<=", "<")}.get(metric.better, ())
    if figure.kind == "threshold" and figure.op in wrong:
        yield Defect(f"{where}.op", f"{metric.better} is better, so a line cannot be {figure.op!r}")
    values = figure.value if isinstance(figure.value, tuple) else (figure.value,)
    low, high = metric.low, metric.high
    if any((low is not None and v < low) or (high is not None and v > high) for v in values):
        yield Defect(f"{where}.value", f"this is impossible for {figure.metric}")


def words_of(figure: Figure, figures: Figures, language: str) -> dict[str, str]:
    """Return the parts of a figure that are words, in a language: metric, channel, tier, kind, source."""
    at = 0 if language == "zh" else 1
    source = figures.sources[figure.source]
    return {
        "metric": figures.metrics[figure.metric].name(language),
        "channel": CHANNELS.get(figure.channel, (figure.channel, figure.channel))[at],
        "tier": TIERS[figure.tier][at],
        "kind": KINDS[figure.kind][at],
        "scope": figure.scope.get(language),
        "note": figure.note.get(language),
        "source": source.title.get(language),
        "evidence": EVIDENCE[source.evidence][at],
    }
