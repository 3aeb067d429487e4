"""Writing simulated surveys: formats, headings, encodings, and files that are never half there."""

import csv
import io
from pathlib import Path

import numpy as np
import pytest

from satsurvey.errors import MethodError, OutputError
from satsurvey.intake.reading import read_responses
from satsurvey.simulation import plain_design, simulate, write_export, write_truth
from satsurvey.simulation.wording import export_headings, value_labels

SURVEY = simulate(plain_design(companies=6, industries=2, seed=7, defects=0.05))


@pytest.mark.parametrize("suffix", ["csv", "tsv", "xlsx", "sav", "dta", "parquet"])
@pytest.mark.parametrize("headings", ["zh", "en", "code"])
@pytest.mark.parametrize("values", ["codes", "labels"])
def test_every_format_is_read_back_answer_by_answer(tmp_path: Path, suffix: str, headings: str, values: str):
    path = write_export(SURVEY, tmp_path / f"x.{suffix}", headings=headings, values=values)
    responses = read_responses([path])
    assert (responses.answers == SURVEY.answers).all()
    assert responses.n_companies == 6
    assert responses.texts["case_id"].to_pylist() == SURVEY.columns["case_id"].tolist()
    assert responses.texts["interview_id"].to_pylist() == SURVEY.columns["interview_id"].tolist()
    assert responses.texts["V1"].to_pylist() == [text.strip() for text in SURVEY.columns["V1"].tolist()]
    assert set(responses.facts) == {fact.code for fact in SURVEY.instrument.facts}


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8", "utf-8-sig", "utf-16"])
def test_text_files_are_in_the_encoding_asked_for_with_crlf_lines(tmp_path: Path, encoding: str):
    path = write_export(SURVEY, tmp_path / "x.csv", encoding=encoding)
    text = path.read_bytes().decode(encoding)
    assert text.count("\r\n") == text.count("\n") == 121
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert rows[0][:3] == ["样本编号", "行业", "企业编号"]
    assert rows[1][0] == "0000001"
    assert [row[0] for row in rows[1:]] == SURVEY.columns["interview_id"].tolist()


def test_headings_are_the_first_alias_of_each_role_and_the_wording_of_each_question():
    zh, en = export_headings(SURVEY), export_headings(SURVEY, "en")
    assert zh["company"] == "企业名称"
    assert zh["first_response_s"] == "首次响应时长(秒)"
    assert zh["A1"] == "A1、打通客服热线的顺利程度"
    assert en["company"] == "company name"
    assert en["S2"] == "S2: Channel of the latest contact"
    assert export_headings(SURVEY, "code")["A1"] == "A1"


def test_labels_hold_the_words_of_scale_fact_and_missing_codes():
    assert value_labels(SURVEY.instrument, "A1") == {
        "1": "非常不满意", "10": "非常满意", "97": "不适用", "98": "不知道", "99": "拒答",
    }  # fmt: skip
    assert value_labels(SURVEY.instrument, "S3", "en") == {"1": "yes", "0": "no"}
    assert value_labels(SURVEY.instrument, "company") == {}


def test_an_existing_file_is_replaced_only_by_force(tmp_path: Path):
    path = tmp_path / "x.csv"
    path.write_text("mine")
    with pytest.raises(OutputError, match="exists already"):
        write_export(SURVEY, path)
    assert path.read_text() == "mine"
    write_export(SURVEY, path, force=True)
    assert path.stat().st_size > 1000
    assert [entry.name for entry in tmp_path.iterdir()] == ["x.csv"]


def test_a_failed_write_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def full_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("satsurvey.simulation.export.write_rows", full_disk)
    with pytest.raises(OutputError, match="No space left"):
        write_export(SURVEY, tmp_path / "x.csv")
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_a_folder_and_an_unknown_ending_are_refused(tmp_path: Path):
    for suffix in ("csv", "xlsx", "sav", "parquet"):
        with pytest.raises(OutputError, match="folder does not exist"):
            write_export(SURVEY, tmp_path / "none" / f"x.{suffix}")
    folder = tmp_path / "x.csv"
    folder.mkdir()
    with pytest.raises(OutputError, match="a folder stands"):
        write_export(SURVEY, folder)
    with pytest.raises(OutputError, match=r"'\.pdf'"):
        write_export(SURVEY, tmp_path / "x.pdf")


def test_wrong_options_are_refused_by_name(tmp_path: Path):
    with pytest.raises(MethodError, match="headings cannot be 'fr'"):
        write_export(SURVEY, tmp_path / "x.csv", headings="fr")  # type: ignore[arg-type]


def test_excel_files_are_the_same_byte_for_byte(tmp_path: Path):
    first = write_export(SURVEY, tmp_path / "a.xlsx").read_bytes()
    assert first == write_export(SURVEY, tmp_path / "b.xlsx").read_bytes()


def test_the_truth_file_holds_every_level_at_full_precision(tmp_path: Path):
    path = write_truth(SURVEY, tmp_path / "truth.csv")
    rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")))
    assert [row["level"] for row in rows] == ["overall"] + ["industry"] * 2 + ["company"] * 6
    companies = [row for row in rows if row["level"] == "company"]
    assert [float(row["score"]) for row in companies] == SURVEY.truth.score.tolist()
    assert sum(int(row["n"]) for row in companies) == 120
    six = np.array([[float(row[code]) for code in "ABCDEF"] for row in companies])
    assert six.mean(axis=1) == pytest.approx(SURVEY.truth.score, rel=1e-12)
    assert float(rows[1]["score"]) == pytest.approx(SURVEY.truth.score[:3].mean())
