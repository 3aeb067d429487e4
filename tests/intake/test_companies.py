"""Display names of companies from names and ids."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from satsurvey.intake.companies import display_names
from satsurvey.intake.responses import Factor


def factor(texts: list[str]) -> Factor:
    names = tuple(sorted({text for text in texts if text}))
    place = {name: k for k, name in enumerate(names)}
    return Factor(np.array([place.get(text, -1) for text in texts], dtype=np.int32), names)


def shown(names: list[str], ids: list[str]) -> list[str]:
    return display_names(factor(names), factor(ids)).texts()


def test_an_id_with_two_spellings_takes_the_more_frequent_one():
    assert shown(["甲", "甲公司", "甲"], ["1", "1", "1"]) == ["甲", "甲", "甲"]


def test_of_equally_frequent_names_the_first_in_order_is_taken_whatever_the_order_of_rows():
    assert shown(["b", "a"], ["1", "1"]) == shown(["a", "b"], ["1", "1"]) == ["a", "a"]


def test_two_ids_of_one_name_are_told_apart():
    assert shown(["甲", "甲", "乙"], ["1", "2", "3"]) == ["甲 (1)", "甲 (2)", "乙"]


def test_an_id_without_a_name_is_its_own_name():
    assert shown(["", "甲"], ["1", "2"]) == ["1", "甲"]


def test_rows_without_an_id_keep_their_name_apart_from_the_companies_with_one():
    assert shown(["甲", "甲", "乙", ""], ["1", "", "", ""]) == ["甲 (1)", "甲", "乙", ""]


def test_a_name_that_looks_like_one_told_apart_stays_a_company_of_its_own():
    found = shown(["甲", "甲", "甲 (1)"], ["1", "2", "3"])
    assert len(set(found)) == 3


@given(st.lists(st.tuples(st.sampled_from(["", "a", "b", "a (1)"]), st.sampled_from(["", "1", "2", "a"]))))
def test_rows_are_one_company_exactly_when_id_or_lacking_that_name_is_the_same(rows: list[tuple[str, str]]):
    companies = display_names(factor([n for n, _ in rows]), factor([i for _, i in rows]))
    assert list(companies.names) == sorted(set(companies.names))
    for (name, identity), code in zip(rows, companies.codes, strict=True):
        for (other_name, other_identity), other in zip(rows, companies.codes, strict=True):
            same = identity == other_identity if identity or other_identity else name == other_name
            assert (code == other) == same


def test_twenty_thousand_companies_of_one_name_are_named_at_once():
    n = 20_000
    ids = [f"{k:05d}" for k in range(n)]
    assert shown(["甲"] * n, ids)[-1] == f"甲 ({n - 1})"
