"""The first place corrected for having been picked as the highest of many (the winner's curse)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import log_ndtr, ndtri

from satsurvey.errors import MethodError

Floats = NDArray[np.float64]

_BISECTIONS = 100
_TIED = 1e-9  # standard errors: closer than this, two scores are one
_BETA = 0.1  # share of alpha spent on the first step of the hybrid interval, as Andrews and others recommend


@dataclass(frozen=True)
class WinnerCorrection:
    """The highest score, and what can be said of the true score behind it.

    Attributes
    ----------
    winner
        Position of the highest score (the first of equals).
    score, std_error
        Its score and standard error.
    runner_up
        The second highest score; minus infinity when there is none.
    conditional, conditional_low, conditional_high
        Median-unbiased estimate and interval, given that this unit came first. Minus infinity is possible
        when the runner-up lies close.
    hybrid, hybrid_low, hybrid_high
        The same, given also that the true score lies in the simultaneous interval of the plain score; never
        farther from the score than that interval. This is the one to print.
    level
        Confidence of both intervals.
    """

    winner: int
    score: float
    std_error: float
    runner_up: float
    conditional: float
    conditional_low: float
    conditional_high: float
    hybrid: float
    hybrid_low: float
    hybrid_high: float
    level: float


def correct_winner(score: ArrayLike, std_error: ArrayLike, *, level: float = 0.95) -> WinnerCorrection:
    """Correct the highest of independent scores for its selection.

    Parameters
    ----------
    score, std_error
        Scores and standard errors of all units that could have come first, shape (units,); units with a
        missing value take no part. Moderated standard errors are best, since the method takes them as known.
    level
        Confidence of the intervals.

    Returns
    -------
    WinnerCorrection

    Raises
    ------
    MethodError
        No unit has a score and a standard error, a standard error is negative, or the level is no share.

    Notes
    -----
    Given the other scores, the winner's X is normal, truncated to lie above the runner-up L. Its distribution
    function F(x; μ) falls in μ: the estimate solves F(x; μ) = 1/2, the ends of the interval α/2 and 1 - α/2.
    The hybrid truncates to [max(L, μ - c·SE), μ + c·SE] as well, where c is the 1 - β quantile of the largest
    |Z| of as many independent normal values, β = α/10, and uses (α - β)/(1 - β) for α; its interval covers
    with at least the level.

    References
    ----------
    Andrews, I., Kitagawa, T. and McCloskey, A. (2024). Inference on winners. Quarterly Journal of Economics
    139.

    Examples
    --------
    >>> result = correct_winner([89.5, 88.7, 84.0], [1.5, 1.5, 1.5])
    >>> result.winner, round(result.hybrid, 2)
    (0, 88.04)
    """
    x, se = np.asarray(score, dtype=np.float64), np.asarray(std_error, dtype=np.float64)
    if x.shape != se.shape or x.ndim != 1:
        raise MethodError("scores and standard errors differ in shape", value=se.shape, expected=str(x.shape))
    if not 0 < level < 1:
        raise MethodError("the level is a share", value=level, expected="over 0 and under 1")
    if (se < 0).any():
        raise MethodError("a standard error is negative", value=float(se[se < 0][0]))
    known = np.flatnonzero(np.isfinite(x) & np.isfinite(se))
    if not known.size:
        raise MethodError("no unit has a score and a standard error, so that none came first")
    winner = int(known[np.argmax(x[known])])
    others = known[known != winner]
    runner_up = float(x[others].max()) if others.size else -np.inf
    own, spread = float(x[winner]), float(se[winner])
    if spread == 0:
        return WinnerCorrection(winner, own, spread, runner_up, own, own, own, own, own, own, level)
    alpha = 1 - level
    beta = _BETA * alpha
    gap = (own - runner_up) / spread
    within = float(-ndtri(-np.expm1(np.log1p(-beta) / known.size) / 2))
    rest = (alpha - beta) / (1 - beta)
    shifts = _conditional(gap, np.array([0.5, 1 - alpha / 2, alpha / 2]))
    hybrids = _hybrid(gap, within, np.array([0.5, 1 - rest / 2, rest / 2]))
    conditional, hybrid = own + spread * shifts, own + spread * hybrids
    return WinnerCorrection(
        winner=winner,
        score=own,
        std_error=spread,
        runner_up=runner_up,
        conditional=float(conditional[0]),
        conditional_low=float(conditional[1]),
        conditional_high=float(conditional[2]),
        hybrid=float(hybrid[0]),
        hybrid_low=float(hybrid[1]),
        hybrid_high=float(hybrid[2]),
        level=level,
    )


def _conditional(gap: float, share: Floats) -> Floats:
    """Solve P(Z ≤ -δ | Z > -δ - gap) = share for δ, in standard errors from the score."""
    if gap < _TIED:
        return np.full(share.shape, -np.inf)
    if np.isinf(gap):
        return np.asarray(-ndtri(share))

    # The survival function is Φ(δ) / Φ(δ + gap): both tails stay exact in logarithms
    def log_survival(shift: Floats) -> Floats:
        return np.asarray(log_ndtr(shift) - log_ndtr(shift + gap))

    low = np.full(share.shape, -1.0)
    while (log_survival(low) > np.log1p(-share)).any():
        low *= 2
        if low[0] < -1e12:
            break
    return _rising_root(log_survival, np.log1p(-share), low, np.full(share.shape, 40.0))


def _hybrid(gap: float, within: float, share: Floats) -> Floats:
    """Solve the same with Z held inside ±within, for δ between -within and +within."""
    if gap < _TIED:
        return np.full(share.shape, -within)

    def log_survival(shift: Floats) -> Floats:
        bottom = np.maximum(-shift - gap, -within)
        return np.asarray(_log_between(-shift, within) - _log_between(bottom, within))

    start = np.full(share.shape, within)
    return _rising_root(log_survival, np.log1p(-share), -start, start)


def _log_between(low: Floats, high: float) -> Floats:
    """Return log P(low < Z < high), without cancellation in the upper tail."""
    upper, lower = log_ndtr(-low), log_ndtr(-high)
    with np.errstate(divide="ignore"):
        return np.asarray(upper + np.log(-np.expm1(np.minimum(lower - upper, 0.0))))


def _rising_root(function: Callable[[Floats], Floats], target: Floats, low: Floats, high: Floats) -> Floats:
    for _ in range(_BISECTIONS):
        middle = 0.5 * (low + high)
        under = function(middle) < target
        low, high = np.where(under, middle, low), np.where(under, high, middle)
    return np.asarray(0.5 * (low + high))
