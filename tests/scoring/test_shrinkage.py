"""Shrinkage against lme4, metafor, eight schools, closed forms and data with known truth."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from satsurvey.errors import MethodError
from satsurvey.scoring.shrinkage import shrink

REFERENCE = Path(__file__).resolve().parents[1] / "reference"


@pytest.fixture(scope="module")
def reference() -> dict:
    return json.loads((REFERENCE / "shrinkage.json").read_text(encoding="utf-8"))


def read(name: str) -> list[dict[str, str]]:
    with (REFERENCE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def known_family(name: str) -> tuple[np.ndarray, np.ndarray]:
    rows = [row for row in read("shrinkage_known.csv") if row["family"] == name]
    return (
        np.array([float(row["score"]) for row in rows]),
        np.array([float(row["variance"]) for row in rows]),
    )


def tallies(case: str, companies: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Count the answers of companies, and take their means."""
    rows = [row for row in read("shrinkage_answers.csv") if row["case"] == case]
    answers = [np.array([float(row["y"]) for row in rows if row["company"] == name]) for name in companies]
    return np.array([y.size for y in answers]), np.array([y.mean() for y in answers])


def restricted(tau2: float, x: np.ndarray, v: np.ndarray) -> float:
    """-2 log restricted likelihood, written out."""
    w = 1 / (v + tau2)
    m = (w * x).sum() / w.sum()
    return float(np.log(v + tau2).sum() + np.log(w.sum()) + (w * (x - m) ** 2).sum())


def test_eight_schools_are_pooled_fully_at_7_6856() -> None:
    # Rubin (1981); Gelman et al., Bayesian Data Analysis, table 5.2.
    result = shrink([28, 8, -3, 7, -1, 1, 18, 12], np.array([15, 10, 16, 11, 9, 11, 10, 18]) ** 2)
    assert result.tau2 == 0
    assert result.mean == pytest.approx(7.6856, abs=5e-5)
    assert result.estimate == pytest.approx(np.full(8, result.mean), rel=1e-14)
    assert result.variance == pytest.approx(np.full(8, result.mean_variance), rel=1e-14)
    assert "full pooling" in result.notes[-1]


@pytest.mark.parametrize("family", ["eight_schools", "wide", "narrow", "two", "none"])
def test_known_variances_agree_with_metafor(reference: dict, family: str) -> None:
    x, v = known_family(family)
    expected, result = reference["known"][family], shrink(x, v)
    assert result.tau2 == pytest.approx(expected["tau2"], rel=1e-8, abs=1e-9)
    assert result.mean == pytest.approx(expected["mean"], rel=1e-9)
    assert result.mean_variance == pytest.approx(expected["mean_variance"], rel=1e-8)
    assert result.estimate == pytest.approx(np.array(expected["estimate"]), rel=1e-9)
    assert result.variance == pytest.approx(np.array(expected["variance"]), rel=1e-8)


@pytest.mark.parametrize("family", ["eight_schools", "wide", "narrow", "two", "none"])
def test_known_variances_agree_with_lme4_with_its_residual_variance_held(
    reference: dict, family: str
) -> None:
    assert shrink(*known_family(family)).tau2 == pytest.approx(
        reference["known"][family]["tau2_lme4"], rel=1e-5, abs=1e-9
    )


