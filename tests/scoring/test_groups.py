"""Companies brought together: what counts in an industry, what does not, and what is said of it."""

from __future__ import annotations

import math
from math import sqrt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_surveys import Interview, company, small_instrument, survey

from satsurvey.errors import MethodError
from satsurvey.scoring.estimates import score
from satsurvey.scoring.groups import group_sums


def flat(name: str, *levels: int, **known: object) -> list[Interview]:
    """A company whose interviews have one answer throughout: their scores are ten times the level."""
    return company(name, *[[level] * 5 for level in levels], **known)  # type: ignore[arg-type]


@settings(max_examples=80, deadline=None)
@given(
    values=st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40),
    cut=st.integers(0, 39),
    data=st.data(),
)
def test_group_sums_are_near_exact_and_free_of_order(
    values: list[float], cut: int, data: st.DataObject
) -> None:
    cut = cut % len(values)
    starts = np.array([0, cut] if cut else [0], dtype=np.intp)
    parts = [values[:cut], values[cut:]] if cut else [values]
    found = group_sums(np.array(values), starts)
    for total, part in zip(found.tolist(), parts, strict=True):
        # Each value moves by at most half the grid, and the grid is at most 4 n max 2**-52.
        bound = max(map(abs, part)) * len(part) ** 2 * 2.0**-51 + 1e-290
        assert total == pytest.approx(math.fsum(part), abs=bound)
    mixed = [x for part in parts for x in data.draw(st.permutations(part))]
    assert group_sums(np.array(mixed), starts).tolist() == found.tolist()


def test_an_industry_counts_each_company_once_and_clusters_its_error_by_company() -> None:
    people = flat("a", 6, 6, 6, 6) + flat("b", 8) + flat("c", 10)
    row = score(survey(people)).industries.iloc[0]
    assert row["score"] == 80
    # Companies 60, 80, 100: s = 20, SE = 20/sqrt(3), two degrees of freedom.
    assert row["std_error"] == pytest.approx(20 / sqrt(3), rel=1e-14)
    assert (row["df"], row["n_companies"], row["n"]) == (2, 3, 6)
    # Effective n of a mean of companies: 9 / (1/4 + 1 + 1).
    assert row["n_effective"] == pytest.approx(4, rel=1e-14)


@pytest.mark.parametrize("weight", [1.0, 0.1, 0.7, 3.3])
@pytest.mark.parametrize("level", ["company_mean", "respondent_pooled"])
@pytest.mark.parametrize("companies", [3, 7, 11])
def test_effective_n_is_n_without_rounding_dust_where_all_weights_are_equal(
    weight: float, level: str, companies: int
) -> None:
    rng = np.random.default_rng(companies)
    people = [
        Interview(
            f"c{k % companies}", tuple(rng.integers(1, 11, 5).tolist()), f"i{k % companies % 2}", weight
        )
        for k in range(companies * 20)
    ]
    for overall in (level, "industry_mean"):
        found = score(survey(people, weighted=True), industry_level=level, overall_level=overall)
        for frame in (found.companies, found.industries):
            assert frame["n_effective"].tolist() == frame["n"].tolist()
        if overall == level:
            assert found.overall["n_effective"].tolist() == [companies * 20]


def test_pooled_respondents_and_market_shares_by_hand() -> None:
    people = (
        flat("a", 6, 6, 6, 6, market_share=1.0)
        + flat("b", 8, market_share=2.0)
        + flat("c", 10, market_share=1.0)
    )
    pooled = score(survey(people), industry_level="respondent_pooled").industries.iloc[0]
    assert pooled["score"] == pytest.approx((4 * 60 + 80 + 100) / 6, rel=1e-14)
    market = score(survey(people), industry_level="market_weighted").industries.iloc[0]
    assert market["score"] == pytest.approx((60 + 160 + 100) / 4, rel=1e-14)


def test_shares_of_another_size_change_no_score() -> None:
    def shared(factor: float) -> pd.Series:
        people = flat("a", 6, 7, market_share=factor) + flat("b", 8, 4, market_share=3 * factor)
        return score(survey(people), industry_level="market_weighted").industries.iloc[0]

    for name in ("score", "std_error", "n_effective", "design_effect"):
        assert shared(0.01)[name] == pytest.approx(shared(40.0)[name], rel=1e-12)


def test_a_census_of_companies_has_only_the_error_of_interviews() -> None:
    people = flat("a", 5, 7) + flat("b", 9, 9)
    row = score(survey(people), companies="census").industries.iloc[0]
    # Company a: scores 50 and 70, SE 10; b: SE 0; the mean of both has SE 10/2.
    assert row["std_error"] == pytest.approx(5, rel=1e-13)
    assert row["df"] == 1
    sample = score(survey(people)).industries.iloc[0]
    assert sample["std_error"] == pytest.approx(15, rel=1e-13)


