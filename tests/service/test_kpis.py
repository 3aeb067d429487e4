"""Figures of service: closed forms, restatements in pandas, censoring, missing columns, empty records."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from satsurvey.errors import MethodError
from satsurvey.service.kpi_formulas import FORMULAS, KPI_METRICS, formula_text
from satsurvey.service.kpis import COUNTED, kpis
from satsurvey.service.records import Definition, ServiceRecords
from satsurvey.service.service_levels import SERVICE_LEVELS

START = pd.Timestamp("2024-03-01 09:00")


def records(**columns: object) -> ServiceRecords:
    frame = pd.DataFrame(columns)
    for name in frame:
        if str(name).endswith("_at"):
            frame[name] = START + pd.to_timedelta(frame[name], unit="s")
    return ServiceRecords.of_frame(frame)


def value(found: pd.DataFrame, metric: str, statistic: str = "rate", formula: str | None = None) -> pd.Series:
    rows = found[(found["metric"] == metric) & (found["statistic"] == statistic)]
    if formula is not None:
        rows = rows[rows["formula"] == formula]
    assert len(rows) == 1, rows
    return rows.iloc[0]


@pytest.fixture(scope="module")
def mixed() -> ServiceRecords:
    """Calls and chats of two companies, some of them given up, open, of a bot, or without values."""
    rng = np.random.default_rng(8)
    n = 900
    wait, gave_up = np.round(rng.exponential(40, n), 1), rng.random(n) < 0.1
    bot = rng.choice(["human", "bot", "bot_then_human", ""], n)
    is_open = ~gave_up & (rng.random(n) < 0.1)
    asked = pd.Series(START + pd.to_timedelta(rng.integers(0, 30 * 86_400, n), unit="s"))
    answered = (asked + pd.to_timedelta(wait, unit="s")).where(~gave_up)
    resolution = np.where(gave_up | is_open, np.nan, np.round(rng.lognormal(7, 1, n)))
    first = np.where(gave_up | (rng.random(n) < 0.05), np.nan, wait)
    return ServiceRecords.of_frame(
        pd.DataFrame(
            {
                "company": rng.choice(["甲", "乙"], n),
                "channel": rng.choice(["phone", "online", ""], n),
                "tier": rng.choice(["gold", "plain"], n),
                "customer_id": [f"u{k}" for k in rng.integers(0, 400, n)],
                "agent_id": np.where(gave_up, "", rng.choice([f"a{k}" for k in range(6)], n)),
                "handled_by": bot,
                "request_at": asked,
                "answered_at": answered,
                "closed_at": answered + pd.to_timedelta(rng.integers(60, 900, n), unit="s"),
                "wait_s": wait,
                "hold_s": np.where(gave_up, np.nan, np.round(rng.exponential(9, n))),
                "talk_s": np.where(gave_up, np.nan, rng.integers(20, 500, n)),
                "first_response_s": first,
                "first_response_censored_s": np.where(np.isnan(first) & ~gave_up, wait, np.nan),
                "avg_response_s": np.where(gave_up, np.nan, np.round(rng.exponential(25, n))),
                "replies": np.where(gave_up, np.nan, rng.integers(1, 9, n)),
                "resolution_s": resolution,
                "open": is_open.astype(float),
                "abandoned": gave_up.astype(float),
                "transfers": np.where(gave_up, np.nan, rng.poisson(0.5, n)),
                "resolved_first_contact": np.where(rng.random(n) < 0.3, np.nan, rng.integers(0, 2, n)),
                "sla_target_s": 1800.0,
            }
        )
    )


TARGETS = {"first_response_time": 30.0, "service_level": 20.0, "resolution_time": {"phone": 900.0}}


def test_every_figure_accounts_for_every_contact(mixed: ServiceRecords) -> None:
    found = kpis(mixed, by=("company", "channel", "tier"), targets=TARGETS, short_abandon_s=5)
    sizes = mixed.contacts.groupby(["company", "channel", "tier"]).size()
    for row in found.frame.itertuples():
        assert row.n + row.n_censored + row.n_missing == sizes[(row.company, row.channel, row.tier)]
        assert row.n_missing == sum(getattr(row, name) for name in COUNTED)
    assert (found.overall["n"] + found.overall["n_censored"] + found.overall["n_missing"] == 900).all()
    inside = found.frame.dropna(subset=["ci_low", "ci_high", "value"])
    assert (inside["ci_low"] <= inside["value"]).all()
    assert (inside["value"] <= inside["ci_high"]).all()


def test_every_metric_but_none_is_made_from_full_records(mixed: ServiceRecords) -> None:
    found = kpis(mixed, targets=TARGETS)
    assert set(found.overall["metric"]) == set(KPI_METRICS)
    assert not [note for note in found.notes if "left out" in note]
    assert found.overall["definition"].notna().all()


def test_figures_of_groups_are_those_of_their_contacts_alone(mixed: ServiceRecords) -> None:
    found = kpis(mixed, by="company", targets=TARGETS).figure("resolution_time", "mean")
    expected = mixed.contacts.groupby("company")["resolution_s"].agg(["mean", "count"])
    for row in found.itertuples():
        assert row.value == pytest.approx(expected.loc[row.company, "mean"], rel=1e-12)
        assert row.n == expected.loc[row.company, "count"]
    by_hour = kpis(mixed, by="hour").figure("wait_time", "median")
    total = mixed.contacts["wait_s"] + mixed.contacts["hold_s"].fillna(
        mixed.contacts["abandoned"].map({1.0: 0.0})
    )
    restated = total.groupby(mixed.contacts["request_at"].dt.strftime("%H")).median()
    assert by_hour["hour"].tolist() == restated.index.tolist()
    np.testing.assert_allclose(by_hour["value"], restated, rtol=1e-12)


def test_service_level_by_the_four_formulas_gives_the_published_example() -> None:
    """1000 answered, 860 in time; 60 gave up, 20 in time."""
    wait = np.repeat([10.0, 30.0, 10.0, 30.0], [860, 140, 20, 40])
    found = kpis(
        records(wait_s=wait, abandoned=np.repeat([0.0, 1.0], [1000, 60])), targets={"service_level": 20}
    )
    percents = [100 * value(found.overall, "service_level", formula=name)["value"] for name in SERVICE_LEVELS]
    assert [round(percent, 1) for percent in percents] == [83.0, 86.0, 81.1, 82.7]
    assert value(found.overall, "abandon_rate")["value"] == 60 / 1060
    assert value(found.overall, "answer_rate")["value"] == 1000 / 1060
    assert value(found.overall, "speed_of_answer", "mean")["value"] == pytest.approx(12.8)


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 40), st.booleans()), min_size=1, max_size=40), st.integers(0, 40))
def test_service_levels_of_contacts_are_those_of_their_counts(
    calls: list[tuple[int, bool]], limit: int
) -> None:
    from satsurvey.service.service_levels import service_levels

    wait = np.array([float(w) for w, _ in calls])
    lost = np.array([float(a) for _, a in calls])
    found = kpis(records(wait_s=wait, abandoned=lost), targets={"service_level": limit}).overall
    counts = service_levels(
        answered=int((lost == 0).sum()),
        abandoned=int((lost == 1).sum()),
        answered_within=int(((lost == 0) & (wait <= limit)).sum()),
        abandoned_within=int(((lost == 1) & (wait <= limit)).sum()),
    )
    for name in SERVICE_LEVELS:
        rows = found[(found["metric"] == "service_level") & (found["formula"] == name)]
        expected = getattr(counts, name)
        if math.isnan(expected):
            assert not len(rows)
        else:
            assert rows["value"].iloc[0] == pytest.approx(expected, rel=1e-12)


def test_short_hang_ups_are_left_out_above_and_below() -> None:
    found = kpis(
        records(wait_s=[3.0, 5, 6, 20, 30, 40], abandoned=[1.0, 1, 1, 0, 0, 0]), short_abandon_s=5
    ).overall
    assert value(found, "abandon_rate", formula="gave_up_of_offered")["value"] == 3 / 6
    assert value(found, "abandon_rate", formula="short_left_out")["value"] == 1 / 4
    definition = value(found, "abandon_rate", formula="short_left_out")["definition"]
    assert "gave up within 5 s" in definition


def test_unanswered_contacts_lengthen_the_median_through_kaplan_meier() -> None:
    """Four answered at 10, 20, 30, 40 and four still waiting at 100: half are answered by 40."""
    found = kpis(
        records(
            first_response_s=[10.0, 20, 30, 40] + [np.nan] * 4,
            first_response_censored_s=[np.nan] * 4 + [100.0] * 4,
        ),
        targets={"first_response_time": 35},
    )
    naive = value(found.overall, "first_response_time", "median", "answered_only")
    whole = value(found.overall, "first_response_time", "median", "kaplan_meier")
    assert (naive["value"], naive["n"], naive["n_censored"]) == (25, 4, 4)
    assert (
        whole["value"] == (40 + 100) / 2
    )  # the curve stands at exactly one half from 40 to the last time seen
    share = value(found.overall, "first_response_time", "share_within_target", "answered_only")["value"]
    assert share == 0.75
    share = value(found.overall, "first_response_time", "share_within_target", "of_due")["value"]
    assert share == pytest.approx(3 / 8)
    assert (
        "4 contacts (50.0 %) had no reply when last seen; the median first response time is 25.0 s without "
        "them and 70.0 s with them (Kaplan-Meier)"
    ) in found.notes
    means = found.overall[found.overall["statistic"] == "mean"]
    assert set(means["formula"]) == {"answered_only"}


def test_when_nobody_was_answered_there_is_no_mean_and_no_median() -> None:
    found = kpis(
        records(first_response_s=[np.nan, np.nan], first_response_censored_s=[50.0, 60.0]),
        targets={"first_response_time": 40},
    )
    rows = found.overall[found.overall["metric"] == "first_response_time"]
    timed = rows[rows["formula"] != "of_due"]
    assert timed["n"].unique().tolist() == [0]
    assert timed["n_censored"].unique().tolist() == [2]
    assert rows[rows["statistic"].isin(["mean", "median", "p90"])]["value"].isna().all()
    assert value(rows, "first_response_time", "share_within_target", "of_due")["value"] == 0
    assert any("not known without them and not reached with them" in note for note in found.notes)


def test_who_gave_up_was_not_answered_in_time_and_kaplan_meier_is_not_asked() -> None:
    made = records(
        first_response_s=[10.0, 20, np.nan, np.nan, np.nan, np.nan],
        first_response_censored_s=[np.nan, np.nan, np.nan, np.nan, 90.0, 5.0],
        wait_s=[10.0, 20, 8, 9, 90, 5],
        abandoned=[0.0, 0, 1, 1, 0, 0],
    )
    found = kpis(made, targets={"first_response_time": 30}).overall
    row = value(found, "first_response_time", "share_within_target", "of_due")
    # Two in time; two gave up, one waits for 90 s; the last waits for 5 s and is not due.
    assert (row["value"], row["n"], row["n_undecided"]) == (2 / 5, 5, 1)
    assert row["n"] + row["n_censored"] + row["n_missing"] == 6


def test_an_interval_of_a_mean_time_does_not_go_below_0() -> None:
    row = value(kpis(records(wait_s=[1.0, 1, 1, 400])).overall, "wait_time", "mean")
    assert row["ci_low"] == 0


def test_an_open_contact_is_as_old_as_the_last_moment_of_its_file() -> None:
    made = records(request_at=[0, 0, 500], resolution_s=[100.0, np.nan, np.nan], open=[0.0, 1, 1])
    rows = kpis(made, targets={"resolution_time": 300}).overall
    # Two others have been seen open for 500 s and 0 s: one of two left at 100 s.
    assert value(rows, "resolution_time", "share_within_target", "of_due")["value"] == 0.5


def test_open_contacts_have_no_age_on_a_business_clock() -> None:
    definition = Definition("resolution_s", "request", "resolution", clock="business", calendar="cn")
    frame = pd.DataFrame(
        {"request_at": [START] * 3, "resolution_s": [100.0, 200.0, np.nan], "open": [0.0, 0, 1]}
    )
    found = kpis(ServiceRecords.of_frame(frame, definitions={"resolution_s": definition}))
    assert any("1 open contacts have no known age" in note for note in found.notes)
    assert set(found.overall[found.overall["metric"] == "resolution_time"]["formula"]) == {"resolved_only"}


def test_open_and_overdue_is_missed_and_open_and_not_due_is_left_out() -> None:
    made = records(
        request_at=[0, 0, 0, 9_000, 10_000],
        resolution_s=[100.0, 5_000, np.nan, np.nan, np.nan],
        open=[0.0, 0, 1, 1, 0],
        sla_target_s=[3_600.0] * 5,
    )
    row = value(kpis(made).overall, "sla_attainment")
    # Kept, missed, open for 10,000 s; the fourth is 1,000 s old, of the fifth nothing is known.
    assert (row["value"], row["n"], row["n_undecided"], row["n_absent"]) == (1 / 3, 3, 1, 1)
    assert row["formula"] == "resolution_in_target"


def test_a_promise_about_the_first_reply_is_not_judged_by_the_resolution() -> None:
    made = records(
        request_at=[0, 0, 0, 900_000],
        first_response_s=[600.0, 600, 7_200, 600],
        resolution_s=[np.nan, 86_400.0, 86_400, 3_600],
        open=[1.0, 0, 0, 0],
        sla_target_s=[3_600.0] * 4,
    )
    row = value(kpis(replace(made, promise="first_response_s")).overall, "sla_attainment")
    assert (row["value"], row["n"], row["formula"]) == (0.75, 4, "first_response_in_target")
    recorded = ServiceRecords.of_frame(made.contacts.assign(sla_met=[1.0, 1, 0, 1]))
    row = value(kpis(replace(recorded, promise="first_response_s")).overall, "sla_attainment")
    assert (row["value"], row["n"]) == (0.75, 4)


def test_what_a_bot_kept_is_not_answered_by_an_agent_and_nobody_waited_for_one() -> None:
    made = records(
        request_at=[0] * 6,
        handled_by=["bot", "bot", "bot", "human", "human", "none"],
        abandoned=[0.0, 0, 0, 0, 0, 1],
        wait_s=[0.0, 0, 0, 20, 40, 60],
        first_response_s=[np.nan, np.nan, np.nan, 20.0, 40, np.nan],
    )
    found = kpis(made).overall
    row = value(found, "answer_rate")
    assert (row["value"], row["n"], row["n_not_applicable"]) == (pytest.approx(2 / 3), 3, 3)
    speed = value(found, "speed_of_answer", "mean")
    assert (speed["value"], speed["n"], speed["n_not_applicable"]) == (30, 2, 4)
    assert value(found, "wait_time", "mean", formula="queue_only")["value"] == 40


def test_what_the_system_recorded_goes_before_but_not_for_what_is_open_and_overdue() -> None:
    made = records(
        request_at=[0, 0, 9_000, 10_000],
        resolution_s=[5_000.0, np.nan, np.nan, 10],
        open=[0.0, 1, 1, 0],
        sla_met=[1.0, 1, 0, np.nan],
        sla_target_s=[3_600.0] * 4,
    )
    row = value(kpis(made).overall, "sla_attainment")
    assert (row["value"], row["n"], row["n_undecided"]) == (pytest.approx(2 / 3), 3, 1)


def test_first_contact_resolution_by_repeats_counts_issues_and_leaves_the_edge_undecided() -> None:
    day = 86_400
    made = records(
        customer_id=["a", "a", "b", "c", "d", "e", ""],
        request_at=[0, 2 * day, 0, 0, 29 * day, 30 * day, 0],
        resolved_first_contact=[1.0, 1, 1, 1, 0, np.nan, 1],
        reopened=[0.0, 0, 0, 1, 0, 0, 0],
    )
    found = kpis(made).overall
    row = value(found, "fcr", formula="no_repeat_of_issue")
    # Issues: a repeated, b resolved, c reopened; a's second contact is none of its own; d, e near the end.
    assert (row["value"], row["n"]) == (pytest.approx(1 / 3), 3)
    assert (row["n_not_applicable"], row["n_undecided"], row["n_unidentified"]) == (1, 2, 1)
    stated = value(found, "fcr", formula="stated")
    assert (stated["value"], stated["n"], stated["n_absent"]) == (5 / 6, 6, 1)
    assert value(found, "repeat_free_rate")["value"] == 0.75  # a, a, b, c: all but a's first
    # Near the begin of the data nothing is known of the contacts before.
    assert value(found, "repeat_contact_rate")["n"] == 2


def test_transfers_and_bots_are_counted() -> None:
    found = kpis(
        records(
            transfers=[0.0, 1, 2, 3],
            handled_by=["bot", "bot_then_human", "human", ""],
            channel=["online", "im", "online", "phone"],
        )
    ).overall
    assert value(found, "transfers", "mean")["value"] == 1.5
    assert value(found, "transfer_rate")["value"] == 0.75
    assert value(found, "second_transfer_rate")["value"] == 0.5
    assert value(found, "bot_containment")["value"] == 0.5
    assert value(found, "bot_deflection")["value"] == pytest.approx(2 / 3)


def test_an_agents_two_chats_at_once_count_as_two() -> None:
    found = kpis(
        records(agent_id=["x", "x"], answered_at=[0, 50], closed_at=[100, 150], abandoned=[0.0, 0])
    ).overall
    assert value(found, "concurrent_chats", "mean", "over_busy_time")["value"] == pytest.approx(200 / 150)
    recorded = kpis(records(concurrency=[2.0, 4.0])).overall
    assert value(recorded, "concurrent_chats", "mean", "as_recorded")["value"] == 3


def test_average_replies_count_contacts_or_replies() -> None:
    found = kpis(records(avg_response_s=[10.0, 40.0], replies=[1.0, 2.0])).overall
    assert value(found, "avg_response_time", "mean", "contacts_equal")["value"] == 25
    assert value(found, "avg_response_time", "mean", "weighted_by_replies")["value"] == 30


def test_waits_are_added_within_a_contact_and_the_longest_is_named() -> None:
    found = kpis(records(wait_s=[10.0, 0, 30], hold_s=[5.0, 7, np.nan], abandoned=[0.0, 0, 1])).overall
    assert value(found, "wait_time", "sum")["value"] == 52
    assert value(found, "wait_time", "longest")["value"] == 30
    assert value(found, "wait_time", "count")["value"] == 4
    assert value(found, "wait_time", "median")["value"] == 15


def test_means_go_by_agent_and_rates_by_customer(mixed: ServiceRecords) -> None:
    found = kpis(mixed, by=())
    assert value(found.overall, "avg_response_time", "mean", "contacts_equal")["interval"] == "t_agent"
    assert value(found.overall, "abandon_rate")["interval"] == "wilson_customer"
    assert found.method["clusters_of_times"] == "agent"
    assert any("customers came more than once" in note for note in found.notes)
    once = kpis(records(wait_s=[1.0, 2.0], abandoned=[0.0, 1.0], customer_id=["a", "b"]))
    assert value(once.overall, "abandon_rate")["interval"] == "wilson"
    assert not any("customers came more than once" in note for note in once.notes)


def test_a_target_by_channel_holds_for_its_channel_only(mixed: ServiceRecords) -> None:
    found = kpis(mixed, by="channel", targets=TARGETS).figure(
        "resolution_time", "share_within_target", formula="resolved_only"
    )
    assert found["channel"].tolist() == ["phone"]
    phone = mixed.contacts[mixed.contacts["channel"] == "phone"]["resolution_s"].dropna()
    assert found["value"].iloc[0] == pytest.approx((phone <= 900).mean())
    assert found["target_s"].iloc[0] == 900


def test_a_metric_without_its_column_is_left_out_with_a_note() -> None:
    found = kpis(records(first_response_s=[5.0, 6.0]))
    assert set(found.overall["metric"]) == {"first_response_time", "answer_rate"}
    for words in (
        "resolution time is left out: the records have no column resolution_s",
        "SLA attainment is left out: the records have no column sla_met, sla_target_s",
        "rate of contacts without a repeat, rate of repeat contacts are left out: the records have no column "
        "customer_id, request_at",
        "the figures are not by company: the records have no column company",
    ):
        assert words in found.notes


def test_without_a_target_there_is_no_service_level_and_a_note_says_so() -> None:
    found = kpis(records(wait_s=[5.0], abandoned=[0.0]))
    assert "service_level" not in set(found.overall["metric"])
    assert any("service level is left out: it wants a target" in note for note in found.notes)


def test_no_contacts_make_no_figures(mixed: ServiceRecords) -> None:
    empty = ServiceRecords.of_frame(mixed.contacts.iloc[:0])
    found = kpis(empty, targets=TARGETS, short_abandon_s=5)
    assert (len(found.frame), len(found.overall), found.n_contacts) == (0, 0, 0)
    assert found.notes[0] == "there are no contacts, so that there are no figures"
    assert set(kpis(mixed).frame.columns) == set(found.frame.columns)


def test_when_all_gave_up_nothing_was_answered() -> None:
    found = kpis(
        records(wait_s=[5.0, 9.0], abandoned=[1.0, 1.0], first_response_s=[np.nan] * 2),
        targets={"service_level": 7},
    ).overall
    assert value(found, "abandon_rate")["value"] == 1
    assert value(found, "answer_rate")["value"] == 0
    assert value(found, "service_level", formula="of_offered")["value"] == 0
    assert not len(found[found["metric"] == "speed_of_answer"])
    # Hang-ups are contacts seen waiting without an answer.
    assert value(found, "first_response_time", "median", "kaplan_meier")["n_censored"] == 2


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"by": "customer_id"}, "cannot be grouped"),
        ({"level": 1.0}, "confidence level"),
        ({"targets": {"fcr": 3}}, "has no target"),
        ({"targets": {"service_level": -3}}, "must be 0 or more"),
        ({"fcr_window_days": 0}, "window of repeats"),
        ({"short_abandon_s": -1}, "short hang-ups"),
    ],
)
def test_a_wrong_option_is_refused(options: dict[str, object], words: str) -> None:
    with pytest.raises(MethodError, match=words):
        kpis(records(wait_s=[1.0]), **options)  # type: ignore[arg-type]


def test_every_formula_has_words_in_both_languages_and_no_two_the_same() -> None:
    parameters = {"fcr_window_days": 7.0, "short_abandon_s": 5.0, "by_purpose": True}
    for language in ("zh", "en"):
        texts = [formula_text(name, language, parameters) for name in FORMULAS]
        assert len(set(texts)) == len(texts)
        assert not [text for text in texts if "{" in text]


@pytest.mark.slow
def test_intervals_cover_the_truth_in_19_of_20_groups() -> None:
    """Six agents drawn anew for every group, each with an effect: the mean of all agents is 100 s."""
    rng = np.random.default_rng(2)
    groups, agents, each = 3000, 6, 10
    n = groups * agents * each
    agent = np.repeat(np.arange(groups * agents), each)
    seconds = 100 + rng.normal(0, 10, groups * agents)[agent] + rng.normal(0, 30, n)
    made = ServiceRecords.of_frame(
        pd.DataFrame(
            {
                "company": [f"c{k}" for k in agent // agents],
                "agent_id": [f"a{k}" for k in agent],
                "avg_response_s": seconds,
            }
        )
    )
    found = kpis(made, by="company").figure("avg_response_time", "mean")
    covered = ((found["ci_low"] <= 100) & (found["ci_high"] >= 100)).mean()
    assert 0.938 < covered < 0.962
