"""Weighted counts, resamples and shares against closed forms and simulation."""

from __future__ import annotations

import numpy as np
import pytest

from satsurvey.errors import MethodError
from satsurvey.scoring.intervals import wilson
from satsurvey.text.weighing import checked_weights, counted, resampled, share_of, worth


def test_equal_weights_change_no_count_and_no_share() -> None:
    rng = np.random.default_rng(1)
    cells, weights = rng.integers(6, size=50), np.full(50, 3.0)
    assert counted(cells, 6, weights).tolist() == pytest.approx(counted(cells, 6, None).tolist())
    right = cells < 4
    assert share_of(right, weights, 0.95) == pytest.approx(share_of(right, None, 0.95))
    low, high = wilson(np.array([right.mean()]), np.array([50.0]))
    assert share_of(right, None, 0.95) == pytest.approx((right.mean(), low[0], high[0]))


def test_weighted_counts_are_sums_of_weights_scaled_to_the_rows() -> None:
    found = counted(np.array([0, 0, 2]), 3, np.array([1.0, 2.0, 5.0]))
    assert found.tolist() == pytest.approx([3 * 3 / 8, 0, 5 * 3 / 8])


def test_resamples_have_mean_and_spread_of_drawing_rows_again() -> None:
    rng = np.random.default_rng(2)
    cells, weights = rng.integers(4, size=40), rng.choice([1.0, 2.5, 7.0], 40)
    drawn = resampled(cells, 5, weights, np.random.default_rng(3), 20_000)
    sums = np.bincount(cells, weights, minlength=5)
    assert drawn.mean(axis=0) == pytest.approx(sums, rel=0.02, abs=1e-12)
    # A sum of 40 rows drawn from 40: variance 40 (mean of squares - square of mean).
    one = np.stack([np.where(cells == k, weights, 0.0) for k in range(5)])
    expected = 40 * (np.mean(one**2, axis=1) - one.mean(axis=1) ** 2)
    assert drawn.var(axis=0) == pytest.approx(expected, rel=0.05, abs=1e-12)
    few = resampled(cells, 5, weights, np.random.default_rng(3), 3)
    assert few.shape == (3, 5)


def test_a_weighted_share_is_worth_at_most_its_number_by_weights() -> None:
    weights = np.array([1.0] * 9 + [11.0])
    by_weights = 20**2 / (9 + 121)
    assert worth(np.ones(10, np.bool_), weights) == pytest.approx(by_weights)
    rng = np.random.default_rng(5)
    for _ in range(20):
        right = rng.random(10) < 0.5
        assert worth(right, weights) <= by_weights + 1e-9
    assert worth(np.ones(10, np.bool_), None) == 10
    assert np.isnan(share_of(np.zeros(0, np.bool_), None, 0.95)).all()


def test_weights_are_scaled_to_one_and_wrong_ones_refused() -> None:
    assert checked_weights(None, 3) is None
    found = checked_weights([1, 2, 3], 3)
    assert found is not None
    assert found.tolist() == [0.5, 1.0, 1.5]
    with pytest.raises(MethodError, match="not one weight for every comment"):
        checked_weights([1, 2], 3)
    with pytest.raises(MethodError, match="no positive number") as caught:
        checked_weights([1, 0, 2], 3)
    assert caught.value.row == 2
    with pytest.raises(MethodError, match="no positive number"):
        checked_weights([1, float("nan"), 2], 3)
    with pytest.raises(MethodError, match="a weight is no number"):
        checked_weights(["a", "b", "c"], 3)  # type: ignore[list-item]
