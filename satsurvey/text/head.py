"""The head of the service engine: what its evidence and the characters of a comment weigh."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from satsurvey.errors import ModelError
from satsurvey.text.characters import Characters
from satsurvey.text.evidence import EVIDENCE
from satsurvey.text.lexicon import builtin_path
from satsurvey.text.pairs import PAIR_BUCKETS, pair_sums
from satsurvey.text.readings import LABELS, NEGATIVE, POSITIVE

Floats = NDArray[np.float64]

SCHEMA = "satsurvey.service_head/1"
STEP = 1024
"""Weights of pairs are whole multiples of 1 / STEP."""
SHARE_OF_LABELS = 0.5
"""What the logits of the labels count for in the polarity, beside the evidence."""
HINTS = ("said_well", "said_ill", "named")
"""What the rules tell about an aspect: an opinion on it, good or ill, and its name."""


@dataclass(frozen=True, eq=False)
class Head:
    """A multinomial logistic model of the label, and one of two classes for each aspect.

    Attributes
    ----------
    version
        Version of the weights.
    weights
        Of the evidence for each label, shape (len(EVIDENCE), len(LABELS)).
    intercepts
        Of the labels, then of the aspects, shape (len(LABELS) + len(ASPECTS),).
    hints
        Of the hints for each aspect, shape (len(HINTS), len(ASPECTS)).
    buckets
        The hashed pairs with a weight, sorted.
    pairs
        Their weights for the labels, then the aspects; int16, in units of 1 / STEP.
    two
        Of the evidence for positive against negative, then the intercept, shape (len(EVIDENCE) + 1,). It is
        fitted with as much of reviews as of answers, so that the polarity holds for long comments too.
    slope
        Turns the logit of positive against negative into that of a probability.
    """

    version: str
    weights: Floats
    intercepts: Floats
    hints: Floats
    buckets: NDArray[np.int64]
    pairs: NDArray[np.int16]
    two: Floats
    slope: float

    @cached_property
    def _rows(self) -> NDArray[np.int32]:
        rows = np.full(PAIR_BUCKETS, -1, dtype=np.int32)
        rows[self.buckets] = np.arange(self.buckets.size)
        return rows

    @cached_property
    def _weights(self) -> NDArray[np.int32]:
        return self.pairs.astype(np.int32)

    def logits(self, characters: Characters, evidence: Floats, hints: Floats) -> tuple[Floats, Floats]:
        """Return the logits of labels, shape (len(LABELS), N), and of aspects, shape (len(ASPECTS), N).

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
        labels, aspects = sums[: len(LABELS)], sums[len(LABELS) :]
        # Column by column, so that a comment is summed in one order whatever stands beside it.
        for column, weights in zip(evidence, self.weights, strict=True):
            labels += column * weights[:, None]
        for hint, weights in zip(hints, self.hints, strict=True):
            aspects += hint * weights[:, None]
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

    def save(self, path: Path) -> None:
        """Write the head; the same head gives the same bytes."""
        about = {"schema": SCHEMA, "version": self.version, "evidence": EVIDENCE, "hints": HINTS}
        members = {
            "about": np.frombuffer(json.dumps(about, sort_keys=True).encode(), dtype=np.uint8),
            "weights": self.weights,
            "intercepts": self.intercepts,
            "hints": self.hints,
            "buckets": self.buckets.astype(np.int32),
            "pairs": self.pairs,
            "two": self.two,
            "slope": np.array([self.slope]),
        }
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
            for name, array in members.items():
                buffer = io.BytesIO()
                np.lib.format.write_array(buffer, np.ascontiguousarray(array), allow_pickle=False)
                file.writestr(zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0)), buffer.getvalue())

    @classmethod
    def load(cls, path: Path) -> Head:
        """Read a head from its file.

        Raises
        ------
        ModelError
            When it does not fit this version of the evidence.
        """
        with np.load(path, allow_pickle=False) as file:
            members: Mapping[str, NDArray[Any]] = {name: file[name] for name in file.files}
        about = json.loads(members["about"].tobytes())
        if about["schema"] != SCHEMA or about["evidence"] != list(EVIDENCE) or about["hints"] != list(HINTS):
            raise ModelError(
                "These weights are none for the evidence of this version.",
                next_step="make them anew: python -m satsurvey.text.head_training",
            )
        return cls(
            str(about["version"]),
            members["weights"],
            members["intercepts"],
            members["hints"],
            members["buckets"].astype(np.int64),
            members["pairs"],
            members["two"],
            float(members["slope"][0]),
        )


@cache
def builtin_head() -> Head:
    """Return the head that comes with satsurvey."""
    return Head.load(builtin_path("service_head.npz"))
