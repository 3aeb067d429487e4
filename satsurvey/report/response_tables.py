"""Tables of the response-time study, from its answer in sentences to what was left out."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import numpy as np
import pandas as pd

from satsurvey.instrument.model import Language
from satsurvey.report.catalogue import translated
from satsurvey.report.cells import Column, Interval, Kind
from satsurvey.report.durations import duration_text
from satsurvey.report.layout import Table
from satsurvey.report.link_tables import coverage_table
from satsurvey.report.notes import ledger_line
from satsurvey.report.response_words import (
    CONTROLS,
    FORMS,
    HELD,
    MODELS,
    PARTS,
    REGIONS,
    answer,
    cautions,
    channel_text,
    digits_of,
    effect_text,
    excluded_text,
    left_out,
    outcome_text,
    word,
)
from satsurvey.report.rounding import round_text
from satsurvey.report.terminal import render, wrapped
from satsurvey.report.text import to_markdown
from satsurvey.response_time.fit import ResponseTimeFit
from satsurvey.response_time.study import ResponseStudy

_CONCERNS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "skew": ("残差偏斜", "skewed residuals"),
        "ceiling": ("天花板", "ceiling"),
        "spread": ("方差不齐", "unequal spread"),
        "influence": ("影响点", "influence"),
        "collinearity": ("共线", "collinearity"),
        "condition": ("条件数", "condition number"),
        "clusters": ("聚类数", "clusters"),
        "convergence": ("收敛", "convergence"),
        "variance": ("组间方差", "variance between"),
    }
)


def response_tables(study: ResponseStudy, language: Language) -> list[Table]:
    """Return the tables that are printed, in order; empty ones are left out."""
    fit = study.fit
    made = [
        effects_table(fit, language),
        channel_table(fit, language),
        forms_table(fit, language),
        within_between_table(fit, language),
        adjustments_table(fit, language),
        instrument_table(fit, language),
        bins_table(fit, language),
        diagnostics_table(fit, language),
        *([] if study.link is None else [coverage_table(study.link, language)]),
        excluded_table(study, language),
    ]
    return [table for table in made if table.rows]


def printed_text(
    study: ResponseStudy, language: Language, *, show: str | None = None, markdown: bool = False
) -> str:
    """Return what is printed: the answer, the tables, the cautions, and what was left out.

    Parameters
    ----------
    study
        What was found.
    language
        "zh" or "en".
    show
        One table alone, by its name in `TABLES` or of a frame.
    markdown
        Markdown in place of tables drawn for a terminal.
    """
    draw = to_markdown if markdown else render
    if show is not None:
        return draw(shown_table(study.fit, language, show))
    *first, last = response_tables(study, language)
    heading = "提醒：关联不是因果" if language == "zh" else "Cautions: association is not cause"
    cautioned = [f"### {heading}" if markdown else heading, *([""] if markdown else [])]
    cautioned += _bulleted(cautions(study.fit, language), markdown)
    parts = [
        *("\n".join(_paragraphs(answer(study.fit, language), markdown)) + "\n",),
        *(draw(table) for table in first),
        "\n".join(cautioned) + "\n",
        draw(last),
    ]
    return "\n".join(parts)


def shown_table(fit: ResponseTimeFit, language: Language, name: str) -> Table:
    """Return one table by its name; a frame without a table of its own is shown as it is."""
    if name in TABLES:
        return TABLES[name](fit, language)
    frame = getattr(fit, name)
    columns = tuple(
        Column(str(key), str(key), str(key), "text" if frame[key].dtype.kind in "OU" else "ratio", decimals=3)
        for key in frame.columns
    )
    return Table(name, columns, tuple(frame.itertuples(index=False, name=None)), language=language)


def _paragraphs(lines: Sequence[str], markdown: bool) -> list[str]:
    width = None if markdown or not sys.stdout.isatty() else shutil.get_terminal_size().columns
    return [part for line in lines for part in (wrapped(line, width) if width else [line])]


def _bulleted(lines: Sequence[str], markdown: bool) -> list[str]:
    width = None if markdown or not sys.stdout.isatty() else shutil.get_terminal_size().columns
    made: list[str] = []
    for line in lines:
        parts = wrapped(line, width - 2) if width else [line]
        made += [("  " if place else "- ") + part for place, part in enumerate(parts)]
    return made


def effects_table(fit: ResponseTimeFit, language: Language) -> Table:
    """Build what one minute less changes, by every model, at stated times and on average."""
    zh = language == "zh"
    frame = fit.effects[fit.effects["channel"] == ""]
    models = list(dict.fromkeys(frame["model"].tolist()))
    headings = {model: _model_words(fit, model) for model in models}
    digits = _digits(frame)
    columns = [
        Column("at_s", "从这一时长起", "Starting from", align="left"),
        *(_interval(model, *headings[model], digits) for model in models),
    ]
    own = {model: frame[frame["model"] == model] for model in models}
    times = [*frame.loc[~frame["average"], "at_s"].drop_duplicates().tolist(), None]
    rows: list[tuple[object, ...]] = []
    for at in times:
        average = at is None
        name = _pair("数据中各自的时长（平均）", "the data's own times (average)", language)
        cells = []
        for model in models:
            chosen = own[model]
            found = chosen[chosen["average"] if average else (chosen["at_s"] == at) & ~chosen["average"]]
            cells.append(_effect(found))
        rows.append((name if average else duration_text(at, language), *cells))
    notes = [
        f"每缩短 1 分钟，{outcome_text(fit, 'zh')}（0–100 分）的变化，{100 * fit.level:g}% 区间；"
        f"函数形式：{word(FORMS, fit.chosen_form, 'zh')}"
        if zh
        else f"Change of {outcome_text(fit, 'en')} (0-100) for one minute less, {100 * fit.level:g} % "
        f"intervals; form: {word(FORMS, fit.chosen_form, 'en')}"
    ]
    held = [word(CONTROLS, name, language) for name in fit.rows.controls]
    if held:
        names = ("、" if zh else ", ").join(held)
        notes.append(f"各模型控制：{names}" if zh else f"Held fixed in every model: {names}")
    notes.append(f"时长：{fit.definition.text('zh')}" if zh else f"The clock: {fit.definition.text('en')}")
    notes += left_out(fit, language)
    notes += [translated(note, language) for note in fit.notes]
    return Table(
        _pair("每缩短一分钟的效应", "One minute less", language),
        tuple(columns),
        tuple(rows),
        tuple(notes),
        language=language,
    )


def _model_words(fit: ResponseTimeFit, model: str) -> tuple[str, str]:
    if model == "ols" and fit.n_companies == 1:
        return "普通最小二乘（稳健标准误）", "least squares, robust errors"
    return word(MODELS, model, "zh"), word(MODELS, model, "en")


def model_table(fit: ResponseTimeFit, language: Language) -> Table:
    """Build the coefficients of every model."""
    columns = (
        _text("model", "模型", "Model"),
        _text("term", "项", "Term"),
        _interval("estimate", "估计 [区间]", "Estimate [interval]", 3),
        _number("std_error", "标准误", "Std. error", "ratio", 3),
        _number("df", "自由度", "df", "ratio", 1),
        _number("p_value", "p 值", "p", "probability"),
        _text("unit", "单位", "Unit"),
    )
    rows = tuple(
        (
            word(MODELS, str(row["model"]), language),
            str(row["term"]),
            Interval(row["estimate"], row["ci_low"], row["ci_high"]),
            row["std_error"],
            row["df"],
            row["p_value"],
            translated(str(row["unit"]), language),
        )
        for row in fit.models.to_dict("records")
    )
    groups = [k for k in range(1, len(rows)) if rows[k][0] != rows[k - 1][0]]
    return Table(
        _pair("各模型的系数", "Coefficients", language),
        columns,
        rows,
        (),
        groups=tuple(groups),
        language=language,
    )


def forms_table(fit: ResponseTimeFit, language: Language) -> Table:
    """Build the comparison of forms, the chosen one named."""
    columns = (
        _text("form", "函数形式", "Form"),
        _number("n_terms", "参数", "Terms", "integer"),
        _number("aic", "AIC", "AIC", "ratio", 1),
        _number("delta_aic", "AIC 差", "AIC less the lowest", "ratio", 1),
        _number("cv_rmse", "交叉验证误差", "Cross-validated error", "ratio", 3),
        Column("chosen", "选用", "Chosen", "flag"),
        _text("knot", "拐点 [区间]", "Knot [interval]"),
    )
    rows = []
    for row in fit.forms.to_dict("records"):
        ends = [row["knot_s"], row["knot_low_s"], row["knot_high_s"]]
        known = all(end == end for end in ends)
        at, low, high = (duration_text(float(end), language) if known else "" for end in ends)
        rows.append(
            (
                word(FORMS, str(row["form"]), language),
                *(row[name] for name in ("n_terms", "aic", "delta_aic", "cv_rmse", "chosen")),
                f"{at} [{low}, {high}]" if known else "",
            )
        )
    method = fit.method
    over = {"clusters": ("组", "clusters"), "rows": ("行", "rows")}[str(method["cv_over"])]
    why = translated(fit.reason, language)
    notes = (
        _pair(f"选用理由：{why}", f"Chosen because: {why}", language),
        _pair(
            f"误差为 0–100 分的均方根，{method['cv_folds']} 折（按{over[0]}留出）",
            f"The error is the root mean square in points of 0-100, {method['cv_folds']} parts "
            f"({over[1]} held out)",
            language,
        ),
        _pair(
            "有无关联由事先固定的对数形式判断，不由选出的形式判断",
            "Whether there is an association is told by the log form, fixed beforehand, not by the form "
            "chosen",
            language,
        ),
    )
    return Table(
        _pair("函数形式比较", "Forms compared", language), columns, tuple(rows), notes, language=language
    )


def channel_table(fit: ResponseTimeFit, language: Language) -> Table:
    """Build each channel's numbers with its own effect at the reference time and on average."""
    effects = fit.effects[fit.effects["channel"] != ""]
    digits = _digits(effects)
    columns = (
        _text("channel", "渠道", "Channel"),
        _number("n", "样本量", "Interviews", "integer"),
        _text("median", "时长中位数", "Median time"),
        _number("score", "平均分", "Mean score", "ratio", 1),
        _interval(
            "at",
            f"在 {duration_text(fit.reference_s, 'zh')}处少一分钟",
            f"One minute less at {duration_text(fit.reference_s, 'en')}",
            digits,
        ),
        _interval("average", "平均", "Average", digits),
        _text("note", "说明", "Note"),
    )
    rows: list[tuple[object, ...]] = []
    for row in fit.channels.to_dict("records"):
        own = effects[(effects["model"] == "ols") & (effects["channel"] == row["channel"])]
        here = own[own["at_s"] == fit.reference_s]
        average = own[own["average"]]
        rows.append(
            (
                channel_text(str(row["channel"]), language),
                row["n"],
                duration_text(float(row["median_s"]), language),
                row["score"],
                _effect(here),
                _effect(average),
                translated(str(row["note"]), language),
            )
        )
    note = _pair(
        "每个渠道单独用最小二乘拟合，形式与全体相同",
        "Each channel by itself by least squares, in the form of all",
        language,
    )
    return Table(_pair("分渠道", "By channel", language), columns, tuple(rows), (note,), language=language)


