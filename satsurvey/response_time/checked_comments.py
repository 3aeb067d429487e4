"""Comments that the user's own people labelled: how often a cause of complaints is told rightly in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from satsurvey.intake.cells import to_text
from satsurvey.intake.formats.headings import ReadOptions, normalise_heading
from satsurvey.intake.reading import open_raw
from satsurvey.response_time.extra_columns import flags_of
from satsurvey.text.labelled import LABEL_HEADINGS, TEXT_HEADINGS, Labelled, read_labelled
from satsurvey.text.readings import ASPECTS
from satsurvey.text.sample_weights import sample_weights

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Table = tuple[tuple[float, float], tuple[float, float]]

CAUSE_HEADINGS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"slow": ("慢", "说到慢", "响应慢", "slow"), "attitude": ("态度", "说到态度", "attitude")}
)
"""Headings of columns of yes and no that say whether a comment names a cause."""
CAUSE_ASPECTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"slow": (), "attitude": ("communication", "etiquette")}
)
"""Aspects that are a cause where they are spoken ill of."""
FEWEST_OF_A_KIND = 10
"""Labelled complaints that name a cause, and that do not: with fewer the error is not known."""


@dataclass(frozen=True, eq=False)
class CheckedComments:
    """Labelled comments with the causes that people find in them.

    Attributes
    ----------
    labelled
        Texts, labels and aspects.
    causes
        By cause 1.0, 0.0, or NaN where nobody said; a cause that the file says nothing of is absent.
    weights
        How many comments each stands for, where they were drawn unequally; else None.
    """

    labelled: Labelled
    causes: Mapping[str, Floats]
    weights: Floats | None = None

    @classmethod
    def read(cls, path: str | Path, *, encoding: str | None = None) -> CheckedComments:
        """Read a labelled file, such as a sheet of `satsurvey comments sample` that was filled in.

        Parameters
        ----------
        path
            As in `satsurvey.text.labelled.read_labelled`. A column 慢 (slow) or 态度 (attitude) of yes and no
            says whether the comment names that cause; where there is no column 态度, the aspects
            communication and etiquette say it.
        encoding
            Where the automatic choice is wrong.

        Raises
        ------
        ReadError, EncodingError, ColumnsError, SpecificationError
            When the file cannot be read, or a cell of a cause is neither yes nor no.
        """
        labelled = read_labelled(path, encoding=encoding)
        causes: dict[str, Floats] = {}
        for cause, headings in CAUSE_HEADINGS.items():
            own = _column(Path(path), headings, labelled, encoding)
            if own is not None:
                causes[cause] = own
            elif labelled.aspects is not None and CAUSE_ASPECTS[cause]:
                ill = {(ASPECTS.index(name), -1) for name in CAUSE_ASPECTS[cause]}
                causes[cause] = np.array([float(bool(ill & found)) for found in labelled.aspects])
        return cls(labelled, causes, sample_weights(path, labelled, encoding=encoding).weights)

    def table(self, cause: str, told: Flags, rows: Flags) -> Table | None:
        """Count how often a coding tells a cause rightly.

        Parameters
        ----------
        cause
            A key of `causes`.
        told
            Where the coding finds it; shape (comments,).
        rows
            Which comments are counted, such as those that complain.

        Returns
        -------
        tuple or None
            Rows what people say (no, yes), columns what the coding says; of comments drawn unequally, scaled
            to how many comments drawn alike each row is worth, (Σw)²/Σw². None where people say nothing of
            the cause, or fewer than ten of a row are there.
        """
        if cause not in self.causes:
            return None
        truth = self.causes[cause]
        weights = np.ones(truth.size) if self.weights is None else self.weights
        found = []
        for side in (0.0, 1.0):
            mine = rows & (truth == side)
            w = weights[mine]
            worth = w.sum() ** 2 / (w**2).sum() if w.size else 0.0
            if worth < FEWEST_OF_A_KIND:
                return None
            yes = float(w[told[mine]].sum() / w.sum())
            found.append((worth * (1 - yes), worth * yes))
        return found[0], found[1]


def _column(path: Path, headings: tuple[str, ...], labelled: Labelled, encoding: str | None) -> Floats | None:
    """Return a column of yes and no at the rows that were labelled, None where there is none."""
    wanted = {normalise_heading(heading) for heading in headings}
    known = frozenset(map(normalise_heading, (*TEXT_HEADINGS, *LABEL_HEADINGS))) | wanted
    raw = open_raw(path, ReadOptions(encoding, None, None, None, known))
    places = [k for k, column in enumerate(raw.columns) if normalise_heading(column.heading) in wanted]
    if not places:
        return None
    cells: dict[int, str] = {}
    for table in raw.tables():
        texts = to_text(table.cells[places[0]], raw.source.cell_encoding).cast(pa.string()).to_pylist()
        cells.update(zip(table.rows.tolist(), texts, strict=True))
    own = pa.array([cells.get(row) for row in labelled.rows.tolist()], pa.string())
    return flags_of(own, raw.columns[places[0]].heading, path.name)
