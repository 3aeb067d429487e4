"""Findings while they are collected stretch by stretch: one for each rule, column and value of a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from satsurvey.errors import shorten
from satsurvey.intake.cells import to_text
from satsurvey.intake.findings import Finding, Severity
from satsurvey.intake.personal_data import mask_texts
from satsurvey.intake.raw import RawColumn, RawTable, Source

MOST_VALUES = 200
"""So many values of one column are reported one by one; the rest share one finding."""
OTHER_VALUES = "(other values)"


class FindingLog:
    """Collects findings and the rows that each is about."""

    def __init__(self) -> None:
        self._found: dict[tuple[object, ...], tuple[Finding, list[NDArray[np.int64]]]] = {}
        self._values: Counter[tuple[object, ...]] = Counter()

    def add(
        self,
        source: Source,
        column: RawColumn | None,
        rule: str,
        severity: Severity,
        what: str,
        do: str,
        *,
        value: str = "",
        rows: NDArray[np.int64] | None = None,
    ) -> None:
        """Add rows to the finding of this rule, column and value, which is made when it is new."""
        place = (rule, source.path, source.sheet, None if column is None else column.position)
        if (*place, value) not in self._found:
            if self._values[place] >= MOST_VALUES:
                value = OTHER_VALUES
            self._values[place] += 1
        if (*place, value) not in self._found:
            finding = Finding(
                rule,
                severity,
                what,
                do,
                file=source.name,
                sheet=source.sheet or "",
                column="" if column is None else column.heading,
                letter="" if column is None else column.letter,
                value=value,
            )
            self._found[(*place, value)] = (finding, [])
        if rows is not None:
            self._found[(*place, value)][1].append(rows)

    def add_values(
        self,
        source: Source,
        table: RawTable,
        position: int,
        places: NDArray[np.intp],
        severity: Severity,
        do: str,
        *,
        describe: Callable[[str], tuple[str, str]],
        keeps: Callable[[str], bool] = lambda text: False,
    ) -> None:
        """Add the cells of a column at some places of a table, value by value.

        `describe` turns a cell's text into the rule that it breaks and the sentence that says so. Personal
        data in the cells is masked (see `mask_personal_data`), but for those that `keeps` says are none.
        """
        cells = to_text(table.cells[position].take(pa.array(places)), source.cell_encoding)
        if pa.types.is_dictionary(cells.type):
            cells = cells.cast(pa.string())
        encoded = cells.fill_null("").dictionary_encode()
        codes = encoded.indices.to_numpy(zero_copy_only=False)
        order = np.argsort(codes, kind="stable")
        edges = np.searchsorted(codes[order], np.arange(len(encoded.dictionary) + 1))
        rows = table.rows[places[order]]
        texts = encoded.dictionary.to_pylist()
        masked, _ = mask_texts(encoded.dictionary)  # before anything is cut off, which could hide what it is
        for k, (text, shown) in enumerate(zip(texts, masked.to_pylist(), strict=True)):
            rule, what = describe(text)
            self.add(
                source,
                table.columns[position],
                rule,
                severity,
                what,
                do,
                value=shorten(text if shown != text and keeps(text) else shown),
                rows=rows[edges[k] : edges[k + 1]],
            )

    def findings(self) -> tuple[Finding, ...]:
        """Return everything found, each with its rows in order."""
        return tuple(
            replace(finding, rows=np.sort(np.concatenate(rows))) if rows else finding
            for finding, rows in self._found.values()
        )
