"""Companies' own satisfied shares against the survey: from a table, from ratings, or neither."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from response_time.claim_surveys import companies, survey
from response_time.claim_truths import one, satisfied_by_company, table, value

from satsurvey.errors import MethodError
from satsurvey.response_time.claim_data import ClaimData
from satsurvey.response_time.claim_own_figures import Paired
from satsurvey.service.ratings import RatingScale
from satsurvey.service.records import ServiceRecords

STATED = {"rating_scale": "1-5", "rating_satisfied": "4-5"}


def rated(
    share: float, *, each: int = 200, n: int = 20, high: float = 5, name: str = "company", seed: int = 51
) -> ServiceRecords:
    """Return contacts of which a share is rated 5 or 4, the others 1 to 3, and half are not rated."""
    rng = np.random.default_rng(seed)
    names, _ = companies(rng, n, each)
    satisfied = rng.random(len(names)) < share
    rating = np.where(satisfied, rng.integers(4, 6, len(names)), rng.integers(1, 4, len(names))) * high / 5
    frame = pd.DataFrame({name: names, "rating": np.where(rng.random(len(names)) < 0.5, rating, np.nan)})
    return ServiceRecords.of_frame(frame)


def surveyed(folder: Path, records: ServiceRecords, **given: str) -> ClaimData:
    columns, _ = satisfied_by_company(folder)
    return ClaimData.of(survey(folder, columns), records, given=given)


@pytest.mark.parametrize(("share", "verdict"), [(0.92, "supported"), (0.40, "contradicted")])
def test_ratings_in_the_records_are_paired_with_the_survey(
    tmp_path: Path, share: float, verdict: str
) -> None:
    records = rated(share)
    result = one(surveyed(tmp_path, records, **STATED), "C21")
    assert result.verdict == verdict
    columns, satisfied = satisfied_by_company(tmp_path)
    frame = records.contacts.dropna(subset="rating")
    own = 100 * (frame["rating"] >= 4).groupby(frame["company"]).mean()
    theirs = 100 * pd.Series(satisfied).groupby(pd.Series(columns["company"])).mean()
    gaps = (own - theirs).to_numpy()
    found, low, high = value(result)
    assert found == pytest.approx(gaps.mean(), rel=1e-12)
    # Student's t with 19 degrees of freedom: 2.0930.
    assert high - low == pytest.approx(2 * 2.093024 * gaps.std(ddof=1) / np.sqrt(20), rel=1e-6)
    _, agree_low, agree_high = value(result, 1)
    assert agree_high - agree_low == pytest.approx(2 * 1.96 * gaps.std(ddof=1), rel=1e-12)
    assert result.tested is not None
    note = next(note for note in result.tested.notes if note.code == "ratings_used")
    assert (note.values["n"], note.values["of"]) == (len(frame), 4000)


def test_a_scale_that_nobody_stated_is_not_guessed(tmp_path: Path) -> None:
    result = one(surveyed(tmp_path, rated(0.9)), "C21")
    assert result.verdict == "not_testable"
    assert "the scale of the ratings in the records is not known" in result.reason
    assert result.missing == ()


def test_the_scale_of_the_map_is_used_and_the_users_word_goes_before_it(tmp_path: Path) -> None:
    records = replace(rated(0.9), rating_scale=RatingScale(low=1, high=5, satisfied=(5, 5)))
    by_map = value(one(surveyed(tmp_path, records), "C21"))[0]
    by_user = value(one(surveyed(tmp_path, records, **STATED), "C21"))[0]
    assert by_user > by_map + 30  # half of the satisfied gave 5


@pytest.mark.parametrize(
    ("scale", "satisfied", "words"),
    [("1-4", "4", "lies outside of the stated scale"), ("1-10", "9-10", "nobody gave the best rating")],
)
def test_a_doubtful_scale_is_refused_with_the_rating_that_says_so(
    tmp_path: Path, scale: str, satisfied: str, words: str
) -> None:
    given = {"rating_scale": scale, "rating_satisfied": satisfied}
    result = one(surveyed(tmp_path, rated(0.9), **given), "C21")
    assert result.verdict == "not_testable"
    assert words in result.reason


def test_half_a_scale_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MethodError, match="both its ends"):
        surveyed(tmp_path, rated(0.9), rating_scale="1-5")


def test_a_table_decides_and_ratings_stand_beside(tmp_path: Path) -> None:
    columns, _ = satisfied_by_company(tmp_path)
    names = sorted(set(columns["company"]))  # type: ignore[call-overload]
    shares = table(company=names, csat_rate=[str(90 + k % 3) for k in range(20)])
    responses = survey(tmp_path, columns)
    both = one(ClaimData.of(responses, rated(0.40), tables=[shares], given=STATED), "C21")
    assert both.verdict == "supported"
    assert both.tested is not None
    kinds = [(e.what.code if e.what else "", e.verdict) for e in both.tested.estimates]
    assert kinds == [
        ("own_of_table", "supported"),
        ("agreement", None),
        ("own_of_ratings", None),
        ("agreement", None),
    ]
    assert both.tested.estimates[2].value < 0
    # Ratings without a scale do not stop the table, and it is said that they are not used.
    plain = one(ClaimData.of(responses, rated(0.40), tables=[shares]), "C21")
    assert plain.verdict == "supported"
    assert plain.tested is not None
    assert "ratings_not_used" in {note.code for note in plain.tested.notes}


def test_companies_with_few_ratings_are_left_out(tmp_path: Path) -> None:
    records = rated(0.9)
    frame = records.contacts
    first = frame["company"] == "公司000"
    frame.loc[first, "rating"] = np.nan
    frame.loc[frame.index[first][:4], "rating"] = 1.0
    result = one(surveyed(tmp_path, replace(records, contacts=frame), **STATED), "C21")
    assert result.tested is not None
    assert result.tested.n_companies == 19


def test_records_that_name_no_company_cannot_be_paired(tmp_path: Path) -> None:
    records = rated(0.9)
    bare = replace(records, contacts=records.contacts.drop(columns="company"))
    result = one(surveyed(tmp_path, bare, **STATED), "C21")
    assert "do not say which company" in result.reason


def test_a_company_in_two_rows_and_a_share_over_100_are_refused(tmp_path: Path) -> None:
    columns, _ = satisfied_by_company(tmp_path)
    responses = survey(tmp_path, columns)
    twice = table(company=["公司000", "公司000", "公司001"], csat_rate=["90", "80", "85"])
    result = one(ClaimData.of(responses, tables=[twice]), "C21")
    assert "several rows" in result.reason
    assert result.received == "公司000"
    over = table(company=["公司000", "公司001"], csat_rate=["183.7", "85"])
    assert "0 to 100 percent" in one(ClaimData.of(responses, tables=[over]), "C21").reason


def test_paired_differences_are_those_of_the_textbook() -> None:
    found = Paired.of(np.array([1.0, 2.0, 3.0, 6.0]), 0.95)
    assert found.mean == 3.0
    # s = 2.1602, t with 3 degrees of freedom 3.18245.
    assert found.high - found.low == pytest.approx(2 * 3.182446 * 2.160247 / 2, rel=1e-6)
    assert found.agree_high == pytest.approx(3 + 1.96 * 2.160247, rel=1e-6)
    with pytest.raises(MethodError, match="two companies"):
        Paired.of(np.array([1.0]), 0.95)
