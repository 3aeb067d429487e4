"""Verdicts on published statements: what an interval from the user's own data says of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from satsurvey.errors import MethodError

Verdict = Literal["supported", "compatible", "inconclusive", "contradicted", "not_testable"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
"""What can be said of a statement."""
RuleKind = Literal["range", "point", "above", "below", "within", "probability", "form"]

TOLERANCE = 0.20
"""A stated number is met by an interval that lies within this share of it."""
_NONE = math.nan


@dataclass(frozen=True)
class Rule:
    """How an interval is held against a statement.

    Attributes
    ----------
    kind
        `range`: a stated range from `low` to `high`. `point`: a stated number, `value`. `above`, `below`: a
        bound, `value`, that is exceeded or stayed under. `within`: a margin from `low` to `high` inside which
        a difference counts as none. `probability`: of the statement itself, contradicted under `low` and
        supported over `high`. `form`: decided by the shape of a relation, case by case.
    value, low, high
        The numbers of the statement, in the unit of the estimate.
    null
        What the estimate is when there is no effect; NaN where there is no such number, as with a share.
    """

    kind: RuleKind
    value: float = _NONE
    low: float = _NONE
    high: float = _NONE
    null: float = _NONE

    def verdict(self, low: float, high: float, *, tolerance: float = TOLERANCE) -> Verdict:
        """Return the verdict on an interval.

        Parameters
        ----------
        low, high
            Ends of the interval, in the unit of the statement. For `probability` both are the probability.
        tolerance
            For `point`: share of the stated number.

        Raises
        ------
        MethodError
            When the kind is `form`, which no interval decides, or the ends are in the wrong order.
        """
        if low > high:
            raise MethodError("the ends of an interval are in the wrong order", value=f"{low} to {high}")
        if self.kind == "range":
            return range_verdict(low, high, self.low, self.high, null=self.null)
        if self.kind == "point":
            return point_verdict(low, high, self.value, null=self.null, tolerance=tolerance)
        if self.kind == "within":
            return margin_verdict(low, high, self.low, self.high)
        if self.kind == "probability":
            return probability_verdict(low, contradicted=self.low, supported=self.high)
        if self.kind in ("above", "below"):
            return bound_verdict(low, high, self.value, above=self.kind == "above")
        raise MethodError("this statement is not decided by an interval alone")


def range_verdict(
    low: float, high: float, stated_low: float, stated_high: float, *, null: float = _NONE
) -> Verdict:
    """Return the verdict on a stated range; all ends belong to the intervals.

    Supported: the interval lies inside the range. Contradicted: it lies outside. Where it overlaps the range,
    compatible when it excludes no effect, inconclusive when it covers that, too.

    Examples
    --------
    >>> range_verdict(4.2, 6.5, 4, 7, null=0), range_verdict(-1.0, 5.0, 4, 7, null=0)
    ('supported', 'inconclusive')
    """
    if math.isnan(low) or math.isnan(high):
        return "not_testable"
    if low >= stated_low and high <= stated_high:
        return "supported"
    if high < stated_low or low > stated_high:
        return "contradicted"
    return "inconclusive" if low <= null <= high else "compatible"


def point_verdict(
    low: float, high: float, stated: float, *, null: float = _NONE, tolerance: float = TOLERANCE
) -> Verdict:
    """Return the verdict on a stated number.

    Supported: the interval lies inside the number plus or minus the tolerance, so near that the difference
    does not matter, even where so many rows were seen that the number itself is excluded. Else contradicted
    when the interval excludes the number; compatible when it covers it and excludes no effect; inconclusive
    when it covers both.

    Examples
    --------
    >>> point_verdict(1.1, 1.7, 1.35, null=1), point_verdict(1.00, 1.7, 1.35, null=1)
    ('compatible', 'inconclusive')
    """
    if math.isnan(low) or math.isnan(high):
        return "not_testable"
    room = abs(stated) * tolerance
    if low >= stated - room and high <= stated + room:
        return "supported"
    if high < stated or low > stated:
        return "contradicted"
    return "inconclusive" if low <= null <= high else "compatible"


def bound_verdict(low: float, high: float, bound: float, *, above: bool) -> Verdict:
    """Return the verdict on a bound: supported beyond it, contradicted up to it, else inconclusive."""
    if math.isnan(low) or math.isnan(high):
        return "not_testable"
    if not above:
        low, high, bound = -high, -low, -bound
    if low > bound:
        return "supported"
    return "contradicted" if high <= bound else "inconclusive"


def margin_verdict(low: float, high: float, margin_low: float, margin_high: float) -> Verdict:
    """Return whether a difference is none: supported inside the margin, contradicted outside it."""
    if math.isnan(low) or math.isnan(high):
        return "not_testable"
    if low >= margin_low and high <= margin_high:
        return "supported"
    return "contradicted" if high < margin_low or low > margin_high else "inconclusive"


def probability_verdict(
    probability: float, *, contradicted: float = 0.05, supported: float = 0.95
) -> Verdict:
    """Return the verdict on a statement with a probability of being true."""
    if math.isnan(probability):
        return "not_testable"
    if probability > supported:
        return "supported"
    return "contradicted" if probability < contradicted else "inconclusive"


def together(verdicts: Sequence[Verdict]) -> Verdict:
    """Return the verdict on a statement of several parts, all of which must hold.

    One part contradicted contradicts the whole; else the weakest part decides. Parts that could not be tested
    keep the whole from being supported and are left out otherwise.

    Examples
    --------
    >>> together(["supported", "not_testable"]), together(["supported", "contradicted"])
    ('compatible', 'contradicted')
    """
    tested = [verdict for verdict in verdicts if verdict != "not_testable"]
    for weakest in ("contradicted", "inconclusive", "compatible"):
        if weakest in tested:
            return weakest
    if not tested:
        return "not_testable"
    return "supported" if len(tested) == len(verdicts) else "compatible"
