"""The head of the service engine: what its evidence and the characters of a comment weigh."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from satsurvey.errors import ModelError
from satsurvey.text.array_files import reading_arrays, write_arrays
from satsurvey.text.characters import Characters
from satsurvey.text.evidence import EVIDENCE
from satsurvey.text.lexicon import builtin_path
from satsurvey.text.pairs import PAIR_BUCKETS, pair_sums
from satsurvey.text.readings import ASPECTS, LABELS, NEGATIVE, POSITIVE

Floats = NDArray[np.float64]

SCHEMA = "satsurvey.service_head/2"
STEP = 1024
"""Weights of pairs are whole multiples of 1 / STEP."""
SHARE_OF_LABELS = 0.5
"""What the logits of the labels count for in the polarity, beside the evidence."""
HINTS = ("said_well", "said_ill", "named")
"""What the rules tell about an aspect: an opinion on it, good or ill, and its name."""
SIDES = (NEGATIVE, POSITIVE)
"""The sides that an aspect can be spoken of from, each with weights of its own."""
LEAST_SHARE = -5.0
"""Logarithm below which a label's probability no longer tells an aspect anything."""

_DTYPES = {
    "weights": "<f8",
    "intercepts": "<f8",
    "hints": "<f8",
    "shares": "<f8",
    "buckets": "<i4",
    "pairs": "<i2",
    "two": "<f8",
}
_ANEW = "make them anew: python -m satsurvey.text.head_training"


@dataclass(frozen=True, eq=False)
class Head:
    """A multinomial logistic model of the label, and one of two classes for each side of each aspect.

    Attributes
    ----------
    version
        Version of the weights.
    weights
        Of the evidence for each label, shape (len(EVIDENCE), len(LABELS)).
    intercepts
        Of the labels, then of the aspects spoken ill of, then well; shape (len(LABELS) + 2 len(ASPECTS),).
    hints
        Of the hints for each side of each aspect, shape (len(HINTS), 2, len(ASPECTS)).
    shares
        Of the log-probabilities of the labels for the same, shape (len(LABELS), 2, len(ASPECTS)).
    buckets
        The hashed pairs with a weight, sorted.
    pairs
        Their weights for the labels, then the aspects; int16, in units of 1 / STEP.
    two
        Of the evidence for positive against negative, then the intercept, shape (len(EVIDENCE) + 1,). It is
        fitted with as much of reviews as of answers, so that the polarity holds for long comments too.
    slope
        Turns the logit of positive against negative into that of a probability.
    sources
        The files that the head was fitted to, with their SHA-256.
    """

    version: str
    weights: Floats
    intercepts: Floats
    hints: Floats
    shares: Floats
    buckets: NDArray[np.int64]
    pairs: NDArray[np.int16]
    two: Floats
    slope: float
    sources: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        wrong = _fault(self)
        if wrong:
            raise ModelError(f"These numbers are no head: {wrong}.")

    @cached_property
    def _rows(self) -> NDArray[np.int32]:
        rows = np.full(PAIR_BUCKETS, -1, dtype=np.int32)
        rows[self.buckets] = np.arange(self.buckets.size)
        return rows

    @cached_property
    def _weights(self) -> NDArray[np.int32]:
        return self.pairs.astype(np.int32)

    def logits(self, characters: Characters, evidence: Floats, hints: Floats) -> tuple[Floats, Floats]:
        """Return the logits of labels, shape (len(LABELS), N), and of aspects, shape (2, len(ASPECTS), N).

        The first of the two is the aspect spoken ill of, the second well (`SIDES`).

        Parameters
        ----------
        characters
            N texts.
        evidence
            Shape (len(EVIDENCE), N).
        hints
            Shape (len(HINTS), len(ASPECTS), N).
        """
        sums = pair_sums(characters, self._rows, self._weights) / STEP + self.intercepts[:, None]
        labels = sums[: len(LABELS)]
        aspects = sums[len(LABELS) :].reshape(len(SIDES), len(ASPECTS), -1)
        # Column by column, so that a comment is summed in one order whatever stands beside it.
        for column, weights in zip(evidence, self.weights, strict=True):
            labels += column * weights[:, None]
        for hint, weights in zip(hints, self.hints, strict=True):
            aspects += hint * weights[:, :, None]
        for share, weights in zip(label_shares(labels), self.shares, strict=True):
            aspects += share * weights[:, :, None]
        return labels, aspects

    def polarity(self, evidence: Floats, logits: Floats) -> Floats:
        """Return the probability that a person would call a comment positive rather than negative.

        Parameters
        ----------
        evidence
            Shape (len(EVIDENCE), N).
        logits
            Logits of the labels.
        """
        return np.asarray(0.5 + 0.5 * np.tanh(self.slope * self.difference(evidence, logits) / 2))

    def difference(self, evidence: Floats, logits: Floats) -> Floats:
        """Return the logit of positive against negative before calibration."""
        sums = self.two[-1] + SHARE_OF_LABELS * (logits[POSITIVE] - logits[NEGATIVE])
        for column, weight in zip(evidence, self.two[:-1].tolist(), strict=True):
            sums = sums + column * weight
        return np.asarray(sums)

    def save(self, path: str | Path) -> None:
        """Write the head; the same head gives the same bytes.

        Raises
        ------
        OutputError
            When the file cannot be written.
        """
        about = {
            "schema": SCHEMA,
            "version": self.version,
            "evidence": EVIDENCE,
            "hints": HINTS,
            "sources": dict(self.sources),
        }
        arrays = {name: getattr(self, name).astype(dtype) for name, dtype in _DTYPES.items()}
        write_arrays(path, about, arrays | {"slope": np.array([self.slope], dtype="<f8")}, compressed=True)

    @classmethod
    def load(cls, path: str | Path) -> Head:
        """Read a head from its file; nothing in the file is executed.

        Raises
        ------
        ModelError
            When the file is no head, is damaged, or does not fit this version of the evidence.
        """
        with reading_arrays(path, "the weights of the service engine", _ANEW) as file:
            about = file.about()
            made_for = about["schema"], about["evidence"], about["hints"]
            if made_for != (SCHEMA, list(EVIDENCE), list(HINTS)):
                raise ModelError(
                    "These weights are none for the evidence of this version.", file=path, next_step=_ANEW
                )
            most = {name: 8 * math.prod(shape) for name, shape in _shapes(PAIR_BUCKETS).items()}
            arrays = {name: file.array(name, dtype, most[name]) for name, dtype in _DTYPES.items()}
            (slope,) = file.array("slope", "<f8", 8).tolist()
            buckets = arrays.pop("buckets").astype(np.int64)
            sources = {str(name): str(digest) for name, digest in about["sources"].items()}
            return cls(str(about["version"]), buckets=buckets, slope=slope, sources=sources, **arrays)


