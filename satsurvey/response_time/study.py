"""The response-time study as one call: read, link, put outcomes beside times, fit."""

from __future__ import annotations

import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import scipy

import satsurvey
from satsurvey.errors import MethodError
from satsurvey.intake.provenance import provenance_of
from satsurvey.intake.raw import Source
from satsurvey.intake.reading import read_responses
from satsurvey.intake.responses import Responses
from satsurvey.regression.marginal import AT_S
from satsurvey.response_time.fit import DRAWS, FOLDS, SEED, ResponseTimeFit, fit_response_time
from satsurvey.response_time.rows import response_rows
from satsurvey.service.link import Key, Link, link
from satsurvey.service.reading import read_records
from satsurvey.service.records import ServiceRecords

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, eq=False)
class ResponseStudy:
    """What a response-time study found, and what it was made from.

    Attributes
    ----------
    fit
        Forms, models, effects, curve and bins.
    responses
        The interviews read.
    records, link
        The service records and how interviews were joined to them; None where the export has the times.
    provenance
        Inputs with their SHA-256, versions, options, time.
    """

    fit: ResponseTimeFit
    responses: Responses
    records: ServiceRecords | None
    link: Link | None
    provenance: dict[str, object]


def study_response_time(
    source: Responses | Sequence[str | Path] = (),
    *,
    study: str | Path | None = None,
    questionnaire: str | Path | None = None,
    records: ServiceRecords | Sequence[str | Path] | None = None,
    map: str | Path | None = None,
    by: Key = "case_id",
    window_days: float | None = None,
    outcome: str = "total",
    time: str = "first_response",
    controls: Sequence[str] | None = None,
    cluster: str = "company",
    instrument: Literal["agent"] | None = None,
    times_s: Sequence[float] = AT_S,
    level: float = 0.95,
    folds: int = FOLDS,
    seed: int = SEED,
    draws: int = DRAWS,
    encoding: str | None = None,
    sheet: str | None = None,
    progress: Progress | None = None,
) -> ResponseStudy:
    """Find out whether, and by how much, faster answers go with higher satisfaction.

    Parameters
    ----------
    source
        The exports of the survey, or responses already read.
    study, questionnaire, encoding, sheet
        As in `read_responses`, where the questionnaire is called `instrument`.
    records, map
        Service records, or their exports with the map that reads them (default `general`); None where the
        export of the survey has the times itself.
    by, window_days
        How interviews and records are joined (see `satsurvey.service.link.link`).
    outcome, time, controls
        See `response_rows`; controls None: channel, purpose, industry and wave where the data have them.
    cluster, instrument, times_s, level, folds, seed, draws
        See `fit_response_time`.
    progress
        Told what is being done.

    Returns
    -------
    ResponseStudy

    Raises
    ------
    SatsurveyError
        When files, names or choices cannot be used, or the data do not carry a model.

    Examples
    --------
    >>> import satsurvey as ss
    >>> study = ss.study_response_time(["examples/national-2019/national-2019.csv"], outcome="item:C1")
    >>> study.fit.association, study.fit.n_companies
    ('found', 360)
    """
    tell = progress or (lambda what, done, total: None)
    if map is not None and not isinstance(records, ServiceRecords) and not records:
        raise MethodError(
            "a map of records is named, and no records are given",
            value=str(map),
            next_step="name the exports of the records with --records",
        )
    responses = source
    if not isinstance(responses, Responses):
        responses = read_responses(
            responses,
            instrument=questionnaire,
            study=study,
            encoding=encoding,
            sheet=sheet,
            progress=lambda name: tell(f"reading {name}", 0, 0),
        )
    sources = list(responses.files)
    contacts: ServiceRecords | None = None
    if isinstance(records, ServiceRecords):
        contacts = records
    elif records:
        contacts = read_records(
            records, map=map or "general", progress=lambda name: tell(f"reading {name}", 0, 0)
        )
        sources += [_source(path) for path in records]
    joined: Link | None = None
    if contacts is not None:
        tell("linking", 0, 0)
        joined = link(responses, contacts, by=by, window_days=window_days)
    rows = response_rows(responses, joined, contacts, outcome=outcome, time=time, controls=controls)
    tell("fitting", 0, 0)
    fit = fit_response_time(
        rows,
        level=level,
        times_s=times_s,
        folds=folds,
        seed=seed,
        cluster=cluster,
        instrument=instrument,
        draws=draws,
    )
    options: dict[str, object] = {
        "study": Path(study).name if study else None,
        "questionnaire": Path(questionnaire).name if questionnaire else None,
        "map": Path(map).name if map else None,
        "by": by if contacts is not None else None,
        "window_days": window_days,
        "outcome": outcome,
        "time": time,
        "controls": None if controls is None else list(controls),
        "cluster": cluster,
        "instrument": instrument,
        "level": level,
        "encoding": encoding,
        "sheet": sheet,
    }
    versions = {
        "satsurvey": satsurvey.__version__,
        "python": platform.python_version(),
        **{module.__name__: module.__version__ for module in (np, pd, pa, scipy)},
    }
    return ResponseStudy(fit, responses, contacts, joined, provenance_of(sources, options, versions))


def _source(path: str | Path) -> Source:
    # The role of a table may stand in front of its path: comments=notes.csv.
    text = str(path)
    plain = Path(text.split("=", 1)[1]) if "=" in text and not Path(text).exists() else Path(text)
    return Source(plain, plain.suffix.lower().removeprefix("."))