@pytest.mark.parametrize(
    ("case", "family"),
    [
        *[(case, family) for case in ("spread", "flat") for family in ("all", "g1", "g2", "g3")],
        *[("alike", family) for family in ("all", "g1", "g2")],
    ],
)
def test_scores_of_answers_agree_with_lme4(reference: dict, case: str, family: str) -> None:
    expected = reference["answers"][case][family]
    n, mean = tallies(case, expected["company"])
    result = shrink(mean, expected["sigma2"] / n)
    # lme4 minimises over sqrt(tau2 / sigma2): a tau2 of next to nothing has the digits of sigma2.
    assert result.tau2 == pytest.approx(expected["tau2"], rel=1e-5, abs=1e-8 * expected["sigma2"])
    assert result.mean == pytest.approx(expected["mean"], rel=1e-6)
    assert result.mean_variance == pytest.approx(expected["mean_variance"], rel=1e-5)
    assert result.estimate == pytest.approx(np.array(expected["estimate"]), rel=1e-6)
    conditional = result.reliability * expected["sigma2"] / n
    assert conditional == pytest.approx(
        np.array(expected["conditional_variance"]), rel=1e-4, abs=1e-8 * expected["sigma2"]
    )


def test_equal_variances_have_the_closed_form() -> None:
    x = np.array([70.0, 75.5, 81.0, 84.0, 92.5])
    result = shrink(x, np.full(5, 9.0))
    assert result.tau2 == pytest.approx(x.var(ddof=1) - 9.0, rel=1e-12)
    assert result.mean == pytest.approx(x.mean(), rel=1e-14)
    b = result.tau2 / (result.tau2 + 9)
    assert result.reliability == pytest.approx(np.full(5, b), rel=1e-12)
    assert result.estimate == pytest.approx(x.mean() + b * (x - x.mean()), rel=1e-12)
    assert result.variance == pytest.approx(np.full(5, b * 9 + (1 - b) ** 2 * x.var(ddof=1) / 5), rel=1e-12)


def test_one_company_keeps_its_score() -> None:
    result = shrink([83.0], [4.0])
    assert (result.mean, result.mean_variance) == (83.0, 4.0)
    assert result.estimate.tolist() == [83.0]
    assert result.variance.tolist() == [4.0]
    assert np.isnan(result.tau2)
    assert "one company" in result.notes[0]


def test_no_company_gives_nothing_and_no_crash() -> None:
    result = shrink([], [])
    assert result.estimate.shape == (0,)
    assert np.isnan(result.mean)


def test_scores_known_exactly_are_not_shrunken() -> None:
    x = np.array([70.0, 80.0, 95.0])
    result = shrink(x, np.zeros(3))
    assert result.estimate.tolist() == x.tolist()
    assert result.variance.tolist() == [0.0, 0.0, 0.0]
    assert result.tau2 == pytest.approx(x.var(ddof=1))


def test_exact_scores_that_all_agree_are_no_crash() -> None:
    result = shrink([90.0, 90.0], [0.0, 0.0])
    assert (result.tau2, result.mean) == (0.0, 90.0)
    assert result.estimate.tolist() == [90.0, 90.0]


def test_one_exact_score_among_others_is_the_limit_of_a_tiny_variance() -> None:
    x = np.array([90.0, 78.0, 83.0, 71.0, 88.0])
    exact = shrink(x, [0.0, 9, 8, 7, 6])
    nearly = shrink(x, [1e-9, 9, 8, 7, 6])
    assert exact.tau2 == pytest.approx(nearly.tau2, rel=1e-6)
    assert exact.estimate == pytest.approx(nearly.estimate, rel=1e-6)
    assert exact.estimate[0] == 90.0


def test_one_exact_score_that_all_others_fit_pools_them_to_it() -> None:
    result = shrink([80.0, 80.5, 79.5], [0.0, 25.0, 25.0])
    assert result.tau2 == 0
    assert result.estimate.tolist() == [80.0, 80.0, 80.0]


def test_two_companies_of_full_marks_do_not_pull_all_others_to_100() -> None:
    x, v = np.array([100.0, 100.0, 83.0, 70.0, 90.0]), np.array([0.0, 0.0, 5.0, 5.0, 5.0])
    result = shrink(x, v)
    assert result.tau2 > 50
    assert abs(result.estimate[3] - 70) < 2
    assert "share one score" in result.notes[0]
    near = [restricted(result.tau2 * factor, x, v) for factor in (0.99, 1.0, 1.01)]
    assert near[1] < min(near[0], near[2])


