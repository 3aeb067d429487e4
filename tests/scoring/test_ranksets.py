"""Rank sets against a restatement of every pair, against simple cases, and by simulated coverage."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from brute_rank_sets import all_draws, brute_sets
from coverage_simulation import coverage
from hypothesis import given, settings
from hypothesis import strategies as st

from satsurvey.errors import MethodError
from satsurvey.scoring import bootstrap, exceedances, ranksets
from satsurvey.scoring.bootstrap import Bootstrap, observed_variance
from satsurvey.scoring.ranksets import RankSets, rank_sets


def survey(
    seed: int, units: int, *, families: int = 1, smallest: int = 15, between: float = 5.0
) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    n = rng.integers(smallest, 25, units).astype(float)
    sd = rng.uniform(5, 20, units)
    return {
        "score": 80 + between * rng.standard_normal(units) + sd / np.sqrt(n) * rng.standard_normal(units),
        "std_error": sd * np.sqrt(rng.chisquare(n - 1) / (n - 1) / n),
        "df": n - 1,
        "n": n,
        "family": np.sort(rng.integers(0, families, units)),
    }


def assert_equals_brute(data: dict[str, Any], result: RankSets, level: float) -> None:
    kind = result.critical_values
    variance, moderation = observed_variance(data["std_error"], data["df"], data["n"], kind)
    plan = Bootstrap(
        data["std_error"],
        data["df"],
        data["n"],
        result.draws,
        result.seed,
        bool(moderation.prior_df > 0),
        kind,
    )
    error, redrawn = all_draws(plan)
    score = np.round(data["score"], 9)
    everything = [*result.families, *([result.overall] if result.overall else [])]
    for family in everything:
        m = family.members
        if m.size == 1:
            assert np.isnan(family.critical)
            continue
        brute = brute_sets(score[m], variance[m], error[m], redrawn[m], level)
        assert family.critical == brute.critical
        assert family.critical_single_step == brute.single_step
        assert family.low.tolist() == brute.low.tolist()
        assert family.high.tolist() == brute.high.tolist()
        assert family.critical_marginal.tolist() == brute.critical_marginal.tolist()
        assert family.low_marginal.tolist() == brute.low_marginal.tolist()
        assert family.high_marginal.tolist() == brute.high_marginal.tolist()


@pytest.mark.parametrize("critical", ["bootstrap", "normal"])
@pytest.mark.parametrize("level", [0.6, 0.95])
@pytest.mark.parametrize("between", [0.0, 4.0, 30.0])
def test_sets_equal_the_evaluation_of_every_pair(critical: Any, level: float, between: float) -> None:
    data = survey(3, 30, families=3, between=between)
    result = rank_sets(**data, level=level, draws=500, seed=8, sets="both", critical=critical)
    assert_equals_brute(data, result, level)


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    units=st.integers(1, 18),
    families=st.integers(1, 4),
    smallest=st.sampled_from([2, 3, 15]),
    between=st.sampled_from([0.0, 5.0, 100.0]),
    level=st.sampled_from([0.55, 0.8, 0.95]),
)
def test_sets_equal_the_evaluation_of_every_pair_for_any_survey(
    seed: int, units: int, families: int, smallest: int, between: float, level: float
) -> None:
    data = survey(seed, units, families=families, smallest=smallest, between=between)
    result = rank_sets(**data, level=level, draws=200, seed=seed, sets="both")
    for family in result.families:
        assert (family.low <= family.rank).all()
        assert (family.rank <= family.high).all()
    if units > 2:
        assert_equals_brute(data, result, level)


def test_sets_stay_equal_when_thresholds_start_too_high_and_memory_is_short(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Everything that happens only in large or awkward surveys happens here in a small one."""
    monkeypatch.setattr(exceedances, "_WAITING", 50)
    monkeypatch.setattr(exceedances, "_PAIRS", 7)
    monkeypatch.setattr(ranksets, "_TARGETS", 5)
    monkeypatch.setattr(ranksets, "_CELLS", 40)
    monkeypatch.setattr(bootstrap, "_CELLS", 900)
    original = ranksets._Search._thresholds
    monkeypatch.setattr(
        ranksets._Search, "_thresholds", lambda self, *args, **kw: 1.5 * original(self, *args, **kw)
    )
    data = survey(5, 14, families=2, between=8.0)
    assert_equals_brute(data, rank_sets(**data, draws=600, sets="both"), 0.95)


def test_step_down_never_widens_a_set_and_sometimes_narrows_it() -> None:
    narrower = 0
    for seed in range(12):
        data = survey(seed, 12, between=15.0)
        with_steps = rank_sets(**data, draws=1000, sets="both").families[0]
        single = rank_sets(**data, draws=1000, sets="both", step_down=False).families[0]
        assert with_steps.critical <= single.critical == with_steps.critical_single_step
        assert (with_steps.critical_marginal <= single.critical_marginal).all()
        assert (with_steps.low >= single.low).all()
        assert (with_steps.high <= single.high).all()
        narrower += int((with_steps.high - with_steps.low).sum() < (single.high - single.low).sum())
    assert narrower > 0


def test_same_seed_gives_the_same_sets_and_another_seed_other_critical_values() -> None:
    data = survey(1, 40, families=2)
    first, again, other = (rank_sets(**data, draws=2000, seed=seed) for seed in (5, 5, 6))
    assert first.families[0].critical == again.families[0].critical
    assert first.families[0].critical != other.families[0].critical


