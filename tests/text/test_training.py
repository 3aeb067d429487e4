from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from satsurvey.errors import MethodError
from satsurvey.text.characters import Characters
from satsurvey.text.model import NgramModel
from satsurvey.text.training import (
    FOLDS,
    STRENGTHS,
    Design,
    Training,
    _all_folds,
    _best_threshold,
    _fit,
    _folds,
    _macro_f1,
    _platt,
    train,
)

Flags = NDArray[np.bool_]

GOOD, BAD, PLAIN = "甲乙丙丁", "戊己庚辛", "子丑寅卯辰巳午未申酉戌亥"


def made_up(n: int, seed: int, *, noise: float = 0.0) -> tuple[list[str], Flags]:
    """Make comments with a known truth: the label follows the letters in GOOD and BAD, but for noise."""
    rng = np.random.default_rng(seed)
    texts, labels = [], []
    for _ in range(n):
        yes = bool(rng.random() < 0.4)
        letters = [*rng.choice(list(GOOD if yes else BAD), 2), *rng.choice(list(PLAIN), 8)]
        texts.append("".join(rng.permutation(letters)))
        labels.append(yes != (rng.random() < noise))
    return texts, np.array(labels)


def logits_of(model: NgramModel, texts: list[str]) -> NDArray[np.float64]:
    return model.all_logits(Characters.of(texts))


@pytest.fixture(scope="module")
def training() -> Training:
    return train(*made_up(300, 1))


@pytest.fixture(scope="module")
def noisy() -> Training:
    return train(*made_up(1_000, 3, noise=0.15))


def test_training_recovers_what_decides(training: Training) -> None:
    texts, truth = made_up(500, 2)
    said = logits_of(training.model, texts)[:, 0] >= training.model.thresholds[0]
    assert (said == truth).mean() > 0.98
    weight = {letter: logits_of(training.model, [letter])[0, 0] for letter in GOOD + BAD + PLAIN}
    assert min(weight[letter] for letter in GOOD) > max(weight[letter] for letter in PLAIN)
    assert max(weight[letter] for letter in BAD) < min(weight[letter] for letter in PLAIN)


def test_cross_validation_foretells_the_quality_on_new_comments(noisy: Training) -> None:
    texts, truth = made_up(4_000, 4, noise=0.15)
    said = logits_of(noisy.model, texts)[:, 0] >= noisy.model.thresholds[0]
    # .026: two standard errors of a share of .84 of 1,000 comments, and of 4,000
    assert noisy.checks[0].macro_f1 == pytest.approx(_macro_f1(truth, said), abs=0.026)


def test_probabilities_are_calibrated_on_new_comments(noisy: Training) -> None:
    texts, truth = made_up(6_000, 5, noise=0.15)
    probability = noisy.model.probabilities(logits_of(noisy.model, texts)[:, 0])
    for low, high in ((0.0, 0.3), (0.3, 0.7), (0.7, 1.0)):
        within = (probability >= low) & (probability < high)
        if within.sum() > 200:
            assert probability[within].mean() == pytest.approx(truth[within].mean(), abs=0.07)
    assert probability.mean() == pytest.approx(truth.mean(), abs=0.03)


def test_the_order_of_the_labels_changes_nothing(training: Training) -> None:
    texts, labels = made_up(300, 1)
    order = np.random.default_rng(9).permutation(len(texts))
    again = train([texts[row] for row in order], labels[order])
    assert again.model.sha256 == training.model.sha256
    np.testing.assert_array_equal(again.checks[0].logits, training.checks[0].logits[order])
    np.testing.assert_array_equal(again.checks[0].predicted, training.checks[0].predicted[order])


def test_the_same_seed_gives_the_same_model_and_another_seed_other_folds(training: Training) -> None:
    texts, labels = made_up(300, 1)
    assert train(texts, labels).model.sha256 == training.model.sha256
    other = train(texts, labels, seed=5)
    assert (other.checks[0].logits != training.checks[0].logits).any()
    assert other.seed == 5
    assert other.model.about["seed"] == 5


def test_a_base_is_blended_in_where_labels_are_few() -> None:
    base = train(*made_up(500, 6)).model
    few = made_up(60, 7, noise=0.25)
    texts, truth = made_up(1_000, 8)
    blended, alone = train(*few, base=base), train(*few)

    def quality(result: Training) -> float:
        return _macro_f1(truth, logits_of(result.model, texts)[:, 0] >= result.model.thresholds[0])

    assert quality(blended) > quality(alone)
    assert quality(blended) > 0.95
    check = blended.checks[0]
    assert check.base_logits is not None
    np.testing.assert_array_equal(check.base_logits, base.logits(Characters.of(few[0])))
    assert check.base_macro_f1 == _macro_f1(few[1], check.base_logits >= base.thresholds[0])
    assert blended.model.about["base"] == base.sha256
    assert alone.checks[0].base_logits is None


