"""The random-intercept model against lme4, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest
from contacts import columns, contacts, few, in_order, reference

from satsurvey.errors import MethodError
from satsurvey.regression.mixed import random_intercept, within_and_between
from satsurvey.regression.tallies import Tally, tally

# lme4 minimises the deviance by its values alone, which are flat there: it finds the variance ratio to about
# the square root of the rounding, which moves slopes and errors by less.
VARIANCES, SLOPES = 1e-7, 1e-9


def made(*names: str) -> Tally:
    frame = contacts()
    return tally(columns(frame, *names), frame["score"], frame["company"].to_numpy())


@pytest.mark.parametrize("model", ["plain", "mundlak"])
def test_slopes_errors_and_variances_are_those_of_lme4(model: str) -> None:
    theirs = reference()["mixed"][model]
    rows = made("log_seconds", "chat")
    ours = random_intercept(within_and_between(rows, ["log_seconds"]) if model == "mundlak" else rows)
    terms = ours.estimates.terms
    np.testing.assert_allclose(ours.estimates.values, in_order(theirs["values"], terms), rtol=SLOPES * 10)
    np.testing.assert_allclose(ours.estimates.std_errors, in_order(theirs["errors"], terms), rtol=VARIANCES)
    np.testing.assert_allclose(
        [ours.between_variance, ours.residual_variance], theirs["variances"], rtol=VARIANCES
    )
    assert ours.reml_criterion == pytest.approx(theirs["criterion"], rel=1e-12)


def test_the_criterion_is_at_its_minimum_and_the_interval_at_its_height() -> None:
    """By the plain restatement: the determinant and the quadratic form of the whole covariance matrix."""
    frame = few()
    x = np.column_stack([np.ones(len(frame)), frame["minutes"]])
    y = frame["score"].to_numpy()
    same = np.equal.outer(frame["company"].to_numpy(), frame["company"].to_numpy())

    def criterion(icc: float) -> float:
        v = np.eye(len(y)) + icc / (1 - icc) * same
        inner = x.T @ np.linalg.solve(v, x)
        rest = y - x @ np.linalg.solve(inner, x.T @ np.linalg.solve(v, y))
        free = len(y) - 2
        squares = rest @ np.linalg.solve(v, rest)
        return float(
            np.linalg.slogdet(v)[1]
            + np.linalg.slogdet(inner)[1]
            + free * (1 + np.log(2 * np.pi * squares / free))
        )

    ours = random_intercept(tally(columns(frame, "minutes"), y, frame["company"].to_numpy()))
    assert ours.reml_criterion == pytest.approx(criterion(ours.icc), rel=1e-10)
    assert criterion(ours.icc) < min(criterion(ours.icc * 0.98), criterion(ours.icc * 1.02))
    for end in (ours.icc_low, ours.icc_high):
        assert criterion(end) - criterion(ours.icc) == pytest.approx(3.841458820694124, rel=1e-6)


def test_the_cost_after_the_pass_does_not_grow_with_rows() -> None:
    """Doubling every row of a cluster changes what is summed, not how much of it there is."""
    one = made("minutes")
    assert (one + one).cross.shape == one.cross.shape


def test_no_variance_between_companies_is_least_squares_and_said_so() -> None:
    x = np.tile([1.0, 2.0, 3.0, 4.0], 5)
    y = 10 - x + np.tile([1.0, -1.0, -1.0, 1.0], 5)
    ours = random_intercept(tally({"x": x}, y, np.repeat(np.arange(5), 4)))
    assert ours.between_variance == 0
    assert ours.icc == ours.icc_low == 0
    assert ours.estimates["x"] == pytest.approx(-1, rel=1e-9)
    assert "the variance between them is 0" in ours.notes[0]


def refusal(x: list[float], y: list[float], codes: list[int], weights: list[float] | None = None) -> str:
    with pytest.raises(MethodError) as caught:
        random_intercept(tally({"x": x}, y, np.array(codes), weights=weights))
    return str(caught.value)


def test_what_has_no_answer_is_refused_in_words() -> None:
    x, y = [1.0, 2.0, 3.0, 5.0, 4.0, 6.0], [3.0, 1.0, 4.0, 1.0, 5.0, 9.0]
    codes = [0, 0, 1, 1, 2, 2]
    assert "one cluster only" in refusal(x, y, [0] * 6)
    assert "no cluster has two rows" in refusal(x, y, list(range(6)))
    assert "the outcome is the same in every row" in refusal(x, [7.0] * 6, codes)
    assert "the term x is the same in every row" in refusal([7.0] * 6, y, codes)
    assert "takes rows without weights" in refusal(x, y, codes, [1.0, 2, 1, 2, 1, 2])
    assert "cannot carry a model" in refusal([1.0, 2, 3], [1.0, 3, 2], [0, 0, 1])
    rows = tally({"x": [1.0, 1, 2, 2]}, [1.0, 2, 3, 5], np.array([0, 0, 1, 1]))
    with pytest.raises(MethodError, match="has no slope within clusters"):
        within_and_between(rows, ["x"])
    with pytest.raises(MethodError, match="the model has no term z"):
        within_and_between(rows, ["z"])
