"""Every shipped map on a small made export: times, censoring, clocks, who counts as human, and the ledger."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from satsurvey.errors import ColumnsError, MethodError, ReadError
from satsurvey.service.maps import map_path
from satsurvey.service.reading import read_records
from satsurvey.service.records import ServiceRecords

NOW = datetime(2024, 12, 1, tzinfo=UTC)
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(name: str, text: str, encoding: str = "utf-8") -> Path:
        path = tmp_path / name
        path.write_text(text, encoding=encoding)
        return path

    return write


def read(*paths: Path | str, map: str, **options: object) -> ServiceRecords:
    records = read_records(list(paths), map=map, now=NOW, **options)  # type: ignore[arg-type]
    assert records.ledger.adds_up
    return records


def column(records: ServiceRecords, name: str) -> list[object]:
    values = records.contacts[name]
    return [None if value != value else value for value in values.tolist()]


# One table --------------------------------------------------------------------------------------------------


def test_call_log_waits_end_with_the_answer_or_the_hang_up(write: Write) -> None:
    path = write(
        "calls.csv",
        "通话ID,主叫号码,坐席工号,进入队列时间,接听时间,挂机时间,保持时长,话后处理时长,转接次数\n"
        "a1,13800138000,801,2024-03-05 09:00:00,2024-03-05 09:00:12,2024-03-05 09:03:12,5,00:20,1\n"
        "a2,13900139000,,2024-03-05 09:01:00,,2024-03-05 09:01:45,,,\n",
        "gb18030",
    )
    records = read(path, map="call_log")
    assert column(records, "wait_s") == [12, 45]
    assert column(records, "first_response_s") == [12, None]
    assert column(records, "first_response_censored_s") == [None, 45]
    assert column(records, "talk_s") == [180, None]
    assert column(records, "after_call_s") == [20, None]
    assert column(records, "abandoned") == [0, 1]
    assert column(records, "channel") == ["phone", "phone"]
    assert column(records, "open") == [0, 0]
    definition = records.definitions["wait_s"]
    assert (definition.starts, definition.stops, definition.automatic_replies) == (
        *("queue_entry", "agent_answer"),
        "ignored",
    )
    assert any("nobody has confirmed" in note for note in records.notes)


@pytest.mark.parametrize("clock", ["calendar", "business"])
def test_zendesk_metrics_in_json_and_flat_are_the_same_on_either_clock(write: Write, clock: str) -> None:
    rows = [
        {"ticket_id": 35436, "created_at": "2024-03-05T01:00:00Z", "solved_at": "2024-03-06T01:00:00Z",
         "updated_at": "2024-03-06T01:00:00Z", "reopens": 1, "replies": 2,
         "reply_time_in_minutes": {"calendar": 90, "business": 60},
         "full_resolution_time_in_minutes": {"calendar": 1440, "business": 540},
         "on_hold_time_in_minutes": {"calendar": 3, "business": 2}},
        {"ticket_id": 35437, "created_at": "2024-03-05T02:00:00Z", "solved_at": None,
         "updated_at": "2024-03-07T01:00:00Z", "reopens": 0, "replies": 0,
         "reply_time_in_minutes": {"calendar": None, "business": None},
         "full_resolution_time_in_minutes": {"calendar": None, "business": None},
         "on_hold_time_in_minutes": {"calendar": 0, "business": 0}},
    ]  # fmt: skip
    flat = pd.json_normalize(rows, sep="_")
    flat_path = write("metrics.csv", flat.to_csv(index=False))
    page = write("page.json", json.dumps({"ticket_metrics": rows, "count": 2}))
    lines = write("lines.jsonl", "\n".join(map(json.dumps, rows)))
    found = [read(path, map="zendesk", clock=clock) for path in (flat_path, page, lines)]
    for records in found:
        assert column(records, "case_id") == ["35436", "35437"]
        assert column(records, "first_response_s") == [5400 if clock == "calendar" else 3600, None]
        assert column(records, "resolution_s") == [86400 if clock == "calendar" else 32400, None]
        assert column(records, "hold_s") == [180 if clock == "calendar" else 120, 0]
        assert column(records, "reopened") == [1, 0]
        assert column(records, "open") == [0, 1]
        assert records.definitions["first_response_s"].clock == clock
    # The second ticket was last seen when the export was made: two days less an hour after its creation.
    waited = 47 * 3600.0 if clock == "calendar" else None
    assert found[0].contacts.get("first_response_censored_s", pd.Series([None, None])).tolist()[1] == waited


def test_jiandaoyun_is_in_utc_and_its_fields_are_the_users(write: Write) -> None:
    path = write(
        "form.json",
        json.dumps(
            [{"_id": "65e6", "createTime": "2024-03-05T01:00:00.000Z",
              "updateTime": "2024-03-05T03:00:00.000Z", "首次响应时间": "2024-03-05T01:30:00.000Z",
              "完成时间": None, "工单状态": "处理中", "渠道": "微信"}],
            ensure_ascii=False,
        ),
    )  # fmt: skip
    records = read(path, map="jiandaoyun")
    assert column(records, "first_response_s") == [1800]
    assert str(records.contacts["request_at"][0]) == "2024-03-05 09:00:00+08:00"
    assert column(records, "channel") == ["im"]
    assert column(records, "open") == [1]


@pytest.mark.parametrize(
    ("name", "text", "first"),
    [
        (
            "tencent_qidian",
            "会话ID,客户,客服,渠道,会话开始时间,首次响应时长,平均响应时长,会话时长,满意度评价\n"
            "s1,张三,李四,QQ,2024-03-05 09:00:00,15,00:00:20,5分20秒,5\n",
            15,
        ),
        (
            "kingdee",
            "工单编号,工单类型,提交时间,首次响应时间,完成时间,处理人,状态,满意度\n"
            "T1,报修,2024-03-05 09:00,2024-03-05 09:10,2024-03-05 12:00,李四,已完成,5\n",
            600,
        ),
    ],
)
def test_samples_are_read_and_say_that_nobody_has_confirmed_them(
    write: Write, name: str, text: str, first: float
) -> None:
    records = read(write("sample.csv", text), map=name)
    assert column(records, "first_response_s") == [first]
    assert any(f"the map {name} is a sample" in note for note in records.notes)


# Conversations ----------------------------------------------------------------------------------------------

CHAT = """会话ID,发送者角色,发送时间,发送者,消息内容,渠道,满意度
s1,客户,2024-03-05 09:00:00,u1,在吗,微信,
s1,机器人,2024-03-05 09:00:01,小智,您好请问什么问题,微信,
s1,客户,2024-03-05 09:00:30,u1,转人工,微信,
s1,客服,2024-03-05 09:01:00,k7,您好,微信,
s1,客户,2024-03-05 09:02:00,u1,我要退货,微信,
s1,客户,2024-03-05 09:02:10,u1,尽快,微信,
s1,客服,2024-03-05 09:02:40,k7,好的,微信,5
s2,客户,2024-03-05 10:00:00,u2,有人吗,微信,
s2,客服,2024-03-05 10:00:01,k7,当前排队人数较多请稍候,微信,
s2,客户,2024-03-05 10:05:00,u2,?,微信,
s3,访客,2024-03-05 11:00:00,u3,查询,微信,
s3,机器人,2024-03-05 11:00:01,小智,余额为0,微信,
s4,客服,2024-03-05 12:00:00,k7,您好,微信,
,客户,2024-03-05 12:00:00,u9,?,微信,
s4,客户,昨天,u4,?,微信,
s4,路人,2024-03-05 12:00:01,u4,?,微信,
"""


def chat_map(folder: Path, automatic: str) -> Path:
    text = map_path("chat_messages").read_text(encoding="utf-8")
    before, mark, after = text.partition("words = []")
    assert mark
    path = folder / "own.toml"
    path.write_text(f"{before}words = [{automatic}]{after}", encoding="utf-8")
    return path


def test_a_machine_does_not_stop_the_clock_of_humans(write: Write, tmp_path: Path) -> None:
    path = write("chat.csv", CHAT)
    records = read(path, map=str(chat_map(tmp_path, '"当前排队人数"')))
    assert column(records, "contact_id") == ["s1", "s2", "s3", "s4"]
    # s1: 60 s to the human, then 40 s; s2 has an automatic text alone, s3 a machine, s4 nobody who asked.
    assert column(records, "first_response_s") == [60, None, None, None]
    assert column(records, "avg_response_s") == [50, None, None, None]
    assert column(records, "first_response_censored_s") == [None, 300, 1, None]
    assert column(records, "handled_by") == ["bot_then_human", "bot", "bot", "human"]
    assert column(records, "agent_id") == ["k7", "", "", "k7"]
    assert column(records, "customer_id") == ["u1", "u2", "u3", ""]
    assert column(records, "replies") == [2, 0, 0, 1]
    assert column(records, "rating") == [5, None, None, None]
    assert records.ledger.set_aside == {"no_contact": 1, "no_moment": 1, "no_writer": 1}
    assert records.definitions["first_response_s"].automatic_replies == "ignored"


def test_without_words_of_automatic_replies_the_agent_answered(write: Write) -> None:
    records = read(write("chat.csv", CHAT), map="chat_messages")
    assert column(records, "first_response_s")[:2] == [60, 1]


def test_the_order_of_rows_does_not_matter(write: Write) -> None:
    head, *rows = CHAT.strip().split("\n")
    turned = write("turned.csv", "\n".join([head, *sorted(rows, reverse=True)]))
    one, other = (read(path, map="chat_messages") for path in (write("chat.csv", CHAT), turned))
    keys = ["contact_id", "first_response_s", "avg_response_s", "handled_by", "replies"]
    a, b = (r.contacts[keys].sort_values("contact_id").reset_index(drop=True) for r in (one, other))
    pd.testing.assert_frame_equal(a, b)


# Zendesk's own tables ---------------------------------------------------------------------------------------

TICKETS = """id,requester_id,assignee_id,status,via_channel,created_at,updated_at,solved_at
1,100,9,solved,email,2024-03-05T01:00:00Z,2024-03-05T09:00:00Z,2024-03-05T09:00:00Z
2,101,9,open,web,2024-03-05T02:00:00Z,2024-03-05T04:00:00Z,
3,102,9,open,web,2024-03-05T03:00:00Z,2024-03-05T10:00:00Z,
4,8,9,solved,web,2024-03-05T03:00:00Z,2024-03-05T10:00:00Z,2024-03-05T03:30:00Z
"""
COMMENTS = """id,ticket_id,user_id,public,created,body
1,1,100,true,2024-03-05T01:00:00Z,没收到货
2,1,9,false,2024-03-05T01:05:00Z,内部备注
3,1,-1,true,2024-03-05T01:00:01Z,已收到您的请求
4,1,9,true,2024-03-05T01:30:00Z,正在查询
5,1,100,true,2024-03-05T02:00:00Z,好了吗
6,1,9,true,2024-03-05T02:10:00Z,好了
7,2,9,true,2024-03-05T02:00:00Z,代客户创建
8,2,101,true,2024-03-05T02:30:00Z,谢谢
9,3,102,true,2024-03-05T03:00:00Z,问题
10,4,8,true,2024-03-05T03:00:00Z,同事的问题
11,4,8,true,2024-03-05T03:10:00Z,补充
12,4,9,true,2024-03-05T03:20:00Z,已处理
13,99,9,true,2024-03-05T03:20:00Z,别的工单
"""
USERS = "id,role\n100,end-user\n101,end-user\n102,end-user\n8,agent\n9,agent\n"


def test_the_first_reply_is_the_first_public_comment_of_an_agent_who_did_not_ask(write: Write) -> None:
    paths = [write("t.csv", TICKETS), write("c.csv", COMMENTS), write("u.csv", USERS)]
    records = read(*paths, map="zendesk_warehouse")
    # 1: not the note, not the machine; 2: made by the agent, then unanswered; 4: asked by an agent.
    assert column(records, "first_response_s") == [1800, None, None, 1200]
    assert column(records, "avg_response_s") == [1200, None, None, 1200]
    assert column(records, "resolution_s") == [8 * 3600, None, None, 1800]
    assert column(records, "open") == [0, 1, 1, 0]
    # Last seen is the latest moment of the export, 10:00 UTC.
    assert column(records, "first_response_censored_s") == [None, 8 * 3600, 7 * 3600, None]
    assert column(records, "handled_by")[0] == "bot_then_human"
    assert records.ledger.set_aside == {"unmatched": 1}
    business = read(*paths, map="zendesk_warehouse", calendar="china-office")
    assert column(business, "first_response_s") == [1800, None, None, 1200]
    assert column(business, "first_response_censored_s") == [None, 8 * 3600, 7 * 3600, None]
    assert column(business, "resolution_s")[0] == 8 * 3600


def test_without_users_everybody_else_is_an_agent_and_it_is_said(write: Write) -> None:
    records = read(write("t.csv", TICKETS), write("c.csv", COMMENTS), map="zendesk_warehouse")
    assert column(records, "first_response_s") == [1800, None, None, 1200]
    assert any("who is an agent is not in the tables" in note for note in records.notes)


def test_tables_can_be_named_and_comments_alone_are_refused(write: Write) -> None:
    comments, tickets = write("c.csv", COMMENTS), write("t.csv", TICKETS)
    named = read(f"comments={comments}", f"contacts={tickets}", map="zendesk_warehouse")
    assert column(named, "first_response_s") == [1800, None, None, 1200]
    with pytest.raises(ReadError, match="none has the contacts"):
        read(comments, map="zendesk_warehouse")
    with pytest.raises(MethodError, match="no table of messages"):
        read(f"messages={comments}", map="zendesk_warehouse")


EVENTS = [
    ("reply_time", 1, "activate", "01:00:00", None), ("reply_time", 1, "apply_sla", "01:00:00", 3600),
    ("reply_time", 1, "fulfill", "01:20:00", None), ("reply_time", 1, "update_status", "01:20:00", None),
    ("reply_time", 2, "activate", "02:00:00", None), ("reply_time", 2, "fulfill", "02:10:00", None),
    ("requester_wait_time", 1, "activate", "01:00:00", None),
    ("requester_wait_time", 1, "pause", "01:20:00", None),
    ("requester_wait_time", 1, "activate", "02:00:00", None),
    ("requester_wait_time", 1, "fulfill", "03:00:00", None),
    ("resolution_time", 1, "activate", "01:00:00", None), ("resolution_time", 1, "fulfill", "03:00:00", None),
    ("agent_work_time", 1, "activate", "01:00:00", None),
]  # fmt: skip


def events(ticket: int, rows: list[tuple[str, int, str, str, int | None]]) -> list[dict[str, object]]:
    return [
        {"id": k, "ticket_id": ticket, "metric": metric, "instance_id": instance, "type": kind,
         "time": f"2024-03-05T{time}Z"} | ({} if target is None else {"sla": {"target_in_seconds": target}})
        for k, (metric, instance, kind, time, target) in enumerate(rows)
    ]  # fmt: skip


def test_events_are_computed_anew_from_starts_pauses_and_ends(write: Write) -> None:
    late = [
        ("reply_time", 1, "activate", "01:00:00", None), ("reply_time", 1, "apply_sla", "01:00:00", 600),
        ("reply_time", 1, "breach", "01:10:00", None), ("resolution_time", 1, "activate", "01:00:00", None),
        ("resolution_time", 1, "fulfill", "01:30:00", None),
        ("resolution_time", 1, "activate", "02:00:00", None),
    ]  # fmt: skip
    rows = events(1, EVENTS) + events(2, late)  # type: ignore[arg-type]
    rng = np.random.default_rng(1)
    path = write("events.jsonl", "\n".join(json.dumps(rows[k]) for k in rng.permutation(len(rows))))
    records = read(path, map="zendesk_events")
    order = records.contacts.sort_values("contact_id")
    assert order["first_response_s"].tolist()[0] == 1200
    assert order["avg_response_s"].tolist()[0] == (1200 + 600) / 2
    assert order["wait_s"].tolist()[0] == 1200 + 3600
    assert order["resolution_s"].tolist()[0] == 7200
    assert order["sla_target_s"].tolist() == [3600, 600]
    assert order["sla_met"].tolist() == [1, 0]
    # The second ticket was never answered and was opened again; last seen is 03:00.
    assert np.isnan(order["first_response_s"].tolist()[1])
    assert np.isnan(order["resolution_s"].tolist()[1])
    assert order["open"].tolist() == [0, 1]
    assert order["first_response_censored_s"].tolist()[1] == 7200
    assert records.ledger.set_aside == {"not_measured": 2}


def test_tickets_beside_events_bring_channel_and_people(write: Write) -> None:
    path = write("events.json", json.dumps({"ticket_metric_events": events(1, EVENTS)}))  # type: ignore[arg-type]
    records = read(path, write("t.csv", TICKETS), map="zendesk_events")
    assert column(records, "channel") == ["email", "online", "online", "online"]
    assert column(records, "first_response_s") == [1200, None, None, None]
    assert column(records, "customer_id")[0] == "100"


# Salesforce -------------------------------------------------------------------------------------------------

CASES = """Id,CaseNumber,Origin,Priority,AccountId,CreatedDate,ClosedDate,IsClosed
500A,00001001,Phone,High,001X,2024-03-05T01:00:00.000+0000,2024-03-05T06:00:00.000+0000,true
500B,00001002,Email,Low,001X,2024-03-05T02:00:00.000+0000,,false
"""
MILESTONES = """CaseId,MilestoneType.Name,StartDate,CompletionDate,\
ElapsedTimeInMins,TargetResponseInMins,IsViolated,IsCompleted
500A,First Response,2024-03-05T01:00:00.000+0000,2024-03-05T01:45:00.000+0000,30,60,false,true
500A,Resolution,2024-03-05T01:00:00.000+0000,2024-03-05T06:00:00.000+0000,240,480,false,true
500B,First Response,2024-03-05T02:00:00.000+0000,,,60,true,false
500B,Callback,2024-03-05T02:00:00.000+0000,,,60,false,false
"""


def test_milestones_are_turned_into_columns_of_their_case(write: Write) -> None:
    paths = [write("cases.csv", CASES), write("milestones.csv", MILESTONES)]
    records = read(*paths, map="salesforce")
    assert column(records, "contact_id") == ["00001001", "00001002"]
    assert column(records, "first_response_s") == [2700, None]
    assert column(records, "resolution_s") == [5 * 3600, None]
    assert column(records, "sla_target_s") == [3600, 3600]
    assert column(records, "sla_met") == [1, 0]
    assert column(records, "open") == [0, 1]
    assert column(records, "first_response_censored_s") == [None, 4 * 3600]
    assert column(records, "channel") == ["phone", "email"]
    assert records.ledger.set_aside == {"not_measured": 1}
    assert any("Callback" in note for note in records.notes)
    business = read(*paths, map="salesforce", clock="business")
    assert column(business, "first_response_s") == [1800, None]
    assert business.definitions["first_response_s"].clock == "business"


# Clocks -----------------------------------------------------------------------------------------------------

GENERAL = """联系编号,创建时间,首次响应时间,完成时间,状态
1,2024-09-30 17:00:00,2024-10-08 10:00:00,,处理中
2,2024-10-11 17:30:00,,,处理中
3,2024-10-12 17:30:00,2024-10-14 09:30:00,2024-10-14 10:00:00,已解决
"""


def test_business_time_leaves_out_golden_week_and_counts_the_make_up_saturday(write: Write) -> None:
    records = read(write("g.csv", GENERAL), map="general", calendar="china-office")
    assert column(records, "first_response_s") == [7200, None, 3600]
    # From Friday 17:30 to Monday 10:00 with the make-up Saturday between: 0.5 h, 9 h, 1 h.
    assert column(records, "first_response_censored_s") == [None, 10.5 * 3600, None]
    definition = records.definitions["first_response_s"]
    assert (definition.clock, definition.calendar) == ("business", "china-office")
    assert "工作时间" in definition.text("zh")
    calendar = read(write("g.csv", GENERAL), map="general")
    assert not definition.comparable(calendar.definitions["first_response_s"])
    assert column(calendar, "first_response_s")[0] == (7 * 24 + 17) * 3600


def test_business_time_that_must_be_computed_needs_a_calendar(write: Write) -> None:
    with pytest.raises(MethodError, match="needs a calendar"):
        read(write("g.csv", GENERAL), map="general", clock="business")


def test_a_time_zone_moves_moments_and_no_length(write: Write) -> None:
    records = read(write("g.csv", GENERAL), map="general", time_zone="America/New_York")
    assert str(records.contacts["request_at"].dtype) == "datetime64[us, America/New_York]"
    assert column(records, "first_response_s")[2] == 40 * 3600
    with pytest.raises(MethodError, match="no time zone called 'China'"):
        read(write("g.csv", GENERAL), map="general", time_zone="China")


def test_a_file_that_fits_no_table_is_told_what_is_wanted(write: Write) -> None:
    with pytest.raises(ColumnsError, match="no table of the map salesforce fits") as raised:
        read(write("x.csv", "a,b\n1,2\n"), map="salesforce")
    assert "CreatedDate" in str(raised.value)
    assert "records map salesforce" in str(raised.value)
