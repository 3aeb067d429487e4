"""Tests of statements of the national report: dimensions, totals, and leading industries."""

from __future__ import annotations

import numpy as np

from satsurvey.benchmarks.vocabulary import industry_of
from satsurvey.errors import MethodError
from satsurvey.response_time.claim_data import ClaimData
from satsurvey.response_time.claim_results import Estimate, Evidence, judged
from satsurvey.response_time.claims import Claim
from satsurvey.response_time.verdicts import Verdict
from satsurvey.response_time.words import say
from satsurvey.scoring.reconcile import reconcile

WEAKEST, STRONGEST = "A", "F"


def weakest_and_strongest(data: ClaimData, claim: Claim) -> Evidence:
    """Test whether access is last and telephone skill first (C18), companies drawn anew."""
    frame = data.scores.companies
    codes = [code for code in frame.columns if code in _dimensions(data)]
    values = frame[codes].to_numpy(np.float64)
    values = values[np.isfinite(values).all(axis=1)]
    if len(values) < 2:
        raise MethodError("two companies with scores of all dimensions are needed")
    rng = np.random.default_rng(data.settings.seed)
    draws = data.settings.draws
    counts = rng.multinomial(len(values), np.full(len(values), 1 / len(values)), size=draws)
    means = counts @ values / len(values)
    own = values.mean(axis=0)
    found = {
        "access_last": float((means.argmin(axis=1) == codes.index(WEAKEST)).mean()),
        "skill_first": float((means.argmax(axis=1) == codes.index(STRONGEST)).mean()),
    }
    tolerance = data.settings.tolerance
    estimates = [
        judged(claim.rule(part), part, "probability", (p, p, p), tolerance=tolerance)
        for part, p in found.items()
    ]
    half = (1 - data.settings.level) / 2
    ends = np.quantile(means, [half, 1 - half], axis=0)
    estimates += [
        Estimate(
            "",
            "points",
            float(own[k]),
            float(ends[0, k]),
            float(ends[1, k]),
            None,
            say("dimension", code=code),
        )
        for k, code in enumerate(codes)
    ]
    return Evidence(
        tuple(estimates),
        data.n,
        len(values),
        say("form_drawn", draws=draws),
        notes=(say("probability_drawn"),),
    )


def total_of_dimensions(data: ClaimData, claim: Claim) -> Evidence:
    """Test whether some declared rule gives the printed totals from the printed dimensions (C19)."""
    table = data.table_with("printed_total")
    if table is None:
        raise MethodError("there is no table with a printed total")
    codes = [name for name in table.cells if name in _dimensions(data)]
    totals = table.cells["printed_total"].to_pylist()
    cells = {code: table.cells[code].to_pylist() for code in codes}
    counts = None
    if data.responses is not None:
        counts = {code: len(data.responses.instrument.items_of(code)) for code in codes}
    rules: set[tuple[str, str]] | None = None
    distances: list[float] = []
    n = 0
    for place, total in enumerate(totals):
        row = {code: (cells[code][place] or "").strip() for code in codes}
        if not (total or "").strip() or not all(row.values()):
            continue
        result = reconcile((total or "").strip(), row, items_per_dimension=counts)
        n += 1
        own = {(str(trial.weighting), str(trial.rule)) for trial in result.reproducing}
        rules = own if rules is None else rules & own
        distances.append(min(abs(float(trial.exact) - float(result.total)) for trial in result.trials))
    if not n or rules is None:
        raise MethodError("no row of the table has a printed total and all its dimensions")
    worst = max(distances)
    estimate = Estimate(
        "main", "points", worst, worst, worst, "supported" if rules else "contradicted", say("distance")
    )
    names = ", ".join(sorted(f"{weighting}/{rule}" for weighting, rule in rules))
    notes = (say("rules_found", names=names) if rules else say("rules_none"),)
    verdict: Verdict = "supported" if rules else "contradicted"
    return Evidence((estimate,), n, n, say("form_reconcile"), verdict=verdict, notes=notes)


def leading_industries(data: ClaimData, claim: Claim) -> Evidence:
    """Test whether banks, securities and internet travel are among the first three (C20)."""
    from satsurvey.scoring.ranking import rank

    ranking = rank(
        data.scores,
        level=data.settings.level,
        draws=data.settings.draws,
        seed=data.settings.seed,
        companies=False,
    )
    frame = ranking.industries
    known = [industry_of(str(name)) for name in frame["industry"]]
    estimates = []
    for part in claim.rules:
        places = [place for place, code in enumerate(known) if code == part]
        if len(places) != 1:
            raise MethodError("the industries of the statement are not all in the data", value=part)
        p = float(frame["p_top_k"].iloc[places[0]])
        estimates.append(
            judged(claim.rule(part), part, "probability", (p, p, p), tolerance=data.settings.tolerance)
        )
    return Evidence(tuple(estimates), data.n, len(data.scores.companies), say("form_ranks", n=len(frame)))


def _dimensions(data: ClaimData) -> tuple[str, ...]:
    if data.responses is not None:
        return data.responses.instrument.dimension_codes
    from satsurvey.instrument.library import load_instrument
    from satsurvey.intake.reading import DEFAULT_INSTRUMENT

    return load_instrument(DEFAULT_INSTRUMENT).dimension_codes
