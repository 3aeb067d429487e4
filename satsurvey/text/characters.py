"""Comments as arrays of folded characters, whatever was typed: the form in which all else looks at them."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

END = 0
"""Stands behind every text, so that nothing is read across two of them."""
SPACE = ord(" ")

_DROP = 1
_ASTRAL_FIRST, _ASTRAL_SIZE = 0xE000, 0x1000
_WITH_FORMS = ((0x20, 0x250), (0x2000, 0x3400), (0xF900, 0xFB00), (0xFE10, 0x10000))
"""Stretches of Unicode that hold characters with a compatibility form or a capital."""

_MARKS = {
    '"': "“”„「」『』",
    "'": "‘’‚",
    ",": "、，",
    ".": "。…",
    "!": "！",
    "?": "？",
    ";": "；",
    ":": "：",
    "~": "～",
    "[": "【",
    "]": "】",
    "<": "《〈",
    ">": "》〉",
}
"""Marks of Chinese writing by the plain ones that they are taken for."""


@dataclass(frozen=True)
class Characters:
    """The characters of N texts, one text after the other.

    Attributes
    ----------
    codes
        Folded characters, uint16; `END` behind every text. Width, case, traditional writing and typographic
        marks are folded; invisible characters are left out; characters beyond the first plane (emoji) become
        numbers of the private-use area.
    starts
        First place of each text in `codes`, int64 of shape (N + 1,); the last is the number of codes.
    origins
        Place of each code among the characters of its text as it was typed; int64.
    """

    codes: NDArray[np.uint16]
    starts: NDArray[np.int64]
    origins: NDArray[np.int64]

    def __len__(self) -> int:
        return int(self.starts.size) - 1

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Number of folded characters of each text, without its `END`."""
        return np.diff(self.starts) - 1

    def text_of(self) -> NDArray[np.int64]:
        """Return the text that each code belongs to."""
        return np.repeat(np.arange(len(self)), np.diff(self.starts))

    @classmethod
    def of(cls, texts: Sequence[str | None]) -> Characters:
        """Fold texts; None is an empty text."""
        joined = "\0".join(text or "" for text in texts)
        if joined.count("\0") != max(len(texts) - 1, 0):
            joined = "\0".join((text or "").replace("\0", "\x01") for text in texts)
        raw = np.frombuffer((joined + "\0").encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
        if not texts:
            raw = raw[:0]
        ends = np.flatnonzero(raw == 0)
        beyond = raw >= 0x10000
        if beyond.any():
            raw = np.where(beyond, _ASTRAL_FIRST + raw % _ASTRAL_SIZE, raw)
        codes = _folding()[raw]
        # `origins` counts from the start of each text as it was typed.
        firsts = np.concatenate([[0], ends[:-1] + 1]) if ends.size else ends
        origins = np.arange(raw.size) - np.repeat(firsts, np.diff(np.concatenate([[-1], ends])))
        kept = codes != _DROP
        if not kept.all():
            codes, origins = codes[kept], origins[kept]
            ends = np.flatnonzero(codes == END)
        return cls(codes, np.concatenate([[0], ends + 1]).astype(np.int64), origins)


def fold(text: str) -> str:
    """Fold one text, such as a term of a lexicon, as `Characters` folds comments."""
    return "".join(map(chr, Characters.of([text]).codes[:-1].tolist()))


@cache
def _folding() -> NDArray[np.uint16]:
    """Return what each character of the first plane is folded to."""
    table = np.arange(0x10000, dtype=np.uint16)
    for first, after in _WITH_FORMS:
        for code in range(first, after):
            plain = unicodedata.normalize("NFKC", chr(code)).lower()
            if len(plain) == 1 and ord(plain) < 0x10000:
                table[code] = ord(plain)
    for code in (*range(1, 0x20), *range(0x7F, 0xA0), *range(0x200B, 0x2010), *range(0x202A, 0x202F)):
        table[code] = _DROP
    table[[0xAD, 0xFEFF, *range(0x2060, 0x2070), *range(0xFE00, 0xFE10)]] = _DROP
    table[0xD800:0xE000] = _DROP  # halves of characters
    for blank in "\t\n\v\f\r\u0085\u00a0\u1680\u2028\u2029\u3000":
        table[ord(blank)] = SPACE
    for plain, marks in _MARKS.items():
        table[[ord(mark) for mark in marks]] = ord(plain)
    for pair in _traditional().split():
        table[ord(pair[0])] = ord(pair[1])
    table[END] = END
    return table


def _traditional() -> str:
    text = files("satsurvey.text").joinpath("data/traditional.txt").read_text(encoding="utf-8")
    return " ".join(line for line in text.splitlines() if not line.startswith("#"))