def within_between_table(fit: ResponseTimeFit, language: Language) -> Table:
    """Build the effects inside companies and between them."""
    columns = (
        _text("part", "比较", "Comparison"),
        _interval("effect", "少一分钟的平均效应", "Average effect", _digits(fit.within_between)),
    )
    rows = tuple(
        (word(PARTS, str(row["part"]), language), Interval(row["effect"], row["ci_low"], row["ci_high"]))
        for row in fit.within_between.to_dict("records")
    )
    icc, low, high = (round_text(100 * x, 1) for x in (fit.icc, fit.icc_low, fit.icc_high))
    note = _pair(
        f"组内相关：组与组之间的差别占方差的 {icc}% [{low}%, {high}%]",
        f"Differences between clusters are {icc} % of the variance [{low} %, {high} %]",
        language,
    )
    return Table(
        _pair("组内与组间（混合模型）", "Within and between (mixed model)", language),
        columns,
        rows,
        (note,),
        language=language,
    )


def adjustments_table(fit: ResponseTimeFit, language: Language) -> Table:
    """Build how the average effect moves when more is held fixed."""
    columns = (
        _text("held", "控制", "Held fixed"),
        _number("n", "样本量", "Interviews", "integer"),
        _interval("effect", "少一分钟的平均效应", "Average effect", _digits(fit.adjustments)),
        _number("p_value", "p 值", "p", "probability"),
    )
    rows = tuple(
        (
            word(HELD, str(row["held"]), language),
            row["n"],
            Interval(row["effect"], row["ci_low"], row["ci_high"]),
            row["p_value"],
        )
        for row in fit.adjustments.to_dict("records")
    )
    notes = [
        _pair(
            "同一批访问、同一形式（对数）；各行只有控制的变量不同",
            "The same interviews and form (log); only what is held fixed differs",
            language,
        )
    ]
    if fit.chosen_form != "log":
        chosen = word(FORMS, fit.chosen_form, language)
        notes.append(
            _pair(
                f"上面的平均效应按{chosen}，与此处不能直接相比：对数曲线在 0 秒附近最陡",
                f"The averages above go by the {chosen} and do not compare with these: a log curve is "
                "steepest near 0 s",
                language,
            )
        )
    return Table(
        _pair("控制不同变量", "What is held fixed", language), columns, rows, tuple(notes), language=language
    )


