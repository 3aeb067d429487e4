"""From cells to responses: every column of every file decoded by the instrument, every row accounted for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from satsurvey.instrument.model import Instrument, MissingReason, Scale
from satsurvey.intake.binding import Binding
from satsurvey.intake.cells import FactorBuilder, labelled, to_text
from satsurvey.intake.companies import display_names
from satsurvey.intake.dates import iso_of_day_first
from satsurvey.intake.finding_log import FindingLog
from satsurvey.intake.growing import GrowingColumns
from satsurvey.intake.judging import Stretch, judge
from satsurvey.intake.ledger import Ledger, UnusedRow
from satsurvey.intake.numbers import to_numbers as to_numbers
from satsurvey.intake.raw import RawFile, RawTable, Source
from satsurvey.intake.readers import NOT_ASKED, ColumnReaders, Declarations
from satsurvey.intake.readers import NUMBER_ROLES as NUMBER_ROLES
from satsurvey.intake.responses import MISSING_CODES, FactColumn, Factor, Responses
from satsurvey.intake.study import Study, StudyScoring

NO_INDUSTRY = "（未注明行业）"
"""The industry of rows with an empty industry cell, so that they stay in the tables under one name."""

FACTOR_ROLES = (
    *("disposition", "interviewer", "wave", "route", "region", "customer_tier", "stratum"),
    *("channel", "purpose", "agent"),
)
TEXT_ROLES = ("interview_id", "case_id", "customer_id", "completed_at", "contact_at", "responded_at")
_UNIT_ROLES = ("company", "company_id", "industry")

_BLANK = MISSING_CODES[MissingReason.BLANK]

_Value = TypeVar("_Value", np.uint8, np.float64)


class Decoder:
    """Collects the tables of one or several files into `Responses`.

    Parameters
    ----------
    instrument
        What was asked.
    scales
        The scale of each item, in order.
    study
        The user's own declarations, or None.

    Raises
    ------
    StudyError
        When a constant of the study is no number where one is needed.
    """

    def __init__(self, instrument: Instrument, scales: tuple[Scale, ...], study: Study | None) -> None:
        self._declared = Declarations(instrument, scales, study)
        self._files: list[Source] = []
        self._ledger = Ledger()
        self._notes: list[str] = []
        self._log = FindingLog()
        self._rows_used = 0
        self._answers = GrowingColumns[np.uint8](np.uint8, len(scales))
        self._outcomes: dict[str, GrowingColumns[np.uint8]] = {}
        self._fact_codes: dict[str, GrowingColumns[np.uint8]] = {}
        self._numbers: dict[str, GrowingColumns[np.float64]] = {}
        self._texts: dict[str, list[pa.Array]] = {}
        self._factors: dict[str, FactorBuilder] = {}
        self._file = GrowingColumns[np.int16](np.int16)
        self._row = GrowingColumns[np.int32](np.int32)
        self._headings: dict[str, str] = {}
        self._letters: dict[str, str] = {}
        self._fact_values: dict[str, tuple[str, ...]] = {}
        self._bound_items: set[str] = set()
        self._weighted: list[bool] = []

    def add_file(self, raw: RawFile, binding: Binding, *, wave: str | None = None) -> None:
        """Decode all rows of one file."""
        index = len(self._files)
        self._files.append(raw.source)
        self._weighted.append("weight" in {*binding.roles, *self._declared.constant_numbers})
        for bound in (binding.items, binding.facts, binding.outcomes, binding.roles):
            for code, position in bound.items():
                column = raw.columns[position]
                self._headings[code] = column.heading
                same = self._letters.get(code, column.letter) == column.letter
                self._letters[code] = column.letter if same else ""
        readers = ColumnReaders(self._declared, raw, binding, self._log)
        self._fact_values |= readers.fact_values
        rows_read, unused = 0, []
        for table in raw.tables():
            rows_read += table.rows.size + len(table.unreadable)
            unused += [
                UnusedRow(raw.source.name, raw.source.sheet, bad.row, "unreadable", bad.reason)
                for bad in table.unreadable
            ]
            if table.rows.size:
                unused += self._add_table(index, raw.source, binding, readers, table, wave)
        unused.sort(key=lambda row: row.row)
        self._ledger += Ledger.of_file(raw.source.name, raw.source.sheet, rows_read, unused)
        self._bound_items |= set(binding.items)
        self._notes += [f"{raw.source.name}: {note}" for note in raw.source.notes]

    # Rows --------------------------------------------------------------------------------------------------

    def _add_table(
        self,
        index: int,
        source: Source,
        binding: Binding,
        readers: ColumnReaders,
        table: RawTable,
        wave: str | None,
    ) -> list[UnusedRow]:
        answers, facts, outcomes = readers.answers(table), readers.facts(table), readers.outcomes(table)
        numbers, no_numbers = readers.numbers(table)
        fact_columns = {
            code: FactColumn(self._fact_values.get(code, ()), facts.get(code), numbers.get(code))
            for code in binding.facts
        }
        readers.tell_not_asked(answers, fact_columns)
        factors = self._factor_codes(source, binding, table, wave)
        names = {role: self._factors[role].provisional_names for role in factors}
        used, unused = judge(
            Stretch(source, table, binding, answers, fact_columns, factors, names, numbers.get("weight")),
            screens=self._declared.screens,
            completed=self._declared.completed,
        )
        readers.report(
            table,
            used | _interviews(table, unused),
            answers=answers,
            outcomes=outcomes,
            facts=facts,
            no_numbers=no_numbers,
        )
        n = int(used.sum())
        keep = slice(None) if n == used.size else np.flatnonzero(used)
        self._answers.add(answers[:, keep])
        self._row.add(table.rows[keep].astype(np.int32))
        self._file.fill(index, n)
        before = self._rows_used
        _append(self._outcomes, outcomes, keep, before, n, lambda code: NOT_ASKED)
        _append(self._fact_codes, facts, keep, before, n, lambda code: _BLANK)
        # Where a file has no weights, its interviews count once.
        _append(self._numbers, numbers, keep, before, n, lambda code: 1.0 if code == "weight" else np.nan)
        for role, codes in factors.items():
            self._factors[role].add(codes[keep])
        self._append_texts(source, binding, table, used)
        self._rows_used += n
        return unused

    def _append_texts(
        self, source: Source, binding: Binding, table: RawTable, used: NDArray[np.bool_]
    ) -> None:
        wanted = {role: position for role, position in binding.roles.items() if role in TEXT_ROLES}
        wanted |= {c: p for c, p in binding.outcomes.items() if c in self._declared.comments}
        n, study = int(used.sum()), self._declared.study
        parts: dict[str, pa.Array] = {}
        for role, position in wanted.items():
            cells = to_text(table.cells[position], source.cell_encoding).cast(pa.string())
            if recode := self._declared.recode(role):
                encoded = cells.dictionary_encode()
                texts = [recode.get(text.strip(), text) for text in encoded.dictionary.to_pylist()]
                cells = pa.array(texts, pa.string()).take(encoded.indices)
            if study is not None and role in study.day_first:
                encoded = cells.dictionary_encode()
                texts = [iso_of_day_first(text) for text in encoded.dictionary.to_pylist()]
                cells = pa.array(texts, pa.string()).take(encoded.indices)
            parts[role] = cells if n == used.size else cells.filter(pa.array(used))
        for role in TEXT_ROLES:
            if role in self._declared.constants and role not in parts:
                parts[role] = pa.repeat(pa.scalar(self._declared.constants[role]), n)
        for role, cells in parts.items():
            self._texts.setdefault(role, [pa.nulls(self._rows_used, pa.string())]).append(cells)
        for role in self._texts.keys() - parts.keys():
            self._texts[role].append(pa.nulls(n, pa.string()))

    def _factor_codes(
        self, source: Source, binding: Binding, table: RawTable, wave: str | None
    ) -> dict[str, NDArray[np.int32]]:
        constants, bound = dict(self._declared.constants), dict(binding.roles)
        if wave is not None:
            # What the study file says of one file goes before a column that is there by its heading.
            constants["wave"] = wave
            bound.pop("wave", None)
        codes: dict[str, NDArray[np.int32]] = {}
        for role in (*_UNIT_ROLES, *FACTOR_ROLES):
            if role not in bound and role not in constants and role not in self._factors:
                continue
            if role not in self._factors:
                self._factors[role] = FactorBuilder(self._namer(role))
                self._factors[role].add(np.full(self._rows_used, -1, dtype=np.int32))
            builder = self._factors[role]
            if role in bound:
                column = table.columns[bound[role]]
                cells = table.cells[bound[role]]
                if column.value_labels and role != "company_id":
                    cells = labelled(cells, column.value_labels, source.cell_encoding)
                codes[role] = builder.codes(cells, source.cell_encoding)
            else:
                text = pa.array([constants.get(role, "")], pa.string())
                codes[role] = np.full(table.rows.size, builder.codes(text, None)[0], dtype=np.int32)
        return codes

    def _namer(self, role: str) -> Callable[[str], str]:
        declared = self._declared.recode(role)
        recode = {" ".join(text.split()): " ".join(name.split()) for text, name in declared.items()}

        def name(text: str) -> str:
            shown = " ".join(text.split())
            return recode.get(shown, shown)

        return name

    # Result ------------------------------------------------------------------------------------------------

    def finish(self, *, notes: tuple[str, ...] = ()) -> Responses:
        """Return everything collected, in an order of names that does not depend on the order of rows."""
        study = self._declared.study
        factors = {role: Factor(*builder.finish()) for role, builder in self._factors.items()}
        names, company_id = factors.pop("company", None), factors.pop("company_id", None)
        if names is not None and company_id is not None:
            company = display_names(names, company_id)
        else:
            company = names or company_id or Factor(np.full(self._rows_used, -1, dtype=np.int32), ())
        industry = factors.pop("industry", None)
        self._report_unweighted()
        numbers = {code: column.finish() for code, column in self._numbers.items()}
        coded = {
            code: FactColumn(self._fact_values[code], codes=column.finish())
            for code, column in self._fact_codes.items()
        }
        counted = {
            code: FactColumn(numbers=values)
            for code, values in numbers.items()
            if code in self._declared.facts
        }
        return Responses(
            instrument=self._declared.instrument,
            scales=self._declared.scales,
            answers=self._answers.finish(),
            company=company,
            company_id=None if names is None else company_id,
            industry=None if industry is None else _named_industries(industry),
            weight=numbers.get("weight"),
            file=self._file.finish(),
            row=self._row.finish(),
            files=tuple(self._files),
            ledger=self._ledger,
            outcomes={code: column.finish() for code, column in self._outcomes.items()},
            outcome_scales={code: self._declared.outcome_scale(code) for code in self._outcomes},
            facts={**coded, **counted},
            factors=factors,
            numbers={c: v for c, v in numbers.items() if c not in self._declared.facts and c != "weight"},
            texts={role: pa.chunked_array(parts, pa.string()) for role, parts in self._texts.items()},
            absent_items=tuple(c for c in self._declared.instrument.item_codes if c not in self._bound_items),
            headings=self._headings,
            letters={code: letter for code, letter in self._letters.items() if letter},
            findings=self._log.findings(),
            notes=(*notes, *self._notes),
            scoring=study.scoring if study else StudyScoring(),
        )

    def _report_unweighted(self) -> None:
        if not any(self._weighted):
            return
        for source, weighted in zip(self._files, self._weighted, strict=True):
            if not weighted:
                self._log.add(
                    source,
                    None,
                    "no_weight_column",
                    "warning",
                    "other files have interview weights and this one has none; its interviews count once",
                    "add the weights to this file, or leave them out of all files",
                )


def _interviews(table: RawTable, unused: Sequence[UnusedRow]) -> NDArray[np.bool_]:
    """Mark rows that were set aside although they are interviews; their illegal cells are reported too."""
    rows = [row.row for row in unused if row.reason in {"no_answers", "no_company", "bad_weight"}]
    return np.isin(table.rows, np.array(rows, dtype=np.int64))


def _append(
    store: dict[str, GrowingColumns[_Value]],
    parts: Mapping[str, NDArray[_Value]],
    keep: slice | NDArray[np.intp],
    before: int,
    n: int,
    absent: Callable[[str], float],
) -> None:
    """Append a stretch to every column seen so far; a column that some files lack is filled as absent."""
    for code, values in parts.items():
        if code not in store:
            store[code] = GrowingColumns(values.dtype)
            store[code].fill(absent(code), before)
        store[code].add(values[keep])
    for code in store.keys() - parts.keys():
        store[code].fill(absent(code), n)


def _named_industries(industry: Factor) -> Factor:
    """Give the rows without an industry one of their own."""
    if not (industry.codes < 0).any():
        return industry
    names = industry.names if NO_INDUSTRY in industry.names else (*industry.names, NO_INDUSTRY)
    codes = np.where(industry.codes < 0, names.index(NO_INDUSTRY), industry.codes).astype(np.int32)
    return Factor(codes, names)
