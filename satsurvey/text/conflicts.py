"""Comments that contradict the score of whoever made them, and comments that are typical of an aspect."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from satsurvey.text.readings import ASPECTS, NEGATIVE, POSITIVE, Readings

Floats = NDArray[np.float64]

HIGH_SHARE = 1 / 3
"""The upper third of respondents by score is high, the lower third low."""
MOST_CONFLICTS = 1_000
TYPICAL = 3
"""Typical comments per aspect and direction."""
_SURE = 1e-3
"""Probabilities are held this far from 0 and 1, or one comment's logit would rule the scale."""
_ALIKE = 0.5
"""Two comments that share this much of their pairs of characters say the same."""
_LOOKED_AT = 200


def thirds(score: Floats, respondent: NDArray[np.integer]) -> tuple[float, float] | None:
    """Return where the lower third of respondents by score ends and the upper third begins.

    Parameters
    ----------
    score, respondent
        Score and number of who made each comment, shape (N,); NaN where there is no score. A respondent
        counts once, however many comments there are, and also if all of them are blank.

    Returns
    -------
    tuple or None
        None where there is no score, or both ends are one score: where two thirds score alike nobody is high
        or low beside the others.
    """
    counted = np.isfinite(score)
    _, firsts = np.unique(respondent[counted], return_index=True)
    if not firsts.size:
        return None
    low, high = np.quantile(score[counted][firsts], [HIGH_SHARE, 1 - HIGH_SHARE]).tolist()
    return (low, high) if low < high else None


def conflicts(
    readings: Readings,
    score: Floats,
    question: NDArray[np.int16],
    *,
    respondent: NDArray[np.integer] | None = None,
    most: int = MOST_CONFLICTS,
) -> pd.DataFrame:
    """List the comments that contradict their respondent's score, the strongest first.

    Parameters
    ----------
    readings
        Of N comments.
    score
        The respondent's own score, 0-100, by comment; NaN where there is none.
    question
        The column each comment comes from.
    respondent
        Who made each comment; None: everybody made one.
    most
        How many are listed at most.

    Returns
    -------
    pandas.DataFrame
        comment (position), kind ("high_score_negative_comment" or "low_score_positive_comment"), strength.

    Notes
    -----
    A negative comment of a respondent in the upper third by score, or a positive one of a respondent in the
    lower third (see `thirds`; nothing where both thirds end at one score). Strength is the distance
    |z(score) - z(logit polarity)|: the score standardised over all comments that have one, the logit of the
    polarity (held within 0.001 and 0.999) over the comments of the same question, because everybody complains
    who is asked what displeased. Equal strengths go by position.
    """
    told = np.isfinite(readings.polarity)
    usable = told & np.isfinite(score)
    empty = pd.DataFrame(
        {"comment": np.zeros(0, np.int64), "kind": np.zeros(0, "<U1"), "strength": np.zeros(0)}
    )
    if not usable.any():
        return empty
    z_score = _standardised(score, usable)
    held = np.clip(np.where(told, readings.polarity, 0.5), _SURE, 1 - _SURE)
    logit = np.log(held / (1 - held))
    z_polarity = np.zeros(logit.size)
    for one in np.unique(question[usable]):
        mine = usable & (question == one)
        z_polarity[mine] = _standardised(logit, mine)[mine]
    ends = thirds(score, np.arange(score.size) if respondent is None else respondent)
    if ends is None:
        return empty
    low_end, high_end = ends
    high = usable & (score >= high_end) & (readings.label == NEGATIVE)
    low = usable & (score <= low_end) & (readings.label == POSITIVE)
    places = np.flatnonzero(high | low)
    strength = np.abs(z_score - z_polarity)[places]
    order = np.lexsort((places, -strength))[:most]
    places = places[order]
    kind = np.where(high[places], "high_score_negative_comment", "low_score_positive_comment")
    return pd.DataFrame({"comment": places, "kind": kind, "strength": strength[order]})


def _standardised(values: Floats, among: NDArray[np.bool_]) -> Floats:
    """Return (x - mean) / standard deviation over some of the values; 0 where they do not differ."""
    spread = float(values[among].std())
    return np.asarray((values - values[among].mean()) / spread if spread > 0 else values * 0.0)


def typical(texts: Sequence[str], readings: Readings, *, each: int = TYPICAL) -> pd.DataFrame:
    """Pick comments that show what is said well and ill of every aspect.

    Parameters
    ----------
    texts
        The comments, masked, by position (an Arrow array will do).
    readings
        What was read in them.
    each
        How many per aspect and direction.

    Returns
    -------
    pandas.DataFrame
        aspect, label ("positive" or "negative"), comment (position), polarity.

    Notes
    -----
    Candidates speak of the aspect in one direction and are of that direction as a whole, and their length
    lies between the quartiles of such comments. The surest polarity goes first, then the length nearest to
    the median, then the position; a comment that shares half of its pairs of characters with one already
    picked is passed over.
    """
    comment, aspect, label = readings.aspect_labels()
    rows: list[tuple[str, str, int, float]] = []
    for place, name in enumerate(ASPECTS):
        for direction, word in ((POSITIVE, "positive"), (NEGATIVE, "negative")):
            mine = comment[(aspect == place) & (label == direction)]
            mine = mine[readings.label[mine] == direction]
            for position in _picked(texts, mine, readings.polarity, each):
                rows.append((name, word, position, float(readings.polarity[position])))
    return pd.DataFrame(rows, columns=["aspect", "label", "comment", "polarity"])


def _picked(texts: Sequence[str], mine: NDArray[np.int64], polarity: Floats, each: int) -> list[int]:
    if not mine.size:
        return []
    sure = np.abs(polarity[mine] - 0.5)
    # Only the surest are looked at one by one, however many there are.
    mine = np.sort(mine[np.lexsort((mine, -sure))[: 20 * _LOOKED_AT]])
    lengths = np.array([len(str(texts[k])) for k in mine.tolist()])
    low, middle, high = np.quantile(lengths, [0.25, 0.5, 0.75])
    inside = (lengths >= low) & (lengths <= high)
    mine, lengths = mine[inside], lengths[inside]
    order = np.lexsort((mine, np.abs(lengths - middle), -np.abs(polarity[mine] - 0.5)))[:_LOOKED_AT]
    picked: list[int] = []
    shapes: list[set[str]] = []
    for position in mine[order].tolist():
        text = str(texts[position])
        shape = {text[k : k + 2] for k in range(max(len(text) - 1, 1))}
        if any(len(shape & other) >= _ALIKE * min(len(shape), len(other)) for other in shapes):
            continue
        picked.append(position)
        shapes.append(shape)
        if len(picked) == each:
            break
    return picked
