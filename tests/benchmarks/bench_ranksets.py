"""Rank sets of 360 companies with 10,000 draws, against one plain numpy evaluation of all pair statistics.

    python tests/benchmarks/bench_ranksets.py

Both use the same draws. The plain evaluation is only that: the largest statistic of each draw over all pairs,
once, a block of pairs at a time; it draws nothing, moderates nothing and takes no steps down.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from satsurvey.scoring.bootstrap import Bootstrap, observed_variance
from satsurvey.scoring.ranksets import rank_sets

COMPANIES, FAMILIES, DRAWS, SEED = 360, 15, 10_000, 20191


def evaluate_all_pairs(error: NDArray[np.float64], variance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the largest |T*| of each draw."""
    largest = np.zeros(error.shape[1])
    for unit in range(error.shape[0] - 1):
        statistic = error[unit] - error[unit + 1 :]
        statistic /= np.sqrt(variance[unit] + variance[unit + 1 :])
        np.maximum(largest, np.abs(statistic, out=statistic).max(axis=0), out=largest)
    return largest


def seconds(work: Callable[[], object], repeats: int = 3) -> float:
    """Return the shortest of some runs."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def main() -> None:
    rng = np.random.default_rng(1)
    n = rng.integers(20, 24, COMPANIES).astype(float)
    sd = rng.uniform(10, 20, COMPANIES)
    score = 83 + 5 * rng.standard_normal(COMPANIES)
    std_error = sd * np.sqrt(rng.chisquare(n - 1) / (n - 1) / n)
    family = np.repeat(np.arange(FAMILIES), COMPANIES // FAMILIES)
    _, moderation = observed_variance(std_error, n - 1, n, "bootstrap")
    plan = Bootstrap(std_error, n - 1, n, DRAWS, SEED, bool(moderation.prior_df > 0))
    batches = [plan.batch(index) for index in range(plan.batches)]

    def brute() -> NDArray[np.float64]:
        return np.concatenate([evaluate_all_pairs(batch.error, batch.variance) for batch in batches])

    brute_seconds = seconds(brute, 1)
    single_step = np.sort(brute())[int(np.ceil(0.95 * DRAWS)) - 1]
    data = {"df": n - 1, "n": n, "draws": DRAWS, "seed": SEED}
    overall = rank_sets(score, std_error, **data).overall
    assert overall is not None
    assert overall.critical_single_step == single_step, "the same critical value, to the last bit"
    print(f"all pair statistics of {COMPANIES} companies x {DRAWS} draws, plain numpy: {brute_seconds:.2f} s")
    for name, options in (
        ("one family, simultaneous", {}),
        ("15 families and overall, simultaneous", {"family": family}),
        ("15 families and overall, with marginal", {"family": family, "sets": "both"}),
    ):
        taken = seconds(lambda options=options: rank_sets(score, std_error, **data, **options))
        print(f"{name}, draws included: {taken:.2f} s, ratio {taken / brute_seconds:.2f}")


if __name__ == "__main__":
    main()
