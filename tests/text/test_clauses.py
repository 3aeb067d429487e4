import numpy as np
import pytest

from satsurvey.text.characters import Characters
from satsurvey.text.clauses import clauses, segments


def parts(text):
    characters = Characters.of([text])
    number = segments(characters)[:-1]
    pieces: dict[int, str] = {}
    for character, at in zip(text, number.tolist(), strict=True):
        pieces[at] = pieces.get(at, "") + character
    return list(pieces.values())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("态度好，就是慢", ["态度好，", "就是慢"]),
        ("事儿给办了 口气难听", ["事儿给办了 ", "口气难听"]),
        ("用 ok app 很好", ["用 ", "ok app ", "很好"]),
        ("the app is ok", ["the app is ok"]),
        ("打了3.5折。好", ["打了3.5折。", "好"]),
        ("好！！慢", ["好！", "！", "慢"]),
        ("好", ["好"]),
    ],
)
def test_marks_and_spaces_between_chinese_words_part_segments(text, expected):
    assert parts(text) == expected


def test_segments_of_texts_are_never_shared():
    characters = Characters.of(["好", "", "慢，差"])
    number, text = segments(characters), characters.text_of()
    assert all(np.unique(text[number == at]).size == 1 for at in np.unique(number))


def test_a_conjunction_begins_a_clause_inside_its_segment():
    characters = Characters.of(["态度好但是慢"])
    parted = clauses(characters, segments(characters), np.array([3]))
    assert parted.clause.tolist() == [0, 0, 0, 1, 1, 1, 1]
    assert parted.text.tolist() == [0, 0]
