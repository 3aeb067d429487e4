"""Moderated variances against limma, scipy and simulated truth."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy import special

from satsurvey.errors import MethodError
from satsurvey.scoring.moderation import digamma, inverse_trigamma, moderate, tetragamma, trigamma

REFERENCE = json.loads(
    (Path(__file__).resolve().parents[1] / "reference" / "ranking.json").read_text(encoding="utf-8")
)
CASES = REFERENCE["moderated"]


@pytest.mark.parametrize("name", sorted(CASES))
def test_moderated_variances_equal_those_of_limma(name: str) -> None:
    case = CASES[name]
    result = moderate(case["variance"], case["df"])
    assert float(result.prior_df) == pytest.approx(float(case["prior_df"]), rel=1e-9)
    assert float(result.prior_variance) == pytest.approx(case["prior_variance"], rel=1e-9)
    assert result.variance.tolist() == pytest.approx(case["moderated"], rel=1e-9)


def test_polygamma_functions_equal_those_of_scipy() -> None:
    x = np.logspace(-6, 6, 500)
    assert digamma(x) == pytest.approx(special.digamma(x), rel=1e-12, abs=1e-14)
    assert trigamma(x) == pytest.approx(special.polygamma(1, x), rel=1e-13)
    assert tetragamma(x) == pytest.approx(special.polygamma(2, x), rel=1e-13)


def test_inverse_trigamma_undoes_trigamma_and_equals_limma() -> None:
    x = np.logspace(-6, 7, 400)
    assert special.polygamma(1, inverse_trigamma(x)) == pytest.approx(x, rel=1e-12)
    reference = REFERENCE["inverse_trigamma"]
    assert inverse_trigamma(reference["x"]) == pytest.approx(np.array(reference["y"]), rel=1e-9)
    # outside, the leading term: exact to the root of its smallness
    assert inverse_trigamma([1e-9, 1e9]) == pytest.approx([1e9, 1e9**-0.5], rel=1e-4)


def test_many_problems_at_once_equal_one_at_a_time() -> None:
    rng = np.random.default_rng(4)
    df = rng.integers(2, 30, 9).astype(float)
    variance = rng.gamma(2.0, 50.0, (5, 4, 9))
    variance[2, 1] = 100.0  # no spread: an infinite prior
    variance[3, 3, :2] = 0.0
    together = moderate(variance, df)
    for place in np.ndindex(5, 4):
        alone = moderate(variance[place], df)
        assert together.prior_df[place] == pytest.approx(float(alone.prior_df), rel=1e-12)
        assert together.variance[place] == pytest.approx(alone.variance, rel=1e-12)
    assert np.isinf(together.prior_df[2, 1])


def test_prior_is_recovered_from_simulated_variances() -> None:
    rng = np.random.default_rng(7)
    prior_df, prior_variance, df = 8.0, 225.0, 19.0
    truth = prior_variance * prior_df / rng.chisquare(prior_df, (400, 360))
    raw = truth * rng.chisquare(df, truth.shape) / df
    result = moderate(raw, df)
    # 400 problems: the simulation error of the mean of log d0 is about 0.01
    assert np.exp(np.log(result.prior_df).mean()) == pytest.approx(prior_df, rel=0.06)
    assert result.prior_variance.mean() == pytest.approx(prior_variance, rel=0.01)
    error = np.square(np.log(result.variance / truth)).mean()
    assert error < 0.8 * np.square(np.log(raw / truth)).mean()


def test_equal_true_variances_pool_by_degrees_of_freedom() -> None:
    variance, df = np.array([99.0, 100.0, 101.0]), np.array([10.0, 30.0, 60.0])
    result = moderate(variance, df)
    assert np.isinf(result.prior_df)
    assert result.variance == pytest.approx(np.full(3, (99 * 10 + 100 * 30 + 101 * 60) / 100), rel=1e-14)


def test_unit_of_measurement_does_not_matter_even_when_most_variances_are_zero() -> None:
    variance = np.array([0.0, 0.0, 0.0, 4.0, 9.0])
    plain, scaled = moderate(variance, 10.0), moderate(variance * 1e6, 10.0)
    assert scaled.prior_df == pytest.approx(plain.prior_df, rel=1e-9)
    assert scaled.variance == pytest.approx(plain.variance * 1e6, rel=1e-9)
    assert (plain.variance > 0).all()


@pytest.mark.parametrize(
    ("variance", "df", "words"),
    [
        ([4.0, 9.0], [19.0, 19.0], "fewer than three"),
        ([0.0, 0.0, 0.0], [19.0, 19.0, 19.0], "every variance is zero"),
    ],
)
def test_what_cannot_be_moderated_stays_with_a_note(
    variance: list[float], df: list[float], words: str
) -> None:
    result = moderate(variance, df)
    assert result.variance.tolist() == variance
    assert result.prior_df == 0
    assert words in " ".join(result.notes)


def test_a_unit_with_one_interview_is_left_out_and_the_others_are_moderated() -> None:
    result = moderate([4.0, np.nan, 9.0, 25.0], [19.0, 0.0, 19.0, 19.0])
    others = moderate([4.0, 9.0, 25.0], 19.0)
    assert np.isnan(result.variance[1])
    assert result.variance[[0, 2, 3]].tolist() == others.variance.tolist()
    assert "1 of 4 units" in result.notes[0]


@pytest.mark.parametrize(
    ("variance", "df", "words"),
    [
        ([1.0, -2.0, 3.0], 5.0, "negative"),
        ([1.0, 2.0, 3.0], [5.0, 5.0], "one per unit"),
        ([1.0, 2.0, 3.0], [5.0, -5.0, 5.0], "at least 0"),
        (3.0, 5.0, "list"),
    ],
)
def test_impossible_variances_are_refused_in_words(variance: object, df: object, words: str) -> None:
    with pytest.raises(MethodError, match=words):
        moderate(variance, df)  # type: ignore[arg-type]
