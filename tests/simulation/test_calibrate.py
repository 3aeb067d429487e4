"""Calibration: targets are met by few single steps, and what cannot be met is refused."""

import numpy as np
import pytest

from satsurvey.errors import MethodError
from satsurvey.instrument.library import load_instrument
from satsurvey.intake.responses import INVALID
from satsurvey.simulation import Design, ItemSums, Printed, Simulation, design_from, plain_design, simulate
from satsurvey.simulation.calibrate import dimension_aims, flip_answers
from satsurvey.simulation.design import Targets
from satsurvey.simulation.population import Population

INSTRUMENT = load_instrument("contact-centre-22")


def targeted(instrument: str, **targets: object) -> Design:
    start = plain_design(instrument, companies=30, interviews=22, industries=3, seed=4, defects=0.02)
    return design_from(start.model_dump(by_alias=True, exclude_unset=True) | {"targets": targets})


def restated(survey: Simulation) -> tuple[float, list[float], dict[str, float]]:
    """Overall, dimensions and industries by the rules in plain words, from the text of the cells."""
    instrument = survey.instrument
    low = {item.code: instrument.scale_of(item).min for item in instrument.items}
    high = {item.code: instrument.scale_of(item).max for item in instrument.items}
    dimensions, totals = {}, {}
    for company in np.unique(survey.columns["company_id"]):
        rows = survey.columns["company_id"] == company
        scores = []
        for dimension in instrument.dimension_codes:
            means = []
            for item in instrument.items_of(dimension):
                scale = instrument.scale_of(item)
                values = [float(t) for t in survey.columns[item.code][rows].tolist() if t in scale.codes]
                if values and instrument.scoring.conversion == "share_of_max":
                    means.append(np.mean(values) / high[item.code] * 100)
                elif values:
                    means.append(
                        (np.mean(values) - low[item.code]) / (high[item.code] - low[item.code]) * 100
                    )
            scores.append(np.mean(means))
        dimensions[company], totals[company] = scores, np.mean(scores)
    industry_of = dict(
        zip(survey.columns["company_id"].tolist(), survey.columns["industry"].tolist(), strict=True)
    )
    names = sorted(set(industry_of.values()))
    industries = {
        name: float(np.mean([totals[c] for c in totals if industry_of[str(c)] == name])) for name in names
    }
    return (
        float(np.mean(list(totals.values()))),
        np.mean(list(dimensions.values()), axis=0).tolist(),
        industries,
    )


def test_printed_scores_agree_with_a_plain_restatement():
    survey = simulate(plain_design(companies=12, industries=3, seed=8, defects=0.05))
    tally = ItemSums.of(survey.instrument, survey.answers, survey.company_of, 12)
    printed = Printed.of(tally, survey.instrument, np.repeat([0, 1, 2], 4))
    overall, dimensions, industries = restated(survey)
    assert printed.overall == pytest.approx(overall, rel=1e-12)
    assert printed.dimensions == pytest.approx(dimensions, rel=1e-12)
    assert printed.industries == pytest.approx(list(industries.values()), rel=1e-12)


@pytest.mark.parametrize("instrument", ["contact-centre-22", "servperf-22", "acsi-3", "nps-csat-ces"])
def test_an_overall_target_is_met_with_every_instrument(instrument: str):
    survey = simulate(targeted(instrument, overall=76.54))
    assert restated(survey)[0] == pytest.approx(76.54, abs=0.005)


def test_overall_dimensions_and_an_industry_are_met_together():
    dimensions = {"A": 75.55, "B": 80.10, "C": 78.20, "D": 79.90, "E": 82.35, "F": 88.00}
    survey = simulate(
        targeted("contact-centre-22", overall=80.68, dimensions=dimensions, industries={"industry_02": 82.22})
    )
    overall, scores, industries = restated(survey)
    # The mean of the printed dimensions is 80.68333, which prints as 80.68.
    assert overall == pytest.approx(80.68, abs=0.005)
    assert scores == pytest.approx(list(dimensions.values()), abs=0.005)
    assert industries["行业02"] == pytest.approx(82.22, abs=0.005)
    assert survey.moved < 200


def test_some_dimensions_and_the_overall_score_leave_the_rest_free():
    survey = simulate(targeted("contact-centre-22", overall=81.00, dimensions={"A": 75.00, "F": 90.00}))
    overall, scores, _ = restated(survey)
    assert overall == pytest.approx(81.00, abs=0.005)
    assert [scores[0], scores[5]] == pytest.approx([75.0, 90.0], abs=0.005)


def test_aims_lie_where_both_the_dimensions_and_the_total_print_as_published():
    published = {"A": 77.40, "B": 85.13, "C": 80.91, "D": 83.53, "E": 81.97, "F": 93.37}
    aims = dimension_aims(Targets(overall=83.71, dimensions=published), INSTRUMENT, np.zeros(6))
    assert np.all(np.abs(aims - list(published.values())) < 0.005)
    assert 83.705 <= aims.mean() < 83.715


def test_answers_move_by_one_level_on_legal_cells_and_protected_rows_stay():
    design = targeted("contact-centre-22", overall=80.0)
    survey = simulate(plain_design(companies=30, interviews=22, industries=3, seed=4))
    population = Population.draw(design, survey.instrument, 4)
    protected = np.zeros(len(survey), dtype=bool)
    protected[::3] = True
    before = survey.answers.copy()
    after, moved = flip_answers(before, population, survey.company_of, protected, 4)
    changed = after != before
    assert (survey.answers == before).all(), "the answers given are not edited"
    assert changed.sum() == moved > 0
    assert np.abs(after.astype(int) - before.astype(int))[changed].max() == 1
    assert (before[changed] < INVALID).all()
    assert not changed[:, protected].any()


def test_an_unreachable_target_is_refused_with_the_score_reached():
    with pytest.raises(MethodError, match="wanted under 60"):
        simulate(targeted("acsi-3", industries={"industry_01": 90.0}, others_below=60.0))


def test_calibrated_surveys_are_reproducible():
    design = targeted("contact-centre-22", overall=76.54)
    first, again = simulate(design), simulate(design)
    assert (first.answers == again.answers).all()
    assert first.moved == again.moved
