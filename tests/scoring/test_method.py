"""How the choices of a score are settled: the instrument, then the study, then the call."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import get_args

import pytest
from small_surveys import small_instrument

from satsurvey.errors import MethodError
from satsurvey.instrument.library import instrument_names, load_instrument
from satsurvey.instrument.model import Instrument, Scoring
from satsurvey.intake.study import StudyScoring
from satsurvey.scoring.method import ScoringMethod


def test_the_call_goes_before_the_study_and_the_study_before_the_instrument() -> None:
    instrument = small_instrument(company_min_n=5, industry_min_companies=4, item_min_answers=3)
    study = StudyScoring(company_min_n=6, industry_min_companies=7)
    method = ScoringMethod.of(instrument, study, {"company_min_n": 8, "order": None})
    assert (method.company_min_n, method.industry_min_companies, method.item_min_answers) == (8, 7, 3)
    assert method.order == "item_first"


def test_a_study_that_says_nothing_changes_nothing() -> None:
    instrument = small_instrument(order="respondent_first", decimals=3)
    assert ScoringMethod.of(instrument, StudyScoring()) == ScoringMethod.of(instrument)
    assert ScoringMethod.of(instrument).order == "respondent_first"


def test_a_study_can_set_every_choice_that_it_declares() -> None:
    study = StudyScoring(
        conversion="min_max",
        order="respondent_first",
        dimension_weights="declared",
        item_weights="declared",
        declared_dimension_weights={"A": 2, "B": 1},
        declared_item_weights={"a1": 2},
        ahp_dimensions=((1, 2), (0.5, 1)),
        industry_level="respondent_pooled",
        overall_level="industry_mean",
        companies="census",
        small_sample="items",
        company_min_n=3,
        industry_min_companies=2,
        small_companies_in_industry=False,
        finite_population=True,
        decimals=1,
        rounding="truncate",
    )
    method = ScoringMethod.of(small_instrument(), study)
    assert set(StudyScoring.model_fields) <= {field.name for field in fields(ScoringMethod)}
    for name in StudyScoring.model_fields:
        assert getattr(method, name) == getattr(study, name), name


@pytest.mark.parametrize("name", instrument_names())
def test_every_scoring_key_of_an_instrument_reaches_the_method(name: str) -> None:
    instrument = load_instrument(name)
    method = ScoringMethod.of(instrument)
    for key in Scoring.model_fields:
        declared = getattr(instrument.scoring, key)
        assert getattr(method, key) == (declared or None if key == "ahp_items" else declared), key


def test_the_minimum_of_a_single_dimension_is_kept() -> None:
    data = small_instrument().model_dump(by_alias=True)
    data["dimensions"][0]["min_items"] = 2
    assert ScoringMethod.of(Instrument.model_validate(data)).dimension_minimums == {"A": 2}


@pytest.mark.parametrize(
    ("choices", "said"),
    [
        ({"ordr": "item_first"}, "scoring has no choice called 'ordr'"),
        ({"order": "random"}, "order cannot be 'random'\n  expected: item_first, respondent_first"),
        ({"companies": "all"}, "companies cannot be 'all'"),
        (
            {"small_sample": "dimensions"},
            "small_sample cannot be 'dimensions'\n  expected: interviews, items",
        ),
        ({"level": 1.0}, "the confidence level lies between 0 and 1"),
        ({"level": float("nan")}, "the confidence level lies between 0 and 1"),
        ({"level": "0.9"}, "the confidence level lies between 0 and 1"),
        ({"company_min_n": 0}, "company_min_n is at least 1"),
        ({"company_min_n": "20"}, "company_min_n is at least 1"),
        ({"dimension_min_items": 1.5}, "dimension_min_items is at least 1"),
        ({"decimals": -1}, "decimals is at least 0"),
        ({"finite_population": "no"}, "finite_population cannot be 'no'"),
    ],
)
def test_an_impossible_choice_is_refused_by_name(choices: dict[str, object], said: str) -> None:
    with pytest.raises(MethodError) as caught:
        ScoringMethod.of(small_instrument(), None, choices)
    assert said in str(caught.value)


def test_all_choices_of_the_model_are_accepted() -> None:
    annotations = {name: field.annotation for name, field in Scoring.model_fields.items()}
    for name in (
        "conversion",
        "order",
        "dimension_weights",
        "item_weights",
        "industry_level",
        "overall_level",
    ):
        for choice in get_args(annotations[name]):
            assert getattr(ScoringMethod.of(small_instrument(), None, {name: choice}), name) == choice


def test_the_method_is_plain_data() -> None:
    method = ScoringMethod.of(small_instrument(), None, {"declared_item_weights": {"a1": 1.0}})
    assert json.loads(json.dumps(method.to_dict()))["declared_item_weights"] == {"a1": 1.0}
    assert "ahp_items" not in method.to_dict()