def test_critical_value_of_two_units_with_much_data_is_that_of_the_normal_distribution() -> None:
    result = rank_sets([1.0, 2.0], [3.0, 4.0], df=[1e6, 1e6], n=[1e6, 1e6], draws=40_000)
    # the maximum over both directions is |Z|; simulation error of its 95 % point is about 0.012
    assert result.families[0].critical_single_step == pytest.approx(1.959964, abs=0.05)


def test_scores_far_apart_have_sets_of_one_rank() -> None:
    result = rank_sets([50.0, 90.0, 70.0, 10.0], np.ones(4), df=np.full(4, 19.0), n=np.full(4, 20.0))
    family = result.families[0]
    assert family.rank.tolist() == family.low.tolist() == family.high.tolist() == [3, 1, 2, 4]


def test_equal_scores_share_the_smallest_rank() -> None:
    x = [80.0, 90.0, 90.0 + 2e-10, 70.0]
    family = rank_sets(x, np.ones(4), df=np.full(4, 19.0), n=np.full(4, 20.0), draws=500).families[0]
    assert family.rank.tolist() == [3, 1, 1, 4]


def test_one_unit_has_rank_one_of_one() -> None:
    result = rank_sets([80.0], [3.0], df=[19], n=[20], sets="both")
    family = result.families[0]
    assert [family.rank.tolist(), family.low.tolist(), family.high.tolist()] == [[1], [1], [1]]
    assert family.low_marginal.tolist() == family.high_marginal.tolist() == [1]


def test_one_interview_takes_no_rank_and_changes_no_other() -> None:
    data = survey(2, 10)
    with_one = {name: np.append(values, values[-1]) for name, values in data.items()}
    with_one["df"][-1], with_one["n"][-1], with_one["std_error"][-1] = 0.0, 1.0, np.nan
    result, plain = rank_sets(**with_one, draws=500), rank_sets(**data, draws=500)
    assert not result.ranked[-1]
    assert "1 of 11 units take no rank" in result.notes[0]
    assert result.families[0].members.tolist() == list(range(10))
    assert result.families[0].low.tolist() == plain.families[0].low.tolist()


def test_without_any_variance_sets_are_the_ranks_that_equal_scores_share() -> None:
    result = rank_sets([80.0, 90.0, 80.0], np.zeros(3), df=np.full(3, 19.0), n=np.full(3, 20.0), sets="both")
    family = result.families[0]
    assert family.low.tolist() == family.low_marginal.tolist() == [2, 1, 2]
    assert family.high.tolist() == family.high_marginal.tolist() == [3, 1, 3]
    assert "every variance is zero" in " ".join(result.notes)


def test_two_units_of_which_one_has_no_variance_get_sets() -> None:
    result = rank_sets([80.0, 81.0], [0.0, 2.0], df=[19, 19], n=[20, 20], draws=2000)
    # a Student t with 19 degrees of freedom, two-sided: 2.093; simulation error about 0.05
    assert result.families[0].critical == pytest.approx(2.093, abs=0.15)
    assert result.families[0].high.tolist() == [2, 2]


def test_nobody_to_rank_is_a_statement() -> None:
    result = rank_sets([np.nan, 80.0], [1.0, np.nan], df=[19, 0], n=[20, 1])
    assert result.families == ()
    assert result.overall is None
    assert "2 of 2 units take no rank" in result.notes[0]
    assert rank_sets([], [], df=[], n=[]).families == ()


def test_progress_counts_the_draws() -> None:
    seen: list[tuple[int, int]] = []
    rank_sets(**survey(1, 500), draws=2000, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (2000, 2000)
    assert [done for done, _ in seen] == sorted({done for done, _ in seen})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"level": 1.0}, "level"),
        ({"level": 0.4}, "level"),
        ({"draws": 10}, "too few draws"),
        ({"level": 0.999, "draws": 500}, "too few draws"),
        ({"seed": -1}, "seed"),
        ({"sets": "some"}, "kind of rank sets"),
        ({"critical": "t"}, "kind of critical values"),
        ({"std_error": np.full(6, -1.0)}, "standard error is negative"),
        ({"n": np.full(5, 20.0)}, "`n` has not one value per score"),
    ],
)
def test_impossible_calls_are_refused_in_words(change: dict[str, Any], words: str) -> None:
    with pytest.raises(MethodError, match=words):
        rank_sets(**{**survey(1, 6), **change})


def test_sets_hold_and_normal_critical_values_do_not_in_a_short_simulation() -> None:
    held = coverage(runs=100, draws=400, marginal=True)
    assert held.simultaneous >= 0.88  # 3 standard errors under 0.95
    assert 0.90 <= held.marginal <= 0.98
    assert coverage(runs=100, draws=400, critical="normal").simultaneous < held.simultaneous


@pytest.mark.slow
def test_simultaneous_sets_of_24_companies_cover_and_normal_ones_do_not() -> None:
    assert coverage(runs=1_000).simultaneous >= 0.935
    assert coverage(runs=1_000, critical="normal").simultaneous < 0.92


@pytest.mark.slow
def test_sets_cover_with_few_false_claims_for_ten_point_answers_and_for_marginal_sets() -> None:
    steps = coverage(runs=400, between=5.0, answers="steps")
    assert steps.simultaneous >= 0.935
    assert steps.deviations >= 0.91
    own = coverage(runs=300, marginal=True)
    assert own.marginal == pytest.approx(0.95, abs=0.02)
    assert own.width_marginal <= own.width
