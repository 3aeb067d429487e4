"""How often each text stands in a column, counted stretch by stretch in bounded memory."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from satsurvey.intake.cells import to_text

# What bounds the memory: texts counted one by one in each column and in all columns, and their characters.
_MOST_TEXTS = 20_000
_MOST_TEXTS_IN_ALL = 2_000_000
_MOST_CHARACTERS_IN_ALL = 50_000_000
_NUMBER = r"^[+-]?(\d{1,15}(\.\d+)?|\.\d+)$"


class TextCounts:
    """The count of one column.

    Attributes
    ----------
    counts
        Text, without surrounding white space, to the number of cells it stands in.
    n_filled
        Cells that are not blank.
    full
        Whether there were more different texts than are counted. None is counted that was not counted from
        its first cell on, so the counts that there are stay exact.
    """

    def __init__(self, most_texts: int, most_characters: int) -> None:
        self.counts: dict[str, int] = {}
        self.n_filled = 0
        self.full = False
        self._most_texts = most_texts
        self._room = most_characters
        self._numbers = [0, 0, math.inf, -math.inf, 0.0]

    @classmethod
    def for_width(cls, width: int) -> TextCounts:
        """Make the counts of one of `width` columns, which share what memory there is."""
        texts = max(100, min(_MOST_TEXTS, _MOST_TEXTS_IN_ALL // max(1, width)))
        return cls(texts, max(10_000, _MOST_CHARACTERS_IN_ALL // max(1, width)))

    def add(self, cells: pa.Array, encoding: str) -> None:
        """Count the cells of a stretch."""
        if not pa.types.is_dictionary(cells.type):
            cells = cells.dictionary_encode()
        places = pc.drop_null(cells.indices).to_numpy(zero_copy_only=False)
        counts = np.bincount(places, minlength=len(cells.dictionary))
        texts = pc.utf8_trim_whitespace(pc.fill_null(to_text(cells.dictionary, encoding), ""))
        used = (counts > 0) & pc.not_equal(texts, "").to_numpy(zero_copy_only=False)
        if not used.any():
            return
        texts, counts = texts.filter(pa.array(used)), counts[used]
        self.n_filled += int(counts.sum())
        self._add_numbers(texts, counts)
        if self.full:
            # Nothing new is admitted, so that every count stays a count from the first cell on.
            known = pc.is_in(texts, value_set=pa.array(self.counts, pa.string()))
            texts, counts = texts.filter(known), counts[known.to_numpy(zero_copy_only=False)]
        for text, n in zip(texts.to_pylist(), counts.tolist(), strict=True):
            if text in self.counts:
                self.counts[text] += n
            elif len(self.counts) < self._most_texts and len(text) <= self._room:
                self.counts[text] = n
                self._room -= len(text)
            else:
                self.full = True

    def _add_numbers(self, texts: pa.Array, counts: NDArray[np.int64]) -> None:
        if not pc.all(pc.string_is_ascii(texts)).as_py():
            texts = pc.utf8_normalize(texts, form="NFKC")
        found = pc.match_substring_regex(texts, _NUMBER)
        values = pc.cast(texts.filter(found), pa.float64()).to_numpy(zero_copy_only=False)
        if values.size:
            n = counts[found.to_numpy(zero_copy_only=False)]
            count, whole, least, greatest, total = self._numbers
            self._numbers = [
                count + int(n.sum()),
                whole + int(n[values == np.floor(values)].sum()),
                min(least, float(values.min())),
                max(greatest, float(values.max())),
                total + float((values * n).sum()),
            ]

    @property
    def numbers(self) -> Numbers | None:
        """What numbers there are among the cells, or None; counted in full even when texts are not."""
        n, n_whole, least, greatest, total = self._numbers
        return Numbers(int(n), int(n_whole), least, greatest, total / n) if n else None


@dataclass(frozen=True)
class Numbers:
    """The numbers among the cells of a column; `n_whole` of the `n` are whole."""

    n: int
    n_whole: int
    least: float
    greatest: float
    mean: float
