"""People in service records under other names: who an agent or customer is does not leave the machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from satsurvey.intake.personal_data import mask_texts
from satsurvey.service.records import ServiceRecords

PEOPLE: Mapping[str, str] = {"agent_id": "agent", "customer_id": "customer"}
"""The columns that may name people, with the word that stands for them."""
FREE_TEXTS = ("purpose", "tier", "channel")
_ID = r"^(?:[A-Za-z]{0,12}[-_.:#]?[0-9][0-9A-Za-z_.:-]*|[0-9a-fA-F-]{16,40}|)$"
_MOBILE = r"^1[3-9][0-9]{9}$"


@dataclass(frozen=True)
class Masked:
    """Records without people's names, and how many names and personal data were replaced, by column."""

    records: ServiceRecords
    counts: Mapping[str, int]


def mask_people(records: ServiceRecords) -> Masked:
    """Replace names, telephone numbers and other personal data of agents and customers.

    What is an id stays as it is: letters and digits that have none of the forms of personal data. Everything
    else in `agent_id` and `customer_id` becomes `agent-0001`, `customer-0001` and so on, in the order of
    first occurrence, so that the same person stays the same. Personal data in free texts is masked. The ids
    of contacts, cases and companies stay: without them a row cannot be found again.
    """
    frame = records.contacts
    changed: dict[str, pd.Series] = {}
    counts: dict[str, int] = {}
    for column in (*PEOPLE, *FREE_TEXTS):
        if column not in frame:
            continue
        codes, names = pd.factorize(frame[column])
        shown, n = masked_names(names.tolist(), person=PEOPLE.get(column))
        if n:
            changed[column] = _taken(shown, codes)
            counts[column] = n
    return Masked(replace(records, contacts=frame.assign(**changed)), counts)


def masked_names(names: Sequence[str], *, person: str | None = None) -> tuple[list[str], int]:
    """Return names that may be shown, and how many personal data or names of people were replaced.

    Parameters
    ----------
    names
        What may hold personal data.
    person
        Where the names are those of people, the word that stands for them: what is no id becomes
        `agent-0001` and so on, in the order of the names. None: only personal data within them is masked.

    Examples
    --------
    >>> masked_names(["a17", "李娜 13812345678", "a18"], person="agent")
    (['a17', 'agent-0001', 'a18'], 1)
    """
    texts = pa.array(names, pa.string())
    if person is None:
        masked, found = mask_texts(texts)
        return masked.to_pylist(), sum(found.values())
    # What has the form of an id or is empty stays, unless it is personal data. Most often that is a mobile
    # number, told at once.
    kept = pc.and_not(pc.match_substring_regex(texts, _ID), pc.match_substring_regex(texts, _MOBILE))
    kept = kept.to_numpy(zero_copy_only=False).copy()
    own = texts.filter(pa.array(kept))
    kept[kept] = pc.equal(mask_texts(own)[0], own).to_numpy(zero_copy_only=False)
    n = int((~kept).sum())
    width = max(4, len(str(n)))
    shown = np.array(names, dtype=object)
    shown[~kept] = [f"{person}-{str(k).zfill(width)}" for k in range(1, n + 1)]
    return shown.tolist(), n


def _taken(texts: list[str], codes: NDArray[np.intp]) -> pd.Series:
    return pd.Series(pd.array(texts, dtype="str").take(codes))
