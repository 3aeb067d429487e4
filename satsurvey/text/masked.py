"""Readings of texts in which personal data has been masked: places moved along, what was masked left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa

from satsurvey.intake.personal_data import KINDS, mask_texts, personal_data_in
from satsurvey.text.readings import Mentions, Readings


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
        characters of these texts, without those that touch what was masked; how many were masked, by kind.
    """
    masked, counts = mask_texts(texts)
    if not counts:
        return masked, readings, counts
    changed = np.flatnonzero(_differ(texts, masked))
    mentions = readings.mentions
    start, end = mentions.start.copy(), mentions.end.copy()
    kept = np.ones(len(mentions), dtype=np.bool_)
    firsts = np.searchsorted(mentions.comment, changed, side="left")
    afters = np.searchsorted(mentions.comment, changed, side="right")
    for place, first, after in zip(changed.tolist(), firsts.tolist(), afters.tolist(), strict=True):
        if first == after:
            continue
        spans = personal_data_in(texts[place].as_py())
        start[first:after], end[first:after], kept[first:after] = _moved(
            start[first:after], end[first:after], spans
        )
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


def ordered(counts: Mapping[str, int]) -> dict[str, int]:
    """Return counts in the order of the kinds."""
    return {kind: counts[kind] for kind in KINDS if counts.get(kind)}


def _differ(texts: pa.Array, masked: pa.Array) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    import pyarrow.compute as pc

    same = pc.fill_null(pc.equal(texts, masked), True)
    return ~same.to_numpy(zero_copy_only=False)  # type: ignore[no-any-return]


def _moved(
    start: np.ndarray[tuple[int], np.dtype[np.int64]],
    end: np.ndarray[tuple[int], np.dtype[np.int64]],
    spans: Sequence[tuple[int, int, str]],
) -> tuple[
    np.ndarray[tuple[int], np.dtype[np.int64]],
    np.ndarray[tuple[int], np.dtype[np.int64]],
    np.ndarray[tuple[int], np.dtype[np.bool_]],
]:
    shift = np.zeros(start.size, dtype=np.int64)
    kept = np.ones(start.size, dtype=np.bool_)
    for first, after, kind in spans:
        kept &= (end <= first) | (start >= after)
        shift += np.where(start >= after, len(KINDS[kind][0]) + 2 - (after - first), 0)
    return start + shift, end + shift, kept
