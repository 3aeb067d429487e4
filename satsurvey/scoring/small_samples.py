"""Errors of companies corrected item by item, where filters leave some items few answers.

A company's total is T = Σ c_i ȳ_i, and n/(n-1) Σ z² with n - 1 degrees of freedom treats an item that 5 of 20
answered as if 20 had. Two things are then wrong: Σ z² is too small, since residuals about a mean of 5 are
smaller than the errors by more than 19/20, and it is less certain than 19 degrees of freedom say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from satsurvey.intake.responses import Responses
from satsurvey.scoring.groups import group_sums
from satsurvey.scoring.method import ScoringMethod
from satsurvey.scoring.tally import Floats, Plan, Tally, item_shares, overlaps
from satsurvey.scoring.units import Units

FEW_ANSWERS = 5
"""An item with fewer answers than this makes a company's default interval noticeably short."""


@dataclass(frozen=True)
class Corrected:
    """Sums and degrees of freedom after the correction.

    Attributes
    ----------
    sums
        The tally, its squares such that n/(n-1) Σ z² is the corrected variance.
    df
        Degrees of freedom of the total and the dimensions; shape (J, 1 + D).
    notes
        What is to be said of items answered once.
    """

    sums: Tally
    df: Floats
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Items:
    """Items of the units: their answers, weight, pooled standard deviation and its degrees of freedom."""

    n: Floats
    weight: Floats
    deviation: Floats
    pooled_df: Floats


@dataclass(frozen=True)
class _Parts:
    """Traces of the working model, one number per unit (see `by_items`)."""

    own: Floats
    own_squares: Floats
    together: Floats
    once: Floats
    once_with_others: Floats
    once_df: Floats


def with_few_answers(plan: Plan, sums: Tally) -> NDArray[np.bool_]:
    """Mark the units that have an item which counts in their total and has fewer than `FEW_ANSWERS`."""
    few = (sums.item_n > 0) & (sums.item_n < FEW_ANSWERS)
    marked = few.any(axis=1)
    if marked.any():
        marked = (few & (_shares(plan, sums) > 0)).any(axis=1)
    return np.asarray(marked)


