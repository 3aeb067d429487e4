"""The model of instruments: defects are found, all at once, and named by the place they stand at."""

from __future__ import annotations

import copy

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from satsurvey.errors import Defect
from satsurvey.instrument.library import instrument_names, instrument_path, read_instrument_data
from satsurvey.instrument.model import Instrument, Scale, Text, instrument_defects, plain_number

SMALL = {
    "schema": "satsurvey.instrument/1",
    "id": "small",
    "version": "1",
    "title": {"zh": "小问卷"},
    "default_scale": "five",
    "scales": {"five": {"min": 1, "max": 5, "missing": {"99": "refused"}, "satisfied_from": 4}},
    "facts": [
        {"code": "S1", "type": "yes_no", "text": {"zh": "联系过"}},
        {
            "code": "S2",
            "type": "one_of",
            "text": {"zh": "渠道"},
            "values": {"im": {"zh": "微信"}, "tel": {"zh": "电话"}},
        },
        {"code": "S6", "type": "seconds", "text": {"zh": "等待"}},
    ],
    "filters": {"chat": {"expression": "S2 == 'im' and S1 == 1"}},
    "dimensions": [{"code": "A", "text": {"zh": "甲"}}, {"code": "B", "text": {"zh": "乙"}}],
    "items": [
        {"code": "A1", "dimension": "A", "text": {"zh": "题一"}, "aliases": ["题一"]},
        {"code": "A2", "dimension": "A", "text": {"zh": "题二"}, "filter": "chat"},
        {"code": "B1", "dimension": "B", "text": {"zh": "题三"}, "scale": "five"},
    ],
    "outcomes": [{"code": "O1", "type": "scale", "text": {"zh": "总体"}}],
    "record_fields": [{"role": "company", "aliases": ["企业"]}],
}


def changed(**changes):
    """Return SMALL with the values at dotted paths replaced (`__` for a dot, digits for positions from 0)."""
    data = copy.deepcopy(SMALL)
    for path, value in changes.items():
        *way, last = path.split("__")
        place = data
        for step in way:
            place = place[int(step)] if step.isdigit() else place.setdefault(step, {})
        place[int(last) if last.isdigit() else last] = value
    return data


def test_a_sound_instrument_has_no_defects():
    assert instrument_defects(SMALL) == []


