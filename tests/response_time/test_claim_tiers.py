"""Excellent companies against the rest: closed forms, and intervals that hold with few companies."""

from __future__ import annotations

import numpy as np
import pytest

from satsurvey.errors import MethodError
from satsurvey.response_time.claim_tiers import difference_and_percent


def test_without_industries_the_error_of_the_difference_is_that_of_welch() -> None:
    score = np.array([70.0, 74, 81, 60, 62, 65, 58, 71])
    excellent = np.array([1.0, 1, 1, 0, 0, 0, 0, 0])
    points, percent = difference_and_percent(score, excellent, np.zeros(8, dtype=np.int64), 0.95)
    one, rest = score[:3], score[3:]
    difference, mean = one.mean() - rest.mean(), rest.mean()
    assert points[0] == pytest.approx(difference)
    assert percent[0] == pytest.approx(100 * difference / mean)
    # HC2 of a difference of two means is s1^2/n1 + s2^2/n2; both intervals have the same t.
    variance = one.var(ddof=1) / 3 + rest.var(ddof=1) / 5
    # Of the ratio m1/m0: var(m1)/m0^2 + m1^2 var(m0)/m0^4.
    of_ratio = one.var(ddof=1) / 3 / mean**2 + one.mean() ** 2 * rest.var(ddof=1) / 5 / mean**4
    t = (points[2] - points[1]) / 2 / np.sqrt(variance)
    assert percent[2] - percent[1] == pytest.approx(2 * t * 100 * np.sqrt(of_ratio), rel=1e-9)
    # Satterthwaite's degrees of freedom lie between those of the smaller group and of the whole.
    assert 2.446912 < t < 4.302653


def test_industries_are_taken_out() -> None:
    # Industry 1 is 20 points better and has more excellent companies; excellent ones have 5 more in both.
    industry = np.repeat([0, 1], 10)
    excellent = np.array([1.0] * 2 + [0] * 8 + [1] * 8 + [0] * 2)
    noise = np.tile([0.5, -0.5], 10)
    score = 60 + 20 * industry + 5 * excellent + noise
    points, _ = difference_and_percent(score, excellent, industry, 0.95)
    assert points[0] == pytest.approx(5.0, abs=0.2)


def test_companies_of_one_side_in_every_industry_are_refused() -> None:
    industry = np.repeat([0, 1], 5)
    with pytest.raises(MethodError, match="no industry has companies on both sides"):
        difference_and_percent(np.arange(10.0) + 50, 1.0 * (industry == 1), industry, 0.95)


def held(n: int, share: float, *, spread: float, runs: int, seed: int) -> tuple[float, float]:
    """Return how often the intervals hold the truth: 10 points, and that in percent of 62."""
    rng = np.random.default_rng(seed)
    inside = np.zeros(2)
    for _ in range(runs):
        industry = np.arange(n) % 4
        excellent = np.zeros(n)
        excellent[rng.permutation(n)[: round(share * n)]] = 1
        own = rng.normal(0, 3, n) * np.where(excellent == 1, spread, 1)
        score = 62 + 10 * excellent + own
        try:
            points, percent = difference_and_percent(score, excellent, industry, 0.95)
        except MethodError:
            continue
        inside += [points[1] <= 10 <= points[2], percent[1] <= 1000 / 62 <= percent[2]]
    return tuple(inside / runs)  # type: ignore[return-value]


def test_with_twenty_companies_intervals_are_not_narrow() -> None:
    # Three standard errors of 300 runs: a bootstrap over companies, which held 88 to 92 of 100, would fail.
    for share in held(20, 0.25, spread=1.5, runs=300, seed=1):
        assert share >= 0.95 - 3 * np.sqrt(0.95 * 0.05 / 300) + 0.01


@pytest.mark.slow
@pytest.mark.parametrize("n", [20, 60, 200])
@pytest.mark.parametrize(("share", "spread"), [(0.5, 1.0), (0.25, 1.5)])
def test_intervals_hold_the_truth_95_times_of_100(n: int, share: float, spread: float) -> None:
    runs = 4000
    for found in held(n, share, spread=spread, runs=runs, seed=n):
        assert 0.94 - 2 * np.sqrt(0.05 * 0.95 / runs) <= found <= 0.96 + 2 * np.sqrt(0.05 * 0.95 / runs)
