"""The linked service records seen from the interviews: one value each, absent where none is linked."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from satsurvey.errors import ColumnsError
from satsurvey.intake.responses import Factor
from satsurvey.service.link import LINK_WORDS, Link
from satsurvey.service.records import COUNTS, FLAGS, LENGTHS, ServiceRecords

Floats = NDArray[np.float64]

_TEXTS = {"channel": "channel", "purpose": "purpose", "agent": "agent_id", "tier": "tier"}
_NUMBERS = {"resolved": "resolved_first_contact"}


def refuse_unlinked(link: Link) -> None:
    """Refuse a link in which no interview has found a contact.

    Raises
    ------
    ColumnsError
        With the reasons, counted.
    """
    if len(link):
        return
    frame = link.coverage[(link.coverage["side"] == "interviews") & (link.coverage["n"] > 0)]
    reasons = "; ".join(
        f"{LINK_WORDS[status][1]}: {n:,}" for status, n in zip(frame["status"], frame["n"], strict=True)
    )
    raise ColumnsError(
        f"no interview is linked to a contact of the records ({reasons or 'there are no interviews'})",
        expected="records of the interviewed customers' contacts, with the same ids",
        next_step="see whether the records are those of this survey and their ids are whole, or join by "
        "customer and window (--by customer --window-days 7)",
    )


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

    def moment(self, name: str) -> NDArray[np.datetime64] | None:
        """Return a column of moments in local time, NaT where no contact is linked; None for an empty one."""
        if name not in self.records.contacts:
            return None
        found = np.full(self._n, np.datetime64("NaT"), dtype="datetime64[s]")
        local = self.records.contacts[name].dt.tz_localize(None).to_numpy("datetime64[s]")
        found[self._interview] = local[self._contact]
        return None if np.isnat(found).all() else found

    def handled_by(self, who: str) -> NDArray[np.bool_]:
        """Return where the linked contact was handled by somebody: human, bot, bot_then_human, none."""
        found = np.zeros(self._n, dtype=np.bool_)
        if "handled_by" in self.records.contacts:
            column = (self.records.contacts["handled_by"] == who).to_numpy(dtype=np.bool_)
            found[self._interview] = column[self._contact]
        return found

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
