"""What was not compared with published figures as tables: by reason, by figure, and rows not understood."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from satsurvey.benchmarks.figures import Figures
from satsurvey.benchmarks.grading import Grades
from satsurvey.benchmarks.lines import REFUSALS
from satsurvey.instrument.model import Language
from satsurvey.report.benchmark_words import channel_words, cut_note
from satsurvey.report.catalogue import translated
from satsurvey.report.cells import Column
from satsurvey.report.layout import Table

MOST_NAMES = 4
"""So many metrics are named in a cell."""
FIRST_ROWS = 5
MOST_ROWS = 40
_WITHOUT: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "no_line": ("这一渠道没有公布的线", "no line is published for the channel"),
        "no_value": ("数值为空", "the value is blank"),
    }
)
"""Why a value is compared with nothing, beside the reasons for which a figure is refused."""


def apart_table(grades: Grades, language: Language) -> Table:
    """Build what was not compared, by reason: how many values, and how many figures were refused."""
    at = 0 if language == "zh" else 1
    rows = []
    for reason in (*_WITHOUT, *REFUSALS):
        values = grades.frame[grades.frame["why"] == reason]
        refused = grades.refused[grades.refused["reason"] == reason]
        if not len(values) and not len(refused):
            continue
        metrics = values["metric"].tolist() or refused["metric"].tolist()
        rows.append(
            (
                (_WITHOUT.get(reason) or REFUSALS[reason])[at],
                _names(metrics, grades.figures, language),
                len(values),
                refused["figure"].nunique(),
            )
        )
    columns = (
        _text("reason", "原因", "Why"),
        _text("metrics", "指标", "Metrics"),
        Column("n_values", "未比较的数值", "Values not compared", "integer"),
        Column("n_figures", "拒绝的数字", "Figures refused", "integer"),
    )
    note = (
        "拒绝的数字：公布的数字不与这些数值相比；逐条见 --show refused"
        if at == 0
        else "Figures refused: published figures that such values are not compared with; each of them: "
        "--show refused"
    )
    title = "没有比较的" if at == 0 else "Not compared"
    return Table(title, columns, tuple(rows), (note,), language=language)


def refused_table(grades: Grades, language: Language) -> Table:
    """Build the figures that were refused and why, those of one metric, channel and reason together."""
    at = 0 if language == "zh" else 1
    rows = []
    for key, part in grades.refused.groupby(["metric", "channel", "reason"], sort=False):
        metric, channel, reason = (str(word) for word in tuple(key))
        ids = list(dict.fromkeys(part["figure"].tolist()))
        rows.append(
            (
                grades.figures.metrics[metric].name(language).partition("/")[0],
                channel_words(channel, language),
                REFUSALS[reason][at],
                int(part.groupby("figure")["n_values"].sum().max()),
                len(ids),
                ", ".join(ids),
            )
        )
    columns = (
        _text("metric", "指标", "Metric"),
        _text("channel", "渠道", "Channel"),
        _text("reason", "不比较的原因", "Why it is not compared"),
        Column("n_values", "数值", "Values", "integer"),
        Column("n", "数字个数", "Figures", "integer"),
        _text("figures", "数字", "Which", optional=1),
    )
    title = "拒绝比较的公布数字" if at == 0 else "Published figures that were not compared"
    return Table(title, columns, tuple(rows), language=language)


def unusable_table(grades: Grades, language: Language) -> Table:
    """Build the rows of the input that could not be used, those with one defect together."""
    at = 0 if language == "zh" else 1
    grouped = grades.unusable.groupby(["file", "metric", "what", "do"], sort=False)
    rows = []
    for key, part in grouped:
        file, metric, what, do = (str(word) for word in tuple(key))
        first = ", ".join(map(str, part["row"].tolist()[:FIRST_ROWS])) + (
            " …" if len(part) > FIRST_ROWS else ""
        )
        rows.append((file, metric, len(part), first, translated(what, language), translated(do, language)))
    columns = (
        _text("file", "文件", "File"),
        _text("metric", "指标", "Metric"),
        Column("n", "行数", "Rows", "integer"),
        _text("rows", "前几行", "First rows"),
        _text("what", "问题", "What"),
        _text("do", "处理", "What to do"),
    )
    notes = (cut_note(MOST_ROWS, len(rows), language),) if len(rows) > MOST_ROWS else ()
    title = "没有使用的行" if at == 0 else "Rows that were not used"
    return Table(title, columns, tuple(rows[:MOST_ROWS]), notes, language=language)


def _names(codes: Iterable[str], figures: Figures, language: Language) -> str:
    """Name the first few metrics, and say how many there are in all."""
    names = list(dict.fromkeys(figures.metrics[code].name(language).partition("/")[0] for code in codes))
    shown = ("、" if language == "zh" else ", ").join(names[:MOST_NAMES])
    if len(names) <= MOST_NAMES:
        return shown
    return f"{shown}等 {len(names)} 项" if language == "zh" else f"{shown} and {len(names) - MOST_NAMES} more"


def _text(key: str, zh: str, en: str, *, optional: int = 0) -> Column:
    return Column(key, zh, en, "text", align="left", optional=optional)
