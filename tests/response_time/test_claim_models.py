"""Models that tests share: against closed forms, statsmodels and delta methods done by numbers."""

from __future__ import annotations

import numpy as np
import pytest

from satsurvey.errors import MethodError
from satsurvey.intake.responses import Factor
from satsurvey.response_time.claim_complaints import corrected_share
from satsurvey.response_time.claim_data import Settings
from satsurvey.response_time.claim_models import by_company, clusters_of, holm
from satsurvey.response_time.claim_risks import logit, rates
from satsurvey.response_time.claim_service import median_gap


def test_the_relative_risk_of_two_groups_is_the_ratio_of_their_shares() -> None:
    group = np.repeat([0.0, 1.0], [200, 300])
    happened = np.concatenate([np.repeat([1.0, 0.0], [40, 160]), np.repeat([1.0, 0.0], [90, 210])])
    found = rates({"group": group}, happened, np.arange(500))
    assert np.exp(found["group"]) == pytest.approx((90 / 300) / (40 / 200), rel=1e-9)
    # Zou (2004): the robust variance of the log risk is the binomial one, times G/(G-1) here.
    variance = (1 - 0.3) / 90 + (1 - 0.2) / 40
    assert found.std_errors[1] ** 2 == pytest.approx(variance * 500 / 499, rel=1e-9)


def test_rates_with_exposure_and_clusters_are_those_of_statsmodels() -> None:
    import statsmodels.api as sm

    rng = np.random.default_rng(1)
    x, exposure = rng.normal(size=300), rng.uniform(50, 200, 300)
    cluster = np.arange(300) % 25
    counts = rng.poisson(exposure * np.exp(-2 + 0.3 * x + rng.normal(0, 0.2, 25)[cluster])).astype(float)
    found = rates({"x": x}, counts, cluster, exposure=exposure)
    model = sm.GLM(counts, sm.add_constant(x), sm.families.Poisson(), exposure=exposure)
    theirs = model.fit(cov_type="cluster", cov_kwds={"groups": cluster, "use_correction": False})
    assert found.values == pytest.approx(theirs.params, rel=1e-7)
    assert found.std_errors == pytest.approx(theirs.bse * np.sqrt(25 / 24), rel=1e-6)


def test_a_group_in_which_nothing_happens_is_refused() -> None:
    group = np.repeat([0.0, 1.0], 20)
    with pytest.raises(MethodError, match="no ratio to it"):
        rates({"group": group}, np.concatenate([np.ones(20), np.zeros(20)]), np.arange(40))
    with pytest.raises(MethodError, match="ever happened"):
        rates({"group": group}, np.zeros(40), np.arange(40))


def test_effects_and_attributable_shares_of_a_logit_have_the_errors_of_a_numeric_delta_method() -> None:
    rng = np.random.default_rng(2)
    x = rng.exponential(1.0, 800)
    happened = (rng.random(800) < 1 / (1 + np.exp(2 - 0.8 * x))).astype(float)
    fit = logit({"x": x}, happened, np.arange(800) % 40)
    design = np.column_stack([x, np.ones(800)])
    none = np.column_stack([np.zeros(800), np.ones(800)])

    def p(slopes: np.ndarray, rows: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp(-rows @ slopes))

    def share(slopes: np.ndarray) -> float:
        return float(1 - p(slopes, none).sum() / p(slopes, design).sum())

    def effect(slopes: np.ndarray) -> float:
        each = p(slopes, design)
        return float(10 * slopes[0] * (each * (1 - each)).mean())

    for function, result in ((share, fit.attributable(0, 0.95)), (effect, fit.average_effect(0, 10.0, 0.95))):
        steps = 1e-5 * np.eye(2)
        gradient = np.array([(function(fit.slopes + s) - function(fit.slopes - s)) / 2e-5 for s in steps])
        error = np.sqrt(gradient @ fit.covariance @ gradient)
        assert result[0] == pytest.approx(function(fit.slopes), rel=1e-12)
        # Student's t with 39 degrees of freedom: 2.0227 at 95 %.
        assert result[2] - result[1] == pytest.approx(2 * 2.022691 * error, rel=1e-5)


def test_a_logit_has_the_slopes_of_statsmodels() -> None:
    import statsmodels.api as sm

    rng = np.random.default_rng(3)
    x = rng.normal(size=400)
    happened = (rng.random(400) < 1 / (1 + np.exp(-x))).astype(float)
    fit = logit({"x": x}, happened, np.arange(400))
    theirs = sm.Logit(happened, sm.add_constant(x)).fit(disp=0)
    assert fit.slopes == pytest.approx(theirs.params[::-1], rel=1e-6)


def test_holm_is_that_of_the_textbook() -> None:
    assert holm(np.array([0.01, 0.04, 0.03, 0.005])) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm(np.array([0.9, 0.8])) == pytest.approx([1.0, 1.0])


