"""Paths through the solution beside C07: what was planted comes back; what is explained has no C in it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from response_time.claim_surveys import companies, survey
from response_time.claim_truths import one, resolved

from satsurvey.intake.responses import Responses
from satsurvey.response_time.claim_data import ClaimData
from satsurvey.response_time.claim_mediation import through_solution
from satsurvey.response_time.claim_results import Estimate
from satsurvey.scoring.interviews import interview_scores

TO_C, BY_C, BESIDE = -4.0, 0.5, -3.0
"""Slope of C on log time, of the outcome on C, and of the outcome on time with C held."""


def planted(folder: Path, *, overall: bool, asked: float = 1.0, seed: int = 41) -> ClaimData:
    """Return interviews with dimensions A and C, and an overall question for a share of them."""
    rng = np.random.default_rng(seed)
    names, effect = companies(rng, 80, 25)
    n = len(names)
    log = rng.normal(5, 0.8, n)
    solution = 65 + TO_C * (log - 5) + effect + rng.normal(0, 5, n)
    other = 65 + BY_C * (solution - 65) + BESIDE * (log - 5) + effect + rng.normal(0, 5, n)
    columns: dict[str, object] = {
        "company": names,
        "first_response_s": np.rint(np.expm1(log)),
        "S10": rng.integers(0, 2, n),
        "C1": solution,
    }
    if overall:
        # The other dimension is noise then: only the overall question may be explained.
        columns["A1"] = 60 + rng.normal(0, 5, n)
        answers = np.clip(np.rint(other), 0, 100).astype(int).astype(object)
        columns["O1"] = np.where(rng.random(n) < asked, answers, "")
    else:
        columns["A1"] = other
    return ClaimData.of(survey(folder, columns, dimensions=("A", "C")))


def by_path(estimates: tuple[Estimate, ...]) -> dict[str, Estimate]:
    return {one.what.code: one for one in estimates if one.what is not None and one.what.code[:5] == "path_"}


@pytest.mark.parametrize("overall", [False, True])
def test_planted_paths_come_back_beside_the_verdict(tmp_path: Path, overall: bool) -> None:
    result = one(planted(tmp_path, overall=overall), "C07")
    assert result.tested is not None
    found = by_path(result.tested.estimates)
    truth = {"path_total": TO_C * BY_C + BESIDE, "path_direct": BESIDE, "path_indirect": TO_C * BY_C}
    for code, value in truth.items():
        assert found[code].low < value < found[code].high
        assert found[code].value == pytest.approx(value, abs=0.6)
        assert found[code].verdict is None
    assert found["path_direct"].value + found["path_indirect"].value == pytest.approx(
        found["path_total"].value, rel=1e-9
    )
    codes = {note.code: note for note in result.tested.notes}
    assert "mediation_caution" in codes
    explained = "overall_question" if overall else "other_dimensions"
    assert codes["mediation_of"].values["what"].code == explained  # type: ignore[attr-defined]
    # The rule is that of the slopes by resolution: the paths do not move the verdict.
    assert result.verdict == result.tested.verdict


def test_an_overall_question_that_few_answer_gives_way_to_the_other_dimensions(tmp_path: Path) -> None:
    _, notes = through_solution(planted(tmp_path, overall=True, asked=0.3))
    assert notes[0].values["what"].code == "other_dimensions"  # type: ignore[attr-defined]


def test_the_total_without_c_does_not_move_with_c(tmp_path: Path) -> None:
    rng = np.random.default_rng(42)
    names, _ = companies(rng, 3, 20)
    columns = {"company": names, "A1": rng.integers(20, 90, 60), "B1": rng.integers(20, 90, 60)}
    low = survey(tmp_path, {**columns, "C1": [10] * 60}, dimensions=("A", "B", "C"), name="low.csv")
    high = survey(tmp_path, {**columns, "C1": [90] * 60}, dimensions=("A", "B", "C"), name="high.csv")

    def without(responses: Responses) -> np.ndarray:
        return interview_scores(responses).without("C")

    np.testing.assert_array_equal(without(low), without(high))
    np.testing.assert_allclose(without(low), (columns["A1"] + columns["B1"]) / 2, rtol=1e-12)
    assert (interview_scores(low).total != interview_scores(high).total).all()


def test_the_total_of_the_others_shares_out_the_weight_of_what_is_absent(tmp_path: Path) -> None:
    columns = {"company": ["甲"] * 20, "A1": [40] * 20, "B1": [70] * 20, "C1": [90] * 20}
    scores = interview_scores(survey(tmp_path, columns, dimensions=("A", "B", "C")))
    assert scores.weights == pytest.approx({"A": 1 / 3, "B": 1 / 3, "C": 1 / 3})
    half = type(scores)(
        scores.total,
        {**scores.dimensions, "A": np.where(np.arange(20) < 10, np.nan, 40.0)},
        scores.method,
        {"A": 0.6, "B": 0.2, "C": 0.2},
    )
    # (0.6 x 40 + 0.2 x 70) / 0.8 = 47.5 where both are there, 70 where A is absent.
    assert half.without("C").tolist() == pytest.approx([70.0] * 10 + [47.5] * 10)


def test_without_dimension_c_the_paths_are_said_to_be_absent(tmp_path: Path) -> None:
    result = one(resolved(tmp_path, 5, 4.0, 0.0), "C07")
    assert result.tested is not None
    assert by_path(result.tested.estimates) == {}
    assert "mediation_none" in {note.code for note in result.tested.notes}
    assert "solution" in result.missing


def test_with_c_the_same_in_all_interviews_nothing_goes_through_it(tmp_path: Path) -> None:
    rng = np.random.default_rng(43)
    names, _ = companies(rng, 20, 10)
    columns = {
        "company": names,
        "first_response_s": rng.integers(10, 900, 200),
        "S10": rng.integers(0, 2, 200),
        "A1": rng.integers(20, 90, 200),
        "C1": [80] * 200,
    }
    estimates, notes = through_solution(ClaimData.of(survey(tmp_path, columns, dimensions=("A", "C"))))
    assert estimates == ()
    assert notes[0].code == "mediation_not"
