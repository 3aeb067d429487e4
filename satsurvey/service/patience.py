"""Patience: how long customers wait before they hang up, where an answer ends the waiting of the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from satsurvey.errors import ColumnsError, MethodError
from satsurvey.service.grouping import CLOCK_PARTS, Grouping, Levels, checked_groups
from satsurvey.service.records import ServiceRecords
from satsurvey.service.survival import SurvivalCurve, group_survival, kaplan_meier


@dataclass(frozen=True)
class Patience:
    """How long customers are ready to wait.

    Attributes
    ----------
    curve
        The Kaplan-Meier curve of all contacts: the share that would still wait at each time unanswered.
    frame
        Columns of `by`; statistic ("survival": the share ready to wait longer than `at_s`; "median": the time
        by which half would hang up); at_s; value; unit ("share" or "s"); ci_low, ci_high; n, n_events
        (hang-ups), n_censored (answered, or still waiting), n_missing (the wait or its end is not known).
    by
        What the groups are made of.
    notes
        What a reader must know.
    """

    curve: SurvivalCurve
    frame: pd.DataFrame
    by: tuple[str, ...]
    notes: tuple[str, ...]


def patience(
    records: ServiceRecords,
    *,
    by: str | Sequence[str] = (),
    at: Sequence[float] = (60, 180, 300, 600),
    level: float = 0.95,
) -> Patience:
    """Estimate how long customers wait before they give up.

    Parameters
    ----------
    records
        Contacts with wait_s and abandoned.
    by
        As in `satsurvey.service.kpis.kpis`.
    at
        Seconds at which the share still waiting is wanted.
    level
        Confidence level.

    Raises
    ------
    ColumnsError
        When the records have no waits or do not say who gave up.
    MethodError
        When a time or group is none.

    Notes
    -----
    A hang-up is the event; a contact that was answered, or is waiting still, had at least so much patience
    (censored). This takes being answered to say nothing of patience: where the impatient are answered first,
    or hang up in view of an announced wait, the curve is not theirs.
    """
    contacts = records.contacts
    for column in ("wait_s", "abandoned"):
        if column not in contacts:
            raise ColumnsError(
                "patience wants the waits and who gave up",
                column=column,
                expected="columns wait_s and abandoned",
                next_step="bind them in the map of records",
            )
    if not all(0 <= when < np.inf for when in at):
        raise MethodError("a length of time is negative or no number", value=list(at), expected="0 or more")
    groups = checked_groups(by)
    missing = [name for name in groups if ("request_at" if name in CLOCK_PARTS else name) not in contacts]
    notes = [f"the figures are not by {name}: the records have no column {name}" for name in missing]
    groups = tuple(name for name in groups if name not in missing)
    grouping = Grouping.of(Levels(contacts), groups)
    wait, gave_up = (contacts[name].to_numpy(np.float64)[grouping.order] for name in ("wait_s", "abandoned"))
    known = ~np.isnan(wait) & ~np.isnan(gave_up)
    hung_up = gave_up == 1
    if not (known & hung_up).any():
        notes.append("nobody hung up while waiting, so that nothing is known of when customers would")
    curve = kaplan_meier(wait[known], hung_up[known], at=at, level=level)
    curves = group_survival(wait, hung_up, grouping.segments, seen=known, level=level)
    n, events = grouping.segments.counts(known), grouping.segments.counts(known & hung_up)
    parts = []
    for statistic, when, unit in (*(("survival", when, "share") for when in at), ("median", np.nan, "s")):
        value, low, high = curves.at(when) if statistic == "survival" else curves.quantile(0.5)
        part = grouping.names.copy()
        part["statistic"], part["at_s"], part["value"], part["unit"] = statistic, float(when), value, unit
        part["ci_low"], part["ci_high"], part["n"], part["n_events"] = low, high, n, events
        part["n_censored"], part["n_missing"] = n - events, grouping.segments.size - n
        parts.append(part)
    frame = pd.concat(parts, ignore_index=True)
    if groups:
        frame = frame.sort_values(list(groups), kind="stable", ignore_index=True)
    return Patience(curve, frame, groups, tuple(notes))
