"""The ordered logit against ordinal, MASS and survey, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest
from contacts import columns, contacts, in_order, reference

from satsurvey.errors import MethodError
from satsurvey.regression.ordered_logit import ordered_logit


def test_slopes_thresholds_and_errors_are_those_of_clm() -> None:
    theirs, frame = reference()["ordered"], contacts()
    ours = ordered_logit(columns(frame, "log_seconds", "chat"), frame["answer"])
    terms = ours.estimates.terms
    np.testing.assert_allclose(ours.estimates.values, in_order(theirs["values"], terms), rtol=1e-9)
    # clm's Hessian is one of differences.
    np.testing.assert_allclose(ours.estimates.std_errors, in_order(theirs["errors"], terms), rtol=1e-6)
    assert ours.log_likelihood == pytest.approx(theirs["log_likelihood"], rel=1e-12)
    # polr stops by the change of the deviance.
    np.testing.assert_allclose(ours.estimates.values, in_order(theirs["polr"], terms), rtol=1e-7)


def test_clustered_errors_are_those_of_sandwich() -> None:
    theirs, frame = reference()["ordered"], contacts()
    ours = ordered_logit(
        columns(frame, "log_seconds", "chat"), frame["answer"], clusters=frame["company"].to_numpy()
    )
    # polr's Hessian is one of differences.
    np.testing.assert_allclose(
        ours.estimates.std_errors, in_order(theirs["clustered"], ours.estimates.terms), rtol=1e-4
    )
    assert (ours.estimates.df == 23).all()


def test_clustered_errors_are_those_of_the_scores_of_rows() -> None:
    """The sandwich restated: scores by differences of each row's log-likelihood, summed by company."""
    frame = contacts()
    design, codes = frame[["log_seconds", "chat"]].to_numpy(dtype=float), frame["company"].to_numpy()
    ours = ordered_logit(columns(frame, "log_seconds", "chat"), frame["answer"], clusters=codes)
    level = np.searchsorted(ours.levels, frame["answer"])

    def by_row(values: np.ndarray) -> np.ndarray:
        cuts = np.concatenate([[-np.inf], values[2:], [np.inf]])
        eta = design @ values[:2]
        return np.log(1 / (1 + np.exp(eta - cuts[level + 1])) - 1 / (1 + np.exp(eta - cuts[level])))

    values, steps = ours.estimates.values, 1e-5 * np.eye(ours.estimates.values.size)
    scores = np.stack([(by_row(values + step) - by_row(values - step)) / 2e-5 for step in steps], axis=1)
    sums = np.stack([np.bincount(codes, column) for column in scores.T], axis=1)
    groups = int((np.bincount(codes) > 0).sum())
    expected = ours.model_covariance @ (groups / (groups - 1) * sums.T @ sums) @ ours.model_covariance
    np.testing.assert_allclose(ours.estimates.covariance, expected, rtol=1e-6, atol=1e-9)
    assert ours.log_likelihood == pytest.approx(by_row(values).sum(), rel=1e-12)


def test_terms_made_from_seconds_are_the_terms_themselves() -> None:
    frame = contacts()
    direct = ordered_logit(columns(frame, "log_seconds", "chat"), frame["answer"])
    made = ordered_logit(
        columns(frame, "seconds", "chat"),
        frame["answer"],
        terms=lambda rows: {"log_seconds": np.log1p(rows["seconds"]), "chat": rows["chat"]},
    )
    assert made.estimates.terms == direct.estimates.terms
    np.testing.assert_allclose(made.estimates.values, direct.estimates.values, rtol=1e-9)
    assert made.cells == direct.cells < made.rows


def test_whole_weights_are_rows_said_several_times() -> None:
    frame = contacts()
    weight = np.random.default_rng(1).integers(1, 4, len(frame))
    codes = frame["company"].to_numpy()
    weighted = ordered_logit(columns(frame, "minutes"), frame["answer"], clusters=codes, weights=weight)
    several = ordered_logit(
        {"minutes": np.repeat(frame["minutes"].to_numpy(), weight)},
        np.repeat(frame["answer"].to_numpy(), weight),
        clusters=np.repeat(codes, weight),
    )
    np.testing.assert_allclose(weighted.estimates.values, several.estimates.values, rtol=1e-9)
    np.testing.assert_allclose(weighted.estimates.covariance, several.estimates.covariance, rtol=1e-8)
    assert weighted.log_likelihood == pytest.approx(
        several.log_likelihood * len(frame) / weight.sum(), rel=1e-10
    )


