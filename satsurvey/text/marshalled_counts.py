"""Counts of character sequences out of a marshalled SnowNLP model, read over arrays and not object by object.

The model of the segmenter holds 1.3 million keys that are tuples of tuples of texts; to have Python build
them takes seconds and 400 MB.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int32]
Bytes = NDArray[np.uint8]

_FLAG = 0x80
"""Marks a value in the file that later ones may refer to."""
_SIZES = {"0": 1, "N": 1, "{": 1, ")": 2, "z": 2, "Z": 2, "i": 5, "r": 5, "(": 5, "g": 9} | dict.fromkeys(
    "uatA", 5
)
"""Bytes of a value of each type in the file, without its characters or members."""
_TEXTS = "zZuatA"
_STRETCH = 4_096
"""Bytes of the file that are walked through by one of many walkers."""
_SIGNS = (b"u\x03\x00\x00\x00", b")\x02r", b")\x03r")
"""How a character and keys begin in the file; they hardly stand inside another value, which is checked."""


@dataclass(frozen=True)
class Counts:
    """How often each of N sequences of characters with their tags was seen.

    Attributes
    ----------
    characters, tags
        Code point of each character and of its tag; int32 of shape (N, width). The beginning of a text,
        tag BOS without a character, is the character 0 with the tag B.
    counts
        float64 of shape (N,).
    """

    characters: Ints
    tags: Ints
    counts: NDArray[np.float64]


def read_model(content: bytes, widths: Mapping[str, int]) -> dict[str, Any]:
    """Read a marshalled dictionary of numbers and of dictionaries.

    Parameters
    ----------
    content
        The file.
    widths
        Length of the sequences under each name whose ``d`` holds counts.

    Returns
    -------
    dict
        The values under their names, with `Counts` in place of the dictionaries of counts.

    Raises
    ------
    ValueError
        If the content is of another form.
    """
    try:
        return _Values(content).model(widths)
    except (IndexError, KeyError, TypeError, struct.error) as exc:
        raise ValueError("no model of this form") from exc


class _Values:
    """All values of a marshalled file in the order in which they stand there."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._bytes = np.frombuffer(content, dtype=np.uint8)
        self._place = _places(content, self._bytes)
        raw = self._bytes[self._place]
        self._type = raw & np.uint8(_FLAG - 1)
        # What a value stands for: itself, or the earlier one that it refers to.
        self._target = np.arange(raw.size, dtype=np.int32)
        refers = _where(self._type == ord("r"))
        self._target[refers] = _where(raw >= _FLAG)[self._numbers(refers)]
        self._is_text = _among(_TEXTS)[self._type]
        self._state = self._states()

    def model(self, widths: Mapping[str, int]) -> dict[str, Any]:
        model, after = self._small(0)
        if after != self._type.size:
            raise ValueError("more than one value")
        for name, width in widths.items():
            first, after = model[name]["d"]
            model[name]["d"] = self._counts(first, after, width)
        return dict(model)

    def _numbers(self, values: Ints) -> Ints:
        """Return the whole numbers behind the types of values."""
        place = self._place[values] + 1
        number = self._bytes[place].astype(np.int32)
        for k in (1, 2, 3):
            number |= self._bytes[place + k].astype(np.int32) << 8 * k
        return number

    def _states(self) -> Ints:
        """Return character * 128 + tag of each tuple of two texts, -1 for every other value."""
        state = np.full(self._type.size, -1, dtype=np.int32)
        tuples = _where(self._type[:-2] == ord(")"))
        tuples = tuples[self._bytes[self._place[tuples] + 1] == 2]
        members = self._target[tuples + 1], self._target[tuples + 2]
        both = self._is_text[members[0]] & self._is_text[members[1]]
        tuples, (char, tag) = tuples[both], (member[both] for member in members)
        texts = _where(self._is_text)
        state[texts] = self._codes(texts)
        state[tuples] = state[char] * 128 + state[tag]
        state[texts] = -1
        return state

    def _codes(self, texts: Ints) -> Ints:
        """Return the code point of texts of one character; 0 for "", B for BOS and -1 for all longer ones."""
        place = self._place[texts]
        short = _among("zZ")[self._type[texts]]
        length = self._bytes[place + 1].astype(np.int32)
        place = place + np.where(short, 2, 5)
        b = [self._bytes.take(place + k, mode="clip").astype(np.int32) for k in range(4)]
        tails = [x & 0x3F for x in b]
        bos = (length == 3) & (b[0] == ord("B")) & (b[1] == ord("O")) & (b[2] == ord("S"))
        return np.select(
            [
                length == 0,
                bos,
                (length == 1) & (b[0] < 0x80),
                (length == 2) & (b[0] >> 5 == 0b110),
                (length == 3) & (b[0] >> 4 == 0b1110),
                (length == 4) & (b[0] >> 3 == 0b11110),
            ],
            [
                np.zeros_like(length),
                np.full_like(length, ord("B")),
                b[0],
                (b[0] & 0x1F) << 6 | tails[1],
                (b[0] & 0x0F) << 12 | tails[1] << 6 | tails[2],
                (b[0] & 0x07) << 18 | tails[1] << 12 | tails[2] << 6 | tails[3],
            ],
            default=-1,
        )

    def _counts(self, first: int, after: int, width: int) -> Counts:
        """Read the counts in a dictionary whose keys and values are those from `first` to `after`."""
        part = np.arange(first, after, dtype=np.int32)
        if width == 1:
            key = part[self._state[self._target[first:after]] >= 0]
            member = key
        else:
            key = part[(self._type[first:after] == ord(")")) & (self._state[first:after] < 0)]
            member = key + 1
        states = np.empty((key.size, width), dtype=np.int32)
        for k in range(width):
            states[:, k] = self._state[self._target[member]]
            member = member + np.where(self._type[member] == ord("r"), 1, 3)
        # Now `member` stands at the counts; a key follows each, the end of the dictionary the last.
        count = self._target[member]
        if (
            not np.array_equal(np.append(key, after), np.concatenate([[first], member + 1]))
            or (states < 0).any()
            or (self._type[count] != ord("i")).any()
        ):
            raise ValueError("other keys")
        return Counts(states >> 7, states & 127, self._numbers(count).astype(np.float64))

    def _small(self, value: int) -> tuple[Any, int]:
        """Return a value and the position behind it; of a dictionary with tuples as keys only where it is."""
        kind, place = chr(self._type[value]), int(self._place[value])
        if kind == "r":
            return self._small(int(self._target[value]))[0], value + 1
        if kind == "g":
            return struct.unpack_from("<d", self._content, place + 1)[0], value + 1
        if kind == "i":
            return struct.unpack_from("<i", self._content, place + 1)[0], value + 1
        if kind in _TEXTS:
            end = int(self._place[value + 1])
            start = place + _SIZES[kind]
            return self._content[start:end].decode(), value + 1
        if kind in "()":
            members = []
            value += 1
            for _ in range(int(self._bytes[place + 1])):
                member, value = self._small(value)
                members.append(member)
            return tuple(members), value
        if kind == "{" and chr(self._type[self._target[value + 1]]) == ")":
            end = value + int(np.argmax(self._type[value:] == ord("0")))
            return (value + 1, end), end + 1
        if kind == "{":
            found = {}
            value += 1
            while chr(self._type[value]) != "0":
                key, value = self._small(value)
                found[key], value = self._small(value)
            return found, value + 1
        raise ValueError(f"a value of type {kind}")


