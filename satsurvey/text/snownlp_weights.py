"""The weights of SnowNLP as arrays, read from the files of the installed package without importing it."""

from __future__ import annotations

import gzip
import marshal
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from itertools import chain
from math import inf, log
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from satsurvey.errors import MethodError
from satsurvey.text.marshalled_counts import Counts, read_model

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Weights = TypeVar("Weights")

VERSION = "0.12.3"
"""The SnowNLP that is restated; its text handling stands in its code, not in its files."""
FIRST_HAN, LAST_HAN = 0x4E00, 0x9FA5
"""Characters that SnowNLP cuts into words; everything else stays as it stands between blanks."""
TAGS = ("b", "m", "e", "s")
"""Beginning, middle and end of a word, single character; the order decides between equal probabilities."""
UNKNOWN = 0
"""Number of every character that the segmenter has never seen."""


@dataclass(frozen=True)
class Sightings:
    """Log probabilities of the sequences of tags with which stretches of characters were seen in training.

    Attributes
    ----------
    keys
        Stretches of characters, each as one number; int64, ascending, of shape (K,).
    firsts
        First entry of each stretch; int64 of shape (K + 1,).
    places
        Tags of each entry as one number in base 4, the last tag being the last digit; int64.
    values
        Natural logarithm of the probability of the last character with its tag, given those before; float64.
    """

    keys: Ints
    firsts: Ints
    places: Ints
    values: Floats

    @classmethod
    def of(cls, keys: Ints, places: Ints, values: Floats) -> Sightings:
        """Bring entries in any order together by stretch."""
        order = np.lexsort((places, keys))
        distinct, firsts = np.unique(keys[order], return_index=True)
        return cls(distinct, np.append(firsts, keys.size), places[order], values[order])

    def row_of(self, keys: Ints) -> Ints:
        """Return the position of each key, -1 where the stretch was never seen."""
        row = np.searchsorted(self.keys, keys)
        row[row == self.keys.size] = 0
        row[self.keys[row] != keys] = -1
        return row


@dataclass(frozen=True)
class SegmenterWeights:
    """The character-based generative model of Wang, Zong and Su (2009) as SnowNLP trained it.

    A stretch of characters is numbered in base `alone.shape[0]`. The beginning of a text is a character of
    its own, the last number, and always has tag 0.

    Attributes
    ----------
    numbers
        Number of each character from `FIRST_HAN` to `LAST_HAN`, `UNKNOWN` without any sighting; int64.
    alone
        Log probability of each character and tag where what stands before was never seen before it; float64
        of shape (characters, 4), minus infinity for a tag never seen.
    pairs, triples
        Log probabilities of a character and tag after one and after two seen before it.
    """

    numbers: Ints
    alone: Floats
    pairs: Sightings
    triples: Sightings

    @property
    def beginning(self) -> int:
        """Number of the beginning of a text."""
        return int(self.alone.shape[0]) - 1


@dataclass(frozen=True)
class BayesWeights:
    """SnowNLP's naive Bayes classifier.

    Attributes
    ----------
    rows
        Row of each word in `logs`; words that are not in it have the first row, stop words the second.
    logs
        Log probability of the word in negative and in positive reviews; float64 of shape (words, 2), 0 in the
        row of stop words.
    priors
        Log share of negative and of positive reviews, counted in words; float64 of shape (2,).
    """

    rows: Mapping[str, int]
    logs: Floats
    priors: Floats


@dataclass(frozen=True)
class SnowNlpWeights:
    """All that SnowNLP knows when it reads a comment."""

    segmenter: SegmenterWeights
    bayes: BayesWeights


@cache
def installed_weights() -> SnowNlpWeights:
    """Read the weights of the installed SnowNLP; once in a process.

    Raises
    ------
    MethodError
        If SnowNLP is not installed, in another version, or with files that are not SnowNLP's.
    """
    folder = _folder()
    return SnowNlpWeights(
        _read(folder / "seg" / "seg.marshal.3", _segmenter),
        _read(
            folder / "sentiment" / "sentiment.marshal.3",
            lambda content: _bayes(marshal.loads(content), _stop(folder)),
        ),
    )


def _folder() -> Path:
    """Return the folder of the installed package."""
    found = find_spec("snownlp")
    places = list(found.submodule_search_locations or ()) if found else []
    remedy = f"install it (pip install snownlp=={VERSION}), or use the engine `service`"
    if not places:
        raise MethodError(
            "SnowNLP is not installed; the engine `snownlp` reads its weights", next_step=remedy
        )
    try:
        installed = version("snownlp")
    except PackageNotFoundError:
        installed = "without a version"
    if installed != VERSION:
        raise MethodError(
            "the installed SnowNLP is another than the engine `snownlp` restates",
            file=places[0],
            value=installed,
            expected=VERSION,
            next_step=remedy,
        )
    return Path(places[0])


