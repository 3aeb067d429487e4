"""Comments that people have labelled: read from a file, every cell that cannot be understood listed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from satsurvey.errors import ColumnsError, Defect, ReadError, SpecificationError, shorten
from satsurvey.intake.cells import to_text
from satsurvey.intake.formats.encodings import undecodable
from satsurvey.intake.formats.headings import ReadOptions, normalise_heading
from satsurvey.intake.personal_data import mask_personal_data
from satsurvey.intake.raw import RawFile
from satsurvey.intake.reading import open_raw
from satsurvey.text.comment_columns import listed_headings
from satsurvey.text.readings import ASPECTS, LABELS, NEGATIVE, NEUTRAL, POSITIVE

LABEL_WORDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "negative": ("0", "-1", "neg", "负面", "负", "负向", "消极", "不满意", "差评"),
        "neutral": ("2", "neu", "中性", "中", "中立"),
        "positive": ("1", "pos", "正面", "正", "正向", "积极", "满意", "好评"),
        "mixed": ("mix", "褒贬", "褒贬都有", "褒贬皆有", "有褒有贬", "混合", "好坏都有"),
        "none": ("无", "无内容", "没有内容", "无意见", "无回答", "no opinion"),
    }
)
"""What a label may be written as beside its name. 2 is neutral: neither good nor bad, or no opinion.