def by_items(responses: Responses, units: Units, plan: Plan, method: ScoringMethod, sums: Tally) -> Corrected:
    """Correct the variances of totals and dimensions by each item's own number of answers.

    Parameters
    ----------
    responses, units, plan, method
        What `tally` was given, with `small_sample="items"`.
    sums
        What it returned: Σ z_r² of influence values in which the part of item i is multiplied by
        √(n_i / (n_i - 1)).

    Returns
    -------
    Corrected

    Notes
    -----
    Variance: z_r = Σ_i c_i √(n_i/(n_i-1)) a_ri (y_ri - ȳ_i) / n_i and SE² = Σ z_r², so that an item alone
    keeps its n_i/(n_i-1) Σ z², and the products of items that one respondent answered keep their covariance.
    Seen as a regression of answers on items with respondents as clusters, this is the bias-reduced estimator
    of Bell and McCaffrey (2002), CR2, with a working model of independent answers. Where all answer all items
    it is n/(n-1) Σ z² exactly.

    Degrees of freedom: Satterthwaite's (1946) 2 E(SE²)² / Var(SE²) for normal answers of the working model,
    as Bell and McCaffrey propose. With item variances σ_i², κ_i = c_i² σ_i² / (n_i (n_i - 1)) and P_i the
    centring of item i's respondents, SE² is a quadratic form with the matrix G = Σ κ_i P_i, and
    df = (tr G)² / tr G², where tr G = Σ κ_i (n_i - 1) and
    tr G² = Σ_ik κ_i κ_k n_ik (1 - 1/n_i - 1/n_k + n_ik / (n_i n_k)), n_ik being those who answer both. Adding
    up items as if they were independent estimates, (Σ V_i)² / Σ V_i² / (n_i - 1), would count a respondent
    once per item: n - 1 is reached here where all answer all, not the number of items times n - 1. σ_i² is
    pooled within all companies, because a variance of four answers is no guide to its own certainty.

    An item answered once (n_i = 1) has no residual, and taking its error for zero would be the worst of all
    guesses. Its variance is borrowed: σ_i² pooled within all companies, or that of the other items where no
    company has two answers to it. So is its covariance with the company's other items,
    ρ σ_i σ_k n_ik / (n_i n_k): where one respondent alone answered all of a dimension, his answers go
    together. ρ is the correlation common to all pairs that makes the other covariances, added over
    companies, what they are found to be, held between 0 and 1. The borrowed part X rests on the pooled
    degrees of freedom f: df = (tr G + X)² / (tr G² + X² / f), and no more than n - 1. The item itself, and a
    dimension that one respondent alone answered, are given no interval of their own.

    With interview weights the variances are those of weighted means (n_ik / (n_i n_k) becomes
    Σ ω² / (Σ ω_i Σ ω_k)); degrees of freedom go by counts, as they do by default.

    References
    ----------
    Satterthwaite, F. E. (1946). An approximate distribution of estimates of variance components. Biometrics
    Bulletin 2, 110-114.
    Bell, R. M. and McCaffrey, D. F. (2002). Bias reduction in standard errors for linear regression with
    multi-stage samples. Survey Methodology 28, 169-181.
    """
    shares = _shares(plan, sums)
    items = _pooled(responses, units, plan, method, sums, shares)
    groups: list[NDArray[np.intp]] = [np.arange(shares.shape[1], dtype=np.intp)]
    groups += [np.flatnonzero(plan.dimension == d) for d in range(plan.dimension_weights.size)]
    inner = item_shares(plan, sums.item_mean)[0]
    n = np.column_stack([sums.total_n, sums.dimension_n]).astype(np.float64)
    found = np.column_stack([sums.total_squares, sums.dimension_squares])
    collected: list[list[_Parts]] = [[] for _ in groups]
    for here, counts, heavy in overlaps(responses, units, plan, method):
        for column, members in enumerate(groups):
            weights = shares if column == 0 else inner
            collected[column].append(_parts(weights, items, here, members, counts, heavy))
    with np.errstate(invalid="ignore", divide="ignore"):
        of_items = np.where(sums.item_n > 1, sums.item_n / (sums.item_n - 1) * sums.item_squares, 0.0)
    squares, df = np.zeros_like(found), np.zeros_like(found)
    borrowed = np.zeros(n.shape[0], dtype=np.bool_)
    for column, members in enumerate(groups):
        parts = _joined(collected[column])
        weights = (shares if column == 0 else inner)[:, members]
        alone = _added(weights**2 * of_items[:, members])
        common = _common_correlation(found[:, column] - alone, parts.together)
        lent = parts.once + common * parts.once_with_others
        with np.errstate(invalid="ignore", divide="ignore"):
            spread = parts.own_squares + np.where(lent > 0, lent**2 / parts.once_df, 0.0)
            rough = (parts.own + lent) ** 2 / spread
            # No variance at all (every answer alike) leaves 0 / 0.
            rough = np.where(np.isfinite(rough), rough, n[:, column] - 1)
        df[:, column] = np.clip(rough, 0.0, np.maximum(n[:, column] - 1, 0.0))
        squares[:, column] = found[:, column] + lent
        if column == 0:
            borrowed = np.isfinite(parts.once_df) & (sums.total_n > 1)
            with np.errstate(invalid="ignore", divide="ignore"):
                ratio = np.where(found[:, 0] > 0, sums.total_spread / found[:, 0], sums.total_weight)
    with np.errstate(invalid="ignore", divide="ignore"):
        # Estimates multiply by n/(n-1), which the items already have.
        squares *= np.where(n > 0, (n - 1) / n, 0.0)
    return Corrected(
        replace(
            sums,
            total_squares=squares[:, 0],
            dimension_squares=squares[:, 1:],
            total_spread=ratio * squares[:, 0],
        ),
        df,
        _notes(borrowed),
    )


def _notes(borrowed: NDArray[np.bool_]) -> tuple[str, ...]:
    if not borrowed.any():
        return ()
    return (
        f"{int(borrowed.sum())} of {borrowed.size} companies have an item that was answered once; its error "
        "there is that of the item within all companies",
    )


def _shares(plan: Plan, sums: Tally) -> Floats:
    """Return the weight of every item in its unit's total."""
    shares: Floats = item_shares(plan, sums.item_mean)[0] * sums.shares[:, plan.dimension]
    return shares


