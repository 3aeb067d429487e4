"""Contacts put in order by what they are joined by and by time, so that the last before a moment is found."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from satsurvey.service.segments import Codes, Floats, Segments, stable_order


@dataclass(frozen=True)
class ContactsByKey:
    """Contacts key by key, those of a key by time.

    Attributes
    ----------
    keys
        The distinct keys, ascending.
    groups
        The contacts of each key.
    order
        Positions of the contacts in this order; those without a time are the last of their key.
    time
        When each of them began, seconds, in this order.
    """

    keys: Codes
    groups: Segments
    order: Codes
    time: Floats

    @classmethod
    def of(cls, keys: Codes, when: Floats) -> ContactsByKey:
        """Bring contacts in order; a negative key is none, and its contact is left out."""
        known = np.flatnonzero(keys >= 0)
        order = known[stable_order(keys[known])]
        ascending = keys[order]
        first = np.flatnonzero(np.append(True, ascending[1:] != ascending[:-1])[: order.size])
        groups = Segments(np.diff(np.append(first, order.size)))
        order = order[groups.order(when[order], stable=True)]
        return cls(ascending[first], groups, order, when[order])

    def find(self, keys: Codes) -> tuple[NDArray[np.bool_], Codes]:
        """Return whether each key is there, and its place among the keys (0 where it is not)."""
        if not self.keys.size:
            return np.zeros(keys.size, dtype=np.bool_), np.zeros(keys.size, dtype=np.int64)
        place = np.minimum(np.searchsorted(self.keys, keys), self.keys.size - 1)
        there = self.keys[place] == keys
        return there, np.where(there, place, 0)

    def last_not_after(self, group: Codes, when: Floats) -> Codes:
        """Return which contact of a group was the last that began by a moment, counted from 0; -1: none.

        Interviews are dated to the second, and so are the contacts here: one that began in the same second
        did not begin after. Contacts without a time began by no moment, and no contact by an unknown one.
        """
        dated = ~np.isnan(self.time)
        first = np.floor(self.time.min(initial=np.inf, where=dated)) if dated.any() else 0.0
        span = np.int64(self.time.max(initial=first, where=dated) - first) + 3
        passed = np.where(dated, np.floor(self.time) - first + 1, span - 1).astype(np.int64)
        sought = np.where(np.isnan(when), 0, np.clip(np.floor(when) - first + 1, 0, span - 2))
        wanted = group * span + sought.astype(np.int64)
        places = np.searchsorted(self.groups.code * span + passed, wanted, side="right")
        return places - 1 - self.groups.starts[group]
