"""Tables and JSON of links, patience and the notes of service figures, in both languages."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from satsurvey.errors import SatsurveyError
from satsurvey.instrument.library import load_instrument
from satsurvey.intake.ledger import Ledger
from satsurvey.intake.raw import Source
from satsurvey.intake.responses import Factor, Responses
from satsurvey.report.catalogue import translated
from satsurvey.report.link_tables import STATUS, conflict_table, coverage_table, link_document, link_tables
from satsurvey.report.patience_tables import patience_document, patience_table
from satsurvey.report.score_json import json_text
from satsurvey.service.kpis import kpis
from satsurvey.service.link import CONFLICTS, LINK_STATUS, Link, link
from satsurvey.service.patience import patience
from satsurvey.service.records import ServiceRecords

CHINESE = re.compile("[\u4e00-\u9fff]")


def interviews(ids: list[str | None], companies: list[str], **texts: list[str | None]) -> Responses:
    instrument = load_instrument("acsi-3")
    names, n = tuple(sorted(set(companies))), len(ids)
    return Responses(
        instrument=instrument,
        scales=tuple(instrument.scales[instrument.default_scale] for _ in instrument.items),
        answers=np.zeros((len(instrument.items), n), dtype=np.uint8),
        company=Factor(np.array([names.index(c) for c in companies], dtype=np.int32), names),
        industry=None,
        file=np.zeros(n, dtype=np.int16),
        row=np.arange(2, n + 2, dtype=np.int64),
        files=(Source(Path("survey.xlsx"), "xlsx"),),
        ledger=Ledger(),
        texts={
            name: pa.chunked_array([pa.array(values, pa.string())])
            for name, values in ({"case_id": ids} | texts).items()
        },
    )


@pytest.fixture(scope="module")
def joined() -> Link:
    records = ServiceRecords.of_frame(
        pd.DataFrame(
            {
                "case_id": ["c1", "c1", "c2", "13800138000"],
                "company": ["甲", "甲", "甲", "甲"],
                "request_at": pd.to_datetime(["2024-03-01 09:00"] * 3 + ["2024-03-05 09:00"]),
            }
        )
    )
    ids = ["c1", "c2", "c2", "c2", None, "c9", "13800138000"]
    when = ["2024-03-02 10:00"] * 6 + ["2024-03-04 10:00"]
    return link(interviews(ids, ["甲", "甲", "甲", "乙", "甲", "甲", "甲"], completed_at=when), records)


def test_the_table_of_coverage_counts_every_interview_and_says_the_rule(joined: Link) -> None:
    table = coverage_table(joined, "en")
    rows = {(row[0], row[1]): row[2] for row in table.rows}
    assert rows[("interviews", "linked")] == 2
    assert rows[("interviews", "linked, one of several contacts")] == 1
    assert rows[("interviews", "contact began after the interview")] == 1
    assert sum(n for (side, _), n in rows.items() if side == "interviews") == 7
    assert table.notes[0] == "Linked by case; of several contacts the last before the interview"
    assert [column.heading("zh") for column in table.columns] == ["对象", "结果", "数量", "占比"]
    assert all(CHINESE.search(note) for note in coverage_table(joined, "zh").notes)


def test_conflicts_name_the_rows_of_both_sides_and_hide_telephone_numbers(joined: Link) -> None:
    table = conflict_table(joined, "zh")
    text = [table.text_of(row) for row in table.rows]
    assert [row[0] for row in text] == [
        "企业不一致",
        "联系晚于访问",
        "一次联系对应多份访问",
        "一次联系对应多份访问",
    ]
    assert not any("13800138000" in cell for row in text for cell in row)
    assert "13800138000" not in json_text(link_document(joined))
    short = conflict_table(joined, "en", most=1)
    assert short.notes == ("The first 1 of 4 rows",)
    assert len(link_tables(joined, "en")) == 2


def test_the_document_of_a_link_is_json_with_every_reason(joined: Link) -> None:
    document = json.loads(json_text(link_document(joined)))
    assert document["schema"] == "satsurvey.link/1"
    assert document["n_linked"] == 3
    assert document["method"] == {"by": "case_id", "window_days": None, "prefer": "last_before"}
    assert [row["status"] for row in document["coverage"] if row["side"] == "interviews"] == list(LINK_STATUS)


def test_every_status_and_conflict_has_words() -> None:
    assert {*LINK_STATUS, *CONFLICTS} <= set(STATUS)
    assert all(CHINESE.search(zh) and en.isascii() for zh, en in STATUS.values())


def test_patience_is_shown_in_per_cent_and_seconds() -> None:
    records = ServiceRecords.of_frame(
        pd.DataFrame({"wait_s": [30.0, 60, 90, 120], "abandoned": [1.0, 0, 1, 0], "company": ["甲"] * 4})
    )
    found = patience(records, by="company", at=[60])
    table = patience_table(found, "en")
    first, second = (table.text_of(row) for row in table.rows)
    assert first[:2] == ("甲", "ready to wait over 60 s (%)")
    assert first[2].startswith("75.0 [")
    assert (second[1], second[2].split()[0]) == ("half hang up by (s)", "90.0")
    assert "半数放弃的时间（秒）" in [row[1] for row in patience_table(found, "zh").rows]
    document = json.loads(json_text(patience_document(found)))
    assert document["figures"][0]["value"] == 0.75
    assert [row["survival"] for row in document["curve"]] == [0.75, 0.75, 0.375, 0.375]


def test_notes_of_figures_and_refusals_are_chinese() -> None:
    frame = pd.DataFrame(
        {
            "first_response_s": [10.0, np.nan, np.nan],
            "first_response_censored_s": [np.nan, 60.0, 70.0],
            "agent_id": ["x", "x", "x"],
            "customer_id": ["u", "u", "v"],
            "abandoned": [0.0, 0.0, 0.0],
        }
    )
    notes = [
        *kpis(ServiceRecords.of_frame(frame), by=("company", "tier")).notes,
        *kpis(ServiceRecords.of_frame(frame.iloc[:0])).notes,
        *patience(ServiceRecords.of_frame(frame.assign(wait_s=1.0)), by="company").notes,
    ]
    assert len(notes) > 12
    for note in notes:
        chinese = translated(note, "zh")
        assert CHINESE.search(chinese), note
        assert "left out" not in chinese
    said = [translated(note, "zh") for note in notes]
    assert (
        "2 个联系（66.7 %）截至最后所见仍无回复；不计它们时首次响应时长的中位数为 10.0 秒，"
        "计入时为 未达到（Kaplan-Meier）"
    ) in said
    with pytest.raises(SatsurveyError) as caught:
        link(
            interviews(["7"], ["甲"]),
            ServiceRecords.of_frame(pd.DataFrame({"case_id": ["007"], "company": ["甲"]})),
        )
    assert translated(caught.value.what, "zh") == (
        "访问与联系无法按case_id（访问）与case_id（服务记录）可靠连接：前者的编号丢失了前导零"
    )
