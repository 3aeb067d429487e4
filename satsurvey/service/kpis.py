"""Figures of service: times, rates and counts by company, channel, tier or hour, each with its formula."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from satsurvey.errors import MethodError
from satsurvey.scoring.intervals import check_level
from satsurvey.service.figures import Figure, Figures
from satsurvey.service.grouping import CLOCK_PARTS, Clusters, Grouping, Levels, checked_groups
from satsurvey.service.kpi_formulas import (
    FORMULAS,
    INTERVALS,
    KPI_METRICS,
    STATISTICS,
    UNITS,
    formula_text,
)
from satsurvey.service.measures import Contacts
from satsurvey.service.records import Definition, ServiceRecords
from satsurvey.service.segments import Codes

Words = pd.api.extensions.ExtensionArray
Number = TypeVar("Number", bound=np.generic)

TARGETED = (
    "first_response_time",
    "avg_response_time",
    "wait_time",
    "resolution_time",
    "service_level",
    "sla_attainment",
)
"""The metrics that can have a target."""
COUNTED = ("n_absent", "n_not_applicable", "n_undecided", "n_unidentified")
"""Why contacts are missing from a figure, one column each; together `n_missing`."""


@dataclass(frozen=True)
class Kpis:
    """The figures of service records.

    Attributes
    ----------
    frame
        One row per group, metric, formula and statistic; a group that nothing is known of has no row.
        Columns: those of `by`; metric; formula (its name); definition (the formula in words, English);
        statistic; value; unit ("s", "share" of 0-1, "count"); ci_low, ci_high (NaN where there is none);
        interval (how it was made); target_s (NaN where there is none, or where it differs in the group);
        n (contacts behind the figure), n_censored (the end was not seen), n_missing, and of these n_absent
        (the value is not there), n_not_applicable (the figure is not about such contacts), n_undecided (too
        near the edge of the data, or not due), n_unidentified (customer, purpose or agent is not known).
        n + n_censored + n_missing are the contacts of the group.
    overall
        The same of all contacts, without the columns of `by`. A mean here weighs companies and channels by
        their contacts.
    by
        What the groups are made of.
    n_contacts
        Contacts in all.
    definitions
        Where the clock of each length of time starts and stops, by column of the records.
    method
        level, fcr_window_days, short_abandon_s, by_purpose, targets, clusters_of_times, clusters_of_rates.
    notes
        What a reader must know, English sentences.
    """

    frame: pd.DataFrame
    overall: pd.DataFrame
    by: tuple[str, ...]
    n_contacts: int
    definitions: Mapping[str, Definition] = field(default_factory=dict)
    method: Mapping[str, object] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def figure(self, metric: str, statistic: str, *, formula: str | None = None) -> pd.DataFrame:
        """Return the rows of one metric and statistic (of one formula, where there are several)."""
        frame = self.frame
        rows = (frame["metric"] == metric) & (frame["statistic"] == statistic)
        if formula is not None:
            rows &= frame["formula"] == formula
        return frame[rows].reset_index(drop=True)


def kpis(
    records: ServiceRecords,
    *,
    by: str | Sequence[str] = ("company", "channel"),
    level: float = 0.95,
    targets: Mapping[str, float | Mapping[str, float]] | None = None,
    fcr_window_days: float = 7,
    short_abandon_s: float | None = None,
) -> Kpis:
    """Make the figures of service records, by groups and over all.

    Parameters
    ----------
    records
        The contacts.
    by
        Columns of the contacts (company, company_id, channel, tier, purpose, agent_id, handled_by) or parts
        of the local time of the request (hour, weekday, date, month). One that the records lack is left out,
        with a note.
    level
        Confidence level.
    targets
        Metric (one of `TARGETED`) to seconds, or to seconds by channel. Without a target there is no share
        within it, and no service level; SLA attainment goes by the target in the records.
    fcr_window_days
        Days within which another contact of the customer, about the same purpose where the records have one,
        counts as a repeat.
    short_abandon_s
        Hang-ups within so many seconds of waiting are left out in a second abandonment rate.

    Returns
    -------
    Kpis

    Raises
    ------
    MethodError
        When a group, target, level, window or limit is none.

    Notes
    -----
    Means have Student's t; where contacts name their agents, between agents (else between customers who came
    more than once), since contacts of one agent are alike. Medians and 90th percentiles have intervals of
    order statistics, which take contacts as independent. Rates have Wilson's interval, between customers
    where customers came more than once. First response and resolution are given twice where an end was not
    seen: of the contacts that have one, and with the others by Kaplan-Meier; a mean needs an end, and is of
    those answered or resolved only.
    """
    groups, dropped = _groups(records, by)
    chosen = _checked(level, targets, fcr_window_days, short_abandon_s)
    frame = records.contacts
    levels = Levels(frame)
    contacts = Contacts(
        records, levels, targets=chosen, fcr_window_days=fcr_window_days, short_abandon_s=short_abandon_s
    )
    own, whole = Grouping.of(levels, groups), Grouping.of(levels, ())
    groupings = (own, whole) if groups else (whole,)
    makers = [_maker(grouping, own.order, levels, level) for grouping in groupings]
    rows: list[list[Figure]] = [[] for _ in makers]
    for measure in contacts.measures():
        arranged = measure.arranged(own.order)
        censored = measure.kind == "time" and measure.has_censored
        for maker, found in zip(makers, rows, strict=True):
            found += maker.of(arranged, censored=censored)
    parameters = {
        "level": level,
        "fcr_window_days": fcr_window_days,
        "short_abandon_s": short_abandon_s,
        "by_purpose": "purpose" in frame,
    }
    overall = _frame(rows[-1], whole, parameters)
    notes = [*dropped, *contacts.notes, *_censoring_notes(overall), *_cluster_notes(makers[-1])]
    if not len(frame):
        notes.insert(0, "there are no contacts, so that there are no figures")
    return Kpis(
        frame=_frame(rows[0], own, parameters),
        overall=overall,
        by=groups,
        n_contacts=len(frame),
        definitions=dict(records.definitions),
        method={
            **parameters,
            "targets": chosen,
            "clusters_of_times": _word(makers[0].time_clusters),
            "clusters_of_rates": _word(makers[0].rate_clusters),
        },
        notes=tuple(dict.fromkeys([*notes, *records.notes])),
    )


def _maker(grouping: Grouping, order: Codes, levels: Levels, level: float) -> Figures:
    """Return what makes the figures of groups, of contacts in an order."""
    agents, customers = (
        None
        if (who := levels.identities(f"{word}_id")) is None
        else Clusters.of(grouping.segments, who[order], word)
        for word in ("agent", "customer")
    )
    return Figures(grouping.segments, agents or customers, customers, level)


def _word(clusters: Clusters | None) -> str | None:
    return None if clusters is None else clusters.word


def _groups(records: ServiceRecords, by: str | Sequence[str]) -> tuple[tuple[str, ...], list[str]]:
    """Return the groups that the records can make, and notes on those they cannot."""
    kept, notes = [], []
    for name in checked_groups(by):
        column = "request_at" if name in CLOCK_PARTS else name
        if column in records.contacts:
            kept.append(name)
        else:
            notes.append(f"the figures are not by {name}: the records have no column {column}")
    return tuple(kept), notes


def _checked(
    level: float,
    targets: Mapping[str, float | Mapping[str, float]] | None,
    fcr_window_days: float,
    short_abandon_s: float | None,
) -> dict[str, float | Mapping[str, float]]:
    check_level(level)
    if not 0 < fcr_window_days < np.inf:
        raise MethodError(
            "the window of repeats must be positive", value=fcr_window_days, expected="days, such as 7"
        )
    if short_abandon_s is not None and not 0 <= short_abandon_s < np.inf:
        raise MethodError(
            "the limit of short hang-ups must be 0 or more",
            value=short_abandon_s,
            expected="seconds, such as 5",
        )
    chosen = dict(targets or {})
    for metric, given in chosen.items():
        if metric not in TARGETED:
            raise MethodError("this metric has no target", value=metric, expected=", ".join(TARGETED))
        for seconds in given.values() if isinstance(given, Mapping) else [given]:
            if not 0 <= seconds < np.inf:
                raise MethodError(
                    f"the target of {metric} must be 0 or more", value=seconds, expected="seconds, such as 30"
                )
    return chosen


def _frame(figures: Sequence[Figure], grouping: Grouping, parameters: Mapping[str, object]) -> pd.DataFrame:
    """Put figures one under the other, the rows of a group together."""

    def stacked(parts: Iterable[NDArray[Any]], dtype: type[Number]) -> NDArray[Number]:
        """Return a row for every group, a column for every figure."""
        table = np.empty((len(grouping), len(figures)), dtype)
        for column, part in enumerate(parts):
            table[:, column] = part
        return table

    kept = stacked((figure.n + figure.counts[0] > 0 for figure in figures), np.bool_)
    group, which = np.nonzero(kept)

    def numbers(name: str) -> NDArray[np.float64]:
        return stacked((getattr(figure, name) for figure in figures), np.float64)[kept]

    def counts(place: int) -> NDArray[np.int32]:
        return stacked((figure.counts[place] for figure in figures), np.int32)[kept]

    def words(name: str, known: Iterable[str], shown: Iterable[str] | None = None) -> Words:
        places = {word: place for place, word in enumerate(known)}
        own = np.array([places[getattr(figure, name)] for figure in figures], dtype=np.int8)
        return _named(own[which], places if shown is None else shown)

    columns: dict[str, object] = {
        str(name): grouping.names[name].array.take(group) for name in grouping.names
    }
    columns["metric"] = words("metric", KPI_METRICS)
    columns["formula"] = words("formula", FORMULAS)
    texts = [formula_text(name, "en", parameters) for name in FORMULAS]
    columns["definition"] = words("formula", FORMULAS, texts)
    columns["statistic"] = words("statistic", STATISTICS)
    columns["value"] = numbers("value")
    columns["unit"] = words("unit", UNITS)
    columns["ci_low"], columns["ci_high"] = numbers("low"), numbers("high")
    columns["interval"] = _named(stacked((figure.interval for figure in figures), np.int8)[kept], INTERVALS)
    columns["target_s"] = numbers("target_s")
    columns["n"] = stacked((figure.n for figure in figures), np.int32)[kept]
    columns["n_censored"], *reasons = (counts(place) for place in range(1 + len(COUNTED)))
    columns["n_missing"] = reduce(np.add, reasons)
    columns |= dict(zip(COUNTED, reasons, strict=True))
    return pd.DataFrame(columns, index=pd.RangeIndex(group.size), copy=False)


def _named(codes: NDArray[np.int8], names: Iterable[str]) -> Words:
    return pd.Categorical.from_codes(codes, dtype=pd.CategoricalDtype(list(names)))


def _censoring_notes(overall: pd.DataFrame) -> list[str]:
    """Say what leaving out the contacts without an end does to the medians."""
    notes = []
    for metric, word in (("first_response_time", "reply"), ("resolution_time", "resolution")):
        rows = overall[(overall["metric"] == metric) & (overall["statistic"] == "median")]
        whole = rows[rows["formula"] == "kaplan_meier"]
        seen = rows[rows["formula"] != "kaplan_meier"]
        if not len(whole):
            continue
        known, censored = int(seen["n"].iloc[0]), int(seen["n_censored"].iloc[0])
        naive, true = float(seen["value"].iloc[0]), float(whole["value"].iloc[0])
        share = 100 * censored / (known + censored)
        reached = _spoken(true) if np.isfinite(true) else "not reached"
        median = _spoken(naive) if np.isfinite(naive) else "not known"
        notes.append(
            f"{censored:,} contacts ({share:.1f} %) had no {word} when last seen; the median "
            f"{KPI_METRICS[metric][1]} is {median} without them and {reached} with them (Kaplan-Meier)"
        )
    return notes


def _spoken(seconds: float) -> str:
    """Say a time in seconds, or in hours from ten minutes on."""
    return f"{seconds:,.1f} s" if seconds < 600 else f"{seconds / 3600:,.1f} h"


def _cluster_notes(whole: Figures) -> list[str]:
    notes = []
    if whole.rate_clusters is not None:
        notes.append(
            "customers came more than once: the intervals of rates go by customer, and those of medians and "
            "percentiles take every contact as independent, which makes them too short"
        )
    if whole.time_clusters is not None and whole.time_clusters.word == "agent":
        notes.append("the intervals of means go by agent; a group with one agent goes by contact")
    return notes
