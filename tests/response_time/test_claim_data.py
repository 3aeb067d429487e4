"""Where times come from: the records where these are given, refused where none belongs to an interview."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from response_time.claim_surveys import companies, survey
from response_time.claim_truths import one, value

from satsurvey.errors import ColumnsError
from satsurvey.response_time.claim_data import ClaimData
from satsurvey.service.records import ServiceRecords


def both(
    folder: Path, *, ids: str = "K{}", drop: tuple[str, ...] = (), fill: str = ""
) -> tuple[object, ServiceRecords]:
    """Return an export with times of its own, and records whose times are other ones."""
    rng = np.random.default_rng(1)
    names, effect = companies(rng, 30, 20)
    log = rng.normal(5, 0.8, len(names))
    columns = {
        "company": names,
        "case_id": [f"K{k}" for k in range(len(names))],
        "first_response_s": np.rint(np.exp(rng.permutation(log))),
        "A1": 70 - 5 * (log - 5) + effect + rng.normal(0, 5, len(names)),
    }
    frame = pd.DataFrame(
        {
            "case_id": [ids.format(k) for k in range(len(names))],
            "company": names,
            "first_response_s": np.rint(np.exp(log)),
            "wait_s": rng.exponential(400, len(names)),
            "abandoned": rng.integers(0, 2, len(names)).astype(float),
        }
    ).drop(columns=list(drop))
    return survey(folder, columns), ServiceRecords.of_frame(frame)


def test_times_are_those_of_the_records_where_records_are_given(tmp_path: Path) -> None:
    responses, records = both(tmp_path)
    data = ClaimData.of(responses, records)  # type: ignore[arg-type]
    assert data.times is not None
    assert data.times.from_records
    assert data.rows.definition == records.definitions["first_response_s"]
    _, low, high = value(one(data, "C01"), 1)
    assert low > 0
    # The export's own times are in another order: with them there is nothing.
    own = ClaimData.of(responses)  # type: ignore[arg-type]
    _, low, high = value(one(own, "C01"), 1)
    assert low < 0 < high


def test_records_of_other_customers_are_refused_with_the_reasons_counted(tmp_path: Path) -> None:
    responses, records = both(tmp_path, ids="Z{}")
    with pytest.raises(ColumnsError, match=r"no interview is linked .*\(id not in the records: 600\)"):
        ClaimData.of(responses, records)  # type: ignore[arg-type]


def test_records_without_the_time_leave_it_unknown_and_say_why(tmp_path: Path) -> None:
    responses, records = both(tmp_path, drop=("first_response_s",))
    data = ClaimData.of(responses, records)  # type: ignore[arg-type]
    assert data.times is None
    result = one(data, "C01")
    assert result.verdict == "not_testable"
    assert result.missing == ("first_response",)
    assert result.reason == "the linked service records have no such time"
    assert one(data, "C04").tested is not None


def test_records_that_have_no_case_to_be_linked_by_give_no_times_either(tmp_path: Path) -> None:
    responses, records = both(tmp_path, drop=("case_id",))
    data = ClaimData.of(responses, records)  # type: ignore[arg-type]
    assert data.times is None
    result = one(data, "C01")
    assert result.verdict == "not_testable"
    assert result.reason.startswith("interviews and service records are not linked")
    with pytest.raises(ColumnsError, match="are not linked"):
        _ = data.rows
    # What is in the log alone is tested all the same.
    assert one(data, "C04").tested is not None


def test_what_is_held_fixed_is_what_is_known_and_varies(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    names, effect = companies(rng, 20, 20)
    n = len(names)
    channel = rng.choice(["phone", "im"], n)
    columns = {
        "company": names,
        "industry": "银行",
        "S2": channel,
        "S6": np.rint(rng.lognormal(4.5, 1, n)),
        "A1": 70 + effect,
        "流失": (rng.random(n) < np.where(channel == "im", 0.4, 0.2)).astype(int),
    }
    data = ClaimData.of(survey(tmp_path, columns), columns={"churned": "流失"})
    assert list(data.held(np.ones(n, dtype=np.bool_))) == ["channel"]
    assert data.held(np.array(channel) == "im") == {}
    result = one(data, "C11")
    assert result.tested is not None
    assert result.tested.form is not None
    assert "固定：渠道" in result.tested.form.text("zh")
