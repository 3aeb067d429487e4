"""Single characters and pairs of neighbours in comments, hashed: what the head learns from few answers."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from satsurvey.text.characters import END, Characters

Floats = NDArray[np.float64]
Places = NDArray[np.int64]

BITS = 17
PAIR_BUCKETS = 1 << BITS

_STEPS = 96
"""Places of a text that are summed together with those of all others."""


def pair_buckets(characters: Characters) -> NDArray[np.int64]:
    """Return the buckets at each place of a batch, shape (2, number of codes).

    The first row is that of the character, the second that of it and the one before; the start and end of a
    text count as characters, all digits as one.
    """
    codes = _plain()[characters.codes]
    before = np.full_like(codes, END)
    before[1:] = codes[:-1]
    # Multiplicative hashing (Knuth): the upper bits of the product.
    single = (codes * np.uint32(0x85EBCA77) + np.uint32(0x27D4EB2F)) >> np.uint32(32 - BITS)
    pair = (codes * np.uint32(0x9E3779B1) ^ before * np.uint32(0xC2B2AE35)) >> np.uint32(32 - BITS)
    return np.stack([single, pair]).astype(np.int64)


def pair_sums(characters: Characters, rows: NDArray[np.int32], weights: NDArray[np.int32]) -> Floats:
    """Sum weights over the buckets of each text, divided by the root of its length.

    Parameters
    ----------
    characters
        N texts.
    rows
        Row of `weights` for each bucket, -1 for none; shape (PAIR_BUCKETS,).
    weights
        Whole numbers, so that sums are exact in any order; shape (M, K).

    Returns
    -------
    ndarray
        Shape (K, N).
    """
    spans = np.diff(characters.starts)
    both = [rows[buckets] for buckets in pair_buckets(characters)]
    sums = _first_places(characters.starts[:-1], spans, both, weights).astype(np.int64)
    for row in both if spans.max(initial=0) > _STEPS else ():
        _add_later_places(sums, characters.starts, spans, row, weights)
    return np.ascontiguousarray(sums.T / pair_scale(characters))


def _first_places(
    starts: Places, spans: Places, both: list[NDArray[np.int32]], weights: NDArray[np.int32]
) -> NDArray[np.int32]:
    """Sum over the first places of all texts, place by place: comments are short, and there are many."""
    k = weights.shape[1]
    # What has no weight points to a row of zeros, so that no place has to be picked out.
    table = np.concatenate([weights, np.zeros((1, k), dtype=np.int32)])
    order = np.argsort(-spans, kind="stable")
    begin, length = starts[order], spans[order]
    sums = np.zeros((spans.size, k), dtype=np.int32)
    taken = np.empty_like(sums)
    for place in range(min(_STEPS, int(spans.max(initial=0)))):
        reach = int(np.searchsorted(-length, -place))
        at = begin[:reach] + place
        for row in both:
            # A row of -1 is the last one: numpy wraps it around.
            np.take(table, row[at], axis=0, out=taken[:reach], mode="wrap")
            sums[:reach] += taken[:reach]
    back = np.empty_like(sums)
    back[order] = sums
    return back


def _add_later_places(
    sums: Places, starts: Places, spans: Places, row: NDArray[np.int32], weights: NDArray[np.int32]
) -> None:
    """Add what stands behind the first places of long texts, text by text."""
    ends = starts[1:]
    for text in np.flatnonzero(spans > _STEPS).tolist():
        here = row[starts[text] + _STEPS : ends[text]]
        sums[text] += weights[here[here >= 0]].sum(axis=0, dtype=np.int64)


def pair_scale(characters: Characters) -> Floats:
    """Return what the sums of each text are divided by: the root of its length, at least 1."""
    return np.sqrt(np.maximum(characters.lengths, 1).astype(np.float64))


@cache
def _plain() -> NDArray[np.uint32]:
    table = np.arange(0x10000, dtype=np.uint32)
    table[ord("0") : ord("9") + 1] = ord("0")
    return table
