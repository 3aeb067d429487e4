"""JSON as tables: arrays, pages, lines, nested fields, and what is no JSON."""

from __future__ import annotations

from pathlib import Path

import pytest

from satsurvey.errors import EncodingError, ReadError
from satsurvey.service.json_tables import open_json


def opened(folder: Path, text: str | bytes) -> tuple[list[str], list[list[str | None]], list[int], list[int]]:
    path = folder / "x.json"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    raw = open_json(path)
    (table,) = raw.tables()
    return (
        [column.heading for column in raw.columns],
        [cells.to_pylist() for cells in table.cells],
        table.rows.tolist(),
        [bad.row for bad in table.unreadable],
    )


def test_nested_fields_become_columns_joined_by_dots(tmp_path: Path) -> None:
    found = opened(tmp_path, '[{"a": 1, "b": {"c": true, "d": [1, "二"]}}, {"a": "x", "e": null}]')
    assert found[0] == ["a", "b.c", "b.d", "e"]
    assert found[1] == [["1", "x"], ["true", None], ['[1, "二"]', None], [None, None]]
    assert found[2:] == ([1, 2], [])


def test_lines_and_pages_are_read_too(tmp_path: Path) -> None:
    assert opened(tmp_path, '{"a": 1}\n\n{"a": 2}\nnonsense\n')[2:] == ([1, 3], [4])
    assert opened(tmp_path, '{"count": 2, "rows": [{"a": 1}, {"a": 2}], "x": []}')[1] == [["1", "2"]]
    assert opened(tmp_path, '{"a": 1}')[1] == [["1"]]
    assert opened(tmp_path, '[{"a": 1}, 3]')[2:] == ([1], [2])


def test_a_name_that_is_there_twice_keeps_what_came_first(tmp_path: Path) -> None:
    assert opened(tmp_path, '[{"a.b": 1, "a": {"b": 2}}]')[1] == [["1"]]


@pytest.mark.parametrize("text", ["", "   ", "[]", "[1, 2]", "no json", "[" * 100_000])
def test_what_holds_no_objects_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ReadError):
        opened(tmp_path, text)


def test_bytes_that_are_no_text_are_told(tmp_path: Path) -> None:
    with pytest.raises(EncodingError, match="not UTF-8"):
        opened(tmp_path, '[{"渠道": 1}]'.encode("gb18030"))
