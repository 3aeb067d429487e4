from __future__ import annotations

import datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from satsurvey.errors import ReadError
from satsurvey.intake.formats.cell_text import LONG_NUMBERS
from satsurvey.intake.formats.headings import ReadOptions
from satsurvey.intake.formats.parquet import BYTES, NESTED, cells_as_text, open_parquet

PLAIN = ReadOptions()


def written(path: Path, columns: dict[str, pa.Array], **how: object) -> Path:
    pq.write_table(pa.table(columns), path, **how)
    return path


@pytest.mark.parametrize(
    ("cells", "texts"),
    [
        (pa.array(["007", None, "非常满意"]), ["007", None, "非常满意"]),
        (pa.array(["a", None], pa.large_string()), ["a", None]),
        (pa.array(["a", None], pa.string_view()), ["a", None]),
        (pa.array(["a", None, "a"]).dictionary_encode(), ["a", None, "a"]),
        (pa.array([5, None, 5]).dictionary_encode(), ["5", None, "5"]),
        (pa.array([1234567890123456789, None, -7]), ["1234567890123456789", None, "-7"]),
        (pa.array([2**64 - 1], pa.uint64()), ["18446744073709551615"]),
        (pa.array([7.0, 7.5, None, 0.1 + 0.2, float("nan")]), ["7", "7.5", None, "0.3", ""]),
        (pa.array([7.5, None], pa.float16()), ["7.5", None]),
        (pa.array([True, False, None]), ["TRUE", "FALSE", None]),
        (pa.array([Decimal("7.00"), Decimal("-7.50"), None]), ["7", "-7.5", None]),
        (pa.array([Decimal("700")], pa.decimal128(5, 0)), ["700"]),
        (pa.array([datetime.date(2024, 3, 5), None]), ["2024-03-05", None]),
        (
            pa.array(
                [datetime.datetime(2024, 3, 5, 14, 30), None, datetime.datetime(1950, 1, 1, 0, 0, 0, 5)]
            ),
            ["2024-03-05 14:30:00", None, "1950-01-01 00:00:00.000005"],
        ),
        (
            pa.array([datetime.datetime(2024, 3, 5, 6, 30), None], pa.timestamp("ns", "Asia/Shanghai")),
            ["2024-03-05 14:30:00+08:00", None],
        ),
        (pa.array([datetime.time(9, 5), None]), ["09:05:00", None]),
        (pa.array([datetime.time(9, 5), None], pa.time32("s")), ["09:05:00", None]),
        (pa.array([datetime.timedelta(hours=30), None]), ["30:00:00", None]),
        (pa.nulls(2), [None, None]),
        (pa.array([[1, 2], None]), ["[1, 2]", None]),
        (pa.array([{"甲": "x"}, None]), ['{"甲": "x"}', None]),
        (pa.array([b"abc", None, "满".encode()]), ["abc", None, "满"]),
        (pa.array([b"abc", None, b"\xff"]), ["abc", None, r"\xff"]),
        (pa.array([], pa.int64()), []),
    ],
)
def test_every_type_becomes_text(cells: pa.Array, texts: list[str | None]) -> None:
    converted = cells_as_text(cells)
    assert converted.type in (pa.string(), pa.dictionary(pa.int32(), pa.string()))
    assert converted.to_pylist() == texts


def test_row_groups_are_read_in_turn_and_again(tmp_path: Path) -> None:
    ids = [f"{number:05d}" for number in range(1000)]
    path = written(
        tmp_path / "a.parquet", {"编号": pa.array(ids), "Q1": pa.array(range(1000))}, row_group_size=300
    )
    file = open_parquet(path, PLAIN)
    for _ in range(2):
        tables = list(file.tables())
        assert [int(row) for table in tables for row in table.rows] == list(range(1, 1001))
        assert [text for table in tables for text in table.cells[0].to_pylist()] == ids
        assert [text for table in tables for text in table.cells[1].to_pylist()] == [
            str(n) for n in range(1000)
        ]
    assert [column.heading for column in file.columns] == ["编号", "Q1"]
    assert (file.source.format, file.source.heading_row) == ("parquet", 0)


@pytest.mark.parametrize("statistics", [True, False])
def test_only_doubles_lose_the_digits_of_long_identifiers(tmp_path: Path, statistics: bool) -> None:
    path = written(
        tmp_path / "ids.parquet",
        {
            "exact": pa.array([1234567890123456789, 2]),
            "lost": pa.array([1234567890123456789.0, 2.0]),
            "short": pa.array([123456789012345.0, None]),
        },
        write_statistics=statistics,
    )
    assert [column.warning for column in open_parquet(path, PLAIN).columns] == ["", LONG_NUMBERS, ""]


def test_nested_and_byte_columns_are_warned_of(tmp_path: Path) -> None:
    path = written(
        tmp_path / "odd.parquet",
        {"多选": pa.array([["1", "2"], []]), "raw": pa.array([b"ok", b"\xff"]), "id": pa.array([2e18, 1.0])},
    )
    file = open_parquet(path, PLAIN)
    assert [column.warning for column in file.columns] == [NESTED, BYTES, LONG_NUMBERS]
    assert [cells.to_pylist() for table in file.tables() for cells in table.cells] == [
        ['["1", "2"]', "[]"],
        ["ok", r"\xff"],
        ["2000000000000000000", "1"],
    ]


def test_two_columns_of_one_name_are_both_kept(tmp_path: Path) -> None:
    path = tmp_path / "twice.parquet"
    pq.write_table(
        pa.table([pa.array(["1"]), pa.array(["2"]), pa.array([b"x"])], names=["Q1", "Q1", ""]), path
    )
    file = open_parquet(path, PLAIN)
    assert [column.heading for column in file.columns] == ["Q1", "Q1", "(column 3)"]
    assert [cells.to_pylist() for table in file.tables() for cells in table.cells] == [["1"], ["2"], ["x"]]


def test_file_without_columns_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="The file has no columns"):
        open_parquet(written(tmp_path / "none.parquet", {}), PLAIN)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "The file is empty"),
        (b"a,b\n1,2\n", "holds plain text"),
        (b"PK\x03\x04", "holds a zip archive"),
        (b"PAR1" + bytes(40) + b"PAR1", "damaged, cut off or cannot be read"),
    ],
)
def test_file_of_another_kind_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "export.parquet"
    path.write_bytes(content)
    with pytest.raises(ReadError, match=said) as refused:
        open_parquet(path, PLAIN)
    assert refused.value.next_step


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.binary(max_size=300), framed=st.booleans())
def test_arbitrary_bytes_give_only_a_read_error(tmp_path: Path, data: bytes, framed: bool) -> None:
    path = tmp_path / "any.parquet"
    path.write_bytes(b"PAR1" + data + b"PAR1" if framed else data)
    with pytest.raises(ReadError):
        open_parquet(path, PLAIN)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(changes=st.lists(st.tuples(st.floats(0, 0.9999), st.integers(0, 255)), min_size=1, max_size=4))
def test_damaged_file_is_read_or_refused(tmp_path: Path, changes: list[tuple[float, int]]) -> None:
    path = written(
        tmp_path / "a.parquet", {"企业": pa.array(["甲", "乙"] * 20), "Q1": pa.array([1.5, None] * 20)}
    )
    data = bytearray(path.read_bytes())
    for place, byte in changes:
        data[int(place * len(data))] = byte
    path.write_bytes(data)
    try:
        for table in open_parquet(path, PLAIN).tables():
            assert all(len(cells) == len(table.rows) for cells in table.cells)
    except ReadError:
        pass
