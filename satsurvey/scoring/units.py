"""The companies that are scored, and the rows of each: interviews brought together by company."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from satsurvey.errors import MethodError
from satsurvey.intake.responses import Responses

Number = TypeVar("Number", bound=np.generic)

_BLOCK = 1 << 17
_DENSE = 1 << 24


@dataclass(frozen=True)
class Units:
    """The scored companies in the order of industry and company names, and their rows.

    Attributes
    ----------
    industry, company
        Codes of each unit in the responses' factors (industry 0 where there is no industry column).
    order
        Row positions arranged unit by unit, or None when they already are.
    starts
        First place of each unit in `order`, with the number of rows at the end; int64 of shape (units + 1,).
    industry_names, company_names
        Names that the codes point to.
    """

    industry: NDArray[np.int32]
    company: NDArray[np.int32]
    order: NDArray[np.signedinteger] | None
    starts: NDArray[np.int64]
    industry_names: tuple[str, ...]
    company_names: tuple[str, ...]

    @classmethod
    def of(cls, responses: Responses) -> Units:
        """Bring the interviews of each company together; a company in two industries is two units."""
        company = responses.company.codes
        n_companies = max(len(responses.company.names), 1)
        names = ("",) if responses.industry is None else responses.industry.names
        if responses.industry is None:
            key = company.astype(np.int64)
        else:
            key = responses.industry.codes.astype(np.int64) * n_companies + company
        span = n_companies * max(len(names), 1)
        if span <= _DENSE:
            counts = np.bincount(key, minlength=span)
            present = np.flatnonzero(counts)
            place = np.zeros(span, dtype=np.int32)
            place[present] = np.arange(present.size, dtype=np.int32)
            unit: NDArray[np.signedinteger] = place[key]
            counts = counts[present]
        else:
            present, unit, counts = np.unique(key, return_inverse=True, return_counts=True)
        order: NDArray[np.signedinteger] | None = None
        if unit.size and (np.diff(unit) < 0).any():
            # Sixteen-bit keys are sorted by counting, which is several times faster.
            small = unit.astype(np.uint16) if present.size <= 1 << 16 else unit
            order = np.argsort(small, kind="stable")
            if small.size < 1 << 31:
                order = order.astype(np.int32)
        starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        return cls(
            (present // n_companies).astype(np.int32),
            (present % n_companies).astype(np.int32),
            order,
            starts,
            names,
            responses.company.names,
        )

    def __len__(self) -> int:
        return int(self.company.size)

    @property
    def n(self) -> NDArray[np.int64]:
        """Interviews of each unit."""
        return np.diff(self.starts)

    def arrange(self, values: NDArray[Number]) -> NDArray[Number]:
        """Return a column of the responses arranged unit by unit."""
        return values if self.order is None else values[self.order]

    def blocks(self) -> Iterator[tuple[int, int]]:
        """Yield stretches of whole units (first, after last) whose rows fit the processor's cache."""
        first, ends = 0, self.starts[1:]
        while first < len(self):
            after = int(np.searchsorted(ends, self.starts[first] + _BLOCK, side="right"))
            after = max(after, first + 1)
            yield first, after
            first = after

    def mean_by_unit(self, values: NDArray[np.float64], what: str) -> NDArray[np.float64]:
        """Return a property of companies from a column of rows, where all rows of a company must agree."""
        arranged = self.arrange(values)
        low = np.minimum.reduceat(arranged, self.starts[:-1])
        high = np.maximum.reduceat(arranged, self.starts[:-1])
        differ = np.flatnonzero(~(low == high))
        if differ.size:
            name = self.company_names[self.company[differ[0]]]
            raise MethodError(
                f"{what} must be given, and be the same in every row of a company; for {name} it is not",
                value=f"{low[differ[0]]:g} to {high[differ[0]]:g}",
                next_step="correct the column, or do not ask for a method that needs it",
            )
        return low
