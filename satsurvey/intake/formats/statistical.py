"""Reading SPSS (.sav, .zsav, .por) and Stata (.dta) files into text cells, with labels and missing codes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from satsurvey.errors import ReadError, shorten
from satsurvey.intake.formats.apart import call_apart
from satsurvey.intake.formats.cell_text import LONG_NUMBERS, distinct_as_text, has_long_numbers, number_texts
from satsurvey.intake.formats.content import kind_of_content, refuse_content
from satsurvey.intake.formats.headings import ReadOptions
from satsurvey.intake.formats.mojibake import encoding_behind
from satsurvey.intake.formats.statistical_dates import LEAP_SECONDS, counts_leap_seconds, texts_of_format
from satsurvey.intake.raw import RawColumn, RawFile, RawTable, Source

WANTED = {
    "sav": "an SPSS file (.sav)",
    "zsav": "a compressed SPSS file (.zsav)",
    "por": "an SPSS portable file (.por)",
    "dta": "a Stata file (.dta)",
}
CELLS_AT_ONCE = 4_000_000
CHINESE = "GB18030"
PORTABLE_NOTE = (
    "portable files are read with their user-missing answers blank; save as .sav to keep the codes"
)


def open_statistical(path: Path, options: ReadOptions) -> RawFile:
    """Open an SPSS or Stata file.

    Parameters
    ----------
    path
        The file; its ending says which kind it is.
    options
        `encoding` overrides what the file declares and what the check for mojibake finds.

    Returns
    -------
    RawFile
        Codes as text ("8"), dates and times as ISO 8601, Stata's extended missing values as ".a" to ".z",
        system-missing as null. Value labels are keyed by cell text; codes that the file declares as
        user-missing, singly or as a range, are in `missing_codes`. `Source.heading_row` is 0: rows
        count from 1.

    Raises
    ------
    ReadError
        When the file is not of this kind, is damaged, or its text is in none of the encodings tried.
    """
    contents: Contents = call_apart(read_contents, path, options)
    return RawFile(contents.source, contents.columns, contents.tables)


@dataclass(frozen=True)
class Contents:
    """A file read whole: its columns, and the cells of stretches of rows."""

    source: Source
    columns: tuple[RawColumn, ...]
    blocks: tuple[tuple[pa.Array, ...], ...]

    def tables(self) -> Iterator[RawTable]:
        """Go through the rows."""
        first = 1
        for cells in self.blocks:
            height = len(cells[0])
            yield RawTable(self.columns, cells, np.arange(first, first + height, dtype=np.int64))
            first += height


def read_contents(path: Path, options: ReadOptions) -> Contents:
    """Read an SPSS or Stata file in this process; `open_statistical` says how.

    Raises
    ------
    ReadError
        As `open_statistical`; but a badly damaged file can end the process.
    """
    format = path.suffix.lower().lstrip(".")
    wanted = WANTED.get(format)
    if wanted is None:
        kinds = ", ".join(WANTED.values())
        raise ReadError(f"The ending .{format} is not that of SPSS or Stata", file=path, expected=kinds)
    kind = kind_of_content(path)
    if kind not in ("binary", "text", "sav" if format in ("sav", "zsav") else format):
        raise refuse_content(path, kind, wanted)
    file = _File(path, format)
    notes = [PORTABLE_NOTE] if format == "por" else []
    if options.encoding and format == "por":
        notes.append("portable files state their own characters; the encoding that was named is not used")
    encoding, meta, encoding_notes = _encoding(file, options)
    notes += encoding_notes
    if not meta.column_names:
        raise ReadError("The file declares no variables", file=path, next_step="export it again")
    columns, blocks = _read(file, encoding, meta)
    source = Source(
        path=path,
        format=format,
        encoding=encoding or meta.file_encoding or ("UTF-8" if file.is_unicode(meta) else None),
        heading_row=0,
        notes=tuple(notes),
    )
    return Contents(source, columns, blocks)


class _UndecodableError(Exception):
    """Bytes of the file are no text in the encoding tried."""


@dataclass(frozen=True)
class _File:
    """A file and the one function of the reading library that reads its kind."""

    path: Path
    format: str

    def read(self, encoding: str | None = None, **options: Any) -> tuple[Mapping[str, Sequence[Any]], Any]:
        """Read columns as lists, and the metadata.

        Raises
        ------
        _UndecodableError
            When bytes are no text in this encoding.
        ReadError
            When the file cannot be read at all.
        """
        import pyreadstat

        read: Any = {
            "sav": pyreadstat.read_sav,
            "zsav": pyreadstat.read_sav,
            "por": pyreadstat.read_por,
            "dta": pyreadstat.read_dta,
        }[self.format]
        if self.format != "por":
            options |= {"user_missing": True, "encoding": encoding}
        try:
            columns, meta = read(
                str(self.path), output_format="dict", disable_datetime_conversion=True, **options
            )
        except UnicodeDecodeError as exc:
            raise _UndecodableError(str(exc)) from exc
        except (
            pyreadstat.ReadstatError,
            pyreadstat.PyreadstatError,
            OSError,
            ValueError,
            TypeError,
            ArithmeticError,
            LookupError,
            MemoryError,
        ) as exc:
            detail = str(exc)
            if "convert string" in detail:
                raise _UndecodableError(detail) from exc
            if "character set" in detail or "charset" in detail or "iconv" in detail:
                raise ReadError(
                    f"The reading library knows no encoding named {shorten(encoding)}",
                    file=self.path,
                    expected="UTF-8, GB18030, Big5, windows-1252 …",
                    next_step="name the encoding in another way",
                ) from exc
            raise ReadError(
                f"The file is damaged, cut off, or not {WANTED[self.format]}: {shorten(detail, 200)}",
                file=self.path,
                next_step="copy or export it again in full, or export the data as CSV",
            ) from exc
        return columns, meta

    def is_unicode(self, meta: Any) -> bool:
        """Say whether the file declares its text to be Unicode, so that there is nothing to check."""
        if self.format == "dta":
            with self.path.open("rb") as file:
                head = file.read(64)
            release = head.partition(b"<release>")[2][:3]
            return release.isdigit() and int(release) >= 118
        return self.format == "por" or (meta.file_encoding or "").upper().replace("-", "") == "UTF8"


def _encoding(file: _File, options: ReadOptions) -> tuple[str | None, Any, list[str]]:
    """Find the encoding of the file's text; None where the library's own reading of the file is right."""
    if options.encoding and file.format != "por":
        return options.encoding, _meta(file, options.encoding), []
    try:
        _, meta = file.read(metadataonly=True)
        if file.is_unicode(meta):
            found = None
        else:
            found = encoding_behind(_declared_texts(meta))
            if found is None:
                found = encoding_behind(_answers(file, meta))
    except _UndecodableError:
        note = f"the text is not in the encoding that the file declares or implies; read as {CHINESE}"
        return CHINESE, _meta(file, CHINESE), [note]
    if found is None:
        return None, meta, []
    declared = f"read as {meta.file_encoding}" if meta.file_encoding else "with no encoding declared"
    note = f"read as {found}: {declared}, the Chinese text shows as Western letters (mojibake)"
    return found, _meta(file, found), [note]


def _meta(file: _File, encoding: str) -> Any:
    try:
        return file.read(encoding, metadataonly=True)[1]
    except _UndecodableError as exc:
        raise _not_in(file, encoding) from exc


def _not_in(file: _File, encoding: str | None) -> ReadError:
    tried = encoding or "the encoding that it declares"
    return ReadError(
        f"The text of the file is not in {tried}",
        file=file.path,
        expected="UTF-8, GB18030 (also for GBK), Big5 …",
        next_step="name the right encoding with --encoding",
    )


def _declared_texts(meta: Any) -> Iterator[str]:
    yield from (name for name in meta.column_names if name)
    yield from (label for label in meta.column_labels if label)
    for labels in meta.value_labels.values():
        yield from (label for label in labels.values() if label)
        yield from (key for key in labels if isinstance(key, str))


def _answers(file: _File, meta: Any) -> Iterator[str]:
    """Go through the texts of string variables that are not plain ASCII."""
    names = [name for name, kind in meta.readstat_variable_types.items() if kind == "string"]
    if not names:
        return
    for columns in _chunks(file, None, len(names), usecols=names):
        for values in columns.values():
            yield from {value for value in values if value and not value.isascii()}


def _chunks(
    file: _File, encoding: str | None, width: int, **options: Any
) -> Iterator[Mapping[str, Sequence[Any]]]:
    limit = max(1, CELLS_AT_ONCE // max(1, width))
    offset = 0
    while True:
        columns, _ = file.read(encoding, row_offset=offset, row_limit=limit, **options)
        height = len(next(iter(columns.values()), ()))
        if height:
            yield columns
        if height < limit:
            return
        offset += height


@dataclass
class _Column:
    """What is gathered about one variable while its rows are read."""

    name: str
    text: bool
    to_texts: Callable[[pa.Array], pa.Array]
    ranges: list[tuple[float, float]] = field(default_factory=list)
    missing: set[str] = field(default_factory=set)
    long: bool = False

    def convert(self, values: Sequence[Any]) -> pa.Array:
        """Turn values into `dictionary<int32, string>`, noting missing codes and long numbers."""
        if self.text:
            return distinct_as_text(pa.array(values, pa.string()), _unpadded)
        tags = None
        try:
            numbers = pa.array(values, pa.float64())
        except (pa.ArrowInvalid, pa.ArrowTypeError):
            # Stata's extended missing values come as letters among the numbers.
            tagged = [f".{value}" if isinstance(value, str) else None for value in values]
            tags = pa.array(tagged, pa.string())
            self.missing.update(tag for tag in tagged if tag)
            numbers = pa.array([None if isinstance(value, str) else value for value in values], pa.float64())
        encoded = numbers.dictionary_encode()
        self.long = self.long or has_long_numbers(encoded.dictionary)
        self.note_missing(encoded.dictionary)
        texts = distinct_as_text(encoded, self.to_texts)
        if tags is None:
            return texts
        return pc.coalesce(tags, texts.cast(pa.string())).dictionary_encode()

    def note_missing(self, numbers: pa.Array) -> None:
        """Keep those of the given distinct numbers that lie in a range of user-missing values."""
        for low, high in self.ranges:
            inside = pc.and_(pc.greater_equal(numbers, low), pc.less_equal(numbers, high))
            self.missing.update(self.to_texts(numbers.filter(inside)).to_pylist())

    def key(self, value: Any) -> str:
        """Write a declared code as the cells are written."""
        if isinstance(value, str):
            return value.rstrip(" \0") if self.text else f".{value.lstrip('.')}"
        return str(self.to_texts(pa.array([float(value)], pa.float64()))[0].as_py())


def _unpadded(texts: pa.Array) -> pa.Array:
    return pc.utf8_rtrim(texts, " \0")


def _read(
    file: _File, encoding: str | None, meta: Any
) -> tuple[tuple[RawColumn, ...], tuple[tuple[pa.Array, ...], ...]]:
    """Convert all rows; only the converted columns stay in memory, four bytes a cell."""
    gathered = [_column(name, file.format, meta) for name in meta.column_names]
    blocks = []
    try:
        for columns in _chunks(file, encoding, len(gathered)):
            blocks.append(tuple(column.convert(columns[column.name]) for column in gathered))
    except _UndecodableError as exc:
        raise _not_in(file, encoding) from exc
    except (pa.ArrowInvalid, UnicodeEncodeError) as exc:
        raise ReadError(
            f"The file holds cells that are no text: {shorten(exc, 200)}",
            file=file.path,
            next_step="name the right encoding with --encoding",
        ) from exc
    raw = []
    for position, column in enumerate(gathered, start=1):
        labels = meta.variable_value_labels.get(column.name) or {}
        column.note_missing(pa.array([key for key in labels if not isinstance(key, str)], pa.float64()))
        warning = LONG_NUMBERS if column.long else ""
        if counts_leap_seconds(file.format, meta.original_variable_types.get(column.name) or ""):
            warning = LEAP_SECONDS
        raw.append(
            RawColumn(
                heading=(column.name or "").strip() or f"(column {position})",
                position=position,
                question=(meta.column_names_to_labels.get(column.name) or "").strip(),
                value_labels={column.key(key): (label or "").strip() for key, label in labels.items()},
                missing_codes=frozenset(column.missing),
                warning=warning,
            )
        )
    return tuple(raw), tuple(blocks)


def _column(name: str, format: str, meta: Any) -> _Column:
    text = meta.readstat_variable_types.get(name) == "string"
    written = None if text else texts_of_format(format, meta.original_variable_types.get(name) or "")
    column = _Column(name, text, written or number_texts)
    for span in meta.missing_ranges.get(name) or ():
        low, high = span["lo"], span["hi"]
        if text or low == high:
            column.missing.add(column.key(low))
        else:
            column.ranges.append((float(low), float(high)))
    column.missing.update(column.key(tag) for tag in meta.missing_user_values.get(name) or ())
    return column
