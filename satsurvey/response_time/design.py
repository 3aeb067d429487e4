"""Rows as regressions take them: columns of the controls, and numbers of the clusters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from satsurvey.errors import MethodError
from satsurvey.intake.responses import Factor
from satsurvey.response_time.rows import ResponseRows

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

OTHER = "(other)"
ABSENT = "(none)"
FEWEST = 10
"""Levels of a control with fewer rows are put together."""
_MOST_LEVELS = 100
_DEPENDENT = 1e-9


@dataclass(frozen=True, eq=False)
class Clusters:
    """What rows belong to.

    Attributes
    ----------
    name
        The field, `company` unless asked otherwise.
    codes
        A number from 0 for each row.
    names
        Of the clusters, by number.
    single
        One cluster only: every row then stands for itself, and `codes` counts rows.
    """

    name: str
    codes: Codes
    names: tuple[str, ...]
    single: bool = False

    @property
    def n(self) -> int:
        """How many clusters have rows; 1 where there is one only."""
        return 1 if self.single else len(self.names)

    @classmethod
    def of(cls, rows: ResponseRows, name: str = "company") -> Clusters:
        """Return the clusters of rows: companies, or another field within companies.

        Raises
        ------
        MethodError
            When there is no such field, or it is empty everywhere.
        """
        factor = rows.factor(name)
        codes, names = factor.codes.astype(np.int64), list(factor.names)
        if name not in ("company", "industry") and rows.company.names:
            # The same number of an agent in two companies is two agents.
            key = rows.company.codes.astype(np.int64) * (len(names) + 1) + codes + 1
            found, inverse = np.unique(key, return_inverse=True)
            blank = found % (len(names) + 1) == 0
            table = [
                " / ".join((rows.company.names[int(one) // (len(names) + 1)], (*names, "")[place]))
                for one, place in zip(found, found % (len(names) + 1) - 1, strict=True)
            ]
            codes = np.where(blank[inverse], -1, inverse).astype(np.int64)
            names = table
        lacking = codes < 0
        if lacking.all():
            raise MethodError(f"no row names its {name}: rows cannot be clustered by it", value=name)
        there = np.bincount(codes[~lacking]) > 0
        used = np.flatnonzero(there)
        result = (np.cumsum(there) - 1)[codes]
        # A row that names nothing is a cluster of its own.
        result[lacking] = used.size + np.arange(int(lacking.sum()))
        kept = [names[int(one)] for one in used] + [""] * int(lacking.sum())
        if len(kept) < 2:
            return cls(name, np.arange(codes.size, dtype=np.int64), tuple(kept), single=True)
        return cls(name, result, tuple(kept))


@dataclass(frozen=True, eq=False)
class Held:
    """Columns of the controls.

    Attributes
    ----------
    columns
        Name to N numbers; of names `control=level`, the most frequent level being left out.
    groups
        Control to the columns that it has become.
    base
        Control to the level that the others are compared with.
    notes
        What was put together or left out.
    """

    columns: Mapping[str, Floats]
    groups: Mapping[str, tuple[str, ...]]
    base: Mapping[str, str]
    notes: tuple[str, ...] = ()

    def without(self, control: str) -> Held:
        """Return the columns without those of one control."""
        gone = set(self.groups.get(control, ()))
        return Held(
            {name: column for name, column in self.columns.items() if name not in gone},
            {name: group for name, group in self.groups.items() if name != control},
            self.base,
            self.notes,
        )

    def take(self, rows: NDArray[np.bool_], beside: Mapping[str, Floats]) -> Held:
        """Return the columns over some rows, those left out that say nothing there beside other columns."""
        part = {name: column[rows] for name, column in self.columns.items()}
        kept = independent(part, beside)
        return Held(
            {name: part[name] for name in kept},
            {name: tuple(one for one in group if one in kept) for name, group in self.groups.items()},
            self.base,
        )


def held_columns(controls: Mapping[str, Factor | Floats], beside: Mapping[str, Floats]) -> Held:
    """Turn controls into columns.

    Parameters
    ----------
    controls
        Names or numbers by control.
    beside
        Columns that stand before them in every model; a column that follows from those before it is left out.

    Raises
    ------
    MethodError
        When a control has more than 100 levels.
    """
    columns: dict[str, Floats] = {}
    groups: dict[str, tuple[str, ...]] = {}
    base: dict[str, str] = {}
    notes: list[str] = []
    for name, control in controls.items():
        if not isinstance(control, Factor):
            columns[name] = np.ascontiguousarray(control, dtype=np.float64)
            groups[name] = (name,)
            continue
        codes, levels = _levels(name, control, notes)
        counts = np.bincount(codes, minlength=len(levels))
        first = int(np.argmax(counts))
        base[name] = levels[first]
        made = {f"{name}={level}": place for place, level in enumerate(levels) if place != first}
        for column, place in made.items():
            columns[column] = (codes == place).astype(np.float64)
        groups[name] = tuple(made)
    kept = independent(columns, beside)
    gone = [name for name in columns if name not in kept]
    if gone:
        notes.append(f"these controls follow from the others and are left out: {', '.join(gone)}")
    return Held(
        {name: columns[name] for name in kept},
        {name: tuple(one for one in group if one in kept) for name, group in groups.items()},
        base,
        tuple(notes),
    )


def _levels(name: str, control: Factor, notes: list[str]) -> tuple[Codes, list[str]]:
    """Return the level of each row and the names of levels: absent ones are one, rare ones are together."""
    codes = np.where(control.codes < 0, len(control.names), control.codes).astype(np.int64)
    names = [*control.names, ABSENT]
    counts = np.bincount(codes, minlength=len(names))
    rare = (counts > 0) & (counts < FEWEST)
    if int(rare.sum()) > 1:
        together = int(counts[rare].sum())
        notes.append(
            f"{int(rare.sum())} levels of {name} with fewer than {FEWEST} rows are put together "
            f"({together} rows)"
        )
        codes = np.where(rare[codes], len(names), codes)
        names.append(OTHER)
    used, codes = np.unique(codes, return_inverse=True)
    if used.size > _MOST_LEVELS:
        raise MethodError(
            f"the control {name} has {used.size} levels; at most {_MOST_LEVELS} are held fixed",
            next_step="hold a coarser field fixed, or cluster by it with --cluster",
        )
    return codes.astype(np.int64), [names[int(one)] for one in used]


def independent(columns: Mapping[str, Floats], beside: Mapping[str, Floats]) -> tuple[str, ...]:
    """Return the names of columns that do not follow from the intercept, others beside them, and each other.

    Notes
    -----
    Columns are taken in their order; one whose part not explained by those before it is less than 10^-9 of
    its variance is left out (Gram-Schmidt on the cross-products).
    """
    whole = {**beside, **columns}
    if not columns:
        return ()
    centred = np.stack([column - column.mean() for column in whole.values()])
    gram = centred @ centred.T
    size = np.diag(gram).copy()
    kept: list[int] = []
    names: list[str] = []
    for place, name in enumerate(whole):
        if size[place] <= 1e-20 * max(float(np.abs(whole[name]).max(initial=0.0)) ** 2 * len(whole[name]), 1):
            continue
        rest = gram[place, place]
        if kept:
            inner = gram[np.ix_(kept, kept)]
            scale = np.sqrt(np.diag(inner))
            part = np.linalg.solve(inner / np.outer(scale, scale), gram[kept, place] / scale)
            rest -= float(part @ (gram[kept, place] / scale))
        if rest <= _DEPENDENT * size[place]:
            continue
        kept.append(place)
        if name in columns:
            names.append(name)
    return tuple(names)
