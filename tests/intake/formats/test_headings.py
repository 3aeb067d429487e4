"""Where headings stand, and when two are the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from satsurvey.intake.formats.headings import FURTHEST, find_heading_row, normalise_heading

KNOWN = frozenset({"企业名称", "a1", "a2", "行业"})


@pytest.mark.parametrize(
    ("one", "other"),
    [("Ａ１", "a1"), ("  企业名称 ", "企业名称"), ("Case  ID", "case id"), ("\ufeffcompany", "Company")],
)
def test_width_case_white_space_and_marks_do_not_distinguish_headings(one: str, other: str):
    assert normalise_heading(one) == normalise_heading(other)


def test_different_headings_stay_different():
    assert len({normalise_heading(h) for h in ("A1", "A11", "A 1", "企业", "企业名称")}) == 5


@given(st.text())
def test_normalising_twice_is_normalising_once(text: str):
    once = normalise_heading(text)
    # Folding case can leave characters that compatibility folding turns once more; a third time never.
    assert normalise_heading(normalise_heading(once)) == normalise_heading(once)


def test_the_row_with_most_known_headings_is_the_heading_row():
    rows = [["2019年满意度调查"], ["单位：分", "", ""], ["企业名称", "行业", "A1"], ["甲", "银行", "9"]]
    assert find_heading_row(rows, KNOWN) == 2


def test_a_title_that_names_one_known_heading_loses_against_the_headings():
    rows = [["企业名称"], ["企业名称", "a1", "a2"], ["甲", "9", "8"]]
    assert find_heading_row(rows, KNOWN) == 1


def test_without_known_headings_the_first_row_with_most_words_is_taken():
    rows = [["Report"], ["firm", "q1", "q2"], ["Acme", "9", "8"], ["Beta", "7", "7"]]
    assert find_heading_row(rows, frozenset()) == 1


def test_numbers_dates_and_percentages_are_no_words():
    rows = [["2019-01-01", "10:30", "95%", "1,234.5"], ["firm", "q1", "", ""]]
    assert find_heading_row(rows, frozenset()) == 1


def test_headings_further_down_than_the_limit_are_not_looked_for():
    rows = [["x"]] * FURTHEST + [["企业名称", "a1", "a2"]]
    assert find_heading_row(rows, KNOWN) == 0


def test_no_rows_at_all_give_the_first():
    assert find_heading_row([], KNOWN) == 0
