"""Published statements that data can test: what each says, what it needs, and the rule that decides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from satsurvey.benchmarks.figures import Source, load_figures
from satsurvey.errors import MethodError, SpecificationError
from satsurvey.instrument.library import read_toml
from satsurvey.instrument.model import Text
from satsurvey.response_time.verdicts import TOLERANCE, Rule, RuleKind

DATA = Path(__file__).with_name("data") / "claims.toml"

Reading = Literal[
    "points",
    "percent_of_mean",
    "per_10_points",
    "per_10_percent",
    "points_per_log_unit",
    "share",
    "ratio",
    "probability",
    "seconds",
    "percent_points",
    "customers",
]
"""In what an estimate is given; a statement in percent may mean points, or percent of the mean."""


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True, defer_build=True)


class Need(_Model):
    """Data that a test needs: what they are, and how a user supplies them."""

    text: Text
    supply: Text


class ClaimRule(_Model):
    """The rule of one part of a statement as the data file has it; see `verdicts.Rule`."""

    kind: RuleKind
    value: float = float("nan")
    low: float = float("nan")
    high: float = float("nan")
    null: float = float("nan")

    def rule(self) -> Rule:
        """Return the rule itself."""
        return Rule(self.kind, self.value, self.low, self.high, self.null)


class Claim(_Model):
    """A published statement.

    Attributes
    ----------
    id
        C01 to C25.
    source, section
        Where it stands; the source is one of the published figures'.
    statement
        What it says.
    needs, useful
        Data without which it cannot be tested, and data that make the test better or complete it.
    model, estimand
        How it is tested.
    readings
        What the estimate is given in; the first one decides where readings differ.
    caution
        Why the result is not the whole truth.
    note
        What must be known of the statement itself.
    rules
        The rule of each part.
    """

    id: str = Field(pattern=r"^C\d\d$")
    source: str
    section: str
    statement: Text
    needs: tuple[str, ...]
    useful: tuple[str, ...] = ()
    model: Text
    estimand: Text
    readings: tuple[Reading, ...] = Field(min_length=1)
    caution: Text
    note: Text = Text()
    rules: dict[str, ClaimRule] = Field(min_length=1)

    def rule(self, part: str = "main") -> Rule:
        """Return the rule of a part."""
        return self.rules[part].rule()


class _ClaimFile(_Model):
    schema_: Literal["satsurvey.claims-list/1"] = Field(alias="schema")
    tolerance: float = TOLERANCE
    needs: dict[str, Need]
    claims: tuple[Claim, ...]


@dataclass(frozen=True)
class Claims:
    """The statements, what tests need, and the sources."""

    claims: tuple[Claim, ...]
    needs: Mapping[str, Need]
    sources: Mapping[str, Source]
    tolerance: float

    def __iter__(self) -> Iterator[Claim]:
        return iter(self.claims)

    def __len__(self) -> int:
        return len(self.claims)

    def __getitem__(self, id: str) -> Claim:
        for claim in self.claims:
            if claim.id == id:
                return claim
        raise MethodError(
            "there is no such statement", value=id, expected=", ".join(claim.id for claim in self.claims)
        )

    def chosen(self, ids: Sequence[str]) -> tuple[Claim, ...]:
        """Return the statements of some ids in their own order, all of them where no id is given.

        Raises
        ------
        MethodError
            When there is no such statement.
        """
        wanted = {self[id.strip().upper()].id for id in ids if id.strip()}
        return tuple(claim for claim in self.claims if not wanted or claim.id in wanted)


@lru_cache(maxsize=1)
def load_claims() -> Claims:
    """Load the published statements.

    Examples
    --------
    >>> load_claims()["C04"].rule().value
    0.35
    """
    file = _ClaimFile.model_validate(read_toml(DATA, SpecificationError, "list of statements"))
    return Claims(file.claims, file.needs, load_figures().sources, file.tolerance)
