"""The encoding of a text file, decided over the whole file, and errors that say where it does not hold."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, replace
from io import SEEK_END, BytesIO
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa

from satsurvey.errors import EncodingError, ReadError
from satsurvey.intake.formats.compressed import is_packed, open_bytes
from satsurvey.intake.raw import Source

BLOCK = 3 * 1024 * 1024
LONGEST_RECORD = 64 * 1024 * 1024
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# In these encodings comma, semicolon, tab, quotation mark and line break never occur inside another
# character, so a file can be cut into cells before it is decoded.
_CUT_BEFORE_DECODING = {"utf-8", "gb18030", "gbk", "gb2312", "iso8859-1", "cp1252", "iso8859-15"}
_NOT_OF_FILES = {"idna", "punycode", "unicode-escape", "raw-unicode-escape"}
_LINE_END = re.compile("\r\n|\n|\r")
_EXPECTED = "one encoding throughout: UTF-8, GB18030/GBK, or UTF-16 with a byte-order mark"
_NEXT_STEP = "name the encoding with --encoding (for example --encoding big5), or save the file as UTF-8"
# A line of GB18030 with six Chinese characters and more does not pass for Chinese in UTF-8 by chance.
_TELLING_BYTES = 12
_TELLING_LINES = 3
_RAW = (False, True)
_SAMPLE = 128 * 1024
_HIGH = bytes(range(0x80, 0x100))


@dataclass(frozen=True)
class TextFile:
    """A text file as bytes that can be cut into cells: where they start, and how to decode a cell.

    Attributes
    ----------
    path, encoding
        The file and its encoding.
    skip
        Length of the byte-order mark.
    converted
        The whole text as UTF-8 where the file's own bytes cannot be cut; else None.
    quotes, regular
        Whether there are quotation marks, and whether all pair up as CSV wants.
    declared
        Whether the user named the encoding.
    """

    path: Path
    encoding: str
    skip: int
    converted: bytes | None
    quotes: bool
    regular: bool
    declared: bool

    def open(self, start: int = 0) -> pa.NativeFile:
        """Open the bytes after the byte-order mark, from `start` on."""
        if self.converted is not None:
            stream = pa.BufferReader(self.converted)
        else:
            stream = pa.OSFile(str(self.path), "rb")
        stream.seek(self.skip + start)
        return stream

    @property
    def cell_encoding(self) -> str:
        """The encoding of the bytes that `open` gives."""
        return "utf-8" if self.converted is not None else self.encoding

    def undecodable(self) -> EncodingError:
        """Say which byte of the file is no text."""
        error = locate_undecodable(self.path, self.encoding)
        if self.declared:
            return error
        # GB18030 was tried because UTF-8 did not fit: a file of two encodings shows in both places.
        utf8 = locate_undecodable(self.path, "utf-8")
        return EncodingError(
            f"the file is text in no encoding tried: {utf8.what}; {error.what}",
            file=self.path,
            row=utf8.row,
            expected=_EXPECTED,
            next_step=_NEXT_STEP,
        )


def open_text(path: Path, declared: str | None) -> TextFile:
    """Decide the encoding of a file: what is declared, a byte-order mark, UTF-8 when all fits, else GB18030.

    Raises
    ------
    EncodingError
        When there is no encoding of the declared name, when the bytes do not fit it, or when some lines are
        UTF-8 and others are not.
    ReadError
        When the file cannot be read.
    """
    encoding = None if declared is None else _codec(path, declared)
    try:
        with open_bytes(path) as stream:
            start = stream.read(4)
            skip = 0
            for bom, name in _BOMS:
                if start.startswith(bom) and encoding in {None, name, name.removesuffix("-le")}:
                    skip, encoding = len(bom), name
                    break
            guess = _utf16_without_mark(start + stream.read(4092)) if encoding is None else None
            if guess is not None:
                try:
                    return convert(TextFile(path, guess, 0, None, *_RAW, False))
                except EncodingError:
                    pass  # only a file with stray NUL bytes
            quotes, regular, valid = _RAW[0], _RAW[1], True
            if encoding is None or encoding in _CUT_BEFORE_DECODING:
                stream.seek(skip)
                quotes, regular, valid = _survey(stream, check_utf8=encoding in {None, "utf-8"})
    except OSError as exc:
        raise ReadError(f"the file cannot be read: {exc.strerror or exc}", file=path) from exc
    if encoding == "utf-8" and not valid:
        raise locate_undecodable(path, "utf-8")
    if encoding is None and not valid:
        _refuse_two_encodings(path)
    encoding = encoding or ("utf-8" if valid else "gb18030")
    text = TextFile(path, encoding, skip, None, quotes, regular, declared is not None)
    return text if encoding in _CUT_BEFORE_DECODING and not is_packed(path) else convert(text)


def _utf16_without_mark(head: bytes) -> str | None:
    """Guess UTF-16 where every second byte is often 0, as it is for digits, commas and line ends."""
    if b"\0" not in head[:4]:
        return None
    even, odd = head[::2], head[1::2]
    if 5 * odd.count(0) > len(odd) and not even.count(0):
        return "utf-16-le"
    if 5 * even.count(0) > len(even) and not odd.count(0):
        return "utf-16-be"
    return None


def convert(text: TextFile) -> TextFile:
    """Bring a file whose bytes cannot be cut as they are (UTF-16, Big5 …) to UTF-8 in memory."""
    try:
        with open_bytes(text.path) as stream:
            raw = stream.read()[text.skip :]
        converted = raw.decode(text.encoding).removeprefix("\ufeff").encode("utf-8")
    except OSError as exc:
        raise ReadError(f"the file cannot be read: {exc.strerror or exc}", file=text.path) from exc
    except UnicodeDecodeError as exc:
        raise text.undecodable() from exc
    except UnicodeError as exc:
        raise EncodingError(
            f"the file is not text in {text.encoding}", file=text.path, expected=_EXPECTED
        ) from exc
    quotes, regular, _ = _survey(BytesIO(converted), check_utf8=False)
    return replace(text, skip=0, converted=converted, quotes=quotes, regular=regular)


def undecodable(source: Source, *, declared: bool) -> EncodingError:
    """Say which byte of a file is no text, after a cell of it could not be decoded."""
    encoding = source.encoding or "utf-8"
    return TextFile(source.path, encoding, 0, None, *_RAW, declared).undecodable()


def locate_undecodable(path: Path, encoding: str) -> EncodingError:
    """Find the first byte that is no text in `encoding` and say so the way a person can act on."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    read, lines, ended_in_return = 0, 0, False
    with open_bytes(path) as stream:
        while True:
            block = stream.read(BLOCK)
            pending = len(decoder.getstate()[0])
            try:
                text = decoder.decode(block, final=not block)
            except UnicodeDecodeError as exc:
                place = read - pending + exc.start
                before = exc.object[: exc.start].decode(encoding, "ignore")
                lines += _line_ends(before, ended_in_return)
                byte = f"byte {place + 1:,} (0x{exc.object[exc.start : exc.start + 1].hex()})"
                where = f"{byte} in line {lines + 1:,} is not text in {encoding}"
                if not block:
                    where += " (the file ends in the middle of a character)"
                return EncodingError(
                    where, file=path, row=lines + 1, expected=_EXPECTED, next_step=_NEXT_STEP
                )
            if not block:
                return EncodingError(
                    f"the file is not text in {encoding}", file=path, expected=_EXPECTED, next_step=_NEXT_STEP
                )
            read += len(block)
            lines += _line_ends(text, ended_in_return)
            ended_in_return = text.endswith("\r")


