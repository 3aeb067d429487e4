"""Places move along with what was masked; words that it cuts are lost, and no aspect is."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keyword_engine import KeywordEngine

from satsurvey.text.masked import masked_readings, words_of
from satsurvey.text.readings import NEGATIVE, Mentions, Readings
from satsurvey.text.service import ServiceEngine


def readings(n: int, *rows: tuple[int, int, int], aspect: int = 0) -> Readings:
    table = np.array(rows, dtype=np.int64).reshape(-1, 3)
    sign = np.full(len(rows), NEGATIVE, np.int8)
    mentions = Mentions(table[:, 0], table[:, 1], table[:, 2], np.full(len(rows), aspect, np.int8), sign)
    return Readings(np.full(n, NEGATIVE, np.int8), np.full(n, 0.1), mentions)


def test_words_before_and_behind_what_is_masked_are_cut_from_the_masked_text() -> None:
    text = "太慢，打13800138000还是太慢，我叫王五"
    first, second = text.index("太慢"), text.rindex("太慢")
    inside = text.index("138")
    rows = ((0, 0, 1), (1, first, first + 2), (1, inside, inside + 3), (1, second, second + 2))
    found = readings(2, *rows, aspect=-1)
    masked, moved, counts = masked_readings(pa.array(["贵", text]), found)
    assert masked.to_pylist() == ["贵", "太慢，打[手机号]还是太慢，我叫[姓名]"]
    assert words_of(masked.to_pylist(), moved.mentions) == ["贵", "太慢", "太慢"]
    assert moved.mentions.comment.tolist() == [0, 1, 1]
    assert counts == {"mobile": 1, "name": 1}


def test_a_word_that_reaches_into_what_is_masked_is_left_out() -> None:
    text = "我叫王小明"
    masked, moved, _ = masked_readings(pa.array([text]), readings(1, (0, 0, 2), (0, 1, 4), aspect=-1))
    assert words_of(masked.to_pylist(), moved.mentions) == ["我叫"]


@pytest.mark.parametrize("place", [(4, 7), (1, 12), (1, 5), (0, 5), (5, 13)])
def test_an_aspect_whose_words_are_masked_stays_without_them(place: tuple[int, int]) -> None:
    text = "打13800138000慢"
    masked, moved, _ = masked_readings(pa.array([text]), readings(1, (0, *place)))
    assert masked.to_pylist() == ["打[手机号]慢"]
    assert words_of(masked.to_pylist(), moved.mentions) == [""]
    assert moved.aspect_labels()[1].tolist() == [0]


def test_a_mention_around_what_is_masked_keeps_its_words() -> None:
    text = "我打了13800138000，13900139000也打不通，太慢"
    end = text.index("，太慢")
    found = readings(1, (0, 0, end), (0, end + 1, end + 3))
    masked, moved, _ = masked_readings(pa.array([text]), found)
    assert words_of(masked.to_pylist(), moved.mentions) == ["我打了[手机号]，[手机号]也打不通", "太慢"]


@pytest.mark.parametrize(
    "text",
    [
        "等了很久都没人接，客服态度很差，请回电13800138000",
        "请打13800138000，问题一直没有解决",
        "我手机号13800138000，推来推去没人管",
        "我叫王小明，打了好几遍都打不通",
    ],
)
def test_leaving_ones_number_changes_nothing_of_what_was_said(text: str) -> None:
    found = ServiceEngine.builtin().read([text])
    assert len(found.mentions)
    masked, moved, counts = masked_readings(pa.array([text]), found)
    assert counts
    for before, after in zip(found.aspect_labels(), moved.aspect_labels(), strict=True):
        assert before.tolist() == after.tolist()
    assert all(0 <= a <= b <= len(masked[0].as_py()) for a, b in places(moved))


def places(found: Readings) -> list[tuple[int, int]]:
    return list(zip(found.mentions.start.tolist(), found.mentions.end.tolist(), strict=True))


said = st.sampled_from(["太慢", "态度好", "等太久", "13800138000", "我叫王小明，", "，", "x", "粤B12345"])


@settings(deadline=None)
@given(st.lists(st.lists(said, max_size=6).map("".join), max_size=4), st.randoms(use_true_random=False))
def test_no_aspect_is_lost_and_no_place_lies_outside_the_text(texts: list[str], random: object) -> None:
    rows = sorted(
        (k, *sorted(random.choices(range(len(text) + 1), k=2)))  # type: ignore[attr-defined]
        for k, text in enumerate(texts)
        for _ in range(3)
    )
    found = readings(len(texts), *rows)
    array = pa.array(texts, pa.string())
    masked, moved, _ = masked_readings(array, found)
    assert moved.mentions.comment.tolist() == [row[0] for row in rows]
    for (k, start, end), (first, after) in zip(rows, places(moved), strict=True):
        assert 0 <= first <= after <= len(masked[k].as_py())
        # Words that stay are those of the text, with names of kinds for what was masked.
        if first < after and "[" not in masked[k].as_py()[first:after]:
            assert masked[k].as_py()[first:after] == texts[k][start:end]


def test_readings_of_an_engine_are_masked_like_any_other() -> None:
    texts = pa.array(["打13800138000等太久", "贵"])
    masked, moved, counts = masked_readings(texts, KeywordEngine().read(texts.to_pylist()))
    assert words_of(masked.to_pylist(), moved.mentions) == ["等太久", "贵"]
    assert counts == {"mobile": 1}


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
