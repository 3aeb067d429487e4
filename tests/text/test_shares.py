"""Shares and their intervals against R's survey package, closed forms and a simulation."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from scipy.special import stdtrit

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
