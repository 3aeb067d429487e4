"""The commands `satsurvey claims` and `satsurvey targets`, as a user runs them."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from satsurvey.cli.main import run_with
from satsurvey.report.claim_tables import PART_WORDS, READING_WORDS, VERDICT_WORDS
from satsurvey.report.claims_schema import CLAIMS_SCHEMA, TARGETS_SCHEMA
from satsurvey.report.target_tables import BASIS_WORDS
from satsurvey.response_time.claims import load_claims
from satsurvey.response_time.verdicts import VERDICTS

from ..report.schema_faults import faults
from ..response_time.claim_surveys import companies, instrument

Run = Callable[..., tuple[int, str, str]]
CHINESE = re.compile("[\u4e00-\u9fff]")


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def execute(*arguments: object) -> tuple[int, str, str]:
        code = run_with([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return code, said.out, said.err

    return execute


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Write an export, its instrument, records that belong to it, and a table of costs."""
    folder = tmp_path_factory.mktemp("claims")
    rng = np.random.default_rng(1)
    names, effect = companies(rng, 30, 20)
    n = len(names)
    log = rng.normal(4.2, 0.8, n)
    score = np.clip(np.rint(95 - 5 * log + effect + rng.normal(0, 5, n)), 0, 100).astype(int)
    cases = [f"K{k:05d}" for k in range(n)]
    survey = pd.DataFrame(
        {"company": names, "case_id": cases, "A1": score, "S2": "phone", "流失": rng.integers(0, 2, n)}
    )
    wait = np.rint(np.expm1(log))
    records = pd.DataFrame(
        {
            "case_id": cases,
            "company": names,
            "channel": "phone",
            "request_at": pd.Timestamp("2025-03-01") + pd.to_timedelta(np.arange(n), unit="h"),
            "first_response_s": wait,
            "wait_s": wait,
            "abandoned": 0,
        }
    )
    cost = pd.DataFrame(
        {
            "月份": [f"2025-{k:02d}" for k in range(1, 13)],
            "成本": 1000 - 5 * np.arange(12) + rng.normal(0, 1, 12),
            "问题数": 100,
            "首次解决率": 60 + rng.normal(0, 4, 12),
        }
    )
    paths = {"instrument": instrument(folder)}
    for name, frame in (("survey", survey), ("records", records), ("cost", cost)):
        paths[name] = folder / f"{name}.csv"
        frame.to_csv(paths[name], index=False, encoding="utf-8")
    return paths


def arguments(made: dict[str, Path], command: str) -> list[object]:
    return [command, made["survey"], "--instrument", made["instrument"], "--records", made["records"], "-q"]


# claims ----------------------------------------------------------------------------------------------------


def test_every_statement_is_listed_with_verdict_model_caution_and_what_is_missing(
    run: Run, made: dict[str, Path]
) -> None:
    code, out, err = run(*arguments(made, "claims"), "--table", made["cost"], "--lang", "zh")
    assert (code, err) == (0, "")
    assert out.startswith("公布的说法在您的数据上\n")
    for claim in load_claims():
        assert f"\n{claim.id}  " in out
    for title in ("估计", "模型、时钟与注意", "缺少的数据"):
        assert f"\n{title}\n" in out
    assert "机械界限：60.0%→70.0%" in out
    assert "这是相关，不是因果" in out
    assert "--column repurchased=表头" in out


def test_the_english_tables_have_no_chinese_but_the_users_own(run: Run, made: dict[str, Path]) -> None:
    _, out, _ = run(*arguments(made, "claims"), "--table", made["cost"], "--lang", "en")
    assert CHINESE.findall(out) == []


def test_json_follows_its_schema_and_csv_says_the_same(run: Run, made: dict[str, Path]) -> None:
    given = [*arguments(made, "claims"), "--table", made["cost"], "--column", "churned=流失"]
    document = json.loads(run(*given, "--format", "json")[1])
    assert list(faults(document, CLAIMS_SCHEMA)) == []
    assert [claim["id"] for claim in document["claims"]] == [claim.id for claim in load_claims()]
    first = document["claims"][0]
    assert first["n"] == 600
    assert first["n_companies"] == 30
    assert {one["reading"] for one in first["estimates"]} >= {"points", "percent_of_mean"}
    assert first["clock"]["metric"] == "first_response_s"
    assert first["caution"]
    assert document["provenance"]["inputs"][0]["name"] == "survey.csv"
    rows = list(csv.DictReader(io.StringIO(run(*given, "--format", "csv")[1])))
    mine = [row for row in rows if row["claim"] == "C01"]
    assert float(mine[0]["estimate"]) == first["estimates"][0]["estimate"]
    assert {row["claim"] for row in rows} == {claim["id"] for claim in document["claims"]}


def test_only_the_statements_asked_for_are_tested(run: Run, made: dict[str, Path]) -> None:
    _, out, _ = run(*arguments(made, "claims"), "--claim", "C04，c01", "--format", "json")
    assert [claim["id"] for claim in json.loads(out)["claims"]] == ["C01", "C04"]
    code, _, err = run(*arguments(made, "claims"), "--claim", "C77", "--lang", "en")
    assert code == 2
    assert "there is no such statement" in err


