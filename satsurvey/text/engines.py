"""The engines by name: which one reads, over how many processes, and how often it is known to err."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import cache
from importlib.resources import files
from multiprocessing import get_context
from pathlib import Path

from satsurvey.errors import MethodError
from satsurvey.text.confusion import ConfusionTable
from satsurvey.text.readings import Engine, Readings

NAMES = ("service", "snownlp")
MOST_PROCESSES = 256
_WORTH_SHARING = 20_000
"""Comments below which other processes cost more than they bring; engines may name a number of their own."""


def engine_of(
    engine: Engine | str | Path = "service", *, processes: int = 1, aspects: str | Path | None = None
) -> Engine:
    """Return the engine that a name or a path stands for.

    Parameters
    ----------
    engine
        "service", "snownlp", the path of a trained model (.npz), or of a folder with a transformer; an engine
        is returned as it is.
    processes
        How many processes read; an engine that is given reads in this one.
    aspects
        A file of aspects for the engine "service", in place of the built-in ones.

    Raises
    ------
    MethodError
        There is no such engine, or no such number of processes; or aspects are given to another engine.
    SatsurveyError
        The model cannot be read.

    Examples
    --------
    >>> engine_of("service").read(["态度很好"]).label.tolist()
    [2]
    """
    if not isinstance(processes, int) or not 1 <= processes <= MOST_PROCESSES:
        raise MethodError(
            "this is no number of processes", value=processes, expected=f"1 to {MOST_PROCESSES}"
        )
    if aspects is not None and engine != "service":
        raise MethodError(
            "only the engine service takes a file of aspects", next_step="leave out one of the two"
        )
    if not isinstance(engine, str | Path):
        return engine
    if engine == "snownlp":
        from satsurvey.text.exact_snownlp import SnowNlpEngine

        return SnowNlpEngine(processes=processes)
    spec = (str(engine), None if aspects is None else str(aspects))
    loaded = _loaded(*spec)
    return loaded if processes == 1 else _Shared(spec, loaded, processes)


def _loaded(engine: str, aspects: str | None = None) -> Engine:
    if engine == "service":
        from satsurvey.text.service import ServiceEngine

        return ServiceEngine.builtin(aspects=aspects)
    path = Path(engine)
    try:
        folder, file = bool(engine) and path.is_dir(), path.is_file()
    except (OSError, ValueError):
        folder = file = False
    if folder:
        from satsurvey.text.onnx import OnnxEngine

        return OnnxEngine(path)
    if file:
        from satsurvey.text.trained import TrainedEngine

        return TrainedEngine.load(path)
    raise MethodError(
        "there is no such engine",
        value=engine,
        expected="service, snownlp, a trained model (.npz), or a folder with a transformer",
    )


class _Shared:
    """An engine whose work is shared by several processes, each with the same engine of its own."""

    def __init__(self, spec: tuple[str, str | None], own: Engine, processes: int) -> None:
        self._spec = spec
        self._own = own
        self._processes = processes
        self._pool: ProcessPoolExecutor | None = None

    @property
    def name(self) -> str:
        return self._own.name

    def read(self, texts: Sequence[str | None]) -> Readings:
        """Read comments, many of them in other processes."""
        if len(texts) < getattr(self._own, "worth_sharing", _WORTH_SHARING):
            return self._own.read(texts)
        if self._pool is None:
            self._pool = ProcessPoolExecutor(
                self._processes, get_context("spawn"), initializer=_take, initargs=self._spec
            )
        size = -(-len(texts) // (2 * self._processes))
        parts = [texts[first : first + size] for first in range(0, len(texts), size)]
        try:
            return Readings.joined(list(self._pool.map(_read_there, parts)))
        except BrokenProcessPool as exc:
            raise MethodError(
                "the processes that should share the reading of comments ended early",
                next_step='start the work under `if __name__ == "__main__":`, or read with processes=1',
            ) from exc


_there: list[Engine] = []


def _take(engine: str, aspects: str | None) -> None:
    _there[:] = [_loaded(engine, aspects)]


def _read_there(texts: Sequence[str | None]) -> Readings:
    return _there[0].read(texts)


def measured_error(engine: Engine) -> ConfusionTable | None:
    """Return the confusion table measured for an engine that comes with the package, or None.

    The tables stand in `data/measured_errors.toml`, by the name of the engine, each with the comments that it
    was measured on; none of these comments was used to make the engine.
    """
    data = _measured().get(engine.name)
    return None if data is None else ConfusionTable.from_dict(data)


@cache
def _measured() -> Mapping[str, Mapping[str, object]]:
    place = files("satsurvey.text").joinpath("data/measured_errors.toml")
    if not place.is_file():
        return {}
    tables = tomllib.loads(place.read_text(encoding="utf-8"))
    return {str(table["engine"]): table for table in tables.get("measured", [])}
