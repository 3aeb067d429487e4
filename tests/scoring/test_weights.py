"""Weights against closed forms, a plain restatement, and the eigenvectors of R."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from satsurvey.errors import MethodError
from satsurvey.instrument.model import Instrument
from satsurvey.scoring.weights import (
    dimension_weights,
    entropy_weights,
    item_weight_array,
    item_weights,
    pairwise_weights,
)

REFERENCE = Path(__file__).resolve().parents[1] / "reference"


def make_instrument(**changes: object) -> Instrument:
    data: dict[str, object] = {
        "schema": "satsurvey.instrument/1",
        "id": "three",
        "version": "1",
        "title": {"en": "Three dimensions"},
        "default_scale": "ten",
        "scales": {"ten": {"min": 1, "max": 10}},
        "dimensions": [{"code": code, "text": {"en": code}} for code in "ABC"],
        "items": [
            {"code": code, "dimension": code[0], "text": {"en": code}}
            for code in ("A1", "A2", "A3", "B1", "B2", "C1")
        ],
    }
    return Instrument.model_validate(data | changes)


def test_equal_weights_are_one_over_the_number() -> None:
    weights = dimension_weights(make_instrument(), "equal")
    assert list(weights.values) == ["A", "B", "C"]
    assert weights.array == pytest.approx(np.full(3, 1 / 3), rel=1e-15)
    assert math.isnan(weights.consistency_ratio)


def test_weights_by_items_count_the_items() -> None:
    weights = dimension_weights(make_instrument(), "items")
    assert weights.array == pytest.approx(np.array([3, 2, 1]) / 6, rel=1e-15)
    assert weights.source == "number of items of each dimension"


def test_declared_weights_are_scaled_to_1_in_the_order_of_the_instrument() -> None:
    weights = dimension_weights(make_instrument(), "declared", declared={"C": 5, "A": 30, "B": 15})
    assert weights.values == pytest.approx({"A": 0.6, "B": 0.3, "C": 0.1}, rel=1e-15)
    assert list(weights.values) == ["A", "B", "C"]


def test_declared_weights_come_from_the_instrument_when_the_call_gives_none() -> None:
    dimensions = [
        {"code": code, "text": {"en": code}, "weight": w} for code, w in zip("ABC", (2, 1, 1), strict=True)
    ]
    weights = dimension_weights(make_instrument(dimensions=dimensions), "declared")
    assert weights.array.tolist() == [0.5, 0.25, 0.25]
    with pytest.raises(MethodError, match="no weight is declared for dimension 'A', 'B', 'C'"):
        dimension_weights(make_instrument(), "declared")


@pytest.mark.parametrize(
    ("declared", "words"),
    [
        ({"A": 1, "B": -0.5, "C": 1}, "weight of dimension B is no weight"),
        ({"A": 1, "B": float("nan"), "C": 1}, "weight of dimension B is no weight"),
        ({"A": 0, "B": 0, "C": 0}, "sum to 0"),
        ({"A": 1, "B": 1}, "no weight is declared for dimension 'C'"),
        ({"A": 1, "B": 1, "C": 1, "G": 1}, "'G', which is no dimension"),
    ],
)
def test_weights_that_are_no_weights_are_refused(declared: dict[str, float], words: str) -> None:
    with pytest.raises(MethodError, match=words):
        dimension_weights(make_instrument(), "declared", declared=declared)


def test_entropy_weights_restated_term_by_term() -> None:
    rng = np.random.default_rng(3)
    scores = np.column_stack([rng.uniform(60, 95, 30), rng.uniform(78, 84, 30), rng.uniform(20, 99, 30)])
    divergence = []
    for column in scores.T:
        shares = [x / sum(column) for x in column]
        divergence.append(1 + sum(p * math.log(p) for p in shares) / math.log(30))
    expected = np.array(divergence) / sum(divergence)
    weights = dimension_weights(make_instrument(), "entropy", scores=scores)
    # The restatement loses about four digits to cancellation; the weights themselves do not.
    assert weights.array == pytest.approx(expected, rel=1e-9)
    assert weights.detail == "over 30 companies"
    assert "Hwang & Yoon 1981" in weights.source


def test_entropy_of_two_companies_has_its_closed_form_and_a_share_of_0_is_allowed() -> None:
    # One company holds all of the second column: entropy 0, so 1 - e = 1; the first is uniform: 1 - e = 0.
    assert entropy_weights([[5.0, 0.0], [5.0, 8.0]]) == pytest.approx([0.0, 1.0], abs=1e-15)
    quarter = 1 + (0.25 * math.log(0.25) + 0.75 * math.log(0.75)) / math.log(2)
    found = entropy_weights([[1.0, 0.0], [3.0, 8.0]])
    assert found == pytest.approx([quarter / (1 + quarter), 1 / (1 + quarter)], rel=1e-14)


def test_companies_that_miss_a_score_are_left_out_of_entropy_and_counted() -> None:
    scores = np.array([[80.0, 70, 90], [60, 75, 91], [90, 71, 95], [np.nan, 1, 99]])
    weights = dimension_weights(make_instrument(), "entropy", scores=scores)
    assert weights.array == pytest.approx(entropy_weights(scores[:3]), rel=1e-15)
    assert weights.detail == "over 3 companies; without 1 that miss a score"


@pytest.mark.parametrize(
    ("scores", "words"),
    [
        (None, "need the scores"),
        ([[1.0, 2.0], [2.0, 3.0]], "one column for each dimension"),
        ([[80.0, 80.0, 80.0]], "two companies"),
        ([[80.0, 80.0, 80.0], [80.0, 80.0, 80.0]], "no score differs"),
        ([[80.0, -1.0, 80.0], [80.0, 80.0, 80.0]], "scores from 0"),
        ([[80.0, 0.0, 80.0], [80.0, 0.0, 80.0]], "every company scores 0"),
    ],
)
def test_entropy_without_scores_that_differ_is_refused(scores: object, words: str) -> None:
    with pytest.raises(MethodError, match=words):
        dimension_weights(make_instrument(), "entropy", scores=scores)  # type: ignore[arg-type]


def test_a_consistent_pairwise_matrix_gives_back_its_weights_and_ratio_0() -> None:
    truth = np.array([0.4, 0.3, 0.2, 0.1])
    weights, ratio = pairwise_weights((truth[:, None] / truth).tolist())
    assert weights == pytest.approx(truth, rel=1e-12)
    assert ratio == pytest.approx(0, abs=1e-12)


def test_three_by_three_has_its_closed_form() -> None:
    # Of three the principal eigenvector is the row's geometric mean, and lambda = 1 + t + 1/t with
    # t = (a13 / (a12 a23))^(1/3); Saaty's random index of three is 0.58.
    a12, a13, a23 = 2.0, 5.0, 3.0
    matrix = [[1, a12, a13], [1 / a12, 1, a23], [1 / a13, 1 / a23, 1]]
    weights = dimension_weights(make_instrument(), "ahp", ahp=matrix)
    means = np.array([math.prod(row) ** (1 / 3) for row in matrix])
    t = (a13 / (a12 * a23)) ** (1 / 3)
    assert weights.array == pytest.approx(means / means.sum(), rel=1e-12)
    assert weights.consistency_ratio == pytest.approx((1 + t + 1 / t - 3) / 2 / 0.58, rel=1e-10)
    assert weights.detail == f"consistency ratio CR = {weights.consistency_ratio:.4f}"


@pytest.mark.parametrize("case", ["four", "six", "contradicting"])
def test_larger_matrices_agree_with_the_eigenvectors_of_r(case: str) -> None:
    expected = json.loads((REFERENCE / "weights.json").read_text(encoding="utf-8"))["ahp"][case]
    weights, ratio = pairwise_weights(expected["matrix"])
    assert weights == pytest.approx(np.array(expected["weights"]), rel=1e-10)
    assert ratio == pytest.approx(expected["ratio"], rel=1e-8)


def test_judgements_that_contradict_each_other_are_refused_with_their_ratio() -> None:
    # a over b over c, but c over a: t = (1/9 / 9)^(1/3), CR = (1 + t + 1/t - 3) / 2 / 0.58.
    matrix = [[1, 3, 1 / 9], [1 / 3, 1, 3], [9, 1 / 3, 1]]
    t = (1 / 81) ** (1 / 3)
    with pytest.raises(
        MethodError, match=rf"(?s)contradict.*CR = {(t + 1 / t - 2) / 2 / 0.58:.4f}.*below 0.1"
    ):
        dimension_weights(make_instrument(), "ahp", ahp=matrix)


def test_typed_reciprocals_are_accepted_and_the_upper_triangle_counts() -> None:
    typed, _ = pairwise_weights([[1, 3, 7], [0.33, 1, 3], [0.143, 0.33, 1]])
    exact, _ = pairwise_weights([[1, 3, 7], [1 / 3, 1, 3], [1 / 7, 1 / 3, 1]])
    assert typed == pytest.approx(exact, rel=1e-13)


@pytest.mark.parametrize(
    ("matrix", "words"),
    [
        ([[1, 2], [0.5, 1]], "wrong number of rows"),
        ([[1, 2, 3], [0.5, 1], [1, 1, 1]], "not square"),
        (
            [[1, 2, 3], [2, 1, 3], [1 / 3, 1 / 3, 1]],
            r"(?s)not reciprocal.*row 1, column 2 is 2.*expected: 0.5",
        ),
        ([[1, 2, 0], [0.5, 1, 3], [1 / 3, 1 / 3, 1]], "not a positive number"),
        ([[2, 2, 3], [0.5, 1, 3], [1 / 3, 1 / 3, 1]], "diagonal"),
        ([], "need a pairwise matrix"),
    ],
)
def test_matrices_that_are_no_judgements_are_refused(matrix: list[list[float]], words: str) -> None:
    with pytest.raises(MethodError, match=words):
        dimension_weights(make_instrument(), "ahp", ahp=matrix)


def test_sixteen_things_cannot_be_compared_in_pairs() -> None:
    with pytest.raises(MethodError, match="up to 15"):
        pairwise_weights(np.ones((16, 16)).tolist())


def test_item_weights_sum_to_1_inside_each_dimension_in_item_order() -> None:
    instrument = make_instrument()
    declared = {"A1": 2, "A2": 1, "A3": 1, "B1": 3, "B2": 1, "C1": 7}
    weights = item_weights(instrument, "declared", declared=declared)
    assert item_weight_array(instrument, weights).tolist() == [0.5, 0.25, 0.25, 0.75, 0.25, 1.0]
    equal = item_weight_array(instrument, item_weights(instrument, "equal"))
    assert equal == pytest.approx([1 / 3, 1 / 3, 1 / 3, 0.5, 0.5, 1.0], rel=1e-15)


def test_item_entropy_is_taken_inside_each_dimension() -> None:
    rng = np.random.default_rng(4)
    scores = rng.uniform(50, 100, (12, 6))
    weights = item_weights(make_instrument(), "entropy", scores=scores)
    assert weights["A"].array == pytest.approx(entropy_weights(scores[:, :3]), rel=1e-15)
    assert weights["C"].values == {"C1": 1.0}


def test_item_matrices_come_from_the_instrument_and_single_items_need_none() -> None:
    matrices = {"A": ((1, 2, 4), (0.5, 1, 2), (0.25, 0.5, 1)), "B": ((1, 4), (0.25, 1))}
    instrument = make_instrument(scoring={"ahp_items": matrices})
    weights = item_weights(instrument, "ahp")
    assert item_weight_array(instrument, weights) == pytest.approx(
        [4 / 7, 2 / 7, 1 / 7, 0.8, 0.2, 1], rel=1e-12
    )
    with pytest.raises(MethodError, match="item of dimension B"):
        item_weights(instrument, "ahp", ahp={"A": matrices["A"]})
    with pytest.raises(MethodError, match="'X', which is no dimension"):
        item_weights(instrument, "ahp", ahp={**matrices, "X": matrices["B"]})


def test_an_unknown_weighting_is_refused_with_those_that_exist() -> None:
    with pytest.raises(MethodError, match="equal, items, declared, entropy, ahp"):
        dimension_weights(make_instrument(), "regression")  # type: ignore[arg-type]
    with pytest.raises(MethodError, match="equal, declared, entropy, ahp"):
        item_weights(make_instrument(), "items")  # type: ignore[arg-type]
