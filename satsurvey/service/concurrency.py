"""Concurrency: how many customers an agent serves at once, from when contacts begin and end."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from satsurvey.service.segments import sorted_within

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Overlap:
    """How the contacts of agents lie over each other.

    Attributes
    ----------
    length_s
        How long each contact lasted, seconds.
    busy_s
        Its part of the agent's busy time: ∫ 1/N(t) dt over the contact, N the contacts the agent had at t.
        The parts of all contacts of an agent add up to the time with at least one contact, so that over any
        contacts Σ length / Σ busy is the mean number served at once.
    at_start
        Contacts that the agent had when this one began, itself among them.
    """

    length_s: Floats
    busy_s: Floats
    at_start: Floats


def overlap(agent: NDArray[np.int64], start: Floats, end: Floats) -> Overlap:
    """Measure how contacts overlap for each agent.

    Parameters
    ----------
    agent
        Agent of each contact, shape (n,).
    start, end
        When each began and ended, seconds, no NaN, end not before start. A contact that ends when another
        begins does not overlap it; one of no length counts as served alone beside those that are open.

    Examples
    --------
    >>> found = overlap(np.array([1, 1]), np.array([0.0, 50.0]), np.array([100.0, 150.0]))
    >>> found.busy_s.tolist(), found.at_start.tolist()
    ([75.0, 75.0], [1.0, 2.0])
    """
    n = agent.size
    if not n:
        return Overlap(np.zeros(0), np.zeros(0), np.zeros(0))
    # Times of each agent begin at 0, which keeps the digits of sums; agents follow one another.
    first = np.full(int(agent.max()) + 1, np.inf)
    np.minimum.at(first, agent, start)
    # Ends go before beginnings, and those of one moment stay so.
    moments = np.concatenate([end, start]) - np.concatenate([first[agent], first[agent]])
    who = np.concatenate([agent, agent])
    order = sorted_within(who, moments)
    begins = order >= n
    step = np.where(begins, 1, -1)
    # A contact without length would end before it begins: its two events are put the other way round.
    none = np.concatenate([start == end, start == end])[order]
    open_now = np.cumsum(np.where(none, 0, step))
    lasting = np.zeros(2 * n)
    sorted_moments, sorted_who = moments[order], who[order]
    same = sorted_who[1:] == sorted_who[:-1]
    lasting[1:] = np.where(same, np.diff(sorted_moments), 0.0)
    serving = np.concatenate([[0], open_now[:-1]])
    share = np.where(serving > 0, lasting / np.maximum(serving, 1), 0.0)
    reached = np.empty(2 * n)
    reached[order] = np.cumsum(share)
    # Contacts that begin at one moment are all there for each other: the count after the last of them.
    run = np.ones(2 * n, dtype=np.bool_)
    run[1:] = ~same | (np.diff(sorted_moments) != 0) | (begins[1:] != begins[:-1])
    last = np.append(np.flatnonzero(run)[1:], 2 * n) - 1
    at = np.empty(2 * n)
    at[order] = open_now[last[np.cumsum(run) - 1]] + none
    return Overlap(end - start, reached[:n] - reached[n:], at[n:])