def test_labels_that_contradict_the_base_win_when_there_are_many() -> None:
    base = train(*made_up(300, 6)).model
    texts, labels = made_up(800, 10)
    result = train(texts, ~labels, base=base)
    unseen, truth = made_up(500, 11)
    said = logits_of(result.model, unseen)[:, 0] >= result.model.thresholds[0]
    assert _macro_f1(~truth, said) > 0.95


def test_several_outputs_are_what_each_is_alone() -> None:
    texts, good = made_up(200, 12)
    other = np.array(["子" in text for text in texts])
    targets = np.column_stack([good, other]).astype(np.int8)
    targets[::5, 1] = -1
    together = train(texts, targets, outputs=("good", "other"))
    assert together.model.outputs == ("good", "other")
    unseen = made_up(200, 13)[0]
    used = np.flatnonzero(targets[:, 1] >= 0)
    alone = train([texts[row] for row in used], targets[used, 1], outputs=("other",))
    assert together.checks[1].n_yes == alone.checks[0].n_yes == int(other[used].sum())
    assert not together.checks[1].predicted[::5].any()
    assert np.isfinite(together.checks[1].logits).all()
    # The columns differ a little: n-grams of rows left out count towards those in two texts.
    a, b = logits_of(together.model, unseen)[:, 1], logits_of(alone.model, unseen)[:, 0]
    assert np.corrcoef(a, b)[0, 1] > 0.99


def test_comments_that_are_not_used_are_read_by_the_model_of_their_fold() -> None:
    texts, good = made_up(200, 12)
    texts[0] = texts[1]
    target = good.astype(np.int8)
    target[::4] = -1
    check = train(texts, target).checks[0]
    order = sorted(range(200), key=lambda row: (texts[row], [int(target[row])]))
    fold = np.empty(200, dtype=np.int64)
    fold[order] = _all_folds([texts[row] for row in order], target[order], 20240501)
    assert fold[0] == fold[1]
    design = Design.of([texts[row] for row in order]).frequent(2)
    for k in range(FOLDS):
        inside = np.flatnonzero((target[order] >= 0) & (fold[order] != k))
        outside = np.flatnonzero(fold[order] == k)
        fitted = None
        for strength in STRENGTHS[: STRENGTHS.index(check.strength) + 1]:
            fitted = _fit(
                design.rows(inside), target[order][inside] == 1, np.ones(inside.size), strength, start=fitted
            )
        assert fitted is not None
        np.testing.assert_array_equal(
            check.logits[np.array(order)[outside]], fitted.logits(design.rows(outside), None)
        )


@pytest.mark.parametrize(
    ("n_yes", "n_no", "words"),
    [
        (25, 24, "25 different comments with it, 24 without"),
        (9, 200, "9 different"),
        (200, 9, "9 without"),
        (0, 0, "0 "),
    ],
)
def test_too_few_labels_are_refused(n_yes: int, n_no: int, words: str) -> None:
    texts, labels = made_up(1_200, 14)
    rows = [*np.flatnonzero(labels)[:n_yes], *np.flatnonzero(~labels)[:n_no]]
    with pytest.raises(MethodError, match="too few labelled comments to learn 'positive' from") as raised:
        train([texts[row] for row in rows], labels[rows])
    assert words in str(raised.value)
    assert "at least 50, and 10 of each kind" in str(raised.value)


def test_copies_and_blanks_do_not_count_as_labels() -> None:
    texts = ["很好"] * 300 + ["很 差"] * 300 + [""] * 300 + [" "] * 300
    with pytest.raises(MethodError, match="1 different comments with it, 1 without"):
        train(texts, np.arange(1_200) % 600 < 300)


def test_labels_that_do_not_fit_are_refused() -> None:
    texts, labels = made_up(100, 15)
    for targets in (labels[:-1], np.full(100, 2), np.full(100, np.nan), np.column_stack([labels, labels])):
        with pytest.raises(MethodError, match="Labels do not fit the comments"):
            train(texts, targets)


def test_labels_without_any_system_are_learned_as_that() -> None:
    rng = np.random.default_rng(16)
    texts = ["".join(rng.choice(list(PLAIN), 12)) for _ in range(200)]
    result = train(texts, rng.random(200) < 0.5)
    assert result.checks[0].macro_f1 < 0.6
    probability = result.model.probabilities(logits_of(result.model, texts)[:, 0])
    assert np.isfinite(probability).all()


