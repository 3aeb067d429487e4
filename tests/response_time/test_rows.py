"""Rows of the study: outcomes and times against restatements, and an account of everything left out."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from satsurvey.errors import ColumnsError, MethodError
from satsurvey.instrument.library import load_instrument
from satsurvey.intake.reading import read_responses
from satsurvey.intake.responses import Responses
from satsurvey.response_time.rows import EXCLUDED, response_rows
from satsurvey.scoring.interviews import interview_scores
from satsurvey.service.link import link
from satsurvey.service.records import ServiceRecords

INSTRUMENT = load_instrument("contact-centre-22")
ITEMS = INSTRUMENT.item_codes


def written(
    path: Path,
    columns: dict[str, Sequence[object]],
    *,
    n: int = 12,
    answer: Sequence[Sequence[int]] | None = None,
) -> Path:
    rng = np.random.default_rng(1)
    answers = rng.integers(1, 11, (n, len(ITEMS))) if answer is None else np.asarray(answer)
    with path.open("w", encoding="utf-8", newline="") as stream:
        out = csv.writer(stream)
        out.writerow(["企业名称", *columns, *ITEMS])
        for k in range(n):
            out.writerow([f"甲{k % 3}", *(column[k] for column in columns.values()), *answers[k].tolist()])
    return path


def read(path: Path, study: str = "") -> Responses:
    if not study:
        return read_responses([path])
    place = path.parent / "study.toml"
    place.write_text('schema = "satsurvey.study/1"\n' + study, encoding="utf-8")
    return read_responses([path], study=place)


# Outcomes --------------------------------------------------------------------------------------------------


def test_the_total_is_the_mean_of_dimension_means_of_the_items_answered(tmp_path: Path) -> None:
    answers = np.random.default_rng(2).integers(1, 11, (12, len(ITEMS)))
    answers[0, 0] = 99  # refused: the other items of the dimension share the weight
    responses = read(written(tmp_path / "s.csv", {"首次响应时长(秒)": range(10, 22)}, answer=answers))
    frame = pd.DataFrame(answers, columns=list(ITEMS)).where(lambda x: x <= 10) * 10.0
    parts = pd.DataFrame(
        {
            code: frame[[item.code for item in INSTRUMENT.items_of(code)]].mean(axis=1)
            for code in INSTRUMENT.dimension_codes
        }
    )
    rows = response_rows(responses)
    assert rows.outcome == pytest.approx(parts.mean(axis=1).to_numpy(), rel=1e-12)
    assert rows.answer is None
    scored = interview_scores(responses)
    assert scored.dimensions["B"] == pytest.approx(parts["B"].to_numpy(), rel=1e-12)
    assert response_rows(responses, outcome="dimension:B").outcome == pytest.approx(parts["B"].to_numpy())


def test_interviews_in_any_order_get_their_own_score(tmp_path: Path) -> None:
    responses = read(written(tmp_path / "s.csv", {"首次响应时长(秒)": range(10, 22)}))
    order = np.random.default_rng(3).permutation(len(responses))
    assert interview_scores(responses.take(order)).total == pytest.approx(
        interview_scores(responses).total[order], rel=1e-14
    )


def test_an_item_has_its_answers_as_they_were_given_and_as_scores(tmp_path: Path) -> None:
    answers = np.resize(np.arange(1, 11), (12, len(ITEMS)))
    responses = read(written(tmp_path / "s.csv", {"首次响应时长(秒)": range(10, 22)}, answer=answers))
    rows = response_rows(responses, outcome="item:A1")
    assert rows.answer is not None
    assert rows.answer.tolist() == answers[:, 0].tolist()
    assert rows.outcome.tolist() == (answers[:, 0] * 10.0).tolist()


def test_an_outcome_outside_the_index_can_be_explained(tmp_path: Path) -> None:
    columns = {"首次响应时长(秒)": range(10, 22), "O1": [1, 10, 99] * 4}
    rows = response_rows(read(written(tmp_path / "s.csv", columns)), outcome="outcome:O1")
    assert rows.outcome.tolist() == [10.0, 100.0] * 4
    assert rows.excluded == {"no_outcome": 4}


@pytest.mark.parametrize("name", ["item:Z9", "dimension:Z", "outcome:O9", "score", ""])
def test_an_unknown_outcome_is_refused_with_the_known_ones(tmp_path: Path, name: str) -> None:
    responses = read(written(tmp_path / "s.csv", {"首次响应时长(秒)": range(10, 22)}))
    with pytest.raises(MethodError, match="no such outcome") as caught:
        response_rows(responses, outcome=name)
    assert "dimension:A" in str(caught.value.expected)


# Times -----------------------------------------------------------------------------------------------------


def test_negative_and_absent_times_are_counted_listed_and_not_used(tmp_path: Path) -> None:
    seconds = [30, -5, "", 60, 0, -1, 45, 20, 10, 10, 10, 10]
    rows = response_rows(read(written(tmp_path / "s.csv", {"首次响应时长(秒)": seconds})))
    assert rows.excluded == {"negative_time": 2, "no_time": 1}
    assert len(rows) + sum(rows.excluded.values()) == rows.read == 12
    (finding,) = rows.findings
    assert (finding.rule, finding.rows.tolist(), finding.values) == ("negative_time", [3, 7], ("-5", "-1"))
    assert rows.time_s.tolist() == [30.0, 60.0, 0.0, 45.0, 20.0, *[10.0] * 4]


def test_two_moments_of_the_export_give_the_time_between_them(tmp_path: Path) -> None:
    start = ["2023-08-14 00:32"] * 12
    stop = ["2023-08-14 00:37", "2023-08-15 00:32", "2023-08-14 00:00", *["2023-08-14 00:33"] * 9]
    rows = response_rows(read(written(tmp_path / "s.csv", {"联系时间": start, "响应时刻": stop})))
    assert rows.time_s[:2].tolist() == [300.0, 86_400.0]
    assert rows.excluded == {"negative_time": 1}
    assert rows.definition.starts == "联系时间"
    assert any("stand at 0:00" in note for note in rows.notes)
    assert any("whole minutes" in note for note in rows.notes)


def test_dates_with_the_day_first_are_read_where_the_study_says_so_and_only_there(tmp_path: Path) -> None:
    path = written(
        tmp_path / "s.csv",
        {"联系时间": ["14/08/2023 00:32"] * 12, "响应时刻": ["14/08/2023 00:37"] * 12},
    )
    study = 'day_first = ["contact_at", "responded_at"]\n'
    assert response_rows(read(path, study)).time_s.tolist() == [300.0] * 12
    with pytest.raises(ColumnsError, match="no interview has both"):
        response_rows(read(path))


def test_an_export_without_times_is_refused_with_what_to_do(tmp_path: Path) -> None:
    responses = read(written(tmp_path / "s.csv", {}))
    with pytest.raises(ColumnsError, match="no such time") as caught:
        response_rows(responses)
    assert "responded_at" in str(caught.value.expected)
    with pytest.raises(MethodError, match="this time is not known"):
        response_rows(responses, time="handling")


# Service records -------------------------------------------------------------------------------------------


def contacts(**columns: Sequence[object]) -> ServiceRecords:
    return ServiceRecords.of_frame(pd.DataFrame(columns))


def test_times_and_fields_of_linked_records_stand_beside_the_interviews(tmp_path: Path) -> None:
    responses = read(written(tmp_path / "s.csv", {"工单号": [f"k{k}" for k in range(12)]}))
    records = contacts(
        case_id=[f"k{k}" for k in range(11, 1, -1)],
        first_response_s=[float(k) for k in range(11, 1, -1)],
        channel=["phone", "im"] * 5,
        resolved_first_contact=[1.0, 0.0] * 5,
        transfers=[0.0, 1.0, 2.0, 0.0, 0.0] * 2,
    )
    rows = response_rows(responses, None, records, controls=["channel", "transfers"])
    assert rows.excluded == {"not_linked": 2}
    assert rows.time_s.tolist() == [float(k) for k in range(2, 12)]
    assert rows.channel is not None
    assert rows.channel.texts() == ["im", "phone"] * 5
    assert rows.resolved is not None
    assert rows.resolved.tolist() == [0.0, 1.0] * 5
    assert np.asarray(rows.controls["transfers"]).tolist() == [0.0, 0.0, 2.0, 1.0, 0.0] * 2


def test_contacts_that_were_never_answered_are_censored_and_have_no_time(tmp_path: Path) -> None:
    responses = read(written(tmp_path / "s.csv", {"工单号": [f"k{k}" for k in range(12)]}))
    records = contacts(
        case_id=[f"k{k}" for k in range(12)],
        first_response_s=[10.0 * k if k < 9 else np.nan for k in range(12)],
        first_response_censored_s=[np.nan if k < 9 else 3600.0 for k in range(12)],
    )
    rows = response_rows(responses, link(responses, records), records)
    assert rows.excluded == {"never_answered": 3}
    assert 3600.0 not in rows.time_s


def test_records_of_which_none_was_answered_or_none_is_linked_are_refused(tmp_path: Path) -> None:
    responses = read(written(tmp_path / "s.csv", {"工单号": [f"k{k}" for k in range(12)]}))
    waiting = contacts(
        case_id=[f"k{k}" for k in range(12)],
        first_response_s=[np.nan] * 12,
        first_response_censored_s=[60.0] * 12,
    )
    with pytest.raises(ColumnsError, match="ever answered"):
        response_rows(responses, None, waiting)
    others = contacts(case_id=[f"z{k}" for k in range(12)], first_response_s=[1.0] * 12)
    with pytest.raises(ColumnsError):
        response_rows(responses, None, others)


def test_a_control_of_numbers_that_is_absent_takes_the_interview_out(tmp_path: Path) -> None:
    responses = read(written(tmp_path / "s.csv", {"工单号": [f"k{k}" for k in range(12)]}))
    records = contacts(
        case_id=[f"k{k}" for k in range(12)],
        first_response_s=[10.0] * 12,
        transfers=[np.nan, *[1.0] * 11],
    )
    assert response_rows(responses, None, records, controls=["transfers"]).excluded == {"no_control": 1}


# Controls --------------------------------------------------------------------------------------------------


def test_standard_controls_are_those_the_data_have_with_two_values_or_more(tmp_path: Path) -> None:
    columns = {
        "首次响应时长(秒)": range(10, 22),
        "S2": ["phone", "im", "phone"] * 4,
        "期次": ["2019"] * 12,
        "S9": [1, 0] * 6,
        "S10": [0, 1] * 6,
    }
    rows = response_rows(read(written(tmp_path / "s.csv", columns)), controls=None)
    assert list(rows.controls) == ["channel"]
    assert rows.complex is not None
    assert rows.complex.tolist() == [1.0, 0.0] * 6
    assert rows.resolved is not None
    assert rows.resolved.tolist() == [0.0, 1.0] * 6


def test_an_unknown_control_is_refused_and_a_constant_one_is_left_out(tmp_path: Path) -> None:
    columns = {"首次响应时长(秒)": range(10, 22), "期次": ["2019"] * 12, "地区": ["东", "西"] * 6}
    responses = read(written(tmp_path / "s.csv", columns))
    with pytest.raises(MethodError, match="no field called weather") as caught:
        response_rows(responses, controls=["weather"])
    assert "region" in str(caught.value.expected)
    rows = response_rows(responses, controls=["wave", "region"])
    assert list(rows.controls) == ["region"]
    assert "the control wave is the same in every interview and is left out" in rows.notes


def test_every_reason_has_words_in_both_languages() -> None:
    assert all(zh and en and zh != en for zh, en in EXCLUDED.values())
