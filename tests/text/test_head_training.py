import numpy as np

from satsurvey.text import head_training
from satsurvey.text.head_training import (
    Answers,
    calibrating_slope,
    design_of,
    fit_head,
    folds_of,
    labels_out_of_fold,
)
from satsurvey.text.readings import ASPECTS, LABELS, NEGATIVE, POSITIVE


def taught():
    good = [f"{thing}特别好用{mark}" for thing in "甲乙丙丁戊己庚辛" for mark in "呀呢"]
    ill = [f"{thing}总是慢吞吞{mark}" for thing in "甲乙丙丁戊己庚辛" for mark in "呀呢"]
    aspects = np.zeros((32, 2, len(ASPECTS)), dtype=np.bool_)
    aspects[16:, 0, ASPECTS.index("solution")] = True
    label = np.array([POSITIVE] * 16 + [NEGATIVE] * 16)
    return Answers(good + ill, label, aspects, np.zeros(32, dtype=np.bool_))


def test_a_head_learns_what_its_answers_say_and_learns_it_again():
    answers = taught()
    design = design_of(answers.texts, np.zeros(32))
    told, _ = labels_out_of_fold(answers, design, folds_of(32, 1))
    one, other = (fit_head(answers, design, np.arange(32), told) for _ in range(2))
    assert one.pairs.tobytes() == other.pairs.tobytes()
    assert one.weights.tobytes() == other.weights.tobytes()
    from satsurvey.text.characters import Characters

    labels, aspects = one.logits(Characters.of(answers.texts), design.evidence, design.hints)
    assert (labels.argmax(axis=0) == answers.label).all()
    ill = aspects[0, ASPECTS.index("solution")]
    assert ill[16:].min() > ill[:16].max()
    assert aspects[1].max() < ill[16:].min()
    assert one.weights.shape[1] == len(LABELS)


def test_labels_are_read_by_weights_that_have_not_seen_the_text():
    answers = taught()
    design = design_of(answers.texts, np.zeros(32))
    fold = folds_of(32, 1)
    logits, difference = labels_out_of_fold(answers, design, fold)
    turned = Answers(answers.texts, answers.label.copy(), answers.aspects, answers.review)
    first = np.flatnonzero(fold == 0)
    turned.label[first] = 2 - turned.label[first]
    again, _ = labels_out_of_fold(turned, design, fold)
    # What the texts of a fold are labelled changes nothing of how they are read themselves.
    np.testing.assert_array_equal(again[:, first], logits[:, first])
    assert not np.array_equal(again, logits)
    assert ((difference > 0) == (answers.label == POSITIVE)).all()


def test_the_slope_brings_logits_twice_too_steep_back():
    draw = np.random.default_rng(7)
    logit = draw.normal(0, 2, 40_000)
    positive = draw.random(logit.size) < 1 / (1 + np.exp(-logit))
    # Standard error of the slope here: about 0.01.
    assert abs(calibrating_slope(2 * logit, positive, np.ones(logit.size)) - 0.5) < 0.03


def test_folds_are_dealt_evenly_and_again_the_same():
    fold = folds_of(103, 5)
    assert sorted(np.bincount(fold).tolist()) == [20, 20, 21, 21, 21]
    np.testing.assert_array_equal(fold, folds_of(103, 5))


def test_the_written_answers_are_sound():
    answers = head_training.written_answers()
    assert len(answers.texts) > 1000
    silent = (answers.label == LABELS.index("none")) | (answers.label == LABELS.index("neutral"))
    assert not answers.aspects[silent].any()
