"""Reconciling published totals: the 2019 figures, ends of ranges, and exact arithmetic."""

from __future__ import annotations

import json
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from satsurvey.errors import MethodError
from satsurvey.scoring.reconcile import Reconciliation, Trial, reconcile

PUBLISHED = {"A": "77.40", "B": "85.13", "C": "80.91", "D": "83.53", "E": "81.97", "F": "93.37"}
ITEMS = {"A": 3, "B": 5, "C": 4, "D": 4, "E": 3, "F": 3}
DECIMAL_RULES = {"half_up": ROUND_HALF_UP, "half_even": ROUND_HALF_EVEN, "truncate": ROUND_DOWN}


def trial(result: Reconciliation, weighting: str, rule: str) -> Trial:
    return next(t for t in result.trials if (t.weighting, t.rule) == (weighting, rule))


def test_the_total_of_2019_is_cut_and_not_rounded() -> None:
    result = reconcile("83.71", PUBLISHED)
    assert [(t.rule, str(t.printed), t.reproduces) for t in result.trials] == [
        ("half_up", "83.72", False),
        ("half_even", "83.72", False),
        ("truncate", "83.71", True),
    ]
    assert trial(result, "equal", "half_up").exact == Fraction(50231, 600)


def test_the_rounding_of_the_2019_dimensions_permits_totals_from_83_71333_to_83_72333() -> None:
    up = trial(reconcile("83.71", PUBLISHED), "equal", "half_up")
    # Six scores, each half a hundredth up or down: the mean moves by half a hundredth.
    assert (up.low, up.high) == (Fraction("83.71") + Fraction(1, 300), Fraction("83.72") + Fraction(1, 300))
    assert (up.low_closed, up.high_closed) == (True, False)
    assert up.possible
    assert not up.reproduces


def test_the_item_split_of_the_instrument_gives_the_total_of_2019_too() -> None:
    result = reconcile("83.71", PUBLISHED, items_per_dimension=ITEMS)
    up = trial(result, "items", "half_up")
    # 232.20 + 425.65 + 323.64 + 334.12 + 245.91 + 280.11 = 1841.63 over 22 items.
    assert up.exact == Fraction("1841.63") / 22
    assert str(up.printed) == "83.71"
    assert {(t.weighting, t.rule) for t in result.reproducing} == {
        ("equal", "truncate"),
        ("items", "half_up"),
        ("items", "half_even"),
        ("items", "truncate"),
    }


def test_declared_weights_are_relative() -> None:
    result = reconcile("80.0", {"x": "70.0", "y": "90.0"}, declared={"x": "0.3", "y": 0.3})
    assert trial(result, "declared", "half_up").exact == 80
    tilted = reconcile("85.0", {"x": "70.0", "y": "90.0"}, declared={"x": 1, "y": "3"})
    assert trial(tilted, "declared", "half_up").reproduces
    assert not trial(tilted, "equal", "half_up").reproduces


def test_a_tie_separates_half_up_from_half_even() -> None:
    result = reconcile("80.12", {"x": "80.12", "y": "80.13"})
    assert [t.reproduces for t in result.trials] == [False, True, True]


def test_a_total_that_nothing_gives_is_reproduced_by_no_trial() -> None:
    result = reconcile("90.00", PUBLISHED, items_per_dimension=ITEMS)
    assert result.reproducing == ()
    assert not any(t.possible for t in result.trials)


def test_ends_of_ranges_decide_what_is_possible() -> None:
    # Half up: 10.0 stands for [9.95, 10.05) and 10.1 for [10.05, 10.15); the mean is below 10.10, which would
    # print as 10.1, and from 10.00 on. So 10.0 and 10.1 are possible, 9.9 and 10.2 are not.
    possible = {
        total: trial(reconcile(total, {"x": "10.0", "y": "10.1"}), "equal", "half_up").possible
        for total in ("9.9", "10.0", "10.1", "10.2")
    }
    assert possible == {"9.9": False, "10.0": True, "10.1": True, "10.2": False}
    # Truncated scores 10.0 and 10.0 stand for [10.0, 10.1): never 10.1, never 9.9.
    cut = [
        trial(reconcile(total, {"x": "10.0", "y": "10.0"}), "equal", "truncate").possible
        for total in ("9.9", "10.1")
    ]
    assert cut == [False, False]


def test_half_even_ranges_hold_their_ends_only_behind_even_digits() -> None:
    even = trial(reconcile("10.2", {"x": "10.2", "y": "10.4"}), "equal", "half_even")
    assert (even.low_closed, even.high_closed) == (True, True)
    odd = trial(reconcile("10.2", {"x": "10.1", "y": "10.3"}), "equal", "half_even")
    assert (odd.low_closed, odd.high_closed) == (False, False)
    # [10.25, 10.35] meets the numbers that print as 10.2, [10.15, 10.25], in one point, and both hold it.
    assert even.possible
    assert not trial(reconcile("10.2", {"x": "10.3", "y": "10.3"}), "equal", "half_even").possible


