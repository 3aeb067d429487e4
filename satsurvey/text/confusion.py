"""Confusion tables of labels, and shares of labels corrected for the errors that such a table measures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from satsurvey.text.intervals import quantile
from satsurvey.text.readings import LABELS, NONE

Floats = NDArray[np.float64]

LEAST_OF_A_LABEL = 10
"""A label with fewer comments than these in the table is not known well enough to be corrected."""
LEAST_SINGULAR = 0.15
"""Below this the labels of a table can hardly be told apart, and a correction would only blow up noise."""


@dataclass(frozen=True)
class ConfusionTable:
    """How often an engine gave which label to comments whose label is known.

    Attributes
    ----------
    counts
        int64 of shape (5, 5): rows the true labels, columns those given, in the order of `LABELS`.
    source
        Which comments they were, in words.
    """

    counts: NDArray[np.int64]
    source: str = ""

    @classmethod
    def of(cls, truth: NDArray[np.int8], given: NDArray[np.int8], *, source: str = "") -> ConfusionTable:
        """Count pairs of labels (positions in `LABELS`)."""
        n = len(LABELS)
        counts = np.bincount(truth.astype(np.int64) * n + given, minlength=n * n)
        return cls(counts.reshape(n, n).astype(np.int64), source)

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> ConfusionTable:
        """Make a table of what `to_dict` gave.

        Raises
        ------
        ValueError
            The labels are not those of this version, or the counts do not fit them.
        """
        labels, counts = data.get("labels"), np.array(data.get("counts"))
        if not isinstance(labels, Sequence) or tuple(labels) != LABELS:
            raise ValueError("the labels of the confusion table are not those known here")
        if counts.shape != (len(LABELS),) * 2 or counts.dtype.kind not in "iu" or (counts < 0).any():
            raise ValueError("the confusion table needs a whole number for every pair of labels")
        return cls(counts.astype(np.int64), str(data.get("source", "")))

    def to_dict(self) -> dict[str, object]:
        """Return the table as plain data for JSON or TOML."""
        return {"labels": list(LABELS), "counts": self.counts.tolist(), "source": self.source}

    @property
    def n(self) -> int:
        """How many comments are counted."""
        return int(self.counts.sum())

    @cached_property
    def known(self) -> NDArray[np.intp]:
        """The labels with comments enough to be corrected."""
        return np.flatnonzero(self.counts.sum(axis=1) >= LEAST_OF_A_LABEL)

    @cached_property
    def why_not(self) -> str:
        """Why shares cannot be corrected by this table, in a sentence; "" where they can."""
        if self.known.size < 2:
            return f"fewer than two labels have {LEAST_OF_A_LABEL} labelled comments"
        if float(np.linalg.svd(self._rates(), compute_uv=False)[-1]) < LEAST_SINGULAR:
            return "the engine hardly tells the labels apart"
        return ""

    def _rates(self) -> Floats:
        """Return the chance of every label given, by true label; shape (K, 5) over `known`."""
        counts = self.counts[self.known].astype(np.float64)
        return np.asarray(counts / counts.sum(axis=1, keepdims=True), dtype=np.float64)

    def corrected(
        self, shares: Floats, covariance: Floats, *, level: float = 0.95
    ) -> tuple[Floats, Floats, Floats]:
        """Correct observed shares of labels for the errors of the engine.

        Parameters
        ----------
        shares
            Shares of all five labels among comments that are not blank, shape (G, 5).
        covariance
            Of the sampling of these shares, shape (G, 5, 5).
        level
            Confidence level.

        Returns
        -------
        share, low, high
            Shape (G, 5): shares of the labels among comments that say something (`none` left out), and their
            interval. NaN for `none`, for labels that the table does not know, and where nothing is left.

        Notes
        -----
        With M the chances of the label given by true label (rows), observed shares q come from true shares π
        by q = M'π, so π = (M')⁺q: the estimate of Rogan and Gladen, for more than two labels. It holds where
        the errors among the comments read are those of the table. Estimates outside 0 to 1 are clipped and
        the rest scaled to a sum of 1. The interval is that of the delta method, π̂ ± z·SE, clipped to 0 to 1;
        its variance has the sampling of the comments and that of the table (each row multinomial).

        References
        ----------
        Rogan and Gladen (1978), American Journal of Epidemiology 107(1); Lang and Reiczigel (2014),
        Preventive Veterinary Medicine 113(1).

        Examples
        --------
        >>> table = ConfusionTable(np.diag([50, 0, 50, 0, 0]))
        >>> share, _, _ = table.corrected(np.array([[0.3, 0, 0.7, 0, 0]]), np.zeros((1, 5, 5)))
        >>> share[0, [0, 2]].round(3).tolist()
        [0.3, 0.7]
        """
        found = np.full((3, *shares.shape), np.nan)
        if self.why_not:
            return found[0], found[1], found[2]
        rates = self._rates()
        n = self.counts[self.known].sum(axis=1)
        back = np.linalg.pinv(rates.T)
        raw = shares @ back.T
        held = 0.0 + np.clip(raw, 0, 1)  # no -0.0
        with np.errstate(invalid="ignore", divide="ignore"):
            held = held / held.sum(axis=1, keepdims=True)
        rows = np.einsum("ij,jk->ijk", rates, np.eye(len(LABELS))) - np.einsum("ij,ik->ijk", rates, rates)
        of_table = np.einsum("gi,ijk->gjk", held**2 / n, rows)
        variance = np.einsum("ij,gjk,lk->gil", back, covariance + of_table, back)
        # From shares of all comments to shares of those that say something.
        says = self.known != NONE
        total = np.where(held[:, says].sum(axis=1) > 0, held[:, says].sum(axis=1), np.nan)
        inside = held / total[:, None]
        eye = np.eye(self.known.size)
        slope = (eye[None] - inside[:, :, None] * says[None, None, :]) / total[:, None, None]
        spread = np.einsum("gij,gjk,gik->gi", slope, variance, slope)
        half = quantile(level) * np.sqrt(np.maximum(spread, 0))
        places = self.known[says]
        found[0][:, places] = inside[:, says]
        found[1][:, places] = np.clip(inside - half, 0, 1)[:, says]
        found[2][:, places] = np.clip(inside + half, 0, 1)[:, says]
        return found[0], found[1], found[2]
