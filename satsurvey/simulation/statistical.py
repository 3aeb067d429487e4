"""Writer of simulated surveys as SPSS and Stata files; the one module of the room that needs pandas."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from satsurvey.instrument.model import Fact
from satsurvey.simulation.simulate import Simulation
from satsurvey.simulation.wording import (
    Headings,
    Values,
    export_headings,
    questions_of,
    scale_of,
    value_labels,
)


def write_statistical(simulation: Simulation, place: Path, headings: Headings, values: Values) -> None:
    """Write a survey as .sav or .dta, by the ending of `place`: answers as numbers with labels, else text.

    Variables are named by role and code; `headings` are their labels. Raises `OSError` when writing fails.
    """
    import pandas as pd
    import pyreadstat

    instrument = simulation.instrument
    language: Literal["zh", "en"] = "en" if headings == "en" else "zh"
    questions = questions_of(instrument)
    frame: dict[str, Any] = {}
    words: dict[str, dict[int | float, str]] = {}
    special: dict[str, list[Any]] = {}
    for key, column in simulation.columns.items():
        question = questions.get(key)
        scale = None if question is None else scale_of(instrument, question)
        numbers = None if question is None else _as_numbers(column)
        if scale is None and not (isinstance(question, Fact) and question.type != "one_of"):
            numbers = None
        if numbers is None:
            labels = value_labels(instrument, key, language) if values == "labels" else {}
            frame[key] = [labels.get(text, text) for text in column.tolist()]
            continue
        frame[key] = numbers
        words[key] = {float(code): text for code, text in value_labels(instrument, key, language).items()}
        if scale is not None and scale.missing:
            special[key] = [float(code) for code in list(scale.missing)[:3]]
    names: dict[str, str | None] = {**export_headings(simulation, headings)}
    table = pd.DataFrame(frame)
    try:
        if place.suffix == ".sav":
            pyreadstat.write_sav(
                table,
                str(place),
                file_label="simulated data",
                column_labels=names,
                variable_value_labels=words,
                missing_ranges=special,
            )
        else:
            # Stata keeps whole-number labels only, and its labels of variables end at 80 characters.
            whole: dict[str, dict[int | float, str]] = {
                key: {int(code): text for code, text in labels.items() if float(code).is_integer()}
                for key, labels in words.items()
            }
            pyreadstat.write_dta(
                table,
                str(place),
                file_label="simulated data",
                column_labels={key: (name or key)[:80] for key, name in names.items()},
                variable_value_labels=whole,
            )
    except (pyreadstat.PyreadstatError, pyreadstat.ReadstatError) as exc:
        raise OSError(str(exc)) from exc


def _as_numbers(column: NDArray[np.str_]) -> NDArray[np.float64] | None:
    """Return a column of codes as numbers, NaN where empty; None when some cell is no number."""
    distinct, inverse = np.unique(column, return_inverse=True)
    try:
        numbers = np.array([float(text) if text else np.nan for text in distinct])
    except ValueError:
        return None
    return numbers[inverse]
