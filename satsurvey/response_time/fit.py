"""The fit of the study: forms, three models, effects, curve, bins, and how far they can be trusted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from satsurvey.errors import MethodError
from satsurvey.regression.diagnostics import (
    Diagnostic,
    cluster_finding,
    collinearity_findings,
    convergence_findings,
    influence_finding,
    residual_findings,
)
from satsurvey.regression.forms import FORMS, LOG, FormComparison, FormFit, FormName, compare_forms
from satsurvey.regression.marginal import AT_S, STEP_S, OwnTimes, fitted_curve, one_minute_less
from satsurvey.regression.power import Power, power_of
from satsurvey.response_time.adjustments import adjustments
from satsurvey.response_time.agents import Instrumented, instrumented
from satsurvey.response_time.bins import binned
from satsurvey.response_time.channels import by_channel, curve_times
from satsurvey.response_time.design import Clusters, Held, held_columns
from satsurvey.response_time.models import (
    MixedFit,
    effect_rows,
    fit_median,
    fit_mixed,
    fit_ordered,
    model_rows,
)
from satsurvey.response_time.rows import ResponseRows

if TYPE_CHECKING:
    from satsurvey.regression.ordered_logit import OrderedLogit
    from satsurvey.service.records import Definition

Floats = NDArray[np.float64]
Association = Literal["found", "none_found"]

FOLDS = 5
SEED = 20191
DRAWS = 200
FEWEST_FOR_CURVES = 60
"""Below so many interviews curves with three terms follow single ones."""


@dataclass(frozen=True, eq=False)
class ResponseTimeFit:
    """What time has to do with satisfaction, and how that was found.

    Attributes
    ----------
    models
        model ("ols", "mixed", "ordered_logit", "median"), term, estimate, std_error, ci_low, ci_high, df,
        p_value, unit (in words).
    forms
        form, n_terms, aic, delta_aic, cv_rmse, chosen, knot_s, knot_low_s, knot_high_s; one row per form.
    chosen_form, reason
        Its name, and why it was chosen.
    effects
        model, channel ("" for all), at_s (NaN for the average over the data's own times), to_s, effect (the
        change of the 0-100 score for one minute less), std_error, ci_low, ci_high, df, p_value, average,
        beyond_data.
    curve
        channel, time_s, score, ci_low, ci_high: the score expected at a time, controls held at their means.
    bins
        channel, low_s, high_s, n, time_s, middle_s, score, ci_low, ci_high: plain means of the data.
    quantiles
        quantile, term, estimate, std_error, ci_low, ci_high, df, p_value; none where they could not be had.
    adjustments
        held, n, effect, std_error, ci_low, ci_high, df, p_value: the average effect (logarithmic form) with
        nothing held fixed, with the controls, and with what probably moves both time and satisfaction.
    channels
        channel, n, n_companies, median_s, score, note: what each channel has.
    diagnostics
        What to look at before believing it.
    power
        Smallest average effect that would have been seen with 80 %, and what the interval excludes; of the
        logarithmic form, which is fixed beforehand.
    reference_s, at_reference
        A time within the data, and the same for one minute less there: the average rests on how the curve
        goes on to 0 where many times are shorter than a minute, this does not.
    association
        "found" where the slope on log(1 + seconds), with the controls, differs from 0 at the level; else
        "none_found". The form of the verdict is fixed beforehand: to choose the form by the data and test it
        on them would find too much.
    within_between
        The average effect of a minute less inside companies and between them, by the mixed model: part
        ("within", "between"), effect, std_error, ci_low, ci_high, df, p_value; none without that model.
    icc, icc_low, icc_high
        Share of the variance that companies account for; NaN without the mixed model.
    instrument
        The estimate by the agent's other contacts, or None.
    models_left_out
        Model to the reason.
    method
        Every choice, plain data.
    definition, outcome_name, time_name
        What was compared with what.
    n, n_companies, cluster
        Rows, clusters, and what a cluster is.
    read, excluded
        Interviews read, and those that are not here by reason.
    level
        Of all intervals.
    notes
        What must be known.
    rows
        What was fitted.
    comparison
        The fits by form, for what is built on them.
    """

    models: pd.DataFrame
    forms: pd.DataFrame
    chosen_form: str
    reason: str
    effects: pd.DataFrame
    curve: pd.DataFrame
    bins: pd.DataFrame
    quantiles: pd.DataFrame
    adjustments: pd.DataFrame
    channels: pd.DataFrame
    within_between: pd.DataFrame
    diagnostics: tuple[Diagnostic, ...]
    power: Power
    reference_s: float
    at_reference: Power
    association: Association
    instrument: Instrumented | None
    models_left_out: Mapping[str, str]
    method: Mapping[str, object]
    definition: Definition
    outcome_name: str
    time_name: str
    n: int
    n_companies: int
    cluster: str
    read: int
    excluded: Mapping[str, int]
    level: float
    icc: float
    icc_low: float
    icc_high: float
    rows: ResponseRows
    comparison: FormComparison
    notes: tuple[str, ...] = ()

    def effect(self, model: str = "ols", channel: str = "") -> pd.Series:
        """Return the average effect of one minute less by a model, over all or for a channel.

        Raises
        ------
        MethodError
            When the model or channel was not fitted.
        """
        frame = self.effects
        found = frame[(frame["model"] == model) & (frame["channel"] == channel) & frame["average"]]
        if found.empty:
            raise MethodError(f"there is no average effect of {model} for {channel or 'all'}")
        return found.iloc[0]


def fit_response_time(
    rows: ResponseRows,
    *,
    level: float = 0.95,
    times_s: Sequence[float] = AT_S,
    folds: int = FOLDS,
    seed: int = SEED,
    cluster: str = "company",
    instrument: Literal["agent"] | None = None,
    draws: int = DRAWS,
) -> ResponseTimeFit:
    """Fit forms and models of satisfaction against time to the same rows.

    Parameters
    ----------
    rows
        Outcomes beside times.
    level
        Of all intervals.
    times_s
        Times in seconds at which to state the effect of one minute less.
    folds, seed
        Of the cross-validation; the seed also of the draws for the median.
    cluster
        What rows belong to: `company`, or another field of the rows (`agent`, `interviewer`, …), which is
        counted within companies.
    instrument
        "agent": also two-stage least squares with the agent's other contacts.
    draws
        Drawn sets of clusters for the errors of the quantile regression; 0 leaves it out.

    Returns
    -------
    ResponseTimeFit

    Raises
    ------
    MethodError
        When all times or all outcomes are equal, rows are too few, or a field or option is unknown.

    Notes
    -----
    Ordinary least squares with errors by cluster (CR2 and Satterthwaite's degrees of freedom below 50
    clusters); a random-intercept model with slopes within and between clusters; an ordered logit on the
    answer as given where the outcome is one question: a mean of several has hundreds of values, and one
    threshold for each would only restate its ranks. Where there is one cluster only, every row stands for
    itself, and nothing is said of differences between clusters.
    """
    if not 0 < level < 1:
        raise MethodError("a level lies between 0 and 1", value=level, expected="for example 0.95")
    clusters = Clusters.of(rows, cluster)
    notes = list(rows.notes)
    held = held_columns(rows.controls, {LOG: np.log1p(rows.time_s)})
    notes += held.notes
    if clusters.single:
        notes.append(
            f"there is one {cluster} only: every row stands for itself, and nothing is told of how far they "
            "differ; name another field with --cluster where there is one"
        )
    forms: Sequence[FormName] = FORMS
    if len(rows) < FEWEST_FOR_CURVES:
        forms = ("linear", "log")
        notes.append(
            f"with fewer than {FEWEST_FOR_CURVES} interviews the spline and the knot are left out: they "
            "would follow single interviews"
        )
    comparison = compare_forms(
        rows.time_s,
        rows.outcome,
        clusters.codes,
        controls=held.columns,
        forms=forms,
        weights=rows.weight,
        folds=folds,
        seed=seed,
        level=level,
    )
    notes += comparison.notes
    best = comparison.best
    left_out: dict[str, str] = {}
    mixed = fit_mixed(rows, clusters, best.form, held, left_out, level)
    ordered = fit_ordered(rows, clusters, best.form, held, left_out, notes)
    median = fit_median(rows, clusters, best.form, held, left_out, draws=draws, seed=seed)
    own = OwnTimes(rows.time_s, rows.weight)
    effects, by_form_notes = effect_rows(
        rows, best, held, mixed, ordered, median, own=own, at_s=times_s, level=level
    )
    channels = by_channel(rows, clusters, best.form, held, at_s=times_s, level=level)
    plain = comparison.fits.get("log", best)
    reference = reference_time(rows.time_s, times_s)
    verdict = _verdict(own, plain, level)
    notes += [*by_form_notes, *channels.notes]
    if mixed is not None:
        notes += mixed.model.notes
    if median is not None:
        notes += median.notes
    return ResponseTimeFit(
        models=model_rows(best, mixed, ordered, median, level),
        forms=_forms(comparison),
        chosen_form=comparison.chosen,
        reason=comparison.reason,
        effects=pd.concat([effects, channels.effects], ignore_index=True),
        curve=pd.concat([_curve(rows, best, level), channels.curve], ignore_index=True),
        bins=binned(rows, clusters, level),
        quantiles=pd.DataFrame() if median is None else median.frame(level),
        adjustments=adjustments(rows, clusters, held, level),
        channels=channels.frame,
        within_between=_within_between(own, best, mixed, level),
        diagnostics=_diagnostics(rows, clusters, comparison, held, mixed, ordered),
        power=verdict,
        reference_s=reference,
        at_reference=_verdict(own, plain, level, reference),
        association="none_found" if verdict.null else "found",
        instrument=None if instrument is None else instrumented(rows, clusters, comparison, held, level),
        models_left_out=left_out,
        method=_method(rows, clusters, held, comparison, level, times_s, draws, instrument),
        definition=rows.definition,
        outcome_name=rows.outcome_name,
        time_name=rows.time_name,
        n=len(rows),
        n_companies=clusters.n,
        cluster=cluster,
        read=rows.read,
        excluded=rows.excluded,
        level=level,
        icc=mixed.model.icc if mixed is not None else float("nan"),
        icc_low=mixed.model.icc_low if mixed is not None else float("nan"),
        icc_high=mixed.model.icc_high if mixed is not None else float("nan"),
        rows=rows,
        comparison=comparison,
        notes=tuple(dict.fromkeys(notes)),
    )


def reference_time(seconds: Floats, times_s: Sequence[float]) -> float:
    """Return the first stated time from the median on from which a minute can be taken off within the data.

    Where none is, the median itself.
    """
    middle, low, high = (float(np.quantile(seconds, at)) for at in (0.5, 0.0, 1.0))
    fitting = [at for at in sorted(times_s) if max(middle, low + STEP_S) <= at <= high]
    return float(fitting[0]) if fitting else middle


def _verdict(own: OwnTimes, fit: FormFit, level: float, at_s: float | None = None) -> Power:
    """Return what a slope tells of one minute less: at a time, or on average over the data's own."""
    found = one_minute_less(
        fit.form,
        fit.curve,
        at_s=(at_s or AT_S[0],),
        own_times_s=own,
        level=level,
    )
    row = (found.average if at_s is None else found.frame).iloc[0]
    return power_of(float(row["estimate"]), float(row["std_error"]), float(row["df"]), level=level)


