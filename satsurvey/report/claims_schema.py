"""The JSON Schemas of tests of published statements and of proposed targets."""

from __future__ import annotations

from typing import Any

from satsurvey.report.claim_tables import PART_WORDS, READING_WORDS
from satsurvey.report.claim_tables import SCHEMA as CLAIMS
from satsurvey.report.score_schema import COUNT, FLAG, NUMBER, SHARE, TEXT
from satsurvey.report.target_tables import BASIS_WORDS
from satsurvey.report.target_tables import SCHEMA as TARGETS
from satsurvey.response_time.verdicts import VERDICTS

_TEXTS = {"type": "array", "items": {"type": "string"}}
_BOTH = {
    "type": "object",
    "properties": {"zh": {"type": "string"}, "en": {"type": "string"}},
    "required": ["zh", "en"],
    "additionalProperties": False,
}
_CLOCK = {"type": ["object", "null"]}


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _document(title: str, description: str, properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "description": description,
        **_object({"schema": {"const": title}, **properties}),
    }


_ESTIMATE = _object(
    {
        "part": {"type": "string", "description": f"main, a channel, or one of {', '.join(PART_WORDS)}"},
        "reading": {"enum": list(READING_WORDS)},
        "what": {"type": ["string", "null"]},
        "estimate": NUMBER,
        "ci_low": NUMBER | {"description": "null where open or not there"},
        "ci_high": NUMBER,
        "verdict": {"enum": [*VERDICTS, "", None]},
    }
)
_CLAIM = _object(
    {
        "id": {"type": "string", "pattern": r"^C\d\d$"},
        "statement": _BOTH,
        "source": _object(
            {
                "id": {"type": "string"},
                "title": _BOTH,
                "year": {"type": "integer"},
                "nature": _BOTH,
                "evidence": {"enum": ["high", "medium", "low"]},
                "section": {"type": "string"},
            }
        ),
        "rules": {
            "type": "object",
            "additionalProperties": _object(
                {"kind": {"type": "string"}, "value": NUMBER, "low": NUMBER, "high": NUMBER, "null": NUMBER}
            ),
        },
        "verdict": {"enum": list(VERDICTS)},
        "readings_agree": {"type": "boolean"},
        "estimates": {"type": "array", "items": _ESTIMATE},
        "n": COUNT,
        "n_companies": COUNT,
        "model": TEXT,
        "clock": _CLOCK,
        "estimand": {"type": "string"},
        "caution": {"type": "string"},
        "notes": _TEXTS,
        "claim_note": TEXT,
        "missing": {
            "type": "array",
            "items": _object(
                {
                    "need": {"type": "string"},
                    "what": {"type": "string"},
                    "supply": {"type": "string"},
                    "needed": {"type": "boolean"},
                }
            ),
        },
        "reason": TEXT,
    }
)
CLAIMS_SCHEMA: dict[str, Any] = _document(
    CLAIMS,
    "Published statements tested on a user's data; numbers at full precision, absent ones null.",
    {
        "level": SHARE,
        "tolerance": NUMBER,
        "claims": {"type": "array", "items": _CLAIM},
        "notes": _TEXTS,
        "provenance": {"type": "object"},
    },
)
"""The schema of what `claims_json` writes."""

_AMOUNTS = tuple(f"{name}{end}" for name in ("benefit", "net", "repurchase") for end in ("", "_low", "_high"))
_TARGET = _object(
    {
        "channel": TEXT,
        "tier": TEXT | {"description": "empty for all tiers"},
        "n": COUNT,
        "n_unanswered": COUNT,
        **dict.fromkeys(("median_s", "p90_s", "expected_s"), NUMBER),
        **{f"{name}_s": NUMBER for name in ("basic", "standard", "excellent", "top10", "published")},
        "figure": TEXT,
        "needed": SHARE,
        "target_s": NUMBER | {"description": "null where satisfaction justifies none"},
        "basis": {"enum": list(BASIS_WORDS)},
        "attained": SHARE,
        "attained_low": SHARE,
        "attained_high": SHARE,
        **dict.fromkeys(("score_change", "score_low", "score_high"), NUMBER),
        "pooled": FLAG,
        "beyond_share": SHARE,
        "cost": NUMBER,
        **dict.fromkeys(_AMOUNTS, NUMBER),
        "break_even": NUMBER,
    }
)
_TOTAL = _object({"cost": NUMBER, **dict.fromkeys(_AMOUNTS, NUMBER), "break_even": NUMBER})
TARGETS_SCHEMA: dict[str, Any] = _document(
    TARGETS,
    "Proposed first-response targets by channel and tier; times in seconds, shares 0-1, absent numbers null.",
    {
        "level": SHARE,
        "currency": {"type": "string"},
        "association": {"enum": ["found", "none_found", "reversed", "not_known"]},
        "justified": {"type": "boolean"},
        "reason": TEXT,
        "clock": _CLOCK,
        "targets": {"type": "array", "items": _TARGET},
        "total": {"anyOf": [{"type": "null"}, _TOTAL]},
        "series": {
            "type": "array",
            "items": _object(
                {
                    "month": TEXT,
                    "n": COUNT,
                    "attained": SHARE,
                    "ci_low": SHARE,
                    "ci_high": SHARE,
                    "channel": TEXT,
                    "tier": TEXT,
                }
            ),
        },
        "steps": {
            "type": "array",
            "items": _object(
                {"step": {"type": "integer"}, "does": {"type": "string"}, "found": {"type": "string"}}
            ),
        },
        "notes": _TEXTS,
        "provenance": {"type": "object"},
    },
)
"""The schema of what `targets_json` writes."""
