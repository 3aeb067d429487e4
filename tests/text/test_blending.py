"""Blends out of fold: what is left out is not looked at, and what is kept is what helps."""

from __future__ import annotations

import numpy as np
import pytest

from satsurvey.text.blending import OutOfFold, blended, chance_of
from satsurvey.text.training import FOLDS


def made(rng: np.random.Generator, n: int = 400) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features and targets of an output that helps, one that does not, and the fold of each comment."""
    yes = rng.random((n, 2)) < 0.4
    logit = rng.normal(np.where(yes[:, 0], 1.5, -1.5), 1.0)
    features = np.ones((2, n, 3))
    features[0, :, 1], features[0, :, 2] = logit, rng.random(n) < 0.4
    features[1, :, 1], features[1, :, 2] = rng.normal(size=n), yes[:, 1] ^ (rng.random(n) < 0.02)
    return features, yes.astype(np.int8), np.sort(rng.integers(FOLDS, size=n))


def test_blends_are_those_fitted_without_their_folds() -> None:
    features, targets, fold = made(np.random.default_rng(1))
    targets[::7, 1] = -1
    found = OutOfFold.of(("neutral", "mixed"), targets, features, fold)
    for one, other in ((0, 0), (1, 3), (4, 2)):
        for k in range(2):
            rows = (fold != one) & (fold != other) & (targets[:, k] >= 0)
            expected = blended(features[k][rows], targets[rows, k] == 1)
            assert found.blends[one, other, k].tolist() == expected.tolist()
    assert found.of_all()[0].tolist() == blended(features[0], targets[:, 0] == 1).tolist()


def test_what_helps_is_kept_and_what_the_other_engine_knows_is_left_to_it() -> None:
    features, targets, fold = made(np.random.default_rng(2))
    features[1, :, 1] = 0.0
    found = OutOfFold.of(("neutral", "mixed"), targets, features, fold)
    assert found.kept() == [0]
    assert OutOfFold.of(("positive", "mixed"), targets, features, fold).kept() == [0]


@pytest.mark.parametrize("left_out", range(FOLDS))
def test_a_fold_that_is_left_out_has_no_say(left_out: int) -> None:
    rng = np.random.default_rng(3)
    features, targets, fold = made(rng)
    before = OutOfFold.of(("neutral", "mixed"), targets, features, fold)
    here = fold == left_out
    targets, features = targets.copy(), features.copy()
    targets[here] = 1 - targets[here]
    features[:, here] = rng.normal(size=(2, int(here.sum()), 3))
    after = OutOfFold.of(("neutral", "mixed"), targets, features, fold)
    assert before.kept(without=left_out) == after.kept(without=left_out)
    assert before.blends[left_out].tolist() == after.blends[left_out].tolist()
    assert before.of_all().tolist() != after.of_all().tolist()


def test_a_logit_of_nought_is_an_even_chance() -> None:
    assert chance_of(np.array([0.0, 3.0])).tolist() == pytest.approx([0.5, 1 / (1 + np.exp(-3))])
