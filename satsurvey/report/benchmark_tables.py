"""Grades by published figures as tables: how many companies are where, then every company in detail."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import numpy as np
import pandas as pd

from satsurvey.benchmarks.differences import DIFFERENCES
from satsurvey.benchmarks.grading import Grades
from satsurvey.benchmarks.standings import LADDER
from satsurvey.instrument.model import Language
from satsurvey.report.benchmark_lines import UsedLines, line_table
from satsurvey.report.benchmark_refusals import apart_table, refused_table, unusable_table
from satsurvey.report.benchmark_words import (
    GRADE_WORDS,
    Row,
    Scale,
    channel_words,
    company_text,
    doubt,
    metric_text,
    standing_text,
)
from satsurvey.report.cells import ABSENT, Column, figure_text, is_absent
from satsurvey.report.layout import Table

MOST_ROWS = 60
"""Rows of companies in detail, when nothing more was asked for; whole companies are shown, at least one."""
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def grade_tables(grades: Grades, language: Language, *, most: int | None = MOST_ROWS) -> list[Table]:
    """Build all that a reader needs: the summary, the companies, the lines used, what was not compared.

    Parameters
    ----------
    grades
        What was graded.
    language
        "zh" or "en".
    most
        So many rows of companies; None: all.
    """
    frame, n_companies = _detailed(grades, most)
    lines = UsedLines.of(grades, frame)
    made = [] if _n_companies(grades.frame) < 2 else [summary_table(grades, language)]
    if len(frame):
        made += [company_table(grades, frame, lines, language, n_companies), lines.table(language)]
    made.append(apart_table(grades, language))
    if len(grades.unusable):
        made.append(unusable_table(grades, language))
    return made


def summary_table(grades: Grades, language: Language) -> Table:
    """Build one row per channel and metric: how many companies have each grade, and meet other lines."""
    at = 0 if language == "zh" else 1
    frame = grades.summary
    frame = frame[frame["n_compared"] > 0]
    order = {channel: place for place, channel in enumerate(dict.fromkeys(frame["channel"]))}
    frame = frame.assign(place=frame["channel"].map(order)).sort_values("place", kind="stable")
    sole = bool(frame["n_not_excellent"].any())
    own = bool(frame["n_own_target"].any())
    rows: list[tuple[object, ...]] = []
    titles: list[str] = []
    groups: list[int] = []
    for whole in frame.to_dict("records"):
        row: Row = {str(key): part for key, part in whole.items()}
        title = channel_words(str(row["channel"]), language)
        if not titles or title != titles[-1]:
            titles.append(title)
            groups.append(len(rows))
        metric = grades.figures.metrics[str(row["metric"])]
        scale = Scale.of(str(row["unit"]), float(str(row["median"])))
        unit = scale.word(language)
        n_basic = int(str(row["n_basic"])) + int(str(row["n_basic_or_better"]))
        graded = n_basic + sum(
            int(str(row[name])) for name in ("n_below_basic", "n_excellent", "n_not_excellent")
        )
        rows.append(
            (
                metric_text(row, grades.figures, language),
                int(str(row["n_companies"])),
                scale.number(row["median"]) + ("" if unit == "%" else " ") * bool(unit) + unit,
                row["n_below_basic"] if graded else None,
                n_basic if graded else None,
                row["n_excellent"] if graded else None,
                *([row["n_not_excellent"] or None] if sole else []),
                row["n_uncertain"] if graded else None,
                _met(row, "standard", metric.better),
                _met(row, "top10", metric.better),
                *([_met(row, "own_target", metric.better)] if own else []),
            )
        )
    columns = (
        _text("metric", "指标", "Metric"),
        Column("n_companies", "企业", "Companies", "integer"),
        Column("median", "企业中位", "Median company", "interval"),
        *(
            Column(name, *words, "integer")
            for name, words in (
                ("n_below_basic", ("未达必达", "Below basic")),
                ("n_basic", ("达到必达", "Basic")),
                ("n_excellent", ("优秀", "Excellent")),
                *([("n_not_excellent", ("未达优秀", "Not excellent"))] if sole else []),
                ("n_uncertain", ("等级未定", "Not certain")),
            )
        ),
        Column("n_standard_met", "达到标准", "Meet standard", "interval"),
        Column("n_top10_met", "优于前十", "Beat top ten", "interval"),
        *([Column("n_own_target_met", "达到自定", "Meet own target", "interval")] if own else []),
    )
    title = "按公布数字评级：各级企业数" if at == 0 else "Companies at each grade by published figures"
    note = (
        "等级未定：区间跨过必达线或优秀线，或为另一级"
        if at == 0
        else "Not certain: the interval holds the basic or excellent line, so the grade may be another"
    )
    return Table(
        title,
        columns,
        tuple(rows),
        (note,),
        groups=tuple(groups[1:]),
        group_titles=tuple(titles),
        language=language,
        decimals=1,
    )


def company_table(
    grades: Grades, frame: pd.DataFrame, lines: UsedLines, language: Language, n_companies: int
) -> Table:
    """Build the companies one after the other, a row per channel and metric.

    Parameters
    ----------
    grades
        What was graded.
    frame
        The rows of `grades.frame` that are shown, those of a company together.
    lines
        The lines used for them, by number.
    language
        "zh" or "en".
    n_companies
        How many companies there are in all.
    """
    at = 0 if language == "zh" else 1
    marks, common = _marks(frame)
    by_channel = len(frame) >= 2 * len(frame[["industry", "company", "channel"]].drop_duplicates())
    rows: list[tuple[object, ...]] = []
    titles: list[str] = []
    groups: list[int] = []
    for cell, whole in zip(frame.index, frame.to_dict("records"), strict=True):
        row: Row = {str(key): part for key, part in whole.items()}
        channel = channel_words(str(row["channel"]), language)
        title = company_text(str(row["company"]), str(row["industry"]), language)
        title += f" · {channel}" if by_channel else ""
        if not titles or title != titles[-1]:
            titles.append(title)
            groups.append(len(rows))
        beside = lines.beside(int(cell))
        lines_there = [abs(float(str(one["line"]))) for one in beside]
        scale = Scale.of(str(row["unit"]), max([*lines_there, abs(float(str(row["value"]))) / 10]))
        letters = "".join(marks[code] for code in str(row["differences"]).split(", ") if code in marks)
        rows.append(
            (
                *(() if by_channel else (channel,)),
                metric_text(row, grades.figures, language),
                scale.estimate(row, language),
                None if is_absent(row["n"]) else int(float(str(row["n"]))),
                GRADE_WORDS[str(row["grade"])][at] + doubt(row["certain"] is False, language),
                _ladder(row, scale),
                "" if not row["next_line"] else _gap(row["gap"], scale),
                ("；" if at == 0 else "; ").join(
                    standing_text(one, scale, language) for one in beside if one["tier"] not in LADDER
                ),
                " ".join(part for part in (_ranges(lines.numbers(int(cell))), letters) if part),
            )
        )
    columns = (
        *(() if by_channel else (_text("channel", "渠道", "Channel"),)),
        _text("metric", "指标", "Metric"),
        Column("value", "数值 [区间]", "Value [interval]", "interval"),
        Column("n", "样本", "n", "integer"),
        _text("grade", "等级", "Grade"),
        Column("lines", "必达 / 优秀", "Basic / exc.", "interval"),
        Column("gap", "差距", "Gap", "interval"),
        _text("beside", "其他公布的线", "Other lines"),
        _text("notes", "注", "Notes"),
    )
    title = "逐企业评级" if at == 0 else "Grades by company"
    notes = _company_notes(frame, marks, common, language, n_companies)
    return Table(
        title,
        columns,
        tuple(rows),
        tuple(notes),
        groups=tuple(groups[1:]),
        group_titles=tuple(titles),
        language=language,
        decimals=1,
    )


def _detailed(grades: Grades, most: int | None) -> tuple[pd.DataFrame, int]:
    """Return the rows to show, company by company, and how many companies have any.

    Where not all can be shown, those with the most values below basic go first.
    """
    frame = grades.frame[(grades.frame["figures"] != "") & grades.frame["value"].notna()]
    keys = [frame["industry"], frame["company"]]
    below = (frame["grade"] == "below_basic").groupby(keys, sort=False).sum()
    sizes = frame.groupby(keys, sort=False).size()
    companies = list(below.index)
    if most is not None and len(frame) > most:
        companies = list(below.sort_values(ascending=False, kind="stable").index)
    shown: list[object] = []
    n = 0
    for company in companies:
        if shown and most is not None and n + int(sizes[company]) > most:
            break
        shown.append(company)
        n += int(sizes[company])
    order = {company: place for place, company in enumerate(shown)}
    chosen = frame.loc[np.array([pair in order for pair in zip(*keys, strict=True)], dtype=bool)]
    channels = {channel: place for place, channel in enumerate(dict.fromkeys(frame["channel"]))}
    places = pd.DataFrame(
        {
            "company": [order[pair] for pair in zip(chosen["industry"], chosen["company"], strict=True)],
            "channel": chosen["channel"].map(channels).to_numpy(),
        },
        index=chosen.index,
    ).sort_values(["company", "channel"], kind="stable")
    return chosen.loc[places.index], len(below)


def _n_companies(frame: pd.DataFrame) -> int:
    return len(frame[["industry", "company"]].drop_duplicates())


def _marks(frame: pd.DataFrame) -> tuple[dict[str, str], list[str]]:
    """Return the letters of the differences that some rows have, and the differences that all have."""
    sets = [set(filter(None, text.split(", "))) for text in frame["differences"].tolist()]
    found = [code for code in DIFFERENCES if any(code in codes for codes in sets)]
    common = [code for code in found if len(sets) > 1 and all(code in codes for codes in sets)]
    return dict(zip((code for code in found if code not in common), _LETTERS, strict=False)), common


def _company_notes(
    frame: pd.DataFrame, marks: Mapping[str, str], common: Sequence[str], language: Language, n_companies: int
) -> list[str]:
    zh = language == "zh"
    at = 0 if zh else 1
    n_shown = _n_companies(frame)
    notes = []
    if n_shown < n_companies:
        notes.append(
            f"共 {n_companies:,} 家企业，只列未达必达线最多的 {n_shown:,} 家；全部：--show grades，"
            "或 --format csv、--format json、--out 目录"
            if zh
            else f"Of {n_companies:,} companies the {n_shown:,} with the most values below basic; all of "
            "them: --show grades, or --format csv, --format json, --out DIR"
        )
    notes.append(
        "必达/优秀：这两条线的数值；差距：距上一级还差多少；？：区间跨过那条线，结果或相反；"
        "注：数字为下表所用的线，字母见下"
        if zh
        else "Basic/exc.: the two lines; gap: what is missing to the next grade; ?: the interval holds that "
        "line, so it may be otherwise; notes: numbers are the lines in the next table, letters stand below"
    )
    notes += [f"{letter}{'：' if zh else ': '}{DIFFERENCES[code][at]}" for code, letter in marks.items()]
    notes += [("各行：" if zh else "All rows: ") + DIFFERENCES[code][at] for code in common]
    return notes


def _ladder(row: Row, scale: Scale) -> str:
    lines = [row[tier] for tier in LADDER]
    return ABSENT if all(map(is_absent, lines)) else "/".join(scale.number(line) for line in lines)


def _gap(gap: object, scale: Scale) -> str:
    """Write what is missing to the next line; a line that is missed is never missed by nothing."""
    number = float(str(gap)) / scale.size
    if number < 0.05:
        return "<0.1"
    return figure_text(number, 0 if number >= 100 else 1, "half_up").removesuffix(".0")


def _ranges(numbers: Sequence[int]) -> str:
    """Write numbers, three and more that follow each other as a range."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return " ".join(f"{run[0]}–{run[-1]}" if len(run) > 2 else " ".join(map(str, run)) for run in runs)


def _met(row: Row, tier: str, better: str) -> str:
    n = int(str(row[f"n_{tier}"]))
    return ABSENT if not n or better == "context" else f"{int(str(row[f'n_{tier}_met']))}/{n}"


def _text(key: str, zh: str, en: str, *, optional: int = 0) -> Column:
    return Column(key, zh, en, "text", align="left", optional=optional)


TABLES: Mapping[str, Callable[[Grades, Language], list[Table]]] = MappingProxyType(
    {
        "summary": lambda grades, language: [summary_table(grades, language)],
        "grades": lambda grades, language: grade_tables(grades, language, most=None),
        "lines": lambda grades, language: [line_table(grades, language)],
        "refused": lambda grades, language: [refused_table(grades, language)],
        "unusable": lambda grades, language: [unusable_table(grades, language)],
    }
)
"""What is printed, by the name it is asked for."""
