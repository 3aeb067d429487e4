"""Expected ranks and probabilities of first places against simulation and closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, stats

from satsurvey.errors import MethodError
from satsurvey.scoring import posterior_ranks
from satsurvey.scoring.posterior_ranks import expected_ranks, top_probabilities

CENTRE = np.array([80.0, 82.0, 78.0, 90.0, 82.0, 70.0])
SPREAD = np.array([4.0, 9.0, 1.0, 16.0, 2.0, 25.0])


def test_expected_ranks_equal_the_mean_rank_of_simulated_truths() -> None:
    truth = CENTRE + np.sqrt(SPREAD) * np.random.default_rng(1).standard_normal((200_000, 6))
    mean_rank = 1 + (truth[:, None, :] > truth[:, :, None]).sum(axis=2).mean(axis=0)
    # simulation error of a mean rank is under 0.003
    assert expected_ranks(CENTRE, SPREAD) == pytest.approx(mean_rank, abs=0.012)


def test_expected_ranks_sum_to_those_of_a_list(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = expected_ranks(CENTRE, SPREAD)
    monkeypatch.setattr(posterior_ranks, "_CELLS", 7)
    assert whole.sum() == pytest.approx(21.0, abs=1e-12)
    assert expected_ranks(CENTRE, SPREAD).tolist() == whole.tolist()


def test_expected_ranks_without_uncertainty_are_the_mid_ranks() -> None:
    assert expected_ranks([3.0, 5.0, 3.0], [0.0, 0.0, 0.0]).tolist() == [2.5, 1.0, 2.5]


def test_probability_of_the_first_place_equals_its_integral() -> None:
    def first(unit: int) -> float:
        def density(x: float) -> float:
            others = np.delete(np.arange(6), unit)
            below = stats.norm.cdf(x, CENTRE[others], np.sqrt(SPREAD[others])).prod()
            return float(stats.norm.pdf(x, CENTRE[unit], np.sqrt(SPREAD[unit])) * below)

        return float(integrate.quad(density, 40, 120, limit=200)[0])

    found = top_probabilities(CENTRE, SPREAD, top_k=1, draws=100_000)
    assert found == pytest.approx([first(unit) for unit in range(6)], abs=0.006)
    assert found.sum() == pytest.approx(1.0, abs=1e-12)


def test_probabilities_of_the_first_places_sum_to_their_number() -> None:
    assert top_probabilities(CENTRE, SPREAD, top_k=3, draws=500).sum() == pytest.approx(3.0, abs=1e-9)
    assert top_probabilities(CENTRE, SPREAD, top_k=6).tolist() == [1.0] * 6


def test_seed_repeats_the_probabilities() -> None:
    first, again = (top_probabilities(CENTRE, SPREAD, draws=500, seed=3) for _ in range(2))
    assert first.tolist() == again.tolist()


def test_impossible_calls_are_refused_in_words() -> None:
    with pytest.raises(MethodError, match="at least one"):
        top_probabilities(CENTRE, SPREAD, top_k=0)
    with pytest.raises(MethodError, match="draws"):
        top_probabilities(CENTRE, SPREAD, draws=0)
    with pytest.raises(MethodError, match="differ in shape"):
        expected_ranks(CENTRE, SPREAD[:2])
    with pytest.raises(MethodError, match="not negative"):
        expected_ranks([1.0, 2.0], [1.0, -1.0])
