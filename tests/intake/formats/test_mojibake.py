from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from satsurvey.intake.formats.mojibake import encoding_behind

COMMON = [bytes([lead, trail]).decode("gb2312") for lead in range(0xB0, 0xD7) for trail in range(0xA1, 0xFF)]


def as_western(text: str, encoding: str) -> str:
    return "".join(
        chr(byte) if byte in b"\x81\x8d\x8f\x90\x9d" else bytes([byte]).decode("cp1252")
        for byte in text.encode(encoding)
    )


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(st.text(st.sampled_from(COMMON), min_size=2, max_size=12), min_size=1, max_size=20))
def test_common_chinese_in_gbk_is_always_recognised(texts: list[str]) -> None:
    assert encoding_behind(as_western(text, "gbk") for text in texts) == "GB18030"


def test_chinese_in_utf8_is_recognised() -> None:
    texts = ["非常满意", "不满意", "不知道", "总体满意度（1-10分）"]
    assert encoding_behind(as_western(text, "utf-8") for text in texts) == "UTF-8"


def test_chinese_that_is_cut_inside_a_character_is_recognised() -> None:
    cut = "中国工商银行".encode("gbk")[:7].decode("cp1252")
    assert encoding_behind([cut, "Q1", ""]) == "GB18030"


@pytest.mark.parametrize(
    "texts",
    [
        [],
        ["Q1", "satisfied"],
        ["Müller", "café crème", "Größe", "naïve", "señor", "à bientôt", "ÉCOLE", "Ærø", "garçon"],
        ["Très satisfait", "Plutôt satisfait", "Pas du tout satisfait", "Ne sait pas", "Refusé"],
        ["满意"],
        ["£5", "20 °C", "½"],
    ],
)
def test_text_that_is_no_mojibake_is_left_alone(texts: list[str]) -> None:
    assert encoding_behind(texts) is None


@given(st.lists(st.text("abcdefghij éèàüößñçøåÉÜ'-", min_size=3), min_size=1))
def test_guess_is_always_an_encoding_or_none(texts: list[str]) -> None:
    assert encoding_behind(texts) in (None, "UTF-8", "GB18030")
