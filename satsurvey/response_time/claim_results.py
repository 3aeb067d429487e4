"""What tests of statements give: estimates with their verdicts, and what a statement comes to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pandas as pd

from satsurvey.errors import MethodError
from satsurvey.response_time.claims import Claim, Claims, Reading
from satsurvey.response_time.verdicts import Rule, Verdict, together
from satsurvey.response_time.words import Sentence
from satsurvey.service.records import Definition


class NotTestableError(MethodError):
    """A test that the data do not allow; `sentence` says so in both languages."""

    def __init__(self, sentence: Sentence) -> None:
        self.sentence = sentence
        super().__init__(sentence.text("en"))


@dataclass(frozen=True)
class Estimate:
    """An estimate that a statement is held against, or that stands beside it.

    Attributes
    ----------
    part
        Which part of the statement, a key of its rules.
    reading
        In what the estimate is given.
    value, low, high
        With its interval; NaN ends where there is none.
    verdict
        By the rule of the part; None for a line that only stands beside.
    what
        What it is, where the reading does not say it.
    instead
        What is said in place of the number, where there is none to give.
    """

    part: str
    reading: Reading
    value: float
    low: float
    high: float
    verdict: Verdict | None = None
    what: Sentence | None = None
    instead: Sentence | None = None

    def words(self, language: str) -> str:
        """Return what it is and what is said in place of its number."""
        parts = (self.what, self.instead)
        return ("：" if language == "zh" else ": ").join(part.text(language) for part in parts if part)


@dataclass(frozen=True)
class Evidence:
    """What one test found, before the statement is put beside it.

    Attributes
    ----------
    estimates
        The first of each part decides; further readings and lines follow.
    n, n_companies
        Rows, and companies among them.
    form
        The model that was used, in words.
    definition
        The clock, where a time enters.
    verdict
        Where no interval alone decides.
    missing
        Useful data that were not there, by need.
    notes
        What must be known.
    why
        Why the statement is not testable, where the verdict is that and something stands beside.
    """

    estimates: tuple[Estimate, ...]
    n: int
    n_companies: int
    form: Sentence | None = None
    definition: Definition | None = None
    verdict: Verdict | None = None
    missing: tuple[str, ...] = ()
    notes: tuple[Sentence, ...] = ()
    why: Sentence | None = None


@dataclass(frozen=True)
class ClaimResult:
    """A statement with its verdict on the user's data.

    Attributes
    ----------
    claim
        The statement.
    verdict
        Of the whole, by the first reading.
    tested
        What the test found; None where it could not be run.
    missing
        The needs that the data do not meet.
    reason
        Why the test could not be run on data that are there, in English.
    received
        What of the data the reason is about.
    said
        The reason in both languages, where it is one of the file of words.
    """

    claim: Claim
    verdict: Verdict
    tested: Evidence | None = None
    missing: tuple[str, ...] = ()
    reason: str = ""
    received: str = ""
    said: Sentence | None = None

    @property
    def readings_agree(self) -> bool:
        """Whether all readings of every part come to the same verdict."""
        if self.tested is None:
            return True
        found: dict[str, set[str]] = {}
        for estimate in self.tested.estimates:
            if estimate.verdict is not None:
                found.setdefault(estimate.part, set()).add(estimate.verdict)
        return all(len(verdicts) == 1 for verdicts in found.values())


@dataclass(frozen=True)
class ClaimReport:
    """All statements that were asked for.

    Attributes
    ----------
    results
        In their order.
    claims
        The list that they come from, with needs and sources.
    level, tolerance
        Of intervals, and of stated numbers.
    notes
        What must be known of the data, in English.
    """

    results: tuple[ClaimResult, ...]
    claims: Claims
    level: float
    tolerance: float
    notes: tuple[str, ...] = field(default=())

    @property
    def frame(self) -> pd.DataFrame:
        """One row per estimate: claim, part, reading, estimate, ci_low, ci_high, verdict ("" beside), n,
        n_companies, claim_verdict; a statement that was not tested has one row without numbers."""
        rows: list[dict[str, object]] = []
        for result in self.results:
            tested = result.tested
            base = {
                "claim": result.claim.id,
                "claim_verdict": result.verdict,
                "n": tested.n if tested else 0,
                "n_companies": tested.n_companies if tested else 0,
            }
            nothing = Estimate("", "points", float("nan"), float("nan"), float("nan"), result.verdict)
            for one in tested.estimates if tested else (nothing,):
                rows.append(
                    base
                    | {
                        "part": one.part,
                        "reading": one.reading if tested else "",
                        "what": one.words("en"),
                        "estimate": one.value,
                        "ci_low": one.low,
                        "ci_high": one.high,
                        "verdict": one.verdict or "",
                    }
                )
        names = ["claim", "part", "reading", "what", "estimate", "ci_low", "ci_high", "verdict"]
        return pd.DataFrame(rows, columns=[*names, "n", "n_companies", "claim_verdict"])


def judged(
    rule: Rule,
    part: str,
    reading: Reading,
    numbers: tuple[float, float, float],
    *,
    tolerance: float,
    what: Sentence | None = None,
) -> Estimate:
    """Return an estimate (value, low, high) with its verdict by a rule."""
    value, low, high = numbers
    return Estimate(part, reading, value, low, high, rule.verdict(low, high, tolerance=tolerance), what)


def verdict_of(claim: Claim, tested: Evidence) -> Verdict:
    """Return the verdict of a statement: its parts together, each by its first reading."""
    if tested.verdict is not None:
        return tested.verdict
    first: dict[str, Verdict] = {}
    for estimate in tested.estimates:
        if estimate.verdict is not None:
            first.setdefault(estimate.part, estimate.verdict)
    parts: Sequence[Verdict] = [first.get(part, "not_testable") for part in claim.rules]
    return together(parts)
