"""Fields of one table of an export, read from text: ids, moments, lengths of time, numbers, yes and no."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from satsurvey.errors import shorten
from satsurvey.intake.answers import fold, key_of
from satsurvey.intake.finding_log import FindingLog
from satsurvey.intake.findings import Severity
from satsurvey.intake.numbers import to_numbers
from satsurvey.service.clocks import ABSENT
from satsurvey.service.lengths import read_lengths
from satsurvey.service.maps import ID_FIELDS, WRITER_ROLES, Column, RecordMap
from satsurvey.service.moments import read_moments
from satsurvey.service.records import HANDLERS, Clock
from satsurvey.service.tables import ExportTable

_SCIENTIFIC = r"^\s*[-+]?\d+(\.\d+)?[eE][+-]?\d+\s*$"
_YES = frozenset({"yes", "y", "true", "t", "是", "有", "已", "对", "√", "✓"})
_NO = frozenset({"no", "n", "false", "f", "否", "无", "没有", "未", "×"})
_NOTHING = frozenset({"", "-", "--", "—", "null", "none", "nan", "nat", "n/a", "na", "#n/a", "\\n", "空"})
_CLOSED_WORDS: Mapping[str, tuple[str, ...]] = {"handled_by": tuple(HANDLERS), "author_role": WRITER_ROLES}


class FieldReader:
    """Reads the fields of one table.

    Parameters
    ----------
    table
        The cells.
    map, clock, zone
        How they are read; the zone of moments that do not say theirs.
    log
        Where findings go.
    """

    def __init__(
        self, table: ExportTable, map: RecordMap, *, clock: Clock, zone: str, log: FindingLog
    ) -> None:
        self.table = table
        self._map = map
        self._clock = clock
        self._zone = zone
        self._log = log
        for field, column in table.columns.items():
            if column.warning and field in ID_FIELDS:
                self.report(
                    field,
                    "unsafe_number",
                    "warning",
                    column.warning,
                    "store the column as text in the source system and export again",
                )

    def __len__(self) -> int:
        return len(self.table)

    def has(self, field: str) -> bool:
        """Whether the export has the field."""
        return field in self.table.cells

    def report(
        self,
        field: str,
        rule: str,
        severity: Severity,
        what: str,
        do: str,
        *,
        value: str = "",
        rows: NDArray[np.int64] | None = None,
    ) -> None:
        """Add a finding about a column of the table."""
        self._log.add(
            self.table.source, self.table.columns.get(field), rule, severity, what, do, value=value, rows=rows
        )

    def report_values(
        self, field: str, found: NDArray[np.bool_], rule: str, severity: Severity, what: str, do: str
    ) -> None:
        """Add a finding for every different text among some cells of a column."""
        places = np.flatnonzero(found)
        if not places.size:
            return
        encoded = pc.fill_null(self.table.cells[field].take(pa.array(places)), "").dictionary_encode()
        codes = encoded.indices.to_numpy(zero_copy_only=False)
        order = np.argsort(codes, kind="stable")
        edges = np.searchsorted(codes[order], np.arange(len(encoded.dictionary) + 1))
        rows = self.table.rows[places[order]]
        for k, text in enumerate(encoded.dictionary.to_pylist()):
            self.report(
                field, rule, severity, what, do, value=shorten(text), rows=rows[edges[k] : edges[k + 1]]
            )

    # Kinds of fields ---------------------------------------------------------------------------------------

    def texts(self, field: str) -> pa.Array:
        """Return a field of text, "" where absent; words that the map declares become what they mean."""
        cells = self.table.text(field)
        if cells is None:
            return pa.repeat(pa.scalar(""), len(self))
        if field in ID_FIELDS:
            return self._ids(field, cells)
        words = self._words(field)
        encoded = pc.fill_null(cells, "").dictionary_encode()
        closed, nothing = _CLOSED_WORDS.get(field), self._missing(field)
        texts, unknown = [], []
        for text in encoded.dictionary.to_pylist():
            shown = " ".join(text.split())
            key = key_of(shown)
            if key in words:
                shown = words[key]
            elif key in nothing:
                shown = ""
            unknown.append(closed is not None and shown not in {"", *closed})
            texts.append("" if unknown[-1] else shown)
        if any(unknown):
            self._report_unknown(field, np.array(unknown)[_codes(encoded)])
        return pa.array(texts, pa.string()).take(encoded.indices)

    def _ids(self, field: str, cells: pa.Array) -> pa.Array:
        trimmed = pc.fill_null(pc.utf8_trim_whitespace(cells), "")
        short = pc.and_(pc.less_equal(pc.binary_length(trimmed), 5), pc.greater(pc.binary_length(trimmed), 0))
        if pc.any(short).as_py():
            nothing = pc.and_(short, pc.is_in(pc.utf8_lower(trimmed), pa.array(sorted(_NOTHING))))
            trimmed = pc.if_else(nothing, "", trimmed)
        spoiled = pc.match_substring_regex(trimmed, _SCIENTIFIC)
        if not pc.any(spoiled).as_py():
            return trimmed
        self.report_values(
            field,
            spoiled.to_numpy(zero_copy_only=False),
            "unsafe_number",
            "error",
            "these ids were rounded by a spreadsheet and cannot be restored",
            "store the column as text in the source system and export again",
        )
        return pc.if_else(spoiled, "", trimmed)

    def moments(self, field: str) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Return moments in UTC, `ABSENT` where there is none, and marks where a text is not usable."""
        column = self._column(field)
        read = read_moments(
            self._without_missing(field),
            zone=column.time_zone or self._zone,
            order=column.order or self._map.order,
            format=column.format,
        )
        self.report_values(
            field,
            read.unreadable,
            "bad_time",
            "error",
            "this is no date and time",
            "say under format in the map how it is written, or correct it",
        )
        self.report_values(
            field,
            read.order_unknown,
            "ambiguous_time",
            "error",
            "nothing says whether day or month comes first",
            'write order = "dmy" or order = "mdy" in the map',
        )
        self.report_values(
            field,
            read.wall_clock,
            "clock_change",
            "error",
            "the clock was changed in this hour, so that it is no single moment",
            "export the times in UTC",
        )
        return read.utc, read.unreadable | read.order_unknown | read.wall_clock

    def lengths(self, field: str) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Return lengths of time in seconds, NaN where there is none, and where a text is not usable.

        Negative lengths are reported and not used.
        """
        column = self._column(field)
        cells = self.table.cells[field]
        seconds, places = read_lengths(
            cells, unit=column.unit or self._map.unit, missing=self._missing(field)
        )
        bad = np.zeros(seconds.size, dtype=np.bool_)
        bad[places] = True
        self.report_values(
            field,
            bad,
            "bad_length",
            "error",
            "this is no length of time",
            "say under unit in the map how it is written, or correct it",
        )
        negative = seconds < 0
        if negative.any():
            self.report(
                field,
                "negative_time",
                "error",
                "this length of time is negative and was not used",
                "correct the clocks of the source system",
                rows=self.table.rows[negative],
            )
            seconds = np.where(negative, np.nan, seconds)
        return seconds, bad | negative

    def numbers(self, field: str) -> NDArray[np.float64]:
        """Return a field of numbers, NaN where there is none."""
        numbers, places = to_numbers(
            self.table.cells[field], "utf-8", self._missing(field), recode=self._words(field), seconds=False
        )
        bad = np.zeros(numbers.size, dtype=np.bool_)
        bad[places] = True
        self.report_values(field, bad, "bad_number", "error", "this is no number", "correct the cell")
        return numbers

    def flags(self, field: str) -> NDArray[np.float64]:
        """Return a field of yes and no as 1.0 and 0.0, NaN for neither; numbers above 0 are yes."""
        words = self._words(field)
        missing = self._missing(field)

        def meaning(text: str) -> tuple[float, bool]:
            key = key_of(text)
            if key in words:
                return (1.0 if words[key] == "yes" else 0.0), False
            if key in missing:
                return np.nan, False
            if key in _YES or key in _NO:
                return (1.0 if key in _YES else 0.0), False
            try:
                number = float(key)
            except ValueError:
                return np.nan, True
            return (1.0 if number > 0 else 0.0), not np.isfinite(number)

        encoded = pc.fill_null(self.table.cells[field], "").dictionary_encode()
        read = [meaning(text) for text in encoded.dictionary.to_pylist()]
        codes = _codes(encoded)
        if any(unknown for _, unknown in read):
            self._report_unknown(field, np.array([u for _, u in read])[codes])
        values: NDArray[np.float64] = np.array([value for value, _ in read] or [np.nan])[codes]
        return values

    # Declarations ------------------------------------------------------------------------------------------

    def _column(self, field: str) -> Column:
        column = self._map.column(self.table.role, field, self._clock)
        return column or Column(names=(field,))

    def _words(self, field: str) -> dict[str, str]:
        declared = self._map.values.get(field, {})
        return {key_of(word): value for value, words in declared.items() for word in (value, *words)}

    def _missing(self, field: str) -> frozenset[str]:
        return _NOTHING | frozenset(map(key_of, self._column(field).missing))

    def _without_missing(self, field: str) -> pa.Array:
        cells = self.table.cells[field]
        words = pa.array(sorted({fold(word) for word in self._missing(field)} - {""}))
        longest = max(len(word.encode()) for word in words.to_pylist())
        short = pc.less_equal(pc.binary_length(cells), longest + 2)
        if not pc.any(pc.and_(short, pc.greater(pc.binary_length(cells), 0))).as_py():
            return cells
        nothing = pc.is_in(pc.utf8_lower(pc.utf8_trim_whitespace(pc.fill_null(cells, ""))), words)
        return pc.if_else(nothing, "", cells) if pc.any(nothing).as_py() else cells

    def _report_unknown(self, field: str, found: NDArray[np.bool_]) -> None:
        self.report_values(
            field,
            found,
            "unknown_word",
            "warning",
            f"the map does not say what this word means for {field}",
            f"put the word under [values.{field}] in the map",
        )


def _codes(encoded: pa.DictionaryArray) -> NDArray[np.int32]:
    codes: NDArray[np.int32] = encoded.indices.to_numpy(zero_copy_only=False)
    return codes


def is_known(moments: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Mark moments that are there."""
    known: NDArray[np.bool_] = moments != ABSENT
    return known
