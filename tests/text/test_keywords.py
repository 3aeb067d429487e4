"""Words that tell two groups apart: the formula restated, and groups that differ by construction."""

from __future__ import annotations

import importlib
import importlib.metadata
import sys
import types

import numpy as np
import pytest

from satsurvey.text import keywords as module
from satsurvey.text.keywords import (
    MOST_COMMENTS,
    cutter_version,
    keywords,
    log_odds,
    sampled,
    stop_words,
    terms_of,
    word_cutter,
)

GOOD = ["客服态度很好，特别耐心"] * 12 + ["问题解决得很快"] * 8 + ["客服说话客气"] * 5
BAD = ["电话一直打不通"] * 12 + ["客服推来推去"] * 9 + ["等了四十分钟"] * 6


def test_the_log_odds_are_those_of_monroe_colaresi_and_quinn() -> None:
    first, second = np.array([30.0, 5.0, 12.0]), np.array([10.0, 25.0, 12.0])
    delta, z = log_odds(first, second, prior=50.0)
    for k in range(3):
        alpha = 50.0 * (first[k] + second[k]) / (first.sum() + second.sum())
        odds = [(y[k] + alpha) / (y.sum() + 50.0 - y[k] - alpha) for y in (first, second)]
        expected = np.log(odds[0]) - np.log(odds[1])
        variance = 1 / (first[k] + alpha) + 1 / (second[k] + alpha)
        assert delta[k] == pytest.approx(expected)
        assert z[k] == pytest.approx(expected / np.sqrt(variance))


def test_the_same_words_on_both_sides_tell_nothing() -> None:
    _, z = log_odds(np.array([7.0, 9.0]), np.array([14.0, 18.0]))
    assert z == pytest.approx([0.0, 0.0], abs=1e-12)
    assert keywords(GOOD, GOOD).empty


def test_what_only_one_side_says_is_found_there() -> None:
    found = keywords(GOOD, BAD, least_z=0.5)
    sides = {side: set(part["term"]) for side, part in found.groupby("side")}
    assert "耐心" in sides["satisfied"]
    assert any("打不通" in term for term in sides["dissatisfied"])
    assert not sides["satisfied"] & sides["dissatisfied"]
    row = found[found["term"] == "耐心"].iloc[0]
    assert (row["n_satisfied"], row["n_dissatisfied"]) == (12, 0)
    assert (found["z"] >= 0.5).all()
    for _, part in found.groupby(["side", "kind"], sort=False):
        assert part["z"].is_monotonic_decreasing


def test_stop_words_are_never_listed_alone_and_phrases_stay_inside_a_clause() -> None:
    words, phrases = terms_of("客服很好，我们等了很久", word_cutter())
    assert not words & stop_words()
    assert not any("好等" in phrase or "，" in phrase for phrase in phrases)
    assert all(len(phrase) >= 2 for phrase in phrases)


def test_jieba_serves_where_rjieba_is_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rjieba", None)
    slow = word_cutter()
    assert list(slow("客服态度很好")) == ["客服", "态度", "很", "好"]
    assert "jieba" in sys.modules


def test_rjieba_cuts_the_same_words() -> None:
    pytest.importorskip("rjieba", reason="rjieba is an optional extra")
    fast = list(word_cutter()("客服态度很好，问题解决得很快"))
    jieba = importlib.import_module("jieba")
    assert fast == list(jieba.cut("客服态度很好，问题解决得很快"))


def test_a_large_side_is_sampled_by_its_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_COMMENTS", 10)
    first = keywords(GOOD, BAD, least_z=0.1, seed=1)
    assert first.equals(keywords(GOOD, BAD, least_z=0.1, seed=1))
    assert first[["n_satisfied", "n_dissatisfied"]].max().max() <= 10


def test_a_sample_is_drawn_by_place_and_in_order() -> None:
    rng = np.random.default_rng(1)
    assert list(sampled(7, rng)) == list(range(7))
    places = sampled(MOST_COMMENTS + 1_000, rng)
    assert len(places) == MOST_COMMENTS == len(set(places))
    assert list(places) == sorted(places)


def test_results_name_the_library_that_cut_the_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rjieba", None)
    assert cutter_version() == {"jieba": importlib.metadata.version("jieba")}
    fast = types.ModuleType("rjieba")
    fast.cut = list  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "rjieba", fast)
    monkeypatch.setattr(module, "version", lambda name: f"of {name}")
    assert cutter_version() == {"rjieba": "of rjieba"}
    assert list(word_cutter()("好")) == ["好"]


def test_nothing_to_compare_gives_an_empty_frame() -> None:
    assert keywords([], []).empty
    assert keywords(["。。", "123"], ["a", ""]).empty
