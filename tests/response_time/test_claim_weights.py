"""Interviews with weights: statements are tested on what they stand for, and say where a model changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from response_time.claim_surveys import companies, survey
from response_time.claim_truths import one, value

from satsurvey.response_time.claim_data import ClaimData
from satsurvey.response_time.claim_models import by_company
from satsurvey.response_time.claim_risks import logit, rates
from satsurvey.response_time.claim_service import median_gap


def two_groups(seed: int, n: int = 60, each: int = 50) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Return interviews of two groups, of which one counts 39 times as much; "group" is 1 in the light."""
    rng = np.random.default_rng(seed)
    names, effect = companies(rng, n, each)
    group = (rng.random(len(names)) < 0.5).astype(float)
    columns = {"company": np.array(names), "effect": effect, "group": group}
    return columns, np.where(group == 1, 0.05, 1.95)


def weighted(
    folder: Path, columns: Mapping[str, object], weights: np.ndarray | None, **more: str
) -> ClaimData:
    responses = survey(folder, columns)
    if weights is not None:
        responses = replace(responses, weight=weights)
    return ClaimData.of(responses, columns=more)


def test_what_a_transfer_costs_is_what_it_costs_those_that_the_weights_stand_for(tmp_path: Path) -> None:
    made, weights = two_groups(2)
    rng = np.random.default_rng(3)
    transfers = rng.integers(0, 4, weights.size)
    cost = np.where(made["group"] == 1, 2.0, 28.0)
    score = 70 - np.where(transfers >= 2, cost, 0) + made["effect"] + rng.normal(0, 5, weights.size)
    columns = {"company": made["company"], "S14": transfers, "A1": score}
    plain = value(one(weighted(tmp_path, columns, None), "C10"))
    assert plain[1] < -15 < plain[2]
    result = one(weighted(tmp_path, columns, weights), "C10")
    truth = -(0.05 * 2 + 1.95 * 28) / 2
    found, low, high = value(result)
    assert low < truth < high
    assert found == pytest.approx(truth, abs=0.5)
    assert result.tested is not None
    assert "weights_instead" in {note.code for note in result.tested.notes}


def test_a_minute_is_what_it_is_for_those_that_the_weights_stand_for(tmp_path: Path) -> None:
    made, weights = two_groups(4)
    rng = np.random.default_rng(5)
    log = rng.normal(5, 0.8, weights.size)
    slope = np.where(made["group"] == 1, 1.0, 10.0)
    score = 60 - slope * (log - 5) + made["effect"] + rng.normal(0, 5, weights.size)
    columns = {"company": made["company"], "first_response_s": np.rint(np.expm1(log)), "A1": score}
    data = weighted(tmp_path, columns, weights)
    result = one(data, "C01")
    assert result.tested is not None
    notes = {note.code: note for note in result.tested.notes}
    assert "weights_pooled" in notes
    # Effect and mean are of the same interviews: the percentage is their ratio.
    mean = np.average(data.rows.outcome, weights=data.rows.weight)
    assert value(result, 0)[0] == pytest.approx(100 * value(result, 1)[0] / mean)
    seconds = data.rows.time_s
    shorter = np.log1p(seconds) - np.log1p(np.maximum(seconds - 60, 0))
    truth = np.average(slope * shorter, weights=weights)
    assert value(result, 1)[1] < truth < value(result, 1)[2]


def test_weighted_models_of_companies_are_those_with_a_column_for_each() -> None:
    made, weights = two_groups(6, 12, 20)
    rng = np.random.default_rng(7)
    codes = np.unique(made["company"], return_inverse=True)[1].astype(np.int64)
    x, z = rng.normal(size=weights.size), rng.normal(size=weights.size)
    y = 3 * x + z + made["effect"] + rng.normal(size=weights.size)
    design = np.column_stack([x, z, np.eye(12)[codes]])
    root = np.sqrt(weights)
    plain = np.linalg.lstsq(design * root[:, None], y * root, rcond=None)[0]
    fitted = by_company({"x": x}, y, codes, held={"z": z}, weights=weights)
    assert fitted.contrast({"x": 1.0}, 0.95)[0] == pytest.approx(plain[0], rel=1e-9)
    assert fitted.form.code == "form_weighted"