def _read(file: Path, build: Callable[[bytes], Weights]) -> Weights:
    """Read one file of SnowNLP's, compressed or not as SnowNLP itself takes it."""
    try:
        try:
            content = gzip.decompress(file.read_bytes())
        except gzip.BadGzipFile:
            content = file.read_bytes()
        return build(content)
    except (OSError, EOFError, ValueError, TypeError, LookupError, AttributeError, zlib.error) as exc:
        raise MethodError(
            "a file of the installed SnowNLP cannot be read as its weights",
            file=file,
            expected=f"the file as it comes with SnowNLP {VERSION}, or as SnowNLP's own training saves it",
            next_step=f"install it anew: pip install --force-reinstall snownlp=={VERSION}",
        ) from exc


def _segmenter(content: bytes) -> SegmenterWeights:
    model = read_model(content, {"uni": 1, "bi": 2, "tri": 3})
    if tuple(model["status"]) != TAGS:
        raise ValueError("other tags")
    ones, twos, threes = (model[name]["d"] for name in ("uni", "bi", "tri"))
    numbers = np.zeros(LAST_HAN - FIRST_HAN + 1, dtype=np.int64)
    char = ones.characters[ones.counts != 0]
    known = np.unique(char[(char >= FIRST_HAN) & (char <= LAST_HAN)])
    numbers[known - FIRST_HAN] = 1 + np.arange(known.size)
    size = known.size + 2

    # A state is a character with its tag; the count of a state stands at its number.
    counts, (state,) = _states(ones, numbers, size)
    seen = np.zeros(4 * size)
    seen[state] = counts
    share = model["l1"] * (seen / float(model["uni"]["total"]))

    pair_counts, (before, state) = _states(twos, numbers, size)
    pair_keys = before * (4 * size) + state
    order = np.argsort(pair_keys)
    pair_counts, pair_keys, before, state = pair_counts[order], pair_keys[order], before[order], state[order]
    after_one = share[state] + _divided(model["l2"] * pair_counts, seen[before])
    pairs = Sightings.of(before // 4 * size + state // 4, before % 4 * 4 + state % 4, _logs(after_one))

    counts, (first, before, state) = _states(threes, numbers, size)
    held, context = (_found(pair_keys, a * (4 * size) + b) for a, b in ((before, state), (first, before)))
    # The order of SnowNLP's additions decides the last bit, hence ties.
    low = share[state] + _divided(model["l2"] * np.where(held < 0, 0.0, pair_counts[held]), seen[before])
    high = _divided(model["l3"] * counts, np.where(context < 0, 0.0, pair_counts[context]))
    triples = Sightings.of(
        (first // 4 * size + before // 4) * size + state // 4,
        (first % 4 * 4 + before % 4) * 4 + state % 4,
        _logs(low + high),
    )
    return SegmenterWeights(numbers, _logs(share).reshape(size, 4), pairs, triples)


def _states(found: Counts, numbers: Ints, size: int) -> tuple[Floats, list[Ints]]:
    """Number states; of the sequences made of Chinese characters and beginnings alone, with their counts."""
    beginning = found.tags == ord("B")
    number = np.full(128, -1, dtype=np.int64)
    number[[ord("B"), *map(ord, TAGS)]] = [0, *range(len(TAGS))]
    tag = number[found.tags]
    if (tag < 0).any() or (found.characters[beginning] != 0).any():
        raise ValueError("other tags")
    inside = (found.characters >= FIRST_HAN) & (found.characters <= LAST_HAN)
    char = np.where(inside, numbers[np.where(inside, found.characters - FIRST_HAN, 0)], UNKNOWN)
    char[beginning] = size - 1
    kept = (char != UNKNOWN).all(axis=1)
    return found.counts[kept], list((4 * char + tag)[kept].T)


def _found(keys: Ints, wanted: Ints) -> Ints:
    place = np.minimum(np.searchsorted(keys, wanted), keys.size - 1)
    return np.where(keys[place] == wanted, place, -1)


def _divided(above: Floats, below: Floats) -> Floats:
    """Divide; what is divided by zero is zero, as SnowNLP has it."""
    return np.divide(above, below, out=np.zeros_like(above), where=below != 0)


def _logs(values: Floats) -> Floats:
    # NumPy's own logarithm may differ from the one that SnowNLP uses in the last bit.
    return np.array([log(value) if value else -inf for value in values.tolist()])


def _bayes(model: Mapping[str, Any], stop: frozenset[str]) -> BayesWeights:
    sides = [model["d"][name] for name in ("neg", "pos")]
    if len(model["d"]) != len(sides):
        raise ValueError("other classes")
    words = dict.fromkeys(chain.from_iterable(side["d"] for side in sides))
    logs = np.zeros((len(words) + 2, 2))
    priors = np.zeros(2)
    for column, side in enumerate(sides):
        total, unseen = side["total"], side["none"]
        # Few counts are distinct.
        log_of = cache(lambda count, total=total: log(float(count) / total))
        logs[0, column] = log_of(unseen)
        logs[2:, column] = [log_of(side["d"].get(word, unseen)) for word in words]
        priors[column] = log(total) - log(model["total"])
    rows = {word: row for row, word in enumerate(words, start=2)} | dict.fromkeys(stop, 1)
    return BayesWeights(rows, logs, priors)


def _stop(folder: Path) -> frozenset[str]:
    lines = (folder / "normal" / "stopwords.txt").read_bytes().decode("utf-8").splitlines()
    return frozenset(line.strip() for line in lines)
