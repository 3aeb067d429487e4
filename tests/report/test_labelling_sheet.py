"""The labelling sheet: text cells, drop-downs, Chinese headings, and back again as labelled comments."""

from __future__ import annotations

import sys
from pathlib import Path

import openpyxl
import pytest

from satsurvey.errors import OutputError
from satsurvey.report.labelling_sheet import ASPECT_CHOICES, LABEL_CHOICES, write_labelling_sheet
from satsurvey.text.comments import read_comments
from satsurvey.text.labelled import ASPECT_WORDS, aspects_of, label_of, read_labelled
from satsurvey.text.readings import ASPECTS, LABELS
from satsurvey.text.sampling import LabellingSample, draw_sample
from satsurvey.text.table_comments import comments_of_files

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "text"))
from keyword_engine import KeywordEngine


@pytest.fixture
def sample(tmp_path: Path) -> LabellingSample:
    path = tmp_path / "t.csv"
    said = [
        "好",
        "=1+1慢",
        "等太久，电话13800138000",
        "没有",
        "慢" * 40_000,
        "一般",
        "http://a.cn 好",
        "1234好",
    ]
    path.write_text(
        "企业,行业,评论\n" + "".join(f"甲{k % 2},银行,{text}\n" for k, text in enumerate(said)),
        encoding="utf-8",
    )
    return draw_sample(read_comments(comments_of_files([path]), engine=KeywordEngine()), n=50)


def test_cells_are_text_and_never_formulas(sample: LabellingSample, tmp_path: Path) -> None:
    write_labelling_sheet(sample, tmp_path / "s.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "s.xlsx")["标注"]
    assert [cell.value for cell in sheet[1]][:7] == ["文件", "行号", "题目", "行业", "企业", "文本", "标签"]
    assert [cell.value for cell in sheet[1]][7:] == [ASPECT_WORDS[name][0] for name in ASPECTS]
    texts = {row[5].value: row[5] for row in sheet.iter_rows(min_row=2)}
    assert texts["=1+1慢"].data_type == "s"
    assert all(cell.data_type == "s" and cell.hyperlink is None for cell in texts.values())
    assert "等太久，电话[手机号]" in texts
    assert max(map(len, texts)) <= 32_767
    assert all(row[6].value is None for row in sheet.iter_rows(min_row=2))


def test_label_and_aspects_have_drop_downs_of_words_that_are_understood(
    sample: LabellingSample, tmp_path: Path
) -> None:
    write_labelling_sheet(sample, tmp_path / "s.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "s.xlsx")["标注"]
    found = {str(rule.sqref): rule.formula1 for rule in sheet.data_validations.dataValidation}
    assert found == {"G2:G9": '"负面,中性,正面,褒贬,无"', "H2:Q9": '"好,差,好坏都有"'}
    assert [label_of(word) for word in LABEL_CHOICES] == list(range(len(LABELS)))
    assert len(ASPECT_CHOICES) == 3
    assert aspects_of("接入便利-") is not None


def test_a_sheet_that_was_filled_in_is_read_back(sample: LabellingSample, tmp_path: Path) -> None:
    path = tmp_path / "s.xlsx"
    write_labelling_sheet(sample, path)
    book = openpyxl.load_workbook(path)
    sheet = book["标注"]
    for row in sheet.iter_rows(min_row=2, max_row=6):
        row[6].value = "负面"
        row[7].value = "差"
        row[13].value = "好坏都有"
    book.save(path)
    found = read_labelled(path)
    assert len(found) == 5
    assert found.n_unlabelled == 3
    assert set(found.labels.tolist()) == {0}
    price = ASPECTS.index("price")
    assert found.aspects is not None
    assert set(found.aspects) == {frozenset({(0, -1), (price, 1), (price, -1)})}
    assert found.defects == ()


def test_the_second_sheet_says_how_to_label_and_what_was_drawn(
    sample: LabellingSample, tmp_path: Path
) -> None:
    write_labelling_sheet(sample, tmp_path / "s.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "s.xlsx")["说明"]
    text = "\n".join(str(row[0].value) for row in sheet.iter_rows() if row[0].value)
    assert "随机种子 20191" in text
    assert "无内容：1 条中抽取 1 条" in text


def test_names_that_are_no_workbook_and_taken_names_are_refused(
    sample: LabellingSample, tmp_path: Path
) -> None:
    with pytest.raises(OutputError, match="a labelling sheet is a workbook"):
        write_labelling_sheet(sample, tmp_path / "s.csv")
    (tmp_path / "s.xlsx").write_bytes(b"")
    with pytest.raises(OutputError, match="the file is there already"):
        write_labelling_sheet(sample, tmp_path / "s.xlsx")
    write_labelling_sheet(sample, tmp_path / "s.xlsx", force=True)
    with pytest.raises(OutputError, match="the folder does not exist"):
        write_labelling_sheet(sample, tmp_path / "none" / "s.xlsx")
