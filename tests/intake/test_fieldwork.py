"""The fieldwork of a study: outcomes of used and unused rows put together."""

from __future__ import annotations

import pytest

from satsurvey.errors import MethodError
from satsurvey.intake.fieldwork import fieldwork
from satsurvey.intake.ledger import Ledger, UnusedRow


def unused(reason, detail="", case_id="", row=90):
    return UnusedRow("wave0.csv", None, row, reason, detail, case_id)


def with_unused(survey, plain, used, rows, **more):
    ledger = Ledger.of_file("wave0.csv", None, len(used) + len(rows), rows)
    return survey([plain] * len(used), factors={"disposition": used}, ledger=ledger, **more)


def test_outcomes_of_all_rows_are_counted(survey, plain):
    rows = [
        unused("not_completed", "2.11"),
        unused("not_completed", "3.13"),
        unused("not_completed", "1.2"),
        unused("screened_out"),
        unused("screened_out", "4.8"),
        unused("blank_row"),
        unused("total_row", "合计"),
    ]
    result = fieldwork(with_unused(survey, plain, ["1.1", "1.1", ""], rows))
    assert result.outcome is not None
    assert result.outcome.classes == {
        "I": 3, "P": 1, "R": 1, "NC": 0, "O": 0, "UH": 1, "UO": 0, "NE": 2,
    }  # fmt: skip
    assert result.outcome.codes == {"1.1": 3, "2.11": 1, "3.13": 1, "1.2": 1, "4.7": 1, "4.8": 1}
    assert not any("set aside for other reasons" in note for note in result.notes)


def test_rows_lost_for_other_reasons_are_told(survey, plain):
    rows = [unused("no_company"), unused("unreadable"), unused("not_completed", "2.11")]
    result = fieldwork(with_unused(survey, plain, ["1.1"], rows))
    assert "2 rows set aside for other reasons are not among the cases" in result.notes


def test_what_the_study_calls_completed_is_complete_and_is_named(survey, plain):
    result = fieldwork(with_unused(survey, plain, ["成功", "成功", "1.2"], []))
    assert result.outcome is not None
    assert result.outcome.classes["I"] == 2
    assert result.outcome.classes["P"] == 1
    assert result.outcome.unclassified == {}
    assert "outcomes of the interviews used count as complete: '成功'" in result.notes


def test_texts_that_the_instrument_declares_have_their_class(survey, plain, instrument_with):
    role = {"role": "disposition", "values": {"completed": ["成功"], "2.11": ["拒访"], "NC": ["无人接听"]}}
    responses = with_unused(
        survey,
        plain,
        ["成功"],
        [
            unused("not_completed", "拒访"),
            unused("not_completed", "无人接听"),
            unused("not_completed", "空号"),
        ],
        instrument=instrument_with(record_fields=[role]),
    )
    outcome = fieldwork(responses).outcome
    assert outcome is not None
    assert (outcome.classes["I"], outcome.classes["R"], outcome.classes["NC"]) == (1, 1, 1)
    assert outcome.unclassified == {"空号": 1}
    told = fieldwork(responses, classes={"空号": "4.3", "拒访": "NC"}).outcome
    assert told is not None
    assert (told.classes["NE"], told.classes["NC"], told.unclassified) == (1, 2, {})


def test_attempts_of_one_case_count_once(survey, plain):
    rows = [
        unused("not_completed", "3.13", "c1"),
        unused("not_completed", "2.11", "c2"),
        unused("not_completed", "3.13", "c2"),
    ]
    responses = with_unused(survey, plain, ["1.1", "1.1"], rows, texts={"case_id": ["c1", None]})
    result = fieldwork(responses)
    assert result.outcome is not None
    assert result.outcome.codes == {"1.1": 2, "2.11": 1}
    assert "5 rows are 3 cases; the strongest outcome of each counts" in result.notes


def test_without_case_ids_it_is_said_that_rows_are_cases(survey, plain):
    result = fieldwork(with_unused(survey, plain, ["1.1"], []))
    assert "every row counts as a case of its own, since the export has no column for case_id" in result.notes


def test_without_dispositions_there_are_no_rates_but_interviewers(survey, plain):
    result = fieldwork(survey([plain] * 2, factors={"interviewer": ["01", "02"]}))
    assert result.outcome is None
    assert "the export has no column for disposition, so there are no outcome rates" in result.notes
    assert [row.interviewer for row in result.interviewers] == ["01", "02"]
    assert result.effect is not None
    assert "no interviewer with two interviews" in result.effect.note


def test_without_interviewers_the_note_says_so(survey, plain):
    result = fieldwork(with_unused(survey, plain, ["1.1"], []))
    assert result.interviewers == ()
    assert result.effect is None
    assert "the export has no column for interviewer" in result.notes


def test_e_is_passed_on_and_judged(survey, plain):
    responses = with_unused(survey, plain, ["1.1"], [unused("not_completed", "3.13")])
    outcome = fieldwork(responses, e=0.5).outcome
    assert outcome is not None
    assert outcome.rates["RR3"] == pytest.approx(1 / 1.5)
    with pytest.raises(MethodError):
        fieldwork(responses, e=2)


def test_no_interview_at_all_still_gives_the_rates(survey, plain):
    result = fieldwork(with_unused(survey, plain, [], [unused("not_completed", "2.11")]))
    assert result.outcome is not None
    assert result.outcome.rates["RR1"] == 0
