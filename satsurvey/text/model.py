"""Linear models over hashed n-grams of comments: what they answer, and the file they are kept in."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from satsurvey.errors import ModelError
from satsurvey.text.array_files import reading_arrays, write_arrays
from satsurvey.text.characters import Characters
from satsurvey.text.ngrams import BUCKETS, FEATURES, summed

Floats = NDArray[np.float64]

SCHEMA = "satsurvey.ngrams/1"
MOST_OUTPUTS = 64

_WHAT = "a model of comments"


@dataclass(frozen=True, eq=False)
class NgramModel:
    """K linear scores over the same n-grams.

    The logit of output k for a text with n-grams g is ``intercepts[k] + sum(values[g, k]) / len(g) ** 0.75``:
    between a sum, which makes long texts extreme, and a mean, which makes them all alike.

    Attributes
    ----------
    outputs
        What each output speaks for, such as ``("positive",)``.
    buckets
        The M hashed n-grams with a weight, sorted; int64.
    values
        Their weights, shape (M, K); float16, as they are kept in the file.
    intercepts
        Shape (K,).
    calibration
        Slope and intercept per output, shape (K, 2): the probability is
        ``expit(calibration[k, 0] * logit + calibration[k, 1])``.
    thresholds
        Logit from which on an output is said to hold, shape (K,).
    about
        Where the model comes from: sources, counts, seed, figures; what JSON can hold.
    """

    outputs: tuple[str, ...]
    buckets: NDArray[np.int64]
    values: NDArray[np.float16]
    intercepts: Floats
    calibration: Floats
    thresholds: Floats
    about: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        wrong = _fault(self)
        if wrong:
            raise ModelError(f"These numbers are no model of comments: {wrong}.")

    @cached_property
    def sha256(self) -> str:
        """Fingerprint of everything that decides an answer."""
        digest = hashlib.sha256(f"{SCHEMA} {FEATURES} {self.outputs!r}".encode())
        for array in (self.buckets, self.values, self.intercepts, self.calibration, self.thresholds):
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()

    @cached_property
    def _table(self) -> tuple[NDArray[np.int32] | None, NDArray[np.float32]]:
        """Row of every bucket, and the weights of every row, as `summed` takes them."""
        m, k = self.values.shape
        if k == 1:
            table = np.zeros((BUCKETS + 1, 1), dtype=np.float32)
            table[self.buckets] = self.values
            return None, table
        rows = np.full(BUCKETS + 1, m, dtype=np.int32)
        rows[self.buckets] = np.arange(m, dtype=np.int32)
        return rows, np.vstack([self.values.astype(np.float32), np.zeros((1, k), np.float32)])

    def all_logits(self, characters: Characters) -> Floats:
        """Return the logit of every output for N texts, shape (N, K).

        A text has the same logits, bit for bit, in any batch and order.
        """
        sums, count = summed(characters, *self._table)
        return self.intercepts + sums / damped(count)[:, None]

    def logits(self, characters: Characters) -> Floats:
        """Return the logits of the first output for N texts, shape (N,)."""
        return self.all_logits(characters)[:, 0]

    def probabilities(self, logits: Floats) -> Floats:
        """Turn logits, of shape (N, K), or (N,) of the first output, into calibrated probabilities."""
        slope, intercept = self.calibration[0] if logits.ndim == 1 else self.calibration.T
        return np.asarray(0.5 + 0.5 * np.tanh((slope * logits + intercept) / 2))

    def save(self, path: str | Path) -> None:
        """Write the model; the same model gives the same bytes.

        Raises
        ------
        OutputError
            When the file cannot be written.
        """
        held = np.zeros(BUCKETS, dtype=np.bool_)
        held[self.buckets] = True
        about = {
            "schema": SCHEMA,
            "features": FEATURES,
            "outputs": self.outputs,
            "sha256": self.sha256,
            "about": dict(self.about),
        }
        numbers = np.column_stack([self.intercepts, self.calibration, self.thresholds])
        arrays = {
            "held": np.packbits(held),
            "values": self.values.astype("<f2"),
            "numbers": numbers.astype("<f8"),
        }
        write_arrays(path, about, arrays)

    @classmethod
    def load(cls, path: str | Path) -> NgramModel:
        """Read a model; nothing in the file is executed, and its size is limited before it is read.

        Raises
        ------
        ModelError
            When the file is no model, is damaged, or belongs to another version.
        """
        with reading_arrays(path, _WHAT, "train the model again") as file:
            about = file.about()
            schema = about["schema"], about["features"]
            if schema != (SCHEMA, FEATURES):
                raise ModelError(
                    "The model was made for another version of satsurvey.",
                    file=path,
                    value=f"{schema[0]}, n-grams {schema[1]}",
                    expected=f"{SCHEMA}, n-grams {FEATURES}",
                    next_step="train it again with this version",
                )
            held = np.unpackbits(file.array("held", "|u1", BUCKETS // 8)).view(np.bool_)
            numbers = file.array("numbers", "<f8", MOST_OUTPUTS * 4 * 8)
            model = cls(
                outputs=tuple(about["outputs"]),
                buckets=np.flatnonzero(held),
                values=file.array("values", "<f2", BUCKETS * 2 * MOST_OUTPUTS),
                intercepts=numbers[:, 0],
                calibration=numbers[:, 1:3],
                thresholds=numbers[:, 3],
                about=dict(about["about"]),
            )
            if model.sha256 != about["sha256"]:
                raise ValueError("its numbers are not those it was written with")
        return model


@cache
def builtin_sentiment() -> NgramModel:
    """Return the model that comes with satsurvey: one output, ``positive`` against negative."""
    with as_file(files("satsurvey.text").joinpath("data/sentiment.npz")) as path:
        return NgramModel.load(path)


def damped(count: NDArray[np.int64]) -> Floats:
    """Return ``count ** 0.75``, at least 1, from square roots: these are rounded alike everywhere."""
    root = np.sqrt(np.maximum(count, 1))
    return np.asarray(root * np.sqrt(root))


_NUMBERS = ("values", "intercepts", "calibration", "thresholds")


def _fault(model: NgramModel) -> str | None:
    """Say what keeps numbers from being a model."""
    k, m = len(model.outputs), model.buckets.size
    if not 1 <= k <= MOST_OUTPUTS or not all(isinstance(name, str) for name in model.outputs):
        return f"it has {k} named outputs"
    shapes = tuple(getattr(model, name).shape for name in ("buckets", *_NUMBERS))
    if shapes != ((m,), (m, k), (k,), (k, 2), (k,)):
        return f"shapes {shapes} do not fit together for {k} outputs"
    if m and (
        model.buckets[0] < 0
        or model.buckets[-1] >= BUCKETS
        or (model.buckets[1:] <= model.buckets[:-1]).any()
    ):
        return "its buckets are not sorted, distinct and below the number of buckets"
    if model.values.dtype != np.float16:
        return f"its weights are {model.values.dtype}"
    for name in _NUMBERS:
        if not np.isfinite(getattr(model, name)).all():
            return f"its {name} are not all finite"
    return None
