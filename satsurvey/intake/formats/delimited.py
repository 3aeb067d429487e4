"""Reading of CSV and TSV: headings found, every row kept with its number, every cell as text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv

from satsurvey.errors import ReadError
from satsurvey.intake.formats.compressed import inner_suffix, open_bytes
from satsurvey.intake.formats.content import kind_of_content, refuse_content
from satsurvey.intake.formats.encodings import BLOCK, TextFile, convert, open_text
from satsurvey.intake.formats.encodings import undecodable as undecodable
from satsurvey.intake.formats.headings import FURTHEST, ReadOptions, find_heading_row, normalise_heading
from satsurvey.intake.formats.records import head_records, read_lines, records, split_record
from satsurvey.intake.raw import RawColumn, RawFile, RawTable, Source, UnreadableRow

_MOST_COLUMNS = 20_000
_LEAST = 1 << 16
_SLOW_ROWS = 20_000
_SLOW_CHARACTERS = 32 * 1024 * 1024
_NOT_TEXT = {"zip", "empty zip", "compound", "sav", "parquet", "dta", "pdf", "gzip", "rar", "7z"}


def open_delimited(path: Path, options: ReadOptions) -> RawFile:
    """Open a CSV or TSV file.

    The encoding is decided over the whole file: a byte-order mark, else UTF-8 when every byte fits, else
    GB18030. Short runs of GB18030 can pass for UTF-8, so a sample would not do.

    Raises
    ------
    EncodingError
        When bytes are text in neither; it names the byte, the line and the option to use.
    ReadError
        When the file is empty, has no headings, is no text, or cannot be read.
    """
    kind = kind_of_content(path)
    if kind in _NOT_TEXT and (kind == "pdf" or _has_controls(path)):
        raise refuse_content(path, kind, "a CSV or TSV file")
    text = open_text(path, options.encoding)
    wanted = max(FURTHEST, options.heading_row or 0)
    if not any(any(cell.strip() for cell in record) for record in _split_head(text, ",", wanted)[1]):
        raise ReadError(
            "the file holds no text", file=path, expected="a heading row and one row per interview"
        )
    delimiter = options.delimiter or _find_delimiter(text, options.known)
    if len(delimiter) != 1 or delimiter in '"\r\n\0' or not delimiter.isascii():
        raise ReadError(
            "the delimiter must be one ASCII character, and no quotation mark or line end",
            file=path,
            value=delimiter,
        )
    if delimiter not in ",;\t" and text.cell_encoding != "utf-8":
        # Other ASCII characters can be the second byte of a Chinese one.
        text = convert(text)
    head, rows = _split_head(text, delimiter, wanted)
    if options.heading_row is None:
        position = find_heading_row(rows, options.known)
    else:
        position = options.heading_row - 1
        if not 0 <= position < len(rows):
            raise ReadError(f"the file has no row {options.heading_row} for headings", file=path)
    headings = rows[position]
    if len(headings) > _MOST_COLUMNS:
        raise ReadError(
            f"the heading row has {len(headings):,} cells; at most {_MOST_COLUMNS:,} are read", file=path
        )
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
        notes=(_titles(position),) if position else (),
    )
    start = sum(len(record) for record in head[: position + 1])

    def tables() -> Iterator[RawTable]:
        return _tables(text, source, columns, delimiter, start)

    return RawFile(source, columns, tables)


def _titles(rows: int) -> str:
    return f"{rows} row{'s' * (rows > 1)} above the headings {'were' if rows > 1 else 'was'} taken as title"


def _has_controls(path: Path) -> bool:
    """Tell whether the first bytes hold what text does not; "PAR1" may also be a heading."""
    with open_bytes(path) as stream:
        return any(byte < 9 or 13 < byte < 32 for byte in stream.read(4096))


def _split_head(text: TextFile, delimiter: str, wanted: int) -> tuple[list[bytes], list[list[str]]]:
    """Return the first records, as raw bytes and as cells."""
    try:
        head = head_records(text, delimiter, wanted)
        return head, [
            split_record(record.decode(text.cell_encoding).rstrip("\r\n"), delimiter)[0] for record in head
        ]
    except UnicodeDecodeError as exc:
        raise text.undecodable() from exc


def _find_delimiter(text: TextFile, known: frozenset[str]) -> str:
    """Choose the delimiter that gives most known headings, then most cells in rows of one length."""
    if inner_suffix(text.path) == ".tsv":
        return "\t"
    best, best_score = ",", (-1, -1)
    for delimiter in ",\t;|":
        _, rows = _split_head(text, delimiter, FURTHEST)
        widths = Counter(len(row) for row in rows if len(row) > 1)
        width, times = widths.most_common(1)[0] if widths else (1, 0)
        found = max((len({normalise_heading(cell) for cell in row} & known) for row in rows), default=0)
        score = (found, times * width)
        if score > best_score:
            best, best_score = delimiter, score
    return best


def _tables(
    text: TextFile, source: Source, columns: tuple[RawColumn, ...], delimiter: str, start: int
) -> Iterator[RawTable]:
    done = 0
    if text.regular:
        for table in _fast_tables(text, source, columns, delimiter, start):
            if table is None:
                break
            done += table.rows.size
            yield table
        else:
            return
    yield from _careful_tables(text, source, columns, delimiter, start, done)


def _fast_tables(
    text: TextFile, source: Source, columns: tuple[RawColumn, ...], delimiter: str, start: int
) -> Iterator[RawTable | None]:
    """Yield tables cut by Arrow; None when a row does not fit and the careful reader must take over."""
    row = source.heading_row + 1
    with text.open(start) as stream, ThreadPoolExecutor(max_workers=1) as ahead:
        stretches = _stretches(stream, quotes=text.quotes)

        def next_table() -> pa.Table | None:
            stretch = next(stretches, None)
            return None if stretch is None else _cut(stretch, columns, delimiter, quotes=text.quotes)

        # The next stretch is cut while this one is decoded: both sides release the interpreter.
        pending = ahead.submit(next_table)
        while True:
            try:
                table = pending.result()
            except pa.ArrowInvalid:
                yield None
                return
            if table is None:
                return
            pending = ahead.submit(next_table)
            rows = np.arange(row, row + table.num_rows, dtype=np.int64)
            row += table.num_rows
            yield RawTable(columns, tuple(_one_array(column) for column in table.columns), rows)


def _stretches(stream: pa.NativeFile, *, quotes: bool) -> Iterator[bytes]:
    """Yield whole records in stretches of about `BLOCK` bytes.

    Arrow's own reading of files in stretches holds several of them at once; this holds two.
    """
    rest = b""
    while block := stream.read(BLOCK):
        data = rest + block
        end = _last_record_end(data, quotes=quotes)
        rest = data[end:]
        if end:
            yield data[:end]
    if rest:
        yield rest


def _last_record_end(data: bytes, *, quotes: bool) -> int:
    """Return the place behind the last line end that stands outside quotation marks, 0 if there is none."""
    # A carriage return that ends the data may be half of a line end.
    mark = b"\n" if b"\n" in data else b"\r"
    end = data.rfind(mark, 0, len(data) - (mark == b"\r")) + 1
    if quotes and end:
        open_marks = data.count(b'"', 0, end)
        while end and open_marks % 2:
            before = data.rfind(mark, 0, end - 1) + 1
            open_marks -= data.count(b'"', before, end)
            end = before
    return end


def _cut(data: bytes, columns: tuple[RawColumn, ...], delimiter: str, *, quotes: bool) -> pa.Table:
    """Cut whole records into columns of bytes; raises `ArrowInvalid` where a row does not fit."""
    # Arrow's own handler of rows that do not fit wants UTF-8 and complains aloud of anything else.
    names = [f"c{column.position}" for column in columns]
    return arrow_csv.read_csv(
        pa.BufferReader(data),
        # Arrow gives every column of a block room for the whole block, so blocks are small, unless a single
        # record is longer than that; a second thread gains nothing beside the decoding. A block of one byte
        # would lose a row whose line end has two.
        read_options=arrow_csv.ReadOptions(
            use_threads=False,
            block_size=max(len(data) // 8, _LEAST) if len(data) < 2 * BLOCK else len(data) + 1,
            column_names=names,
        ),
        parse_options=arrow_csv.ParseOptions(
            delimiter=delimiter, newlines_in_values=quotes, ignore_empty_lines=False
        ),
        convert_options=arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.binary()), check_utf8=False, strings_can_be_null=False
        ),
    )


def _one_array(column: pa.ChunkedArray) -> pa.Array:
    combined = column.combine_chunks()
    return combined.chunk(0) if isinstance(combined, pa.ChunkedArray) else combined


def _careful_tables(
    text: TextFile,
    source: Source,
    columns: tuple[RawColumn, ...],
    delimiter: str,
    start: int,
    done: int,
) -> Iterator[RawTable]:
    """Yield the rows after the first `done` record by record, telling unreadable rows from the others."""
    rows: list[int] = []
    cells: list[list[str]] = []
    unreadable: list[UnreadableRow] = []
    characters = 0
    all_records = records(read_lines(text, start), delimiter)
    for row, (record, fault) in enumerate(all_records, start=source.heading_row + 1):
        if row - source.heading_row <= done:
            continue
        values, irregular = split_record(record, delimiter)
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
        characters += len(record)
        if len(rows) + len(unreadable) >= _SLOW_ROWS or characters >= _SLOW_CHARACTERS:
            yield _table(columns, rows, cells, unreadable)
            rows, cells, unreadable, characters = [], [], [], 0
    if rows or unreadable:
        yield _table(columns, rows, cells, unreadable)


def _table(
    columns: tuple[RawColumn, ...],
    rows: list[int],
    cells: list[list[str]],
    unreadable: list[UnreadableRow],
) -> RawTable:
    arrays = tuple(pa.array([row[k] for row in cells], pa.string()) for k in range(len(columns)))
    return RawTable(columns, arrays, np.array(rows, dtype=np.int64), tuple(unreadable))
