"""Comments: they agree with the score, speak of what stands out, and vary."""

import tomllib
from pathlib import Path

import numpy as np

import satsurvey.simulation
from satsurvey.simulation import plain_design, simulate
from satsurvey.simulation.comments import BLANK, NEGATIVE, NONE, POSITIVE, aspect_names, write_comments

PHRASES = tomllib.loads(
    (Path(satsurvey.simulation.__file__).parent / "phrases.toml").read_text(encoding="utf-8")
)
DIMENSIONS = ["access", "communication", "solving", "follow_up", "etiquette", "skill"]


def written(scores: np.ndarray, about: str, seed: int = 1):
    by_dimension = np.repeat(scores[None, :], 6, axis=0)
    rng = np.random.default_rng(seed)
    return write_comments(rng, scores, by_dimension, aspects=DIMENSIONS, about=about, unanswered=0.0)


def test_praise_rises_with_the_score_and_blame_falls():
    shares = []
    for score in (40.0, 60.0, 75.0, 90.0, 100.0):
        scores = np.full(4000, score)
        praise, blame = written(scores, "pleased")[1].kind, written(scores, "displeased")[1].kind
        shares.append(((praise == POSITIVE).mean(), (blame == NEGATIVE).mean()))
    praise_share, blame_share = np.array(shares).T
    assert (np.diff(praise_share) > 0).all()
    assert (np.diff(blame_share) < 0).all()
    assert praise_share[-1] > 0.95
    assert blame_share[0] > 0.95


def test_every_comment_holds_a_sentence_of_its_kind_strength_and_aspect():
    rng = np.random.default_rng(5)
    scores = rng.uniform(20, 100, 3000)
    for about in ("pleased", "displeased", "mixed"):
        texts, truth = written(scores, about)
        for text, kind, strong, aspect in zip(
            texts.tolist(), truth.kind, truth.strong, truth.aspect, strict=True
        ):
            if kind == NONE:
                assert text in PHRASES["none"]
                continue
            tone = "positive" if kind == POSITIVE else "negative"
            sentences = PHRASES["aspects"][truth.aspects[aspect]][tone]["strong" if strong else "mild"]
            assert any(sentence in text for sentence in sentences), text


def test_strong_words_belong_to_extreme_scores():
    scores = np.random.default_rng(6).uniform(20, 100, 3000)
    praise, blame = written(scores, "pleased")[1], written(scores, "displeased")[1]
    assert (scores[praise.strong] >= 85).all()
    assert (scores[blame.strong] < 65).all()
    assert (scores[(blame.kind == NEGATIVE) & ~blame.strong] >= 65).all()


def test_praise_speaks_of_the_best_dimension_and_blame_of_the_worst():
    by_dimension = np.random.default_rng(7).uniform(30, 100, (6, 2000))
    by_dimension -= by_dimension.mean(axis=1, keepdims=True) - 70
    names = aspect_names()
    for about, pick in (("pleased", np.argmax), ("displeased", np.argmin)):
        rng = np.random.default_rng(8)
        _, truth = write_comments(
            rng, by_dimension.mean(axis=0), by_dimension, aspects=DIMENSIONS, about=about, unanswered=0.1
        )
        spoken = (truth.kind == POSITIVE) | (truth.kind == NEGATIVE)
        expected = np.array([names.index(DIMENSIONS[k]) for k in pick(by_dimension, axis=0)])
        assert (truth.aspect[spoken] == expected[spoken]).all()
        assert (truth.aspect[~spoken] == -1).all()
        assert abs((truth.kind == BLANK).mean() - 0.1) < 4 * np.sqrt(0.09 / 2000)


def test_nobody_speaks_of_a_dimension_that_was_not_asked():
    survey = simulate(plain_design(companies=100, seed=3))
    alone = (survey.columns["S4"] != "1") & (survey.columns["S11"] != "1")
    assert alone.sum() > 20
    for said in survey.truth.comments.values():
        spoken = alone & (said.aspect >= 0)
        assert {said.aspects[k] for k in said.aspect[spoken]} == {"access"}


def test_there_are_several_hundred_different_comments():
    survey = simulate(plain_design(companies=100, seed=3))
    assert np.unique(survey.columns["V1"]).size > 800
    assert np.unique(survey.columns["V2"]).size > 400


def test_sentences_of_different_aspects_and_tones_are_all_different():
    sentences = [
        sentence
        for aspect in PHRASES["aspects"].values()
        for tone in aspect.values()
        for strength in tone.values()
        for sentence in strength
    ]
    assert len(sentences) > 180
    assert {s for s in sentences if sentences.count(s) > 1} <= {"语速合适"}
