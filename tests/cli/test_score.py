"""The command `score`: what it prints, what it writes, what it refuses, and hostile input."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from satsurvey.cli.main import run_with
from satsurvey.report.score_schema import SCORE_SCHEMA

from ..report.schema_faults import faults
from .exports import items, rows_of, without, write_csv

FILES = {
    *("industries.csv", "companies.csv", "dimensions.csv", "items.csv"),
    *("score.json", "ranking.xlsx", "manifest.json"),
}
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*arguments: object) -> tuple[int, str, str]:
        capsys.readouterr()
        code = run_with(["score", *map(str, arguments)])
        talk = capsys.readouterr()
        assert "Traceback" not in talk.err
        return code, talk.out, talk.err

    return run


@pytest.fixture
def export(tmp_path: Path) -> Path:
    return write_csv(tmp_path / "export.csv", *rows_of())


def records(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


# What is printed -------------------------------------------------------------------------------------------


def test_the_ranking_is_printed_and_nothing_is_said(export: Path, run: Run) -> None:
    code, out, err = run(export, "--lang", "en")
    assert (code, err) == (0, "")
    assert re.search(r"^1 \[1–2\] +银行 +\d\d\.\d\d \[", out, re.MULTILINE)
    assert "Ledger: 126 rows read = 126 used + 0 set aside + 0 unreadable" in out


@pytest.mark.parametrize("show", ["industries", "companies", "dimensions", "items", "ledger", "method"])
@pytest.mark.parametrize("format", ["table", "markdown"])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_table_can_be_shown(show: str, format: str, lang: str, export: Path, run: Run) -> None:
    code, out, err = run(export, "--show", show, "--format", format, "--lang", lang)
    assert (code, err) == (0, "")
    assert out.startswith("### ") == (format == "markdown")
    assert len(out.splitlines()) > 5
    assert "nan" not in out.lower().split()


@pytest.mark.parametrize("show", ["industries", "companies", "dimensions", "items"])
def test_csv_has_full_precision_and_agrees_with_json(show: str, export: Path, run: Run) -> None:
    _, out, _ = run(export, "--show", show, "--format", "csv")
    _, text, _ = run(export, "--format", "json")
    document = json.loads(text)
    rows = records(out)
    assert len(rows) == len(document[show])
    for found, expected in zip(rows, document[show], strict=True):
        assert list(found) == list(expected)
        for name in ("score", "std_error", "ci_low", "ci_high"):
            assert float(found[name]) == expected[name]


def test_json_is_the_document_of_its_schema(export: Path, run: Run) -> None:
    code, out, err = run(export, "--format", "json", "--by", "region")
    assert (code, err) == (0, "")
    document = json.loads(out)
    assert list(faults(document, SCORE_SCHEMA)) == []
    assert document["schema"] == "satsurvey.score/1"
    assert [row["value"] for row in document["breakdowns"]] == ["东", "西"]


def test_by_is_shown_in_every_form(export: Path, tmp_path: Path, run: Run) -> None:
    code, out, _ = run(export, "--by", "region", "--lang", "en")
    assert code == 0
    assert "Scores by group" in out
    assert "Industry" in out
    assert (
        "Industry"
        not in run(export, "--by", "region", "--show", "breakdowns", "--lang", "en")[1].split("\n\n")[0]
    )
    rows = records(run(export, "--by", "region", "--format", "csv")[1])
    assert [(row["by"], row["value"]) for row in rows] == [("region", "东"), ("region", "西")]
    assert records(run(export, "--by", "region", "--format", "csv", "--show", "industries")[1])[0]["industry"]
    run(export, "--by", "region", "--out", tmp_path / "out")
    written = {path.name for path in (tmp_path / "out").iterdir()}
    assert written == FILES | {"breakdowns.csv"}
    book = openpyxl.load_workbook(tmp_path / "out" / "ranking.xlsx")
    assert "分组得分" in book.sheetnames
    code, out, err = run(export, "--by", "province", "--lang", "en")
    assert (code, out) == (2, "")
    assert "the survey has no field 'province' to break the score down by\n  expected: region" in err


def test_options_of_the_method_reach_the_result(export: Path, run: Run) -> None:
    def method(*arguments: object) -> dict[str, object]:
        return json.loads(run(export, "--format", "json", *arguments)[1])["method"]

    assert method()["level"] == 0.95
    changed = method(
        "--level", "0.9", "--min-n", "15", "--seed", "11", "--rank-sets", "marginal", "--force-ranks"
    )
    assert [changed[name] for name in ("level", "company_min_n", "seed", "rank_sets", "force_ranks")] == [
        *(0.9, 15, 11, "marginal", True)
    ]


def test_the_same_seed_prints_the_same_bytes(export: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    assert run(export, "--format", "json", "--seed", "3") == run(export, "--format", "json", "--seed", "3")


def test_small_companies_are_shown_without_scores(export: Path, run: Run) -> None:
    code, out, _ = run(export, "--min-n", "30", "--format", "csv", "--show", "companies")
    assert code == 0
    for row in records(out):
        assert (row["n"], row["suppressed"], row["score"], row["A"]) == ("21", "True", "", "")
    code, out, _ = run(export, "--min-n", "30", "--lang", "en")
    assert "6 of 6 companies have fewer than 30 interviews" in out


def test_without_industries_companies_are_ranked(tmp_path: Path, run: Run) -> None:
    export = write_csv(tmp_path / "export.csv", *without(*rows_of(), "行业"))
    code, out, _ = run(export, "--lang", "en")
    assert code == 0
    assert "银行1" in out
    assert "the export has no industry column" in out
    assert run(export, "--show", "industries")[0] == 0


@pytest.mark.parametrize("rows", [1, 2, 21, 42])
def test_the_smallest_surveys_give_an_answer(rows: int, tmp_path: Path, run: Run) -> None:
    headings, data = rows_of()
    export = write_csv(tmp_path / "export.csv", headings, data[:rows])
    for extra in ([], ["--min-n", "1"], ["--show", "companies", "--min-n", "1"]):
        code, out, err = run(export, "--lang", "en", *extra)
        assert (code, err) == (0, "")
        assert out
    document = json.loads(run(export, "--min-n", "1", "--format", "json")[1])
    assert document["companies"][0]["score"] is not None


def test_several_files_are_one_survey(tmp_path: Path, run: Run) -> None:
    headings, rows = rows_of()
    whole = write_csv(tmp_path / "whole.csv", headings, rows)
    parts = [
        write_csv(tmp_path / "1.csv", headings, rows[:50]),
        write_csv(tmp_path / "2.csv", headings, rows[50:], encoding="gb18030"),
    ]
    one, two = (json.loads(run(*files, "--format", "json")[1]) for files in ([whole], parts))
    for key in ("industries", "companies", "dimensions", "items", "overall"):
        assert one[key] == two[key]
    assert len(two["ledger"]["files"]) == 2


def test_strict_is_4_where_the_checks_found_something(tmp_path: Path, run: Run) -> None:
    headings, rows = rows_of()
    clean = write_csv(tmp_path / "clean.csv", headings, rows)
    rows[3][headings.index("A1")] = "77"
    doubtful = write_csv(tmp_path / "doubtful.csv", headings, rows)
    assert run(doubtful)[0] == 0
    code, out, err = run(doubtful, "--strict", "--lang", "en")
    assert code == 4
    assert "Ledger" in out, "the result is printed all the same"
    assert "--strict" in err
    assert run(clean, "--strict")[0] in {0, 4}


def test_no_color_and_pipes_get_plain_text(export: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for value in ("", "1"):
        monkeypatch.setenv("NO_COLOR", value)
        assert "\x1b" not in run(export)[1]


# What is written -------------------------------------------------------------------------------------------


def test_out_writes_all_files_and_the_manifest_accounts_for_them(
    export: Path, tmp_path: Path, run: Run
) -> None:
    out = tmp_path / "deep" / "results"
    code, printed, err = run(export, "--out", out, "--lang", "en")
    assert code == 0
    assert err == f"satsurvey: 7 files written to {out}\n"
    assert {path.name for path in out.iterdir()} == FILES
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert {entry["name"] for entry in manifest["files"]} == FILES - {"manifest.json"}
    assert manifest["inputs"][0]["name"] == "export.csv"
    assert manifest["seed"] == manifest["options"]["seed"] == 20191
    document = json.loads((out / "score.json").read_text(encoding="utf-8"))
    assert list(faults(document, SCORE_SCHEMA)) == []
    rows = records((out / "companies.csv").read_text(encoding="utf-8-sig"))
    assert [float(row["score"]) for row in rows] == [row["score"] for row in document["companies"]]
    assert "银行" in printed


def test_quiet_says_nothing(export: Path, tmp_path: Path, run: Run) -> None:
    assert run(export, "--out", tmp_path / "out", "--set-aside", tmp_path / "unused.csv", "--quiet")[2] == ""


def test_a_folder_that_is_there_is_not_touched_without_force(export: Path, tmp_path: Path, run: Run) -> None:
    out = tmp_path / "results"
    out.mkdir()
    (out / "industries.csv").write_text("mine", encoding="utf-8")
    (out / "notes.txt").write_text("mine too", encoding="utf-8")
    code, printed, err = run(export, "--out", out, "--lang", "en")
    assert (code, printed) == (2, "")
    assert "the folder is there already and is not empty" in err
    assert (out / "industries.csv").read_text(encoding="utf-8") == "mine"
    assert run(export, "--out", out, "--force")[0] == 0
    assert (out / "industries.csv").read_text(encoding="utf-8") != "mine"
    assert (out / "notes.txt").read_text(encoding="utf-8") == "mine too"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["export.csv", "results"]


def test_a_folder_that_is_taken_is_refused_before_the_work(
    export: Path, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def worked(*arguments: object, **named: object) -> None:
        raise AssertionError("the survey was read before the folder was looked at")

    monkeypatch.setattr("satsurvey.intake.reading.read_responses", worked)
    assert run(export, "--out", export)[0] == 2
    assert run(export, "--out", tmp_path)[0] == 2


def test_a_full_disk_leaves_nothing(
    export: Path, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    import errno

    def full(*arguments: object, **named: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("satsurvey.report.writing.write_workbook", full)
    code, printed, err = run(export, "--out", tmp_path / "results", "--lang", "en")
    assert (code, printed) == (2, "")
    assert "the disk is full; nothing was written" in err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["export.csv"]


def test_a_folder_without_the_right_to_write_is_a_sentence(
    export: Path, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def forbidden(*arguments: object, **named: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", forbidden)
    code, _, err = run(export, "--out", tmp_path / "results", "--lang", "en")
    assert code == 2
    assert "there is no right to write here" in err


# Set aside -------------------------------------------------------------------------------------------------


def messy(tmp_path: Path) -> tuple[Path, dict[int, str]]:
    """An export with rows that cannot be used, and the reason of each by its row."""
    headings, rows = rows_of()
    blank = [""] * len(headings)
    planted = {
        5: (blank, "blank_row"),
        9: (["合计", *blank[1:]], "total_row"),
        12: ([*rows[0][:1], "", *rows[0][2:]], "no_company"),
        20: ([*rows[0][:4], *[""] * len(items())], "no_answers"),
        33: (headings, "repeated_heading"),
        40: (["-1", "=cmd|' /C calc'!A0", "", "-5", *[""] * len(items())], "no_answers"),
    }
    for row in sorted(planted):
        rows.insert(row - 2, planted[row][0])
    return write_csv(tmp_path / "messy.csv", headings, rows), {
        row: reason for row, (_, reason) in planted.items()
    }


def test_set_aside_writes_exactly_the_unused_rows_with_their_reasons_and_cells(
    tmp_path: Path, run: Run
) -> None:
    export, planted = messy(tmp_path)
    unused = tmp_path / "unused.csv"
    code, out, err = run(export, "--set-aside", unused, "--format", "json", "--lang", "en")
    assert code == 0
    assert err == f"satsurvey: {len(planted)} rows written to {unused}\n"
    rows = records(unused.read_text(encoding="utf-8-sig"))
    assert {int(row["row"]): row["reason"] for row in rows} == planted
    ledger = json.loads(out)["ledger"]
    assert ledger["rows_read"] - ledger["rows_used"] == len(rows)
    assert ledger["rows_used"] == 126
    original = list(csv.reader(io.StringIO(export.read_text(encoding="utf-8"), newline="")))
    for row in rows:
        cells = original[int(row["row"]) - 1]
        for heading, cell in zip(original[0], cells, strict=True):
            # A spreadsheet must not run the cell: an apostrophe stands in front of what looks like a formula.
            assert row[heading] == (f"'{cell}" if cell.startswith("=") else cell)
        assert row["file"] == "messy.csv"


def test_set_aside_of_files_with_one_name_keeps_them_apart(tmp_path: Path, run: Run) -> None:
    headings, rows = rows_of()
    blank = [""] * len(headings)
    paths = []
    for k, place in enumerate((3, 7)):
        (tmp_path / f"wave{k}").mkdir()
        part = rows[k * 63 : (k + 1) * 63]
        part.insert(place, [f"wave{k}", *blank[1:]])
        paths.append(write_csv(tmp_path / f"wave{k}" / "data.csv", headings, part))
    run(*paths, "--set-aside", tmp_path / "unused.csv")
    rows_ = records((tmp_path / "unused.csv").read_text(encoding="utf-8-sig"))
    assert [(row["row"], row["样本编号"]) for row in rows_] == [("5", "wave0"), ("9", "wave1")]


def test_set_aside_is_written_even_when_no_row_can_be_scored(tmp_path: Path, run: Run) -> None:
    headings, rows = rows_of(each=2)
    for row in rows:
        row[1] = ""
    export = write_csv(tmp_path / "export.csv", headings, rows)
    code, out, err = run(export, "--set-aside", tmp_path / "unused.csv", "--lang", "en")
    assert (code, out) == (3, "")
    assert (
        "there is no interview to score: 12 rows were read and none could be used\n  found: no_company 12"
        in err
    )
    assert len(records((tmp_path / "unused.csv").read_text(encoding="utf-8-sig"))) == 12


@pytest.mark.parametrize("command", [("score", "--min-n", "1"), ("check",)])
def test_personal_data_in_rows_set_aside_is_masked_and_counted(
    command: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    headings, rows = rows_of()
    export, unused = tmp_path / "export.csv", tmp_path / "unused.csv"
    rows[0][1] = rows[1][1] = ""
    write_csv(export, [*headings, "电话"], [[*row, "13800138000"] for row in rows])
    for language, said in (
        ("en", f"satsurvey: personal data masked in {unused}: mobile numbers 2\n"),
        ("zh", f"satsurvey: {unused} 中已遮盖个人信息：手机号 2\n"),
    ):
        arguments = [command[0], export, *command[1:], "--set-aside", unused, "--force", "--lang", language]
        run_with([str(argument) for argument in arguments])
        assert said in capsys.readouterr().err
    text = unused.read_text(encoding="utf-8-sig")
    assert "13800138000" not in text
    assert text.count("[手机号]") == 2


def test_set_aside_does_not_replace_a_file(export: Path, tmp_path: Path, run: Run) -> None:
    unused = tmp_path / "unused.csv"
    unused.write_text("mine", encoding="utf-8")
    code, out, err = run(export, "--set-aside", unused, "--lang", "en")
    assert (code, out) == (2, "")
    assert "the file is there already" in err
    assert unused.read_text(encoding="utf-8") == "mine"
    assert run(export, "--set-aside", unused, "--force")[0] == 0


def test_set_aside_never_replaces_the_export(export: Path, run: Run) -> None:
    before = export.read_bytes()
    assert run(export, "--set-aside", export)[0] == 2
    assert export.read_bytes() == before


# Hostile input ---------------------------------------------------------------------------------------------


def test_what_is_no_export_is_3_with_a_next_step(tmp_path: Path, run: Run) -> None:
    headings, _ = rows_of(each=2)
    cases = {
        "folder.csv": None,
        "empty.csv": b"",
        "header.csv": ",".join(headings).encode(),
        "one-column.csv": b"A1\n5\n6\n",
        "junk.csv": bytes(range(256)) * 40,
        "junk.xlsx": bytes(range(256)) * 40,
        "junk.xls": bytes(range(256)) * 40,
        "junk.sav": bytes(range(256)) * 40,
        "junk.dta": bytes(range(256)) * 40,
        "junk.parquet": bytes(range(256)) * 40,
        "no-suffix": b"a,b\n1,2\n",
        "text.pdf": b"%PDF-1.4",
        "nul.csv": b"\0" * 5000,
        "utf16-half.csv": ",".join(headings).encode("utf-16")[:-1],
        "no-company.csv": b"A1,A2\n5,6\n",
        "truncated.xlsx": b"PK\x03\x04" + b"\0" * 100,
    }
    for name, content in cases.items():
        path = tmp_path / name
        if content is None:
            path.mkdir()
        else:
            path.write_bytes(content)
        code, out, err = run(path, "--lang", "en")
        assert (code, out) == (3, ""), name
        assert err.startswith("satsurvey: "), name
        assert "fault of satsurvey" not in err, name
    code, _, err = run(tmp_path / "absent.csv", "--lang", "en")
    assert code == 3
    assert "there is no such file" in err


def test_a_bomb_of_a_workbook_is_refused_quickly(tmp_path: Path, run: Run) -> None:
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            for _ in range(400):
                sheet.write(b"0" * (1 << 20))
    assert path.stat().st_size < 1 << 20
    code, out, err = run(path, "--lang", "en")
    assert (code, out) == (3, "")
    assert "bomb.xlsx" in err


HOSTILE_NAMES = (
    "=cmd|' /C calc'!A0",
    "+1",
    "@SUM(A1)",
    "-x",
    "<script>alert(1)</script>",
    "a|b`c`*d*",
    "\u202egnp.exe",
    "tab\there",
    "bell\x07",
    "\x1b[31mred",
    "长" * 10_000,
    "http://example.org",
)


def test_hostile_names_arrive_as_text_everywhere(tmp_path: Path, run: Run) -> None:
    headings, rows = rows_of(industries=("甲",), companies=len(HOSTILE_NAMES), each=3)
    for k, row in enumerate(rows):
        row[1] = HOSTILE_NAMES[k // 3]
    export = write_csv(tmp_path / "export.csv", headings, rows)
    out = tmp_path / "out"
    for arguments in (
        ["--out", out],
        ["--show", "companies"],
        ["--show", "companies", "--format", "markdown"],
    ):
        code, printed, err = run(export, "--min-n", "1", "--quiet", *arguments)
        assert (code, err) == (0, "")
        for bad in ("\x1b", "\x07", "\u202e"):
            assert bad not in printed
        assert "<script>" not in printed or "markdown" not in arguments
    for path in (out / "companies.csv", out / "items.csv", out / "dimensions.csv"):
        for row in csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")):
            assert not [
                cell for cell in row if cell[:1] in {"=", "+", "@"} or (cell[:1] == "-" and "x" in cell)
            ]
    book = openpyxl.load_workbook(out / "ranking.xlsx")
    cells = [cell for sheet in book for line in sheet.iter_rows() for cell in line if cell.value is not None]
    assert not [cell.coordinate for cell in cells if cell.data_type == "f"]
    assert not [cell.coordinate for cell in cells if cell.hyperlink]
    texts = {cell.value for cell in cells if cell.data_type == "s"}
    assert {"=cmd|' /C calc'!A0", "+1", "@SUM(A1)", "-x", "<script>alert(1)</script>"} <= texts
    names = {
        row["company"] for row in json.loads((out / "score.json").read_text(encoding="utf-8"))["companies"]
    }
    assert {"=cmd|' /C calc'!A0", "长" * 10_000, "<script>alert(1)</script>"} <= names
    assert len(names) == len(HOSTILE_NAMES)


def test_halves_of_surrogates_and_broken_bytes_are_reported_or_kept(tmp_path: Path, run: Run) -> None:
    headings, rows = rows_of(industries=("甲",), companies=2, each=3)
    rows[0][1] = "half\ud800"
    export = write_csv(tmp_path / "export.csv", headings, rows)
    for arguments in ([], ["--encoding", "utf-8"], ["--encoding", "gb18030"]):
        code, _, err = run(export, "--min-n", "1", *arguments)
        assert code in {0, 3}
        assert "fault of satsurvey" not in err


@pytest.mark.parametrize(
    "weights", [["1e300", "1e300"], ["1e-300", "1e-300"], ["1e200", "1e-200"], ["5e-324", "1"]]
)
def test_weights_of_any_size_are_an_answer(weights: list[str], tmp_path: Path, run: Run) -> None:
    headings, rows = rows_of(each=3)
    rows = [[*row, weights[k % 2]] for k, row in enumerate(rows)]
    export = write_csv(tmp_path / "export.csv", [*headings, "权重"], rows)
    code, out, err = run(export, "--min-n", "1", "--format", "json")
    assert (code, err) == (0, "")
    for row in json.loads(out)["companies"]:
        assert 0 < row["score"] <= 100


def test_a_heading_twice_loses_no_cell(tmp_path: Path, run: Run) -> None:
    headings, rows = rows_of(each=3)
    rows[2][1] = ""
    export = write_csv(
        tmp_path / "export.csv", [*headings, "备注", "备注"], [[*row, "first", "second"] for row in rows]
    )
    code, _, err = run(export, "--min-n", "1", "--set-aside", tmp_path / "unused.csv", "--lang", "en")
    if code == 0:
        (row,) = records((tmp_path / "unused.csv").read_text(encoding="utf-8-sig"))
        assert (row["备注"], row["备注 (AB)"]) == ("first", "second")
    else:
        assert (code, "备注" in err) == (3, True)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.binary(max_size=400),
    start=st.sampled_from([b"", "企业名称,A1,A2\n".encode(), b"\xff\xfe", b"PK\x03\x04"]),
)
def test_arbitrary_bytes_never_end_in_a_fault(content: bytes, start: bytes, tmp_path: Path, run: Run) -> None:
    for suffix in (".csv", ".xlsx"):
        path = tmp_path / f"export{suffix}"
        path.write_bytes(start + content)
        code, _, err = run(path)
        assert code in {0, 2, 3}, err


CELL = st.one_of(
    st.sampled_from(["", "5", "10", "99", "甲", "乙", "合计", "=1", "1e999", "nan", "-1", "５", " 7 "]),
    st.text(max_size=6),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(table=st.lists(st.lists(CELL, min_size=5, max_size=5), max_size=6))
def test_arbitrary_tables_never_end_in_a_fault(table: list[list[str]], tmp_path: Path, run: Run) -> None:
    export = write_csv(tmp_path / "export.csv", ["企业名称", "行业", "权重", "A1", "A2"], table)
    for arguments in ([], ["--min-n", "1", "--format", "json"]):
        code, out, err = run(export, *arguments)
        assert code in {0, 3}, err
        if code == 0 and arguments:
            assert json.loads(out)["ledger"]["adds_up"]


def test_results_are_never_written_over_the_export_they_come_from(tmp_path: Path) -> None:
    folder = tmp_path / "both"
    folder.mkdir()
    path = folder / "companies.csv"
    path.write_text("企业名称,A1,A2\n" + "甲,9,8\n" * 20, encoding="utf-8")
    before = path.read_bytes()
    assert run_with(["score", str(path), "--out", str(folder), "--force", "--quiet"]) == 2
    assert path.read_bytes() == before
