"""What a command loads: nobody pays for what they do not use."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
EXAMPLE = ROOT / "examples" / "national-2019" / "national-2019.csv"
HEAVY = {"pandas", "scipy", "statsmodels", "pingouin", "jieba", "snownlp", "matplotlib"}
NOT_FOR_SCORES = {"statsmodels", "pingouin", "jieba", "snownlp", "matplotlib", "scipy.stats"}


def loaded_by(*arguments: str) -> set[str]:
    code = (
        "import sys, contextlib, io\n"
        "from satsurvey.cli.main import run_with\n"
        f"code = run_with({list(arguments)!r})\n"
        "assert code == 0, code\n"
        "print('\\nLOADED', *sorted(sys.modules), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8", cwd=ROOT, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(done.stderr.rsplit("LOADED", 1)[1].split())


@pytest.mark.parametrize(
    "arguments", [["--help"], ["score", "--help"], ["instruments", "--help"], ["--version"]]
)
def test_help_loads_no_heavy_library(arguments: list[str]) -> None:
    loaded = loaded_by(*arguments)
    assert not loaded & HEAVY
    assert "pydantic" not in loaded


def test_score_loads_no_library_it_does_not_need() -> None:
    assert not loaded_by("score", str(EXAMPLE), "--quiet") & NOT_FOR_SCORES


def test_importing_the_package_loads_nothing_else() -> None:
    code = "import sys; import satsurvey; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert not set(done.stdout.split()) & (HEAVY | {"numpy", "pyarrow", "pydantic", "typer"})
