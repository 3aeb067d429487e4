"""How every command ends: exit codes, interruption, closed pipes, full disks, odd consoles, languages."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from satsurvey import __version__
from satsurvey.cli.main import run_with
from satsurvey.cli.options import default_language

from .exports import rows_of, write_csv

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = (
    *("score", "check", "inspect", "init", "fieldwork", "reconcile", "simulate", "comments", "instruments"),
)


@pytest.fixture
def export(tmp_path: Path) -> Path:
    return write_csv(tmp_path / "export.csv", *rows_of())


def spawn(*arguments: object, **options: object) -> subprocess.Popen[bytes]:
    environment = os.environ | {"PYTHONPATH": str(ROOT)} | options.pop("env", {})  # type: ignore[operator]
    return subprocess.Popen(
        [sys.executable, "-m", "satsurvey", *map(str, arguments)],
        stdout=options.pop("stdout", subprocess.PIPE),
        stderr=subprocess.PIPE,
        env=environment,
        **options,  # type: ignore[call-overload]
    )


def ended(process: subprocess.Popen[bytes]) -> tuple[int, bytes, str]:
    out, err = process.communicate(timeout=60)
    return process.returncode, out or b"", err.decode("utf-8", "replace")


def test_version_and_help_are_answers(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_with(["--version"]) == 0
    assert capsys.readouterr().out == f"satsurvey {__version__}\n"
    assert run_with(["--help", "--lang", "en"]) in {0, 2}
    assert run_with(["-h"]) == 0
    out = capsys.readouterr().out
    assert all(command in out for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_with([command, "--help"]) == 0
    assert f"satsurvey {command}" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [
        ["nothing"],
        ["score", "--bogus"],
        ["score"],
        ["check"],
        ["score", "x.csv", "--level", "high"],
        ["score", "x.csv", "--min-n", "0"],
        ["score", "x.csv", "--format", "xml"],
        ["score", "x.csv", "--lang", "fr"],
        ["score", "x.csv", "--show", "breakdowns"],
        ["score", "x.csv", "--show", "method", "--format", "csv"],
    ],
)
def test_a_wrong_call_is_2_and_speaks_on_standard_error(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_with(arguments) == 2
    talk = capsys.readouterr()
    assert talk.out == ""
    assert talk.err.strip()
    assert "Traceback" not in talk.err


def test_a_fault_is_1_and_can_be_debugged(
    export: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*arguments: object, **named: object) -> None:
        raise ZeroDivisionError("a fault planted by the test")

    monkeypatch.setattr("satsurvey.analysis.rank", broken)
    assert run_with(["score", str(export), "--lang", "en"]) == 1
    talk = capsys.readouterr()
    assert talk.out == ""
    assert "a fault of satsurvey itself: ZeroDivisionError: a fault planted by the test" in talk.err
    assert "SATSURVEY_DEBUG=1" in talk.err
    monkeypatch.setenv("SATSURVEY_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        run_with(["score", str(export)])


@pytest.mark.parametrize("place", ["satsurvey.analysis.score", "satsurvey.report.writing.write_workbook"])
def test_an_interruption_is_130_and_leaves_nothing_half_written(
    place: str,
    export: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def interrupted(*arguments: object, **named: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(place, interrupted)
    before = sorted(tmp_path.rglob("*"))
    assert run_with(["score", str(export), "--out", str(tmp_path / "new" / "results"), "--lang", "en"]) == 130
    talk = capsys.readouterr()
    assert talk.out == ""
    assert talk.err.strip() == "satsurvey: interrupted; nothing was left half written"
    assert sorted(tmp_path.rglob("*")) == before


def test_an_interruption_keeps_the_results_that_were_there(
    export: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "results"
    assert run_with(["score", str(export), "--out", str(out), "--quiet"]) == 0
    before = {path.name: path.read_bytes() for path in out.iterdir()}

    def interrupted(*arguments: object, **named: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("satsurvey.report.writing.write_workbook", interrupted)
    assert run_with(["score", str(export), "--out", str(out), "--force", "--quiet"]) == 130
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["export.csv", "results"]


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent otherwise on Windows")
def test_ctrl_c_in_a_running_process_is_130(tmp_path: Path) -> None:
    # A named pipe never ends, so the process waits inside the work when the signal comes.
    pipe = tmp_path / "export.csv"
    os.mkfifo(pipe)
    code = (
        "import sys, time, satsurvey.intake.reading as reading, satsurvey.analysis\n"
        "def wait(*a, **k):\n    print('ready', file=sys.stderr, flush=True); time.sleep(60)\n"
        "reading.open_raw = wait\n"
        "from satsurvey.cli.main import run_with\n"
        f"sys.exit(run_with(['score', {str(pipe)!r}, '--lang', 'en']))\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert process.stderr is not None
    assert process.stderr.readline().strip() == b"ready"
    time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    code_, out, err = ended(process)
    assert (code_, out) == (130, b"")
    assert err.strip() == "satsurvey: interrupted; nothing was left half written"


@pytest.mark.skipif(sys.platform == "win32", reason="pipes break otherwise on Windows")
def test_a_reader_that_has_gone_is_no_error(export: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    process = spawn("score", export, "--format", "json", "--quiet", stdout=write)
    os.close(write)
    assert ended(process) == (0, b"", "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("format", ["table", "json"])
def test_a_full_disk_behind_standard_output_is_2_and_a_sentence(export: Path, format: str) -> None:
    with Path("/dev/full").open("wb") as full:
        process = spawn("score", export, "--format", format, "--quiet", "--lang", "en", stdout=full)
        code, _, err = ended(process)
    assert code == 2
    assert err.startswith("satsurvey: the disk is full; what was printed is not complete\n")
    assert "Traceback" not in err


def test_a_gbk_console_gets_gbk_and_nothing_breaks(tmp_path: Path) -> None:
    headings, rows = rows_of()
    for row in rows:
        row[1] = row[1] + "😀\u0e01"  # nothing that GBK has
    export = write_csv(tmp_path / "export.csv", headings, rows)
    process = spawn("score", export, "--show", "companies", env={"PYTHONIOENCODING": "gbk"})
    code, out, err = ended(process)
    assert (code, err) == (0, "")
    assert "企业" in out.decode("gbk")
    process = spawn("check", export, env={"PYTHONIOENCODING": "ascii"})
    code, out, _ = ended(process)
    assert code == 0
    assert b"?" in out


def test_results_are_utf_8_wherever_they_go(export: Path) -> None:
    process = spawn("score", export, env={"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"})
    code, out, _ = ended(process)
    assert code == 0
    assert "银行" in out.decode("utf-8")


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({"LC_ALL": "en_US.UTF-8"}, "en"),
        ({"LC_ALL": "zh_CN.GB18030"}, "zh"),
        ({"SATSURVEY_LANG": "en", "LC_ALL": "zh_CN.UTF-8"}, "en"),
        ({"LC_ALL": "", "LC_MESSAGES": "", "LANG": "en_GB"}, "en"),
        ({"SATSURVEY_LANG": "fr", "LC_ALL": "fr_FR.UTF-8"}, "zh"),
    ],
)
def test_the_language_is_that_of_the_environment(
    environment: dict[str, str], language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SATSURVEY_LANG")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert default_language() == language


def test_a_process_speaks_the_language_of_its_environment(export: Path) -> None:
    code, out, _ = ended(spawn("score", export, env={"SATSURVEY_LANG": "", "LC_ALL": "en_US.UTF-8"}))
    assert code == 0
    assert out.startswith(b"Industr")


def test_the_argument_goes_before_the_environment(
    export: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SATSURVEY_LANG", "zh")
    assert run_with(["score", str(export), "--lang", "en"]) == 0
    assert "Industry" in capsys.readouterr().out


def test_every_exit_code_is_documented(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_with(["--help"]) == 0
    out = capsys.readouterr().out
    for code in ("0", "1", "2", "3", "4", "130"):
        assert code in out


def test_nobody_reads_the_terminal_by_accident(capsys: pytest.CaptureFixture[str]) -> None:
    # "-" is no file name here; waiting for a terminal would look like a hang.
    assert run_with(["score", "-"]) == 3
    talk = capsys.readouterr()
    assert talk.out == ""
    assert "-" in talk.err
