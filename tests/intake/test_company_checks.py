"""Rules about companies and industries on surveys whose contradictions are known."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from satsurvey.intake.checks import check
from satsurvey.scoring.estimates import score


def of_rule(report, rule):
    return [finding for finding in report.findings if finding.rule == rule]


def test_a_company_in_two_industries_is_named_with_the_stray_rows(survey, plain):
    company = ["甲"] * 4 + ["乙"] * 2
    industry = ["银行", "银行", "证券", "银行", "证券", "证券"]
    (finding,) = of_rule(
        check(survey([plain] * 6, company=company, industry=industry)), "company_in_two_industries"
    )
    assert finding.rows.tolist() == [4]
    assert finding.value == "甲"
    assert finding.what == "the company 甲 goes with 2 industries: 银行 (3 interviews), 证券 (1 interview)"


def test_where_two_industries_are_equally_common_all_rows_are_named(survey, plain):
    report = check(survey([plain] * 3, company=["a"] * 3, industry=["x", "y", ""]))
    (finding,) = of_rule(report, "company_in_two_industries")
    assert finding.rows.tolist() == [2, 3]


def test_consistent_companies_give_no_finding(survey, plain):
    report = check(
        survey(
            [plain] * 4,
            company=["a", "a", "b", "b"],
            company_id=["1", "1", "2", ""],
            industry=["x", "x", "x", ""],
        )
    )
    for rule in ("company_in_two_industries", "company_id_with_two_names", "company_name_with_two_ids"):
        assert of_rule(report, rule) == []
        assert rule in report.rules_run


def test_ids_and_names_are_held_against_each_other(survey, plain):
    report = check(
        survey([plain] * 6, company=["a", "a", "b", "c", "c", "c"], company_id=["1", "1", "1", "2", "2", "3"])
    )
    (names,) = of_rule(report, "company_id_with_two_names")
    assert (names.value, names.rows.tolist()) == ("1", [4])
    (ids,) = of_rule(report, "company_name_with_two_ids")
    assert (ids.value, ids.rows.tolist()) == ("c", [7])


def test_names_that_differ_in_width_or_space_are_put_side_by_side(survey, plain):
    report = check(survey([plain] * 4, company=["ABC银行", "ＡＢＣ银行", "abc 银行", "ABD银行"]))
    (finding,) = of_rule(report, "company_spelled_two_ways")
    assert finding.what.startswith("one company may be written in 3 ways: ")
    assert "ABD" not in finding.what


def test_small_companies_are_named_with_their_size_the_smallest_first(survey, plain):
    company = ["a"] * 3 + ["b"] * 2 + ["c"]
    report = check(survey([plain] * 6, company=company))
    assert [(f.value, f.n) for f in of_rule(report, "small_company")] == [("c", 0), ("b", 0)]
    assert of_rule(report, "small_company")[0].what == "c has 1 interview, and a published score needs 3"
    assert [
        f.value
        for f in of_rule(check(survey([plain] * 6, company=company), company_min_n=2), "small_company")
    ] == ["c"]


def test_a_company_in_two_industries_is_small_in_each_by_itself(survey, plain):
    # Five interviews of a are enough, but scoring has two units of it: four in x and one in y.
    company, industry = ["a"] * 5 + ["b"] * 3, ["x"] * 4 + ["y"] + ["x"] * 3
    responses = survey([plain] * 8, company=company, industry=industry)
    (finding,) = of_rule(check(responses), "small_company")
    assert finding.value == "a"
    assert finding.what == (
        "a has 1 interview in y, and a published score needs 3; a company is scored in each of its "
        "industries by itself"
    )


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["x", "y", ""])), min_size=1, max_size=12),
    st.integers(1, 5),
)
def test_check_and_scoring_find_the_same_companies_small(survey, plain, interviews, least):
    company, industry = zip(*interviews, strict=True)
    named = [name or "(none)" for name in industry]
    responses = survey([plain] * len(interviews), company=company, industry=named)
    scored = score(responses, company_min_n=least).companies
    small = scored[scored["suppressed"]]
    found = of_rule(check(responses, company_min_n=least), "small_company")
    assert sorted(f.value for f in found) == sorted(small["company"])
    alone = [f"{row.company} has {row.n} interview{'s' * (row.n != 1)}" for row in small.itertuples()]
    assert sorted(f.what.split(" in ")[0].split(",")[0] for f in found) == sorted(alone)


def test_an_industry_with_few_companies_is_named(survey, plain):
    company = ["a", "b", "c", "c"]
    report = check(survey([plain] * 4, company=company, industry=["x", "x", "y", "y"]))
    (finding,) = of_rule(report, "small_industry")
    assert finding.what == "y has 1 company, and a published score needs 2"


def test_without_industry_or_id_the_rules_say_what_they_lack(survey, plain):
    report = check(survey([plain]))
    assert report.rules_not_run["company_in_two_industries"] == "the export has no column for industry"
    assert report.rules_not_run["small_industry"] == "the export has no column for industry"
    assert "company_id" in report.rules_not_run["company_id_with_two_names"]


def test_of_very_many_small_companies_the_first_are_named_and_the_rest_counted(survey, plain):
    report = check(survey([plain] * 203, company=[f"c{k:03d}" for k in range(203)]))
    small = of_rule(report, "small_company")
    assert len(small) == 201
    assert small[-1].what == "3 companies more have the same defect"
