"""What is written of comments: the document of its schema, CSV that runs nowhere, a folder as a whole."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from schema_faults import faults

from satsurvey.errors import OutputError
from satsurvey.intake.reading import read_responses
from satsurvey.report.comment_files import comments_csv, comments_json, evaluation_json, write_comments
from satsurvey.report.comment_tables import TABLES, main_tables, summary_line
from satsurvey.report.comments_schema import COMMENTS_SCHEMA
from satsurvey.report.evaluation_tables import comparison_table, confusion_table, evaluation_tables
from satsurvey.report.notes import ledger_line
from satsurvey.report.terminal import render
from satsurvey.report.text import to_markdown
from satsurvey.text.comments import CommentScores, read_comments
from satsurvey.text.confusion import ConfusionTable
from satsurvey.text.evaluation import evaluate
from satsurvey.text.table_comments import comments_of_files

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "text"))
from keyword_engine import KeywordEngine

PROVENANCE: dict[str, object] = {"inputs": [], "versions": {}, "options": {}, "created": "2020-01-01"}
CHINESE = ("态度好，耐心", "等太久了，贵", "没有", "", "好是好就是慢", "一般", "=好")


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("c") / "survey.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        out = csv.writer(stream)
        out.writerow(["企业名称", "行业", "A1", "V1", "V2"])
        for k in range(120):
            said = CHINESE[k % len(CHINESE)]
            phone = "，电话13800138000" if k == 7 else ""
            out.writerow(
                [
                    "甲乙丙丁"[k % 4],
                    "银行" if k % 4 < 2 else "保险",
                    k % 10 + 1,
                    said + phone,
                    "慢" if k % 3 else "",
                ]
            )
    return path


@pytest.fixture(scope="module")
def result(export: Path) -> CommentScores:
    table = ConfusionTable(np.diag([40, 40, 40, 40, 40]) + 2, "own labels")
    return read_comments(read_responses([export]), engine=KeywordEngine(), error=table)


def document(result: CommentScores) -> Any:
    return json.loads("".join(comments_json(result, PROVENANCE)))


def test_the_document_is_what_its_schema_says(result: CommentScores) -> None:
    found = document(result)
    assert list(faults(found, COMMENTS_SCHEMA)) == []
    assert found["schema"] == "satsurvey.comments/1"
    assert len(found["comments"]) == 240
    for texts in ([], [""], ["\ud800\x01\u202e好\n慢"], ["没有"]):
        assert list(faults(document(read_comments(texts, engine=KeywordEngine())), COMMENTS_SCHEMA)) == []


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        (("schema",), "satsurvey.comments/2"),
        (("comments", 0, "label"), "good"),
        (("comments", 0, "polarity"), 1.2),
        (("comments", 0, "aspects", 0, "aspect"), "weather"),
        (("comments", 0, "aspects", 0, "label"), "none"),
        (("comments", 0, "row"), "2"),
        (("industries", 0, "negative_low"), -0.1),
        (("conflicts", 0, "kind"), "other"),
        (("keywords", 0, "side"), "both"),
        (("aspects", 0, "level"), "country"),
    ],
)
def test_the_schema_refuses_a_wrong_value_at_its_place(
    path: tuple[Any, ...], wrong: object, result: CommentScores
) -> None:
    found = document(result)
    place = found
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = wrong
    assert len(list(faults(found, COMMENTS_SCHEMA))) == 1


def test_one_comment_stands_on_a_line_and_numbers_are_whole(result: CommentScores) -> None:
    text = "".join(comments_json(result, PROVENANCE))
    lines = [line for line in text.splitlines() if line.startswith('    {"file"')]
    assert len(lines) >= 240
    rows = document(result)["comments"]
    assert [row["polarity"] for row in rows] == [
        None if np.isnan(value) else value for value in result.readings.polarity.tolist()
    ]
    assert "NaN" not in text


def test_the_csv_has_every_comment_and_runs_nowhere(result: CommentScores) -> None:
    rows = list(csv.DictReader(io.StringIO("".join(comments_csv(result)))))
    assert len(rows) == 240
    assert [row["label"] for row in rows] == result.frame["label"].tolist()
    assert rows[1]["aspects"] == "access-;price-"
    assert rows[1]["words"] == "等太久、贵"
    assert {row["text"] for row in rows if "=" in row["text"]} == {"'=好"}
    assert "13800138000" not in "".join(comments_csv(result))
    assert "".join(comments_csv(read_comments([], engine=KeywordEngine()))).startswith("file,row,")


def test_a_folder_holds_every_table_and_says_how_it_was_made(result: CommentScores, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    written = {path.name for path in write_comments(result, folder, provenance=PROVENANCE)}
    tables = {"questions", "industries", "companies", "aspects", "conflicts", "typical", "keywords"}
    assert written == {"comments.csv", "comments.json", "manifest.json", *(f"{name}.csv" for name in tables)}
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["schema"] == "satsurvey.comments-manifest/1"
    assert manifest["masked"] == {"mobile": 1}
    listed = {file["name"]: file["sha256"] for file in manifest["files"]}
    assert set(listed) == written - {"manifest.json"}
    for name, digest in listed.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
    for path in folder.iterdir():
        assert "13800138000" not in path.read_text(encoding="utf-8-sig")
    with pytest.raises(OutputError, match="not empty"):
        write_comments(result, folder, provenance=PROVENANCE)
    write_comments(result, folder, provenance=PROVENANCE, force=True)


def test_force_leaves_no_table_of_an_earlier_run(result: CommentScores, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    write_comments(result, folder, provenance=PROVENANCE)
    (folder / "typical.docx").write_text("dear", encoding="utf-8")
    written = write_comments(
        read_comments(["等太久", "没有"], engine=KeywordEngine()), folder, provenance=PROVENANCE, force=True
    )
    names = {path.name for path in written}
    assert "companies.csv" not in names
    assert {path.name for path in folder.iterdir()} == names | {"typical.docx"}
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert {file["name"] for file in manifest["files"]} == names - {"manifest.json"}


def test_a_table_of_ones_own_is_kept(result: CommentScores, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    write_comments(result, folder, provenance=PROVENANCE)
    (folder / "companies.csv").write_text("mine", encoding="utf-8")
    write_comments(read_comments(["慢"], engine=KeywordEngine()), folder, provenance=PROVENANCE, force=True)
    assert (folder / "companies.csv").read_text(encoding="utf-8") == "mine"


def test_an_export_with_the_name_of_a_table_is_neither_written_over_nor_removed(tmp_path: Path) -> None:
    export = tmp_path / "industries.csv"
    export.write_text("编号,评论\n1,慢\n2,好\n", encoding="utf-8")
    found = read_comments(comments_of_files([export]), engine=KeywordEngine())
    assert not len(found.industries)
    with pytest.raises(OutputError, match="overwrite an export"):
        write_comments(found, tmp_path, provenance=PROVENANCE, force=True)
    assert export.exists()


@pytest.mark.parametrize(
    ("language", "said"), [("en", "Ledger: 4 rows read = 3 used"), ("zh", "读取 4 行 = 使用 3")]
)
def test_rows_that_were_not_used_are_accounted_for_on_screen(
    language: Any, said: str, tmp_path: Path
) -> None:
    export = tmp_path / "p.csv"
    export.write_text("编号,评论\n1,慢\n2\n3,好\n4,等太久\n", encoding="utf-8")
    found = read_comments(comments_of_files([export]), engine=KeywordEngine())
    assert found.comments.ledger.unreadable == 1
    first = render(main_tables(found, language)[0], color=False)
    assert said in first
    assert ledger_line(found.comments.ledger, language) in "".join(
        note + "\n" for note in main_tables(found, language)[0].notes
    )
    # Texts that come from no file have no rows to account for.
    plain = read_comments(["慢"], engine=KeywordEngine())
    assert not any("Ledger" in note or "数据账" in note for note in main_tables(plain, language)[0].notes)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_table_of_aspects_says_its_intervals_and_how_well_aspects_are_read(language: Any) -> None:
    texts = ["态度好，耐心", "等太久", "贵", "没有"] * 20
    counts = np.diag([40, 40, 40, 40, 40]) + 2
    aspects = {"n": 1203, "micro_f1": 0.8451, "ci_low": 0.8249, "ci_high": 0.8651}
    known = ConfusionTable(counts, "own labels", aspects=aspects)
    found = read_comments(texts, engine=KeywordEngine(), error=known)
    notes = TABLES["aspects"](found, language).notes
    assert "95" in notes[0]
    assert "Wilson" in notes[0]
    assert "0.85 [0.82, 0.87]" in notes[1]
    assert "1,203" in notes[1]
    assert "own labels" in notes[1]
    unknown = read_comments(texts, engine=KeywordEngine(), error=ConfusionTable(counts, "own labels"))
    (_, note) = TABLES["aspects"](unknown, language).notes
    assert "keywords 1" in note
    assert ("has not been measured" if language == "en" else "没有实测") in note


def test_an_export_is_never_written_over(result: CommentScores, export: Path) -> None:
    copy = export.with_name("comments.csv")
    copy.write_bytes(export.read_bytes())
    found = read_comments(read_responses([copy]), engine=KeywordEngine())
    with pytest.raises(OutputError, match="overwrite an export"):
        write_comments(found, copy.parent, provenance=PROVENANCE, force=True)
    assert copy.read_bytes() == export.read_bytes()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_table_can_be_drawn_in_both_languages(language: Any, result: CommentScores) -> None:
    for build in TABLES.values():
        table = build(result, language)
        assert table.rows
        for text in (render(table, width=None, color=False), to_markdown(table)):
            assert "nan" not in text.lower().split()
            assert "13800138000" not in text
    assert len(main_tables(result, language)) == 4


def notes_and_kinds(lines: list[str], folder: Path, language: Any) -> tuple[str, list[object], list[object]]:
    """Notes of the table of industries, and what its shares and those of the last row are said to be."""
    path = folder / "t.csv"
    path.write_text("企业,行业,评论\n" + "\n".join(lines) + "\n", encoding="utf-8")
    error = ConfusionTable(np.diag([40, 40, 40, 40, 40]) + 2, "own labels")
    found = read_comments(comments_of_files([path]), engine=KeywordEngine(), error=error)
    table = TABLES["industries"](found, language)
    keys = [column.key for column in table.columns]
    place = keys.index("shares_are") if "shares_are" in keys else None
    kinds = [] if place is None else [row[place] for row in (*table.rows, table.footer)]
    cells = [row[keys.index("negative")] for row in table.rows]
    for k, row in enumerate(found.industries.to_dict("records")):
        corrected = row["negative_corrected"]
        shown = row["negative"] if np.isnan(corrected) else corrected
        assert cells[k].value == pytest.approx(shown * 100)  # type: ignore[attr-defined]
    return " ".join(table.notes), kinds, cells


@pytest.mark.parametrize("language", ["zh", "en"])
def test_tables_say_which_shares_are_corrected(language: Any, tmp_path: Path) -> None:
    many = [f"甲{k % 12},银行,{'慢' if k % 3 else '好'}" for k in range(60)]
    few = [f"乙{k},保险,{'慢' if k % 3 else '好'}" for k in range(9)]
    corrected = "Corrected for the measured error" if language == "en" else "已按引擎的实测误差校正"
    as_read = "as the engine reads them" if language == "en" else "照引擎所读列出"
    notes, kinds, _ = notes_and_kinds(many, tmp_path, language)
    assert corrected in notes
    assert as_read not in notes
    assert kinds == []
    notes, kinds, _ = notes_and_kinds(few, tmp_path, language)
    assert corrected not in notes
    assert as_read in notes
    assert kinds == []
    notes, kinds, _ = notes_and_kinds([*many, *few], tmp_path, language)
    assert corrected in notes
    assert as_read in notes
    assert sorted(map(str, kinds)) == ["as_read", "corrected", "corrected"]


def test_empty_results_have_tables_too() -> None:
    for texts in ([], ["没有"]):
        found = read_comments(texts, engine=KeywordEngine())
        for build in TABLES.values():
            render(build(found, "zh"), color=False)
        assert [table.title for table in main_tables(found, "en")] == ["Comments by question"]


def test_one_line_tells_how_many_speak_ill_and_well(result: CommentScores) -> None:
    line = summary_line(result)
    assert line.startswith("comments: 240 cells of V1, V2, ")
    row = result.overall.iloc[0]
    # Four companies are too few to correct by.
    assert f"{row['negative'] * 100:.1f} % are negative" in line
    many = read_comments(["好", "慢", "慢"] * 20, engine=KeywordEngine(), error=result.error)
    row = many.overall.iloc[0]
    assert row["negative_corrected"] != row["negative"]
    assert f"{row['negative_corrected'] * 100:.1f} % are negative" in summary_line(many)
    plain = read_comments(["没有", ""], engine=KeywordEngine())
    assert summary_line(plain) == "comments: 2 cells of , 1 blank, 1 say nothing"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_evaluations_are_drawn_and_written(language: Any) -> None:
    texts = ["态度好", "太慢", "没有", "一般", "好是好就是贵，电话13800138000"] * 4
    labels = ["1", "0", "none", "2", "positive"] * 4
    found = evaluate(KeywordEngine(), texts, labels, aspects=["", "solution-", "", "", "price-"] * 4)
    for table in evaluation_tables(found, language):
        assert "13800138000" not in render(table, color=False)
    assert len(evaluation_tables(found, language)) == 4
    both = comparison_table({"a": found, "b": found}, language, notes=["n"])
    assert len(both.rows) % 2 == 0
    weighted = evaluate(KeywordEngine(), texts, labels, weights=np.arange(1, 21))
    table = confusion_table(weighted.confusion, language)
    assert sum(value for row in table.rows for value in row[1:]) == pytest.approx(20)  # type: ignore[misc]
    assert ("Weighted by how" if language == "en" else "按抽样权数加权") in table.notes[0]
    assert list(evaluation_json(weighted)["confusion"]) == [  # type: ignore[call-overload]
        *("labels", "counts", "source", "weighted", "row_n")
    ]
    data = json.loads(json.dumps(evaluation_json(found)))
    assert data["schema"] == "satsurvey.comments-evaluation/1"
    assert data["confusion"]["labels"][0] == "negative"
    assert all(row["interval"] in {"wilson", "bootstrap"} for row in data["measures"])
