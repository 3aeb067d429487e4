"""How a learned logit and what another engine says are blended, and chosen out of fold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from satsurvey.text.training import FOLDS

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class OutOfFold:
    """What is chosen out of fold: blends by the two folds that they leave out, and what they find better.

    Attributes
    ----------
    outputs, targets
        K outputs, and by comment 1 where they hold, 0 where not, -1 where a comment does not count.
    features
        Of every output, shape (K, N, 3).
    fold
        Of every comment.
    blends
        Shape (F, F, K, 3): at [f, g] fitted without the folds f and g.
    """

    outputs: Sequence[str]
    targets: NDArray[np.int8]
    features: Floats
    fold: NDArray[np.int64]
    blends: Floats

    @classmethod
    def of(
        cls,
        outputs: Sequence[str],
        targets: NDArray[np.int8],
        features: Floats,
        fold: NDArray[np.int64],
    ) -> OutOfFold:
        """Fit the blends, with one fold or two left out."""
        made = cls(outputs, targets, features, fold, np.zeros((FOLDS, FOLDS, len(outputs), 3)))
        for k, (own, used, yes) in enumerate(made._rows()):
            for one in range(FOLDS):
                for other in range(one + 1):
                    rows = used & (fold != one) & (fold != other)
                    made.blends[one, other, k] = made.blends[other, one, k] = blended(own[rows], yes[rows])
        return made

    def _rows(self) -> Iterator[tuple[Floats, NDArray[np.bool_], NDArray[np.bool_]]]:
        """Yield features, which comments count, and where the output holds, output by output."""
        for k in range(len(self.outputs)):
            yield self.features[k], self.targets[:, k] >= 0, self.targets[:, k] == 1

    def of_all(self) -> Floats:
        """Return the blends fitted to all comments, shape (K, 3)."""
        return np.array([blended(features[used], yes[used]) for features, used, yes in self._rows()])

    def kept(self, *, without: int | None = None) -> list[int]:
        """Return the outputs that are found better (F1) than by the built-in engine.

        A comment is read by the blend that leaves out its fold. With a fold left out, its comments are not
        asked, nor used in any of the blends.
        """
        rows = np.ones(self.fold.size, dtype=np.bool_) if without is None else self.fold != without
        own = self.fold[rows]
        kept = []
        for k, (features, _, yes) in enumerate(self._rows()):
            blend = self.blends[own, own if without is None else without, k]
            found = np.sum(blend * features[rows], axis=-1) >= 0
            if self.outputs[k] == "positive" or _f1(found, yes[rows]) > _f1(features[rows, 2] > 0, yes[rows]):
                kept.append(k)
        return kept


def blended(features: Floats, yes: NDArray[np.bool_]) -> Floats:
    """Fit a logistic regression with a slight ridge, and move its intercept to the best cut at 0."""
    weights = np.zeros(3)
    ridge = np.diag([1e-6, 1e-2, 1e-2])
    for _ in range(50):
        chance = chance_of(features @ weights)
        gradient = features.T @ (yes - chance) - ridge @ weights
        curvature = (features * (chance * (1 - chance))[:, None]).T @ features + ridge
        step = np.linalg.solve(curvature, gradient)
        weights += np.clip(step, -4, 4)
        if np.abs(step).max() < 1e-8:
            break
    weights[0] -= best_cut(features @ weights, yes)
    return weights


def best_cut(logits: Floats, yes: NDArray[np.bool_]) -> float:
    """Return the logit from which on to say yes for the best mean F1 of both sides; near 0 among equals."""
    order = np.argsort(-logits, kind="stable")
    values, right = logits[order], np.cumsum(yes[order])
    said = np.arange(1, values.size + 1)
    n, n_yes = values.size, int(right[-1])
    f1 = 2 * right / (said + n_yes)
    right_no = (n - n_yes) - (said - right)
    with np.errstate(invalid="ignore", divide="ignore"):
        f1_no = np.where(n - said + n - n_yes > 0, 2 * right_no / (n - said + n - n_yes), 0.0)
    mean = (f1 + f1_no) / 2
    # A cut lies between two different logits.
    ends = np.append(values[:-1] > values[1:], False)
    if not ends.any():
        return 0.0
    best = np.flatnonzero(ends & (mean >= mean[ends].max() - 1e-12))
    cuts = (values[best] + values[best + 1]) / 2
    return float(cuts[np.argmin(np.abs(cuts))])


def chance_of(logits: Floats) -> Floats:
    """Return the probabilities of logits."""
    return np.asarray(0.5 + 0.5 * np.tanh(logits / 2))


def _f1(found: NDArray[np.bool_], yes: NDArray[np.bool_]) -> float:
    return 2 * float((found & yes).sum()) / max(float(found.sum() + yes.sum()), 1.0)
