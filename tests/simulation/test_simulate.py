"""Simulated surveys: they show their truth, obey their filters, and come out the same for the same seed."""

from dataclasses import replace

import numpy as np
import pytest

from satsurvey.instrument.library import instrument_names, load_instrument
from satsurvey.instrument.model import MissingReason
from satsurvey.intake.responses import INVALID, MISSING_CODES
from satsurvey.simulation import Design, Simulation, design_from, plain_design, simulate


def mild(per: str = "log_second", **changes: object) -> Design:
    """A survey in the middle of the scale, where hardly any answer is cut off at its ends."""
    start: dict[str, object] = {
        "schema": "satsurvey.simulation/1",
        "instrument": "servperf-22",
        "interviews": 1200,
        "mean": 55.0,
        "industries": [{"code": "a", "zh": "甲", "companies": 30}],
        "spread": {
            "company": 3,
            "respondent": 8,
            "respondent_dimension": 3,
            "noise": 8,
            "item": 1,
            "shape": 8,
        },
        "interviewers": {"count": 60, "sd": 0},
        "response_times": {"channels": {"any": {"median_s": 60, "log_sd": 0.8}}, "effect": -2.0, "per": per},
    }
    return design_from(start | changes)


def own_totals(survey: Simulation) -> np.ndarray:
    """Each respondent's mean over dimensions of the mean over items, in plain words of the scoring rules."""
    instrument = survey.instrument
    by_dimension = []
    for dimension in instrument.dimension_codes:
        scores = []
        for item in instrument.items_of(dimension):
            scale = instrument.scale_of(item)
            values = survey.columns[item.code].astype(float)
            scores.append((values - scale.min) / (scale.max - scale.min) * 100)
        by_dimension.append(np.mean(scores, axis=0))
    return np.mean(by_dimension, axis=0)


def test_company_scores_scatter_around_the_truth_as_their_standard_errors_say():
    survey = simulate(mild(interviews=8000, industries=[{"code": "a", "zh": "甲", "companies": 200}]), seed=3)
    totals, company = own_totals(survey), survey.company_of
    n = np.bincount(company)
    mean = np.bincount(company, totals) / n
    variance = (np.bincount(company, totals**2) - n * mean**2) / (n - 1)
    z = (mean - survey.truth.score) / np.sqrt(variance / n)
    # 200 t-statistics with about 39 degrees of freedom: their mean within 4 standard errors of 0.
    assert abs(z.mean()) < 4 * np.sqrt(39 / 37 / 200)
    assert 0.95 - 4 * np.sqrt(0.95 * 0.05 / 200) < (np.abs(z) < 2.02).mean() <= 1
    assert z.std() == pytest.approx(np.sqrt(39 / 37), abs=4 / np.sqrt(2 * 200))


@pytest.mark.parametrize("per", ["log_second", "minute"])
def test_the_slope_on_response_time_is_recovered_over_seeds(per: str):
    estimates = []
    for seed in range(8):
        survey = simulate(mild(per), seed=seed)
        seconds = survey.columns["first_response_s"].astype(float)
        x = np.log(seconds) if per == "log_second" else seconds / 60
        y = own_totals(survey)
        slope = np.cov(x, y)[0, 1] / x.var(ddof=1)
        rest = y - y.mean() - slope * (x - x.mean())
        estimates.append((slope, rest.std(ddof=2) / (x.std() * np.sqrt(x.size))))
    slopes, errors = np.array(estimates).T
    assert survey.truth.time_effect == -2.0
    assert (np.abs(slopes + 2.0) < 1.96 * errors).sum() >= 6
    assert abs(slopes.mean() + 2.0) < 3 * np.sqrt((errors**2).sum()) / 8


def test_remembered_waits_follow_the_logged_seconds():
    survey = simulate(plain_design(companies=40, seed=4))
    reached = survey.columns["S4"] == "1"
    logged, said = survey.columns["first_response_s"], survey.columns["S6"]
    assert (logged[~reached] == "").all()
    assert (logged[reached] != "").all()
    assert np.corrcoef(np.log(logged[reached].astype(float)), np.log(said[reached].astype(float)))[0, 1] > 0.9


def test_the_response_time_effect_is_centred_over_channels():
    design = plain_design(companies=300, industries=3, seed=2)
    times = {"effect": -1.5, "per": "log_second"}
    survey = simulate(
        design_from(design.model_dump(by_alias=True, exclude_unset=True) | {"response_times": times})
    )
    points = survey.truth.time_points[survey.columns["S4"] == "1"]
    assert abs(points.mean()) < 4 * points.std() / np.sqrt(points.size)
    assert points.std() > 1


# The filters of the 22-item questionnaire in plain Python, as its design states them.
ASKED = {
    "A2": lambda s: s["S3"] == "1",
    "A3": lambda s: s["S4"] in {"1", "2"},
    "B4": lambda s: s["S4"] == "1" and s["S8"] == "1",
    "C4": lambda s: s["S4"] == "1" and s["S9"] == "1",
    **dict.fromkeys(("D1", "D2", "D3"), lambda s: s["S11"] == "1"),
    "D4": lambda s: s["S11"] == "1" and s["S12"] == "1",
    **dict.fromkeys(
        ("B1", "B2", "B3", "B5", "C1", "C2", "C3", "E1", "E2", "E3", "F1", "F2", "F3"),
        lambda s: s["S4"] == "1",
    ),
}


