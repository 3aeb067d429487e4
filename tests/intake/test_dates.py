"""Dates and times as survey exports write them."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from satsurvey.intake.dates import iso_of_day_first, parse_dates

READABLE = [
    ("2019-03-05", "2019-03-05T00:00:00"),
    ("2019/3/5", "2019-03-05T00:00:00"),
    ("2019.3.5", "2019-03-05T00:00:00"),
    ("20190305", "2019-03-05T00:00:00"),
    ("2019年3月5日", "2019-03-05T00:00:00"),
    ("２０１９－３－５", "2019-03-05T00:00:00"),
    ("2019-03-05 10:02", "2019-03-05T10:02:00"),
    ("2019-03-05\u300010:02", "2019-03-05T10:02:00"),
    ("2019-03-05T10:02:33", "2019-03-05T10:02:33"),
    ("2019-03-05T10:02:33.9", "2019-03-05T10:02:33"),
    ("20190305100233", "2019-03-05T10:02:33"),
    ("20190305 10:02:33", "2019-03-05T10:02:33"),
    ("2019年3月5日10时2分", "2019-03-05T10:02:00"),
    ("2019年3月5日 10时2分33秒", "2019-03-05T10:02:33"),
    ("2019/3/5 下午3:02:07", "2019-03-05T15:02:07"),
    ("2019/3/5 上午 12:02", "2019-03-05T00:02:00"),
    ("2019/3/5 3:02:07 PM", "2019-03-05T15:02:07"),
    ("2019-03-05T02:02:33Z", "2019-03-05T10:02:33"),
    ("2019-03-05T10:02:33+08:00", "2019-03-05T10:02:33"),
    ("2019-03-05T20:02:33-0500", "2019-03-06T09:02:33"),
    ("43529", "2019-03-05T00:00:00"),
    ("43529.75", "2019-03-05T18:00:00"),
    ("  2019-03-05  ", "2019-03-05T00:00:00"),
]
UNREADABLE = [
    "soon",
    "2019-02-30",
    "2019-13-01",
    "05/03/2019",
    "3/5/19",
    "2019-3/5",
    "2019-03-05 24:00",
    "2019-03-05 10:60",
    "2019-03-05 10",
    "20190305100233 10:02",
    "10:02",
    "12345",
    "90000",
    "0999-01-01",
]


@pytest.mark.parametrize(("text", "moment"), READABLE)
def test_a_date_is_read_as_its_moment(text, moment):
    moments, bad = parse_dates([text])
    assert str(moments[0]) == moment
    assert not bad[0]


@pytest.mark.parametrize("text", UNREADABLE)
def test_what_is_no_certain_date_is_bad_and_has_no_moment(text):
    moments, bad = parse_dates([text])
    assert np.isnat(moments[0])
    assert bad[0]


def test_an_empty_cell_is_no_date_and_not_bad():
    moments, bad = parse_dates(["", None, "   "])
    assert np.isnat(moments).all()
    assert not bad.any()


def test_no_rows_give_no_rows():
    for nothing in ([], pa.chunked_array([], pa.string())):
        moments, bad = parse_dates(nothing)
        assert moments.dtype == "datetime64[s]"
        assert moments.size == bad.size == 0


def test_a_column_of_many_forms_gives_what_each_cell_gives_alone():
    texts = [text for text, _ in READABLE] + UNREADABLE + ["", None]
    moments, bad = parse_dates(texts)
    for text, moment, wrong in zip(texts, moments, bad, strict=True):
        alone, alone_bad = parse_dates([text])
        assert str(moment) == str(alone[0])
        assert wrong == alone_bad[0]


def test_chunks_and_dictionaries_are_read_like_plain_text():
    texts = ["2019-03-05", "2019/3/6", None, "soon"]
    plain = parse_dates(texts)
    chunked = pa.chunked_array([pa.array(texts[:1]), pa.array(texts[1:])])
    for column in (chunked, pa.array(texts).dictionary_encode(), pa.array(["x", *texts])[1:]):
        moments, bad = parse_dates(column)
        assert moments.astype(str).tolist() == plain[0].astype(str).tolist()
        assert bad.tolist() == plain[1].tolist()


MOMENTS = st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2199, 12, 31))


@given(
    st.lists(st.tuples(MOMENTS, st.sampled_from(["%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M:%S", "%Y%m%d%H%M%S"])))
)
def test_every_written_moment_is_read_back(written):
    texts = [f"{moment:{form}}" for moment, form in written]
    moments, bad = parse_dates(texts)
    assert not bad.any()
    assert moments.tolist() == [moment.replace(microsecond=0) for moment, _ in written]


@given(st.lists(st.text(max_size=30)))
def test_no_text_whatever_stops_the_reading(texts):
    moments, bad = parse_dates(texts)
    assert len(moments) == len(bad) == len(texts)
    assert (np.isnat(moments) | ~bad).all()


def test_serial_days_count_as_spreadsheets_do():
    moments, _ = parse_dates([str(day) for day in range(43000, 43100)])
    first = datetime(1899, 12, 30) + timedelta(days=43000)
    assert moments.tolist() == [first + timedelta(days=k) for k in range(100)]


@pytest.mark.parametrize(
    ("text", "turned"),
    [
        ("14/08/2023 00:32", "2023-08-14 00:32"),
        ("1.2.2023", "2023-02-01"),
        ("05-03-2019T10:02:33", "2019-03-05T10:02:33"),
        ("2019-03-05 10:02", "2019-03-05 10:02"),
        ("5/3-2019", "5/3-2019"),
        ("soon", "soon"),
        ("", ""),
    ],
)
def test_dates_with_the_day_first_are_turned_and_others_left(text: str, turned: str) -> None:
    assert iso_of_day_first(text) == turned
