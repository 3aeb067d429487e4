"""The 0-100 conversions against numbers worked by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from satsurvey.errors import MethodError
from satsurvey.instrument.library import load_instrument
from satsurvey.instrument.model import Scale
from satsurvey.scoring.rescale import conversion_formula, item_level_scores, level_scores

TEN = Scale(min=1, max=10)
FIVE = Scale(min=1, max=5, anchors={"1": 0, "2": 30, "3": 60, "4": 80, "5": 100})


def test_share_of_max_of_ten_levels_is_their_tenths() -> None:
    assert level_scores(TEN, "share_of_max").tolist() == [10, 20, 30, 40, 50, 60, 70, 80, 90, 100]


def test_min_max_starts_at_0() -> None:
    assert level_scores(FIVE, "min_max").tolist() == [0, 25, 50, 75, 100]
    assert level_scores(Scale(min=-2, max=2), "min_max").tolist() == [0, 25, 50, 75, 100]


def test_anchors_are_taken_as_declared() -> None:
    assert level_scores(FIVE, "anchored").tolist() == [0, 30, 60, 80, 100]


def test_reverse_turns_the_answer_and_not_the_score() -> None:
    # 11 - x of ten: the best answer 1 becomes 10, the worst 10 becomes 1, which is 10 of 100 and not 0.
    assert level_scores(TEN, "share_of_max", reverse=True).tolist() == [
        100,
        90,
        80,
        70,
        60,
        50,
        40,
        30,
        20,
        10,
    ]
    assert level_scores(FIVE, "min_max", reverse=True).tolist() == [100, 75, 50, 25, 0]
    assert level_scores(FIVE, "anchored", reverse=True).tolist() == [100, 80, 60, 30, 0]


def test_levels_by_tenths_carry_no_binary_dust() -> None:
    scores = level_scores(Scale(min=0, max=1, step=0.1), "share_of_max")
    assert scores.tolist() == [0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100]


@given(st.integers(0, 5), st.integers(1, 20), st.sampled_from(["share_of_max", "min_max"]), st.booleans())
def test_scores_rise_with_the_answer_and_end_at_100(low: int, width: int, method: str, reverse: bool) -> None:
    scale = Scale(min=low, max=low + width)
    scores = level_scores(scale, method, reverse=reverse)  # type: ignore[arg-type]
    if reverse:
        scores = scores[::-1]
    assert scores[-1] == 100
    assert (scores[1:] > scores[:-1]).all()
    for x, score in zip(scale.values, scores, strict=True):
        share = x / scale.max if method == "share_of_max" else (x - low) / width
        assert score == pytest.approx(100 * share, rel=1e-14)


@pytest.mark.parametrize(
    ("scale", "method", "words"),
    [
        (TEN, "anchored", "no anchors"),
        (Scale(min=1, max=3, anchors={"1": 0, "3": 100}), "anchored", "no anchor for 2"),
        (Scale(min=-1, max=1), "share_of_max", "a scale from -1 to 1"),
        (Scale(min=-5, max=0), "share_of_max", "max > 0"),
        (Scale(min=3, max=3), "min_max", "two levels"),
        (TEN, "percent", "share_of_max, min_max, anchored"),
    ],
)
def test_conversions_that_cannot_be_done_are_refused_in_words(scale: Scale, method: str, words: str) -> None:
    with pytest.raises(MethodError, match=words):
        level_scores(scale, method)  # type: ignore[arg-type]


def test_formulas_are_printed() -> None:
    assert conversion_formula("share_of_max") == "score = x / max × 100"
    assert conversion_formula("min_max") == "score = (x - min) / (max - min) × 100"
    assert "instrument declares" in conversion_formula("anchored")
    with pytest.raises(MethodError, match="not known"):
        conversion_formula("percent")  # type: ignore[arg-type]


def test_every_item_of_the_shipped_instrument_has_its_scores() -> None:
    instrument = load_instrument("contact-centre-22")
    scales = [instrument.scale_of(item) for item in instrument.items]
    tables = item_level_scores(instrument, scales, "share_of_max")
    assert len(tables) == 22
    assert all(table[-1] == 100 for table in tables)


def test_the_item_that_cannot_be_converted_is_named() -> None:
    instrument = load_instrument("contact-centre-22")
    scales = [instrument.scale_of(item) for item in instrument.items]
    scales[4] = Scale(min=-1, max=1)
    with pytest.raises(MethodError, match=f"item {instrument.items[4].code}: share_of_max"):
        item_level_scores(instrument, scales, "share_of_max")
