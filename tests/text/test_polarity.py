import numpy as np
import pytest

from satsurvey.text.aspects import Aspects
from satsurvey.text.characters import Characters
from satsurvey.text.lexicon import Entry, Lexicon
from satsurvey.text.polarity import Vocabulary, statements

VOCABULARY = Vocabulary(Lexicon.builtin(), Aspects.builtin())


def value(text, vocabulary=VOCABULARY):
    said = statements(Characters.of([text]), vocabulary)
    return float(said.value[~said.wished & ~said.aside].sum())


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("满意", 1),
        ("不满意", -1),
        ("没有不满意的", 1),
        ("不是不耐烦", 1),
        ("没有推来推去", 1),
        ("没觉得麻烦", 1),
        ("没有一点耐心", -1),
        ("莫得耐心", -1),
        ("态度不怎么好", -1),
        ("问题没有得到解决", -1),
        ("秒接", 1),
        ("一拨就通", 1),
        ("打了八遍都没人接", -1),
        ("等了40分钟", -1),
        ("石沉大海", -1),
        ("转来转去", -1),
        ("一问三不知", -1),
        ("比以前好", 1),
        ("没以前好", -1),
        ("还不如去年", -1),
        ("越改越差", -1),
        ("巴适得很", 1),
        ("贼慢", -1),
        ("希望态度好一点", 0),
        ("满意？", 0),
        ("以前要等很久", 0),
        ("你好", 0),
        ("好像是银行的人", 0),
    ],
)
def test_the_rules_give_a_statement_its_sign(text, sign):
    assert np.sign(value(text)) == sign


def test_degree_makes_an_opinion_stronger_or_weaker():
    lexicon = Lexicon(
        "1",
        {
            "慢": Entry("negative", 1.0, 4),
            "太": Entry("stronger", 1.5, 4),
            "有点": Entry("weaker", 0.5, 4),
            "不": Entry("negator", 1.0, 2),
        },
        {},
    )
    vocabulary = Vocabulary(lexicon, Aspects("1", {}))
    assert value("慢", vocabulary) == -1.0
    assert value("太慢", vocabulary) == -1.5
    assert value("有点慢", vocabulary) == -0.5
    assert value("不慢", vocabulary) == 0.8
    assert value("不不慢", vocabulary) == -1.0
    assert value("不在乎一二慢", vocabulary) == -1.0  # beyond the scope


def test_a_negator_reaches_the_next_opinion_only():
    lexicon = Lexicon(
        "1",
        {"慢": Entry("negative", 1, 4), "贵": Entry("negative", 1, 4), "不": Entry("negator", 1, 4)},
        {},
    )
    said = statements(Characters.of(["不慢贵"]), Vocabulary(lexicon, Aspects("1", {})))
    assert said.value[said.value != 0].tolist() == [0.8, -1.0]
