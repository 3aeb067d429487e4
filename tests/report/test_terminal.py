"""The drawing of tables on a terminal and in a pipe."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from stand_in import analysis, companies_only, published_as

from satsurvey.report.cells import Column
from satsurvey.report.layout import Table
from satsurvey.report.tables import industry_table, main_table
from satsurvey.report.terminal import render, wrapped


def body(text: str) -> list[str]:
    return text.split("\n\n")[0].splitlines()


def test_columns_are_aligned_although_chinese_takes_two_cells() -> None:
    lines = body(render(industry_table(analysis(), "zh"), width=None, color=False))
    rows = [line for line in lines if "[" in line and "区间" not in line]
    assert len(rows) == 15
    # The closing bracket of the score ends at one and the same cell in every row.
    assert len({cell_len(row[: row.rindex("]")]) for row in rows}) == 1


def test_a_pipe_gets_every_column_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    text = render(industry_table(analysis(), "zh"))
    assert "回应快与解决有效" in text.splitlines()[1]
    assert "话务水平" in text
    assert "\x1b" not in text
    assert "未显示" not in text


@pytest.mark.parametrize("width", [60, 80, 100, 120, 140])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    for language in ("zh", "en"):
        text = render(industry_table(analysis(), language), width=width)
        assert max(cell_len(line) for line in text.splitlines()) <= width


def test_a_narrow_terminal_loses_the_last_dimensions_first_and_says_so() -> None:
    text = render(industry_table(analysis(), "zh"), width=100)
    head = text.splitlines()[1]
    assert "接入便利" in head
    assert "话务水平" not in head
    assert "档次" in head
    assert "未显示：回应快与解决有效、跟进及时、起止礼仪、话务水平" in text
    narrow = render(industry_table(analysis(), "zh"), width=60)
    assert {"排名", "行业", "得分", "档次"} <= set(narrow.splitlines()[1].split())


def test_colour_is_used_only_where_asked_for_or_on_a_terminal_without_no_color(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    table = industry_table(analysis(), "zh")
    assert "\x1b[32m" in render(table, color=True)
    assert "\x1b" not in render(table, color=False)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[" in render(table)
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in render(table)


def test_a_hostile_name_is_shown_and_does_nothing() -> None:
    name = "[red]甲[/red]\x1b[2J\r\n:smile:"
    table = industry_table(replace(analysis((name, "乙", "丙")), notes=("半个\ud83d",)), "zh")
    text = render(table)
    assert "[red]甲[/red]\ufffd[2J" in text
    assert ":smile:" in text
    assert "\x1b" not in text
    text.encode("utf-8")


def test_tiers_are_set_apart_by_empty_lines() -> None:
    table = industry_table(published_as(analysis(), "tiers_only"), "zh")
    groups = render(table).split("\n\n")
    assert [group.count("[") for group in groups[:4]] == [6, 5, 5, 1]  # the heading has a bracket of its own


def test_a_table_without_rows_is_drawn() -> None:
    table = Table("空", (Column("a", "甲", "a", "score"),), ())
    assert render(table).splitlines()[:2] == ["空", "甲"]
    assert "企业01" in render(main_table(companies_only(), "zh"), width=80)


def test_a_line_breaks_between_chinese_characters_and_not_before_a_full_stop() -> None:
    assert wrapped("回应快与解决有效", 8) == ["回应快与", "解决有效"]
    assert wrapped("一二三四。五", 8) == ["一二三", "四。五"]
    assert wrapped("one two three", 7) == ["one two", "three"]


@given(st.text("汉字，。（）「」 ab1-\U0001f600é", max_size=60), st.integers(4, 30))
def test_breaking_lines_loses_nothing_and_keeps_to_the_width(text: str, width: int) -> None:
    lines = wrapped(text, width)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(cell_len(line) <= width for line in lines)


def grouped() -> Table:
    columns = (
        Column("metric", "指标", "Metric", "text", align="left"),
        Column("value", "数值 [区间]", "Value [interval]", "interval", decimals=1),
        Column("note", "说明", "Note", "text", align="left"),
    )
    rows = (
        ("first response time", "180.8 s [68.0, 293.5]", "misses the standard"),
        ("resolution", "7.0 min", ""),
        ("first response time", "26.0 s [24.4, 27.6]", "beats the top ten"),
    )
    return Table("T", columns, rows, groups=(2,), group_titles=("甲 · phone", "乙 · phone"), language="en")


def test_a_group_has_its_title_above_its_rows() -> None:
    lines = render(grouped(), width=None, color=False).splitlines()
    assert [lines.index(title) for title in ("甲 · phone", "乙 · phone")] == [3, 7]
    assert lines[6] == ""
    assert "\x1b[1m甲 · phone\x1b[0m" in render(grouped(), width=80, color=True)


def test_where_room_is_short_texts_break_between_words_before_intervals_go_below_their_values() -> None:
    drawn = {width: render(grouped(), width=width, color=False) for width in (80, 50, 36)}
    for width, text in drawn.items():
        assert max(map(cell_len, text.splitlines())) <= width
    assert "first response time  180.8 s [68.0, 293.5]" in drawn[80]
    assert "first response time" not in drawn[50]
    assert "180.8 s [68.0, 293.5]" in drawn[50]
    assert "180.8 s [68.0, 293.5]" not in drawn[36]
    assert "[68.0, 293.5]" in drawn[36]


def test_a_word_is_broken_only_where_no_room_is_left_at_all() -> None:
    drawn = render(grouped(), width=36, color=False)
    assert all(word in drawn for word in ("response", "resolution", "standard"))
    assert "response" not in render(grouped(), width=20, color=False)


def test_a_bracket_is_never_alone_at_the_end_of_a_line() -> None:
    assert wrapped("首次响应中位数(秒)", 16) == ["首次响应中位数", "(秒)"]
    assert wrapped("现达成率% [区间]", 12)[0] == "现达成率%"
