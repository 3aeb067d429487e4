"""The JSON Schemas of what is said of exports, fieldwork, instruments and published totals."""

from __future__ import annotations

from typing import Any

from satsurvey.intake.inspection import SCHEMA as INSPECTION
from satsurvey.report.check_json import SCHEMA as CHECK
from satsurvey.report.fieldwork import SCHEMA as FIELDWORK
from satsurvey.report.reconcile import SCHEMA as RECONCILIATION
from satsurvey.report.schema_parts import (
    BOTH,
    COUNT,
    LEDGER,
    NUMBER,
    SEVERITY,
    SHARE,
    TEXT,
    TEXTS,
    WORDS,
    document,
    map_of,
    or_null,
    record,
    rows,
)

_WHERE: dict[str, Any] = {
    "file": TEXT,
    "sheet": TEXT,
    "column": TEXT | {"description": "heading"},
    "letter": TEXT | {"description": "as a spreadsheet names the column"},
    "value": TEXT,
}
_SAID: dict[str, Any] = {"rule": WORDS, "severity": SEVERITY, "what": WORDS, "do": WORDS}
CHECK_SCHEMA: dict[str, Any] = document(
    CHECK,
    "What is wrong with an export; rows as a spreadsheet counts them.",
    {
        "rows_checked": COUNT,
        "findings": rows(
            {**_SAID, **_WHERE, "n": COUNT, "rows": {"type": "array", "items": {"type": "integer"}}}
        ),
        "rows": rows({**_SAID, **_WHERE, "row": COUNT}),
        "rules_run": TEXTS,
        "rules_not_run": map_of(WORDS) | {"description": "reason by rule"},
        "ledger": LEDGER,
        "notes": TEXTS,
    },
)
"""The schema of what `satsurvey check --format json` prints."""

_VALUE: dict[str, Any] = {"text": WORDS, "n": COUNT, "label": TEXT}
INSPECTION_SCHEMA: dict[str, Any] = document(
    INSPECTION,
    "What is in an export, column by column, before anything is interpreted.",
    {
        "file": WORDS,
        "format": WORDS,
        "encoding": TEXT,
        "delimiter": TEXT,
        "sheet": TEXT,
        "heading_row": COUNT,
        "notes": TEXTS,
        "bytes": COUNT,
        "rows": COUNT,
        "unreadable_rows": COUNT,
        "unreadable": rows({"row": COUNT, "reason": WORDS}, more=True),
        "instrument": TEXT,
        "scale": TEXT,
        "fits": map_of(NUMBER) | {"description": "how many answers each scale would read"},
        "columns": rows(
            {
                "position": COUNT,
                "letter": WORDS,
                "heading": WORDS,
                "question": TEXT,
                "table": TEXT,
                "code": TEXT,
                "declared_by": TEXT,
                "rivals": {"type": "array"},
                "n_filled": COUNT,
                "n_distinct": COUNT,
                "counted_all": {"type": "boolean"},
                "values": rows(_VALUE),
                "special_codes": rows({**_VALUE, "meaning": TEXT}),
                "n_undeclared": COUNT,
                "numbers": or_null(record({"n": COUNT}, more=NUMBER)),
                "value_labels": map_of(WORDS),
                "warning": TEXT,
            }
        ),
    },
)
"""The schema of what `satsurvey inspect --format json` prints."""

FIELDWORK_SCHEMA: dict[str, Any] = document(
    FIELDWORK,
    "Outcome rates (AAPOR) and interviewers; shares 0-1, absent numbers null.",
    {
        "outcome": or_null(
            record(
                {
                    "rates": map_of(SHARE),
                    "classes": map_of(COUNT),
                    "codes": map_of(COUNT),
                    "n": COUNT,
                    "e": SHARE | {"description": "share of cases of unknown eligibility taken as eligible"},
                    "e_method": WORDS,
                    "unclassified": map_of(COUNT),
                    "notes": TEXTS,
                }
            )
        ),
        "interviewers": rows(
            {
                "interviewer": WORDS,
                "completes": COUNT,
                "mean_duration_s": NUMBER,
                "median_duration_s": NUMBER,
                "dont_know_share": SHARE,
                "straight_lining_share": SHARE,
            }
        ),
        "interviewer_effect": or_null(
            record(
                {
                    "rho": NUMBER,
                    "rho_unclipped": NUMBER,
                    "design_effect": NUMBER,
                    "n": COUNT,
                    "k": COUNT,
                    "m": NUMBER,
                    "m0": NUMBER,
                    "ms_between": NUMBER,
                    "ms_within": NUMBER,
                    "note": WORDS,
                }
            )
        ),
        "ledger": LEDGER,
        "notes": TEXTS,
    },
)
"""The schema of what `satsurvey fieldwork --format json` prints."""

RECONCILIATION_SCHEMA: dict[str, Any] = document(
    RECONCILIATION,
    "Weightings and rounding rules that give a published total; printed figures are texts.",
    {
        "total": WORDS,
        "dimensions": map_of(WORDS),
        "reproduced": {"type": "boolean"},
        "trials": rows(
            {
                "weighting": WORDS,
                "rule": WORDS,
                "exact": NUMBER,
                "printed": WORDS,
                "reproduces": {"type": "boolean"},
                "low": NUMBER,
                "high": NUMBER,
                "low_closed": {"type": "boolean"},
                "high_closed": {"type": "boolean"},
                "possible": {"type": "boolean"},
            }
        ),
        "explanation": record({"zh": TEXTS, "en": TEXTS}),
    },
)
"""The schema of what `satsurvey reconcile --format json` prints."""

INSTRUMENTS_SCHEMA: dict[str, Any] = document(
    "satsurvey.instruments/1",
    "The shipped instruments.",
    {
        "instruments": rows(
            {
                "name": WORDS,
                "version": WORDS,
                "title": BOTH,
                "status": BOTH,
                "dimensions": TEXTS,
                "n_items": COUNT,
                "default_scale": WORDS,
            }
        )
    },
)
"""The schema of what `satsurvey instruments list --format json` prints."""

INSTRUMENT_CHECK_SCHEMA: dict[str, Any] = document(
    "satsurvey.instrument-check/1",
    "The defects of an instrument file.",
    {
        "file": WORDS,
        "sound": {"type": "boolean"},
        "defects": rows({"file": WORDS, "table": WORDS, "key": WORDS, "what": WORDS}),
    },
)
"""The schema of what `satsurvey instruments check --format json` prints."""
