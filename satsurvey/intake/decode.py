"""From cells to responses: every column of every file decoded by the instrument, every row accounted for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from satsurvey.errors import shorten
from satsurvey.instrument.model import Fact, Instrument, MissingReason, Scale
from satsurvey.intake.answers import AnswerReader, FactReader, fold, number_text
from satsurvey.intake.binding import Binding
from satsurvey.intake.cells import DistinctMap, FactorBuilder, to_text
from satsurvey.intake.filtering import not_asked
from satsurvey.intake.findings import Finding
from satsurvey.intake.formats.headings import normalise_heading
from satsurvey.intake.ledger import Ledger, UnusedRow
from satsurvey.intake.raw import RawColumn, RawFile, RawTable, Source
from satsurvey.intake.responses import INVALID, MISSING_CODES, FactColumn, Factor, Responses
from satsurvey.intake.study import Study, StudyScoring

NO_INDUSTRY = "（未注明行业）"
"""The industry of rows whose industry cell is empty, so that they stay in the tables under a name of their own."""

FACTOR_ROLES = ("disposition", "interviewer", "wave", "route", "region", "customer_tier", "stratum")
NUMBER_ROLES = ("duration_s", "population", "market_share", "first_response_s")
TEXT_ROLES = ("interview_id", "case_id", "completed_at", "contact_at")

_TOTALS = {
    *("合计", "总计", "小计", "总数", "总体", "平均", "平均值", "平均分", "均值", "全部", "汇总"),
    *("total", "totals", "grand total", "subtotal", "sum", "mean", "average", "all"),
}
_MOST_VALUES = 200
_BLANK = MISSING_CODES[MissingReason.BLANK]
_NOT_ASKED = MISSING_CODES[MissingReason.NOT_ASKED]
_CLOCK = re.compile(r"(?:(\d+)[:时小时h]+)?(\d+)[:分分钟m']+(\d+(?:\.\d+)?)(?:秒|s|\")?")
_SECONDS = re.compile(r"(\d+(?:\.\d+)?)(?:秒钟?|seconds?|secs?|s)")


@dataclass
class _Columns:
    """The readers of one file's columns."""

    source: Source
    columns: tuple[RawColumn, ...]
    binding: Binding
    items: dict[str, DistinctMap] = field(default_factory=dict)
    outcomes: dict[str, DistinctMap] = field(default_factory=dict)
    facts: dict[str, DistinctMap] = field(default_factory=dict)
    wave: str | None = None


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
    """

    def __init__(self, instrument: Instrument, scales: tuple[Scale, ...], study: Study | None) -> None:
        self._instrument = instrument
        self._scales = scales
        self._study = study
        self._facts: dict[str, Fact] = {fact.code: fact for fact in instrument.facts}
        self._rated = {outcome.code: outcome for outcome in instrument.outcomes if outcome.type == "scale"}
        self._files: list[Source] = []
        self._ledger = Ledger()
        self._notes: list[str] = []
        self._findings: dict[tuple[object, ...], tuple[Finding, list[NDArray[np.int64]]]] = {}
        self._answers: list[NDArray[np.uint8]] = []
        self._outcomes: dict[str, list[NDArray[np.uint8]]] = {}
        self._fact_codes: dict[str, list[NDArray[np.uint8]]] = {}
        self._numbers: dict[str, list[NDArray[np.float64]]] = {}
        self._texts: dict[str, list[pa.Array]] = {}
        self._factors: dict[str, FactorBuilder] = {}
        self._file: list[NDArray[np.int16]] = []
        self._row: list[NDArray[np.int64]] = []
        self._headings: dict[str, str] = {}
        self._fact_values: dict[str, tuple[str, ...]] = {}
        self._bound_items: set[str] = set()

    def add_file(self, raw: RawFile, binding: Binding, *, wave: str | None = None) -> None:
        """Decode all rows of one file."""
        index = len(self._files)
        self._files.append(raw.source)
        readers = self._readers(raw, binding, wave)
        rows_read, unused = 0, []
        for table in raw.tables():
            rows_read += table.rows.size + len(table.unreadable)
            unused += self._add_table(index, readers, table)
        unused.sort(key=lambda row: row.row)
        self._ledger += Ledger.of_file(raw.source.name, raw.source.sheet, rows_read, unused)
        self._bound_items |= set(binding.items)
        self._notes += [f"{raw.source.name}: {note}" for note in raw.source.notes]

    # Readers -----------------------------------------------------------------------------------------------

    def _readers(self, raw: RawFile, binding: Binding, wave: str | None) -> _Columns:
        readers = _Columns(raw.source, raw.columns, binding, wave=wave)
        encoding = raw.source.cell_encoding
        for item, scale in zip(self._instrument.items, self._scales, strict=True):
            if item.code in binding.items:
                readers.items[item.code] = self._answer_map(readers, item.code, binding.items[item.code], scale)
        for code, outcome in self._rated.items():
            if code in binding.outcomes:
                scale = self._instrument.scale_of(outcome, default=self._study.scale if self._study else None)
                readers.outcomes[code] = self._answer_map(readers, code, binding.outcomes[code], scale)
        for code, position in binding.facts.items():
            fact, column = self._facts[code], raw.columns[position]
            self._headings[code] = column.heading
            if fact.type in {"yes_no", "one_of"}:
                reader = FactReader(fact, self._instrument, column=column, **self._declared(code))
                self._fact_values[code] = reader.values
                readers.facts[code] = DistinctMap(reader.read, np.uint8, encoding)
        for role, position in binding.roles.items():
            self._headings[role] = raw.columns[position].heading
        for column in raw.columns:
            if column.warning and column not in binding.unused:
                self._find(
                    readers, column, "unsafe_number", "warning", column.warning,
                    "store the column as text in the source system and export again",
                )  # fmt: skip
        return readers

    def _declared(self, code: str) -> dict[str, Mapping[str, object]]:
        study = self._study
        if study is None:
            return {}
        item = code in self._instrument.item_codes
        recode = {**(study.recode.get("*", {}) if item else {}), **study.recode.get(code, {})}
        missing = {**(study.missing if item else {}), **study.missing_by_column.get(code, {})}
        return {"recode": recode, "missing": missing}

    def _answer_map(self, readers: _Columns, code: str, position: int, scale: Scale) -> DistinctMap:
        column = readers.columns[position]
        self._headings[code] = column.heading
        reader = AnswerReader(scale, self._instrument, column=column, **self._declared(code))  # type: ignore[arg-type]
        if reader.labels_decide:
            self._find(
                readers, column, "labels_against_codes", "warning",
                f"the file's labels for {code} contradict its numbers; the labels were followed",
                f"if the numbers are right, recode them under [recode.{code}] in the study file",
            )  # fmt: skip
        return DistinctMap(reader.read, np.uint8, readers.source.cell_encoding)

    # Rows --------------------------------------------------------------------------------------------------

    def _add_table(self, index: int, readers: _Columns, table: RawTable) -> list[UnusedRow]:
        source, n = readers.source, int(table.rows.size)
        unused = [
            UnusedRow(source.name, source.sheet, bad.row, "unreadable", bad.reason) for bad in table.unreadable
        ]
        if not n:
            return unused
        answers = np.full((len(self._scales), n), _NOT_ASKED, dtype=np.uint8)
        for position, code in enumerate(self._instrument.item_codes):
            if code in readers.items:
                cells = table.cells[readers.binding.items[code]]
                answers[position] = readers.items[code].apply(cells)
        facts = {code: reader.apply(table.cells[readers.binding.facts[code]]) for code, reader in readers.facts.items()}
        numbers = self._read_numbers(readers, table)
        fact_columns = {
            code: FactColumn(self._fact_values.get(code, ()), facts.get(code), numbers.get(code))  # type: ignore[arg-type]
            for code in readers.binding.facts
        }
        for position, item in enumerate(self._instrument.items):
            if item.filter is not None and item.code in readers.items:
                blank = answers[position] == _BLANK
                if blank.any():
                    excluded = not_asked(self._instrument.filters[item.filter].expression, fact_columns, n)
                    answers[position][blank & excluded] = _NOT_ASKED
        factor_codes = self._factor_codes(readers, table)
        reasons, details = self._judge(readers, table, answers, fact_columns, factor_codes, numbers)
        used = np.flatnonzero(reasons == "")
        for k in np.flatnonzero(reasons != "").tolist():
            unused.append(UnusedRow(source.name, source.sheet, int(table.rows[k]), str(reasons[k]), details.get(k, "")))
        outcomes = {c: r.apply(table.cells[readers.binding.outcomes[c]]) for c, r in readers.outcomes.items()}
        self._report_invalid(readers, table, answers, outcomes, facts, used)
        keep = slice(None) if used.size == n else used
        self._answers.append(answers[:, keep])
        before = sum(part.size for part in self._row)
        self._row.append(table.rows[keep])
        self._file.append(np.full(used.size, index, dtype=np.int16))
        self._append(self._outcomes, outcomes, keep, before, used.size, _NOT_ASKED)
        self._append(self._fact_codes, facts, keep, before, used.size, _BLANK)
        self._append(self._numbers, numbers, keep, before, used.size, np.nan)
        for role, codes in factor_codes.items():
            self._factors[role].add(codes[keep])
        self._append_texts(readers, table, used, n, before)
        return unused

    @staticmethod
    def _append(
        store: dict[str, list[NDArray[np.generic]]] | dict[str, list[NDArray[np.uint8]]] | dict[str, list[NDArray[np.float64]]],
        parts: Mapping[str, NDArray[np.generic]],
        keep: slice | NDArray[np.intp],
        before: int,
        n: int,
        absent: float,
    ) -> None:
        """Append a stretch to every column seen so far; a column that some files lack is filled as absent."""
        for code, values in parts.items():
            if code not in store:
                store[code] = [np.full(before, absent, dtype=values.dtype)]  # type: ignore[assignment]
            store[code].append(values[keep])  # type: ignore[arg-type]
        for code in store:
            if code not in parts:
                store[code].append(np.full(n, absent, dtype=store[code][0].dtype))  # type: ignore[arg-type]

    def _append_texts(self, readers: _Columns, table: RawTable, used: NDArray[np.intp], n: int, before: int) -> None:
        comments = {o.code for o in self._instrument.outcomes if o.type == "comment"}
        wanted = {role: p for role, p in readers.binding.roles.items() if role in TEXT_ROLES}
        wanted |= {code: p for code, p in readers.binding.outcomes.items() if code in comments}
        for role, position in wanted.items():
            cells = to_text(table.cells[position], readers.source.cell_encoding)
            if used.size < n:
                cells = cells.take(pa.array(used))
            self._headings.setdefault(role, readers.columns[position].heading)
            self._texts.setdefault(role, [pa.nulls(before, pa.string())]).append(cells)
        for role in self._texts:
            if role not in wanted:
                self._texts[role].append(pa.nulls(used.size, pa.string()))

    def _factor_codes(self, readers: _Columns, table: RawTable) -> dict[str, NDArray[np.int32]]:
        constants = dict(self._study.constants) if self._study else {}
        if readers.wave is not None:
            constants["wave"] = readers.wave
        roles = ("company", "company_id", "industry", *FACTOR_ROLES)
        codes: dict[str, NDArray[np.int32]] = {}
        before = sum(part.size for part in self._row)
        n = int(table.rows.size)
        for role in roles:
            bound = role in readers.binding.roles
            if not bound and role not in constants and role not in self._factors:
                continue
            if role not in self._factors:
                self._factors[role] = FactorBuilder(self._namer(role))
                self._factors[role].add(np.full(before, -1, dtype=np.int32))
            builder = self._factors[role]
            if bound:
                codes[role] = builder.codes(table.cells[readers.binding.roles[role]], readers.source.cell_encoding)
            else:
                text = pa.array([constants.get(role, "")], pa.string())
                codes[role] = np.full(n, builder.codes(text, None)[0], dtype=np.int32)
        return codes

    def _namer(self, role: str):  # type: ignore[no-untyped-def]
        recode = dict(self._study.recode.get(role, {})) if self._study else {}

        def name(text: str) -> str:
            shown = " ".join(text.split())
            return recode.get(shown, shown)

        return name

    def _read_numbers(self, readers: _Columns, table: RawTable) -> dict[str, NDArray[np.float64]]:
        wanted = {role: p for role, p in readers.binding.roles.items() if role in (*NUMBER_ROLES, "weight")}
        wanted |= {
            code: p for code, p in readers.binding.facts.items() if self._facts[code].type in {"seconds", "count"}
        }
        numbers: dict[str, NDArray[np.float64]] = {}
        for code, position in wanted.items():
            fact = self._facts.get(code)
            missing = {fold(c) for c in fact.missing} if fact else set()
            if self._study is not None:
                missing |= {fold(c) for c in self._study.missing_by_column.get(code, {})}
            numbers[code], bad = to_numbers(table.cells[position], readers.source.cell_encoding, missing)
            if bad.size and code != "weight":
                self._find_values(
                    readers, table, position, bad, "not_a_number", "warning",
                    f"{code} is not a number of seconds or a count", "correct the cell or leave it empty",
                )  # fmt: skip
        return numbers

    def _judge(
        self,
        readers: _Columns,
        table: RawTable,
        answers: NDArray[np.uint8],
        facts: Mapping[str, FactColumn],
        factors: Mapping[str, NDArray[np.int32]],
        numbers: Mapping[str, NDArray[np.float64]],
    ) -> tuple[NDArray[np.str_], dict[int, str]]:
        """Return for every row the reason why it is not used, or ""; and details for some."""
        n = int(table.rows.size)
        reasons = np.full(n, "", dtype="<U18")
        details: dict[int, str] = {}
        answered = (answers < INVALID).any(axis=0)
        reasons[~answered] = "no_answers"
        if "weight" in readers.binding.roles:
            bad = ~(numbers["weight"] > 0) | ~np.isfinite(numbers["weight"])
            reasons[bad] = "bad_weight"
            cells = table.cells[readers.binding.roles["weight"]]
            for k in np.flatnonzero(bad).tolist():
                details[k] = shorten(self._cell(readers, cells, k))
        company = np.full(n, -1, dtype=np.int32)
        for role in ("company_id", "company"):
            if role in factors:
                company = np.where(factors[role] >= 0, factors[role], company)
        reasons[company < 0] = "no_company"
        for code, column in facts.items():
            if self._facts[code].screen == "stop_if_no" and column.codes is not None:
                reasons[column.codes == self._fact_values[code].index("0")] = "screened_out"
        if "disposition" in factors and (done := self._completed()):
            names = self._factors["disposition"].provisional_names
            finished = np.array([fold(name) in done for name in names] + [True], dtype=np.bool_)
            open_rows = ~finished[factors["disposition"]]
            reasons[open_rows] = "not_completed"
            for k in np.flatnonzero(open_rows).tolist():
                details[k] = names[factors["disposition"][k]]
        self._judge_furniture(readers, table, factors, company, answered, reasons, details)
        return reasons, details

    def _judge_furniture(
        self,
        readers: _Columns,
        table: RawTable,
        factors: Mapping[str, NDArray[np.int32]],
        company: NDArray[np.int32],
        answered: NDArray[np.bool_],
        reasons: NDArray[np.str_],
        details: dict[int, str],
    ) -> None:
        """Tell rows that are no interviews: blank rows, totals, headings repeated among the rows."""
        suspects = set(np.flatnonzero((company < 0) | ~answered).tolist())
        for role in ("company", "company_id", "industry"):
            if role in factors and role in readers.binding.roles:
                names = self._factors[role].provisional_names
                heading = normalise_heading(readers.columns[readers.binding.roles[role]].heading)
                odd = [fold(name) in _TOTALS or normalise_heading(name) == heading for name in names]
                if any(odd):
                    suspects |= set(np.flatnonzero(np.array([*odd, False])[factors[role]]).tolist())
        if len(suspects) > 10_000:
            # A column without companies makes every row a suspect; look at the first ones only as rows of
            # furniture, the others keep the reason they already have.
            suspects = set(sorted(suspects)[:10_000])
        for k in sorted(suspects):
            cells = [self._cell(readers, column, k) for column in table.cells]
            filled = [fold(cell) for cell in cells if cell and cell.strip()]
            if not filled:
                reasons[k], details[k] = "blank_row", ""
            elif any(cell in _TOTALS or cell.rstrip("：: ") in _TOTALS for cell in filled[:3]):
                reasons[k], details[k] = "total_row", shorten(filled[0])
            elif sum(
                normalise_heading(cell) == normalise_heading(column.heading)
                for cell, column in zip(cells, readers.columns, strict=True)
            ) > max(2, len(cells) // 2):
                reasons[k], details[k] = "repeated_heading", ""

    def _completed(self) -> frozenset[str]:
        declared = self._study.completed if self._study and self._study.completed else ()
        role = self._instrument.roles.get("disposition")
        declared = declared or (role.values.get("completed", ()) if role else ())
        return frozenset(fold(text) for text in declared)

    # Findings ----------------------------------------------------------------------------------------------

    def _cell(self, readers: _Columns, cells: pa.Array, k: int) -> str:
        text = to_text(cells.slice(k, 1), readers.source.cell_encoding)[0].as_py()
        return text or ""

    def _find(
        self, readers: _Columns, column: RawColumn, rule: str, severity: str, what: str, do: str,
        value: str = "", rows: NDArray[np.int64] | None = None,
    ) -> None:  # fmt: skip
        key = (rule, readers.source.path, readers.source.sheet, column.position, value)
        if key not in self._findings:
            same = sum(other[:4] == key[:4] for other in self._findings)
            if same >= _MOST_VALUES:
                value, key = "(other values)", (*key[:4], "(other values)")
        if key not in self._findings:
            finding = Finding(
                rule, severity, what, do, readers.source.name, readers.source.sheet or "",  # type: ignore[arg-type]
                column.heading, column.letter, value,
            )  # fmt: skip
            self._findings[key] = (finding, [])
        if rows is not None:
            self._findings[key][1].append(rows)

    def _find_values(
        self, readers: _Columns, table: RawTable, position: int, places: NDArray[np.intp],
        rule: str, severity: str, what: str, do: str,
    ) -> None:  # fmt: skip
        cells = to_text(table.cells[position].take(pa.array(places)), readers.source.cell_encoding)
        texts = cells.dictionary_encode()
        indices = texts.indices.to_numpy(zero_copy_only=False)
        for k, text in enumerate(texts.dictionary.to_pylist()):
            shown, kind, said = shorten(text or ""), rule, what
            if rule == "undeclared_code" and number_text(fold(text or "")) is not None:
                kind, said = "out_of_range", what.replace("is not an answer", "lies outside the scale")
            self._find(
                readers, readers.columns[position], kind, severity, said, do, shown, table.rows[places[indices == k]]
            )

    def _report_invalid(
        self,
        readers: _Columns,
        table: RawTable,
        answers: NDArray[np.uint8],
        outcomes: Mapping[str, NDArray[np.generic]],
        facts: Mapping[str, NDArray[np.generic]],
        used: NDArray[np.intp],
    ) -> None:
        columns = [
            (code, readers.binding.items[code], answers[k], self._scales[k])
            for k, code in enumerate(self._instrument.item_codes)
            if code in readers.items
        ]
        study_scale = self._study.scale if self._study else None
        columns += [
            (c, readers.binding.outcomes[c], v, self._instrument.scale_of(self._rated[c], default=study_scale))  # type: ignore[misc]
            for c, v in outcomes.items()
        ]
        for code, position, values, scale in columns:
            places = used[values[used] == INVALID]
            if places.size:
                self._find_values(
                    readers, table, position, places, "undeclared_code", "error",
                    f"this is not an answer to {code} on its scale ({scale.codes[0]} to {scale.codes[-1]}) "
                    "and not a declared code; it was not used",
                    "declare the code under [missing] or [recode] in the study file, or correct the cell",
                )  # fmt: skip
        for code, values in facts.items():
            places = used[values[used] == INVALID]
            if places.size:
                self._find_values(
                    readers, table, readers.binding.facts[code], places, "undeclared_fact", "warning",
                    f"this is not a declared answer to {code} ({', '.join(self._fact_values[code])})",
                    f"declare it under [recode.{code}] in the study file, or correct the cell",
                )  # fmt: skip

    # Result ------------------------------------------------------------------------------------------------

    def finish(self, *, notes: tuple[str, ...] = ()) -> Responses:
        """Return everything collected, in an order of names that does not depend on the order of rows."""
        n = sum(part.size for part in self._row)
        factors = {role: Factor(*builder.finish()) for role, builder in self._factors.items()}
        company, company_id = factors.pop("company", None), factors.pop("company_id", None)
        industry = factors.pop("industry", None)
        if company is None:
            company = company_id or Factor(np.full(n, -1, dtype=np.int32), ())
        elif company_id is not None:
            company = _display_names(company, company_id)
        if industry is not None and (industry.codes < 0).any():
            codes = industry.codes.copy()
            codes[codes < 0] = len(industry.names)
            industry = Factor(codes, (*industry.names, NO_INDUSTRY))
        weight = self._numbers.pop("weight", None)
        return Responses(
            instrument=self._instrument,
            scales=self._scales,
            answers=_join(self._answers, (len(self._scales), 0), np.uint8),
            company=company,
            company_id=company_id,
            industry=industry,
            weight=None if weight is None else np.concatenate(weight),
            file=np.concatenate(self._file) if self._file else np.zeros(0, np.int16),
            row=np.concatenate(self._row) if self._row else np.zeros(0, np.int64),
            files=tuple(self._files),
            ledger=self._ledger,
            outcomes={code: np.concatenate(parts) for code, parts in self._outcomes.items()},
            outcome_scales={
                code: self._instrument.scale_of(self._rated[code], default=self._study.scale if self._study else None)
                for code in self._outcomes
            },
            facts={
                **{
                    code: FactColumn(self._fact_values[code], codes=np.concatenate(parts))
                    for code, parts in self._fact_codes.items()
                },
                **{
                    code: FactColumn(numbers=np.concatenate(parts))
                    for code, parts in self._numbers.items()
                    if code in self._facts
                },
            },
            factors=factors,
            numbers={c: np.concatenate(parts) for c, parts in self._numbers.items() if c not in self._facts},
            texts={role: pa.chunked_array(parts, pa.string()) for role, parts in self._texts.items()},
            absent_items=tuple(code for code in self._instrument.item_codes if code not in self._bound_items),
            headings=self._headings,
            findings=tuple(
                Finding(
                    f.rule, f.severity, f.what, f.do, f.file, f.sheet, f.column, f.letter, f.value,
                    np.sort(np.concatenate(rows)) if rows else np.zeros(0, np.int64),
                )  # fmt: skip
                for f, rows in self._findings.values()
            ),
            notes=(*notes, *self._notes),
            scoring=self._study.scoring if self._study else StudyScoring(),
        )


def to_numbers(
    cells: pa.Array, encoding: str, missing: set[str]
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Read a column of numbers: plain numbers, clock times (`05:12`) and spelled seconds (`312秒`).

    Returns
    -------
    numbers
        float64, NaN where the cell is empty, declared missing, or no number.
    bad
        Positions of cells that hold something else.
    """
    text = to_text(cells, encoding)
    try:
        plain = pc.utf8_trim_whitespace(pc.fill_null(text, ""))
        values = pc.cast(pc.replace_with_mask(plain, pc.equal(plain, ""), pa.scalar("nan")), pa.float64())
        found = values.to_numpy(zero_copy_only=False)
        if not missing and np.isfinite(found[~np.isnan(found)]).all():
            return found, np.zeros(0, np.intp)
    except pa.ArrowInvalid:
        pass
    table: list[float] = []
    bad_codes: list[bool] = []
    encoded = text.dictionary_encode()
    for cell in encoded.dictionary.to_pylist():
        number, fault = _number(fold(cell or ""), missing)
        table.append(number)
        bad_codes.append(fault)
    indices = pc.fill_null(encoded.indices, len(table)).to_numpy(zero_copy_only=False)
    numbers = np.array([*table, np.nan])[indices]
    return numbers, np.flatnonzero(np.array([*bad_codes, False])[indices])


