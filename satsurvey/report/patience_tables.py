"""How long customers wait before they hang up, as a table and JSON."""

from __future__ import annotations

from satsurvey.instrument.model import Language
from satsurvey.report.catalogue import translated
from satsurvey.report.cells import Column, Interval
from satsurvey.report.labels import label
from satsurvey.report.layout import Table, listed, texts
from satsurvey.report.score_json import plain_data, rows_of
from satsurvey.service.patience import Patience

SCHEMA = "satsurvey.patience/1"


def patience_table(found: Patience, language: Language) -> Table:
    """Build the share still waiting at each time and the median patience, in per cent and seconds."""
    frame = found.frame
    measures, figures = [], []
    for at, *parts in zip(*(listed(frame, n) for n in ("at_s", "value", "ci_low", "ci_high")), strict=True):
        seconds = float(str(at))
        stated = seconds == seconds
        if language == "zh":
            measures.append(f"愿意等待超过 {seconds:g} 秒（%）" if stated else "半数放弃的时间（秒）")
        else:
            measures.append(f"ready to wait over {seconds:g} s (%)" if stated else "half hang up by (s)")
        factor = 100.0 if stated else 1.0
        figures.append(Interval(*(float(str(part)) * factor for part in parts)))
    note = (
        "Kaplan-Meier：放弃为事件，接起或仍在等待者为删失；前提是何时接起与耐心无关；log-log 区间"
        if language == "zh"
        else "Kaplan-Meier: hang-ups are the event, answered and still waiting are censored; when a call is "
        "answered is taken to say nothing of patience; log-log intervals"
    )
    return Table(
        "客户等待耐心" if language == "zh" else "Patience of waiting customers",
        (
            *(Column(name, label(name, "zh"), label(name, "en"), align="left") for name in found.by),
            Column("measure", "指标", "Measure", align="left"),
            Column("value", "数值 [区间]", "Value [interval]", "interval", decimals=1),
            Column("n", "联系数", "Contacts", "integer"),
            Column("n_events", "放弃数", "Hang-ups", "integer"),
            Column("n_missing", "缺失", "Missing", "integer", optional=1),
        ),
        tuple(
            zip(
                *(texts(frame, name) for name in found.by),
                measures,
                figures,
                *(listed(frame, name) for name in ("n", "n_events", "n_missing")),
                strict=True,
            )
        ),
        (note, *(translated(text, language) for text in found.notes)),
        language=language,
        decimals=1,
    )


def patience_document(found: Patience) -> dict[str, object]:
    """Return patience as plain data of the schema `satsurvey.patience/1`, a part of other documents.

    Keys: schema, by, figures and curve (rows; the curve is that of all contacts), level, notes.
    """
    frame = found.frame.astype(dict.fromkeys(found.by, "str"))
    return {
        "schema": SCHEMA,
        "by": list(found.by),
        "figures": rows_of(frame),
        "curve": rows_of(found.curve.frame),
        "level": plain_data(found.curve.level),
        "notes": list(found.notes),
    }
