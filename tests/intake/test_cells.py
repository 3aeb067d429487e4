"""Distinct texts looked at once: every way through `DistinctMap` gives what a plain loop gives."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from satsurvey.intake.cells import DistinctMap, FactorBuilder, to_text

TEXTS = ["", "9", "10", "é", "是", "非常满意", "a\0", "\0", " 7"]


def length(text: str) -> int:
    return len(text) * 7 % 251


def shapes(texts: list[str | None], encoding: str) -> list[pa.Array]:
    """The same cells in every form in which readers hand them over."""
    raw = pa.array([None if text is None else text.encode(encoding) for text in texts], pa.binary())
    text = pa.array(texts, pa.string())
    padded = pa.concat_arrays([pa.array(["x", "yy"]), text, pa.array(["z"])]).slice(2, len(texts))
    return [
        raw,
        text,
        padded,
        raw.dictionary_encode(),
        text.dictionary_encode(),
        text.cast(pa.large_string()),
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
@given(
    texts=st.lists(st.one_of(st.none(), st.sampled_from(TEXTS), st.text("甲é9,\0", max_size=3)), max_size=12)
)
def test_every_form_of_a_column_gives_what_a_loop_gives(encoding: str, texts: list[str | None]):
    expected = [length(text or "") for text in texts]
    for cells in shapes(texts, encoding):
        found = DistinctMap(length, np.uint8, encoding).apply(cells)
        assert found.tolist() == expected
        assert found.dtype == np.uint8


def test_text_after_bytes_is_not_read_in_the_encoding_of_the_bytes():
    # × is C3 97 in UTF-8, and C3 97 is 脳 in GB18030: one file can give both kinds of column.
    seen: list[str] = []
    reader = DistinctMap(lambda text: seen.append(text) or 0, np.uint8, "gb18030")  # type: ignore[func-returns-value]
    reader.apply(pa.array(["脳".encode("gb18030")], pa.binary()))
    reader.apply(pa.array(["×"], pa.string()))
    assert seen[:2] == ["脳", "×"]


def test_each_distinct_text_is_looked_at_once():
    seen: list[str] = []
    reader = DistinctMap(lambda text: seen.append(text) or 1, np.uint8)  # type: ignore[func-returns-value]
    for cells in ([str(k % 10) for k in range(1000)], ["长文本甲", "9", "长文本甲"], ["9"] * 5):
        reader.apply(pa.array(cells))
    assert sorted(set(seen)) == sorted(seen)


def test_a_column_of_nulls_counts_as_empty_cells():
    assert DistinctMap(length, np.int32).apply(pa.nulls(3)).tolist() == [0, 0, 0]
    assert DistinctMap(length, np.int32).apply(pa.array([], pa.string())).tolist() == []


class TestToText:
    @pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "cp1252"])
    def test_bytes_become_the_text_they_are(self, encoding: str):
        texts = ["abc", None, "", "é" if encoding == "cp1252" else "满意"]
        cells = pa.array([None if t is None else t.encode(encoding) for t in texts], pa.binary())
        assert to_text(cells, encoding).to_pylist() == texts
        assert to_text(cells.dictionary_encode(), encoding).to_pylist() == texts
        assert to_text(cells.slice(3), encoding).to_pylist() == texts[3:]

    @pytest.mark.parametrize(("cell", "encoding"), [(b"\xff\xfe", "utf-8"), (b"\xff,", "gb18030")])
    def test_bytes_that_are_no_text_are_not_let_through(self, cell: bytes, encoding: str):
        with pytest.raises(UnicodeDecodeError):
            to_text(pa.array([b"ok", cell], pa.binary()), encoding)

    def test_a_declared_ascii_file_is_held_to_it(self):
        with pytest.raises(UnicodeDecodeError):
            to_text(pa.array(["é".encode()], pa.binary()), "ascii")


class TestFactorBuilder:
    def test_names_are_sorted_and_codes_follow_whatever_the_order_of_stretches(self):
        first = FactorBuilder(str.strip)
        for stretch in (["b", " a ", ""], ["c", "a"]):
            first.add(first.codes(pa.array(stretch), None))
        codes, names = first.finish()
        assert names == ("a", "b", "c")
        assert codes.tolist() == [1, 0, -1, 2, 0]

    def test_names_of_rows_that_were_left_out_are_gone(self):
        builder = FactorBuilder(str)
        codes = builder.codes(pa.array(["x", "y", "z"]), None)
        builder.add(codes[np.array([0, 2])])
        assert builder.finish()[1] == ("x", "z")
        assert list(builder.provisional_names) == ["x", "y", "z"]

    def test_one_name_in_two_encodings_is_one_name(self):
        builder = FactorBuilder(str)
        builder.add(builder.codes(pa.array(["银行".encode("gb18030")], pa.binary()), "gb18030"))
        builder.add(builder.codes(pa.array(["银行"]), None))
        codes, names = builder.finish()
        assert (codes.tolist(), names) == ([0, 0], ("银行",))

    def test_nothing_gives_nothing(self):
        codes, names = FactorBuilder(str).finish()
        assert (codes.size, names) == (0, ())
