"""Intervals: quantiles of Student's t, Wilson's interval of shares, percentiles of bootstrap draws."""

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
    z = quantile(level) if df is None else t_quantiles(df, level)
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


def t_quantiles(df: Floats, level: float) -> Floats:
    """Return two-sided quantiles of Student's t, NaN where there are no degrees of freedom.

    Degrees of freedom often repeat: where they are whole numbers, each different one is looked up once.
    """
    largest = float(df.max(initial=0.0))
    whole = df.astype(np.int32) if largest < 1 << 20 and df.min(initial=0.0) >= 0 else None
    if whole is not None and (whole == df).all():
        table = np.full(int(largest) + 1, np.nan)
        different = np.flatnonzero(np.bincount(whole.ravel()))
        different = different[different > 0]
        table[different] = stdtrit(different.astype(np.float64), 0.5 + level / 2)
        return table[whole]
    return stdtrit(np.where(df > 0, df, np.nan), 0.5 + level / 2)  # type: ignore[no-any-return]


def percentiles(draws: Floats, level: float) -> tuple[Floats, Floats]:
    """Return the ends of percentile intervals from bootstrap draws, draws along the first axis.

    A statistic that cannot be had from some draw (a class that it does not hold) leaves that draw out.
    """
    tail = (1 - level) / 2
    known = np.isfinite(draws).any(axis=0)
    safe = np.where(known, draws, 0.0)
    low, high = np.nanquantile(safe, [tail, 1 - tail], axis=0)
    return np.where(known, low, np.nan), np.where(known, high, np.nan)
