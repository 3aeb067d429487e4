"""What is printed and written of a response-time study: words, tables, drawings, JSON, files."""

from __future__ import annotations

import csv
import hashlib
import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from schema_faults import faults

from satsurvey.errors import OutputError
from satsurvey.report.response_figures import channel_figure, curve_figure
from satsurvey.report.response_json import FRAMES, response_json, write_response
from satsurvey.report.response_schema import RESPONSE_SCHEMA
from satsurvey.report.response_tables import TABLES, printed_text, response_tables, shown_table
from satsurvey.report.response_words import MODELS, answer, cautions, effect_text
from satsurvey.report.svg import Svg
from satsurvey.response_time.study import ResponseStudy, study_response_time

CHINESE = re.compile("[\u4e00-\u9fff]")
SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = '<b>"&甲'


def export(path: Path, slope: float = -0.9, *, n: int = 900, seed: int = 1) -> Path:
    """Interviews of 30 companies with item C1, times and two channels, one with a hostile name."""
    rng = np.random.default_rng(seed)
    times = rng.lognormal(5, 1, n).round()
    answers = np.clip(np.round(11 + slope * np.log1p(times) + rng.normal(0, 1.5, n)), 1, 10).astype(int)
    with path.open("w", encoding="utf-8", newline="") as stream:
        out = csv.writer(stream)
        out.writerow(["企业名称", "渠道", "首次响应时长(秒)", "C1", "C2"])
        for k in range(n):
            seconds = -5 if k in (3, 5) else int(times[k])
            out.writerow([f"甲{k % 30}", (HOSTILE, "phone")[k % 2], seconds, answers[k], 9])
    return path


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> ResponseStudy:
    path = export(tmp_path_factory.mktemp("r") / "survey.csv")
    return study_response_time([path], outcome="item:C1")


@pytest.fixture(scope="module")
def null(tmp_path_factory: pytest.TempPathFactory) -> ResponseStudy:
    path = export(tmp_path_factory.mktemp("r") / "survey.csv", 0.0, seed=4)
    return study_response_time([path], outcome="item:C1")


# Words -----------------------------------------------------------------------------------------------------


def test_effects_carry_their_sign_and_small_ones_a_third_digit() -> None:
    assert effect_text(0.456, 0.37, 0.54) == "+0.46 [0.37, 0.54]"
    assert effect_text(-0.0123, -0.05, 0.02) == "-0.012 [-0.050, 0.020]"


def test_the_answer_comes_first_and_gives_the_effect_that_the_table_gives(found: ResponseStudy) -> None:
    text = printed_text(found, "en")
    assert text.startswith("An association was found")
    row = found.fit.effects.query("model == 'ols' and channel == '' and at_s == @found.fit.reference_s").iloc[
        0
    ]
    assert effect_text(row["effect"], row["ci_low"], row["ci_high"]) in text.splitlines()[1]
    assert "faster goes with happier" in text
    assert text.index("One minute less") < text.index("Diagnostics") < text.index("Cautions")
    assert text.index("Cautions") < text.index("What became of every interview")


def test_a_null_is_said_plainly_in_both_languages(null: ResponseStudy) -> None:
    assert null.fit.association == "none_found"
    assert "are excluded" in printed_text(null, "en").splitlines()[1]
    assert printed_text(null, "zh").startswith("没有发现关联")


def test_no_english_sentence_is_left_in_the_chinese_text(found: ResponseStudy) -> None:
    text = printed_text(found, "zh")
    sentences = re.findall(r"(?:\b[a-z]{2,}\b ){4,}", text)
    assert sentences == []
    for name in TABLES:
        assert CHINESE.search(shown_table(found.fit, "zh", name).title)


def test_cautions_name_complexity_and_resolution(found: ResponseStudy) -> None:
    english = " ".join(cautions(found.fit, "en"))
    assert "no field for complexity" in english
    assert "Resolution may stand between" in english
    assert "复杂" in "".join(cautions(found.fit, "zh"))


def test_every_table_is_drawn_in_both_languages_and_as_markdown(found: ResponseStudy) -> None:
    titles = {table.title for table in response_tables(found, "en")}
    assert {"One minute less", "By channel", "Forms compared", "Diagnostics"} <= titles
    assert printed_text(found, "en", markdown=True).count("### ") == len(response_tables(found, "en")) + 1
    assert "logits per" in printed_text(found, "en", show="models")
    assert printed_text(found, "zh", show="curve")


# JSON ------------------------------------------------------------------------------------------------------


