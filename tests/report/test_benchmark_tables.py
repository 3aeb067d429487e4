"""Grades, scorecards and promises in tables, JSON and files, in both languages."""

from __future__ import annotations

import json
import re
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from schema_faults import faults

from satsurvey.benchmarks.figures import load_figures
from satsurvey.benchmarks.grading import Grades, grade
from satsurvey.benchmarks.measured import read_measured
from satsurvey.benchmarks.promises import check_promise
from satsurvey.benchmarks.scorecard import score_vendors
from satsurvey.benchmarks.vendors import read_vendors
from satsurvey.errors import OutputError
from satsurvey.report.benchmark_schema import BENCHMARK_SCHEMA, PROMISE_JSON_SCHEMA, SCORECARD_JSON_SCHEMA
from satsurvey.report.benchmark_tables import (
    TABLES,
    benchmark_json,
    figure_table,
    grade_tables,
    value_text,
    write_benchmark,
)
from satsurvey.report.layout import Table
from satsurvey.report.scorecard_sheet import sheet_rows, write_template
from satsurvey.report.scorecard_tables import promise_json, promise_tables, scorecard_json, scorecard_tables
from satsurvey.report.terminal import render

EXAMPLES = Path(__file__).parents[2] / "examples" / "benchmark"
CHINESE = re.compile("[\u4e00-\u9fff]")


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
    assert "at the line" in text
    assert "1 s to excellent (30 s)" in text
    left = re.sub("云杉商城|南湖银行|接通率|own.csv", "", text)
    assert not CHINESE.search(left), CHINESE.findall(left)


def test_grades_in_chinese_say_grade_gap_and_source(grades: Grades) -> None:
    text = english(grade_tables(grades, "zh"))
    for words in (
        "优秀线 30 秒，差 1 秒",
        "区间跨线",
        "1.5 个百分点",
        "two-tier-2026：客服服务的两级基准",
        "证据低",
    ):
        assert words in text
    assert "满意率不是满意度指数，不可相比" in text
    assert "可能是小数比例，也可能是百分数" in text


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", sorted(TABLES))
def test_every_table_can_be_drawn(name: str, language: str, grades: Grades) -> None:
    table = TABLES[name](grades, language, most=None)  # type: ignore[arg-type]
    assert table.rows
    assert render(table, width=100, color=False)


def test_a_long_table_says_that_it_is_cut() -> None:
    frame = pd.DataFrame({"company": [f"c{k}" for k in range(60)], "metric": "fcr", "value": 70.0})
    table = grade_tables(grade(frame), "en")[0]
    assert len(table.rows) == 40
    assert "The first 40 of 60 rows; the other formats have all of them" in table.notes


def test_the_document_of_grades_fits_its_schema_and_keeps_full_precision(grades: Grades) -> None:
    document = json.loads(benchmark_json(grades, {"inputs": []}))
    assert list(faults(document, BENCHMARK_SCHEMA)) == []
    assert len(document["grades"]) == len(grades.frame)
    assert document["grades"][3]["ci_low"] == grades.frame["ci_low"][3]
    assert {source["id"] for source in document["sources"]} >= set(grades.lines["source"])
    assert document["unusable"][0]["reason"] == "ambiguous_rate"
    assert document["ledger"]["adds_up"]


def test_a_folder_of_grades_is_written_whole_and_not_over_another(grades: Grades, tmp_path: Path) -> None:
    out = tmp_path / "out"
    written = write_benchmark(grades, out, provenance={"inputs": []})
    assert {path.name for path in written} == {
        "grades.csv", "lines.csv", "refused.csv", "unusable.csv", "benchmark.json", "manifest.json",
    }  # fmt: skip
    assert len(pd.read_csv(out / "lines.csv")) == len(grades.lines)
    assert json.loads((out / "manifest.json").read_text(encoding="utf-8"))["schema"] == (
        "satsurvey.benchmark-manifest/1"
    )
    with pytest.raises(OutputError, match="not empty"):
        write_benchmark(grades, out, provenance={})


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
    document = json.loads(scorecard_json(result, {}))
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
    document = json.loads(promise_json(test, {}))
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
