"""From the text of one cell to one answer: level on the scale, reason of missing, or no legal answer."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from satsurvey.instrument.model import Fact, Instrument, MissingReason, Scale, plain_number
from satsurvey.intake.raw import RawColumn
from satsurvey.intake.responses import INVALID, MISSING_CODES

_BLANK = MISSING_CODES[MissingReason.BLANK]
_NUMBER = re.compile(r"[-+]?(\d{1,15})(\.\d{1,9})?")
_FOLDED = re.compile("[0-9a-z\u4e00-\u9fa5]*").fullmatch  # most names and answers: nothing to fold in them
_LONGEST_NUMBER = 30
_LONGEST_ANSWER = 500
_YES = {"1", "yes", "y", "true", "t", "是", "有", "是的", "对"}
_NO = {"0", "no", "n", "false", "f", "否", "没有", "无", "不是", "没"}


def fold(text: str) -> str:
    """Fold what never distinguishes two answers: width of characters, case, white space at the ends."""
    if _FOLDED(text):
        return text
    return " ".join(unicodedata.normalize("NFKC", text).split()).casefold()


@lru_cache(maxsize=65536)
def _plain(text: str) -> str | None:
    return plain_number(float(text) + 0.0) if _NUMBER.fullmatch(text) else None


def plain_writing(text: str) -> str | None:
    """Return a number in its plain writing (`"07"` and `"7.0"` become `"7"`), or None for anything else."""
    return _plain(text) if len(text) <= _LONGEST_NUMBER else None


def key_of(text: str) -> str:
    """Fold a cell to what it is looked up by: a number in its plain writing, other text as `fold` has it."""
    folded = fold(text)
    return plain_writing(folded) or folded


class AnswerReader:
    """Reads the cells of one rated question.

    Parameters
    ----------
    scale
        The scale the question is answered on.
    instrument
        Supplies the words for missing answers.
    column
        The file's own declarations: value labels and user-missing codes.
    recode
        Cell text to instrument code, as the study declares it.
    missing
        Cell text to reason, as the study declares it.

    Notes
    -----
    The order is: declared recoding, declared missing codes (study, scale, file), words for missing, labels
    that the file gives to its codes, numbers on the scale, labels of the scale. What none of them knows is
    `INVALID`. A recoded cell is in the instrument's own codes: nothing that the file declares applies to it.

    Where the file's labels contradict its numbers (1 is 非常满意 on a scale on which 10 is), the labels are
    followed. Codes without a label are then turned round as the labelled ones are; where the labels are not
    simply reversed, a code without one cannot be told and is `INVALID`.
    """

    def __init__(
        self,
        scale: Scale,
        instrument: Instrument,
        *,
        column: RawColumn | None = None,
        recode: Mapping[str, str] | None = None,
        missing: Mapping[str, MissingReason] | None = None,
    ) -> None:
        self._levels = {code: level for level, code in enumerate(scale.codes)}
        self._labels = {
            fold(word): self._levels[code]
            for code, label in scale.labels.items()
            for word in (label.zh, label.en, *scale.words.get(code, ()))
            if word
        }
        self._recode = {key_of(text): key_of(value) for text, value in (recode or {}).items()}
        self._missing: dict[str, MissingReason] = {
            key_of(code): reason for code, reason in (*scale.missing.items(), *(missing or {}).items())
        }
        self._words = missing_words(instrument)
        self._user_missing: frozenset[str] = frozenset()
        self._value_labels: dict[str, str] = {}
        if column is not None:
            self._user_missing = frozenset(key_of(code) for code in column.missing_codes)
            self._value_labels = {key_of(code): fold(label) for code, label in column.value_labels.items()}
        self._patterns = _with_words(scale.suffixes)
        meant = {
            code: self._labels[label]
            for code, label in self._value_labels.items()
            if label in self._labels and code not in self._recode
        }
        stated = {code: self._levels.get(code) for code in meant}
        self._trust_labels = len(meant) >= 2 and any(
            stated[code] not in {None, level} for code, level in meant.items()
        )
        top = len(self._levels) - 1
        self._reversed = all(stated[code] == top - level for code, level in meant.items())

    @property
    def labels_decide(self) -> bool:
        """Whether the file's own labels contradict the numbers, so that the labels are followed."""
        return self._trust_labels

    def read(self, text: str) -> int:
        """Return the byte for one cell."""
        key = key_of(text)
        recoded = self._recode.get(key)
        key = key if recoded is None else recoded
        if not key:
            return _BLANK
        if key in self._missing:
            return MISSING_CODES[self._missing[key]]
        if recoded is None and key in self._user_missing:
            return MISSING_CODES[self._words.get(self._value_labels.get(key, ""), MissingReason.BLANK)]
        if key in self._words:
            return MISSING_CODES[self._words[key]]
        label = self._value_labels.get(key) if recoded is None else None
        if self._trust_labels and recoded is None:
            if label is not None:
                return self._by_words(label)
            if key in self._levels:
                return len(self._levels) - 1 - self._levels[key] if self._reversed else INVALID
        if key in self._levels:
            return self._levels[key]
        found = self._by_words(key)
        return self._by_words(label) if found == INVALID and label is not None else found

    def _by_words(self, key: str) -> int:
        if key in self._labels:
            return self._labels[key]
        if key in self._words:
            return MISSING_CODES[self._words[key]]
        if len(key) > _LONGEST_ANSWER:
            return INVALID
        for pattern in self._patterns:
            match = pattern.fullmatch(key)
            if match is None:
                continue
            number, words = plain_writing(match["number"]) or "", match["words"]
            if number in self._levels and (not words or self._labels.get(words) == self._levels[number]):
                return self._levels[number]
            if number in self._missing and self._words.get(words) == self._missing[number]:
                return MISSING_CODES[self._missing[number]]
        return INVALID