def test_the_document_fits_its_schema_and_has_every_frame(found: ResponseStudy, null: ResponseStudy) -> None:
    for study in (found, null):
        document = json.loads(json.dumps(response_json(study)))
        assert list(faults(document, RESPONSE_SCHEMA)) == []
        for name in FRAMES:
            assert len(document[name]) == len(getattr(study.fit, name))
    assert document["n"] + sum(document["excluded"].values()) == document["read"]
    assert document["findings"][0]["rows"] == [5, 7]


# Files -----------------------------------------------------------------------------------------------------


def test_a_folder_has_tables_drawings_json_and_a_manifest_that_adds_up(
    found: ResponseStudy, tmp_path: Path
) -> None:
    files = {path.name for path in write_response(found, tmp_path / "out")}
    assert {"effects.csv", "models.csv", "curve.svg", "channels.svg", "response.json"} <= files
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
    for entry in manifest["files"]:
        content = (tmp_path / "out" / entry["name"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == entry["sha256"]
    aside = (tmp_path / "out" / "set_aside.csv").read_text(encoding="utf-8-sig").splitlines()
    assert aside == [
        "file,row,column,rule,seconds",
        *(f"survey.csv,{row},首次响应时长(秒),negative_time,-5.0" for row in (5, 7)),
    ]
    with pytest.raises(OutputError):
        write_response(found, tmp_path / "out")


# Drawings --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["zh", "en"])
def test_drawings_are_valid_xml_with_text_and_without_scripts(found: ResponseStudy, language: str) -> None:
    channels = channel_figure(found.fit, language)  # type: ignore[arg-type]
    assert channels is not None
    for document in (curve_figure(found.fit, language), channels):  # type: ignore[arg-type]
        root = ET.fromstring(document)
        assert root.get("role") == "img"
        assert "Noto Sans SC" in (root.get("font-family") or "")
        assert root.find(f"{SVG}title") is not None
        assert root.find(f"{SVG}desc") is not None
        texts = [element.text or "" for element in root.iter(f"{SVG}text")]
        assert any("分钟" in text if language == "zh" else text.endswith(" min") for text in texts)
        assert not re.search(r"<script|href|javascript|<image|onload", document)


def test_names_of_the_user_are_shown_as_they_are(found: ResponseStudy) -> None:
    document = channel_figure(found.fit, "en")
    assert document is not None
    assert HOSTILE not in document
    texts = [element.text or "" for element in ET.fromstring(document).iter(f"{SVG}text")]
    assert any(text.startswith(HOSTILE) for text in texts)


def test_marks_of_the_axis_do_not_touch_and_everything_stands_on_the_paper(found: ResponseStudy) -> None:
    root = ET.fromstring(curve_figure(found.fit, "zh"))
    width, height = float(root.get("width", "0")), float(root.get("height", "0"))
    for element in root.iter(f"{SVG}text"):
        assert 0 <= float(element.get("x", "-1")) <= width
        assert 0 <= float(element.get("y", "-1")) <= height
    marks = sorted(
        float(element.get("x", "0"))
        for element in root.iter(f"{SVG}text")
        if element.get("text-anchor") == "middle" and re.fullmatch(r"[\d.]+ \D{1,3}", element.text or "")
    )
    assert len(marks) >= 4
    assert min(np.diff(marks)) > 30


def test_one_channel_has_no_second_drawing(tmp_path: Path) -> None:
    path = export(tmp_path / "s.csv", n=400)
    text = path.read_text(encoding="utf-8").replace('"<b>""&甲"', "phone")
    path.write_text(text, encoding="utf-8")
    study = study_response_time([path], outcome="item:C1")
    assert channel_figure(study.fit, "en") is None
    assert "channels.svg" not in {one.name for one in write_response(study, tmp_path / "out")}


def test_control_characters_never_reach_a_drawing() -> None:
    svg = Svg(10, 10, "a\x00b", "c\ud800")
    svg.text(1, 1, "x\x1by")
    drawn = "".join(ET.fromstring(svg.document()).itertext())
    assert {"a", "b", "c", "x", "y"} <= set(drawn)
    assert not {"\x00", "\x1b", "\ud800"} & set(drawn)


def test_every_model_has_words_in_both_languages(found: ResponseStudy) -> None:
    assert set(found.fit.effects["model"]) | set(found.fit.models_left_out) <= set(MODELS)
    assert all(CHINESE.search(zh) for zh, _ in MODELS.values() if zh != "有序 logit")
    assert answer(found.fit, "zh")[0].startswith("有关联")
