"""Tables drawn for a terminal: aligned with Chinese, and never cut in the middle."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence

from rich.cells import cell_len

from satsurvey.errors import shorten
from satsurvey.report.cells import Column, printable
from satsurvey.report.layout import Table

PADDING = 2
"""Cells between two columns."""
NARROWEST_HEADING = 8
"""On a terminal a heading is broken into lines no narrower than this (four Chinese characters)."""
NARROWEST_TEXT = 4
"""A column of text is folded no narrower than this."""
LONGEST_CELL = 200
"""Longer texts are cut in a drawn table; the other formats have them whole."""
BULLET = "- "
_WIDE = "[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef\U00020000-\U0003ffff]"
_PIECES = re.compile(
    f"[（“‘《［【(\\[]*(?:{_WIDE}|[^\\s\u2e80-\u9fff\uff00-\uffef]+)[，。；：、！？）”’》］】)\\]]*\\s*|\\s+"
)
"""What a text may be broken between: Chinese characters and words, each with the marks that cling to it."""
STYLES = {"above": "green", "below": "red"}
"""Colours of tiers; the words stand beside them, so colour says nothing that the words do not."""
_CODES = {"bold": 1, "red": 31, "green": 32}


def render(table: Table, *, width: int | None = None, color: bool | None = None) -> str:
    """Draw a table with its title and notes.

    Parameters
    ----------
    table
        What to draw.
    width
        The cells of the terminal. None asks the terminal, or, where the output is no terminal, takes as many
        as the table needs, so that a file or a pipe gets every column whole.
    color
        Whether to use colour and bold. None: only on a terminal, and not where NO_COLOR is set.

    Returns
    -------
    str
        Lines that end with a newline. Where room is short, headings are broken into lines, then optional
        columns go (the last dimension first) and a note names them; names are folded last of all.
    """
    if width is None and sys.stdout.isatty():
        width = shutil.get_terminal_size().columns
    if color is None:
        color = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    headings = [heading or " " for heading in table.headings()]
    rows = [tuple(shorten(text, LONGEST_CELL) for text in table.text_of(row)) for row in table.rows]
    footer = table.text_of(table.footer) if table.footer else ()
    body = [*rows, footer] if footer else rows
    kept = list(range(len(table.columns)))
    notes = [printable(note) for note in table.notes]
    if width is not None:
        widest = [max((cell_len(row[k]) for row in body), default=0) for k in kept]
        if _total(kept, [cell_len(heading) for heading in headings], widest) > width:
            headings = [
                "\n".join(_broken(text, max(NARROWEST_HEADING, widest[k]))) for k, text in enumerate(headings)
            ]
        needed = [max(cell_len(line) for line in heading.split("\n")) for heading in headings]
        kept, dropped = _fitting(table.columns, needed, widest, width)
        if dropped:
            notes.insert(0, _dropped_note(table, dropped))
    drawn = _drawn(table, kept, headings, rows, footer, width, color)
    lines = [_styled(printable(table.title), "bold", color), *drawn]
    if notes:
        lines.append("")
    for note in notes:
        parts = [note] if width is None else wrapped(note, max(width - len(BULLET), 2 * NARROWEST_HEADING))
        lines += [(" " * len(BULLET) if place else BULLET) + part for place, part in enumerate(parts)]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _drawn(
    table: Table,
    kept: Sequence[int],
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    footer: Sequence[str],
    width: int | None,
    color: bool,
) -> Iterator[str]:
    """Yield the lines of the table: one light line below the headings, an empty one between groups."""
    # rich.table draws such tables too, but loading it takes as long as scoring a national survey.
    body = [*rows, footer] if footer else rows
    widths = _widths(table, kept, headings, body, width)

    def on_two_lines(cell: str, room: int, k: int) -> str:
        """Put an interval that does not fit below its value."""
        folds = table.columns[k].kind == "interval" and cell_len(cell) > room
        return cell.replace(" [", "\n[", 1) if folds else cell

    def lines(cells: Sequence[str], styles: Sequence[str], aligns: Sequence[str]) -> Iterator[str]:
        split = [
            [part for line in on_two_lines(cell, room, k).split("\n") for part in wrapped(line, room) or [""]]
            for cell, room, k in zip(cells, widths, kept, strict=True)
        ]
        for place in range(max(map(len, split), default=0)):
            parts = [
                _styled(_padded(cell[place] if place < len(cell) else "", room, align), style, color)
                for cell, room, style, align in zip(split, widths, styles, aligns, strict=True)
            ]
            yield (" " * PADDING).join(parts)

    aligns = [table.columns[k].align for k in kept]
    strong = ["bold"] * len(kept)
    yield from lines([headings[k] for k in kept], strong, aligns)
    whole = sum(widths) + PADDING * max(len(kept) - 1, 0)
    yield "─" * whole
    titles = iter(table.group_titles)
    for place, row in enumerate(rows):
        if place in table.groups:
            yield ""
        if place == 0 or place in table.groups:
            title = printable(next(titles, ""))
            yield from (_styled(part, "bold", color) for part in wrapped(title, whole) if part)
        styles = [_style(table.columns[k], table.rows[place][k]) for k in kept]
        yield from lines([row[k] for k in kept], styles, aligns)
    if footer:
        yield ""
        yield from lines([footer[k] for k in kept], strong, aligns)


def _widths(
    table: Table,
    kept: Sequence[int],
    headings: Sequence[str],
    body: Sequence[Sequence[str]],
    width: int | None,
) -> list[int]:
    """Return the cells of every column; where room is short, columns of text share what is left.

    Words are broken only where there is no other way.
    """
    least = [max(cell_len(line) for line in headings[k].split("\n")) for k in kept]
    widths = [max([room, *(cell_len(row[k]) for row in body)]) for k, room in zip(kept, least, strict=True)]
    if width is None or sum(widths) + PADDING * (len(widths) - 1) <= width:
        return widths
    columns = [table.columns[k].kind for k in kept]
    texts = [place for place, kind in enumerate(columns) if kind == "text"]
    intervals = [place for place, kind in enumerate(columns) if kind == "interval"]
    own = [max(map(_longest_word, headings[k].split("\n"))) for k in kept]
    words = {place: max(own[place], _widest(body, kept[place], _longest_word)) for place in texts}
    parts = {place: max(own[place], _widest(body, kept[place], _longest_part)) for place in intervals}
    # First between words, then intervals below their values, and inside words last of all.
    for floors in (words, parts, dict.fromkeys(texts, 0)):
        flexible = list(floors)
        while sum(widths) + PADDING * (len(widths) - 1) > width and flexible:
            widest = max(flexible, key=lambda place: widths[place])
            if widths[widest] <= max(floors[widest], NARROWEST_TEXT):
                flexible.remove(widest)
            else:
                widths[widest] -= 1
    return widths


def _padded(text: str, room: int, align: str) -> str:
    space = max(room - cell_len(text), 0)
    if align == "right":
        return " " * space + text
    left = space // 2 if align == "center" else 0
    return " " * left + text + " " * (space - left)


def _styled(text: str, style: str, color: bool) -> str:
    return f"\x1b[{_CODES[style]}m{text}\x1b[0m" if color and style else text


def _style(column: Column, value: object) -> str:
    return STYLES.get(str(value), "") if column.key == "tier" else ""


def _total(kept: Sequence[int], headings: Sequence[int], cells: Sequence[int]) -> int:
    return sum(max(headings[k], cells[k]) + PADDING for k in kept)


def _fitting(
    columns: Sequence[Column], headings: Sequence[int], cells: Sequence[int], width: int
) -> tuple[list[int], list[int]]:
    """Return the columns that fit and those that had to go, in the order of the table."""
    kept = list(range(len(columns)))
    going = sorted((k for k in kept if columns[k].optional), key=lambda k: -columns[k].optional)
    dropped: list[int] = []
    while going and _total(kept, headings, cells) > width:
        dropped.append(going.pop(0))
        kept.remove(dropped[-1])
    return kept, sorted(dropped)


def _dropped_note(table: Table, dropped: Sequence[int]) -> str:
    names = [table.columns[k].heading(table.language) for k in dropped]
    if table.language == "zh":
        return f"终端太窄，未显示：{'、'.join(names)}；加宽终端，或用其他输出格式"
    return f"The terminal is too narrow to show: {', '.join(names)}; widen it, or use another output format"


def wrapped(text: str, width: int) -> list[str]:
    """Break a text into lines of at most `width` cells.

    Chinese may break between any two characters, other writing at spaces; a closing mark never begins a line
    and an opening one never ends it. A word that is longer than a line is broken where the line ends.
    """
    lines, filled = [""], 0
    for piece in _PIECES.findall(text):
        # Only new cells are counted: counting a long line again for every piece would take for ever.
        bare = piece.rstrip()
        if not bare or filled + cell_len(bare) <= width:
            lines[-1] += piece
            filled += cell_len(piece)
            continue
        lines[-1], filled = lines[-1].rstrip(), 0
        if lines[-1]:
            lines.append("")
        for character in piece.lstrip():
            needed = cell_len(character)
            if filled + needed > width and lines[-1]:
                lines.append("")
                filled = 0
            lines[-1] += character
            filled += needed
    return [line.rstrip() for line in lines]


def _broken(heading: str, width: int) -> Iterator[str]:
    """Break a heading into lines that hold its longest word; what stands in brackets begins a line."""
    width = max(width, _longest_word(heading))
    if cell_len(heading) <= width:
        yield heading
        return
    before, bracket, rest = heading.partition(" [")
    for part in (before, bracket.strip() + rest):
        if part:
            yield from wrapped(part, width)


def _widest(body: Sequence[Sequence[str]], k: int, measure: Callable[[str], int]) -> int:
    return max((measure(row[k]) for row in body), default=0)


def _longest_part(interval: str) -> int:
    """Count the cells of the longer of a value and its interval in brackets."""
    value, bracket, rest = interval.partition(" [")
    return max(cell_len(value), cell_len(bracket.strip() + rest))


def _longest_word(heading: str) -> int:
    """Count the cells of the longest run of a heading that must not be broken."""
    return max((cell_len(piece.strip()) for piece in _PIECES.findall(heading)), default=0)
