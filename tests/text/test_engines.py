"""Engines by name and path, over processes, and the errors measured for them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from keyword_engine import KeywordEngine

from satsurvey.errors import MethodError, ModelError
from satsurvey.text import engines
from satsurvey.text.engines import engine_of, measured_error
from satsurvey.text.readings import Readings

TEXTS = ["态度很好", "等太久了", "没有", "", None, "一般", "办得快但是贵"]


def same(first: Readings, second: Readings) -> bool:
    return (
        first.label.tobytes() == second.label.tobytes()
        and first.polarity.tobytes() == second.polarity.tobytes()
        and all(
            getattr(first.mentions, name).tolist() == getattr(second.mentions, name).tolist()
            for name in ("comment", "start", "end", "aspect", "label")
        )
    )


def test_an_engine_is_taken_as_it_is() -> None:
    engine = KeywordEngine()
    assert engine_of(engine) is engine


def test_the_service_engine_reads_the_same_in_several_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "_WORTH_SHARING", 10)
    texts = [f"{text}{k}" if text else text for k in range(9) for text in TEXTS]
    alone, shared = engine_of("service"), engine_of("service", processes=2)
    assert shared.name == alone.name
    assert same(shared.read(texts), alone.read(texts))


def test_snownlp_is_the_exact_engine() -> None:
    assert engine_of("snownlp").name.startswith("snownlp ")


@pytest.mark.parametrize("name", ["magic", "", "\0", "x" * 5000])
def test_what_is_no_engine_is_refused(name: str) -> None:
    with pytest.raises(MethodError, match="there is no such engine"):
        engine_of(name)


@pytest.mark.parametrize("processes", [0, 1000, "2"])
def test_what_is_no_number_of_processes_is_refused(processes: int) -> None:
    with pytest.raises(MethodError, match="no number of processes"):
        engine_of("service", processes=processes)


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.npz"
    path.write_bytes(b"no model")
    with pytest.raises(ModelError):
        engine_of(str(path))


def test_the_measured_error_is_found_by_the_name_of_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = np.diag([30, 20, 30, 10, 10]).tolist()
    labels = ["negative", "neutral", "positive", "mixed", "none"]
    entry = {"engine": "keywords 1", "labels": labels, "counts": counts, "source": "own"}
    monkeypatch.setattr(engines, "_measured", lambda: {"keywords 1": entry})
    found = measured_error(KeywordEngine())
    assert found is not None
    assert (found.n, found.source) == (100, "own")
    monkeypatch.setattr(engines, "_measured", dict)
    assert measured_error(KeywordEngine()) is None


def test_the_tables_that_are_shipped_can_be_read() -> None:
    for name, table in engines._measured().items():
        assert name == table["engine"]
        assert engines.ConfusionTable.from_dict(table).why_not == ""
