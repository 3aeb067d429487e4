"""Interviews joined to contacts: by case and by customer, what does not fit, and ids that are refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from satsurvey.errors import ColumnsError, MethodError
from satsurvey.instrument.library import load_instrument
from satsurvey.intake.findings import Finding
from satsurvey.intake.ledger import Ledger
from satsurvey.intake.raw import Source
from satsurvey.intake.responses import Factor, Responses
from satsurvey.service.link import LINK_STATUS, Link, link
from satsurvey.service.records import ServiceRecords

INSTRUMENT = load_instrument("acsi-3")


def interviews(
    ids: list[str | None],
    *,
    role: str = "case_id",
    companies: list[str] | None = None,
    findings: tuple[Finding, ...] = (),
    **texts: list[str | None],
) -> Responses:
    n = len(ids)
    company = companies or ["甲"] * n
    names = tuple(sorted({name for name in company if name}))
    return Responses(
        instrument=INSTRUMENT,
        scales=tuple(INSTRUMENT.scales[INSTRUMENT.default_scale] for _ in INSTRUMENT.items),
        answers=np.zeros((len(INSTRUMENT.items), n), dtype=np.uint8),
        company=Factor(np.array([names.index(c) if c else -1 for c in company], dtype=np.int32), names),
        industry=None,
        file=np.zeros(n, dtype=np.int16),
        row=np.arange(2, n + 2, dtype=np.int64),
        files=(Source(Path("survey.xlsx"), "xlsx"),),
        ledger=Ledger(),
        texts={role: pa.chunked_array([pa.array(ids, pa.string())])}
        | {name: pa.chunked_array([pa.array(values, pa.string())]) for name, values in texts.items()},
        headings={role: "工单号" if role == "case_id" else "客户号"},
        findings=findings,
    )


def contacts(ids: list[str], when: list[str | None] | None = None, **columns: object) -> ServiceRecords:
    frame = pd.DataFrame({"case_id": ids, "company": ["甲"] * len(ids)} | columns)
    if when is not None:
        frame["request_at"] = pd.to_datetime(when)
    return ServiceRecords.of_frame(frame)


def said(found: Link) -> list[str]:
    return [LINK_STATUS[code] for code in found.status]


def test_interviews_find_their_case_and_the_others_are_counted_by_reason() -> None:
    found = link(
        interviews([" c2 ", "c9", None, "", "c1"]), contacts(["c1", "c2", "c3"], ["2024-03-01 10:00"] * 3)
    )
    assert said(found) == ["linked", "id_not_in_records", "no_id", "no_id", "linked"]
    assert (found.interview.tolist(), found.contact.tolist()) == ([0, 4], [1, 0])
    rows = found.coverage.set_index(["side", "status"])
    assert rows.loc[("interviews", "linked"), "share"] == 0.4
    assert rows.loc[("contacts", "no_interview"), "n"] == 1
    assert rows.loc["interviews"]["n"].sum() == 5
    assert found.notes[0] == "2 of 5 interviews are linked to a contact; the others enter nothing"


def test_of_several_contacts_of_a_case_the_last_before_the_interview_is_meant() -> None:
    records = contacts(["c", "c", "c"], ["2024-03-03 10:00", "2024-03-01 10:00", "2024-03-09 10:00"])
    found = link(interviews(["c"], completed_at=["2024-03-05 09:00"]), records)
    assert (said(found), found.contact.tolist()) == (["linked_of_several"], [0])
    nearest = link(interviews(["c"], completed_at=["2024-03-08 09:00"]), records, prefer="nearest")
    assert nearest.contact.tolist() == [2]


def test_several_contacts_without_times_are_not_guessed_at() -> None:
    assert said(link(interviews(["c"]), contacts(["c", "c"], ["2024-03-03", "2024-03-04"]))) == [
        "several_contacts"
    ]
    assert said(link(interviews(["c"], completed_at=["2024-03-05"]), contacts(["c", "c"]))) == [
        "several_contacts"
    ]


def test_a_case_that_began_after_its_interview_is_a_conflict_and_no_link() -> None:
    found = link(interviews(["c"], completed_at=["2024-03-01 09:00"]), contacts(["c"], ["2024-03-01 09:01"]))
    assert said(found) == ["contact_after_interview"]
    assert len(found) == 0
    row = found.conflicts.iloc[0]
    assert (row["conflict"], row["interview_row"], row["contact_row"]) == ("contact_after_interview", 2, 2)
    assert str(row["contact_at"]) == "2024-03-01 09:01:00"


def test_a_contact_of_the_day_is_nearer_than_one_of_the_next_morning() -> None:
    records = contacts(["c", "c"], ["2024-03-05 10:00", "2024-03-06 08:00"])
    for day in ("2024-03-05", "2024-03-05 00:00:00"):
        found = link(interviews(["c"], contact_at=[day]), records, prefer="nearest")
        assert found.contact.tolist() == [0]


def test_midnight_among_other_times_of_day_is_a_moment_and_no_day() -> None:
    stamps = ["2024-03-05 00:00:00", "2024-03-05 16:00:00"]
    found = link(interviews(["c", "c"], completed_at=stamps), contacts(["c"], ["2024-03-05 15:00"]))
    assert said(found) == ["contact_after_interview", "linked"]


def test_a_day_without_time_of_day_is_over_at_its_end() -> None:
    found = link(interviews(["c"], completed_at=["2024-03-01"]), contacts(["c"], ["2024-03-01 15:00"]))
    assert said(found) == ["linked"]


def test_times_are_compared_in_the_local_time_of_the_records() -> None:
    records = contacts(["c"], ["2024-03-01 15:00"])  # Shanghai
    assert said(link(interviews(["c"], completed_at=["2024-03-01 15:01"]), records)) == ["linked"]
    assert said(link(interviews(["c"], completed_at=["2024-03-01 14:59"]), records)) == [
        "contact_after_interview"
    ]


def test_the_same_case_at_another_company_is_a_conflict_and_no_link() -> None:
    found = link(interviews(["c", "c"], companies=["甲", "乙"]), contacts(["c"]))
    assert said(found) == ["linked", "different_company"]
    row = found.conflicts.iloc[0]
    assert (row["conflict"], row["interview_company"], row["contact_company"]) == (
        "different_company",
        "乙",
        "甲",
    )


def test_one_case_number_at_two_companies_is_told_apart() -> None:
    records = contacts(["c", "c"], company=["甲", "乙 "])
    found = link(interviews(["c", "c"], companies=["乙", "甲"]), records)
    assert found.contact.tolist() == [1, 0]


def test_a_contact_that_names_no_company_may_be_anybodys() -> None:
    assert said(link(interviews(["c"], companies=["乙"]), contacts(["c"], company=[""]))) == ["linked"]
    assert said(link(interviews(["c"], companies=[""]), contacts(["c"]))) == ["linked"]


def test_one_contact_claimed_by_two_interviews_is_listed_with_both() -> None:
    found = link(interviews(["c", "c", "d"]), contacts(["d", "c"]))
    assert len(found) == 3
    assert found.conflicts["conflict"].tolist() == ["several_interviews"] * 2
    assert found.conflicts["interview_row"].tolist() == [2, 3]
    assert any("1 contacts are claimed by several interviews" in note for note in found.notes)


def test_a_customer_is_linked_to_the_last_contact_within_the_window() -> None:
    records = contacts(
        ["", "", "", ""],
        ["2024-03-01 10:00", "2024-03-05 10:00", "2024-03-08 10:00", None],
        customer_id=["u", "u", "u", "w"],
    )
    responses = interviews(
        ["u", "u", "v", "u", "w", "u"],
        role="customer_id",
        completed_at=[
            "2024-03-06 09:00",
            "2024-04-06 09:00",
            "2024-03-06 09:00",
            None,
            "2024-03-06 09:00",
            "2024-02-20",
        ],
    )
    found = link(responses, records, by="customer", window_days=7)
    assert said(found) == [
        "linked_of_several",
        "outside_window",
        "id_not_in_records",
        "no_time",
        "no_time",
        "outside_window",
    ]
    assert found.contact.tolist() == [1]


def test_the_nearest_contact_may_lie_after_the_interview() -> None:
    records = contacts(["", ""], ["2024-03-01 10:00", "2024-03-05 10:00"], customer_id=["u", "u"])
    responses = interviews(["u"], role="customer_id", contact_at=["2024-03-05 09:58"])
    assert link(responses, records, by="customer", window_days=1, prefer="nearest").contact.tolist() == [1]
    assert said(link(responses, records, by="customer", window_days=1)) == ["outside_window"]


def test_contact_ids_stand_in_for_cases_with_a_note() -> None:
    frame = pd.DataFrame({"contact_id": ["c1"], "company": ["甲"]})
    found = link(interviews(["c1"]), ServiceRecords.of_frame(frame))
    assert said(found) == ["linked"]
    assert any("looked for in contact_id" in note for note in found.notes)


# Ids that are refused --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mine", "its", "words"),
    [
        (["1.23457E+15"], ["123456789012345"], "scientific notation"),
        (["1"], ["1.2E+18"], "scientific notation"),
        (["12.0"], ["12"], "decimal numbers"),
        (["7"], ["0007"], "leading zeros"),
        (["0007"], ["7"], "leading zeros"),
        ([f"{k}23456789012345000" for k in range(1, 7)], ["x"], "beyond the 15th"),
    ],
)
def test_ids_that_a_spreadsheet_spoiled_are_refused_with_both_columns(
    mine: list[str], its: list[str], words: str
) -> None:
    with pytest.raises(ColumnsError, match=words) as caught:
        link(interviews(mine), contacts(its))
    assert "工单号 (interviews)" in str(caught.value)
    assert "case_id (service records)" in str(caught.value)
    assert "store the column as text" in str(caught.value)


def test_long_ids_from_numbers_of_a_spreadsheet_are_refused_and_as_text_they_are_not() -> None:
    long = "1234567890123456789"
    lost = Finding("unsafe_number", "warning", "long numbers lost digits", "export again", column="工单号")
    with pytest.raises(ColumnsError, match="beyond the 15th"):
        link(interviews([long], findings=(lost,)), contacts([long]))
    other = Finding("unsafe_number", "warning", "long numbers lost digits", "export again", column="电话")
    assert said(link(interviews([long], findings=(other,)), contacts([long]))) == ["linked"]


def test_zeros_that_both_sides_keep_are_no_fault() -> None:
    found = link(interviews(["007", "7"]), contacts(["007", "08"]))
    assert said(found) == ["linked", "id_not_in_records"]


def test_letters_with_an_e_are_an_id() -> None:
    assert said(link(interviews(["12E5", "E+1"]), contacts(["12E5", "E+1"]))) == ["linked", "linked"]


def test_a_side_without_ids_is_refused_with_the_way_to_bind_them() -> None:
    with pytest.raises(ColumnsError, match="which contact they are about") as caught:
        link(interviews(["u"], role="customer_id"), contacts(["c"]))
    assert 'case_id = "HEADING"' in str(caught.value)
    with pytest.raises(ColumnsError, match="no ids to link"):
        link(interviews(["c"]), ServiceRecords.of_frame(pd.DataFrame({"company": ["甲"]})))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"by": "phone"}, "no such way of linking"),
        ({"prefer": "first"}, "no such way of linking"),
        ({"by": "customer"}, "within a window of time"),
        ({"window_days": 0}, "window must be positive"),
    ],
)
def test_a_wrong_option_is_refused(options: dict[str, object], words: str) -> None:
    with pytest.raises(MethodError, match=words):
        link(interviews(["c"]), contacts(["c"]), **options)  # type: ignore[arg-type]


def test_nothing_links_to_nothing() -> None:
    found = link(interviews([]), contacts([], []))
    assert len(found) == 0
    assert found.coverage["share"].isna().all()
    assert said(link(interviews(["c"]), contacts([], []))) == ["id_not_in_records"]


# Against a plain loop --------------------------------------------------------------------------------------

moment = st.one_of(st.none(), st.integers(0, 20))
Rows = list[tuple[str, str, int | None]]


def texts_of(hours: list[int | None]) -> list[str | None]:
    first = pd.Timestamp("2024-03-01 01:00:00")
    return [None if h is None else str(first + pd.Timedelta(hours=h, minutes=1)) for h in hours]


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["", "p", "q"]), st.sampled_from(["甲", "乙"]), moment), max_size=8),
    st.lists(
        st.tuples(st.sampled_from(["", "p", "q"]), st.sampled_from(["", "甲", "乙"]), moment), max_size=8
    ),
    st.sampled_from([3.0, None]),
)
def test_every_interview_gets_what_a_plain_loop_gives_it(mine: Rows, its: Rows, window: float | None) -> None:
    responses = interviews(
        [row[0] for row in mine],
        companies=[row[1] for row in mine],
        completed_at=texts_of([row[2] for row in mine]),
    )
    records = contacts(
        [row[0] for row in its], texts_of([row[2] for row in its]), company=[row[1] for row in its]
    )
    found = link(responses, records, window_days=None if window is None else window / 24)
    pairs = dict(zip(found.interview.tolist(), found.contact.tolist(), strict=True))
    for k, (key, company, when) in enumerate(mine):
        expected = None
        for wanted in (company, ""):
            same = [j for j, row in enumerate(its) if key and row[0] == key and row[1] == wanted]
            if not same:
                continue
            dated = sorted((its[j][2], j) for j in same if its[j][2] is not None)
            if when is None or not dated:
                expected = same[0] if len(same) == 1 and window is None else None
            else:
                before = [(t, j) for t, j in dated if t <= when]
                if before and (window is None or when - before[-1][0] <= window):
                    expected = before[-1][1]
            break
        assert pairs.get(k) == expected
    assert found.coverage[found.coverage["side"] == "interviews"]["n"].sum() == len(mine)
