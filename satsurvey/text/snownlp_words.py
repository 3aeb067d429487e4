"""Cutting many texts into the words that SnowNLP cuts, all at once: its tagger in lockstep over arrays."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from satsurvey.text.snownlp_weights import (
    FIRST_HAN,
    LAST_HAN,
    TAGS,
    UNKNOWN,
    Ints,
    SegmenterWeights,
    Sightings,
)

SIDE_BY_SIDE = 2048
"""Stretches of Chinese characters that are tagged in lockstep; their states fit the processor's cache."""
BEGINNING, MIDDLE, END, SINGLE = range(len(TAGS))

_OTHER, _HAN, _BLANK = range(3)
_AFTER_BLANKS = 0x3001
"""No character from here on is white space."""


@dataclass(frozen=True)
class Words:
    """The words of N texts that stand one after the other, M in all, in their order.

    Attributes
    ----------
    start, end
        Characters of each word in the joined texts; int64 of shape (M,).
    text
        Position of the text that each word belongs to; int64 of shape (M,).
    """

    start: Ints
    end: Ints
    text: Ints


def cut_words(codes: NDArray[np.uint32], firsts: Ints, weights: SegmenterWeights) -> Words:
    """Cut texts into words.

    Parameters
    ----------
    codes
        The characters of all texts, one text after the other.
    firsts
        First character of each text; every text has one.
    weights
        SnowNLP's segmenter.

    Notes
    -----
    Chinese characters in a row are cut by the tagger: a word begins at a character tagged as beginning or
    single and behind one tagged as end. All other characters between blanks are one word.
    """
    kind = np.full(codes.size, _OTHER, dtype=np.uint8)
    kind[(codes >= FIRST_HAN) & (codes <= LAST_HAN)] = _HAN
    low = np.flatnonzero(codes < _AFTER_BLANKS)
    kind[low[_blanks()[codes[low]]]] = _BLANK
    begins = np.ones(codes.size, dtype=np.bool_)
    begins[1:] = kind[1:] != kind[:-1]
    begins[firsts] = True
    first = np.flatnonzero(begins)
    length = np.diff(first, append=codes.size)
    han = kind[first] == _HAN
    tags = _tagged(codes, first[han], length[han], weights)
    inside = kind == _HAN
    begins |= inside & ((tags == BEGINNING) | (tags == SINGLE))
    begins[1:] |= inside[1:] & inside[:-1] & (tags[:-1] == END)
    start = np.flatnonzero(begins)
    end = np.append(start[1:], codes.size)
    words = kind[start] != _BLANK
    start, end = start[words], end[words]
    return Words(start, end, np.searchsorted(firsts, start, side="right") - 1)


@cache
def _blanks() -> NDArray[np.bool_]:
    return np.array([chr(code).isspace() for code in range(_AFTER_BLANKS)])


def _tagged(
    codes: NDArray[np.uint32], first: Ints, length: Ints, weights: SegmenterWeights
) -> NDArray[np.uint8]:
    """Tag the characters of stretches; the tags of all other characters mean nothing."""
    inside = np.minimum(codes - np.uint32(FIRST_HAN), np.uint32(LAST_HAN - FIRST_HAN))
    number = weights.numbers[inside]
    size = weights.beginning + 1
    # The two characters before each; two beginnings stand before a stretch.
    one, two = np.roll(number, 1), np.roll(number, 2)
    one[first] = two[first] = two[first[length > 1] + 1] = weights.beginning
    pair = weights.pairs.row_of(one * size + number)
    # Three characters were seen in a row only where both of their pairs were.
    triple = np.full(number.size, -1, dtype=np.int64)
    may = np.flatnonzero(pair >= 0)
    may = may[(pair[may - 1] >= 0) | (one[may] == weights.beginning)]
    triple[may] = weights.triples.row_of((two[may] * size + one[may]) * size + number[may])
    tags = np.zeros(codes.size, dtype=np.uint8)
    order = np.argsort(-length, kind="stable")
    for block in range(0, order.size, SIDE_BY_SIDE):
        chosen = order[block : block + SIDE_BY_SIDE]
        _tag_block(first[chosen], length[chosen], number, pair, triple, weights, tags)
    return tags


