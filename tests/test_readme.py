"""What the README shows is what happens."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from readme_commands import README, ROOT, commands, output_of, sessions

from satsurvey.intake.study import study_defects


@pytest.mark.parametrize(("command", "shown"), sessions(), ids=lambda part: part[:50])
def test_sessions_print_what_the_readme_shows(command: str, shown: str, tmp_path: Path) -> None:
    for earlier, _ in sessions():
        if earlier == command:
            break
        if earlier.startswith("satsurvey simulate"):
            output_of(earlier, tmp_path)  # a later session may read what it wrote
    printed = output_of(command, tmp_path)
    assert [line.rstrip() for line in printed.strip().splitlines()] == [
        line.rstrip() for line in shown.strip().splitlines()
    ]


def test_the_python_of_the_readme_runs(tmp_path: Path) -> None:
    code = "\n".join(re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), flags=re.DOTALL))
    (tmp_path / "examples").symlink_to(ROOT / "examples", target_is_directory=True)
    script = f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{code}"
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=tmp_path,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == "7385 7385 {}"
    assert done.stdout.splitlines()[1].startswith("银行 1 1")
    assert (tmp_path / "results-python" / "ranking.xlsx").is_file()


def test_the_study_file_of_the_readme_is_sound() -> None:
    blocks = re.findall(r"```toml\n(.*?)```", README.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert blocks
    for block in blocks:
        assert study_defects(tomllib.loads(block)) == []


def test_the_two_commands_make_an_environment_of_their_own() -> None:
    both = commands()
    assert all(command.startswith("python3 -m venv .venv && ") for command in both.values())
    assert "satsurvey score" in both["main"]
    assert "pytest" in both["test"]


def test_files_that_the_readme_links_exist() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", README.read_text(encoding="utf-8")):
        assert (ROOT / target).exists(), target


def test_every_dependency_is_accounted_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    text = README.read_text(encoding="utf-8")
    for requirement in project["dependencies"]:
        assert re.split(r"[><=]", requirement)[0] in text
