"""Which comments people should label: a sample with its share of every predicted label and company."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from satsurvey.errors import MethodError, NothingToScoreError
from satsurvey.text.comment_columns import Comments
from satsurvey.text.comments import CommentScores
from satsurvey.text.readings import LABELS

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class LabellingSample:
    """Comments drawn for labelling.

    Attributes
    ----------
    frame
        One row per comment: file, row, column, industry and company where there are any, text (masked).
    weights
        How many different comments each stands for, float64 by row of `frame`: the inverse of its chance to
        be drawn, scaled so that the comments of a predicted label sum to those that there are. They would
        tell who labels what was predicted, so they do not stand beside the comments.
    strata
        One row per predicted label: label, n (different comments), drawn.
    masked
        How much personal data was masked in the comments read, by kind.
    seed
        Of the draw.
    """

    frame: pd.DataFrame
    weights: Floats
    strata: pd.DataFrame
    masked: Mapping[str, int]
    seed: int


def draw_sample(scores: CommentScores, *, n: int = 200, seed: int = 20191) -> LabellingSample:
    """Draw comments for labelling, stratified by the label that an engine gives and by company.

    Parameters
    ----------
    scores
        What an engine read; its labels stratify and do not stand in the result, so that nobody who labels is
        led by them.
    n
        How many comments; all where there are fewer different ones.
    seed
        Of the draw.

    Returns
    -------
    LabellingSample

    Raises
    ------
    MethodError
        n is less than 1.
    NothingToScoreError
        There is no comment.

    Notes
    -----
    Blank cells are left out, and of comments in the same words one is kept. Every predicted label gets the
    same number, as far as there are comments; what one cannot fill goes to the others. Within a label the
    companies take turns, and who is among the last goes by lot: with T whole turns and r of the C companies
    in the turn after them, a comment of a company with m comments is drawn with the chance
    (min(T, m) + [m > T] r/C) / m. Shares in such a sample are not those of all comments, but weighted ones
    are.
    """
    if n < 1:
        raise MethodError("a sample needs one comment or more", value=n)
    comments = scores.comments
    places = _different(comments, ~scores.missing)
    if not places.size:
        raise NothingToScoreError("there is no comment to label: all cells are blank")
    rng = np.random.default_rng(seed)
    places = places[rng.permutation(places.size)]
    label = scores.readings.label[places]
    sizes = np.bincount(label, minlength=len(LABELS))
    wanted = _allotted(sizes, min(n, places.size))
    company = (
        comments.company.codes[places] if comments.company is not None else np.zeros(places.size, np.int32)
    )
    chosen, weights = [], []
    for k in range(len(LABELS)):
        mine = np.flatnonzero(label == k)
        turn = _turns(company[mine])
        lot = rng.permutation(int(company.max(initial=0)) + 2)
        some = np.lexsort((lot[company[mine] + 1], turn))[: wanted[k]]
        chosen.append(mine[some])
        heavy = _weights(company[mine], int(wanted[k]))[some]
        weights.append(heavy * (mine.size / heavy.sum()) if some.size else heavy)
    drawn, weight = np.concatenate(chosen), np.concatenate(weights)
    # In one random order: whoever labels should not see one label after the other.
    order = rng.permutation(drawn.size)
    drawn, weight = places[drawn[order]], weight[order]
    frame = scores.rows(drawn)
    kept = [c for c in ("file", "row", "column", "industry", "company", "text") if c in frame]
    strata = pd.DataFrame({"label": LABELS, "n": sizes, "drawn": wanted})
    return LabellingSample(frame[kept], weight, strata, scores.masked, seed)


def _different(comments: Comments, usable: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the first place of every different text."""
    places = np.flatnonzero(usable)
    encoded = comments.texts.filter(pa.array(usable)).combine_chunks().dictionary_encode()
    codes = encoded.indices.to_numpy(zero_copy_only=False)
    _, firsts = np.unique(codes, return_index=True)
    return places[np.sort(firsts)]


def _allotted(sizes: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """Share n out equally over strata, no stratum more than it has."""
    wanted = np.zeros_like(sizes)
    while (left := n - int(wanted.sum())) > 0:
        open_ = np.flatnonzero(wanted < sizes)
        each = max(left // open_.size, 1)
        for k in open_.tolist():
            wanted[k] = min(sizes[k], wanted[k] + min(each, n - int(wanted.sum())))
    return wanted


def _weights(company: NDArray[np.integer], drawn: int) -> Floats:
    """Return the inverse of the chance that each comment of a label has to be among those drawn."""
    if not drawn:
        return np.ones(company.size)
    _, place, sizes = np.unique(company, return_inverse=True, return_counts=True)
    # How many companies take part in every turn.
    taking = sizes.size - np.cumsum(np.bincount(sizes))[:-1]
    whole = int(np.searchsorted(np.cumsum(taking), drawn, side="right"))
    left = drawn - int(taking[:whole].sum())
    share = left / int(taking[whole]) if left else 0.0
    chance = (np.minimum(whole, sizes) + (sizes > whole) * share) / sizes
    return np.asarray(1 / chance[place], dtype=np.float64)


def _turns(company: NDArray[np.integer]) -> NDArray[np.int64]:
    """Number the comments of every company from 0 in the order in which they stand."""
    order = np.argsort(company, kind="stable")
    ordered = company[order]
    starts = np.flatnonzero(np.diff(ordered, prepend=-2))
    turn = np.empty(company.size, dtype=np.int64)
    turn[order] = np.arange(company.size) - np.repeat(starts, np.diff(np.append(starts, company.size)))
    return turn
