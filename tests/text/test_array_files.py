import re

import numpy as np
import pytest

from satsurvey.errors import ModelError, OutputError
from satsurvey.text.array_files import reading_arrays, write_arrays

ARRAYS = {"a": np.arange(6.0).reshape(2, 3), "b": np.array([1, 2], dtype=np.int16)}


@pytest.mark.parametrize("compressed", [False, True])
def test_arrays_are_read_as_they_were_written_and_written_alike_every_time(tmp_path, compressed):
    for name in ("one", "two"):
        write_arrays(tmp_path / name, {"来源": "试验"}, ARRAYS, compressed=compressed)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    with reading_arrays(tmp_path / "one", "a test", "write it again") as file:
        assert file.about() == {"来源": "试验"}
        np.testing.assert_array_equal(file.array("a", "<f8", 48), ARRAYS["a"])
        np.testing.assert_array_equal(file.array("b", "<i2", 4), ARRAYS["b"])


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (("a", "<f4", 1000), "a is <f8 of shape (2, 3)"),
        (("b", "<f8", 1000), "b is <i2 of shape (2,)"),
        (("c", "<f8", 1000), "c.npy"),
    ],
)
def test_an_array_that_is_not_as_expected_is_told_with_the_file_and_the_next_step(tmp_path, asked, words):
    write_arrays(tmp_path / "one", {}, ARRAYS)
    with (
        pytest.raises(ModelError, match=re.escape(words)) as caught,
        reading_arrays(tmp_path / "one", "a test", "write it again") as file,
    ):
        file.array(*asked)
    assert caught.value.what == "The file cannot be read as a test."
    assert (caught.value.file, caught.value.next_step) == (str(tmp_path / "one"), "write it again")


def test_a_large_array_is_refused_before_it_is_read(tmp_path):
    write_arrays(tmp_path / "one", {}, {"a": np.zeros(1_000_000)}, compressed=True)
    assert (tmp_path / "one").stat().st_size < 20_000
    with (
        pytest.raises(ModelError, match="a has 8000128 bytes"),
        reading_arrays(tmp_path / "one", "a test", "write it again") as file,
    ):
        file.array("a", "<f8", 1000)


def test_a_place_that_cannot_be_written_to_is_named(tmp_path):
    with pytest.raises(OutputError, match="cannot be written"):
        write_arrays(tmp_path / "no folder" / "one", {}, ARRAYS)
