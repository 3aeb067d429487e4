"""Scores against closed forms and against a restatement in exact fractions."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import nan, sqrt
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from restated_scores import Row, Rules, restate
from small_surveys import DIMENSIONS, ITEMS, Interview, company, interviews, small_instrument, survey

from satsurvey.instrument.model import Instrument
from satsurvey.scoring.estimates import Scores, score

TOLERANCE = 1e-9
TOP = (10, 10, 10, 10, 10)


def row_of(frame: pd.DataFrame, **where: str) -> pd.Series:
    for name, value in where.items():
        frame = frame[frame[name] == value]
    assert len(frame) == 1, where
    return frame.iloc[0]


# Closed forms ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", ["item_first", "respondent_first"])
@pytest.mark.parametrize("level", ["company_mean", "respondent_pooled", "market_weighted"])
def test_score_of_all_top_answers_is_100(order: str, level: str) -> None:
    people = [
        Interview(f"c{k % 7}", TOP, f"i{k % 7 % 3}", weight=0.1 + k / 7, market_share=1 / 3)
        for k in range(90)
    ]
    scores = score(survey(people, weighted=True), order=order, industry_level=level, overall_level=level)
    for frame in (scores.companies, scores.industries, scores.overall, scores.dimensions, scores.items):
        assert (frame["score"] == 100).all()
        assert (frame["std_error"] == 0).all()
        assert (frame["ci_low"] == 100).all()
    assert (scores.companies["note"] == "no spread: all interviews agree").all()
    assert (scores.items["satisfied_share"] == 1).all()


@pytest.mark.parametrize("order", ["item_first", "respondent_first"])
@pytest.mark.parametrize(("answer", "expected"), [(1, 100 / 3), (2, 200 / 3), (3, 100)])
def test_equal_answers_give_their_own_score_and_no_error_whatever_the_rounding(
    order: str, answer: int, expected: float
) -> None:
    # 49 * (100/3) / 49 is not 100/3 in binary arithmetic.
    people = [Interview(f"c{k % 3}", (answer,) * 5, weight=1 + k / 10) for k in range(3 * 49)]
    scores = score(
        survey(people, weighted=True, instrument=small_instrument("three")),
        order=order,
        dimension_weights="declared",
        declared_dimension_weights={"A": 0.7, "B": 0.1},
    )
    assert scores.companies["score"].tolist() == [expected] * 3
    assert scores.companies["std_error"].tolist() == [0, 0, 0]
    assert scores.industries["score"].tolist() == [expected]
    assert scores.industries["std_error"].tolist() == [0]


def test_one_company_by_hand() -> None:
    # Items a: (6, 8), a2: (10, 8), a3: (8, -); b1: (4, 6), b2: (-, 10).
    people = company("acme", [6, 10, 8, 4, "refused"], [8, 8, "blank", 6, 10])
    scores = score(survey(people))
    row = scores.companies.iloc[0]
    # A: (70 + 90 + 80) / 3 = 80; B: (50 + 100) / 2 = 75.
    assert (row["A"], row["B"], row["score"]) == (80, 75, 77.5)
    # z of the first: (1/2)(1/3)(-10/2 + 10/2 + 0) + (1/2)(1/2)(-10/2) = -1.25; of the second +1.25.
    assert row["std_error"] == pytest.approx(sqrt(2 / 1 * 2 * 1.25**2), rel=1e-14)
    assert (row["n"], row["n_effective"], row["df"]) == (2, 2, 1)
    # t with one degree of freedom at 97.5 % is tan(0.475 pi) (Cauchy).
    assert row["ci_high"] - 77.5 == pytest.approx(np.tan(0.475 * np.pi) * 2.5, rel=1e-12)
    item = row_of(scores.items, level="company", item="a3")
    assert (item["score"], item["n"], item["n_blank"], item["note"]) == (80, 1, 1, "")
    assert np.isnan(item["std_error"])


def test_orders_differ_as_computed_by_hand_where_answers_are_missing() -> None:
    # First respondent answers one item of A only; second answers all.
    people = company("acme", [10, "skipped", "skipped", "blank", "blank"], [4, 6, 8, 2, 4])
    by_items = score(survey(people)).companies.iloc[0]
    # A: ((100 + 40)/2 + 60 + 80)/3 = 70; B: (20 + 40)/2 = 30.
    assert (by_items["A"], by_items["B"], by_items["score"]) == (70, 30, 50)
    own = score(survey(people), order="respondent_first").companies.iloc[0]
    # Respondents: A 100 and 60; B none and 30; totals 100 and 45.
    assert (own["A"], own["B"], own["score"]) == (80, 30, 72.5)


def test_orders_agree_where_nothing_is_missing() -> None:
    rng = np.random.default_rng(3)
    people = [Interview(f"c{k % 4}", tuple(rng.integers(1, 11, 5).tolist())) for k in range(80)]
    first, second = (score(survey(people), order=order) for order in ("item_first", "respondent_first"))
    for name in ("score", "std_error", "A", "B", "design_effect"):
        np.testing.assert_allclose(first.companies[name], second.companies[name], rtol=1e-12)


def test_design_effect_is_1_and_effective_n_is_n_without_weights() -> None:
    rng = np.random.default_rng(4)
    people = [Interview(f"c{k % 5}", tuple(rng.integers(1, 11, 5).tolist())) for k in range(100)]
    for order in ("item_first", "respondent_first"):
        frame = score(survey(people), order=order).companies
        np.testing.assert_allclose(frame["design_effect"], 1, rtol=1e-12)
        assert (frame["n_effective"] == frame["n"]).all()


def test_equal_weights_of_any_size_change_nothing() -> None:
    rng = np.random.default_rng(5)
    answers = [tuple(rng.integers(1, 11, 5).tolist()) for _ in range(60)]
    plain = score(survey([Interview(f"c{k % 3}", row) for k, row in enumerate(answers)]))
    for weight in (0.1, 7.0, 1e-6, 1e150, 1e-150):
        people = [Interview(f"c{k % 3}", row, weight=weight) for k, row in enumerate(answers)]
        weighted = score(survey(people, weighted=True))
        for name in ("score", "std_error", "n_effective", "design_effect", "A"):
            np.testing.assert_allclose(weighted.companies[name], plain.companies[name], rtol=1e-10)


@pytest.mark.parametrize("order", ["item_first", "respondent_first"])
def test_a_printed_total_is_the_weighted_mean_of_the_printed_dimensions(order: str) -> None:
    rng = np.random.default_rng(6)
    people = [Interview(f"c{k % 9}", tuple(rng.integers(1, 11, 5).tolist()), f"i{k % 3}") for k in range(180)]
    weights = {"A": Fraction(3, 4), "B": Fraction(1, 4)}
    scores = score(
        survey(people), order=order, dimension_weights="declared", declared_dimension_weights={"A": 3, "B": 1}
    )
    for frame in (scores.companies, scores.industries, scores.overall):
        for _, row in frame.iterrows():
            exact = sum(share * Fraction(float(row[code])) for code, share in weights.items())
            # To the last bits that a sum over companies has.
            assert abs(Fraction(float(row["score"])) - exact) < Fraction(1, 10**12)


def test_conversions_by_hand() -> None:
    people = company("acme", [1, 5, 5, 5, 5], [5, 5, 5, 5, 5])
    expected = {"share_of_max": (20 + 100) / 2, "min_max": (0 + 100) / 2, "anchored": (0 + 100) / 2}
    for conversion, a1 in expected.items():
        scores = score(survey(people, instrument=small_instrument("five")), conversion=conversion)
        assert row_of(scores.items, level="company", item="a1")["score"] == a1
    middling = score(
        survey(company("acme", [3, 3, 3, 2, 4]), instrument=small_instrument("five")), conversion="anchored"
    )
    assert middling.companies["score"].iloc[0] == (60 + (30 + 80) / 2) / 2


def test_finite_population_of_a_company_asked_in_full_has_no_error() -> None:
    people = company("acme", TOP, [2, 4, 6, 8, 10], [1, 1, 1, 1, 1], population=3)
    row = score(survey(people), finite_population=True).companies.iloc[0]
    assert (row["std_error"], row["population"]) == (0, 3)
    assert row["note"] == "", "the interviews differ, and the note must not say that they agree"


def test_entropy_weights_of_dimensions_that_do_not_differ_are_0() -> None:
    people = [Interview(f"c{k}", (k, k, k, 5, 5)) for k in range(1, 9) for _ in range(2)]
    scores = score(survey(people), dimension_weights="entropy")
    assert dict(scores.dimension_weights.values) == {"A": 1, "B": 0}
    np.testing.assert_array_equal(scores.companies["score"], scores.companies["A"])


def test_ahp_weights_enter_the_total() -> None:
    people = company("acme", [10, 10, 10, 2, 2], [10, 10, 10, 2, 2])
    row = score(survey(people), dimension_weights="ahp", ahp_dimensions=((1, 3), (1 / 3, 1))).companies.iloc[
        0
    ]
    assert row["score"] == pytest.approx(0.75 * 100 + 0.25 * 20, rel=1e-12)


def test_items_weighting_weighs_dimensions_by_their_items() -> None:
    people = company("acme", [10, 10, 10, 5, 5])
    row = score(survey(people), dimension_weights="items").companies.iloc[0]
    assert row["score"] == pytest.approx(0.6 * 100 + 0.4 * 50, rel=1e-14)


# The restatement -------------------------------------------------------------------------------------------


def number(value: Fraction | None) -> float:
    return nan if value is None else float(value)


def assert_agree(found: Mapping[str, Any], expected: Row, column: str, what: str) -> None:
    # A sum of squares that is nothing but the rounding of values near 100 is 0.
    close = {"rel": TOLERANCE, "abs": 1e-11, "nan_ok": True}
    variance = number(expected.variance[column]) if expected.value[column] is not None else nan
    assert found["score"] == pytest.approx(number(expected.value[column]), **close), (what, column, "score")
    assert found["std_error"] == pytest.approx(sqrt(variance) if variance == variance else nan, **close), (
        what,
        column,
        "std_error",
    )
    assert found["n"] == expected.n[column], (what, column, "n")
    # Of a variance of 0 the degrees of freedom mean nothing.
    if expected.value[column] is not None and expected.variance[column] != 0:
        assert found["df"] == pytest.approx(float(expected.df[column]), rel=1e-6, abs=1e-9), (
            what,
            column,
            "df",
        )


def assert_total_agrees(found: Mapping[str, Any], expected: Row, what: str) -> None:
    if "n_companies" in found:
        assert found["n_companies"] == expected.n_companies, what
    assert found["n_effective"] == pytest.approx(number(expected.n_effective), rel=TOLERANCE, nan_ok=True), (
        what
    )
    n, variance = expected.n["total"], expected.variance["total"]
    if n > 1 and variance is not None and expected.spread and expected.value["total"] is not None:
        effect = variance / (expected.spread / (n - 1))
        assert found["design_effect"] == pytest.approx(float(effect), rel=TOLERANCE, abs=1e-9), what


def assert_all_agree(people: list[Interview], rules: Rules, *, weighted: bool) -> Scores:
    scores = score(survey(people, weighted=weighted), **(rules.choices() | {"company_min_n": 1}))
    expected = restate(people, rules)
    frames = {"total": None, **dict.fromkeys(DIMENSIONS, "dimension"), **dict.fromkeys(ITEMS, "item")}
    for column, kind in frames.items():
        if kind is None:
            companies, industries, overall = scores.companies, scores.industries, scores.overall
        else:
            table = scores.dimensions if kind == "dimension" else scores.items
            table = table[table[kind] == column]
            companies, industries, overall = (
                table[table["level"] == level] for level in ("company", "industry", "overall")
            )
        assert len(companies) == len(expected.companies)
        assert len(industries) == len(expected.industries)
        for found in companies.to_dict("records"):
            row = expected.companies[found["industry"], found["company"]]
            if kind is None:
                assert_agree(found, row, column, found["company"])
                assert_total_agrees(found, row, found["company"])
            else:
                assert_agree(found, row, column, found["company"])
        for found in industries.to_dict("records"):
            assert_agree(found, expected.industries[found["industry"]], column, found["industry"])
            if kind is None:
                assert_total_agrees(found, expected.industries[found["industry"]], found["industry"])
        assert_agree(overall.iloc[0].to_dict(), expected.overall, column, "overall")
        if kind is None:
            assert_total_agrees(overall.iloc[0].to_dict(), expected.overall, "overall")
    return scores


RULES = st.builds(
    Rules,
    order=st.sampled_from(["item_first", "respondent_first"]),
    item_weights=st.fixed_dictionaries({item: st.sampled_from([0.5, 1.0, 3.0]) for item in ITEMS}),
    dimension_weights=st.sampled_from([{"A": 1.0, "B": 1.0}, {"A": 1.0, "B": 3.0}, {"A": 1.0, "B": 0.0}]),
    item_min_answers=st.sampled_from([1, 1, 2]),
    dimension_min_items=st.integers(1, 3),
    industry_level=st.sampled_from(["company_mean", "respondent_pooled", "market_weighted"]),
    overall_level=st.sampled_from(["company_mean", "industry_mean", "respondent_pooled", "market_weighted"]),
    companies=st.sampled_from(["sample", "census"]),
    finite_population=st.booleans(),
)


@settings(max_examples=60, deadline=None)
@given(
    people=interviews(weights=st.sampled_from([0.25, 0.5, 1.0, 1.75, 3.0])),
    rules=RULES,
    weighted=st.booleans(),
)
def test_scores_are_those_of_the_restatement(people: list[Interview], rules: Rules, weighted: bool) -> None:
    if not weighted:
        people = [
            Interview(o.company, o.answers, o.industry, 1.0, o.population, o.market_share) for o in people
        ]
    assert_all_agree(people, rules, weighted=weighted)


@pytest.mark.parametrize("order", ["item_first", "respondent_first"])
def test_no_score_leaves_the_scale_where_items_are_reversed(order: str) -> None:
    data = small_instrument("three").model_dump(by_alias=True)
    for item in data["items"][::2]:
        item["reverse"] = True
    instrument = Instrument.model_validate(data)
    best = tuple(1 if item["reverse"] else 3 for item in data["items"])
    people = [Interview(f"c{k % 3}", best, weight=0.1 + k / 7) for k in range(60)]
    weights = {"a1": 0.1, "a2": 0.7, "a3": 0.3, "b1": 0.9, "b2": 0.1}
    scores = score(
        survey(people, instrument=instrument, weighted=True),
        order=order,
        item_weights="declared",
        declared_item_weights=weights,
    )
    for frame in (scores.companies, scores.industries, scores.overall):
        assert (frame["score"] <= 100).all()
        assert frame["score"].to_numpy() == pytest.approx(100, rel=1e-14)
