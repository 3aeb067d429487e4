"""Rank sets restated without any pruning: every pair of every draw, step by step as the method is written."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from satsurvey.scoring.bootstrap import Bootstrap

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class BruteSets:
    """Critical values (after step-down, and of the single step) and bounds of one family."""

    critical: float
    single_step: float
    low: NDArray[np.int64]
    high: NDArray[np.int64]
    critical_marginal: Floats
    low_marginal: NDArray[np.int64]
    high_marginal: NDArray[np.int64]


def all_draws(plan: Bootstrap) -> tuple[Floats, Floats]:
    """Return e* and v* of every draw, shape (units, draws)."""
    batches = [plan.batch(index) for index in range(plan.batches)]
    return np.hstack([b.error for b in batches]), np.hstack([b.variance for b in batches])


def brute_sets(score: Floats, variance: Floats, error: Floats, redrawn: Floats, level: float) -> BruteSets:
    """Evaluate all ordered pairs of one family."""
    size, draws = error.shape
    observed = (score[:, None] - score) / np.sqrt(variance[:, None] + variance)
    drawn = (error[:, None] - error) / np.sqrt(redrawn[:, None] + redrawn)
    position = int(np.ceil(level * draws - 1e-9)) - 1

    def step_down(hypotheses: NDArray[np.bool_]) -> tuple[float, float]:
        values = []
        while True:
            # A negative critical value would claim both j over k and k over j: none is ever under 0.
            values.append(max(0.0, float(np.sort(drawn[hypotheses].max(axis=0))[position])))
            rejected = hypotheses & (observed > values[-1])
            if not rejected.any():
                return values[-1], values[0]
            hypotheses = hypotheses & ~rejected

    pairs = ~np.eye(size, dtype=bool)
    critical, single = step_down(pairs)
    own = np.empty(size)
    for unit in range(size):
        involved = np.zeros_like(pairs)
        involved[unit], involved[:, unit] = pairs[unit], pairs[:, unit]
        own[unit] = step_down(involved)[0]
    beaten = observed.T  # beaten[j, k] = T_kj
    return BruteSets(
        critical,
        single,
        1 + (beaten > critical).sum(axis=1),
        size - (observed > critical).sum(axis=1),
        own,
        1 + (beaten > own[:, None]).sum(axis=1),
        size - (observed > own[:, None]).sum(axis=1),
    )
