"""The language of the command line: which is spoken, errors and usage in Chinese, every word of the help."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from satsurvey.cli.help import help_words, lines, page, width_of
from satsurvey.cli.language import error_text, spoken_language
from satsurvey.cli.main import app, run_with
from satsurvey.cli.options import default_language
from satsurvey.errors import Defect, OutputError, ReadError, StudyError

CHINESE = re.compile("[\u4e00-\u9fff]")
WORD = re.compile(r"(?<![\w./=<|\[-])[A-Za-z][a-z']+(?![\w./=|>\]])")
NAMES = {
    "Excel", "Stata", "Parquet", "region", "wave", "table", "csv", "json", "industries", "simultaneous",
    "marginal", "both", "five", "shell", "satsurvey", "check", "score", "init", "inspect", "Schema", "guess",
    "zh", "en", "contact", "service", "snownlp", "transformer", "builtin", "none", "access", "price",
    "questions", "companies", "comments", "percent", "share", "equal", "roc", "company", "channel", "tier",
    "purpose", "auto", "distance", "hour", "general",
    "total", "dimension", "item", "outcome", "industry", "agent",
}  # fmt: skip
"""Names and values that a Chinese help page has in English."""


def commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield path, command
    for name, inner in getattr(command, "commands", {}).items():
        yield from commands(inner, (*path, name))


GROUPS = {
    *{(name,) for name in ("instruments", "comments", "benchmark", "scorecard", "records", "targets")},
    ("comments", "aspects"),
}
PATHS = [path for path, _ in commands(typer.main.get_command(app))]


@pytest.fixture
def export(tmp_path: Path) -> Path:
    path = tmp_path / "survey.csv"
    rows = "".join(f"甲,{k % 10 + 1},9\n" for k in range(20))
    path.write_text("company,A1,A2\n" + rows + "甲,88,9\n", encoding="utf-8")
    return path


# Which language is spoken ----------------------------------------------------------------------------------


def test_the_arguments_come_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert spoken_language(["score", "x.csv"]) == "zh"
    assert spoken_language(["score", "--lang", "en", "x.csv"]) == "en"
    assert spoken_language(["score", "--lang=en"]) == "en"
    assert spoken_language(["--lang", "en", "--lang", "zh"]) == "zh"
    assert spoken_language(["--lang", "fr"]) == "zh"
    assert spoken_language(["--", "--lang", "en"]) == "zh"
    assert spoken_language(["--lang"]) == "zh"
    monkeypatch.setenv("SATSURVEY_LANG", "en")
    assert spoken_language([]) == "en"


def test_the_environment_decides_where_nothing_else_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SATSURVEY_LANG", "klingon")
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for value, language in (("en_GB.UTF-8", "en"), ("zh_CN.UTF-8", "zh"), ("C.UTF-8", "zh"), ("C", "zh")):
        monkeypatch.setenv("LANG", value)
        assert default_language() == language
    monkeypatch.setenv("LC_ALL", "en_US")
    assert default_language() == "en"


def test_every_command_that_speaks_has_the_same_language_option() -> None:
    for path, command in commands(typer.main.get_command(app)):
        if path and path not in GROUPS and path != ("instruments", "schema"):
            (option,) = [option for option in command.params if "--lang" in option.opts]
            assert option.envvar == "SATSURVEY_LANG", path


# Errors ----------------------------------------------------------------------------------------------------


def test_an_error_is_chinese_in_all_its_parts() -> None:
    error = ReadError(
        "the row has 3 cells where the headings have 4",
        file="甲.csv", sheet="一", row=7, column="A1", value="x\ny",
        expected="a heading row and one row per interview", next_step="save it as UTF-8",
    )  # fmt: skip
    assert error_text(error, "zh") == (
        "此行有 3 个单元格，而表头有 4 个（文件 甲.csv，工作表 一，第 7 行，列 A1）\n"
        "  实际内容：x\N{REPLACEMENT CHARACTER}y\n"
        "  应为：一行表头，以及每份访问一行\n"
        "  处理：请存为 UTF-8"
    )
    assert error_text(error, "en") == str(error)
    assert error_text(OutputError("the disk is full"), "zh") == "磁盘已满"
    wanted = OutputError("the disk is full", expected="an SPSS file (.sav), a Stata file (.dta)")
    assert error_text(wanted, "zh").endswith("应为：SPSS 文件（.sav）、Stata 文件（.dta）")


def test_the_defects_of_a_specification_are_chinese() -> None:
    defects = [Defect("items.A9", "the instrument acsi-3 has no such code"), Defect("x", "unheard of")]
    error = StudyError("the study file has 2 defects", file="s.toml", defects=defects)
    assert error_text(error, "zh") == (
        "调查文件有 2 处错误（文件 s.toml）\n  - items.A9：问卷 acsi-3 没有这个代码\n  - x：unheard of"
    )


def test_commands_print_errors_in_the_language_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_with(["check", "nowhere.csv"]) == 3
    assert capsys.readouterr().err == (
        "satsurvey: 没有这个文件（文件 nowhere.csv）\n  处理：请检查文件名和所在文件夹\n"
    )
    assert run_with(["check", "nowhere.csv", "--lang", "en"]) == 3
    assert capsys.readouterr().err.startswith("satsurvey: there is no such file (file nowhere.csv)\n  do: ")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["score", "--seed", "abc"], "错误：'--seed' 的值无效：应为整数"),
        (["score", "--min-n", "0"], "错误：'--min-n' 的值无效：应不小于 1"),
        (["score", "--lang", "fr"], "的值无效：'fr' 不在 'zh', 'en' 之列"),
        (["scoree"], "错误：没有命令 'scoree'。是否想用 'score', 'scorecard'？"),
        (["score", "--levl", "3"], "错误：没有选项 --levl"),
        (["reconcile", "A=3"], "错误：缺少选项 '--total'。"),
        (["reconcile", "--total", "3"], "错误：缺少参数 '名称=得分'。"),
        (["check", "--study"], "错误：选项 '--study' 需要一个值。"),
        (["instruments", "list", "a"], "错误：多余的参数（a）"),
        (["score", "--force=3"], "错误：选项 '--force' 不带值。"),
    ],
)
def test_wrong_usage_is_told_in_chinese(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_with(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert said in captured.err
    assert "Error" not in captured.err
    assert "Usage" not in captured.err
    assert run_with([*arguments[:1], "--lang=en", *arguments[1:]]) == 2
    assert "Error: " in capsys.readouterr().err


def test_a_fault_of_our_own_is_told_in_chinese(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr("satsurvey.intake.reading.read_responses", broken)
    assert run_with(["check", "x.csv"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("satsurvey: satsurvey 自身的故障：ZeroDivisionError: division by zero\n  处理：")


# Help ------------------------------------------------------------------------------------------------------


def shown(path: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> str:
    assert run_with([*path, "--help"]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("path", PATHS)
def test_every_help_page_is_chinese(path: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(path, capsys)
    assert text.startswith("用法：satsurvey")
    for line in text.splitlines():
        line = re.sub(r"satsurvey .*|^\s*--seed 7.*|^\s*E=.*|<.*?>|--?[a-z-]+\b|\[.*?\]|“.*?”", " ", line)
        assert set(WORD.findall(line)) <= NAMES | {name for path in PATHS for name in path}, line


@pytest.mark.parametrize("path", PATHS)
def test_no_line_of_a_chinese_page_is_too_wide(
    path: tuple[str, ...], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for columns in (60, 80, 200):
        monkeypatch.setenv("COLUMNS", str(columns))
        for line in shown(path, capsys).splitlines():
            wide = sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)
            # Examples are one line each, and the names of choices cannot be broken.
            assert wide <= min(columns, 100) or "satsurvey " in line or "<" in line, line


@pytest.mark.parametrize("path", PATHS)
def test_every_text_of_the_help_has_an_entry(path: tuple[str, ...]) -> None:
    command = dict(commands(typer.main.get_command(app)))[path]
    words = help_words()
    for paragraph in page(command.help).split("\n\n"):
        assert CHINESE.search(paragraph), paragraph
    for option in command.params:
        text = " ".join((getattr(option, "help", None) or "").split())
        assert text in words["options"], (path, option.name, text)
        if option.metavar:
            assert option.metavar in words["metavars"], (path, option.name)


def test_no_entry_of_the_help_is_left_over() -> None:
    used: set[str] = {"Show this message and exit."}
    for _, command in commands(typer.main.get_command(app)):
        used |= {" ".join((getattr(option, "help", None) or "").split()) for option in command.params}
    assert set(help_words()["options"]) - used == set()


def test_english_help_is_as_the_parser_writes_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_with(["score", "--lang", "en", "--help"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("Usage: satsurvey score [OPTIONS] [EXPORT]...")
    assert not CHINESE.search(text)


def test_help_in_either_language_follows_the_environment(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "选项：" in shown((), capsys)
    monkeypatch.setenv("SATSURVEY_LANG", "en")
    assert "Options:" in shown((), capsys)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_help_loads_nothing_heavy(language: str) -> None:
    code = (
        "import sys\nfrom satsurvey.cli.main import run_with\nassert run_with(['--help']) == 0\n"
        "print('LOADED', *sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True, check=True, encoding="utf-8", cwd=Path(__file__).parents[2],
        env={"SATSURVEY_LANG": language, "PYTHONPATH": ".", "PATH": ""},
    )  # fmt: skip
    text, loaded = done.stdout.split("LOADED")
    assert bool(CHINESE.search(text)) == (language == "zh")
    assert not {"pydantic", "pandas", "numpy", "pyarrow", "rich"} & set(loaded.split())
    assert ("satsurvey.cli.help" in loaded) == (language == "zh")


def test_lines_break_between_chinese_characters_but_not_before_a_comma() -> None:
    text = lines("一二三，四五 word 六", 8, "- ", "  ")
    assert text == "- 一二\n  三，四\n  五\n  word\n  六"
    assert max(map(width_of, text.split("\n"))) <= 8


# What commands print ---------------------------------------------------------------------------------------


def test_what_and_do_of_the_csv_follow_the_language_and_json_does_not(
    export: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said: dict[tuple[str, str], str] = {}
    for language in ("zh", "en"):
        for form in ("csv", "json"):
            run_with(["check", str(export), "--format", form, "--lang", language])
            said[form, language] = capsys.readouterr().out
    assert "这超出了 A1 的量表范围" in said["csv", "zh"]
    assert "这超出了" not in said["csv", "en"]
    assert ",out_of_range,error," in said["csv", "zh"]
    assert said["json", "zh"] == said["json", "en"]
    assert not CHINESE.search(json.loads(said["json", "zh"])["findings"][0]["do"])


def test_talk_is_in_the_language(export: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for language, said in (("zh", "0 行已写入"), ("en", "0 rows written to")):
        aside = tmp_path / f"{language}.csv"
        run_with(["check", str(export), "--set-aside", str(aside), "--lang", language])
        assert f"satsurvey: {said} {aside}" in capsys.readouterr().err


def test_why_a_row_is_unreadable_stands_in_the_language_in_the_file_of_rows(
    export: Path, tmp_path: Path
) -> None:
    with export.open("a", encoding="utf-8") as stream:
        stream.write("甲,1,2,3,4\n")
    for language, why in (("zh", "此行有 5 个单元格，而表头有 3 个"), ("en", "the row has 5 cells")):
        aside = tmp_path / f"{language}.csv"
        run_with(["check", str(export), "--set-aside", str(aside), "--lang", language])
        text = aside.read_text(encoding="utf-8-sig")
        assert why in text
        assert ",unreadable," in text
