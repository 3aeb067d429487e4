"""Maps of records: which column of an export is which field of a contact, and what its times mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal, cast

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from satsurvey.errors import Defect, SpecificationError
from satsurvey.instrument.library import read_toml
from satsurvey.instrument.model import validation_defects
from satsurvey.intake.formats.headings import normalise_heading
from satsurvey.service.calendars import ZoneName
from satsurvey.service.ratings import RatingScale
from satsurvey.service.records import (
    COUNTS,
    FLAGS,
    HANDLERS,
    LENGTHS,
    METRICS,
    MOMENTS,
    TEXTS,
    AutomaticReplies,
    Clock,
)

SCHEMA = "satsurvey.records_map/1"
SHIPPED = Path(__file__).with_name("maps")

Role = Literal["contacts", "milestones", "events", "comments", "people", "messages"]
Unit = Literal["s", "ms", "min", "h", "day", "mm:ss", "h:mm", "h:mm:ss"]
Order = Literal["ymd", "dmy", "mdy"]

_JOIN = {"join_id": "what other tables of the export call the contact by"}
TABLES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "contacts": {
            **_JOIN,
            **TEXTS,
            **MOMENTS,
            **{name: text for name, text in LENGTHS.items() if not name.endswith("_censored_s")},
            **COUNTS,
            **FLAGS,
            "seen_at": "when the contact was last changed or exported",
        },
        "milestones": {
            **_JOIN,
            "milestone": "name of the milestone's type",
            "started_at": "when its clock started",
            "done_at": "when it was reached",
            "elapsed_s": "how long it took, as the system counts",
            "target_s": "how long it may take",
            "missed": "whether it took longer",
        },
        "events": {
            **_JOIN,
            "metric": "which clock the event is of",
            "instance": "number of the measurement, from 1",
            "event": "activate, pause, fulfill, breach or apply_sla",
            "happened_at": "when it happened",
            "target_s": "the target that was applied",
        },
        "comments": {
            **_JOIN,
            "author_id": "who wrote it",
            "author_role": "customer, agent or bot",
            "public": "whether the customer could see it",
            "sent_at": "when it was written",
            "text": "what was written",
        },
        "people": {"author_id": "the person", "author_role": "customer, agent or bot"},
        "messages": {
            **TEXTS,
            "author_id": "who sent it",
            "author_role": "customer, agent or bot",
            "sent_at": "when it was sent",
            "text": "what was sent",
            "rating": COUNTS["rating"],
        },
    }
)
"""The fields that a column of each kind of table can be, with what they hold."""
MOMENT_FIELDS = frozenset({*MOMENTS, "seen_at", "started_at", "done_at", "happened_at", "sent_at"})
LENGTH_FIELDS = frozenset({*LENGTHS, "elapsed_s", "target_s"})
NUMBER_FIELDS = frozenset({*COUNTS, "instance"})
FLAG_FIELDS = frozenset({*FLAGS, "missed", "public"})
ID_FIELDS = frozenset(
    {"join_id", "contact_id", "case_id", "customer_id", "company_id", "author_id", "agent_id"}
)
NEEDED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "contacts": (),
        "milestones": ("join_id", "milestone"),
        "events": ("join_id", "metric", "event", "happened_at"),
        "comments": ("join_id", "sent_at"),
        "people": ("author_id", "author_role"),
        "messages": ("contact_id", "author_role", "sent_at"),
    }
)
"""Fields without which a kind of table is of no use."""
WRITER_ROLES = ("customer", "agent", "bot")
EVENTS = ("activate", "pause", "fulfill", "breach", "apply_sla")


class RecordMapError(SpecificationError):
    """A map of records cannot be found, read or used."""


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Column(_Model):
    """How one field is found and read.

    Attributes
    ----------
    names
        Headings that it can have, the first that the export has is taken.
    unit
        Of numbers that are lengths of time; `5分20秒` and `1:05:20` are understood in any unit.
    order
        Of the parts of a date with the year behind (`05/03/2019`).
    format
        Of moments in another writing: as in C's strptime, or `epoch_s`, `epoch_ms`.
    time_zone
        Of moments that do not say theirs, where it is not the map's.
    missing
        Texts that stand for nothing.
    """

    names: Annotated[tuple[str, ...], Field(min_length=1)]
    unit: Unit | None = None
    order: Order | None = None
    format: str | None = None
    time_zone: ZoneName | None = None
    missing: tuple[str, ...] = ()


def _column(value: object) -> object:
    """Let a heading or a list of headings stand for a column."""
    if isinstance(value, str):
        return {"names": (value,)}
    return {"names": tuple(value)} if isinstance(value, list | tuple) else value


ColumnEntry = Annotated[Column, BeforeValidator(_column)]


class Table(_Model):
    """One table of the export.

    Attributes
    ----------
    columns
        Field to column.
    business
        Columns that stand in place of those of the same field when business time is asked for.
    required
        Fields that tell this table from the others of the export; all must be there.
    """

    columns: dict[str, ColumnEntry]
    business: dict[str, ColumnEntry] = {}
    required: tuple[str, ...] = ()


class ClockRule(_Model):
    """What a length of time means, and from which moments it is computed where no column gives it.

    Attributes
    ----------
    starts, stops
        Words of `POINTS`, or own words.
    from_field, to_fields
        Fields of moments, written `from` and `to`; of several in `to`, the first that is there.
    automatic_replies
        Whether an automatic reply stops the clock.
    """

    starts: str = "reported"
    stops: str = "reported"
    from_field: str | None = Field(default=None, alias="from")
    to_fields: Annotated[
        tuple[str, ...], BeforeValidator(lambda v: (v,) if isinstance(v, str) else v), Field(alias="to")
    ] = ()
    automatic_replies: AutomaticReplies = "unknown"


class Automatic(_Model):
    """How replies of machines are known.

    Attributes
    ----------
    authors
        Ids or names of agents that are machines.
    words
        What automatic texts contain.
    within_s
        Replies of anybody within fewer seconds are taken for automatic; 0 for none.
    """

    authors: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    within_s: float = Field(default=0, ge=0, le=600)


class RecordMap(_Model):
    """A map of records as a TOML file.

    Attributes
    ----------
    name, title
        How reports call it.
    verified
        `true` where the names of fields are those of the maker's own documents, `"partly"` where the user
        has to fill in some, `false` for a sample whose names nobody has confirmed.
    basis, note
        Where the names come from; what the user has to know.
    time_zone
        Zone in which moments are shown, and of moments that do not say theirs.
    written_in
        Zone of moments that do not say theirs, where it is another.
    order, unit
        For columns that have none of their own.
    clock
        Whether all time counts, or business time.
    calendar
        Name or path of the calendar of business time.
    tables
        By kind: `contacts`; or `messages`, `events`, `comments` with `contacts` and `people`, `milestones`
        with `contacts`.
    values
        Field to value to the words of the export that mean it.
    constants
        Field of text to what holds for every contact.
    clocks
        Length of time to its rule.
    automatic
        How replies of machines are known.
    milestones
        Length of time to the names of its milestones.
    metrics
        Length of time to the name of its clock among the events.
    abandoned_when_unanswered
        Whether a contact that ended without an answer was given up by the customer.
    repeated_ids
        Of several rows with one contact id, `last` keeps the last, `keep` keeps all that differ.
    rating
        The scale of the ratings, where the system says it.
    promise
        Which length of time `sla_target_s` and `sla_met` are about; "" where the map does not say.
    """

    schema_: Literal["satsurvey.records_map/1"] = Field(alias="schema")
    name: str = Field(min_length=1, pattern=r"^[\w\-.]+$")
    title: str = ""
    verified: bool | Literal["partly"] = True
    basis: str = ""
    note: str = ""
    time_zone: ZoneName = "Asia/Shanghai"
    written_in: ZoneName | None = None
    order: Order = "ymd"
    unit: Unit = "s"
    clock: Clock = "calendar"
    calendar: str | None = None
    tables: Annotated[dict[Role, Table], Field(min_length=1)]
    values: dict[str, dict[str, tuple[str, ...]]] = {}
    constants: dict[str, str] = {}
    clocks: dict[str, ClockRule] = {}
    automatic: Automatic = Automatic()
    milestones: dict[str, tuple[str, ...]] = {}
    metrics: dict[str, str] = {}
    abandoned_when_unanswered: bool = False
    repeated_ids: Literal["keep", "last"] = "keep"
    rating: RatingScale | None = None
    promise: Literal["", "first_response_s", "resolution_s"] = ""

    def table(self, role: str) -> Table:
        """Return a table by its kind."""
        return self.tables[cast(Role, role)]

    def column(self, role: str, field: str, clock: Clock) -> Column | None:
        """Return how a field of a table is read under a clock."""
        table = self.table(role)
        if clock == "business" and field in table.business:
            return table.business[field]
        return table.columns.get(field)

    def headings(self) -> frozenset[str]:
        """Return every heading that the map knows, normalised."""
        return frozenset(
            normalise_heading(name)
            for table in self.tables.values()
            for columns in (table.columns, table.business)
            for column in columns.values()
            for name in column.names
        )


def map_names() -> tuple[str, ...]:
    """Name the shipped maps in alphabetical order."""
    return tuple(sorted(path.stem for path in SHIPPED.glob("*.toml")))


def map_path(name_or_path: str | Path) -> Path:
    """Find the file of a map given by name or path."""
    text = str(name_or_path)
    if text in map_names():
        return SHIPPED / f"{text}.toml"
    if Path(text).is_file():
        return Path(text)
    raise RecordMapError(
        f"there is no map of records called {text!r}, and no file of that name",
        next_step=f"use one of {', '.join(map_names())}, or the path of a .toml file",
    )


def load_map(name_or_path: str | Path) -> RecordMap:
    """Load a map by the name of a shipped one or by the path of a file.

    Raises
    ------
    RecordMapError
        When there is none, or the file has defects; all of them are listed.

    Examples
    --------
    >>> load_map("call_log").clocks["wait_s"].starts
    'queue_entry'
    """
    path = map_path(name_or_path)
    data = read_toml(path, RecordMapError, "map")
    defects = map_defects(data)
    if defects:
        raise RecordMapError(
            f"the map of records has {len(defects)} defect{'s' if len(defects) > 1 else ''}",
            file=path,
            defects=defects,
            next_step="mend them; satsurvey records map general prints a map to compare with",
        )
    return RecordMap.model_validate(data)


def map_defects(data: Mapping[str, Any]) -> list[Defect]:
    """List everything wrong with the contents of a map."""
    defects: list[Defect] = []
    try:
        RecordMap.model_validate(data)
    except ValidationError as exc:
        defects.extend(validation_defects(exc))
    # What stands in the tables is looked at even where the model refuses something else.
    defects.extend(_table_defects(_mapping(data.get("tables"))))
    defects.extend(_value_defects(_mapping(data.get("values"))))
    for field in _mapping(data.get("constants")):
        if field not in TEXTS:
            defects.append(
                Defect(f"constants.{field}", f"no such field of text; fields are {', '.join(TEXTS)}")
            )
    for table, allowed in (("clocks", METRICS), ("milestones", METRICS), ("metrics", METRICS)):
        for metric in _mapping(data.get(table)):
            if metric not in allowed:
                defects.append(
                    Defect(f"{table}.{metric}", f"no such length of time; they are {', '.join(allowed)}")
                )
    defects.extend(_clock_defects(_mapping(data.get("clocks"))))
    return defects


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _table_defects(tables: Mapping[str, Any]) -> Iterator[Defect]:
    for role, table in tables.items():
        if role not in TABLES:
            continue  # the model says so
        known = TABLES[role]
        for part in ("columns", "business"):
            for field in _mapping(_mapping(table).get(part)):
                if field not in known:
                    yield Defect(
                        f"tables.{role}.{part}.{field}", f"no such field; fields are {', '.join(known)}"
                    )
        columns = _mapping(_mapping(table).get("columns"))
        required = _mapping(table).get("required", ())
        for field in required if isinstance(required, list | tuple) else ():
            if field not in columns:
                yield Defect(f"tables.{role}.required", f"no column is {field}")
        for field in NEEDED[role]:
            if field not in columns:
                yield Defect(f"tables.{role}.columns", f"a table of {role} needs the field {field}")
        owner: dict[str, str] = {}
        for field, column in columns.items():
            for name in _names(column):
                heading = normalise_heading(name)
                if owner.setdefault(heading, field) != field:
                    yield Defect(
                        f"tables.{role}.columns.{field}", f"the heading {name!r} is {owner[heading]} already"
                    )
    if tables and not {"contacts", "messages", "events"} & set(tables):
        yield Defect("tables", "there is no table of contacts, messages or events")


def _names(column: object) -> list[str]:
    names = column.get("names", ()) if isinstance(column, Mapping) else column
    names = [names] if isinstance(names, str) else names
    return [name for name in names if isinstance(name, str)] if isinstance(names, list | tuple) else []


def _value_defects(values: Mapping[str, Any]) -> Iterator[Defect]:
    allowed: dict[str, tuple[str, ...]] = {
        "handled_by": tuple(HANDLERS),
        "author_role": WRITER_ROLES,
        "event": EVENTS,
        **dict.fromkeys(FLAG_FIELDS, ("yes", "no")),
    }
    for field, table in values.items():
        if field not in {*allowed, *TEXTS}:
            yield Defect(f"values.{field}", "no words can be declared for this field")
            continue
        owner: dict[str, str] = {}
        for value, words in _mapping(table).items():
            if value not in allowed.get(field, (value,)):
                yield Defect(f"values.{field}.{value}", f"this can only be {', '.join(allowed[field])}")
            for word in _names(words):
                folded = normalise_heading(word)
                if owner.setdefault(folded, value) != value:
                    yield Defect(f"values.{field}.{value}", f"{word!r} means {owner[folded]} already")


def _clock_defects(clocks: Mapping[str, Any]) -> Iterator[Defect]:
    for metric, rule in clocks.items():
        rule = _mapping(rule)
        for key in ("from", "to"):
            for field in _names(rule.get(key, ())):
                if field not in MOMENTS:
                    yield Defect(
                        f"clocks.{metric}.{key}", f"{field!r} is no moment; moments are {', '.join(MOMENTS)}"
                    )
