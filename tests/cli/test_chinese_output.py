"""What commands on records, response times and benchmarks print: one language, no wider than asked."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from rich.cells import cell_len

from satsurvey.cli.main import run_with

EXAMPLES = Path(__file__).parents[2] / "examples" / "benchmark"
CHINESE = re.compile("[\u4e00-\u9fff]")
SENTENCE = re.compile(r"(?:(?<![\w-])[A-Za-z][A-Za-z'’-]+[ ,;:.]+){2,}[A-Za-z][A-Za-z'-]+")
"""Three words of Latin letters and more, one after the other."""
CODE = re.compile(r"(?<![\w.=-])[a-z]+(?:_[a-z]+)+(?![\w=])")
KEPT = re.compile(
    r"""--[a-z-]+(?:[ ][a-z_]+(?:=\w+)?)?      # options, and what is given to them
      | satsurvey(?:[ ][a-z-]+)+              # commands
      | (?:two-tier|response-targets|efficiency-plan|national-report|vendor-choice|contract)-\d{4}[ ]\S+
      | PART[ ]\d+ | FAQ[ ]\d+                # sections of published texts
      | 映射[ ][\w-]+ | 日历[ ][\w-]+         # names of maps and calendars
      | (?:固定|不足|渠道)：[a-z_]+(?:,[ ][a-z_]+)*  # controls and channels as a user types them
      | \w+\.csv | Salesforce[ ]Service[ ]Cloud
      | （[a-z_]+(?:（[a-z_]+）)?）?           # a code behind its name
      | 角色[ ][a-z_、 ]+ | 的[ ][a-z_]+       # where a column has to go: names that a user types
      """,
    re.VERBOSE,
)
RULE = re.compile("^(?:错误|警告|说明)  .*$|^ {2,}[a-z_]+ ", re.MULTILINE)
"""Rules of findings have their code behind their name."""

Run = tuple[str, ...]
RUNS: dict[str, list[Run]] = {
    "records": [
        ("{contacts}",),
        ("{contacts}", "--by", "channel,hour", "--target", "service_level=30"),
        ("{contacts}", "--clock", "business", "--calendar", "china-office", "--by", "company"),
        ("{calls}", "--map", "call_log"),
    ],
    "response": [
        ("{survey}",),
        ("{survey}", "--records", "{contacts}", "--outcome", "item:C1", "--instrument", "agent"),
        ("{survey}", "--records", "{contacts}", "--time", "resolution", "--controls", "none"),
    ],
    "claims": [("{survey}",), ("{survey}", "--records", "{contacts}", "--map", "general")],
    "targets": [("{survey}", "--records", "{contacts}")],
    "benchmark": [
        ("{contacts}",),
        ("{own}",),
        ("{own}", "--figures", "{lines}", "--industry", "电商"),
        ("{figures}",),
        ("{own}", "--show", "lines"),
        ("{own}", "--show", "refused"),
        ("figures",),
        ("figures", "--elsewhere"),
    ],
    "scorecard": [
        ("{vendors}", "--weights", "{weights}"),
        ("promise", "{contacts}", "--within", "30s", "--share", "95%", "--by", "company"),
        ("promise", "{times}", "--column", "首次响应时长", "--within", "30s", "--share", "95%", "--mean"),
    ],
}
CALLS = (
    "通话ID,企业名称,主叫号码,坐席,进入队列时间,接听时间,挂机时间\n"
    "a1,甲,13800138000,王小明,2024-03-05 09:00:00,2024-03-05 09:00:12,2024-03-05 09:03:12\n"
    "a2,甲,13900139000,,2024-03-05 09:01:00,,2024-03-05 09:01:45\n"
    "a3,乙,13700137000,K01,2024-03-05 09:02:00,2024-03-05 09:01:00,2024-03-05 09:05:00\n"
    "a4,乙,13700137000,K01,昨天,2024-03-05 09:01:00,2024-03-05 09:05:00\n"
    "合计,,,,,,\n"
)
CALLED = [(command, run) for command, runs in RUNS.items() for run in runs]


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Simulate a survey with its contacts, with few interviews in some channels and some defects."""
    folder = tmp_path_factory.mktemp("spoken")
    found = {name: folder / f"{name}.csv" for name in ("survey", "contacts", "calls", "figures")}
    files = ["--out", str(found["survey"]), "--contacts", str(found["contacts"]), "--encoding", "utf-8"]
    sizes = ["--companies", "9", "--interviews", "25", "--industries", "3", "--defects", "0.05"]
    assert run_with(["simulate", *files, *sizes, "--response-slope", "-4", "--seed", "4"]) == 0
    found["calls"].write_text(CALLS, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch, found["figures"].open("w", encoding="utf-8") as stream:
        patch.setattr(sys, "stdout", stream)
        assert run_with(["records", str(found["contacts"]), "-q", "--format", "csv"]) == 0
    shipped = {
        "own": "own-figures.csv",
        "lines": "own-lines.toml",
        "vendors": "vendors.csv",
        "weights": "weights.toml",
        "times": "response-times.csv",
    }
    return found | {name: EXAMPLES / file for name, file in shipped.items()}


def printed(
    command: str, run: Run, paths: dict[str, Path], language: str, capsys: pytest.CaptureFixture[str]
) -> str:
    capsys.readouterr()
    arguments = [part.format(**paths) for part in run]
    code = run_with([command, *arguments, "--lang", language])
    said = capsys.readouterr()
    assert code == 0, said.err
    return said.out


@pytest.mark.parametrize(("command", "run"), CALLED)
def test_a_chinese_run_prints_no_english_sentence_and_no_bare_code(
    command: str, run: Run, paths: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    text = KEPT.sub(" ", RULE.sub(" ", printed(command, run, paths, "zh", capsys)))
    assert SENTENCE.findall(text) == []
    # Claims say which columns and options would supply what is missing, by the names that a user types; a
    # table of values is quoted as it is written.
    if command != "claims" and "{figures}" not in run:
        assert CODE.findall(text) == []


@pytest.mark.parametrize(("command", "run"), CALLED)
def test_an_english_run_prints_no_chinese_but_names(
    command: str, run: Run, paths: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    text = printed(command, run, paths, "en", capsys)
    names = "行业\\d+企业\\d+|行业\\d+|云杉商城|南湖银行|北辰外包|青禾客服|海纳服务|昨天|map \\S+|[甲乙]"
    headings = "进入队列时间|接听时间|通话ID|主叫号码|合计|首次响应时长\\(秒\\)"
    sections = "[一二三四五]\\.\\d|[二三]\\([一二三四]\\)|PART \\d+ [一二三四五六七]"
    if run[0] == "figures":
        # Firms and products are called what they are called.
        text = re.sub(
            "合力亿捷|网萌科技|简道云|CRM|腾讯企点|金蝶云|客服|[一二三四]$", "", text, flags=re.MULTILINE
        )
    if command == "claims":
        headings += "|[首次响应时长秒]"  # the heading is the source of a clock, and cells are folded
    left = re.sub(f"{names}|{headings}|{sections}", "", text)
    assert CHINESE.findall(left) == []


@pytest.mark.parametrize(("command", "run"), [(command, runs[0]) for command, runs in RUNS.items()])
def test_no_line_is_wider_than_the_terminal(
    command: str,
    run: Run,
    paths: dict[str, Path],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    lines = printed(command, run, paths, "zh", capsys).splitlines()
    assert [line for line in lines if cell_len(line) > 100] == []
