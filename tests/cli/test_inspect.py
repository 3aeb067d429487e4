"""The command `inspect`: what it prints of a file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from satsurvey.cli.inspect import inspect_command
from satsurvey.errors import EncodingError, ReadError

RUNNER = CliRunner()
APP = typer.Typer()
APP.command("inspect")(inspect_command)


@pytest.fixture
def export(tmp_path: Path) -> Path:
    path = tmp_path / "export.csv"
    path.write_text("企业,A1,S3,备注\n甲,9,1,好\n甲,99,0,好\n乙,11,1,\x1b[31m\n", encoding="gb18030")
    return path


def run(*arguments: object) -> str:
    result = RUNNER.invoke(APP, [str(argument) for argument in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_file_and_columns_are_shown_in_both_languages(export: Path) -> None:
    chinese = run(export, "--lang", "zh")
    assert "gb18030" in chinese
    line = next(line for line in chinese.splitlines() if line.startswith("B "))
    assert "评分题 A1" in line
    assert "99 拒答 ×1" in line
    assert "11 ? ×1" in line
    assert "1 个单元格的值没有声明" in chinese
    english = run(export, "--lang", "en")
    assert "1 cells hold something that nothing declares" in english
    assert "99 refused ×1" in english
    assert "role company" in next(line for line in english.splitlines() if line.startswith("A "))


def test_what_a_file_holds_cannot_steer_the_terminal(export: Path) -> None:
    assert "\x1b" not in run(export)


def test_json_says_the_same(export: Path) -> None:
    data = json.loads(run(export, "--format", "json"))
    assert data["schema"] == "satsurvey.inspection/1"
    assert (data["encoding"], data["rows"]) == ("gb18030", 3)
    assert [column["code"] for column in data["columns"]] == ["company", "A1", "S3", None]
    assert {(code["text"], code["meaning"]) for code in data["columns"][1]["special_codes"]} == {
        ("99", "refused"),
        ("11", None),
    }


def test_rivals_labels_and_unreadable_rows_are_spoken_of(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_text("A1,打通客服热线的顺利程度\n9,8\n9,8,7\n", encoding="utf-8")
    text = run(path, "--lang", "en")
    assert "columns A, B all stand for A1" in text
    assert "1 rows cannot be read: 3 (" in text


def test_an_instrument_that_fits_better_is_named(tmp_path: Path) -> None:
    from satsurvey.instrument.library import load_instrument

    known = load_instrument("contact-centre-22").item_codes
    codes = [code for code in load_instrument("servperf-22").item_codes if code not in known]
    path = tmp_path / "export.csv"
    path.write_text(",".join(codes) + "\n" + ",".join("5" for _ in codes) + "\n", encoding="utf-8")
    assert f"servperf-22 knows {len(codes)} of the columns" in run(path, "--lang", "en")
    assert "no column is an item" not in run(path, "--lang", "en", "--instrument", "servperf-22")


def test_files_that_cannot_be_read_are_errors_in_words(tmp_path: Path) -> None:
    missing = RUNNER.invoke(APP, [str(tmp_path / "none.csv")])
    assert isinstance(missing.exception, ReadError)
    path = tmp_path / "export.csv"
    path.write_bytes("企业,A1\n甲,9\n".encode("gb18030"))
    wrong = RUNNER.invoke(APP, [str(path), "--encoding", "utf-8"])
    assert isinstance(wrong.exception, EncodingError)
    assert "--encoding" in str(wrong.exception)
