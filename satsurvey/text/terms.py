"""Finds thousands of terms, with choices, gaps and numbers in them, in a whole batch of comments at once.

What the terms mean is no business of this module.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray

from satsurvey.text.characters import Characters
from satsurvey.text.trie import LONGEST_LITERAL, Trie

Places = NDArray[np.int64]
Flags = NDArray[np.bool_]

MOST_PARTS = 3
MOST_CHOICES = 600
"""Literals that one part of a term may stand for."""

_GAPS = {".": 6, "~": 3}  # `…` is folded to a full stop
_NUMBER = "#"
_JOINT = 1  # between what is written without a gap and a number: 等了(近)#分钟
_NUMERALS = "0123456789一二三四五六七八九十百千万两俩仨几多半廿〇零"
_DENIALS = "不没未无莫别冇甭勿"
_WHOLE, _AFTER_NUMBER, _AFTER_MANY = range(3)
_SPECIAL = re.compile("[.~#()|]")
_CHOICE = re.compile(r"\(([^()]*)\)|([^()|]+)")
_CHOICES = re.compile(r"(?:\([^()]*\)|[^()|])*")


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


@dataclass(frozen=True)
class Part:
    """One part of a term: what it may be, what must stand before it, the widest gap before it."""

    literals: tuple[str, ...]
    number: int
    gap: int


class TermFault(ValueError):  # noqa: N818  (a finding on its way to a report of all defects)
    """A term that cannot be looked for."""


@lru_cache(maxsize=1 << 15)
def parsed(term: str) -> tuple[Part, ...]:
    """Split a folded term into its parts.

    Raises
    ------
    TermFault
        When it is no term.
    """
    if not _SPECIAL.search(term) and 0 < len(term) <= LONGEST_LITERAL:
        return (Part((term,), _WHOLE, 0),)
    parts: list[Part] = []
    gap = 0
    for piece in re.split("([.]+|~)", term):
        if piece[:1] in _GAPS:
            gap = _GAPS[piece[0]]
            continue
        for number, text in _numbered(piece):
            parts.append(Part(_choices(text), number, gap if not parts or gap else _JOINT))
            gap = 0
    if len(parts) > MOST_PARTS:
        raise TermFault(f"it has more than {MOST_PARTS} parts")
    return tuple(parts)


def _numbered(piece: str) -> Iterator[tuple[int, str]]:
    pieces = re.split("(#+)", piece)
    if pieces[0] or len(pieces) == 1:
        yield _WHOLE, pieces[0]
    for marks, text in zip(pieces[1::2], pieces[2::2], strict=True):
        if len(marks) > 2:
            raise TermFault("more than two #")
        yield (_AFTER_NUMBER if len(marks) == 1 else _AFTER_MANY), text


def _choices(text: str) -> tuple[str, ...]:
    if not _CHOICES.fullmatch(text):
        raise TermFault("its brackets do not match, or stand inside others")
    pools = [
        (plain,) if plain else tuple(chosen.split("|"))
        for chosen, plain in (found.groups() for found in _CHOICE.finditer(text))
    ]
    many = 1
    for pool in pools:
        many *= len(pool)
    if many > MOST_CHOICES:
        raise TermFault(f"one part stands for {many} literals, more than {MOST_CHOICES}")
    literals = tuple(dict.fromkeys("".join(chosen) for chosen in itertools.product(*pools)))
    if not all(literals):
        raise TermFault("a part of it may be empty")
    if any(len(literal) > LONGEST_LITERAL for literal in literals):
        raise TermFault(f"a part of it is longer than {LONGEST_LITERAL} characters")
    return literals


class TermIndex:
    """Terms made ready for the search.

    Parameters
    ----------
    terms
        Folded terms. `…` stands for up to six characters inside one segment, `~` for up to three, neither
        with a word of denial among them; `#` for a number, `##` for a number greater than one; `(a|b|)` for
        each of a, b and nothing. A term has at most three parts (等了…##遍). Of two terms that match the
        same, the earlier counts.
    """

    def __init__(self, terms: Sequence[str]) -> None:
        literals: dict[str, int] = {}
        # A unit is a literal with what must stand before it.
        units: dict[tuple[int, int], int] = {}
        whole: list[int] = []
        roles: list[tuple[list[int], list[tuple[int, int]]]] = []
        joined = []
        for position, term in enumerate(terms):
            parts = parsed(term)
            for at, part in enumerate(parts):
                for literal in part.literals:
                    key = (literals.setdefault(literal, len(literals)), part.number)
                    unit = units.get(key)
                    if unit is None:
                        unit = units[key] = len(whole)
                        whole.append(-1)
                        roles.append(([], []))
                    if len(parts) == 1:
                        if whole[unit] < 0:
                            whole[unit] = position
                    elif at == 0:
                        roles[unit][0].append(position)
                    else:
                        roles[unit][1].append((at, position))
            joined.append(parts)
        self._unit = np.full((max(len(literals), 1), 3), -1, dtype=np.int64)
        for (literal_at, number), unit in units.items():
            self._unit[literal_at, number] = unit
        self._whole = np.array(whole, dtype=np.int64)
        self._trie = Trie(list(literals))
        self._pairs = _Pairs(joined, roles)

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
        found = [(start, end, self._unit[literal, _WHOLE])]
        if start.size:
            before = run[start - 1]  # the last code, before the first, is END and no number
            for kind, enough in (
                (_AFTER_NUMBER, before >= 0),
                (_AFTER_MANY, (before >= 0) & many[start - 1]),
            ):
                unit = self._unit[literal, kind]
                chosen = np.flatnonzero((unit >= 0) & enough)
                found.append((before[chosen], end[chosen], unit[chosen]))
        units = _sorted(found)
        wide = self._pairs.find(units, segment, _denials(characters))
        return _sorted([(units.start, units.end, self._whole[units.term]), *wide])


class _Pairs:
    """Finds terms of two and three parts among units: which terms go on from one to the other is a table."""

    def __init__(
        self, terms: Sequence[tuple[Part, ...]], roles: Sequence[tuple[list[int], list[tuple[int, int]]]]
    ) -> None:
        lefts: dict[tuple[int, ...], int] = {}
        rights: dict[tuple[tuple[int, int], ...], int] = {}
        self.left = np.full(len(roles), -1, dtype=np.int64)
        self.right = np.full(len(roles), -1, dtype=np.int64)
        for unit, (first, later) in enumerate(roles):
            if first:
                self.left[unit] = lefts.setdefault(tuple(first), len(lefts))
            if later:
                self.right[unit] = rights.setdefault(tuple(later), len(rights))
        # After the groups of first parts come the terms of three parts of which two are found.
        three = {at: len(lefts) + n for n, at in enumerate(i for i, t in enumerate(terms) if len(t) == 3)}
        self.begun = np.full(max(len(terms), 1), -1, dtype=np.int64)
        for at, group in three.items():
            self.begun[at] = group
        small = np.int16 if len(terms) < 1 << 15 else np.int32
        self.table = np.full((len(lefts) + len(three) + 1, len(rights) + 1), -1, dtype=small)
        of_second: dict[int, list[int]] = {}
        of_third: dict[int, list[int]] = {}
        for places, group in rights.items():
            for at, position in places:
                (of_second if at == 1 else of_third).setdefault(position, []).append(group)
        for positions, group in lefts.items():
            for position in reversed(positions):
                self.table[group, of_second.get(position, [])] = position
        for position, group in three.items():
            self.table[group, of_third.get(position, [])] = position
        self.gap = np.array([[p.gap for p in t[1:]] + [0] * (MOST_PARTS - len(t)) for t in terms] or [[0, 0]])
        self.ends = np.array([len(t) == 2 for t in terms] or [False])

    def find(
        self, units: Matches, segment: Places, denials: Places
    ) -> Iterator[tuple[Places, Places, Places]]:
        left_group = self.left[units.term]
        at = np.flatnonzero(left_group >= 0)
        start, end, group = units.start[at], units.end[at], left_group[at]
        right_group = self.right[units.term]
        at = np.flatnonzero(right_group >= 0)
        right_start, right_end, right_group = units.start[at], units.end[at], right_group[at]
        for step in range(MOST_PARTS - 1):
            if not start.size or not right_start.size:
                return
            first = np.searchsorted(right_start, end)
            many = np.searchsorted(right_start, end + max(_GAPS.values()), side="right") - first
            one = np.repeat(np.arange(start.size), many)
            other = np.arange(one.size) + np.repeat(first - (np.cumsum(many) - many), many)
            term = self.table[group[one], right_group[other]].astype(np.int64)
            hits = np.flatnonzero(term >= 0)
            one, other, term = one[hits], other[hits], term[hits]
            begin, stop = end[one], right_start[other]
            fits = np.flatnonzero(
                (stop - begin <= self.gap[term, step])
                & (segment[start[one]] == segment[right_end[other] - 1])
                & (denials[stop] == denials[begin])
            )
            start, end, term = start[one[fits]], right_end[other[fits]], term[fits]
            done = (self.begun[term] < 0) | (step > 0)
            yield start[done], end[done], term[done]
            start, end, group = start[~done], end[~done], self.begun[term[~done]]


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
    """Return where the number that ends at a place starts (else -1), and whether it is more than one."""
    codes = characters.codes
    numeral = _table(_NUMERALS)[codes]
    place = np.arange(codes.size)
    last_other = np.maximum.accumulate(np.where(numeral, -1, place))
    run = np.where(numeral, last_other + 1, -1)
    many = numeral & ((place > run) | ~_table("一1半")[codes])
    return run, many


def _denials(characters: Characters) -> Places:
    """Count the characters of denial before each place."""
    counts = np.zeros(characters.codes.size + 1, dtype=np.int64)
    np.cumsum(_table(_DENIALS)[characters.codes], out=counts[1:])
    return counts
