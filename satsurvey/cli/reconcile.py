"""The command `satsurvey reconcile`: which rules give a published total from published dimension scores."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from satsurvey.cli.options import LangOption, default_language
from satsurvey.errors import MethodError

if TYPE_CHECKING:
    from satsurvey.instrument.model import Instrument


def reconcile_command(
    dimensions: Annotated[
        list[str], typer.Argument(metavar="NAME=SCORE", help="Published score of each dimension.")
    ],
    total: Annotated[str, typer.Option("--total", metavar="SCORE", help="The published total.")],
    items: Annotated[
        list[str] | None,
        typer.Option("--items", metavar="NAME=N[,...]", help="Number of items of each dimension."),
    ] = None,
    weights: Annotated[
        list[str] | None,
        typer.Option("--weights", metavar="NAME=W[,...]", help="Declared weight of each dimension."),
    ] = None,
    instrument: Annotated[
        str | None,
        typer.Option(
            "--instrument",
            metavar="NAME",
            help="Take numbers of items and declared weights from an instrument.",
        ),
    ] = None,
    decimals: Annotated[
        int | None, typer.Option("--decimals", min=0, help="Decimals of the figures, when not as typed.")
    ] = None,
    format: Annotated[
        Literal["table", "json", "csv"], typer.Option("--format", help="How to write the answer.")
    ] = "table",
    lang: LangOption = default_language(),
) -> None:
    """Find the weighting and rounding that give a published total.

    Example: satsurvey reconcile --total 83.71 A=77.40 B=85.13 C=80.91 D=83.53 E=81.97 F=93.37

    Every weighting (equal; by items and declared when given) is tried with every rounding rule in exact
    arithmetic, and the range of totals is given that the rounding of the dimensions permits.
    """
    from satsurvey.report.reconcile import reconciliation_csv, reconciliation_json, reconciliation_text
    from satsurvey.scoring.reconcile import reconcile

    scores = pairs(dimensions, "NAME=SCORE")
    counts = None if items is None else pairs(items, "--items NAME=N")
    declared = None if weights is None else pairs(weights, "--weights NAME=W")
    if instrument is not None:
        from satsurvey.instrument.library import load_instrument

        source = load_instrument(instrument)
        names = _codes(source, scores)
        scores = {names[name]: score for name, score in scores.items()}
        counts = _renamed(counts, names) or {
            code: str(len(source.items_of(code))) for code in source.dimension_codes if code in scores
        }
        declared = _renamed(declared, names) or _declared(source, scores)
    result = reconcile(
        total,
        scores,
        items_per_dimension=None if counts is None else {name: _whole(text) for name, text in counts.items()},
        declared=declared,
        decimals=decimals,
    )
    if format == "json":
        sys.stdout.write(reconciliation_json(result))
    elif format == "csv":
        sys.stdout.write(reconciliation_csv(result))
    else:
        sys.stdout.write(reconciliation_text(result, lang))


def pairs(texts: list[str], form: str) -> dict[str, str]:
    """Read NAME=VALUE arguments, several of them parted by commas; the full-width forms count too."""
    found: dict[str, str] = {}
    for text in texts:
        for part in text.replace("，", ",").replace("＝", "=").split(","):
            name, sign, value = (piece.strip() for piece in part.partition("="))
            if not name or not sign or not value:
                raise MethodError(f"this is not {form}", value=part, expected="such as A=77.40")
            if name in found:
                raise MethodError(f"{name} is given twice", value=part, expected=f"one {form} for each name")
            found[name] = value
    return found


def _codes(instrument: Instrument, scores: dict[str, str]) -> dict[str, str]:
    """Find the code of each dimension named by its code or by its text in either language."""
    known = {
        name: dimension.code
        for dimension in instrument.dimensions
        for name in (dimension.text.zh, dimension.text.en, dimension.code)
    }
    for name in scores:
        if name not in known:
            raise MethodError(
                f"the instrument {instrument.id} has no dimension {name}",
                expected=", ".join(instrument.dimension_codes),
            )
    return known


def _renamed(given: dict[str, str] | None, names: dict[str, str]) -> dict[str, str] | None:
    return None if given is None else {names.get(name, name): value for name, value in given.items()}


def _declared(instrument: Instrument, scores: dict[str, str]) -> dict[str, str] | None:
    found = {
        d.code: str(d.weight) for d in instrument.dimensions if d.code in scores and d.weight is not None
    }
    return found if len(found) == len(scores) else None


def _whole(text: str) -> int:
    if not text.isdecimal():
        raise MethodError("a number of items is not a whole number", value=text, expected="such as 3")
    return int(text)
