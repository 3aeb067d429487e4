"""Reading of CSV and TSV: the encoding decided over the whole file, every row kept, every cell as text."""

from __future__ import annotations

import codecs
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv

from satsurvey.errors import EncodingError, ReadError
from satsurvey.intake.formats.headings import FURTHEST, ReadOptions, find_heading_row, normalise_heading
from satsurvey.intake.raw import RawColumn, RawFile, RawTable, Source, UnreadableRow

_BLOCK = 8 * 1024 * 1024
_HEAD = 256 * 1024
_LONGEST_RECORD = 64 * 1024 * 1024
_MOST_COLUMNS = 20_000
_LONGEST_OPEN = 1_000_000
_SLOW_ROWS = 20_000
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
# In these encodings comma, semicolon, tab, quotation mark and line break never occur inside another
# character, so a file can be cut into cells before it is decoded.
_CUT_BEFORE_DECODING = {"utf-8", "ascii", "gb18030", "gbk", "gb2312", "iso8859-1", "cp1252", "iso8859-15"}


@dataclass(frozen=True)
class _Text:
    """A delimited file as bytes that can be cut into cells: where they start, and how to decode a cell."""

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
        return "utf-8" if self.converted is not None else self.encoding


def open_delimited(path: Path, options: ReadOptions) -> RawFile:
    """Open a CSV or TSV file.

    The encoding is decided over the whole file: a byte-order mark, else UTF-8 when every byte fits, else
    GB18030. Short runs of GB18030 can pass for UTF-8, so a sample would not do.

    Raises
    ------
    EncodingError
        When bytes are text in neither; it names the byte, the line and the option to use.
    ReadError
        When the file is empty, has no headings, or cannot be read.
    """
    text = _prepare(path, options.encoding)
    head, complete = _head_records(text)
    if not any(any(cell.strip() for cell in record) for record in _split_all(head, ",", text)):
        raise ReadError(
            "the file holds no text" if head else "the file is empty",
            file=path,
            expected="a heading row and one row per interview",
        )
    delimiter = options.delimiter or _find_delimiter(path, head, text, options.known)
    if len(delimiter) != 1 or delimiter in '"\r\n' or not delimiter.isascii():
        raise ReadError("the delimiter must be one ASCII character", file=path, value=delimiter)
    if delimiter not in ",;\t" and text.converted is None and text.encoding != "utf-8":
        text = _converted(text)
        head, complete = _head_records(text)
    records = _split_all(head, delimiter, text)
    if options.heading_row is not None:
        position = options.heading_row - 1
        if not 0 <= position < len(records):
            raise ReadError(f"the file has no row {options.heading_row} for headings", file=path)
    else:
        position = find_heading_row(records, options.known)
    headings = records[position]
    if len(headings) > _MOST_COLUMNS:
        raise ReadError(f"the heading row has {len(headings)} cells; at most {_MOST_COLUMNS} are read", file=path)
    notes = [f"{position} rows above the headings were taken as titles"] if position else []
    columns = tuple(
        RawColumn(heading=" ".join(heading.split()) or f"(column {number})", position=number)
        for number, heading in enumerate(headings, start=1)
    )
    source = Source(
        path=path,
        format="tsv" if delimiter == "\t" else "csv",
        encoding=text.encoding,
        cell_encoding=text.cell_encoding,
        delimiter=delimiter,
        heading_row=position + 1,
        notes=tuple(notes),
    )
    start = sum(len(record) for record in head[: position + 1])

    def tables() -> Iterator[RawTable]:
        return _tables(text, source, columns, delimiter, start)

    return RawFile(source, columns, tables)


def undecodable(source: Source, *, declared: bool) -> EncodingError:
    """Say which byte of a file is no text, after a cell of it could not be decoded."""
    encoding = source.encoding or "utf-8"
    return _undecodable(_Text(source.path, encoding, 0, None, False, False, declared))