def test_a_dimension_of_weight_0_widens_nothing() -> None:
    result = reconcile("80.0", {"x": "80.0", "y": "10.5"}, declared={"x": 1, "y": 0})
    up = trial(result, "declared", "half_up")
    assert (float(up.low), float(up.high)) == (79.95, 80.05)


def test_floats_count_as_printed_with_the_places_of_the_longest_figure() -> None:
    floats = {name: float(text) for name, text in PUBLISHED.items()}
    assert reconcile(83.71, floats).trials == reconcile("83.71", PUBLISHED).trials
    result = reconcile(83.7, floats)
    assert str(result.total) == "83.70"
    assert reconcile("83.7", floats).decimals == 1
    assert reconcile("83.7", floats, decimals=2).decimals == 2


def test_the_frame_has_one_row_per_trial() -> None:
    frame = reconcile("83.71", PUBLISHED, items_per_dimension=ITEMS).frame
    assert list(frame.columns) == [
        "weighting",
        "rule",
        "exact",
        "printed",
        "reproduces",
        "low",
        "high",
        "low_closed",
        "high_closed",
        "possible",
    ]
    assert len(frame) == 6
    assert frame["exact"].dtype == "float64"
    assert frame["reproduces"].dtype == bool
    assert frame["exact"][0] == pytest.approx(502.31 / 6, rel=1e-15)


def test_the_dict_is_json_and_keeps_the_zeros() -> None:
    data = json.loads(json.dumps(reconcile("83.70", PUBLISHED).to_dict()))
    assert data["total"] == "83.70"
    assert data["dimensions"]["A"] == "77.40"
    assert data["reproduced"] is False
    assert data["trials"][0]["printed"] == "83.72"


@pytest.mark.parametrize(
    ("total", "dimensions", "more", "words"),
    [
        ("83,71", PUBLISHED, {}, r"(?s)figure of total.*83,71.*such as 83.71"),
        ("nan", PUBLISHED, {}, "figure of total"),
        ("-1", PUBLISHED, {}, "figure of total"),
        ("83.71", {"A": "77.40"}, {}, "fewer than two dimensions"),
        ("83.71", {"A": "77.40", "B": "x"}, {}, "figure of dimension B"),
        (
            "83.71",
            PUBLISHED,
            {"items_per_dimension": {"A": 3}},
            "no number of items is given for B, C, D, E, F",
        ),
        ("83.71", PUBLISHED, {"declared": {**ITEMS, "G": 1}}, "weight is given for G, which has no score"),
        ("83.71", PUBLISHED, {"declared": dict.fromkeys(PUBLISHED, 0)}, "every weight is 0"),
        ("83.71", PUBLISHED, {"declared": dict.fromkeys(PUBLISHED, -1)}, "weight of A"),
        ("83.71", PUBLISHED, {"decimals": 1}, "decimals do not fit"),
    ],
)
def test_figures_that_are_none_are_refused_in_words(
    total: str, dimensions: dict, more: dict, words: str
) -> None:
    with pytest.raises(MethodError, match=words):
        reconcile(total, dimensions, **more)


@settings(max_examples=80, deadline=None)
@given(
    st.lists(
        st.tuples(st.decimals(min_value=0, max_value=100, places=5), st.integers(1, 9)),
        min_size=2,
        max_size=7,
    ),
    st.integers(0, 3),
    st.sampled_from(sorted(DECIMAL_RULES)),
)
def test_a_total_printed_from_unrounded_figures_is_always_called_possible(
    figures: list[tuple[Decimal, int]], places: int, rule: str
) -> None:
    step = Decimal(1).scaleb(-places)
    names = [f"d{k}" for k in range(len(figures))]
    whole = sum(weight for _, weight in figures)
    exact = sum((score * weight for score, weight in figures), Decimal(0))
    # The exact mean may have no end; its floor at many places decides no tie wrongly unless it is one, and a
    # tie at `places` would end there.
    mean = Context(prec=60).divide(exact, Decimal(whole))
    total = mean.quantize(step, DECIMAL_RULES[rule])
    printed = {
        name: str(score.quantize(step, DECIMAL_RULES[rule]))
        for name, (score, _) in zip(names, figures, strict=True)
    }
    weights = {name: weight for name, (_, weight) in zip(names, figures, strict=True)}
    result = reconcile(str(total), printed, declared=weights)
    found = trial(result, "declared", rule)
    assert found.possible
    assert found.low <= Fraction(exact) / whole <= found.high
