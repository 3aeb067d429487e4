"""Effects of a minute less against R's weighted sums of coefficients and derivatives of clm."""

from __future__ import annotations

import numpy as np
import pytest
from contacts import columns, contacts, few, reference

from satsurvey.errors import MethodError
from satsurvey.regression.forms import compare_forms
from satsurvey.regression.marginal import (
    ExpectedScore,
    expected_score_curve,
    expected_score_effects,
    fitted_curve,
    one_minute_less,
)
from satsurvey.regression.mixed import random_intercept, within_and_between
from satsurvey.regression.ordered_logit import ordered_logit

SCORES = (0.0, 25.0, 50.0, 75.0, 100.0)


@pytest.mark.parametrize("rows", ["all", "few"])
@pytest.mark.parametrize("correction", ["cr1", "cr2"])
def test_a_minute_less_on_the_spline_is_that_of_r(rows: str, correction: str) -> None:
    theirs = reference()["less"][rows]
    frame = contacts() if rows == "all" else few()
    fit = compare_forms(
        frame["seconds"], frame["score"], frame["company"].to_numpy(), controls=columns(frame, "chat"),
        forms=["spline"], correction=correction,
    ).best  # fmt: skip
    found = one_minute_less(fit.form, fit.curve, at_s=[30, 120, 600], own_times_s=frame["seconds"])
    for column, name in (("estimate", "estimate"), ("std_error", correction)):
        ours = [*found.frame[column], found.average[column].iloc[0]]
        np.testing.assert_allclose(ours, theirs[name], rtol=1e-8)
    if correction == "cr2":
        np.testing.assert_allclose(
            [*found.frame["df"], found.average["df"].iloc[0]], theirs["cr2_df"], rtol=1e-7
        )
    assert found.frame["to_s"].tolist() == [0, 60, 540]
    short = (frame["seconds"] < 60).mean()
    assert f"{100 * short:.1f} % of the times are shorter than 60 seconds" in " ".join(found.notes)
    assert "fewer than 60 seconds to take off" in found.notes[0]


def test_a_straight_line_gives_its_slope_at_every_time() -> None:
    frame = contacts()
    fit = compare_forms(frame["seconds"], frame["score"], frame["company"].to_numpy(), forms=["linear"]).best
    found = one_minute_less(fit.form, fit.curve, at_s=[60, 300, 1e6], own_times_s=frame["seconds"])
    slope = fit.fit.estimates.frame().set_index("term").loc["minutes"]
    np.testing.assert_allclose(found.frame["estimate"], -slope["estimate"], rtol=1e-9)
    np.testing.assert_allclose(found.frame["ci_low"], -slope["ci_high"], rtol=1e-8)
    np.testing.assert_allclose(found.frame["p_value"], slope["p_value"], rtol=1e-6)
    assert found.frame["beyond_data"].tolist() == [False, False, True]
    assert "beyond those of the data" in " ".join(found.notes)
    mean = np.minimum(frame["seconds"], 60).mean() / 60
    assert found.average["estimate"].iloc[0] == pytest.approx(-slope["estimate"] * mean, rel=1e-9)


def test_the_curve_and_its_band_are_those_of_r() -> None:
    theirs, frame = reference()["curve"], contacts()
    fit = compare_forms(
        frame["seconds"], frame["score"], frame["company"].to_numpy(), controls=columns(frame, "chat"),
        forms=["log"], correction="cr1",
    ).best  # fmt: skip
    found = fitted_curve(fit.form, fit.curve, at_s=theirs["at_s"], held=fit.tally.means())
    np.testing.assert_allclose(found["estimate"], theirs["estimate"], rtol=1e-9)
    np.testing.assert_allclose(found["std_error"], theirs["std_error"], rtol=1e-9)


def test_the_effect_over_the_knot_holds_the_uncertainty_of_the_knot() -> None:
    """The gradient by differences, with the knot moved, times the covariance of all coefficients."""
    frame = contacts()
    fit = compare_forms(
        frame["seconds"], frame["score"], frame["company"].to_numpy(), controls=columns(frame, "chat"),
        forms=["knot"],
    ).best  # fmt: skip
    found = one_minute_less(fit.form, fit.curve, at_s=[100.0, 30.0])
    b, c = fit.fit.estimates["log_seconds"], fit.fit.estimates["log_seconds_past_knot"]
    knot = np.log1p(fit.form.knot_s)

    def effect(b: float, c: float, knot: float, at: float) -> float:
        def line(s: float) -> float:
            return b * np.log1p(s) + c * max(np.log1p(s) - knot, 0)

        return line(max(at - 60, 0)) - line(at)

    places = [fit.curve.terms.index(name) for name in ("log_seconds", "log_seconds_past_knot", "knot")]
    for row, at in enumerate((100.0, 30.0)):
        step = 1e-6
        gradient = np.array(
            [
                (effect(*(np.array([b, c, knot]) + step * unit), at) - effect(b, c, knot, at)) / step
                for unit in np.eye(3)
            ]
        )
        error = np.sqrt(gradient @ fit.curve.covariance[np.ix_(places, places)] @ gradient)
        assert found.frame["estimate"][row] == pytest.approx(effect(b, c, knot, at), rel=1e-9)
        assert found.frame["std_error"][row] == pytest.approx(error, rel=1e-5)


