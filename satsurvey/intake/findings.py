"""What is wrong with answers: findings, which report defects of data and never stop the work."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Severity = Literal["error", "warning", "note"]


def _no_rows() -> NDArray[np.int64]:
    return np.zeros(0, dtype=np.int64)


@dataclass(frozen=True)
class Finding:
    """One kind of defect at one place of one file.

    Attributes
    ----------
    rule
        The rule broken, a short fixed word such as `out_of_range`.
    severity
        `error` (an answer or row could not be used as it stands), `warning` (usable but doubtful), `note`.
    what, do
        What was found, and what the user can do, each one sentence.
    file, sheet, column, letter, value
        Where, in the user's own words; empty where it does not apply.
    rows
        The rows concerned as a spreadsheet counts them, int64; empty when the finding is about no single row.
    values
        What stands in each of the rows, in their order, where `value` is not the same for all; else empty.
    """

    rule: str
    severity: Severity
    what: str
    do: str
    file: str = ""
    sheet: str = ""
    column: str = ""
    letter: str = ""
    value: str = ""
    rows: NDArray[np.int64] = field(default_factory=_no_rows)
    values: tuple[str, ...] = ()

    @property
    def n(self) -> int:
        """How many rows are concerned."""
        return int(self.rows.size)
