"""The models side by side: random intercept, ordered logit and median beside least squares, as frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from satsurvey.errors import MethodError
from satsurvey.regression.forms import LOG, MINUTES, PAST, Form, FormFit
from satsurvey.regression.marginal import ExpectedScore, OwnTimes, expected_score_effects, one_minute_less
from satsurvey.regression.mixed import RandomIntercept, random_intercept, within_and_between
from satsurvey.regression.ordered_logit import OrderedLogit, ordered_logit
from satsurvey.regression.tallies import tally
from satsurvey.response_time.design import Clusters, Held
from satsurvey.response_time.rows import ResponseRows

if TYPE_CHECKING:
    from satsurvey.regression.estimates import Estimates
    from satsurvey.regression.marginal import Effects
    from satsurvey.regression.quantile import QuantileRegression

Floats = NDArray[np.float64]

QUANTILES = (0.25, 0.5, 0.75)
MOST_LEVELS = 20
"""An outcome of more different answers is no answer on a scale."""
_TIME = "time_s"


@dataclass(frozen=True, eq=False)
class MixedFit:
    """The random-intercept model.

    Attributes
    ----------
    model
        The fit.
    split
        Whether the time has slopes within and between clusters, or one for both.
    """

    model: RandomIntercept
    split: bool


def fit_mixed(
    rows: ResponseRows, clusters: Clusters, form: Form, held: Held, left_out: dict[str, str], level: float
) -> MixedFit | None:
    """Fit the random-intercept model; None, with the reason, where it cannot be."""
    if clusters.single:
        left_out["mixed"] = "one cluster only: how far clusters differ cannot be told"
        return None
    whole = tally({**form.columns(rows.time_s), **held.columns}, rows.outcome, clusters.codes)
    if rows.weight is not None:
        left_out["mixed_weights"] = "the mixed model takes rows without weights; the others use them"
    try:
        split = within_and_between(whole, form.terms)
        return MixedFit(random_intercept(split, level=level), True)
    except MethodError as exc:
        reason = exc.what
    try:
        fit = random_intercept(whole, level=level)
    except MethodError as exc:
        left_out["mixed"] = exc.what
        return None
    left_out["within_between"] = reason
    return MixedFit(fit, False)


def fit_ordered(
    rows: ResponseRows,
    clusters: Clusters,
    form: Form,
    held: Held,
    left_out: dict[str, str],
    notes: list[str],
) -> OrderedLogit | None:
    """Fit the ordered logit on the answers as given; None, with the reason, where it cannot be.

    Notes
    -----
    Where all rows of a control's level gave the highest answer, or all the lowest, the level's slope has no
    finite estimate. In the limit such rows tell nothing of the other slopes: they are left out, with a note.
    """
    if rows.answer is None:
        left_out["ordered_logit"] = (
            "the outcome is a mean of several questions and no answer on a scale; name one item or outcome "
            "for the ordered logit"
        )
        return None
    levels = np.unique(rows.answer).size
    if levels > MOST_LEVELS:
        left_out["ordered_logit"] = f"the answers take {levels} different values: that is no scale of levels"
        return None

    def terms(columns: Mapping[str, Floats]) -> dict[str, Floats]:
        rest = {name: column for name, column in columns.items() if name != _TIME}
        return {**form.columns(columns[_TIME]), **rest}

    apart = _told_apart(rows.answer, held)
    used = np.ones(len(rows), dtype=np.bool_)
    for name in apart:
        used &= held.columns[name] == 0
    if apart:
        notes.append(
            f"all rows of {', '.join(apart)} gave the highest answer or all the lowest: the ordered logit "
            f"leaves these {int((~used).sum()):,} rows out"
        )
    rest = {name: column[used] for name, column in held.columns.items() if name not in apart}
    _, codes = np.unique(clusters.codes[used], return_inverse=True)
    try:
        return ordered_logit(
            {_TIME: rows.time_s[used], **rest},
            rows.answer[used],
            clusters=codes,
            weights=None if rows.weight is None else rows.weight[used],
            terms=terms,
        )
    except MethodError as exc:
        left_out["ordered_logit"] = exc.what
        return None


def _told_apart(answers: Floats, held: Held) -> list[str]:
    """Return the columns of levels whose rows all have the highest answer, or all the lowest."""
    ends = (float(answers.min()), float(answers.max()))
    found: list[str] = []
    for name in (one for group in held.groups.values() for one in group if "=" in one):
        own = answers[held.columns[name] == 1]
        if own.size and any((own == end).all() for end in ends):
            found.append(name)
    return found


def fit_median(
    rows: ResponseRows,
    clusters: Clusters,
    form: Form,
    held: Held,
    left_out: dict[str, str],
    *,
    draws: int,
    seed: int,
) -> QuantileRegression | None:
    """Fit lines through the quartiles; None, with the reason, where they cannot be."""
    if draws == 0:
        left_out["median"] = "no draws were asked for"
        return None
    if np.unique(rows.outcome).size <= MOST_LEVELS:
        left_out["median"] = (
            "the median of answers on few levels is one of these levels; the ordered logit is the check there"
        )
        return None
    from satsurvey.regression.quantile import quantile_regression

    try:
        return quantile_regression(
            {**form.columns(rows.time_s), **held.columns},
            rows.outcome,
            clusters.codes,
            quantiles=QUANTILES,
            weights=rows.weight,
            draws=draws,
            seed=seed,
        )
    except MethodError as exc:
        left_out["median"] = exc.what
        return None


def expected_of(rows: ResponseRows, ordered: OrderedLogit) -> ExpectedScore:
    """Return the ordered logit with the 0-100 score that each of its levels counts."""
    answer = rows.answer if rows.answer is not None else rows.outcome
    scores = tuple(float(rows.outcome[int(np.argmax(answer == level))]) for level in ordered.levels)
    return ExpectedScore(ordered, scores)


def effect_rows(
    rows: ResponseRows,
    best: FormFit,
    held: Held,
    mixed: MixedFit | None,
    ordered: OrderedLogit | None,
    median: QuantileRegression | None,
    *,
    own: OwnTimes,
    at_s: Sequence[float],
    level: float,
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return what one minute less changes by every model, at stated times and on average, and notes."""

    def minute(estimates: Estimates, suffix: str = "") -> Effects:
        return one_minute_less(
            best.form,
            estimates,
            at_s=at_s,
            own_times_s=own,
            suffix=suffix,
            level=level,
        )

    plain = minute(best.curve)
    found = {"ols": plain}
    if mixed is not None:
        suffix = " within" if mixed.split else ""
        found["mixed"] = minute(mixed.model.estimates, suffix)
    if ordered is not None:
        means = {
            name: float(np.average(column, weights=rows.weight)) for name, column in held.columns.items()
        }
        found["ordered_logit"] = expected_score_effects(
            best.form,
            expected_of(rows, ordered),
            held=means,
            at_s=at_s,
            own_times_s=own,
            level=level,
        )
    if median is not None:
        middle = median.fits[QUANTILES.index(0.5)].estimates
        found["median"] = minute(middle)
    frames = [effects_frame(effects, model) for model, effects in found.items()]
    return pd.concat(frames, ignore_index=True), plain.notes


