"""Conflicts go by standardised distance; typical comments are sure, of middling length, distinct."""

from __future__ import annotations

import numpy as np
import pytest

from satsurvey.text.conflicts import conflicts, thirds, typical
from satsurvey.text.readings import ASPECTS, MIXED, NEGATIVE, NONE, POSITIVE, Mentions, Readings


def read(labels: list[int], polarity: list[float], *mentions: tuple[int, int, int]) -> Readings:
    """Mentions are comment, aspect, label."""
    table = np.array(mentions, dtype=np.int64).reshape(-1, 3)
    zero = np.zeros(len(mentions), np.int64)
    return Readings(
        np.array(labels, np.int8),
        np.array(polarity),
        Mentions(table[:, 0], zero, zero, table[:, 1].astype(np.int8), table[:, 2].astype(np.int8)),
    )


def test_high_scores_with_ill_words_and_low_ones_with_good_words_are_listed() -> None:
    readings = read([NEGATIVE, POSITIVE, POSITIVE, NEGATIVE, NONE], [0.1, 0.9, 0.95, 0.2, np.nan])
    score = np.array([95.0, 90.0, 20.0, 30.0, 99.0])
    found = conflicts(readings, score, np.zeros(5, np.int16))
    assert dict(zip(found["comment"], found["kind"], strict=True)) == {
        0: "high_score_negative_comment",
        2: "low_score_positive_comment",
    }
    usable = slice(0, 4)
    z = (score - score[usable].mean()) / score[usable].std()
    logit = np.log(readings.polarity[usable] / (1 - readings.polarity[usable]))
    expected = np.abs(z[usable] - (logit - logit.mean()) / logit.std())
    assert found["strength"].tolist() == pytest.approx(sorted(expected[[0, 2]], reverse=True))


def test_a_complaint_weighs_less_where_everybody_was_asked_for_one() -> None:
    labels = [NEGATIVE, *[POSITIVE] * 5, NEGATIVE, *[NEGATIVE] * 5]
    polarity = [0.05, *[0.95] * 5, 0.05, *[0.04, 0.06] * 2, 0.05]
    score = np.array([90.0, 50, 55, 60, 65, 70] * 2)
    found = conflicts(read(labels, polarity), score, np.repeat([0, 1], 6).astype(np.int16))
    strength = dict(zip(found["comment"], found["strength"], strict=True))
    assert strength[0] > strength[6] + 1


@pytest.mark.parametrize("score", [[np.nan] * 3, [70.0] * 3])
def test_without_scores_that_differ_there_is_no_conflict(score: list[float]) -> None:
    readings = read([NEGATIVE, POSITIVE, NEGATIVE], [0.1, 0.9, 0.1])
    assert len(conflicts(readings, np.array(score), np.zeros(3, np.int16))) == 0


def test_where_most_score_at_the_ceiling_nobody_is_low_or_high() -> None:
    score = np.array([100.0] * 15 + [60.0, 70.0, 80.0, 90.0, 95.0])
    labels = [POSITIVE] * 10 + [NEGATIVE] * 5 + [POSITIVE] * 5
    readings = read(labels, [0.9] * 10 + [0.1] * 5 + [0.9] * 5)
    assert thirds(score, np.arange(20)) is None
    assert conflicts(readings, score, np.zeros(20, np.int16)).empty


def test_nobody_is_low_and_high_at_once() -> None:
    # 60 of 100 score 100: they are the upper third, and none of them is low.
    rng = np.random.default_rng(0)
    score = np.where(np.arange(100) < 60, 100.0, rng.uniform(40, 99, 100))
    labels = np.where(rng.random(100) < 0.3, NEGATIVE, POSITIVE)
    readings = read(labels.tolist(), np.where(labels == POSITIVE, 0.9, 0.1).tolist())
    found = conflicts(readings, score, np.zeros(100, np.int16))
    low = found[found["kind"] == "low_score_positive_comment"]["comment"]
    high = found[found["kind"] == "high_score_negative_comment"]["comment"]
    assert (score[high] == 100).all()
    assert (score[low] < 100).all()
    assert len(low) > 0
    assert len(high) > 0


def test_a_respondent_counts_once_however_many_comments_there_are() -> None:
    # One respondent with 90 made eight comments; by comments the upper third would begin at 90.
    score = np.array([10.0, 20.0, 30.0, 40.0, 50.0, *[90.0] * 8])
    respondent = np.array([0, 1, 2, 3, 4, *[5] * 8])
    expected = np.quantile([10.0, 20.0, 30.0, 40.0, 50.0, 90.0], [1 / 3, 2 / 3]).tolist()
    assert thirds(score, respondent) == pytest.approx(tuple(expected))
    readings = read([NEGATIVE] * 13, [0.1] * 13)
    found = conflicts(readings, score, np.zeros(13, np.int16), respondent=respondent)
    assert sorted(found["comment"]) == [4, *range(5, 13)]
    assert 4 not in set(conflicts(readings, score, np.zeros(13, np.int16))["comment"])


def test_the_list_has_an_end_and_equal_strengths_go_by_place() -> None:
    readings = read([NEGATIVE] * 10 + [POSITIVE] * 10, [0.1] * 10 + [0.9] * 10)
    score = np.array([90.0] * 10 + [10.0] * 10)
    found = conflicts(readings, score, np.zeros(20, np.int16), most=5)
    assert found["comment"].tolist() == [0, 1, 2, 3, 4]


def test_typical_comments_are_sure_of_middling_length_and_distinct() -> None:
    texts = [
        "等太久了",
        "排队等太久了吧",  # shares half of its pairs with the first
        "打了半天没有人接",
        "久",  # too short
        "等" * 60,  # too long
        "一直占线怎么都打不进去",
        "人工藏得太深找不到",
    ]
    access = ASPECTS.index("access")
    sure = [0.02, 0.03, 0.10, 0.001, 0.001, 0.20, 0.05]
    readings = read([NEGATIVE] * 7, sure, *[(k, access, NEGATIVE) for k in range(7)])
    found = typical(texts, readings, each=3)
    assert set(found["aspect"]) == {"access"}
    assert set(found["label"]) == {"negative"}
    assert found["comment"].tolist() == [1, 6, 2]


def test_comments_that_say_two_things_of_an_aspect_or_are_mixed_are_not_typical() -> None:
    readings = read(
        [NEGATIVE, MIXED],
        [0.1, 0.5],
        (0, 0, NEGATIVE),
        (0, 0, POSITIVE),
        (1, 0, NEGATIVE),
    )
    assert len(typical(["又快又慢", "好是好就是慢"], readings)) == 0
