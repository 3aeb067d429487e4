"""Tallies: cross-products by cluster, whatever the order of rows and however they are parted."""

from __future__ import annotations

import numpy as np
import pytest

from satsurvey.errors import MethodError
from satsurvey.regression.tallies import Tally, centring_of, tally


def restated(columns: dict[str, np.ndarray], y: np.ndarray, codes: np.ndarray, found: Tally) -> np.ndarray:
    shift, scale = found.columns()
    inner = np.column_stack([np.ones(y.size), *columns.values()])
    inner = np.column_stack([(inner - shift) / scale, y - found.centring.outcome_shift])
    return np.stack([inner[codes == g].T @ inner[codes == g] for g in range(found.n.size)])


def rows(n: int, clusters: int, seed: int = 1) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    columns = {"a": rng.normal(1e4, 3, n), "b": rng.random(n)}
    return columns, rng.normal(80, 9, n), rng.integers(0, clusters, n)


@pytest.mark.parametrize("clusters", [1, 7, 300])
def test_cross_products_are_those_of_the_rows(clusters: int) -> None:
    columns, y, codes = rows(900, clusters)
    found = tally(columns, y, codes, n_clusters=clusters)
    np.testing.assert_allclose(found.cross, restated(columns, y, codes, found), rtol=1e-9, atol=1e-9)
    np.testing.assert_array_equal(found.n, np.bincount(codes, minlength=clusters))


def test_sorted_rows_give_the_same_and_clusters_may_be_empty() -> None:
    columns, y, codes = rows(200_000, 500)
    codes = 2 * codes + 1
    order = np.argsort(codes, kind="stable")
    one = tally(columns, y, codes, n_clusters=1010)
    other = tally(
        {k: v[order] for k, v in columns.items()},
        y[order],
        codes[order],
        n_clusters=1010,
        centring=one.centring,
    )
    np.testing.assert_allclose(one.cross, other.cross, rtol=1e-9, atol=1e-7)
    assert (other.cross[0::2] == 0).all()
    assert other.clusters == 500
    assert other.rows == 200_000


def test_one_cluster_may_be_larger_than_a_block() -> None:
    columns, y, _ = rows(150_000, 1)
    codes = np.repeat([0, 1, 2], [10, 149_000, 990])
    found = tally(columns, y, codes)
    np.testing.assert_allclose(found.cross, restated(columns, y, codes, found), rtol=1e-8, atol=1e-6)


def test_weights_multiply_rows_and_ones_are_no_weights() -> None:
    columns, y, codes = rows(500, 9)
    weight = np.random.default_rng(2).integers(1, 4, 500)
    found = tally(columns, y, codes, weights=weight)
    several = tally(
        {k: np.repeat(v, weight) for k, v in columns.items()}, np.repeat(y, weight), np.repeat(codes, weight),
        centring=found.centring,
    )  # fmt: skip
    np.testing.assert_allclose(found.cross, several.cross, rtol=1e-9, atol=1e-9)
    assert found.weighted
    assert not several.weighted
    assert not tally(columns, y, codes, weights=np.ones(500)).weighted


def test_tallies_of_parts_add_up() -> None:
    columns, y, codes = rows(4_000, 30)
    centring = centring_of(columns, y)
    whole = tally(columns, y, codes, centring=centring, n_clusters=30)
    parts = [
        tally(
            {k: v[part] for k, v in columns.items()}, y[part], codes[part], centring=centring, n_clusters=30
        )
        for part in (slice(0, 1500), slice(1500, 1501), slice(1501, None))
    ]
    np.testing.assert_allclose((parts[0] + parts[1] + parts[2]).cross, whole.cross, rtol=1e-9, atol=1e-9)


def test_tallies_of_different_designs_are_not_added() -> None:
    columns, y, codes = rows(100, 5)
    with pytest.raises(MethodError, match="tallies of different designs cannot be added"):
        tally(columns, y, codes) + tally({"a": columns["a"]}, y, codes)


def test_means_and_choices_of_columns_are_those_of_the_rows() -> None:
    columns, y, codes = rows(300, 5)
    found = tally(columns, y, codes)
    assert found.means() == pytest.approx({k: v.mean() for k, v in columns.items()}, rel=1e-12)
    only = found.of_terms(("b",))
    np.testing.assert_array_equal(
        only.cross, tally({"b": columns["b"]}, y, codes, centring=only.centring).cross
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"outcome": []}, "there is no row to fit a model to"),
        ({"a": [1.0, np.nan, 2.0]}, "a holds values that are no finite numbers"),
        ({"a": [1.0, 2.0]}, "a has 2 values for 3 rows"),
        ({"outcome": [1.0, np.inf, 2.0]}, "outcome holds values that are no finite numbers"),
        ({"clusters": [0.0, 1.0, 1.0]}, "clusters are given as one whole number from 0"),
        ({"clusters": [0, -1, 1]}, "clusters are given as one whole number from 0"),
        ({"weights": [1.0, 0.0, 1.0]}, "a weight is not positive"),
        ({"weights": [1.0, np.nan, 1.0]}, "a weight is not positive"),
        ({"a": [1e200, -1e200, 3e200], "centred": True}, "their squares cannot be held"),
    ],
)
def test_what_cannot_be_tallied_is_refused(change: dict, message: str) -> None:
    given = {
        "a": [1.0, 2.0, 4.0],
        "outcome": [1.0, 2.0, 3.0],
        "clusters": [0, 1, 1],
        "weights": None,
    } | change
    centring = centring_of({"a": [1.0, 2.0, 4.0]}, [1.0, 2.0]) if "centred" in change else None
    with pytest.raises(MethodError, match=message):
        tally(
            {"a": given["a"]}, given["outcome"], np.array(given["clusters"]), weights=given["weights"],
            centring=centring,
        )  # fmt: skip
