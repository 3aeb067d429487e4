"""How the simulated interviews were held: order, interviewers, times, identifiers, further names."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from satsurvey.simulation.design import SLOT_S, Design
from satsurvey.simulation.population import stream


@dataclass(frozen=True)
class Schedule:
    """Cases in the order in which they ended.

    Attributes
    ----------
    company, interviewer
        Positions, shape (rows,).
    disposition
        Outcome code as text.
    complete
        Whether the case ended in an interview.
    completed_at, contact_at
        Ends of interview and of the contact that was rated, whole seconds.
    duration_s
        Length of the interview in seconds.
    """

    company: NDArray[np.intp]
    interviewer: NDArray[np.intp]
    disposition: NDArray[np.str_]
    complete: NDArray[np.bool_]
    completed_at: NDArray[np.datetime64]
    contact_at: NDArray[np.datetime64]
    duration_s: NDArray[np.int64]


def schedule(design: Design, industry_of: NDArray[np.intp], seed: int) -> Schedule:
    """Lay the cases out over companies, interviewers, days and hours; interviewers are assigned at random.

    Every company has `interviews_least` interviews; what remains of the total falls on companies by chance.
    """
    rng = stream(seed, 9)
    count = industry_of.size
    extra = rng.multinomial(design.interviews - count * design.interviews_least, np.full(count, 1 / count))
    completes = np.repeat(np.arange(count), design.interviews_least + extra)
    others = [code for code, cases in design.n_others.items() for _ in range(cases)]
    company = np.concatenate([completes, rng.integers(count, size=len(others))])
    disposition = np.array([design.dispositions.complete] * completes.size + others)
    complete = np.arange(company.size) < completes.size
    order = rng.permutation(company.size)
    work = design.fieldwork
    per_day = (work.closes_hour - work.opens_hour) * 3600 // SLOT_S
    people = design.interviewers.count
    # Slots are drawn without replacement, so that no interviewer holds two interviews at once.
    slots = np.sort(rng.choice(work.days * per_day * people, size=company.size, replace=False, shuffle=False))
    day, rest = np.divmod(slots, per_day * people)
    slot, interviewer = np.divmod(rest, people)
    spread = np.exp(work.duration_log_sd * rng.standard_normal(company.size))
    duration = np.clip(np.rint(work.duration_median_s * spread), work.shortest_s, SLOT_S - 60).astype(
        np.int64
    )
    begins = np.floor((SLOT_S - duration) * rng.random(company.size)).astype(np.int64)
    first = np.datetime64(work.first_day, "s")
    ends = day * 86_400 + work.opens_hour * 3600 + slot * SLOT_S + begins + duration
    ago = rng.integers(1, work.contact_within_days + 1, size=company.size)
    # Callers are busiest around three in the afternoon.
    clock = np.clip(np.rint(54_000 + 12_000 * rng.standard_normal(company.size)), 0, 86_399).astype(np.int64)
    contact = (day - ago) * 86_400 + clock
    return Schedule(
        company[order],
        interviewer.astype(np.intp),
        disposition[order],
        complete[order],
        first + ends.astype("timedelta64[s]"),
        first + contact.astype("timedelta64[s]"),
        duration,
    )


def moments(times: NDArray[np.datetime64]) -> NDArray[np.str_]:
    """Write moments as 2019-10-08 09:12:33."""
    written: NDArray[np.str_] = np.char.replace(np.datetime_as_string(times, unit="s"), "T", " ")
    return written


def numbered(positions: NDArray[np.intp], *, last: int, least: int) -> NDArray[np.str_]:
    """Write positions counted from 1 with leading zeros, in at least `least` digits."""
    width = max(least, len(str(last)))
    table = np.array([str(k + 1).zfill(width) for k in range(last)] or [""])
    written: NDArray[np.str_] = table[positions]
    return written


def case_ids(rows: int, seed: int) -> NDArray[np.str_]:
    """Draw different case ids of 19 digits, which a spreadsheet or a floating-point column would spoil."""
    rng = stream(seed, 10)
    stem = rng.integers(1_000_000_000, 9_200_000_000, size=rows)
    # The tail counts in steps prime to its range, so that no two ids are equal.
    tail = (np.arange(rows, dtype=np.int64) * 618_033_989 + int(rng.integers(1_000_000_000))) % 1_000_000_000
    return np.char.add(stem.astype(str), np.char.zfill(tail.astype(str), 9))


def company_names(design: Design) -> list[str]:
    """Name the companies after their industry and a running number: 银行企业01; none is a real firm."""
    names = []
    for industry in design.industries:
        width = max(2, len(str(industry.companies)))
        names += [f"{industry.zh}企业{k + 1:0{width}d}" for k in range(industry.companies)]
    return names


def label_columns(design: Design, rows: int, seed: int) -> dict[str, NDArray[np.str_]]:
    """Draw the further columns of names that the design declares."""
    columns = {}
    for number, (role, shares) in enumerate(sorted(design.labels.items())):
        cumulated = np.cumsum(list(shares.values())) / sum(shares.values())
        draws = stream(seed, 11, number).random(rows)
        columns[role] = np.array(list(shares))[np.searchsorted(cumulated[:-1], draws, "right")]
    return columns