def label_shares(logits: Floats) -> Floats:
    """Return the log-probabilities of labels, none below `LEAST_SHARE`; the shape is that of `logits`."""
    centred = logits - logits.max(axis=0)
    total = np.zeros(centred.shape[1])
    for column in np.exp(centred):
        total += column
    return np.asarray(np.maximum(centred - np.log(total), LEAST_SHARE))


def _shapes(pairs: int) -> dict[str, tuple[int, ...]]:
    """Return the shape of every array for so many pairs."""
    k = len(LABELS) + len(SIDES) * len(ASPECTS)
    return {
        "weights": (len(EVIDENCE), len(LABELS)),
        "intercepts": (k,),
        "hints": (len(HINTS), len(SIDES), len(ASPECTS)),
        "shares": (len(LABELS), len(SIDES), len(ASPECTS)),
        "buckets": (pairs,),
        "pairs": (pairs, k),
        "two": (len(EVIDENCE) + 1,),
    }


def _fault(head: Head) -> str | None:
    """Say what keeps numbers from being a head."""
    for name, shape in _shapes(head.buckets.size).items():
        array = getattr(head, name)
        if array.shape != shape:
            return f"{name} is of shape {array.shape} and not {shape}"
        if not np.isfinite(array).all():
            return f"its {name} are not all finite"
    buckets = head.buckets
    if buckets.size and (
        buckets[0] < 0 or buckets[-1] >= PAIR_BUCKETS or (buckets[1:] <= buckets[:-1]).any()
    ):
        return "its buckets are not sorted, distinct and below the number of buckets"
    if head.pairs.dtype != np.int16:
        return f"its weights are {head.pairs.dtype}"
    if not 0 < head.slope < math.inf:
        return f"its slope is {head.slope}"
    return None


@cache
def builtin_head() -> Head:
    """Return the head that comes with satsurvey."""
    return Head.load(builtin_path("service_head.npz"))
