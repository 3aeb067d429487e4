"""The JSON Schemas of grades, published figures, the vendor scorecard and tests of promises."""

from __future__ import annotations

from typing import Any, get_args

from satsurvey.benchmarks.differences import DIFFERENCES
from satsurvey.benchmarks.figures import Better, Handling, Kind, Operator, Tier
from satsurvey.benchmarks.grade_frames import BESIDE, SUMMARY_KEYS
from satsurvey.benchmarks.lines import NOT_COMPARABLE, REFUSALS
from satsurvey.benchmarks.promises import READINGS, VERDICTS
from satsurvey.benchmarks.scorecard import GATES
from satsurvey.benchmarks.standings import GRADES, STANDINGS
from satsurvey.benchmarks.vocabulary import TIERS
from satsurvey.report.benchmark_files import SCHEMA
from satsurvey.report.figure_list import SCHEMA as FIGURES
from satsurvey.report.promise_tables import PROMISE_SCHEMA
from satsurvey.report.schema_parts import (
    BOTH,
    COUNT,
    FLAG,
    LEDGER,
    NUMBER,
    PROVENANCE,
    SCORE,
    SHARE,
    TEXT,
    TEXTS,
    WORDS,
    document,
    map_of,
    record,
    rows,
)
from satsurvey.report.scorecard_tables import SCORECARD_SCHEMA

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


_SOURCE: dict[str, Any] = {
    "id": WORDS,
    "title": BOTH,
    "year": COUNT,
    "nature": BOTH,
    "evidence": {"enum": ["high", "medium", "low"]},
}
_CONFLICT: dict[str, Any] = {
    "metric": WORDS,
    "where": BOTH,
    "figures": TEXTS,
    "handling": {"enum": list(get_args(Handling))},
    "note": BOTH,
}


BENCHMARK_SCHEMA: dict[str, Any] = document(
    SCHEMA,
    "Measured values graded by published figures; times in seconds, rates in percent, absent numbers null.",
    {
        "grades": rows(
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
                "differences": WORDS | {"description": "codes, told in differences"},
                "why": {"enum": ["", "no_value", "no_line", *NOT_COMPARABLE]},
            },
            ("company", "channel", "metric", "value", "grade", "certain", "gap", "figures", "differences"),
            more=True,
        ),
        "summary": rows(
            {
                **dict.fromkeys(SUMMARY_KEYS, WORDS),
                "n": COUNT,
                "n_companies": COUNT,
                "n_compared": COUNT | {"description": "values beside which a line stands"},
                "median": NUMBER,
                "unit": WORDS,
                **{f"n_{grade}": COUNT for grade in GRADES},
                "n_uncertain": COUNT | {"description": "the interval allows of another grade"},
                **{f"n_{tier}": COUNT for tier in BESIDE},
                **{f"n_{tier}_met": COUNT for tier in BESIDE},
            }
        ),
        "lines": rows(
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
        "refused": rows(
            {"reason": {"enum": list(REFUSALS)}, "what": TEXT, "n_values": COUNT},
            ("metric", "channel", "reason", "what", "figure", "source"),
            more=True,
        ),
        "unusable": rows(
            {"row": COUNT}, ("company", "metric", "value", "reason", "what", "do", "file", "row"), more=True
        ),
        "differences": rows({"code": {"enum": list(DIFFERENCES)}, "zh": WORDS, "en": WORDS}),
        "sources": rows(_SOURCE),
        "conflicts": rows(_CONFLICT),
        "ledger": LEDGER,
        "method": {"type": "object"},
        "provenance": PROVENANCE,
        "notes": TEXTS,
    },
)
"""The schema of what `benchmark_json` writes."""

FIGURES_JSON_SCHEMA: dict[str, Any] = document(
    FIGURES,
    "Published figures with the metrics they are of and their sources; times in seconds, rates in percent.",
    {
        "figures": rows(
            {
                "id": WORDS,
                "metric": WORDS,
                "channel": WORDS,
                "tier": {"enum": list(get_args(Tier))},
                "op": {"enum": list(get_args(Operator))},
                "value": {"type": ["number", "array"], "items": {"type": "number"}},
                "unit": WORDS,
                "year": COUNT,
                "kind": {"enum": list(get_args(Kind))},
                "scope": BOTH,
                "industries": TEXTS,
                **dict.fromkeys(("when", "customer_tier", "dimension", "route", "statistic"), WORDS),
                "source": WORDS,
                "section": WORDS,
                "note": BOTH,
            }
        ),
        "metrics": map_of(
            record(
                {
                    "zh": WORDS,
                    "en": WORDS,
                    "better": {"enum": list(get_args(Better))},
                    "unit": WORDS,
                    "definition": BOTH,
                    "family": WORDS,
                    "low": NUMBER,
                    "high": NUMBER,
                    "aliases": TEXTS,
                    "route": WORDS,
                }
            )
        ),
        "sources": rows(_SOURCE),
        "conflicts": rows(_CONFLICT),
    },
)
"""The schema of what `figures_json` writes."""

SCORECARD_JSON_SCHEMA: dict[str, Any] = document(
    SCORECARD_SCHEMA,
    "Vendors on ten indicators; scores 0-100, absent numbers null.",
    {
        "vendors": rows(
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
        "totals": rows(
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
        "scores": rows(
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
        "tests": rows(
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
        "dependence": rows(
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
        "weights": rows(
            {"indicator": TEXT, "equal": SHARE, "roc": SHARE, "declared": SHARE},
            ("indicator", "equal", "roc"),
        ),
        "problems": rows({}, ("vendor", "input", "value", "what", "do", "place"), more=True),
        "method": {"type": "object"},
        "provenance": PROVENANCE,
        "notes": TEXTS,
    },
)
"""The schema of what `scorecard_json` writes."""

PROMISE_JSON_SCHEMA: dict[str, Any] = document(
    PROMISE_SCHEMA,
    "A promise tested against records; shares 0-1, times in seconds, absent numbers null.",
    {
        "within_s": NUMBER,
        "share": SHARE,
        "metric": TEXT,
        "definition": {"type": ["object", "null"]},
        "verdicts": rows(
            {
                "statistic": {"enum": ["share", "mean"]},
                "verdict": {"enum": list(VERDICTS)},
                "why": {"enum": ["", "interval", "readings_differ", "no_contacts"]},
                "n_needed": NUMBER,
            },
            ("statistic", "verdict", "why", "n_needed"),
            more=True,
        ),
        "estimates": rows(
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
        "counts": rows({}, ("n_contacts", "n_within", "n_late", "n_waited_longer", "n_no_time"), more=True),
        "ledger": LEDGER,
        "method": {"type": "object"},
        "provenance": PROVENANCE,
        "notes": TEXTS,
    },
)
"""The schema of what `promise_json` writes."""
