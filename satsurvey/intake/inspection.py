"""What an export holds, column by column, before anybody decides what it means."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from satsurvey.instrument.library import instrument_names, load_instrument
from satsurvey.instrument.model import Instrument
from satsurvey.intake.answers import readable
from satsurvey.intake.binding import declared_names, known_headings, match_heading
from satsurvey.intake.formats.headings import ReadOptions, normalise_heading
from satsurvey.intake.raw import RawColumn, UnreadableRow
from satsurvey.intake.reading import DEFAULT_INSTRUMENT, open_raw
from satsurvey.intake.special_codes import meanings_of
from satsurvey.intake.text_counts import Numbers, TextCounts

SCHEMA = "satsurvey.inspection/1"
SHOWN = 8
"""How many of a column's most frequent values are shown."""
KEPT = 200
"""How many of them, and of its special codes, are kept."""
UNREADABLE_KEPT = 5


Match = Literal["", "name", "code", "label"]


@dataclass(frozen=True)
class ValueCount:
    """A text that stands in cells of a column.

    Attributes
    ----------
    text
        The cell without surrounding white space.
    n
        In how many cells it stands.
    label
        The label that the file gives it, or "".
    meaning
        Of a special code: the reason of missing that it is read as, or "" where nothing declares it.
    """

    text: str
    n: int
    label: str = ""
    meaning: str = ""


@dataclass(frozen=True)
class InspectedColumn:
    """One column of an export.

    Attributes
    ----------
    raw
        Heading, place, labels and warning as the reader found them.
    table, code
        What the column stands for by declared names: a code of "items", "facts", "outcomes" or "roles"; both
        "" where nothing declares it.
    by
        How it was known: "name" (the heading is a declared name), "code" (the heading begins with a code),
        "label" (the label that the file declares is a declared name, and the heading is none or a bare code;
        the reader follows labels only when a study file says so), or "".
    rivals
        The letters of other columns that stand for the same; the reader refuses such a file.
    n_filled, n_distinct
        Cells that are not blank, and different texts among them.
    counted_all
        False where there are too many different texts to count; `n_distinct` is then a lower bound, and the
        counts are exact for the texts that came first.
    repeats
        Whether a counted text stands in two cells.
    longest
        Characters of the longest counted text.
    values
        The most frequent texts, at most 200.
    special
        Texts that are no answer on the scale (or no number or date where one belongs), at most 200.
    n_undeclared
        Cells with special texts that nothing declares.
    numbers
        What numbers there are, or None.
    """

    raw: RawColumn
    table: str
    code: str
    by: Match
    rivals: tuple[str, ...]
    n_filled: int
    n_distinct: int
    counted_all: bool
    repeats: bool
    longest: int
    values: tuple[ValueCount, ...]
    special: tuple[ValueCount, ...]
    n_undeclared: int
    numbers: Numbers | None

    @property
    def heading(self) -> str:
        """The heading as the file has it."""
        return self.raw.heading

    @property
    def letter(self) -> str:
        """The column's letters in a spreadsheet."""
        return self.raw.letter

    def to_dict(self) -> dict[str, Any]:
        """Return plain data; the values are cut to the eight most frequent."""
        return {
            "position": self.raw.position,
            "letter": self.letter,
            "heading": self.heading,
            "question": self.raw.question,
            "table": self.table or None,
            "code": self.code or None,
            "declared_by": self.by or None,
            "rivals": list(self.rivals),
            "n_filled": self.n_filled,
            "n_distinct": self.n_distinct,
            "counted_all": self.counted_all,
            "values": [_plain(value) for value in self.values[:SHOWN]],
            "special_codes": [_plain(value) | {"meaning": value.meaning or None} for value in self.special],
            "n_undeclared": self.n_undeclared,
            "numbers": None if self.numbers is None else asdict(self.numbers),
            "value_labels": dict(self.raw.value_labels),
            "warning": self.raw.warning,
        }


