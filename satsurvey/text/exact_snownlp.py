"""The engine `snownlp`: exactly the number that SnowNLP gives each comment, in batches, remembered."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager
from itertools import pairwise, repeat
from math import exp, inf, nan
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from satsurvey.errors import MethodError
from satsurvey.text.readings import NEGATIVE, NEUTRAL, NONE, POSITIVE, Mentions, Readings
from satsurvey.text.snownlp_weights import FIRST_HAN, LAST_HAN, VERSION, SnowNlpWeights, installed_weights
from satsurvey.text.snownlp_words import cut_words

Floats = NDArray[np.float64]

STRIDE = 16_384
"""Comments looked at together; no result depends on it."""
_CHARACTERS_AT_ONCE = 500_000
_WORTH_SHARING = 2_000
"""New comments below which other processes cost more than they bring."""


class SnowNlpEngine:
    """Reads comments as SnowNLP does, number for number, some hundred times faster.

    Parameters
    ----------
    neutral_from, positive_from
        SnowNLP gives one number and no label. Here, as is customary, a comment is negative below
        `neutral_from`, positive from `positive_from` on and neutral between; 0-1.
    processes
        Processes that share the reading of many new comments; the numbers are the same with any. A program
        that asks for more than one starts its work under ``if __name__ == "__main__":``.
    remembered
        Number of distinct comments, of 64 characters on average, whose numbers are kept for the next time.

    Raises
    ------
    MethodError
        If an option cannot be used. When reading: if SnowNLP 0.12.3 is not installed as it was published.

    Notes
    -----
    The polarity is ``SnowNLP(comment).sentiments`` to the last bit: the words are cut by the same
    second-order Markov model over characters (Wang, Zong and Su, 2009) and the logarithms are added in the
    same order. It is no calibrated probability. A comment without a single Chinese character is `none` here
    with polarity NaN, although SnowNLP has a number for all but the empty one; `sentiments` gives that too.
    SnowNLP's weights are read when the first comment is; SnowNLP itself is not imported.
    """

    def __init__(
        self,
        *,
        neutral_from: float = 0.4,
        positive_from: float = 0.6,
        processes: int = 1,
        remembered: int = 200_000,
    ) -> None:
        if not 0 <= neutral_from <= positive_from <= 1:
            raise MethodError(
                "the limits between negative, neutral and positive are out of order",
                value=(neutral_from, positive_from),
                expected="0 <= neutral_from <= positive_from <= 1",
            )
        for name, number, least in (("processes", processes, 1), ("remembered", remembered, 0)):
            if not isinstance(number, int) or number < least:
                raise MethodError(
                    f"`{name}` is no number that can be used", value=number, expected=f">= {least}"
                )
        self.neutral_from = neutral_from
        self.positive_from = positive_from
        self.processes = processes
        self._memory = _Memory(remembered)

    @property
    def name(self) -> str:
        """Name and version, as provenance has it."""
        return f"snownlp {VERSION}"

    def read(self, texts: Sequence[str | None]) -> Readings:
        """Read comments; None, "" and comments without a Chinese character are `none`."""
        marked = self._marked(texts)
        polarity = np.where(np.signbit(marked), nan, marked)
        label = np.full(polarity.size, NEUTRAL, dtype=np.int8)
        label[polarity < self.neutral_from] = NEGATIVE
        label[polarity >= self.positive_from] = POSITIVE
        label[np.isnan(polarity)] = NONE
        return Readings(label, polarity, Mentions.nothing())

    def sentiments(self, texts: Sequence[str | None]) -> Floats:
        """Return SnowNLP's number of each comment, NaN where it has none: for "" and None.

        Returns
        -------
        ndarray
            float64 of shape (N,), 0 (ill) to 1 (well).
        """
        return np.abs(self._marked(texts))

    def _marked(self, texts: Sequence[str | None]) -> Floats:
        """Return the numbers, with a minus sign (also before 0) where there is no Chinese character."""
        if isinstance(texts, str):
            raise MethodError(
                "one comment was given where a list of them belongs", value=texts, expected="[text]"
            )
        marked = np.full(len(texts), nan)
        with self._reader() as read:
            for first in range(0, len(texts), STRIDE):
                some = list(texts[first : first + STRIDE])
                numbers = self._memory.numbers_of(some)
                places = [place for place in np.flatnonzero(np.isnan(numbers)).tolist() if some[place]]
                new: dict[str, float] = dict.fromkeys((_checked(some[k], first + k) for k in places), nan)
                if new:
                    new = dict(zip(new, read(list(new)).tolist(), strict=True))
                    numbers[places] = [new[some[place]] for place in places]  # type: ignore[index]
                    self._memory.keep(new)
                marked[first : first + STRIDE] = numbers
        return marked

    @contextmanager
    def _reader(self) -> Iterator[Callable[[Sequence[str]], Floats]]:
        """Hand out what reads distinct texts; other processes live as long as they are needed."""
        if self.processes == 1:
            yield lambda new: _read(new, installed_weights())
            return
        pool: ProcessPoolExecutor | None = None
        with ExitStack() as until_done:

            def read(new: Sequence[str]) -> Floats:
                nonlocal pool
                if len(new) < _WORTH_SHARING:
                    return _read(new, installed_weights())
                parts = [new[k :: 4 * self.processes] for k in range(4 * self.processes)]
                numbers = np.empty(len(new))
                try:
                    pool = pool or self._pool(until_done)
                    for k, part in enumerate(pool.map(_read_there, parts)):
                        numbers[k :: 4 * self.processes] = part
                except (BrokenProcessPool, OSError) as exc:
                    raise MethodError(
                        "the processes that should share the reading of comments cannot work",
                        value=exc,
                        next_step='start the work under `if __name__ == "__main__":`, or use one process',
                    ) from exc
                return numbers

            yield read

    def _pool(self, until_done: ExitStack) -> ProcessPoolExecutor:
        # By a file: a process that dies at its start would leave the sender of so much waiting for ever.
        file = Path(until_done.enter_context(TemporaryDirectory(prefix="satsurvey-"))) / "weights"
        file.write_bytes(pickle.dumps(installed_weights()))
        pool = ProcessPoolExecutor(
            self.processes, get_context("spawn"), initializer=_take, initargs=(str(file),)
        )
        until_done.callback(pool.shutdown, cancel_futures=True)
        return pool


def snownlp_sentiments(texts: Sequence[str | None], processes: int = 1) -> Floats:
    """Return ``SnowNLP(text).sentiments`` of each text, bit for bit, without the wait.

    Parameters
    ----------
    texts
        N texts; None and "", for which SnowNLP divides by zero, become NaN.
    processes
        Processes that share the work; the numbers are the same with any.

    Returns
    -------
    ndarray
        float64 of shape (N,), 0 (ill) to 1 (well).

    Raises
    ------
    MethodError
        If SnowNLP 0.12.3 is not installed as it was published, or something in `texts` is no text.

    Examples
    --------
    >>> snownlp_sentiments(["服务态度很好", "等太久了"]).round(3)
    array([0.689, 0.45 ])
    """
    return SnowNlpEngine(processes=processes, remembered=0).sentiments(texts)


class _Memory:
    """The numbers of texts read before; when it is full, the older half is forgotten."""

    def __init__(self, texts: int) -> None:
        self._most = texts // 2
        self._young: dict[str | None, float] = {}
        self._old: dict[str | None, float] = {}
        self._characters = 0

    def numbers_of(self, texts: Sequence[str | None]) -> Floats:
        """Return the numbers that are known, NaN for the others."""
        numbers = np.fromiter(map(self._young.get, texts, repeat(nan)), dtype=np.float64, count=len(texts))
        if self._old:
            missing = np.flatnonzero(np.isnan(numbers))
            numbers[missing] = [self._old.get(texts[place], nan) for place in missing.tolist()]
        return numbers

    def keep(self, numbers: dict[str, float]) -> None:
        """Remember numbers of texts."""
        for text, number in numbers.items():
            if len(self._young) >= self._most or self._characters >= 64 * self._most:
                self._old, self._young, self._characters = self._young, {}, 0
            if self._most:
                self._young[text] = number
                self._characters += len(text)


def _checked(text: object, place: int) -> str:
    if not isinstance(text, str):
        raise MethodError(
            "something among the comments is no text", row=place + 1, value=text, expected="text or None"
        )
    return text


def _read(texts: Sequence[str], weights: SnowNlpWeights) -> Floats:
    """Return the marked numbers of texts that are not empty."""
    length = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))
    batch = np.cumsum(length) // _CHARACTERS_AT_ONCE
    cuts = [0, *(np.flatnonzero(np.diff(batch)) + 1).tolist(), len(texts)]
    return np.concatenate([_read_batch(texts[a:b], length[a:b], weights) for a, b in pairwise(cuts)])


def _read_batch(texts: Sequence[str], length: NDArray[np.int64], weights: SnowNlpWeights) -> Floats:
    joined = "".join(texts)
    codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    firsts = np.cumsum(length) - length
    words = cut_words(codes, firsts, weights.segmenter)
    bayes = weights.bayes
    row_of = bayes.rows.get
    rows = [row_of(joined[a:b], 0) for a, b in zip(words.start.tolist(), words.end.tolist(), strict=True)]
    # bincount adds in the order of the entries: the prior of each text, then its words, as SnowNLP does.
    text = np.concatenate([np.arange(length.size), words.text])
    negative, positive = (
        np.bincount(text, weights=np.concatenate([np.full(length.size, prior), logs[rows]]))
        for prior, logs in zip(bayes.priors, bayes.logs.T, strict=True)
    )
    for_negative = 1 / (1.0 + _exponentials(positive - negative))
    for_positive = 1 / (1.0 + _exponentials(negative - positive))
    number = np.where(for_positive > for_negative, for_positive, 1 - for_negative)
    han = np.logical_or.reduceat((codes >= FIRST_HAN) & (codes <= LAST_HAN), firsts)
    return np.where(han, number, -number)


def _exponentials(values: NDArray[Any]) -> Floats:
    # NumPy's own exponential may differ from the one that SnowNLP uses in the last bit.
    return np.array([exp(value) if value < 709.0 else _huge(value) for value in values.tolist()])


def _huge(value: float) -> float:
    try:
        return exp(value)
    except OverflowError:
        return inf


_taken: list[SnowNlpWeights] = []
"""The weights in a process that helps."""


def _take(file: str) -> None:
    _taken[:] = [pickle.loads(Path(file).read_bytes())]


def _read_there(texts: Sequence[str]) -> Floats:
    return _read(texts, _taken[0]) if texts else np.zeros(0)