def _with_words(suffixes: Sequence[str]) -> tuple[re.Pattern[str], ...]:
    """Make the patterns for numbers with words: `8分`, then `10 (非常满意)`, `5分-满意`, then `满意=4`."""
    number = r"(?P<number>[-+]?\d+(?:\.\d+)?)"
    marks = "|".join(re.escape(fold(suffix)) for suffix in suffixes if suffix)
    marked = rf"{number}\s?(?:{marks})"
    either = f"{marked}?" if marks else number
    # Words must be there in the last two: "-5" is not a 5 after nothing.
    return (
        *((re.compile(rf"{marked}(?P<words>)"),) if marks else ()),
        re.compile(rf"{either}[\s.:、\-–—=(\[,/]*(?P<words>.+?)\s?[)\]]?"),
        re.compile(rf"(?P<words>.+?)[\s.:、\-–—=(\[,/]*{either}\s?[)\]]?"),
    )


class FactReader:
    """Reads the cells of a coded question of fact into positions of its declared codes."""

    def __init__(
        self,
        fact: Fact,
        instrument: Instrument,
        *,
        column: RawColumn | None = None,
        recode: Mapping[str, str] | None = None,
        missing: Mapping[str, MissingReason] | None = None,
    ) -> None:
        self.values = ("0", "1") if fact.type == "yes_no" else tuple(fact.values)
        self._codes: dict[str, int] = {}
        if fact.type == "yes_no":
            self._codes |= {fold(word): 0 for word in _NO} | {fold(word): 1 for word in _YES}
        for position, code in enumerate(self.values):
            label = fact.values.get(code)
            words = (code, *((label.zh, label.en) if label else ()))
            self._codes |= {key_of(word): position for word in words if word}
        self._recode = {key_of(text): key_of(value) for text, value in (recode or {}).items()}
        self._missing = {
            key_of(code): reason for code, reason in (*fact.missing.items(), *(missing or {}).items())
        }
        self._words = missing_words(instrument)
        self._labels = {key_of(k): fold(v) for k, v in column.value_labels.items()} if column else {}
        self._user_missing = {key_of(code) for code in column.missing_codes} if column else set()

    @property
    def labels_decide(self) -> bool:
        """Whether the file's own labels contradict the codes (1 labelled 否); the labels are followed."""
        return any(
            code in self._codes and self._codes.get(label, self._codes[code]) != self._codes[code]
            for code, label in self._labels.items()
            if code not in self._recode
        )

    def read(self, text: str) -> int:
        """Return the position of the code, a missing byte, or `INVALID`."""
        key = key_of(text)
        recoded = self._recode.get(key)
        key = key if recoded is None else recoded
        if not key:
            return _BLANK
        if key in self._missing:
            return MISSING_CODES[self._missing[key]]
        label = "" if recoded is not None else self._labels.get(key, "")
        if recoded is not None or key not in self._user_missing:
            for candidate in (label, key):
                if candidate in self._codes:
                    return self._codes[candidate]
        for candidate in (key, label):
            if candidate in self._words:
                return MISSING_CODES[self._words[candidate]]
        return _BLANK if recoded is None and key in self._user_missing else INVALID


def missing_words(instrument: Instrument) -> dict[str, MissingReason]:
    """Map every word that the instrument declares for a missing answer to its reason."""
    return {fold(word): reason for reason, words in instrument.missing_words.items() for word in words}


def readable(scale: Scale, instrument: Instrument, texts: Iterable[str]) -> int:
    """Count the distinct texts that are legal answers or declared missing on a scale."""
    reader = AnswerReader(scale, instrument)
    return sum(reader.read(text) != INVALID for text in texts)
