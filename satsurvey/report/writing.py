"""Writing results to disk: a folder or a file appears whole or not at all, never over what is there."""

from __future__ import annotations

import errno
import hashlib
import json
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from satsurvey.errors import OutputError
from satsurvey.instrument.model import Language
from satsurvey.report.published import Published
from satsurvey.report.score_json import json_text, plain_data, score_json
from satsurvey.report.text import frame_to_csv
from satsurvey.report.workbook import write_workbook

if TYPE_CHECKING:
    import pandas as pd

    from satsurvey.analysis import Analysis

MANIFEST_SCHEMA = "satsurvey.manifest/1"
Writer = Callable[[Path], None]


def write_folder(
    folder: Path, writers: Mapping[str, Writer], *, force: bool = False, known: Iterable[str] = ()
) -> tuple[Path, ...]:
    """Write several files into a folder that appears whole or not at all.

    Parameters
    ----------
    folder
        The folder to make; missing parents are made too.
    writers
        File name to a function that writes the file at the path it gets; called in order, so that a later one
        may look at the files of the earlier ones beside its own.
    force
        Replace the files of a folder that is there already. Files in it that this call does not write are
        kept: they are moved into the new folder.
    known
        Names that calls like this one may write. A file of such a name that this call does not write is not
        kept where the `manifest.json` of the old folder lists it with its SHA-256: it is a result of an
        earlier call, and not somebody's own.

    Returns
    -------
    tuple of Path
        The files written.

    Raises
    ------
    OutputError
        The folder is there and not empty (without `force`), a file stands in its place, or the disk refuses.

    Notes
    -----
    The files are written into a hidden folder beside it (`.NAME.tmp-…`), which is renamed when all are done.
    With `force` the old folder is first renamed, and removed only when the new one stands. Whatever stops the
    work (an exception, Ctrl-C, a full disk), the hidden folder is removed and the old one is as it was.
    """
    target = _resolved(folder)
    with _refusals(folder):
        _check_folder(folder, target, force=force)
        made = _missing_parents(target)
        temporary = _beside(target, "tmp")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            temporary.mkdir()
            for name, write in writers.items():
                write(temporary / name)
            _take_place(temporary, target, frozenset(known))
        except BaseException:
            shutil.rmtree(temporary, ignore_errors=True)
            for parent in made:
                with suppress(OSError):
                    parent.rmdir()
            raise
    return tuple(target / name for name in writers)


def refuse_taken(folder: Path, *, force: bool = False) -> None:
    """Raise the `OutputError` that `write_folder` would raise for a folder that is there, before the work."""
    with _refusals(folder):
        _check_folder(folder, _resolved(folder), force=force)


def write_file(path: Path, content: str | bytes | Writer, *, force: bool = False) -> Path:
    """Write one file that appears whole or not at all.

    Parameters
    ----------
    path
        The file to make; its folder must be there.
    content
        Text (written as UTF-8, line ends as they are), bytes, or a function that writes at the path it gets.
    force
        Replace a file that is there already.

    Raises
    ------
    OutputError
        The file is there (without `force`), a folder stands in its place, or the disk refuses.
    """
    target = _resolved(path)
    with _refusals(path):
        if target.is_dir():
            raise OutputError(
                "a folder stands where the file should be", file=path, next_step="give the name of a file"
            )
        if target.exists() and not force:
            raise OutputError(
                "the file is there already",
                file=path,
                next_step="give another name, or add --force to replace it",
            )
        temporary = _beside(target, "tmp")
        try:
            if isinstance(content, str):
                temporary.write_bytes(content.encode("utf-8", "replace"))
            elif isinstance(content, bytes):
                temporary.write_bytes(content)
            else:
                content(temporary)
            temporary.replace(target)
        except BaseException:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise
    return target


_NAMES = (
    *("industries.csv", "companies.csv", "dimensions.csv", "items.csv", "breakdowns.csv", "comments.csv"),
    *("score.json", "ranking.xlsx", "manifest.json"),
)


def refuse_inputs(target: Path, inputs: Iterable[str | Path]) -> None:
    """Refuse to write over an export that the results are made from, whatever `force` says.

    Raises
    ------
    OutputError
        `target` is one of the inputs.
    """
    for source in inputs:
        if Path(source).resolve() == target.resolve():
            raise _over_input(target)


def _over_input(target: Path) -> OutputError:
    return OutputError(
        "this would overwrite an export that the results are made from",
        file=target,
        next_step="write to another place; --force does not allow this",
    )


def write_analysis(
    analysis: Analysis,
    folder: str | Path,
    *,
    language: Language = "zh",
    force: bool = False,
    comments: Writer | None = None,
) -> tuple[Path, ...]:
    """Write an analysis as a folder of files.

    `industries.csv`, `companies.csv`, `dimensions.csv` and `items.csv` hold the frames at full precision
    (UTF-8 with a byte-order mark), `breakdowns.csv` the breakdowns where there are any, `score.json` the
    whole analysis, `ranking.xlsx` the workbook, and `manifest.json` what it was made from and how, with the
    SHA-256 of every file.

    Parameters
    ----------
    analysis
        The study's estimates.
    folder, force
        As in `write_folder`, with its errors.
    language
        The language of the workbook ("zh" or "en").
    comments
        Writes what was read in the comments of the survey, as `comments.csv`
        (`satsurvey.report.comment_files.csv_writer`).
    """
    folder = Path(folder)
    inputs = {part.get("sha256") for part in analysis.provenance.get("inputs", ())}  # type: ignore[attr-defined]
    for name in _NAMES:
        if (folder / name).is_file() and _sha256(folder / name) in inputs:
            raise _over_input(folder / name)
    frames = Published(analysis)

    def csv(frame: pd.DataFrame) -> Writer:
        return lambda path: void(frame_to_csv(frame, path))

    def score(path: Path) -> None:
        path.write_text(json_text(score_json(analysis)), encoding="utf-8", newline="\n")

    def manifest(path: Path) -> None:
        path.write_text(json_text(manifest_of(analysis, path.parent)), encoding="utf-8", newline="\n")

    return write_folder(
        folder,
        {
            "industries.csv": csv(frames.industries),
            "companies.csv": csv(frames.companies),
            "dimensions.csv": csv(frames.dimensions),
            "items.csv": csv(frames.items),
            **({"breakdowns.csv": csv(frames.breakdowns)} if len(frames.breakdowns) else {}),
            **({"comments.csv": comments} if comments is not None else {}),
            "score.json": score,
            "ranking.xlsx": lambda path: write_workbook(analysis, path, language),
            "manifest.json": manifest,
        },
        force=force,
        known=_NAMES,
    )


