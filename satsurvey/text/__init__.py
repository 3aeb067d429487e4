"""Comments: sentiment and service aspects of what respondents say in their own words.

>>> from satsurvey.text import read_comments
>>> read_comments(["没让我失望", "等太久了"]).frame["label"].tolist()
['positive', 'negative']
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from satsurvey.intake.personal_data import mask_personal_data as mask_personal_data
    from satsurvey.intake.personal_data import mask_texts as mask_texts
    from satsurvey.text.comments import CommentScores as CommentScores
    from satsurvey.text.comments import read_comments as read_comments
    from satsurvey.text.confusion import ConfusionTable as ConfusionTable
    from satsurvey.text.engines import engine_of as engine_of
    from satsurvey.text.evaluation import Evaluation as Evaluation
    from satsurvey.text.evaluation import evaluate as evaluate
    from satsurvey.text.exact_snownlp import SnowNlpEngine as SnowNlpEngine
    from satsurvey.text.labelled import read_labelled as read_labelled
    from satsurvey.text.onnx import OnnxEngine as OnnxEngine
    from satsurvey.text.readings import ASPECTS as ASPECTS
    from satsurvey.text.readings import LABELS as LABELS
    from satsurvey.text.readings import Readings as Readings
    from satsurvey.text.sampling import draw_sample as draw_sample
    from satsurvey.text.service import ServiceEngine as ServiceEngine
    from satsurvey.text.trained import TrainedEngine as TrainedEngine
    from satsurvey.text.trained import train as train

_HOMES = {
    "ASPECTS": "readings",
    "CommentScores": "comments",
    "ConfusionTable": "confusion",
    "Evaluation": "evaluation",
    "LABELS": "readings",
    "OnnxEngine": "onnx",
    "Readings": "readings",
    "ServiceEngine": "service",
    "SnowNlpEngine": "exact_snownlp",
    "TrainedEngine": "trained",
    "draw_sample": "sampling",
    "engine_of": "engines",
    "evaluate": "evaluation",
    "mask_personal_data": "..intake.personal_data",
    "mask_texts": "..intake.personal_data",
    "read_comments": "comments",
    "read_labelled": "labelled",
    "train": "trained",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> object:
    # Names are loaded when they are first used, so that a program pays only for what it needs.
    if name not in _HOMES:
        raise AttributeError(f"module 'satsurvey.text' has no attribute {name!r}")
    home = _HOMES[name]
    value = getattr(import_module(home if home.startswith(".") else f".{home}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return list(__all__)
