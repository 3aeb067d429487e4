"""The rows that were not used, written out with the reason beside every one and personal data masked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from satsurvey.instrument.model import Language
from satsurvey.intake.binding import declared_names, match_heading
from satsurvey.intake.cells import to_text
from satsurvey.intake.formats.headings import ReadOptions, normalise_heading
from satsurvey.intake.ledger import REASONS, UnusedRow
from satsurvey.intake.personal_data import KINDS, mask_personal_data, mask_texts
from satsurvey.intake.raw import RawColumn
from satsurvey.intake.reading import open_raw
from satsurvey.intake.responses import Responses
from satsurvey.report.notes import detail_words
from satsurvey.report.text import frame_to_csv
from satsurvey.report.writing import refuse_inputs, write_file

IDS = ("interview_id", "case_id", "company_id")
"""Roles whose columns are written as they are: without them a row cannot be found again."""

_OWN = ("file", "sheet", "row", "reason", "reason_in_words", "detail", "text")


@dataclass(frozen=True)
class SetAside:
    """What was written: the number of rows, and how much personal data was masked in them, by kind."""

    n_rows: int
    masked: Mapping[str, int]

    def masked_words(self, language: Language) -> str:
        """List what was masked, in words; "" where there was nothing."""
        zh = language == "zh"
        parts = (f"{KINDS[kind][0 if zh else 1]} {n:,}" for kind, n in self.masked.items())
        return ("、" if zh else ", ").join(parts)


def write_set_aside(
    responses: Responses, path: Path, *, language: Language = "en", force: bool = False
) -> SetAside:
    """Write every row that was not used to a CSV file, with the reason and its cells as in the export.

    Columns: file, sheet, row, reason, reason_in_words, detail, text (of a row that could not be told apart
    into cells), then the export's own columns. `reason` is a code; its words and `detail` are in `language`.
    Personal data is masked in every cell (see `mask_personal_data`) but those of the columns that hold the
    ids of interviews, cases and companies.

    Raises
    ------
    OutputError
        Where the file cannot be written, or is an export that the rows come from.
    """
    refuse_inputs(path, (source.path for source in responses.files))
    rows: list[dict[str, object]] = []
    counts: Counter[str] = Counter()
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
        names, ids = _headings(raw.columns), _id_columns(responses, raw.columns)
        for table in raw.tables():
            for bad in table.unreadable:
                if bad.row in wanted:
                    rows.append(_own(wanted[bad.row], language) | {"text": _masked(bad.text, counts)})
            places = np.flatnonzero(np.isin(table.rows, wanted_rows))
            if not places.size:
                continue
            picked = []
            for position, cells in enumerate(table.cells):
                texts = to_text(cells.take(pa.array(places)), source.cell_encoding)
                if position not in ids:
                    texts, found = mask_texts(texts)
                    counts.update(found)
                picked.append(texts.to_pylist())
            for n, place in enumerate(places.tolist()):
                values = {name: column[n] or "" for name, column in zip(names, picked, strict=True)}
                rows.append(_own(wanted[int(table.rows[place])], language) | values)
    headings = dict.fromkeys((*_OWN, *(name for row in rows for name in row)))
    frame = pd.DataFrame(rows, columns=list(headings))
    write_file(path, frame_to_csv(frame, plain_numbers=True).encode("utf-8-sig"), force=force)
    return SetAside(len(rows), {kind: counts[kind] for kind in KINDS if counts[kind]})


def _own(unused: UnusedRow, language: Language) -> dict[str, object]:
    own = {name: getattr(unused, name) or "" for name in _OWN if hasattr(unused, name)}
    words = REASONS[unused.reason][0 if language == "zh" else 1]
    # The detail may be a cell of the export, which is counted where it stands in its own column.
    detail, _ = mask_personal_data(detail_words(unused, language))
    return own | {"reason_in_words": words, "detail": detail}


def _masked(text: str, counts: Counter[str]) -> str:
    masked, found = mask_personal_data(text)
    counts.update(found)
    return masked


def _id_columns(responses: Responses, columns: Sequence[RawColumn]) -> set[int]:
    """Return the positions of the columns of one file that are bound as ids."""
    names = declared_names(responses.instrument)
    found: set[int] = set()
    for role in IDS:
        if role not in responses.headings:
            continue
        # Several files may have several headings for one role, of which the last is remembered.
        heading = normalise_heading(responses.headings[role])
        places = {k for k, column in enumerate(columns) if normalise_heading(column.heading) == heading}
        found |= places or {
            k for k, column in enumerate(columns) if match_heading(column.heading, names) == ("roles", role)
        }
    return found


def _headings(columns: Sequence[RawColumn]) -> list[str]:
    """Name the columns of an export; one whose heading is taken or empty is told apart by its letter."""
    names: list[str] = []
    for column in columns:
        taken = not column.heading or column.heading in _OWN or column.heading in names
        names.append(f"{column.heading} ({column.letter})".strip() if taken else column.heading)
    return names
