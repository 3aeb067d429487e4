"""How well an engine reads: measured against labels that people gave, every figure with its interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from numbers import Integral

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from satsurvey.errors import MethodError
from satsurvey.intake.personal_data import mask_personal_data
from satsurvey.scoring.intervals import check_level
from satsurvey.text.confusion import ConfusionTable
from satsurvey.text.figures import aspect_rows, label_rows, polarity_rows, reliability_of
from satsurvey.text.labelled import AspectSet, aspects_of, label_codes, label_of
from satsurvey.text.masked import masked_text
from satsurvey.text.readings import (
    LABELS,
    MIXED,
    NEGATIVE,
    NEUTRAL,
    NONE,
    POSITIVE,
    Engine,
    Readings,
)
from satsurvey.text.weighing import checked_weights, of_rows

Floats = NDArray[np.float64]
Labels = NDArray[np.int8]

RESAMPLES = 2_000
WEIGHTED = "figures are weighted by how the comments were drawn: they are those of all different comments"
WORST = 20
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
    weights: Sequence[float] | Floats | None = None,
    rows: Sequence[int] | None = None,
    source: str = "",
    level: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 20191,
    notes: Sequence[str] = (),
) -> Evaluation:
    """Measure an engine against labels that people gave.

    Parameters
    ----------
    engine
        What reads; an engine, its name, or a path (see `satsurvey.text.engines.engine_of`).
    texts
        N comments.
    labels
        Their labels: names of `LABELS` or what people write for them (`satsurvey.text.labelled.label_of`), or
        whole numbers as files have them: 1 positive, 0 negative and 2 neutral; with -1 among them 0 neutral
        and -1 negative.
    aspects
        Their aspects, such as "access-;price+", or sets of position and sign.
    weights
        How many comments each stands for, where they were drawn unequally, as by `draw_sample`; None: all
        alike.
    rows
        Where the comments stand, for the list of errors; by default their places, from 1.
    source
        Which comments they are, in words.
    level
        Confidence level.
    resamples, seed
        Of the bootstrap.
    notes
        What else a reader must know.

    Returns
    -------
    Evaluation

    Raises
    ------
    MethodError
        A label is none, a weight is no positive number, or lists are of different lengths.

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

    With weights every figure, the confusion table and the reliability are those of the comments that the
    labelled ones stand for; `n` counts the labelled ones. Shares have Wilson's interval, with weights by the
    number that they are worth (`satsurvey.text.weighing.worth`), other figures the percentiles of a
    bootstrap: rows are drawn again, which for figures of a table is a multinomial draw of its cells.

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
    check_level(level)
    if truth.size != len(texts) or (aspects is not None and len(aspects) != len(texts)):
        raise MethodError(
            "texts, labels and aspects are of different lengths",
            value=f"{len(texts)}, {truth.size}" + (f", {len(aspects)}" if aspects is not None else ""),
        )
    if not truth.size:
        raise MethodError("there is no labelled comment to measure with")
    weights = checked_weights(weights, truth.size)
    readings = Readings.joined(
        [reader.read(list(texts[first : first + _BATCH])) for first in range(0, len(texts), _BATCH)]
    )
    return measured(
        reader.name,
        texts,
        truth,
        readings,
        aspects=None if aspects is None else aspect_sets(aspects),
        weights=weights,
        rows=rows,
        source=source,
        level=level,
        resamples=resamples,
        seed=seed,
        notes=notes,
    )


