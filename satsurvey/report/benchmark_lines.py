"""The published lines beside measured values as tables: those used, by number, and all of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import pandas as pd

from satsurvey.benchmarks.figures import Figure, Figures
from satsurvey.benchmarks.grading import Grades
from satsurvey.benchmarks.vocabulary import EVIDENCE, INDUSTRIES, OPERATORS, TIERS
from satsurvey.instrument.model import Language
from satsurvey.report.benchmark_words import (
    STANDING_WORDS,
    STATISTIC_WORDS,
    Row,
    Scale,
    channel_words,
    company_text,
    distance_unit,
    metric_text,
    occasion_text,
    value_text,
)
from satsurvey.report.catalogue import translated
from satsurvey.report.cells import Column
from satsurvey.report.layout import Table
from satsurvey.report.notes import ledger_line

_WHY: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "only": ("唯一", "the only one"),
        "specific": ("最贴近", "the most specific"),
        "stricter": ("来源不一，取较严", "sources disagree, the stricter"),
        "less_specific": ("不如所用者贴近", "less specific"),
        "looser": ("来源不一，较宽", "sources disagree, the looser"),
    }
)


@dataclass(frozen=True)
class UsedLines:
    """The lines used for the values that are shown, each with its number.

    Attributes
    ----------
    grades
        What was graded.
    figures
        The lines in the order of their numbers.
    by_cell
        The rows of `Grades.lines` used for a value, by its place in `Grades.frame`.
    compared
        Ids of all the figures that the values may be compared with, used or not.
    """

    grades: Grades
    figures: tuple[Figure, ...]
    by_cell: Mapping[int, tuple[Row, ...]]
    compared: frozenset[str]

    @classmethod
    def of(cls, grades: Grades, frame: pd.DataFrame) -> UsedLines:
        """Number the lines used for some rows of `grades.frame`, by metric, channel and tier."""
        every = grades.lines[grades.lines["cell"].isin(frame.index)]
        lines = every[every["used"].astype(bool)]
        by_cell: dict[int, list[Row]] = {}
        for row in lines.to_dict("records"):
            by_cell.setdefault(int(row["cell"]), []).append({str(key): part for key, part in row.items()})
        used = set(lines["figure"].tolist())
        metrics = list(dict.fromkeys(frame["metric"].tolist()))
        chosen = [figure for figure in grades.figures if figure.id in used]
        tiers = list(TIERS)
        chosen.sort(
            key=lambda figure: (metrics.index(figure.metric), figure.channel, tiers.index(figure.tier))
        )
        numbered = {cell: tuple(rows) for cell, rows in by_cell.items()}
        return cls(grades, tuple(chosen), numbered, frozenset(every["figure"].tolist()))

    def beside(self, cell: int) -> tuple[Row, ...]:
        """Return the lines used for a value."""
        return self.by_cell.get(cell, ())

    def numbers(self, cell: int) -> list[int]:
        """Return the numbers of the lines used for a value."""
        ids = {str(row["figure"]) for row in self.beside(cell)}
        return [number for number, figure in enumerate(self.figures, start=1) if figure.id in ids]

    def table(self, language: Language) -> Table:
        """Build the lines by number: what each says, of what, where it stands, how far it can be trusted."""
        at = 0 if language == "zh" else 1
        figures = self.grades.figures
        rows: list[tuple[object, ...]] = []
        titles, groups = [], []
        last: tuple[str, str] | None = None
        for number, figure in enumerate(self.figures, start=1):
            if (figure.metric, figure.channel) != last:
                last = (figure.metric, figure.channel)
                name = figures.metrics[figure.metric].name(language).partition("/")[0]
                titles.append(f"{name} · {channel_words(figure.channel, language)}")
                groups.append(len(rows))
            rows.append(
                (
                    number,
                    TIERS[figure.tier][at],
                    said(figure, language),
                    scope_text(figure, language),
                    f"{figure.source} {figure.section}".strip(),
                    EVIDENCE[figures.sources[figure.source].evidence][at],
                )
            )
        columns = (
            Column("number", "号", "No.", "integer"),
            _text("tier", "线", "Line of"),
            Column("value", "数字", "Figure", "interval"),
            _text("scope", "范围", "Of what"),
            _text("source", "来源与章节", "Source, section"),
            _text("evidence", "证据", "Evidence"),
        )
        notes = conflict_notes(self.compared, figures, language)
        notes += source_notes(self.figures, figures, language)
        notes += [translated(note, language) for note in self.grades.notes]
        if self.grades.ledger.files:
            notes.append(ledger_line(self.grades.ledger, language))
        title = "所用的线" if at == 0 else "Lines used"
        return Table(
            title,
            columns,
            tuple(rows),
            tuple(notes),
            groups=tuple(groups[1:]),
            group_titles=tuple(titles),
            language=language,
        )


def line_table(grades: Grades, language: Language) -> Table:
    """Build the published figures beside each value, the ones not used with the reason."""
    at = 0 if language == "zh" else 1
    frame = grades.lines
    rows: list[tuple[object, ...]] = []
    titles, groups = [], []
    last = -1
    for row in frame.to_dict("records"):
        unit = grades.figures.metrics[str(row["metric"])].unit
        if int(row["cell"]) != last:
            last = int(row["cell"])
            own: Row = {str(key): part for key, part in grades.frame.loc[last].items()}
            name = company_text(str(row["company"]), str(row["industry"]), language)
            channel, metric = (
                channel_words(str(row["channel"]), language),
                metric_text(own, grades.figures, language),
            )
            value = Scale.of(unit, 0.0).estimate(own, language)
            titles.append(f"{name} · {channel} · {metric}{'：' if at == 0 else ': '}{value}")
            groups.append(len(rows))
        rows.append(
            (
                TIERS[str(row["tier"])][at],
                f"{OPERATORS[str(row['op'])][at]} {value_text(row['line'], unit, language)}",
                value_text(row["margin"], distance_unit(unit), language),
                STANDING_WORDS[str(row["standing"])][at],
                bool(row["used"]),
                _WHY[str(row["why"])][at],
                row["figure"],
                row["year"],
            )
        )
    columns = (
        _text("tier", "线", "Line of"),
        Column("line", "数字", "Figure", "interval"),
        Column("margin", "优于(+) 不及(-)", "Better (+) short (-)", "interval"),
        _text("standing", "区间", "Interval"),
        Column("used", "采用", "Used", "flag"),
        _text("why", "原因", "Why"),
        _text("figure", "编号", "Id"),
        Column("year", "年份", "Year", "text", optional=1),
    )
    notes = conflict_notes(set(frame["figure"].tolist()), grades.figures, language)
    title = "每个数值旁的公布数字" if at == 0 else "Published figures beside each value"
    return Table(
        title,
        columns,
        tuple(rows),
        tuple(notes),
        groups=tuple(groups[1:]),
        group_titles=tuple(titles),
        language=language,
    )


def said(figure: Figure, language: Language) -> str:
    """Write what a figure says: operator and value with its unit, and its statistic where it is named."""
    at = 0 if language == "zh" else 1
    values = figure.value if isinstance(figure.value, tuple) else (figure.value,)
    written = [value_text(value, figure.unit, language) for value in values]
    statistic = STATISTIC_WORDS[figure.statistic][at]
    text = f"{OPERATORS[figure.op][at]} {('–' if figure.op != 'from_to' else ' → ').join(written)}"
    return f"{statistic} {text}" if statistic else text


def scope_text(figure: Figure, language: Language) -> str:
    """Write what a figure is limited to: its scope in words, industries, occasion."""
    at = 0 if language == "zh" else 1
    limits = [
        figure.scope.get(language),
        *(INDUSTRIES[name][at] for name in figure.industries if name in INDUSTRIES),
        occasion_text(figure.when, language),
        figure.customer_tier,
    ]
    said_already = limits[0].casefold()
    told = [limits[0], *(word for word in limits[1:] if word.casefold() not in said_already)]
    return ("、" if at == 0 else ", ").join(dict.fromkeys(word for word in told if word))


def conflict_notes(ids: Collection[str], figures: Figures, language: Language) -> list[str]:
    """Say where sources disagree about some of the figures, and what is done about it."""
    mark = "：" if language == "zh" else ": "
    places = {figure.id: (figure.source, figure.section) for figure in figures if figure.id in ids}
    return list(
        dict.fromkeys(
            conflict.where.get(language) + mark + conflict.note.get(language)
            for conflict in figures.conflicts
            if len({places[name] for name in conflict.figures if name in places}) > 1
        )
    )


def source_notes(chosen: Iterable[Figure], figures: Figures, language: Language) -> list[str]:
    """Name the sources of some figures with year, nature and how far they can be trusted."""
    at = 0 if language == "zh" else 1
    notes = []
    for name in dict.fromkeys(figure.source for figure in chosen):
        source = figures.sources[name]
        title, nature = source.title.get(language), source.nature.get(language)
        evidence = EVIDENCE[source.evidence][at]
        notes.append(
            f"{name}：{title}（{source.year}年，{nature}，证据{evidence}）"
            if at == 0
            else f"{name}: {title} ({source.year}, {nature}, evidence {evidence})"
        )
    return notes


def _text(key: str, zh: str, en: str, *, optional: int = 0) -> Column:
    return Column(key, zh, en, "text", align="left", optional=optional)
