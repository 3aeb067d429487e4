"""The shipped study of real contact-centre records, against a plain restatement with pandas."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from satsurvey.instrument.library import check_instrument
from satsurvey.intake.study import load_study
from satsurvey.response_time.study import ResponseStudy, study_response_time

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "contact-centre-csat"
DATA = ROOT.parent / "shared" / "data" / "real" / "contact_centre_csat.csv.gz"

needs_data = [
    pytest.mark.shared_data,
    pytest.mark.skipif(
        not DATA.is_file(), reason="the contact-centre records do not lie beside the checkout"
    ),
]


def test_the_shipped_study_and_instrument_are_sound() -> None:
    study, instrument, _ = load_study(EXAMPLE / "study.toml")
    assert not check_instrument(EXAMPLE / "instrument.toml")
    assert instrument.item_codes == ("CSAT",)
    assert study.day_first == ("contact_at", "responded_at")


@pytest.fixture(scope="module")
def found() -> ResponseStudy:
    return study_response_time([DATA], study=EXAMPLE / "study.toml")


@pytest.fixture(scope="module")
def restated() -> pd.DataFrame:
    frame = pd.read_csv(DATA, dtype="str", keep_default_na=False, encoding="utf-8")
    moments = [
        pd.to_datetime(frame[name], format="%d/%m/%Y %H:%M")
        for name in ("Issue_reported at", "issue_responded")
    ]
    return pd.DataFrame(
        {
            "seconds": (moments[1] - moments[0]).dt.total_seconds(),
            "score": (frame["CSAT Score"].astype(int) - 1) / 4 * 100,
            "supervisor": frame["Supervisor"],
            "channel": frame["channel_name"],
            "category": frame["category"],
        }
    )


class TestRealRecords:
    pytestmark = needs_data

    def test_every_contact_is_used_or_set_aside_for_its_negative_time(
        self, found: ResponseStudy, restated: pd.DataFrame
    ) -> None:
        negative = restated["seconds"] < 0
        assert found.fit.read == len(restated) == 8544
        assert found.fit.excluded == {"negative_time": int(negative.sum())}
        (finding,) = found.fit.rows.findings
        assert finding.rows.tolist() == (np.flatnonzero(negative) + 2).tolist()

    def test_the_log_slope_is_that_of_plain_least_squares_with_the_same_controls(
        self, found: ResponseStudy, restated: pd.DataFrame
    ) -> None:
        data = restated[restated["seconds"] >= 0]
        counts = data["category"].value_counts()
        category = data["category"].where(data["category"].map(counts) >= 10, "(other)")
        dummies = pd.get_dummies(
            pd.DataFrame({"channel": data["channel"], "category": category}), drop_first=True, dtype=float
        )
        design = np.column_stack([np.ones(len(data)), np.log1p(data["seconds"]), dummies])
        expected = np.linalg.lstsq(design, data["score"].to_numpy(), rcond=None)[0][1]
        fit = found.fit.comparison.fits["log"].fit
        assert fit.estimates["log_seconds"] == pytest.approx(expected, rel=1e-8)

    def test_the_bins_are_the_means_of_the_data(self, found: ResponseStudy, restated: pd.DataFrame) -> None:
        data = restated[restated["seconds"] >= 0]
        bins = found.fit.bins[found.fit.bins["channel"] == ""]
        for row in bins.to_dict("records"):
            inside = data[data["seconds"].between(row["low_s"], row["high_s"])]
            assert (len(inside), inside["score"].mean()) == (row["n"], pytest.approx(row["score"]))

    def test_supervisors_are_the_companies_and_all_three_models_agree_in_sign(
        self, found: ResponseStudy, restated: pd.DataFrame
    ) -> None:
        fit = found.fit
        assert fit.n_companies == restated.loc[restated["seconds"] >= 0, "supervisor"].nunique()
        assert fit.association == "found"
        at = fit.effects[(fit.effects["at_s"] == 300.0) & (fit.effects["channel"] == "")]
        assert set(at["model"]) == {"ols", "mixed", "ordered_logit"}
        assert (at["ci_low"] > 0).all()
