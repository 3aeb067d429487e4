"""Finds thousands of terms, with choices, gaps and numbers in them, in a whole batch of comments at once.

What the terms mean is no business of this module.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from satsurvey.text.characters import Characters
from satsurvey.text.term_chains import Chain, Chains
from satsurvey.text.term_parts import (
    AFTER_MANY,
    AFTER_NUMBER,
    WHOLE,
    Part,
    is_literal,
    parsed,
)
from satsurvey.text.trie import Trie

Places = NDArray[np.int64]
Flags = NDArray[np.bool_]

_DIGITS = "0123456789"
_NUMERALS = _DIGITS + "一二三四五六七八九十百千万两俩仨几多半廿〇零"
_NOUGHTS, _ONES, _HALF, _POINT = "0〇零", "1一", ord("半"), ord(".")
_DENIALS = "不没未无莫别冇甭勿"


@dataclass(frozen=True)
class Matches:
    """Where terms stand, sorted by place; of two at one place the longer comes first.

    Attributes
    ----------
    start, end
        Places in the codes of the batch, `end` behind the last; int64 of shape (M,).
    term
        Position of the term in the list that the index was made of; int64.
    """

    start: Places
    end: Places
    term: Places

    def __len__(self) -> int:
        return int(self.start.size)

    def where(self, chosen: Flags) -> Matches:
        """Keep the chosen matches."""
        places = np.flatnonzero(chosen)
        return Matches(self.start[places], self.end[places], self.term[places])


def longest(matches: Matches) -> Matches:
    """Leave out every match that stands inside another, and of two that overlap the later.

    People deny in front of what they deny: in 没解决问题 the words are 没解决, not 解决问题.
    """
    if len(matches) < 2:
        return matches
    furthest = np.maximum.accumulate(matches.end)
    inside = np.zeros(len(matches), dtype=np.bool_)
    inside[1:] = matches.end[1:] <= furthest[:-1]
    kept = matches.where(~inside)
    chained = np.zeros(len(kept), dtype=np.bool_)
    chained[1:] = kept.start[1:] < kept.end[:-1]
    if not chained.any():
        return kept
    # From the first of a chain of overlaps to the first behind it, and so on: all that is reached is left.
    # Jumps are doubled (Wyllie, 1979): a chain through a comment of a million characters takes twenty steps.
    reached = np.append(~chained, True)
    jump = np.append(np.searchsorted(kept.start, kept.end), len(kept))
    while True:
        before = int(reached.sum())
        reached[jump[reached]] = True
        if int(reached.sum()) == before:
            return kept.where(reached[:-1])
        jump = jump[jump]


class TermIndex:
    """Terms made ready for the search.

    Parameters
    ----------
    terms
        Folded terms. `…` stands for up to six characters inside one segment, `~` for up to three, neither
        with a word of denial among them; `#` for a number, `##` for a number greater than one; `(a|b|)` for
        each of a, b and nothing. A term has at most three parts (等了…##遍). Of terms that match the same,
        that with the fewest parts comes first (甲乙 before 甲~乙), then that with the least in its gaps, then
        the earliest.
    """

    def __init__(self, terms: Sequence[str]) -> None:
        literals: dict[str, int] = {}  # with the first term that is nothing else
        several: list[tuple[int, tuple[Part, ...]]] = []
        for position, term in enumerate(terms):
            if is_literal(term):
                literals.setdefault(term, position)
                continue
            parts = parsed(term)
            if len(parts) > 1 or parts[0].number != WHOLE:
                several.append((position, parts))
                continue
            for literal in parts[0].literals:
                literals.setdefault(literal, position)
        for _, parts in several:
            for part in parts:
                for literal in part.literals:
                    literals.setdefault(literal, -1)
        # A unit is a literal with what must stand before it.
        whole = np.full((max(len(literals), 1), 3), -1, dtype=np.int64)
        whole[: len(literals), WHOLE] = list(literals.values())
        numbers = dict(zip(literals, range(0, 3 * len(literals), 3), strict=True))
        self._whole = whole.ravel()
        self._trie = Trie(list(literals))
        chains = []
        for position, parts in several:
            units = [[numbers[literal] + part.number for literal in part.literals] for part in parts]
            if len(parts) > 1:
                chains.append(Chain(position, units, [part.gap for part in parts]))
            else:
                self._whole[[unit for unit in units[0] if self._whole[unit] < 0]] = position
        self._chains = Chains(chains, self._whole.size)

    def find(self, characters: Characters, segment: Places) -> Matches:
        """Find all terms, also those inside others.

        Parameters
        ----------
        characters
            The batch.
        segment
            Segment of each code; a term with a gap stands in one segment.
        """
        start, end, literal = self._trie.find(characters.codes)
        run, many = _numbers(characters)
        found = [(start, end, 3 * literal)]
        if start.size:
            before = run[start - 1]  # the last code, before the first, is END and no number
            for kind, enough in (
                (AFTER_NUMBER, before >= 0),
                (AFTER_MANY, (before >= 0) & many[start - 1]),
            ):
                chosen = np.flatnonzero(enough)
                found.append((before[chosen], end[chosen], 3 * literal[chosen] + kind))
        units = _sorted(found)
        wide = self._chains.find(units.start, units.end, units.term, segment, _denials(characters))
        return _sorted([(units.start, units.end, self._whole[units.term]), *wide])


def _sorted(found: Sequence[tuple[Places, Places, Places]]) -> Matches:
    """Bring matches together; those numbered -1 are none."""
    start, end, term = (np.concatenate(column) for column in zip(*found, strict=True))
    chosen = np.flatnonzero(term >= 0)
    start, end, term = start[chosen], end[chosen], term[chosen]
    order = np.argsort((start << 20) - (end - start), kind="stable")
    return Matches(start[order], end[order], term[order])


@cache
def _table(characters: str) -> Flags:
    table = np.zeros(0x10000, dtype=np.bool_)
    table[[ord(c) for c in characters]] = True
    return table


def _numbers(characters: Characters) -> tuple[Places, Flags]:
    """Return where the number that ends at a place starts (else -1), and whether it is greater than one.

    A number is a run of numerals, in figures also with a point inside. Some (几, 多) is more than one, and a
    half is not.
    """
    codes = characters.codes
    run, many = np.full(codes.size, -1, dtype=np.int64), np.zeros(codes.size, dtype=np.bool_)
    numeral = _table(_NUMERALS)[codes]
    point = np.flatnonzero(codes == _POINT)
    digit = _table(_DIGITS)[codes]
    numeral[point[digit[point - 1] & digit[(point + 1) % max(codes.size, 1)]]] = True
    place = np.flatnonzero(numeral)
    if not place.size:
        return run, many
    code = codes[place]
    first = np.ones(place.size, dtype=np.bool_)
    first[1:] = place[1:] != place[:-1] + 1
    of_run = np.flatnonzero(first)[np.cumsum(first) - 1]

    def counted(what: Flags) -> Places:
        """Count what was so far in the run."""
        so_far = np.cumsum(what)
        return np.asarray(so_far - (so_far - what)[of_run])

    whole = counted(code == _POINT) == 0
    nought, one = _table(_NOUGHTS)[code], _table(_ONES)[code]
    ones = counted(one & whole)
    big = counted(whole & ~nought & ~one & (code != _HALF))
    tens = counted(nought & whole & (ones > 0))  # 10
    rest = counted(~whole & ~nought & (code != _POINT))  # 1.5
    run[place] = place[of_run]
    many[place] = (big > 0) | (ones > 1) | ((ones > 0) & (tens + rest > 0))
    return run, many


def _denials(characters: Characters) -> Places:
    """Count the characters of denial before each place."""
    counts = np.zeros(characters.codes.size + 1, dtype=np.int64)
    np.cumsum(_table(_DENIALS)[characters.codes], out=counts[1:])
    return counts
