"""Comments as arrays of folded characters."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from satsurvey.text.characters import END, Characters, fold


def written(characters: Characters) -> list[str]:
    """The folded texts as text again."""
    spans = zip(characters.starts[:-1], characters.starts[1:], strict=True)
    return ["".join(map(chr, characters.codes[start : end - 1].tolist())) for start, end in spans]


@pytest.mark.parametrize(
    ("typed", "folded"),
    [
        ("ＡＢＣ１２３", "abc123"),
        ("態度很好，沒問題！", "态度很好,没问题!"),
        ("余额够", "余额够"),
        ("等了\t两\n天\u3000了", "等了 两 天 了"),
        ("好\u200b的\u202e呀\ufe0f", "好的呀"),
        ("坏\ud800了", "坏了"),
        ("a\0b", "ab"),
        ("", ""),
    ],
)
def test_width_case_traditional_writing_and_invisible_characters_make_no_difference(typed: str, folded: str):
    assert fold(typed) == folded


def test_a_missing_comment_is_an_empty_one():
    assert written(Characters.of([None, "", "好"])) == ["", "", "好"]


def test_no_comment_gives_no_character():
    nothing = Characters.of([])
    assert len(nothing) == 0
    assert nothing.codes.size == 0
    assert nothing.starts.tolist() == [0]


def test_emoji_stay_and_stay_different_from_each_other():
    cry, laugh = fold("😭"), fold("😂")
    assert len(cry) == len(laugh) == 1
    assert cry != laugh


def test_every_text_is_followed_by_an_end_and_by_no_other():
    characters = Characters.of(["一", "", "二三"])
    assert np.flatnonzero(characters.codes == END).tolist() == (characters.starts[1:] - 1).tolist()
    assert characters.lengths.tolist() == [1, 0, 2]
    assert characters.text_of().tolist() == [0, 0, 1, 2, 2, 2]


@given(st.lists(st.text(alphabet=st.characters(), max_size=12), max_size=6))
def test_places_lead_back_to_the_characters_as_they_were_typed(texts: list[str]):
    characters = Characters.of(texts)
    for text, start, end in zip(texts, characters.starts[:-1], characters.starts[1:], strict=True):
        places = characters.origins[start : end - 1].tolist()
        assert places == sorted(set(places))
        assert [fold(text[place]) for place in places] == [
            chr(code) for code in characters.codes[start : end - 1]
        ]


@given(st.lists(st.none() | st.text(alphabet=st.characters(), max_size=12), max_size=6))
def test_a_text_is_folded_the_same_alone_and_among_others(texts: list[str | None]):
    assert written(Characters.of(texts)) == [fold(text or "") for text in texts]
