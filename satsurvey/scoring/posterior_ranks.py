"""Ranks in the light of shrunken scores: expected ranks, and the probability of the first K places."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from satsurvey.errors import MethodError

Floats = NDArray[np.float64]

_CELLS = 1_000_000  # pairs compared, or values drawn, at one time


def expected_ranks(estimate: ArrayLike, variance: ArrayLike) -> Floats:
    """Return the expected rank of each unit of one family, the true scores being independent normal.

    Parameters
    ----------
    estimate, variance
        Posterior means θ̂ and variances V of the true scores, shape (units,).

    Returns
    -------
    array
        1 + Σ_k Φ((θ̂_k - θ̂_j) / √(V_j + V_k)), between 1 and the number of units. The ranks sum to those of
        a list without ties.

    References
    ----------
    Laird, N. M. and Louis, T. A. (1989). Empirical Bayes ranking methods. Journal of Educational Statistics
    14.

    Examples
    --------
    >>> expected_ranks([80.0, 80.0, 60.0], [1.0, 1.0, 1.0]).round(6).tolist()
    [1.5, 1.5, 3.0]
    """
    centre, spread = _posterior(estimate, variance)
    out = np.empty(centre.size)
    step = max(1, _CELLS // max(centre.size, 1))
    for start in range(0, centre.size, step):
        rows = slice(start, start + step)
        above = centre - centre[rows, None]
        total = spread + spread[rows, None]
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.where(above == 0, 0.0, above / np.sqrt(total))
        out[rows] = 0.5 + ndtr(ratio).sum(axis=1)  # a unit against itself counts one half
    return out


def top_probabilities(
    estimate: ArrayLike, variance: ArrayLike, *, top_k: int = 3, draws: int = 10_000, seed: int = 20191
) -> Floats:
    """Return the probability that each unit of one family is truly among the first `top_k`, by simulation.

    Parameters
    ----------
    estimate, variance
        Posterior means and variances of the true scores, shape (units,).
    top_k
        How many places count, at least 1.
    draws, seed
        Posterior draws of all true scores, and the seed.

    Returns
    -------
    array
        Shares of the draws with at most `top_k` - 1 units higher; their simulation error is at most
        0.5 / √draws.

    Raises
    ------
    MethodError
        `top_k` or `draws` is under 1.
    """
    if top_k < 1:
        raise MethodError("the first places are at least one", value=top_k)
    if draws < 1:
        raise MethodError("draws are at least one", value=draws)
    centre, spread = _posterior(estimate, variance)
    size = centre.size
    if top_k >= size:
        return np.ones(size)
    rng = np.random.default_rng(seed)
    counts = np.zeros(size, dtype=np.int64)
    root = np.sqrt(spread)
    step = max(1, _CELLS // size)
    for start in range(0, draws, step):
        truth = rng.standard_normal((min(step, draws - start), size))
        truth *= root
        truth += centre
        last = np.partition(truth, size - top_k, axis=1)[:, size - top_k]
        counts += (truth >= last[:, None]).sum(axis=0)
    return np.asarray(counts / draws)


def _posterior(estimate: ArrayLike, variance: ArrayLike) -> tuple[Floats, Floats]:
    centre, spread = np.asarray(estimate, dtype=np.float64), np.asarray(variance, dtype=np.float64)
    if centre.shape != spread.shape or centre.ndim != 1:
        raise MethodError(
            "estimates and variances differ in shape", value=spread.shape, expected=str(centre.shape)
        )
    if not np.isfinite(centre).all() or not (spread >= 0).all():
        raise MethodError("posterior means are finite and posterior variances not negative")
    return centre, spread
