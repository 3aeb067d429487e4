"""The command `satsurvey simulate`: files, what it says on stderr, and what it refuses."""

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from satsurvey.cli.simulate import simulate_command
from satsurvey.errors import MethodError, OutputError, SpecificationError

app = typer.Typer()
app.command()(simulate_command)


def run(*arguments: object):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_a_survey_and_its_truth_are_written_and_called_simulated(tmp_path: Path):
    out, truth = tmp_path / "x.csv", tmp_path / "truth.csv"
    result = run(
        "--companies", 6, "--interviews", 20, "--industries", 2, "--seed", 3, "--out", out, "--truth", truth
    )
    assert result.exit_code == 0, result.output
    assert result.stdout == ""
    assert "SIMULATED" in result.stderr
    assert "模拟数据" in result.stderr
    assert "120 份访问，6 家企业，2 个行业" in result.stderr
    assert "随机种子 3" in result.stderr
    assert out.read_bytes().decode("gb18030").startswith("样本编号,")
    assert truth.read_text(encoding="utf-8-sig").startswith("level,industry")


def test_headings_encoding_and_defects_are_obeyed(tmp_path: Path):
    out = tmp_path / "x.csv"
    result = run("--companies", 4, "--industries", 1, "--headings", "code", "--encoding", "utf-8-sig",
                 "--defects", 0.1, "--lang", "en", "--out", out)  # fmt: skip
    assert "8 defects planted" in result.stderr
    assert out.read_text(encoding="utf-8-sig").startswith("interview_id,industry,")


def test_a_file_in_the_way_is_refused_before_any_work(tmp_path: Path):
    out = tmp_path / "x.csv"
    out.write_text("mine")
    result = run("--companies", 4, "--industries", 1, "--out", out)
    assert isinstance(result.exception, OutputError)
    assert out.read_text() == "mine"
    assert run("--companies", 4, "--industries", 1, "--out", out, "--force").exit_code == 0


def test_a_design_and_numbers_together_are_refused_by_name(tmp_path: Path):
    result = run("--design", "d.toml", "--companies", 4, "--seed", 1, "--out", tmp_path / "x.csv")
    assert isinstance(result.exception, MethodError)
    assert "--companies cannot be given" in str(result.exception)


def test_numbers_that_do_not_fit_are_refused(tmp_path: Path):
    result = run("--companies", 2, "--industries", 5, "--out", tmp_path / "x.csv")
    assert isinstance(result.exception, SpecificationError)


@pytest.mark.parametrize("option", ["--out", "--design", "--headings", "--truth", "--defects"])
def test_the_help_opens_with_an_example_and_names_the_options(option: str):
    text = run("--help").stdout
    assert text.index("Example: satsurvey simulate") < text.index("Options")
    assert option in text
