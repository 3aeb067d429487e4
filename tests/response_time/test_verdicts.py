"""Verdicts at every boundary of the claim rule."""

from __future__ import annotations

import math

import pytest

from satsurvey.errors import MethodError
from satsurvey.response_time.verdicts import (
    Rule,
    bound_verdict,
    margin_verdict,
    point_verdict,
    probability_verdict,
    range_verdict,
    together,
)

NAN = math.nan


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (4.0, 7.0, "supported"),  # the ends belong to the range
        (4.0001, 6.9, "supported"),
        (3.9999, 7.0, "compatible"),
        (4.0, 7.0001, "compatible"),
        (1.0, 4.0, "compatible"),  # touching is overlapping
        (7.0, 9.0, "compatible"),
        (1.0, 3.9999, "contradicted"),
        (7.0001, 9.0, "contradicted"),
        (0.0, 5.0, "inconclusive"),  # no effect at the end of the interval is covered
        (0.0001, 5.0, "compatible"),
        (-2.0, 9.0, "inconclusive"),
        (-3.0, -1.0, "contradicted"),
        (-1.0, 1.0, "contradicted"),
        (5.0, 5.0, "supported"),
        (NAN, 5.0, "not_testable"),
        (-math.inf, math.inf, "inconclusive"),
    ],
)
def test_a_stated_range_is_judged_by_inside_overlap_and_no_effect(
    low: float, high: float, verdict: str
) -> None:
    assert range_verdict(low, high, 4, 7, null=0) == verdict


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (9.6, 14.4, "supported"),  # 12 plus or minus 20 percent
        (9.59, 14.4, "compatible"),
        (9.6, 14.41, "compatible"),
        (12.5, 13.0, "supported"),  # near enough, though the number itself is excluded
        (12.5, 15.0, "contradicted"),
        (12.0, 20.0, "compatible"),
        (2.0, 12.0, "compatible"),
        (0.0, 13.0, "inconclusive"),
        (-5.0, 11.99, "contradicted"),
        (1.0, 11.0, "contradicted"),
        (NAN, NAN, "not_testable"),
    ],
)
def test_a_stated_number_is_judged_with_its_tolerance(low: float, high: float, verdict: str) -> None:
    assert point_verdict(low, high, 12, null=0) == verdict


def test_a_negative_number_has_its_room_on_both_sides() -> None:
    assert point_verdict(-33, -23, -28, null=0) == "supported"
    assert point_verdict(-34, -23, -28, null=0) == "compatible"
    assert point_verdict(-40, 0, -28, null=0) == "inconclusive"


def test_a_share_has_no_number_of_no_effect() -> None:
    assert point_verdict(0.2, 0.9, 0.78) == "compatible"


def test_tolerance_is_settable_down_to_nothing() -> None:
    assert point_verdict(11.9, 12.1, 12, null=0, tolerance=0.0) == "compatible"
    assert point_verdict(12.0, 12.0, 12, null=0, tolerance=0.0) == "supported"


@pytest.mark.parametrize(
    ("low", "high", "above", "below"),
    [
        (0.1, 1.0, "supported", "contradicted"),
        (0.0, 1.0, "inconclusive", "contradicted"),
        (-1.0, 0.0, "contradicted", "inconclusive"),
        (-1.0, -0.1, "contradicted", "supported"),
        (-1.0, 1.0, "inconclusive", "inconclusive"),
        (NAN, 1.0, "not_testable", "not_testable"),
    ],
)
def test_a_bound_must_be_passed_by_the_whole_interval(
    low: float, high: float, above: str, below: str
) -> None:
    assert bound_verdict(low, high, 0.0, above=True) == above
    assert bound_verdict(low, high, 0.0, above=False) == below


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (-5.0, 5.0, "supported"),
        (-5.1, 0.0, "inconclusive"),
        (4.0, 5.1, "inconclusive"),
        (5.1, 9.0, "contradicted"),
        (-9.0, -5.1, "contradicted"),
        (5.0, 9.0, "inconclusive"),
    ],
)
def test_a_margin_takes_a_difference_inside_it_for_none(low: float, high: float, verdict: str) -> None:
    assert margin_verdict(low, high, -5, 5) == verdict


@pytest.mark.parametrize(
    ("probability", "verdict"),
    [
        (0.951, "supported"),
        (0.95, "inconclusive"),
        (0.05, "inconclusive"),
        (0.049, "contradicted"),
        (NAN, "not_testable"),
    ],
)
def test_a_probability_is_judged_beyond_its_bounds(probability: float, verdict: str) -> None:
    assert probability_verdict(probability) == verdict


@pytest.mark.parametrize(
    ("parts", "verdict"),
    [
        (["supported", "supported"], "supported"),
        (["supported", "compatible"], "compatible"),
        (["supported", "inconclusive", "compatible"], "inconclusive"),
        (["supported", "contradicted", "inconclusive"], "contradicted"),
        (["supported", "not_testable"], "compatible"),
        (["inconclusive", "not_testable"], "inconclusive"),
        (["contradicted", "not_testable"], "contradicted"),
        (["not_testable"], "not_testable"),
        ([], "not_testable"),
    ],
)
def test_the_weakest_part_decides_and_untested_parts_bar_support(parts: list[str], verdict: str) -> None:
    assert together(parts) == verdict  # type: ignore[arg-type]


def test_rules_hand_over_to_their_kind() -> None:
    assert Rule("range", low=4, high=7, null=0).verdict(5, 6) == "supported"
    assert Rule("point", value=1.35, null=1).verdict(1.0, 1.6) == "inconclusive"
    assert Rule("above", value=5.04).verdict(5.1, 7) == "supported"
    assert Rule("below", value=0.35).verdict(0.1, 0.36) == "inconclusive"
    assert Rule("within", low=-5, high=5).verdict(-1, 1) == "supported"
    assert Rule("probability", low=0.05, high=0.95).verdict(0.99, 0.99) == "supported"


def test_a_rule_of_form_and_an_interval_turned_round_are_refused() -> None:
    with pytest.raises(MethodError, match="not decided by an interval alone"):
        Rule("form").verdict(0, 1)
    with pytest.raises(MethodError, match="wrong order"):
        Rule("above", value=0).verdict(1, 0)