@pytest.mark.parametrize(
    ("changes", "where", "what"),
    [
        ({"default_scale": "six"}, "default_scale", "no scale is called 'six'; there are five"),
        ({"schema": "satsurvey.instrument/9"}, "schema", "satsurvey.instrument/1"),
        ({"colour": "red"}, "colour", "not known here"),
        ({"title": 5}, "title", "found 5"),
        ({"items": []}, "items", "at least 1 item"),
        ({"scales__five__min": 5}, "scales.five", "min 5 must be below max 5"),
        ({"scales__five__min": float("inf")}, "scales.five.min", "finite"),
        ({"scales__five__step": 3}, "scales.five.step", "whole number of levels"),
        ({"scales__five__step": 0}, "scales.five.step", "greater than 0"),
        ({"scales__five__max": 900}, "scales.five.step", "at most 201"),
        ({"scales__five__missing": {"5": "refused"}}, "scales.five.missing.5", "also an answer"),
        ({"scales__five__missing": {"98": "lost"}}, "scales.five.missing.98", "'dont_know'"),
        ({"scales__five__labels": {"6": {"zh": "好"}}}, "scales.five.labels.6", "not an answer on the scale"),
        (
            {"scales__five__labels": {"1": {"zh": "好"}, "2": {"zh": " 好 "}}},
            "scales.five.labels.2",
            "'好' is also the label of 1",
        ),
        (
            {"scales__five__anchors": {"1": 0, "5": 100}},
            "scales.five.anchors",
            "no value is declared for 2, 3, 4",
        ),
        ({"scales__five__satisfied_from": 8}, "scales.five.satisfied_from", "outside the scale from 1 to 5"),
        ({"items__0__code": "B1"}, "items[3].code", "'B1' is already the code of items[1]"),
        ({"items__0__code": "A"}, "items[1].code", "'A' is already the code of dimensions[1]"),
        ({"items__0__code": "=A1"}, "items[1].code", "pattern"),
        ({"dimensions__1__code": "score"}, "dimensions[2].code", "column of the result tables"),
        ({"dimensions__1__code": "Z"}, "dimensions[2]", "no item belongs to the dimension 'Z'"),
        ({"dimensions__1__min_items": 2}, "dimensions[2].min_items", "only 1 items"),
        ({"dimensions__1__text": {"zh": " "}}, "dimensions[2].text", "the wording is needed"),
        ({"items__2__dimension": "C"}, "items[3].dimension", "no dimension has the code 'C'; there are A, B"),
        ({"items__1__filter": "human"}, "items[2].filter", "no filter is called 'human'; there are chat"),
        ({"items__2__scale": "ten"}, "items[3].scale", "no scale is called 'ten'"),
        ({"outcomes__0__scale": "ten"}, "outcomes[1].scale", "no scale is called 'ten'"),
        ({"items__2__aliases": ["题一"]}, "items[3].aliases", "'题一' is also a heading of items[1]"),
        ({"items__2__aliases": ["ａ1"]}, "items[3].aliases", "'a1' is also a heading of items[1]"),
        ({"record_fields__0__aliases": ["O1"]}, "record_fields[1].aliases", "heading of outcomes[1]"),
        ({"filters__chat__expression": "S2 =="}, "filters.chat.expression", "not a condition"),
        ({"filters__chat__expression": "S9 == 1"}, "filters.chat.expression", "no fact has the code 'S9'"),
        ({"filters__chat__expression": "S2 == 'fax'"}, "filters.chat.expression", "'fax' is no answer to S2"),
        ({"filters__chat__expression": "S1 == 2"}, "filters.chat.expression", "its answers are 0, 1"),
        ({"facts__2__ask_if": "S7 == 1"}, "facts[3].ask_if", "no fact has the code 'S7'"),
        ({"facts__1__values": {}}, "facts[2].values", "needs its answers"),
        ({"facts__1__missing": {"im": "refused"}}, "facts[2].missing.im", "also an answer to the fact"),
        ({"facts__0__values": {"2": {"zh": "否"}}}, "facts[1].values.2", "0 and 1 only"),
        (
            {"missing_words": {"refused": ["拒答"], "skipped": ["拒答"]}},
            "missing_words.skipped",
            "also stands for refused",
        ),
        ({"missing_words": {"gone": ["没了"]}}, "missing_words.gone", "this name is not possible here"),
        (
            {"missing_words": {"refused": ["好"]}, "scales__five__labels": {"5": {"zh": "好"}}},
            "scales.five.labels.5",
            "missing reason refused",
        ),
        ({"scoring": {"dimension_weights": "declared"}}, "dimensions[1].weight", "a weight is needed"),
        ({"scoring": {"conversion": "anchored"}}, "scales.five.anchors", "anchors are needed"),
        ({"scoring": {"dimension_weights": "ahp"}}, "scoring.ahp_dimensions", "comparisons are needed"),
        ({"scoring": {"ahp_dimensions": [[1, 2]]}}, "scoring.ahp_dimensions", "2 rows of 2 numbers"),
        ({"scoring": {"item_weights": "ahp"}}, "scoring.ahp_items.A", "comparisons are needed"),
        ({"scoring": {"ahp_items": {"Z": [[1]]}}}, "scoring.ahp_items.Z", "no dimension has the code 'Z'"),
        ({"scoring": {"decimals": 16**9000}}, "scoring.decimals", "thousands of digits"),
    ],
)
def test_every_defect_is_named_by_its_place(changes, where, what):
    defects = instrument_defects(changed(**changes))
    assert any(defect.where == where and what in defect.what for defect in defects), list(map(str, defects))


def test_weights_that_are_all_zero_are_a_defect():
    data = changed(
        scoring={"dimension_weights": "declared"}, dimensions__0__weight=0, dimensions__1__weight=0
    )
    assert Defect(
        "dimensions.weight", "the weights are all 0; at least one must be positive"
    ) in instrument_defects(data)


