"""The study file for the airport survey, against a plain restatement of its scores."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from satsurvey.instrument.library import check_instrument, load_instrument
from satsurvey.intake.reading import read_responses
from satsurvey.intake.responses import MISSING_CODES, Responses
from satsurvey.intake.study import load_study
from satsurvey.scoring.estimates import Scores, score

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "sfo-airport"
DATA = ROOT.parent / "shared" / "data" / "real" / "sfo_airport_2016.csv"
DIMENSIONS = {
    "ACCESS": ["Q7ROADS", "Q7PARK", "Q7AIRTRAIN", "Q7LTPARKING", "Q7RENTAL"],
    "GUIDE": ["Q7SIGN", "Q7SCREENS", "Q7INFODOWN", "Q7INFOUP"],
    "TERMINAL": ["Q7ART", "Q7FOOD", "Q7STORE", "Q7WALKWAYS", "Q7WIFI"],
    "CLEAN": ["Q9BOARDING", "Q9AIRTRAIN", "Q9RENTAL", "Q9FOOD", "Q9RESTROOM"],
    "SAFE": ["Q10SAFE"],
}
ITEMS = [item for items in DIMENSIONS.values() for item in items]

needs_data = [
    pytest.mark.shared_data,
    pytest.mark.skipif(not DATA.is_file(), reason="the airport survey does not lie beside the checkout"),
]


@pytest.fixture(scope="module")
def published() -> pd.DataFrame:
    return pd.read_csv(DATA, dtype="str", keep_default_na=False, encoding="utf-8")


@pytest.fixture(scope="module")
def responses() -> Responses:
    return read_responses([DATA], study=EXAMPLE / "study.toml")


@pytest.fixture(scope="module")
def scores(responses: Responses) -> Scores:
    return score(responses)


def restated(rows: pd.DataFrame) -> tuple[float, float]:
    """Score and standard error of some interviews from the definition, one item after the other."""
    weight = rows["WEIGHT"].astype(float)
    total, influence = 0.0, pd.Series(0.0, index=rows.index)
    for items in DIMENSIONS.values():
        for item in items:
            rating = rows[item].astype(int)
            answered = rating.between(1, 5)
            points = (rating[answered] - 1) / 4 * 100
            mean = (points * weight[answered]).sum() / weight[answered].sum()
            share = 1 / len(DIMENSIONS) / len(items)
            total += share * mean
            influence[answered] += share * weight[answered] * (points - mean) / weight[answered].sum()
    n = len(rows)
    return total, float(np.sqrt(n / (n - 1) * (influence**2).sum()))


def test_the_instrument_has_no_defect_and_the_grouping_that_is_documented():
    assert check_instrument(EXAMPLE / "instrument.toml") == ()
    instrument = load_instrument(EXAMPLE / "instrument.toml")
    assert {
        d.code: [i.code for i in instrument.items_of(d.code)] for d in instrument.dimensions
    } == DIMENSIONS


def test_the_study_fits_its_instrument_and_ignores_nothing_twice():
    study, instrument, folder = load_study(EXAMPLE / "study.toml")
    assert instrument.id == "sfo-airport-2016"
    assert folder == EXAMPLE
    assert len(set(study.ignore)) == len(study.ignore)


def test_the_dates_of_the_study_are_turned_without_a_slip():
    data = tomllib.loads((EXAMPLE / "study.toml").read_text(encoding="utf-8"))
    for text, date in data["recode"]["completed_at"].items():
        assert pd.to_datetime(text, format="%m/%d/%Y %I:%M:%S %p") == pd.to_datetime(date, format="%Y-%m-%d")


class TestWithData:
    pytestmark = needs_data

    def test_the_ledger_accounts_for_all_3087_rows(self, published: pd.DataFrame, responses: Responses):
        ratings = published[ITEMS].astype(int)
        unrated = ~ratings.isin(range(1, 6)).any(axis=1)
        ledger = responses.ledger
        assert (ledger.rows_read, ledger.unreadable, ledger.adds_up) == (3087, 0, True)
        assert ledger.set_aside == {"no_answers": int(unrated.sum())}
        # A spreadsheet counts the heading, so the first interview is row 2.
        assert [row.row for row in ledger.unused] == (np.flatnonzero(unrated) + 2).tolist()
        assert responses.row.tolist() == (np.flatnonzero(~unrated) + 2).tolist()

    def test_no_cell_of_the_published_data_is_left_unexplained(self, responses: Responses):
        assert responses.findings == ()
        assert responses.absent_items == ()

    def test_the_two_reasons_of_missing_are_counted_apart(
        self, published: pd.DataFrame, responses: Responses
    ):
        used = published.iloc[responses.row - 2]
        for item in [*ITEMS]:
            answers = responses.item(item)
            for cell, reason in (("0", "blank"), ("6", "not_applicable")):
                code = next(byte for why, byte in MISSING_CODES.items() if why.value == reason)
                assert int((answers == code).sum()) == int((used[item] == cell).sum())

    @pytest.mark.parametrize(
        ("area", "airline"), [("A", "JETBLUE"), ("D", "VIRGIN AMERICA"), ("E", "UNITED"), ("G", "LUFTHANSA")]
    )
    def test_score_and_error_of_an_airline_equal_the_restatement(
        self, published: pd.DataFrame, responses: Responses, scores: Scores, area: str, airline: str
    ):
        used = published.iloc[responses.row - 2]
        rows = used[(used["BAREA"] == area) & (used["AIRLINE"].str.upper() == airline)]
        expected, error = restated(rows)
        frame = scores.companies
        found = frame[(frame["industry"] == f"Area {area}") & (frame["company"] == airline)].iloc[0]
        assert found["n"] == len(rows)
        assert found["score"] == pytest.approx(expected, rel=1e-12)
        assert found["std_error"] == pytest.approx(error, rel=1e-12)

    def test_an_area_is_the_pool_of_its_passengers(
        self, published: pd.DataFrame, responses: Responses, scores: Scores
    ):
        used = published.iloc[responses.row - 2]
        for area in "ABCDEFG":
            found = scores.industries.set_index("industry").loc[f"Area {area}", "score"]
            assert found == pytest.approx(restated(used[used["BAREA"] == area])[0], rel=1e-12)

    def test_airlines_under_20_interviews_have_no_published_score(self, scores: Scores):
        small = scores.companies["n"] < 20
        assert scores.companies.loc[small, "score"].isna().all()
        assert scores.companies.loc[~small, "score"].notna().all()
        assert scores.companies.loc[small, "suppressed"].all()

    def test_the_figures_of_the_readme_are_those_of_the_data(self, scores: Scores, responses: Responses):
        readme = (EXAMPLE / "README.md").read_text(encoding="utf-8")
        printed = re.findall(r"(Area [A-G])\s+([\d.]+) \[([\d.]+), ([\d.]+)\]\s+(\d+)\s+(\d+)", readme)
        frame = scores.industries.set_index("industry")
        assert len(printed) == 7
        for area, *figures in printed:
            row = frame.loc[area, ["score", "ci_low", "ci_high", "n_companies", "n"]].astype(float)
            assert np.abs(np.array(figures, dtype=float) - row.to_numpy()).max() < 0.00500001
        small = int((scores.companies["n"] < 20).sum())
        assert f"{small} of the {len(scores.companies)} airline scores" in readme
        assert f"{len(responses.ledger.unused)} set aside" in readme
        assert f"There are {len(responses.company.names)};" in readme
