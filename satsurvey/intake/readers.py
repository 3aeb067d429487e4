"""The readers of one file's columns: what each cell becomes, and the report of cells that became nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from satsurvey.errors import StudyError, shorten
from satsurvey.instrument.model import Instrument, MissingReason, Scale
from satsurvey.intake.answers import AnswerReader, FactReader, fold, key_of, missing_words, plain_writing
from satsurvey.intake.binding import Binding
from satsurvey.intake.cells import DistinctMap
from satsurvey.intake.filtering import not_asked
from satsurvey.intake.finding_log import FindingLog
from satsurvey.intake.findings import Severity
from satsurvey.intake.numbers import read_number, to_numbers
from satsurvey.intake.raw import RawColumn, RawFile, RawTable
from satsurvey.intake.responses import INVALID, MISSING_CODES, FactColumn
from satsurvey.intake.study import Study

NUMBER_ROLES = (
    *("duration_s", "population", "market_share"),
    *("first_response_s", "avg_response_s", "wait_s", "resolution_s"),
)
_SECONDS = {name for name in NUMBER_ROLES if name.endswith("_s")}
_BLANK = MISSING_CODES[MissingReason.BLANK]
NOT_ASKED = MISSING_CODES[MissingReason.NOT_ASKED]


class Declarations:
    """What instrument and study together say of columns.

    Raises
    ------
    StudyError
        When a constant of the study is no number where one is needed.
    """

    def __init__(self, instrument: Instrument, scales: tuple[Scale, ...], study: Study | None) -> None:
        self.instrument = instrument
        self.scales = scales
        self.study = study
        self.facts = {fact.code: fact for fact in instrument.facts}
        self.rated = {outcome.code: outcome for outcome in instrument.outcomes if outcome.type == "scale"}
        self.comments = {outcome.code for outcome in instrument.outcomes if outcome.type == "comment"}
        self.screens = {fact.code for fact in instrument.facts if fact.screen == "stop_if_no"}
        self.missing_words = frozenset(missing_words(instrument))
        self.constants = dict(study.constants) if study else {}
        self.constant_numbers = _constant_numbers(self.constants)
        role = instrument.roles.get("disposition")
        completed = (study.completed if study else ()) or (role.values.get("completed", ()) if role else ())
        self.completed = frozenset(fold(text) for text in completed)

    def recode(self, code: str) -> dict[str, str]:
        """Return the recoding that the study declares for one item, fact, outcome or role."""
        if self.study is None:
            return {}
        general = self.study.recode.get("*", {}) if code in self.instrument.item_codes else {}
        return {**general, **self.study.recode.get(code, {})}

    def missing(self, code: str) -> dict[str, MissingReason]:
        """Return the missing codes that the study declares for one item, fact, outcome or role."""
        if self.study is None:
            return {}
        general = self.study.missing if code in self.instrument.item_codes else {}
        return {**general, **self.study.missing_by_column.get(code, {})}

    def outcome_scale(self, code: str) -> Scale:
        """Return the scale of a rated outcome."""
        return self.instrument.scale_of(self.rated[code], default=self.study.scale if self.study else None)


class ColumnReaders:
    """Reads the tables of one file.

    Parameters
    ----------
    declared
        What instrument and study say.
    raw, binding
        The file, and which of its columns is what.
    log
        Takes what is found wrong.
    """

    def __init__(self, declared: Declarations, raw: RawFile, binding: Binding, log: FindingLog) -> None:
        self._declared = declared
        self._source = raw.source
        self._columns = raw.columns
        self._binding = binding
        self._log = log
        instrument = declared.instrument
        self._items = {
            item.code: self._answer_map(item.code, binding.items[item.code], scale)
            for item, scale in zip(instrument.items, declared.scales, strict=True)
            if item.code in binding.items
        }
        self._outcomes = {
            code: self._answer_map(code, binding.outcomes[code], declared.outcome_scale(code))
            for code in declared.rated
            if code in binding.outcomes
        }
        self._facts: dict[str, DistinctMap] = {}
        self.fact_values: dict[str, tuple[str, ...]] = {}
        for code, position in binding.facts.items():
            if declared.facts[code].type in {"yes_no", "one_of"}:
                self._facts[code] = self._fact_map(code, position)
        for column in raw.columns:
            if column.warning and column not in binding.unused:
                log.add(
                    raw.source,
                    column,
                    "unsafe_number",
                    "warning",
                    column.warning,
                    "store the column as text in the source system and export again",
                )

    def _answer_map(self, code: str, position: int, scale: Scale) -> DistinctMap:
        column = self._columns[position]
        reader = AnswerReader(
            scale,
            self._declared.instrument,
            column=column,
            recode=self._declared.recode(code),
            missing=self._declared.missing(code),
        )
        if reader.labels_decide:
            self._labels_decide(column, code)
        return DistinctMap(reader.read, np.uint8, self._source.cell_encoding)

    def _fact_map(self, code: str, position: int) -> DistinctMap:
        column = self._columns[position]
        reader = FactReader(
            self._declared.facts[code],
            self._declared.instrument,
            column=column,
            recode=self._declared.recode(code),
            missing=self._declared.missing(code),
        )
        if reader.labels_decide:
            self._labels_decide(column, code)
        self.fact_values[code] = reader.values
        return DistinctMap(reader.read, np.uint8, self._source.cell_encoding)

    def _labels_decide(self, column: RawColumn, code: str) -> None:
        self._log.add(
            self._source,
            column,
            "labels_against_codes",
            "warning",
            f"the file's labels for {code} contradict its numbers; the labels were followed",
            f"if the numbers are right, recode them under [recode.{code}] in the study file",
        )

    # Reading -----------------------------------------------------------------------------------------------

    def answers(self, table: RawTable) -> NDArray[np.uint8]:
        """Return the answers to all items, uint8 of shape (items, rows), before the filters are looked at."""
        codes = self._declared.instrument.item_codes
        answers = np.full((len(codes), table.rows.size), NOT_ASKED, dtype=np.uint8)
        for place, code in enumerate(codes):
            if code in self._items:
                answers[place] = self._items[code].apply(table.cells[self._binding.items[code]])
        return answers

    def outcomes(self, table: RawTable) -> dict[str, NDArray[np.uint8]]:
        """Return the answers to rated outcomes by code."""
        return {
            code: reader.apply(table.cells[self._binding.outcomes[code]]).astype(np.uint8, copy=False)
            for code, reader in self._outcomes.items()
        }

    def facts(self, table: RawTable) -> dict[str, NDArray[np.uint8]]:
        """Return the answers to coded questions of fact by code."""
        return {
            code: reader.apply(table.cells[self._binding.facts[code]]).astype(np.uint8, copy=False)
            for code, reader in self._facts.items()
        }

    def numbers(
        self, table: RawTable
    ) -> tuple[dict[str, NDArray[np.float64]], dict[str, tuple[int, NDArray[np.intp]]]]:
        """Return columns of numbers by code or role, and column and places of the cells that are none."""
        declared = self._declared
        wanted = {
            role: position
            for role, position in self._binding.roles.items()
            if role in (*NUMBER_ROLES, "weight")
        }
        wanted |= {code: p for code, p in self._binding.facts.items() if code not in self._facts}
        numbers = {
            role: np.full(table.rows.size, number)
            for role, number in declared.constant_numbers.items()
            if role not in wanted
        }
        no_numbers: dict[str, tuple[int, NDArray[np.intp]]] = {}
        for code, position in wanted.items():
            fact = declared.facts.get(code)
            codes = (*declared.missing(code), *(fact.missing if fact else ()))
            numbers[code], bad = to_numbers(
                table.cells[position],
                self._source.cell_encoding,
                declared.missing_words | {key_of(text) for text in codes},
                recode={key_of(text): value for text, value in declared.recode(code).items()},
                seconds=code in _SECONDS or (fact is not None and fact.type == "seconds"),
            )
            # A row whose weight is no number is set aside for that reason.
            if bad.size and code != "weight":
                no_numbers[code] = (position, bad)
        return numbers, no_numbers

    def tell_not_asked(self, answers: NDArray[np.uint8], facts: Mapping[str, FactColumn]) -> None:
        """Turn blanks into "not asked" where the facts show that the filter kept the item out."""
        instrument = self._declared.instrument
        for place, item in enumerate(instrument.items):
            if item.filter is not None and item.code in self._items:
                blank = answers[place] == _BLANK
                if blank.any():
                    expression = instrument.filters[item.filter].expression
                    answers[place][blank & not_asked(expression, facts, answers.shape[1])] = NOT_ASKED

    # Report ------------------------------------------------------------------------------------------------

    def report(
        self,
        table: RawTable,
        used: NDArray[np.bool_],
        *,
        answers: NDArray[np.uint8],
        outcomes: Mapping[str, NDArray[np.uint8]],
        facts: Mapping[str, NDArray[np.uint8]],
        no_numbers: Mapping[str, tuple[int, NDArray[np.intp]]],
    ) -> None:
        """Report the cells of used rows that could not be read."""
        declared, binding = self._declared, self._binding
        rated = [
            (code, binding.items[code], answers[k], declared.scales[k])
            for k, code in enumerate(declared.instrument.item_codes)
            if code in self._items
        ]
        rated += [(c, binding.outcomes[c], v, declared.outcome_scale(c)) for c, v in outcomes.items()]
        for code, position, values, scale in rated:
            self._report_cells(
                table,
                position,
                np.flatnonzero((values == INVALID) & used),
                "error",
                "declare the code under [missing] or [recode] in the study file, or correct the cell",
                _describe_answer(code, scale),
                keeps=_is_number,
            )
        for code, values in facts.items():
            legal = shorten(", ".join(self.fact_values[code]))
            self._report_cells(
                table,
                binding.facts[code],
                np.flatnonzero((values == INVALID) & used),
                "warning",
                f"declare it under [recode.{code}] in the study file, or correct the cell",
                _always("undeclared_fact", f"this is not a declared answer to {code} ({legal})"),
            )
        for code, (position, bad) in no_numbers.items():
            self._report_cells(
                table,
                position,
                bad[used[bad]],
                "warning",
                "correct the cell or leave it empty",
                _always("not_a_number", f"{code} needs a number, and this is none"),
            )

    def _report_cells(
        self,
        table: RawTable,
        position: int,
        places: NDArray[np.intp],
        severity: Severity,
        do: str,
        describe: Callable[[str], tuple[str, str]],
        keeps: Callable[[str], bool] = lambda text: False,
    ) -> None:
        if places.size:
            self._log.add_values(
                self._source, table, position, places, severity, do, describe=describe, keeps=keeps
            )


def _always(rule: str, what: str) -> Callable[[str], tuple[str, str]]:
    return lambda text: (rule, what)


def _describe_answer(code: str, scale: Scale) -> Callable[[str], tuple[str, str]]:
    ends = f"{scale.codes[0]} to {scale.codes[-1]}"

    def describe(text: str) -> tuple[str, str]:
        rest = f"{code} ({ends}) and is no declared code; it was not used"
        if _is_number(text):
            return "out_of_range", f"this lies outside the scale of {rest}"
        return "undeclared_code", f"this is no answer on the scale of {rest}"

    return describe


def _is_number(text: str) -> bool:
    """Whether a cell is a number: on a scale that is a code, even one of eleven digits."""
    return plain_writing(key_of(text)) is not None


def _constant_numbers(constants: Mapping[str, str]) -> dict[str, float]:
    numbers: dict[str, float] = {}
    for role in (*NUMBER_ROLES, "weight"):
        if role in constants:
            number = read_number(constants[role], seconds=role in _SECONDS)
            if number is None or (role == "weight" and number <= 0):
                raise StudyError(
                    f"the study file's constant {role} must be a {'positive ' * (role == 'weight')}number, "
                    f"and is {shorten(constants[role])!r}"
                )
            numbers[role] = number
    return numbers
