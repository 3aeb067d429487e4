import re
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from satsurvey.text.characters import Characters, fold
from satsurvey.text.clauses import segments
from satsurvey.text.terms import Matches, TermIndex, longest


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
        ("等了#小时", "等了1.5小时", ["等了1.5小时"]),
        ("等了#小时", "等了.小时", []),
        ("##分", "0分", []),
        ("##分", "00分", []),
        ("##分", "01分", []),
        ("##分", "一分", []),
        ("##分", "半分", []),
        ("##分", "0.5分", []),
        ("##分", "1.0分", []),
        ("##分", "1.5分", ["1.5分"]),
        ("##分", "2分", ["2分"]),
        ("##分", "10分", ["10分"]),
        ("##分", "11分", ["11分"]),
        ("##分", "十分", ["十分"]),
        ("##分", "好几分", ["几分"]),
        ("#分", "0分", ["0分"]),
    ],
)
def test_terms_with_choices_gaps_and_numbers(term, text, expected):
    assert found(term, text) == expected


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


def found_of(terms, text):
    """What is found, in order: the text and the term."""
    characters = Characters.of([text])
    matches = TermIndex(terms).find(characters, segments(characters))
    return [
        (text[start:end], terms[term])
        for start, end, term in zip(matches.start, matches.end, matches.term, strict=True)
    ]


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(
    ("terms", "text", "expected"),
    [
        # Terms that begin alike and end otherwise.
        (["甲.乙.丙", "甲.乙.丁"], "甲和乙和丙", {("甲和乙和丙", "甲.乙.丙")}),
        (["甲.乙.丙", "甲.乙.丁"], "甲和乙和丁", {("甲和乙和丁", "甲.乙.丁")}),
        (["甲.乙.丙", "甲.乙.丁"], "甲乙丙丁", {("甲乙丙", "甲.乙.丙"), ("甲乙丙丁", "甲.乙.丁")}),
        (["甲.乙", "甲.乙.丙"], "甲和乙丙", {("甲和乙", "甲.乙"), ("甲和乙丙", "甲.乙.丙")}),
        # The same parts with other gaps.
        (["甲~乙", "甲.乙"], "甲一二三四五乙", {("甲一二三四五乙", "甲.乙")}),
        (["甲~乙.丙", "甲.乙~丙"], "甲一二三四五乙丙", {("甲一二三四五乙丙", "甲.乙~丙")}),
        (["甲~乙.丙", "甲.乙~丙"], "甲乙一二三四五丙", {("甲乙一二三四五丙", "甲~乙.丙")}),
        (["跑##趟", "(来|跑)##趟.没"], "跑五趟", {("跑五趟", "跑##趟")}),
    ],
)
def test_no_term_is_lost_to_another_that_begins_alike(terms, text, expected, turned):
    listed = terms[::-1] if turned else terms
    assert set(found_of(listed, text)) == expected


@pytest.mark.parametrize(
    ("terms", "text", "first"),
    [
        (["甲~乙", "甲乙"], "甲乙", "甲乙"),
        (["甲乙", "甲~乙"], "甲乙", "甲乙"),
        (["甲.乙.丙", "甲.乙丙"], "甲乙丙", "甲.乙丙"),
        (["甲.丙", "甲.(乙|)丙"], "甲乙丙", "甲.(乙|)丙"),
        (["甲.乙", "甲~乙"], "甲乙", "甲.乙"),
        (["甲~乙", "甲.乙"], "甲乙", "甲~乙"),
    ],
)
def test_of_terms_that_match_the_same_the_one_that_says_more_comes_first_then_the_earlier(terms, text, first):
    assert next(term for piece, term in found_of(terms, text) if piece == text) == first


GAPS = {".": 6, "~": 3}


def searched(terms, text):
    """Find terms of literals and gaps by trying every place."""
    every = set()
    for term in terms:
        pieces = re.split("([.~])", term)
        ends = {(at, at + len(pieces[0])) for at in range(len(text)) if text.startswith(pieces[0], at)}
        for gap, literal in zip(pieces[1::2], pieces[2::2], strict=True):
            ends = {
                (start, place + len(literal))
                for start, end in ends
                for place in range(end, min(end + GAPS[gap], len(text)) + 1)
                if text.startswith(literal, place) and "不" not in text[end:place]
            }
        every |= {(text[start:end], term, start) for start, end in ends}
    return every


LITERAL = st.text("甲乙丙不", min_size=1, max_size=2)
TERM = st.builds(
    lambda pieces, gaps: "".join(a + b for a, b in zip(pieces, [*gaps[: len(pieces) - 1], ""], strict=True)),
    st.lists(LITERAL, min_size=1, max_size=3),
    st.lists(st.sampled_from(".~"), min_size=2, max_size=2),
)


@given(st.lists(TERM, min_size=1, max_size=8, unique=True), st.text("甲乙丙不人", max_size=24))
def test_terms_are_found_where_a_search_at_every_place_finds_them(terms, text):
    characters = Characters.of([text])
    matches = TermIndex(terms).find(characters, segments(characters))
    got = {
        (text[start:end], terms[term], start)
        for start, end, term in zip(matches.start, matches.end, matches.term, strict=True)
    }
    expected = searched(terms, text)
    assert got <= expected
    # Nothing goes missing but what another term matches with parts as many and gaps as wide.
    for piece, term, start in expected - got:
        alike = [other for place, other, begin in got if (place, begin) == (piece, start)]
        assert any(terms.index(other) < terms.index(term) for other in alike)


@pytest.mark.parametrize("middles", [1, 2_000])
def test_thousands_of_terms_that_begin_alike_are_ready_in_a_moment(middles):
    terms = [f"甲.{chr(0xAC00 + n % middles)}.{chr(0xC000 + n)}" for n in range(4_000)]
    start = time.process_time()
    index = TermIndex(terms)
    text = "甲" + chr(0xAC00) + chr(0xC000) + "甲" + chr(0xAC00 + 1_999 % middles) + chr(0xC000 + 1_999)
    characters = Characters.of([text * 200])
    matches = index.find(characters, segments(characters))
    assert time.process_time() - start < 5
    assert {0, 1_999} <= set(matches.term.tolist())