def test_the_mixed_model_gives_effects_within_companies() -> None:
    frame = contacts()
    fit = compare_forms(frame["seconds"], frame["score"], frame["company"].to_numpy(), forms=["log"]).best
    mixed = random_intercept(within_and_between(fit.tally, ["log_seconds"]))
    found = one_minute_less(fit.form, mixed.estimates, at_s=[120], suffix=" within").frame.iloc[0]
    change = np.log1p(60) - np.log1p(120)
    assert found["estimate"] == pytest.approx(mixed.estimates["log_seconds within"] * change, rel=1e-12)
    assert found["std_error"] == pytest.approx(-change * mixed.estimates.std_errors[1], rel=1e-12)
    assert found["df"] == mixed.estimates.df[1]
    with pytest.raises(MethodError, match="the model has no term log_seconds"):
        one_minute_less(fit.form, mixed.estimates)


def test_a_model_that_takes_the_knot_as_given_can_be_asked_too() -> None:
    frame = contacts()
    fit = compare_forms(frame["seconds"], frame["score"], frame["company"].to_numpy(), forms=["knot"]).best
    mixed = random_intercept(fit.tally)
    found = one_minute_less(fit.form, mixed.estimates, at_s=[30])
    assert found.frame["estimate"][0] == pytest.approx(
        -mixed.estimates["log_seconds"] * np.log1p(30), rel=1e-9
    )


def test_the_score_that_the_ordered_logit_expects_is_that_of_clm() -> None:
    theirs, frame = reference()["ordered"], contacts()
    form = compare_forms(
        frame["seconds"], frame["score"], frame["company"].to_numpy(), forms=["log"]
    ).best.form
    fit = ordered_logit(columns(frame, "log_seconds", "chat"), frame["answer"])
    model = ExpectedScore(fit, SCORES)
    held = {"chat": float(frame["chat"].mean())}
    found = expected_score_effects(form, model, held=held, at_s=[30, 120, 600], own_times_s=frame["seconds"])
    np.testing.assert_allclose(
        found.frame["estimate"], [row["estimate"] for row in theirs["less"]], rtol=1e-8
    )
    np.testing.assert_allclose(
        found.frame["std_error"], [row["std_error"] for row in theirs["less"]], rtol=1e-6
    )
    assert found.average["estimate"].iloc[0] == pytest.approx(theirs["average"], rel=1e-8)
    curve = expected_score_curve(form, model, at_s=[60.0, 120.0], held=held)
    by_levels = fit.probabilities(np.array([[np.log1p(60), held["chat"]]])) @ np.array(SCORES)
    assert curve["estimate"][0] == pytest.approx(by_levels[0], rel=1e-12)
    assert curve["estimate"][0] - curve["estimate"][1] == pytest.approx(found.frame["estimate"][1], rel=1e-9)


def test_what_cannot_be_held_or_scored_is_refused() -> None:
    frame = contacts()
    fit = ordered_logit(columns(frame, "log_seconds", "chat"), frame["answer"])
    form = compare_forms(
        frame["seconds"], frame["score"], frame["company"].to_numpy(), forms=["log"]
    ).best.form
    with pytest.raises(MethodError, match="2 scores are given for 5 levels"):
        ExpectedScore(fit, (0.0, 100.0))
    with pytest.raises(MethodError, match="the term chat of the model has no value to be held at"):
        expected_score_effects(form, ExpectedScore(fit, SCORES), held={})
    with_chat = compare_forms(
        frame["seconds"], frame["score"], frame["company"].to_numpy(), controls=columns(frame, "chat"),
        forms=["log"],
    ).best  # fmt: skip
    with pytest.raises(MethodError, match="the term chat of the model has no value to be held at"):
        fitted_curve(with_chat.form, with_chat.curve, at_s=[60], held={})
    with pytest.raises(MethodError, match="a time is negative"):
        one_minute_less(with_chat.form, with_chat.curve, at_s=[-5])
