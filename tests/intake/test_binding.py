"""Headings to items, facts, outcomes and roles: by declared names only, and never two to one place."""

from __future__ import annotations

from pathlib import Path

import pytest

from satsurvey.errors import ColumnsError
from satsurvey.instrument.library import load_instrument
from satsurvey.intake.binding import Binding, bind, declared_names, known_headings, match_heading
from satsurvey.intake.raw import RawColumn, Source
from satsurvey.intake.study import Study

INSTRUMENT = load_instrument("contact-centre-22")
SOURCE = Source(Path("export.csv"), "csv")


def bound(headings: list[str], **study: object) -> Binding:
    columns = [RawColumn(heading, place) for place, heading in enumerate(headings, start=1)]
    declared = Study.model_validate({"schema": "satsurvey.study/1", **study}) if study else None
    return bind(SOURCE, columns, INSTRUMENT, declared)


def test_codes_and_declared_headings_are_bound_without_a_study():
    binding = bound(["企业名称", "行业", "a1", "Ａ２", "B1、接通后的等待", "权重", "备注"])
    assert binding.roles == {"company": 0, "industry": 1, "weight": 5}
    assert binding.items == {"A1": 2, "A2": 3, "B1": 4}
    assert [column.heading for column in binding.unused] == ["备注"]


def test_a_heading_that_merely_looks_alike_is_not_bound():
    binding = bound(["企业名称", "A1", "A11", "我的A2", "企业性质"])
    assert binding.items == {"A1": 1}
    assert [column.heading for column in binding.unused] == ["A11", "我的A2", "企业性质"]


@pytest.mark.parametrize(
    "heading", ["A1、顺利程度", "A1.顺利", "A1 顺利", "a1：顺利", "A1_顺利", "Ａ１－顺利"]
)
def test_a_code_in_front_of_its_wording_binds(heading: str):
    assert match_heading(heading, declared_names(INSTRUMENT)) == ("items", "A1")


def test_the_longest_declared_code_in_front_counts():
    names = {"a": ("items", "A"), "a_1": ("items", "A_1")}
    assert match_heading("A_1_顺利", names) == ("items", "A_1")
    assert match_heading("a_2", names) == ("items", "A")


def test_the_very_heading_goes_before_one_that_begins_with_it():
    for headings in (["A1_用时", "A1", "企业名称"], ["A1", "A1_用时", "企业名称"]):
        binding = bound(headings)
        assert headings[binding.items["A1"]] == "A1"
        assert [column.heading for column in binding.unused] == ["A1_用时"]


def test_two_columns_for_one_code_are_an_error_that_names_both_letters():
    with pytest.raises(ColumnsError) as caught:
        bound(["企业名称", "A1", "行业", "A1"])
    assert "two columns stand for A1: B 'A1' and D 'A1'" in str(caught.value)
    with pytest.raises(ColumnsError, match="two columns stand for company: A '企业名称' and C '公司'"):
        bound(["企业名称", "A1", "公司"])


def test_equal_headings_that_nothing_needs_are_left_alone():
    assert len(bound(["企业名称", "A1", "备注", "备注"]).unused) == 2


def test_no_item_and_no_company_are_errors_that_list_the_headings():
    with pytest.raises(ColumnsError, match="no column is an item") as caught:
        bound(["企业名称", "备注"])
    assert "企业名称, 备注" in str(caught.value)
    with pytest.raises(ColumnsError, match="no column holds the company") as caught:
        bound(["A1", "行业"])
    assert "[constants]" in str(caught.value)


class TestStudy:
    def test_what_the_study_declares_goes_before_aliases(self):
        binding = bound(["公司", "企业名称", "A1", "q"], columns={"company": "公司"}, items={"A1": "q"})
        assert (binding.roles["company"], binding.items["A1"]) == (0, 3)
        assert [column.heading for column in binding.unused] == ["企业名称", "A1"]

    def test_a_declared_heading_that_no_column_has_is_an_error(self):
        with pytest.raises(ColumnsError, match="binds A1 to the heading 'Q1', which no column has"):
            bound(["企业名称", "A1"], items={"A1": "Q1"})

    def test_a_declared_heading_that_two_columns_have_is_an_error_with_letters(self):
        with pytest.raises(ColumnsError, match="which several columns have: B and C"):
            bound(["企业名称", "Q1", "Q1"], items={"A1": "Q1"})

    def test_one_column_is_not_two_items(self):
        with pytest.raises(ColumnsError, match="two items to one column: A1 and A2 to B 'Q1'"):
            bound(["企业名称", "Q1"], items={"A1": "Q1", "A2": "Q1"})

    def test_a_constant_company_needs_no_column(self):
        assert "company" not in bound(["A1"], constants={"company": "甲"}).roles

    def test_ignored_headings_are_not_bound_and_not_left_over(self):
        binding = bound(["企业名称", "A1", "A2", "x"], ignore=["A2", "x"])
        assert binding.items == {"A1": 1}
        assert binding.unused == ()

    def test_known_headings_hold_those_of_the_study(self):
        study = Study.model_validate(
            {"schema": "satsurvey.study/1", "items": {"A1": "问题一"}, "ignore": ["Ｘ 1"]}
        )
        assert {"问题一", "x 1", "a1", "企业名称"} <= known_headings(INSTRUMENT, study)


def test_a_heading_of_a_megabyte_is_matched_in_no_time():
    assert match_heading("x_" * 500_000, declared_names(INSTRUMENT)) is None