def _among(kinds: str) -> NDArray[np.bool_]:
    """Return which types of values are one of some."""
    among = np.zeros(_FLAG, dtype=np.bool_)
    among[[ord(kind) for kind in kinds]] = True
    return among


def _places(content: bytes, raw: Bytes) -> Ints:
    """Return where the values of a file begin, in their order.

    Where a value begins is known only from the one before it. So many walkers set out side by side, each
    from a place that looks like a beginning; as each must arrive exactly where the next one set out, and the
    first sets out from the beginning of the file, all have walked on true values.
    """
    size, varies = np.zeros(256, dtype=np.int32), np.zeros(256, dtype=np.int32)
    for kind, least in _SIZES.items():
        size[[ord(kind), ord(kind) | _FLAG]] = least
        varies[[ord(kind), ord(kind) | _FLAG]] = kind in _TEXTS
    starts = {0}
    for k in range(_STRETCH, len(content), _STRETCH):
        signs = (content.find(sign, k, k + _STRETCH) for sign in _SIGNS)
        starts.update(sorted(sign for sign in signs if sign > 0)[:1])
    place = np.array(sorted(starts), dtype=np.int32)
    stop = np.append(place[1:], len(content)).astype(np.int32)
    begins = np.zeros(len(content), dtype=np.bool_)
    while place.size:
        begins[place] = True
        kinds = raw[place]
        step = size[kinds] + varies[kinds] * raw.take(place + 1, mode="clip")
        if not step.all():
            raise ValueError("another type of value")
        place = place + step
        going = place < stop
        if not going.all():
            if (place[~going] != stop[~going]).any():
                raise ValueError("values out of step")
            place, stop = place[going], stop[going]
    return _where(begins)


def _where(chosen: NDArray[np.bool_]) -> Ints:
    return np.flatnonzero(chosen).astype(np.int32)
