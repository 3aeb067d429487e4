"""Small surveys made in the test itself: five items in two dimensions, any companies, weights and gaps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st

from satsurvey.instrument.model import Instrument
from satsurvey.intake.ledger import Ledger
from satsurvey.intake.raw import Source
from satsurvey.intake.responses import INVALID, MISSING_CODES, Factor, Responses
from satsurvey.intake.study import StudyScoring

ITEMS = {"a1": "A", "a2": "A", "a3": "A", "b1": "B", "b2": "B"}
DIMENSIONS = ("A", "B")
SATISFIED_FROM = 8
SPECIAL = {"invalid": INVALID} | {reason.value: code for reason, code in MISSING_CODES.items()}


@dataclass(frozen=True)
class Interview:
    """One interview: answers from 1 to 10 or the word for a missing one, and what is known of its company."""

    company: str
    answers: tuple[int | str, ...]
    industry: str = "bank"
    weight: float = 1.0
    population: float = np.nan
    market_share: float = np.nan


@cache
def small_instrument(scale: str = "ten", **scoring: Any) -> Instrument:
    return Instrument.model_validate(
        {
            "schema": "satsurvey.instrument/1",
            "id": "small",
            "version": "1",
            "title": {"en": "Five items in two dimensions"},
            "default_scale": scale,
            "scales": {
                "ten": {"min": 1, "max": 10, "satisfied_from": SATISFIED_FROM},
                "three": {"min": 1, "max": 3},
                "five": {"min": 1, "max": 5, "anchors": {"1": 0, "2": 30, "3": 60, "4": 80, "5": 100}},
            },
            "dimensions": [{"code": code, "text": {"en": code}} for code in DIMENSIONS],
            "items": [
                {"code": code, "dimension": dimension, "text": {"en": code}}
                for code, dimension in ITEMS.items()
            ],
            "scoring": {"company_min_n": 1, "industry_min_companies": 1} | scoring,
        }
    )


def factor(texts: Sequence[str]) -> Factor:
    names = tuple(sorted(set(texts)))
    place = {name: k for k, name in enumerate(names)}
    return Factor(np.array([place[text] for text in texts], dtype=np.int32), names)


def survey(
    interviews: Sequence[Interview],
    *,
    instrument: Instrument | None = None,
    industry: bool = True,
    weighted: bool = False,
    scoring: StudyScoring | None = None,
    **more: Any,
) -> Responses:
    """Make the responses of some interviews."""
    asked = instrument or small_instrument()
    n = len(interviews)
    answers = np.array(
        [[SPECIAL[a] if isinstance(a, str) else a - 1 for a in one.answers] for one in interviews],
        dtype=np.uint8,
    )
    return Responses(
        instrument=asked,
        scales=tuple(asked.scale_of(item) for item in asked.items),
        answers=answers.T.copy() if n else np.zeros((len(ITEMS), 0), np.uint8),
        company=factor([one.company for one in interviews]),
        industry=factor([one.industry for one in interviews]) if industry else None,
        weight=np.array([one.weight for one in interviews]) if weighted else None,
        numbers={
            "population": np.array([one.population for one in interviews]),
            "market_share": np.array([one.market_share for one in interviews]),
        },
        file=np.zeros(n, dtype=np.int16),
        row=np.arange(2, n + 2, dtype=np.int64),
        files=(Source(Path("small.csv"), "csv"),),
        ledger=Ledger.of_file("small.csv", None, n, ()),
        scoring=scoring or StudyScoring(),
        **more,
    )


def company(name: str, *answers: Sequence[int | str], **known: Any) -> list[Interview]:
    """Make the interviews of one company, five answers each."""
    return [Interview(name, tuple(row), **known) for row in answers]


MISSING_WORDS = tuple(SPECIAL)
ANSWER = st.one_of(st.integers(1, 10), st.integers(1, 10), st.sampled_from(MISSING_WORDS))

ONES = st.just(1.0)


@st.composite
def interviews(
    draw: st.DrawFn, *, weights: st.SearchStrategy[float] = ONES, most: int = 14
) -> list[Interview]:
    """Draw a survey of up to three industries of up to three companies each; every company has one answer."""
    shares = draw(st.lists(st.sampled_from([0.5, 1.0, 2.0, 3.5]), min_size=9, max_size=9))
    found: list[Interview] = []
    for industry, code in draw(
        st.lists(st.tuples(st.sampled_from("RST"), st.integers(0, 2)), min_size=1, max_size=most)
    ):
        name = f"{industry}{code}"
        share = shares["RST".index(industry) * 3 + code]
        answers = draw(st.tuples(ANSWER, ANSWER, ANSWER, ANSWER, ANSWER))
        if all(isinstance(answer, str) for answer in answers):
            answers = (draw(st.integers(1, 10)), *answers[1:])
        found.append(Interview(name, answers, industry, draw(weights), 40.0 + 10 * code, share))
    return found
