"""The published statements as data: complete, from known sources, and with the arithmetic of their notes."""

from __future__ import annotations

import math
import re

import pytest

from satsurvey.benchmarks.figures import load_figures
from satsurvey.errors import MethodError
from satsurvey.response_time.claim_service import mechanical_bound
from satsurvey.response_time.claim_tests import _MET, TESTS
from satsurvey.response_time.claims import load_claims


def test_there_are_25_statements_and_each_has_a_test() -> None:
    claims = load_claims()
    assert [claim.id for claim in claims] == [f"C{k:02d}" for k in range(1, 26)]
    assert set(TESTS) == {claim.id for claim in claims}


def test_every_need_is_described_and_can_be_looked_for() -> None:
    claims = load_claims()
    used = {need for claim in claims for need in (*claim.needs, *claim.useful)}
    assert used == set(claims.needs)
    assert used == set(_MET)
    for need in claims.needs.values():
        assert all((need.text.zh, need.text.en, need.supply.zh, need.supply.en))


def test_every_statement_is_in_both_languages_with_a_known_source_and_no_file_name() -> None:
    for claim in load_claims():
        assert claim.source in load_figures().sources
        for text in (claim.statement, claim.model, claim.estimand, claim.caution):
            assert re.search("[\u4e00-\u9fff]", text.zh)
            assert text.en
        assert ".txt" not in claim.model_dump_json()


def test_the_rules_are_those_that_were_stated() -> None:
    claims = load_claims()
    stated = {
        "C03": (-20, -15), "C04": 0.35, "C05": 0.78, "C06": 12, "C08": 0.80, "C09": 0.48, "C10": -28,
        "C11": 0.30, "C12": 1.40, "C15": 0, "C16": -2, "C21": 0, "C22": 5.04, "C25": 900,
    }  # fmt: skip
    for id, number in stated.items():
        rule = claims[id].rule()
        assert ((rule.low, rule.high) if isinstance(number, tuple) else rule.value) == number
    assert (claims["C01"].rule().low, claims["C01"].rule().high, claims["C01"].rule().null) == (4, 7, 0)
    assert claims["C17"].rule("complaints").value == 1.5
    assert claims["C17"].rule("repurchase").value == 0.8


def test_the_case_of_the_source_is_1_71_a_minute_on_a_line_and_9_97_per_unit_on_a_log_curve() -> None:
    # 600 s to 180 s, 12 points; the log curve is that of seconds, as the note of C01 has it.
    per_unit = 12 / math.log(600 / 180)
    assert round(12 / 7, 2) == 1.71
    assert round(per_unit, 2) == 9.97
    assert round(per_unit * math.log(3 / 2), 2) == 4.04
    assert round(per_unit * math.log(2), 2) == 6.91
    note = load_claims()["C01"].note
    assert all(figure in text for figure in ("1.71", "9.97", "4.04", "6.91") for text in (note.zh, note.en))


@pytest.mark.parametrize(
    ("before", "after", "saved"), [(60, 70, 14.3), (80, 90, 11.1), (70, 77, 9.1), (50, 55, 9.1)]
)
def test_the_mechanical_bound_is_what_the_note_says(before: float, after: float, saved: float) -> None:
    assert round(-mechanical_bound(before, after), 1) == saved


def test_the_mechanical_bound_is_the_mean_number_of_contacts_of_a_geometric_row() -> None:
    # Every contact solves with probability f: the row 1 + (1 - f) + (1 - f)^2 + ... added up by hand.
    def contacts(f: float) -> float:
        return sum((1 - f) ** k for k in range(10_000))

    assert mechanical_bound(60, 70) == pytest.approx(100 * (contacts(0.7) / contacts(0.6) - 1), abs=1e-9)


def test_a_share_that_is_none_is_refused() -> None:
    with pytest.raises(MethodError, match="over 0 and up to 100"):
        mechanical_bound(0, 10)


def test_an_unknown_statement_is_refused_with_those_there_are() -> None:
    with pytest.raises(MethodError, match="no such statement"):
        load_claims().chosen(["C99"])
    assert [claim.id for claim in load_claims().chosen([" c04", "C01"])] == ["C01", "C04"]
