"""Defects planted on purpose in simulated data, each listed with its row, to test checks against."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from satsurvey.instrument.model import Instrument, plain_number
from satsurvey.intake.responses import INVALID
from satsurvey.simulation.answers import BLANK, NOT_ASKED
from satsurvey.simulation.design import DefectKind, Design
from satsurvey.simulation.population import stream

_FEWEST_ANSWERS = 5


@dataclass(frozen=True)
class PlantedDefect:
    """One planted defect: kind, row as a spreadsheet counts it, role or code, and what stands there."""

    kind: DefectKind
    row: int
    column: str
    value: str


@dataclass(frozen=True)
class Planting:
    """All planted defects of a survey and how they change it.

    Attributes
    ----------
    defects
        The list, in order of rows.
    donor
        The row whose interview each row shows: itself, or another one for identical answers.
    protected
        Rows that calibration must leave alone.
    cells
        Text that stands in place of an answer: (item position, row) to text.
    levels
        Answers that are set: item positions, rows and level positions, one array each.
    roles
        Text that stands in a column of another role: (role, row) to text.
    """

    defects: tuple[PlantedDefect, ...]
    donor: NDArray[np.intp]
    protected: NDArray[np.bool_]
    cells: dict[tuple[int, int], str] = field(default_factory=dict)
    levels: tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.uint8]] = field(
        default_factory=lambda: (np.zeros(0, np.intp), np.zeros(0, np.intp), np.zeros(0, np.uint8))
    )
    roles: dict[tuple[str, int], str] = field(default_factory=dict)

    def apply(self, answers: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return the answers with the planted defects in them."""
        planted = answers[:, self.donor]
        items, rows, levels = self.levels
        planted[items, rows] = levels
        for item, row in self.cells:
            planted[item, row] = INVALID
        return planted


