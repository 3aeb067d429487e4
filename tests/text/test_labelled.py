"""Labelled files: every way of writing a label, aspects in one column or many, every defect listed."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from satsurvey.errors import ColumnsError, ReadError, SpecificationError
from satsurvey.text.labelled import LABEL_WORDS, aspects_of, label_of, read_labelled
from satsurvey.text.readings import ASPECTS, LABELS, MIXED, NEGATIVE, NEUTRAL, NONE, POSITIVE

ACCESS, PRICE = ASPECTS.index("access"), ASPECTS.index("price")


def written(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def test_every_word_for_a_label_means_one_label() -> None:
    words = [word for name in LABELS for word in (name, *LABEL_WORDS[name])]
    assert len(words) == len(set(words))
    for place, name in enumerate(LABELS):
        for word in (name, name.upper(), f" {name} ", *LABEL_WORDS[name]):
            assert label_of(word) == place


@pytest.mark.parametrize(
    ("word", "label"),
    [("1.0", POSITIVE), ("０", NEGATIVE), ("2", NEUTRAL), ("Pos", POSITIVE), ("褒贬", MIXED), ("无", NONE)],
)
def test_labels_are_known_as_numbers_and_in_any_width(word: str, label: int) -> None:
    assert label_of(word) == label


@pytest.mark.parametrize("word", ["", "3", "好", "positive?", "正面负面"])
def test_what_is_no_label_is_none(word: str) -> None:
    assert label_of(word) is None


def test_aspects_are_read_with_their_direction() -> None:
    assert aspects_of("access-;price+") == {(ACCESS, -1), (PRICE, 1)}
    assert aspects_of("接入便利-；price+-") == {(ACCESS, -1), (PRICE, 1), (PRICE, -1)}
    assert aspects_of("") == frozenset()
    assert aspects_of("access") is None
    assert aspects_of("weather+") is None


def test_a_csv_is_read_and_its_defects_are_listed(tmp_path: Path) -> None:
    path = written(
        tmp_path / "l.csv",
        "text,label,aspects\n好,pos,access+\n差,负面,\n一般,2,\n？,sehr gut,\n贵,0,price\n没标,,\n,none,\n",
    )
    found = read_labelled(path)
    assert found.texts == ("好", "差", "一般", "")
    assert found.labels.tolist() == [POSITIVE, NEGATIVE, NEUTRAL, NONE]
    assert found.rows.tolist() == [2, 3, 4, 8]
    assert found.aspects == ({(ACCESS, 1)}, frozenset(), frozenset(), frozenset())
    assert found.n_unlabelled == 1
    assert [(d.where, d.what) for d in found.defects] == [
        ("row 5", "'sehr gut' is no label"),
        ("row 6", "'price' is no list of aspects such as access-;price+"),
    ]


def test_a_row_that_is_not_told_apart_into_cells_is_listed(tmp_path: Path) -> None:
    found = read_labelled(written(tmp_path / "l.csv", "text,label,aspects\n好,1,\n差,0\n"))
    assert found.texts == ("好",)
    assert [str(d) for d in found.defects] == ["row 3: the row has 2 cells where the headings have 3"]


def test_columns_of_other_names_are_named(tmp_path: Path) -> None:
    path = written(tmp_path / "l.csv", "留言,情感,x\n好,1,access+\n", "gb18030")
    found = read_labelled(path, text="留言", aspects="x")
    assert (found.texts, found.labels.tolist(), found.aspects) == (("好",), [POSITIVE], ({(ACCESS, 1)},))
    with pytest.raises(ColumnsError, match="no column is called 'y'"):
        read_labelled(path, text="y")
    with pytest.raises(ColumnsError, match="no column is known to hold comments") as caught:
        read_labelled(path)
    assert caught.value.next_step == "name the column with --text"
    assert caught.value.value == "留言, 情感, x"


def test_a_column_for_every_aspect_is_read(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in (
        ["文本", "标签", "接入便利", "price"],
        ["打不通", "负面", "差", None],
        ["好是好就是贵", "褒贬", None, "好坏都有"],
        ["行", "正面", "还行", None],
        ["快", 1, "+", None],
    ):
        book.active.append(row)
    book.save(tmp_path / "l.xlsx")
    found = read_labelled(tmp_path / "l.xlsx")
    assert found.labels.tolist() == [NEGATIVE, MIXED, POSITIVE]
    assert found.aspects == ({(ACCESS, -1)}, {(PRICE, 1), (PRICE, -1)}, {(ACCESS, 1)})
    assert [str(d) for d in found.defects] == ["row 4: '还行' is no judgement of access (+, -, +-)"]


def test_a_file_without_aspects_has_none(tmp_path: Path) -> None:
    assert read_labelled(written(tmp_path / "l.csv", "text,label\n好,1\n")).aspects is None


@pytest.mark.parametrize("content", ["text,label\n好,?\n", "text,label\n好,\n", "text,label\n"])
def test_a_file_without_a_usable_label_is_refused(content: str, tmp_path: Path) -> None:
    with pytest.raises((SpecificationError, ReadError)):
        read_labelled(written(tmp_path / "l.csv", content))