def _line_ends(text: str, after_return: bool) -> int:
    """Count line ends; a line feed right after a carriage return that was counted before is the same end."""
    return len(_LINE_END.findall(text)) - int(after_return and text.startswith("\n"))


def _codec(path: Path, name: str) -> str:
    try:
        info = codecs.lookup(name)
        # Some codecs turn text into text or bytes into bytes, and some cannot read a file part by part.
        usable = isinstance(codecs.getincrementaldecoder(name)("strict").decode(b"", final=True), str)
        if usable and info.name not in _NOT_OF_FILES and b"".decode(name) == "":
            return "utf-8" if info.name == "utf-8-sig" else info.name
    except (LookupError, ValueError, TypeError, AttributeError):
        pass
    raise EncodingError(
        f"there is no text encoding called {name!r}",
        file=path,
        expected="utf-8, gb18030, big5, utf-16 …",
    )


def _survey(stream: BinaryIO, *, check_utf8: bool) -> tuple[bool, bool, bool]:
    """Go through the whole file once: has it quotes, do they all pair up as CSV wants, is it UTF-8?"""
    quotes, regular, valid = False, True, check_utf8
    carry, inside = b"", False
    while block := stream.read(BLOCK):
        block = carry + block
        cut = _safe_cut(block)
        if cut == 0 and len(block) < LONGEST_RECORD:
            carry = block
            continue
        block, carry = (block[:cut], block[cut:]) if cut else (block, b"")
        valid = valid and _is_utf8(block)
        quotes, regular, inside = _survey_quotes(block, quotes, regular, inside)
        if not valid and not regular:
            return True, False, False
    valid = valid and _is_utf8(carry)
    quotes, regular, inside = _survey_quotes(carry, quotes, regular, inside)
    return quotes, regular and not inside, valid


