"""Rows with a known truth, made in the test itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from satsurvey.intake.responses import Factor
from satsurvey.response_time.rows import ResponseRows
from satsurvey.service.records import Definition

Floats = NDArray[np.float64]


def factor(values: ArrayLike) -> Factor:
    texts = [str(value) for value in np.asarray(values).tolist()]
    names = tuple(sorted({text for text in texts if text}))
    place = {name: k for k, name in enumerate(names)}
    return Factor(np.array([place.get(text, -1) for text in texts], dtype=np.int32), names)


def make_rows(outcome: ArrayLike, time_s: ArrayLike, company: ArrayLike, **more: Any) -> ResponseRows:
    """Rows from plain arrays; `channel`, `agent` and the like are given as names."""
    times = np.asarray(time_s, dtype=np.float64)
    named = {name: factor(more.pop(name)) for name in ("channel", "purpose", "agent", "tier") if name in more}
    return ResponseRows(
        outcome=np.asarray(outcome, dtype=np.float64),
        answer=more.pop("answer", None),
        outcome_name=more.pop("outcome_name", "total"),
        time_s=times,
        time_name="first_response",
        definition=Definition("first_response_s", "request", "first_human_reply"),
        company=factor(np.char.add("c", np.asarray(company).astype("U10"))),
        file=np.zeros(times.size, dtype=np.int16),
        row=np.arange(times.size, dtype=np.int64) + 2,
        excluded=more.pop("excluded", {}),
        read=more.pop("read", times.size),
        **named,
        **more,
    )


def simulated(
    slope: float = -3.0,
    *,
    companies: int = 80,
    each: int = 20,
    spread: float = 8.0,
    between: float = 3.0,
    seed: int = 1,
    controls: Sequence[str] = (),
    **more: Any,
) -> ResponseRows:
    """Scores that fall by `slope` per unit of log(1 + seconds), companies that differ, times of hours."""
    rng = np.random.default_rng(seed)
    company = np.repeat(np.arange(companies), each)
    times = rng.lognormal(np.log(200.0), 1.0, company.size)
    level = rng.normal(0, between, companies)[company]
    score = 95 + slope * np.log1p(times) + level + rng.normal(0, spread, company.size)
    return make_rows(score, times, company, controls=dict.fromkeys(controls), **more)
