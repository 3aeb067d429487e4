"""Shares corrected for measured error: Rogan and Gladen, the variance, and coverage of a known truth."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import stdtrit

from satsurvey.scoring.intervals import quantile
from satsurvey.text.confusion import ConfusionTable
from satsurvey.text.readings import LABELS, MIXED, NEGATIVE, NEUTRAL, NONE, POSITIVE
from satsurvey.text.shares import Design, shares_of


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
    found, low, high = TWO.corrected(observed(q), np.array([float(n)]))
    slope = sensitivity + specificity - 1
    expected = (q + specificity - 1) / slope
    assert found[0, NEGATIVE] == pytest.approx(expected)
    assert found[0, POSITIVE] == pytest.approx(1 - expected)
    # Lang and Reiczigel 2014: z²/2 comments of each kind more, and one right and one wrong in each row.
    z = quantile(0.95)
    drawn = (n * q + z**2 / 2) / (n + z**2)
    middle = (drawn + specificity - 1) / slope
    right, wrong = (91 / 102) * (11 / 102), (81 / 102) * (21 / 102)
    variance = (
        drawn * (1 - drawn) / (n + z**2) + middle**2 * right / 102 + (1 - middle) ** 2 * wrong / 102
    ) / slope**2
    half = z * np.sqrt(variance)
    assert low[0, NEGATIVE] == pytest.approx(max(middle - half, 0))
    assert high[0, NEGATIVE] == pytest.approx(min(middle + half, 1))


def test_the_interval_with_a_perfect_engine_is_that_of_agresti_and_coull() -> None:
    perfect = ConfusionTable(np.diag([10**9, 0, 10**9, 0, 0]))
    for n, k, t in ((20, 0, quantile(0.95)), (12, 5, float(stdtrit(3, 0.975)))):
        df = np.array([np.inf if k == 0 else 3.0])
        _, low, high = perfect.corrected(observed(k / n), np.array([float(n)]), df=df)
        middle = (k + t**2 / 2) / (n + t**2)
        half = t * np.sqrt(middle * (1 - middle) / (n + t**2))
        assert low[0, NEGATIVE] == pytest.approx(max(middle - half, 0), abs=1e-6)
        assert high[0, NEGATIVE] == pytest.approx(middle + half, abs=1e-6)


def test_clusters_that_say_the_same_leave_fewer_comments_to_go_by() -> None:
    # Twice the variance of comments by themselves is half of the comments.
    shares, n = observed(0.4), np.array([200.0])
    doubled = TWO.corrected(shares, n, covariance=2 * multinomial(shares, 200))
    for one, other in zip(doubled, TWO.corrected(shares, n / 2), strict=True):
        assert one == pytest.approx(other, nan_ok=True)
    # A variance that happens to be small is not believed.
    for one, other in zip(
        TWO.corrected(shares, n, covariance=np.zeros((1, 5, 5))), TWO.corrected(shares, n), strict=True
    ):
        assert one == pytest.approx(other, nan_ok=True)


def test_one_comment_says_next_to_nothing() -> None:
    found, low, high = TWO.corrected(observed(1.0), np.array([1.0]))
    assert found[0, NEGATIVE] == 1.0
    assert low[0, NEGATIVE] < 0.25  # Wilson's end of one of one is .207; delta gave .9
    assert high[0, NEGATIVE] == 1.0


def test_an_impossible_estimate_is_clipped_to_a_share() -> None:
    found, low, high = TWO.corrected(observed(0.05), np.array([100.0]))
    assert found[0, [NEGATIVE, POSITIVE]].tolist() == [0.0, 1.0]
    assert low[0, NEGATIVE] == 0.0
    assert 0 < high[0, NEGATIVE] < 1


def test_a_perfect_engine_corrects_nothing_and_none_is_left_out() -> None:
    perfect = ConfusionTable(np.diag([50, 50, 50, 50, 50]))
    shares = np.array([[0.2, 0.1, 0.4, 0.1, 0.2]])
    found, _, _ = perfect.corrected(shares, np.array([100.0]))
    assert found[0, :NONE] == pytest.approx(shares[0, :NONE] / 0.8)
    assert np.isnan(found[0, NONE])


def test_what_the_errors_make_of_true_shares_is_undone() -> None:
    rng = np.random.default_rng(3)
    counts = rng.integers(5, 20, (5, 5)) + np.diag(rng.integers(150, 300, 5))
    known = ConfusionTable(counts.astype(np.int64))
    true = np.array([0.3, 0.1, 0.35, 0.1, 0.15])
    seen = true @ (counts / counts.sum(axis=1, keepdims=True))
    found, low, high = known.corrected(seen[None], np.array([1000.0]))
    assert found[0, :NONE] == pytest.approx(true[:NONE] / (1 - true[NONE]))
    assert (low[0, :NONE] < found[0, :NONE]).all()
    assert (high[0, :NONE] > found[0, :NONE]).all()


RATES = np.array(
    [[0.85, 0.05, 0.05, 0.03, 0.02], [0.1, 0.75, 0.1, 0.02, 0.03], [0.05, 0.05, 0.85, 0.03, 0.02],
     [0.2, 0.05, 0.15, 0.58, 0.02], [0.02, 0.08, 0.02, 0.0, 0.88]]
)  # fmt: skip
TRUE = np.array([0.35, 0.12, 0.33, 0.1, 0.1])


def coverage(n: int, tables: int, groups: int, true: np.ndarray = TRUE) -> np.ndarray:
    """How often intervals of groups of n comments hold the true shares, by label; tables of 150 a row."""
    rng = np.random.default_rng(11)
    target = true[:NONE] / (1 - true[NONE])
    covered, told = np.zeros(4), 0
    for _ in range(tables):
        counts = np.array([rng.multinomial(150, row) for row in RATES])
        shares = rng.multinomial(n, true @ RATES, size=groups) / n
        _, low, high = ConfusionTable(counts).corrected(shares, np.full(groups, float(n)))
        says = np.isfinite(low[:, NEGATIVE])
        covered += ((low[:, :NONE] <= target + 1e-9) & (target - 1e-9 <= high[:, :NONE]))[says].sum(axis=0)
        told += int(says.sum())
    return covered / told


def test_the_corrected_interval_covers_the_truth_as_often_as_it_says() -> None:
    # Binomial error of 400 draws at .95: three standard errors are .033.
    assert (np.abs(coverage(600, 400, 1) - 0.95) < 0.04).all()


@pytest.mark.parametrize("n", [5, 20, 40])
def test_the_corrected_interval_of_few_comments_is_not_short(n: int) -> None:
    # Shares of five comments are few numbers, so coverage goes up and down with the truth; delta gave .38.
    assert (coverage(n, 40, 50) > (0.9 if n == 5 else 0.93)).all()


@pytest.mark.slow
@pytest.mark.parametrize("true", [TRUE, [0.12, 0.1, 0.76, 0.02, 0], [0.3, 0.2, 0.4, 0.1, 0]])
@pytest.mark.parametrize("n", [20, 30, 60, 200])
def test_the_corrected_interval_covers_whatever_the_truth_is(n: int, true: list[float]) -> None:
    assert (coverage(n, 400, 50, np.array(true)) > 0.93).all()


def test_the_corrected_interval_covers_where_few_companies_are_drawn() -> None:
    assert (clustered_coverage(4, 150) > 0.92).all()


@pytest.mark.slow
@pytest.mark.parametrize("m", [2, 4, 10, 20])
def test_the_corrected_interval_covers_for_any_number_of_companies(m: int) -> None:
    assert (clustered_coverage(m, 1500) > 0.93).all()


def clustered_coverage(m: int, groups: int) -> np.ndarray:
    """Coverage for m companies of 30 comments whose own shares differ about the true ones."""
    rng = np.random.default_rng(2)
    target = TRUE[:NONE] / (1 - TRUE[NONE])
    own = rng.dirichlet(TRUE * 6, size=(groups, m)) @ RATES
    shares = rng.multinomial(30, own)  # (G, m, 5)
    label = np.repeat(np.tile(np.arange(5), groups * m), shares.ravel())
    company = np.repeat(np.arange(groups * m), 30)
    table = ConfusionTable(np.rint(RATES * 1000).astype(np.int64))
    found = shares_of(label, 5, Design(company // m, groups, company))
    _, low, high = table.corrected(found.share, found.by_weights, covariance=found.covariance, df=found.df)
    return ((low[:, :NONE] <= target) & (target <= high[:, :NONE])).mean(axis=0)


def test_shares_are_not_corrected_where_the_table_cannot_carry_it() -> None:
    blind = table({(NEGATIVE, POSITIVE): 50, (POSITIVE, POSITIVE): 50})
    assert blind.why_not == "the engine hardly tells the labels apart"
    assert np.isnan(blind.corrected(observed(0.3), np.array([100.0]))[0]).all()
    few = table({(NEGATIVE, NEGATIVE): 50, (POSITIVE, POSITIVE): 9})
    assert few.why_not == "fewer than two labels have 10 labelled comments"


def test_a_label_that_the_table_does_not_know_has_no_corrected_share() -> None:
    found, _, _ = TWO.corrected(observed(0.5), np.array([100.0]))
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
    assert again.weighted is again.row_n is again.aspects is None
    with pytest.raises(ValueError, match="labels of the confusion table"):
        ConfusionTable.from_dict({"labels": LABELS[:3], "counts": made.counts.tolist()})
    with pytest.raises(ValueError, match="whole number for every pair"):
        ConfusionTable.from_dict({"labels": list(LABELS), "counts": [[1.5] * 5] * 5})


def test_weights_of_the_draw_stand_in_the_rates_and_survive_writing() -> None:
    # Of the negative comments 40 were read rightly, one in ten drawn, and 10 wrongly, all of them drawn.
    truth = np.repeat([NEGATIVE, POSITIVE], [50, 50]).astype(np.int8)
    given = np.repeat([NEGATIVE, POSITIVE, POSITIVE], [40, 10, 50]).astype(np.int8)
    weights = np.repeat([10.0, 1.0, 1.0], [40, 10, 50])
    made = ConfusionTable.of(truth, given, weights=weights)
    assert made.counts[NEGATIVE, NEGATIVE] == 40
    assert made.row_n is not None
    assert made.row_n[NEGATIVE] == pytest.approx(410**2 / (40 * 100 + 10))
    q = 0.3
    found, _, _ = made.corrected(observed(q), np.array([1000.0]))
    assert found[0, NEGATIVE] == pytest.approx(q / (400 / 410))
    again = ConfusionTable.from_dict(made.to_dict())
    assert again.to_dict() == made.to_dict()
    for wrong in ({"weighted": [[1.0]]}, {"row_n": None}, {"weighted": (-made.counts).tolist()}):
        with pytest.raises(ValueError, match="weight"):
            ConfusionTable.from_dict(made.to_dict() | wrong)


def test_a_table_says_how_well_aspects_are_read() -> None:
    said = {"n": 300, "micro_f1": 0.7, "ci_low": 0.66, "ci_high": 0.74}
    made = ConfusionTable.from_dict(TWO.to_dict() | {"aspects": said})
    assert made.aspects == said
    assert made.to_dict()["aspects"] == said
    with pytest.raises(ValueError, match="what is said of aspects"):
        ConfusionTable.from_dict(TWO.to_dict() | {"aspects": {"micro_f1": 0.7}})
