"""What was asked: the instrument and its parts, as frozen models validated from a TOML file.

Nothing here reads a file or knows about answers; `library` finds and reads instrument files.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from satsurvey.errors import Defect, shorten
from satsurvey.instrument.contradictions import MOST_LEVELS as MOST_LEVELS
from satsurvey.instrument.contradictions import contradictions
from satsurvey.instrument.contradictions import plain_number as plain_number

SCHEMA = "satsurvey.instrument/1"

Language = Literal["zh", "en"]
Conversion = Literal["share_of_max", "min_max", "anchored"]
Order = Literal["item_first", "respondent_first"]
DimensionWeighting = Literal["equal", "items", "declared", "entropy", "ahp"]
ItemWeighting = Literal["equal", "declared", "entropy", "ahp"]
IndustryLevel = Literal["company_mean", "respondent_pooled", "market_weighted"]
OverallLevel = Literal["company_mean", "industry_mean", "respondent_pooled", "market_weighted"]
Rounding = Literal["half_up", "half_even", "truncate"]
Code = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\s=+\-@][^\s]*$")]


class MissingReason(StrEnum):
    """Why an answer is absent; the reason survives from the export to the tables."""

    BLANK = "blank"
    NOT_ASKED = "not_asked"
    SKIPPED = "skipped"
    DONT_KNOW = "dont_know"
    REFUSED = "refused"
    NOT_APPLICABLE = "not_applicable"


class _Model(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", str_strip_whitespace=True, allow_inf_nan=False, defer_build=True
    )


class Text(_Model):
    """A text in the languages of the instrument; a missing language falls back on the other."""

    zh: str = ""
    en: str = ""

    def get(self, language: str) -> str:
        """Return the text in `language`, or in the other language when that one is empty."""
        return (self.zh or self.en) if language == "zh" else (self.en or self.zh)


class Scale(_Model):
    """An answer scale: numbers from `min` to `max` by `step`, with words for some or all of them.

    `words` are further words that mean an answer (很满意 beside 非常满意). `missing` maps the special codes
    that stand among the answers (97, 98, 99 …) to their reasons; they are declared scale by scale, because
    8, 9 and 98 are legal answers on other scales.
    """

    min: float
    max: float
    step: float = Field(default=1, gt=0)
    satisfied_from: float | None = None
    labels: dict[str, Text] = {}
    words: dict[str, tuple[str, ...]] = {}
    missing: dict[str, MissingReason] = {}
    anchors: dict[str, Annotated[float, Field(ge=0, le=100)]] = {}
    suffixes: tuple[str, ...] = ()

    @cached_property
    def values(self) -> tuple[float, ...]:
        """The answer levels from lowest to highest."""
        count = round((self.max - self.min) / self.step) + 1
        return tuple(self.min + k * self.step for k in range(count))

    @cached_property
    def codes(self) -> tuple[str, ...]:
        """The answer levels as text, as they stand in an export (`"1"`, `"0.5"`)."""
        return tuple(plain_number(value) for value in self.values)


class Fact(_Model):
    """A question of fact asked beside the items; facts drive the filters and feed the models.

    `plays` says what the answers tell of the contact, where the export has no column of that role.
    """

    code: Code
    text: Text
    type: Literal["yes_no", "one_of", "seconds", "count"]
    values: dict[str, Text] = {}
    missing: dict[str, MissingReason] = {}
    ask_if: str | None = None
    screen: Literal["stop_if_no"] | None = None
    metric: str | None = None
    plays: Literal["channel", "purpose", "complexity", "wait", "expected", "transfers"] | None = None
    aliases: tuple[str, ...] = ()


class Filter(_Model):
    """Who is asked: a condition on the facts, written in the language of `satsurvey.instrument.filters`."""

    expression: str
    text: Text = Text()


class Dimension(_Model):
    """A group of items that is scored and printed as one."""

    code: Code
    text: Text
    weight: float | None = Field(default=None, ge=0)
    min_items: int | None = Field(default=None, ge=1)


class Item(_Model):
    """One rated question, in telephone wording (`text`) and in wording for text channels (`text_channel`)."""

    code: Code
    dimension: Code
    text: Text
    text_channel: Text = Text()
    channels: tuple[Literal["phone", "text"], ...] = ("phone", "text")
    filter: str | None = None
    scale: str | None = None
    reverse: bool = False
    weight: float | None = Field(default=None, ge=0)
    aliases: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    basis: tuple[str, ...] = ()
    why: str = ""


class Outcome(_Model):
    """A question that stands outside the index: overall satisfaction, recommendation, an open comment."""

    code: Code
    text: Text
    type: Literal["scale", "comment"]
    scale: str | None = None
    use: str = ""
    aliases: tuple[str, ...] = ()


class RoleField(_Model):
    """A column of the export that is no question (company, industry, weight …), and its headings.

    `required`: without this column there is no work to do. `values` maps a code to the cells that mean it.
    """

    role: str
    text: Text = Text()
    aliases: tuple[str, ...] = ()
    required: bool = False
    values: dict[str, tuple[str, ...]] = {}


class Scoring(_Model):
    """How answers become scores unless a study or a call says otherwise."""

    conversion: Conversion = "share_of_max"
    order: Order = "item_first"
    dimension_weights: DimensionWeighting = "equal"
    item_weights: ItemWeighting = "equal"
    industry_level: IndustryLevel = "company_mean"
    overall_level: OverallLevel = "company_mean"
    item_min_answers: int = Field(default=1, ge=1)
    dimension_min_items: int = Field(default=1, ge=1)
    company_min_n: int = Field(default=20, ge=1)
    industry_min_companies: int = Field(default=3, ge=1)
    decimals: int = Field(default=2, ge=0, le=6)
    rounding: Rounding = "half_up"
    ahp_dimensions: tuple[tuple[float, ...], ...] = ()
    ahp_items: dict[str, tuple[tuple[float, ...], ...]] = {}


class Quality(_Model):
    """Thresholds of the checks."""

    min_duration_s: float | None = Field(default=None, ge=0)
    straightlining_min_items: int = Field(default=5, ge=2)
    top_code_share_max: float = Field(default=0.70, gt=0, le=1)
    interviewer_effect_max: float = Field(default=0.05, ge=0, le=1)
    alpha_min: float = Field(default=0.70, ge=0, le=1)
    item_total_min: float = Field(default=0.30, ge=-1, le=1)


class Instrument(_Model):
    """A questionnaire: dimensions, items, scales, filters, facts, outcomes and the scoring defaults.

    Equal instruments are equal by value. See `satsurvey instruments schema` for the JSON Schema of the file.
    """

    schema_: Literal["satsurvey.instrument/1"] = Field(alias="schema")
    id: Code
    version: str
    title: Text
    description: Text = Text()
    status: Text = Text()
    source: tuple[str, ...] = ()
    intro: Text = Text()
    default_scale: str
    scales: dict[str, Scale]
    missing_words: dict[MissingReason, tuple[str, ...]] = {}
    filters: dict[str, Filter] = {}
    facts: tuple[Fact, ...] = ()
    dimensions: Annotated[tuple[Dimension, ...], Field(min_length=1)]
    items: Annotated[tuple[Item, ...], Field(min_length=1)]
    outcomes: tuple[Outcome, ...] = ()
    record_fields: tuple[RoleField, ...] = ()
    scoring: Scoring = Scoring()
    quality: Quality = Quality()

    def scale_of(self, item: Item | Outcome, *, default: str | None = None) -> Scale:
        """Return the scale an item is answered on; `default` replaces the instrument's default scale."""
        return self.scales[item.scale or default or self.default_scale]

    def items_of(self, dimension: str) -> tuple[Item, ...]:
        """Return the items of a dimension in the instrument's order."""
        return tuple(item for item in self.items if item.dimension == dimension)

    @cached_property
    def item_codes(self) -> tuple[str, ...]:
        """The codes of all items in order."""
        return tuple(item.code for item in self.items)

    @cached_property
    def dimension_codes(self) -> tuple[str, ...]:
        """The codes of all dimensions in order."""
        return tuple(dimension.code for dimension in self.dimensions)

    @cached_property
    def roles(self) -> Mapping[str, RoleField]:
        """The declared record fields by role."""
        return {field.role: field for field in self.record_fields}