def instrument_table(fit: ResponseTimeFit, language: Language) -> Table:
    """Build the estimate by the agents' other contacts."""
    columns = (
        _text("estimate", "估计", "Estimate"),
        _text("effect", "少一分钟的平均效应", "Average effect"),
    )
    found = fit.instrument
    if found is None:
        return Table("", columns, (), language=language)
    ends = (round_text(found.robust_low, 2), round_text(found.robust_high, 2))
    region = word(REGIONS, found.robust_region, language).format(low=ends[0], high=ends[1])
    rows: list[tuple[object, ...]] = [
        (
            _pair("两阶段最小二乘", "Two-stage least squares", language),
            effect_text(found.effect, found.ci_low, found.ci_high),
        ),
        (_pair("Anderson–Rubin 区间", "Anderson-Rubin", language), region),
        (
            _pair("同样的行，不用工具变量", "Same rows without the instrument", language),
            f"{round_text(found.plain_effect, 2)} (±{round_text(found.plain_std_error, 2)})",
        ),
    ]
    notes = [translated(note, language) for note in found.notes]
    return Table(
        _pair("工具变量：坐席的其他联系", "Instrument: the agents' other contacts", language),
        columns,
        tuple(rows),
        tuple(notes),
        language=language,
    )


def bins_table(fit: ResponseTimeFit, language: Language) -> Table:
    """Build the data's own bins of time over all channels."""
    columns = (
        _text("low", "时长自", "From"),
        _text("high", "至", "To"),
        _number("n", "样本量", "Interviews", "integer"),
        _interval("score", "平均分 [区间]", "Mean score [interval]", 1),
    )
    rows = tuple(
        (
            duration_text(float(row["low_s"]), language),
            duration_text(float(row["high_s"]), language),
            row["n"],
            Interval(row["score"], row["ci_low"], row["ci_high"]),
        )
        for row in fit.bins[fit.bins["channel"] == ""].to_dict("records")
    )
    return Table(
        _pair("数据本身：按时长分组的平均分", "The data themselves: mean score by time", language),
        columns,
        rows,
        (),
        language=language,
    )


