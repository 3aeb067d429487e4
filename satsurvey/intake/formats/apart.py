"""Running a reader in a process of its own, so that a crash of its C library becomes an error message.

A library written in C may corrupt its memory on a damaged file; in the same process that ends the whole run
without a word, and no `except` can catch it.
"""

from __future__ import annotations

import importlib
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from satsurvey.errors import ReadError, shorten

SERVE = "from satsurvey.intake.formats.apart import serve; serve()"


def call_apart(function: Callable[..., Any], path: Path, *arguments: object) -> Any:
    """Call a module-level function in a new process and return what it returns.

    Parameters
    ----------
    function
        A function of an importable module; its arguments and result can be pickled.
    path
        The file that it reads, its first argument.
    arguments
        The others.

    Raises
    ------
    ReadError
        As the function raised it, or when the process died.
    """
    if not sys.executable or getattr(sys, "frozen", False):
        # In a frozen program there is no interpreter to start; the function then runs unprotected.
        return function(path, *arguments)
    task = pickle.dumps((function.__module__, function.__qualname__, path, arguments))
    # -P keeps modules of the current folder from standing in for real ones.
    child = subprocess.run(
        [sys.executable, "-P", "-c", SERVE],
        input=task,
        capture_output=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)},
        check=False,
    )
    if child.returncode != 0:
        said = child.stderr.decode("utf-8", "replace").strip().splitlines()
        reason = said[-1] if said and child.returncode > 0 else f"it ended with signal {-child.returncode}"
        raise ReadError(
            f"The library that reads such files failed on this one: {shorten(reason, 200)}",
            file=path,
            next_step="the file is probably damaged: copy or export it again in full, or export it as CSV",
        )
    refused, result = pickle.loads(child.stdout)
    if refused:
        raise ReadError(**result)
    return result


def serve() -> None:
    """Do the task that stands on standard input and write its result to standard output, both pickled."""
    module, name, path, arguments = pickle.loads(sys.stdin.buffer.read())
    # What a library prints must not mix with the result.
    results = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    try:
        answer = (False, getattr(importlib.import_module(module), name)(path, *arguments))
    except ReadError as refused:
        fields = ("what", "file", "sheet", "row", "column", "value", "expected", "next_step")
        answer = (True, {field: getattr(refused, field) for field in fields})
    with results:
        pickle.dump(answer, results, protocol=pickle.HIGHEST_PROTOCOL)
