"""An engine that has learned from the user's own labels, on top of the built-in one."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from satsurvey.errors import MethodError, ModelError
from satsurvey.text.characters import Characters
from satsurvey.text.evaluation import Evaluation, aspect_sets, label_positions, measured
from satsurvey.text.labelled import AspectSet
from satsurvey.text.model import NgramModel, builtin_sentiment
from satsurvey.text.readings import (
    ASPECTS,
    LABELS,
    MIXED,
    NEGATIVE,
    NEUTRAL,
    NONE,
    POSITIVE,
    Engine,
    Mentions,
    Readings,
)
from satsurvey.text.training import FOLDS
from satsurvey.text.training import train as train_model

Floats = NDArray[np.float64]

LEAST_OF_A_LABEL = 30
"""Comments of a label beside positive and negative from which on it is learned."""
LEAST_WITH_ASPECTS = 200
LEAST_OF_AN_ASPECT = 20
_OTHERS = (NEUTRAL, MIXED, NONE)
_SURE = 1e-3
_BATCH = 20_000
_SIGNS = {"+": (1, POSITIVE), "-": (-1, NEGATIVE)}


class TrainedEngine:
    """Reads comments with a model that was learned from labels and with the built-in engine beside it.

    Parameters
    ----------
    model
        As `train` makes it: an n-gram model that also says how it is blended with the built-in engine.
    base
        The built-in engine.

    Raises
    ------
    ModelError
        The model does not say how it is blended.
    """

    def __init__(self, model: NgramModel, base: Engine) -> None:
        self.model = model
        self.base = base
        try:
            blend, labels = model.about["blend"], model.about["labels"]
            self._blend = np.array([blend[name] for name in model.outputs], dtype=np.float64)
            self._labels = frozenset(LABELS.index(name) for name in labels)
            fits = self._blend.shape == (len(model.outputs), 3) and bool(np.isfinite(self._blend).all())
        except (KeyError, TypeError, ValueError):
            fits = False
        if not fits or "positive" not in model.outputs or not set(model.outputs) <= _possible():
            raise ModelError(
                "the model does not say how it is blended with the built-in engine",
                next_step="train it with satsurvey comments train",
            )

    @classmethod
    def load(cls, path: str | Path) -> TrainedEngine:
        """Read a trained engine from a file; nothing in it is executed.

        Raises
        ------
        ModelError
            The file is no model, is damaged, or belongs to another version.
        """
        model = NgramModel.load(path)
        try:
            return cls(model, _builtin())
        except ModelError as exc:
            raise ModelError(exc.what, file=path, next_step=exc.next_step) from exc

    def save(self, path: str | Path) -> None:
        """Write the engine; the same one gives the same bytes.

        Raises
        ------
        OutputError
            The file cannot be written.
        """
        self.model.save(path)

    @property
    def name(self) -> str:
        """Name with a checksum of the model, as provenance has it."""
        digest = hashlib.sha256(self.model.sha256.encode())
        digest.update(self._blend.tobytes() + bytes(sorted(self._labels)))
        return f"trained {digest.hexdigest()[:12]} on {self.base.name}"

    def read(self, texts: Sequence[str | None]) -> Readings:
        """Read comments; None and "" are `none`."""
        parts = []
        for first in range(0, max(len(texts), 1), _BATCH):
            some = texts[first : first + _BATCH]
            base = self.base.read(some)
            logits = self.model.all_logits(Characters.of(some))
            parts.append(decided(self.model.outputs, logits, self._blend, base, self._labels))
        return Readings.joined(parts)


@dataclass(frozen=True)
class Trained:
    """What was learned, and how well it reads what it has not learned from.

    Attributes
    ----------
    engine
        Learned from all labels.
    cross_validated
        Every comment read by a model that was learned without it.
    about
        Counts, seed and what was learned; plain data.
    notes
        What a reader must know.
    """

    engine: TrainedEngine
    cross_validated: Evaluation
    about: Mapping[str, object]
    notes: tuple[str, ...]


def train(
    texts: Sequence[str],
    labels: Sequence[str | int],
    *,
    aspects: Sequence[str | AspectSet] | None = None,
    base: bool = True,
    source: str = "",
    seed: int = 20191,
) -> Trained:
    """Learn from labelled comments, blended with the built-in engine.

    Parameters
    ----------
    texts
        N comments.
    labels, aspects
        As in `satsurvey.text.evaluate`.
    base
        Whether the built-in n-gram model is a part of what is learned; without it only the labels are, and
        what the built-in engine says of each comment.
    source
        Which comments they are, in words.
    seed
        Decides the folds of the cross-validation.

    Returns
    -------
    Trained

    Raises
    ------
    MethodError
        There are too few labels to learn from.

    Notes
    -----
    Positive against negative is learned from the comments of these two labels; neutral, mixed and none each
    against the rest, from 30 comments on; aspects with their direction from 200 labelled comments on, each
    from 20 on. What an n-gram model says out of fold is blended with what the built-in engine says by a
    logistic regression, whose cut is the one with the best macro-F1 out of fold; figures are those of blends
    and cuts chosen in the other folds. What reads no better out of fold than the built-in engine, and what is
    not learned, is left to it.
    """
    truth = label_positions(labels)
    if truth.size != len(texts):
        raise MethodError(
            "texts, labels and aspects are of different lengths", value=f"{len(texts)}, {truth.size}"
        )
    sets = None if aspects is None else aspect_sets(aspects)
    outputs, targets = _targets(truth, sets)
    learned = train_model(
        list(texts), targets, outputs=outputs, base=builtin_sentiment() if base else None, seed=seed
    )
    beside = _builtin()
    said = beside.read(list(texts))
    logits = np.column_stack([check.logits for check in learned.checks])
    fold = np.random.default_rng(seed).integers(FOLDS, size=truth.size)
    blends = np.zeros((len(outputs), 3))
    by_fold = np.zeros((FOLDS, len(outputs), 3))
    for k, name in enumerate(outputs):
        features = _features(name, logits[:, k], said)
        used = (targets[:, k] >= 0) & np.isfinite(logits[:, k])
        yes = targets[:, k] == 1
        blends[k] = _blended(features[used], yes[used])
        for one in range(FOLDS):
            others = used & (fold != one)
            by_fold[one, k] = _blended(features[others], yes[others])
    # A comment without a single n-gram has no logit out of fold; it says nothing either way.
    held = np.where(np.isfinite(logits), logits, 0.0)
    of_comment = by_fold[fold].transpose(1, 0, 2)
    kept = [
        k
        for k, name in enumerate(outputs)
        if name == "positive" or _helps(name, targets[:, k] == 1, held[:, k], of_comment[k], said)
    ]
    dropped = [name for k, name in enumerate(outputs) if k not in kept]
    outputs, blends, held = tuple(outputs[k] for k in kept), blends[kept], held[:, kept]
    occurring = frozenset(np.unique(truth).tolist())
    read = decided(outputs, held, of_comment[kept], said, occurring)
    about = {
        "labels": [LABELS[k] for k in sorted(occurring)],
        "blend": {name: blends[k].tolist() for k, name in enumerate(outputs)},
        "n": int(truth.size),
        "source": source,
        "base_engine": beside.name,
    }
    whole = learned.model
    model = replace(
        whole,
        outputs=outputs,
        values=whole.values[:, kept],
        intercepts=whole.intercepts[kept],
        calibration=whole.calibration[kept],
        thresholds=whole.thresholds[kept],
        about={**whole.about, **about},
    )
    engine = TrainedEngine(model, beside)
    checked = measured(
        "trained (cross-validated)", list(texts), truth, read, aspects=sets, source=source, seed=seed
    )
    said_of_it = {**about, "outputs": list(outputs), "seed": seed}
    return Trained(engine, checked, said_of_it, _notes(truth, sets, outputs, dropped))


def decided(
    outputs: Sequence[str],
    logits: Floats,
    blend: Floats,
    base: Readings,
    labels: frozenset[int],
) -> Readings:
    """Make readings of logits and of what the built-in engine says.

    Parameters
    ----------
    outputs
        "positive", names of other labels, and aspects with their direction ("access-").
    logits
        Of the n-gram model, shape (N, K).
    blend
        Intercept and weights of logit and built-in engine, shape (K, 3), or (K, N, 3) for one per comment.
    base
        What the built-in engine says.
    labels
        The labels that occur among those learned from; others are not given, but for `none`.
    """
    chances = np.column_stack(
        [
            _chance(np.sum(blend[k] * _features(name, logits[:, k], base), axis=-1))
            for k, name in enumerate(outputs)
        ]
    )
    polarity = chances[:, outputs.index("positive")]
    label = np.where(polarity >= 0.5, POSITIVE, NEGATIVE).astype(np.int8)
    learned = [k for k in _OTHERS if LABELS[k] in outputs]
    for k in _OTHERS:
        if k not in learned and (k == NONE or k in labels):
            label[base.label == k] = k
    if learned:
        others = chances[:, [outputs.index(LABELS[k]) for k in learned]]
        best = others.argmax(axis=1)
        said = (others.max(axis=1) >= 0.5) & ~((label == NONE) & (NONE not in learned))
        label[said] = np.array(learned, dtype=np.int8)[best[said]]
    polarity = np.where(label == NONE, np.nan, polarity)
    return Readings(label, polarity, _mentions(outputs, chances, base, label))


def _targets(
    truth: NDArray[np.int8], sets: Sequence[AspectSet] | None
) -> tuple[tuple[str, ...], NDArray[np.int8]]:
    """Return what is learned, and by comment 1 where it holds, 0 where not, -1 where it does not count."""
    outputs = ["positive"]
    targets = [np.select([truth == POSITIVE, truth == NEGATIVE], [1, 0], -1)]
    for k in _OTHERS:
        n = int((truth == k).sum())
        if LEAST_OF_A_LABEL <= n <= truth.size - LEAST_OF_A_LABEL:
            outputs.append(LABELS[k])
            targets.append((truth == k).astype(np.int64))
    if sets is not None and truth.size >= LEAST_WITH_ASPECTS:
        for aspect, name in enumerate(ASPECTS):
            for sign, (direction, _) in _SIGNS.items():
                holds = np.array([(aspect, direction) in one for one in sets])
                if LEAST_OF_AN_ASPECT <= holds.sum() <= truth.size - LEAST_OF_AN_ASPECT:
                    outputs.append(f"{name}{sign}")
                    targets.append(holds.astype(np.int64))
    return tuple(outputs), np.column_stack(targets).astype(np.int8)


def _features(name: str, logits: Floats, base: Readings) -> Floats:
    """Return one, the logit and what the built-in engine says, shape (N, 3)."""
    if name == "positive":
        held = np.clip(np.where(np.isnan(base.polarity), 0.5, base.polarity), _SURE, 1 - _SURE)
        beside = np.log(held / (1 - held))
    elif name in LABELS:
        beside = (base.label == LABELS.index(name)).astype(np.float64)
    else:
        beside = _named(name, base).astype(np.float64)
    return np.column_stack([np.ones(logits.size), np.where(np.isfinite(logits), logits, 0.0), beside])


def _named(name: str, base: Readings) -> NDArray[np.bool_]:
    """Return which comments the built-in engine takes to speak of an aspect in a direction."""
    aspect, (_, wanted) = ASPECTS.index(name[:-1]), _SIGNS[name[-1]]
    comment, aspects, labels = base.aspect_labels()
    found = np.zeros(len(base), dtype=np.bool_)
    found[comment[(aspects == aspect) & np.isin(labels, (wanted, MIXED))]] = True
    return found


def _mentions(outputs: Sequence[str], chances: Floats, base: Readings, label: NDArray[np.int8]) -> Mentions:
    """Return the mentions of the built-in engine, corrected by the aspects that were learned.

    An aspect that only the model sees has no words: its mention is empty.
    """
    m = base.mentions
    kept = np.ones(len(m), dtype=np.bool_)
    more: list[NDArray[np.int64]] = []
    for k, name in enumerate(outputs):
        if name in LABELS:
            continue
        aspect, (_, wanted) = ASPECTS.index(name[:-1]), _SIGNS[name[-1]]
        holds = (chances[:, k] >= 0.5) & (label != NONE)
        kept &= ~((m.aspect == aspect) & (m.label == wanted) & ~holds[m.comment])
        new = np.flatnonzero(holds & ~_named(name, base))
        zero = np.zeros(new.size, dtype=np.int64)
        more.append(np.column_stack([new, zero, zero, zero + aspect, zero + wanted]))
    if kept.all() and not sum(map(len, more)):
        return m
    old = np.column_stack([m.comment, m.start, m.end, m.aspect, m.label])[kept]
    table = np.concatenate([old, *more])
    table = table[np.lexsort((table[:, 3], table[:, 1], table[:, 0]))]
    return Mentions(
        table[:, 0], table[:, 1], table[:, 2], table[:, 3].astype(np.int8), table[:, 4].astype(np.int8)
    )


def _helps(name: str, yes: NDArray[np.bool_], logits: Floats, blend: Floats, base: Readings) -> bool:
    """Whether what was learned finds an output better out of fold (F1) than the built-in engine does."""

    def f1(found: NDArray[np.bool_]) -> float:
        return 2 * float((found & yes).sum()) / float(found.sum() + yes.sum())

    features = _features(name, logits, base)
    return f1(np.sum(blend * features, axis=-1) >= 0) > f1(features[:, 2] > 0)


def _possible() -> set[str]:
    """Every output that a model may have."""
    others = {LABELS[k] for k in _OTHERS}
    return {"positive", *others, *(f"{name}{sign}" for name in ASPECTS for sign in _SIGNS)}


def _blended(features: Floats, yes: NDArray[np.bool_]) -> Floats:
    """Fit a logistic regression with a slight ridge, and move its intercept to the best cut at 0."""
    weights = np.zeros(3)
    ridge = np.diag([1e-6, 1e-2, 1e-2])
    for _ in range(50):
        chance = _chance(features @ weights)
        gradient = features.T @ (yes - chance) - ridge @ weights
        curvature = (features * (chance * (1 - chance))[:, None]).T @ features + ridge
        step = np.linalg.solve(curvature, gradient)
        weights += np.clip(step, -4, 4)
        if np.abs(step).max() < 1e-8:
            break
    weights[0] -= _best_cut(features @ weights, yes)
    return weights


def _best_cut(logits: Floats, yes: NDArray[np.bool_]) -> float:
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


def _chance(logits: Floats) -> Floats:
    return np.asarray(0.5 + 0.5 * np.tanh(logits / 2))


def _notes(
    truth: NDArray[np.int8], sets: Sequence[AspectSet] | None, outputs: Sequence[str], dropped: Sequence[str]
) -> tuple[str, ...]:
    notes = []
    given = {*outputs, *dropped}
    left = [LABELS[k] for k in _OTHERS if LABELS[k] not in given and (truth == k).any()]
    if dropped:
        notes.append(f"left to the built-in engine, which reads them as well: {', '.join(dropped)}")
    if left:
        notes.append(
            f"{', '.join(left)}: fewer than {LEAST_OF_A_LABEL} labels, "
            "so they are read as the built-in engine does"
        )
    if sets is not None and truth.size < LEAST_WITH_ASPECTS:
        notes.append(
            f"aspects are learned from {LEAST_WITH_ASPECTS} labelled comments on; there are {truth.size}"
        )
    return tuple(notes)


def _builtin() -> Any:
    from satsurvey.text.service import ServiceEngine

    return ServiceEngine.builtin()
