"""Learning n-gram models from labelled comments: weights; strength, threshold and calibration out of fold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from satsurvey.errors import MethodError
from satsurvey.text.characters import Characters
from satsurvey.text.model import NgramModel, damped
from satsurvey.text.ngrams import ngrams_of

Floats = NDArray[np.float64]

LEAST_LABELS = 50
LEAST_OF_A_CLASS = 10
FOLDS = 5
STRENGTHS = (8.0, 32.0, 128.0)
"""Variances of the prior of the weights that cross-validation chooses from; the larger, the freer."""

_LEAST_TEXTS = 2
_SMOOTHING = 1.0
_MOST_STEPS = 150
_ROUGHLY, _CLOSELY = 2e-4, 2e-5
"""Gradient per label at which a fit stops: roughly where many fits are made, and answers hardly differ."""


@dataclass(frozen=True, eq=False)
class CrossValidation:
    """What models say about comments that they have not learned from, for one output.

    Attributes
    ----------
    output
        What the output speaks for.
    n_yes, n_no
        Labels of both kinds that were used.
    strength
        The one of `STRENGTHS` with the least log loss.
    log_loss
        Mean log loss of each of `STRENGTHS`.
    threshold
        Logit from which on the output is said to hold: median over the folds.
    logits
        Logits out of fold, shape (N,) in the order of the texts. Rows that were not used are dealt to folds
        too, and read by the model that has seen neither them nor a copy of them.
    predicted
        Whether the output is said to hold, with a threshold that the other folds chose; False for rows that
        were not used.
    base_logits
        Logits of the base model, None without one.
    macro_f1, base_macro_f1
        Mean F1 of both classes, 0 to 1, of `predicted` and of the base model at its own threshold.
    """

    output: str
    n_yes: int
    n_no: int
    strength: float
    log_loss: tuple[float, ...]
    threshold: float
    logits: Floats
    predicted: NDArray[np.bool_]
    base_logits: Floats | None
    macro_f1: float
    base_macro_f1: float | None


@dataclass(frozen=True, eq=False)
class Training:
    """A model and how well models made the same way do on comments they have not seen."""

    model: NgramModel
    checks: tuple[CrossValidation, ...]
    seed: int


def train(
    texts: Sequence[str],
    targets: NDArray[Any],
    *,
    outputs: Sequence[str] = ("positive",),
    base: NgramModel | None = None,
    seed: int = 20240501,
    about: Mapping[str, Any] | None = None,
) -> Training:
    """Learn a model from labelled comments, on top of another one.

    Parameters
    ----------
    texts
        N comments.
    targets
        1 where an output holds, 0 where it does not, -1 where a comment is not used for it; shape (N,), or
        (N, K) for K outputs. The order of the comments does not matter.
    outputs
        Names of the K outputs.
    base
        A model of one output whose logit is blended in; None to learn from the labels alone.
    seed
        Decides the folds.
    about
        What the model is to say of where it comes from, beside counts and figures.

    Raises
    ------
    MethodError
        With fewer than `LEAST_LABELS` different comments labelled, or fewer than `LEAST_OF_A_CLASS` of a
        class, and where the shapes do not fit.

    Notes
    -----
    For each output, ``logit = s * base + b + sum(r * v) / count ** 0.75`` over the n-grams of a comment. r is
    the log ratio of the smoothed shares of an n-gram among comments with and without the output; v has a
    normal prior with mean 0 and a variance chosen by cross-validation; s and b are free. Comments that are
    written alike stay in one fold. Thresholds maximise macro-F1 out of fold; the probability is Platt's.

    References
    ----------
    Wang, S. and Manning, C. (2012). Baselines and bigrams. ACL.
    Platt, J. (1999). Probabilistic outputs for support vector machines.
    """
    targets = np.asarray(targets)
    if targets.ndim == 1:
        targets = targets[:, None]
    if targets.shape != (len(texts), len(outputs)) or not np.isin(targets, (-1, 0, 1)).all():
        raise MethodError(
            "Labels do not fit the comments.",
            value=f"labels of shape {targets.shape}",
            expected=f"1, 0 or -1 in shape {(len(texts), len(outputs))}",
        )
    # One order for the same labels, whatever order they come in: sums are then rounded alike.
    targets = targets.astype(np.int8)
    listed = targets.tolist()
    order = np.array(sorted(range(len(texts)), key=lambda row: (texts[row], listed[row])), dtype=np.int64)
    texts, targets = [texts[row] for row in order], targets[order]
    design = Design.of(texts).frequent(_LEAST_TEXTS)
    bare = ["".join(text.split()) for text in texts]
    targets[design.empty | np.array([text == "" for text in bare], dtype=np.bool_)] = -1
    alike = np.unique(bare, return_inverse=True)[1]
    for output, target in zip(outputs, targets.T, strict=True):
        _refuse_too_few(output, target, alike)
    base_logits = None if base is None else base.logits(Characters.of(texts))
    checks, fits, readings = [], [], []
    for output, target in zip(outputs, targets.T, strict=True):
        used = np.flatnonzero(target >= 0)
        part, yes, ones = design.rows(used), target[used] == 1, np.ones(used.size)
        beside = None if base_logits is None else base_logits[used]
        threshold = 0.0 if base is None else float(base.thresholds[0])
        check = _cross_validated(
            output, design, target, base_logits, threshold, _all_folds(bare, target, seed)
        )
        fits.append(_fit(part, yes, ones, check.strength, base=beside))
        readings.append(_Reading(check.threshold, *_platt(check.logits[used], yes, ones, shifted=True)))
        checks.append(_in_order(check, order))
    said = dict(about or {}) | {"seed": seed, "base": None if base is None else base.sha256}
    said["outputs"] = {c.output: {"n_yes": c.n_yes, "n_no": c.n_no, "macro_f1": c.macro_f1} for c in checks}
    return Training(_assembled(outputs, design, fits, readings, base, said), tuple(checks), seed)


def learn(
    texts: Sequence[str],
    yes: NDArray[np.bool_],
    *,
    weights: Floats,
    strength: float,
    intercept: float,
    least_texts: int,
    output: str = "positive",
    seed: int = 20240501,
    about: Mapping[str, Any] | None = None,
) -> NgramModel:
    """Learn a model of one output from weighted texts with a strength and an intercept given beforehand.

    The intercept is what a text without known n-grams gets. The probability has the slope that fits logits
    out of fold, and is one half at logit 0. N-grams of fewer than `least_texts` texts are left out; for the
    other names see `train`.
    """
    design = Design.of(texts).frequent(least_texts)
    logits = np.zeros(len(texts))
    for inside, outside in _splits(_folds(["".join(text.split()) for text in texts], yes, seed)):
        fit = _fit(
            design.rows(inside),
            yes[inside],
            weights[inside],
            strength,
            intercept=intercept,
            steepest=_CLOSELY,
        )
        logits[outside] = fit.logits(design.rows(outside), None)
    reading = _Reading(0.0, *_platt(logits, yes, weights, shifted=False))
    fit = _fit(design, yes, weights, strength, intercept=intercept, steepest=_CLOSELY)
    said = dict(about or {}) | {"seed": seed, "strength": strength}
    return _assembled((output,), design, [fit], [reading], None, said)


@dataclass(frozen=True, eq=False)
class Design:
    """Damped counts of n-grams: N texts by the M buckets that occur in them.

    Attributes
    ----------
    matrix
        ``count of the n-gram / number of n-grams ** 0.75``; scipy CSR array of shape (N, M).
    buckets
        The bucket of each column, sorted.
    empty
        Texts without a single n-gram.
    """

    matrix: Any
    buckets: NDArray[np.int64]
    empty: NDArray[np.bool_]

    @classmethod
    def of(cls, texts: Sequence[str]) -> Design:
        """Count the n-grams of texts."""
        from scipy.sparse import csr_array

        ngrams = ngrams_of(Characters.of(texts))
        buckets, column = np.unique(ngrams.bucket, return_inverse=True)
        starts = np.searchsorted(ngrams.text, np.arange(len(texts) + 1))
        values = 1.0 / damped(ngrams.count)[ngrams.text]
        matrix = csr_array((values, column, starts), shape=(len(texts), buckets.size))
        matrix.sum_duplicates()
        return cls(matrix, buckets, ngrams.count == 0)

    def rows(self, rows: NDArray[np.int64]) -> Design:
        """Return the design of some of the texts, with all columns."""
        return Design(self.matrix[rows], self.buckets, self.empty[rows])

    def frequent(self, least: int) -> Design:
        """Return the design with those n-grams that stand in at least so many texts."""
        kept = np.flatnonzero(np.bincount(self.matrix.indices, minlength=self.buckets.size) >= least)
        return Design(self.matrix[:, kept], self.buckets[kept], self.empty)


@dataclass(frozen=True, eq=False)
class _Fit:
    """Weights of the columns of a design, and of what stands beside it."""

    weights: Floats
    intercept: float
    base_slope: float
    solution: Floats

    def logits(self, design: Design, base: Floats | None) -> Floats:
        logits = np.asarray(design.matrix @ self.weights + self.intercept)
        return logits if base is None else logits + self.base_slope * base


@dataclass(frozen=True)
class _Reading:
    """How the logits of an output are read: threshold, and slope and intercept of its probability."""

    threshold: float
    slope: float
    intercept: float


def _refuse_too_few(output: str, target: NDArray[np.int8], alike: NDArray[np.int64]) -> None:
    """Count different texts: a hundred copies of one answer teach no more than it does."""
    yes, no = (int(np.unique(alike[target == said]).size) for said in (1, 0))
    if yes + no < LEAST_LABELS or min(yes, no) < LEAST_OF_A_CLASS:
        raise MethodError(
            f"There are too few labelled comments to learn {output!r} from.",
            value=f"{yes} different comments with it, {no} without",
            expected=f"at least {LEAST_LABELS}, and {LEAST_OF_A_CLASS} of each kind",
            next_step="label more comments, or use the built-in model",
        )


def _folds(texts: Sequence[str], yes: NDArray[np.bool_], seed: int) -> NDArray[np.int64]:
    """Deal texts to folds, of each class alike; copies go to the same fold."""
    groups: dict[str, list[int]] = {}
    for row, text in enumerate(texts):
        groups.setdefault(text, []).append(row)
    listed = list(groups.values())
    firsts = np.array([rows[0] for rows in listed])
    rng = np.random.default_rng(seed)
    fold = np.empty(len(texts), dtype=np.int64)
    for label in (False, True):
        of_label = rng.permutation(np.flatnonzero(yes[firsts] == label))
        for place, group in enumerate(of_label.tolist()):
            fold[listed[group]] = place % FOLDS
    return fold


def _all_folds(texts: Sequence[str], target: NDArray[np.int8], seed: int) -> NDArray[np.int64]:
    """Deal all texts to folds, those that are used as `_folds` does; copies go to the same fold."""
    used = target >= 0
    taught = [text for text, one in zip(texts, used, strict=True) if one]
    fold = _folds(taught, target[used] == 1, seed)
    dealt = dict(zip(taught, fold.tolist(), strict=True))
    others = sorted(set(texts) - set(dealt))
    place = np.random.default_rng(seed).permutation(len(others)) % FOLDS
    dealt |= dict(zip(others, place.tolist(), strict=True))
    return np.array([dealt[text] for text in texts], dtype=np.int64)


def _cross_validated(
    output: str,
    design: Design,
    target: NDArray[np.int8],
    base: Floats | None,
    base_threshold: float,
    fold: NDArray[np.int64],
) -> CrossValidation:
    """Read every comment with a model fitted to the used ones of the other folds."""
    used, yes = target >= 0, target == 1
    logits = np.zeros((len(STRENGTHS), target.size))
    for k in range(FOLDS):
        inside, outside = np.flatnonzero(used & (fold != k)), np.flatnonzero(fold == k)
        part, rest = design.rows(inside), design.rows(outside)
        base_in, base_out = (None, None) if base is None else (base[inside], base[outside])
        fitted = None
        for place, strength in enumerate(STRENGTHS):
            fitted = _fit(part, yes[inside], np.ones(inside.size), strength, base=base_in, start=fitted)
            logits[place, outside] = fitted.logits(rest, base_out)
    told, truth = logits[:, used], yes[used]
    losses = np.logaddexp(0, np.where(truth, -told, told)).mean(axis=1)
    best = int(np.argmin(losses))
    out = told[best]
    thresholds = np.array([_best_threshold(out[inside], truth[inside]) for inside, _ in _splits(fold[used])])
    predicted = np.zeros(target.size, dtype=np.bool_)
    predicted[used] = out >= thresholds[fold[used]]
    return CrossValidation(
        output=output,
        n_yes=int(truth.sum()),
        n_no=int((~truth).sum()),
        strength=STRENGTHS[best],
        log_loss=tuple(losses.tolist()),
        threshold=float(np.median(thresholds)),
        logits=logits[best],
        predicted=predicted,
        base_logits=None if base is None else np.where(used, base, np.nan),
        macro_f1=_macro_f1(truth, predicted[used]),
        base_macro_f1=None if base is None else _macro_f1(truth, base[used] >= base_threshold),
    )


def _splits(fold: NDArray[np.int64]) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    for k in range(FOLDS):
        yield np.flatnonzero(fold != k), np.flatnonzero(fold == k)


def _in_order(check: CrossValidation, order: NDArray[np.int64]) -> CrossValidation:
    """Put what was found for sorted texts in the place of the texts as they came."""

    def placed(values: NDArray[Any]) -> NDArray[Any]:
        whole = np.empty_like(values)
        whole[order] = values
        return whole

    return replace(
        check,
        logits=placed(check.logits),
        predicted=placed(check.predicted),
        base_logits=None if check.base_logits is None else placed(check.base_logits),
    )


def _fit(
    design: Design,
    yes: NDArray[np.bool_],
    weights: Floats,
    strength: float,
    *,
    base: Floats | None = None,
    intercept: float | None = None,
    start: _Fit | None = None,
    steepest: float = _ROUGHLY,
) -> _Fit:
    """Fit one output; a given intercept is kept."""
    from scipy.optimize import minimize

    ratio = _log_ratio(design, yes, weights)
    scaled = design.matrix.multiply(ratio[None, :]).tocsr()
    turned = scaled.T.tocsr()
    m = ratio.size
    beside = np.column_stack(
        [np.ones(yes.size)] * (intercept is None)
        + ([] if base is None else [base])
        + [np.zeros((yes.size, 0))]
    )
    sign = np.where(yes, 1.0, -1.0)

    def loss(solution: Floats) -> tuple[float, Floats]:
        v, u = solution[:m], solution[m:]
        margin = sign * (scaled @ v + beside @ u + (intercept or 0.0))
        slope = -sign * weights * np.exp(-np.logaddexp(0, margin))
        value = float((weights * np.logaddexp(0, -margin)).sum() + v @ v / (2 * strength))
        return value, np.concatenate([turned @ slope + v / strength, beside.T @ slope])

    first = np.zeros(m + beside.shape[1])
    if base is not None:
        first[-1] = 1.0
    if start is not None:
        first = start.solution
    options = {"maxiter": _MOST_STEPS, "gtol": steepest * yes.size, "maxcor": 8}
    solution = minimize(loss, first, jac=True, method="L-BFGS-B", options=options).x
    return _Fit(
        weights=ratio * solution[:m],
        intercept=float(solution[m]) if intercept is None else intercept,
        base_slope=0.0 if base is None else float(solution[-1]),
        solution=solution,
    )


def _log_ratio(design: Design, yes: NDArray[np.bool_], weights: Floats) -> Floats:
    """Return the log ratio of the smoothed shares of each n-gram among texts with and without the output."""
    occurs = design.matrix.astype(np.bool_).astype(np.float64).T.tocsr()
    with_it = occurs @ (weights * yes) + _SMOOTHING
    without = occurs @ (weights * ~yes) + _SMOOTHING
    return np.asarray(np.log(with_it / with_it.sum()) - np.log(without / without.sum()))


def _best_threshold(logits: Floats, yes: NDArray[np.bool_]) -> float:
    """Return the logit at which macro-F1 is greatest: the middle between two neighbours."""
    order = np.argsort(logits, kind="stable")
    sorted_logits, sorted_yes = logits[order], yes[order]
    found_no = np.concatenate([[0], np.cumsum(~sorted_yes)])
    found_yes = yes.sum() - np.concatenate([[0], np.cumsum(sorted_yes)])
    below = np.arange(yes.size + 1)
    f1 = found_no / (below + (~yes).sum()) + found_yes / (yes.size - below + yes.sum())
    edges = np.concatenate([[sorted_logits[0] - 1], sorted_logits, [sorted_logits[-1] + 1]])
    f1[1:-1][edges[1:-2] == edges[2:-1]] = -1  # equal logits cannot be parted
    best = int(np.argmax(f1))
    return float((edges[best] + edges[best + 1]) / 2)


def _macro_f1(yes: NDArray[np.bool_], predicted: NDArray[np.bool_]) -> float:
    both, neither = (yes & predicted).sum(), (~yes & ~predicted).sum()
    of_yes = 2 * both / (yes.sum() + predicted.sum())
    of_no = 2 * neither / ((~yes).sum() + (~predicted).sum())
    return float((of_yes + of_no) / 2)


def _platt(logits: Floats, yes: NDArray[np.bool_], weights: Floats, *, shifted: bool) -> tuple[float, float]:
    """Return slope and intercept of the probability by Newton's method; targets as Platt smooths them."""
    n_yes, n_no = (weights * yes).sum(), (weights * ~yes).sum()
    target = np.where(yes, (n_yes + 1) / (n_yes + 2), 1 / (n_no + 2))
    x = np.column_stack([logits, np.ones(logits.size)])[:, : 1 + shifted]
    solution = np.array([1.0, 0.0])[: 1 + shifted]
    for _ in range(50):
        p = 0.5 + 0.5 * np.tanh(x @ solution / 2)
        gradient = x.T @ (weights * (p - target))
        curvature = (x * (weights * p * (1 - p))[:, None]).T @ x + 1e-9 * np.eye(1 + shifted)
        step = np.linalg.solve(curvature, gradient)
        solution = solution - step / max(1.0, float(np.abs(step).max()))
        if np.abs(step).max() < 1e-10:
            break
    return float(solution[0]), float(solution[1]) if shifted else 0.0


def _assembled(
    outputs: Sequence[str],
    design: Design,
    fits: Sequence[_Fit],
    readings: Sequence[_Reading],
    base: NgramModel | None,
    about: Mapping[str, Any],
) -> NgramModel:
    """Write weights, and those of the base that they stand on, into one model."""
    buckets = design.buckets if base is None else np.union1d(design.buckets, base.buckets)
    values = np.zeros((buckets.size, len(outputs)))
    intercepts = np.zeros(len(outputs))
    for k, fit in enumerate(fits):
        values[np.searchsorted(buckets, design.buckets), k] += fit.weights
        intercepts[k] = fit.intercept
        if base is not None:
            values[np.searchsorted(buckets, base.buckets), k] += fit.base_slope * base.values[:, 0]
            intercepts[k] += fit.base_slope * base.intercepts[0]
    halved = values.astype(np.float16)
    kept = np.flatnonzero(halved.any(axis=1))
    return NgramModel(
        outputs=tuple(outputs),
        buckets=buckets[kept].astype(np.int64),
        values=halved[kept],
        intercepts=intercepts,
        calibration=np.array([[reading.slope, reading.intercept] for reading in readings]),
        thresholds=np.array([reading.threshold for reading in readings]),
        about=dict(about),
    )
