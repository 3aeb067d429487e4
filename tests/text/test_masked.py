"""Places move along with what was masked, and words that touch it are left out."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from satsurvey.text.masked import masked_readings, words_of
from satsurvey.text.readings import NEGATIVE, Mentions, Readings


def readings(n: int, *rows: tuple[int, int, int]) -> Readings:
    table = np.array(rows, dtype=np.int64).reshape(-1, 3)
    sign = np.full(len(rows), NEGATIVE, np.int8)
    mentions = Mentions(table[:, 0], table[:, 1], table[:, 2], np.zeros(len(rows), np.int8), sign)
    return Readings(np.full(n, NEGATIVE, np.int8), np.full(n, 0.1), mentions)


def test_words_before_and_behind_what_is_masked_are_cut_from_the_masked_text() -> None:
    text = "太慢，打13800138000还是太慢，我叫王五"
    first, second = text.index("太慢"), text.rindex("太慢")
    inside = text.index("138")
    found = readings(2, (0, 0, 1), (1, first, first + 2), (1, inside, inside + 3), (1, second, second + 2))
    masked, moved, counts = masked_readings(pa.array(["贵", text]), found)
    assert masked.to_pylist() == ["贵", "太慢，打[手机号]还是太慢，我叫[姓名]"]
    assert words_of(masked.to_pylist(), moved.mentions) == ["贵", "太慢", "太慢"]
    assert moved.mentions.comment.tolist() == [0, 1, 1]
    assert counts == {"mobile": 1, "name": 1}


def test_a_word_that_reaches_into_what_is_masked_is_left_out() -> None:
    text = "我叫王小明"
    masked, moved, _ = masked_readings(pa.array([text]), readings(1, (0, 1, 4), (0, 0, 2)))
    assert words_of(masked.to_pylist(), moved.mentions) == ["我叫"]


def test_nothing_to_mask_changes_nothing() -> None:
    found = readings(1, (0, 0, 1))
    texts = pa.array(["好"])
    masked, same, counts = masked_readings(texts, found)
    assert masked.equals(texts)
    assert same is found
    assert counts == {}


def test_absent_texts_stay_absent() -> None:
    masked, _, _ = masked_readings(pa.array([None, "13800138000"], pa.string()), readings(2, (1, 0, 2)))
    assert masked.to_pylist() == [None, "[手机号]"]
