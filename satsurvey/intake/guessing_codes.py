"""Guesses at what codes mean: reasons of missing, scale, completed interviews; only drafts use them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from satsurvey.errors import shorten
from satsurvey.instrument.model import Instrument, MissingReason
from satsurvey.intake.answers import AnswerReader, fold
from satsurvey.intake.inspection import InspectedColumn
from satsurvey.intake.responses import INVALID

_COMPLETED = ("完成", "成功", "complete", "success", "1.1", "1.0", "finished")
_NEGATIONS = (
    "未",
    "不",
    "没",
    "没有",
    "部分",
    "中途",
    "not",
    "in",
    "non",
    "un",
    "partial",
    "partially",
    "partly",
)

_REASON_WORDS: Mapping[MissingReason, tuple[str, ...]] = {
    MissingReason.REFUSED: ("拒", "不愿", "refus"),
    MissingReason.DONT_KNOW: (
        "不知",
        "不清",
        "说不",
        "不好说",
        "don't know",
        "dont know",
        "not sure",
        "unsure",
    ),
    MissingReason.NOT_APPLICABLE: (
        "不适用",
        "不涉及",
        "未遇",
        "没遇",
        "没有遇",
        "n/a",
        "not applic",
        "never used",
    ),
    MissingReason.NOT_ASKED: ("未问", "没问", "not asked"),
    MissingReason.SKIPPED: ("跳", "漏", "未答", "未回答", "skip", "no answer"),
    MissingReason.BLANK: ("缺失", "空", "missing", "blank", "null"),
}
_LAST_DIGIT = {
    "7": MissingReason.NOT_APPLICABLE,
    "8": MissingReason.DONT_KNOW,
    "9": MissingReason.REFUSED,
}
_SPECIAL_NUMBER = re.compile(r"-?(?:9*[789]|8{2,4}|7{2,4})")


def guess_reason(text: str, label: str, instrument: Instrument) -> tuple[MissingReason, str]:
    """Guess why an undeclared code stands for a missing answer.

    Returns
    -------
    reason, why
        `BLANK` where nothing speaks for any reason.
    """
    declared = {fold(word): reason for reason, words in instrument.missing_words.items() for word in words}
    for said in filter(None, (label, text)):
        if fold(said) in declared:
            return declared[fold(said)], f"“{shorten(said, 40)}” 是问卷的用词 is a word of the instrument"
        for reason, words in _REASON_WORDS.items():
            for word in words:
                if word in fold(said):
                    return reason, f"“{shorten(said, 40)}” 含“{word}” holds the word"
    key = fold(text)
    if _SPECIAL_NUMBER.fullmatch(key):
        return _LAST_DIGIT[key[-1]], "按惯例 by the habit 7/8/9 = not_applicable/dont_know/refused"
    return MissingReason.BLANK, "原因不明，或为误录 why is not known, or it is a slip"


@dataclass(frozen=True)
class ScaleGuess:
    """A scale that the answers fit better than the one they are read on."""

    scale: str
    reason: str


def guess_scale(columns: Sequence[InspectedColumn], instrument: Instrument, scale: str) -> ScaleGuess | None:
    """Guess the scale that items without one of their own were answered on; None where `scale` fits best.

    Notes
    -----
    Another scale is guessed where at least 1 % more of the answers are on it, or where it is a part of
    `scale` (five points of ten), its top is used, and at least 95 % of 20 or more answers are on it.
    """
    flexible = {item.code for item in instrument.items if item.scale is None}
    counts: Counter[str] = Counter()
    readers = {
        name: [AnswerReader(one, instrument, column=column.raw) for column in columns]
        for name, one in instrument.scales.items()
    }
    levels: dict[str, Counter[int]] = {name: Counter() for name in readers}
    known: Counter[str] = Counter()
    for place, column in enumerate(columns):
        if column.table == "items" and column.code not in flexible:
            continue
        for value in column.values:
            counts[value.text] += value.n
            for name in readers:
                byte = readers[name][place].read(value.text)
                known[name] += value.n if byte != INVALID else 0
                if byte < INVALID:
                    levels[name][byte] += value.n
    total = counts.total()
    if not total:
        return None
    best = max(instrument.scales, key=lambda name: (known[name], name == scale))
    if known[best] - known[scale] > 0.01 * total:
        return ScaleGuess(
            best,
            f"{known[best] / total:.0%} 的回答在此量表内 of the answers are on it, "
            f"{scale} {known[scale] / total:.0%}",
        )
    own, answered = instrument.scales[scale], levels[scale].total()
    for name, other in instrument.scales.items():
        part = other.min >= own.min and other.max < own.max and set(other.codes) <= set(own.codes)
        n, at_top = levels[name].total(), levels[name][len(other.codes) - 1]
        if part and at_top and answered >= 20 and n >= 0.95 * answered:
            ends = f"{other.codes[0]}–{other.codes[-1]}"
            return ScaleGuess(name, f"{n / answered:.1%} 的数字回答在 {ends} 之间 of the answers are in it")
    return None


def guess_completed(column: InspectedColumn) -> tuple[tuple[str, ...], str]:
    """Guess which outcomes of a disposition column are completed interviews, and say why."""
    found = []
    for value in column.values:
        words = [fold(word) for word in (value.text, value.label) if word]
        if any(_says_completed(word) for word in words):
            found.append(value.text)
    if found:
        return tuple(found), "字面像“完成” the words say so"
    if not column.values:
        return (), ""
    return (column.values[0].text,), "最常见的结果 the most frequent outcome"


def _says_completed(word: str) -> bool:
    for sign in _COMPLETED:
        before, found, after = word.partition(sign)
        if not found:
            continue
        if sign[0].isdigit():
            return not before and not after
        words = before.replace("-", " ").replace("_", " ").split()
        return not words or not (words[-1] in _NEGATIONS or words[-1].endswith(("未", "不", "没有", "部分")))
    return False
