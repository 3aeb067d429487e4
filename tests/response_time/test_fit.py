"""The fit against plain least squares, closed forms, and the known truth of simulated data."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from response_time.simulated_rows import factor, make_rows, simulated

from satsurvey.errors import MethodError
from satsurvey.report.response_words import answer
from satsurvey.response_time.fit import ResponseTimeFit, fit_response_time, reference_time


def average(fit: ResponseTimeFit, model: str = "ols", channel: str = "") -> tuple[float, float, float]:
    row = fit.effect(model, channel)
    return float(row["effect"]), float(row["ci_low"]), float(row["ci_high"])


def stated(fit: ResponseTimeFit, at: float, model: str = "ols", channel: str = "") -> pd.Series:
    frame = fit.effects
    return frame[(frame["model"] == model) & (frame["channel"] == channel) & (frame["at_s"] == at)].iloc[0]


# Against closed forms and plain least squares --------------------------------------------------------------


def test_coefficients_are_those_of_plain_least_squares() -> None:
    rows = simulated(channel=np.resize(["phone", "im", "phone"], 1600), controls=())
    rows = make_rows(
        rows.outcome,
        rows.time_s,
        rows.company.codes,
        channel=np.resize(["phone", "im", "phone"], len(rows)),
        controls={"channel": factor(np.resize(["phone", "im", "phone"], len(rows)))},
    )
    fit = fit_response_time(rows, draws=0)
    assert fit.chosen_form == "log"
    other = (np.resize(["phone", "im", "phone"], len(rows)) == "im").astype(float)
    design = np.stack([np.ones(len(rows)), np.log1p(rows.time_s), other], axis=1)
    expected = np.linalg.lstsq(design, rows.outcome, rcond=None)[0]
    found = fit.models[fit.models["model"] == "ols"].set_index("term")["estimate"]
    assert found[["intercept", "log_seconds", "channel=im"]].to_numpy() == pytest.approx(expected, rel=1e-9)


def test_the_average_effect_is_that_of_the_rows_a_weight_stands_for() -> None:
    weight = np.random.default_rng(2).integers(1, 4, 1600)
    weight[simulated().time_s > 300] = 1
    rows = simulated(weight=weight.astype(np.float64))
    repeated = simulated().take(np.repeat(np.arange(1600), weight))
    weighted, whole = (fit_response_time(one, folds=2, draws=0) for one in (rows, repeated))
    np.testing.assert_allclose(weighted.adjustments["effect"], whole.adjustments["effect"], rtol=1e-9)
    plain = fit_response_time(simulated(), folds=2, draws=0)
    assert abs(plain.adjustments["effect"][0] / weighted.adjustments["effect"][0] - 1) > 0.02


def test_weighted_rows_give_the_slope_of_weighted_least_squares() -> None:
    rows = simulated(weight=np.random.default_rng(2).uniform(0.5, 2.0, 1600))
    fit = fit_response_time(rows, draws=5)
    assert rows.weight is not None
    root = np.sqrt(rows.weight)
    design = np.stack([np.ones(len(rows)), np.log1p(rows.time_s)], axis=1)
    expected = np.linalg.lstsq(design * root[:, None], rows.outcome * root, rcond=None)[0][1]
    found = fit.models.query("model == 'ols' and term == 'log_seconds'")["estimate"].iloc[0]
    assert found == pytest.approx(expected, rel=1e-9)
    assert "weights" in fit.models_left_out["mixed_weights"]
    plain = fit_response_time(simulated(), folds=2, draws=5)
    weighted_median, median = (one.models.query("model == 'median'")["estimate"] for one in (fit, plain))
    assert (weighted_median.to_numpy() != median.to_numpy()).all()


def test_effects_of_the_log_form_are_the_closed_form_of_its_slope() -> None:
    fit = fit_response_time(simulated(), draws=0)
    slope = fit.models.query("model == 'ols' and term == 'log_seconds'")["estimate"].iloc[0]
    assert stated(fit, 300.0)["effect"] == pytest.approx(slope * (np.log1p(240) - np.log1p(300)), rel=1e-9)
    times = fit.rows.time_s
    gain = np.mean(np.log1p(np.maximum(times - 60, 0)) - np.log1p(times))
    assert average(fit)[0] == pytest.approx(slope * gain, rel=1e-9)


def test_bins_are_plain_means_of_the_data() -> None:
    fit = fit_response_time(simulated(), draws=0)
    bins = fit.bins[fit.bins["channel"] == ""]
    assert int(bins["n"].sum()) == fit.n
    data = pd.DataFrame({"t": fit.rows.time_s, "y": fit.rows.outcome})
    for row in bins.to_dict("records"):
        inside = data[(data["t"] >= row["low_s"]) & (data["t"] <= row["high_s"])]
        assert row["n"] == len(inside)
        assert row["score"] == pytest.approx(inside["y"].mean())
        assert row["time_s"] == pytest.approx(inside["t"].mean())
        assert row["ci_low"] < row["score"] < row["ci_high"]


def test_the_reference_time_lies_within_the_data() -> None:
    assert reference_time(np.array([10.0, 200.0, 500.0]), (30, 60, 120, 300, 600)) == 300.0
    assert reference_time(np.array([10.0, 40.0, 200.0]), (30, 60, 120, 300, 600)) == 120.0
    assert reference_time(np.array([10.0, 20.0, 30.0]), (30, 60, 120)) == 20.0


# Known truth -----------------------------------------------------------------------------------------------


def test_a_known_slope_on_the_log_curve_is_found_by_all_three_models() -> None:
    rows = simulated(-3.0)
    answer_levels = np.clip(np.round(rows.outcome / 20), 1, 5)
    rows = make_rows(answer_levels * 20, rows.time_s, rows.company.codes, answer=answer_levels)
    fit = fit_response_time(rows, draws=0)
    assert fit.association == "found"
    assert set(fit.effects["model"]) == {"ols", "mixed", "ordered_logit"}
    ols, mixed, ordered = (stated(fit, 300.0, model)["effect"] for model in ("ols", "mixed", "ordered_logit"))
    assert mixed == pytest.approx(ols, rel=0.1)
    assert ordered == pytest.approx(ols, rel=0.25)


def test_the_interval_of_the_true_slope_covers_it() -> None:
    fit = fit_response_time(simulated(-3.0), draws=0)
    row = fit.models.query("model == 'ols' and term == 'log_seconds'").iloc[0]
    assert row["ci_low"] < -3.0 < row["ci_high"]
    row = fit.models.query("model == 'mixed' and term == 'log_seconds within'").iloc[0]
    assert row["ci_low"] < -3.0 < row["ci_high"]


def test_a_knot_is_found_where_the_data_have_one() -> None:
    rng = np.random.default_rng(3)
    company = np.repeat(np.arange(100), 40)
    times = rng.lognormal(np.log(200.0), 1.1, company.size)
    past = np.maximum(np.log1p(times) - np.log1p(180.0), 0)
    fit = fit_response_time(
        make_rows(90 - 12 * past + rng.normal(0, 6, company.size), times, company), draws=0
    )
    assert fit.chosen_form == "knot"
    knot = fit.forms.set_index("form").loc["knot"]
    assert knot["knot_low_s"] < 180.0 < knot["knot_high_s"]
    assert stated(fit, 60.0)["ci_low"] < 0 < stated(fit, 60.0)["ci_high"]
    assert stated(fit, 600.0)["ci_low"] > 0


def test_confounding_by_complexity_makes_the_naive_effect_wrong_and_the_controlled_one_right() -> None:
    rng = np.random.default_rng(4)
    company = np.repeat(np.arange(80), 40)
    hard = rng.random(company.size) < 0.4
    times = rng.lognormal(np.log(120.0) + 1.2 * hard, 0.8)
    score = 90 - 1.0 * np.log1p(times) - 12 * hard + rng.normal(0, 6, company.size)
    truth = float(np.mean(np.log1p(times) - np.log1p(np.maximum(times - 60, 0))))
    fit = fit_response_time(make_rows(score, times, company, complex=hard.astype(float)), draws=0)
    frame = fit.adjustments.set_index("held")
    naive, held = frame.loc["nothing"], frame.loc["controls+complexity"]
    assert not naive["ci_low"] < truth < naive["ci_high"]
    assert held["ci_low"] < truth < held["ci_high"]
    controlled = fit_response_time(
        make_rows(score, times, company, controls={"complexity": hard.astype(float)}), draws=0
    )
    low, high = average(controlled)[1:]
    assert low < truth < high


def test_slopes_within_and_between_companies_of_opposite_sign_are_told_apart() -> None:
    rng = np.random.default_rng(5)
    company = np.repeat(np.arange(120), 30)
    # Companies with thorough service are slower and better; inside each, waiting longer pleases less.
    slow = rng.normal(0, 0.8, 120)
    times = np.exp(5 + slow[company] + rng.normal(0, 0.7, company.size))
    score = (
        60 + 12 * slow[company] - 4 * (np.log1p(times) - 5 - slow[company]) + rng.normal(0, 5, company.size)
    )
    fit = fit_response_time(make_rows(score, times, company), draws=0)
    parts = fit.within_between.set_index("part")
    assert parts.loc["within", "ci_low"] > 0 > parts.loc["between", "ci_high"]
    assert "opposite" in " ".join(answer(fit, "en"))
    assert "方向相反" in "".join(answer(fit, "zh"))


def test_few_interviews_are_not_followed_by_curves() -> None:
    few = simulated(companies=5, each=11)
    fit = fit_response_time(few, draws=0, folds=2)
    assert fit.forms["form"].tolist() == ["linear", "log"]
    assert any("fewer than 60 interviews" in note for note in fit.notes)
    assert len(fit_response_time(simulated(companies=6, each=10), draws=0, folds=2).forms) == 4


def test_an_association_beside_an_interval_that_holds_0_says_on_what_it_rests() -> None:
    fit = fit_response_time(simulated(-3.0, seed=1), draws=0)
    assert not any("log form, fixed beforehand" in line for line in answer(fit, "en"))
    wide = fit.effects.assign(ci_low=-abs(fit.effects["effect"]) - 1, ci_high=abs(fit.effects["effect"]) + 1)
    told = " ".join(answer(replace(fit, effects=wide), "en"))
    assert "log form, fixed beforehand: -" in told


def test_a_null_stays_null_and_the_words_say_so() -> None:
    fit = fit_response_time(simulated(0.0, seed=11), draws=0)
    assert fit.association == "none_found"
    # An effect below a tenth of a point is told with a digit more.
    assert 0.01 <= fit.at_reference.excluded_beyond < 0.1
    beyond = f"{fit.at_reference.excluded_beyond:.3f}"
    english, chinese = " ".join(answer(fit, "en")), "".join(answer(fit, "zh"))
    assert english.startswith("No association found")
    assert f"beyond ±{beyond} points are excluded" in english
    assert chinese.startswith("没有发现关联")
    assert f"±{beyond} 点的效应已被排除" in chinese
    assert fit.power.detectable > 0


def test_each_channel_gets_its_own_slope() -> None:
    rng = np.random.default_rng(6)
    company = np.repeat(np.arange(60), 60)
    channel = np.where(rng.random(company.size) < 0.5, "phone", "im")
    times = rng.lognormal(5, 1, company.size)
    score = 90 - np.where(channel == "im", 5.0, 0.0) * np.log1p(times) + rng.normal(0, 6, company.size)
    rows = make_rows(score, times, company, channel=channel, controls={"channel": factor(channel)})
    fit = fit_response_time(rows, draws=0)
    assert average(fit, channel="im")[1] > 0
    phone = average(fit, channel="phone")
    assert phone[1] < 0 < phone[2]
    assert set(fit.curve["channel"]) == {"", "phone", "im"}
    assert set(fit.channels["channel"]) == {"phone", "im"}


def test_the_agent_as_instrument_removes_confounding_that_no_field_shows() -> None:
    rng = np.random.default_rng(7)
    company = np.repeat(np.arange(60), 100)
    agent = rng.integers(0, 6, company.size)
    slow = rng.normal(0, 0.6, (60, 6))[company, agent]
    hidden = rng.normal(0, 1, company.size)
    times = np.exp(5 + slow + 0.6 * hidden + rng.normal(0, 0.3, company.size))
    score = 90 - 2.0 * np.log1p(times) - 5 * hidden + rng.normal(0, 4, company.size)
    fit = fit_response_time(make_rows(score, times, company, agent=agent), draws=0, instrument="agent")
    assert fit.instrument is not None
    shorter = np.maximum(times - 60, 0)
    truth = 2.0 * np.mean(np.log1p(times) - np.log1p(shorter))
    if fit.instrument.form == "log":
        assert fit.instrument.ci_low < truth < fit.instrument.ci_high
    assert not fit.instrument.stages.weak
    assert fit.instrument.plain_effect > truth + 4 * fit.instrument.plain_std_error
    assert fit.instrument.robust_region == "interval"


def test_the_median_stands_beside_the_mean() -> None:
    fit = fit_response_time(simulated(-3.0, companies=30), draws=20)
    assert average(fit, "median")[0] == pytest.approx(average(fit)[0], rel=0.4)
    assert set(fit.quantiles["quantile"]) == {0.25, 0.5, 0.75}


# Edges -----------------------------------------------------------------------------------------------------


def test_a_total_of_several_questions_gets_no_ordered_logit_and_the_reason_is_said() -> None:
    fit = fit_response_time(simulated(), draws=0)
    assert "mean of several questions" in fit.models_left_out["ordered_logit"]
    assert "ordered_logit" not in set(fit.models["model"])


def test_one_company_is_answered_on_one_level_and_says_so() -> None:
    rows = simulated(companies=1, each=300, between=0.0)
    fit = fit_response_time(rows, draws=0)
    assert fit.n_companies == 1
    assert "one cluster only" in fit.models_left_out["mixed"]
    assert any(note.startswith("there is one company only") for note in fit.notes)
    assert average(fit)[1] > 0


def test_one_company_can_be_clustered_by_its_agents() -> None:
    rows = simulated(companies=1, each=600, between=0.0, agent=np.resize(np.arange(30), 600))
    fit = fit_response_time(rows, cluster="agent", draws=0)
    assert (fit.n_companies, fit.cluster) == (30, "agent")
    assert "mixed" in set(fit.models["model"])


def test_agents_of_the_same_number_in_two_companies_are_two_clusters() -> None:
    rows = simulated(companies=4, each=100, agent=np.resize(np.arange(10), 400))
    assert fit_response_time(rows, cluster="agent", draws=0).n_companies == 40


def test_few_companies_rest_on_few_degrees_of_freedom() -> None:
    fit = fit_response_time(simulated(companies=6, each=60), draws=0)
    row = fit.models.query("model == 'ols' and term == 'log_seconds'").iloc[0]
    assert row["df"] < 6
    (finding,) = [one for one in fit.diagnostics if one.code == "clusters"]
    assert finding.concern


def test_equal_times_and_a_constant_outcome_are_refused() -> None:
    rows = simulated()
    with pytest.raises(MethodError, match="all times are equal"):
        fit_response_time(make_rows(rows.outcome, np.full(len(rows), 60.0), rows.company.codes))
    with pytest.raises(MethodError, match="the outcome is the same in every row"):
        fit_response_time(make_rows(np.full(len(rows), 80.0), rows.time_s, rows.company.codes))


def test_one_channel_has_no_table_of_channels() -> None:
    fit = fit_response_time(simulated(channel=np.full(1600, "phone")), draws=0)
    assert fit.channels.empty
    assert set(fit.curve["channel"]) == {""}


def test_an_unknown_field_and_a_missing_agent_are_refused_by_name() -> None:
    with pytest.raises(MethodError, match="no field called team"):
        fit_response_time(simulated(), cluster="team")
    with pytest.raises(MethodError, match="agents are not known"):
        fit_response_time(simulated(), instrument="agent", draws=0)
    with pytest.raises(MethodError, match="level"):
        fit_response_time(simulated(), level=95)


def test_a_control_that_tells_answers_apart_does_not_stop_the_ordered_logit() -> None:
    rows = simulated(companies=40)
    level = np.clip(np.round(rows.outcome / 20), 1, 5)
    purpose = np.where(np.arange(len(rows)) % 40 == 0, "thanks", "enquiry")
    level[purpose == "thanks"] = 5
    fit = fit_response_time(
        make_rows(
            level * 20, rows.time_s, rows.company.codes, answer=level, controls={"purpose": factor(purpose)}
        ),
        draws=0,
    )
    assert "ordered_logit" in set(fit.models["model"])
    assert any("leaves these 20 rows out" in note for note in fit.notes)


def test_controls_that_follow_from_others_are_left_out_and_named() -> None:
    rows = simulated(companies=40)
    channel = np.resize(["a", "b"], len(rows))
    fit = fit_response_time(
        make_rows(
            rows.outcome,
            rows.time_s,
            rows.company.codes,
            controls={"channel": factor(channel), "line": factor(np.char.upper(channel))},
        ),
        draws=0,
    )
    assert any("follow from the others and are left out: line=" in note for note in fit.notes)


def test_a_level_of_the_outcome_may_be_missing() -> None:
    rows = simulated(companies=40)
    level = np.where(rows.outcome > 80, 5.0, np.where(rows.outcome > 70, 4.0, 1.0))
    fit = fit_response_time(make_rows(level * 20, rows.time_s, rows.company.codes, answer=level), draws=0)
    terms = fit.models[fit.models["model"] == "ordered_logit"]["term"].tolist()
    assert terms[-2:] == ["1|4", "4|5"]


@pytest.mark.slow
def test_intervals_cover_the_truth_and_a_null_is_called_an_association_no_more_than_5_percent() -> None:
    runs, covered, called = 600, 0, 0
    for seed in range(runs):
        fit = fit_response_time(simulated(-2.0, companies=30, each=15, seed=seed), draws=0)
        row = fit.adjustments.set_index("held").loc["nothing"]
        times = fit.rows.time_s
        truth = 2.0 * np.mean(np.log1p(times) - np.log1p(np.maximum(times - 60, 0)))
        covered += bool(row["ci_low"] < truth < row["ci_high"])
        null = fit_response_time(simulated(0.0, companies=30, each=15, seed=10_000 + seed), draws=0)
        called += null.association == "found"
    # Three binomial standard errors about 95 and 5 percent of 600 runs.
    assert 0.923 < covered / runs < 0.977
    assert 0.023 < called / runs < 0.077
