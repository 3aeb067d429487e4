"""Intervals of shares against closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import stdtrit

from satsurvey.scoring.intervals import percentiles, quantile, wilson


@pytest.mark.parametrize("level", [0.8, 0.95, 0.99])
@given(st.integers(1, 500), st.floats(0, 1))
def test_the_ends_of_wilson_are_where_the_score_test_just_rejects(level: float, n: int, part: float) -> None:
    share = np.array([round(part * n) / n])
    z = quantile(level)
    for end in wilson(share, np.array([float(n)]), level=level):
        p = float(end[0])
        # (p̂ - p)² = z² p (1 - p) / n, Wilson 1927.
        assert (share[0] - p) ** 2 == pytest.approx(z**2 * p * (1 - p) / n, abs=1e-12)


def test_wilson_never_leaves_the_shares_and_is_exact_at_their_ends() -> None:
    low, high = wilson(np.array([0.0, 1.0]), np.array([20.0, 20.0]))
    assert (low[0], high[1]) == (0.0, 1.0)
    z2 = quantile(0.95) ** 2
    assert high[0] == pytest.approx(z2 / (20 + z2))
    assert low[1] == pytest.approx(20 / (20 + z2))


def test_no_end_is_a_negative_nought() -> None:
    # From 2 to 500 comments the dust of rounding lies on either side of nought.
    n = np.arange(2.0, 500.0)
    for share in (0.0, 1.0):
        for ends in wilson(np.full(n.size, share), n), wilson(np.full(n.size, share), n, df=n - 1):
            assert not np.signbit(ends).any()


def test_few_degrees_of_freedom_widen_it_by_students_quantile() -> None:
    share, n = np.array([0.3]), np.array([40.0])
    low, high = wilson(share, n, df=np.array([4.0]))
    t = float(stdtrit(4.0, 0.975))
    for end in (low[0], high[0]):
        assert (0.3 - end) ** 2 == pytest.approx(t**2 * end * (1 - end) / 40)


def test_nothing_observed_has_no_interval() -> None:
    low, high = wilson(np.array([np.nan]), np.array([0.0]))
    assert np.isnan([low[0], high[0]]).all()


def test_percentiles_leave_out_draws_without_a_figure() -> None:
    draws = np.column_stack([np.arange(101.0), np.full(101, np.nan)])
    draws[0, 0] = np.nan
    low, high = percentiles(draws, 0.9)
    assert (low[0], high[0]) == pytest.approx((5.95, 95.05))
    assert np.isnan([low[1], high[1]]).all()
