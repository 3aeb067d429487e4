"""People in service records under other names: who an agent or customer is does not leave the machine."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from satsurvey.intake.personal_data import mask_texts
from satsurvey.service.records import ServiceRecords

PEOPLE: Mapping[str, str] = {"agent_id": "agent", "customer_id": "customer"}
"""The columns that may name people, with the word that stands for them."""
FREE_TEXTS = ("purpose",)
_ID = re.compile(r"[A-Za-z]{0,12}[-_.:#]?[0-9][0-9A-Za-z_.:-]*|[0-9a-fA-F-]{16,40}")


@dataclass(frozen=True)
class Masked:
    """Records without people's names, and how many names and personal data were replaced, by column."""

    records: ServiceRecords
    counts: Mapping[str, int]


def mask_people(records: ServiceRecords) -> Masked:
    """Replace names, telephone numbers and other personal data of agents and customers.

    What is an id stays as it is: letters and digits that have none of the forms of personal data. Everything
    else in `agent_id` and `customer_id` becomes `agent-0001`, `customer-0001` and so on, in the order of
    first occurrence, so that the same person stays the same. Personal data in free texts is masked.
    """
    frame = records.contacts
    changed: dict[str, pd.Series] = {}
    counts: dict[str, int] = {}
    for column, word in PEOPLE.items():
        if column not in frame:
            continue
        codes, names = pd.factorize(frame[column])
        texts = pa.array(names.tolist(), pa.string())
        masked, _ = mask_texts(texts)
        own = zip(names.tolist(), masked.to_pylist(), strict=True)
        is_id = np.array([not text or (text == hidden and bool(_ID.fullmatch(text))) for text, hidden in own])
        if is_id.all():
            continue
        numbers = np.cumsum(~is_id)
        width = max(4, len(str(int(numbers[-1]))))
        shown = [
            name if kept else f"{word}-{int(k):0{width}d}"
            for name, kept, k in zip(names.tolist(), is_id, numbers, strict=True)
        ]
        changed[column] = _taken(shown, codes)
        counts[column] = int(numbers[-1])
    for column in FREE_TEXTS:
        if column in frame:
            codes, names = pd.factorize(frame[column])
            masked, found = mask_texts(pa.array(names.tolist(), pa.string()))
            if found:
                changed[column] = _taken(masked.to_pylist(), codes)
                counts[column] = sum(found.values())
    return Masked(replace(records, contacts=frame.assign(**changed)), counts)


def _taken(texts: list[str], codes: NDArray[np.int64]) -> pd.Series:
    return pd.Series(np.array(texts, dtype=object)[codes], dtype="str")
