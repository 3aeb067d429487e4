"""Quantile regression against quantreg, its optimality, and its errors by drawn companies."""

from __future__ import annotations

import numpy as np
import pytest
from contacts import columns, contacts, in_order, reference
from hostile_rows import Case, hostile, imbalance, least_loss

from satsurvey.errors import MethodError
from satsurvey.regression.quantile import QuantileRegression, quantile_regression


def loss(
    beta: np.ndarray, design: np.ndarray, y: np.ndarray, tau: float, weight: np.ndarray | float = 1.0
) -> float:
    off = y - design @ beta
    return float((weight * off * (tau - (off < 0))).sum())


def test_lines_are_those_of_quantreg() -> None:
    frame = contacts()
    found = quantile_regression(
        columns(frame, "log_seconds", "chat"), frame["score"], frame["company"].to_numpy(), draws=0
    )
    for fit, theirs in zip(found.fits, reference()["quantile"], strict=True):
        np.testing.assert_allclose(fit.estimates.values, in_order(theirs, fit.estimates.terms), rtol=1e-9)
    assert found.frame()["std_error"].isna().all()


@pytest.mark.parametrize("n", [1_900, 30_000])
@pytest.mark.parametrize("tau", [0.1, 0.5, 0.9])
def test_the_line_is_optimal_at_every_size(n: int, tau: float) -> None:
    """Karush, Kuhn and Tucker: the rows on the line carry multipliers between tau - 1 and tau."""
    rng = np.random.default_rng(n)
    x, z = rng.gamma(2, 1, n), rng.normal(size=n)
    y = 3 - 2 * x + z * rng.normal(size=n) + rng.standard_t(3, n)
    fit = quantile_regression({"x": x, "z": z}, y, np.arange(n) % 20, quantiles=[tau], draws=0).fits[0]
    design = np.column_stack([np.ones(n), x, z])
    off = y - design @ fit.estimates.values
    on = np.abs(off) < 1e-9
    assert on.sum() == 3
    carried = np.where(off > 0, tau, tau - 1.0)[~on] @ design[~on]
    multipliers = -np.linalg.solve(design[on].T, carried)
    assert (multipliers > tau - 1 - 1e-9).all()
    assert (multipliers < tau + 1e-9).all()
    assert fit.loss == pytest.approx(loss(fit.estimates.values, design, y, tau), rel=1e-9)


def test_answers_of_few_levels_have_a_line_that_no_other_beats() -> None:
    rng = np.random.default_rng(7)
    x = np.round(rng.gamma(2, 1, 4000), 1)
    y = np.clip(np.rint(4.2 - 0.4 * x + rng.normal(0, 1, 4000)), 1, 5) * 20
    found = quantile_regression({"x": x}, y, np.arange(4000) % 40, draws=0)
    design = np.column_stack([np.ones(4000), x])
    for fit in found.fits:
        own = loss(fit.estimates.values, design, y, fit.quantile)
        for step in rng.normal(0, 3, (300, 2)) * rng.choice([1e-3, 0.1, 1.0], (300, 1)):
            assert own <= loss(fit.estimates.values + step, design, y, fit.quantile) * (1 + 1e-9)
    assert "the outcome takes 5 different values" in found.notes[0]


def best_or_refused(case: Case, draws: int) -> str:
    """Return why there is no line; "" after the line was seen to be the best."""
    try:
        found = quantile_regression(
            case.columns, case.y, case.codes, quantiles=[case.tau], weights=case.weights, draws=draws
        )
    except MethodError as exc:
        return exc.what
    line = case.standardised(found.fits[0].estimates.values)
    own = found.fits[0].loss / float(case.y.std())
    rounding = 1e-11 * float(case.weight.sum())
    assert own == pytest.approx(
        loss(line, case.design, case.outcome, case.tau, case.weight), abs=1e4 * rounding
    )
    assert own <= least_loss(case) * (1 + 1e-9) + rounding
    assert imbalance(line, case) <= 1e-9
    return ""


