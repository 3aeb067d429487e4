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
from satsurvey.text.head import HINTS, SIDES, Head, builtin_head
from satsurvey.text.lexicon import KINDS, Lexicon, builtin_path, digest_of
from satsurvey.text.model import NgramModel, builtin_sentiment
from satsurvey.text.polarity import Statements, Vocabulary, statements
from satsurvey.text.readings import ASPECTS, MIXED, NEGATIVE, NEUTRAL, NONE, POSITIVE, Mentions, Readings
from satsurvey.text.terms import Matches

Places = NDArray[np.int64]

_MOST_TEXTS = 5_000
_MOST_CHARACTERS = 200_000
_NEUTRAL_KIND = KINDS.index("neutral")
_DIGITS = 8
_ENOUGH_LOGIT, _ENOUGH_WITH_WORDS, _ENOUGH_WHEN_NEUTRAL, _ENOUGH_AGAINST = -1.2, -2.0, 1.0, -0.5
"""Logits of an aspect from which it is spoken of: less is enough where the rules found words for it, more is
asked of in-between answers and of what speaks against the comment as a whole."""


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
        return _builtin() if aspects is None else _with(Path(aspects))

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
        label[_only_named(characters, found.said)] = NEUTRAL
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
        start, end = said.found.start[at], said.found.end[at]
        if self.learned_aspects:
            aspect, more = _judged(found, text, sign, label, aspect_logits)
            text = np.concatenate([text, more.text])
            aspect = np.concatenate([aspect, more.aspect])
            sign = np.concatenate([sign, more.sign])
            start = np.concatenate([start, characters.starts[more.text]])
            end = np.concatenate([end, characters.starts[more.text]])
        else:
            # What speaks against the whole is a concession or a slip, and in-between answers judge no aspect.
            whole = label[text]
            aspect = np.where((whole == MIXED) | (whole == sign), aspect, -1)
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
            np.where(end > start, characters.origins[end - 1] + 1, characters.origins[start])[order],
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


@dataclass(frozen=True)
class _Whole:
    """Aspects that no opinion stands for but the whole comment, so that they have no words; one a mention."""

    text: Places
    aspect: Places
    sign: Places


def _judged(
    found: Findings, text: Places, sign: Places, label: Places, logits: NDArray[np.float64]
) -> tuple[Places, _Whole]:
    """Let the head decide which aspects are spoken of from which side; opinions are the words for them.

    An opinion keeps the aspect that the rules give it where the head agrees, an aspect that is left without
    one takes the first opinion of its side that has none, and the rest stands for the whole comment.
    """
    worded = np.stack([found.hints[HINTS.index("said_ill")], found.hints[HINTS.index("said_well")]]) > 0
    least = np.where(worded, _ENOUGH_WITH_WORDS, _ENOUGH_LOGIT)
    wanted: NDArray[np.bool_] = logits >= np.where(label == NEUTRAL, _ENOUGH_WHEN_NEUTRAL, least)
    # One aspect is judged both ways only by who says both, or in so many words: else the whole decides.
    both = wanted.all(axis=0) & (label != MIXED) & ~worded.all(axis=0)
    for place, whole in enumerate(SIDES):
        against = (label == SIDES[1 - place]) | ((label != whole) & (logits[place] < logits[1 - place]))
        wanted[place] &= ~(both & against) & (label != NONE)
    for place in range(len(SIDES)):
        # Something may be said against the whole, but then something is said for it, too.
        opposed = label == SIDES[1 - place]
        wanted[place] &= ~opposed | (wanted[1 - place].any(axis=0) & (logits[place] >= _ENOUGH_AGAINST))
    side = (sign == POSITIVE).astype(np.int64)
    aspect = np.where((found.aspect >= 0) & wanted[side, found.aspect, text], found.aspect, -1)
    kept = aspect >= 0
    wanted[side[kept], aspect[kept], text[kept]] = False
    likely = np.where(wanted, logits, -np.inf)
    best = likely.argmax(axis=1)
    any_left = np.asarray(wanted.any(axis=1))
    free = np.flatnonzero(~kept & any_left[side, text])
    _, once = np.unique(text[free] * len(SIDES) + side[free], return_index=True)
    given = free[once]
    aspect[given] = best[side[given], text[given]]
    wanted[side[given], aspect[given], text[given]] = False
    sides, aspects, texts = np.nonzero(wanted)
    return aspect, _Whole(texts, aspects, np.asarray(SIDES)[sides])


def _silent(characters: Characters, said: Statements) -> NDArray[np.bool_]:
    """Say which comments say nothing: no word but refusals and fillers, or nothing Chinese that is known."""
    n, codes, text = len(characters), characters.codes, characters.text_of()
    speaks = np.bincount(text[~said.blank & (codes != 0)], minlength=n) > 0
    chinese = np.bincount(text[(codes >= 0x3400) & (codes < 0xA000)], minlength=n) > 0
    known = np.bincount(said.text[said.value != 0], minlength=n) > 0
    return ~((speaks & chinese) | known)


def _only_named(characters: Characters, said: Statements) -> NDArray[np.bool_]:
    """Say which comments name a thing (the attitude, the price) and nothing of it: no opinion is in them."""
    codes, text = characters.codes, characters.text_of()
    edges = np.zeros(codes.size + 1, dtype=np.int64)
    np.add.at(edges, said.words.start, 1)
    np.add.at(edges, said.words.end, -1)
    spoken = ~said.blank & (codes != 0)
    open_ = np.bincount(text[spoken & (np.cumsum(edges[:-1]) == 0)], minlength=len(characters)) > 0
    length = np.bincount(text[spoken], minlength=len(characters))
    judged = np.bincount(said.text[said.value != 0], minlength=len(characters)) > 0
    return np.asarray((length > 1) & ~open_ & ~judged)


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


MADE_OF = ("lexicon.toml", "aspects.toml", "sentiment.npz", "service_head.npz")
"""The data files that the engine consists of."""


@cache
def _builtin() -> ServiceEngine:
    return _engine(Vocabulary(Lexicon.builtin(), Aspects.builtin()), "")


def _with(path: Path) -> ServiceEngine:
    aspects = Aspects.read(path)
    vocabulary = Vocabulary(Lexicon.builtin(), aspects, Aspects.builtin())
    more = f" with aspects {aspects.version} ({digest_of(path)[:_DIGITS]})"
    return _engine(vocabulary, more, learned_aspects=False)


def _engine(vocabulary: Vocabulary, more: str, *, learned_aspects: bool = True) -> ServiceEngine:
    head = builtin_head()
    # The digest tells engines of one version with other words or weights apart: measured errors go by name.
    name = f"service {head.version} ({digest_of(*map(builtin_path, MADE_OF))[:_DIGITS]}){more}"
    return ServiceEngine(name, vocabulary, builtin_sentiment(), head, learned_aspects)
