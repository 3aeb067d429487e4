"""Designs: what is accepted, and that every defect is reported at once with its key."""

from pathlib import Path

import pytest

from satsurvey.errors import SpecificationError
from satsurvey.simulation.design import SCHEMA, completed, instrument_of
from satsurvey.simulation.loading import design_defects, design_from, load_design, plain_design


def data(**changes: object) -> dict[str, object]:
    start: dict[str, object] = {
        "schema": SCHEMA,
        "interviews": 100,
        "industries": [{"code": "a", "zh": "甲", "companies": 2}, {"code": "b", "zh": "乙", "companies": 3}],
    }
    return start | changes


def found(**changes: object) -> dict[str, str]:
    return {defect.where: defect.what for defect in design_defects(data(**changes))}


def test_a_short_design_is_sound():
    assert design_defects(data()) == []
    assert design_from(data()).n_companies == 5


def test_every_defect_of_a_file_is_reported_at_once(tmp_path: Path):
    path = tmp_path / "design.toml"
    path.write_text(
        """
schema = "satsurvey.simulation/1"
interviews = 90
seed = -1
colour = "red"
[[industries]]
code = "a"
zh = "甲"
companies = 3
mean = 80
shift = 2
[[industries]]
code = "a"
zh = "甲"
companies = 3
[dimensions]
Z = 80
[facts.S99]
mean = 1
[facts.S4]
slope = 1
[facts.S5.shares]
banana = 1
[missing]
no_idea = 0.1
[response_times]
effect = 1
dimensions = ["Q"]
only_if = "S4 = 1"
[comments.aspects]
A = "weather"
[labels.mood]
good = 1
[labels.wave]
"=1+1" = 1
[defects]
gremlins = 0.1
""",
        encoding="utf-8",
    )
    with pytest.raises(SpecificationError) as caught:
        load_design(path)
    where = {defect.where for defect in caught.value.defects}
    assert where >= {
        "seed", "colour", "missing.no_idea", "interviews", "industries", "industries[1]", "dimensions.Z",
        "dimensions", "facts.S99", "facts.S4.slope", "facts.S5.shares.banana", "comments.aspects.A",
        "response_times.dimensions", "response_times.only_if", "labels.mood", "labels.wave.=1+1",
    }  # fmt: skip
    assert any(place.startswith("defects.gremlins") for place in where)
    assert str(path) in str(caught.value)
    assert "120, not 90" in str(caught.value)


def test_a_faulty_list_of_industries_does_not_hide_other_defects():
    places = found(industries=[{"code": "a"}], dimensions={"Z": 1})
    assert "industries[1].zh" in places
    assert "dimensions.Z" in places
    assert not any(place == "interviews" for place in places), "no defect may come from the stand-in"


def test_targets_that_contradict_each_other_are_refused():
    six = {"A": 77.40, "B": 85.13, "C": 80.91, "D": 83.53, "E": 81.97, "F": 93.37}
    assert "targets.overall" not in found(targets={"overall": 83.71, "dimensions": six})
    assert "83.71833" in found(targets={"overall": 83.80, "dimensions": six})["targets.overall"]


def test_targets_of_all_industries_leave_nothing_to_adjust():
    assert "targets.industries" in found(targets={"overall": 80, "industries": {"a": 80, "b": 80}})
    assert "targets.industries.c" in found(targets={"industries": {"c": 80}})


def test_an_unknown_instrument_is_named():
    assert "no-such" in found(instrument="no-such")["instrument"]


def test_too_few_interviewers_for_the_days_are_refused():
    places = found(fieldwork={"days": 1}, interviewers={"count": 1})
    assert "36 interviews" in places["interviewers.count"]


def test_a_channel_with_a_share_but_no_times_is_refused():
    phone = {"phone": {"median_s": 30, "log_sd": 1}}
    facts = {"S2": {"shares": {"phone": 0.9, "im": 0.1, "email": 0}}}
    places = found(response_times={"channel_fact": "S2", "channels": phone}, facts=facts)
    assert places == {"response_times.channels": "the channel 'im' has a share but no times"}


def test_a_missing_file_is_a_specification_error():
    with pytest.raises(SpecificationError, match="cannot be read"):
        load_design("no-such-design.toml")


def test_plain_designs_spread_companies_evenly_and_exactly():
    design = plain_design(companies=11, interviews=23, industries=4)
    assert [industry.companies for industry in design.industries] == [3, 3, 3, 2]
    assert design.interviews == 253


def test_more_industries_than_companies_is_refused():
    with pytest.raises(SpecificationError, match="companies"):
        plain_design(companies=2, industries=3)


def test_what_a_design_says_wins_over_the_profile_of_the_instrument():
    design = design_from(data(facts={"S4": {"shares": {"1": 1}}}, comments={"unanswered": 0.5}))
    whole = completed(design, instrument_of(design))
    assert whole.facts["S4"].shares == {"1": 1}
    assert whole.facts["S2"].shares["phone"] > 0.5
    assert whole.comments.unanswered == 0.5
    assert whole.comments.aspects["A"] == "access"
    assert whole.response_times.channel_fact == "S2"
