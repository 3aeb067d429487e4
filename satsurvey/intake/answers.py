"""From the text of one cell to one answer: level on the scale, reason of missing, or no legal answer."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache

from satsurvey.instrument.model import Fact, Instrument, MissingReason, Scale, plain_number
from satsurvey.intake.raw import RawColumn
from satsurvey.intake.responses import INVALID, MISSING_CODES

_BLANK = MISSING_CODES[MissingReason.BLANK]
_NUMBER = re.compile(r"[-+]?(\d{1,15})(\.\d{1,9})?")
_BOTH = re.compile(r"([-+]?\d+(?:\.\d+)?)\s*[.:、\-–—=(\[ ]+\s*(.*?)\s*[)\]]?")
_BOTH_REVERSED = re.compile(r"(.*?)\s*[(\[=:]\s*([-+]?\d+(?:\.\d+)?)\s*[)\]]?")
_YES = {"1", "yes", "y", "true", "t", "是", "有", "是的", "对"}
_NO = {"0", "no", "n", "false", "f", "否", "没有", "无", "不是", "没"}


def fold(text: str) -> str:
    """Fold what never distinguishes two answers: width of characters, case, white space at the ends."""
    return " ".join(unicodedata.normalize("NFKC", text).split()).casefold()


@lru_cache(maxsize=65536)
def number_text(text: str) -> str | None:
    """Return a number in its plain writing (`"07"` and `"7.0"` become `"7"`), or None for anything else."""
    if not _NUMBER.fullmatch(text):
        return None
    return plain_number(float(text) + 0.0)


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
    The order is: declared recoding, declared missing codes (study, file, scale), words for missing, labels that
    the file gives to its codes, numbers on the scale, labels of the scale. What none of them knows is `INVALID`.
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
            for word in (label.zh, label.en)
            if word
        }
        self._suffixes = tuple(fold(suffix) for suffix in scale.suffixes if suffix)
        self._recode = {_key(text): value for text, value in (recode or {}).items()}
        self._missing: dict[str, MissingReason] = {_key(code): reason for code, reason in scale.missing.items()}
        self._words = missing_words(instrument)
        self._user_missing: frozenset[str] = frozenset()
        self._value_labels: dict[str, str] = {}
        if column is not None:
            self._user_missing = frozenset(_key(code) for code in column.missing_codes)
            self._value_labels = {_key(code): fold(label) for code, label in column.value_labels.items()}
        self._missing |= {_key(code): reason for code, reason in (missing or {}).items()}
        self._trust_labels = self._labels_disagree()

    @property
    def labels_decide(self) -> bool:
        """Whether the file's own labels contradict the numbers, so that the labels are followed."""
        return self._trust_labels

    def read(self, text: str) -> int:
        """Return the byte for one cell."""
        key = _key(text)
        if key in self._recode:
            key = _key(self._recode[key])
        if not key:
            return _BLANK
        if key in self._missing:
            return MISSING_CODES[self._missing[key]]
        if key in self._user_missing:
            return MISSING_CODES[self._words.get(self._value_labels.get(key, ""), MissingReason.BLANK)]
        if key in self._words:
            return MISSING_CODES[self._words[key]]
        if self._trust_labels and key in self._value_labels:
            return self._by_words(self._value_labels[key])
        number = number_text(key)
        if number is not None and number in self._levels:
            return self._levels[number]
        found = self._by_words(key)
        if found == INVALID and key in self._value_labels:
            return self._by_words(self._value_labels[key])
        return found

    def _by_words(self, key: str) -> int:
        if key in self._labels:
            return self._labels[key]
        if key in self._words:
            return MISSING_CODES[self._words[key]]
        for suffix in self._suffixes:
            number = number_text(key.removesuffix(suffix).strip()) if key.endswith(suffix) else None
            if number in self._levels:
                return self._levels[str(number)]
        # "10 (非常满意)", "5-满意", "满意=4": number and words together, when they agree.
        for pattern, first, second in ((_BOTH, 1, 2), (_BOTH_REVERSED, 2, 1)):
            match = pattern.fullmatch(key)
            if match is None:
                continue
            number, words = number_text(match[first]), match[second]
            for suffix in self._suffixes:
                words = words.removeprefix(suffix).strip(" (:-")
            level = self._levels.get(number or "")
            if level is not None and self._labels.get(words) == level:
                return level
            if number in self._missing and self._words.get(words) == self._missing[str(number)]:
                return MISSING_CODES[self._missing[str(number)]]
        return INVALID

    def _labels_disagree(self) -> bool:
        meant = {
            code: self._labels[label] for code, label in self._value_labels.items() if label in self._labels
        }
        stated = {code: self._levels.get(number_text(code) or "") for code in meant}
        return len(meant) >= 2 and any(stated[code] not in {None, level} for code, level in meant.items())


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
            self._codes |= {_key(word): position for word in words if word}
        self._recode = {_key(text): value for text, value in (recode or {}).items()}
        self._missing = {_key(code): reason for code, reason in (*fact.missing.items(), *(missing or {}).items())}
        self._words = missing_words(instrument)
        self._labels = {_key(k): fold(v) for k, v in column.value_labels.items()} if column else {}
        self._user_missing = {_key(code) for code in column.missing_codes} if column else set()

    def read(self, text: str) -> int:
        """Return the position of the code, a missing byte, or `INVALID`."""
        key = _key(text)
        if key in self._recode:
            key = _key(self._recode[key])
        if not key:
            return _BLANK
        if key in self._missing:
            return MISSING_CODES[self._missing[key]]
        for candidate in (key, self._labels.get(key, "")):
            if candidate in self._codes and key not in self._user_missing:
                return self._codes[candidate]
            if candidate in self._words:
                return MISSING_CODES[self._words[candidate]]
        return _BLANK if key in self._user_missing else INVALID


def missing_words(instrument: Instrument) -> dict[str, MissingReason]:
    """Map every word that the instrument declares for a missing answer to its reason."""
    return {fold(word): reason for reason, words in instrument.missing_words.items() for word in words}


def readable(scale: Scale, instrument: Instrument, texts: Iterable[str]) -> int:
    """Count the distinct texts that are legal answers or declared missing on a scale."""
    reader = AnswerReader(scale, instrument)
    return sum(reader.read(text) != INVALID for text in texts)


def _key(text: str) -> str:
    folded = fold(text)
    return number_text(folded) or folded
