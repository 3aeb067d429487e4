"""Comments know where they stand, also those that come from no file."""

from __future__ import annotations

import numpy as np

from satsurvey.text.comment_columns import comments_of_texts


def test_plain_texts_are_comments_with_places_from_one() -> None:
    found = comments_of_texts(["好", None, "\ud800半"])
    assert found.row.tolist() == [1, 2, 3]
    assert found.missing.tolist() == [False, True, False]
    assert [first for first, _ in found.batches(2)] == [0, 2]
    assert np.unique(found.question).tolist() == [0]
