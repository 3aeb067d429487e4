"""Folders and files of results: whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import json
import os
from pathlib import Path

import pandas as pd
import pytest
from stand_in import INDUSTRIES, analysis

from satsurvey.errors import OutputError
from satsurvey.report.writing import write_analysis, write_file, write_folder

FILES = [
    "companies.csv",
    "dimensions.csv",
    "industries.csv",
    "items.csv",
    "manifest.json",
    "ranking.xlsx",
    "score.json",
]


def good(path: Path) -> None:
    path.write_text("new", encoding="utf-8")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_folder_is_made_with_its_parents_and_can_be_read_by_others(tmp_path: Path) -> None:
    written = write_folder(tmp_path / "a" / "b", {"x.txt": good})
    assert written == (tmp_path / "a" / "b" / "x.txt",)
    assert names(tmp_path / "a") == ["b"]
    mask = os.umask(0)
    os.umask(mask)
    assert (tmp_path / "a" / "b").stat().st_mode & 0o777 == 0o777 & ~mask


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    write_folder(tmp_path / "out", {"x.txt": good})
    assert names(tmp_path) == ["out"]
    assert names(tmp_path / "out") == ["x.txt"]


def test_a_folder_with_something_in_it_is_refused_with_a_way_on(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text("old", encoding="utf-8")
    with pytest.raises(OutputError, match=r"not empty(.|\n)*--force"):
        write_folder(tmp_path, {"x.txt": good})
    assert (tmp_path / "x.txt").read_text(encoding="utf-8") == "old"


def test_force_replaces_the_results_and_keeps_what_is_not_ours(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "x.txt").write_text("old", encoding="utf-8")
    (out / "thesis.docx").write_text("dear", encoding="utf-8")
    write_folder(out, {"x.txt": good}, force=True)
    assert (out / "x.txt").read_text(encoding="utf-8") == "new"
    assert (out / "thesis.docx").read_text(encoding="utf-8") == "dear"
    assert names(tmp_path) == ["out"]


def manifest(path: Path) -> None:
    files = [
        {"name": file.name, "sha256": hashlib.sha256(file.read_bytes()).hexdigest()}
        for file in path.parent.iterdir()
    ]
    path.write_text(json.dumps({"files": files}), encoding="utf-8")


def test_force_removes_results_of_an_earlier_call_that_this_one_does_not_have(tmp_path: Path) -> None:
    out, known = tmp_path / "out", ("x.txt", "y.txt", "manifest.json")
    write_folder(out, {"x.txt": good, "y.txt": good, "z.txt": good, "manifest.json": manifest}, known=known)
    write_folder(out, {"x.txt": good, "manifest.json": manifest}, force=True, known=known)
    # What this kind of call never writes stays, whoever wrote it.
    assert names(out) == ["manifest.json", "x.txt", "z.txt"]


@pytest.mark.parametrize(
    "listing",
    [
        '{"files": [{"name": "y.txt", "sha256": "0"}]}',
        '{"files": [{"name": "thesis.docx", "sha256": "0"}]}',
        *(
            "",
            "{",
            "[]",
            "3",
            '{"files": 3}',
            '{"files": [3]}',
            '{"files": [{"name": ["y.txt"]}]}',
            "[" * 50_000,
        ),
        "\x00",
    ],
)
def test_force_keeps_a_file_that_no_manifest_says_is_a_result(tmp_path: Path, listing: str) -> None:
    out, known = tmp_path / "out", ("x.txt", "y.txt", "manifest.json")
    out.mkdir()
    (out / "y.txt").write_text("dear", encoding="utf-8")
    (out / "manifest.json").write_text(listing, encoding="utf-8")
    write_folder(out, {"x.txt": good}, force=True, known=known)
    assert (out / "y.txt").read_text(encoding="utf-8") == "dear"
    assert names(tmp_path) == ["out"]


@pytest.mark.parametrize(
    ("fault", "raised"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), OutputError),
        (ValueError("broken"), ValueError),
        (KeyboardInterrupt(), KeyboardInterrupt),
    ],
)
@pytest.mark.parametrize("force", [False, True])
def test_whatever_stops_the_work_leaves_nothing_half_written(
    tmp_path: Path, fault: BaseException, raised: type[BaseException], force: bool
) -> None:
    out = tmp_path / "deep" / "out"
    if force:
        out.mkdir(parents=True)
        (out / "x.txt").write_text("old", encoding="utf-8")

    def bad(path: Path) -> None:
        path.write_text("half", encoding="utf-8")
        raise fault

    with pytest.raises(raised):
        write_folder(out, {"x.txt": good, "y.txt": bad}, force=force)
    if force:
        assert names(out) == ["x.txt"]
        assert (out / "x.txt").read_text(encoding="utf-8") == "old"
        assert names(tmp_path / "deep") == ["out"]
    else:
        assert names(tmp_path) == []


def test_a_full_disk_is_called_a_full_disk(tmp_path: Path) -> None:
    def full(path: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OutputError, match=r"the disk is full; nothing was written(.|\n)*do: free some space"):
        write_folder(tmp_path / "out", {"x": full})


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
def test_a_device_that_is_full_is_met_for_real(tmp_path: Path) -> None:
    def full(path: Path) -> None:
        path.symlink_to("/dev/full")
        path.write_text("x" * 100_000, encoding="utf-8")

    with pytest.raises(OutputError, match="the disk is full"):
        write_folder(tmp_path / "out", {"x": full})
    assert names(tmp_path) == []


@pytest.mark.parametrize("code", [errno.EROFS, errno.EACCES])
def test_a_read_only_place_is_refused_without_a_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def refuse(self: Path, *args: object, **kwargs: object) -> None:
        raise OSError(code, os.strerror(code), str(self))

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(OutputError, match=r"read-only|no right to write"):
        write_folder(tmp_path / "out", {"x": good})
    assert names(tmp_path) == []


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="the superuser may write anywhere")
def test_a_folder_without_the_right_to_write_is_met_for_real(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(OutputError, match="no right to write"):
            write_folder(tmp_path / "out", {"x": good})
    finally:
        tmp_path.chmod(0o700)


def test_a_rename_that_fails_brings_the_old_folder_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "x.txt").write_text("old", encoding="utf-8")
    rename = Path.rename

    def fails(self: Path, target: Path) -> Path:
        if ".tmp-" in self.name:
            raise OSError(errno.EACCES, "Permission denied")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fails)
    with pytest.raises(OutputError, match="no right to write"):
        write_folder(out, {"x.txt": good}, force=True)
    assert names(tmp_path) == ["out"]
    assert (out / "x.txt").read_text(encoding="utf-8") == "old"


def test_a_file_in_place_of_the_folder_or_of_its_parent_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file", encoding="utf-8")
    with pytest.raises(OutputError, match="a file stands where the folder should be"):
        write_folder(tmp_path / "out", {"x": good}, force=True)
    with pytest.raises(OutputError, match="a file stands where a folder should be"):
        write_folder(tmp_path / "out" / "deeper", {"x": good}, force=True)
    assert (tmp_path / "out").read_text(encoding="utf-8") == "a file"


def test_paths_that_no_system_takes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="not a path"):
        write_folder(tmp_path / "a\0b", {"x": good})
    with pytest.raises(OutputError, match="too long"):
        write_folder(tmp_path / ("长" * 200), {"x": good})
    assert names(tmp_path) == []


def test_a_link_keeps_pointing_where_it_did(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real", target_is_directory=True)
    write_folder(tmp_path / "link", {"x": good})
    assert (tmp_path / "link").is_symlink()
    assert names(tmp_path / "real") == ["x"]


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    write_file(path, "一\r\n二\n")
    assert path.read_bytes() == "一\r\n二\n".encode()
    with pytest.raises(OutputError, match=r"there already(.|\n)*--force"):
        write_file(path, "三")

    def bad(target: Path) -> None:
        target.write_text("half", encoding="utf-8")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_file(path, bad, force=True)
    assert names(tmp_path) == ["x.csv"]
    assert path.read_text(encoding="utf-8").startswith("一")
    write_file(path, b"\x00", force=True)
    assert path.read_bytes() == b"\x00"


def test_a_file_goes_neither_over_a_folder_nor_into_a_missing_one(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="a folder stands where the file should be"):
        write_file(tmp_path, "x", force=True)
    with pytest.raises(OutputError, match="the folder does not exist"):
        write_file(tmp_path / "no" / "x", "x")


def test_an_analysis_is_written_with_a_manifest_of_its_files(tmp_path: Path) -> None:
    out = tmp_path / "结果"
    write_analysis(analysis(), out, language="zh")
    assert names(out) == FILES
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["schema"] == "satsurvey.manifest/1"
    assert manifest["inputs"][0]["sha256"] == "ab" * 32
    assert manifest["seed"] == 20260101
    assert manifest["ledger"]["rows_read"] == 905
    assert manifest["method"]["conversion"] == "share_of_max"
    assert [file["name"] for file in manifest["files"]] == [name for name in FILES if name != "manifest.json"]
    for file in manifest["files"]:
        data = (out / file["name"]).read_bytes()
        assert (file["bytes"], file["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())
    frame = pd.read_csv(out / "industries.csv")
    assert frame["industry"].tolist() == list(INDUSTRIES)
    assert frame["score"].tolist() == analysis().industries["score"].tolist()
    assert json.loads((out / "score.json").read_text(encoding="utf-8"))["schema"] == "satsurvey.score/1"


def test_the_same_analysis_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_analysis(analysis(), tmp_path / name, language="en")
    for file in FILES:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_a_second_run_needs_force(tmp_path: Path) -> None:
    write_analysis(analysis(), tmp_path / "out", language="zh")
    with pytest.raises(OutputError, match="not empty"):
        write_analysis(analysis(), tmp_path / "out", language="zh")
    write_analysis(analysis(("银行",)), tmp_path / "out", language="zh", force=True)
    assert len(pd.read_csv(tmp_path / "out" / "industries.csv")) == 1
    assert names(tmp_path) == ["out"]
