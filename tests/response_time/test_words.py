"""Sentences of tests and targets: every code that the source uses is there, in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from satsurvey.response_time import words
from satsurvey.response_time.words import say

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
    sentence = say("form_time", form=say("form_log"), model=say("model_ols"))
    assert (
        sentence.text("en") == "least squares, errors clustered by company, form: logarithm, log(1 + seconds)"
    )
    assert sentence.text("zh") == "最小二乘，误差按企业聚类，形式：对数 log(1+秒)"
