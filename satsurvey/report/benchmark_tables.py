"""Grades by published figures as tables and JSON, and the list of the figures with their sources."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pandas as pd

from satsurvey.benchmarks.figures import Figure, Figures, words_of
from satsurvey.benchmarks.grading import Grades
from satsurvey.benchmarks.lines import REFUSALS
from satsurvey.benchmarks.vocabulary import CHANNELS, INDUSTRIES, OPERATORS, TIERS, WHEN, industry_of
from satsurvey.instrument.model import Language
from satsurvey.report.catalogue import translated
from satsurvey.report.cells import ABSENT, Column, figure_text, is_absent
from satsurvey.report.layout import Table
from satsurvey.report.notes import ledger_line
from satsurvey.report.score_json import json_text, plain_data, rows_of
from satsurvey.report.text import frame_to_csv
from satsurvey.report.writing import Writer, checksums, void, write_folder

SCHEMA = "satsurvey.benchmark/1"
FIGURES_SCHEMA = "satsurvey.benchmark-figures/1"
MANIFEST_SCHEMA = "satsurvey.benchmark-manifest/1"
FRAMES: Mapping[str, str] = MappingProxyType(
    {"grades": "frame", "lines": "lines", "refused": "refused", "unusable": "unusable"}
)
"""The tables by the names they are shown under, with the field of `Grades`."""
MOST_SHOWN = 40
"""Rows of a table for people; the other forms have all of them."""

_GRADES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "below_basic": ("未达必达线", "below basic"),
        "basic": ("达到必达线", "basic"),
        "excellent": ("优秀", "excellent"),
        "not_excellent": ("未达优秀线（无必达线）", "not excellent (no basic line)"),
        "basic_or_better": ("达到必达线（无优秀线）", "basic (no excellent line)"),
        "": (ABSENT, ABSENT),
    }
)
_STANDINGS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "clearly_better": ("明确优于", "clearly better"),
        "at_the_line": ("区间跨线", "at the line"),
        "clearly_worse": ("明确不及", "clearly worse"),
        "no_interval": ("无区间", "no interval"),
        "": ("", ""),
    }
)
_STATISTICS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "mean": ("均值", "mean"),
        "median": ("中位数", "median"),
        "p90": ("第90百分位", "90th percentile"),
        "rate": ("比率", "rate"),
    }
)
_WHY: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "only": ("唯一", "the only one"),
        "specific": ("最贴近", "the most specific"),
        "stricter": ("来源不一，取较严", "sources disagree, the stricter"),
        "less_specific": ("不如所用者贴近", "less specific"),
        "looser": ("来源不一，较宽", "sources disagree, the looser"),
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
        "pp": (" 个百分点", " percentage points"),
    }
)


def value_text(value: object, unit: str, language: Language) -> str:
    """Write a value with its unit."""
    if is_absent(value):
        return ABSENT
    at = 0 if language == "zh" else 1
    number = float(value)  # type: ignore[arg-type]  # pandas hands over numbers of many classes
    decimals = 0 if number == round(number) else 2 if abs(number) < 1 or unit == "points" else 1
    return figure_text(number, decimals, "half_up") + _UNITS.get(unit, (f" {unit}", f" {unit}"))[at]


def grade_tables(grades: Grades, language: Language) -> list[Table]:
    """Build the grades, then what was not compared and what could not be understood, where there is any."""
    made = [grade_table(grades, language)]
    if len(grades.refused):
        made.append(refused_table(grades, language))
    if len(grades.unusable):
        made.append(unusable_table(grades, language))
    return made


def grade_table(grades: Grades, language: Language, *, most: int | None = MOST_SHOWN) -> Table:
    """Build one row per measured value: grade, how certain it is, gap to the next line, lines beside it."""
    at = 0 if language == "zh" else 1
    frame = grades.frame.head(most) if most else grades.frame
    mixed = len(set(frame["statistic"]) - {"", "rate", "mean"}) > 0
    rows = []
    for row in frame.to_dict("records"):
        unit = str(row["unit"])
        grade = _GRADES[str(row["grade"])][at]
        rows.append(
            (
                *([_industry(row["industry"], language)] if _any(frame, "industry") else []),
                row["company"],
                CHANNELS.get(str(row["channel"]), (row["channel"],) * 2)[at],
                grades.figures.metrics[str(row["metric"])].name(language),
                *([_STATISTICS.get(str(row["statistic"]), ("", ""))[at]] if mixed else []),
                *([_occasion(row["when"], at)] if _any(frame, "when") else []),
                _with_interval(row, unit, language),
                grade,
                _certainty(row, at),
                _next(row, unit, at, language),
                _beside(row, "standard", unit, at, language),
                _beside(row, "top10", unit, at, language),
                *(
                    [_beside(row, "own_target", unit, at, language)]
                    if frame["own_target"].notna().any()
                    else []
                ),
                row["figures"],
            )
        )
    columns = (
        *([_text("industry", "行业", "Industry")] if _any(frame, "industry") else []),
        _text("company", "企业", "Company"),
        _text("channel", "渠道", "Channel"),
        _text("metric", "指标", "Metric"),
        *([_text("statistic", "统计量", "Statistic")] if mixed else []),
        *([_text("when", "时段", "Occasion")] if _any(frame, "when") else []),
        Column("value", "数值 [区间]", "Value [interval]", "text"),
        _text("grade", "等级", "Grade"),
        _text("certain", "确定性", "Certainty"),
        Column("next", "距上一级", "To the next line", "text"),
        _text("standard", "推荐标准", "Standard", optional=2),
        _text("top10", "前十均值", "Top-ten mean", optional=3),
        *([_text("own_target", "自定目标", "Own target")] if frame["own_target"].notna().any() else []),
        _text("figures", "所用数字", "Figures used", optional=1),
    )
    notes = [translated(note, language) for note in grades.notes]
    if len(frame) < len(grades.frame):
        notes.append(_first(len(frame), len(grades.frame), language))
    if grades.ledger.files:
        notes.append(ledger_line(grades.ledger, language))
    notes += _source_notes(grades, frame, language)
    title = "与公布数字对标" if language == "zh" else "Graded by published figures"
    return Table(title, columns, tuple(rows), tuple(notes), language=language, decimals=1)


def line_table(grades: Grades, language: Language, *, most: int | None = MOST_SHOWN) -> Table:
    """Build one row per value and published figure beside it, the ones not used with the reason."""
    at = 0 if language == "zh" else 1
    frame = grades.lines.head(most) if most else grades.lines
    rows = []
    for row in frame.to_dict("records"):
        unit = grades.figures.metrics[str(row["metric"])].unit
        rows.append(
            (
                row["company"],
                CHANNELS.get(str(row["channel"]), (row["channel"],) * 2)[at],
                grades.figures.metrics[str(row["metric"])].name(language),
                value_text(row["value"], unit, language),
                TIERS[str(row["tier"])][at],
                f"{OPERATORS[str(row['op'])][at]} {value_text(row['line'], unit, language)}",
                value_text(row["margin"], _distance(unit), language),
                _STANDINGS[str(row["standing"])][at],
                bool(row["used"]),
                _WHY[str(row["why"])][at],
                row["figure"],
                row["year"],
            )
        )
    columns = (
        _text("company", "企业", "Company"),
        _text("channel", "渠道", "Channel"),
        _text("metric", "指标", "Metric"),
        Column("value", "数值", "Value", "text"),
        _text("tier", "线", "Line of"),
        Column("line", "数字", "Figure", "text"),
        Column("margin", "优于(+)/不及(-)", "Better (+), short (-)", "text"),
        _text("standing", "区间", "Interval"),
        Column("used", "采用", "Used", "flag"),
        _text("why", "原因", "Why"),
        _text("figure", "编号", "Id"),
        Column("year", "年份", "Year", "text"),
    )
    notes = []
    at_issue = dict.fromkeys(
        conflict.where.get(language) + ("：" if at == 0 else ": ") + conflict.note.get(language)
        for conflict in grades.figures.conflicts
        if set(conflict.figures) & set(frame["figure"].tolist())
    )
    notes += list(at_issue)
    if len(frame) < len(grades.lines):
        notes.append(_first(len(frame), len(grades.lines), language))
    title = "每个数值旁的公布数字" if language == "zh" else "Published figures beside each value"
    return Table(title, columns, tuple(rows), tuple(notes), language=language, decimals=1)


def refused_table(grades: Grades, language: Language, *, most: int | None = MOST_SHOWN) -> Table:
    """Build what was not compared and why, the figures of one reason together."""
    at = 0 if language == "zh" else 1
    keys = ["metric", "channel", "reason"]
    rows = []
    for key, part in grades.refused.groupby(keys, sort=False):
        metric, channel, reason = (str(word) for word in tuple(key))
        ids = list(dict.fromkeys(part["figure"].tolist()))
        rows.append(
            (
                grades.figures.metrics[metric].name(language),
                CHANNELS.get(channel, (channel, channel))[at],
                REFUSALS[reason][at],
                len(ids),
                ", ".join(ids[:6]) + (" …" if len(ids) > 6 else ""),
            )
        )
    columns = (
        _text("metric", "指标", "Metric"),
        _text("channel", "渠道", "Channel"),
        _text("reason", "不比较的原因", "Why it is not compared"),
        Column("n", "数字个数", "Figures", "integer"),
        _text("figures", "数字", "Which", optional=1),
    )
    shown = rows[:most] if most else rows
    notes = (_first(len(shown), len(rows), language),) if len(shown) < len(rows) else ()
    title = "拒绝比较的公布数字" if language == "zh" else "Published figures that were not compared"
    return Table(title, columns, tuple(shown), notes, language=language)


def unusable_table(grades: Grades, language: Language, *, most: int | None = MOST_SHOWN) -> Table:
    """Build the rows of the input that could not be understood."""
    frame = grades.unusable.head(most) if most else grades.unusable
    rows = tuple(
        (
            row["file"],
            row["row"],
            row["company"],
            row["metric"],
            row["value"],
            translated(str(row["what"]), language),
            translated(str(row["do"]), language),
        )
        for row in frame.to_dict("records")
    )
    columns = (
        _text("file", "文件", "File"),
        Column("row", "行号", "Row", "integer"),
        _text("company", "企业", "Company"),
        _text("metric", "指标", "Metric"),
        _text("value", "内容", "Written"),
        _text("what", "问题", "What"),
        _text("do", "处理", "What to do"),
    )
    notes = (_first(len(frame), len(grades.unusable), language),) if len(frame) < len(grades.unusable) else ()
    title = "无法理解的行" if language == "zh" else "Rows that could not be understood"
    return Table(title, columns, rows, notes, language=language)


TABLES = MappingProxyType(
    {"grades": grade_table, "lines": line_table, "refused": refused_table, "unusable": unusable_table}
)
"""Every table by the name it is shown under."""


def figure_table(chosen: tuple[Figure, ...], figures: Figures, language: Language) -> Table:
    """Build the list of published figures with source and evidence."""
    at = 0 if language == "zh" else 1
    rows = []
    for figure in chosen:
        words = words_of(figure, figures, language)
        limits = [
            words["scope"],
            *(INDUSTRIES[name][at] for name in figure.industries if name in INDUSTRIES),
            _occasion(figure.when, at),
        ]
        rows.append(
            (
                figure.id,
                words["metric"],
                words["channel"],
                words["tier"],
                said(figure, language),
                ("、" if at == 0 else ", ").join(dict.fromkeys(word for word in limits if word)),
                words["kind"],
                str(figure.year),
                words["evidence"],
                words["note"],
            )
        )
    columns = (
        _text("id", "编号", "Id"),
        _text("metric", "指标", "Metric"),
        _text("channel", "渠道", "Channel"),
        _text("tier", "线", "Line of"),
        Column("value", "数字", "Figure", "text"),
        _text("scope", "范围", "Of what", optional=1),
        _text("kind", "性质", "Kind", optional=3),
        Column("year", "年份", "Year", "text"),
        _text("evidence", "证据", "Evidence"),
        _text("note", "说明", "Note", optional=2),
    )
    mark = "：" if at == 0 else ": "
    notes = tuple(
        f"{source.id}{mark}{source.title.get(language)} ({source.nature.get(language)})"
        for source in figures.sources.values()
        if any(figure.source == source.id for figure in chosen)
    )
    title = "公布的数字" if language == "zh" else "Published figures"
    return Table(title, columns, tuple(rows), notes, language=language)


def said(figure: Figure, language: Language) -> str:
    """Write what a figure says: operator and value with its unit."""
    at = 0 if language == "zh" else 1
    values = figure.value if isinstance(figure.value, tuple) else (figure.value,)
    written = [value_text(value, figure.unit, language) for value in values]
    return f"{OPERATORS[figure.op][at]} {('–' if figure.op != 'from_to' else ' → ').join(written)}"


# JSON and files --------------------------------------------------------------------------------------------


def benchmark_json(grades: Grades, provenance: Mapping[str, object]) -> str:
    """Write grades as one JSON document: grades, lines, refused, unusable, sources, conflicts and account."""
    used = set(grades.lines["figure"].tolist()) | set(grades.refused["figure"].tolist())
    sources = {figure.source for figure in grades.figures if figure.id in used}
    return json_text(
        {
            "schema": SCHEMA,
            **{name: rows_of(getattr(grades, field)) for name, field in FRAMES.items()},
            "sources": [
                {
                    "id": source.id,
                    "title": source.title.model_dump(),
                    "year": source.year,
                    "nature": source.nature.model_dump(),
                    "evidence": source.evidence,
                }
                for source in grades.figures.sources.values()
                if source.id in sources
            ],
            "conflicts": [
                {
                    "metric": conflict.metric,
                    "where": conflict.where.model_dump(),
                    "figures": list(conflict.figures),
                    "handling": conflict.handling,
                    "note": conflict.note.model_dump(),
                }
                for conflict in grades.figures.conflicts
                if set(conflict.figures) & used
            ],
            "ledger": plain_data(grades.ledger.to_dict()),
            "method": plain_data(grades.method),
            "provenance": plain_data(provenance),
            "notes": list(grades.notes),
        }
    )


def figures_json(chosen: tuple[Figure, ...], figures: Figures) -> str:
    """Write published figures as JSON, with metrics and sources."""
    return json_text(
        {
            "schema": FIGURES_SCHEMA,
            "figures": [plain_data(figure.model_dump()) for figure in chosen],
            "metrics": {
                code: plain_data(figures.metrics[code].model_dump())
                for code in dict.fromkeys(figure.metric for figure in chosen)
            },
            "sources": [plain_data(source.model_dump()) for source in figures.sources.values()],
            "conflicts": [plain_data(conflict.model_dump()) for conflict in figures.conflicts],
        }
    )


def write_benchmark(
    grades: Grades, folder: Path, *, provenance: Mapping[str, object], force: bool = False
) -> tuple[Path, ...]:
    """Write grades as a folder: a CSV per table that is not empty, benchmark.json and manifest.json.

    Raises
    ------
    OutputError
        As `write_folder` does.
    """

    def csv(frame: pd.DataFrame) -> Writer:
        return lambda path: void(frame_to_csv(frame, path))

    def document(path: Path) -> None:
        path.write_text(benchmark_json(grades, provenance), encoding="utf-8", newline="\n")

    def manifest(path: Path) -> None:
        content = {
            "schema": MANIFEST_SCHEMA,
            **provenance,
            "ledger": grades.ledger.to_dict(),
            "method": grades.method,
            "notes": grades.notes,
            "files": checksums(path.parent),
        }
        path.write_text(json_text(plain_data(content)), encoding="utf-8", newline="\n")

    writers: dict[str, Writer] = {
        f"{name}.csv": csv(getattr(grades, field))
        for name, field in FRAMES.items()
        if len(getattr(grades, field))
    }
    return write_folder(
        folder, writers | {"benchmark.json": document, "manifest.json": manifest}, force=force
    )


# Cells -----------------------------------------------------------------------------------------------------


def _text(key: str, zh: str, en: str, *, optional: int = 0) -> Column:
    return Column(key, zh, en, "text", align="left", optional=optional)


def _any(frame: pd.DataFrame, name: str) -> bool:
    return bool((frame[name] != "").any())


def _industry(word: object, language: Language) -> str:
    code = industry_of(str(word))
    return INDUSTRIES[code][0 if language == "zh" else 1] if code else str(word)


def _occasion(word: object, at: int) -> str:
    return WHEN[str(word)][at] if word else ""


def _with_interval(row: Mapping[object, object], unit: str, language: Language) -> str:
    text = value_text(row["value"], unit, language)
    low, high = row["ci_low"], row["ci_high"]
    if is_absent(low) or is_absent(high):
        return text
    ends = (figure_text(float(str(end)), 1, "half_up") for end in (low, high))
    return f"{text} [{', '.join(ends)}]"


def _certainty(row: Mapping[object, object], at: int) -> str:
    """Say whether the interval allows of another grade."""
    if not row["grade"]:
        return ""
    if row["certain"] is None:
        return ("无区间", "no interval")[at]
    if row["certain"]:
        return ("确定", "certain")[at]
    low, high = (_GRADES[str(row[name])][at] for name in ("grade_low", "grade_high"))
    return f"{low} – {high}"


def _distance(unit: str) -> str:
    """Return the unit of a difference: rates differ by percentage points."""
    return "pp" if unit == "%" else unit


def _next(row: Mapping[object, object], unit: str, at: int, language: Language) -> str:
    if not row["next_line"]:
        return ""
    tier = TIERS[str(row["next_line"])][at]
    gap, line = (
        value_text(row["gap"], _distance(unit), language),
        value_text(row["next_value"], unit, language),
    )
    return f"{tier} {line}，差 {gap}" if at == 0 else f"{gap} to {tier} ({line})"


def _beside(row: Mapping[object, object], tier: str, unit: str, at: int, language: Language) -> str:
    if is_absent(row[tier]):
        return ""
    met = row[f"{tier}_met"]
    line = value_text(row[tier], unit, language)
    if met is None:
        return line
    word = (("达到", "meets") if met else ("未达到", "misses"))[at]
    standing = str(row[f"{tier}_standing"])
    doubt = f"，{_STANDINGS[standing][at]}" if at == 0 else f", {_STANDINGS[standing][at]}"
    return f"{word} {line}" + (doubt if standing == "at_the_line" else "")


def _first(shown: int, whole: int, language: Language) -> str:
    if language == "zh":
        return f"共 {whole:,} 行，只列出前 {shown} 行；其他格式有全部"
    return f"The first {shown} of {whole:,} rows; the other formats have all of them"


def _source_notes(grades: Grades, frame: pd.DataFrame, language: Language) -> list[str]:
    at = 0 if language == "zh" else 1
    ids = {name for cell in frame["figures"].tolist() for name in str(cell).split(", ") if name}
    sources = dict.fromkeys(figure.source for figure in grades.figures if figure.id in ids)
    notes = []
    for name in sources:
        source = grades.figures.sources[name]
        title, nature = source.title.get(language), source.nature.get(language)
        words = {"high": ("高", "high"), "medium": ("中", "medium"), "low": ("低", "low")}[source.evidence]
        notes.append(
            f"{name}：{title}（{source.year}年，{nature}，证据{words[0]}）"
            if at == 0
            else f"{name}: {title} ({source.year}, {nature}, evidence {words[1]})"
        )
    return notes
