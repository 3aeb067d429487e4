"""Statements on response time: same slopes and undecided ones, times that do not reach, errors by company."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from response_time.claim_surveys import companies, survey
from response_time.claim_truths import one, value

from satsurvey.response_time.claim_data import ClaimData
from satsurvey.response_time.claim_results import Estimate

# Speed alone (C07) -----------------------------------------------------------------------------------------


def split(folder: Path, seed: int, among: float, other: float, *, each: int = 20, n: int = 15) -> ClaimData:
    """Return resolved and unresolved matters with slopes of their own on the log of time."""
    rng = np.random.default_rng(seed)
    names, effect = companies(rng, n, each)
    log = rng.normal(4.5, 0.9, len(names))
    flag = (rng.random(len(names)) < 0.6).astype(int)
    score = np.where(flag == 1, 72 - among * (log - 4.5), 60 - other * (log - 4.5))
    columns = {
        "company": names,
        "first_response_s": np.rint(np.expm1(log)),
        "S10": flag,
        "A1": score + effect + rng.normal(0, 6, len(names)),
    }
    return ClaimData.of(survey(folder, columns))


def test_slopes_that_differ_are_never_called_the_same_because_little_was_seen(tmp_path: Path) -> None:
    found = Counter(one(split(tmp_path, seed, 4.0, 2.0), "C07").verdict for seed in range(25))
    assert found["contradicted"] == 0, found


def test_the_same_slope_is_told_where_the_gap_is_seen_to_be_small(tmp_path: Path) -> None:
    result = one(split(tmp_path, 3, 4.0, 4.0, each=150, n=40), "C07")
    assert result.verdict == "contradicted"
    assert result.tested is not None
    decides = next(estimate for estimate in result.tested.estimates if estimate.verdict)
    slope = value(result, 0)[0]
    # A fifth of the slope among the resolved, the tolerance; printed with the rule.
    assert decides.high < 0.2 * abs(slope)
    rule = next(note for note in result.tested.notes if note.code == "rule_c07")
    assert rule.values["same"] == pytest.approx(0.2 * abs(slope))


@pytest.mark.parametrize(("other", "verdict"), [(4.0, "inconclusive"), (0.0, "supported")])
def test_the_number_that_decides_is_the_difference_of_the_slopes(
    tmp_path: Path, other: float, verdict: str
) -> None:
    result = one(split(tmp_path, 1, 4.0, other, each=20 if other else 100), "C07")
    assert result.verdict == verdict
    assert result.tested is not None
    decides = [estimate for estimate in result.tested.estimates if estimate.verdict]
    assert [estimate.what.code for estimate in decides if estimate.what] == ["slope_gap"]
    assert (decides[0].low > 0) == (verdict == "supported")


# A minute less, and seven (C01, C06) -----------------------------------------------------------------------


def quick(folder: Path, *, low: int = 5, high: int = 60, seed: int = 1) -> ClaimData:
    """Return interviews whose times are uniform between two ends, and whose scores fall straight."""
    rng = np.random.default_rng(seed)
    names, effect = companies(rng, 20, 30)
    seconds = rng.integers(low, high, len(names))
    score = 90 - 0.02 * seconds + effect + rng.normal(0, 4, len(names))
    return ClaimData.of(survey(folder, {"company": names, "first_response_s": seconds, "A1": score}))


@pytest.mark.parametrize(("low", "high"), [(5, 60), (400, 900), (5, 610)])
def test_a_curve_is_not_continued_to_times_that_nobody_waited(tmp_path: Path, low: int, high: int) -> None:
    result = one(quick(tmp_path, low=low, high=high), "C06")
    assert result.verdict == "not_testable"
    assert result.said is not None
    assert result.said.code == "times_do_not_reach"
    assert result.tested is not None
    assert np.isnan(value(result)[0])


def test_times_that_reach_both_ends_are_enough(tmp_path: Path) -> None:
    assert one(quick(tmp_path, low=5, high=800), "C06").verdict != "not_testable"


def test_where_times_are_short_the_mean_step_is_stated(tmp_path: Path) -> None:
    data = quick(tmp_path)
    result = one(data, "C01")
    assert result.tested is not None
    said = next(note for note in result.tested.notes if note.code == "short_steps")
    seconds = data.rows.time_s
    assert said.values["share"] == 100
    assert said.values["step"] == pytest.approx(seconds.mean())
    # Nothing is said of two or three minutes, which nobody waited.
    codes = [estimate.what.code for estimate in result.tested.estimates if estimate.what]
    assert "effect_from" not in codes
    long = one(quick(tmp_path, low=60, high=300), "C01")
    assert long.tested is not None
    assert "short_steps" not in {note.code for note in long.tested.notes}


def test_every_line_says_what_it_is(tmp_path: Path) -> None:
    result = one(quick(tmp_path, low=5, high=800), "C01")
    assert result.tested is not None
    main: Estimate = result.tested.estimates[0]
    assert main.words("zh") == "主要估计：快1分钟的平均效应（混合模型，企业内）"


def varying(folder: Path, seed: int, n: int = 30) -> ClaimData:
    """Return companies in which a minute does different things, and nothing on average."""
    rng = np.random.default_rng(seed)
    names, effect = companies(rng, n, 30)
    log = rng.normal(5, 0.8, len(names))
    slope = np.repeat(rng.normal(0, 5, n), 30)
    score = 60 - slope * (log - 5) + effect + rng.normal(0, 6, len(names))
    return ClaimData.of(
        survey(folder, {"company": names, "first_response_s": np.rint(np.expm1(log)), "A1": score})
    )


@pytest.mark.slow
def test_effects_that_differ_by_company_and_are_none_on_average_are_found_once_in_twenty(
    tmp_path: Path,
) -> None:
    runs, out, likelihood = 200, 0, 0
    for seed in range(runs):
        data = varying(tmp_path, seed)
        _, low, high = value(one(data, "C01"), 1)
        out += not low <= 0 <= high
        effect = data.fit.effect("mixed")
        likelihood += not float(effect["ci_low"]) <= 0 <= float(effect["ci_high"])
    # 10 expected; 3 and 20 are beyond the 0.5 and 99.5 percent points of the binomial.
    assert 3 <= out <= 20, out
    # The errors of the likelihood take a minute to do the same in every company.
    assert likelihood > 50