def effects_frame(effects: Effects, model: str, channel: str = "") -> pd.DataFrame:
    """Return effects as rows of the frame of all effects, the average last."""
    stated = effects.frame.rename(columns={"estimate": "effect"}).assign(average=False)
    average = effects.average.rename(columns={"estimate": "effect"}).assign(
        average=True, at_s=np.nan, to_s=np.nan, beyond_data=False
    )
    frame = pd.concat([stated, average[stated.columns]], ignore_index=True)
    frame.insert(0, "model", pd.Series([model] * len(frame), dtype="str"))
    frame.insert(1, "channel", pd.Series([channel] * len(frame), dtype="str"))
    return frame


def model_rows(
    best: FormFit,
    mixed: MixedFit | None,
    ordered: OrderedLogit | None,
    median: QuantileRegression | None,
    level: float,
) -> pd.DataFrame:
    """Return the coefficients of every model, one behind the other."""
    frames = [best.fit.estimates.frame(level).assign(model="ols")]
    if mixed is not None:
        frames.append(mixed.model.estimates.frame(level).assign(model="mixed"))
    if ordered is not None:
        frames.append(ordered.estimates.frame(level).assign(model="ordered_logit"))
    if median is not None:
        middle = median.fits[QUANTILES.index(0.5)].estimates
        frames.append(middle.frame(level).assign(model="median"))
    frame = pd.concat(frames, ignore_index=True)
    frame["unit"] = [
        unit_of(term, logit=model == "ordered_logit")
        for term, model in zip(frame["term"], frame["model"], strict=True)
    ]
    return frame[["model", *(name for name in frame.columns if name != "model")]]


def unit_of(term: str, *, logit: bool = False) -> str:
    """Return the unit of a coefficient in words."""
    what = "logits" if logit else "points"
    name = term.removesuffix(" within").removesuffix(" between")
    if logit and "|" in term:
        return "logits (threshold)"
    if name == "intercept":
        return what
    per = {MINUTES: "minute", LOG: "unit of log(1 + seconds)", PAST: "unit of log(1 + seconds) past the knot"}
    if name in per:
        return f"{what} per {per[name]}"
    return f"{what} per unit" if "=" not in name else f"{what} against the base level"
