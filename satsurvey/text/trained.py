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
from satsurvey.text.blending import OutOfFold, chance_of
from satsurvey.text.characters import Characters
from satsurvey.text.evaluation import WEIGHTED, Evaluation, aspect_sets, label_positions, measured
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
from satsurvey.text.weighing import checked_weights

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
    weights: Sequence[float] | Floats | None = None,
    base: bool = True,
    source: str = "",
    seed: int = 20191,
    notes: Sequence[str] = (),
) -> Trained:
    """Learn from labelled comments, blended with the built-in engine.

    Parameters
    ----------
    texts
        N comments.
    labels, aspects, weights
        As in `satsurvey.text.evaluate`. Weights count in the figures; what is learned is learned from every
        label alike.
    base
        Whether the built-in n-gram model is a part of what is learned; without it only the labels are, and
        what the built-in engine says of each comment.
    source
        Which comments they are, in words.
    seed
        Decides the folds of the cross-validation.
    notes
        What else a reader must know.

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
    logistic regression, whose cut is the one with the best macro-F1 out of fold. What reads no better out of
    fold than the built-in engine, and what is not learned, is left to it. Blends, cuts, and what is left to
    the built-in engine are chosen for every fold in the other folds, and the figures are those of these
    choices. Comments in the same words are in one fold, and the order of the comments changes nothing.
    """
    truth = label_positions(labels)
    lengths = [len(texts), truth.size, *([] if aspects is None else [len(aspects)])]
    if len(set(lengths)) > 1:
        raise MethodError(
            "texts, labels and aspects are of different lengths", value=", ".join(map(str, lengths))
        )
    sets = None if aspects is None else aspect_sets(aspects)
    heavy = checked_weights(weights, truth.size)
    # One order for the same comments, fold after fold, whatever order they come in.
    order, fold = _dealt(texts, truth, sets, heavy, seed)
    texts, truth = [texts[row] for row in order], truth[order]
    sets = None if sets is None else [sets[row] for row in order]
    outputs, targets = _targets(truth, sets)
    learned = train_model(
        texts, targets, outputs=outputs, base=builtin_sentiment() if base else None, seed=seed
    )
    beside = _builtin()
    parts = [slice(*np.searchsorted(fold, [one, one + 1]).tolist()) for one in range(FOLDS)]
    said_parts = [beside.read(texts[part]) for part in parts]
    said = Readings.joined(said_parts)
    logits = np.column_stack([check.logits for check in learned.checks])
    features = [_features(name, logits[:, k], said) for k, name in enumerate(outputs)]
    outside = OutOfFold.of(outputs, targets, np.stack(features), fold)
    kept = outside.kept()
    dropped = [name for k, name in enumerate(outputs) if k not in kept]
    occurring = frozenset(np.unique(truth).tolist())
    read = []
    for one, (part, base_said) in enumerate(zip(parts, said_parts, strict=True)):
        chosen = outside.kept(without=one)
        names = tuple(outputs[k] for k in chosen)
        blend = outside.blends[one, one, chosen]
        read.append(decided(names, logits[part][:, chosen], blend, base_said, occurring))
    blends = outside.of_all()[kept]
    outputs = tuple(outputs[k] for k in kept)
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
        "trained (cross-validated)",
        texts,
        truth,
        Readings.joined(read),
        aspects=sets,
        weights=None if heavy is None else heavy[order],
        rows=(order + 1).tolist(),
        source=source,
        seed=seed,
    )
    said_of_it = {**about, "outputs": list(outputs), "seed": seed}
    weighted = () if heavy is None else (WEIGHTED,)
    return Trained(engine, checked, said_of_it, (*notes, *weighted, *_notes(truth, sets, outputs, dropped)))


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
            chance_of(np.sum(blend[k] * _features(name, logits[:, k], base), axis=-1))
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


def _dealt(
    texts: Sequence[str],
    truth: NDArray[np.int8],
    sets: Sequence[AspectSet] | None,
    weights: Floats | None,
    seed: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return an order that goes by what the comments are, fold after fold, and the fold of each in it.

    Folds are dealt over different texts, sorted, so that copies stay together.
    """
    bare = ["".join(text.split()) for text in texts]
    different = sorted(set(bare))
    place = np.random.default_rng(seed).permutation(len(different)) % FOLDS
    fold = dict(zip(different, place.tolist(), strict=True))

    def key(row: int) -> tuple[object, ...]:
        aspects = [] if sets is None else sorted(sets[row])
        heavy = 1.0 if weights is None else float(weights[row])
        return fold[bare[row]], texts[row], int(truth[row]), aspects, heavy

    order = np.array(sorted(range(len(texts)), key=key), dtype=np.int64)
    return order, np.array([fold[bare[row]] for row in order], dtype=np.int64)


def _possible() -> set[str]:
    """Every output that a model may have."""
    others = {LABELS[k] for k in _OTHERS}
    return {"positive", *others, *(f"{name}{sign}" for name in ASPECTS for sign in _SIGNS)}


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
