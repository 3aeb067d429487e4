"""The overall score by the values of other fields."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from small_surveys import Interview, factor, small_instrument, survey

from satsurvey.errors import MethodError
from satsurvey.instrument.model import Instrument
from satsurvey.intake.responses import FactColumn, Factor, Responses
from satsurvey.scoring.breakdown import breakdown
from satsurvey.scoring.estimates import score


def people_of(n: int = 60) -> list[Interview]:
    rng = np.random.default_rng(8)
    return [
        Interview(f"c{k % 4}", tuple(rng.integers(1, 11, 5).tolist()), f"i{k % 2}", 1 + k % 3)
        for k in range(n)
    ]


def with_fields(people: list[Interview]) -> Responses:
    data = small_instrument().model_dump(by_alias=True)
    data["facts"] = [
        {"code": "S2", "text": {"en": "channel"}, "type": "one_of", "values": {"p": {"zh": "电话"}, "w": {}}},
        {"code": "S9", "text": {"en": "length"}, "type": "count"},
    ]
    n = len(people)
    region = factor([f"r{k % 3}" for k in range(n)])
    codes = region.codes.copy()
    codes[:5] = -1
    return replace(
        survey(people, instrument=Instrument.model_validate(data), weighted=True),
        factors={"region": Factor(codes, region.names)},
        facts={
            "S2": FactColumn(("p", "w"), np.array([(0, 1, 250)[k % 3] for k in range(n)], dtype=np.uint8)),
            "S9": FactColumn(numbers=np.arange(n, dtype=np.float64)),
        },
    )


def test_every_value_is_scored_as_a_survey_of_its_own() -> None:
    people = people_of()
    responses = with_fields(people)
    found = breakdown(responses, score(responses), ["region", "S2"])
    assert found[["by", "value"]].to_numpy().tolist() == [
        *(["region", "r0"], ["region", "r1"], ["region", "r2"], ["region", ""]),
        *(["S2", "p"], ["S2", "w"], ["S2", ""]),
    ]
    assert found.groupby("by")["n"].sum().tolist() == [60, 60], "no interview is lost"
    for place, keep in (
        (1, lambda k: k >= 5 and k % 3 == 1),
        (3, lambda k: k < 5),
        (4, lambda k: k % 3 == 0),
    ):
        own = score(survey([one for k, one in enumerate(people) if keep(k)], weighted=True)).overall
        pd.testing.assert_frame_equal(
            found.loc[[place], own.columns].reset_index(drop=True), own, check_exact=True, check_dtype=False
        )


def test_the_weights_are_those_of_the_whole() -> None:
    responses = with_fields(people_of())
    whole = score(responses, dimension_weights="entropy", item_weights="entropy")
    found = breakdown(responses, whole, ["region"])
    fixed = score(
        responses.take(responses.factors["region"].codes == 0),
        dimension_weights="declared",
        declared_dimension_weights=dict(whole.dimension_weights.values),
        item_weights="declared",
        declared_item_weights={
            c: w for inner in whole.item_weights.values() for c, w in inner.values.items()
        },
    )
    assert found["score"].iloc[0] == fixed.overall["score"].iloc[0]
    # With weights of its own the part would score differently: the test can fail.
    alone = score(
        responses.take(responses.factors["region"].codes == 0),
        dimension_weights="entropy",
        item_weights="entropy",
    )
    assert alone.overall["score"].iloc[0] != found["score"].iloc[0]


def test_a_part_without_a_dimension_is_marked_as_not_comparable() -> None:
    people = [Interview("a", (5, 5, 5, 5, 5)), Interview("a", (7, 7, 7, "not_asked", "not_asked"))]
    responses = replace(survey(people), factors={"region": factor(["north", "south"])})
    found = breakdown(responses, score(responses), ["region"]).set_index("value")
    assert found.loc["south", "score"] == 70
    assert found.loc["south", "note"].endswith("nobody answered B: not comparable with the other rows")
    assert "not comparable" not in found.loc["north", "note"]


def test_a_part_without_any_answer_stays_as_a_row() -> None:
    people = [Interview("a", (5, 5, 5, 5, 5)), Interview("a", ("blank",) * 5)]
    responses = replace(survey(people), factors={"region": factor(["north", "south"])})
    found = breakdown(responses, score(responses), ["region"]).set_index("value")
    assert np.isnan(found.loc["south", "score"])
    assert found.loc["south", "note"] == "no company with a score"


def test_nothing_asked_for_is_an_empty_table() -> None:
    responses = survey(people_of())
    scores = score(responses)
    found = breakdown(responses, scores, [])
    assert found.empty
    assert list(found) == ["by", "value", *scores.overall]


@pytest.mark.parametrize("field", ["province", "S9", ""])
def test_a_field_that_is_not_there_is_refused_with_those_that_are(field: str) -> None:
    responses = with_fields(people_of())
    with pytest.raises(MethodError) as caught:
        breakdown(responses, score(responses), [field])
    assert f"the survey has no field {field!r} to break the score down by" in str(caught.value)
    assert "expected: S2, region" in str(caught.value)


def test_without_any_field_the_message_says_how_to_get_one() -> None:
    responses = survey(people_of())
    with pytest.raises(MethodError, match="a column bound to a role such as region or wave"):
        breakdown(responses, score(responses), ["region"])
