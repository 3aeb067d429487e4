"""Contacts put into groups by company, channel, tier or hour, and the clusters that contacts come in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from satsurvey.errors import MethodError
from satsurvey.service.records import TEXTS

Codes = NDArray[np.int64]

CLOCK_PARTS = {"hour": "%H", "weekday": "%u", "date": "%Y-%m-%d", "month": "%Y-%m"}
"""Groups made from the local time of the request: hour 00-23, weekday 1 (Monday) to 7, date, month."""
GROUPS = (*(name for name in TEXTS if name not in {"contact_id", "case_id", "customer_id"}), *CLOCK_PARTS)
"""What contacts can be grouped by."""

_DENSE = 1 << 23


class Levels:
    """Columns of contacts as codes into their sorted names, each found once.

    Parameters
    ----------
    contacts
        As in `ServiceRecords.contacts`.
    """

    def __init__(self, contacts: pd.DataFrame) -> None:
        self.contacts = contacts
        self._found: dict[str, tuple[Codes, pd.Index]] = {}

    def __len__(self) -> int:
        return len(self.contacts)

    def __contains__(self, name: str) -> bool:
        return ("request_at" if name in CLOCK_PARTS else name) in self.contacts

    def of(self, name: str) -> tuple[Codes, pd.Index]:
        """Return the codes and names of a column, or of a part of the time of the request."""
        if name not in self._found:
            if name in CLOCK_PARTS:
                self._found[name] = _clock_levels(self.contacts["request_at"], CLOCK_PARTS[name])
            else:
                codes, names = pd.factorize(self.contacts[name], sort=True)
                self._found[name] = codes.astype(np.int64), pd.Index(names)
        return self._found[name]


@dataclass(frozen=True)
class Grouping:
    """Contacts in groups.

    Attributes
    ----------
    code
        Group of every contact, int64 of shape (N,), 0 to `len(names) - 1`; groups are sorted by name.
    names
        One row per group, a categorical column for each of `by`; "" where a contact does not say.
    size
        Contacts of every group, int64.
    """

    code: Codes
    names: pd.DataFrame
    size: NDArray[np.int64]

    @classmethod
    def of(cls, levels: Levels, by: Sequence[str]) -> Grouping:
        """Group contacts by columns they have.

        Parameters
        ----------
        levels
            The columns of the contacts.
        by
            Some of `GROUPS`; none makes one group of all.
        """
        n = len(levels)
        code = np.zeros(n, dtype=np.int64)
        columns: dict[str, tuple[Codes, pd.Index]] = {}
        for name in by:
            own, names = levels.of(name)
            columns[name] = own, names
            # Numbers made dense at every step keep their order and cannot grow too large.
            code = dense_codes(code * max(len(names), 1) + own)[1]
        size = np.bincount(code) if n else np.zeros(0, dtype=np.int64)
        first = np.zeros(size.size, dtype=np.int64)
        first[code[::-1]] = np.arange(n)[::-1]
        frame = pd.DataFrame(
            {
                name: pd.Categorical.from_codes(own[first].tolist(), categories=names)
                for name, (own, names) in columns.items()
            },
            index=pd.RangeIndex(size.size),
        )
        return cls(code, frame, size)

    def __len__(self) -> int:
        return len(self.names)


@dataclass(frozen=True)
class Clusters:
    """Contacts that belong together inside their group: those of one agent, or of one customer.

    Attributes
    ----------
    code
        Cluster of every contact, int64 of shape (N,); a contact that does not say is a cluster by itself.
    group
        Group of every cluster.
    word
        What a cluster is: "agent" or "customer".
    """

    code: Codes
    group: Codes
    word: str

    @classmethod
    def of(cls, grouping: Grouping, levels: Levels, column: str) -> Clusters | None:
        """Find the agents or customers of every group; None where no two contacts belong together."""
        who = identities(levels, column)
        if who is None:
            return None
        alone = np.flatnonzero(who < 0)
        who[alone] = who.max(initial=-1) + 1 + np.arange(alone.size)
        n = int(who.max(initial=0)) + 1
        kept, code = dense_codes(grouping.code * n + who)
        if kept.size == code.size:
            return None
        return cls(code, kept // n, column.removesuffix("_id"))


def identities(levels: Levels, column: str, *more: str) -> Codes | None:
    """Number agents or customers, each within its company; -1 where a contact does not say.

    `more` are further columns that must agree; a contact that has nothing there does not say, either.
    None where the records have no such column.
    """
    if column not in levels:
        return None
    code = np.zeros(len(levels), dtype=np.int64)
    unknown = np.zeros(len(levels), dtype=np.bool_)
    company = next((name for name in ("company_id", "company") if name in levels), None)
    for name in (company, column, *more):
        if name is None:
            continue
        own, names = levels.of(name)
        code = dense_codes(code * max(len(names), 1) + own)[1]
        if name != company and len(names) and str(names[0]) == "":
            unknown |= own == 0
    code[unknown] = -1
    return code


def checked_groups(by: str | Sequence[str]) -> tuple[str, ...]:
    """Return what to group by, each once.

    Raises
    ------
    MethodError
        When contacts cannot be grouped by one of them.
    """
    names = tuple(dict.fromkeys([by] if isinstance(by, str) else by))
    strange = [name for name in names if name not in GROUPS]
    if strange:
        raise MethodError(
            "contacts cannot be grouped by this",
            value=", ".join(strange),
            expected=", ".join(GROUPS),
            next_step="name columns of the service records, or a part of the time of the request",
        )
    return names


def dense_codes(code: Codes) -> tuple[Codes, Codes]:
    """Return the distinct codes in order, and every code as its place among them."""
    if code.size and code.min() >= 0 and code.max() < _DENSE:
        seen = np.flatnonzero(np.bincount(code))
        places = np.zeros(int(code.max()) + 1, dtype=np.int64)
        places[seen] = np.arange(seen.size)
        return seen.astype(np.int64), places[code]
    kept, places = np.unique(code, return_inverse=True)
    return kept, places.astype(np.int64)


def _clock_levels(moments: pd.Series, form: str) -> tuple[Codes, pd.Index]:
    """Return a part of moments as codes; whole hours are turned to text, of which there are few."""
    local = moments.dt.tz_localize(None) if moments.dt.tz is not None else moments
    hours = local.to_numpy().astype("datetime64[h]")
    codes, distinct = pd.factorize(hours, use_na_sentinel=False)
    words = pd.Series(distinct).dt.strftime(form).fillna("").astype("str")
    again, names = pd.factorize(words, sort=True)
    return again.astype(np.int64)[codes], pd.Index(names)
