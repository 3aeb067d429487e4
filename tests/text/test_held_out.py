"""The service engine on answers that it was neither made with nor chosen by."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from satsurvey.text.engines import measured_error
from satsurvey.text.evaluation import evaluate
from satsurvey.text.readings import LABELS
from satsurvey.text.service import ServiceEngine

HELD_OUT = Path(__file__).with_name("held_out_answers.csv")


def held_out() -> tuple[list[str], list[str]]:
    """Texts and labels."""
    with HELD_OUT.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    return [row["text"] for row in rows], [row["label"] for row in rows]


def test_the_error_table_that_corrects_shares_is_the_one_of_this_engine():
    texts, labels = held_out()
    engine = ServiceEngine.builtin()
    counts = np.zeros((len(LABELS), len(LABELS)), dtype=np.int64)
    np.add.at(counts, ([LABELS.index(label) for label in labels], engine.read(texts).label), 1)
    table = measured_error(engine)
    assert table is not None
    assert table.counts.tolist() == counts.tolist()


def test_no_held_out_answer_stands_in_the_training_data():
    import satsurvey.text

    data = Path(satsurvey.text.__file__).with_name("data")
    texts, _ = held_out()
    known = set()
    for name in ("spoken_answers.csv", "more_answers.csv"):
        with (data / name).open(encoding="utf-8", newline="") as stream:
            known |= {row["text"] for row in csv.DictReader(stream)}
    # What everybody says in a few characters (没有, 很满意) is nobody's text.
    assert [text for text in texts if text in known and len(text) > 6] == []


def test_labels_and_aspects_are_read_where_nobody_trained():
    texts, labels = held_out()
    with HELD_OUT.open(encoding="utf-8", newline="") as stream:
        aspects = [row["aspects"] for row in csv.DictReader(stream)]
    found = evaluate(ServiceEngine.builtin(), texts, labels, aspects=aspects)
    # Guards against a fall, about two standard errors under what this engine reached when it was measured.
    assert found.value("two_class", "macro_f1") > 0.92
    assert found.value("two_class", "auc") > 0.98
    assert found.value("three_class", "macro_f1") > 0.83
    assert found.value("five_class", "macro_f1") > 0.81
    assert found.value("aspects", "micro_f1") > 0.69
    # What tables say of the aspects is what was measured.
    table = measured_error(ServiceEngine.builtin())
    assert table is not None
    measures = found.measures
    row = measures[(measures["scheme"] == "aspects") & (measures["measure"] == "micro_f1")].iloc[0]
    told = {"n": row["n"], "micro_f1": row["value"], "ci_low": row["ci_low"], "ci_high": row["ci_high"]}
    assert table.aspects is not None, told
    assert dict(table.aspects) == pytest.approx(told, abs=1e-4)