def test_companies_without_a_number_are_left_out_and_named() -> None:
    x, v = known_family("wide")
    result = shrink(np.append(x, [np.nan, 80.0]), np.append(v, [4.0, np.nan]))
    alone = shrink(x, v)
    assert result.tau2 == alone.tau2
    assert result.estimate[:-2].tolist() == alone.estimate.tolist()
    assert np.isnan(result.estimate[-2:]).all()
    assert result.notes == ("companies without a score or a sampling variance, not shrunken: 2",)


def test_a_company_of_which_nothing_is_known_gets_the_mean() -> None:
    x, v = known_family("wide")
    result, alone = shrink(np.append(x, 12.0), np.append(v, np.inf)), shrink(x, v)
    assert result.estimate[-1] == alone.mean
    assert result.variance[-1] == pytest.approx(alone.tau2 + alone.mean_variance, rel=1e-14)


@pytest.mark.parametrize(
    ("score", "variance", "words"),
    [
        ([80.0, 81.0], [1.0], "equal length"),
        ([80.0, 81.0], [1.0, -2.0], "negative"),
        ([80.0, np.inf], [1.0, 2.0], "infinite"),
    ],
)
def test_wrong_calls_are_refused_in_words(score: list[float], variance: list[float], words: str) -> None:
    with pytest.raises(MethodError, match=words):
        shrink(score, variance)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(0, 100), st.one_of(st.just(0.0), st.floats(1e-6, 400))), min_size=2, max_size=30
    )
)
def test_the_solution_beats_every_other_tau2_and_stays_between_score_and_mean(pairs: list) -> None:
    x, v = np.array([p[0] for p in pairs]), np.array([p[1] for p in pairs])
    result = shrink(x, v)
    assert result.tau2 >= 0
    assert ((result.reliability >= 0) & (result.reliability <= 1)).all()
    low, high = np.minimum(x, result.mean), np.maximum(x, result.mean)
    assert ((result.estimate >= low - 1e-9) & (result.estimate <= high + 1e-9)).all()
    assert (result.variance >= 0).all()
    if (v > 0).all():
        own = restricted(result.tau2, x, v)
        # 0 and the neighbourhood of the solution; scores apart by rounding dust alone count as equal.
        for tau2 in [0.0, *np.geomspace(1e-4, 1e4, 60)]:
            assert own <= restricted(tau2, x, v) + 1e-7 * max(1.0, abs(own))


def test_shrinkage_follows_a_shift_and_a_change_of_unit() -> None:
    x, v = known_family("narrow")
    plain, moved = shrink(x, v), shrink(1e4 + 10 * x, 100 * v)
    assert moved.tau2 == pytest.approx(100 * plain.tau2, rel=1e-7)
    assert moved.estimate == pytest.approx(1e4 + 10 * plain.estimate, rel=1e-10)


def test_simulated_truth_is_recovered_and_intervals_cover() -> None:
    # 300 families of 24 companies, tau = 5, SE between 2 and 5. The mean of the estimates has a standard
    # error near 0.5; the posterior interval does not count the error of tau2, hence the loose coverage.
    rng = np.random.default_rng(11)
    tau2, hit, better = [], [], []
    for _ in range(300):
        v = rng.uniform(4, 25, 24)
        truth = rng.normal(80, 5, 24)
        x = truth + rng.normal(0, np.sqrt(v))
        result = shrink(x, v)
        tau2.append(result.tau2)
        hit.append(np.abs(result.estimate - truth) <= 1.959964 * np.sqrt(result.variance))
        better.append(((result.estimate - truth) ** 2).mean() < ((x - truth) ** 2).mean())
    assert np.mean(tau2) == pytest.approx(25, abs=2)
    assert 0.92 < np.mean(hit) < 0.965
    assert np.mean(better) > 0.8
