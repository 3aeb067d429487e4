"""Shares corrected for measured error: Rogan and Gladen, the variance, and coverage of a known truth."""

from __future__ import annotations

import numpy as np
import pytest

from satsurvey.text.confusion import ConfusionTable
from satsurvey.text.intervals import quantile
from satsurvey.text.readings import LABELS, MIXED, NEGATIVE, NEUTRAL, NONE, POSITIVE


def table(counts: dict[tuple[int, int], int]) -> ConfusionTable:
    full = np.zeros((5, 5), dtype=np.int64)
    for place, n in counts.items():
        full[place] = n
    return ConfusionTable(full)


TWO = table(
    {(NEGATIVE, NEGATIVE): 90, (NEGATIVE, POSITIVE): 10, (POSITIVE, NEGATIVE): 20, (POSITIVE, POSITIVE): 80}
)


def observed(negative: float) -> np.ndarray:
    shares = np.zeros((1, 5))
    shares[0, [NEGATIVE, POSITIVE]] = negative, 1 - negative
    return shares


def multinomial(shares: np.ndarray, n: int) -> np.ndarray:
    return (np.eye(5) * shares[:, :, None] - shares[:, :, None] * shares[:, None, :]) / n


@pytest.mark.parametrize("q", [0.25, 0.5, 0.85])
def test_two_labels_are_corrected_by_the_formula_of_rogan_and_gladen(q: float) -> None:
    sensitivity, specificity, n = 0.9, 0.8, 400
    shares = observed(q)
    found, low, high = TWO.corrected(shares, multinomial(shares, n))
    expected = (q + specificity - 1) / (sensitivity + specificity - 1)
    assert found[0, NEGATIVE] == pytest.approx(expected)
    assert found[0, POSITIVE] == pytest.approx(1 - expected)
    # Lang and Reiczigel 2014, equation of the delta method with errors measured on 100 and 100.
    variance = (
        q * (1 - q) / n
        + expected**2 * sensitivity * (1 - sensitivity) / 100
        + (1 - expected) ** 2 * specificity * (1 - specificity) / 100
    ) / (sensitivity + specificity - 1) ** 2
    half = quantile(0.95) * np.sqrt(variance)
    assert low[0, NEGATIVE] == pytest.approx(max(expected - half, 0))
    assert high[0, NEGATIVE] == pytest.approx(min(expected + half, 1))


def test_an_impossible_estimate_is_clipped_to_a_share() -> None:
    found, low, high = TWO.corrected(observed(0.05), multinomial(observed(0.05), 100))
    assert found[0, [NEGATIVE, POSITIVE]].tolist() == [0.0, 1.0]
    assert low[0, NEGATIVE] == 0.0
    assert 0 < high[0, NEGATIVE] < 1


def test_a_perfect_engine_corrects_nothing_and_none_is_left_out() -> None:
    perfect = ConfusionTable(np.diag([50, 50, 50, 50, 50]))
    shares = np.array([[0.2, 0.1, 0.4, 0.1, 0.2]])
    found, _, _ = perfect.corrected(shares, np.zeros((1, 5, 5)))
    assert found[0, :NONE] == pytest.approx(shares[0, :NONE] / 0.8)
    assert np.isnan(found[0, NONE])


def test_what_the_errors_make_of_true_shares_is_undone() -> None:
    rng = np.random.default_rng(3)
    counts = rng.integers(5, 20, (5, 5)) + np.diag(rng.integers(150, 300, 5))
    known = ConfusionTable(counts.astype(np.int64))
    true = np.array([0.3, 0.1, 0.35, 0.1, 0.15])
    seen = true @ (counts / counts.sum(axis=1, keepdims=True))
    found, low, high = known.corrected(seen[None], multinomial(seen[None], 1000))
    assert found[0, :NONE] == pytest.approx(true[:NONE] / (1 - true[NONE]))
    assert (low[0, :NONE] < found[0, :NONE]).all()
    assert (high[0, :NONE] > found[0, :NONE]).all()


def test_the_corrected_interval_covers_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(11)
    rates = np.array(
        [[0.85, 0.05, 0.05, 0.03, 0.02], [0.1, 0.75, 0.1, 0.02, 0.03], [0.05, 0.05, 0.85, 0.03, 0.02],
         [0.2, 0.05, 0.15, 0.58, 0.02], [0.02, 0.08, 0.02, 0.0, 0.88]]
    )  # fmt: skip
    true = np.array([0.35, 0.12, 0.33, 0.1, 0.1])
    target = true[:NONE] / (1 - true[NONE])
    covered = np.zeros(4)
    draws = 400
    for _ in range(draws):
        counts = np.array([rng.multinomial(150, row) for row in rates])
        shares = rng.multinomial(600, true @ rates)[None] / 600
        _, low, high = ConfusionTable(counts).corrected(shares, multinomial(shares, 600))
        covered += (low[0, :NONE] <= target) & (target <= high[0, :NONE])
    # Binomial error of 400 draws at .95: three standard errors are .033.
    assert (np.abs(covered / draws - 0.95) < 0.04).all()


def test_shares_are_not_corrected_where_the_table_cannot_carry_it() -> None:
    blind = table({(NEGATIVE, POSITIVE): 50, (POSITIVE, POSITIVE): 50})
    assert blind.why_not == "the engine hardly tells the labels apart"
    assert np.isnan(blind.corrected(observed(0.3), np.zeros((1, 5, 5)))[0]).all()
    few = table({(NEGATIVE, NEGATIVE): 50, (POSITIVE, POSITIVE): 9})
    assert few.why_not == "fewer than two labels have 10 labelled comments"


def test_a_label_that_the_table_does_not_know_has_no_corrected_share() -> None:
    found, _, _ = TWO.corrected(observed(0.5), np.zeros((1, 5, 5)))
    assert np.isnan(found[0, [NEUTRAL, MIXED, NONE]]).all()


def test_a_table_counts_pairs_and_survives_writing() -> None:
    truth = np.array([NEGATIVE, NEGATIVE, POSITIVE, NONE], np.int8)
    given = np.array([NEGATIVE, MIXED, POSITIVE, NEUTRAL], np.int8)
    made = ConfusionTable.of(truth, given, source="four")
    assert made.n == 4
    assert made.counts[NEGATIVE, MIXED] == made.counts[NONE, NEUTRAL] == 1
    again = ConfusionTable.from_dict(made.to_dict())
    assert again.counts.tolist() == made.counts.tolist()
    assert again.source == "four"
    with pytest.raises(ValueError, match="labels of the confusion table"):
        ConfusionTable.from_dict({"labels": LABELS[:3], "counts": made.counts.tolist()})
    with pytest.raises(ValueError, match="whole number for every pair"):
        ConfusionTable.from_dict({"labels": list(LABELS), "counts": [[1.5] * 5] * 5})
