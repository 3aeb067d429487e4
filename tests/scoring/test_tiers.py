"""Tiers and detectable differences against R."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from satsurvey.errors import MethodError
from satsurvey.scoring.tiers import (
    detectable_difference,
    tiers_by_critical_value,
    tiers_by_false_discovery_rate,
)

REFERENCE = json.loads(
    (Path(__file__).resolve().parents[1] / "reference" / "ranking.json").read_text(encoding="utf-8")
)


def test_planned_pair_of_twenty_interviews_detects_13_6_points() -> None:
    assert round(detectable_difference(15, 20), 1) == 13.6


@pytest.mark.parametrize("case", REFERENCE["detectable"])
def test_detectable_difference_equals_that_of_r(case: dict[str, float]) -> None:
    found = detectable_difference(case["sd"], case["n"], power=case["power"], level=case["level"])
    assert found == pytest.approx(case["difference"], rel=1e-10)


def test_detectable_difference_of_endless_interviews_is_nothing() -> None:
    assert detectable_difference(15, np.inf) == 0.0
    assert detectable_difference(15, 1e12) == pytest.approx(2.8015852 * 15 * np.sqrt(2e-12), rel=1e-6)


@pytest.mark.parametrize("rate", [0.01, 0.03, 0.054, 0.2, 0.5])
def test_false_discovery_tiers_equal_the_adjusted_p_values_of_r(rate: float) -> None:
    case = REFERENCE["fdr"]
    found = tiers_by_false_discovery_rate(case["deviation"], case["std_error"], df=case["df"], rate=rate)
    for tier, deviation, adjusted in zip(found, case["deviation"], case["adjusted"], strict=True):
        expected = "not_distinguishable" if adjusted > rate else "above" if deviation > 0 else "below"
        assert tier == expected


def test_infinite_degrees_of_freedom_mean_the_normal_distribution() -> None:
    found = tiers_by_false_discovery_rate([1.9601, 1.9599], [1.0, 1.0], df=np.inf, rate=0.05)
    # p .04999 and .05001: the first alone passes only if both lie under the rate
    assert found.tolist() == ["not_distinguishable", "not_distinguishable"]
    assert tiers_by_false_discovery_rate([1.9601], [1.0], df=np.inf).tolist() == ["above"]
    assert tiers_by_false_discovery_rate([1.9599], [1.0], df=np.inf).tolist() == ["not_distinguishable"]


def test_critical_value_itself_tells_nothing_apart() -> None:
    found = tiers_by_critical_value([3.0, 3.1, -3.1, 0.0], [1.0, 1.0, 1.0, 0.0], critical=3.0)
    assert found.tolist() == ["not_distinguishable", "above", "below", "not_distinguishable"]


def test_deviations_without_variance_are_told_apart() -> None:
    found = tiers_by_false_discovery_rate([1.0, -1.0, 0.0], np.zeros(3), df=19)
    assert found.tolist() == ["above", "below", "not_distinguishable"]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ({"sd": -1.0, "n": 20}, "not negative"),
        ({"sd": 15.0, "n": 1}, "more than one interview"),
        ({"sd": 15.0, "n": 20, "power": 1.0}, "power is a share"),
        ({"sd": 15.0, "n": 20, "level": 95.0}, "level is a share"),
    ],
)
def test_impossible_plans_are_refused_in_words(call: dict[str, float], words: str) -> None:
    with pytest.raises(MethodError, match=words):
        detectable_difference(**call)
