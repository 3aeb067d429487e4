"""Where statements begin and end in comments: at marks, spaces between Chinese words, conjunctions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from satsurvey.text.characters import END, SPACE, Characters

_MARKS = ",.!?;:~()[]<>{}|/\\"


@dataclass(frozen=True)
class Clauses:
    """The clauses of N texts; C of them, none of them empty of characters except marks.

    Attributes
    ----------
    segment
        Segment of each code; marks and spaces part segments. Int64.
    clause
        Clause of each code; int64. Conjunctions part clauses inside a segment.
    text
        Text of each clause; int64 of shape (C,).
    """

    segment: NDArray[np.int64]
    clause: NDArray[np.int64]
    text: NDArray[np.int64]

    def __len__(self) -> int:
        return int(self.text.size)


def segments(characters: Characters) -> NDArray[np.int64]:
    """Number the segments: a mark belongs to the segment that it closes."""
    codes = characters.codes
    if not codes.size:
        return np.zeros(0, dtype=np.int64)
    parts = _is_mark()[codes]
    chinese = (codes >= 0x3400) & (codes < 0xA000)
    # A point between digits is part of a number; a space between Latin words parts nothing.
    digit = (codes >= ord("0")) & (codes <= ord("9"))
    inner = np.flatnonzero(parts[1:-1] & digit[:-2] & digit[2:]) + 1
    parts[inner[(codes[inner] == ord(".")) | (codes[inner] == ord(":")) | (codes[inner] == ord("/"))]] = False
    space = np.flatnonzero(codes == SPACE)
    # At the first place the look back meets the last code, which is END.
    parts[space] = chinese[space - 1] | chinese[space + 1]
    parts |= codes == END
    return np.asarray(np.cumsum(parts, dtype=np.int64) - parts.astype(np.int64))


def clauses(characters: Characters, segment: NDArray[np.int64], conjunctions: NDArray[np.int64]) -> Clauses:
    """Part segments before conjunctions.

    Parameters
    ----------
    characters, segment
        The batch and its segments.
    conjunctions
        Places at which a conjunction of contrast begins.
    """
    codes = characters.codes
    begins = np.zeros(codes.size, dtype=np.bool_)
    begins[:1] = True
    begins[1:] = segment[1:] != segment[:-1]
    begins[conjunctions] = True
    clause = np.cumsum(begins) - 1
    text = characters.text_of()[begins]
    return Clauses(segment, clause, text)


@cache
def _is_mark() -> NDArray[np.bool_]:
    table = np.zeros(0x10000, dtype=np.bool_)
    table[[ord(mark) for mark in _MARKS]] = True
    return table
