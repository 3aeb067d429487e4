import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from satsurvey.text.characters import Characters, fold
from satsurvey.text.clauses import segments
from satsurvey.text.terms import Matches, TermFault, TermIndex, longest, parsed


def found(term, text):
    characters = Characters.of([text])
    matches = TermIndex([fold(term)]).find(characters, segments(characters))
    return [text[start:end] for start, end in zip(matches.start, matches.end, strict=True)]


@pytest.mark.parametrize(
    ("term", "text", "expected"),
    [
        ("打不通", "电话打不通", ["打不通"]),
        ("等…半天", "等了他半天", ["等了他半天"]),
        ("等…半天", "等了，半天", []),
        ("等…半天", "等一二三四五六七半天", []),
        ("态度~好", "态度真的好", ["态度真的好"]),
        ("态度~好", "态度一点也不好", []),
        ("态度~好", "态度不好", []),
        ("等了#分钟", "等了40分钟", ["等了40分钟"]),
        ("等了#分钟", "等了将近二十分钟", []),
        ("等了…#分钟", "等了将近二十分钟", ["等了将近二十分钟"]),
        ("等了#分钟", "等了分钟", []),
        ("打了##遍", "打了八遍", ["打了八遍"]),
        ("打了##遍", "打了一遍", []),
        ("打了##遍", "打了十一遍", ["打了十一遍"]),
        ("(打|拨)不(通|进)", "拨不通，打不进", ["拨不通", "打不进"]),
        ("修(了|)好", "修好了修了好", ["修好", "修了好"]),
        ("一…也…没", "一个字也说没", ["一个字也说没"]),
        ("客服", "在線客服", ["客服"]),
    ],
)
def test_terms_with_choices_gaps_and_numbers(term, text, expected):
    assert found(term, text) == expected


@pytest.mark.parametrize(
    ("term", "message"),
    [
        ("", "empty"),
        ("等…", "empty"),
        ("…等", "empty"),
        ("#", "empty"),
        ("等##", "empty"),
        ("等###天", "more than two #"),
        ("(打|拨", "brackets"),
        ("打(拨(挂))", "brackets"),
        ("a…b…c…d", "more than 3 parts"),
        ("一二三四五六七八九十一二三四五六七", "longer than 16"),
        (
            "("
            + "|".join("甲乙丙丁戊己庚辛壬癸")
            + ")" * 1
            + "("
            + "|".join("子丑寅卯辰巳午未申酉")
            + ")"
            + "(a|b|c|d|e|f|g)",
            "700 literals",
        ),
    ],
)
def test_a_term_that_cannot_be_looked_for_is_refused_with_its_reason(term, message):
    with pytest.raises(TermFault, match=re.escape(message)):
        parsed(fold(term))


def matches(*spans):
    ordered = sorted(spans, key=lambda span: (span[0], span[0] - span[1]))
    start, end = (np.array(column, dtype=np.int64) for column in zip(*ordered, strict=True))
    return Matches(start, end, np.arange(start.size))


@pytest.mark.parametrize(
    ("spans", "kept"),
    [
        ([(0, 4), (1, 3)], [(0, 4)]),
        ([(0, 2), (0, 4)], [(0, 4)]),
        ([(0, 3), (2, 6)], [(0, 3)]),
        ([(0, 3), (2, 6), (5, 8)], [(0, 3), (5, 8)]),
        ([(0, 3), (2, 5)], [(0, 3)]),
        ([(0, 2), (2, 4)], [(0, 2), (2, 4)]),
        ([(5, 6)], [(5, 6)]),
    ],
)
def test_of_terms_that_overlap_the_earlier_is_left_and_of_one_inside_another_the_outer(spans, kept):
    left = longest(matches(*spans))
    assert list(zip(left.start.tolist(), left.end.tolist(), strict=True)) == kept


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 6)), min_size=1, max_size=20))
def test_the_longest_terms_never_overlap(spans):
    left = longest(matches(*((start, start + length) for start, length in spans)))
    assert (left.start[1:] >= left.end[:-1]).all()
    assert len(left)
