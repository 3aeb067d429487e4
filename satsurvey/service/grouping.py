"""Contacts put into groups by company, channel, tier or hour, and the clusters that contacts come in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from satsurvey.errors import MethodError
from satsurvey.service.records import TEXTS
from satsurvey.service.segments import Codes, Floats, Segments, dense_codes, stable_order

Flags = NDArray[np.bool_]

CLOCK_PARTS = {"hour": "%H", "weekday": "%u", "date": "%Y-%m-%d", "month": "%Y-%m"}
"""Groups made from the local time of the request: hour 00-23, weekday 1 (Monday) to 7, date, month."""
GROUPS = (*(name for name in TEXTS if name not in {"contact_id", "case_id", "customer_id"}), *CLOCK_PARTS)
"""What contacts can be grouped by."""


class Levels:
    """Columns of contacts as codes into their distinct names, each found once.

    Parameters
    ----------
    contacts
        As in `ServiceRecords.contacts`.
    """

    def __init__(self, contacts: pd.DataFrame) -> None:
        self.contacts = contacts
        self._found: dict[str, tuple[Codes, pd.Index]] = {}
        self._identities: dict[tuple[str, ...], Codes] = {}

    def __len__(self) -> int:
        return len(self.contacts)

    def __contains__(self, name: str) -> bool:
        return ("request_at" if name in CLOCK_PARTS else name) in self.contacts

    def of(self, name: str) -> tuple[Codes, pd.Index]:
        """Return the codes and names of a column, or of a part of the time of the request.

        Names are in no order: to sort hundreds of thousands of customers takes longer than to tell them
        apart.
        """
        if name not in self._found:
            if name in CLOCK_PARTS:
                self._found[name] = _clock_levels(self.contacts["request_at"], CLOCK_PARTS[name])
            else:
                codes, names = pd.factorize(self.contacts[name])
                self._found[name] = codes.astype(np.int64, copy=False), pd.Index(names)
        return self._found[name]

    def identities(self, column: str, *more: str) -> Codes | None:
        """Number agents or customers, each within its company; -1 where a contact does not say.

        `more` are further columns that must agree; a contact that has nothing there does not say, either.
        None where the records have no such column.
        """
        if column not in self:
            return None
        if (column, *more) not in self._identities:
            company = next((name for name in ("company_id", "company") if name in self), None)
            code = self.of(company)[0] if company else np.zeros(len(self), dtype=np.int64)
            unknown = np.zeros(len(self), dtype=np.bool_)
            for name in (column, *more):
                own, names = self.of(name)
                code = dense_codes(code * max(len(names), 1) + own)[1]
                unknown |= np.asarray(names == "")[own]
            code[unknown] = -1
            self._identities[column, *more] = code
        return self._identities[column, *more]


@dataclass(frozen=True)
class Grouping:
    """Contacts in groups.

    Attributes
    ----------
    names
        One row per group, a categorical column for each of `by`; groups are sorted by name, and "" stands
        where a contact does not say.
    order
        Positions of the contacts, group by group, those of a group as they stand in the records.
    segments
        The groups, of contacts in this order.
    """

    names: pd.DataFrame
    order: Codes
    segments: Segments

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
            ascending = names.argsort()
            rank = np.empty(len(names), dtype=np.int64)
            rank[ascending] = np.arange(len(names))
            columns[name] = rank[own], names[ascending]
            # Numbers made dense at every step keep their order and cannot grow too large.
            code = dense_codes(code * max(len(names), 1) + rank[own])[1]
        order = stable_order(code)
        segments = Segments(np.bincount(code) if n else np.zeros(0, dtype=np.int64))
        first = order[segments.starts]
        frame = pd.DataFrame(
            {
                name: pd.Categorical.from_codes(own[first], categories=names)
                for name, (own, names) in columns.items()
            },
            index=pd.RangeIndex(len(segments)),
        )
        return cls(frame, order, segments)

    def __len__(self) -> int:
        return len(self.segments)


@dataclass(frozen=True)
class Clusters:
    """Contacts that belong together inside their group: those of one agent, or of one customer.

    Attributes
    ----------
    code
        Cluster of every contact, int64 of shape (N,), contacts in the order of their groups; a contact that
        does not say is a cluster by itself.
    groups
        The groups, of clusters in the order of their numbers.
    word
        What a cluster is: "agent" or "customer".
    """

    code: Codes
    groups: Segments
    word: str

    @classmethod
    def of(cls, segments: Segments, who: Codes | None, word: str) -> Clusters | None:
        """Find the clusters of every group; None where no two contacts belong together.

        Parameters
        ----------
        segments
            The groups.
        who
            Agent or customer of every contact, in the order of the groups, -1 where a contact does not say;
            None where none does.
        word
            What a cluster is.
        """
        if who is None:
            return None
        n = int(who.max(initial=-1)) + 1
        alone = who < 0
        who = np.where(alone, n - 1 + np.cumsum(alone), who)
        n += int(alone.sum())
        kept, code = dense_codes(segments.code * n + who)
        if kept.size == code.size:
            return None
        return cls(code, Segments(np.bincount(kept // n, minlength=len(segments))), word)

    def between(
        self, y: Floats | Flags, x: Floats | None, ratio: Floats, used: Flags
    ) -> tuple[Floats, Codes]:
        """Return Σ (Σy - R·Σx)² over the clusters of every group, and how many clusters have a used contact.

        Parameters
        ----------
        y, x
            Of every contact (N,), 0 where it is not used; no x is 1 for every used contact.
        ratio
            R of every group (G,).
        used
            Which contacts are used (N,).
        """
        size = self.groups.code.size
        contacts = np.bincount(self.code, used, minlength=size)
        below = contacts if x is None else np.bincount(self.code, x, minlength=size)
        left = np.bincount(self.code, y, minlength=size) - self.groups.spread(ratio) * below
        return self.groups.sums(left**2), self.groups.counts(contacts > 0)


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


def _clock_levels(moments: pd.Series, form: str) -> tuple[Codes, pd.Index]:
    """Return a part of moments as codes; whole hours are turned to text, of which there are few."""
    local = moments.dt.tz_localize(None) if moments.dt.tz is not None else moments
    hours = local.to_numpy().astype("datetime64[h]")
    codes, distinct = pd.factorize(hours, use_na_sentinel=False)
    words = pd.Series(distinct).dt.strftime(form).fillna("").astype("str")
    again, names = pd.factorize(words)
    return again.astype(np.int64)[codes], pd.Index(names)
