"""Test of the statement on companies whose response reaches the excellent line."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from satsurvey.benchmarks.figures import load_figures
from satsurvey.benchmarks.lines import Cell, compare
from satsurvey.benchmarks.vocabulary import channel_of
from satsurvey.errors import MethodError
from satsurvey.intake.responses import Factor
from satsurvey.regression.estimates import Estimates, interval
from satsurvey.regression.least_squares import least_squares
from satsurvey.regression.tallies import tally
from satsurvey.response_time.claim_data import ClaimData
from satsurvey.response_time.claim_models import compressed, indicators
from satsurvey.response_time.claim_results import Evidence, NotTestableError, judged
from satsurvey.response_time.claim_risks import rates
from satsurvey.response_time.claims import Claim
from satsurvey.response_time.design import held_columns
from satsurvey.response_time.words import channel_words, say

Floats = NDArray[np.float64]

_FEWEST_CONTACTS = 5


def excellent_companies(data: ClaimData, claim: Claim) -> Evidence:
    """Test whether companies at the excellent line have more satisfaction and less churn (C02)."""
    times, channel = data.times, data.factor("channel")
    if times is None or channel is None:
        raise MethodError("there is no response time by channel")
    line = _excellent_lines(channel, times.definition.text("en"))
    usable = np.isfinite(times.seconds) & np.isfinite(line) & (data.company >= 0)
    if not usable.any():
        spelled = dict.fromkeys(channel_of(name) for name in channel.names)
        raise NotTestableError(say("no_excellent_line", names=tuple(map(channel_words, spelled))))
    weight = np.ones(data.n) if data.weight is None else data.weight
    tier = _tiers(data.company, channel.codes, times.seconds, line, usable, weight)
    known = np.isfinite(data.score) & (data.company >= 0)
    size = int(data.company.max()) + 1
    sums = np.bincount(data.company[known], (weight * data.score)[known], minlength=size)
    total = np.bincount(data.company[known], weight[known], minlength=size)
    companies = np.flatnonzero((total > 0) & np.isfinite(tier))
    excellent, score = tier[companies], sums[companies] / total[companies]
    n_excellent = int(excellent.sum())
    if min(n_excellent, companies.size - n_excellent) < 2:
        raise MethodError(
            f"{n_excellent} of {companies.size} companies are at the excellent line: two must be, and two not"
        )
    industry = _industry_of_company(data, size)[companies]
    difference, percent = difference_and_percent(score, excellent, industry, data.settings.level)
    tolerance = data.settings.tolerance
    rule = claim.rule("satisfaction")
    estimates = [
        judged(rule, "satisfaction", "percent_of_mean", percent, tolerance=tolerance),
        judged(rule, "satisfaction", "points", difference, tolerance=tolerance),
    ]
    missing: tuple[str, ...] = ("churned",)
    churned = data.number("churned")
    if churned is not None and np.isfinite(churned).any():
        missing = ()
        of_tier = np.where(data.company >= 0, tier[np.maximum(data.company, 0)], np.nan)
        rows = np.isfinite(churned) & np.isfinite(of_tier)
        held = held_columns(
            {} if data.industry is None else {"industry": data.industry.take(np.flatnonzero(rows))},
            {"excellent": of_tier[rows]},
        ).columns
        found = rates(
            {"excellent": of_tier[rows], **held},
            churned[rows],
            compressed(data.company[rows]),
            weights=data.weights_at(rows),
        )
        ratio = exponential(found, "excellent", data.settings.level)
        estimates.append(judged(claim.rule("churn"), "churn", "ratio", ratio, tolerance=tolerance))
    notes = (
        say("tiers_found", excellent=n_excellent, rest=companies.size - n_excellent),
        say("tier_rule", fewest=_FEWEST_CONTACTS),
    )
    return Evidence(
        tuple(estimates),
        int(known.sum()),
        int(companies.size),
        say("form_ratio"),
        times.definition,
        missing=missing,
        notes=notes,
    )


def _excellent_lines(channel: Factor, clock: str) -> Floats:
    """Return the excellent line of each interview's channel in seconds, NaN where none is published."""
    figures = load_figures()
    lines = []
    for name in channel.names:
        found = compare(Cell("first_response_time", channel_of(name), definition=clock), figures).used(
            "excellent"
        )
        lines.append(np.nan if found is None else found.figure.line)
    return np.array([*lines, np.nan])[channel.codes]


