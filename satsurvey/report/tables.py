"""Every table that can be shown, built from an analysis: rankings, dimensions, items, ledger, method."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from satsurvey.instrument.model import Language
from satsurvey.report.cells import Column, Interval, RankSet, Withheld, cell_text
from satsurvey.report.labels import choice_name, choice_source, label
from satsurvey.report.layout import Body, Table, leaves_the_scale, named_column, texts
from satsurvey.report.notes import (
    Subject,
    detail_words,
    display_style,
    ledger_line,
    plain_words,
    reason_words,
    table_notes,
)
from satsurvey.report.published import Published
from satsurvey.report.rankings import company_table, industry_table, main_table

if TYPE_CHECKING:
    from satsurvey.analysis import Analysis

__all__ = [
    "Column",
    "Interval",
    "RankSet",
    "Table",
    "Withheld",
    "cell_text",
    "company_table",
    "dimension_table",
    "industry_table",
    "item_table",
    "ledger_table",
    "main_table",
    "method_table",
    "unused_table",
]

MISSING_COUNTS = (
    "n_not_asked",
    "n_blank",
    "n_skipped",
    "n_dont_know",
    "n_refused",
    "n_not_applicable",
    "n_invalid",
)


def dimension_table(analysis: Analysis, language: Language) -> Table:
    """Build the scores of all dimensions: overall, by industry, by company."""
    body = Body(Published(analysis).dimensions)
    names = {dimension.code: dimension.text.get(language) for dimension in analysis.instrument.dimensions}
    _add_level(body)
    coded = [_coded(code, names) for code in texts(body.frame, "dimension")]
    body.put(named_column("dimension", "text"), coded)
    body.add_interval()
    body.add("std_error", "score", decimals=3)
    body.add("df", "ratio", decimals=1)
    body.add("n", "integer")
    body.add_notes(language)
    return _listing("title_dimensions", body, analysis, language)


def item_table(analysis: Analysis, language: Language) -> Table:
    """Build the scores of all items, with the count of absent answers by reason."""
    body = Body(Published(analysis).items)
    names = {item.code: item.text.get(language) for item in analysis.instrument.items}
    _add_level(body)
    body.add("dimension", "text")
    body.add("item", "text")
    body.put(
        named_column("item_text", "text", width=36), [names.get(c, "") for c in texts(body.frame, "item")]
    )
    body.add_interval()
    body.add("satisfied_share", "share")
    for name in ("n", *MISSING_COUNTS):
        body.add(name, "integer")
    body.add_notes(language)
    return _listing("title_items", body, analysis, language)


def ledger_table(analysis: Analysis, language: Language) -> Table:
    """Build the account of all rows read, file by file, with a total."""
    ledger = analysis.ledger
    reasons = list(ledger.set_aside)
    columns = (
        named_column("file", "text"),
        named_column("sheet", "text"),
        named_column("rows_read", "integer"),
        named_column("rows_used", "integer"),
        *(
            Column(reason, reason_words(reason, "zh"), reason_words(reason, "en"), "integer")
            for reason in reasons
        ),
        named_column("unreadable", "integer"),
    )
    rows = tuple(
        (
            file.file,
            file.sheet or "",
            file.rows_read,
            file.rows_used,
            *(file.set_aside.get(reason, 0) for reason in reasons),
            file.unreadable,
        )
        for file in ledger.files
    )
    counts = (ledger.rows_read, ledger.rows_used, *ledger.set_aside.values(), ledger.unreadable)
    return Table(
        label("title_ledger", language),
        columns,
        rows,
        (ledger_line(ledger, language),),
        footer=(label("total", language), "", *counts),
        language=language,
    )


def unused_table(analysis: Analysis, language: Language) -> Table:
    """Build the list of the rows that were not used, with file, row and reason."""
    columns = (
        named_column("file", "text"),
        named_column("sheet", "text"),
        named_column("row", "integer"),
        named_column("reason", "text"),
        named_column("detail", "text"),
    )
    rows = tuple(
        (row.file, row.sheet or "", row.row, reason_words(row.reason, language), detail_words(row, language))
        for row in analysis.ledger.unused
    )
    return Table(label("title_unused", language), columns, rows, language=language)


def method_table(analysis: Analysis, language: Language) -> Table:
    """Build the list of every choice made, with its meaning and source, and of the inputs."""
    columns = (
        named_column("choice", "text", width=26),
        named_column("value", "text", width=56),
        named_column("meaning", "text", width=70),
    )
    choices = [
        (name, plain_words(value, language, key=key), choice_source(key, language))
        for key, name, value in _flattened(analysis.method, language)
    ]
    origins = [
        (choice_name(key, language), plain_words(part, language), "")
        for key, value in analysis.provenance.items()
        for part in (value if isinstance(value, list | tuple) else [value])
    ]
    return Table(
        label("title_method", language),
        columns,
        (*choices, *origins),
        _notes(analysis, language),
        groups=(len(choices),) if choices and origins else (),
        language=language,
    )


def _flattened(method: Mapping[str, object], language: Language) -> Iterator[tuple[str, str, object]]:
    """Yield key, name and value of every choice; what a ranking found is spread, one row per family."""
    for key, value in method.items():
        if key != "ranking" or not isinstance(value, Mapping):
            yield key, choice_name(key, language), value
            continue
        for subject, facts in value.items():
            head = f"{label(f'subject_{subject}', language)} · "
            for inner, part in facts.items():
                if inner == "families":
                    yield from (
                        ("", head + (family or label("all", language)), found)
                        for family, found in part.items()
                    )
                else:
                    yield inner, head + choice_name(inner, language), part


def _add_level(body: Body) -> None:
    body.add("level", "word")
    for key in ("industry", "company"):
        if any(texts(body.frame, key)):
            body.add(key, "text")


def _coded(code: str, names: Mapping[str, str]) -> str:
    return f"{code} {names[code]}" if names.get(code) else code


def _notes(analysis: Analysis, language: Language, *, beyond: bool = False) -> tuple[str, ...]:
    subject: Subject = "industries" if len(analysis.industries) else "companies"
    return table_notes(analysis, language, subject, beyond=beyond)


def _listing(title: str, body: Body, analysis: Analysis, language: Language) -> Table:
    decimals, rule = display_style(analysis.method)
    rows = body.rows()
    return Table(
        label(title, language),
        tuple(body.columns),
        rows,
        _notes(analysis, language, beyond=leaves_the_scale(rows, decimals, rule)),
        language=language,
        decimals=decimals,
        rule=rule,
    )
