"""One cell to one answer: numbers, words, both, special codes, and what the file and the study declare."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from satsurvey.instrument.library import load_instrument
from satsurvey.instrument.model import Fact, Instrument, MissingReason, Scale
from satsurvey.intake.answers import AnswerReader, FactReader, fold, key_of, plain_writing, readable
from satsurvey.intake.raw import RawColumn
from satsurvey.intake.responses import INVALID, MISSING_CODES

INSTRUMENT: Instrument = load_instrument("contact-centre-22")
TEN: Scale = INSTRUMENT.scales["ten_point"]
FIVE: Scale = INSTRUMENT.scales["five_point"]
BYTE = {reason.value: code for reason, code in MISSING_CODES.items()}
REVERSED = {"1": "非常满意", "2": "满意", "3": "一般", "4": "不满意", "5": "非常不满意"}


def read(text: str, scale: Scale = TEN, **declared: object) -> int | str | None:
    """The raw answer, the reason of missing, or None for no legal answer."""
    byte = AnswerReader(scale, INSTRUMENT, **declared).read(text)  # type: ignore[arg-type]
    if byte == INVALID:
        return None
    return next((reason for reason, code in BYTE.items() if code == byte), None) or int(scale.codes[byte])


def column(labels: dict[str, str] | None = None, missing: set[str] | None = None) -> RawColumn:
    return RawColumn("A1", 1, value_labels=labels or {}, missing_codes=frozenset(missing or ()))


class TestNumbers:
    @pytest.mark.parametrize(
        "text", ["8", " 8 ", "８", "8.0", "08", "8.00", "+8", "8分", "8 分", "８分", "\t8\u3000"]
    )
    def test_every_writing_of_a_number_is_that_number(self, text: str):
        assert read(text) == 8

    @pytest.mark.parametrize(
        "text",
        ["-8", "-1", "0", "11", "8.5", "1e1", "8 9", "8/10", "8,0", "0x8", "八", "分", "8分分", "--8", "=8"],
    )
    def test_what_is_no_level_of_the_scale_is_no_answer(self, text: str):
        assert read(text) is None

    @pytest.mark.parametrize("text", ["", " ", "\u3000", "\t\n", "NA", "（空）", "."])
    def test_an_empty_cell_is_a_blank(self, text: str):
        assert read(text) == "blank"

    @pytest.mark.parametrize(
        ("text", "number"),
        [
            ("07", "7"),
            ("7.0", "7"),
            ("-0", "0"),
            ("0.50", "0.5"),
            ("1e5", None),
            ("", None),
            ("1" * 40, None),
        ],
    )
    def test_a_number_has_one_plain_writing(self, text: str, number: str | None):
        assert plain_writing(text) == number


class TestWords:
    @pytest.mark.parametrize(
        ("text", "answer"),
        [
            ("非常满意", 5),
            ("very satisfied", 5),
            ("Very  Satisfied", 5),
            ("不满意", 2),
            ("5 (非常满意)", 5),
            ("5（非常满意）", 5),
            ("5分（非常满意）", 5),
            ("5 分 (非常满意)", 5),
            ("5-非常满意", 5),
            ("5、非常满意", 5),
            ("5. very satisfied", 5),
            ("非常满意=5", 5),
            ("非常满意(5分)", 5),
            ("5非常满意", 5),
            ("5 (满意)", None),
            ("满意满意", None),
        ],
    )
    def test_words_alone_or_with_the_number_that_they_mean(self, text: str, answer: int | None):
        assert read(text, FIVE) == answer

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("97", "not_applicable"),
            ("98", "dont_know"),
            ("99", "refused"),
            ("９９", "refused"),
            ("99.0", "refused"),
            ("不知道", "dont_know"),
            ("DK", "dont_know"),
            ("拒答", "refused"),
            ("跳过", "skipped"),
            ("未问", "not_asked"),
            ("98 (不知道)", "dont_know"),
            ("98-拒答", None),
        ],
    )
    def test_special_codes_and_words_keep_their_reason(self, text: str, reason: str | None):
        assert read(text) == reason

    def test_a_word_of_many_megabytes_is_refused_quickly_and_not_kept(self):
        assert read("( " * 5_000_000) is None
        assert read("9" * 5_000_000) is None


class TestDeclarations:
    def test_a_study_may_declare_a_level_missing(self):
        assert read("9", missing={"9": MissingReason.DONT_KNOW}) == "dont_know"

    def test_a_study_goes_before_the_scale(self):
        assert read("98", missing={"98": MissingReason.SKIPPED}) == "skipped"

    def test_recoding_comes_first_and_is_done_once(self):
        swap = {"1": "10", "10": "1", "X": "99", "空": ""}
        assert [read(text, recode=swap) for text in ("1", "10.0", "x", "空", "5")] == [
            10,
            1,
            "refused",
            "blank",
            5,
        ]

    def test_a_code_that_the_file_calls_missing_is_missing_for_the_reason_of_its_label(self):
        declared = column({"8": "拒答", "9": "系统缺失"}, {"8", "9"})
        assert [read(t, column=declared) for t in ("8", "9", "7")] == ["refused", "blank", 7]

    def test_labels_of_the_file_translate_its_own_codes(self):
        declared = column({"A": "非常满意", "B": "满意", "Z": "不知道"})
        assert [read(t, FIVE, column=declared) for t in ("A", "B", "Z", "C")] == [5, 4, "dont_know", None]

    def test_labels_that_contradict_the_numbers_are_followed_and_told(self):
        reader = AnswerReader(FIVE, INSTRUMENT, column=column(REVERSED))
        assert reader.labels_decide
        assert [read(str(k), FIVE, column=column(REVERSED)) for k in range(1, 6)] == [5, 4, 3, 2, 1]

    def test_codes_without_a_label_turn_round_with_the_labelled_ends(self):
        ends = column({"1": "非常满意", "10": "非常不满意"})
        assert [read(str(k), column=ends) for k in range(1, 11)] == list(range(10, 0, -1))

    def test_codes_without_a_label_are_refused_where_the_labels_are_shifted(self):
        shifted = column({"0": "非常不满意", "4": "非常满意"})
        assert [read(str(k), FIVE, column=shifted) for k in (0, 2, 4)] == [1, None, 5]

    def test_labels_that_agree_decide_nothing(self):
        agreeing = column({"1": "非常不满意", "5": "非常满意", "3": "马马虎虎"})
        assert not AnswerReader(FIVE, INSTRUMENT, column=agreeing).labels_decide
        assert [read(str(k), FIVE, column=agreeing) for k in range(1, 6)] == [1, 2, 3, 4, 5]

    def test_the_study_can_say_that_the_numbers_are_right(self):
        keep = {str(k): str(k) for k in range(1, 6)}
        reader = AnswerReader(FIVE, INSTRUMENT, column=column(REVERSED), recode=keep)
        assert not reader.labels_decide
        assert [read(str(k), FIVE, column=column(REVERSED), recode=keep) for k in range(1, 6)] == [
            1,
            2,
            3,
            4,
            5,
        ]


class TestFacts:
    YES_NO = Fact(code="S1", text={"zh": "是否"}, type="yes_no", missing={"9": "dont_know"})  # type: ignore[arg-type]
    ONE_OF = Fact(
        code="S2",
        text={"zh": "渠道"},  # type: ignore[arg-type]
        type="one_of",
        values={"phone": {"zh": "电话", "en": "phone"}, "1": {"zh": "在线"}},  # type: ignore[dict-item]
    )

    def read(self, fact: Fact, text: str, **declared: object) -> str | None:
        reader = FactReader(fact, INSTRUMENT, **declared)  # type: ignore[arg-type]
        byte = reader.read(text)
        if byte == INVALID:
            return None
        return next((reason for reason, code in BYTE.items() if code == byte), None) or reader.values[byte]

    @pytest.mark.parametrize(
        ("text", "answer"),
        [("1", "1"), ("是", "1"), ("YES", "1"), ("1.0", "1"), ("0", "0"), ("没有", "0"), ("", "blank"),
         ("9", "dont_know"), ("拒答", "refused"), ("2", None), ("也许", None)],
    )  # fmt: skip
    def test_yes_and_no_in_their_usual_words(self, text: str, answer: str | None):
        assert self.read(self.YES_NO, text) == answer

    @pytest.mark.parametrize(
        ("text", "answer"), [("电话", "phone"), ("Phone", "phone"), ("１", "1"), ("x", None)]
    )
    def test_one_of_several_by_code_or_label(self, text: str, answer: str | None):
        assert self.read(self.ONE_OF, text) == answer

    def test_labels_of_the_file_go_before_its_codes(self):
        one_is_no = column({"1": "否", "2": "是"})
        assert FactReader(self.YES_NO, INSTRUMENT, column=one_is_no).labels_decide
        assert [self.read(self.YES_NO, text, column=one_is_no) for text in ("1", "2")] == ["0", "1"]

    def test_a_recoded_fact_is_in_the_instruments_codes(self):
        declared = {"column": column({"1": "否", "2": "是"}), "recode": {"1": "1", "2": "0"}}
        assert [self.read(self.YES_NO, text, **declared) for text in ("1", "2")] == ["1", "0"]
        assert not FactReader(self.YES_NO, INSTRUMENT, **declared).labels_decide  # type: ignore[arg-type]

    def test_a_code_that_the_file_calls_missing_is_missing(self):
        assert self.read(self.YES_NO, "1", column=column({}, {"1"})) == "blank"


@given(st.text())
def test_any_text_gives_a_byte_and_the_same_one_twice(text: str):
    reader = AnswerReader(TEN, INSTRUMENT, column=column({"1": "非常满意", "10": "非常不满意"}))
    byte = reader.read(text)
    assert byte == reader.read(text)
    assert byte < len(TEN.codes) or byte == INVALID or byte in MISSING_CODES.values()


@given(st.text())
def test_folding_twice_finds_what_folding_once_finds(text: str):
    assert key_of(fold(key_of(text))) in {key_of(text), key_of(key_of(text))}


def test_readable_counts_what_a_scale_understands():
    assert readable(FIVE, INSTRUMENT, ["满意", "不满意", "不知道", "好吃"]) == 3
    assert readable(TEN, INSTRUMENT, ["满意", "不满意", "不知道", "好吃"]) == 1
