"""The user's data as tests of statements see them: interviews, contacts, and tables beside."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from satsurvey.errors import ColumnsError, MethodError
from satsurvey.intake.dates import parse_dates
from satsurvey.intake.responses import Factor, Responses
from satsurvey.response_time.contacts import Contacts, refuse_unlinked
from satsurvey.response_time.extra_columns import (
    COLUMNS,
    ExtraTable,
    column_of_interviews,
    factor_of,
    flags_of,
    numbers_of,
)
from satsurvey.response_time.outcomes import outcome_of
from satsurvey.response_time.rows import STANDARD_CONTROLS, ResponseRows, response_rows
from satsurvey.response_time.stated import check_stated
from satsurvey.response_time.times import Times, times_of
from satsurvey.response_time.verdicts import TOLERANCE
from satsurvey.service.link import Link
from satsurvey.service.link import link as link_to_records
from satsurvey.service.records import ServiceRecords

if TYPE_CHECKING:
    from satsurvey.response_time.checked_comments import CheckedComments
    from satsurvey.response_time.fit import ResponseTimeFit
    from satsurvey.scoring.estimates import Scores
    from satsurvey.text.comments import CommentScores

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

_FACTS = {"wait_s": "wait", "expected_s": "expected", "transfers": "transfers"}
_RECORDED = {"resolved": "resolved_first_contact"}


@dataclass(frozen=True)
class Settings:
    """Choices of the tests.

    Attributes
    ----------
    level
        Of intervals.
    tolerance
        Of stated numbers, a share.
    draws, seed
        Of tests that draw companies anew.
    window_days
        In which a contact repeats another.
    """

    level: float = 0.95
    tolerance: float = TOLERANCE
    draws: int = 2000
    seed: int = 20191
    window_days: float = 7.0


@dataclass(frozen=True)
class ClaimData:
    """Everything that statements are tested on.

    Attributes
    ----------
    responses, records, link
        The interviews, the contacts, and which contact each interview is about; each may be absent.
    tables
        Tables beside them.
    columns
        Name of `COLUMNS` to the heading that the user gave.
    given
        What the user stated, by a name of `stated.GIVEN`.
    checked
        Comments that the user's own people labelled, by which readings of comments are corrected.
    settings
        Choices of the tests.
    notes
        What must be known of the data, in English.
    unlinked
        Why interviews and records could not be linked at all, in English; "" where they are, or one of the
        two is absent.
    """

    responses: Responses | None = None
    records: ServiceRecords | None = None
    link: Link | None = None
    tables: tuple[ExtraTable, ...] = ()
    columns: Mapping[str, str] = field(default_factory=dict)
    given: Mapping[str, str] = field(default_factory=dict)
    settings: Settings = field(default_factory=Settings)
    notes: tuple[str, ...] = ()
    checked: CheckedComments | None = None
    unlinked: str = ""

    @classmethod
    def of(
        cls,
        responses: Responses | None = None,
        records: ServiceRecords | None = None,
        *,
        link: Link | None = None,
        tables: Sequence[ExtraTable] = (),
        columns: Mapping[str, str] | None = None,
        given: Mapping[str, str] | None = None,
        settings: Settings | None = None,
        checked: CheckedComments | None = None,
    ) -> ClaimData:
        """Gather data; interviews and records are linked by case where they can be and no link is given.

        Raises
        ------
        MethodError
            When there is nothing at all, or what the user states cannot be meant.
        ColumnsError
            When interviews and records have ids, and no interview is linked to a contact by them.
        """
        if responses is None and records is None and not tables:
            raise MethodError("there are no data to test statements on", next_step="name an export")
        check_stated(given or {}, responses)
        notes: list[str] = []
        unlinked = ""
        if link is None and responses is not None and records is not None:
            try:
                link = link_to_records(responses, records)
            except ColumnsError as exc:
                unlinked = f"interviews and service records are not linked: {exc.what}"
                notes.append(unlinked)
        if link is not None:
            refuse_unlinked(link)
            notes += link.notes
        data = cls(
            responses,
            records,
            link,
            tuple(tables),
            dict(columns or {}),
            dict(given or {}),
            settings or Settings(),
            tuple(notes),
            checked,
            unlinked,
        )
        data.check_columns()
        return data

    def check_columns(self) -> None:
        """Refuse a heading that no file has.

        Raises
        ------
        ColumnsError
            When a column that the user named is in no export and no table.
        """
        for name, heading in self.columns.items():
            if self._cells(name) is None and not any(table.has(name) for table in self.tables):
                raise ColumnsError(
                    "no file has the column that was named for this",
                    column=name,
                    value=heading,
                    next_step="name it as the heading of the export or of the table has it",
                )

    # Interviews --------------------------------------------------------------------------------------------

    @property
    def n(self) -> int:
        """Number of interviews."""
        return 0 if self.responses is None else len(self.responses)

    @cached_property
    def _contacts(self) -> Contacts | None:
        if self.records is None or self.link is None:
            return None
        return Contacts(self.records, self.link, self.n)

    @cached_property
    def _bound(self) -> dict[str, Any]:
        """Cells of the columns that the user named, by name; of those that an export has."""
        if self.responses is None:
            return {}
        found = {name: column_of_interviews(self.responses, head) for name, head in self.columns.items()}
        return {name: cells for name, cells in found.items() if cells is not None}

    def _cells(self, name: str) -> Any:
        return self._bound.get(name)

    @cached_property
    def score(self) -> Floats:
        """Total of every interview on 0-100, NaN where there is none."""
        if self.responses is None:
            return np.zeros(0)
        return outcome_of(self.responses, "total").scores

    @cached_property
    def company(self) -> Codes:
        """Company of every interview, -1 where none is named."""
        return (
            self.responses.company.codes.astype(np.int64)
            if self.responses is not None
            else np.zeros(0, np.int64)
        )

    @property
    def industry(self) -> Factor | None:
        """Industry of every interview."""
        return None if self.responses is None else self.responses.industry

    @cached_property
    def weight(self) -> Floats | None:
        """Weights of the interviews."""
        return None if self.responses is None else self.responses.weight

    @property
    def times(self) -> Times | None:
        """First response time of every interview: of the service records where there are any, else of the
        export; None where there is none."""
        return self._times_or_why[0]

    @property
    def no_times(self) -> str:
        """Why there is no first response time, in English, where service records were to give it."""
        return self._times_or_why[1]

    @cached_property
    def _times_or_why(self) -> tuple[Times | None, str]:
        if self.responses is None:
            return None, ""
        # An export may have times of its own: another clock, which must not stand in for that of the records.
        if self.records is not None and self._contacts is None:
            return None, self.unlinked
        try:
            return times_of(self.responses, "first_response", self._contacts), ""
        except ColumnsError as exc:
            return None, "" if self._contacts is None else exc.what

    def weights_at(self, rows: NDArray[np.bool_]) -> Floats | None:
        """Return the weights of some interviews; None where they have none."""
        return None if self.weight is None else self.weight[rows]

    def held(
        self, rows: NDArray[np.bool_], names: Sequence[str] = STANDARD_CONTROLS
    ) -> dict[str, Factor | Floats]:
        """Return what is held fixed for some interviews: the names that are known and take two values."""
        at = np.flatnonzero(rows)
        found: dict[str, Factor | Floats] = {}
        for name in names:
            factor = self.industry if name == "industry" else self.factor(name)
            if factor is not None and np.unique(factor.codes[at]).size > 1:
                found[name] = factor.take(at)
        return found

    def number(self, name: str) -> Floats | None:
        """Return numbers or flags of interviews by name of `COLUMNS`: from the user's column, the linked
        records, the export's roles, or a question of fact, in this order; None where there are none."""
        if self.responses is None:
            return None
        if (cells := self._cells(name)) is not None:
            read: Callable[..., Floats] = flags_of if COLUMNS[name][0] == "flag" else numbers_of
            return read(cells, self.columns[name], self.responses.files[0].name)
        if self._contacts is not None:
            found = self._contacts.number(_RECORDED.get(name, name))
            if found is not None:
                return found
        if name in self.responses.numbers:
            return self.responses.numbers[name]
        for fact in self.responses.instrument.facts:
            means = fact.metric == "fcr" if name == "resolved" else fact.plays == _FACTS.get(name, "nothing")
            if not means or fact.code not in self.responses.facts:
                continue
            column = self.responses.facts[fact.code]
            if column.numbers is not None:
                return column.numbers
            if column.codes is not None:
                known = column.codes < len(column.values)
                return np.where(known, column.codes, np.nan).astype(np.float64)
        return None

    def factor(self, name: str) -> Factor | None:
        """Return names of interviews: channel, purpose, tier, handled_by and the like; None where absent."""
        if self.responses is None:
            return None
        if (cells := self._cells(name)) is not None:
            return factor_of(cells)
        if self._contacts is not None:
            found = self._contacts.factor(name) if name != "handled_by" else self._handled_by()
            if found is not None:
                return found
        role = {"tier": "customer_tier"}.get(name, name)
        if role in self.responses.factors and self.responses.factors[role].names:
            return self.responses.factors[role]
        for fact in self.responses.instrument.facts:
            if fact.plays == name and fact.code in self.responses.facts:
                column = self.responses.facts[fact.code]
                if column.codes is not None:
                    codes = np.where(column.codes < len(column.values), column.codes.astype(np.int32), -1)
                    return Factor(codes.astype(np.int32), column.values)
        return None

    def _handled_by(self) -> Factor | None:
        if self.records is None or self.link is None or "handled_by" not in self.records.contacts:
            return None
        words = self.records.contacts["handled_by"].to_numpy(dtype=object)[self.link.contact]
        cells = np.full(self.n, "", dtype=object)
        cells[self.link.interview] = words
        names = tuple(sorted({str(word) for word in words if word}))
        place = {name: code for code, name in enumerate(names)}
        codes = np.array([place.get(str(word), -1) for word in cells], dtype=np.int32)
        return Factor(codes, names) if names else None

    @cached_property
    def date(self) -> NDArray[np.datetime64] | None:
        """When the contact was, by the linked records or the export; where that is known of none, when the
        interview was. None where nothing is dated."""
        if self.responses is None:
            return None
        linked = None if self._contacts is None else self._contacts.moment("request_at")
        own = self._dates("contact_at")
        if linked is None:
            return self._dates("completed_at") if own is None else own
        return linked if own is None else np.where(np.isnat(linked), own, linked)

    def _dates(self, role: str) -> NDArray[np.datetime64] | None:
        if self.responses is None or role not in self.responses.texts:
            return None
        moments, _ = parse_dates(self.responses.texts[role])
        return None if np.isnat(moments).all() else moments

    def at_rows(self, values: Floats) -> Floats:
        """Return values of interviews at the rows of the response-time study."""
        if self.responses is None:
            raise ColumnsError("there are no interviews")
        key = self.responses.file.astype(np.int64) << 40 | self.responses.row.astype(np.int64)
        mine = self.rows.file.astype(np.int64) << 40 | self.rows.row.astype(np.int64)
        order = np.argsort(key)
        return np.asarray(values[order[np.searchsorted(key[order], mine)]], dtype=np.float64)

    # Made once, used by several tests ----------------------------------------------------------------------

    @cached_property
    def rows(self) -> ResponseRows:
        """The rows of the response-time study: total against first response, standard controls."""
        if self.responses is None:
            raise ColumnsError("there are no interviews")
        if self.no_times:
            raise ColumnsError(self.no_times)
        linked = self._contacts is not None
        return response_rows(
            self.responses,
            self.link if linked else None,
            self.records if linked else None,
            controls=None,
        )

    @cached_property
    def fit(self) -> ResponseTimeFit:
        """The response-time study of the total, without draws for the median."""
        from satsurvey.response_time.fit import fit_response_time

        return fit_response_time(self.rows, level=self.settings.level, seed=self.settings.seed, draws=0)

    @cached_property
    def scores(self) -> Scores:
        """Scores of companies and industries."""
        from satsurvey.scoring.estimates import score

        if self.responses is None:
            raise ColumnsError("there are no interviews")
        return score(self.responses, level=self.settings.level)

    @cached_property
    def comments(self) -> CommentScores | None:
        """What the service engine reads in comments; None where the instrument's comments are not bound."""
        from satsurvey.text.comments import read_comments
        from satsurvey.text.survey_comments import has_comments

        if self.responses is None or not has_comments(self.responses):
            return None
        return read_comments(self.responses, level=self.settings.level)

    def table_with(self, *names: str) -> ExtraTable | None:
        """Return the first table that has all of some columns."""
        return next((table for table in self.tables if table.has(*names)), None)
