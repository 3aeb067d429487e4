"""Which texts of a column are no answers: special codes, declared or not, told apart as the readers do it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pyarrow as pa

from satsurvey.instrument.model import Instrument
from satsurvey.intake.answers import AnswerReader, FactReader, key_of, missing_words
from satsurvey.intake.dates import parse_dates
from satsurvey.intake.numbers import to_numbers
from satsurvey.intake.raw import RawColumn
from satsurvey.intake.responses import INVALID, MISSING_CODES

_REASONS = {code: reason.value for reason, code in MISSING_CODES.items()}
_DATES = ("completed_at", "contact_at")
_SECONDS = ("duration_s", "first_response_s")
_AMOUNTS = ("weight", "population", "market_share", *_SECONDS)


def meanings_of(
    table: str, code: str, raw: RawColumn, instrument: Instrument, scale: str | None
) -> Callable[[Sequence[str]], list[str | None]] | None:
    """Return the function that tells special codes from answers, for a column that stands for a code.

    Parameters
    ----------
    table, code
        What the column stands for.
    raw
        Supplies the labels and missing codes that the file declares.
    instrument
        Supplies scales, declared codes and words.
    scale
        Name of the scale of items and outcomes that have none of their own.

    Returns
    -------
    callable or None
        Turns texts of cells into None for an answer, a reason of missing, or "" for a text that nothing
        declares. None where the column has no legal answers to compare with (names, comments).
    """
    words = {word: reason.value for word, reason in missing_words(instrument).items()}
    items = {item.code: item for item in instrument.items}
    rated = {outcome.code: outcome for outcome in instrument.outcomes if outcome.type == "scale"}
    facts = {fact.code: fact for fact in instrument.facts}
    if (table == "items" and code in items) or (table == "outcomes" and code in rated):
        own = instrument.scale_of(items[code] if table == "items" else rated[code], default=scale)
        return _by_byte(AnswerReader(own, instrument, column=raw).read)
    if table == "facts" and code in facts:
        fact = facts[code]
        if fact.type in {"yes_no", "one_of"}:
            return _by_byte(FactReader(fact, instrument, column=raw).read)
        declared = {key_of(text): reason.value for text, reason in fact.missing.items()}
        return _by_number(words | declared, seconds=fact.type == "seconds")
    if table == "roles" and code in _AMOUNTS:
        return _by_number(words, seconds=code in _SECONDS, positive=code == "weight")
    if table == "roles" and code in _DATES:
        return lambda texts: ["" if bad else None for bad in parse_dates(texts)[1].tolist()]
    return None


def _by_byte(read: Callable[[str], int]) -> Callable[[Sequence[str]], list[str | None]]:
    def meanings(texts: Sequence[str]) -> list[str | None]:
        return [None if (byte := read(text)) < INVALID else _REASONS.get(byte, "") for text in texts]

    return meanings


def _by_number(
    missing: Mapping[str, str], *, seconds: bool, positive: bool = False
) -> Callable[[Sequence[str]], list[str | None]]:
    def meanings(texts: Sequence[str]) -> list[str | None]:
        found = [missing.get(key_of(text)) for text in texts]
        cells = pa.array(texts, pa.string())
        values, bad = to_numbers(cells, "utf-8", frozenset(missing), seconds=seconds)
        wrong = set(bad.tolist()) | set(np.flatnonzero(~(values > 0)).tolist() if positive else ())
        for place in wrong:
            found[place] = found[place] or ""
        return found

    return meanings
