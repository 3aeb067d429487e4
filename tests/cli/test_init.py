"""The command `init`: a study file on disk or on standard output, and what is said of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from satsurvey.cli.init import init_command
from satsurvey.errors import OutputError
from satsurvey.intake.reading import read_responses
from satsurvey.intake.study import load_study

RUNNER = CliRunner()
APP = typer.Typer()
APP.command("init")(init_command)


@pytest.fixture
def export(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "data" / "export.csv"
    path.parent.mkdir()
    rows = "".join(f"{k},企业{k % 3},{k % 10 + 1},88\n" for k in range(30))
    path.write_text("编码,企业,A1,A2\n" + rows, encoding="gb18030")
    return path


def run(*arguments: object) -> Any:
    result = RUNNER.invoke(APP, [*map(str, arguments), "--lang", "en"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result


def test_the_study_file_lies_in_the_current_folder_and_reads_the_export(export: Path, tmp_path: Path) -> None:
    result = run("data/export.csv")
    study, _, _ = load_study(tmp_path / "study.toml")
    assert study.files[0].path == "data/export.csv"
    assert len(read_responses(study="study.toml")) == 30
    assert result.stdout == ""
    assert "study.toml: bound by declared names: 2 of 22 items, 0 facts, 1 other fields" in result.stderr
    assert "guessed, as comments that you put in force: interview_id = 编码" in result.stderr
    assert "next: satsurvey check --study study.toml" in result.stderr


def test_paths_are_counted_from_where_the_study_file_lies(export: Path, tmp_path: Path) -> None:
    (tmp_path / "studies").mkdir()
    run(export, "--out", "studies/mine.toml")
    assert load_study("studies/mine.toml")[0].files[0].path == "../data/export.csv"
    assert len(read_responses(study="studies/mine.toml")) == 30


def test_a_dash_prints_the_study_file_and_writes_none(export: Path, tmp_path: Path) -> None:
    result = run(export, "--out", "-")
    assert 'schema = "satsurvey.study/1"' in result.stdout
    assert "next:" not in result.stdout
    assert list(tmp_path.iterdir()) == [tmp_path / "data"]


def test_a_file_that_is_there_is_replaced_only_with_force(export: Path, tmp_path: Path) -> None:
    (tmp_path / "study.toml").write_text("mine", encoding="utf-8")
    refused = RUNNER.invoke(APP, [str(export)])
    assert isinstance(refused.exception, OutputError)
    assert "--force" in str(refused.exception)
    assert (tmp_path / "study.toml").read_text(encoding="utf-8") == "mine"
    run(export, "--force")
    assert load_study(tmp_path / "study.toml")[0].items == {"A1": "A1", "A2": "A2"}


def test_the_export_itself_is_never_replaced(export: Path) -> None:
    before = export.read_bytes()
    refused = RUNNER.invoke(APP, [str(export), "--out", str(export), "--force"])
    assert isinstance(refused.exception, OutputError)
    assert "would replace the export" in str(refused.exception)
    assert export.read_bytes() == before


def test_encoding_and_sheet_that_are_named_stand_in_the_study_file(export: Path) -> None:
    run(export, "--encoding", "gbk")
    assert load_study("study.toml")[0].files[0].encoding == "gbk"


def test_what_has_to_be_put_in_force_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    rows = "".join(f"东方{k % 3}号,9\n" for k in range(30))
    (tmp_path / "export.csv").write_text("谁,A1\n" + rows, encoding="utf-8")
    assert "put in force: the column of the company" in run("export.csv").stderr


def test_questions_that_no_instrument_knows_lead_to_the_schema(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "export.csv").write_text("x,y\n1,2\n3,4\n", encoding="utf-8")
    result = run("export.csv")
    assert "or write an instrument for these questions" in result.stderr
    assert "next: satsurvey instruments schema" in result.stderr
    load_study("study.toml")


def test_headings_filled_in_beside_the_wordings_make_a_file_readable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "export.csv").write_text("企业,x,y\n甲,1,2\n乙,3,4\n", encoding="utf-8")
    assert "fill in the headings under [items]" in run("export.csv").stderr
    text = Path("study.toml").read_text(encoding="utf-8")
    assert '# A1 = ""  # 打通客服热线的顺利程度' in text
    Path("study.toml").write_text(text.replace('# A1 = ""', 'A1 = "y"'), encoding="utf-8")
    responses = read_responses(study="study.toml")
    assert responses.item("A1").tolist() == [1, 3]
