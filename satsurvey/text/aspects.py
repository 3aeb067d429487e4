"""Service aspects: what comments speak of, as patterns in a data file, and what is said of which."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationError

from satsurvey.errors import Defect
from satsurvey.instrument.library import read_toml
from satsurvey.instrument.model import validation_defects
from satsurvey.text.lexicon import (
    LexiconError,
    TermModel,
    Terms,
    builtin_path,
    folded_terms,
    refuse,
    term_defects,
)
from satsurvey.text.readings import ASPECTS, AspectName
from satsurvey.text.terms import Matches

_LISTS = ("words", "good", "bad", "good_unless_named", "bad_unless_named")


class AspectPatterns(TermModel):
    """The patterns of one aspect.

    Attributes
    ----------
    words
        Name the aspect; what the clause says of them counts.
    good, bad
        Speak of the aspect and judge it at once (秒接, 推来推去).
    good_unless_named, bad_unless_named
        Judge this aspect where the clause names no other (快, 贵).
    exclude
        Where one of these covers a word, it is none.
    """

    words: Terms = ()
    good: Terms = ()
    bad: Terms = ()
    good_unless_named: Terms = ()
    bad_unless_named: Terms = ()
    exclude: Terms = ()


class AspectFile(TermModel):
    """A file of aspects."""

    schema_: Literal["satsurvey.aspects/1"] = Field(alias="schema")
    version: str
    aspects: dict[AspectName, AspectPatterns] = Field(min_length=1)


@dataclass(frozen=True)
class Pattern:
    """One pattern: its aspect, whether it judges (-1, 0, 1), whether it yields to a named aspect."""

    aspect: int
    judges: int
    yields: bool


@dataclass(frozen=True)
class Aspects:
    """Folded patterns and what they do; exclusions have no aspect (-1)."""

    version: str
    patterns: Mapping[str, Pattern]

    @classmethod
    def builtin(cls) -> Aspects:
        """Load the aspects of contact-centre service that come with the package."""
        return _builtin()

    @classmethod
    def read(cls, path: str | Path) -> Aspects:
        """Read aspects from a TOML file.

        Raises
        ------
        LexiconError
            When the file cannot be read or has defects; `defects` lists all of them.
        """
        path = Path(path)
        data = read_toml(path, LexiconError, "aspects")
        refuse(aspect_defects(data), path, "aspects")
        file = AspectFile.model_validate(data)
        listed = [
            *(
                (getattr(lists, kind), _pattern(ASPECTS.index(name), kind))
                for name, lists in file.aspects.items()
                for kind in _LISTS
            ),
            # A term that an aspect has and another excludes stays.
            *((lists.exclude, Pattern(-1, 0, False)) for lists in file.aspects.values()),
        ]
        folded = iter(folded_terms(term for terms, _ in listed for term in terms))
        patterns: dict[str, Pattern] = {}
        for terms, pattern in listed:
            for term in islice(folded, len(terms)):
                patterns.setdefault(term, pattern)
        return cls(file.version, patterns)


def _pattern(aspect: int, kind: str) -> Pattern:
    judges = 1 if kind.startswith("good") else -1 if kind.startswith("bad") else 0
    return Pattern(aspect, judges, kind.endswith("named"))


def aspect_defects(data: Mapping[str, Any]) -> list[Defect]:
    """List everything wrong with the contents of a file of aspects."""
    defects: list[Defect] = []
    try:
        AspectFile.model_validate(data)
    except ValidationError as exc:
        defects.extend(validation_defects(exc))
    aspects = data.get("aspects")
    tables = [
        (name, table)
        for name, table in (aspects.items() if isinstance(aspects, dict) else [])
        if isinstance(table, dict)
    ]
    defects.extend(
        term_defects(
            [
                (f"aspects.{name}.{kind}", table[kind])
                for name, table in tables
                for kind in _LISTS
                if kind in table
            ]
        )
    )
    for name, table in tables:
        defects.extend(term_defects([(f"aspects.{name}.exclude", table.get("exclude", []))]))
    return defects


def spoken_of(
    opinions: Matches,
    clause: NDArray[np.int64],
    text: NDArray[np.int64],
    own: NDArray[np.int64],
    yields: NDArray[np.bool_],
    words: Matches,
    word_aspect: NDArray[np.int64],
    word_clause: NDArray[np.int64],
    text_of_clause: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Find the aspect that each opinion speaks of.

    An opinion has an aspect of its own, or takes that of the nearest word before it in its clause, else of
    the nearest behind it, else of the clause before when that only names something (服务态度，没得说).

    Parameters
    ----------
    opinions
        Matches with an opinion, sorted.
    clause, text
        Clause and text of each opinion.
    own, yields
        The aspect each opinion has of its own (-1: none), and whether a named aspect goes before it.
    words, word_aspect, word_clause
        Matches that name aspects.
    text_of_clause
        Text of every clause.

    Returns
    -------
    ndarray
        Position in `ASPECTS`, -1 for none.
    """
    if not len(words) or not len(opinions):
        return own
    last = len(words) - 1
    before = np.searchsorted(words.start, opinions.end, side="right") - 1
    behind = np.minimum(before + 1, last)
    has_before, before = before >= 0, np.maximum(before, 0)
    here = has_before & (word_clause[before] == clause)
    after = ~here & (word_clause[behind] == clause) & (words.start[behind] >= opinions.end)
    alone = np.ones(len(opinions), dtype=np.bool_)
    alone[1:] = clause[1:] != clause[:-1]  # the first opinion of its clause
    bare = np.ones(len(opinions), dtype=np.bool_)
    bare[1:] = clause[:-1] != word_clause[before][1:]  # no opinion in the clause that names
    topic = (
        ~here
        & ~after
        & alone
        & bare
        & has_before
        & (word_clause[before] == clause - 1)
        & (text_of_clause[word_clause[before]] == text)
    )
    named = np.where(here | topic, word_aspect[before], np.where(after, word_aspect[behind], -1))
    return np.where((own >= 0) & ~(yields & (named >= 0)), own, named)


@cache
def _builtin() -> Aspects:
    return Aspects.read(builtin_path("aspects.toml"))
