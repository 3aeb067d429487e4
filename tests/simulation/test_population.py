"""True means: closed forms, brute force, and the aims of the design."""

import numpy as np
import pytest

from satsurvey.instrument.library import load_instrument
from satsurvey.instrument.model import Item, Scale
from satsurvey.simulation.loading import design_from, plain_design
from satsurvey.simulation.population import (
    Ladder,
    Population,
    aggregate,
    level_scores,
    normal_chance,
    stream,
    time_effect_nodes,
)

TEN = load_instrument("contact-centre-22")


@pytest.mark.parametrize(
    ("x", "chance"), [(0.0, 0.5), (1.959963984540054, 0.975), (-1.2815515655446004, 0.1)]
)
def test_the_table_of_the_normal_distribution_gives_the_known_quantiles(x: float, chance: float):
    assert normal_chance(np.array([x]))[0] == pytest.approx(chance, abs=1e-7)


def test_levels_of_the_ten_point_scale_are_shares_of_its_top():
    assert level_scores(TEN, TEN.items[0]).tolist() == [10, 20, 30, 40, 50, 60, 70, 80, 90, 100]


def test_a_reverse_item_on_an_anchored_scale_reads_the_table_backwards():
    scale = Scale(min=1, max=5, anchors={"1": 0, "2": 30, "3": 60, "4": 80, "5": 100})
    item = Item.model_validate(
        {"code": "X1", "dimension": "A", "text": {"en": "x"}, "scale": "s", "reverse": True}
    )
    scoring = TEN.scoring.model_copy(update={"conversion": "anchored"})
    instrument = TEN.model_copy(update={"scales": {"s": scale}, "scoring": scoring})
    assert level_scores(instrument, item).tolist() == [100, 80, 60, 30, 0]
    ladder = Ladder.of(instrument, item)
    assert ladder.answer(np.array([-20.0, 31.0, 71.0, 200.0])).tolist() == [4, 3, 1, 0]


def test_expected_scores_agree_with_a_million_drawn_answers():
    ladder = Ladder.of(TEN, TEN.items[0])
    rng = np.random.default_rng(3)
    for mean, sd in ((97.0, 16.0), (55.0, 9.0), (8.0, 12.0)):
        drawn = level_scores(TEN, TEN.items[0])[ladder.answer(mean + sd * rng.standard_normal(1_000_000))]
        expected = float(ladder.expected(np.array([mean]), np.array([sd]))[0])
        assert expected == pytest.approx(drawn.mean(), abs=4 * drawn.std() / 1000)


def test_without_spread_the_expected_score_is_the_nearest_level():
    ladder = Ladder.of(TEN, TEN.items[0])
    assert ladder.expected(np.array([83.0, 120.0]), np.zeros(2)).tolist() == pytest.approx([80.0, 100.0])


def test_the_true_means_are_those_the_design_asks_for():
    design = design_from(
        {
            "schema": "satsurvey.simulation/1",
            "interviews": 800,
            "dimensions": {"A": 70, "B": 75, "C": 80, "D": 85, "E": 90, "F": 94},
            "industries": [
                {"code": "a", "zh": "甲", "companies": 20, "mean": 86},
                {"code": "b", "zh": "乙", "companies": 20, "mean": 78.66666666666667},
            ],
        }
    )
    population = Population.draw(design, TEN, 5)
    dimensions, totals = aggregate(TEN, population.expected_items())
    assert dimensions.mean(axis=0) == pytest.approx([70, 75, 80, 85, 90, 94], abs=2e-3)
    assert [totals[:20].mean(), totals[20:].mean()] == pytest.approx([86, 78.6667], abs=2e-3)


def test_company_means_and_spreads_have_the_moments_of_the_design():
    design = plain_design(companies=4000, industries=1).model_copy(update={"dimensions": {}})
    population = Population.draw(design, TEN, 8)
    n = 4000
    # Standard error of a standard deviation: sd / sqrt(2n).
    assert population.company.std() == pytest.approx(5.0, abs=4 * 5.0 / np.sqrt(2 * n))
    # A gamma with shape 8 and mean 1 has variance 1/8.
    squared = population.spread**2
    assert squared.mean() == pytest.approx(1.0, abs=4 * np.sqrt(1 / 8 / n))
    assert squared.var() == pytest.approx(1 / 8, rel=0.15)


def test_the_effect_of_log_normal_seconds_has_its_closed_form_mean():
    channels = {"any": {"median_s": 60, "log_sd": 0.7}}
    start = {
        "schema": "satsurvey.simulation/1", "instrument": "acsi-3", "interviews": 20,
        "industries": [{"code": "a", "zh": "甲", "companies": 1}],
    }  # fmt: skip
    for per, mean in (("log_second", -2 * np.log(60)), ("minute", -2 * np.exp(0.7**2 / 2))):
        design = design_from(start | {"response_times": {"channels": channels, "effect": -2, "per": per}})
        effects, chances = time_effect_nodes(design)
        assert np.dot(effects, chances) == pytest.approx(mean, rel=1e-4)


def test_streams_of_different_parts_are_different_and_reproducible():
    assert stream(1, 2).random() == stream(1, 2).random()
    assert (
        len({stream(1, 2).random(), stream(1, 3).random(), stream(2, 2).random(), stream(1, 2, 0).random()})
        == 4
    )
