"""Delimited files packed with gzip (`survey.csv.gz`): their bytes as those of any other file."""

from __future__ import annotations

import gzip
import zlib
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from satsurvey.errors import ReadError

GZIP = ".gz"
LARGEST = 4 * 1024**3
"""A packed file is unpacked in memory, and only up to this many bytes."""
_BLOCK = 1 << 24


def is_packed(path: Path) -> bool:
    """Whether the name of a file says that it is packed."""
    return path.suffix.lower() == GZIP


def inner_suffix(path: Path) -> str:
    """Return the ending that says what a file holds: that before `.gz`, in small letters."""
    return (Path(path.stem) if is_packed(path) else path).suffix.lower()


def open_bytes(path: Path) -> BinaryIO:
    """Open a file for reading, unpacked where its name says that it is packed.

    Raises
    ------
    OSError
        As `open` does.
    ReadError
        When a packed file is none, is cut off, or is larger than 4 GiB unpacked.
    """
    if not is_packed(path):
        return path.open("rb")
    content = BytesIO()
    try:
        with gzip.open(path, "rb") as stream:
            while block := stream.read(_BLOCK):
                if content.tell() + len(block) > LARGEST:
                    raise ReadError(
                        "the file is larger than 4 GiB when unpacked", file=path, next_step="unpack it first"
                    )
                content.write(block)
    except (gzip.BadGzipFile, EOFError, zlib.error) as exc:
        raise ReadError(
            "the file is no gzip archive, or is cut off",
            file=path,
            expected="a CSV or TSV file packed with gzip",
            next_step="pack or copy it again, or give the unpacked file",
        ) from exc
    content.seek(0)
    return content
