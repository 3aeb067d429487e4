"""Tests of statements on records and tables: cost, patience, load, repeats, linked systems."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from satsurvey.errors import MethodError
from satsurvey.regression.knots import KnotSearch, find_knot
from satsurvey.regression.least_squares import least_squares
from satsurvey.regression.tallies import tally
from satsurvey.response_time.claim_data import ClaimData, Settings
from satsurvey.response_time.claim_models import (
    clusters_of,
    compressed,
    correction_of,
    errors_words,
    indicators,
)
from satsurvey.response_time.claim_results import Estimate, Evidence, judged
from satsurvey.response_time.claim_tiers import exponential
from satsurvey.response_time.claims import Claim
from satsurvey.response_time.design import held_columns
from satsurvey.response_time.periods import periods_in_order
from satsurvey.response_time.words import say
from satsurvey.scoring.intervals import wilson
from satsurvey.service.patience import patience
from satsurvey.service.repeats import find_repeats

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

PATIENCE_AT_S = 600.0
MOST_DRAWS = 500
"""Of medians, which each take a walk over all rows."""
_FEWEST_PERIODS = 6


def mechanical_bound(fcr: float, raised: float) -> float:
    """Return the percent of contacts saved when first-contact resolution rises and all others come back.

    Parameters
    ----------
    fcr, raised
        Before and after, percent over 0 up to 100.

    Returns
    -------
    float
        Negative: a saving.

    Notes
    -----
    Where each contact solves its matter with probability f and comes back otherwise, a matter takes
    1 + (1 - f) + (1 - f)^2 + ... = 1/f contacts, so that the change is f / f' - 1.

    Examples
    --------
    >>> [round(mechanical_bound(*pair), 1) for pair in ((60, 70), (80, 90), (70, 77))]
    [-14.3, -11.1, -9.1]
    """
    if not 0 < fcr <= 100 or not 0 < raised <= 100:
        raise MethodError(
            "first-contact resolution lies over 0 and up to 100 percent", value=f"{fcr}, {raised}"
        )
    return 100 * (fcr / raised - 1)


def cost_of_resolution(data: ClaimData, claim: Claim) -> Evidence:
    """Test what first-contact resolution does to cost per issue (C03), the mechanical bound beside it."""
    table = data.table_with("period", "cost", "issues", "fcr")
    if table is None:
        raise MethodError("there is no table of cost, issues and first-contact resolution by period")
    cost, issues, fcr = table.number("cost"), table.number("issues"), table.number("fcr")
    if np.nanmax(fcr, initial=0.0) <= 1:
        fcr = 100 * fcr
    period = table.factor("period")
    rows = (cost > 0) & (issues > 0) & (fcr > 0) & (fcr <= 100)
    company = np.zeros(cost.size, dtype=np.int64)
    notes = [say("bound_means")]
    undated = rows & (period.codes < 0)
    if undated.any():
        rows &= ~undated
        notes.append(say("no_period_in_table", n=int(undated.sum())))
    if table.has("company"):
        company = table.factor("company").codes.astype(np.int64)
        blank = rows & (company < 0)
        if blank.any() and (company[rows] >= 0).any():
            # A row without a company cannot be compared with the other periods of its company.
            rows &= ~blank
            notes.append(say("no_company_in_table", n=int(blank.sum())))
    company = compressed(np.maximum(company[rows], 0))
    several = int(np.unique(company).size)
    if int(rows.sum()) < _FEWEST_PERIODS:
        raise MethodError(
            f"{int(rows.sum())} rows of the table can be used; {_FEWEST_PERIODS} are needed at least"
        )
    codes = period.codes[rows].astype(np.int64)
    if several > 1:
        held = indicators("company", company) | indicators("period", codes)
        correction = correction_of(several)
        clusters, form = company, say("form_cost_several", errors=errors_words(correction))
    else:
        order = periods_in_order(period, data.given)
        held = {"trend": order.positions[codes]}
        clusters, correction, form = np.arange(codes.size, dtype=np.int64), None, say("form_cost_one")
        notes.append(order.note())
    whole = tally({"fcr": fcr[rows], **held}, np.log(cost[rows] / issues[rows]), clusters)
    fit = least_squares(whole, correction=correction)
    frame = fit.estimates.frame(data.settings.level)
    slope = frame.loc[frame["term"] == "fcr", ["estimate", "ci_low", "ci_high"]].to_numpy(np.float64)[0]
    middle = float(np.average(fcr[rows], weights=issues[rows]))
    tolerance = data.settings.tolerance
    estimates = []
    for reading, step in zip(claim.readings, (10.0, 0.1 * middle), strict=True):
        value, low, high = (100 * np.expm1(step * slope)).tolist()
        estimates.append(judged(claim.rule(), "main", reading, (value, low, high), tolerance=tolerance))
    bounds = [
        ("bound_points", middle, min(middle + 10, 100.0)),
        ("bound_percent", middle, min(1.1 * middle, 100.0)),
        ("bound_points", 60.0, 70.0),
        ("bound_points", 80.0, 90.0),
    ]
    for code, before, after in bounds:
        value = mechanical_bound(before, after)
        what = say(code, before=before, after=after)
        estimates.append(Estimate("main", "per_10_points", value, value, value, None, what))
    return Evidence(tuple(estimates), int(rows.sum()), several, form, notes=tuple(notes))


def leave_after_ten_minutes(data: ClaimData, claim: Claim) -> Evidence:
    """Test the share that is still ready to wait at ten minutes (C04)."""
    records = data.records
    if records is None:
        raise MethodError("there are no service records")
    found = patience(records, at=(PATIENCE_AT_S,), level=data.settings.level)
    curve = found.curve
    row = curve.stated.iloc[0]
    value, low, high = float(row["survival"]), float(row["ci_low"]), float(row["ci_high"])
    if np.isnan(value):
        raise MethodError("no contact waited as long as 600 seconds: what customers do then is not known")
    notes = [say("waits_seen", events=curve.n_events, n=curve.n)]
    if np.isnan(low):
        # Greenwood's formula ends where nobody, or everybody, is left.
        before = curve.frame[curve.frame["time"] <= PATIENCE_AT_S]
        above = before[before["survival"] > 0]
        at_risk = float(before["n_at_risk"].iloc[-1]) if value > 0 else np.nan
        if value > 0:
            low, high = (
                float(end) for end in wilson(np.array(1.0), np.array(at_risk), level=data.settings.level)
            )
        else:
            low, high = 0.0, float(above["ci_high"].iloc[-1]) if len(above) else 1.0
        notes.append(say("survival_end"))
    frame = records.contacts
    name = next((column for column in ("company_id", "company") if column in frame), None)
    companies = 1 if name is None else int(frame[name].replace("", np.nan).nunique())
    estimate = judged(claim.rule(), "main", "share", (value, low, high), tolerance=data.settings.tolerance)
    return Evidence(
        (estimate,),
        curve.n,
        companies,
        say("form_patience"),
        records.definitions.get("wait_s"),
        notes=tuple(notes),
    )


def customers_at_once(data: ClaimData, claim: Claim) -> Evidence:
    """Test how many customers an agent serves before the score falls (C22)."""
    load = data.number("concurrency")
    if load is None:
        raise MethodError("it is not known how many customers agents served at once")
    rows = np.isfinite(load) & np.isfinite(data.score) & (load > 0)
    x, y = load[rows], data.score[rows]
    clusters, n_companies = clusters_of(data.company[rows])
    held = held_columns(data.held(rows, ("purpose",)), {"x": x}).columns
    level = data.settings.level
    search = KnotSearch(x, y, held, weights=data.weights_at(rows))
    correction = correction_of(n_companies) if n_companies > 1 else None
    knot, _, whole = find_knot(search, clusters, correction=correction, level=level)
    terms = whole.estimates.terms
    sides = np.array([[float(t == "x") for t in terms], [float(t in ("x", "x_past_knot")) for t in terms]])
    slopes = whole.estimates.contrast_frame(sides, level)
    beside = [
        Estimate(
            "main",
            "points",
            float(row["estimate"]),
            float(row["ci_low"]),
            float(row["ci_high"]),
            None,
            say(code),
        )
        for code, (_, row) in zip(("slope_before", "slope_after"), slopes.iterrows(), strict=True)
    ]
    before_high, after_high = slopes["ci_high"].tolist()
    tolerance = data.settings.tolerance
    notes = [say("load_range", low=float(x.min()), high=float(x.max()))]
    rule, fewest = claim.rule(), float(x.min())
    if before_high < 0:
        # It falls from the fewest customers on: the turning point, if any, lies below what was seen.
        verdict = rule.verdict(0.0, fewest, tolerance=tolerance)
        first = Estimate("main", "customers", fewest, 0.0, fewest, verdict, say("falls_at_once"))
    elif after_high < 0:
        ends = (-np.inf if knot.low_open else knot.low, np.inf if knot.high_open else knot.high)
        first = judged(rule, "main", "customers", (knot.at, *ends), tolerance=tolerance)
    else:
        nothing = (np.nan, np.nan, np.nan)
        first = Estimate("main", "customers", *nothing, "inconclusive", None, say("never_falls"))
    return Evidence((first, *beside), int(rows.sum()), n_companies, say("form_load"), notes=tuple(notes))


def repeats_against_resolution(data: ClaimData, claim: Claim) -> Evidence:
    """Test whether repeats are what first-contact resolution leaves (C23)."""
    records = data.records
    if records is None:
        raise MethodError("there are no service records")
    frame = records.contacts
    found = find_repeats(frame, window_days=data.settings.window_days)
    flag = frame["resolved_first_contact"].to_numpy(np.float64)
    rows = found.identified & found.window_before & found.window_after & ~found.is_repeat & np.isfinite(flag)
    if int(rows.sum()) < 2:
        raise MethodError("no first contact has the whole window before and after it inside the log")
    repeated = found.is_repeated[rows].astype(np.float64)
    difference = 100 * (repeated - (1 - flag[rows]))
    name = next((column for column in ("company_id", "company") if column in frame), None)
    companies, several = np.zeros(int(rows.sum()), np.int64), 1
    if name is not None:
        import pandas as pd

        companies = pd.factorize(frame[name].to_numpy(dtype=object)[rows])[0].astype(np.int64)
        several = int(np.unique(companies).size)
    clusters = companies
    if several < 2:
        import pandas as pd

        clusters = pd.factorize(frame["customer_id"].to_numpy(dtype=object)[rows])[0].astype(np.int64)
    if difference.min() == difference.max():
        numbers = (float(difference[0]),) * 3
    else:
        row = least_squares(tally({}, difference, clusters)).estimates.frame(data.settings.level).iloc[0]
        numbers = (float(row["estimate"]), float(row["ci_low"]), float(row["ci_high"]))
    beside = [
        Estimate("main", "share", float(values.mean()), np.nan, np.nan, None, say(code))
        for code, values in (("resolved_share", flag[rows]), ("repeat_share", repeated))
    ]
    first = judged(claim.rule(), "main", "percent_points", numbers, tolerance=data.settings.tolerance)
    notes = (say("window", days=data.settings.window_days),)
    return Evidence((first, *beside), int(rows.sum()), several, say("form_repeats"), notes=notes)


def unlinked_systems(data: ClaimData, claim: Claim) -> Evidence:
    """Test how much longer tickets take where systems are not linked (C25)."""
    table = data.table_with("handling_s", "systems_linked")
    if table is not None:
        handling, linked, weight = table.number("handling_s"), table.flag("systems_linked"), None
        companies = (
            table.factor("company").codes.astype(np.int64)
            if table.has("company")
            else np.zeros(handling.size, np.int64)
        )
    else:
        taken, flag = data.number("handling_s"), data.number("systems_linked")
        if taken is None or flag is None:
            raise MethodError("handling times, or which systems are linked, are not known")
        handling, linked, companies, weight = taken, flag, data.company, data.weight
    rows = np.isfinite(handling) & np.isfinite(linked) & (handling >= 0)
    clusters, several = clusters_of(companies[rows])
    apart = 1 - linked[rows]
    if apart.size == 0 or apart.min() == apart.max():
        raise MethodError("all tickets are on one side: linked, or not linked")
    weights = None if weight is None else weight[rows]
    numbers = median_gap(handling[rows], apart, clusters, data.settings, weights)
    estimates = [judged(claim.rule(), "main", "seconds", numbers, tolerance=data.settings.tolerance)]
    whole = tally({"unlinked": apart}, np.log1p(handling[rows]), clusters, weights=weights)
    fit = least_squares(whole, correction=correction_of(several) if several > 1 else None).estimates
    ratio = exponential(fit, "unlinked", data.settings.level)
    estimates.append(Estimate("main", "ratio", *ratio, what=say("ratio_of_times")))
    return Evidence(tuple(estimates), int(rows.sum()), several, say("form_median"))


def median_gap(
    values: Floats, apart: Floats, clusters: Codes, settings: Settings, weights: Floats | None = None
) -> tuple[float, float, float]:
    """Return the median where `apart` is 1 less that where it is 0, with percentiles of drawn clusters.

    This is the slope of median regression on one indicator; lower medians are taken where two are possible.
    With weights it is the value up to which rows of half the weight lie.
    """
    order = np.argsort(values, kind="stable")
    sides = [order[apart[order] == side] for side in (1.0, 0.0)]
    code = np.unique(clusters, return_inverse=True)[1]
    size = int(code.max()) + 1
    weight = np.ones(values.size) if weights is None else weights

    def gap(counts: NDArray[np.int64]) -> float:
        found = []
        for rows in sides:
            total = np.cumsum(counts[code[rows]] * weight[rows])
            if total[-1] == 0:
                return np.nan
            found.append(float(values[rows[np.searchsorted(total, total[-1] / 2)]]))
        return found[0] - found[1]

    rng = np.random.default_rng(settings.seed)
    drawn = np.array(
        [
            gap(np.bincount(rng.integers(0, size, size), minlength=size))
            for _ in range(min(settings.draws, MOST_DRAWS))
        ]
    )
    half = (1 - settings.level) / 2
    low, high = np.nanquantile(drawn, [half, 1 - half]).tolist()
    return gap(np.ones(size, dtype=np.int64)), low, high
