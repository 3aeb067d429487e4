"""Published figures: what is shipped, what sources say of targets, and files of the user's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from satsurvey.benchmarks.figures import FiguresError, figures_elsewhere, load_figures
from satsurvey.benchmarks.lines import sla_target
from satsurvey.benchmarks.vocabulary import CHANNELS, EVIDENCE, INDUSTRIES, KINDS, TIERS

FIGURES = load_figures()
# Typed from the sources' own tables of targets, in seconds.
TARGETS = {
    ("phone", "basic"): 60, ("phone", "standard"): 30, ("phone", "excellent"): 30, ("phone", "top10"): 24,
    ("online", "basic"): 180, ("online", "excellent"): 60,
    ("im", "standard"): 120, ("im", "top10"): 72,
    ("email", "standard"): 1800, ("email", "top10"): 1080,
    ("app_ticket", "standard"): 300, ("bot", "excellent"): 10,
}  # fmt: skip
RESOLUTION = {"phone": 300, "im": 600, "email": 7200, "app_ticket": 1800}
ATTAINMENT = {"phone": 95, "im": 90, "email": 85, "app_ticket": 92}


def test_every_figure_says_where_it_comes_from_and_in_both_languages() -> None:
    assert len(FIGURES) > 200
    for figures in (FIGURES, figures_elsewhere()):
        for figure in figures:
            source = figures.sources[figure.source]
            assert figure.id.startswith(f"{source.id}:")
            assert source.title.zh
            assert source.title.en
            assert source.evidence in EVIDENCE
            assert bool(figure.scope.zh) == bool(figure.scope.en)
            assert bool(figure.note.zh) == bool(figure.note.en)
            assert figure.tier in TIERS
            assert figure.kind in KINDS
            assert figure.channel in CHANNELS


def test_ids_name_no_file_and_stand_once() -> None:
    ids = [figure.id for figures in (FIGURES, figures_elsewhere()) for figure in figures]
    assert len(set(ids)) == len(ids)
    assert not [name for name in ids if ".txt" in name or name[:3].isdigit()]


def test_the_targets_by_channel_are_those_of_the_sources() -> None:
    found = {
        (f.channel, f.tier): f.line
        for f in FIGURES.select(metric="first_response_time")
        if f.channel != "all" and not f.industries and f.tier in ("basic", "standard", "excellent", "top10")
    }
    assert found == TARGETS
    for metric, wanted in (("resolution_time", RESOLUTION), ("sla_attainment", ATTAINMENT)):
        assert {f.channel: f.line for f in FIGURES.select(metric=metric) if f.tier == "standard"} == wanted
    assert {f.op for f in FIGURES.select(metric="sla_attainment") if f.tier == "standard"} == {">"}


@pytest.mark.parametrize(
    ("channel", "industry", "seconds"),
    [
        ("phone", "", 30), ("phone", "bank", 30), ("im", "", 120), ("online", "", 60), ("online", "银行", 60),
        ("online", "电商", 60), ("app_ticket", "", 300), ("app_ticket", "ecommerce", 900),
        ("email", "saas", 1800),
        ("bot", "", 10), ("email", "ecommerce", 1800),
    ],
)  # fmt: skip
def test_the_target_is_that_of_industry_and_channel_then_standard_then_excellent(
    channel: str, industry: str, seconds: float
) -> None:
    target = sla_target(FIGURES, channel=channel, industry=industry)
    assert target is not None
    assert target.line == seconds


def test_where_nothing_is_published_there_is_no_target() -> None:
    assert sla_target(FIGURES, channel="social") is None


def test_the_frame_has_a_row_per_figure_with_its_evidence() -> None:
    frame = FIGURES.frame
    assert frame["id"].tolist() == [figure.id for figure in FIGURES]
    row = frame[frame["id"] == "national-report-2019:38"].iloc[0]
    assert (row["value"], row["unit"], row["evidence"], row["route"]) == (83.71, "points", "medium", "survey")
    pair = frame[frame["op"] == "from_to"].iloc[0]
    assert (pair["value"], pair["value_to"]) == (600, 180)


def test_metrics_are_found_by_code_name_and_alias_and_others_are_proposed() -> None:
    for word in ("fcr", "FCR", "首问解决率", "一次性解决率", "First-Contact Resolution"):
        assert FIGURES.metric_of(word) == "fcr"
    assert FIGURES.metric_of("满意度") is None
    assert {"csat_rate", "satisfaction_index"} <= set(FIGURES.nearest_metrics("满意度"))
    assert FIGURES.nearest_metrics("first_reponse_tme")[0] == "first_response_time"
    assert FIGURES.nearest_metrics("zzzz") == ()


def written(folder: Path, text: str) -> Path:
    path = folder / "own.toml"
    path.write_text('schema = "satsurvey.figures/1"\n' + text, encoding="utf-8")
    return path


SOURCE = """
[[sources]]
id = "own"
title = {zh = "合同", en = "contract"}
year = 2026
nature = {zh = "合同"}
evidence = "high"
"""
OWN = (
    '{ id = "own:1", metric = "first_response_time", channel = "phone", tier = "own_target", op = "<=", '
    'value = 20, unit = "s", year = 2026, kind = "threshold", source = "own" }'
)


def test_own_figures_stand_beside_the_published_ones_and_go_first(tmp_path: Path) -> None:
    both = load_figures(written(tmp_path, f"figures = [{OWN}]\n{SOURCE}"))
    assert len(both) == len(FIGURES) + 1
    target = sla_target(both, channel="phone")
    assert target is not None
    assert target.id == "own:1"


def test_own_figures_may_replace_the_published_ones(tmp_path: Path) -> None:
    alone = load_figures(written(tmp_path, f"replace = true\nfigures = [{OWN}]\n{SOURCE}"))
    assert [figure.id for figure in alone] == ["own:1"]


def test_a_line_says_its_statistic_or_is_one_for_means_and_rates(tmp_path: Path) -> None:
    named = OWN.replace("year", 'statistic = "p90", year')
    both = load_figures(written(tmp_path, f"figures = [{named}]\n{SOURCE}"))
    assert [both.statistic_of(figure) for figure in both.figures[-1:]] == ["p90"]
    assert {FIGURES.statistic_of(figure) for figure in FIGURES.select(metric="fcr")} == {"rate"}
    assert {FIGURES.statistic_of(f) for f in FIGURES.select(metric="first_response_time")} == {"mean"}
    for statistic in ("rate", "mode"):
        wrong = OWN.replace("year", f'statistic = "{statistic}", year')
        with pytest.raises(FiguresError) as caught:
            load_figures(written(tmp_path, f"figures = [{wrong}]\n{SOURCE}"))
        assert "statistic" in str(caught.value)


def test_every_defect_of_a_file_is_told_at_once(tmp_path: Path) -> None:
    rows = [
        OWN.replace('"first_response_time"', '"first_reponse_time"'),
        OWN.replace('"own:1"', '"two-tier-2026:05"'),
        OWN.replace('"<="', '">="').replace('"own:1"', '"own:3"'),
        OWN.replace('"s"', '"min"').replace('"own:1"', '"own:4"'),
        OWN.replace("value = 20", "value = -1").replace('"own:1"', '"own:5"'),
        OWN.replace('source = "own"', 'source = "nobody"').replace('"own:1"', '"own:6"'),
        OWN.replace("year", 'industries = ["bnak"], year').replace('"own:1"', '"own:7"'),
        OWN.replace("value = 20", "value = [1, 2]").replace('"own:1"', '"own:8"'),
    ]
    path = written(tmp_path, f"figures = [{', '.join(rows)}]\n{SOURCE}")
    with pytest.raises(FiguresError) as caught:
        load_figures(path)
    said = "\n".join(map(str, caught.value.defects))
    for words in (
        "nearest: first_response_time", "another figure is called 'two-tier-2026:05', too",
        "figures[3].op: lower is better, so a line cannot be '>='", "figures[4].unit: this metric is in 's'",
        "figures[5].value: this is impossible", "figures[6].source: no source is called 'nobody'",
        "nearest: bank", "figures[8].value: '<=' takes one value",
    ):  # fmt: skip
        assert words in said


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", None),
        ('figures = [{ id = "x" }]', "figures[1].metric: this is required and absent"),
        ("strange = 1", "strange: this key is not known here"),
        ("figures = 3", "figures"),
    ],
)
def test_what_is_no_file_of_figures_is_refused(text: str, words: str | None, tmp_path: Path) -> None:
    path = written(tmp_path, text)
    if words is None:
        assert len(load_figures(path)) == len(FIGURES)
        return
    with pytest.raises(FiguresError) as caught:
        load_figures(path)
    assert words in str(caught.value)


def test_a_file_that_is_not_there_or_no_toml_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FiguresError, match="cannot be read"):
        load_figures(tmp_path / "none.toml")
    (tmp_path / "x.toml").write_bytes(b"\xff\xfe[")
    with pytest.raises(FiguresError, match="not UTF-8"):
        load_figures(tmp_path / "x.toml")


def test_industries_of_figures_are_known() -> None:
    assert {name for figure in FIGURES for name in figure.industries} <= set(INDUSTRIES)
