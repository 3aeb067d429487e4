"""What a simulated survey is like: the design file as frozen models; nothing is drawn here."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Mapping
from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from satsurvey.instrument.library import load_instrument
from satsurvey.instrument.model import Code, Instrument, MissingReason

SCHEMA = "satsurvey.simulation/1"
SLOT_S = 1200
"""An interviewer begins at most one interview in this many seconds, so no two of one interviewer overlap."""

Share = Annotated[float, Field(ge=0, le=1)]
Points = Annotated[float, Field(ge=0, le=50)]
Score = Annotated[float, Field(ge=0, le=100)]
DefectKind = Literal[
    "out_of_range",
    "undeclared_code",
    "duplicate_id",
    "duplicate_answers",
    "filter_violation",
    "straight_liner",
    "short_interview",
    "impossible_date",
    "company_in_two_industries",
]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True, allow_inf_nan=False)


class Industry(_Model):
    """An industry of the simulated survey: its names, how many companies, and how good they are.

    Give `mean` (points, 0-100) or `shift` (points from the mean of the survey); with neither it is drawn.
    `company_sd` replaces the spread between companies in this industry.
    """

    code: Code
    zh: str = Field(min_length=1, pattern=r"^[^=+\-@]")
    en: str = ""
    companies: int = Field(ge=1, le=100_000)
    mean: Score | None = None
    shift: float | None = Field(default=None, ge=-50, le=50)
    company_sd: Points | None = None


class Spread(_Model):
    """Standard deviations in points of the 0-100 score, before answers are cut at the ends of the scale.

    `shape` is that of a gamma distribution with mean 1, from which each company's multiple of the
    within-company variance is drawn; 8 makes that multiple vary by about a third. None: all alike.
    """

    industry: Points = 3.0
    company: Points = 5.0
    company_dimension: Points = 2.0
    respondent: Points = 11.0
    respondent_dimension: Points = 5.0
    item: Points = 3.0
    noise: Points = 9.0
    shape: float | None = Field(default=8.0, gt=0)


class Interviewers(_Model):
    """How many interviewers, and the standard deviation of their effect on the score in points."""

    count: int = Field(default=40, ge=1, le=100_000)
    sd: Points = 1.0


class Fieldwork(_Model):
    """When the interviews were held and how long they took (seconds, log-normal)."""

    first_day: date = date(2025, 3, 3)
    days: int = Field(default=40, ge=1, le=3000)
    opens_hour: int = Field(default=9, ge=0, le=23)
    closes_hour: int = Field(default=21, ge=1, le=24)
    duration_median_s: float = Field(default=420, gt=0)
    duration_log_sd: float = Field(default=0.28, ge=0, le=2)
    shortest_s: int = Field(default=150, ge=1, lt=SLOT_S)
    contact_within_days: int = Field(default=89, ge=1, le=3000)


class ChannelTime(_Model):
    """Seconds to the first human reply in one channel: log-normal with this median and standard deviation."""

    median_s: float = Field(gt=0, le=1e7)
    log_sd: float = Field(ge=0, le=4)


class ResponseTimes(_Model):
    """Logged seconds to the first human reply and their known effect on the score.

    `effect` is in points of the score per natural log of a second, or per minute, as `per` says; it acts on
    the dimensions named (all when none is). `channels` is keyed by the codes of `channel_fact`, or by `any`.
    """

    channels: dict[str, ChannelTime] = {}
    channel_fact: str | None = None
    only_if: str | None = None
    effect: float = Field(default=0.0, ge=-20, le=20)
    per: Literal["log_second", "minute"] = "log_second"
    dimensions: tuple[str, ...] = ()
    recalled_as: str | None = None
    recall_log_sd: float = Field(default=0.25, ge=0, le=2)


class FactDesign(_Model):
    """How a question of fact is answered.

    `shares` for coded facts (weights; yes_no has the codes 0 and 1); `median` and `log_sd` for seconds;
    `mean` above `least` for counts, and just `least` where the filter `least_if` holds. `slope` ties a yes_no
    or count fact to the respondent's own score: log-odds (or log of the mean) per 10 points.
    """

    shares: dict[str, Annotated[float, Field(ge=0)]] = {}
    median: float | None = Field(default=None, gt=0)
    log_sd: float = Field(default=0.5, ge=0, le=3)
    mean: float | None = Field(default=None, ge=0)
    least: int = Field(default=0, ge=0)
    least_if: str | None = None
    slope: float = Field(default=0.0, ge=-5, le=5)


class OutcomeDesign(_Model):
    """A rated question outside the index: respondent's score plus `shift` points plus noise."""

    shift: float = Field(default=0.0, ge=-50, le=50)
    noise: Points = 7.0


