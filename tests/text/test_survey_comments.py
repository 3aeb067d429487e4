"""Comments are found in exports of surveys, and every one knows its respondent and row."""

from __future__ import annotations

from pathlib import Path

import pytest

from satsurvey.errors import ColumnsError, MethodError
from satsurvey.instrument.library import load_instrument
from satsurvey.intake.reading import read_responses
from satsurvey.text.survey_comments import (
    comments_of_responses,
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


@pytest.mark.parametrize(
    "columns",
    [
        *(
            ["V1", "V1"],
            ["V1", "v1"],
            ["V1", "V2", "V1、最满意的地方"],
            ["备注", "备注"],
            ["备注", "V1", "　备注"],
        ),
    ],
)
def test_a_column_counts_once_however_often_it_is_named(survey: Path, columns: list[str]) -> None:
    responses = read_responses([survey])
    with pytest.raises(MethodError, match="a column was named twice") as caught:
        comments_of_responses(responses, columns=columns)
    assert caught.value.next_step == "name every column once"


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


def test_an_export_of_the_survey_is_told_from_any_other_table(survey: Path, tmp_path: Path) -> None:
    instrument = load_instrument("contact-centre-22")
    assert is_survey(survey, instrument, encoding=None, sheet=None)
    plain = written(tmp_path / "p.csv", "企业,评论\n甲,好\n")
    assert not is_survey(plain, instrument, encoding=None, sheet=None)
