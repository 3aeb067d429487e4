"""The report of a check: counts, records, order, and that bad data never stops it."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from satsurvey.intake.checks import RULES, CheckReport, check
from satsurvey.intake.findings import Finding
from satsurvey.intake.ledger import Ledger
from satsurvey.intake.study import StudyScoring


def finding(rule, severity, rows, file="a.csv", values=(), sheet=""):
    return Finding(
        rule, severity, "what", "do", file=file, sheet=sheet, column="Q1", letter="C", value="99",
        rows=np.array(rows, dtype=np.int64), values=values,
    )  # fmt: skip


@pytest.fixture
def report():
    findings = (
        finding("out_of_range", "error", [4, 9]),
        finding("straight_lining", "warning", [4, 5, 6, 7, 8, 11, 12], values=tuple("1234567")),
        finding("straight_lining", "warning", [4], file="b.csv"),
        finding("small_company", "warning", []),
    )
    return CheckReport(findings, 100, Ledger())


def test_records_have_one_row_and_its_own_value_each(report):
    records = report.to_records()
    assert len(records) == 2 + 7 + 1 + 1
    assert list(records[0]) == [
        "file", "sheet", "row", "column", "letter", "value", "rule", "severity", "what", "do",
    ]  # fmt: skip
    assert [(r["row"], r["value"]) for r in records[:4]] == [(4, "99"), (9, "99"), (4, "1"), (5, "2")]
    assert records[-1]["row"] is None
    assert type(records[0]["row"]) is int


def test_groups_have_all_counted_and_five_rows_shown(report):
    groups = report.grouped()
    assert [group["n"] for group in groups] == [2, 7, 1, 0]
    assert groups[1]["rows"] == [4, 5, 6, 7, 8]


def test_nothing_found_gives_no_records():
    empty = CheckReport((), 0, Ledger())
    assert empty.to_records() == empty.grouped() == []


def test_findings_of_reading_enter_the_report_and_errors_come_first(survey, plain):
    earlier = (finding("unsafe_number", "warning", []), finding("out_of_range", "error", [3]))
    report = check(survey([plain] * 2, findings=earlier, notes=("read as GB18030",)))
    assert report.findings[0] is earlier[1]
    assert earlier[0] in report.findings[1:]
    order = [{"error": 0, "warning": 1, "note": 2}[found.severity] for found in report.findings]
    assert order == sorted(order)
    assert "read as GB18030" in report.notes


def test_every_rule_is_either_run_or_has_a_reason(survey, plain):
    report = check(survey([plain] * 2))
    assert set(report.rules_run) | set(report.rules_not_run) == set(RULES)
    assert not set(report.rules_run) & set(report.rules_not_run)
    assert all(report.rules_not_run.values())


def test_no_interview_gives_an_empty_report_with_a_reason(survey):
    report = check(survey([]))
    assert report.findings == ()
    assert set(report.rules_not_run.values()) == {"there is no interview to check"}


def test_thresholds_come_from_the_call_then_the_study_then_the_instrument(survey, plain):
    def small(report):
        return [found.what for found in report.findings if found.rule == "small_company"]

    responses = survey([plain] * 2)
    assert small(check(responses)) == ["acme has 2 interviews, and a published score needs 3"]
    studied = survey([plain] * 2, scoring=StudyScoring(company_min_n=8))
    assert small(check(studied)) == ["acme has 2 interviews, and a published score needs 8"]
    assert small(check(studied, company_min_n=2)) == []


def test_headings_and_letters_of_the_export_are_used(survey, plain):
    responses = survey(
        [[10] * 12],
        numbers={"duration_s": [3]},
        headings={"duration_s": "访问时长"},
        letters={"duration_s": "AB"},
    )
    (short,) = [found for found in check(responses).findings if found.rule == "short_interview"]
    assert (short.column, short.letter) == ("访问时长", "AB")


def test_checking_changes_no_answer(survey, plain):
    responses = survey([plain] * 3, facts={"S4": ["0"] * 3})
    before = responses.answers.copy()
    check(responses)
    assert (responses.answers == before).all()


def test_the_order_of_rows_does_not_change_which_rows_are_named(survey):
    rng = np.random.default_rng(11)
    n = 150
    answers = rng.integers(1, 4, (n, 12)).tolist()
    answers += answers[:20]
    n += 20
    parts = {
        "company": rng.choice(["a", "b", "c"], n).tolist(),
        "industry": rng.choice(["x", "y"], n).tolist(),
    }
    ids = [str(k) for k in rng.integers(0, 100, n)]
    lengths = rng.integers(20, 500, n).tolist()

    def named(order):
        report = check(
            survey(
                [answers[k] for k in order],
                row=[int(k) + 2 for k in order],
                texts={"interview_id": [ids[k] for k in order]},
                numbers={"duration_s": [lengths[k] for k in order]},
                **{key: [values[k] for k in order] for key, values in parts.items()},
            )
        )
        return {
            (found.rule, row) for found in report.findings for row in (found.rows.tolist() or [found.what])
        }

    straight = named(range(n))
    assert {rule for rule, _ in straight} >= {"duplicate_id", "duplicate_answers", "short_interview"}
    assert named(rng.permutation(n)) == straight


CELL = st.one_of(
    st.integers(1, 10), st.sampled_from(["blank", "not_asked", "skipped", "dont_know", "refused", "invalid"])
)
TEXT = st.one_of(st.none(), st.text(max_size=12), st.sampled_from(["2019-03-05 10:00", "2019-03-06", "1"]))
NAME = st.sampled_from(["", "a", "b", "ａ", "a "])
NUMBER = st.one_of(st.floats(allow_nan=True, allow_infinity=False, width=32), st.just(float("nan")))


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_no_data_whatever_stops_the_check(survey, data):
    n = data.draw(st.integers(0, 6))

    def column(values):
        return data.draw(st.lists(values, min_size=n, max_size=n))

    files = sorted(column(st.integers(0, 1)))
    responses = survey(
        column(st.lists(CELL, min_size=12, max_size=12)),
        company=column(NAME),
        company_id=column(NAME),
        industry=column(NAME),
        facts={
            code: column(st.sampled_from(["0", "1", "blank", "invalid"])) for code in ("S4", "S11", "S12")
        },
        factors={role: column(NAME) for role in ("interviewer", "wave")},
        numbers={"duration_s": column(NUMBER)},
        texts={role: column(TEXT) for role in ("interview_id", "completed_at", "contact_at")},
        weight=column(st.floats(0.01, 100)),
        file=files,
    )
    report = check(responses, today=date(2020, 1, 1))
    assert len(report.to_records()) == sum(max(found.n, 1) for found in report.findings)
    assert all(found.n <= n for found in report.findings)
    for found in report.findings:
        assert found.what
        assert found.do
        assert not found.values or len(found.values) == found.n
