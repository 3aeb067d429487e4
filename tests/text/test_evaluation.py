"""Figures of quality against restatements, and their intervals against known truth."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest
from keyword_engine import KeywordEngine

from satsurvey.errors import MethodError
from satsurvey.text.evaluation import Evaluation, evaluate, label_positions, measured
from satsurvey.text.figures import auc, label_figures
from satsurvey.text.readings import (
    ASPECTS,
    LABELS,
    MIXED,
    NEGATIVE,
    NEUTRAL,
    NONE,
    POSITIVE,
    Mentions,
    Readings,
)


def read(labels: Sequence[int], polarity: Sequence[float], mentions: Mentions | None = None) -> Readings:
    return Readings(np.array(labels, np.int8), np.array(polarity, float), mentions or Mentions.nothing())


def made(rng: np.random.Generator, n: int) -> tuple[np.ndarray, Readings]:
    truth = rng.choice(5, size=n, p=[0.35, 0.15, 0.3, 0.1, 0.1]).astype(np.int8)
    given = np.where(rng.random(n) < 0.8, truth, rng.integers(5, size=n)).astype(np.int8)
    polarity = np.round(np.clip(rng.normal(np.where(truth == POSITIVE, 0.7, 0.3), 0.25), 0, 1), 2)
    return truth, read(given, np.where(given == NONE, np.nan, polarity))


def restated(truth: list[int], given: list[int]) -> dict[str, float]:
    """Accuracy, balanced accuracy and macro-F1 by counting, one label at a time."""
    recalls, scores = [], []
    for label in sorted(set(truth)):
        both = sum(t == g == label for t, g in zip(truth, given, strict=True))
        recalls.append(both / truth.count(label))
        precision = both / given.count(label) if given.count(label) else 0.0
        total = precision + recalls[-1]
        scores.append(2 * precision * recalls[-1] / total if total else 0.0)
    right = sum(t == g for t, g in zip(truth, given, strict=True))
    return {
        "accuracy": right / len(truth),
        "balanced_accuracy": sum(recalls) / len(recalls),
        "macro_f1": sum(scores) / len(scores),
    }


def test_figures_of_labels_are_those_of_counting() -> None:
    truth, readings = made(np.random.default_rng(1), 300)
    found = measured("x", [""] * 300, truth, readings, resamples=50)
    polarity = np.where(np.isnan(readings.polarity), 0.5, readings.polarity)
    told = np.isin(truth, (NEGATIVE, POSITIVE))
    plain = told | (truth == NEUTRAL)
    folded = np.where(np.isin(readings.label, (MIXED, NONE)), NEUTRAL, readings.label)
    expected = {
        "two_class": restated(
            truth[told].tolist(), np.where(polarity[told] >= 0.5, POSITIVE, NEGATIVE).tolist()
        ),
        "three_class": restated(truth[plain].tolist(), folded[plain].tolist()),
        "five_class": restated(truth.tolist(), readings.label.tolist()),
    }
    for scheme, figures in expected.items():
        for name, value in figures.items():
            assert found.value(scheme, name) == pytest.approx(value), (scheme, name)


def test_auc_is_the_share_of_pairs_in_the_right_order() -> None:
    truth, readings = made(np.random.default_rng(2), 120)
    polarity = np.where(np.isnan(readings.polarity), 0.5, readings.polarity)
    good, bad = polarity[truth == POSITIVE], polarity[truth == NEGATIVE]
    pairs = [(p > n) + (p == n) / 2 for p, n in product(good, bad)]
    found = measured("x", [""] * 120, truth, readings, resamples=50)
    assert found.value("two_class", "auc") == pytest.approx(np.mean(pairs))
    assert np.isnan(auc(np.array([[3.0, 0.0, 2.0, 0.0]]))[0])


def test_brier_and_calibration_are_those_of_their_definitions() -> None:
    truth, readings = made(np.random.default_rng(3), 200)
    told = np.isin(truth, (NEGATIVE, POSITIVE))
    polarity = np.where(np.isnan(readings.polarity), 0.5, readings.polarity)[told]
    positive = (truth[told] == POSITIVE).astype(float)
    found = measured("x", [""] * 200, truth, readings, resamples=50)
    assert found.value("two_class", "brier") == pytest.approx(np.mean((polarity - positive) ** 2))
    bins = np.minimum((polarity * 10).astype(int), 9)
    error = sum(abs((polarity[bins == b] - positive[bins == b]).sum()) for b in range(10)) / polarity.size
    assert found.value("two_class", "calibration_error") == pytest.approx(error)
    table = found.reliability
    assert table["n"].sum() == polarity.size
    for row in table.to_dict("records"):
        mine = bins == round(row["from"] * 10)
        assert row["positive"] == pytest.approx(positive[mine].mean())
        assert row["polarity"] == pytest.approx(polarity[mine].mean())
        assert row["ci_low"] <= row["positive"] <= row["ci_high"]


def test_aspects_count_with_their_direction_and_without() -> None:
    access, price = ASPECTS.index("access"), ASPECTS.index("price")
    rows = np.array(
        [[0, access, NEGATIVE], [0, price, POSITIVE], [1, access, POSITIVE], [2, price, NEUTRAL]], np.int64
    )
    zero = np.zeros(4, np.int64)
    mentions = Mentions(rows[:, 0], zero, zero, rows[:, 1].astype(np.int8), rows[:, 2].astype(np.int8))
    readings = read([NEGATIVE, POSITIVE, NEUTRAL], [0.1, 0.9, 0.5], mentions)
    truth = np.array([NEGATIVE, POSITIVE, NEUTRAL], np.int8)
    aspects = [frozenset({(access, -1)}), frozenset({(access, -1)}), frozenset({(price, -1)})]
    found = measured("x", ["", "", ""], truth, readings, aspects=aspects, resamples=50)
    # Right: access- of the first. Wrong: price+, access+. Missed: access- of the second, price- of the third.
    assert found.value("aspects", "micro_f1") == pytest.approx(2 * 1 / (2 * 1 + 2 + 2))
    # Whatever the direction: access twice right, price wrong in the first and missed in the third.
    assert found.value("aspects", "micro_f1_any_direction") == pytest.approx(2 * 2 / (2 * 2 + 1 + 1))
    assert found.value("aspects", "f1", "price") == 0.0


def test_every_figure_lies_in_its_interval_and_names_how_it_was_made() -> None:
    truth, readings = made(np.random.default_rng(4), 400)
    frame = measured("x", [""] * 400, truth, readings).measures
    assert set(frame["interval"]) == {"wilson", "bootstrap"}
    known = frame[frame["value"].notna()]
    # The calibration error is biased upward in resamples, which have more noise in every bin.
    rest = known[known["measure"] != "calibration_error"]
    assert ((rest["ci_low"] <= rest["value"]) & (rest["value"] <= rest["ci_high"])).all()
    assert known[["ci_low", "ci_high"]].notna().all().all()


def test_the_interval_of_macro_f1_covers_what_large_samples_give() -> None:
    rng = np.random.default_rng(8)
    truth, readings = made(rng, 200_000)
    whole = measured("x", [""] * truth.size, truth, readings, resamples=10)
    target = {name: whole.value("two_class", name) for name in ("macro_f1", "auc", "brier")}
    covered = dict.fromkeys(target, 0)
    for _ in range(200):
        some = rng.choice(truth.size, 250, replace=False)
        part = read(readings.label[some].tolist(), readings.polarity[some].tolist())
        frame = measured("x", [""] * 250, truth[some], part, resamples=200).measures
        rows = frame[(frame["scheme"] == "two_class") & (frame["label"] == "")].set_index("measure")
        for name, value in target.items():
            covered[name] += rows.loc[name, "ci_low"] <= value <= rows.loc[name, "ci_high"]
    # Binomial error of 200 draws at .95: three standard errors are .046.
    assert all(0.9 <= n / 200 <= 0.995 for n in covered.values()), covered


def test_a_weight_is_as_many_comments_of_the_kind() -> None:
    truth, readings = made(np.random.default_rng(6), 150)
    times = np.random.default_rng(7).integers(1, 5, 150)
    again = np.repeat(np.arange(150), times)
    rows = np.array([[k, k % 3, POSITIVE] for k in range(0, 150, 2)])
    zero = np.zeros(len(rows), np.int64)
    mentions = Mentions(rows[:, 0], zero, zero, rows[:, 1].astype(np.int8), rows[:, 2].astype(np.int8))
    aspects = [frozenset({(k % 4, 1)}) for k in range(150)]
    place = {k: np.flatnonzero(again == k) for k in range(150)}
    copies = [(copy, k % 3) for k in range(0, 150, 2) for copy in place[k]]
    zero = np.zeros(len(copies), np.int64)
    of_copies = Mentions(
        np.array([one for one, _ in copies]),
        zero,
        zero,
        np.array([aspect for _, aspect in copies], np.int8),
        np.full(len(copies), POSITIVE, np.int8),
    )
    weighted = measured(
        "x",
        [""] * 150,
        truth,
        Readings(readings.label, readings.polarity, mentions),
        aspects=aspects,
        weights=times.astype(float),
        resamples=20,
    )
    copied = measured(
        "x",
        [""] * again.size,
        truth[again],
        Readings(readings.label[again], readings.polarity[again], of_copies),
        aspects=[aspects[k] for k in again],
        resamples=20,
    )
    keys = ["scheme", "measure", "label"]
    assert weighted.measures[keys].equals(copied.measures[keys])
    assert weighted.measures["value"].tolist() == pytest.approx(
        copied.measures["value"].tolist(), nan_ok=True
    )
    assert weighted.reliability["positive"].tolist() == pytest.approx(copied.reliability["positive"].tolist())
    assert weighted.confusion.weighted == pytest.approx(copied.confusion.counts)
    assert weighted.confusion.counts.sum() == weighted.n == 150
    assert any("weighted by how the comments were drawn" in note for note in weighted.notes)
    assert weighted.confusion.aspects is not None
    assert weighted.confusion.aspects["micro_f1"] == weighted.value("aspects", "micro_f1")


def test_the_same_seed_gives_the_same_figures() -> None:
    truth, readings = made(np.random.default_rng(5), 100)
    first = measured("x", [""] * 100, truth, readings, seed=3).measures
    assert first.equals(measured("x", [""] * 100, truth, readings, seed=3).measures)
    assert not first.equals(measured("x", [""] * 100, truth, readings, seed=4).measures)


def test_the_worst_errors_come_first_and_are_masked() -> None:
    texts = ["很好，电话13800138000", "差", "好"]
    truth = np.array([NEGATIVE, POSITIVE, POSITIVE], np.int8)
    found = measured(
        "x", texts, truth, read([POSITIVE, NEGATIVE, POSITIVE], [0.99, 0.4, 0.9]), rows=[7, 8, 9]
    )
    assert found.errors["row"].tolist() == [7, 8]
    assert found.errors["surprise"].tolist() == pytest.approx([0.99, 0.6])
    assert found.errors["text"].tolist() == ["很好，电话[手机号]", "差"]
    assert found.confusion.counts[NEGATIVE, POSITIVE] == 1


def run(labels: Sequence[str | int], **options: object) -> Evaluation:
    return evaluate(KeywordEngine(), ["态度好", "太慢", "没有"][: len(labels)], labels, **options)  # type: ignore[arg-type]


def test_labels_may_be_written_in_any_way() -> None:
    for labels in (["positive", "0", "无"], ["正面", "负面", "none"], [1, 0, "none"]):
        assert run(labels).value("five_class", "accuracy") == 1.0


def test_a_file_of_two_labels_has_figures_of_two_classes_only() -> None:
    found = run(["1", "0"])
    assert set(found.measures["scheme"]) == {"two_class"}
    assert found.notes == (
        "fewer than 30 comments are labelled negative, positive: their figures say little",
    )


def test_one_label_alone_says_so() -> None:
    found = run(["1"])
    assert (
        "positive and negative comments are needed for two classes, and one of both is absent" in found.notes
    )


def test_wrong_calls_are_refused_with_their_row() -> None:
    with pytest.raises(MethodError, match="this is no label") as caught:
        run(["1", "vielleicht"])
    assert caught.value.row == 2
    with pytest.raises(MethodError, match="different lengths"):
        evaluate(KeywordEngine(), ["好"], ["1", "0"])
    with pytest.raises(MethodError, match="this is no list of aspects"):
        run(["1"], aspects=["nothing"])
    with pytest.raises(MethodError, match="no labelled comment"):
        evaluate(KeywordEngine(), [], [])
    with pytest.raises(MethodError, match="this is no engine"):
        evaluate(3, ["好"], ["1"])  # type: ignore[arg-type]


def test_figures_of_a_table_leave_out_labels_that_do_not_occur() -> None:
    counts = np.zeros((5, 5))
    counts[NEGATIVE, NEGATIVE], counts[POSITIVE, MIXED], counts[POSITIVE, POSITIVE] = 4, 1, 3
    found = label_figures(counts)
    assert found["macro_f1"] == pytest.approx((1 + 6 / 7) / 2)
    assert np.isnan(found["f1"][LABELS.index("neutral")])


# Labels as numbers -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("made", [list, tuple, np.array, pd.Series], ids=["list", "tuple", "array", "series"])
@pytest.mark.parametrize(
    ("numbers", "names"),
    [
        ([0, 1], ["negative", "positive"]),
        ([0, 1, 2], ["negative", "positive", "neutral"]),
        ([-1, 0, 1], ["negative", "neutral", "positive"]),
    ],
)
def test_numbers_mean_what_they_mean_in_a_file(made: Any, numbers: list[int], names: list[str]) -> None:
    expected = [LABELS.index(name) for name in names]
    assert label_positions(made(numbers)).tolist() == expected
    assert label_positions(made([str(number) for number in numbers])).tolist() == expected
    assert label_positions(names).tolist() == expected


@pytest.mark.parametrize(
    "wrong",
    [
        1.9,
        1.0,
        float("nan"),
        float("inf"),
        None,
        True,
        b"1",
        99,
        -2,
        [],
        "?",
        pytest.param(10**5000, id="big"),
    ],
)
def test_what_is_no_whole_number_is_no_label(wrong: Any) -> None:
    with pytest.raises(MethodError, match="this is no label") as caught:
        label_positions(["1", wrong])
    assert caught.value.row == 2
    with pytest.raises(MethodError):
        evaluate(KeywordEngine(), ["好"], [wrong])


def test_a_label_that_is_none_is_quoted_without_personal_data() -> None:
    with pytest.raises(MethodError) as caught:
        label_positions(["我叫张伟13800138000"])
    assert "张伟" not in str(caught.value)
    assert "13800138000" not in str(caught.value)
