"""The command `satsurvey fieldwork` on an export with all cases."""

from __future__ import annotations

import csv
import io
import json

import pytest
import typer
from typer.testing import CliRunner

from satsurvey.cli.fieldwork import fieldwork_command

EXPORT = """样本编号,企业名称,行业,访问结果,访问员,访问时长,A1,B1,C1,D1,E1,F1,S4
1,甲,银行,1.1,01,300,8,9,8,7,8,9,1
2,甲,银行,2.11,01,,,,,,,,
3,乙,银行,1.1,02,200,8,8,9,8,98,8,1
4,乙,银行,3.13,02,,,,,,,,
5,丙,证券,1.1,02,400,7,8,8,7,8,9,1
6,丙,证券,4.8,02,,,,,,,,
"""


@pytest.fixture
def run(tmp_path):
    path = tmp_path / "calls.csv"
    path.write_text(EXPORT, encoding="utf-8")
    app = typer.Typer()
    app.command()(fieldwork_command)

    def invoke(*options):
        result = CliRunner().invoke(app, [str(path), *options], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.stdout

    return invoke


def test_json_holds_the_rates_the_interviewers_and_the_ledger(run):
    document = json.loads(run("--format", "json"))
    assert document["schema"] == "satsurvey.fieldwork/1"
    outcome = document["outcome"]
    assert outcome["classes"] == {"I": 3, "P": 0, "R": 1, "NC": 0, "O": 0, "UH": 1, "UO": 0, "NE": 1}
    assert outcome["e"] == pytest.approx(4 / 5)
    assert outcome["rates"]["RR1"] == pytest.approx(3 / 5)
    assert outcome["rates"]["RR3"] == pytest.approx(3 / (4 + 0.8))
    assert [row["completes"] for row in document["interviewers"]] == [1, 2]
    assert document["interviewers"][1]["mean_duration_s"] == pytest.approx(300)
    assert document["ledger"]["adds_up"] is True
    assert document["ledger"]["rows_read"] == 6


def test_csv_is_one_long_table_at_full_precision(run):
    rows = list(csv.DictReader(io.StringIO(run("--format", "csv"))))
    values = {(row["section"], row["name"], row["measure"]): row["value"] for row in rows}
    assert float(values["rate", "RR3", "share"]) == 3 / (4 + 0.8 * 1)
    assert float(values["class", "NE", "cases"]) == 1
    assert float(values["interviewer", "02", "dont_know_share"]) == 1 / 12


def test_the_table_shows_formula_value_and_e(run):
    text = run()
    (line,) = [line for line in text.splitlines() if line.startswith("RR1")]
    assert "I / (N + U)" in line
    assert "60.0%" in line
    assert "e = 0.8000：e = N / (N + NE)，按比例分配" in text
    assert "读取 6 行" in text


def test_the_language_and_e_can_be_chosen(run):
    text = run("--lang", "en", "--e", "0.5")
    assert "response rate" in text
    assert "e = 0.5000: e given by the user" in text
    assert "Ledger: 6 rows read" in text


def test_an_e_beyond_1_is_a_wrong_use_of_the_command(tmp_path):
    app = typer.Typer()
    app.command()(fieldwork_command)
    assert CliRunner().invoke(app, ["x.csv", "--e", "2"]).exit_code == 2
