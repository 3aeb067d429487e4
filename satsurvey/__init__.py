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
    from satsurvey.benchmarks.figures import load_figures as load_figures
    from satsurvey.benchmarks.grading import grade as grade
    from satsurvey.benchmarks.measured import read_measured as read_measured
    from satsurvey.benchmarks.promises import check_promise as check_promise
    from satsurvey.benchmarks.scorecard import score_vendors as score_vendors
    from satsurvey.benchmarks.vendors import read_vendors as read_vendors
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
    from satsurvey.response_time.fit import ResponseTimeFit as ResponseTimeFit
    from satsurvey.response_time.fit import fit_response_time as fit_response_time
    from satsurvey.response_time.rows import ResponseRows as ResponseRows
    from satsurvey.response_time.rows import response_rows as response_rows
    from satsurvey.response_time.study import ResponseStudy as ResponseStudy
    from satsurvey.response_time.study import study_response_time as study_response_time
    from satsurvey.scoring.estimates import Scores as Scores
    from satsurvey.scoring.estimates import score as score
    from satsurvey.scoring.ranking import Ranking as Ranking
    from satsurvey.scoring.ranking import detectable_difference as detectable_difference
    from satsurvey.scoring.ranking import rank as rank
    from satsurvey.scoring.reconcile import reconcile as reconcile
    from satsurvey.service.reading import read_records as read_records
    from satsurvey.service.records import ServiceRecords as ServiceRecords
    from satsurvey.simulation import simulate as simulate

__version__ = "0.1.0"

_HOMES = {
    "Analysis": "satsurvey.analysis",
    "CheckReport": "satsurvey.intake.checks",
    "Instrument": "satsurvey.instrument.model",
    "Ledger": "satsurvey.intake.ledger",
    "Ranking": "satsurvey.scoring.ranking",
    "ResponseRows": "satsurvey.response_time.rows",
    "ResponseStudy": "satsurvey.response_time.study",
    "ResponseTimeFit": "satsurvey.response_time.fit",
    "Responses": "satsurvey.intake.responses",
    "SatsurveyError": "satsurvey.errors",
    "SatsurveyWarning": "satsurvey.errors",
    "Scores": "satsurvey.scoring.estimates",
    "ServiceRecords": "satsurvey.service.records",
    "analyse": "satsurvey.analysis",
    "check": "satsurvey.intake.checks",
    "check_promise": "satsurvey.benchmarks.promises",
    "detectable_difference": "satsurvey.scoring.ranking",
    "fit_response_time": "satsurvey.response_time.fit",
    "grade": "satsurvey.benchmarks.grading",
    "instrument_names": "satsurvey.instrument.library",
    "load_figures": "satsurvey.benchmarks.figures",
    "load_instrument": "satsurvey.instrument.library",
    "rank": "satsurvey.scoring.ranking",
    "read_measured": "satsurvey.benchmarks.measured",
    "read_records": "satsurvey.service.reading",
    "read_responses": "satsurvey.intake.reading",
    "read_vendors": "satsurvey.benchmarks.vendors",
    "reconcile": "satsurvey.scoring.reconcile",
    "response_rows": "satsurvey.response_time.rows",
    "score": "satsurvey.scoring.estimates",
    "score_vendors": "satsurvey.benchmarks.scorecard",
    "simulate": "satsurvey.simulation",
    "study_response_time": "satsurvey.response_time.study",
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
