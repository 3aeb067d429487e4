"""What a measured value and the published line beside it do not count alike, though they may be compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from satsurvey.benchmarks.figures import Figures
from satsurvey.benchmarks.lines import Cell, Comparison

DIFFERENCES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "line_statistic_not_said": (
            "来源没有说明时限是对均值还是对每次联系而言；这里与均值相比",
            "the source does not say whether its time is for the mean or for every contact; here the mean is "
            "compared",
        ),
        "statistic_not_said": (
            "自有数值没有说明是均值还是中位数；按均值相比",
            "it is not said whether the value is a mean or a median; it is taken for a mean",
        ),
        "answered_only": (
            "自有时长只含已应答的联系，从未得到应答的不在其中",
            "the own time is of answered contacts; those who never got an answer are not in it",
        ),
        "resolved_only": (
            "自有时长只含已解决的联系，未结的不在其中",
            "the own time is of resolved contacts; open ones are not in it",
        ),
        "business_time": (
            "自有时长按工作时间计；来源没有说明按什么时间计",
            "the own time is counted in business time; the source does not say which time it counts",
        ),
        "automatic_replies_not_said": (
            "没有说明自动回复是否停表；若停表，自有时长偏好",
            "it is not said whether automatic replies stop the clock; if so, the own time is too good",
        ),
        "stated": (
            "自有数值是系统或客户所说，没有查其后是否再次来访",
            "the own figure is what the system or customers say; later contacts were not looked for",
        ),
        "own_target": (
            "自有达成率按自己的时限计，公布的占比按公布的时限计",
            "the own attainment is by own targets, the published share by published ones",
        ),
        "short_left_out": (
            "自有放弃率不计很快放弃的；来源没有说明",
            "the own rate leaves out who gave up at once; the source does not say",
        ),
        "wider_channel": (
            "公布的线是对更宽的渠道范围而言",
            "the published line is for a wider set of channels",
        ),
    }
)
"""What is counted otherwise, in Chinese and English."""

_TIMES = ("response", "resolution")
_OF_FORMULA = MappingProxyType(
    {
        "answered_only": "answered_only",
        "resolved_only": "resolved_only",
        "stated": "stated",
        "first_response_in_target": "own_target",
        "resolution_in_target": "own_target",
        "sla_as_recorded": "own_target",
        "short_left_out": "short_left_out",
    }
)
"""The difference that the formula of a key figure makes."""


def differences(cell: Cell, found: Comparison, figures: Figures) -> tuple[str, ...]:
    """Return what the values of a cell and the lines used for them do not count alike (`DIFFERENCES`).

    Nothing where no line is used.

    Examples
    --------
    >>> from satsurvey.benchmarks.figures import load_figures
    >>> from satsurvey.benchmarks.lines import compare
    >>> figures, cell = load_figures(), Cell("first_response_time", "phone", formula="answered_only")
    >>> differences(cell, compare(cell, figures), figures)
    ('line_statistic_not_said', 'statistic_not_said', 'answered_only')
    """
    return tuple(dict.fromkeys(_differences(cell, found, figures))) if found.lines else ()


def _differences(cell: Cell, found: Comparison, figures: Figures) -> Iterator[str]:
    metric = figures.metrics[cell.metric]
    if metric.family in _TIMES:
        limits = [line for line in found.used_lines if line.figure.kind == "threshold"]
        if any(not line.figure.statistic and line.figure.tier != "own_target" for line in limits):
            yield "line_statistic_not_said"
        if not cell.statistic:
            yield "statistic_not_said"
    if cell.formula in _OF_FORMULA:
        yield _OF_FORMULA[cell.formula]
    words = cell.definition.casefold()
    if "business time" in words or "工作时间" in words:
        yield "business_time"
    if "stop the clock is not stated" in words or "自动回复未说明" in words:
        yield "automatic_replies_not_said"
    if any(line.figure.channel != cell.channel for line in found.used_lines):
        yield "wider_channel"
