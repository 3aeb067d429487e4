"""The workbook in which people label comments: drop-downs for label and aspects, and how to label."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from satsurvey.errors import OutputError
from satsurvey.instrument.model import Language
from satsurvey.report.cells import printable
from satsurvey.report.labels import label
from satsurvey.report.writing import write_file
from satsurvey.text import readings
from satsurvey.text.labelled import ASPECT_WORDS
from satsurvey.text.sample_weights import SAMPLE_HEADINGS, WEIGHT_SHEET
from satsurvey.text.sampling import LabellingSample

EXCEL_TEXT = 32_767
LABEL_CHOICES = ("负面", "中性", "正面", "褒贬", "无")
"""What stands in the drop-down for the label, in the order of the labels."""
ASPECT_CHOICES = ("好", "差", "好坏都有")

_HEADINGS = {
    "id": SAMPLE_HEADINGS["id"],
    "file": "文件",
    "row": "行号",
    "column": "题目",
    "industry": "行业",
    "company": "企业",
    "text": "文本",
}
_WIDTHS = {"编号": 8, "文件": 16, "行号": 8, "题目": 10, "行业": 12, "企业": 18, "文本": 60, "标签": 10}
_RULES = (
    "标签一列必填，从下拉列表中选：",
    "  正面：整体上说好；好的事实也算，如“一打就通”。问不满意的地方而答“没有不满意的”也是正面。",
    "  负面：整体上说不好；不好的事实也算，如“打了八遍”。抱怨现状的愿望也是负面。反话按实际意思。",
    "  中性：有内容，但说不上好坏：单纯的建议、事实、一般。",
    "  褒贬：有好有坏，两样都当真。只是客气地让一步的不算。",
    "  无：没有回答：没有、无、不知道、挂了、听不清。",
    "各方面的列可以不填；评论说到这一方面时选：好、差、好坏都有。只有总体评价时都不填。",
    "没有把握的行可以先空着；没有标签的行不会被读取。",
    "个人信息已经遮盖。此表按预测标签和企业分层抽取，其中的比例不是全部评论的比例。",
    "行可以排序、筛选；编号一列和文件格式（.xlsx）请保留：评估时按编号找回每行的权数，结果才是全部评论的结果。",
)


def write_labelling_sheet(sample: LabellingSample, path: Path, *, force: bool = False) -> Path:
    """Write a sample of comments as a workbook to be filled in.

    The first sheet has a number for every comment, where it stands, the comment (as text, whatever it begins
    with), an empty column 标签 with a drop-down, and an empty column for every aspect; the second says how to
    label, and how many comments of every predicted label there were; a hidden one has the weight of every
    number, which would tell who labels what was predicted. When the sheet has been filled in,
    `satsurvey.text.labelled.read_labelled` reads it, and `satsurvey.text.sample_weights.sample_weights` finds
    the weights.

    Raises
    ------
    OutputError
        The name does not end in .xlsx, or the file cannot be written.
    """
    if path.suffix.lower() != ".xlsx":
        raise OutputError("a labelling sheet is a workbook", file=path, expected="a name that ends in .xlsx")
    return write_file(path, lambda place: _write(sample, place), force=force)


def _write(sample: LabellingSample, place: Path) -> None:
    import xlsxwriter

    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    try:
        with xlsxwriter.Workbook(str(place), {**options, "in_memory": True}) as book:
            _write_labels(book, sample)
            _write_about(book, sample)
            _write_weights(book, sample)
    except xlsxwriter.exceptions.FileCreateError as exc:
        cause = exc.args[0] if exc.args else None
        raise (cause if isinstance(cause, OSError) else OSError(str(exc))) from exc


def _write_labels(book: Any, sample: LabellingSample) -> None:
    zh: Language = "zh"
    sheet = book.add_worksheet(label("sheet_labelling", zh))
    head = book.add_format({"bold": True, "bg_color": "#1F4E78", "font_color": "#FFFFFF", "border": 1})
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    top = book.add_format({"valign": "top"})
    frame = sample.frame.assign(id=range(1, len(sample.frame) + 1))
    given = [name for name in _HEADINGS if name in frame]
    aspects = [ASPECT_WORDS[name][0] for name in readings.ASPECTS]
    headings = [*(_HEADINGS[name] for name in given), "标签", *aspects]
    for k, heading in enumerate(headings):
        sheet.write_string(0, k, heading, head)
        sheet.set_column(k, k, _WIDTHS.get(heading, 10))
    n = len(frame)
    for k, name in enumerate(given):
        for row, value in enumerate(frame[name].tolist(), start=1):
            if name in {"id", "row"}:
                sheet.write_number(row, k, value, top)
            else:
                sheet.write_string(row, k, _cell(str(value)), wrapped if name == "text" else top)
    if n:
        at = len(given)
        sheet.data_validation(1, at, n, at, {"validate": "list", "source": list(LABEL_CHOICES)})
        sheet.data_validation(
            1, at + 1, n, at + len(aspects), {"validate": "list", "source": list(ASPECT_CHOICES)}
        )
        sheet.autofilter(0, 0, n, len(headings) - 1)
    sheet.freeze_panes(1, len(given))
    sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})


def _write_about(book: Any, sample: LabellingSample) -> None:
    sheet = book.add_worksheet(label("sheet_about_labelling", "zh"))
    sheet.set_column(0, 0, 100)
    for row, rule in enumerate(_RULES):
        sheet.write_string(row, 0, rule)
    row = len(_RULES) + 1
    sheet.write_string(row, 0, f"随机种子 {sample.seed}；各预测标签的不同评论数与抽取数：")
    for name, n, drawn in sample.strata.itertuples(index=False):
        row += 1
        sheet.write_string(row, 0, f"  {label(name, 'zh')}：{n:,} 条中抽取 {drawn:,} 条")


def _write_weights(book: Any, sample: LabellingSample) -> None:
    sheet = book.add_worksheet(WEIGHT_SHEET)
    sheet.very_hidden()
    for k, heading in enumerate((SAMPLE_HEADINGS["id"], SAMPLE_HEADINGS["weight"])):
        sheet.write_string(0, k, heading)
    for row, weight in enumerate(sample.weights.tolist(), start=1):
        sheet.write_number(row, 0, row)
        sheet.write_number(row, 1, weight)


def _cell(text: str) -> str:
    """Return a text as one cell can hold it; Excel counts characters beyond the first plane twice."""
    text = "\n".join(printable(line) for line in text.splitlines())
    kept = EXCEL_TEXT
    while len(text) + sum(character > "\uffff" for character in text) > EXCEL_TEXT:
        kept = kept - 1 - sum(character > "\uffff" for character in text[:kept]) // 2
        text = text[:kept]
    return text
