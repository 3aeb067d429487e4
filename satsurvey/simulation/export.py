"""Writers of simulated surveys: CSV, TSV, Excel, SPSS, Stata and Parquet, and of the truth."""

from __future__ import annotations

import csv
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from satsurvey.errors import MethodError, OutputError
from satsurvey.simulation.simulate import Simulation
from satsurvey.simulation.statistical import write_statistical
from satsurvey.simulation.wording import Headings, Values, export_headings, value_labels

Encoding = Literal["gb18030", "utf-8", "utf-8-sig", "utf-16"]

_MOST_SHEET_ROWS = 1_048_575


def write_export(
    simulation: Simulation,
    path: str | Path,
    *,
    headings: Headings = "zh",
    values: Values = "codes",
    encoding: Encoding = "gb18030",
    force: bool = False,
) -> Path:
    """Write a simulated survey as a file in the manner of survey vendors.

    Parameters
    ----------
    simulation
        The survey.
    path
        The ending decides on the format: .csv, .tsv, .xlsx, .sav, .dta or .parquet.
    headings
        `"zh"`: first Chinese heading of each role, `A1、wording` for questions; `"en"` the same in English;
        `"code"`: roles and codes. In .sav and .dta these are the labels of variables that are named by code.
    values
        `"codes"` as keyed by interviewers, or `"labels"`: the words of scale and fact where there are some.
    encoding
        Of .csv and .tsv; lines end with CR LF.
    force
        Whether an existing file may be replaced.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    OutputError
        When the file exists, the folder is missing, the format is unknown or the disk refuses.
    MethodError
        When an option is none of those named.

    Notes
    -----
    The file appears whole or not at all: it is written under another name beside its place and renamed. Every
    cell is text but for answers in .sav and .dta, which are numbers with value labels.
    """
    for name, value, allowed in (
        ("headings", headings, get_args(Headings)),
        ("values", values, get_args(Values)),
        ("encoding", encoding, get_args(Encoding)),
    ):
        if value not in allowed:
            raise MethodError(f"{name} cannot be {value!r}", expected=", ".join(allowed))
    path = Path(path)
    writers: Mapping[str, Callable[[Path], None]] = {
        ".csv": lambda place: _write_delimited(simulation, place, headings, values, encoding, ","),
        ".tsv": lambda place: _write_delimited(simulation, place, headings, values, encoding, "\t"),
        ".xlsx": lambda place: _write_workbook(simulation, place, headings, values),
        ".sav": lambda place: write_statistical(simulation, place, headings, values),
        ".dta": lambda place: write_statistical(simulation, place, headings, values),
        ".parquet": lambda place: _write_parquet(simulation, place, headings, values),
    }
    writer = writers.get(path.suffix.lower())
    if writer is None:
        raise OutputError(
            f"no format is known for the ending {path.suffix!r}", file=path, expected=", ".join(writers)
        )
    with in_place(path, force=force) as place:
        writer(place)
    return path


def write_truth(simulation: Simulation, path: str | Path, *, force: bool = False) -> Path:
    """Write the true scores of companies, industries and the whole as CSV (UTF-8 with BOM, full precision).

    Columns: level, industry, company_id, company, n, score, one per dimension, spread. Raises `OutputError`
    as `write_export` does.
    """
    truth, codes = simulation.truth, simulation.instrument.dimension_codes
    names = {industry.code: industry.zh for industry in simulation.design.industries}
    counts = np.bincount(simulation.company_of[simulation.complete], minlength=len(truth.company))
    groups = np.array(truth.industry)
    rows: list[list[object]] = [
        ["level", "industry", "company_id", "company", "n", "score", *codes, "spread"]
    ]
    rows.append(
        ["overall", "", "", "", int(counts.sum()), truth.overall, *truth.dimensions.mean(axis=0).tolist(), ""]
    )
    for code, name in names.items():
        here = groups == code
        by_dimension = truth.dimensions[here].mean(axis=0).tolist()
        rows.append(
            ["industry", name, "", "", int(counts[here].sum()), truth.industry_score[code], *by_dimension, ""]
        )
    for k, company in enumerate(truth.company):
        own = [truth.score[k].item(), *truth.dimensions[k].tolist(), truth.spread[k].item()]
        rows.append(["company", names[truth.industry[k]], truth.company_id[k], company, int(counts[k]), *own])
    path = Path(path)
    with in_place(path, force=force) as place:
        write_rows(place, rows, "utf-8-sig", ",")
    return path


