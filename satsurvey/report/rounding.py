"""The one place that turns computed numbers into rounded text for tables."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import TYPE_CHECKING

from satsurvey.instrument.rounding import round_exact

if TYPE_CHECKING:
    from satsurvey.instrument.model import Rounding


def round_text(value: float | Decimal | None, decimals: int = 2, rule: Rounding = "half_up") -> str:
    """Write a number with a fixed count of decimals.

    Parameters
    ----------
    value
        The number at full precision. NaN and None are written as "".
    decimals
        Places after the point.
    rule
        `half_up` (ties away from zero, 四舍五入), `half_even` or `truncate` (towards zero).

    Returns
    -------
    str
        No exponent, no thousands separators, never "-0.00"; infinities are "∞" and "-∞".

    Raises
    ------
    MethodError
        When the rule is unknown or `decimals` is negative.

    Notes
    -----
    A float is rounded as the shortest decimal that reads back as the same float, because that is the number a
    person sees: 83.715 is 83.72 half up, although the nearest binary number lies below the tie.

    Examples
    --------
    >>> round_text(83.715), round_text(83.715, rule="truncate"), round_text(float("nan"))
    ('83.72', '83.71', '')
    """
    if value is None:
        return ""
    if not isinstance(value, Decimal):
        number = float(value)
        if math.isnan(number):
            return ""
        if math.isinf(number):
            return "∞" if number > 0 else "-∞"
        value = Decimal(repr(number))
    elif not value.is_finite():
        return "" if value.is_nan() else ("∞" if value > 0 else "-∞")
    return format(round_exact(value, decimals, rule), "f")
