"""Errors corrected item by item: against R's clubSandwich, closed forms and the default."""

from __future__ import annotations

import json
from functools import cache
from math import sqrt
from statistics import variance

import numpy as np
import pytest
from hypothesis import given, settings
from small_surveys import Interview, company, interviews, survey
from test_estimates_against_survey import DIMENSIONS, REFERENCE, scored
from test_invariance import assert_same_digits

from satsurvey.intake.study import StudyScoring, study_defects
from satsurvey.report.catalogue import translated
from satsurvey.scoring.estimates import Scores, score

_ = "not_asked"


@cache
def reference() -> dict:
    return json.loads((REFERENCE / "small_samples.json").read_text(encoding="utf-8"))


def by_items(people: list[Interview], *, weighted: bool = False, **choices: object) -> Scores:
    return score(survey(people, weighted=weighted), small_sample="items", **choices)


@pytest.mark.parametrize("plan", ["equal", "declared"])
def test_errors_and_degrees_of_freedom_are_those_of_clubsandwich(plan: str) -> None:
    scores = scored("missing", f"{plan}_unweighted", small_sample="items")
    totals = scores.companies.set_index("company")
    parts = scores.dimensions[scores.dimensions["level"] == "company"].set_index(["company", "dimension"])
    assert set(reference()[plan]) == set(totals.index)
    for name, numbers in reference()[plan].items():
        rows = {"total": totals.loc[name]} | {d: parts.loc[(name, d)] for d in DIMENSIONS}
        for what, row in rows.items():
            for column in ("score", "std_error", "df"):
                assert row[column] == pytest.approx(numbers[what][column], rel=1e-9), (name, what, column)


@pytest.mark.parametrize("weighted", [False, True])
def test_where_all_answer_everything_it_is_the_default(weighted: bool) -> None:
    rng = np.random.default_rng(4)
    people = [
        Interview(f"c{k % 4}", tuple(rng.integers(1, 11, 5).tolist()), weight=1.0 + k % 3, population=50.0)
        for k in range(30)
    ]
    for choices in ({}, {"companies": "census"}, {"finite_population": True}):
        found = by_items(people, weighted=weighted, **choices)
        plain = score(survey(people, weighted=weighted), **choices)
        for name in ("companies", "industries", "dimensions", "items", "overall"):
            numbers, expected = (
                getattr(scores, name).select_dtypes("number").to_numpy(float) for scores in (found, plain)
            )
            np.testing.assert_allclose(numbers, expected, rtol=1e-12)


def test_items_of_different_respondents_have_the_degrees_of_welch_and_satterthwaite() -> None:
    a1, a2 = [2, 8], [3, 5, 9, 9]
    people = company("acme", *[[x, _, _, _, _] for x in a1], *[[_, x, _, _, _] for x in a2])
    row = by_items(people).companies.iloc[0]
    first, second = (variance([10.0 * x for x in xs]) / len(xs) / 4 for xs in (a1, a2))
    assert row["score"] == pytest.approx((50 + 65) / 2, rel=1e-14)
    assert row["std_error"] == pytest.approx(sqrt(first + second), rel=1e-13)
    assert row["df"] == pytest.approx((first + second) ** 2 / (first**2 / 1 + second**2 / 3), rel=1e-13)


def test_an_item_answered_once_borrows_its_variance_from_the_other_companies() -> None:
    # In b, a2 is answered once, by one who answered nothing else: no covariance with a1.
    a1_of_b, a2_of_a = [1, 9, 10], [5, 5, 6, 7]
    people = company("a", *[[_, x, _, _, _] for x in a2_of_a])
    people += company("b", *[[x, _, _, _, _] for x in a1_of_b], [_, 6, _, _, _])
    scores = by_items(people)
    row = scores.companies.set_index("company").loc["b"]
    own, lent = variance([10.0 * x for x in a1_of_b]) / 3 / 4, variance([10.0 * x for x in a2_of_a]) / 4
    assert row["std_error"] == pytest.approx(sqrt(own + lent), rel=1e-13)
    exact = (own + lent) ** 2 / (own**2 / 2 + lent**2 / 3)
    assert exact < 3
    assert row["df"] == pytest.approx(exact, rel=1e-13)
    items = scores.items[(scores.items["level"] == "company") & (scores.items["company"] == "b")]
    assert np.isnan(items.set_index("item").loc["a2", "std_error"])
    note = (
        "1 of 2 companies have an item that was answered once; its error there is that of the item within "
        "all companies"
    )
    assert note in scores.notes
    assert "只得到一份回答" in translated(note, "zh")


def test_answers_of_one_respondent_go_together_also_where_they_are_borrowed() -> None:
    # In a, every respondent gives a1 and a2 the same answer: the common correlation is 1. In b, one alone
    # answered both, so that the error of A is that of a1, not of two independent answers.
    levels, b1 = [2, 5, 6, 9], [4, 6, 6, 8]
    people = company("a", *[[x, x, _, _, _] for x in levels])
    people += company("b", [7, 3, _, _, _], *[[_, _, _, x, _] for x in b1])
    row = by_items(people).companies.set_index("company").loc["b"]
    s2, own = variance([10.0 * x for x in levels]), variance([10.0 * x for x in b1]) / 4 / 4
    lent = s2 / 4
    assert row["std_error"] == pytest.approx(sqrt(own + lent), rel=1e-13)
    assert row["df"] == pytest.approx((own + lent) ** 2 / (own**2 / 3 + lent**2 / 3), rel=1e-13)


