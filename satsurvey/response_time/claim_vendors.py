"""Test of the statement on complaints and repurchase after a change to a cheap vendor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from satsurvey.errors import MethodError
from satsurvey.regression.estimates import interval
from satsurvey.response_time.claim_data import ClaimData
from satsurvey.response_time.claim_models import indicators
from satsurvey.response_time.claim_results import Estimate, Evidence, NotTestableError, judged
from satsurvey.response_time.claim_risks import rates
from satsurvey.response_time.claims import Claim
from satsurvey.response_time.periods import periods_in_order
from satsurvey.response_time.words import Sentence, say

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

FEWEST_OTHERS = 2
"""Vendors that did not change, from whose changes it is told how far changes differ by chance."""


@dataclass(frozen=True, eq=False)
class VendorChanges:
    """How far the log rate of every vendor went up at the time of the change.

    Attributes
    ----------
    change
        After less before, less the mean of the vendors that did not change; log units, one per vendor.
    variance
        What counting alone adds to each: one over the events before, plus one over those after.
    treated
        Place of the vendor that changed.
    """

    change: Floats
    variance: Floats
    treated: int

    @property
    def others(self) -> NDArray[np.bool_]:
        """Which vendors did not change."""
        return np.asarray(np.arange(self.change.size) != self.treated, dtype=np.bool_)

    def ratio(self, level: float) -> tuple[float, float, float]:
        """Return the ratio of rates with its interval; NaN ends with fewer than two other vendors.

        Notes
        -----
        The change of the vendor less the mean of the J - 1 others', by Student's t with J - 2 degrees of
        freedom (Donald and Lang, 2007): how far changes differ by chance is told from the others alone, and
        whatever holds the periods of a vendor together is in it. A vendor's variance is that between vendors,
        the others' less what counting adds to them, plus what counting adds to its own.
        """
        others = self.others
        n = int(others.sum())
        value = float(self.change[self.treated])
        if n < FEWEST_OTHERS:
            return float(np.exp(value)), float("nan"), float("nan")
        between = max(float(self.change[others].var(ddof=1) - self.variance[others].mean()), 0.0)
        own = between + self.variance[self.treated]
        mean = (between + self.variance[others].mean()) / n
        low, high, _ = interval(
            np.array([value]), np.sqrt(np.array([own + mean])), np.array([n - 1.0]), level
        )
        return float(np.exp(value)), float(np.exp(low[0])), float(np.exp(high[0]))

    def as_far(self) -> int:
        """Return how many vendors, the one that changed among them, went as far from the rest as it did.

        Each is compared with the mean of all others; its share of the vendors is the p-value of a permutation
        of which of them has changed.
        """
        total = self.change.sum()
        away = np.abs(self.change - (total - self.change) / (self.change.size - 1))
        return int((away >= away[self.treated] * (1 - 1e-9)).sum())


def cheap_vendor(data: ClaimData, claim: Claim) -> Evidence:
    """Test complaints and repurchase after a change to a cheap vendor (C17)."""
    table = data.table_with("vendor", "period", "complaints", "contacts")
    cheap, since = data.given.get("cheap_vendor"), data.given.get("vendor_from")
    if table is None or cheap is None or since is None:
        raise MethodError("there is no table of vendors, or the change is not stated")
    vendor, period = table.factor("vendor"), table.factor("period")
    if cheap not in vendor.names:
        raise MethodError("no row is of this vendor", value=cheap, expected=", ".join(vendor.names))
    order = periods_in_order(period, data.given)
    start = order.position_of(since)
    if start is None:
        raise MethodError("no row is of this period", value=since, expected=", ".join(order.names))
    place = vendor.names.index(cheap)
    late = np.append(order.positions, np.nan)[period.codes] >= start
    known = (vendor.codes >= 0) & (period.codes >= 0)
    for name, side in (("vendor", vendor.codes == place), ("period", late)):
        if side[known].min() == side[known].max():
            raise MethodError(f"all rows are on one side of the change of {name}: nothing can be compared")
    parts = {"complaints": ("complaints", "contacts"), "repurchase": ("repurchases", "customers")}
    estimates: list[Estimate] = []
    missing: list[str] = []
    notes: list[Sentence] = [order.note(), say("periods_since", since=since)]
    n = n_vendors = 0
    for part, (count, exposure) in parts.items():
        if not table.has(count, exposure):
            missing.append("vendor_table")
            continue
        counts, base = table.number(count), table.number(exposure)
        at = np.flatnonzero(known & np.isfinite(counts) & (base > 0))
        changes = vendor_changes(
            vendor.codes[at].astype(np.int64), period.codes[at].astype(np.int64), late[at], place,
            counts[at], base[at],
        )  # fmt: skip
        numbers = changes.ratio(data.settings.level)
        if np.isnan(numbers[1]):
            estimates.append(Estimate(part, "ratio", *numbers, "inconclusive"))
            notes.append(say("one_other_vendor", part=say(f"part_{part}")))
        else:
            rule = claim.rule(part)
            estimates.append(judged(rule, part, "ratio", numbers, tolerance=data.settings.tolerance))
            notes.append(
                say(
                    "vendors_as_far",
                    part=say(f"part_{part}"),
                    n=changes.change.size,
                    k=changes.as_far(),
                    p=changes.as_far() / changes.change.size,
                )
            )
        n, n_vendors = n + int(at.size), max(n_vendors, changes.change.size)
    return Evidence(
        tuple(estimates), n, n_vendors, say("form_vendor"), missing=tuple(missing), notes=tuple(notes)
    )


def vendor_changes(
    vendor: Codes,
    period: Codes,
    late: NDArray[np.bool_],
    treated: int,
    counts: Floats,
    exposure: Floats,
) -> VendorChanges:
    """Return by how much the log rate of every vendor changed, periods being the same for all.

    Parameters
    ----------
    vendor, period
        Codes of the rows.
    late
        Whether a row's period is one after the change.
    treated
        Code of the vendor that changed.
    counts, exposure
        Events, and what they are counted of.

    Raises
    ------
    NotTestableError
        When there is no other vendor with periods before and after the change, or not this one.
    MethodError
        When a vendor has no event at all before, or after.

    Notes
    -----
    Poisson regression with effects of vendors and periods, and of every vendor after the change; that of one
    other vendor is 0, and cancels.
    """
    sides = {int(one): np.unique(late[vendor == one]).size for one in np.unique(vendor)}
    both = [one for one, n in sides.items() if n == 2]
    others = [one for one in both if one != treated]
    if treated not in both or not others:
        raise NotTestableError(say("no_other_vendor"))
    kept = np.isin(vendor, both)
    vendor, period, late = vendor[kept], period[kept], late[kept]
    counts, exposure = counts[kept], exposure[kept]
    moved = {f"change {one}": ((vendor == one) & late).astype(np.float64) for one in both if one != others[0]}
    columns = moved | indicators("vendor", vendor) | indicators("period", period)
    found = rates(columns, counts, np.arange(counts.size), exposure=exposure)
    change = np.array([0.0 if one == others[0] else found[f"change {one}"] for one in both])
    place = both.index(treated)
    change = change - np.delete(change, place).mean()
    events = [[counts[(vendor == one) & (late == side)].sum() for side in (False, True)] for one in both]
    variance = (1 / np.asarray(events, dtype=np.float64)).sum(axis=1)
    return VendorChanges(change, variance, place)
