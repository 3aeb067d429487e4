"""Findings against R and plain restatements."""

from __future__ import annotations

import numpy as np
import pytest
from contacts import columns, contacts, reference

from satsurvey.errors import MethodError
from satsurvey.regression.diagnostics import (
    cluster_finding,
    collinearity_findings,
    condition_number,
    convergence_findings,
    inflation,
    influence_finding,
    residual_findings,
    slopes_without_each,
)
from satsurvey.regression.least_squares import least_squares
from satsurvey.regression.mixed import random_intercept
from satsurvey.regression.ordered_logit import ordered_logit
from satsurvey.regression.splines import natural_spline
from satsurvey.regression.tallies import Tally, tally


def made(*names: str, **more: np.ndarray) -> Tally:
    frame = contacts()
    return tally(columns(frame, *names) | more, frame["score"], frame["company"].to_numpy())


def test_inflation_and_condition_are_those_of_r() -> None:
    theirs = reference()["diagnostics"]
    rows = made("log_seconds", "minutes", "chat")
    assert inflation(rows) == pytest.approx(theirs["vif"], rel=1e-9)
    assert condition_number(rows) == pytest.approx(theirs["condition"], rel=1e-8)
    basis = natural_spline(contacts()["log_seconds"]).basis(contacts()["log_seconds"])
    names = ("s1", "s2", "s3")
    grouped = made("minutes", "chat", **dict(zip(names, basis.T, strict=True)))
    assert inflation(grouped, {"spline": names}) == pytest.approx(theirs["gvif"], rel=1e-8)


def test_slopes_without_each_company_are_those_of_r() -> None:
    rows = made("log_seconds", "minutes", "chat")
    np.testing.assert_allclose(
        slopes_without_each(rows)[:, 2], reference()["diagnostics"]["without"], rtol=1e-8
    )


def test_the_most_influential_company_is_named() -> None:
    rng = np.random.default_rng(1)
    x, codes = rng.normal(size=300), np.repeat(np.arange(20), 15)
    y = -0.3 * x + rng.normal(size=300)
    y[codes == 7] += 4 * x[codes == 7]
    rows = tally({"x": x}, y, codes)
    fit = least_squares(rows).estimates
    found = influence_finding(rows, "x", fit["x"], float(fit.std_errors[1]))
    kept = codes != 7
    without = np.polyfit(x[kept], y[kept], 1)[0]
    assert found.where == "7"
    assert found.value == pytest.approx((without - fit["x"]) / fit.std_errors[1], rel=1e-9)
    assert found.concern == (abs(found.value) >= 1 or without * fit["x"] < 0)
    with pytest.raises(MethodError, match="the model has no term z"):
        influence_finding(rows, "z", 0, 1)


def test_a_company_without_which_there_is_no_slope_is_named() -> None:
    codes = np.repeat(np.arange(4), 5)
    x = np.where(codes == 2, np.tile(np.arange(5.0), 4), 1.0)
    rows = tally({"x": x}, np.arange(20.0) % 7, codes)
    found = influence_finding(rows, "x", 1.0, 1.0)
    assert (found.where, found.concern) == ("2", True)
    assert "could not be told at all" in found.words


def test_residual_findings_are_those_of_their_formulas() -> None:
    rng = np.random.default_rng(5)
    line = rng.uniform(60, 90, 5000)
    y = np.minimum(line + rng.normal(0, 0.2 * (line - 50)), 100)
    found = {item.code: item for item in residual_findings(y, line, top=100)}
    residual = y - line - (y - line).mean()
    assert found["skew"].value == pytest.approx((residual**3).mean() / (residual**2).mean() ** 1.5, rel=1e-9)
    assert found["ceiling"].value == pytest.approx((y >= 100).mean())
    assert not found["ceiling"].concern
    low, high = np.quantile(line, [1 / 3, 2 / 3])
    ratio = residual[line >= high].std() / residual[line <= low].std()
    assert found["spread"].value == pytest.approx(ratio, rel=1e-9)
    assert found["spread"].concern
    calm = residual_findings(line + rng.normal(0, 3, 5000), line)
    assert [item.concern for item in calm] == [False, False, False]
    top = residual_findings(np.where(rng.random(500) < 0.7, 100.0, 20.0), rng.random(500))
    assert [item.code for item in top if item.concern] == ["ceiling"]


def test_collinearity_clusters_and_convergence_are_said_in_words() -> None:
    rng = np.random.default_rng(2)
    x, codes = rng.random(400) + 5, np.arange(400) % 8
    rows = tally({"x": x, "same": x + 0.01 * rng.random(400)}, rng.random(400), codes)
    found = {item.code: item for item in collinearity_findings(rows)}
    assert found["collinearity"].concern
    assert found["condition"].concern
    assert "says much the same as the other terms" in found["collinearity"].words
    fine = collinearity_findings(tally({"x": x - 5.5, "z": rng.normal(size=400)}, rng.random(400), codes))
    assert not any(item.concern for item in fine)
    assert "8 clusters are very few" in cluster_finding(8, 4.5).words
    assert "30 clusters are few" in cluster_finding(30, 20.0).words
    assert not cluster_finding(60, 59.0).concern
    flat = tally({"x": np.tile([1.0, 2, 3, 4], 5)}, np.tile([1.0, -1, -1, 1], 5), np.repeat(np.arange(5), 4))
    ordered = ordered_logit({"x": [1.0, 2, 3, 4, 5, 6]}, [1.0, 1, 2, 1, 2, 2])
    variance, steps = convergence_findings(random_intercept(flat), ordered)
    assert variance.concern
    assert steps.value == ordered.steps
