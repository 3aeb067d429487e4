"""Evidence: the numbers per comment that the head of the service engine decides on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from satsurvey.text.characters import Characters
from satsurvey.text.lexicon import KINDS
from satsurvey.text.polarity import Statements

Floats = NDArray[np.float64]

_OF_KIND = ("wish", "plea", "comparison", "irony", "question", "neutral", "concession", "negator", "plain")
_ASK = ord("?")

EVIDENCE = (
    "good",
    "ill",
    "good_share",
    "ill_share",
    "strongest_good",
    "strongest_ill",
    "good_last",
    "ill_last",
    "good_first",
    "ill_first",
    "good_before_turn",
    "ill_before_turn",
    "good_after_turn",
    "ill_after_turn",
    "good_clauses",
    "ill_clauses",
    "only_good",
    "only_ill",
    "both",
    "balance",
    "balance_turned",
    "balance_long",
    "good_wished",
    "ill_wished",
    "good_aside",
    "ill_aside",
    "good_after_wish",
    "ill_after_wish",
    *(f"any_{kind}" for kind in _OF_KIND),
    "any_refusal",
    "neutral_share",
    "wish_first",
    "asks",
    "nothing_said",
    "nothing_found",
    "length",
    "short",
    "ngrams",
    "ngrams_alone",
    "ngrams_long",
    "ngrams_length",
    "good_long",
    "ill_long",
)
"""Names of the columns of `evidence`, in order."""


def evidence(characters: Characters, said: Statements, logits: Floats) -> Floats:
    """Return the evidence of N comments.

    Parameters
    ----------
    characters, said
        The comments and what their words do.
    logits
        Logit of the n-gram model, shape (N,).

    Returns
    -------
    ndarray
        Shape (len(EVIDENCE), N).
    """
    n = len(characters)
    codes_text = characters.text_of()
    text, value = said.text, said.value
    good, ill = np.maximum(value, 0), np.maximum(-value, 0)
    free = ~(said.wished | said.aside)

    def total(weights: Floats) -> Floats:
        return np.asarray(np.bincount(text, weights=weights, minlength=n), dtype=np.float64)

    def largest(weights: Floats) -> Floats:
        most = np.zeros(n)
        np.maximum.at(most, text, weights)
        return most

    # The clauses of a text are numbered on, so the first and last that hold an opinion are those of the first
    # and last opinion.
    opinion = np.flatnonzero((value != 0) & free)
    first, last = np.full(n, -1), np.full(n, -1)
    first[text[opinion[::-1]]] = said.clause[opinion[::-1]]
    last[text[opinion]] = said.clause[opinion]
    in_first, in_last = said.clause == first[text], said.clause == last[text]
    is_turn = (said.kind == KINDS.index("contrast")) | (said.kind == KINDS.index("turn"))
    turned = _after(is_turn, text, n)
    has_turn = total(is_turn.astype(np.float64)) > 0
    is_wish = said.kind == KINDS.index("wish")
    later = _after(is_wish, text, n) & free & ~is_wish

    good_sum, ill_sum = total(good * free), total(ill * free)
    good_clauses, ill_clauses = _clauses(good * free, said, n), _clauses(ill * free, said, n)
    both = np.minimum(good_sum, ill_sum)
    balance = both / np.maximum(good_sum + ill_sum, 1e-9) * 2
    length = characters.lengths.astype(np.float64)
    covered = np.bincount(
        codes_text, weights=(~said.blank & (characters.codes != 0)).astype(np.float64), minlength=n
    )
    long = length > 60
    neutral = np.where(said.kind == KINDS.index("neutral"), said.found.end - said.found.start, 0).astype(
        np.float64
    )
    any_of = {
        kind: (total((said.kind == KINDS.index(kind)).astype(np.float64)) > 0).astype(np.float64)
        for kind in _OF_KIND
    }
    first_text_clause = said.clauses.clause[
        np.minimum(characters.starts[:-1], max(characters.codes.size - 1, 0))
    ]
    wish_first = total((is_wish & (said.clause <= first_text_clause[text])).astype(np.float64)) > 0
    asks = np.bincount(codes_text, weights=(characters.codes == _ASK).astype(np.float64), minlength=n) > 0
    nothing = (good_sum == 0) & (ill_sum == 0)
    ngrams = np.clip(logits, -6, 6) / 3
    columns = {
        "good": _tamed(good_sum),
        "ill": _tamed(ill_sum),
        "good_share": good_sum / np.maximum(good_sum + ill_sum, 1e-9),
        "ill_share": ill_sum / np.maximum(good_sum + ill_sum, 1e-9),
        "strongest_good": largest(good * free) / 2,
        "strongest_ill": largest(ill * free) / 2,
        "good_last": _tamed(total(good * (free & in_last))),
        "ill_last": _tamed(total(ill * (free & in_last))),
        "good_first": _tamed(total(good * (free & in_first))),
        "ill_first": _tamed(total(ill * (free & in_first))),
        "good_before_turn": _tamed(total(good * (free & ~turned)) * has_turn),
        "ill_before_turn": _tamed(total(ill * (free & ~turned)) * has_turn),
        "good_after_turn": _tamed(total(good * (free & turned))),
        "ill_after_turn": _tamed(total(ill * (free & turned))),
        "good_clauses": _tamed(good_clauses),
        "ill_clauses": _tamed(ill_clauses),
        "only_good": ((good_sum > 0) & (ill_sum == 0)).astype(np.float64),
        "only_ill": ((good_sum == 0) & (ill_sum > 0)).astype(np.float64),
        "both": (both > 0).astype(np.float64),
        "balance": balance,
        "balance_turned": balance * has_turn,
        "balance_long": balance * long,
        "good_wished": _tamed(total(good * said.wished)),
        "ill_wished": _tamed(total(ill * said.wished)),
        "good_aside": _tamed(total(good * said.aside)),
        "ill_aside": _tamed(total(ill * said.aside)),
        "good_after_wish": _tamed(total(good * later)),
        "ill_after_wish": _tamed(total(ill * later)),
        **{f"any_{kind}": any_of[kind] for kind in _OF_KIND},
        "any_refusal": (np.bincount(codes_text[said.refusals.start], minlength=n) > 0).astype(np.float64),
        "neutral_share": total(neutral) / np.maximum(length, 1),
        "wish_first": wish_first.astype(np.float64),
        "asks": asks.astype(np.float64),
        "nothing_said": (covered == 0).astype(np.float64),
        "nothing_found": nothing.astype(np.float64),
        "length": np.log1p(length) / 3,
        "short": (covered <= 4).astype(np.float64),
        "ngrams": ngrams,
        "ngrams_alone": ngrams * nothing,
        "ngrams_long": ngrams * long,
        "ngrams_length": ngrams * np.minimum(length / 60, 1.0),
        "good_long": _tamed(good_sum) * long,
        "ill_long": _tamed(ill_sum) * long,
    }
    return np.stack([columns[name] for name in EVIDENCE])


def _tamed(amount: Floats) -> Floats:
    """Let the first opinions count most."""
    return amount / (1.5 + amount)


def _after(mark: NDArray[np.bool_], text: NDArray[np.int64], n: int) -> NDArray[np.bool_]:
    """Say of each match whether a marked one of the same text stands before it, or is it."""
    first = np.full(n, mark.size)
    at = np.flatnonzero(mark)[::-1]
    first[text[at]] = at
    return np.arange(mark.size) >= first[text]


def _clauses(weights: Floats, said: Statements, n: int) -> Floats:
    in_clause = np.bincount(said.clause, weights=weights, minlength=len(said.clauses)) > 0
    counts = np.bincount(said.clauses.text, weights=in_clause.astype(np.float64), minlength=n)
    return np.asarray(counts, dtype=np.float64)
