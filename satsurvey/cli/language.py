"""The language of the command line: which one is spoken, and talk, errors and usage in it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from satsurvey.cli.options import Lang, default_language
from satsurvey.errors import SatsurveyError, SpecificationError, shorten

if TYPE_CHECKING:
    from satsurvey.report.set_aside import SetAside


def spoken_language(arguments: Sequence[str]) -> Lang:
    """Return the language that the arguments name with --lang, else that of the environment.

    For what is said before, or without, the arguments being understood.
    """
    found = default_language()
    for argument, following in zip(arguments, (*arguments[1:], ""), strict=False):
        if argument == "--":
            break
        name, sign, value = argument.partition("=")
        if name == "--lang":
            word = value if sign else following
            found = "zh" if word == "zh" else "en" if word == "en" else found
    return found


def speak_in(command: Any, language: Lang) -> None:
    """Let a command and all commands in it write their help and usage in a language."""
    if language == "zh":
        from satsurvey.cli.help import speak_chinese

        speak_chinese(command)


def say(message: str, language: Lang) -> None:
    """Print a message for the user on standard error."""
    print(f"satsurvey: {rendered(message, language)}", file=sys.stderr)


def say_set_aside(written: SetAside, path: Path, language: Lang) -> None:
    """Say how many rows were set aside in a file, and what was masked in them."""
    say(f"{written.n_rows} rows written to {path}", language)
    if written.masked:
        say(f"personal data masked in {path}: {written.masked_words(language)}", language)


def rendered(message: str, language: Lang) -> str:
    """Return a message in a language; the catalogue is loaded only for Chinese."""
    if language == "en":
        return message
    from satsurvey.report.catalogue import translated

    return translated(message, language)


def error_text(error: SatsurveyError, language: Lang) -> str:
    """Write out an error in a language: what happened, where, what was found, expected, and can be done."""
    if language == "en":
        return str(error)
    places = [
        form.format(place)
        for form, place in (
            ("文件 {}", error.file),
            ("工作表 {}", error.sheet),
            ("第 {} 行", error.row),
            ("列 {}", error.column),
        )
        if place is not None
    ]
    lines = [rendered(error.what, language) + (f"（{'，'.join(places)}）" if places else "")]
    if error.value is not None:
        value = error.value if not isinstance(error.value, str) else rendered(error.value, language)
        lines.append(f"  实际内容：{shorten(value)}")
    if error.expected:
        from satsurvey.report.catalogue import translated_words

        lines.append(f"  应为：{translated_words(error.expected, language)}")
    if error.next_step:
        lines.append(f"  处理：{rendered(error.next_step, language)}")
    if isinstance(error, SpecificationError):
        lines += [f"  - {defect.where}：{rendered(defect.what, language)}" for defect in error.defects]
    return "\n".join(lines)


def usage_text(error: Any, language: Lang) -> str | None:
    """Write out an error of the option parser in Chinese; None where its own words have to do.

    The parser's class of error is not imported: where it lives depends on the version.
    """
    context = getattr(error, "ctx", None)
    if (
        language == "en"
        or not hasattr(error, "format_message")
        or type(error).__name__ == "NoArgsIsHelpError"
    ):
        return None
    lines = []
    if context is not None:
        lines.append(context.get_usage())
        names = getattr(context, "help_option_names", ())
        if names:
            lines += [f"帮助：{context.command_path} {names[0]}", ""]
    lines.append(f"错误：{rendered(error.format_message(), language)}")
    return "\n".join(lines)
