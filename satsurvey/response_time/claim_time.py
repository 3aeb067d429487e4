"""Tests of statements on response time: what a minute less brings, and whether speed matters by itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from satsurvey.errors import MethodError
from satsurvey.intake.responses import Factor
from satsurvey.regression.estimates import Estimates
from satsurvey.regression.forms import LOG, Form
from satsurvey.regression.marginal import one_minute_less
from satsurvey.response_time.claim_data import ClaimData
from satsurvey.response_time.claim_models import by_company
from satsurvey.response_time.claim_results import Estimate, Evidence, judged
from satsurvey.response_time.claims import Claim
from satsurvey.response_time.design import Clusters, held_columns
from satsurvey.response_time.models import fit_mixed
from satsurvey.response_time.verdicts import Verdict
from satsurvey.response_time.words import Sentence, say

if TYPE_CHECKING:
    import pandas as pd

    from satsurvey.response_time.rows import ResponseRows

Floats = NDArray[np.float64]

AIC_GAP = 10.0
"""A form that loses by more is out (Burnham and Anderson, 2002)."""
FEWEST_IN_GROUP = 30


def minute_less(data: ClaimData, claim: Claim) -> Evidence:
    """Test the gain of one minute (C01): average effect by the chosen form, in points and percent."""
    fit, rows = data.fit, data.rows
    model = "mixed" if (fit.effects["model"] == "mixed").any() else "ols"
    effect = fit.effect(model)
    numbers = (float(effect["effect"]), float(effect["ci_low"]), float(effect["ci_high"]))
    estimates = list(both_readings(data, claim, numbers, _mean(rows)))
    if model == "mixed":
        plain = fit.effect("ols")
        estimates.append(_beside(plain, "effect", say("effect_ols")))
    best = fit.comparison.best
    stated = one_minute_less(best.form, best.curve, at_s=(180.0, 120.0), level=fit.level).frame
    estimates += [
        _beside(row, "estimate", say("effect_from", start=int(row["at_s"] // 60)))
        for _, row in stated.iterrows()
    ]
    if fit.chosen_form == "log":
        frame = best.fit.estimates.frame(fit.level)
        slope = frame[frame["term"] == LOG].iloc[0]
        numbers = (-float(slope["estimate"]), -float(slope["ci_high"]), -float(slope["ci_low"]))
        estimates.append(Estimate("main", "points_per_log_unit", *numbers, what=say("per_log_unit")))
    estimates += [
        _beside(row, "effect", say("effect_held", held=say("held_" + str(row["held"]).replace("+", "_"))))
        for _, row in fit.adjustments.iterrows()
    ]
    notes = [*_form_notes(fit.forms), say("mean_fixed", mean=_mean(rows))]
    if fit.association == "none_found":
        notes.insert(0, say("no_association", seen=fit.power.detectable, beyond=fit.power.excluded_beyond))
    return Evidence(
        tuple(estimates),
        fit.n,
        companies_in(rows),
        say("form_time", form=say(f"form_{fit.chosen_form}"), model=say(f"model_{model}")),
        fit.definition,
        notes=tuple(notes),
    )


def faster_by_seven_minutes(data: ClaimData, claim: Claim) -> Evidence:
    """Test the contrast of 600 and 180 s (C06) by the model of C01."""
    fit, rows = data.fit, data.rows
    form, estimates, suffix, model = _curve_of(data)
    found = one_minute_less(
        form, estimates, at_s=(600.0,), step_s=420.0, own_times_s=rows.time_s, suffix=suffix, level=fit.level
    )
    row = found.frame.iloc[0]
    numbers = (float(row["estimate"]), float(row["ci_low"]), float(row["ci_high"]))
    notes = [say("mean_fixed", mean=_mean(rows))]
    if bool(row["beyond_data"]):
        notes.append(say("beyond_data", low=float(rows.time_s.min()), high=float(rows.time_s.max())))
    words = say("form_time", form=say(f"form_{form.name}"), model=say(f"model_{model}"))
    readings = tuple(both_readings(data, claim, numbers, _mean(rows)))
    return Evidence(readings, fit.n, companies_in(rows), words, fit.definition, notes=tuple(notes))


def speed_alone(data: ClaimData, claim: Claim) -> Evidence:
    """Test whether time matters among the resolved and not among the unresolved (C07).

    Supported: the slope among the resolved is below 0, that among the unresolved is not, and the two differ.
    Contradicted: the slope among the unresolved is below 0 and not seen to be flatter. Compatible: both are
    below 0, and that of the unresolved is flatter.
    """
    rows = data.rows
    resolved = data.number("resolved")
    if resolved is None:
        raise MethodError("it is not known which matters were resolved")
    part = _at_rows(data, resolved)
    known = np.isfinite(part)
    chosen, flag = rows.take(known), part[known]
    if min(int(flag.sum()), int((1 - flag).sum())) < FEWEST_IN_GROUP:
        raise MethodError(f"fewer than {FEWEST_IN_GROUP} interviews are resolved, or unresolved")
    log = np.log1p(chosen.time_s)
    log = log - log.mean()
    fitted = by_company(
        {"resolved": flag, "time_resolved": log * flag, "time_unresolved": log * (1 - flag)},
        chosen.outcome,
        chosen.company.codes.astype(np.int64),
        held=controls_without(chosen.controls, "resolved"),
    )
    level = data.settings.level
    among = {name: fitted.contrast({f"time_{name}": 1.0}, level) for name in ("resolved", "unresolved")}
    gap = fitted.contrast({"time_unresolved": 1.0, "time_resolved": -1.0}, level)
    (_, _, slope_high), (_, _, other_high) = among["resolved"], among["unresolved"]
    verdict: Verdict
    if other_high < 0:
        verdict = "compatible" if gap[1] > 0 and slope_high < 0 else "contradicted"
    elif slope_high < 0 and gap[1] > 0:
        verdict = "supported"
    else:
        verdict = "inconclusive"
    estimates = (
        *(
            Estimate("main", "points_per_log_unit", *among[name], what=say(f"slope_{name}"))
            for name in ("resolved", "unresolved")
        ),
        Estimate("main", "points_per_log_unit", *gap, verdict, say("slope_gap")),
    )
    return Evidence(
        estimates,
        fitted.n,
        fitted.n_companies,
        fitted.form,
        rows.definition,
        verdict,
        notes=(say("rule_c07"),),
    )


# Parts ------------------------------------------------------------------------------------------------------


def both_readings(
    data: ClaimData, claim: Claim, points: tuple[float, float, float], mean: float
) -> list[Estimate]:
    """Return an effect as percent of the mean and as points, each with its verdict."""
    value, low, high = points
    percent = (100 * value / mean, 100 * low / mean, 100 * high / mean)
    numbers = {"points": points, "percent_of_mean": percent}
    tolerance = data.settings.tolerance
    return [
        judged(claim.rule(), "main", reading, numbers[reading], tolerance=tolerance)
        for reading in claim.readings
    ]


def _beside(row: pd.Series, name: str, what: Sentence) -> Estimate:
    """Return a line beside the estimate from a row of a frame; `name` is the column of its value."""
    return Estimate(
        "main", "points", float(row[name]), float(row["ci_low"]), float(row["ci_high"]), None, what
    )


def _mean(rows: ResponseRows) -> float:
    mean = float(np.average(rows.outcome, weights=rows.weight))
    if mean <= 0:
        raise MethodError("the mean score is 0: no percent of it can be taken")
    return mean


def companies_in(rows: ResponseRows) -> int:
    """Return how many companies the rows are of."""
    codes = rows.company.codes
    return int(np.unique(codes[codes >= 0]).size)


def _form_notes(forms: pd.DataFrame) -> list[Sentence]:
    aic = dict(zip(forms["form"], forms["aic"], strict=True))
    if "linear" not in aic or "log" not in aic:
        return []
    gap = float(aic["linear"] - aic["log"])
    if gap > AIC_GAP:
        return [say("aic_gap", gap=gap)]
    return [say("aic_line", gap=-gap) if gap < -AIC_GAP else say("aic_none", gap=abs(gap))]


def _curve_of(data: ClaimData) -> tuple[Form, Estimates, str, str]:
    """Return form, coefficients, suffix of the terms, and name of the model that C01 uses."""
    fit, rows = data.fit, data.rows
    best = fit.comparison.best
    clusters = Clusters.of(rows, "company")
    held = held_columns(rows.controls, {"time": np.log1p(rows.time_s)})
    mixed = fit_mixed(rows, clusters, best.form, held, {}, fit.level)
    if mixed is None:
        return best.form, best.curve, "", "ols"
    return best.form, mixed.model.estimates, " within" if mixed.split else "", "mixed"


def _at_rows(data: ClaimData, values: Floats) -> Floats:
    """Return values of interviews at the rows of the study."""
    if data.responses is None:
        raise MethodError("there are no interviews")
    key = data.responses.file.astype(np.int64) << 40 | data.responses.row.astype(np.int64)
    mine = data.rows.file.astype(np.int64) << 40 | data.rows.row.astype(np.int64)
    order = np.argsort(key)
    return np.asarray(values[order[np.searchsorted(key[order], mine)]], dtype=np.float64)


def controls_without(controls: Mapping[str, Factor | Floats], name: str) -> dict[str, Factor | Floats]:
    """Return the controls without one of them."""
    return {key: value for key, value in controls.items() if key != name}
