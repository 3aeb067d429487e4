"""Tables of how well an engine reads: measures with intervals, confusion, calibration, worst errors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from satsurvey.instrument.model import Language
from satsurvey.report.catalogue import translated
from satsurvey.report.cells import Column, Interval
from satsurvey.report.labels import LABELS, label
from satsurvey.report.layout import Body, Table, listed, named_column
from satsurvey.report.score_json import rows_of
from satsurvey.text import readings
from satsurvey.text.confusion import ConfusionTable
from satsurvey.text.evaluation import Evaluation

DECIMALS = 3


def _said(zh: str, en: str, language: Language) -> str:
    return zh if language == "zh" else en


def measure_table(result: Evaluation, language: Language) -> Table:
    """Build all figures with their intervals."""
    body = Body(result.measures)
    for name in ("scheme", "measure", "label"):
        body.add(name, "word")
    parts = zip(*(listed(body.frame, name) for name in ("value", "ci_low", "ci_high")), strict=True)
    body.put(
        named_column("value", "interval", words="value_interval", decimals=DECIMALS),
        [Interval(*row) for row in parts],
    )
    body.add("n", "integer", words="n_comments")
    body.add("interval", "word")
    schemes = listed(body.frame, "scheme")
    groups = tuple(k for k in range(1, len(schemes)) if schemes[k] != schemes[k - 1])
    engine = f"引擎：{result.engine}" if language == "zh" else f"Engine: {result.engine}"
    notes = (engine, *(translated(note, language) for note in result.notes))
    return Table(
        label("title_evaluation", language),
        tuple(body.columns),
        body.rows(),
        notes,
        groups=groups,
        language=language,
        decimals=DECIMALS,
    )


def confusion_table(table: ConfusionTable, language: Language) -> Table:
    """Build the counts of true labels against labels given."""
    columns = (
        named_column("label", "word"),
        *(Column(name, *LABELS[name], "integer") for name in readings.LABELS),
    )
    counts, notes = table.counts.astype(np.float64), tuple[str, ...]()
    if table.weighted is not None:
        counts = table.weighted * (table.n / max(float(table.weighted.sum()), 1e-300))
        notes = (
            _said(
                "按抽样权数加权，合计为标注的评论数",
                "Weighted by how the comments were drawn; they sum to the number of those labelled",
                language,
            ),
        )
        columns = (columns[0], *(replace(column, kind="ratio", decimals=1) for column in columns[1:]))
    rows = tuple(
        (name, *(counts[k] if notes else table.counts[k]).tolist())
        for k, name in enumerate(readings.LABELS)
        if table.counts[k].any()
    )
    return Table(label("title_confusion", language), columns, rows, notes, language=language)


def reliability_table(result: Evaluation, language: Language) -> Table:
    """Build the shares of positive comments by polarity."""
    body = Body(result.reliability)
    for name in ("from", "to"):
        body.add(name, "ratio", decimals=1)
    body.add("n", "integer", words="n_comments")
    body.add("polarity", "ratio", decimals=DECIMALS)
    parts = zip(*(listed(body.frame, name) for name in ("positive", "ci_low", "ci_high")), strict=True)
    body.put(
        named_column("positive", "interval", words="positive_share", decimals=DECIMALS),
        [Interval(*row) for row in parts],
    )
    return Table(label("title_reliability", language), tuple(body.columns), body.rows(), language=language)


def error_table(result: Evaluation, language: Language) -> Table:
    """Build the list of the worst errors."""
    body = Body(result.errors)
    body.add("row", "integer")
    for name in ("label", "given"):
        body.add(name, "word")
    body.add("polarity", "ratio", decimals=DECIMALS)
    body.add("surprise", "ratio", decimals=DECIMALS)
    body.add("text", "text")
    return Table(label("title_errors", language), tuple(body.columns), body.rows(), language=language)


def evaluation_tables(result: Evaluation, language: Language) -> list[Table]:
    """Return all tables of an evaluation, empty ones left out."""
    made = [
        measure_table(result, language),
        confusion_table(result.confusion, language),
        reliability_table(result, language),
        error_table(result, language),
    ]
    return [table for table in made if table.rows]


def comparison_table(
    results: Mapping[str, Evaluation], language: Language, *, notes: Sequence[str] = ()
) -> Table:
    """Build the main figures of several engines beside each other, one row per engine and figure."""
    rows: list[dict[str, object]] = []
    for name, result in results.items():
        main = result.measures[result.measures["label"] == ""]
        main = main[main["measure"].isin(["accuracy", "balanced_accuracy", "macro_f1", "auc", "micro_f1"])]
        rows += [{**row, "model": name} for row in rows_of(main)]
    frame = pd.DataFrame(rows)
    if len(frame):
        order = {name: k for k, name in enumerate(dict.fromkeys(frame["scheme"]))}
        keys = frame["scheme"].map(order) * 100 + frame["measure"].map(
            {name: k for k, name in enumerate(dict.fromkeys(frame["measure"]))}
        )
        frame = frame.iloc[np.argsort(keys.to_numpy(), kind="stable")].reset_index(drop=True)
    body = Body(frame)
    for name in ("scheme", "measure"):
        body.add(name, "word")
    body.add("model", "text")
    parts = zip(*(listed(frame, name) for name in ("value", "ci_low", "ci_high")), strict=True)
    body.put(
        named_column("value", "interval", words="value_interval", decimals=DECIMALS),
        [Interval(*row) for row in parts],
    )
    body.add("n", "integer", words="n_comments")
    measures = list(zip(listed(frame, "scheme"), listed(frame, "measure"), strict=True))
    groups = tuple(k for k in range(1, len(measures)) if measures[k] != measures[k - 1])
    return Table(
        label("title_training", language),
        tuple(body.columns),
        body.rows(),
        (
            _said(
                "trained：每条评论由没有学过它的模型读取；service、snownlp：自带引擎读取同样的评论",
                "trained: every comment read by a model that has not learned from it; service, snownlp: "
                "the same comments read by the engines as they come",
                language,
            ),
            *(translated(note, language) for note in notes),
        ),
        groups=groups,
        language=language,
        decimals=DECIMALS,
    )