def manifest_of(analysis: Analysis, folder: Path) -> dict[str, object]:
    """Return what a folder of results was made from and how.

    Returns
    -------
    dict
        `schema` ("satsurvey.manifest/1"), everything of `provenance` (`inputs` with their SHA-256,
        `versions`, `options`, `created`), `seed`, `ledger`, `method`, `notes`, and `files`: name, bytes and
        SHA-256 of every file in `folder`.
    """
    provenance = plain_data(analysis.provenance)
    return {
        "schema": MANIFEST_SCHEMA,
        **(provenance if isinstance(provenance, dict) else {}),
        "seed": plain_data(analysis.method.get("seed")),
        "ledger": plain_data(analysis.ledger.to_dict()),
        "method": plain_data(analysis.method),
        "notes": plain_data(analysis.notes),
        "files": checksums(folder),
    }


def checksums(folder: Path) -> list[dict[str, object]]:
    """Return name, bytes and SHA-256 of every file in a folder."""
    return [
        {"name": path.name, "bytes": path.stat().st_size, "sha256": _sha256(path)}
        for path in sorted(folder.iterdir())
        if path.is_file()
    ]


def void(_: object) -> None:
    """Drop a result, where a writer must return nothing."""


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _resolved(path: Path) -> Path:
    """Follow links: what a link points to is replaced, not the link."""
    try:
        return path.resolve()
    except (OSError, ValueError, RuntimeError) as exc:
        raise OutputError(
            "this is not a path that can be written to",
            file=path,
            expected="the path of a file or folder",
            next_step="give another path",
        ) from exc


def _beside(target: Path, word: str) -> Path:
    # A long name is cut, or the hidden one would be longer than file systems allow (255 bytes).
    return target.parent / f".{target.name[:40]}.{word}-{secrets.token_hex(4)}"


def _check_folder(folder: Path, target: Path, *, force: bool) -> None:
    if target.is_dir():
        if not force and any(target.iterdir()):
            raise OutputError(
                "the folder is there already and is not empty",
                file=folder,
                next_step="give another folder, or add --force to replace its results",
            )
    elif target.exists():
        raise OutputError(
            "a file stands where the folder should be", file=folder, next_step="give the name of a folder"
        )


def _missing_parents(target: Path) -> list[Path]:
    """List the parents that have to be made, the innermost first; a failure takes them away again."""
    missing = []
    for parent in target.parents:
        if parent.exists():
            break
        missing.append(parent)
    return missing


def _take_place(temporary: Path, target: Path, known: frozenset[str]) -> None:
    if not target.exists():
        temporary.rename(target)
        return
    old = _beside(target, "old")
    target.rename(old)
    try:
        temporary.rename(target)
    except BaseException:
        old.rename(target)
        raise
    # The new folder stands. What it does not replace moves over; the rest of the old one goes.
    results = _listed_results(old / "manifest.json", known)
    for entry in old.iterdir():
        stale = entry.is_file() and entry.name in results and _sha256(entry) == results[entry.name]
        if not stale and not (target / entry.name).exists():
            entry.rename(target / entry.name)
    shutil.rmtree(old)


def _listed_results(manifest: Path, known: frozenset[str]) -> Mapping[str, str]:
    """Return the SHA-256 of the results that a manifest lists, by name; none where it cannot be read."""
    if not known:
        return {}
    try:
        listed = json.loads(manifest.read_text(encoding="utf-8"))["files"]
        return {str(file["name"]): str(file["sha256"]) for file in listed if file["name"] in known}
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return {}


@contextmanager
def _refusals(path: Path) -> Iterator[None]:
    """Turn what the operating system refuses into an `OutputError` that says what to do."""
    try:
        yield
    except OSError as exc:
        what, step = {
            errno.ENOSPC: ("the disk is full", "free some space, or write to another disk"),
            errno.EDQUOT: ("the quota of the disk is used up", "free some space, or write to another disk"),
            errno.EACCES: ("there is no right to write here", "give a folder of your own"),
            errno.EPERM: ("there is no right to write here", "give a folder of your own"),
            errno.EROFS: ("the disk is read-only", "write to another disk"),
            errno.EEXIST: ("a file stands where a folder should be", "give another path"),
            errno.ENOTDIR: ("a file stands where a folder should be", "give another path"),
            errno.ENOENT: ("the folder does not exist", "make the folder first, or give another path"),
            errno.ENAMETOOLONG: ("the name is too long", "give a shorter name"),
        }.get(exc.errno or 0, (f"it cannot be written: {exc.strerror or exc}", "give another path"))
        raise OutputError(f"{what}; nothing was written", file=path, next_step=step) from exc
