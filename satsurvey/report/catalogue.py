"""Sentences in the reader's language: English messages of the whole package, rendered by a catalogue of templates."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from satsurvey.report.labels import LABELS

CATALOGUE = Path(__file__).with_name("catalogue_zh.toml")
PHRASES = "phrases"
"""The table of the catalogue whose entries are parts of sentences, and so never stand for a whole message."""

_PLACEHOLDER = re.compile(r"\{(\w+)(?::(\w+))?\}")
_KINDS = {
    "": ".*?",
    "words": ".*?",
    "number": r"[-+−]?(?:\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?|inf|nan)(?: ?%)?",
}


@dataclass(frozen=True)
class Template:
    """One entry of a catalogue: an English sentence with placeholders, and its rendering.

    A placeholder is `{name}` (anything, copied as it is: the user's own names), `{name:number}`, or
    `{name:words}` (words of satsurvey, translated in turn).
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
            if found is not None:
                kinds = template.placeholders
                return template.filled(
                    {
                        name: _phrase(text) if kinds[name] == "words" else text
                        for name, text in found.items()
                    }
                )
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


def entries() -> Mapping[str, Mapping[str, str]]:
    """Return the tables of the catalogue: English templates and their renderings, by what they are about."""
    with CATALOGUE.open("rb") as file:
        tables: Mapping[str, Mapping[str, str]] = tomllib.load(file)
    return tables


@lru_cache(maxsize=1)
def _messages() -> Catalogue:
    return Catalogue.of(
        {english: text for name, table in entries().items() if name != PHRASES for english, text in table.items()}
    )


@lru_cache(maxsize=1)
def _phrases() -> Catalogue:
    return Catalogue.of({pair[1]: pair[0] for pair in LABELS.values()} | dict(entries()[PHRASES]))


@lru_cache(maxsize=4096)
def _in_chinese(message: str) -> str:
    known = _messages().rendering(message)
    return known if known is not None else _joined(message.split("; ")) or message


def _joined(parts: Sequence[str]) -> str:
    """Render messages joined by "; ", the longest stretch that is one message first; "" where none is."""
    said, known = [], False
    first = 0
    while first < len(parts):
        # The whole has been tried; a single part is kept as it is when nothing fits.
        for after in range(len(parts) - (first == 0), first, -1):
            rendering = _messages().rendering("; ".join(parts[first:after]))
            if rendering is not None:
                known = True
                break
        else:
            after, rendering = first + 1, parts[first]
        said.append(rendering)
        first = after
    return "；".join(said) if known else ""


@lru_cache(maxsize=4096)
def _phrase(text: str) -> str:
    """Render part of a sentence: a message or a phrase, or a list of them; anything else stays as it is."""
    bare = text.strip()
    for catalogue in (_phrases(), _messages()):
        rendering = catalogue.rendering(bare)
        if rendering is not None:
            return rendering
    for mark, joint in (("; ", "；"), (", ", "、")):
        if mark in bare:
            parts = bare.split(mark)
            rendered = [_phrase(part) for part in parts]
            if rendered != parts:
                return joint.join(rendered)
    return text
