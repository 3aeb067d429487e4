"""Grades by published figures as JSON and as a folder of files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from satsurvey.benchmarks.differences import DIFFERENCES
from satsurvey.benchmarks.grading import Grades
from satsurvey.report.result_folder import write_results
from satsurvey.report.score_json import json_text, plain_data, rows_of

SCHEMA = "satsurvey.benchmark/1"
MANIFEST_SCHEMA = "satsurvey.benchmark-manifest/1"
FRAMES: Mapping[str, str] = MappingProxyType(
    {"grades": "frame", "summary": "summary", "lines": "lines", "refused": "refused", "unusable": "unusable"}
)
"""The tables by the names they are shown under, with the field of `Grades`."""


def benchmark_json(grades: Grades, provenance: Mapping[str, object]) -> str:
    """Write grades as one JSON document.

    Keys: schema, the frames of `FRAMES`, differences (codes in the grades, in words), sources, conflicts,
    ledger, method, provenance, notes.
    """
    used = set(grades.lines["figure"].tolist()) | set(grades.refused["figure"].tolist())
    sources = {figure.source for figure in grades.figures if figure.id in used}
    codes = {code for cell in set(grades.frame["differences"]) for code in cell.split(", ") if code}
    return json_text(
        {
            "schema": SCHEMA,
            **{name: rows_of(getattr(grades, field)) for name, field in FRAMES.items()},
            "differences": [
                {"code": code, "zh": zh, "en": en} for code, (zh, en) in DIFFERENCES.items() if code in codes
            ],
            "sources": [
                {
                    "id": source.id,
                    "title": source.title.model_dump(),
                    "year": source.year,
                    "nature": source.nature.model_dump(),
                    "evidence": source.evidence,
                }
                for source in grades.figures.sources.values()
                if source.id in sources
            ],
            "conflicts": [
                {
                    "metric": conflict.metric,
                    "where": conflict.where.model_dump(),
                    "figures": list(conflict.figures),
                    "handling": conflict.handling,
                    "note": conflict.note.model_dump(),
                }
                for conflict in grades.figures.conflicts
                if set(conflict.figures) & used
            ],
            "ledger": plain_data(grades.ledger.to_dict()),
            "method": plain_data(grades.method),
            "provenance": plain_data(provenance),
            "notes": list(grades.notes),
        }
    )


def write_benchmark(
    grades: Grades, folder: Path, *, provenance: Mapping[str, object], force: bool = False
) -> tuple[Path, ...]:
    """Write grades as a folder: a CSV per table that is not empty, benchmark.json and manifest.json.

    Raises
    ------
    OutputError
        As `write_folder` does.
    """
    frames = {name: getattr(grades, field) for name, field in FRAMES.items()}
    return write_results(
        folder,
        frames={name: frame for name, frame in frames.items() if len(frame)},
        texts={"benchmark.json": benchmark_json(grades, provenance)},
        manifest={
            "schema": MANIFEST_SCHEMA,
            **provenance,
            "ledger": grades.ledger.to_dict(),
            "method": grades.method,
            "notes": grades.notes,
        },
        force=force,
    )
