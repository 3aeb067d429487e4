import random

import pytest

from satsurvey.text.characters import Characters
from satsurvey.text.trie import Trie


def found(literals, texts):
    characters = Characters.of(texts)
    start, end, literal = Trie(literals).find(characters.codes)
    return sorted(zip(start.tolist(), end.tolist(), (literals[at] for at in literal), strict=True))


def searched(literals, texts):
    starts = Characters.of(texts).starts.tolist()
    return sorted(
        (starts[at] + place, starts[at] + place + len(literal), literal)
        for at, text in enumerate(texts)
        for literal in literals
        for place in range(len(text))
        if text.startswith(literal, place)
    )


@pytest.mark.parametrize("alphabet", ["ab", "好坏慢快ab"])
@pytest.mark.parametrize("size", [1, 4, 400])
def test_a_trie_finds_what_a_search_at_every_place_finds(alphabet, size):
    draw = random.Random(size)
    literals = sorted({"".join(draw.choices(alphabet, k=draw.randint(1, 6))) for _ in range(size)})
    texts = ["".join(draw.choices(alphabet + "z", k=draw.randint(0, 40))) for _ in range(60)]
    assert found(literals, texts) == searched(literals, texts)


def test_nothing_is_found_across_two_texts():
    assert found(["态度好"], ["态度", "好", "态", "度好"]) == []


def test_a_trie_of_nothing_finds_nothing():
    assert found([], ["态度好"]) == []
    assert found(["好"], []) == []


def test_nodes_with_more_followers_than_there_is_room_for_stand_behind_all():
    # Ten nodes, each with 1000 followers scattered over 5000 characters: no draw finds so many free places.
    draw = random.Random(1)
    characters = [chr(0xAC00 + n) for n in range(5000)]  # Hangul is not folded
    literals = [first + last for first in "abcdefghij" for last in draw.sample(characters, 1000)]
    texts = [first + last for first in "abcdefghij" for last in characters]
    expected = set(literals)
    assert {literal for _, _, literal in found(literals, texts)} == expected
    assert len(found(literals, texts)) == len(expected)
