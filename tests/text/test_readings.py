"""What is read in comments, put together over batches and aspects."""

from __future__ import annotations

import numpy as np

from satsurvey.text.readings import (
    ASPECTS,
    MIXED,
    NEGATIVE,
    NEUTRAL,
    NONE,
    POSITIVE,
    Mentions,
    Readings,
)

ACCESS, SOLUTION = ASPECTS.index("access"), ASPECTS.index("solution")


def mentions(*rows: tuple[int, int, int, int, int]) -> Mentions:
    """Mentions from rows of comment, start, end, aspect and label."""
    table = np.array(rows, dtype=np.int64).reshape(-1, 5)
    return Mentions(
        table[:, 0], table[:, 1], table[:, 2], table[:, 3].astype(np.int8), table[:, 4].astype(np.int8)
    )


def test_batches_are_joined_with_their_comments_counted_on():
    first = Readings(
        np.array([POSITIVE, NONE], np.int8), np.array([0.9, np.nan]), mentions((0, 0, 2, SOLUTION, POSITIVE))
    )
    second = Readings(np.array([NEGATIVE], np.int8), np.array([0.1]), mentions((0, 1, 3, ACCESS, NEGATIVE)))
    joined = Readings.joined([first, second])
    assert joined.label.tolist() == [POSITIVE, NONE, NEGATIVE]
    assert joined.mentions.comment.tolist() == [0, 2]
    assert joined.mentions.start.tolist() == [0, 1]


def test_no_batch_gives_no_reading():
    nothing = Readings.joined([])
    assert len(nothing) == 0
    assert len(nothing.mentions) == 0


def test_an_aspect_spoken_well_and_ill_of_is_mixed():
    found = Readings(
        np.array([MIXED, NEUTRAL], np.int8),
        np.array([0.5, 0.5]),
        mentions(
            (0, 0, 2, ACCESS, POSITIVE),
            (0, 4, 6, ACCESS, NEGATIVE),
            (0, 7, 9, SOLUTION, NEGATIVE),
            (0, 9, 11, -1, POSITIVE),
            (1, 0, 2, SOLUTION, NEUTRAL),
        ),
    )
    comment, aspect, label = found.aspect_labels()
    assert comment.tolist() == [0, 0, 1]
    assert aspect.tolist() == [ACCESS, SOLUTION, SOLUTION]
    assert label.tolist() == [MIXED, NEGATIVE, NEUTRAL]