def test_rows_of_one_company_stand_for_themselves() -> None:
    codes, n = clusters_of(np.array([3, 3, 3]))
    assert codes.tolist() == [0, 1, 2]
    assert n == 1
    codes, n = clusters_of(np.array([5, 2, -1, 5]))
    assert n == 2
    assert len(set(codes.tolist())) == 3


def test_with_one_company_the_difference_is_that_of_means_with_robust_errors() -> None:
    y = np.array([1.0, 2, 3, 10, 12, 17])
    side = np.array([0.0, 0, 0, 1, 1, 1])
    value, low, high = by_company({"side": side}, y, np.zeros(6, dtype=np.int64)).contrast(
        {"side": 1.0}, 0.95
    )
    assert value == pytest.approx(11.0)
    # HC1: each group's sum of squares over n^2, times n/(n - p); clusters are rows: G/(G-1) (N-1)/(N-p).
    variance = (2 / 9 + 26 / 9) * 6 / 4
    assert high - low == pytest.approx(2 * 2.570582 * np.sqrt(variance), rel=1e-6)


def test_the_gap_of_medians_is_that_of_sorted_values() -> None:
    values = np.array([5.0, 1, 3, 40, 20, 30])
    apart = np.array([0.0, 0, 0, 1, 1, 1])
    assert median_gap(values, apart, np.arange(6), Settings(draws=50))[0] == 27


def test_a_perfect_coding_corrects_nothing_and_a_useless_one_is_refused() -> None:
    # Half a case of a thousand is added to each of the two errors: the interval is hardly wider.
    found = corrected_share((0.3, 0.2, 0.4), ((1000, 0), (0, 1000)), level=0.95)
    assert found == pytest.approx((0.3, 0.2, 0.4), abs=1e-3)
    assert found is not None
    assert found[0] == pytest.approx(0.3, rel=1e-12)
    assert corrected_share((0.3, 0.2, 0.4), ((50, 50), (50, 50)), level=0.95) is None


def test_levels_in_which_all_left_say_nothing_of_the_rest_and_are_left_out() -> None:
    rng = np.random.default_rng(12)
    x = rng.normal(size=600)
    happened = (rng.random(600) < 1 / (1 + np.exp(-x))).astype(float)
    level = np.arange(600) % 4
    happened[level == 3] = 1.0
    names = Factor(level.astype(np.int32), ("a", "b", "c", "d"))
    found = logit({"x": x}, happened, np.arange(600), held={"purpose": names})
    assert found.told_apart == ("purpose=d",)
    assert found.left_out == 150
    rest = level < 3
    plain = logit(
        {"x": x[rest]}, happened[rest], np.arange(450), held={"purpose": names.take(np.flatnonzero(rest))}
    )
    assert found.slopes == pytest.approx(plain.slopes, rel=1e-9)


def test_what_is_held_fixed_in_a_logit_takes_its_part_of_the_effect() -> None:
    rng = np.random.default_rng(13)
    channel = rng.integers(0, 2, 4000)
    wait = rng.normal(size=4000) + 2 * channel
    happened = (rng.random(4000) < np.where(channel == 1, 0.5, 0.2)).astype(float)
    held = {"channel": Factor(channel.astype(np.int32), ("im", "phone"))}
    alone = logit({"wait": wait}, happened, np.arange(4000)).average_effect(0, 1.0, 0.95)
    beside = logit({"wait": wait}, happened, np.arange(4000), held=held).average_effect(0, 1.0, 0.95)
    assert alone[1] > 0
    assert beside[1] < 0 < beside[2]


@pytest.mark.slow
@pytest.mark.parametrize("weights", [False, True])
@pytest.mark.parametrize("slope_sd", [0.0, 5.0])
@pytest.mark.parametrize(("companies", "each"), [(12, 50), (40, 50), (200, 20)])
def test_effects_that_are_none_on_average_are_found_once_in_twenty(
    companies: int, each: int, slope_sd: float, weights: bool
) -> None:
    runs, out = 1000, 0
    for seed in range(runs):
        rng = np.random.default_rng(seed)
        code = np.repeat(np.arange(companies), each)
        x = (rng.random(code.size) < 0.3).astype(float)
        slope, level = rng.normal(0, slope_sd, companies), rng.normal(0, 4, companies)
        y = 70 + level[code] + slope[code] * x + rng.normal(0, 10, code.size)
        weight = rng.uniform(0.3, 2, code.size) if weights else None
        _, low, high = by_company({"x": x}, y, code, weights=weight).contrast({"x": 1.0}, 0.95)
        out += not low <= 0 <= high
    assert 0.035 <= out / runs <= 0.07, out / runs