def _forms(comparison: FormComparison) -> pd.DataFrame:
    frame = comparison.frame.copy()
    knot = comparison.knot_s or (np.nan, np.nan, np.nan)
    for name, value in zip(("knot_s", "knot_low_s", "knot_high_s"), knot, strict=True):
        frame[name] = np.where(frame["form"] == "knot", value, np.nan)
    return frame


def _curve(rows: ResponseRows, best: FormFit, level: float) -> pd.DataFrame:
    frame = fitted_curve(
        best.form, best.curve, at_s=curve_times(rows.time_s), held=best.tally.means(), level=level
    )
    return pd.DataFrame(
        {
            "channel": pd.Series([""] * len(frame), dtype="str"),
            "time_s": frame["at_s"],
            "score": frame["estimate"],
            "ci_low": frame["ci_low"],
            "ci_high": frame["ci_high"],
        }
    )


def _within_between(own: OwnTimes, best: FormFit, mixed: MixedFit | None, level: float) -> pd.DataFrame:
    parts: list[pd.DataFrame] = []
    if mixed is not None and mixed.split:
        for part in ("within", "between"):
            average = one_minute_less(
                best.form,
                mixed.model.estimates,
                own_times_s=own,
                suffix=f" {part}",
                level=level,
            ).average
            parts.append(average.assign(part=part))
    columns = ["part", "effect", "std_error", "ci_low", "ci_high", "df", "p_value"]
    if not parts:
        return pd.DataFrame(columns=columns)
    return pd.concat(parts, ignore_index=True).rename(columns={"estimate": "effect"})[columns]


