"""Figures of how well comments are read: of labels, polarity and aspects, each with its interval."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from satsurvey.scoring.intervals import percentiles, wilson
from satsurvey.text.labelled import AspectSet
from satsurvey.text.readings import ASPECTS, LABELS, MIXED, NEGATIVE, POSITIVE, Readings
from satsurvey.text.weighing import counted, of_rows, resampled, share_of

Floats = NDArray[np.float64]
Labels = NDArray[np.int8]

BINS = 10
"""Bins of equal width of the reliability table."""
_FINEST = 2_048
"""Polarities are told apart this finely in the resamples of AUC and calibration."""


def label_figures(tables: Floats) -> dict[str, Floats]:
    """Return figures of confusion tables.

    Parameters
    ----------
    tables
        Counts, shape (..., K, K): rows the true labels, columns those given.

    Returns
    -------
    dict
        `accuracy`, `balanced_accuracy`, `macro_f1` of shape (...), `precision`, `recall`, `f1` of shape
        (..., K). Labels that do not occur among the true ones are left out of the means.
    """
    right = np.einsum("...kk->...k", tables)
    true, given = tables.sum(axis=-1), tables.sum(axis=-2)
    with np.errstate(invalid="ignore", divide="ignore"):
        recall, precision = right / true, right / given
        f1 = np.where(true > 0, 2 * right / (true + given), np.nan)
        occurring = (true > 0).sum(axis=-1)
        return {
            "accuracy": right.sum(axis=-1) / true.sum(axis=-1),
            "balanced_accuracy": np.nansum(np.where(true > 0, recall, np.nan), axis=-1) / occurring,
            "macro_f1": np.nansum(f1, axis=-1) / occurring,
            "precision": precision,
            "recall": recall,
            "f1": f1,
        }


def label_rows(
    scheme: str,
    truth: Labels,
    given: Labels,
    weights: Floats | None,
    rng: np.random.Generator,
    level: float,
    resamples: int,
) -> list[dict[str, object]]:
    """Measure labels given against true ones: accuracy, F1, and precision, recall and F1 of each."""
    k, n = len(LABELS), int(truth.size)
    cells = truth.astype(np.int64) * k + given
    found = label_figures(counted(cells, k * k, weights).reshape(k, k))
    draws = label_figures(resampled(cells, k * k, weights, rng, resamples).reshape(-1, k, k))
    right = truth == given

    def share(measure: str, label: str, among: NDArray[np.bool_]) -> dict[str, object]:
        ends = share_of(right[among], of_rows(weights, among), level)
        return _row(scheme, measure, label, *ends, int(among.sum()), "wilson")

    rows = [
        share("accuracy", "", np.ones(n, dtype=np.bool_)),
        *(
            _drawn(scheme, name, "", float(found[name]), draws[name], n, level)
            for name in ("balanced_accuracy", "macro_f1")
        ),
    ]
    for place in np.unique(truth).tolist():
        label, true = LABELS[place], truth == place
        rows += [
            share("precision", label, given == place),
            share("recall", label, true),
            _drawn(
                scheme,
                "f1",
                label,
                float(found["f1"][place]),
                draws["f1"][:, place],
                int(true.sum()),
                level,
            ),
        ]
    return rows


def polarity_rows(
    polarity: Floats,
    positive: NDArray[np.bool_],
    weights: Floats | None,
    rng: np.random.Generator,
    level: float,
    resamples: int,
) -> list[dict[str, object]]:
    """Measure AUC, Brier score and calibration error of two classes."""
    values, place = np.unique(polarity, return_inverse=True)
    exact = counted(place * 2 + positive, 2 * values.size, weights)
    if values.size > _FINEST:
        place = place * _FINEST // values.size
    n_cells = int(place.max()) + 1
    key = place * 2 + positive
    n = polarity.size
    heavy = np.ones(n) if weights is None else weights
    counts = np.bincount(key, heavy, minlength=2 * n_cells)
    squared = (polarity - positive) ** 2
    # Within a cell all comments are given its mean squared error and mean distance in the resamples.
    with np.errstate(invalid="ignore", divide="ignore"):
        squares = np.bincount(key, heavy * squared, minlength=2 * n_cells) / counts
        mean = np.bincount(key, heavy * polarity, minlength=2 * n_cells) / counts
    squares, mean = np.nan_to_num(squares), np.nan_to_num(mean)
    some, dense = np.unique(key, return_inverse=True)
    drawn = np.zeros((resamples, 2 * n_cells))
    drawn[:, some] = resampled(dense, some.size, weights, rng, resamples)
    figures = {
        "auc": (float(auc(exact[None])[0]), auc(drawn)),
        "brier": (float((heavy * squared).sum() / heavy.sum()), drawn @ squares / drawn.sum(axis=1)),
        "calibration_error": (
            float(_calibration(counts[None].astype(np.float64), mean)[0]),
            _calibration(drawn, mean),
        ),
    }
    return [_drawn("two_class", name, "", value, draws, n, level) for name, (value, draws) in figures.items()]


def auc(counts: Floats) -> Floats:
    """Return the area under the curve of every row of counts.

    Parameters
    ----------
    counts
        Shape (R, 2 M): at 2 j the negative and at 2 j + 1 the positive comments with the j-th smallest
        polarity.

    Returns
    -------
    numpy.ndarray
        Shape (R,): the share of pairs of a positive and a negative comment in which the positive one has the
        higher polarity, ties counting one half; NaN where one side is empty.
    """
    negative, positive = counts[:, 0::2], counts[:, 1::2]
    below = np.cumsum(negative, axis=1) - negative / 2
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(
            (positive * below).sum(axis=1) / (positive.sum(axis=1) * negative.sum(axis=1)), dtype=np.float64
        )


def _calibration(counts: Floats, mean: Floats) -> Floats:
    """Return the calibration error of every row of counts; cells hold positives and negatives apart."""
    bins = np.minimum((mean * BINS).astype(np.int64), BINS - 1)
    member = (bins[:, None] == np.arange(BINS)).astype(np.float64)
    positive = np.arange(mean.size) % 2
    apart = counts @ (member * (mean - positive)[:, None])
    return np.asarray(np.abs(apart).sum(axis=1) / counts.sum(axis=1), dtype=np.float64)


def reliability_of(
    polarity: Floats, positive: NDArray[np.bool_], weights: Floats | None, level: float
) -> pd.DataFrame:
    """Return the share of positive comments by bins of polarity, empty bins left out."""
    bins = np.minimum((polarity * BINS).astype(np.int64), BINS - 1)
    n = np.bincount(bins, minlength=BINS)
    heavy = np.ones(polarity.size) if weights is None else weights
    total = np.bincount(bins, heavy, minlength=BINS)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.bincount(bins, heavy * positive, minlength=BINS) / total
        mean = np.bincount(bins, heavy * polarity, minlength=BINS) / total
        by_weights = total**2 / np.bincount(bins, heavy**2, minlength=BINS)
    low, high = wilson(share, by_weights, level=level)
    frame = pd.DataFrame(
        {
            "from": np.arange(BINS) / BINS,
            "to": np.arange(1, BINS + 1) / BINS,
            "n": n,
            "polarity": mean,
            "positive": share,
            "ci_low": low,
            "ci_high": high,
        }
    )
    return frame[frame["n"] > 0].reset_index(drop=True)


def aspect_rows(
    truth: Sequence[AspectSet],
    readings: Readings,
    weights: Floats | None,
    rng: np.random.Generator,
    level: float,
    resamples: int,
) -> list[dict[str, object]]:
    """Measure the aspects found, with their direction and without, and every aspect by itself."""
    given: list[set[tuple[int, int]]] = [set() for _ in truth]
    for comment, aspect, label in zip(*(part.tolist() for part in readings.aspect_labels()), strict=True):
        if label in (POSITIVE, MIXED):
            given[comment].add((aspect, 1))
        if label in (NEGATIVE, MIXED):
            given[comment].add((aspect, -1))
    rows = []
    for measure, with_sign in (("micro_f1", True), ("micro_f1_any_direction", False)):
        hits = np.array(
            [_hits(_plain(a, with_sign), _plain(b, with_sign)) for a, b in zip(truth, given, strict=True)]
        ).reshape(-1, 3)
        rows += _micro("aspects", measure, "", hits, weights, rng, level, resamples)
    for place, name in enumerate(ASPECTS):
        hits = np.array(
            [
                _hits({x for x in a if x[0] == place}, {x for x in b if x[0] == place})
                for a, b in zip(truth, given, strict=True)
            ]
        )
        if hits[:, [0, 2]].any():
            rows += _micro("aspects", "f1", name, hits, weights, rng, level, resamples)
    return rows


def _plain(found: set[tuple[int, int]] | AspectSet, with_sign: bool) -> set[tuple[int, int]]:
    return set(found) if with_sign else {(aspect, 0) for aspect, _ in found}


def _hits(truth: set[tuple[int, int]], given: set[tuple[int, int]]) -> tuple[int, int, int]:
    """Count what was found rightly, found wrongly, and not found."""
    return len(truth & given), len(given - truth), len(truth - given)


def _micro(
    scheme: str,
    measure: str,
    label: str,
    hits: NDArray[np.int64],
    weights: Floats | None,
    rng: np.random.Generator,
    level: float,
    resamples: int,
) -> list[dict[str, object]]:
    kinds, kind = np.unique(hits, axis=0, return_inverse=True)
    drawn = resampled(kind, len(kinds), weights, rng, resamples) @ kinds
    named = int((hits[:, 0] + hits[:, 2]).sum())
    with np.errstate(invalid="ignore", divide="ignore"):
        draws = 2 * drawn[:, 0] / (2 * drawn[:, 0] + drawn[:, 1] + drawn[:, 2])
        right, wrong, missed = (counted(kind, len(kinds), weights) @ kinds).tolist()
        whole = 2 * right + wrong + missed
    value = 2 * right / whole if whole else float("nan")
    return [_drawn(scheme, measure, label, value, draws, named, level)]


def _drawn(
    scheme: str, measure: str, label: str, value: float, draws: Floats, n: int, level: float
) -> dict[str, object]:
    low, high = percentiles(np.asarray(draws, dtype=np.float64)[:, None], level)
    return _row(scheme, measure, label, value, float(low[0]), float(high[0]), n, "bootstrap")


def _row(
    scheme: str, measure: str, label: str, value: float, low: float, high: float, n: int, interval: str
) -> dict[str, object]:
    return {
        "scheme": scheme,
        "measure": measure,
        "label": label,
        "value": value,
        "ci_low": low,
        "ci_high": high,
        "n": n,
        "interval": interval,
    }
