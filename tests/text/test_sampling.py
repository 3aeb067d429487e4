"""Samples for labelling: a share for every predicted label and company, seeded, masked, no doubles."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from keyword_engine import KeywordEngine

from satsurvey.errors import MethodError, NothingToScoreError
from satsurvey.intake.responses import Factor
from satsurvey.text.comment_columns import comments_of_texts
from satsurvey.text.comments import CommentScores, read_comments
from satsurvey.text.evaluation import measured
from satsurvey.text.readings import NONE, Mentions, Readings
from satsurvey.text.sampling import _weights, draw_sample
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


def test_weights_sum_to_the_comments_of_every_predicted_label(scores: CommentScores) -> None:
    for n in (1000, 60, 20):
        sample = draw_sample(scores, n=n)
        assert sample.weights.shape == (len(sample.frame),)
        bad = sample.frame["text"].str.contains("慢|太久").to_numpy()
        assert sample.weights[bad].sum() == pytest.approx(31)
        assert sample.weights.sum() == pytest.approx(232)
    assert draw_sample(scores, n=1000).weights.tolist() == pytest.approx([1.0] * 232)


def test_without_companies_a_weight_is_the_label_over_those_drawn() -> None:
    found = read_comments([f"第{k}次{'好' if k < 90 else '慢'}" for k in range(100)], engine=KeywordEngine())
    sample = draw_sample(found, n=30)
    bad = sample.frame["text"].str.contains("慢").to_numpy()
    assert sample.weights[bad].tolist() == pytest.approx([1.0] * 10)
    assert sample.weights[~bad].tolist() == pytest.approx([90 / 20] * 20)


@pytest.mark.parametrize("drawn", [2, 5, 7])
def test_the_chance_of_every_comment_is_the_one_it_is_weighted_by(drawn: int) -> None:
    # Companies of 1, 2, 3 and 6 comments take turns; how often a comment is drawn is counted in draws.
    company = np.repeat([0, 1, 2, 3], [1, 2, 3, 6])
    texts = [f"好{k}" for k in range(12)]
    comments = replace(
        comments_of_texts(texts), company=Factor(company.astype(np.int32), ("甲", "乙", "丙", "丁"))
    )
    found = read_comments(comments, engine=KeywordEngine())
    often = np.zeros(12)
    for seed in range(500):
        rows = draw_sample(found, n=drawn, seed=seed).frame["row"].to_numpy()
        often[rows - 1] += 1
    chance = 1 / _weights(company, drawn)
    assert chance.sum() == pytest.approx(drawn)
    # Four binomial standard errors of 500 draws are at most .09; taking turns in the order of the comments
    # is off by .1 to .2.
    assert np.abs(often / 500 - chance).max() < 0.09


def sampled_errors(draws: int, resamples: int = 10) -> tuple[dict[str, float], dict[str, np.ndarray]]:
    """Figures of an engine for all comments, and for samples of them, weighted and not."""
    rng = np.random.default_rng(0)
    n = 4_000
    rates = np.array(
        [[0.9, 0.05, 0.03, 0.02, 0.0], [0.07, 0.8, 0.1, 0.01, 0.02], [0.05, 0.03, 0.9, 0.01, 0.01],
         [0.2, 0.05, 0.12, 0.62, 0.01], [0.06, 0.05, 0.01, 0.0, 0.88]]
    )  # fmt: skip
    truth = rng.choice(5, p=[0.12, 0.08, 0.55, 0.03, 0.22], size=n).astype(np.int8)
    given = (rng.random(n)[:, None] > rates[truth].cumsum(axis=1)).sum(axis=1).clip(0, 4).astype(np.int8)
    # Large companies are complained of more, and the engine errs more about them.
    company = np.where(truth == 0, rng.integers(0, 4, n), rng.integers(0, 30, n))
    readings = Readings(given, np.where(given == NONE, np.nan, 0.5), Mentions.nothing())
    comments = replace(
        comments_of_texts([str(k) for k in range(n)]),
        company=Factor(company.astype(np.int32), tuple(str(k) for k in range(30))),
    )
    whole = replace(read_comments(comments, engine=KeywordEngine()), readings=readings)
    names = [("accuracy", ""), ("macro_f1", ""), ("recall", "positive"), ("recall", "negative")]

    def figures(rows: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
        part = Readings(given[rows], readings.polarity[rows], Mentions.nothing())
        found = measured(
            "x", [""] * rows.size, truth[rows], part, weights=weights, resamples=resamples
        ).measures
        found = found[found["scheme"] == "five_class"].set_index(["measure", "label"])
        return found.loc[names, ["value", "ci_low", "ci_high"]].to_numpy()

    target = dict(zip(map(str, names), figures(np.arange(n), None)[:, 0].tolist(), strict=True))
    made: dict[str, list[np.ndarray]] = {"weighted": [], "plain": []}
    for seed in range(draws):
        sample = draw_sample(whole, n=400, seed=seed)
        rows = sample.frame["row"].to_numpy() - 1
        made["weighted"].append(figures(rows, sample.weights))
        made["plain"].append(figures(rows, None))
    return target, {name: np.array(parts) for name, parts in made.items()}


def test_weighted_figures_of_a_sample_are_those_of_all_comments() -> None:
    target, made = sampled_errors(60)
    for k, (name, value) in enumerate(target.items()):
        weighted, plain = made["weighted"][:, k, 0], made["plain"][:, k, 0]
        room = 4 * weighted.std() / np.sqrt(60) + 0.005
        assert weighted.mean() == pytest.approx(value, abs=room), name
        if name != "('recall', 'negative')":
            assert abs(plain.mean() - value) > 0.03, name


@pytest.mark.slow
def test_intervals_of_weighted_figures_cover_those_of_all_comments() -> None:
    target, made = sampled_errors(400, resamples=400)
    held = [
        (made["weighted"][:, k, 1] <= value) & (value <= made["weighted"][:, k, 2])
        for k, value in enumerate(target.values())
    ]
    assert all(one.mean() > 0.92 for one in held), [one.mean() for one in held]


def test_nothing_to_draw_from_is_refused(scores: CommentScores) -> None:
    with pytest.raises(MethodError, match="one comment or more"):
        draw_sample(scores, n=0)
    with pytest.raises(NothingToScoreError, match="all cells are blank"):
        draw_sample(read_comments(["", None], engine=KeywordEngine()), n=5)
