"""The JSON Schemas of how well comments are read: an evaluation, and the training of an engine."""

from __future__ import annotations

from typing import Any

from satsurvey.report.comment_files import EVALUATION_SCHEMA as EVALUATION
from satsurvey.report.comment_files import TRAINING_SCHEMA as TRAINING
from satsurvey.report.schema_parts import COUNT, NUMBER, OBJECT, TEXT, TEXTS, WORDS, document, map_of, rows

EVALUATION_SCHEMA: dict[str, Any] = document(
    EVALUATION,
    "An engine measured against labels that people gave; shares 0-1, absent numbers null.",
    {
        "engine": WORDS,
        "n": COUNT,
        "measures": rows(
            {
                "scheme": WORDS,
                "label": TEXT,
                "measure": WORDS,
                "value": NUMBER,
                "ci_low": NUMBER,
                "ci_high": NUMBER,
                "n": COUNT,
            },
            ("scheme", "measure", "value", "ci_low", "ci_high", "n"),
            more=True,
        ),
        "confusion": OBJECT,
        "reliability": rows({}, more=True),
        "errors": rows({}, more=True),
        "method": OBJECT,
        "notes": TEXTS,
    },
)
"""The schema of what `evaluation_json` returns."""

TRAINING_SCHEMA: dict[str, Any] = document(
    TRAINING,
    "An engine trained on a user's labels, measured by cross-validation beside the shipped ones.",
    {
        "n": COUNT,
        "about": OBJECT,
        "evaluations": map_of(EVALUATION_SCHEMA) | {"description": "by engine"},
        "notes": TEXTS,
    },
)
"""The schema of what `satsurvey comments train --format json` prints."""