def test_comments_without_a_common_ngram_can_be_learned_from() -> None:
    texts = [chr(0x5000 + 4 * row) + chr(0x5001 + 4 * row) for row in range(120)]
    result = train(texts, np.arange(120) % 2 == 0)
    assert result.model.buckets.size == 0 or np.isfinite(logits_of(result.model, texts)).all()
    assert 0.2 < result.checks[0].macro_f1 < 0.8


def test_copies_share_a_fold_and_classes_are_spread() -> None:
    texts, labels = made_up(500, 17)
    fold = _folds(texts * 2, np.concatenate([labels, labels]), 3)
    np.testing.assert_array_equal(fold[:500], fold[500:])
    for label in (False, True):
        sizes = np.bincount(fold[:500][labels == label], minlength=FOLDS)
        assert sizes.max() - sizes.min() <= 1


def test_a_fit_is_the_minimum_of_its_loss() -> None:
    texts, yes = made_up(150, 18, noise=0.2)
    design = Design.of(texts).frequent(2)
    weights = np.random.default_rng(0).uniform(0.5, 3, 150)
    base = np.random.default_rng(1).normal(size=150)
    fit = _fit(design, yes, weights, 4.0, base=base, steepest=1e-10)
    # Restated densely, with the ratio written out: the gradient vanishes at the solution.
    x = design.matrix.toarray()
    occurs = x > 0
    p = 1.0 + (occurs * (weights * yes)[:, None]).sum(axis=0)
    q = 1.0 + (occurs * (weights * ~yes)[:, None]).sum(axis=0)
    ratio = np.log((p / p.sum()) / (q / q.sum()))
    v = fit.solution[:-2]
    np.testing.assert_allclose(fit.weights, ratio * v, rtol=1e-9, atol=1e-12)
    logits = x @ (ratio * v) + fit.intercept + fit.base_slope * base
    np.testing.assert_allclose(fit.logits(design, base), logits, rtol=1e-9, atol=1e-9)

    def gradient(v: NDArray[np.float64], logits: NDArray[np.float64]) -> NDArray[np.float64]:
        pull = weights * (1 / (1 + np.exp(-logits)) - yes)
        return np.array([*((x * ratio).T @ pull + v / 4.0), pull.sum(), base @ pull])

    at_start = np.abs(gradient(0 * v, 0 * logits)).max()
    assert np.abs(gradient(v, logits)).max() < 1e-4 * at_start


def test_a_given_intercept_is_kept() -> None:
    texts, yes = made_up(150, 18)
    fit = _fit(Design.of(texts), yes, np.ones(150), 4.0, intercept=-0.7)
    assert fit.intercept == -0.7


def test_the_best_threshold_is_that_of_a_search() -> None:
    rng = np.random.default_rng(19)
    for _ in range(30):
        yes = rng.random(60) < 0.3
        yes[:2] = True, False
        logits = np.round(rng.normal(size=60) + yes, 1)  # many are equal
        edges = np.concatenate([[-9.0], np.unique(logits) + 0.05])
        best = max(_macro_f1(yes, logits >= edge) for edge in edges)
        assert _macro_f1(yes, logits >= _best_threshold(logits, yes)) == pytest.approx(best, abs=1e-12)


def test_platt_recovers_a_known_calibration() -> None:
    rng = np.random.default_rng(20)
    logits = rng.normal(scale=2, size=40_000)
    yes = rng.random(40_000) < 1 / (1 + np.exp(-(0.6 * logits - 0.8)))
    slope, intercept = _platt(logits, yes, np.ones(40_000), shifted=True)
    assert slope == pytest.approx(0.6, abs=0.03)
    assert intercept == pytest.approx(-0.8, abs=0.04)
    slope, intercept = _platt(
        logits, rng.random(40_000) < 1 / (1 + np.exp(-1.7 * logits)), np.ones(40_000), shifted=False
    )
    assert slope == pytest.approx(1.7, abs=0.06)
    assert intercept == 0


def test_a_model_remembers_what_it_was_made_from(training: Training) -> None:
    said = train(*made_up(300, 1), about={"file": "labelled.csv"}).model.about
    check = training.checks[0]
    assert said["file"] == "labelled.csv"
    assert said["outputs"]["positive"] == {
        "n_yes": check.n_yes,
        "n_no": check.n_no,
        "macro_f1": check.macro_f1,
    }
    assert check.n_yes + check.n_no == 300
    assert replace(check).strength in (8.0, 32.0, 128.0)
