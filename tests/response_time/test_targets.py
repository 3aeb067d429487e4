"""Proposed targets: the rule, attainment, expected change by the own curve, worth, and the refusal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from response_time.claim_surveys import companies, survey

from satsurvey.benchmarks.figures import load_figures
from satsurvey.errors import ColumnsError, MethodError
from satsurvey.response_time.assumptions import (
    TEMPLATE,
    Assumptions,
    AssumptionsError,
    Channel,
    load_assumptions,
)
from satsurvey.response_time.claim_data import ClaimData
from satsurvey.response_time.target_history import History
from satsurvey.response_time.targets import answered_in_time, propose, propose_targets, rounded
from satsurvey.service.records import ServiceRecords


def phone(folder: Path, seed: int, slope: float, *, middle: float = 4.0, level: float = 90.0) -> ClaimData:
    """Return telephone interviews whose scores fall by `slope` per log unit of the response time."""
    rng = np.random.default_rng(seed)
    names, effect = companies(rng, 50, 30)
    log = rng.normal(middle, 0.9, len(names))
    score = level - slope * log + effect + rng.normal(0, 6, len(names))
    columns = {
        "company": names,
        "first_response_s": np.rint(np.expm1(np.abs(log))),
        "S2": "phone",
        "A1": score,
    }
    return ClaimData.of(survey(folder, columns))


# The rule --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("median", "line", "attained", "needed", "target", "basis"),
    [
        (20, 30, 0.95, 0.95, 30, "published_held"),  # met already
        (20, 30, 0.949, 0.95, 30, "published_near"),  # half are in time
        (30, 30, 0.5, 0.95, 30, "published_near"),
        (120, 30, 0.1, 0.95, 60, "between"),  # the geometric mean
        (31, 30, 0.49, 0.95, 30, "published_near"),  # a step rounded up would be slower than now
        (125, 120, 0.4, 0.95, 120, "published_near"),
        (601, 600, 0.4, 0.95, 600, "published_near"),
        (7200, 1800, 0.1, 0.85, 3600, "between"),
        (47, float("nan"), 0.0, 0.9, 50, "own_history"),
        (float("nan"), 30, 0.2, 0.9, 30, "published_near"),  # most are never answered
    ],
)
def test_the_target_lies_between_own_median_and_the_published_line(
    median: float, line: float, attained: float, needed: float, target: float, basis: str
) -> None:
    assert propose(median, line, attained, needed) == (target, basis)


def test_a_proposed_step_is_never_slower_than_the_median_nor_faster_than_the_line() -> None:
    rng = np.random.default_rng(1)
    for median, line in np.exp(rng.uniform(2, 9, (500, 2))):
        target, basis = propose(median, line, 0.2, 0.9)
        assert target >= min(median, line) - 1e-9
        if basis == "between":
            assert line <= target < median


@pytest.mark.parametrize(
    ("seconds", "said"), [(31, 35), (35, 35), (119.9, 120), (121, 150), (600, 600), (601, 660), (7201, 7800)]
)
def test_times_are_rounded_up_to_what_people_say(seconds: float, said: float) -> None:
    assert rounded(seconds) == said


@pytest.mark.parametrize(
    ("needed", "after"),
    [
        (0.25, [10, 40, 90, 300]),  # reached already
        (0.50, [10, 30, 90, 300]),
        (0.75, [10, 30, 30, 300]),
        (0.99, [10, 30, 30, 30]),
    ],
)
def test_the_least_late_are_answered_in_time_first(needed: float, after: Sequence[float]) -> None:
    before = np.array([10.0, 40, 90, 300])
    assert answered_in_time(before, 30, needed).tolist() == list(after)
    assert before.tolist() == [10, 40, 90, 300]


# On data ---------------------------------------------------------------------------------------------------


def test_the_expected_change_is_that_of_the_planted_curve(tmp_path: Path) -> None:
    data = phone(tmp_path, 2, 5.0)
    row = propose_targets(data).frame.iloc[0]
    assert data.times is not None
    seconds = data.times.seconds
    assert row["target_s"] == rounded(float(np.sqrt(np.median(seconds) * 30)))
    moved = answered_in_time(seconds, row["target_s"], row["needed"])
    truth = 5.0 * float((np.log1p(seconds) - np.log1p(moved)).mean())
    assert row["score_low"] < truth < row["score_high"]
    assert row["attained"] == pytest.approx((seconds <= row["target_s"]).mean())
    assert row["attained_low"] < row["attained"] < row["attained_high"]
    assert row["needed"] == 0.95  # what is published for the telephone


def test_the_published_lines_stand_beside_the_target(tmp_path: Path) -> None:
    row = propose_targets(phone(tmp_path, 3, 5.0)).frame.iloc[0]
    assert [row[f"{name}_s"] for name in ("basic", "standard", "excellent", "top10")] == [60, 30, 30, 24]
    assert row["published_s"] == 30


@pytest.mark.parametrize(("slope", "curve"), [(0.0, "none_found"), (-5.0, "reversed")])
def test_no_target_is_proposed_where_satisfaction_justifies_none(
    tmp_path: Path, slope: float, curve: str
) -> None:
    report = propose_targets(phone(tmp_path, 4, slope, level=60.0))
    row = report.frame.iloc[0]
    assert report.curve == curve
    assert not report.justified
    assert np.isnan(row["target_s"])
    assert np.isnan(row["score_change"])
    assert row["basis"] == "none"
    # The operational benchmark is shown: its line and how many contacts meet it now.
    assert row["published_s"] == 30
    assert 0 < row["attained"] < 1
    assert report.notes[0].text("en") == (
        "no target can be justified by satisfaction on these data; operational benchmark shown"
    )


def records(seed: int, *, unanswered: float = 0.0, n: int = 4000) -> ServiceRecords:
    rng = np.random.default_rng(seed)
    seconds = rng.exponential(60, n)
    watched = np.where(rng.random(n) < unanswered, rng.exponential(60, n), np.inf)
    seen = seconds <= watched
    frame = pd.DataFrame(
        {
            "contact_id": [f"k{k}" for k in range(n)],
            "channel": "phone",
            "tier": np.where(rng.random(n) < 0.3, "VIP", "普通"),
            "request_at": pd.Timestamp("2025-01-05") + pd.to_timedelta(rng.uniform(0, 80, n), unit="D"),
            "first_response_s": np.where(seen, seconds, np.nan),
            "first_response_censored_s": np.where(seen, np.nan, watched),
        }
    )
    return ServiceRecords.of_frame(frame)


def test_history_is_that_of_all_contacts_by_channel_and_tier_and_month() -> None:
    report = propose_targets(ClaimData.of(records=records(5)))
    assert report.curve == "not_known"
    assert report.reason == "there are no interviews"
    assert report.frame[["channel", "tier"]].to_numpy().tolist() == [
        ["phone", ""], ["phone", "VIP"], ["phone", "普通"]
    ]  # fmt: skip
    whole = report.frame.iloc[0]
    assert whole["n"] == 4000
    assert whole["median_s"] == pytest.approx(60 * np.log(2), rel=0.06)
    assert whole["p90_s"] == pytest.approx(60 * np.log(10), rel=0.06)
    assert whole["attained"] == pytest.approx(1 - np.exp(-0.5), abs=0.02)
    # The published line for valued customers is for them only.
    assert set(report.series["month"]) == {"2025-01", "2025-02", "2025-03"}


def test_contacts_never_answered_are_censored_and_not_left_out() -> None:
    report = propose_targets(ClaimData.of(records=records(6, unanswered=0.6)))
    row = report.frame.iloc[0]
    assert row["n_unanswered"] > 500
    # Exponential waiting: leaving the unanswered out would give a median near 44 % of the truth less.
    assert row["median_s"] == pytest.approx(60 * np.log(2), rel=0.08)
    assert row["attained"] == pytest.approx(1 - np.exp(-0.5), abs=0.03)
    assert row["attained_low"] < row["attained"] < row["attained_high"]
    assert "censored" in {note.code for note in report.notes}


def test_customers_who_hang_up_are_not_taken_for_answered_in_time() -> None:
    rng = np.random.default_rng(12)
    n = 4000
    answer, patience = rng.exponential(20, n), rng.exponential(20, n)
    gave_up = patience < answer
    frame = pd.DataFrame(
        {
            "contact_id": [f"k{k}" for k in range(n)],
            "company": np.repeat([f"c{k}" for k in range(20)], n // 20),
            "channel": "phone",
            "wait_s": np.minimum(answer, patience),
            "first_response_s": np.where(gave_up, np.nan, answer),
            "abandoned": gave_up.astype(float),
        }
    )
    row = propose_targets(ClaimData.of(records=ServiceRecords.of_frame(frame))).frame.iloc[0]
    # At the published 30 s: all contacts are either answered or gone, so that the share is a plain count.
    assert row["attained"] == pytest.approx(((answer <= 30) & ~gave_up).mean(), abs=1e-12)
    assert row["attained_low"] < 0.5 * (1 - np.exp(-3)) < row["attained_high"]


@pytest.mark.slow
def test_the_interval_of_the_share_in_time_covers_it_where_some_still_wait_and_some_gave_up() -> None:
    rng = np.random.default_rng(14)
    held, runs, groups = 0, 600, 30
    # Companies differ in speed: the truth is the mean over them, found by a long run of the same kind.
    speed = rng.gamma(8, 8, 200_000)
    truth = float(np.mean(60 / (60 + speed) * (1 - np.exp(-(1 / speed + 1 / 60) * 30))))
    for _ in range(runs):
        company = np.repeat(np.arange(groups), 40)
        answer = rng.exponential(rng.gamma(8, 8, groups)[company])
        patience, seen = rng.exponential(60, company.size), rng.exponential(90, company.size)
        time = np.minimum(np.minimum(answer, patience), seen)
        answered, gave_up = answer == time, patience == time
        blank = np.full(company.size, "", dtype=object)
        history = History(time, answered, gave_up, blank, blank, company, blank, None, True)
        _, low, high = history.within(np.ones(company.size, np.bool_), 30.0, level=0.95)
        held += low <= truth <= high
    assert 0.925 < held / runs < 0.975, held / runs


def test_contacts_kept_by_the_bot_are_not_missed_by_people() -> None:
    made = records(13, n=400).contacts.drop(columns=["file", "row"], errors="ignore")
    bots = pd.DataFrame(
        {"contact_id": [f"b{k}" for k in range(400)], "channel": "phone", "handled_by": "bot"}
    )
    made["handled_by"] = "human"
    alone = propose_targets(ClaimData.of(records=ServiceRecords.of_frame(made)))
    beside = propose_targets(ClaimData.of(records=ServiceRecords.of_frame(pd.concat([made, bots]))))
    pd.testing.assert_frame_equal(
        alone.frame[["n", "attained", "median_s"]], beside.frame[["n", "attained", "median_s"]]
    )
    assert "bot_alone" in {note.code for note in beside.notes}


def test_the_six_steps_say_what_there_was(tmp_path: Path) -> None:
    steps = propose_targets(phone(tmp_path, 7, 5.0)).steps
    assert [step for step, _, _ in steps] == [1, 2, 3, 4, 5, 6]
    assert steps[0][2].code == "step1_none"
    assert steps[5][2].code == "step6_found"


def test_data_without_any_time_are_refused(tmp_path: Path) -> None:
    names, effect = companies(np.random.default_rng(8), 3, 5)
    data = ClaimData.of(survey(tmp_path, {"company": names, "A1": 70 + effect}))
    with pytest.raises(ColumnsError, match="no first response time"):
        propose_targets(data)


# Worth -----------------------------------------------------------------------------------------------------


def test_cost_and_benefit_follow_from_the_assumptions_and_the_interval_goes_along(tmp_path: Path) -> None:
    assumed = Assumptions(
        "CNY",
        {
            "all": Channel(cost_per_agent_hour=60, extra_agent_hours_per_month=200, contacts_per_month=1000),
            "phone": Channel(value_per_point_per_month=5000, repurchase_percent_per_point=0.1),
        },
    )
    row = propose_targets(phone(tmp_path, 9, 5.0), assumptions=assumed).frame.iloc[0]
    assert row["cost"] == 12_000
    for end in ("", "_low", "_high"):
        change = row[f"score{end}"] if end else row["score_change"]
        assert row[f"benefit{end}"] == pytest.approx(5000 * change)
        assert row[f"net{end}"] == pytest.approx(5000 * change - 12_000)
        assert row[f"repurchase{end}"] == pytest.approx(0.1 * change)
    assert row["break_even"] == pytest.approx(2.4)


def several(folder: Path, seed: int = 21) -> ClaimData:
    """Return interviews of three channels with 900, 450 and 150 contacts."""
    rng = np.random.default_rng(seed)
    names, effect = companies(rng, 50, 30)
    log = rng.normal(4.5, 0.9, len(names))
    channel = rng.permutation(np.repeat(["phone", "im", "email"], [900, 450, 150]))
    columns = {
        "company": names,
        "first_response_s": np.rint(np.expm1(np.abs(log))),
        "S2": channel,
        "A1": 90 - 5 * log + effect + rng.normal(0, 6, len(names)),
    }
    return ClaimData.of(survey(folder, columns))


def test_totals_of_all_channels_are_divided_by_contacts_and_added_up_again(tmp_path: Path) -> None:
    assumed = Assumptions(
        "CNY",
        {
            "all": Channel(
                cost_per_agent_hour=60,
                extra_agent_hours_per_month=200,
                value_per_point_per_month=5000,
                repurchase_percent_per_point=0.1,
            )
        },
    )
    report = propose_targets(several(tmp_path), assumptions=assumed)
    frame = report.frame.set_index("channel")
    assert frame["target_s"].notna().all()
    share = {"phone": 0.6, "im": 0.3, "email": 0.1}
    for channel, part in share.items():
        assert frame["cost"][channel] == pytest.approx(12_000 * part)
        assert frame["benefit"][channel] == pytest.approx(5000 * part * frame["score_change"][channel])
    assert report.total is not None
    assert report.total["cost"] == pytest.approx(12_000)
    for end in ("", "_low", "_high"):
        assert report.total[f"benefit{end}"] == pytest.approx(frame[f"benefit{end}"].sum())
        assert report.total[f"net{end}"] == pytest.approx(frame[f"benefit{end}"].sum() - 12_000)
    mean = sum(part * frame["repurchase"][channel] for channel, part in share.items())
    assert report.total["repurchase"] == pytest.approx(mean)
    assert report.total["break_even"] == pytest.approx(12_000 / 5000)


def test_what_a_channel_states_of_its_own_is_taken_off_the_total() -> None:
    assumed = Assumptions(
        "CNY",
        {
            "all": Channel(contacts_per_month=1000, extra_agent_hours_per_month=100),
            "phone": Channel(contacts_per_month=700),
        },
    )
    made = assumed.divided({"phone": 10, "im": 20, "email": 10}, ["phone", "im"])
    assert [made[name].contacts_per_month for name in ("phone", "im", "email")] == [700, 200, 100]
    # No hours for the channel without a target.
    hours = [made[name].extra_agent_hours_per_month for name in ("phone", "im", "email")]
    assert hours == pytest.approx([100 / 3, 200 / 3, 0])
    more = Assumptions(
        "CNY", {"all": Channel(contacts_per_month=500), "phone": Channel(contacts_per_month=700)}
    )
    with pytest.raises(AssumptionsError, match="more contacts_per_month than all have"):
        more.divided({"phone": 10}, [])


def test_channels_of_the_assumptions_are_known_by_their_names_and_others_are_told(tmp_path: Path) -> None:
    path = tmp_path / "assumptions.toml"
    path.write_text(
        'schema = "satsurvey.assumptions/1"\n["电话"]\n'.replace('["电话"]', '[channels."电话"]')
        + "value_per_point_per_month = 100\n[channels.email]\nattainment = 0.5\n",
        encoding="utf-8",
    )
    report = propose_targets(phone(tmp_path, 22, 5.0), assumptions=load_assumptions(path))
    row = report.frame.iloc[0]
    assert row["benefit"] == pytest.approx(100 * row["score_change"])
    said = next(note for note in report.notes if note.code == "assumed_elsewhere")
    assert said.text("zh").endswith("邮件")


def test_an_industry_that_nothing_is_published_for_is_refused(tmp_path: Path) -> None:
    data = phone(tmp_path, 23, 5.0)
    with pytest.raises(MethodError, match="nothing is published for an industry of this name"):
        propose_targets(data, industry="飞行")
    assert propose_targets(data, industry="银行").frame["published_s"].notna().all()


def test_where_nobody_was_answered_the_steps_say_so(tmp_path: Path) -> None:
    rng = np.random.default_rng(24)
    names, effect = companies(rng, 30, 20)
    n = len(names)
    cases = [f"K{k:05d}" for k in range(n)]
    log = rng.normal(4.2, 0.8, n)
    columns = {
        "company": names,
        "case_id": cases,
        # The export has times of its own, which must not stand in for those of the records.
        "first_response_s": np.rint(np.exp(log)),
        "A1": 90 - 5 * log + effect + rng.normal(0, 5, n),
    }
    frame = pd.DataFrame(
        {
            "contact_id": cases,
            "case_id": cases,
            "company": names,
            "channel": "phone",
            "first_response_s": np.nan,
            "first_response_censored_s": rng.exponential(600, n),
        }
    )
    report = propose_targets(ClaimData.of(survey(tmp_path, columns), ServiceRecords.of_frame(frame)))
    assert report.curve == "not_known"
    assert report.reason == "no linked contact was ever answered: there is no time to compare"
    assert report.frame["score_change"].isna().all()
    assert report.frame["target_s"].isna().all()
    found = {step: said.text("zh") for step, _, said in report.steps}
    assert found[2] == "600 次联系中 600 次可用，其中 0 次有答复"
    assert found[4] == "1 行中 0 行有建议目标"
    assert found[6] == "没有可用的得分与时间：不给出目标"


def test_the_last_step_counts_the_rows_with_an_expected_change(tmp_path: Path) -> None:
    report = propose_targets(several(tmp_path))
    n = int(report.frame["score_change"].notna().sum())
    assert n > 0
    assert (
        report.steps[5][2].text("en")
        == f"association found: an expected change for {n} of {len(report.frame)} rows"
    )


def test_hours_may_come_from_minutes_a_contact_and_value_from_a_contact() -> None:
    own = Channel(
        contacts_per_month=6000,
        extra_minutes_per_contact=2,
        cost_per_agent_hour=60,
        value_per_point_per_contact=0.5,
    )
    assert own.cost(0.25) == pytest.approx(6000 * 0.25 * 2 / 60 * 60)
    assert own.value_of_point() == 3000
    assert np.isnan(Channel().cost(0.5))
    assert np.isnan(Channel().value_of_point())


def test_published_effects_change_nothing(tmp_path: Path) -> None:
    data = phone(tmp_path, 10, 5.0)
    before = propose_targets(data).frame
    figures = load_figures()
    other = replace(figures, figures=tuple(figure for figure in figures if figure.kind != "effect"))
    pd.testing.assert_frame_equal(before, propose_targets(replace(data), figures=other).frame)


def test_the_template_is_a_sound_file_and_defects_are_listed(tmp_path: Path) -> None:
    path = tmp_path / "assumptions.toml"
    path.write_text(TEMPLATE, encoding="utf-8")
    assert load_assumptions(path).divided({"phone": 5}, ["phone"]) == {"phone": Channel()}
    filled = "\n".join(line.removeprefix("# ") if " = " in line else line for line in TEMPLATE.splitlines())
    path.write_text(filled, encoding="utf-8")
    assert load_assumptions(path).attainment("email") == 0.9
    own = load_assumptions(path).divided({"email": 5}, ["email"])["email"]
    assert own.contacts_per_month == 10_000
    path.write_text(
        'schema = "satsurvey.assumptions/1"\n[channels.all]\nattainment = 2\nhours = 1\n', encoding="utf-8"
    )
    with pytest.raises(AssumptionsError, match="2 defects"):
        load_assumptions(path)
