"""Least squares with clustered errors against sandwich, clubSandwich and survey, and what it refuses."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from contacts import columns, contacts, few, in_order, reference

from satsurvey.errors import MethodError
from satsurvey.regression.least_squares import LeastSquares, least_squares
from satsurvey.regression.tallies import tally


def fitted(frame: pd.DataFrame, correction: str | None = None, *, weighted: bool = False) -> LeastSquares:
    made = tally(
        columns(frame, "minutes", "chat"), frame["score"], frame["company"].to_numpy(),
        weights=frame["weight"] if weighted else None,
    )  # fmt: skip
    return least_squares(made, correction=correction)  # type: ignore[arg-type]


@pytest.mark.parametrize("rows", ["all", "few"])
def test_slopes_errors_and_degrees_of_freedom_are_those_of_r(rows: str) -> None:
    theirs = reference()["ols"][rows]
    frame = contacts() if rows == "all" else few()
    for correction in ("cr1", "cr2"):
        ours = fitted(frame, correction)
        terms = ours.estimates.terms
        np.testing.assert_allclose(ours.estimates.values, in_order(theirs["values"], terms), rtol=1e-9)
        np.testing.assert_allclose(ours.estimates.std_errors, in_order(theirs[correction], terms), rtol=1e-9)
    np.testing.assert_allclose(ours.estimates.df, in_order(theirs["cr2_df"], terms), rtol=1e-9)
    assert ours.aic == pytest.approx(theirs["aic"], rel=1e-12)
    assert ours.r_squared == pytest.approx(theirs["r_squared"], rel=1e-11)


def test_weighted_rows_are_those_of_lm_and_of_svyglm() -> None:
    theirs = reference()["weighted"]
    ours = fitted(contacts(), "cr1", weighted=True)
    terms, n, p = ours.estimates.terms, ours.rows, len(ours.estimates.terms)
    np.testing.assert_allclose(ours.estimates.values, in_order(theirs["values"], terms), rtol=1e-9)
    np.testing.assert_allclose(ours.estimates.std_errors, in_order(theirs["cr1"], terms), rtol=1e-9)
    survey = ours.estimates.std_errors * np.sqrt((n - p) / (n - 1))
    np.testing.assert_allclose(survey, in_order(theirs["svyglm"], terms), rtol=1e-9)


def test_the_second_correction_of_weighted_rows_is_that_of_r_for_variances_inverse_to_the_weights() -> None:
    theirs = reference()["weighted"]["few"]
    ours = fitted(few(), weighted=True)
    terms = ours.estimates.terms
    assert ours.correction == "cr2"
    np.testing.assert_allclose(ours.estimates.std_errors, in_order(theirs["cr2"], terms), rtol=1e-9)
    np.testing.assert_allclose(ours.estimates.df, in_order(theirs["cr2_df"], terms), rtol=1e-8)


def test_weights_are_relative() -> None:
    frame = contacts()
    given = tally(
        columns(frame, "minutes"), frame["score"], frame["company"].to_numpy(), weights=7.5 * frame["weight"]
    )
    same = tally(
        columns(frame, "minutes"), frame["score"], frame["company"].to_numpy(), weights=frame["weight"]
    )
    one, other = least_squares(given), least_squares(same)
    np.testing.assert_allclose(one.estimates.covariance, other.estimates.covariance, rtol=1e-9)
    assert one.aic == pytest.approx(other.aic, rel=1e-12)
    assert one.r_squared == pytest.approx(other.r_squared, rel=1e-12)


def test_the_second_correction_is_taken_below_fifty_clusters() -> None:
    rng = np.random.default_rng(1)
    for clusters, correction in ((49, "cr2"), (50, "cr1")):
        codes = np.arange(200) % clusters
        made = tally({"x": rng.random(200)}, rng.random(200), codes)
        assert least_squares(made).correction == correction


def test_units_of_columns_change_nothing_but_the_slope() -> None:
    frame = contacts()
    codes = frame["company"].to_numpy()
    minutes = least_squares(tally(columns(frame, "minutes"), frame["score"], codes)).estimates
    seconds = least_squares(tally(columns(frame, "seconds"), frame["score"] + 1e6, codes)).estimates
    assert seconds["seconds"] * 60 == pytest.approx(minutes["minutes"], rel=1e-9)
    np.testing.assert_allclose(seconds.df, minutes.df, rtol=1e-7)


def refusal(columns: dict[str, list[float]], y: list[float], codes: list[int]) -> str:
    with pytest.raises(MethodError) as caught:
        least_squares(tally(columns, y, np.array(codes)))
    return str(caught.value)


def test_what_has_no_answer_is_refused_in_words() -> None:
    y = [3.0, 1.0, 4.0, 1.0, 5.0, 9.0]
    codes = [0, 0, 1, 1, 2, 2]
    x = [1.0, 2.0, 3.0, 5.0, 4.0, 6.0]
    assert "one cluster only" in refusal({"x": x}, y, [0] * 6)
    assert "cluster by something else" in refusal({"x": x}, y, [0] * 6)
    assert "the outcome is the same in every row" in refusal({"x": x}, [0.1] * 6, codes)
    assert "the term x is the same in every row" in refusal({"x": [0.1] * 6}, y, codes)
    twice = refusal({"x": x, "again": [10 * v + 3 for v in x]}, y, codes)
    assert "these terms follow from each other: x, again" in twice
    dummies = {"yes": [1.0, 0, 1, 0, 1, 0], "no": [0.0, 1, 0, 1, 0, 1]}
    assert "these terms follow from each other" in refusal(dummies, y, codes)
    assert "2 rows cannot carry a model of 2 coefficients" in refusal({"x": [1.0, 2.0]}, [1.0, 2.0], [0, 1])


def test_a_perfect_line_has_no_error() -> None:
    x = np.arange(12.0)
    found = least_squares(tally({"x": x}, 3 - 2 * x, np.arange(12) % 4), correction="cr1")
    assert found.estimates["x"] == pytest.approx(-2, rel=1e-12)
    assert found.estimates.std_errors[1] < 1e-12
    assert found.r_squared == pytest.approx(1, rel=1e-12)


@pytest.mark.slow
def test_a_null_slope_of_weighted_rows_in_few_clusters_is_found_in_five_runs_of_a_hundred() -> None:
    rng = np.random.default_rng(3)
    for clusters in (6, 10, 20):
        codes = np.repeat(np.arange(clusters), 20)
        found = 0
        for _ in range(1500):
            x = rng.normal(size=codes.size) + rng.normal(size=clusters)[codes]
            weight = rng.gamma(1.5, 1, codes.size) * rng.gamma(2, 1, clusters)[codes]
            y = rng.normal(size=codes.size) + 0.5 * rng.normal(size=clusters)[codes]
            fit = least_squares(tally({"x": x}, y, codes, weights=weight))
            found += fit.estimates.frame(0.95)["p_value"][1] < 0.05
        assert 0.035 < found / 1500 < 0.07, (clusters, found / 1500)
