"""Terms of two and three parts: which part may follow which, and the search for them among parts found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from satsurvey.text.term_parts import MOST_PARTS, WIDEST_GAP
from satsurvey.text.trie import counted_on

Places = NDArray[np.int64]


class Chain(NamedTuple):
    """A term of several parts: its position, the units that each part may be, the widest gap before each.

    A unit is the number of a literal together with what must stand before it.
    """

    term: int
    parts: list[list[int]]
    gaps: list[int]


class _State(NamedTuple):
    """What was found so far: so many parts of all of these chains."""

    found: int
    chains: tuple[int, ...]


class _Outcome(NamedTuple):
    """What a part leads to if the gap before it is no wider: a term that ends there, a state to go on."""

    gap: int
    term: int
    state: int


class Chains:
    """Terms of several parts made ready for the search.

    Parameters
    ----------
    chains
        The terms.
    units
        How many units there are.

    Notes
    -----
    A state that meets a unit has one outcome for every width of gap, as 甲~乙, 甲…乙 and 甲…乙…丙 may all be
    terms; of terms that end alike the earliest counts. Units that are the same part of the same terms share a
    group, and what comes of a state and a group is looked up in a sorted list.
    """

    def __init__(self, chains: Sequence[Chain], units: int) -> None:
        firsts: dict[int, list[int]] = {}
        laters: dict[int, list[tuple[int, int]]] = {}
        for at, chain in enumerate(chains):
            for unit in chain.parts[0]:
                firsts.setdefault(unit, []).append(at)
            for place, part in enumerate(chain.parts[1:], 1):
                for unit in part:
                    laters.setdefault(unit, []).append((place, at))
        states: dict[_State, int] = {}
        groups: dict[tuple[tuple[int, int], ...], int] = {}
        self._state = np.full(units, -1, dtype=np.int64)
        self._group = np.full(units, -1, dtype=np.int64)
        for unit, begun in firsts.items():
            self._state[unit] = states.setdefault(_State(1, tuple(begun)), len(states))
        for unit, later in laters.items():
            self._group[unit] = groups.setdefault(tuple(later), len(groups))
        self._groups = len(groups)
        outcomes: list[list[_Outcome]] = []
        keys, cells = [], []
        for found in range(1, MOST_PARTS):
            groups_of: list[list[int]] = [[] for _ in chains]
            for later_part, group in groups.items():
                for place, at in later_part:
                    if place == found:
                        groups_of[at].append(group)
            # What comes of these states may be states of more parts, for the next time.
            more = _followed([state for state in states if state.found == found], chains, groups_of, states)
            keys.append(more.state * self._groups + more.group)
            cells.append(more.outcomes + len(outcomes))
            outcomes += more.distinct
        key = np.concatenate(keys)
        order = np.argsort(key)
        self._keys = np.append(key[order], -1)  # behind the last stands one that nothing has
        # Few units that stand near each other go together; most are told apart by the last bits of the key.
        self._hints = np.zeros(1 << (16 * key.size).bit_length(), dtype=np.bool_)
        self._hints[key & (self._hints.size - 1)] = True
        self._cell = np.append(np.concatenate(cells)[order], 0)
        self._many = np.array([len(each) for each in outcomes] or [0])
        self._first = np.cumsum(self._many) - self._many
        flat = [outcome for each in outcomes for outcome in each] or [_Outcome(0, -1, -1)]
        self._gap, self._term, self._following = np.array(flat, dtype=np.int64).T.copy()

    def find(
        self, start: Places, end: Places, unit: Places, segment: Places, denials: Places
    ) -> Iterator[tuple[Places, Places, Places]]:
        """Find the terms among units.

        Parameters
        ----------
        start, end, unit
            The units found, sorted by place.
        segment
            Segment of each code: a term stands in one.
        denials
            Number of words of denial before each place: none may stand in a gap.

        Yields
        ------
        start, end, term
            First those of two parts, then those of three, each with the least in its gaps first, then the
            earliest. Term -1 is none.
        """
        group = self._group[unit]
        at = np.flatnonzero(group >= 0)
        next_start, next_end, group = start[at], end[at], group[at]
        state = self._state[unit]
        at = np.flatnonzero(state >= 0)
        start, end, state = start[at], end[at], state[at]
        left_open = np.zeros(start.size, dtype=np.int64)
        for _ in range(MOST_PARTS - 1):
            if not start.size or not next_start.size:
                return
            first = np.searchsorted(next_start, end)
            many = np.searchsorted(next_start, end + WIDEST_GAP, side="right") - first
            one = np.repeat(np.arange(start.size), many)
            other = counted_on(first, many)
            key = state[one] * self._groups + group[other]
            hits = np.flatnonzero(self._hints[key & (self._hints.size - 1)])
            place = np.searchsorted(self._keys[:-1], key[hits])
            known = self._keys[place] == key[hits]
            hits, cell = hits[known], self._cell[place[known]]
            many = self._many[cell]
            one, other = np.repeat(one[hits], many), np.repeat(other[hits], many)
            outcome = counted_on(self._first[cell], many)
            begin, stop = end[one], next_start[other]
            fits = np.flatnonzero(
                (stop - begin <= self._gap[outcome])
                & (segment[start[one]] == segment[next_end[other] - 1])
                & (denials[stop] == denials[begin])
            )
            left_open = left_open[one[fits]] + (stop - begin)[fits]
            term = self._term[outcome[fits]]
            better = np.lexsort((term, left_open))
            fits, left_open = fits[better], left_open[better]
            start, end = start[one[fits]], next_end[other[fits]]
            yield start, end, term[better]
            following = self._following[outcome[fits]]
            on = np.flatnonzero(following >= 0)
            start, end, state, left_open = start[on], end[on], following[on], left_open[on]


class _Followed(NamedTuple):
    """What comes of states that meet a unit of a group.

    `outcomes` are places in `distinct`, for each of the states and groups that go together.
    """

    state: Places
    group: Places
    outcomes: Places
    distinct: list[list[_Outcome]]


def _followed(
    begun: Sequence[_State],
    chains: Sequence[Chain],
    groups_of: Sequence[list[int]],
    states: dict[_State, int],
) -> _Followed:
    """Follow states of equally many parts by one part, and add what they lead to to `states`.

    `groups_of` are the groups of units that may be the next part of each chain.
    """
    many = np.array([len(state.chains) for state in begun], dtype=np.int64)
    state = np.repeat(np.array([states[each] for each in begun], dtype=np.int64), many)
    chain = np.array([chain for each in begun for chain in each.chains], dtype=np.int64)
    several = np.array([len(some) for some in groups_of], dtype=np.int64)
    flat = np.array([group for some in groups_of for group in some], dtype=np.int64)
    many = several[chain]
    group = flat[counted_on((np.cumsum(several) - several)[chain], many)]
    state, chain = np.repeat(state, many), np.repeat(chain, many)
    order = np.lexsort((chain, group, state))
    state, group, chain = state[order], group[order], chain[order]
    new = np.ones(state.size, dtype=np.bool_)
    new[1:] = (state[1:] != state[:-1]) | (group[1:] != group[:-1])
    first = np.flatnonzero(new)
    listed, edges = chain.tolist(), [*first.tolist(), chain.size]
    known: dict[tuple[int, ...], int] = {}
    outcomes = [known.setdefault(tuple(listed[edge:after]), len(known)) for edge, after in pairwise(edges)]
    distinct = [list(_outcomes(begun[0].found, on, chains, states)) for on in known]
    return _Followed(state[first], group[first], np.array(outcomes, dtype=np.int64), distinct)


def _outcomes(
    at: int, on: tuple[int, ...], chains: Sequence[Chain], states: dict[_State, int]
) -> Iterator[_Outcome]:
    """Say what comes of chains whose next part is found, by the width of the gap before it."""
    for gap in sorted({chains[chain].gaps[at] for chain in on}):
        fitting = [chain for chain in on if chains[chain].gaps[at] == gap]
        ending = [chains[chain].term for chain in fitting if len(chains[chain].parts) == at + 1]
        longer = _State(at + 1, tuple(chain for chain in fitting if len(chains[chain].parts) > at + 1))
        if longer.chains:
            states.setdefault(longer, len(states))
        yield _Outcome(gap, min(ending, default=-1), states.get(longer, -1))
