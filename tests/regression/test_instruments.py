"""Two-stage least squares against AER, the agent's instrument, and what a weak instrument says."""

from __future__ import annotations

import numpy as np
import pytest
from contacts import columns, contacts, in_order, reference

from satsurvey.errors import MethodError
from satsurvey.regression.instruments import TwoStage, agent_instrument, two_stage


def fitted() -> tuple[TwoStage, np.ndarray]:
    frame = contacts()
    made = agent_instrument(frame["minutes"], frame["agent"].to_numpy(), frame["company"].to_numpy())
    kept = np.isfinite(made.values)
    rows = frame[kept]
    return two_stage(
        columns(rows, "minutes"), made.values[kept], rows["score"], rows["company"].to_numpy(),
        controls=columns(rows, "chat"),
    ), made.values[kept]  # fmt: skip


def test_slopes_errors_and_first_stage_are_those_of_r() -> None:
    theirs = reference()["iv"]
    ours, instrument = fitted()
    np.testing.assert_allclose(instrument[:20], theirs["instrument"], rtol=1e-9, atol=1e-12)
    assert ours.rows == theirs["rows"]
    terms = ours.estimates.terms
    np.testing.assert_allclose(ours.estimates.values, in_order(theirs["values"], terms), rtol=1e-9)
    np.testing.assert_allclose(ours.estimates.std_errors, in_order(theirs["errors"], terms), rtol=1e-9)
    np.testing.assert_allclose(ours.first_stage, [theirs["first"], theirs["first_error"]], rtol=1e-9)
    np.testing.assert_allclose(ours.least_squares, [theirs["plain"], theirs["plain_error"]], rtol=1e-9)
    assert ours.effective_f == pytest.approx(theirs["f"], rel=1e-9)
    assert not ours.weak
    assert ours.anderson_rubin_region == "interval"
    np.testing.assert_allclose(ours.anderson_rubin, [theirs["ar_low"], theirs["ar_high"]], rtol=1e-7)


def test_the_critical_value_is_that_of_montiel_olea_and_pflueger() -> None:
    """Their table for one effective degree of freedom and a bias of 10 % says 23.1."""
    assert fitted()[0].critical_f == pytest.approx(23.1, abs=0.05)


def test_the_instrument_sums_to_nothing_in_each_company_and_leaves_the_row_out() -> None:
    rng = np.random.default_rng(1)
    x, who, where = rng.gamma(2, 1, 400), rng.integers(0, 9, 400), rng.integers(0, 12, 400)
    made = agent_instrument(x, who, where)
    kept = np.isfinite(made.values)
    assert made.rows == kept.sum()
    for row in np.flatnonzero(kept)[:50]:
        mine = kept & (where == where[row]) & (np.arange(400) != row)
        expected = x[mine & (who == who[row])].mean() - x[mine].mean()
        assert made.values[row] == pytest.approx(expected, rel=1e-9)
    assert np.abs(np.bincount(where[kept], made.values[kept])).max() < 1e-10
    alone = np.array([((who == who[k]) & (where == where[k])).sum() == 1 for k in range(400)])
    assert not kept[alone].any()


def test_agents_that_are_not_known_have_no_instrument() -> None:
    made = agent_instrument([1.0, 2, 3, 4, 5, 6], np.array([0, 0, 1, 1, -1, -1]))
    assert np.isnan(made.values[4:]).all()
    assert made.values[:4].tolist() == [2, 1, 4, 3]
    assert (made.agents, made.rows) == (2, 4)


def simulated(strength: float, seed: int = 1, n: int = 2000) -> tuple[TwoStage, float]:
    """A slope of -3, hidden by trouble that both lengthens contacts and angers."""
    rng = np.random.default_rng(seed)
    company, agent, trouble = rng.integers(0, 60, n), rng.integers(0, 5, n), rng.normal(size=n)
    x = 2 + strength * rng.normal(0, 1, (60, 5))[company, agent] + 0.6 * trouble + rng.normal(0, 0.5, n)
    y = 80 - 3 * x - 5 * trouble + rng.normal(0, 3, 60)[company] + rng.normal(0, 4, n)
    made = agent_instrument(x, agent, company)
    kept = np.isfinite(made.values)
    found = two_stage({"minutes": x[kept]}, made.values[kept], y[kept], company[kept])
    return found, -3.0


def test_a_strong_instrument_finds_the_slope_that_trouble_hides() -> None:
    found, truth = simulated(0.6)
    row = found.estimates.frame().set_index("term").loc["minutes"]
    assert row["ci_low"] < truth < row["ci_high"]
    assert found.anderson_rubin[0] < truth < found.anderson_rubin[1]
    assert abs(found.least_squares[0] - truth) > 5 * found.least_squares[1]
    assert "strong enough" in found.notes[0]


def test_a_weak_instrument_is_called_weak_and_its_region_still_holds_the_truth() -> None:
    regions = set()
    held = 0
    for seed in range(60):
        found, truth = simulated(0.05, seed, 600)
        low, high = found.anderson_rubin
        inside = low <= truth <= high
        held += {"interval": inside, "outside": truth <= low or truth >= high, "everything": True}[
            found.anderson_rubin_region
        ]
        regions.add(found.anderson_rubin_region)
        if found.weak:
            assert "the instrument is weak" in found.notes[0]
            assert "rest on the Anderson-Rubin interval" in found.notes[0]
    assert regions >= {"outside", "everything"}
    assert held >= 60 * 0.95 - 3 * np.sqrt(60 * 0.95 * 0.05)


def test_what_cannot_be_instrumented_is_refused_in_words() -> None:
    x, y, codes = np.array([1.0, 2, 3, 5, 4, 6]), np.array([3.0, 1, 4, 1, 5, 9]), np.array([0, 0, 1, 1, 2, 2])
    z = np.array([1.0, 1, 2, 3, 3, 5])
    with pytest.raises(MethodError, match="one instrument carries the slope of one term"):
        two_stage({"a": x, "b": x**2}, z, y, codes)
    with pytest.raises(MethodError, match="one cluster only"):
        two_stage({"a": x}, z, y, codes * 0)
    with pytest.raises(MethodError, match="a control is called instrument"):
        two_stage({"a": x}, z, y, codes, controls={"instrument": z})
    with pytest.raises(MethodError, match="the term instrument is the same in every row"):
        two_stage({"a": x}, np.ones(6), y, codes)
    with pytest.raises(MethodError, match="follow from each other"):
        two_stage({"a": x}, z, y, codes, controls={"w": 2 * z})
    with pytest.raises(MethodError, match="cannot carry a model"):
        two_stage({"a": x[:2]}, z[:2], y[:2], np.array([0, 1]))
    with pytest.raises(MethodError, match="no agent has two contacts"):
        agent_instrument(x, np.arange(6))
    with pytest.raises(MethodError, match="no company has two agents"):
        agent_instrument(x, np.array([0, 0, 1, 1, 2, 2]), codes)
    with pytest.raises(MethodError, match="not given for each of 6 rows"):
        agent_instrument(x, np.array([0, 1]))
    with pytest.raises(MethodError, match="no finite numbers"):
        agent_instrument(x * np.nan, np.array([0, 0, 1, 1, 2, 2]))
