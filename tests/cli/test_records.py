"""The commands on service records: what they print and write, maps and calendars, and what they refuse."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from satsurvey.cli.main import run_with
from satsurvey.service.calendars import load_calendar
from satsurvey.service.maps import load_map, map_names

Run = Callable[..., tuple[int, str, str]]
CALLS = (
    "通话ID,企业名称,主叫号码,坐席,进入队列时间,接听时间,挂机时间\n"
    "a1,甲,13800138000,王小明,2024-03-05 09:00:00,2024-03-05 09:00:12,2024-03-05 09:03:12\n"
    "a2,甲,13900139000,,2024-03-05 09:01:00,,2024-03-05 09:01:45\n"
    "a3,乙,13700137000,K01,2024-03-05 09:02:00,2024-03-05 09:01:00,2024-03-05 09:05:00\n"
    "合计,,,,,,\n"
)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*arguments: object) -> tuple[int, str, str]:
        capsys.readouterr()
        code = run_with(["records", *map(str, arguments)])
        talk = capsys.readouterr()
        assert "Traceback" not in talk.err
        return code, talk.out, talk.err

    return run


@pytest.fixture
def calls(tmp_path: Path) -> Path:
    path = tmp_path / "calls.csv"
    path.write_text(CALLS, encoding="gb18030")
    return path


def test_the_table_says_what_was_read_found_and_computed(run: Run, calls: Path) -> None:
    code, out, err = run(calls, "--map", "call_log", "--by", "company", "--target", "service_level=20")
    assert (code, err) == (0, "")
    assert "等待时长" in out
    assert "从进入排队到坐席接起，自然时间（Asia/Shanghai），自动回复不停表" in out
    assert "读取 4 行 = 使用 3 + 搁置 1（合计行 1）" in out
    assert "时间先后颠倒" in out
    assert "服务水平" in out
    assert "没有人确认" in out or "未经确认" in out


def test_the_word_read_may_be_left_out_and_options_may_come_first(run: Run, calls: Path) -> None:
    plain = run(calls, "--map", "call_log", "--format", "csv")
    assert run("read", calls, "--map", "call_log", "--format", "csv") == plain
    assert run("--map", "call_log", "--format", "csv", calls) == plain
    rows = list(csv.DictReader(io.StringIO(plain[1])))
    assert {row["company"] for row in rows} == {"甲", "乙"}
    waits = [
        row
        for row in rows
        if (row["company"], row["metric"], row["statistic"]) == ("甲", "abandon_rate", "rate")
    ]
    assert [float(row["value"]) for row in waits] == [0.5]


def test_no_name_and_no_number_of_a_person_leaves_the_machine(run: Run, calls: Path, tmp_path: Path) -> None:
    out = tmp_path / "results"
    code, printed, err = run(calls, "--map", "call_log", "--by", "agent_id", "--out", out, "--format", "json")
    assert code == 0
    assert "7 个文件" in err
    written = printed + "".join(path.read_text(encoding="utf-8-sig") for path in out.iterdir())
    for person in ("王小明", "13800138000", "13900139000", str(tmp_path)):
        assert person not in written
    assert "agent-0001" in written
    assert "customer-0001" in written
    assert "K01" in written


def test_the_folder_holds_contacts_figures_findings_and_unused_rows(
    run: Run, calls: Path, tmp_path: Path
) -> None:
    out = tmp_path / "results"
    assert run(calls, "--map", "call_log", "--out", out, "-q")[0] == 0
    assert {path.name for path in out.iterdir()} == {
        *("contacts.csv", "figures.csv", "overall.csv", "findings.csv", "unused.csv"),
        *("records.json", "manifest.json"),
    }
    with (out / "contacts.csv").open(encoding="utf-8-sig", newline="") as file:
        contacts = list(csv.DictReader(file))
    assert [row["row"] for row in contacts] == ["2", "3", "4"]
    assert contacts[0]["request_at"] == "2024-03-05 09:00:00+0800"
    assert [row["first_response_s"] for row in contacts] == ["12.0", "", ""]
    assert [row["first_response_censored_s"] for row in contacts] == ["", "45.0", ""]
    with (out / "unused.csv").open(encoding="utf-8-sig", newline="") as file:
        assert [(row["row"], row["reason"]) for row in csv.DictReader(file)] == [("5", "total_row")]
    code, _, err = run(calls, "--map", "call_log", "--out", out)
    assert code == 2
    assert "--force" in err
    assert run(calls, "--map", "call_log", "--out", out, "--force")[0] == 0


def test_the_document_names_its_schema_definitions_and_ledger(run: Run, calls: Path) -> None:
    code, out, _ = run(calls, "--map", "call_log", "--format", "json")
    document = json.loads(out)
    assert code == 0
    assert document["schema"] == "satsurvey.records/1"
    assert document["n_contacts"] == 3
    assert document["ledger"]["adds_up"] is True
    definition = document["definitions"]["wait_s"]
    assert (definition["starts"], definition["stops"], definition["source"]) == (
        "queue_entry",
        "agent_answer",
        "call_log",
    )
    assert set(definition["text"]) == {"zh", "en"}
    (finding,) = document["findings"]
    assert (finding["rule"], finding["rows"], finding["letter"]) == ("time_order", [4], "F")
    assert document["provenance"]["inputs"][0]["name"] == "calls.csv"
    assert document["masked"] == {"agent_id": 1, "customer_id": 3}


def test_maps_are_listed_and_printed_to_be_edited(run: Run, tmp_path: Path, calls: Path) -> None:
    code, out, _ = run("maps")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()] == list(map_names())
    assert "未确认" in next(line for line in out.splitlines() if line.startswith("kingdee"))
    code, text, _ = run("map", "call_log")
    own = tmp_path / "own.toml"
    own.write_text(text, encoding="utf-8")
    assert load_map(own) == load_map("call_log")
    assert run("map", own, "--check")[0] == 0
    assert run(calls, "--map", own)[0] == 0
    own.write_text(
        text.replace("[constants]", "[constants]\nboss = 'x'").replace('unit = "s"', 'unit = "sec"'),
        encoding="utf-8",
    )
    code, out, _ = run("map", own, "--check")
    assert code == 3
    assert len(out.splitlines()) == 2
    assert "constants.boss" in out
    code, _, err = run(calls, "--map", own)
    assert code == 3
    assert "constants.boss" in err


def test_calendars_are_listed_and_printed_to_be_edited(run: Run, tmp_path: Path, calls: Path) -> None:
    assert run("calendars")[1].split() == ["china-every-day", "china-office"]
    own = tmp_path / "own.toml"
    own.write_text(run("calendar", "china-office")[1], encoding="utf-8")
    assert load_calendar(own) == load_calendar("china-office")
    code, out, _ = run(calls, "--map", "call_log", "--calendar", own, "--format", "json")
    assert code == 0
    assert json.loads(out)["definitions"]["first_response_s"]["clock"] == "business"
    own.write_text('schema = "satsurvey.calendar/1"\nname = "x"\n[hours]\nweekend = "9"\n', encoding="utf-8")
    assert run("calendar", own, "--check")[0] == 3


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("none.csv",), 3, "没有这个文件"),
        (("{calls}", "--map", "none"), 3, "没有名为 'none' 的记录映射"),
        (("{calls}", "--map", "salesforce"), 3, "任何一张表都不适合"),
        (("{calls}", "--map", "call_log", "--time-zone", "China"), 2, "没有名为 'China' 的时区"),
        (("{calls}", "--map", "call_log", "--clock", "business"), 2, "按工作时间计算需要日历"),
        (("{calls}", "--map", "call_log", "--target", "x"), 2, "名称=秒数"),
        (("{calls}", "--map", "call_log", "--calendar", "none"), 3, "没有名为 'none' 的日历"),
        (("{calls}", "{calls}", "--map", "call_log"), 3, "给了两次"),
        (("map", "none"), 3, "没有名为 'none' 的记录映射"),
        (("read",), 2, "EXPORT"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence(
    run: Run, calls: Path, arguments: tuple[str, ...], code: int, said: str
) -> None:
    found, out, err = run(*(part.replace("{calls}", str(calls)) for part in arguments))
    assert (found, out) == (code, "")
    assert said in err or (said == "EXPORT" and "导出文件" in err)


def test_simulated_contacts_can_be_tried_from_a_clean_checkout(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    survey, contacts = tmp_path / "survey.csv", tmp_path / "contacts.csv"
    made = [
        "simulate",
        "--companies",
        "6",
        "--industries",
        "2",
        "--out",
        str(survey),
        "--contacts",
        str(contacts),
    ]
    assert run_with([*made, "--response-slope", "-2"]) == 0
    assert "240 条模拟的联系记录" in capsys.readouterr().err
    code, out, _ = run(contacts, "--by", "channel", "--target", "service_level=30")
    assert code == 0
    for word in ("首次响应时长", "服务水平", "放弃率", "转接率"):
        assert word in out
    assert run_with([*made, "--force", "--truth", str(contacts)]) == 2