def _safe_cut(block: bytes) -> int:
    """Return where a block can be cut: a character, or a quote and its neighbour, may straddle two blocks."""
    cut = max(block.rfind(b"\n"), block.rfind(b"\r")) + 1
    if cut == 0 and len(block) >= LONGEST_RECORD:
        # In UTF-8 a character begins with any byte but 0x80 to 0xBF.
        for place in range(len(block) - 1, max(len(block) - 1000, 1), -1):
            if block[place] & 0xC0 != 0x80 and b'"' not in block[place - 1 : place + 1]:
                return place
    return cut


def _survey_quotes(block: bytes, quotes: bool, regular: bool, inside: bool) -> tuple[bool, bool, bool]:
    if not regular or b'"' not in block:
        return quotes, regular, inside
    data = np.frombuffer(block, dtype=np.uint8)
    places = np.flatnonzero(data == 0x22)
    edge = np.isin(np.arange(256), [0x2C, 0x3B, 0x09, 0x0A, 0x0D, 0x7C, 0x22])
    before = np.where(places > 0, data[np.maximum(places - 1, 0)], 0x0A)
    after = np.where(places < data.size - 1, data[np.minimum(places + 1, data.size - 1)], 0x0A)
    opens = (np.arange(places.size) + int(inside)) % 2 == 0
    # Every second quote closes (or is the first of a doubled one) and must be followed by a delimiter or
    # line end or its double; every other one opens and must be preceded likewise. Anything else is a stray.
    regular = bool(edge[before[opens]].all() and edge[after[~opens]].all())
    return True, regular, inside ^ (places.size % 2 == 1)


def _is_utf8(block: bytes) -> bool:
    if not block:
        return True
    offsets = pa.py_buffer(np.array([0, len(block)], dtype=np.int64))
    cell = pa.Array.from_buffers(pa.large_binary(), 1, [None, offsets, pa.py_buffer(block)])
    try:
        cell.cast(pa.large_string())
    except pa.ArrowInvalid:
        return False
    return True


def _refuse_two_encodings(path: Path) -> None:
    """Raise when the first or the last lines of a file that is not UTF-8 are UTF-8 nevertheless.

    Chinese text in UTF-8 mostly passes for GB18030 too, as other Chinese: it would be read without any error.
    """
    first_utf8, first_other, utf8 = 0, 0, 0
    with open_bytes(path) as stream:
        size = stream.seek(0, SEEK_END)
        for start in (0, max(size - _SAMPLE, _SAMPLE)):
            stream.seek(start)
            # The stretch at the end begins within a line, which does not count.
            lines = stream.read(_SAMPLE).splitlines()[int(start > 0) :]
            for number, line in enumerate(lines, start=1):
                if len(line) - len(line.translate(None, _HIGH)) < _TELLING_BYTES:
                    continue
                if _is_chinese_utf8(line):
                    utf8 += 1
                    first_utf8 = first_utf8 or (number if not start else -1)
                else:
                    first_other = first_other or (number if not start else -1)
    if utf8 >= _TELLING_LINES and first_other:
        ours = f"line {first_utf8:,}" if first_utf8 > 0 else "a line near the end"
        theirs = f"line {first_other:,}" if first_other > 0 else "a line near the end"
        raise EncodingError(
            f"the file mixes two encodings: {ours} is UTF-8 and {theirs} is not",
            file=path,
            row=first_other if first_other > 0 else None,
            expected=_EXPECTED,
            next_step="save the parts of the file in one encoding before they are joined",
        )


def _is_chinese_utf8(line: bytes) -> bool:
    try:
        letters = [character for character in line.decode("utf-8") if ord(character) >= 0x80]
    except UnicodeDecodeError:
        return False
    chinese = sum("\u3000" <= c <= "\u9fff" or "\uff00" <= c <= "\uffef" for c in letters)
    return chinese >= 0.9 * len(letters)
