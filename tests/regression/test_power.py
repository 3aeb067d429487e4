"""What a study would have seen: closed forms, R, and the meaning of power by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from contacts import reference

from satsurvey.errors import MethodError
from satsurvey.regression.estimates import Estimates, interval
from satsurvey.regression.power import power_of, smallest_effect


def test_the_smallest_effect_is_that_of_r() -> None:
    theirs = reference()["power"]
    assert smallest_effect(1.5, 12) == pytest.approx(theirs["t12"], rel=1e-9)
    assert smallest_effect(2.0, float("inf"), power=0.9) == pytest.approx(theirs["normal"], rel=1e-9)


def test_such_an_effect_is_significant_in_four_of_five_studies() -> None:
    rng = np.random.default_rng(1)
    effect, df = smallest_effect(1.0, 40.0), 40
    error = np.sqrt(rng.chisquare(df, 20_000) / df)
    found = effect + rng.normal(size=20_000)
    _, _, p_value = interval(found, error, np.full(20_000, float(df)))
    assert (p_value < 0.05).mean() == pytest.approx(0.8, abs=0.015)


def test_a_null_is_stated_with_what_it_excludes() -> None:
    found = power_of(0.2, 0.5, 40.0)
    low, high, _ = interval(np.array([0.2]), np.array([0.5]), np.array([40.0]))
    assert found.null
    assert found.excluded_beyond == pytest.approx(max(-low[0], high[0]), rel=1e-12)
    assert found.words.startswith("no association found: effects beyond ±1.21 are excluded")
    assert "effects over 1.44 would have been seen" in found.words
    seen = power_of(-2.0, 0.5, float("inf"))
    assert not seen.null
    assert "effects outside -2.98 to -1.02 are excluded" in seen.words


def test_the_statement_and_the_p_value_agree() -> None:
    for estimate in np.linspace(-3, 3, 61):
        model = Estimates(("x",), np.array([estimate]), np.array([[1.0]]), np.array([7.0]))
        assert power_of(estimate, 1.0, 7.0).null == (model.frame()["p_value"][0] > 0.05)


def test_impossible_questions_are_refused() -> None:
    with pytest.raises(MethodError, match="the power lies between"):
        smallest_effect(1, 5, power=1.0)
    with pytest.raises(MethodError, match="a level lies between"):
        smallest_effect(1, 5, level=95)
    with pytest.raises(MethodError, match="needs a standard error and degrees of freedom"):
        smallest_effect(1, float("nan"))
    with pytest.raises(MethodError, match="needs a standard error"):
        power_of(0, float("nan"), 5)
