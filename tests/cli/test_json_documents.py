"""Whatever JSON a command prints has a schema, and keeps it: all commands that can print JSON are run."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import typer

from satsurvey.cli.main import app, run_with
from satsurvey.report.schemas import SCHEMA_NAMES, schema_of

from ..report.schema_faults import faults

EXAMPLES = Path(__file__).parents[2] / "examples" / "benchmark"

Paths = dict[str, Path]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Paths:
    """Simulate a survey with its contacts, and write labelled comments."""
    folder = tmp_path_factory.mktemp("documents")
    paths = {name: folder / f"{name}.csv" for name in ("survey", "contacts", "labelled")}
    files = ["--out", str(paths["survey"]), "--contacts", str(paths["contacts"]), "--encoding", "utf-8"]
    sizes = ["--companies", "12", "--interviews", "22", "--industries", "2", "--defects", "0.05"]
    code = run_with(["simulate", *files, *sizes, "--response-slope", "-4"])
    assert code == 0
    good = ["客服很热情", "回复很快", "说得很清楚", "非常满意", "问题当场解决", "很专业", "耐心周到"]
    bad = ["等了很久没人接", "态度冷淡", "转了三次", "要重复说", "客服不专业", "很失望", "问题没有解决"]
    rows = [
        (f"{one}，{other}", label)
        for words, label in ((good, "正面"), (bad, "负面"))
        for one in words
        for other in words
        if one != other
    ]
    pd.DataFrame(rows, columns=["评论", "标签"]).to_csv(paths["labelled"], index=False, encoding="utf-8")
    return paths | {"model": folder / "model.npz"}


RUNS: dict[tuple[str, ...], list[Callable[[Paths], list[object]]]] = {
    ("score",): [lambda p: [p["survey"], "-q"], lambda p: [p["survey"], "-q", "--force-ranks"]],
    ("check",): [lambda p: [p["survey"]]],
    ("inspect",): [lambda p: [p["survey"]], lambda p: [p["contacts"]]],
    ("fieldwork",): [lambda p: [p["survey"]]],
    ("reconcile",): [lambda p: ["--total", "83.72", "A=77.40", "B=90.04"]],
    ("instruments", "list"): [lambda p: []],
    ("instruments", "show"): [lambda p: ["acsi-3"]],
    ("instruments", "check"): [lambda p: ["acsi-3"]],
    ("comments", "score"): [lambda p: [p["survey"], "-q"]],
    ("comments", "evaluate"): [lambda p: [p["labelled"], "-q"]],
    ("comments", "train"): [lambda p: [p["labelled"], "-q", "--out", p["model"], "--force"]],
    ("records", "read"): [
        lambda p: [p["contacts"], "-q"],
        lambda p: [p["contacts"], "-q", "--by", "channel,hour", "--target", "service_level=30"],
        lambda p: [p["contacts"], "-q", "--clock", "business", "--calendar", "china-office"],
    ],
    ("response",): [
        lambda p: [p["survey"], "-q"],
        lambda p: [p["survey"], "-q", "--records", p["contacts"], "--map", "general", "--outcome", "item:C1"],
    ],
    ("claims",): [
        lambda p: [p["survey"], "-q"],
        lambda p: [p["survey"], "-q", "--records", p["contacts"], "--map", "general"],
    ],
    ("targets", "propose"): [lambda p: [p["survey"], "-q", "--records", p["contacts"]]],
    ("benchmark", "grade"): [
        lambda p: [EXAMPLES / "own-figures.csv"],
        lambda p: [
            EXAMPLES / "own-figures.csv",
            "--figures",
            EXAMPLES / "own-lines.toml",
            "--industry",
            "电商",
        ],
        lambda p: [p["contacts"], "-q"],
    ],
    ("benchmark", "figures"): [lambda p: [], lambda p: ["--elsewhere"], lambda p: ["--metric", "fcr"]],
    ("scorecard", "score"): [
        lambda p: [EXAMPLES / "vendors.csv"],
        lambda p: [EXAMPLES / "vendors.csv", "--weights", EXAMPLES / "weights.toml"],
    ],
    ("scorecard", "promise"): [
        lambda p: [p["contacts"], "-q", "--within", "30s", "--share", "95%"],
        lambda p: [p["contacts"], "-q", "--within", "30s", "--mean", "--by", "company"],
        lambda p: [EXAMPLES / "response-times.csv", "--column", "首次响应时长", "--within", "30s", "--mean"],
    ],
}
"""Calls of every command that can print JSON."""


def commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Walk the tree of commands."""
    if not hasattr(group, "commands"):
        yield path, group
        return
    for name, command in group.commands.items():
        yield from commands(command, (*path, name))


def test_every_command_that_prints_json_is_run_here(capsys: pytest.CaptureFixture[str]) -> None:
    found = set()
    for path, _ in commands(typer.main.get_command(app)):
        # The choices of an option are told by the help, whatever the version of the option parser.
        assert run_with([*path, "--help"]) == 0
        if re.search(r"--format\s+[<\[]\S*json", capsys.readouterr().out):
            found.add(path)
    assert len(found) >= 15
    assert found == set(RUNS)


@pytest.mark.parametrize(
    ("path", "arguments"),
    [(path, run) for path, runs in RUNS.items() for run in runs],
    ids=[f"{'-'.join(path)}-{k}" for path, runs in RUNS.items() for k in range(len(runs))],
)
def test_what_is_printed_fits_the_schema_that_it_names(
    path: tuple[str, ...],
    arguments: Callable[[Paths], list[object]],
    made: Paths,
    capsys: pytest.CaptureFixture[str],
) -> None:
    capsys.readouterr()
    code = run_with([*path, *map(str, arguments(made)), "--format", "json"])
    said = capsys.readouterr()
    assert code in (0, 3), said.err  # 3: a check that found something
    document = json.loads(said.out)
    assert document["schema"] in SCHEMA_NAMES
    assert list(faults(document, schema_of(document["schema"]))) == []


def test_schemas_are_listed_and_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_with(["schema"]) == 0
    assert capsys.readouterr().out.split() == list(SCHEMA_NAMES)
    for name in SCHEMA_NAMES:
        assert run_with(["schema", name]) == 0
        assert json.loads(capsys.readouterr().out) == schema_of(name)
    assert run_with(["schema", "recrods", "--lang", "zh"]) == 2
    assert "records" in capsys.readouterr().err
