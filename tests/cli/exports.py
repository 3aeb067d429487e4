"""Exports made in the test itself, in the headings of the shipped instrument."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np

from satsurvey.instrument.library import load_instrument

Row = list[str]


@cache
def items() -> tuple[str, ...]:
    return load_instrument("contact-centre-22").item_codes


def rows_of(
    *,
    industries: Sequence[str] = ("银行", "证券"),
    companies: int = 3,
    each: int = 21,
    seed: int = 5,
) -> tuple[Row, list[Row]]:
    """Headings and interviews; scores of companies differ clearly."""
    rng = np.random.default_rng(seed)
    headings = ["样本编号", "企业名称", "行业", "地区", *items()]
    rows = []
    for k, industry in enumerate(industries):
        for j in range(companies):
            for _ in range(each):
                answers = np.clip(rng.normal(8 - k - j / 2, 1.2, len(items())).round(), 1, 10).astype(int)
                name = f"{industry}{j + 1}"
                rows.append(
                    [f"{len(rows) + 1:05d}", name, industry, "东西"[len(rows) % 2], *map(str, answers)]
                )
    return headings, rows


def csv_text(headings: Row, rows: Sequence[Row]) -> str:
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows([headings, *rows])
    return stream.getvalue()


def write_csv(path: Path, headings: Row, rows: Sequence[Row], *, encoding: str = "utf-8") -> Path:
    path.write_bytes(csv_text(headings, rows).encode(encoding, "surrogatepass"))
    return path


def without(headings: Row, rows: Sequence[Row], column: str) -> tuple[Row, list[Row]]:
    at = headings.index(column)
    return headings[:at] + headings[at + 1 :], [row[:at] + row[at + 1 :] for row in rows]
