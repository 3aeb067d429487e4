"""Files of learned numbers: arrays and what is said of them, written alike each time, read with suspicion."""

from __future__ import annotations

import json
import math
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from satsurvey.errors import ModelError, OutputError

_ABOUT = "about"
_MOST_ABOUT = 1 << 20
_HEADING_BYTES = 1 << 9
_HEADING = re.compile(
    rb"\x93NUMPY\x01\x00..\{'descr': '(?P<dtype>[^']{3})', 'fortran_order': False, "
    rb"'shape': \((?P<shape>[0-9]{1,15},(?: [0-9]{1,15}(?:, [0-9]{1,15})?)?)\), \} *\n",
    re.DOTALL,
)
"""How numpy begins an array of one to three dimensions."""
_DAMAGE = (
    OSError,
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    KeyError,
    IndexError,
    TypeError,
    ValueError,  # also of JSON and UTF-8
    RuntimeError,  # encrypted members
    NotImplementedError,  # other compressions
    RecursionError,  # nested JSON
    OverflowError,
)


def write_arrays(
    path: str | Path,
    about: Mapping[str, Any],
    arrays: Mapping[str, NDArray[Any]],
    *,
    compressed: bool = False,
) -> None:
    """Write arrays of one or two dimensions; the same arrays give the same bytes.

    Parameters
    ----------
    path
        The file, which is replaced.
    about
        What is said of the arrays; what JSON can hold.
    arrays
        By name.
    compressed
        Whether the arrays are worth packing.

    Raises
    ------
    OutputError
        When the file cannot be written.
    """
    text = json.dumps(dict(about), ensure_ascii=False, sort_keys=True).encode()
    members = {_ABOUT: np.frombuffer(text, dtype=np.uint8)}
    members |= {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    write = np.savez_compressed if compressed else np.savez
    try:
        with Path(path).open("wb") as file:
            write(file, allow_pickle=False, **members)
    except OSError as exc:
        raise OutputError("The model cannot be written.", file=path, value=exc.strerror) from exc


class ArrayReader:
    """The members of a file that is being read."""

    def __init__(self, file: zipfile.ZipFile) -> None:
        self._file = file

    def about(self) -> Any:
        """Return what is said of the arrays."""
        return json.loads(self.array(_ABOUT, "|u1", _MOST_ABOUT).tobytes())

    def array(self, name: str, dtype: str, most_bytes: int) -> NDArray[Any]:
        """Read one array of a file whose every length may be a lie.

        The heading is matched, not handed to numpy, which evaluates it and takes the memory that it asks for.

        Raises
        ------
        ValueError
            When it is larger than `most_bytes`, of another type, or no array.
        """
        entry = self._file.getinfo(f"{name}.npy")
        if entry.file_size > most_bytes + _HEADING_BYTES:
            raise ValueError(f"{name} has {entry.file_size} bytes")
        content = self._file.read(entry)
        heading = _HEADING.match(content)
        if heading is None:
            raise ValueError(f"{name} has no heading of a plain array")
        kind = np.dtype(dtype)
        shape = tuple(int(size) for size in heading["shape"].split(b",") if size.strip())
        body = content[heading.end() :]
        if heading["dtype"].decode() != kind.str or math.prod(shape) * kind.itemsize != len(body):
            raise ValueError(f"{name} is {heading['dtype'].decode()} of shape {shape} in {len(body)} bytes")
        return np.frombuffer(body, dtype=kind).reshape(shape)


@contextmanager
def reading_arrays(path: str | Path, what: str, next_step: str) -> Iterator[ArrayReader]:
    """Open a file of arrays; nothing in it is executed, and its size is limited before it is read.

    Parameters
    ----------
    path
        The file.
    what
        What it should be, as the error calls it.
    next_step
        What the user can do about a file that is not.

    Raises
    ------
    ModelError
        When there is no such file, or it turns out while being read to be damaged or something else.
    """
    try:
        with zipfile.ZipFile(path) as file:
            yield ArrayReader(file)
    except FileNotFoundError:
        raise ModelError("There is no such model.", file=path) from None
    except ModelError as exc:
        if exc.file is not None:
            raise
        raise _unreadable(path, what, exc.what, next_step) from exc
    except _DAMAGE as exc:
        raise _unreadable(path, what, exc, next_step) from exc


def _unreadable(path: str | Path, what: str, why: object, next_step: str) -> ModelError:
    return ModelError(
        f"The file cannot be read as {what}.",
        file=path,
        value=why,
        expected="a model written by satsurvey",
        next_step=next_step,
    )
