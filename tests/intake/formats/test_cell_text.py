from __future__ import annotations

import datetime
import math
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from satsurvey.intake.formats.cell_text import (
    column_of_values,
    distinct_as_text,
    duration_text,
    has_long_numbers,
    instants_as_text,
    number_text,
    number_texts,
    value_text,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (7.0, "7"),
        (-0.0, "0"),
        (7.5, "7.5"),
        (0.1 + 0.2, "0.3"),
        (1 - 0.9, "0.1"),
        (1 / 3, "0.3333333333333333"),
        (1e-5, "0.00001"),
        (1e-20, "1e-20"),
        (123456789012345.0, "123456789012345"),
        (1e18, "1000000000000000000"),
        (float("nan"), ""),
        (float("inf"), "inf"),
    ],
)
def test_number_is_written_as_a_reader_would(value: float, text: str) -> None:
    assert number_text(value) == text


@given(st.integers(-(10**15) + 1, 10**15 - 1))
def test_whole_number_of_at_most_15_digits_is_written_exactly(value: int) -> None:
    assert number_text(float(value)) == str(value)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_number_is_never_moved_by_more_than_a_few_units_in_the_last_place(value: float) -> None:
    assert abs(float(number_text(value)) - value) <= 4 * math.ulp(value)


@given(st.decimals(min_value=-(10**6), max_value=10**6, places=4))
def test_short_decimal_comes_back_digit_by_digit(value: Decimal) -> None:
    assert Decimal(number_text(float(value))) == value
    assert "e" not in number_text(float(value))


@given(st.lists(st.one_of(st.none(), st.floats(), st.integers(-50, 50).map(float))))
def test_numbers_of_a_column_are_written_like_single_numbers(values: list[float | None]) -> None:
    texts = number_texts(pa.array(values, pa.float64()))
    expected = [None if value is None else number_text(value) for value in values]
    assert texts.to_pylist() == expected


def test_numbers_of_every_size_are_written_like_single_numbers() -> None:
    rng = np.random.default_rng(7)
    sizes = 10.0 ** rng.integers(-25, 25, 3000)
    values = np.concatenate(
        [rng.normal(size=3000) * sizes, np.round(rng.random(3000), 2) * 3, rng.random(3000)]
    )
    texts = number_texts(pa.array(values)).to_pylist()
    assert texts == [number_text(value) for value in values.tolist()]


def test_distinct_values_with_one_text_share_it() -> None:
    cells = distinct_as_text(pa.array([0.3, 0.1 + 0.2, None, 7.0]), number_texts)
    assert cells.type == pa.dictionary(pa.int32(), pa.string())
    assert cells.dictionary.to_pylist() == ["0.3", "7"]
    assert cells.to_pylist() == ["0.3", "0.3", None, "7"]


def test_long_numbers_begin_at_sixteen_digits() -> None:
    assert not has_long_numbers(pa.array([999999999999999.0, float("inf"), None]))
    assert has_long_numbers(pa.array([1000000000000000.0]))
    assert not has_long_numbers(pa.array([], pa.float64()))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "00:00:00"), (3723.5, "01:02:03.500000"), (108_000, "30:00:00"), (-61, "-00:01:01")],
)
def test_duration_is_written_in_hours(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text


@given(st.datetimes())
def test_instants_are_written_as_the_standard_library_does(moment: datetime.datetime) -> None:
    instants = np.array([moment], dtype="datetime64[us]")
    assert instants_as_text(instants, with_time=True) == [moment.isoformat(sep=" ")]
    assert instants_as_text(instants, with_time=False) == [moment.date().isoformat()]


def test_every_kind_of_cell_has_a_text() -> None:
    values = [
        None,
        "０７",
        True,
        7,
        7.0,
        datetime.date(2024, 3, 5),
        datetime.datetime(2024, 3, 5, 14, 30),
        datetime.time(9, 5),
        datetime.timedelta(hours=30),
    ]
    assert [value_text(value) for value in values] == [
        "",
        "０７",
        "TRUE",
        "7",
        "7",
        "2024-03-05",
        "2024-03-05 14:30:00",
        "09:05:00",
        "30:00:00",
    ]


def test_true_and_one_in_one_column_stay_apart() -> None:
    cells, long = column_of_values([1.0, True, 0.0, False, "1"])
    assert cells.to_pylist() == ["1", "TRUE", "0", "FALSE", "1"]
    assert not long


def test_long_number_in_a_column_is_told() -> None:
    assert column_of_values(["1234567890123456789", ""])[1] is False
    assert column_of_values([1234567890123456789.0, ""])[1] is True
