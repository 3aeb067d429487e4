"""What the JSON Schemas of documents are built of: plain values, rows, the account of rows, provenance."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from satsurvey.intake.ledger import REASONS

NUMBER: dict[str, Any] = {"type": ["number", "null"]}
COUNT: dict[str, Any] = {"type": ["integer", "null"], "minimum": 0}
TEXT: dict[str, Any] = {"type": ["string", "null"]}
FLAG: dict[str, Any] = {"type": ["boolean", "null"]}
SCORE: dict[str, Any] = {"type": ["number", "null"], "minimum": 0, "maximum": 100}
SHARE: dict[str, Any] = {"type": ["number", "null"], "minimum": 0, "maximum": 1}
WORDS: dict[str, Any] = {"type": "string"}
TEXTS: dict[str, Any] = {"type": "array", "items": {"type": "string"}}
PLAIN: dict[str, Any] = {"type": ["string", "number", "boolean", "null"]}
OBJECT: dict[str, Any] = {"type": "object"}
SEVERITY: dict[str, Any] = {"enum": ["error", "warning", "note"]}


def record(
    properties: Mapping[str, Any], *, required: Iterable[str] | None = None, more: Any = False
) -> dict[str, Any]:
    """Return the schema of an object: all its keys are required unless `required` says which."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties if required is None else required),
        "additionalProperties": more,
    }


def rows(
    properties: Mapping[str, Any], required: Iterable[str] | None = None, *, more: bool = False
) -> dict[str, Any]:
    """Return the schema of a list of rows; `more`: further columns hold plain values."""
    return {"type": "array", "items": record(properties, required=required, more=PLAIN if more else False)}


def document(
    title: str, description: str, properties: Mapping[str, Any], *, required: Iterable[str] | None = None
) -> dict[str, Any]:
    """Return the schema of a whole document, whose key `schema` has its title."""
    needed = None if required is None else ["schema", *required]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "description": description,
        **record({"schema": {"const": title}, **properties}, required=needed),
    }


def or_null(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of an object that may be absent."""
    return {**schema, "type": [schema["type"], "null"]}


def map_of(schema: Mapping[str, Any], names: Iterable[str] | None = None) -> dict[str, Any]:
    """Return the schema of an object with keys of the data's own, or of some of the names given."""
    keys = {} if names is None else {"propertyNames": {"enum": list(names)}}
    return {"type": "object", "additionalProperties": dict(schema), **keys}


BOTH = record({"zh": WORDS, "en": WORDS})
"""A text in Chinese and English."""
_COUNTS: dict[str, Any] = {
    "rows_read": COUNT,
    "rows_used": COUNT,
    "set_aside": map_of(COUNT, REASONS) | {"description": "rows by reason"},
    "unreadable": COUNT,
}
LEDGER = record(
    {
        **_COUNTS,
        "adds_up": {"type": "boolean", "description": "rows read = used + set aside + unreadable"},
        "files": rows({"file": WORDS, "sheet": TEXT, **_COUNTS}),
    }
)
"""What became of every row read."""
PROVENANCE = record(
    {
        "inputs": rows(
            {
                "name": WORDS,
                "sha256": TEXT,
                "bytes": COUNT,
                "format": WORDS,
                "encoding": TEXT,
                "sheet": TEXT,
                "heading_row": COUNT,
            }
        ),
        "versions": map_of(WORDS),
        "options": OBJECT,
        "created": {"type": "string", "description": "UTC"},
    }
)
"""What a result was made from: files with their SHA-256, versions, options, time."""
