from __future__ import annotations

from satsurvey.intake.formats.codebook import is_code_book, read_code_book

BOOK = [
    ["调查代码表", "", "", ""],
    ["题号", "题目", "编码", "含义"],
    ["Q1", "总体满意度", "10", "非常满意"],
    ["", "", "1", "非常不满意"],
    ["", "", "98", "不知道"],
    ["Ｑ2", "", "1", "是"],
    ["Q2", "", "1", "否"],
    ["", "", "2", ""],
    ["备注"],
]


def test_code_book_is_known_by_its_three_columns() -> None:
    assert is_code_book(BOOK)
    assert is_code_book([["Variable", "Value", "Label"]])
    assert not is_code_book([["题号", "编码"], ["Q1", "10"]])
    assert not is_code_book([["企业", "行业", "Q1"], ["甲", "银行", "10"]])
    assert not is_code_book([])


def test_labels_go_to_the_variable_above_them() -> None:
    book = read_code_book(BOOK)
    assert book.value_labels == {
        "q1": {"10": "非常满意", "1": "非常不满意", "98": "不知道"},
        "q2": {"1": "是"},
    }
    assert book.questions == {"q1": "总体满意度"}
    assert book.conflicts == 1
    assert dict(book.names) == {"q1": "Q1", "q2": "Ｑ2", "备注": "备注"}


def test_sheet_without_a_code_book_gives_nothing() -> None:
    assert not read_code_book([["企业", "Q1"]]).names
