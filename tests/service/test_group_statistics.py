"""Means, ratios, shares and order statistics of groups against R, closed forms and one group at a time."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from satsurvey.service.group_statistics import SortedGroups, group_ratios, group_shares, order_ranks
from satsurvey.service.grouping import Clusters
from satsurvey.service.segments import Segments

REFERENCE = Path(__file__).resolve().parents[1] / "reference"
EXPECTED = json.loads((REFERENCE / "group_statistics.json").read_text(encoding="utf-8"))
WAITS = pd.read_csv(REFERENCE / "survival_waits.csv").query("case == 'heavy'")


def one_group(n: int) -> Segments:
    return Segments(np.array([n]))


def all_of(n: int) -> np.ndarray:
    return np.ones(n, dtype=np.bool_)


def agents_of(names: pd.Series) -> Clusters:
    codes, distinct = pd.factorize(names)
    return Clusters(codes.astype(np.int64), one_group(len(distinct)), "agent")


def test_mean_between_agents_is_that_of_survey() -> None:
    values = WAITS["time"].to_numpy(float)
    found = group_ratios(values, None, all_of(240), one_group(240), clusters=agents_of(WAITS["agent"]))
    assert found.clustered.tolist() == [True]
    assert found.value[0] == pytest.approx(EXPECTED["mean"]["value"], rel=1e-12)
    assert [found.low[0], found.high[0]] == pytest.approx(EXPECTED["mean"]["ci"], rel=1e-10)


def test_ratio_between_agents_is_that_of_survey() -> None:
    found = group_ratios(
        WAITS["time"].to_numpy(float),
        WAITS["replies"].to_numpy(float),
        all_of(240),
        one_group(240),
        clusters=agents_of(WAITS["agent"]),
    )
    assert found.value[0] == pytest.approx(EXPECTED["ratio"]["value"], rel=1e-12)
    assert [found.low[0], found.high[0]] == pytest.approx(EXPECTED["ratio"]["ci"], rel=1e-10)


def test_mean_of_single_contacts_is_that_of_the_t_test() -> None:
    found = group_ratios(WAITS["time"].to_numpy(float), None, all_of(240), one_group(240))
    assert found.value[0] == pytest.approx(EXPECTED["t"]["value"], rel=1e-12)
    assert [found.low[0], found.high[0]] == pytest.approx(EXPECTED["t"]["ci"], rel=1e-10)


def test_quantiles_are_those_of_type_7() -> None:
    ordered = SortedGroups.of(WAITS["time"].to_numpy(float), all_of(240), one_group(240))
    found = [ordered.quantile(q).value[0] for q in (0.1, 0.5, 0.9)]
    assert found == pytest.approx(EXPECTED["quantiles"], rel=1e-13)


def test_ranks_around_a_quantile_are_those_of_the_binomial_in_r() -> None:
    assert len(EXPECTED["ranks"]) == 99
    for row in EXPECTED["ranks"]:
        low, high = order_ranks(np.array([row["n"]]), row["q"], row["level"])
        assert (low[0], high[0]) == (row["low"], row["high"]), row


def test_six_values_bound_a_median_by_their_extremes_and_five_do_not() -> None:
    """P(all six on one side) = 2/64 < 5 %; with five it is 2/32."""
    six = SortedGroups.of(np.array([9.0, 2, 4, 1, 7, 5]), all_of(6), one_group(6)).quantile(0.5)
    assert (six.value[0], six.low[0], six.high[0]) == (4.5, 1.0, 9.0)
    five = SortedGroups.of(np.arange(5.0), all_of(5), one_group(5)).quantile(0.5)
    assert five.value[0] == 2
    assert math.isnan(five.low[0])
    assert math.isnan(five.high[0])


def test_share_of_nobody_and_of_everybody_has_wilson_ends() -> None:
    found = group_shares(
        np.array([False] * 4 + [True] * 4), all_of(8), Segments(np.array([4, 4])), level=0.95
    )
    z2 = 1.959963984540054**2
    assert found.value.tolist() == [0, 1]
    assert found.low[0] == 0
    assert found.high[0] == pytest.approx(z2 / (4 + z2), rel=1e-12)
    assert found.low[1] == pytest.approx(4 / (4 + z2), rel=1e-12)


def test_customers_who_always_say_the_same_count_once() -> None:
    """Twenty customers with three contacts each, all alike: as many facts as customers."""
    said = np.repeat(np.arange(20) % 4 == 0, 3)
    clusters = Clusters(np.repeat(np.arange(20), 3), one_group(20), "customer")
    found = group_shares(said, all_of(60), one_group(60), clusters=clusters)
    assert found.value[0] == 0.25
    n = 0.25 * 0.75 / (20 / 19 * np.sum((3 * (np.where(np.arange(20) % 4 == 0, 1, 0) - 0.25) / 60) ** 2))
    assert n == pytest.approx(19)
    t2 = 2.093024054408263**2  # qt(.975, 19)
    half = math.sqrt(t2) * math.sqrt(0.1875 / 19 + t2 / (4 * 19**2)) / (1 + t2 / 19)
    assert found.high[0] - found.low[0] == pytest.approx(2 * half, rel=1e-10)


def test_a_group_of_one_agent_goes_by_contact() -> None:
    values, agent = np.array([1.0, 2, 3, 4]), Clusters(np.zeros(4, dtype=np.int64), one_group(1), "agent")
    alone = group_ratios(values, None, all_of(4), one_group(4), clusters=agent)
    plain = group_ratios(values, None, all_of(4), one_group(4))
    assert not alone.clustered[0]
    assert (alone.low[0], alone.high[0]) == (plain.low[0], plain.high[0])


def test_one_value_has_a_mean_and_no_interval() -> None:
    found = group_ratios(np.array([7.0]), None, all_of(1), Segments(np.array([0, 1, 0])))
    assert found.n.tolist() == [0, 1, 0]
    assert found.value[1] == 7
    assert np.isnan([found.low[1], found.high[1], found.value[0], found.value[2]]).all()


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 9), st.booleans()), min_size=1, max_size=60))
def test_every_group_has_the_figures_it_has_alone(rows: list[tuple[int, int, bool]]) -> None:
    rows = sorted(rows, key=lambda row: row[0])
    group, used = np.array([row[0] for row in rows]), np.array([row[2] for row in rows])
    values = np.array([row[1] if row[2] else math.nan for row in rows], dtype=np.float64)
    groups = Segments(np.bincount(group, minlength=6))
    mean = group_ratios(values, None, used, groups)
    share = group_shares(values > 4, used, groups)
    median = SortedGroups.of(values, used, groups).quantile(0.5)
    for g in range(6):
        mine = values[(group == g) & used]
        assert mean.n[g] == share.n[g] == median.n[g] == mine.size
        if not mine.size:
            assert np.isnan(
                [mean.value[g], median.value[g], mean.low[g], median.low[g], share.value[g]]
            ).all()
            continue
        assert mean.value[g] == pytest.approx(mine.mean(), rel=1e-12)
        assert share.value[g] == pytest.approx((mine > 4).mean(), rel=1e-12)
        assert median.value[g] == np.median(mine)
        if mine.size >= 6:
            ordered = np.sort(mine)
            low, high = order_ranks(np.array([mine.size]), 0.5, 0.95)
            assert (median.low[g], median.high[g]) == (ordered[low[0] - 1], ordered[high[0] - 1])
