"""The optional engine that reads with a transformer of the user's own, from a local folder."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from satsurvey.errors import MethodError, ModelError, shorten
from satsurvey.text.readings import NEGATIVE, NEUTRAL, NONE, POSITIVE, Mentions, Readings

Floats = NDArray[np.float64]

FILES = ("model.onnx", "tokenizer.json", "config.json")
MOST_TOKENS = 512
TOGETHER = 8
"""Comments in one run of the model; a run is filled up, so that its shape never depends on the batch."""
LEAST_TOKENS = 4
"""A model that takes fewer tokens than these reads no comment: two are marks of beginning and end."""
_LENGTHS = (16, 32, 64, 128, 256, 512)
_KNOWN = {
    NEGATIVE: ("negative", "neg", "负面", "负向", "消极", "差评", "不满意", "1 star", "2 stars"),
    NEUTRAL: ("neutral", "neu", "中性", "中立", "一般", "3 stars"),
    POSITIVE: ("positive", "pos", "正面", "正向", "积极", "好评", "满意", "4 stars", "5 stars"),
}
_HAN = re.compile("[\u3400-\u9fff\uf900-\ufaff]")


class OnnxEngine:
    """Reads comments with a sentiment classifier in ONNX form.

    Parameters
    ----------
    folder
        A folder with `model.onnx`, `tokenizer.json` (of the tokenizers library) and `config.json`, whose
        `id2label` says which output is which: positive, negative and, if there is one, neutral, in English or
        Chinese, or one to five stars.

    Raises
    ------
    MethodError
        onnxruntime or tokenizers is not installed.
    ModelError
        The folder lacks a file, a file cannot be read, or the labels cannot be told.

    Notes
    -----
    Nothing is ever fetched. Polarity is P(positive) / (P(positive) + P(negative)); the label is the likelier
    of the two, or neutral where that output is the likeliest of all. Transformers name no aspects: there are
    no mentions. Comments without a Chinese character are `none`. Comments are cut off at 512 tokens, and run
    in batches of one shape on one thread, so that a comment's numbers do not depend on its neighbours.
    Outputs that are no numbers are refused when reading, with a `ModelError`.
    """

    worth_sharing = 8 * TOGETHER
    """Comments below which other processes cost more than they bring; a transformer is slow."""

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        for name in FILES:
            if not (self.folder / name).is_file():
                raise ModelError(
                    f"the folder of the transformer has no {name}",
                    file=self.folder,
                    expected=", ".join(FILES),
                    next_step="export the model to ONNX and put its tokenizer and configuration beside it",
                )
        try:
            import onnxruntime
            import tokenizers
        except ImportError as exc:
            raise MethodError(
                f"a transformer needs a library that is not installed: {exc.name}",
                next_step="pip install 'satsurvey[onnx]'",
            ) from exc
        config = _configuration(self.folder / "config.json")
        self._of_output = _labels(config, self.folder / "config.json")
        self._most = _most_tokens(config, self.folder / "config.json")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 4
        try:
            self._session = onnxruntime.InferenceSession(
                str(self.folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
            )
        except Exception as exc:  # the library's own classes differ from version to version
            raise _unusable(self.folder / "model.onnx", exc) from exc
        try:
            self._tokenizer = tokenizers.Tokenizer.from_file(str(self.folder / "tokenizer.json"))
        except Exception as exc:
            raise _unusable(self.folder / "tokenizer.json", exc) from exc
        try:
            self._tokenizer.enable_truncation(self._most)
            self._tokenizer.no_padding()
        except Exception as exc:
            raise _unusable(self.folder / "tokenizer.json", exc) from exc
        self._inputs = [found.name for found in self._session.get_inputs()]
        strange = set(self._inputs) - {"input_ids", "attention_mask", "token_type_ids"}
        if "input_ids" not in self._inputs or strange:
            raise ModelError(
                "the model takes other inputs than a classifier of texts does",
                file=self.folder / "model.onnx",
                value=", ".join(self._inputs),
                expected="input_ids, attention_mask, token_type_ids",
            )

    @property
    def name(self) -> str:
        """Name of the folder, as provenance has it."""
        return f"onnx {self.folder.name}"

    def read(self, texts: Sequence[str | None]) -> Readings:
        """Read comments; None, "" and comments without Chinese are `none`."""
        label = np.full(len(texts), NONE, dtype=np.int8)
        polarity = np.full(len(texts), np.nan)
        places = [k for k, text in enumerate(texts) if text and _HAN.search(text)]
        if places:
            chances = self._chances([_encodable(texts[k]) for k in places])
            good, bad, between = (
                chances[:, self._of_output == name].sum(axis=1) for name in (POSITIVE, NEGATIVE, NEUTRAL)
            )
            told = good + bad
            own = np.where(told > 0, good / np.where(told > 0, told, 1.0), 0.5)
            best = np.where(own >= 0.5, POSITIVE, NEGATIVE)
            label[places] = np.where(between > np.maximum(good, bad), NEUTRAL, best)
            polarity[places] = own
        return Readings(label, polarity, Mentions.nothing())

    def _chances(self, texts: Sequence[str]) -> Floats:
        """Return the probability of every output, shape (N, K)."""
        try:
            tokens = [encoding.ids or [0] for encoding in self._tokenizer.encode_batch(list(texts))]
        except Exception as exc:
            raise _unusable(self.folder / "tokenizer.json", exc) from exc
        chances = np.zeros((len(texts), self._of_output.size))
        by_length: dict[int, list[int]] = {}
        for place, ids in enumerate(tokens):
            by_length.setdefault(next((n for n in _LENGTHS if n >= len(ids)), _LENGTHS[-1]), []).append(place)
        for length, places in sorted(by_length.items()):
            length = min(length, self._most)
            for first in range(0, len(places), TOGETHER):
                some = places[first : first + TOGETHER]
                given = np.zeros((TOGETHER, length), dtype=np.int64)
                mask = np.zeros((TOGETHER, length), dtype=np.int64)
                for row, place in enumerate(some):
                    given[row, : len(tokens[place])] = tokens[place]
                    mask[row, : len(tokens[place])] = 1
                mask[len(some) :, 0] = 1  # a row that masks everything would divide by zero
                chances[some] = self._run(given, mask, len(some))
        return chances

    def _run(self, ids: NDArray[np.int64], mask: NDArray[np.int64], n: int) -> Floats:
        """Return the probabilities of the first n rows; the others only fill the run up."""
        given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        try:
            (scores, *_) = self._session.run(None, {name: given[name] for name in self._inputs})
        except Exception as exc:
            raise _unusable(self.folder / "model.onnx", exc) from exc
        scores = np.asarray(scores, dtype=np.float64)
        if scores.shape != (ids.shape[0], self._of_output.size):
            raise ModelError(
                "the model gives another number of outputs than its labels",
                file=self.folder / "model.onnx",
                value=str(scores.shape[1:]),
                expected=f"{self._of_output.size} labels of config.json",
            )
        scores = scores[:n]
        if not np.isfinite(scores).all():
            raise ModelError(
                "the model gives outputs that are no numbers",
                file=self.folder / "model.onnx",
                value=str(scores[~np.isfinite(scores)][0]),
                expected="finite numbers",
                next_step="export the model again, in single precision",
            )
        grown = np.exp(scores - scores.max(axis=1, keepdims=True))
        return np.asarray(grown / grown.sum(axis=1, keepdims=True))


def _configuration(path: Path) -> Mapping[str, Any]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as exc:
        raise _unusable(path, exc) from exc
    if not isinstance(data, dict):
        raise _unusable(path, ValueError("object"))
    return data


def _labels(config: Mapping[str, Any], path: Path) -> NDArray[np.int8]:
    """Return which of our labels every output stands for."""
    named = config.get("id2label")
    step = "give the label of every output there, by its number"
    expected = "positive, negative and, if there is one, neutral; or 1 star to 5 stars"
    if not isinstance(named, dict) or sorted(named) != sorted(map(str, range(len(named)))) or len(named) < 2:
        raise ModelError(
            "the configuration of the transformer does not say which output is which (id2label)",
            file=path,
            value=named if named is None else str(named),
            expected=expected,
            next_step=step,
        )
    words = {word: label for label, known in _KNOWN.items() for word in known}
    found = [words.get(" ".join(str(named[str(k)]).lower().split()), -1) for k in range(len(named))]
    unknown = [str(named[str(k)]) for k, label in enumerate(found) if label < 0]
    if unknown or not {NEGATIVE, POSITIVE} <= set(found):
        raise ModelError(
            "the labels of the transformer cannot be told",
            file=path,
            value=", ".join(str(named[str(k)]) for k in range(len(named))),
            expected=expected,
            next_step=step,
        )
    return np.array(found, dtype=np.int8)


def _most_tokens(config: Mapping[str, Any], path: Path) -> int:
    """Return how many tokens of a comment the model takes."""
    most = config.get("max_position_embeddings")
    if most is None or most == -1:  # some configurations have -1 for no limit
        return MOST_TOKENS
    if not isinstance(most, int) or isinstance(most, bool) or most < LEAST_TOKENS:
        raise ModelError(
            "the configuration of the transformer gives no number of tokens that can be used "
            "(max_position_embeddings)",
            file=path,
            value=shorten(most),
            expected=f"{LEAST_TOKENS} or more",
        )
    return min(most, MOST_TOKENS)


def _encodable(text: str | None) -> str:
    # Halves of surrogate pairs have no place in UTF-8, which the tokenizer takes.
    return (text or "").encode("utf-8", "replace").decode("utf-8")


def _unusable(path: Path, exc: Exception) -> ModelError:
    said = shorten(str(exc).strip().split("\n")[0] or type(exc).__name__)
    return ModelError(f"the transformer cannot be used: {said}", file=path)
