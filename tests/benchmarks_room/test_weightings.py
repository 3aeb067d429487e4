"""Weights: the published vector, declared weights, drawn weights, and ranks that rest on them."""

from __future__ import annotations

from fractions import Fraction
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest

from satsurvey.benchmarks.indicators import load_scorecard
from satsurvey.benchmarks.weightings import (
    WeightsError,
    declared_weights,
    dependence,
    drawn_weights,
    rank_bounds,
    rank_order_centroid,
    read_weights,
)
from satsurvey.errors import MethodError

DESIGN = load_scorecard()
SURE = np.ones(3, dtype=np.bool_)


def test_the_weights_by_rank_order_of_ten_indicators_are_the_published_ones() -> None:
    published = [0.2929, 0.1929, 0.1429, 0.1096, 0.0846, 0.0646, 0.0479, 0.0336, 0.0211, 0.0100]
    assert rank_order_centroid(10).round(4).tolist() == published


@pytest.mark.parametrize("k", [1, 2, 3, 7, 10, 40])
def test_the_weights_by_rank_order_are_the_fractions_of_the_formula(k: int) -> None:
    exact = [sum(Fraction(1, j) for j in range(i, k + 1)) / k for i in range(1, k + 1)]
    assert sum(exact) == 1
    assert rank_order_centroid(k) == pytest.approx([float(part) for part in exact], rel=1e-13)


def test_weights_of_nothing_are_refused() -> None:
    with pytest.raises(MethodError):
        rank_order_centroid(0)


def test_drawn_weights_add_up_respect_the_order_and_have_the_centroid_as_mean() -> None:
    free, ordered = (drawn_weights(10, ordered=kind) for kind in (False, True))
    assert free.shape == ordered.shape == (10_000, 10)
    for drawn, mean in ((free, np.full(10, 0.1)), (ordered, rank_order_centroid(10))):
        assert np.abs(drawn.sum(axis=1) - 1).max() < 1e-12
        # Monte Carlo error: five standard errors of the mean of 10,000 draws.
        assert (np.abs(drawn.mean(axis=0) - mean) < 5 * drawn.std(axis=0) / 100).all()
    assert (np.diff(ordered, axis=1) <= 0).all()
    assert (drawn_weights(10, ordered=True) == ordered).all()
    assert (drawn_weights(10, ordered=True, seed=1) != ordered).any()


def test_the_share_of_weights_under_which_one_of_two_is_first_is_known() -> None:
    # With two indicators and scores (1, 0) and (0, c), the first leads when w > c (1 - w): share 1/(1 + c).
    for c in (0.25, 1.0, 3.0):
        scores = np.array([[1.0, 0.0], [0.0, c]])
        found = dependence(scores, scores, drawn_weights(2, ordered=False, draws=40_000), sure=SURE[:2])
        assert found["first_low"][0] == pytest.approx(1 / (1 + c), abs=0.0125)
        assert found["first_low"].sum() == pytest.approx(1)


def test_a_vendor_better_on_all_is_first_under_all_weights() -> None:
    scores = np.array([[9.0, 9, 9], [5, 5, 5], [5, 5, 1]])
    found = dependence(scores, scores, drawn_weights(3, ordered=False, draws=500), sure=SURE)
    assert found["first_low"].tolist() == [1, 0, 0]
    assert found[["rank_best", "rank_worst"]].values.tolist() == [[1, 1], [2, 2], [3, 3]]


def test_ranks_under_missing_scores_hold_every_order_they_could_have() -> None:
    rng = np.random.default_rng(3)
    for _ in range(30):
        low = rng.integers(0, 6, 4).astype(float)
        high = low + rng.integers(0, 4, 4)
        best, worst = rank_bounds(low[None], high[None], np.ones(4, dtype=np.bool_))
        seen = [
            1 + (scores > scores[:, None]).sum(axis=1)
            for ends in permutations((0, 1, 0, 1))
            for scores in [np.where(np.array(ends) == 1, high, low)]
        ]
        # The extremes of a rank are reached at ends of the bounds: own low and others high, and the reverse.
        for v in range(4):
            others = np.delete(np.arange(4), v)
            assert best[0, v] == 1 + (low[others] > high[v]).sum()
            assert worst[0, v] == 1 + (high[others] > low[v]).sum()
            assert all(best[0, v] <= ranks[v] <= worst[0, v] for ranks in seen)


def test_ties_share_the_smaller_rank() -> None:
    totals = np.array([[5.0, 5.0, 3.0]])
    best, worst = rank_bounds(totals, totals, SURE)
    assert best.tolist() == worst.tolist() == [[1, 1, 3]]


def test_a_vendor_that_may_fail_the_gate_pushes_nobody_down_for_certain() -> None:
    totals = np.array([[9.0, 5.0, 3.0]])
    best, worst = rank_bounds(totals, totals, np.array([False, True, True]))
    assert best.tolist() == [[1, 1, 2]]
    assert worst.tolist() == [[1, 2, 3]]


def test_declared_weights_are_made_to_add_up() -> None:
    found = declared_weights({"a": 3, "b": 1, "c": 0}, ["a", "b", "c"])
    assert found.tolist() == [0.75, 0.25, 0]


def test_every_fault_of_declared_weights_is_told() -> None:
    with pytest.raises(WeightsError) as caught:
        declared_weights({"respons": 1, "quality": -1, "cost": float("nan")}, DESIGN.codes)
    said = str(caught.value)
    assert "nearest: response" in said
    assert "quality: a weight cannot be -1" in said
    assert "cost: a weight cannot be nan" in said
    assert "emergency: this indicator has no weight" in said
    with pytest.raises(WeightsError, match="no weight is positive"):
        declared_weights(dict.fromkeys(DESIGN.codes, 0.0), DESIGN.codes)


def test_weights_are_read_from_toml_and_from_tables(tmp_path: Path) -> None:
    values = dict(zip(DESIGN.codes, range(10, 0, -1), strict=True))
    toml = tmp_path / "w.toml"
    toml.write_text("[weights]\n" + "".join(f"{k} = {v}\n" for k, v in values.items()), encoding="utf-8")
    names = {indicator.code: indicator.text.zh for indicator in DESIGN.indicators}
    table = tmp_path / "w.csv"
    table.write_text(
        "指标,权重\n" + "".join(f"{names[k]},{v}%\n" for k, v in values.items()), encoding="utf-8-sig"
    )
    wanted = np.arange(10, 0, -1) / 55
    for path in (toml, table):
        assert read_weights(path, DESIGN.indicator_names(), DESIGN.codes) == pytest.approx(wanted)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("w.toml", "x = 1\n", r"no table \[weights\]"),
        ("w.toml", "[weights]\nresponse = true\n", "is no number"),
        ("w.csv", "指标,权重\nresponse,很重\n", "is no number"),
        ("w.csv", "指标,权重\nresponse,1\n响应与接通效率,2\n", "weighted twice"),
    ],
)
def test_files_of_weights_that_cannot_be_used_are_refused(
    name: str, text: str, words: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(WeightsError, match=words):
        read_weights(tmp_path / name, DESIGN.indicator_names(), DESIGN.codes)
