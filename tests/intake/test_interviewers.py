"""The interviewer table against plain sums, the interviewer effect against statsmodels and closed forms."""

from __future__ import annotations

import statistics

import numpy as np
import pytest

from satsurvey.errors import MethodError
from satsurvey.intake.interviewers import (
    interviewer_design_effect,
    interviewer_table,
    intra_interviewer_correlation,
)


def test_kishs_example_gives_a_design_effect_of_2_02():
    assert interviewer_design_effect(0.03, 35) == pytest.approx(2.02, abs=1e-12)


def test_two_interviewers_by_hand():
    # Means 2 and 5 around 3.5: MSB = 2 * (1.5^2 + 1.5^2) / 1 = 9, MSW = (1 + 1 + 1 + 1) / 2 = 2, m0 = 2.
    effect = intra_interviewer_correlation(np.array([1.0, 3.0, 4.0, 6.0]), np.array([0, 0, 1, 1], np.int32))
    assert effect.ms_between == pytest.approx(9, rel=1e-12)
    assert effect.ms_within == pytest.approx(2, rel=1e-12)
    assert effect.m0 == effect.m == 2
    assert effect.rho == pytest.approx(7 / 11, rel=1e-12)
    assert effect.design_effect == pytest.approx(1 + 7 / 11, rel=1e-12)
    assert "2 interviewers" in effect.note


@pytest.mark.parametrize("seed", range(3))
def test_mean_squares_equal_those_of_statsmodels(seed):
    pytest.importorskip("statsmodels")
    import pandas as pd
    from statsmodels.formula.api import ols
    from statsmodels.stats.anova import anova_lm

    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(15), rng.integers(2, 40, 15)).astype(np.int32)
    values = 80 + rng.normal(0, 4, 15)[groups] + rng.normal(0, 12, groups.size)
    table = anova_lm(ols("y ~ C(g)", pd.DataFrame({"y": values, "g": groups})).fit())
    effect = intra_interviewer_correlation(values, groups)
    assert effect.ms_between == pytest.approx(table["mean_sq"].iloc[0], rel=1e-9)
    assert effect.ms_within == pytest.approx(table["mean_sq"].iloc[1], rel=1e-9)
    sizes = np.bincount(groups)
    m0 = (groups.size - (sizes**2).sum() / groups.size) / 14
    assert effect.m0 == pytest.approx(m0, rel=1e-12)
    between, within = table["mean_sq"]
    assert effect.rho_unclipped == pytest.approx((between - within) / (between + (m0 - 1) * within), rel=1e-9)
    assert (effect.n, effect.k, effect.m) == (groups.size, 15, groups.size / 15)


def test_a_known_correlation_is_recovered():
    # Between variance 3, within variance 97: rho = 0.03, with a standard error of about 0.004.
    rng = np.random.default_rng(2024)
    groups = np.repeat(np.arange(400), 35).astype(np.int32)
    values = rng.normal(0, 3**0.5, 400)[groups] + rng.normal(0, 97**0.5, groups.size)
    effect = intra_interviewer_correlation(values, groups)
    assert effect.rho == pytest.approx(0.03, abs=0.015)
    assert effect.note == ""


def test_a_negative_estimate_is_reported_as_0_and_kept_beside():
    effect = intra_interviewer_correlation(np.array([1.0, 9.0, 1.0, 9.0]), np.array([0, 0, 1, 1], np.int32))
    assert effect.rho == 0
    assert effect.rho_unclipped == pytest.approx(-1)  # MSB 0: -MSW / ((2 - 1) MSW)
    assert effect.design_effect == 1


def test_adding_a_constant_or_a_factor_does_not_move_the_correlation():
    rng = np.random.default_rng(1)
    groups = np.repeat(np.arange(12), 9).astype(np.int32)
    values = rng.normal(0, 1, groups.size) + groups / 6
    rho = intra_interviewer_correlation(values, groups).rho
    assert intra_interviewer_correlation(1e6 + 3 * values, groups).rho == pytest.approx(rho, rel=1e-6)


def test_interviews_without_value_or_interviewer_are_left_out():
    values = np.array([1.0, 3.0, 4.0, 6.0, np.nan, 50.0])
    codes = np.array([0, 0, 1, 1, 1, -1], np.int32)
    effect = intra_interviewer_correlation(values, codes)
    assert effect.n == 4
    assert effect.rho == pytest.approx(7 / 11, rel=1e-12)


@pytest.mark.parametrize(
    ("values", "codes", "words"),
    [
        ([], [], "fewer than two interviewers"),
        ([1.0, 2.0], [0, 0], "fewer than two interviewers"),
        ([1.0, 2.0], [0, 1], "no interviewer with two interviews"),
        ([70.1] * 4, [0, 0, 1, 1], "all values are the same"),
        ([0.0] * 4, [0, 0, 1, 1], "all values are the same"),
    ],
)
def test_what_cannot_be_estimated_says_why(values, codes, words):
    effect = intra_interviewer_correlation(
        np.array(values, dtype=np.float64), np.array(codes, dtype=np.int32)
    )
    assert effect.rho is None
    assert effect.design_effect is None
    assert words in effect.note


def test_values_and_interviewers_of_different_number_are_refused():
    with pytest.raises(MethodError, match="2 values and 1 interviewers do not match"):
        intra_interviewer_correlation(np.zeros(2), np.zeros(1, np.int32))


def test_the_table_gives_what_plain_sums_give(survey, plain):
    rng = np.random.default_rng(6)
    answers, who, lengths = [], [], []
    for _ in range(80):
        odd = rng.random()
        if odd < 0.2:
            answers.append([9] * 12)
        else:
            answers.append(
                [
                    str(
                        rng.choice(
                            ["dont_know", "refused", "not_applicable", "blank", "not_asked", "skipped"]
                        )
                    )
                    if rng.random() < 0.2
                    else answer
                    for answer in plain
                ]
            )
        who.append(str(rng.choice(["01", "02", "03", ""])))
        lengths.append(float(rng.choice([np.nan, -5, *range(100, 600, 50)])))
    table = interviewer_table(survey(answers, factors={"interviewer": who}, numbers={"duration_s": lengths}))
    assert [row.interviewer for row in table] == ["01", "02", "03", ""]
    for row in table:
        own = [k for k in range(80) if who[k] == row.interviewer]
        known = [lengths[k] for k in own if lengths[k] >= 0]
        cells = [cell for k in own for cell in answers[k]]
        silent = sum(cell in {"blank", "not_asked", "skipped"} for cell in cells)
        assert row.completes == len(own)
        assert row.mean_duration_s == pytest.approx(statistics.mean(known), rel=1e-12)
        assert row.median_duration_s == pytest.approx(statistics.median(known), rel=1e-12)
        assert row.dont_know_share == pytest.approx(
            cells.count("dont_know") / (len(cells) - silent), rel=1e-12
        )
        assert row.straight_lining_share == pytest.approx(
            sum(answers[k] == [9] * 12 for k in own) / len(own), rel=1e-12
        )


def test_without_lengths_or_replies_the_shares_are_none(survey):
    (row,) = interviewer_table(survey([["blank"] * 12], factors={"interviewer": ["01"]}))
    assert row.mean_duration_s is None
    assert row.median_duration_s is None
    assert row.dont_know_share is None
    assert row.straight_lining_share == 0


def test_without_interviewers_there_is_no_table(survey, plain):
    assert interviewer_table(survey([plain])) == ()
