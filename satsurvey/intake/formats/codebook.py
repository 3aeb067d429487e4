"""Code-book sheets of a workbook: which sheet is one, and the labels it gives to the codes of columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from satsurvey.intake.formats.headings import FURTHEST, normalise_heading

VARIABLE = frozenset(
    {
        "变量",
        "变量名",
        "变量名称",
        "变量代码",
        "题号",
        "题目编号",
        "问题编号",
        "字段",
        "字段名",
        "字段名称",
        "列名",
    }
    | {"variable", "variable_name", "variable name", "var", "field", "field_name", "field name", "column"}
    | {"column_name", "column name", "question_code", "question code", "item"}
)
CODE = frozenset(
    {"编码", "代码", "值", "取值", "数值", "选项编码", "选项代码", "选项值", "编码值", "变量值"}
    | {"code", "codes", "value", "values", "option_code", "option code"}
)
LABEL = frozenset(
    {"标签", "值标签", "取值标签", "编码含义", "代码含义", "含义", "选项", "选项内容", "选项文字", "选项标签"}
    | {"label", "labels", "value_label", "value label", "meaning", "option", "option_label", "option label"}
)
QUESTION = frozenset(
    {"题目", "题干", "题目内容", "问题", "问题内容", "变量标签", "变量含义", "字段含义"}
    | {"question", "question_text", "question text", "variable_label", "variable label"}
)


@dataclass(frozen=True)
class CodeBook:
    """What a code-book sheet says.

    Attributes
    ----------
    value_labels
        Normalised heading of a column to the labels of its codes.
    questions
        Normalised heading of a column to its question.
    names
        Normalised heading to the name as the sheet has it.
    conflicts
        Codes that the sheet labels twice, differently; the first label holds.
    """

    value_labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    questions: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    conflicts: int = 0


@dataclass(frozen=True)
class _Layout:
    heading: int
    variable: int
    code: int
    label: int
    question: int | None


def is_code_book(rows: Sequence[Sequence[str]]) -> bool:
    """Say whether the first rows of a sheet head a code book: columns for variable, code and label."""
    return _layout(rows) is not None


def read_code_book(rows: Sequence[Sequence[str]]) -> CodeBook:
    """Read the labels of a code-book sheet.

    Parameters
    ----------
    rows
        All rows of the sheet as text. A blank variable cell repeats the one above it, as merged cells do.

    Returns
    -------
    CodeBook
        Empty when the sheet is none.
    """
    layout = _layout(rows)
    if layout is None:
        return CodeBook()
    labels: dict[str, dict[str, str]] = {}
    questions: dict[str, str] = {}
    names: dict[str, str] = {}
    conflicts = 0
    current = ""
    for row in rows[layout.heading + 1 :]:
        name, code, label = (_cell(row, place) for place in (layout.variable, layout.code, layout.label))
        if name:
            current = normalise_heading(name)
            names.setdefault(current, name)
        if not current:
            continue
        question = _cell(row, layout.question)
        if question:
            questions.setdefault(current, question)
        if code and label and labels.setdefault(current, {}).setdefault(code, label) != label:
            conflicts += 1
    return CodeBook(labels, questions, names, conflicts)


def _layout(rows: Sequence[Sequence[str]]) -> _Layout | None:
    for position, row in enumerate(rows[:FURTHEST]):
        heads = [normalise_heading(cell) for cell in row]
        places = [_place(heads, names) for names in (VARIABLE, CODE, LABEL)]
        variable, code, label = places
        if variable is None or code is None or label is None:
            continue
        return _Layout(position, variable, code, label, _place(heads, QUESTION))
    return None


def _place(heads: Sequence[str], names: frozenset[str]) -> int | None:
    return next((place for place, head in enumerate(heads) if head in names), None)


def _cell(row: Sequence[str], place: int | None) -> str:
    return row[place].strip() if place is not None and place < len(row) else ""
