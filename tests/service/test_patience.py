"""Patience: hang-ups are the event and answers are censored."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from satsurvey.errors import ColumnsError, MethodError
from satsurvey.service.patience import patience
from satsurvey.service.records import ServiceRecords


def calls(wait: list[float], gave_up: list[float], **columns: object) -> ServiceRecords:
    return ServiceRecords.of_frame(pd.DataFrame({"wait_s": wait, "abandoned": gave_up, **columns}))


def test_hang_ups_end_patience_and_answers_only_bound_it() -> None:
    """Of four, one hangs up at 30; two are left after the answer at 60; one of these hangs up at 90."""
    found = patience(calls([30, 60, 90, 120], [1, 0, 1, 0]), at=[30, 60, 100])
    assert found.curve.stated["survival"].tolist() == [0.75, 0.75, 0.375]
    rows = found.frame.set_index("at_s")
    assert rows.loc[60.0, "value"] == 0.75
    assert (rows.loc[60.0, "n"], rows.loc[60.0, "n_events"], rows.loc[60.0, "n_censored"]) == (4, 2, 2)
    assert found.frame[found.frame["statistic"] == "median"]["value"].tolist() == [90]


def test_patience_of_every_group_is_its_own_and_unknown_waits_are_counted() -> None:
    made = calls([10, 20, 10, np.nan], [1, 1, 0, 1], company=["a", "a", "b", "b"])
    found = patience(made, by="company", at=[15]).frame
    rows = found[found["statistic"] == "survival"].set_index("company")
    assert rows.loc["a", "value"] == 0.5
    assert np.isnan(rows.loc["b", "value"])
    assert rows.loc["b", "n_missing"] == 1


def test_when_nobody_hangs_up_a_note_says_that_nothing_is_known() -> None:
    found = patience(calls([10, 20], [0, 0]))
    assert any("nobody hung up" in note for note in found.notes)
    assert found.frame[found.frame["statistic"] == "median"]["value"].isna().all()


def test_patience_of_simulated_callers_is_found_behind_their_answers() -> None:
    rng = np.random.default_rng(3)
    hang, answer = rng.exponential(500, 20_000), rng.exponential(150, 20_000)
    found = patience(
        calls(np.minimum(hang, answer).tolist(), (hang < answer).astype(float).tolist()), at=[300]
    )
    row = found.frame.iloc[0]
    assert row["ci_low"] < np.exp(-0.6) < row["ci_high"]
    assert row["ci_high"] - row["ci_low"] < 0.05


def test_patience_without_its_columns_or_at_no_time_is_refused() -> None:
    with pytest.raises(ColumnsError, match="who gave up"):
        patience(ServiceRecords.of_frame(pd.DataFrame({"wait_s": [1.0]})))
    with pytest.raises(MethodError, match="negative or no number"):
        patience(calls([1], [1]), at=[-5])
