"""The labelling sheet: text cells, drop-downs, Chinese headings, and back again as labelled comments."""

from __future__ import annotations

import sys
from pathlib import Path

import openpyxl
import pytest

from satsurvey.errors import OutputError
from satsurvey.report.catalogue import translated
from satsurvey.report.labelling_sheet import ASPECT_CHOICES, LABEL_CHOICES, write_labelling_sheet
from satsurvey.text.comments import read_comments
from satsurvey.text.labelled import ASPECT_WORDS, aspects_of, label_of, read_labelled
from satsurvey.text.readings import ASPECTS, LABELS
from satsurvey.text.sample_weights import sample_weights
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
    assert [cell.value for cell in sheet[1]][:8] == [
        *("编号", "文件", "行号", "题目", "行业", "企业", "文本", "标签")
    ]
    assert [cell.value for cell in sheet[1]][8:] == [ASPECT_WORDS[name][0] for name in ASPECTS]
    texts = {row[6].value: row[6] for row in sheet.iter_rows(min_row=2)}
    assert texts["=1+1慢"].data_type == "s"
    assert all(cell.data_type == "s" and cell.hyperlink is None for cell in texts.values())
    assert "等太久，电话[手机号]" in texts
    assert max(map(len, texts)) <= 32_767
    assert all(row[7].value is None for row in sheet.iter_rows(min_row=2))


def test_label_and_aspects_have_drop_downs_of_words_that_are_understood(
    sample: LabellingSample, tmp_path: Path
) -> None:
    write_labelling_sheet(sample, tmp_path / "s.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "s.xlsx")["标注"]
    found = {str(rule.sqref): rule.formula1 for rule in sheet.data_validations.dataValidation}
    assert found == {"H2:H9": '"负面,中性,正面,褒贬,无"', "I2:R9": '"好,差,好坏都有"'}
    assert [label_of(word) for word in LABEL_CHOICES] == list(range(len(LABELS)))
    assert len(ASPECT_CHOICES) == 3
    assert aspects_of("接入便利-") is not None


def test_a_sheet_that_was_filled_in_is_read_back(sample: LabellingSample, tmp_path: Path) -> None:
    path = tmp_path / "s.xlsx"
    write_labelling_sheet(sample, path)
    book = openpyxl.load_workbook(path)
    sheet = book["标注"]
    for row in sheet.iter_rows(min_row=2, max_row=6):
        row[7].value = "负面"
        row[8].value = "差"
        row[14].value = "好坏都有"
    book.save(path)
    found = read_labelled(path)
    assert len(found) == 5
    assert found.n_unlabelled == 3
    assert set(found.labels.tolist()) == {0}
    price = ASPECTS.index("price")
    assert found.aspects is not None
    assert set(found.aspects) == {frozenset({(0, -1), (price, 1), (price, -1)})}
    assert found.defects == ()


def filled(sample: LabellingSample, path: Path, *, sort: bool = False, drop: str = "") -> dict[str, float]:
    """Write a sheet with every label filled in; return the weights by text."""
    write_labelling_sheet(sample, path)
    book = openpyxl.load_workbook(path)
    sheet = book["标注"]
    headings = [cell.value for cell in sheet[1]]
    text, label = headings.index("文本"), headings.index("标签")
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)]
    if sort:
        rows.sort(key=lambda row: str(row[text]))
    for k, row in enumerate(rows, start=2):
        row[label] = "负面" if k % 3 else None
        for column, value in enumerate(row, start=1):
            sheet.cell(k, column).value = value
    if drop:
        del book[drop]
    book.save(path)
    return {row[text]: sample.weights[row[0] - 1] for row in rows}


def test_weights_are_found_again_and_the_sheet_does_not_show_them(tmp_path: Path) -> None:
    said = [f"第{k}次好" for k in range(60)] + ["慢", "等太久", "没有"]
    drawn = draw_sample(read_comments(said, engine=KeywordEngine()), n=12)
    assert len(set(drawn.weights)) == 2
    for sort in (False, True):
        path = tmp_path / f"s{sort}.xlsx"
        expected = filled(drawn, path, sort=sort)
        found = read_labelled(path)
        weights = sample_weights(path, found)
        assert weights.note == ""
        assert weights.weights is not None
        assert weights.weights.tolist() == pytest.approx([expected[text] for text in found.texts])
    book = openpyxl.load_workbook(path)
    assert book["抽样"].sheet_state == "veryHidden"
    shown = [
        cell.value for sheet in (book["标注"], book["说明"]) for row in sheet.iter_rows() for cell in row
    ]
    assert not {value for value in shown if isinstance(value, float)}
    numbers = [
        row[0].value for row in openpyxl.load_workbook(tmp_path / "sFalse.xlsx")["标注"].iter_rows(min_row=2)
    ]
    assert numbers == list(range(1, 13))


def test_lost_weights_are_told(tmp_path: Path) -> None:
    said = [f"第{k}次好" for k in range(60)] + ["慢", "等太久", "没有"]
    drawn = draw_sample(read_comments(said, engine=KeywordEngine()), n=12)
    path = tmp_path / "s.xlsx"
    filled(drawn, path, drop="抽样")
    lost = sample_weights(path, read_labelled(path))
    assert lost.weights is None
    assert lost.note.startswith("the sheet was drawn by predicted label and its weights are lost")
    assert "权数已丢失" in translated(lost.note, "zh")
    book = openpyxl.load_workbook(path)
    lines = [",".join("" if cell.value is None else str(cell.value) for cell in row) for row in book["标注"]]
    (tmp_path / "s.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    as_csv = tmp_path / "s.csv"
    assert sample_weights(as_csv, read_labelled(as_csv)) == lost
    path = tmp_path / "more.xlsx"
    filled(drawn, path)
    book = openpyxl.load_workbook(path)
    headings = [cell.value for cell in book["标注"][1]]
    for heading, value in (("编号", 99), ("文本", "加上的"), ("标签", "负面")):
        book["标注"].cell(20, headings.index(heading) + 1).value = value
    book.save(path)
    strange = sample_weights(path, read_labelled(path))
    assert strange.weights is None
    assert strange.note.startswith("labelled rows that were not drawn: 1; ")
    assert "1 行" in translated(strange.note, "zh")


def test_a_table_that_is_no_sample_has_no_weights_and_says_nothing(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text("文本,标签\n好,正面\n慢,负面\n", encoding="utf-8")
    found = sample_weights(path, read_labelled(path))
    assert found.weights is None
    assert found.note == ""


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