def test_small_companies_count_in_the_industry_unless_switched_off() -> None:
    people = flat("a", 6, 6, 6) + flat("b", 8, 8, 8) + flat("small", 10)
    both = {"company_min_n": 2}
    assert score(survey(people), **both).industries["score"].iloc[0] == 80
    without = score(survey(people), **both, small_companies_in_industry=False)
    assert without.industries["score"].iloc[0] == 70
    assert without.overall["score"].iloc[0] == 70
    assert (without.industries["n_companies"].iloc[0], without.industries["n"].iloc[0]) == (2, 6)
    assert any("1 of 3 companies have fewer than 2 interviews" in note for note in without.notes)


def test_an_industry_of_small_companies_only_says_so_when_they_do_not_count() -> None:
    people = flat("a", 6, 6) + flat("b", 8, industry="tiny")
    scores = score(survey(people), company_min_n=2, small_companies_in_industry=False)
    row = scores.industries.set_index("industry").loc["tiny"]
    assert np.isnan(row["score"])
    assert row["suppressed"]
    assert "no company with a score" in row["note"]
    assert np.isnan(row["n_effective"])
    assert (row["n"], row["n_companies"]) == (0, 0)
    assert scores.overall["score"].iloc[0] == 60


def test_nothing_counted_at_all_is_no_score_and_a_word() -> None:
    scores = score(survey(flat("a", 6)), company_min_n=2, small_companies_in_industry=False)
    row = scores.overall.iloc[0]
    assert np.isnan(row[["score", "std_error", "n_effective", "A"]].to_numpy(float)).all()
    assert row["note"] == "no company with a score"


def test_an_industry_of_one_company_has_the_interval_of_its_interviews() -> None:
    people = flat("a", 5, 7, industry="one") + flat("b", 5, 9) + flat("c", 7, 7)
    scores = score(survey(people))
    row = scores.industries.set_index("industry").loc["one"]
    own = scores.companies.set_index("company").loc["a"]
    for name in ("score", "std_error", "ci_low", "ci_high", "df"):
        assert row[name] == own[name]
    assert row["note"] == "one company: the interval is that of its interviews"


def test_one_company_is_all_there_is() -> None:
    scores = score(survey(flat("a", 5, 7), industry=False))
    assert scores.industries.empty
    for name in ("score", "std_error", "df", "A", "B"):
        assert scores.overall[name].iloc[0] == scores.companies[name].iloc[0]
    assert scores.overall["n_industries"].iloc[0] == 0
    assert any("no industry column" in note for note in scores.notes)


def test_one_interview_has_a_score_and_no_interval_and_says_so() -> None:
    scores = score(survey(flat("a", 7)))
    row = scores.companies.iloc[0]
    assert row["score"] == 70
    assert np.isnan(row[["std_error", "ci_low", "ci_high"]].to_numpy(float)).all()
    assert row["note"] == "one interview: no interval"
    assert scores.overall["score"].iloc[0] == 70
    assert np.isnan(scores.overall["std_error"].iloc[0])


def test_companies_of_one_interview_that_add_no_error_to_a_census_are_named() -> None:
    people = flat("a", 5, 7) + flat("b", 9) + flat("c", 8)
    row = score(survey(people), companies="census").industries.iloc[0]
    assert row["std_error"] == pytest.approx(10 / 3, rel=1e-13)
    assert "2 companies of one interview add nothing to the error" in row["note"]


def test_zero_variance_between_companies_is_an_error_of_zero() -> None:
    people = flat("a", 7, 7) + flat("b", 7, 7) + flat("c", 7, 7)
    row = score(survey(people)).industries.iloc[0]
    assert (row["score"], row["std_error"], row["ci_low"], row["ci_high"]) == (70, 0, 70, 70)


def test_a_dimension_that_nobody_answered_is_left_out_of_the_total_and_named() -> None:
    people = company("a", [6, 6, 6, "refused", "blank"], [8, 8, 8, "blank", "blank"]) + company("b", [5] * 5)
    scores = score(survey(people))
    row = scores.companies.set_index("company").loc["a"]
    assert (row["score"], row["A"]) == (70, 70)
    assert np.isnan(row["B"])
    assert any("B in 1 of 2 companies" in note for note in scores.notes)
    # The industry's B is that of the one company that has it; it has no spread between companies.
    industry = scores.industries.iloc[0]
    assert industry["B"] == 50
    tidy = scores.dimensions[
        (scores.dimensions["level"] == "industry") & (scores.dimensions["dimension"] == "B")
    ]
    assert np.isnan(tidy["std_error"].iloc[0])


