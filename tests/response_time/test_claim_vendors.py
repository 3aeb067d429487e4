"""The change of a vendor: closed forms, vendors that drift, few vendors, and periods in any spelling."""

from __future__ import annotations

import numpy as np
import pytest
from response_time.claim_truths import one, table, value

from satsurvey.errors import MethodError
from satsurvey.response_time.claim_data import ClaimData
from satsurvey.response_time.claim_results import NotTestableError
from satsurvey.response_time.claim_vendors import VendorChanges, vendor_changes

T_3 = 3.1824463052842638
"""Student's t at 97.5 percent with 3 degrees of freedom."""


def changes(counts: np.ndarray, exposure: float = 1000.0, treated: int = 0) -> VendorChanges:
    """Return the changes of vendors (rows of counts) over periods (columns), after the first half."""
    vendors, periods = counts.shape
    vendor = np.repeat(np.arange(vendors), periods)
    period = np.tile(np.arange(periods), vendors)
    late = period >= periods // 2
    return vendor_changes(
        vendor, period, late, treated, counts.ravel().astype(float), np.full(counts.size, exposure)
    )


def test_the_ratio_is_the_change_of_one_vendor_over_that_of_the_others() -> None:
    counts = np.array([[100, 100, 150, 150], [50, 50, 60, 60], [80, 80, 80, 80], [40, 40, 50, 50]])
    found = changes(counts)
    moved = np.log(counts[:, 2:].sum(axis=1) / counts[:, :2].sum(axis=1))
    truth = moved[0] - moved[1:].mean()
    assert found.ratio(0.95)[0] == pytest.approx(np.exp(truth), rel=1e-6)


def test_the_interval_is_that_of_one_change_against_the_others() -> None:
    # Counts so large that counting adds nothing: variance between the others, 1 + 1/4 of it, t with 3.
    log = np.array([0.5, 0.1, -0.2, 0.3, 0.0])
    counts = 1e9 * np.stack([np.ones(5), np.ones(5), np.exp(log), np.exp(log)], axis=1)
    _, low, high = changes(counts, 1e12).ratio(0.95)
    half = T_3 * log[1:].std(ddof=1) * np.sqrt(1 + 1 / 4)
    middle = log[0] - log[1:].mean()
    assert np.log([low, high]) == pytest.approx([middle - half, middle + half], rel=1e-6)


def test_what_counting_adds_is_counted_where_vendors_are_alike() -> None:
    counts = np.full((5, 4), 50)
    _, low, high = changes(counts).ratio(0.95)
    each = 1 / 100 + 1 / 100
    half = T_3 * np.sqrt(each * (1 + 1 / 4))
    assert np.log([low, high]) == pytest.approx([-half, half], rel=1e-9)


def test_vendors_that_went_as_far_are_counted() -> None:
    log = np.array([0.5, 0.1, -0.9, 0.3, 0.0])
    counts = 1e6 * np.stack([np.ones(5), np.exp(log)], axis=1)
    # Against the mean of the others: 0.625, 0.125, -1.125, 0.375, 0.
    assert [changes(counts, treated=k).as_far() for k in range(5)] == [2, 4, 1, 3, 5]


def test_one_other_vendor_gives_a_ratio_and_no_verdict() -> None:
    lines = [(v, f"{m}月", 50 if v == "丙" or m < 7 else 75) for v in ("乙", "丙") for m in range(1, 13)]
    data = ClaimData.of(
        tables=[
            table(
                vendor=[v for v, _, _ in lines],
                period=[p for _, p, _ in lines],
                complaints=[n for _, _, n in lines],
                contacts=[1000] * len(lines),
            )
        ],
        given={"cheap_vendor": "乙", "vendor_from": "7月"},
    )
    result = one(data, "C17")
    # Months ordered as texts (10月 before 1月 and 7月) would give 1.286.
    assert value(result)[0] == pytest.approx(1.5, rel=1e-9)
    assert np.isnan(value(result)[1])
    assert result.verdict == "inconclusive"
    assert result.tested is not None
    assert "one_other_vendor" in {note.code for note in result.tested.notes}


def test_a_vendor_without_another_beside_it_is_refused() -> None:
    with pytest.raises(NotTestableError, match="no other vendor"):
        vendor_changes(
            np.array([0, 0, 1]), np.array([0, 1, 1]), np.array([False, True, True]), 0,
            np.array([5.0, 6, 7]), np.full(3, 100.0),
        )  # fmt: skip
    with pytest.raises(MethodError, match="nothing happened at all"):
        changes(np.array([[5, 5], [0, 7], [6, 6]]))


def drifting(rng: np.random.Generator, vendors: int) -> np.ndarray:
    """Return counts of 24 periods in which the log rate of every vendor drifts (AR(1), 0.8)."""
    log = np.zeros((vendors, 24))
    at = rng.normal(0, 0.15, vendors)
    for k in range(24):
        at = 0.8 * at + rng.normal(0, 0.09, vendors)
        log[:, k] = at
    return rng.poisson(250 * np.exp(log))


@pytest.mark.slow
@pytest.mark.parametrize("vendors", [3, 6, 12])
def test_vendors_that_drift_without_a_change_are_found_once_in_twenty(vendors: int) -> None:
    rng, runs, out = np.random.default_rng(vendors), 1500, 0
    for _ in range(runs):
        _, low, high = changes(drifting(rng, vendors), 5000.0).ratio(0.95)
        out += not low <= 1 <= high
    # With two others that are alike by chance, what counting adds keeps the interval from closing.
    assert (0.0 if vendors == 3 else 0.03) <= out / runs <= 0.07, out / runs


@pytest.mark.slow
def test_intervals_hold_a_change_of_half_as_much_again_for_small_vendors_too() -> None:
    rng, runs, held = np.random.default_rng(8), 1500, 0
    size = np.array([0.2, 1, 1, 2, 0.5, 1, 3, 1])
    for _ in range(runs):
        counts = rng.poisson(size[:, None] * drifting(rng, 8))
        counts[0, 12:] = rng.poisson(1.5 * counts[0, 12:])
        _, low, high = changes(counts, 5000.0).ratio(0.95)
        held += low <= 1.5 <= high
    assert 0.93 <= held / runs <= 0.98, held / runs