def _number(text: str, missing: set[str]) -> tuple[float, bool]:
    if not text or text in missing:
        return np.nan, False
    compact = text.replace(" ", "")
    grouped = re.fullmatch(r"-?\d{1,3}(,\d{3})+(\.\d+)?", compact)
    try:
        number = float(compact.replace(",", "") if grouped else compact)
    except ValueError:
        if match := _SECONDS.fullmatch(compact):
            return float(match[1]), False
        if match := _CLOCK.fullmatch(compact):
            return int(match[1] or 0) * 3600.0 + int(match[2]) * 60.0 + float(match[3]), False
        return np.nan, True
    return (number, False) if np.isfinite(number) else (np.nan, True)


def _join(parts: list[NDArray[np.uint8]], shape: tuple[int, int], dtype: type[np.uint8]) -> NDArray[np.uint8]:
    """Join stretches item by item, giving each stretch up as it is copied."""
    if len(parts) == 1:
        return parts.pop()
    joined = np.empty((shape[0], sum(part.shape[1] for part in parts)), dtype=dtype)
    place = joined.shape[1]
    while parts:
        part = parts.pop()
        joined[:, place - part.shape[1] : place] = part
        place -= part.shape[1]
    return joined


def _display_names(company: Factor, company_id: Factor) -> Factor:
    """Name every company by its id's most frequent name; two ids of one name are told apart by the id."""
    keyed = company_id.codes >= 0
    n_names = len(company.names) + 1
    pairs, counts = np.unique(
        company_id.codes[keyed].astype(np.int64) * n_names + (company.codes[keyed] + 1), return_counts=True
    )
    best: dict[int, tuple[int, str]] = {}
    for pair, count in zip(pairs.tolist(), counts.tolist(), strict=True):
        identity, name = divmod(pair, n_names)
        shown = company.names[name - 1] if name else ""
        # The more frequent name; of equally frequent ones the first in order.
        if shown and (identity not in best or (-count, shown) < (-best[identity][0], best[identity][1])):
            best[identity] = (count, shown)
    shown_names = [best.get(k, (0, name))[1] for k, name in enumerate(company_id.names)]
    unkeyed = sorted({company.names[code] for code in np.unique(company.codes[~keyed]).tolist() if code >= 0})
    repeated = {name for name in shown_names if shown_names.count(name) > 1 or name in unkeyed} if len(
        set(shown_names)
    ) < len(shown_names) or unkeyed else set()
    final = [
        f"{name} ({identity})" if name in repeated else name
        for name, identity in zip(shown_names, company_id.names, strict=True)
    ] + unkeyed
    order = sorted(range(len(final)), key=lambda k: final[k])
    place = np.empty(len(final) + 1, dtype=np.int32)
    place[order] = np.arange(len(final), dtype=np.int32)
    place[-1] = -1
    codes = place[company_id.codes]
    if unkeyed:
        by_name = np.array([unkeyed.index(n) if n in unkeyed else -1 for n in company.names] + [-1], dtype=np.int32)
        own = by_name[company.codes[~keyed]]
        codes[~keyed] = np.where(own >= 0, place[len(company_id.names) + own], -1)
    return Factor(codes, tuple(final[k] for k in order))