def test_degrees_of_freedom_never_exceed_those_of_the_interviews() -> None:
    people = company("a", *[[1 + k % 10, 1 + k * 3 % 10, 5, 6, 7] for k in range(60)])
    people += company("b", [7, _, _, _, _], [_, 4, _, _, _], [_, _, 9, _, _])
    row = by_items(people).companies.set_index("company").loc["b"]
    # Wholly borrowed, from 59 degrees of freedom.
    assert row["df"] == 2


@settings(max_examples=60, deadline=None)
@given(people=interviews())
def test_scores_stay_and_degrees_of_freedom_lie_between_1_and_n_less_1(people: list[Interview]) -> None:
    found, plain = by_items(people), score(survey(people))
    for name in ("companies", "industries", "overall"):
        columns = ["score", "A", "B", "n"]
        assert getattr(found, name)[columns].equals(getattr(plain, name)[columns])
    there = found.companies[found.companies["std_error"] > 0]
    assert (there["df"] >= 1 - 1e-12).all()
    assert (there["df"] <= there["n"] - 1).all()


def test_a_survey_without_two_answers_to_any_item_has_no_interval() -> None:
    people = company("a", [7, _, _, _, _], [_, 4, _, _, _])
    row = by_items(people).companies.iloc[0]
    assert row["score"] == 55
    assert np.isnan(row["std_error"])
    assert row["note"] == "no item has two answers: no interval"
    assert score(survey(people)).companies["note"].iloc[0] == "no spread: all interviews agree"


def test_an_item_that_no_company_has_two_answers_to_borrows_from_the_others() -> None:
    levels = [2, 5, 6, 9]
    people = company("a", *[[x, _, _, _, _] for x in levels], [_, 6, _, _, _])
    row = by_items(people).companies.iloc[0]
    s2 = variance([10.0 * x for x in levels])
    assert row["std_error"] == pytest.approx(sqrt(s2 / 4 / 4 + s2 / 4), rel=1e-13)


FEW = company("a", *[[x, x - 1, x, x, x] for x in (4, 6, 7, 9)], [5, _, _, _, _]) + company(
    "b", *[[x, x, _, x, x - 1] for x in (5, 7, 8, 9)], [_, 5, 7, _, _], [_, _, 4, _, _]
)


def test_industries_of_sampled_companies_stay_and_a_census_takes_the_errors_of_companies() -> None:
    found, plain = by_items(FEW), score(survey(FEW))
    for name in ("industries", "overall"):
        assert getattr(found, name)[["std_error", "df"]].equals(getattr(plain, name)[["std_error", "df"]])
    census = by_items(FEW, companies="census").industries.iloc[0]
    errors = found.companies["std_error"].to_numpy()
    parts = errors**2 / 4
    assert census["std_error"] == pytest.approx(sqrt(parts.sum()), rel=1e-13)
    expected = parts.sum() ** 2 / (parts**2 / found.companies["df"].to_numpy()).sum()
    assert census["df"] == pytest.approx(expected, rel=1e-13)
    assert (errors > plain.companies["std_error"].to_numpy()).all()


def test_respondent_first_is_the_same_with_both() -> None:
    assert_same_digits(by_items(FEW, order="respondent_first"), score(survey(FEW), order="respondent_first"))


def test_equal_weights_of_any_size_are_no_weights() -> None:
    heavy = [Interview(one.company, one.answers, weight=3.0) for one in FEW]
    found, plain = by_items(heavy, weighted=True).companies, by_items(FEW).companies
    for column in ("std_error", "df", "design_effect"):
        np.testing.assert_allclose(found[column], plain[column], rtol=1e-12)


def test_the_design_effect_of_unweighted_interviews_is_1() -> None:
    np.testing.assert_allclose(by_items(FEW).companies["design_effect"], 1.0, rtol=1e-12)


def test_a_line_says_that_default_intervals_may_be_short_only_where_items_have_few_answers() -> None:
    said = (
        "2 of 2 published companies have an item with fewer than 5 answers; company intervals may be short, "
        'small_sample = "items" corrects that'
    )
    assert said in score(survey(FEW)).notes
    assert 'small_sample = "items"' in translated(said, "zh")
    assert "published" not in translated(said, "zh")
    assert said not in by_items(FEW).notes
    assert said not in score(survey(FEW), order="respondent_first").notes
    # Neither of companies that are not published, nor where nobody has few answers.
    assert said not in score(survey(FEW), company_min_n=20).notes
    assert score(survey(company("a", *[[x] * 5 for x in (3, 4, 5, 6, 7)]))).notes == ()


def test_an_item_that_does_not_count_is_no_item_with_few_answers() -> None:
    people = company("a", *[[x, x, x, x, x] for x in (3, 4, 5, 6, 7, 8)], [_, _, _, _, 4])
    people += company("b", *[[x, x, x, x, _] for x in (3, 4, 5, 6, 7, 8)], [_, _, _, _, 4])
    assert any("fewer than 5 answers" in note for note in score(survey(people)).notes)
    assert score(survey(people), item_min_answers=5).notes == ()


def test_the_study_file_has_the_choice() -> None:
    table = {"schema": "satsurvey.study/1", "scoring": {"small_sample": "items"}}
    assert study_defects(table) == []
    (defect,) = study_defects({"schema": "satsurvey.study/1", "scoring": {"small_sample": "item"}})
    assert "small_sample" in str(defect)
    asked = survey(FEW, scoring=StudyScoring(small_sample="items"))
    assert score(asked).method.small_sample == "items"
    assert_same_digits(score(asked), by_items(FEW))
