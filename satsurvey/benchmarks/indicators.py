"""The ten indicators of the vendor scorecard: their tests, judgements, gate, and the traps to watch for."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from satsurvey.benchmarks.figures import DATA, FiguresError
from satsurvey.benchmarks.vocabulary import folded
from satsurvey.instrument.library import read_toml
from satsurvey.instrument.model import Text

YES_NO = ("yes", "no")


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Test(_Model):
    """A fact of a vendor against a published line; `figure` is the line's id."""

    __test__ = False  # not a test of ours

    code: str
    text: Text
    op: Literal["<=", ">="]
    value: float
    unit: Literal["s", "%", "h"]
    figure: str


class Gate(_Model):
    """A condition that a vendor has to fulfil."""

    code: str
    text: Text


class Trap(_Model):
    """A warning of the source, put as a question; the vendor is flagged where the answer is `flagged_if`."""

    code: str
    text: Text
    question: Text
    flagged_if: Literal["yes", "no"]


class Indicator(_Model):
    """One of the ten, in the order of importance.

    It has tests, or gates, or is judged from 0 to 100; `aspects` names what the source asks to look at.
    """

    code: str
    text: Text
    role: Text
    tests: tuple[Test, ...] = ()
    gates: tuple[Gate, ...] = ()
    aspects: Text = Text()

    @property
    def is_judged(self) -> bool:
        """Whether the indicator is a judgement of 0 to 100."""
        return not self.tests and not self.gates

    @property
    def inputs(self) -> tuple[str, ...]:
        """Codes of what has to be filled in for it."""
        return (*(test.code for test in self.tests), *(gate.code for gate in self.gates)) or (self.code,)


class Scorecard(_Model):
    """The indicators in the order of importance, and the traps."""

    schema_: Literal["satsurvey.scorecard-design/1"] = Field(alias="schema")
    source: str
    indicators: tuple[Indicator, ...]
    traps: tuple[Trap, ...]

    @property
    def codes(self) -> tuple[str, ...]:
        """Codes of the indicators."""
        return tuple(indicator.code for indicator in self.indicators)

    @property
    def inputs(self) -> tuple[str, ...]:
        """Codes of everything that has to be filled in, in the order of the sheet."""
        listed = (code for indicator in self.indicators for code in indicator.inputs)
        return (*listed, *(trap.code for trap in self.traps))

    def indicator_names(self) -> Mapping[str, str]:
        """Return every writing of an indicator, folded, with its code."""
        return MappingProxyType(
            {
                folded(name): indicator.code
                for indicator in self.indicators
                for name in (indicator.code, indicator.text.zh, indicator.text.en)
            }
        )

    def names(self) -> Mapping[str, str]:
        """Return every writing of an input, folded, with its code."""
        found: dict[str, str] = {}
        for indicator in self.indicators:
            parts: tuple[Test | Gate | Indicator, ...] = (*indicator.tests, *indicator.gates)
            for part in parts or (indicator,):
                for name in (part.code, part.text.zh, part.text.en):
                    found.setdefault(folded(name), part.code)
        for trap in self.traps:
            for name in (trap.code, trap.question.zh, trap.question.en, trap.text.zh, trap.text.en):
                found.setdefault(folded(name), trap.code)
        return MappingProxyType(found)


@lru_cache(maxsize=1)
def load_scorecard() -> Scorecard:
    """Load the ten indicators."""
    return Scorecard.model_validate(read_toml(Path(DATA / "scorecard.toml"), FiguresError, "scorecard"))
