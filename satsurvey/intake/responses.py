"""What was answered: one row per interview, answers in one byte each, roles as typed columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from satsurvey.instrument.model import Instrument, MissingReason, Scale
from satsurvey.intake.findings import Finding
from satsurvey.intake.ledger import Ledger
from satsurvey.intake.raw import Source
from satsurvey.intake.study import StudyScoring

INVALID = 249
"""An answer that is neither on the scale nor a declared code; never used, always reported."""
MISSING_CODES: Mapping[MissingReason, int] = {reason: 250 + k for k, reason in enumerate(MissingReason)}
"""The byte that stands for each reason of missing; bytes below `INVALID` count answer levels from 0."""


@dataclass(frozen=True)
class Factor:
    """A column of names: `codes` points into `names`, -1 where the cell is empty. Names are sorted."""

    codes: NDArray[np.int32]
    names: tuple[str, ...]

    def take(self, rows: NDArray[np.intp]) -> Factor:
        """Return the factor over some of the rows; the names stay."""
        return Factor(self.codes[rows], self.names)

    def texts(self) -> list[str]:
        """Return the name in every row, "" where there is none."""
        table = (*self.names, "")
        return [table[code] for code in self.codes]


@dataclass(frozen=True)
class FactColumn:
    """Answers to a question of fact.

    Attributes
    ----------
    codes
        For `yes_no` and `one_of`: uint8 positions in `values` (yes_no has values "0", "1"), or a missing
        byte. None for numbers.
    values
        The declared codes in order.
    numbers
        For `seconds` and `count`: float64 with NaN where there is none. None for coded facts.
    """

    values: tuple[str, ...] = ()
    codes: NDArray[np.uint8] | None = None
    numbers: NDArray[np.float64] | None = None


@dataclass(frozen=True)
class Responses:
    """The decoded interviews that are used, with the account of those that are not.

    Attributes
    ----------
    instrument
        What was asked.
    scales
        The scale that each item was answered on, in the order of `instrument.items`.
    answers
        uint8 of shape (items, rows). Below `INVALID`: the position in `scale.values`; `INVALID` (249):
        not a legal answer; 250-255: the six reasons of missing (`MISSING_CODES`).
    outcomes, outcome_scales
        The same for rated questions outside the index, by code.
    facts
        Questions of fact, by code.
    company, company_id
        The company of each row. `company_id` is there when the export has both a name and an id.
    industry
        The industry of each row, or None when the export has none.
    weight
        Interview weights, float64, positive; None means that every interview counts once.
    factors
        Other columns of names by role: wave, interviewer, route, region, customer_tier, stratum, disposition,
        channel, purpose, agent.
    numbers
        Columns of numbers by role: duration_s, first_response_s, avg_response_s, wait_s, resolution_s
        (seconds), population, market_share; NaN where empty.
    texts
        Columns kept as text by role or outcome code: interview_id, case_id, customer_id, completed_at,
        contact_at, responded_at, comments.
    file, row
        Where each interview stands: position in `files`, and row as a spreadsheet counts it.
    headings, letters
        The heading that each item, fact, outcome or role has in the export, and the letters of its column
        where they are the same in all files.
    absent_items
        Items for which the export has no column; their answers are all `not_asked`.
    findings
        Defects found while decoding, each with its rows.
    notes
        Decisions taken while reading, in words; printed with every result.
    scoring
        What the study file changes in the instrument's scoring.
    """

    instrument: Instrument
    scales: tuple[Scale, ...]
    answers: NDArray[np.uint8]
    company: Factor
    industry: Factor | None
    file: NDArray[np.int16]
    row: NDArray[np.int32] | NDArray[np.int64]
    files: tuple[Source, ...]
    ledger: Ledger
    company_id: Factor | None = None
    weight: NDArray[np.float64] | None = None
    outcomes: Mapping[str, NDArray[np.uint8]] = field(default_factory=dict)
    outcome_scales: Mapping[str, Scale] = field(default_factory=dict)
    facts: Mapping[str, FactColumn] = field(default_factory=dict)
    factors: Mapping[str, Factor] = field(default_factory=dict)
    numbers: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    texts: Mapping[str, pa.ChunkedArray] = field(default_factory=dict)
    absent_items: tuple[str, ...] = ()
    headings: Mapping[str, str] = field(default_factory=dict)
    letters: Mapping[str, str] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    scoring: StudyScoring = field(default_factory=StudyScoring)

    def __len__(self) -> int:
        return int(self.row.size)

    @cached_property
    def n_companies(self) -> int:
        """How many companies have at least one interview."""
        return int(np.unique(self.company.codes).size)

    def item(self, code: str) -> NDArray[np.uint8]:
        """Return the answers to one item, uint8 of shape (rows,)."""
        answers: NDArray[np.uint8] = self.answers[self.instrument.item_codes.index(code)]
        return answers

    def take(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> Responses:
        """Return the responses over some rows (positions or a mask); ledger and findings stay the same."""
        index: NDArray[np.intp] = np.flatnonzero(rows) if rows.dtype == np.bool_ else rows.astype(np.intp)
        return replace(
            self,
            answers=self.answers[:, index],
            company=self.company.take(index),
            company_id=None if self.company_id is None else self.company_id.take(index),
            industry=None if self.industry is None else self.industry.take(index),
            file=self.file[index],
            row=self.row[index],
            weight=None if self.weight is None else self.weight[index],
            outcomes={code: values[index] for code, values in self.outcomes.items()},
            facts={
                code: FactColumn(
                    column.values,
                    None if column.codes is None else column.codes[index],
                    None if column.numbers is None else column.numbers[index],
                )
                for code, column in self.facts.items()
            },
            factors={role: factor.take(index) for role, factor in self.factors.items()},
            numbers={role: values[index] for role, values in self.numbers.items()},
            texts={role: values.take(pa.array(index)) for role, values in self.texts.items()},
        )
