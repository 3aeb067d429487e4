"""Results as a folder: every table and document, and a manifest that lists them as they are."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pandas as pd
import pytest

from satsurvey.errors import OutputError
from satsurvey.report.result_folder import write_results


def test_tables_documents_and_a_manifest_with_their_checksums_are_written(tmp_path: Path) -> None:
    folder = tmp_path / "results"
    written = write_results(
        folder,
        frames={"one": pd.DataFrame({"x": [1 / 3]}), "two": pd.DataFrame({"名称": ["甲"]})},
        texts={"all.json": '{"a": 1}\n'},
        manifest={"schema": "own/1", "seed": 3},
    )
    assert [path.name for path in written] == ["one.csv", "two.csv", "all.json", "manifest.json"]
    assert pd.read_csv(folder / "one.csv")["x"].tolist() == [1 / 3]
    assert pd.read_csv(folder / "two.csv")["名称"].tolist() == ["甲"]
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert (manifest["schema"], manifest["seed"]) == ("own/1", 3)
    assert [file["name"] for file in manifest["files"]] == ["all.json", "one.csv", "two.csv"]
    for file in manifest["files"]:
        content = (folder / file["name"]).read_bytes()
        assert file["bytes"] == len(content)
        assert file["sha256"] == hashlib.sha256(content).hexdigest()


def test_a_folder_with_files_is_kept_unless_it_may_be_replaced(tmp_path: Path) -> None:
    parts = {"frames": {}, "texts": {"a.json": "{}"}, "manifest": {}}
    write_results(tmp_path / "out", **parts)  # type: ignore[arg-type]
    with pytest.raises(OutputError, match="not empty"):
        write_results(tmp_path / "out", **parts)  # type: ignore[arg-type]
    write_results(tmp_path / "out", **parts, force=True)  # type: ignore[arg-type]
