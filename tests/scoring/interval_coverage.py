"""Coverage of score intervals by simulation; run as a program it prints the figures.

    python tests/scoring/interval_coverage.py [runs] [share asked of dimension D] [interviews|items]

The last is the small-sample correction; a share of "none" asks every item of everybody.

360 companies in 15 industries, 20 interviews each, 22 items answered 1 to 10, a tenth of the answers missing.
The true scores are known by integration over the distributions that the answers are drawn from, not by
another simulation.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from satsurvey.instrument.library import load_instrument
from satsurvey.instrument.model import MissingReason
from satsurvey.intake.ledger import Ledger
from satsurvey.intake.responses import MISSING_CODES, Factor, Responses
from satsurvey.scoring.estimates import score

Floats = NDArray[np.float64]
INDUSTRIES, COMPANIES, INTERVIEWS = 15, 24, 20
BETWEEN, RESPONDENT, NOISE = 5.0, 10.0, 14.0
MISSING = 0.1
ASKED = {"menu": 0.6, "upset": 0.3, "complex": 0.3}
"""Shares of interviews in which a filter lets an item be asked, when filters are simulated."""
CUTS = np.arange(15.0, 100.0, 10.0)
"""An answer is x + 1 when the latent score lies over x of these cuts, so that x means about 10 (x + 1)."""


@dataclass(frozen=True)
class Coverage:
    """Shares of intervals that hold the truth, and of how many intervals."""

    companies: float
    industries: float
    overall: float
    n_companies: int
    n_industries: int

    def __str__(self) -> str:
        return (
            f"companies {self.companies:.4f} of {self.n_companies}, "
            f"industries {self.industries:.4f} of {self.n_industries}, overall {self.overall:.3f}"
        )


def expected_score(latent: Floats, spread: float) -> Floats:
    """Return the expected answer, times ten, of someone whose latent scores are N(latent, spread²)."""
    over = ndtr((latent[..., None] - CUTS) / spread)
    return 10.0 * (1.0 + over.sum(axis=-1))


def coverage(
    *,
    runs: int,
    level: float = 0.95,
    seed: int = 1,
    follow_up: float | None = None,
    small_sample: str = "interviews",
) -> Coverage:
    """Draw companies and interviews anew in every run and count how often the intervals hold the truth.

    `follow_up` is the share of interviews in which dimension D is asked; given one, the other filters of the
    instrument work too, as `ASKED` says. None: every item is asked of everybody.
    """
    instrument = load_instrument("contact-centre-22")
    rng = np.random.default_rng(seed)
    n_companies, n_items = INDUSTRIES * COMPANIES, len(instrument.items)
    industry = np.repeat(np.arange(INDUSTRIES), COMPANIES)
    item_effect = np.linspace(-5.0, 5.0, n_items)
    industry_mean = np.linspace(72.0, 82.0, INDUSTRIES)
    dimension = np.array([instrument.dimension_codes.index(item.dimension) for item in instrument.items])
    share = 1.0 / np.bincount(dimension)[dimension] / len(instrument.dimension_codes)
    own = np.hypot(RESPONDENT, NOISE)
    industry_truth = expected_score(industry_mean[:, None] + item_effect, np.hypot(own, BETWEEN)) @ share
    names = tuple(f"company {k:03d}" for k in range(n_companies))
    kept = np.zeros(3)
    for _ in range(runs):
        company_mean = industry_mean[industry] + BETWEEN * rng.standard_normal(n_companies)
        company_truth = expected_score(company_mean[:, None] + item_effect, own) @ share
        level_of = np.repeat(company_mean, INTERVIEWS) + RESPONDENT * rng.standard_normal(
            n_companies * INTERVIEWS
        )
        latent = (
            level_of[None, :] + item_effect[:, None] + NOISE * rng.standard_normal((n_items, level_of.size))
        )
        answers = np.searchsorted(CUTS, latent.ravel(), side="left").reshape(latent.shape).astype(np.uint8)
        answers[rng.random(answers.shape) < MISSING] = MISSING_CODES[MissingReason.DONT_KNOW]
        if follow_up is not None:
            asked = rng.random(level_of.size) < follow_up
            for place, item in enumerate(instrument.items):
                heard = (
                    asked
                    if item.dimension == "D"
                    else rng.random(level_of.size) < ASKED.get(item.filter or "", 1)
                )
                answers[place][~heard] = MISSING_CODES[MissingReason.NOT_ASKED]
        responses = Responses(
            instrument=instrument,
            scales=tuple(instrument.scale_of(item) for item in instrument.items),
            answers=answers,
            company=Factor(np.repeat(np.arange(n_companies, dtype=np.int32), INTERVIEWS), names),
            industry=Factor(
                np.repeat(industry, INTERVIEWS).astype(np.int32),
                tuple(f"industry {g:02d}" for g in range(INDUSTRIES)),
            ),
            file=np.zeros(level_of.size, np.int16),
            row=np.arange(level_of.size, dtype=np.int64),
            files=(),
            ledger=Ledger(),
        )
        scores = score(responses, level=level, small_sample=small_sample)
        for place, (frame, truth) in enumerate(
            (
                (scores.companies, company_truth),
                (scores.industries, industry_truth),
                (scores.overall, industry_truth.mean(keepdims=True)),
            )
        ):
            kept[place] += ((frame["ci_low"] <= truth) & (truth <= frame["ci_high"])).mean()
    return Coverage(*(kept / runs).tolist(), runs * n_companies, runs * INDUSTRIES)


if __name__ == "__main__":
    print(
        coverage(
            runs=int(sys.argv[1]) if len(sys.argv) > 1 else 300,
            follow_up=float(sys.argv[2]) if len(sys.argv) > 2 and sys.argv[2] != "none" else None,
            small_sample=sys.argv[3] if len(sys.argv) > 3 else "interviews",
        )
    )
