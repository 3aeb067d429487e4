"""The command line: which commands there are, and how every one of them ends."""

from __future__ import annotations

import errno
import os
import sys
from contextlib import suppress
from typing import Annotated

import typer

from satsurvey import __version__
from satsurvey.cli import benchmark, comments, instruments, records, scorecard, targets
from satsurvey.cli.check import check_command
from satsurvey.cli.claims import claims_command
from satsurvey.cli.fieldwork import fieldwork_command
from satsurvey.cli.init import init_command
from satsurvey.cli.inspect import inspect_command
from satsurvey.cli.language import error_text, say, speak_in, spoken_language, usage_text
from satsurvey.cli.options import (
    EXIT_DONE,
    EXIT_FAULT,
    EXIT_INPUT,
    EXIT_INTERRUPTED,
    EXIT_USAGE,
    Lang,
)
from satsurvey.cli.reconcile import reconcile_command
from satsurvey.cli.response import response_command
from satsurvey.cli.schema import schema_command
from satsurvey.cli.score import score_command
from satsurvey.cli.simulate import simulate_command
from satsurvey.errors import MethodError, NothingToScoreError, OutputError, SatsurveyError

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT}

_FLAGS = {"help": False, "install_completion": False, "show_completion": False}

app = typer.Typer(
    name="satsurvey",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "max_content_width": 100,
        # A flag that is absent costs the option parser an import of its validating library.
        "default_map": {
            **_FLAGS,
            "instruments": _FLAGS,
            "comments": {**_FLAGS, "aspects": _FLAGS},
            "records": _FLAGS,
            "benchmark": _FLAGS,
            "scorecard": _FLAGS,
            "targets": _FLAGS,
        },
    },
)


def _version(value: bool) -> None:
    if value:
        print(f"satsurvey {__version__}")
        raise typer.Exit


@app.callback()
def satsurvey(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Satisfaction surveys of contact centres: from an export to a ranking that can be defended.

    \b
    Example: satsurvey score survey.csv
             satsurvey score survey.csv --out results --lang en

    \b
    The first time with an export:
      satsurvey inspect survey.csv     what is in the file
      satsurvey check survey.csv       everything that is wrong with the data
      satsurvey init survey.csv        a study file, where headings are not recognised
      satsurvey score survey.csv       the ranking

    Exit codes: 0 done, 1 fault, 2 usage, 3 input invalid, 4 warnings under --strict, 130 interrupted.
    """


app.command("score")(score_command)
app.command("check")(check_command)
app.command("inspect")(inspect_command)
app.command("init")(init_command)
app.command("fieldwork")(fieldwork_command)
app.command("reconcile")(reconcile_command)
app.command("simulate")(simulate_command)
app.command("schema")(schema_command)
app.command("claims")(claims_command)
app.command("response")(response_command)
app.add_typer(comments.app, name="comments")
app.add_typer(instruments.app, name="instruments")
app.add_typer(records.app, name="records")
app.add_typer(benchmark.app, name="benchmark")
app.add_typer(scorecard.app, name="scorecard")
app.add_typer(targets.app, name="targets")


def run() -> None:
    """Run the command line and end with one of the documented exit codes."""
    sys.exit(run_with(sys.argv[1:]))


def run_with(arguments: list[str]) -> int:
    """Run the command line with some arguments and return its exit code; never raises."""
    for stream in (sys.stdout, sys.stderr):
        # A Windows console or a pipe may not be UTF-8; results are, unless the user says otherwise, and
        # nothing printed may fail.
        if hasattr(stream, "reconfigure"):
            kept = stream.isatty() or os.environ.get("PYTHONIOENCODING")
            stream.reconfigure(encoding=None if kept else "utf-8", errors="replace")
    language = spoken_language(arguments)
    command = typer.main.get_command(app)
    speak_in(command, language)
    try:
        result = command.main(args=arguments, prog_name="satsurvey", standalone_mode=False)
        sys.stdout.flush()
    except SatsurveyError as exc:
        return _refused(exc, language)
    except KeyboardInterrupt:
        return _interrupted(language)
    except (BrokenPipeError, SystemExit):
        # The reader of our output has gone (| head), at which the option parser exits by itself.
        _silence()
        return EXIT_DONE
    except OSError as exc:
        if exc.errno not in _NO_ROOM:
            return _ended(exc, language)
        _silence()
        return _refused(
            OutputError(
                "the disk is full; what was printed is not complete",
                next_step="free some space, or write to another disk",
            ),
            language,
        )
    except Exception as exc:
        return _ended(exc, language)
    # The option parser turns Ctrl-C into its own exit, with this code and without a word.
    return _interrupted(language) if result == EXIT_INTERRUPTED else int(result or EXIT_DONE)


def _refused(exc: SatsurveyError, language: Lang) -> int:
    print(f"satsurvey: {error_text(exc, language)}", file=sys.stderr)
    at_fault = isinstance(exc, MethodError | OutputError) and not isinstance(exc, NothingToScoreError)
    return EXIT_USAGE if at_fault else EXIT_INPUT


def _interrupted(language: Lang) -> int:
    say("interrupted; nothing was left half written", language)
    return EXIT_INTERRUPTED


def _silence() -> None:
    """Send what is still to be printed nowhere, or the interpreter complains about it when it ends."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _ended(exc: Exception, language: Lang) -> int:
    """Turn what the option parser or a fault raises into an exit code and a sentence."""
    if hasattr(exc, "exit_code"):
        if hasattr(exc, "show"):
            text = usage_text(exc, language)
            if text is None:
                exc.show(file=sys.stderr)
            else:
                print(text, file=sys.stderr)
            return int(exc.exit_code)
        # Exit carries a code and says nothing.
        return _interrupted(language) if type(exc).__name__ == "Abort" else int(exc.exit_code)
    if type(exc).__name__ == "Abort":
        return _interrupted(language)
    if os.environ.get("SATSURVEY_DEBUG"):
        raise exc
    fault = SatsurveyError(
        f"a fault of satsurvey itself: {type(exc).__name__}: {exc}",
        next_step="run the command again with SATSURVEY_DEBUG=1 set and report what it prints",
    )
    print(f"satsurvey: {error_text(fault, language)}", file=sys.stderr)
    return EXIT_FAULT


if __name__ == "__main__":
    run()
