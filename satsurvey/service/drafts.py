"""Contacts in the making: columns of arrays, before times are computed, checked and defined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from satsurvey.service.clocks import ABSENT
from satsurvey.service.fields import FieldReader
from satsurvey.service.maps import FLAG_FIELDS, LENGTH_FIELDS, MOMENT_FIELDS, NUMBER_FIELDS
from satsurvey.service.records import TEXTS

_KEYS = ("join_id", "case_id", "contact_id")


@dataclass
class Draft:
    """Contacts in the making, one place per contact.

    Attributes
    ----------
    file, row
        Where each contact stands.
    join_id
        What other tables call it by.
    texts, moments, numbers
        Columns by field: Arrow strings, microseconds in UTC, and numbers (lengths in seconds, counts, flags).
    unusable
        By field, where the export has something that cannot be used.
    """

    file: NDArray[np.int16]
    row: NDArray[np.int64]
    join_id: pa.Array
    texts: dict[str, pa.Array] = field(default_factory=dict)
    moments: dict[str, NDArray[np.int64]] = field(default_factory=dict)
    numbers: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    unusable: dict[str, NDArray[np.bool_]] = field(default_factory=dict)

    def __len__(self) -> int:
        return int(self.row.size)

    @classmethod
    def of_contacts(cls, reader: FieldReader) -> Draft:
        """Read a table of contacts."""
        table = reader.table
        key = next((name for name in _KEYS if reader.has(name)), None)
        draft = cls(
            np.full(len(table), table.number, dtype=np.int16),
            table.rows,
            reader.texts(key) if key else pa.repeat(pa.scalar(""), len(table)),
        )
        for name in table.columns:
            if name in TEXTS:
                draft.texts[name] = draft.join_id if name == key else reader.texts(name)
            elif name in MOMENT_FIELDS:
                draft.moments[name], draft.unusable[name] = reader.moments(name)
            elif name in LENGTH_FIELDS:
                draft.numbers[name], draft.unusable[name] = reader.lengths(name)
            elif name in FLAG_FIELDS:
                draft.numbers[name] = reader.flags(name)
            elif name in NUMBER_FIELDS:
                draft.numbers[name] = reader.numbers(name)
        if key is not None:
            draft.texts.setdefault("contact_id", draft.join_id)
        return draft

    @classmethod
    def joined(cls, drafts: Sequence[Draft]) -> Draft:
        """Put the contacts of several files behind each other; what a file lacks is absent."""
        if len(drafts) == 1:
            return drafts[0]

        def column(table: str, name: str, absent: object, dtype: type) -> NDArray[np.generic]:
            parts = [
                found if (found := getattr(draft, table).get(name)) is not None
                else np.full(len(draft), absent, dtype=dtype)
                for draft in drafts
            ]  # fmt: skip
            return np.concatenate(parts)

        def names(table: str) -> list[str]:
            return list(dict.fromkeys(name for draft in drafts for name in getattr(draft, table)))

        texts = {
            name: pa.concat_arrays(
                [draft.texts.get(name, pa.repeat(pa.scalar(""), len(draft))) for draft in drafts]
            )
            for name in names("texts")
        }
        return cls(
            np.concatenate([draft.file for draft in drafts]),
            np.concatenate([draft.row for draft in drafts]),
            pa.concat_arrays([draft.join_id for draft in drafts]),
            texts,
            {name: column("moments", name, ABSENT, np.int64) for name in names("moments")},  # type: ignore[misc]
            {name: column("numbers", name, np.nan, np.float64) for name in names("numbers")},  # type: ignore[misc]
            {name: column("unusable", name, False, np.bool_) for name in names("unusable")},  # type: ignore[misc]
        )

    def bad(self, name: str) -> NDArray[np.bool_]:
        """Return where a field holds something that cannot be used; may be written to."""
        return self.unusable.setdefault(name, np.zeros(len(self), dtype=np.bool_))

    def text(self, name: str) -> pa.Array | None:
        """Return a field of text, or None where no file has it."""
        return self.texts.get(name)

    def is_text(self, name: str, value: str) -> NDArray[np.bool_]:
        """Mark the contacts whose field of text is a value; none where no file has the field."""
        if name not in self.texts:
            return np.zeros(len(self), dtype=np.bool_)
        found: NDArray[np.bool_] = pc.equal(self.texts[name], value).to_numpy(zero_copy_only=False)
        return found

    def set_numbers(self, name: str, values: NDArray[np.float64]) -> None:
        """Set a field that other tables give, where the contacts themselves do not have it."""
        own = self.numbers.get(name)
        self.numbers[name] = values if own is None else np.where(np.isnan(own), values, own)

    def set_moments(self, name: str, values: NDArray[np.int64]) -> None:
        """Set moments that other tables give, where the contacts themselves do not have them."""
        own = self.moments.get(name)
        self.moments[name] = values if own is None else np.where(own == ABSENT, values, own)


@dataclass(frozen=True)
class Matched:
    """Rows of another table with the contacts that they belong to.

    Attributes
    ----------
    contact
        Place of the first contact of that id in the draft, -1 where there is none.
    code
        For every contact of the draft, the place of the first contact of its id: where its results stand.
    """

    contact: NDArray[np.int64]
    code: NDArray[np.int64]


def match(draft: Draft, ids: pa.Array) -> Matched:
    """Find the contact of every row of another table by the ids that join them; "" matches nothing."""
    both = pa.concat_arrays([draft.join_id, ids]).dictionary_encode()
    codes = both.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    own, other = codes[: len(draft)], codes[len(draft) :]
    first = np.full(len(both.dictionary) + 1, -1, dtype=np.int64)
    places = np.arange(len(draft), dtype=np.int64)
    first[own[::-1]] = places[::-1]
    contact = first[other]
    contact[pc.equal(ids, "").to_numpy(zero_copy_only=False)] = -1
    return Matched(contact, first[own])
