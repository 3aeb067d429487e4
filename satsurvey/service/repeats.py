"""Repeat contacts: whether a customer came before or came again about the same, within a window of days."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from satsurvey.errors import MethodError
from satsurvey.service.grouping import Levels
from satsurvey.service.segments import Codes, Floats, sorted_within

Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Repeats:
    """What came before and after every contact, from the same customer (and about the same purpose).

    Attributes
    ----------
    since_s, until_s
        Seconds since the contact before, and to the next one; NaN where there is none.
    identified
        The contact says which customer it is of, what it is about and when it came, as far as that is used.
    window_before, window_after
        The whole window before (after) the contact lies inside the data, so that what is not there did not
        happen.
    window_s
        The window, seconds.
    by_purpose
        Whether only contacts of the same purpose count as repeats of each other.
    """

    since_s: Floats
    until_s: Floats
    identified: Flags
    window_before: Flags
    window_after: Flags
    window_s: float
    by_purpose: bool

    @property
    def is_repeat(self) -> Flags:
        """Whether the contact came within the window after another one."""
        return self.since_s <= self.window_s

    @property
    def is_repeated(self) -> Flags:
        """Whether another contact came within the window after this one."""
        return self.until_s <= self.window_s


@dataclass(frozen=True)
class Visits:
    """Contacts of each customer (and purpose) in the order of their times.

    Attributes
    ----------
    customer
        Customer of every contact, -1 where it does not say who, or what about.
    when
        When every contact came, seconds, NaN where that is not known.
    order
        Positions of the contacts of which both are known, customer by customer, by time.
    begin, end
        When the data of every contact's company begin and end.
    by_purpose
        Whether contacts of several purposes count as those of several customers.
    """

    customer: Codes
    when: Floats
    order: Codes
    begin: Floats
    end: Floats
    by_purpose: bool

    @classmethod
    def of(cls, contacts: pd.DataFrame, levels: Levels | None = None) -> Visits:
        """Bring contacts in order; `levels` are their columns as codes, where they are at hand.

        Raises
        ------
        MethodError
            When a column is absent.
        """
        purpose = ("purpose",) if "purpose" in contacts else ()
        levels = levels or Levels(contacts)
        customer = levels.identities("customer_id", *purpose)
        if customer is None or "request_at" not in contacts:
            raise MethodError(
                "repeats cannot be found without customers and times",
                expected="columns customer_id and request_at",
                next_step="bind them in the map of records",
            )
        when = seconds_of(contacts["request_at"])
        known = np.flatnonzero((customer >= 0) & ~np.isnan(when))
        order = known[sorted_within(customer[known], when[known])]
        return cls(customer, when, order, *_span(contacts, levels, when), bool(purpose))

    def repeats(self, *, window_days: float, only: Flags | None = None) -> Repeats:
        """Find what repeats and is repeated; see `find_repeats`."""
        if not window_days > 0:
            raise MethodError(
                "the window of repeats must be positive", value=window_days, expected="days, such as 7"
            )
        order = self.order if only is None else self.order[only[self.order]]
        customer, when = self.customer[order], self.when[order]
        gap = np.where(customer[1:] == customer[:-1], np.diff(when), np.nan)
        since, until = np.full(self.when.size, np.nan), np.full(self.when.size, np.nan)
        since[order[1:]], until[order[:-1]] = gap, gap
        window = float(window_days) * 86_400
        return Repeats(
            since,
            until,
            (self.customer >= 0) & ~np.isnan(self.when),
            self.when - self.begin >= window,
            self.end - self.when >= window,
            window,
            self.by_purpose,
        )


def find_repeats(contacts: pd.DataFrame, *, window_days: float = 7, only: Flags | None = None) -> Repeats:
    """Find the contacts that repeat an earlier one, and those that are repeated.

    Parameters
    ----------
    contacts
        With customer_id and request_at; purpose, company, company_id and file where there are such columns.
        Customers are told apart within a company; where there is a purpose, only contacts of the same purpose
        repeat each other.
    window_days
        How many days later a contact still repeats another; days of 24 hours.
    only
        Contacts that count, shape (N,); the others neither repeat nor are repeated.

    Returns
    -------
    Repeats

    Raises
    ------
    MethodError
        When the window is not positive, or a column is absent.

    Notes
    -----
    The data of a company begin with the first and end with the last request in any file that the company
    stands in. A contact less than the window before that end may have been repeated since: whether it was
    cannot be known, also where a repeat is already seen, since counting only those that are would make
    repeats more frequent the nearer the end.

    Examples
    --------
    >>> contacts = pd.DataFrame({"customer_id": ["a", "a", "b"], "request_at": pd.to_datetime(
    ...     ["2024-03-01", "2024-03-05", "2024-03-20"])})
    >>> found = find_repeats(contacts)
    >>> found.is_repeat.tolist(), found.window_after.tolist()
    ([False, True, False], [True, True, False])
    """
    return Visits.of(contacts).repeats(window_days=window_days, only=only)


def seconds_of(moments: pd.Series) -> Floats:
    """Return moments as seconds, NaN where there is none."""
    naive = moments.dt.tz_convert("UTC").dt.tz_localize(None) if moments.dt.tz is not None else moments
    values = naive.to_numpy()
    unit = np.datetime_data(values.dtype)[0]
    per_second = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}[unit]
    seconds = values.astype(np.int64) / per_second
    return np.where(np.isnat(values), np.nan, seconds)


def _span(contacts: pd.DataFrame, levels: Levels, when: Floats) -> tuple[Floats, Floats]:
    """Return when the data of every contact's company begin and end."""
    if not when.size:
        return when, when
    file = contacts["file"].to_numpy(np.int64) if "file" in contacts else np.zeros(when.size, np.int64)
    name = next((column for column in ("company_id", "company") if column in contacts), None)
    company = np.zeros(when.size, np.int64) if name is None else levels.of(name)[0]
    ends = []
    for way, nothing in ((np.fmin, np.inf), (np.fmax, -np.inf)):
        of_file = np.full(int(file.max()) + 1, nothing)
        way.at(of_file, file, when)
        of_company = np.full(int(company.max()) + 1, nothing)
        way.at(of_company, company, of_file[file])
        ends.append(of_company[company])
    return ends[0], ends[1]
