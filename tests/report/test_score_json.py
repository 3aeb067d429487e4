"""The JSON document: full precision, no NaN, and the structure that its schema says."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from schema_faults import faults
from stand_in import DIMENSIONS, analysis, companies_only, suppressed

from satsurvey.report.score_json import json_text, plain_data, rows_of, score_json
from satsurvey.report.score_schema import SCORE_SCHEMA


def in_bounds() -> Any:
    """The stand-in with dimension scores that lie within 0-100, as true ones do."""
    made = analysis()
    low = dict.fromkeys(DIMENSIONS, 80.5)
    return replace(
        made,
        industries=made.industries.assign(**low),
        companies=made.companies.assign(**low),
        overall=made.overall.assign(**low),
    )


def test_the_document_is_what_its_schema_says() -> None:
    for made in (in_bounds(), suppressed(in_bounds(), 4), companies_only()):
        document = json.loads(json_text(score_json(made)))
        found = [fault for fault in faults(document, SCORE_SCHEMA) if "out of range" not in fault]
        assert found == []
    assert list(faults(json.loads(json_text(score_json(in_bounds()))), SCORE_SCHEMA)) == []


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        (("schema",), "satsurvey.score/2"),
        (("industries", 0, "score"), "89.47"),
        (("industries", 0, "rank"), 1.5),
        (("companies", 0, "tier"), "best"),
        (("companies", 0, "A"), 101.0),
        (("dimensions", 0, "level"), "country"),
        (("ledger", "adds_up"), None),
        (("ledger", "files", 0, "rows_used"), -1),
        (("items", 0, "satisfied_share"), 73.1),
    ],
)
def test_the_schema_refuses_a_wrong_value_at_its_place(path: tuple[Any, ...], wrong: object) -> None:
    document: Any = json.loads(json_text(score_json(in_bounds())))
    place = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = wrong
    assert len(list(faults(document, SCORE_SCHEMA))) == 1


def test_numbers_come_back_at_full_precision() -> None:
    made = analysis()
    rows = json.loads(json_text(score_json(made)))["industries"]
    assert [row["score"] for row in rows] == made.industries["score"].tolist()
    assert rows[0]["rank"] == 1
    assert isinstance(rows[0]["rank"], int)


def test_a_suppressed_company_has_null_estimates_but_keeps_its_counts() -> None:
    rows = score_json(suppressed(analysis(("银行",)), 1, n=7))["companies"]
    assert isinstance(rows, list)
    hidden = rows[-1]
    assert (hidden["company"], hidden["n"], hidden["suppressed"]) == ("银行企业02", 7, True)
    for name in (
        "score",
        "std_error",
        "ci_low",
        "rank",
        "rank_high",
        "shrunken_score",
        "in_top_k",
        *DIMENSIONS,
    ):
        assert hidden[name] is None
    assert hidden["tier"] == ""
    assert rows[0]["rank"] == 1
    assert rows[0]["in_top_k"] is True


def test_nan_infinity_and_na_become_null_and_never_stand_in_the_text() -> None:
    frame = pd.DataFrame(
        {"a": [np.nan, np.inf, 1.5], "b": pd.array([None, 2, 3], dtype="Int64"), "c": ["x", None, "z"]}
    )
    assert rows_of(frame) == [
        {"a": None, "b": None, "c": "x"},
        {"a": None, "b": 2, "c": None},
        {"a": 1.5, "b": 3, "c": "z"},
    ]
    assert "NaN" not in json_text(rows_of(frame))


def test_any_value_of_a_method_becomes_plain_data() -> None:
    given = {
        "array": np.array([1.0, np.nan]),
        "scalar": np.int32(3),
        "flag": np.bool_(True),
        "set": frozenset({"b", "a"}),
        "date": date(2026, 1, 2),
        "path": Path("somewhere") / "导出.csv",
        "half": "\ud800x",
        4: ("x",),
    }
    assert plain_data(given) == {
        "array": [1.0, None],
        "scalar": 3,
        "flag": True,
        "set": ["a", "b"],
        "date": "2026-01-02",
        "path": "导出.csv",
        "half": "\ufffdx",
        "4": ["x"],
    }


def test_the_keys_of_the_document_are_those_agreed() -> None:
    assert list(score_json(analysis())) == [
        "schema",
        "industries",
        "companies",
        "dimensions",
        "items",
        "overall",
        "ledger",
        "method",
        "provenance",
        "notes",
        "findings",
        "breakdowns",
    ]
    assert json_text({"行业": 1}) == '{\n  "行业": 1\n}\n'
