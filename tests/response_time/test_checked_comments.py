"""The user's own labelled comments in place of the shipped error tables, and these tables made again."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from response_time.claim_surveys import companies, survey
from response_time.claim_truths import one

from satsurvey.errors import ColumnsError
from satsurvey.report.labelling_sheet import write_labelling_sheet
from satsurvey.response_time.checked_comments import CheckedComments
from satsurvey.response_time.claim_complaints import _causes, corrected_share, told_in
from satsurvey.response_time.claim_data import ClaimData
from satsurvey.text.comments import read_comments
from satsurvey.text.engines import engine_of
from satsurvey.text.readings import LABELS
from satsurvey.text.sampling import draw_sample

ILL = [LABELS.index(name) for name in ("negative", "mixed")]
SLOW, RUDE = "等了半个小时没人接", "客服态度太差了"
FRESH = Path(__file__).with_name("slow_answers.csv")
HELD_OUT = Path(__file__).parents[1] / "text" / "held_out_answers.csv"


def sheet(folder: Path, rows: list[tuple[str, ...]], head: tuple[str, ...]) -> Path:
    path = folder / "labelled.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([head, *rows])
    return path


def counts(truth: np.ndarray, told: np.ndarray) -> list[list[int]]:
    cells = np.bincount(2 * truth.astype(int) + told.astype(int), minlength=4).reshape(2, 2)
    return [[int(number) for number in row] for row in cells]


# The shipped tables ----------------------------------------------------------------------------------------


def test_the_shipped_error_of_slowness_is_that_of_the_labelled_answers() -> None:
    with FRESH.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    texts = [row["text"] for row in rows]
    readings = engine_of("service").read(texts)
    ill = np.isin(readings.label, ILL)
    told = told_in(pa.array(texts), readings, "slow")
    truth = np.array([row["slow"] == "1" for row in rows])
    assert counts(truth[ill], told[ill]) == [list(row) for row in _causes()["slow"].error]


def test_the_shipped_error_of_attitude_is_that_of_the_held_out_answers() -> None:
    with HELD_OUT.open(encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["label"] in ("negative", "mixed")]
    texts = [row["text"] for row in rows]
    readings = engine_of("service").read(texts)
    ill = np.isin(readings.label, ILL)
    told = told_in(pa.array(texts), readings, "attitude")
    own = ("communication", "etiquette")
    truth = np.array(
        [any(part.startswith(own) and "-" in part for part in row["aspects"].split(";")) for row in rows]
    )
    assert counts(truth[ill], told[ill]) == [list(row) for row in _causes()["attitude"].error]


@pytest.mark.parametrize("cause", ["slow", "attitude"])
def test_the_shipped_tables_say_that_the_project_made_them(cause: str) -> None:
    source = _causes()[cause].source  # type: ignore[index]
    assert "本项目自写自标" in source.zh
    assert "written for this project and labelled within it" in source.en
    (no_no, no_yes), (yes_no, yes_yes) = _causes()[cause].error  # type: ignore[index]
    assert str(no_no + no_yes + yes_no + yes_yes) in source.en


# The user's own --------------------------------------------------------------------------------------------


def test_a_sheet_with_columns_of_causes_is_counted(tmp_path: Path) -> None:
    # The words tell 18 of 24 slow complaints, and find slowness in 2 of 20 others.
    rows = [
        *[(SLOW, "负面", "是", "否")] * 18,
        *[("客服说得不清楚，气人", "负面", "是", "否")] * 6,
        *[(RUDE, "负面", "否", "是")] * 18,
        *[("排队的号码印错了，太差劲", "负面", "否", "")] * 2,
        *[("很好", "正面", "", "")] * 5,
        ("还没标", "", "", ""),
    ]
    checked = CheckedComments.read(sheet(tmp_path, rows, ("文本", "标签", "慢", "态度")))
    texts = list(checked.labelled.texts)
    assert len(texts) == 49
    readings = engine_of("service").read(texts)
    ill = np.isin(readings.label, ILL) & np.isin(checked.labelled.labels, ILL)
    assert ill.sum() == 44
    found = checked.table("slow", told_in(pa.array(texts), readings, "slow"), ill)
    assert found is not None
    assert [list(row) for row in found] == [[18, 2], [6, 18]]


def test_aspects_stand_for_attitude_where_no_column_names_it(tmp_path: Path) -> None:
    rows = [(RUDE, "负面", "差"), (SLOW, "负面", ""), ("服务好", "正面", "好")]
    checked = CheckedComments.read(sheet(tmp_path, rows, ("文本", "标签", "沟通愉悦")))
    assert checked.causes["attitude"].tolist() == [1, 0, 0]
    assert "slow" not in checked.causes


def test_a_kind_of_complaint_with_fewer_than_ten_is_not_counted(tmp_path: Path) -> None:
    rows = [*[(SLOW, "负面", "是")] * 30, *[(RUDE, "负面", "否")] * 9]
    checked = CheckedComments.read(sheet(tmp_path, rows, ("文本", "标签", "慢")))
    everything = np.ones(39, dtype=np.bool_)
    assert checked.table("slow", everything, everything) is None
    assert checked.table("attitude", everything, everything) is None


def test_cells_of_a_cause_that_are_neither_yes_nor_no_are_refused(tmp_path: Path) -> None:
    path = sheet(tmp_path, [(SLOW, "负面", "也许")], ("文本", "标签", "慢"))
    with pytest.raises(ColumnsError, match="cannot be read"):
        CheckedComments.read(path)


def test_comments_that_were_drawn_unequally_count_by_their_weights(tmp_path: Path) -> None:
    import openpyxl

    texts = [f"等了半小时没人接，第{k}次" for k in range(30)] + [f"态度太差了，工号{k}" for k in range(60)]
    path = tmp_path / "sheet.xlsx"
    drawn = draw_sample(read_comments([*texts, *[f"挺好的{k}" for k in range(200)]]), n=90, seed=3)
    write_labelling_sheet(drawn, path)
    book = openpyxl.load_workbook(path)
    work = book.worksheets[0]
    heads = [cell.value for cell in work[1]]
    at_text, at_label, last = heads.index("文本") + 1, heads.index("标签") + 1, len(heads) + 1
    work.cell(1, last, "慢")
    for row in range(2, work.max_row + 1):
        text = work.cell(row, at_text).value
        work.cell(row, at_label, "正面" if text.startswith("挺好") else "负面")
        work.cell(row, last, "是" if text.startswith("等了") else "否")
    book.save(path)
    checked = CheckedComments.read(path)
    assert checked.weights is not None
    slow = checked.causes["slow"] == 1
    ill = np.isin(checked.labelled.labels, ILL)
    told = np.random.default_rng(1).random(slow.size) < 0.5
    found = checked.table("slow", told, ill)
    assert found is not None
    for side, (no, yes) in zip((~slow & ill, slow & ill), found, strict=True):
        w = checked.weights[side]
        assert no + yes == pytest.approx(w.sum() ** 2 / (w**2).sum())
        assert yes / (no + yes) == pytest.approx(w[told[side]].sum() / w.sum())


def commented(folder: Path) -> ClaimData:
    rng = np.random.default_rng(25)
    names, effect = companies(rng, 20, 20)
    text = rng.choice([SLOW, RUDE, "挺好的，很满意", ""], len(names))
    return ClaimData.of(survey(folder, {"company": names, "A1": 60 + effect, "V2": text}))


def test_own_labels_take_the_place_of_the_shipped_table_and_the_words_say_so(tmp_path: Path) -> None:
    data = commented(tmp_path)
    shipped = one(data, "C08")
    rows = [*[(SLOW, "负面", "是")] * 40, *[(RUDE, "负面", "否")] * 40]
    checked = CheckedComments.read(sheet(tmp_path, rows, ("文本", "标签", "慢")))
    own = one(replace(data, checked=checked), "C08")
    assert shipped.tested is not None
    assert own.tested is not None
    first, raw = own.tested.estimates
    # Without an error in the own table nothing is corrected; the shipped one corrects.
    assert first.value == pytest.approx(raw.value)
    assert shipped.tested.estimates[0].value != pytest.approx(raw.value, abs=0.02)
    assert first.what is not None
    assert shipped.tested.estimates[0].what is not None
    assert first.what.code == "corrected_own"
    assert shipped.tested.estimates[0].what.code == "corrected_shipped"
    assert "自写自标" in shipped.tested.estimates[0].what.text("zh")
    assert {"error_shipped", "error_better"} <= {note.code for note in shipped.tested.notes}
    assert "error_own" in {note.code for note in own.tested.notes}
    assert "error_shipped" not in {note.code for note in own.tested.notes}


def test_own_labels_that_say_nothing_of_a_cause_leave_the_shipped_table_in_place(tmp_path: Path) -> None:
    rows = [*[(SLOW, "负面", "是")] * 40, *[(RUDE, "负面", "否")] * 40]
    checked = CheckedComments.read(sheet(tmp_path, rows, ("文本", "标签", "慢")))
    result = one(replace(commented(tmp_path), checked=checked), "C09")
    assert result.tested is not None
    assert {"error_shipped", "error_not_own_attitude"} <= {note.code for note in result.tested.notes}


@pytest.mark.parametrize(("share", "rightly"), [(0.8, "supported"), (0.3, "contradicted")])
def test_comments_are_judged_rightly_by_an_own_table(tmp_path: Path, share: float, rightly: str) -> None:
    # The truth is a share of complaints that are not about slowness; the words miss a third of the slow ones.
    rng = np.random.default_rng(60)
    names, effect = companies(rng, 40, 40)
    slow = rng.random(len(names)) > share
    missed = "客服说得不清楚，气人"
    text = np.where(slow, np.where(rng.random(len(names)) < 1 / 3, missed, SLOW), RUDE)
    data = ClaimData.of(survey(tmp_path, {"company": names, "A1": 60 + effect, "V2": text}))
    rows = [
        *[(SLOW, "负面", "是")] * 100,
        *[(missed, "负面", "是")] * 50,
        *[(RUDE, "负面", "否")] * 150,
    ]
    checked = CheckedComments.read(sheet(tmp_path, rows, ("文本", "标签", "慢")))
    result = one(replace(data, checked=checked), "C08")
    assert result.tested is not None
    first, raw = result.tested.estimates
    assert first.low < share < first.high
    assert not raw.low < share < raw.high
    assert result.verdict in ({"supported", "compatible"} if rightly == "supported" else {rightly})


@pytest.mark.slow
@pytest.mark.parametrize("labelled", [60, 200])
def test_corrected_shares_hold_the_truth_95_times_of_100_or_more(labelled: int) -> None:
    rng, runs, held = np.random.default_rng(labelled), 4000, 0
    share, sensitivity, specificity, n = 0.3, 0.75, 0.95, 400
    for _ in range(runs):
        yes = labelled // 3
        right, wrong = rng.binomial(yes, sensitivity), rng.binomial(labelled - yes, 1 - specificity)
        table = ((labelled - yes - wrong, wrong), (yes - right, right))
        q = rng.binomial(n, share * sensitivity + (1 - share) * (1 - specificity)) / n
        half = 1.959964 * np.sqrt(q * (1 - q) / n)
        found = corrected_share((q, q - half, q + half), table, level=0.95)
        held += found is not None and found[1] <= share <= found[2]
    assert 0.94 <= held / runs <= 0.985
