"""Kaplan-Meier against R's survival, closed forms, and a restatement by loops."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from satsurvey.errors import MethodError
from satsurvey.service.segments import Segments
from satsurvey.service.survival import group_survival, kaplan_meier

REFERENCE = Path(__file__).resolve().parents[1] / "reference"
CURVES = json.loads((REFERENCE / "survival.json").read_text(encoding="utf-8"))["curves"]
WAITS = pd.read_csv(REFERENCE / "survival_waits.csv")

watched = st.lists(st.tuples(st.integers(0, 12), st.booleans()), min_size=1, max_size=40)


def assert_close(found: object, expected: object) -> None:
    ours = np.asarray(found, dtype=np.float64)
    theirs = np.array([np.nan if x in (None, "NA") else x for x in np.atleast_1d(expected)], dtype=np.float64)
    np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("case", sorted(CURVES))
def test_curve_error_interval_and_quantiles_are_those_of_survfit(case: str) -> None:
    expected = CURVES[case]
    data = WAITS[WAITS["case"] == case.removesuffix("_90")]
    curve = kaplan_meier(
        data["time"].to_numpy(),
        data["event"].to_numpy() == 1,
        at=np.atleast_1d(expected["at"]).tolist(),
        quantiles=expected["q"],
        level=expected["level"],
    )
    for name in ("time", "n_at_risk", "n_events", "n_censored", "survival", "std_error", "ci_low", "ci_high"):
        assert_close(curve.frame[name], expected[name])
    for ours, theirs in (("time", "q_time"), ("ci_low", "q_low"), ("ci_high", "q_high")):
        assert_close(curve.quantiles[ours], expected[theirs])
    assert_close(curve.stated["survival"], expected["at_survival"])
    # Where nothing has ended survfit's interval is 1 to 1; ours has a test of its own.
    inner = (curve.stated["survival"] > 0) & (curve.stated["survival"] < 1)
    for ours, theirs in (("ci_low", "at_low"), ("ci_high", "at_high")):
        assert_close(curve.stated.loc[inner, ours], np.atleast_1d(expected[theirs])[inner.to_numpy()])


def test_one_contact_that_has_not_ended_is_no_proof_that_none_ends() -> None:
    z = 1.959963984540054
    early = kaplan_meier([100, 200, 300], [True, True, True], at=[50]).stated.iloc[0]
    assert (early["survival"], early["ci_high"]) == (1, 1)
    assert math.isclose(early["ci_low"], 3 / (3 + z**2), rel_tol=1e-12)
    # The one that was watched for 10 only is not known to go on beyond 50.
    short = kaplan_meier([10, 200, 300], [False, True, True], at=[50]).stated.iloc[0]
    assert math.isclose(short["ci_low"], 2 / (2 + z**2), rel_tol=1e-12)
    late = kaplan_meier([10, 20, 30, 40], [True, False, True, True], at=[50]).stated.iloc[0]
    assert (late["survival"], late["ci_low"]) == (0, 0)
    assert math.isclose(late["ci_high"], z**2 / (3 + z**2), rel_tol=1e-12)


def test_without_censoring_survival_is_the_share_still_waiting_and_greenwood_the_binomial_error() -> None:
    time = np.array([1.0, 2, 2, 3, 5, 8, 8, 9])
    curve = kaplan_meier(time, np.ones(8, dtype=bool)).frame
    share = np.array([(time > t).mean() for t in curve["time"]])
    np.testing.assert_allclose(curve["survival"], share, rtol=1e-14)
    inner = share > 0
    np.testing.assert_allclose(curve["std_error"][inner], np.sqrt(share * (1 - share) / 8)[inner], rtol=1e-13)
    assert np.isnan(curve["std_error"].iloc[-1])


def restated(pairs: list[tuple[float, bool]]) -> list[float]:
    """The product over distinct times, one contact at a time."""
    survival, found = 1.0, []
    for time in sorted({t for t, _ in pairs}):
        at_risk = sum(t >= time for t, _ in pairs)
        ended = sum(t == time and e for t, e in pairs)
        survival *= 1 - ended / at_risk
        found.append(survival)
    return found


@given(watched)
def test_the_curve_is_that_of_a_plain_loop(pairs: list[tuple[float, bool]]) -> None:
    curve = kaplan_meier([float(t) for t, _ in pairs], [e for _, e in pairs])
    np.testing.assert_allclose(curve.frame["survival"], restated(pairs), rtol=1e-12, atol=1e-15)
    assert curve.frame["n_events"].sum() + curve.frame["n_censored"].sum() == len(pairs)
    assert curve.n_events == sum(e for _, e in pairs)


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 12), st.booleans()), max_size=60))
def test_every_group_has_the_curve_it_has_alone(rows: list[tuple[int, int, bool]]) -> None:
    rows = sorted(rows, key=lambda row: row[0])
    group = np.array([row[0] for row in rows], dtype=np.int64)
    time = np.array([row[1] for row in rows], dtype=np.float64)
    event = np.array([row[2] for row in rows], dtype=bool)
    curves = group_survival(time, event, Segments(np.bincount(group, minlength=7)))
    medians, stated = curves.quantile(0.5), curves.at(4.0)
    for g in range(7):
        mine = group == g
        stretch = slice(curves.starts[g], curves.starts[g] + curves.n_times[g])
        if not mine.any():
            assert curves.n_times[g] == 0
            assert np.isnan(medians[0][g])
            assert np.isnan(stated[0][g])
            continue
        alone = kaplan_meier(time[mine], event[mine], at=[4], quantiles=[0.5])
        np.testing.assert_array_equal(curves.survival[stretch], alone.frame["survival"])
        np.testing.assert_array_equal(curves.ci_low[stretch], alone.frame["ci_low"])
        for place, name in enumerate(("time", "ci_low", "ci_high")):
            np.testing.assert_array_equal(medians[place][g], alone.quantiles[name].iloc[0])
        for place, name in enumerate(("survival", "ci_low", "ci_high")):
            np.testing.assert_array_equal(stated[place][g], alone.stated[name].iloc[0])


def test_when_no_end_was_seen_nothing_is_known_of_the_median() -> None:
    curve = kaplan_meier([10, 20, 30], [False, False, False], at=[15, 40])
    assert curve.frame["survival"].tolist() == [1, 1, 1]
    assert curve.quantiles[["time", "ci_low", "ci_high"]].isna().all(axis=None)
    assert curve.stated["survival"].iloc[0] == 1
    assert math.isnan(curve.stated["survival"].iloc[1])


def test_after_the_last_time_seen_the_survival_is_unknown_unless_all_have_ended() -> None:
    assert math.isnan(kaplan_meier([10, 20], [True, False], at=[21]).stated["survival"].iloc[0])
    assert kaplan_meier([10, 20], [True, True], at=[21]).stated["survival"].iloc[0] == 0


def test_nothing_watched_makes_an_empty_curve() -> None:
    curve = kaplan_meier([], [], at=[60])
    assert len(curve.frame) == 0
    assert curve.stated["survival"].isna().all()
    assert (curve.n, curve.n_events) == (0, 0)


def test_an_end_and_a_stop_at_one_time_leave_the_stopped_at_risk() -> None:
    curve = kaplan_meier([5, 5], [True, False]).frame
    assert curve["survival"].tolist() == [0.5]


@pytest.mark.parametrize("time", [-1.0, math.nan, math.inf])
def test_a_time_that_is_none_is_refused(time: float) -> None:
    with pytest.raises(MethodError, match="negative or no number"):
        kaplan_meier([1.0, time], [True, True])


def test_times_and_events_of_different_number_are_refused() -> None:
    with pytest.raises(MethodError, match="one event for every time"):
        kaplan_meier([1.0], [True, False])


@pytest.mark.slow
def test_the_interval_at_a_stated_time_covers_the_truth() -> None:
    """Exponential patience (mean 300 s) and answers (mean 200 s): S(240) = exp(-0.8)."""
    rng = np.random.default_rng(4)
    hang, answer = rng.exponential(300, (4000, 80)), rng.exponential(200, (4000, 80))
    groups = Segments(np.repeat(80, 4000))
    curves = group_survival(np.minimum(hang, answer).ravel(), (hang < answer).ravel(), groups)
    _, low, high = curves.at(240.0)
    known = ~np.isnan(low)
    covered = ((low <= np.exp(-0.8)) & (np.exp(-0.8) <= high))[known].mean()
    assert known.mean() > 0.99
    assert 0.935 < covered < 0.965
