"""Periods of tables in the order of time: as people write them, as users state them, where it is unclear."""

from __future__ import annotations

import numpy as np
import pytest

from satsurvey.intake.responses import Factor
from satsurvey.response_time.claim_results import NotTestableError
from satsurvey.response_time.periods import period_of, periods_in_order


def factor(*names: str) -> Factor:
    """Return names as a table gives them: sorted as texts."""
    return Factor(np.arange(len(names), dtype=np.int32), tuple(sorted(names)))


@pytest.mark.parametrize(
    "names",
    [
        [f"{k}月" for k in range(1, 13)],
        ["三月", "四月", "十月", "十一月", "十二月"],
        ["2024-9", "2024-10", "2024-11", "2025-1"],
        ["2024-9", "2024年10月", "Nov 2024", "12/2024"],
        ["2024年9月", "2024年10月"],
        ["2024.9", "2024.10"],
        ["202409", "202410"],
        ["2024年第3季度", "2024年第4季度", "2025年第1季度"],
        ["Q3 2024", "Q4 2024", "Q1 2025"],
        ["24Q3", "24Q4", "25Q1"],
        ["2024年上半年", "2024年下半年", "2025年上半年"],
        ["2024-W9", "2024-W10"],
        ["第9周", "第10周"],
        ["2024-9-1", "2024-10-1"],
        ["September 2024", "October 2024", "January 2025"],
        ["第2期", "第10期"],
        ["wave 9", "wave 10"],
        ["9", "10"],
        ["2024第3期", "2024第12期", "2025第1期"],
        ["2019", "2020"],
    ],
)
def test_periods_are_taken_in_the_order_of_time(names: list[str]) -> None:
    found = periods_in_order(factor(*names), {})
    assert list(found.names) == names
    places = [found.position_of(name) for name in names]
    assert places == sorted(places)  # type: ignore[type-var]
    assert found.positions[np.argsort(names).argsort()].tolist() == places


def test_a_missing_month_leaves_its_gap() -> None:
    found = periods_in_order(factor("2024-11", "2024-12", "2025-03"), {})
    assert np.diff(found.positions).tolist() == [1, 3]


@pytest.mark.parametrize(
    "names",
    [
        ["11月", "12月", "1月"],  # of two years, or of one with a gap
        ["第4季度", "第1季度"],
        ["01/09/2024", "01/10/2024"],  # day first or month first
        ["2024", "2025-01"],
        ["旺季", "淡季"],
        ["a1", "b2"],
    ],
)
def test_where_names_do_not_tell_the_order_it_is_asked_for(names: list[str]) -> None:
    with pytest.raises(NotTestableError, match="--given period_order=") as raised:
        periods_in_order(factor(*names), {})
    assert names[0] in str(raised.value)
    stated = periods_in_order(factor(*names), {"period_order": "，".join(names)})
    assert list(stated.names) == names


def test_a_stated_order_must_have_every_period() -> None:
    with pytest.raises(NotTestableError, match="lacks these periods: 1月"):
        periods_in_order(factor("11月", "12月", "1月"), {"period_order": "11月,12月"})


def test_a_period_is_found_as_it_is_written_elsewhere() -> None:
    found = periods_in_order(factor("2024年9月", "2024年10月"), {})
    assert found.position_of("2024-10") == found.position_of("2024年10月")
    assert found.position_of("2024-12") is None
    assert period_of("2024-13") is None
