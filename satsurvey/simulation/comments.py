"""Simulated open comments in Chinese that agree with the respondent's score and name what it was about."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

BLANK, NONE, NEGATIVE, POSITIVE = 0, 1, 2, 3
"""What a comment is: no text at all, a "nothing to say", a complaint or wish, praise."""


@dataclass(frozen=True)
class CommentTruth:
    """What each comment was made to say.

    Attributes
    ----------
    kind
        uint8 per row: `BLANK`, `NONE`, `NEGATIVE` or `POSITIVE`.
    strong
        Whether the sentence is one for very high or very low scores.
    aspect
        The aspect spoken of (position in `aspects`), -1 where there is none.
    aspects
        Names of the aspects.
    """

    kind: NDArray[np.uint8]
    strong: NDArray[np.bool_]
    aspect: NDArray[np.int8]
    aspects: tuple[str, ...]


@lru_cache(maxsize=1)
def _phrases() -> Mapping[str, Any]:
    return tomllib.loads(Path(__file__).with_name("phrases.toml").read_text(encoding="utf-8"))


def aspect_names() -> tuple[str, ...]:
    """Name the aspects of service for which there are phrases."""
    return tuple(_phrases()["aspects"])


def write_comments(
    rng: np.random.Generator,
    scores: NDArray[np.float64],
    dimension_scores: NDArray[np.float64],
    *,
    aspects: Sequence[str],
    about: str,
    unanswered: float,
) -> tuple[NDArray[np.str_], CommentTruth]:
    """Write one comment for every respondent.

    Parameters
    ----------
    rng
        Source of the draws.
    scores
        Each respondent's own score, 0-100, NaN where nothing was answered; shape (rows,).
    dimension_scores
        Each respondent's score by dimension, shape (dimensions, rows), NaN where nothing was answered.
    aspects
        The aspect that each dimension is spoken of as.
    about
        `"pleased"` (what pleased you), `"displeased"` (what should improve) or `"mixed"` (one open question).
    unanswered
        Share of empty cells, 0-1.

    Returns
    -------
    texts, truth
        The comments, and what each was made to say.

    Notes
    -----
    What pleased is answered by those who score high and what displeased by those who score low, with logistic
    chances centred at 58 and 86 points; the aspect is the best or the worst dimension of the respondent.
    """
    names = aspect_names()
    known = np.isfinite(scores)
    score = np.where(known, scores, 50.0)
    draw = rng.random((3, score.size))
    praise_chance = 1 / (1 + np.exp(-(score - 58.0) / 7.0))
    blame_chance = 1 / (1 + np.exp((score - 86.0) / 6.0))
    if about == "pleased":
        kind = np.where(draw[0] < praise_chance, POSITIVE, NONE)
    elif about == "displeased":
        kind = np.where(draw[0] < blame_chance, NEGATIVE, NONE)
    else:
        kind = np.where(draw[0] < 1 / (1 + np.exp(-(score - 72.0) / 5.0)), POSITIVE, NEGATIVE)
        kind = np.where(draw[2] < 0.25, NONE, kind)
    kind = np.where(known, kind, NONE)
    kind = np.where(draw[1] < unanswered, BLANK, kind).astype(np.uint8)
    strong = ((kind == POSITIVE) & (score >= 85)) | ((kind == NEGATIVE) & (score < 65))
    aspect = _aspect(rng, dimension_scores, kind, [names.index(aspect) for aspect in aspects])
    truth = CommentTruth(kind, strong, aspect, names)
    return _texts(rng, truth), truth


def _aspect(
    rng: np.random.Generator,
    dimension_scores: NDArray[np.float64],
    kind: NDArray[np.uint8],
    positions: Sequence[int],
) -> NDArray[np.int8]:
    """Pick the respondent's best dimension for praise, the worst for blame; chance parts equals."""
    spoken = (kind == POSITIVE) | (kind == NEGATIVE)
    # Dimensions differ in level for everybody; what stands out is the distance from the dimension's own mean.
    counts = np.isfinite(dimension_scores).sum(axis=1, keepdims=True)
    level = np.where(np.isfinite(dimension_scores), dimension_scores, 0.0).sum(axis=1, keepdims=True)
    apart = dimension_scores - level / np.maximum(counts, 1) + rng.random(dimension_scores.shape) * 1e-3
    best = np.where(np.isfinite(apart), apart, -np.inf).argmax(axis=0)
    worst = np.where(np.isfinite(apart), apart, np.inf).argmin(axis=0)
    table = np.array(positions, dtype=np.int8)
    chosen = np.where(kind == POSITIVE, table[best], table[worst])
    return np.where(spoken, chosen, -1).astype(np.int8)


def _texts(rng: np.random.Generator, truth: CommentTruth) -> NDArray[np.str_]:
    phrases = _phrases()
    texts = np.full(truth.kind.size, "", dtype="<U64")
    style = rng.random(texts.size)
    nothing = truth.kind == NONE
    texts[nothing] = _pick(rng, phrases["none"], int(nothing.sum()))
    for kind, tone in ((POSITIVE, "positive"), (NEGATIVE, "negative")):
        for position, aspect in enumerate(truth.aspects):
            for strong, strength in ((True, "strong"), (False, "mild")):
                rows = np.flatnonzero(
                    (truth.kind == kind) & (truth.aspect == position) & (truth.strong == strong)
                )
                if not rows.size:
                    continue
                leads = np.where(
                    style[rows] < 0.62,
                    "",
                    np.where(
                        style[rows] < 0.9,
                        _pick(rng, phrases["lead_in"]["spoken"], rows.size),
                        _pick(rng, phrases["lead_in"]["reported"], rows.size),
                    ),
                )
                sentence = _pick(rng, phrases["aspects"][aspect][tone][strength], rows.size)
                ending = _pick(rng, phrases["ending"][tone][strength], rows.size)
                texts[rows] = np.char.add(np.char.add(leads, sentence), ending)
    return texts


def _pick(rng: np.random.Generator, choices: Sequence[str], size: int) -> NDArray[np.str_]:
    picked: NDArray[np.str_] = np.array(choices)[rng.integers(len(choices), size=size)]
    return picked
