"""Grades: at the lines, with gap and uncertainty, and nothing dropped."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from satsurvey.benchmarks.figures import load_figures
from satsurvey.benchmarks.grading import Grades, grade
from satsurvey.benchmarks.standings import GRADES, STANDINGS
from satsurvey.errors import MethodError
from satsurvey.service.kpis import kpis
from satsurvey.service.records import ServiceRecords


def graded(metric: str, *values: float, channel: str = "phone", **columns: object) -> Grades:
    n = len(values)
    frame = pd.DataFrame({"company": [f"企业{k}" for k in range(n)], "channel": channel, "metric": metric})
    return grade(frame.assign(value=list(values), **columns))


def test_a_time_at_the_line_meets_it_and_one_above_does_not() -> None:
    found = graded("first_response_time", 30, 30.001, 60, 60.001).frame
    assert found["grade"].tolist() == ["excellent", "basic", "basic", "below_basic"]
    assert found["gap"].tolist()[1:] == pytest.approx([0.001, 30, 0.001])
    assert np.isnan(found["gap"][0])
    assert found["next_line"].tolist() == ["", "excellent", "excellent", "basic"]
    assert found["next_figure"][3] == "two-tier-2026:06"


def test_a_rate_is_graded_the_other_way_round() -> None:
    found = graded("fcr", 59.9, 60, 79.9, 80, channel="all", unit="%").frame
    assert found["grade"].tolist() == ["below_basic", "basic", "basic", "excellent"]
    assert found["gap"].tolist()[:3] == pytest.approx([0.1, 20, 0.1])


def test_an_attainment_must_exceed_its_line() -> None:
    found = graded("sla_attainment", 95, 95.1, unit="%").frame
    assert found["standard_met"].tolist() == [False, True]
    assert found["grade"].tolist() == ["", ""]


def test_where_one_line_is_published_the_grade_says_so() -> None:
    found = graded("first_response_time", 8, 12, channel="bot").frame
    assert found["grade"].tolist() == ["excellent", "not_excellent"]


def test_standard_and_top_ten_stand_beside_the_grade() -> None:
    row = graded("first_response_time", 25).frame.iloc[0]
    assert (row["standard"], row["standard_met"], row["standard_margin"]) == (30, True, 5)
    assert (row["top10"], row["top10_met"], row["top10_margin"]) == (24, False, -1)


def test_an_interval_across_a_line_makes_the_grade_uncertain() -> None:
    found = graded("first_response_time", 28.0, 28.0, 45.0, ci_low=[25, 27, 40], ci_high=[31, 29, 70]).frame
    assert found["grade"].tolist() == ["excellent", "excellent", "basic"]
    assert found["certain"].tolist() == [False, True, False]
    assert found["grade_low"].tolist() == ["basic", "excellent", "below_basic"]
    assert found["grade_high"].tolist() == ["excellent", "excellent", "basic"]
    assert found["standard_standing"].tolist() == ["at_the_line", "clearly_better", "clearly_worse"]


def test_without_an_interval_certainty_is_not_known() -> None:
    result = graded("first_response_time", 28.0)
    assert result.frame["certain"].tolist() == [None]
    assert result.frame["standard_standing"].tolist() == ["no_interval"]
    assert "1 grades have no interval, so how certain they are is not known" in result.notes


def test_an_absent_value_stays_absent_beside_its_lines() -> None:
    result = graded("first_response_time", np.nan, 20.0)
    row = result.frame.iloc[0]
    assert (row["grade"], row["why"], row["standard"]) == ("", "no_value", 30)
    assert row["standard_met"] is None
    assert np.isnan(row["gap"])
    assert "1 values are blank and stay so" in result.notes


def test_a_channel_without_lines_has_no_grade_and_says_why() -> None:
    result = graded("first_response_time", 20.0, channel="抖音")
    assert result.frame["why"].tolist() == ["no_line"]
    assert len(result.lines) == 0


def test_a_metric_that_is_neither_good_nor_bad_is_only_set_beside() -> None:
    result = graded("concurrent_chats", 6.0, channel="text")
    assert result.frame["grade"].tolist() == [""]
    assert result.lines[["tier", "margin", "met"]].values.tolist() == [["mean", pytest.approx(0.96), None]]


def test_the_line_that_was_used_is_named_with_source_section_year_and_evidence() -> None:
    lines = graded("first_response_time", 45.0).lines.set_index("tier")
    assert lines.loc["basic", ["figure", "source", "section", "year", "evidence"]].tolist() == [
        "two-tier-2026:06", "two-tier-2026", "二(一)", 2026, "low",
    ]  # fmt: skip
    assert lines.loc["standard", "handling"] == "keep_both"


def test_disagreeing_sources_stand_both_in_the_lines() -> None:
    result = graded("first_response_time", 75.0, channel="online", industry="电商")
    standard = result.lines[result.lines["tier"] == "standard"]
    assert dict(zip(standard["line"], standard["used"], strict=True)) == {60: True, 300: False}
    assert dict(zip(standard["line"], standard["met"], strict=True)) == {60: False, 300: True}
    assert result.frame["standard"].tolist() == [60]
    assert any("sources disagree" in note for note in result.notes)


def test_refused_figures_are_listed_once_for_all_companies() -> None:
    result = graded("first_response_time", *range(10, 60, 5))
    assert result.refused["n_values"].tolist() == [10] * len(result.refused)
    assert {"other_channel", "other_definition", "other_industry"} == set(result.refused["reason"])
    assert result.refused["what"].str.len().gt(10).all()


def test_the_industry_of_the_call_is_for_rows_that_name_none() -> None:
    frame = pd.DataFrame(
        {"industry": ["", "银行"], "channel": "online", "metric": "first_response_time", "value": [70, 70]}
    )
    found = grade(frame, industry="电商").frame
    assert found["industry"].tolist() == ["ecommerce", "银行"]
    assert found["figures"].tolist()[0].endswith("response-targets-2025:18")
    assert found["figures"].tolist()[1].endswith("response-targets-2025:31")


def test_own_targets_are_graded_beside_published_lines(tmp_path: Path) -> None:
    own = Path(__file__).parents[2] / "examples" / "benchmark" / "own-lines.toml"
    frame = pd.DataFrame({"channel": ["phone"], "metric": ["first_response_time"], "value": [25.0]})
    row = grade(frame, figures=load_figures(own)).frame.iloc[0]
    assert (row["own_target"], row["own_target_met"], row["grade"]) == (20, False, "excellent")


@pytest.mark.parametrize("statistic", ["median", "p90"])
def test_a_figure_is_graded_only_by_lines_of_its_own_statistic(statistic: str) -> None:
    result = graded("first_response_time", 20.0, 90.0, np.nan, statistic=statistic)
    assert result.frame["grade"].tolist() == ["", "", ""]
    assert result.frame["why"].tolist() == ["other_statistic", "other_statistic", "no_value"]
    assert len(result.lines) == 0
    refused = result.refused[result.refused["reason"] == "other_statistic"]
    assert set(refused["tier"]) == {"basic", "excellent", "standard", "top10"}
    assert set(refused["n_values"]) == {3}
    assert any(note.startswith("2 values are another statistic") for note in result.notes)


def test_a_value_that_does_not_say_its_statistic_is_taken_for_a_mean_and_told() -> None:
    silent, said = (graded("first_response_time", 20.0, statistic=word).frame for word in ("", "mean"))
    assert silent["grade"].tolist() == said["grade"].tolist() == ["excellent"]
    assert "statistic_not_said" in silent["differences"][0]
    assert said["differences"].tolist() == ["line_statistic_not_said"]


def test_the_mean_of_yes_and_no_is_a_rate_and_a_median_of_rates_is_not() -> None:
    found = graded("fcr", 85, 85, 85, channel="all", unit="%", statistic=["mean", "rate", "median"]).frame
    assert found["grade"].tolist() == ["excellent", "excellent", ""]
    assert found["why"].tolist() == ["", "", "other_statistic"]


def test_an_own_line_for_a_percentile_grades_that_percentile_and_no_mean(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(
        """
        schema = "satsurvey.figures/1"
        [[figures]]
        id = "contract:1"
        metric = "first_response_time"
        channel = "phone"
        tier = "own_target"
        op = "<="
        value = 90
        unit = "s"
        year = 2025
        kind = "threshold"
        statistic = "p90"
        source = "contract"
        [[sources]]
        id = "contract"
        title = { en = "a contract" }
        year = 2025
        nature = { en = "contract" }
        evidence = "high"
        """,
        encoding="utf-8",
    )
    frame = pd.DataFrame(
        {"channel": "phone", "metric": "first_response_time", "statistic": ["p90", "mean"], "value": [80, 80]}
    )
    found = grade(frame, figures=load_figures(path)).frame
    assert found["own_target_met"].tolist() == [True, None]
    assert found["grade"].tolist() == ["", "below_basic"]


def test_key_figures_give_means_and_rates_and_percentiles_only_where_a_line_is_for_them() -> None:
    contacts = pd.DataFrame(
        {"company": "甲", "channel": "phone", "first_response_s": np.arange(1.0, 101.0), "abandoned": 0.0}
    )
    found = kpis(ServiceRecords.of_frame(contacts))
    result = grade(found)
    assert set(result.frame["statistic"]) == {"mean", "rate"}
    # A table of the same figures holds the others, too: they are counted and not graded.
    again = grade(found.frame.assign(unit=found.frame["unit"].astype("str")))
    times = again.frame[again.frame["metric"] == "first_response_time"]
    assert set(times["statistic"]) == {"mean", "median", "p90"}
    assert set(times.loc[times["statistic"] != "mean", "why"]) == {"other_statistic"}
    assert times.loc[times["statistic"] == "mean", "grade"].tolist() == ["basic"]
    same = result.frame["metric"] == "first_response_time"
    assert result.frame.loc[same, "value"].tolist() == [50.5]


def test_a_key_figure_made_otherwise_than_the_lines_says_how() -> None:
    found = graded("sla_attainment", 99, unit="%", formula="first_response_in_target").frame
    assert found["differences"].tolist() == ["own_target"]
    assert (
        "answered_only" in graded("first_response_time", 20, formula="answered_only").frame["differences"][0]
    )
    wide = graded("fcr", 85, unit="%").frame
    assert wide["differences"].tolist() == ["wider_channel"]
    business = graded("first_response_time", 20, statistic="mean", definition="business time").frame
    assert business["differences"].tolist() == ["line_statistic_not_said, business_time"]
    assert graded("first_response_time", 20.0, channel="抖音").frame["differences"].tolist() == [""]


def test_a_definition_that_names_another_metric_is_not_compared() -> None:
    found = graded("first_response_time", 20.0, definition="客户等待时长").frame
    assert found["why"].tolist() == ["other_definition"]


def test_the_summary_counts_companies_at_each_grade() -> None:
    rng = np.random.default_rng(8)
    values = rng.uniform(5, 120, 300)
    result = graded("first_response_time", *values, ci_low=values - 10, ci_high=values + 10)
    (row,) = result.summary.to_dict("records")
    assert (row["n"], row["n_companies"], row["n_compared"]) == (300, 300, 300)
    assert row["n_excellent"] == int((values <= 30).sum())
    assert row["n_basic"] == int(((values > 30) & (values <= 60)).sum())
    assert row["n_below_basic"] == int((values > 60).sum())
    near = ((values - 10 <= 30) & (values + 10 > 30)) | ((values - 10 <= 60) & (values + 10 > 60))
    assert row["n_uncertain"] == int(near.sum())
    assert (row["n_standard"], row["n_standard_met"]) == (300, int((values <= 30).sum()))
    assert row["n_top10_met"] == int((values <= 24).sum())
    assert row["median"] == np.median(values)


def test_blank_values_are_not_counted_in_the_summary_and_refused_ones_are_not_compared() -> None:
    result = graded("first_response_time", 20.0, np.nan, 40.0, statistic=["mean", "mean", "median"])
    rows = result.summary.set_index("statistic")
    assert rows["n"].to_dict() == {"mean": 1, "median": 1}
    assert rows["n_compared"].to_dict() == {"mean": 1, "median": 0}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"industry": "养猪"}, "nothing is published for an industry"),
        ({"industry": "bnak"}, "bank"),
        ({"level": 1.0}, "confidence level"),
    ],
)
def test_bad_calls_are_refused(options: dict[str, object], words: str) -> None:
    frame = pd.DataFrame({"metric": ["fcr"], "value": ["80%"]})
    with pytest.raises(MethodError, match=words):
        grade(frame, **options)  # type: ignore[arg-type]


def test_every_value_is_in_the_grades_and_grades_never_contradict_the_lines() -> None:
    rng = np.random.default_rng(4)
    metrics = [
        "first_response_time",
        "fcr",
        "csat_rate",
        "bot_containment",
        "sla_attainment",
        "resolution_time",
    ]
    n = 400
    frame = pd.DataFrame(
        {
            "company": [f"c{k}" for k in range(n)],
            "channel": rng.choice(["phone", "online", "im", "email", "bot", "all"], n),
            "metric": rng.choice(metrics, n),
            "value": rng.uniform(5, 99, n),
            "std_error": rng.uniform(0.1, 20, n),
            "unit": "",
        }
    )
    result = grade(frame, rates="percent")
    assert len(result.frame) == n
    assert set(result.frame["grade"]) <= {"", *GRADES}
    assert set(result.lines["standing"]) <= set(STANDINGS)
    # Restated with plain comparisons, a row at a time.
    by_cell = result.lines[result.lines["used"]].groupby("cell")
    for cell, lines in by_cell:
        row = result.frame.loc[cell]
        tiers = lines.set_index("tier")
        lower = row["metric"] in ("first_response_time", "resolution_time")
        for tier, line in tiers.iterrows():
            meets = row["value"] <= line["line"] if lower else row["value"] >= line["line"]
            if line["op"] == ">" and not lower:
                meets = row["value"] > line["line"]
            assert line["met"] == meets, (cell, tier)
            assert line["margin"] == pytest.approx(
                line["line"] - row["value"] if lower else row["value"] - line["line"]
            )
        if row["grade"] == "excellent":
            assert tiers.loc["excellent", "met"]
        if row["grade"] in ("basic", "below_basic"):
            assert tiers.loc["basic", "met"] == (row["grade"] == "basic")


def test_key_figures_of_records_are_graded_by_company_and_channel() -> None:
    rng = np.random.default_rng(2)
    contacts = pd.DataFrame(
        {
            "company": np.repeat(["甲", "乙"], 300),
            "channel": "phone",
            "first_response_s": np.concatenate([rng.exponential(15, 300), rng.exponential(80, 300)]),
        }
    )
    result = grade(kpis(ServiceRecords.of_frame(contacts)))
    times = result.frame[result.frame["metric"] == "first_response_time"].set_index("company")
    assert times.loc["甲", "grade"] == "excellent"
    assert times.loc["乙", "grade"] == "below_basic"
    assert times.loc["甲", "certain"] is True
    assert times.loc["甲", "route"] == "self_report"
