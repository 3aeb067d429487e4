"""Learning from labels on top of the built-in engine: what is learned, out-of-fold figures, the file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from keyword_engine import KeywordEngine

from satsurvey.errors import MethodError, ModelError
from satsurvey.text import trained as module
from satsurvey.text.blending import best_cut, blended
from satsurvey.text.engines import engine_of
from satsurvey.text.evaluation import label_positions
from satsurvey.text.readings import ASPECTS, LABELS, NEGATIVE, NONE, POSITIVE, Readings
from satsurvey.text.trained import Trained, TrainedEngine, _dealt, decided, train

SUBJECTS = ["网点", "热线", "柜台", "坐席", "工单", "账单", "流程", "窗口", "短信", "页面"]
ENDINGS = ["今天", "上周", "昨天下午", "一直", "每次", "前天", "月初", "这回", "最近", "头一次"]


def invented(n: int, rng: np.random.Generator) -> tuple[list[str], list[str]]:
    """Comments whose mood stands in words that no engine knows: 嘎 is good, 哐 is bad."""
    texts, labels = [], []
    for k in range(n):
        good = bool(rng.integers(2))
        texts.append(f"{rng.choice(ENDINGS)}{rng.choice(SUBJECTS)}{'嘎嘎的' if good else '哐哐的'}{k}")
        labels.append("positive" if good else "negative")
    return texts, labels


@pytest.fixture(autouse=True)
def keywords_built_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_builtin", KeywordEngine)


@pytest.fixture(scope="module")
def learned() -> Trained:
    texts, labels = invented(160, np.random.default_rng(2))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_builtin", KeywordEngine)
        return train(texts, labels, base=False, seed=5)


def test_words_that_only_the_labels_know_are_learned(learned: Trained) -> None:
    found = learned.engine.read(["后天网点嘎嘎的", "后天网点哐哐的", "没有", ""])
    assert found.label.tolist() == [POSITIVE, NEGATIVE, NONE, NONE]
    assert found.polarity[0] > 0.8 > 0.2 > found.polarity[1]
    assert np.isnan(found.polarity[2:]).all()


def test_the_figures_are_those_of_comments_not_learned_from(learned: Trained) -> None:
    assert learned.cross_validated.value("two_class", "macro_f1") > 0.95
    rng = np.random.default_rng(9)
    texts, labels = invented(160, rng)
    # Labels by the toss of a coin cannot be learned, and the figures must say so.
    tossed = ["positive" if one else "negative" for one in rng.integers(2, size=len(labels))]
    by_chance = train(texts, tossed, base=False, seed=5).cross_validated
    assert by_chance.value("two_class", "accuracy") < 0.65


def test_labels_that_do_not_occur_are_not_given_but_none(learned: Trained) -> None:
    base = KeywordEngine().read(["打了电话", "又好又慢", "没有"])
    found = learned.engine.read(["打了电话", "又好又慢", "没有"])
    assert [LABELS[k] for k in base.label] == ["neutral", "mixed", "none"]
    assert set(found.label[:2].tolist()) <= {POSITIVE, NEGATIVE}
    assert found.label[2] == NONE


def test_no_batch_changes_a_bit(learned: Trained) -> None:
    texts = [*invented(40, np.random.default_rng(3))[0], None, ""]
    whole = learned.engine.read(texts)
    alone = Readings.joined([learned.engine.read([text]) for text in texts])
    assert whole.polarity.tobytes() == alone.polarity.tobytes()
    assert whole.label.tolist() == alone.label.tolist()
    assert len(learned.engine.read([])) == 0


def test_a_model_survives_its_file_and_is_the_same_bytes_again(learned: Trained, tmp_path: Path) -> None:
    path = tmp_path / "own.npz"
    learned.engine.save(path)
    again = engine_of(str(path))
    assert isinstance(again, TrainedEngine)
    assert again.name == learned.engine.name
    texts = invented(30, np.random.default_rng(4))[0]
    assert again.read(texts).polarity.tobytes() == learned.engine.read(texts).polarity.tobytes()
    again.save(tmp_path / "again.npz")
    assert path.read_bytes() == (tmp_path / "again.npz").read_bytes()


def test_a_model_that_was_not_made_by_training_here_is_refused(tmp_path: Path) -> None:
    from satsurvey.text.model import builtin_sentiment

    path = tmp_path / "m.npz"
    builtin_sentiment().save(path)
    with pytest.raises(ModelError, match="does not say how it is blended") as caught:
        TrainedEngine.load(path)
    assert caught.value.file == str(path)


def test_too_few_labels_are_refused() -> None:
    with pytest.raises(MethodError):
        train(["好", "差"], ["1", "0"])
    with pytest.raises(MethodError):
        train([f"好{k}" for k in range(100)], ["1"] * 100)
    with pytest.raises(MethodError, match="different lengths"):
        train(["好"], ["1", "0"])


def test_an_aspect_that_the_built_in_engine_misses_is_learned() -> None:
    rng = np.random.default_rng(6)
    texts, labels = invented(240, rng)
    aspects = ["product-" if "页面" in text or k % 5 == 0 else "" for k, text in enumerate(texts)]
    texts = [f"{text}闪退" if aspect else text for text, aspect in zip(texts, aspects, strict=True)]
    made = train(texts, labels, aspects=aspects, base=False, seed=5)
    assert "product-" in made.about["outputs"]  # type: ignore[operator]
    comment, aspect, label = made.engine.read(["昨天短信闪退哐哐的", "昨天短信哐哐的"]).aspect_labels()
    assert (comment.tolist(), aspect.tolist(), label.tolist()) == (
        [0],
        [ASPECTS.index("product")],
        [NEGATIVE],
    )
    assert made.cross_validated.value("aspects", "micro_f1") > 0.9


def test_few_labelled_aspects_are_left_to_the_built_in_engine() -> None:
    texts, labels = invented(120, np.random.default_rng(7))
    made = train(texts, labels, aspects=["price+"] * 120, base=False)
    assert made.about["outputs"] == ["positive"]
    assert made.notes == ("aspects are learned from 200 labelled comments on; there are 120",)


def test_a_label_with_few_comments_is_read_as_before() -> None:
    texts, labels = invented(120, np.random.default_rng(7))
    made = train([*texts, "一般甲", "一般乙"], [*labels, "neutral", "neutral"], base=False)
    assert made.notes == ("neutral: fewer than 30 labels, so they are read as the built-in engine does",)
    assert made.engine.read(["打了电话"]).label.tolist() == [LABELS.index("neutral")]


def mixed_up(n: int, rng: np.random.Generator) -> tuple[list[str], list[str]]:
    """Comments of five labels, one in five a copy of another."""
    texts, labels = invented(n, rng)
    for k in range(0, n, 4):
        word, labels[k] = (("罢了", "neutral"), ("嘎嘎又哐哐", "mixed"))[k % 8 // 4]
        texts[k] = f"{rng.choice(ENDINGS)}{rng.choice(SUBJECTS)}{word}{k}"
    for k in range(0, n, 5):
        source = int(rng.integers(n))
        texts[k], labels[k] = texts[source], labels[source]
    return texts, labels


def test_the_order_of_the_comments_changes_nothing() -> None:
    texts, labels = mixed_up(240, np.random.default_rng(8))
    aspects = ["product-" if "页面" in text else "" for text in texts]
    weights = np.array([1.0 + len(text) % 3 for text in texts])
    first = train(texts, labels, aspects=aspects, weights=weights, base=False, seed=5)
    for seed in (1, 2):
        order = np.random.default_rng(seed).permutation(240)
        again = train(
            [texts[k] for k in order],
            [labels[k] for k in order],
            aspects=[aspects[k] for k in order],
            weights=weights[order],
            base=False,
            seed=5,
        )
        assert again.engine.name == first.engine.name
        assert again.about == first.about
        assert again.cross_validated.measures.equals(first.cross_validated.measures)
        rows = first.cross_validated.errors["row"].to_numpy() - 1
        others = order[again.cross_validated.errors["row"].to_numpy() - 1]
        assert [texts[k] for k in rows] == [texts[k] for k in others]


def test_copies_of_a_comment_are_in_one_fold() -> None:
    texts, labels = mixed_up(240, np.random.default_rng(8))
    order, fold = _dealt(texts, label_positions(labels), None, None, 5)
    assert sorted(order.tolist()) == list(range(240))
    assert (np.diff(fold) >= 0).all()
    by_text: dict[str, set[int]] = {}
    for row, one in zip(order.tolist(), fold.tolist(), strict=True):
        by_text.setdefault("".join(texts[row].split()), set()).add(one)
    assert len(by_text) < 240
    assert {len(folds) for folds in by_text.values()} == {1}
    assert np.bincount(fold).min() > 240 / 5 * 0.7


def test_comments_that_are_neither_good_nor_bad_are_read_with_the_model_of_their_fold() -> None:
    # Too few neutral ones to be learned; the built-in engine calls them negative, the labels know better.
    rng = np.random.default_rng(12)
    texts, labels = invented(200, rng)
    for k in range(0, 200, 10):
        mood = "嘎嘎的" if k % 20 else "哐哐的"
        texts[k] = f"{rng.choice(ENDINGS)}{rng.choice(SUBJECTS)}{mood}差{k}"
        labels[k] = "neutral"
    made = train(texts, labels, base=False, seed=5)
    told = made.cross_validated.confusion.counts[LABELS.index("neutral")]
    # Without a logit of their own all of them would be read alike.
    assert (told[POSITIVE], told[NEGATIVE]) == (10, 10)


def test_weights_count_in_the_figures() -> None:
    texts, labels = mixed_up(240, np.random.default_rng(8))
    plain = train(texts, labels, base=False, seed=5)
    weights = np.where([label == "positive" for label in labels], 5.0, 1.0)
    weighted = train(texts, labels, weights=weights, base=False, seed=5)
    assert weighted.engine.name == plain.engine.name
    right = plain.cross_validated.confusion.counts
    mass = right * np.where(np.arange(5) == POSITIVE, 5.0, 1.0)[:, None]
    assert weighted.cross_validated.value("five_class", "accuracy") == pytest.approx(
        np.trace(mass) / mass.sum()
    )
    assert any("weighted by how the comments were drawn" in note for note in weighted.notes)
    with pytest.raises(MethodError, match="not one weight"):
        train(texts, labels, weights=[1.0], base=False)


def test_the_best_cut_is_that_of_trying_all() -> None:
    rng = np.random.default_rng(1)
    for _ in range(20):
        logits = np.round(rng.normal(size=40), 1)
        yes = logits + rng.normal(size=40) > 0.5

        def mean_f1(cut: float, logits: np.ndarray = logits, yes: np.ndarray = yes) -> float:
            said = logits >= cut
            scores = []
            for one, two in ((said, yes), (~said, ~yes)):
                scores.append(2 * (one & two).sum() / max(one.sum() + two.sum(), 1))
            return float(np.mean(scores))

        levels = np.unique(logits)
        tried = max(mean_f1(cut) for cut in (levels[:-1] + levels[1:]) / 2)
        assert mean_f1(best_cut(logits, yes)) == pytest.approx(tried)


def test_a_blend_finds_the_weights_that_made_the_data() -> None:
    rng = np.random.default_rng(2)
    features = np.column_stack([np.ones(20_000), rng.normal(size=20_000), rng.integers(2, size=20_000)])
    chance = 1 / (1 + np.exp(-(features @ [0.2, 1.5, -0.7])))
    weights = blended(features, rng.random(20_000) < chance)
    assert weights[1:] == pytest.approx([1.5, -0.7], abs=0.1)


def test_a_learned_label_goes_before_the_built_in_one() -> None:
    base = KeywordEngine().read(["好", "差"])
    blend = np.array([[0.0, 1.0, 0.0], [0.0, 1.0, 0.0]])
    logits = np.array([[2.0, 3.0], [-2.0, -3.0]])
    found = decided(("positive", "neutral"), logits, blend, base, frozenset({0, 1, 2}))
    assert [LABELS[k] for k in found.label] == ["neutral", "negative"]