def _tiers(
    company: NDArray[np.int64],
    channel: NDArray[np.int32],
    seconds: Floats,
    line: Floats,
    usable: NDArray[np.bool_],
    weight: Floats,
) -> Floats:
    """Return 1 for companies whose mean time meets the excellent line in all their channels, 0 for others."""
    size = int(company.max()) + 1
    width = int(channel.max()) + 1
    key = company[usable] * width + channel[usable]
    n = np.bincount(key, minlength=size * width)
    total = np.bincount(key, weight[usable], minlength=size * width)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.bincount(key, (weight * seconds)[usable], minlength=size * width) / total
        # Cells of one channel have one line; a mean of equal numbers may differ from them by rounding.
        bound = np.bincount(key, line[usable], minlength=size * width) / n
    counted = n >= _FEWEST_CONTACTS
    met = (~counted | (mean <= bound)).reshape(size, width).all(axis=1)
    return np.where(counted.reshape(size, width).any(axis=1), met.astype(np.float64), np.nan)


def _industry_of_company(data: ClaimData, size: int) -> NDArray[np.int64]:
    found = np.zeros(size, dtype=np.int64)
    if data.industry is not None:
        known = data.company >= 0
        found[data.company[known]] = data.industry.codes[known]
    return found


def difference_and_percent(
    score: Floats, excellent: Floats, industry: NDArray[np.int64], level: float
) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    """Return how far excellent companies are above the rest, in points and in percent of the rest's mean.

    Parameters
    ----------
    score, excellent, industry
        Of companies: 0-100, 1 or 0, and a code.
    level
        Of the intervals.

    Raises
    ------
    MethodError
        When no industry has companies on both sides, or the mean of the rest is 0.

    Notes
    -----
    The difference is that of least squares with effects of industries, its error that of Bell and McCaffrey
    with companies as clusters of one (HC2) and Satterthwaite's degrees of freedom: excellent companies are
    often few, and their scores need not spread as the others' do. The percentage takes the error of the mean
    of the rest in by the delta method.
    """
    code = np.unique(industry, return_inverse=True)[1]
    n = np.bincount(code)
    inside = excellent - (np.bincount(code, excellent) / n)[code]
    if not (np.abs(inside) > 1e-9).any():
        raise MethodError("no industry has companies on both sides of the excellent line")
    columns = {"excellent": excellent, **indicators("industry", code.astype(np.int64))}
    fit = least_squares(tally(columns, score, np.arange(score.size)), correction="cr2")
    place = fit.estimates.terms.index("excellent")
    found, df = float(fit.estimates.values[place]), fit.estimates.df[[place]]
    rest = excellent == 0
    mean, n_rest = float(score[rest].mean()), int(rest.sum())
    if mean <= 0:
        raise MethodError("the mean score is 0: no percent of it can be taken")
    of_difference = fit.influences[:, place]
    of_mean = np.where(rest, score - mean, 0.0) / np.sqrt(n_rest * (n_rest - 1))
    of_percent = 100 * (of_difference - found / mean * of_mean) / mean
    value = np.array([found, 100 * found / mean])
    error = np.sqrt(np.array([(of_difference**2).sum(), (of_percent**2).sum()]))
    low, high, _ = interval(value, error, np.repeat(df, 2), level)
    points, percent = zip(value.tolist(), low.tolist(), high.tolist(), strict=True)
    return points, percent


def exponential(estimates: Estimates, term: str, level: float) -> tuple[float, float, float]:
    """Return e to a coefficient, such as a ratio of rates, with its interval."""
    place = estimates.terms.index(term)
    value, error = estimates.values[[place]], estimates.std_errors[[place]]
    low, high, _ = interval(value, error, estimates.df[[place]], level)
    return float(np.exp(value[0])), float(np.exp(low[0])), float(np.exp(high[0]))
