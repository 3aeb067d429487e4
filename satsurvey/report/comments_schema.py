"""The JSON Schema of `comments.json`: what stands in each part, in the vocabulary of columns."""

from __future__ import annotations

from typing import Any

from satsurvey.report.comment_files import SCHEMA
from satsurvey.report.score_schema import COUNT, FLAG, LEVEL, NUMBER, SCORE, SHARE, TEXT
from satsurvey.text.readings import ASPECTS, LABELS
from satsurvey.text.shares import SHOWN

LABEL = {"enum": list(LABELS)}
ASPECT = {"enum": list(ASPECTS)}
_WORDS = {"type": "array", "items": {"type": "string"}}

_PLACE: dict[str, Any] = {
    "file": TEXT,
    "row": {"type": "integer", "minimum": 1, "description": "as a spreadsheet counts it"},
    "column": TEXT | {"description": "code of the question, else the heading"},
    "industry": TEXT,
    "company": TEXT,
}
_SHARES: dict[str, Any] = {
    "n": COUNT | {"description": "comments that say something; shares are of these"},
    **{f"{name}{end}": SHARE for name in SHOWN for end in ("", "_low", "_high")},
    **{
        f"{name}_corrected{end}": SHARE | {"description": "corrected for the measured error of the engine"}
        for name in SHOWN
        for end in ("", "_low", "_high")
    },
}
_GROUP: dict[str, Any] = {
    "n_missing": COUNT | {"description": "blank cells"},
    "n_none": COUNT | {"description": "comments that say nothing"},
    **_SHARES,
    "interval": {"enum": ["wilson", "wilson_clustered", "wilson_stratified"]},
}
_NAMED: dict[str, Any] = {
    "n_named": COUNT,
    **{f"named{end}": SHARE for end in ("", "_low", "_high")},
}


def _row(properties: dict[str, Any], required: tuple[str, ...]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


def _rows(properties: dict[str, Any], required: tuple[str, ...]) -> dict[str, Any]:
    return {"type": "array", "items": _row(properties, required)}


_SHARED = ("n", "n_none", "n_missing", "negative", "neutral", "positive", "mixed")

COMMENTS_SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": SCHEMA,
    "description": "What was read in comments; numbers at full precision, absent ones null, texts masked.",
    "type": "object",
    "properties": {
        "schema": {"const": SCHEMA},
        "comments": _rows(
            {
                **_PLACE,
                "score": SCORE | {"description": "the respondent's mean of the items answered"},
                "missing": {"type": "boolean", "description": "true: the cell is blank"},
                "label": LABEL,
                "polarity": SHARE | {"description": "0 ill to 1 well; null where the label is none"},
                "aspects": _rows(
                    {
                        "aspect": ASPECT,
                        "label": {"enum": list(SHOWN)},
                        "words": _WORDS | {"description": "words that decided, as they were written"},
                    },
                    ("aspect", "label", "words"),
                ),
                "words": _WORDS | {"description": "words that decided and speak of no aspect"},
                "text": TEXT | {"description": "the comment, personal data masked"},
            },
            ("file", "row", "column", "missing", "label", "polarity", "aspects", "words", "text"),
        ),
        "overall": _row(_GROUP, ()),
        "questions": _rows({"column": TEXT, "heading": TEXT, **_GROUP}, ("column", *_SHARED)),
        "industries": _rows({"industry": TEXT, **_GROUP}, ("industry", *_SHARED)),
        "companies": _rows({"industry": TEXT, "company": TEXT, **_GROUP}, ("company", *_SHARED)),
        "aspects": _rows(
            {
                "level": LEVEL,
                "industry": TEXT,
                "company": TEXT,
                "aspect": ASPECT,
                **_NAMED,
                **{name: part for name, part in _SHARES.items() if "corrected" not in name},
            },
            ("level", "aspect", "n", "n_named", "named", "negative", "positive"),
        ),
        "conflicts": _rows(
            {
                "kind": {"enum": ["high_score_negative_comment", "low_score_positive_comment"]},
                "strength": NUMBER | {"description": "|z(score) - z(logit polarity)|; the strongest first"},
                **_PLACE,
                "score": SCORE | {"description": "the respondent's mean of the items answered"},
                "label": LABEL,
                "polarity": SHARE,
                "aspects": TEXT | {"description": "such as access-;price+"},
                "text": TEXT,
            },
            ("kind", "strength", "row", "score", "label", "polarity", "text"),
        ),
        "typical": _rows(
            {
                "aspect": ASPECT,
                "label": {"enum": ["positive", "negative"]},
                "polarity": SHARE,
                **_PLACE,
                "text": TEXT,
            },
            ("aspect", "label", "polarity", "row", "text"),
        ),
        "keywords": _rows(
            {
                "side": {"enum": ["satisfied", "dissatisfied"]},
                "kind": {"enum": ["word", "phrase"]},
                "term": TEXT,
                "z": NUMBER,
                "log_odds": NUMBER,
                "n_satisfied": COUNT,
                "n_dissatisfied": COUNT,
            },
            ("side", "kind", "term", "z"),
        ),
        "masked": {"type": "object", "additionalProperties": COUNT, "description": "by kind"},
        "ledger": {
            "type": "object",
            "properties": {"adds_up": FLAG},
            "required": ["rows_read", "rows_used", "set_aside", "unreadable", "adds_up", "files"],
        },
        "method": {"type": "object", "description": "every choice by name"},
        "provenance": {"type": "object", "description": "inputs with SHA-256, versions, options, created"},
        "notes": {"type": "array", "items": {"type": "string"}},
    },
    "required": [
        *("schema", "comments", "overall", "questions", "industries", "companies", "aspects", "conflicts"),
        *("typical", "keywords", "masked", "ledger", "method", "provenance", "notes"),
    ],
    "additionalProperties": False,
}
"""The schema of what `comments_json` writes."""
