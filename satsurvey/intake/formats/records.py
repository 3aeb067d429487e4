"""Cutting delimited text into records and cells where it is irregular: what is wrong costs no other line."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator, Sequence

from satsurvey.errors import ReadError
from satsurvey.intake.formats.encodings import BLOCK, LONGEST_RECORD, TextFile
from satsurvey.intake.formats.headings import FURTHEST

_HEAD = 256 * 1024
_LARGE_HEAD = 2 * 1024 * 1024
_LONGEST_OPEN = 1_000_000
_NEVER_CLOSED = "a quotation mark is never closed"
_LINE_END = re.compile("\r\n|\n|\r")


def split_record(record: str, delimiter: str) -> tuple[list[str], str]:
    """Cut one record into cells; the second value says what is irregular about it, or ""."""
    if '"' not in record:
        return record.split(delimiter), ""
    cells: list[str] = []
    place, fault = 0, ""
    while True:
        quoted = record.startswith('"', place)
        cell = ""
        if quoted:
            cell, place, closed = _quoted(record, place + 1)
            if not closed:
                return [*cells, cell], _NEVER_CLOSED
        end = record.find(delimiter, place)
        rest = record[place:] if end < 0 else record[place:end]
        if quoted and rest:
            fault = "text stands after a closing quotation mark"
        cells.append(cell + rest)
        if end < 0:
            return cells, fault
        place = end + 1


def _quoted(record: str, place: int) -> tuple[str, int, bool]:
    """Read a quoted cell from behind its opening mark: text, the place behind it, and whether it closes."""
    parts: list[str] = []
    while True:
        end = record.find('"', place)
        if end < 0:
            return "".join([*parts, record[place:]]), len(record), False
        parts.append(record[place:end])
        place = end + 1
        if not record.startswith('"', place):
            return "".join(parts), place, True
        parts.append('"')
        place += 1


def head_records(text: TextFile, delimiter: str, wanted: int) -> list[bytes]:
    """Return the first `wanted` records (fewer in a short file) as raw bytes with their line ends.

    Raises
    ------
    UnicodeDecodeError
        When bytes are not text in the file's encoding.
    ReadError
        When the first line never ends.
    """
    size = _HEAD
    while True:
        with text.open() as stream:
            head = stream.read(size)
        complete = len(head) < size
        lines = head.splitlines(keepends=True)
        if not complete and len(lines) > 1:
            lines.pop()  # may go on behind the head
        records = _paired(lines, wanted) if text.regular else _grouped(lines, text, delimiter, wanted)
        if not complete and size >= LONGEST_RECORD and len(lines) < 2:
            raise ReadError(
                f"the first line is longer than {LONGEST_RECORD:,} bytes",
                file=text.path,
                expected="a heading row and one row per interview",
            )
        enough = wanted if wanted > FURTHEST or size < _LARGE_HEAD else 1
        if complete or len(records) > enough or size >= LONGEST_RECORD:
            return records[:wanted]
        size *= 8


def _paired(lines: Sequence[bytes], wanted: int) -> list[bytes]:
    """Join lines while a quotation mark is open, in a file in which all of them pair up."""
    records: list[bytes] = []
    parts: list[bytes] = []
    quotes = 0
    for line in lines:
        parts.append(line)
        quotes += line.count(b'"')
        if quotes % 2 == 0:
            records.append(b"".join(parts))
            parts, quotes = [], 0
            if len(records) > wanted:
                break
    return [*records, b"".join(parts)] if parts else records


def _grouped(lines: Sequence[bytes], text: TextFile, delimiter: str, wanted: int) -> list[bytes]:
    """Join lines as `records` does."""
    decoded = [line.decode(text.cell_encoding).rstrip("\r\n") for line in lines]
    grouped: list[bytes] = []
    place = 0
    for record, _ in records(decoded, delimiter):
        count = record.count("\n") + 1
        grouped.append(b"".join(lines[place : place + count]))
        place += count
        if len(grouped) > wanted:
            break
    return grouped


def records(lines: Iterable[str], delimiter: str) -> Iterator[tuple[str, str]]:
    """Join lines into records; a quotation mark that nothing closes spoils its own line and no other.

    Yields
    ------
    record, fault
        The record, its lines joined by line feeds, and what is wrong with it, or "".

    Notes
    -----
    A later line closes an open cell only where its quotation mark stands before a delimiter or the line's
    end: the opening mark of another cell closes nothing. Up to a million characters are looked through.
    """
    source = _Returnable(lines)
    while (line := source.take()) is not None:
        if '"' not in line or split_record(line, delimiter)[1] != _NEVER_CLOSED:
            yield line, ""
            continue
        parts, length, closed = [line], len(line), False
        while length < _LONGEST_OPEN and (more := source.take()) is not None:
            parts.append(more)
            length += len(more)
            if '"' in more:
                fault = split_record(f'"{more}', delimiter)[1]
                if fault != _NEVER_CLOSED:
                    closed = not fault
                    break
        if closed:
            yield "\n".join(parts), ""
        else:
            source.give_back(parts[1:])
            yield line, _NEVER_CLOSED


class _Returnable:
    """Lines one by one, with the possibility to give lines back."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._source = iter(lines)
        self._returned: list[str] = []

    def take(self) -> str | None:
        return self._returned.pop() if self._returned else next(self._source, None)

    def give_back(self, lines: Sequence[str]) -> None:
        self._returned.extend(reversed(lines))


def read_lines(text: TextFile, start: int) -> Iterator[str]:
    """Yield the lines of a file from a byte on, decoded, without their ends.

    Raises
    ------
    EncodingError
        When bytes are not text in the file's encoding.
    """
    decoder = codecs.getincrementaldecoder(text.cell_encoding)("strict")
    rest: list[str] = []
    held = ""
    with text.open(start) as stream:
        while True:
            block = stream.read(BLOCK)
            try:
                decoded = held + decoder.decode(block, final=not block)
            except UnicodeDecodeError as exc:
                raise text.undecodable() from exc
            if not block:
                break
            # A carriage return at the very end may be half of a line end.
            held = "\r" if decoded.endswith("\r") else ""
            lines = _LINE_END.split(decoded[: len(decoded) - len(held)])
            if len(lines) > 1:
                yield "".join([*rest, lines[0]])
                yield from lines[1:-1]
                rest = []
            rest.append(lines[-1])
    last = _LINE_END.split("".join([*rest, decoded]))
    yield from last[:-1] if last[-1] == "" else last
