"""Help pages in Chinese: words of commands and options from a catalogue, in lines fit for wide characters."""

from __future__ import annotations

import inspect
import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

CATALOGUE = Path(__file__).with_name("help_zh.toml")

_CLOSING = "，。；：、！？）”’》】…"
_PIECES = re.compile(
    f"\\[[^\\]]*\\]|[（“‘《【]*(?:[\u2e80-\u9fff\uff00-\uffef]|[^\\s\u2e80-\u9fff\uff00-\uffef]+)[{_CLOSING}]*\\s*|\\s+"
)
"""What a line may be broken between: Chinese characters, words with their marks, and what is in brackets."""
_EXTRAS = re.compile(r"(?:^|  )\[([^\[\]]*)\]$")
_FIRST_COLUMN = 30


def speak_chinese(command: Any) -> None:
    """Let a command, and all commands in it, write help and usage in Chinese.

    Nothing is read before a page is asked for. Words that the catalogue does not have stay as they are, and
    so does everything in a version of the option parser that writes its pages in another way.
    """
    for one in _commands(command):
        if hasattr(one, "context_class"):
            one.context_class = _chinese(one.context_class)


@lru_cache(maxsize=1)
def help_words() -> Mapping[str, Mapping[str, str]]:
    """Return the catalogue: `pages` (paragraphs), `options`, `words`, `metavars`, `types`, by English."""
    with CATALOGUE.open("rb") as file:
        tables: dict[str, dict[str, str]] = tomllib.load(file)
    return tables


def page(text: str) -> str:
    """Render the help of a command, paragraph by paragraph; examples keep their commands."""
    return "\n\n".join(map(_paragraph, inspect.cleandoc(text).split("\n\n")))


def _paragraph(text: str) -> str:
    known = help_words()["pages"].get(" ".join(text.replace("\b", "").split()))
    mark = "\b\n" if text.startswith("\b") else ""
    if known is not None:
        return mark + known.strip("\n")
    # As wide as the English word, so that what stands below an example stays below it.
    return text.replace("Example: ", "示例：   " if mark else "示例：")


def _commands(command: Any) -> Iterator[Any]:
    yield command
    for inner in getattr(command, "commands", {}).values():
        yield from _commands(inner)


def _render(command: Any) -> None:
    """Put the words of a command and its options into Chinese; done twice, it changes nothing more."""
    words = help_words()
    if command.help:
        command.help = page(command.help)
        command.short_help = command.help.split("\n\n")[0].strip("\b\n。")
    command.options_metavar = words["metavars"].get(command.options_metavar, command.options_metavar)
    if hasattr(command, "subcommand_metavar"):
        inner = command.subcommand_metavar
        command.subcommand_metavar = words["metavars"].get(inner, inner)
    for option in command.params:
        text = getattr(option, "help", None)
        if text:
            option.help = words["options"].get(" ".join(text.split()), text)
        if option.metavar:
            option.metavar = words["metavars"].get(option.metavar, option.metavar)


@lru_cache
def _chinese(context_class: type[Any]) -> type[Any]:
    """Make the context in which commands are read one whose pages are Chinese."""

    class ChineseContext(context_class):  # type: ignore[misc]
        formatter_class = _formatter(context_class.formatter_class)

        def make_formatter(self) -> Any:
            for command in _commands(self.find_root().command):
                _render(command)
            return super().make_formatter()

    return ChineseContext


def _formatter(formatter_class: type[Any]) -> type[Any]:
    class ChineseFormatter(formatter_class):  # type: ignore[misc]
        """Writes pages as its parent does, with Chinese words, and with two cells for wide characters."""

        def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
            opening = f"{prefix or '用法：'}{prog} "
            self.write(lines(args, self.width, opening, " " * width_of(opening)) + "\n")

        def write_heading(self, heading: str) -> None:
            self.write(f"{'':>{self.current_indent}}{help_words()['words'].get(heading, heading)}：\n")

        def write_text(self, text: str) -> None:
            indent = " " * self.current_indent
            self.write("\n\n".join(_block(part, self.width, indent) for part in text.split("\n\n")) + "\n")

        def write_dl(
            self, rows: Sequence[tuple[str, str]], col_max: int = _FIRST_COLUMN, col_spacing: int = 2
        ) -> None:
            shown = [(_typed(first), _described(second)) for first, second in rows]
            first_column = min(max(width_of(first) for first, _ in shown), col_max) + col_spacing
            indent = " " * self.current_indent
            for first, second in shown:
                opening = indent + first
                room = first_column + self.current_indent - width_of(opening)
                if second and room < col_spacing:
                    self.write(opening + "\n")
                    opening, room = indent, first_column
                after = " " * (first_column + self.current_indent)
                text = lines(second, self.width, opening + " " * room, after) if second else opening
                self.write(text.rstrip() + "\n")

    return ChineseFormatter


def _block(text: str, width: int, indent: str) -> str:
    """Write one paragraph: as it stands after a backspace, else broken into lines."""
    if text.startswith("\b"):
        return "\n".join(indent + line for line in text.strip("\b\n").split("\n"))
    return lines(" ".join(text.split()), width, indent, indent)


def _typed(first: str) -> str:
    """Name the type of an argument or option in Chinese."""
    for english, chinese in help_words()["types"].items():
        first = first.replace(english, chinese)
    return first


def _described(second: str) -> str:
    """Render the description of an option with its default and the like in brackets behind it."""
    words = help_words()
    extras = _EXTRAS.search(second)
    text = second[: extras.start()] if extras else second
    text = words["options"].get(text, text)
    if extras is None:
        return text
    named = "；".join(_extra(part) for part in extras[1].split("; "))
    return f"{text} [{named}]".strip()


def _extra(part: str) -> str:
    name, mark, value = part.partition(": ")
    word = help_words()["words"].get(name, name)
    return f"{word} {value}" if mark else word


def width_of(text: str) -> int:
    """Count the cells a text takes: two for a wide character."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def lines(text: str, width: int, first: str, after: str) -> str:
    """Break a text into lines of at most `width` cells: the first behind `first`, others behind `after`."""
    done, line = [], first
    for piece in _PIECES.findall(text):
        if width_of((line + piece).rstrip()) > width and line.strip() and line not in (first, after):
            done.append(line.rstrip())
            line = after
            piece = piece.lstrip()
        line += piece
    return "\n".join([*done, line.rstrip()])
