"""Exports packed with gzip: read as the same file unpacked, and refused in words where they are none."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from satsurvey.errors import EncodingError, ReadError
from satsurvey.intake.reading import open_raw, read_responses

TEXT = "企业名称,A1,A2\n" + "".join(f'"甲, 乙",{k % 10 + 1},9\n' for k in range(30))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_packed_file_gives_the_same_responses_as_the_file_unpacked(tmp_path: Path, encoding: str) -> None:
    plain, packed = tmp_path / "s.csv", tmp_path / "s.csv.gz"
    plain.write_bytes(TEXT.encode(encoding))
    packed.write_bytes(gzip.compress(TEXT.encode(encoding), mtime=0))
    one, other = read_responses([plain]), read_responses([packed])
    assert np.array_equal(one.answers, other.answers)
    assert one.company.names == other.company.names == ("甲, 乙",)
    assert one.row.tolist() == other.row.tolist()
    assert other.files[0].path == packed
    assert other.files[0].encoding == one.files[0].encoding


def test_a_packed_tsv_is_cut_at_tabs(tmp_path: Path) -> None:
    packed = tmp_path / "s.tsv.GZ"
    packed.write_bytes(gzip.compress(b"company\tA1,\n1\t2\n", mtime=0))
    assert [column.heading for column in open_raw(packed).columns] == ["company", "A1,"]


@pytest.mark.parametrize("content", [b"company,A1\nx,1\n", gzip.compress(TEXT.encode(), mtime=0)[:40], b""])
def test_a_file_that_is_no_gzip_archive_or_cut_off_is_refused(tmp_path: Path, content: bytes) -> None:
    packed = tmp_path / "s.csv.gz"
    packed.write_bytes(content)
    with pytest.raises(ReadError):
        read_responses([packed])


def test_packed_workbooks_are_refused_with_what_to_do(tmp_path: Path) -> None:
    packed = tmp_path / "s.xlsx.gz"
    packed.write_bytes(gzip.compress(b"PK", mtime=0))
    with pytest.raises(ReadError, match="only CSV and TSV") as caught:
        open_raw(packed)
    assert caught.value.next_step == "unpack it first"


def test_a_byte_that_is_no_text_is_named_in_a_packed_file_too(tmp_path: Path) -> None:
    packed = tmp_path / "s.csv.gz"
    packed.write_bytes(gzip.compress("company,A1\n甲,1\n".encode() + b"\xff\xff,2\n", mtime=0))
    with pytest.raises(EncodingError, match="line 3") as caught:
        read_responses([packed])
    assert caught.value.file == str(packed)
