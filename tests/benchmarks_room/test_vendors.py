"""What is known of vendors: the three kinds of file, and cells that cannot be understood."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import openpyxl
import pytest

from satsurvey.benchmarks.indicators import load_scorecard
from satsurvey.benchmarks.vendors import VendorsError, read_vendors

DESIGN = load_scorecard()


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_the_design_has_the_ten_indicators_in_the_order_of_the_source() -> None:
    assert DESIGN.codes == (
        "response", "quality", "expertise", "business_gain", "transparency", "cost", "stability",
        "compliance", "omnichannel", "emergency",
    )  # fmt: skip
    assert [i.code for i in DESIGN.indicators if i.tests] == ["response", "quality", "cost", "stability"]
    assert [i.code for i in DESIGN.indicators if i.gates] == ["compliance"]
    assert len(DESIGN.traps) == 3
    assert len(set(DESIGN.inputs)) == len(DESIGN.inputs) == len(set(DESIGN.names().values()))


def test_every_line_of_the_scorecard_is_a_published_figure() -> None:
    from satsurvey.benchmarks.figures import load_figures

    figures = {figure.id: figure for figure in load_figures()}
    for indicator in DESIGN.indicators:
        for test in indicator.tests:
            assert figures[test.figure].line == test.value
            assert test.code.startswith(figures[test.figure].metric)


def test_a_row_per_vendor_and_a_row_per_input_and_toml_say_the_same(tmp_path: Path) -> None:
    rows = written(
        tmp_path,
        "rows.csv",
        "服务商,csat_rate,高峰接通率,iso_27001,行业专业度\n甲,91%,98.4%,是,80\n乙,0.9%,,否,\n",
    )
    columns = written(
        tmp_path,
        "columns.csv",
        "代码,指标,甲,乙\ncsat_rate,x,91,0.9%\nanswer_rate_peak,x,98.4,\niso_27001,,有,无\nexpertise,,80,\n",
    )
    toml = written(
        tmp_path,
        "v.toml",
        'schema = "satsurvey.vendors/1"\n[[vendors]]\nname = "甲"\ncsat_rate = 91\nanswer_rate_peak = 98.4\n'
        'iso_27001 = true\nexpertise = 80\n[[vendors]]\nname = "乙"\ncsat_rate = "0.9%"\niso_27001 = false\n',
    )
    frames = [read_vendors(path).frame for path in (rows, columns, toml)]
    for frame in frames:
        assert frame["vendor"].tolist() == ["甲", "乙"]
        assert frame["csat_rate"].tolist() == [91, 0.9]
        assert frame["iso_27001"].tolist() == [1, 0]
        np.testing.assert_array_equal(frame["expertise"], [80, np.nan])
        np.testing.assert_array_equal(frame["answer_rate_peak"], [98.4, np.nan])


@pytest.mark.parametrize(
    ("column", "cell", "words"),
    [
        ("csat_rate", "0.95", "share of 1 or a percentage"),
        ("csat_rate", "九成", "is no number"),
        ("csat_rate", "120%", "impossible"),
        ("avg_human_response_time", "=30", "is no number"),
        ("service_hours", "全天", "no number of hours"),
        ("service_hours", "184.8", "more than a week"),
        ("expertise", "优", "no judgement of 0 to 100"),
        ("expertise", "101", "no judgement of 0 to 100"),
        ("iso_27001", "办理中", "neither yes nor no"),
    ],
)
def test_a_cell_that_cannot_be_understood_is_missing_and_listed(
    column: str, cell: str, words: str, tmp_path: Path
) -> None:
    found = read_vendors(written(tmp_path, "v.csv", f"vendor,{column}\n甲,{cell}\n"))
    assert np.isnan(found.frame[column][0])
    (problem,) = found.problems.to_dict("records")
    assert words in problem["what"]
    assert (problem["vendor"], problem["input"], problem["value"], problem["place"]) == (
        "甲", column, cell, "row 2",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("column", "cell", "value"),
    [
        ("service_hours", "168", 168), ("service_hours", "7*24小时", 168),
        ("seat_scaling_time", "2天", 48), ("seat_scaling_time", "24小时", 24),
        ("seat_scaling_time", "90分钟", 1.5),
        ("avg_human_response_time", "1分钟", 60), ("cost_reduction_vs_inhouse", "-5%", -5),
        ("price_only", "否", 0), ("no_industry_fit", "有", 1), ("expertise", "0", 0),
    ],
)  # fmt: skip
def test_facts_are_read_in_the_unit_of_their_line(
    column: str, cell: str, value: float, tmp_path: Path
) -> None:
    found = read_vendors(written(tmp_path, "v.csv", f"vendor,{column}\n甲,{cell}\n"))
    assert found.frame[column].tolist() == [value]
    assert len(found.problems) == 0


def test_a_test_that_applies_to_nobody_is_left_out_and_to_some_is_missing(tmp_path: Path) -> None:
    text = "vendor,avg_human_response_time_promotion,csat_rate\n甲,不适用,91\n乙,不适用,不适用\n"
    found = read_vendors(written(tmp_path, "v.csv", text))
    assert found.not_applicable == ("avg_human_response_time_promotion",)
    assert any("csat_rate does not apply to 乙" in note for note in found.notes)


def test_columns_and_rows_that_are_no_input_are_told(tmp_path: Path) -> None:
    found = read_vendors(written(tmp_path, "v.csv", "vendor,csat_rat,csat_rate\n甲,1,91\n"))
    assert found.notes == (
        "column 'csat_rat' is no input of the scorecard and was not used; nearest: csat_rate",
    )
    rows = read_vendors(
        written(tmp_path, "c.csv", "code,甲,乙\ncsat_rate,91,\nexpertize,80,\ncsat_rate,90,\n")
    )
    assert rows.names == ("甲",)
    assert any("nearest: expertise" in note for note in rows.notes)
    assert any("row 4: 'csat_rate' stands for an input that is there already" in note for note in rows.notes)
    assert "the column 乙 is empty and was left out" in rows.notes
    assert rows.frame["csat_rate"].tolist() == [91]


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("v.csv", "vendor,csat_rate\n甲,91\n甲,92\n", "row 3: a vendor needs a name of its own"),
        ("v.csv", "vendor,csat_rate\n,91\n", "row 2: a vendor needs a name of its own"),
        ("v.csv", "vendor,x\n甲,91\n", "no vendor has an input that is known"),
        ("v.csv", "code,甲,甲\ncsat_rate,1,2\n", "a vendor needs a name of its own"),
        ("v.csv", "code,甲\ncsat_rate,\n", "the sheet is not filled in"),
        ("v.toml", "x = 1\n", 'schema: this must be "satsurvey.vendors/1"'),
        (
            "v.toml",
            'schema = "satsurvey.vendors/1"\n[[vendors]]\nname = "甲"\ncsat_rat = 1\n',
            "nearest: csat_rate",
        ),
        ("v.toml", 'schema = "satsurvey.vendors/1"\nvendors = 3\n', "must be a list of tables"),
        ("v.toml", 'schema = "satsurvey.vendors/1"\n', "must be a list of tables"),
    ],
)
def test_files_of_vendors_that_cannot_be_used_are_refused(
    name: str, text: str, words: str, tmp_path: Path
) -> None:
    with pytest.raises(VendorsError) as caught:
        read_vendors(written(tmp_path, name, text))
    assert words in str(caught.value)


def test_too_many_vendors_are_no_comparison(tmp_path: Path) -> None:
    text = "vendor,csat_rate\n" + "".join(f"v{k},91\n" for k in range(201))
    with pytest.raises(VendorsError, match="1 to 200 vendors"):
        read_vendors(written(tmp_path, "v.csv", text))


def test_numbers_and_flags_of_a_workbook_are_read(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["代码", "甲"])
    for row in (["csat_rate", 91.5], ["iso_27001", True], ["service_hours", 168], ["expertise", "=40+40"]):
        book.active.append(row)
    book.save(tmp_path / "v.xlsx")
    found = read_vendors(tmp_path / "v.xlsx")
    assert found.frame[["csat_rate", "iso_27001", "service_hours"]].values.tolist() == [[91.5, 1, 168]]
    assert np.isnan(found.frame["expertise"][0])
    assert any("formula without a stored result" in note for note in found.notes)