def test_a_table_or_records_are_enough_without_an_export(run: Run, made: dict[str, Path]) -> None:
    code, out, _ = run("claims", "--table", made["cost"], "--claim", "C03", "-q", "--format", "json")
    assert code == 0
    assert json.loads(out)["claims"][0]["n"] == 12
    assert run("claims", "--lang", "en")[0] == 2


def test_wrong_bindings_are_refused_with_the_names_there_are(run: Run, made: dict[str, Path]) -> None:
    code, _, err = run(*arguments(made, "claims"), "--column", "left=流失", "--lang", "en")
    assert code == 2
    assert "churned" in err
    code, _, err = run(*arguments(made, "claims"), "--column", "churned=没有这一列", "--lang", "zh")
    assert code == 3
    assert "没有文件含有为此指定的列" in err


def test_a_folder_is_written_once(run: Run, made: dict[str, Path], tmp_path: Path) -> None:
    folder = tmp_path / "results"
    assert run(*arguments(made, "claims"), "--claim", "C04", "--out", folder)[0] == 0
    assert sorted(path.name for path in folder.iterdir()) == ["claims.csv", "claims.json", "manifest.json"]
    assert run(*arguments(made, "claims"), "--claim", "C04", "--out", folder)[0] == 2
    assert run(*arguments(made, "claims"), "--claim", "C04", "--out", folder, "--force")[0] == 0


# targets ---------------------------------------------------------------------------------------------------


def test_targets_are_proposed_with_worth_and_steps(run: Run, made: dict[str, Path], tmp_path: Path) -> None:
    file = tmp_path / "assumptions.toml"
    file.write_text(
        'schema = "satsurvey.assumptions/1"\n[channels.all]\ncost_per_agent_hour = 60\n'
        "extra_agent_hours_per_month = 100\nvalue_per_point_per_month = 4000\n",
        encoding="utf-8",
    )
    code, out, err = run(*arguments(made, "targets"), "--assumptions", file, "--lang", "zh")
    assert (code, err) == (0, "")
    assert out.startswith("首次响应目标建议\n")
    assert "成本与收益" in out
    assert "六个步骤" in out
    assert "公布的效应仅作比较" in out
    named = run("targets", "propose", *arguments(made, "targets")[1:], "--assumptions", file, "--lang", "zh")
    assert named[1] == out


def test_targets_in_json_follow_their_schema(run: Run, made: dict[str, Path]) -> None:
    document = json.loads(run(*arguments(made, "targets"), "--format", "json")[1])
    assert list(faults(document, TARGETS_SCHEMA)) == []
    assert document["association"] == "found"
    assert document["targets"][0]["published_s"] == 30
    rows = list(csv.DictReader(io.StringIO(run(*arguments(made, "targets"), "--format", "csv")[1])))
    assert float(rows[0]["target_s"]) == document["targets"][0]["target_s"]


def test_a_target_without_an_association_is_refused_in_words(
    run: Run, made: dict[str, Path], tmp_path: Path
) -> None:
    frame = pd.read_csv(made["survey"])
    frame["A1"] = np.random.default_rng(3).integers(50, 90, len(frame))
    path = tmp_path / "flat.csv"
    frame.to_csv(path, index=False, encoding="utf-8")
    given = ["targets", path, "--instrument", made["instrument"], "--records", made["records"], "-q"]
    code, out, _ = run(*given, "--lang", "en")
    assert code == 0
    assert "no target can be justified by satisfaction on these data; operational benchmark shown" in out
    document = json.loads(run(*given, "--format", "json")[1])
    assert document["association"] == "none_found"
    assert not document["justified"]
    assert {row["target_s"] for row in document["targets"]} == {None}
    assert {row["published_s"] for row in document["targets"]} == {30}


def test_targets_are_written_to_a_folder(run: Run, made: dict[str, Path], tmp_path: Path) -> None:
    folder = tmp_path / "results"
    assert run(*arguments(made, "targets"), "--out", folder)[0] == 0
    assert sorted(path.name for path in folder.iterdir()) == [
        "attainment.csv", "manifest.json", "targets.csv", "targets.json"
    ]  # fmt: skip


def test_the_template_goes_through_as_it_is(run: Run, made: dict[str, Path], tmp_path: Path) -> None:
    code, out, _ = run("targets", "template")
    assert code == 0
    file = tmp_path / "assumptions.toml"
    file.write_text(out, encoding="utf-8")
    assert run(*arguments(made, "targets"), "--assumptions", file)[0] == 0
    file.write_text(out.replace("currency", "money"), encoding="utf-8")
    code, _, err = run(*arguments(made, "targets"), "--assumptions", file, "--lang", "zh")
    assert code == 3
    assert "假设文件有 1 处错误" in err


# Words -----------------------------------------------------------------------------------------------------


def test_every_code_has_words_in_both_languages() -> None:
    assert set(VERDICT_WORDS) == {*VERDICTS, ""}
    readings = {reading for claim in load_claims() for reading in claim.readings}
    assert readings <= set(READING_WORDS)
    parts = {part for claim in load_claims() for part in claim.rules} - {"main"}
    assert parts == set(PART_WORDS)
    for words in (VERDICT_WORDS, READING_WORDS, PART_WORDS, BASIS_WORDS):
        for code, (zh, en) in words.items():
            assert not code or code == "share" or CHINESE.search(zh)
            assert not CHINESE.search(en)
