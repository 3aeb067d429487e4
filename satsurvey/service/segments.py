"""Rows that stand group by group: sums, counts and sorting of many groups at once, and codes of groups."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_DENSE = 4
"""Codes up to so many times their number are counted, which is quicker than sorting them."""


class Segments:
    """Rows that stand group by group, and what is made of every group at once.

    Parameters
    ----------
    size
        Rows of every group, int64 of shape (G,); a group may be empty.
    """

    def __init__(self, size: Codes) -> None:
        self.size = size
        self.starts: Codes = np.cumsum(size) - size
        self.code: Codes = np.repeat(np.arange(size.size), size)
        self._filled = size > 0

    def __len__(self) -> int:
        return self.size.size

    def spread(self, values: Floats) -> Floats:
        """Give every row the value of its group."""
        return np.repeat(values, self.size)

    def sums(self, values: Floats) -> Floats:
        """Add up the rows of every group."""
        return self.reduced(np.add, values, 0.0)

    def counts(self, marks: Flags) -> Codes:
        """Count the marked rows of every group."""
        found = np.zeros(len(self), dtype=np.int64)
        found[self._filled] = np.add.reduceat(marks, self.starts[self._filled], dtype=np.int64)
        return found

    def reduced(self, how: np.ufunc, values: Floats, nothing: float) -> Floats:
        """Reduce the rows of every group, such as to the largest; an empty group has `nothing`."""
        found = np.full(len(self), nothing)
        found[self._filled] = how.reduceat(values, self.starts[self._filled])
        return found

    def sorted(self, values: Floats) -> Floats:
        """Sort the values of every group."""
        found = np.empty_like(values)
        for places in self._alike:
            found[places] = np.sort(values[places], axis=1)
        return found

    def order(self, values: NDArray[Any], *, stable: bool = False) -> Codes:
        """Return the places of the rows, group by group, those of a group in the order of their values.

        Equal values stay as they stand only where a stable order is wanted, which takes longer.
        """
        found = np.empty(values.size, dtype=np.int64)
        for places in self._alike:
            order = np.argsort(values[places], axis=1, kind="stable" if stable else None)
            found[places] = np.take_along_axis(places, order, axis=1)
        return found

    @cached_property
    def _alike(self) -> tuple[Codes, ...]:
        """The places of the rows of groups of one size, a group in every row of a matrix.

        As rows of a matrix thousands of small groups are sorted in one call.
        """
        by_size = np.argsort(self.size, kind="stable")
        found = np.unique(self.size[by_size], return_index=True, return_counts=True)
        return tuple(
            self.starts[by_size[first : first + number]][:, None] + np.arange(size)
            for size, first, number in zip(*(part.tolist() for part in found), strict=True)
            if size
        )


def sorted_within(group: Codes, values: NDArray[Any]) -> Codes:
    """Return the positions of rows group by group, those of a group by their values, ties as they stand.

    Groups are numbered from 0. The result is that of `numpy.lexsort((values, group))`, which takes several
    times as long where groups are small.
    """
    order = stable_order(group)
    places: Codes = order[Segments(np.bincount(group)).order(values[order], stable=True)]
    return places


def dense_codes(code: Codes) -> tuple[Codes, Codes]:
    """Return the distinct codes, which are not negative, in order, and every code as its place among them."""
    if code.max(initial=0) <= _DENSE * code.size:
        seen = np.bincount(code) > 0
        return np.flatnonzero(seen), (np.cumsum(seen) - 1)[code]
    order = stable_order(code)
    ascending = code[order]
    new = np.ones(code.size, dtype=np.bool_)
    new[1:] = ascending[1:] != ascending[:-1]
    places = np.empty(code.size, dtype=np.int64)
    places[order] = np.cumsum(new) - 1
    return ascending[new], places


def stable_order(code: Codes) -> Codes:
    """Return the positions of codes, which are not negative, in the order of the codes, ties as they stand.

    Codes and positions are sorted together as whole numbers, which is several times as fast as a stable sort
    of positions by their codes.
    """
    bits = code.size.bit_length()
    if code.max(initial=0) >= 1 << (63 - bits):
        return np.argsort(code, kind="stable")
    return np.sort((code << bits) | np.arange(code.size)) & ((1 << bits) - 1)
