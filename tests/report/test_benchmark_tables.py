"""Grades, scorecards and promises in tables, JSON and files, in both languages."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest
from rich.cells import cell_len
from schema_faults import faults

from satsurvey.benchmarks.figures import load_figures
from satsurvey.benchmarks.grading import Grades, grade
from satsurvey.benchmarks.measured import read_measured
from satsurvey.benchmarks.promises import check_promise
from satsurvey.benchmarks.scorecard import score_vendors
from satsurvey.benchmarks.vendors import read_vendors
from satsurvey.errors import OutputError
from satsurvey.report.benchmark_files import benchmark_json, write_benchmark
from satsurvey.report.benchmark_schema import (
    BENCHMARK_SCHEMA,
    FIGURES_JSON_SCHEMA,
    PROMISE_JSON_SCHEMA,
    SCORECARD_JSON_SCHEMA,
)
from satsurvey.report.benchmark_tables import TABLES, grade_tables, summary_table
from satsurvey.report.benchmark_words import Scale, value_text
from satsurvey.report.figure_list import figure_table, figures_json
from satsurvey.report.layout import Table
from satsurvey.report.promise_tables import promise_json, promise_tables
from satsurvey.report.scorecard_sheet import sheet_rows, write_template
from satsurvey.report.scorecard_tables import scorecard_json, scorecard_tables
from satsurvey.report.terminal import render

EXAMPLES = Path(__file__).parents[2] / "examples" / "benchmark"
CHINESE = re.compile("[\u4e00-\u9fff]")
PROVENANCE = {"inputs": [], "versions": {}, "options": {}, "created": ""}


@pytest.fixture(scope="module")
def grades(tmp_path_factory: pytest.TempPathFactory) -> Grades:
    path = tmp_path_factory.mktemp("own") / "own.csv"
    text = (EXAMPLES / "own-figures.csv").read_text(encoding="utf-8-sig")
    path.write_text(text + "电商,云杉商城,电话,接通率,0.95,,,,\n", encoding="utf-8")
    return grade(read_measured([path]))


def english(tables: list[Table]) -> str:
    return "".join(render(table, width=None, color=False) for table in tables)


def test_grades_in_english_have_no_chinese_but_the_users_names(grades: Grades) -> None:
    text = english(grade_tables(grades, "en"))
    assert "misses standard 30 ?" in text
    assert "31.0 s [29.2, 32.8]" in text
    left = re.sub("云杉商城|南湖银行|接通率|own.csv|[一二]\\.\\d|二\\([一二三]\\)|PART 05 二", "", text)
    assert not CHINESE.search(left), CHINESE.findall(left)


def test_grades_in_chinese_say_grade_gap_lines_and_source(grades: Grades) -> None:
    text = english(grade_tables(grades, "zh"))
    for words in (
        "达到必达？",
        "未达标准 30？；不及前十 24",
        "优于全部行业 83.7；不及前三行业 89.5",
        "two-tier-2026：客服服务的两级基准",
        "证据低",
        "云杉商城（电商）",
        "接通率（高峰时段）",
    ):
        assert words in text
    assert "满意率不是满意度指数，不可相比" in text
    assert "可能是小数比例，也可能是百分数" in text


def test_every_number_of_a_row_is_in_the_unit_that_is_named(grades: Grades) -> None:
    _, companies, *_ = grade_tables(grades, "zh")
    rows = {row[:2]: row for row in reversed(companies.rows)}
    phone = rows[("电话", "首次响应时长")]
    assert (phone[2], phone[5], phone[6]) == ("26.0 秒 [24.4, 27.6]", "60/30", "")
    fcr = rows[("全渠道", "首问解决率")]
    assert (fcr[2], fcr[5], fcr[6]) == ("78.5% [77.6, 79.4]", "60/80", "1.5")
    # Twelve minutes against a line of fifteen: all in minutes.
    ticket = rows[("App工单", "首次响应时长")]
    assert (ticket[2], ticket[7]) == ("12.0 分钟", "达到标准 15")


@pytest.mark.parametrize(
    ("unit", "largest", "size"),
    [("s", 30, 1), ("s", 599, 1), ("s", 600, 60), ("s", 36_000, 3600), ("%", 600, 1)],
)
def test_times_are_in_a_unit_of_which_the_line_has_ten(unit: str, largest: float, size: float) -> None:
    assert Scale.of(unit, largest).size == size


def test_the_numbers_in_the_notes_are_those_of_the_lines_below(grades: Grades) -> None:
    _, companies, lines, *_ = grade_tables(grades, "en")
    said = dict(zip((row[0] for row in lines.rows), lines.rows, strict=True))
    first = companies.rows[0]
    numbers = [int(part) for part in str(first[-1]).replace("–", " ").split() if part.isdigit()]
    low, high = numbers[0], numbers[-1]
    tiers = {said[k][1] for k in range(low, high + 1) if said[k][2] in ("at most 60 s", "at most 30 s")}
    assert {"basic", "excellent", "standard"} <= tiers
    assert {row[5] for row in lines.rows} <= {"low", "medium", "high"}
    assert [row[0] for row in lines.rows] == list(range(1, len(lines.rows) + 1))


def test_what_value_and_line_count_otherwise_is_told_by_letter(grades: Grades) -> None:
    _, companies, *_ = grade_tables(grades, "zh")
    letters = {note[0]: note[2:] for note in companies.notes if note[1:2] == "："}
    marks = {row[1]: str(row[-1]).split()[-1] for row in companies.rows}
    assert {letters[mark] for mark in marks["首次响应时长"]} == {
        "来源没有说明时限是对均值还是对每次联系而言；这里与均值相比",
        "自有数值没有说明是均值还是中位数；按均值相比",
    }
    assert letters[marks["接通率（高峰时段）"]] == "公布的线是对更宽的渠道范围而言"


def many(n: int) -> Grades:
    frame = pd.DataFrame({"company": [f"c{k}" for k in range(n)], "metric": "fcr", "statistic": "rate"})
    return grade(frame.assign(value=[100 * k / n for k in range(n)], unit="%"))


def test_the_summary_comes_first_and_counts_every_company() -> None:
    (row,) = summary_table(many(60), "en").rows
    assert row[:6] == ("first-contact resolution", 60, "49.2%", 36, 12, 12)


def test_of_many_companies_those_below_basic_come_first_and_how_to_get_all_is_said() -> None:
    result = many(100)
    tables = grade_tables(result, "en", most=7)
    companies = tables[1]
    assert companies.group_titles == tuple(f"c{k}" for k in range(7))
    assert companies.notes[0].startswith("Of 100 companies the 7 with the most values below basic; all of")
    assert "--show grades" in companies.notes[0]
    every = grade_tables(result, "en", most=None)[1]
    assert every.group_titles == tuple(f"c{k}" for k in range(100))
    assert not every.notes[0].startswith("Of ")


def test_a_company_is_never_cut_in_two() -> None:
    frame = pd.DataFrame(
        {"company": "甲", "channel": ["phone", "online"] * 5, "metric": ["first_response_time"] * 10}
    )
    tables = grade_tables(grade(frame.assign(value=range(10))), "zh", most=3)
    assert [len(table.rows) for table in tables if table.title == "逐企业评级"] == [10]


def test_figures_of_another_statistic_are_counted_and_not_listed() -> None:
    frame = pd.DataFrame(
        {"company": "甲", "channel": "phone", "metric": "first_response_time", "statistic": ["mean", "p90"]}
    )
    tables = grade_tables(grade(frame.assign(value=[20.0, 90.0])), "en")
    assert len(tables[0].rows) == 1
    apart = {row[0]: row[2:] for row in tables[2].rows}
    assert apart["the two are different statistics (such as a mean and a median or percentile)"] == (1, 4)


def test_a_table_of_which_nothing_can_be_compared_says_why() -> None:
    frame = pd.DataFrame({"company": ["甲", "乙"], "channel": "抖音", "metric": "fcr_complex", "value": 50.0})
    tables = grade_tables(grade(frame.assign(statistic="median")), "zh")
    assert [table.title for table in tables][-1] == "没有比较的"
    assert "统计量不同" in english(tables)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", sorted(TABLES))
@pytest.mark.parametrize("width", [80, 100, 120, None])
def test_every_table_can_be_drawn_and_none_is_wider_than_the_terminal(
    name: str, language: str, width: int | None, grades: Grades
) -> None:
    for table in TABLES[name](grades, language):  # type: ignore[arg-type]
        assert table.rows
        lines = render(table, width=width, color=False).splitlines()
        assert width is None or max(map(cell_len, lines)) <= width


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_metric_takes_one_line_on_a_terminal_of_120_cells(language: str) -> None:
    channels = ["phone", "online", "im", "email"]
    frame = pd.DataFrame(
        {
            "company": "行业01企业01",
            "channel": np.repeat(channels, 2),
            "metric": ["first_response_time", "fcr"] * 4,
            "value": [31.0, 85, 75, 70, 180.8, 55, 2922, 90],
            "ci_low": [29.2, 80, 70, 61, 68, 50, 1900, 70],
            "ci_high": [32.8, 90, 80, 79, 293.5, 60, 4000, 99],
            "n": 1234,
            "unit": ["s", "%"] * 4,
            "statistic": ["mean", "rate"] * 4,
        }
    )
    companies = grade_tables(grade(frame), language)[0]  # type: ignore[arg-type]
    drawn = render(companies, width=120, color=False).split("\n\n- ")[0].splitlines()
    titles, between = len(companies.group_titles), len(companies.groups)
    heading = next(place for place, line in enumerate(drawn, start=1) if line.startswith("─"))
    folded = len(drawn) - heading - titles - between - len(companies.rows)
    # English names of lines are long: rows with two of them may take a second line.
    assert folded <= (0 if language == "zh" else 3)


def test_the_document_of_grades_fits_its_schema_and_keeps_full_precision(grades: Grades) -> None:
    document = json.loads(benchmark_json(grades, PROVENANCE))
    assert list(faults(document, BENCHMARK_SCHEMA)) == []
    assert len(document["grades"]) == len(grades.frame)
    assert document["grades"][3]["ci_low"] == grades.frame["ci_low"][3]
    assert {source["id"] for source in document["sources"]} >= set(grades.lines["source"])
    assert document["unusable"][0]["reason"] == "ambiguous_rate"
    assert document["ledger"]["adds_up"]


def test_a_folder_of_grades_is_written_whole_and_not_over_another(grades: Grades, tmp_path: Path) -> None:
    out = tmp_path / "out"
    written = write_benchmark(grades, out, provenance=PROVENANCE)
    assert {path.name for path in written} == {
        "grades.csv", "summary.csv", "lines.csv", "refused.csv", "unusable.csv", "benchmark.json",
        "manifest.json",
    }  # fmt: skip
    assert len(pd.read_csv(out / "lines.csv")) == len(grades.lines)
    assert json.loads((out / "manifest.json").read_text(encoding="utf-8"))["schema"] == (
        "satsurvey.benchmark-manifest/1"
    )
    with pytest.raises(OutputError, match="not empty"):
        write_benchmark(grades, out, provenance={})


def test_the_document_of_published_figures_fits_its_schema() -> None:
    figures = load_figures()
    document = json.loads(figures_json(figures.figures, figures))
    assert list(faults(document, FIGURES_JSON_SCHEMA)) == []
    assert len(document["figures"]) == len(figures)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_all_published_figures_can_be_listed_in_either_language(language: str) -> None:
    figures = load_figures()
    table = figure_table(figures.figures, figures, language)  # type: ignore[arg-type]
    assert len(table.rows) == len(figures)
    assert len(table.notes) == len(figures.sources)
    if language == "en":
        # Names of firms and products, and sections of Chinese texts, are what they are called.
        said = [text for row in table.rows for text in (row[1], row[3], row[4], row[6], row[9])]
        assert not [text for text in said if CHINESE.search(re.sub("二.3|一.5", "", str(text)))]


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [(30.0, "s", "30 s"), (30.26, "s", "30.3 s"), (0.07, "%", "0.07%"), (83.71, "points", "83.71 points"),
     (float("nan"), "s", "—"), (1.5, "pp", "1.5 percentage points"), (5.04, "count", "5.0")],
)  # fmt: skip
def test_values_are_written_with_their_unit(value: float, unit: str, text: str) -> None:
    assert value_text(value, unit, "en") == text


# Scorecard and promises ------------------------------------------------------------------------------------


def test_the_scorecard_is_a_document_and_tables_in_both_languages() -> None:
    result = score_vendors(read_vendors(EXAMPLES / "vendors.csv"), draws=500)
    document = json.loads(scorecard_json(result, PROVENANCE))
    assert list(faults(document, SCORECARD_JSON_SCHEMA)) == []
    assert len(document["scores"]) == 30
    zh, en = (english(scorecard_tables(result, language)) for language in ("zh", "en"))
    assert "未通过" in zh
    assert "只比价格" in zh
    assert "青禾客服" in en
    assert not CHINESE.search(re.sub("北辰外包|青禾客服|海纳服务", "", en))


def test_the_order_table_begins_with_the_first_of_the_weighting() -> None:
    result = score_vendors(read_vendors(EXAMPLES / "vendors.csv"), draws=50)
    for weighting in ("equal", "roc"):
        rows = scorecard_tables(result, "en", order_by=weighting)[0].rows  # type: ignore[arg-type]
        totals = result.totals[result.totals["weighting"] == weighting].set_index("vendor")
        assert totals.loc[rows[0][0], "rank"] == 1
        assert rows[-1][1] == "failed"


@pytest.mark.parametrize("promise", [{"share": 0.95}, {"mean": True}, {"share": 0.95, "mean": True}])
def test_a_promise_is_a_document_and_tables_in_both_languages(promise: dict[str, object]) -> None:
    test = check_promise([10.0] * 90 + [40.0] * 5 + [float("nan")] * 5, within_s=30, **promise)  # type: ignore[arg-type]
    document = json.loads(promise_json(test, PROVENANCE))
    assert list(faults(document, PROMISE_JSON_SCHEMA)) == []
    zh, en = (english(promise_tables(test, language)) for language in ("zh", "en"))
    assert "承诺" in zh
    assert not CHINESE.search(en)
    assert ("Promise: at least 95% of contacts within 30 s" in en) == ("share" in promise)


# The sheet to fill in --------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".xlsx", ".csv"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_sheet_has_a_row_per_input_and_is_read_again(suffix: str, language: str, tmp_path: Path) -> None:
    path = tmp_path / f"sheet{suffix}"
    write_template(path, vendors=["甲", "=乙"], language=language)  # type: ignore[arg-type]
    rows = list(sheet_rows(language))  # type: ignore[arg-type]
    if suffix == ".xlsx":
        book = openpyxl.load_workbook(path)
        sheet = book.active
        assert sheet.max_row == len(rows) + 1
        for number, row in enumerate(rows, start=2):
            sheet.cell(number, 6).value = {"yes_no": "是", "judged": 80}.get(row.kind, "24")
        book.save(path)
    else:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
        assert "'=乙" in lines[0]
        filled = [
            line[: line.rindex(",,")] + f",{ {'yes_no': '是', 'judged': '80'}.get(row.kind, '24%') },"
            for line, row in zip(lines[1:], rows, strict=True)
        ]
        path.write_text("\n".join([lines[0], *filled]).replace("24%", "24"), encoding="utf-8-sig")
    found = read_vendors(path)
    assert found.names == ("甲",)
    assert found.frame.drop(columns="vendor").notna().all(axis=None)
    assert len(found.problems) == 0


def test_the_sheet_is_not_written_over_a_file_nor_under_another_name(tmp_path: Path) -> None:
    path = tmp_path / "sheet.csv"
    write_template(path)
    with pytest.raises(OutputError, match="there already"):
        write_template(path)
    write_template(path, force=True)
    with pytest.raises(OutputError, match="workbook or CSV"):
        write_template(tmp_path / "sheet.docx")
    with pytest.raises(OutputError, match="a name of its own"):
        write_template(tmp_path / "x.csv", vendors=["甲", "甲"])
