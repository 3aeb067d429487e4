"""Where instruments come from: names to shipped files, paths to the user's own files."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from satsurvey.errors import Defect, InstrumentError
from satsurvey.instrument.model import Instrument, instrument_defects

_PACKAGE = Path(__file__).resolve().parents[1]
_LARGEST = 4 * 1024 * 1024


def instrument_folder() -> Path:
    """Return the folder of the shipped instruments: inside an installed package, else beside the package."""
    # A wheel carries the files inside the package; an editable install and a bare checkout have them beside
    # it. importlib.resources alone does not find the second kind.
    for folder in (_PACKAGE / "_instruments", _PACKAGE.parent / "instruments"):
        if folder.is_dir():
            return folder
    raise InstrumentError(
        "the shipped instruments are missing from this installation",
        next_step="install satsurvey again, or give the path of an instrument file",
    )


def instrument_names() -> tuple[str, ...]:
    """Name the shipped instruments in alphabetical order."""
    return tuple(sorted(path.stem for path in instrument_folder().glob("*.toml")))


def load_instrument(name_or_path: str | Path) -> Instrument:
    """Load an instrument by the name of a shipped one or by the path of a file.

    Parameters
    ----------
    name_or_path
        `"contact-centre-22"`, or the path of a TOML file.

    Returns
    -------
    Instrument

    Raises
    ------
    InstrumentError
        When there is no such instrument, or the file has defects; `defects` then lists all of them.

    Examples
    --------
    >>> from satsurvey import load_instrument
    >>> instrument = load_instrument("contact-centre-22")
    >>> len(instrument.items), instrument.dimension_codes
    (22, ('A', 'B', 'C', 'D', 'E', 'F'))
    """
    return _load(instrument_path(name_or_path))


def instrument_path(name_or_path: str | Path) -> Path:
    """Find the file of an instrument given by name or path."""
    text = str(name_or_path)
    if text in instrument_names():
        return instrument_folder() / f"{text}.toml"
    path = Path(text)
    if path.is_file():
        return path
    raise InstrumentError(
        f"there is no instrument called {text!r}, and no file of that name",
        next_step=f"use one of {', '.join(instrument_names())}, or the path of a .toml file",
    )


def read_instrument_data(path: Path) -> dict[str, Any]:
    """Read the TOML of an instrument file without judging its contents."""
    return read_toml(path, InstrumentError, "instrument")


def read_toml(path: Path, error: type[InstrumentError] | Any, kind: str) -> dict[str, Any]:
    """Read a TOML file, turning every way in which that can fail into one error of the given class."""
    try:
        if path.stat().st_size > _LARGEST:
            raise error(f"this is too large to be an {kind} file", file=path)
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as exc:
        reason = exc.strerror or type(exc).__name__
        raise error(f"the {kind} file cannot be read: {reason}", file=path) from exc
    except UnicodeDecodeError as exc:
        raise error(
            f"the {kind} file is not UTF-8 text (byte {exc.start + 1})",
            file=path,
            next_step="save it as UTF-8",
        ) from exc
    except RecursionError as exc:
        raise error(f"the {kind} file is not valid TOML: it is nested too deeply", file=path) from exc
    # Not only TOMLDecodeError: numbers of thousands of digits and impossible dates arrive as ValueError.
    except ValueError as exc:
        raise error(f"the {kind} file is not valid TOML: {exc}", file=path) from exc


def check_instrument(path: Path) -> tuple[Defect, ...]:
    """List every defect of an instrument file; raises `InstrumentError` only when it is no TOML at all."""
    return tuple(instrument_defects(read_instrument_data(path)))


def instrument_schema() -> Mapping[str, Any]:
    """Return the JSON Schema of instrument files, for editors that complete and check while typing."""
    schema: Mapping[str, Any] = json.loads(json.dumps(Instrument.model_json_schema(by_alias=True)))
    return schema


@lru_cache(maxsize=32)
def _load_version(path: Path, _modified: int, _size: int) -> Instrument:
    data = read_instrument_data(path)
    defects = instrument_defects(data)
    if defects:
        raise InstrumentError(
            f"the instrument file has {len(defects)} defect{'s' if len(defects) > 1 else ''}",
            file=path,
            defects=defects,
            next_step=f"mend them; satsurvey instruments check {path.name} lists them again",
        )
    return Instrument.model_validate(data)


def _load(path: Path) -> Instrument:
    try:
        state = path.stat()
    except OSError as exc:
        raise InstrumentError(f"the instrument file cannot be read: {exc.strerror}", file=path) from exc
    return _load_version(path.resolve(), state.st_mtime_ns, state.st_size)
