"""The JSON Schema of `response.json`: what stands in each part, in the vocabulary of columns."""

from __future__ import annotations

from typing import Any

from satsurvey.regression.forms import FORMS
from satsurvey.report.response_json import SCHEMA
from satsurvey.report.score_schema import COUNT, FLAG, NUMBER, TEXT
from satsurvey.response_time.rows import EXCLUDED
from satsurvey.response_time.times import TIME_COLUMNS

FORM = {"enum": list(FORMS)}
MODEL = {"enum": ["ols", "mixed", "ordered_logit", "median"]}
SECONDS = NUMBER | {"description": "seconds"}
CHANNEL = TEXT | {"description": "empty for all channels together"}
_SENTENCES: dict[str, Any] = {
    "type": "object",
    "properties": {
        language: {"type": "array", "items": {"type": "string"}, "minItems": 1} for language in ("zh", "en")
    },
    "required": ["zh", "en"],
    "additionalProperties": False,
}
_ESTIMATE: dict[str, Any] = {
    "std_error": NUMBER,
    "ci_low": NUMBER,
    "ci_high": NUMBER,
    "df": NUMBER | {"description": "null where the normal distribution is used"},
    "p_value": NUMBER,
}
_EFFECT: dict[str, Any] = {
    "effect": NUMBER | {"description": "change of the 0-100 score for one minute less"},
    **_ESTIMATE,
}
_COUNTS: dict[str, Any] = {"type": "object", "additionalProperties": COUNT}
_POWER: dict[str, Any] = {
    "type": "object",
    "properties": {
        "detectable": NUMBER | {"description": "smallest true effect that would be seen with `power`"},
        "excluded_beyond": NUMBER | {"description": "effects beyond plus or minus this are excluded"},
        "null": FLAG,
        "power": NUMBER,
        "level": NUMBER,
    },
    "required": ["detectable", "excluded_beyond", "null", "power", "level"],
    "additionalProperties": False,
}


def _rows(properties: dict[str, Any], required: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        "type": "array",
        "items": {
            "type": "object",
            "properties": properties,
            "required": list(required or properties),
            "additionalProperties": False,
        },
    }


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "null"}]}


_PROPERTIES: dict[str, Any] = {
    "schema": {"const": SCHEMA},
    "answer": _SENTENCES,
    "cautions": _SENTENCES,
    "association": {"enum": ["found", "none_found"]},
    "outcome": TEXT,
    "time": {"enum": list(TIME_COLUMNS)},
    "chosen_form": FORM,
    "reason": TEXT,
    "n": COUNT,
    "n_companies": COUNT,
    "cluster": TEXT,
    "level": NUMBER,
    "reference_s": SECONDS,
    "power": _POWER | {"description": "of the average effect"},
    "at_reference": _POWER | {"description": "of the effect at reference_s"},
    "icc": {
        "type": "object",
        "properties": {"icc": NUMBER, "low": NUMBER, "high": NUMBER},
        "required": ["icc", "low", "high"],
    },
    "models": _rows({"model": MODEL, "term": TEXT, "estimate": NUMBER, **_ESTIMATE, "unit": TEXT}),
    "forms": _rows(
        {
            "form": FORM,
            "n_terms": COUNT,
            "aic": NUMBER,
            "delta_aic": NUMBER,
            "cv_rmse": NUMBER,
            "chosen": FLAG,
            "knot_s": SECONDS,
            "knot_low_s": SECONDS,
            "knot_high_s": SECONDS,
        }
    ),
    "effects": _rows(
        {
            "model": MODEL,
            "channel": CHANNEL,
            "at_s": SECONDS | {"description": "null for the average over the data's own times"},
            "to_s": SECONDS,
            **_EFFECT,
            "beyond_data": FLAG,
            "average": FLAG,
        }
    ),
    "curve": _rows(
        {"channel": CHANNEL, "time_s": SECONDS, "score": NUMBER, "ci_low": NUMBER, "ci_high": NUMBER}
    ),
    "bins": _rows(
        {
            "channel": CHANNEL,
            "low_s": SECONDS,
            "high_s": SECONDS,
            "n": COUNT,
            "time_s": SECONDS,
            "middle_s": SECONDS,
            "score": NUMBER,
            "ci_low": NUMBER,
            "ci_high": NUMBER,
        }
    ),
    "channels": _rows(
        {
            "channel": TEXT,
            "n": COUNT,
            "n_companies": COUNT,
            "median_s": SECONDS,
            "score": NUMBER,
            "note": TEXT,
        }
    ),
    "quantiles": _rows({"quantile": NUMBER, "term": TEXT, "estimate": NUMBER, **_ESTIMATE}),
    "adjustments": _rows({"held": TEXT, "n": COUNT, **_EFFECT}),
    "within_between": _rows({"part": {"enum": ["within", "between"]}, **_EFFECT}),
    "diagnostics": _rows(
        {
            "code": TEXT,
            "value": NUMBER,
            "threshold": NUMBER,
            "concern": FLAG,
            "words": TEXT,
            "where": TEXT,
        }
    ),
    "instrument": _or_null(
        {
            "type": "object",
            "properties": {
                **_EFFECT,
                "weak": FLAG,
                "robust_region": {"enum": ["interval", "outside", "everything", "nothing"]},
            },
            "required": ["effect", "ci_low", "ci_high", "weak", "effective_f", "critical_f", "notes"],
        }
    ),
    "models_left_out": {"type": "object", "additionalProperties": {"type": "string"}},
    "definition": {"type": "object", "description": "what starts and stops the clock"},
    "read": COUNT | {"description": "interviews read: n and all of excluded"},
    "excluded": _COUNTS | {"propertyNames": {"enum": list(EXCLUDED)}},
    "findings": _rows(
        {
            "rule": TEXT,
            "severity": TEXT,
            "what": TEXT,
            "do": TEXT,
            "file": TEXT,
            "column": TEXT,
            "n": COUNT,
            "rows": {"type": "array", "items": {"type": "integer"}},
        }
    ),
    "link": _or_null({"type": "object", "required": ["method", "coverage", "conflicts", "notes"]}),
    "ledger": {"type": "object", "required": ["rows_read", "rows_used", "set_aside", "unreadable"]},
    "records_ledger": _or_null({"type": "object"}),
    "method": {"type": "object", "description": "every choice by name"},
    "provenance": {"type": "object", "description": "inputs with SHA-256, versions, options, created"},
    "notes": {"type": "array", "items": {"type": "string"}},
}

RESPONSE_SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": SCHEMA,
    "description": "A response-time study; numbers at full precision, absent ones null.",
    "type": "object",
    "properties": _PROPERTIES,
    "required": list(_PROPERTIES),
    "additionalProperties": False,
}
"""The schema of what `response_json` returns."""