def locate_undecodable(path: Path, encoding: str) -> EncodingError:
    """Find the first byte that is no text in `encoding` and say so the way a person can act on."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    read, lines = 0, 0
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            pending = len(decoder.getstate()[0])
            try:
                decoder.decode(block)
            except UnicodeDecodeError as exc:
                place = read - pending + exc.start
                lines += block[: max(exc.start - pending, 0)].count(b"\n")
                byte = exc.object[exc.start : exc.start + 1].hex()
                return _encoding_error(path, encoding, place, lines + 1, byte)
            read += len(block)
            lines += block.count(b"\n")
    return _encoding_error(path, encoding, read, lines + 1, "end of file")


def _undecodable(text: _Text) -> EncodingError:
    error = locate_undecodable(text.path, text.encoding)
    if text.declared:
        return error
    # GB18030 was tried because UTF-8 did not fit: a file of two encodings shows in both places.
    utf8 = locate_undecodable(text.path, "utf-8")
    return EncodingError(
        f"the file is text in no encoding tried: {utf8.what}; {error.what}",
        file=text.path,
        row=utf8.row,
        expected=error.expected,
        next_step=error.next_step,
    )


def _encoding_error(path: Path, encoding: str, place: int, line: int, byte: str) -> EncodingError:
    return EncodingError(
        f"byte {place + 1:,} (0x{byte}) in line {line:,} is not text in {encoding}"
        if byte != "end of file"
        else f"the file ends in the middle of a character in {encoding}",
        file=path,
        row=line,
        expected="one encoding throughout: UTF-8, GB18030/GBK, or UTF-16 with a byte-order mark",
        next_step="name the encoding with --encoding (for example --encoding big5), or save the file as UTF-8",
    )


def _codec(encoding: str) -> str:
    return codecs.lookup(encoding).name


def _prepare(path: Path, declared: str | None) -> _Text:
    if declared is not None:
        try:
            declared = _codec(declared)
        except LookupError as exc:
            raise EncodingError(
                f"there is no encoding called {declared!r}", file=path, expected="utf-8, gb18030, big5, utf-16 …"
            ) from exc
        if declared == "utf-8-sig":
            declared = "utf-8"
    try:
        with path.open("rb") as stream:
            start = stream.read(4)
            skip, encoding = 0, declared
            for bom, name in _BOMS:
                if start.startswith(bom) and declared in {None, name, "utf-16"}:
                    skip, encoding = len(bom), name
                    break
            if encoding is None and b"\0" in start[:4] and len(start) >= 2:
                encoding = "utf-16-le" if start[1:2] == b"\0" else "utf-16-be" if start[:1] == b"\0" else None
            quotes, regular, valid = False, True, True
            if encoding is None or encoding in _CUT_BEFORE_DECODING:
                stream.seek(skip)
                quotes, regular, valid = _survey(stream, check_utf8=encoding in {None, "utf-8"})
    except OSError as exc:
        raise ReadError(f"the file cannot be read: {exc.strerror or exc}", file=path) from exc
    if encoding == "utf-8" and not valid:
        raise locate_undecodable(path, "utf-8")
    if encoding is None:
        encoding = "utf-8" if valid else "gb18030"
    text = _Text(path, encoding, skip, None, quotes, regular, declared is not None)
    return text if encoding in _CUT_BEFORE_DECODING else _converted(text)


def _survey(stream: BinaryIO, *, check_utf8: bool) -> tuple[bool, bool, bool]:
    """Go through the whole file once: has it quotes, do they all pair up as CSV wants, is it UTF-8?"""
    quotes, regular, valid = False, True, check_utf8
    carry, inside = b"", False
    while block := stream.read(_BLOCK):
        block = carry + block
        # A character, or a quote and its neighbour, may straddle two blocks: keep the last line for later.
        cut = block.rfind(b"\n") + 1
        if cut == 0 and len(block) < _LONGEST_RECORD:
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


def _converted(text: _Text) -> _Text:
    """Bring a file whose bytes cannot be cut as they are (UTF-16, Big5 …) to UTF-8 in memory."""
    raw = text.path.read_bytes()[text.skip :]
    try:
        content = raw.decode(text.encoding)
    except UnicodeDecodeError as exc:
        raise _undecodable(text) from exc
    converted = content.removeprefix("\ufeff").encode("utf-8", errors="surrogatepass")
    quotes, regular, _ = _survey(BytesIO(converted), check_utf8=False)
    return _Text(text.path, text.encoding, 0, converted, quotes, regular, text.declared)


def _head_records(text: _Text) -> tuple[list[bytes], bool]:
    """Return the first records as raw bytes with their line ends, and whether the file ends with them."""
    size = _HEAD
    while True:
        with text.open() as stream:
            head = stream.read(size)
        complete = len(head) < size
        records = _cut_records(head, complete=complete, quoted=text.regular)
        if complete or len(records) > 1 or size >= _LONGEST_RECORD:
            return records[: FURTHEST + 1], complete
        size *= 8


def _cut_records(data: bytes, *, complete: bool, quoted: bool) -> list[bytes]:
    records: list[bytes] = []
    start = counted = quotes = 0
    for match in re.finditer(rb"\r\n|\n|\r", data):
        quotes += data.count(b'"', counted, match.end())
        counted = match.end()
        if quoted and quotes % 2:
            continue
        records.append(data[start : match.end()])
        start, quotes = match.end(), 0
        if len(records) > FURTHEST:
            return records
    if start < len(data) and (complete or not records):
        records.append(data[start:])
    return records


def _split_all(head: Sequence[bytes], delimiter: str, text: _Text) -> list[list[str]]:
    try:
        return [_split(record.decode(text.cell_encoding).rstrip("\r\n"), delimiter)[0] for record in head]
    except UnicodeDecodeError as exc:
        raise _undecodable(text) from exc


def _split(record: str, delimiter: str) -> tuple[list[str], str]:
    """Cut one record into cells; the second value says what is irregular about it, or "" ."""
    if '"' not in record:
        return record.split(delimiter), ""
    cells, place, fault = [], 0, ""
    while True:
        if place < len(record) and record[place] == '"':
            cell, place = "", place + 1
            while True:
                end = record.find('"', place)
                if end < 0:
                    return [*cells, cell + record[place:]], "a quotation mark is never closed"
                cell += record[place:end]
                place = end + 1
                if place < len(record) and record[place] == '"':
                    cell, place = cell + '"', place + 1
                    continue
                break
            end = record.find(delimiter, place)
            rest = record[place:] if end < 0 else record[place:end]
            if rest:
                fault, cell = "text stands after a closing quotation mark", cell + rest
            cells.append(cell)
        else:
            end = record.find(delimiter, place)
            cells.append(record[place:] if end < 0 else record[place:end])
        if end < 0 or (end := record.find(delimiter, place)) < 0:
            return cells, fault
        place = end + 1


def _find_delimiter(path: Path, head: Sequence[bytes], text: _Text, known: frozenset[str]) -> str:
    if path.suffix.lower() == ".tsv":
        return "\t"
    best, best_score = ",", (-1, -1)
    for delimiter in ",\t;|":
        records = _split_all(head, delimiter, text)
        widths = Counter(len(record) for record in records if len(record) > 1)
        width, times = widths.most_common(1)[0] if widths else (1, 0)
        found = max((len({normalise_heading(cell) for cell in record} & known) for record in records), default=0)
        score = (found, times * width)
        if score > best_score:
            best, best_score = delimiter, score
    return best


def _tables(
    text: _Text, source: Source, columns: tuple[RawColumn, ...], delimiter: str, start: int
) -> Iterator[RawTable]:
    done = 0
    if text.regular:
        fast = _fast_tables(text, source, columns, delimiter, start)
        for table in fast:
            if table is None:
                break
            done += table.rows.size
            yield table
        else:
            return
    yield from _careful_tables(text, source, columns, delimiter, start, done)


def _fast_tables(
    text: _Text, source: Source, columns: tuple[RawColumn, ...], delimiter: str, start: int
) -> Iterator[RawTable | None]:
    """Yield tables cut by Arrow; None when a row does not fit and the careful reader must take over."""
    names = [f"c{column.position}" for column in columns]
    ragged: list[str] = []

    def note_ragged(row: arrow_csv.InvalidRow) -> str:
        ragged.append(row.text)
        return "skip"

    with text.open(start) as stream:
        if not stream.read(1):
            return
    with text.open(start) as stream:
        try:
            reader = arrow_csv.open_csv(
                stream,
                read_options=arrow_csv.ReadOptions(block_size=_BLOCK, column_names=names),
                parse_options=arrow_csv.ParseOptions(
                    delimiter=delimiter,
                    newlines_in_values=text.quotes,
                    ignore_empty_lines=False,
                    invalid_row_handler=note_ragged,
                ),
                convert_options=arrow_csv.ConvertOptions(
                    column_types=dict.fromkeys(names, pa.binary()), check_utf8=False, strings_can_be_null=False
                ),
            )
        except pa.ArrowInvalid:
            yield None
            return
        row = source.heading_row + 1
        # The next stretch is cut while this one is decoded: both sides release the interpreter.
        with ThreadPoolExecutor(max_workers=1) as ahead:
            pending = ahead.submit(_next_batch, reader)
            while True:
                batch = pending.result()
                if ragged or batch == "fault":
                    yield None
                    return
                if batch is None:
                    return
                pending = ahead.submit(_next_batch, reader)
                rows = np.arange(row, row + batch.num_rows, dtype=np.int64)
                row += batch.num_rows
                yield RawTable(columns, tuple(batch.columns), rows)


def _next_batch(reader: arrow_csv.CSVStreamingReader) -> pa.RecordBatch | str | None:
    try:
        while True:
            batch = reader.read_next_batch()
            if batch.num_rows:
                return batch
    except StopIteration:
        return None
    except pa.ArrowInvalid:
        return "fault"


def _careful_tables(
    text: _Text, source: Source, columns: tuple[RawColumn, ...], delimiter: str, start: int, done: int
) -> Iterator[RawTable]:
    """Yield the rows after the first `done` record by record, telling unreadable rows from the others."""
    row = source.heading_row
    rows: list[int] = []
    cells: list[list[str]] = []
    unreadable: list[UnreadableRow] = []

    def table() -> RawTable:
        arrays = tuple(pa.array(column, pa.string()) for column in zip(*cells, strict=True))
        if not cells:
            arrays = tuple(pa.array([], pa.string()) for _ in columns)
        return RawTable(columns, arrays, np.array(rows, dtype=np.int64), tuple(unreadable))

    for record, fault in _records(text, delimiter, start):
        row += 1
        if row - source.heading_row <= done:
            continue
        values, irregular = _split(record, delimiter)
        fault = fault or irregular
        while len(values) > len(columns) and not values[-1].strip():
            values.pop()
        if not fault and len(values) == 1 and not values[0].strip():
            values = [""] * len(columns)
        if not fault and len(values) != len(columns):
            fault = f"the row has {len(values)} cells where the headings have {len(columns)}"
        if fault:
            unreadable.append(UnreadableRow(row, fault, record))
        else:
            rows.append(row)
            cells.append(values)
        if len(rows) + len(unreadable) >= _SLOW_ROWS:
            yield table()
            rows, cells, unreadable = [], [], []
    if rows or unreadable:
        yield table()


def _records(text: _Text, delimiter: str, start: int) -> Iterator[tuple[str, str]]:
    """Yield logical records; a quotation mark that nothing closes spoils its own line and no other."""
    lines = _Lines(text, start)
    while (line := lines.take()) is not None:
        if '"' not in line or not _left_open(line, delimiter, inside=False):
            yield line, ""
            continue
        parts, length, closed = [line], len(line), False
        while length < _LONGEST_OPEN and (more := lines.take()) is not None:
            parts.append(more)
            length += len(more)
            if '"' in more and not _left_open(more, delimiter, inside=True):
                closed = True
                break
        if closed:
            yield "\n".join(parts), ""
        else:
            lines.give_back(parts[1:])
            yield line, "a quotation mark is never closed"


def _left_open(line: str, delimiter: str, *, inside: bool) -> bool:
    """Tell whether a line ends inside quotation marks, given whether it begins inside them."""
    return _split(f'"{line}' if inside else line, delimiter)[1] == "a quotation mark is never closed"


class _Lines:
    """The lines of a file, decoded one by one, with the possibility to give lines back."""

    def __init__(self, text: _Text, start: int) -> None:
        self._source = self._read(text, start)
        self._returned: list[str] = []

    def take(self) -> str | None:
        return self._returned.pop() if self._returned else next(self._source, None)

    def give_back(self, lines: Sequence[str]) -> None:
        self._returned.extend(reversed(lines))

    @staticmethod
    def _read(text: _Text, start: int) -> Iterator[str]:
        decoder = codecs.getincrementaldecoder(text.cell_encoding)("strict")
        rest = ""
        with text.open(start) as stream:
            while True:
                block = stream.read(_BLOCK)
                try:
                    rest += decoder.decode(block, final=not block)
                except UnicodeDecodeError as exc:
                    raise _undecodable(text) from exc
                if not block:
                    break
                # A carriage return at the very end may be half of a line end.
                held = "\r" if rest.endswith("\r") else ""
                lines = re.split(r"\r\n|\n|\r", rest[: len(rest) - len(held)])
                rest = lines.pop() + held
                yield from lines
        if rest:
            lines = re.split(r"\r\n|\n|\r", rest)
            yield from lines[:-1] if lines[-1] == "" else lines
