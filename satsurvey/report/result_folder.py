"""Results as a folder: tables as CSV, documents, and a manifest of what they are made from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from satsurvey.report.score_json import json_text, plain_data
from satsurvey.report.text import frame_to_csv
from satsurvey.report.writing import Writer, checksums, void, write_folder


def write_results(
    folder: Path,
    *,
    frames: Mapping[str, pd.DataFrame],
    texts: Mapping[str, str],
    manifest: Mapping[str, object],
    force: bool = False,
) -> tuple[Path, ...]:
    """Write results as a folder that appears whole or not at all.

    Parameters
    ----------
    folder, force
        As in `write_folder`.
    frames
        Tables by name; each is written as `NAME.csv` at full precision.
    texts
        Documents by the name of their file.
    manifest
        What the results are made from; `manifest.json` has it, and name, bytes and SHA-256 of every file.

    Raises
    ------
    OutputError
        As `write_folder` does.
    """

    def csv(frame: pd.DataFrame) -> Writer:
        return lambda path: void(frame_to_csv(frame, path))

    def document(text: str) -> Writer:
        return lambda path: void(path.write_text(text, encoding="utf-8", newline="\n"))

    def listed(path: Path) -> None:
        content = {**manifest, "files": checksums(path.parent)}
        path.write_text(json_text(plain_data(content)), encoding="utf-8", newline="\n")

    writers = {f"{name}.csv": csv(frame) for name, frame in frames.items()}
    writers |= {name: document(text) for name, text in texts.items()}
    return write_folder(folder, writers | {"manifest.json": listed}, force=force)
