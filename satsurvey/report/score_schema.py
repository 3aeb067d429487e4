"""The JSON Schema of `score.json`: what stands in each part, in the vocabulary of columns."""

from __future__ import annotations

from typing import Any

from satsurvey.report.score_json import SCHEMA

NUMBER = {"type": ["number", "null"]}
COUNT = {"type": ["integer", "null"], "minimum": 0}
TEXT = {"type": ["string", "null"]}
FLAG = {"type": ["boolean", "null"]}
SCORE = {"type": ["number", "null"], "minimum": 0, "maximum": 100}
SHARE = {"type": ["number", "null"], "minimum": 0, "maximum": 1}
TIER = {"enum": ["above", "not_distinguishable", "below", "", None]}
LEVEL = {"enum": ["overall", "industry", "company"]}

_ESTIMATE: dict[str, Any] = {
    "score": SCORE | {"description": "0-100"},
    "std_error": NUMBER | {"description": "points of 0-100"},
    "ci_low": NUMBER,
    "ci_high": NUMBER,
    "df": NUMBER | {"description": "degrees of freedom of the interval; null when unlimited"},
    "n": COUNT | {"description": "interviews (of an item: answers)"},
}
_PRECISION: dict[str, Any] = {"n_effective": NUMBER, "design_effect": NUMBER}
_SET = "of the confidence set: simultaneous, or marginal where method.rank_sets is marginal"
_MARGINAL = "of the marginal confidence set; there when method.rank_sets is both"
_RANKING: dict[str, Any] = {
    "rank": COUNT | {"description": "1 is the best; ties share the smallest"},
    "rank_low": COUNT | {"description": f"best rank {_SET}"},
    "rank_high": COUNT | {"description": f"worst rank {_SET}"},
    "rank_low_marginal": COUNT | {"description": f"best rank {_MARGINAL}"},
    "rank_high_marginal": COUNT | {"description": f"worst rank {_MARGINAL}"},
    "expected_rank": NUMBER,
    "p_top_k": SHARE,
    "in_top_k": FLAG,
    "tier": TIER,
    "shrunken_score": SCORE,
    "shrunken_std_error": NUMBER,
    "reliability": SHARE,
}
_OVERALL_RANK: dict[str, Any] = {
    "rank_overall": COUNT | {"description": "rank among all companies"},
    "rank_overall_low": COUNT | {"description": f"best overall rank {_SET}"},
    "rank_overall_high": COUNT | {"description": f"worst overall rank {_SET}"},
}
_STATE: dict[str, Any] = {
    "suppressed": FLAG | {"description": "true: too few interviews or companies, so every estimate is null"},
    "note": TEXT,
}
_ABSENT_COUNTS: dict[str, Any] = dict.fromkeys(
    ("n_blank", "n_not_asked", "n_skipped", "n_dont_know", "n_refused", "n_not_applicable", "n_invalid"),
    COUNT,
)


def _row(
    properties: dict[str, Any], required: tuple[str, ...], *, dimensions: bool = False
) -> dict[str, Any]:
    # The codes of the dimensions are the instrument's own; their columns hold scores.
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": SCORE if dimensions else {"type": ["string", "number", "boolean", "null"]},
    }


_LEDGER_COUNTS: dict[str, Any] = {
    "rows_read": COUNT,
    "rows_used": COUNT,
    "set_aside": {"type": "object", "additionalProperties": COUNT, "description": "rows by reason"},
    "unreadable": COUNT,
}

SCORE_SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": SCHEMA,
    "description": "Scores, rankings and their account; numbers at full precision, absent ones null.",
    "type": "object",
    "properties": {
        "schema": {"const": SCHEMA},
        "industries": {
            "type": "array",
            "items": _row(
                {
                    "industry": TEXT,
                    **_ESTIMATE,
                    "n_companies": COUNT,
                    **_PRECISION,
                    **_RANKING,
                    "rankability": SHARE | {"description": "of the companies inside the industry"},
                    "detectable_difference": NUMBER | {"description": "between two companies inside, points"},
                    "publish": {"enum": ["ranks", "tiers_first", "tiers_only", "", None]},
                    **_STATE,
                },
                ("industry", "score", "std_error", "ci_low", "ci_high", "n", "n_companies"),
                dimensions=True,
            ),
        },
        "companies": {
            "type": "array",
            "items": _row(
                {
                    "industry": TEXT,
                    "company": TEXT,
                    "company_id": TEXT,
                    **_ESTIMATE,
                    **_PRECISION,
                    **_RANKING,
                    **_OVERALL_RANK,
                    **_STATE,
                },
                ("company", "score", "std_error", "ci_low", "ci_high", "n"),
                dimensions=True,
            ),
        },
        "dimensions": {
            "type": "array",
            "items": _row(
                {
                    "level": LEVEL,
                    "industry": TEXT,
                    "company": TEXT,
                    "dimension": TEXT,
                    **_ESTIMATE,
                    "note": TEXT,
                },
                ("level", "dimension", "score", "n"),
            ),
        },
        "items": {
            "type": "array",
            "items": _row(
                {
                    "level": LEVEL,
                    "industry": TEXT,
                    "company": TEXT,
                    "dimension": TEXT,
                    "item": TEXT,
                    **_ESTIMATE,
                    **_ABSENT_COUNTS,
                    "satisfied_share": SHARE,
                    "note": TEXT,
                },
                ("level", "dimension", "item", "score", "n"),
            ),
        },
        "breakdowns": {
            "type": "array",
            "description": "the overall score by the values of other fields; empty unless asked for",
            "items": _row(
                {
                    "by": TEXT | {"description": "role or code of the field"},
                    "value": TEXT | {"description": "name or code; empty for interviews without one"},
                    **_ESTIMATE,
                    "n_industries": COUNT,
                    "n_companies": COUNT,
                    **_PRECISION,
                    "note": TEXT,
                },
                ("by", "value", "score", "std_error", "ci_low", "ci_high", "n", "n_companies"),
                dimensions=True,
            ),
        },
        "overall": _row(
            {**_ESTIMATE, "n_industries": COUNT, "n_companies": COUNT, **_PRECISION, "note": TEXT},
            (),
            dimensions=True,
        ),
        "ledger": {
            "type": "object",
            "properties": {
                **_LEDGER_COUNTS,
                "adds_up": {"type": "boolean"},
                "files": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {"file": TEXT, "sheet": TEXT, **_LEDGER_COUNTS},
                        "required": ["file", "rows_read", "rows_used", "set_aside", "unreadable"],
                    },
                },
            },
            "required": ["rows_read", "rows_used", "set_aside", "unreadable", "adds_up", "files"],
        },
        "method": {"type": "object", "description": "every choice by name"},
        "provenance": {"type": "object", "description": "inputs with SHA-256, versions, options, created"},
        "notes": {"type": "array", "items": {"type": "string"}},
        "findings": {"type": "array", "items": {"type": "object", "required": ["rule", "severity", "n"]}},
    },
    "required": [
        "schema",
        "industries",
        "companies",
        "dimensions",
        "items",
        "breakdowns",
        "overall",
        "ledger",
        "method",
        "provenance",
        "notes",
    ],
    "additionalProperties": False,
}
"""The schema of what `score_json` returns."""
