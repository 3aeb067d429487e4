"""The native charts of the workbook: industry scores with lines to compare them, and profiles."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from satsurvey.report.cells import Interval, Withheld, is_absent
from satsurvey.report.labels import label
from satsurvey.report.layout import Table

MOST_PROFILES = 40
"""More lines than this say nothing; the overall profile then stands alone."""
BLUE, GREY, ORANGE = "#0072B2", "#A6A6A6", "#D55E00"
"""Blue and orange from the palette of Okabe and Ito, which the colour-blind can tell apart."""

_HEIGHT = 420
GRID = {"visible": True, "line": {"color": "#E0E0E0"}}


@dataclass(frozen=True)
class ChartSource:
    """Where the numbers of the charts stand: sheet, table, column keys, row of the first number."""

    sheet: str
    table: Table
    keys: tuple[str, ...]
    first: int

    @property
    def last(self) -> int:
        """The row of the last industry."""
        return self.first + len(self.table.rows) - 1

    def down(self, key: str) -> list[object]:
        """Return the range of one column over all industries, as XlsxWriter takes it."""
        place = self.keys.index(key)
        return [self.sheet, self.first, place, self.last, place]


def add_charts(book: Any, source: ChartSource) -> None:
    """Add a sheet with the charts, drawn from the cells of the industry sheet."""
    sheet = book.add_worksheet(label("sheet_charts", source.table.language))
    sheet.hide_gridlines(2)
    sheet.insert_chart(1, 1, score_chart(book, source))
    dimensions = [
        column.key for column in source.table.columns if column.key in _dimension_keys(source.table)
    ]
    if len(dimensions) > 1:
        sheet.insert_chart(3 + _HEIGHT // 20, 1, profile_chart(book, source, dimensions))


def score_chart(book: Any, source: ChartSource) -> Any:
    """Draw the scores of the industries as points with lines of ±1.39 standard errors.

    Two such lines that do not overlap differ at about 5 % (Goldstein and Healy 1995, for standard errors of
    like size). Points and not bars: a bar must begin at 0, where the lines would be too short to compare.
    """
    from xlsxwriter.utility import quote_sheetname, xl_range_abs

    zh = source.table.language == "zh"
    chart = book.add_chart({"type": "line"})
    series: dict[str, object] = {
        "name": [source.sheet, source.first - 1, source.keys.index("score")],
        "categories": source.down("industry"),
        "values": source.down("score"),
        "line": {"none": True},
        "marker": {"type": "circle", "size": 8, "fill": {"color": BLUE}, "border": {"color": BLUE}},
        "data_labels": {"value": True, "position": "right", "num_format": "0.00", "font": {"size": 8}},
    }
    if "half_bar" in source.keys:
        place = source.keys.index("half_bar")
        cells = f"={quote_sheetname(source.sheet)}!{xl_range_abs(source.first, place, source.last, place)}"
        column = next(k for k, column in enumerate(source.table.columns) if column.key == "half_bar")
        lengths = [None if is_absent(row[column]) else row[column] for row in source.table.rows]
        series["y_error_bars"] = {
            "type": "custom",
            "plus_values": cells,
            "minus_values": cells,
            # Programs that draw without computing take the bars from this copy.
            "plus_data": lengths,
            "minus_data": lengths,
            "line": {"color": "#000000", "width": 1.25},
        }
    chart.add_series(series)
    title = (
        "行业得分（竖线 ±1.39×标准误：互不重叠的两个行业约在 5% 水平上有差异）"
        if zh
        else "Industry scores (lines ±1.39 std. errors: two that do not overlap differ at about 5 %)"
    )
    chart.set_title({"name": title, "name_font": {"size": 11}})
    chart.set_legend({"none": True})
    chart.set_y_axis({"min": _axis_start(source, ["score"]), "max": 100, "major_gridlines": GRID})
    chart.set_size({"width": max(900, 60 * len(source.table.rows)), "height": _HEIGHT})
    return chart


def profile_chart(book: Any, source: ChartSource, dimensions: list[str]) -> Any:
    """Draw the profile of every industry over the dimensions in grey, and the overall one in colour."""
    zh = source.table.language == "zh"
    left, right = source.keys.index(dimensions[0]), source.keys.index(dimensions[-1])
    categories = [source.sheet, source.first - 1, left, source.first - 1, right]
    chart = book.add_chart({"type": "line"})
    count = len(source.table.rows)
    overall = bool(source.table.footer)
    lines = list(range(count)) if count <= MOST_PROFILES else []
    for place in lines:
        row = source.first + place
        chart.add_series(
            {
                "name": [source.sheet, row, source.keys.index("industry")],
                "categories": categories,
                "values": [source.sheet, row, left, row, right],
                "line": {"color": GREY, "width": 1},
            }
        )
    if overall:
        row = source.last + 1
        chart.add_series(
            {
                "name": [source.sheet, row, source.keys.index("industry")],
                "categories": categories,
                "values": [source.sheet, row, left, row, right],
                "line": {"color": ORANGE, "width": 3},
                "marker": {
                    "type": "circle",
                    "size": 7,
                    "fill": {"color": ORANGE},
                    "border": {"color": ORANGE},
                },
                "data_labels": {"value": True, "position": "above", "num_format": "0.00"},
            }
        )
    title = "维度得分（橙：全体；灰：各行业）" if zh else "Dimension scores (orange: all; grey: industries)"
    chart.set_title({"name": title, "name_font": {"size": 11}})
    chart.set_legend({"none": True})
    chart.set_y_axis(
        {
            "min": _axis_start(source, dimensions),
            "max": 100,
            "major_gridlines": GRID,
        }
    )
    chart.set_size({"width": 900, "height": 380})
    return chart


def _dimension_keys(table: Table) -> set[str]:
    """Return the keys of the dimensions: the columns that give way first where room is short."""
    return {column.key for column in table.columns if column.kind == "score" and column.optional}


def _axis_start(source: ChartSource, dimensions: list[str]) -> int:
    """Return the ten below the lowest score; a line may begin above 0, its length is not read."""
    places = [k for k, column in enumerate(source.table.columns) if column.key in dimensions]
    rows = [*source.table.rows, *([source.table.footer] if source.table.footer else [])]
    found = [row[k] for row in rows for k in places]
    cells = [cell.low if isinstance(cell, Interval) else cell for cell in found]
    numbers = [float(str(cell)) for cell in cells if not isinstance(cell, Withheld) and not is_absent(cell)]
    return max(0, math.floor((min(numbers, default=0) - 2) / 10) * 10)
