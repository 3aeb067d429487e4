"""The simplex walk to the line of least check loss, and when there is none."""

from __future__ import annotations

import numpy as np
import pytest

from satsurvey.errors import MethodError
from satsurvey.regression import simplex
from satsurvey.regression.simplex import least_check


def some_rows(n: int = 200) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(5)
    x = rng.normal(size=n)
    return np.column_stack([np.ones(n), x]), 1 + x + rng.normal(size=n), np.ones(n)


def test_a_median_is_the_middle_row_and_a_quantile_the_one_below_which_its_share_lies() -> None:
    rng = np.random.default_rng(1)
    y = rng.normal(size=101)
    for tau, place in ((0.5, 50), (0.25, 25), (0.9, 90)):
        on = least_check(np.ones((101, 1)), y, np.ones(101), tau, np.zeros(1), np.zeros(1))
        assert on is not None
        assert y[on[0]] == np.sort(y)[place]


def test_any_first_line_leads_to_the_same_rows() -> None:
    design, y, weight = some_rows()
    found = [
        least_check(design, y, weight, 0.3, np.zeros(2), np.array(start))
        for start in ([0.0, 0.0], [1.0, 1.0], [-50.0, 1e6])
    ]
    assert all(on is not None and set(on.tolist()) == set(found[0].tolist()) for on in found)  # type: ignore[union-attr]


def test_rows_may_be_left_out_for_what_they_pull() -> None:
    design, y, weight = some_rows()
    whole = least_check(design, y, weight, 0.3, np.zeros(2), np.zeros(2))
    assert whole is not None
    residual = y - design @ np.linalg.solve(design[whole], y[whole])
    near = np.abs(residual) <= np.quantile(np.abs(residual), 0.2)
    pull = np.where(residual > 0, 0.3, -0.7)[~near] @ design[~near]
    part = least_check(design[near], y[near], weight[near], 0.3, pull, np.zeros(2))
    assert part is not None
    assert set(np.flatnonzero(near)[part].tolist()) == set(whole.tolist())


def test_rows_that_do_not_determine_a_line_have_none() -> None:
    design, y, weight = some_rows()
    assert least_check(design[:1], y[:1], weight[:1], 0.5, np.zeros(2), np.zeros(2)) is None
    twice = design[:, [0, 0]]
    assert least_check(twice, y, weight, 0.5, np.zeros(2), np.zeros(2)) is None


def test_a_pull_that_no_row_withstands_has_no_line() -> None:
    design, y, weight = some_rows()
    assert least_check(design, y, weight, 0.5, np.array([0.0, 1e4]), np.zeros(2)) is None


def test_a_walk_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simplex, "_STEPS_PER_TERM", 1)
    design, y, weight = some_rows()
    with pytest.raises(MethodError, match="the best line was not found"):
        least_check(design, y, weight, 0.5, np.zeros(2), np.zeros(2))
