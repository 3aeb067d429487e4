"""Designs from a file or from a few numbers, with every defect of them reported at once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from satsurvey.errors import Defect, SpecificationError
from satsurvey.instrument.library import read_toml
from satsurvey.instrument.model import validation_defects
from satsurvey.simulation.contradictions import contradictions
from satsurvey.simulation.design import SCHEMA, DefectKind, Design


def plain_design(
    instrument: str | Path = "contact-centre-22",
    *,
    companies: int = 30,
    interviews: int = 20,
    industries: int = 3,
    seed: int = 1,
    defects: float = 0.0,
    response_slope: float = 0.0,
) -> Design:
    """Make a design of `companies` in all with `interviews` each, spread over `industries`.

    `defects` is the share of interviews with a planted defect, divided evenly over the kinds that one row
    can have; `response_slope` the points of the score per natural log of a second to the first reply. Raises
    `SpecificationError` when the numbers do not fit.
    """
    kinds: tuple[DefectKind, ...] = (
        "out_of_range", "undeclared_code", "duplicate_id", "duplicate_answers",
        "filter_violation", "straight_liner", "short_interview", "impossible_date",
    )  # fmt: skip
    sizes = [
        companies // max(industries, 1) + (k < companies % max(industries, 1)) for k in range(industries)
    ]
    data: dict[str, Any] = {
        "schema": SCHEMA,
        "instrument": str(instrument),
        "seed": seed,
        "interviews": companies * interviews,
        "interviews_least": interviews,
        "industries": [
            {
                "code": f"industry_{k + 1:02d}",
                "zh": f"行业{k + 1:02d}",
                "en": f"Industry {k + 1:02d}",
                "companies": size,
            }
            for k, size in enumerate(sizes)
        ],
        # About 300 interviews for each interviewer in 40 days: eight a day.
        "interviewers": {"count": max(8, companies * interviews // 300)},
        "missing": {"not_applicable": 0.01, "dont_know": 0.015, "refused": 0.005},
        "defects": {kind: defects / len(kinds) for kind in kinds} if defects else {},
        "response_times": {"effect": response_slope} if response_slope else {},
    }
    return design_from(data)


def load_design(path: str | Path) -> Design:
    """Load a design file; an instrument given by path is looked for beside the design first.

    Raises
    ------
    SpecificationError
        When the file cannot be read or has defects; `defects` then lists all of them.
    """
    path = Path(path)
    data = read_toml(path, SpecificationError, "simulation design")
    name = data.get("instrument")
    if isinstance(name, str) and (path.parent / name).is_file():
        data["instrument"] = str(path.parent / name)
    return design_from(data, file=path)


def design_from(data: Mapping[str, Any], *, file: Path | None = None) -> Design:
    """Validate the contents of a design; raises `SpecificationError` with every defect."""
    defects = design_defects(data)
    if defects:
        raise SpecificationError(
            f"the simulation design has {len(defects)} defect{'s' if len(defects) > 1 else ''}",
            file=file,
            defects=defects,
            next_step="mend them; the keys are those of satsurvey.simulation.design.Design",
        )
    return Design.model_validate(data)


def design_defects(data: Mapping[str, Any]) -> list[Defect]:
    """List everything wrong with the contents of a design, by itself and against its instrument."""
    try:
        return list(contradictions(Design.model_validate(data)))
    except ValidationError as exc:
        defects = list(validation_defects(exc))
        faulty = {str(fault["loc"][0]) for fault in exc.errors(include_url=False) if fault["loc"]}
    # The sound tables are still held against each other, so that one reading finds every defect.
    stand_in: dict[str, Any] = {"schema": SCHEMA}
    if faulty & {"industries", "interviews", "interviews_least"}:
        faulty |= {"industries", "interviews", "interviews_least", "targets", "interviewers", "dispositions"}
        stand_in["industries"] = [{"code": "x", "zh": "x", "companies": 1}]
        stand_in |= {"interviews": 1, "interviews_least": 1}
    sound = stand_in | {key: value for key, value in data.items() if key not in faulty}
    try:
        defects.extend(contradictions(Design.model_validate(sound)))
    except ValidationError as exc:  # a sound table can be refused only where a whole one was
        defects.extend(validation_defects(exc))
    return defects
