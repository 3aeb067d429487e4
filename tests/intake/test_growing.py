"""Columns that grow while a file is read."""

from __future__ import annotations

import numpy as np

from satsurvey.intake.growing import GrowingColumns


def test_stretches_stand_behind_each_other_in_the_order_of_their_coming():
    column = GrowingColumns[np.int32](np.int32)
    parts = [np.arange(start, start + n, dtype=np.int32) for start, n in ((0, 3), (3, 0), (3, 1), (4, 60))]
    for part in parts:
        column.add(part)
    assert column.finish().tolist() == list(range(64))
    assert len(column) == 64


def test_columns_side_by_side_keep_their_rows_together():
    columns = GrowingColumns[np.uint8](np.uint8, 2)
    columns.add(np.array([[1, 2], [5, 6]], dtype=np.uint8))
    columns.add(np.array([[3], [7]], dtype=np.uint8))
    columns.fill(9, 2)
    assert columns.finish().tolist() == [[1, 2, 3, 9, 9], [5, 6, 7, 9, 9]]


def test_no_stretch_gives_no_row_of_the_right_type_and_shape():
    empty = GrowingColumns[np.uint8](np.uint8, 22).finish()
    assert empty.shape == (22, 0)
    assert empty.dtype == np.uint8
