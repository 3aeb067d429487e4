"""Tests of statements on answers: expectations, transfers, leaving, tiers, hand-over and repurchase."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from satsurvey.errors import MethodError
from satsurvey.intake.dates import parse_dates
from satsurvey.intake.responses import Factor
from satsurvey.response_time.claim_data import ClaimData
from satsurvey.response_time.claim_models import by_company, clusters_of
from satsurvey.response_time.claim_results import Estimate, Evidence, judged
from satsurvey.response_time.claim_risks import Leaving, logit, rates
from satsurvey.response_time.claim_tiers import exponential
from satsurvey.response_time.claims import Claim
from satsurvey.response_time.words import Sentence, held_words, say
from satsurvey.text.shares import Design, shares_of

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

FIVE_MINUTES_S = 300.0
VALUED = ("vip", "贵宾", "高价值", "重要", "钻石", "白金", "金卡", "gold", "platinum", "diamond")
"""Tiers that are valued customers where the user does not say which are."""
HANDLERS: Mapping[str, tuple[str, ...]] = {
    "human": ("human", "人工", "坐席", "客服"),
    "bot": ("bot", "机器人", "智能客服", "自助"),
    "bot_then_human": ("bot_then_human", "机器人转人工", "转人工", "智能转人工"),
}


def accept_five_minutes(data: ClaimData, claim: Claim) -> Evidence:
    """Test the share of customers who accept five minutes at most (C05)."""
    expected = _number(data, "expected_s")
    rows = np.isfinite(expected)
    within = (expected[rows] <= FIVE_MINUTES_S).astype(np.int64)
    numbers = weighted_share(data, rows, within)
    estimate = judged(claim.rule(), "main", "share", numbers, tolerance=data.settings.tolerance)
    return Evidence((estimate,), int(rows.sum()), _companies(data, rows), say("form_share"))


def second_transfer(data: ClaimData, claim: Claim) -> Evidence:
    """Test what two transfers or more cost (C10)."""
    transfers = _number(data, "transfers")
    rows = np.isfinite(transfers) & np.isfinite(data.score)
    twice = (transfers[rows] >= 2).astype(np.float64)
    weights = data.weights_at(rows)
    fitted = by_company(
        {"twice": twice},
        data.score[rows],
        data.company[rows],
        held=data.held(rows, ("purpose",)),
        weights=weights,
    )
    points = fitted.contrast({"twice": 1.0}, data.settings.level)
    fewer = twice == 0
    mean = float(np.average(data.score[rows][fewer], weights=None if weights is None else weights[fewer]))
    if mean <= 0:
        raise MethodError("the mean score is 0: no percent of it can be taken")
    value, low, high = points
    percent = (100 * value / mean, 100 * low / mean, 100 * high / mean)
    tolerance = data.settings.tolerance
    estimates = (
        judged(claim.rule(), "main", "points", points, tolerance=tolerance),
        judged(claim.rule(), "main", "percent_of_mean", percent, tolerance=tolerance),
    )
    notes = (say("transferred", n=int(twice.sum())), say("mean_fixed", mean=mean), *fitted.notes)
    return Evidence(estimates, fitted.n, fitted.n_companies, fitted.form, notes=notes)


def left_for_waiting(data: ClaimData, claim: Claim) -> Evidence:
    """Test the share of the leaving that waits account for (C11)."""
    wait, churned = _number(data, "wait_s"), _number(data, "churned")
    rows = np.isfinite(wait) & np.isfinite(churned) & (wait >= 0)
    clusters, several = clusters_of(data.company[rows])
    held = data.held(rows)
    fit = logit(
        {"log_wait": np.log1p(wait[rows])}, churned[rows], clusters, held=held, weights=data.weights_at(rows)
    )
    numbers = fit.attributable(0, data.settings.level)
    estimate = judged(claim.rule(), "main", "share", numbers, tolerance=data.settings.tolerance)
    notes = (say("left", n=int(churned[rows].sum())), *_of_logit(fit))
    form = say("form_logit", held=held_words(held))
    return Evidence((estimate,), int(rows.sum()), several, form, notes=notes)


def expectation_missed(data: ClaimData, claim: Claim) -> Evidence:
    """Test the relative risk of leaving where the wait was longer than accepted (C12)."""
    wait, expected, churned = (_number(data, name) for name in ("wait_s", "expected_s", "churned"))
    rows = np.isfinite(wait) & np.isfinite(expected) & np.isfinite(churned)
    missed = (wait[rows] > expected[rows]).astype(np.float64)
    clusters, several = clusters_of(data.company[rows])
    found = rates({"missed": missed}, churned[rows], clusters, weights=data.weights_at(rows))
    ratio = exponential(found, "missed", data.settings.level)
    estimate = judged(claim.rule(), "main", "ratio", ratio, tolerance=data.settings.tolerance)
    notes = (say("missed", n=int(missed.sum())),)
    return Evidence((estimate,), int(rows.sum()), several, say("form_rates"), notes=notes)


def tiered_service(data: ClaimData, claim: Claim) -> Evidence:
    """Test whether service by tier lifted the scores of valued customers (C15)."""
    tier, date = data.factor("tier"), data.date
    moment, _ = parse_dates([data.given.get("tiered_from", "")])
    if tier is None or date is None or np.isnat(moment[0]):
        raise MethodError("tiers, dates, or the day of the change are not known")
    valued = _valued(data, tier)
    rows = (tier.codes >= 0) & ~np.isnat(date) & np.isfinite(data.score)
    at = valued[tier.codes[rows]]
    after = (date[rows] >= moment[0]).astype(np.float64)
    groups = at + 2 * after
    if np.unique(groups).size < 4:
        raise MethodError("both kinds of customers are needed before and after the change")
    columns = {"valued": at, "after": after, "change": at * after}
    fitted = by_company(
        columns,
        data.score[rows],
        data.company[rows],
        held=data.held(rows, ("purpose",)),
        weights=data.weights_at(rows),
    )
    numbers = fitted.contrast({"change": 1.0}, data.settings.level)
    estimate = judged(claim.rule(), "main", "points", numbers, tolerance=data.settings.tolerance)
    named = tuple(name for name, flag in zip(tier.names, valued, strict=True) if flag)
    notes = (say("valued", names=named), *fitted.notes)
    return Evidence((estimate,), fitted.n, fitted.n_companies, fitted.form, notes=notes)


def clean_hand_over(data: ClaimData, claim: Claim) -> Evidence:
    """Test whether a clean hand-over from the bot is as good as people only (C16)."""
    handled, repeat = data.factor("handled_by"), _number(data, "handover_repeat")
    if handled is None:
        raise MethodError("it is not known who handled the contacts")
    way = _ways(handled, repeat)
    rows = (way != "") & np.isfinite(data.score)
    names = [name for name in ("clean", "repeated", "bot") if (way[rows] == name).any()]
    if "clean" not in names or not (way[rows] == "human").any():
        raise MethodError("contacts of people only, and hand-overs without repeating, are both needed")
    columns = {name: (way[rows] == name).astype(np.float64) for name in names}
    fitted = by_company(
        columns,
        data.score[rows],
        data.company[rows],
        held=data.held(rows, ("purpose",)),
        weights=data.weights_at(rows),
    )
    level, tolerance = data.settings.level, data.settings.tolerance
    first = judged(
        claim.rule(), "main", "points", fitted.contrast({"clean": 1.0}, level), tolerance=tolerance
    )
    beside = [
        Estimate("main", "points", *fitted.contrast({name: 1.0}, level), what=say(f"way_{name}"))
        for name in names
        if name != "clean"
    ]
    return Evidence((first, *beside), fitted.n, fitted.n_companies, fitted.form, notes=fitted.notes)


def score_and_loyalty(data: ClaimData, claim: Claim) -> Evidence:
    """Test whether higher scores go with more repurchase and less loss (C24)."""
    estimates: list[Estimate] = []
    missing: list[str] = []
    notes: list[Sentence] = []
    names: tuple[str, ...] = ()
    n = several = 0
    for part, name in (("repurchase", "repurchased"), ("churn", "churned")):
        happened = data.number(name)
        if happened is None or not np.isfinite(happened).any():
            missing.append(name)
            continue
        rows = np.isfinite(happened) & np.isfinite(data.score)
        clusters, companies = clusters_of(data.company[rows])
        held = data.held(rows)
        fit = logit(
            {"score": data.score[rows]}, happened[rows], clusters, held=held, weights=data.weights_at(rows)
        )
        names = tuple(dict.fromkeys((*names, *held)))
        notes += _of_logit(fit)
        value, low, high = fit.average_effect(0, 10.0, data.settings.level)
        numbers = (100 * value, 100 * low, 100 * high)
        estimates.append(
            judged(claim.rule(part), part, "percent_points", numbers, tolerance=data.settings.tolerance)
        )
        n, several = max(n, int(rows.sum())), max(several, companies)
    form = say("form_logit", held=held_words(names))
    return Evidence(tuple(estimates), n, several, form, missing=tuple(missing), notes=tuple(notes))


def weighted_share(data: ClaimData, rows: Flags, flag: NDArray[np.int64]) -> tuple[float, float, float]:
    """Return the share of rows with a flag of 1, with Wilson's interval, clustered by company."""
    company = data.company[rows]
    several = np.unique(company[company >= 0]).size > 1
    weight = None if data.weight is None else data.weight[rows]
    design = Design(np.zeros(flag.size, np.int64), 1, company if several else None, weight)
    found = shares_of(flag, 2, design, level=data.settings.level)
    return float(found.share[0, 1]), float(found.low[0, 1]), float(found.high[0, 1])


