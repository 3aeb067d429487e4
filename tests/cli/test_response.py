"""The command `satsurvey response`: what it prints, writes and refuses."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from satsurvey.cli.main import run_with
from satsurvey.cli.options import EXIT_DONE, EXIT_INPUT, EXIT_USAGE


@pytest.fixture
def export(tmp_path: Path) -> Path:
    rng = np.random.default_rng(1)
    path = tmp_path / "survey.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        out = csv.writer(stream)
        out.writerow(["企业名称", "工单号", "首次响应时长(秒)", "C1", "C2", "坐席"])
        for k in range(600):
            seconds = rng.lognormal(5, 1)
            answer = int(np.clip(round(12 - np.log1p(seconds) + rng.normal(0, 1.5)), 1, 10))
            out.writerow([f"甲{k % 20}", f"k{k}", round(seconds), answer, answer, f"a{k % 60}"])
    return path


def records(path: Path) -> Path:
    with path.open("w", encoding="utf-8", newline="") as stream:
        out = csv.writer(stream)
        out.writerow(["case_id", "first_response_s", "channel"])
        for k in range(500):
            out.writerow([f"k{k}", 30 + k, "phone"])
    return path


def test_the_answer_is_printed_before_the_tables(export: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_with(["response", str(export), "--outcome", "item:C1", "-q"]) == EXIT_DONE
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("有关联：首次响应时长与题项C1有关")
    assert "每缩短 1 分钟" in lines[1]


def test_json_and_csv_are_whole_documents(export: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_with(["response", str(export), "-q", "--format", "json"]) == EXIT_DONE
    document = json.loads(capsys.readouterr().out)
    assert document["schema"] == "satsurvey.response/1"
    assert run_with(["response", str(export), "-q", "--format", "csv", "--show", "forms"]) == EXIT_DONE
    rows = list(csv.DictReader(capsys.readouterr().out.splitlines()))
    assert {row["form"] for row in rows} == {"linear", "log", "spline", "knot"}
    assert run_with(["response", str(export), "-q", "--format", "csv", "--show", "diagnostics"]) == EXIT_DONE


def test_records_give_the_times_and_unlinked_interviews_are_counted(
    export: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    linked = records(tmp_path / "records.csv")
    arguments = [
        "response",
        str(export),
        "--records",
        str(linked),
        "--map",
        "general",
        "-q",
        "--format",
        "json",
    ]
    assert run_with(arguments) == EXIT_DONE
    document = json.loads(capsys.readouterr().out)
    assert (document["n"], document["excluded"]) == (500, {"not_linked": 100})
    assert document["link"]["method"]["by"] == "case_id"
    assert [one["name"] for one in document["provenance"]["inputs"]] == ["survey.csv", "records.csv"]


def test_every_interview_that_is_left_out_is_listed_with_its_row_and_reason(
    export: Path, tmp_path: Path
) -> None:
    linked, out = records(tmp_path / "records.csv"), tmp_path / "out"
    arguments = ["response", str(export), "--records", str(linked), "-q", "--out", str(out)]
    assert run_with(arguments) == EXIT_DONE
    text = (out / "excluded.csv").read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(text.splitlines()))
    assert len(rows) == 100
    assert {row["reason"] for row in rows} == {"not_linked"}
    assert {row["file"] for row in rows} == {"survey.csv"}
    assert len({row["row"] for row in rows}) == 100


def test_records_of_other_customers_are_refused_with_the_reasons_counted(
    export: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    linked = records(tmp_path / "records.csv")
    lines = linked.read_text(encoding="utf-8").splitlines()
    strange = [lines[0], *("x" + line for line in lines[1:])]
    linked.write_text("\n".join(strange) + "\n", encoding="utf-8")
    arguments = ["response", str(export), "--records", str(linked), "-q", "--lang"]
    assert run_with([*arguments, "en"]) == EXIT_INPUT
    assert "no interview is linked to a contact of the records (" in capsys.readouterr().err
    assert run_with([*arguments, "zh"]) == EXIT_INPUT
    assert "没有一份访问能与服务记录中的联系对应（服务记录中没有该编号" in capsys.readouterr().err


def test_a_packed_export_is_read(export: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    packed = tmp_path / "packed.csv.gz"
    packed.write_bytes(gzip.compress(export.read_bytes()))
    assert run_with(["response", str(packed), "-q", "--format", "json"]) == EXIT_DONE
    assert json.loads(capsys.readouterr().out)["n"] == 600


def test_a_folder_is_written_once(export: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["response", str(export), "--out", str(tmp_path / "out"), "--lang", "en"]
    assert run_with(arguments) == EXIT_DONE
    assert "files written to" in capsys.readouterr().err
    assert (tmp_path / "out" / "curve.svg").is_file()
    assert run_with(arguments) == EXIT_USAGE
    assert run_with([*arguments, "--force"]) == EXIT_DONE


def test_agents_can_be_the_clusters_and_the_instrument(
    export: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_with(["response", str(export), "--cluster", "agent", "-q", "--format", "json"]) == EXIT_DONE
    assert json.loads(capsys.readouterr().out)["n_companies"] == 60
    assert run_with(["response", str(export), "--instrument", "agent", "-q", "--lang", "en"]) == EXIT_DONE
    assert "Two-stage least squares" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "code", "zh", "en"),
    [
        (["--controls", "weather"], EXIT_USAGE, "没有可控制的字段 weather", "no field called weather"),
        (["--outcome", "item:Z"], EXIT_USAGE, "没有这样的结果", "there is no such outcome"),
        (["--time", "wait"], EXIT_INPUT, "没有这种时长", "no such time"),
        (["--at", "soon"], EXIT_USAGE, "秒", "length of time"),
        (["--cluster", "team"], EXIT_USAGE, "没有名为 team 的字段", "no field called team"),
        (["--map", "general"], EXIT_USAGE, "没有给出记录", "no records are given"),
    ],
)
def test_what_cannot_be_done_is_refused_in_both_languages(
    export: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, zh: str, en: str
) -> None:
    for language, words in (("zh", zh), ("en", en)):
        assert run_with(["response", str(export), *arguments, "-q", "--lang", language]) == code
        assert words in capsys.readouterr().err


def test_no_controls_can_be_asked_for(export: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_with(["response", str(export), "--controls", "none", "-q", "--format", "json"]) == EXIT_DONE
    assert json.loads(capsys.readouterr().out)["method"]["controls"] == []
