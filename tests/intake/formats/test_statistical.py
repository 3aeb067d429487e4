from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyreadstat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from satsurvey.errors import ReadError
from satsurvey.intake.formats import statistical
from satsurvey.intake.formats.cell_text import LONG_NUMBERS
from satsurvey.intake.formats.headings import ReadOptions
from satsurvey.intake.formats.statistical import PORTABLE_NOTE, Contents, open_statistical, read_contents
from satsurvey.intake.formats.statistical_dates import LEAP_SECONDS, texts_of_format
from satsurvey.intake.raw import RawFile

from .conftest import IN_GBK, with_bytes_of

Maker = Callable[..., Path]
PLAIN = ReadOptions()


def cells_of(file: RawFile | Contents) -> list[list[str | None]]:
    columns: list[list[str | None]] = [[] for _ in file.columns]
    for table in file.tables():
        for column, cells in zip(columns, table.cells, strict=True):
            column.extend(cells.to_pylist())
    return columns


def row_numbers(file: RawFile | Contents) -> list[int]:
    return [int(row) for table in file.tables() for row in table.rows]


SURVEY = pd.DataFrame(
    {
        "company": ["甲公司 ", "乙", ""],
        "q1": [10.0, 98.0, np.nan],
        "q2": [7.5, 81.0, 85.0],
        "q3": [-1.0, 5.0, -9.0],
        "kind": ["a", "X", "b"],
    }
)


@pytest.fixture
def survey(tmp_path: Path) -> Path:
    path = tmp_path / "survey.sav"
    pyreadstat.write_sav(
        SURVEY,
        path,
        column_labels=["企业", "总体满意度", "", "", ""],
        variable_value_labels={
            "q1": {10.0: "非常满意", 98.0: "不知道"},
            "q2": {81.0: "拒答", 89.0: "跳过"},
            "kind": {"a": "一类"},
        },
        missing_ranges={
            "q1": [98, 99],
            "q2": [{"lo": 80, "hi": 89}, 7.5],
            "q3": [{"lo": -99, "hi": -1}],
            "kind": ["X"],
        },
    )
    return path


def test_codes_are_text_and_system_missing_is_null(survey: Path) -> None:
    file = read_contents(survey, PLAIN)
    assert cells_of(file) == [
        ["甲公司", "乙", ""],
        ["10", "98", None],
        ["7.5", "81", "85"],
        ["-1", "5", "-9"],
        ["a", "X", "b"],
    ]
    assert row_numbers(file) == [1, 2, 3]
    assert (file.source.heading_row, file.source.encoding, file.source.notes) == (0, "UTF-8", ())
    assert cells_of(file) == cells_of(file)


def test_file_opened_in_a_process_of_its_own_is_the_same(survey: Path) -> None:
    here, apart = read_contents(survey, PLAIN), open_statistical(survey, PLAIN)
    assert apart.source == here.source
    assert apart.columns == here.columns
    for _ in range(2):
        assert cells_of(apart) == cells_of(here)
        assert row_numbers(apart) == [1, 2, 3]


def test_labels_and_questions_are_kept(survey: Path) -> None:
    columns = read_contents(survey, PLAIN).columns
    assert [column.question for column in columns] == ["企业", "总体满意度", "", "", ""]
    assert columns[1].value_labels == {"10": "非常满意", "98": "不知道"}
    assert columns[4].value_labels == {"a": "一类"}


def test_user_missing_values_and_ranges_are_expanded_over_what_is_there(survey: Path) -> None:
    columns = read_contents(survey, PLAIN).columns
    assert columns[1].missing_codes == {"98", "99"}
    assert columns[2].missing_codes == {"7.5", "81", "85", "89"}
    assert columns[3].missing_codes == {"-1", "-9"}
    assert columns[4].missing_codes == {"X"}


