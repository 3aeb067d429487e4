"""Sentences about tests and targets, kept as a code with its numbers until the language is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from satsurvey.errors import SpecificationError
from satsurvey.instrument.library import read_toml

DATA = Path(__file__).with_name("data") / "claim_words.toml"


@dataclass(frozen=True)
class Sentence:
    """A sentence of the file of words.

    Attributes
    ----------
    code
        Its key there.
    values
        What stands in its braces: numbers that are formatted there, or the user's own names.
    """

    code: str
    values: Mapping[str, object] = field(default_factory=dict)

    def text(self, language: str) -> str:
        """Return the sentence in "zh" or "en".

        Examples
        --------
        >>> say("aic_gap", gap=12.34).text("en")
        'the straight line loses to the logarithm by 12.3 AIC: a constant gain per minute is rejected'
        """
        values = {
            key: value.text(language) if isinstance(value, Sentence) else value
            for key, value in self.values.items()
        }
        return _sentences()[self.code]["zh" if language == "zh" else "en"].format(**values)


def say(code: str, /, **values: object) -> Sentence:
    """Make a sentence."""
    return Sentence(code, values)


@lru_cache(maxsize=1)
def _sentences() -> Mapping[str, Mapping[str, str]]:
    found: Mapping[str, Mapping[str, str]] = read_toml(DATA, SpecificationError, "file of words")["notes"]
    return found
