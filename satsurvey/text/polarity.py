"""Rules of polarity: what opinions a batch of comments holds after denial, degree, wish and contrast."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from satsurvey.text.aspects import Aspects
from satsurvey.text.characters import Characters
from satsurvey.text.clauses import Clauses, clauses, segments
from satsurvey.text.lexicon import KINDS, SILENT, Lexicon
from satsurvey.text.terms import Matches, TermIndex, longest

Floats = NDArray[np.float64]
Places = NDArray[np.int64]
Flags = NDArray[np.bool_]

_LOOK_BACK = 4
_DEGREE_REACH = 3
_ASPECT_STRENGTH = 1.5
_DENIED_GOOD, _DENIED_ILL = 1.0, 0.8
_POSITIVE, _NEGATIVE, _NEGATOR, _STRONGER, _WEAKER = (
    KINDS.index(kind) for kind in ("positive", "negative", "negator", "stronger", "weaker")
)
_CONTRAST, _TURN, _WISH, _ASIDE, _PLAIN = (
    KINDS.index(kind) for kind in ("contrast", "turn", "wish", "aside", "plain")
)
_ASK = ord("?")


class Vocabulary:
    """The terms of a lexicon and of aspects made ready for reading.

    Parameters
    ----------
    lexicon
        What words do.
    aspects
        Which of them speak of which aspect; patterns that judge are opinions too.
    judging
        Further aspects whose judging patterns are opinions without an aspect.
    """

    def __init__(self, lexicon: Lexicon, aspects: Aspects, judging: Aspects | None = None) -> None:
        judged = {} if judging is None else judging.patterns
        ours = [*lexicon.entries, *lexicon.silent, *judged]
        # Of terms that find the same words the earlier counts: a user's own aspects come before what is ours.
        terms = list(dict.fromkeys([*aspects.patterns, *ours] if judged else [*ours, *aspects.patterns]))
        place = dict(zip(terms, range(len(terms)), strict=True))
        size = len(terms)
        self.index = TermIndex(terms)
        self.kind = np.full(size, -1, dtype=np.int64)
        self.strength = np.ones(size)
        self.scope = np.zeros(size, dtype=np.int64)
        self.aspect = np.full(size, -1, dtype=np.int64)
        self.yields = np.zeros(size, dtype=np.bool_)
        self.names = np.full(size, -1, dtype=np.int64)
        self.excludes = np.zeros(size, dtype=np.bool_)
        self.takes = np.zeros(size, dtype=np.bool_)
        self.silent = np.zeros(size, dtype=np.bool_)
        self.refuses = np.zeros(size, dtype=np.bool_)
        at = [place[term] for term in lexicon.entries]
        entries = lexicon.entries.values()
        self.kind[at] = [KINDS.index(entry.kind) for entry in entries]
        self.strength[at] = [entry.strength for entry in entries]
        self.scope[at] = [entry.scope for entry in entries]
        self.takes[at] = True
        at = [place[term] for term in lexicon.silent]
        self.silent[at] = True
        self.refuses[at] = [kind == SILENT[0] for kind in lexicon.silent.values()]
        for patterns in (judged, aspects.patterns):
            here = np.array([place[term] for term in patterns], dtype=np.int64)
            judges = np.array([pattern.judges for pattern in patterns.values()], dtype=np.int64)
            judging_here = judges != 0
            self.kind[here[judges > 0]], self.kind[here[judges < 0]] = _POSITIVE, _NEGATIVE
            self.strength[here[judging_here]] = _ASPECT_STRENGTH
        aspect = np.array([pattern.aspect for pattern in aspects.patterns.values()], dtype=np.int64)
        self.takes[here] = True
        self.excludes[here] = aspect < 0
        self.aspect[here[judging_here]] = aspect[judging_here]
        self.names[here[~judging_here]] = aspect[~judging_here]
        yields = np.array([pattern.yields for pattern in aspects.patterns.values()], dtype=np.bool_)
        self.yields[here] = yields & judging_here


@dataclass(frozen=True)
class Statements:
    """What the words of N comments do.

    Attributes
    ----------
    clauses
        The clauses.
    found
        The longest terms of the lexicon, sorted.
    kind, clause, text
        Of each of them: position in `KINDS`, clause, text.
    value
        Opinion after denial and degree, > 0 well, < 0 ill; 0 for what is no opinion.
    wished
        Whether it stands in its clause behind a wish.
    aside
        Whether it stands in its clause behind a word that speaks of other times, others, or hopes.
    words
        The words that name aspects.
    blank
        Codes that say nothing by themselves: marks, fillers, phrases of no answer.
    refusals
        The phrases of no answer.
    """

    clauses: Clauses
    found: Matches
    kind: Places
    clause: Places
    text: Places
    value: Floats
    wished: Flags
    aside: Flags
    words: Matches
    blank: Flags
    refusals: Matches


def statements(characters: Characters, vocabulary: Vocabulary) -> Statements:
    """Find out what the words of comments do."""
    codes, segment = characters.codes, segments(characters)
    every = vocabulary.index.find(characters, segment)
    kinds = vocabulary.kind[every.term]
    turning = longest(every.where(kinds >= 0))
    turns = vocabulary.kind[turning.term]
    turns = (turns == _CONTRAST) | ((turns == _TURN) & _first(turning, segment))
    parted = clauses(characters, segment, turning.start[turns])
    # 就是慢 turns, and says 慢.
    found = longest(every.where((kinds >= 0) & (kinds != _CONTRAST)))
    kind = vocabulary.kind[found.term]
    first_of_segment = _first(found, segment)
    clause = parted.clause[found.start]
    text = parted.text[clause]
    kind = np.where((kind == _TURN) & ~first_of_segment, _PLAIN, kind)
    value = _values(found, kind, clause, vocabulary)
    value[codes[found.end] == _ASK] = 0.0  # 满意? is the interviewer's word thrown back
    wish = kind == _WISH
    wished = _behind(wish, clause) & ~wish
    aside = _behind(kind == _ASIDE, clause)
    names = vocabulary.names[every.term]
    named = longest(every.where((names >= 0) | vocabulary.excludes[every.term]))
    named = named.where(vocabulary.names[named.term] >= 0)
    # 费 names no price inside 费劲.
    takes = (kind == _POSITIVE) | (kind == _NEGATIVE) | (kind == _PLAIN)
    taken = _covered(found.where(takes & vocabulary.takes[found.term]), codes.size)
    named = named.where(~taken[named.start])
    blank = _covered(every.where(vocabulary.silent[every.term]), codes.size)
    refusals = longest(every.where(vocabulary.refuses[every.term]))
    blank |= (codes < 0x30) | ((codes > 0x39) & (codes < 0x41)) | ((codes >= 0x2000) & (codes < 0x2E80))
    blank |= (codes >= 0xE000) & (codes < 0xF900)
    return Statements(parted, found, kind, clause, text, value, wished, aside, named, blank, refusals)


def _first(found: Matches, segment: Places) -> Flags:
    """Say which terms stand at the beginning of their segment."""
    first = np.ones(len(found), dtype=np.bool_)
    later = found.start > 0
    first[later] = segment[found.start[later] - 1] != segment[found.start[later]]
    return first


def _values(found: Matches, kind: Places, clause: Places, vocabulary: Vocabulary) -> Floats:
    opinion = (kind == _POSITIVE) | (kind == _NEGATIVE)
    value = np.where(kind == _POSITIVE, 1.0, np.where(kind == _NEGATIVE, -1.0, 0.0))
    strength = vocabulary.strength[found.term]
    scope = vocabulary.scope[found.term]
    value *= strength
    size = len(found)
    at = np.flatnonzero(opinion)
    looking = np.ones(at.size, dtype=np.bool_)
    reach = np.zeros(at.size, dtype=np.int64)  # what stands between, without the terms already looked at
    denied = np.zeros(at.size, dtype=np.int64)
    degree = np.ones(at.size)
    edge = found.start[at]
    for back in range(1, _LOOK_BACK + 1):
        other = np.maximum(at - back, 0)
        looking &= (at >= back) & (clause[other] == clause[at])
        if not size or not looking.any():
            break
        reach += edge - found.end[other]
        edge = found.start[other]
        sort = kind[other]
        denied += looking & (sort == _NEGATOR) & (reach <= scope[other])
        by_degree = looking & ((sort == _STRONGER) | (sort == _WEAKER)) & (reach <= _DEGREE_REACH)
        degree *= np.where(by_degree, strength[other], 1.0)
        looking &= ~opinion[other]
    odd = denied % 2 == 1
    was = value[at]
    value[at] = degree * np.where(odd, np.where(was > 0, -_DENIED_GOOD * was, -_DENIED_ILL * was), was)
    return value


def _behind(mark: Flags, group: Places) -> Flags:
    """Say of each element whether a marked one stands before it in its group; groups are contiguous."""
    if not mark.size:
        return mark
    seen = np.cumsum(mark)
    first = np.ones(mark.size, dtype=np.bool_)
    first[1:] = group[1:] != group[:-1]
    at_first = np.maximum.accumulate(np.where(first, np.arange(mark.size), 0))
    return (seen - mark) > (seen - mark)[at_first]


def _covered(matches: Matches, size: int) -> Flags:
    edges = np.bincount(matches.start, minlength=size + 1) - np.bincount(matches.end, minlength=size + 1)
    return np.cumsum(edges)[:size] > 0
