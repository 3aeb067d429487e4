"""Coverage of rank sets by simulation; run as a program it prints the figures.

python tests/scoring/coverage_simulation.py [runs]
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from satsurvey.scoring.bootstrap import Critical
from satsurvey.scoring.ranksets import rank_sets

Floats = NDArray[np.float64]
Answers = Literal["normal", "steps"]


@dataclass(frozen=True)
class Coverage:
    """Shares of the runs, or of runs and units, in which sets held the true ranks; and their mean width."""

    simultaneous: float
    marginal: float
    deviations: float
    width: float
    width_marginal: float

    def __str__(self) -> str:
        return (
            f"simultaneous {self.simultaneous:.3f}  marginal {self.marginal:.3f}  "
            f"tiers {self.deviations:.3f}  widths {self.width:.1f} {self.width_marginal:.1f}"
        )


def unequal_spread(companies: int) -> Floats:
    """Return standard deviations between respondents from 10 to 20 points."""
    return np.linspace(10.0, 20.0, companies)[np.random.default_rng(0).permutation(companies)]


def coverage(
    *,
    runs: int,
    companies: int = 24,
    interviews: int = 20,
    between: float = 0.0,
    draws: int = 2_000,
    critical: Critical = "bootstrap",
    marginal: bool = False,
    answers: Answers = "normal",
    seed: int = 1,
) -> Coverage:
    """Survey the same companies many times and count how often the sets hold.

    Parameters
    ----------
    runs, companies, interviews
        Surveys, companies of one family, interviews of each.
    between
        Standard deviation of the true scores. At 0 all are equal: every rank is true for every company,
        any claim about a pair is false, and the sets are at their worst.
    answers
        `normal`, or `steps` for answers in tens cut off at 0 and 100, as a ten-point scale gives them.
    """
    sd = unequal_spread(companies)
    truth = 80 + between * np.random.default_rng(99).standard_normal(companies)
    rng = np.random.default_rng(seed)
    if answers == "steps":  # the true means of such answers, from many of them
        truth = _as_answered(
            truth + sd * np.random.default_rng(5).standard_normal((200_000, companies))
        ).mean(0)
        base = 80 + between * np.random.default_rng(99).standard_normal(companies)
    best = 1 + (truth[:, None] < truth - 1e-9).sum(axis=1)
    worst = companies - (truth[:, None] > truth + 1e-9).sum(axis=1)
    n = np.full(companies, float(interviews))
    held = np.zeros(5)
    for run in range(runs):
        noise = sd * rng.standard_normal((interviews, companies))
        y = _as_answered(base + noise) if answers == "steps" else truth + noise
        family = rank_sets(
            y.mean(axis=0),
            y.std(axis=0, ddof=1) / np.sqrt(n),
            df=n - 1,
            n=n,
            sets="both" if marginal else "simultaneous",
            overall=False,
            draws=draws,
            seed=run,
            critical=critical,
        ).families[0]
        assert family.low is not None
        assert family.high is not None
        held[0] += ((family.low <= best) & (family.high >= worst)).all()
        held[3] += (family.high - family.low + 1).mean()
        if family.low_marginal is not None and family.high_marginal is not None:
            held[1] += ((family.low_marginal <= best) & (family.high_marginal >= worst)).mean()
            held[4] += (family.high_marginal - family.low_marginal + 1).mean()
        miss = np.abs(family.deviation - (truth - truth.mean()))
        held[2] += (miss <= family.critical_deviation * family.deviation_std_error).all()
    return Coverage(*(held / runs).tolist())


def _as_answered(y: Floats) -> Floats:
    return np.clip(np.round(y, -1), 0, 100)


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    print(f"24 companies, 20 interviews, spreads 10 to 20, {count} runs, level 0.95")
    print("bootstrap, equal truths  ", coverage(runs=count))
    print("normal, equal truths     ", coverage(runs=count, critical="normal"))
    print("bootstrap, truths apart 5", coverage(runs=count, between=5.0))
    print("marginal, equal truths   ", coverage(runs=max(count // 4, 1), marginal=True))
    print("bootstrap, ten-point     ", coverage(runs=count, between=5.0, answers="steps"))
