"""Ids that interviews and contacts are joined by: turned into numbers, and refused where they are spoiled."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from satsurvey.errors import ColumnsError
from satsurvey.intake.dates import as_strings
from satsurvey.intake.findings import Finding

Codes = NDArray[np.int64]

_ROUNDED = r"^[-+]?(\d\.\d+[eE][+-]?\d+|\d(\.\d+)?[eE]\+\d+)$"
_DECIMAL = r"^\d+\.0+$"
_FIRST_LOST = 15
"""Digits that a spreadsheet keeps; the next ones become 0."""
_ENOUGH = 5
"""So many long ids that end in zeros are no chance (less than one in 10^5 for ids of 16 digits)."""
_AGAIN = "store the column as text in the system it comes from, and export it again"


@dataclass(frozen=True)
class KeyColumn:
    """Ids of one side.

    Attributes
    ----------
    ids
        One per row, null or "" where there is none.
    name
        What messages call the column: its side and heading.
    findings
        What reading found; `unsafe_number` refuses the column.
    heading
        The heading that findings of this column carry; "" where it is not known, and any will do.
    """

    ids: pa.Array
    name: str
    findings: Iterable[Finding] = ()
    heading: str = ""


Sides = tuple[KeyColumn, KeyColumn]
Marks = Sequence[NDArray[np.bool_]]


def joined_codes(left: KeyColumn, right: KeyColumn) -> tuple[Codes, Codes]:
    """Turn the ids of both sides into numbers that are equal where the ids are, -1 where there is none.

    White space around an id does not count; everything else does.

    Raises
    ------
    ColumnsError
        When the ids of a side were rounded by a spreadsheet (scientific notation, digits beyond the 15th
        lost, ".0" at the end), or have lost leading zeros that the ids of the other side have.
    """
    texts = [pc.fill_null(pc.utf8_trim_whitespace(as_strings(side.ids)), "") for side in (left, right)]
    both = pa.concat_arrays(texts).dictionary_encode()
    names = both.dictionary
    codes = both.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    empty = pc.index(names, pa.scalar("", names.type)).as_py()
    if empty >= 0:
        codes[codes == empty] = -1
    parts = codes[: len(texts[0])], codes[len(texts[0]) :]
    present = [np.zeros(len(names), dtype=np.bool_) for _ in parts]
    for mark, own in zip(present, parts, strict=True):
        mark[own[own >= 0]] = True
    _refuse_rounded((left, right), present, names)
    _refuse_cut((left, right), present, names)
    _refuse_lost_zeros((left, right), present, names)
    return parts


def _refuse_rounded(sides: Sides, present: Marks, names: pa.Array) -> None:
    """Refuse ids in scientific notation, and those that were turned into decimal numbers."""
    faults = (
        ("e", _ROUNDED, "were rounded by a spreadsheet to scientific notation"),
        (".", _DECIMAL, "were turned into decimal numbers"),
    )
    for sign, pattern, what in faults:
        # Most columns have no such sign after a digit, which is quicker seen than a pattern.
        if not pc.any(pc.match_substring(names, sign, ignore_case=sign == "e")).as_py():
            continue
        spoiled = _marks(pc.match_substring_regex(names, pattern))
        for side, other, own in _both_ways(sides, present):
            if (hit := np.flatnonzero(spoiled & own)).size:
                raise _refusal(side, other, what, names[int(hit[0])].as_py())


def _refuse_cut(sides: Sides, present: Marks, names: pa.Array) -> None:
    """Refuse long ids of which a spreadsheet kept the first digits only."""
    long = _marks(pc.greater(pc.binary_length(names), _FIRST_LOST))
    if not long.any():
        return
    long &= _marks(pc.utf8_is_digit(names))
    for side, other, own in _both_ways(sides, present):
        places = np.flatnonzero(long & own)
        if not places.size:
            continue
        tails = pc.utf8_slice_codeunits(names.take(pa.array(places)), _FIRST_LOST)
        lost = places.size >= _ENOUGH and pc.all(pc.match_substring_regex(tails, "^0+$")).as_py()
        warned = any(
            finding.rule == "unsafe_number" and side.heading in {"", finding.column}
            for finding in side.findings
        )
        if warned or lost:
            what = "lost their digits beyond the 15th in a spreadsheet"
            raise _refusal(side, other, what, names[int(places[0])].as_py())


def _refuse_lost_zeros(sides: Sides, present: Marks, names: pa.Array) -> None:
    """Refuse ids that are the same but for leading zeros, which one side has nowhere."""
    zeros = _marks(pc.starts_with(names, "0"))
    if not zeros.any():
        return
    zeros &= _marks(pc.and_(pc.utf8_is_digit(names), pc.greater(pc.binary_length(names), 1)))
    for k, (side, other, own) in enumerate(_both_ways(sides, present)):
        if (zeros & own).any():
            continue  # this side keeps its zeros
        padded = np.flatnonzero(zeros & present[1 - k])
        bare = pc.utf8_ltrim(names.take(pa.array(padded)), characters="0")
        hit = np.flatnonzero(_marks(pc.is_in(bare, names.take(pa.array(np.flatnonzero(own))))))
        if hit.size:
            whole = names[int(padded[hit[0]])].as_py()
            raise _refusal(side, other, "have lost the leading zeros", f"{whole.lstrip('0')} for {whole}")


def _both_ways(sides: Sides, present: Marks) -> Iterator[tuple[KeyColumn, KeyColumn, NDArray[np.bool_]]]:
    """Yield each side with the other one and the marks of its own ids."""
    yield sides[0], sides[1], present[0]
    yield sides[1], sides[0], present[1]


def _marks(found: pa.Array) -> NDArray[np.bool_]:
    return np.array(found.to_numpy(zero_copy_only=False), dtype=np.bool_)


def _refusal(side: KeyColumn, other: KeyColumn, what: str, value: str) -> ColumnsError:
    return ColumnsError(
        f"interviews and contacts cannot be joined safely by {side.name} and {other.name}: the ids of the "
        f"first {what}",
        column=side.name,
        value=value,
        expected="the same ids on both sides, as text",
        next_step=_AGAIN,
    )