def _tag_block(
    first: Ints,
    length: Ints,
    number: Ints,
    pair: Ints,
    triple: Ints,
    weights: SegmenterWeights,
    tags: NDArray[np.uint8],
) -> None:
    """Find the most probable tags of stretches, longest first, a character of each at a time.

    `best[t, s, k]` is the log probability of the best tags of stretch k so far that end with t, s. The value
    of a sum and the choice between equal ones are SnowNLP's: among equal predecessors the first in the order
    of `TAGS`, after a character never seen the last of them whatever its probability.
    """
    steps, width = int(length[0]), first.size
    active = np.searchsorted(-length, -np.arange(steps + 1), side="left")
    offset = np.concatenate([[0], np.cumsum(active[:-1])])
    step = np.repeat(np.arange(steps), active[:-1])
    column = np.arange(step.size) - offset[step]
    place = first[column] + step
    seen_pairs = _Entries(weights.pairs, pair[place], column, offset)
    seen_triples = _Entries(weights.triples, triple[place], column, offset)
    unknown = np.flatnonzero(number[place] == UNKNOWN)
    unknown_from = np.searchsorted(unknown, offset)

    best = np.full((4, 4, width), -np.inf)
    best[0, 0] = 0.0
    likely = np.empty((4, 4, width))
    paths = np.empty((4, 4, 4, width))
    choices = np.empty((4, 4, step.size), dtype=np.uint8)
    for i in range(steps):
        n, after = int(active[i]), slice(offset[i], offset[i + 1])
        old, chance, path = best[..., :n], likely[..., :n], paths[..., :n]
        chance[:] = weights.alone[number[place[after]]].T
        where = seen_pairs.of_step(i)
        likely.reshape(16, width)[where.place, where.column] = where.value
        np.add(old[:, :, None], chance, out=path)
        where = seen_triples.of_step(i)
        paths.reshape(64, width)[where.place, where.column] = (
            best.reshape(16, width)[where.place >> 2, where.column] + where.value
        )
        lost = column[unknown[unknown_from[i] : unknown_from[i + 1]]]
        forced = SINGLE if i > 1 else 0
        carried = old[forced][:, lost]
        b_or_m, e_or_s = np.maximum(path[0], path[1]), np.maximum(path[2], path[3])
        choice = choices[..., after]
        np.copyto(choice, (path[1] > path[0]).view(np.uint8))
        np.copyto(choice, (path[3] > path[2]).view(np.uint8) | 2, where=e_or_s > b_or_m)
        np.maximum(b_or_m, e_or_s, out=old)
        if lost.size:
            old[..., lost] = carried[:, None]
            choice[..., lost] = forced

    # SnowNLP takes the first of equal ends in the order of the last tag, then of the one before it.
    last, before = np.divmod(best.transpose(1, 0, 2).reshape(16, width).argmax(axis=0), 4)
    for i in range(steps - 1, -1, -1):
        n, after = int(active[i]), slice(offset[i], offset[i + 1])
        now, earlier = last[:n].copy(), before[:n].copy()
        tags[place[after]] = now
        last[:n], before[:n] = earlier, choices[earlier, now, np.arange(offset[i], offset[i + 1])]


@dataclass(frozen=True)
class _Step:
    """Entries at one character of each stretch: their tags, their stretch, their log probability."""

    place: Ints
    column: Ints
    value: NDArray[np.float64]


class _Entries:
    """The entries of `Sightings` that stand at the characters of a block, by step."""

    def __init__(self, sightings: Sightings, row: Ints, column: Ints, offset: Ints) -> None:
        hit = np.flatnonzero(row >= 0)
        begin = sightings.firsts[row[hit]]
        count = sightings.firsts[row[hit] + 1] - begin
        ahead = np.cumsum(count) - count
        entry = np.arange(int(count.sum())) + np.repeat(begin - ahead, count)
        self._column = np.repeat(column[hit], count)
        self._place = sightings.places[entry]
        self._value = sightings.values[entry]
        self._from = np.append(ahead, entry.size)[np.searchsorted(hit, offset)]

    def of_step(self, step: int) -> _Step:
        part = slice(self._from[step], self._from[step + 1])
        return _Step(self._place[part], self._column[part], self._value[part])
