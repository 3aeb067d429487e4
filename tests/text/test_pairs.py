import numpy as np

from satsurvey.text.characters import Characters
from satsurvey.text.pairs import PAIR_BUCKETS, pair_buckets, pair_sums


def test_sums_are_those_of_a_plain_loop_over_places():
    texts = ["态度好", "", "好好好", "12分钟", "慢"]
    characters = Characters.of(texts)
    draw = np.random.default_rng(1)
    rows = np.full(PAIR_BUCKETS, -1, dtype=np.int32)
    known = np.unique(pair_buckets(Characters.of(["态度好慢"])))
    rows[known] = np.arange(known.size)
    weights = draw.integers(-500, 500, (known.size, 3)).astype(np.int32)
    sums = pair_sums(characters, rows, weights)
    buckets = pair_buckets(characters)
    for at, text in enumerate(texts):
        expected = np.zeros(3)
        for place in range(characters.starts[at], characters.starts[at + 1]):
            for plane in buckets:
                if rows[plane[place]] >= 0:
                    expected += weights[rows[plane[place]]]
        np.testing.assert_array_equal(sums[:, at], expected / np.sqrt(max(len(text), 1)))


def test_all_digits_are_one_and_a_start_differs_from_a_middle():
    one, other = (pair_buckets(Characters.of([text])) for text in ("等17分", "等80分"))
    np.testing.assert_array_equal(one, other)
    start, middle = (pair_buckets(Characters.of([text]))[1] for text in ("好", "很好"))
    assert start[0] != middle[1]


def test_no_text_has_no_sums():
    rows, weights = np.full(PAIR_BUCKETS, -1, dtype=np.int32), np.zeros((0, 2), dtype=np.int32)
    assert pair_sums(Characters.of([]), rows, weights).shape == (2, 0)
