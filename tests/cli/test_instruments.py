"""The commands on instruments: data on stdout, talk on stderr, exit codes, nothing cut off."""

from __future__ import annotations

import json
import subprocess
import sys
import unicodedata

import pytest
from typer.testing import CliRunner

from satsurvey.cli.instruments import app
from satsurvey.errors import InstrumentError
from satsurvey.instrument.library import instrument_names, instrument_path, load_instrument

COMMANDS = ("list", "show", "check", "schema")


def run(*arguments):
    return CliRunner().invoke(app, list(arguments))


def cells_wide(text):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


@pytest.fixture
def broken(tmp_path):
    text = instrument_path("acsi-3").read_text(encoding="utf-8")
    path = tmp_path / "ours.toml"
    path.write_text(
        text.replace('dimension = "CS"', 'dimension = "XX"', 1).replace('id = "acsi-3"', "id = 3"),
        encoding="utf-8",
    )
    return path


def test_list_names_every_shipped_instrument():
    result = run("list", "--lang", "en")
    assert result.exit_code == 0
    for name in instrument_names():
        assert name in result.stdout
        assert load_instrument(name).title.en in result.stdout


def test_list_as_json_has_one_entry_an_instrument():
    entries = json.loads(run("list", "--format", "json").stdout)["instruments"]
    assert {entry["name"]: entry["n_items"] for entry in entries} == {
        "acsi-3": 3,
        "contact-centre-22": 22,
        "nps-csat-ces": 2,
        "servperf-22": 22,
    }


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("name", instrument_names())
def test_show_prints_every_wording_whole(name, lang):
    result = run("show", name, "--lang", lang)
    assert result.exit_code == 0
    instrument = load_instrument(name)
    assert instrument.status.get(lang) in result.stdout
    for one in (*instrument.dimensions, *instrument.items, *instrument.facts, *instrument.outcomes):
        assert one.text.get(lang) in result.stdout, one.code
    for item in instrument.items:
        assert item.text_channel.get(lang) in result.stdout, item.code
    for filtered in instrument.filters.values():
        assert filtered.expression in result.stdout
    for scale in instrument.scales.values():
        assert all(f"{code} {text.get(lang)}" in result.stdout for code, text in scale.labels.items())
    assert instrument.scoring.conversion in result.stdout
    assert "…" not in result.stdout


def test_columns_stand_under_each_other_beside_chinese_text():
    lines = run("show", "contact-centre-22").stdout.splitlines()
    rows = [line for line in lines if line[:2] in {"A1", "B4", "F3"}]
    assert len(rows) == 3
    assert len({cells_wide(row[: row.index("ten_point")]) for row in rows}) == 1


def test_show_as_json_is_the_instrument_itself():
    result = run("show", "servperf-22", "--format", "json")
    assert type(load_instrument("servperf-22")).model_validate(json.loads(result.stdout)) == load_instrument(
        "servperf-22"
    )


def test_show_takes_the_path_of_a_file(tmp_path):
    path = tmp_path / "ours.toml"
    text = instrument_path("acsi-3").read_text(encoding="utf-8")
    path.write_text(text.replace("ACSI-style customer", "[bold]Our[/bold] \\u001b[31m"), encoding="utf-8")
    result = run("show", str(path), "--lang", "en")
    assert result.exit_code == 0
    # Brackets are text and no markup, and what would colour the terminal is not passed on.
    assert "[bold]Our[/bold] \N{REPLACEMENT CHARACTER}[31m satisfaction" in result.stdout


def test_show_of_an_unknown_name_says_which_there_are():
    error = run("show", "acsi-4").exception
    assert isinstance(error, InstrumentError)
    assert "no instrument called 'acsi-4'" in str(error)
    assert "acsi-3" in str(error)


@pytest.mark.parametrize("name", instrument_names())
def test_check_of_a_sound_instrument_is_silent_on_stdout(name):
    result = run("check", name, "--lang", "en")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "sound" in result.stderr
    assert "没有错误" in run("check", name, "--lang", "zh").stderr


def test_check_lists_every_defect_with_file_table_and_key(broken):
    result = run("check", str(broken), "--format", "json")
    assert result.exit_code == 3
    report = json.loads(result.stdout)
    assert report["schema"] == "satsurvey.instrument-check/1"
    assert report["sound"] is False
    places = {(row["table"], row["key"]) for row in report["defects"]}
    assert places == {("", "id"), ("items[1]", "dimension")}
    assert {row["file"] for row in report["defects"]} == {str(broken)}
    assert "2 处错误" in result.stderr


def test_check_prints_the_same_as_a_table(broken):
    result = run("check", str(broken), "--lang", "en")
    assert result.exit_code == 3
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["file", "table", "key", "what", "is", "wrong"]
    assert any(
        str(broken) in line and "items[1]" in line and "no dimension has the code 'XX'; there are CS" in line
        for line in lines
    )


def test_check_of_what_is_no_toml_is_one_defect_of_the_file(tmp_path):
    path = tmp_path / "ours.toml"
    path.write_bytes("标题".encode("gb18030"))
    result = run("check", str(path), "--format", "json")
    assert result.exit_code == 3
    (defect,) = json.loads(result.stdout)["defects"]
    assert defect["key"] == "file"
    assert "not UTF-8 text" in defect["what"]
    assert "save it as UTF-8" in defect["what"]


def test_check_of_a_file_that_is_not_there_says_so(tmp_path):
    error = run("check", str(tmp_path / "none.toml")).exception
    assert isinstance(error, InstrumentError)
    assert "none.toml" in str(error)


def test_schema_prints_json_schema():
    result = run("schema")
    assert result.exit_code == 0
    assert "items" in json.loads(result.stdout)["properties"]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_help_begins_with_a_line_to_copy(command):
    result = run(command, "--help")
    assert result.exit_code == 0
    assert f"Example: satsurvey instruments {command}" in " ".join(result.stdout.split())


@pytest.mark.parametrize(
    "command", [("list",), ("show", "contact-centre-22"), ("check", "acsi-3"), ("schema",)]
)
def test_the_example_of_every_help_works(command):
    assert run(*command).exit_code == 0


def test_the_commands_load_nothing_heavy_before_they_run():
    code = (
        "import sys, satsurvey.cli.instruments; "
        "print([m for m in ('pandas', 'numpy', 'pydantic', 'pyarrow', 'scipy') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=True,
        cwd=_root(),
    )
    assert done.stdout.strip() == "[]"


def _root():
    from pathlib import Path

    return Path(__file__).resolve().parents[2]
