"""Values as people write them: percent, shares, times, and what is refused."""

from __future__ import annotations

import pytest

from satsurvey.benchmarks.figures import load_figures
from satsurvey.benchmarks.quantities import quantity

METRICS = load_figures().metrics
RATE, TIME, INDEX, NPS = (
    METRICS[name] for name in ("fcr", "first_response_time", "satisfaction_index", "nps")
)


@pytest.mark.parametrize(
    ("cell", "unit", "rates", "value"),
    [
        ("95%", "", None, 95), ("95 ％", "", None, 95), ("0.95%", "", None, 0.95), ("95", "", None, 95),
        ("95.5", "%", None, 95.5), ("0.95", "share", None, 95), ("0.95", "比例", None, 95),
        ("0.95", "", "share", 95), ("0.95", "", "percent", 0.95), ("0.95", "%", "share", 0.95),
        ("1", "share", None, 100), ("0", "", None, 0), ("９５", "", None, 95),
    ],
)  # fmt: skip
def test_a_rate_is_percent_by_its_sign_its_unit_or_the_option(
    cell: str, unit: str, rates: str | None, value: float
) -> None:
    assert quantity(cell, RATE, unit=unit, rates=rates).value == pytest.approx(value, rel=1e-12)  # type: ignore[arg-type]


@pytest.mark.parametrize("cell", ["0.95", "1", "1.0", ".5"])
def test_a_bare_number_up_to_one_may_be_either_and_is_refused(cell: str) -> None:
    found = quantity(cell, RATE)
    assert (found.value, found.problem) == (None, "ambiguous_rate")
    assert "percent sign" in found.do


@pytest.mark.parametrize(
    ("cell", "unit", "seconds"),
    [
        ("45", "", 45), ("45s", "", 45), ("45秒", "", 45), ("1分30秒", "", 90), ("01:30", "", 90),
        ("1:00:05", "", 3605), ("1.5", "分钟", 90), ("2", "h", 7200), ("1,200", "", 1200),
    ],
)  # fmt: skip
def test_times_are_seconds_whatever_their_writing(cell: str, unit: str, seconds: float) -> None:
    assert quantity(cell, TIME, unit=unit).value == seconds


@pytest.mark.parametrize("cell", ["", "-", "—", "n/a", "NaN", "无", "缺失"])
def test_a_cell_that_says_nothing_is_missing_and_no_fault(cell: str) -> None:
    found = quantity(cell, RATE)
    assert (found.value, found.problem) == (None, "")


@pytest.mark.parametrize(
    ("cell", "metric", "unit", "problem"),
    [
        ("九十五", RATE, "", "no_number"), ("=A1*2", RATE, "", "no_number"), ("很快", TIME, "", "no_number"),
        ("101%", RATE, "", "impossible_value"), ("-5", TIME, "", "impossible_value"),
        ("120", INDEX, "", "impossible_value"), ("-101", NPS, "", "impossible_value"),
        ("95", RATE, "秒", "unknown_unit"), ("95", TIME, "%", "unknown_unit"),
        ("83", INDEX, "%", "unknown_unit"),
        ("1e999", TIME, "", "no_number"), ("95%%", RATE, "", "no_number"), ("9" * 400, TIME, "", "no_number"),
    ],
)  # fmt: skip
def test_what_is_no_value_is_told_and_never_repaired(
    cell: str, metric: object, unit: str, problem: str
) -> None:
    found = quantity(cell, metric, unit=unit)  # type: ignore[arg-type]
    assert (found.value, found.problem) == (None, problem)
    assert found.what
    assert found.do


def test_a_net_promoter_score_may_be_negative() -> None:
    assert quantity("-12", NPS).value == -12
