"""Cumulative incidence of answers."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from satsurvey.service.incidence import ANSWERED, CENSORED, GAVE_UP, answered_by
from satsurvey.service.survival import kaplan_meier

REFERENCE = Path(__file__).parents[1] / "reference"
EXPECTED = json.loads((REFERENCE / "incidence.json").read_text(encoding="utf-8"))
WAITS = pd.read_csv(REFERENCE / "incidence_waits.csv")

watched = st.lists(st.tuples(st.integers(0, 12), st.sampled_from([0, 1, 2])), min_size=1, max_size=40)


@pytest.mark.parametrize("case", sorted(EXPECTED["cases"]))
def test_shares_answered_by_a_time_are_those_of_survfit_with_competing_ends(case: str) -> None:
    data, expected = WAITS[WAITS["case"] == case], EXPECTED["cases"][case]
    time, state = data["time"].to_numpy(np.float64), data["state"].to_numpy()
    found = [answered_by(time, state, at) for at in expected["at"]]
    np.testing.assert_allclose(found, expected["answered"], rtol=1e-12, atol=1e-14)


@given(watched, st.integers(0, 12))
def test_where_every_end_is_seen_it_is_the_plain_share(pairs: list[tuple[int, int]], at: int) -> None:
    time = np.array([pair[0] for pair in pairs], dtype=np.float64)
    state = np.array([pair[1] or ANSWERED for pair in pairs])
    plain = ((time <= at) & (state == ANSWERED)).mean()
    assert answered_by(time, state, at) == pytest.approx(plain, abs=1e-12)


@given(watched, st.integers(0, 12))
def test_where_nobody_gives_up_it_is_one_less_kaplan_meier(pairs: list[tuple[int, int]], at: int) -> None:
    time = np.array([pair[0] for pair in pairs], dtype=np.float64)
    state = np.array([min(pair[1], ANSWERED) for pair in pairs])
    curve = kaplan_meier(time, state == ANSWERED, at=[at])
    expected = 1 - float(curve.stated["survival"].iloc[0])
    assert answered_by(time, state, at) == pytest.approx(expected, abs=1e-12, nan_ok=True)


def test_what_is_not_watched_so_long_is_not_known_and_no_contact_has_no_share() -> None:
    assert np.isnan(answered_by(np.array([10.0, 20.0]), np.array([ANSWERED, CENSORED]), 30))
    assert np.isnan(answered_by(np.array([]), np.array([], dtype=np.int64), 30))
    # One who gave up after a time that is not stated never was answered.
    gone = answered_by(np.array([10.0, np.inf]), np.array([ANSWERED, GAVE_UP]), 30)
    assert gone == 0.5
