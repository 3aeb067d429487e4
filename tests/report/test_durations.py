"""How lengths of time are written."""

from __future__ import annotations

import pytest

from satsurvey.report.durations import duration_text, duration_unit


@pytest.mark.parametrize(
    ("seconds", "english", "chinese"),
    [
        (0, "0 s", "0 秒"),
        (45, "45 s", "45 秒"),
        (119.99, "2 min", "2 分钟"),
        (90, "1.5 min", "1.5 分钟"),
        (7200, "2 h", "2 小时"),
        (129_600, "1.5 d", "1.5 天"),
    ],
)
def test_times_are_written_as_people_say_them(seconds: float, english: str, chinese: str) -> None:
    assert (duration_text(seconds, "en"), duration_text(seconds, "zh")) == (english, chinese)


def test_a_column_of_times_has_the_unit_of_its_middle_and_nothing_is_below_a_second() -> None:
    assert [duration_unit(seconds).en for seconds in (0.2, 59, 60, 3600, 90_000)] == [
        "s",
        "s",
        "min",
        "h",
        "d",
    ]
    assert duration_unit(float("nan")).seconds == 1
