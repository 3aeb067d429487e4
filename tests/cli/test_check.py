"""The command `check`: everything wrong at once, in three forms, with the exit codes that a script needs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from satsurvey.cli.main import run_with

from .exports import rows_of, write_csv

Run = Callable[..., tuple[int, str, str]]
SEVERITIES = ("error", "warning", "note")


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*arguments: object) -> tuple[int, str, str]:
        capsys.readouterr()
        code = run_with(["check", *map(str, arguments)])
        talk = capsys.readouterr()
        assert "Traceback" not in talk.err
        return code, talk.out, talk.err

    return run


def planted(tmp_path: Path, *, errors: bool = True) -> Path:
    """An export with one answer out of range in row 6 and a company of one interview."""
    headings, rows = rows_of()
    if errors:
        rows[4][headings.index("A1")] = "77"
    rows.append([*rows[0][:1], "小企业", *rows[0][2:]])
    rows[-1][0] = "99999"
    return write_csv(tmp_path / "export.csv", headings, rows)


def test_an_error_is_3_and_is_found_at_its_place(tmp_path: Path, run: Run) -> None:
    code, out, err = run(planted(tmp_path), "--format", "csv", "--lang", "en")
    assert (code, err) == (3, "")
    (row,) = [row for row in csv.DictReader(io.StringIO(out.lstrip("\ufeff"))) if row["severity"] == "error"]
    assert (row["file"], row["row"], row["column"], row["letter"], row["value"]) == (
        *("export.csv", "6", "A1", "E", "77"),
    )
    assert row["what"]
    assert row["do"]


def test_warnings_are_0_and_4_when_strict(tmp_path: Path, run: Run) -> None:
    headings, rows = rows_of()
    rows[7] = rows[8].copy()  # one interview id twice
    export = write_csv(tmp_path / "export.csv", headings, rows)
    code, out, _ = run(export, "--format", "json")
    severities = {row["severity"] for row in json.loads(out)["findings"]}
    assert "warning" in severities
    assert "error" not in severities
    assert code == 0
    assert run(export, "--strict")[0] == 4


def test_errors_are_3_also_when_strict(tmp_path: Path, run: Run) -> None:
    assert run(planted(tmp_path), "--strict")[0] == 3


def test_json_lists_groups_rows_rules_and_the_ledger(tmp_path: Path, run: Run) -> None:
    code, out, err = run(planted(tmp_path), "--format", "json")
    assert (code, err) == (3, "")
    document = json.loads(out)
    assert document["schema"] == "satsurvey.check/1"
    assert set(document) == {
        *("schema", "rows_checked", "findings", "rows", "rules_run", "rules_not_run", "ledger", "notes")
    }
    assert document["rows_checked"] == document["ledger"]["rows_used"] == 127
    assert document["ledger"]["adds_up"]
    assert sum(max(group["n"], 1) for group in document["findings"]) == len(document["rows"])
    assert not set(document["rules_run"]) & set(document["rules_not_run"])
    assert {group["severity"] for group in document["findings"]} <= set(SEVERITIES)
    order = [SEVERITIES.index(group["severity"]) for group in document["findings"]]
    assert order == sorted(order), "the gravest come first"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_page_names_the_place_and_accounts_for_the_rows(lang: str, tmp_path: Path, run: Run) -> None:
    code, out, err = run(planted(tmp_path), "--lang", lang)
    assert (code, err) == (3, "")
    for part in ("out_of_range", "A1", "77", "127"):
        assert part in out


def test_set_aside_is_written_before_the_report_and_never_over_a_file(tmp_path: Path, run: Run) -> None:
    headings, rows = rows_of()
    rows.insert(3, [""] * len(headings))
    export = write_csv(tmp_path / "export.csv", headings, rows)
    unused = tmp_path / "unused.csv"
    code, out, err = run(export, "--set-aside", unused, "--lang", "en")
    assert code == 0
    assert err == f"satsurvey: 1 rows written to {unused}\n"
    assert "blank_row" in unused.read_text(encoding="utf-8-sig")
    code, out, err = run(export, "--set-aside", unused, "--lang", "en")
    assert (code, out) == (2, "")
    assert "the file is there already" in err
    assert run(export, "--set-aside", unused, "--force")[0] == 0


def test_an_export_without_interviews_is_3_and_says_so(tmp_path: Path, run: Run) -> None:
    headings, rows = rows_of(each=1)
    for row in rows:
        row[1] = ""
    for data in ([], rows):
        export = write_csv(tmp_path / "export.csv", headings, data)
        code, out, err = run(export, "--lang", "en")
        assert code == 3
        assert f"{len(data)} rows read" in out
        assert f"there is no interview to check: {len(data)} rows were read and none could be used" in err


def test_hostile_cells_are_shown_without_harm(tmp_path: Path, run: Run) -> None:
    headings, rows = rows_of()
    bad = "=cmd|' /C calc'!A0\x1b[31m\u202e" + "长" * 10_000
    rows[4][headings.index("A1")] = bad
    rows[5][headings.index("行业")] = "<script>"
    export = write_csv(tmp_path / "export.csv", headings, rows)
    for format in ("table", "csv", "json"):
        code, out, err = run(export, "--format", format)
        assert (code, err) == (3, "")
        assert "\x1b" not in out
        assert "\u202e" not in out
    for row in csv.reader(io.StringIO(run(export, "--format", "csv")[1])):
        assert not [cell for cell in row if cell.startswith("=")]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.binary(max_size=600),
    start=st.sampled_from([b"", "企业名称,A1,A2\n甲,5,6\n".encode(), b"\xef\xbb\xbf"]),
)
def test_arbitrary_bytes_never_end_in_a_fault(content: bytes, start: bytes, tmp_path: Path, run: Run) -> None:
    path = tmp_path / "export.csv"
    path.write_bytes(start + content)
    for arguments in (["--strict"], ["--format", "json"]):
        code, out, err = run(path, *arguments)
        assert code in {0, 3, 4}, err
        if out and arguments[-1] == "json":
            assert json.loads(out)["ledger"]["adds_up"]
