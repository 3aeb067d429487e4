"""No digit of a score depends on the order of rows, on names, or on how the rows were put into files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_surveys import Interview, interviews, survey

from satsurvey.errors import MethodError
from satsurvey.scoring import tally as tally_module
from satsurvey.scoring import units as units_module
from satsurvey.scoring.estimates import Scores, score

FRAMES = ("companies", "industries", "dimensions", "items", "overall")
UGLY = st.floats(min_value=1e-3, max_value=1e3, allow_nan=False)
CHOICES = st.fixed_dictionaries(
    {
        "order": st.sampled_from(["item_first", "respondent_first"]),
        "industry_level": st.sampled_from(["company_mean", "respondent_pooled", "market_weighted"]),
        "overall_level": st.sampled_from(
            ["company_mean", "industry_mean", "respondent_pooled", "market_weighted"]
        ),
        "companies": st.sampled_from(["sample", "census"]),
        "small_sample": st.sampled_from(["interviews", "items"]),
        "finite_population": st.booleans(),
        "dimension_weights": st.sampled_from(["equal", "items", "entropy"]),
        "item_weights": st.sampled_from(["equal", "entropy"]),
    }
)


def scored(people: list[Interview], choices: dict[str, object], *, weighted: bool) -> Scores | None:
    try:
        return score(survey(people, weighted=weighted), **choices)
    except MethodError as exc:
        if "entropy" not in str(exc):
            raise
        return None  # entropy weights do not exist for every survey


def plain(frame: pd.DataFrame) -> pd.DataFrame:
    """Categories of names as texts: their order follows the names, which is no digit."""
    return frame.astype(dict.fromkeys(frame.select_dtypes("category").columns, str))


def assert_same_digits(first: Scores, second: Scores, renamed: Callable[[str], str] = str) -> None:
    for name in FRAMES:
        found, expected = (plain(getattr(scores, name)) for scores in (first, second))
        keys = [key for key in ("level", "industry", "company", "dimension", "item") if key in found]
        for key in set(keys) & {"industry", "company"}:
            expected[key] = [renamed(text) if text else "" for text in expected[key].tolist()]
        if keys:
            found, expected = (f.sort_values(keys).reset_index(drop=True) for f in (found, expected))
        pd.testing.assert_frame_equal(found, expected, check_exact=True, check_dtype=False)
    assert dict(first.dimension_weights.values) == dict(second.dimension_weights.values)


@settings(max_examples=40, deadline=None)
@given(people=interviews(weights=UGLY), choices=CHOICES, weighted=st.booleans(), data=st.data())
def test_no_digit_depends_on_the_order_of_rows(
    people: list[Interview], choices: dict[str, object], weighted: bool, data: st.DataObject
) -> None:
    first = scored(people, choices, weighted=weighted)
    second = scored(data.draw(st.permutations(people)), choices, weighted=weighted)
    assert (first is None) == (second is None)
    if first and second:
        assert_same_digits(first, second)


@settings(max_examples=40, deadline=None)
@given(people=interviews(weights=UGLY), choices=CHOICES, weighted=st.booleans(), data=st.data())
def test_no_digit_depends_on_the_names_of_companies_and_industries(
    people: list[Interview], choices: dict[str, object], weighted: bool, data: st.DataObject
) -> None:
    names = sorted({one.company for one in people} | {one.industry for one in people})
    other = dict(zip(names, (f"{k:03d}" for k in data.draw(st.permutations(range(len(names))))), strict=True))
    moved = [replace(one, company=other[one.company], industry=other[one.industry]) for one in people]
    first, second = scored(moved, choices, weighted=weighted), scored(people, choices, weighted=weighted)
    assert (first is None) == (second is None)
    if first and second:
        assert_same_digits(first, second, renamed=other.__getitem__)


@pytest.mark.parametrize(
    "choices", [{"order": "item_first"}, {"order": "respondent_first"}, {"small_sample": "items"}]
)
def test_no_digit_depends_on_how_rows_are_worked_off(
    choices: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    people = [
        Interview(
            f"c{k * 7 % 11}", (k % 10 + 1, k * 3 % 10 + 1, "blank", k * 7 % 9 + 1, 5), weight=1 / (k + 1)
        )
        for k in range(300)
    ]
    whole = score(survey(people, weighted=True), **choices, companies="census")
    monkeypatch.setattr(units_module, "_BLOCK", 10)
    monkeypatch.setattr(tally_module, "_STRETCH", 3)
    assert tally_module.Units is units_module.Units
    assert_same_digits(whole, score(survey(people, weighted=True), **choices, companies="census"))
    monkeypatch.setattr(units_module, "_DENSE", 1)
    assert_same_digits(whole, score(survey(people, weighted=True), **choices, companies="census"))
