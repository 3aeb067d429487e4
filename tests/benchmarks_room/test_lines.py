"""Which published figures stand beside a value, which one is used, and why the others are refused."""

from __future__ import annotations

import pytest

from satsurvey.benchmarks.figures import load_figures
from satsurvey.benchmarks.lines import REFUSALS, Cell, Comparison, compare
from satsurvey.service.records import Definition

FIGURES = load_figures()


def refused(cell: Cell) -> dict[str, str]:
    return {figure.id: reason for figure, reason in compare(cell, FIGURES).refused}


def used(found: Comparison) -> dict[str, float]:
    return {line.figure.tier: line.figure.line for line in found.lines if line.used}


def test_a_rate_is_never_compared_with_an_index_nor_the_other_way() -> None:
    rate = refused(Cell("csat_rate", "phone"))
    assert rate["national-report-2019:38"] == "rate_against_index"
    index = compare(Cell("satisfaction_index", "phone"), FIGURES)
    assert {line.figure.metric for line in index.lines} == {"satisfaction_index"}
    assert refused(Cell("satisfaction_index", "text"))["national-report-2019:26"] == "rate_against_index"


def test_the_net_promoter_score_is_no_satisfaction_score() -> None:
    assert set(refused(Cell("nps", "phone")).values()) == {"nps_not_satisfaction"}
    assert not compare(Cell("nps", "phone"), FIGURES).lines


def test_own_figures_are_not_set_beside_a_survey_nor_a_survey_beside_own_figures() -> None:
    own = refused(Cell("satisfaction_index", "phone", route="self_report"))
    assert own["national-report-2019:38"] == "other_route"
    survey = refused(Cell("csat_rate", "text", route="survey"))
    assert survey["national-report-2019:26"] == "other_route"
    assert used(compare(Cell("csat_rate", "text", route="self_report"), FIGURES))["mean"] == 92.37


def test_response_times_of_other_definitions_are_refused() -> None:
    first = refused(Cell("first_response_time", "phone"))
    assert first["vendor-choice-2026:04"] == "other_definition"
    human = refused(Cell("avg_human_response_time", "all"))
    assert human["response-targets-2025:02"] == "other_definition"
    named = refused(Cell("first_response_time", "phone", definition="人工平均响应时长"))
    assert named["two-tier-2026:06"] == "other_definition"


def test_a_clock_that_automatic_replies_stop_is_another_clock_but_not_for_the_bot() -> None:
    words = Definition("first_response_s", "request", "reply", automatic_replies="counted").text("en")
    assert (
        refused(Cell("first_response_time", "online", definition=words))["two-tier-2026:05"]
        == "automatic_replies"
    )
    assert used(compare(Cell("first_response_time", "bot", definition=words), FIGURES)) == {"excellent": 10}
    for said in ("ignored", "unknown"):
        for language in ("zh", "en"):
            other = Definition("first_response_s", "request", "reply", automatic_replies=said).text(language)
            assert (
                used(compare(Cell("first_response_time", "online", definition=other), FIGURES))["basic"]
                == 180
            )


def test_other_channels_and_sets_of_channels_are_refused() -> None:
    phone = refused(Cell("first_response_time", "phone"))
    assert phone["two-tier-2026:05"] == "other_channel"
    # The mean over all text channels is no mean of one of them.
    assert refused(Cell("first_response_time", "im"))["national-report-2019:25"] == "other_channel"
    assert used(compare(Cell("first_response_time", "text"), FIGURES))["mean"] == 17.09


def test_a_line_for_several_channels_holds_for_each_of_them() -> None:
    assert used(compare(Cell("first_response_time", "wechat"), FIGURES))["basic"] == 180
    assert used(compare(Cell("fcr", "phone"), FIGURES)) == {"basic": 60, "excellent": 80}
    assert "mean" in used(compare(Cell("fcr", "all"), FIGURES))


def test_the_bot_is_not_among_all_channels() -> None:
    assert refused(Cell("fcr", "bot"))["two-tier-2026:12"] == "other_channel"


def test_lines_for_an_industry_need_the_industry() -> None:
    assert refused(Cell("first_response_time", "online"))["response-targets-2025:31"] == "other_industry"
    assert used(compare(Cell("first_response_time", "online", "保险"), FIGURES))["standard"] == 60
    assert used(compare(Cell("first_response_time", "phone", "ecommerce"), FIGURES))["standard"] == 30


