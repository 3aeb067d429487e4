"""What is read in comments as JSON and CSV, written piece by piece: a million comments take no more room."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pandas as pd

from satsurvey.report.score_json import json_text, plain_data, rows_of
from satsurvey.report.text import frame_to_csv
from satsurvey.report.writing import Writer, checksums, refuse_inputs, void, write_folder
from satsurvey.text.comments import CommentScores
from satsurvey.text.evaluation import Evaluation

SCHEMA = "satsurvey.comments/1"
EVALUATION_SCHEMA = "satsurvey.comments-evaluation/1"
TRAINING_SCHEMA = "satsurvey.comments-training/1"
MANIFEST_SCHEMA = "satsurvey.comments-manifest/1"
TABLES = ("questions", "industries", "companies", "aspects", "conflicts", "typical", "keywords")


def comments_json(result: CommentScores, provenance: Mapping[str, object]) -> Iterator[str]:
    """Yield the pieces of the JSON document of comments.

    The document has `schema` ("satsurvey.comments/1"), `comments` (one object per cell: file, row, column,
    industry, company, missing, label, polarity, aspects with their label and words, words, text), `overall`,
    `questions`, `industries`, `companies`, `aspects`, `conflicts`, `typical`, `keywords` (rows), `masked`,
    `ledger`, `method`, `provenance` and `notes`. Numbers are at full precision, absent ones null. One comment
    stands on a line.
    """
    yield f'{{\n  "schema": {json.dumps(SCHEMA)},\n  "comments": ['
    separator = "\n"
    for rows in result.records():
        for row in rows:
            yield f"{separator}    {_line(row)}"
            separator = ",\n"
    yield "\n  ]"
    overall = rows_of(result.overall)
    rest: dict[str, object] = {
        "overall": overall[0] if overall else {},
        **{name: rows_of(getattr(result, name)) for name in TABLES},
        "masked": dict(result.masked),
        "ledger": plain_data(result.comments.ledger.to_dict()),
        "method": plain_data(result.method),
        "provenance": plain_data(provenance),
        "notes": list(result.notes),
    }
    # The braces of a document of its own are left out.
    yield "," + json_text(rest)[1:]


def _line(row: Mapping[str, object]) -> str:
    text = json.dumps(row, ensure_ascii=False, allow_nan=False)
    # Control characters are escaped by JSON itself; halves of surrogate pairs have no place in UTF-8.
    return text if text.isascii() or text.isprintable() else _line_of_plain(row)


def _line_of_plain(row: Mapping[str, object]) -> str:
    return json.dumps(plain_data(row), ensure_ascii=False, allow_nan=False)


def comments_csv(result: CommentScores) -> Iterator[str]:
    """Yield the pieces of a CSV of all comments, numbers at full precision, text that no spreadsheet runs."""
    text = ""
    for frame in result.frames():
        whole = frame_to_csv(frame)
        yield whole if not text else whole.split("\n", 1)[1]
        text = whole
    if not text:
        yield "file,row,column,missing,label,polarity,aspects,words,text\n"


def csv_writer(result: CommentScores) -> Writer:
    """Return a function that writes all comments as CSV at a path."""

    def write(path: Path) -> None:
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            file.writelines(comments_csv(result))

    return write


def write_comments(
    result: CommentScores, folder: Path, *, provenance: Mapping[str, object], force: bool = False
) -> tuple[Path, ...]:
    """Write what was read in comments as a folder of files.

    `comments.csv` has one row per comment; `questions.csv`, `industries.csv`, `companies.csv`, `aspects.csv`,
    `conflicts.csv`, `typical.csv` and `keywords.csv` hold the frames that are not empty, `comments.json` all
    of it, and `manifest.json` what it was made from and how, with the SHA-256 of every file. With `force`
    tables that an earlier call wrote, and that this one has nothing for, are removed.

    Raises
    ------
    OutputError
        As `write_folder` does, and where a file would stand in place of an export.
    """
    sources = [source.path for source in result.comments.files]
    frames = {name: getattr(result, name) for name in TABLES if len(getattr(result, name))}
    known = ("comments.csv", "comments.json", "manifest.json", *(f"{name}.csv" for name in TABLES))
    for name in known:
        refuse_inputs(folder / name, sources)

    def csv(frame: pd.DataFrame) -> Writer:
        return lambda path: void(frame_to_csv(frame, path))

    def document(path: Path) -> None:
        with path.open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(comments_json(result, provenance))

    def manifest(path: Path) -> None:
        content = {
            "schema": MANIFEST_SCHEMA,
            **provenance,
            "masked": dict(result.masked),
            "ledger": result.comments.ledger.to_dict(),
            "method": result.method,
            "notes": result.notes,
            "files": checksums(path.parent),
        }
        plain = plain_data(content)
        path.write_text(json_text(plain), encoding="utf-8", newline="\n")

    writers: dict[str, Writer] = {"comments.csv": csv_writer(result)}
    writers |= {f"{name}.csv": csv(frame) for name, frame in frames.items()}
    writers |= {"comments.json": document, "manifest.json": manifest}
    return write_folder(folder, writers, force=force, known=known)


def evaluation_json(result: Evaluation, *, notes: tuple[str, ...] = ()) -> dict[str, object]:
    """Return an evaluation as plain data: measures, confusion, reliability, errors, method, notes."""
    return {
        "schema": EVALUATION_SCHEMA,
        "engine": result.engine,
        "n": result.n,
        "measures": rows_of(result.measures),
        "confusion": result.confusion.to_dict(),
        "reliability": rows_of(result.reliability),
        "errors": rows_of(result.errors),
        "method": plain_data(result.method),
        "notes": [*result.notes, *notes],
    }
