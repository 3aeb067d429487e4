"""What is read in comments: labels, polarities and service aspects, as columns over comments."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, get_args

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LABELS = ("negative", "neutral", "positive", "mixed", "none")
"""Labels of a comment. `none` says nothing (empty, 没有, not Chinese) and is not neutral."""
NEGATIVE, NEUTRAL, POSITIVE, MIXED, NONE = range(len(LABELS))

AspectName = Literal[
    "access",
    "communication",
    "solution",
    "follow_up",
    "etiquette",
    "professionalism",
    "price",
    "product",
    "process",
    "other",
]

ASPECTS: tuple[AspectName, ...] = get_args(AspectName)
"""Service aspects: the six dimensions A to F of the contact-centre instrument, then what else is named."""


@dataclass(frozen=True)
class Mentions:
    """Stretches of text that decided something, sorted by comment and place; M of them.

    Attributes
    ----------
    comment
        Position of the comment, int64 of shape (M,).
    start, end
        Characters of the comment as it was written, from `start` up to but without `end`; int64.
    aspect
        Position in `ASPECTS`, -1 for words that speak of no aspect; int8.
    label
        NEGATIVE, NEUTRAL or POSITIVE: what is said there; int8.
    """

    comment: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    aspect: NDArray[np.int8]
    label: NDArray[np.int8]

    def __len__(self) -> int:
        return int(self.comment.size)

    @classmethod
    def nothing(cls) -> Mentions:
        """Return no mention at all."""
        places = np.zeros(0, dtype=np.int64)
        small = np.zeros(0, dtype=np.int8)
        return cls(places, places, places, small, small)

    @classmethod
    def joined(cls, parts: Iterable[tuple[int, Mentions]]) -> Mentions:
        """Join the mentions of several batches, each with the position of its first comment."""
        listed = list(parts)
        if not listed:
            return cls.nothing()
        return cls(
            np.concatenate([part.comment + first for first, part in listed]),
            *(
                np.concatenate([getattr(part, name) for _, part in listed])
                for name in ("start", "end", "aspect", "label")
            ),
        )


@dataclass(frozen=True)
class Readings:
    """What an engine reads in N comments.

    Attributes
    ----------
    label
        Position in `LABELS`; int8 of shape (N,).
    polarity
        0 (ill) to 1 (well); NaN where the label is `none`. With the service engine the probability that a
        person would call the comment positive rather than negative.
    mentions
        The aspects spoken of, and the words that decided.
    """

    label: NDArray[np.int8]
    polarity: Floats
    mentions: Mentions

    def __len__(self) -> int:
        return int(self.label.size)

    @classmethod
    def joined(cls, parts: Sequence[Readings]) -> Readings:
        """Join the readings of consecutive batches."""
        firsts = np.cumsum([0, *(len(part) for part in parts)])
        return cls(
            np.concatenate([np.zeros(0, np.int8), *(part.label for part in parts)]),
            np.concatenate([np.zeros(0), *(part.polarity for part in parts)]),
            Mentions.joined((int(first), part.mentions) for first, part in zip(firsts, parts, strict=False)),
        )

    def aspect_labels(self) -> tuple[NDArray[np.int64], NDArray[np.int8], NDArray[np.int8]]:
        """Bring the mentions of an aspect in a comment together.

        Returns
        -------
        comment, aspect, label
            One row per comment and aspect that it speaks of, sorted; `MIXED` where it speaks well and ill of
            it, NEGATIVE or POSITIVE where only one of both occurs, else NEUTRAL.
        """
        mentions = self.mentions
        of_aspect = mentions.aspect >= 0
        key = mentions.comment[of_aspect] * len(ASPECTS) + mentions.aspect[of_aspect]
        keys, place = np.unique(key, return_inverse=True)
        good, ill = np.zeros(keys.size, dtype=np.bool_), np.zeros(keys.size, dtype=np.bool_)
        good[place[mentions.label[of_aspect] == POSITIVE]] = True
        ill[place[mentions.label[of_aspect] == NEGATIVE]] = True
        label = np.where(good & ill, MIXED, np.where(good, POSITIVE, np.where(ill, NEGATIVE, NEUTRAL)))
        return keys // len(ASPECTS), (keys % len(ASPECTS)).astype(np.int8), label.astype(np.int8)


class Engine(Protocol):
    """Reads comments.

    The same comment gives the same reading in any batch, order or process.
    """

    @property
    def name(self) -> str:
        """Name and version, as provenance has it."""
        ...

    def read(self, texts: Sequence[str | None]) -> Readings:
        """Read comments; None and "" are `none`."""
        ...
