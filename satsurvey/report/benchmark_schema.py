"""The JSON Schemas of grades, of the vendor scorecard and of tests of promises."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from satsurvey.benchmarks.grading import GRADES, STANDINGS
from satsurvey.benchmarks.lines import REFUSALS
from satsurvey.benchmarks.promises import READINGS, VERDICTS
from satsurvey.benchmarks.scorecard import GATES
from satsurvey.benchmarks.vocabulary import TIERS
from satsurvey.report.benchmark_tables import SCHEMA
from satsurvey.report.score_schema import COUNT, FLAG, NUMBER, SCORE, SHARE, TEXT
from satsurvey.report.scorecard_tables import PROMISE_SCHEMA, SCORECARD_SCHEMA

_ANY = {"type": ["string", "number", "boolean", "null"]}
_NOTES = {"type": "array", "items": {"type": "string"}}
_GRADE = {"enum": ["", *GRADES]}
_STANDING = {"enum": ["", *STANDINGS]}
_BESIDE: dict[str, Any] = {
    part: schema
    for tier in ("standard", "top10", "own_target")
    for part, schema in (
        (tier, NUMBER | {"description": "the line used"}),
        (f"{tier}_met", FLAG),
        (f"{tier}_margin", NUMBER | {"description": "positive: better than the line"}),
        (f"{tier}_standing", _STANDING),
    )
}


def _rows(properties: dict[str, Any], required: Iterable[str], *, more: bool = False) -> dict[str, Any]:
    return {
        "type": "array",
        "items": {
            "type": "object",
            "properties": properties,
            "required": list(required),
            "additionalProperties": _ANY if more else False,
        },
    }


def _document(title: str, description: str, properties: dict[str, Any]) -> dict[str, Any]:
    parts = {"schema": {"const": title}, **properties}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "description": description,
        "type": "object",
        "properties": parts,
        "required": list(parts),
        "additionalProperties": False,
    }


BENCHMARK_SCHEMA: dict[str, Any] = _document(
    SCHEMA,
    "Measured values graded by published figures; times in seconds, rates in percent, absent numbers null.",
    {
        "grades": _rows(
            {
                "company": TEXT,
                "channel": TEXT,
                "metric": TEXT,
                "value": NUMBER,
                "unit": TEXT,
                "ci_low": NUMBER,
                "ci_high": NUMBER,
                "grade": _GRADE,
                "grade_low": _GRADE | {"description": "at the bad end of the interval"},
                "grade_high": _GRADE | {"description": "at the good end of the interval"},
                "certain": FLAG,
                "next_line": TEXT,
                "next_value": NUMBER,
                "gap": NUMBER | {"minimum": 0},
                "next_figure": TEXT,
                "basic": NUMBER,
                "excellent": NUMBER,
                **_BESIDE,
                "figures": TEXT,
                "why": {"enum": ["", "no_value", "no_line"]},
            },
            ("company", "channel", "metric", "value", "grade", "certain", "gap", "figures"),
            more=True,
        ),
        "lines": _rows(
            {
                "cell": COUNT | {"description": "place in grades, from 0"},
                "tier": {"enum": list(TIERS)},
                "line": NUMBER,
                "margin": NUMBER,
                "met": FLAG,
                "standing": _STANDING,
                "used": FLAG,
                "why": {"enum": ["only", "specific", "stricter", "less_specific", "looser"]},
                "figure": TEXT,
                "source": TEXT,
                "year": COUNT,
                "evidence": {"enum": ["high", "medium", "low"]},
            },
            ("cell", "tier", "line", "used", "why", "figure", "source", "section", "year", "evidence"),
            more=True,
        ),
        "refused": _rows(
            {"reason": {"enum": list(REFUSALS)}, "what": TEXT, "n_values": COUNT},
            ("metric", "channel", "reason", "what", "figure", "source"),
            more=True,
        ),
        "unusable": _rows(
            {"row": COUNT}, ("company", "metric", "value", "reason", "what", "do", "file", "row"), more=True
        ),
        "sources": {"type": "array"},
        "conflicts": {"type": "array"},
        "ledger": {"type": "object"},
        "method": {"type": "object"},
        "provenance": {"type": "object"},
        "notes": _NOTES,
    },
)
"""The schema of what `benchmark_json` writes."""

SCORECARD_JSON_SCHEMA: dict[str, Any] = _document(
    SCORECARD_SCHEMA,
    "Vendors on ten indicators; scores 0-100, absent numbers null.",
    {
        "vendors": _rows(
            {
                "vendor": TEXT,
                "gate": {"enum": list(GATES)},
                "n_missing": COUNT,
                "flags": TEXT,
                "flags_unknown": TEXT,
                "beaten_by": TEXT,
            },
            ("vendor", "gate", "n_missing", "flags", "flags_unknown", "beaten_by"),
        ),
        "totals": _rows(
            {
                "vendor": TEXT,
                "weighting": {"enum": ["equal", "roc", "declared"]},
                "score": SCORE,
                "score_low": SCORE,
                "score_high": SCORE,
                "rank": NUMBER,
                "rank_low": NUMBER,
                "rank_high": NUMBER,
            },
            ("vendor", "weighting", "score", "score_low", "score_high", "rank", "rank_low", "rank_high"),
        ),
        "scores": _rows(
            {
                "vendor": TEXT,
                "indicator": TEXT,
                "score": SCORE,
                "score_low": SCORE,
                "score_high": SCORE,
                "n_missing": COUNT,
            },
            ("vendor", "indicator", "score", "score_low", "score_high", "n_missing"),
        ),
        "tests": _rows(
            {"met": FLAG, "score": SCORE, "value": NUMBER, "line": NUMBER, "margin": NUMBER},
            (
                "vendor",
                "indicator",
                "test",
                "value",
                "unit",
                "op",
                "line",
                "margin",
                "met",
                "score",
                "figure",
            ),
            more=True,
        ),
        "dependence": _rows(
            {
                "vendor": TEXT,
                "weights": {"enum": ["any", "ordered"]},
                "first_low": SHARE,
                "first_high": SHARE,
                "rank_best": COUNT,
                "rank_worst": COUNT,
                "rank_low": COUNT,
                "rank_high": COUNT,
            },
            ("vendor", "weights", "first_low", "first_high", "rank_best", "rank_worst"),
        ),
        "weights": _rows(
            {"indicator": TEXT, "equal": SHARE, "roc": SHARE, "declared": SHARE},
            ("indicator", "equal", "roc"),
        ),
        "problems": _rows({}, ("vendor", "input", "value", "what", "do", "place"), more=True),
        "method": {"type": "object"},
        "provenance": {"type": "object"},
        "notes": _NOTES,
    },
)
"""The schema of what `scorecard_json` writes."""

PROMISE_JSON_SCHEMA: dict[str, Any] = _document(
    PROMISE_SCHEMA,
    "A promise tested against records; shares 0-1, times in seconds, absent numbers null.",
    {
        "within_s": NUMBER,
        "share": SHARE,
        "metric": TEXT,
        "definition": {"type": ["object", "null"]},
        "verdicts": _rows(
            {
                "statistic": {"enum": ["share", "mean"]},
                "verdict": {"enum": list(VERDICTS)},
                "why": {"enum": ["", "interval", "readings_differ", "no_contacts"]},
                "n_needed": NUMBER,
            },
            ("statistic", "verdict", "why", "n_needed"),
            more=True,
        ),
        "estimates": _rows(
            {
                "reading": {"enum": list(READINGS)},
                "value": NUMBER,
                "ci_low": NUMBER,
                "ci_high": NUMBER,
                "n": COUNT,
                "n_clusters": NUMBER,
                "design_effect": NUMBER,
                "promised": NUMBER,
                "verdict": {"enum": list(VERDICTS)},
                "n_needed": NUMBER,
            },
            ("statistic", "reading", "interval", "value", "ci_low", "ci_high", "n", "promised", "verdict"),
            more=True,
        ),
        "counts": _rows({}, ("n_contacts", "n_within", "n_late", "n_waited_longer", "n_no_time"), more=True),
        "ledger": {"type": "object"},
        "method": {"type": "object"},
        "provenance": {"type": "object"},
        "notes": _NOTES,
    },
)
"""The schema of what `promise_json` writes."""
