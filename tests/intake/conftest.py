"""A small survey made in the test itself: twelve items, filters, facts, and any answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from satsurvey.instrument.model import Instrument
from satsurvey.intake.ledger import Ledger
from satsurvey.intake.raw import Source
from satsurvey.intake.responses import INVALID, MISSING_CODES, FactColumn, Factor, Responses

ITEMS = tuple(f"Q{k}" for k in range(1, 13))
SPECIAL = {reason.value: code for reason, code in MISSING_CODES.items()} | {"invalid": INVALID}


def tiny_instrument(**changes: Any) -> Instrument:
    """Twelve items on 1 to 10; Q11 is for those who reached an agent, Q12 for those with a follow-up."""
    filters = {"Q11": "human", "Q12": "follow"}
    data: dict[str, Any] = {
        "schema": "satsurvey.instrument/1",
        "id": "tiny",
        "version": "1",
        "title": {"en": "tiny"},
        "default_scale": "ten",
        "scales": {"ten": {"min": 1, "max": 10}, "five": {"min": 1, "max": 5}},
        "filters": {"human": {"expression": "S4 == 1"}, "follow": {"expression": "S11 == 1"}},
        "facts": [
            {"code": "S4", "text": {"en": "agent"}, "type": "one_of", "values": {"0": {}, "1": {}, "2": {}}},
            {"code": "S11", "text": {"en": "follow-up"}, "type": "yes_no"},
            {"code": "S12", "text": {"en": "over"}, "type": "yes_no", "ask_if": "S11 == 1"},
        ],
        "dimensions": [{"code": "A", "text": {"en": "A"}}, {"code": "B", "text": {"en": "B"}}],
        "items": [
            {
                "code": code,
                "dimension": "A" if k < 6 else "B",
                "text": {"en": code},
                "filter": filters.get(code),
            }
            for k, code in enumerate(ITEMS)
        ],
        "scoring": {"company_min_n": 3, "industry_min_companies": 2},
        "quality": {"min_duration_s": 120},
    }
    return Instrument.model_validate(data | changes)


def factor(texts: Sequence[str]) -> Factor:
    names = tuple(sorted({text for text in texts if text}))
    return Factor(np.array([names.index(text) if text else -1 for text in texts], dtype=np.int32), names)


def build(
    answers: Sequence[Sequence[int | str]],
    *,
    instrument: Instrument | None = None,
    company: Sequence[str] | None = None,
    industry: Sequence[str] | None = None,
    company_id: Sequence[str] | None = None,
    facts: Mapping[str, Sequence[str]] | None = None,
    factors: Mapping[str, Sequence[str]] | None = None,
    numbers: Mapping[str, Sequence[float]] | None = None,
    texts: Mapping[str, Sequence[str | None]] | None = None,
    weight: Sequence[float] | None = None,
    file: Sequence[int] | None = None,
    row: Sequence[int] | None = None,
    ledger: Ledger | None = None,
    **more: Any,
) -> Responses:
    """Make responses; `answers` has one row per interview: raw answers, or names of missing reasons."""
    instrument = instrument or tiny_instrument()
    scales = tuple(instrument.scale_of(item) for item in instrument.items)
    n = len(answers)
    codes = np.empty((len(scales), n), dtype=np.uint8)
    for k, interview in enumerate(answers):
        for item, (answer, scale) in enumerate(zip(interview, scales, strict=True)):
            codes[item, k] = SPECIAL[answer] if isinstance(answer, str) else scale.values.index(answer)
    declared = {fact.code: tuple(fact.values) or ("0", "1") for fact in instrument.facts}
    columns = {
        code: FactColumn(
            declared[code],
            np.array(
                [declared[code].index(v) if v in declared[code] else SPECIAL[v] for v in values],
                dtype=np.uint8,
            ),
        )
        for code, values in (facts or {}).items()
    }
    files = max(file) + 1 if file else 1
    return Responses(
        instrument=instrument,
        scales=scales,
        answers=codes,
        company=factor(company or ["acme"] * n),
        industry=None if industry is None else factor(industry),
        company_id=None if company_id is None else factor(company_id),
        file=np.array(file or [0] * n, dtype=np.int16),
        row=np.array(row or range(2, n + 2), dtype=np.int64),
        files=tuple(Source(Path(f"wave{k}.csv"), "csv") for k in range(files)),
        ledger=ledger or Ledger.of_file("wave0.csv", None, n, ()),
        weight=None if weight is None else np.array(weight, dtype=np.float64),
        facts=columns,
        factors={role: factor(values) for role, values in (factors or {}).items()},
        numbers={role: np.array(values, dtype=np.float64) for role, values in (numbers or {}).items()},
        texts={role: pa.chunked_array([pa.array(v, pa.string())]) for role, v in (texts or {}).items()},
        **more,
    )


@pytest.fixture(scope="session")
def survey() -> Callable[..., Responses]:
    """The maker of small surveys."""
    return build


@pytest.fixture(scope="session")
def instrument_with() -> Callable[..., Instrument]:
    """The maker of the small instrument, with some tables replaced."""
    return tiny_instrument


@pytest.fixture(scope="session")
def plain() -> list[int | str]:
    """Twelve answers that are neither all alike nor near the ceiling."""
    return [7, 8, 6, 7, 5, 8, 9, 6, 7, 8, 7, 6]
