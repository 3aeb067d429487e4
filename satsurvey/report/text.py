"""Tables and frames as text: Markdown, and CSV at full precision that a spreadsheet cannot run."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

from satsurvey.errors import OutputError
from satsurvey.report.cells import is_absent, printable
from satsurvey.report.layout import Table

FORMULA_STARTS = frozenset("=+-@＝＋－＠")
"""What makes a spreadsheet take a cell for a formula; the full-width forms too, which some versions fold."""

_MARKDOWN = re.compile(r"([\\`*_~|\[\]#])")
_SURROGATE = re.compile("[\ud800-\udfff]")
_NEGATIVE = re.compile(r"-[0-9]{1,15}(?:\.[0-9]{1,15})?")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def to_markdown(table: Table) -> str:
    """Write a table as GitHub-flavoured Markdown: title, table, notes.

    Cells are written as `cell_text` writes them, on one line; characters that mean something in Markdown or
    HTML are escaped, so that a name shows as it is and nothing more.
    """
    rules = {"left": ":---", "right": "---:", "center": ":---:"}
    lines = [
        f"### {_escaped(table.title)}",
        "",
        _line([_escaped(heading) for heading in table.headings()]),
        _line([rules[column.align] for column in table.columns]),
    ]
    titles = dict(zip((0, *table.groups), table.group_titles, strict=False))
    for place, row in enumerate(table.rows):
        if titles.get(place):
            lines.append(_line([f"**{_escaped(titles[place])}**", *("" for _ in table.columns[1:])]))
        lines.append(_line([_escaped(text) for text in table.text_of(row)]))
    if table.footer:
        lines.append(
            _line([f"**{text}**" if text else "" for text in map(_escaped, table.text_of(table.footer))])
        )
    if table.notes:
        lines += ["", *(f"- {_escaped(note)}" for note in table.notes)]
    return "\n".join(lines) + "\n"


def frame_to_csv(
    frame: pd.DataFrame,
    path: Path | None = None,
    *,
    encoding: str = "utf-8-sig",
    plain_numbers: bool = False,
) -> str:
    """Write a frame as CSV, numbers at full precision.

    Parameters
    ----------
    frame
        Any frame; its index is not written.
    path
        Where to write. None returns the text instead.
    encoding
        Encoding of the file. The default has a byte-order mark, by which Excel knows UTF-8.
    plain_numbers
        Leave texts that are plain negative numbers as they are: cells of an export that is to be read again.

    Returns
    -------
    str
        The text when there is no `path`, else "".

    Raises
    ------
    OutputError
        The encoding is unknown or has no place for a character.

    Notes
    -----
    Numbers are written as the shortest text that reads back as the same number; absent ones are empty. Cells
    of text, and headings, that a spreadsheet would take for a formula get an apostrophe in front
    (`protected_text`); a number such as -3.2 stays a number.
    """
    safe = frame.rename(columns=lambda name: protected_text(str(name)))
    changed = {
        name: _protected_column(safe.iloc[:, place], plain_numbers)
        for place, name in enumerate(safe.columns)
        if not (pd.api.types.is_numeric_dtype(safe.iloc[:, place]))
    }
    safe = safe.assign(**changed)
    if path is None:
        return str(safe.to_csv(index=False, lineterminator="\n"))
    try:
        safe.to_csv(path, index=False, lineterminator="\n", encoding=encoding)
    except LookupError as exc:
        raise OutputError(
            "this encoding is not known", file=path.name, value=encoding, next_step="use utf-8-sig or gb18030"
        ) from exc
    except UnicodeEncodeError as exc:
        raise OutputError(
            f"a character cannot be written in {encoding}",
            file=path.name,
            value=exc.object[exc.start : exc.end],
            next_step="use utf-8-sig or gb18030, which hold every character",
        ) from exc
    return ""


def protected_text(text: str) -> str:
    """Return a text that a spreadsheet shows and does not run, and that any encoding of Unicode can hold.

    An apostrophe goes in front of a text whose first character, white space left out, is one of
    `FORMULA_STARTS`, and of a text that begins with a tab or a line break. Halves of surrogate pairs and
    control characters become U+FFFD; tabs stay, and every kind of line break is a line feed.
    """
    # A bare CR is not quoted by every writer and starts a new row in every reader.
    text = plain_text(text).replace("\r\n", "\n").replace("\r", "\n")
    bare = text.lstrip()
    if (bare and bare[0] in FORMULA_STARTS) or text[:1] in {"\t", "\n"}:
        return "'" + text
    return text


def plain_text(text: str) -> str:
    """Replace by U+FFFD what no file of text should hold: halves of surrogate pairs, control characters."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text))


def _protected_column(column: pd.Series, plain_numbers: bool) -> pd.Series:
    # The distinct texts are few beside the rows (a company stands there once per item).
    safe = {
        value: str(value) if plain_numbers and _NEGATIVE.fullmatch(str(value)) else protected_text(str(value))
        for value in column.unique()
        if not is_absent(value)
    }
    return column.map(safe)


def _escaped(text: str) -> str:
    text = _MARKDOWN.sub(r"\\\1", printable(text))
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
