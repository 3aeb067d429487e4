"""The rounding rules that an instrument can declare, in exact arithmetic; `report.rounding` makes text."""

from __future__ import annotations

from decimal import Context, Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from satsurvey.errors import MethodError

if TYPE_CHECKING:
    from satsurvey.instrument.model import Rounding

RULES: tuple[Rounding, ...] = ("half_up", "half_even", "truncate")

# Wide enough for the largest float with six decimals; the default context of 28 digits refuses 1e30.
_CONTEXT = Context(prec=400)


def round_exact(value: Decimal | Fraction, decimals: int, rule: Rounding) -> Decimal:
    """Round an exact number to `decimals` places.

    Parameters
    ----------
    value
        A finite decimal or a fraction.
    decimals
        Places after the point, 0 or more.
    rule
        `half_up` (ties away from zero), `half_even` (ties to the even digit) or `truncate` (towards zero).

    Raises
    ------
    MethodError
        When the rule is unknown or `decimals` is negative.
    """
    if rule not in RULES:
        raise MethodError("this rounding rule is not known", value=rule, expected=", ".join(RULES))
    if decimals < 0:
        raise MethodError("a number of decimals is negative", value=decimals, expected="0 or more")
    scaled = abs(Fraction(value)) * 10**decimals
    whole, rest = divmod(scaled.numerator, scaled.denominator)
    twice = 2 * rest - scaled.denominator
    if rule != "truncate" and (twice > 0 or (twice == 0 and (rule == "half_up" or whole % 2))):
        whole += 1
    # A negative number that rounds to nothing is 0, not -0.
    return Decimal(whole if value > 0 else -whole).scaleb(-decimals, _CONTEXT)
