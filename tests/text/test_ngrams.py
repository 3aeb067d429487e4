from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from satsurvey.text.characters import Characters
from satsurvey.text.ngrams import BITS, BUCKETS, condensed, ngrams_of, summed

MARKS = set(",.?")
NEGATIONS = set("不没无未莫勿冇甭")
WORDS = st.text(alphabet="好差不没,.!?。 服务态度aA19😀\u200b", max_size=40)


def bucket_of(gram: str, kind: int) -> int:
    """Restate the hash in whole numbers: a key of 16 bits a character, mixed, its topmost bits."""
    key = sum(ord(character) << (16 * place) for place, character in enumerate(gram))
    key ^= 0x9E3779B97F4A7C15 * (kind + len(gram)) % 2**64
    key ^= key >> 32
    return (key * 0xD6E8FEB86659FD93 % 2**64) >> (64 - BITS)


def grams_of(text: str) -> list[tuple[str, int]]:
    """Restate what is counted of a condensed text, character by character."""
    found = []
    for start in range(len(text)):
        negated = False
        for back in range(1, 5):
            if text[start] in MARKS or start - back < 0 or text[start - back] in MARKS:
                break
            negated |= text[start - back] in NEGATIONS
        negated &= text[start] not in NEGATIONS
        for length in range(1, 5):
            gram = text[start : start + length]
            if len(gram) < length:
                break
            found.append((gram, 0))
            behind = text[start + length : start + length + 1]
            if length <= 3 and not MARKS & set(gram) and (not behind or behind in MARKS):
                found.append((gram, 8))
            if negated:
                found.append((gram, 16))
    return found


def condensed_texts(texts: list[str]) -> list[str]:
    codes, text = condensed(Characters.of(texts))
    parts = np.split(codes, np.cumsum(np.bincount(text, minlength=len(texts))))
    return ["".join(map(chr, part[:-1].tolist())) for part in parts[: len(texts)]]


def test_digits_marks_and_repetitions_are_condensed() -> None:
    texts = ["等了40分钟!!!", "好好好好好", "12345", "，。！？", "a  b", "11.22"]
    assert condensed_texts(texts) == ["等了0分钟.", "好好", "0", ",", "a,b", "0.0"]


def test_a_repetition_does_not_reach_over_the_end_of_a_text() -> None:
    assert condensed_texts(["好好", "好好", "1", "1", ".", "."]) == ["好好", "好好", "0", "0", ".", "."]


@given(st.lists(WORDS, max_size=6))
def test_ngrams_are_those_of_a_restatement(texts: list[str]) -> None:
    ngrams = ngrams_of(Characters.of(texts))
    for row, text in enumerate(condensed_texts(texts)):
        grams = grams_of(text)
        expected = sorted(bucket_of(gram, kind) for gram, kind in grams)
        assert sorted(ngrams.bucket[ngrams.text == row].tolist()) == expected
        assert ngrams.count[row] == sum(kind == 0 for _, kind in grams)
    assert (np.diff(ngrams.text) >= 0).all()


def test_sums_over_ngrams_are_those_of_a_restatement() -> None:
    texts = ["没让我失望", "", "态度好，就是太慢。", "不", "服务" * 40_000 + "不好"]
    table = np.random.default_rng(5).normal(size=(BUCKETS + 1, 1)).astype(np.float32)
    table[-1] = 0
    sums, count = summed(Characters.of(texts), None, table)
    for row, text in enumerate(condensed_texts(texts)):
        grams = grams_of(text)
        expected = sum(float(table[bucket_of(gram, kind), 0]) for gram, kind in grams)
        assert sums[row, 0] == pytest.approx(expected, rel=1e-9, abs=1e-9)
        assert count[row] == sum(kind == 0 for _, kind in grams)


def test_several_outputs_are_summed_as_each_alone() -> None:
    texts = ["没让我失望", "", "态度好，就是太慢。", "服务好"] * 2_000
    characters = Characters.of(texts)
    rng = np.random.default_rng(5)
    held = np.sort(rng.choice(BUCKETS, 100_000, replace=False))
    values = rng.normal(size=(held.size + 1, 3)).astype(np.float32)
    values[-1] = 0
    rows = np.full(BUCKETS + 1, held.size, dtype=np.int32)
    rows[held] = np.arange(held.size)
    together, _ = summed(characters, rows, values)
    for output in range(3):
        table = np.zeros((BUCKETS + 1, 1), dtype=np.float32)
        table[held, 0] = values[:-1, output]
        alone, _ = summed(characters, None, table)
        np.testing.assert_array_equal(together[:, output], alone[:, 0])


@pytest.mark.parametrize(
    "texts",
    [
        [chr(0x4E00 + one) + chr(0x4E00 + two) for one in range(700) for two in range(0, 700, 7)],
        ["".join(four) for four in product("客服态度好差快慢等很太的了人话", repeat=4)],
    ],
)
def test_hashing_spreads_ngrams_that_differ_in_few_bits(texts: list[str]) -> None:
    used = np.unique(ngrams_of(Characters.of(texts)).bucket)
    n = len({found for text in condensed_texts(texts) for found in grams_of(text)})
    assert n > 50_000
    # No more collisions than hashing at random has, and no part of the table preferred.
    assert used.size > 0.99 * BUCKETS * -np.expm1(n * np.log1p(-1 / BUCKETS))
    load = np.bincount(used >> (BITS - 8), minlength=256)
    assert (
        (load - load.mean()) ** 2 / load.mean()
    ).sum() < 330  # .999 of chi-squared, 255 degrees of freedom


def test_no_text_at_all_has_no_ngrams() -> None:
    ngrams = ngrams_of(Characters.of([]))
    assert ngrams.text.size == ngrams.bucket.size == ngrams.count.size == 0
