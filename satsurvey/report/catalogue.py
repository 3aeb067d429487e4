"""Sentences in the reader's language: English messages of the whole package, rendered from a catalogue."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from satsurvey.report.labels import LABELS

CATALOGUE = Path(__file__).with_name("catalogue_zh.toml")
PARTS = ("phrases", "names", "rules")
"""The tables of the catalogue whose entries are parts of sentences or names, and never a whole message."""

_PLACEHOLDER = re.compile(r"\{(\w+)(?::(\w+))?\}")
_KINDS = {
    "": ".*?",
    "words": ".*?",
    "names": ".*?",
    "message": ".*?",
    "number": r"[-+−]?(?:\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?|inf|nan)(?: ?%)?",
}


@dataclass(frozen=True)
class Template:
    """One entry of a catalogue: an English sentence with placeholders, and its rendering.

    A placeholder is `{name}` (anything, copied as it is: the user's own words), `{name:number}`,
    `{name:words}` (words of satsurvey, rendered in turn), `{name:names}` (a list of the user's names, in
    which counts and places are rendered), or `{name:message}` (a whole message; without a rendering of it
    the template does not fit).
    """

    english: str
    rendering: str

    @cached_property
    def literals(self) -> tuple[str, ...]:
        """The text before, between and after the placeholders."""
        return tuple(_PLACEHOLDER.sub("\0", self.english).split("\0"))

    @cached_property
    def placeholders(self) -> Mapping[str, str]:
        """The kind of every placeholder by its name."""
        return {match[1]: match[2] or "" for match in _PLACEHOLDER.finditer(self.english)}

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The template as a regular expression."""
        parts = [re.escape(self.literals[0])]
        for (name, kind), literal in zip(self.placeholders.items(), self.literals[1:], strict=True):
            parts.append(f"(?P<{name}>{_KINDS[kind]}){re.escape(literal)}")
        return re.compile("".join(parts), re.DOTALL)

    def match(self, message: str) -> Mapping[str, str] | None:
        """Return what stands in the placeholders, or None where the message is another one."""
        # Most templates are told apart by their ends; only the rest is worth a regular expression.
        if not (message.startswith(self.literals[0]) and message.endswith(self.literals[-1])):
            return None
        found = self.pattern.fullmatch(message)
        return None if found is None else found.groupdict()

    def filled(self, found: Mapping[str, str]) -> str:
        """Return the rendering with what was found in its placeholders."""
        return _PLACEHOLDER.sub(lambda match: found[match[1]], self.rendering)


@dataclass(frozen=True)
class Catalogue:
    """Renderings of messages: exact ones by text, templates with the most literal text first."""

    exact: Mapping[str, str]
    templates: tuple[Template, ...]

    @classmethod
    def of(cls, entries: Mapping[str, str]) -> Catalogue:
        """Make a catalogue of English sentences and their renderings."""
        exact = {english: text for english, text in entries.items() if not _PLACEHOLDER.search(english)}
        templates = [Template(english, text) for english, text in entries.items() if english not in exact]
        templates.sort(key=lambda template: -sum(map(len, template.literals)))
        return cls(exact, tuple(templates))

    def rendering(self, message: str) -> str | None:
        """Return the rendering of one whole message, or None where no entry fits."""
        if message in self.exact:
            return self.exact[message]
        for template in self.templates:
            found = template.match(message)
            if found is None:
                continue
            parts = {name: _part(text, template.placeholders[name]) for name, text in found.items()}
            if None not in parts.values():
                return template.filled(parts)  # type: ignore[arg-type]
        return None


def translated(message: str, language: str) -> str:
    """Return a message of satsurvey in a language; a message that the catalogue does not know stays as it is.

    Parameters
    ----------
    message
        In English, as results, findings and errors carry it. Several messages joined by "; " are rendered
        one by one where no entry fits the whole.
    language
        "zh" or "en".
    """
    return _in_chinese(message) if language == "zh" and message else message


def translated_words(text: str, language: str) -> str:
    """Return words of satsurvey that are no whole message, such as what was expected, in a language."""
    return _words(text) if language == "zh" and text else text


def rule_name(rule: str, language: str) -> str:
    """Return what a rule of the checks is called: its code, in Chinese behind its name."""
    name = catalogue()["rules"].exact.get(rule, "") if language == "zh" else ""
    return f"{name} {rule}" if name else rule


@lru_cache(maxsize=1)
def catalogue() -> Mapping[str, Catalogue]:
    """Return the catalogue: whole `messages`, `phrases` and `names` that are parts of them, and `rules`."""
    with CATALOGUE.open("rb") as file:
        tables = tomllib.load(file)
    parts = {name: tables.pop(name) for name in PARTS}
    parts["phrases"] = {pair[1]: pair[0] for pair in LABELS.values()} | parts["phrases"]
    return {
        "messages": Catalogue.of(_flat(tables)),
        **{name: Catalogue.of(table) for name, table in parts.items()},
    }


def _flat(table: Mapping[str, Any]) -> dict[str, str]:
    """Take the entries out of tables in tables."""
    found: dict[str, str] = {}
    for key, value in table.items():
        found |= {key: value} if isinstance(value, str) else _flat(value)
    return found


@lru_cache(maxsize=4096)
def _in_chinese(message: str) -> str:
    known = catalogue()["messages"].rendering(message)
    return known if known is not None else _joined(message.split("; ")) or message


def _joined(parts: Sequence[str]) -> str:
    """Render messages joined by "; ", the longest stretch that is one message first; "" where none is."""
    messages = catalogue()["messages"]
    said, known = [], False
    first = 0
    while first < len(parts):
        # The whole has been tried; a single part is kept as it is when nothing fits.
        for after in range(len(parts) - (first == 0), first, -1):
            rendering = messages.rendering("; ".join(parts[first:after]))
            if rendering is not None:
                known = True
                break
        else:
            after, rendering = first + 1, parts[first]
        said.append(rendering)
        first = after
    return "；".join(said) if known else ""


def _part(text: str, kind: str) -> str | None:
    """Render what stands in a placeholder; None where it is not of that kind."""
    if kind == "message":
        return catalogue()["messages"].rendering(text)
    if kind == "words":
        return _words(text)
    return _names(text) if kind == "names" else text


@lru_cache(maxsize=4096)
def _words(text: str) -> str:
    """Render words of satsurvey, or a list of them; anything else stays as it is."""
    bare = text.strip()
    for name in ("messages", "phrases"):
        rendering = catalogue()[name].rendering(bare)
        if rendering is not None:
            return rendering
    for mark, joint in (("; ", "；"), (", ", "、")):
        if mark in bare:
            parts = bare.split(mark)
            rendered = [_words(part) for part in parts]
            if rendered != parts:
                return joint.join(rendered)
    return text


@lru_cache(maxsize=4096)
def _names(text: str) -> str:
    """Render the counts and places in a list of the user's names; the names stay as they are."""
    names = catalogue()["names"]
    for template in names.templates:
        # What is said of a whole list (how many more there are) comes before what is said of one name.
        if "names" in template.placeholders.values() and (found := template.match(text)):
            return template.filled(
                {name: str(_part(part, template.placeholders[name])) for name, part in found.items()}
            )
    said = ""
    for part in text.split(", "):
        rendering = names.rendering(part)
        # A name may hold a comma itself: only what was rendered is known to end where it does.
        said += f"{part}, " if rendering is None else f"{rendering}、"
    return said.removesuffix(", ").removesuffix("、")
