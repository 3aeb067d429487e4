"""A progress bar on a terminal, and nothing elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from satsurvey.cli.language import rendered
from satsurvey.cli.options import Lang

_PATIENCE = 0.7


@contextmanager
def progress_bar(*, quiet: bool = False, language: Lang = "en") -> Iterator[Callable[[str, int, int], None]]:
    """Yield a function to tell progress to; a bar appears on standard error once the work takes long."""
    if quiet or not sys.stderr.isatty():
        yield lambda what, done, total: None
        return
    begun = time.monotonic()
    bar = None
    task = None
    shown = ""

    def tell(what: str, done: int, total: int) -> None:
        nonlocal bar, task, shown
        if bar is None:
            if time.monotonic() - begun < _PATIENCE:
                return
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

            bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                TimeElapsedColumn(),
                console=Console(stderr=True),
                transient=True,
            )
            bar.start()
            task = bar.add_task(rendered(what, language), total=None)
        if what != shown:
            bar.reset(task, description=rendered(what, language), total=total or None)
            shown = what
        bar.update(task, completed=done, total=total or None)

    try:
        yield tell
    finally:
        if bar is not None:
            bar.stop()
