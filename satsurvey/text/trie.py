"""A trie over characters, laid out so that all places of a batch walk it at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Places = NDArray[np.int64]

LONGEST_LITERAL = 16

_CROWD = 12
_HASH = 2654435761
_ATTEMPTS = 64


class Trie:
    """Literal strings made ready for the search.

    Parameters
    ----------
    literals
        Different strings of 1 to 16 characters of the first plane.

    Notes
    -----
    A double array (Aoe, 1989): state s goes on with character c to t = base[s] + c if owner[t] = s, so a step
    is two look-ups for all places at once, exact without a comparison of strings.
    """

    def __init__(self, literals: Sequence[str]) -> None:
        parent, code, ending, self._number = _nodes(literals)
        self._base, self._owner, self._ending = _laid_out(parent, code, ending)

    def find(self, codes: NDArray[np.uint16]) -> tuple[Places, Places, Places]:
        """Find every occurrence of every literal.

        Returns
        -------
        start, end, literal
            Sorted by length, then by place.
        """
        number = self._number[codes]
        state = self._base[0] + number
        place = np.flatnonzero(self._owner[state] == 0)
        state = state[place]
        starts, ends, literals = [], [], []
        for depth in range(1, LONGEST_LITERAL + 1):
            literal = self._ending[state]
            hits = np.flatnonzero(literal >= 0)
            starts.append(place[hits])
            ends.append(place[hits] + depth)
            literals.append(literal[hits])
            following = self._base[state] + number.take(place + depth, mode="clip")
            alive = np.flatnonzero(self._owner[following] == state)
            place, state = place[alive], following[alive]
            if not place.size:
                break
        return np.concatenate(starts), np.concatenate(ends), np.concatenate(literals)


def _nodes(
    literals: Sequence[str],
) -> tuple[Places, Places, Places, NDArray[np.int32]]:
    """Number the nodes of a trie.

    Returns
    -------
    parent, code, ending, number
        Of each node, the root being 0: its parent, the number of the character that leads to it, the literal
        that ends in it (-1: none); and the number of each character, 0 for those that stand in no literal.
    """
    number = np.zeros(0x10000, dtype=np.int32)
    if not literals:
        return np.zeros(1, np.int64), np.zeros(1, np.int64), np.full(1, -1), number
    lengths = np.fromiter(map(len, literals), dtype=np.int64, count=len(literals))
    text = np.frombuffer("".join(literals).encode("utf-16-le", "surrogatepass"), dtype="<u2")
    alphabet = np.flatnonzero(np.bincount(text))
    number[alphabet] = np.arange(1, alphabet.size + 1)
    numbered = number[text].astype(np.int64)
    breadth = alphabet.size + 1
    first = np.cumsum(lengths) - lengths
    node = np.zeros(lengths.size, dtype=np.int64)
    parents, codes = [np.zeros(1, np.int64)], [np.zeros(1, np.int64)]
    size = 1
    # Depth by depth: literals that stand in one node and go on with one character go on to one node.
    going = np.arange(lengths.size)
    for depth in range(int(lengths.max())):
        going = going[lengths[going] > depth]
        step = node[going] * breadth + numbered[first[going] + depth]
        order = np.argsort(step)
        step, going = step[order], going[order]
        new = np.ones(step.size, dtype=np.bool_)
        new[1:] = step[1:] != step[:-1]
        node[going] = size + np.cumsum(new) - 1
        parents.append(step[new] // breadth)
        codes.append(step[new] % breadth)
        size += parents[-1].size
    ending = np.full(size, -1, dtype=np.int64)
    ending[node] = np.arange(lengths.size)
    return np.concatenate(parents), np.concatenate(codes), ending, number


def _laid_out(
    parent: Places, code: Places, ending: Places
) -> tuple[NDArray[np.int32], NDArray[np.int32], Places]:
    """Give every node of a trie its place in the double array: base, owner and literal of each state.

    The nodes that follow one node have numbers one after the other.
    """
    size, breadth = parent.size, int(code.max()) + 1
    followers = np.bincount(parent[1:], minlength=size)
    first = np.cumsum(followers) - followers + 1
    bases, taken = _bases(code, first, followers, breadth)
    places = np.zeros(size, dtype=np.int64)
    inner = np.arange(1, size)
    shared = followers[parent[1:]] > 1
    places[inner[shared]] = bases[parent[1:][shared]] + code[1:][shared]
    # A node that is followed by one takes what is left.
    single = np.flatnonzero(followers == 1)
    nodes = first[single]
    free = np.flatnonzero(~taken[breadth:])[: single.size] + breadth
    bases[single] = free - code[nodes]
    places[nodes] = free
    # A step may lead as far as the last base and any character.
    space = max(taken.size, int(bases.max()) + breadth)
    base = np.zeros(space, dtype=np.int32)
    owner = np.full(space, -1, dtype=np.int32)
    ends = np.full(space, -1, dtype=np.int64)
    base[places], ends[places] = bases, ending
    owner[places[1:]] = places[parent[1:]]
    return base, owner, ends


def _bases(code: Places, first: Places, followers: Places, breadth: int) -> tuple[Places, NDArray[np.bool_]]:
    """Find a base for every node that several follow, and say which places their followers take."""
    size = code.size
    room = 4 * size + 64
    bases = np.zeros(size, dtype=np.int64)
    taken = np.zeros(room + breadth, dtype=np.bool_)
    taken[0] = True
    several = np.flatnonzero(followers > 1)
    several = several[np.argsort(-followers[several], kind="stable")]
    crowded = int(np.count_nonzero(followers[several] > _CROWD))
    left: list[int] = []
    # Nodes with many followers first, while there is room; each begins at a place drawn like a hash.
    for node in several[:crowded].tolist():
        codes = code[first[node] : first[node] + followers[node]]
        draws = (_drawn(node, attempt, size, room) for attempt in range(_ATTEMPTS))
        draw = next((draw for draw in draws if not taken[draw + codes].any()), None)
        if draw is None:
            left.append(node)
        else:
            bases[node] = draw
            taken[draw + codes] = True
    # The others all at once: who finds a place taken, or wanted by one before, draws again.
    several = several[crowded:]
    wanted_by = np.zeros(room + breadth, dtype=np.int64)
    for attempt in range(_ATTEMPTS):
        if not several.size:
            break
        draw_of = _drawn(several, attempt, size, room)
        many = followers[several]
        owner_at = np.repeat(np.arange(several.size), many)
        slots = draw_of[owner_at] + code[counted_on(first[several], many)]
        wanted_by[slots[::-1]] = owner_at[::-1]  # of several the first is written last
        clash = taken[slots] | (wanted_by[slots] != owner_at)
        settled = np.bincount(owner_at[clash], minlength=several.size) == 0
        bases[several[settled]] = draw_of[settled]
        taken[slots[settled[owner_at]]] = True
        several = several[~settled]
    # Who drew in vain stands behind all.
    for node in (*left, *several.tolist()):
        codes = code[first[node] : first[node] + followers[node]]
        bases[node] = taken.size - codes[0]
        more = np.zeros(codes[-1] - codes[0] + 1, dtype=np.bool_)
        more[codes - codes[0]] = True
        taken = np.append(taken, more)
    return bases, taken


def _drawn(node: Any, attempt: int, size: int, room: int) -> Any:
    return ((node + attempt * size) * _HASH >> 5) % room


def counted_on(first: Places, many: Places) -> Places:
    """Count on from each first, so many numbers."""
    counts: Places = np.arange(int(many.sum())) + np.repeat(first - (np.cumsum(many) - many), many)
    return counts
