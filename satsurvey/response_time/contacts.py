"""The linked service records seen from the interviews: one value each, absent where none is linked."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from satsurvey.intake.responses import Factor
from satsurvey.service.link import Link
from satsurvey.service.records import COUNTS, FLAGS, LENGTHS, ServiceRecords

Floats = NDArray[np.float64]

_TEXTS = {"channel": "channel", "purpose": "purpose", "agent": "agent_id", "tier": "tier"}
_NUMBERS = {"resolved": "resolved_first_contact"}


class Contacts:
    """Fields of the contact that each interview is linked to.

    Parameters
    ----------
    records, link
        The contacts, and which of them each interview is about.
    interviews
        How many interviews there are.
    """

    def __init__(self, records: ServiceRecords, link: Link, interviews: int) -> None:
        self.records = records
        self._interview, self._contact = link.interview, link.contact
        self._n = interviews
        self.linked = np.zeros(interviews, dtype=np.bool_)
        self.linked[link.interview] = True
        self.numbers = tuple(
            name for name in (*COUNTS, *FLAGS, *LENGTHS) if name in records.contacts and "rating" not in name
        )

    def number(self, name: str) -> Floats | None:
        """Return a column of numbers; NaN where no contact is linked, None where the records have none."""
        column = _NUMBERS.get(name, name)
        if column not in self.records.contacts or column not in (*COUNTS, *FLAGS, *LENGTHS):
            return None
        values = np.full(self._n, np.nan)
        values[self._interview] = self.records.contacts[column].to_numpy(np.float64)[self._contact]
        return values if np.isfinite(values).any() else None

    def factor(self, name: str) -> Factor | None:
        """Return a column of names, or None where the records have none."""
        column = _TEXTS.get(name, "")
        if column not in self.records.contacts:
            return None
        codes, names = pd.factorize(self.records.contacts[column].iloc[self._contact], sort=True)
        texts = [str(text) for text in names]
        # The empty text is an absent name; sorted, it is the first.
        skip = int(bool(texts) and texts[0] == "")
        if len(texts) == skip:
            return None
        found = np.full(self._n, -1, dtype=np.int32)
        found[self._interview] = np.where(codes < skip, -1, codes - skip)
        return Factor(found, tuple(texts[skip:]))
