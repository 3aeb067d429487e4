"""Intervals hold the truth as often as they say, and a null stays null."""

from __future__ import annotations

import numpy as np
import pytest
from model_coverage import PLANS, coverage, knot, significant

QUICK, RUNS = 80, 2000
ROUGH = 0.01
"""Beside what chance allows: intervals are approximate."""


def allowed(share: float, runs: int) -> float:
    """Three standard errors of a share."""
    return 3 * float(np.sqrt(share * (1 - share) / runs))


@pytest.mark.parametrize(
    "name", ["least squares, 12 companies", "mixed model, 12 companies", "knot, 50 companies"]
)
def test_a_few_intervals_hold_the_truth(name: str) -> None:
    study, companies, slope = PLANS[name]
    found = coverage(study, companies=companies, slope=slope, runs=QUICK)
    assert abs(found - 0.95) <= allowed(0.95, QUICK) + ROUGH


@pytest.mark.slow
@pytest.mark.parametrize("name", list(PLANS))
def test_intervals_hold_the_truth_95_times_of_100(name: str) -> None:
    study, companies, slope = PLANS[name]
    found = coverage(study, companies=companies, slope=slope, runs=RUNS)
    assert abs(found - 0.95) <= allowed(0.95, RUNS) + ROUGH


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name, plan in PLANS.items() if plan[0] is not knot])
def test_a_null_is_significant_5_times_of_100(name: str) -> None:
    study, companies, _ = PLANS[name]
    found = significant(study, companies=companies, runs=RUNS)
    assert abs(found - 0.05) <= allowed(0.05, RUNS) + ROUGH
