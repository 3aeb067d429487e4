"""The one place that turns computed numbers into rounded ones: text for tables, floats for cells."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from satsurvey.instrument.rounding import round_exact

if TYPE_CHECKING:
    from satsurvey.instrument.model import Rounding

# How near to a tie a scaled number may come before the exact, slow way is taken; in units of the last place.
_NEAR = 1e-6
# Beyond this the spacing of floats reaches `_NEAR` after scaling.
_LARGEST = 1e8


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


def round_texts(values: ArrayLike, decimals: int = 2, rule: Rounding = "half_up") -> list[str]:
    """Write an array of numbers as `round_text` writes each of them, in a fraction of the time.

    Parameters
    ----------
    values
        Numbers of shape (n,); NaN is written as "".
    decimals, rule
        As for `round_text`.
    """
    x = np.asarray(values, dtype=np.float64)
    exact = _exact_needed(x, decimals, rule)
    fast = x
    if rule == "truncate":
        # Moved half a place towards zero, the safe numbers are cut by the usual rounding.
        fast = x - np.copysign(0.5 / 10.0**decimals, x)
    pattern = f"%.{decimals}f"
    texts = [pattern % number for number in fast.tolist()]
    nothing = "-" + pattern % 0.0
    for at in np.flatnonzero(exact):
        texts[at] = round_text(float(x[at]), decimals, rule)
    return [text[1:] if text == nothing else text for text in texts]


def round_floats(values: ArrayLike, decimals: int = 2, rule: Rounding = "half_up") -> NDArray[np.float64]:
    """Round an array of numbers, each to the float nearest to what `round_text` writes; NaN stays."""
    x = np.asarray(values, dtype=np.float64)
    finite = np.isfinite(x)
    result = x.copy()
    result[finite] = [float(text) for text in round_texts(x[finite], decimals, rule)]
    return result


def _exact_needed(x: NDArray[np.float64], decimals: int, rule: Rounding) -> NDArray[np.bool_]:
    """Tell which numbers lie so near to a tie, or are so large, that binary arithmetic may decide wrongly."""
    round_exact(Decimal(0), decimals, rule)  # the same refusals as for a single number
    with np.errstate(over="ignore", invalid="ignore"):
        scaled = np.abs(x) * 10.0**decimals
        part = scaled - np.floor(scaled)
        tie = np.minimum(part, 1 - part) if rule == "truncate" else np.abs(part - 0.5)
        needed: NDArray[np.bool_] = ~(scaled < _LARGEST) | ~(tie > _NEAR)
    return needed
