"""Rules about the answers, each against a plain restatement or a survey whose defects are known."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from satsurvey.intake.checks import check

MISSING = ("blank", "not_asked", "skipped", "dont_know", "refused", "not_applicable", "invalid")


def rows_of(report, rule):
    """Rows named by a rule, over all its findings, sorted."""
    return sorted(row for finding in report.findings if finding.rule == rule for row in finding.rows.tolist())


def findings_of(report, rule):
    return [finding for finding in report.findings if finding.rule == rule]


def random_answers(seed, n, levels=10, missing=0.1):
    rng = np.random.default_rng(seed)
    return [
        [
            str(rng.choice(MISSING)) if rng.random() < missing else int(rng.integers(1, levels + 1))
            for _ in range(12)
        ]
        for _ in range(n)
    ]


def answered(interview):
    return [answer for answer in interview if not isinstance(answer, str)]


# Identical answers ---------------------------------------------------------------------------------------


def test_identical_interviews_of_one_company_are_found(survey, plain):
    other = [*plain[:-1], 5]
    report = check(survey([plain, other, plain, plain], company=["a", "a", "a", "b"]))
    assert rows_of(report, "duplicate_answers") == [2, 4]
    (finding,) = findings_of(report, "duplicate_answers")
    assert finding.what == (
        "2 interviews of one company have the same answers to all 12 items answered: row 2, row 4"
    )
    assert finding.value == "a"
    assert finding.severity == "warning"


def test_interviews_that_differ_only_in_a_missing_reason_are_not_identical(survey, plain):
    report = check(survey([[*plain[:-1], "refused"], [*plain[:-1], "dont_know"]]))
    assert rows_of(report, "duplicate_answers") == []


def test_identical_interviews_are_looked_for_from_ten_answers_on(survey, plain):
    nine, ten = [*plain[:9], *["blank"] * 3], [*plain[:10], *["blank"] * 2]
    report = check(survey([nine, nine, ten, ten]))
    assert rows_of(report, "duplicate_answers") == [4, 5]


def test_straight_lines_are_not_called_duplicates(survey):
    report = check(survey([[10] * 12, [10] * 12]))
    assert rows_of(report, "duplicate_answers") == []
    assert rows_of(report, "straight_lining") == [2, 3]


@pytest.mark.parametrize("seed", range(5))
def test_identical_interviews_are_those_a_dictionary_of_rows_finds(survey, seed):
    rng = np.random.default_rng(seed)
    pool = random_answers(seed, 30, levels=3, missing=0.05)
    answers = [pool[k] for k in rng.integers(0, 30, 120)]
    company = [str(name) for name in rng.choice(["a", "b"], 120)]
    keys = [(name, tuple(interview)) for name, interview in zip(company, answers, strict=True)]
    times = Counter(keys)
    expected = [
        row
        for row, key in enumerate(keys, start=2)
        if times[key] > 1 and len(answered(key[1])) >= 10 and len(set(answered(key[1]))) > 1
    ]
    assert expected
    report = check(survey(answers, company=company))
    assert rows_of(report, "duplicate_answers") == expected


def test_identical_interviews_in_two_files_name_each_other(survey, plain):
    report = check(survey([plain, plain], file=[0, 1], row=[7, 9]))
    first, second = findings_of(report, "duplicate_answers")
    assert (first.file, first.rows.tolist()) == ("wave0.csv", [7])
    assert (second.file, second.rows.tolist()) == ("wave1.csv", [9])
    assert first.what == second.what
    assert first.what.endswith("wave0.csv row 7, wave1.csv row 9")


def test_a_short_instrument_is_not_searched_for_identical_interviews(survey, instrument_with):
    items = [{"code": f"K{k}", "dimension": "A" if k else "B", "text": {"en": "k"}} for k in range(3)]
    report = check(survey([[7, 8, 6], [7, 8, 6]], instrument=instrument_with(items=items)))
    assert report.rules_not_run["duplicate_answers"].startswith("the instrument has 3 items")
    assert "straight_lining" in report.rules_not_run


# Filters -------------------------------------------------------------------------------------------------


def test_an_answer_is_a_violation_only_where_the_filter_is_known_to_be_false(survey, plain):
    report = check(survey([plain] * 4, facts={"S4": ["1", "0", "2", "refused"]}))
    assert rows_of(report, "filter_violation") == [3, 4]
    (finding,) = findings_of(report, "filter_violation")
    assert finding.column == "Q11"
    assert finding.severity == "error"
    assert finding.values == ("7", "7")
    assert finding.what == (
        "Q11 is answered in 2 interviews whose facts say that it was not to be asked (S4 == 1)"
    )


def test_a_missing_answer_violates_no_filter(survey, plain):
    answers = [[*plain[:10], reason, 6] for reason in MISSING]
    report = check(survey(answers, facts={"S4": ["0"] * len(MISSING)}))
    assert rows_of(report, "filter_violation") == []


def test_a_fact_answered_against_its_own_condition_is_a_violation(survey, plain):
    facts = {"S11": ["1", "0", "0"], "S12": ["1", "1", "not_asked"]}
    report = check(survey([[*plain[:-1], "not_asked"]] * 3, facts=facts))
    assert [(f.column, f.rows.tolist()) for f in findings_of(report, "filter_violation")] == [("S12", [3])]


def test_blank_items_are_noted_where_they_were_to_be_asked(survey, plain):
    facts = {"S4": ["1", "0", "dont_know", "1"]}
    answers = [[*plain[:10], "blank", 6]] * 3 + [["blank", *plain[1:]]]
    report = check(survey(answers, facts=facts))
    noted = {
        finding.column: finding.rows.tolist() for finding in findings_of(report, "unanswered_when_asked")
    }
    assert noted == {"Q1": [5], "Q11": [2]}
    assert {finding.severity for finding in findings_of(report, "unanswered_when_asked")} == {"note"}


@pytest.mark.parametrize("reason", ["skipped", "dont_know", "refused", "not_applicable", "invalid"])
def test_a_blank_with_a_reason_is_not_unanswered(survey, plain, reason):
    report = check(survey([[*plain[:10], reason, 6]], facts={"S4": ["1"]}))
    assert rows_of(report, "unanswered_when_asked") == []


def test_items_without_a_column_are_not_called_unanswered(survey, plain):
    answers = [[*plain[:10], "not_asked", 6]] * 2
    report = check(survey(answers, facts={"S4": ["1", "1"]}, absent_items=("Q11",)))
    assert rows_of(report, "unanswered_when_asked") == []


def test_without_facts_the_filters_are_listed_as_not_judged(survey, plain):
    report = check(survey([plain]))
    assert report.rules_not_run["filter_violation"] == (
        "the export has no column for the facts that the filters speak of"
    )


# Straight lines ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_straight_lines_are_interviews_with_one_distinct_answer_of_five_or_more(survey, seed):
    answers = random_answers(seed, 200, levels=2, missing=0.6)
    expected = [
        row
        for row, interview in enumerate(answers, start=2)
        if len(answered(interview)) >= 5 and len(set(answered(interview))) == 1
    ]
    assert expected
    report = check(survey(answers))
    assert rows_of(report, "straight_lining") == expected
    stated = [value for finding in findings_of(report, "straight_lining") for value in finding.values]
    assert stated == [str(answered(answers[row - 2])[0]) for row in expected]


def test_answers_on_two_scales_are_alike_by_value_and_not_by_position(survey, instrument_with):
    scales = {"ten": {"min": 0, "max": 10}, "five": {"min": 1, "max": 5}}
    items = [
        {"code": f"K{k}", "dimension": "AB"[k % 2], "text": {"en": "k"}, "scale": "five" if k < 3 else "ten"}
        for k in range(6)
    ]
    instrument = instrument_with(scales=scales, items=items)
    same_value, same_position = [4] * 6, [4, 4, 4, 3, 3, 3]
    report = check(survey([same_value, same_position], instrument=instrument))
    assert rows_of(report, "straight_lining") == [2]


# Scales and levels ---------------------------------------------------------------------------------------


def test_a_file_with_answers_only_up_to_five_on_ten_is_suspected(survey):
    answers = random_answers(1, 20, levels=5) + random_answers(2, 20, levels=10)
    report = check(survey(answers, file=[0] * 20 + [1] * 20))
    (finding,) = findings_of(report, "scale_suspect")
    assert (finding.file, finding.value, finding.severity) == ("wave0.csv", "5", "warning")
    n = sum(len(answered(interview)) for interview in answers[:20])
    assert finding.what == f"none of the {n} answers to the 12 items on the scale 1 to 10 is above 5"


def test_one_answer_above_the_middle_lifts_the_suspicion(survey):
    answers = random_answers(1, 20, levels=5)
    answers[3][2] = 6
    assert findings_of(check(survey(answers)), "scale_suspect") == []


def test_few_low_answers_raise_no_suspicion(survey):
    assert findings_of(check(survey([[2, 3, 4] + ["blank"] * 9] * 9)), "scale_suspect") == []
    assert findings_of(check(survey([[2, 3, 4] + ["blank"] * 9] * 10)), "scale_suspect") != []


def test_an_item_that_everybody_answers_alike_is_noted(survey):
    answers = [[3, *interview[1:]] for interview in random_answers(4, 20, missing=0)]
    (finding,) = findings_of(check(survey(answers)), "constant_item")
    assert (finding.column, finding.value, finding.what) == ("Q1", "3", "all 20 answers to Q1 are 3")


def test_a_company_at_the_ceiling_is_noted_with_its_share(survey, plain):
    high = [10] * 9 + [9] * 3
    answers = [high] * 3 + [plain] * 3 + [high] * 2
    report = check(survey(answers, company=["top"] * 3 + ["fair"] * 3 + ["tiny"] * 2))
    (finding,) = findings_of(report, "top_code_share")
    assert finding.value == "top"
    assert finding.what.startswith("75.0 % of the answers about top are the best level (3 interviews")
    assert finding.n == 0


def test_the_best_level_of_a_reverse_item_is_its_lowest(survey, instrument_with):
    items = [
        {"code": f"K{k}", "dimension": "AB"[k % 2], "text": {"en": "k"}, "reverse": True} for k in range(6)
    ]
    instrument = instrument_with(items=items)
    assert findings_of(check(survey([[1] * 6] * 3, instrument=instrument)), "top_code_share") != []
    assert findings_of(check(survey([[10] * 6] * 3, instrument=instrument)), "top_code_share") == []