def instrument_defects(data: Mapping[str, Any]) -> list[Defect]:
    """List everything wrong with the contents of an instrument file; an empty list means it is sound."""
    defects: list[Defect] = []
    try:
        Instrument.model_validate(data)
    except ValidationError as exc:
        defects.extend(validation_defects(exc))
    defects.extend(contradictions(data))
    return defects


def validation_defects(error: ValidationError) -> Iterator[Defect]:
    """Turn a pydantic error into defects that name table and key as they stand in the TOML file."""
    for fault in error.errors(include_url=False):
        where = ""
        about_key = False
        for part in fault["loc"]:
            if part == "[key]":
                about_key = True  # pydantic's mark for a fault in the name of a key and not in its value
                continue
            where += f"[{part + 1}]" if isinstance(part, int) else f"{'.' if where else ''}{part}"
        what = fault["msg"]
        if fault["type"] == "missing":
            what = "this is required and absent"
        elif fault["type"] == "extra_forbidden":
            what = "this key is not known here; check its spelling"
        elif about_key:
            what = f"this name is not possible here: {what[:1].lower()}{what[1:]}"
        elif not isinstance(fault["input"], dict | list):
            what += f" (found {_shown(fault['input'])})"
        yield Defect(where or "file", what)


def _shown(value: object) -> str:
    try:
        return shorten(repr(value))
    except ValueError:
        return "a number of thousands of digits"  # Python refuses to write such numbers out
