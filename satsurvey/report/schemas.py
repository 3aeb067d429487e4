"""The JSON Schema of every document that a command prints, by the name that stands in its key `schema`."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Any

from satsurvey.benchmarks.vocabulary import nearest
from satsurvey.errors import MethodError

_PLACES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "satsurvey.score/1": ("score_schema", "SCORE_SCHEMA"),
        "satsurvey.check/1": ("survey_schema", "CHECK_SCHEMA"),
        "satsurvey.inspection/1": ("survey_schema", "INSPECTION_SCHEMA"),
        "satsurvey.fieldwork/1": ("survey_schema", "FIELDWORK_SCHEMA"),
        "satsurvey.reconciliation/1": ("survey_schema", "RECONCILIATION_SCHEMA"),
        "satsurvey.instruments/1": ("survey_schema", "INSTRUMENTS_SCHEMA"),
        "satsurvey.instrument-check/1": ("survey_schema", "INSTRUMENT_CHECK_SCHEMA"),
        "satsurvey.comments/1": ("comments_schema", "COMMENTS_SCHEMA"),
        "satsurvey.comments-evaluation/1": ("evaluation_schema", "EVALUATION_SCHEMA"),
        "satsurvey.comments-training/1": ("evaluation_schema", "TRAINING_SCHEMA"),
        "satsurvey.records/1": ("records_schema", "RECORDS_SCHEMA"),
        "satsurvey.link/1": ("records_schema", "LINK_SCHEMA"),
        "satsurvey.patience/1": ("records_schema", "PATIENCE_SCHEMA"),
        "satsurvey.response/1": ("response_schema", "RESPONSE_SCHEMA"),
        "satsurvey.claims/1": ("claims_schema", "CLAIMS_SCHEMA"),
        "satsurvey.targets/1": ("claims_schema", "TARGETS_SCHEMA"),
        "satsurvey.benchmark/1": ("benchmark_schema", "BENCHMARK_SCHEMA"),
        "satsurvey.benchmark-figures/1": ("benchmark_schema", "FIGURES_JSON_SCHEMA"),
        "satsurvey.scorecard/1": ("benchmark_schema", "SCORECARD_JSON_SCHEMA"),
        "satsurvey.promise/1": ("benchmark_schema", "PROMISE_JSON_SCHEMA"),
    }
)
INSTRUMENT = "satsurvey.instrument/1"
"""An instrument is its own document; its schema is made of the model that reads it."""
SCHEMA_NAMES = (*_PLACES, INSTRUMENT)
"""The names of all documents, as they stand in their key `schema`."""


def schema_of(name: str) -> Mapping[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a document.

    Parameters
    ----------
    name
        As it stands in the document, such as "satsurvey.records/1"; "records" will do.

    Raises
    ------
    MethodError
        No document has this name.

    Examples
    --------
    >>> schema_of("records")["title"]
    'satsurvey.records/1'
    """
    whole = {full: full for full in SCHEMA_NAMES} | {short_name(full): full for full in SCHEMA_NAMES}
    if name not in whole:
        raise MethodError(
            "no document of satsurvey has this name",
            value=name,
            expected=", ".join(nearest(name, whole)) or ", ".join(map(short_name, SCHEMA_NAMES)),
        )
    full = whole[name]
    if full == INSTRUMENT:
        from satsurvey.instrument.library import instrument_schema

        return instrument_schema()
    module, attribute = _PLACES[full]
    found: Mapping[str, Any] = getattr(import_module(f"satsurvey.report.{module}"), attribute)
    return found


def short_name(name: str) -> str:
    """Return the name of a document without the package and the version."""
    return name.removeprefix("satsurvey.").partition("/")[0]