def test_where_sources_disagree_the_stricter_is_used_and_both_are_shown() -> None:
    found = compare(Cell("first_response_time", "online", "ecommerce"), FIGURES)
    standard = {
        line.figure.line: (line.used, line.why) for line in found.lines if line.figure.tier == "standard"
    }
    assert standard == {60: (True, "stricter"), 300: (False, "looser")}
    (conflict,) = {line.conflict.handling for line in found.lines if line.conflict and not line.used}
    assert conflict == "stricter"


def test_the_looser_line_for_app_tickets_is_for_sellers_online_only() -> None:
    assert used(compare(Cell("first_response_time", "app_ticket", "ecommerce"), FIGURES))["standard"] == 900
    assert used(compare(Cell("first_response_time", "app_ticket"), FIGURES))["standard"] == 300


def test_lines_for_an_occasion_need_the_occasion() -> None:
    assert refused(Cell("answer_rate", "phone"))["vendor-choice-2026:06"] == "other_occasion"
    assert used(compare(Cell("answer_rate", "phone", when="peak_hours"), FIGURES))["standard"] == 98
    promotion = Cell("avg_human_response_time", "all", "ecommerce", when="promotion_day")
    assert used(compare(promotion, FIGURES))["standard"] == 30


def test_dimensions_tiers_statistics_and_formulas_are_kept_apart() -> None:
    assert refused(Cell("satisfaction_index", "phone"))["national-report-2019:39"] == "other_dimension"
    assert used(compare(Cell("satisfaction_index", "phone", dimension="A"), FIGURES))["overall"] == 77.4
    assert refused(Cell("first_response_time", "phone", statistic="median"))["response-targets-2025:14"] == (
        "other_statistic"
    )
    for tier in ("two-tier-2026:06", "two-tier-2026:08", "response-targets-2025:02"):
        assert refused(Cell("first_response_time", "phone", statistic="p90"))[tier] == "other_statistic"
    contained = refused(Cell("bot_containment", "bot", formula="bot_alone_of_bot"))
    assert contained["two-tier-2026:18"] == "other_denominator"


def test_an_obstacle_is_a_line_that_is_near_but_of_something_else() -> None:
    median = compare(Cell("first_response_time", "phone", statistic="median"), FIGURES)
    assert median.obstacle("first_response_time") == "other_statistic"
    assert compare(Cell("first_response_time", "phone"), FIGURES).obstacle("first_response_time") == ""
    assert compare(Cell("first_response_time", "抖音"), FIGURES).obstacle("first_response_time") == ""
    survey = compare(Cell("csat_rate", "text", route="survey"), FIGURES)
    assert survey.obstacle("csat_rate") == "" if survey.lines else "other_route"


def test_what_vendors_say_of_themselves_cases_and_effects_grade_nobody() -> None:
    for metric in ("fcr", "csat_rate", "answer_rate", "intent_accuracy"):
        found = compare(Cell(metric, "all", when="peak_hours"), FIGURES)
        assert {line.figure.kind for line in found.lines} <= {"threshold", "observed"}


@pytest.mark.parametrize("metric", [code for code, metric in FIGURES.metrics.items() if metric.family])
@pytest.mark.parametrize("channel", ["phone", "online", "im", "bot", "all", "抖音"])
def test_every_line_of_the_family_is_compared_or_refused_with_a_reason(metric: str, channel: str) -> None:
    found = compare(Cell(metric, channel), FIGURES)
    family = FIGURES.metrics[metric].family
    told = {line.figure.id for line in found.lines} | {figure.id for figure, _ in found.refused}
    wanted = {
        f.id for f in FIGURES
        if FIGURES.metrics[f.metric].family == family and not isinstance(f.value, tuple)
        and f.kind in ("threshold", "observed") and f.tier in (
            "basic", "excellent", "standard", "top10", "leading", "mean", "industry_mean", "laggard",
            "overall", "top3",
        )
    }  # fmt: skip
    assert told == wanted
    assert {reason for _, reason in found.refused} <= set(REFUSALS)
    for tier in {line.figure.tier for line in found.lines}:
        assert sum(line.used for line in found.lines if line.figure.tier == tier) == 1
