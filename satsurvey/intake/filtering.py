"""Who was asked: the filters of an instrument evaluated over the facts of interviews."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from satsurvey.instrument.filters import evaluate
from satsurvey.intake.responses import INVALID, FactColumn

if TYPE_CHECKING:
    from satsurvey.instrument.filters import Truth


def filter_truth(expression: str, facts: Mapping[str, FactColumn], n: int) -> Truth:
    """Return two masks over `n` rows: the filter is known to hold, and known not to hold."""

    def compare(fact: str, operator: str, codes: list[str]) -> Truth:
        column = facts.get(fact)
        if column is None:
            unknown = np.zeros(n, dtype=np.bool_)
            return unknown, unknown
        if operator in {"==", "!=", "in", "not in"} and column.codes is not None:
            known = column.codes < INVALID
            hit = np.isin(column.codes, [k for k, value in enumerate(column.values) if value in codes])
            return _of(hit if operator in {"==", "in"} else ~hit, known)
        values = _as_numbers(column, n)
        numbers = [_number(code) for code in codes]
        if operator in {"==", "!=", "in", "not in"}:
            hit = np.isin(values, numbers)
            return _of(hit if operator in {"==", "in"} else ~hit, ~np.isnan(values))
        bound = numbers[0]
        if np.isnan(bound):
            unknown = np.zeros(n, dtype=np.bool_)
            return unknown, unknown
        hit = {"<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal}[operator](
            values, bound
        )
        return _of(hit, ~np.isnan(values))

    return evaluate(expression, compare)


def not_asked(expression: str, facts: Mapping[str, FactColumn], n: int) -> NDArray[np.bool_]:
    """Return the rows in which an item with this filter is known not to have been asked."""
    return filter_truth(expression, facts, n)[1]


def _of(hit: NDArray[np.bool_], known: NDArray[np.bool_]) -> Truth:
    return known & hit, known & ~hit


def _as_numbers(column: FactColumn, n: int) -> NDArray[np.float64]:
    """Return the numbers behind a fact; NaN where there is no answer or its code is no number."""
    if column.numbers is not None:
        return column.numbers
    if column.codes is None:
        return np.full(n, np.nan)
    table = np.full(256, np.nan)
    table[: len(column.values)] = [_number(value) for value in column.values]
    return table[column.codes]


def _number(code: str) -> float:
    try:
        number = float(code)
    except ValueError:
        return float("nan")
    return number if np.isfinite(number) else float("nan")
