"""Reading service records: hostile files, moments that cannot be true, repeated contacts, the ledger."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from satsurvey.errors import ColumnsError, ReadError, SatsurveyError
from satsurvey.service.kpis import kpis
from satsurvey.service.maps import load_map, map_path
from satsurvey.service.masking import mask_people
from satsurvey.service.reading import read_records
from satsurvey.service.records import FLAGS, LENGTHS, MOMENTS, TEXTS, ServiceRecords

NOW = datetime(2024, 12, 1, tzinfo=UTC)
HEAD = "联系编号,工单号,企业名称,客户编号,坐席,渠道,处理方式,创建时间,首次响应时间,完成时间,状态\n"
ROWS = [
    "1,T1,甲,u1,801,电话,人工,2024-03-05 09:00:00,2024-03-05 09:00:30,2024-03-05 10:00:00,已解决",
    "2,T1,甲,u1,802,在线客服,人工,2024/3/5 9:00,2024/3/5 9:02,,处理中",
    "3,T2,乙,u2,,邮件,,2024年3月5日 9时0分,,,待处理",
]
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(rows: list[str], *, head: str = HEAD, name: str = "r.csv", encoding: str = "utf-8") -> Path:
        path = tmp_path / name
        path.write_text(head + "".join(f"{row}\n" for row in rows), encoding=encoding)
        return path

    return write


def read(path: Path, **options: object) -> ServiceRecords:
    records = read_records([path], now=NOW, **options)  # type: ignore[arg-type]
    assert records.ledger.adds_up
    assert len(records) == records.ledger.rows_used
    return records


def rules(records: ServiceRecords) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for finding in records.findings:
        found.setdefault(finding.rule, []).extend(finding.rows.tolist())
    return found


def test_how_long_a_contact_waits_is_seen_from_its_own_file(write: Write) -> None:
    head = "联系编号,创建时间,首次响应时间\n"
    january = write(
        [
            "1,2024-01-30 10:00:00,2024-01-30 10:00:10",
            "2,2024-01-31 10:00:00,",
            "3,2024-01-31 11:00:00,2024-01-31 11:05:00",
        ],
        head=head,
        name="jan.csv",
    )
    december = write(["9,2024-11-30 10:00:00,2024-11-30 10:00:10"], head=head, name="dec.csv")
    for files in ([january], [january, december]):
        contacts = read_records(files, now=NOW).contacts
        assert contacts["first_response_censored_s"].iloc[1] == 3_900


def test_an_open_contact_has_been_open_for_business_hours_only(write: Write) -> None:
    head = "联系编号,创建时间,完成时间,承诺时限\n"
    rows = [
        "1,2024-03-04 10:00:00,2024-03-04 11:00:00,7200",
        "2,2024-03-04 10:00:00,2024-03-08 11:00:00,7200",
    ]
    rows += ["3,2024-03-04 10:00:00,,7200", "4,2024-03-15 10:00:00,2024-03-15 10:30:00,7200"]
    records = read(write(rows, head=head), calendar="china-office", clock="business")
    opened = records.contacts["resolution_censored_s"]
    assert opened.notna().tolist() == [False, False, True, False]
    assert 0 < opened[2] < 11.1 * 86_400 * 0.5
    row = kpis(records).figure("sla_attainment", "rate").iloc[0]
    # Kept, late, open and overdue, kept.
    assert (
        kpis(records, by=()).overall.query("metric == 'sla_attainment'")[["value", "n"]].to_numpy()
        == [0.5, 4]
    ).all()
    assert row["n_absent"] == 0


def test_a_milestone_that_is_not_done_and_not_late_is_neither_kept_nor_broken(tmp_path: Path) -> None:
    cases = ["Id,CaseNumber,CreatedDate,ClosedDate,IsClosed,Origin"]
    stones = [
        "CaseId,MilestoneType.Name,StartDate,CompletionDate,ElapsedTimeInMins,TargetResponseInMins,IsViolated"
    ]
    begun = "2024-03-01T02:00:00Z"
    for name, closed in (("A", ""), ("B", "2024-03-03T02:00:00Z"), ("C", "2024-03-03T02:00:00Z")):
        cases.append(f"{name},{name},{begun},{closed},{'true' if closed else 'false'},Email")
    cases.append("D,D,2024-03-05T02:00:00Z,,false,Email")
    stones += [f"{name},First Response,{begun},2024-03-01T02:10:00Z,10,60,false" for name in "AB"]
    stones.append(f"C,First Response,{begun},2024-03-01T05:00:00Z,180,60,true")
    stones.append("D,First Response,2024-03-05T02:00:00Z,,,60,false")
    stones += [f"{name},Resolution,{begun},2024-03-03T02:00:00Z,2880,4320,false" for name in "BC"]
    for name, lines in (("cases", cases), ("milestones", stones)):
        (tmp_path / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    records = read_records([tmp_path / "cases.csv", tmp_path / "milestones.csv"], map="salesforce", now=NOW)
    assert records.contacts["sla_met"].tolist()[:3] == [1, 1, 0]
    assert np.isnan(records.contacts["sla_met"][3])
    row = kpis(records, by=()).overall.query("metric == 'sla_attainment'").iloc[0]
    assert (row["value"], row["n"], row["n_undecided"]) == (pytest.approx(2 / 3), 3, 1)


def own_map(folder: Path, *changes: tuple[str, str]) -> Path:
    text = map_path("general").read_text(encoding="utf-8")
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    path = folder / "own.toml"
    path.write_text(text, encoding="utf-8")
    return path


# Formats -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_any_encoding_gives_the_same_contacts(write: Write, encoding: str) -> None:
    records = read(write(ROWS, encoding=encoding))
    assert records.contacts["channel"].tolist() == ["phone", "online", "email"]
    assert records.contacts["first_response_s"].tolist()[:2] == [30, 120]
    assert records.contacts["first_response_censored_s"].tolist()[2] == 3600
    assert records.contacts["open"].tolist() == [0, 1, 1]
    assert records.contacts["row"].tolist() == [2, 3, 4]
    assert records.findings == ()


def test_a_workbook_with_titles_and_real_dates_gives_the_same(write: Write, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["2024年3月联系记录"])
    sheet.append(HEAD.strip().split(","))
    for row in ROWS:
        cells: list[object] = list(row.split(","))
        for k in (7, 8, 9):
            text = str(cells[k]).replace("/3/5 ", "-03-05 0").replace("年3月5日 9时0分", "-03-05 09:00")
            cells[k] = datetime.fromisoformat(text) if text else None
        sheet.append(cells)
    path = tmp_path / "r.xlsx"
    book.save(path)
    plain = read(write(ROWS))
    found = read(path)
    pd.testing.assert_frame_equal(
        found.contacts.drop(columns="row"), plain.contacts.drop(columns="row"), check_dtype=False
    )
    assert found.contacts["row"].tolist() == [3, 4, 5]


def test_parquet_with_true_types_gives_the_same(write: Write, tmp_path: Path) -> None:
    plain = read(write(ROWS))
    frame = pd.DataFrame([row.split(",") for row in ROWS], columns=HEAD.strip().split(","))
    frame["创建时间"] = plain.contacts["request_at"]
    frame["首次响应时间"] = plain.contacts["first_reply_at"]
    path = tmp_path / "r.parquet"
    frame.to_parquet(path)
    found = read(path)
    assert found.contacts["first_response_s"].tolist()[:2] == [30, 120]
    assert (found.contacts["request_at"] == plain.contacts["request_at"]).all()


def test_an_empty_file_and_a_file_of_headings_alone(tmp_path: Path, write: Write) -> None:
    (tmp_path / "empty.csv").write_text("", encoding="utf-8")
    with pytest.raises(ReadError):
        read_records([tmp_path / "empty.csv"])
    records = read(write([]))
    assert len(records) == 0
    assert records.ledger.rows_read == 0
    assert set(records.contacts.columns) >= {"contact_id", "request_at", "first_response_s", "file", "row"}


def test_no_file_a_file_twice_and_a_file_of_something_else(write: Write, tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="no file was given"):
        read_records([])
    path = write(ROWS)
    with pytest.raises(ReadError, match="given twice"):
        read_records([path, path])
    with pytest.raises(ColumnsError, match="no table of the map general fits"):
        read(write(["1,2"], head="x,y\n", name="x.csv"))
    with pytest.raises(ColumnsError, match="which several columns have: A and B"):
        read(write(["1,2,3"], head="联系编号,联系编号,创建时间\n", name="two.csv"))


def test_files_of_one_map_are_put_behind_each_other(write: Write) -> None:
    short = write(["9,2024-03-06 09:00:00"], head="联系编号,创建时间\n", name="short.csv")
    records = read_records([write(ROWS), short], now=NOW)
    assert records.contacts["file"].tolist() == [0, 0, 0, 1]
    assert records.contacts["channel"].tolist() == ["phone", "online", "email", ""]
    assert records.files == ("r.csv", "short.csv")
    assert [file.rows_used for file in records.ledger.files] == [3, 1]


# Rows ----------------------------------------------------------------------------------------------------


def test_blank_rows_totals_and_repeated_headings_are_set_aside(write: Write) -> None:
    records = read(write([*ROWS, ",,,,,,,,,,", HEAD.strip(), "合计,,,,,,,,,,", '"没有闭合,1']))
    assert records.ledger.set_aside == {"blank_row": 1, "repeated_heading": 1, "total_row": 1}
    assert records.ledger.unreadable == 1
    assert [row.row for row in records.ledger.unused] == [5, 6, 7, 8]


def test_a_row_that_is_there_twice_counts_once(write: Write) -> None:
    records = read(write([*ROWS, ROWS[0]]))
    assert records.ledger.set_aside == {"repeated_contact": 1}
    assert [row.row for row in records.ledger.unused] == [5]


def test_rows_that_tell_one_contact_in_two_ways_are_reported(write: Write, tmp_path: Path) -> None:
    other = ROWS[1].replace("处理中", "已解决").replace("9:02,", "9:02,2024-03-05 12:00:00")
    records = read(write([*ROWS, other]))
    assert len(records) == 4
    assert rules(records) == {"repeated_id": [3, 5]}
    last = read(
        write([*ROWS, other]), map=own_map(tmp_path, ('repeated_ids = "keep"', 'repeated_ids = "last"'))
    )
    assert last.contacts["row"].tolist() == [2, 4, 5]
    assert last.ledger.set_aside == {"repeated_contact": 1}
    assert rules(last) == {"repeated_id": [3, 5]}


def test_contacts_without_an_id_are_not_repeats_of_each_other(write: Write) -> None:
    row = ROWS[0][1:]
    assert len(read(write([row, row]))) == 2


# Moments that cannot be true -----------------------------------------------------------------------------


def test_impossible_moments_are_reported_and_cost_no_contact(write: Write) -> None:
    rows = [
        "1,T1,甲,u1,801,电话,人工,2024-03-05 09:00:00,2024-03-05 08:59:00,2024-03-05 10:00:00,已解决",
        "2,T1,甲,u1,801,电话,人工,2024-03-05 09:00:00,2999-03-05 09:00:00,2024-03-05 10:00:00,已解决",
        "3,T1,甲,u1,801,电话,人工,2024-03-05 09:00:00,2024-03-05 11:00:00,2024-03-05 10:00:00,已解决",
        "4,T1,甲,u1,801,电话,人工,昨天,2024-03-05 11:00:00,2024-03-05 12:00:00,已解决",
        "5,T1,甲,u1,801,电话,人工,03/05/2024 9:00,,,",
        "6,T1,甲,u1,801,电话,人工,2024-03-05 09:00:00,2024-03-05 09:00:00,2024-03-05 09:00:00,已解决",
    ]
    records = read(write(rows))
    assert len(records) == 6
    assert rules(records) == {
        "bad_time": [5],
        "ambiguous_time": [6],
        "future_time": [3],
        "time_order": [2, 4],
    }
    order = {finding.column for finding in records.findings if finding.rule == "time_order"}
    assert order == {"首次响应时间", "完成时间"}
    found = records.contacts["first_response_s"].tolist()
    assert [None if value != value else value for value in found] == [None, None, 7200, None, None, 0]
    assert np.isnan(records.contacts["resolution_s"]).tolist() == [False, False, True, True, True, False]
    # Nobody knows how long these waited: they were answered, at a moment that cannot be true.
    assert records.contacts["first_response_censored_s"].isna().all()


def test_negative_and_senseless_lengths_are_not_used_and_not_clipped(write: Write) -> None:
    head = "联系编号,创建时间,首次响应时长,等待时长,平均响应时长\n"
    rows = [
        "1,2024-03-05 09:00:00,-5,5分20秒,x",
        "2,2024-03-05 09:00:00,0,1:05,",
        "3,2024-03-05 10:00:00,,,3",
    ]
    records = read(write(rows, head=head))
    assert rules(records) == {"negative_time": [2], "bad_length": [2]}
    found = records.contacts
    assert found["first_response_s"].isna().tolist() == [True, False, True]
    assert found["wait_s"].tolist()[:2] == [320, 65]
    assert found["first_response_censored_s"].isna().tolist() == [True, True, False]


def test_mixed_writings_of_dates_are_read_where_the_order_is_declared(write: Write, tmp_path: Path) -> None:
    rows = [
        f"{k},{text}"
        for k, text in enumerate(["2024-03-05 09:00", "5/3/2024 9:00", "45356.375", "20240305090000"])
    ]
    head = "联系编号,创建时间\n"
    declared = own_map(tmp_path, ('order = "ymd"', 'order = "dmy"'))
    records = read(write(rows, head=head), map=declared)
    assert len(set(records.contacts["request_at"])) == 1
    assert records.findings == ()
    assert rules(read(write(rows, head=head))) == {"ambiguous_time": [3]}


# Words and ids -------------------------------------------------------------------------------------------


def test_ids_that_a_spreadsheet_rounded_are_refused(write: Write) -> None:
    rows = [ROWS[0].replace("T1", "1.23457E+18"), ROWS[1].replace("T1", "00012"), ROWS[2]]
    records = read(write(rows))
    assert records.contacts["case_id"].tolist() == ["", "00012", "T2"]
    (finding,) = records.findings
    assert (finding.rule, finding.severity, finding.column, finding.letter) == (
        "unsafe_number",
        "error",
        "工单号",
        "B",
    )
    assert finding.value == "1.23457E+18"


def test_long_numbers_of_a_workbook_are_doubted(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["工单号", "创建时间"])
    sheet.append([1234567890123456789, "2024-03-05 09:00:00"])
    book.save(tmp_path / "r.xlsx")
    assert {finding.rule for finding in read(tmp_path / "r.xlsx").findings} == {"unsafe_number"}


def test_words_that_the_map_does_not_know_are_reported_or_kept(write: Write) -> None:
    rows = [ROWS[0].replace("电话", "传真").replace("人工", "外星人").replace("已解决", "咦")]
    records = read(write(rows))
    assert records.contacts["channel"].tolist() == ["传真"]
    assert records.contacts["handled_by"].tolist() == [""]
    assert np.isnan(records.contacts["open"][0])
    assert rules(records) == {"unknown_word": [2, 2]}


def test_a_reply_of_a_machine_is_no_reply_but_in_the_channel_of_machines(write: Write) -> None:
    rows = [
        ROWS[0].replace("人工", "机器人"),
        ROWS[0].replace("1,T1", "7,T7").replace("人工", "机器人").replace("电话", "机器人"),
    ]
    records = read(write(rows))
    found = records.contacts
    assert np.isnan(found["first_response_s"][0])
    assert found["first_response_censored_s"][0] == 3600
    assert found["first_response_s"][1] == 30
    assert rules(records) == {"bot_reply": [2]}


def test_agents_that_are_machines_are_told_by_their_name(write: Write, tmp_path: Path) -> None:
    path = own_map(tmp_path, ("authors = []", 'authors = ["小智"]'))
    rows = [ROWS[0].replace("801", "小智").replace("人工", ""), ROWS[1]]
    records = read(write(rows), map=path)
    assert records.contacts["handled_by"].tolist() == ["bot", "human"]
    assert np.isnan(records.contacts["first_response_s"][0])


def test_people_get_other_names_and_ids_stay(write: Write) -> None:
    rows = [
        ROWS[0].replace("u1,801", "13800138000,王小明"),
        ROWS[1].replace("u1,802", "13800138000,王小明"),
        ROWS[2].replace("u2,", "u2,K-03"),
    ]
    records = read(write(rows))
    masked = mask_people(records)
    assert masked.records.contacts["agent_id"].tolist() == ["agent-0001", "agent-0001", "K-03"]
    assert masked.records.contacts["customer_id"].tolist() == ["customer-0001", "customer-0001", "u2"]
    assert masked.counts == {"agent_id": 1, "customer_id": 1}
    assert masked.records.contacts["case_id"].tolist() == ["T1", "T1", "T2"]


# All of it -----------------------------------------------------------------------------------------------

cells = st.one_of(
    st.sampled_from(
        ["", "2024-03-05 09:00:00", "1/2/2024", "机器人", "-5", "1e9", "NaN", "已解决", '"', "45356.5"]
    ),
    st.text(max_size=12),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.lists(cells, min_size=11, max_size=11), max_size=6))
def test_whatever_stands_in_the_cells_every_row_is_accounted_for(
    rows: list[list[str]], tmp_path: Path
) -> None:
    path = tmp_path / "any.csv"
    frame = pd.DataFrame(rows, columns=HEAD.strip().split(","), dtype="object")
    frame.to_csv(path, index=False, encoding="utf-8", errors="replace")
    try:
        records = read_records([path], now=NOW)
    except SatsurveyError:
        return
    assert records.ledger.adds_up
    assert len(records) == records.ledger.rows_used
    found = records.contacts
    for name in found.columns:
        if name in TEXTS:
            assert found[name].notna().all()
        elif name in LENGTHS:
            assert found[name].dtype == np.float64
            assert not (found[name] < 0).any()
        elif name in FLAGS:
            assert found[name].dropna().isin([0.0, 1.0]).all()
        elif name in MOMENTS:
            assert str(found[name].dtype) == "datetime64[us, Asia/Shanghai]"


def test_a_map_given_as_such_is_used() -> None:
    assert load_map("general").headings() >= {"联系编号", "创建时间", "contact_id"}


def test_records_of_a_frame_know_their_columns() -> None:
    frame = pd.DataFrame(
        {"case_id": ["a", None], "request_at": ["2024-03-05 09:00", None], "wait_s": [1, None]}
    )
    records = ServiceRecords.of_frame(frame)
    assert records.contacts["case_id"].tolist() == ["a", ""]
    assert str(records.contacts["request_at"].dtype).endswith("Asia/Shanghai]")
    assert records.contacts["row"].tolist() == [2, 3]
    assert records.definitions["wait_s"].starts == "reported"
    with pytest.raises(ColumnsError, match="none of service records"):
        ServiceRecords.of_frame(frame.rename(columns={"wait_s": "wait"}))
