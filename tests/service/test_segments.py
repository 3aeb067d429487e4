"""Many groups at once against one group after the other."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from satsurvey.service.segments import Segments, dense_codes, sorted_within, stable_order

GROUPS = st.lists(st.lists(st.integers(-5, 5), max_size=9), max_size=12)


@given(GROUPS)
def test_every_group_is_reduced_and_sorted_as_if_it_were_alone(groups: list[list[int]]) -> None:
    segments = Segments(np.array([len(group) for group in groups], dtype=np.int64))
    values = np.array([value for group in groups for value in group], dtype=np.float64)
    assert segments.sums(values).tolist() == [sum(group) for group in groups]
    assert segments.counts(values > 1).tolist() == [sum(value > 1 for value in group) for group in groups]
    assert segments.reduced(np.maximum, values, -9).tolist() == [max(group, default=-9) for group in groups]
    assert segments.sorted(values).tolist() == [value for group in groups for value in sorted(group)]
    assert segments.spread(np.arange(float(len(groups)))).tolist() == segments.code.tolist()


@given(GROUPS, st.booleans())
def test_places_in_the_order_of_values_stay_in_their_group(groups: list[list[int]], stable: bool) -> None:
    segments = Segments(np.array([len(group) for group in groups], dtype=np.int64))
    values = np.array([value for group in groups for value in group], dtype=np.float64)
    order = segments.order(values, stable=stable)
    assert sorted(order.tolist()) == list(range(values.size))
    assert segments.code[order].tolist() == segments.code.tolist()
    assert values[order].tolist() == segments.sorted(values).tolist()
    if stable:
        start = 0
        for group in groups:
            alone = sorted(range(len(group)), key=group.__getitem__)
            assert (order[start : start + len(group)] - start).tolist() == alone
            start += len(group)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(-3, 3)), max_size=40))
def test_rows_are_sorted_within_their_groups_wherever_they_stand(rows: list[tuple[int, int]]) -> None:
    group = np.array([row[0] for row in rows], dtype=np.int64)
    values = np.array([row[1] for row in rows], dtype=np.float64)
    assert sorted_within(group, values).tolist() == np.lexsort((values, group)).tolist()


CODES = st.one_of(
    st.lists(st.integers(0, 6), max_size=30),
    st.lists(st.integers(0, 1 << 40), max_size=30),
    # Too large to be sorted together with their positions.
    st.lists(st.sampled_from([0, 1, (1 << 62) + 1, 1 << 62]), max_size=30),
)


@given(CODES)
def test_codes_are_numbered_in_their_order(codes: list[int]) -> None:
    given_codes = np.array(codes, dtype=np.int64)
    distinct, places = dense_codes(given_codes)
    assert distinct.tolist() == sorted(set(codes))
    assert distinct[places].tolist() == codes


@given(CODES)
def test_equal_codes_stay_as_they_stand(codes: list[int]) -> None:
    order = stable_order(np.array(codes, dtype=np.int64))
    assert order.tolist() == sorted(range(len(codes)), key=codes.__getitem__)
