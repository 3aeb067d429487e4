"""Columns that grow stretch by stretch while a file is read, without a second copy at the end."""

from __future__ import annotations

from typing import Generic, TypeVar

import numpy as np
from numpy.typing import DTypeLike, NDArray

Value = TypeVar("Value", bound=np.generic)


class GrowingColumns(Generic[Value]):
    """Some columns of one type whose rows come in stretches.

    Parameters
    ----------
    dtype
        Type of the values.
    columns
        How many columns stand side by side; None for a single one.

    Notes
    -----
    Room is doubled when it runs out. Memory that was set aside and never written to is not taken from the
    machine, so the result is handed out as a view of the room and not copied.
    """

    def __init__(self, dtype: DTypeLike, columns: int | None = None) -> None:
        self._lead: tuple[int, ...] = () if columns is None else (columns,)
        self._room: NDArray[Value] = np.empty((*self._lead, 0), dtype=dtype)
        self._rows = 0

    def __len__(self) -> int:
        return self._rows

    def add(self, values: NDArray[Value]) -> None:
        """Append rows; shape (rows,) or (columns, rows)."""
        n = values.shape[-1]
        self._extend(n)
        self._room[..., self._rows : self._rows + n] = values
        self._rows += n

    def fill(self, value: float, n: int) -> None:
        """Append `n` rows of one value."""
        self._extend(n)
        self._room[..., self._rows : self._rows + n] = value
        self._rows += n

    def _extend(self, n: int) -> None:
        room = self._room.shape[-1]
        if self._rows + n <= room:
            return
        wider = np.empty((*self._lead, max(2 * room, self._rows + n)), dtype=self._room.dtype)
        wider[..., : self._rows] = self._room[..., : self._rows]
        self._room = wider

    def finish(self) -> NDArray[Value]:
        """Return the rows added, without a copy."""
        return self._room[..., : self._rows]
