"""Filters over facts: three-valued truth against a loop over the rows."""

from __future__ import annotations

import numpy as np
import pytest

from satsurvey.intake.filtering import filter_truth, not_asked
from satsurvey.intake.responses import INVALID, FactColumn

N = 6
FACTS = {
    "S4": FactColumn(("0", "1", "2"), np.array([0, 1, 2, 250, INVALID, 1], dtype=np.uint8)),
    "S2": FactColumn(("phone", "im"), np.array([0, 1, 0, 1, 255, 0], dtype=np.uint8)),
    "S9": FactColumn(numbers=np.array([0.0, 30.0, 60.0, np.nan, 90.0, 30.0])),
}
T, F, U = True, False, None


def truth(expression: str) -> list[bool | None]:
    holds, fails = filter_truth(expression, FACTS, N)
    assert not (holds & fails).any()
    return [True if h else False if f else None for h, f in zip(holds, fails, strict=True)]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("S4 == 1", [F, T, F, U, U, T]),
        ("S4 != 1", [T, F, T, U, U, F]),
        ("S4 in [1, 2]", [F, T, T, U, U, T]),
        ("S4 not in [1, 2]", [T, F, F, U, U, F]),
        ("S4 >= 1", [F, T, T, U, U, T]),
        ("S4 < 1", [T, F, F, U, U, F]),
        ("S2 == 'im'", [F, T, F, T, U, F]),
        ("S9 > 30", [F, F, T, U, T, F]),
        ("S9 <= 30", [T, T, F, U, F, T]),
        ("S9 == 30", [F, T, F, U, F, T]),
        ("S9 in [0, 90]", [T, F, F, U, T, F]),
        ("not S4 == 1", [T, F, T, U, U, F]),
        ("S4 == 1 and S2 == 'im'", [F, T, F, U, U, F]),
        ("S4 == 1 or S2 == 'im'", [F, T, F, T, U, T]),
        ("S7 == 1", [U] * 6),
        ("S7 == 1 and S4 == 1", [F, U, F, U, U, U]),
        ("S7 == 1 or S4 == 1", [U, T, U, U, U, T]),
    ],
)
def test_a_condition_is_true_false_or_unknown(expression: str, expected: list[bool | None]):
    assert truth(expression) == expected
    assert not_asked(expression, FACTS, N).tolist() == [value is False for value in expected]


@pytest.mark.parametrize("expression", ["S2 > 1", "S9 == 'soon'", "S9 < 'soon'", "S4 > 'im'"])
def test_comparing_what_is_no_number_raises_nothing_and_never_holds(expression: str):
    assert True not in truth(expression)


def test_no_rows_give_no_truth():
    holds, fails = filter_truth("S7 == 1", {}, 0)
    assert holds.size == fails.size == 0
