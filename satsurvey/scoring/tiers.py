"""Tiers against a family's mean, and the smallest difference a comparison can detect."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri, stdtr, stdtrit

from satsurvey.errors import MethodError

Floats = NDArray[np.float64]
TierControl = Literal["simultaneous", "fdr"]
Tiers = NDArray[np.str_]


def tiers_by_critical_value(deviation: ArrayLike, std_error: ArrayLike, *, critical: float) -> Tiers:
    """Tell units above, below and not distinguishable from the mean by one critical value.

    Parameters
    ----------
    deviation, std_error
        Score less the family's mean, and the standard error of that difference, shape (units,).
    critical
        Least |deviation| / std_error that counts is anything over this.

    Returns
    -------
    array of str
        `above`, `not_distinguishable` or `below`.
    """
    d, se = np.asarray(deviation, dtype=np.float64), np.asarray(std_error, dtype=np.float64)
    return _words(d, np.abs(d) > critical * se)


def tiers_by_false_discovery_rate(
    deviation: ArrayLike, std_error: ArrayLike, *, df: ArrayLike, rate: float = 0.05
) -> Tiers:
    """Tell units above, below and not distinguishable from the mean, at a false discovery rate.

    Parameters
    ----------
    deviation, std_error
        Score less the family's mean, and the standard error of that difference, shape (units,).
    df
        Degrees of freedom of the standard errors, infinite allowed, shape (units,) or one number.
    rate
        Share of false tiers among the units told apart from the mean, on average.

    Returns
    -------
    array of str
        `above`, `not_distinguishable` or `below`.

    Notes
    -----
    Two-sided t tests; the largest i with p_(i) ≤ i·rate/m, and every unit up to it, is told apart.

    References
    ----------
    Benjamini, Y. and Hochberg, Y. (1995). Controlling the false discovery rate. Journal of the Royal
    Statistical Society B 57.
    """
    d, se = np.asarray(deviation, dtype=np.float64), np.asarray(std_error, dtype=np.float64)
    freedom = np.broadcast_to(np.asarray(df, dtype=np.float64), d.shape)
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = np.where(d == 0, 0.0, -np.abs(d) / se)
    # stdtr takes no infinite degrees of freedom; from 1e10 on the t and normal distributions agree
    p = 2 * stdtr(np.minimum(freedom, 1e10), statistic)
    order = np.argsort(p, kind="stable")
    passed = np.flatnonzero(p[order] <= np.arange(1, p.size + 1) * rate / max(p.size, 1))
    apart = np.zeros(p.size, dtype=np.bool_)
    if passed.size:
        apart[order[: passed[-1] + 1]] = True
    return _words(d, apart)


def _words(deviation: Floats, apart: NDArray[np.bool_]) -> Tiers:
    return np.where(
        apart & (deviation > 0), "above", np.where(apart & (deviation < 0), "below", "not_distinguishable")
    )


def detectable_difference(sd: float, n: float, *, power: float = 0.8, level: float = 0.95) -> float:
    """Return the true difference of two units that a planned comparison finds with the given power.

    Parameters
    ----------
    sd
        Standard deviation between respondents, in score points.
    n
        Interviews of each of the two units, over 1.
    power, level
        Probability of finding the difference, and confidence level of the test.

    Returns
    -------
    float
        (t_{1-α/2} + t_{power}) · sd · √(2/n) with 2(n - 1) degrees of freedom, in score points.

    Raises
    ------
    MethodError
        A number is out of its range.

    Examples
    --------
    >>> round(detectable_difference(15, 20), 1)
    13.6
    """
    if not (sd >= 0 and np.isfinite(sd)):
        raise MethodError("a standard deviation is not negative", value=sd)
    if not n > 1:
        raise MethodError("a detectable difference needs more than one interview a unit", value=n)
    for name, share in (("power", power), ("level", level)):
        if not 0 < share < 1:
            raise MethodError(f"the {name} is a share", value=share, expected="over 0 and under 1")
    df = 2 * (n - 1)
    if np.isinf(df):
        return 0.0
    quantiles = [
        float(stdtrit(df, share)) if df < 1e10 else float(ndtri(share)) for share in ((1 + level) / 2, power)
    ]
    return sum(quantiles) * sd * float(np.sqrt(2 / n))