@dataclass(frozen=True)
class Inspection:
    """An export looked over once.

    Attributes
    ----------
    path, format, encoding, delimiter, sheet, heading_row, notes
        The file and how it was read, as in `Source`.
    declared
        Which of encoding and sheet the caller named.
    n_bytes
        Size of the file.
    n_rows
        Rows below the headings, `n_unreadable` of them unreadable; the first of those are in `unreadable`.
    instrument
        The id of the instrument whose names were looked for.
    scale
        The scale that the items are read on: the instrument's own unless the answers are words of another.
    fits
        Where no column is an item: the shipped instruments that know some, with the number of columns.
    columns
        The columns in the order of the file.
    """

    path: Path
    format: str
    encoding: str | None
    delimiter: str | None
    sheet: str | None
    heading_row: int
    notes: tuple[str, ...]
    declared: frozenset[str]
    n_bytes: int
    n_rows: int
    n_unreadable: int
    unreadable: tuple[UnreadableRow, ...]
    instrument: str
    scale: str
    fits: tuple[tuple[str, int], ...]
    columns: tuple[InspectedColumn, ...]

    def of_table(self, table: str) -> tuple[InspectedColumn, ...]:
        """Return the columns that stand for codes of "items", "facts", "outcomes" or "roles"."""
        return tuple(column for column in self.columns if column.table == table)

    @property
    def doubled(self) -> frozenset[str]:
        """The headings, normalised, that two columns have; a study file cannot tell such columns apart."""
        counts = Counter(normalise_heading(column.heading) for column in self.columns)
        return frozenset(heading for heading, n in counts.items() if n > 1)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data for JSON."""
        return {
            "schema": SCHEMA,
            "file": str(self.path),
            "format": self.format,
            "encoding": self.encoding,
            "delimiter": self.delimiter,
            "sheet": self.sheet,
            "heading_row": self.heading_row,
            "notes": list(self.notes),
            "bytes": self.n_bytes,
            "rows": self.n_rows,
            "unreadable_rows": self.n_unreadable,
            "unreadable": [asdict(row) for row in self.unreadable],
            "instrument": self.instrument,
            "scale": self.scale,
            "fits": dict(self.fits),
            "columns": [column.to_dict() for column in self.columns],
        }


def inspect_file(
    path: str | Path,
    *,
    instrument: Instrument | str | Path | None = None,
    encoding: str | None = None,
    sheet: str | None = None,
) -> Inspection:
    """Look over an export without interpreting it.

    Parameters
    ----------
    path
        Any file that the readers know; it need not have a single column of the instrument.
    instrument
        An instrument, the name of a shipped one, or the path of a file; default contact-centre-22.
    encoding, sheet
        Where the automatic choice is wrong.

    Returns
    -------
    Inspection

    Raises
    ------
    ReadError, EncodingError
        When the file cannot be read.
    InstrumentError
        When there is no such instrument.

    Notes
    -----
    The file is gone through once, a stretch at a time. In each column up to 20,000 different texts are
    counted (fewer where columns are many); a text that turns up later only adds to the number of cells.

    Examples
    --------
    >>> from satsurvey.intake.inspection import inspect_file
    >>> found = inspect_file("examples/national-2019/national-2019.csv")
    >>> found.encoding, found.n_rows, len(found.of_table("items"))
    ('gb18030', 7385, 22)
    """
    if not isinstance(instrument, Instrument):
        instrument = load_instrument(instrument or DEFAULT_INSTRUMENT)
    raw = open_raw(path, ReadOptions(encoding=encoding, sheet=sheet, known=known_headings(instrument, None)))
    source = raw.source
    tallies = [TextCounts.for_width(len(raw.columns)) for _ in raw.columns]
    n_rows = n_unreadable = 0
    unreadable: list[UnreadableRow] = []
    try:
        for table in raw.tables():
            n_rows += int(table.rows.size) + len(table.unreadable)
            n_unreadable += len(table.unreadable)
            unreadable += table.unreadable[: UNREADABLE_KEPT - len(unreadable)]
            for tally, cells in zip(tallies, table.cells, strict=True):
                tally.add(cells, source.cell_encoding)
    except UnicodeDecodeError as exc:
        from satsurvey.intake.formats.delimited import undecodable

        raise undecodable(source, declared=encoding is not None) from exc
    marks = _marks(raw.columns, instrument)
    scale = _scale_of_words(instrument, raw.columns, tallies, marks) or instrument.default_scale
    columns = tuple(
        _column(column, tally, mark, instrument, scale)
        for column, tally, mark in zip(raw.columns, tallies, marks, strict=True)
    )
    return Inspection(
        path=source.path,
        format=source.format,
        encoding=source.encoding,
        delimiter=source.delimiter,
        sheet=source.sheet,
        heading_row=source.heading_row,
        notes=source.notes,
        declared=frozenset(
            name for name, value in (("encoding", encoding), ("sheet", sheet)) if value is not None
        ),
        n_bytes=source.path.stat().st_size,
        n_rows=n_rows,
        n_unreadable=n_unreadable,
        unreadable=tuple(unreadable),
        instrument=instrument.id,
        scale=scale,
        fits=() if any(mark.table == "items" for mark in marks) else _fits(raw.columns, instrument),
        columns=columns,
    )


# What a column stands for --------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Mark:
    table: str = ""
    code: str = ""
    by: Match = ""
    rivals: tuple[str, ...] = ()


def _marks(columns: Sequence[RawColumn], instrument: Instrument) -> list[_Mark]:
    """Tell what each column stands for: by its heading, or else by the label that the file gives it."""
    names = declared_names(instrument)
    marks: list[_Mark] = []
    for column in columns:
        found = match_heading(column.heading, names)
        by: Match = "name" if normalise_heading(column.heading) in names else "code"
        marks.append(_Mark(*found, by) if found else _Mark())
    exact = {(mark.table, mark.code) for mark in marks if mark.by == "name"}
    # As in reading, a heading that only begins with a code gives way to one that is a declared name.
    marks = [_Mark() if mark.by == "code" and (mark.table, mark.code) in exact else mark for mark in marks]
    claimed = {(mark.table, mark.code) for mark in marks}
    for place, column in enumerate(columns):
        mark = marks[place]
        # A label counts only as a whole: a code in front of it may belong to another questionnaire.
        found = names.get(normalise_heading(column.question)) if column.question else None
        # It goes before a heading that is a bare code, since SPSS names variables V1, V2 by itself.
        bare = mark.by == "name" and normalise_heading(column.heading) == normalise_heading(mark.code)
        if found and found not in claimed and (bare or not mark.code):
            marks[place] = _Mark(*found, "label")
    holders: dict[tuple[str, str], list[int]] = defaultdict(list)
    for place, mark in enumerate(marks):
        if mark.code:
            holders[mark.table, mark.code].append(place)
    for places in holders.values():
        for place in places if len(places) > 1 else ():
            rivals = tuple(columns[other].letter for other in places if other != place)
            marks[place] = replace(marks[place], rivals=rivals)
    return marks


def _fits(columns: Sequence[RawColumn], instrument: Instrument) -> tuple[tuple[str, int], ...]:
    """Count for each other shipped instrument the columns that are items of it."""
    counts = {}
    for name in instrument_names():
        if name != instrument.id:
            names = declared_names(load_instrument(name))
            matches = (match_heading(column.heading, names) for column in columns)
            counts[name] = len({found for found in matches if found and found[0] == "items"})
    return tuple(sorted(((k, n) for k, n in counts.items() if n), key=lambda pair: (-pair[1], pair[0])))


def _scale_of_words(
    instrument: Instrument,
    columns: Sequence[RawColumn],
    tallies: Sequence[TextCounts],
    marks: Sequence[_Mark],
) -> str | None:
    """Name another scale than the default where the answers are words of it, as the reader does."""
    flexible = {item.code for item in instrument.items if item.scale is None}
    texts: set[str] = set()
    for column, tally, mark in zip(columns, tallies, marks, strict=True):
        if mark.table == "items" and mark.code in flexible and len(tally.counts) <= 100:
            texts |= {column.value_labels.get(text, text) for text in tally.counts}
    words = {text for text in texts if not any(character.isdigit() for character in text)}
    counts = {name: readable(scale, instrument, words) for name, scale in instrument.scales.items()}
    best = max(counts, key=lambda name: (counts[name], name == instrument.default_scale))
    return best if counts[best] > counts[instrument.default_scale] else None


# What stands in a column ---------------------------------------------------------------------------------


def _column(
    raw: RawColumn, tally: TextCounts, mark: _Mark, instrument: Instrument, scale: str
) -> InspectedColumn:
    special, n_undeclared = [], 0
    meanings = meanings_of(mark.table, mark.code, raw, instrument, scale)
    if meanings is not None:
        for (text, n), found in zip(tally.counts.items(), meanings(list(tally.counts)), strict=True):
            if found is not None:
                special.append(ValueCount(text, n, raw.value_labels.get(text, ""), found))
                n_undeclared += 0 if found else n
    return InspectedColumn(
        raw=raw,
        table=mark.table,
        code=mark.code,
        by=mark.by,
        rivals=mark.rivals,
        n_filled=tally.n_filled,
        n_distinct=len(tally.counts),
        counted_all=not tally.full,
        repeats=any(n > 1 for n in tally.counts.values()),
        longest=max(map(len, tally.counts), default=0),
        values=_most_frequent(
            [ValueCount(text, n, raw.value_labels.get(text, "")) for text, n in tally.counts.items()]
        ),
        special=_most_frequent(special),
        n_undeclared=n_undeclared,
        numbers=tally.numbers,
    )


def _most_frequent(values: Sequence[ValueCount]) -> tuple[ValueCount, ...]:
    return tuple(sorted(values, key=lambda value: (-value.n, value.text))[:KEPT])


def _plain(value: ValueCount) -> dict[str, Any]:
    return {"text": value.text, "n": value.n, "label": value.label or None}
