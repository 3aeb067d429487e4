"""Sentences of tests and targets: every code that the source uses is there, in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from satsurvey.response_time import words
from satsurvey.response_time.words import Seconds, channel_words, held_words, say

SOURCE = Path(words.__file__).parent
CODES = sorted(
    {
        code
        for path in SOURCE.glob("*.py")
        for code in re.findall(r'say\(\s*"(\w+)"[,)]', path.read_text(encoding="utf-8"))
    }
)


def test_the_source_uses_many_sentences() -> None:
    assert len(CODES) > 60


@pytest.mark.parametrize("code", CODES)
def test_every_sentence_of_the_source_is_in_the_file_with_the_same_braces(code: str) -> None:
    pair = words._sentences()[code]
    found = [set(re.findall(r"\{(\w+)", pair[language])) for language in ("zh", "en")]
    assert found[0] == found[1] or found == [{"zh"}, {"en"}]
    assert not re.search("[\u4e00-\u9fff]", pair["en"])


def test_a_sentence_inside_a_sentence_is_said_in_its_language() -> None:
    sentence = say("form_time", form=say("form_log"), model=say("model_ols"), errors=say("errors_rows"))
    assert sentence.text("en") == (
        "least squares, form: logarithm, log(1 + seconds); one company only, robust errors"
    )
    assert sentence.text("zh") == "最小二乘，形式：对数 log(1+秒)；只有一家企业，误差按行稳健"


def test_names_of_ours_are_said_in_words_and_those_of_the_user_as_they_are() -> None:
    assert [one.text("zh") for one in held_words(["channel", "wave", "S3"])] == ["渠道", "期次", "S3"]
    assert held_words([]).text("zh") == "无"  # type: ignore[union-attr]
    names = say("channels_absent", names=tuple(map(channel_words, ("im", "外呼"))))
    assert names.text("zh") == "以下渠道的访问不足：即时通讯、外呼"
    assert names.text("en") == "too few interviews of: instant messaging, 外呼"


@pytest.mark.parametrize(
    ("seconds", "zh", "en"), [(30, "30 秒", "30 s"), (120, "2 分钟", "2 min"), (5400, "1.5 小时", "1.5 h")]
)
def test_lengths_of_time_are_said_in_the_unit_that_makes_them_short(seconds: float, zh: str, en: str) -> None:
    assert (Seconds(seconds).text("zh"), Seconds(seconds).text("en")) == (zh, en)
