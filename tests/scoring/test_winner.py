"""The winner's correction against the truncated normal distribution and by simulated bias and coverage."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from satsurvey.errors import MethodError
from satsurvey.scoring.winner import correct_winner


@pytest.mark.parametrize("gap", [0.3, 1.0, 2.5, 6.0])
def test_conditional_ends_are_quantiles_of_the_truncated_normal_distribution(gap: float) -> None:
    result = correct_winner([90.0, 90.0 - 2 * gap, 60.0], [2.0, 1.0, 1.0], level=0.9)
    for mean, share in (
        (result.conditional, 0.5),
        (result.conditional_low, 0.95),
        (result.conditional_high, 0.05),
    ):
        bottom = (result.runner_up - mean) / 2.0
        found = stats.truncnorm.cdf(result.score, bottom, np.inf, loc=mean, scale=2.0)
        assert found == pytest.approx(share, abs=1e-6)


@pytest.mark.parametrize("gap", [0.05, 1.0, 2.5])
def test_hybrid_ends_are_quantiles_of_the_distribution_truncated_on_both_sides(gap: float) -> None:
    result = correct_winner([90.0, 90.0 - 2 * gap, 60.0], [2.0, 1.0, 1.0], level=0.9)
    beta = 0.01
    within = 2.0 * stats.norm.ppf((1 + (1 - beta) ** (1 / 3)) / 2)
    rest = (0.1 - beta) / (1 - beta)
    for mean, share in (
        (result.hybrid, 0.5),
        (result.hybrid_low, 1 - rest / 2),
        (result.hybrid_high, rest / 2),
    ):
        bottom = max(result.runner_up, mean - within)
        inside = stats.norm.cdf([bottom, result.score, mean + within], mean, 2.0)
        assert (inside[1] - inside[0]) / (inside[2] - inside[0]) == pytest.approx(share, abs=1e-6)


def test_far_ahead_the_correction_vanishes() -> None:
    result = correct_winner([90.0, 40.0], [1.0, 1.0])
    assert result.conditional == pytest.approx(90.0, abs=1e-9)
    assert result.hybrid == pytest.approx(90.0, abs=1e-9)
    assert result.conditional_low == pytest.approx(90 - 1.959964, abs=1e-6)


def test_alone_nothing_is_corrected() -> None:
    result = correct_winner([np.nan, 90.0], [1.0, 1.0])
    assert (result.winner, result.conditional, result.runner_up) == (1, 90.0, -np.inf)


def test_a_shared_first_place_is_drawn_to_the_end_of_the_simultaneous_interval() -> None:
    result = correct_winner([90.0, 90.0], [2.0, 2.0])
    assert result.conditional == -np.inf
    assert result.hybrid == pytest.approx(90 - 2 * stats.norm.ppf((1 + 0.995**0.5) / 2), abs=1e-9)


def test_exact_scores_stay() -> None:
    result = correct_winner([90.0, 80.0], [0.0, 1.0])
    assert (result.hybrid_low, result.hybrid, result.hybrid_high) == (90.0, 90.0, 90.0)


def test_impossible_calls_are_refused_in_words() -> None:
    with pytest.raises(MethodError, match="no unit has a score"):
        correct_winner([np.nan], [1.0])
    with pytest.raises(MethodError, match="differ in shape"):
        correct_winner([1.0, 2.0], [1.0])
    with pytest.raises(MethodError, match="negative"):
        correct_winner([1.0, 2.0], [1.0, -1.0])
    with pytest.raises(MethodError, match="level is a share"):
        correct_winner([1.0, 2.0], [1.0, 1.0], level=95)


def _simulate(runs: int, between: float) -> np.ndarray:
    rng = np.random.default_rng(11)
    se = rng.uniform(2.0, 4.0, 24)
    truth = 80 + between * rng.standard_normal(24)
    rows = []
    for _ in range(runs):
        result = correct_winner(truth + se * rng.standard_normal(24), se)
        true = truth[result.winner]
        rows.append(
            (
                result.score > true,
                result.conditional > true,
                result.hybrid > true,
                result.conditional_low <= true <= result.conditional_high,
                result.hybrid_low <= true <= result.hybrid_high,
            )
        )
    return np.mean(rows, axis=0)


def test_estimates_are_median_unbiased_where_the_plain_score_is_not() -> None:
    plain, conditional, hybrid, *_ = _simulate(300, 0.0)
    assert plain > 0.95
    # standard error 0.029; the hybrid's median bias is small by design, not nil
    assert conditional == pytest.approx(0.5, abs=0.09)
    assert hybrid == pytest.approx(0.5, abs=0.09)


@pytest.mark.slow
@pytest.mark.parametrize("between", [0.0, 3.0, 10.0])
def test_intervals_of_the_winner_cover(between: float) -> None:
    _, conditional, hybrid, cover, hybrid_cover = _simulate(4_000, between)
    assert conditional == pytest.approx(0.5, abs=0.025)
    assert hybrid == pytest.approx(0.5, abs=0.025)
    assert cover == pytest.approx(0.95, abs=0.012)
    assert 0.938 <= hybrid_cover <= 0.965