def diagnostics_table(fit: ResponseTimeFit, language: Language) -> Table:
    """Build the findings on how far the models can be trusted."""
    columns = (
        _text("code", "检查", "Check"),
        Column("concern", "需留意", "Concern", "flag"),
        _text("words", "结果", "Finding"),
        _text("where", "位置", "Where"),
    )
    rows = tuple(
        (word(_CONCERNS, one.code, language), one.concern, translated(one.words, language), one.where)
        for one in fit.diagnostics
    )
    return Table(_pair("诊断", "Diagnostics", language), columns, rows, (), language=language)


def excluded_table(study: ResponseStudy, language: Language) -> Table:
    """Build what became of every interview."""
    fit = study.fit
    columns = (
        _text("reason", "去向", "What became of them"),
        _number("n", "访问数", "Interviews", "integer"),
    )
    rows: list[tuple[object, ...]] = [(_pair("进入模型", "in the models", language), fit.n)]
    rows += [(excluded_text(reason, language), n) for reason, n in fit.excluded.items()]
    footer = (_pair("合计", "Total", language), fit.read)
    notes = [ledger_line(study.responses.ledger, language)]
    if study.records is not None:
        line = ledger_line(study.records.ledger, language)
        notes.append(_pair(f"服务记录：{line}", f"Service records: {line}", language))
    for finding in fit.rows.findings:
        if finding.rule != "negative_time":
            continue
        first = ", ".join(f"{row:,}" for row in finding.rows[:5].tolist())
        notes.append(_negative(finding.file, finding.n, first, language))
    return Table(
        _pair("每一份访问的去向", "What became of every interview", language),
        columns,
        tuple(rows),
        tuple(notes),
        footer=footer,
        language=language,
    )