def test_weighted_slopes_are_those_of_svyolr() -> None:
    theirs, frame = reference()["weighted"]["svyolr"], contacts()
    ours = ordered_logit(
        columns(frame, "minutes", "chat"), frame["answer"], clusters=frame["company"].to_numpy(),
        weights=frame["weight"],
    )  # fmt: skip
    slopes = ours.estimates.terms[:2]
    # svyolr stops at a relative change of 1e-8 of the deviance, and takes its Hessian by differences.
    np.testing.assert_allclose(ours.estimates.values[:2], in_order(theirs["values"], slopes), rtol=1e-3)
    np.testing.assert_allclose(ours.estimates.std_errors[:2], in_order(theirs["errors"], slopes), rtol=1e-2)


def test_times_of_tenths_are_counted_exactly() -> None:
    """Tenths of a second are coded by place; other numbers by sorting; the model is the same."""
    rng = np.random.default_rng(4)
    seconds = np.round(rng.gamma(2, 60, 3000), 1)
    answers = np.clip(np.rint(5 - seconds / 80 + rng.logistic(0, 1, 3000)), 1, 5)
    tenths = ordered_logit({"x": seconds}, answers)
    shifted = ordered_logit({"x": seconds * np.pi}, answers)
    assert tenths.estimates["x"] == pytest.approx(shifted.estimates["x"] * np.pi, rel=1e-10)
    assert tenths.cells == np.unique(seconds).size


def test_a_level_that_does_not_occur_has_no_threshold() -> None:
    x = np.tile(np.arange(10.0), 6)
    answers = np.where((np.arange(60) * 7 + x) % 11 > 5, 5, np.where(np.arange(60) % 3 == 0, 1, 3))
    ours = ordered_logit({"x": x}, answers)
    assert ours.levels == (1.0, 3.0, 5.0)
    assert ours.estimates.terms == ("x", "1|3", "3|5")
    assert ours.probabilities(np.array([[2.0], [7.0]])).sum(axis=1) == pytest.approx([1, 1])


def test_two_levels_are_the_logistic_regression() -> None:
    """Its score equations hold: fitted and found shares agree over the design."""
    frame = contacts()
    high = (frame["answer"] >= 4).astype(float)
    ours = ordered_logit(columns(frame, "minutes"), high)
    p = ours.probabilities(frame[["minutes"]].to_numpy())[:, 1]
    assert p.sum() == pytest.approx(high.sum(), rel=1e-9)
    assert p @ frame["minutes"] == pytest.approx(high @ frame["minutes"], rel=1e-9)


def refusal(x: list[float], y: list[float], **options: object) -> str:
    with pytest.raises(MethodError) as caught:
        ordered_logit({"x": x}, y, **options)  # type: ignore[arg-type]
    return str(caught.value)


def test_what_has_no_answer_is_refused_in_words() -> None:
    x, y = [1.0, 2, 3, 4, 5, 6], [1.0, 1, 2, 1, 2, 2]
    assert "the outcome is the same in every row" in refusal(x, [3.0] * 6)
    assert "the term x is the same in every row" in refusal([3.0] * 6, y)
    assert "the term x tells the answers apart perfectly" in refusal(x, [1.0, 1, 1, 2, 2, 2])
    assert "there is no row" in refusal([], [])
    assert "no finite numbers" in refusal([1.0, np.nan, 3, 4, 5, 6], y)
    assert "one cluster only" in refusal(x, y, clusters=np.zeros(6, dtype=int))
    assert "clusters are given as one whole number" in refusal(x, y, clusters=np.array([0, -1, 1, 1, 2, 2]))
    assert "a weight is not positive" in refusal(x, y, weights=[1.0, 0, 1, 1, 1, 1])
    assert "weights has 2 values for 6 rows" in refusal(x, y, weights=[1.0, 1])
    with pytest.raises(MethodError, match="terms follow from each other"):
        ordered_logit({"x": x, "again": [2 * v for v in x]}, y)


@pytest.mark.parametrize("seed", range(5))
def test_separation_by_two_terms_is_refused(seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=200), rng.normal(size=200)
    with pytest.raises(MethodError, match=r"perfectly|does not converge"):
        ordered_logit({"a": a, "b": b}, (a + b > 0).astype(float))
