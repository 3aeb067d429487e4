"""How interviews were held: order, interviewers, times and identifiers."""

import numpy as np

from satsurvey.simulation import plain_design, simulate
from satsurvey.simulation.fieldwork import case_ids, company_names, moments, numbered

SURVEY = simulate(plain_design(companies=60, seed=12))


def seconds(key: str) -> np.ndarray:
    return np.array([np.datetime64(text.replace(" ", "T")) for text in SURVEY.columns[key].tolist()]).astype(
        int
    )


def test_no_interviewer_holds_two_interviews_at_once():
    ends = seconds("completed_at")
    begins = ends - SURVEY.columns["duration_s"].astype(int)
    for interviewer in np.unique(SURVEY.columns["interviewer"]):
        own = SURVEY.columns["interviewer"] == interviewer
        order = np.argsort(begins[own])
        assert (begins[own][order][1:] >= ends[own][order][:-1]).all()


def test_interviews_lie_in_working_hours_and_after_the_contact():
    hours = np.array([int(text[11:13]) for text in SURVEY.columns["completed_at"].tolist()])
    assert set(hours.tolist()) <= set(range(9, 22))
    ago = (seconds("completed_at") - seconds("contact_at")) / 86_400
    assert ago.min() > 0
    assert ago.max() < 91


def test_durations_are_log_normal_around_their_median():
    lengths = SURVEY.columns["duration_s"].astype(float)
    assert abs(np.log(np.median(lengths) / 420)) < 4 * 1.2533 * 0.28 / np.sqrt(lengths.size)
    assert lengths.min() >= 150


def test_case_ids_have_19_digits_and_are_all_different_even_as_text_a_float_would_merge():
    ids = case_ids(50_000, 1)
    assert set(np.char.str_len(ids).tolist()) == {19}
    assert np.unique(ids).size == 50_000
    assert (
        all(int(float(text)) != int(text) for text in ids[:20].tolist())
        or np.unique(ids.astype(float)).size < 50_000
    )


def test_ids_keep_their_leading_zeros():
    assert numbered(np.array([0, 41]), last=42, least=4).tolist() == ["0001", "0042"]
    assert numbered(np.array([0]), last=123_456, least=4).tolist() == ["000001"]


def test_moments_are_written_as_vendors_write_them():
    assert moments(np.array(["2019-10-08T09:12:33"], dtype="datetime64[s]")).tolist() == [
        "2019-10-08 09:12:33"
    ]


def test_company_names_are_numbers_within_an_industry_and_all_different():
    names = company_names(plain_design(companies=250, industries=2))
    assert names[0] == "行业01企业001"
    assert len(set(names)) == 250


def test_interviewers_are_assigned_without_regard_to_the_company():
    # Independence of 8 interviewers and 60 companies: chi-square with 413 degrees of freedom.
    table = np.zeros((60, 8))
    np.add.at(table, (SURVEY.company_of, SURVEY.columns["interviewer"].astype(int) - 1), 1)
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0, keepdims=True) / table.sum()
    statistic = ((table - expected) ** 2 / expected).sum()
    assert abs(statistic - 413) < 4 * np.sqrt(2 * 413)
