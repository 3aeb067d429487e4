"""The JSON Schemas of documents: that they are there, say what they mean, and find what does not fit."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from schema_faults import KNOWN, faults

from satsurvey.errors import MethodError
from satsurvey.intake.reading import read_responses
from satsurvey.report.link_tables import link_document
from satsurvey.report.patience_tables import patience_document
from satsurvey.report.record_files import records_document
from satsurvey.report.schemas import INSTRUMENT, SCHEMA_NAMES, schema_of, short_name
from satsurvey.report.score_json import json_text
from satsurvey.service.kpis import kpis
from satsurvey.service.link import link
from satsurvey.service.masking import mask_people
from satsurvey.service.patience import patience
from satsurvey.service.reading import read_records
from satsurvey.service.records import ServiceRecords

PROVENANCE: Mapping[str, object] = {"inputs": [], "versions": {}, "options": {}, "created": ""}
OWN = [name for name in SCHEMA_NAMES if name != INSTRUMENT]


def parts(schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Walk a schema and yield every schema in it."""
    yield schema
    for inner in (schema.get("items"), schema.get("additionalProperties"), schema.get("propertyNames")):
        if isinstance(inner, Mapping):
            yield from parts(inner)
    for inner in (*schema.get("properties", {}).values(), *schema.get("anyOf", ())):
        yield from parts(inner)


@pytest.mark.parametrize("name", OWN)
def test_a_schema_has_the_name_of_its_document_and_only_words_that_are_checked(name: str) -> None:
    schema = schema_of(name)
    assert schema["title"] == name
    assert schema["properties"]["schema"] == {"const": name}
    assert "schema" in schema["required"]
    assert schema["description"].endswith(".")
    for part in parts(schema):
        assert set(part) <= KNOWN, set(part) - KNOWN
    assert json.loads(json_text(schema)) == schema


def test_a_schema_is_found_by_its_short_name_and_another_name_is_refused() -> None:
    assert len({short_name(name) for name in SCHEMA_NAMES}) == len(SCHEMA_NAMES)
    assert all(schema_of(short_name(name)) == schema_of(name) for name in SCHEMA_NAMES)
    with pytest.raises(MethodError, match="no document of satsurvey") as caught:
        schema_of("recrods")
    assert "records" in str(caught.value.expected)


# Service records -------------------------------------------------------------------------------------------

CALLS = (
    "通话ID,企业名称,主叫号码,坐席,进入队列时间,接听时间,挂机时间\n"
    "a1,甲,13800138000,王小明,2024-03-05 09:00:00,2024-03-05 09:00:12,2024-03-05 09:03:12\n"
    "a2,甲,13900139000,,2024-03-05 09:01:00,,2024-03-05 09:01:45\n"
    "a3,乙,13700137000,K01,2024-03-05 09:02:00,2024-03-05 09:01:00,2024-03-05 09:05:00\n"
    "合计,,,,,,\n"
)
TICKETS = (
    "工单号,企业,渠道,客户编号,坐席,创建时间,首次响应时间,解决时间,状态,转接次数\n"
    "t1,甲,邮件,u1,a,2024-03-05 09:00:00,2024-03-05 10:00:00,2024-03-06 10:00:00,已解决,0\n"
    "t2,甲,邮件,u1,a,2024-03-07 09:00:00,2024-03-07 09:30:00,,处理中,2\n"
    "t3,乙,在线客服,u2,b,2024-03-05 20:00:00,2024-03-05 19:00:00,2024-03-05 21:00:00,已解决,1\n"
)


def document(text: str, folder: Path, *, map: str, by: tuple[str, ...], **options: Any) -> dict[str, Any]:
    path = folder / "export.csv"
    path.write_text(text, encoding="utf-8")
    records = read_records([path], map=map, **options)
    masked = mask_people(records)
    figures = kpis(masked.records, by=by, targets={"service_level": 20, "first_response_time": 60})
    made = records_document(masked.records, figures, masked=masked.counts, provenance=PROVENANCE)
    whole: dict[str, Any] = json.loads(json_text(made))
    return whole


@pytest.mark.parametrize(
    ("text", "options"),
    [
        (CALLS, {"map": "call_log", "by": ("company",)}),
        (CALLS, {"map": "call_log", "by": ()}),
        (TICKETS, {"map": "general", "by": ("company", "channel", "hour")}),
        (TICKETS, {"map": "general", "by": ("channel",), "clock": "business", "calendar": "china-office"}),
        (TICKETS.splitlines()[0] + "\n", {"map": "general", "by": ("company",)}),
    ],
)
def test_the_document_of_records_fits_its_schema(text: str, options: dict[str, Any], tmp_path: Path) -> None:
    found = document(text, tmp_path, **options)
    assert list(faults(found, schema_of("records"))) == []
    assert found["by"] == list(options["by"])


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda d: d.pop("masked"), "masked is missing"),
        (lambda d: d["overall"][0].update(statistic="mode"), "'mode' is none of"),
        (lambda d: d["overall"][0].update(colour="red"), "colour is not foreseen"),
        (lambda d: d["figures"][0].update(n=-1), "-1 is out of range"),
        (lambda d: d["definitions"]["first_response_s"].update(clock="lunar"), "'lunar' is none of"),
        (lambda d: d["definitions"].update(nap_s={}), "'nap_s' is none of"),
        (lambda d: d["ledger"]["set_aside"].update(whim=1), "'whim' is none of"),
        (lambda d: d["findings"][0].update(rows=["5"]), "'5' is no"),
        (lambda d: d["provenance"].pop("inputs"), "inputs is missing"),
    ],
)
def test_a_document_of_records_that_does_not_fit_is_found_out(
    damage: Callable[[dict[str, Any]], object], said: str, tmp_path: Path
) -> None:
    found = document(TICKETS, tmp_path, map="general", by=("company",))
    damaged = copy.deepcopy(found)
    damage(damaged)
    told = list(faults(damaged, schema_of("satsurvey.records/1")))
    assert told
    assert said in told[0]


def test_the_documents_of_patience_and_of_a_link_fit_their_schemas(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    wait = rng.exponential(60, 40)
    frame = pd.DataFrame(
        {"wait_s": wait, "abandoned": (wait > 80).astype(float), "company": ["甲", "乙"] * 20}
    )
    found = patience(ServiceRecords.of_frame(frame), by="company", at=[30, 60])
    assert list(faults(json.loads(json_text(patience_document(found))), schema_of("patience"))) == []
    survey = tmp_path / "survey.csv"
    survey.write_text("企业名称,工单号,C1\n甲,k1,9\n甲,k2,8\n乙,,7\n乙,k1,5\n", encoding="utf-8")
    contacts = pd.DataFrame({"case_id": ["k1", "k3", "k2"], "company": ["甲", "甲", "乙"]})
    joined = link(read_responses([survey]), ServiceRecords.of_frame(contacts))
    made = json.loads(json_text(link_document(joined)))
    assert made["conflicts"]
    assert list(faults(made, schema_of("link"))) == []
