"""The commands of the README: print one of its two set-up commands, or write its sessions anew.

python tests/readme_commands.py main|test
python tests/readme_commands.py refresh
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
SESSION = re.compile(r"```console\n(.*?)```", flags=re.DOTALL)


def commands() -> dict[str, str]:
    """Return the first two shell blocks of the README by what they are for."""
    blocks = re.findall(r"```bash\n(.*?)```", README.read_text(encoding="utf-8"), flags=re.DOTALL)
    return {"main": blocks[0].strip(), "test": blocks[1].strip()}


def sessions() -> list[tuple[str, str]]:
    """Return every command of the README's sessions with the output that it shows."""
    found = []
    for block in SESSION.findall(README.read_text(encoding="utf-8")):
        command, _, output = block.partition("\n")
        found.append((command.removeprefix("$ "), output))
    return found


def output_of(command: str, folder: Path) -> str:
    """Run a command of a session in a folder that has the examples, and return what a user sees."""
    if not (folder / "examples").exists():
        (folder / "examples").symlink_to(ROOT / "examples", target_is_directory=True)
    words = shlex.split(command)
    assert words[0] == "satsurvey"
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in {"SATSURVEY_LANG", "LANG", "LC_ALL", "LC_MESSAGES"}
    }
    environment |= {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        [sys.executable, "-m", "satsurvey", *words[1:]],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=folder,
        env=environment,
        check=False,
    )
    return done.stdout.decode("utf-8")


def refresh() -> None:
    """Write what the sessions print now into the README."""
    with tempfile.TemporaryDirectory() as folder:

        def renewed(match: re.Match[str]) -> str:
            command = match[1].partition("\n")[0]
            return (
                f"```console\n{command}\n{output_of(command.removeprefix('$ '), Path(folder)).strip()}\n```"
            )

        README.write_text(SESSION.sub(renewed, README.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1] == "refresh":
        refresh()
    else:
        print(commands()[sys.argv[1]])