class Comments(_Model):
    """Open comments: which outcome asks what pleased or displeased, and what dimensions speak of."""

    pleased: str | None = None
    displeased: str | None = None
    unanswered: Share = 0.04
    aspects: dict[str, str] = {}


class Dispositions(_Model):
    """Outcome codes: that of a complete, and cases without an interview as shares of the interviews."""

    complete: str = "1.1"
    others: dict[str, Share] = {}


class Targets(_Model):
    """Printed scores that the answers are adjusted to give, to `decimals`, by the instrument's defaults.

    `others_below` is the score that every industry without a target must stay under.
    """

    decimals: int = Field(default=2, ge=0, le=3)
    overall: Score | None = None
    dimensions: dict[str, Score] = {}
    industries: dict[str, Score] = {}
    others_below: Score | None = None

    def __bool__(self) -> bool:
        return self.overall is not None or bool(self.dimensions) or bool(self.industries)


class Design(_Model):
    """A simulated survey: everything that is known to be true of it, before a seed makes it concrete.

    Attributes
    ----------
    instrument
        Name of a shipped instrument or path of a file.
    interviews, interviews_least
        Exact number of interviews in all, and how many each company has at the least.
    mean, dimensions
        Mean score of the survey in points, or of each of its dimensions.
    missing
        Share of the asked answers that are missing, by reason.
    labels
        Further columns of names by role (`wave`, `route`, `region` …): text to share.
    defects
        Planted defects: kind to share of the interviews (of the companies, for a company in two industries).
    """

    schema_: Literal["satsurvey.simulation/1"]
    title: str = ""
    instrument: str = "contact-centre-22"
    seed: int = Field(default=1, ge=0, le=2**63 - 1)
    interviews: int = Field(ge=1, le=20_000_000)
    interviews_least: int = Field(default=20, ge=1)
    mean: Score = 80.0
    dimensions: dict[str, Score] = {}
    industries: Annotated[tuple[Industry, ...], Field(min_length=1)]
    spread: Spread = Spread()
    interviewers: Interviewers = Interviewers()
    fieldwork: Fieldwork = Fieldwork()
    response_times: ResponseTimes = ResponseTimes()
    facts: dict[str, FactDesign] = {}
    outcomes: dict[str, OutcomeDesign] = {}
    comments: Comments = Comments()
    missing: dict[MissingReason, Share] = {}
    labels: dict[str, dict[str, Annotated[float, Field(ge=0)]]] = {}
    dispositions: Dispositions = Dispositions()
    defects: dict[DefectKind, Share] = {}
    targets: Targets = Targets()

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        str_strip_whitespace=True,
        allow_inf_nan=False,
        alias_generator=lambda name: name.rstrip("_"),
    )

    @property
    def n_companies(self) -> int:
        """How many companies there are over all industries."""
        return sum(industry.companies for industry in self.industries)

    @cached_property
    def n_others(self) -> Mapping[str, int]:
        """How many cases without an interview there are, by outcome code."""
        return {code: round(share * self.interviews) for code, share in self.dispositions.others.items()}


@lru_cache(maxsize=1)
def _profiles() -> Mapping[str, Any]:
    return tomllib.loads(Path(__file__).with_name("profiles.toml").read_text(encoding="utf-8"))


def completed(design: Design, instrument: Instrument) -> Design:
    """Fill what a design leaves open with the profile of its instrument; its own words win."""
    profile = _profiles().get(instrument.id, {})
    facts = {code: FactDesign.model_validate(row) for code, row in profile.get("facts", {}).items()}
    changes: dict[str, Any] = {"facts": facts | design.facts}
    if not design.response_times.channels and "response_times" in profile:
        own = design.response_times.model_dump(exclude_unset=True)
        changes["response_times"] = ResponseTimes.model_validate(profile["response_times"] | own)
    comments = Comments.model_validate(profile.get("comments", {})).model_dump()
    own = design.comments.model_dump(exclude_unset=True)
    aspects = comments["aspects"] | own.get("aspects", {})
    changes["comments"] = Comments.model_validate(comments | own | {"aspects": aspects})
    return design.model_copy(update=changes)


def instrument_of(design: Design) -> Instrument:
    """Load the instrument that a design names."""
    return load_instrument(design.instrument)


def repeated(names: list[str]) -> list[str]:
    """Return the names that occur more than once, in order."""
    return [name for name, count in Counter(names).items() if count > 1]
