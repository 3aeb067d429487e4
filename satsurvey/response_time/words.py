"""Sentences about tests and targets, kept as a code with its numbers until the language is known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from satsurvey.benchmarks.vocabulary import CHANNELS
from satsurvey.errors import SpecificationError
from satsurvey.instrument.library import read_toml

DATA = Path(__file__).with_name("data") / "claim_words.toml"
_UNITS = ((86_400.0, "天", "d"), (3600.0, "小时", "h"), (60.0, "分钟", "min"), (1.0, "秒", "s"))


@dataclass(frozen=True)
class Seconds:
    """A length of time inside a sentence, said in the unit that makes a short number."""

    value: float

    def text(self, language: str) -> str:
        """Return it in "zh" or "en".

        Examples
        --------
        >>> Seconds(120).text("en"), Seconds(1800).text("zh"), Seconds(45).text("en")
        ('2 min', '30 分钟', '45 s')
        """
        size, *words = next((unit for unit in _UNITS if self.value >= unit[0]), _UNITS[-1])
        number = self.value / size
        shown = f"{number:.0f}" if number >= 10 else f"{number:.1f}".removesuffix(".0")
        return f"{shown} {words[0 if language == 'zh' else 1]}"


@dataclass(frozen=True)
class Sentence:
    """A sentence of the file of words.

    Attributes
    ----------
    code
        Its key there.
    values
        What stands in its braces: numbers that are formatted there, the user's own names, lengths of time,
        other sentences, or several of these, which are listed.
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
        values = {key: _said(value, language) for key, value in self.values.items()}
        return _sentences()[self.code]["zh" if language == "zh" else "en"].format(**values)


def say(code: str, /, **values: object) -> Sentence:
    """Make a sentence."""
    return Sentence(code, values)


def channel_words(name: str) -> Sentence:
    """Return the name of a channel: ours in words, the user's as it is.

    Examples
    --------
    >>> channel_words("im").text("en"), channel_words("外呼").text("en")
    ('instant messaging', '外呼')
    """
    zh, en = CHANNELS.get(name, (name, name))
    return say("named", zh=zh, en=en)


def held_words(names: Iterable[str]) -> tuple[Sentence, ...] | Sentence:
    """Return the names of what is held fixed in words; the user's own names as they are.

    Examples
    --------
    >>> [one.text("en") for one in held_words(["channel", "S3"])]
    ['channel', 'S3']
    """
    found = tuple(
        say(f"control_{name}") if f"control_{name}" in _sentences() else say("named", zh=name, en=name)
        for name in names
    )
    return found or say("nothing")


def _said(value: object, language: str) -> object:
    if isinstance(value, Sentence | Seconds):
        return value.text(language)
    if isinstance(value, tuple):
        return ("、" if language == "zh" else ", ").join(str(_said(part, language)) for part in value)
    return value


@lru_cache(maxsize=1)
def _sentences() -> Mapping[str, Mapping[str, str]]:
    found: Mapping[str, Mapping[str, str]] = read_toml(DATA, SpecificationError, "file of words")["notes"]
    return found