TABLES: Mapping[str, Callable[[ResponseTimeFit, Language], Table]] = MappingProxyType(
    {
        "models": model_table,
        "effects": effects_table,
        "forms": forms_table,
        "channels": channel_table,
        "adjustments": adjustments_table,
        "bins": bins_table,
        "diagnostics": diagnostics_table,
    }
)
"""Tables by the name they are shown under."""


def _negative(file: str, n: int, first: str, language: Language) -> str:
    if language == "zh":
        return f"{file}：{n:,} 行时间为负，不用也不截断；行号如 {first}"
    return f"{file}: {n:,} rows have a negative time, not used and not clipped; rows such as {first}"


def _digits(frame: pd.DataFrame) -> int:
    """Return the decimals that show the largest of some effects."""
    sizes = frame[["effect", "ci_low", "ci_high"]].abs().to_numpy(dtype=float)
    return digits_of(float(np.nanmax(sizes)) if np.isfinite(sizes).any() else float("nan"))


def _effect(frame: pd.DataFrame) -> Interval | None:
    """Return the effect of the first row, None where there is none."""
    if not len(frame):
        return None
    row = frame.iloc[0]
    return Interval(float(row["effect"]), float(row["ci_low"]), float(row["ci_high"]))


def _text(key: str, zh: str, en: str) -> Column:
    return Column(key, zh, en, "text", align="left")


def _number(key: str, zh: str, en: str, kind: Kind, decimals: int | None = None) -> Column:
    return Column(key, zh, en, kind, decimals=decimals)


def _interval(key: str, zh: str, en: str, decimals: int = 2) -> Column:
    return Column(key, zh, en, "interval", decimals=decimals)


def _pair(zh: str, en: str, language: Language) -> str:
    return zh if language == "zh" else en
