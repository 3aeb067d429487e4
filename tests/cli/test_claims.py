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
from response_time.claim_truths import channelled
from rich.cells import cell_len

from satsurvey.cli.main import run_with
from satsurvey.report.claim_tables import PART_WORDS, READING_WORDS, VERDICT_WORDS, claim_tables
from satsurvey.report.claims_schema import CLAIMS_SCHEMA, TARGETS_SCHEMA
from satsurvey.report.target_tables import BASIS_WORDS, target_tables
from satsurvey.report.terminal import render
from satsurvey.response_time.claim_tests import examine
from satsurvey.response_time.claims import load_claims
from satsurvey.response_time.targets import propose_targets
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
    return [
        command,
        made["survey"],
        "--questionnaire",
        made["instrument"],
        "--records",
        made["records"],
        "-q",
    ]


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


@pytest.fixture(scope="module")
def rich(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Write an export with two dimensions, an overall question, comments and dates, rated records, labels."""
    folder = tmp_path_factory.mktemp("rich")
    rng = np.random.default_rng(2)
    names, effect = companies(rng, 30, 20)
    n = len(names)
    day = pd.Timestamp("2025-07-01") + pd.to_timedelta(rng.integers(-60, 60, n), unit="D")
    after = np.asarray(day >= pd.Timestamp("2025-07-01"))
    log = np.log(np.where(after, 180, 600)) + rng.normal(0, 0.4, n)
    cases = [f"K{k:05d}" for k in range(n)]

    def whole(scores: np.ndarray) -> np.ndarray:
        return np.clip(np.rint(scores), 0, 100).astype(int)

    solution = 100 - 5 * log + effect + rng.normal(0, 5, n)
    survey = pd.DataFrame(
        {
            "company": names,
            "case_id": cases,
            "A1": whole(90 - 3 * log + effect + rng.normal(0, 5, n)),
            "C1": whole(solution),
            "O1": whole(0.5 * solution + 40 - 2 * log + effect + rng.normal(0, 5, n)),
            "S10": rng.integers(0, 2, n),
            "V2": rng.choice(["等了半个小时没人接", "客服态度太差了", ""], n),
        }
    )
    records = pd.DataFrame(
        {
            "case_id": cases,
            "company": names,
            "request_at": day,
            "first_response_s": np.rint(np.exp(log)),
            "rating": rng.integers(1, 6, n),
        }
    )
    labelled = pd.DataFrame(
        {
            "文本": ["等了半个小时没人接"] * 30 + ["客服态度太差了"] * 30,
            "标签": ["负面"] * 60,
            "慢": ["是"] * 30 + ["否"] * 30,
        }
    )
    paths = {"instrument": instrument(folder, ("A", "C"))}
    for name, frame in (("survey", survey), ("records", records), ("labelled", labelled)):
        paths[name] = folder / f"{name}.csv"
        frame.to_csv(paths[name], index=False, encoding="utf-8")
    return paths


def test_what_stands_beside_c06_c07_c08_and_c21_is_in_both_languages_and_in_json(
    run: Run, rich: dict[str, Path]
) -> None:
    given = [*arguments(rich, "claims"), "--claim", "C06,C07,C08,C21", "--labelled", rich["labelled"]]
    given += ["--given", "changed_on=2025-07-01"]
    given += ["--given", "rating_scale=1-5", "--given", "rating_satisfied=4-5"]
    code, out, err = run(*given, "--lang", "zh")
    assert (code, err) == (0, "")
    for words in (
        "前后比较：2025-07-01 的跃变",
        "变更前首次响应的中位数",
        "与说法的600秒到180秒相符",
        "其中经由维度C（两斜率之积）",
        "没有未测的混杂",
        "已校正；误差表来自您标注的评论",
        "服务记录评价的满意占比减调查",
    ):
        assert words in out.replace("\n", ""), words
    english = run(*given, "--lang", "en")[1]
    assert "of that, through dimension C (product of two slopes)" in english
    assert CHINESE.findall(english) == []
    document = json.loads(run(*given, "--format", "json")[1])
    assert list(faults(document, CLAIMS_SCHEMA)) == []
    what = {one["what"] for claim in document["claims"] for one in claim["estimates"]}
    assert "before and after: step on 2025-07-01" in what
    assert "satisfied share of ratings in the records less survey" in what
    inputs = [one["name"] for one in document["provenance"]["inputs"]]
    assert inputs == ["survey.csv", "records.csv", "labelled.csv"]


def test_without_day_scale_and_labels_the_tables_say_how_to_give_them(
    run: Run, rich: dict[str, Path]
) -> None:
    code, out, _ = run(*arguments(rich, "claims"), "--claim", "C06,C08,C21", "--lang", "zh")
    flat = "".join(out.split())
    assert code == 0
    assert "未说明响应变快的日期" in flat
    assert "--givenchanged_on=2025-07-01" in flat
    assert "本项目自写自标" in flat
    assert "以--labelled给出" in flat
    assert "服务记录中评价的量表未知" in flat


def test_what_is_stated_and_cannot_be_meant_is_refused(run: Run, rich: dict[str, Path]) -> None:
    for stated, words in (
        ("changed_on=7月1日", "这不是日期"),
        ("changed_company=别家", "没有访问属于这家企业"),
        ("rating_scale=1-5", "评价量表既要两端"),
    ):
        code, _, err = run(*arguments(rich, "claims"), "--given", stated, "--lang", "zh")
        assert code == 2, stated
        assert words in err


@pytest.mark.parametrize("command", ["claims", "targets"])
def test_records_of_other_customers_are_refused_with_the_reasons_counted(
    run: Run, made: dict[str, Path], tmp_path: Path, command: str
) -> None:
    other = pd.read_csv(made["records"]).assign(company="甲")
    path = tmp_path / "other.csv"
    other.to_csv(path, index=False, encoding="utf-8")
    # The export has times of its own: without records they would be used.
    own = pd.read_csv(made["survey"])
    own["first_response_s"] = np.arange(len(own)) + 1
    survey = tmp_path / "own.csv"
    own.to_csv(survey, index=False, encoding="utf-8")
    given = [command, survey, "--questionnaire", made["instrument"], "-q", "--lang", "zh"]
    assert run(*given)[0] == 0
    code, out, err = run(*given, "--records", path)
    assert code == 3
    assert out == ""
    assert "没有一份访问能与服务记录中的联系对应（企业不一致 600 份）" in err
    assert "处理" in err


def test_the_questionnaire_is_named_as_in_response(run: Run, made: dict[str, Path]) -> None:
    for command in ("claims", "targets"):
        code, _, err = run(command, made["survey"], "--instrument", made["instrument"], "--lang", "en")
        assert code == 2
        assert "--instrument" in err


def test_tables_are_in_words_and_fit_a_terminal_of_a_hundred_cells(tmp_path: Path) -> None:
    data = channelled(tmp_path, {"im": 5, "phone": 4, "app_ticket": 4, "email": 3})
    report = examine(data, ids=["C01", "C06", "C07", "C13", "C14"])
    for language in ("zh", "en"):
        for table in claim_tables(report, language):
            lines = render(table, width=100, color=False).splitlines()
            assert max(map(cell_len, lines)) <= 100, table.title
        # In a pipe nothing is folded by the terminal: sentences are folded by the table itself.
        wide = [render(table, color=False) for table in claim_tables(report, language)[2:]]
        assert max(cell_len(line) for text in wide for line in text.splitlines()) <= 110
    text = "".join(render(table, color=False) for table in claim_tables(report, "zh"))
    for code in ("app_ticket", "固定：channel", "purpose", "im，", "im，phone"):
        assert code not in text
    assert "时长每变为约 2.7 倍" in text
    assert "即时通讯，公布目标 2 分钟" in text
    assert "未见转折" in text
    estimates = next(table for table in claim_tables(report, "zh") if table.title == "估计")
    assert all(row[1] for row in estimates.rows)
    english = "".join(render(table, color=False) for table in claim_tables(report, "en"))
    assert CHINESE.findall(english) == []


def test_a_long_sentence_is_whole_in_the_table_of_details(tmp_path: Path) -> None:
    data = channelled(tmp_path, {"im": 5, "phone": 4})
    report = examine(data, ids=["C01"])
    note = report.claims["C01"].note.zh
    details = claim_tables(report, "zh")[2]
    text = "".join(str(row[2]) for row in details.rows)
    assert note in text
    assert [row[1] for row in details.rows if row[1]][:3] == ["模型", "时钟", "注意"]


# targets ---------------------------------------------------------------------------------------------------


def test_targets_fit_a_terminal_and_channels_are_never_folded(tmp_path: Path) -> None:
    data = channelled(tmp_path, {"im": 5, "phone": 4, "app_ticket": 4, "email": 3})
    report = propose_targets(data)
    for language, width in (("zh", 100), ("en", 115)):
        table = target_tables(report, language)[0]
        lines = render(table, width=width, color=False).splitlines()
        assert max(map(cell_len, lines)) <= width
    text = render(target_tables(report, "zh")[0], width=100, color=False)
    assert "\nApp工单  " in text
    assert "\n即时通讯  " in text
    # Times stand with their units, and no heading has raw seconds.
    assert "(秒)" not in text
    assert re.search(r"\d 分钟", text)


def test_what_is_unknown_is_refused_with_what_to_do(run: Run, made: dict[str, Path], tmp_path: Path) -> None:
    given = arguments(made, "targets")
    code, _, err = run(*given, "--industry", "飞行", "--lang", "zh")
    assert code == 2
    assert "没有对这个名称的行业公布过数字" in err
    code, _, err = run(*given, "--assumptions", tmp_path / "none.toml", "--lang", "zh")
    assert code == 3
    assert "satsurvey: 假设文件读不出：" in err
    assert "处理：satsurvey targets template" in err
    empty = pd.read_csv(made["records"]).assign(first_response_s="", request_at="")
    path = tmp_path / "empty.csv"
    empty.to_csv(path, index=False, encoding="utf-8")
    code, _, err = run("targets", "--records", path, "-q", "--lang", "zh")
    assert code == 3
    assert "处理" in err


def test_a_total_stands_below_the_channels_where_there_are_several(
    run: Run, made: dict[str, Path], tmp_path: Path
) -> None:
    frame = pd.read_csv(made["records"])
    frame["channel"] = np.where(np.arange(len(frame)) % 4 == 0, "im", "phone")
    path = tmp_path / "two.csv"
    frame.to_csv(path, index=False, encoding="utf-8")
    file = tmp_path / "assumptions.toml"
    file.write_text(
        'schema = "satsurvey.assumptions/1"\n[channels.all]\ncost_per_agent_hour = 60\n'
        "extra_agent_hours_per_month = 100\nvalue_per_point_per_month = 4000\n",
        encoding="utf-8",
    )
    given = ["targets", made["survey"], "--questionnaire", made["instrument"], "--records", path]
    given += ["--assumptions", file, "-q", "--lang", "zh"]
    code, out, _ = run(*given)
    assert code == 0
    assert "\n合计  " in out
    document = json.loads(run(*given, "--format", "json")[1])
    assert list(faults(document, TARGETS_SCHEMA)) == []
    costs = {row["channel"]: row["cost"] for row in document["targets"] if not row["tier"]}
    assert costs == pytest.approx({"im": 1500, "phone": 4500})
    assert document["total"]["cost"] == pytest.approx(6000)


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
    given = ["targets", path, "--questionnaire", made["instrument"], "--records", made["records"], "-q"]
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
