"""Simulated service records: they belong to the survey, are read back as made, and carry a known effect."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from satsurvey.errors import OutputError
from satsurvey.service.reading import read_records
from satsurvey.simulation import plain_design, simulate, simulate_contacts, write_contacts
from satsurvey.simulation.simulate import Simulation

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def survey() -> Simulation:
    return simulate(plain_design(companies=10, interviews=40, industries=2, seed=3))


def test_the_cases_of_the_survey_come_first_with_their_logged_times(survey: Simulation) -> None:
    contacts = simulate_contacts(survey)
    n = len(survey)
    assert all(column.size == 2 * n for column in contacts.values())
    assert (contacts["case_id"][:n] == survey.columns["case_id"]).all()
    assert (contacts["company"][:n] == survey.columns["company"]).all()
    assert np.unique(contacts["case_id"]).size == 2 * n
    logged = survey.columns["first_response_s"]
    known = logged != ""
    took = contacts["first_reply_at"][:n][known].astype("M8[s]") - contacts["request_at"][:n][known].astype(
        "M8[s]"
    )
    assert (took.astype(np.int64) == logged[known].astype(np.int64)).all()


def test_the_same_seed_gives_the_same_contacts(survey: Simulation, tmp_path: Path) -> None:
    first, second = tmp_path / "a.csv", tmp_path / "b.csv"
    write_contacts(survey, first)
    write_contacts(survey, second)
    assert first.read_bytes() == second.read_bytes()
    with pytest.raises(OutputError, match="exists already"):
        write_contacts(survey, first)


def test_what_is_written_is_read_back(survey: Simulation, tmp_path: Path) -> None:
    path = tmp_path / "contacts.csv"
    assert write_contacts(survey, path) == 2 * len(survey)
    made = simulate_contacts(survey)
    records = read_records([path], now=NOW)
    found = records.contacts
    assert records.ledger.rows_used == 2 * len(survey)
    assert {finding.rule for finding in records.findings} == {"bot_reply"}
    machine = made["handled_by"] == "bot"
    never = made["first_reply_at"] == ""
    assert (found["first_response_s"].isna() == (machine | never)).all()
    assert (found["first_response_censored_s"].notna() == (machine | never)).all()
    assert (found["abandoned"] == 1).sum() == (made["abandoned"] == "是").sum() > 0
    assert ((found["open"] == 1) == (made["open"] == "处理中")).all()
    assert (found["case_id"] == made["case_id"]).all()
    waits = found["wait_s"].notna()
    assert (waits == (made["wait_s"] != "")).all()


def test_the_effect_is_null_unless_it_is_asked_for() -> None:
    assert plain_design().response_times.effect == 0
    assert plain_design(response_slope=-3).response_times.effect == -3
    slopes = []
    for slope in (0.0, -3.0):
        made = simulate(plain_design(companies=40, interviews=60, industries=2, seed=5, response_slope=slope))
        seconds = made.columns["first_response_s"]
        known = (seconds != "") & np.isin(made.columns["A1"], [str(k) for k in range(1, 11)])
        answers = made.columns["A1"][known].astype(float) * 10
        channel = made.columns["S2"][known]
        x = np.log(seconds[known].astype(float))
        # Within channels, for channels differ in their times.
        for name in np.unique(channel):
            x[channel == name] -= x[channel == name].mean()
            answers[channel == name] -= answers[channel == name].mean()
        slopes.append(float(x @ answers / (x @ x)))
        error = float(np.sqrt(np.var(answers - slopes[-1] * x) / (x @ x)))
        # The ends of the scale pull a true slope towards nothing, never beyond it.
        assert abs(slopes[-1] - slope) < 3 * error + 0.35 * abs(slope)
    assert slopes[1] < -1.5
