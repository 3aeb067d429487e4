"""Measured values: tables as people make them, frames, and key figures of service records."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest
from scipy.special import ndtri

from satsurvey.benchmarks.measured import (
    is_table_of_values,
    measured_of_frame,
    measured_of_kpis,
    read_measured,
)
from satsurvey.errors import ColumnsError, ReadError, SpecificationError
from satsurvey.service.kpis import kpis
from satsurvey.service.records import Definition, ServiceRecords

HEAD = "企业,渠道,指标,数值,样本量,单位\n"


def table(folder: Path, rows: str, head: str = HEAD) -> Path:
    path = folder / "own.csv"
    path.write_text(head + rows, encoding="utf-8")
    return path


def test_rows_become_values_in_seconds_and_percent(tmp_path: Path) -> None:
    path = table(tmp_path, "甲,电话,首次响应时长,1分30秒,,\n甲,在线,首问解决率,85%,400,\n乙,,NPS,-12,,\n")
    found = read_measured([path])
    assert found.frame["metric"].tolist() == ["first_response_time", "fcr", "nps"]
    assert found.frame["value"].tolist() == [90, 85, -12]
    assert found.frame["channel"].tolist() == ["phone", "online", "all"]
    assert found.frame["row"].tolist() == [2, 3, 4]
    assert found.ledger.rows_used == 3


def test_a_share_of_contacts_has_wilsons_interval(tmp_path: Path) -> None:
    found = read_measured([table(tmp_path, "甲,电话,fcr,50%,20,\n")]).frame.iloc[0]
    # Wilson (1927) at p = 1/2, n = 20: centre 1/2, half z √(1/80 + z²/1600)/(1 + z²/20).
    z = float(ndtri(0.975))
    half = 100 * z * np.sqrt(0.25 / 20 + z**2 / 1600) / (1 + z**2 / 20)
    assert found["interval"] == "wilson"
    assert (found["ci_low"], found["ci_high"]) == pytest.approx((50 - half, 50 + half), rel=1e-12)


def test_a_saving_is_no_share_of_contacts_and_has_no_interval(tmp_path: Path) -> None:
    found = read_measured([table(tmp_path, "甲,,较自建团队降本幅度,-5%,20,\n")]).frame.iloc[0]
    assert (found["value"], found["interval"]) == (-5, "")


def test_a_standard_error_and_a_given_interval_are_in_the_unit_of_the_value() -> None:
    frame = pd.DataFrame(
        {
            "metric": ["first_response_time", "fcr", "fcr"],
            "value": [1.5, 0.8, 0.8],
            "unit": ["min", "share", "share"],
            "std_error": [0.1, np.nan, np.nan],
            "ci_low": [np.nan, 0.7, 0.9],
            "ci_high": [np.nan, 0.9, 0.95],
        }
    )
    found = measured_of_frame(frame).frame
    assert found["ci_high"][0] == pytest.approx(90 + ndtri(0.975) * 6)
    assert (found["ci_low"][1], found["ci_high"][1]) == pytest.approx((70, 90))
    assert found["interval"].tolist() == ["std_error", "given", ""]
    assert found["note"][2] == "the interval given does not hold the value; it was not used"


def test_every_row_is_used_or_set_aside_with_its_reason(tmp_path: Path) -> None:
    rows = "甲,电话,frist_response_time,30,,\n甲,电话,接通率,0.95,,\n甲,电话,首响,很快,,\n"
    rows += "甲,电话,首响,30,,\n,,,,,\n"
    found = read_measured([table(tmp_path, rows)])
    assert found.unusable["reason"].tolist() == ["unknown_metric", "ambiguous_rate", "no_number"]
    assert found.unusable["row"].tolist() == [2, 3, 4]
    assert "first_response_time" in found.unusable["do"][0]
    assert found.ledger.set_aside == {"no_value": 2, "unknown_metric": 1}
    assert found.ledger.rows_read == 4


def test_blank_values_stay_missing(tmp_path: Path) -> None:
    found = read_measured([table(tmp_path, "甲,电话,首响,,,\n甲,电话,fcr,—,,\n")])
    assert found.frame["value"].isna().all()
    assert len(found.unusable) == 0


def test_strange_routes_occasions_and_statistics_are_told() -> None:
    frame = pd.DataFrame(
        {
            "metric": ["fcr"] * 4,
            "value": ["80%"] * 4,
            "route": ["道听途说", "", "CATI", "服务记录"],
            "when": ["", "半夜", "高峰", ""],
            "statistic": ["", "", "", "p95"],
        }
    )
    found = measured_of_frame(frame)
    assert found.unusable["reason"].tolist() == ["unknown_route", "unknown_occasion", "unknown_statistic"]
    assert found.frame[["route", "when"]].values.tolist() == [["survey", "peak_hours"]]


def test_key_figures_that_nothing_is_published_for_and_shares_of_times_are_set_aside(tmp_path: Path) -> None:
    head = "company,channel,metric,statistic,value,unit\n"
    rows = "甲,phone,speed_of_answer,mean,12,s\n甲,phone,转接率,rate,0.2,share\n"
    rows += "甲,phone,first_response_time,share_within_target,0.9,share\n甲,phone,首响,比率,0.9,\n"
    found = read_measured([table(tmp_path, rows + "甲,phone,首响,mean,30,s\n", head=head)])
    assert found.unusable["reason"].tolist() == ["nothing_published"] * 2 + ["other_statistic"] * 2
    assert found.ledger.set_aside == {"nothing_published": 2, "no_value": 2}
    assert found.frame["value"].tolist() == [30]


def test_a_number_of_contacts_that_is_none_costs_the_interval_and_not_the_value(tmp_path: Path) -> None:
    found = read_measured([table(tmp_path, "甲,电话,fcr,80%,许多,\n甲,电话,接通率,99%,-3,\n")]).frame
    assert found["value"].tolist() == [80, 99]
    assert found["interval"].tolist() == ["", ""]
    assert found["note"].tolist() == [
        "n is no number that can be used: '许多'",
        "n is no number that can be used: '-3'",
    ]


def test_a_figure_that_stands_twice_is_said(tmp_path: Path) -> None:
    found = read_measured([table(tmp_path, "甲,电话,首响,30,,\n甲,电话,首响,31,,\n")])
    assert found.notes == ("own.csv: first_response_time of 甲 stands in rows 2, 3",)


@pytest.mark.parametrize(
    ("content", "error", "words"),
    [
        ("", ReadError, ""),
        ("企业,指标\n甲,fcr\n", ColumnsError, "no column holds the value"),
        ("指标,kpi,数值\nfcr,fcr,1\n", ColumnsError, "two columns mean the same"),
        ("指标,数值\nxx,1\nyy,2\n", SpecificationError, "no value that can be understood"),
        ("指标,数值\n", SpecificationError, "no value that can be understood"),
    ],
)
def test_tables_of_nothing_are_refused(content: str, error: type, words: str, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(error) as caught:
        read_measured([path])
    assert words in str(caught.value)


def test_a_workbook_with_percent_cells_and_a_formula_without_result_loses_nothing(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (
        ["company", "metric", "value"],
        ["甲", "fcr", "=40+45"],
        ["乙", "fcr", 0.95],
        ["丙", "fcr", "85%"],
    ):
        sheet.append(row)
    sheet["C3"].number_format = "0%"
    path = tmp_path / "own.xlsx"
    book.save(path)
    found = read_measured([path])
    assert found.frame["company"].tolist() == ["甲", "丙"]
    assert np.isnan(found.frame["value"][0])
    assert any("formula without a stored result" in note for note in found.notes)
    assert found.unusable["reason"].tolist() == ["ambiguous_rate"]
    assert read_measured([path], rates="share").frame["value"].tolist()[1] == pytest.approx(95)


def test_tables_of_values_are_told_from_records(tmp_path: Path) -> None:
    assert is_table_of_values(table(tmp_path, "甲,电话,首响,30,,\n"))
    assert not is_table_of_values(table(tmp_path, "1,2\n", head="contact_id,wait_s\n"))


def test_key_figures_of_records_are_taken_with_their_clock_and_unit() -> None:
    contacts = pd.DataFrame(
        {
            "company": ["甲"] * 40,
            "channel": ["phone"] * 40,
            "first_response_s": [20.0, 40.0] * 20,
            "wait_s": [20.0, 40.0] * 20,
            "abandoned": [0.0] * 38 + [1.0] * 2,
        }
    )
    clock = Definition("first_response_s", "queue_entry", "agent_answer", automatic_replies="ignored")
    records = ServiceRecords.of_frame(contacts, definitions={"first_response_s": clock})
    found = measured_of_kpis(kpis(records))
    time = found.frame[found.frame["metric"] == "first_response_time"].iloc[0]
    assert (time["value"], time["unit"], time["statistic"], time["route"]) == (30, "s", "mean", "self_report")
    assert time["definition"] == clock.text("en")
    rate = found.frame[found.frame["metric"] == "abandon_rate"].iloc[0]
    assert (rate["value"], rate["unit"]) == (pytest.approx(5), "%")
    assert 0 < rate["ci_low"] < 5 < rate["ci_high"] < 100
    assert set(found.frame["statistic"]) == {"mean", "rate"}
