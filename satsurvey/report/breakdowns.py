"""The table of scores broken down by other fields."""

from __future__ import annotations

from typing import TYPE_CHECKING

from satsurvey.instrument.model import Language
from satsurvey.report.labels import label
from satsurvey.report.layout import Body, Table, leaves_the_scale, named_column, texts
from satsurvey.report.notes import beyond_note, display_style

if TYPE_CHECKING:
    from satsurvey.analysis import Analysis


def breakdown_table(analysis: Analysis, language: Language) -> Table:
    """Build the table of one row per value of every field asked for; an empty value is shown as "—"."""
    body = Body(analysis.breakdowns)
    headings = {**{role: field.text.get(language) for role, field in analysis.instrument.roles.items()}}
    headings |= {fact.code: f"{fact.code} {fact.text.get(language)}" for fact in analysis.instrument.facts}
    body.put(named_column("by", "text"), [headings.get(name, name) for name in texts(body.frame, "by")])
    words = {
        (fact.code, code): text.get(language)
        for fact in analysis.instrument.facts
        for code, text in fact.values.items()
    }
    for fact in analysis.instrument.facts:
        if fact.type == "yes_no":
            words |= {(fact.code, "0"): label("no", language), (fact.code, "1"): label("yes", language)}
    places = zip(texts(body.frame, "by"), texts(body.frame, "value", "—"), strict=True)
    body.put(
        named_column("value", "text"), [_worded(value, words.get((by, value), "")) for by, value in places]
    )
    body.add_interval()
    body.add("n_companies", "integer", optional=1)
    body.add("n", "integer", optional=2)
    body.add_dimensions(analysis.instrument.dimensions, optional=10)
    body.add_notes(language)
    decimals, rule = display_style(analysis.method)
    changes = [
        place
        for place in range(1, len(body.frame))
        if body.frame["by"].iloc[place] != body.frame["by"].iloc[place - 1]
    ]
    rows = body.rows()
    return Table(
        label("title_breakdown", language),
        tuple(body.columns),
        rows,
        notes=(beyond_note(language),) if leaves_the_scale(rows, decimals, rule) else (),
        groups=tuple(changes),
        language=language,
        decimals=decimals,
        rule=rule,
    )


def _worded(code: str, words: str) -> str:
    return f"{code} {words}" if words and words != code else code
