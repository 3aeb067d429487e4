"""Figures of the response-time study: the curve with its band, and the data's own bins beside it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from satsurvey.instrument.model import Language
from satsurvey.report.durations import duration_text
from satsurvey.report.response_words import FORMS, TIMES, channel_text, outcome_text, word
from satsurvey.report.rounding import round_text
from satsurvey.report.svg import CELL, FAINT, INK, LINES, Svg, text_width
from satsurvey.report.terminal import wrapped
from satsurvey.response_time.fit import ResponseTimeFit

_TICKS_S = (
    *(0, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800),
    *(3600, 7200, 14_400, 28_800, 43_200, 86_400, 172_800, 345_600, 604_800, 1_209_600),
)
_LOG_FROM = 20.0
"""Where the longest time drawn is so many times the shortest, the axis is logarithmic."""
MOST_PANELS = 9
_SMALL, _NORMAL, _LARGE = 11.0, 12.5, 17.0


@dataclass(frozen=True)
class _Axes:
    """Where times and scores stand on the paper."""

    left: float
    top: float
    width: float
    height: float
    times: tuple[float, float]
    scores: tuple[float, float]
    logarithmic: bool

    def x(self, seconds: float) -> float:
        low, high, at = (math.log1p(t) if self.logarithmic else t for t in (*self.times, seconds))
        return self.left + self.width * (at - low) / (high - low or 1.0)

    def y(self, score: float) -> float:
        low, high = self.scores
        return self.top + self.height * (high - min(max(score, low), high)) / (high - low or 1.0)


def curve_figure(fit: ResponseTimeFit, language: Language) -> str:
    """Draw the curve over all rows with its band, and the bins, as an SVG document."""
    curve, bins = _of(fit.curve, ""), _of(fit.bins, "")
    svg = Svg(820, 560, _title(fit, language), _description(fit, language), language)
    top = _head(svg, fit, language)
    axes = _axes(curve, bins, 74, top, 720, 440 - top + 36)
    _frame(svg, axes, language, ticks=7)
    _draw(svg, axes, curve, bins, LINES[0][0], LINES[0][1], language)
    _axis_titles(svg, axes, fit, language)
    _foot(svg, fit, language, axes.top + axes.height + 56)
    return svg.document()


def channel_figure(fit: ResponseTimeFit, language: Language) -> str | None:
    """Draw a panel for each channel that has a curve, on the same axes; None where there are no two."""
    names = [name for name in fit.curve["channel"].drop_duplicates().tolist() if name]
    shown = names[:MOST_PANELS]
    if len(shown) < 2:
        return None
    columns = 2 if len(shown) <= 4 else 3
    rows = -(-len(shown) // columns)
    wide, high, gap = (340 if columns == 2 else 250), 210, 74
    svg = Svg(
        80 + columns * (wide + 44),
        108 + rows * (high + gap) + 24,
        _title(fit, language, by_channel=True),
        _description(fit, language, channels=shown),
        language,
    )
    top = _head(svg, fit, language, by_channel=True) + 12
    inside = fit.curve["channel"].isin(shown)
    every = _axes(fit.curve[inside], fit.bins[fit.bins["channel"].isin(shown)], 74, top, wide, high)
    for place, name in enumerate(shown):
        row, column = divmod(place, columns)
        axes = _Axes(
            74 + column * (wide + 44),
            top + row * (high + gap),
            wide,
            high,
            every.times,
            every.scores,
            every.logarithmic,
        )
        colour, dash = LINES[place % len(LINES)]
        _frame(svg, axes, language, ticks=5)
        _draw(svg, axes, _of(fit.curve, name), _of(fit.bins, name), colour, dash, language)
        found = fit.channels[fit.channels["channel"] == name].iloc[0]
        label = f"{channel_text(name, language)}  n = {int(found['n']):,}"
        svg.text(axes.left, axes.top - 8, label, size=_NORMAL, bold=True, colour=colour)
    last = top + (rows - 1) * (high + gap) + high
    _foot(svg, fit, language, last + 52)
    return svg.document()


def _of(frame: pd.DataFrame, channel: str) -> pd.DataFrame:
    return frame[frame["channel"] == channel]


def _title(fit: ResponseTimeFit, language: Language, *, by_channel: bool = False) -> str:
    time, what = word(TIMES, fit.time_name, language), outcome_text(fit, language)
    if language == "zh":
        return f"{time}与满意度（{what}）" + ("：分渠道" if by_channel else "")
    return f"{time[:1].upper()}{time[1:]} and satisfaction ({what})" + (", by channel" if by_channel else "")


def _description(fit: ResponseTimeFit, language: Language, channels: Sequence[str] = ()) -> str:
    curve = _of(fit.curve, "")
    first, last = curve.iloc[0], curve.iloc[-1]
    ends = [
        (duration_text(float(row["time_s"]), language), round_text(float(row["score"]), 1))
        for row in (first, last)
    ]
    names = [channel_text(name, language) for name in channels]
    if language == "zh":
        text = (
            f"拟合曲线从 {ends[0][0]} 的 {ends[0][1]} 分到 {ends[1][0]} 的 {ends[1][1]} 分，带区间；"
            "圆点是数据本身的分组平均。"
        )
        return text + (f"各图：{'、'.join(names)}。" if names else "")
    text = (
        f"The fitted curve goes from {ends[0][1]} at {ends[0][0]} to {ends[1][1]} at {ends[1][0]}, with its "
        "band; dots are plain means of the data in bins."
    )
    return text + (f" Panels: {', '.join(names)}." if names else "")


def _head(svg: Svg, fit: ResponseTimeFit, language: Language, *, by_channel: bool = False) -> float:
    svg.text(24, 34, _title(fit, language, by_channel=by_channel), size=_LARGE, bold=True)
    form = word(FORMS, fit.chosen_form, language)
    level = f"{100 * fit.level:g}"
    line = (
        f"曲线：{form}，其他变量取均值；色带：{level}% 区间；圆点：数据按时长分组的平均分及其区间"
        if language == "zh"
        else f"Curve: {form}, controls at their means; band: {level} % interval; dots: means of the data in "
        "bins of time, with theirs"
    )
    y = 56.0
    for part in wrapped(line, int((svg.width - 48) / (_NORMAL * CELL))):
        svg.text(24, y, part, size=_NORMAL, colour=FAINT)
        y += 17
    return y + 14


def _foot(svg: Svg, fit: ResponseTimeFit, language: Language, y: float) -> None:
    clusters = f"{fit.n_companies:,}"
    line = (
        f"{fit.n:,} 份访问，{clusters} 组。这是关联，不是因果。分数轴不从 0 开始。"
        if language == "zh"
        else f"{fit.n:,} interviews in {clusters} clusters. Association, not cause. The axis of scores does "
        "not begin at 0."
    )
    for part in wrapped(line, int((svg.width - 48) / (_SMALL * CELL))):
        svg.text(24, y, part, size=_SMALL, colour=FAINT)
        y += 15


def _axes(
    curve: pd.DataFrame, bins: pd.DataFrame, left: float, top: float, width: float, height: float
) -> _Axes:
    low, high = float(curve["time_s"].min()), float(curve["time_s"].max())
    ends = pd.concat([curve["ci_low"], curve["ci_high"], bins["score"]])
    # Whiskers of bins with few rows would flatten everything else: they are cut at the frame.
    steady = bins[bins["n"] >= bins["n"].median()] if len(bins) else bins
    ends = pd.concat([ends, steady["ci_low"], steady["ci_high"]]).dropna().clip(0, 100)
    least, most = float(ends.min()), float(ends.max())
    room = 0.06 * (most - least) or 1.0
    scores = (max(0.0, least - room), min(100.0, most + room))
    if scores[1] <= scores[0]:
        scores = (scores[0] - 1.0, scores[1] + 1.0)
    return _Axes(left, top, width, height, (low, high), scores, (high + 1) / (low + 1) > _LOG_FROM)


def _step(span: float, parts: int) -> float:
    rough = max(span, 1e-6) / parts
    size = 10.0 ** math.floor(math.log10(rough))
    return float(next(size * k for k in (1, 2, 5, 10) if size * k >= rough))


def _frame(svg: Svg, axes: _Axes, language: Language, *, ticks: int) -> None:
    """Draw the grid with its ticks."""
    step = _step(axes.scores[1] - axes.scores[0], 5)
    score = step * math.ceil(axes.scores[0] / step - 1e-9)
    while score <= axes.scores[1] + 1e-9:
        y = axes.y(score)
        svg.line(axes.left, y, axes.left + axes.width, y)
        digits = 0 if step >= 1 else -math.floor(math.log10(step))
        svg.text(axes.left - 8, y + 4, round_text(score, digits), size=_SMALL, anchor="end", colour=FAINT)
        score += step
    bottom = axes.top + axes.height
    svg.line(axes.left, bottom, axes.left + axes.width, bottom, colour=FAINT)
    for seconds, label in _time_ticks(axes, language, ticks):
        x = axes.x(seconds)
        svg.line(x, bottom, x, bottom + 5, colour=FAINT)
        svg.text(x, bottom + 19, label, size=_SMALL, anchor="middle", colour=FAINT)


def _time_ticks(axes: _Axes, language: Language, most: int) -> list[tuple[float, str]]:
    """Return times to mark: those that people name, so far apart that their words do not touch."""
    low, high = axes.times
    if axes.logarithmic:
        candidates = [float(t) for t in _TICKS_S if low <= t <= high]
    else:
        # Steps that people name: seconds, minutes, hours.
        step = next((float(t) for t in _TICKS_S[1:] if (high - low) / t <= most), float(_TICKS_S[-1]))
        candidates = [step * k for k in range(math.ceil(low / step), int(high // step) + 1)]
    # The most telling ones first, then whatever finds room between them.
    order = sorted(candidates, key=lambda t: (t not in (60.0, 3600.0, 86_400.0), t not in (10.0, 600.0), t))
    taken: list[tuple[float, str]] = []
    for seconds in order:
        label = duration_text(seconds, language)
        half = text_width(label, _SMALL) / 2 + 7
        places = [(axes.x(other), text_width(text, _SMALL) / 2) for other, text in taken]
        if all(abs(axes.x(seconds) - x) > half + other for x, other in places):
            taken.append((seconds, label))
    return sorted(taken)


def _draw(
    svg: Svg, axes: _Axes, curve: pd.DataFrame, bins: pd.DataFrame, colour: str, dash: str, language: Language
) -> None:
    """Draw band, curve and bins."""
    seconds = curve["time_s"].to_numpy(np.float64)
    sides = [
        [(axes.x(t), axes.y(s)) for t, s in zip(seconds, curve[name].to_numpy(np.float64), strict=True)]
        for name in ("ci_high", "ci_low", "score")
    ]
    svg.path([*sides[0], *reversed(sides[1])], fill=colour, opacity=0.18, closed=True)
    svg.path(sides[2], colour=colour, width=2.4, dash=dash)
    low, high = axes.times
    for row in bins.to_dict("records"):
        at = min(max(float(row["middle_s" if axes.logarithmic else "time_s"]), low), high)
        x = axes.x(at)
        if not (axes.scores[0] <= float(row["score"]) <= axes.scores[1]):
            continue
        if row["ci_low"] == row["ci_low"]:
            svg.line(x, axes.y(float(row["ci_low"])), x, axes.y(float(row["ci_high"])), colour=INK, width=1.2)
        span = " – ".join(duration_text(float(row[name]), language) for name in ("low_s", "high_s"))
        hint = f"{span}: {round_text(float(row['score']), 1)} (n = {int(row['n']):,})"
        svg.dot(x, axes.y(float(row["score"])), 3.6, colour=INK, hint=hint)


def _axis_titles(svg: Svg, axes: _Axes, fit: ResponseTimeFit, language: Language) -> None:
    name = word(TIMES, fit.time_name, language)
    scale = ("（对数刻度）" if language == "zh" else " (log scale)") if axes.logarithmic else ""
    svg.text(
        axes.left + axes.width / 2,
        axes.top + axes.height + 38,
        name + scale,
        size=_NORMAL,
        anchor="middle",
        colour=FAINT,
    )
    middle = axes.top + axes.height / 2
    words = "得分（0–100）" if language == "zh" else "Score (0-100)"
    svg.text(22, middle, words, size=_NORMAL, anchor="middle", colour=FAINT, turn=-90)
