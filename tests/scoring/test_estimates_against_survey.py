"""Scores and their standard errors against the R package survey (see tests/reference/README.md)."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from satsurvey.instrument.model import Instrument, MissingReason
from satsurvey.intake.ledger import Ledger
from satsurvey.intake.raw import Source
from satsurvey.intake.responses import MISSING_CODES, Factor, Responses
from satsurvey.scoring.estimates import Scores, score

REFERENCE = Path(__file__).resolve().parents[1] / "reference"
ITEMS = ("a1", "a2", "b1", "b2")
DIMENSIONS = ("A", "B")
TOLERANCE = 1e-8

DATA = ("missing", "complete")
CASES = ("equal_unweighted", "equal_weighted", "declared_unweighted", "declared_weighted")


@cache
def reference() -> dict:
    return json.loads((REFERENCE / "survey.json").read_text(encoding="utf-8"))


def read(name: str) -> list[dict[str, str]]:
    with (REFERENCE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def instrument() -> Instrument:
    return Instrument.model_validate(
        {
            "schema": "satsurvey.instrument/1",
            "id": "four-items",
            "version": "1",
            "title": {"en": "Four items in two dimensions"},
            "default_scale": "ten",
            "scales": {"ten": {"min": 1, "max": 10}},
            "dimensions": [{"code": code, "text": {"en": code}} for code in DIMENSIONS],
            "items": [{"code": code, "dimension": code[0].upper(), "text": {"en": code}} for code in ITEMS],
        }
    )


def factor(texts: list[str]) -> Factor:
    names = sorted(set(texts))
    return Factor(np.array([names.index(text) for text in texts], dtype=np.int32), tuple(names))


def load(data: str, *, weighted: bool) -> Responses:
    """Build the responses from the rows that R read."""
    rows = read(f"survey_{data}.csv")
    companies = {row["company"]: row for row in read("survey_companies.csv")}
    blank = MISSING_CODES[MissingReason.BLANK]
    answers = np.array(
        [[int(row[item]) - 1 if row[item] else blank for row in rows] for item in ITEMS], dtype=np.uint8
    )
    of_company = {
        role: np.array([float(companies[row["company"]][role]) for row in rows])
        for role in ("population", "market_share")
    }
    asked = instrument()
    return Responses(
        instrument=asked,
        scales=tuple(asked.scale_of(item) for item in asked.items),
        answers=answers,
        company=factor([row["company"] for row in rows]),
        industry=factor([row["industry"] for row in rows]),
        weight=np.array([float(row["weight"]) for row in rows]) if weighted else None,
        numbers=of_company,
        file=np.zeros(len(rows), dtype=np.int16),
        row=np.arange(2, len(rows) + 2, dtype=np.int64),
        files=(Source(Path(f"survey_{data}.csv"), "csv"),),
        ledger=Ledger.of_file(f"survey_{data}.csv", None, len(rows), ()),
    )


@cache
def scored(data: str, case: str, **choices: object) -> Scores:
    plan, _, weighting = case.partition("_")
    weights = reference()["plans"][plan]
    return score(
        load(data, weighted=weighting == "weighted"),
        dimension_weights="declared",
        declared_dimension_weights=weights["dimensions"],
        item_weights="declared",
        declared_item_weights=weights["items"],
        **choices,
    )


def assert_close(found: float, expected: float) -> None:
    assert found == pytest.approx(expected, rel=TOLERANCE)


def company_rows(frame: pd.DataFrame) -> Mapping[str, pd.Series]:
    return {str(row["company"]): row for _, row in frame.iterrows()}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("data", DATA)
@pytest.mark.parametrize("finite", [False, True])
def test_company_totals_agree(data: str, case: str, finite: bool) -> None:
    expected = reference()[data][case]["companies"]
    rows = company_rows(scored(data, case, finite_population=finite).companies)
    assert set(rows) == set(expected)
    for name, numbers in expected.items():
        total = numbers["item_first_fpc" if finite else "item_first"]["total"]
        assert_close(rows[name]["score"], total["score"])
        assert_close(rows[name]["std_error"], total["std_error"])
        assert_close(rows[name]["n_effective"], numbers["n_effective"])
        assert rows[name]["n"] == numbers["n"]
        assert rows[name]["df"] == numbers["n"] - 1
        if not finite:
            assert_close(rows[name]["ci_low"], numbers["interval"][0])
            assert_close(rows[name]["ci_high"], numbers["interval"][1])
        for dimension in DIMENSIONS:
            assert_close(rows[name][dimension], numbers["item_first"][dimension]["score"])


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("data", DATA)
@pytest.mark.parametrize("kind", ["dimension", "item"])
def test_company_dimensions_and_items_agree(data: str, case: str, kind: str) -> None:
    expected = reference()[data][case]["companies"]
    scores = scored(data, case)
    frame = scores.dimensions if kind == "dimension" else scores.items
    frame = frame[frame["level"] == "company"]
    assert len(frame) == len(expected) * len(DIMENSIONS if kind == "dimension" else ITEMS)
    for _, row in frame.iterrows():
        numbers = expected[row["company"]]["item_first"][row[kind]]
        assert_close(row["score"], numbers["score"])
        assert_close(row["std_error"], numbers["std_error"])


@pytest.mark.parametrize("case", CASES)
def test_design_effects_of_complete_companies_agree(case: str) -> None:
    # With nothing missing the item-first total is the mean of the respondents' composites, and of means
    # survey gives a design effect with replacement.
    rows = company_rows(scored("complete", case).companies)
    assert set(rows) == set(reference()["complete"][case]["companies"])
    for name, numbers in reference()["complete"][case]["companies"].items():
        assert_close(rows[name]["design_effect"], numbers["respondent_first"]["design_effect"])


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("data", DATA)
def test_respondent_first_totals_agree(data: str, case: str) -> None:
    scores = scored(data, case, order="respondent_first")
    rows = company_rows(scores.companies)
    parts = scores.dimensions[scores.dimensions["level"] == "company"].set_index(["company", "dimension"])
    assert set(rows) == set(reference()[data][case]["companies"])
    for name, numbers in reference()[data][case]["companies"].items():
        expected = numbers["respondent_first"]
        assert_close(rows[name]["score"], expected["score"])
        assert_close(rows[name]["std_error"], expected["std_error"])
        assert_close(rows[name]["design_effect"], expected["design_effect"])
        for dimension in DIMENSIONS:
            assert_close(parts.loc[(name, dimension), "score"], expected[dimension]["score"])
            assert_close(parts.loc[(name, dimension), "std_error"], expected[dimension]["std_error"])
    finite = company_rows(scored(data, case, order="respondent_first", finite_population=True).companies)
    for name, numbers in reference()[data][case]["companies"].items():
        assert_close(finite[name]["std_error"], numbers["respondent_first"]["std_error_fpc"])


def assert_industries_agree(data: str, case: str, level: str, companies: str) -> None:
    frame = scored(data, case, industry_level=level, companies=companies).industries
    expected = reference()[data][case]["industries"]
    assert set(frame["industry"]) == set(expected)
    for _, row in frame.iterrows():
        numbers = expected[row["industry"]]
        there = numbers[level if companies == "sample" else f"{level}_census"]
        total = there.get("total", there)
        assert_close(row["score"], total["score"])
        assert_close(row["std_error"], total["std_error"])
        assert_close(row["n_effective"], numbers["n_effective"][level])
        assert row["n"] == numbers["n"]
        assert row["n_companies"] == numbers["n_companies"]
        if companies == "sample":
            assert row["df"] == there["df"]


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("data", DATA)
@pytest.mark.parametrize("level", ["company_mean", "respondent_pooled", "market_weighted"])
def test_industries_of_sampled_companies_agree(data: str, case: str, level: str) -> None:
    assert_industries_agree(data, case, level, "sample")


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("data", DATA)
@pytest.mark.parametrize("level", ["company_mean", "market_weighted"])
def test_industries_of_all_their_companies_agree(data: str, case: str, level: str) -> None:
    assert_industries_agree(data, case, level, "census")


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("data", DATA)
def test_pooled_respondents_of_a_census_of_companies_agree(data: str, case: str) -> None:
    # Companies are strata. How many of a company answer an item, and their weights, are sampled too: the
    # influence is about the pooled item mean and then centred in each company.
    assert_industries_agree(data, case, "respondent_pooled", "census")


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("data", DATA)
@pytest.mark.parametrize("level", ["company_mean", "industry_mean", "respondent_pooled", "market_weighted"])
def test_the_overall_score_agrees(data: str, case: str, level: str) -> None:
    row = scored(data, case, overall_level=level).overall.iloc[0]
    numbers = reference()[data][case]["overall"]
    there = numbers[level].get("total", numbers[level])
    assert_close(row["score"], there["score"])
    assert_close(row["std_error"], there["std_error"])
    assert_close(row["n_effective"], numbers["n_effective"][level])
    # Industries differ in their number of companies, so that the design has no one count of freedom.
    assert_close(
        row["df"],
        numbers["industry_mean_satterthwaite"] if level == "industry_mean" else numbers[level]["df"],
    )


@pytest.mark.parametrize("case", CASES)
def test_means_of_companies_agree_with_a_clustered_design_on_the_interviews(case: str) -> None:
    expected = reference()["complete"][case]["from_interviews"]
    sample, census = scored("complete", case), scored("complete", case, companies="census")
    finite = scored("complete", case, companies="census", finite_population=True)
    for frames, key in ((sample, "std_error"), (census, "census"), (finite, "census_fpc")):
        for _, row in frames.industries.iterrows():
            assert_close(row["score"], expected["industries"][row["industry"]]["score"])
            assert_close(row["std_error"], expected["industries"][row["industry"]][key])
    for _, row in sample.industries.iterrows():
        assert_close(row["design_effect"], expected["industries"][row["industry"]]["design_effect"])
    assert_close(sample.overall["design_effect"].iloc[0], expected["overall"]["design_effect"])
    assert_close(sample.overall["std_error"].iloc[0], expected["overall"]["std_error"])
    assert_close(census.overall["std_error"].iloc[0], expected["overall"]["census"])
