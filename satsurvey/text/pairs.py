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
    n, k = len(characters), weights.shape[1]
    most = int(np.abs(weights).max(initial=1))
    exact = np.int32 if characters.codes.size < (1 << 31) // most else np.int64
    sums = np.zeros((n, k), dtype=np.int64)
    for buckets in pair_buckets(characters):
        row = rows[buckets]
        hits = np.flatnonzero(row >= 0)
        first = np.searchsorted(hits, characters.starts)
        some = np.flatnonzero(first[1:] > first[:-1])
        if some.size:
            sums[some] += np.add.reduceat(weights[row[hits]], first[some], axis=0, dtype=exact)
    return np.ascontiguousarray(sums.T / pair_scale(characters))


def pair_scale(characters: Characters) -> Floats:
    """Return what the sums of each text are divided by: the root of its length, at least 1."""
    return np.sqrt(np.maximum(characters.lengths, 1).astype(np.float64))


@cache
def _plain() -> NDArray[np.uint32]:
    table = np.arange(0x10000, dtype=np.uint32)
    table[ord("0") : ord("9") + 1] = ord("0")
    return table
