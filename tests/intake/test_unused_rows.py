"""Interviews that could not be used are findings with their rows, as the ledger counts them."""

from pathlib import Path

import openpyxl
import pandas as pd
import pyreadstat
import pytest

from satsurvey.errors import OutputError, ReadError
from satsurvey.intake.checks import check
from satsurvey.intake.reading import read_responses
from satsurvey.report.set_aside import write_set_aside


def found(path: Path) -> dict[str, list[int]]:
    report = check(read_responses([path]))
    return {finding.rule: finding.rows.tolist() for finding in report.findings}


def test_rows_without_company_answers_weight_or_cells_are_named(tmp_path: Path) -> None:
    path = tmp_path / "e.csv"
    path.write_text(
        "企业名称,A1,A2,权重\n甲,9,8,1\n,9,8,1\n甲,,,1\n甲,9,8,-1\n甲,9\n合计,18,16,2\n", encoding="utf-8"
    )
    rules = found(path)
    assert rules["no_company"] == [3]
    assert rules["no_answers"] == [4]
    assert rules["bad_weight"] == [5]
    assert rules["unreadable"] == [6]
    assert rules["total_row"] == [7]


def test_illegal_answers_of_an_interview_set_aside_for_them_are_named(tmp_path: Path) -> None:
    path = tmp_path / "e.csv"
    path.write_text("企业名称,A1,A2\n甲,9,8\n乙,90,80\n", encoding="utf-8")
    assert found(path)["out_of_range"] in ([3], [3, 3])


def test_a_subtotal_behind_a_name_is_no_interview_and_a_total_beside_a_company_is_one(tmp_path: Path) -> None:
    path = tmp_path / "e.csv"
    path.write_text("企业名称,行业,A1\n甲,全部,9\n甲 合计,全部,9\n乙,全部,8\n", encoding="utf-8")
    responses = read_responses([path])
    assert responses.company.names == ("乙", "甲")
    assert responses.ledger.set_aside == {"total_row": 1}


def test_merged_cells_give_their_value_to_every_row(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["企业名称", "A1"], ["甲", 9], [None, 8], [None, 7], ["乙", 6]):
        sheet.append(row)
    sheet.merge_cells("A2:A4")
    book.save(tmp_path / "e.xlsx")
    responses = read_responses([tmp_path / "e.xlsx"])
    assert responses.company.texts() == ["甲", "甲", "甲", "乙"]
    assert any("merged cells span several rows" in note for note in responses.notes)


def test_names_are_the_labels_that_a_statistics_file_gives(tmp_path: Path) -> None:
    frame = pd.DataFrame({"company": [1.0, 2.0, 2.0], "A1": [9.0, 8.0, 7.0]})
    pyreadstat.write_sav(
        frame, str(tmp_path / "e.sav"), variable_value_labels={"company": {1.0: "甲公司", 2.0: "乙公司"}}
    )
    assert read_responses([tmp_path / "e.sav"]).company.texts() == ["甲公司", "乙公司", "乙公司"]


def test_further_words_of_the_five_point_scale_are_read(tmp_path: Path) -> None:
    path = tmp_path / "e.csv"
    path.write_text(
        "企业名称,A1\n甲,很满意\n甲,比较满意\n甲,一般\n甲,不太满意\n甲,很不满意\n", encoding="utf-8"
    )
    assert read_responses([path]).item("A1").tolist() == [4, 3, 2, 1, 0]


def test_a_file_given_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "e.csv"
    path.write_text("企业名称,A1\n甲,9\n", encoding="utf-8")
    with pytest.raises(ReadError, match="given twice"):
        read_responses([path, path])


def test_rows_set_aside_are_never_written_over_their_export(tmp_path: Path) -> None:
    path = tmp_path / "e.csv"
    path.write_text("企业名称,A1\n甲,9\n,8\n", encoding="utf-8")
    before = path.read_bytes()
    with pytest.raises(OutputError, match="would overwrite an export"):
        write_set_aside(read_responses([path]), path, force=True)
    assert path.read_bytes() == before