What a number means is decided for a whole column (`label_codes`): where -1 is bad, 0 is neutral.
"""

ASPECT_WORDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "access": ("接入便利",),
        "communication": ("沟通愉悦", "comm"),
        "solution": ("解决有效",),
        "follow_up": ("跟进及时", "followup", "follow-up"),
        "etiquette": ("起止礼仪",),
        "professionalism": ("话务水平", "professional"),
        "price": ("价格费用",),
        "product": ("产品质量",),
        "process": ("流程规定",),
        "other": ("其他方面",),
    }
)
"""What an aspect may be written as beside its name, in cells and as a heading."""

GOOD_WORDS = frozenset({"+", "好", "1", "正面", "positive", "pos"})
BAD_WORDS = frozenset({"-", "差", "-1", "负面", "negative", "neg"})
BOTH_WORDS = frozenset({"+-", "±", "好坏都有", "好差都有", "褒贬都有", "mixed"})
TEXT_HEADINGS = ("text", "文本", "评论", "评论内容", "意见", "意见内容", "内容", "comment", "review", "原话")
LABEL_HEADINGS = ("label", "标签", "情感", "倾向", "情感倾向", "极性", "sentiment")
ASPECT_HEADINGS = ("aspects", "方面", "涉及方面")

AspectSet = frozenset[tuple[int, int]]
"""Aspects of a comment: position in `ASPECTS`, and 1 for well or -1 for ill."""

MOST_LISTED = 50
CODES: Mapping[int, int] = MappingProxyType({0: NEGATIVE, -1: NEGATIVE, 1: POSITIVE, 2: NEUTRAL})
"""What numbers mean in a column of labels without -1, and what each means by itself."""
SIGNED_CODES: Mapping[int, int] = MappingProxyType({-1: NEGATIVE, 0: NEUTRAL, 1: POSITIVE})
"""What numbers mean in a column of labels with -1."""
_OF_SCALES = frozenset(range(3, 11))
_LONGEST_NUMBER = 9


@dataclass(frozen=True)
class Labelled:
    """Comments with the labels that people gave them.

    Attributes
    ----------
    texts
        The comments; blank ones are "".
    labels
        Position in `LABELS`, int8 of shape (N,).
    aspects
        The aspects of every comment; None where the file has no such column.
    rows
        Row of each as a spreadsheet counts it.
    n_unlabelled
        Rows without a label, which are left out: a sheet may be filled in by and by.
    defects
        Cells that could not be understood; their rows are left out.
    source
        Name of the file.
    """

    texts: tuple[str, ...]
    labels: NDArray[np.int8]
    aspects: tuple[AspectSet, ...] | None
    rows: NDArray[np.int64]
    n_unlabelled: int = 0
    defects: tuple[Defect, ...] = ()
    source: str = ""

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def names(self) -> tuple[str, ...]:
        """The labels by name, as `satsurvey.text.evaluate` and `satsurvey.text.train` take them."""
        return tuple(LABELS[place] for place in self.labels.tolist())


def label_of(word: str, codes: Mapping[int, int] = CODES) -> int | None:
    """Return the position in `LABELS` of a label as people write it, or None where it is none.

    Parameters
    ----------
    word
        A name, a word of `LABEL_WORDS`, or a number.
    codes
        What numbers mean in the column that the word stands in (`label_codes`).

    Examples
    --------
    >>> label_of("正面"), label_of("0.0"), label_of("NEG"), label_of("?")
    (2, 0, 0, None)
    """
    number = number_in(word)
    return _LABELS.get(normalise_heading(word)) if number is None else codes.get(number)


def label_codes(words: Iterable[str]) -> Mapping[int, int]:
    """Return what numbers mean in a column of labels: position in `LABELS` by number.

    Where -1 occurs, -1, 0 and 1 are negative, neutral and positive; where it does not, 0, 1 and 2 are
    negative, positive and neutral. Numbers from 3 to 10, and -1 together with 2, belong to a scale that is
    not known here: no number means anything then.

    Examples
    --------
    >>> label_of("0", label_codes(["0", "1"])), label_of("0", label_codes(["0", "1", "-1"]))
    (0, 1)
    >>> label_of("1", label_codes(["1", "5", "3"])) is None
    True
    """
    found = {number for number in map(number_in, words) if number is not None}
    if found & _OF_SCALES or {-1, 2} <= found:
        return {}
    return SIGNED_CODES if -1 in found else CODES


def number_in(word: str) -> int | None:
    """Return the whole number that a cell holds, or None; 1.0, as floating point leaves it, is 1."""
    bare = normalise_heading(word).removesuffix(".0")
    return int(bare) if bare.removeprefix("-").isdecimal() and len(bare) <= _LONGEST_NUMBER else None


def aspects_of(cell: str) -> AspectSet | None:
    """Return the aspects of a cell such as "access-;price+", or None where it cannot be understood.

    Examples
    --------
    >>> sorted(aspects_of("access-；沟通愉悦+"))
    [(0, -1), (1, 1)]
    """
    found: set[tuple[int, int]] = set()
    for part in cell.replace("；", ";").replace("，", ";").replace(",", ";").replace("、", ";").split(";"):
        bare = normalise_heading(part)
        if not bare:
            continue
        name = bare.rstrip("+-")
        signs = bare[len(name) :]
        if name.strip() not in _ASPECTS or not signs:
            return None
        found |= {(_ASPECTS[name.strip()], 1 if sign == "+" else -1) for sign in signs}
    return frozenset(found)


def read_labelled(
    path: str | Path,
    *,
    text: str | None = None,
    label: str | None = None,
    aspects: str | None = None,
    encoding: str | None = None,
    sheet: str | None = None,
) -> Labelled:
    """Read labelled comments from a table.

    Parameters
    ----------
    path
        CSV, Excel, SPSS, Stata or Parquet.
    text, label, aspects
        Headings of the columns, where they are none of those known (`TEXT_HEADINGS`, `LABEL_HEADINGS`,
        `ASPECT_HEADINGS`). Aspects may also stand in a column each, as in the sheets of
        `satsurvey comments sample`.
    encoding, sheet
        Where the automatic choice is wrong.

    Returns
    -------
    Labelled

    Raises
    ------
    ReadError, EncodingError
        The file cannot be read.
    ColumnsError
        A column is missing.
    SpecificationError
        No row has both a comment and a label that can be understood; or columns of aspects hold 0 or 1 and no
        -1, and so do not say whether it is spoken ill of an aspect or not at all.

    Notes
    -----
    What numbers mean is decided for the whole column of labels, see `label_codes`. In columns of aspects,
    1 is well, -1 ill and 0 nothing where any of them has a -1. Personal data is masked in what defects quote.
    """
    named = [name for name in (text, label, aspects) if name is not None]
    every = (*TEXT_HEADINGS, *LABEL_HEADINGS, *ASPECT_HEADINGS, *_ASPECTS, *named)
    raw = open_raw(path, ReadOptions(encoding, None, sheet, None, frozenset(map(normalise_heading, every))))
    of_text = _column(raw, text, TEXT_HEADINGS, "comments", "--text")
    of_label = _column(raw, label, LABEL_HEADINGS, "labels", "--label")
    together = _optional(raw, aspects, ASPECT_HEADINGS)
    apart = {
        k: _ASPECTS[normalise_heading(column.heading)]
        for k, column in enumerate(raw.columns)
        if k not in {of_text, of_label, together} and normalise_heading(column.heading) in _ASPECTS
    }
    texts: list[str] = []
    labels: list[int] = []
    found: list[AspectSet] = []
    rows: list[int] = []
    defects: list[Defect] = []
    n_unlabelled = 0
    places = [of_text, of_label, together, *apart]
    listed = _rows(raw, places, defects, declared=encoding is not None)
    codes = label_codes({cells[1] for _, cells in listed})
    _refuse_bare_codes(raw, list(apart), [cells[3:] for _, cells in listed])
    for row, cells in listed:
        comment, word, together_cell, *own = cells
        if not word.strip():
            n_unlabelled += 1
            continue
        position = label_of(word, codes)
        if position is None:
            # A number that means something elsewhere is refused for the company it keeps.
            why = " beside the other numbers of its column" if label_of(word) is not None else ""
            defects.append(Defect(f"row {row}", f"{_quoted(word)} is no label{why}"))
            continue
        spoken = aspects_of(together_cell)
        if spoken is None:
            defects.append(
                Defect(
                    f"row {row}",
                    f"{_quoted(together_cell)} is no list of aspects such as access-;price+",
                )
            )
            continue
        single = _single_aspects(row, own, list(apart.values()), defects)
        if single is None:
            continue
        texts.append(comment)
        labels.append(position)
        found.append(spoken | single)
        rows.append(row)
    if not texts:
        raise SpecificationError(
            "the file has no labelled comment",
            file=path,
            defects=defects[:MOST_LISTED],
            next_step=f"labels are {', '.join(LABELS)}, or 负面, 中性, 正面, 褒贬, 无, or 0, 1, 2 or -1 to 1",
        )
    has_aspects = together is not None or bool(apart)
    return Labelled(
        tuple(texts),
        np.array(labels, dtype=np.int8),
        tuple(found) if has_aspects else None,
        np.array(rows, dtype=np.int64),
        n_unlabelled,
        tuple(defects),
        raw.source.name,
    )


def _single_aspects(
    row: int, cells: Sequence[str], aspects: Sequence[int], defects: list[Defect]
) -> AspectSet | None:
    """Return the aspects that stand in columns of their own, or None where a cell cannot be understood."""
    found: set[tuple[int, int]] = set()
    for cell, aspect in zip(cells, aspects, strict=True):
        word = normalise_heading(cell)
        number = number_in(cell)
        if not word or number == 0:
            continue
        word = word if number is None else str(number)
        if word not in GOOD_WORDS | BAD_WORDS | BOTH_WORDS:
            defects.append(
                Defect(f"row {row}", f"{_quoted(cell)} is no judgement of {ASPECTS[aspect]} (+, -, +-)")
            )
            return None
        if word not in BAD_WORDS:
            found.add((aspect, 1))
        if word not in GOOD_WORDS:
            found.add((aspect, -1))
    return frozenset(found)


def _refuse_bare_codes(raw: RawFile, places: Sequence[int], rows: Sequence[Sequence[str]]) -> None:
    """Refuse columns of aspects with 0 or 1 and no -1: ill and well to some, absent and named to others."""
    if not rows:
        return
    found = [{number_in(cell) for cell in column} - {None} for column in zip(*rows, strict=True)]
    bare = [place for place, numbers in zip(places, found, strict=True) if numbers & {0, 1}]
    if bare and not any(-1 in numbers for numbers in found):
        raise SpecificationError(
            "columns of aspects hold 0 or 1 and no -1, which does not tell well from ill",
            file=raw.source.path,
            defects=[
                Defect(
                    shorten(mask_personal_data(raw.columns[place].heading)[0], 40),
                    "0 or 1 is no judgement of an aspect",
                )
                for place in bare
            ],
            next_step="write + for well, - for ill, +- for both, and nothing where an aspect is not named",
        )


def _quoted(cell: str) -> str:
    """Show a cell in a message without personal data; masked before it is cut, or a part might be left."""
    return repr(shorten(mask_personal_data(cell)[0], 40))


def _rows(
    raw: RawFile, places: Sequence[int | None], defects: list[Defect], *, declared: bool
) -> list[tuple[int, tuple[str, ...]]]:
    """Return the cells wanted of every row; rows that are not told apart into cells are defects."""
    found: list[tuple[int, tuple[str, ...]]] = []
    try:
        for table in raw.tables():
            defects += [Defect(f"row {bad.row}", bad.reason) for bad in table.unreadable]
            columns = [
                [""] * table.rows.size
                if place is None
                else [
                    cell or ""
                    for cell in to_text(table.cells[place], raw.source.cell_encoding)
                    .cast(pa.string())
                    .to_pylist()
                ]
                for place in places
            ]
            found += zip(table.rows.tolist(), zip(*columns, strict=True), strict=True)
    except UnicodeDecodeError as exc:
        raise undecodable(raw.source, declared=declared) from exc
    except OSError as exc:
        raise ReadError(
            f"the file could not be read to its end: {exc.strerror or exc}", file=raw.source.path
        ) from exc
    return found


def _optional(raw: RawFile, name: str | None, known: Sequence[str]) -> int | None:
    wanted = [name] if name is not None else known
    for heading in wanted:
        for k, column in enumerate(raw.columns):
            if normalise_heading(column.heading) == normalise_heading(heading):
                return k
    if name is not None:
        raise _absent(raw, name)
    return None


def _column(raw: RawFile, name: str | None, known: Sequence[str], what: str, option: str) -> int:
    place = _optional(raw, name, known)
    if place is None:
        raise ColumnsError(
            f"no column is known to hold {what}",
            file=raw.source.path,
            sheet=raw.source.sheet,
            row=raw.source.heading_row or None,
            value=listed_headings(raw.columns),
            expected=f"a heading such as {', '.join(known[:3])}",
            next_step=f"name the column with {option}",
        )
    return place


def _absent(raw: RawFile, name: str) -> ColumnsError:
    return ColumnsError(
        f"no column is called {_quoted(name)}",
        file=raw.source.path,
        sheet=raw.source.sheet,
        row=raw.source.heading_row or None,
        value=listed_headings(raw.columns),
        next_step="name one of these headings",
    )


_LABELS = {
    normalise_heading(word): place for place, name in enumerate(LABELS) for word in (name, *LABEL_WORDS[name])
}
_ASPECTS = {
    normalise_heading(word): place
    for place, name in enumerate(ASPECTS)
    for word in (name, *ASPECT_WORDS[name])
}
