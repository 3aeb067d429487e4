"""The four formulas of the service level: the published example, and their order."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from satsurvey.errors import MethodError
from satsurvey.service.service_levels import SERVICE_LEVELS, service_levels


def test_the_four_formulas_give_the_published_example() -> None:
    found = service_levels(answered=1000, abandoned=60, answered_within=860, abandoned_within=20)
    percents = [round(100 * getattr(found, name), 1) for name in SERVICE_LEVELS]
    assert percents == [83.0, 86.0, 81.1, 82.7]


@given(st.integers(0, 500), st.integers(0, 500), st.integers(0, 100), st.integers(0, 100))
def test_the_share_of_offered_is_the_least_and_leaving_out_lies_between(
    a: int, b: int, c: int, d: int
) -> None:
    found = service_levels(answered=a + c, abandoned=b + d, answered_within=a, abandoned_within=b)
    shares = [getattr(found, name) for name in SERVICE_LEVELS]
    if any(math.isnan(share) for share in shares):
        assert a + c == 0 or a + c + d == 0
        return
    assert all(0 <= share <= 1 for share in shares)
    assert found.of_offered <= found.quick_abandons_left_out + 1e-12
    assert found.quick_abandons_left_out <= found.quick_abandons_count_as_met + 1e-12
    assert found.quick_abandons_left_out <= found.of_answered + 1e-12


def test_when_all_gave_up_no_share_of_the_answered_exists() -> None:
    found = service_levels(answered=0, abandoned=9, answered_within=0, abandoned_within=3)
    assert math.isnan(found.of_answered)
    assert found.of_offered == 0
    assert found.quick_abandons_count_as_met == pytest.approx(1 / 3)


def test_more_in_time_than_at_all_is_refused() -> None:
    with pytest.raises(MethodError, match="more calls were ended in time than at all"):
        service_levels(answered=5, abandoned=0, answered_within=6, abandoned_within=0)
