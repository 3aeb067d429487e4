"""A small reader of JSON Schema: the key words that the schemas of documents use, and no others."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

KNOWN = frozenset(
    {
        *("$schema", "title", "description", "type", "const", "enum", "pattern", "minimum", "maximum"),
        *("properties", "required", "additionalProperties", "propertyNames", "items", "minItems", "anyOf"),
    }
)
"""The key words that are read here; a schema that used another would seem to be kept where it is not."""
TYPES = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": int | float,
    "boolean": bool,
    "null": type(None),
}


def faults(value: Any, schema: Mapping[str, Any], where: str = "$") -> Iterator[str]:
    """Walk a document along its schema and yield what does not fit (the key words that the schema uses)."""
    if "const" in schema and value != schema["const"]:
        yield f"{where}: {value!r} is not {schema['const']!r}"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{where}: {value!r} is none of {schema['enum']}"
    if "anyOf" in schema:
        tried = [list(faults(value, one, where)) for one in schema["anyOf"]]
        if all(tried):
            yield from min(tried, key=len)
    if "type" in schema:
        allowed = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
        fits = any(
            isinstance(value, TYPES[name]) and (name == "boolean" or not isinstance(value, bool))
            for name in allowed
        )
        if not fits:
            yield f"{where}: {value!r} is no {allowed}"
            return
    if isinstance(value, str) and not re.search(schema.get("pattern", ""), value):
        yield f"{where}: {value!r} does not look like {schema['pattern']}"
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if number and not schema.get("minimum", -np.inf) <= value <= schema.get("maximum", np.inf):
        yield f"{where}: {value!r} is out of range"
    if isinstance(value, dict):
        yield from (f"{where}: {name} is missing" for name in schema.get("required", ()) if name not in value)
        for name in value:
            yield from faults(name, schema.get("propertyNames", {}), f"{where}: the name {name}")
        for name, part in value.items():
            inner = schema.get("properties", {}).get(name, schema.get("additionalProperties", True))
            if inner is False:
                yield f"{where}: {name} is not foreseen"
            elif isinstance(inner, Mapping):
                yield from faults(part, inner, f"{where}.{name}")
    if isinstance(value, list) and len(value) < schema.get("minItems", 0):
        yield f"{where}: {len(value)} rows are too few"
    if isinstance(value, list) and "items" in schema:
        for place, part in enumerate(value):
            yield from faults(part, schema["items"], f"{where}[{place}]")
