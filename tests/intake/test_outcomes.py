"""AAPOR's outcome rates against a published example and against the formulas in exact fractions."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from satsurvey.errors import MethodError
from satsurvey.intake.outcomes import (
    CLASSES,
    FORMULAS,
    PRECEDENCE,
    final_outcomes,
    outcome_class,
    outcome_rates,
)

# The example survey of the R package outcomerate 1.0.1 (Pilliard Hellwig, 2018), with the rates that its
# vignette prints to eight decimals.
VIGNETTE = {"I": 760, "P": 339, "R": 59, "NC": 288, "O": 1, "UO": 173, "NE": 71}
VIGNETTE_RATES = {
    "RR1": 0.46913580,
    "RR2": 0.67839506,
    "RR3": 0.47149080,
    "RR4": 0.68180052,
    "RR5": 0.52522460,
    "RR6": 0.75950242,
    "COOP1": 0.65573770,
    "COOP2": 0.94823123,
    "COOP3": 0.65630397,
    "COOP4": 0.94905009,
    "REF1": 0.03641975,
    "REF2": 0.03660258,
    "REF3": 0.04077402,
    "CON1": 0.71543210,
    "CON2": 0.71902347,
    "CON3": 0.80096752,
}


@pytest.mark.parametrize(("rate", "expected"), VIGNETTE_RATES.items())
def test_the_published_example_is_reproduced(rate, expected):
    assert outcome_rates(VIGNETTE).rates[rate] == pytest.approx(expected, abs=5.1e-9)


def test_the_published_weighted_example_is_reproduced():
    # The README of the same package prints RR2 0.50 and CON1 0.69 for these weights.
    codes = ["I", "P", "I", "UO", "R", "I", "NC", "I", "O", "P", "UH"]
    weighted = dict.fromkeys(codes, 0.0)
    for code, weight in zip(codes, [1.3] * 6 + [2.5] * 5, strict=True):
        weighted[code] += weight
    rates = outcome_rates(weighted).rates
    assert rates["RR2"] == pytest.approx(0.50, abs=0.005)
    assert rates["CON1"] == pytest.approx(0.69, abs=0.005)


def test_e_of_the_published_example_is_proportional_allocation():
    outcome = outcome_rates(VIGNETTE)
    assert outcome.e == pytest.approx(1447 / 1518, rel=1e-15)
    assert outcome.e_method == "e = N / (N + NE), proportional allocation"
    assert outcome.n == 1691


COUNTS = st.fixed_dictionaries({name: st.integers(0, 1000) for name in CLASSES})


@given(COUNTS, st.one_of(st.none(), st.fractions(0, 1, max_denominator=64)))
def test_every_rate_is_its_formula_in_exact_arithmetic(counts, given_e):
    outcome = outcome_rates(counts, e=None if given_e is None else float(given_e))
    I, P, R, NC, O, UH, UO, NE = (Fraction(counts[name]) for name in CLASSES)  # noqa: E741
    N, U = I + P + R + NC + O, UH + UO
    e = given_e if given_e is not None else (N / (N + NE) if N + NE else None)
    meaning = {"I": I, "P": P, "R": R, "N": N, "U": U, "C": I + P + R + O}
    for name, formula in FORMULAS.items():
        if "eU" in formula and e is None and U:
            assert outcome.rates[name] is None
            continue
        above, below = formula.replace("eU", "e * U").split(" / ")
        values = meaning | {"e": e or Fraction(0)}
        bottom = eval(below, {}, values)
        if bottom == 0:
            assert outcome.rates[name] is None
        else:
            assert outcome.rates[name] == pytest.approx(float(eval(above, {}, values) / bottom), rel=1e-12)


@given(COUNTS)
def test_rates_lie_between_0_and_1_and_keep_their_order(counts):
    rates = outcome_rates(counts).rates
    assert all(rate is None or 0 <= rate <= 1 for rate in rates.values())
    for low, high in (("RR1", "RR2"), ("RR1", "RR3"), ("RR3", "RR5"), ("COOP1", "COOP3"), ("CON1", "CON2")):
        if rates[low] is not None and rates[high] is not None:
            assert rates[low] <= rates[high] * (1 + 1e-12)


def test_weighted_counts_give_the_rates_of_the_weighted_survey():
    halves = {name: n / 2 for name, n in VIGNETTE.items()}
    assert outcome_rates(halves).rates == pytest.approx(outcome_rates(VIGNETTE).rates, rel=1e-14)


def test_an_e_of_the_users_own_is_used_and_named():
    outcome = outcome_rates(VIGNETTE, e=0.5)
    assert outcome.rates["RR3"] == pytest.approx(760 / (1447 + 0.5 * 173), rel=1e-15)
    assert outcome.e_method == "e given by the user"


def test_e_of_zero_makes_response_rate_3_equal_to_5_without_a_warning():
    outcome = outcome_rates(VIGNETTE, e=0)
    assert outcome.rates["RR3"] == outcome.rates["RR5"]
    assert not any("leave out cases" in note for note in outcome.notes)


def test_rates_without_cases_are_none_and_the_note_names_them():
    outcome = outcome_rates({"NE": 5})
    assert set(outcome.rates.values()) == {None}
    assert outcome.e == 0
    assert outcome.notes == (f"not defined, for want of cases: {', '.join(FORMULAS)}",)


def test_without_known_eligibility_e_is_undefined_and_so_are_its_rates():
    outcome = outcome_rates({"3.13": 7})
    assert outcome.e is None
    assert outcome.rates["RR3"] is None
    assert outcome.rates["RR1"] == 0
    assert "undefined" in outcome.e_method


def test_no_case_at_all_gives_no_rate():
    outcome = outcome_rates([])
    assert set(outcome.rates.values()) == {None}
    assert outcome.n == 0


def test_an_export_of_completes_only_is_told_apart_from_a_perfect_survey():
    assert any("every case is a complete interview" in note for note in outcome_rates({"1.1": 9}).notes)
    assert not any("every case" in note for note in outcome_rates({"1.1": 9, "2.11": 1}).notes)


@pytest.mark.parametrize("e", [-0.1, 1.1, float("nan")])
def test_an_impossible_e_is_refused_in_words(e):
    with pytest.raises(MethodError, match="share of unknown cases that is eligible"):
        outcome_rates(VIGNETTE, e=e)


@pytest.mark.parametrize("n", [-1, float("nan"), float("inf")])
def test_an_impossible_count_is_refused_in_words(n):
    with pytest.raises(MethodError, match="there cannot be"):
        outcome_rates({"I": n})


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("1.1", "I"),
        ("1.0", "I"),
        ("1.2", "P"),
        ("2.10", "R"),
        ("2.11", "R"),
        ("2.111a", "R"),
        ("2.112b", "R"),
        ("2.12", "R"),
        ("2.21", "NC"),
        ("2.27", "NC"),
        ("2.31", "O"),
        ("2.34", "O"),
        ("3.11", "UH"),
        ("3.13", "UH"),
        ("3.21", "UO"),
        ("3.91", "UO"),
        ("4.1", "NE"),
        ("4.8", "NE"),
        ("４.８", "NE"),
        (" nc ", "NC"),
        ("UO", "UO"),
        ("1", None),
        ("2", None),
        ("4", None),
        ("21.1", None),
        ("拒访", None),
        ("", None),
    ],
)
def test_the_class_of_a_code_is_read_from_its_beginning(code, expected):
    assert outcome_class(code) == expected


def test_the_studys_own_texts_come_first_and_fold_width_and_case():
    own = {"拒访": "2.11", "No Answer": "NC", "1.1": "P", "循环": "循环"}
    assert outcome_class("拒访 ", own) == "R"
    assert outcome_class("ＮＯ answer", own) == "NC"
    assert outcome_class("1.1", own) == "P"
    assert outcome_class("循环", own) is None


def test_codes_without_a_class_count_as_unknown_and_are_named():
    outcome = outcome_rates(["1.1", "拒访", "拒访", "7"])
    assert outcome.unclassified == {"拒访": 2, "7": 1}
    assert outcome.classes["UO"] == 3
    assert outcome.rates["RR1"] == 0.25
    assert any("'拒访' (2), '7' (1)" in note for note in outcome.notes)


def test_a_full_quota_is_no_refusal():
    outcome = outcome_rates({"1.1": 5, "4.8": 5})
    assert outcome.classes["R"] == 0
    assert outcome.rates["RR1"] == 1


# Cases -----------------------------------------------------------------------------------------------------


def test_a_case_with_several_attempts_counts_once_with_its_strongest_outcome():
    cases = ["a", "b", "a", "c", "b", "a"]
    codes = ["3.13", "2.11", "1.1", "3.13", "3.13", "2.11"]
    assert final_outcomes(cases, codes) == ["1.1", "2.11", "3.13"]


def test_of_equally_strong_outcomes_the_last_stands():
    assert final_outcomes(["a", "a", "a"], ["2.111a", "2.112b", "3.13"]) == ["2.112b"]


def test_attempts_without_a_case_are_cases_of_their_own():
    assert final_outcomes(["", "", "a", "a", " "], ["3.13", "3.13", "2.11", "1.1", "4.1"]) == [
        "3.13",
        "3.13",
        "1.1",
        "4.1",
    ]


@pytest.mark.parametrize("seed", range(5))
def test_final_outcomes_are_those_of_a_loop_over_cases(seed):
    rng = random.Random(seed)
    pool = ["1.1", "1.2", "2.11", "2.21", "2.31", "3.13", "3.91", "4.7", "空号"]
    cases = [rng.choice("abcdefgh") for _ in range(60)]
    codes = [rng.choice(pool) for _ in range(60)]
    expected = {}
    for case, code in zip(cases, codes, strict=True):
        rank = PRECEDENCE.index(outcome_class(code) or "UO")
        if case not in expected or rank <= expected[case][0]:
            expected[case] = (rank, code)
    assert final_outcomes(cases, codes) == [code for _, code in expected.values()]


def test_another_order_of_precedence_can_be_given():
    order = ["I", "P", "NE", "R", "O", "NC", "UH", "UO"]
    assert final_outcomes(["a", "a"], ["2.11", "4.7"]) == ["2.11"]
    assert final_outcomes(["a", "a"], ["2.11", "4.7"], precedence=order) == ["4.7"]
    with pytest.raises(MethodError, match="every class once"):
        final_outcomes(["a"], ["1.1"], precedence=order[1:])


def test_cases_and_outcomes_of_different_number_are_refused():
    with pytest.raises(MethodError, match="1 cases and 2 outcomes do not match"):
        final_outcomes(["a"], ["1.1", "1.1"])


def test_no_attempt_gives_no_case():
    assert final_outcomes([], []) == []
