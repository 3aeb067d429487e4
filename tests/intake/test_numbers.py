"""Counts, weights and lengths of time; the oracle is the number that the text says."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from satsurvey.intake.numbers import read_number, to_numbers


@pytest.mark.parametrize(
    ("text", "number"),
    [("312", 312), (" 3.5 ", 3.5), ("１２", 12), ("1,250", 1250), ("12,345,678.5", 12345678.5),
     ("-4", -4),
     ("+4", 4), (".5", 0.5), ("2.", 2), ("1e3", 1000), ("", None), ("x", None), ("1,25", None),
     ("1_000", None), ("nan", None), ("inf", None), ("1e999", None), ("0x10", None), ("05:12", None),
     ("5分", None), ("9" * 5000, None), ("1" * 400 + ":00", None)],
)  # fmt: skip
def test_a_plain_number_or_none(text: str, number: float | None):
    assert read_number(text) == number


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("05:12", 312), ("1:05:12", 3912), ("00:00:07.5", 7.5), ("312秒", 312), ("312 s", 312), ("5分12秒", 312),
     ("5分钟", 300), ("1小时5分12秒", 3912), ("2 hours", 7200), ("3 min 4 sec", 184), ("5'12\"", 312),
     ("312", 312), ("分", None), (":", None), ("5:6:7:8", None), ("5x12", None)],
)  # fmt: skip
def test_a_length_of_time_in_seconds(text: str, seconds: float | None):
    assert read_number(text, seconds=True) == seconds


NUMBERS = ["7", " 8 ", "", "9.5", "-1"]
ODD = ["05:12", "soon", "nan", "inf", "99", "拒答", "1,250", "９"]


@given(st.lists(st.one_of(st.none(), st.sampled_from(NUMBERS + ODD)), max_size=12), st.booleans())
def test_a_column_gives_what_its_cells_give_one_by_one(texts: list[str | None], seconds: bool):
    missing = {"99", "拒答"}
    for cells in (
        pa.array(texts, pa.string()),
        pa.array(texts, pa.string()).dictionary_encode(),
        pa.array([None if text is None else text.encode("gb18030") for text in texts], pa.binary()),
    ):
        numbers, bad = to_numbers(cells, "gb18030", missing, seconds=seconds)
        expected = [
            None if not text or text in missing else read_number(text, seconds=seconds)
            for text in (text and text.strip() for text in texts)
        ]
        assert [None if math.isnan(number) else number for number in numbers] == expected
        assert bad.tolist() == [
            k
            for k, (text, number) in enumerate(zip(texts, expected, strict=True))
            if number is None and text and text.strip() not in missing
        ]
        assert numbers.dtype == np.float64


def test_recoded_cells_are_read_as_what_they_stand_for():
    numbers, bad = to_numbers(
        pa.array(["一周", "3", "无"]), "utf-8", {"99"}, recode={"一周": "7", "无": "99"}, seconds=False
    )
    assert numbers[:2].tolist() == [7, 3]
    assert np.isnan(numbers[2])
    assert bad.size == 0
