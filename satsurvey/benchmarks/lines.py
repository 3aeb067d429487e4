"""Which published figures a measured value may be compared with, which one is used, and which are refused."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from satsurvey.benchmarks.figures import Conflict, Figure, Figures
from satsurvey.benchmarks.vocabulary import COVERS, LINES, MARKS, PARTS_OF, folded, industry_of

REFUSALS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "rate_against_index": (
            "满意率不是满意度指数，不可相比",
            "a rate of satisfied customers is not an index of satisfaction",
        ),
        "nps_not_satisfaction": (
            "净推荐值不是满意度，不可相比",
            "the net promoter score is not a satisfaction score",
        ),
        "other_definition": (
            "响应时长的定义不同，不可相比",
            "the two response times are defined differently",
        ),
        "automatic_replies": (
            "记录中自动回复会停表，公布的数字只计人工回复",
            "automatic replies stop the clock of the records; the published figure counts human replies",
        ),
        "other_denominator": (
            "分子或分母不同，不可相比",
            "the two are shares of different things",
        ),
        "other_route": (
            "测量方式不同（自报、第三方调查、专家测评），不可相比",
            "the two were measured by different routes (own figures, survey from outside, expert visit)",
        ),
        "other_channel": (
            "渠道不同，不可相比",
            "the figure is of another channel or set of channels",
        ),
        "other_industry": (
            "这条线只适用于另外的行业；若企业属于该行业，请注明行业",
            "the line is for another industry; name the company's industry if it belongs there",
        ),
        "other_occasion": (
            "这条线只适用于特定时段（高峰、大促日），而数值未注明是该时段的",
            "the line is for peak hours or promotion days, and the value is not said to be of them",
        ),
        "other_dimension": (
            "这条线属于另一个维度",
            "the figure is of another dimension",
        ),
        "other_tier": (
            "这条线属于另一类客户",
            "the line is for customers of another tier",
        ),
        "other_statistic": (
            "统计量不同（如公布的是均值，而数值是中位数或百分位数），不可相比",
            "the two are different statistics (such as a mean and a median or percentile)",
        ),
    }
)
"""Why a figure is not compared with a value, in Chinese and English."""

_FAMILY_REASONS = MappingProxyType({"response": "other_definition", "satisfaction": "rate_against_index"})
NOT_COMPARABLE = (
    *("automatic_replies", "other_definition", "other_denominator", "other_route", "other_statistic"),
)
"""Reasons that lie in the value itself: a line of its metric and channel is there, but of something else."""

_FORMULAS_APART = frozenset({("bot_containment", "bot_alone_of_bot"), ("wait_time", "single_waits")})
# As `satsurvey.service.records.Definition.text` says it, and as a table may have it.
_COUNTED = re.compile("(?<!whether )automatic replies stop the clock|自动回复停表|automatic_replies_counted")


@dataclass(frozen=True)
class Cell:
    """What a measured value is of: everything that decides which figures it may be compared with."""

    metric: str
    channel: str = "all"
    industry: str = ""
    customer_tier: str = ""
    when: str = ""
    route: str = ""
    dimension: str = ""
    statistic: str = ""
    definition: str = ""
    formula: str = ""


@dataclass(frozen=True)
class Line:
    """A figure beside a value: whether it grades, and why this one and no other of its tier.

    `why` is "only" (the one figure of its tier), "specific" (the nearest to channel, industry and occasion),
    "stricter" (sources disagree, and this is the stricter), "less_specific" or "looser" (not used).
    """

    figure: Figure
    used: bool
    why: str
    conflict: Conflict | None = None


@dataclass(frozen=True)
class Comparison:
    """The lines of a cell by tier, and the figures that were refused with the reason of each."""

    lines: tuple[Line, ...]
    refused: tuple[tuple[Figure, str], ...]

    def used(self, tier: str) -> Line | None:
        """Return the line of a tier that grades, None where there is none."""
        return next((line for line in self.lines if line.used and line.figure.tier == tier), None)

    @property
    def used_lines(self) -> tuple[Line, ...]:
        """The line of every tier that has one."""
        return tuple(line for line in self.lines if line.used)

    def obstacle(self, metric: str) -> str:
        """Return why the lines of a metric for such values are not used, "" if some are or none is there."""
        found = {reason for figure, reason in self.refused if figure.metric == metric}
        return "" if self.lines else next((reason for reason in NOT_COMPARABLE if reason in found), "")


def compare(cell: Cell, figures: Figures) -> Comparison:
    """Find the figures that a value may be compared with.

    Parameters
    ----------
    cell
        What the value is of.
    figures
        Published figures, and the user's own.

    Notes
    -----
    Thresholds and observed means are looked at; effects, cases and what vendors say of themselves grade
    nobody. A threshold for several channels holds for each of them; a mean only for the same set. Of several
    lines of one tier the most specific is used: for the occasion, then for industry and channel, then for
    the channel, then for channels around it, then for all channels of the industry. Where sources are known
    to disagree, and between equals, the stricter is used; the others stay beside it.
    """
    fitting: list[Figure] = []
    refused: list[tuple[Figure, str]] = []
    family = figures.metrics[cell.metric].family
    for figure in figures:
        if not _is_line(figure) or figures.metrics[figure.metric].family != family or not family:
            continue
        reason = _refusal(cell, figure, figures)
        if reason is None:
            fitting.append(figure)
        else:
            refused.append((figure, reason))
    lines: list[Line] = []
    for tier in (*LINES, *MARKS):
        lines += _of_tier([figure for figure in fitting if figure.tier == tier], cell, figures)
    return Comparison(tuple(lines), tuple(refused))


def sla_target(
    figures: Figures, *, channel: str, metric: str = "first_response_time", industry: str = ""
) -> Figure | None:
    """Return the published target of a channel.

    The order is: own target, industry and channel, standard of the channel, excellent line, basic line.
    None where nothing is published.

    Examples
    --------
    >>> from satsurvey.benchmarks.figures import load_figures
    >>> sla_target(load_figures(), channel="email").line
    1800.0
    """
    found = compare(Cell(metric, channel, industry), figures)
    for tier in ("own_target", "standard", "excellent", "basic"):
        line = found.used(tier)
        if line is not None:
            return line.figure
    return None


def _is_line(figure: Figure) -> bool:
    if isinstance(figure.value, tuple):
        return False
    return (figure.kind == "threshold" and figure.tier in (*LINES, *MARKS)) or (
        figure.kind == "observed" and figure.tier in ("top10", *MARKS)
    )


def _refusal(cell: Cell, figure: Figure, figures: Figures) -> str | None:
    """Return the first reason for which a figure may not stand beside a value.

    Whether the figure is for such values at all (metric, dimension, channel, industry, occasion, tier) is
    asked before whether the two are made the same way, so that the latter reasons name lines that are near.
    """
    if figure.metric != cell.metric:
        if "nps" in (figure.metric, cell.metric):
            return "nps_not_satisfaction"
        return _FAMILY_REASONS.get(figures.metrics[cell.metric].family, "other_denominator")
    return _out_of_scope(cell, figure) or _made_otherwise(cell, figure, figures)


def _out_of_scope(cell: Cell, figure: Figure) -> str | None:
    if figure.dimension != cell.dimension:
        return "other_dimension"
    if not _same_channel(cell.channel, figure):
        return "other_channel"
    if figure.industries and not _same_industry(cell.industry, figure.industries):
        return "other_industry"
    if figure.when and figure.when != cell.when:
        return "other_occasion"
    if figure.customer_tier and figure.customer_tier != cell.customer_tier:
        return "other_tier"
    return None


def _made_otherwise(cell: Cell, figure: Figure, figures: Figures) -> str | None:
    named = figures.metric_of(cell.definition) if cell.definition else None
    if named is not None and named != cell.metric:
        return "other_definition"
    if (cell.metric, cell.formula) in _FORMULAS_APART:
        return "other_denominator"
    metric = figures.metrics[cell.metric]
    route = figure.route or metric.route
    if cell.route and route and cell.route != route:
        return "other_route"
    replied = figure.channel != "bot" and metric.family == "response"
    if replied and _COUNTED.search(cell.definition.casefold()):
        return "automatic_replies"
    # The mean of yes and no is the rate.
    own = "rate" if metric.is_rate and cell.statistic == "mean" else cell.statistic or metric.statistic
    return None if own == figures.statistic_of(figure) else "other_statistic"


def _same_channel(channel: str, figure: Figure) -> bool:
    if channel == figure.channel:
        return True
    if figure.kind != "threshold":
        return False
    return (figure.channel == "all" and channel != "bot") or channel in COVERS.get(figure.channel, ())


def _same_industry(word: str, industries: Iterable[str]) -> bool:
    code = industry_of(word)
    return any(
        code == industry or code in PARTS_OF.get(industry, ()) or folded(word) == folded(industry)
        for industry in industries
        if word
    )


def _of_tier(fitting: list[Figure], cell: Cell, figures: Figures) -> list[Line]:
    """Choose the line that grades among the fitting ones of a tier; the others are kept beside it."""
    if not fitting:
        return []
    ranked = sorted(fitting, key=lambda figure: _distance(figure, cell))
    nearest = [figure for figure in ranked if _distance(figure, cell) == _distance(ranked[0], cell)]
    ids = {figure.id for figure in fitting}
    conflicts = {
        name: conflict
        for conflict in figures.conflicts
        if conflict.handling == "stricter" and len(ids & set(conflict.figures)) > 1
        for name in ids & set(conflict.figures)
    }
    # A known disagreement goes before nearness: the figures in it compete as equals.
    rivals = nearest + [f for f in ranked if f.id in conflicts and f not in nearest]
    better = figures.metrics[cell.metric].better
    strictest = min(rivals, key=lambda f: f.line if better == "lower" else -f.line)
    observed = strictest.kind == "observed"
    if observed:  # of measured figures the newest is the one to look at
        strictest = max(nearest, key=lambda f: f.year)
    lines = []
    for figure in ranked:
        rival = figure in rivals
        if figure is strictest:
            differs = any(other.line != figure.line for other in rivals)
            why = "only" if len(ranked) == 1 else "stricter" if differs and not observed else "specific"
        else:
            why = "looser" if rival and not observed else "less_specific"
        conflict = conflicts.get(figure.id) or _listed_conflict(figure, figures)
        lines.append(Line(figure, figure is strictest, why, conflict))
    return lines


def _listed_conflict(figure: Figure, figures: Figures) -> Conflict | None:
    return next((conflict for conflict in figures.conflicts if figure.id in conflict.figures), None)


def _distance(figure: Figure, cell: Cell) -> tuple[bool, bool, int]:
    """Tell how far a figure is from a cell: the smaller, the nearer.

    A line for the industry and the channel goes before one for the channel, and that before one for all
    channels of the industry: no mail is answered within a minute because sellers online should do so.
    """
    if figure.channel == cell.channel:
        around = 0 if figure.industries else 2
    elif figure.channel != "all":
        around = 1 if figure.industries else 3
    else:
        around = 4 if figure.industries else 5
    tier = bool(cell.customer_tier) and figure.customer_tier != cell.customer_tier
    return (figure.when != cell.when, tier, around)
