"""Comments brought together: tables add up, nothing personal is left, order and batches change nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from keyword_engine import KeywordEngine
from scipy.special import stdtrit

from satsurvey.errors import MethodError
from satsurvey.intake.reading import read_responses
from satsurvey.text import comments as module
from satsurvey.text import keywords as keywords_module
from satsurvey.text.comments import CommentScores, read_comments
from satsurvey.text.confusion import ConfusionTable
from satsurvey.text.readings import LABELS
from satsurvey.text.table_comments import comments_of_files

ROOT = Path(__file__).resolve().parents[2]
TEXTS = [
    *(
        "态度很好，办得快",
        "等太久，贵",
        "没有",
        "",
        None,
        "我叫王小明，电话13800138000，等太久了",
        "一般",
        "又好又慢",
    ),
]


def table(folder: Path, seed: int = 1, n: int = 300) -> Path:
    rng = np.random.default_rng(seed)
    said = ["好", "耐心，好", "慢", "等太久", "贵", "没有", "", "好是好就是慢", "打电话了"]
    lines = ["企业,行业,评论"]
    for _ in range(n):
        company = int(rng.integers(8))
        lines.append(f"{'甲乙丙丁戊己庚辛'[company]},{'银行' if company < 5 else '保险'},{rng.choice(said)}")
    path = folder / "t.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def scores(tmp_path_factory: pytest.TempPathFactory) -> CommentScores:
    return read_comments(comments_of_files([table(tmp_path_factory.mktemp("t"))]), engine=KeywordEngine())


def test_every_comment_has_a_row_with_what_was_read() -> None:
    found = read_comments(TEXTS, engine=KeywordEngine())
    frame = found.frame
    assert frame["label"].tolist() == [
        *("positive", "negative", "none", "none", "none", "negative", "neutral", "mixed")
    ]
    assert frame["missing"].tolist() == [False, False, False, True, True, False, False, False]
    assert frame["aspects"].tolist()[:2] == ["solution+", "access-;price-"]
    assert frame["text"].tolist()[5] == "我叫[姓名]，电话[手机号]，等太久了"
    assert frame["row"].tolist() == list(range(1, 9))
    assert found.masked == {"mobile": 1, "name": 1}
    assert "personal data masked in the comments: mobile numbers 1, names that people give as theirs 1" in (
        found.notes
    )


def test_blank_cells_and_empty_answers_are_counted_apart_and_in_no_share() -> None:
    row = read_comments(TEXTS, engine=KeywordEngine()).overall.iloc[0]
    assert (row["n_missing"], row["n_none"], row["n"]) == (2, 1, 5)
    assert row["negative"] == 0.4
    assert sum(row[label] for label in LABELS[:4]) == pytest.approx(1)


def test_records_and_frames_say_the_same() -> None:
    found = read_comments(TEXTS, engine=KeywordEngine())
    records = [row for rows in found.records(3) for row in rows]
    assert len(records) == len(TEXTS)
    assert records[1]["aspects"] == [
        {"aspect": "access", "label": "negative", "words": ["等太久"]},
        {"aspect": "price", "label": "negative", "words": ["贵"]},
    ]
    assert records[7]["words"] == ["好"]
    assert records[3]["text"] == ""
    assert (records[3]["missing"], records[3]["label"], records[3]["polarity"]) == (True, "none", None)
    frames = list(found.frames(3))
    assert [len(frame) for frame in frames] == [3, 3, 2]
    assert frames[2]["words"].tolist() == ["", "好、慢"]
    assert [row["label"] for row in records] == found.frame["label"].tolist()


def test_the_tables_add_up(scores: CommentScores) -> None:
    total = scores.overall.iloc[0]
    for frame in (scores.questions, scores.industries, scores.companies):
        for name in ("n", "n_none", "n_missing"):
            assert frame[name].sum() == total[name]
    assert total["n"] + total["n_none"] + total["n_missing"] == len(scores) == 300
    weighted = (scores.companies["negative"] * scores.companies["n"]).sum() / total["n"]
    assert weighted == pytest.approx(total["negative"])
    assert scores.companies["company"].nunique() == 8
    assert set(scores.industries["interval"]) == {"wilson_clustered"}
    assert set(scores.companies["interval"]) == {"wilson"}
    aspects = scores.aspects
    for name in ("industry", "company"):
        part = aspects[aspects["level"] == name].groupby("aspect")["n_named"].sum()
        whole = aspects[aspects["level"] == "overall"].set_index("aspect")["n_named"]
        assert part.to_dict() == whole.to_dict()


def test_one_name_in_two_industries_is_two_companies(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("企业,行业,评论\n平安,银行,好\n平安,保险,慢\n,保险,好\n", encoding="utf-8")
    found = read_comments(comments_of_files([path]), engine=KeywordEngine())
    assert found.companies[["industry", "company", "n"]].to_numpy().tolist() == [
        ["保险", "平安", 1],
        ["银行", "平安", 1],
    ]


def test_no_batch_size_and_no_order_changes_anything(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    comments = comments_of_files([table(tmp_path)])
    whole = read_comments(comments, engine=KeywordEngine())
    for size in (1, 7, 64):
        monkeypatch.setattr(module, "BATCH", size)
        part = read_comments(comments, engine=KeywordEngine())
        assert part.frame.equals(whole.frame)
        assert part.companies.equals(whole.companies)
        assert part.aspects.equals(whole.aspects)


def test_shares_are_corrected_by_the_error_that_is_given() -> None:
    counts = np.diag([40, 40, 40, 40, 40])
    counts[0, 2] = 10
    table = ConfusionTable(counts.astype(np.int64), "own labels")
    texts = ["慢"] * 30 + ["好"] * 60
    found = read_comments(texts, engine=KeywordEngine(), error=table)
    row = found.overall.iloc[0]
    # A fifth of the negative comments is read as positive: 30 were found of 37.5.
    assert row["negative_corrected"] == pytest.approx(37.5 / 90)
    assert row["negative_corrected_low"] < 37.5 / 90 < row["negative_corrected_high"]
    assert found.method["error"] == table.to_dict()
    plain = read_comments(texts, engine=KeywordEngine())
    assert "negative_corrected" not in plain.overall
    assert "shares are not corrected: no measured error of the engine keywords 1 is known" in plain.notes


def test_an_error_that_cannot_correct_says_why() -> None:
    table = ConfusionTable(np.diag([5, 0, 5, 0, 0]))
    found = read_comments(["好"], engine=KeywordEngine(), error=table)
    assert "shares are not corrected: fewer than two labels have 10 labelled comments" in found.notes
    assert found.error is None


def test_conflicts_and_typical_comments_stand_with_their_rows(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    good = "\n".join(f"甲,{9 - k % 2},态度好，耐心" for k in range(6))
    bad = "\n".join(f"乙,{2 + k % 2},等太久了吧" for k in range(6))
    path.write_text(f"企业,A1,V1\n{good}\n{bad}\n乙,1,办得快\n甲,10,就是慢\n", encoding="utf-8")
    found = read_comments(read_responses([path]), engine=KeywordEngine())
    assert found.conflicts[["kind", "row", "score", "label"]].to_numpy().tolist() == [
        ["high_score_negative_comment", 15, 100.0, "negative"],
        ["low_score_positive_comment", 14, 10.0, "positive"],
    ] or found.conflicts["row"].tolist() == [14, 15]
    assert found.typical["aspect"].tolist()[0] == "access"
    assert set(found.typical) >= {"aspect", "label", "polarity", "row", "company", "text"}


def test_words_tell_the_sides_apart_by_label_or_by_score(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    lines = [f"甲,{9 if k % 2 else 2},{'客服耐心，好' if k % 2 else '电话等太久'}" for k in range(60)]
    path.write_text("企业,A1,V1\n" + "\n".join(lines) + "\n", encoding="utf-8")
    responses = read_responses([path])
    for sides in ("label", "score"):
        found = read_comments(responses, engine=KeywordEngine(), sides=sides).keywords  # type: ignore[arg-type]
        assert "耐心" in set(found[found["side"] == "satisfied"]["term"])
        assert "耐心" not in set(found[found["side"] == "dissatisfied"]["term"])


def test_sides_and_level_are_checked_and_what_was_used_is_recorded(tmp_path: Path) -> None:
    with pytest.raises(MethodError, match="sides are told by label or by score"):
        read_comments(["好"], engine=KeywordEngine(), sides="scores")  # type: ignore[arg-type]
    for level in (95, 0, 1, -0.5, True, float("nan")):
        with pytest.raises(MethodError, match="a confidence level lies between 0 and 1"):
            read_comments(["好"], engine=KeywordEngine(), level=level)
    without = read_comments(["好", "慢"], engine=KeywordEngine(), sides="score")
    assert without.method["sides"] == "label"
    note = "scores do not tell satisfied from dissatisfied respondents, so the word lists go by the label"
    assert note in without.notes
    path = tmp_path / "s.csv"
    rows = [f"甲,{10 if k % 5 else 3},{'慢' if k % 4 else '好'}" for k in range(40)]
    path.write_text("企业,A1,V1\n" + "\n".join(rows) + "\n", encoding="utf-8")
    ceiling = read_comments(read_responses([path]), engine=KeywordEngine(), sides="score")
    assert ceiling.method["sides"] == "label"
    assert ceiling.conflicts.empty
    assert (
        "no conflicts are listed: the upper and the lower third of respondents end at the same score"
        in ceiling.notes
    )


def test_companies_that_are_all_there_are_make_no_error_by_being_drawn(tmp_path: Path) -> None:
    lines = ["企业,行业,A1,V1"]
    for company in range(6):
        lines += [f"企{company},银行,9,{'慢' if k < 3 * company else '好'}" for k in range(20)]
    path = tmp_path / "s.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    study = tmp_path / "st.toml"
    widths = {}
    for kind in ("sample", "census"):
        study.write_text(f'schema = "satsurvey.study/1"\n[scoring]\ncompanies = "{kind}"\n', encoding="utf-8")
        found = read_comments(read_responses([path], study=study), engine=KeywordEngine())
        assert found.method["companies"] == kind
        for row in (found.industries.iloc[0], found.overall.iloc[0], found.questions.iloc[0]):
            assert row["interval"] == {"sample": "wilson_clustered", "census": "wilson_stratified"}[kind]
            widths.setdefault(kind, set()).add(round(row["negative_high"] - row["negative_low"], 9))
        assert set(found.companies["interval"]) == {"wilson"}
        assert (found.aspects["n"] > 0).all()
    (sample,), (census,) = widths["sample"], widths["census"]
    # Shares inside companies are 0, .15 … .75: the variance inside them, Wilson with t and 114 df.
    p = np.arange(6) * 0.15
    variance = (p * (1 - p) / 19).sum() / 36
    n = p.mean() * (1 - p.mean()) / variance
    t = float(stdtrit(114, 0.975))
    ends = np.roots([1 + t**2 / n, -(2 * p.mean() + t**2 / n), p.mean() ** 2])
    assert census == pytest.approx(abs(ends[0] - ends[1]), abs=1e-8)
    assert sample > 2 * census


def test_of_many_comments_only_a_sample_becomes_python_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [f"客服耐心，好{k % 3}" for k in range(90)] + [f"电话等太久{k % 3}" for k in range(70)]
    found = read_comments(texts, engine=KeywordEngine(), seed=7)
    whole = found.keywords
    asked: list[int] = []
    monkeypatch.setattr(keywords_module, "MOST_COMMENTS", 50)
    taken = CommentScores._texts_at
    monkeypatch.setattr(
        CommentScores, "_texts_at", lambda self, places: asked.append(len(places)) or taken(self, places)
    )
    again = read_comments(texts, engine=KeywordEngine(), seed=7)
    part = again.keywords
    assert asked == [50, 50]
    assert part[["n_satisfied", "n_dissatisfied"]].max().max() <= 50
    # The sample is the one that drawing from the texts themselves gives.
    good = [text for text, label in zip(texts, again.frame["label"], strict=True) if label == "positive"]
    bad = [text for text, label in zip(texts, again.frame["label"], strict=True) if label == "negative"]
    assert part.equals(keywords_module.keywords(good, bad, seed=7))
    assert not part.equals(whole)


def test_no_comment_at_all_gives_empty_tables() -> None:
    for texts in ([], [""], ["没有"]):
        found = read_comments(texts, engine=KeywordEngine())
        assert found.overall["n"].tolist() == [0]
        assert np.isnan(found.overall["negative"].iloc[0])
        assert found.aspects.empty
        assert found.typical.empty
        assert found.conflicts.empty
        assert found.keywords.empty
        assert len(found.frame) == len(texts)


@pytest.mark.parametrize(
    "text",
    [
        "\u202e差\u202c",
        "😀慢",
        "慢" * 100_000,
        "<script>慢</script>",
        "=慢",
        "\x00慢",
        "\ud800慢",
        "\t慢\r\n",
    ],
)
def test_hostile_texts_are_read_like_any_other(text: str) -> None:
    found = read_comments([text], engine=KeywordEngine())
    assert found.frame["label"].tolist() == ["negative"]
    assert next(found.records())[0]["label"] == "negative"


def test_an_engine_that_there_is_not_is_refused() -> None:
    with pytest.raises(MethodError, match="there is no such engine"):
        read_comments(["好"], engine="magic")
    with pytest.raises(MethodError, match="this is no number of processes"):
        read_comments(["好"], processes=0)


def test_importing_the_room_loads_nothing_heavy() -> None:
    code = "import sys, satsurvey.text; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert not {"numpy", "pandas", "pyarrow", "jieba", "rjieba", "snownlp", "pydantic"} & set(
        done.stdout.split()
    )
    code = "import sys; from satsurvey.text import read_comments; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert not {"jieba", "rjieba", "snownlp", "onnxruntime", "scipy.stats"} & set(done.stdout.split())


def test_every_public_name_exists_and_explains_itself() -> None:
    import inspect

    import satsurvey.text as text

    assert set(dir(text)) == set(text.__all__)
    for name in text.__all__:
        value = getattr(text, name)
        if callable(value):
            assert len(inspect.getdoc(value) or "") > 40, name
    with pytest.raises(AttributeError, match=r"module 'satsurvey\.text' has no attribute 'nothing'"):
        _ = text.nothing