def test_items_are_answered_where_their_filter_holds_and_nowhere_else():
    survey = simulate(plain_design(companies=30, seed=6))
    keys = list(survey.columns)
    for cells in zip(*(column.tolist() for column in survey.columns.values()), strict=True):
        row = dict(zip(keys, cells, strict=True))
        assert row["A1"] != ""
        assert (row["S12"] != "") == (row["S11"] == "1")
        for item, holds in ASKED.items():
            assert (row[item] != "") == holds(row), (item, row)


def test_one_contact_was_enough_where_the_first_one_solved_it():
    survey = simulate(plain_design(seed=6))
    contacts = survey.columns["S13"].astype(int)
    assert (contacts[survey.columns["S10"] == "1"] == 1).all()
    assert contacts.min() == 1
    assert contacts.max() > 2


def test_solved_callers_score_higher_than_the_others():
    survey = simulate(plain_design(companies=60, seed=9))
    overall = np.where(np.char.str_len(survey.columns["O1"]) < 3, survey.columns["O1"], "0")
    number = np.array([float(text or 0) for text in overall])
    known = (number > 0) & (number <= 10)
    solved = survey.columns["S10"] == "1"
    assert number[known & solved].mean() > number[known & ~solved].mean() + 0.3


def test_shares_of_missing_answers_are_those_of_the_design():
    shares = {"not_applicable": 0.03, "dont_know": 0.05, "refused": 0.02, "blank": 0.01}
    survey = simulate(mild(missing=shares))
    assert survey.answers.size == 22 * 1200
    for reason, share in shares.items():
        found = (survey.answers == MISSING_CODES[MissingReason(reason)]).sum()
        assert found == pytest.approx(
            share * survey.answers.size, abs=4 * np.sqrt(share * survey.answers.size)
        )
    texts = np.concatenate([survey.columns[code] for code in survey.instrument.item_codes])
    for reason, code in (("not_applicable", "97"), ("dont_know", "98"), ("refused", "99"), ("blank", "")):
        assert (texts == code).sum() == (survey.answers == MISSING_CODES[MissingReason(reason)]).sum()


def test_everybody_who_completed_has_an_answer():
    survey = simulate(mild(missing={"refused": 0.85}))
    assert (survey.answers < INVALID).any(axis=0).all()


def test_the_same_seed_gives_the_same_cells_and_another_seed_others():
    design = plain_design(companies=6, seed=5, defects=0.05)
    first, again, other = simulate(design), simulate(design, seed=5), simulate(design, seed=6)
    assert list(first.columns) == list(again.columns)
    assert all((first.columns[key] == again.columns[key]).all() for key in first.columns)
    assert first.planted == again.planted
    assert (first.columns["A1"] != other.columns["A1"]).any()


def test_a_larger_survey_does_not_change_the_companies_effects():
    small, large = simulate(mild(interviews=600)), simulate(mild(interviews=6000))
    assert small.truth.score == pytest.approx(large.truth.score)


@pytest.mark.parametrize("name", ["contact-centre-22", "servperf-22", "acsi-3", "nps-csat-ces"])
def test_every_shipped_instrument_can_be_simulated(name: str):
    assert name in instrument_names()
    survey = simulate(plain_design(name, companies=8, industries=2, seed=1))
    instrument = load_instrument(name)
    assert len(survey) == 160
    for item in instrument.items:
        scale = instrument.scale_of(item)
        assert set(survey.columns[item.code].tolist()) <= {*scale.codes, *scale.missing, ""}
    for outcome in instrument.outcomes:
        if outcome.type == "scale":
            scale = instrument.scale_of(outcome)
            assert set(survey.columns[outcome.code].tolist()) <= {*scale.codes, *scale.missing, ""}
    assert survey.truth.overall == pytest.approx(80.0, abs=0.01)


def test_every_company_has_its_least_and_the_total_is_exact():
    survey = simulate(mild(interviews=1234, interviews_least=37))
    counts = np.bincount(survey.company_of)
    assert counts.sum() == 1234
    assert counts.min() >= 37
    assert counts.max() > counts.min()


def test_cases_without_an_interview_are_further_rows_without_answers():
    others = {"2.11": 0.25, "2.20": 0.10, "4.70": 0.05}
    survey = simulate(mild(dispositions={"others": others}))
    assert len(survey) == 1200 + 300 + 120 + 60
    for code, count in (("1.1", 1200), ("2.11", 300), ("2.20", 120), ("4.70", 60)):
        assert (survey.columns["disposition"] == code).sum() == count
    open_rows = survey.columns["disposition"] != "1.1"
    questions = [
        *survey.instrument.item_codes,
        *(o.code for o in survey.instrument.outcomes),
        "completed_at",
        "duration_s",
    ]
    assert all((survey.columns[code][open_rows] == "").all() for code in questions)
    assert (open_rows == ~survey.complete).all()


def test_labels_have_the_shares_of_the_design():
    survey = simulate(mild(labels={"region": {"华东": 3, "华南": 1}}))
    east = (survey.columns["region"] == "华东").sum()
    assert east == pytest.approx(900, abs=4 * np.sqrt(1200 * 0.75 * 0.25))


def test_no_cell_could_be_taken_for_a_formula():
    survey = simulate(plain_design(companies=30, seed=2, defects=0.3))
    for column in survey.columns.values():
        assert not np.isin(column.astype("<U1"), ["=", "+", "-", "@"]).any()


def test_results_are_frozen():
    survey = simulate(plain_design("acsi-3", companies=2, industries=1))
    with pytest.raises(AttributeError):
        survey.seed = 3  # type: ignore[misc]
    assert replace(survey, seed=3).seed == 3
