"""Interviews brought together by industry and company."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_surveys import Interview, survey

from satsurvey.errors import MethodError
from satsurvey.scoring import units as units_module
from satsurvey.scoring.units import Units

ANSWERS = (5, 5, 5, 5, 5)


def units_of(*pairs: tuple[str, str]) -> Units:
    return Units.of(survey([Interview(company, ANSWERS, industry) for industry, company in pairs]))


def named(units: Units) -> list[tuple[str, str]]:
    return [
        (units.industry_names[industry], units.company_names[company])
        for industry, company in zip(units.industry.tolist(), units.company.tolist(), strict=True)
    ]


@settings(max_examples=60, deadline=None)
@given(
    pairs=st.lists(st.tuples(st.sampled_from("XYZ"), st.sampled_from(["a", "b", "c", "d"])), min_size=1),
    dense=st.booleans(),
)
def test_units_stand_in_the_order_of_names_with_all_their_rows(
    pairs: list[tuple[str, str]], dense: bool
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(units_module, "_DENSE", 1 << 24 if dense else 0)
        units = units_of(*pairs)
    expected = sorted(set(pairs))
    assert named(units) == expected
    assert units.n.tolist() == [pairs.count(pair) for pair in expected]
    arranged = units.arrange(np.arange(len(pairs)))
    for k, pair in enumerate(expected):
        rows = arranged[units.starts[k] : units.starts[k + 1]].tolist()
        assert rows == [place for place, other in enumerate(pairs) if other == pair]


def test_a_company_in_two_industries_is_two_units() -> None:
    assert named(units_of(("X", "acme"), ("Y", "acme"))) == [("X", "acme"), ("Y", "acme")]


def test_rows_that_stand_company_by_company_are_not_moved() -> None:
    units = units_of(("X", "a"), ("X", "a"), ("X", "b"), ("Y", "a"))
    assert units.order is None
    values = np.arange(4)
    assert units.arrange(values) is values


def test_blocks_are_whole_units_and_cover_everything_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(units_module, "_BLOCK", 4)
    units = units_of(*[("X", name) for name in "aabbbccccccde"])
    blocks = list(units.blocks())
    assert blocks == [(0, 1), (1, 2), (2, 3), (3, 5)]


def test_a_property_of_companies_must_be_the_same_in_all_their_rows() -> None:
    units = units_of(("X", "a"), ("X", "b"), ("X", "a"))
    assert units.mean_by_unit(np.array([2.0, 7.0, 2.0]), "the share").tolist() == [2, 7]
    for values, shown in (([2.0, 7.0, 3.0], "2 to 3"), ([2.0, 7.0, np.nan], "nan")):
        with pytest.raises(
            MethodError, match="the share must be given, and be the same in every row"
        ) as caught:
            units.mean_by_unit(np.array(values), "the share")
        assert "for a it is not" in str(caught.value)
        assert shown in str(caught.value)