def test_what_does_not_vary_inside_companies_is_compared_between_them() -> None:
    made, weights = two_groups(8, 30, 20)
    codes = np.unique(made["company"], return_inverse=True)[1].astype(np.int64)
    x = (codes % 2).astype(float)
    y = 5 * x + made["effect"] + np.random.default_rng(9).normal(size=weights.size)
    fitted = by_company({"x": x}, y, codes, weights=weights)
    means = [np.average(y[x == side], weights=weights[x == side]) for side in (0, 1)]
    assert fitted.contrast({"x": 1.0}, 0.95)[0] == pytest.approx(means[1] - means[0], rel=1e-9)
    assert fitted.form.code == "form_weighted_pooled"


def test_weights_that_are_whole_numbers_give_the_estimates_of_rows_repeated() -> None:
    rng = np.random.default_rng(10)
    x, cluster = rng.normal(size=300), np.arange(300) % 20
    happened = (rng.random(300) < 1 / (1 + np.exp(1 - 0.5 * x))).astype(float)
    weights = rng.integers(1, 5, 300)
    again = np.repeat(np.arange(300), weights)
    for model in (rates, logit):
        one_by_one = model({"x": x}, happened, cluster, weights=weights.astype(float))
        repeated = model({"x": x[again]}, happened[again], cluster[again])
        if model is rates:
            assert one_by_one.values == pytest.approx(repeated.values, rel=1e-8)  # type: ignore[union-attr]
            # Clusters are whole: their sums are the same, and so are the errors.
            assert one_by_one.std_errors == pytest.approx(repeated.std_errors, rel=1e-8)  # type: ignore[union-attr]
        else:
            for ours, theirs in zip(
                (*one_by_one.attributable(0, 0.95), *one_by_one.average_effect(0, 1.0, 0.95)),  # type: ignore[union-attr]
                (*repeated.attributable(0, 0.95), *repeated.average_effect(0, 1.0, 0.95)),  # type: ignore[union-attr]
                strict=True,
            ):
                assert ours == pytest.approx(theirs, rel=1e-7)


def test_the_median_of_weighted_rows_is_that_of_rows_repeated() -> None:
    from satsurvey.response_time.claim_data import Settings

    rng = np.random.default_rng(11)
    values, apart = rng.exponential(100, 200), rng.integers(0, 2, 200).astype(float)
    weights = rng.integers(1, 4, 200)
    again = np.repeat(np.arange(200), weights)
    clusters = np.arange(200) % 10
    settings = Settings(draws=50)
    ours = median_gap(values, apart, clusters, settings, weights.astype(float))
    assert ours == pytest.approx(median_gap(values[again], apart[again], clusters[again], settings))


@pytest.mark.parametrize("id", ["C07", "C11", "C12", "C13", "C14", "C15", "C16", "C22", "C24"])
def test_equal_weights_change_no_estimate_by_more_than_the_model_does(tmp_path: Path, id: str) -> None:
    from response_time.test_claim_verdicts import TRUE

    data = TRUE[id](tmp_path)
    assert data.responses is not None
    equal = replace(data, responses=replace(data.responses, weight=np.full(data.n, 0.7)))
    plain, same = one(data, id), one(equal, id)
    assert plain.verdict == same.verdict
    first, second = value(plain), value(same)
    assert second[0] == pytest.approx(first[0], abs=max(0.25 * (first[2] - first[1]), 1e-6))


@pytest.mark.parametrize("id", ["C11", "C12", "C22", "C24"])
def test_weights_change_what_is_estimated(tmp_path: Path, id: str) -> None:
    from response_time.test_claim_verdicts import TRUE

    data = TRUE[id](tmp_path)
    assert data.responses is not None
    heavy = np.where(np.random.default_rng(1).random(data.n) < 0.5, 0.05, 1.95)
    other = replace(data, responses=replace(data.responses, weight=heavy))
    assert value(one(data, id))[0] != pytest.approx(value(one(other, id))[0], rel=1e-6)
