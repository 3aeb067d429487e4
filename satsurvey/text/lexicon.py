"""The words that a reading of comments rests on: kinds of terms, as data checked before it is used."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, Final, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from satsurvey.errors import Defect, SpecificationError, shorten
from satsurvey.instrument.library import read_toml
from satsurvey.instrument.model import validation_defects
from satsurvey.text.characters import Characters
from satsurvey.text.term_parts import TermFault, is_literal, parsed

Kind = Literal[
    "positive",
    "negative",
    "negator",
    "stronger",
    "weaker",
    "contrast",
    "turn",
    "concession",
    "wish",
    "plea",
    "comparison",
    "aside",
    "irony",
    "question",
    "neutral",
    "none",
    "filler",
    "plain",
]
KINDS: Final[tuple[str, ...]] = get_args(Kind)
"""Kinds of terms: what they do is told in `polarity` and `clauses`."""
SILENT: Final = ("none", "filler")
"""Kinds that say nothing. A term can be one of them and another kind too: 没有 alone, or before a word."""


class LexiconError(SpecificationError):
    """A file of terms cannot be read or used."""


class TermModel(BaseModel):
    """What the models of term files have in common."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)


def _listed(value: object) -> object:
    return value.split() if isinstance(value, str) else value


Terms = Annotated[tuple[Annotated[str, Field(min_length=1, max_length=4000)], ...], BeforeValidator(_listed)]
"""Terms as a list, or as one text with white space between them."""


class TermGroup(TermModel):
    """Terms of one kind and force."""

    kind: Kind
    strength: float = Field(default=1.0, gt=0, le=5)
    scope: int = Field(default=4, ge=0, le=12)
    terms: Terms = Field(min_length=1)


class LexiconFile(TermModel):
    """A file of terms."""

    schema_: Literal["satsurvey.lexicon/1"] = Field(alias="schema")
    version: str
    groups: Annotated[tuple[TermGroup, ...], Field(min_length=1)]


@dataclass(frozen=True)
class Entry:
    """What one term of the lexicon does.

    Attributes
    ----------
    kind
        One of `KINDS`.
    strength
        Weight of an opinion, factor of a word of degree.
    scope
        Characters that may stand between a negator and what it denies.
    """

    kind: str
    strength: float
    scope: int


@dataclass(frozen=True)
class Lexicon:
    """Folded terms and what they do; the silent ones apart, with their kind."""

    version: str
    entries: Mapping[str, Entry]
    silent: Mapping[str, str]

    @classmethod
    def builtin(cls) -> Lexicon:
        """Load the lexicon of customer-service words that comes with the package."""
        return _builtin()

    @classmethod
    def read(cls, path: Path) -> Lexicon:
        """Read a lexicon from a TOML file.

        Raises
        ------
        LexiconError
            When the file cannot be read or has defects; `defects` lists all of them.
        """
        data = read_toml(path, LexiconError, "lexicon")
        refuse(lexicon_defects(data), path, "lexicon")
        return cls._of(LexiconFile.model_validate(data))

    @classmethod
    def _of(cls, file: LexiconFile) -> Lexicon:
        folded = iter(folded_terms(term for group in file.groups for term in group.terms))
        entries: dict[str, Entry] = {}
        silent: dict[str, str] = {}
        for group in file.groups:
            terms = islice(folded, len(group.terms))
            if group.kind in SILENT:
                silent.update(dict.fromkeys(terms, group.kind))
            else:
                entries.update(dict.fromkeys(terms, Entry(group.kind, group.strength, group.scope)))
        return cls(file.version, entries, silent)


def lexicon_defects(data: Mapping[str, Any]) -> list[Defect]:
    """List everything wrong with the contents of a lexicon file."""
    defects: list[Defect] = []
    try:
        LexiconFile.model_validate(data)
    except ValidationError as exc:
        defects.extend(validation_defects(exc))
    groups = data.get("groups")
    for silent in (False, True):
        listed = [
            (f"groups[{at}].terms", group["terms"])
            for at, group in enumerate(groups if isinstance(groups, list) else [], 1)
            if isinstance(group, dict) and "terms" in group and (group.get("kind") in SILENT) == silent
        ]
        defects.extend(term_defects(listed))
    return defects


def term_defects(listed: list[tuple[str, object]]) -> Iterator[Defect]:
    """Find impossible terms, and terms that stand twice, in lists of terms that each have a place."""
    seen: dict[str, str] = {}
    # What is no text is told by the model.
    lists = [
        (where, [term for term in terms if isinstance(term, str)] if isinstance(terms, list) else [])
        for where, terms in ((where, _listed(terms)) for where, terms in listed)
    ]
    folded_of = iter(folded_terms(term for _, texts in lists for term in texts))
    for where, texts in lists:
        for term, folded in zip(texts, islice(folded_of, len(texts)), strict=True):
            if not is_literal(folded):
                try:
                    parsed(folded)
                except TermFault as exc:
                    yield Defect(where, f"{shorten(term)!r} cannot be looked for: {exc}")
                    continue
            if " " in folded:
                yield Defect(where, f"{shorten(term)!r} cannot be looked for: there is a space in it")
            elif folded in seen:
                yield Defect(where, f"{shorten(term)!r} stands in {seen[folded]} too")
            else:
                seen[folded] = where


def folded_terms(terms: Iterable[str]) -> list[str]:
    """Fold terms as comments are folded."""
    codes = Characters.of(list(terms)).codes
    return codes.tobytes().decode("utf-16-le", "surrogatepass").split("\0")[:-1]


def refuse(defects: list[Defect], path: Path, kind: str) -> None:
    """Raise `LexiconError` with all defects, if there are any."""
    if defects:
        raise LexiconError(
            f"the {kind} file has {len(defects)} defect{'s' if len(defects) > 1 else ''}",
            file=path,
            defects=defects,
            next_step="mend them and read the file again",
        )


def builtin_path(name: str) -> Path:
    """Return the path of a data file of this package."""
    return Path(str(files("satsurvey.text").joinpath(f"data/{name}")))


def digest_of(*paths: Path) -> str:
    """Return the SHA-256 of files, one after the other; how lines of text end does not change it."""
    digest = hashlib.sha256()
    for path in paths:
        content = path.read_bytes()
        digest.update(content if path.suffix == ".npz" else content.replace(b"\r\n", b"\n"))
    return digest.hexdigest()


@cache
def _builtin() -> Lexicon:
    return Lexicon.read(builtin_path("lexicon.toml"))
