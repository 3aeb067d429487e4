"""The account of rows: it adds up, or it is not made."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from satsurvey.intake.ledger import REASONS, Ledger, UnusedRow

rows = st.lists(st.sampled_from(sorted(REASONS)), max_size=20)


def ledger(file: str, used: int, reasons: list[str]) -> Ledger:
    unused = [UnusedRow(file, None, k, reason) for k, reason in enumerate(reasons, start=2)]
    return Ledger.of_file(file, None, used + len(reasons), unused)


@given(st.lists(st.tuples(st.integers(0, 50), rows), max_size=5))
def test_files_of_any_content_add_up_one_by_one_and_together(files: list[tuple[int, list[str]]]):
    total = Ledger()
    for k, (used, reasons) in enumerate(files):
        total += ledger(f"f{k}.csv", used, reasons)
    assert total.adds_up
    assert total.rows_used == sum(used for used, _ in files)
    assert total.rows_read == sum(used + len(reasons) for used, reasons in files)
    assert total.unreadable == sum(reasons.count("unreadable") for _, reasons in files)
    assert sum(total.set_aside.values()) == len(total.unused) - total.unreadable
    assert [row.file for row in total.unused] == sorted(row.file for row in total.unused)


def test_more_unused_rows_than_rows_are_a_fault():
    with pytest.raises(ValueError, match="add up"):
        Ledger.of_file("x.csv", None, 0, [UnusedRow("x.csv", None, 2, "blank_row")])


def test_an_unknown_reason_is_a_fault():
    with pytest.raises(ValueError, match="reasons"):
        Ledger.of_file("x.csv", None, 1, [UnusedRow("x.csv", None, 2, "dog ate it")])


def test_every_reason_has_its_words_in_both_languages():
    assert all(zh and en and zh != en for zh, en in REASONS.values())


def test_the_ledger_goes_into_json_without_its_rows():
    data = json.loads(json.dumps(ledger("x.csv", 3, ["blank_row", "unreadable"]).to_dict()))
    assert data == {
        "rows_read": 5,
        "rows_used": 3,
        "set_aside": {"blank_row": 1},
        "unreadable": 1,
        "adds_up": True,
        "files": [
            {
                "file": "x.csv",
                "sheet": None,
                "rows_read": 5,
                "rows_used": 3,
                "set_aside": {"blank_row": 1},
                "unreadable": 1,
            }
        ],
    }
