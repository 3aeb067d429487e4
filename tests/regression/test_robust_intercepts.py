"""Random intercepts with clustered errors: against dense matrices, and on slopes that differ by cluster."""

from __future__ import annotations

import numpy as np
import pytest

from satsurvey.errors import MethodError
from satsurvey.regression.estimates import interval
from satsurvey.regression.mixed import random_intercept
from satsurvey.regression.robust_intercepts import robust_random_intercept
from satsurvey.regression.tallies import tally


def rows(
    rng: np.random.Generator, clusters: int, size: int, *, slope_sd: float = 0.0, slope: float = 0.0
) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
    """Return two columns, an outcome and clusters; a column of 1 and 0, and a number on another scale."""
    code = np.repeat(np.arange(clusters), rng.integers(max(size // 2, 2), 2 * size, clusters))
    x = (rng.random(code.size) < 0.3).astype(float)
    z = 500 + 40 * rng.normal(size=code.size) + 20 * rng.normal(size=clusters)[code]
    effect = slope + slope_sd * rng.normal(size=clusters)
    y = 70 + 4 * rng.normal(size=clusters)[code] + effect[code] * x + 0.01 * z
    return {"x": x, "z": z}, y + 10 * rng.normal(size=code.size), code


@pytest.mark.parametrize("correction", ["cr1", "cr2"])
def test_errors_are_those_of_the_sandwich_on_dense_matrices(correction: str) -> None:
    columns, y, code = rows(np.random.default_rng(1), 9, 8, slope_sd=3.0)
    whole = tally(columns, y, code)
    found = robust_random_intercept(whole, correction=correction)  # type: ignore[arg-type]
    ratio = found.model.between_variance / found.model.residual_variance
    assert ratio > 0
    design = np.column_stack([np.ones(y.size), columns["x"], columns["z"]])
    # Rows of a cluster multiplied by the root of its V^-1: least squares on these is the model.
    turned, outcome = np.zeros_like(design), np.zeros_like(y)
    for one in np.unique(code):
        here = np.flatnonzero(code == one)
        values, vectors = np.linalg.eigh(np.eye(here.size) + ratio)
        root = (vectors / np.sqrt(values)) @ vectors.T
        turned[here], outcome[here] = root @ design[here], root @ y[here]
    bread = np.linalg.inv(turned.T @ turned)
    beta = bread @ turned.T @ outcome
    residual = outcome - turned @ beta
    meat = np.zeros((3, 3))
    parts = []
    for one in np.unique(code):
        here = np.flatnonzero(code == one)
        adjusted = turned[here].T @ residual[here]
        if correction == "cr2":
            hat = turned[here] @ bread @ turned[here].T
            values, vectors = np.linalg.eigh(np.eye(here.size) - hat)
            half = (vectors / np.sqrt(values)) @ vectors.T
            adjusted = turned[here].T @ half @ residual[here]
            # Row of the linear map from all rows to this cluster's part of the x coefficient.
            taken = np.zeros((here.size, y.size))
            taken[np.arange(here.size), here] = 1.0
            parts.append(bread[1] @ turned[here].T @ half @ (taken - turned[here] @ bread @ turned.T))
        meat += np.outer(adjusted, adjusted)
    clusters, n = np.unique(code).size, y.size
    factor = clusters / (clusters - 1) * (n - 1) / (n - 3) if correction == "cr1" else 1.0
    covariance = factor * bread @ meat @ bread
    assert found.estimates.values == pytest.approx(beta, rel=1e-9)
    assert found.estimates.std_errors == pytest.approx(np.sqrt(np.diag(covariance)), rel=1e-8)
    if correction == "cr2":
        # Satterthwaite: with p_g the maps above, (sum |p_g|^2)^2 / sum (p_g'p_h)^2.
        together = np.array(parts) @ np.array(parts).T
        df = np.trace(together) ** 2 / (together**2).sum()
        assert found.estimates.df[1] == pytest.approx(df, rel=1e-8)


def test_coefficients_are_those_of_the_likelihood_and_its_refusals_too() -> None:
    columns, y, code = rows(np.random.default_rng(2), 60, 10)
    whole = tally(columns, y, code)
    found = robust_random_intercept(whole)
    assert found.correction == "cr1"
    assert found.estimates.values == pytest.approx(random_intercept(whole).estimates.values, rel=1e-9)
    with pytest.raises(MethodError, match="one cluster only"):
        robust_random_intercept(tally(columns, y, np.zeros(y.size, dtype=np.int64)))


@pytest.mark.slow
@pytest.mark.parametrize("slope_sd", [0.0, 5.0])
@pytest.mark.parametrize(("clusters", "size"), [(12, 40), (40, 40), (200, 20)])
def test_of_slopes_that_are_0_on_average_one_in_twenty_is_found(
    clusters: int, size: int, slope_sd: float
) -> None:
    runs, sandwich, likelihood = 1000, 0, 0
    for seed in range(runs):
        columns, y, code = rows(np.random.default_rng(seed), clusters, size, slope_sd=slope_sd)
        found = robust_random_intercept(tally(columns, y, code))
        for estimates in (found.estimates, found.model.estimates):
            low, high, _ = interval(estimates.values, estimates.std_errors, estimates.df)
            out = not low[1] <= 0 <= high[1]
            sandwich += out and estimates is found.estimates
            likelihood += out and estimates is not found.estimates
    assert 0.035 <= sandwich / runs <= 0.07, sandwich / runs
    # The errors of the likelihood take slopes to be the same everywhere.
    assert (likelihood / runs > 0.12) == (slope_sd > 0), likelihood / runs
