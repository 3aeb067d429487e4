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
        if column.numbers is not None:
            known = ~np.isnan(column.numbers)
            values = column.numbers
            numbers = [float(code) for code in codes]
        else:
            known = column.codes < INVALID  # type: ignore[operator]
            numbers = []
        if operator in {"==", "!=", "in", "not in"}:
            if column.codes is not None:
                wanted = [k for k, value in enumerate(column.values) if value in codes]
                hit = np.isin(column.codes, wanted)
            else:
                hit = np.isin(values, numbers)
            hit = hit if operator in {"==", "in"} else ~hit
        else:
            if column.codes is not None:
                table = np.full(256, np.nan)
                for k, value in enumerate(column.values):
                    try:
                        table[k] = float(value)
                    except ValueError:
                        known = known & (column.codes != k)
                values, numbers = table[column.codes], [float(code) for code in codes]
            with np.errstate(invalid="ignore"):
                hit = {
                    "<": values < numbers[0],
                    "<=": values <= numbers[0],
                    ">": values > numbers[0],
                    ">=": values >= numbers[0],
                }[operator]
        return known & hit, known & ~hit

    return evaluate(expression, compare)


def not_asked(expression: str, facts: Mapping[str, FactColumn], n: int) -> NDArray[np.bool_]:
    """Return the rows in which an item with this filter is known not to have been asked."""
    return filter_truth(expression, facts, n)[1]

