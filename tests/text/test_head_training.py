import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from satsurvey.errors import MethodError
from satsurvey.text import head_training
from satsurvey.text.characters import Characters
from satsurvey.text.head import builtin_head
from satsurvey.text.head_training import (
    Answers,
    calibrating_slope,
    design_of,
    fit_head,
    folds_of,
    labels_out_of_fold,
)
from satsurvey.text.lexicon import builtin_path, digest_of
from satsurvey.text.readings import ASPECTS, LABELS, NEGATIVE, POSITIVE


def taught():
    good = [f"{thing}特别好用{mark}" for thing in "甲乙丙丁戊己庚辛" for mark in "呀呢"]
    ill = [f"{thing}总是慢吞吞{mark}" for thing in "甲乙丙丁戊己庚辛" for mark in "呀呢"]
    aspects = np.zeros((32, 2, len(ASPECTS)), dtype=np.bool_)
    aspects[16:, 0, ASPECTS.index("solution")] = True
    label = np.array([POSITIVE] * 16 + [NEGATIVE] * 16)
    return Answers(good + ill, label, aspects, np.zeros(32, dtype=np.bool_))


def digest_of_taught() -> str:
    """Fit a head to the taught answers and return the SHA-256 of its numbers."""
    answers = taught()
    design = design_of(answers.texts, np.zeros(32))
    told, _ = labels_out_of_fold(answers, design, folds_of(32, 1))
    head = fit_head(answers, design, np.arange(32), told)
    return hashlib.sha256(head.pairs.tobytes() + head.weights.tobytes()).hexdigest()


@pytest.mark.parametrize("seed", ["0", "4242"])
def test_another_process_learns_the_same_to_the_last_bit(seed: str):
    # Sets and dictionaries of texts go another way with another hash seed.
    code = "import test_head_training; print(test_head_training.digest_of_taught())"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
        env=os.environ
        | {
            "PYTHONHASHSEED": seed,
            "PYTHONPATH": f"{Path(__file__).parents[2]}{os.pathsep}{Path(__file__).parent}",
        },
    )
    assert done.stdout.strip() == digest_of_taught()


def test_a_head_learns_what_its_answers_say_and_learns_it_again():
    answers = taught()
    design = design_of(answers.texts, np.zeros(32))
    told, _ = labels_out_of_fold(answers, design, folds_of(32, 1))
    one, other = (fit_head(answers, design, np.arange(32), told) for _ in range(2))
    assert one.pairs.tobytes() == other.pairs.tobytes()
    assert one.weights.tobytes() == other.weights.tobytes()
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


@pytest.mark.parametrize("name", head_training.ANSWERS)
def test_answers_that_are_missing_are_not_passed_over(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    for other in head_training.ANSWERS:
        if other != name:
            (tmp_path / other).write_bytes(builtin_path(other).read_bytes())
    monkeypatch.setattr(head_training.build_model, "builtin_path", lambda name: tmp_path / name)
    with pytest.raises(MethodError, match=name):
        head_training.written_answers()


def test_the_written_answers_are_sound():
    answers = head_training.written_answers()
    assert len(answers.texts) > 1000
    silent = (answers.label == LABELS.index("none")) | (answers.label == LABELS.index("neutral"))
    assert not answers.aspects[silent].any()


def test_the_head_that_comes_with_satsurvey_was_fitted_to_the_files_beside_it():
    told = {name: digest_of(builtin_path(name)) for name in head_training.FITTED_TO}
    assert dict(builtin_head().sources) == told, "make the head anew: python -m satsurvey.text.head_training"
