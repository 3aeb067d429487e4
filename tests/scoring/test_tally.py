"""Sums over the interviews of each company."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from small_surveys import ITEMS, MISSING_WORDS, SATISFIED_FROM, Interview, company, interviews, survey

from satsurvey.scoring.estimates import score

MISSING_COLUMNS = {word: f"n_{word}" for word in MISSING_WORDS}


def test_the_words_for_missing_are_seven() -> None:
    # Six kinds of missing, and answers that are none.
    assert set(MISSING_WORDS) == {
        *("blank", "not_asked", "skipped", "dont_know", "refused", "not_applicable"),
        "invalid",
    }


@settings(max_examples=40, deadline=None)
@given(people=interviews())
def test_every_answer_is_counted_once_with_its_reason(people: list[Interview]) -> None:
    items = score(survey(people)).items
    for level in ("overall", "industry", "company"):
        table = items[items["level"] == level]
        for found in table.to_dict("records"):
            place = list(ITEMS).index(found["item"])
            here = [
                one.answers[place]
                for one in people
                if found["industry"] in {"", one.industry} and found["company"] in {"", one.company}
            ]
            kinds = Counter(answer if isinstance(answer, str) else "answered" for answer in here)
            assert found["n"] == kinds["answered"]
            assert {word: found[name] for word, name in MISSING_COLUMNS.items()} == {
                word: kinds[word] for word in MISSING_WORDS
            }
            assert found["n"] + sum(found[name] for name in MISSING_COLUMNS.values()) == len(here)


def test_the_satisfied_share_is_over_weighted_answers() -> None:
    people = [
        Interview("acme", (SATISFIED_FROM, 7, "blank", 1, 10), weight=3.0),
        Interview("acme", (1, 7, 9, 1, 10), weight=1.0),
    ]
    items = score(survey(people, weighted=True)).items
    shares = items[items["level"] == "company"].set_index("item")["satisfied_share"]
    assert shares.to_dict() == {"a1": 0.75, "a2": 0, "a3": 1, "b1": 0, "b2": 1}


@pytest.mark.parametrize("order", ["item_first", "respondent_first"])
def test_a_missing_answer_never_counts_as_a_low_one(order: str) -> None:
    full = company("acme", [8, 8, 8, 8, 8], [6, 6, 6, 6, 6])
    for word in MISSING_WORDS:
        more = company("acme", [word, word, word, word, 7])
        scores = score(survey(full + more), order=order)
        row = scores.companies.iloc[0]
        assert row["A"] == 70
        assert row["B"] == 70


def test_progress_is_told_to_the_end() -> None:
    told: list[tuple[int, int]] = []
    people = company("a", [5] * 5, [6] * 5) + company("b", [5] * 5)
    score(survey(people), progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (3, 3)
