"""Promises: shares and means against closed forms, contacts without an answer, clusters, verdicts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtri, stdtrit

from satsurvey.benchmarks.promise_estimates import contacts_needed
from satsurvey.benchmarks.promises import check_promise
from satsurvey.benchmarks.seconds import Seconds, read_seconds
from satsurvey.errors import ColumnsError, MethodError, ReadError
from satsurvey.service.records import ServiceRecords

Z = float(ndtri(0.975))


def times(kept: int, missed: int) -> np.ndarray:
    return np.array([10.0] * kept + [60.0] * missed)


def verdict(values: object, share: float = 0.95, **options: object) -> str:
    found = check_promise(values, within_s=30, share=share, **options)  # type: ignore[arg-type]
    return str(found.verdicts["verdict"].item())


def test_the_interval_of_a_share_is_wilsons() -> None:
    row = check_promise(times(90, 10), within_s=30, share=0.95).frame.iloc[0]
    n, p = 100, 0.9
    centre, half = (p + Z**2 / (2 * n)), Z * np.sqrt(p * (1 - p) / n + Z**2 / (4 * n**2))
    scale = 1 + Z**2 / n
    assert (row["ci_low"], row["ci_high"]) == pytest.approx(
        ((centre - half) / scale, (centre + half) / scale)
    )
    assert (row["value"], row["n"], row["interval"]) == (0.9, 100, "wilson")


def test_all_contacts_within_the_time_tell_from_73_contacts_on() -> None:
    # The lower end is n/(n + z²), which reaches 0.95 at n = 19 z² = 72.99.
    assert verdict(times(72, 0)) == "cannot_be_told"
    assert verdict(times(73, 0)) == "kept"


def test_kept_broken_and_cannot_be_told() -> None:
    assert verdict(times(990, 10)) == "kept"
    assert verdict(times(900, 100)) == "broken"
    assert verdict(times(96, 4)) == "cannot_be_told"


def test_the_time_itself_is_within_the_promise() -> None:
    assert check_promise(np.full(100, 30.0), within_s=30, share=0.9).counts["n_within"].item() == 100


@pytest.mark.parametrize(("found", "promised"), [(0.90, 0.95), (0.97, 0.95), (0.5, 0.8), (1.0, 0.95)])
def test_with_the_number_needed_the_interval_just_leaves_the_promise_out(
    found: float, promised: float
) -> None:
    from satsurvey.scoring.intervals import wilson

    n = contacts_needed(found, promised)
    low, high = (float(end[0]) for end in wilson(np.array([found]), np.array([n])))
    assert (low if found > promised else high) == pytest.approx(promised, abs=1e-12)


def test_no_number_tells_a_share_from_itself() -> None:
    assert np.isnan(contacts_needed(0.95, 0.95))


def test_contacts_without_an_answer_are_missed_in_one_reading_and_left_out_in_the_other() -> None:
    values = np.concatenate([times(95, 0), np.full(5, np.nan)])
    result = check_promise(values, within_s=30, share=0.9)
    by_reading = result.frame.set_index("reading")
    assert by_reading.loc["no_time_missed", ["value", "n"]].tolist() == [0.95, 100]
    assert by_reading.loc["no_time_left_out", ["value", "n"]].tolist() == [1.0, 95]
    assert result.counts["n_no_time"].item() == 5


def test_a_verdict_that_rests_on_contacts_without_an_answer_cannot_be_told() -> None:
    values = np.concatenate([times(900, 0), np.full(200, np.nan)])
    result = check_promise(values, within_s=30, share=0.95)
    assert result.frame["verdict"].tolist() == ["broken", "kept"]
    assert result.verdicts[["verdict", "why"]].values.tolist() == [["cannot_be_told", "readings_differ"]]


def records(**columns: object) -> ServiceRecords:
    return ServiceRecords.of_frame(pd.DataFrame(columns))


def test_who_waited_longer_than_promised_without_an_answer_is_missed_in_both_readings() -> None:
    found = check_promise(
        records(
            first_response_s=[10.0] * 8 + [np.nan] * 2,
            first_response_censored_s=[np.nan] * 8 + [45.0, 5.0],
        ),
        within_s=30,
        share=0.5,
    )
    assert found.frame["value"].tolist() == [0.8, 8 / 9]
    assert found.counts[["n_waited_longer", "n_no_time"]].values.tolist() == [[1, 1]]


def test_contacts_that_a_bot_kept_are_no_contacts_of_the_promise() -> None:
    found = check_promise(
        records(first_response_s=[10.0, np.nan, np.nan], handled_by=["human", "bot", "none"]),
        within_s=30,
        share=0.5,
    )
    assert found.counts[["n_contacts", "n_no_time", "n_not_applicable"]].values.tolist() == [[3, 1, 1]]


def test_a_wait_that_ended_in_hanging_up_is_no_answer() -> None:
    found = check_promise(
        records(wait_s=[10.0, 50.0, 20.0], abandoned=[0.0, 1.0, 1.0]), within_s=30, share=0.5, metric="wait_s"
    )
    assert found.counts[["n_within", "n_waited_longer", "n_no_time"]].values.tolist() == [[1, 1, 1]]


def test_contacts_of_one_agent_are_alike_and_count_for_fewer() -> None:
    # Agents answer all in time or none: what is known of 10 agents is known of 10 contacts, no more.
    agents = [f"a{k}" for k in range(10) for _ in range(50)]
    value = np.repeat([10.0] * 9 + [60.0], 50)
    found = check_promise(
        records(first_response_s=value, agent_id=agents, company="甲"), within_s=30, share=0.85
    ).frame.set_index(["reading", "interval"])
    simple, clustered = (found.loc[("no_time_missed", name)] for name in ("wilson", "wilson_agent"))
    # Restated: the variance of the mean of 10 equal clusters, as an effective number of contacts.
    shares = np.array([1.0] * 9 + [0.0])
    variance = shares.var(ddof=1) / 10
    effective = 0.9 * 0.1 / variance
    assert clustered["design_effect"] == pytest.approx(500 / effective)
    t = float(stdtrit(9, 0.975))
    centre, half = 0.9 + t**2 / (2 * effective), t * np.sqrt(0.09 / effective + t**2 / (4 * effective**2))
    assert clustered["ci_low"] == pytest.approx((centre - half) / (1 + t**2 / effective))
    assert (simple["verdict"], clustered["verdict"]) == ("kept", "cannot_be_told")
    assert (clustered["n_clusters"], simple["n"]) == (10, 500)


def test_the_number_needed_is_reached_where_and_only_where_there_is_a_verdict() -> None:
    rng = np.random.default_rng(9)
    seen = set()
    for _ in range(60):
        n, k = int(rng.integers(30, 900)), int(rng.integers(2, 30))
        frame = records(first_response_s=rng.exponential(12, n), agent_id=rng.integers(0, k, n).astype(str))
        found = check_promise(frame, within_s=30, share=0.9, mean=True).frame
        told = found["verdict"] != "cannot_be_told"
        known = found["n_needed"].notna()
        assert (told == (found["n"] > found["n_needed"]))[known].all()
        seen |= set(told[found["statistic"] == "share"].tolist())
    assert seen == {True, False}


def test_days_of_a_company_are_clusters_and_unnamed_agents_are_none() -> None:
    frame = {
        "company": ["甲"] * 6,
        "request_at": pd.to_datetime(["2025-03-03", "2025-03-03", "2025-03-04"] * 2),
        "agent_id": ["", "", "x", "x", "", ""],
        "first_response_s": [10.0, 20, 30, 40, 50, 60],
    }
    found = check_promise(records(**frame), within_s=30, share=0.5).frame.set_index(["reading", "interval"])
    assert found.loc[("no_time_missed", "wilson_company_day"), "n_clusters"] == 2
    assert found.loc[("no_time_missed", "wilson_agent"), "n_clusters"] == 5
    alone = check_promise(records(**frame), within_s=30, share=0.5, clusters="none").frame
    assert alone["interval"].unique().tolist() == ["wilson"]


def test_a_promise_is_tested_apart_for_companies_and_channels() -> None:
    frame = {
        "company": ["乙"] * 300 + ["甲"] * 300,
        "channel": (["phone"] * 150 + ["email"] * 150) * 2,
        "first_response_s": [10.0] * 300 + [60.0] * 300,
    }
    found = check_promise(records(**frame), within_s=30, share=0.9, by=("company", "channel"))
    rows = {(r.company, r.channel): r.verdict for r in found.verdicts.itertuples()}
    assert rows == {
        ("乙", "email"): "kept",
        ("乙", "phone"): "kept",
        ("甲", "email"): "broken",
        ("甲", "phone"): "broken",
    }
    assert found.counts["n_contacts"].tolist() == [150] * 4


def test_a_mean_is_tested_with_students_interval() -> None:
    values = np.random.default_rng(8).exponential(25, 60)
    result = check_promise(values, within_s=30, mean=True)
    row = result.frame.iloc[0]
    half = float(stdtrit(59, 0.975)) * values.std(ddof=1) / np.sqrt(60)
    assert (row["value"], row["ci_low"], row["ci_high"]) == pytest.approx(
        (values.mean(), values.mean() - half, values.mean() + half)
    )
    assert row["statistic"] == "mean"


def test_a_mean_between_clusters_is_that_of_their_sums() -> None:
    rng = np.random.default_rng(1)
    level = np.repeat(rng.normal(30, 8, 12), 20)
    value = np.abs(level + rng.normal(0, 2, 240))
    agents = np.repeat([f"a{k}" for k in range(12)], 20)
    found = check_promise(records(first_response_s=value, agent_id=agents), within_s=30, mean=True).frame
    row = found[found["interval"] == "t_agent"].iloc[0]
    means = value.reshape(12, 20).mean(axis=1)
    half = float(stdtrit(11, 0.975)) * means.std(ddof=1) / np.sqrt(12)
    assert (row["ci_high"] - row["ci_low"]) / 2 == pytest.approx(half)


def test_a_mean_with_unanswered_contacts_is_also_given_with_the_time_they_had_waited() -> None:
    found = check_promise(
        records(first_response_s=[10.0, 20.0, np.nan], first_response_censored_s=[np.nan, np.nan, 300.0]),
        within_s=30,
        mean=True,
    )
    assert found.frame.set_index("reading")["value"].to_dict() == {
        "no_time_left_out": 15,
        "waited_so_far": 110,
    }
    assert any("too good" in note for note in found.notes)


def test_share_and_mean_may_both_be_promised() -> None:
    found = check_promise(times(200, 0), within_s=30, share=0.95, mean=True)
    assert found.verdicts[["statistic", "verdict"]].values.tolist() == [["share", "kept"], ["mean", "kept"]]


def test_negative_and_infinite_times_are_not_used_and_counted() -> None:
    found = check_promise([10.0, -3.0, np.inf, np.nan], within_s=30, share=0.5)
    assert found.counts[["n_contacts", "n_within", "n_no_time", "n_impossible"]].values.tolist() == [
        [4, 1, 1, 2]
    ]


def test_nothing_but_unanswered_contacts_gives_no_verdict_on_the_answered() -> None:
    found = check_promise(np.full(50, np.nan), within_s=30, share=0.95)
    assert found.frame["verdict"].tolist() == ["broken", "cannot_be_told"]
    assert found.verdicts["verdict"].item() == "cannot_be_told"
    empty = check_promise(np.zeros(0), within_s=30, share=0.95)
    assert empty.verdicts["why"].item() == "no_contacts"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"within_s": 0, "share": 0.9}, "a promised time is positive"),
        ({"within_s": float("nan"), "share": 0.9}, "a promised time is positive"),
        ({"within_s": 30, "share": 95}, "a promised share lies between 0 and 1"),
        ({"within_s": 30, "share": 1.0}, "every contact is broken by one"),
        ({"within_s": 30}, "neither which share"),
        ({"within_s": 30, "share": 0.9, "level": 0}, "confidence level"),
        ({"within_s": 30, "share": 0.9, "by": ("company",)}, "cannot be parted"),
        ({"within_s": 30, "share": 0.9, "clusters": "agent"}, "do not say the agent"),
    ],
)
def test_promises_that_say_nothing_are_refused(options: dict[str, object], words: str) -> None:
    with pytest.raises(MethodError) as caught:
        check_promise([10.0], **options)  # type: ignore[arg-type]
    assert words in str(caught.value)


def test_records_without_the_time_or_the_column_are_refused() -> None:
    found = records(wait_s=[1.0])
    with pytest.raises(MethodError, match="no times of first_response_s"):
        check_promise(found, within_s=30, share=0.9)
    with pytest.raises(MethodError, match="no such column"):
        check_promise(found, within_s=30, share=0.9, metric="wait_s", by=("shop",))


@pytest.mark.slow
def test_verdicts_on_a_promise_just_kept_are_wrong_as_rarely_as_stated() -> None:
    # At a true share equal to the promise, "kept" and "broken" are each wrong in about 2.5 % of samples.
    rng = np.random.default_rng(11)
    wrong = sum(
        verdict(np.where(rng.random(400) < 0.9, 10.0, 60.0), share=0.9) != "cannot_be_told"
        for _ in range(2000)
    )
    assert 0.03 < wrong / 2000 < 0.07


# Columns of seconds ----------------------------------------------------------------------------------------


def test_a_column_of_times_is_read_with_its_account(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("编号,首次响应时长\n1,12\n2,1分5秒\n3,\n4,很快\n5,-2\n6,00:30\n", encoding="utf-8")
    found = read_seconds(path, "首次响应时长")
    np.testing.assert_array_equal(found.values, [12, 65, np.nan, 30])
    assert found.n_impossible == 2
    assert (found.ledger.rows_read, found.ledger.rows_used, found.ledger.set_aside) == (6, 4, {"no_value": 2})
    assert check_promise(found, within_s=30, share=0.5).counts["n_contacts"].item() == 6


@pytest.mark.parametrize(
    ("text", "column", "error", "words"),
    [
        ("a,b\n1,2\n", "c", ColumnsError, "no column is called 'c'"),
        ("a,a\n1,2\n", "a", ColumnsError, "two columns mean the same"),
        ("a,b\nx,2\n", "a", ReadError, "no time in it"),
        ("", "a", ReadError, ""),
    ],
)
def test_columns_that_hold_no_times_are_refused(
    text: str, column: str, error: type, words: str, tmp_path: Path
) -> None:
    path = tmp_path / "t.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(error) as caught:
        read_seconds(path, column)
    assert words in str(caught.value)


def test_seconds_of_values_leave_out_what_is_impossible() -> None:
    found = Seconds.of_values([1.0, -1.0, np.nan])
    assert (found.values.size, found.n_impossible) == (2, 1)


def calls(n: int = 40) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "company_id": np.repeat(["f1", "f2"], n // 2),
            "agent_id": np.tile([f"a{k}" for k in range(4)], n // 4),
            "channel": "phone",
            "handled_by": "human",
            "wait_s": np.where(np.arange(n) % 2 == 0, 10.0, 50.0),
            "abandoned": 0.0,
        }
    )


def test_what_a_bot_kept_and_channels_without_a_queue_are_not_waits_for_people() -> None:
    bots = calls(20).assign(handled_by="bot", wait_s=0.0)
    chats = calls(12).assign(channel="im", wait_s=np.nan)
    records = ServiceRecords.of_frame(pd.concat([calls(), bots, chats], ignore_index=True))
    test = check_promise(records, within_s=30, share=0.9, metric="wait_s")
    counts = test.counts.iloc[0]
    assert counts["n_not_applicable"] == 32
    assert (counts["n_within"], counts["n_late"], counts["n_no_time"]) == (20, 20, 0)
    parts = ("n_within", "n_late", "n_waited_longer", "n_no_time", "n_not_applicable", "n_impossible")
    assert sum(counts[name] for name in parts) == counts["n_contacts"] == 72
    assert set(test.frame["value"]) == {0.5}
    assert any("not about 32 contacts" in note for note in test.notes)


def test_agents_of_two_firms_with_one_number_are_two_agents() -> None:
    test = check_promise(ServiceRecords.of_frame(calls()), within_s=30, share=0.9, metric="wait_s")
    agents = test.frame[test.frame["interval"] == "wilson_agent"]
    assert set(agents["n_clusters"]) == {8}
