import re

import pytest

from satsurvey.text.characters import fold
from satsurvey.text.term_parts import AFTER_MANY, AFTER_NUMBER, WHOLE, Part, TermFault, is_literal, parsed


@pytest.mark.parametrize(
    ("term", "parts"),
    [
        ("客服", [Part(("客服",), WHOLE, 0)]),
        ("(打|拨)不(通|进)", [Part(("打不通", "打不进", "拨不通", "拨不进"), WHOLE, 0)]),
        ("修(了|)(了|)好", [Part(("修了了好", "修了好", "修好"), WHOLE, 0)]),
        ("等…半天", [Part(("等",), WHOLE, 0), Part(("半天",), WHOLE, 6)]),
        ("等~半天", [Part(("等",), WHOLE, 0), Part(("半天",), WHOLE, 3)]),
        ("等了#分", [Part(("等了",), WHOLE, 0), Part(("分",), AFTER_NUMBER, 1)]),
        ("打…##遍", [Part(("打",), WHOLE, 0), Part(("遍",), AFTER_MANY, 6)]),
        ("##分", [Part(("分",), AFTER_MANY, 0)]),
    ],
)
def test_a_term_is_split_into_parts_with_choices_numbers_and_gaps(term, parts):
    assert list(parsed(fold(term))) == parts


@pytest.mark.parametrize(
    ("term", "plain"), [("客服", True), ("", False), ("打|拨", False), ("十" * 16, True), ("十" * 17, False)]
)
def test_a_literal_stands_for_nothing_but_itself(term, plain):
    assert is_literal(term) == plain


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