def _pooled(
    responses: Responses, units: Units, plan: Plan, method: ScoringMethod, sums: Tally, shares: Floats
) -> _Items:
    """Pool the variance of each item within all companies that have two answers to it."""
    everything = np.zeros(1, dtype=np.intp)
    n = sums.item_n.astype(np.float64)
    squared_weights = n
    if responses.weight is not None:
        squared_weights = np.concatenate(
            [np.diagonal(heavy, axis1=1, axis2=2) for _, _, heavy in overlaps(responses, units, plan, method)]
        )
    usable = sums.item_n > 1
    with np.errstate(invalid="ignore", divide="ignore"):
        single = n / (n - 1) * sums.item_squares * sums.item_weight**2 / squared_weights
    df = group_sums(np.where(usable, n - 1, 0.0), everything)[0]
    total = group_sums(np.where(usable, (n - 1) * single, 0.0), everything)[0]
    with np.errstate(invalid="ignore", divide="ignore"):
        variance = total / df
    known = df > 0
    # What no company has two answers to borrows from the other items; NaN where there is none.
    stand_in = _added(total[None, known])[0] / df[known].sum() if known.any() else np.nan
    least = df[known].min() if known.any() else 1.0
    return _Items(
        n,
        sums.item_weight,
        np.sqrt(np.where(known, variance, stand_in)),
        np.where(known, df, least),
    )


def _parts(
    weights: Floats,
    items: _Items,
    here: slice,
    members: NDArray[np.intp],
    counts: Floats,
    heavy: Floats,
) -> _Parts:
    """Add up the working model of some units over the pairs of some items, always in the same order."""
    columns = members.tolist()
    n, mass = items.n[here], items.weight[here]
    size = n.shape[0]
    own, own_squares, together, once, once_with_others = (np.zeros(size) for _ in range(5))
    once_df = np.full(size, np.inf)
    several, single, scaled, kappa = {}, {}, {}, {}
    for i in columns:
        counted = weights[here, i] > 0
        several[i], single[i] = counted & (n[:, i] > 1), counted & (n[:, i] == 1)
        scaled[i] = weights[here, i] * items.deviation[i]
        kappa[i] = np.where(several[i], scaled[i] ** 2 / np.maximum(n[:, i] * (n[:, i] - 1), 1.0), 0.0)
        own += kappa[i] * (n[:, i] - 1)
        own_squares += kappa[i] ** 2 * (n[:, i] - 1)
        once += np.where(single[i], scaled[i] ** 2, 0.0)
        once_df = np.minimum(once_df, np.where(single[i], items.pooled_df[i], np.inf))
    for place, i in enumerate(columns):
        for k in columns[place + 1 :]:
            both, n_i, n_k = counts[:, i, k], np.maximum(n[:, i], 1.0), np.maximum(n[:, k], 1.0)
            own_squares += 2 * kappa[i] * kappa[k] * both * (1 - 1 / n_i - 1 / n_k + both / (n_i * n_k))
            with np.errstate(invalid="ignore", divide="ignore"):
                covariance = 2 * scaled[i] * scaled[k] * heavy[:, i, k] / (mass[:, i] * mass[:, k])
            together += np.where(several[i] & several[k], covariance, 0.0)
            lent = (single[i] & (several[k] | single[k])) | (single[k] & several[i])
            once_with_others += np.where(lent, covariance, 0.0)
    return _Parts(own, own_squares, together, once, once_with_others, once_df)


def _joined(parts: Sequence[_Parts]) -> _Parts:
    names = vars(parts[0])
    return _Parts(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})


def _added(table: Floats) -> Floats:
    """Add up rows from left to right, so that a table's size cannot change a digit."""
    total = np.zeros(table.shape[0])
    for column in range(table.shape[1]):
        total += table[:, column]
    return total


def _common_correlation(found: Floats, expected: Floats) -> float:
    """Return the correlation of a respondent's answers: covariance found against that of correlation 1."""
    everything = np.zeros(1, dtype=np.intp)
    usable = np.isfinite(found) & np.isfinite(expected)
    covariance = float(group_sums(np.where(usable, found, 0.0), everything)[0])
    most = float(group_sums(np.where(usable, expected, 0.0), everything)[0])
    return min(max(covariance / most, 0.0), 1.0) if most > 0 else 0.0
