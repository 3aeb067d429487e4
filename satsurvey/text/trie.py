"""A trie over characters, laid out so that all places of a batch walk it at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Places = NDArray[np.int64]

LONGEST_LITERAL = 16


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
    lengths = np.array([len(literal) for literal in literals])
    text = np.frombuffer("".join(literals).encode("utf-16-le", "surrogatepass"), dtype="<u2")
    alphabet = np.unique(text)
    number[alphabet] = np.arange(1, alphabet.size + 1)
    width = int(lengths.max())
    rows = np.zeros((len(literals), width), dtype=">u2")
    place = np.arange(width)
    rows[place < lengths[:, None]] = number[text]
    order = np.argsort(rows.view(f"S{2 * width}")[:, 0], kind="stable")
    rows, lengths = rows[order].astype(np.int64), lengths[order]
    # Sorted, a literal shares its beginning with the one before it up to the first difference.
    differs = np.ones(rows.shape, dtype=np.bool_)
    differs[1:] = rows[1:] != rows[:-1]
    new = (np.cumsum(differs, axis=1) > 0) & (place < lengths[:, None])
    names = np.zeros(rows.shape, dtype=np.int64)
    names[new] = np.arange(1, int(new.sum()) + 1)
    latest = np.maximum.accumulate(np.where(new, np.arange(len(rows))[:, None], 0), axis=0)
    names = names[latest, place]
    above = np.zeros_like(names)
    above[:, 1:] = names[:, :-1]
    root = np.zeros(1, dtype=np.int64)
    ending = np.full(int(new.sum()) + 1, -1, dtype=np.int64)
    ending[names[np.arange(len(rows)), lengths - 1]] = order
    return np.append(root, above[new]), np.append(root, rows[new]), ending, number


def _laid_out(
    parent: Places, code: Places, ending: Places
) -> tuple[NDArray[np.int32], NDArray[np.int32], Places]:
    """Give every node of a trie its place in the double array: base, owner and literal of each state."""
    size, breadth = parent.size, int(code.max()) + 1
    room = 4 * size + 64
    taken = bytearray(room + breadth)
    taken[0] = 1
    bases, places = np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.int64)
    inner = np.arange(1, size)
    followers = np.bincount(parent[1:], minlength=size)
    by_parent = inner[np.argsort(parent[1:], kind="stable")]
    first = np.cumsum(followers) - followers
    # Nodes with several followers first, while there is room; each begins at a place drawn like a hash.
    several = np.flatnonzero(followers > 1)
    for node in several[np.argsort(-followers[several], kind="stable")].tolist():
        nodes = by_parent[first[node] : first[node] + followers[node]]
        codes = code[nodes].tolist()
        draw, step = node * 2654435761 % room, 1
        while any(taken[draw + each] for each in codes):
            draw = (draw + step) % room
            step = step % 97 + 2
        bases[node] = draw
        for each in codes:
            taken[draw + each] = 1
        places[nodes] = draw + code[nodes]
    # The rest takes what is left.
    single = np.flatnonzero(followers == 1)
    nodes = by_parent[first[single]]
    free = np.flatnonzero(np.frombuffer(taken, dtype=np.uint8)[breadth:] == 0)[: single.size] + breadth
    bases[single] = free - code[nodes]
    places[nodes] = free
    base = np.zeros(room + breadth, dtype=np.int32)
    owner = np.full(room + breadth, -1, dtype=np.int32)
    ends = np.full(room + breadth, -1, dtype=np.int64)
    base[places], ends[places] = bases, ending
    owner[places[1:]] = places[parent[1:]]
    return base, owner, ends