def measured(
    engine: str,
    texts: Sequence[str | None],
    truth: Labels,
    readings: Readings,
    *,
    aspects: Sequence[AspectSet] | None = None,
    weights: Floats | None = None,
    rows: Sequence[int] | None = None,
    source: str = "",
    level: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 20191,
    notes: Sequence[str] = (),
) -> Evaluation:
    """Measure what was read against labels that people gave; see `evaluate`."""
    rng = np.random.default_rng(seed)
    measures: list[dict[str, object]] = []
    said = list(notes)
    polarity = np.where(np.isnan(readings.polarity), 0.5, readings.polarity)
    reliability = pd.DataFrame()
    told = (truth == NEGATIVE) | (truth == POSITIVE)
    if (truth == NEGATIVE).any() and (truth == POSITIVE).any():
        given = np.where(polarity >= 0.5, POSITIVE, NEGATIVE).astype(np.int8)
        positive, heavy = truth[told] == POSITIVE, of_rows(weights, told)
        measures += label_rows("two_class", truth[told], given[told], heavy, rng, level, resamples)
        measures += polarity_rows(polarity[told], positive, heavy, rng, level, resamples)
        reliability = reliability_of(polarity[told], positive, heavy, level)
    else:
        said.append("positive and negative comments are needed for two classes, and one of both is absent")
    plain = told | (truth == NEUTRAL)
    if (truth == NEUTRAL).any():
        given = np.where(np.isin(readings.label, (MIXED, NONE)), NEUTRAL, readings.label).astype(np.int8)
        measures += label_rows(
            "three_class", truth[plain], given[plain], of_rows(weights, plain), rng, level, resamples
        )
    if np.isin(truth, (MIXED, NONE)).any():
        measures += label_rows("five_class", truth, readings.label, weights, rng, level, resamples)
    if aspects is not None:
        measures += aspect_rows(aspects, readings, weights, rng, level, resamples)
    if weights is not None:
        said.append(WEIGHTED)
    few = [LABELS[k] for k in np.unique(truth).tolist() if (truth == k).sum() < 30]
    if few:
        said.append(f"fewer than 30 comments are labelled {', '.join(few)}: their figures say little")
    places = np.arange(1, truth.size + 1) if rows is None else np.asarray(rows)
    return Evaluation(
        engine=engine,
        n=int(truth.size),
        measures=pd.DataFrame(measures),
        confusion=replace(
            ConfusionTable.of(truth, readings.label, weights=weights, source=source),
            aspects=_aspects_in_short(measures),
        ),
        reliability=reliability,
        errors=_worst(texts, truth, readings, places),
        method={
            "engine": engine,
            "source": source,
            "level": level,
            "weighted": weights is not None,
            "intervals": "Wilson for shares, percentiles of a bootstrap of rows for other figures",
            "resamples": resamples,
            "seed": seed,
        },
        notes=tuple(said),
    )


def label_positions(labels: Sequence[str | int]) -> Labels:
    """Return positions in `LABELS`, whatever labels are written as; numbers mean what they do in files."""
    given = list(labels)
    words = [_word_of(label) for label in given]
    codes = label_codes({word for word in words if word is not None})
    found = []
    for place, word in enumerate(words):
        position = None if word is None else label_of(word, codes)
        if position is None:
            raise MethodError(
                "this is no label",
                row=place + 1,
                value=type(given[place]).__name__ if word is None else mask_personal_data(word)[0],
                expected=", ".join((*LABELS, "0, 1, 2 or -1 to 1")),
            )
        found.append(position)
    return np.array(found, dtype=np.int8)


def _word_of(label: object) -> str | None:
    """Return a label as a file would have it, or None for what is neither text nor a small whole number."""
    if isinstance(label, Integral) and not isinstance(label, bool):
        return str(int(label)) if abs(int(label)) < 1_000 else None
    return str(label) if isinstance(label, str) else None


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


def _aspects_in_short(measures: Sequence[Mapping[str, object]]) -> Mapping[str, float] | None:
    """Return how well aspects are read with their direction, as a confusion table carries it."""
    for row in measures:
        if (row["scheme"], row["measure"], row["label"]) == ("aspects", "micro_f1", ""):
            ends = {name: float(str(row[name])) for name in ("value", "ci_low", "ci_high")}
            n = float(str(row["n"]))
            return {"n": n, "micro_f1": ends["value"], "ci_low": ends["ci_low"], "ci_high": ends["ci_high"]}
    return None
