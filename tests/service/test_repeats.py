"""Repeat contacts: windows, purposes, companies and the edges of the data."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from satsurvey.errors import MethodError
from satsurvey.service.repeats import find_repeats

DAY = pd.Timedelta(days=1)


def contacts(rows: list[tuple[str, float]], **columns: list[str]) -> pd.DataFrame:
    when = pd.to_datetime(["2024-03-01"] * len(rows)) + pd.to_timedelta([day for _, day in rows], unit="D")
    return pd.DataFrame({"customer_id": [who for who, _ in rows], "request_at": when, **columns})


def test_a_contact_on_the_last_day_of_the_window_is_a_repeat_and_one_a_second_later_is_not() -> None:
    found = find_repeats(contacts([("a", 0), ("a", 7), ("b", 0), ("b", 7 + 1 / 86_400)]), window_days=7)
    assert found.is_repeat.tolist() == [False, True, False, False]
    assert found.is_repeated.tolist() == [True, False, False, False]


def test_only_contacts_of_one_purpose_repeat_each_other() -> None:
    rows = [("a", 0), ("a", 1), ("a", 2), ("a", 3)]
    found = find_repeats(contacts(rows, purpose=["bill", "move", "bill", ""]))
    assert found.by_purpose
    assert found.is_repeat.tolist() == [False, False, True, False]
    assert found.identified.tolist() == [True, True, True, False]


def test_one_number_is_two_customers_at_two_companies() -> None:
    found = find_repeats(contacts([("a", 0), ("a", 1)], company=["x", "y"]))
    assert not found.is_repeat.any()


def test_a_contact_near_the_end_is_undecided_even_where_a_repeat_is_seen() -> None:
    found = find_repeats(contacts([("a", 0), ("b", 10), ("a", 19), ("a", 20)]))
    assert found.window_after.tolist() == [True, True, False, False]
    assert found.window_before.tolist() == [False, True, True, True]


def test_the_data_of_a_company_end_with_its_own_files() -> None:
    frame = contacts([("a", 0), ("b", 10), ("c", 0), ("d", 40)], company=["x", "x", "y", "y"])
    frame["file"] = np.array([0, 0, 1, 1])
    assert find_repeats(frame).window_after.tolist() == [True, False, True, False]
    frame["file"] = 0  # one file of both: x was watched as long as y
    assert find_repeats(frame).window_after.tolist() == [True, True, True, False]


def test_contacts_that_do_not_count_neither_repeat_nor_are_repeated() -> None:
    found = find_repeats(contacts([("a", 0), ("a", 1), ("a", 2)]), only=np.array([True, False, True]))
    assert found.is_repeat.tolist() == [False, False, True]
    assert found.since_s[2] == 2 * 86_400


def test_contacts_without_customer_or_time_are_not_identified() -> None:
    frame = contacts([("", 0), ("", 1), ("a", 2)])
    frame.loc[2, "request_at"] = pd.NaT
    found = find_repeats(frame)
    assert not found.identified.any()
    assert not found.is_repeat.any()


def test_without_customers_or_with_no_window_it_is_refused() -> None:
    with pytest.raises(MethodError, match="without customers and times"):
        find_repeats(contacts([("a", 0)]).drop(columns="customer_id"))
    with pytest.raises(MethodError, match="window of repeats"):
        find_repeats(contacts([("a", 0)]), window_days=0)


def test_no_contacts_have_no_repeats() -> None:
    assert find_repeats(contacts([])).is_repeat.size == 0


@settings(max_examples=60)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 30)), max_size=25), st.integers(1, 9))
def test_gaps_are_those_of_a_plain_loop(rows: list[tuple[str, int]], window: int) -> None:
    found = find_repeats(contacts([(who, float(day)) for who, day in rows]), window_days=window)
    order = sorted(range(len(rows)), key=lambda k: (rows[k][1], k))
    for place, k in enumerate(order):
        earlier = [rows[j][1] for j in order[:place] if rows[j][0] == rows[k][0]]
        expected = bool(earlier) and rows[k][1] - earlier[-1] <= window
        assert bool(found.is_repeat[k]) == expected
    assert found.is_repeat.sum() == found.is_repeated.sum()