def _cells(simulation: Simulation, headings: Headings, values: Values) -> dict[str, NDArray[np.str_]]:
    if values == "codes":
        return dict(simulation.columns)
    language: Literal["zh", "en"] = "en" if headings == "en" else "zh"
    columns = {}
    for key, column in simulation.columns.items():
        labels = value_labels(simulation.instrument, key, language)
        if labels:
            distinct, inverse = np.unique(column, return_inverse=True)
            column = np.array([labels.get(str(text), str(text)) for text in distinct])[inverse]
        columns[key] = column
    return columns


def _rows(columns: Mapping[str, NDArray[np.str_]]) -> Iterator[tuple[str, ...]]:
    return zip(*(column.tolist() for column in columns.values()), strict=True)


def _write_delimited(
    simulation: Simulation, place: Path, headings: Headings, values: Values, encoding: str, delimiter: str
) -> None:
    columns = _cells(simulation, headings, values)
    names = export_headings(simulation, headings)
    write_rows(place, [[names[key] for key in columns]], encoding, delimiter, _rows(columns))


def write_rows(
    place: Path,
    heading: Sequence[Sequence[object]],
    encoding: str,
    delimiter: str,
    rows: Iterable[Sequence[str]] = (),
) -> None:
    """Write rows of text under their headings as delimited text, lines ending with CR LF."""
    with place.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file, delimiter=delimiter, lineterminator="\r\n")
        writer.writerows(heading)
        writer.writerows(rows)


def _write_workbook(simulation: Simulation, place: Path, headings: Headings, values: Values) -> None:
    import xlsxwriter

    if len(simulation) > _MOST_SHEET_ROWS:
        raise OutputError(
            f"{len(simulation)} rows are too many for one sheet, which holds {_MOST_SHEET_ROWS}",
            next_step="write .csv or .parquet",
        )
    columns = _cells(simulation, headings, values)
    names = export_headings(simulation, headings)
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(str(place), options)
    # The time of making would differ from run to run.
    book.set_properties({"created": datetime(2000, 1, 1), "comments": "模拟数据 simulated data"})
    sheet = book.add_worksheet("数据" if headings == "zh" else "data")
    sheet.freeze_panes(1, 0)
    for column, key in enumerate(columns):
        sheet.write_string(0, column, names[key])
    for number, row in enumerate(_rows(columns), start=1):
        for column, text in enumerate(row):
            if text:
                sheet.write_string(number, column, text)
    try:
        book.close()
    except xlsxwriter.exceptions.FileCreateError as exc:
        raise OSError(str(exc)) from exc


def _write_parquet(simulation: Simulation, place: Path, headings: Headings, values: Values) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = _cells(simulation, headings, values)
    names = export_headings(simulation, headings)
    arrays = [pa.array(column.tolist(), type=pa.string()) for column in columns.values()]
    pq.write_table(pa.table(arrays, names=[names[key] for key in columns]), str(place), compression="zstd")


@contextmanager
def in_place(path: Path, *, force: bool) -> Iterator[Path]:
    """Give a name beside `path` to write under, and rename it when the writing succeeded."""
    if path.is_dir():
        raise OutputError(
            "a folder stands where the file should go", file=path, next_step="name a file in it"
        )
    if path.exists() and not force:
        raise OutputError(
            "the file exists already",
            file=path,
            next_step="choose another name, or allow replacing (--force)",
        )
    if not path.absolute().parent.is_dir():
        raise OutputError(
            "the folder does not exist", file=path, next_step="make it first, or choose another"
        )
    place = path.with_name(f".{path.stem}.tmp-{secrets.token_hex(4)}{path.suffix.lower()}")
    try:
        yield place
        place.replace(path)
    except OSError as exc:
        raise OutputError(
            f"the file cannot be written: {exc.strerror or exc}",
            file=path,
            next_step="check that the folder may be written to and has room",
        ) from exc
    finally:
        place.unlink(missing_ok=True)
