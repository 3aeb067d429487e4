"""Rules about ids, lengths, dates, interviewers and weights, each against a plain restatement."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta

import numpy as np
import pytest

from satsurvey.intake.checks import check


def of_rule(report, rule):
    return [finding for finding in report.findings if finding.rule == rule]


def rows_of(report, rule):
    return sorted(row for finding in of_rule(report, rule) for row in finding.rows.tolist())


# Ids -----------------------------------------------------------------------------------------------------


def test_an_id_that_stands_in_two_rows_is_found_with_its_rows(survey, plain):
    report = check(survey([plain] * 5, texts={"interview_id": ["007", "008", "007", "", None]}))
    (finding,) = of_rule(report, "duplicate_id")
    assert finding.rows.tolist() == [2, 4]
    assert finding.value == "007"
    assert finding.what == "the interview id 007 stands in 2 rows: row 2, row 4"


def test_leading_zeros_tell_ids_apart(survey, plain):
    report = check(survey([plain] * 3, texts={"interview_id": ["07", "7", "7.0"]}))
    assert rows_of(report, "duplicate_id") == []


def test_empty_ids_are_not_equal_to_each_other(survey, plain):
    report = check(survey([plain] * 4, texts={"interview_id": ["", "", None, None]}))
    assert rows_of(report, "duplicate_id") == []


def test_the_same_id_in_another_wave_is_a_panel_and_no_duplicate(survey, plain):
    waves = {"wave": ["1", "2", "1", "2"]}
    ids = {"interview_id": ["a", "a", "b", "b"]}
    assert rows_of(check(survey([plain] * 4, texts=ids, factors=waves)), "duplicate_id") == []
    ids = {"interview_id": ["a", "a", "a", "b"]}
    assert rows_of(check(survey([plain] * 4, texts=ids, factors=waves)), "duplicate_id") == [2, 4]


def test_an_id_in_two_files_is_reported_in_both(survey, plain):
    report = check(survey([plain] * 2, texts={"interview_id": ["a", "a"]}, file=[0, 1], row=[5, 6]))
    assert [(f.file, f.rows.tolist()) for f in of_rule(report, "duplicate_id")] == [
        ("wave0.csv", [5]),
        ("wave1.csv", [6]),
    ]


def test_thousands_of_duplicates_lose_no_row(survey, plain):
    rng = np.random.default_rng(8)
    ids = [f"n{k}" for k in rng.integers(0, 2000, 3000)]
    times = Counter(ids)
    expected = [row for row, name in enumerate(ids, start=2) if times[name] > 1]
    report = check(survey([plain] * 3000, texts={"interview_id": ids}))
    assert rows_of(report, "duplicate_id") == expected
    assert len(of_rule(report, "duplicate_id")) == 201
    named = len({name for name, n in times.items() if n > 1})
    assert of_rule(report, "duplicate_id")[-1].what.startswith(f"{named - 200} ids more have the same defect")


# Lengths -------------------------------------------------------------------------------------------------


def test_short_long_negative_and_absent_lengths_are_told_apart(survey, plain):
    lengths = [119, 120, -1, np.nan, 400, 400, 400]
    report = check(survey([plain] * 7, numbers={"duration_s": lengths}))
    assert rows_of(report, "short_interview") == [2]
    assert rows_of(report, "short_against_median") == [2, 3]  # a third of the median 400 is 133
    assert rows_of(report, "impossible_duration") == [4]
    assert of_rule(report, "short_interview")[0].values == ("119",)


def test_short_interviews_are_laid_at_the_interviewers_door(survey, plain):
    report = check(
        survey(
            [plain] * 5,
            numbers={"duration_s": [60, 60, 60, 300, 300]},
            factors={"interviewer": ["01", "01", "02", "02", ""]},
        )
    )
    assert of_rule(report, "short_interview")[0].what == (
        "a length under 120 s in 3 interviews; most by interviewers 01 (2 of 2), 02 (1 of 2)"
    )


def test_without_a_minimum_or_a_column_the_length_rules_say_so(survey, plain, instrument_with):
    report = check(survey([plain]))
    assert report.rules_not_run["short_interview"] == "the export has no column for duration_s"
    free = instrument_with(quality={})
    report = check(survey([plain], instrument=free, numbers={"duration_s": [1.0]}))
    assert "quality.min_duration_s" in report.rules_not_run["short_interview"]


# Dates ---------------------------------------------------------------------------------------------------


def test_an_interview_that_ended_before_its_contact_is_impossible(survey, plain):
    completed = ["2019-03-05 10:00", "2019-03-05 10:00", "2019-03-05", "2019-03-04", "2019/3/5 10:00", ""]
    contact = [
        "2019-03-05 09:59",
        "2019-03-05 10:01",
        "2019-03-05 18:00",
        "2019-03-05",
        "2019年3月5日",
        "2019-03-05",
    ]
    report = check(survey([plain] * 6, texts={"completed_at": completed, "contact_at": contact}))
    assert rows_of(report, "impossible_date") == [3, 5]
    assert of_rule(report, "impossible_date")[0].values == ("2019-03-05T10:00:00", "2019-03-04T00:00:00")


def test_unreadable_dates_are_grouped_by_their_text(survey, plain):
    report = check(survey([plain] * 4, texts={"completed_at": ["soon", "2019-03-05", "soon", "05/03/2019"]}))
    found = [(f.value, f.rows.tolist(), f.column) for f in of_rule(report, "impossible_date")]
    assert found == [("soon", [2, 4], "completed_at"), ("05/03/2019", [5], "completed_at")]


def test_what_stands_in_place_of_a_date_is_shown_without_personal_data(survey, plain):
    report = check(survey([plain] * 2, texts={"completed_at": ["回电 138 0013 8000", "2019-03-05"]}))
    assert [finding.value for finding in of_rule(report, "impossible_date")] == ["回电 [手机号]"]


def test_dates_after_today_are_found_when_today_is_given(survey, plain):
    texts = {"completed_at": ["2019-03-05 23:59:59", "2019-03-06", "2019-03-05"]}
    assert rows_of(check(survey([plain] * 3, texts=texts), today=date(2019, 3, 5)), "impossible_date") == [3]
    unaware = check(survey([plain] * 3, texts=texts))
    assert rows_of(unaware, "impossible_date") == []
    assert any("no date of today was given" in note for note in unaware.notes)


@pytest.mark.parametrize("seed", range(4))
def test_overlapping_interviews_are_those_that_start_before_an_earlier_one_ends(survey, plain, seed):
    rng = np.random.default_rng(seed)
    n = 120
    ends = [datetime(2019, 3, 5, 9) + timedelta(seconds=int(s)) for s in rng.integers(1, 60_000, n)]
    lengths = rng.integers(100, 900, n)
    who = [str(k) for k in rng.integers(0, 6, n)]
    spans = [(end - timedelta(seconds=int(s)), end) for end, s in zip(ends, lengths, strict=True)]
    expected = [
        row + 2
        for row in range(n)
        if any(
            who[other] == who[row]
            and spans[other][0] < spans[row][0]
            and (spans[other][1] - spans[row][0]).total_seconds() > 60
            for other in range(n)
        )
    ]
    assert expected
    report = check(
        survey(
            [plain] * n,
            numbers={"duration_s": lengths},
            texts={"completed_at": [str(end) for end in ends]},
            factors={"interviewer": who},
        )
    )
    assert rows_of(report, "overlapping_interviews") == expected


def test_days_without_a_time_of_day_cannot_overlap(survey, plain):
    report = check(
        survey(
            [plain] * 3,
            numbers={"duration_s": [500, 500, 500]},
            texts={"completed_at": ["2019-03-05"] * 3},
            factors={"interviewer": ["1"] * 3},
        )
    )
    assert rows_of(report, "overlapping_interviews") == []
    assert "overlapping_interviews" in report.rules_run


# Interviewers --------------------------------------------------------------------------------------------


def answers_by_interviewer(effect, seed=3, interviewers=20, each=15):
    """Answers on 1 to 10 whose level depends on the interviewer by `effect` points of spread."""
    rng = np.random.default_rng(seed)
    levels = 5.5 + effect * np.linspace(-1, 1, interviewers)
    who = [f"{k:02d}" for k in range(interviewers) for _ in range(each)]
    rows = [[int(v) for v in np.clip(np.rint(rng.normal(levels[int(name)], 1.5, 12)), 1, 10)] for name in who]
    return rows, who


def test_interviewers_with_levels_of_their_own_are_reported_with_the_design_effect(survey):
    answers, who = answers_by_interviewer(1.5)
    (finding,) = of_rule(check(survey(answers, factors={"interviewer": who})), "interviewer_effect")
    assert finding.severity == "warning"
    assert "over 20 interviewers with 15.0 interviews on average (over 0.05 is too much)" in finding.what


def test_interviewers_without_effect_are_not_reported(survey):
    answers, who = answers_by_interviewer(0.0)
    report = check(survey(answers, factors={"interviewer": who}))
    assert of_rule(report, "interviewer_effect") == []
    assert "interviewer_effect" in report.rules_run


def test_interviewers_who_differ_because_their_companies_do_are_seen_through(survey):
    answers, who = answers_by_interviewer(1.5)
    company = [f"c{name}" for name in who]
    (finding,) = of_rule(
        check(survey(answers, factors={"interviewer": who}, company=company)), "interviewer_effect"
    )
    assert finding.what.endswith("; 0.000 once differences between companies are taken out")


def test_nine_interviewers_are_too_few_to_judge(survey):
    answers, who = answers_by_interviewer(1.5, interviewers=9)
    report = check(survey(answers, factors={"interviewer": who}))
    assert report.rules_not_run["interviewer_effect"] == "there are 9 interviewers, and the estimate needs 10"


def test_an_interviewer_with_many_dont_knows_stands_out(survey, plain):
    rng = np.random.default_rng(5)
    answers, who = [], []
    for name, share in [("01", 0.4), ("02", 0.04), ("03", 0.04), ("04", 0.04), ("05", 0.04)]:
        for _ in range(40):
            answers.append(["dont_know" if rng.random() < share else answer for answer in plain])
            who.append(name)
    (finding,) = of_rule(check(survey(answers, factors={"interviewer": who})), "dont_know_share")
    assert finding.value == "01"
    shares = [sum(answer == "dont_know" for answer in row) / 12 for row in answers[:40]]
    assert f"{100 * np.mean(shares):.1f} % don't-know replies in 40 interviews" in finding.what


def test_one_unlucky_interview_makes_no_bad_interviewer(survey, plain):
    answers = [["dont_know"] * 6 + plain[6:], *[plain] * 30, *[["dont_know", *plain[1:]]] * 10]
    who = ["01"] + ["02"] * 20 + ["03"] * 20
    assert of_rule(check(survey(answers, factors={"interviewer": who})), "dont_know_share") == []


# Weights -------------------------------------------------------------------------------------------------


def test_weights_far_from_the_median_are_noted_with_their_cost(survey, plain):
    weight = [1.0, 1.0, 1.0, 5.1, 0.19, 5.0, 0.2]
    (finding,) = of_rule(check(survey([plain] * 7, weight=weight)), "extreme_weight")
    assert finding.rows.tolist() == [5, 6]
    kish = 7 * sum(w * w for w in weight) / sum(weight) ** 2
    assert f"multiply the variance of a mean by {kish:.2f}" in finding.what
