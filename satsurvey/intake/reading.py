"""Reading a survey: files, instrument and study together become `Responses`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path

import pyarrow as pa

from satsurvey.errors import MethodError, ReadError
from satsurvey.instrument.library import load_instrument
from satsurvey.instrument.model import Instrument
from satsurvey.intake.answers import readable
from satsurvey.intake.binding import Binding, bind, known_headings
from satsurvey.intake.cells import to_text
from satsurvey.intake.decode import Decoder
from satsurvey.intake.formats.compressed import inner_suffix, is_packed
from satsurvey.intake.formats.headings import ReadOptions
from satsurvey.intake.raw import RawFile, RawTable
from satsurvey.intake.responses import Responses
from satsurvey.intake.study import Study, StudyFile, load_study

DEFAULT_INSTRUMENT = "contact-centre-22"
_MOST_FILES = 32_000
SUFFIXES = {
    **dict.fromkeys((".csv", ".tsv", ".txt"), "delimited"),
    **dict.fromkeys((".xlsx", ".xlsm", ".xls", ".xlsb", ".ods"), "workbook"),
    **dict.fromkeys((".sav", ".zsav", ".por", ".dta"), "statistical"),
    **dict.fromkeys((".parquet", ".pq"), "parquet"),
}
"""The family of formats that each file name suffix stands for."""


def open_raw(path: str | Path, options: ReadOptions | None = None) -> RawFile:
    """Open a file of answers without interpreting it.

    Raises
    ------
    ReadError
        When there is no such file, when it is a folder, when its format is unknown, or when it cannot be
        read.
    """
    path, options = Path(path), options or ReadOptions()
    try:
        if path.is_dir():
            raise ReadError("this is a folder, not a file", file=path, next_step="name the files in it")
        if not path.exists():
            raise ReadError("there is no such file", file=path, next_step="check the name and the folder")
        if not path.is_file():
            raise ReadError(
                "this is a device or a pipe, not a file", file=path, next_step="save it as a file"
            )
    except OSError as exc:
        raise ReadError(f"the file cannot be looked at: {exc.strerror or exc}", file=path) from exc
    family = SUFFIXES.get(inner_suffix(path))
    if is_packed(path) and family != "delimited":
        raise ReadError(
            "only CSV and TSV files are read while packed",
            file=path,
            expected="a name such as survey.csv.gz",
            next_step="unpack it first",
        )
    # Each family's libraries are loaded only when a file of that family is read.
    if family == "workbook":
        from satsurvey.intake.formats.workbook import open_workbook

        return open_workbook(path, options)
    if family == "statistical":
        from satsurvey.intake.formats.statistical import open_statistical

        return open_statistical(path, options)
    if family == "parquet":
        from satsurvey.intake.formats.parquet import open_parquet

        return open_parquet(path, options)
    if family == "delimited":
        from satsurvey.intake.formats.delimited import open_delimited

        return open_delimited(path, options)
    raise ReadError(
        f"files named *{path.suffix or path.name} are not known",
        file=path,
        expected=f"one of {', '.join(SUFFIXES)}",
        next_step="rename the file by its true format, or export it as .csv or .xlsx",
    )


def read_responses(
    paths: Sequence[str | Path] = (),
    *,
    instrument: Instrument | str | Path | None = None,
    study: str | Path | None = None,
    scale: str | None = None,
    encoding: str | None = None,
    sheet: str | None = None,
    progress: Callable[[str], None] | None = None,
) -> Responses:
    """Read one or several exports of a survey.

    Parameters
    ----------
    paths
        The exports. May be empty when the study file names them.
    instrument
        An instrument, the name of a shipped one, or the path of a file; default is what the study file says,
        else contact-centre-22.
    study
        Path of a study file; not needed where headings are the instrument's codes or declared aliases.
    scale
        Which of the instrument's scales the items were answered on; the default is the study's, else the
        instrument's, unless the answers are words that only another of its scales has.
    encoding, sheet
        Of the exports, where the automatic choice is wrong.
    progress
        Called with the name of each file before it is read.

    Returns
    -------
    Responses
        One row per interview used; `ledger` accounts for all other rows, `findings` for illegal answers.

    Raises
    ------
    ReadError, EncodingError, ColumnsError, InstrumentError, StudyError
        When files or specifications cannot be used at all. Defects of single answers never raise.

    Examples
    --------
    >>> import satsurvey as ss
    >>> responses = ss.read_responses(["examples/national-2019/national-2019.csv"])
    >>> len(responses), responses.ledger.adds_up
    (7385, True)
    """
    plan: Study | None = None
    folder = Path()
    if study is not None:
        plan, found, folder = load_study(study)
        instrument = found if instrument is None else instrument
    if not isinstance(instrument, Instrument):
        instrument = load_instrument(instrument or DEFAULT_INSTRUMENT)
    files = [StudyFile(path=str(path), encoding=encoding, sheet=sheet) for path in paths]
    if not files and plan is not None:
        files = [file.model_copy(update={"path": str(folder / file.path)}) for file in plan.files]
    elif plan is not None:
        # An export named on the command line keeps what the study file declares for a file of that name.
        declared = {Path(file.path).name: file for file in plan.files}
        # A file of another name takes over how the only declared one is read, not which wave it is.
        defaults = plan.files[0].model_copy(update={"wave": None}) if len(plan.files) == 1 else None
        files = [_with_declared(file, declared.get(Path(file.path).name, defaults)) for file in files]
    if not files:
        raise ReadError("no file was given", next_step="name an export, or list files in the study file")
    if len(files) > _MOST_FILES:
        raise ReadError(f"{len(files):,} files were given; at most {_MOST_FILES:,} are read at once")
    seen: set[tuple[Path, str | None]] = set()
    for file in files:
        key = (Path(file.path).absolute(), file.sheet)
        if key in seen:
            raise ReadError("this file was given twice", file=file.path, next_step="name every file once")
        seen.add(key)
    chosen = scale or (plan.scale if plan else None)
    if chosen is not None and chosen not in instrument.scales:
        raise MethodError(
            f"the instrument {instrument.id} has no scale called {chosen!r}",
            expected=", ".join(instrument.scales),
        )
    known = known_headings(instrument, plan)
    opened: list[tuple[RawFile, Binding, StudyFile]] = []
    for file in files:
        if progress:
            progress(Path(file.path).name)
        options = ReadOptions(file.encoding, file.delimiter, file.sheet, file.heading_row, known)
        raw = open_raw(file.path, options)
        opened.append((raw, bind(raw.source, raw.columns, instrument, plan), file))
    notes: list[str] = []
    if chosen is None:
        raw, binding, file = opened[0]
        first, raw = _with_first_table(raw)
        opened[0] = (raw, binding, file)
        tables = [first, *(_next_table(raw, raw.tables()) for raw, _, _ in opened[1:])]
        chosen, why = _scale_by_words(instrument, opened, tables)
        del first, tables  # megabytes that decoding does not need
        notes += [why] if why else []
    if chosen is not None:
        plan = (plan or Study.model_validate({"schema": "satsurvey.study/1"})).model_copy(
            update={"scale": chosen}
        )
    scales = tuple(instrument.scale_of(item, default=chosen) for item in instrument.items)
    decoder = Decoder(instrument, scales, plan)
    for raw, binding, file in opened:
        try:
            decoder.add_file(raw, binding, wave=file.wave)
        except UnicodeDecodeError as exc:
            from satsurvey.intake.formats.encodings import undecodable

            raise undecodable(raw.source, declared=file.encoding is not None) from exc
        except OSError as exc:
            raise _unfinished(raw, exc) from exc
    responses = decoder.finish(notes=tuple(notes))
    # What the cells of the file took up is given back now, not kept for a next file.
    pa.default_memory_pool().release_unused()
    return responses


def _with_declared(file: StudyFile, declared: StudyFile | None) -> StudyFile:
    if declared is None:
        return file
    update = {"path": file.path}
    for name in ("encoding", "sheet"):
        if getattr(file, name) is not None:
            update[name] = getattr(file, name)
    return declared.model_copy(update=update)


def _next_table(raw: RawFile, tables: Iterator[RawTable]) -> RawTable | None:
    try:
        return next(tables, None)
    except OSError as exc:
        raise _unfinished(raw, exc) from exc


def _unfinished(raw: RawFile, fault: OSError) -> ReadError:
    return ReadError(
        f"the file could not be read to its end: {fault.strerror or fault}", file=raw.source.path
    )


def _with_first_table(raw: RawFile) -> tuple[RawTable | None, RawFile]:
    """Return the first table of a file, and the file so that reading it now goes on from there."""
    tables = raw.tables()
    first = _next_table(raw, tables)
    waiting = [chain(() if first is None else (first,), tables)]
    return first, replace(raw, tables=lambda: waiting.pop() if waiting else raw.tables())


def _scale_by_words(
    instrument: Instrument,
    opened: Sequence[tuple[RawFile, Binding, StudyFile]],
    tables: Sequence[RawTable | None],
) -> tuple[str | None, str]:
    """Choose another scale than the default where answers are words that only that scale has."""
    flexible = [item.code for item in instrument.items if item.scale is None]
    texts: set[str] = set()
    for (raw, binding, _), table in zip(opened, tables, strict=True):
        if table is None:
            continue
        for code in flexible:
            if code in binding.items:
                column = raw.columns[binding.items[code]]
                try:
                    cells = to_text(table.cells[binding.items[code]].unique(), raw.source.cell_encoding)
                except UnicodeDecodeError:
                    continue  # said when the file is decoded
                found = {text for text in cells.to_pylist() if text and text.strip()}
                if len(found) <= 100:
                    texts |= {column.value_labels.get(text, text) for text in found}
    words = {text for text in texts if not any(character.isdigit() for character in text)}
    if not words:
        return None, ""
    default = instrument.scales[instrument.default_scale]
    counts = {name: readable(scale, instrument, words) for name, scale in instrument.scales.items()}
    best = max(counts, key=lambda name: (counts[name], name == instrument.default_scale))
    if counts[best] > readable(default, instrument, words):
        return best, (
            f"the answers are words of the scale {best}, which was used in place of "
            f"{instrument.default_scale}"
        )
    return None, ""
