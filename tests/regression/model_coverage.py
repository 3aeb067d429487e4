"""How often intervals of the regressions hold the truth; run as a program it prints the figures.

python tests/regression/model_coverage.py [runs]
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import numpy as np
from scipy.special import ndtr

from satsurvey.regression.instruments import agent_instrument, two_stage
from satsurvey.regression.knots import KnotSearch, find_knot
from satsurvey.regression.least_squares import least_squares
from satsurvey.regression.mixed import random_intercept, within_and_between
from satsurvey.regression.ordered_logit import ordered_logit
from satsurvey.regression.quantile import quantile_regression
from satsurvey.regression.tallies import tally

Rng = np.random.Generator
Study = Callable[[Rng, int, float], tuple[float, float, float]]
"""Draws one survey with a number of companies and a true slope; returns interval and truth."""


def times(rng: Rng, companies: int, per_company: int = 20) -> tuple[np.ndarray, np.ndarray]:
    """Companies of unequal size, each with its own pace: code of the company and log(1 + seconds)."""
    sizes = rng.integers(per_company // 2, per_company * 3 // 2 + 1, companies)
    company = np.repeat(np.arange(companies), sizes)
    return company, np.log1p(rng.gamma(2, 60, company.size) * np.exp(rng.normal(0, 0.3, companies))[company])


def ends_of(frame, term: str, truth: float) -> tuple[float, float, float]:  # type: ignore[no-untyped-def]
    row = frame.set_index("term").loc[term]
    return float(row["ci_low"]), float(row["ci_high"]), truth


def clustered_least_squares(rng: Rng, companies: int, slope: float) -> tuple[float, float, float]:
    """Companies differ in level and in slope, rows spread the more the longer they take."""
    company, x = times(rng, companies)
    own = rng.normal(0, 1.5, companies)[company]
    y = 90 + (slope + own) * (x - 4.5) + rng.normal(0, 4, companies)[company] + rng.normal(0, 4 + x, x.size)
    return ends_of(least_squares(tally({"x": x}, y, company)).estimates.frame(), "x", slope)


def mixed_within(rng: Rng, companies: int, slope: float) -> tuple[float, float, float]:
    """Slopes of opposite sign within and between companies; that within is sought."""
    company, x = times(rng, companies)
    pace = np.bincount(company, x) / np.bincount(company)
    level = rng.normal(0, 4, companies) + 5 * (pace - 4.5)
    y = 90 + slope * (x - pace[company]) + level[company] + rng.normal(0, 9, x.size)
    rows = within_and_between(tally({"x": x}, y, company), ["x"])
    return ends_of(random_intercept(rows).estimates.frame(), "x within", slope)


def clustered_ordered_logit(rng: Rng, companies: int, slope: float) -> tuple[float, float, float]:
    """Answers 1-5 of persons that come in pairs of one mind: the model is true, rows are not independent."""
    company, x = times(rng, companies)
    # Companies' answers go together by a copula: each row's logistic error has a normal part of its company.
    shared = np.sqrt(0.3) * rng.normal(size=companies)[company] + np.sqrt(0.7) * rng.normal(size=x.size)
    u = ndtr(shared)
    y = slope * (x - 4.5) + np.log(u / (1 - u))
    answers = 1 + np.searchsorted([-3.0, -1.5, 0.0, 1.5], y)
    return ends_of(ordered_logit({"x": x}, answers, clusters=company).estimates.frame(), "x", slope)


def median(rng: Rng, companies: int, slope: float) -> tuple[float, float, float]:
    """The median with companies that differ in level."""
    company, x = times(rng, companies)
    y = 90 + slope * x + rng.normal(0, 3, companies)[company] + rng.normal(0, 8, x.size)
    seed = int(rng.integers(1 << 30))
    found = quantile_regression({"x": x}, y, company, quantiles=[0.5], draws=100, seed=seed)
    return ends_of(found.frame(), "x", slope)


def instrumented(rng: Rng, companies: int, slope: float) -> tuple[float, float, float]:
    """Trouble lengthens contacts and angers; agents are given contacts by lot."""
    company, x = times(rng, companies, 40)
    agent, trouble = rng.integers(0, 4, x.size), rng.normal(size=x.size)
    x = x + 0.6 * rng.normal(size=(companies, 4))[company, agent] + 0.5 * trouble
    y = 90 + slope * x - 4 * trouble + rng.normal(0, 3, companies)[company] + rng.normal(0, 6, x.size)
    made = agent_instrument(x, agent, company)
    kept = np.isfinite(made.values)
    found = two_stage({"x": x[kept]}, made.values[kept], y[kept], company[kept])
    return ends_of(found.estimates.frame(), "x", slope)


def knot(rng: Rng, companies: int, slope: float) -> tuple[float, float, float]:
    """A line that bends at 60 seconds by the given slope; the knot is sought."""
    company, x = times(rng, companies, 40)
    at = float(np.log1p(60))
    y = (
        90
        - x
        + slope * np.maximum(x - at, 0)
        + rng.normal(0, 4, companies)[company]
        + rng.normal(0, 8, x.size)
    )
    found, _, _ = find_knot(KnotSearch(x, y, {}), company)
    return (
        -np.inf if found.low_open else found.low,
        np.inf if found.high_open else found.high,
        at,
    )


def coverage(study: Study, *, companies: int, slope: float, runs: int, seed: int = 1) -> float:
    """Return the share of runs whose interval holds the truth."""
    rng = np.random.default_rng(seed)
    held = 0
    for _ in range(runs):
        low, high, truth = study(rng, companies, slope)
        held += low <= truth <= high
    return held / runs


def significant(study: Study, *, companies: int, runs: int, seed: int = 2) -> float:
    """Return the share of runs without any effect whose interval does not hold 0."""
    rng = np.random.default_rng(seed)
    return (
        sum(not low <= 0 <= high for low, high, _ in (study(rng, companies, 0.0) for _ in range(runs))) / runs
    )


PLANS: dict[str, tuple[Study, int, float]] = {
    "least squares, 12 companies": (clustered_least_squares, 12, -3.0),
    "least squares, 50 companies": (clustered_least_squares, 50, -3.0),
    "least squares, 200 companies": (clustered_least_squares, 200, -3.0),
    "mixed model, 12 companies": (mixed_within, 12, -3.0),
    "mixed model, 50 companies": (mixed_within, 50, -3.0),
    "ordered logit, 50 companies": (clustered_ordered_logit, 50, -0.8),
    "ordered logit, 200 companies": (clustered_ordered_logit, 200, -0.8),
    "median, 50 companies": (median, 50, -3.0),
    "two stages, 60 companies": (instrumented, 60, -3.0),
    "knot, 50 companies": (knot, 50, -8.0),
    "knot, 200 companies": (knot, 200, -6.0),
}


def main() -> None:
    """Print coverage, and how often a null is significant."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    for name, (study, companies, slope) in PLANS.items():
        line = f"{name:<30} coverage {coverage(study, companies=companies, slope=slope, runs=runs):.4f}"
        if study is not knot:
            line += f"   null significant {significant(study, companies=companies, runs=runs):.4f}"
        print(line, flush=True)


if __name__ == "__main__":
    main()
