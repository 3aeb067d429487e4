"""The weights of a sample for labelling, found again for the rows of its workbook that were labelled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from satsurvey.errors import ReadError
from satsurvey.intake.cells import to_text
from satsurvey.intake.formats.headings import ReadOptions, normalise_heading
from satsurvey.intake.raw import RawFile
from satsurvey.intake.reading import open_raw
from satsurvey.text.labelled import LABEL_HEADINGS, TEXT_HEADINGS, Labelled

Floats = NDArray[np.float64]

WEIGHT_SHEET = "抽样"
SAMPLE_HEADINGS: Mapping[str, str] = MappingProxyType({"id": "编号", "row": "行号", "weight": "权数"})
"""Headings of a labelling sheet and of its hidden sheet of weights."""


@dataclass(frozen=True)
class SampleWeights:
    """Weights of labelled comments.

    Attributes
    ----------
    weights
        How many different comments each stands for, float64 of shape (N,); None where the file is no sample,
        or its weights are lost.
    note
        What a reader of the figures must know where they are lost, else "".
    """

    weights: Floats | None
    note: str = ""


def sample_weights(
    path: str | Path, labelled: Labelled, *, encoding: str | None = None, sheet: str | None = None
) -> SampleWeights:
    """Find the weights of comments that were labelled in a sheet of `satsurvey comments sample`.

    Parameters
    ----------
    path
        The file that was read.
    labelled
        What was read in it; rows may have been sorted, and may lack labels.
    encoding, sheet
        As it was read.

    Returns
    -------
    SampleWeights

    Raises
    ------
    ReadError, EncodingError
        The file cannot be read.
    """
    known = frozenset(map(normalise_heading, (*TEXT_HEADINGS, *LABEL_HEADINGS, *SAMPLE_HEADINGS.values())))
    raw = open_raw(path, ReadOptions(encoding, None, sheet, None, known))
    headings = [normalise_heading(column.heading) for column in raw.columns]
    # The headings that every labelling sheet has, and other tables hardly have all together.
    if not {"编号", "行号", "文本", "标签"} <= set(headings):
        return SampleWeights(None)
    lost = SampleWeights(
        None,
        "the sheet was drawn by predicted label and its weights are lost: figures are those of the sheet, "
        "not of all comments",
    )
    if not raw.source.sheet:
        return lost
    try:
        drawn = open_raw(path, ReadOptions(sheet=WEIGHT_SHEET))
    except ReadError:
        return lost
    columns = [normalise_heading(column.heading) for column in drawn.columns]
    wanted = [SAMPLE_HEADINGS["id"], SAMPLE_HEADINGS["weight"]]
    if not set(wanted) <= set(columns):
        return lost
    ids, weights = (_cells(drawn, columns.index(name)) for name in wanted)
    weight_of = dict(zip(ids.values(), (_number(cell) for cell in weights.values()), strict=True))
    own = _cells(raw, headings.index(SAMPLE_HEADINGS["id"]))
    found = np.array([weight_of.get(own.get(row, ""), np.nan) for row in labelled.rows.tolist()])
    strange = int((~(found > 0)).sum())
    if strange:
        return SampleWeights(
            None,
            f"labelled rows that were not drawn: {strange:,}; so figures are not weighted, and are those of "
            "the sheet, not of all comments",
        )
    return SampleWeights(found.astype(np.float64))


def _cells(raw: RawFile, position: int) -> dict[int, str]:
    """Return the cells of a column by row, whole numbers without a point."""
    found: dict[int, str] = {}
    for table in raw.tables():
        cells = to_text(table.cells[position], raw.source.cell_encoding).cast(pa.string()).to_pylist()
        for row, cell in zip(table.rows.tolist(), cells, strict=True):
            found[row] = (cell or "").strip().removesuffix(".0")
    return found


def _number(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        return float("nan")