class _Planter:
    """Collects the defects kind by kind; every row gets at most one."""

    def __init__(
        self,
        design: Design,
        instrument: Instrument,
        mask: NDArray[np.uint8],
        company: NDArray[np.intp],
        seed: int,
    ) -> None:
        self.design, self.instrument, self.mask, self.company = design, instrument, mask, company
        self.rng = stream(seed, 12)
        self.defects: list[PlantedDefect] = []
        self.donor = np.arange(company.size)
        self.protected = np.zeros(company.size, dtype=np.bool_)
        self.cells: dict[tuple[int, int], str] = {}
        self.levels: list[tuple[int, int, int]] = []
        self.roles: dict[tuple[str, int], str] = {}
        answered = (mask == 0).sum(axis=0)
        self.free = answered >= min(_FEWEST_ANSWERS, len(mask))

    def rows(self, kind: DefectKind, among: NDArray[np.bool_] | None = None) -> list[int]:
        """Draw the rows for a kind from those still free, and keep them from every other use."""
        share = self.design.defects.get(kind, 0.0)
        candidates = np.flatnonzero(self.free if among is None else self.free & among)
        wanted = min(max(1, round(share * self.design.interviews)) if share else 0, candidates.size)
        drawn = np.sort(self.rng.choice(candidates, size=wanted, replace=False)) if wanted else candidates[:0]
        self.free[drawn] = False
        self.protected[drawn] = True
        return [int(row) for row in drawn]

    def note(self, kind: DefectKind, row: int, column: str, value: str) -> None:
        self.defects.append(PlantedDefect(kind, row + 2, column, value))

    def bad_cells(self, kind: DefectKind) -> None:
        for row in self.rows(kind):
            item = int(self.rng.choice(np.flatnonzero(self.mask[:, row] == 0)))
            question = self.instrument.items[item]
            scale = self.instrument.scale_of(question)
            legal = {*scale.codes, *scale.missing}
            numbers = (
                scale.max + scale.step,
                scale.max + 2 * scale.step,
                scale.max * 10 + 5,
                scale.min - scale.step,
            )
            codes = [plain_number(number) for number in numbers if number >= 0]
            if kind == "undeclared_code":
                codes = ["96", "95", "94", "888"]
            choices = [code for code in codes if code not in legal]
            self.cells[item, row] = choices[int(self.rng.integers(len(choices)))]
            self.note(kind, row, question.code, self.cells[item, row])

    def duplicate_answers(self) -> None:
        rows = self.rows("duplicate_answers")
        for row in rows:
            others = np.flatnonzero(self.free & (self.company == self.company[row]))
            if others.size:
                self.donor[row] = int(self.rng.choice(others))
                self.free[self.donor[row]] = False
                self.protected[self.donor[row]] = True
                self.note(
                    "duplicate_answers", row, "interview_id", f"same answers as row {self.donor[row] + 2}"
                )

    def straight_liners(self) -> None:
        codes = [set(self.instrument.scale_of(item).codes) for item in self.instrument.items]
        shared = [
            code
            for code in self.instrument.scale_of(self.instrument.items[0]).codes
            if code in set.intersection(*codes)
        ]
        if not shared:
            return
        for row in self.rows("straight_liner"):
            # Those who do not listen mostly stay in the upper half of the scale.
            code = shared[int(self.rng.integers(len(shared) // 2, len(shared)))]
            for item in np.flatnonzero(self.mask[:, row] == 0):
                scale = self.instrument.scale_of(self.instrument.items[item])
                self.levels.append((int(item), row, scale.codes.index(code)))
            self.note("straight_liner", row, self.instrument.items[0].code, code)

    def filter_violations(self) -> None:
        for row in self.rows("filter_violation", (self.mask == NOT_ASKED).any(axis=0)):
            item = int(self.rng.choice(np.flatnonzero(self.mask[:, row] == NOT_ASKED)))
            question = self.instrument.items[item]
            codes = self.instrument.scale_of(question).codes
            level = int(self.rng.integers(len(codes)))
            self.levels.append((item, row, level))
            self.note("filter_violation", row, question.code, codes[level])

    def short_interviews(self) -> None:
        least = self.instrument.quality.min_duration_s or 60.0
        for row in self.rows("short_interview"):
            self.role(
                "short_interview", row, "duration_s", str(int(self.rng.integers(1, max(2, int(least)))))
            )

    def impossible_dates(self) -> None:
        day = self.design.fieldwork.first_day
        for number, row in enumerate(self.rows("impossible_date")):
            if number % 2:
                self.role("impossible_date", row, "contact_at", f"{day.year + 1}-{day.month:02d}-28 10:20:30")
            else:
                self.role("impossible_date", row, "completed_at", f"{day.year}-02-30 {10 + number % 9}:15:00")

    def role(self, kind: DefectKind, row: int, role: str, value: str) -> None:
        self.roles[role, row] = value
        self.note(kind, row, role, value)

    def duplicate_ids(self, ids: NDArray[np.str_]) -> None:
        for row in self.rows("duplicate_id"):
            other = int(self.rng.choice(np.flatnonzero(np.arange(ids.size) != row))) if ids.size > 1 else row
            if other != row:
                self.role("duplicate_id", row, "interview_id", str(ids[other]))

    def two_industries(self, industries: Sequence[str], industry_of: NDArray[np.intp]) -> None:
        share = self.design.defects.get("company_in_two_industries", 0.0)
        if not share or len(industries) < 2:
            return
        wanted = max(1, round(share * industry_of.size))
        for company in np.sort(
            self.rng.choice(industry_of.size, size=min(wanted, industry_of.size), replace=False)
        ):
            rows = np.flatnonzero(self.free & (self.company == company))
            if rows.size:
                row = int(self.rng.choice(rows))
                self.free[row] = False
                other = (industry_of[company] + int(self.rng.integers(1, len(industries)))) % len(industries)
                self.role("company_in_two_industries", row, "industry", industries[other])


def plant(
    design: Design,
    instrument: Instrument,
    mask: NDArray[np.uint8],
    company: NDArray[np.intp],
    industry_of: NDArray[np.intp],
    ids: NDArray[np.str_],
    seed: int,
) -> Planting:
    """Choose rows and cells for every kind of defect that the design asks for.

    Parameters
    ----------
    mask
        Which answers are missing, shape (items, rows), as made by `missing_mask`.
    company, industry_of
        Company of each row, industry of each company.
    ids
        Interview ids.

    Notes
    -----
    A kind that the instrument cannot have (a filter violation without filters) is left out. No row has two
    planted defects, but chance can add natural ones: some respondents do answer everything alike.
    """
    planter = _Planter(design, instrument, mask, company, seed)
    planter.free &= ~(mask == BLANK).all(axis=0)
    planter.bad_cells("out_of_range")
    planter.bad_cells("undeclared_code")
    planter.duplicate_answers()
    planter.straight_liners()
    planter.filter_violations()
    planter.short_interviews()
    planter.impossible_dates()
    planter.duplicate_ids(ids)
    planter.two_industries([industry.zh for industry in design.industries], industry_of)
    items, rows, levels = np.array(planter.levels, dtype=np.intp).reshape(-1, 3).T
    return Planting(
        tuple(sorted(planter.defects, key=lambda defect: (defect.row, defect.kind))),
        planter.donor,
        planter.protected,
        planter.cells,
        (items, rows, levels.astype(np.uint8)),
        planter.roles,
    )
