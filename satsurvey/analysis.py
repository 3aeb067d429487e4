"""The study as one call: read, check, score, rank, and the account of how."""

from __future__ import annotations

import math
import platform
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import scipy

import satsurvey
from satsurvey.instrument.model import Instrument
from satsurvey.intake.checks import CheckReport, check, doubtful_interviews
from satsurvey.intake.ledger import Ledger
from satsurvey.intake.provenance import provenance_of
from satsurvey.intake.reading import read_responses
from satsurvey.intake.responses import Responses
from satsurvey.scoring.breakdown import breakdown, score_without
from satsurvey.scoring.estimates import Scores, score
from satsurvey.scoring.ranking import Ranking, rank
from satsurvey.scoring.rescale import conversion_formula

if TYPE_CHECKING:
    from satsurvey.scoring.ranksets import Sets
    from satsurvey.scoring.tiers import TierControl

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much is done, and how much there is (0 when unknown)."""


@dataclass(frozen=True)
class Analysis:
    """The estimates of one study, together with how they were made.

    Attributes
    ----------
    instrument
        What was asked.
    companies, industries
        Scores with intervals and ranks with their sets (see `Scores` and `Ranking` for the columns).
    dimensions, items, overall
        As in `Scores`.
    breakdowns
        One row per value of every field asked for: by, value, score and its interval, n_companies, n,
        dimensions.
    ledger
        What became of every row read.
    report
        What the checks found.
    method
        Every choice, plain data for JSON.
    provenance
        Inputs with their SHA-256, versions, options, time.
    notes
        What a reader of the figures must know.
    """

    instrument: Instrument
    companies: pd.DataFrame
    industries: pd.DataFrame
    dimensions: pd.DataFrame
    items: pd.DataFrame
    overall: pd.DataFrame
    breakdowns: pd.DataFrame
    ledger: Ledger
    report: CheckReport
    method: Mapping[str, object]
    provenance: Mapping[str, object]
    notes: tuple[str, ...]

    @property
    def findings_summary(self) -> tuple[Mapping[str, object], ...]:
        """Rule, severity and number of rows of everything that the checks found."""
        totals: dict[tuple[str, str], int] = {}
        for finding in self.report.findings:
            key = (finding.rule, finding.severity)
            totals[key] = totals.get(key, 0) + max(finding.n, 1)
        return tuple({"rule": rule, "severity": severity, "n": n} for (rule, severity), n in totals.items())


def analyse(
    source: Responses | Sequence[str | Path] = (),
    *,
    instrument: Instrument | str | Path | None = None,
    study: str | Path | None = None,
    scale: str | None = None,
    encoding: str | None = None,
    sheet: str | None = None,
    by: Sequence[str] = (),
    seed: int = 20191,
    draws: int = 10_000,
    rank_sets: Sets = "simultaneous",
    tier_control: TierControl = "simultaneous",
    top_k: int = 3,
    force_ranks: bool = False,
    company_ranks: bool = True,
    today: date | None = None,
    progress: Progress | None = None,
    **choices: Any,
) -> Analysis:
    """Read a survey, check it, score it and rank it.

    Parameters
    ----------
    source
        The exports, or responses already read.
    instrument, study, scale, encoding, sheet
        As in `read_responses`.
    by
        Fields to break the overall score down by: a role such as `region` or `wave`, or the code of a coded
        question of fact such as `S2`.
    seed, draws, rank_sets, tier_control, top_k, force_ranks
        As in `rank`.
    company_ranks
        Whether companies are ranked too (`companies` of `rank`); a table of industries does not need it.
    today
        Dates after this day are reported by the checks.
    progress
        Told what is being done.
    **choices
        As in `score`: any attribute of `ScoringMethod`.

    Returns
    -------
    Analysis

    Raises
    ------
    SatsurveyError
        When files, specifications or choices cannot be used. Bad data never raises: see `Analysis.report`.

    Examples
    --------
    >>> import satsurvey as ss
    >>> analysis = ss.analyse(["examples/national-2019/national-2019.csv"], draws=500)
    >>> analysis.ledger.rows_used, len(analysis.industries), len(analysis.companies)
    (7385, 15, 360)
    """
    tell = progress or (lambda what, done, total: None)
    options: dict[str, object] = {
        "instrument": str(instrument) if isinstance(instrument, str | Path) else None,
        "study": Path(study).name if study else None,
        "scale": scale,
        "encoding": encoding,
        "sheet": sheet,
        "by": list(by),
        "seed": seed,
        "draws": draws,
        "rank_sets": rank_sets,
        "tier_control": tier_control,
        "top_k": top_k,
        "force_ranks": force_ranks,
        **choices,
    }
    if isinstance(source, Responses):
        responses = source
    else:
        responses = read_responses(
            source,
            instrument=instrument,
            study=study,
            scale=scale,
            encoding=encoding,
            sheet=sheet,
            progress=lambda name: tell(f"reading {name}", 0, 0),
        )
    scores = score(responses, progress=lambda done, total: tell("scoring", done, total), **choices)
    with ThreadPoolExecutor(1) as aside:
        # The checks go on beside the ranking, which leaves the interpreter alone most of the time.
        checked = aside.submit(_checked, responses, scores, today)
        ranking = rank(
            scores,
            level=scores.method.level,
            draws=draws,
            seed=seed,
            sets=rank_sets,
            top_k=top_k,
            tier_control=tier_control,
            force_ranks=force_ranks,
            companies=company_ranks,
            progress=lambda done, total: tell("ranking", done, total),
        )
        tell("checking", 0, 0)
        report, without_flagged = checked.result()
    method = _method(scores, ranking, seed, draws, responses)
    if without_flagged is not None:
        method["without_flagged"] = without_flagged
    return Analysis(
        instrument=responses.instrument,
        companies=_joined(scores.companies, ranking.companies),
        industries=_joined(scores.industries, ranking.industries),
        dimensions=scores.dimensions,
        items=scores.items,
        overall=scores.overall,
        breakdowns=breakdown(responses, scores, by),
        ledger=responses.ledger,
        report=report,
        method=method,
        provenance=_provenance(responses, options),
        notes=tuple(dict.fromkeys((*responses.notes, *scores.notes, *ranking.notes))),
    )


def _checked(
    responses: Responses, scores: Scores, today: date | None
) -> tuple[CheckReport, dict[str, object] | None]:
    """Check the responses; also show the result without the interviews flagged (methods never drop them)."""
    report = check(
        responses,
        today=today,
        company_min_n=scores.method.company_min_n,
        industry_min_companies=scores.method.industry_min_companies,
    )
    flagged = doubtful_interviews(report, responses)
    if not flagged.any() or flagged.all():
        return report, None
    alone = score_without(responses, scores, flagged)
    score_alone, score_with = float(alone.overall["score"].iloc[0]), float(scores.overall["score"].iloc[0])
    if not math.isfinite(score_alone) or not math.isfinite(score_with):
        return report, None
    found: dict[str, object] = {"n": int(flagged.sum()), "score": score_alone, "score_with": score_with}
    if len(scores.industries):
        pairs = zip(alone.industries["industry"], alone.industries["score"], strict=True)
        found["industries"] = {str(name): float(value) for name, value in pairs if math.isfinite(value)}
    return report, found


def _joined(estimates: pd.DataFrame, ranks: pd.DataFrame) -> pd.DataFrame:
    """Put the columns of ranks behind those of scores; both have the same rows in the same order."""
    new = [column for column in ranks.columns if column not in estimates.columns]
    return pd.concat([estimates, ranks[new].set_axis(estimates.index)], axis=1)


def _method(
    scores: Scores, ranking: Ranking, seed: int, draws: int, responses: Responses
) -> dict[str, object]:
    chosen = scores.method
    weights = dict(scores.dimension_weights.values)
    method: dict[str, object] = {
        **chosen.to_dict(),
        "instrument": responses.instrument.id,
        "instrument_version": responses.instrument.version,
        "scales": sorted({f"{s.codes[0]}-{s.codes[-1]}" for s in responses.scales}),
        "conversion_formula": conversion_formula(chosen.conversion),
        "dimension_weighting": chosen.dimension_weights,
        "dimension_weights": weights,
        "dimension_weights_source": scores.dimension_weights.source,
        "dimension_weights_detail": scores.dimension_weights.detail,
        "item_weighting": chosen.item_weights,
        "item_weights": {code: dict(inner.values) for code, inner in scores.item_weights.items()},
        "interview_weights": responses.weight is not None,
        "seed": seed,
        "draws": draws,
        "rank_sets": ranking.method["sets"],
        "tier_control": ranking.method["tier_control"],
        "top_k": ranking.method["top_k"],
        "force_ranks": ranking.method["force_ranks"],
        "ranking": {name: ranking.method[name] for name in ("industries", "companies")},
    }
    subjects = {"industries": ranking.method["industries"]}
    if scores.industries.empty:
        subjects["companies"] = ranking.method["companies"]
    for key in ("publish", "rankability", "detectable_difference"):
        # A family without a name is the whole list: all industries, or companies without industries.
        method[key] = {name: found["families"].get("", {}).get(key) for name, found in subjects.items()}
    first = subjects["companies" if scores.industries.empty else "industries"].get("first_place")
    if first:
        method["winners_curse"] = {
            "name": first.get("industry") or first.get("company"),
            "published": first["score"],
            "corrected": first["corrected"],
            "ci_low": first["corrected_low"],
            "ci_high": first["corrected_high"],
            "source": "hybrid median-unbiased estimate (Andrews, Kitagawa and McCloskey 2024)",
        }
    return method


def _provenance(responses: Responses, options: Mapping[str, object]) -> dict[str, object]:
    versions = {
        "satsurvey": satsurvey.__version__,
        "python": platform.python_version(),
        **{module.__name__: module.__version__ for module in (np, pd, pa, scipy)},
    }
    return provenance_of(responses.files, options, versions)
