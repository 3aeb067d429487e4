"""Intervals hold what they promise: 95 % of them hold the truth."""

import numpy as np
import pytest
from interval_coverage import CUTS, coverage, expected_score

from satsurvey.instrument.library import load_instrument


def test_the_truth_is_the_mean_of_many_answers() -> None:
    rng = np.random.default_rng(3)
    latent = 77.0 + 12.0 * rng.standard_normal(400_000)
    answers = 10.0 * (1 + (latent[:, None] > CUTS).sum(axis=1))
    assert expected_score(np.array(77.0), 12.0) == pytest.approx(answers.mean(), abs=4 * answers.std() / 632)


@pytest.mark.slow
def test_intervals_of_companies_and_industries_cover_94_to_96_percent() -> None:
    assert len(load_instrument("contact-centre-22").items) == 22
    found = coverage(runs=400)
    assert 0.94 <= found.companies <= 0.96, str(found)
    assert 0.94 <= found.industries <= 0.96, str(found)


@pytest.mark.slow
@pytest.mark.parametrize(("follow_up", "least"), [(0.4, 0.94), (0.15, 0.945)])
def test_intervals_corrected_by_items_cover_where_filters_leave_few_answers(
    follow_up: float, least: float
) -> None:
    # By interviews 93.7 % and 90.0 %.
    found = coverage(runs=150, follow_up=follow_up, small_sample="items")
    assert least <= found.companies <= 0.965, str(found)
    assert 0.935 <= found.industries <= 0.965, str(found)
