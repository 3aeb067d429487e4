"""Vendors on the scorecard: scores restated by hand, the gate, bounds of what is missing, flags."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from satsurvey.benchmarks.indicators import load_scorecard
from satsurvey.benchmarks.scorecard import VendorScores, score_vendors
from satsurvey.benchmarks.vendors import PROBLEMS, Vendors
from satsurvey.benchmarks.weightings import WeightsError, rank_order_centroid
from satsurvey.errors import MethodError

DESIGN = load_scorecard()
GOOD = {
    "avg_human_response_time": 60, "avg_human_response_time_promotion": 30, "answer_rate_peak": 98,
    "service_hours": 168, "seat_scaling_time": 24, "csat_rate": 90, "bad_review_rate": 1, "complaint_fcr": 85,
    "qa_pass_rate": 95, "expertise": 100, "business_gain": 100, "transparency": 100,
    "cost_reduction_vs_inhouse": 30, "monthly_attrition": 15, "iso_27001": 1, "non_disclosure": 1,
    "encrypted_storage": 1, "dispute_liability": 1, "omnichannel": 100, "emergency": 100, "price_only": 0,
    "unproved_figures": 1, "no_industry_fit": 1,
}  # fmt: skip


def vendors(*changes: dict[str, float], not_applicable: tuple[str, ...] = ()) -> Vendors:
    rows = [{"vendor": f"v{k}", **GOOD, **change} for k, change in enumerate(changes)]
    return Vendors(pd.DataFrame(rows).astype(dict.fromkeys(GOOD, float)), not_applicable,
                   pd.DataFrame(columns=list(PROBLEMS)))  # fmt: skip


def indicator(result: VendorScores, code: str) -> list[float]:
    return result.scores[result.scores["indicator"] == code]["score"].tolist()


def total(result: VendorScores, weighting: str) -> pd.DataFrame:
    return result.totals[result.totals["weighting"] == weighting].reset_index(drop=True)


def test_a_vendor_at_every_line_scores_100_under_every_rule_and_weighting() -> None:
    for rule in ("share", "distance"):
        result = score_vendors(vendors({}), tests=rule, draws=100)
        assert result.totals["score"].tolist() == pytest.approx([100, 100])
        assert result.vendors["gate"].tolist() == ["passed"]


def test_an_indicator_is_the_share_of_its_facts_that_meet_their_line() -> None:
    result = score_vendors(
        vendors({"avg_human_response_time": 61, "answer_rate_peak": 97.9}, {"qa_pass_rate": 94}), draws=10
    )
    assert indicator(result, "response") == [60, 100]
    assert indicator(result, "quality") == [100, 75]
    equal = total(result, "equal")
    assert equal["score"].tolist() == pytest.approx([96, 97.5])
    assert equal["rank"].tolist() == [2, 1]


@pytest.mark.parametrize(
    ("code", "value", "score"),
    [
        ("avg_human_response_time", 90, 50), ("avg_human_response_time", 120, 0),
        ("avg_human_response_time", 300, 0),
        ("avg_human_response_time", 10, 100), ("answer_rate_peak", 97, 50), ("answer_rate_peak", 96, 0),
        ("cost_reduction_vs_inhouse", 15, 50), ("cost_reduction_vs_inhouse", -5, 0),
        ("service_hours", 84, 50),
        ("monthly_attrition", 22.5, 50), ("csat_rate", 85, 50), ("bad_review_rate", 1.5, 50),
    ],
)  # fmt: skip
def test_by_distance_a_fact_loses_in_proportion_to_what_is_missing(
    code: str, value: float, score: float
) -> None:
    result = score_vendors(vendors({code: value}), tests="distance", draws=10)
    assert result.tests.set_index("test").loc[code, "score"] == pytest.approx(score)


def test_totals_are_the_weighted_sums_of_the_indicators() -> None:
    rng = np.random.default_rng(5)
    judged = [i.code for i in DESIGN.indicators if i.is_judged]
    given = vendors(*(dict(zip(judged, rng.uniform(0, 100, len(judged)), strict=True)) for _ in range(5)))
    weights = dict(zip(DESIGN.codes, rng.uniform(0, 1, 10), strict=True))
    result = score_vendors(given, weights=weights, draws=10)
    wide = result.scores.pivot(index="vendor", columns="indicator", values="score")[list(DESIGN.codes)]
    known = {
        "equal": wide.mean(axis=1),
        "roc": wide.to_numpy() @ rank_order_centroid(10),
        "declared": (wide * weights).sum(axis=1) / sum(weights.values()),
    }
    for weighting, wanted in known.items():
        found = total(result, weighting)
        assert found["score"].to_numpy() == pytest.approx(np.asarray(wanted))
        ranks = pd.Series(np.asarray(wanted)).rank(ascending=False, method="min")
        assert found["rank"].tolist() == ranks.tolist()
    assert result.weights[["equal", "roc", "declared"]].sum().tolist() == pytest.approx([1, 1, 1])


def test_a_vendor_that_fails_a_condition_is_not_ranked_and_pushes_nobody_down() -> None:
    result = score_vendors(vendors({"iso_27001": 0}, {"emergency": 10}), draws=100)
    assert result.vendors["gate"].tolist() == ["failed", "passed"]
    equal = total(result, "equal")
    assert np.isnan(equal["rank"][0])
    assert equal["rank"][1] == 1
    assert result.dependence["vendor"].unique().tolist() == ["v1"]
    assert "not ranked, for a condition of compliance is not fulfilled: v0" in result.notes
    assert indicator(result, "compliance") == [75, 100]


def test_a_condition_without_answer_leaves_the_rank_of_the_next_open() -> None:
    result = score_vendors(vendors({"iso_27001": np.nan}, {"emergency": 10}), draws=50)
    assert result.vendors["gate"].tolist() == ["unknown", "passed"]
    # v0 leads whatever the answer is, if it takes part at all.
    roc = total(result, "roc")
    assert roc[["rank_low", "rank_high"]].values.tolist() == [[1, 1], [1, 2]]


def test_all_vendors_may_fail() -> None:
    result = score_vendors(vendors({"iso_27001": 0}), draws=10)
    assert len(result.dependence) == 0
    assert result.totals["rank"].isna().all()


def test_missing_inputs_give_bounds_and_no_score() -> None:
    result = score_vendors(vendors({"emergency": np.nan, "csat_rate": np.nan}, {"emergency": 95}), draws=200)
    equal = total(result, "equal")
    assert np.isnan(equal["score"][0])
    # Emergency is a tenth of the total, one of four tests a fortieth.
    assert (equal["score_low"][0], equal["score_high"][0]) == pytest.approx((87.5, 100))
    assert equal[["rank_low", "rank_high"]].values.tolist() == [[1, 2], [1, 2]]
    assert result.vendors["n_missing"].tolist() == [2, 0]
    assert any("2 inputs are missing" in note for note in result.notes)
    rested = result.dependence.set_index(["vendor", "weights"])
    assert rested.loc[("v0", "any"), "first_low"] == 0
    assert rested.loc[("v0", "any"), "first_high"] == 1


def test_a_test_that_applies_to_nobody_is_left_out_of_its_indicator() -> None:
    given = vendors(
        {"avg_human_response_time_promotion": np.nan, "seat_scaling_time": 48},
        not_applicable=("avg_human_response_time_promotion",),
    )
    result = score_vendors(given, draws=10)
    assert indicator(result, "response") == [75]
    assert result.vendors["n_missing"].tolist() == [0]


def test_one_who_is_beaten_on_every_indicator_is_named() -> None:
    result = score_vendors(vendors({}, {"emergency": 90}, {"emergency": 90, "csat_rate": np.nan}), draws=10)
    assert result.vendors["beaten_by"].tolist() == ["", "v0", "v0"]


def test_traps_are_flagged_by_their_answer_and_not_by_silence() -> None:
    result = score_vendors(
        vendors({"price_only": 1, "unproved_figures": 0, "no_industry_fit": 0},
                {"price_only": np.nan, "unproved_figures": np.nan}, {}), draws=10,
    )  # fmt: skip
    assert result.vendors["flags"].tolist() == ["price_only, unproved_figures, no_industry_fit", "", ""]
    assert result.vendors["flags_unknown"].tolist() == ["", "price_only, unproved_figures", ""]


def test_the_dependence_on_weights_is_seeded_and_its_parts_agree() -> None:
    given = vendors({"emergency": 0}, {"expertise": 0}, {"transparency": 50})
    first, again = (score_vendors(given, draws=2000) for _ in range(2))
    pd.testing.assert_frame_equal(first.dependence, again.dependence)
    for _, part in first.dependence.groupby("weights"):
        # Without ties one vendor is first under every weight.
        assert part["first_low"].sum() == pytest.approx(1, abs=0.001)
        assert (part["rank_best"] <= part["rank_low"]).all()
        assert (part["rank_low"] <= part["rank_high"]).all()
        assert (part["rank_high"] <= part["rank_worst"]).all()
    ordered = first.dependence.set_index(["weights", "vendor"]).loc["ordered"]
    # Emergency stands last: along the order its weight is the smallest of all.
    assert ordered.loc["v0", "first_low"] > ordered.loc["v1", "first_low"] == 0


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"tests": "vibes"}, MethodError),
        ({"draws": 0}, MethodError),
        ({"level": 2.0}, MethodError),
        ({"weights": {"response": 1.0}}, WeightsError),
    ],
)
def test_bad_calls_are_refused(options: dict[str, object], error: type[Exception]) -> None:
    with pytest.raises(error):
        score_vendors(vendors({}), **options)  # type: ignore[arg-type]
