"""Figures of service as tables."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from satsurvey.report.cells import Interval
from satsurvey.report.record_figures import GROUPS, MOST_GROUPS, figure_table, group_table
from satsurvey.report.terminal import render
from satsurvey.service import grouping
from satsurvey.service.kpis import kpis
from satsurvey.service.records import ServiceRecords


def records(n: int = 60, companies: int = 3) -> ServiceRecords:
    rng = np.random.default_rng(5)
    frame = pd.DataFrame(
        {
            "company": [f"企业{k % companies:02d}" for k in range(n)],
            "channel": ["phone"] * n,
            "request_at": pd.date_range("2025-03-03 09:00", periods=n, freq="h", tz="Asia/Shanghai"),
            "wait_s": rng.exponential(40, n),
            "first_response_s": rng.exponential(300, n),
            "abandoned": np.zeros(n),
            "transfers": np.repeat([0.0, 1.0], n // 2),
        }
    )
    return ServiceRecords.of_frame(frame)


def column(table: object, key: str) -> list[object]:
    place = [column.key for column in table.columns].index(key)  # type: ignore[attr-defined]
    return [row[place] for row in table.rows]  # type: ignore[attr-defined]


def test_a_group_has_one_row_with_its_median_in_the_unit_of_the_column() -> None:
    made = records()
    figures = kpis(made, by=("company",))
    table = group_table(figures, "zh")
    assert column(table, "company") == ["企业00", "企业01", "企业02"]
    assert column(table, "n") == [20, 20, 20]
    medians = made.contacts.groupby("company")["first_response_s"].median()
    shown = [cell.value for cell in column(table, "response_median") if isinstance(cell, Interval)]
    np.testing.assert_allclose(shown, medians / 60, rtol=1e-12)
    assert "首次响应中位数(分钟)" in table.headings()


def test_a_group_that_lacks_a_figure_shows_a_dash_and_not_the_figure_of_its_neighbour() -> None:
    frame = records().contacts.copy()
    frame.loc[frame["company"] == "企业01", "first_response_s"] = np.nan
    table = group_table(kpis(ServiceRecords.of_frame(frame), by=("company",)), "en")
    first, second, third = column(table, "response_median")
    assert second is None or np.isnan(second.value)  # type: ignore[attr-defined]
    assert isinstance(first, Interval)
    assert isinstance(third, Interval)
    assert "—" in render(table)


def test_more_groups_than_fit_are_counted() -> None:
    figures = kpis(records(n=4 * (MOST_GROUPS + 5), companies=MOST_GROUPS + 5), by=("company",))
    table = group_table(figures, "zh")
    assert len(table.rows) == MOST_GROUPS
    assert any(f"共 {MOST_GROUPS + 5} 组" in note for note in table.notes)


def test_the_formula_of_a_service_level_stands_below_the_groups_with_its_limit() -> None:
    figures = kpis(records(), by=("company",), targets={"service_level": 30})
    notes = group_table(figures, "zh").notes
    assert any("时限内接起 / (接起 + 放弃)；时限 30 秒" in note for note in notes)


def test_every_group_there_is_has_words_in_both_languages() -> None:
    assert set(GROUPS) == set(grouping.GROUPS)


@pytest.mark.parametrize(("by", "word"), [("weekday", "周一"), ("channel", "电话")])
def test_codes_of_groups_are_shown_in_words(by: str, word: str) -> None:
    assert word in column(group_table(kpis(records(), by=(by,)), "zh"), by)


def test_means_of_counts_keep_two_digits_and_times_have_a_unit() -> None:
    table = figure_table(kpis(records(), by=()), "zh")
    places = zip(column(table, "metric"), column(table, "statistic"), strict=True)
    cells = dict(zip(places, table.rows, strict=True))
    assert str(cells["转接次数", "均值"][2]).startswith("0.50 [")
    assert cells["首次响应时长", "中位数"][3] in {"秒", "分钟"}
