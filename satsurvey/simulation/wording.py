"""The words of an export: headings of columns, labels of answers."""

from __future__ import annotations

from typing import Literal

from satsurvey.instrument.model import Fact, Instrument, Item, Outcome, Scale
from satsurvey.simulation.simulate import Simulation

Headings = Literal["zh", "code", "en"]
Values = Literal["codes", "labels"]


def export_headings(simulation: Simulation, headings: Headings = "zh") -> dict[str, str]:
    """Return the heading of each column of `simulation.columns`."""
    instrument = simulation.instrument
    questions = questions_of(instrument)
    found = {}
    for key in simulation.columns:
        if headings == "code":
            found[key] = key
        elif key in questions:
            wording = questions[key].text.get(headings)
            found[key] = f"{key}、{wording}" if headings == "zh" else f"{key}: {wording}"
        else:
            role = instrument.roles.get(key)
            aliases = () if role is None else role.aliases
            chosen = [alias for alias in aliases if alias.isascii() == (headings == "en")]
            found[key] = chosen[0] if chosen else key
    return found


def questions_of(instrument: Instrument) -> dict[str, Fact | Item | Outcome]:
    """Return facts, items and outcomes by code."""
    questions: list[Fact | Item | Outcome] = [*instrument.facts, *instrument.items, *instrument.outcomes]
    return {question.code: question for question in questions}


def scale_of(instrument: Instrument, question: Fact | Item | Outcome) -> Scale | None:
    """Return the scale a question is rated on; None for facts and comments."""
    if isinstance(question, Item) or (isinstance(question, Outcome) and question.type == "scale"):
        return instrument.scale_of(question)
    return None


def value_labels(instrument: Instrument, code: str, language: Literal["zh", "en"] = "zh") -> dict[str, str]:
    """Return the words for the codes of a question, special codes included; empty where it has none."""
    question = questions_of(instrument).get(code)
    if question is None:
        return {}
    scale = scale_of(instrument, question)
    if scale is not None:
        words = {answer: text.get(language) for answer, text in scale.labels.items()}
        reasons = {
            answer: instrument.missing_words.get(reason, ("",))[0] for answer, reason in scale.missing.items()
        }
        return words | {answer: word for answer, word in reasons.items() if word}
    if isinstance(question, Fact) and question.type in {"yes_no", "one_of"}:
        plain = {"1": "是", "0": "否"} if language == "zh" else {"1": "yes", "0": "no"}
        return (plain if question.type == "yes_no" else {}) | {
            k: v.get(language) for k, v in question.values.items()
        }
    return {}
