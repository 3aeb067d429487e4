"""What an inspection says of a file, against counts made by hand or by another reader."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xlsxwriter

from satsurvey.errors import EncodingError, InstrumentError, ReadError
from satsurvey.instrument.library import load_instrument
from satsurvey.intake import text_counts
from satsurvey.intake.inspection import InspectedColumn, Inspection, ValueCount, inspect_file

CHECKOUT = Path(__file__).resolve().parents[2]
NATIONAL = CHECKOUT / "examples" / "national-2019" / "national-2019.csv"
AIRPORT = CHECKOUT.parent / "shared" / "data" / "real" / "sfo_airport_2016.csv"


def written(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "export.csv"
    path.write_bytes(text.encode(encoding))
    return path


def column(found: Inspection, heading: str) -> InspectedColumn:
    return next(one for one in found.columns if one.heading == heading)


def test_columns_are_told_by_name_by_code_in_front_or_not_at_all(tmp_path: Path) -> None:
    text = "企业,A1,A2、按提示转到人工,等候人工的时间长短,备注\n甲,9,8,7,x\n乙,10,,6,y\n"
    found = inspect_file(written(tmp_path, text))
    assert [(c.letter, c.table, c.code, c.by) for c in found.columns] == [
        ("A", "roles", "company", "name"),
        ("B", "items", "A1", "name"),
        ("C", "items", "A2", "code"),
        ("D", "items", "A3", "name"),
        ("E", "", "", ""),
    ]
    assert (found.n_rows, found.encoding, found.format, found.heading_row) == (2, "utf-8", "csv", 1)
    assert column(found, "A2、按提示转到人工").n_filled == 1


def test_values_are_counted_without_surrounding_space_and_most_frequent_first(tmp_path: Path) -> None:
    found = inspect_file(written(tmp_path, 'A1\n 9\n9 \n10\n　9\n \n""\n8\n8\n'))
    assert column(found, "A1").values == (ValueCount("9", 3), ValueCount("8", 2), ValueCount("10", 1))
    assert (column(found, "A1").n_filled, column(found, "A1").n_distinct) == (6, 3)


def test_special_codes_carry_their_reason_or_none(tmp_path: Path) -> None:
    answers = ["9"] * 5 + ["99"] * 3 + ["98"] * 2 + ["77", "不知道", "11", "11"]
    found = inspect_file(written(tmp_path, "A1\n" + "\n".join(answers) + "\n"))
    special = {(value.text, value.n, value.meaning) for value in column(found, "A1").special}
    assert special == {
        ("99", 3, "refused"),
        ("98", 2, "dont_know"),
        ("不知道", 1, "dont_know"),
        ("77", 1, ""),
        ("11", 2, ""),
    }
    assert column(found, "A1").n_undeclared == 3


def test_facts_numbers_weights_and_dates_have_special_codes_too(tmp_path: Path) -> None:
    text = (
        "A1,S3,S6,权重,完成时间\n9,1,40,1.2,2019-03-05\n9,是,不知道,0,2019-02-30\n"
        "9,maybe,soon,-1,05/03/2019\n9,0,1分20秒,x,2019年3月5日 10:02\n"
    )
    found = inspect_file(written(tmp_path, text))
    special = {c.heading: {(v.text, v.meaning) for v in c.special} for c in found.columns}
    assert special == {
        "A1": set(),
        "S3": {("maybe", "")},
        "S6": {("不知道", "dont_know"), ("soon", "")},
        "权重": {("0", ""), ("-1", ""), ("x", "")},
        "完成时间": {("2019-02-30", ""), ("05/03/2019", "")},
    }


def test_two_columns_for_one_code_are_rivals_but_a_whole_name_beats_a_code_in_front(tmp_path: Path) -> None:
    found = inspect_file(written(tmp_path, "A1,打通客服热线的顺利程度,A2,A2_seconds\n9,9,9,12\n"))
    assert [c.rivals for c in found.columns] == [("B",), ("A",), (), ()]
    assert [c.code for c in found.columns] == ["A1", "A1", "A2", ""]


def test_a_file_without_any_known_column_is_inspected_all_the_same(tmp_path: Path) -> None:
    found = inspect_file(written(tmp_path, "when,how\n1,a\n2,b\n"))
    assert not any(c.code for c in found.columns)
    assert found.fits == ()
    assert [c.n_distinct for c in found.columns] == [2, 2]


def test_another_instrument_that_knows_the_columns_is_named(tmp_path: Path) -> None:
    other = load_instrument("servperf-22")
    # The one instrument's codes must not be the other's for this to mean anything.
    codes = [c for c in other.item_codes if c not in load_instrument("contact-centre-22").item_codes][:3]
    assert len(codes) == 3
    path = written(tmp_path, ",".join(codes) + "\n1,2,3\n")
    assert dict(inspect_file(path).fits)["servperf-22"] == 3
    assert len(inspect_file(path, instrument="servperf-22").of_table("items")) == 3


def test_answers_in_words_choose_the_scale_that_has_them(tmp_path: Path) -> None:
    found = inspect_file(written(tmp_path, "A1,A2\n满意,一般\n不满意,非常满意\n拒答,满意\n"))
    assert found.scale == "five_point"
    assert [(v.text, v.meaning) for c in found.columns for v in c.special] == [("拒答", "refused")]


def test_spss_labels_name_columns_and_label_values(tmp_path: Path) -> None:
    import pyreadstat

    path = tmp_path / "export.sav"
    frame = pd.DataFrame({"v1": ["甲", "乙", "甲"], "v2": [1.0, 10.0, 88.0], "v3": [9.0, 9.0, 8.0]})
    pyreadstat.write_sav(
        frame,
        str(path),
        column_labels=["企业名称", "打通客服热线的顺利程度", "Q9 等候人工的时间长短"],
        variable_value_labels={"v2": {1.0: "非常不满意", 10.0: "非常满意", 88.0: "记不得"}},
    )
    found = inspect_file(path)
    assert [(c.heading, c.code, c.by) for c in found.columns] == [
        ("v1", "company", "label"),
        ("v2", "A1", "label"),
        ("v3", "", ""),
    ]
    assert column(found, "v2").special == (ValueCount("88", 1, "记不得", ""),)
    assert found.heading_row == 0


def test_a_workbook_with_title_rows_gives_sheet_and_heading_row(tmp_path: Path) -> None:
    path = tmp_path / "export.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        book.add_worksheet("说明").write(0, 0, "二〇一九年")
        sheet = book.add_worksheet("数据")
        for row, cells in enumerate((["满意度调查"], [], ["企业", "A1"], ["甲", 9], ["乙", 8])):
            sheet.write_row(row, 0, cells)
    found = inspect_file(path)
    assert (found.sheet, found.heading_row, found.n_rows, found.format) == ("数据", 3, 2, "xlsx")
    assert [c.code for c in found.columns] == ["company", "A1"]
    assert inspect_file(path, sheet="说明").declared == {"sheet"}


def test_unreadable_rows_are_counted_and_the_first_are_shown(tmp_path: Path) -> None:
    bad = "".join(f"甲,9,{k}\n" for k in range(7))
    found = inspect_file(written(tmp_path, "企业,A1\n甲,9\n" + bad))
    assert (found.n_rows, found.n_unreadable) == (8, 7)
    assert [row.row for row in found.unreadable] == [3, 4, 5, 6, 7]
    assert "3 cells" in found.unreadable[0].reason


def test_long_numbers_that_lost_digits_are_warned_of(tmp_path: Path) -> None:
    path = tmp_path / "export.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["样本编号", "A1"])
        sheet.write_row(1, 0, [1234567890123456789, 9])
    assert inspect_file(path).columns[0].raw.warning
    assert not inspect_file(path).columns[1].raw.warning


@pytest.mark.parametrize("rows", [50, 5_000])
def test_counts_stay_exact_when_there_are_too_many_texts_to_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    monkeypatch.setattr(text_counts, "_MOST_TEXTS", 100)
    generator = np.random.default_rng(7)
    texts = [str(k) for k in generator.integers(0, 400, rows)]
    found = inspect_file(written(tmp_path, "n\n" + "\n".join(texts) + "\n")).columns[0]
    counts = Counter(texts)
    assert found.n_filled == rows
    assert found.counted_all is (len(counts) <= 100)
    assert found.n_distinct == min(100, len(counts))
    # What is counted is counted in full: from its first cell to its last.
    assert all(value.n == counts[value.text] for value in found.values)
    numbers = [int(text) for text in texts]
    assert found.numbers is not None
    assert (found.numbers.n, found.numbers.least, found.numbers.greatest) == (
        rows,
        min(numbers),
        max(numbers),
    )
    assert found.numbers.mean == pytest.approx(sum(numbers) / rows, rel=1e-12)


def test_numbers_are_told_from_texts_and_whole_ones_from_others(tmp_path: Path) -> None:
    found = inspect_file(written(tmp_path, "n\n1\n-2.5\n３\nx\n12345678901234567890\n1e3\n"))
    numbers = found.columns[0].numbers
    assert numbers is not None
    assert (numbers.n, numbers.n_whole, numbers.least, numbers.greatest) == (3, 2, -2.5, 3.0)
    assert numbers.mean == pytest.approx(0.5)


def test_the_answer_as_plain_data_has_eight_values_and_a_schema(tmp_path: Path) -> None:
    found = inspect_file(written(tmp_path, "A1\n" + "\n".join(map(str, range(1, 11))) + "\n99\n"))
    data = found.to_dict()
    assert data["schema"] == "satsurvey.inspection/1"
    assert len(data["columns"][0]["values"]) == 8
    assert data["columns"][0]["special_codes"] == [
        {"text": "99", "n": 1, "label": None, "meaning": "refused"}
    ]


def test_bytes_that_are_no_text_are_an_error_with_the_line(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_bytes("企业,A1\n甲,9\n".encode("gb18030") + b"\xff\xff,9\n" + "乙,8\n".encode())
    with pytest.raises(EncodingError, match="--encoding"):
        inspect_file(path)


def test_files_and_instruments_that_are_not_there_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="no such file"):
        inspect_file(tmp_path / "none.csv")
    with pytest.raises(InstrumentError, match="no instrument called"):
        inspect_file(written(tmp_path, "A1\n1\n"), instrument="none")


@pytest.mark.skipif(not NATIONAL.exists(), reason="the national example is not in this checkout")
def test_the_national_example_agrees_with_a_count_by_the_csv_module() -> None:
    found = inspect_file(NATIONAL)
    with NATIONAL.open(encoding="gb18030", newline="") as stream:
        heading, *rows = list(csv.reader(stream))
    assert [c.heading for c in found.columns] == heading
    assert found.n_rows == len(rows)
    assert [c.code for c in found.of_table("items")] == list(load_instrument("contact-centre-22").item_codes)
    for place, one in enumerate(found.columns):
        counts = Counter(row[place].strip() for row in rows if row[place].strip())
        assert (one.n_filled, one.n_distinct) == (counts.total(), len(counts)), one.heading
        assert {value.text: value.n for value in one.values}.items() <= counts.items()
        assert [value.n for value in one.values] == [n for _, n in counts.most_common(200)]


@pytest.mark.shared_data
def test_an_airport_survey_of_another_questionnaire_is_inspected() -> None:
    if not AIRPORT.exists():
        pytest.skip("the airport survey does not lie beside the checkout")
    found = inspect_file(AIRPORT)
    frame = pd.read_csv(AIRPORT, dtype=str, keep_default_na=False)
    assert (found.n_rows, len(found.columns)) == frame.shape
    assert not found.of_table("items")
    for one, heading in zip(found.columns, frame.columns, strict=True):
        cells = frame[heading].str.strip()
        assert (one.n_filled, one.n_distinct) == ((cells != "").sum(), cells[cells != ""].nunique()), heading
