"""Comments are found in exports and in any other table, and every one knows where it stands."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from satsurvey.errors import ColumnsError, MethodError, ReadError
from satsurvey.instrument.library import load_instrument
from satsurvey.intake.reading import read_responses
from satsurvey.text.collecting import (
    comments_of_files,
    comments_of_responses,
    comments_of_texts,
    has_comments,
    is_survey,
    respondent_scores,
)


def written(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


@pytest.fixture
def survey(tmp_path: Path) -> Path:
    return written(
        tmp_path / "s.csv",
        "企业名称,行业,A1,A2,V1、最满意的地方,V2,备注\n"
        "甲,银行,10,8,态度好,没有,x\n乙,银行,5,,,太慢,y\n合计,,,,,,\n甲,银行,97,97,好,差,z\n",
        "gb18030",
    )


def test_comments_of_a_survey_are_those_its_instrument_declares(survey: Path) -> None:
    responses = read_responses([survey])
    assert has_comments(responses)
    found = comments_of_responses(responses)
    assert [question.name for question in found.questions] == ["V1", "V2"]
    assert found.questions[0].heading == "V1、最满意的地方"
    n = len(responses)
    assert found.texts.to_pylist()[:n][0] == "态度好"
    assert found.row.tolist() == [*responses.row.tolist(), *responses.row.tolist()]
    assert found.respondent.tolist() == [*range(n), *range(n)]
    assert found.question.tolist() == [0] * n + [1] * n
    assert found.company is not None
    assert found.company.texts()[:2] == ["甲", "乙"]
    assert found.missing.tolist()[:2] == [False, True]


def test_a_respondents_score_is_the_mean_of_the_items_answered(survey: Path) -> None:
    responses = read_responses([survey])
    scores = respondent_scores(responses)
    # share_of_max on 1-10: 10 and 8 are 100 and 80; one answer of 5 is 50.
    assert scores[:2].tolist() == [90.0, 50.0]
    found = comments_of_responses(responses)
    assert found.score is not None
    assert found.score[:2].tolist() == found.score[len(responses) :][:2].tolist() == [90.0, 50.0]


def test_any_column_of_a_survey_can_be_named(survey: Path) -> None:
    responses = read_responses([survey])
    found = comments_of_responses(responses, columns=["备注", "v2"])
    assert [question.name for question in found.questions] == ["备注", "V2"]
    rows = dict(zip(found.row.tolist(), found.texts.to_pylist(), strict=False))
    assert rows[2] in {"x", "没有"}
    assert found.texts.to_pylist()[: len(responses)][:2] == ["x", "y"]
    with pytest.raises(ColumnsError, match="no column is called '心得'"):
        comments_of_responses(responses, columns=["心得"])


def test_a_survey_without_comments_says_which_headings_it_has(tmp_path: Path) -> None:
    path = written(tmp_path / "s.csv", "company,A1\n甲,9\n乙,8\n")
    responses = read_responses([path])
    assert not has_comments(responses)
    with pytest.raises(ColumnsError, match="no column is known to hold comments") as caught:
        comments_of_responses(responses)
    assert caught.value.value == "company, A1"
    assert caught.value.next_step == "name the column with --column"


def test_a_column_known_by_its_heading_is_used_and_named(tmp_path: Path) -> None:
    path = written(tmp_path / "s.csv", "company,A1,留言\n甲,9,好\n乙,8,差\n")
    found = comments_of_responses(read_responses([path]))
    assert found.texts.to_pylist() == ["好", "差"]
    assert found.notes[0] == "the column 留言 was read as comments, by its heading"


@pytest.mark.parametrize("heading", ["评论", "意见", "建议", "留言", "Comment", "text"])
def test_a_plain_table_needs_no_study_file(heading: str, tmp_path: Path) -> None:
    path = written(tmp_path / "p.csv", f"编号,{heading},企业\n7,态度好,甲\n8,,甲\n9,“太慢”,乙\n")
    found = comments_of_files([path])
    assert found.texts.to_pylist() == ["态度好", "", "“太慢”"]
    assert found.row.tolist() == [2, 3, 4]
    assert found.company is not None
    assert found.company.texts() == ["甲", "甲", "乙"]
    assert found.industry is None
    assert found.notes == (f"the column {heading} was read as comments, by its heading",)
    assert found.ledger.rows_read == found.ledger.rows_used == 3


def test_a_table_of_one_column_is_read_whatever_its_heading(tmp_path: Path) -> None:
    path = written(tmp_path / "p.csv", "客户说了什么\n态度好\n太慢\n")
    found = comments_of_files([path])
    assert found.texts.to_pylist() == ["态度好", "太慢"]
    assert found.row.tolist() == [2, 3]


def test_several_columns_and_files_are_read_question_by_question(tmp_path: Path) -> None:
    first = written(tmp_path / "a.csv", "x,y\n一,二\n三,四\n")
    second = written(tmp_path / "b.csv", "y,x\n五,六\n")
    found = comments_of_files([first, second], columns=["x", "y"])
    assert [question.name for question in found.questions] == ["x", "y"]
    assert found.texts.to_pylist() == ["一", "三", "六", "二", "四", "五"]
    assert found.file.tolist() == [0, 0, 1, 0, 0, 1]
    assert found.respondent.tolist() == [0, 1, 2, 0, 1, 2]
    assert found.row.tolist() == [2, 3, 2, 2, 3, 2]


def test_workbooks_and_parquet_are_read_too(tmp_path: Path) -> None:
    frame = pd.DataFrame({"评论": ["好", None], "行业": ["银行", "保险"]})
    frame.to_excel(tmp_path / "p.xlsx", index=False)
    frame.to_parquet(tmp_path / "p.parquet")
    for name in ("p.xlsx", "p.parquet"):
        found = comments_of_files([tmp_path / name])
        assert found.texts.to_pylist()[0] == "好"
        assert found.missing.tolist() == [False, True]
        assert found.industry is not None
        assert found.industry.texts() == ["银行", "保险"]


def test_tables_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "p.csv", "a,b\n1,2\n")
    with pytest.raises(ColumnsError, match="no column is known to hold comments"):
        comments_of_files([path])
    with pytest.raises(ColumnsError, match="no column is called 'c'"):
        comments_of_files([path], columns=["c"])
    with pytest.raises(MethodError, match="a column was named twice"):
        comments_of_files([path], columns=["a", "A"])
    twice = written(tmp_path / "t.csv", "a,a\n1,2\n")
    with pytest.raises(ColumnsError, match="several columns have the heading 'a'"):
        comments_of_files([twice], columns=["a"])
    with pytest.raises(ReadError, match="there is no such file"):
        comments_of_files([tmp_path / "none.csv"])


def test_an_export_of_the_survey_is_told_from_any_other_table(survey: Path, tmp_path: Path) -> None:
    instrument = load_instrument("contact-centre-22")
    assert is_survey(survey, instrument, encoding=None, sheet=None)
    plain = written(tmp_path / "p.csv", "企业,评论\n甲,好\n")
    assert not is_survey(plain, instrument, encoding=None, sheet=None)


def test_plain_texts_are_comments_with_places_from_one() -> None:
    found = comments_of_texts(["好", None, "\ud800半"])
    assert found.row.tolist() == [1, 2, 3]
    assert found.missing.tolist() == [False, True, False]
    assert [first for first, _ in found.batches(2)] == [0, 2]
    assert np.unique(found.question).tolist() == [0]
