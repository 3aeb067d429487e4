"""Customer-satisfaction surveys of contact centres: from a telephone-survey export to rankings that hold.

>>> import satsurvey as ss
>>> analysis = ss.analyse(["examples/national-2019/national-2019.csv"], draws=200)
>>> analysis.industries.sort_values("score", ascending=False)["industry"].iloc[0]
'银行'
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from satsurvey.analysis import Analysis as Analysis
    from satsurvey.analysis import analyse as analyse
    from satsurvey.errors import SatsurveyError as SatsurveyError
    from satsurvey.errors import SatsurveyWarning as SatsurveyWarning
    from satsurvey.instrument.library import instrument_names as instrument_names
    from satsurvey.instrument.library import load_instrument as load_instrument
    from satsurvey.instrument.model import Instrument as Instrument
    from satsurvey.intake.checks import CheckReport as CheckReport
    from satsurvey.intake.checks import check as check
    from satsurvey.intake.ledger import Ledger as Ledger
    from satsurvey.intake.reading import read_responses as read_responses
    from satsurvey.intake.responses import Responses as Responses
    from satsurvey.report.writing import write_analysis as write_analysis
    from satsurvey.scoring.estimates import Scores as Scores
    from satsurvey.scoring.estimates import score as score
    from satsurvey.scoring.ranking import Ranking as Ranking
    from satsurvey.scoring.ranking import detectable_difference as detectable_difference
    from satsurvey.scoring.ranking import rank as rank
    from satsurvey.scoring.reconcile import reconcile as reconcile
    from satsurvey.simulation import simulate as simulate

__version__ = "0.1.0"

_HOMES = {
    "Analysis": "satsurvey.analysis",
    "CheckReport": "satsurvey.intake.checks",
    "Instrument": "satsurvey.instrument.model",
    "Ledger": "satsurvey.intake.ledger",
    "Ranking": "satsurvey.scoring.ranking",
    "Responses": "satsurvey.intake.responses",
    "SatsurveyError": "satsurvey.errors",
    "SatsurveyWarning": "satsurvey.errors",
    "Scores": "satsurvey.scoring.estimates",
    "analyse": "satsurvey.analysis",
    "check": "satsurvey.intake.checks",
    "detectable_difference": "satsurvey.scoring.ranking",
    "instrument_names": "satsurvey.instrument.library",
    "load_instrument": "satsurvey.instrument.library",
    "rank": "satsurvey.scoring.ranking",
    "read_responses": "satsurvey.intake.reading",
    "reconcile": "satsurvey.scoring.reconcile",
    "score": "satsurvey.scoring.estimates",
    "simulate": "satsurvey.simulation",
    "write_analysis": "satsurvey.report.writing",
}

__all__ = ["__version__", *sorted(_HOMES)]


def __getattr__(name: str) -> object:
    # Names are loaded when they are first used, so that a command pays only for what it needs.
    if name not in _HOMES:
        raise AttributeError(f"module 'satsurvey' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return list(__all__)
