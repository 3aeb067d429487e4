"""Texts and paths as they are written into TOML files."""

from __future__ import annotations

import os
import re
import unicodedata
from pathlib import Path

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}


def toml_string(text: str) -> str:
    """Write a text as a TOML basic string on one line; what cannot be seen is written as an escape."""
    return '"' + "".join(map(_escaped, text)) + '"'


def toml_key(text: str) -> str:
    """Write a text as a TOML key, bare where that is allowed."""
    return text if _BARE.fullmatch(text) else toml_string(text)


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isprintable() or unicodedata.category(character) in {"Co", "Zs"}:
        return character
    if unicodedata.category(character) == "Cs":
        return "\N{REPLACEMENT CHARACTER}"
    code = ord(character)
    return f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"


def path_from(folder: str | Path, path: str | Path) -> str:
    """Write a path as seen from a folder, with forward slashes; whole where no relative path leads there."""
    try:
        found = Path(os.path.relpath(Path(path).absolute(), Path(folder).absolute())).as_posix()
    except ValueError:
        # Windows has no relative path from one drive to another.
        return Path(path).absolute().as_posix()
    # Study files are stripped of white space around their texts, which must not hit a file name.
    return f"./{found}" if found != found.strip() else found
