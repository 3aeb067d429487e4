"""Intervals of shares: Wilson's, also of clustered samples by effective size, and bootstrap percentiles."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri, stdtrit

from satsurvey.errors import MethodError

Floats = NDArray[np.float64]


def wilson(
    share: Floats, n: Floats, *, level: float = 0.95, df: Floats | None = None
) -> tuple[Floats, Floats]:
    """Return both ends of Wilson's interval of shares.

    Parameters
    ----------
    share
        Observed shares, 0-1; any shape.
    n
        (Effective) number of observations behind each.
    level
        Confidence level.
    df
        Degrees of freedom of the variance behind an effective number; None: the normal quantile.

    Returns
    -------
    low, high
        NaN where there is no observation.

    Notes
    -----
    (p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n), z the quantile. With an effective number and Student's
    quantile it is the interval of Franco, Little, Louis and Slud for samples by design.

    References
    ----------
    Wilson (1927), Journal of the American Statistical Association 22; Franco, Little, Louis and Slud (2019),
    Journal of Survey Statistics and Methodology 7(3).

    Examples
    --------
    >>> low, high = wilson(np.array([0.5]), np.array([20.0]))
    >>> round(float(low[0]), 4), round(float(high[0]), 4)
    (0.2993, 0.7007)
    """
    z = quantile(level) if df is None else stdtrit(np.where(df > 0, df, np.nan), 0.5 + level / 2)
    with np.errstate(invalid="ignore", divide="ignore"):
        n = np.where(n > 0, n, np.nan)
        centre = share + z**2 / (2 * n)
        half = z * np.sqrt(np.maximum(share * (1 - share), 0) / n + z**2 / (4 * n**2))
        scale = 1 + z**2 / n
        low, high = (centre - half) / scale, (centre + half) / scale
    # At shares of 0 and 1 rounding leaves dust beside the end that is exact; 0.0 + -0.0 is 0.0.
    return 0.0 + np.where(share == 0, low * 0, low), np.where(share == 1, high * 0 + 1, high)


def check_level(level: float) -> None:
    """Refuse what is no confidence level.

    Raises
    ------
    MethodError
        The level is no number between 0 and 1.
    """
    if not isinstance(level, float | int) or not 0 < level < 1:
        raise MethodError("a confidence level lies between 0 and 1", value=level, expected="for example 0.95")


def quantile(level: float) -> float:
    """Return the two-sided normal quantile of a confidence level."""
    return float(ndtri(0.5 + level / 2))


def percentiles(draws: Floats, level: float) -> tuple[Floats, Floats]:
    """Return the ends of percentile intervals from bootstrap draws, draws along the first axis.

    A statistic that cannot be had from some draw (a class that it does not hold) leaves that draw out.
    """
    tail = (1 - level) / 2
    known = np.isfinite(draws).any(axis=0)
    safe = np.where(known, draws, 0.0)
    low, high = np.nanquantile(safe, [tail, 1 - tail], axis=0)
    return np.where(known, low, np.nan), np.where(known, high, np.nan)
