"""Moderated variances of small samples: each unit's variance drawn towards the one that all units suggest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from satsurvey.errors import MethodError

Floats = NDArray[np.float64]

_FLOOR = 1e-5  # limma's fitFDist lifts variances to this share of their median (Smyth 2004, software)
_SHIFT = 10  # the asymptotic series below reach 1e-15 from here on
_BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6)


@dataclass(frozen=True)
class Moderated:
    """Variances after moderation, and the prior that moderated them.

    Attributes
    ----------
    prior_df
        Degrees of freedom d0 of the prior, shape (...); 0 where nothing was moderated, infinite where the
        variances differ no more than chance explains.
    prior_variance
        Location s0² of the prior, shape (...); NaN where nothing was moderated.
    variance
        (d0·s0² + d·s²) / (d0 + d), shape (..., J).
    notes
        Why some or all variances were left as they are; empty otherwise.
    """

    prior_df: Floats
    prior_variance: Floats
    variance: Floats
    notes: tuple[str, ...] = ()


def moderate(variance: ArrayLike, df: ArrayLike) -> Moderated:
    """Moderate the variances of J units by an inverse-gamma prior estimated from them.

    Parameters
    ----------
    variance
        Sample variances s², shape (..., J); the leading axes are separate problems, for example bootstrap
        draws.
    df
        Degrees of freedom d of each variance (interviews less one), shape (J,), or one number for all.

    Returns
    -------
    Moderated
        The prior degrees of freedom and variance of each problem, and the moderated variances.

    Raises
    ------
    MethodError
        A variance is negative, or the degrees of freedom are not one per unit or are negative.

    Notes
    -----
    Where s² ~ s0²·F(d, d0), e = log s² - ψ(d/2) + log(d/2) has variance ψ'(d/2) + ψ'(d0/2) and mean
    log s0² - ψ(d0/2) + log(d0/2), with ψ the digamma and ψ' the trigamma function. So d0 solves
    ψ'(d0/2) = var(e) - mean ψ'(d/2), and s0² follows. Without excess variance d0 is infinite and s0² the
    variance pooled by degrees of freedom (limma takes the plain mean there: the same where d is equal).
    For the prior, variances under 1e-5 of the median are lifted to it, as limma does (of the median of the
    positive ones, where most are zero). Units without degrees of freedom, and problems with fewer than three
    usable units or with no positive variance, are not moderated.

    References
    ----------
    Smyth, G. K. (2004). Linear models and empirical Bayes methods for assessing differential expression in
    microarray experiments. Statistical Applications in Genetics and Molecular Biology 3(1), article 3.

    Examples
    --------
    >>> moderate([4.0, 9.0, 25.0, 100.0], 19).variance.round(1).tolist()
    [4.5, 9.1, 23.6, 91.9]
    """
    s2 = np.asarray(variance, dtype=np.float64)
    if s2.ndim == 0:
        raise MethodError("variances to moderate are a list of at least one", value=variance)
    units = s2.shape[-1]
    d = np.asarray(df, dtype=np.float64)
    if d.ndim == 0:
        d = np.full(units, float(d))
    if d.shape != (units,):
        raise MethodError("degrees of freedom are not one per unit", value=d.shape, expected=f"({units},)")
    if not (d >= 0).all() or not np.isfinite(d).all():
        bad = d[~((d >= 0) & np.isfinite(d))][0]
        raise MethodError("degrees of freedom are not finite and at least 0", value=float(bad))
    low, high = s2.min(axis=-1, initial=np.inf), s2.max(axis=-1, initial=0.0)
    clean = bool((low >= 0).all() and np.isfinite(high).all() and (d > 0).all())
    if not clean and (s2 < 0).any():
        raise MethodError("a variance is negative", value=float(s2[s2 < 0][0]))

    usable = np.ones(units, dtype=np.bool_)
    if not clean:
        usable = (d > 0) & np.isfinite(s2).all(axis=tuple(range(s2.ndim - 1)))
    left = int(units - usable.sum())
    notes: list[str] = []
    if left:
        notes.append(f"{left} of {units} units have no variance of their own: they were not moderated")
    if units - left < 3:
        notes.append("fewer than three units have a variance: variances were not moderated")
        return _unmoderated(s2, notes)
    if left:
        inner = moderate(s2[..., usable], d[usable])
        out = s2.copy()
        out[..., usable] = inner.variance
        return Moderated(inner.prior_df, inner.prior_variance, out, (*notes, *inner.notes))
    if not high.any():
        notes.append("every variance is zero: variances were not moderated")
        return _unmoderated(s2, notes)
    return _moderate_all(s2, d, low, high)


def _unmoderated(s2: Floats, notes: list[str]) -> Moderated:
    shape = s2.shape[:-1]
    return Moderated(np.zeros(shape), np.full(shape, np.nan), s2.copy(), tuple(notes))


def _moderate_all(s2: Floats, d: Floats, low: Floats, high: Floats) -> Moderated:
    units = d.size
    flat = np.asarray(high == 0)  # problems whose variances are all zero: they stay as they are
    half = d / 2
    if (low > _FLOOR * high).all():  # no median lies above the largest, so nothing needs lifting
        e = np.log(s2)
    else:
        middle = np.asarray(np.median(s2, axis=-1))
        mostly_zero = middle == 0
        if mostly_zero.any():
            positive = np.where(s2[mostly_zero] > 0, s2[mostly_zero], np.nan)
            positive[flat[mostly_zero]] = 1.0  # any constant will do: these problems are overwritten below
            middle[mostly_zero] = np.nanmedian(positive, axis=-1)
        e = np.log(np.maximum(s2, _FLOOR * middle[..., None]))
    e += np.log(half) - digamma(half)
    centre = e.mean(axis=-1)
    e -= centre[..., None]
    spread = np.square(e, out=e).sum(axis=-1) / (units - 1)
    excess = spread - trigamma(half).mean()

    informative = excess > 0
    prior_df = np.full(excess.shape, np.inf)
    prior_variance = np.asarray(s2 @ (d / d.sum()))
    if informative.any():
        half_prior = inverse_trigamma(excess[informative])
        prior_df[informative] = 2 * half_prior
        # digamma(x) - log(x) is lost to cancellation for large x; there it is -1/(2x) to working precision
        shift = np.where(half_prior > 1e6, -0.5 / half_prior, digamma(half_prior) - np.log(half_prior))
        prior_variance[informative] = np.exp(centre[informative] + shift)

    own = d / (prior_df[..., None] + d)  # weight of the unit's own variance; 0 at d0 = inf
    out = s2 - prior_variance[..., None]
    out *= own
    out += prior_variance[..., None]
    notes: tuple[str, ...] = ()
    if flat.any():
        prior_df[flat], prior_variance[flat] = 0.0, np.nan
        out[flat] = 0.0
        notes = ("every variance is zero in some problems: their variances were not moderated",)
    return Moderated(prior_df, prior_variance, out, notes)


def digamma(x: ArrayLike) -> Floats:
    """Return ψ(x), the derivative of log Γ, for positive x.

    Notes
    -----
    Ten steps of ψ(x) = ψ(x + 1) - 1/x, then the asymptotic series (Abramowitz and Stegun 1964, 6.3.5 and
    6.3.18).
    """
    x = np.asarray(x, dtype=np.float64)
    total = np.zeros_like(x)
    for step in range(_SHIFT):
        total -= 1 / (x + step)
    y = x + _SHIFT
    inverse = 1 / (y * y)
    series = np.zeros_like(x)
    for order in range(len(_BERNOULLI), 0, -1):
        series = (series + _BERNOULLI[order - 1] / (2 * order)) * inverse
    return np.asarray(total + np.log(y) - 0.5 / y - series)


def trigamma(x: ArrayLike) -> Floats:
    """Return ψ'(x) for positive x, by the same steps and series as `digamma` (6.4.6 and 6.4.12)."""
    x = np.asarray(x, dtype=np.float64)
    total = np.zeros_like(x)
    for step in range(_SHIFT):
        total += 1 / (x + step) ** 2
    y = x + _SHIFT
    inverse = 1 / (y * y)
    series = np.zeros_like(x)
    for bernoulli in reversed(_BERNOULLI):
        series = (series + bernoulli) * inverse
    return np.asarray(total + (1 + series + 0.5 / y) / y)


