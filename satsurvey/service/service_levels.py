"""Service level: the share answered in time, by each of the four formulas in use, which differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from satsurvey.errors import MethodError

SERVICE_LEVELS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "quick_abandons_count_as_met": (
            "(时限内接起 + 时限内放弃) / (接起 + 放弃)",
            "(answered in time + gave up in time) / (answered + gave up)",
        ),
        "of_answered": ("时限内接起 / 接起", "answered in time / answered"),
        "of_offered": ("时限内接起 / (接起 + 放弃)", "answered in time / (answered + gave up)"),
        "quick_abandons_left_out": (
            "时限内接起 / (接起 + 放弃 - 时限内放弃)",
            "answered in time / (answered + gave up - gave up in time)",
        ),
    }
)
"""Name of the four formulas, with their words in Chinese and English."""


@dataclass(frozen=True)
class ServiceLevels:
    """The four service levels of one set of calls, shares 0-1; NaN where nothing was offered.

    Attributes
    ----------
    quick_abandons_count_as_met, of_answered, of_offered, quick_abandons_left_out
        (A + a)/(Ans + Ab), A/Ans, A/(Ans + Ab), A/(Ans + Ab - a): A answered and a given up in time, Ans
        answered and Ab given up in all.
    """

    quick_abandons_count_as_met: float
    of_answered: float
    of_offered: float
    quick_abandons_left_out: float


def service_levels(
    *, answered: int, abandoned: int, answered_within: int, abandoned_within: int
) -> ServiceLevels:
    """Compute the service level by the four formulas.

    Parameters
    ----------
    answered, abandoned
        Calls answered, and calls given up before they were.
    answered_within, abandoned_within
        Of these, the ones that waited no longer than the stated time.

    Raises
    ------
    MethodError
        When more were answered or given up in time than at all, or a count is negative.

    References
    ----------
    The four bases as listed by trade sources (51callcenter; callcentrehelper.com).

    Examples
    --------
    >>> found = service_levels(answered=1000, abandoned=60, answered_within=860, abandoned_within=20)
    >>> round(found.quick_abandons_count_as_met, 3), round(found.of_answered, 3)
    (0.83, 0.86)
    >>> round(found.of_offered, 3), round(found.quick_abandons_left_out, 3)
    (0.811, 0.827)
    """
    if not (0 <= answered_within <= answered and 0 <= abandoned_within <= abandoned):
        raise MethodError(
            "more calls were ended in time than at all",
            value=f"{answered_within} of {answered} answered, {abandoned_within} of {abandoned} given up",
            expected="counts from 0 to the whole",
        )
    offered = answered + abandoned
    return ServiceLevels(
        quick_abandons_count_as_met=_share(answered_within + abandoned_within, offered),
        of_answered=_share(answered_within, answered),
        of_offered=_share(answered_within, offered),
        quick_abandons_left_out=_share(answered_within, offered - abandoned_within),
    )


def _share(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")
