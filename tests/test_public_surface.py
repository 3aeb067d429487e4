"""What `import satsurvey as ss` offers, and that every public name explains itself."""

import inspect

import pytest

import satsurvey as ss

NAMES = {
    "Analysis",
    "CheckReport",
    "Instrument",
    "Ledger",
    "Ranking",
    "ResponseRows",
    "ResponseStudy",
    "ResponseTimeFit",
    "Responses",
    "SatsurveyError",
    "SatsurveyWarning",
    "Scores",
    "ServiceRecords",
    "__version__",
    "analyse",
    "check",
    "check_promise",
    "detectable_difference",
    "fit_response_time",
    "grade",
    "instrument_names",
    "load_figures",
    "load_instrument",
    "rank",
    "read_measured",
    "read_records",
    "read_responses",
    "read_vendors",
    "reconcile",
    "response_rows",
    "score",
    "score_vendors",
    "simulate",
    "study_response_time",
    "write_analysis",
}


def test_the_public_names_are_these() -> None:
    assert set(ss.__all__) == NAMES
    assert set(dir(ss)) == NAMES


@pytest.mark.parametrize("name", sorted(NAMES - {"__version__"}))
def test_every_public_name_exists_and_has_a_docstring(name: str) -> None:
    assert len(inspect.getdoc(getattr(ss, name)) or "") > 40


@pytest.mark.parametrize("name", ["analyse", "check", "rank", "read_responses", "score", "reconcile"])
def test_public_functions_take_one_thing_and_name_the_rest(name: str) -> None:
    parameters = list(inspect.signature(getattr(ss, name)).parameters.values())
    positional = [p for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
    assert len(positional) <= 2, "further arguments are keyword-only"


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = ss.nothing
