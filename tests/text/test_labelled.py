"""Labelled files: every way of writing a label, aspects in one column or many, every defect listed."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from satsurvey.errors import ColumnsError, ReadError, SpecificationError
from satsurvey.text.labelled import LABEL_WORDS, aspects_of, label_codes, label_of, read_labelled
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


# What numbers mean, decided for the whole column ------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "labels"),
    [
        (["1", "0", "2"], [POSITIVE, NEGATIVE, NEUTRAL]),
        (["-1", "0", "1"], [NEGATIVE, NEUTRAL, POSITIVE]),
        (["-1.0", "0.0", "1.0"], [NEGATIVE, NEUTRAL, POSITIVE]),
        (["0", "1", "－1"], [NEUTRAL, POSITIVE, NEGATIVE]),
        (["0", "差评", "-1"], [NEUTRAL, NEGATIVE, NEGATIVE]),
    ],
)
def test_zero_is_neutral_where_minus_one_is_bad(column: list[str], labels: list[int], tmp_path: Path) -> None:
    text = "text,label\n" + "".join(f"第{k},{word}\n" for k, word in enumerate(column))
    found = read_labelled(written(tmp_path / "l.csv", text))
    assert found.labels.tolist() == labels
    assert found.names == tuple(LABELS[place] for place in labels)
    assert found.defects == ()


@pytest.mark.parametrize("column", [["1", "2", "3", "4", "5"], ["-1", "1", "2"], ["10", "1", "0"]])
def test_a_scale_that_is_not_known_gives_no_label_at_all(column: list[str], tmp_path: Path) -> None:
    text = "text,label\n好,正面\n" + "".join(f"第{k},{word}\n" for k, word in enumerate(column))
    found = read_labelled(written(tmp_path / "l.csv", text))
    assert (found.texts, found.labels.tolist()) == (("好",), [POSITIVE])
    assert len(found.defects) == len(column)
    assert f"'{column[1]}' is no label beside the other numbers of its column" in [
        defect.what for defect in found.defects
    ]


@given(st.lists(st.sampled_from(["-1", "0", "1", "2", "neg", "99", "", "正面", "1.0", "-1.0", "x"])))
def test_no_order_of_a_column_changes_what_its_numbers_mean(words: list[str]) -> None:
    codes = label_codes(words)
    assert codes == label_codes(words[::-1]) == label_codes(set(words))
    minus = {"-1", "-1.0"} & set(words)
    expected = None if minus and "2" in words else NEUTRAL if minus else NEGATIVE
    assert label_of("0", codes) == expected
    assert label_of("正面", codes) == POSITIVE
    assert label_of("99", codes) is None


@pytest.mark.parametrize("word", ["9" * 5_000, "-" * 5_000, "-", "1e5", "½", "-1-1", "0x1", "nan", "1.9"])
def test_hostile_numbers_are_no_labels(word: str, tmp_path: Path) -> None:
    found = read_labelled(written(tmp_path / "l.csv", f"text,label\n好,1\n怪,{word}\n"))
    assert found.labels.tolist() == [POSITIVE]
    assert len(found.defects) == 1
    assert len(str(found.defects[0])) < 100


ONE_HOT = "text,label,access,price\n打不通,-1,1,0\n贵,-1,0,1\n好,1,0,0\n"


def test_aspects_marked_with_zero_and_one_are_refused(tmp_path: Path) -> None:
    with pytest.raises(
        SpecificationError, match="0 or 1 and no -1, which does not tell well from ill"
    ) as caught:
        read_labelled(written(tmp_path / "l.csv", ONE_HOT))
    assert [defect.where for defect in caught.value.defects] == ["access", "price"]
    assert caught.value.next_step is not None
    with pytest.raises(SpecificationError, match="does not tell well from ill"):
        read_labelled(written(tmp_path / "m.csv", "text,label,access\n好,正面,1.0\n差,负面,-\n"))


def test_zero_is_no_aspect_where_one_of_the_columns_has_minus_one(tmp_path: Path) -> None:
    text = "text,label,access,price\n打不通,-1,-1,0\n便宜,1,0,1\n好,1,0,0\n一般,0,,-1.0\n"
    found = read_labelled(written(tmp_path / "l.csv", text))
    assert found.aspects == ({(ACCESS, -1)}, {(PRICE, 1)}, frozenset(), {(PRICE, -1)})
    assert found.labels.tolist() == [NEGATIVE, POSITIVE, POSITIVE, NEUTRAL]


# Personal data in what is said of a file --------------------------------------------------------------------

PHONE = "13800138000"


@pytest.mark.parametrize(
    "content",
    [
        f"text,label,aspects\n好,1,\n差,我叫张伟{PHONE}不是标签,\n",
        f"text,label,aspects\n好,1,\n差,{'一' * 34}{PHONE}不是标签,\n",
        f"text,label,aspects\n好,1,\n差,0,回电{PHONE}\n",
        f"text,label,access\n好,1,\n差,0,回电{PHONE}\n",
    ],
)
def test_nothing_personal_is_quoted_in_a_defect(content: str, tmp_path: Path) -> None:
    found = read_labelled(written(tmp_path / "l.csv", content))
    (defect,) = found.defects
    # Not even the part of a number that would be left where a cell is cut off.
    assert "1380" not in str(defect)
    assert "张伟" not in str(defect)


def test_nothing_personal_is_quoted_in_an_error(tmp_path: Path) -> None:
    path = written(tmp_path / "l.csv", f"我叫张伟,{PHONE}\n好,1\n")
    with pytest.raises(ColumnsError) as caught:
        read_labelled(path)
    assert PHONE not in str(caught.value)
    assert caught.value.value == "我叫[姓名], [手机号]"
    with pytest.raises(SpecificationError) as bad:
        read_labelled(written(tmp_path / "m.csv", f"text,label\n好,{PHONE}\n"))
    assert PHONE not in str(bad.value)
