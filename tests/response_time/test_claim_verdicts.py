"""Every statement, on data on which it is true and on data on which it is false, gets the right verdict."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from response_time.claim_truths import (
    GIVEN,
    by_tier,
    channelled,
    complaining,
    costs,
    dimensions,
    disappointed,
    expecting,
    handed,
    handling,
    leaders,
    left_waiting,
    loaded,
    log_of_contacts,
    loyal,
    one,
    own_figures,
    printed,
    resolved,
    seven_minutes,
    tiers,
    timed,
    transferred,
    turned,
    vendors,
    waits,
)

from satsurvey.response_time.claim_data import ClaimData
from satsurvey.response_time.claim_tests import TESTS

Made = Callable[[Path], ClaimData]

TRUE: Mapping[str, Made] = {
    "C01": lambda folder: timed(folder, 1, 5.0, linear=True, level=98.0),
    "C02": lambda folder: tiers(folder, 1.35),
    "C03": lambda folder: ClaimData.of(tables=[costs(float(np.log1p(-0.175)))]),
    "C04": lambda folder: ClaimData.of(records=waits(-600 / float(np.log(0.2)))),
    "C05": lambda folder: expecting(folder, 0.78),
    "C06": lambda folder: seven_minutes(folder, 12),
    "C07": lambda folder: resolved(folder, 5, 4.0, 0.0),
    "C08": lambda folder: complaining(folder, 0.2, 0.48),
    "C09": lambda folder: complaining(folder, 0.2, 0.48),
    "C10": lambda folder: transferred(folder, 28.0),
    # A slope at which about 30 percent of those who leave would not have left without a wait.
    "C11": lambda folder: left_waiting(folder, 0.1, -1.5, each=250),
    "C12": lambda folder: disappointed(folder, 1.4),
    "C13": lambda folder: channelled(folder, {"im": 7, "phone": 4, "app_ticket": 4, "email": 1}),
    "C14": lambda folder: turned(folder, 30.0),
    "C15": lambda folder: by_tier(folder, 5.0),
    "C16": lambda folder: handed(folder, 0.0),
    "C17": lambda folder: ClaimData.of(tables=[vendors(1.5, 0.8)], given=GIVEN),
    "C18": lambda folder: dimensions(folder, {"A": 60, "B": 70, "F": 80}),
    "C19": lambda folder: printed("83.71"),
    "C20": lambda folder: leaders(folder, 10.0),
    "C21": lambda folder: own_figures(folder, 92.0),
    "C22": lambda folder: loaded(folder, 7.0, 6.0),
    "C23": lambda folder: ClaimData.of(records=log_of_contacts(0.62, 1.0)),
    "C24": lambda folder: loyal(folder, 0.05),
    "C25": lambda folder: ClaimData.of(tables=[handling(900.0)]),
}
FALSE: Mapping[str, Made] = {
    "C01": lambda folder: timed(folder, 3, 0.0, level=70.0),
    "C02": lambda folder: tiers(folder, 1.0),
    "C03": lambda folder: ClaimData.of(tables=[costs(float(np.log1p(-0.05)))]),
    "C04": lambda folder: ClaimData.of(records=waits(-600 / float(np.log(0.6)))),
    "C05": lambda folder: expecting(folder, 0.5),
    "C06": lambda folder: seven_minutes(folder, 4),
    "C07": lambda folder: resolved(folder, 5, 4.0, 4.0),
    "C08": lambda folder: complaining(folder, 0.7, 0.1),
    "C09": lambda folder: complaining(folder, 0.7, 0.1),
    "C10": lambda folder: transferred(folder, 10.0),
    "C11": lambda folder: left_waiting(folder, 0.0, -1.0),
    "C12": lambda folder: disappointed(folder, 2.6),
    "C13": lambda folder: channelled(folder, {"im": 1, "phone": 4, "app_ticket": 4, "email": 7}),
    "C14": lambda folder: turned(folder, 150.0),
    "C15": lambda folder: by_tier(folder, -5.0),
    "C16": lambda folder: handed(folder, -6.0),
    "C17": lambda folder: ClaimData.of(tables=[vendors(1.0, 1.0)], given=GIVEN),
    "C18": lambda folder: dimensions(folder, {"A": 80, "B": 70, "F": 60}),
    "C19": lambda folder: printed("83.80"),
    "C20": lambda folder: leaders(folder, -10.0),
    "C21": lambda folder: own_figures(folder, 40.0),
    "C22": lambda folder: loaded(folder, 3.0, 6.0),
    "C23": lambda folder: ClaimData.of(records=log_of_contacts(0.62, 0.5)),
    "C24": lambda folder: loyal(folder, -0.05),
    "C25": lambda folder: ClaimData.of(tables=[handling(0.0)]),
}


def test_every_statement_is_tried_both_ways() -> None:
    assert set(TRUE) == set(FALSE) == set(TESTS)


@pytest.mark.parametrize("id", sorted(TRUE))
def test_a_statement_that_is_true_is_supported_or_compatible(tmp_path: Path, id: str) -> None:
    result = one(TRUE[id](tmp_path), id)
    assert result.verdict in {"supported", "compatible"}, result.reason


@pytest.mark.parametrize("id", sorted(FALSE))
def test_a_statement_that_is_false_is_contradicted(tmp_path: Path, id: str) -> None:
    result = one(FALSE[id](tmp_path), id)
    assert result.verdict == "contradicted", result.reason
