"""Forms of a time: their columns, the knot against R, the comparison against plain restatements."""

from __future__ import annotations

import numpy as np
import pytest
from contacts import columns, contacts, few, reference

from satsurvey.errors import MethodError
from satsurvey.regression.forms import FORMS, Form, FormComparison, compare_forms


def compared(**options: object) -> FormComparison:
    frame = contacts()
    return compare_forms(
        frame["seconds"], frame["score"], frame["company"].to_numpy(), controls=columns(frame, "chat"),
        **options,  # type: ignore[arg-type]
    )  # fmt: skip


def design_of(form: Form, seconds: np.ndarray, chat: np.ndarray) -> np.ndarray:
    return np.column_stack([np.ones(seconds.size), *form.columns(seconds).values(), chat])


def squares(design: np.ndarray, y: np.ndarray) -> float:
    return float(((y - design @ np.linalg.lstsq(design, y)[0]) ** 2).sum())


def test_columns_are_what_they_are_called() -> None:
    seconds = np.array([0.0, 59.0, 600.0])
    np.testing.assert_array_equal(Form("linear").columns(seconds)["minutes"], seconds / 60)
    np.testing.assert_array_equal(Form("log").columns(seconds)["log_seconds"], np.log1p(seconds))
    bent = Form("knot", None, 59.0, -2.0)
    np.testing.assert_allclose(bent.columns(seconds)["log_seconds_past_knot"], [0, 0, np.log(601 / 60)])
    np.testing.assert_array_equal(bent.gradient(seconds)["knot"], [0, 0, 2])
    assert [compared().fits[name].form.n_terms for name in FORMS] == [1, 1, 3, 3]


def test_information_criteria_are_those_of_r() -> None:
    found = compared().frame.set_index("form")
    assert found.loc["linear", "aic"] == pytest.approx(reference()["ols"]["all"]["aic"], rel=1e-12)
    assert found.loc["spline", "aic"] == pytest.approx(reference()["spline"]["aic"], rel=1e-12)
    assert found.loc["knot", "aic"] == pytest.approx(reference()["knot"]["aic"], rel=1e-10)
    np.testing.assert_allclose(found["delta_aic"], found["aic"] - found["aic"].min())


def test_the_knot_its_interval_and_its_errors_are_those_of_r() -> None:
    theirs = reference()["knot"]
    fit = compared(correction="cr1").fits["knot"]
    knot = fit.knot
    assert knot is not None
    # The sum of squares is flat at its minimum: its knot is known to the root of the rounding.
    assert knot.at == pytest.approx(theirs["at"], abs=2e-6)
    assert knot.slope_change == pytest.approx(theirs["change"], rel=1e-5)
    assert knot.variance_ratio == pytest.approx(theirs["ratio"], rel=1e-5)
    assert knot.low == pytest.approx(theirs["low"], abs=1e-4)
    assert knot.high == pytest.approx(theirs["high"], abs=1e-4)
    assert not knot.low_open
    assert not knot.high_open
    errors = dict(zip(fit.curve.terms, fit.curve.std_errors, strict=True))
    assert errors["knot"] == pytest.approx(theirs["errors"]["moved"], rel=1e-4)
    assert errors["log_seconds"] == pytest.approx(theirs["errors"]["log_seconds"], rel=1e-4)
    own = dict(zip(fit.fit.estimates.terms, fit.fit.estimates.std_errors, strict=True))
    past = theirs["errors"]["pmax(log_seconds - knot, 0)"]
    assert own["log_seconds_past_knot"] == pytest.approx(past, rel=1e-4)


def test_the_knot_is_the_best_of_all_knots() -> None:
    frame = contacts()
    seconds, y, chat = (frame[name].to_numpy(dtype=float) for name in ("seconds", "score", "chat"))
    found = compared().fits["knot"]
    ours = squares(design_of(found.form, seconds, chat), y)
    for other in np.quantile(seconds, np.linspace(0.05, 0.95, 181)):
        assert ours <= squares(design_of(Form("knot", None, float(other)), seconds, chat), y) * (1 + 1e-12)


@pytest.mark.parametrize("rows", ["clusters", "rows"])
def test_cross_validation_is_that_of_refitted_rows(rows: str) -> None:
    frame = contacts() if rows == "clusters" else few()
    seconds, y, chat = (frame[name].to_numpy(dtype=float) for name in ("seconds", "score", "chat"))
    codes = frame["company"].to_numpy()
    found = compare_forms(seconds, y, codes, controls={"chat": chat}, seed=5)
    assert found.folds_over == rows
    assert bool(found.notes) == (rows == "rows")
    rng = np.random.default_rng(5)
    count = 24 if rows == "clusters" else len(frame)
    parts = rng.permutation(count) % 10
    fold = parts[codes] if rows == "clusters" else parts
    expected = found.frame.set_index("form")["cv_rmse"]
    for name in ("linear", "log", "spline"):
        design = design_of(found.fits[name].form, seconds, chat)
        lost = 0.0
        for held in range(10):
            out = fold == held
            beta = np.linalg.lstsq(design[~out], y[~out])[0]
            lost += float(((y[out] - design[out] @ beta) ** 2).sum())
        assert expected[name] == pytest.approx(np.sqrt(lost / y.size), rel=1e-9)
    lost = 0.0
    logs = np.log1p(seconds)
    knots = np.linspace(*np.quantile(logs, [0.05, 0.95]), 200)
    for held in range(10):
        out = fold == held
        bent = [np.column_stack([np.ones(y.size), logs, np.maximum(logs - k, 0), chat]) for k in knots]
        design = min(bent, key=lambda d: squares(d[~out], y[~out]))
        beta = np.linalg.lstsq(design[~out], y[~out])[0]
        lost += float(((y[out] - design[out] @ beta) ** 2).sum())
    assert expected["knot"] == pytest.approx(np.sqrt(lost / y.size), rel=1e-8)


