"""The ranking as a whole: its frames, its gate, its determinism, and every awkward survey."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from satsurvey.errors import MethodError
from satsurvey.scoring.moderation import moderate
from satsurvey.scoring.posterior_ranks import expected_ranks
from satsurvey.scoring.ranking import Ranking, publishable, rank, rankability
from satsurvey.scoring.ranksets import rank_sets
from satsurvey.scoring.shrinkage import shrink


@dataclass(frozen=True)
class StandIn:
    """The two frames of scores that a ranking reads."""

    companies: pd.DataFrame
    industries: pd.DataFrame


def survey(companies: int = 24, industries: int = 3, *, between: float = 8.0, seed: int = 1) -> StandIn:
    rng = np.random.default_rng(seed)
    n = rng.integers(20, 25, companies)
    sd = rng.uniform(8, 16, companies)
    frame = pd.DataFrame(
        {
            "industry": [f"行业{index % industries}" for index in range(companies)],
            "company": [f"企业{index:03d}" for index in rng.permutation(companies)],
            "score": 80 + between * rng.standard_normal(companies),
            "std_error": sd / np.sqrt(n),
            "df": n - 1.0,
            "n": n,
            "suppressed": False,
            "note": "",
        }
    )
    return StandIn(frame, industry_frame(frame))


def industry_frame(companies: pd.DataFrame) -> pd.DataFrame:
    groups = companies.groupby("industry")["score"]
    size = groups.size().to_numpy()
    return pd.DataFrame(
        {
            "industry": list(groups.groups),
            "score": groups.mean().to_numpy(),
            "std_error": groups.std().to_numpy() / np.sqrt(size),
            "df": size - 1.0,
            "n_companies": size,
            "suppressed": False,
            "note": "",
        }
    )


def ranked(scores: StandIn, **options: Any) -> Ranking:
    return rank(scores, **{"draws": 800, **options})


def test_columns_are_those_of_the_design() -> None:
    result = ranked(survey(), sets="both")
    own = ["rank", "rank_low", "rank_high", "rank_low_marginal", "rank_high_marginal"]
    overall = ["rank_overall", "rank_overall_low", "rank_overall_high"]
    rest = ["expected_rank", "p_top_k", "in_top_k", "tier"]
    rest += ["shrunken_score", "shrunken_std_error", "reliability"]
    assert list(result.companies) == ["industry", "company", *own, *overall, *rest]
    inside = ["rankability", "detectable_difference", "publish"]
    assert list(result.industries) == ["industry", *own, *rest, *inside]
    assert str(result.companies["rank"].dtype) == "Int64"
    assert list(ranked(survey(), overall=False).companies)[:5] == ["industry", "company", *own[:3]]


def test_values_are_those_of_the_parts_put_together_by_hand() -> None:
    scores = survey(between=12.0)
    result = ranked(scores)
    frame = scores.companies
    ordered = frame.sort_values(["industry", "company"])
    code = pd.factorize(ordered["industry"], sort=True)[0]
    sets = rank_sets(
        ordered["score"],
        ordered["std_error"],
        df=ordered["df"],
        n=ordered["n"],
        family=code,
        draws=800,
    )
    variance = moderate(ordered["n"] * ordered["std_error"] ** 2, ordered["df"]).variance
    for family in sets.families:
        rows = ordered.index[family.members]
        found = result.companies.loc[rows]
        assert found["rank"].tolist() == family.rank.tolist()
        assert found["rank_low"].tolist() == family.low.tolist()
        assert found["rank_high"].tolist() == family.high.tolist()
        assert found["in_top_k"].tolist() == (family.low <= 3).tolist()
        score, spread = frame.loc[rows, "score"], variance[family.members] / frame.loc[rows, "n"]
        shrunken = shrink(score, spread)
        assert found["shrunken_score"].to_numpy() == pytest.approx(shrunken.estimate, rel=1e-12)
        assert found["shrunken_std_error"].to_numpy() ** 2 == pytest.approx(shrunken.variance, rel=1e-12)
        expected = expected_ranks(shrunken.estimate, shrunken.variance)
        assert found["expected_rank"].to_numpy() == pytest.approx(expected, rel=1e-12)
        share = shrunken.tau2 / (shrunken.tau2 + np.median(spread))
        industry = result.industries.set_index("industry").loc[frame.loc[rows[0], "industry"]]
        assert industry["rankability"] == pytest.approx(share, rel=1e-12)
        pooled = np.average(variance[family.members], weights=frame.loc[rows, "df"])
        harmonic = len(rows) / (1 / frame.loc[rows, "n"]).sum()
        t = stats.t.ppf([0.975, 0.8], 2 * (harmonic - 1)).sum()
        assert industry["detectable_difference"] == pytest.approx(
            t * np.sqrt(pooled) * np.sqrt(2 / harmonic), rel=1e-9
        )
    assert sets.overall is not None
    whole = result.companies.loc[ordered.index[sets.overall.members]]
    assert whole["rank_overall_high"].tolist() == sets.overall.high.tolist()


def test_tiers_are_deviations_beyond_the_critical_value() -> None:
    scores = survey(between=12.0)
    result = ranked(scores)
    critical = result.method["companies"]["families"]["行业0"]["critical_value_tiers"]
    variance = moderate(
        scores.companies["n"] * scores.companies["std_error"] ** 2, scores.companies["df"]
    ).variance
    here = (scores.companies["industry"] == "行业0").to_numpy()
    x, v = scores.companies["score"].to_numpy()[here], (variance / scores.companies["n"].to_numpy())[here]
    # Var(x_j - mean) by the weights of the contrast
    contrast = np.eye(x.size) - 1 / x.size
    ratio = contrast @ x / np.sqrt(np.square(contrast) @ v)
    expected = np.where(
        ratio > critical, "above", np.where(ratio < -critical, "below", "not_distinguishable")
    )
    assert result.companies["tier"].to_numpy()[here].tolist() == expected.tolist()
    assert {"above", "below"} <= set(result.companies["tier"])


def test_order_of_rows_changes_no_digit() -> None:
    scores = survey()
    shuffled = StandIn(
        scores.companies.sample(frac=1, random_state=3), scores.industries.sample(frac=1, random_state=4)
    )
    first, second = ranked(scores, sets="both"), ranked(shuffled, sets="both")
    assert second.companies.index.tolist() == shuffled.companies.index.tolist()
    pd.testing.assert_frame_equal(second.companies.sort_index(), first.companies, check_exact=True)
    pd.testing.assert_frame_equal(second.industries.sort_index(), first.industries, check_exact=True)
    assert first.method == second.method


def test_noise_gets_tiers_and_no_ranks_unless_forced() -> None:
    scores = survey(between=0.5, seed=4)
    result, forced = ranked(scores), ranked(scores, force_ranks=True)
    assert set(result.industries["publish"]) == {"tiers_only"}
    for column in ("rank", "rank_low", "rank_high", "rank_overall"):
        assert result.companies[column].isna().all()
        assert forced.companies[column].notna().all()
    assert set(result.companies["tier"]) == {"not_distinguishable"}
    assert any("no ranks but tiers only" in note for note in result.notes)
    assert any("ranks were forced" in note for note in forced.notes)


@pytest.mark.parametrize(
    ("tau2", "word"),
    [
        (0.98, "tiers_only"),
        (1.0, "tiers_first"),
        (2.3, "tiers_first"),
        (2.4, "ranks"),
        (np.nan, "tiers_only"),
    ],
)
def test_gate_stands_at_one_half_and_seven_tenths(tau2: float, word: str) -> None:
    assert publishable(rankability(tau2, np.array([1.0, 1.0, 9.0]))) == word


def test_suppressed_companies_stay_as_rows_without_values() -> None:
    scores = survey()
    companies = scores.companies.copy()
    companies.loc[[2, 5], "suppressed"] = True
    companies.loc[[2, 5], ["score", "std_error"]] = np.nan
    result = ranked(StandIn(companies, scores.industries))
    rows = result.companies.loc[[2, 5]]
    assert len(result.companies) == len(companies)
    assert rows["tier"].tolist() == ["", ""]
    assert not rows["in_top_k"].any()
    assert rows.drop(columns=["industry", "company", "tier", "in_top_k"]).isna().all(axis=None)
    without = ranked(StandIn(companies.drop(index=[2, 5]), scores.industries))
    pd.testing.assert_frame_equal(result.companies.drop(index=[2, 5]), without.companies)


def test_one_interview_takes_no_rank_and_is_named() -> None:
    scores = survey()
    companies = scores.companies.copy()
    companies.loc[7, ["std_error", "df", "n"]] = [np.nan, 0, 1]
    result = ranked(StandIn(companies, scores.industries))
    assert pd.isna(result.companies.loc[7, "rank"])
    assert any(companies.loc[7, "company"] in note for note in result.notes)


def test_companies_without_industries_are_one_family() -> None:
    scores = survey()
    companies = scores.companies.drop(columns="industry")
    result = ranked(StandIn(companies, scores.industries.iloc[:0]))
    assert len(result.industries) == 0
    assert "publish" in result.industries
    assert result.companies["rank"].tolist() == result.companies["rank_overall"].tolist()
    assert sorted(result.companies["rank"]) == list(range(1, 25))
    assert len(ranked(StandIn(companies, pd.DataFrame())).industries) == 0


def test_industries_say_the_same_of_their_companies_when_those_are_not_ranked() -> None:
    scores = survey()
    full, brief = ranked(scores), ranked(scores, companies=False)
    pd.testing.assert_frame_equal(full.industries, brief.industries)
    assert full.notes == brief.notes
    assert brief.companies["rank"].isna().all()
    assert brief.companies["tier"].eq("").all()
    for name, family in full.method["companies"]["families"].items():
        same = {key: value for key, value in family.items() if not key.startswith("critical")}
        assert same.items() <= brief.method["companies"]["families"][name].items()
        assert brief.method["companies"]["families"][name]["critical_value"] is None


def test_companies_without_industries_are_ranked_in_any_case() -> None:
    companies = survey().companies.drop(columns="industry")
    result = ranked(StandIn(companies, pd.DataFrame()), companies=False)
    assert sorted(result.companies["rank"]) == list(range(1, 25))


def test_one_industry_with_one_company_says_so() -> None:
    scores = survey(companies=1, industries=1)
    industries = scores.industries.assign(std_error=np.nan)
    result = ranked(StandIn(scores.companies, industries))
    assert pd.isna(result.companies["rank"].iloc[0])
    assert result.companies["tier"].tolist() == ["not_distinguishable"]
    assert result.industries["publish"].tolist() == ["tiers_only"]
    assert any("nothing to rank" in note for note in result.notes)


def test_companies_without_any_spread_rank_by_score_with_a_note() -> None:
    scores = survey(companies=6, industries=1)
    companies = scores.companies.assign(std_error=0.0, score=[80.0, 90.0, 90.0, 70.0, 60.0, 80.0])
    result = ranked(StandIn(companies, scores.industries), sets="both")
    assert result.companies["rank"].tolist() == [3, 1, 1, 5, 6, 3]
    assert result.companies["rank_high"].tolist() == [4, 2, 2, 5, 6, 4]
    assert any("every variance is zero" in note for note in result.notes)


def test_marginal_sets_take_the_place_of_the_simultaneous_ones_when_asked_for() -> None:
    scores = survey(between=15.0)
    both, marginal = ranked(scores, sets="both"), ranked(scores, sets="marginal")
    assert marginal.companies["rank_low"].tolist() == both.companies["rank_low_marginal"].tolist()
    assert "rank_low_marginal" not in marginal.companies
    assert marginal.companies["in_top_k"].tolist() == both.companies["in_top_k"].tolist()
    assert (both.companies["rank_low_marginal"] >= both.companies["rank_low"]).all()


def test_industries_are_ranked_among_themselves_on_their_companies() -> None:
    scores = survey(companies=60, industries=5, between=4.0)
    frame = scores.industries
    wide = frame.assign(score=[70.0, 75.0, 80.0, 85.0, 90.0])
    result = ranked(StandIn(scores.companies, wide), tier_control="fdr")
    assert result.industries["rank"].tolist() == [5, 4, 3, 2, 1]
    found = rank_sets(wide["score"], wide["std_error"], df=frame["df"], n=frame["n_companies"], draws=800)
    assert result.industries["rank_high"].tolist() == found.families[0].high.tolist()
    assert result.industries["tier"].iloc[0] == "below"
    first = result.method["industries"]["first_place"]
    assert first["industry"] == "行业4"
    assert first["corrected_low"] <= first["corrected"] <= 90.0


def test_method_can_be_written_as_json_and_names_the_choices() -> None:
    result = ranked(survey(), seed=9, top_k=2)
    text = json.dumps(result.method, allow_nan=False, ensure_ascii=False)
    assert json.loads(text)["seed"] == 9
    family = result.method["companies"]["families"]["行业0"]
    assert set(family) >= {"critical_value", "tau2", "rankability", "publish"}
    assert result.method["companies"]["prior_sd"] > 0
    lonely = ranked(survey(companies=1, industries=1))
    json.dumps(lonely.method, allow_nan=False)


def test_impossible_calls_are_refused_in_words() -> None:
    with pytest.raises(MethodError, match="first places"):
        ranked(survey(), top_k=0)
    with pytest.raises(MethodError, match="control of tiers"):
        ranked(survey(), tier_control="bonferroni")
    with pytest.raises(MethodError, match="level"):
        ranked(survey(), level=95)
