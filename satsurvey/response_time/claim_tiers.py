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
from satsurvey.response_time.claim_data import ClaimData
from satsurvey.response_time.claim_models import compressed, rates
from satsurvey.response_time.claim_results import Evidence, judged
from satsurvey.response_time.claims import Claim
from satsurvey.response_time.design import held_columns
from satsurvey.response_time.words import say

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
        raise MethodError(
            "no channel of the data has a published excellent line", value=", ".join(channel.names)
        )
    tier = _tiers(data.company, channel.codes, times.seconds, line, usable)
    weight = np.ones(data.n) if data.weight is None else data.weight
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
    difference, percent = _ratio(score, excellent, industry, data)
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
        found = rates({"excellent": of_tier[rows], **held}, churned[rows], compressed(data.company[rows]))
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
        say("form_ratio", draws=data.settings.draws),
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
) -> Floats:
    """Return 1 for companies whose mean time meets the excellent line in all their channels, 0 for others."""
    size = int(company.max()) + 1
    width = int(channel.max()) + 1
    key = company[usable] * width + channel[usable]
    n = np.bincount(key, minlength=size * width)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.bincount(key, seconds[usable], minlength=size * width) / n
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


def _ratio(
    score: Floats, excellent: Floats, industry: NDArray[np.int64], data: ClaimData
) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    """Return the difference in points, and in percent of the mean of the rest, with percentile intervals."""
    code = np.unique(industry, return_inverse=True)[1]

    def difference(rows: NDArray[np.int64]) -> tuple[float, float]:
        y, x, at = score[rows], excellent[rows], code[rows]
        n = np.maximum(np.bincount(at, minlength=code.max() + 1), 1)
        inside = x - (np.bincount(at, x, minlength=n.size) / n)[at]
        spread = float(inside @ x)
        rest = y[x == 0]
        if spread <= 0 or rest.size == 0:
            return np.nan, np.nan
        found = float(inside @ y) / spread
        return found, 100 * found / float(rest.mean())

    rng = np.random.default_rng(data.settings.seed)
    whole = difference(np.arange(score.size))
    if np.isnan(whole[0]):
        raise MethodError("no industry has companies on both sides of the excellent line")
    drawn = np.array(
        [difference(rng.integers(0, score.size, score.size)) for _ in range(data.settings.draws)]
    )
    half = (1 - data.settings.level) / 2
    low, high = np.nanquantile(drawn, [half, 1 - half], axis=0)
    return (
        (whole[0], float(low[0]), float(high[0])),
        (whole[1], float(low[1]), float(high[1])),
    )


def exponential(estimates: Estimates, term: str, level: float) -> tuple[float, float, float]:
    """Return e to a coefficient, such as a ratio of rates, with its interval."""
    place = estimates.terms.index(term)
    value, error = estimates.values[[place]], estimates.std_errors[[place]]
    low, high, _ = interval(value, error, estimates.df[[place]], level)
    return float(np.exp(value[0])), float(np.exp(low[0])), float(np.exp(high[0]))
