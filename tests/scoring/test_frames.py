"""The tables of scores: their columns, what is hidden in them, and their intervals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from small_surveys import DIMENSIONS, ITEMS, Interview, company, factor, small_instrument, survey

from satsurvey.scoring.estimates import score
from satsurvey.scoring.frames import interval, names_at

TOTAL = ["score", "std_error", "ci_low", "ci_high", "df"]
PRECISION = ["n_effective", "design_effect"]
COUNTS = ["n_blank", "n_not_asked", "n_skipped", "n_dont_know", "n_refused", "n_not_applicable", "n_invalid"]


def two_industries() -> list[Interview]:
    rng = np.random.default_rng(11)
    sizes = {("big", "a"): 4, ("big", "b"): 4, ("big", "c"): 2, ("small", "d"): 4}
    return [
        Interview(name, tuple(rng.integers(1, 11, 5).tolist()), industry)
        for (industry, name), n in sizes.items()
        for _ in range(n)
    ]


def test_the_columns_are_those_of_the_vocabulary() -> None:
    scores = score(survey(two_industries()))
    assert list(scores.companies) == [
        *("industry", "company", *TOTAL, "n", *PRECISION, *DIMENSIONS, "suppressed", "note")
    ]
    assert list(scores.industries) == [
        *("industry", *TOTAL, "n_companies", "n", *PRECISION, *DIMENSIONS, "suppressed", "note")
    ]
    assert list(scores.overall) == [
        *(*TOTAL, "n_industries", "n_companies", "n", *PRECISION, *DIMENSIONS, "note")
    ]
    assert list(scores.dimensions) == ["level", "industry", "company", "dimension", *TOTAL, "n", "note"]
    assert list(scores.items) == [
        *(
            "level",
            "industry",
            "company",
            "dimension",
            "item",
            *TOTAL,
            "n",
            *COUNTS,
            "satisfied_share",
            "note",
        )
    ]
    assert len(scores.dimensions) == (1 + 2 + 4) * len(DIMENSIONS)
    assert len(scores.items) == (1 + 2 + 4) * len(ITEMS)
    assert scores.items["item"].tolist() == list(ITEMS) * 7
    assert scores.items["dimension"].tolist() == list(ITEMS.values()) * 7


def test_tables_agree_with_each_other() -> None:
    scores = score(survey(two_industries()))
    tidy = scores.dimensions
    for level, frame, key in (
        ("company", scores.companies, "company"),
        ("industry", scores.industries, "industry"),
    ):
        for code in DIMENSIONS:
            part = (
                tidy[(tidy["level"] == level) & (tidy["dimension"] == code)]
                .astype({key: str})
                .set_index(key)["score"]
            )
            pd.testing.assert_series_equal(
                part, frame.set_index(key)[code], check_names=False, check_exact=True, check_index_type=False
            )
    for code in DIMENSIONS:
        part = tidy[(tidy["level"] == "overall") & (tidy["dimension"] == code)]
        assert part["score"].tolist() == scores.overall[code].tolist()


def test_suppressed_rows_keep_their_counts_and_lose_every_estimate() -> None:
    scores = score(survey(two_industries()), company_min_n=3, industry_min_companies=2)
    company_row = scores.companies.set_index("company").loc["c"]
    assert company_row["suppressed"]
    assert (company_row["n"], company_row["n_effective"]) == (2, 2)
    assert company_row[[*TOTAL, "design_effect", *DIMENSIONS]].isna().all()
    assert company_row["note"] == "n < 3"
    industry_row = scores.industries.set_index("industry").loc["small"]
    assert industry_row["suppressed"]
    assert (industry_row["n"], industry_row["n_companies"]) == (4, 1)
    assert industry_row[[*TOTAL, "design_effect", *DIMENSIONS]].isna().all()
    assert industry_row["note"].startswith("fewer than 2 companies; one company:")
    for tidy in (scores.dimensions, scores.items):
        hidden = tidy[
            ((tidy["level"] == "company") & (tidy["company"] == "c"))
            | ((tidy["level"] == "industry") & (tidy["industry"] == "small"))
        ]
        estimates = [name for name in (*TOTAL, "satisfied_share") if name in tidy]
        assert hidden[estimates].isna().to_numpy().all()
        assert (hidden["note"] == "suppressed: too few interviews or companies").all()
        assert (hidden["n"] > 0).all()
        shown = tidy.drop(hidden.index)
        assert shown[estimates].notna().to_numpy().all()
        assert (shown["note"] == "").all()
    # The company of the small industry is big enough for itself.
    assert not scores.companies.set_index("company").loc["d", "suppressed"]


def test_a_column_that_nobody_answered_says_so() -> None:
    items = score(survey(company("a", [5, 5, "refused", 5, 5], [6, 6, "blank", 6, 6]))).items
    row = items[(items["level"] == "company") & (items["item"] == "a3")].iloc[0]
    assert row["note"] == "not enough answers"
    assert row[[*TOTAL, "satisfied_share"]].isna().all()
    assert (row["n"], row["n_refused"], row["n_blank"]) == (0, 1, 1)


def test_fewer_answers_than_an_item_needs_hide_it_everywhere() -> None:
    people = company("a", [5, 5, 9, 5, 5], [6, 6, "blank", 6, 6])
    scores = score(survey(people), item_min_answers=2)
    row = scores.items[(scores.items["level"] == "company") & (scores.items["item"] == "a3")].iloc[0]
    assert row[[*TOTAL, "satisfied_share"]].isna().all()
    assert row["n"] == 1
    assert scores.companies["A"].iloc[0] == 55


def test_without_industries_there_is_no_column_and_no_level_of_them() -> None:
    scores = score(survey(two_industries(), industry=False))
    assert "industry" not in scores.companies
    assert scores.industries.empty
    assert next(iter(scores.industries)) == "industry"
    for tidy in (scores.dimensions, scores.items):
        assert "industry" not in tidy
        assert set(tidy["level"]) == {"overall", "company"}


def test_ids_stand_beside_names() -> None:
    people = two_industries()
    responses = replace(survey(people), company_id=factor([f"0{one.company}" for one in people]))
    frame = score(responses).companies
    assert frame["company_id"].tolist() == ["0a", "0b", "0c", "0d"]
    responses.company_id.codes[:4] = -1  # type: ignore[union-attr]
    assert score(responses).companies["company_id"].tolist() == ["", "0b", "0c", "0d"]


def test_names_of_any_kind_come_back_as_they_are() -> None:
    names = ["=1+1", "<b>", "  ", "\u202egnp", "x" * 10_000, "银行", "\ud800"[:0] + "é"]
    assert names_at(names, np.array([6, 0, 4, 3])).tolist() == [names[k] for k in (6, 0, 4, 3)]


@pytest.mark.parametrize("df", [[1.0, 4.0], [1.0, 2.5]])
def test_intervals_are_those_of_t(df: list[float]) -> None:
    # t quantiles of 90 %: 1 df tan(0.45 pi); 4 df from the closed form; 2.5 df by its own coverage.
    error, low, high = interval(np.array([50.0, 50.0]), np.array([4.0, 4.0]), np.array(df), 0.9)
    assert error.tolist() == [2, 2]
    half = (high - low) / 2 / error
    assert half[0] == pytest.approx(np.tan(0.45 * np.pi), rel=1e-12)
    t = half[1]
    if df[1] == 4:
        # F(t) = 1/2 + (3/8) * u * (1 - u²/12 ...) with u = t/sqrt(1+t²/4): Student's closed form for 4 df.
        u = t / np.sqrt(1 + t**2 / 4)
        assert 0.5 + 3 / 8 * u * (1 - u**2 / 12) == pytest.approx(0.95, rel=1e-12)
    else:
        grid = np.linspace(0, t, 200_001)
        density = (1 + grid**2 / 2.5) ** -1.75
        from math import gamma, pi, sqrt

        area = np.trapezoid(density, grid) * gamma(1.75) / (sqrt(2.5 * pi) * gamma(1.25))
        assert area == pytest.approx(0.45, rel=1e-8)


def test_no_degrees_of_freedom_are_no_interval() -> None:
    error, low, high = interval(np.array([50.0]), np.array([4.0]), np.array([0.0]), 0.95)
    assert error[0] == 2
    assert np.isnan([low[0], high[0]]).all()


def test_a_wider_level_gives_a_wider_interval() -> None:
    people = two_industries()
    narrow, wide = (score(survey(people), level=level).companies for level in (0.8, 0.99))
    assert (wide["ci_high"] - wide["ci_low"] > narrow["ci_high"] - narrow["ci_low"]).all()
    assert narrow["score"].tolist() == wide["score"].tolist()


def test_scales_without_a_satisfied_level_have_no_satisfied_share() -> None:
    scores = score(survey(company("a", [3, 3, 3, 3, 3]), instrument=small_instrument("three")))
    assert scores.items["satisfied_share"].isna().all()
    assert scores.items["score"].eq(100).all()
