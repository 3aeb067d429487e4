from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from satsurvey.errors import ReadError
from satsurvey.intake.formats.apart import call_apart
from satsurvey.intake.formats.content import kind_of_content


def test_result_comes_back_from_the_other_process(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a,b\n", encoding="utf-8")
    assert call_apart(kind_of_content, path) == "text"


def test_refusal_comes_back_with_all_its_words(tmp_path: Path) -> None:
    path = tmp_path / "none.csv"
    with pytest.raises(ReadError) as refused:
        call_apart(kind_of_content, path)
    with pytest.raises(ReadError) as here:
        kind_of_content(path)
    assert str(refused.value) == str(here.value)
    assert refused.value.file == str(path)


@pytest.mark.skipif(os.name != "posix", reason="Windows does not end processes by signals")
def test_crash_of_the_other_process_is_a_read_error() -> None:
    with pytest.raises(ReadError, match=f"it ended with signal {signal.SIGSEGV.value}") as refused:
        call_apart(signal.raise_signal, signal.SIGSEGV)  # type: ignore[arg-type]
    assert refused.value.next_step


def test_fault_in_the_other_process_is_a_read_error_with_its_last_line(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="FileNotFoundError"):
        call_apart(os.rmdir, tmp_path / "none")


def test_frozen_program_reads_in_its_own_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert call_apart(lambda path: path.name, tmp_path / "x") == "x"
