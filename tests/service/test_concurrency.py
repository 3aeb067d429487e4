"""How contacts of an agent overlap: closed forms, and a restatement on a fine grid of time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from satsurvey.service.concurrency import overlap


def overlaps(rows: list[tuple[int, int, int]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    parts = np.array(rows, dtype=np.int64).reshape(-1, 3)
    return parts[:, 0], parts[:, 1].astype(float), parts[:, 2].astype(float)


def test_two_contacts_that_overlap_by_half_share_the_time_they_overlap() -> None:
    found = overlap(*overlaps([(0, 0, 100), (0, 50, 150)]))
    assert found.busy_s.tolist() == [75, 75]
    assert found.at_start.tolist() == [1, 2]
    assert found.length_s.sum() / found.busy_s.sum() == pytest.approx(200 / 150)


def test_contacts_that_follow_each_other_or_are_of_two_agents_do_not_overlap() -> None:
    found = overlap(*overlaps([(0, 0, 100), (0, 100, 200), (1, 50, 150)]))
    assert found.busy_s.tolist() == [100, 100, 100]
    assert found.at_start.tolist() == [1, 1, 1]


def test_contacts_that_begin_together_are_all_there_for_each_other() -> None:
    found = overlap(*overlaps([(0, 0, 30), (0, 0, 60), (0, 0, 90)]))
    assert found.at_start.tolist() == [3, 3, 3]
    assert found.busy_s.tolist() == pytest.approx([10, 25, 55])


def test_a_contact_without_length_takes_no_time() -> None:
    found = overlap(*overlaps([(0, 10, 10), (0, 0, 30)]))
    assert found.busy_s.tolist() == [0, 30]
    assert found.at_start.tolist() == [2, 1]


def test_no_contacts_overlap_nothing() -> None:
    assert overlap(*overlaps([])).length_s.size == 0


@settings(max_examples=80)
@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 20), st.integers(1, 15)), min_size=1, max_size=25)
)
def test_parts_of_busy_time_are_those_of_a_count_second_by_second(rows: list[tuple[int, int, int]]) -> None:
    agent, start, length = overlaps(rows)
    found = overlap(agent, start, start + length)
    serving = np.zeros((3, 40))
    for a, s, n in zip(agent, start.astype(int), length.astype(int), strict=True):
        serving[a, s : s + n] += 1
    for k, (a, s, n) in enumerate(zip(agent, start.astype(int), length.astype(int), strict=True)):
        assert found.busy_s[k] == pytest.approx((1 / serving[a, s : s + n]).sum(), abs=1e-9)
        assert found.at_start[k] == serving[a, s]
    assert found.busy_s.sum() == pytest.approx((serving > 0).sum(), abs=1e-8)
