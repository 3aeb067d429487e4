"""The engine `service`: reads spoken answers about customer service, with aspects and deciding words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from satsurvey.text.aspects import Aspects, spoken_of
from satsurvey.text.characters import Characters
from satsurvey.text.evidence import evidence
from satsurvey.text.head import HINTS, Head, builtin_head
from satsurvey.text.lexicon import KINDS, Lexicon
from satsurvey.text.model import NgramModel, builtin_sentiment
from satsurvey.text.polarity import Statements, Vocabulary, statements
from satsurvey.text.readings import ASPECTS, MIXED, NEGATIVE, NEUTRAL, NONE, POSITIVE, Mentions, Readings
from satsurvey.text.terms import Matches

Places = NDArray[np.int64]

_MOST_TEXTS = 5_000
_MOST_CHARACTERS = 200_000
_NEUTRAL_KIND = KINDS.index("neutral")
_LEAST_LOGIT, _ENOUGH_LOGIT = -2.5, -0.8
"""Logits of an aspect below which a match of the rules is a slip, and from which none is needed."""


@dataclass(frozen=True, eq=False)
class ServiceEngine:
    """Reads comments by a lexicon, rules, aspects, an n-gram model and a head that weighs them.

    Attributes
    ----------
    name
        Name and version.
    vocabulary
        Lexicon and aspects.
    model
        The n-gram model.
    head
        The weights.
    learned_aspects
        Whether the head has a say in the aspects: it knows only those that come with satsurvey.
    """

    name: str
    vocabulary: Vocabulary
    model: NgramModel
    head: Head
    learned_aspects: bool = True

    @classmethod
    def builtin(cls, *, aspects: str | Path | None = None) -> ServiceEngine:
        """Return the engine that comes with satsurvey.

        Parameters
        ----------
        aspects
            A file of aspects of your own, in place of those that come with satsurvey; the label and the
            polarity still rest on the latter too.

        Raises
        ------
        LexiconError
            When the file has defects; `defects` lists all of them.

        Examples
        --------
        >>> ServiceEngine.builtin().read(["态度挺好，就是等太久了"]).label.tolist()
        [3]
        """
        return _builtin() if aspects is None else _with(Aspects.read(aspects))

    def read(self, texts: Sequence[str | None]) -> Readings:
        """Read comments; None and "" are `none`."""
        return Readings.joined([self._read(texts[first:after]) for first, after in _batches(texts)])

    def _read(self, texts: Sequence[str | None]) -> Readings:
        characters = Characters.of(texts)
        found = findings(characters, self.vocabulary, self.model.logits(characters))
        logits, aspect_logits = self.head.logits(characters, found.evidence, found.hints)
        polarity = self.head.polarity(found.evidence, logits)
        label = np.argmax(logits, axis=0)
        judged = (label == POSITIVE) | (label == NEGATIVE)
        label[judged] = np.where(polarity[judged] >= 0.5, POSITIVE, NEGATIVE)
        label[_silent(characters, found.said)] = NONE
        polarity[label == NONE] = np.nan
        mentions = self._mentions(characters, found, label, aspect_logits)
        return Readings(label.astype(np.int8), polarity, mentions)

    def _mentions(
        self, characters: Characters, found: Findings, label: Places, aspect_logits: NDArray[np.float64]
    ) -> Mentions:
        said, at, aspect = found.said, found.opinions, found.aspect
        text = said.text[at]
        sign = np.where(said.value[at] > 0, POSITIVE, NEGATIVE)
        whole = label[text]
        # What speaks against the whole is a concession or a slip, and in-between answers judge no aspect.
        aspect = np.where((whole == MIXED) | (whole == sign), aspect, -1)
        start, end = said.found.start[at], said.found.end[at]
        if self.learned_aspects:
            aspect = np.where(aspect_logits[aspect, text] < _LEAST_LOGIT, -1, aspect)
            added, which, more = _added(aspect, text, sign, label, aspect_logits)
            aspect[added] = which
            text = np.concatenate([text, more[0]])
            aspect = np.concatenate([aspect, more[1]])
            sign = np.concatenate([sign, label[more[0]]])
            start = np.concatenate([start, characters.starts[more[0]]])
            end = np.concatenate([end, characters.starts[more[0] + 1] - 1])
        shown = label[text] != NONE
        dull = np.flatnonzero((said.kind == _NEUTRAL_KIND) & (label[said.text] == NEUTRAL))
        text = np.concatenate([text[shown], said.text[dull]])
        start = np.concatenate([start[shown], said.found.start[dull]])
        end = np.concatenate([end[shown], said.found.end[dull]])
        aspect = np.concatenate([aspect[shown], np.full(dull.size, -1)])
        sign = np.concatenate([sign[shown], np.full(dull.size, NEUTRAL)])
        order = np.lexsort((aspect, end, start))
        return Mentions(
            text[order],
            characters.origins[start[order]],
            characters.origins[end[order] - 1] + 1,
            aspect[order].astype(np.int8),
            sign[order].astype(np.int8),
        )


@dataclass(frozen=True)
class Findings:
    """What the rules find in N comments.

    Attributes
    ----------
    said
        What their words do.
    evidence
        Shape (len(EVIDENCE), N).
    opinions
        Those matches of `said` that are opinions of the speaker about what is.
    aspect
        Aspect of each of them, -1 for none.
    hints
        Shape (len(HINTS), len(ASPECTS), N).
    """

    said: Statements
    evidence: NDArray[np.float64]
    opinions: Places
    aspect: Places
    hints: NDArray[np.float64]


def findings(characters: Characters, vocabulary: Vocabulary, logits: NDArray[np.float64]) -> Findings:
    """Apply the rules to comments; `logits` are those of the n-gram model."""
    said = statements(characters, vocabulary)
    words = said.words
    at = np.flatnonzero((said.value != 0) & ~said.wished & ~said.aside)
    opinions = Matches(said.found.start[at], said.found.end[at], said.found.term[at])
    name = vocabulary.names[words.term]
    clause = said.clauses.clause[words.start]
    aspect = spoken_of(
        opinions,
        said.clause[at],
        said.text[at],
        vocabulary.aspect[opinions.term],
        vocabulary.yields[opinions.term],
        words,
        name,
        clause,
        said.clauses.text,
    )
    hints = np.zeros((len(HINTS), len(ASPECTS), len(characters)))
    judged = aspect >= 0
    well = said.value[at] > 0
    hints[0, aspect[judged & well], said.text[at][judged & well]] = 1.0
    hints[1, aspect[judged & ~well], said.text[at][judged & ~well]] = 1.0
    hints[2, name, said.clauses.text[clause]] = 1.0
    return Findings(said, evidence(characters, said, logits), at, aspect, hints)


def _added(
    aspect: Places, text: Places, sign: Places, label: Places, logits: NDArray[np.float64]
) -> tuple[Places, Places, tuple[Places, Places]]:
    """Find aspects that the head sees and the rules do not, in comments that speak well or ill throughout.

    Returns
    -------
    opinions, aspects, (texts, aspects)
        Opinions without an aspect that get one, and what no opinion stands for: the whole comment does.
    """
    n = label.size
    plain = (label == POSITIVE) | (label == NEGATIVE)
    has = np.zeros((len(ASPECTS), n), dtype=np.bool_)
    has[aspect[aspect >= 0], text[aspect >= 0]] = True
    wanted = (logits >= _ENOUGH_LOGIT) & plain & ~has
    first = np.argmax(np.where(wanted, logits, -np.inf), axis=0)
    free = np.flatnonzero((aspect < 0) & (sign == label[text]) & wanted.any(axis=0)[text])
    _, once = np.unique(text[free], return_index=True)
    opinions = free[once]
    aspects = first[text[opinions]]
    wanted[aspects, text[opinions]] = False
    more_aspects, more_texts = np.nonzero(wanted)
    return opinions, aspects, (more_texts, more_aspects)


def _silent(characters: Characters, said: Statements) -> NDArray[np.bool_]:
    """Say which comments say nothing: no word but refusals and fillers, or nothing Chinese that is known."""
    n, codes, text = len(characters), characters.codes, characters.text_of()
    speaks = np.bincount(text[~said.blank & (codes != 0)], minlength=n) > 0
    chinese = np.bincount(text[(codes >= 0x3400) & (codes < 0xA000)], minlength=n) > 0
    known = np.bincount(said.text[said.value != 0], minlength=n) > 0
    return ~((speaks & chinese) | known)


def _batches(texts: Sequence[str | None]) -> Iterator[tuple[int, int]]:
    """Cut comments into batches that are neither many nor long."""
    for first in range(0, len(texts), _MOST_TEXTS):
        after = min(first + _MOST_TEXTS, len(texts))
        if sum(map(len, filter(None, texts[first:after]))) <= _MOST_CHARACTERS:
            yield first, after
            continue
        characters = 0
        for at in range(first, after):
            length = len(texts[at] or "")
            if characters and characters + length > _MOST_CHARACTERS:
                yield first, at
                first, characters = at, 0
            characters += length
        yield first, after


@cache
def _builtin() -> ServiceEngine:
    return _engine(Vocabulary(Lexicon.builtin(), Aspects.builtin()), "")


def _with(aspects: Aspects) -> ServiceEngine:
    vocabulary = Vocabulary(Lexicon.builtin(), aspects, Aspects.builtin())
    return _engine(vocabulary, f" with aspects {aspects.version}", learned_aspects=False)


def _engine(vocabulary: Vocabulary, more: str, *, learned_aspects: bool = True) -> ServiceEngine:
    head = builtin_head()
    return ServiceEngine(
        f"service {head.version}{more}", vocabulary, builtin_sentiment(), head, learned_aspects
    )
