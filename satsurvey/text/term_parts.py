"""How a term is written: parts with choices, the gaps between them, and numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from satsurvey.text.trie import LONGEST_LITERAL

MOST_PARTS = 3
MOST_CHOICES = 600
"""Literals that one part of a term may stand for."""
WHOLE, AFTER_NUMBER, AFTER_MANY = range(3)
"""What must stand before a literal: nothing, a number, a number greater than one."""
WIDEST_GAP = 6

_GAPS = {".": WIDEST_GAP, "~": 3}  # `…` is folded to a full stop
_JOINT = 1  # between what is written without a gap and a number: 等了(近)#分钟
_SPECIAL = re.compile("[.~#()|]")
_GAP = re.compile("([.]+|~)")
_NUMBER = re.compile("(#+)")
_CHOICE = re.compile(r"\(([^()]*)\)|([^()|]+)")
_CHOICES = re.compile(r"(?:\([^()]*\)|[^()|])*")


@dataclass(frozen=True)
class Part:
    """One part of a term: what it may be, what must stand before it, the widest gap before it."""

    literals: tuple[str, ...]
    number: int
    gap: int


class TermFault(ValueError):  # noqa: N818  (a finding on its way to a report of all defects)
    """A term that cannot be looked for."""


def is_literal(term: str) -> bool:
    """Whether a folded term stands for nothing but itself, and can be looked for."""
    return 0 < len(term) <= LONGEST_LITERAL and _SPECIAL.search(term) is None


@lru_cache(maxsize=1 << 15)
def parsed(term: str) -> tuple[Part, ...]:
    """Split a folded term into its parts.

    Raises
    ------
    TermFault
        When it is no term.
    """
    parts: list[Part] = []
    gap = 0
    for piece in _GAP.split(term):
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
    pieces = _NUMBER.split(piece)
    if pieces[0] or len(pieces) == 1:
        yield WHOLE, pieces[0]
    for marks, text in zip(pieces[1::2], pieces[2::2], strict=True):
        if len(marks) > 2:
            raise TermFault("more than two #")
        yield (AFTER_NUMBER if len(marks) == 1 else AFTER_MANY), text


def _choices(text: str) -> tuple[str, ...]:
    if not _CHOICES.fullmatch(text):
        raise TermFault("its brackets do not match, or stand inside others")
    pools = [(plain,) if plain else tuple(chosen.split("|")) for chosen, plain in _CHOICE.findall(text)]
    many = 1
    for pool in pools:
        many *= len(pool)
    if many > MOST_CHOICES:
        raise TermFault(f"one part stands for {many} literals, more than {MOST_CHOICES}")
    literals = [""]
    for pool in pools:
        literals = [begun + more for begun in literals for more in pool]
    if "" in literals:
        raise TermFault("a part of it may be empty")
    if max(map(len, literals)) > LONGEST_LITERAL:
        raise TermFault(f"a part of it is longer than {LONGEST_LITERAL} characters")
    return tuple(dict.fromkeys(literals))