def refusals_of(seeds: range) -> list[str]:
    reasons = [best_or_refused(hostile(seed), draws=0 if seed % 10 else 10) for seed in seeds]
    reasons = [reason for reason in reasons if reason]
    known = (
        "follow from each other",
        "is the same in every row",
        "rows cannot carry a model of",
        "one cluster only",
        "companies are so few or so alike",
    )
    assert all(any(words in reason for words in known) for reason in reasons)
    return reasons


def test_hostile_rows_get_a_line_that_is_seen_to_be_the_best_or_a_reason() -> None:
    """Rounded times, dummies, ties, few levels, outliers, columns that follow from others; 5 to 500 rows."""
    assert len(refusals_of(range(200))) < 60


@pytest.mark.slow
def test_two_thousand_hostile_sets_of_rows_get_a_line_that_is_seen_to_be_the_best_or_a_reason() -> None:
    assert len(refusals_of(range(1000, 3000))) < 600


@pytest.mark.parametrize("seed", [0, 3, 13, 51])
def test_rounded_times_and_a_term_of_two_values_give_an_exact_line(seed: int) -> None:
    rng = np.random.default_rng(seed)
    linked = rng.integers(0, 2, 1500)
    seconds = np.rint(rng.lognormal(7, 0.3, 1500))
    found = quantile_regression({"u": 1.0 - linked}, seconds, np.arange(1500) % 30, quantiles=[0.5], draws=20)
    line = found.fits[0].estimates
    groups = [np.sort(seconds[linked == k]) for k in (1, 0)]
    for value, group in zip((line["intercept"], line["intercept"] + line["u"]), groups, strict=True):
        low, high = group[(group.size - 1) // 2], group[group.size // 2]
        assert low - 1e-9 <= value <= high + 1e-9
    assert found.notes == ()


def test_a_weight_counts_a_row_as_often_as_it_says() -> None:
    rng = np.random.default_rng(12)
    n = 3000
    x, weight, codes = rng.normal(size=n), rng.integers(1, 4, n), rng.integers(0, 20, n)
    y = x + rng.normal(size=n)
    whole = quantile_regression(
        {"x": np.repeat(x, weight)}, np.repeat(y, weight), np.repeat(codes, weight), draws=5
    )
    # Weights are relative: ten times as much says the same.
    found = quantile_regression({"x": x}, y, codes, weights=10.0 * weight, draws=5)
    for ours, theirs in zip(found.fits, whole.fits, strict=True):
        np.testing.assert_allclose(ours.estimates.values, theirs.estimates.values, rtol=1e-9)
        np.testing.assert_allclose(ours.estimates.covariance, theirs.estimates.covariance, rtol=1e-9)
        assert ours.loss == pytest.approx(10 * theirs.loss, rel=1e-9)


def test_one_of_several_best_lines_is_a_corner_and_always_the_same() -> None:
    """With two rows at each of two times all lines between them are best; corners go through two rows."""
    x, y, codes = [0.0, 0, 1, 1], [10.0, 20, 30, 50], [0, 1, 0, 1]
    found = [quantile_regression({"x": x}, y, codes, quantiles=[0.5], draws=0).fits[0] for _ in range(2)]
    start, slope = found[0].estimates.values
    assert start == pytest.approx(10, abs=1e-9) or start == pytest.approx(20, abs=1e-9)
    assert start + slope == pytest.approx(30, abs=1e-9) or start + slope == pytest.approx(50, abs=1e-9)
    np.testing.assert_array_equal(found[0].estimates.values, found[1].estimates.values)
    assert found[0].loss == pytest.approx(15, rel=1e-12)


def test_rows_in_thousands_on_one_line_at_the_top_of_the_scale_are_no_hindrance() -> None:
    rng = np.random.default_rng(4)
    n = 60_000
    x = np.round(rng.gamma(2, 60, n), 1)
    y = np.minimum(np.rint(95 - 3 * np.log1p(x) + rng.normal(0, 9, n)), 85.0)
    fit = quantile_regression({"x": np.log1p(x)}, y, np.arange(n) % 300, quantiles=[0.75], draws=3).fits[0]
    assert (y == 85).mean() > 0.25
    design = np.column_stack([np.ones(n), np.log1p(x)])
    for step in rng.normal(0, 1, (100, 2)) * rng.choice([1e-3, 0.1, 1.0], (100, 1)):
        assert fit.loss <= loss(fit.estimates.values + step, design, y, 0.75)


def test_drawn_lines_are_the_lines_of_drawn_rows() -> None:
    """The bootstrap restated: every draw is refitted from its rows said as often as they were drawn."""
    rng = np.random.default_rng(2)
    n, groups = 3000, 12
    x, codes = rng.normal(size=n), rng.integers(0, groups, n)
    y = x + rng.normal(size=n) + rng.normal(0, 0.5, groups)[codes]
    found = quantile_regression({"x": x}, y, codes, quantiles=[0.5], draws=20, seed=11)
    drawn = np.random.default_rng(11)
    lines = []
    for _ in range(20):
        count = np.bincount(drawn.integers(0, groups, groups), minlength=groups)[codes]
        again = quantile_regression(
            {"x": np.repeat(x, count)}, np.repeat(y, count), np.repeat(codes, count), quantiles=[0.5], draws=0
        )
        lines.append(again.fits[0].estimates.values)
    np.testing.assert_allclose(found.fits[0].estimates.covariance, np.cov(np.array(lines).T), rtol=1e-6)
    np.testing.assert_allclose(found.fits[0].estimates.df, 1 / (1 / (groups - 1) + 1 / (20 - 1)))
    assert found.seed == 11


def run(seed: int) -> QuantileRegression:
    frame = contacts()
    return quantile_regression(
        columns(frame, "log_seconds"), frame["score"], frame["company"].to_numpy(), draws=10, seed=seed
    )


def test_the_same_seed_gives_the_same_errors() -> None:
    np.testing.assert_array_equal(run(1).frame()["std_error"], run(1).frame()["std_error"])
    assert (run(1).frame()["std_error"] != run(2).frame()["std_error"]).any()


def test_draws_that_do_not_carry_the_model_are_left_out_and_counted() -> None:
    """A control that only some companies have is missing from some draws."""
    rng = np.random.default_rng(3)
    codes = np.repeat(np.arange(6), 30)
    only = (codes == 2) * rng.random(180)
    found = quantile_regression(
        {"x": rng.random(180), "only": only}, rng.normal(size=180), codes, quantiles=[0.5], draws=50
    )
    assert "of 50 draws of companies did not carry the model" in found.notes[0]


def refusal(x: list[float], y: list[float], codes: list[int], **options: object) -> str:
    with pytest.raises(MethodError) as caught:
        quantile_regression({"x": x}, y, np.array(codes), **options)  # type: ignore[arg-type]
    return str(caught.value)


def test_what_has_no_answer_is_refused_in_words() -> None:
    x, y, codes = [1.0, 2, 3, 5, 4, 6], [3.0, 1, 4, 1, 5, 9], [0, 0, 1, 1, 2, 2]
    assert "a quantile lies between 0 and 1" in refusal(x, y, codes, quantiles=[1.0])
    assert "one cluster only" in refusal(x, y, [0] * 6)
    assert "the outcome is the same in every row" in refusal(x, [2.0] * 6, codes)
    assert "the term x is the same in every row" in refusal([0.1] * 6, y, codes)
    assert "companies are drawn twice or more" in refusal(x, y, codes, draws=1)
    assert "no finite numbers" in refusal([np.nan, *x[1:]], y, codes)
    assert "2 rows cannot carry a model of 2 coefficients" in refusal([1.0, 2], [1.0, 2], [0, 1])
    assert "there is no row" in refusal([], [], [])
    assert "a weight is not positive" in refusal(x, y, codes, weights=[1.0, 2, 0, 1, 1, 1])
