"""What interviewers did: completes, length, don't-know and straight-line shares, interviewer effect."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from satsurvey.errors import MethodError
from satsurvey.intake.evidence import Evidence
from satsurvey.intake.responses import Factor, Responses

FEWEST_INTERVIEWERS = 10
"""With fewer interviewers than this an intra-interviewer correlation is too uncertain to be judged."""


@dataclass(frozen=True)
class InterviewerRow:
    """The work of one interviewer; None where the export lacks what the number needs.

    Attributes
    ----------
    interviewer
        Name or number as the export has it; "" for interviews without one.
    completes
        Interviews used.
    mean_duration_s, median_duration_s
        Length over the interviews with a length that is not negative, in seconds.
    dont_know_share
        Don't-know replies over all replies (answers, don't know, refused, not applicable), 0-1.
    straight_lining_share
        Interviews with one and the same answer throughout, over all completes, 0-1.
    """

    interviewer: str
    completes: int
    mean_duration_s: float | None
    median_duration_s: float | None
    dont_know_share: float | None
    straight_lining_share: float


@dataclass(frozen=True)
class InterviewerEffect:
    """How alike the answers are that one interviewer brings home.

    Attributes
    ----------
    rho
        Intra-interviewer correlation, not below 0; None where it is not defined.
    rho_unclipped
        The same before negative estimates are set to 0.
    design_effect
        1 + rho (m - 1): by how much the variance of a mean grows.
    n, k, m, m0
        Interviews, interviewers, mean interviews per interviewer, and the size that stands for unequal sizes.
    ms_between, ms_within
        Mean squares of the one-way analysis of variance.
    note
        Why there is no estimate, or what to doubt about it.
    """

    rho: float | None
    rho_unclipped: float | None
    design_effect: float | None
    n: int
    k: int
    m: float
    m0: float | None
    ms_between: float | None
    ms_within: float | None
    note: str = ""


def interviewer_design_effect(rho: float, m: float) -> float:
    """Return 1 + rho (m - 1), the design effect of m interviews per interviewer (Kish 1965).

    Examples
    --------
    >>> round(interviewer_design_effect(0.03, 35), 2)
    2.02
    """
    return 1 + rho * (m - 1)


def intra_interviewer_correlation(
    values: NDArray[np.float64], interviewer: Factor | NDArray[np.int32]
) -> InterviewerEffect:
    """Estimate the intra-interviewer correlation from a one-way analysis of variance.

    Parameters
    ----------
    values
        One value per interview, shape (rows,); NaN is left out.
    interviewer
        The interviewer of each interview: a factor, or integers with -1 where there is none.

    Returns
    -------
    InterviewerEffect

    Raises
    ------
    MethodError
        When the two do not have the same number of rows.

    Notes
    -----
    rho = (MSB - MSW) / (MSB + (m0 - 1) MSW) with m0 = (n - sum(m_i^2) / n) / (k - 1); the design effect is
    1 + rho (m - 1) with m = n / k, rho not below 0. The estimate needs about ten interviewers. Unless cases
    are assigned to interviewers at random, rho also holds the differences between the customers they got.

    References
    ----------
    Kish (1965), Survey Sampling. Fisher (1925), Statistical Methods for Research Workers (the estimate).
    """
    codes = interviewer.codes if isinstance(interviewer, Factor) else np.asarray(interviewer)
    if codes.shape != values.shape:
        raise MethodError(
            f"{values.size} values and {codes.size} interviewers do not match",
            expected="one interviewer for each value",
        )
    kept = (codes >= 0) & np.isfinite(values)
    _, groups, sizes = np.unique(codes[kept], return_inverse=True, return_counts=True)
    y = values[kept]
    n, k = int(y.size), int(sizes.size)
    m = n / k if k else 0.0
    if k < 2 or n <= k:
        what = "fewer than two interviewers" if k < 2 else "no interviewer with two interviews"
        return InterviewerEffect(None, None, None, n, k, m, None, None, None, f"no estimate: {what}")
    y = y - y.mean()  # keeps the sums of squares exact when the mean is far from zero
    if float(np.ptp(y)) <= 1e-9 * float(np.abs(values[kept]).max()):
        # What is left of equal values is rounding, and a ratio of roundings would pass for an estimate.
        note = "no estimate: all values are the same"
        return InterviewerEffect(None, None, None, n, k, m, None, 0.0, 0.0, note)
    means = np.bincount(groups, y) / sizes
    between = float(np.sum(sizes * means**2)) / (k - 1)
    within = float(np.sum((y - means[groups]) ** 2)) / (n - k)
    m0 = (n - float(np.sum(sizes.astype(np.float64) ** 2)) / n) / (k - 1)
    raw = (between - within) / (between + (m0 - 1) * within)
    rho = max(raw, 0.0)
    note = f"with {k} interviewers the estimate is very uncertain" if k < FEWEST_INTERVIEWERS else ""
    effect = interviewer_design_effect(rho, m)
    return InterviewerEffect(rho, raw, effect, n, k, m, m0, between, within, note)


def interviewer_table(responses: Responses) -> tuple[InterviewerRow, ...]:
    """Describe the work of every interviewer, in the order of their names; empty without such a column."""
    return interviewer_rows(
        Evidence(responses, today=None, company_min_n=1, industry_min_companies=1),
    )


def interviewer_rows(evidence: Evidence) -> tuple[InterviewerRow, ...]:
    """Do the work of `interviewer_table` on evidence that is at hand."""
    responses = evidence.responses
    factor = responses.factors.get("interviewer")
    if factor is None:
        return ()
    size = len(factor.names) + 1  # the last place is for interviews without an interviewer
    codes = np.where(factor.codes >= 0, factor.codes, size - 1)
    completes = np.bincount(codes, minlength=size)
    replies = np.bincount(codes, evidence.answers.n_replies, size)
    dont_know = np.bincount(codes, evidence.answers.n_dont_know, size)
    straight = np.bincount(codes, evidence.straight, size)
    mean, median = _lengths(codes, responses.numbers.get("duration_s"), size)
    return tuple(
        InterviewerRow(
            interviewer=name,
            completes=int(completes[k]),
            mean_duration_s=_finite(mean[k]),
            median_duration_s=_finite(median[k]),
            dont_know_share=float(dont_know[k] / replies[k]) if replies[k] else None,
            straight_lining_share=float(straight[k] / completes[k]),
        )
        for k, name in enumerate((*factor.names, ""))
        if completes[k]
    )


def _lengths(
    codes: NDArray[np.integer], duration: NDArray[np.float64] | None, size: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    mean, median = np.full(size, np.nan), np.full(size, np.nan)
    if duration is None:
        return mean, median
    known = np.isfinite(duration) & (duration >= 0)
    order = np.lexsort((duration[known], codes[known]))
    values, groups = duration[known][order], codes[known][order]
    found, starts, sizes = np.unique(groups, return_index=True, return_counts=True)
    # Sorted within interviewers: the median lies at fixed places of each run.
    median[found] = (values[starts + (sizes - 1) // 2] + values[starts + sizes // 2]) / 2
    mean[found] = np.bincount(groups, values, size)[found] / sizes
    return mean, median


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