def test_all_defects_are_reported_at_once():
    data = changed(
        default_scale="six",
        items__0__dimension="Q",
        filters__chat__expression="S9 == 1",
        scales__five__missing={"5": "refused"},
        colour="red",
    )
    places = {defect.where for defect in instrument_defects(data)}
    assert places >= {
        "default_scale",
        "items[1].dimension",
        "filters.chat.expression",
        "scales.five.missing.5",
        "colour",
    }


def test_98_is_a_missing_code_on_ten_points_and_an_answer_on_a_hundred():
    missing = {"98": "dont_know"}
    assert instrument_defects(changed(scales__five={"min": 0, "max": 10, "missing": missing})) == []
    found = instrument_defects(changed(scales__five={"min": 0, "max": 100, "missing": missing}))
    assert found == [Defect("scales.five.missing.98", "this code is also an answer on the scale")]


def test_a_scale_lists_its_levels_as_an_export_writes_them():
    assert Scale(min=1, max=5).codes == ("1", "2", "3", "4", "5")
    assert Scale(min=0, max=1.5, step=0.5).codes == ("0", "0.5", "1", "1.5")
    assert Scale(min=0, max=1, step=0.005).values[-1] == pytest.approx(1, abs=1e-12)
    assert plain_number(7.0) == "7"
    assert plain_number(0.25) == "0.25"


def test_a_text_falls_back_on_the_other_language():
    assert Text(zh="好").get("en") == "好"
    assert Text(en="good").get("zh") == "good"
    assert Text(zh="好", en="good").get("en") == "good"


def test_instruments_are_frozen_and_equal_by_value():
    one, other = Instrument.model_validate(SMALL), Instrument.model_validate(copy.deepcopy(SMALL))
    assert one == other
    assert one != Instrument.model_validate(changed(version="2"))
    with pytest.raises(ValidationError, match="frozen"):
        one.version = "2"


def test_a_scale_given_for_the_study_replaces_the_default_and_not_an_items_own():
    data = changed(scales__ten={"min": 1, "max": 10})
    instrument = Instrument.model_validate(data)
    assert instrument.scale_of(instrument.items[0], default="ten").max == 10
    assert instrument.scale_of(instrument.items[2], default="ten").max == 5
    assert instrument.scale_of(instrument.items[0]).max == 5


def test_an_instrument_survives_being_written_and_read():
    for name in instrument_names():
        instrument = Instrument.model_validate(read_instrument_data(instrument_path(name)))
        assert Instrument.model_validate(instrument.model_dump(mode="json", by_alias=True)) == instrument


def _places(node, way=()):
    if way:
        yield way
    steps = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for step, below in steps:
        yield from _places(below, (*way, step))


SHIPPED = {name: read_instrument_data(instrument_path(name)) for name in instrument_names()}
PLACES = [(name, place) for name, data in SHIPPED.items() for place in _places(data)]
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=12),
    st.sampled_from([10**400, "S4 ==", "(" * 300, "E", "company", "97", "\x1b[31m"]),
)
ANYTHING = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=5,
)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=150)
@given(st.sampled_from(PLACES), st.one_of(ANYTHING, st.just(...)))
def test_a_mutated_instrument_gives_a_list_of_defects_and_nothing_else(place, value):
    name, (*way, last) = place
    data = copy.deepcopy(SHIPPED[name])
    parent = data
    for step in way:
        parent = parent[step]
    if value is ...:
        del parent[last]
    else:
        parent[last] = value
    defects = instrument_defects(data)
    assert all(isinstance(defect, Defect) and str(defect) for defect in defects)
    if not defects:
        Instrument.model_validate(data)


@given(st.dictionaries(st.sampled_from([*SMALL, "x"]), ANYTHING, max_size=6))
def test_any_tables_give_a_list_of_defects_and_nothing_else(data):
    assert all(isinstance(defect, Defect) for defect in instrument_defects(data))