@pytest.mark.parametrize("ending", ["sav", "zsav"])
def test_dates_and_times_of_spss_are_written_as_iso(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"dates.{ending}"
    frame = pd.DataFrame(
        {
            "day": [datetime.date(2024, 3, 5), datetime.date(1583, 1, 1)],
            "moment": [datetime.datetime(2024, 3, 5, 14, 30, 5), datetime.datetime(1999, 12, 31)],
            "clock": [datetime.time(9, 5), datetime.time(23, 59, 59)],
        }
    )
    pyreadstat.write_sav(frame, path, compress=ending == "zsav")
    assert cells_of(read_contents(path, PLAIN)) == [
        ["2024-03-05", "1583-01-01"],
        ["2024-03-05 14:30:05", "1999-12-31 00:00:00"],
        ["09:05:00", "23:59:59"],
    ]


def test_stata_keeps_the_reasons_of_missing_answers(tmp_path: Path) -> None:
    path = tmp_path / "survey.dta"
    frame = pd.DataFrame(
        {"q1": pd.Series([10, "a", None, "b"], dtype=object), "name": ["甲", "乙", "丙 ", ""]}
    )
    pyreadstat.write_dta(
        frame,
        path,
        column_labels=["总体满意度", ""],
        variable_value_labels={"q1": {10: "非常满意", "a": "拒答"}},
        missing_user_values={"q1": ["a", "b"]},
    )
    file = read_contents(path, PLAIN)
    assert cells_of(file) == [["10", ".a", None, ".b"], ["甲", "乙", "丙", ""]]
    assert file.columns[0].missing_codes == {".a", ".b"}
    assert file.columns[0].value_labels == {"10": "非常满意", ".a": "拒答"}
    assert file.columns[0].question == "总体满意度"
    assert file.source.encoding == "UTF-8"


def test_dates_of_stata_are_written_as_iso(tmp_path: Path) -> None:
    path = tmp_path / "dates.dta"
    frame = pd.DataFrame(
        {
            "day": [datetime.date(2024, 3, 5), datetime.date(1950, 1, 1)],
            "moment": [datetime.datetime(2024, 3, 5, 14, 30, 5), datetime.datetime(1959, 12, 31, 23, 0)],
        }
    )
    pyreadstat.write_dta(frame, path)
    assert cells_of(read_contents(path, PLAIN)) == [
        ["2024-03-05", "1950-01-01"],
        ["2024-03-05 14:30:05", "1959-12-31 23:00:00"],
    ]


@pytest.mark.parametrize(
    ("display", "number", "text"),
    [
        # Stata 18 data management manual, [D] Datetime: each count starts at 1960.
        ("%tm", 0.0, "1960-01"),
        ("%tm", -1.0, "1959-12"),
        ("%tmCCYY-NN", 770.0, "2024-03"),
        ("%tq", 256.0, "2024Q1"),
        ("%th", 129.0, "2024H2"),
        ("%tw", 3332.0, "2024W05"),
        ("%d", 21915.0, "2020-01-01"),
        ("%-tdD_m_Y", 21915.0, "2020-01-01"),
        ("%td", 1e300, "1e+300"),
        ("%tm", 1e300, "1e+300"),
    ],
)
def test_periods_of_stata_are_named(display: str, number: float, text: str) -> None:
    import pyarrow as pa

    written = texts_of_format("dta", display)
    assert written is not None
    assert written(pa.array([number])).to_pylist() == [text]


def test_plain_formats_are_no_dates() -> None:
    assert texts_of_format("dta", "%9.0g") is None
    assert texts_of_format("sav", "F8.2") is None
    assert texts_of_format("sav", "") is None


def test_clock_with_leap_seconds_is_warned_of(tmp_path: Path) -> None:
    path = tmp_path / "leap.dta"
    pyreadstat.write_dta(pd.DataFrame({"at": [0.0, 1000.0]}), path, variable_format={"at": "%tC"})
    file = read_contents(path, PLAIN)
    assert cells_of(file) == [["1960-01-01 00:00:00", "1960-01-01 00:00:01"]]
    assert file.columns[0].warning == LEAP_SECONDS


def test_portable_file_is_read_and_its_limit_told(tmp_path: Path) -> None:
    path = tmp_path / "survey.por"
    pyreadstat.write_por(pd.DataFrame({"q1": [10.0, 2.5, None], "name": ["a", "b", "cc"]}), path)
    file = read_contents(path, PLAIN)
    assert cells_of(file) == [["10", "2.5", None], ["a", "b", "cc"]]
    assert file.source.notes == (PORTABLE_NOTE,)


def test_identifier_stored_as_a_long_number_is_warned_of(tmp_path: Path) -> None:
    path = tmp_path / "ids.sav"
    frame = pd.DataFrame({"id": [1234567890123456789.0, 1.0], "short": [123456789012345.0, 2.0]})
    pyreadstat.write_sav(frame, path)
    file = read_contents(path, PLAIN)
    assert [column.warning for column in file.columns] == [LONG_NUMBERS, ""]
    assert cells_of(file)[1] == ["123456789012345", "2"]


def test_file_of_several_chunks_is_read_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "long.sav"
    frame = pd.DataFrame({"id": np.arange(250.0), "q": np.arange(250.0) % 7})
    pyreadstat.write_sav(frame, path, missing_ranges={"q": [{"lo": 5, "hi": 9}]})
    monkeypatch.setattr(statistical, "CELLS_AT_ONCE", 100)
    file = read_contents(path, PLAIN)
    assert len(list(file.tables())) == 5
    assert cells_of(file)[0] == [str(number) for number in range(250)]
    assert row_numbers(file) == list(range(1, 251))
    assert file.columns[1].missing_codes == {"5", "6"}


@pytest.mark.parametrize("code", [2, 3, 1252])
def test_gbk_file_without_a_declared_encoding_is_read_right(make_chinese_sav: Maker, code: int) -> None:
    path = make_chinese_sav(code=code)
    _, naive = pyreadstat.read_sav(path)
    assert naive.column_labels[1] == "总体满意程度".encode("gbk").decode("cp1252"), "no mojibake to repair"
    file = read_contents(path, PLAIN)
    assert file.columns[0].heading == "企业名称"
    assert file.columns[1].question == "总体满意程度"
    assert file.columns[1].value_labels == {"10": "非常满意"}
    assert cells_of(file) == [["中国银行", "中国银行"], ["10", "1"]]
    assert file.source.encoding == "GB18030"
    assert file.source.notes[0].startswith("read as GB18030")


def test_chinese_only_in_the_answers_is_found_too(make_chinese_sav: Maker) -> None:
    file = read_contents(make_chinese_sav(texts={"ACMEBANK": "工商银行"}), PLAIN)
    assert cells_of(file)[0] == ["工商银行", "工商银行"]
    assert file.columns[0].heading == "COMPANY1"


def test_gbk_bytes_that_are_not_windows_1252_are_read_right(make_chinese_sav: Maker) -> None:
    # 囧 is 87 E5 and 丂 is 81 40 in GBK; 81 is nothing in windows-1252, so the naive reading fails.
    file = read_contents(make_chinese_sav(texts={"ACMEBANK": "丂国银行", "VERYGOOD": "非常满意"}), PLAIN)
    assert cells_of(file)[0] == ["丂国银行", "丂国银行"]


def test_declared_encoding_overrides_the_guess(make_chinese_sav: Maker) -> None:
    path = make_chinese_sav(texts={"ACMEBANK": "臺灣銀行"}, encoding="big5")
    file = read_contents(path, ReadOptions(encoding="big5"))
    assert cells_of(file)[0] == ["臺灣銀行", "臺灣銀行"]
    assert (file.source.encoding, file.source.notes) == ("big5", ())
    western = read_contents(make_chinese_sav(), ReadOptions(encoding="windows-1252"))
    assert western.columns[0].heading == "企业名称".encode("gbk").decode("cp1252")


def test_western_text_is_left_as_declared(make_chinese_sav: Maker) -> None:
    texts = {"ACMEBANK": "Müller &", "VERYGOOD": "Très bon"}
    file = read_contents(make_chinese_sav(texts=texts, encoding="cp1252"), PLAIN)
    assert cells_of(file)[0] == ["Müller &", "Müller &"]
    assert file.columns[1].value_labels == {"10": "Très bon"}
    assert file.source.notes == ()


def test_unknown_or_wrong_encoding_is_refused_with_a_next_step(make_chinese_sav: Maker) -> None:
    with pytest.raises(ReadError, match="knows no encoding named klingon"):
        read_contents(make_chinese_sav(), ReadOptions(encoding="klingon"))
    with pytest.raises(ReadError, match="not in UTF-8") as refused:
        read_contents(make_chinese_sav(), ReadOptions(encoding="UTF-8"))
    assert "--encoding" in str(refused.value)


def test_old_stata_file_in_gbk_is_read_right(tmp_path: Path) -> None:
    path = tmp_path / "old.dta"
    pyreadstat.write_dta(
        pd.DataFrame({"COMPANY": ["ACMEBANK"], "q1": [10]}),
        path,
        version=12,
        column_labels=["OVERALLGOOD?", ""],
        variable_value_labels={"q1": {10: "VERYGOOD"}},
    )
    with_bytes_of(path, "gbk", {text: IN_GBK[text] for text in ("OVERALLGOOD?", "VERYGOOD", "ACMEBANK")})
    file = read_contents(path, PLAIN)
    assert cells_of(file) == [["中国银行"], ["10"]]
    assert file.columns[0].question == "总体满意程度"
    assert file.columns[1].value_labels == {"10": "非常满意"}
    assert file.source.notes[0].startswith("read as GB18030")


@pytest.mark.parametrize("ending", ["sav", "zsav", "por", "dta"])
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "The file is empty"),
        (b"PK\x03\x04" + bytes(50), "holds a zip archive"),
        (b"<html></html>", r"holds a web page"),
        (b"a,b\n1,2\n" * 50, "damaged, cut off, or not"),
        (b"\x00\x01\x02\x03" * 99, "damaged, cut off, or not"),
    ],
)
def test_file_of_another_kind_is_refused(tmp_path: Path, ending: str, content: bytes, said: str) -> None:
    path = tmp_path / f"survey.{ending}"
    path.write_bytes(content)
    with pytest.raises(ReadError, match=said) as refused:
        read_contents(path, PLAIN)
    assert refused.value.next_step


