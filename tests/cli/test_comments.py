"""The commands on comments: what they print and write, what they refuse, and hostile input."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from satsurvey.cli.main import run_with
from satsurvey.report.comments_schema import COMMENTS_SCHEMA
from satsurvey.text.readings import ASPECTS, LABELS

from ..report.schema_faults import faults
from .exports import rows_of, write_csv

Run = Callable[..., tuple[int, str, str]]
SAID = [
    "客服态度很好，有耐心",
    "等太久了，打不通",
    "没有",
    "",
    "态度好，就是处理太慢",
    "投诉没人管，我叫王小明",
]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*arguments: object) -> tuple[int, str, str]:
        capsys.readouterr()
        code = run_with(["comments", *map(str, arguments)])
        talk = capsys.readouterr()
        assert "Traceback" not in talk.err
        return code, talk.out, talk.err

    return run


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    path = tmp_path / "plain.csv"
    path.write_text("编号,留言\n" + "".join(f"{k},{text}\n" for k, text in enumerate(SAID)), encoding="utf-8")
    return path


@pytest.fixture
def survey(tmp_path: Path) -> Path:
    headings, rows = rows_of()
    rows = [[*row, SAID[k % len(SAID)]] for k, row in enumerate(rows)]
    return write_csv(tmp_path / "survey.csv", [*headings, "V1"], rows)


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    path = tmp_path / "labelled.csv"
    lines = ["text,label,aspects"]
    for k in range(60):
        lines += [f"第{k}次态度很好,正面,communication+", f"第{k}次等太久了,负面,access-", f"第{k}次没有,无,"]
    path.write_text("\n".join([*lines, "坏,sehr,", "没标,,", ""]), encoding="utf-8")
    return path


def records(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


# score -----------------------------------------------------------------------------------------------------


def test_a_plain_table_is_read_without_a_study_file(plain: Path, run: Run) -> None:
    code, out, err = run("score", plain, "--format", "json")
    assert (code, err) == (0, "")
    document = json.loads(out)
    assert list(faults(document, COMMENTS_SCHEMA)) == []
    rows = document["comments"]
    assert [row["row"] for row in rows] == [2, 3, 4, 5, 6, 7]
    # What is good and bad at once is for the tests of the engine.
    labels = {row["row"]: row["label"] for row in rows if row["row"] != 6}
    assert labels == {2: "positive", 3: "negative", 4: "none", 5: "none", 7: "negative"}
    assert [row["missing"] for row in rows] == [False, False, False, True, False, False]
    assert {one["aspect"] for one in rows[1]["aspects"]} == {"access"}
    assert rows[1]["aspects"][0]["words"]
    assert document["masked"] == {"name": 1}
    assert "王小明" not in out
    assert document["provenance"]["inputs"][0]["name"] == "plain.csv"
    assert "the column 留言 was read as comments, by its heading" in document["notes"]


def test_a_survey_has_companies_industries_and_conflicts(survey: Path, run: Run) -> None:
    code, out, err = run("score", survey, "--format", "json")
    assert (code, err) == (0, "")
    document = json.loads(out)
    assert list(faults(document, COMMENTS_SCHEMA)) == []
    assert len(document["companies"]) == 6
    assert [row["industry"] for row in document["industries"]] == ["证券", "银行"]
    assert document["conflicts"]
    strengths = [row["strength"] for row in document["conflicts"]]
    assert strengths == sorted(strengths, reverse=True)
    assert {row["aspect"] for row in document["aspects"]} <= set(ASPECTS)
    assert {row["label"] for row in document["comments"]} <= set(LABELS)
    assert document["keywords"]
    assert document["ledger"]["adds_up"]


@pytest.mark.parametrize(
    "show",
    ["comments", "questions", "industries", "companies", "aspects", "conflicts", "typical", "keywords"],
)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_table_can_be_shown(show: str, lang: str, survey: Path, run: Run) -> None:
    for format in ("table", "markdown"):
        code, out, err = run("score", survey, "--show", show, "--format", format, "--lang", lang)
        assert (code, err) == (0, "")
        assert out.startswith("### ") == (format == "markdown")
        assert "王小明" not in out
    code, out, _ = run("score", survey, "--show", show, "--format", "csv")
    assert code == 0
    assert len(records(out)) > 0


def test_the_main_tables_are_printed_with_their_notes(survey: Path, run: Run) -> None:
    code, out, err = run("score", survey, "--lang", "en")
    assert (code, err) == (0, "")
    for title in ("Comments by industry", "What comments say of each aspect", "Scores and comments that"):
        assert title in out
    assert "personal data masked in the comments: names that people give as theirs 21" in out
    _, out, _ = run("score", survey)
    assert "评论中已遮盖的个人信息：姓名 21" in out


def test_csv_is_one_row_per_comment_and_agrees_with_json(survey: Path, run: Run) -> None:
    _, out, _ = run("score", survey, "--format", "csv")
    rows = records(out)
    document = json.loads(run("score", survey, "--format", "json")[1])
    assert len(rows) == len(document["comments"]) == 126
    for row, one in zip(rows, document["comments"], strict=True):
        assert (int(row["row"]), row["label"], row["text"]) == (one["row"], one["label"], one["text"])
        assert (float(row["polarity"]) if row["polarity"] else None) == one["polarity"]


def test_a_folder_is_written_whole_or_not_at_all(survey: Path, tmp_path: Path, run: Run) -> None:
    folder = tmp_path / "out"
    code, _, err = run("score", survey, "--out", folder, "--lang", "en")
    assert code == 0
    assert err == f"satsurvey: 10 files written to {folder}\n"
    names = {path.name for path in folder.iterdir()}
    assert {"comments.csv", "comments.json", "manifest.json", "conflicts.csv", "keywords.csv"} <= names
    assert "王小明" not in "".join(path.read_text(encoding="utf-8-sig") for path in folder.iterdir())
    code, out, err = run("score", survey, "--out", folder, "--lang", "en")
    assert (code, out) == (2, "")
    assert "the folder is there already and is not empty" in err
    assert run("score", survey, "--out", folder, "--force")[0] == 0


def test_columns_are_named_and_every_row_says_which(plain: Path, survey: Path, run: Run) -> None:
    _, out, _ = run("score", plain, "--column", "留言", "--column", "编号", "--format", "csv")
    assert [row["column"] for row in records(out)] == ["留言"] * 6 + ["编号"] * 6
    _, out, _ = run("score", survey, "--column", "地区", "--column", "V1", "--format", "csv")
    assert {row["column"] for row in records(out)} == {"地区", "V1"}
    code, out, err = run("score", plain, "--column", "心得", "--lang", "en")
    assert (code, out) == (3, "")
    assert "no column is called '心得'" in err
    assert "found: 编号, 留言" in err
    assert "do: name one of these headings with --column" in err


def test_a_column_is_counted_once_however_often_it_is_named(plain: Path, survey: Path, run: Run) -> None:
    for table, name in ((plain, "留言"), (survey, "V1"), (survey, "地区")):
        code, out, err = run("score", table, "--column", name, "--column", name, "--lang", "en")
        assert (code, out) == (2, "")
        assert "a column was named twice" in err


def test_a_file_without_headings_shows_nothing_personal_anywhere(tmp_path: Path, run: Run) -> None:
    path = tmp_path / "p.csv"
    path.write_text("我叫张伟，等太久了请回电13800138000\n态度好\n太慢\n", encoding="utf-8")
    for options in ([], ["--format", "json"], ["--format", "csv"], ["--show", "questions"], ["--lang", "en"]):
        code, out, err = run("score", path, *options)
        assert code == 0
        assert "13800138000" not in out + err
        assert "张伟" not in out + err
    assert "as the heading; where that is a comment, put a row with a heading above it" in run(
        "score", path, "--lang", "en"
    )[1].replace("\n", " ")
    two = tmp_path / "q.csv"
    two.write_text("我叫张伟,13800138000\n态度好,2\n太慢,1\n", encoding="utf-8")
    code, out, err = run("score", two)
    assert (code, out) == (3, "")
    assert "13800138000" not in err
    assert "张伟" not in err


def test_a_label_that_is_none_is_quoted_without_personal_data(labelled: Path, run: Run) -> None:
    with labelled.open("a", encoding="utf-8") as stream:
        stream.write("又慢,我叫张伟，请回电13800138000,\n")
    _, out, err = run("evaluate", labelled, "--lang", "en")
    assert "'我叫[姓名]，请回电[手机号]' is no label" in err
    assert "13800138000" not in out + err


def test_engines_are_chosen_by_name(plain: Path, run: Run) -> None:
    document = json.loads(run("score", plain, "--format", "json", "--engine", "snownlp")[1])
    assert document["method"]["engine"].startswith("snownlp")
    assert all(row["aspects"] == [] for row in document["comments"])
    code, out, err = run("score", plain, "--engine", "magic", "--lang", "en")
    assert (code, out) == (2, "")
    assert "there is no such engine\n  found: magic\n  expected: service, snownlp" in err


def test_several_processes_give_the_same_bytes(
    survey: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("satsurvey.text.engines._WORTH_SHARING", 10)
    alone = run("score", survey, "--format", "csv")
    assert run("score", survey, "--format", "csv", "--processes", "2") == alone


def test_the_same_run_prints_the_same_bytes(survey: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    assert run("score", survey, "--format", "json") == run("score", survey, "--format", "json")


# The command `satsurvey score` -----------------------------------------------------------------------------


def test_score_says_one_line_about_comments_and_writes_them(
    survey: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "out"
    assert run_with(["score", str(survey), "--out", str(folder), "--lang", "en"]) == 0
    talk = capsys.readouterr()
    (line,) = [line for line in talk.out.splitlines() if "comments: " in line]
    assert line.startswith("- comments: 126 cells of V1, 21 blank, 21 say nothing; of the other 84, ")
    with (folder / "comments.csv").open(encoding="utf-8-sig") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 126
    assert "王小明" not in (folder / "comments.csv").read_text(encoding="utf-8-sig")
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert "comments.csv" in {file["name"] for file in manifest["files"]}
    assert any(note.startswith("comments: 126 cells") for note in manifest["notes"])


def test_score_says_nothing_of_comments_where_there_are_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    export = write_csv(tmp_path / "s.csv", *rows_of())
    assert run_with(["score", str(export), "--out", str(tmp_path / "out"), "--lang", "en"]) == 0
    assert "comments" not in capsys.readouterr().out
    assert not (tmp_path / "out" / "comments.csv").exists()


# evaluate and train ----------------------------------------------------------------------------------------


def test_an_engine_is_measured_and_defects_are_listed(labelled: Path, run: Run) -> None:
    code, out, err = run("evaluate", labelled, "--lang", "en")
    assert code == 0
    assert "row 182: 'sehr' is no label" in err
    assert "1 rows without a label were left out" in err
    assert "How well the engine reads" in out
    document = json.loads(run("evaluate", labelled, "--format", "json", "--quiet")[1])
    assert document["n"] == 180
    figures = {(row["scheme"], row["measure"]): row for row in document["measures"] if not row["label"]}
    assert figures["two_class", "accuracy"]["value"] == 1.0
    assert figures["aspects", "micro_f1"]["value"] > 0.9
    rows = records(run("evaluate", labelled, "--format", "csv")[1])
    assert {row["interval"] for row in rows} == {"wilson", "bootstrap"}


def test_own_labels_are_learned_and_used(labelled: Path, plain: Path, tmp_path: Path, run: Run) -> None:
    model = tmp_path / "own.npz"
    code, out, err = run("train", labelled, "--out", model, "--lang", "en")
    assert code == 0
    assert "Training, by cross-validation" in out
    assert f"the model was written to {model}" in err
    assert not zipfile.ZipFile(model).testzip()
    code, out, _ = run("score", plain, "--engine", model, "--format", "json")
    assert code == 0
    assert json.loads(out)["method"]["engine"].startswith("trained ")
    code, out, err = run("train", labelled, "--out", model, "--lang", "en")
    assert (code, out) == (2, "")
    assert "the file is there already" in err
    assert run("train", labelled, "--out", tmp_path / "own.pkl")[0] == 2
    document = json.loads(run("train", labelled, "--format", "json")[1])
    assert set(document["evaluations"]) == {"trained", "service", "snownlp"}


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_an_engine_that_cannot_work_costs_no_model(
    lang: str, labelled: Path, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    from satsurvey.text import snownlp_weights

    snownlp_weights.installed_weights.cache_clear()
    monkeypatch.setattr(snownlp_weights, "version", lambda name: "0.12.4")
    model = tmp_path / "own.npz"
    code, out, err = run("train", labelled, "--out", model, "--lang", lang)
    assert code == 0
    assert model.is_file()
    assert str(model) in err
    said = {
        "en": "the engine snownlp was left out of the comparison: the installed SnowNLP is another than",
        "zh": "引擎 snownlp 没有参加比较：所安装的 SnowNLP 与引擎",
    }
    assert said[lang] in out
    document = json.loads(run("train", labelled, "--format", "json", "--quiet")[1])
    assert set(document["evaluations"]) == {"trained", "service"}
    assert any(note.startswith("the engine snownlp was left out") for note in document["notes"])
    # What cannot be measured at all is refused as before.
    assert run("evaluate", labelled, "--engine", "snownlp")[0] == 2


def test_a_model_is_written_before_anything_is_compared(
    labelled: Path, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    from satsurvey.text import evaluation

    model = tmp_path / "own.npz"
    there: list[bool] = []

    def broken(*arguments: object, **options: object) -> None:
        there.append(model.is_file())
        raise KeyboardInterrupt

    monkeypatch.setattr(evaluation, "evaluate", broken)
    run("train", labelled, "--out", model)
    assert there == [True]
    assert not zipfile.ZipFile(model).testzip()


def test_a_model_never_takes_the_place_of_its_labels(labelled: Path, run: Run) -> None:
    sheet = labelled.rename(labelled.with_suffix(".npz"))
    content = sheet.read_bytes()
    code, out, err = run("train", sheet, "--out", sheet, "--force", "--lang", "en")
    assert (code, out) == (2, "")
    assert "overwrite an export" in err
    assert sheet.read_bytes() == content


def test_results_say_by_name_what_read_and_what_cut_and_not_where_it_lies(
    labelled: Path, plain: Path, tmp_path: Path, run: Run
) -> None:
    model = tmp_path / "deep" / "own.npz"
    model.parent.mkdir()
    assert run("train", labelled, "--out", model, "--quiet")[0] == 0
    document = json.loads(run("score", plain, "--engine", model, "--format", "json")[1])
    assert document["provenance"]["options"]["engine"] == "own.npz"
    assert {"jieba", "rjieba"} & set(document["provenance"]["versions"])
    assert str(tmp_path) not in json.dumps(document)
    document = json.loads(run("score", plain, "--engine", "snownlp", "--format", "json")[1])
    assert document["provenance"]["options"]["engine"] == "snownlp"


def test_too_few_labels_are_refused_with_the_reason(tmp_path: Path, run: Run) -> None:
    path = tmp_path / "l.csv"
    path.write_text("text,label\n好,1\n差,0\n", encoding="utf-8")
    code, out, err = run("train", path, "--lang", "en")
    assert (code, out) == (2, "")
    assert "50" in err


# sample ----------------------------------------------------------------------------------------------------


def test_a_sheet_is_drawn_and_read_back(survey: Path, tmp_path: Path, run: Run) -> None:
    sheet = tmp_path / "sheet.xlsx"
    code, out, err = run("sample", survey, "-n", "4", "--out", sheet, "--lang", "en")
    assert (code, out) == (0, "")
    assert err == f"satsurvey: 4 comments to label were written to {sheet}\n"
    book = openpyxl.load_workbook(sheet)
    for row in book["标注"].iter_rows(min_row=2):
        row[7].value = "正面"
    book.save(sheet)
    code, out, _ = run("evaluate", sheet, "--quiet", "--lang", "en")
    assert code == 0
    assert "figures are weighted by how the comments were drawn" in " ".join(out.split())
    assert "按抽样权数加权" in "".join(run("evaluate", sheet, "--quiet")[1].split())
    document = json.loads(run("evaluate", sheet, "--format", "json")[1])
    assert document["method"]["weighted"] is True
    assert sum(map(sum, document["confusion"]["counts"])) == 4
    del book["抽样"]
    book.save(sheet)
    document = json.loads(run("evaluate", sheet, "--format", "json")[1])
    assert document["method"]["weighted"] is False
    assert any("its weights are lost" in note for note in document["notes"])
    code, _, err = run("sample", survey, "--out", survey, "--lang", "en")
    assert code == 2
    assert "overwrite an export" in err


# aspects check ---------------------------------------------------------------------------------------------


def test_a_file_of_aspects_is_checked(tmp_path: Path, run: Run) -> None:
    path = tmp_path / "a.toml"
    path.write_text(
        'schema = "satsurvey.aspects/1"\nversion = "1"\n[aspects.price]\nbad = ["贵得离谱"]\n',
        encoding="utf-8",
    )
    code, out, err = run("aspects", "check", path, "--lang", "en")
    assert (code, out, err) == (0, "", f"satsurvey: {path}: sound\n")
    path.write_text(
        'schema = "satsurvey.aspects/1"\nversion = 1\n[aspects.weather]\nbad = []\n', encoding="utf-8"
    )
    code, out, err = run("aspects", "check", path, "--lang", "en")
    assert code == 3
    assert out
    assert "defect" in err
    code, out, err = run("aspects", "check", tmp_path / "none.toml", "--lang", "en")
    assert (code, out) == (3, "")


def test_own_aspects_are_read_with(plain: Path, tmp_path: Path, run: Run) -> None:
    path = tmp_path / "a.toml"
    path.write_text(
        'schema = "satsurvey.aspects/1"\nversion = "1"\n[aspects.price]\nbad = ["像坐火箭"]\n',
        encoding="utf-8",
    )
    other = tmp_path / "other.csv"
    other.write_text("text\n保费像坐火箭\n态度很好\n", encoding="utf-8")
    rows = json.loads(run("score", other, "--aspect-file", path, "--format", "json")[1])["comments"]
    assert [one["aspect"] for one in rows[0]["aspects"]] == ["price"]
    assert rows[0]["aspects"][0]["words"] == ["像坐火箭"]
    assert rows[1]["aspects"] == []
    code, _, err = run("score", plain, "--aspect-file", path, "--engine", "snownlp", "--lang", "en")
    assert code == 2
    assert "only the engine service takes a file of aspects" in err


# Hostile input ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.csv", b""),
        ("blank.csv", b"\n\n\n"),
        ("x.xlsx", b"no workbook"),
        ("x.doc", b"x"),
        ("bytes.csv", b"text\n\xff\xff\xff\n"),
        ("zip.csv", b"PK\x03\x04\0\0"),
        ("x.parquet", b"PAR1"),
    ],
)
@pytest.mark.parametrize("command", ["score", "evaluate", "train", "sample"])
def test_files_that_cannot_be_read_are_refused_in_words(
    command: str, name: str, content: bytes, tmp_path: Path, run: Run
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    options = ["--out", tmp_path / "s.xlsx"] if command == "sample" else []
    code, out, err = run(command, path, *options)
    assert code in {2, 3}
    assert out == ""
    assert err.startswith("satsurvey: ")
    assert run(command, tmp_path / "none.csv", *options)[0] == 3


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(st.text(max_size=40), min_size=1, max_size=8))
def test_no_text_whatever_breaks_the_reading(texts: list[str], tmp_path: Path, run: Run) -> None:
    path = tmp_path / "t.csv"
    with path.open("w", encoding="utf-8", errors="replace", newline="") as stream:
        out = csv.writer(stream)
        out.writerows([["id", "text"], *([str(k), text] for k, text in enumerate(texts))])
    code, out_text, err = run("score", path, "--format", "json", "--column", "text")
    if code:
        assert err.startswith("satsurvey: ")
        return
    document = json.loads(out_text)
    assert list(faults(document, COMMENTS_SCHEMA)) == []
    assert all(np.isfinite(row["polarity"]) for row in document["comments"] if row["polarity"] is not None)


def test_a_cell_of_a_hundred_thousand_characters_is_read(tmp_path: Path, run: Run) -> None:
    path = tmp_path / "t.csv"
    path.write_text("id,text\n1," + "等太久了，" * 20_000 + "\n", encoding="utf-8")
    assert run("score", path, "--column", "text", "--format", "csv")[0] == 0
    assert run("score", path, "--column", "text")[0] == 0
