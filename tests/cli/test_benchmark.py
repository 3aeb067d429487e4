"""The commands `satsurvey benchmark` and `satsurvey scorecard`, as a user runs them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from satsurvey.cli.main import run_with
from satsurvey.report.benchmark_schema import BENCHMARK_SCHEMA, PROMISE_JSON_SCHEMA, SCORECARD_JSON_SCHEMA

from ..report.schema_faults import faults

EXAMPLES = Path(__file__).parents[2] / "examples" / "benchmark"
OWN, VENDORS = EXAMPLES / "own-figures.csv", EXAMPLES / "vendors.csv"
TIMES = EXAMPLES / "response-times.csv"

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def execute(*arguments: object) -> tuple[int, str, str]:
        code = run_with([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return code, said.out, said.err

    return execute


def test_own_figures_are_graded_and_nothing_is_said_on_the_side(run: Run) -> None:
    code, out, err = run("benchmark", OWN)
    assert (code, err) == (0, "")
    assert out.startswith("按公布数字评级：各级企业数\n")
    assert all(f"\n{title}\n" in out for title in ("逐企业评级", "所用的线", "没有比较的"))
    named = run("benchmark", "grade", OWN)
    assert named[1] == out


def test_csv_and_json_say_the_same_at_full_precision(run: Run) -> None:
    rows = list(csv.DictReader(io.StringIO(run("benchmark", OWN, "--format", "csv")[1])))
    document = json.loads(run("benchmark", OWN, "--format", "json")[1])
    assert list(faults(document, BENCHMARK_SCHEMA)) == []
    assert [row["grade"] for row in rows] == [row["grade"] for row in document["grades"]]
    assert float(rows[3]["ci_low"]) == document["grades"][3]["ci_low"]
    assert document["provenance"]["inputs"][0]["name"] == OWN.name
    for part in ("lines", "summary", "refused"):
        rows = list(csv.DictReader(io.StringIO(run("benchmark", OWN, "--show", part, "--format", "csv")[1])))
        assert len(rows) == len(document[part]) > 0


def test_all_companies_are_shown_when_asked_for(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    rows = "".join(f"企业{k},fcr,{50 + k / 4}%\n" for k in range(100))
    path.write_text("企业,指标,数值\n" + rows, encoding="utf-8")
    short, whole = run("benchmark", path)[1], run("benchmark", path, "--show", "grades")[1]
    assert "共 100 家企业，只列未达必达线最多的 60 家；全部：--show grades" in short
    assert sum(line.startswith("企业") for line in whole.splitlines()) == 100
    assert len(list(csv.DictReader(io.StringIO(run("benchmark", path, "--format", "csv")[1])))) == 100


def test_a_table_of_key_figures_is_graded_by_its_means_and_rates(run: Run, tmp_path: Path) -> None:
    survey, contacts, figures = (tmp_path / name for name in ("s.csv", "c.csv", "k.csv"))
    options = ("--companies", "4", "--interviews", "20", "--industries", "2", "--encoding", "utf-8")
    assert run("simulate", "--out", survey, "--contacts", contacts, *options)[0] == 0
    figures.write_text(run("records", contacts, "-q", "--format", "csv")[1], encoding="utf-8")
    names = ["company", "channel", "metric", "formula"]
    table, records = (
        pd.DataFrame(json.loads(run("benchmark", path, "--format", "json")[1])["grades"])
        for path in (figures, contacts)
    )
    one, other = (
        frame[(frame["figures"] != "") & frame["value"].notna()].set_index(names).sort_index()
        for frame in (table, records)
    )
    assert set(one["statistic"]) == {"mean", "rate"}
    assert one.index.equals(other.index)
    assert one["grade"].tolist() == other["grade"].tolist()
    assert one["value"].to_numpy() == pytest.approx(other["value"].to_numpy(), rel=1e-12)
    rest = table[table["statistic"].isin(["median", "p90"]) & table["value"].notna()]
    assert set(rest["grade"]) == {""}
    assert set(rest.loc[rest["metric"] == "first_response_time", "why"]) <= {"other_statistic", "no_line"}
    assert (rest["why"] == "other_statistic").sum() > 10


def test_own_lines_and_an_industry_can_be_given(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text("渠道,指标,数值\n在线,首响,70\n电话,首响,25\n", encoding="utf-8")
    _, out, _ = run("benchmark", path, "--industry", "电商", "--figures", EXAMPLES / "own-lines.toml",
                    "--format", "json")  # fmt: skip
    first, second = json.loads(out)["grades"]
    assert (first["standard"], first["own_target"], second["own_target"]) == (60, 90, 20)
    code, _, err = run("benchmark", path, "--industry", "养鱼")
    assert code == 2
    assert "没有对这个名称的行业公布过数字" in err


def test_results_are_written_to_a_folder_and_never_over_another(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert run("benchmark", OWN, "--out", out)[0] == 0
    assert {path.name for path in out.iterdir()} >= {"grades.csv", "benchmark.json", "manifest.json"}
    code, _, err = run("benchmark", OWN, "--out", out)
    assert (code, "--force" in err) == (2, True)
    assert run("benchmark", OWN, "--out", out, "--force", "--quiet")[0] == 0


def test_records_are_graded_through_a_map(run: Run, tmp_path: Path) -> None:
    rng = np.random.default_rng(6)
    n = 120
    answered = pd.Timestamp("2025-03-03 10:00") + pd.to_timedelta(np.arange(n) * 60, unit="s")
    pd.DataFrame(
        {
            "contact_id": [f"k{k}" for k in range(n)],
            "company": "甲",
            "channel": "phone",
            "request_at": answered.strftime("%Y-%m-%d %H:%M:%S"),
            "first_response_s": rng.exponential(20, n).round(1),
        }
    ).to_csv(tmp_path / "r.csv", index=False)
    code, out, err = run("benchmark", tmp_path / "r.csv", "--map", "general", "--format", "json")
    assert code == 0, err
    rows = {row["metric"]: row for row in json.loads(out)["grades"]}
    assert rows["first_response_time"]["grade"] in ("excellent", "basic")
    code, out, err = run("scorecard", "promise", tmp_path / "r.csv", "--within", "30s", "--share", "70%",
                         "--by", "company", "--format", "json")  # fmt: skip
    assert code == 0, err
    assert json.loads(out)["verdicts"][0]["company"] == "甲"


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("", 3, ""),
        ("指标,数值\nxx,1\n", 3, "没有能理解的数值"),
        ("指标,数值\nfcr,\n", 0, ""),
    ],
)
def test_tables_of_nothing_end_with_input_invalid(
    text: str, code: int, words: str, run: Run, tmp_path: Path
) -> None:
    path = tmp_path / "x.csv"
    path.write_text(text, encoding="utf-8")
    found, _, err = run("benchmark", path)
    assert found == code
    assert words in err


def test_published_figures_are_listed_by_metric_and_channel(run: Run) -> None:
    rows = list(csv.DictReader(io.StringIO(
        run("benchmark", "figures", "--metric", "首响", "--channel", "电话", "--format", "csv")[1]
    )))  # fmt: skip
    assert {(row["metric"], row["channel"]) for row in rows} == {("first_response_time", "phone")}
    assert all(row["source"] and row["evidence"] for row in rows)
    document = json.loads(run("benchmark", "figures", "--format", "json")[1])
    assert len(document["figures"]) > 200
    code, out, _ = run("benchmark", "figures", "--elsewhere", "--lang", "en")
    assert code == 0
    assert "China Banking Association" in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--metric", "首次响映"), "没有这个名称的指标"),
        (("--metric", "nps", "--channel", "bot"), "没有公布过数字"),
    ],
)
def test_figures_that_are_not_there_are_told(arguments: tuple[str, ...], words: str, run: Run) -> None:
    code, out, err = run("benchmark", "figures", *arguments)
    assert (code, out) == (2, "")
    assert words in err


# Scorecard -------------------------------------------------------------------------------------------------


def test_vendors_are_compared_and_declared_weights_stand_beside_the_others(run: Run) -> None:
    code, out, err = run("scorecard", VENDORS)
    assert (code, err) == (0, "")
    assert out.startswith("服务商评分卡\n")
    assert "声明的权重" not in out
    _, out, _ = run("scorecard", VENDORS, "--weights", EXAMPLES / "weights.toml", "--format", "json")
    document = json.loads(out)
    assert list(faults(document, SCORECARD_JSON_SCHEMA)) == []
    assert {row["weighting"] for row in document["totals"]} == {"equal", "roc", "declared"}
    assert len(document["provenance"]["inputs"]) == 2
    rows = list(
        csv.DictReader(io.StringIO(run("scorecard", VENDORS, "--show", "tests", "--format", "csv")[1]))
    )
    assert len(rows) == 33


def test_distance_and_seed_change_what_they_should(run: Run) -> None:
    plain, distant, seeded = (
        json.loads(run("scorecard", VENDORS, "--format", "json", *more)[1])
        for more in ((), ("--tests", "distance"), ("--seed", "1"))
    )
    assert plain["totals"] != distant["totals"]
    assert plain["totals"] == seeded["totals"]
    assert plain["dependence"] != seeded["dependence"]


@pytest.mark.parametrize("name", ["s.xlsx", "s.csv"])
def test_a_template_is_written_once_and_refused_where_nothing_is_filled_in(
    name: str, run: Run, tmp_path: Path
) -> None:
    path = tmp_path / name
    code, out, err = run("scorecard", "template", path, "--vendor", "甲")
    assert (code, out) == (0, "")
    assert "供填写的表已写到" in err
    assert run("scorecard", "template", path)[0] == 2
    code, _, err = run("scorecard", path)
    assert code == 3
    assert "表还没有填写" in err


def test_a_promise_is_tested_on_a_column_of_times(run: Run) -> None:
    arguments = ("scorecard", "promise", TIMES, "--column", "首次响应时长", "--within", "30s")
    code, out, err = run(*arguments, "--share", "95%", "--mean")
    assert (code, err) == (0, "")
    assert "没有做到" in out
    document = json.loads(run(*arguments, "--share", "0.8", "--format", "json")[1])
    assert list(faults(document, PROMISE_JSON_SCHEMA)) == []
    assert document["share"] == 0.8
    assert document["verdicts"][0]["verdict"] == "kept"
    rows = list(csv.DictReader(io.StringIO(run(*arguments, "--share", "80％", "--format", "csv")[1])))
    assert float(rows[0]["value"]) == document["estimates"][0]["value"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--within", "很快", "--share", "95%"), "这不是时长"),
        (("--within", "30s", "--share", "95"), "这不是联系的比例"),
        (("--within", "30s", "--share", "多数"), "这不是联系的比例"),
        (("--within", "30s", "--share", "100%"), "承诺的比例在 0 与 1 之间"),
        (("--within", "30s"), "既没有说明多大比例"),
        (("--within", "30s", "--share", "95%", "--by", "agent_id"), "联系不能按此分组"),
    ],
)
def test_promises_that_cannot_be_read_are_wrong_usage(
    arguments: tuple[str, ...], words: str, run: Run
) -> None:
    code, out, err = run("scorecard", "promise", TIMES, "--column", "首次响应时长", *arguments)
    assert (code, out) == (2, "")
    assert words in err


@pytest.mark.parametrize("path", [("benchmark",), ("benchmark", "grade"), ("scorecard", "score"),
                                  ("scorecard", "promise"), ("scorecard", "template")])  # fmt: skip
def test_help_begins_with_what_it_does_and_an_example(path: tuple[str, ...], run: Run) -> None:
    code, out, _ = run(*path, "--help")
    assert code == 0
    if len(path) == 2:
        assert "例" in out
        assert f"satsurvey {path[0]}" in out
