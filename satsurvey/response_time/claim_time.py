"""Tests of statements on response time: what a minute less brings, and whether speed matters by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from satsurvey.errors import MethodError
from satsurvey.intake.responses import Factor
from satsurvey.regression.estimates import Estimates
from satsurvey.regression.forms import LOG, Form, FormFit
from satsurvey.regression.marginal import STEP_S, OwnTimes, one_minute_less
from satsurvey.regression.mixed import within_and_between
from satsurvey.regression.robust_intercepts import robust_random_intercept
from satsurvey.regression.tallies import tally
from satsurvey.response_time.claim_change import TEN_MINUTES_S, THREE_MINUTES_S, before_and_after
from satsurvey.response_time.claim_data import ClaimData
from satsurvey.response_time.claim_mediation import through_solution
from satsurvey.response_time.claim_models import by_company, correction_of, errors_words
from satsurvey.response_time.claim_results import Estimate, Evidence, judged
from satsurvey.response_time.claims import Claim
from satsurvey.response_time.design import Clusters, held_columns
from satsurvey.response_time.verdicts import Verdict
from satsurvey.response_time.words import Sentence, say

if TYPE_CHECKING:
    import pandas as pd

    from satsurvey.response_time.rows import ResponseRows

Floats = NDArray[np.float64]

AIC_GAP = 10.0
"""A form that loses by more is out (Burnham and Anderson, 2002)."""
FEWEST_IN_GROUP = 30
LEAST_AT_ENDS = 0.05
"""Share of the times that must reach each end of a contrast."""
MANY_SHORT = 0.10
"""Share of times under a minute from which on it is said that the mean step is shorter."""


def minute_less(data: ClaimData, claim: Claim) -> Evidence:
    """Test the gain of one minute (C01): its average effect, in points and in percent of the mean."""
    fit, rows, curve = data.fit, data.rows, curve_of(data)
    own = OwnTimes(rows.time_s, rows.weight)
    average = one_minute_less(
        curve.form, curve.estimates, own_times_s=own, suffix=curve.suffix, level=fit.level
    ).average.iloc[0]
    numbers = (float(average["estimate"]), float(average["ci_low"]), float(average["ci_high"]))
    main = say("main_minute", model=say(f"short_{curve.model}"))
    estimates = list(both_readings(data, claim, numbers, _mean(rows), main))
    plain = curve.plain
    found = one_minute_less(plain.form, plain.curve, at_s=(180.0, 120.0), own_times_s=own, level=fit.level)
    if curve.model == "mixed":
        estimates.append(_beside(found.average.iloc[0], "estimate", say("effect_ols")))
    if fit.chosen_form != plain.form.name:
        chosen = say("effect_chosen", form=say(f"form_{fit.chosen_form}"))
        estimates.append(_beside(fit.effect("ols"), "effect", chosen))
    estimates += [
        _beside(row, "estimate", say("effect_from", start=int(row["at_s"] // 60)))
        for _, row in found.frame[~found.frame["beyond_data"]].iterrows()
    ]
    if plain.form.name == "log":
        frame = plain.fit.estimates.frame(fit.level)
        slope = frame[frame["term"] == LOG].iloc[0]
        numbers = (-float(slope["estimate"]), -float(slope["ci_high"]), -float(slope["ci_low"]))
        estimates.append(Estimate("main", "points_per_log_unit", *numbers, what=say("per_log_unit")))
    estimates += [
        _beside(row, "effect", say("effect_held", held=say("held_" + str(row["held"]).replace("+", "_"))))
        for _, row in fit.adjustments.iterrows()
    ]
    notes = [
        *curve.notes,
        say("form_rule", gap=AIC_GAP),
        *_form_notes(fit.forms),
        say("mean_fixed", mean=_mean(rows)),
        *_step_notes(own),
    ]
    if fit.association == "none_found":
        notes.insert(0, say("no_association", seen=fit.power.detectable, beyond=fit.power.excluded_beyond))
    return Evidence(
        tuple(estimates),
        fit.n,
        companies_in(rows),
        curve.words(),
        fit.definition,
        notes=tuple(notes),
    )


def faster_by_seven_minutes(data: ClaimData, claim: Claim) -> Evidence:
    """Test the contrast of 600 and 180 s (C06) by the model of C01; beside it, before and after a day.

    The contrast is told where at least 5 percent of the times are 600 s or longer, and 5 percent 180 s or
    shorter: elsewhere a curve would be continued to times that hardly anybody waited. Then the change on the
    stated day decides where it is one from ten to three minutes, and without that the statement cannot be
    tested.
    """
    fit, rows, curve = data.fit, data.rows, curve_of(data)
    own = OwnTimes(rows.time_s, rows.weight)
    series, about = before_and_after(data, claim)
    long = float(own.share[own.seconds >= TEN_MINUTES_S].sum())
    short = float(own.share[own.seconds <= THREE_MINUTES_S].sum())
    notes: list[Sentence] = [*curve.notes]
    main = say("main_contrast", model=say(f"short_{curve.model}"))
    why: Sentence | None = None
    if min(long, short) >= LEAST_AT_ENDS:
        found = one_minute_less(
            curve.form,
            curve.estimates,
            at_s=(TEN_MINUTES_S,),
            step_s=TEN_MINUTES_S - THREE_MINUTES_S,
            suffix=curve.suffix,
            level=fit.level,
        )
        row = found.frame.iloc[0]
        numbers = (float(row["estimate"]), float(row["ci_low"]), float(row["ci_high"]))
        readings = both_readings(data, claim, numbers, _mean(rows), main)
        notes.append(say("mean_fixed", mean=_mean(rows)))
    else:
        lacking = say(
            "times_do_not_reach",
            long=100 * long,
            short=100 * short,
            least=100 * LEAST_AT_ENDS,
            low=float(own.seconds[0]),
            high=float(own.seconds[-1]),
        )
        why = None if any(one.verdict for one in series) else lacking
        notes += [lacking] if why is None else []
        nothing = (np.nan, np.nan, np.nan)
        verdict: Verdict | None = None if why is None else "not_testable"
        readings = [Estimate("main", "percent_of_mean", *nothing, verdict, main, say("beyond_times"))]
    return Evidence(
        (*readings, *series),
        fit.n,
        companies_in(rows),
        curve.words(),
        fit.definition,
        None if why is None else "not_testable",
        notes=(*notes, *about),
        why=why,
    )


def speed_alone(data: ClaimData, claim: Claim) -> Evidence:
    """Test whether time matters among the resolved and not among the unresolved (C07).

    Supported: the slope among the resolved is below 0, that among the unresolved is not seen to be, and it is
    flatter. Contradicted: the slope among the unresolved is below 0, and the interval of how much flatter it
    is ends under the tolerance, taken of the slope among the resolved: the same slope is seen, not merely no
    difference. Compatible: both are below 0, and that of the unresolved is flatter. Else the data do not
    tell. What goes through the solution stands beside.
    """
    rows = data.rows
    resolved = data.number("resolved")
    if resolved is None:
        raise MethodError("it is not known which matters were resolved")
    part = data.at_rows(resolved)
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
        weights=chosen.weight,
    )
    level = data.settings.level
    among = {name: fitted.contrast({f"time_{name}": 1.0}, level) for name in ("resolved", "unresolved")}
    gap = fitted.contrast({"time_unresolved": 1.0, "time_resolved": -1.0}, level)
    (slope, _, slope_high), (_, _, other_high) = among["resolved"], among["unresolved"]
    same = data.settings.tolerance * abs(slope)
    verdict: Verdict = "inconclusive"
    if other_high < 0 and gap[2] < same:
        verdict = "contradicted"
    elif slope_high < 0 and gap[1] > 0:
        verdict = "compatible" if other_high < 0 else "supported"
    estimates = (
        *(
            Estimate("main", "points_per_log_unit", *among[name], what=say(f"slope_{name}"))
            for name in ("resolved", "unresolved")
        ),
        Estimate("main", "points_per_log_unit", *gap, verdict, say("slope_gap")),
    )
    paths, about = through_solution(data)
    return Evidence(
        (*estimates, *paths),
        fitted.n,
        fitted.n_companies,
        fitted.form,
        rows.definition,
        verdict,
        notes=(say("rule_c07", same=same, share=100 * data.settings.tolerance), *fitted.notes, *about),
    )


# Parts ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class TimeCurve:
    """The curve by which a change of times is told.

    Attributes
    ----------
    plain
        The form fitted by least squares.
    estimates, suffix
        Coefficients, and what the model has appended to the names of the form's terms.
    model
        "mixed" or "ols".
    errors
        How they are clustered.
    notes
        What must be known of it.
    """

    plain: FormFit
    estimates: Estimates
    suffix: str
    model: str
    errors: Sentence
    notes: tuple[Sentence, ...] = ()

    @property
    def form(self) -> Form:
        """The function of the time."""
        return self.plain.form

    def words(self) -> Sentence:
        """Return the model in words."""
        return say(
            "form_time",
            model=say(f"model_{self.model}"),
            errors=self.errors,
            form=say(f"form_{self.form.name}"),
        )


def curve_of(data: ClaimData) -> TimeCurve:
    """Return the curve of C01 and C06.

    Its form is the logarithm, fixed beforehand: to choose a form by the data and to test it on them finds an
    effect in twice as many data without one as it should. Only where another form beats the logarithm by more
    than 10 AIC is that one taken.

    Random intercepts of companies with the slopes inside them, and errors clustered by company (those of the
    likelihood would be too small where companies differ in what a minute does). Where interviews have
    weights, which that likelihood does not take, or there is one company only, least squares.
    """
    fit, rows = data.fit, data.rows
    best, log = fit.comparison.best, fit.comparison.fits.get("log")
    aic = dict(zip(fit.forms["form"], fit.forms["aic"], strict=True))
    if log is not None and not aic["log"] - aic[best.form.name] > AIC_GAP:
        best = log
    clusters = Clusters.of(rows, "company")
    n = companies_in(rows)
    if rows.weight is not None or clusters.single:
        notes = () if rows.weight is None else (say("weights_pooled"),)
        errors = say("errors_rows") if clusters.single else errors_words(best.fit.correction)
        return TimeCurve(best, best.curve, "", "ols", errors, notes)
    columns = best.form.columns(rows.time_s)
    held = held_columns(rows.controls, {"time": np.log1p(rows.time_s)}).columns
    whole = tally({**columns, **held}, rows.outcome, clusters.codes)
    correction = correction_of(n)
    for split in (True, False):
        try:
            parts = within_and_between(whole, best.form.terms) if split else whole
            found = robust_random_intercept(parts, correction=correction)
        except MethodError:
            continue
        return TimeCurve(best, found.estimates, " within" if split else "", "mixed", errors_words(correction))
    return TimeCurve(best, best.curve, "", "ols", errors_words(best.fit.correction))


def both_readings(
    data: ClaimData,
    claim: Claim,
    points: tuple[float, float, float],
    mean: float,
    what: Sentence | None = None,
) -> list[Estimate]:
    """Return an effect as percent of the mean and as points, each with its verdict."""
    value, low, high = points
    percent = (100 * value / mean, 100 * low / mean, 100 * high / mean)
    numbers = {"points": points, "percent_of_mean": percent}
    tolerance = data.settings.tolerance
    return [
        judged(claim.rule(), "main", reading, numbers[reading], tolerance=tolerance, what=what)
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


def _step_notes(own: OwnTimes) -> list[Sentence]:
    """Say how long the step is where many times are shorter than the minute that is taken off."""
    short = float(own.share[own.seconds < STEP_S].sum())
    if short < MANY_SHORT:
        return []
    step = float(own.share @ np.minimum(own.seconds, STEP_S))
    return [say("short_steps", share=100 * short, step=step)]


def controls_without(controls: Mapping[str, Factor | Floats], name: str) -> dict[str, Factor | Floats]:
    """Return the controls without one of them."""
    return {key: value for key, value in controls.items() if key != name}
