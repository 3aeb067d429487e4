"""Before and after a stated day: steps and bends that were planted, their intervals, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from response_time.claim_surveys import companies, survey
from response_time.claim_truths import one

from satsurvey.errors import MethodError
from satsurvey.response_time.claim_change import Interruption, interrupted
from satsurvey.response_time.claim_data import ClaimData
from satsurvey.response_time.claim_results import ClaimResult, Estimate
from satsurvey.service.records import ServiceRecords

STEP, TREND, BEND = 8.0, 0.6, -0.9
"""Points on the day, points in 30 days before it, and what is added to these after it."""


def series(rng: np.random.Generator, n_companies: int, *, step: float = STEP) -> Interruption:
    """Return the fit of a planted series; companies differ, drift, and are interviewed at their own times."""
    company = np.repeat(np.arange(n_companies), 30)
    # Some companies are interviewed late: a plain comparison would take them for the change.
    shift = rng.normal(0, 20, n_companies)
    days = np.clip(rng.uniform(-120, 120, company.size) + shift[company], -150, 150)
    own = 60 + 0.2 * shift + rng.normal(0, 5, n_companies)
    steps = step + rng.normal(0, 2, n_companies)
    months = days / 30
    score = own[company] + TREND * months + (steps[company] + BEND * months) * (days >= 0)
    return interrupted(score + rng.normal(0, 6, company.size), days, company)


def test_a_planted_step_and_bend_come_back() -> None:
    found = series(np.random.default_rng(1), 120)
    for what, truth in (("step", STEP), ("trend", TREND), ("bend", BEND)):
        value, low, high = found.numbers(what)
        assert low < truth < high
        assert value == pytest.approx(truth, abs=1.0)
    assert (found.clustered_by, found.clusters) == ("company", 120)


def test_the_step_is_that_of_least_squares_with_a_column_for_every_company() -> None:
    rng = np.random.default_rng(2)
    company = np.repeat(np.arange(12), 20)
    days = rng.uniform(-90, 90, 240)
    score = 60 + company + 5.0 * (days >= 0) + rng.normal(0, 5, 240)
    months, after = days / 30, (days >= 0).astype(float)
    design = np.column_stack([after, months, months * after, np.eye(12)[company]])
    plain = np.linalg.lstsq(design, score, rcond=None)[0]
    found = interrupted(score, days, company)
    for place, what in enumerate(("step", "trend", "bend")):
        assert found.numbers(what)[0] == pytest.approx(plain[place], rel=1e-8)


def test_weighted_interviews_are_those_of_weighted_least_squares() -> None:
    rng = np.random.default_rng(3)
    company = np.repeat(np.arange(12), 20)
    days, weights = rng.uniform(-90, 90, 240), rng.uniform(0.5, 2, 240)
    score = 60 + company + 5.0 * (days >= 0) + rng.normal(0, 5, 240)
    months, after = days / 30, (days >= 0).astype(float)
    design = np.column_stack([after, months, months * after, np.eye(12)[company]])
    root = np.sqrt(weights)
    plain = np.linalg.lstsq(design * root[:, None], score * root, rcond=None)[0]
    found = interrupted(score, days, company, weights=weights)
    assert found.numbers("step")[0] == pytest.approx(plain[0], rel=1e-8)
    assert found.before_mean == pytest.approx(np.average(score[days < 0], weights=weights[days < 0]))


def test_one_company_is_clustered_by_weeks_and_by_rows_where_weeks_are_few() -> None:
    rng = np.random.default_rng(4)
    for span, clustered_by in ((100, "week"), (20, "row")):
        days = rng.uniform(-span, span, 400)
        score = 60 + 6.0 * (days >= 0) + rng.normal(0, 5, 400)
        found = interrupted(score, days, np.zeros(400, dtype=np.int64))
        assert found.clustered_by == clustered_by
        _, low, high = found.numbers("step")
        assert low < 6.0 < high


@pytest.mark.slow
@pytest.mark.parametrize("n_companies", [20, 60])
def test_intervals_of_the_step_hold_the_truth_95_times_of_100(n_companies: int) -> None:
    rng, runs = np.random.default_rng(n_companies), 1000
    held = np.zeros(2)
    for _ in range(runs):
        found = series(rng, n_companies)
        for place, (what, truth) in enumerate((("step", STEP), ("bend", BEND))):
            _, low, high = found.numbers(what)
            held[place] += low <= truth <= high
    assert np.abs(held / runs - 0.95).max() <= 3 * np.sqrt(0.95 * 0.05 / runs)


@pytest.mark.slow
def test_intervals_of_one_company_hold_where_its_weeks_differ() -> None:
    rng, runs, held = np.random.default_rng(9), 1000, 0
    days = np.arange(-182, 182).repeat(3) + 0.5
    week = np.floor(days / 7).astype(int)
    for _ in range(runs):
        score = 60 + 5.0 * (days >= 0) + rng.normal(0, 2, 52)[week + 26] + rng.normal(0, 6, days.size)
        _, low, high = interrupted(score, days, np.zeros(days.size, dtype=np.int64)).numbers("step")
        held += low <= 5.0 <= high
    assert abs(held / runs - 0.95) <= 3 * np.sqrt(0.95 * 0.05 / runs)


# Beside C06 ------------------------------------------------------------------------------------------------


def changed(
    folder: Path,
    step: float,
    *,
    before_s: float = 600,
    after_s: float = 180,
    only: str | None = None,
    seed: int = 5,
    days: int = 180,
    **given: str,
) -> ClaimData:
    """Return companies whose first response, and with it the score, changed on 2025-07-01."""
    rng = np.random.default_rng(seed)
    names, effect = companies(rng, 40, 50)
    n = len(names)
    day = pd.Timestamp("2025-07-01") + pd.to_timedelta(rng.integers(-days // 2, days // 2, n), unit="D")
    after = np.asarray(day >= pd.Timestamp("2025-07-01"))
    if only is not None:
        after = after & (np.array(names) == only)
    seconds = np.rint(np.where(after, after_s, before_s) * rng.lognormal(0, 0.3, n))
    score = 60 + step * after + effect + rng.normal(0, 5, n)
    columns = {
        "company": names,
        "first_response_s": seconds,
        "completed_at": day.strftime("%Y-%m-%d"),
        "A1": score,
    }
    return ClaimData.of(survey(folder, columns), given=given)


def steps(result: ClaimResult) -> dict[str, Estimate]:
    assert result.tested is not None, result.reason
    found = {}
    for estimate in result.tested.estimates:
        if estimate.what is not None and estimate.what.code.startswith("series_"):
            name = estimate.what.code.removeprefix("series_")
            found[f"{name}_{estimate.reading}" if name == "step" else name] = estimate
    return found


def codes(result: ClaimResult) -> set[str]:
    assert result.tested is not None
    return {note.code for note in result.tested.notes}


@pytest.mark.parametrize(("step", "verdict"), [(7.2, "supported"), (0.0, "contradicted")])
def test_a_change_from_ten_to_three_minutes_is_judged_in_percent_and_in_points(
    tmp_path: Path, step: float, verdict: str
) -> None:
    result = one(changed(tmp_path, step, changed_on="2025-07-01"), "C06")
    found = steps(result)
    percent, points = found["step_percent_of_mean"], found["step_points"]
    assert points.low < step < points.high
    # 60 points before: 7.2 of them are 12 percent.
    assert percent.value == pytest.approx(100 * points.value / 60, rel=0.02)
    assert percent.verdict in ({verdict, "compatible"} if step else {verdict})
    assert points.verdict is not None
    assert found["median_before"].value == pytest.approx(600, rel=0.05)
    assert found["median_after"].value == pytest.approx(180, rel=0.05)
    assert codes(result) >= {"series_of", "series_as_stated", "series_caution"}
    # The rule is unchanged: the contrast of the curve decides.
    assert result.tested is not None
    assert result.tested.estimates[0].what is not None
    assert result.tested.estimates[0].what.code == "main_contrast"
    assert result.verdict == result.tested.estimates[0].verdict


def test_a_change_between_other_times_is_shown_and_not_judged(tmp_path: Path) -> None:
    result = one(changed(tmp_path, 7.2, before_s=240, after_s=120, changed_on="2025-07-01"), "C06")
    found = steps(result)
    assert found["step_percent_of_mean"].verdict is None
    assert found["median_before"].value == pytest.approx(240, rel=0.05)
    assert "series_other_times" in codes(result)


def test_a_change_of_one_company_is_looked_for_there_alone(tmp_path: Path) -> None:
    result = one(
        changed(tmp_path, 9.0, only="公司007", changed_on="2025-07-01", changed_company="公司007"), "C06"
    )
    assert result.tested is not None
    of = next(note for note in result.tested.notes if note.code == "series_few" or note.code == "series_of")
    # Fifty interviews on both sides are too few for a trend on each: that is said, with how many there are.
    assert of.code == "series_few"
    assert int(of.values["before"]) + int(of.values["after"]) == 50  # type: ignore[call-overload]


def test_without_a_day_or_dates_or_enough_of_either_side_the_reading_says_why(tmp_path: Path) -> None:
    result = one(changed(tmp_path, 7.2), "C06")
    assert steps(result) == {}
    assert "series_not_stated" in codes(result)
    assert "changed_on" in result.missing
    late = one(changed(tmp_path, 7.2, changed_on="2026-01-01"), "C06")
    assert "series_few" in codes(late)
    names, effect = companies(np.random.default_rng(6), 20, 20)
    columns = {"company": names, "first_response_s": np.arange(400) + 1, "A1": 60 + effect}
    undated = ClaimData.of(survey(tmp_path, columns), given={"changed_on": "2025-07-01"})
    assert "series_no_dates" in codes(one(undated, "C06"))


def test_a_day_that_is_none_and_a_company_that_is_not_there_are_refused(tmp_path: Path) -> None:
    with pytest.raises(MethodError, match="this is no day"):
        changed(tmp_path, 0.0, changed_on="01/07/2025")
    with pytest.raises(MethodError, match="no interview is of this company"):
        changed(tmp_path, 0.0, changed_on="2025-07-01", changed_company="别家")


def test_dates_are_those_of_the_linked_contacts_before_those_of_the_interviews(tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    names, effect = companies(rng, 30, 20)
    n = len(names)
    cases = [f"K{k:04d}" for k in range(n)]
    contact = pd.Timestamp("2025-07-01") + pd.to_timedelta(rng.integers(-90, 90, n), unit="D")
    after = np.asarray(contact >= pd.Timestamp("2025-07-01"))
    columns = {
        "company": names,
        "case_id": cases,
        # Interviewed long after, all on the same side of the change.
        "completed_at": "2025-12-24",
        "A1": 60 + 6.0 * after + effect + rng.normal(0, 5, n),
    }
    records = pd.DataFrame(
        {
            "case_id": cases,
            "request_at": contact,
            "first_response_s": np.where(after, 180.0, 600.0) * rng.lognormal(0, 0.2, n),
        }
    )
    data = ClaimData.of(
        survey(tmp_path, columns), ServiceRecords.of_frame(records), given={"changed_on": "2025-07-01"}
    )
    found = steps(one(data, "C06"))
    assert found["step_points"].low < 6.0 < found["step_points"].high
