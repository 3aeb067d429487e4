"""Shares and their intervals against R's survey package, closed forms and a simulation."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from scipy.special import stdtrit

from satsurvey.text.confusion import ConfusionTable
from satsurvey.text.readings import ASPECTS, LABELS, MIXED, NEGATIVE, NONE, POSITIVE
from satsurvey.text.shares import Design, aspect_frame, label_columns, shares_of

REFERENCE = Path(__file__).resolve().parents[1] / "reference"
R = json.loads((REFERENCE / "comment_shares.json").read_text(encoding="utf-8"))
with (REFERENCE / "comment_shares.csv").open(encoding="utf-8") as stream:
    ROWS = list(csv.DictReader(stream))
INDUSTRY = np.array([row["industry"] for row in ROWS])
LABEL = np.array([LABELS.index(row["label"]) for row in ROWS], np.int8)
COMPANY = np.unique([row["company"] for row in ROWS], return_inverse=True)[1]
WEIGHT = np.array([float(row["weight"]) for row in ROWS])


@pytest.mark.parametrize("kind", ["plain", "weighted"])
def test_shares_and_their_covariance_are_those_of_the_survey_package(kind: str) -> None:
    names, group = np.unique(INDUSTRY, return_inverse=True)
    design = Design(group, names.size, COMPANY, WEIGHT if kind == "weighted" else None)
    found = shares_of(LABEL, 4, design)
    for k, name in enumerate(names):
        expected = R[kind][str(name)]
        assert found.n[k] == expected["n"]
        assert found.share[k] == pytest.approx(expected["share"], abs=1e-13)
        assert found.covariance[k] == pytest.approx(np.array(expected["covariance"]), abs=1e-13)
        assert found.clustered[k]
        share, variance = np.array(expected["share"]), np.diag(expected["covariance"])
        t = float(stdtrit(expected["df"], 0.975))
        weights = WEIGHT[group == k] if kind == "weighted" else np.ones(expected["n"])
        most = weights.sum() ** 2 / (weights**2).sum()
        for place in np.flatnonzero((share > 0) & (share < 1)):
            n = min(share[place] * (1 - share[place]) / variance[place], most)
            for end in (found.low[k, place], found.high[k, place]):
                assert (share[place] - end) ** 2 == pytest.approx(t**2 * end * (1 - end) / n)


def test_all_together_are_one_group_of_companies() -> None:
    found = shares_of(LABEL, 4, Design(np.zeros(LABEL.size, np.int64), 1, COMPANY))
    assert found.covariance[0] == pytest.approx(np.array(R["overall"]["covariance"]), abs=1e-13)


def test_comments_that_stand_by_themselves_have_wilsons_interval() -> None:
    label = np.array([NEGATIVE] * 6 + [POSITIVE] * 4, np.int8)
    for cluster in (None, np.arange(10), np.zeros(10, np.int64)):
        found = shares_of(label, 4, Design(np.zeros(10, np.int64), 1, cluster))
        assert not found.clustered[0]
        assert found.low[0, NEGATIVE] == pytest.approx(0.312674, abs=1e-6)  # Wilson 1927: 6 of 10
        assert found.high[0, NEGATIVE] == pytest.approx(0.831820, abs=1e-6)


def test_blank_cells_and_comments_that_say_nothing_are_counted_apart() -> None:
    label = np.array([NEGATIVE, POSITIVE, NONE, NONE, MIXED], np.int8)
    missing = np.array([False, False, False, True, False])
    columns = label_columns(label, missing, Design(np.array([0, 0, 0, 0, 1]), 3))
    assert np.asarray(columns["n"]).tolist() == [2, 1, 0]
    assert np.asarray(columns["n_none"]).tolist() == [1, 0, 0]
    assert np.asarray(columns["n_missing"]).tolist() == [1, 0, 0]
    assert np.asarray(columns["negative"])[:2].tolist() == [0.5, 0.0]
    assert np.isnan(np.asarray(columns["negative"])[2])
    assert columns["interval"] == ["wilson"] * 3


def test_a_comment_of_no_group_counts_nowhere() -> None:
    columns = label_columns(
        np.array([NEGATIVE, POSITIVE], np.int8), np.zeros(2, np.bool_), Design(np.array([-1, 0]), 1)
    )
    assert np.asarray(columns["n"]).tolist() == [1]
    assert np.asarray(columns["positive"]).tolist() == [1.0]


def test_the_clustered_interval_covers_where_companies_differ() -> None:
    rng = np.random.default_rng(5)
    n_companies, each, draws = 24, 20, 600
    truth = 0.35
    company = np.repeat(np.arange(n_companies), each)
    covered = plain = 0
    for _ in range(draws):
        chances = rng.beta(truth * 8, (1 - truth) * 8, n_companies)
        label = (rng.random(company.size) < chances[company]).astype(np.int8)
        design = Design(np.zeros(company.size, np.int64), 1, company)
        found = shares_of(label, 2, design)
        covered += found.low[0, 1] <= truth <= found.high[0, 1]
        alone = shares_of(label, 2, Design(design.group, 1))
        plain += alone.low[0, 1] <= truth <= alone.high[0, 1]
    # Three binomial standard errors of 600 draws are .027; without clusters the interval is far too short.
    assert abs(covered / draws - 0.95) < 0.03
    assert plain / draws < 0.8


def test_aspects_are_counted_among_comments_that_say_something() -> None:
    comment = np.array([0, 0, 1, 3])
    aspect = np.array([0, 6, 0, 0], np.int8)
    label = np.array([NEGATIVE, POSITIVE, POSITIVE, NEGATIVE], np.int8)
    says = np.array([True, True, True, False])
    frame = aspect_frame(ASPECTS, comment, aspect, label, says, Design(np.zeros(4, np.int64), 1))
    assert frame["aspect"].tolist() == ["access", "price"]
    assert frame["n"].tolist() == [3, 3]
    assert frame["n_named"].tolist() == [2, 1]
    assert frame["named"].tolist() == pytest.approx([2 / 3, 1 / 3])
    assert frame["negative"].tolist() == [0.5, 0.0]
    assert frame["positive"].tolist() == [0.5, 1.0]


def label_design(n: int, clusters: int) -> tuple[np.ndarray, Design]:
    label = np.tile([NEGATIVE, POSITIVE, POSITIVE, POSITIVE], n // 4).astype(np.int8)
    cluster = np.repeat(np.arange(clusters), n // clusters) if clusters else None
    return label, Design(np.zeros(n, np.int64), 1, cluster)


@pytest.mark.parametrize(
    ("n", "clusters", "corrected"), [(28, 0, False), (32, 0, True), (40, 2, False), (80, 10, True)]
)
def test_few_comments_or_clusters_are_not_corrected(n: int, clusters: int, corrected: bool) -> None:
    table = ConfusionTable(np.diag([50, 50, 50, 50, 50]))
    label, design = label_design(n, clusters)
    columns = label_columns(label, np.zeros(n, np.bool_), design, table=table)
    assert np.isfinite(np.asarray(columns["negative_corrected"])).all() == corrected
    assert np.asarray(columns["negative"])[0] == 0.25


def test_a_corrected_interval_is_not_shorter_than_what_was_sampled() -> None:
    # An engine that hardly errs: nothing is gained, and the equal clusters do not make the share sure.
    table = ConfusionTable(np.diag([10**6] * 5))
    label, design = label_design(80, 10)
    columns = label_columns(label, np.zeros(80, np.bool_), design, table=table)
    own, corrected = (
        np.asarray(columns[f"negative{end}_high"]) - np.asarray(columns[f"negative{end}_low"])
        for end in ("", "_corrected")
    )
    assert corrected[0] == pytest.approx(own[0], rel=0.06)


def stratified_coverage(draws: int) -> tuple[float, float]:
    """Coverage where 15 companies are all there are, by stratum and by cluster."""
    rng = np.random.default_rng(4)
    each, chances = 20, np.linspace(0.05, 0.65, 15)
    company = np.repeat(np.arange(15), each)
    group = np.zeros(company.size, np.int64)
    by_stratum = Design(group, 1, np.arange(company.size), None, company)
    held = np.zeros(2)
    for _ in range(draws):
        label = (rng.random(company.size) < chances[company]).astype(np.int8)
        for k, design in enumerate((by_stratum, Design(group, 1, company))):
            found = shares_of(label, 2, design)
            held[k] += found.low[0, 1] <= chances.mean() <= found.high[0, 1]
    return held[0] / draws, held[1] / draws


def test_strata_cover_the_companies_that_are_all_there_are() -> None:
    stratified, clustered = stratified_coverage(400)
    assert abs(stratified - 0.95) < 0.035
    assert clustered > 0.99


@pytest.mark.slow
def test_strata_cover_in_many_draws() -> None:
    assert abs(stratified_coverage(6000)[0] - 0.95) < 0.01


def test_the_variance_of_strata_is_that_inside_them() -> None:
    label = np.array([1, 1, 0, 1, 0, 0, 0, 1, 0], np.int8)
    stratum = np.array([0, 0, 0, 0, 1, 1, 1, 1, 1])
    found = shares_of(label, 2, Design(np.zeros(9, np.int64), 1, np.arange(9), None, stratum))
    # Stratified sampling with strata in proportion: Σ n_h s_h² / n².
    expected = (4 * np.var(label[:4], ddof=1) + 5 * np.var(label[4:], ddof=1)) / 81
    assert found.covariance[0, 1, 1] == pytest.approx(expected)
    assert found.df[0] == 7
    assert found.stratified
    lone = shares_of(label, 2, Design(np.zeros(9, np.int64), 1, np.arange(9), None, np.arange(9)))
    assert not lone.clustered[0]
