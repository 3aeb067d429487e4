"""Service records as files: JSON, and CSV of contacts, figures, findings and rows that were not used."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from satsurvey.intake.findings import Finding
from satsurvey.intake.personal_data import mask_personal_data
from satsurvey.report.score_json import json_text, plain_data, rows_of
from satsurvey.report.text import frame_to_csv
from satsurvey.report.writing import Writer, checksums, refuse_inputs, void, write_folder
from satsurvey.service.kpis import Kpis
from satsurvey.service.records import ServiceRecords

SCHEMA = "satsurvey.records/1"
MANIFEST_SCHEMA = "satsurvey.records-manifest/1"
MOST_ROWS = 1000
"""A finding lists so many rows in JSON; `findings.csv` has them all."""


def records_document(
    records: ServiceRecords, figures: Kpis, *, masked: Mapping[str, int], provenance: Mapping[str, object]
) -> dict[str, object]:
    """Return what was read and the figures as plain data of the schema `satsurvey.records/1`.

    Keys: schema, n_contacts, definitions (by length of time, with `text` in zh and en), ledger, findings
    (the first rows of each and their number `n`), by, figures, overall, method, masked, provenance, notes.
    """
    definitions = {
        metric: {**one.to_dict(), "text": {"zh": one.text("zh"), "en": one.text("en")}}
        for metric, one in records.definitions.items()
    }
    return {
        "schema": SCHEMA,
        "n_contacts": len(records),
        "definitions": definitions,
        "ledger": plain_data(records.ledger.to_dict()),
        "findings": [_finding(found) for found in records.findings],
        "by": list(figures.by),
        "figures": rows_of(_plain(figures.frame)),
        "overall": rows_of(_plain(figures.overall)),
        "method": plain_data(figures.method),
        "masked": dict(masked),
        "provenance": plain_data(provenance),
        "notes": list(figures.notes),
    }


def records_json(
    records: ServiceRecords, figures: Kpis, *, masked: Mapping[str, int], provenance: Mapping[str, object]
) -> str:
    """Write what was read and the figures as a JSON document; see `records_document`."""
    return json_text(records_document(records, figures, masked=masked, provenance=provenance))


def figures_csv(figures: Kpis) -> str:
    """Write the figures by group as CSV at full precision, those over all where there are no groups."""
    return frame_to_csv(_plain(figures.frame if figures.by else figures.overall))


def write_records(
    records: ServiceRecords,
    figures: Kpis,
    folder: Path,
    *,
    masked: Mapping[str, int],
    provenance: Mapping[str, object],
    force: bool = False,
) -> tuple[Path, ...]:
    """Write service records, whose people are masked already, as a folder of files.

    `contacts.csv` has one row per contact, `figures.csv` and `overall.csv` the figures, `findings.csv` every
    row of every finding, `unused.csv` the rows that were not used with the reason, `records.json` all but
    the contacts, and `manifest.json` what it was made from, with the SHA-256 of every file.

    Raises
    ------
    OutputError
        As `write_folder` does, and where a file would stand in place of an export.
    """
    frames = {
        "contacts": _contacts(records),
        "figures": _plain(figures.frame),
        "overall": _plain(figures.overall),
        "findings": _findings(records),
        "unused": _unused(records),
    }
    names = [f"{name}.csv" for name in frames]
    for name in (*names, "records.json", "manifest.json"):
        refuse_inputs(folder / name, (source.path for source in records.sources))

    def csv(frame: pd.DataFrame) -> Writer:
        return lambda path: void(frame_to_csv(frame, path))

    def document(path: Path) -> None:
        text = records_json(records, figures, masked=masked, provenance=provenance)
        path.write_text(text, encoding="utf-8", newline="\n")

    def manifest(path: Path) -> None:
        content = {
            "schema": MANIFEST_SCHEMA,
            **provenance,
            "masked": dict(masked),
            "ledger": records.ledger.to_dict(),
            "notes": list(figures.notes),
            "files": checksums(path.parent),
        }
        path.write_text(json_text(plain_data(content)), encoding="utf-8", newline="\n")

    writers = {f"{name}.csv": csv(frame) for name, frame in frames.items()}
    return write_folder(folder, writers | {"records.json": document, "manifest.json": manifest}, force=force)


def _finding(found: Finding) -> dict[str, object]:
    return {
        "rule": found.rule,
        "severity": found.severity,
        "what": found.what,
        "do": found.do,
        "file": found.file,
        "sheet": found.sheet,
        "column": found.column,
        "letter": found.letter,
        "value": mask_personal_data(found.value)[0],
        "n": found.n,
        "rows": found.rows[:MOST_ROWS].tolist(),
    }


def _findings(records: ServiceRecords) -> pd.DataFrame:
    rows = [
        {"rule": f.rule, "severity": f.severity, "file": f.file, "column": f.column, "letter": f.letter}
        | {"row": int(row), "value": mask_personal_data(f.value)[0], "what": f.what, "do": f.do}
        for f in records.findings
        for row in f.rows.tolist()
    ]
    columns = ["rule", "severity", "file", "column", "letter", "row", "value", "what", "do"]
    return pd.DataFrame(rows, columns=columns)


def _unused(records: ServiceRecords) -> pd.DataFrame:
    rows = [
        {
            "file": row.file,
            "sheet": row.sheet or "",
            "row": row.row,
            "reason": row.reason,
            "detail": row.detail,
        }
        for row in records.ledger.unused
    ]
    return pd.DataFrame(rows, columns=["file", "sheet", "row", "reason", "detail"])


def _contacts(records: ServiceRecords) -> pd.DataFrame:
    """Return the contacts as they are written: moments as text with their offset, files by name."""
    frame = records.contacts.copy()
    for name in frame.columns:
        if isinstance(frame[name].dtype, pd.DatetimeTZDtype):
            moments = frame[name]
            written = moments.dt.strftime("%Y-%m-%d %H:%M:%S%z")
            frame[name] = written.where(moments.notna(), "").astype("str")
    names = dict(enumerate(records.files))
    frame["file"] = frame["file"].map(names).astype("str")
    return frame


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame whose words are texts and not categories."""
    words = {name: "str" for name in frame.columns if isinstance(frame[name].dtype, pd.CategoricalDtype)}
    return frame.astype(words)
