"""The command `reconcile`: arguments in, answer out."""

from __future__ import annotations

import csv
import io
import json

import pytest
import typer
from typer.testing import CliRunner

from satsurvey.cli.reconcile import pairs, reconcile_command
from satsurvey.errors import MethodError

PUBLISHED = ["A=77.40", "B=85.13", "C=80.91", "D=83.53", "E=81.97", "F=93.37"]
RUNNER = CliRunner()
APP = typer.Typer()
APP.command("reconcile")(reconcile_command)


def run(*arguments: str) -> str:
    result = RUNNER.invoke(APP, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_the_total_of_2019_is_explained_in_both_languages() -> None:
    assert "均值 83.71833，四舍五入为 83.72，截尾为 83.71" in run("--total", "83.71", *PUBLISHED)
    english = run("--total", "83.71", *PUBLISHED, "--lang", "en")
    assert "mean 83.71833 of the 6 dimensions: rounds to 83.72, truncates to 83.71" in english
    line = next(line for line in english.splitlines() if line.startswith("equal weights  rounding half up"))
    assert line.split("  ")[-1] == "yes"
    assert "[83.71333, 83.72333)" in line


def test_json_and_csv_say_the_same() -> None:
    data = json.loads(run("--total", "83.71", *PUBLISHED, "--format", "json"))
    rows = list(csv.DictReader(io.StringIO(run("--total", "83.71", *PUBLISHED, "--format", "csv"))))
    assert [row["printed"] for row in rows] == [trial["printed"] for trial in data["trials"]]
    assert [row["reproduces"] for row in rows] == ["false", "false", "true"]
    assert float(rows[0]["exact"]) == data["trials"][0]["exact"] == pytest.approx(502.31 / 6)


def test_items_and_weights_are_read_from_one_option_or_several() -> None:
    together = run("--total", "83.71", *PUBLISHED, "--items", "A=3,B=5,C=4,D=4,E=3,F=3", "--lang", "en")
    apart = run(
        "--total", "83.71", *PUBLISHED, "--lang", "en",
        *(word for text in ("A=3", "B=5", "C=4", "D=4", "E=3", "F=3") for word in ("--items", text)),
    )  # fmt: skip
    assert together == apart
    assert "83.71045" in together
    declared = run("--total", "83.71", *PUBLISHED, "--weights", "A=1,B=1,C=1,D=1,E=1,F=2", "--lang", "en")
    assert "Declared weights: mean 85.09714" in declared  # (502.31 + 93.37) / 7


def test_an_instrument_gives_the_numbers_of_items_and_knows_dimensions_by_name() -> None:
    by_code = run("--total", "83.71", *PUBLISHED, "--instrument", "contact-centre-22", "--lang", "en")
    assert "Weights by number of items: mean 83.71045" in by_code
    named = ["接入便利=77.40", *PUBLISHED[1:]]
    assert run("--total", "83.71", *named, "--instrument", "contact-centre-22", "--lang", "en") == by_code


def test_full_width_signs_are_read() -> None:
    assert pairs(["接入便利＝77.40，沟通愉悦=85.13"], "NAME=SCORE") == {
        "接入便利": "77.40",
        "沟通愉悦": "85.13",
    }


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--total", "83.71", "A77.40", "B=1"], "this is not NAME=SCORE"),
        (["--total", "83.71", "A=77.40", "A=85.13"], "A is given twice"),
        (["--total", "83.71", "A=77.40", "B=85.13", "--items", "A=3.5,B=2"], "not a whole number"),
        (["--total", "83.71", "A=1", "Z=2", "--instrument", "contact-centre-22"], "no dimension Z"),
        (["--total", "83.71x", "A=77.40", "B=85.13"], "figure of total"),
    ],
)
def test_arguments_that_cannot_be_read_are_refused_in_words(arguments: list[str], words: str) -> None:
    result = RUNNER.invoke(APP, arguments)
    assert isinstance(result.exception, MethodError)
    assert words in str(result.exception)