@pytest.mark.parametrize("share", [0.05, 0.3, 0.7, 0.95, 0.999])
def test_file_that_is_cut_off_is_refused(survey: Path, share: float) -> None:
    data = survey.read_bytes()
    survey.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(ReadError, match="damaged, cut off"):
        read_contents(survey, PLAIN)


def test_file_without_rows_keeps_its_columns(tmp_path: Path) -> None:
    path = tmp_path / "empty.sav"
    pyreadstat.write_sav(
        pd.DataFrame({"q1": pd.Series([], dtype=float), "s": pd.Series([], dtype=str)}), path
    )
    file = read_contents(path, PLAIN)
    assert [column.heading for column in file.columns] == ["q1", "s"]
    assert row_numbers(file) == []


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    data=st.binary(max_size=400),
    head=st.sampled_from([b"", b"<stata_dta><header><release>118</release>", b"\x72\x02\x01\0"]),
    ending=st.sampled_from(["sav", "zsav", "por", "dta"]),
)
def test_arbitrary_bytes_give_only_a_read_error(
    tmp_path: Path, data: bytes, head: bytes, ending: str
) -> None:
    path = tmp_path / f"any.{ending}"
    path.write_bytes(head + data)
    with pytest.raises(ReadError):
        read_contents(path, PLAIN)


