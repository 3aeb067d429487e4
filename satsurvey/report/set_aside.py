"""The rows that were not used, written out with the reason beside every one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from satsurvey.instrument.model import Language
from satsurvey.intake.cells import to_text
from satsurvey.intake.formats.headings import ReadOptions
from satsurvey.intake.ledger import REASONS, UnusedRow
from satsurvey.intake.raw import RawColumn
from satsurvey.intake.reading import open_raw
from satsurvey.intake.responses import Responses
from satsurvey.report.notes import detail_words
from satsurvey.report.text import frame_to_csv
from satsurvey.report.writing import refuse_inputs, write_file

_OWN = ("file", "sheet", "row", "reason", "reason_in_words", "detail", "text")


def write_set_aside(
    responses: Responses, path: Path, *, language: Language = "en", force: bool = False
) -> int:
    """Write every row that was not used to a CSV file, with the reason and its cells as in the export.

    Columns: file, sheet, row, reason, reason_in_words, detail, text (of a row that could not be told apart
    into cells), then the export's own columns. `reason` is a code; its words and `detail` are in `language`.
    Returns the number of rows.

    Raises
    ------
    OutputError
        Where the file cannot be written, or is an export that the rows come from.
    """
    refuse_inputs(path, (source.path for source in responses.files))
    rows: list[dict[str, object]] = []
    after = 0
    # File by file: two files in different folders may have the same name.
    for source, count in zip(responses.files, responses.ledger.files, strict=True):
        first, after = after, after + count.rows_read - count.rows_used
        wanted = {unused.row: unused for unused in responses.ledger.unused[first:after]}
        if not wanted:
            continue
        wanted_rows = np.fromiter(wanted, dtype=np.int64)
        options = ReadOptions(
            encoding=source.encoding if source.format in {"csv", "tsv"} else None,
            delimiter=source.delimiter,
            sheet=source.sheet,
            heading_row=source.heading_row or None,
        )
        raw = open_raw(source.path, options)
        names = _headings(raw.columns)
        for table in raw.tables():
            for bad in table.unreadable:
                if bad.row in wanted:
                    rows.append(_own(wanted[bad.row], language) | {"text": bad.text})
            places = np.flatnonzero(np.isin(table.rows, wanted_rows))
            if not places.size:
                continue
            picked = [
                to_text(cells.take(pa.array(places)), source.cell_encoding).to_pylist()
                for cells in table.cells
            ]
            for n, place in enumerate(places.tolist()):
                cells = {name: values[n] or "" for name, values in zip(names, picked, strict=True)}
                rows.append(_own(wanted[int(table.rows[place])], language) | cells)
    headings = dict.fromkeys((*_OWN, *(name for row in rows for name in row)))
    frame = pd.DataFrame(rows, columns=list(headings))
    write_file(path, frame_to_csv(frame, plain_numbers=True).encode("utf-8-sig"), force=force)
    return len(rows)


def _own(unused: UnusedRow, language: Language) -> dict[str, object]:
    own = {name: getattr(unused, name) or "" for name in _OWN if hasattr(unused, name)}
    words = REASONS[unused.reason][0 if language == "zh" else 1]
    return own | {"reason_in_words": words, "detail": detail_words(unused, language)}


def _headings(columns: Sequence[RawColumn]) -> list[str]:
    """Name the columns of an export; one whose heading is taken or empty is told apart by its letter."""
    names: list[str] = []
    for column in columns:
        taken = not column.heading or column.heading in _OWN or column.heading in names
        names.append(f"{column.heading} ({column.letter})".strip() if taken else column.heading)
    return names