def tetragamma(x: ArrayLike) -> Floats:
    """Return ψ''(x) for positive x, by the same steps and series as `digamma` (6.4.6 and 6.4.13)."""
    x = np.asarray(x, dtype=np.float64)
    total = np.zeros_like(x)
    for step in range(_SHIFT):
        total -= 2 / (x + step) ** 3
    y = x + _SHIFT
    inverse = 1 / (y * y)
    series = np.zeros_like(x)
    for order in range(len(_BERNOULLI), 0, -1):
        series = (series + (2 * order + 1) * _BERNOULLI[order - 1]) * inverse
    return np.asarray(total - (1 + 1 / y + series) / (y * y))


def inverse_trigamma(x: ArrayLike) -> Floats:
    """Solve ψ'(y) = x for y, x positive.

    Notes
    -----
    Newton's method on 1/ψ'(y), which is convex, from 0.5 + 1/x, so that it climbs to the root from one side
    (Smyth 2004, appendix); 1/√x above 1e7 and 1/x under 1e-6, where the steps would be lost in rounding.
    """
    x = np.asarray(x, dtype=np.float64)
    middle = np.clip(x, 1e-6, 1e7)
    y = 0.5 + 1 / middle
    for _ in range(50):
        value = trigamma(y)
        step = value * (1 - value / middle) / tetragamma(y)
        y = y + step
        if (np.abs(step) <= 1e-8 * y).all():  # the steps shrink quadratically: the next would be under 1e-15
            break
    return np.asarray(np.where(x > 1e7, 1 / np.sqrt(x), np.where(x < 1e-6, 1 / x, y)))
