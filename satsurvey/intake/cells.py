"""Cells on their way from text to codes: each distinct text is looked at once, however often it occurs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from satsurvey.intake.answers import fold
from satsurvey.intake.growing import GrowingColumns

_KEYS = 1 << 16
_MOST_KNOWN = 100_000
_UNKNOWN = np.iinfo(np.int32).min
_BYTES_OF_LENGTH = np.array([0, 0xFF, 0xFFFF], dtype=np.uint16)


class DistinctMap:
    """A function on cell texts, applied to whole columns and remembered text by text.

    Parameters
    ----------
    function
        Turns one text into a small number.
    dtype
        Type of the numbers.
    encoding
        Encoding of columns that still hold bytes.

    Notes
    -----
    A million answers hold a dozen different texts of one or two characters. Such a column is decoded through
    tables indexed by its bytes; any other column goes through Arrow's dictionary encoding.
    """

    def __init__(
        self, function: Callable[[str], int], dtype: type[np.generic], encoding: str | None = None
    ) -> None:
        self._function = function
        self._dtype = dtype
        self._encoding = encoding or "utf-8"
        self._known: dict[str, int] = {}
        self._by_key = np.full(_KEYS, _UNKNOWN, dtype=np.int32)
        self._by_type: dict[str, tuple[pa.Array, NDArray[np.generic]]] = {}

    def _value(self, text: str) -> int:
        if text not in self._known:
            self._known[text] = self._function(text)
        return self._known[text]

    def apply(self, cells: pa.Array) -> NDArray[np.generic]:
        """Return the function's value for every cell; absent cells count as ""."""
        if not pa.types.is_dictionary(cells.type):
            short = self._short(cells)
            if short is not None:
                return short
            known = self._by_type.get(str(cells.type))
            if known is None or len(known[0]) < _MOST_KNOWN:
                return self._looked_up(cells)
            cells = cells.dictionary_encode()
        texts = to_text(cells.dictionary, self._encoding).to_pylist()
        table = np.array([self._value(text or "") for text in texts] + [self._value("")], dtype=self._dtype)
        indices = pc.fill_null(cells.indices, len(texts)).to_numpy(zero_copy_only=False)
        found: NDArray[np.generic] = table[indices]
        return found

    def _looked_up(self, cells: pa.Array) -> NDArray[np.generic]:
        """Find cells among those of earlier stretches, so that only new texts are looked at here."""
        kind = str(cells.type)
        known, values = self._by_type.get(kind, (pa.array([], cells.type), np.zeros(0, dtype=self._dtype)))
        places = pc.index_in(cells, value_set=known)
        if places.null_count:
            new = pc.unique(cells.filter(pc.is_null(places)))
            texts = to_text(new, self._encoding).to_pylist()
            fresh = np.array([self._value(text or "") for text in texts], dtype=self._dtype)
            known, values = pa.concat_arrays([known, new]), np.concatenate([values, fresh])
            self._by_type[kind] = (known, values)
            places = pc.index_in(cells, value_set=known)
        found: NDArray[np.generic] = values[places.to_numpy(zero_copy_only=False)]
        return found

    def _short(self, cells: pa.Array) -> NDArray[np.generic] | None:
        """Decode a column whose cells have at most two bytes; None when it has longer ones."""
        text = pa.types.is_string(cells.type)
        if cells.null_count or not len(cells) or not (text or pa.types.is_binary(cells.type)):
            return None
        _, offset_buffer, data_buffer = cells.buffers()
        offsets = np.frombuffer(offset_buffer, dtype=np.int32)[cells.offset : cells.offset + len(cells) + 1]
        lengths = np.diff(offsets)
        if int(lengths.max()) > 2:
            return None
        data = np.frombuffer(data_buffer or b"", dtype=np.uint8)[offsets[0] : offsets[-1]]
        if text and self._encoding != "utf-8" and bool((data >= 0x80).any()):
            # Text is UTF-8 whatever the file's encoding is, and the table of keys is in the file's.
            return None
        # Every byte and the one after it as one number; a place behind the last serves empty cells there.
        pairs = np.zeros(data.size + 1, dtype=np.uint16)
        pairs[:-1] = data
        pairs[:-1] |= pairs[1:] << 8
        keys = pairs[offsets[:-1] - offsets[0]]
        keys &= _BYTES_OF_LENGTH[lengths]
        values = self._by_key[keys]
        if values.min() == _UNKNOWN:
            for key in np.unique(keys[values == _UNKNOWN]).tolist():
                # A NUL byte cannot be told from a short cell by its key; such columns take the general way.
                if key and (key & 0xFF) == 0:
                    return None
                cell = int(key).to_bytes(2, "little").rstrip(b"\0").decode(self._encoding)
                self._by_key[key] = self._value(cell)
            values = self._by_key[keys]
        if not data.all():
            return None
        found: NDArray[np.generic] = values.astype(self._dtype)
        return found


