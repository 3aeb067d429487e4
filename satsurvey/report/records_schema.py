"""The JSON Schemas of service records: figures and findings, the link to interviews, patience."""

from __future__ import annotations

from typing import Any, get_args

from satsurvey.report.link_tables import SCHEMA as LINK
from satsurvey.report.patience_tables import SCHEMA as PATIENCE
from satsurvey.report.record_files import SCHEMA as RECORDS
from satsurvey.report.schema_parts import (
    BOTH,
    COUNT,
    LEDGER,
    NUMBER,
    PROVENANCE,
    SEVERITY,
    SHARE,
    TEXT,
    TEXTS,
    WORDS,
    document,
    map_of,
    record,
    rows,
)
from satsurvey.service.kpi_formulas import FORMULAS, INTERVALS, KPI_METRICS, STATISTICS, UNITS
from satsurvey.service.link import CONFLICTS, LINK_STATUS
from satsurvey.service.records import METRICS, AutomaticReplies

_DEFINITION = record(
    {
        "metric": WORDS,
        "starts": WORDS,
        "stops": WORDS,
        "clock": {"enum": ["calendar", "business"]},
        "time_zone": WORDS,
        "calendar": WORDS | {"description": "empty where all time counts"},
        "source": WORDS | {"description": "name of the map"},
        "automatic_replies": {"enum": list(get_args(AutomaticReplies))},
        "text": BOTH,
    }
)
_COUNTS = ("n_censored", "n_missing", "n_absent", "n_not_applicable", "n_undecided", "n_unidentified")
_FIGURE: dict[str, Any] = {
    "metric": {"enum": list(KPI_METRICS)},
    "formula": {"enum": list(FORMULAS)},
    "definition": WORDS | {"description": "the formula in words"},
    "statistic": {"enum": list(STATISTICS)},
    "value": NUMBER | {"description": "in the unit; shares 0-1, times in seconds"},
    "unit": {"enum": list(UNITS)},
    "ci_low": NUMBER | {"description": "null where open or not there"},
    "ci_high": NUMBER,
    "interval": {"enum": list(INTERVALS)},
    "target_s": NUMBER,
    "n": COUNT | {"description": "contacts that the figure is of"},
    **dict.fromkeys(_COUNTS, COUNT),
}
RECORDS_SCHEMA: dict[str, Any] = document(
    RECORDS,
    "Service records: what times mean, what was found in the rows, figures by group and over all.",
    {
        "n_contacts": COUNT,
        "definitions": map_of(_DEFINITION, METRICS),
        "ledger": LEDGER,
        "findings": rows(
            {
                "rule": WORDS,
                "severity": SEVERITY,
                "what": WORDS,
                "do": WORDS,
                "file": WORDS,
                "sheet": TEXT,
                "column": WORDS,
                "letter": WORDS,
                "value": WORDS,
                "n": COUNT,
                "rows": {
                    "type": "array",
                    "items": {"type": "integer"},
                    "description": "the first of them, as a spreadsheet counts",
                },
            }
        ),
        "by": TEXTS,
        # Groups are columns of their own, named in `by`.
        "figures": rows(_FIGURE, more=True),
        "overall": rows(_FIGURE),
        "method": {"type": "object", "required": ["level", "fcr_window_days", "targets"]},
        "masked": map_of(COUNT) | {"description": "names and numbers of people replaced, by kind"},
        "provenance": PROVENANCE,
        "notes": TEXTS,
    },
)
"""The schema of what `records_json` writes."""

LINK_SCHEMA: dict[str, Any] = document(
    LINK,
    "Interviews joined to service records: how many found a partner, and where they contradict each other.",
    {
        "n_linked": COUNT,
        "method": {"type": "object", "required": ["by", "window_days", "prefer"]},
        "coverage": rows(
            {
                "side": {"enum": ["interviews", "contacts"]},
                "status": {"enum": ["linked", "no_interview", *LINK_STATUS]},
                "n": COUNT,
                "share": SHARE,
            }
        ),
        "conflicts": rows(
            {
                "conflict": {"enum": list(CONFLICTS)},
                "id": WORDS | {"description": "masked where it is personal data"},
                **dict.fromkeys(("interview_file", "contact_file"), TEXT),
                **dict.fromkeys(("interview_row", "contact_row"), COUNT),
                **dict.fromkeys(("interview_company", "contact_company", "interview_at", "contact_at"), TEXT),
            }
        ),
        "notes": TEXTS,
    },
)
"""The schema of what `link_document` returns."""

PATIENCE_SCHEMA: dict[str, Any] = document(
    PATIENCE,
    "How long customers wait before they hang up (Kaplan-Meier); times in seconds, shares 0-1.",
    {
        "by": TEXTS,
        "figures": rows(
            {
                "statistic": {"enum": ["survival", "median"]},
                "at_s": NUMBER,
                "value": NUMBER,
                "unit": {"enum": ["share", "s"]},
                "ci_low": NUMBER,
                "ci_high": NUMBER | {"description": "null where open"},
                "n": COUNT,
                "n_events": COUNT | {"description": "hang-ups"},
                "n_censored": COUNT,
                "n_missing": COUNT,
            },
            more=True,
        ),
        "curve": rows(
            {
                "time": NUMBER,
                "n_at_risk": COUNT,
                "n_events": COUNT,
                "n_censored": COUNT,
                "survival": SHARE,
                "std_error": NUMBER,
                "ci_low": SHARE,
                "ci_high": SHARE,
            }
        ),
        "level": SHARE,
        "notes": TEXTS,
    },
)
"""The schema of what `patience_document` returns."""