def simulated(curve: str, n: int = 3000, seed: int = 3) -> FormComparison:
    rng = np.random.default_rng(seed)
    seconds = np.round(rng.gamma(1.5, 80, n), 1)
    logs = np.log1p(seconds)
    mean = {
        "linear": -2 * seconds / 60,
        "log": -3 * logs,
        "knot": -8 * np.maximum(logs - np.log1p(90), 0),
        "slight": -3 * logs - 0.8 * np.maximum(logs - np.log1p(90), 0),
    }[curve]
    company = rng.integers(0, 60, n)
    return compare_forms(seconds, 85 + mean + rng.normal(0, 3, 60)[company] + rng.normal(0, 6, n), company)


@pytest.mark.parametrize("curve", ["linear", "log", "knot"])
def test_the_form_that_made_the_data_is_chosen(curve: str) -> None:
    found = simulated(curve)
    assert found.chosen == curve
    assert found.frame.loc[found.frame["chosen"], "form"].tolist() == [curve]
    assert found.best is found.fits[curve]


def test_a_simpler_form_is_taken_where_the_lowest_aic_is_near_or_predicts_no_better() -> None:
    reasons = set()
    for seed in range(12):
        found = simulated("slight", 600, seed)
        frame = found.frame.set_index("form")
        lowest = frame["aic"].idxmin()
        assert frame.loc[found.chosen, "n_terms"] <= frame.loc[lowest, "n_terms"]
        near = frame.loc[found.chosen, "delta_aic"] <= 2
        assert near or frame.loc[found.chosen, "cv_rmse"] <= frame.loc[lowest, "cv_rmse"]
        reasons.add(found.reason.split(" ")[0])
    assert reasons == {"the", "simpler"}


def test_rows_that_are_weighted_are_rows_said_several_times() -> None:
    frame = contacts()
    weight = np.random.default_rng(1).integers(1, 4, len(frame))
    codes = frame["company"].to_numpy()
    forms = ("linear", "log", "knot")
    one = compare_forms(frame["seconds"], frame["score"], codes, weights=weight, forms=forms)
    several = compare_forms(
        *(np.repeat(frame[name].to_numpy(), weight) for name in ("seconds", "score", "company")), forms=forms
    )
    np.testing.assert_allclose(one.frame["cv_rmse"].iloc[:2], several.frame["cv_rmse"].iloc[:2], rtol=1e-9)
    # The candidates stand at equal steps between quantiles of the times, which weights do not move.
    assert one.fits["knot"].form.knot_s == pytest.approx(several.fits["knot"].form.knot_s, rel=1e-4)
    shift = one.frame["aic"].iloc[1] - one.frame["aic"].iloc[0]
    assert shift == pytest.approx(
        (several.frame["aic"].iloc[1] - several.frame["aic"].iloc[0]) * len(frame) / weight.sum(), rel=1e-9
    )


def test_few_different_times_leave_forms_out_and_say_so() -> None:
    rng = np.random.default_rng(2)
    seconds = rng.choice([30.0, 60.0, 300.0], 200)
    found = compare_forms(seconds, rng.normal(80, 5, 200), np.arange(200) % 20)
    assert "the form knot is left out: the times take too few different values" in " ".join(found.notes)
    assert set(found.fits) >= {"linear", "log"}
    assert found.knot_s is None


def refusal(seconds: list[float], y: list[float], codes: list[int], **options: object) -> str:
    with pytest.raises(MethodError) as caught:
        compare_forms(seconds, y, np.array(codes), **options)  # type: ignore[arg-type]
    return str(caught.value)


def test_what_has_no_answer_is_refused_in_words() -> None:
    seconds, y = [1.0, 20, 30, 50, 80, 130, 210, 340], [9.0, 8, 9, 7, 7, 6, 6, 5]
    codes = [0, 0, 1, 1, 2, 2, 3, 3]
    assert "all times are equal" in refusal([7.0] * 8, y, codes)
    assert "a time is negative" in refusal([-1.0, *seconds[1:]], y, codes)
    assert "a time is negative or no number" in refusal([np.nan, *seconds[1:]], y, codes)
    assert "the outcome is the same in every row" in refusal(seconds, [5.0] * 8, codes)
    assert "one cluster only" in refusal(seconds, y, [0] * 8)
    assert "a control is called minutes" in refusal(seconds, y, codes, controls={"minutes": seconds})
    assert "follow from each other" in refusal(
        seconds, y, codes, controls={"hours": [s / 3600 for s in seconds]}, forms=["linear"]
    )
    assert "two folds or more" in refusal(seconds, y, codes, folds=1)
    assert "too few different values" in refusal([1.0, 2.0] * 4, y, codes, forms=["knot"])
