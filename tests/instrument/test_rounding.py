"""The exact rounding rules against the rules of the decimal module."""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from satsurvey.errors import MethodError
from satsurvey.instrument.rounding import round_exact

DECIMAL_RULES = {"half_up": ROUND_HALF_UP, "half_even": ROUND_HALF_EVEN, "truncate": ROUND_DOWN}


@given(
    st.decimals(allow_nan=False, allow_infinity=False, min_value=-1000, max_value=1000, places=4),
    st.integers(0, 5),
    st.sampled_from(sorted(DECIMAL_RULES)),
)
def test_rounding_agrees_with_the_decimal_module(value: Decimal, decimals: int, rule: str) -> None:
    expected = value.quantize(Decimal(1).scaleb(-decimals), DECIMAL_RULES[rule], Context(prec=50))
    result = round_exact(value, decimals, rule)  # type: ignore[arg-type]
    assert result == expected
    assert result.as_tuple().exponent == -decimals


def test_a_fraction_without_end_is_rounded_exactly() -> None:
    assert str(round_exact(Fraction(50231, 600), 2, "half_up")) == "83.72"
    assert str(round_exact(Fraction(50231, 600), 2, "truncate")) == "83.71"


def test_a_negative_number_that_vanishes_has_no_sign() -> None:
    assert str(round_exact(Decimal("-0.001"), 2, "half_up")) == "0.00"


def test_an_unknown_rule_is_named_in_the_refusal() -> None:
    with pytest.raises(MethodError, match=r"(?s)ceiling.*half_up, half_even, truncate"):
        round_exact(Decimal(1), 2, "ceiling")  # type: ignore[arg-type]
    with pytest.raises(MethodError, match="negative"):
        round_exact(Decimal(1), -1, "half_up")
