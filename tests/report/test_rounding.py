"""Rounding for display: what a person would write for the number he sees."""

from __future__ import annotations

import subprocess
import sys
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from satsurvey.errors import MethodError
from satsurvey.report.rounding import round_text

DECIMAL_RULES = {"half_up": ROUND_HALF_UP, "half_even": ROUND_HALF_EVEN, "truncate": ROUND_DOWN}


@pytest.mark.parametrize(
    ("value", "half_up", "half_even", "truncate"),
    [
        (83.715, "83.72", "83.72", "83.71"),  # the nearest float lies below the tie
        (83.725, "83.73", "83.72", "83.72"),
        (83.71833333333333, "83.72", "83.72", "83.71"),
        (2.675, "2.68", "2.68", "2.67"),
        (1.005, "1.01", "1.00", "1.00"),
        (99.995, "100.00", "100.00", "99.99"),
        (0.29 * 100, "29.00", "29.00", "28.99"),  # 28.999999999999996 is what the computation gave
        (-0.004, "0.00", "0.00", "0.00"),
        (-0.005, "-0.01", "0.00", "0.00"),
        (-83.715, "-83.72", "-83.72", "-83.71"),
        (100, "100.00", "100.00", "100.00"),
        (1e22, "10000000000000000000000.00", "10000000000000000000000.00", "10000000000000000000000.00"),
    ],
)
def test_known_numbers(value: float, half_up: str, half_even: str, truncate: str) -> None:
    expected = {"half_up": half_up, "half_even": half_even, "truncate": truncate}
    for rule, text in expected.items():
        assert round_text(value, 2, rule) == text  # type: ignore[arg-type]


def test_absent_numbers_are_empty_and_infinite_ones_a_sign() -> None:
    values = [float("nan"), float("inf"), float("-inf")]
    assert [round_text(value) for value in values] == ["", "∞", "-∞"]
    assert round_text(None) == ""
    assert round_text(Decimal("NaN")) == ""
    assert round_text(Decimal("83.715")) == "83.72"


@given(
    st.lists(
        st.one_of(
            st.floats(allow_nan=False, allow_infinity=False),
            st.floats(-1000, 1000),
            st.integers(-200_000, 200_000).map(lambda k: k / 1000),
        )
    ),
    st.integers(0, 6),
    st.sampled_from(sorted(DECIMAL_RULES)),
)
def test_numbers_are_written_as_the_shortest_decimal_is_rounded(
    values: list[float], decimals: int, rule: str
) -> None:
    wide = Context(prec=400)
    expected = []
    for value in values:
        text = format(
            Decimal(repr(value)).quantize(Decimal(1).scaleb(-decimals), DECIMAL_RULES[rule], wide), "f"
        )
        expected.append(text[1:] if text.startswith("-") and not text.strip("-0.") else text)
    assert [round_text(value, decimals, rule) for value in values] == expected  # type: ignore[arg-type]


def test_numpy_scalars_and_no_decimals_are_written_as_plain_numbers() -> None:
    assert round_text(np.float64(83.715)) == "83.72"
    assert round_text(np.int64(7), 0) == "7"
    assert [round_text(value, 0, "half_even") for value in (0.5, 1.5, 2.5)] == ["0", "2", "2"]
    assert [round_text(value, 0, "half_up") for value in (0.5, 1.5, 2.5)] == ["1", "2", "3"]


def test_unknown_rules_and_negative_decimals_are_refused() -> None:
    with pytest.raises(MethodError, match="not known"):
        round_text(1.0, 2, "up")  # type: ignore[arg-type]
    with pytest.raises(MethodError, match="negative"):
        round_text(1.0, -2)


def test_importing_the_rounding_does_not_import_pandas_or_pydantic() -> None:
    code = (
        "import sys, satsurvey.report.rounding\n"
        "print([name for name in ('pandas', 'scipy', 'pyarrow') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
