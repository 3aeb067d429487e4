"""Where the headings of a sheet stand, and when two headings are the same."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

_NUMBER = re.compile(r"[-+]?[\d.,:/ ]+%?")
FURTHEST = 30
"""Headings are looked for in this many rows from the top."""


@dataclass(frozen=True)
class ReadOptions:
    """How a file is to be read where the user says so; None means that the reader decides and reports.

    Attributes
    ----------
    encoding, delimiter, sheet
        As declared by the user.
    heading_row
        Row of the headings counted from 1.
    known
        Headings that the instrument and study know, normalised; they tell headings from title rows.
    """

    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    heading_row: int | None = None
    known: frozenset[str] = frozenset()


def normalise_heading(text: str) -> str:
    """Fold what never distinguishes two headings: width of characters, case, surplus white space."""
    return " ".join(unicodedata.normalize("NFKC", text).replace("\ufeff", "").split()).casefold()


def find_heading_row(rows: Sequence[Sequence[str]], known: frozenset[str]) -> int:
    """Return the position (from 0) of the heading row among the first rows of a sheet.

    The row that holds most known headings wins; where none holds any, the first row with the most different
    words, since titles fill one cell, headings fill all, and answers are mostly numbers.
    """
    best, best_score = 0, (-1, -1)
    for position, row in enumerate(rows[:FURTHEST]):
        cells = {normalise_heading(cell) for cell in row if cell.strip()}
        words = sum(not _NUMBER.fullmatch(cell) for cell in cells)
        score = (len(cells & known), words)
        if score > best_score:
            best, best_score = position, score
    return best