def test_a_company_without_any_score_is_named_and_kept() -> None:
    people = flat("a", 6, 6) + company("b", ["invalid"] * 5, ["blank"] * 5)
    scores = score(survey(people))
    row = scores.companies.set_index("company").loc["b"]
    assert np.isnan(row["score"])
    assert row["suppressed"]
    assert "no score: no dimension has enough answers" in row["note"]
    assert any("1 companies have no score at all" in note for note in scores.notes)
    assert scores.industries["score"].iloc[0] == 60


@pytest.mark.parametrize("level", ["company_mean", "industry_mean", "respondent_pooled"])
def test_an_industry_without_any_score_changes_nothing_elsewhere(level: str) -> None:
    people = flat("a", 6, 8) + flat("b", 7, 9)
    more = people + company("c", ["invalid"] * 5, ["blank"] * 5, industry="none")
    choices = {"overall_level": level, "industry_level": "respondent_pooled"}
    with_it, without = score(survey(more), **choices), score(survey(people), **choices)
    assert with_it.overall["score"].iloc[0] == without.overall["score"].iloc[0]
    assert with_it.overall["std_error"].iloc[0] == without.overall["std_error"].iloc[0]
    row = with_it.industries.set_index("industry").loc["none"]
    assert np.isnan(row["score"])
    assert "no company with a score" in row["note"]


# Errors ----------------------------------------------------------------------------------------------------


def refused(people: list[Interview], **choices: object) -> str:
    with pytest.raises(MethodError) as caught:
        score(survey(people), **choices)
    return str(caught.value)


def test_market_weights_that_are_none_are_refused_by_the_company_s_name() -> None:
    inconsistent = flat("a", 6, market_share=0.2) + flat("a", 6, market_share=0.3)
    for level in ("industry_level", "overall_level"):
        chosen = {level: "market_weighted"}
        assert "for a it is not\n  found: 0.2 to 0.3" in refused(inconsistent, **chosen)
        assert "the market share must be given" in refused(flat("a", 6), **chosen)
        assert "market shares must be positive" in refused(flat("a", 6, market_share=0.0), **chosen)
        assert "market shares must be positive" in refused(flat("a", 6, market_share=-1.0), **chosen)
        assert "market shares must be positive" in refused(flat("a", 6, market_share=np.inf), **chosen)


def test_columns_that_a_method_needs_are_named() -> None:
    responses = survey(flat("a", 6))
    for name in ("population", "market_share"):
        bare = survey(flat("a", 6))
        bare.numbers.pop(name)  # type: ignore[attr-defined]
        choice = {"finite_population": True} if name == "population" else {"overall_level": "market_weighted"}
        with pytest.raises(MethodError, match=f"a column bound to the role {name}"):
            score(bare, **choice)
    assert set(responses.numbers) == {"population", "market_share"}


def test_contact_counts_that_cannot_be_are_refused() -> None:
    assert "a has more interviews (2) than contacts (1)" in refused(
        flat("a", 6, 7, population=1), finite_population=True
    )
    assert "the contact count must be given" in refused(flat("a", 6), finite_population=True)


def test_no_interview_is_a_sentence_that_names_the_reasons() -> None:
    from satsurvey.intake.ledger import Ledger, UnusedRow

    rows = [
        UnusedRow("x.csv", None, k, reason)
        for k, reason in ((2, "blank_row"), (3, "no_company"), (4, "no_company"))
    ]
    empty = survey([])
    from dataclasses import replace

    with pytest.raises(MethodError) as caught:
        score(replace(empty, ledger=Ledger.of_file("x.csv", None, 3, rows)))
    assert str(caught.value) == (
        "there is no interview to score: 3 rows were read and none could be used\n"
        "  found: blank_row 1, no_company 2\n"
        "  do: satsurvey check EXPORT lists what is wrong"
    )


def test_weightings_that_cannot_be_made_are_refused() -> None:
    people = flat("a", 6, 7)
    assert "no weight is declared for dimension 'A', 'B'" in refused(people, dimension_weights="declared")
    assert "need a pairwise matrix" in refused(people, dimension_weights="ahp")
    assert "consistency ratio" not in refused(
        people, dimension_weights="ahp", ahp_dimensions=((1, 2), (2, 1))
    )
    assert "not reciprocal" in refused(people, dimension_weights="ahp", ahp_dimensions=((1, 2), (2, 1)))
    assert "entropy weights need two companies" in refused(people, dimension_weights="entropy")
    assert "no anchors" in refused(people, conversion="anchored")


def test_a_minimum_of_one_dimension_holds_for_it_alone() -> None:
    data = small_instrument().model_dump(by_alias=True)
    data["dimensions"][0]["min_items"] = 3
    from satsurvey.instrument.model import Instrument

    people = company("a", [6, 6, "blank", 8, "blank"], [6, 6, "blank", 8, "blank"])
    row = score(survey(people, instrument=Instrument.model_validate(data))).companies.iloc[0]
    assert np.isnan(row["A"])
    assert row["score"] == row["B"] == 80
