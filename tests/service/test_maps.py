"""Maps of records: shipped ones are sound, and all defects of a file are told at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from satsurvey.service.maps import RecordMapError, load_map, map_defects, map_names, map_path
from satsurvey.service.records import METRICS, POINTS


@pytest.mark.parametrize("name", map_names())
def test_shipped_maps_are_sound_and_say_what_their_times_mean(name: str) -> None:
    plan = load_map(name)
    assert plan.name == name
    assert plan.basis
    given = {field for table in plan.tables.values() for field in table.columns} & set(METRICS)
    given |= {metric for metric, rule in plan.clocks.items() if rule.from_field}
    given |= set(plan.metrics) | set(plan.milestones)
    told = {metric for metric, rule in plan.clocks.items() if rule.starts != "reported"}
    assert "first_response_s" in told
    if name != "general":
        assert given <= told | {"hold_s", "talk_s", "after_call_s", "sla_target_s"}


def test_maps_of_the_systems_that_are_named_are_there() -> None:
    assert set(map_names()) == {
        *("general", "call_log", "chat_messages", "zendesk", "zendesk_events", "zendesk_warehouse"),
        *("salesforce", "jiandaoyun", "tencent_qidian", "kingdee"),
    }
    assert load_map("tencent_qidian").verified is False
    assert load_map("kingdee").verified is False
    assert load_map("jiandaoyun").verified == "partly"
    assert load_map("zendesk").verified is True


def test_a_business_column_replaces_the_one_of_all_time() -> None:
    plan = load_map("zendesk")
    calendar, business = (
        plan.column("contacts", "first_response_s", clock) for clock in ("calendar", "business")
    )
    assert calendar is not None
    assert business is not None
    assert calendar.names[0] == "reply_time_in_minutes.calendar"
    assert business.names[0] == "reply_time_in_minutes.business"
    assert plan.column("contacts", "replies", "business") == plan.column("contacts", "replies", "calendar")


def test_all_defects_are_listed_at_once(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(
        'schema = "satsurvey.records_map/1"\nname = "own map"\ntime_zone = "China"\ncolour = "red"\n'
        '[tables.contacts]\nrequired = ["case_id"]\n[tables.contacts.columns]\n'
        'contact_id = "ID"\nboss = "老板"\nrequest_at = { names = ["时间"], order = "yd" }\n'
        'closed_at = "时间"\n'
        'talk_s = { names = ["通话"], unit = "hours" }\n'
        '[values.handled_by]\nrobot = ["机"]\n[values.talk_s]\nx = ["y"]\n'
        '[values.open]\nyes = ["a", "b"]\nno = ["B"]\n'
        '[constants]\nrating = "1"\n[clocks.score]\nstarts = "request"\n'
        '[clocks.wait_s]\nfrom = "channel"\n[metrics]\nboss_s = "x"\n'
        '[tables.people.columns]\nauthor_id = "u"\n',
        encoding="utf-8",
    )
    with pytest.raises(RecordMapError) as raised:
        load_map(path)
    assert {defect.where for defect in raised.value.defects} == {
        *("name", "time_zone", "colour", "tables.contacts.required", "tables.contacts.columns.boss"),
        *("tables.contacts.columns.request_at.order", "tables.contacts.columns.closed_at"),
        *(
            "tables.contacts.columns.talk_s.unit",
            "values.handled_by.robot",
            "values.talk_s",
            "values.open.no",
        ),
        *(
            "constants.rating",
            "clocks.score",
            "clocks.wait_s.from",
            "metrics.boss_s",
            "tables.people.columns",
        ),
    }
    assert "satsurvey records map general" in str(raised.value)


def test_a_map_without_contacts_has_nothing_to_stand_on() -> None:
    people = {"people": {"columns": {"author_id": "a", "author_role": "b"}}}
    data = {"schema": "satsurvey.records_map/1", "name": "x", "tables": people}
    assert [str(defect) for defect in map_defects(data)] == [
        "tables: there is no table of contacts, messages or events"
    ]


def test_an_unknown_map_names_the_shipped_ones() -> None:
    with pytest.raises(RecordMapError, match="call_log, chat_messages"):
        map_path("nothing")


def test_points_of_clocks_have_words_in_both_languages() -> None:
    assert all(len(words) == 2 and all(words) for words in POINTS.values())
