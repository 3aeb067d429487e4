"""Hashed character n-grams of a batch of comments: the features of learned models, never across two texts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from satsurvey.text.characters import END, Characters

BITS = 20
BUCKETS = 1 << BITS
"""Number of buckets that n-grams are hashed to."""
LONGEST = 4
"""Characters of the longest n-gram; four of 16 bits fill one 64-bit key."""
FEATURES = 1
"""Version of the n-grams and their hashing: weights of one version mean nothing with another."""

_LONGEST_FINAL = 3
_NEGATIONS = "不没无未莫勿冇甭"
_REACH = 4
"""How many characters behind a negation n-grams are counted as negated, too."""
_PLAIN, _FINAL, _NEGATED = 0, 8, 16
"""Kinds of n-gram; with its length they seed the hash."""

_SEED = 0x9E3779B97F4A7C15
_FACTOR = np.uint64(0xD6E8FEB86659FD93)
_HALF = np.uint64(32)
_TOP = np.uint64(64 - BITS)
_BLOCK = 1 << 15
"""Codes hashed at a time: what is in work stays within the nearer caches."""

_COMMA, _STOP, _ASK, _DIGIT = ord(","), ord("."), ord("?"), ord("0")


@dataclass(frozen=True)
class Ngrams:
    """The n-grams of N texts, sorted by text.

    Attributes
    ----------
    text
        Position of the text, int64 of shape (M,).
    bucket
        Hashed n-gram, 0 to `BUCKETS` - 1, int64 of shape (M,); as often as it stands in the text.
    count
        Number of characters, pairs, ... up to `LONGEST` of each text, int64 of shape (N,); without the
        marked copies of those that end a clause or stand behind a negation.
    """

    text: NDArray[np.int64]
    bucket: NDArray[np.int64]
    count: NDArray[np.int64]


def ngrams_of(characters: Characters) -> Ngrams:
    """Return the n-grams of every text."""
    codes, text = condensed(characters)
    texts, buckets = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for first, after in _blocks(codes):
        for places, found in _hashed_at(codes, first, after):
            here = text[first:after] if places is None else text[first + places]
            real = found != BUCKETS
            texts.append(here[real])
            buckets.append(found[real])
    joined, bucket = np.concatenate(texts), np.concatenate(buckets)
    order = np.argsort(joined, kind="stable")
    return Ngrams(joined[order], bucket[order], _count(text, len(characters)))


def summed(
    characters: Characters, rows: NDArray[np.int32] | None, table: NDArray[np.float32]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Sum values of the n-grams of each text.

    Parameters
    ----------
    characters
        N texts.
    rows
        Row of `table` for each bucket and, last, for no n-gram, int32 of shape (BUCKETS + 1,); None where
        `table` itself has such rows.
    table
        K values per row; the row of no n-gram holds zeros.

    Returns
    -------
    sums
        Shape (N, K). A text has the same sums, bit for bit, whatever stands beside it: values are added in
        the order of the places in the text, at one place in the order of the lengths.
    count
        As in `Ngrams`.
    """
    codes, text = condensed(characters)
    n, k = len(characters), table.shape[1]
    at = np.zeros((codes.size, k))
    flat = table[:, 0] if k == 1 else None
    for first, after in _blocks(codes, max(_BLOCK // k, 1 << 11)):
        into = at[first:after]
        for places, found in _hashed_at(codes, first, after):
            row = found if rows is None else rows.take(found, mode="clip")
            values = (
                table.take(row, axis=0, mode="clip") if flat is None else flat.take(row, mode="clip")[:, None]
            )
            if places is None:
                into += values
            else:
                into[places] += values
    sums = [np.bincount(text, weights=at[:, output], minlength=n) for output in range(k)]
    return np.stack(sums, axis=-1), _count(text, n)


def condensed(characters: Characters) -> tuple[NDArray[np.uint16], NDArray[np.int64]]:
    """Take out of texts what tells n-grams apart without telling meanings apart.

    Digits become one digit and marks three marks; of a run of digits or of marks the first is left, of other
    repetitions two.

    Returns
    -------
    codes, text
        The codes left, with `END` behind every text, and the text of each.
    """
    codes = _plain()[characters.codes]
    same = np.zeros(codes.size, dtype=np.bool_)
    np.equal(codes[1:], codes[:-1], out=same[1:])
    mark = _is_mark()[codes]
    gone = same & (codes == _DIGIT)
    gone[2:] |= same[2:] & same[1:-1]
    gone[1:] |= mark[1:] & mark[:-1]
    gone &= codes != END
    kept = np.flatnonzero(~gone)
    return codes[kept], characters.text_of()[kept]


@cache
def _plain() -> NDArray[np.uint16]:
    table = np.arange(0x10000, dtype=np.uint16)
    table[ord("0") : ord("9") + 1] = _DIGIT
    for mark in " ,;:-_/|()[]{}<>\"'`*#+=\\^":
        table[ord(mark)] = _COMMA
    for mark in ".!~":
        table[ord(mark)] = _STOP
    return table


@cache
def _is_mark() -> NDArray[np.bool_]:
    table = np.zeros(0x10000, dtype=np.bool_)
    table[[_COMMA, _STOP, _ASK]] = True
    return table


@cache
def _is_negation() -> NDArray[np.bool_]:
    table = np.zeros(0x10000, dtype=np.bool_)
    table[[ord(character) for character in _NEGATIONS]] = True
    return table


def _count(text: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    size = np.bincount(text, minlength=n) - 1
    count = np.zeros(n, dtype=np.int64)
    for shorter in range(LONGEST):
        count += np.maximum(size - shorter, 0)
    return count


def _blocks(codes: NDArray[np.uint16], size: int = _BLOCK) -> Iterator[tuple[int, int]]:
    for first in range(0, codes.size, size):
        yield first, min(first + size, codes.size)


def _hashed_at(
    codes: NDArray[np.uint16], first: int, after: int
) -> Iterator[tuple[NDArray[np.int64] | None, NDArray[np.int64]]]:
    """Hash the n-grams that start at the places from `first` up to but without `after`.

    Yields
    ------
    places, buckets
        Places counted from `first`, None for all of them, and the bucket of the n-gram of one kind and
        length there, `BUCKETS` where there is none.
    """
    n = after - first
    wide = np.zeros(n + LONGEST, dtype=np.uint16)
    read = codes[first : after + LONGEST]
    wide[: read.size] = read
    ends, marks = wide == END, _is_mark()[wide]
    stops = ends | marks
    negated = _behind_negation(codes, first, after)
    key = np.zeros(n, dtype=np.uint64)
    nothing, marked = np.zeros(n, dtype=np.bool_), np.zeros(n, dtype=np.bool_)
    for length in range(1, LONGEST + 1):
        last = slice(length - 1, length - 1 + n)
        key |= wide[last].astype(np.uint64) << np.uint64(16 * (length - 1))
        nothing |= ends[last]
        marked |= stops[last]
        plain = _hashed(key, _PLAIN + length)
        np.putmask(plain, nothing, BUCKETS)
        yield None, plain
        if length <= _LONGEST_FINAL:
            final = np.flatnonzero(stops[length : length + n] & ~marked)
            yield final, _hashed(key[final], _FINAL + length)
        behind = np.flatnonzero(negated & ~nothing)
        yield behind, _hashed(key[behind], _NEGATED + length)


def _behind_negation(codes: NDArray[np.uint16], first: int, after: int) -> NDArray[np.bool_]:
    """Tell the places that stand at most `_REACH` behind a negation of their clause."""
    start = max(first - _REACH, 0)
    read = codes[start:after]
    negation = _is_negation()[read]
    goes_on = ~(_is_mark()[read] | (read == END))
    near, reached = negation, np.zeros(read.size, dtype=np.bool_)
    for _ in range(_REACH):
        step = np.zeros(read.size, dtype=np.bool_)
        np.logical_and(near[:-1], goes_on[1:], out=step[1:])
        reached |= step
        near = step
    return (reached & ~negation)[first - start :]


def _hashed(key: NDArray[np.uint64], kind: int) -> NDArray[np.int64]:
    mixed = key ^ np.uint64(_SEED * kind % (1 << 64))
    mixed ^= mixed >> _HALF
    mixed *= _FACTOR
    mixed >>= _TOP
    return mixed.view(np.int64)
