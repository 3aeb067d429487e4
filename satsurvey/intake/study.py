"""Where the answers lie: the study file, which binds the columns of exports to roles, facts and items."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from satsurvey.errors import Defect, StudyError
from satsurvey.instrument.library import load_instrument, read_toml
from satsurvey.instrument.model import (
    Conversion,
    DimensionWeighting,
    IndustryLevel,
    Instrument,
    ItemWeighting,
    MissingReason,
    Order,
    OverallLevel,
    Rounding,
    validation_defects,
)

SCHEMA = "satsurvey.study/1"

ROLES: Mapping[str, str] = {
    "interview_id": "one value per interview",
    "company": "the company that is scored",
    "company_id": "the company's id, when the name stands in another column",
    "industry": "the industry that the company is ranked in",
    "weight": "interview weight, positive",
    "population": "how many contacts the company had, for the finite-population correction",
    "market_share": "the company's weight in a market-weighted industry score",
    "disposition": "final outcome of the case",
    "completed_at": "when the interview ended",
    "contact_at": "when the customer was in contact with the company",
    "duration_s": "length of the interview in seconds",
    "interviewer": "who asked",
    "wave": "survey wave",
    "route": "how the answers were taken (cati, self_report, expert)",
    "region": "region",
    "customer_tier": "customer tier",
    "stratum": "sampling stratum",
    "case_id": "id of the contact in the service records",
    "customer_id": "id of the customer in the service records",
    "first_response_s": "logged seconds to the first human reply",
    "responded_at": "when the first human reply was given",
    "avg_response_s": "logged mean seconds from a message to the reply",
    "wait_s": "logged seconds that the customer waited for an agent",
    "resolution_s": "logged seconds to the resolution",
    "channel": "channel of the contact",
    "purpose": "what the contact was about",
    "agent": "the agent who was in contact with the customer",
}
"""The roles that a column can play beside items, facts and outcomes."""


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True, defer_build=True)


class StudyFile(_Model):
    """One export of the study; `path` is relative to the study file."""

    path: str
    wave: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    heading_row: int | None = None


class StudyScoring(_Model):
    """What the study changes in the instrument's scoring."""

    conversion: Conversion | None = None
    order: Order | None = None
    dimension_weights: DimensionWeighting | None = None
    item_weights: ItemWeighting | None = None
    declared_dimension_weights: dict[str, float] = {}
    declared_item_weights: dict[str, float] = {}
    ahp_dimensions: tuple[tuple[float, ...], ...] = ()
    industry_level: IndustryLevel | None = None
    overall_level: OverallLevel | None = None
    companies: Literal["sample", "census"] = "sample"
    small_sample: Literal["interviews", "items"] = "interviews"
    company_min_n: int | None = None
    industry_min_companies: int | None = None
    small_companies_in_industry: bool = True
    finite_population: bool = False
    decimals: int | None = None
    rounding: Rounding | None = None


class Study(_Model):
    """A study: the instrument, the files, and what each column means.

    Attributes
    ----------
    instrument
        Name of a shipped instrument, or path of a file relative to the study file.
    columns, facts, items, outcomes
        Role or code to the heading it has in the export.
    constants
        Role to a value that holds for every row (`company = "…"` where the export is of one company).
    recode
        Item, fact or role (`"*"` for all items) to a table of cell text to instrument code.
    missing
        Cell text to reason, for all items; `missing_by_column` for one item or fact.
    completed
        The dispositions that count as completed interviews, as the cells have them.
    day_first
        Roles whose dates put the day before the month, as in 14/08/2023; undeclared, such dates are refused.
    ignore
        Headings that are known and not used.
    """

    schema_: Literal["satsurvey.study/1"]
    instrument: str = "contact-centre-22"
    scale: str | None = None
    files: tuple[StudyFile, ...] = ()
    columns: dict[str, str] = {}
    constants: dict[str, str] = {}
    items: dict[str, str] = {}
    facts: dict[str, str] = {}
    outcomes: dict[str, str] = {}
    recode: dict[str, dict[str, str]] = {}
    missing: dict[str, MissingReason] = {}
    missing_by_column: dict[str, dict[str, MissingReason]] = {}
    completed: tuple[str, ...] = ()
    day_first: tuple[Literal["completed_at", "contact_at", "responded_at"], ...] = ()
    ignore: tuple[str, ...] = ()
    scoring: StudyScoring = StudyScoring()

    model_config = ConfigDict(
        frozen=True, extra="forbid", str_strip_whitespace=True, alias_generator=lambda name: name.rstrip("_")
    )


def load_study(path: str | Path) -> tuple[Study, Instrument, Path]:
    """Load a study file and the instrument it names.

    Returns
    -------
    study, instrument, folder
        `folder` is the study file's own folder, from which its paths are counted.

    Raises
    ------
    StudyError
        When the file cannot be read or has defects; all of them are listed.
    InstrumentError
        When the instrument it names is unknown or has defects.
    """
    path = Path(path)
    data = read_toml(path, StudyError, "study")
    defects = study_defects(data)
    if defects:
        raise StudyError(
            f"the study file has {len(defects)} defect{'s' if len(defects) > 1 else ''}",
            file=path,
            defects=defects,
        )
    study = Study.model_validate(data)
    beside = path.parent / study.instrument
    instrument = load_instrument(beside if beside.is_file() else study.instrument)
    defects = list(_against_instrument(study, instrument))
    if defects:
        raise StudyError(
            f"the study file does not fit the instrument {instrument.id}", file=path, defects=defects
        )
    return study, instrument, path.parent


def study_defects(data: Mapping[str, Any]) -> list[Defect]:
    """List what is wrong with the contents of a study file by itself."""
    defects: list[Defect] = []
    try:
        Study.model_validate(data)
    except ValidationError as exc:
        defects.extend(validation_defects(exc))
    for table in ("columns", "constants"):
        rows = data.get(table)
        for role in rows if isinstance(rows, Mapping) else ():
            if role not in ROLES:
                defects.append(Defect(f"{table}.{role}", f"no such role; roles are {', '.join(ROLES)}"))
    return defects


def _against_instrument(study: Study, instrument: Instrument) -> list[Defect]:
    defects: list[Defect] = []
    known = {
        "items": set(instrument.item_codes),
        "facts": {fact.code for fact in instrument.facts},
        "outcomes": {outcome.code for outcome in instrument.outcomes},
    }
    for table, codes in known.items():
        for code in getattr(study, table):
            if code not in codes:
                defects.append(Defect(f"{table}.{code}", f"the instrument {instrument.id} has no such code"))
    anywhere = set().union(*known.values()) | set(ROLES)
    for table in ("recode", "missing_by_column"):
        for code in getattr(study, table):
            if code not in anywhere and not (table == "recode" and code == "*"):
                defects.append(Defect(f"{table}.{code}", f"the instrument {instrument.id} has no such code"))
    if study.scale is not None and study.scale not in instrument.scales:
        defects.append(
            Defect("scale", f"no scale is called {study.scale!r}; there are {', '.join(instrument.scales)}")
        )
    for code in study.scoring.declared_dimension_weights:
        if code not in instrument.dimension_codes:
            defects.append(Defect(f"scoring.declared_dimension_weights.{code}", "no such dimension"))
    for code in study.scoring.declared_item_weights:
        if code not in instrument.item_codes:
            defects.append(Defect(f"scoring.declared_item_weights.{code}", "no such item"))
    return defects
