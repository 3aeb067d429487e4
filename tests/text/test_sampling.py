"""Samples for labelling: a share for every predicted label and company, seeded, masked, no doubles."""

from __future__ import annotations

import numpy as np
import pytest
from keyword_engine import KeywordEngine

from satsurvey.errors import MethodError, NothingToScoreError
from satsurvey.text.comments import CommentScores, read_comments
from satsurvey.text.sampling import draw_sample
from satsurvey.text.table_comments import comments_of_files


@pytest.fixture(scope="module")
def scores(tmp_path_factory: pytest.TempPathFactory) -> CommentScores:
    lines = ["企业,评论"]
    for k in range(200):
        lines.append(f"{'甲' if k < 150 else '乙' if k < 190 else '丙'},第{k}次好")
    lines += [f"甲,第{k}次慢" for k in range(30)] + ["乙,没有"] * 20 + ["丙,"] * 10
    lines.append("丙,我叫王五，等太久")
    path = tmp_path_factory.mktemp("s") / "t.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return read_comments(comments_of_files([path]), engine=KeywordEngine())


def test_every_predicted_label_gets_the_same_share_and_the_rest_goes_round(scores: CommentScores) -> None:
    sample = draw_sample(scores, n=60)
    assert len(sample.frame) == 60
    drawn = dict(zip(sample.strata["label"], sample.strata["drawn"], strict=True))
    # One different comment says nothing, 31 are negative; the positive ones fill up the rest.
    assert drawn == {"negative": 30, "neutral": 0, "positive": 29, "mixed": 0, "none": 1}
    assert sample.frame["text"].is_unique
    assert "label" not in sample.frame


def test_companies_take_turns(scores: CommentScores) -> None:
    sample = draw_sample(scores, n=61)
    good = sample.frame[sample.frame["text"].str.contains("好")]
    counts = good["company"].value_counts()
    assert counts.max() - counts.min() <= 1


def test_a_seed_draws_the_same_comments_and_another_others(scores: CommentScores) -> None:
    first = draw_sample(scores, n=40, seed=1).frame
    assert first.equals(draw_sample(scores, n=40, seed=1).frame)
    assert not first.equals(draw_sample(scores, n=40, seed=2).frame)


def test_all_are_drawn_where_there_are_fewer(scores: CommentScores) -> None:
    sample = draw_sample(scores, n=1000)
    assert len(sample.frame) == 200 + 31 + 1
    assert "我叫[姓名]，等太久" in set(sample.frame["text"])
    assert sample.masked == {"name": 1}
    assert np.array_equal(sample.strata["n"], sample.strata["drawn"])


def test_nothing_to_draw_from_is_refused(scores: CommentScores) -> None:
    with pytest.raises(MethodError, match="one comment or more"):
        draw_sample(scores, n=0)
    with pytest.raises(NothingToScoreError, match="all cells are blank"):
        draw_sample(read_comments(["", None], engine=KeywordEngine()), n=5)
