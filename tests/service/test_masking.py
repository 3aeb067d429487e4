"""People's names and personal data in what is shown of records."""

from __future__ import annotations

import pytest

from satsurvey.service.masking import masked_names


@pytest.mark.parametrize("name", ["a17", "AGENT-0042", "1007", "5f3a9c1e-77aa-4c1b-9a51-0f3a9c1e77aa"])
def test_an_id_stays_as_it_is(name: str) -> None:
    assert masked_names([name], person="agent") == ([name], 0)


@pytest.mark.parametrize("name", ["李娜", "Mary Smith", "13812345678", "李娜 13812345678"])
def test_what_may_name_a_person_becomes_a_number(name: str) -> None:
    assert masked_names(["a1", name], person="agent") == (["a1", "agent-0001"], 1)


def test_without_a_person_only_personal_data_is_masked() -> None:
    shown, n = masked_names(["VIP 13812345678", "普通"])
    assert n == 1
    assert "13812345678" not in shown[0]
    assert shown[1] == "普通"


def test_no_names_are_no_trouble() -> None:
    assert masked_names([], person="agent") == ([], 0)
