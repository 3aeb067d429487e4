"""A small reader of JSON Schema: the key words that the schema of scores uses, and no others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

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
    if "type" in schema:
        allowed = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
        fits = any(
            isinstance(value, TYPES[name]) and (name == "boolean" or not isinstance(value, bool))
            for name in allowed
        )
        if not fits:
            yield f"{where}: {value!r} is no {allowed}"
            return
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if number and not schema.get("minimum", -np.inf) <= value <= schema.get("maximum", np.inf):
        yield f"{where}: {value!r} is out of range"
    if isinstance(value, dict):
        yield from (f"{where}: {name} is missing" for name in schema.get("required", ()) if name not in value)
        for name, part in value.items():
            inner = schema.get("properties", {}).get(name, schema.get("additionalProperties", True))
            if inner is False:
                yield f"{where}: {name} is not foreseen"
            elif isinstance(inner, Mapping):
                yield from faults(part, inner, f"{where}.{name}")
    if isinstance(value, list) and "items" in schema:
        for place, part in enumerate(value):
            yield from faults(part, schema["items"], f"{where}[{place}]")
