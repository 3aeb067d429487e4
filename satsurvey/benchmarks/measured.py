"""Measured values that are to be graded: read from a table, from a frame, or from key figures of records."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from satsurvey.benchmarks.figures import Figures, load_figures
from satsurvey.benchmarks.measured_rows import measured_row
from satsurvey.benchmarks.quantities import Rates
from satsurvey.benchmarks.sheets import Sheet, read_sheet
from satsurvey.benchmarks.vocabulary import channel_of
from satsurvey.errors import Defect, SpecificationError
from satsurvey.intake.answers import fold
from satsurvey.intake.formats.headings import ReadOptions, normalise_heading
from satsurvey.intake.ledger import Ledger, UnusedRow
from satsurvey.intake.reading import open_raw
from satsurvey.service.kpi_formulas import KPI_METRICS

if TYPE_CHECKING:
    from satsurvey.service.kpis import Kpis

HEADINGS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "industry": ("行业", "所属行业"),
        "company": ("企业", "企业名称", "公司", "公司名称"),
        "channel": ("渠道", "服务渠道"),
        "customer_tier": ("客户等级", "tier"),
        "metric": ("指标", "指标名称", "kpi"),
        "value": ("数值", "值", "实测值", "指标值"),
        "unit": ("单位",),
        "n": ("样本量", "量", "联系量"),
        "statistic": ("统计量",),
        "definition": ("定义", "口径"),
        "formula": ("公式",),
        "route": ("测量方式", "调查方式", "measure", "数据来源"),
        "when": ("时段", "场景", "occasion"),
        "dimension": ("维度",),
        "std_error": ("标准误",),
        "ci_low": ("区间下限", "下限"),
        "ci_high": ("区间上限", "上限"),
    }
)
"""Columns of a table of measured values, with further names of each."""
COLUMNS = (
    *("industry", "company", "channel", "customer_tier", "metric", "statistic", "value", "unit", "n"),
    *("ci_low", "ci_high", "interval", "definition", "formula", "route", "when", "dimension", "note"),
    *("file", "row"),
)
CLOCKS: Mapping[str, str] = MappingProxyType(
    {
        "first_response_time": "first_response_s",
        "avg_response_time": "avg_response_s",
        "wait_time": "wait_s",
        "resolution_time": "resolution_s",
    }
)
"""The column of records whose clock says what a metric is."""
UNUSABLE = ("company", "channel", "metric", "value", "reason", "what", "do", "file", "row")


@dataclass(frozen=True)
class Measured:
    """Measured values, each of one company, channel and metric.

    Attributes
    ----------
    frame
        One row per value: industry, company, channel, customer_tier, metric (code), statistic ("mean",
        "median", "p90", "rate", "" where not said), value (seconds, percent or the metric's unit; NaN where
        the cell is blank), unit, n, ci_low, ci_high, interval ("given", "std_error", "wilson", ""),
        definition, formula, route, when, dimension, note, file, row.
    unusable
        Rows that could not be understood: company, channel, metric, value (as written), reason, what, do,
        file, row.
    ledger
        What became of every row.
    notes
        What a reader must know.
    """

    frame: pd.DataFrame
    unusable: pd.DataFrame
    ledger: Ledger = field(default_factory=Ledger)
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.frame)


def is_table_of_values(path: str | Path, *, encoding: str | None = None, sheet: str | None = None) -> bool:
    """Tell whether a file has the headings of a table of measured values."""
    known = frozenset(map(normalise_heading, _known()))
    headings = {
        normalise_heading(column.heading)
        for column in open_raw(path, ReadOptions(encoding, None, sheet, None, known)).columns
    }
    return all(
        headings & set(map(normalise_heading, (name, *HEADINGS[name]))) for name in ("metric", "value")
    )


def read_measured(
    paths: Sequence[str | Path],
    *,
    figures: Figures | None = None,
    rates: Rates | None = None,
    level: float = 0.95,
    encoding: str | None = None,
    sheet: str | None = None,
) -> Measured:
    """Read tables of measured values.

    Parameters
    ----------
    paths
        CSV or Excel; columns are those of `HEADINGS`, of which metric and value must be there.
    figures
        What metrics there are. None: the published ones.
    rates
        "percent" or "share": what plain numbers between 0 and 1 are (`quantities.quantity`).
    level
        Confidence level of the intervals that are made from numbers of contacts and standard errors.
    encoding, sheet
        Where the automatic choice is wrong.

    Raises
    ------
    ReadError, EncodingError, ColumnsError
        A file cannot be read, or has no metric or value column.
    SpecificationError
        No row of the files can be understood; the defects say why.
    """
    figures = figures or load_figures()
    parts: list[Measured] = []
    for path in paths:
        found = read_sheet(path, known=_known(), encoding=encoding, sheet=sheet)
        places = found.bound(HEADINGS, ("metric", "value"))
        rows = ((row, {name: cells[place] for name, place in places.items()}) for row, cells in found.rows)
        parts.append(_measured(rows, figures, rates, level, found))
    whole = Measured(
        pd.concat([part.frame for part in parts], ignore_index=True),
        pd.concat([part.unusable for part in parts], ignore_index=True),
        sum((part.ledger for part in parts), Ledger()),
        tuple(dict.fromkeys(note for part in parts for note in part.notes)),
    )
    if not len(whole.frame):
        raise SpecificationError(
            "the table has no value that can be understood",
            file=Path(paths[0]) if paths else None,
            defects=[
                Defect(f"row {row.row}", f"{row.what}; {row.do}")
                for row in whole.unusable.head(20).itertuples(index=False)
            ],
            next_step="write a row for each value, with company, channel, metric and value",
        )
    return whole


def measured_of_frame(
    frame: pd.DataFrame,
    *,
    figures: Figures | None = None,
    rates: Rates | None = None,
    level: float = 0.95,
) -> Measured:
    """Make measured values from a frame with the columns of `HEADINGS`; metric and value must be there."""
    for name in ("metric", "value"):
        if name not in frame:
            raise SpecificationError(
                f"the frame has no column {name}", next_step=f"columns are {', '.join(HEADINGS)}"
            )
    names = [name for name in HEADINGS if name in frame]
    columns = [[_text(value) for value in frame[name].tolist()] for name in names]
    rows = (
        (place, dict(zip(names, cells, strict=True)))
        for place, cells in enumerate(zip(*columns, strict=True), start=1)
    )
    sheet = Sheet(Path("frame"), None, 0, tuple(names), tuple((k, ()) for k in range(len(frame))))
    return _measured(rows, figures or load_figures(), rates, level, sheet)


def measured_of_kpis(kpis: Kpis, *, figures: Figures | None = None) -> Measured:
    """Make measured values from key figures of service records.

    Parameters
    ----------
    kpis
        As `satsurvey.service.kpis.kpis` makes them, best by company and channel.
    figures
        What metrics there are. None: the published ones.

    Notes
    -----
    Means and rates are taken, and medians and 90th percentiles where a figure is a line for them.
    The route of every value is "self_report": records are the centre's own figures. The ledger is that of
    the records, not this one's. Figures of service that nothing is published for are left out and named in
    the notes.
    """
    figures = figures or load_figures()
    frame = kpis.frame
    wanted = frame["statistic"].isin(["rate", "mean", *{figure.statistic for figure in figures}])
    known = frame["metric"].isin([code for code, metric in figures.metrics.items() if metric.family])
    kept = frame[wanted & known].reset_index(drop=True)
    factor = np.where(kept["unit"] == "share", 100.0, 1.0)
    definition = kept["definition"].astype("str")
    for metric, column in CLOCKS.items():
        if column in kpis.definitions:
            definition = definition.mask(kept["metric"] == metric, kpis.definitions[column].text("en"))
    channel = {word: channel_of(word) for word in set(_words(kept, "channel"))}
    made = pd.DataFrame(
        {
            "industry": "",
            "company": _words(kept, "company"),
            "channel": [channel[word] for word in _words(kept, "channel")],
            "customer_tier": [fold(word) for word in _words(kept, "tier")],
            "metric": _words(kept, "metric"),
            "statistic": _words(kept, "statistic"),
            "value": kept["value"].to_numpy(np.float64) * factor,
            "unit": [figures.metrics[code].unit for code in _words(kept, "metric")],
            "n": kept["n"].astype(np.float64),
            "ci_low": kept["ci_low"].to_numpy(np.float64) * factor,
            "ci_high": kept["ci_high"].to_numpy(np.float64) * factor,
            "interval": np.where(kept["ci_low"].isna(), "", "given"),
            "definition": definition,
            "formula": _words(kept, "formula"),
            "route": "self_report",
            "when": "",
            "dimension": "",
            "note": "",
            "file": "",
            "row": 0,
        },
        columns=list(COLUMNS),
    )
    notes = [*kpis.notes]
    strange = sorted(set(frame["metric"][wanted & ~known].tolist()))
    if strange:
        named = ", ".join(KPI_METRICS[name][1] if name in KPI_METRICS else name for name in strange)
        notes.append(f"nothing is published to grade these by: {named}")
    return Measured(made, pd.DataFrame(columns=list(UNUSABLE)), Ledger(), tuple(notes))


def _words(frame: pd.DataFrame, name: str) -> list[str]:
    return frame[name].astype("str").tolist() if name in frame else [""] * len(frame)


def _text(value: object) -> str:
    if value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return ""
    return repr(float(value)) if isinstance(value, float | np.floating) else str(value).strip()


def _known() -> list[str]:
    return [name for code, names in HEADINGS.items() for name in (code, *names)]


def _measured(
    rows: Iterable[tuple[int, Mapping[str, str]]],
    figures: Figures,
    rates: Rates | None,
    level: float,
    sheet: Sheet,
) -> Measured:
    used: list[dict[str, object]] = []
    refused: list[dict[str, object]] = []
    unused = [
        UnusedRow(sheet.name, sheet.sheet, bad.row, "unreadable", bad.reason) for bad in sheet.unreadable
    ]
    for row, cells in rows:
        place: dict[str, object] = {"file": sheet.name, "row": row}
        made, problem = measured_row(cells, figures, rates, level)
        if problem:
            reason, what, do = problem
            refused.append(
                {
                    "company": cells.get("company", ""),
                    "channel": channel_of(cells.get("channel", "")),
                    "metric": cells.get("metric", ""),
                    "value": cells.get("value", ""),
                    "reason": reason,
                    "what": what,
                    "do": do,
                    **place,
                }
            )
            kind = reason if reason in ("unknown_metric", "nothing_published") else "no_value"
            unused.append(UnusedRow(sheet.name, sheet.sheet, row, kind, what))
        else:
            used.append({**made, **place})
    read = len(used) + len(refused) + len(sheet.unreadable)
    frame = pd.DataFrame(used, columns=list(COLUMNS))
    return Measured(
        frame.astype(dict.fromkeys(("value", "n", "ci_low", "ci_high"), np.float64)),
        pd.DataFrame(refused, columns=list(UNUSABLE)),
        Ledger.of_file(sheet.name, sheet.sheet, read, unused),
        (*(f"{sheet.name}: {note}" for note in sheet.notes), *_twice(frame, sheet.name)),
    )


def _twice(frame: pd.DataFrame, name: str) -> Iterator[str]:
    """Say which cells stand more than once in a table; every one is graded by itself."""
    keys = [
        *(
            "industry",
            "company",
            "channel",
            "customer_tier",
            "metric",
            "statistic",
            "formula",
            "route",
            "when",
        ),
        "dimension",
    ]
    again = frame[frame.duplicated(keys, keep=False)]
    for _, rows in list(again.groupby(keys, sort=False))[:5]:
        first = rows.iloc[0]
        places = ", ".join(str(row) for row in rows["row"].tolist()[:5])
        yield f"{name}: {first['metric']} of {first['company'] or 'the company'} stands in rows {places}"
