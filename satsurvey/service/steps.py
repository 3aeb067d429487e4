"""Clocks that events start, pause and stop: how long each ran, and which still runs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from satsurvey.service.clocks import ABSENT
from satsurvey.service.conversations import Seconds
from satsurvey.service.segments import sorted_within

ACTIVATE, PAUSE, FULFILL, BREACH, APPLY_SLA = range(5)


@dataclass(frozen=True)
class Ran:
    """How long a clock ran, arrays of shape (clocks,).

    Attributes
    ----------
    started, fulfilled
        The first start and the last fulfilment, microseconds in UTC, `ABSENT` where there is none.
    seconds
        How long it ran between starts and the pauses or fulfilments behind them.
    running_since
        The start that nothing has ended, `ABSENT` where the clock stands.
    """

    started: NDArray[np.int64]
    fulfilled: NDArray[np.int64]
    seconds: NDArray[np.float64]
    running_since: NDArray[np.int64]


def run(
    clock: NDArray[np.int64], at: NDArray[np.int64], kind: NDArray[np.int8], n: int, seconds: Seconds
) -> Ran:
    """Run the clocks that events start, pause and fulfil.

    Parameters
    ----------
    clock
        Which clock each event is of, from 0 to n - 1.
    at
        When it happened, microseconds in UTC.
    kind
        `ACTIVATE`, `PAUSE` or `FULFILL`; other events are left out.
    n
        How many clocks there are.
    seconds
        Calendar or business time.

    Notes
    -----
    A clock runs from each start to the next event of the same clock. A start while it runs changes nothing.
    Events of one moment are taken in the order in which they stand.
    """
    of_clock = (kind == ACTIVATE) | (kind == PAUSE) | (kind == FULFILL)
    clock, at, kind = clock[of_clock], at[of_clock], kind[of_clock]
    order = sorted_within(clock, at)
    clock, at, kind = clock[order], at[order], kind[order]
    started, fulfilled, since = np.full(n, ABSENT), np.full(n, ABSENT), np.full(n, ABSENT)
    starts = kind == ACTIVATE
    started[clock[starts][::-1]] = at[starts][::-1]
    done = kind == FULFILL
    fulfilled[clock[done]] = at[done]
    followed = np.zeros(at.size, dtype=np.bool_)
    followed[:-1] = clock[1:] == clock[:-1]
    ends = np.flatnonzero(starts & followed)
    stretch = seconds(at[ends], at[ends + 1])
    total = np.bincount(clock[ends], stretch, minlength=n).astype(np.float64)
    open_ones = starts & ~followed
    since[clock[open_ones]] = at[open_ones]
    return Ran(started, fulfilled, total, since)


def first_of(group: NDArray[np.int64], at: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """Return the place of the earliest row of each group, -1 where it has none; absent moments come last."""
    order = sorted_within(group, np.where(at == ABSENT, np.iinfo(np.int64).max, at))
    place = np.full(n, -1, dtype=np.int64)
    place[group[order][::-1]] = order[::-1]
    return place