def _diagnostics(
    rows: ResponseRows,
    clusters: Clusters,
    comparison: FormComparison,
    held: Held,
    mixed: MixedFit | None,
    ordered: OrderedLogit | None,
) -> tuple[Diagnostic, ...]:
    best = comparison.best
    estimates = best.fit.estimates
    fitted = np.full(len(rows), estimates["intercept"])
    for name, column in {**best.form.columns(rows.time_s), **held.columns}.items():
        fitted += estimates[name] * column
    found = list(residual_findings(rows.outcome, fitted, top=rows.top))
    plain = comparison.fits.get("log", best)
    term = plain.form.terms[0]
    place = plain.fit.estimates.terms.index(term)
    if not clusters.single:
        moved = influence_finding(
            plain.tally,
            term,
            float(plain.fit.estimates.values[place]),
            float(plain.fit.estimates.std_errors[place]),
        )
        where = clusters.names[int(moved.where)] if moved.where.isdigit() else moved.where
        found.append(replace(moved, where=where))
        found.append(cluster_finding(clusters.n, float(plain.fit.estimates.df[place])))
    groups = {best.form.name: best.form.terms, **{k: v for k, v in held.groups.items() if v}}
    found += collinearity_findings(best.tally, groups)
    found += convergence_findings(None if mixed is None else mixed.model, ordered)
    return tuple(found)


def _method(
    rows: ResponseRows,
    clusters: Clusters,
    held: Held,
    comparison: FormComparison,
    level: float,
    times_s: Sequence[float],
    draws: int,
    instrument: str | None,
) -> dict[str, object]:
    return {
        "outcome": rows.outcome_name,
        "time": rows.time_name,
        "definition": rows.definition.to_dict(),
        "cluster": clusters.name,
        "controls": list(rows.controls),
        "control_columns": list(held.columns),
        "control_base": dict(held.base),
        "forms": comparison.frame["form"].tolist(),
        "form_rule": "aic_then_simpler",
        "verdict_form": "log",
        "correction": comparison.best.fit.correction,
        "cv_folds": comparison.folds,
        "cv_over": comparison.folds_over,
        "seed": comparison.seed,
        "draws": draws,
        "level": level,
        "times_s": [float(at) for at in times_s],
        "weighted": rows.weight is not None,
        "instrument": instrument,
    }
