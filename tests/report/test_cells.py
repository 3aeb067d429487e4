"""What single cells print."""

from __future__ import annotations

import unicodedata

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from satsurvey.report.cells import (
    Column,
    Interval,
    Kind,
    RankSet,
    Withheld,
    cell_text,
    display_width,
    printable,
)


def text_of(
    value: object, kind: Kind, *, language: str = "zh", decimals: int = 2, rule: str = "half_up"
) -> str:
    return cell_text(value, Column("x", "某", "some", kind), decimals, rule, language)


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        (Interval(87.14, 85.9, 88.38), "interval", "87.14 [85.90, 88.38]"),
        (Interval(87.14, float("nan"), float("nan")), "interval", "87.14 [—]"),
        (Interval(float("nan"), 1.0, 2.0), "interval", "—"),
        (RankSet(3, 2, 6), "rank_set", "3 [2–6]"),
        (RankSet(3, None, pd.NA), "rank_set", "3"),
        (RankSet(pd.NA, 2, 6), "rank_set", "—"),
        (Withheld("n < 20"), "interval", "— (n < 20)"),
        (83.715, "score", "83.72"),
        (np.float64(83.714), "score", "83.71"),
        (float("inf"), "ratio", "∞"),
        (np.int64(7385), "integer", "7,385"),
        (0.0004, "probability", "<0.001"),
        (0.9996, "probability", ">0.999"),
        (1.0, "probability", "1.000"),
        (0.7314, "share", "73.1%"),
        (True, "flag", "是"),
        ("above", "word", "高于平均"),
        ("", "word", ""),
    ],
)
def test_each_kind_of_value_has_its_own_writing(value: object, kind: Kind, expected: str) -> None:
    assert text_of(value, kind) == expected


def test_the_rounding_rule_of_the_study_is_followed() -> None:
    # The mean of the six dimensions of 2019 is 83.71833…, published cut off and not rounded.
    assert text_of(502.31 / 6, "score") == "83.72"
    assert text_of(502.31 / 6, "score", rule="truncate") == "83.71"
    assert text_of(0.125, "score", rule="half_even") == "0.12"


@pytest.mark.parametrize("absent", [None, float("nan"), np.nan, pd.NA, np.float64("nan"), pd.NaT])
@pytest.mark.parametrize(
    "kind",
    ["score", "interval", "integer", "rank", "rank_set", "probability", "share", "ratio", "flag", "text"],
)
def test_an_absent_value_is_a_dash_or_nothing_but_never_nan(absent: object, kind: Kind) -> None:
    assert text_of(absent, kind) == ("" if kind == "text" else "—")


def test_a_name_cannot_steer_the_terminal_or_break_the_line() -> None:
    assert printable("甲\x1b[31m\n乙\u202e\ud800\u3000丙") == "甲\ufffd[31m 乙\ufffd\ufffd 丙"
    # Private-use characters are rare names in GB18030 files; they stay.
    assert printable("\ue000") == "\ue000"


@given(st.text(st.characters()))
def test_printable_text_holds_no_control_character_and_can_be_encoded(text: str) -> None:
    shown = printable(text)
    assert len(shown) == len(text)
    assert not {unicodedata.category(character) for character in shown} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    shown.encode("utf-8")
    shown.encode("gb18030")


def test_a_chinese_character_takes_two_cells_and_a_combining_mark_none() -> None:
    assert display_width("通信 4G") == 7
    assert display_width("，") == 2
    assert display_width("e\u0301") == 1
