"""Telling Chinese text that was read as Western (windows-1252) from text that is Western.

Statistical files made by Chinese programs often do not declare their encoding, and the reading library then
takes windows-1252, in which nearly every byte is some letter: 满意 becomes ÂúÒâ without any error.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable

ENOUGH_TEXTS = 20_000
LEAST_CHARACTERS = 2
COMMON_SHARE = 0.9
FAILING_SHARE = 0.05


def encoding_behind(texts: Iterable[str]) -> str | None:
    """Say in which encoding texts really are that were read as windows-1252.

    Parameters
    ----------
    texts
        Headings, labels and answers as read.

    Returns
    -------
    str or None
        "UTF-8" or "GB18030" when nearly all texts with accented letters turn into common Chinese when their
        bytes are read anew; None when they are Western, or pure ASCII, or something else.

    Notes
    -----
    The bytes of Chinese text come in pairs of high bytes; accented letters of Western text mostly stand
    alone, so that reading them as GB18030 fails or gives characters outside the 6,763 common ones of GB 2312.

    Examples
    --------
    >>> encoding_behind(["满意".encode("gbk").decode("cp1252")])
    'GB18030'
    >>> encoding_behind(["Müller, café"]) is None
    True
    """
    raw = []
    for text in dict.fromkeys(texts):
        if not text.isascii():
            raw.append(_bytes_behind(text))
            if len(raw) >= ENOUGH_TEXTS:
                break
    if not raw:
        return None
    return next((encoding for encoding in ("UTF-8", "GB18030") if _is_chinese(raw, encoding)), None)


def _bytes_behind(text: str) -> bytes | None:
    """Return the bytes that windows-1252 read as this text; None when no bytes are."""
    try:
        return text.encode("cp1252")
    except UnicodeEncodeError:
        pass
    raw = bytearray()
    for character in text:
        try:
            raw += character.encode("cp1252")
        except UnicodeEncodeError:
            # Five bytes mean nothing in windows-1252; libraries pass them through as control characters.
            if ord(character) > 255:
                return None
            raw.append(ord(character))
    return bytes(raw)


def _is_chinese(raw: Iterable[bytes | None], encoding: str) -> bool:
    texts = failing = foreign = common = 0
    for data in raw:
        texts += 1
        if data is None:
            failing += 1
            continue
        try:
            # Not final: a text that was cut inside a character at its declared width is still good evidence.
            decoded = codecs.getincrementaldecoder(encoding)("strict").decode(data)
        except UnicodeDecodeError:
            failing += 1
            continue
        letters = [character for character in decoded if ord(character) > 127]
        foreign += len(letters)
        common += sum(_is_common(character) for character in letters)
    return (
        failing <= FAILING_SHARE * texts and common >= LEAST_CHARACTERS and common >= COMMON_SHARE * foreign
    )


def _is_common(character: str) -> bool:
    if not ("\u3000" <= character <= "\u9fff" or "\uff00" <= character <= "\uffef" or character in "“”‘’—…·"):
        return False
    try:
        character.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True