def to_text(cells: pa.Array, encoding: str | None = None) -> pa.Array:
    """Return cells as an Arrow `string` array; bytes are decoded strictly.

    Raises
    ------
    UnicodeDecodeError
        When bytes are not text in `encoding`.
    """
    if pa.types.is_dictionary(cells.type):
        return to_text(cells.dictionary, encoding).take(cells.indices)
    if pa.types.is_string(cells.type):
        return cells
    if pa.types.is_large_string(cells.type) or pa.types.is_null(cells.type):
        return cells.cast(pa.string())
    codec = encoding or "utf-8"
    if codec == "utf-8" or _is_ascii(cells):
        try:
            return cells.cast(pa.string())
        except pa.ArrowInvalid:
            pass  # Python says which byte it is
    return pa.array([None if cell is None else cell.decode(codec) for cell in cells.to_pylist()], pa.string())


def labelled(cells: pa.Array, labels: Mapping[str, str], encoding: str | None = None) -> pa.Array:
    """Return cells with codes replaced by the labels that the file gives them; others stay as they are."""
    encoded = to_text(cells, encoding).cast(pa.string()).dictionary_encode()
    texts = [text and labels.get(text.strip(), text) for text in encoded.dictionary.to_pylist()]
    return pa.array(texts, pa.string()).take(encoded.indices)


def _is_ascii(cells: pa.Array) -> bool:
    if not pa.types.is_binary(cells.type):
        return False
    _, offset_buffer, data_buffer = cells.buffers()
    if data_buffer is None:
        return True
    offsets = np.frombuffer(offset_buffer, dtype=np.int32)
    start, end = int(offsets[cells.offset]), int(offsets[cells.offset + len(cells)])
    return bool((np.frombuffer(data_buffer, dtype=np.uint8)[start:end] < 0x80).all())


class Names:
    """Names in the order in which they were first seen, found again by their folded writing."""

    def __init__(self) -> None:
        self._codes: dict[str, int] = {}
        self._texts: list[str] = []
        self._folded: dict[str, list[int]] = {}
        self._ending: dict[str, list[int]] = {}

    def __len__(self) -> int:
        return len(self._texts)

    def __getitem__(self, code: int) -> str:
        return self._texts[code]

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def code(self, name: str) -> int:
        """Return the code of a name, a new one when it has not been seen."""
        code = self._codes.setdefault(name, len(self._texts))
        if code == len(self._texts):
            self._texts.append(name)
            folded = fold(name).rstrip(":")
            self._folded.setdefault(folded, []).append(code)
            if len(folded) > 2:
                self._ending.setdefault(folded[-2:], []).append(code)
        return code

    def written_like(self, words: Iterable[str]) -> list[int]:
        """Return the codes of names that are one of some folded words, a colon behind it or not."""
        return [code for word in words for code in self._folded.get(word, ())]

    def ending_in(self, words: Iterable[str]) -> list[int]:
        """Return the codes of longer names whose last two folded characters are one of some words."""
        return [code for word in words for code in self._ending.get(word, ())]


class FactorBuilder:
    """Collects a column of names over the stretches of one or several files into codes and names."""

    def __init__(self, function: Callable[[str], str]) -> None:
        self._function = function
        self._names = Names()
        self._rows = GrowingColumns[np.int32](np.int32)
        self._maps: dict[str, DistinctMap] = {}

    def _code(self, text: str) -> int:
        name = self._function(text)
        return self._names.code(name) if name else -1

    def codes(self, cells: pa.Array, encoding: str | None) -> NDArray[np.int32]:
        """Return codes for a stretch of cells; codes are provisional until `finish`."""
        key = encoding or "utf-8"
        if key not in self._maps:
            self._maps[key] = DistinctMap(self._code, np.int32, key)
        return self._maps[key].apply(cells)  # type: ignore[return-value]

    @property
    def provisional_names(self) -> Names:
        """The names seen so far, in the order of the provisional codes."""
        return self._names

    def add(self, codes: NDArray[np.int32]) -> None:
        """Append codes that `codes` returned, all or some of them."""
        self._rows.add(codes)

    def finish(self) -> tuple[NDArray[np.int32], tuple[str, ...]]:
        """Return final codes and sorted names, so that the result does not depend on the order of rows."""
        codes = self._rows.finish()
        used = np.flatnonzero(np.bincount(codes + 1, minlength=1)[1:])
        names = list(self._names)
        order = sorted(used.tolist(), key=lambda code: names[code])
        final = np.full(len(names) + 1, -1, dtype=np.int32)
        for position, code in enumerate(order):
            final[code] = position
        # In place: one place more at the end serves the rows without a name, whose code is -1.
        np.take(final, codes, out=codes, mode="wrap")
        return codes, tuple(names[code] for code in order)
