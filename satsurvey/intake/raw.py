"""What a file holds before anything is interpreted: cells as text, labels and codes the file declares."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


@dataclass(frozen=True)
class Source:
    """Which file, and how it was read.

    `encoding` is the file's, `cell_encoding` that of cells which a table still holds as bytes. `heading_row`
    is the row of the headings as a spreadsheet counts it (1 when nothing stands above them;
    0 for formats that keep headings apart from rows).
    """

    path: Path
    format: str
    encoding: str | None = None
    cell_encoding: str = "utf-8"
    delimiter: str | None = None
    sheet: str | None = None
    heading_row: int = 1
    notes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The file name without its folder, as printed."""
        return self.path.name


@dataclass(frozen=True)
class RawColumn:
    """One column of a file: its heading, its place, and what the file itself says of its codes.

    Attributes
    ----------
    heading
        The heading as the file has it, without surrounding white space.
    position
        Its place counted from 1.
    question
        The question or variable label that the file declares for it, or "".
    value_labels
        Cell text to label (`{"10": "非常满意"}`), from SPSS, Stata or a code-book sheet.
    missing_codes
        Cell texts that the file declares as user-missing.
    warning
        What is doubtful about the column as read (long numbers that lost digits), or "".
    """

    heading: str
    position: int
    question: str = ""
    value_labels: Mapping[str, str] = field(default_factory=dict)
    missing_codes: frozenset[str] = frozenset()
    warning: str = ""

    @property
    def letter(self) -> str:
        """The column's letters in a spreadsheet (A, B … Z, AA …)."""
        letters, rest = "", self.position
        while rest > 0:
            rest, digit = divmod(rest - 1, 26)
            letters = chr(ord("A") + digit) + letters
        return letters


@dataclass(frozen=True)
class UnreadableRow:
    """A row that could not be told apart into cells, with its text kept so that nothing is lost."""

    row: int
    reason: str
    text: str


@dataclass(frozen=True)
class RawTable:
    """Some or all rows of a file.

    Attributes
    ----------
    columns
        The columns, the same objects for every table of one file.
    cells
        One Arrow array per column, of `string`, of `dictionary<int32, string>` where texts repeat, or of
        `binary` in the source's `cell_encoding`. A cell that is absent is null or "".
    rows
        The row number of each row as a spreadsheet shows it (headings counted), int64.
    unreadable
        Rows of this stretch of the file that are not in `cells`.
    """

    columns: tuple[RawColumn, ...]
    cells: tuple[pa.Array, ...]
    rows: NDArray[np.int64]
    unreadable: tuple[UnreadableRow, ...] = ()


@dataclass(frozen=True)
class RawFile:
    """A file that is open for reading: what is known before the rows, and a way to go through them.

    `tables` may be called again to go through the rows once more.
    """

    source: Source
    columns: tuple[RawColumn, ...]
    tables: Callable[[], Iterator[RawTable]]
