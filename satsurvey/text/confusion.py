"""Confusion tables of labels, and shares of labels corrected for the errors that such a table measures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from satsurvey.scoring.intervals import quantile
from satsurvey.text.readings import LABELS, NONE

Floats = NDArray[np.float64]

LEAST_OF_A_LABEL = 10
"""A label with fewer comments than these in the table is not known well enough to be corrected."""
LEAST_SINGULAR = 0.15
"""Below this the labels of a table can hardly be told apart, and a correction would only blow up noise."""

ASPECT_FIGURES = ("n", "micro_f1", "ci_low", "ci_high")


@dataclass(frozen=True)
class ConfusionTable:
    """How often an engine gave which label to comments whose label is known.

    Attributes
    ----------
    counts
        int64 of shape (5, 5): rows the true labels, columns those given, in the order of `LABELS`.
    source
        Which comments they were, in words.
    weighted
        Sums of weights where the comments were drawn unequally, shape (5, 5); else None.
    row_n
        How many comments drawn alike each row is worth then, (Σw)²/Σw²; shape (5,).
    aspects
        How well aspects are read in the same comments: `n`, `micro_f1` with their direction, `ci_low`,
        `ci_high`; None where that was not measured.
    """

    counts: NDArray[np.int64]
    source: str = ""
    weighted: Floats | None = None
    row_n: Floats | None = None
    aspects: Mapping[str, float] | None = None

    @classmethod
    def of(
        cls,
        truth: NDArray[np.int8],
        given: NDArray[np.int8],
        *,
        weights: Floats | None = None,
        source: str = "",
    ) -> ConfusionTable:
        """Count pairs of labels (positions in `LABELS`), with the weights by which comments were drawn."""
        n = len(LABELS)
        cells = truth.astype(np.int64) * n + given
        counts = np.bincount(cells, minlength=n * n).reshape(n, n).astype(np.int64)
        if weights is None:
            return cls(counts, source)
        weighted: Floats = np.bincount(cells, weights, minlength=n * n).reshape(n, n).astype(np.float64)
        squares = np.bincount(truth.astype(np.int64), weights**2, minlength=n)
        total = weighted.sum(axis=1)
        row_n = np.divide(total**2, squares, out=np.zeros(n), where=squares > 0)
        return cls(counts, source, weighted, row_n)

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> ConfusionTable:
        """Make a table of what `to_dict` gave.

        Raises
        ------
        ValueError
            The labels are not those of this version, or the numbers do not fit them.
        """
        labels, counts = data.get("labels"), np.array(data.get("counts"))
        if not isinstance(labels, Sequence) or tuple(labels) != LABELS:
            raise ValueError("the labels of the confusion table are not those known here")
        if counts.shape != (len(LABELS),) * 2 or counts.dtype.kind not in "iu" or (counts < 0).any():
            raise ValueError("the confusion table needs a whole number for every pair of labels")
        weighted = _numbers(data.get("weighted"), counts.shape)
        row_n = _numbers(data.get("row_n"), counts.shape[:1])
        if (weighted is None) != (row_n is None):
            raise ValueError("weights and numbers of the rows of a confusion table belong together")
        return cls(
            counts.astype(np.int64),
            str(data.get("source", "")),
            weighted,
            row_n,
            _aspects_of(data.get("aspects")),
        )

    def to_dict(self) -> dict[str, object]:
        """Return the table as plain data for JSON or TOML."""
        said: dict[str, object] = {
            "labels": list(LABELS),
            "counts": self.counts.tolist(),
            "source": self.source,
        }
        if self.weighted is not None and self.row_n is not None:
            said |= {"weighted": self.weighted.tolist(), "row_n": self.row_n.tolist()}
        if self.aspects is not None:
            said["aspects"] = dict(self.aspects)
        return said

    @property
    def n(self) -> int:
        """How many comments are counted."""
        return int(self.counts.sum())

    @cached_property
    def known(self) -> NDArray[np.intp]:
        """The labels with comments enough to be corrected."""
        n = self.counts.sum(axis=1)
        worth = n if self.row_n is None else np.minimum(n, self.row_n)
        return np.flatnonzero(worth >= LEAST_OF_A_LABEL)

    @cached_property
    def why_not(self) -> str:
        """Why shares cannot be corrected by this table, in a sentence; "" where they can."""
        if self.known.size < 2:
            return f"fewer than two labels have {LEAST_OF_A_LABEL} labelled comments"
        if float(np.linalg.svd(self._rates(), compute_uv=False)[-1]) < LEAST_SINGULAR:
            return "the engine hardly tells the labels apart"
        return ""

    @cached_property
    def _rows(self) -> tuple[Floats, Floats]:
        """Return the counts of the known labels, weighted where they are, and how many they are worth."""
        counts = self.counts[self.known].astype(np.float64)
        if self.weighted is None or self.row_n is None:
            return counts, counts.sum(axis=1)
        n = self.row_n[self.known]
        weighted = self.weighted[self.known]
        return weighted * (n / weighted.sum(axis=1))[:, None], n

    def _rates(self) -> Floats:
        """Return the chance of every label given, by true label; shape (K, 5) over `known`."""
        counts, n = self._rows
        return np.asarray(counts / n[:, None], dtype=np.float64)

    def corrected(
        self,
        shares: Floats,
        n: Floats,
        *,
        covariance: Floats | None = None,
        df: Floats | None = None,
        level: float = 0.95,
    ) -> tuple[Floats, Floats, Floats]:
        """Correct observed shares of labels for the errors of the engine.

        Parameters
        ----------
        shares
            Shares of all five labels among comments that are not blank, shape (G, 5).
        n
            Number of comments behind them, by weights; shape (G,).
        covariance
            Of the sampling of these shares, shape (G, 5, 5); None where the comments stand by themselves.
        df
            Degrees of freedom of this covariance, shape (G,); None: infinitely many.
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
        the rest scaled to a sum of 1.

        The interval is that of Lang and Reiczigel without their shift: the delta method about an estimate
        that is drawn inward, as Agresti and Coull do for one share. Before the share of label k is corrected,
        t²/2 comments with this label and t²/2 with the others are added to the n that were read, and to each
        row of M one that was read rightly and one wrongly; t is Student's quantile. The variance is that of
        n + t² comments and of the rows of M, which are multinomial. Where the covariance of the shares
        exceeds that of n comments by themselves, n is divided by the ratio for label k. The interval holds
        the estimate, and ends at 0 and 1.

        References
        ----------
        Rogan and Gladen (1978), American Journal of Epidemiology 107(1); Lang and Reiczigel (2014),
        Preventive Veterinary Medicine 113(1); Agresti and Coull (1998), The American Statistician 52(2).

        Examples
        --------
        >>> table = ConfusionTable(np.diag([50, 0, 50, 0, 0]))
        >>> share, _, _ = table.corrected(np.array([[0.3, 0, 0.7, 0, 0]]), np.array([100.0]))
        >>> share[0, [0, 2]].round(3).tolist()
        [0.3, 0.7]
        """
        found = np.full((3, *shares.shape), np.nan)
        if self.why_not:
            return found[0], found[1], found[2]
        back = np.asarray(np.linalg.pinv(self._rates().T), dtype=np.float64)
        says = self.known != NONE
        plain = _Point.of(shares, back, says)
        t = np.full(n.shape, quantile(level)) if df is None else stdtrit(df, 0.5 + level / 2)
        with np.errstate(invalid="ignore", divide="ignore"):
            for k in np.flatnonzero(says).tolist():
                worth = n / _inflation(plain.slope(k), shares, n, covariance)
                inward = t**2 / (worth + t**2)
                drawn = shares + (inward / 2)[:, None] * (_balanced(shares, self.known, k) - 2 * shares)
                point = _Point.of(drawn, back, says)
                slope = point.slope(k)
                variance = _spread(drawn, slope) / (worth + t**2) + self._of_table(point.shares, slope)
                half = t * np.sqrt(variance)
                middle = point.inside[:, k]
                told = np.isfinite(plain.inside[:, k])
                place = self.known[k]
                found[0][:, place] = plain.inside[:, k]
                ends = np.nan_to_num(middle - half, nan=0.0), np.nan_to_num(middle + half, nan=1.0)
                low = np.clip(np.minimum(ends[0], plain.inside[:, k]), 0, 1)
                high = np.clip(np.maximum(ends[1], plain.inside[:, k]), 0, 1)
                found[1][:, place], found[2][:, place] = (
                    np.where(told, low, np.nan),
                    np.where(told, high, np.nan),
                )
        return found[0], found[1], found[2]

    def _of_table(self, shares: Floats, slope: Floats) -> Floats:
        """Return the variance that comes from the rows of the table, shape (G,)."""
        counts, n = self._rows
        # One comment that was read rightly, and one wrongly, as any of the other labels known.
        more = np.zeros(counts.shape)
        more[:, self.known] = 1 / (n.size - 1)
        more[np.arange(n.size), self.known] = 1.0
        rates = (counts + more) / (n + 2)[:, None]
        each = np.stack([_spread(np.broadcast_to(row, slope.shape), slope) for row in rates], axis=1)
        return np.asarray((shares**2 * each / (n + 2)).sum(axis=1), dtype=np.float64)


@dataclass(frozen=True)
class _Point:
    """Corrected shares of G groups: of all comments, and of those that say something."""

    shares: Floats
    inside: Floats
    total: Floats
    back: Floats
    says: NDArray[np.bool_]

    @classmethod
    def of(cls, seen: Floats, back: Floats, says: NDArray[np.bool_]) -> _Point:
        held = 0.0 + np.clip(seen @ back.T, 0, 1)  # no -0.0
        with np.errstate(invalid="ignore", divide="ignore"):
            held = held / held.sum(axis=1, keepdims=True)
        total = held[:, says].sum(axis=1)
        total = np.where(total > 0, total, np.nan)
        return cls(held, held / total[:, None], total, back, says)

    def slope(self, k: int) -> Floats:
        """Return how the share of label k moves with the shares seen, shape (G, 5)."""
        rest = self.inside[:, [k]] * self.back[self.says].sum(axis=0)
        return np.asarray((self.back[k] - rest) / self.total[:, None], dtype=np.float64)


def _numbers(given: object, shape: tuple[int, ...]) -> Floats | None:
    """Return an array of numbers from 0, or None where none is given."""
    if given is None:
        return None
    found = np.array(given)
    if found.shape != shape or found.dtype.kind not in "iuf" or not (found >= 0).all():
        raise ValueError("the confusion table needs a number for every weight")
    return found.astype(np.float64)


def _aspects_of(given: object) -> Mapping[str, float] | None:
    """Return how well aspects are read, or None where nothing is given."""
    if given is None:
        return None
    found = dict(given) if isinstance(given, Mapping) else {}
    if set(found) != set(ASPECT_FIGURES) or not all(isinstance(one, int | float) for one in found.values()):
        raise ValueError(f"what is said of aspects is {', '.join(ASPECT_FIGURES)}, each a number")
    return {name: found[name] for name in ASPECT_FIGURES}


def _spread(shares: Floats, slope: Floats) -> Floats:
    """Return the variance of a figure of one comment: `slope` at the label that it is given."""
    mean = (shares * slope).sum(axis=1)
    return np.asarray(np.maximum((shares * slope**2).sum(axis=1) - mean**2, 0), dtype=np.float64)


def _inflation(slope: Floats, shares: Floats, n: Floats, covariance: Floats | None) -> Floats:
    """Return by how much a covariance exceeds that of comments by themselves, at least 1; shape (G,)."""
    if covariance is None:
        return np.ones(n.shape)
    own = np.einsum("gi,gij,gj->g", slope, covariance, slope) * n / _spread(shares, slope)
    return np.where(own > 1, own, 1.0)


def _balanced(shares: Floats, known: NDArray[np.intp], k: int) -> Floats:
    """Return comments of which one has a label, and one the others in the shares that they have."""
    others, label = shares.copy(), int(known[k])
    others[:, label] = 0
    total = others.sum(axis=1, keepdims=True)
    alike = np.zeros(len(LABELS))
    alike[np.delete(known, k)] = 1 / (known.size - 1)
    others = np.where(total > 0, others / np.where(total > 0, total, 1.0), alike)
    others[:, label] = 1
    return others
