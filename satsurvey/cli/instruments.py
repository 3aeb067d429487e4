"""The commands on instruments: what is shipped, what one asks, whether a file is sound, its schema."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from satsurvey.cli.language import rendered
from satsurvey.cli.options import Lang, LangOption, default_language

if TYPE_CHECKING:
    from satsurvey.errors import Defect
    from satsurvey.instrument.model import Fact, Instrument, Scale

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="What was asked: look at questionnaires and check your own.\n\nExample: satsurvey instruments list",
)

UNSOUND = 3
"""Exit code of `check` when the file has defects."""


class InstrumentFormat(StrEnum):
    """How the commands print."""

    TABLE = "table"
    JSON = "json"


Format = Annotated[InstrumentFormat, typer.Option("--format", help="Table for people, json for programs.")]

_WORDS = {
    "name": ("名称", "name"),
    "title": ("标题", "title"),
    "version": ("版本", "version"),
    "dimensions": ("维度", "dimensions"),
    "items": ("题目", "items"),
    "scale": ("量表", "scale"),
    "status": ("说明", "status"),
    "description": ("用途", "for"),
    "intro": ("引导语", "introduction"),
    "source": ("来源", "sources"),
    "code": ("代码", "code"),
    "item_count": ("题数", "items"),
    "min_items": ("最少题数", "least items"),
    "weight": ("权重", "weight"),
    "dimension": ("维度", "dimension"),
    "phone": ("电话问法", "on the telephone"),
    "text": ("文字渠道问法", "in text channels"),
    "filter": ("过滤", "filter"),
    "filters": ("过滤条件", "filters"),
    "condition": ("条件", "condition"),
    "meaning": ("含义", "meaning"),
    "question": ("问题", "question"),
    "facts": ("事实题", "facts"),
    "type": ("类型", "type"),
    "answers": ("答案", "answers"),
    "asked_if": ("何时问", "asked if"),
    "scales": ("量表", "scales"),
    "range": ("范围", "range"),
    "labels": ("标签", "labels"),
    "satisfied": ("满意自", "satisfied from"),
    "anchors": ("对应分", "anchors"),
    "missing": ("特殊码", "special codes"),
    "outcomes": ("结果题", "outcomes"),
    "use": ("用处", "use"),
    "fields": ("记录字段", "record fields"),
    "role": ("角色", "role"),
    "headings": ("可识别的列名", "headings it goes by"),
    "words": ("缺失用词", "words for missing answers"),
    "reason": ("原因", "reason"),
    "scoring": ("计分默认值", "scoring defaults"),
    "quality": ("质量检查阈值", "thresholds of the checks"),
    "setting": ("设置", "setting"),
    "value": ("值", "value"),
    "file": ("文件", "file"),
    "table": ("表", "table"),
    "key": ("键", "key"),
    "what": ("问题", "what is wrong"),
}


@app.command("list")
def list_instruments(lang: LangOption = default_language(), output: Format = InstrumentFormat.TABLE) -> None:
    """Name the shipped instruments. A path of your own file works wherever a name does.

    Example: satsurvey instruments list
    """
    from satsurvey.instrument.library import instrument_names, load_instrument

    found = {name: load_instrument(name) for name in instrument_names()}
    if output is InstrumentFormat.JSON:
        entries = [
            {
                "name": name,
                "version": instrument.version,
                "title": instrument.title.model_dump(),
                "status": instrument.status.model_dump(),
                "dimensions": list(instrument.dimension_codes),
                "n_items": len(instrument.items),
                "default_scale": instrument.default_scale,
            }
            for name, instrument in found.items()
        ]
        _print_json({"schema": "satsurvey.instruments/1", "instruments": entries})
        return
    rows = [
        (name, one.title.get(lang), len(one.dimensions), len(one.items), one.default_scale, one.version)
        for name, one in found.items()
    ]
    _print_table(("name", "title", "dimensions", "items", "scale", "version"), rows, lang)


@app.command()
def show(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="Name of a shipped instrument, or path of a file.")
    ],
    lang: LangOption = default_language(),
    output: Format = InstrumentFormat.TABLE,
) -> None:
    """Show what an instrument says of itself, its dimensions, items, filters, facts, scales and defaults.

    Example: satsurvey instruments show contact-centre-22
    """
    from satsurvey.instrument.library import load_instrument

    instrument = load_instrument(name)
    if output is InstrumentFormat.JSON:
        _print_json(instrument.model_dump(mode="json", by_alias=True))
        return
    _show_head(instrument, lang)
    _show_questions(instrument, lang)
    _show_answers(instrument, lang)
    for section in ("scoring", "quality"):
        settings = getattr(instrument, section).model_dump(mode="json")
        rows = [(key, value) for key, value in settings.items() if value not in (None, [], {})]
        _print_table(("setting", "value"), rows, lang, section=section)


@app.command()
def check(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="Path of an instrument file, or a shipped name.")
    ],
    lang: LangOption = default_language(),
    output: Format = InstrumentFormat.TABLE,
) -> None:
    """List every defect of an instrument file with its table and key.

    Example: satsurvey instruments check contact-centre-22

    Exit code 0: sound; 3: defects.
    """
    from satsurvey.errors import Defect, InstrumentError
    from satsurvey.instrument.library import check_instrument, instrument_path

    path = instrument_path(file)
    try:
        defects = check_instrument(path)
    except InstrumentError as exc:
        # A file that is no TOML at all is one defect of the whole file, in the same form as the others.
        defects = (Defect("file", exc.what if exc.next_step is None else f"{exc.what}; {exc.next_step}"),)
    rows = [(str(path), *_place(defect), defect.what) for defect in defects]
    if output is InstrumentFormat.JSON:
        keys = ("file", "table", "key", "what")
        _print_json(
            {
                "schema": "satsurvey.instrument-check/1",
                "file": str(path),
                "sound": not defects,
                "defects": [dict(zip(keys, row, strict=True)) for row in rows],
            }
        )
    elif rows:
        said = [(*row[:3], rendered(row[3], lang)) for row in rows]
        _print_table(("file", "table", "key", "what"), said, lang)
    if not defects:
        typer.echo(rendered(f"{path}: sound", lang), err=True)
        return
    found = f"{path}: {len(defects)} defect{'s' if len(defects) > 1 else ''}"
    typer.echo(rendered(found, lang), err=True)
    raise typer.Exit(UNSOUND)


@app.command()
def schema() -> None:
    """Print the JSON Schema of instrument files, for editors that complete and check while you type.

    Example: satsurvey instruments schema > instrument.schema.json
    """
    from satsurvey.instrument.library import instrument_schema

    _print_json(instrument_schema())


def _show_head(instrument: Instrument, lang: Lang) -> None:
    _print_line(f"{instrument.title.get(lang)} ({instrument.id} {instrument.version})")
    for key in ("status", "description", "intro"):
        text = getattr(instrument, key).get(lang)
        if text:
            _print_line(f"{_word(key, lang)}: {text}")
    if instrument.source:
        _print_line(f"{_word('source', lang)}:")
        for source in instrument.source:
            _print_line(f"  - {source}")


def _show_questions(instrument: Instrument, lang: Lang) -> None:
    _print_table(
        ("code", "dimension", "item_count", "min_items", "weight"),
        [
            (
                dimension.code,
                dimension.text.get(lang),
                len(instrument.items_of(dimension.code)),
                dimension.min_items or instrument.scoring.dimension_min_items,
                dimension.weight,
            )
            for dimension in instrument.dimensions
        ],
        lang,
        section="dimensions",
    )
    _print_table(
        ("code", "dimension", "phone", "text", "filter", "scale"),
        [
            (
                item.code,
                item.dimension,
                item.text.get(lang) if "phone" in item.channels else None,
                (item.text_channel.get(lang) or item.text.get(lang)) if "text" in item.channels else None,
                item.filter,
                item.scale or instrument.default_scale,
            )
            for item in instrument.items
        ],
        lang,
        section="items",
    )
    _print_table(
        ("name", "condition", "meaning", "items"),
        [
            (
                name,
                one.expression,
                one.text.get(lang),
                " ".join(item.code for item in instrument.items if item.filter == name),
            )
            for name, one in instrument.filters.items()
        ],
        lang,
        section="filters",
    )
    _print_table(
        ("code", "question", "type", "answers", "asked_if"),
        [
            (fact.code, fact.text.get(lang), fact.type, _fact_answers(fact, lang), fact.ask_if)
            for fact in instrument.facts
        ],
        lang,
        section="facts",
    )
    _print_table(
        ("code", "question", "type", "scale", "use"),
        [
            (
                outcome.code,
                outcome.text.get(lang),
                outcome.type,
                (outcome.scale or instrument.default_scale) if outcome.type == "scale" else None,
                outcome.use,
            )
            for outcome in instrument.outcomes
        ],
        lang,
        section="outcomes",
    )


def _show_answers(instrument: Instrument, lang: Lang) -> None:
    _print_table(
        ("name", "range", "labels", "satisfied", "anchors", "missing"),
        [_scale_row(name, scale, lang) for name, scale in instrument.scales.items()],
        lang,
        section="scales",
    )
    _print_table(
        ("reason", "words"),
        [(reason, _joined(words)) for reason, words in instrument.missing_words.items()],
        lang,
        section="words",
    )
    _print_table(
        ("role", "headings"),
        [(field.role, _joined(field.aliases)) for field in instrument.record_fields],
        lang,
        section="fields",
    )


def _scale_row(name: str, scale: Scale, lang: Lang) -> tuple[object, ...]:
    return (
        name,
        f"{scale.min:g}-{scale.max:g}" + (f" / {scale.step:g}" if scale.step != 1 else ""),
        _joined(f"{code} {text.get(lang)}" for code, text in scale.labels.items()),
        None if scale.satisfied_from is None else f"{scale.satisfied_from:g}",
        _joined(f"{code}={value:g}" for code, value in scale.anchors.items()),
        _joined(f"{code} {reason}" for code, reason in scale.missing.items()),
    )


def _fact_answers(fact: Fact, lang: Lang) -> str:
    return _joined(f"{code} {text.get(lang)}" for code, text in fact.values.items())


def _joined(parts: Iterable[str]) -> str:
    return "; ".join(parts)


def _place(defect: Defect) -> tuple[str, str]:
    """Split the place of a defect into the table of the file and the key in it."""
    table, _, key = defect.where.rpartition(".")
    if table:
        return table, key
    return (defect.where, "") if "[" in defect.where else ("", defect.where)


def _word(key: str, lang: Lang) -> str:
    return _WORDS[key][0 if lang == "zh" else 1]


def _print_json(value: Any) -> None:
    import json

    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))


def _print_line(text: str) -> None:
    from rich.console import Console
    from rich.text import Text

    from satsurvey.errors import shorten

    console = Console()
    # Only a terminal gets wrapped lines; a file or a pipe keeps each paragraph on its line.
    console.print(Text(shorten(text, 10_000)), soft_wrap=not console.is_terminal)


def _print_table(
    columns: Sequence[str], rows: Sequence[Sequence[object]], lang: Lang, *, section: str | None = None
) -> None:
    """Print rows as an aligned table, without the columns that are empty in every row."""
    if not rows:
        return
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from satsurvey.errors import shorten

    if section is not None:
        typer.echo("")
        _print_line(_word(section, lang))
    kept = [place for place in range(len(columns)) if any(row[place] not in (None, "") for row in rows)]
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for place in kept:
        # Words longer than the column are folded, never cut off.
        table.add_column(_word(columns[place], lang), overflow="fold")
    for row in rows:
        # Text objects and not strings: wordings may hold brackets, which rich would take for markup.
        cells = ("" if row[place] is None else shorten(row[place], 10_000) for place in kept)
        table.add_row(*(Text(cell) for cell in cells))
    console = Console()
    if not console.is_terminal:
        wide = Console(width=100_000)
        console = Console(width=wide.measure(table).maximum)
    console.print(table)
