"""How well an engine reads: measured against labels that people gave, every figure with its interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from satsurvey.errors import MethodError
from satsurvey.text.confusion import ConfusionTable
from satsurvey.text.intervals import percentiles, wilson
from satsurvey.text.labelled import AspectSet, aspects_of, label_of
from satsurvey.text.masked import masked_text
from satsurvey.text.readings import (
    ASPECTS,
    LABELS,
    MIXED,
    NEGATIVE,
    NEUTRAL,
    NONE,
    POSITIVE,
    Engine,
    Readings,
)

Floats = NDArray[np.float64]
Labels = NDArray[np.int8]

RESAMPLES = 2_000
BINS = 10
"""Bins of equal width of the reliability table."""
WORST = 20
_FINEST = 2_048
"""Polarities are told apart this finely in the resamples of AUC and calibration."""
_BATCH = 20_000


@dataclass(frozen=True)
class Evaluation:
    """How well an engine reads.

    Attributes
    ----------
    engine
        Its name.
    n
        Labelled comments.
    measures
        One row per figure: scheme ("two_class", "three_class", "five_class", "aspects"), measure, label (of a
        figure of one label, else ""), value, ci_low, ci_high, n, interval ("wilson", "bootstrap").
    confusion
        True labels against labels given, all five.
    reliability
        One row per bin of polarity: from, to, n, mean polarity, share of positive comments and its interval.
    errors
        The worst errors: row, label, given, polarity, surprise (0-1), text (masked).
    method
        Every choice, plain data for JSON.
    notes
        What a reader must know.
    """

    engine: str
    n: int
    measures: pd.DataFrame
    confusion: ConfusionTable
    reliability: pd.DataFrame
    errors: pd.DataFrame
    method: Mapping[str, object]
    notes: tuple[str, ...]

    def value(self, scheme: str, measure: str, label: str = "") -> float:
        """Return one figure of `measures`; NaN where there is none."""
        m = self.measures
        found = m[(m["scheme"] == scheme) & (m["measure"] == measure) & (m["label"] == label)]
        return float(found["value"].iloc[0]) if len(found) else float("nan")


def evaluate(
    engine: Engine | str,
    texts: Sequence[str | None],
    labels: Sequence[str | int],
    *,
    aspects: Sequence[str | AspectSet] | None = None,
    rows: Sequence[int] | None = None,
    source: str = "",
    level: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 20191,
) -> Evaluation:
    """Measure an engine against labels that people gave.

    Parameters
    ----------
    engine
        What reads; an engine, its name, or a path (see `satsurvey.text.engines.engine_of`).
    texts
        N comments.
    labels
        Their labels: names of `LABELS` or what people write for them (`label_of`), or positions in `LABELS`.
    aspects
        Their aspects, such as "access-;price+", or sets of position and sign.
    rows
        Where the comments stand, for the list of errors; by default their places, from 1.
    source
        Which comments they are, in words.
    level
        Confidence level.
    resamples, seed
        Of the bootstrap.

    Returns
    -------
    Evaluation

    Raises
    ------
    MethodError
        A label is none, or lists are of different lengths.

    Notes
    -----
    `two_class` takes the comments labelled positive or negative and calls positive a polarity of 0.5 or more;
    where the engine has no polarity it is 0.5. `three_class` takes those labelled negative, neutral or
    positive, and counts `mixed` and `none` given as neutral, since labels 0, 1 and 2 have neutral for all of
    these. `five_class`, where some comment is labelled mixed or none, takes all. Macro-F1 is the mean of
    F1 = 2TP/(2TP + FP + FN) over the labels that occur; balanced accuracy the mean of their recalls. AUC is
    the chance that a positive comment has a higher polarity than a negative one, ties counting one half;
    calibration error the mean distance of polarity and share of positives over ten bins, weighted by size.
    An aspect counts as found with its direction ("aspects", micro-F1), or whatever its direction; one that is
    named without judgement does not count.

    Shares have Wilson's interval, other figures the percentiles of a bootstrap: rows are drawn again, which
    for figures of a table is a multinomial draw of its cells.

    References
    ----------
    Efron and Tibshirani (1993), An introduction to the bootstrap; Brier (1950), Monthly Weather Review 78.
    """
    if not isinstance(engine, str) and not hasattr(engine, "read"):
        raise MethodError("this is no engine", value=type(engine).__name__)
    reader: Engine
    if isinstance(engine, str):
        from satsurvey.text.engines import engine_of

        reader = engine_of(engine)
    else:
        reader = engine
    truth = label_positions(labels)
    if truth.size != len(texts) or (aspects is not None and len(aspects) != len(texts)):
        raise MethodError(
            "texts, labels and aspects are of different lengths",
            value=f"{len(texts)}, {truth.size}" + (f", {len(aspects)}" if aspects is not None else ""),
        )
    if not truth.size:
        raise MethodError("there is no labelled comment to measure with")
    readings = Readings.joined(
        [reader.read(list(texts[first : first + _BATCH])) for first in range(0, len(texts), _BATCH)]
    )
    return measured(
        reader.name,
        texts,
        truth,
        readings,
        aspects=None if aspects is None else aspect_sets(aspects),
        rows=rows,
        source=source,
        level=level,
        resamples=resamples,
        seed=seed,
    )


def measured(
    engine: str,
    texts: Sequence[str | None],
    truth: Labels,
    readings: Readings,
    *,
    aspects: Sequence[AspectSet] | None = None,
    rows: Sequence[int] | None = None,
    source: str = "",
    level: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 20191,
) -> Evaluation:
    """Measure what was read against labels that people gave; see `evaluate`."""
    rng = np.random.default_rng(seed)
    measures: list[dict[str, object]] = []
    notes: list[str] = []
    polarity = np.where(np.isnan(readings.polarity), 0.5, readings.polarity)
    reliability = pd.DataFrame()
    told = (truth == NEGATIVE) | (truth == POSITIVE)
    if (truth == NEGATIVE).any() and (truth == POSITIVE).any():
        given = np.where(polarity >= 0.5, POSITIVE, NEGATIVE).astype(np.int8)
        measures += _of_labels("two_class", truth[told], given[told], rng, level, resamples)
        positive = truth[told] == POSITIVE
        measures += _of_polarity(polarity[told], positive, rng, level, resamples)
        reliability = _reliability(polarity[told], positive, level)
    else:
        notes.append("positive and negative comments are needed for two classes, and one of both is absent")
    plain = told | (truth == NEUTRAL)
    if (truth == NEUTRAL).any():
        given = np.where(np.isin(readings.label, (MIXED, NONE)), NEUTRAL, readings.label).astype(np.int8)
        measures += _of_labels("three_class", truth[plain], given[plain], rng, level, resamples)
    if np.isin(truth, (MIXED, NONE)).any():
        measures += _of_labels("five_class", truth, readings.label, rng, level, resamples)
    if aspects is not None:
        measures += _of_aspects(aspects, readings, rng, level, resamples)
    few = [LABELS[k] for k in np.unique(truth).tolist() if (truth == k).sum() < 30]
    if few:
        notes.append(f"fewer than 30 comments are labelled {', '.join(few)}: their figures say little")
    places = np.arange(1, truth.size + 1) if rows is None else np.asarray(rows)
    return Evaluation(
        engine=engine,
        n=int(truth.size),
        measures=pd.DataFrame(measures),
        confusion=ConfusionTable.of(truth, readings.label, source=source),
        reliability=reliability,
        errors=_worst(texts, truth, readings, places),
        method={
            "engine": engine,
            "source": source,
            "level": level,
            "intervals": "Wilson for shares, percentiles of a bootstrap of rows for other figures",
            "resamples": resamples,
            "seed": seed,
        },
        notes=tuple(notes),
    )


def label_positions(labels: Sequence[str | int]) -> Labels:
    """Return positions in `LABELS`, whatever the labels are written as."""
    found = []
    for place, label in enumerate(labels):
        position = label_of(label) if isinstance(label, str) else int(label)
        if position is None or not 0 <= position < len(LABELS):
            raise MethodError("this is no label", row=place + 1, value=label, expected=", ".join(LABELS))
        found.append(position)
    return np.array(found, dtype=np.int8)


def aspect_sets(aspects: Sequence[str | AspectSet]) -> list[AspectSet]:
    """Return aspects as sets of position and direction, whatever they are written as."""
    sets: list[AspectSet] = []
    for place, one in enumerate(aspects):
        found = aspects_of(one) if isinstance(one, str) else one
        if found is None:
            raise MethodError(
                "this is no list of aspects", row=place + 1, value=one, expected="such as access-;price+"
            )
        sets.append(found)
    return sets


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


def _of_labels(
    scheme: str, truth: Labels, given: Labels, rng: np.random.Generator, level: float, resamples: int
) -> list[dict[str, object]]:
    k = len(LABELS)
    cells = np.bincount(truth.astype(np.int64) * k + given, minlength=k * k)
    n = int(cells.sum())
    table = cells.reshape(k, k).astype(np.float64)
    drawn = rng.multinomial(n, cells / n, size=resamples).reshape(-1, k, k).astype(np.float64)
    found, draws = label_figures(table), label_figures(drawn)
    true, given_n = table.sum(axis=1), table.sum(axis=0)
    rows = [
        _share(scheme, "accuracy", "", float(found["accuracy"]), n, level),
        *(
            _drawn(scheme, name, "", float(found[name]), draws[name], n, level)
            for name in ("balanced_accuracy", "macro_f1")
        ),
    ]
    for place in np.flatnonzero(true > 0).tolist():
        label = LABELS[place]
        rows += [
            _share(scheme, "precision", label, float(found["precision"][place]), int(given_n[place]), level),
            _share(scheme, "recall", label, float(found["recall"][place]), int(true[place]), level),
            _drawn(
                scheme, "f1", label, float(found["f1"][place]), draws["f1"][:, place], int(true[place]), level
            ),
        ]
    return rows


def _of_polarity(
    polarity: Floats, positive: NDArray[np.bool_], rng: np.random.Generator, level: float, resamples: int
) -> list[dict[str, object]]:
    """Measure AUC, Brier score and calibration error of two classes."""
    values, place = np.unique(polarity, return_inverse=True)
    if values.size > _FINEST:
        place = place * _FINEST // values.size
    n_cells = int(place.max()) + 1
    key = place * 2 + positive
    n = polarity.size
    counts = np.bincount(key, minlength=2 * n_cells)
    # Within a cell all comments are given its mean squared error and mean distance in the resamples.
    with np.errstate(invalid="ignore", divide="ignore"):
        squares = np.bincount(key, (polarity - positive) ** 2, minlength=2 * n_cells) / counts
        mean = np.bincount(key, polarity, minlength=2 * n_cells) / counts
    squares, mean = np.nan_to_num(squares), np.nan_to_num(mean)
    some = np.flatnonzero(counts)
    drawn = np.zeros((resamples, 2 * n_cells))
    drawn[:, some] = rng.multinomial(n, counts[some] / n, size=resamples)
    exact = np.bincount(
        np.unique(polarity, return_inverse=True)[1] * 2 + positive, minlength=2 * values.size
    ).astype(np.float64)
    figures = {
        "auc": (float(auc(exact[None])[0]), auc(drawn)),
        "brier": (float(((polarity - positive) ** 2).mean()), drawn @ squares / n),
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


def _reliability(polarity: Floats, positive: NDArray[np.bool_], level: float) -> pd.DataFrame:
    bins = np.minimum((polarity * BINS).astype(np.int64), BINS - 1)
    n = np.bincount(bins, minlength=BINS)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.bincount(bins, positive, minlength=BINS) / n
        mean = np.bincount(bins, polarity, minlength=BINS) / n
    low, high = wilson(share, n.astype(np.float64), level=level)
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


def _of_aspects(
    truth: Sequence[AspectSet], readings: Readings, rng: np.random.Generator, level: float, resamples: int
) -> list[dict[str, object]]:
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
        rows += _micro("aspects", measure, "", hits, rng, level, resamples)
    for place, name in enumerate(ASPECTS):
        hits = np.array(
            [
                _hits({x for x in a if x[0] == place}, {x for x in b if x[0] == place})
                for a, b in zip(truth, given, strict=True)
            ]
        )
        if hits[:, [0, 2]].any():
            rows += _micro("aspects", "f1", name, hits, rng, level, resamples)
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
    rng: np.random.Generator,
    level: float,
    resamples: int,
) -> list[dict[str, object]]:
    kinds, counts = np.unique(hits, axis=0, return_counts=True)
    drawn = rng.multinomial(counts.sum(), counts / counts.sum(), size=resamples) @ kinds
    named = int((hits[:, 0] + hits[:, 2]).sum())
    with np.errstate(invalid="ignore", divide="ignore"):
        draws = 2 * drawn[:, 0] / (2 * drawn[:, 0] + drawn[:, 1] + drawn[:, 2])
        right, wrong, missed = hits.sum(axis=0).tolist()
        whole = 2 * right + wrong + missed
    value = 2 * right / whole if whole else float("nan")
    return [_drawn(scheme, measure, label, value, draws, named, level)]


def _worst(
    texts: Sequence[str | None], truth: Labels, readings: Readings, places: NDArray[np.integer]
) -> pd.DataFrame:
    """List the errors in which the engine was surest of what is not so."""
    from collections import Counter

    polarity = np.where(np.isnan(readings.polarity), 0.5, readings.polarity)
    target = np.select([truth == POSITIVE, truth == NEGATIVE], [1.0, 0.0], 0.5)
    surprise = np.where(target == 0.5, 2, 1) * np.abs(polarity - target)
    wrong = np.flatnonzero(readings.label != truth)
    order = wrong[np.lexsort((wrong, -surprise[wrong]))][:WORST]
    counts: Counter[str] = Counter()
    return pd.DataFrame(
        {
            "row": places[order],
            "label": [LABELS[k] for k in truth[order].tolist()],
            "given": [LABELS[k] for k in readings.label[order].tolist()],
            "polarity": readings.polarity[order],
            "surprise": surprise[order],
            "text": [masked_text(texts[k] or "", counts) for k in order.tolist()],
        }
    )


def _share(scheme: str, measure: str, label: str, value: float, n: int, level: float) -> dict[str, object]:
    low, high = wilson(np.array([value]), np.array([float(n)]), level=level)
    return _row(scheme, measure, label, value, float(low[0]), float(high[0]), n, "wilson")


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
