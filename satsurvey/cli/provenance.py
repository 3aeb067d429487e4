"""What a command says of where its results come from: the files read, the versions, the options given."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from satsurvey.intake.raw import Source

PATHS = frozenset({"map", "calendar", "weights"})
"""Options that may be paths: what is written names files, not the folders of one machine."""


def provenance_of_sources(sources: Iterable[Source], **options: object) -> dict[str, object]:
    """Return what a result was made from: the files with their SHA-256, versions, options."""
    import platform

    import numpy as np
    import pandas as pd
    import pyarrow as pa

    from satsurvey import __version__
    from satsurvey.intake.provenance import provenance_of

    versions = {
        "satsurvey": __version__,
        "python": platform.python_version(),
        **{module.__name__: module.__version__ for module in (np, pd, pa)},
    }
    shown = {
        name: Path(value).name if name in PATHS and isinstance(value, str | Path) else value
        for name, value in options.items()
    }
    return provenance_of(sources, shown, versions)


def provenance_of_files(files: Sequence[Path], **options: object) -> dict[str, object]:
    """Return what a result was made from, where nothing is known of the files but their names."""
    from satsurvey.intake.raw import Source

    sources = [Source(path, path.suffix.lower().removeprefix(".")) for path in files]
    return provenance_of_sources(sources, **options)
