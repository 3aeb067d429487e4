"""Readings of texts in which personal data has been masked: places moved along, masked words lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from satsurvey.intake.personal_data import KINDS, mask_texts, personal_data_in
from satsurvey.text.readings import Mentions, Readings

Places = NDArray[np.int64]
Flags = NDArray[np.bool_]


def masked_readings(texts: pa.Array, readings: Readings) -> tuple[pa.Array, Readings, Mapping[str, int]]:
    """Mask personal data in texts that have been read.

    Parameters
    ----------
    texts
        The texts as they were read.
    readings
        What was read in them.

    Returns
    -------
    masked, readings, counts
        The texts with the name of its kind in place of personal data; the readings with their mentions in
        characters of these texts; how many were masked, by kind.

    Notes
    -----
    A mention that has masked data in its midst keeps it there, masked. One that lies inside what was masked,
    or is cut by its edge, loses its words: it stays without a character for the aspect it speaks of, and goes
    where it speaks of none.
    """
    masked, counts = mask_texts(texts)
    if not counts:
        return masked, readings, counts
    changed = np.flatnonzero(_differ(texts, masked))
    mentions = readings.mentions
    start, end = mentions.start.copy(), mentions.end.copy()
    whole = np.ones(len(mentions), dtype=np.bool_)
    firsts = np.searchsorted(mentions.comment, changed, side="left")
    afters = np.searchsorted(mentions.comment, changed, side="right")
    for place, first, after in zip(changed.tolist(), firsts.tolist(), afters.tolist(), strict=True):
        if first == after:
            continue
        spans = personal_data_in(texts[place].as_py())
        start[first:after], end[first:after], whole[first:after] = _moved(
            start[first:after], end[first:after], spans
        )
    kept = whole | (mentions.aspect >= 0)
    moved = Mentions(mentions.comment, start, end, mentions.aspect, mentions.label)
    if not kept.all():
        moved = Mentions(
            *(getattr(moved, name)[kept] for name in ("comment", "start", "end", "aspect", "label"))
        )
    return masked, replace(readings, mentions=moved), counts


def masked_text(text: str, counts: Counter[str]) -> str:
    """Mask one text and add what was found to counts."""
    array, found = mask_texts([text])
    counts.update(found)
    return str(array[0].as_py())


def words_of(texts: Sequence[str | None], mentions: Mentions, first: int = 0) -> list[str]:
    """Cut the words of mentions out of the texts; `first` is the comment of the first text."""
    return [
        (texts[comment - first] or "")[start:end]
        for comment, start, end in zip(
            mentions.comment.tolist(), mentions.start.tolist(), mentions.end.tolist(), strict=True
        )
    ]


def _differ(texts: pa.Array, masked: pa.Array) -> Flags:
    import pyarrow.compute as pc

    same = pc.fill_null(pc.equal(texts, masked), True)
    return ~same.to_numpy(zero_copy_only=False)  # type: ignore[no-any-return]


def _moved(start: Places, end: Places, spans: Sequence[tuple[int, int, str]]) -> tuple[Places, Places, Flags]:
    """Return starts and ends in the masked text, and which words are whole there; the others are empty."""
    new_start, new_end = start.copy(), end.copy()
    whole = np.ones(start.size, dtype=np.bool_)
    for first, after, kind in spans:
        shift = len(KINDS[kind][0]) + 2 - (after - first)
        around = (start <= first) & (end >= after) & (end - start > after - first)
        whole &= (end <= first) | (start >= after) | around
        new_start += np.where(start >= after, shift, 0)
        new_end += np.where(end >= after, shift, 0)
        # What begins inside begins, in the masked text, where the masked stretch does.
        new_start -= np.where((start > first) & (start < after), start - first, 0)
    return new_start, np.where(whole, new_end, new_start), whole