def _number(data: ClaimData, name: str) -> Floats:
    found = data.number(name)
    if found is None:
        raise MethodError(f"the data have no {name}")
    return found


def _of_logit(fit: Leaving) -> tuple[Sentence, ...]:
    """Say which levels of what is held fixed told the outcome apart, so that their rows were not used."""
    if not fit.told_apart:
        return ()
    return (say("told_apart", levels=fit.told_apart, n=fit.left_out),)


def _companies(data: ClaimData, rows: Flags) -> int:
    company = data.company[rows]
    return int(np.unique(company[company >= 0]).size)


def _valued(data: ClaimData, tier: Factor) -> Floats:
    """Return 1 for names of tiers that are valued customers."""
    said = [
        name.strip()
        for name in data.given.get("value_tiers", "").replace("，", ",").split(",")
        if name.strip()
    ]
    unknown = [name for name in said if name not in tier.names]
    if unknown:
        raise MethodError(
            "no customer is of this tier", value=", ".join(unknown), expected=", ".join(tier.names)
        )
    found = [name in said if said else any(word in name.casefold() for word in VALUED) for name in tier.names]
    if not any(found) or all(found):
        raise MethodError(
            "it is not clear which tiers are valued customers",
            value=", ".join(tier.names),
            next_step="say so with --given value_tiers=NAME,NAME",
        )
    return np.array(found, dtype=np.float64)


def _ways(handled: Factor, repeat: Floats) -> NDArray[np.str_]:
    """Return how each contact was handled: human, bot, clean, repeated, "" where not known."""
    words = {word.casefold(): code for code, spelled in HANDLERS.items() for word in spelled}
    table = np.array([*(words.get(name.casefold(), "") for name in handled.names), ""])
    code = table[handled.codes]
    passed = code == "bot_then_human"
    way = np.where(passed & (repeat == 0), "clean", np.where(passed & (repeat == 1), "repeated", code))
    return np.where(way == "bot_then_human", "", way)
