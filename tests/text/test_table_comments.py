"""Comments are found in any table, and every one knows where it stands."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from satsurvey.errors import ColumnsError, MethodError, ReadError
from satsurvey.instrument.library import load_instrument
from satsurvey.report.catalogue import translated
from satsurvey.text.table_comments import comments_of_files


def written(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


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
    assert [question.name for question in found.questions] == ["客户说了什么"]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_file_without_headings_says_what_it_took_for_one_and_shows_nothing_personal(
    lang: str, tmp_path: Path
) -> None:
    path = written(tmp_path / "p.csv", "等太久了请回电13800138000我叫张伟\n态度好\n太慢\n")
    found = comments_of_files([path])
    assert found.texts.to_pylist() == ["态度好", "太慢"]
    (asked,) = found.questions
    assert asked.heading == "等太久了请回电[手机号]我叫[姓名]"
    (note,) = found.notes
    assert "its first cell '等太久了请回电[手机号]我叫[姓名]' as the heading" in note
    shown = translated(note, lang)
    assert "13800138000" not in shown
    assert "张伟" not in shown
    assert ("表头" in shown) == (lang == "zh")


def test_a_known_heading_and_a_format_with_names_need_no_note(tmp_path: Path) -> None:
    assert comments_of_files([written(tmp_path / "p.csv", "评论\n态度好\n")]).notes == ()
    assert comments_of_files([written(tmp_path / "q.csv", "甲\n态度好\n")], columns=["甲"]).notes == ()
    pd.DataFrame({"x": ["好"]}).to_parquet(tmp_path / "p.parquet")
    assert comments_of_files([tmp_path / "p.parquet"]).notes == ()


def test_nothing_personal_stands_in_what_is_said_of_headings(tmp_path: Path) -> None:
    path = written(tmp_path / "p.csv", "我叫张伟,13800138000\n态度好,2\n太慢,3\n")
    with pytest.raises(ColumnsError) as caught:
        comments_of_files([path])
    assert caught.value.value == "我叫[姓名], [手机号]"
    with pytest.raises(ColumnsError) as caught:
        comments_of_files([path], columns=["评论"])
    assert "张伟" not in str(caught.value)
    found = comments_of_files([path], columns=["我叫张伟", "13800138000"])
    assert [question.name for question in found.questions] == ["我叫[姓名]", "[手机号]"]


def test_columns_whose_headings_are_masked_alike_stay_two(tmp_path: Path) -> None:
    path = written(tmp_path / "p.csv", "13800138000,13900139000\n态度好,贵\n")
    found = comments_of_files([path], columns=["13800138000", "13900139000"])
    assert found.question.tolist() == [0, 1]
    assert found.texts.to_pylist() == ["态度好", "贵"]


def test_the_comments_of_an_instrument_of_ones_own_are_known(tmp_path: Path) -> None:
    own = load_instrument("contact-centre-22")
    asked = next(outcome for outcome in own.outcomes if outcome.type == "comment")
    outcome = asked.model_copy(update={"code": "Z9", "columns": []})
    own = own.model_copy(update={"outcomes": [*own.outcomes, outcome]})
    path = written(tmp_path / "p.csv", "编号,Z9\n1,态度好\n")
    found = comments_of_files([path], instrument=own)
    assert [(question.code, question.heading) for question in found.questions] == [("Z9", "Z9")]
    with pytest.raises(ColumnsError):
        comments_of_files([path])


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
