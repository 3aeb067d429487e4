"""How a raw answer becomes a score from 0 to 100: the three conversions and their printed formulas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from satsurvey.errors import MethodError
from satsurvey.instrument.model import Conversion, Instrument, Scale

_FORMULAS: Mapping[str, str] = MappingProxyType(
    {
        "share_of_max": "score = x / max × 100",
        "min_max": "score = (x - min) / (max - min) × 100",
        "anchored": "score = the value that the instrument declares for each answer",
    }
)


def conversion_formula(method: Conversion) -> str:
    """Return the printed formula of a conversion; x is the raw answer, min and max the ends of its scale."""
    _check_method(method)
    return _FORMULAS[method]


def level_scores(scale: Scale, method: Conversion, *, reverse: bool = False) -> NDArray[np.float64]:
    """Return the 0-100 score of every level of a scale.

    Parameters
    ----------
    scale
        The answer scale with L levels.
    method
        `share_of_max`: x / max * 100; `min_max`: (x - min) / (max - min) * 100; `anchored`: as declared.
    reverse
        Replace x by min + max - x first, for items on which a high answer is bad.

    Returns
    -------
    numpy.ndarray
        float64 of shape (L,), in the order of `scale.values`; each value is correct to the last bit.

    Raises
    ------
    MethodError
        When the conversion cannot be done: an unknown method, no anchors or not all of them, a scale that
        starts below 0 or ends at 0 for `share_of_max`, a scale of one level for `min_max`.

    Notes
    -----
    `share_of_max` maps 1-10 to 10-100: its lowest score is not 0. The same answers score lower under
    `min_max`, so scores of different conversions are never comparable.

    Examples
    --------
    >>> level_scores(Scale(min=1, max=5), "share_of_max").tolist()
    [20.0, 40.0, 60.0, 80.0, 100.0]
    >>> level_scores(Scale(min=1, max=5), "min_max", reverse=True).tolist()
    [100.0, 75.0, 50.0, 25.0, 0.0]
    """
    _check_method(method)
    low, high, step = (_exact(number) for number in (scale.min, scale.max, scale.step))
    levels = [low + k * step for k in range(len(scale.values))]
    if method == "anchored":
        scores = _anchors(scale)
        return np.array(scores[::-1] if reverse else scores, dtype=np.float64)
    if reverse:
        levels = [low + high - x for x in levels]
    if method == "share_of_max":
        if low < 0 or high <= 0:
            raise MethodError(
                "share_of_max needs a scale from 0 or more to a maximum above 0",
                value=f"a scale from {scale.min:g} to {scale.max:g}",
                expected="min >= 0 and max > 0",
                next_step="use the conversion min_max",
            )
        exact = [100 * x / high for x in levels]
    else:
        if low >= high:
            raise MethodError(
                "min_max needs a scale with two levels or more",
                value=f"a scale from {scale.min:g} to {scale.max:g}",
            )
        exact = [100 * (x - low) / (high - low) for x in levels]
    return np.array([float(score) for score in exact], dtype=np.float64)


def item_level_scores(
    instrument: Instrument, scales: Sequence[Scale], method: Conversion
) -> tuple[NDArray[np.float64], ...]:
    """Return the scores of the levels of every item, reverse items turned.

    Parameters
    ----------
    instrument
        Its items say which are reverse.
    scales
        The scale each item was answered on, in the order of `instrument.items`.
    method
        One conversion for all items.

    Returns
    -------
    tuple of numpy.ndarray
        One array per item, as `level_scores` gives it.

    Raises
    ------
    MethodError
        When an item cannot be converted; the message names it.
    """
    tables = []
    for item, scale in zip(instrument.items, scales, strict=True):
        try:
            tables.append(level_scores(scale, method, reverse=item.reverse))
        except MethodError as exc:
            raise MethodError(
                f"item {item.code}: {exc.what}",
                value=exc.value,
                expected=exc.expected,
                next_step=exc.next_step,
            ) from exc
    return tuple(tables)


def _anchors(scale: Scale) -> list[float]:
    missing = [code for code in scale.codes if code not in scale.anchors]
    if not scale.anchors or missing:
        raise MethodError(
            "the conversion anchored needs a declared value for every answer of the scale",
            value="no anchors" if not scale.anchors else f"no anchor for {', '.join(missing)}",
            expected=f"anchors for {', '.join(scale.codes)}",
            next_step="declare the scale's anchors in the instrument file, or use another conversion",
        )
    return [scale.anchors[code] for code in scale.codes]


def _check_method(method: str) -> None:
    if method not in get_args(Conversion):
        raise MethodError(
            "this conversion is not known", value=method, expected=", ".join(get_args(Conversion))
        )


def _exact(number: float) -> Fraction:
    # Through the shortest decimal: a step declared as 0.1 is a tenth, so that levels carry no binary dust.
    return Fraction(Decimal(repr(float(number))))