@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(changes=st.lists(st.tuples(st.floats(0.05, 0.9999), st.integers(0, 255)), min_size=1, max_size=40))
def test_damaged_file_is_read_or_refused(survey: Path, changes: list[tuple[float, int]]) -> None:
    data = bytearray(survey.read_bytes())
    for place, byte in changes:
        data[int(place * len(data))] = byte
    damaged = survey.with_name("damaged.sav")
    damaged.write_bytes(data)
    try:
        file = open_statistical(damaged, PLAIN)
    except ReadError:
        return
    assert len(row_numbers(file)) == len(cells_of(file)[0])


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    rows=st.lists(
        st.tuples(
            st.text(st.sampled_from("甲乙丙丁abc019 ．＃"), max_size=8),
            st.one_of(st.none(), st.integers(-(10**9), 10**9)),
        ),
        min_size=1,
        max_size=8,
    ),
    ending=st.sampled_from(["sav", "zsav", "dta"]),
)
def test_any_table_comes_back(tmp_path: Path, rows: list[tuple[str, int | None]], ending: str) -> None:
    path = tmp_path / f"any.{ending}"
    frame = pd.DataFrame(
        {
            "s": pd.Series([text for text, _ in rows], dtype=str),
            "n": pd.Series([n for _, n in rows], dtype=float),
        }
    )
    if ending == "dta":
        pyreadstat.write_dta(frame, path)
    else:
        pyreadstat.write_sav(frame, path, compress=ending == "zsav")
    texts, numbers = cells_of(read_contents(path, PLAIN))
    assert texts == [text.rstrip(" ") for text, _ in rows]
    assert numbers == [None if n is None else str(n) for _, n in rows]
