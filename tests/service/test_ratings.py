"""Scales of ratings: who is satisfied on them, and when records can hardly be on the scale that is stated."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from satsurvey.errors import MethodError
from satsurvey.service.maps import RecordMapError, load_map
from satsurvey.service.ratings import RatingScale
from satsurvey.service.reading import read_records

FIVE = RatingScale(low=1, high=5, satisfied=(4, 5))


@pytest.mark.parametrize(
    ("scale", "satisfied", "numbers"),
    [
        ("1-5", "4-5", (1, 5, (4, 5))),
        ("0—10", "9至10", (0, 10, (9, 10))),
        ("1-3", "1-2", (1, 3, (1, 2))),
        ("1到2", "2", (1, 2, (2, 2))),
        ("-1-1", "1", (-1, 1, (1, 1))),
    ],
)
def test_a_scale_is_read_as_people_write_it(
    scale: str, satisfied: str, numbers: tuple[float, float, tuple[float, float]]
) -> None:
    found = RatingScale.of_texts(scale, satisfied)
    assert (found.low, found.high, found.satisfied) == numbers


@pytest.mark.parametrize(
    ("scale", "satisfied", "message"),
    [
        ("五分", "4-5", "no range of ratings"),
        ("5", "4-5", "no range of ratings"),
        ("5-1", "4-5", "make no scale"),
        ("1-5", "6", "make no scale"),
        ("1-5", "1-5", "make no scale"),
    ],
)
def test_what_is_no_scale_is_refused(scale: str, satisfied: str, message: str) -> None:
    with pytest.raises(MethodError, match=message):
        RatingScale.of_texts(scale, satisfied)


def test_ratings_in_the_range_are_satisfied_and_absent_ones_are_absent() -> None:
    ratings = np.array([1.0, 3.9, 4.0, 5.0, np.nan])
    assert FIVE.flags(ratings).tolist() == pytest.approx([0, 0, 1, 1, np.nan], nan_ok=True)
    turned = RatingScale(low=1, high=5, satisfied=(1, 2))
    assert turned.flags(ratings).tolist() == pytest.approx([1, 0, 0, 0, np.nan], nan_ok=True)
    assert (FIVE.best, turned.best) == (5, 1)


def test_ratings_outside_and_a_best_one_that_nobody_gives_are_in_doubt() -> None:
    assert FIVE.doubt(np.array([1.0, 5.0, np.nan])) is None
    assert FIVE.doubt(np.array([1.0, 9.0])) == ("outside", 9.0)
    assert FIVE.doubt(np.array([0.0, 5.0])) == ("outside", 0.0)
    # Ratings of 1 to 5 on what is said to be a scale of ten.
    ten = RatingScale(low=1, high=10, satisfied=(9, 10))
    assert ten.doubt(np.tile([1.0, 3, 5], 10)) == ("never_best", 10.0)
    assert ten.doubt(np.tile([1.0, 3, 5], 9)) is None
    assert ten.doubt(np.tile([1.0, 10], 15)) is None


def test_a_map_says_the_scale_and_the_records_have_it(tmp_path: Path) -> None:
    text = (Path(load_map.__code__.co_filename).parent / "maps" / "general.toml").read_text(encoding="utf-8")
    path = tmp_path / "own.toml"
    path.write_text(f"{text}\n[rating]\nlow = 1\nhigh = 5\nsatisfied = [4, 5]\n", encoding="utf-8")
    assert load_map(path).rating == FIVE
    assert load_map("general").rating is None
    export = tmp_path / "log.csv"
    export.write_text("contact_id,rating\n1,5\n2,3\n", encoding="utf-8")
    assert read_records([export], map=path).rating_scale == FIVE
    assert read_records([export]).rating_scale is None


def test_a_scale_of_a_map_that_is_none_is_a_defect_with_its_place(tmp_path: Path) -> None:
    text = (Path(load_map.__code__.co_filename).parent / "maps" / "general.toml").read_text(encoding="utf-8")
    path = tmp_path / "own.toml"
    path.write_text(f"{text}\n[rating]\nlow = 5\nhigh = 1\nsatisfied = [4, 5]\n", encoding="utf-8")
    with pytest.raises(RecordMapError) as caught:
        load_map(path)
    assert any(defect.where == "rating" for defect in caught.value.defects)
